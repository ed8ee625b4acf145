"""Streams: lines of JSON, compressed, in sealed pieces that a page of the database holds.

A stream is one deflate stream, flushed with each line. The seal of a piece is a checksum over the piece and the seal before,
so what is read without a gap from the first piece on is what was written, up to the first piece that is missing, torn or of
another stream. The first line is `[server name, columns]`.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Any, Generic, NamedTuple, TypeVar

from goneaway_tui.i18n import _
from goneaway_tui.source.recording.facts import UnfitRecord, to_json

LineReader = TypeVar("LineReader")
PIECE_BYTES = 3900
"""A piece and its row fit into one leaf page of 4096 bytes (4061 at most), so no page leads to another."""
MAX_RATIO, FREE_BYTES = 32, 2 << 20
"""Bytes of lines that one byte of pieces may hold, beyond the first: what a file costs to read grows with its size, some
0.25 s a MB of lines. 3,000 sessions that are all alike come to 31; what comes to more is padded."""
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A block of deflate that holds nothing (RFC 1951, 3.2.4); it may stand after a flush."""
CHUNK_BYTES = 64 << 10
"""Decompressed at a time."""
RAW_DEFLATE = -15


class StreamBounds(NamedTuple):
    """What is read of a stream, at most."""

    bytes: int
    """Of all its lines. The writer begins another stream long before, if only after a line of the longest."""
    line_bytes: int
    line_cells: int
    """Values in one line: the shortest take much more of memory than of a line."""


WHOLE = StreamBounds(bytes=48 << 20, line_bytes=32 << 20, line_cells=4_000_000)
"""What the writer keeps to."""
LEAN = StreamBounds(bytes=16 << 20, line_bytes=1 << 20, line_cells=50_000)
"""For who wants the departures alone: fifty are in a line."""


class StreamTooLong(UnfitRecord):
    """A stream is longer than it may be."""


class StreamGap(Exception):
    """A piece is missing or damaged, and what follows cannot be read without it."""


class Track(IntEnum):
    """The streams of a segment."""

    SAMPLES = 0
    DEPARTURES = 1
    GAPS = 2
    """What was counted of the segment, in one line, once it is over."""


class StreamPiece(NamedTuple):
    """A part of a stream."""

    at: float | None
    """The instant of the sample whose lines it ends; None where the next piece goes on with the line."""
    seal: int
    body: bytes


def first_seal(segment: int, track: int) -> int:
    """The seal before the first piece of a stream."""
    return zlib.crc32(b"%d/%d" % (segment, track))


def seal_of(at: float | None, body: bytes, before: int) -> int:
    """The seal of a piece, by the seal of the piece before."""
    return zlib.crc32(body, before if at is None else zlib.crc32(struct.pack(">d", at), before))


