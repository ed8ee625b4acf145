"""Sessions that end at known instants by known causes, and what was said of each when it was missed.

An `EndingWatch` looks at one server twice a second, as the program does, while a plan seats sessions in two dozen accounts and
ends them. Beside them short visits come and go unseen, which the server counts all the same.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from goneaway_tui.errors import SourceError
from goneaway_tui.judge import judge
from goneaway_tui.judge.tracker import track
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import RESTART_TOLERANCE
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.error_log import ErrorLog
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.integration.session_watch import SessionWatch, WatchedSession
from tests.servers.private import RealServer
from tests.waiting import comes_true

USERS = tuple(f"app{number}" for number in range(12))
HOSTS = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
SECONDS = 15.0
"""For how long new sessions come."""
QUERY = 3
PATIENT = "SET SESSION wait_timeout = 600"
"""Of our own connection, so that no short global limit ends it."""
ARGUMENTS = (
    "--max-allowed-packet=1M",
    "--net-write-timeout=1",
    "--max-connections=600",
)
MARIADB_LIMITS = (
    "--wait-timeout=6",
    "--interactive-timeout=3",
    "--idle-transaction-timeout=4",
    "--net-read-timeout=30",
)
"""Globals, since MariaDB shows nobody what a session has set for itself."""


@dataclass(slots=True)
class EndingSession(WatchedSession):
    """A session, how it really ended, and what was told of that."""

    kind: EndingKind = field(kw_only=True)
    client: subprocess.Popen[bytes] | None = None
    """The process that holds the socket, where that is not ours."""
    acted_at: float | None = None
    """When it was ended, where that was not the server's own doing."""
    done_at: float = 0.0
    """When that was over, which may be a while later on a busy machine."""
    told: Departure | None = None
    missed_at: float = 0.0
    """The sample that no longer had it."""

    @property
    def account(self) -> tuple[str, str]:
        assert self.told is not None
        session = self.told.verdict.session
        return session.user, session.client_host

    @property
    def is_right(self) -> bool:
        return self.told is not None and self.told.cause is self.kind.cause


@dataclass(frozen=True, slots=True)
class EndingKind:
    """One way to end."""

    label: str
    cause: Cause
    number: int
    act: Callable[[EndingWatch, EndingSession], None] | None = None
    """What ends it; None where the server does of itself."""
    seat: tuple[str, ...] = ("DO 0",)
    """Statements it runs first. `{limit}` is one of `limits`."""
    limits: tuple[int, ...] = ()
    """Seconds after which the server closes it, where it does."""
    busy: str | None = None
    """A statement it is left running."""
    interactive: bool = False
    season: tuple[float, float] = (0.0, SECONDS)
    """When those come."""
    orphan: bool = False
    """Its socket is another process's."""

    @property
    def predicted(self) -> bool:
        """Whether its end is an idle closing that can be foretold."""
        return bool(self.limits)


