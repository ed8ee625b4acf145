"""The few parts of a log that are worth reading: found by plain words, before any pattern looks at a line.

A log may have gigabytes and a hundred lost connections. Blocks of bytes are searched for words every such error has;
what lies around a hit becomes lines. Memory is bounded by the block, whatever the lines are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

NEEDLES: Final = (
    b"onnect", b" has gone away", b"acket", b"ommunicati", b"ution was interrupted", b"ccess denied for user", b"hutdown",
    b" got signal ", b"ECONNRESET", b"InterfaceError", b"ommands out of sync", b"haproxy[",
)  # fmt: skip
"""Every error in `signs` and every end in `serverlog` has one of these in its line, or in one that goes with it.

Few, as each costs one look at every byte; long or rare, as those are searched for fastest.
"""

SERVER_LABELS: Final = (b" [Warning] ", b" [Note] ")
"""What stands before a message of a server's own log, which may be of any language."""
SESSION_WORDS: Final = re.compile(rb"'\)? \('?|'@'|mysqld|mariadbd")
"""What each message in `translations` has in every language: a reason or an account in its place, or the program."""

WHOLE_LOG_BYTES: Final = 262_144
"""Bytes up to which a log is read line by line from end to end: what people paste may be one line of a trace."""
BEFORE_HIT_BYTES: Final = 4096
"""Bytes before a hit that are read as lines: a traceback's head with its time stamp, the line before it."""
AFTER_HIT_BYTES: Final = 4096
"""Bytes after a hit: the rest of a traceback."""
JOINED_WITHIN_BYTES: Final = 65_536
"""Two excerpts that are no further apart are one: a statement may stand between the parts of a traceback."""
LINE_HEAD_BYTES: Final = 4096
LINE_TAIL_BYTES: Final = 2048
"""What is kept of a long line: an error stands at one of its ends, a statement between them."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of an excerpt."""

    number: int
    text: str
    """Its two ends where it is long."""
    size_bytes: int
    """Its bytes."""
    starts_block: bool = False
    """The first of an excerpt: what came before it was not read."""
    text_before: str = ""
    """What stood before `text` on the same line, and was taken for a name and a stamp."""


def find_blocks(blocks: Iterable[bytes]) -> Iterator[LogLine]:
    """The lines around every hit, each once and in order. Blocks may be cut anywhere."""
    view = _Window()
    for block in blocks:
        yield from view.lines(block, last=False)
    yield from view.lines(b"", last=True)


class _Window:
    """A window moving over the bytes. `_searched` up to where hits were looked for, `_given` up to where lines were."""

    def __init__(self) -> None:
        self._data = b""
        self._number = 1
        """Of the line `_counted` is in."""
        self._counted = 0
        self._searched = 0
        self._given = 0
        self._moved = False
        self._told = False
        """Whether any line was given yet."""

    def lines(self, block: bytes, *, last: bool) -> Iterator[LogLine]:
        """What became known with one more block: a hit waits until what follows it is there."""
        self._data += block
        if last and not self._moved and len(self._data) <= WHOLE_LOG_BYTES:
            yield from (
                LogLine(number, _text(raw), len(raw)) for number, raw in enumerate(self._data.split(b"\n"), 1)
            )
            return
        if not last and len(self._data) <= WHOLE_LOG_BYTES:
            return
        ripe = len(self._data) if last else max(self._searched, len(self._data) - AFTER_HIT_BYTES)
        for hit in find_hits(self._data, self._searched, ripe):
            if hit >= self._given:
                yield from self._around(hit)
        self._searched = ripe
        self._forget(ripe - JOINED_WITHIN_BYTES)

    def _around(self, hit: int) -> Iterator[LogLine]:
        start = max(self._given, self._line_start(max(0, hit - BEFORE_HIT_BYTES)))
        if self._given >= 0 and start - self._given <= JOINED_WITHIN_BYTES and self._told:
            start = self._given
        end = min(len(self._data), hit + AFTER_HIT_BYTES)
        newline = self._data.rfind(b"\n", hit, end)
        if newline >= 0:
            end = newline + 1
        self._number += self._data.count(b"\n", self._counted, start)
        piece = self._data[start:end]
        leads = start > self._given
        self._told = True
        for nth, raw in enumerate(piece.removesuffix(b"\n").split(b"\n")):
            yield LogLine(self._number + nth, _text(raw), len(raw), leads and nth == 0)
        self._number += piece.count(b"\n")
        self._counted = self._given = end

    def _line_start(self, offset: int) -> int:
        """The first line that begins at or after an offset near a hit; the offset itself within a giant line."""
        if offset == 0:
            return 0
        newline = self._data.find(b"\n", offset - 1, offset + BEFORE_HIT_BYTES)
        return offset if newline < 0 else newline + 1

    def _forget(self, upto: int) -> None:
        if upto <= 0:
            return
        self._moved = True
        if upto > self._counted:
            self._number += self._data.count(b"\n", self._counted, upto)
            self._counted = upto
        self._data = self._data[upto:]
        self._counted -= upto
        self._searched -= upto
        self._given -= upto


