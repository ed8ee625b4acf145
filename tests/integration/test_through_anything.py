"""The whole screen on a real server, while each thing that happens to servers and lines happens.

One row a trouble. Held against each: the board says how old is what it shows, and that is true; it does not end; once the
trouble is over it shows the present again without a key; and `q` ends it in the middle of the same trouble.
Refusals and strangers at the port, of which a start is told in one line, are in `test_survival`; signals and the sleep of
this machine in `test_signals`.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import pymysql
import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.monitor import poller
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source import live
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from tests.integration.conftest import StartServer
from tests.integration.relay import BadLine, garbled, slowly
from tests.servers.private import NAMES, Name, RealServer
from tests.waiting import FAR, Stopwatch, becomes_true

NAME_OF_HOST = "db-01.example"
PASSWORD = "s3cr3t"
AT_ONCE = 3.0
"""Seconds `q` may take where nothing holds it; what we wait ourselves is far less, see below."""
LATE = 1.5
"""Seconds that drawing may add to the age that is shown, and the second that is rounded away."""


@dataclass(slots=True)
class Stage:
    """A server, the line to it, and who else is there."""

    server: RealServer
    line: BadLine
    start: StartServer
    names_work: bool = True
    names_answer: threading.Event = field(default_factory=threading.Event)
    crowd: list[Any] = field(default_factory=list)
    admin: Any = None

    def run(self, *statements: str) -> None:
        with self.admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def kill_ours(self) -> None:
        with self.admin.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'watcher'")
            for (number,) in cursor.fetchall():
                with suppress(pymysql.Error):
                    cursor.execute(f"KILL {number}")

    def resolve(self, real: Callable[..., Any], host: str, *rest: Any, **more: Any) -> Any:
        """Stands in for the resolver of names, where ours is asked for."""
        if host != NAME_OF_HOST:
            return real(host, *rest, **more)
        self.names_answer.wait(FAR)
        if not self.names_work:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real("127.0.0.1", *rest, **more)


def lose_the_name(stage: Stage) -> None:
    stage.names_work = False
    stage.line.cut()


def find_the_name(stage: Stage) -> None:
    stage.names_work = True


def hang_the_names(stage: Stage) -> None:
    stage.names_answer.clear()
    stage.line.cut()


def expire(stage: Stage) -> None:
    stage.run("ALTER USER watcher PASSWORD EXPIRE")
    stage.kill_ours()


def renew(stage: Stage) -> None:
    stage.run(f"ALTER USER watcher IDENTIFIED BY '{PASSWORD}'")


def crowd_out(stage: Stage) -> None:
    """Take every connection there is, ours as well."""
    for _ in range(5):
        stage.kill_ours()
        with suppress(pymysql.Error):
            while True:
                stage.crowd.append(stage.server.connect(user="crowd"))
        time.sleep(0.1)  # who was killed holds a place a moment longer


def disperse(stage: Stage) -> None:
    while stage.crowd:
        stage.crowd.pop().close()


def restart_bare(stage: Stage) -> None:
    stage.server.stop()
    stage.server.start("--skip-ssl")


def restart(stage: Stage) -> None:
    stage.server.stop()
    stage.server.start()


def put_another_in_its_place(stage: Stage) -> None:
    other = stage.start(stage.server.name)
    with closing(other.connect(autocommit=True)) as admin, admin.cursor() as cursor:
        cursor.execute(f"CREATE USER watcher IDENTIFIED BY '{PASSWORD}'")
        cursor.execute("GRANT PROCESS ON *.* TO watcher")
    stage.line.target = other.port
    stage.line.cut()


def nothing(_: Stage) -> None:
    """It is over by itself."""


@dataclass(frozen=True, slots=True)
class Trouble:
    begin: Callable[[Stage], object]
    end: Callable[[Stage], object]
    told: str = ""
    """Words of the line under the summary; empty where the age alone is told, because nothing is known to be wrong yet."""
    lasts: float = 0.0
    """Seconds it lasts at least."""
    interval: float = 0.5
    ssl_mode: str = "DISABLED"
    passes: bool = False
    """It may be over before anybody looks."""
    breaks: bool = False
    """It is the server itself that suffers: it gets one of its own."""
    arguments: tuple[str, ...] = ()
    names: tuple[Name, ...] = NAMES


TROUBLES = {
    "connection refused": Trouble(lambda s: s.line.refuse(), lambda s: s.line.mend(), "Connection refused", names=("mysql97",)),
    "a name that is not found": Trouble(lose_the_name, find_the_name, "check the host name (-h)", names=("mariadb1011",)),
    "a name server that hangs": Trouble(hang_the_names, lambda s: s.names_answer.set(), names=("mariadb118",)),
    "packets dropped silently": Trouble(lambda s: s.line.drop(), lambda s: s.line.mend(), "does not answer in time"),
    "half a packet": Trouble(lambda s: s.line.alter(s.line.halve), lambda s: s.line.mend()),
    "slow in the middle of a row": Trouble(lambda s: s.line.alter(slowly), lambda s: s.line.mend()),
    "garbage": Trouble(lambda s: s.line.alter(garbled), lambda s: s.line.mend(), "retry in"),
    "our session closed when idle for 1 s": Trouble(lambda s: s.line.limit_idle(1), lambda s: s.line.mend(), "lost", interval=1.5, passes=True),
    "KILL of our own session": Trouble(lambda s: s.kill_ours(), nothing, "lost", passes=True),
    "a password that expires": Trouble(expire, renew, "the password has expired"),
    "max_connections reached": Trouble(crowd_out, disperse, "all connections are in use", breaks=True, arguments=("--max-connections=10",)),
    "SIGSTOP": Trouble(lambda s: s.server.freeze(), lambda s: s.server.thaw(), "retry in", lasts=6, breaks=True, names=("mysql97",)),
    "SIGSTOP, MariaDB": Trouble(lambda s: s.server.freeze(), lambda s: s.server.thaw(), breaks=True, names=("mariadb1011", "mariadb118")),
    "a restart": Trouble(lambda s: s.server.stop(), lambda s: s.server.start(), "closed the connection", breaks=True),
    "a crash": Trouble(lambda s: s.server.kill(), lambda s: s.server.start(), "closed the connection", breaks=True),
    "TLS that is not there any more": Trouble(restart_bare, restart, "--ssl-mode", ssl_mode="REQUIRED", breaks=True, names=("mariadb118",)),
    "another server in its place": Trouble(put_another_in_its_place, nothing, "lost", breaks=True, passes=True),
}  # fmt: skip
ROWS = [(case, name) for case, trouble in TROUBLES.items() for name in trouble.names]


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    case, name = request.param
    trouble = TROUBLES[case]
    server = (
        start_server(name, *trouble.arguments)
        if trouble.breaks or trouble.arguments
        else request.getfixturevalue(name)
    )
    with BadLine(server.port) as line, closing(server.connect(autocommit=True)) as admin:
        stage = Stage(server, line, start_server, admin=admin)
        stage.names_answer.set()
        real = socket.getaddrinfo
        monkeypatch.setattr(
            "goneaway_tui.source.sockets.sockets.getaddrinfo",
            lambda host, *rest, **more: stage.resolve(real, host, *rest, **more),
        )
        stage.run(
            "DROP USER IF EXISTS watcher, crowd",
            f"CREATE USER watcher IDENTIFIED BY '{PASSWORD}'",
            "CREATE USER crowd",
            "GRANT PROCESS ON *.* TO watcher",
            "GRANT SELECT ON performance_schema.* TO watcher",
        )
        yield stage
        stage.names_answer.set()
        disperse(stage)
        if not trouble.breaks:
            stage.run("DROP USER watcher, crowd")


def is_live(app: GoneawayApp) -> bool:
    """On a machine that is busy with other things our own looks may take long, and the board says so."""
    return app.freshness.words.startswith(("● live", "● slow server, read every"))


def age_shown(app: GoneawayApp) -> float | None:
    """Seconds, as the board says them; None where it calls itself live."""
    words = app.freshness.words
    found = re.search(r"read (?:(\d+) m )?(\d+) s ago", words)
    assert found or is_live(app), words
    return None if found is None else 60 * int(found[1] or 0) + int(found[2])


@pytest.mark.parametrize(("case", "stage"), [(row[0], row) for row in ROWS], indirect=["stage"],
                         ids=[" on ".join(row) for row in ROWS])  # fmt: skip
async def test_the_board_stands_through(case: str, stage: Stage) -> None:
    trouble = TROUBLES[case]
    address = Address(
        NAME_OF_HOST,
        stage.line.port,
        "watcher",
        PASSWORD,
        ssl_mode=trouble.ssl_mode,
        get_server_public_key=True,
    )
    source = LiveSource(address, time.time, interval=trouble.interval)
    app = GoneawayApp([MonitorSpec(source, interval=trouble.interval)], time.time)

    def seen_now() -> str:
        return f"{app.freshness.words}; {app.trouble}"

    def is_live_since(instant: float) -> bool:
        return app.snapshot is not None and app.snapshot.taken_at > instant and age_shown(app) is None

    async with app.run_test(size=(120, 36)) as pilot:
        await becomes_true(lambda: is_live(app), told=seen_now)
        before, well_until = app.snapshot, time.time()
        freshest = 2 * app.monitors[0].schedule.pause + 1
        await asyncio.to_thread(trouble.begin, stage)
        began = time.time()

        def is_over() -> bool:
            return trouble.passes and is_live_since(began)

        await becomes_true(lambda: age_shown(app) is not None or is_over(), told=seen_now)
        await becomes_true(lambda: trouble.told in app.trouble or is_over(), told=seen_now)
        with Stopwatch() as watch:
            while time.time() < began + trouble.lasts:
                await asyncio.sleep(0.2)
                age, truth, late = age_shown(app), time.time() - began, LATE + watch.late
                assert age is not None or truth < freshest + late
                assert age is None or truth - late < age < truth + freshest + late
        assert app.snapshot is not None
        assert app.snapshot is before or app.snapshot.taken_at >= well_until - freshest
        await asyncio.to_thread(trouble.end, stage)
        mended = time.time()
        await becomes_true(lambda: is_live_since(mended), told=seen_now)
        assert "" == app.trouble

        await asyncio.to_thread(trouble.begin, stage)
        await asyncio.sleep(1.2)
        leaving = Stopwatch()
        leaving.start()
        await pilot.press("q")
    leaving.stop()
    assert leaving.seconds < AT_ONCE
    assert app.crash is None
    await asyncio.to_thread(trouble.end, stage)


def test_quitting_waits_at_most_200_ms() -> None:
    assert live.CLOSE_SECONDS + poller.JOIN_SECONDS <= 0.2


def test_a_source_that_hangs_is_not_waited_for_twice(mysql97: RealServer) -> None:
    """The screen closes it on the way out, and so does who opened the screen."""
    source = LiveSource(Address("127.0.0.1", mysql97.port, "root"), time.time)
    with source._lock:
        waits = []
        for _ in range(3):
            began = time.monotonic()
            source.close()
            waits.append(time.monotonic() - began)

    assert waits[0] >= live.CLOSE_SECONDS
    assert sum(sorted(waits)[:2]) < live.CLOSE_SECONDS


async def test_second_server_that_started_with_the_first_is_recognised_as_another(
    start_server: StartServer,
) -> None:
    """Version and uptime are the same; MySQL says who it is."""
    first, second = start_server("mysql97"), start_server("mysql97")
    assert first.flavour is Flavour.MYSQL
    with BadLine(first.port) as line:
        source = LiveSource(Address("127.0.0.1", line.port, "root"), time.time, interval=0.5)
        app = GoneawayApp([MonitorSpec(source, interval=0.5)], time.time)
        async with app.run_test(size=(120, 36)):
            await becomes_true(lambda: app.snapshot is not None, told=lambda: app.trouble)
            assert app.snapshot is not None
            before = app.snapshot.sample.server
            line.target = second.port
            line.cut()
            await becomes_true(lambda: app.snapshot.sample.server.uid != before.uid, told=lambda: app.trouble)  # type: ignore[union-attr]
            await becomes_true(
                lambda: any("restarted" in note.message for note in app._notifications),
                told=lambda: "not told",
            )
