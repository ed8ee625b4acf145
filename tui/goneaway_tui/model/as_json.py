"""Facts as JSON and back, for the files we write ourselves: recordings, the journal, what `advise` saves.

The form follows from the annotations alone, so a field added to a fact needs no word here. A fact is the list of its fields.
Scalars stand for themselves: floats come back bit for bit, and 600 stays apart from 600.0. What is read back is checked
against the annotation, because a file is as hostile as any input.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

from goneaway_tui.i18n import _

INTEGERS = range(-(2**63), 2**64)
"""What a server can count; a larger one would overflow where seconds are computed with."""
MAX_INSTANT = 253_402_300_800.0
"""The end of the year 9999; no later instant can be shown."""
SCALARS: dict[Any, set[type]] = {
    int: {int},
    float: {int, float},
    bool: {bool},
    str: {str},
    NoneType: {NoneType},
}
"""What is allowed for an annotation: as everywhere in Python, an int is good enough for a float."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


class UnfitRecord(ValueError):
    """What was read is nothing that we write, or what is to be written cannot be."""


def to_json(value: Any) -> str:
    """In ASCII, on one line. Raises UnfitRecord where a number is not finite."""
    try:
        return _encode(value)
    except ValueError as error:
        raise UnfitRecord(str(error)) from error


def recorded_fields(fact: Any) -> list[Field[Any]]:
    """The fields of a dataclass without those that follow from the others, which say so in their metadata."""
    return [field for field in fields(fact) if field.metadata.get("recorded", True)]


@cache
def _parts_of(kind: Any) -> Callable[[Any], Iterable[Any]]:
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
    return [part if type(part) in SCALARS else pack(part) for part in _parts_of(kind)(value)]


@cache
def unpacker(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of this annotation from JSON; it raises UnfitRecord for anything else."""
    options = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    plain = [getattr(option, "__supertype__", option) for option in options]
    allowed = frozenset[type]().union(*(SCALARS.get(option, ()) for option in plain))
    (unpack_other,) = [_compound_unpacker(option) for option in plain if option not in SCALARS] or [_refuse]

    def unpack(raw: Any) -> Any:
        kind = type(raw)
        is_outside = (kind is float and not math.isfinite(raw)) or (kind is int and raw not in INTEGERS)
        return raw if kind in allowed and not is_outside else unpack_other(raw)

    return unpack if allowed else unpack_other


def _compound_unpacker(hint: Any) -> Callable[[Any], Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        members = {member.value: member for member in hint}
        return lambda raw: members[raw] if isinstance(raw, str) and raw in members else _refuse(raw)
    if origin is frozenset or arguments[-1:] == (Ellipsis,):
        unpack_item = unpacker(arguments[0])
        return lambda raw: origin([unpack_item(item) for item in _list(raw)])
    if origin is tuple:
        of_parts = [unpacker(argument) for argument in arguments]
        return lambda raw: tuple(_unpacked(raw, of_parts, len(of_parts)))
    hints, known = get_type_hints(hint), recorded_fields(hint)
    of_fields = [unpacker(hints[field.name]) for field in known]
    required = sum(field.default is MISSING for field in known)
    return lambda raw: hint(*_unpacked(raw, of_fields, required))


def _unpacked(raw: Any, unpackers: list[Callable[[Any], Any]], required: int) -> list[Any]:
    """The parts of a list; what was written before the last parts existed has only those required."""
    if not required <= len(_list(raw)) <= len(unpackers):
        raise UnfitRecord(_("a row with the wrong number of values"))
    return [unpack(part) for unpack, part in zip(unpackers, raw, strict=False)]


def _list(raw: Any) -> list[Any]:
    return raw if type(raw) is list else _refuse(raw)


def _refuse(raw: Any) -> NoReturn:
    raise UnfitRecord(_("unexpected {kind}", kind=type(raw).__name__))
