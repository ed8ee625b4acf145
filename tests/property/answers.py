"""Answers that no server gives, at every statement of a session; `python -m tests.property.answers SECONDS` runs for long.

A stand-in answers all we ever ask, of either family, and some of its answers are bent on their way: rows and columns
go missing or come twice, cells hold other types, numbers out of range and text of a megabyte, packs hold other JSON; over a
socket, bytes of the packets themselves are turned. Only GoneawayError with one printable line may come of it.
"""

from __future__ import annotations

import ast
import io
import json
import random
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self, cast

from goneaway_tui.doctor.advice import TEXT_FORMATS, advice_data, advise
from goneaway_tui.doctor.case import facts_from_sample
from goneaway_tui.errors import GoneawayError
from goneaway_tui.export import FORMATS, data
from goneaway_tui.export.json import dumps
from goneaway_tui.judge import Step, track
from goneaway_tui.judge.departures import past_departures
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.judge.reuse_gaps import ReuseCounter
from goneaway_tui.metrics.collector import MetricsStore
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot
from goneaway_tui.source import sql
from goneaway_tui.source.executor import LiveExecutor, WriteConnection
from goneaway_tui.source.live import LiveSource, _ServerReader
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.sockets import Address, ServerSocket
from goneaway_tui.tune.kill_rules import KillPolicy, KillRule, dry_run
from tests.builders import NOW
from tests.property.fuzz import bent
from tests.servers.impostor import OK, Impostor, result
from tests.unit.source.standins import (
    OWN_ID,
    OWN_THREAD,
    Event,
    MariadbSession,
    MariadbStandin,
    MysqlSession,
    MysqlStandin,
    Standin,
)

Row = tuple[Any, ...]
Bend = Callable[[str, list[Row]], list[Row]]
LOOKS = 4
RULES = tuple(
    KillRule("rule", match, query=query)
    for match, query in (
        ("idle>1", False),
        ("running>0 -blocked:yes", True),
        ("user:shop oldest:2/user -program:x", False),
    )
)
MANY = 210
"""Sessions from which on the quick readings of a large server are used."""

TEXTS: tuple[bytes, ...] = (
    b"", b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f", b"\0", b"\x1b]52;c;eA==\x07\r\n", "\u202e\u2028".encode(), b"9" * 5000, b"nan", b"-inf", b"1e999",
    b"-5", b"0.5", b"1_0", b"0x10", b"ON", b"[@click=app.bell]x[/]", b"wait_timeout", b"KILL 7", b"Sleep", b"system user", b"a,b:c,[::1]:99999", b"x" * 70_000,
)  # fmt: skip
NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 0.5, 7, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), 10**30, 10**400, 1e18, 1e308, -1e308,
    float("nan"), float("inf"), float("-inf"), 65_535, 65_536, 253_402_300_800,
)  # fmt: skip
PIECES = (
    b"[", b"]", b"null", b"NaN", b"-Infinity", b"1e999", b"-1", b'"', b"\\ud800", b"\\u0000", b"{}", b",", b"[[", b"]]", b"\xff", b"\x01", b"true",
    b"[" * 5000, b"9" * 5000, b"18446744073709551616", b'"x"',
)  # fmt: skip


