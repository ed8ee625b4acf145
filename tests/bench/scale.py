"""Our cost beside that of others, at scale: `python -m tests.bench.scale` prints a table. Figures, not verdicts.

    python -m tests.bench.scale [--sessions 5000] [--server mysql97 --server mariadb1011] [--quick]

Everything of one server in one run: real sessions that sleep, and ours, a raw PyMySQL loop, innotop and Dolphie before
them in turns, one interval a second, 160x50. README.md beside this file says what each row is.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench import keys, table
from tests.bench.crowd import USER, Seats, soft_limit
from tests.bench.once import imported_by_snapshot, short_commands, snapshots, starts
from tests.bench.peers import at_work, ours, surroundings, versions
from tests.bench.table import Figures
from tests.bench.terminal import Mute, Terminal
from tests.bench.windows import Watcher, resident_mib
from tests.servers.private import NAMES, RealServer, Servers

CHURN, GENTLE, TURNOVER = 500, 50, 20
"""Statements a second by the crowd where much changes, where two sizes of crowd are compared; sessions that come and go."""
SIMULATED = 20_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is looked."""

    rounds: int
    seconds: float
    """One look at one program."""
    keys: int
    times: int
    """What is paid once is paid so often."""


THOROUGH, QUICK = Pace(3, 10, 300, 5), Pace(1, 4, 30, 1)


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


class Bench:
    """One server, and everybody who looks at it."""

    def __init__(self, server: RealServer, seats: Seats, home: Path, pace: Pace, sessions: int) -> None:
        self._server, self._seats, self._home = server, seats, home
        self._pace, self._sessions = pace, sessions
        self._environment = surroundings(home)
        self._cursor: Any = server.connect().cursor()
        self._cursor.execute(f"CREATE USER {USER}@'%'")
        assert server.pid is not None
        self._watcher = Watcher(server.pid, self._cursor, pace.seconds)
        self.figures = Figures()

    def run(self, churn_minutes: float) -> Figures:
        figures, few = self.figures, self._sessions // 10
        say("an empty server")
        with self._ours() as empty:
            time.sleep(8)
            figures.empty_mib = resident_mib(empty.pid)
        say(f"{few} sessions")
        self._seats.open(few)
        self._seats.churn(GENTLE)
        figures.few = self._only_ours()
        self._seats.churn(0)
        say(f"{self._sessions} sessions")
        self._seats.open(self._sessions)
        say("what is paid once")
        times = self._pace.times
        figures.start = starts(self._server.port, self._environment, times)
        flavour = self._server.flavour
        figures.snapshot = snapshots(self._server.port, flavour, self._home, self._environment, times)
        figures.short = short_commands(self._home, self._environment, times)
        figures.imported = imported_by_snapshot(self._server.port, self._home, self._environment)
        with at_work(self._server.port, flavour, self._home) as programs:
            say("everybody, idle sessions")
            figures.idle = self._watcher.turns(programs, self._pace.rounds)
            say(f"everybody, {CHURN} a second change")
            self._seats.churn(CHURN)
            figures.churning = self._watcher.turns(programs, self._pace.rounds)
        self._seats.churn(GENTLE)
        say("ours alone")
        figures.many = self._only_ours()
        self._seats.churn(0)
        figures.keys = self._keys()
        say("inside")
        figures.inside, figures.machine = self._inside()
        if churn_minutes:
            say(f"{churn_minutes} minutes of coming and going")
            figures.churned_mib = self._memory(churn_minutes)
        return figures

    def _ours(self, *more: str) -> Terminal:
        return Terminal(ours(self._server.port, *more), self._environment)

    def _only_ours(self) -> Any:
        with self._ours() as at_work, self._ours("--interval", "3600") as ticking:
            time.sleep(6)
            programs = {table.US: at_work, table.TICKS: ticking}
            return self._watcher.turns(programs, self._pace.rounds)

    def _keys(self) -> dict[str, dict[str, float]]:
        return keys.measured(self._server.port, self._environment, self._sessions, self._pace.keys, say)

    def _inside(self) -> tuple[dict[str, float], dict[str, float]]:
        return inside(self._home, self._pace, "--port", str(self._server.port))

    def _memory(self, minutes: float) -> list[float]:
        self._seats.churn(CHURN)
        self._seats.turnover(TURNOVER)
        seen = []
        with self._ours() as terminal:
            terminal.wait_for(USER.encode())
            for _ in range(max(1, round(minutes))):
                time.sleep(60)
                seen.append(resident_mib(terminal.pid))
        self._seats.turnover(0)
        self._seats.churn(0)
        return seen


