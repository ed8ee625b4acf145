"""One session, as the server says."""

from __future__ import annotations

import pytest

from goneaway_tui.model.session import Role
from tests.builders import a_session


@pytest.mark.parametrize(
    ("command", "role", "is_idle"),
    [
        ("Sleep", Role.CLIENT, True),
        ("Query", Role.CLIENT, False),
        ("sleep", Role.CLIENT, False),
        ("Sleep", Role.LOGIN, False),
        ("Sleep", Role.DAEMON, False),
        ("Sleep", Role.REPLICA, False),
        ("Sleep", Role.DUMP, False),
    ],
)
def test_only_a_client_in_sleep_is_idle(command: str, role: Role, is_idle: bool) -> None:  # noqa: FBT001
    assert is_idle == a_session(command=command, role=role).is_idle


@pytest.mark.parametrize(
    ("host", "client_host"),
    [
        ("web-3:51234", "web-3"),
        ("web-3", "web-3"),
        ("10.0.0.7:51234", "10.0.0.7"),
        ("localhost", "localhost"),
        ("", ""),
        (":51234", ""),
        ("web-3:", "web-3:"),
        ("web-3:x", "web-3:x"),
        ("::1", "::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:1"),
        ("2001:db8:0:0:0:0:0:1:51234", "2001:db8:0:0:0:0:0:1"),
    ],
)
def test_a_client_host_is_the_host_without_its_port(host: str, client_host: str) -> None:
    assert client_host == a_session(host=host).client_host
