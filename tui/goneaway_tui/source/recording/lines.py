"""The lines of a recording, and the streams they are packed in.

A sample is written as what changed since the one before, a departure in full. A session is a row of cells: the fields of its
Session and then those of its Verdict. The line of a sample is `[head, runs, changes]`:

    head      what changed of the sample and the policy, by name
    runs      the sessions in their order: `[first, count]` are rows of the sample before, `[cells]` is a new row;
              null where they are the same rows in the same order
    changes   `[index, mask, cell, ...]` replaces cells of the row with this index: one for each bit of the mask

The line of departures is a list of them.

A stream is one deflate stream, flushed with each sample and cut into pieces. The seal of a piece is a checksum over the piece
and the seal before, so what is read without a gap from the first piece on is what was written, up to the first piece that is
missing, torn or of another stream. The first line is `[server name, columns]`.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property, lru_cache
from io import BytesIO
from sys import getsizeof, intern
from typing import Any, NamedTuple, get_type_hints

from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import GroupGaps, ReuseGaps
from goneaway_tui.model.as_json import UnfitRecord, pack, recorded_fields, to_json, unpacker
from goneaway_tui.model.blocking import lock_states
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot, Verdict

MAX_SESSIONS = 200_000
"""A server has 100,000 at most (`max_connections`); a line may not make more of a few."""
MAX_ROWS = 50_000_000
"""Rows that the lines of one stream may take over from one sample to the next: 250 samples of the largest server. A few
bytes can take over all sessions, so the bytes bound nothing."""
DEPARTURES_PER_LINE = 50
"""Bounds what a reader of the departures holds at once."""
SHORT_TEXT, SHORT_LIST, SHORT_DEPTH = 500, 64, 8
"""Characters of a text, items of a list, and lists in lists: evidence is a handful of sentences below 300 characters."""
PIECE_BYTES = 3900
"""A piece and its row fit into one leaf page of 4096 bytes (4061 at most), so no page leads to another."""
MAX_RATIO, FREE_BYTES = 32, 2 << 20
"""Bytes of lines that one byte of pieces may hold, beyond the first: what a file costs to read grows with its size, some
0.25 s a MB of lines. 3,000 sessions that are all alike come to 31; what comes to more is padded."""
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A block of deflate that holds nothing (RFC 1951, 3.2.4); it may stand after a flush."""
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


def _names(*facts: Any) -> list[list[str]]:
    return [[field.name for field in recorded_fields(fact)] for fact in facts]


COLUMNS = {
    Track.SAMPLES: _names(Session, Verdict),
    Track.DEPARTURES: _names(Session, Verdict, Departure),
    Track.GAPS: _names(ReuseGaps, GroupGaps),
}
"""What a stream begins with, beside the name of the server: the fields of the facts in its rows."""
STATEMENT = COLUMNS[Track.SAMPLES][0].index("statement")
_hints = {**get_type_hints(Sample), "policy": RiskThresholds}
HEAD = {name: unpacker(_hints[name]) for name in (*_names(Sample)[0], "policy") if name != "sessions"}
"""What a snapshot holds beside its sessions."""
unpack_verdict, unpack_departure = unpacker(Verdict), unpacker(Departure)


# --- Samples


@dataclass(slots=True)
class SessionRow:
    """A session of the last sample; rows that stay the same are shared between samples."""

    cells: list[Any]
    verdict: Verdict | None = None
    """When read: built where a snapshot is asked for."""


