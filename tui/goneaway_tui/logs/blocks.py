"""Blocks: the bytes of a log, unpacked and as UTF-8, and the lines of it that are read: those in a block around a hit.

The one opener of logs reads files and standard input, unpacks .gz, .xz, .bz2 and .zst, and reads the UTF-16 that
PowerShell's `>` writes. A log may have gigabytes and a hundred lost connections: its bytes are searched for words that every
such error has (NEEDLES), and only the bytes around a hit become lines. Memory is bounded by the bytes read at once,
whatever the lines are.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import importlib
import io
import lzma
import re
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol, Self

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import _
from goneaway_tui.text.sanitize import plain

BLOCK_BYTES: Final = 1 << 18
"""Bytes that are read at once."""
STDIN: Final = "-"
"""The name of standard input."""
UNPACKING_BYTES: Final = 1 << 27
"""Memory that unpacking may take. xz -9 needs 65 MiB; zstd's own limit is 128 MiB."""
_UNPACKING_ERRORS: Final = (EOFError, zlib.error, lzma.LZMAError, ValueError)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes | None: ...


def _unpack_zstd(packed: io.BufferedReader) -> Readable:
    """Open a .zst stream. The standard library can since Python 3.14; raises FileError before."""
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        raise FileError(
            _("this Python cannot unpack .zst"), _("run zstd -dc FILE | goneaway-tui explain -")
        ) from None
    window = {zstd.DecompressionParameter.window_log_max: UNPACKING_BYTES.bit_length() - 1}
    opened: Readable = zstd.ZstdFile(packed, options=window)
    return opened


class _Xz:
    """An .xz stream, unpacked within UNPACKING_BYTES of memory: the file itself asks for as much as it likes, up to 4 GiB."""

    def __init__(self, packed: io.BufferedReader) -> None:
        self._packed = packed
        self._unpacker = self._fresh()
        self._ahead = b""

    def read(self, size: int = -1, /) -> bytes:
        while True:
            if (
                self._unpacker.eof
            ):  # another stream may follow, after bytes that fill up to a multiple of four
                self._ahead = self._unpacker.unused_data.lstrip(b"\0")
                self._ahead = self._ahead or self._packed.read(BLOCK_BYTES).lstrip(b"\0")
                if not self._ahead:
                    return b""
                self._unpacker = self._fresh()
            if self._unpacker.needs_input and not self._ahead:
                self._ahead = self._packed.read(BLOCK_BYTES)
                if not self._ahead:
                    raise EOFError(_("the file ends too early"))
            ahead, self._ahead = self._ahead, b""
            try:
                block = self._unpacker.decompress(ahead, size)
            except lzma.LZMAError as error:
                if "memory" not in str(error).casefold():
                    raise
                raise FileError(
                    _("unpacking takes more than {number} MiB of memory", number=UNPACKING_BYTES >> 20),
                    _("run xz -dc FILE | goneaway-tui explain -"),
                ) from None
            if block:
                return block

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=UNPACKING_BYTES)


UNPACKERS: Final[tuple[tuple[bytes, Callable[[io.BufferedReader], Readable]], ...]] = (
    (b"\x1f\x8b", lambda packed: gzip.GzipFile(fileobj=packed, mode="rb")),
    (b"\xfd7zXZ\x00", _Xz),
    (b"BZh", bz2.BZ2File),
    (b"\x28\xb5\x2f\xfd", _unpack_zstd),
)
"""The unpacker for each of the first bytes a packed file may have. The file's name does not matter."""


def read_blocks(name: str) -> Iterator[bytes]:
    """Yield the bytes of a log, unpacked; `-` is standard input. Raises FileError, whose message is one line."""
    if name == STDIN:
        with _file_errors(STDIN):
            yield from _unpacked(sys.stdin.buffer)
    else:
        yield from read_file_blocks(name, progress=True)


