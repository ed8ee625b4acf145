"""Facts as JSON and back, told by their annotations alone: a field added to a fact is recorded without a word here.

Scalars stand for themselves, so floats come back bit for bit and 600 stays apart from 600.0. What is read back is
checked against the annotation: a recording is as hostile as any file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from goneaway_tui.language import _

INTEGERS = range(-(2**63), 2**64)
"""What a server can count; a larger one would overflow where seconds are reckoned with."""


class Misfit(ValueError):
    """What was read is nothing a recorder writes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One type's way to JSON and back."""

    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]
    """Raises Misfit."""
    scalars: frozenset[type] = frozenset()
    """Of a type that JSON has itself: what may stand there."""


@cache
def shape_of(hint: Any) -> Shape:
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
    return {field.name: hints[field.name] for field in recorded(fact)}


def recorded(fact: type) -> list[Field[Any]]:
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


def _scalar(allowed: frozenset[type]) -> Shape:
    def unpack(raw: Any) -> Any:
        kind = type(raw)
        if (
            kind not in allowed
            or (kind is float and not math.isfinite(raw))
            or (kind is int and raw not in INTEGERS)
        ):
            raise Misfit(_("{kind} where none may be", kind=kind.__name__))
        return raw

    return Shape(_itself, unpack, allowed)


def _union(hint: Any, of: tuple[Any, ...]) -> Shape:
    shapes = [shape_of(each) for each in of]
    scalars = frozenset().union(*(shape.scalars for shape in shapes))
    if all(shape.scalars for shape in shapes):
        return _scalar(scalars)
    if scalars != {NoneType} or len(shapes) != 2:
        raise TypeError(f"no shape for {hint!r}")
    some = next(shape for shape in shapes if not shape.scalars)
    return Shape(
        lambda value: None if value is None else some.pack(value),
        lambda raw: None if raw is None else some.unpack(raw),
    )


def _word(words: type[Enum]) -> Shape:
    members = {member.value: member for member in words}

    def unpack(raw: Any) -> Any:
        if type(raw) is not str or raw not in members:
            raise Misfit(_("no {kind}", kind=words.__name__))
        return members[raw]

    return Shape(attrgetter("value"), unpack)


def _many(kind: Any, each: Shape) -> Shape:
    return Shape(
        lambda values: [each.pack(value) for value in values],
        lambda raw: kind([each.unpack(value) for value in _list(raw)]),
    )


def _row(shapes: tuple[Shape, ...]) -> Shape:
    def unpack(raw: Any) -> Any:
        if len(_list(raw)) != len(shapes):
            raise Misfit(_("a row of another length"))
        return tuple([shape.unpack(value) for shape, value in zip(shapes, raw, strict=True)])

    return Shape(lambda values: [s.pack(value) for s, value in zip(shapes, values, strict=True)], unpack)


def _fact(fact: Any) -> Shape:
    """Its fields in their order; a recording made before the last of them were thought of has their defaults."""
    hints = hints_of(fact)
    shapes = tuple(shape_of(hint) for hint in hints.values())
    names = tuple(hints)
    needed = sum(not has_default(field) for field in recorded(fact))

    def unpack(raw: Any) -> Any:
        if not needed <= len(_list(raw)) <= len(shapes):
            raise Misfit(_("a {kind} of another length", kind=fact.__name__))
        return fact(*[shape.unpack(value) for shape, value in zip(shapes, raw, strict=False)])

    return Shape(
        lambda value: [s.pack(getattr(value, name)) for s, name in zip(shapes, names, strict=True)], unpack
    )


def _list(raw: Any) -> list[Any]:
    if type(raw) is not list:
        raise Misfit(_("no list where one must be"))
    return raw
