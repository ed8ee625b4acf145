"""What a refresh is made of, from within: our app in this very terminal, on a server or simulated.

    python -m tests.bench.insides OUTPUT --port 3306       a server on this machine
    python -m tests.bench.insides OUTPUT --simulated 20000
    python -m tests.bench.insides OUTPUT --nothing         an event loop with nothing to do: what the machine does to one

The figures go to the file OUTPUT as JSON. In a terminal because without one the framework does not draw all the way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import threading
import time
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goneaway_tui.cli.screen import freeze_startup_objects
from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.ports import Source
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from tests.bench.terminal import percentile

_BEAT = 0.005
"""Seconds between two looks at the clock by the loop."""


class Watched:
    """A source whose readings are timed, and that can be held up."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.readings: list[float] = []
        """CPU seconds of each."""
        self.gate = threading.Event()
        self.gate.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def sample(self) -> Sample:
        self.gate.wait()
        began = time.thread_time()
        sample = self._source.sample()
        self.readings.append(time.thread_time() - began)
        return sample


class Loop:
    """The worst the loop has kept anybody waiting."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + _BEAT
        self._next = self._loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        now = self._loop.time()
        self.late.append(now - self._due)
        self._due = now + _BEAT
        self._next = self._loop.call_at(self._due, self._beat)

    def figures(self) -> dict[str, float]:
        self._next.cancel()
        return {
            "stall 99 %": percentile(self.late, 0.99) * 1000,
            "stall 99.9 %": percentile(self.late, 0.999) * 1000,
            "stall": max(self.late) * 1000,
        }


def poller_clock() -> int:
    """The CPU clock of the thread that reads and judges."""
    for thread in threading.enumerate():
        if thread.name == "poller" and thread.ident is not None:
            return time.pthread_getcpuclockid(thread.ident)
    raise LookupError("no thread is called poller")


async def measured(app: GoneawayApp, source: Watched, seconds: float) -> dict[str, float]:
    """CPU milliseconds a refresh, by what they were spent on; how long the loop stalled, in milliseconds."""
    while app.snapshot is None:  # noqa: ASYNC110 - nobody tells when the first poll is in
        await asyncio.sleep(0.05)
    await asyncio.sleep(3)
    poller = poller_clock()
    source.readings.clear()
    whole, worked = time.process_time(), time.clock_gettime(poller)
    await asyncio.sleep(seconds)
    whole, worked = time.process_time() - whole, time.clock_gettime(poller) - worked
    refreshes, read = len(source.readings), statistics.median(source.readings)
    loop = Loop()
    await asyncio.sleep(seconds)
    stalls = loop.figures()
    source.gate.clear()
    await asyncio.sleep(2)
    ticks = time.process_time()
    await asyncio.sleep(seconds / 2)
    ticks = (time.process_time() - ticks) * 2
    source.gate.set()
    each = 1000 / refreshes
    return {
        "read": read * 1000,
        "judge": (worked - sum(source.readings[:refreshes])) * each,
        "draw": (whole - worked - ticks) * each,
        "refresh": (whole - ticks) * each,
        "ticks, a second": ticks / seconds * 1000,
        "refreshes a second": refreshes / seconds,
        **stalls,
    }


async def inside(asked: argparse.Namespace) -> dict[str, float]:
    if asked.nothing:
        loop = Loop()
        await asyncio.sleep(asked.seconds)
        return loop.figures()
    if asked.simulated:
        plain: Source = SimulatedSource(time.time, sessions=asked.simulated)
    else:
        plain = LiveSource(Address("127.0.0.1", asked.port, "root", ssl_mode="DISABLED"), time.time)
    source = Watched(plain)
    app = GoneawayApp([MonitorSpec(source, first=judge(source.sample()))], time.time)
    freeze_startup_objects()  # as the program does
    figures: dict[str, float] = {}

    async def look(pilot: Pilot[object]) -> None:
        figures.update(await measured(app, source, asked.seconds))
        pilot.app.exit()

    await app.run_async(auto_pilot=look)
    if app.crash is not None:
        raise app.crash
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--port", type=int, default=3306)
    parser.add_argument("--simulated", type=int)
    parser.add_argument("--nothing", action="store_true")
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    asked.output.write_text(json.dumps(asyncio.run(inside(asked))), encoding="utf-8")


if __name__ == "__main__":
    main()
