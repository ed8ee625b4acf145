"""Samples as what changed since the one before, departures as they come: a line of JSON each.

A sample's line is `[head, steps]`. The head holds whatever of the sample and the policy changed, by name. The steps
lead along the sessions of the sample before and tell those of this one, in order:

    7            the next seven stay as they are
    -2           the next two are passed over: they left
    [40]         go on at the fortieth (sessions changed their order)
    [6, a, b]    the next one stays but for the columns of this bit mask, whose cells follow
    [0, ...]     one that was not there, every cell
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import is_
from sys import getsizeof
from typing import Any, NamedTuple

from goneaway_tui.i18n import _
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Policy, Snapshot, Verdict
from goneaway_tui.source.recording.rows import (
    FactTable,
    Row,
    RowReader,
    RowWriter,
    UnfitRecord,
    hints_of,
    shape_of,
    written,
)
from goneaway_tui.source.recording.tape import StreamTooLong

VERDICTS = FactTable(Verdict, {"session": Session})
DEPARTURES = FactTable(Departure, {"verdict": Verdict, "verdict.session": Session})
HEAD = {name: shape_of(hint) for name, hint in hints_of(Sample).items() if name != "sessions"} | {
    "policy": shape_of(Policy)
}
"""What a snapshot holds beside its sessions."""
MOST_SESSIONS = 200_000
"""A server has 100,000 at most (`max_connections`); a line may not make more of a few."""
MOST_ROWS = 50_000_000
"""Rows that the lines of one stream may hand on from one sample to the next: 250 samples of the largest server. A few
bytes can say so of all sessions, so the bytes bound nothing."""
DEPARTURES_A_LINE = 50
"""So that whoever reads the departures alone need hold few of them."""
STATEMENT = "verdict.session.statement"
BRIEF_TEXT, BRIEF_ITEMS, BRIEF_DEPTH = 500, 16, 4
"""Characters of a text, parts of a list, and lists in lists: evidence is a handful of sentences below 300 characters."""
BRIEF_BYTES = 8 << 20
"""Of memory for all texts of one stream. Ten thousand departures with sentences of their own take 7 MB."""
TOLD_BYTES = 100
"""Of memory for a value beside the value."""
EXACT = 2
"""The version of marshal's format that writes equal bytes for equal scalars and no others. Compared, never read."""


class RecordedSession(NamedTuple):
    """A session as the last line left it."""

    id: int
    verdict: Verdict
    scalars: bytes
    compounds: tuple[Any, ...]
    row: Row


class SampleWriter:
    """Lines for one stream of samples."""

    def __init__(self, *, statements: bool) -> None:
        self._rows = RowWriter(VERDICTS)
        self._hidden = None if statements else VERDICTS.place("session.statement")
        self._head: dict[str, tuple[Any, str]] = {}
        self._before: list[RecordedSession] = []

    @property
    def columns(self) -> list[str]:
        return self._rows.names

    def line(self, snapshot: Snapshot) -> str:
        """What changed since the last call. Raises ValueError where a number is not finite."""
        return written([self._changes(snapshot), self._steps(snapshot)])

    def _changes(self, snapshot: Snapshot) -> dict[str, Any]:
        changed = {}
        for name, shape in HEAD.items():
            value = snapshot.policy if name == "policy" else getattr(snapshot.sample, name)
            before, text = self._head.get(name, (None, ""))
            if text and value is before:
                continue
            packed = shape.pack(value)
            self._head[name] = value, written(packed)
            if self._head[name][1] != text:
                changed[name] = packed
        return changed

    def _steps(self, snapshot: Snapshot) -> list[Any]:
        before, after = self._before, list[RecordedSession]()
        places: dict[int, int] | None = None
        steps: list[Any] = []
        cursor = kept = 0
        for verdict in snapshot.verdicts:
            session_id = verdict.session.id
            if cursor < len(before) and before[cursor].id == session_id:
                place: int | None = cursor
            else:
                places = places or {told.id: place for place, told in enumerate(before)}
                place = places.get(session_id)
            if place is not None and place != cursor:
                kept = _flush(kept, steps)
                steps.append(cursor - place if cursor < place else [place])
            told, step = self._told(verdict, None if place is None else before[place])
            after.append(told)
            cursor = cursor if place is None else place + 1
            if step is None:
                kept += 1
            else:
                kept = _flush(kept, steps)
                steps.append(step)
        _flush(kept, steps)
        self._before = after
        return steps

    def _told(
        self, verdict: Verdict, before: RecordedSession | None
    ) -> tuple[RecordedSession, list[Any] | None]:
        """What to remember of it, and the step that tells it; None where it is as it was."""
        if before is not None and before.verdict is verdict:
            return before, None
        scalars, compounds = VERDICTS.scalars_of(verdict), VERDICTS.compounds_of(verdict)
        if self._hidden is not None:
            scalars = (*scalars[: self._hidden], None, *scalars[self._hidden + 1 :])
        exact = marshal.dumps(scalars, EXACT)
        if before is not None and before.scalars == exact and all(map(is_, before.compounds, compounds)):
            return before._replace(verdict=verdict), None
        row = self._rows.row(scalars + compounds)
        told = RecordedSession(verdict.session.id, verdict, exact, compounds, row)
        if before is None:
            return told, [0, *self._rows.cells(row, range(len(row)))]
        changed = [place for place, cell in enumerate(row) if not _alike(cell, before.row[place])]
        if not changed:
            return told, None
        return told, [sum(1 << place for place in changed), *self._rows.cells(row, changed)]


