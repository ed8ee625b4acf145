"""The unmodified program on servers older than those that run here, told by rules over a newer one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import REQUIRED
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import clamped
from tests.contract.checks import check_pair, check_sample
from tests.integration.conftest import _start
from tests.integration.terminal import ROOT, environment
from tests.servers.older import OLDER, Older, Version, exactly
from tests.servers.private import Name, RealServer, Servers, port_of_our_own

CONSUMER = "--performance-schema-consumer-events-statements-current=ON"
"""Off by default on MariaDB; what the statements hold is read only where it is on."""
NUMBERS = (1054, 1146, 1142, 1046, 1305, 1193, 1064)
NOT_OF_A_READING = frozenset({"kill_session", "kill_query", "set_global", "set_persist", "reset_persist"})

Begin = Callable[[Name, tuple[str, ...]], RealServer]


@pytest.fixture(scope="module")
def begin(servers: Servers) -> Iterator[Begin]:
    """One server for all tests here that want it started alike."""
    running: dict[tuple[Any, ...], RealServer] = {}
    with ExitStack() as stack:

        def begun(name: Name, arguments: tuple[str, ...]) -> RealServer:
            if (name, arguments) not in running:
                running[name, arguments] = _start(stack, servers, name, *arguments)
            return running[name, arguments]

        yield begun


@pytest.fixture(params=OLDER)
def version(request: pytest.FixtureRequest) -> Version:
    return OLDER[request.param]


@pytest.fixture
def older(version: Version, begin: Begin) -> Iterator[Older]:
    arguments = version.arguments if version.over == "mysql97" else (CONSUMER,)
    with Older(begin(version.over, arguments), version) as older:
        yield older


def run(older: Older, home: Path, command: str, *more: str) -> subprocess.CompletedProcess[str]:
    dsn = f"mysql://root@127.0.0.1:{older.port}/?ssl-mode=DISABLED"
    return subprocess.run(
        [sys.executable, "-m", "goneaway_tui", command, "--no-defaults", *more, dsn],
        env=environment(home),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_source_keeps_its_contract_there(older: Older, version: Version) -> None:
    source = LiveSource(older.address, time.time)
    with closing(source):
        first = source.sample()
        with older._server.connect() as guest, guest.cursor() as cursor:
            cursor.execute("SELECT 'what it ran last'")
            second = source.sample()
            (shown,) = [s for s in second.sessions if s.id == guest.thread_id()]  # type: ignore[no-untyped-call]
    for sample in (first, second):
        check_sample(sample)
        assert [] == [each for each in sample.limitations if each.why.startswith("error ")]
    check_pair(first, second)

    assert second.server.version in version.banner
    assert "SELECT 'what it ran last'" == shown.statement
    assert shown.idle_since is not None
    assert (shown.own_limit == 28_800) == (second.server.flavour is Flavour.MYSQL)
    assert any("bare BEGIN" in each.what for each in second.limitations) == (
        not version.banner.startswith("8")
    )


def test_a_variable_stands_there_with_its_bounds(older: Older, version: Version) -> None:
    standing = LiveExecutor(older.address, time.time).variable_state("wait_timeout")

    assert (28_800, 1, 31_536_000) == (standing.variable.value, standing.variable.min, standing.variable.max)
    assert version.banner.startswith("5.7") == standing.variable.is_documented
    assert 31_536_000 == clamped(32_140_800, standing, TUNABLE["wait_timeout"]).value


def test_a_snapshot_and_a_watch_are_had_there(older: Older, version: Version, tmp_path: Path) -> None:
    shot = run(older, tmp_path, "snapshot", "--format", "json")
    assert (0, "") == (shot.returncode, shot.stderr)
    assert json.loads(shot.stdout)["server"]["version"] in version.banner
    watched = run(older, tmp_path, "watch", "--for", "1", "--interval", "0.3")
    assert (0, "") == (watched.returncode, watched.stderr)
    assert "hello" == json.loads(watched.stdout.partition("\n")[0])["event"]


@pytest.mark.parametrize(
    ("name", "banner"), [("mysql97", "5.6.51-log"), ("mariadb105", "5.5.5-10.2.44-MariaDB")]
)
@pytest.mark.parametrize("command", ["snapshot", "watch", "exporter"])
def test_below_the_floor_every_command_ends_with_one_sentence(
    begin: Begin, name: Name, banner: str, command: str, tmp_path: Path
) -> None:
    with port_of_our_own() as port, Older(begin(name, ()), Version(banner, name, ())) as older:
        more = ("--listen", f"127.0.0.1:{port}") if command == "exporter" else ()
        told = run(older, tmp_path, command, *more)

    said = [line for line in told.stderr.splitlines() if "metrics at" not in line]
    assert 3 == told.returncode, told.stderr
    assert 1 == len(said), told.stderr
    assert " is too old: " in said[0]
    assert "connect to M" in said[0]


def readings(flavour: Flavour) -> dict[str, str]:
    """The statements that may be sent for a sample, by file."""
    return {
        variant.file: sql.read_sql(variant.file)
        for what, variants in sql.STATEMENTS[flavour].items()
        for variant in variants
        if what not in NOT_OF_A_READING and variant.file.startswith(flavour)
    }


@pytest.mark.parametrize("name", ["mysql97", "mariadb105"])
def test_whatever_optional_statement_is_refused_the_board_is_read(begin: Begin, name: Name) -> None:
    """Each in turn, with one error number or another: what is lost is told, by the server's own word."""
    flavour = Flavour.MYSQL if name == "mysql97" else Flavour.MARIADB
    server = begin(name, () if name == "mysql97" else (CONSUMER,))
    things = sql.STATEMENTS[flavour]
    refused = set()
    for at, (file, statement) in enumerate(readings(flavour).items()):
        number = NUMBERS[at % len(NUMBERS)]
        rule = exactly(statement, number)
        with (
            Older(
                server, Version("9.7.4" if name == "mysql97" else "10.5.29-MariaDB", name, ()), [rule]
            ) as older,
            closing(LiveSource(older.address, time.time)) as source,
            server.connect(),
        ):
            able = frozenset(sql.PROBES[flavour])
            needed = any(
                sql.choose_statement(flavour, what, able, {file}) is None for what in REQUIRED & things.keys()
            )
            if needed:
                continue
            source.sample()
            sample = source.sample()
            if not older.refused:
                continue
            refused.add(file)
            whys = [each.why for each in sample.limitations]
            known_otherwise = file.endswith(("/uid.sql", "/admin_port.sql"))
            assert known_otherwise or f"error {number}: not here" in whys, file
            assert 1 == len(older.refused) or known_otherwise, f"{file} was sent again"
            check_sample(sample)
    wanted = {"mysql97": {"mysql/transactions.sql", "mysql/packed_sessions.sql", "mysql/own_thread.sql"},
              "mariadb105": {"mariadb/statements.sql", "mariadb/accounts.sql"}}[name]  # fmt: skip
    assert wanted <= refused
