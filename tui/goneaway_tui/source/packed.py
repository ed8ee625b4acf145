"""Many rows as one: most of what a row costs us is its being a row, so a server that can packs them as JSON.

A thing's `packed_...` statement brings of each pack the number of its rows and a JSON array of them, each an array of the
columns of the plain statement. Measured with 5,000 sessions: a seventh to a tenth of our time, and none the more of the server's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from goneaway_tui.model.plain import from_wire
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.sql.shapes import Misshapen
from goneaway_tui.source.survey import Survey

HALF: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\ud")
"""Half a character, made up by somebody: none of the servers writes one so. A backslash before it makes it plain text."""


def rows_of(connection: Connection, found: Survey, what: str, parameters: Sequence[object] = ()) -> list[Row]:
    """All rows of a thing that may be read here. Raises SourceError and Refusal.

    Text comes as bytes from a plain statement and as `str` from a packed one. Where the packs were too large for the
    server, or are not what they should be, the rows are asked one by one.
    """
    plain, packed = found.must(what), found.statement(f"packed_{what}")
    if packed is not None:
        rows = unpacked(connection.rows(packed, parameters))
        if rows is not None:
            with suppress(Misshapen):
                return plain.shape.fitted(rows)
    return connection.rows(plain, parameters)


def unpacked(packs: Iterable[Row]) -> list[Row] | None:
    r"""The rows of all packs; None where one was cut off, is no list of rows, or holds what is not text.

    >>> unpacked([(2, b'[[7, "web"], [8, null]]'), (1, b'[[9, "cron"]]')])
    [[7, 'web'], [8, None], [9, 'cron']]
    >>> unpacked([(2, b'[[7, "web"], [8, nu')]), unpacked([(2, b'[[7, "web"]]')]), unpacked([(1, b"[7]")])
    (None, None, None)
    """
    rows: list[Any] = []
    for count, pack in packs:
        told = listed(pack)
        if told is None or len(told) != count or not set(map(type, told)) <= {list}:
            return None
        rows += told
    return cast(list[Row], rows)


def numbers(pack: bytes | None) -> list[int] | None:
    """
    >>> numbers(b"[7, 8]"), numbers(None), numbers(b"[7, 8.5]"), numbers(b'["7"]'), numbers(b"7")
    ([7, 8], [], None, None, None)
    """
    told = listed(pack)
    return told if told is None or set(map(type, told)) <= {int} else None


def listed(pack: bytes | None) -> list[Any] | None:
    """What a JSON array holds; None where it cannot be read, or is no array."""
    if pack is None:
        return []
    if rb"\ud" in pack and HALF.search(pack):
        return None
    try:
        words, is_text = pack.decode(), True
    except UnicodeDecodeError:
        words, is_text = pack.decode("utf-8", "surrogateescape"), False
    try:
        told = json.loads(words)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, list):
        return None
    if is_text:
        return told
    return [[_legible(value) for value in row] if isinstance(row, list) else row for row in told]


def _legible(value: Any) -> Any:
    return from_wire(value.encode("utf-8", "surrogateescape")) if isinstance(value, str) else value
