"""What waits for locks cost: `python -m tests.bench.blocking [--server mysql97 ...]`. Figures, not verdicts.

The server's CPU is that of the thread which serves our connection, by the kernel's own count; ours is that of this process.
The sessions that wait are sent their statement by this process, which reads no answer: it spends nothing on them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymysql.constants.COMMAND import COM_QUERY

from goneaway_tui.judge import judge
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.lock_waits import LockWaitReader
from goneaway_tui.source.sockets import Address
from tests.servers.private import EVERY_NAME, RealServer, Servers
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted, an_app

INSTRUMENT: Final = "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'"
SET_UP: Final = (
    "CREATE DATABASE IF NOT EXISTS waits",
    "CREATE TABLE waits.hot (id INT PRIMARY KEY, n INT) ENGINE=InnoDB",
    """CREATE PROCEDURE waits.change_for_ever(which INT) LOOP
       START TRANSACTION; UPDATE waits.hot SET n = n + 1 WHERE id = which; DO SLEEP(0.03); COMMIT; END LOOP""",
    INSTRUMENT,
)
ROWS: Final = 20
"""Rows of the table; each is locked for 30 ms at a time where waits come and go."""
UPDATE: Final = "UPDATE waits.hot SET n = n + 1 WHERE id = 1"


@dataclass(frozen=True, slots=True)
class Load:
    """Sessions that wait, or for comparison do not."""

    title: str
    holder: str
    """What one session runs first, and keeps its transaction open."""
    statement: Callable[[int], str]
    """What each session then runs, by its number."""
    sessions: int


LOADS: Final = (
    Load("200 run SLEEP", "DO 0", lambda _: "SELECT SLEEP(3600)", 200),
    Load("200 wait for one row", UPDATE, lambda _: UPDATE, 200),
    Load("200 wait for one table's definition", "SELECT n FROM waits.hot WHERE id = 1",
         lambda number: "SELECT n FROM waits.hot" if number else "ALTER TABLE waits.hot ADD COLUMN m INT", 200),
    Load("500 wait for one row", UPDATE, lambda _: UPDATE, 500),
    Load("120 wait for 20 rows, each 30 ms at a time", "DO 0",
         lambda number: f"CALL waits.change_for_ever({number % ROWS})", 120),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians of a reading and of what follows it, in CPU milliseconds."""

    waiting: float
    """Sessions that waited."""
    waits_per_second: float
    reading: float
    """Our reading, all of it."""
    refresh: float
    """Our reading, the judging and the drawing."""
    server: float
    """The server, for all of our reading."""
    server_locks: float
    """The server, for what is asked because sessions wait."""


@contextmanager
def under(server: RealServer, load: Load) -> Iterator[None]:
    """The sessions of a load, all in their statement."""
    connections: list[Any] = []
    try:
        for number in range(-1, load.sessions):
            connection: Any = server.connect(autocommit=number >= 0, ssl_disabled=True)
            connections.append(connection)
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION innodb_lock_wait_timeout = 3600")
                if number < 0:
                    cursor.execute(load.holder)
            if number >= 0:
                connection._execute_command(COM_QUERY, load.statement(number))
                if number == 0:
                    time.sleep(0.3)  # the first is ahead of all others
        time.sleep(2)
        yield
    finally:
        with closing(server.connect(autocommit=True)) as root, root.cursor() as cursor:
            for connection in reversed(connections):
                cursor.execute(f"KILL {connection.thread_id()}")
                connection._force_close()


def waits_begun(server: RealServer) -> int:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'")
        return int(cursor.fetchone()[1])


class ServerThread:
    """The thread that serves a session; MySQL and MariaDB have one for each."""

    def __init__(self, server: RealServer, session: int) -> None:
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"SELECT thread_os_id FROM performance_schema.threads WHERE processlist_id = {session}"
            )
            self._file = Path(f"/proc/{server.pid}/task/{cursor.fetchone()[0]}/schedstat")

    def cpu_ms(self) -> float:
        return int(self._file.read_text().split()[0]) / 1e6


def measure(server: RealServer, load: Load, readings: int) -> Figures:
    with (
        under(server, load),
        closing(
            LiveSource(Address("127.0.0.1", server.port, "root", ssl_mode="DISABLED"), time.time)
        ) as source,
    ):
        first = source.sample()
        thread = ServerThread(server, first.server.own_session_ids[0])
        in_locks: list[float] = []
        with noting(thread, in_locks):
            begun, began = waits_begun(server), time.monotonic()
            taken = asyncio.run(refreshes(source, thread, judge(first), readings))
            rate = (waits_begun(server) - begun) / (time.monotonic() - began)
    median = {name: statistics.median(row[name] for row in taken) for name in taken[0]}
    return Figures(
        median["waiting"],
        rate,
        median["reading"],
        median["refresh"],
        median["server"],
        statistics.median(in_locks),
    )


@contextmanager
def noting(thread: ServerThread, taken: list[float]) -> Iterator[None]:
    """Note the server's CPU of each reading of the waits."""
    read: Any = LockWaitReader.read

    def noted(self: LockWaitReader, *arguments: Any) -> Any:
        began = thread.cpu_ms()
        waits = read(self, *arguments)
        taken.append(thread.cpu_ms() - began)
        return waits

    LockWaitReader.read = noted  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        LockWaitReader.read = read  # type: ignore[method-assign]


async def refreshes(
    source: LiveSource, thread: ServerThread, first: Snapshot, readings: int
) -> list[dict[str, float]]:
    """One each second: what the reading, and the whole refresh up to the painted screen, spends."""
    clock = HeldClock(first.taken_at)
    app = an_app(Scripted(first.sample), clock)
    taken = []
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(app, pilot)
        for _ in range(readings):
            await asyncio.sleep(1)
            server, began = thread.cpu_ms(), time.process_time()
            sample = source.sample()
            read = time.process_time()
            clock.now = sample.taken_at
            snapshot = judge(sample, app.snapshot)
            app.now, app.snapshot = clock.now, snapshot
            await pilot.pause()
            taken.append(
                {
                    "waiting": float(len(sample.lock_waits or ())),
                    "reading": (read - began) * 1000,
                    "refresh": (time.process_time() - began) * 1000,
                    "server": thread.cpu_ms() - server,
                }
            )
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=EVERY_NAME, action="append")
    parser.add_argument("--readings", type=int, default=15)
    asked = parser.parse_args()
    print(
        "| server | sessions | waiting | waits a second | our reading | our refresh | the server | for the locks |"
    )
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for name in asked.server or EVERY_NAME:
        with Servers() as servers, servers.run(name, "--max-connections=700") as server:
            with closing(server.connect(autocommit=True)) as root, root.cursor() as cursor:
                for statement in SET_UP:
                    cursor.execute(statement)
                cursor.executemany("INSERT INTO waits.hot VALUES (%s, 0)", [(row,) for row in range(ROWS)])
            for load in LOADS:
                seen = measure(server, load, asked.readings)
                print(
                    f"| {name} | {load.title} | {seen.waiting:,.0f} | {seen.waits_per_second:,.0f} "
                    f"| {seen.reading:.1f} | {seen.refresh:.1f} | {seen.server:.1f} | {seen.server_locks:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
