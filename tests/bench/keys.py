"""Milliseconds from a key to its paint: `python -m tests.bench.keys [--server mysql97] [--sessions 5000]` prints a table.

Our program in a terminal of 160x50 before real sessions that sleep, polling once a second. Keys, pages and the mouse wheel
go through the whole list; a step counts as painted once the terminal has been sent the row the step leads to.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from tests.bench.crowd import USER, Seats, soft_limit
from tests.bench.peers import ours, surroundings
from tests.bench.terminal import LINES, Mute, Terminal, percentile
from tests.bench.windows import cpu_seconds
from tests.servers.private import NAMES, Servers

UP, DOWN, PAGE_UP, PAGE_DOWN, HOME, END = b"\x1b[A", b"\x1b[B", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[F"
WHEEL_UP, WHEEL_DOWN = b"\x1b[<64;40;20M", b"\x1b[<65;40;20M"
"""A wheel step over a row, as terminals report it (SGR)."""
FIRST_ROW: Final = 6
"""The line of the first row: four lines of summary and the heading are above it."""
ROWS: Final = LINES - FIRST_ROW
"""Rows in sight: the footer is below them."""
PATIENCE = 2.0
"""Seconds after which a step counts as not painted."""
HOPELESS = 5
"""After so many steps that were not painted, the rest of a kind is left out."""
MACHINE = "a program that only answers the key"
"""What the machine itself takes, measured in the pauses between the steps."""

_ECHO = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"ready")
while key := os.read(0, 64):
    os.write(1, b".")
"""

Where = tuple[object, object]
"""What the first row's line begins with, and what the cursor's line begins with."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A kind of step, and how far it is taken."""

    name: str
    before: bytes
    """Keys that lead to the start."""
    steps: Iterator[bytes]
    longest_pause: float = 0.35
    """Seconds between two steps, at most: long for a step at any moment between two polls, short for a key that is held."""


