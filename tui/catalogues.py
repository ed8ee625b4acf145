"""The build's one step of our own: each catalogue is compiled to what gettext reads."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCALES = Path(__file__).parent / "goneaway_tui" / "locale"


def compile_catalogues() -> None:
    """Write `.mo` beside each `.po`. Raises PoFileError for one that cannot be read."""
    for source in LOCALES.glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        made = BytesIO()
        write_mo(made, catalogue)
        target = source.with_suffix(".mo")
        if target.is_file() and target.read_bytes() == made.getvalue():
            continue
        unfinished = target.with_suffix(
            f".{os.getpid()}"
        )  # a program that runs meanwhile reads the old one, or the new one
        unfinished.write_bytes(made.getvalue())
        unfinished.replace(target)


class Catalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's, named in pyproject.toml; an editable install runs it too."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        compile_catalogues()


if __name__ == "__main__":
    compile_catalogues()
