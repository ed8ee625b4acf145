"""Facts as flat rows of cells, and each text or compound told once: afterwards a cell is its number.

A cell of a number column is the number. A cell of any other column is `[value]` where the value is told for the first
time in this stream, and from then on its place among the values told in that column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from types import NoneType
from typing import Any

from goneaway_tui.language import _
from goneaway_tui.source.recording.shape import Misfit, Shape, has_default, hints_of, recorded, shape_of

NUMBERS = frozenset({int, float, bool, NoneType})
TEXTS = frozenset({str, NoneType})

Plan = tuple[Callable[..., Any], list[Any]]
"""A fact, and for each of its fields the column's place or another plan."""

Row = tuple[Any, ...]
"""A fact's cells in the order of its columns, each compound by its number."""

written: Callable[[Any], str] = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False, check_circular=False
).encode


@dataclass(frozen=True, slots=True)
class Column:
    """One cell of every row."""

    path: str
    """`session.user`, as seen from the fact."""
    shape: Shape
    default: tuple[Any, ...]
    """What it is, packed, where a recording does not have it; empty where every recording must."""

    @property
    def is_number(self) -> bool:
        return bool(self.shape.scalars) and self.shape.scalars <= NUMBERS

    @property
    def is_compound(self) -> bool:
        return not self.shape.scalars


class Table:
    """How facts of one kind are laid out: scalars first, compounds last."""

    def __init__(self, fact: type, inline: dict[str, type]) -> None:
        """`inline`: the facts in it, by their paths, whose fields are columns of their own."""
        self._fact, self._inline = fact, inline
        found = list(self._columns_of(fact, ""))
        self.columns = sorted(found, key=lambda column: column.is_compound)
        self.scalars = sum(not column.is_compound for column in found)

    def _columns_of(self, fact: type, prefix: str) -> Iterator[Column]:
        known = {field.name: field for field in recorded(fact)}
        for name, hint in hints_of(fact).items():
            path = prefix + name
            if path in self._inline:
                yield from self._columns_of(self._inline[path], f"{path}.")
            else:
                field, shape = known[name], shape_of(hint)
                yield Column(path, shape, (shape.pack(field.default),) if has_default(field) else ())

    @cached_property
    def scalars_of(self) -> Callable[[Any], tuple[Any, ...]]:
        return _values_of([column.path for column in self.columns[: self.scalars]])

    @cached_property
    def compounds_of(self) -> Callable[[Any], tuple[Any, ...]]:
        return _values_of([column.path for column in self.columns[self.scalars :]])

    def place(self, path: str) -> int:
        return next(place for place, column in enumerate(self.columns) if column.path == path)

    @cached_property
    def _plan(self) -> Plan:
        places = {column.path: place for place, column in enumerate(self.columns)}

        def plan(fact: type, prefix: str) -> Plan:
            paths = [prefix + field.name for field in recorded(fact)]
            return fact, [
                plan(self._inline[path], f"{path}.") if path in self._inline else places[path]
                for path in paths
            ]

        return plan(self._fact, "")

    def build(self, values: Sequence[Any]) -> Any:
        """The fact, from its columns' values."""
        return _built(self._plan, values)


def _built(plan: Plan, values: Sequence[Any]) -> Any:
    fact, parts = plan
    return fact(*[values[part] if type(part) is int else _built(part, values) for part in parts])