class StreamWriter:
    """Writes one stream."""

    def __init__(self, segment: int, track: Track, server_name: str, columns: Any) -> None:
        self._compress = zlib.compressobj(6, zlib.DEFLATED, RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self._first_line = to_json([server_name, columns]) + "\n"
        self.line_bytes = self.piece_bytes = 0
        """Of what was written so far."""

    def pieces(self, lines: str, at: float) -> Iterator[StreamPiece]:
        """The pieces that end with these lines, of the sample of that instant. Raises UnfitRecord where they are too long."""
        raw = f"{self._first_line}{lines}\n".encode("ascii")
        self._first_line = ""
        _must_be_bounded(raw, WHOLE)
        self.line_bytes += len(raw)
        padding = -(-(self.line_bytes - _allowed_bytes(self.piece_bytes)) // (MAX_RATIO * len(EMPTY_BLOCK)))
        body = EMPTY_BLOCK * padding + self._compress.compress(raw) + self._compress.flush(zlib.Z_SYNC_FLUSH)
        self.piece_bytes += len(body)
        for begin in range(0, len(body), PIECE_BYTES):
            part, is_last = body[begin : begin + PIECE_BYTES], begin + PIECE_BYTES >= len(body)
            self._seal = seal_of(at if is_last else None, part, self._seal)
            yield StreamPiece(at if is_last else None, self._seal, part)


class StreamReader(Generic[LineReader]):
    """Reads one stream forward from its beginning, within bounds. A `LineReader` reads the lines, of whatever kind they are."""

    def __init__(
        self,
        segment: int,
        track: Track,
        open_reader: Callable[[Any], LineReader],
        bounds: StreamBounds = WHOLE,
    ) -> None:
        """`open_reader`: makes the `LineReader`, from the columns that the first line names."""
        self.segment, self.track = segment, track
        self.reached = 0
        """The last piece read, by the id of its row."""
        self.server_name = ""
        self._reader: LineReader | None = None
        self._open_reader, self._bounds = open_reader, bounds
        self._decompress = zlib.decompressobj(RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self._piece_bytes = self._line_bytes = 0
        self._line = bytearray()

    @property
    def reader(self) -> LineReader:
        """The `LineReader` of this stream. Raises StreamGap where not even the first line was read."""
        if self._reader is None:
            raise StreamGap
        return self._reader

    def lines(self, rows: Iterable[tuple[Any, ...]], until: int) -> Iterator[tuple[float | None, Any]]:
        """The lines that end in the next pieces, each with the instant of its piece.

        `rows`: id, instant, seal and body of these pieces; `until`: the id of the last. Raises StreamGap and UnfitRecord.
        """
        for row_id, at, seal, body in rows:
            if (
                not isinstance(body, bytes)
                or not isinstance(at, float | None)
                or seal != seal_of(at, body, self._seal)
            ):
                raise StreamGap
            self._seal = seal
            for line in self._lines_in(body):
                if self._reader is None:
                    self._open(line)
                else:
                    yield at, line
            self.reached = row_id
        if self.reached != until or self._reader is None:
            raise StreamGap

    def _open(self, line: Any) -> None:
        match line:
            case [str(server_name), columns]:
                self.server_name, self._reader = server_name, self._open_reader(columns)
            case _:
                raise UnfitRecord(_("no beginning of a stream"))

    def _lines_in(self, body: bytes) -> Iterator[Any]:
        """The lines that end in a piece, read as JSON. Raises UnfitRecord."""
        self._piece_bytes += len(body)
        allowed = min(self._bounds.bytes, _allowed_bytes(self._piece_bytes))
        is_more = True
        while is_more:
            try:
                raw = self._decompress.decompress(body, CHUNK_BYTES)
            except zlib.error as error:
                raise UnfitRecord(_("no deflate stream")) from error
            body, is_more = self._decompress.unconsumed_tail, len(raw) == CHUNK_BYTES
            self._line_bytes += len(raw)
            if self._line_bytes > allowed:
                raise StreamTooLong(_("more in it than any recorder puts there"))
            *ends, rest = raw.split(b"\n")
            for end in ends:
                line = bytes(self._line + end)
                self._line.clear()
                yield _parsed(line, self._bounds)
            self._line += rest
            if len(self._line) > self._bounds.line_bytes:
                raise StreamTooLong(_("more at once than a recording holds"))


def _allowed_bytes(piece_bytes: int) -> int:
    """Bytes of lines that so many bytes of pieces may hold."""
    return FREE_BYTES + MAX_RATIO * piece_bytes


def _must_be_bounded(lines: bytes, bounds: StreamBounds) -> None:
    cells = lines.count(b",") + lines.count(b"[") + lines.count(b"{")
    if len(lines) > bounds.line_bytes or cells > bounds.line_cells:
        raise StreamTooLong(_("more at once than a recording holds"))


def _parsed(line: bytes, bounds: StreamBounds) -> Any:
    _must_be_bounded(line, bounds)
    try:
        return json.loads(line.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise UnfitRecord(_("no JSON")) from error
