"""Servers that are not there: they answer our statements, by file, from a state a test can change.

A stand-in keeps three clocks of its own: ours (`now`), the statement timer (`timer`) and the wall clock (`wall`). Each
statement takes `way` seconds to arrive and `way` seconds to come back; the answer is of the instant between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Any, cast

from goneaway_tui.model.server import Flavour
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Refusal, fitted
from goneaway_tui.source.sql.shapes import Statement
from tests.builders import NOW

Row = tuple[Any, ...]
OWN_ID, OWN_THREAD = 8, 48
ALL_ABLE = {flavour: frozenset(probes) for flavour, probes in sql.PROBES.items()}


class Standin:
    """A connection to a server that is not there."""

    flavour: Flavour
    read_from: Mapping[str, str] = {}
    """Of things whose packs are made of a variant of another name."""

    def __init__(self) -> None:
        self.now = NOW
        self.way = 0.0
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        """The file of each statement, and its parameters."""
        self.scripted: dict[str, list[Row] | Exception | Callable[..., list[Row]]] = {}
        """By file, what is said instead of what the state says."""
        mine = [
            file for file in sorted(sql.named_files()) if "/" not in file or file.startswith(self.flavour)
        ]
        signs = sql.VARIANT_PROBES[self.flavour].values()
        self.scripted |= {file: [] for file in (*signs, sql.PROXYSQL_COMMENT)}
        """It is no service, unless a test says so."""
        self._files = {sql.read_sql(file): file for file in (*mine, *self.scripted)}

    @property
    def connection(self) -> Connection:
        return cast(Connection, self)

    def clock(self) -> float:
        return self.now

    def rows(self, statement: Statement, parameters: Sequence[object] = ()) -> list[Row]:
        file = self._files[statement]
        assert statement.count("%s") == len(parameters), f"{file} was sent with {parameters}"
        self.heard.append((file, tuple(parameters)))
        self.now += self.way
        try:
            answer = self.scripted.get(file, self._answer_to(file))
            assert answer is not None, f"nobody scripted {file}"
            if isinstance(answer, Refusal):
                raise Refusal(answer.number, str(answer), statement)
            if isinstance(answer, Exception):
                raise answer
            return fitted(statement, list(answer(*parameters)) if callable(answer) else list(answer))
        finally:
            self.now += self.way

    def _answer_to(self, file: str) -> Any:
        """What the state says; packed, where it is asked for packs."""
        plain = stem(file).removeprefix("packed_")
        variant = self.read_from.get(plain, plain)
        told = self.scripted.get(f"{self.flavour}/{variant}.sql", getattr(self, f"answer_{variant}", None))
        if plain == stem(file) or told is None:
            return getattr(self, f"answer_{stem(file)}", None)
        return lambda *asked: [packed(told(*asked) if callable(told) else cast(list[Row], told))]

    def heard_of(self, what: str) -> list[tuple[Any, ...]]:
        """The parameters of each time a thing was asked, and forget them all."""
        found = [
            parameters
            for file, parameters in self.heard
            if stem(file).removeprefix("packed_").startswith(what)
        ]
        self.heard.clear()
        return found

    def found(self, able: frozenset[str] | None = None, *, without: str = "") -> Capabilities:
        able = (ALL_ABLE[self.flavour] if able is None else able) - set(without.split())
        return Capabilities(self.flavour, "1", "1", OWN_ID, "'dba'@'%'", able)


def stem(file: str) -> str:
    return file.rpartition("/")[2].removesuffix(".sql")


def packed(rows: Sequence[Row]) -> Row:
    """Rows as the server packs them: text is text there."""
    legible = [[cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else cell for cell in row]
               for row in rows]  # fmt: skip
    told = json.dumps(legible, ensure_ascii=False).encode("utf-8", "surrogateescape")
    return len(rows), told if rows else None


def refused(number: int = 1142) -> Refusal:
    return Refusal(number, "SELECT command denied")


def cut(text: str | None, length: int) -> bytes | None:
    """LEFT(text, length), as the wire brings it."""
    return None if text is None else text[:length].encode()


@dataclass
class Event:
    """A statement as performance_schema timed it, in our clock's instants; without an end it runs."""

    start: float
    end: float | None
    name: str = "statement/sql/select"
    text: str | None = "SELECT 1"
    first_id: int = 0
    """Its number among the events of its thread; 0 where no number is told, so that none follows another."""


