"""The formats of an exported snapshot, which is the same object that the screen shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

from goneaway_tui.i18n import N_

if TYPE_CHECKING:
    from goneaway_tui.model.snapshot import Snapshot

Write: TypeAlias = "Callable[[Snapshot, TextIO], None]"
"""Writes one snapshot as text. Line ends are `\\n`; the encoding is that of the open file, which is UTF-8 here."""

WriteEach: TypeAlias = "Callable[[Iterable[tuple[str, Snapshot]], TextIO], None]"
"""Writes the snapshots of several servers, each with the server's name."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of a snapshot."""

    name: str
    suffix: str
    title: str
    """Its name in the export dialog, not translated yet."""
    write: Write
    write_each: WriteEach | None = None
    """None where the format shows only one server."""


def _writer(module: str) -> Write:
    """The `write` of a format's module. The first call imports the module, so that a command loads only its format."""

    def write(snapshot: Snapshot, out: TextIO) -> None:
        import_module(f"{__name__}.{module}").write(snapshot, out)

    return write


def _consecutive_writer(module: str) -> WriteEach:
    """A `write_each` that writes the servers one after the other, each with its name, and an empty line between two."""

    def write_each(snapshots: Iterable[tuple[str, Snapshot]], out: TextIO) -> None:
        write = _writer(module)
        for index, (name, snapshot) in enumerate(snapshots):
            out.write("\n" * bool(index))
            write(replace(snapshot, server_name=name), out)

    return write_each


def _servers_writer(module: str) -> WriteEach:
    def write_each(snapshots: Iterable[tuple[str, Snapshot]], out: TextIO) -> None:
        import_module(f"{__name__}.{module}").write_each(snapshots, out)

    return write_each


FORMATS: dict[str, Format] = {
    row.name: row
    for row in (
        Format("json", ".json", N_("JSON, for scripts"), _writer("json"), _servers_writer("json")),
        Format("csv", ".csv", N_("CSV, for spreadsheets"), _writer("csv"), _servers_writer("csv")),
        Format(
            "markdown",
            ".md",
            N_("Markdown, for tickets"),
            _writer("markdown"),
            _consecutive_writer("markdown"),
        ),
        Format("html", ".html", N_("HTML page"), _writer("html")),
        Format("svg", ".svg", N_("SVG picture"), _writer("svg")),
        Format("text", ".txt", N_("Plain text"), _writer("text"), _consecutive_writer("text")),
    )
}
"""Every format by name. Another format is one row here and one module beside this one."""


SCHEMAS: Final = ("snapshot", "watch", "kill", "explain", "advise")
"""The commands that write JSON. Each has a JSON Schema of its name in the folder `schemas`.

Objects are open there: a reader that validates must accept a key that a later version adds. Every key of today is
`required`, and the tests accept no other key.
"""


def schema_text(command: str) -> str:
    """The JSON Schema of the output of a command; for `watch` and `kill`, of one line of it."""
    from importlib.resources import files

    return (files(__name__) / "schemas" / f"{command}.json").read_text(encoding="utf-8")


def save(
    snapshot: Snapshot, format_name: str, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a snapshot to a file, completely or not at all, and return its path. Raises FileError."""
    from goneaway_tui.export.files import write_file

    chosen_format = FORMATS[format_name]
    return write_file(path, lambda out: chosen_format.write(snapshot, out), overwrite=overwrite)


def default_name(snapshot: Snapshot, format_name: str) -> str:
    """A file name with the server and the instant: `goneaway-db-01-20261123T184002Z.json`."""
    from goneaway_tui.export.files import file_name

    return file_name(
        snapshot.server_name or snapshot.sample.server.host, snapshot.taken_at, FORMATS[format_name].suffix
    )
