"""What TLS a connection asks for, by `--ssl-mode`."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.source.connection import _not_connected, _unconnected
from goneaway_tui.source.sockets import Address


@pytest.mark.parametrize(("mode", "is_required"), [("PREFERRED", False), ("REQUIRED", True)])
def test_a_mode_that_verifies_nothing_loads_no_authorities(mode: str, *, is_required: bool) -> None:
    connection: Any = _unconnected(Address(host="db", ssl_mode=mode))
    assert connection.ctx.verify_mode is ssl.CERT_NONE
    assert not connection.ctx.check_hostname
    assert connection.ctx.cert_store_stats()["x509"] == 0
    assert connection._ssl_required is is_required


@pytest.mark.parametrize(("mode", "checks_name"), [("VERIFY_CA", False), ("VERIFY_IDENTITY", True)])
def test_a_mode_that_verifies_requires_a_certificate_that_an_authority_signed(
    mode: str, *, checks_name: bool
) -> None:
    connection: Any = _unconnected(Address(host="db", ssl_mode=mode))
    assert connection.ctx.verify_mode is ssl.CERT_REQUIRED
    assert connection.ctx.check_hostname is checks_name
    assert connection._ssl_required


def test_an_authority_file_that_is_missing_is_an_error_in_each_mode_that_names_one(tmp_path: Path) -> None:
    for mode in ("REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"):
        with pytest.raises(SettingsError, match=r"ca\.pem"):
            _unconnected(Address(host="db", ssl_mode=mode, ssl_ca=str(tmp_path / "ca.pem")))


def test_without_tls_there_is_no_context() -> None:
    connection: Any = _unconnected(Address(host="db", ssl_mode="DISABLED"))
    assert not connection.ssl


class RefusingLine(ssl.SSLSocket):
    """A line that the server has closed behind an alert, which can still be read."""

    def __init__(self) -> None:
        """No socket is opened."""

    def recv(self, _size: int = 1024, _flags: int = 0) -> bytes:
        raise ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)")

    def close(self) -> None:
        """Nothing is open."""


def test_a_certificate_that_the_server_refuses_is_reported_as_that_where_writing_failed_first() -> None:
    address = Address(host="db")
    connection: Any = _unconnected(address)
    connection._sock = RefusingLine()
    reader, broken_pipe = os.pipe()
    os.close(reader)
    try:
        os.write(broken_pipe, b"login")
    except BrokenPipeError:
        connection._force_close()
    os.close(broken_pipe)
    error = _not_connected(address, connection.tls_alert, greeted=True, expired=False)

    assert "tlsv1 alert unknown ca" in error.line
    assert "check --ssl-mode" in error.line