class Chance:
    """Bends some answers: those of a few files always, or any now and then."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._share = chance.choice((0.0, 0.02, 0.2))
        self._files: set[str] = set(chance.sample(sorted(sql.named_files()), chance.choice((0, 1, 8))))
        self._calm = chance.choice((0, 0, 30, 60))
        """Answers that are honest before."""

    def __call__(self, file: str, rows: list[Row]) -> list[Row]:
        self._calm -= 1
        if self._calm > 0 or (file not in self._files and self._chance.random() >= self._share):
            return rows
        for _ in range(self._chance.choice((1, 1, 1, 3))):
            rows = self._bent(rows)
        return rows

    def _bent(self, rows: list[Row]) -> list[Row]:
        chance = self._chance
        if not rows:
            return [tuple(self._cell(None) for _ in range(chance.randint(1, 12)))]
        at, column = chance.randrange(len(rows)), chance.randrange(max(1, len(rows[0])))
        match chance.randint(0, 9):
            case 0:
                return []
            case 1:
                return [row[:-1] for row in rows]
            case 2:
                return [(*row, self._cell(None)) for row in rows]
            case 3:
                return [*rows, rows[at]]
            case 4:
                return [row for each, row in enumerate(rows) if each != at]
            case 5 if rows[0]:
                cell = self._cell(rows[0][column] if column < len(rows[0]) else None)
                return [(*row[:column], cell, *row[column + 1 :]) for row in rows]
            case 6:
                return rows * 3
            case 7:
                return [tuple(chance.sample(row, len(row))) for row in rows]
            case _:
                row = rows[at]
                changed = (
                    *row[:column],
                    self._cell(row[column] if column < len(row) else None),
                    *row[column + 1 :],
                )
                return [*rows[:at], changed, *rows[at + 1 :]]

    def _cell(self, was: Any) -> Any:
        chance = self._chance
        if isinstance(was, bytes) and was[:1] == b"[" and chance.random() < 0.8:
            return self._pack(was)
        match chance.randint(0, 5):
            case 0:
                return None
            case 1 | 2:
                return chance.choice(NUMBERS)
            case 3 if isinstance(was, int | float) and abs(was) < 2**70:
                return was + chance.choice((-1, 1, 0.5, 2**32, -(2**40)))
            case 4 if isinstance(was, bytes):
                return bent(was, TEXTS, chance)
            case 5 if chance.random() < 0.02:
                return b"\xe4" * 1_000_000
        return chance.choice(TEXTS)

    def _pack(self, pack: bytes) -> bytes:
        """Bytes are turned, or one value is another."""
        chance = self._chance
        if chance.random() < 0.5:
            return bent(pack, PIECES, chance)
        with suppress(ValueError):
            told = json.loads(pack.decode("utf-8", "replace"))
            into = told
            while isinstance(into, list) and into:
                at = chance.randrange(len(into))
                if not isinstance(into[at], list) or chance.random() < 0.2:
                    into[at] = chance.choice((None, True, "x", "7", {}, [], [[]], "\udc80", *NUMBERS))
                    break
                into = into[at]
            return json.dumps(told).encode()
        return pack


STATUS = {
    "Uptime": 90_000, "Aborted_clients": 3, "Aborted_connects": 1, "Threads_connected": 4, "Threads_running": 1, "Connections": 90,
    "Max_used_connections": 9, "Com_kill": 2, "Connection_errors_max_connections": 0,
}  # fmt: skip
VARIABLES = {"wait_timeout": 28_800, "interactive_timeout": 28_800, "max_connections": 151, "log_error_verbosity": 3,
             "max_allowed_packet": 67_108_864, "idle_transaction_timeout": 60}  # fmt: skip
UUID = b"b267f3ae-e7fb-11f1-8f20-02fc00000001"


def answers(server: Standin, chance: random.Random, share: float) -> None:
    """Everything that the stand-in itself does not know, as a healthy server says it; that `share` of probes says no."""
    family = server.flavour.value
    is_mysql = server.flavour is Flavour.MYSQL
    banner = b"9.7.4" if is_mysql else b"11.8.3-MariaDB"
    looks = iter(range(10_000))

    def status() -> list[Row]:
        moved = next(looks)
        return [(name.lower().encode(), str(n + moved * (name in {"Aborted_clients", "Com_kill", "Uptime"})).encode())
                for name, n in STATUS.items()]  # fmt: skip

    shown: list[Row] = [(name.encode(), str(value).encode()) for name, value in VARIABLES.items()]
    told: dict[str, list[Row] | Callable[..., list[Row]]] = {
        "short_wait_timeout": lambda _needed: [(1,)],
        "session": lambda *_: [],
        "session_act": [],
        "short_execution_limit": [] if is_mysql else [(1,)],
        "uid": [(UUID,)],
        "limits": shown,
        "limits_idle_transactions": shown,
        "variables": lambda _names: [(*row, None, None, None) for row in shown],
        "variables_bounds": lambda _names: [(*row, b"1", b"31536000", b"DYNAMIC") for row in shown],
        "counters": status,
        "accounts": [(b"shop", b"web-3", 17), (b"dba", b"localhost", 2)],
        "end_counts": lambda *_: [(0, 4 + next(looks)), (4031, next(looks)), (1158, 1)],
        "kills": [
            (b"KILL 7", 0, b"dba", b"localhost", 8, 5),
            (b"KILL /* x */ 9", 0, b"dba", b"localhost", 8, 6),
        ],
        "offline": [(0, 12.5)],
        "log": lambda _seconds: [
            (7, b"MY-010914", b"Aborted connection 7 to db: 'shop' user: 'shop' host: 'web-3' (KILLED)", -1.5)
        ],
        "log_oldest": [(-90_000.0,)],
        "past_log": lambda _seconds: [
            (0, b"MY-010931", b"mysqld: ready for connections. Version: '9.7.4'", -80_000.5)
        ],
        "raised_errors": [(b"shop", b"web-3", 4031, 3, -7200.5, -60.25), (None, None, 1045, 1, None, None)],
        "transaction_statements": lambda *_: [(5.5, b"UPDATE shop.cart SET n = 1"), (None, None)],
        "last_kill": [(-30.5,)],
        "failing_hosts": [(b"10.0.0.9", 4, 0)],
        "admin_port": [(b"10.0.0.1", 33_062)],
        "identity": [(b"server_uuid", UUID), (b"basedir", b"/usr/")],
        "grants": [(b"GRANT ALL PRIVILEGES ON *.* TO `dba`@`%`",)],
        "own_value": [(28_800,)],
        "warnings": [(b"Warning", 1292, b"Truncated incorrect wait_timeout value")],
        "connection_capacity": [(900, 1_300_000)],
        "all_sessions": lambda _length: [],
        "lock_holders": lambda _ids: [(b"29:5:3:2", b"27:5:3:2", 12, b"shop.cart", b"PRIMARY", b"X")],
        "innodb_locks": [
            (f"{each}:5:3:2".encode(), str(each).encode(), b"X", b"`shop`.`cart`", b"PRIMARY")
            for each in (29, 27)
        ],
        "metadata_locks": [
            (12, b"TABLE", b"shop", b"cart", b"SHARED_READ", 1),
            (14, b"TABLE", b"shop", b"cart", b"EXCLUSIVE", 0),
        ],
    }
    for standing in ("variable_state", "variable_state_bounds", "variable_state_before"):
        told[standing] = lambda name: [(
            name.encode(), b"28800", b"1", b"31536000", b"DYNAMIC", b"28800", None, b"/etc/my.cnf", b"dba", b"%", 1.7e9, None
        )]  # fmt: skip
    for act in ("set_global", "set_persist", "reset_persist", "kill_session", "kill_query"):
        told[act] = lambda *_: []
    for probe in sql.PROBES[server.flavour].values():
        server.scripted[probe] = (
            [] if "rds" in probe or "azure" in probe or chance.random() < share else [(1,)]
        )
    server.scripted |= {f"{family}/{name}.sql": rows for name, rows in told.items()}
    server.scripted[sql.IDENTIFY] = [(banner, b"Source distribution", OWN_ID, b"dba@%")]


NAMES = {
    "server_id": ("server_id",), "replicas": ("Server_Id", "Host", "Port", "Source_Id", "Replica_UUID"), "dumps": ("host", "uuid"),
    "sources": ("host", "port", "uuid", "server_id"), "members": ("host", "port", "uuid"), "nodes": ("addresses", "place", "size"),
    "instances": ("name",),
}  # fmt: skip
RECORDS: dict[str, list[Row]] = {
    "server_id": [(1,)],
    "replicas": [(2, b"db2", 3306, 1, UUID), (3, b"", 3306, 1, b"c" + UUID[1:])],
    "dumps": [(b"10.0.0.2", UUID), (b"10.0.0.3", None)],
    "sources": [(b"db0", 3306, UUID, None)],
    "members": [(b"db4", 3306, UUID)],
    "nodes": [(b"10.0.0.1:3306,10.0.0.2:3306", 0, 2)],
    "instances": [(b"shop-2",)],
}


def a_server(flavour: Flavour, chance: random.Random) -> Standin:
    number = chance.choice((4, 4, 4, MANY))
    ids = range(11, 11 + number)
    if flavour is Flavour.MYSQL:
        event = Event(NOW - 60, NOW - 59)
        server: Standin = MysqlStandin(
            MysqlSession(OWN_ID, OWN_THREAD, "dba", command="Query", event=Event(NOW, None)),
            *(MysqlSession(each, event=event, time=59) for each in ids),
        )
        cast(MysqlStandin, server).held = [
            (12, 5.25, 3, 1, 0, b"27", None, None),
            (13, 4.0, 0, 1, 0, b"29", b"29:5:3:2", 2.5),
        ]
        cast(MysqlStandin, server).began = [(53, NOW - 5, 0)]
    else:
        server = MariadbStandin(
            MariadbSession(OWN_ID, NOW, "dba", command="Query", query=9),
            *(MariadbSession(each, NOW - 60) for each in ids),
        )
        server.held = [(12, 5.25, 3, 1, 0, b"27", None, None), (13, 4.0, 0, 1, 0, b"29", b"29:5:3:2", 2.5)]
    answers(server, chance, chance.choice((0, 0, 0.1, 0.5)))
    if chance.random() < 0.2:
        server.scripted |= {
            file: [(1,)] for sign, file in sql.VARIANT_PROBES[flavour].items() if sign in {"galera", "aurora"}
        }
    return server


def goes_on(server: Standin, chance: random.Random) -> None:
    """A second passes: somebody leaves, somebody comes, somebody runs something."""
    server.now += chance.choice((0.1, 1.0, 61.0, 700.0))
    if isinstance(server, MysqlStandin):
        server.server_sessions[1:2] = (
            [MysqlSession(server.server_sessions[-1].id + 1)] if chance.random() < 0.5 else []
        )
        server.server_sessions[-1].event = Event(server.now - 0.5, server.now - 0.25)
    elif isinstance(server, MariadbStandin):
        server.server_sessions[1:2] = (
            [MariadbSession(server.server_sessions[-1].id + 1, server.now)] if chance.random() < 0.5 else []
        )
        server.server_sessions[0].query += 50
        server.server_sessions[-1].query = server.server_sessions[0].query - 1


class Cursor:
    """PyMySQL's, over a stand-in."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows: list[Row] = []
        self.description: list[tuple[str]] = []
        self.warning_count = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def mogrify(self, statement: str, parameters: Sequence[object]) -> str:
        self._wire.acted = statement
        return statement % tuple(parameters) if parameters else statement

    def execute(self, statement: str, parameters: Sequence[object] | None = None) -> None:
        names, self._rows = self._wire.answer(self._wire.acted or statement, tuple(parameters or ()))
        self.description = [(name,) for name in names]
        self._wire.acted = ""

    def fetchall(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def nextset(self) -> None:
        return None


class Wire:
    """PyMySQL's connection, over a stand-in whose answers are bent."""

    open = True

    def __init__(self, server: Standin, bend: Bend) -> None:
        self._server, self._bend = server, bend
        self._files = {
            sql.read_sql(file).replace("{variable}", name): file
            for file in sorted(sql.named_files())
            if file.startswith((server.flavour, "service")) or "/" not in file
            for name in ("wait_timeout", "max_connections")
        }
        self.statements = tuple(self._files)
        self.budget = 0
        self.acted = ""

    def cursor(self) -> Cursor:
        return Cursor(self)

    def close(self) -> None:
        pass

    def thread_id(self) -> int:
        return OWN_ID

    def answer(self, statement: str, parameters: tuple[object, ...]) -> tuple[Sequence[str], list[Row]]:
        file = self._files.get(statement)
        stem = (file or "").rpartition("/")[2].removesuffix(".sql")
        thing = stem.removesuffix("_before").removesuffix("_shown").removesuffix("_threads")
        rows = self._bend(file or "", RECORDS.get(thing) or self._told(file, stem, parameters))
        if thing not in RECORDS and file is not None:
            return (), rows
        # Told by name, or of the other family, which it was bent to: each row has as many columns as there are names.
        names = (*NAMES.get(thing, ()), *["more"] * 99)[: len(rows[0]) if rows else 0]
        return [name.lower() for name in names], [row for row in rows if len(row) == len(names)]

    def _told(self, file: str | None, stem: str, parameters: tuple[object, ...]) -> list[Row]:
        if file is None:
            return []
        said = self._server.scripted.get(file, self._server._answer_to(file))
        if said is None and stem.startswith("one_"):
            whole = f"{file.rpartition('/')[0]}/{ONE.get(stem, stem.removeprefix('one_'))}.sql"
            said, parameters = self._server._answer_to(whole), parameters[:-1]
            if stem in {"one_hosts", "one_attributes", "one_statements"} and len(parameters) < 2:
                parameters = (*parameters, 0)
            if stem in {"one_hosts", "one_attributes"}:
                parameters = (0,)
        if said is None or isinstance(said, Exception):
            return []
        try:
            return list(said(*parameters)) if callable(said) else list(said)
        except AssertionError:  # it was asked about a thread that it has not, which it was said to have
            return []


ONE = {"one_threads": "sessions_threads", "one_processlist": "sessions_processlist",
       "one_information_schema": "sessions_information_schema"}  # fmt: skip
ADDRESS = Address("db1", 3306, "dba")


class WireConnection(WriteConnection):
    """Our connection, as it is, over such a wire."""

    def __init__(self, wire: Wire) -> None:
        self._address, self._socket, self.statements_sent = ADDRESS, ServerSocket(), 0
        self._wire = cast(Any, wire)


class WireSource(LiveSource):
    def __init__(self, server: Standin, wire: Wire) -> None:
        super().__init__(ADDRESS, server.clock)
        self._given = wire

    def _connect(self) -> _ServerReader:
        wire = self._given
        return _ServerReader(ADDRESS, WireConnection(wire), self._clock, 1024, 10)


class WireExecutor(LiveExecutor):
    def __init__(self, server: Standin, wire: Wire, lender: LiveSource | None) -> None:
        super().__init__(ADDRESS, server.clock, lender=lender)
        self._wire = wire

    def connected(self, kind: type[Any], *, interactive: bool = False) -> Any:
        return WireConnection(self._wire)


class Harm(Exception):
    """What came of an answer, and should not have."""


@contextmanager
def told_in_a_line() -> Iterator[None]:
    try:
        yield
    except GoneawayError as error:
        if not error.line.isprintable() or len(error.line) > 1200:
            raise Harm(f"not one line: {error.line[:300]!r}") from error


class Follower:
    """Does with each sample what watch, exporter, board, recorder, exports, a dry run of kill and advise do."""

    def __init__(self, folder: Path) -> None:
        self._last: Snapshot | None = None
        self._lessons = NOTHING_LEARNED
        self._board = MetricsStore(["db1"], lambda: NOW, 100)
        self._recorder = RecordingWriter(folder / "recording", "db1")
        self._gaps = ReuseCounter()

    def look(self, source: LiveSource) -> None:
        taken: Step = track(source.sample(), self._last, RiskThresholds(), self._lessons)
        for event in (
            *data.step_events(taken),
            *data.at_risk_events(self._last, taken.snapshot),
            *data.lock_wait_events(self._last, taken.snapshot),
        ):
            dumps(event)
        for departure in taken.departed:
            dumps(data.departed_event(departure))
        dumps(data.hello_event(taken.snapshot))
        self._last, self._lessons = taken.snapshot, taken.learned_limits
        self._board["db1"] = self._board["db1"].after(taken, 0.1)
        self._recorder.record(taken.snapshot, taken.departed)
        self._gaps.observe(taken.snapshot, taken.departed)
        for rule in RULES:
            run = dry_run(rule, taken.snapshot, KillPolicy(never_kill=("dba", "shop@web-3")))
            for victim in run.victims:
                dumps(data.kill_data(victim, taken.snapshot.taken_at))

    def finish(self) -> None:
        self._recorder.close()
        if self._last is None:
            return
        for each in FORMATS.values():
            out = io.StringIO()
            each.write(self._last, out)
            out.getvalue().encode()
        list(self._board.collect())
        gaps = self._gaps.counted()
        if gaps is not None:
            advice = advise(gaps, self._last.sample.variable("wait_timeout"), "db1")
            dumps(advice_data(advice))
            for write in TEXT_FORMATS.values():
                assert all(line.isprintable() for line in write(advice))


def ask_for_the_past(source: LiveSource) -> None:
    """As `watch --since`, the ledger, the doctor and the screen of a session do."""
    with told_in_a_line():
        for departure in past_departures(source.history().log, 0, NOW + 1e6):
            dumps(data.departed_event(departure))
    with told_in_a_line():
        source.transaction_statements(ProcesslistId(12))
    with told_in_a_line():
        source.topology()


def rows_case(seed: int) -> None:
    """One session whose rows are bent. Raises what it should not."""
    chance = random.Random(seed)
    flavour = chance.choice(list(Flavour))
    server = a_server(flavour, chance)
    wire = Wire(server, Chance(chance))
    source = WireSource(server, wire)
    with tempfile.TemporaryDirectory() as folder:
        follower = Follower(Path(folder))
        for _ in range(LOOKS):
            with told_in_a_line():
                follower.look(source)
            goes_on(server, chance)
        follower.finish()
    ask_for_the_past(source)
    with told_in_a_line():
        facts_from_sample(source.sample(), "db1")
    executor = WireExecutor(server, wire, source if chance.random() < 0.5 else None)
    asks: list[Callable[[], object]] = [
        executor.privileges,
        lambda: executor.variable_state("wait_timeout"),
        lambda: executor.variable_state("max_connections"),
        lambda: executor.probe("wait_timeout"),
        *(lambda act=act: _acted(executor, act) for act in ("find", "set", "kill")),
    ]
    for ask in asks:
        with told_in_a_line():
            ask()
    source.close()


def _acted(executor: LiveExecutor, act: str) -> object:
    with executor.conversation(borrow=True) as conversation:
        match act:
            case "find":
                return conversation.find(ProcesslistId(13))
            case "set":
                return conversation.set_global("wait_timeout", 60, "global")  # type: ignore[arg-type]
            case _:
                return conversation.kill(ProcesslistId(12))


class BentPackets(Impostor):
    """Answers as the stand-in does, over a socket; from some answer on it turns bytes of its packets, and breaks off after."""

    def __init__(self, server: Standin, chance: random.Random) -> None:
        super().__init__("9.7.4" if server.flavour is Flavour.MYSQL else "5.5.5-11.8.3-MariaDB", ())
        bend = Chance(chance) if chance.random() < 0.3 else lambda _file, rows: rows
        self._wire = Wire(server, bend)
        self._chance = chance
        self._left = chance.randint(1, 120)

    def _answer(self, command: bytes) -> list[bytes]:
        packets = self._honest(command[1:].decode("utf-8", "replace"))
        self._left -= 1
        if self._left <= 0:
            at = self._chance.randrange(len(packets))
            packets[at] = bent(packets[at], TEXTS, self._chance)[:60_000]
        return packets

    def _send(self, client: socket.socket, first: int, packets: Iterable[bytes]) -> None:
        super()._send(client, first, packets)
        if self._left <= 0:
            raise EOFError

    def _honest(self, words: str) -> list[bytes]:
        if words.upper().startswith("SET "):
            return [OK]
        statement, parameters = asked_by(words, self._wire.statements)
        names, rows = self._wire.answer(statement, parameters)
        if any(len(row) != len(rows[0]) for row in rows) or (rows and not rows[0]):
            rows = []
        return result(rows, names)


def asked_by(words: str, statements: Iterable[str]) -> tuple[str, tuple[object, ...]]:
    """The statement, and what was bound to it."""
    for each in statements:
        found = re.fullmatch("(.+?)".join(re.escape(part) for part in each.split("%s")), words, re.DOTALL)
        if found:
            return each, tuple(
                ast.literal_eval(f"[{said[1:-1]}]" if said[0] == "(" else said) for said in found.groups()
            )
    return words, ()


def packets_case(seed: int) -> None:
    """One session whose packets are bent. Raises what it should not."""
    chance = random.Random(seed)
    server = a_server(chance.choice(list(Flavour)), chance)
    with (
        BentPackets(server, chance) as impostor,
        closing(LiveSource(impostor.address, server.clock)) as source,
    ):
        with tempfile.TemporaryDirectory() as folder:
            follower = Follower(Path(folder))
            for _ in range(LOOKS):
                with told_in_a_line():
                    follower.look(source)
                goes_on(server, chance)
            follower.finish()
        ask_for_the_past(source)


CASES: dict[str, Callable[[int], None]] = {"rows": rows_case, "packets": packets_case}


def run(
    name: str, seconds: float, seed: int = 0, most: int | None = None
) -> tuple[int, list[tuple[int, str]]]:
    """How many sessions were tried, and the seeds of those that did harm."""
    import traceback

    until, count = time.monotonic() + seconds, 0
    found: list[tuple[int, str]] = []
    while time.monotonic() < until and (most is None or count < most) and len(found) < 10:
        try:
            CASES[name](seed + count)
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            ours = [
                each for each in traceback.extract_tb(error.__traceback__) if "goneaway_tui" in each.filename
            ]
            where = (ours or traceback.extract_tb(error.__traceback__))[-1]
            found.append(
                (
                    seed + count,
                    f"{type(error).__name__}: {str(error)[:200]} {where.filename[-40:]}:{where.lineno}",
                )
            )
        count += 1
    return count, found


if __name__ == "__main__":
    for each in sys.argv[2:] or CASES:
        tried, harm = run(each, float(sys.argv[1]), seed=int(time.time()))
        print(f"{each}: {tried} sessions, {len(harm)} did harm", flush=True)
        for number, said in harm:
            print(number, said, flush=True)
