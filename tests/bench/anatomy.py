"""Where the CPU of a refresh goes, function by function: `python -m tests.bench.anatomy [--server mysql97] [--sessions 5000]`.

Our app in a terminal of 160x50 before real sessions that sleep, its two threads under cProfile: shares, since being
watched costs several times as much. What they cost unwatched is told by `tests.bench.scale`.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

from textual.pilot import Pilot

from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.ports import Source
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from tests.bench.crowd import USER, Seats, soft_limit
from tests.bench.insides import Watched
from tests.bench.peers import surroundings
from tests.bench.terminal import Mute, Terminal
from tests.servers.private import NAMES, Servers

SECONDS = 15.0
MOST = 12
"""Functions told of each thread."""


class Profiled(Watched):
    """A source that watches the thread that reads it, between two readings too."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.profile = cProfile.Profile(time.thread_time)
        self.wanted = self._is_on = False

    def sample(self) -> Sample:
        if self.wanted != self._is_on:
            self._is_on = self.wanted
            self.profile.enable() if self.wanted else self.profile.disable()
        return super().sample()


def told(profile: cProfile.Profile, refreshes: int, title: str) -> str:
    """The functions that take most, with what they call; milliseconds a refresh."""
    stats = pstats.Stats(profile)
    rows = [
        (with_calls / refreshes * 1000, own / refreshes * 1000, calls / refreshes, where)
        for where, (_, calls, own, with_calls, _) in stats.stats.items()  # type: ignore[attr-defined]
    ]
    total = sum(own for _, own, _, _ in rows)
    lines = [f"{title}: {total:.1f} ms", f"{'own':>10}{'with calls':>12}{'calls':>10}"]
    for order in (1, 0):
        chosen = sorted(rows, key=lambda row: -row[order])[:MOST]
        lines += [
            f"{own:10.2f}{with_calls:12.2f}{calls:10.0f}  {place(*where)}"
            for with_calls, own, calls, where in chosen
        ]
        lines.append("")
    return "\n".join(lines)


def place(file: str, line: int, function: str) -> str:
    path = Path(file)
    return f"{path.parent.name}/{path.name}:{line} {function}" if line else function


def within(output: Path, port: int) -> None:
    """In the terminal: run the app, and write down where its time went."""
    source = Profiled(LiveSource(Address("127.0.0.1", port, "root", ssl_mode="DISABLED"), time.time))
    app = GoneawayApp([MonitorSpec(source)], time.time)

    async def look(pilot: Pilot[object]) -> None:
        await asyncio.sleep(6)
        drawing = cProfile.Profile(time.thread_time)
        source.readings.clear()
        source.wanted = True
        drawing.enable()
        await asyncio.sleep(SECONDS)
        drawing.disable()
        source.wanted = False
        refreshes = len(source.readings)
        await asyncio.sleep(3)
        output.write_text(
            told(source.profile, refreshes, "reading and judging")
            + "\n"
            + told(drawing, refreshes, "drawing, ticks too"),
            encoding="utf-8",
        )
        pilot.app.exit()

    asyncio.run(app.run_async(auto_pilot=look))
    if app.crash is not None:
        raise app.crash


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=NAMES, default="mysql97")
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--churn", type=float, default=0)
    asked = parser.parse_args()
    soft_limit()
    room = [f"--max-connections={asked.sessions + 100}", f"--open-files-limit={asked.sessions * 2 + 200}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Servers() as servers,
        servers.run(asked.server, *room) as server,
        Seats(server.port) as seats,
    ):
        with server.connect() as connection:
            connection.cursor().execute(f"CREATE USER {USER}@'%'")
        seats.open(asked.sessions)
        seats.churn(asked.churn)
        output = Path(folder, "profile.txt")
        command = f"from pathlib import Path; from {__spec__.name} import within; within(Path({str(output)!r}), {server.port})"
        with Terminal([sys.executable, "-c", command], surroundings(Path(folder))) as terminal:
            until = time.monotonic() + SECONDS + 60
            while terminal.is_alive and time.monotonic() < until:
                time.sleep(0.1)
            if not output.exists():
                raise Mute(f"nothing from inside: {terminal.output[-3000:].decode(errors='replace')}")
        print(output.read_text("utf-8"))


if __name__ == "__main__":
    main()
