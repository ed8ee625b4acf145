"""What a board over many servers costs: `python -m tests.bench.fleet [--servers 200] [--sessions 500]`. Figures, not verdicts.

Simulated servers in this process, each played in a thread of its own, once a second, in a terminal of 160x50. Playing them is
no cost of ours and told apart, as far as it can be: it shares the processor, and Python's one lock, with the screen.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import threading
import time
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from goneaway_tui.cli.screen import freeze_startup_objects
from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.ui.app import GoneawayApp
from tests.bench.exporter import own_memory
from tests.bench.insides import Loop
from tests.bench.terminal import percentile

KEYS = 200


class Played(SimulatedSource):
    """Tells what playing itself costs, and holds still when told: then it says the same again, at another time."""

    spent: float = 0.0
    readings: int = 0
    gate = threading.Event()

    def sample(self) -> Sample:
        self.gate.wait()
        began = time.thread_time()
        sample = super().sample()
        Played.spent += time.thread_time() - began
        Played.readings += 1
        return sample


def threads_clock(*names: str) -> float:
    """CPU seconds of all threads so called."""
    return sum(
        time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.name in names and thread.ident is not None
    )


async def key_to_paint(app: GoneawayApp) -> list[float]:
    """Seconds from a key to the lines it moved, at random moments while all are polled."""
    taken = []
    table = app._board.sessions
    for number in range(KEYS):
        await asyncio.sleep(0.013 + number % 7 * 0.011)
        before, began = table.cursor, time.perf_counter()
        key = "down" if before < 10 else "up"
        app.post_message(events.Key(key, None))
        while table.cursor == before and time.perf_counter() - began < 1:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        painted = asyncio.Event()
        app.call_after_refresh(painted.set)
        await painted.wait()
        taken.append(time.perf_counter() - began)
    return taken


async def measured(app: GoneawayApp, servers: int, seconds: float) -> dict[str, float]:
    while not all(each.is_healthy for each in app.server_statuses) or not app.server_statuses:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    Played.spent, Played.readings = 0.0, 0
    whole, pollers = time.process_time(), threads_clock("poller")
    began = time.monotonic()
    loop = Loop()
    await asyncio.sleep(seconds)
    lasted = time.monotonic() - began
    whole, pollers = time.process_time() - whole, threads_clock("poller") - pollers
    played, readings = Played.spent, Played.readings
    stalls = loop.figures()
    keys = await key_to_paint(app)
    rows = len(app._board.sessions.rows)
    gc.collect()
    memory = own_memory()
    Played.gate.clear()
    await asyncio.sleep(2)
    still = time.process_time()
    await asyncio.sleep(seconds / 2)
    still = (time.process_time() - still) / (seconds / 2)
    Played.gate.set()
    await asyncio.sleep(3)
    return {
        "rows": rows,
        "readings a second": readings / lasted,
        "wanted a second": servers,
        "play, CPU ms a second": played / lasted * 1000,
        "judge, CPU ms a second": (pollers - played) / lasted * 1000,
        "draw, CPU ms a second": (whole - pollers) / lasted * 1000,
        "nothing new, CPU ms a second": still * 1000,
        "key to paint, median ms": statistics.median(keys) * 1000,
        "key to paint, 95 % ms": percentile(keys, 0.95) * 1000,
        "key to paint, worst ms": max(keys) * 1000,
        "stall 99 % ms": stalls["stall 99 %"],
        "stall, worst ms": stalls["stall"],
        "memory MiB": memory,
    }


async def inside(servers: int, sessions: int, seconds: float) -> dict[str, float]:
    Played.gate.set()
    sources = [Played(time.time, sessions=sessions, seed=number) for number in range(servers)]
    for source in sources:
        source.sample()
    gc.collect()
    before = own_memory()
    app = GoneawayApp(
        [MonitorSpec(each, name=f"db{number}") for number, each in enumerate(sources, 1)], time.time
    )
    freeze_startup_objects()  # as the program does
    figures: dict[str, float] = {}

    async def look(pilot: Pilot[object]) -> None:
        figures.update(await measured(app, servers, seconds))
        began = time.perf_counter()
        pilot.app.exit()
        figures["asked to leave at"] = began

    await app.run_async(auto_pilot=look, headless=True, size=(160, 50))
    figures["left after, ms"] = (time.perf_counter() - figures.pop("asked to leave at")) * 1000
    figures["of it the play's MiB"] = before
    if app.crash is not None:
        raise app.crash
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    figures = asyncio.run(inside(asked.servers, asked.sessions, asked.seconds))
    print(f"{asked.servers} servers x {asked.sessions} sessions")
    for what, figure in figures.items():
        print(f"  {what:<32} {figure:>10,.1f}")
    if asked.output is not None:
        asked.output.write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
