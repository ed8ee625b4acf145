"""The password, from a program that knows it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from goneaway_tui.cli.connect import resolve_password
from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import ConnectionSettings, PasswordCommand, Secret
from tests.unit.settings.asking import settings


def connection(*words: str) -> ConnectionSettings:
    config = f"[servers.a]\npassword_command = {list(words)!r}".replace("'", '"')
    found = settings("@a", config=config)
    assert isinstance(found.connection.password, PasswordCommand)
    return found.connection


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


@pytest.mark.parametrize(
    ("program", "password"),
    [
        ("print(chr(116) + chr(35) + str(1))", "t#1"),
        ("print(1); print(2)", "1"),
        ("import sys; sys.stdout.write(str(5))", "5"),
        ("import sys; sys.stdout.buffer.write(bytes([255, 13, 10]))", "\udcff"),
        ("print(chr(32) + chr(97) + chr(32))", " a "),
    ],
)
def test_first_line_of_the_output_is_the_password(program: str, password: str) -> None:
    assert Secret(password) == resolve_password(connection(*python(program)))


def test_no_shell_takes_the_words_apart() -> None:
    words = python("import sys; print(sys.argv[1])")

    assert Secret("$HOME; ls *") == resolve_password(connection(*words, "$HOME; ls *"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ("/no/such/program",),
            "cannot run /no/such/program: No such file or directory; correct the command",
        ),
        (
            python("raise SystemExit(3)"),
            f"{sys.executable} ended with exit status 3; run it by hand to see why",
        ),
        (
            python("import os; os.kill(os.getpid(), 9)"),
            f"{sys.executable} was ended by signal 9; run it by hand to see why",
        ),
        (
            python("print()"),
            f"{sys.executable} printed no password; print the password on the first line of its output",
        ),
        (
            python("print(5 * 5000 * chr(97))"),
            f"{sys.executable} printed no password; print the password on the first line of its output",
        ),
    ],
)
def test_failed_password_command_is_reported_in_one_line(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve_password(connection(*words))

    assert caught.value.line == f"~/.config/goneaway-tui/config.toml line 2: password_command: {why}"


def test_password_command_that_does_not_end_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goneaway_tui.cli.connect.PASSWORD_TIMEOUT_SECONDS", 0.2)

    with pytest.raises(SettingsError, match=r"did not end within 0\.2 s"):
        resolve_password(connection(*python("import time; time.sleep(60)")))


def test_without_one_there_is_none() -> None:
    assert Secret("") == resolve_password(settings().connection)
    assert Secret("x") == resolve_password(settings("-px").connection)


class KeyringError(Exception):
    """As in the package's errors."""


def keyring(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, str], str | None]) -> ConnectionSettings:
    """A connection whose password a keyring has; the package stands in for itself."""
    module, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    setattr(module, "get_password", answer)  # noqa: B010 - a module of our own making
    setattr(errors, "KeyringError", KeyringError)  # noqa: B010
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return settings("@a -u scott", config='[servers.a]\npassword_keyring = "db1"').connection


def test_the_keyring_is_asked_for_service_and_account(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Secret("db1/scott") == resolve_password(keyring(monkeypatch, lambda *asked: "/".join(asked)))


def test_what_the_keyring_cannot_do_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: str) -> str:
        raise KeyringError("locked")

    said = []
    for answer in (locked, lambda *_: None):
        with pytest.raises(SettingsError) as caught:
            resolve_password(keyring(monkeypatch, answer))
        said.append(caught.value.line.partition("password_keyring: ")[2])
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SettingsError) as caught:
        resolve_password(settings("@a", config='[servers.a]\npassword_keyring = "db1"').connection)

    assert [*said, caught.value.line.partition("password_keyring: ")[2]] == [
        "the keyring fails: locked; check that the keyring is unlocked",
        "the keyring has no password for scott at db1; keyring set db1 scott",
        "the Python package keyring is not installed; pipx inject goneaway-tui keyring",
    ]
