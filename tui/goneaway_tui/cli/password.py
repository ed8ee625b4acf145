"""The password, from wherever it is to be had: the settings, a prompt, or a program that knows it."""

from __future__ import annotations

import getpass
import subprocess
import warnings

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import Command, ConnectionSettings, Secret

PATIENCE_SECONDS = 120
"""How long a program may take: it may be waiting for a person to unlock it."""
LONGEST = 4096
"""Characters; more on one line is no password."""


def password_of(connection: ConnectionSettings) -> Secret:
    """Raises SettingsError where it is not to be had."""
    if connection.ask_password:
        return _asked()
    if isinstance(connection.password, Command):
        return _printed(connection.password)
    return connection.password or Secret("")


def _asked() -> Secret:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return Secret(getpass.getpass("Password: "))
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
