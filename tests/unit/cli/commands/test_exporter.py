"""The exporter before anybody asks it: what it needs, what it refuses, how it goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from goneaway_tui.cli import run
from goneaway_tui.cli.commands.exporter import MetricsPolling, endpoint_of
from goneaway_tui.errors import FileError, SettingsError, Unreachable
from goneaway_tui.metrics.collector import MetricsStore
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import RiskThresholds
from tests.builders import a_sample, a_session
from tests.ui.stage import HeldClock, Scripted
from tests.unit.settings.asking import complaint, settings


def polled(*script: Sample | Exception) -> tuple[MetricsPolling, MetricsStore]:
    clock = HeldClock()
    board = MetricsStore(["db1"], clock, 1000)
    return MetricsPolling("db1", Scripted(*script), board, clock, RiskThresholds(), 1.0), board


def test_failing_server_is_down_and_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Unreachable("nobody answers", "wait")
    polling, board = polled(a_sample([a_session()]), gone, gone, a_sample([a_session()]))
    polling.poller.poll()
    assert board["db1"].up
    polling.poller.poll()
    polling.poller.poll()

    assert not board["db1"].up
    assert 2 == board["db1"].failures
    polling.poller.poll()
    assert board["db1"].up
    assert 4 == board["db1"].polls
    told = capsys.readouterr().err
    assert 1 == told.count("nobody answers")
    assert 1 == told.count("the server answers again")


def test_missing_extra_is_reported_in_one_line_with_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    for name in [name for name in sys.modules if name.startswith("goneaway_tui.metrics.")]:
        monkeypatch.delitem(sys.modules, name)

    assert 2 == run(["exporter", "--no-defaults", "--no-login-paths"])
    (line,) = capsys.readouterr().err.splitlines()
    assert "goneaway-tui[exporter]" in line


@pytest.mark.parametrize("flag", ["--listen-key", "--listen-ca"])
def test_what_does_nothing_without_a_certificate_is_refused(flag: str) -> None:
    with pytest.raises(SettingsError, match="has no effect without a certificate"):
        endpoint_of(settings(f"exporter {flag} x.pem"))


@pytest.mark.parametrize(("mode", "text"), [(0o644, "prom:secret"), (0o600, "prom"), (0o600, "")])
def test_login_readable_by_other_users_or_malformed_is_refused(tmp_path: Path, mode: int, text: str) -> None:
    file = tmp_path / "login"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(FileError):
        endpoint_of(settings(f"exporter --listen-auth {file}"))


def test_a_login_is_read(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("prom:a:b\n")
    file.chmod(0o600)

    assert "prom:a:b" == endpoint_of(settings(f"exporter --listen-auth {file}")).login


@pytest.mark.parametrize(
    ("address", "warns"),
    [("127.0.0.1:1", False), ("[::1]:1", False), ("localhost:1", False), ("0.0.0.0:1", True)],
)
def test_listening_on_a_public_address_warns(
    address: str,
    warns: bool,  # noqa: FBT001
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint_of(settings(f"exporter --listen {address}"))

    assert warns == ("warning" in capsys.readouterr().err)


@pytest.mark.parametrize(
    "address", ["9104", ":9104", "db1", "db1:0", "::1:9104", "[::1]", "[db1]:1", "a b:1"]
)
def test_a_place_that_is_none_is_refused(address: str) -> None:
    assert "127.0.0.1:9104" in complaint(f"exporter --listen '{address}'")