def read_file_blocks(path: str, *, progress: bool = False) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked. Raises FileError, whose message is one line.

    `progress` draws a bar on standard error while a long file is read, if that is a terminal.
    """
    shown = plain(path, 300)
    with _file_errors(shown), open(path, "rb", buffering=0) as file:  # noqa: PTH123 - bytes as they come
        bar = Progress(shown, file) if progress else contextlib.nullcontext()
        with bar:
            yield from _unpacked(file)


@contextlib.contextmanager
def _file_errors(shown: str) -> Iterator[None]:
    """Turn what reading and unpacking raise into a FileError that names the file."""
    try:
        yield
    except FileError as error:
        raise FileError(_("cannot read {file}: {why}", file=shown, why=error), error.hint) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileError(
            _("cannot read {file}: {why}", file=shown, why=plain(error.strerror or str(error), 200)),
            _("name a log file that you may read"),
        ) from None
    except _UNPACKING_ERRORS as error:
        raise FileError(
            _("cannot read {file}: {why}", file=shown, why=plain(str(error), 200)),
            _("check whether the file is damaged or incomplete"),
        ) from None


def _unpacked(file: Readable) -> Iterator[bytes]:
    start = b""
    magic_bytes = max(len(magic) for magic, _unpack in UNPACKERS)
    while len(start) < magic_bytes and (more := file.read(magic_bytes - len(start))):
        start += more
    whole = _Rewound(start, file)
    opened: Readable = whole
    for magic, unpack in UNPACKERS:
        if start.startswith(magic):
            opened = unpack(io.BufferedReader(whole, BLOCK_BYTES))
    yield from _as_utf8(iter(lambda: opened.read(BLOCK_BYTES) or b"", b""))


UTF8_MARK: Final = b"\xef\xbb\xbf"
_WIDE_MARKS: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
"""What UTF-16 begins with, in either order of its bytes."""
_ENCODING_BYTES: Final = 4096
"""Bytes from whose zeros the encoding is known, where no mark says it."""
_BINARY_SHARE: Final = 0.02
"""The share of zeros and other control characters from which a file looks binary."""


def _as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks of a text as UTF-8, without the mark of its encoding."""
    first = b""
    while len(first) < _ENCODING_BYTES and (block := next(blocks, b"")):
        first += block
    encoding = _wide_encoding(first)
    held = chain((first,), blocks)
    del first  # a generator would keep it for as long as the log is read
    if encoding is None:
        yield next(held).removeprefix(UTF8_MARK)
        yield from held
        return
    decode = codecs.getincrementaldecoder(encoding)("replace").decode
    for block in held:
        yield decode(block).removeprefix("\ufeff").encode()


def _wide_encoding(head: bytes) -> str | None:
    """The name of UTF-16 in the order that a text has; None for any other text."""
    marked = next((name for mark, name in _WIDE_MARKS if head.startswith(mark)), None)
    sample = head[:_ENCODING_BYTES]
    halves = sample[0::2], sample[1::2]
    zeros = [half.count(0) / (len(half) or 1) for half in halves]
    if marked or len(sample) < 8 or min(zeros) > _BINARY_SHARE or max(zeros) < 0.5:
        return marked
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def looks_binary(head: bytes) -> bool:
    """Whether a file that begins like this is no text: it holds zeros and other control characters.

    >>> looks_binary(b"2026-11-23 ERROR gone away\\n"), looks_binary(bytes(range(32)) * 9)
    (False, True)
    """
    sample = head[:_ENCODING_BYTES]
    controls = sum(byte < 9 or 13 < byte < 27 for byte in sample)
    return controls > len(sample) * _BINARY_SHARE


class _Rewound(io.RawIOBase):
    """A stream that yields its first bytes again, after they were read to recognise the format."""

    def __init__(self, start: bytes, rest: Readable) -> None:
        super().__init__()
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        start, self._start = self._start, b""
        return start or self._rest.read(size) or b""

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # what BufferedReader hands us
        if not self._start:
            block = self._rest.read(len(buffer)) or b""
        else:
            block, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
        buffer[: len(block)] = block
        return len(block)