class SampleReader:
    """Follows the lines of one stream of samples; builds the snapshot only where it is asked for."""

    def __init__(self, columns: Any) -> None:
        """Raises Misfit."""
        self._rows = RowReader(VERDICTS, columns)
        self._head: dict[str, Any] = {}
        self._crowd: list[list[Any]] = []
        self._built: list[Verdict | None] = []
        self._left = MOST_ROWS

    def follow(self, line: Any) -> None:
        """Take the next sample's line. Raises Misfit."""
        if type(line) is not list or len(line) != 2 or type(line[0]) is not dict or type(line[1]) is not list:
            raise UnfitRecord(_("no line of a sample"))
        head, steps = line
        if not head.keys() <= HEAD.keys():
            raise UnfitRecord(_("a sample of a later version"))
        self._head.update(head)
        self._walk(steps)

    def _walk(self, steps: list[Any]) -> None:
        crowd, built = self._crowd, self._built
        if steps == [len(crowd)]:
            return
        rows: list[list[Any]] = []
        verdicts: list[Verdict | None] = []
        cursor = 0
        for step in steps:
            if type(step) is int:
                if step > 0:
                    if cursor + step > len(crowd):
                        raise UnfitRecord(_("more sessions than there are"))
                    rows += crowd[cursor : cursor + step]
                    verdicts += built[cursor : cursor + step]
                cursor += abs(step)
            elif type(step) is list and step and type(step[0]) is int:
                cursor = self._stepped(step, cursor, rows)
                verdicts += [None] * (len(rows) - len(verdicts))
            else:
                raise UnfitRecord(_("no step"))
            if len(rows) > MOST_SESSIONS:
                raise UnfitRecord(_("more sessions than any server has"))
        self._left -= len(rows)
        if self._left < 0:
            raise UnfitRecord(_("more in it than any recorder puts there"))
        self._crowd, self._built = rows, verdicts

    def _stepped(self, step: list[Any], cursor: int, rows: list[list[Any]]) -> int:
        """Where to go on after a step that is more than a number; the row it tells is added."""
        mask: int = step[0]
        cells = step[1:]
        if not cells:
            if not 0 <= mask <= len(self._crowd):
                raise UnfitRecord(_("a place outside"))
            return mask
        if mask == 0:
            rows.append(self._rows.row(cells))
            return cursor
        if cursor >= len(self._crowd) or not 0 < mask < 1 << self._rows.width:
            raise UnfitRecord(_("no session to change so"))
        rows.append(row := self._crowd[cursor].copy())
        self._rows.fill(row, _places(mask), cells)
        return cursor + 1

    def snapshot(self) -> Snapshot:
        """The one the last line told. Raises Misfit."""
        for place, verdict in enumerate(self._built):
            if verdict is None:
                self._built[place] = self._rows.build(self._crowd[place])
        verdicts = tuple(verdict for verdict in self._built if verdict is not None)
        if not {"taken_at", "server", "policy"} <= self._head.keys():
            raise UnfitRecord(_("a sample without its head"))
        head = {name: HEAD[name].unpack(raw) for name, raw in self._head.items()}
        policy = head.pop("policy")
        return Snapshot(
            Sample(sessions=tuple(verdict.session for verdict in verdicts), **head), verdicts, policy
        )


