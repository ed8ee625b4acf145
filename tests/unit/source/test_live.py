"""What is told of the door a full server leaves open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.source.connection import Refusal
from goneaway_tui.source.explanations import explain_error
from goneaway_tui.source.live import SteadyUptime, find_admin_port
from goneaway_tui.source.sockets import Address
from tests.unit.source.standins import MariadbStandin, MysqlStandin, Row, Standin, refused


@pytest.mark.parametrize(
    ("server", "answer", "told"),
    [
        (MysqlStandin(), [(b"10.0.0.1", 33062)], "-h 10.0.0.1 -P 33062"),
        (
            MysqlStandin(),
            [(None, 0)],
            "The server has no admin_port. To have it next time, set admin_address under [mysqld]",
        ),
        (
            MariadbStandin(),
            [(b"", 3307)],
            "The extra_port still accepts up to extra_max_connections sessions: -P 3307",
        ),
        (MariadbStandin(), [(b"", 0)], "The server has no extra_port"),
        (MysqlStandin(), refused(1193), ""),
        (MysqlStandin(), [], ""),
        (MysqlStandin(), [(b"\x1b[2J{side_door}\n", 1)], "{side_door}"),
    ],
)
def test_connection_route_is_shown_with_the_address(
    server: Standin, answer: list[Row] | Refusal, told: str
) -> None:
    server.scripted = dict.fromkeys(("mysql/admin_port.sql", "mariadb/admin_port.sql"), answer)
    said = find_admin_port(server.connection, server.found())
    line = explain_error(Address(admin_port_hint=said), 1040, "Too many connections").line

    assert told in said
    assert said.isprintable()
    assert (said or "or use -P with admin_port (MySQL) or extra_port (MariaDB)") in line
    assert "all connections are in use. Connect with an account that has CONNECTION_ADMIN or SUPER" in line


HOUR = 3600.0


@pytest.mark.parametrize("step", [HOUR, -HOUR, 3 * HOUR])
def test_a_step_of_its_clock_does_not_move_its_uptime(step: float) -> None:
    uptime = SteadyUptime(7200, at=0)

    assert [7201, 7202] == [uptime.observe(told, at) for told, at in ((7201, 1), (7202, 2))]
    assert uptime.is_step(7203 + step, 3)
    assert 7203 == uptime.observe(7203 + step, 3)
    assert not uptime.is_step(7263 + step, 63)
    assert 7263 == uptime.observe(7263 + step, 63)


def test_uptime_is_never_negative_after_the_clock_was_set_back() -> None:
    assert 11 == SteadyUptime(10, at=0).observe(0, 1)
    assert 0 <= SteadyUptime(0, at=0).observe(0, 5)


@given(
    gaps=st.lists(st.floats(0.05, 40), min_size=1, max_size=20),
    steps=st.lists(st.sampled_from([0.0, HOUR, -HOUR]), min_size=20, max_size=20),
)
def test_whatever_steps_there_are_it_stays_what_our_clock_makes_it(
    gaps: list[float], steps: list[float]
) -> None:
    """Whole seconds are told, so it may be a second off; each step may hide one more."""
    uptime, at, wall, stepped = SteadyUptime(1_000_000, at=0), 0.0, 1_000_000.0, 0
    for gap, step in zip(gaps, steps, strict=False):
        at, wall, stepped = at + gap, wall + gap + step, stepped + bool(step)

        assert abs(uptime.observe(float(int(wall)), at) - (1_000_000 + at)) <= 1.01 + stepped