class Progress(contextlib.AbstractContextManager["Progress"]):
    """A progress bar on standard error while a file of SHOWN_FROM_BYTES or more is read. Drawn on a terminal only."""

    SHOWN_FROM_BYTES = 64 * BLOCK_BYTES
    REDRAW_SECONDS = 0.5

    def __init__(self, shown: str, file: io.FileIO) -> None:
        self._shown = plain(shown, 40)
        self._file = file
        self._done = threading.Event()
        self._size = 0
        with contextlib.suppress(OSError):
            self._size = file.seek(0, io.SEEK_END)
            file.seek(0)
        self._draws = self._size >= self.SHOWN_FROM_BYTES and sys.stderr.isatty()

    def __enter__(self) -> Self:
        if self._draws:
            threading.Thread(target=self._draw, daemon=True).start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._done.set()
        if self._draws:
            sys.stderr.write("\r\x1b[K")

    def _draw(self) -> None:
        while not self._done.wait(self.REDRAW_SECONDS):
            with contextlib.suppress(OSError, ValueError):
                part = self._file.tell() * 30 // self._size
                sys.stderr.write(f"\r{self._shown}  [{'#' * part}{'.' * (30 - part)}]")
                sys.stderr.flush()


# --- The lines around a hit

NEEDLES: Final = (
    b"while reading a row", b"Timing out '", b"rite timed out for '",
    b"onnect", b" has gone away", b"acket", b"ommunicati", b"ution was interrupted", b"ccess denied for user", b"hutdown",
    b" got signal ", b"ECONNRESET", b"InterfaceError", b"ommands out of sync", b"haproxy[", b'"- - -" 0 ', b"closed}", b"tcp_closed", b" exited", b"sqld restarted", b"rash recovery",
    b"f memory: Kill", b"oom-kill", b"due to memory", b"egfault at", b"traps: m", b"dumped core",
    b"ocket #Port", b"ocket was closed", b"close signal", b"MySQL error", b"roken pipe", b"data on socket", b" ETIMEDOUT",
    b"i/o timeout", b"server at `", b"Datasource ", b"terminated unexp", b"KILL ",
)  # fmt: skip
"""Words that every error in `client_log` and every end in `server_log` has in its line, or in a line of the same traceback.

Also those of lines that say to which database a program connects, where its errors do not. They are few, as each costs one search through every byte, and long or rare, as those are found fastest.
"""

_SESSION_WORDS: Final = re.compile(rb".*?(?:'\)? \('?|'@'|mysqld|mariadbd)")
"""What each message in `translations` has in every language: a reason or an account in its position, or the program."""
LABELS: Final = (
    (b": Stopp", re.compile(rb": Stopp(?:ing|ed) .{0,80}(?i:mysql|mariadb|percona)")),
    (b" [Warning] ", _SESSION_WORDS),
    (b" [Note] ", _SESSION_WORDS),
    (b"response_flags", re.compile(rb"response_flags\\{0,3}\" ?: ?\\{0,3}\"[A-Z]")),
    (
        b".service: ",
        re.compile(
            rb"\.service: (?:State '|stop-|timed out|[Mm]ain process exited|A process of|Failed with)"
        ),
    ),
)
"""Labels that many lines have, and how those go on that are read.

A server's own message in any language, a fault that Envoy logs, the end of a unit that systemd reports.
"""

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
                yield from self._lines_around(hit)
        self._searched = search_end
        self._forget(search_end - JOINED_WITHIN_BYTES)

    def _lines_around(self, hit: int) -> Iterator[LogLine]:
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
    for label, form in LABELS:
        offsets.update(
            offset
            for offset in _lines_with(label, data, start, end)
            if form.match(data, offset, offset + LINE_HEAD_BYTES)
        )
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


_COLOUR: Final = re.compile(r"\x1b\[[\d;]{0,20}m")
"""The sequences that change the colour of a terminal, which compose, stern and many loggers write."""


def _text(raw: bytes) -> str:
    """The text of a line without colours, of a long one both ends; bytes that are not UTF-8 become escapes."""
    raw = raw.removesuffix(b"\r")
    if len(raw) > LINE_HEAD_BYTES + LINE_TAIL_BYTES:
        raw = raw[:LINE_HEAD_BYTES] + b" ... " + raw[-LINE_TAIL_BYTES:]
    text = raw.decode("utf-8", "backslashreplace")
    return _COLOUR.sub("", text) if "\x1b[" in text else text
