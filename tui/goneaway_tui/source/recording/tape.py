"""Lines in sealed pieces: one deflate stream, flushed with each line, cut into pieces a database page holds.

Each piece's seal is a checksum over it and the seal before, so what is read without a gap from the first piece on is
what was written, up to the first piece that is missing, torn or another stream's.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from goneaway_tui.i18n import _
from goneaway_tui.source.recording.rows import UnfitRecord

PIECE_BYTES = 3900
"""A piece and its row fit into one leaf page of 4096 bytes (4061 at most), so no page leads to another."""
MOST_RATIO, FREE_BYTES = 32, 2 << 20
"""Bytes that one packed byte may unroll to, beyond the first: what a file costs to read grows with its size, some 0.25 s
a MB of lines. A crowd of 3,000 sessions that are all alike comes to 31; what comes to more is padded."""
EMPTY = b"\x00\x00\x00\xff\xff"
"""A block of deflate that holds nothing (RFC 1951, 3.2.4); it may stand after a flush."""
CHUNK_BYTES = 64 << 10
"""Unrolled at a time."""
RAW_DEFLATE = -15
_SEALED = struct.Struct(">d")


class StreamBounds(NamedTuple):
    """What is read of a stream, at most."""

    bytes: int
    """Of all its lines. The recorder begins another stream long before, if only after a line of the longest."""
    line_bytes: int
    line_cells: int
    """Values in one line: the shortest take much more of memory than of a line."""


WHOLE = StreamBounds(bytes=48 << 20, line_bytes=32 << 20, line_cells=4_000_000)
"""What the recorder keeps to."""
LEAN = StreamBounds(bytes=16 << 20, line_bytes=1 << 20, line_cells=50_000)
"""For who wants the departures alone: fifty are in a line."""


class StreamTooLong(UnfitRecord):
    """A stream is longer than it may be."""


class Track(IntEnum):
    """The streams of a segment."""

    SAMPLES = 0
    DEPARTURES = 1


class TapePiece(NamedTuple):
    """A part of a stream."""

    at: float | None
    """The instant of the sample whose line it ends; None where the next piece goes on with the line."""
    seal: int
    body: bytes


def first_seal(segment: int, track: int) -> int:
    """What the first piece of a stream is chained to."""
    return zlib.crc32(b"%d/%d" % (segment, track))


def seal_of(at: float | None, body: bytes, before: int) -> int:
    return zlib.crc32(body, before if at is None else zlib.crc32(_SEALED.pack(at), before))


class TapeWriter:
    """Writes one stream."""

    def __init__(self, segment: int, track: int) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self.raw = 0
        """Bytes of lines so far."""
        self.rolled = 0
        """Bytes of pieces so far."""

    def pieces(self, lines: str, at: float) -> Iterator[TapePiece]:
        """The pieces that bring whoever reads on to the end of these lines. Raises Misfit for more than may be read."""
        raw = lines.encode("ascii")
        _must_be_bounded(raw, WHOLE)
        self.raw += len(raw)
        padding = EMPTY * -(-(self.raw - _earned(self.rolled)) // (MOST_RATIO * len(EMPTY)))
        body = padding + self._deflate.compress(raw) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self.rolled += len(body)
        for begin in range(0, len(body), PIECE_BYTES):
            part = body[begin : begin + PIECE_BYTES]
            when = at if begin + PIECE_BYTES >= len(body) else None
            self._seal = seal_of(when, part, self._seal)
            yield TapePiece(when, self._seal, part)


class TapeReader:
    """Reads one stream, whatever it holds, within bounds."""

    def __init__(self, segment: int, track: int, bounds: StreamBounds = WHOLE) -> None:
        self._inflate = zlib.decompressobj(RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self._bounds = bounds
        self._rolled = self._raw = 0
        self._rest = bytearray()

    def fits(self, piece: TapePiece) -> bool:
        """Whether it is the next piece, whole."""
        return seal_of(piece.at, piece.body, self._seal) == piece.seal

    def lines(self, piece: TapePiece) -> Iterator[Any]:
        """The lines that end in the next piece, read as JSON. Raises Misfit."""
        self._seal = piece.seal
        self._rolled += len(piece.body)
        left = min(self._bounds.bytes, _earned(self._rolled)) - self._raw
        for raw in self._unrolled(piece.body):
            left -= len(raw)
            self._raw += len(raw)
            if left < 0:
                raise StreamTooLong(_("more in it than any recorder puts there"))
            begin = 0
            while (end := raw.find(b"\n", begin)) >= 0:
                self._rest += raw[begin:end]
                line = bytes(self._rest)
                self._rest.clear()
                yield _read(line, self._bounds)
                begin = end + 1
            self._rest += raw[begin:]
            if len(self._rest) > self._bounds.line_bytes:
                raise StreamTooLong(_("more at once than a recording holds"))

    def _unrolled(self, body: bytes) -> Iterator[bytes]:
        """What a piece unrolls to, by and by. Raises Misfit."""
        while True:
            try:
                raw = self._inflate.decompress(body, CHUNK_BYTES)
            except zlib.error as error:
                raise UnfitRecord(_("no deflate stream")) from error
            yield raw
            if len(raw) < CHUNK_BYTES:
                return
            body = self._inflate.unconsumed_tail


def _earned(rolled: int) -> int:
    """Bytes that so many packed bytes may unroll to."""
    return FREE_BYTES + MOST_RATIO * rolled


def _must_be_bounded(lines: bytes, bounds: StreamBounds) -> None:
    cells = lines.count(b",") + lines.count(b"[") + lines.count(b"{")
    if len(lines) > bounds.line_bytes or cells > bounds.line_cells:
        raise StreamTooLong(_("more at once than a recording holds"))


def _read(line: bytes, bounds: StreamBounds) -> Any:
    _must_be_bounded(line, bounds)
    try:
        return json.loads(line.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise UnfitRecord(_("no JSON")) from error