@dataclass
class MysqlSession:
    """A session of a MySQL stand-in. `thread` is its thread id."""

    id: int
    thread: int | None = None
    user: str | None = "shop"
    host: str | None = "web-3"
    port: int = 51234
    db: str | None = "shop"
    command: str = "Sleep"
    time: int | None = 0
    state: str | None = None
    info: str | None = None
    thread_name: str = "thread/sql/one_connection"
    instrumented: int = 1
    event: Event | None = None
    limit: int | None = 28_800
    timestamp: float = NOW - 100
    """When its last command began, on our clock."""
    attributes: tuple[tuple[str, str], ...] = (("program_name", "gunicorn"),)

    def __post_init__(self) -> None:
        if self.thread is None:
            self.thread = self.id + 40


class MysqlStandin(Standin):
    flavour = Flavour.MYSQL
    read_from: Mapping[str, str] = {"sessions": "sessions_threads", "some": "some_threads"}

    def __init__(self, *server_sessions: MysqlSession) -> None:
        super().__init__()
        self.server_sessions = list(server_sessions)
        self.timer_offset = NOW - 5000.0
        """Our clock less the statement timer."""
        self.wall_offset = -3.25
        """Our clock less the server's wall clock."""
        self.began: list[Row] = []
        """Rows of events_transactions_current, with our clock's instants."""
        self.held: list[Row] = []

    def picoseconds(self, instant: float) -> int:
        return round((instant - self.timer_offset) * 1e12)

    def wall(self, instant: float) -> float:
        return instant - self.wall_offset

    def answer_own_thread(self) -> list[Row]:
        return [(OWN_THREAD,)]

    def answer_clock_statements(self, thread: int) -> list[Row]:
        assert thread == OWN_THREAD
        return [(self.picoseconds(self.now), self.wall(self.now))]

    def answer_clock_wall(self) -> list[Row]:
        return [(None, self.wall(self.now))]

    def answer_sessions_threads(self, length: int) -> list[Row]:
        return [
            (
                g.thread, g.id, g.user and g.user.encode(), g.host and g.host.encode(), g.db and g.db.encode(),
                g.command.encode(), g.time, g.state and g.state.encode(), cut(g.info, length),
                g.thread_name.encode(), g.instrumented,
            )
            for g in self.server_sessions
        ]  # fmt: skip

    def answer_sessions_processlist(self, length: int) -> list[Row]:
        return [(None, *row[1:9], None, 0) for row in self.answer_sessions_threads(length)]

    answer_sessions_information_schema = answer_sessions_processlist

    def answer_statements(self, length: int, since: int) -> list[Row]:
        return [
            (
                g.thread,
                self.picoseconds(e.start),
                self.picoseconds(self.now if e.end is None else e.end),
                e.first_id,
                None if e.end is None else e.first_id,
                e.name.encode(),
                cut(e.text, length),
            )
            for g in self.server_sessions
            if (e := g.event) is not None and (e.end is None or self.picoseconds(e.end) >= since)
        ]

    def answer_some_threads(self, length: int, numbers: list[int]) -> list[Row]:
        return [row for row in self.answer_sessions_threads(length) if row[1] in numbers]

    def answer_statements_some(self, length: int, threads: list[int]) -> list[Row]:
        return [row for row in self.answer_statements(length, 0) if row[0] in threads]

    def answer_statement_history(self, threads: list[int]) -> list[Row]:
        """Only the last one: a server keeps ten."""
        return [
            (thread, start, end)
            for thread, start, end, _, last_id, *_ in self.answer_statements(0, 0)
            if thread in threads and last_id is not None
        ]

    def _seconds(self) -> dict[int, int]:
        now = int(self.wall(self.now))
        return {g.id: now - (g.time or 0) & 0xFFFF_FFFF for g in self.server_sessions}

    def answer_activity(self) -> list[Row]:
        entries = [number << 32 | second for number, second in self._seconds().items()]
        return [(int(self.wall(self.now)), len(entries), json.dumps(entries).encode())]

    def answer_activity_checksum(self) -> list[Row]:
        seconds = {number: second for number, second in self._seconds().items() if number != OWN_ID}
        checksum = reduce(xor, (number * second for number, second in seconds.items()), 0)
        return [(int(self.wall(self.now)), len(seconds), checksum)]

    def answer_own_limits(self, threads: list[int]) -> list[Row]:
        return [
            row
            for g in self.server_sessions
            if g.thread in threads and g.limit is not None
            for row in (
                (g.thread, b"timestamp", f"{self.wall(g.timestamp):.6f}".encode()),
                (g.thread, b"wait_timeout", str(g.limit).encode()),
            )
        ]

    def answer_hosts(self, first: int) -> list[Row]:
        return [(g.id, f"{g.host}:{g.port}".encode()) for g in self.server_sessions if g.id >= first]

    def answer_attributes(self, first: int) -> list[Row]:
        return [
            (g.id, name.encode(), value.encode())
            for g in self.server_sessions
            if g.id >= first
            for name, value in g.attributes
        ]

    def answer_some_attributes(self, numbers: list[int]) -> list[Row]:
        return [row for row in self.answer_attributes(0) if row[0] in numbers]

    def answer_transactions(self) -> list[Row]:
        return [(thread, self.picoseconds(began), read_only) for thread, began, read_only in self.began]

    def answer_innodb_transactions(self) -> list[Row]:
        return [row if len(row) > 5 else (*row, b"29", None, None) for row in self.held]


