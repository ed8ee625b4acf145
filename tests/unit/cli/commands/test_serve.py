"""The screen for browsers before anybody looks: what it needs, what it refuses, what it hands over."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from goneaway_tui.cli import run
from goneaway_tui.cli.commands.serve import WebHandoff, pickled_handoff, read_handoff, refuse_unsafe_options
from goneaway_tui.cli.servers import ConfiguredServer, configured_servers
from goneaway_tui.errors import SettingsError, Unreachable
from goneaway_tui.settings import Secret
from tests.unit.settings.asking import complaint, settings


def passed_on(told: bytes) -> tuple[WebHandoff, bytes]:
    """What comes out at the other end of a pipe, and what was behind it."""
    ours, theirs = os.pipe()
    os.write(theirs, len(told).to_bytes(8, "big") + told + b"keys")
    os.close(theirs)
    try:
        return read_handoff(ours), os.read(ours, 100)
    finally:
        os.close(ours)


def test_missing_extra_is_reported_in_one_line_with_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    for name in [name for name in sys.modules if name.startswith(("goneaway_tui.web.", "textual_serve."))]:
        monkeypatch.delitem(sys.modules, name)

    assert 2 == run(["serve", "--no-defaults", "--no-login-paths"])
    (line,) = capsys.readouterr().err.splitlines()
    assert "goneaway-tui[serve]" in line


def test_nothing_can_be_changed_without_the_option() -> None:
    assert settings("serve").read_only
    assert "serve without --allow-changes" == settings("serve").origins["read_only"]
    assert not settings("serve --allow-changes").read_only
    assert settings("serve --allow-changes --read-only").read_only
    assert settings("serve --allow-changes --wall").read_only
    assert not settings("").read_only


def test_wall_is_read_only_and_names_the_option() -> None:
    assert settings("--wall").read_only
    assert "--wall" == settings("--wall").origins["read_only"]


def test_exporter_and_serve_have_different_default_addresses() -> None:
    assert "127.0.0.1:8104" == str(settings("serve").listen)
    assert "127.0.0.1:9104" == str(settings("exporter").listen)
    assert "0.0.0.0:1" == str(settings("serve --listen 0.0.0.0:1").listen)


def test_no_variable_and_no_screen_in_a_terminal_allows_changes() -> None:
    assert settings("serve", {"GONEAWAY_ALLOW_CHANGES": "1"}).read_only
    assert "works only with serve" in complaint("--allow-changes")


def test_changes_from_afar_want_a_login(tmp_path: Path) -> None:
    far = "serve --allow-changes --listen 0.0.0.0:8104"
    with pytest.raises(SettingsError, match="could change the server"):
        refuse_unsafe_options([settings(far)])

    refuse_unsafe_options([settings(f"{far} --listen-auth {tmp_path}")])


def test_serving_without_a_login_needs_the_listen_flag() -> None:
    refuse_unsafe_options([settings("serve --listen 0.0.0.0:8104")])
    with pytest.raises(SettingsError, match="with GONEAWAY_LISTEN, any client"):
        refuse_unsafe_options([settings("serve", {"GONEAWAY_LISTEN": "0.0.0.0:8104"})])


def test_warning_states_that_users_of_this_machine_can_change_the_server(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refuse_unsafe_options([settings("serve")])
    assert not capsys.readouterr().err
    refuse_unsafe_options([settings("serve --allow-changes")])
    assert "every user of this machine can change the server" in capsys.readouterr().err


def test_what_is_handed_over_arrives_whole_and_keys_stay_behind_it() -> None:
    one = settings("serve -h db1 -u dba -ptiger --theme nord")
    with configured_servers([one]) as members:
        handed, left = passed_on(pickled_handoff(one, members))

    (member,) = handed.members
    assert "tiger" == member.password.reveal()
    assert (member.name, member.address) == (members[0].name, members[0].address)
    assert "nord" == handed.settings.theme
    assert one.origins["theme"] == handed.settings.origins["theme"]
    assert b"keys" == left


def test_a_server_without_a_route_is_handed_over_with_the_reason() -> None:
    one = settings("serve -h db1")
    away = ConfiguredServer("db1", one, Secret(""), error=Unreachable("no way", "wait"))
    handed, _ = passed_on(pickled_handoff(one, [away]))

    (member,) = handed.members
    assert member.error is not None
    assert "no way; wait" == member.error.line


@pytest.mark.parametrize("cut", [0, 4, 20])
def test_what_is_not_whole_is_nothing(cut: int) -> None:
    told = pickled_handoff(settings("serve"), [])
    ours, theirs = os.pipe()
    os.write(theirs, (len(told).to_bytes(8, "big") + told)[:cut])
    os.close(theirs)
    with pytest.raises(EOFError):
        read_handoff(ours)
    os.close(ours)
