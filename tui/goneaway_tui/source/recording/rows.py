"""Facts as JSON and back, told by their annotations alone: a field added to a fact is recorded without a word here.

Scalars stand for themselves, so floats come back bit for bit and 600 stays apart from 600.0. What is read back is
checked against the annotation: a recording is as hostile as any file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, cached_property
from itertools import groupby
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from goneaway_tui.i18n import _

INTEGERS = range(-(2**63), 2**64)
"""What a server can count; a larger one would overflow where seconds are reckoned with."""


class UnfitRecord(ValueError):
    """What was read is nothing a recorder writes."""


@dataclass(frozen=True, slots=True)
class JsonShape:
    """One type's way to JSON and back."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]
    """Raises Misfit."""
    scalars: frozenset[type] = frozenset()
    """Of a type that JSON has itself: what may stand there."""


@cache
def shape_of(hint: Any) -> JsonShape:
    """The shape of an annotation made of scalars, enums, tuples, frozen sets, dataclasses and `| None`."""
    origin, of = get_origin(hint), get_args(hint)
    if isinstance(hint, NewType):
        return shape_of(hint.__supertype__)
    if hint in SCALARS:
        return _scalar(SCALARS[hint])
    if origin in {Union, UnionType}:
        return _union(hint, of)
    if origin in {tuple, frozenset}:
        many = origin is frozenset or of[-1] is Ellipsis
        return _many(origin, shape_of(of[0])) if many else _row(tuple(shape_of(each) for each in of))
    if is_dataclass(hint):
        return _fact(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _word(hint)
    raise TypeError(f"no shape for {hint!r}")


def hints_of(fact: type) -> dict[str, Any]:
    """A dataclass' fields and their types, in their order."""
    hints = get_type_hints(fact)
    return {field.name: hints[field.name] for field in recorded_fields(fact)}


def recorded_fields(fact: type) -> list[Field[Any]]:
    """A dataclass' fields, those left out that say so: they are reckoned from the others."""
    return [field for field in fields(fact) if field.metadata.get("recorded", True)]


def has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING


SCALARS: dict[Any, frozenset[type]] = {
    int: frozenset({int}),
    float: frozenset({int, float}),
    bool: frozenset({bool}),
    str: frozenset({str}),
    NoneType: frozenset({NoneType}),
}
"""What may stand where an annotation says so: as everywhere in Python, an int is good enough for a float."""


def _itself(value: Any) -> Any:
    return value


def _scalar(allowed: frozenset[type]) -> JsonShape:
    def unpack(raw: Any) -> Any:
        kind = type(raw)
        if (
            kind not in allowed
            or (kind is float and not math.isfinite(raw))
            or (kind is int and raw not in INTEGERS)
        ):
            raise UnfitRecord(_("{kind} where none may be", kind=kind.__name__))
        return raw

    return JsonShape(_itself, unpack, allowed)


def _union(hint: Any, of: tuple[Any, ...]) -> JsonShape:
    shapes = [shape_of(each) for each in of]
    scalars = frozenset().union(*(shape.scalars for shape in shapes))
    if all(shape.scalars for shape in shapes):
        return _scalar(scalars)
    if scalars != {NoneType} or len(shapes) != 2:
        raise TypeError(f"no shape for {hint!r}")
    some = next(shape for shape in shapes if not shape.scalars)
    return JsonShape(
        lambda value: None if value is None else some.pack(value),
        lambda raw: None if raw is None else some.unpack(raw),
    )


def _word(words: type[Enum]) -> JsonShape:
    members = {member.value: member for member in words}

    def unpack(raw: Any) -> Any:
        if type(raw) is not str or raw not in members:
            raise UnfitRecord(_("no {kind}", kind=words.__name__))
        return members[raw]

    return JsonShape(attrgetter("value"), unpack)


def _many(kind: Any, each: JsonShape) -> JsonShape:
    return JsonShape(
        lambda values: [each.pack(value) for value in values],
        lambda raw: kind([each.unpack(value) for value in _list(raw)]),
    )


def _row(shapes: tuple[JsonShape, ...]) -> JsonShape:
    def unpack(raw: Any) -> Any:
        if len(_list(raw)) != len(shapes):
            raise UnfitRecord(_("a row of another length"))
        return tuple([shape.unpack(value) for shape, value in zip(shapes, raw, strict=True)])

    return JsonShape(lambda values: [s.pack(value) for s, value in zip(shapes, values, strict=True)], unpack)


def _fact(fact: Any) -> JsonShape:
    """Its fields in their order; a recording made before the last of them were thought of has their defaults."""
    hints = hints_of(fact)
    shapes = tuple(shape_of(hint) for hint in hints.values())
    names = tuple(hints)
    needed = sum(not has_default(field) for field in recorded_fields(fact))

    def unpack(raw: Any) -> Any:
        if not needed <= len(_list(raw)) <= len(shapes):
            raise UnfitRecord(_("a {kind} of another length", kind=fact.__name__))
        return fact(*[shape.unpack(value) for shape, value in zip(shapes, raw, strict=False)])

    return JsonShape(
        lambda value: [s.pack(getattr(value, name)) for s, name in zip(shapes, names, strict=True)], unpack
    )


def _list(raw: Any) -> list[Any]:
    if type(raw) is not list:
        raise UnfitRecord(_("no list where one must be"))
    return raw


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
class CellColumn:
    """One cell of every row."""

    path: str
    """`session.user`, as seen from the fact."""
    shape: JsonShape
    default: tuple[Any, ...]
    """What it is, packed, where a recording does not have it; empty where every recording must."""

    @property
    def is_number(self) -> bool:
        return bool(self.shape.scalars) and self.shape.scalars <= NUMBERS

    @property
    def is_compound(self) -> bool:
        return not self.shape.scalars


class FactTable:
    """How facts of one kind are laid out: scalars first, compounds last."""

    def __init__(self, fact: type, inline: dict[str, type]) -> None:
        """`inline`: the facts in it, by their paths, whose fields are columns of their own."""
        self._fact, self._inline = fact, inline
        found = list(self._columns_of(fact, ""))
        self.columns = sorted(found, key=lambda column: column.is_compound)
        self.scalars = sum(not column.is_compound for column in found)

    def _columns_of(self, fact: type, prefix: str) -> Iterator[CellColumn]:
        known = {field.name: field for field in recorded_fields(fact)}
        for name, hint in hints_of(fact).items():
            path = prefix + name
            if path in self._inline:
                yield from self._columns_of(self._inline[path], f"{path}.")
            else:
                field, shape = known[name], shape_of(hint)
                yield CellColumn(path, shape, (shape.pack(field.default),) if has_default(field) else ())

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
            paths = [prefix + field.name for field in recorded_fields(fact)]
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

    def __init__(self, table: FactTable) -> None:
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

    def _number(self, place: int, column: CellColumn, value: Any) -> int:
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

    def __init__(self, table: FactTable, names: Any, kept: Callable[[str, Any], Any] | None = None) -> None:
        """`kept`: what to remember of a value that is told in the column of a path; all of it where there is none."""
        columns = {column.path: column for column in table.columns}
        if type(names) is not list or not all(type(name) is str and name in columns for name in names):
            raise UnfitRecord(_("columns of a later version"))
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
            raise UnfitRecord(_("columns are missing"))

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
            raise UnfitRecord(_("cells for other columns"))
        for place, cell in zip(places, cells, strict=True):
            told = self._told[place]
            if told is None or (type(cell) is int and 0 <= cell < len(told)):
                row[place] = cell
            elif type(cell) is list and len(cell) == 1:
                row[place] = len(told)
                told.append(cell[0] if self._kept is None else self._kept(self._names[place], cell[0]))
            else:
                raise UnfitRecord(_("a value nobody told"))

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
