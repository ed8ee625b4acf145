"""Facts as JSON: the lines of a recording, which hold samples by what changed and departures in full.

The shape of a fact in JSON follows from its annotations alone, so a field added to a fact is recorded without a word here.
Scalars stand for themselves: floats come back bit for bit, and 600 stays apart from 600.0. What is read back is checked
against the annotation, because a recording is as hostile as any file.

A session is a row of cells: the fields of its Session and then those of its Verdict. The line of a sample is
`[head, runs, changes]`:

    head      what changed of the sample and the policy, by name
    runs      the sessions in their order: `[first, count]` are rows of the sample before, `[cells]` is a new row;
              null where they are the same rows in the same order
    changes   `[index, mask, cell, ...]` replaces cells of the row with this index: one for each bit of the mask

The line of departures is a list of them.
"""

from __future__ import annotations

import json
import marshal
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from operator import attrgetter
from sys import getsizeof, intern
from types import NoneType, UnionType
from typing import Any, NamedTuple, NewType, NoReturn, Union, get_args, get_origin, get_type_hints

from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import GAP_EDGES, GroupGaps, ReuseGaps
from goneaway_tui.model.blocking import lock_states
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot, Verdict

INTEGERS = range(-(2**63), 2**64)
"""What a server can count; a larger one would overflow where seconds are computed with."""
MAX_SESSIONS = 200_000
"""A server has 100,000 at most (`max_connections`); a line may not make more of a few."""
MAX_ROWS = 50_000_000
"""Rows that the lines of one stream may take over from one sample to the next: 250 samples of the largest server. A few
bytes can take over all sessions, so the bytes bound nothing."""
DEPARTURES_PER_LINE = 50
"""Bounds what a reader of the departures holds at once."""
MAX_DAY = 2_932_896
"""The last day of the year 9999, in days since 1970."""
MAX_INSTANT = 253_402_300_800.0
"""The end of the year 9999."""
SHORT_TEXT, SHORT_LIST, SHORT_DEPTH = 500, 64, 8
"""Characters of a text, items of a list, and lists in lists: evidence is a handful of sentences below 300 characters."""

EXACT = 2
"""The version of marshal's format that writes equal bytes for equal scalars and no others."""
SHORT_BYTES, SHORT_VALUES = 300, 500
"""Bytes of a value that is worth to be remembered, and how many such values of a type are."""

to_json: Callable[[Any], str] = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False, check_circular=False
).encode


class UnfitRecord(ValueError):
    """What was read is nothing that a recorder writes."""


SCALARS: dict[Any, set[type]] = {
    int: {int},
    float: {int, float},
    bool: {bool},
    str: {str},
    NoneType: {NoneType},
}
"""What is allowed for an annotation: as everywhere in Python, an int is good enough for a float."""


def recorded_fields(fact: Any) -> list[Field[Any]]:
    """The fields of a dataclass without those that follow from the others, which say so in their metadata."""
    return [field for field in fields(fact) if field.metadata.get("recorded", True)]


@cache
def _values_of(kind: Any) -> Callable[[Any], Iterable[Any]]:
    """What lists the parts of a value of this type."""
    if not is_dataclass(kind):
        return iter
    names = [field.name for field in recorded_fields(kind)]
    return attrgetter(*names) if len(names) > 1 else lambda fact: [getattr(fact, name) for name in names]


def pack(value: Any) -> Any:
    """A fact, or a part of one, as JSON has it: made of scalars, enums, tuples, frozen sets and dataclasses."""
    kind: Any = type(value)
    if kind in SCALARS:
        return value
    if isinstance(value, Enum):
        return value.value
    return [part if type(part) in SCALARS else pack(part) for part in _values_of(kind)(value)]