def find_hits(data: bytes, start: int, end: int) -> list[int]:
    """Where, in `data[start:end]`, lines begin that hold a needle; an offset for each of them, ascending."""
    found: set[int] = set()
    for needle in NEEDLES:
        found.update(_lines_with(needle, data, start, end))
    for label in SERVER_LABELS:
        for at in _lines_with(label, data, start, end):
            newline = data.find(b"\n", at, at + LINE_HEAD_BYTES)
            if SESSION_WORDS.search(data, at, newline if newline >= 0 else at + LINE_HEAD_BYTES):
                found.add(at)
    return sorted(found)


def _lines_with(needle: bytes, data: bytes, start: int, end: int) -> Iterator[int]:
    """Where a needle stands first in each line, ascending."""
    at = data.find(needle, max(0, start - len(needle) + 1), end)
    while at >= 0:
        yield at
        newline = data.find(b"\n", at, end)
        if newline < 0:
            return
        at = data.find(needle, newline, end)


def _text(raw: bytes) -> str:
    raw = raw.removesuffix(b"\r")
    if len(raw) > LINE_HEAD_BYTES + LINE_TAIL_BYTES:
        raw = raw[:LINE_HEAD_BYTES] + b" ... " + raw[-LINE_TAIL_BYTES:]
    return raw.decode("utf-8", "backslashreplace")


_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"

PREFIX_FORMS: Final = (
    re.compile(
        rf"(?P<stamp>[A-Z][a-z]{{2}} [ \d]\d {_CLOCK}|\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?) "
        r"(?P<who>[\w.-]{1,80} [\w./@-]{1,80}(?:\[\d{1,10}\])?): ?"
    ),
    re.compile(rf"(?P<stamp>\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|[+-]\d\d:\d\d)) (?P<who>stdout|stderr) [FP] "),
    re.compile(r"(?P<who>[\w.-]{1,64}) *\| ?(?P<stamp>)"),
)
"""Syslog and the journal; containerd; docker compose."""


@dataclass(frozen=True, slots=True)
class PrefixedLine:
    """A line without what was put before it."""

    program: str
    """Whose line it is, as the wrapper names them."""
    timestamp_text: str
    """The wrapper's own, empty where it has none."""
    body: str


def split_prefix(text: str) -> PrefixedLine | None:
    """None for a line that nobody wrapped.

    >>> split_prefix("web-1  | Traceback (most recent call last):").body
    'Traceback (most recent call last):'
    """
    if text.startswith('{"log":"'):
        return _docker_line(text)
    for wrapper in PREFIX_FORMS:
        found = wrapper.match(text)
        if found:
            return PrefixedLine(found["who"], found["stamp"], text[found.end() :])
    return None


def _docker_line(text: str) -> PrefixedLine | None:
    """Docker's `json-file`, one line an object."""
    try:
        said = json.loads(text)
        return PrefixedLine(str(said.get("stream")), str(said.get("time", "")), str(said["log"]).rstrip("\n"))
    except (ValueError, KeyError, RecursionError, AttributeError):
        return None
