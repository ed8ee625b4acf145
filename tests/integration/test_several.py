"""`snapshot`, `watch` and `explain` over several real servers, one of which is not there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, RealServer
from tests.unit.cli.test_run import run
from tests.waiting import PATIENCE, patience_with

NOBODY = "mysql://root@127.0.0.1:1/"


@pytest.fixture(scope="module")
def three(start_module_server: StartServer) -> list[RealServer]:
    return [start_module_server(name) for name in NAMES]


def names(servers: list[RealServer]) -> list[str]:
    return [f"127.0.0.1:{server.port}" for server in servers]


def test_a_snapshot_of_each_that_answers(three: list[RealServer], tmp_path: Path) -> None:
    done = run(tmp_path, "snapshot", *(server.dsn for server in three), NOBODY)
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert 3 == done.returncode
    assert names(three) == [each["server_name"] for each in told]
    assert [server.port for server in three] == [each["server"]["port"] for each in told]
    assert done.stderr.startswith("goneaway-tui: 127.0.0.1:1: ")
    assert 1 == len(done.stderr.splitlines())
    assert 0 == run(tmp_path, "snapshot", *(server.dsn for server in three)).returncode


@contextmanager
def watching(home: Path, *arguments: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a running watch, as they come."""
    command = [sys.executable, "-W", "error", "-m", "goneaway_tui", "watch", *arguments]
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home
        ) as process,
        patience_with(process),
    ):
        assert process.stdout is not None
        try:
            yield map(json.loads, process.stdout)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)
    assert 3 == process.returncode


def test_events_of_all_come_as_they_happen(three: list[RealServer], tmp_path: Path) -> None:
    arguments = [*(server.dsn for server in three), NOBODY, "--interval=0.2"]
    with watching(tmp_path, *arguments) as events:
        begun = [next(events) for _ in range(4)]
        told = {(event["event"], event["server_name"]) for event in begun}
        assert {("lost", "127.0.0.1:1"), *(("hello", name) for name in names(three))} == told
        three[0].freeze()
        try:
            for server in three[1:]:
                guest: Any = server.connect()
                event = next(e for e in events if e["event"] == "opened")
                assert (f"127.0.0.1:{server.port}", guest.thread_id()) == (event["server_name"], event["id"])
                guest.query(
                    "DO SLEEP(0.6)"
                )  # seen at least twice: once may have been while it still logged in
                guest.close()
                event = next(e for e in events if e["event"] == "departed")
                assert (f"127.0.0.1:{server.port}", guest.thread_id()) == (event["server_name"], event["id"])
        finally:
            three[0].thaw()


def test_error_is_explained_for_each_server(three: list[RealServer], tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("(2006, 'MySQL server has gone away')\n")
    done = run(tmp_path, "explain", str(log), "--format=json", *(server.dsn for server in three))
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert (0, "") == (done.returncode, done.stderr)
    assert names(three) == [each["server_name"] for each in told]
    assert names(three) == [each["errors"][0]["server_name"] for each in told]
    assert all("server_name" not in each for each in told[0]["errors"][0]["findings"])