def inside(home: Path, pace: Pace, *what: str) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of `tests.bench.insides`, and of a loop with nothing to do on the same machine at the same time."""
    seconds, output, control = pace.seconds * 2, home / "inside.json", home / "control.json"
    command = [sys.executable, "-m", "tests.bench.insides"]
    environment = surroundings(home)
    duration = ["--seconds", str(seconds)]
    with Terminal([*command, str(output), *what, *duration], environment) as terminal:
        time.sleep(5)
        nothing = subprocess.Popen([*command, str(control), "--nothing", *duration], env=environment)
        try:
            until = time.monotonic() + seconds * 3 + 60
            while terminal.is_alive and time.monotonic() < until:
                time.sleep(0.1)
            nothing.wait(seconds + 60)
        finally:
            nothing.kill()
            nothing.wait()
        if not output.exists():
            raise Mute(f"no figures from inside: {terminal.output[-3000:].decode(errors='replace')}")
    return json.loads(output.read_text("utf-8")), json.loads(control.read_text("utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--server", choices=NAMES, action="append")
    parser.add_argument("--simulated", type=int, default=SIMULATED, help="sessions; 0 for none")
    parser.add_argument("--churn-minutes", type=float, default=0, help="how long memory is watched")
    parser.add_argument("--rounds", type=int, help="how often each program has its turn")
    parser.add_argument("--quick", action="store_true", help="short looks: to see that it works")
    asked = parser.parse_args()
    pace = QUICK if asked.quick else THOROUGH
    pace = replace(pace, rounds=asked.rounds or pace.rounds)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as ctrl+c: everything is taken down in order
    soft_limit()
    print(
        f"\n{platform.machine()}, Python {platform.python_version()}; {versions()}; {asked.sessions:,} sessions\n"
    )
    seen: dict[str, Figures] = {}
    with Servers() as servers, tempfile.TemporaryDirectory() as folder:
        for name in asked.server or ["mysql97", "mariadb1011"]:
            say(name)
            home = Path(folder) / name
            home.mkdir()
            most = asked.sessions + 100
            room = [f"--max-connections={most}", f"--open-files-limit={most * 2}", "--back-log=4000"]
            with ExitStack() as stack:
                server = stack.enter_context(servers.run(name, *room))
                seats = stack.enter_context(Seats(server.port))
                bench = Bench(server, seats, home, pace, asked.sessions)
                seen[name] = bench.run(asked.churn_minutes)
            print(
                f"\n### {name}\n\n{table.programs(seen[name], CHURN)}\n\n{table.raw(seen[name])}\n",
                flush=True,
            )
        simulated = None
        if asked.simulated:
            say("simulated")
            simulated = Figures()
            simulated.inside, simulated.machine = inside(
                Path(folder), pace, "--simulated", str(asked.simulated)
            )
            print(f"\n### simulated, {asked.simulated:,}\n\n{table.raw(simulated)}\n")
    words = {"sessions": f"{asked.sessions:,}", "few": f"{asked.sessions // 10:,}", "churn": CHURN}
    for title, goals in (("Whole programs", table.GOALS), ("Inside", table.INSIDE)):
        print(f"### {title}\n\n{table.markdown(goals, seen, simulated, words, asked.simulated)}\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
