"""With a connection the server decides: real losses on real servers, explained with what the server says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest

from goneaway_tui.cli import run
from goneaway_tui.model.server import Flavour
from tests.integration.conftest import StartServer
from tests.schemas import check
from tests.servers.private import NAMES, Name, RealServer
from tests.waiting import comes_true, patience_with


def failing(act: Callable[[], object]) -> str:
    """The line an application logs."""
    with pytest.raises(pymysql.Error) as caught:
        act()
    return f"{datetime.now(UTC).isoformat()} ERROR pymysql.err.{caught.type.__name__}: {caught.value!s}\n"


def explained(
    capsys: pytest.CaptureFixture[str], server: RealServer, log: Path, line: str, *more: str
) -> dict[str, dict[str, Any]]:
    """Findings by cause, in their order."""
    log.write_text(line, encoding="utf-8")
    where = ["-h", "127.0.0.1", "-P", str(server.port), "-u", "root", "--format=json", *more]
    assert 0 == run(["explain", str(log), *where])
    told = json.loads(capsys.readouterr().out)
    check("explain", told)
    (error,) = told["errors"]
    return {each["cause"]: each for each in error["findings"]}


def counted(server: RealServer) -> None:
    """Wait until the server has counted a session it ended: the client hears of it first."""
    with closing(server.connect()) as admin, closing(admin.cursor()) as cursor:

        def is_counted() -> bool:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Aborted_clients'")
            return int(cursor.fetchone()[1]) > 0

        comes_true(is_counted, told=lambda: "the server has counted nobody")


def idle(server: RealServer) -> str:
    session: Any = server.connect()
    with closing(session):
        session.query("SET SESSION wait_timeout = 1")
        comes_true(lambda: not server.lists(session.thread_id()))
        return failing(lambda: session.query("SELECT 1"))


def oversized(server: RealServer) -> str:
    """Without TLS and far too large: the server cuts the line in the middle of it."""
    with closing(server.connect(ssl_disabled=True)) as session:
        return failing(lambda: session.query(f"SELECT '{'x' * 10_000_000}'"))


def end(admin: Any, session: Any) -> None:
    admin.query(f"KILL {session.thread_id()}")


def killed(server: RealServer) -> str:
    with closing(server.connect()) as admin, closing(server.connect()) as session:
        end(admin, session)
        return failing(lambda: session.query("SELECT 1"))


def given_up(server: RealServer) -> str:
    """The client's own patience ends."""
    session = server.connect(read_timeout=1)
    return failing(lambda: session.query("SELECT SLEEP(2)"))


def too_slow(server: RealServer) -> str:
    bounded = {
        Flavour.MYSQL: "SELECT /*+ MAX_EXECUTION_TIME(100) */ COUNT(*) FROM information_schema.columns a,"
        " information_schema.columns b, information_schema.columns c",
        Flavour.MARIADB: "SET STATEMENT max_statement_time=0.1 FOR SELECT SLEEP(3)",
    }
    with closing(server.connect()) as session:
        return failing(lambda: session.query(bounded[server.flavour]))


def too_many_connections(server: RealServer) -> str:
    with ExitStack() as held, closing(server.connect()) as admin:
        admin.query("CREATE USER IF NOT EXISTS crowd@'%'")
        admin.query("SET GLOBAL max_connections = 10")
        line = failing(lambda: [held.enter_context(closing(server.connect(user="crowd"))) for _ in range(20)])
        admin.query("SET GLOBAL max_connections = 151")
    return line


def restarted(server: RealServer) -> str:
    with closing(server.connect()) as session:
        server.stop()
        server.start()
        return failing(lambda: session.query("SELECT 1"))


def crashed(server: RealServer) -> str:
    with closing(server.connect()) as session:
        server.kill()
        server.start()
        return failing(lambda: session.query("SELECT 1"))


CONFIRMED, LIKELY = "confirmed", "likely"
UNCHECKED = {"check_hostname": False, "verify_mode": False}
"""TLS to a server whose certificate nobody signed."""
PROVOKED: tuple[tuple[Callable[[RealServer], str], str, str], ...] = (
    (idle, "idle_timeout", CONFIRMED),
    (too_slow, "statement_timeout", CONFIRMED),
    (too_many_connections, "too_many_connections", CONFIRMED),
    (given_up, "client_quit", LIKELY),
    (killed, "killed", LIKELY),
    (restarted, "server_restart", CONFIRMED),
    (killed, "killed", LIKELY),
    (crashed, "server_crash", CONFIRMED),
)
"""In this order on one server, so that what was before is there to mislead; MySQL keeps evidence of each but KILL."""
BY_THE_LOG = {"server_restart", "server_crash"}
"""Of which MariaDB tells nothing but in its log."""


@pytest.mark.parametrize("name", NAMES)
def test_each_cause_is_first_when_the_server_is_asked(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, name: Name, tmp_path: Path
) -> None:
    server = start_server(name)
    for provoke, cause, certainty in PROVOKED:
        line = provoke(server)
        logged = cause in BY_THE_LOG and server.flavour is Flavour.MARIADB
        more = (f"--error-log={server.log}",) if logged else ()
        found = explained(capsys, server, tmp_path / "app.log", line, *more)
        kept = certainty if server.flavour is Flavour.MYSQL or cause != "idle_timeout" else LIKELY

        assert cause == next(iter(found)), f"{provoke.__name__}: {line}"
        assert kept == found[cause]["certainty"], f"{provoke.__name__}: {found[cause]['because']}"
        assert {cause} >= {each for each, told in found.items() if told["certainty"] == CONFIRMED}