class EndingWatch(SessionWatch):
    """A sitting that keeps what was said of everybody who left."""

    def __init__(self, server: RealServer, *, log: Path | None = None) -> None:
        """`log`: the server's own error log, where the source is to follow it."""
        super().__init__(server)
        if log is not None:
            options: dict[str, Any] = {"log": ErrorLog(log, datetime.now().astimezone().tzinfo)}
            self._source = LiveSource(Address("127.0.0.1", server.port, "root"), time.time, **options)
        self.ending_sessions: list[EndingSession] = []
        self._open: dict[int, EndingSession] = {}
        self.failed: list[BaseException] = []

    def prepare(self) -> None:
        self.admin(
            PATIENT,
            "CREATE DATABASE truth",
            "CREATE TABLE truth.many (n INT PRIMARY KEY) ENGINE=InnoDB",
            "INSERT INTO truth.many VALUES " + ", ".join(f"({n})" for n in range(100)),
        )
        for user in USERS:
            self.admin(f"CREATE USER {user}@'%'", f"GRANT ALL ON *.* TO {user}@'%'")

    def look(self) -> Snapshot:
        """One reading, now; of a server that does not answer the last."""
        with self._looking:
            try:
                sample = self._source.sample()
            except SourceError:
                return self.snapshot or judge(self._source.sample())
            taken = track(sample, self.snapshot)
            self.snapshot = taken.snapshot
            for departure in taken.departed:
                ending_session = self._open.pop(departure.verdict.session.id, None)
                if ending_session is not None:
                    ending_session.told, ending_session.missed_at = departure, sample.taken_at
            for verdict in taken.snapshot.verdicts:
                seen = self._open.get(verdict.session.id)
                if seen is not None and seen.closed_at is None:
                    seen.predicted.append(verdict)
            return taken.snapshot

    def welcome(self, kind: EndingKind, chance: Random) -> EndingSession:
        """Seat a session of an account chosen by lot."""
        limit = chance.choice(kind.limits) if kind.limits else 0
        connection = self.visitor(chance, interactive=kind.interactive)
        ending_session = EndingSession(kind.label, connection, limit, kind=kind)
        self.ending_sessions.append(ending_session)
        ending_session.run(*(statement.format(limit=limit) for statement in kind.seat))
        self._open[ending_session.id] = ending_session
        if kind.busy is not None:
            connection._execute_command(QUERY, kind.busy)
        elif kind.orphan:
            ending_session.client = subprocess.Popen(["sleep", "300"], pass_fds=[connection._sock.fileno()])
            connection._force_close()  # our hold on it; the session lives on in the other process
        elif kind.predicted and kind.act is None:
            self.watch(ending_session)
        return ending_session

    def visitor(self, chance: Random, *, interactive: bool = False) -> Any:
        return self.server.connect(
            user=chance.choice(USERS),
            bind_address=chance.choice(HOSTS),
            autocommit=True,
            client_flag=CLIENT.INTERACTIVE if interactive else 0,
        )

    def end(self, ending_session: EndingSession) -> None:
        ending_session.acted_at = time.time()
        assert ending_session.kind.act is not None
        ending_session.kind.act(self, ending_session)
        ending_session.done_at = time.time()

    def come_back(self) -> None:
        """After the server has: with a new connection for our own statements."""
        self._admin = self.server.connect(autocommit=True, init_command=PATIENT)
        before = self.snapshot
        comes_true(lambda: self.snapshot is not before and not self._open)

    def wait_until_all_have_left(self) -> None:
        comes_true(
            lambda: not self._open,
            told=lambda: (
                f"still there: {[(ending_session.label, ending_session.id, ending_session.acted_at) for ending_session in self._open.values()]}"
            ),
        )


# --- Ways to end


def quits(_: EndingWatch, ending_session: EndingSession) -> None:
    ending_session.connection.close()


def dies(_: EndingWatch, ending_session: EndingSession) -> None:
    """As by `kill -9` of the application: its socket goes with it."""
    assert ending_session.client is not None
    ending_session.client.kill()
    ending_session.client.wait()


def is_killed(ending_watch: EndingWatch, ending_session: EndingSession) -> None:
    ending_watch.admin(f"KILL {ending_session.id}")


def is_killed_in_passing(ending_watch: EndingWatch, ending_session: EndingSession) -> None:
    """By somebody who leaves at once, so that the server forgets who and whom."""
    killer = ending_watch.server.connect(autocommit=True)
    killer.query(f"KILL {ending_session.id}")
    killer.close()


def sends_too_much(_: EndingWatch, ending_session: EndingSession) -> None:
    with suppress(pymysql.Error, OSError):
        ending_session.connection.query(f"SELECT LENGTH('{'x' * 1_200_000}')")


def reads_nothing(_: EndingWatch, ending_session: EndingSession) -> None:
    ending_session.connection._execute_command(QUERY, "SELECT REPEAT('x', 1000000) FROM truth.many")


def shortens_its_limit(ending_watch: EndingWatch, ending_session: EndingSession) -> None:
    ending_session.run(f"SET SESSION wait_timeout = {ending_session.limit:g}")
    ending_watch.watch(ending_session)


def loses_its_statement(ending_watch: EndingWatch, ending_session: EndingSession) -> None:
    """KILL QUERY; then it idles."""
    ending_session.asked_at = time.time()
    ending_watch.admin(f"KILL QUERY {ending_session.id}")
    with suppress(pymysql.Error):
        ending_session.connection._read_query_result()
    ending_session.quiet_since = time.time()
    ending_watch.watch(ending_session)