@dataclass
class MariadbSession:
    """A session of a MariaDB stand-in. `since` is when its TIME_MS began, on our clock."""

    id: int
    since: float
    user: str = "shop"
    host: str = "web-3:51234"
    db: str | None = "shop"
    command: str = "Sleep"
    state: str | None = ""
    info: str | None = None
    query: int = 1
    last: str | None = None
    """What events_statements_current says it ran last."""
    attributes: tuple[tuple[str, str], ...] = (("program_name", "gunicorn"),)


class MariadbStandin(Standin):
    flavour = Flavour.MARIADB

    def __init__(self, *server_sessions: MariadbSession) -> None:
        super().__init__()
        self.server_sessions = list(server_sessions)
        self.held: list[Row] = []
        self.wall_offset = -3.25

    def answer_clock(self) -> list[Row]:
        return [(None, self.now - self.wall_offset)]

    def answer_sessions(self, length: int) -> list[Row]:
        return [
            (
                m.id, m.user.encode(), m.host.encode(), m.db and m.db.encode(), m.command.encode(),
                round(self.now - m.since, 3), m.state and m.state.encode(), cut(m.info, length), m.query,
            )
            for m in self.server_sessions
        ]  # fmt: skip

    def answer_since(self, query: int, numbers: list[int], length: int) -> list[Row]:
        told, quiet = [], []
        for row in self.answer_sessions(length):
            if row[4] != b"Sleep" or row[8] >= query or row[0] in numbers:
                told.append((*row, 1, str(row[0]).encode()))
            else:
                quiet.append(row[0])
        others = [
            (
                0,
                *[None] * 4,
                0.0,
                None,
                None,
                0,
                len(quiet),
                b",".join(str(number).encode() for number in quiet),
            )
        ]
        return told + (others if quiet else [])

    def answer_statements(self, length: int, first: int) -> list[Row]:
        return [(m.id, cut(m.last, length)) for m in self.server_sessions if m.id >= first]

    def answer_attributes(self, first: int) -> list[Row]:
        return [
            (m.id, name.encode(), value.encode())
            for m in self.server_sessions
            if m.id >= first
            for name, value in m.attributes
        ]

    def answer_innodb_transactions(self) -> list[Row]:
        return [row if len(row) > 5 else (*row, b"29", None, None) for row in self.held]
