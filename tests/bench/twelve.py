"""One board over real servers of which some fail: `python -m tests.bench.twelve [--servers 12] [--sessions 200]`. Figures, not verdicts.

All sessions idle to limits that are foretold while one server is frozen, one refuses us and one is restarted. Told are, by
server, how far what the board said last lay from the instant the socket was closed; and what the others and the keys
feel of it: before, during and after. At the end each server is frozen once, to see when it is marked.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from textual.pilot import Pilot

from goneaway_tui.cli.screen import freeze_startup_objects
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from tests.bench.fleet import key_to_paint
from tests.bench.sitters import STIR_WITHIN, Seat, Sitters
from tests.bench.terminal import percentile
from tests.servers.private import NAMES, RealServer, Servers

INTERVAL = 1.0
FROZEN, RESTARTED, REFUSING = 0, 1, 2
"""Which server fails how, by its place. All kinds of server have one of these."""
BATCHES = 10
BATCH_SECONDS = 4.0
"""A batch comes, and closes, in so long; the next has another limit."""
SHORTEST, APART = 75, 8
"""Seconds: the first batch's limit, and by how much each next one's is longer."""
WATCHER = "watcher"
PATIENCE = 90.0
EXACT = 0.1
"""Seconds beyond which a closing is counted as missed, whoever was late."""


@dataclass(slots=True)
class Heard:
    """What the board said of each server's sessions last, and when it was read."""

    app: GoneawayApp
    words: list[dict[int, Verdict]] = field(default_factory=list)
    readings: list[list[float]] = field(default_factory=list)

    async def listen(self) -> None:
        self.words = [{} for _ in self.app.monitors]
        self.readings = [[] for _ in self.app.monitors]
        last = [None for _ in self.app.monitors]
        while True:
            for place, each in enumerate(self.app.monitors):
                if each.newest is not None and each.newest is not last[place]:
                    last[place] = each.newest  # type: ignore[call-overload]
                    self.readings[place].append(each.newest.taken_at)
                    self.words[place].update((v.session.id, v) for v in each.newest.verdicts)
            await asyncio.sleep(0.05)

    def has_all(self, seats: Sequence[Seat]) -> bool:
        return all(each.id in self.words[each.place] for each in seats)


@dataclass(frozen=True, slots=True)
class Phase:
    """What the others and the keys felt for a while."""

    name: str
    keys: list[float]
    pauses: list[float]
    """Seconds between two readings of one server, of all that never fail."""

    def cells(self) -> str:
        figures = (
            *(statistics.median(self.keys), percentile(self.keys, 0.95)),
            *(statistics.median(self.pauses), percentile(self.pauses, 0.99), max(self.pauses)),
        )
        return f"| {self.name} | {' | '.join(f'{each * 1000:,.0f}' for each in figures)} |"


@dataclass(slots=True)
class Run:
    """Everything that came of it."""

    phases: list[Phase] = field(default_factory=list)
    marked_after: list[float] = field(default_factory=list)
    """Seconds from freezing a server to its mark: first while others fail too, then each alone."""
    held: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By server, while it could close nobody in time, or ended everybody."""
    seats: list[Seat] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)

    def foretold(self, place: int) -> list[Seat]:
        """Those of a server who idled to their limit, and whom it was free to close."""
        begin, end = self.held.get(place, (0.0, 0.0))
        return [
            each
            for each in self.seats
            if each.place == place and each.closed_at is not None and not begin <= each.closed_at <= end
        ]


async def comes_true(fact: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Seconds until it is so. Raises TimeoutError."""
    began = time.monotonic()
    while not fact():
        if time.monotonic() - began > seconds:
            raise TimeoutError(what)
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def phase(name: str, app: GoneawayApp, heard: Heard) -> Phase:
    """Press keys for some twenty seconds."""
    print(f"{name} ...", flush=True)
    began = time.time()
    keys = await key_to_paint(app)
    pauses = [
        later - earlier
        for readings in heard.readings[REFUSING + 1 :]
        for earlier, later in pairwise(readings)
        if earlier >= began
    ]
    return Phase(name, keys, pauses)


