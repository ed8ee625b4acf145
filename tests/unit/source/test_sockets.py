"""The way through another machine: opened by the system's ssh, closed with us, its loss told as such."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest

from goneaway_tui.errors import SourceError, Unreachable
from goneaway_tui.source import sockets
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.sockets import Address, Tunnel

SSH = f"""\
#!{sys.executable}
# Stands in for ssh: -L makes a socket whose every caller hears the arguments; some hosts are not let in.
import socket, sys, time
host, log = sys.argv[-1], sys.argv[sys.argv.index("-E") + 1]
if host != "jump":
    with open(log, "w") as out:
        out.write("debug1: a word before\\n" + host + ": Permission denied (publickey).\\r\\n")
    sys.exit(255)
way, _, target = sys.argv[sys.argv.index("-L") + 1].partition(":")
listening = socket.socket(socket.AF_UNIX)
listening.bind(way)
listening.listen()
while True:
    caller, _ = listening.accept()
    caller.sendall("\\n".join(sys.argv).encode())
    caller.close()
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text(SSH)
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def heard(path: str) -> list[str]:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)
        return b"".join(iter(lambda: caller.recv(4096), b"")).decode().split("\n")


@pytest.mark.usefixtures("ssh")
def test_ssh_receives_only_the_destination() -> None:
    with Tunnel("jump", "[db1]:3306") as way:
        said = heard(way.path)

    assert said[-2:] == ["--", "jump"]
    assert said[said.index("-L") + 1] == f"{way.path}:[db1]:3306"
    assert {"-N", "-T", "ExitOnForwardFailure=yes", "ControlPath=none"} <= {*said}


@pytest.mark.usefixtures("ssh")
def test_no_other_user_of_this_machine_can_use_the_tunnel() -> None:
    with Tunnel("jump", "db1:3306") as way:
        assert stat.S_IMODE(Path(way.path).parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("ssh")
def test_tunnel_is_closed_with_the_program_and_leaves_nothing() -> None:
    way = Tunnel("jump", "db1:3306")
    way.close()
    way.close()

    assert way._process.returncode == -signal.SIGTERM
    assert not Path(way.path).parent.exists()


@pytest.mark.usefixtures("ssh")
def test_failed_ssh_login_reports_the_message_of_ssh() -> None:
    with pytest.raises(Unreachable) as caught:
        Tunnel("elsewhere", "db1:3306")

    assert caught.value.line == (
        "cannot connect through elsewhere: elsewhere: Permission denied (publickey).; try by hand: ssh elsewhere"
    )


def test_missing_ssh_program_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sockets, "PROGRAM", str(tmp_path / "none"))

    with pytest.raises(SourceError, match=r"cannot run .*: No such file or directory"):
        Tunnel("jump", "db1:3306")


@pytest.mark.usefixtures("ssh")
def test_lost_tunnel_is_reported() -> None:
    with Tunnel("jump", "db1:3306") as way:
        address = Address(host="db1", via=way.path, label="db1:3306 via jump")
        way._process.kill()
        way._process.wait()

        with pytest.raises(Unreachable) as caught:
            Connection(address)

    assert caught.value.line == (
        "cannot reach db1:3306 via jump: the ssh tunnel to the server has ended; "
        "start goneaway-tui again: ssh can then ask for a password or a host key"
    )