def _values_of(paths: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads what is at these paths, going but once to each fact on the way: this is done for every session, every second."""
    parts = [
        (owner, tuple(path.rpartition(".")[2] for path in group))
        for owner, group in groupby(paths, lambda path: path.rpartition(".")[0])
    ]
    ways = [
        (attrgetter(owner) if owner else None, attrgetter(*names), len(names) == 1) for owner, names in parts
    ]

    def values(fact: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = ()
        for owner, read, is_one in ways:
            read_from = read(fact if owner is None else owner(fact))
            found += (read_from,) if is_one else read_from
        return found

    return values


class RowWriter:
    """Turns facts to rows and rows to cells; remembers what this stream has told."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._told: list[dict[Any, int]] = [{} for _ in table.columns]
        self._seen: list[dict[int, tuple[Any, int]]] = [{} for _ in table.columns]
        self._fresh: list[Any] = [None] * len(table.columns)

    @property
    def names(self) -> list[str]:
        return [column.path for column in self.table.columns]

    def row(self, values: Sequence[Any]) -> Row:
        """A fact's row. What is new in it must be written by `cells` before the next row is asked for."""
        self._fresh = [None] * len(values)
        return tuple(
            [
                value if column.is_number else self._number(place, column, value)
                for place, (column, value) in enumerate(zip(self.table.columns, values, strict=True))
            ]
        )

    def cells(self, row: Row, places: Iterable[int]) -> list[Any]:
        return [row[place] if self._fresh[place] is None else self._fresh[place] for place in places]

    def _number(self, place: int, column: Column, value: Any) -> int:
        """Which of the column's values this is. Compounds are the same objects for hours: those are known by sight."""
        seen = self._seen[place]
        if column.is_compound and (known := seen.get(id(value))) is not None:
            return known[1]
        packed = column.shape.pack(value)
        told = self._told[place]
        key = written(packed) if column.is_compound else packed
        number = told.get(key)
        if number is None:
            number = told[key] = len(told)
            self._fresh[place] = [packed]
        if column.is_compound:
            seen[id(value)] = value, number
        return number


class RowReader:
    """The way back. Raises Misfit, also where a stream names columns that are not known here."""

    def __init__(self, table: Table, names: Any, kept: Callable[[str, Any], Any] | None = None) -> None:
        """`kept`: what to remember of a value that is told in the column of a path; all of it where there is none."""
        columns = {column.path: column for column in table.columns}
        if type(names) is not list or not all(type(name) is str and name in columns for name in names):
            raise Misfit(_("columns of a later version"))
        self._table, self._names, self._kept = table, names, kept
        places = {name: place for place, name in enumerate(names)}
        self._places = [places.get(column.path) for column in table.columns]
        self._shapes = [columns[name].shape for name in names]
        self._told: list[list[Any] | None] = [None if columns[name].is_number else [] for name in names]
        self._known: list[dict[int, Any]] = [{} for _ in names]
        if len(set(names)) != len(names) or any(
            place is None and not column.default
            for place, column in zip(self._places, table.columns, strict=True)
        ):
            raise Misfit(_("columns are missing"))

    @property
    def width(self) -> int:
        return len(self._shapes)

    def row(self, cells: Sequence[Any]) -> list[Any]:
        """A row of which every cell is told."""
        row: list[Any] = [None] * self.width
        self.fill(row, range(self.width), cells)
        return row

    def fill(self, row: list[Any], places: Sequence[int], cells: Sequence[Any]) -> None:
        """Set some of a row's cells: a number unchecked yet, anything else as its place among the values told."""
        if len(places) != len(cells):
            raise Misfit(_("cells for other columns"))
        for place, cell in zip(places, cells, strict=True):
            told = self._told[place]
            if told is None or (type(cell) is int and 0 <= cell < len(told)):
                row[place] = cell
            elif type(cell) is list and len(cell) == 1:
                row[place] = len(told)
                told.append(cell[0] if self._kept is None else self._kept(self._names[place], cell[0]))
            else:
                raise Misfit(_("a value nobody told"))

    def build(self, row: Sequence[Any]) -> Any:
        """The fact of a row, every cell checked."""
        return self._table.build(
            [
                column.shape.unpack(column.default[0]) if place is None else self._value(place, row[place])
                for place, column in zip(self._places, self._table.columns, strict=True)
            ]
        )

    def _value(self, place: int, cell: Any) -> Any:
        told = self._told[place]
        if told is None:
            return self._shapes[place].unpack(cell)
        known = self._known[place]
        if cell not in known:
            known[cell] = self._shapes[place].unpack(told[cell])
        return known[cell]
