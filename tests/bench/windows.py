"""What programs spend while they are looked at, one at a time and in turns, so that a busy machine is unjust to all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_SETTLING = 3.0
"""Seconds a program gets to take up its pace again after it was held still."""


class Runs(Protocol):
    """A program that can be held still and let go on."""

    @property
    def pid(self) -> int: ...
    def stop(self) -> None: ...
    def go_on(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Window:
    """One look at one program."""

    seconds: float
    cpu: float
    """CPU seconds of the program."""
    server: float
    """CPU seconds of the server meanwhile."""
    refreshes: float
    """How often the server was asked for a whole refresh; 0 where nobody asked."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What several looks come to, the median where they differ; milliseconds."""

    per_second: float
    per_refresh: float
    server_per_refresh: float
    """Above what the server spends with nobody looking."""
    refreshes_per_second: float
    mib: float
    """Resident memory at the end."""


def cpu_seconds(pid: int) -> float:
    """A process's CPU clock, every thread it ever had; to the nanosecond, where /proc/PID/stat has hundredths."""
    return time.clock_gettime((~pid << 3) | 2)


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def commonest(counts: list[int]) -> int:
    """How often a refresh was asked for: most of its statements are asked once in each, a few more often or now and then.

    >>> commonest([9, 10, 10, 30, 4])
    10
    """
    near = {each: (sum(abs(each - other) < 2 for other in counts), counts.count(each)) for each in counts}
    return max(near, key=near.__getitem__, default=0)


class Watcher:
    """Looks at programs that look at a server."""

    def __init__(self, server_pid: int, cursor: Any, seconds: float) -> None:
        """`cursor` may read performance_schema; `seconds` is how long one look takes."""
        self._server_pid = server_pid
        self._cursor = cursor
        self._seconds = seconds

    def look(self, pid: int | None = None) -> Window:
        """At the program, or at the server alone."""
        asked, counted_at = self._statements(), time.monotonic()
        began = time.monotonic()
        server, cpu = cpu_seconds(self._server_pid), cpu_seconds(pid) if pid else 0.0
        time.sleep(self._seconds)
        cpu = cpu_seconds(pid) - cpu if pid else 0.0
        server, took = cpu_seconds(self._server_pid) - server, time.monotonic() - began
        counted_for = time.monotonic() - counted_at
        more = [count - asked.get(digest, 0) for digest, count in self._statements().items()]
        refreshes = commonest([count for count in more if count > 1]) * took / counted_for if pid else 0.0
        return Window(took, cpu, server, refreshes)

    def turns(self, programs: Mapping[str, Runs], rounds: int) -> dict[str, Spending]:
        """Each program in turn, `rounds` times; whoever is not looked at is held still."""
        for program in programs.values():
            program.stop()
        seen: dict[str, list[Window]] = {name: [] for name in programs}
        alone: list[Window] = []
        for _ in range(rounds):
            alone.append(self.look())
            for name, program in programs.items():
                program.go_on()
                time.sleep(_SETTLING)
                seen[name].append(self.look(program.pid))
                program.stop()
        return {name: _spending(seen[name], alone, program.pid) for name, program in programs.items()}

    def _statements(self) -> dict[str, int]:
        self._cursor.execute(
            "SELECT digest, SUM(count_star) FROM performance_schema.events_statements_summary_by_digest "
            "WHERE digest_text NOT LIKE 'DO ?%' GROUP BY digest"  # that is the crowd's
        )
        return {str(digest): int(count) for digest, count in self._cursor.fetchall()}


def _spending(seen: list[Window], alone: list[Window], pid: int) -> Spending:
    """`alone` is the server with nobody looking, once for each window."""
    # Summed up: a window holds one refresh more or less, by where it begins.
    rate = sum(each.refreshes for each in seen) / sum(each.seconds for each in seen)
    per_second = statistics.median(each.cpu / each.seconds * 1000 for each in seen)
    server = statistics.median(
        (each.server / each.seconds - idle.server / idle.seconds) * 1000
        for each, idle in zip(seen, alone, strict=True)
    )
    return Spending(
        per_second=per_second,
        per_refresh=per_second / rate if rate else 0.0,
        server_per_refresh=server / rate if rate else server,
        refreshes_per_second=rate,
        mib=resident_mib(pid),
    )
