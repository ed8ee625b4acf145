"""Records: the lines of one program that belong to one timestamp, put together again where programs write in turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.timestamps import Timestamp, better_timestamp, parse_timestamp

MAX_RECORD_LINES: Final = 400
"""Lines of one record that are read."""
MAX_PROGRAMS: Final = 200
"""Programs of one log that are told apart at once."""
MAX_LINES_APART: Final = 200
"""Lines of other programs after which a record ends."""

TRACEBACK_PART: Final = re.compile(
    r"\s|[!>]\s{2,}at |Caused by|Traceback|During handling|The above exception|#\d|\.\.\. \d|[}\])]|Stack trace|Previous exception|\[previous|Next |\(Background|\[SQL|The last packet"
)
"""What joins the parts of a traceback, in the languages that are read."""
EXCEPTION_HEAD: Final = re.compile(r"[\w.$]{1,200}(?:Exception|Error)\b")
"""The first line of a traceback, below the line that announces it."""
_CRASH_HEAD: Final = re.compile(r"\d\d:\d\d:\d\d UTC - ")
"""How MySQL's report of a crash begins: with a time, and no date."""
_LOGGED_AT_END: Final = re.compile(r"(?:\S{1,80} )?haproxy\b")
"""A program whose own timestamp is when a session began; the wrapper's timestamp is when it ended."""


@dataclass(slots=True)
class Record:
    """The lines that belong to one timestamp."""

    timestamp: Timestamp | None = None
    silent_seconds: float | None = None
    """How long the program had been silent before the record."""
    program: str = ""
    """The program as the wrapper of its lines names it; empty where lines have no wrapper."""
    lines: list[LogLine] = field(default_factory=list)
    is_over: bool = False
    """Whether no further line belongs to it."""


def split_records(lines: Iterable[LogLine], now: float | None) -> Iterator[Record]:
    """Group lines into records, in the order of their first lines.

    A record begins at a timestamp, at a block, or at what continues nothing; each program has records of its own. `now`,
    in seconds since 1970, dates timestamps that have no year.
    """
    records = _OpenRecords(now)
    for line in lines:
        records.add(line)
        yield from records.pop_over(line.number)
    yield from records.pop_all()


class _OpenRecords:
    """The record that each program is writing, and those that wait for an earlier one to end."""

    def __init__(self, now: float | None) -> None:
        self._now = now
        self._in_order: list[Record] = []
        self._by_program: dict[str, Record] = {}
        self._last_seconds: dict[str, float] = {}

    def add(self, line: LogLine) -> None:
        if line.starts_block:
            self._end_all()
        own = None if line.continues else parse_timestamp(line.text, self._now)
        timestamp = self._timestamp(line, own)
        record = self._by_program.get(line.program)
        if (
            record is None
            or record.is_over
            or len(record.lines) >= MAX_RECORD_LINES
            or _starts_record(record, line, own)
        ):
            record = self._new_record(line, timestamp, record)
        record.timestamp = record.timestamp or timestamp
        record.lines.append(line)
        if timestamp is not None:
            self._last_seconds[line.program] = timestamp.clock_seconds

    def _timestamp(self, line: LogLine, own: Timestamp | None) -> Timestamp | None:
        outer = parse_timestamp(line.timestamp_text, self._now) if line.timestamp_text else None
        if outer is not None and _LOGGED_AT_END.match(line.program):
            return outer
        return better_timestamp(own, outer)

    def _new_record(self, line: LogLine, timestamp: Timestamp | None, before: Record | None) -> Record:
        silent_seconds = None
        if before is not None:
            before.is_over = True
            last_seconds = self._last_seconds.get(line.program)
            if timestamp is not None and last_seconds is not None and not line.starts_block:
                silent_seconds = timestamp.clock_seconds - last_seconds
            if timestamp is None and not line.starts_block and len(before.lines) >= MAX_RECORD_LINES:
                timestamp = before.timestamp
        elif len(self._by_program) >= MAX_PROGRAMS:
            self._end_all()
        record = Record(timestamp, silent_seconds, line.program)
        self._by_program[line.program] = record
        self._in_order.append(record)
        return record

    def _end_all(self) -> None:
        for record in self._by_program.values():
            record.is_over = True
        self._by_program.clear()
        self._last_seconds.clear()

    def pop_over(self, number: int) -> Iterator[Record]:
        """Yield the records that are over and have none before them that is not."""
        while self._in_order:
            first = self._in_order[0]
            if not first.is_over and number - first.lines[-1].number <= MAX_LINES_APART:
                return
            first.is_over = True
            yield self._in_order.pop(0)

    def pop_all(self) -> Iterator[Record]:
        yield from self._in_order


def _starts_record(record: Record, line: LogLine, own: Timestamp | None) -> bool:
    """Whether a line begins a record: it has a timestamp of its own, or continues nothing."""
    if line.continues:
        return False
    text = line.text
    if (own is not None and not text[:1].isspace()) or _CRASH_HEAD.match(text):
        return True
    if not line.timestamp_text:
        return False
    is_in_traceback = any(TRACEBACK_PART.match(before.text) for before in record.lines)
    continues = not text or TRACEBACK_PART.match(text) or (is_in_traceback and EXCEPTION_HEAD.match(text))
    return not continues
