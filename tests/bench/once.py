"""What is paid once: the start, the connection, a snapshot without a screen; beside the least that could be paid for it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from goneaway_tui.model.server import Flavour
from tests.bench.crowd import USER
from tests.bench.peers import FULL_LIST, ours
from tests.bench.terminal import Terminal
from tests.bench.windows import cpu_seconds

IMPORTS = "import textual.app, pymysql"
_CONNECT = """
import time, pymysql
began = time.process_time()
line = pymysql.connect(host="127.0.0.1", port={port}, user="root", ssl_disabled=True)
print(time.process_time() - began)
"""
_BY_HAND = """
import json, sys, pymysql
from pymysql.cursors import DictCursor
line = pymysql.connect(host="127.0.0.1", port={port}, user="root", ssl_disabled=True, cursorclass=DictCursor)
cursor = line.cursor()
cursor.execute({statement!r})
with open({output!r}, "w") as file:
    json.dump(cursor.fetchall(), file, default=str)
"""


def spent(command: list[str], environment: Mapping[str, str]) -> float:
    """CPU seconds of a command that succeeds."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}: {said.decode()[-2000:]}")
    return used.ru_utime + used.ru_stime


def in_turns(times: int, **what: Callable[[], float]) -> dict[str, float]:
    """The median of each, in milliseconds; once before so that what is read from disk is in memory."""
    taken: dict[str, list[float]] = {name: [] for name in what}
    for turn in range(times + 1):
        for name, measure in what.items():
            seconds = measure()
            if turn:
                taken[name].append(seconds * 1000)
    return {name: statistics.median(each) for name, each in taken.items()}


def first_screen(port: int, environment: Mapping[str, str]) -> float:
    """CPU seconds of our program until it has painted its first row."""
    with Terminal(ours(port), environment) as terminal:
        terminal.wait_for(USER.encode())
        return cpu_seconds(terminal.pid)


def starts(port: int, environment: Mapping[str, str], times: int) -> dict[str, float]:
    """CPU milliseconds: `screen`, `imports`, `connection`."""

    def connection() -> float:
        command = [sys.executable, "-c", _CONNECT.format(port=port)]
        return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

    return in_turns(
        times,
        screen=lambda: first_screen(port, environment),
        imports=lambda: spent([sys.executable, "-c", IMPORTS], environment),
        connection=connection,
    )


def snapshots(
    port: int, flavour: Flavour, home: Path, environment: Mapping[str, str], times: int
) -> dict[str, float]:
    """CPU milliseconds: `ours`, and `by hand` by a script that dumps the same rows."""
    output = home / "snapshot.json"
    by_hand = _BY_HAND.format(port=port, statement=FULL_LIST[flavour], output=str(home / "by-hand.json"))

    def snapshot() -> float:
        output.unlink(missing_ok=True)
        return spent(ours(port, "snapshot", "--format", "json", "--output", str(output)), environment)

    return in_turns(times, ours=snapshot, by_hand=lambda: spent([sys.executable, "-c", by_hand], environment))


def short_commands(home: Path, environment: Mapping[str, str], times: int) -> dict[str, float]:
    """CPU milliseconds: `version`, and `completion` of the name of one of 20 servers."""
    config = home / "servers.toml"
    config.write_text(
        "".join(f"[servers.db{number}]\nhost = 'db{number}'\n" for number in range(20)), "utf-8"
    )
    program = [sys.executable, "-m", "goneaway_tui"]
    return in_turns(
        times * 4,
        version=lambda: spent([*program, "--version"], environment),
        completion=lambda: spent([*program, "config", "servers", f"--config={config}"], environment),
    )


def imported_by_snapshot(port: int, home: Path, environment: Mapping[str, str]) -> set[str]:
    """Top-level modules that a snapshot loads."""
    program, *flags = ours(port, "snapshot", "--output", str(home / "imports.json"))
    done = subprocess.run(
        [program, "-X", "importtime", *flags], env=environment, capture_output=True, text=True, check=True
    )
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
