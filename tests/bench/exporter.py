"""What a scrape costs, and whether churn leaves anything behind: `python -m tests.bench.exporter`. Figures, not verdicts.

A scrape of 20,000 made-up sessions beside a bare `prometheus_client` with the very same series; then 24 simulated hours
in which sessions of ever new programs come and go, read every ten seconds, and memory each simulated hour.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from goneaway_tui.judge import track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.metrics.collector import COUNTER, FAMILIES, MetricsStore
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot
from goneaway_tui.source.simulated import SimulatedSource

START = 1_795_459_202.5
EVERY = 10.0
"""Simulated seconds between two readings of the churn."""


class Held:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def spent(act: Callable[[], object], times: int = 15) -> float:
    """Median CPU milliseconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        act()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def bare(board: MetricsStore) -> CollectorRegistry:
    """The same series in gauges and counters of the library's own."""
    registry = CollectorRegistry()
    for metric in board.collect():
        family = FAMILIES[next(n for n in FAMILIES if n.removesuffix("_total") == metric.name)]
        labels = ("server", *family.labels)
        kind = Counter if family.kind == COUNTER else Gauge
        instrument = kind(metric.name, family.help, labels, registry=registry)
        for sample in metric.samples:
            child = instrument.labels(**sample.labels)
            child.inc(sample.value)
    return registry


def many(sample: Sample, users: int, programs: int) -> Sample:
    """The same sessions, of so many users and programs."""
    return replace(
        sample,
        sessions=tuple(
            replace(each, user=f"user_{n % users}", program=f"program_{n // users % programs}")
            for n, each in enumerate(sample.sessions)
        ),
    )


def scrape(sessions: int, most_series: int) -> None:
    clock = Held()
    source = SimulatedSource(clock, sessions=sessions)
    board = MetricsStore(["db-01"], clock, most_series)
    first = track(many(source.sample(), 200, 25), None, RiskThresholds())
    board["db-01"] = board["db-01"].after(first, 0.1)
    registry = CollectorRegistry()
    registry.register(board)
    plain_registry = bare(board)
    series = sum(len(metric.samples) for metric in board.collect())
    counting = spent(lambda: board["db-01"].after(first, 0.1))

    def fresh() -> bytes:
        """As after each reading: nothing is drawn yet."""
        board["db-01"] = board["db-01"].after(first, 0.1)
        return b""

    ours, theirs = [], []
    for _ in range(5):
        fresh()
        ours.append(spent(lambda: generate_latest(registry), 1))
        theirs.append(spent(lambda: generate_latest(plain_registry), 1))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{sessions:,} sessions, {series:,} series: a scrape {mine:.1f} ms, bare prometheus_client {other:.1f} ms, "
          f"ratio {mine / other:.2f}; counting a reading {counting:.1f} ms")  # fmt: skip


def own_memory() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def churn(hours: int, sessions: int, most_series: int) -> None:
    clock = Held()
    source = SimulatedSource(clock, sessions=sessions)
    board = MetricsStore(["db-01"], clock, most_series)
    registry = CollectorRegistry()
    registry.register(board)
    last: Snapshot | None = None
    lessons = NOTHING_LEARNED
    print(
        f"{hours} simulated hours, {sessions} sessions, each of a program of its own, --max-series {most_series}"
    )
    for turn in range(int(hours * 3600 / EVERY)):
        sample = source.sample()
        sample = replace(
            sample, sessions=tuple(replace(each, program=f"job-{each.id}") for each in sample.sessions)
        )
        taken = track(sample, last, RiskThresholds(), lessons)
        last, lessons = taken.snapshot, taken.learned_limits
        board["db-01"] = board["db-01"].after(taken, 0.1)
        if turn % int(3600 / EVERY) == 0:
            text = generate_latest(registry)
            gc.collect()
            lines = sum(not line.startswith(b"#") for line in text.splitlines())
            print(f"hour {turn * EVERY / 3600:>4.0f}  {lines:>6} series  {own_memory():>6.1f} MiB  {sample.sessions[-1].id:>8} ids so far", flush=True)  # fmt: skip
        clock.now += EVERY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--hours", type=int, default=24)
    asked = parser.parse_args()
    for most in (5000, 50_000):
        scrape(asked.sessions, most)
    churn(asked.hours, 300, 200)


if __name__ == "__main__":
    main()
