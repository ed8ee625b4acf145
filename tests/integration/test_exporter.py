"""A real Prometheus asks the exporter of a real server, and its alert speaks while the session still lives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from tests.house.tree import PACKAGE
from tests.integration.conftest import StartServer
from tests.integration.terminal import PATIENT, way_in
from tests.servers.private import RealServer, port_of_our_own
from tests.unit.settings.asking import program
from tests.waiting import PATIENCE, comes_true

ALERT = "GoneawayOpenTransactionAboutToBeClosed"
LIVES = 12
"""Seconds the session may idle."""


def asked(url: str) -> str:
    with urlopen(url, timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def answers(url: str) -> Callable[[], bool]:
    def does() -> bool:
        try:
            return bool(asked(url))
        except (URLError, OSError):
            return False

    return does


@contextmanager
def running(command: list[str], said: Path, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program, ended in the end."""
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def exporting(
    home: Path, *arguments: str, long_answer_timeout: bool = False
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The exporter, and where to ask it; a patient one as in `Terminal`."""
    with port_of_our_own() as port:
        code = ["-c", PATIENT] if long_answer_timeout else ["-m", "goneaway_tui"]
        command = [sys.executable, *code, "exporter", "--listen", f"127.0.0.1:{port}"]
        with running([*command, *arguments], home / "exporter.log", home) as process:
            place = f"127.0.0.1:{port}"
            comes_true(answers(f"http://{place}/metrics"))
            yield place, process


@contextmanager
def prometheus(home: Path, target: str) -> Iterator[Callable[[str], list[Any]]]:
    """A Prometheus that asks `target` each second; what answers queries."""
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(PACKAGE / "metrics" / "rules.yml")],
        "scrape_configs": [{"job_name": "goneaway", "static_configs": [{"targets": [target]}]}],
    }
    (home / "prometheus.yml").write_text(json.dumps(settings))
    with port_of_our_own() as port:
        command = [
            str(program("prometheus")),
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'series'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        with running(command, home / "prometheus.log", home):
            comes_true(answers(f"http://127.0.0.1:{port}/-/ready"))

            def query(expression: str) -> list[Any]:
                told = asked(f"http://127.0.0.1:{port}/api/v1/query?query={quote(expression)}")
                return list(json.loads(told)["data"]["result"])

            yield query


def test_alert_fires_before_the_session_ends(mysql97: RealServer, tmp_path: Path) -> None:
    with (
        exporting(tmp_path, "--interval", "0.5", *way_in(mysql97)) as (place, _),
        prometheus(tmp_path, place) as query,
    ):
        comes_true(lambda: bool(query("goneaway_up == 1")))
        with closing(mysql97.connect(program_name="payroll")) as session, session.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS exported")
            cursor.execute("CREATE TABLE IF NOT EXISTS exported.orders (id INT)")
            cursor.execute(f"SET SESSION wait_timeout = {LIVES}")
            cursor.execute("BEGIN")
            cursor.execute("INSERT INTO exported.orders VALUES (1)")
            number = int(session.thread_id())  # type: ignore[no-untyped-call]
            firing = f'ALERTS{{alertname="{ALERT}",alertstate="firing",program="payroll"}}'
            comes_true(lambda: query(firing) or not mysql97.lists(number))

            assert mysql97.lists(number)
            (left,) = query("goneaway_next_closing_seconds")
            assert 0 < float(left["value"][1]) <= LIVES
            closed = 'goneaway_departures_total{cause="idle_timeout"} > 0'
            comes_true(lambda: query(closed))
            assert not mysql97.lists(number)
            comes_true(lambda: not query(firing))
        assert query("goneaway_endangered_total == 1")
        with closing(mysql97.connect()) as admin, admin.cursor() as cursor:
            cursor.execute("DROP DATABASE exported")


def test_unreachable_server_is_reported_and_the_others_go_on(mariadb118: RealServer, tmp_path: Path) -> None:
    with port_of_our_own() as nobody:
        both = (f"mysql://root@127.0.0.1:{nobody}/", f"mysql://root@127.0.0.1:{mariadb118.port}/")
        with exporting(tmp_path, "--no-defaults", *both) as (place, process):
            here, gone = f'goneaway_up{{server="127.0.0.1:{mariadb118.port}"}} 1', f'{nobody}"}} 0'
            comes_true(lambda: here in asked(f"http://{place}/metrics"))

            assert gone in asked(f"http://{place}/metrics")
            process.send_signal(signal.SIGINT)
            assert 130 == process.wait(PATIENCE)
    assert "Traceback" not in (tmp_path / "exporter.log").read_text()


def test_a_server_that_hangs_keeps_no_scrape_waiting(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("mariadb1011")
    with exporting(tmp_path, *way_in(server), long_answer_timeout=True) as (place, process):
        comes_true(lambda: "goneaway_data_age_seconds{" in asked(f"http://{place}/metrics"))
        server.freeze()
        time.sleep(1.5)
        text = asked(f"http://{place}/metrics")
        process.terminate()

        assert "goneaway_data_age_seconds" in text
        assert 0 == process.wait(PATIENCE)
        server.thaw()


@pytest.mark.parametrize("flag", ["--print-rules", "--print-dashboard"])
def test_what_is_shipped_is_printed(flag: str, tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "goneaway_tui", "exporter", flag, "--no-defaults"],
        capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip

    assert "goneaway_" in printed.stdout
    assert "" == printed.stderr