class SampleWriter:
    """Writes the lines of one stream of samples."""

    def __init__(self, *, statements: bool) -> None:
        """`statements`: whether SQL text is written."""
        self._statements = statements
        self._head: dict[str, tuple[Any, Any]] = dict.fromkeys(HEAD, (..., ...))
        """Each value of the head, and the same as JSON has it."""
        self._rows: list[SessionRow] = []

    def line(self, snapshot: Snapshot) -> str:
        """What changed since the last call. Raises UnfitRecord where a number is not finite."""
        return to_json([self._changed_head(snapshot), *self._changed_sessions(snapshot.verdicts)])

    def _changed_head(self, snapshot: Snapshot) -> dict[str, Any]:
        changed = {}
        for name, (before, packed) in self._head.items():
            value = snapshot.policy if name == "policy" else getattr(snapshot.sample, name)
            if value is not before:
                self._head[name] = value, pack(value)
                if _differ(packed, self._head[name][1]):
                    changed[name] = self._head[name][1]
        return changed

    def _changed_sessions(self, verdicts: Sequence[Verdict]) -> tuple[list[Any] | None, list[Any]]:
        """Runs and changes."""
        before, self._rows = self._rows, []
        places = {row.verdict.session.id: place for place, row in enumerate(before) if row.verdict}
        runs, changes, run_end = list[list[Any]](), list[list[Any]](), -1
        for index, verdict in enumerate(verdicts):
            place = places.get(verdict.session.id)
            if place is None:
                self._rows.append(SessionRow(self._cells(verdict), verdict))
                runs.append([self._rows[-1].cells])
                run_end = -1
                continue
            row = before[place]
            if row.verdict is not verdict:
                row = SessionRow(self._cells(verdict), verdict)
                if change := _difference(before[place].cells, row.cells):
                    changes.append([index, *change])
            self._rows.append(row)
            if place == run_end:
                runs[-1][1] += 1
            else:
                runs.append([place, 1])
            run_end = place + 1
        return None if runs == [[0, len(before)]] else runs, changes

    def _cells(self, verdict: Verdict) -> list[Any]:
        session, *cells = pack(verdict)
        if not self._statements:
            session[STATEMENT] = None
        return [*session, *cells]


def _differ(old: Any, new: Any) -> bool:
    """Compare to the last bit: 600 is not 600.0, nor -0.0 0.0."""
    return new is not old and (new != old or repr(new) != repr(old))


def _difference(before: list[Any], after: list[Any]) -> list[Any]:
    """The mask of the changed cells, and these cells; empty where none is."""
    places = [place for place, cells in enumerate(zip(before, after, strict=True)) if _differ(*cells)]
    return [sum(1 << place for place in places), *(after[place] for place in places)] if places else []


