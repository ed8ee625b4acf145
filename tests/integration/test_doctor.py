"""What the doctor's screen says of sessions that a real server closed before anybody watched."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from textual.pilot import Pilot

from goneaway_tui.cli.servers import history_source
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.error_log import ErrorLog
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.doctor import DoctorRow, DoctorScreen
from tests.integration.conftest import StartServer
from tests.servers.private import Name, RealServer


def idle_out(server: RealServer, times: int) -> None:
    """Wait until the server has counted that it closed so many sessions by a limit of their own."""
    sessions: list[Any] = [server.connect(database="mysql") for _ in range(times)]
    for session in sessions:
        session.query("SET SESSION wait_timeout = 1")
    with closing(server.connect()) as admin, closing(admin.cursor()) as cursor:
        for _ in range(600):
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Aborted_clients'")
            if int(cursor.fetchone()[1]) >= times:
                break
            time.sleep(0.1)
        else:
            pytest.fail("the server closed nobody in a minute")
    for session in sessions:
        session._force_close()


def sign_of(app: GoneawayApp) -> DoctorRow | None:
    assert isinstance(app.screen, DoctorScreen)
    return next((each for each in app.screen.rows.rows if each.name == "idle_timeout"), None)


async def comes(pilot: Pilot[None], fact: Callable[[], bool]) -> None:
    for _ in range(1200):
        await pilot.pause(0.05)
        if fact():
            return
    pytest.fail("it did not come true in a minute")


@pytest.mark.parametrize(
    ("name", "certainty", "words"),
    [
        ("mysql97", "confirmed", "3 errors 4031"),
        ("mariadb1011", "likely", "3 sessions closed after a read timeout"),
    ],
)
async def test_idle_timeouts_before_the_board_started_are_counted(
    start_server: StartServer, name: Name, certainty: str, words: str
) -> None:
    """MySQL by its counts, MariaDB by its log."""
    server = start_server(name)
    idle_out(server, 3)
    log = ErrorLog(server.log, zone=None) if name == "mysql97" else ErrorLog(server.log, zone=_local())
    source = LiveSource(Address("127.0.0.1", server.port, "root"), time.time, interval=1.0, log=log)
    app = GoneawayApp([MonitorSpec(source, name="db", read_history=history_source(source))], time.time)
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            await comes(pilot, lambda: app.snapshot is not None)
            await pilot.press("d")
            await comes(pilot, lambda: isinstance(app.screen, DoctorScreen) and sign_of(app) is not None)
            await comes(pilot, lambda: words in str(sign_of(app)))
            sign = sign_of(app)
    finally:
        source.close()

    assert sign is not None
    assert sign.since_start is not None
    assert certainty == sign.since_start[0] == sign.certainty
    assert "Find what sets a shorter wait_timeout" in sign.remedies[0]
    assert sign.tunable is None


def _local() -> Any:
    from goneaway_tui.cli.factories import LocalZone

    return LocalZone()