def is_spared(ending_watch: EndingWatch, ending_session: EndingSession) -> None:
    """KILL QUERY while it idles, which does not end it."""
    ending_watch.admin(f"KILL QUERY {ending_session.id}")
    ending_watch.watch(ending_session)


ANYWHERE = (
    EndingKind("clean quit", Cause.CLIENT_QUIT, 25, quits),
    EndingKind("kill -9 of the client", Cause.CLIENT_LOST, 15, dies, season=(6.5, SECONDS), orphan=True),
    EndingKind("KILL, idle", Cause.KILLED, 8, is_killed),
    EndingKind("KILL, busy", Cause.KILLED, 5, is_killed, busy="SELECT SLEEP(60)"),
    EndingKind("KILL, killer gone", Cause.KILLED, 10, is_killed_in_passing, season=(0.0, 3.0)),
    EndingKind(
        "KILL, busy, killer gone",
        Cause.KILLED,
        3,
        is_killed_in_passing,
        season=(0.0, 3.0),
        busy="SELECT SLEEP(60)",
    ),
    EndingKind("oversized packet", Cause.PACKET_TOO_LARGE, 12, sends_too_much),
    EndingKind("slow reader", Cause.NET_WRITE_TIMEOUT, 8, reads_nothing),
)
OWN = "SET SESSION wait_timeout = {limit}"
KINDS = {
    Flavour.MYSQL: (
        *ANYWHERE,
        EndingKind("idle limit", Cause.IDLE_TIMEOUT, 60, seat=(OWN,), limits=(2, 3, 4, 5)),
        EndingKind("limit changed on the way", Cause.IDLE_TIMEOUT, 20, shortens_its_limit,
             ("SET SESSION wait_timeout = 300",), (2, 3)),
        EndingKind("KILL QUERY, then limit", Cause.IDLE_TIMEOUT, 6, loses_its_statement, (OWN,), (2, 3),
             "SELECT SLEEP(60)"),
        EndingKind("KILL QUERY while idle", Cause.IDLE_TIMEOUT, 4, is_spared, (OWN,), (5, 6)),
    ),
    Flavour.MARIADB: (
        *ANYWHERE,
        EndingKind("idle limit", Cause.IDLE_TIMEOUT, 60, limits=(6,)),
        EndingKind("KILL QUERY, then limit", Cause.IDLE_TIMEOUT, 6, loses_its_statement, limits=(6,),
             busy="SELECT SLEEP(60)"),
        EndingKind("transaction limit", Cause.TRANSACTION_TIMEOUT, 10,
             seat=("BEGIN", "SELECT * FROM truth.many LOCK IN SHARE MODE"), limits=(4,)),
    ),
}  # fmt: skip
HIDDEN = (
    EndingKind(
        "limit changed on the way",
        Cause.IDLE_TIMEOUT,
        8,
        shortens_its_limit,
        ("SET SESSION wait_timeout = 60",),
    ),
    EndingKind("KILL QUERY while idle", Cause.IDLE_TIMEOUT, 4, is_spared),
    EndingKind("interactive client", Cause.IDLE_TIMEOUT, 8, interactive=True),
    EndingKind("transaction not begun", Cause.TRANSACTION_TIMEOUT, 5, seat=("BEGIN",)),
)
"""Ends by limits that MariaDB shows to nobody; and after a KILL QUERY, which starts the idle wait anew, but not TIME_MS."""
RESTART = EndingKind("server restart", Cause.SERVER_RESTART, 12)
CRASH = EndingKind("server SIGKILL", Cause.SERVER_CRASH, 12)


