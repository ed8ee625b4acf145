"""Choosing a server by keys, and describing one: what is tried, what is saved, what is told."""

from __future__ import annotations

import threading

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from goneaway_tui.errors import AccessDenied, SettingsError
from goneaway_tui.model.server import ConnectedServer, Limitation, Profile, ProfileDraft
from goneaway_tui.settings import SslMode
from goneaway_tui.settings.config_reader import COLORS
from goneaway_tui.ui.screens.connect import TLS_MODES, ConnectApp, FormScreen, PickerScreen
from goneaway_tui.ui.theme import luminance, server_accent
from tests.fakes import FakeServerDirectory
from tests.snapshot.shots import settle
from tests.ui.test_tuning import until
from tests.waiting import FAR

PROFILES = (
    Profile("prod", "dba@db1:3306", "red", read_only=True),
    Profile("dev", "root@/run/dev.sock"),
)
SIZE = (80, 24)
DENIED = AccessDenied("db1:3306: Access denied for user 'dba' (1045)", "check the password")


def lines(app: ConnectApp) -> str:
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


async def played(app: ConnectApp, *keys: str) -> str:
    """Press keys one after the other; what the screen said last."""
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        for key in keys:
            await pilot.press(key)
            await settle(app, pilot)
        return lines(app) if app.is_running else ""


# --- The list


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (("enter",), "prod"),
        (("down", "enter"), "dev"),
        (("down", "down", "enter"), ""),
        (("end", "up", "enter"), ""),
        (("escape",), None),
        (("q",), None),
    ],
)
async def test_a_server_is_chosen_by_keys(keys: tuple[str, ...], chosen: str | None) -> None:
    app = ConnectApp(FakeServerDirectory(*PROFILES))

    await played(app, *keys)

    assert chosen == app.return_value
    assert app.crash is None


async def test_what_each_is_can_be_read() -> None:
    seen = await played(ConnectApp(FakeServerDirectory(*PROFILES), trouble=DENIED.line, previous="dev"))

    for words in (
        "prod",
        "red",
        "read-only",
        "dba@db1:3306",
        "root@/run/dev.sock",
        "this machine",
        "Access denied",
    ):
        assert words in seen


async def test_profile_tried_last_is_under_the_cursor() -> None:
    app = ConnectApp(FakeServerDirectory(*PROFILES), trouble="x", previous="dev")

    await played(app, "enter")

    assert "dev" == app.return_value


async def test_n_leads_to_the_form_and_escape_back() -> None:
    app = ConnectApp(FakeServerDirectory(*PROFILES))

    seen = await played(app, "n", "escape")

    assert "connect to" in seen
    await played(app := ConnectApp(FakeServerDirectory(*PROFILES)), "n", "escape", "escape")
    assert app.return_value is None


async def test_control_c_interrupts() -> None:
    app = ConnectApp(FakeServerDirectory(*PROFILES))

    await played(app, "ctrl+c")

    assert app.interrupted


