"""MySQL's error log as a table, `performance_schema.error_log`: its rows read as the lines they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from goneaway_tui.doctor.serverlog import ServerLog
from goneaway_tui.model.clue import LogEntry
from goneaway_tui.source.dossier import text


def entries(rows: Iterable[tuple[Any, ...]], asked: float) -> Iterator[LogEntry]:
    """What each row tells, dated on our clock, by how long ago the server says it was (negative) when it was `asked`.

    `rows` are (thread, error code, text, seconds), the oldest first: a server that is going down means something else
    by the same words.
    """
    log = ServerLog()
    for thread, code, data, ago in rows:
        entry = log.entry(f"1970-01-01T00:00:00Z {int(thread)} [Note] [{text(code)}] [Server] {text(data)}")
        if entry is not None:
            yield replace(entry, at=asked + float(ago))