def test_mysql_counts_what_it_would_not_read(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("mysql97", "--max-allowed-packet=1M")
    found = explained(capsys, server, tmp_path / "app.log", oversized(server))

    assert ("packet_too_large", CONFIRMED) == (next(iter(found)), found["packet_too_large"]["certainty"])


def test_an_idle_session_is_explained_by_the_limit_in_force(
    capsys: pytest.CaptureFixture[str], any_server: RealServer, tmp_path: Path
) -> None:
    any_server.connect().query("SET GLOBAL wait_timeout = 1")
    try:
        found = explained(capsys, any_server, tmp_path / "app.log", idle(any_server))
    finally:
        any_server.connect().query("SET GLOBAL wait_timeout = 28800")

    assert any("1 s - 10 %" in each and "according to" in each for each in found["idle_timeout"]["remedies"])


def test_recorded_departure_explains_a_lost_connection_without_a_server(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, tmp_path: Path
) -> None:
    server, tape, log = start_server("mariadb1011"), tmp_path / "night.rec", tmp_path / "app.log"
    where = ["-h", "127.0.0.1", "-P", str(server.port), "-u", "root"]
    watch = [sys.executable, "-m", "goneaway_tui", "watch", *where, "--interval=0.2"]
    with (
        subprocess.Popen([*watch, f"--record={tape}"], stdout=subprocess.PIPE) as watching,
        patience_with(watching),
    ):
        assert watching.stdout is not None
        told = map(json.loads, watching.stdout)
        events: list[dict[str, Any]] = [next(told)]  # after this one a session that connects is new
        session: Any = server.connect()

        def heard(event: str) -> None:
            for each in told:
                events.append(each)
                if (event, session.thread_id()) == (each["event"], each.get("id")):
                    return
            pytest.fail(f"the watch ended before it said {event}")

        with closing(server.connect()) as admin, closing(session):
            heard("opened")
            end(admin, session)
            log.write_text(failing(lambda: session.query("SELECT 1")), encoding="utf-8")
            heard("departed")
        watching.terminate()
        events += told
    assert 0 == run(["explain", str(log), f"--recording={tape}", "--format=json"])
    (error,) = json.loads(capsys.readouterr().out)["errors"]

    for each in events:
        check("watch", each)
    assert "hello" == events[0]["event"]
    assert "departed" in {each["event"] for each in events}
    assert "killed" == error["findings"][0]["cause"]
    assert any("The ledger lists" in each for each in error["findings"][0]["because"])


def test_a_full_server_is_explained_by_itself(
    capsys: pytest.CaptureFixture[str], any_server: RealServer, tmp_path: Path
) -> None:
    line = "2026-11-23T22:00:00Z ERROR pymysql.err.OperationalError: (1040, 'Too many connections')\n"
    found = explained(capsys, any_server, tmp_path / "app.log", line)

    assert "confirmed" == found["too_many_connections"]["certainty"]
    assert any("now 151" in each for each in found["too_many_connections"]["remedies"])


def test_over_tls_mariadbs_log_reports_an_error_that_its_client_never_receives(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, tmp_path: Path
) -> None:
    """1153 is lost, nearly always: the line ends while the statement is sent, as it does for an idle session.

    Python 3.11 says that TLS was broken off; 3.13 reports a broken pipe or a reset, which is less of a sign.
    """

    def lost() -> str:
        with closing(server.connect(ssl=UNCHECKED)) as session:
            return failing(lambda: session.query(f"SELECT '{'x' * 3_000_000}'"))

    server = start_server("mariadb118", "--max-allowed-packet=1M", "--log-warnings=2")
    line = next(said for said in (lost() for _ in range(20)) if "2006" in said)
    counted(server)
    blind = explained(capsys, server, tmp_path / "app.log", line)
    found = explained(capsys, server, tmp_path / "app.log", line, f"--error-log={server.log}")

    assert "packet_too_large" in [*blind][:2]
    assert blind["packet_too_large"]["certainty"] == (LIKELY if "SSLEOFError" in line else "possible")
    assert "packet_too_large" == next(iter(found)), found["packet_too_large"]["because"]


def test_offline_mode_is_recognised_by_refused_reconnects(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("mysql97")
    with closing(server.connect()) as admin:
        admin.query("CREATE USER app@'%'")
        with closing(server.connect(user="app")) as session:
            admin.query("SET GLOBAL offline_mode = ON")
            line = failing(lambda: session.query("SELECT 1"))
            failing(lambda: server.connect(user="app"))
    found = explained(capsys, server, tmp_path / "app.log", line)

    assert "killed" == next(iter(found))
    assert any("offline mode" in each for each in found["killed"]["because"])


def test_server_younger_than_its_limits_gets_no_advice_to_raise_them(
    capsys: pytest.CaptureFixture[str], start_server: StartServer, tmp_path: Path
) -> None:
    """The session's own limit of a second ended it; the global ones are 9 h."""
    server = start_server("mysql97", "--wait-timeout=32400", "--interactive-timeout=32400")
    line = idle(server)
    counted(server)
    (finding, *_others) = explained(capsys, server, tmp_path / "app.log", line).values()

    assert (finding["cause"], finding["certainty"]) == ("idle_timeout", CONFIRMED)
    assert "Find what sets a shorter wait_timeout" in finding["remedies"][0]
    assert not any("SET GLOBAL" in each or "29160" in each for each in finding["remedies"])
