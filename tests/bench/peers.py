"""The programs that are held against each other, each as it would be started by hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

import pymysql

from goneaway_tui.model.server import Flavour
from tests.bench.crowd import USER
from tests.bench.terminal import Mute, Terminal
from tests.servers.private import home_of_servers

ROOT: Final = Path(__file__).parents[2]

FULL_LIST: Final = {
    Flavour.MYSQL: "SELECT processlist_id, processlist_user, processlist_host, processlist_db, processlist_command, "
    "processlist_time, processlist_state, processlist_info, thread_id, name FROM performance_schema.threads "
    "WHERE processlist_id IS NOT NULL",
    Flavour.MARIADB: "SELECT id, user, host, db, command, time_ms, state, info FROM information_schema.processlist",
}
"""The full process list, as cheaply as each family gives it."""

_ELSEWHERE = "http://127.0.0.1:9/"
"""Where Dolphie shall ask whether it is the newest: nobody is there."""


class Raw:
    """PyMySQL and nothing else: `python -m tests.bench.peers PORT FLAVOUR` fetches the full list once a second."""

    def __init__(self, port: int, flavour: Flavour) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.peers", str(port), flavour.value]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)


def surroundings(home: Path) -> dict[str, str]:
    """An environment that no file of the person who measures reaches into, and that finds this tree's package.

    Bytecode is kept, as where a package is installed: without it each start would compile every module.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MYSQL_", "GONEAWAY_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **kept,
        "HOME": str(home),
        "PYTHONPATH": f"{ROOT / 'tui'}{os.pathsep}{ROOT}",
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
    }


def ours(port: int, *more: str) -> list[str]:
    """Our command. The wire is plain for all: who encrypts by default is not what is compared."""
    flags = ["--no-defaults", "--ssl-mode=DISABLED", "-h", "127.0.0.1", "-P", str(port), "-u", "root"]
    return [sys.executable, "-m", "goneaway_tui", *more, *flags]


def dolphie_program() -> Path | None:
    """Dolphie in an environment of its own, made once; None where it cannot be had."""
    home = home_of_servers().parent / "peers" / "dolphie"
    program = home / "bin" / "dolphie"
    if not program.exists():
        print("getting Dolphie ...", file=sys.stderr)
        for command in (
            [sys.executable, "-m", "venv", str(home)],
            [str(home / "bin" / "pip"), "install", "--quiet", "dolphie"],
        ):
            if subprocess.run(command, check=False, stdout=sys.stderr).returncode:
                return None
    return program


def versions() -> str:
    """Of the peers, in a line."""
    said = [f"PyMySQL {version('PyMySQL')}"]
    for program in (shutil.which("innotop"), dolphie_program()):
        if program:
            done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
            said.append(f"{Path(program).name} {done.stdout.split()[-1]}")
    return ", ".join(said)


@contextmanager
def at_work(port: int, flavour: Flavour, home: Path) -> Iterator[dict[str, Terminal | Raw]]:
    """Every program there is on this machine, painting or fetching; killed afterwards."""
    env = surroundings(home)
    with ExitStack() as stack:
        programs: dict[str, Terminal | Raw] = {}
        ourselves = stack.enter_context(Terminal(ours(port), env))
        ourselves.wait_for(USER.encode())
        programs["goneaway-tui"] = ourselves
        ticking = stack.enter_context(Terminal(ours(port, "--interval", "3600"), env))
        ticking.wait_for(USER.encode())
        programs["its ticks"] = ticking
        programs["PyMySQL"] = stack.enter_context(Raw(port, flavour))
        if innotop := shutil.which("innotop"):
            flags = ["-h", "127.0.0.1", "-P", str(port), "-u", "root", "-d", "1", "-m", "Q", "--write"]
            programs["innotop"] = seen = stack.enter_context(Terminal([innotop, *flags], env))
            seen.wait_for(b"Query List")
        if dolphie := dolphie_program():
            flags = ["-h", "127.0.0.1", "-P", str(port), "-u", "root", "-r", "1", "--panels", "processlist"]
            seen = Terminal([str(dolphie), "--pypi-repo", _ELSEWHERE, *flags], env)
            programs["Dolphie"] = stack.enter_context(seen)
            seen.wait_for(b"Processlist (")
            for _ in range(5):
                seen.type(b"i")  # idle sessions too
                with suppress(Mute):
                    seen.wait_for(b"now show", 6)
                    break
        time.sleep(6)
        yield programs


def main() -> None:
    port, flavour = int(sys.argv[1]), Flavour(sys.argv[2])
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", ssl_disabled=True)
    cursor = connection.cursor()
    due = time.monotonic()
    while True:
        cursor.execute(FULL_LIST[flavour])
        cursor.fetchall()
        due = max(due + 1, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, pymysql.Error):
        main()
