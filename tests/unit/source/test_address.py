"""Where a server is, as a person says it."""

from __future__ import annotations

import pytest

from goneaway_tui.source.sockets import STANDARD_SOCKETS, Address, standard_socket


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (Address(), "localhost:3306"),
        (Address(host="db-01", port=3307), "db-01:3307"),
        (Address(host="::1"), "[::1]:3306"),
        (Address(host="db-01", socket="/run/s"), "/run/s"),
        (Address(socket="/run/s", label="demo"), "demo"),
    ],
)
def test_an_address_is_called(address: Address, name: str) -> None:
    assert name == address.name


def test_an_address_does_not_show_its_password() -> None:
    assert "tiger" not in repr(Address(password="tiger"))


def test_the_standard_socket_is_one_of_the_standard_sockets() -> None:
    assert standard_socket() in STANDARD_SOCKETS