def walks(sessions: int, keys: int) -> list[Walk]:
    """`keys` steps of each kind at random moments; pages, and a held key, through the whole list."""
    pages = sessions // (ROWS - 1) - 1
    to_last_line = HOME + DOWN * (ROWS - 1)
    there_and_back = islice(cycle([DOWN] * (ROWS // 2) + [UP] * (ROWS // 2)), keys)
    return [
        Walk("up and down in sight", HOME, there_and_back),
        Walk("down, past the last line", to_last_line, islice(cycle([DOWN]), min(keys, sessions - ROWS))),
        Walk(
            "up, past the first line", END + UP * (ROWS - 1), islice(cycle([UP]), min(keys, sessions - ROWS))
        ),
        Walk("page down, all pages", HOME + DOWN * (ROWS - 1), islice(cycle([PAGE_DOWN]), pages)),
        Walk("page up, all pages", END + UP * (ROWS - 1), islice(cycle([PAGE_UP]), pages)),
        Walk("end and home", HOME, islice(cycle([END, HOME]), keys // 2)),
        Walk("wheel down", HOME, islice(cycle([WHEEL_DOWN]), min(keys, (sessions - ROWS) // 3))),
        Walk("wheel up", END, islice(cycle([WHEEL_UP]), min(keys, (sessions - ROWS) // 3))),
        Walk("down held, all rows", to_last_line, islice(cycle([DOWN]), sessions - ROWS), 0.03),
        Walk("wheel held down, all rows", HOME, islice(cycle([WHEEL_DOWN]), (sessions - ROWS) // 3), 0.03),
    ]


def where(terminal: Terminal) -> Where:
    """Where the table stands now; rows are told apart by the ids their lines begin with."""
    screen = terminal.screen
    assert screen is not None
    cursor = [line for line, head in screen.heads.items() if head.ground == terminal.cursor_ground]
    return (
        screen.heads.get(FIRST_ROW, None) and screen.heads[FIRST_ROW].text,
        [screen.heads[line].text for line in cursor if FIRST_ROW <= line < LINES],
    )


def timed(terminal: Terminal, key: bytes) -> float:
    """Seconds until another row has the cursor, or another row is the first; raises Mute."""
    before = where(terminal)
    return terminal.seconds_to(key, lambda: where(terminal) != before, PATIENCE)


def measure(
    terminal: Terminal, echo: Terminal, sessions: int, keys: int, say: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    """By kind of step, figures in milliseconds."""
    moments = random.Random(7)
    figures: dict[str, dict[str, float]] = {}
    machine: list[float] = []
    terminal.find_cursor()
    for walk in walks(sessions, keys):
        say(walk.name)
        terminal.type(walk.before)
        time.sleep(2)
        taken: list[float] = []
        spent: list[float] = []
        lost = 0
        for key in walk.steps:
            if lost == HOPELESS:
                break
            time.sleep(moments.uniform(0, walk.longest_pause))
            before = cpu_seconds(terminal.pid)
            try:
                taken.append(timed(terminal, key) * 1000)
                spent.append((cpu_seconds(terminal.pid) - before) * 1000)
            except Mute:
                lost += 1
            if walk.longest_pause > 0.1:
                machine.append(echo.seconds_to(b"x", lambda: True, PATIENCE) * 1000)
        figures[walk.name] = summed(taken, spent, lost)
    figures[MACHINE] = summed(machine, [], 0)
    return figures


def summed(taken: list[float], spent: list[float], lost: int) -> dict[str, float]:
    """Steps, the percentiles of their time and of the CPU spent meanwhile, and how many were not painted in time."""
    figures: dict[str, float] = {"steps": len(taken), "not painted": lost}
    for values, unit in ((taken, ""), (spent, " CPU")):
        if len(values) > 1:
            figures |= {f"50 %{unit}": percentile(values, 0.5), f"99 %{unit}": percentile(values, 0.99)}
    if taken:
        figures["longest"] = max(taken)
    return figures


def measured(
    port: int,
    environment: Mapping[str, str],
    sessions: int,
    keys: int,
    say: Callable[[str], None],
    *,
    ahead: bool = False,
) -> dict[str, dict[str, float]]:
    """The figures of our program before a server on this port."""
    echo_command = [sys.executable, "-c", _ECHO]
    with Terminal(ours(port), environment) as terminal, Terminal(echo_command, environment) as echo:
        terminal.wait_for(USER.encode())
        echo.wait_for(b"ready")
        if ahead:
            for each in (terminal, echo):
                Path(f"/proc/{each.pid}/autogroup").write_text("-15")
        time.sleep(3)
        return measure(terminal, echo, sessions, keys, say)


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    heads = ["steps", "50 %", "99 %", "longest", "50 % CPU", "99 % CPU", "not painted"]
    rows = [["milliseconds", *heads], ["---", *["--:"] * len(heads)]]
    for name, each in figures.items():
        rows.append([name, *(cell(head, each) for head in heads)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cell(head: str, figures: Mapping[str, float]) -> str:
    if head not in figures:
        return ""
    return f"{figures[head]:,.0f}" if head in {"steps", "not painted"} else f"{figures[head]:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", choices=NAMES, default="mysql97")
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--keys", type=int, default=300, help="steps of each kind at random moments")
    parser.add_argument(
        "--ahead",
        action="store_true",
        help="schedule the program before other work of the machine (Linux, root)",
    )
    asked = parser.parse_args()
    soft_limit()
    most = asked.sessions + 100
    room = [f"--max-connections={most}", f"--open-files-limit={most * 2}", "--back-log=4000"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Servers() as servers,
        servers.run(asked.server, *room) as server,
        Seats(server.port) as seats,
    ):
        with server.connect() as connection:
            connection.cursor().execute(f"CREATE USER {USER}@'%'")
        seats.open(asked.sessions)
        environment = surroundings(Path(folder))
        figures = measured(
            server.port,
            environment,
            asked.sessions,
            asked.keys,
            lambda what: print(what, file=sys.stderr),
            ahead=asked.ahead,
        )
    print(f"\n{asked.server}, {asked.sessions:,} sessions\n\n{table(figures)}")


if __name__ == "__main__":
    main()