class DepartureWriter:
    """Lines for one stream of departures: those that one sample brought, each with every cell."""

    def __init__(self, *, statements: bool) -> None:
        self._rows = RowWriter(DEPARTURES)
        self._hidden = None if statements else DEPARTURES.place(STATEMENT)

    @property
    def columns(self) -> list[str]:
        return self._rows.names

    def lines(self, departures: Sequence[Departure]) -> str:
        """Lines with an end of line between them. Raises ValueError where a number is not finite."""
        cells = [self._cells(departure) for departure in departures]
        return "\n".join(
            written(cells[first : first + DEPARTURES_A_LINE])
            for first in range(0, len(cells), DEPARTURES_A_LINE)
        )

    def _cells(self, departure: Departure) -> list[Any]:
        values = [*DEPARTURES.scalars_of(departure), *DEPARTURES.compounds_of(departure)]
        if self._hidden is not None:
            values[self._hidden] = None
        row = self._rows.row(values)
        return self._rows.cells(row, range(len(row)))


class DepartureReader:
    """Follows the lines of one stream of departures."""

    def __init__(self, columns: Any, kept: Callable[[str, Any], Any] | None = None) -> None:
        """`kept` as for RowReader. Raises Misfit."""
        self._rows = RowReader(DEPARTURES, columns, kept)

    def follow(self, line: Any) -> tuple[Departure, ...]:
        """The departures of the next line. Raises Misfit."""
        if type(line) is not list or not all(type(cells) is list for cells in line):
            raise UnfitRecord(_("no line of departures"))
        return tuple([self._rows.build(self._rows.row(cells)) for cells in line])


class BriefDepartures:
    """What is remembered of departures by whoever wants no statements and little memory: all of the rest where it is of
    the length a recorder writes. Raises TooMuch once the values of one stream are beyond BRIEF_BYTES."""

    def __init__(self) -> None:
        self.told = 0
        """Bytes of memory that the values so far take."""

    def __call__(self, path: str, value: Any) -> Any:
        brief = None if path == STATEMENT else _brief(value)
        self.told += _weight(brief) + TOLD_BYTES
        if self.told > BRIEF_BYTES:
            raise StreamTooLong(_("more in it than any recorder puts there"))
        return brief


def _weight(value: Any) -> int:
    """Bytes of memory a value of JSON takes."""
    return getsizeof(value) + (sum(map(_weight, value)) if isinstance(value, list) else 0)


def _brief(value: Any, depth: int = 0) -> Any:
    """A value of JSON, its texts and lists cut. Raises Misfit where they lie too deep in one another."""
    if isinstance(value, str):
        return value if len(value) <= BRIEF_TEXT else value[: BRIEF_TEXT - 1] + "…"
    if isinstance(value, list):
        if depth > BRIEF_DEPTH:
            raise UnfitRecord(_("no line of departures"))
        return [_brief(each, depth + 1) for each in value[:BRIEF_ITEMS]]
    if isinstance(value, dict):
        raise UnfitRecord(_("no line of departures"))
    return value


def _flush(kept: int, steps: list[Any]) -> int:
    if kept:
        steps.append(kept)
    return 0


def _alike(one: Any, other: Any) -> bool:
    """Equal to the last bit: 600 is not 600.0, nor -0.0 0.0."""
    return one is other or (
        type(one) is type(other) and one == other and (bool(one) or repr(one) == repr(other))
    )


@lru_cache(maxsize=1024)
def _places(mask: int) -> tuple[int, ...]:
    """Which bits are set."""
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)
