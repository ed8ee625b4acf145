"""What a row of the process list is to the server."""

from __future__ import annotations

import pytest

from goneaway_tui.model.session import Role
from goneaway_tui.source.roles import BY_COMMAND, BY_THREAD, BY_USER, role_of


@pytest.mark.parametrize(
    ("command", "user", "thread_name", "role"),
    [
        ("Sleep", "shop", "thread/sql/one_connection", Role.CLIENT),
        ("Query", "root", "", Role.CLIENT),
        ("Killed", "shop", "", Role.CLIENT),
        ("", "", "", Role.CLIENT),
        ("Binlog Dump", "repl", "thread/sql/one_connection", Role.DUMP),
        ("Connect", "system user", "", Role.REPLICA),
        ("Query", "system user", "thread/sql/one_connection", Role.REPLICA),
        ("Query", "root", "thread/sql/replica_sql", Role.REPLICA),
        ("Query", "root", "thread/sql/slave_worker", Role.REPLICA),
        ("Connect", "root", "thread/group_rpl/THD_applier_module_receiver", Role.REPLICA),
        ("Connect", "unauthenticated user", "", Role.LOGIN),
        ("Daemon", "event_scheduler", "thread/sql/event_scheduler", Role.DAEMON),
        ("Daemon", "", "thread/sql/compress_gtid_table", Role.DAEMON),
        ("Delayed insert", "delayed", "", Role.DAEMON),
        ("Daemon", "system user", "", Role.DAEMON),
    ],
)
def test_a_row_is(command: str, user: str, thread_name: str, role: Role) -> None:
    assert role is role_of(command, user, thread_name)


@pytest.mark.parametrize(("command", "role"), BY_COMMAND.items())
def test_a_command_of_the_table_decides_for_any_user(command: str, role: Role) -> None:
    assert role is role_of(command, "shop")


@pytest.mark.parametrize(("user", "role"), BY_USER.items())
def test_a_user_of_the_table_decides_for_a_command_that_does_not(user: str, role: Role) -> None:
    assert role is role_of("Query", user)


@pytest.mark.parametrize(("beginning", "role"), BY_THREAD.items())
def test_a_thread_of_the_table_decides_before_all_else(beginning: str, role: Role) -> None:
    assert role is role_of("Binlog Dump", "unauthenticated user", beginning + "_17")


def test_a_client_may_be_called_almost_like_a_servant() -> None:
    assert Role.CLIENT is role_of("Sleep", "system users")
