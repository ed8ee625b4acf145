"""What one refresh costs: `python -m tests.bench.refresh [sessions ...]` prints a table. Figures, not verdicts.

CPU milliseconds of this process, median of several, on the simulated source; the raw fetch of a real server beside it
with `--server mysql97` (or another name of tests/servers), which opens that many real sessions first.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from goneaway_tui.export import FORMATS
from goneaway_tui.judge import judge
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.source.sockets import Address
from tests.servers.private import NAMES, Servers
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, an_app

RAW = {
    "mysql97": "SELECT processlist_id, processlist_user, processlist_host, processlist_db, processlist_command, "
    "processlist_time, processlist_state, processlist_info, thread_id, name FROM performance_schema.threads "
    "WHERE processlist_id IS NOT NULL",
    "mariadb": "SELECT id, user, host, db, command, time_ms, state, info FROM information_schema.processlist",
}


def cpu_ms(what: Callable[[], object], times: int = 9) -> float:
    """CPU milliseconds of one call, the median of several."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        what()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


async def drawing_ms(sessions: int) -> float:
    """CPU milliseconds from a snapshot to the painted screen, 160x50."""
    clock = HeldClock()
    source = SimulatedSource(clock, sessions=sessions)
    app = an_app(source, clock)
    taken = []
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(app, pilot)
        for _ in range(9):
            clock.now += 1
            snapshot = judge(source.sample(), app.snapshot)
            began = time.process_time()
            app.now, app.snapshot = clock.now, snapshot
            await pilot.pause()
            taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def simulated(sessions: int) -> dict[str, float]:
    clock = HeldClock()
    source = SimulatedSource(clock, sessions=sessions)
    sample = source.sample()
    taken = judge(sample)

    class Nowhere:
        def write(self, text: str) -> int:
            return len(text)

    nowhere: Any = Nowhere()
    return {
        "judge": cpu_ms(lambda: judge(sample, taken)),
        "draw": asyncio.run(drawing_ms(sessions)),
        "write json": cpu_ms(lambda: FORMATS["json"].write(taken, nowhere), 3),
    }


def live(name: Any, sessions: int) -> dict[str, float]:
    with Servers() as servers, servers.run(name, f"--max-connections={sessions + 50}") as server:
        seated = [server.connect(ssl_disabled=True) for _ in range(sessions)]
        raw = server.connect()
        cursor = raw.cursor()
        source = LiveSource(Address("127.0.0.1", server.port, "root", ssl_mode="DISABLED"), time.time)
        source.sample()
        figures = {
            "raw fetch": cpu_ms(lambda: (cursor.execute(RAW.get(name, RAW["mariadb"])), cursor.fetchall())),
            "our reading": cpu_ms(source.sample),
        }
        source.close()
        for connection in [*seated, raw]:
            connection.close()
        return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", nargs="*", type=int, default=[300, 3000, 20_000])
    parser.add_argument("--server", choices=NAMES)
    asked = parser.parse_args()
    for sessions in asked.sessions:
        figures = live(asked.server, sessions) if asked.server else simulated(sessions)
        print(
            f"{sessions:>7,} sessions  " + "  ".join(f"{what} {ms:8.1f} ms" for what, ms in figures.items())
        )


if __name__ == "__main__":
    main()
