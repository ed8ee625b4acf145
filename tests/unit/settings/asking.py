"""Asking `resolve` in one line, in surroundings made of paper."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import Environment, FileContent, InfoAnswer, Secret, Settings, resolve
from tests.servers.private import home_of_servers

HOME = Path("/home/dba")
CONFIG = HOME / ".config/goneaway-tui/config.toml"
FILE = "~/.my.cnf [client] line 2"
"""The origin of what the option file says first."""
IN_CONFIG = "~/.config/goneaway-tui/config.toml line"

Paper = Mapping[str, str | bytes | FileContent]
"""Files by their path; one that begins with ~ is at home."""


class PaperFiles:
    """A file system that is a mapping."""

    def __init__(self, files: Paper) -> None:
        self.files = {path.replace("~", str(HOME), 1): file for path, file in files.items()}
        self.opened: list[str] = []

    def read(self, path: Path) -> FileContent | None:
        self.opened.append(str(path))
        file = self.files.get(str(path))
        if isinstance(file, str):
            return FileContent(file.encode("utf-8", "surrogateescape"))
        return FileContent(file) if isinstance(file, bytes) else file

    def names(self, folder: Path) -> Sequence[str] | None:
        return [Path(path).name for path in self.files if Path(path).parent == folder] or None


def environment(env: Mapping[str, str] | None = None, files: Paper | None = None) -> Environment:
    return Environment(env or {}, PaperFiles(files or {}), HOME, "dba", lambda: CONFIG)


def client(*lines: str) -> str:
    """An option file that says these lines to clients."""
    return "\n".join(["[client]", *lines])


def settings(
    line: str = "", env: Mapping[str, str] | None = None, file: str | None = None, **more: str | None
) -> Settings:
    found = told(line, env, file, **more)
    assert isinstance(found, Settings)
    return found


def answer(
    line: str, env: Mapping[str, str] | None = None, file: str | None = None, **more: str | None
) -> str:
    found = told(line, env, file, **more)
    assert isinstance(found, InfoAnswer)
    return found.text


def told(
    line: str, env: Mapping[str, str] | None = None, file: str | None = None, config: str | None = None
) -> Settings | InfoAnswer:
    """`file` is ~/.my.cnf, `config` the config file."""
    files: dict[str, str] = {}
    if file is not None:
        files["~/.my.cnf"] = file
    if config is not None:
        files[str(CONFIG)] = config
    return resolve(shlex.split(line), environment(env, files))


def complaint(
    line: str = "", env: Mapping[str, str] | None = None, file: str | None = None, **more: str | None
) -> str:
    with pytest.raises(SettingsError) as caught:
        told(line, env, file, **more)
    assert caught.value.line.isprintable()
    return caught.value.line


def value(found: Settings, name: str) -> object:
    """What a name among the origins stands for, the password said aloud."""
    holder = found.connection if hasattr(found.connection, name) else found
    each: object = getattr(holder, name)
    return each.reveal() if isinstance(each, Secret) else each


def program(name: str) -> Path:
    """A program of the private servers' packages. It is there wherever tests/servers/get ran."""
    path = home_of_servers() / "bin" / name
    if not path.exists() and os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{path} is not here: run tests/servers/get")
    if not path.exists():
        pytest.skip(f"no {name} is here: run tests/servers/get")
    return path
