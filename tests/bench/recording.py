"""What a recording costs: `python -m tests.bench.recording [--hours 24] [--sessions 500]` prints a table. Figures, not verdicts.

A day of the simulated source, one sample a second, judged and recorded with the departures between; then opened and
jumped about in, beside a copy that was cut at two thirds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from goneaway_tui.judge import judge
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.simulated import SimulatedSource
from tests.builders import NOW

JUMPS = 200


def departed(before: Snapshot | None, after: Snapshot) -> tuple[Departure, ...]:
    """Whoever is not there any more, with a cause told by the deadline alone: how long the sentences are is what counts."""
    if before is None:
        return ()
    there = {verdict.session.id for verdict in after.verdicts}
    return tuple(
        Departure(
            verdict,
            after.taken_at,
            0.5,
            Cause.CLIENT_QUIT if (verdict.deadline or 0) > after.taken_at else Cause.IDLE_TIMEOUT,
            Certainty.LIKELY,
            (
                f"it was last seen {after.taken_at - before.taken_at:.1f} s before it was gone",
                "Aborted_clients rose by 1 between the two readings, and one session of this account left",
            ),
        )
        for verdict in before.verdicts
        if verdict.session.id not in there
    )


def a_day(seconds: int, sessions: int) -> Iterator[tuple[Snapshot, tuple[Departure, ...]]]:
    """One sample a second, as exactly as a poll comes."""
    now, wobble = NOW, random.Random(1)
    source = SimulatedSource(lambda: now, sessions=sessions)
    before = None
    for second in range(seconds):
        now = NOW + second + wobble.uniform(0, 0.01)
        after = judge(source.sample(), before)
        yield after, departed(before, after)
        before = after


def timed(what: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Milliseconds of one call."""
    began = clock()
    what()
    return (clock() - began) * 1000


def spread(times: list[float]) -> str:
    times = sorted(times)
    return f"median {statistics.median(times):6.2f}  99 of 100 below {times[len(times) * 99 // 100]:7.2f}  most {times[-1]:7.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--sessions", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "day.recording")
        recorder = RecordingWriter(path, "db-01:3306")
        took, cpu, left = [], [], 0
        for snapshot, departures in a_day(round(asked.hours * 3600), asked.sessions):
            began = time.process_time()
            took.append(timed(lambda: recorder.record(snapshot, departures)))  # noqa: B023 - called at once
            cpu.append((time.process_time() - began) * 1000)
            left += len(departures)
        recorder.close()
        size = path.stat().st_size
        print(f"{len(took):,} samples of {asked.sessions} sessions, {left:,} departures")
        print(f"file        {size / 1e6:.1f} MB, {size / len(took):.0f} bytes a sample")
        print(f"record      {spread(took)}\n  of CPU    {spread(cpu)}")
        print(f"open        {spread([timed(lambda: Recording(path)) for _ in range(5)])}")
        recording = Recording(path)
        first, last = recording.span
        rng = random.Random(2)
        jumps = [rng.uniform(first, last) for _ in range(JUMPS)]
        print(f"jump        {spread([timed(lambda: recording.snapshot_at(at)) for at in jumps])}")  # noqa: B023
        player = ReplayPlayer(recording, lambda: 0.0)
        player.jump((first + last) / 2)
        player.close()  # reads no trend meanwhile
        print(f"step        {spread([timed(lambda: player.move_by(1)) for _ in range(JUMPS)])}")
        print(f"step back   {spread([timed(lambda: player.move_by(-1)) for _ in range(JUMPS)])}")
        player.jump(last)
        player.close()
        print(f"ledger      {spread([timed(player.ledger)])} for the newest {len(list(player.ledger())):,}")
        cut = Path(folder, "cut.recording")
        cut.write_bytes(path.read_bytes()[: size * 2 // 3 + 1234])
        print(f"open cut    {spread([timed(lambda: Recording(cut))])}")


if __name__ == "__main__":
    main()