@cache
def unpacker(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of this annotation from JSON; it raises UnfitRecord for anything else."""
    options = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    plain = [option.__supertype__ if isinstance(option, NewType) else option for option in options]
    allowed = frozenset[type]().union(*(SCALARS[option] for option in plain if option in SCALARS))
    compounds = [_compound_unpacker(option) for option in plain if option not in SCALARS]
    if len(compounds) > 1:
        raise TypeError(f"no JSON for {hint!r}")

    def unpack(raw: Any) -> Any:
        kind = type(raw)
        is_outside = (kind is float and not math.isfinite(raw)) or (kind is int and raw not in INTEGERS)
        if kind in allowed and not is_outside:
            return raw
        if not compounds:
            raise UnfitRecord(_("{kind} where none may be", kind=kind.__name__))
        return compounds[0](raw)

    return unpack if allowed else compounds[0]


def _compound_unpacker(hint: Any) -> Callable[[Any], Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is frozenset or (origin is tuple and arguments[-1] is Ellipsis):
        unpack_item = unpacker(arguments[0])
        return _cached(lambda raw: origin([unpack_item(item) for item in _list(raw)]))
    if origin is tuple:
        unpackers = [unpacker(argument) for argument in arguments]
        return _cached(lambda raw: tuple(_unpacked(raw, unpackers, len(unpackers))))
    if is_dataclass(hint):
        hints, known = get_type_hints(hint), recorded_fields(hint)
        fact: Any = hint
        unpackers = [unpacker(hints[field.name]) for field in known]
        required = sum(field.default is MISSING for field in known)
        return _cached(lambda raw: fact(*_unpacked(raw, unpackers, required)))
    if isinstance(hint, type) and issubclass(hint, Enum):
        members = {member.value: member for member in hint}
        return lambda raw: members[raw] if isinstance(raw, str) and raw in members else _refuse(hint)
    raise TypeError(f"no JSON for {hint!r}")


def _unpacked(raw: Any, unpackers: list[Callable[[Any], Any]], required: int) -> list[Any]:
    """The parts of a list; a recording from before the last parts existed has only those required."""
    if not required <= len(_list(raw)) <= len(unpackers):
        raise UnfitRecord(_("a row of another length"))
    return [unpack(part) for unpack, part in zip(unpackers, raw, strict=False)]


def _refuse(kind: type) -> NoReturn:
    raise UnfitRecord(_("no {kind}", kind=kind.__name__))


def _cached(unpack: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, with the values of short lists shared: most sessions have the same limits and attributes."""
    known: dict[bytes, Any] = {}

    def unpack_cached(raw: Any) -> Any:
        exact = marshal.dumps(raw, EXACT)
        if len(exact) > SHORT_BYTES:
            return unpack(raw)
        if exact not in known:
            if len(known) >= SHORT_VALUES:
                known.clear()
            known[exact] = unpack(raw)
        return known[exact]

    return unpack_cached


def _list(raw: Any) -> list[Any]:
    if type(raw) is not list:
        raise UnfitRecord(_("no list where one must be"))
    return raw


def _names(*facts: Any) -> list[list[str]]:
    return [[field.name for field in recorded_fields(fact)] for fact in facts]


def _must_be_known(columns: Any, known: list[list[str]]) -> None:
    """Raise UnfitRecord unless the columns of a stream are ours, or the first of ours: new fields come last."""
    if type(columns) is not list or len(columns) != len(known):
        raise UnfitRecord(_("columns of a later version"))
    for names, ours in zip(columns, known, strict=True):
        if type(names) is not list or names != ours[: len(names)]:
            raise UnfitRecord(_("columns of a later version"))


_hints = {**get_type_hints(Sample), "policy": RiskThresholds}
HEAD = {name: unpacker(_hints[name]) for name in (*_names(Sample)[0], "policy") if name != "sessions"}
"""What a snapshot holds beside its sessions."""
unpack_verdict, unpack_departure, unpack_gaps = unpacker(Verdict), unpacker(Departure), unpacker(ReuseGaps)
SAMPLE_COLUMNS, DEPARTURE_COLUMNS = _names(Session, Verdict), _names(Session, Verdict, Departure)
GAP_COLUMNS = _names(ReuseGaps, GroupGaps)
"""What a stream begins with, beside the name of the server: the fields of the facts in its rows."""
STATEMENT = SAMPLE_COLUMNS[0].index("statement")


class RecordedSession(NamedTuple):
    """A session as the last line left it."""

    id: int
    verdict: Verdict
    cells: list[Any]


class SampleWriter:
    """Writes the lines of one stream of samples."""

    def __init__(self, *, statements: bool) -> None:
        """`statements`: whether SQL text is written."""
        self._statements = statements
        self._head: dict[str, tuple[Any, str]] = {}
        self._before: list[RecordedSession] = []

    def line(self, snapshot: Snapshot) -> str:
        """What changed since the last call. Raises ValueError where a number is not finite."""
        return to_json([self._changed_head(snapshot), *self._changed_sessions(snapshot.verdicts)])

    def _changed_head(self, snapshot: Snapshot) -> dict[str, Any]:
        changed = {}
        for name in HEAD:
            value = snapshot.policy if name == "policy" else getattr(snapshot.sample, name)
            before, text = self._head.get(name, (None, ""))
            if text and value is before:
                continue
            packed = pack(value)
            self._head[name] = value, to_json(packed)
            if self._head[name][1] != text:
                changed[name] = packed
        return changed

    def _changed_sessions(self, verdicts: Sequence[Verdict]) -> tuple[list[Any] | None, list[Any]]:
        """Runs and changes."""
        before, after = self._before, list[RecordedSession]()
        runs, changes = list[list[Any]](), list[list[Any]]()
        places: dict[int, int] = {}
        next_place, run_end = 0, -1
        for index, verdict in enumerate(verdicts):
            place: int | None = next_place
            if next_place >= len(before) or before[next_place].id != verdict.session.id:
                places = places or {session.id: place for place, session in enumerate(before)}
                place = places.get(verdict.session.id)
            if place is None:
                after.append(RecordedSession(verdict.session.id, verdict, self._cells(verdict)))
                runs.append([after[-1].cells])
                run_end = -1
                continue
            after.append(recorded := before[place])
            if recorded.verdict is not verdict:
                after[-1] = RecordedSession(recorded.id, verdict, self._cells(verdict))
                if change := _difference(recorded.cells, after[-1].cells):
                    changes.append([index, *change])
            if place == run_end:
                runs[-1][1] += 1
            else:
                runs.append([place, 1])
            next_place = run_end = place + 1
        self._before = after
        return None if runs == [[0, len(before)]] else runs, changes

    def _cells(self, verdict: Verdict) -> list[Any]:
        session, *cells = pack(verdict)
        if not self._statements:
            session[STATEMENT] = None
        return [*session, *cells]


def _difference(before: list[Any], after: list[Any]) -> list[Any]:
    """The mask of the changed cells, and these cells. Compares to the last bit: 600 is not 600.0, nor -0.0 0.0."""
    places = [
        place
        for place, (old, new) in enumerate(zip(before, after, strict=True))
        if new is not old and (new != old or repr(new) != repr(old))
    ]
    return [sum(1 << place for place in places), *(after[place] for place in places)] if places else []


@lru_cache(maxsize=1024)
def _set_bits(mask: int) -> tuple[int, ...]:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


@dataclass(slots=True)
class SessionRow:
    """A session of the sample that was read last; rows that stay the same are shared between samples."""

    cells: list[Any]
    verdict: Verdict | None = None
    """Built when a snapshot is asked for."""


class SampleReader:
    """Follows the lines of one stream of samples; builds a snapshot only where it is asked for."""

    def __init__(self, columns: Any) -> None:
        """`columns`: what the stream begins with. Raises UnfitRecord."""
        _must_be_known(columns, SAMPLE_COLUMNS)
        self._session_width = len(columns[0])
        self._width = self._session_width + len(columns[1]) - 1
        self._head: dict[str, Any] = {}
        self._rows: list[SessionRow] = []
        self._rows_left = MAX_ROWS

    def follow(self, line: Any) -> None:
        """Take the next sample's line. Raises UnfitRecord."""
        match line:
            case [dict() as head, (list() | None) as runs, list() as changes]:
                pass
            case _:
                raise UnfitRecord(_("no line of a sample"))
        if not head.keys() <= HEAD.keys():
            raise UnfitRecord(_("a sample of a later version"))
        self._head.update(head)
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
                    raise UnfitRecord(_("more sessions than there are"))
            if len(rows) > MAX_SESSIONS:
                raise UnfitRecord(_("more sessions than any server has"))
        self._rows_left -= len(rows)
        if self._rows_left < 0:
            raise UnfitRecord(_("more in it than any recorder puts there"))
        return rows

    def _change(self, change: Any) -> None:
        match change:
            case [int(index), int(mask), *cells] if (
                0 <= index < len(self._rows) and 0 < mask < 1 << self._width
            ):
                places = _set_bits(mask)
            case _:
                raise UnfitRecord(_("no session to change so"))
        if len(places) != len(cells):
            raise UnfitRecord(_("cells for other columns"))
        row = self._rows[index].cells.copy()
        for place, cell in zip(places, cells, strict=True):
            row[place] = cell
        self._rows[index] = SessionRow(row)

    def snapshot(self) -> Snapshot:
        """The snapshot of the last line. Raises UnfitRecord."""
        width = self._session_width
        for row in self._rows:
            if row.verdict is None:
                row.verdict = unpack_verdict([row.cells[:width], *row.cells[width:]])
        if not {"taken_at", "server", "policy"} <= self._head.keys():
            raise UnfitRecord(_("a sample without its head"))
        head = {name: HEAD[name](raw) for name, raw in self._head.items()}
        policy = head.pop("policy")
        known = [row.verdict for row in self._rows if row.verdict is not None]
        sample = Sample(sessions=tuple([each.session for each in known]), **head)
        states, other_state = lock_states(sample.blocking())
        verdicts = []
        for verdict in known:
            locks = states.get(verdict.session.id, other_state)
            verdicts.append(verdict if verdict.locks == locks else replace(verdict, locks=locks))
        return Snapshot(sample, tuple(verdicts), policy)


def departure_lines(departures: Sequence[Departure], *, statements: bool) -> str:
    """Lines of departures with an end of line between them; `statements`: whether SQL text is written.

    Raises ValueError where a number is not finite.
    """
    packed = [pack(departure) for departure in departures]
    if not statements:
        for (session, *_verdict), *_departure in packed:
            session[STATEMENT] = None
    starts = range(0, len(packed), DEPARTURES_PER_LINE)
    return "\n".join(to_json(packed[start : start + DEPARTURES_PER_LINE]) for start in starts)


class GapsReader:
    """Reads the line of what was counted of a segment."""

    def __init__(self, columns: Any) -> None:
        """`columns`: what the stream begins with. Raises UnfitRecord."""
        _must_be_known(columns, GAP_COLUMNS)

    def gaps(self, line: Any) -> ReuseGaps:
        """Raises UnfitRecord."""
        return unpack_saved_gaps(line)


def unpack_saved_gaps(raw: Any) -> ReuseGaps:
    """What was counted, from JSON. Raises UnfitRecord for anything that no counter writes."""
    gaps: ReuseGaps = unpack_gaps(raw)
    for group in gaps.groups:
        rows = (*group.at_most, *group.at_least, *group.in_transaction)
        numbers = (
            group.sessions,
            group.unmeasured,
            group.timed_out,
            group.longest,
            group.total_seconds,
            *(n for _b, n in rows),
        )
        if not all(0 <= bucket < len(GAP_EDGES) for bucket, _number in rows) or min(numbers) < 0:
            raise UnfitRecord(_("a gap that no recorder counts"))
        if (
            max(group.longest, group.timed_out_after or 0.0) >= MAX_INSTANT
            or (group.timed_out_after or 0.0) < 0
        ):
            raise UnfitRecord(_("a gap that no recorder counts"))
        if not 0 <= group.day <= MAX_DAY:
            raise UnfitRecord(_("a day that no recorder counts"))
    figures = (figure for row in gaps.freed for figure in row)
    if not 0 <= gaps.began <= gaps.ended < MAX_INSTANT or gaps.seconds < 0 or min(figures, default=0) < 0:
        raise UnfitRecord(_("a time that no recorder counts"))
    return gaps


_unpack_seconds = unpacker(float | None)


def unpack_saved_limit(raw: Any) -> float | None:
    """A limit in seconds, from JSON. Raises UnfitRecord for anything that no server has: JSON of Python has NaN and Infinity."""
    limit: float | None = _unpack_seconds(raw)
    if limit is not None and not 0 <= limit < MAX_INSTANT:
        raise UnfitRecord(_("a time that no recorder counts"))
    return limit


class DepartureReader:
    """Reads the lines of departures."""

    def __init__(self, columns: Any) -> None:
        """`columns`: what the stream begins with. Raises UnfitRecord."""
        _must_be_known(columns, DEPARTURE_COLUMNS)

    def departures(self, line: Any) -> list[Departure]:
        """The departures of a line. Raises UnfitRecord."""
        return [unpack_departure(packed) for packed in _list(line)]

    def short_departures(self, line: Any) -> list[tuple[Departure, int]]:
        """The departures of a line without statements, texts and lists cut to what a recorder writes, and the bytes of
        memory that the values of each take. Raises UnfitRecord."""
        found = []
        for packed in _list(line):
            match packed:
                case [[list() as session, *_verdict], *_departure]:
                    session[STATEMENT : STATEMENT + 1] = [None]
            short, memory_bytes = _shortened(packed)
            found.append((unpack_departure(short), memory_bytes))
        return found


def _shortened(value: Any, depth: int = 0) -> tuple[Any, int]:
    """A value of JSON, its texts and lists cut, and the bytes of memory it takes. Raises UnfitRecord where it is too deep."""
    if depth > SHORT_DEPTH:
        raise UnfitRecord(_("no line of departures"))
    if isinstance(value, list):
        items = [_shortened(item, depth + 1) for item in value[:SHORT_LIST]]
        return [item for item, _bytes in items], getsizeof(items) + sum(size for _item, size in items)
    if isinstance(value, str):
        value = intern(value if len(value) <= SHORT_TEXT else value[: SHORT_TEXT - 1] + "…")
    return value, getsizeof(value)
