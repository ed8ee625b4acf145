"""The table of translations is what the servers ship, and a real server that speaks it is understood."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.cli import run
from goneaway_tui.logs.translations import translated_messages
from tests.integration.conftest import StartServer
from tests.servers.errmsg import shipped
from tests.servers.private import NAMES, Missing, Name, RealServer, find


def start_in(start_server: StartServer, name: Name, language: str) -> RealServer:
    try:
        share = find(name).share
    except Missing as missing:
        pytest.skip(str(missing))
    return start_server(name, f"--lc-messages={language}", f"--lc-messages-dir={share}")


@pytest.mark.parametrize("name", NAMES)
def test_the_table_holds_every_translation_a_server_ships(name: Name) -> None:
    try:
        share = find(name).share
    except Missing as missing:
        pytest.skip(str(missing))
    own = set(shipped(share))

    assert len({row.language for row in own}) > 20
    assert own <= set(translated_messages())


@pytest.mark.parametrize("language", ["zh_CN", "de_DE"])
def test_watch_and_explain_read_the_server_log_in_another_language(
    start_server: StartServer, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start_in(start_server, "mariadb1011", language)
    command = [sys.executable, "-m", "goneaway_tui", "watch", server.dsn, f"--error-log={server.log}",
               "--interval=0.2", "--for=300"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        try:
            assert watch.stdout is not None
            assert json.loads(watch.stdout.readline())["event"] == "hello"
            with closing(server.connect(database="mysql")) as session:
                number = session_id(session)
                session.query("SET SESSION wait_timeout = 2")
                left = next(
                    each
                    for line in watch.stdout
                    if (each := json.loads(line))["event"] == "departed" and each["id"] == number
                )
        finally:
            watch.terminate()
    assert (left["cause"], left["certainty"]) == ("idle_timeout", "confirmed")
    assert any(str(number) in each and "Aborted" not in each for each in left["evidence"])

    until_logged(server.log, f" {number} ")
    run(["explain", str(server.log), "--format=json"])
    errors = json.loads(capsys.readouterr().out)["errors"]
    (finding,) = {each["findings"][0]["cause"] for each in errors if each["code"] == 1159}
    assert finding == "idle_timeout"


def test_mysql_translates_the_parentheses_alone(
    start_server: StartServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server = start_in(start_server, "mysql97", "de_DE")
    session: Any = server.connect(database="mysql")
    number = session.thread_id()
    session._force_close()
    until_logged(server.log, f"Aborted connection {number} ")
    assert (
        f"Aborted connection {number} to db: 'mysql' user: 'root' host: 'localhost' (Fehler beim Lesen"
        in (server.log.read_text("utf-8"))
    )

    run(["explain", str(server.log), "--format=json"])
    (error,) = (each for each in json.loads(capsys.readouterr().out)["errors"] if each["code"] == 1158)
    assert error["findings"][0]["cause"] == "client_lost"


def session_id(session: Any) -> int:
    return int(session.thread_id())


def until_logged(log: Path, words: str) -> None:
    for _ in range(600):
        if words in log.read_text("utf-8", "replace"):
            return
        time.sleep(0.1)
    pytest.fail(f"{words!r} is not in the log after a minute")
