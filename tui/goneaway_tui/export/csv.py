"""CSV: one session a row, with the names of the JSON contract joined by `_`. No cell can run as a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import TextIO

from goneaway_tui.export.data import Data, session_data
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain

HEADER = (
    "id",
    "user",
    "host",
    "db",
    "program",
    "command",
    "state",
    "statement",
    "idle_seconds",
    "limit_seconds",
    "limit_variable",
    "limit_basis",
    "deadline",
    "seconds_left",
    "risk",
    "own",
    "at_stake_transaction_seconds",
    "at_stake_rows_modified",
    "at_stake_rows_locked",
    "busy_seconds",
    "blocked_by",
    "waiting_seconds",
    "blocks",
)

TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that start a formula in some spreadsheet; the wide forms do in East Asian versions."""

_INNER = re.compile(rf"([;|][\s\"]*)(?=[{re.escape(''.join(TRIGGERS))}])")
"""TRIGGERS after a character that separates cells where the decimal sign is a comma. There the quotes of this file do
not hold a cell together, and a pair of quotes before a formula is dropped.
"""

MAX_CELL_CHARACTERS = 32_766
"""A cell of a spreadsheet holds 32,767 characters; one is kept for the apostrophe."""


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write one row for each session."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(_rows(snapshot))


def write_each(snapshots: Iterable[tuple[str, Snapshot]], out: TextIO) -> None:
    """Write one table of all servers, whose first column is the name of the server."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("server_name", *HEADER))
    for name, snapshot in snapshots:
        writer.writerows([csv_cell(name), *row] for row in _rows(snapshot))


def _rows(snapshot: Snapshot) -> Iterable[list[str]]:
    for verdict in snapshot.verdicts:
        flat = flat_fields(session_data(verdict, snapshot.taken_at))
        yield [csv_cell(flat.get(name)) for name in HEADER]


def flat_fields(data: Data, prefix: str = "") -> Data:
    """The fields of an object, those of nested objects with the names joined by `_`.

    >>> flat_fields({"id": 1, "limit": {"seconds": 30}})
    {'id': 1, 'limit_seconds': 30}
    """
    flat: Data = {}
    for name, value in data.items():
        if isinstance(value, dict):
            flat |= flat_fields(value, f"{prefix}{name}_")
        else:
            flat[prefix + name] = value
    return flat


def csv_cell(value: object) -> str:
    """One value as a cell: None is empty, a number stays a number, and text from the server cannot run as a formula.

    >>> csv_cell("=cmd()"), csv_cell("a;=cmd()"), csv_cell(-3.5), csv_cell(True), csv_cell(None), csv_cell([7, 8])
    ("'=cmd()", "a;'=cmd()", '-3.5', 'true', '', '7 8')
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(csv_cell, value))
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    shown = _INNER.sub(r"\1'", plain(value, MAX_CELL_CHARACTERS))
    is_formula = value.startswith(TRIGGERS) or shown.lstrip().startswith(TRIGGERS)
    return f"'{shown}" if is_formula else shown