@contextmanager
def refusing(server: RealServer) -> Iterator[None]:
    """Nobody who looks at it is let in, and who is in is put out; all others stay."""
    with closing(server.connect(autocommit=True)) as admin, admin.cursor() as cursor:
        cursor.execute(f"ALTER USER {WATCHER}@'%' ACCOUNT LOCK")
        cursor.execute("SHOW PROCESSLIST")
        for number in [row[0] for row in cursor.fetchall() if row[1] == WATCHER]:
            cursor.execute(f"KILL {number}")
        yield
        cursor.execute(f"ALTER USER {WATCHER}@'%' ACCOUNT UNLOCK")


async def seat_all(sitters: Sitters, sessions: int, heard: Heard) -> None:
    """In batches: the next limit is set when the board has seen everybody who has this one."""
    for number in range(BATCHES):
        count = sessions * (number + 1) // BATCHES - sessions * number // BATCHES
        if count:
            seats = await asyncio.to_thread(sitters.seat, count, SHORTEST + APART * number, BATCH_SECONDS)
            await comes_true(lambda seats=seats: heard.has_all(seats), "all are seen")  # type: ignore[misc]
    await asyncio.sleep(STIR_WITHIN)


async def fail(servers: Sequence[RealServer], app: GoneawayApp, heard: Heard, run: Run) -> None:
    """Freeze one, be refused by one and restart one; all at once."""
    frozen, restarted = servers[FROZEN], servers[RESTARTED]
    began = time.time()
    frozen.freeze()
    try:
        run.marked_after.append(
            await comes_true(lambda: not app.server_statuses[FROZEN].is_healthy, "the frozen one is marked")
        )
        with refusing(servers[REFUSING]):
            await comes_true(
                lambda: not app.server_statuses[REFUSING].is_healthy, "the refusing one is marked"
            )
            stopped = time.time()
            await asyncio.to_thread(restarted.stop)
            await asyncio.to_thread(restarted.start)
            run.held[RESTARTED] = stopped, time.time()
            run.phases.append(await phase("one frozen, one refusing, one restarted", app, heard))
    finally:
        frozen.thaw()
    run.held[FROZEN] = began, time.time() + 1
    await comes_true(lambda: all(each.is_healthy for each in app.server_statuses), "all are well again")


async def watch(
    servers: Sequence[RealServer], sitters: Sitters, sessions: int, app: GoneawayApp, run: Run
) -> None:
    heard = Heard(app)
    listening = asyncio.create_task(heard.listen())
    await comes_true(
        lambda: len(app.server_statuses) > 0 and all(each.is_healthy for each in app.server_statuses),
        "all are well",
    )
    await seat_all(sitters, sessions, heard)
    run.phases.append(await phase("all well", app, heard))
    await fail(servers, app, heard, run)
    run.phases.append(await phase("all well again", app, heard))
    print("the rest closes ...", flush=True)
    give_up = time.monotonic() + SHORTEST + APART * BATCHES
    while time.monotonic() < give_up and not all(each.closed_at for each in run.seats or [Seat(0, 0, 0, 0)]):
        await asyncio.sleep(1)
        run.seats = await asyncio.to_thread(sitters.seats)
    await asyncio.sleep(2 * INTERVAL)
    for each in app.monitors:
        run.causes.update(dict(each.ledger.totals("cause")))
    for place, server in enumerate(servers):
        server.freeze()
        try:
            took = await comes_true(
                lambda place=place: not app.server_statuses[place].is_healthy,  # type: ignore[misc]
                "it is marked",
            )
        finally:
            server.thaw()
        run.marked_after.append(took)
        await comes_true(lambda: all(each.is_healthy for each in app.server_statuses), "all are well again")
    listening.cancel()
    tell(servers, heard, run)


