"""Each way a DBA has to say who and where, to a real server that wants a password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.schemas import check
from tests.servers.private import RealServer
from tests.unit.settings.test_option_files import obfuscated

ROOT = Path(__file__).parents[2]
PASSWORD = "ti'g\"er # 1"

OPTION_FILE = '[client]\nuser=scott\npassword="ti\'g\\"er # 1"\nhost=127.0.0.1\nport={port}\n'
BY_SOCKET = OPTION_FILE.replace("host=127.0.0.1\nport={port}", "socket={socket}")
CONFIG = """\
[servers.db1]
host = "127.0.0.1"
port = {port}
user = "scott"
password_command = ["{python}", "-c", "print(open('secret').read())"]
"""
WAYS: Mapping[str, tuple[dict[str, str], list[str], dict[str, str]]] = {
    "flags": ({}, ["-h", "127.0.0.1", "-P", "{port}", "-u", "scott", f"-p{PASSWORD}"], {}),
    "DSN": ({}, ["mysql://scott:ti%27g%22er%20%23%201@127.0.0.1:{port}/"], {}),
    "DSN by socket": ({}, ["mysql://scott:ti%27g%22er%20%23%201@/?socket={socket}"], {}),
    "environment": (
        {},
        ["-u", "scott"],
        {"MYSQL_HOST": "127.0.0.1", "MYSQL_TCP_PORT": "{port}", "MYSQL_PWD": PASSWORD},
    ),
    "option file": ({".my.cnf": OPTION_FILE}, [], {}),
    "option file by socket": ({".my.cnf": BY_SOCKET}, [], {}),
    "included folder": ({"d/x.cnf": OPTION_FILE, ".my.cnf": "!includedir {home}/d\n"}, [], {}),
    "defaults file and suffix": (
        {"x.cnf": OPTION_FILE.replace("[client]", "[client_x]")},
        ["--defaults-file=x.cnf", "--defaults-group-suffix=_x"],
        {},
    ),
    "login path": ({".mylogin.cnf": OPTION_FILE.replace("[client]", "[db1]")}, ["--login-path=db1"], {}),
    "config file": ({".config/goneaway-tui/config.toml": CONFIG, "secret": PASSWORD}, ["@db1"], {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_leads_in(any_server: RealServer, way: str, tmp_path: Path) -> None:
    with closing(any_server.connect(autocommit=True)) as admin, admin.cursor() as cursor:
        cursor.execute("DROP USER IF EXISTS scott")
        cursor.execute("CREATE USER scott IDENTIFIED BY %s", (PASSWORD,))
    facts = {
        "{port}": str(any_server.port),
        "{socket}": str(any_server.socket),
        "{home}": str(tmp_path),
        "{python}": sys.executable,
    }

    def filled(text: str) -> str:
        for name, fact in facts.items():
            text = text.replace(name, fact)
        return text

    files, arguments, variables = WAYS[way]
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = filled(text).encode()
        path.write_bytes(obfuscated(data) if name == ".mylogin.cnf" else data)
        path.chmod(0o600)
    told = subprocess.run(
        [sys.executable, "-m", "goneaway_tui", "snapshot", *map(filled, arguments)],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT / "tui"),
            **{name: filled(value) for name, value in variables.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stderr) == (0, "")
    taken = json.loads(told.stdout)
    check("snapshot", taken)
    assert "scott" in {session["user"] for session in taken["sessions"]}
