"""What is made from the code it tells of, in the README and in `share`: `python -m tests.house.documents` writes it."""

from __future__ import annotations

import re
from collections.abc import Callable

from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.manual import manual_text
from goneaway_tui.tune.tunables import TUNABLES
from tests.house.extensions import EXTENSIONS
from tests.house.tree import ROOT

README = ROOT / "README.md"
SHARE = ROOT / "share"


def tunables() -> str:
    """One row a tunable."""
    rows = [
        f"| `{each.name}` | {f'`{each.key}`' if each.key else '`t`'} | {each.why} | {each.reach.sentence} |"
        for each in TUNABLES
    ]
    return "\n".join(("| variable | key | what it is | a new value |", "|---|---|---|---|", *rows))


def extensions() -> str:
    """One row a thing that one row adds."""
    rows = [f"| {each.what} | `{each.table}` in `{each.file}` | {each.then} |" for each in EXTENSIONS]
    return "\n".join(("| one more | is a row of | and is then, or takes |", "|---|---|---|", *rows))


BLOCKS: dict[str, Callable[[], str]] = {"tunables": tunables, "extensions": extensions}
"""By the name in the mark `<!-- begin NAME -->`."""


SHARED: dict[str, Callable[[], str]] = {
    "man/man1/goneaway-tui.1": manual_text,
    "bash-completion/completions/goneaway-tui": lambda: completion_text("bash"),
    "zsh/site-functions/_goneaway-tui": lambda: completion_text("zsh"),
    "fish/vendor_completions.d/goneaway-tui.fish": lambda: completion_text("fish"),
}
"""Whole files, by their path in SHARE; a wheel puts them where man and the shells look."""


def block(name: str) -> re.Pattern[str]:
    """Finds what stands between a block's marks."""
    return re.compile(rf"(?<=<!-- begin {name} -->\n).*?(?=\n<!-- end {name} -->)", re.DOTALL)


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, made in BLOCKS.items():
        text = block(name).sub(lambda _, made=made: made(), text)  # type: ignore[misc]
    README.write_text(text, encoding="utf-8")
    for path, write in SHARED.items():
        (SHARE / path).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
