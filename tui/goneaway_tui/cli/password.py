"""The password, from wherever it is to be had: the settings, a prompt, or a program that knows it."""

from __future__ import annotations

import getpass
import importlib
import subprocess
import warnings

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.plain import plain
from goneaway_tui.settings import Command, ConnectionSettings, Keyring, Secret

PATIENCE_SECONDS = 120
"""How long a program may take: it may be waiting for a person to unlock it."""
LONGEST = 4096
"""Characters; more on one line is no password."""


def password_of(connection: ConnectionSettings, whose: str = "") -> Secret:
    """`whose` is said where the person is asked. Raises SettingsError where it is not to be had."""
    if connection.ask_password:
        return _asked(f"Password for {plain(whose, 100)}: " if whose else "Password: ")
    if isinstance(connection.password, Command):
        return _printed(connection.password)
    if isinstance(connection.password, Keyring):
        return _kept(connection.password, connection.user)
    return connection.password or Secret("")


def _asked(prompt: str) -> Secret:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass(prompt))
    except getpass.GetPassWarning:
        raise SettingsError(
            "there is no terminal to ask for the password on", "set MYSQL_PWD, or use ~/.my.cnf"
        ) from None
    except EOFError:
        raise SettingsError("no password was typed", "type it at the prompt, or set MYSQL_PWD") from None


def _printed(command: Command) -> Secret:
    """The first line that `command` prints. It may talk to the person on standard error and the terminal."""
    program = command.words[0]
    try:
        done = subprocess.run(command.words, stdout=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False)  # noqa: S603
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it has a character that cannot be passed on"
        raise SettingsError(f"{command.origin}: cannot run {program}: {why}", "mend the command") from None
    except subprocess.TimeoutExpired:
        raise SettingsError(
            f"{command.origin}: {program} did not end in {PATIENCE_SECONDS} s", "run it by hand once"
        ) from None
    if done.returncode:
        how = f"status {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise SettingsError(f"{command.origin}: {program} ended with {how}", "run it by hand to see why")
    line = done.stdout.partition(b"\n")[0].removesuffix(b"\r")
    if not line or len(line) > LONGEST:
        raise SettingsError(
            f"{command.origin}: {program} printed no password", "it has to be the first line of its output"
        )
    return Secret(line.decode("utf-8", "surrogateescape"))


def _kept(keyring: Keyring, user: str) -> Secret:
    try:
        module = importlib.import_module("keyring")
        failures: type[Exception] = importlib.import_module("keyring.errors").KeyringError
    except ImportError:
        raise SettingsError(
            f"{keyring.origin}: the Python package keyring is not here", "pipx inject goneaway-tui keyring"
        ) from None
    try:
        password = module.get_password(keyring.service, user)
    except failures as error:
        raise SettingsError(f"{keyring.origin}: the keyring fails: {error}", "is it unlocked?") from None
    if not password:
        raise SettingsError(
            f"{keyring.origin}: the keyring has nothing for {user} at {keyring.service}",
            f"keyring set {keyring.service} {user}",
        )
    return Secret(password)