def tell(servers: Sequence[RealServer], heard: Heard, run: Run) -> None:
    """The tables."""
    print(
        "\n| server | closed by its limit | foretold | median error, ms | worst | beyond 100 ms |\n|---|--:|--:|--:|--:|--:|"
    )
    for place, server in enumerate(servers):
        closed = run.foretold(place)
        words = [(each, heard.words[place].get(each.id)) for each in closed]
        told = [
            (each, word.deadline) for each, word in words if word is not None and word.deadline is not None
        ]
        errors = [abs((each.closed_at or 0.0) - deadline) for each, deadline in told]
        off = sum(error > EXACT for error in errors)
        figures = f"{statistics.median(errors) * 1000:.0f} | {max(errors) * 1000:.0f}" if errors else " | "
        print(f"| {server.name}, {place + 1} | {len(closed)} | {len(told)} | {figures} | {off} |")
    left = sum(each.closed_at is None for each in run.seats)
    counted = sum(len(run.foretold(place)) for place in range(len(servers)))
    print(f"\n{len(run.seats)} sessions: {counted} closed by their limit, {len(run.seats) - counted - left} while frozen"
          f" or by the restart, {left} not at all; closed past their limit by up to "
          f"{max(each.noise for p in range(len(servers)) for each in run.foretold(p)) * 1000:.0f} ms")  # fmt: skip
    print(f"told by cause: {', '.join(f'{what} {count}' for what, count in run.causes.most_common())}")
    print(
        "\n| milliseconds | key to paint, median | 95 % | pause between readings of the others, median | 99 % | longest |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for each in run.phases:
        print(each.cells())
    first, *rest = run.marked_after
    print(
        f"\nmarked {first:.2f} s after it froze; each alone, one after another: {min(rest):.2f} to {max(rest):.2f} s"
    )


def board_of(servers: Sequence[RealServer]) -> GoneawayApp:
    subjects = [
        MonitorSpec(
            LiveSource(Address("127.0.0.1", server.port, WATCHER), time.time, interval=INTERVAL),
            name=f"{server.name}-{place}",
            interval=INTERVAL,
        )
        for place, server in enumerate(servers, 1)
    ]
    return GoneawayApp(subjects, time.time)


async def inside(servers: Sequence[RealServer], sitters: Sitters, sessions: int) -> None:
    app = board_of(servers)
    freeze_startup_objects()  # as the program does
    run = Run()

    async def look(pilot: Pilot[object]) -> None:
        await watch(servers, sitters, sessions, app, run)
        pilot.app.exit()

    await app.run_async(auto_pilot=look, headless=True, size=(160, 50))
    if app.crash is not None:
        raise app.crash


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=12, help="at least 4")
    parser.add_argument("--sessions", type=int, default=200, help="on each")
    asked = parser.parse_args()
    if asked.servers <= REFUSING + 1 or asked.sessions < 1:
        parser.error("one has to be left that does not fail, and somebody has to be there")
    with ExitStack() as stack:
        servers = stack.enter_context(Servers())
        running: list[RealServer] = []
        for place in range(asked.servers):
            name = NAMES[place % len(NAMES)]
            server = stack.enter_context(servers.run(name, f"--max-connections={asked.sessions + 50}"))
            with closing(server.connect(autocommit=True)) as admin, admin.cursor() as cursor:
                cursor.execute(f"CREATE USER {WATCHER}@'%'")
                cursor.execute(f"GRANT ALL ON *.* TO {WATCHER}@'%'")
            running.append(server)
        print(f"{asked.servers} servers of {asked.sessions} sessions run", flush=True)
        sitters = stack.enter_context(Sitters([each.port for each in running]))
        asyncio.run(inside(running, sitters, asked.sessions))


if __name__ == "__main__":
    main()