@pytest.mark.parametrize("color", COLORS)
def test_every_colour_that_has_a_name_can_be_shown(color: str) -> None:
    shown = server_accent(color)

    assert shown is not None
    dark, light = sorted((luminance(shown.background), luminance(shown.foreground)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5, "as WCAG asks of text"


# --- The form


def test_the_form_knows_the_modes_there_are() -> None:
    assert tuple(SslMode) == TLS_MODES


async def test_without_servers_it_is_the_form_at_once() -> None:
    app = ConnectApp(FakeServerDirectory(), trouble=DENIED.line)

    seen = await played(app)

    assert "new connection" in seen
    assert "Access denied" in seen


async def test_typed_connection_is_tried_and_its_result_shown() -> None:
    lacks = Limitation(
        "every session of another account", "the account lacks PROCESS", "GRANT PROCESS ON *.* TO 'dba'@'%'"
    )
    directory = FakeServerDirectory(answer=ConnectedServer("MySQL 9.7.4", "'dba'@'%'", (lacks,)))
    app = ConnectApp(directory)

    seen = await played(app, *"db1", "tab", *"3307", "ctrl+t")

    assert [("db1", "3307", "PREFERRED")] == [
        (each.host, each.port, each.ssl_mode) for each in directory.tried
    ]
    assert "MySQL 9.7.4 as 'dba'@'%'" in seen
    words = "Not visible: every session of another account. To see them: GRANT PROCESS ON *.* TO 'dba'@'%'"
    assert words in " ".join(seen.replace("│", "").split())


async def test_refusal_is_shown_and_the_form_keeps_its_values() -> None:
    directory = FakeServerDirectory(answer=DENIED)
    app = ConnectApp(directory)

    seen = await played(app, *"db1", "enter")

    assert "Access denied for user 'dba' (1045); check the password" in " ".join(seen.split())
    assert "db1" in seen
    assert app.return_value is None


async def test_enter_continues_only_where_the_login_succeeds() -> None:
    directory = FakeServerDirectory()
    app = ConnectApp(directory)

    await played(app, *"db1", "enter")

    assert isinstance(app.return_value, ProfileDraft)
    assert "db1" == app.return_value.host
    assert [app.return_value] == directory.tried


async def test_what_may_ask_at_the_terminal_is_left_to_it() -> None:
    directory = FakeServerDirectory()
    directory.wants = True
    app = ConnectApp(directory)

    await played(app, *"db1", "enter")

    assert isinstance(app.return_value, ProfileDraft)
    assert [] == directory.tried


async def test_invalid_input_is_reported_before_any_connection() -> None:
    directory = FakeServerDirectory()
    directory.wants = SettingsError("port: not a port: '99999'", "a port is a number from 1 to 65535")

    seen = await played(ConnectApp(directory), *"db1", "ctrl+t")

    assert "not a port: '99999'" in seen
    assert [] == directory.tried


async def test_profile_is_saved_without_its_password_and_listed() -> None:
    directory = FakeServerDirectory()
    app = ConnectApp(directory)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        for part, text in (("host", "db1"), ("name", "prod-db1"), ("password", "tiger"), ("color", "red")):
            app.screen.query_one(f"#{part}", Input).value = text
        app.screen.query_one("#ssl_mode", Select).value = "REQUIRED"
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        told = lines(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PickerScreen))
        listed = lines(app)

    assert "Saved in ~/.config/goneaway-tui/config.toml: goneaway-tui @prod-db1." in " ".join(told.split())
    assert "You will be asked for it" in " ".join(told.split())
    assert "tiger" not in told
    assert ["REQUIRED"] == [each.ssl_mode for each in directory.saved]
    assert "prod-db1" in listed


async def test_full_disk_is_reported() -> None:
    directory = FakeServerDirectory()
    directory.is_full = True

    assert "no space left on device" in await played(ConnectApp(directory), *"db1", "ctrl+s")


async def test_an_answer_about_something_else_comes_too_late() -> None:
    late, held = threading.Event(), FakeServerDirectory()

    class Slow(FakeServerDirectory):
        def attempt(self, draft: ProfileDraft) -> ConnectedServer:
            if draft.host == "slow":
                late.wait(FAR)
                raise DENIED
            return held.attempt(draft)

    app = ConnectApp(Slow())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*"slow", "ctrl+t")
        app.screen.query_one("#host", Input).value = "db1"
        await pilot.press("ctrl+t")
        await until(pilot, lambda: "Connected to" in lines(app))
        late.set()
        await settle(app, pilot)
        told = lines(app)

    assert "as 'dba'@'%'" in told
    assert "Access denied" not in told


async def test_closing_the_form_is_not_delayed_by_a_server_that_does_not_answer() -> None:
    late = threading.Event()

    class Silent(FakeServerDirectory):
        def attempt(self, draft: ProfileDraft) -> ConnectedServer:
            late.wait(FAR)
            raise DENIED

    app = ConnectApp(Silent())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*"db1", "enter")
        await pilot.press("escape")
        await until(pilot, lambda: not app.is_running or not isinstance(app.screen, FormScreen))
    late.set()

    assert app.return_value is None
    assert app.crash is None


def test_quitting_is_not_delayed_by_a_server_that_does_not_answer() -> None:
    late, answered = threading.Event(), []

    class Silent(FakeServerDirectory):
        def attempt(self, draft: ProfileDraft) -> ConnectedServer:
            late.wait(FAR)
            answered.append(draft)
            raise DENIED

    async def quit_while_connecting(pilot: Pilot[object]) -> None:
        await pilot.pause()
        await pilot.press(*"db1", "enter", "ctrl+c")

    app = ConnectApp(Silent())
    app.run(headless=True, size=SIZE, auto_pilot=quit_while_connecting)

    assert app.interrupted
    assert [] == answered
    late.set()


async def test_internal_error_ends_the_app_cleanly() -> None:
    app = ConnectApp(FakeServerDirectory(answer=ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        await played(app, *"db1", "ctrl+t")

    assert isinstance(app.crash, ZeroDivisionError)


async def test_hostile_text_in_a_field_is_harmless() -> None:
    app = ConnectApp(
        FakeServerDirectory(), previous=ProfileDraft(host="\x1b[2J[red]db1\u202e", password="\x1b]0;x\x07")
    )

    seen = await played(app)

    assert "\x1b" not in seen
    assert "\u202e" not in seen
    assert "[red]db1" in seen
