"""What TLS a connection asks for, by `--ssl-mode`."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.source.connection import _unconnected
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
