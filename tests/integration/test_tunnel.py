"""A real server behind a tunnel: by TCP and by its Unix socket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.private import RealServer

ROOT = Path(__file__).parents[2]
SSH = f"""\
#!{sys.executable}
# Stands in for ssh -L: passes bytes on between its socket and the target, as if from another machine.
import socket, sys, threading
way, _, target = sys.argv[sys.argv.index("-L") + 1].partition(":")
listening = socket.socket(socket.AF_UNIX)
listening.bind(way)
listening.listen()

def reached():
    if target.startswith("/"):
        there = socket.socket(socket.AF_UNIX)
        there.connect(target)
        return there
    host, _, port = target.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)))

def pass_on(here, there):
    while some := here.recv(65536):
        there.sendall(some)
    there.shutdown(socket.SHUT_WR)

while True:
    caller, _ = listening.accept()
    there = reached()
    for ends in ((caller, there), (there, caller)):
        threading.Thread(target=pass_on, args=ends, daemon=True).start()
"""


@pytest.mark.parametrize("where", ["tcp", "socket"])
def test_a_server_is_read_through_it(any_server: RealServer, where: str, tmp_path: Path) -> None:
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o700)
    way = ["-P", str(any_server.port)] if where == "tcp" else ["-S", str(any_server.socket)]
    told = subprocess.run(
        [sys.executable, "-m", "goneaway_tui", "snapshot", "--ssh", "jump", "--no-defaults", "-u", "root",
         "--format", "csv", *way],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "tui"),
             "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert (told.returncode, told.stderr) == (0, "goneaway-tui: opening an ssh tunnel through jump ...\n")
    assert ",goneaway-tui," in told.stdout
    assert ["ssh"] == [path.name for path in tmp_path.iterdir()]
