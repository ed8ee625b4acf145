"""The demo on a real server: it lives, sessions of it die, and nothing of it is left, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.errors import SourceError
from goneaway_tui.source.demo import Demo, NoServerProgram, start_demo
from goneaway_tui.source.demo.program import PROGRAM_VARIABLE, SHARE_VARIABLE, connect, find_program
from goneaway_tui.source.demo.server import GLOBAL_LIMIT_SECONDS, PrivateServer
from goneaway_tui.source.demo.workload import WAITERS
from tests.servers.private import NAMES, Missing, find
from tests.waiting import PATIENCE, Stopwatch, comes_true

PRIVATE = "goneaway-"
"""How the demo's directories begin; the directory's name is in the command line of each of its processes."""


@pytest.fixture(scope="module", autouse=True)
def server_program() -> Iterator[None]:
    """Whatever server is installed, else one that `tests/servers/get` fetched."""
    with pytest.MonkeyPatch.context() as environment:
        try:
            find_program(os.environ)
        except NoServerProgram as missing:
            if not _use_fetched(environment):
                if os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
                    pytest.fail(missing.line, pytrace=False)
                pytest.skip(missing.line)
        yield


def _use_fetched(environment: pytest.MonkeyPatch) -> bool:
    for name in reversed(NAMES):
        try:
            program = find(name)
        except Missing:
            continue
        environment.setenv(PROGRAM_VARIABLE, str(program.path))
        environment.setenv(SHARE_VARIABLE, str(program.share))
        return True
    return False


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    demo = start_demo(time.monotonic)
    try:
        yield demo
    finally:
        demo.close()


def rows(demo: Demo, statement: str) -> list[tuple[Any, ...]]:
    with connect(demo.socket, demo.user, "test") as wire, wire.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def aborted_clients(demo: Demo) -> int:
    return int(rows(demo, "SHOW GLOBAL STATUS LIKE 'Aborted_clients'")[0][1])


def processes_of(directory: Path) -> list[int]:
    """Those that name the directory in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(directory) in command:
                found.append(int(entry.name))
    return found


def test_forty_sessions_appear_some_of_them_at_work(demo: Demo) -> None:
    def appeared() -> bool:
        listed = rows(demo, "SELECT user, command FROM information_schema.processlist")
        busy = sum(command == "Query" for user, command in listed if user != demo.user)
        return len(listed) >= 38 and busy >= 2

    with Stopwatch() as watch:
        comes_true(appeared)
    with Stopwatch() as logins:  # what the machine itself needs for as many, one after the other
        for _ in range(40):
            connect(demo.socket, demo.user, "test").close()
    assert watch.seconds < 10 + 4 * logins.seconds
    users = {user for (user,) in rows(demo, "SELECT user FROM information_schema.processlist")}
    assert {"shop_app", "etl", "cron", "report", "grafana", "dba", "event_scheduler"} <= users


def test_the_watcher_sees_programs_and_transactions(demo: Demo) -> None:
    programs = (
        "SELECT attr_value FROM performance_schema.session_connect_attrs WHERE attr_name = 'program_name'"
    )
    held = "SELECT trx_rows_modified FROM information_schema.innodb_trx WHERE trx_rows_modified > 0"
    comes_true(lambda: ("gunicorn",) in rows(demo, programs))
    comes_true(lambda: rows(demo, held))


def test_the_limits_are_short(demo: Demo) -> None:
    assert rows(demo, "SELECT @@GLOBAL.wait_timeout, @@GLOBAL.interactive_timeout") == [
        (GLOBAL_LIMIT_SECONDS, 300)
    ]


def test_the_server_closes_sessions_and_they_come_back(demo: Demo) -> None:
    comes_true(lambda: aborted_clients(demo) >= 2)
    comes_true(lambda: len(rows(demo, "SHOW PROCESSLIST")) >= 36)


def test_sessions_wait_for_one_that_forgets_to_commit_until_the_server_closes_it(demo: Demo) -> None:
    waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"

    def number() -> int:
        time.sleep(0.2)  # MariaDB fills innodb_trx anew only if it was not read for 0.1 s
        return int(rows(demo, waiting)[0][0])

    comes_true(lambda: number() == len(WAITERS))
    comes_true(lambda: number() == 0)


def test_nothing_is_left_after_closing_twice() -> None:
    before = set(threading.enumerate())
    demo = start_demo(time.monotonic)
    directory = demo.directory
    assert directory is not None
    assert directory.name.startswith(PRIVATE)
    assert len(processes_of(directory)) >= 2, "the guardian and the server"
    demo.close()
    demo.close()
    assert not directory.exists()
    assert processes_of(directory) == []
    assert set(threading.enumerate()) <= before


DEMO_THAT_WAITS = """
import time
from goneaway_tui.source.demo import start_demo
demo = start_demo(time.monotonic)
print(demo.directory, flush=True)
input()
"""

SERVER_THAT_BEGINS = """
import threading
from goneaway_tui.source.demo.server import PrivateServer
server = PrivateServer()
threading.Thread(target=server.start, daemon=True).start()
while server.directory is None:
    pass
print(server.directory, flush=True)
input()
"""


@pytest.mark.parametrize("script", [DEMO_THAT_WAITS, SERVER_THAT_BEGINS], ids=["running", "starting"])
def test_nothing_is_left_after_we_are_killed(script: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as ours:
        assert ours.stdout is not None
        directory = Path(ours.stdout.readline().decode().strip())
        assert directory.name.startswith(PRIVATE)
        ours.send_signal(signal.SIGKILL)
    comes_true(lambda: not directory.exists(), told=lambda: "the directory is left")
    comes_true(lambda: not processes_of(directory), told=lambda: "processes are left")


def test_server_that_cannot_start_reports_why_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    program = tmp_path / "mysqld"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *--version*) echo "mysqld  Ver 9.7.4" ;; *--initialize*) exit 0 ;;\n'
        '*) echo "0 [ERROR] [MY-000001] the disk is on fire" >&2; exit 1 ;; esac\n'
    )
    program.chmod(0o755)
    server = PrivateServer({PROGRAM_VARIABLE: str(program), "PATH": os.environ["PATH"]})
    with pytest.raises(SourceError, match=r"did not start: .*the disk is on fire") as told:
        server.start()
    assert "\n" not in told.value.line
    assert server.directory is None
    server.stop()


def test_stopping_while_it_starts_ends_the_start() -> None:
    server = PrivateServer()
    told: list[SourceError] = []

    def start() -> None:
        try:
            server.start()
        except SourceError as error:
            told.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    comes_true(lambda: server.directory is not None)
    directory = server.directory
    server.stop()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert directory is not None
    assert not directory.exists()
    assert told or server.version, "it neither started nor said why not"