def run_endings(ending_watch: EndingWatch, kinds: Iterable[EndingKind], seed: int = 4) -> None:
    """Seat and end everybody, over SECONDS, in an order chosen by lot; return when the last has left."""
    chance = Random(seed)
    plan: list[tuple[float, Callable[[], object]]] = []

    def attend(kind: EndingKind, after: float) -> Callable[[], None]:
        def come() -> None:
            ending_session = ending_watch.welcome(kind, chance)
            if kind.act is not None:
                later.append((time.time() + after, ending_session))

        return come

    def visit() -> None:
        ending_watch.visitor(chance).close()

    later: list[tuple[float, EndingSession]] = []
    for kind in kinds:
        plan += [
            (chance.uniform(*kind.season), attend(kind, chance.uniform(1.0, 2.2))) for _ in range(kind.number)
        ]
    plan += [(number * 0.5, visit) for number in range(int(SECONDS * 2))]
    plan.sort(key=lambda each: each[0])
    began = time.time()
    for due, come in plan:
        while (left := began + due - time.time()) > 0 or later:
            ready = [each for each in later if each[0] <= time.time() and each[1].predicted]  # who was seen
            for each in ready:
                later.remove(each)
                ending_watch.end(each[1])
            if left <= 0:
                break
            time.sleep(min(left, 0.02))
        come()
    for at, ending_session in sorted(later, key=lambda each: each[0]):
        time.sleep(max(0.0, at - time.time()))
        comes_true(lambda ending_session=ending_session: ending_session.predicted)  # type: ignore[misc]
        ending_watch.end(ending_session)
    ending_watch.wait_until_all_have_left()


def end_the_server(
    ending_watch: EndingWatch, kind: EndingKind, end: Callable[[], None], seed: int = 5
) -> None:
    """With sessions open: end the server, start it again, and wait until they have been missed."""
    chance = Random(seed)
    # On a busy machine the limit of the others would end some of these before the server does.
    ending_watch.admin("SET GLOBAL wait_timeout = 3600")
    for _ in range(kind.number):
        ending_watch.welcome(kind, chance)
    ending_watch.admin("UPDATE truth.many SET n = n + 1000 ORDER BY n DESC")
    ending_watch.look()
    time.sleep(RESTART_TOLERANCE + 1.2)  # what ran no longer than that is taken for the same run
    end()
    ending_watch.server.start()
    ending_watch.come_back()


# --- What came of it


def table(title: str, ending_sessions: list[EndingSession]) -> str:
    """One line a way to end: how many, how they were named and how surely, how many in company, how well foretold."""
    groups: dict[str, list[EndingSession]] = defaultdict(list)
    for ending_session in ending_sessions:
        groups[ending_session.label].append(ending_session)
    company = in_company(ending_sessions)
    head = f"{title}\n{'ended by':<26}{'ended':>6}{'right':>6}{'conf.':>6}{'likely':>7}{'poss.':>6}{'coinc.':>7}  worst error"
    rows = []
    for label, group in groups.items():
        sure = Counter(
            ending_session.told.certainty for ending_session in group if ending_session.told is not None
        )
        errors = [
            abs(ending_session.error)
            for ending_session in group
            if ending_session.kind.predicted and ending_session.closed_at is not None
        ]
        worst = f"{max(errors) * 1000:.0f} ms" if errors else ""
        rows.append(
            f"{label:<26}{len(group):>6}{sum(ending_session.is_right for ending_session in group):>6}"
            f"{sure[Certainty.CONFIRMED]:>6}{sure[Certainty.LIKELY]:>7}{sure[Certainty.POSSIBLE]:>6}"
            f"{sum(ending_session.id in company for ending_session in group):>7}  {worst}"
        )
    return "\n".join([head, *rows])


def in_company(ending_sessions: list[EndingSession]) -> set[int]:
    """Who was missed in the same sample as another of its account that ended otherwise."""
    causes: dict[tuple[object, ...], set[Cause]] = defaultdict(set)
    for ending_session in ending_sessions:
        causes[ending_session.account, ending_session.missed_at].add(ending_session.kind.cause)
    return {
        ending_session.id
        for ending_session in ending_sessions
        if len(causes[ending_session.account, ending_session.missed_at]) > 1
    }


def misnamed(ending_sessions: list[EndingSession]) -> list[str]:
    """Who was named wrongly, to be read by a person."""
    return [
        f"{ending_session.label} {ending_session.id} {ending_session.account}: {ending_session.told.cause}, {ending_session.told.certainty}: {ending_session.told.evidence}"
        for ending_session in ending_sessions
        if ending_session.told is not None and not ending_session.is_right
    ]