@lru_cache(maxsize=1024)
def _set_bits(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


class SampleReader:
    """Follows the lines of one stream of samples; builds a snapshot only where it is asked for."""

    def __init__(self, columns: list[list[str]]) -> None:
        """`columns`: what the stream begins with."""
        self._session_width = len(columns[0])
        self._width = self._session_width + len(columns[1]) - 1
        self._head: dict[str, Any] = {}
        self._rows: list[SessionRow] = []
        self._rows_left = MAX_ROWS

    def __len__(self) -> int:
        """How many sessions the last line left."""
        return len(self._rows)

    def follow(self, line: Any) -> None:
        """Take the next sample's line. Raises UnfitRecord."""
        match line:
            case [dict() as head, (list() | None) as runs, list() as changes] if head.keys() <= HEAD.keys():
                self._head |= head
            case _:
                raise UnfitRecord(_("not a line of a sample"))
        if runs is not None:
            self._rows = self._arranged(runs)
        for change in changes:
            self._change(change)

    def _arranged(self, runs: list[Any]) -> list[SessionRow]:
        rows: list[SessionRow] = []
        for run in runs:
            match run:
                case [int(first), int(count)] if first >= 0 < count and first + count <= len(self._rows):
                    rows += self._rows[first : first + count]
                case [list() as cells] if len(cells) == self._width:
                    rows.append(SessionRow(cells))
                case _:
                    raise UnfitRecord(_("a reference to sessions that do not exist"))
            if len(rows) > MAX_SESSIONS:
                raise UnfitRecord(_("too many sessions"))
        self._rows_left -= len(rows)
        if self._rows_left < 0:
            raise UnfitRecord(_("too much data"))
        return rows

    def _change(self, change: Any) -> None:
        match change:
            case [int(index), int(mask), *cells] if (
                0 <= index < len(self._rows)
                and 0 < mask < 1 << self._width
                and mask.bit_count() == len(cells)
            ):
                row = self._rows[index].cells.copy()
            case _:
                raise UnfitRecord(_("a change of a session that does not exist"))
        for place, cell in zip(_set_bits(mask), cells, strict=True):
            row[place] = cell
        self._rows[index] = SessionRow(row)

    def snapshot(self) -> Snapshot:
        """The snapshot of the last line. Raises UnfitRecord."""
        if not {"taken_at", "server", "policy"} <= self._head.keys():
            raise UnfitRecord(_("a sample without its header"))
        head = {name: HEAD[name](raw) for name, raw in self._head.items()}
        policy = head.pop("policy")
        sample = Sample(sessions=(), **head)
        states, other_state = lock_states(sample.blocking())
        width, verdicts = self._session_width, list[Verdict]()
        for row in self._rows:
            verdict: Verdict = row.verdict or unpack_verdict([row.cells[:width], *row.cells[width:]])
            locks = states.get(verdict.session.id, other_state)
            row.verdict = verdict if verdict.locks == locks else replace(verdict, locks=locks)
            verdicts.append(row.verdict)
        sessions = tuple([verdict.session for verdict in verdicts])
        return Snapshot(replace(sample, sessions=sessions), tuple(verdicts), policy)


# --- Departures


def departure_lines(departures: Sequence[Departure], *, statements: bool) -> str:
    """Lines of departures with an end of line between them; `statements`: whether SQL text is written.

    Raises UnfitRecord where a number is not finite.
    """
    packed = [pack(departure) for departure in departures]
    if not statements:
        for (session, *_verdict), *_departure in packed:
            session[STATEMENT] = None
    starts = range(0, len(packed), DEPARTURES_PER_LINE)
    return "\n".join(to_json(packed[start : start + DEPARTURES_PER_LINE]) for start in starts)


def short_departures(line: list[Any]) -> Iterator[tuple[Departure, int]]:
    """The departures of a line without statements, texts and lists cut to what a recorder writes, and the bytes of memory
    that the values of each take. Raises UnfitRecord."""
    for packed in line:
        match packed:
            case [[list() as session, *_verdict], *_departure]:
                session[STATEMENT : STATEMENT + 1] = [None]
        short, memory_bytes = _shortened(packed)
        yield unpack_departure(short), memory_bytes


def _shortened(value: Any, depth: int = 0) -> tuple[Any, int]:
    """A value of JSON, its texts and lists cut, and the bytes of memory it takes. Raises UnfitRecord where it is too deep."""
    if depth > SHORT_DEPTH:
        raise UnfitRecord(_("not a line of departures"))
    if isinstance(value, list):
        items = [_shortened(item, depth + 1) for item in value[:SHORT_LIST]]
        return [item for item, _bytes in items], getsizeof(items) + sum(size for _item, size in items)
    if isinstance(value, str):
        value = intern(value if len(value) <= SHORT_TEXT else value[: SHORT_TEXT - 1] + "…")
    return value, getsizeof(value)


# --- Streams


def first_seal(segment: int, track: int) -> int:
    """The seal before the first piece of a stream."""
    return zlib.crc32(b"%d/%d" % (segment, track))


def seal_of(at: float | None, body: bytes, before: int) -> int:
    """The seal of a piece, by the seal of the piece before."""
    return zlib.crc32(body, before if at is None else zlib.crc32(struct.pack(">d", at), before))


class StreamWriter:
    """Writes one stream."""

    def __init__(self, segment: int, track: Track, server_name: str) -> None:
        self._compress = zlib.compressobj(6, zlib.DEFLATED, RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self._first_line = to_json([server_name, COLUMNS[track]]) + "\n"
        self.line_bytes = self.piece_bytes = 0
        """Of what was written so far."""

    def pieces(self, lines: str, at: float) -> Iterator[tuple[float | None, int, bytes]]:
        """The pieces that end with these lines: instant, seal and body of each. Raises UnfitRecord where the lines are too long.

        The last has the instant `at` of the sample, the others None.
        """
        raw = f"{self._first_line}{lines}\n".encode("ascii")
        self._first_line = ""
        _must_be_bounded(raw, WHOLE)
        self.line_bytes += len(raw)
        excess = self.line_bytes - FREE_BYTES - MAX_RATIO * self.piece_bytes
        padding = EMPTY_BLOCK * -(-excess // (MAX_RATIO * len(EMPTY_BLOCK)))
        body = padding + self._compress.compress(raw) + self._compress.flush(zlib.Z_SYNC_FLUSH)
        self.piece_bytes += len(body)
        for begin in range(0, len(body), PIECE_BYTES):
            part, instant = body[begin : begin + PIECE_BYTES], None if begin + PIECE_BYTES < len(body) else at
            self._seal = seal_of(instant, part, self._seal)
            yield instant, self._seal, part


class StreamReader:
    """Reads one stream forward from its beginning, whatever it holds, within bounds."""

    def __init__(self, segment: int, track: Track, bounds: StreamBounds = WHOLE) -> None:
        """Raises StreamGap where `segment` is no number."""
        if not isinstance(segment, int):
            raise StreamGap
        self.segment, self.track = segment, track
        self.reached = 0
        """The last piece read, by the id of its row."""
        self.server_name = ""
        self.columns: list[list[str]] = []
        """Empty before the first line was read."""
        self._bounds = bounds
        self._decompress = zlib.decompressobj(RAW_DEFLATE)
        self._seal = first_seal(segment, track)
        self._piece_bytes = self.line_bytes = 0
        self._line = bytearray()

    @cached_property
    def samples(self) -> SampleReader:
        """Follows the lines of a stream of samples."""
        return SampleReader(self.columns)

    def lines(self, rows: Iterable[tuple[Any, ...]], until: int) -> Iterator[tuple[float | None, list[Any]]]:
        """The lines that end in the next pieces, each with the instant of its piece.

        `rows`: id, instant, seal and body of these pieces; `until`: the id of the last. Raises StreamGap and UnfitRecord.
        """
        for row_id, at, seal, body in rows:
            if not isinstance(body, bytes) or len(body) > PIECE_BYTES or not isinstance(at, float | None):
                raise StreamGap
            self._seal = seal_of(at, body, self._seal)
            if seal != self._seal:
                raise StreamGap
            for line in self._lines_in(body):
                if self.columns:
                    yield at, line
                else:
                    self._open(line)
            self.reached = row_id
        if self.reached != until or not self.columns:
            raise StreamGap

    def _open(self, line: list[Any]) -> None:
        """Raise UnfitRecord unless the columns are ours, or the first of ours: new fields come last."""
        known = COLUMNS[self.track]
        match line:
            case [str(server_name), list() as columns] if len(columns) == len(known) and all(
                type(names) is list and names == ours[: len(names)]
                for names, ours in zip(columns, known, strict=True)
            ):
                self.server_name, self.columns = server_name, columns
            case _:
                raise UnfitRecord(_("columns of a later version"))

    def _lines_in(self, body: bytes) -> Iterator[list[Any]]:
        """The lines that end in a piece, read as JSON: each is a list. Raises UnfitRecord."""
        self._piece_bytes += len(body)
        allowed = min(self._bounds.bytes, FREE_BYTES + MAX_RATIO * self._piece_bytes)
        try:
            raw = self._decompress.decompress(body, allowed + 1)
        except zlib.error as error:
            raise UnfitRecord(_("not a deflate stream")) from error
        self.line_bytes += len(raw)
        if self.line_bytes > allowed:
            raise StreamTooLong(_("too much data"))
        for part in BytesIO(raw):
            self._line += part
            if part.endswith(b"\n") or len(self._line) > self._bounds.line_bytes:
                _must_be_bounded(self._line, self._bounds)
                yield _parsed(self._line)
                self._line.clear()


def _must_be_bounded(lines: bytes | bytearray, bounds: StreamBounds) -> None:
    cells = lines.count(b",") + lines.count(b"[") + lines.count(b"{")
    if len(lines) > bounds.line_bytes or cells > bounds.line_cells:
        raise StreamTooLong(_("a block that is too large"))


def _parsed(line: bytearray) -> list[Any]:
    try:
        match json.loads(line.decode("ascii")):
            case list() as parsed:
                return parsed
    except (ValueError, RecursionError):
        pass
    raise UnfitRecord(_("not JSON"))
