"""Asking `resolve` in one line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import Answer, Settings, resolve

HOME = Path("/home/dba")
FILE = "~/.my.cnf [client]"
"""The origin of what the option file says."""


def client(*lines: str) -> str:
    """An option file that says these lines to clients."""
    return "\n".join(["[client]", *lines])


def settings(line: str = "", env: Mapping[str, str] | None = None, file: str | None = None) -> Settings:
    found = told(line, env, file)
    assert isinstance(found, Settings)
    return found


def answer(line: str, env: Mapping[str, str] | None = None, file: str | None = None) -> str:
    found = told(line, env, file)
    assert isinstance(found, Answer)
    return found.text


def told(line: str, env: Mapping[str, str] | None = None, file: str | None = None) -> Settings | Answer:
    def read(path: Path) -> str | None:
        assert path == HOME / ".my.cnf"
        return file

    return resolve(shlex.split(line), env or {}, read, HOME, "dba")


def complaint(line: str = "", env: Mapping[str, str] | None = None, file: str | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        told(line, env, file)
    assert caught.value.line.isprintable()
    return caught.value.line


def value(found: Settings, name: str) -> object:
    """What a name among the origins stands for, the password said aloud."""
    holder = found.connection if hasattr(found.connection, name) else found
    each: object = getattr(holder, name)
    password = found.connection.password
    return password.reveal() if name == "password" and password is not None else each
