"""A signal gives the terminal back as it was and ends our sessions, whatever the server or the terminal is at."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import StartServer
from tests.integration.terminal import Terminal, way_in
from tests.servers.private import Name, RealServer
from tests.waiting import PATIENCE, comes_true

TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT
STATUS = {TERM: 0, HUP: 0, INT: 130}
SERVER_OF: dict[signal.Signals, Name] = {TERM: "mysql97", HUP: "mariadb1011", INT: "mariadb118"}
SEEN = "● "
"""Stands before "live", and before "slow server" where a machine is too busy for that."""
COMMANDS = {"screen": ([], SEEN), "watch": (["watch"], '"event": "hello"')}
"""Arguments, and what is written once it looks on."""
OURS = "SELECT COUNT(*) FROM performance_schema.session_connect_attrs WHERE attr_value = 'goneaway-tui'"


def ours(server: RealServer) -> int:
    with closing(server.connect()) as admin, admin.cursor() as cursor:
        cursor.execute(OURS)
        return int(cursor.fetchall()[0][0])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", SERVER_OF)
def test_a_signal_restores_the_terminal_and_ends_our_sessions(
    request: pytest.FixtureRequest, tmp_path: Path, number: signal.Signals, command: str
) -> None:
    server: RealServer = request.getfixturevalue(SERVER_OF[number])
    arguments, words = COMMANDS[command]
    with Terminal(tmp_path, *arguments, *way_in(server)) as terminal:
        terminal.wait_for(words)
        assert ours(server)
        assert bool(terminal.left_on()) == (command == "screen"), "the modes that are watched are those used"
        terminal.send(number)

        assert STATUS[number] == terminal.ended()
        assert [] == terminal.left_on()
    comes_true(lambda: not ours(server))


@pytest.mark.parametrize("how", ["q", "TERM", "HUP", "INT", "watch TERM", "watch INT"])
def test_hanging_server_does_not_delay_quitting(start_server: StartServer, tmp_path: Path, how: str) -> None:
    """It has a timeout for each answer, but longer than this test: the end does not wait for any."""
    server = start_server("mariadb1011")
    command, _, name = how.rpartition(" ")
    arguments, words = COMMANDS[command or "screen"]
    with Terminal(tmp_path, *arguments, *way_in(server), long_answer_timeout=True) as terminal:
        terminal.wait_for(words)
        server.freeze()
        time.sleep(1.5)  # by then a look is out, and waits
        if name == "q":
            terminal.press("q")
        else:
            terminal.send(signal.Signals[f"SIG{name}"])
        status = terminal.ended()

        assert (130 if name == "INT" else 0) == status
        assert [] == terminal.left_on()
        server.thaw()
    comes_true(lambda: not ours(server))


def test_resumed_program_shows_the_age_of_its_sample_and_then_a_new_sample(
    start_server: StartServer, tmp_path: Path
) -> None:
    """As with a laptop's lid: we stand still, the clocks go on, and the server is gone when we wake."""
    server = start_server("mysql97")
    with Terminal(tmp_path, *way_in(server)) as terminal:
        terminal.wait_for(SEEN)
        terminal.send(signal.SIGSTOP)
        server.kill()
        time.sleep(4)
        terminal.forget()
        terminal.send(signal.SIGCONT)
        terminal.wait_for("read ")
        terminal.wait_for("lost")
        assert int(re.findall(r"read (\d+) s ago", terminal.text)[0]) >= 3
        server.start()
        terminal.forget()
        terminal.wait_for(SEEN)
        comes_true(lambda: ours(server))
        terminal.press("q")

        assert 0 == terminal.ended()
        assert [] == terminal.left_on()


def test_closed_terminal_ends_our_session(mysql97: RealServer, tmp_path: Path) -> None:
    with Terminal(tmp_path, *way_in(mysql97)) as terminal:
        terminal.wait_for(SEEN)
        terminal.hang_up()
        terminal.process.wait(PATIENCE)
    comes_true(lambda: not ours(mysql97))

    assert [] == [*tmp_path.rglob("fault-*")]


def test_a_signal_before_the_screen_opens_leaves_no_tunnel(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("mariadb1011")
    ssh = tmp_path / "ssh"
    ssh.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, socket, sys, time\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "way = socket.socket(socket.AF_UNIX)\n"
        "way.bind(sys.argv[sys.argv.index('-L') + 1].partition(':')[0])\n"
        "way.listen()\n"
        "time.sleep(60)\n"
    )
    ssh.chmod(0o700)
    more: dict[str, Any] = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with Terminal(tmp_path, "--ssh", "jump", *way_in(server), **more) as terminal:
        terminal.wait_for("connecting to")
        process = Path("/proc") / (tmp_path / "pid").read_text()
        assert process.exists()
        terminal.send(TERM)

        assert 128 + TERM == terminal.ended()
        assert [] == terminal.left_on()
    assert not process.exists()
