"""What is told of the door a full server leaves open."""

from __future__ import annotations

import pytest

from goneaway_tui.source.address import Address
from goneaway_tui.source.connection import Refusal
from goneaway_tui.source.explanations import explained
from goneaway_tui.source.sidedoor import side_door
from tests.unit.source.standins import MariadbStandin, MysqlStandin, Row, Standin, refused


@pytest.mark.parametrize(
    ("server", "answer", "told"),
    [
        (MysqlStandin(), [(b"10.0.0.1", 33062)], "-h 10.0.0.1 -P 33062"),
        (
            MysqlStandin(),
            [(None, 0)],
            "The server has no admin_port. For the next time: set admin_address under [mysqld]",
        ),
        (MariadbStandin(), [(b"", 3307)], "The extra_port still takes extra_max_connections more: -P 3307"),
        (MariadbStandin(), [(b"", 0)], "The server has no extra_port"),
        (MysqlStandin(), refused(1193), ""),
        (MysqlStandin(), [], ""),
        (MysqlStandin(), [(b"\x1b[2J{side_door}\n", 1)], "{side_door}"),
    ],
)
def test_a_door_is_told_with_the_way_to_it(server: Standin, answer: list[Row] | Refusal, told: str) -> None:
    server.scripted = dict.fromkeys(("mysql/side_door.sql", "mariadb/side_door.sql"), answer)
    said = side_door(server.connection, server.found())
    line = explained(Address(side_door=said), 1040, "Too many connections").line

    assert told in said
    assert said.isprintable()
    assert (said or "or use -P with admin_port (MySQL) or extra_port (MariaDB)") in line
    assert "all connections are taken. Connect with an account that has CONNECTION_ADMIN or SUPER" in line
