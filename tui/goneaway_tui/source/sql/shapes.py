"""The shape of each statement's answer: how many rows and columns, and of each column the types, the range and the length.

An answer is checked against its shape where it becomes rows, and nowhere else: readers rely on it. Whole columns are checked at
once by functions in C; single values are converted or rejected only where that fails. With 5,000 sessions the check of their list
takes 1.3 to 2 ms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from operator import is_
from typing import Any, Final, Self

from goneaway_tui.i18n import N_, _

UNSIGNED: Final = 2**64
"""No server sends a larger number. The largest is one less, and is rounded to this where it comes as a float."""
SIGNED: Final = 2**63 - 1
"""The highest id of a session: servers have ids of 32 bits, TiDB of 63."""
LATEST: Final = 1e11
"""The highest instant or interval in seconds that a server may send: the year 5138."""


class MisshapenAnswer(Exception):
    """An answer does not have the shape of its statement. `why` says where and how; `content` what was read."""

    def __init__(self, why: str, content: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.content = content


NULL: Final = type(None)
TEXTS: Final = frozenset({bytes, str})
BOOL: Final = frozenset({bool})


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """One column. A value of its `types` that fits is used as it came; any other is converted, or raises MisshapenAnswer."""

    kind: str
    """What a value is, for a person, in English until it is translated."""
    types: frozenset[type]

    @property
    def or_null(self) -> Self:
        return replace(self, types=self.types | {NULL})

    def fitted(self, values: Sequence[Any]) -> Sequence[Any]:
        """The same object where all values can be used as they are, else a list. Raises MisshapenAnswer."""
        types = set(map(type, values))
        if types <= self.types:
            if NULL not in types:
                if self.all_fit(values, types):
                    return values
            elif len(types) == 1 or self.all_fit(
                [value for value in values if value is not None], types - {NULL}
            ):
                return values
        return self._converted(values, types)

    def value(self, value: Any) -> Any:
        """One value as a reader may use it. Raises MisshapenAnswer."""
        if value is None:
            if NULL in self.types:
                return None
            raise MisshapenAnswer(_("a value is missing (NULL)"))
        return self._taken(value)

    def all_fit(self, values: Sequence[Any], types: AbstractSet[type]) -> bool:
        """Whether all values can be used as they are; False where that is not known. `types` are right, and none is None."""
        raise NotImplementedError

    def _converted(self, values: Sequence[Any], types: AbstractSet[type]) -> Sequence[Any]:  # noqa: ARG002 - subclasses use it
        return [self.value(value) for value in values]

    def _taken(self, value: Any) -> Any:
        raise NotImplementedError

    def _other(self) -> MisshapenAnswer:
        return MisshapenAnswer(_("a value is not {kind}", kind=_(self.kind)))


@dataclass(frozen=True, slots=True)
class Number(ColumnShape):
    """A number within bounds. A service may send it as text."""

    low: float
    high: float

    def all_fit(self, values: Sequence[Any], types: AbstractSet[type]) -> bool:
        if types == BOOL:
            return self.low <= 0 and self.high >= 1
        if float in types:
            return all(self.low <= value <= self.high for value in values)  # also false of what is no number
        return bool(self.low <= min(values) and max(values) <= self.high)

    def _converted(self, values: Sequence[Any], types: AbstractSet[type]) -> Sequence[Any]:
        if types <= TEXTS and max(map(len, values)) <= LONGEST_NUMBER:
            with suppress(ValueError):
                numbers = [*map(float if float in self.types else int, values)]
                if self.all_fit(numbers, self.types):
                    return numbers
        return [self.value(value) for value in values]

    def _taken(self, value: Any) -> int | float:
        number = _read(value) if isinstance(value, bytes | str) else value
        if not isinstance(number, int | float):
            raise self._other()
        if not self.low <= number <= self.high:
            raise MisshapenAnswer(_("a number is out of range"))
        if float in self.types:
            return number
        if number != int(number):
            raise self._other()
        return int(number)


LONGEST_NUMBER: Final = 40
"""Characters of a number that is sent as text, at most: a server writes at most 20 digits before the point."""


def _read(digits: bytes | str) -> int | float | None:
    """
    >>> _read(b"12"), _read("-0.5"), _read("1e3"), _read(b"twelve"), _read("9" * 5000)
    (12, -0.5, 1000.0, None, None)
    """
    if len(digits) > LONGEST_NUMBER:
        return None
    try:
        return int(digits) if digits.isdigit() else float(digits)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Text(ColumnShape):
    """Text, cut to the longest length."""

    longest: int | None = None
    """Bytes that are kept, or characters of text from a pack; None where it is kept whole."""
    pattern: re.Pattern[bytes] | None = None

    def fitted(self, values: Sequence[Any]) -> Sequence[Any]:
        """As for every column. Thousands of sessions have few distinct texts, so these are checked first."""
        with suppress(TypeError):  # a list or an object from JSON is not hashable, and is no text
            distinct = [*set(values)]
            if ColumnShape.fitted(self, distinct) is distinct:
                return values
        return ColumnShape.fitted(self, values)

    def all_fit(self, values: Sequence[Any], types: AbstractSet[type]) -> bool:
        if self.pattern is not None:
            return str not in types and all(map(self.pattern.fullmatch, values))
        return self.longest is None or max(map(len, values)) <= self.longest

    def _taken(self, value: Any) -> bytes | str:
        if not isinstance(value, bytes | str) or type(value) not in self.types:
            raise self._other()
        if self.pattern is not None:
            raw = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
            if not self.pattern.fullmatch(raw):
                raise self._other()
        return value if self.longest is None else value[: self.longest]


@dataclass(frozen=True, slots=True)
class Figure(ColumnShape):
    """The value of a variable or a counter: a number, or any text."""

    text: Text
    number: Number

    def all_fit(self, values: Sequence[Any], types: AbstractSet[type]) -> bool:
        if types <= TEXTS:
            return self.text.all_fit(values, types)
        return types.isdisjoint(TEXTS) and self.number.all_fit(values, types)

    def _taken(self, value: Any) -> Any:
        return (self.text if isinstance(value, bytes | str) else self.number).value(value)


@dataclass(frozen=True, slots=True)
class Anything(ColumnShape):
    """A column that no reader uses."""

    def fitted(self, values: Sequence[Any]) -> Sequence[Any]:
        return values


def whole(low: float = 0, high: float = UNSIGNED) -> Number:
    return Number(N_("a whole number"), frozenset({int}), low, high)


def seconds(low: float = -LATEST, high: float = LATEST) -> Number:
    return Number(N_("a number"), frozenset({int, float}), low, high)


def text(longest: int | None) -> Text:
    return Text(N_("text"), frozenset({bytes, str}), longest)


ID = whole(0, SIGNED)
COUNT = whole()
FLAG = replace(whole(0, 1), types=frozenset({int, bool}))
NAME = replace(text(64), pattern=re.compile(rb"\w{1,64}"), kind=N_("the name of a variable"))
FIGURE = Figure(
    N_("a number"), frozenset({bytes, str, int, float}), text(1024), seconds(-UNSIGNED, UNSIGNED)
).or_null
ANYTHING = Anything("", frozenset())
PICOSECONDS = COUNT.or_null
WORD = text(512).or_null
"""A user, a database, a command: at most 128 characters of four bytes."""
HOST = text(512).or_null
LONG_TEXT = text(8192).or_null
"""A statement, of which at most 1,024 characters are read, or a line of a log."""
ADDRESSES = text(65_536).or_null
SERVER_TEXT = replace(text(1024), types=frozenset({bytes}))
"""A text of the server about itself. It never comes in a pack, so it is never `str`."""
PACKED = replace(text(None), types=frozenset({bytes})).or_null
"""Rows as JSON: the budget of the connection bounds them, and a pack that is cut off cannot be read."""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """The shape of a statement's answer."""

    content: str
    """What is read, for a person, in English until it is translated."""

    def fitted(self, rows: Sequence[Any]) -> list[Any]:
        """The rows as readers may use them. Raises MisshapenAnswer."""
        try:
            return self._fitted(rows)
        except MisshapenAnswer as error:
            raise MisshapenAnswer(error.why, self.content) from None

    def _fitted(self, rows: Sequence[Any]) -> list[Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class RowsShape(AnswerShape):
    """The shape of an answer whose columns are known by their position."""

    columns: tuple[ColumnShape, ...]
    minimum_rows: int = 0
    """The least number of rows."""

    def _fitted(self, rows: Sequence[Any]) -> list[Any]:
        if len(rows) < self.minimum_rows:
            raise MisshapenAnswer(_("there is no row"))
        if not rows:
            return []
        widths, expected = set(map(len, rows)), len(self.columns)
        if widths != {expected}:
            count = max(widths - {expected})
            raise MisshapenAnswer(
                _("number of columns {count}, expected {expected}", count=count, expected=expected)
            )
        # One flat list and its slices: `zip(*rows)` makes an iterator a row, which sets the garbage collector going.
        cells = list(chain.from_iterable(rows))
        received = [cells[index::expected] for index in range(expected)]
        columns: list[Sequence[Any]] = []
        try:
            for column, values in zip(self.columns, received, strict=True):
                columns.append(column.fitted(values))
        except MisshapenAnswer as error:
            raise _at(len(columns) + 1, error) from None
        if all(map(is_, columns, received)):
            return list(rows)
        return list(zip(*columns, strict=True))


@dataclass(frozen=True, slots=True)
class RecordsShape(AnswerShape):
    """The shape of an answer whose columns differ between versions: the columns that are used, by name; all others are ignored."""

    columns: Mapping[str, ColumnShape]

    def _fitted(self, rows: Sequence[Any]) -> list[Any]:
        return [
            {name: self._value(name, value) for name, value in record.items() if name in self.columns}
            for record in rows
        ]

    def _value(self, name: str, value: Any) -> Any:
        try:
            return self.columns[name].value(value)
        except MisshapenAnswer as error:
            raise _at(name, error) from None


def _at(column: int | str, error: MisshapenAnswer) -> MisshapenAnswer:
    return MisshapenAnswer(_("column {column}: {why}", column=column, why=error.why))


class Statement(str):
    """The text of a statement, with the shape of its answer."""

    __slots__ = ("shape",)
    shape: AnswerShape

    def __new__(cls, words: str, shape: AnswerShape) -> Self:
        statement = super().__new__(cls, words)
        statement.shape = shape
        return statement


SESSIONS: Final = N_("the list of sessions")

PROBE = RowsShape(N_("the readable tables"), (ANYTHING,))
OWN_LIMIT_CHECK = RowsShape(N_("the limits of our own session"), (ANYTHING,))
ALWAYS_SET = replace(OWN_LIMIT_CHECK, minimum_rows=1)
ACT = RowsShape(N_("the answer to a change"), ())
PACK = RowsShape(N_("rows packed as JSON"), (COUNT, PACKED))

IDENTITY = RowsShape(
    N_("the server's version"), (SERVER_TEXT, SERVER_TEXT.or_null, ID, SERVER_TEXT), minimum_rows=1
)
VERSION_TEXT = RowsShape(N_("the server's version"), (SERVER_TEXT,), minimum_rows=1)
UID = RowsShape(N_("the server's unique id"), (SERVER_TEXT.or_null,), minimum_rows=1)
OWN_THREAD = RowsShape(N_("our own thread"), (ID,))
CLOCK = RowsShape(N_("the server's clock"), (PICOSECONDS, seconds(0)))
MYSQL_SESSIONS = RowsShape(
    SESSIONS,
    (
        ID.or_null, ID, WORD, HOST, WORD, WORD, whole(-UNSIGNED).or_null, WORD, LONG_TEXT, WORD, FLAG,
    ),
)  # fmt: skip
MARIADB_SESSIONS = RowsShape(
    SESSIONS, (ID, WORD, HOST, WORD, WORD, seconds(-UNSIGNED, UNSIGNED), WORD, LONG_TEXT, COUNT)
)
SINCE = RowsShape(SESSIONS, (*MARIADB_SESSIONS.columns, COUNT, PACKED))
ACTIVITY = RowsShape(SESSIONS, (COUNT, COUNT, PACKED), minimum_rows=1)
ACTIVITY_CHECKSUM = RowsShape(SESSIONS, (COUNT, COUNT, COUNT), minimum_rows=1)
MYSQL_STATEMENTS = RowsShape(
    N_("the last statements"), (ID, PICOSECONDS, PICOSECONDS, COUNT, COUNT.or_null, WORD, LONG_TEXT)
)
STATEMENT_HISTORY = RowsShape(N_("when the last statements ran"), (ID, PICOSECONDS, PICOSECONDS))
MARIADB_STATEMENTS = RowsShape(N_("the last statements"), (ID, LONG_TEXT))
OWN_LIMITS = RowsShape(N_("the sessions' own limits"), (ID, WORD, seconds(0)))
HOSTS = RowsShape(N_("clients' ports"), (ID, HOST))
ATTRIBUTES = RowsShape(N_("the connection attributes"), (ID, text(1024).or_null, text(1024).or_null))
INNODB_TRANSACTIONS = RowsShape(
    N_("open transactions"),
    (ID, seconds().or_null, COUNT, COUNT, FLAG, WORD, WORD, seconds().or_null),
)
LOCK_HOLDERS = RowsShape(N_("the holders of locks"), (text(512), text(512), ID, WORD, WORD, WORD))
INNODB_LOCKS = RowsShape(N_("the holders of locks"), (text(512), text(512), WORD, WORD, WORD))
METADATA_LOCKS = RowsShape(N_("the metadata locks"), (ID, WORD, WORD, WORD, WORD, FLAG))
TRANSACTIONS = RowsShape(N_("open transactions"), (ID, PICOSECONDS, FLAG.or_null))
TRANSACTION_STATEMENTS = RowsShape(N_("the statements of a transaction"), (seconds().or_null, LONG_TEXT))
LIMITS = RowsShape(N_("the limits"), (NAME, FIGURE))
VARIABLES = RowsShape(N_("the global variables"), (NAME, FIGURE, FIGURE, FIGURE, WORD))
COUNTERS = RowsShape(N_("the status counters"), (NAME, FIGURE))
END_COUNTS = RowsShape(N_("how the sessions of an account ended"), (whole(0, 1_000_000), COUNT))
ACCOUNTS = RowsShape(N_("the accounts"), (WORD, HOST, COUNT))
KILLS = RowsShape(N_("the KILL statements"), (LONG_TEXT, COUNT, WORD, HOST, ID.or_null, COUNT))
OFFLINE = RowsShape(N_("offline_mode"), (FLAG, seconds().or_null), minimum_rows=1)
LOG = RowsShape(N_("the error log"), (COUNT, WORD, LONG_TEXT, seconds()))
INSTANT = RowsShape(N_("the error log"), (seconds().or_null,))
LAST_KILL = RowsShape(N_("the KILL statements"), (seconds().or_null,))
RAISED_ERRORS = RowsShape(
    N_("the errors by account"),
    (WORD, HOST, whole(0, 1_000_000), COUNT, seconds().or_null, seconds().or_null),
)
FAILING_HOSTS = RowsShape(N_("the host cache"), (HOST, COUNT, COUNT))
NAMED = RowsShape(N_("the server's unique id"), (NAME, text(1024).or_null))
ADMIN_PORT = RowsShape(N_("the admin port"), (HOST, whole(0, 65_535).or_null), minimum_rows=1)
GRANTS = RowsShape(N_("the grants"), (text(65_536),))
OWN_VALUE = RowsShape(N_("our own session's value"), (FIGURE,), minimum_rows=1)
SESSION_BEFORE = RowsShape(N_("our own session's settings"), (SERVER_TEXT, text(4096)), minimum_rows=1)
WARNINGS = RowsShape(N_("the warnings"), (SERVER_TEXT, COUNT, SERVER_TEXT))
VARIABLE_STATE = RowsShape(
    N_("the variable"),
    (
        NAME, FIGURE, FIGURE, FIGURE, WORD, FIGURE, FIGURE, LONG_TEXT, WORD, HOST, seconds(0).or_null, FIGURE,
    ),
)  # fmt: skip
CONNECTION_CAPACITY = RowsShape(N_("free connections"), (whole(-UNSIGNED), whole(-UNSIGNED)), minimum_rows=1)

_ADDRESS = {
    "host": HOST,
    "port": whole(0, 65_535).or_null,
    "uuid": text(256).or_null,
    "server_id": whole(0, 2**32 - 1).or_null,
}
SERVER_ID = RecordsShape(N_("the server's unique id"), {"server_id": _ADDRESS["server_id"]})
REPLICAS = RecordsShape(
    N_("the replicas"), _ADDRESS | dict.fromkeys(("replica_uuid", "slave_uuid"), _ADDRESS["uuid"])
)
DUMPS = RecordsShape(N_("the sessions that read the binary log"), {"host": HOST, "uuid": _ADDRESS["uuid"]})
SOURCES = RecordsShape(
    N_("the sources"),
    _ADDRESS
    | {f"{word}_{name}": column for word in ("source", "master") for name, column in _ADDRESS.items()},
)
MEMBERS = RecordsShape(N_("the members of the replication group"), _ADDRESS)
NODES = RecordsShape(
    N_("the nodes of the cluster"),
    {"addresses": ADDRESSES, "place": COUNT.or_null, "size": COUNT.or_null},
)
INSTANCES = RecordsShape(N_("the instances of the cluster"), {"name": text(256).or_null})
