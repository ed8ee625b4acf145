"""A server's refusals and silences, told in a line with what to do about them."""

from __future__ import annotations

import pymysql
import pytest

from goneaway_tui.errors import (
    AccessDenied,
    NoConnectionLeft,
    ServerFull,
    SourceError,
    StopReported,
    TooSlow,
    Unreachable,
)
from goneaway_tui.source.connection import ABSENT, DENIED
from goneaway_tui.source.explanations import HINTS as TOLD
from goneaway_tui.source.explanations import explain_error, number_and_message
from goneaway_tui.source.sockets import Address

TCP = Address(host="db-01")
SOCKET = Address(socket="/run/mysqld/mysqld.sock")

HINTS = [
    (1028, TooSlow, "next sample"),
    (1040, ServerFull, "CONNECTION_ADMIN"),
    (1044, AccessDenied, "-D"),
    (1045, AccessDenied, "-p asks"),
    (1049, AccessDenied, "-D"),
    (1053, StopReported, "shutting down"),
    (1129, AccessDenied, "host_cache"),
    (1130, AccessDenied, "CREATE USER"),
    (1203, NoConnectionLeft, "max_user_connections"),
    (1226, NoConnectionLeft, "resource limits"),
    (1317, TooSlow, "next sample"),
    (1820, AccessDenied, "expired"),
    (1862, AccessDenied, "expired"),
    (1927, StopReported, "or the server is stopping"),
    (1969, TooSlow, "next sample"),
    (2020, SourceError, "check the address of the server"),
    (2026, Unreachable, "--ssl-mode"),
    (2059, AccessDenied, "caching_sha2_password"),
    (2061, AccessDenied, "--ssl-mode=VERIFY_CA"),
    (3024, TooSlow, "next sample"),
    (3118, AccessDenied, "UNLOCK"),
    (3159, AccessDenied, "--ssl-mode=REQUIRED"),
    (4031, Unreachable, "idle"),
    (4151, AccessDenied, "UNLOCK"),
]


@pytest.mark.parametrize(("number", "kind", "word"), HINTS)
def test_a_number_the_server_gives_comes_with_what_to_do(
    number: int, kind: type[SourceError], word: str
) -> None:
    error = explain_error(TCP, number, "Something happened.")

    assert kind is type(error)
    assert f"db-01:3306: Something happened ({number})" == str(error)
    assert word in error.hint


@pytest.mark.parametrize("number", sorted(TOLD))
def test_every_hint_is_one_line_that_ends_openly(number: int) -> None:
    error = explain_error(TCP, number, "x")

    assert error.hint
    assert error.line.isprintable()
    assert not error.hint.endswith(".")
    assert 3 == error.exit_code


def test_every_hint_is_held_to_something() -> None:
    assert TOLD.keys() == {number for number, _, _ in HINTS}


@pytest.mark.parametrize("number", [2002, 2003])
@pytest.mark.parametrize(
    ("address", "said", "hint"),
    [
        (TCP, "Connection refused", "port (-P)"),
        (TCP, "timed out", "firewall"),
        (TCP, "Name or service not known", "host name (-h)"),
        (TCP, "Temporary failure in name resolution", "host name (-h)"),
        (TCP, "nodename nor servname provided, or not known", "host name (-h)"),
        (SOCKET, "No such file or directory", "-S"),
        (SOCKET, "Connection refused", "-S"),
    ],
)
def test_unreachable_server_is_reported_with_a_remedy(
    number: int, address: Address, said: str, hint: str
) -> None:
    error = explain_error(address, number, said)

    assert Unreachable is type(error)
    assert f"cannot reach {address.name}: {said}" == str(error)
    assert hint in error.hint


def test_the_reason_is_taken_out_of_its_wrapping() -> None:
    error = explain_error(
        TCP, 2003, "Can't connect to MySQL server on 'db-01' ([Errno 111] Connection refused)"
    )

    assert "cannot reach db-01:3306: Connection refused" == str(error)


@pytest.mark.parametrize("number", [0, 2006, 2013, 2014, 2027])
def test_a_conversation_that_broke_off_is_lost_and_taken_up_by_itself(number: int) -> None:
    error = explain_error(TCP, number, "")

    assert Unreachable is type(error)
    assert "lost the connection to db-01:3306: the connection is closed" == str(error)
    assert "reconnecting automatically" == error.hint


def test_unknown_number_is_shown_as_received() -> None:
    error = explain_error(TCP, 1290, "The server is running with --read-only")

    assert SourceError is type(error)
    assert "db-01:3306: The server is running with --read-only (1290)" == str(error)
    assert error.hint


@pytest.mark.parametrize("number", [1045, 1290, 2003, 2013])
@pytest.mark.parametrize("said", ["\x1b[2J\x1b]0;x\x07\n\u202e", "x" * 100_000, "(" * 50, ")(", "''", ""])
def test_any_server_message_stays_one_line(number: int, said: str) -> None:
    line = explain_error(TCP, number, said).line

    assert line.isprintable()
    assert len(line) < 600


def test_a_denial_is_not_an_absence() -> None:
    assert DENIED.isdisjoint(ABSENT)


@pytest.mark.parametrize(
    ("error", "number", "message"),
    [
        (pymysql.OperationalError(1045, "Access denied"), 1045, "Access denied"),
        (pymysql.OperationalError(1045, b"caf\xe9"), 1045, r"caf\xe9"),
        (pymysql.InterfaceError(0, ""), 0, ""),
        (pymysql.OperationalError(2006, None), 2006, "None"),
        (pymysql.OperationalError("it broke"), 2013, "it broke"),
        (pymysql.OperationalError("it", "broke"), 2013, "broke"),
        (pymysql.OperationalError(), 2013, ""),
    ],
)
def test_an_exception_holds_a_number_and_a_message_or_a_lost_connection(
    error: pymysql.Error, number: int, message: str
) -> None:
    assert (number, message) == number_and_message(error)


def test_server_with_old_tls_only_is_reported_with_the_option_to_disable_encryption() -> None:
    assert "--ssl-mode=DISABLED" in explain_error(TCP, 2026, "unsupported protocol").hint
    assert "--ssl-mode=DISABLED" not in explain_error(TCP, 2026, "certificate verify failed").hint
