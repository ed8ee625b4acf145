"""A server that is described by hand: what is written, what is refused, and that the rest of the file stays as it is."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.server import ProfileDraft
from goneaway_tui.settings import (
    FileContent,
    Keyring,
    PasswordCommand,
    Settings,
    SslMode,
    resolve,
)
from goneaway_tui.settings.profiles import (
    appended_profile,
    check_draft,
    profile_toml,
    servers_of,
    trial_settings,
)
from tests.unit.settings.asking import CONFIG, environment, value

FULL = ProfileDraft(
    name="prod-db1",
    host="db1.example.com",
    port="3307",
    user="dba",
    password="tiger",
    socket="",
    ssl_mode="VERIFY_CA",
    ssl_ca="/etc/ssl/ca.pem",
    ssh="jump",
    password_command="pass 'db 1'",
    color="red",
    read_only=True,
)
SET = """\
[servers.dev]
host = "dev"
color = "green"
"""


def added(draft: ProfileDraft, before: str | bytes = "") -> bytes:
    files = {str(CONFIG): before} if before else {}
    data = before.encode() if isinstance(before, str) else before
    return data + appended_profile(draft, CONFIG, environment(files=files))


def refused(draft: ProfileDraft, before: str = "") -> str:
    with pytest.raises(SettingsError) as caught:
        added(draft, before)
    assert caught.value.line.isprintable()
    return caught.value.line


def test_what_is_written_is_what_was_typed_and_no_password() -> None:
    assert profile_toml(FULL) == (
        '[servers.prod-db1]\nhost = "db1.example.com"\nport = 3307\nuser = "dba"\nssl_mode = "VERIFY_CA"\n'
        'ssl_ca = "/etc/ssl/ca.pem"\nssh = "jump"\npassword_command = ["pass", "db 1"]\ncolor = "red"\n'
        "read_only = true\n"
    )
    assert "tiger" not in repr(FULL)


def test_what_is_saved_is_taken_by_its_name() -> None:
    told = resolve(["@prod-db1"], environment(files={str(CONFIG): added(FULL, SET)}))

    assert isinstance(told, Settings)
    assert (told.profile, told.color, told.read_only) == ("prod-db1", "red", True)
    assert (told.connection.host, told.connection.port, told.connection.ssh) == (
        "db1.example.com",
        3307,
        "jump",
    )
    assert told.connection.ssl_mode is SslMode.VERIFY_CA
    assert isinstance(told.connection.password, PasswordCommand)
    assert ("pass", "db 1") == told.connection.password.words


def test_a_typed_password_becomes_a_prompt_unless_a_command_or_the_keyring_has_it() -> None:
    typed = ProfileDraft(name="a", host="db1", password="tiger")

    assert "password_prompt = true" in profile_toml(typed)
    assert "password_prompt" not in profile_toml(replace(typed, password_keyring="goneaway"))
    assert "password" not in profile_toml(replace(typed, password=""))
    assert b"tiger" not in added(typed)


@pytest.mark.parametrize(
    "before",
    [
        "",
        SET,
        SET.rstrip("\n"),
        "# only a comment",
        SET.replace("\n", "\r\n"),
        "\n\n\n",
        '[servers."x.y"]\nhost="a" # c',
    ],
)
def test_all_that_stands_in_the_file_stays_as_it_is(before: str) -> None:
    after = added(FULL, before)

    assert after.startswith(before.encode())
    assert {**tomllib.loads(before).get("servers", {})}.items() <= tomllib.loads(after.decode())[
        "servers"
    ].items()
    assert b"\r\n" not in after or b"\n" not in after.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (ProfileDraft(host="db1"), "the server has no name yet; type a name, such as prod-db1"),
        (ProfileDraft(name="a b"), "not a valid server name: 'a b'; use only letters, digits, _, - and ."),
        (ProfileDraft(name="dev"), "~/.config/goneaway-tui/config.toml already has a server dev; choose another name"),
        (ProfileDraft(name="a", port="99999"), "port: not a port: '99999'; a port is a number from 1 to 65535"),
        (ProfileDraft(name="a", port="x"), "port: not a port: 'x'; a port is a number from 1 to 65535"),
        (ProfileDraft(name="a", host="a b"), "host: not a host: 'a b'; write a name or an address, as in db1 or 10.0.0.7"),
        (ProfileDraft(name="a", color="purpel"), "not a colour; did you mean purple?"),
        (ProfileDraft(name="a", password_command="'x"), "password_command: not a command: \"'x\"; a quote is not closed"),
        (ProfileDraft(name="a", password_command="x", password_keyring="y"), "password is set twice; set it once"),
        (ProfileDraft(name="a", user="\udcff"), "the text is not valid UTF-8; type it again"),
        (ProfileDraft(name="a", ssh="-oProxyCommand=x"),
         "ssh: not an ssh destination: '-oProxyCommand=x'; write [user@]host, or an alias of your ssh config"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_reported_by_its_name_in_the_form(draft: ProfileDraft, words: str) -> None:
    assert words == refused(draft, SET)


def test_an_inline_table_of_servers_cannot_be_added_to() -> None:
    assert "cannot add the server to" in refused(FULL, "servers = {a = {host = 'x'}}")


def test_servers_written_with_dots_can_be_added_to() -> None:
    after = added(FULL, "servers.a = {host = 'x'}\nservers.b.host = 'y'")

    assert {"a", "b", "prod-db1"} == tomllib.loads(after.decode())["servers"].keys()


def test_a_file_with_a_fault_is_not_added_to() -> None:
    assert "intervall" in refused(FULL, "intervall = 1")


def test_a_trial_is_a_run_with_what_would_be_written() -> None:
    files = environment(files={str(CONFIG): "theme = 'nord'\n" + SET})
    told = trial_settings(replace(FULL, name="dev"), ["--interval", "7"], CONFIG, files)

    assert (told.connection.host, told.connection.port, told.interval, told.theme) == (
        "db1.example.com",
        3307,
        7,
        "nord",
    )
    assert value(told, "password") == "tiger"
    assert told.color == "red"
    assert told.profile is None
    assert told.connection.ssh == "jump"


def test_a_trial_without_a_typed_password_takes_it_from_where_it_would_come() -> None:
    keyring = replace(FULL, password="", password_command="", password_keyring="goneaway")

    assert isinstance(
        trial_settings(replace(FULL, password=""), [], CONFIG, environment()).connection.password,
        PasswordCommand,
    )
    assert isinstance(trial_settings(keyring, [], CONFIG, environment()).connection.password, Keyring)
    assert trial_settings(ProfileDraft(host="db1"), [], CONFIG, environment()).connection.password is None


def test_a_trial_takes_a_name_that_is_free() -> None:
    taken = '[servers.new]\nhost="a"\n[servers.new-2]\nhost="b"\n'

    assert (
        trial_settings(
            ProfileDraft(host="c"), [], CONFIG, environment(files={str(CONFIG): taken})
        ).connection.host
        == "c"
    )


def test_the_servers_are_listed_in_the_order_of_the_file() -> None:
    assert servers_of(CONFIG, environment(files={str(CONFIG): SET + "[servers.abc]\n"})) == ("dev", "abc")
    assert servers_of(Path("/none"), environment()) == ()


def test_file_readable_by_other_users_is_accepted_without_a_password() -> None:
    files = environment(files={str(CONFIG): FileContent(SET.encode(), 0o100644)})

    assert appended_profile(FULL, CONFIG, files)


def test_a_draft_without_anything_is_the_server_nearby() -> None:
    check_draft(ProfileDraft(name="a"))
    blank = trial_settings(ProfileDraft(), [], CONFIG, environment())

    assert blank.connection.host is None
    assert {""} == {getattr(ProfileDraft(), each.name) for each in fields(ProfileDraft)} - {False}
