"""The lines of a log that are read: those in a block around a hit.

A log may have gigabytes and a hundred lost connections. Its bytes are searched for words that every such error has
(NEEDLES); only the bytes around a hit become lines. Memory is bounded by the bytes read at once, whatever the lines are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

NEEDLES: Final = (
    b"onnect", b" has gone away", b"acket", b"ommunicati", b"ution was interrupted", b"ccess denied for user", b"hutdown",
    b" got signal ", b"ECONNRESET", b"InterfaceError", b"ommands out of sync", b"haproxy[", b"closed}", b"tcp_closed", b"f memory: Kill", b"process exited, code=", b" timed out. Killing", b"d restarted",
    b"rash recovery", b"own normally",
)  # fmt: skip
"""Words that every error in `client_log` and every end in `server_log` has in its line, or in a line of the same traceback.

They are few, as each costs one search through every byte, and long or rare, as those are found fastest.
"""

SERVER_LABELS: Final = (b" [Warning] ", b" [Note] ")
"""Labels before a message of a server's own log, which may be in any language."""
SESSION_WORDS: Final = re.compile(rb"'\)? \('?|'@'|mysqld|mariadbd")
"""What each message in `translations` has in every language: a reason or an account in its position, or the program."""

WHOLE_LOG_BYTES: Final = 262_144
"""Bytes up to which every line of a log is read: a pasted text may be one line of a traceback."""
BEFORE_HIT_BYTES: Final = 4096
"""Bytes before a hit that are read as lines: the head of a traceback with its timestamp, the line before it."""
AFTER_HIT_BYTES: Final = 4096
"""Bytes after a hit: the rest of a traceback."""
JOINED_WITHIN_BYTES: Final = 65_536
"""Blocks that are no further apart are one block: a statement may stand between the parts of a traceback."""
LINE_HEAD_BYTES: Final = 4096
LINE_TAIL_BYTES: Final = 2048
"""Bytes kept of both ends of a long line: the error stands at one of them, a statement between."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a block."""

    number: int
    """Its number in the log, from 1."""
    text: str
    """The line; where it is long, its two ends."""
    size_bytes: int
    """The size of the whole line."""
    starts_block: bool = False
    """Whether it is the first of a block: the line before it was not read."""
    text_before: str = ""
    """What stood before `text` on the same line, and was taken for a prefix."""
    program: str = ""
    """The program that wrote it, as what is wrapped around the line names it; empty where nothing is."""
    timestamp_text: str = ""
    """The timestamp of the wrapper; empty where it has none."""
    continues: bool = False
    """Whether it is a further line of a message of several lines, or describes the same error."""


def find_blocks(blocks: Iterable[bytes]) -> Iterator[LogLine]:
    """Yield the lines around every hit, each once and in order. `blocks` are the bytes of a log, cut anywhere."""
    window = _Window()
    for block in blocks:
        yield from window.lines(block, is_last=False)
    yield from window.lines(b"", is_last=True)


class _Window:
    """A window that moves over the bytes: searched up to `_searched`, yielded as lines up to `_yielded`."""

    def __init__(self) -> None:
        self._data = b""
        self._number = 1
        """The number of the line that the offset `_counted` is in."""
        self._counted = 0
        self._searched = 0
        self._yielded = 0
        self._moved = False
        self._has_yielded = False
        """Whether any line was yielded yet."""

    def lines(self, block: bytes, *, is_last: bool) -> Iterator[LogLine]:
        """Yield the lines that are complete with one more block: a hit waits for the bytes that follow it."""
        self._data += block
        if is_last and not self._moved and len(self._data) <= WHOLE_LOG_BYTES:
            yield from (
                LogLine(number, _text(raw), len(raw)) for number, raw in enumerate(self._data.split(b"\n"), 1)
            )
            return
        if not is_last and len(self._data) <= WHOLE_LOG_BYTES:
            return
        search_end = len(self._data) if is_last else max(self._searched, len(self._data) - AFTER_HIT_BYTES)
        for hit in find_hits(self._data, self._searched, search_end):
            if hit >= self._yielded:
                yield from self._around(hit)
        self._searched = search_end
        self._forget(search_end - JOINED_WITHIN_BYTES)

    def _around(self, hit: int) -> Iterator[LogLine]:
        """Yield the lines around a hit, from where lines were yielded last if that is near."""
        start = max(self._yielded, self._line_start(max(0, hit - BEFORE_HIT_BYTES)))
        if self._yielded >= 0 and start - self._yielded <= JOINED_WITHIN_BYTES and self._has_yielded:
            start = self._yielded
        end = min(len(self._data), hit + AFTER_HIT_BYTES)
        newline = self._data.rfind(b"\n", hit, end)
        if newline >= 0:
            end = newline + 1
        self._number += self._data.count(b"\n", self._counted, start)
        block = self._data[start:end]
        starts_block = start > self._yielded
        self._has_yielded = True
        for index, raw in enumerate(block.removesuffix(b"\n").split(b"\n")):
            yield LogLine(self._number + index, _text(raw), len(raw), starts_block and index == 0)
        self._number += block.count(b"\n")
        self._counted = self._yielded = end

    def _line_start(self, offset: int) -> int:
        """The first line that begins at or after an offset near a hit; the offset itself within a giant line."""
        if offset == 0:
            return 0
        newline = self._data.find(b"\n", offset - 1, offset + BEFORE_HIT_BYTES)
        return offset if newline < 0 else newline + 1

    def _forget(self, end: int) -> None:
        """Drop the bytes before an offset."""
        if end <= 0:
            return
        self._moved = True
        if end > self._counted:
            self._number += self._data.count(b"\n", self._counted, end)
            self._counted = end
        self._data = self._data[end:]
        self._counted -= end
        self._searched -= end
        self._yielded -= end


def find_hits(data: bytes, start: int, end: int) -> list[int]:
    """The offsets of hits in `data[start:end]`, ascending: where needles and labels of a session's end stand."""
    offsets: set[int] = set()
    for needle in NEEDLES:
        offsets.update(_lines_with(needle, data, start, end))
    for label in SERVER_LABELS:
        for offset in _lines_with(label, data, start, end):
            newline = data.find(b"\n", offset, offset + LINE_HEAD_BYTES)
            if SESSION_WORDS.search(data, offset, newline if newline >= 0 else offset + LINE_HEAD_BYTES):
                offsets.add(offset)
    return sorted(offsets)


def _lines_with(needle: bytes, data: bytes, start: int, end: int) -> Iterator[int]:
    """Yield where a needle stands first in each line, ascending."""
    offset = data.find(needle, max(0, start - len(needle) + 1), end)
    while offset >= 0:
        yield offset
        newline = data.find(b"\n", offset, end)
        if newline < 0:
            return
        offset = data.find(needle, newline, end)


def _text(raw: bytes) -> str:
    """The text of a line, of a long one both ends; bytes that are not UTF-8 become escapes."""
    raw = raw.removesuffix(b"\r")
    if len(raw) > LINE_HEAD_BYTES + LINE_TAIL_BYTES:
        raw = raw[:LINE_HEAD_BYTES] + b" ... " + raw[-LINE_TAIL_BYTES:]
    return raw.decode("utf-8", "backslashreplace")
