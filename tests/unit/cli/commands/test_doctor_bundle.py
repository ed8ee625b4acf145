"""A bundle for an issue holds no name, no secret and no statement, whatever is in its sources."""

from __future__ import annotations

import json
import stat
import zipfile
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.cli.commands.doctor_bundle import faults_of, server_facts, terminal_facts
from goneaway_tui.model.server import Flavour, Limitation, Variable
from goneaway_tui.source.capabilities import Capabilities
from tests.builders import a_sample, a_session, a_transaction, a_wait
from tests.unit.cli.test_run import run

SECRET = "s3cr3t"
FAULT = f"""Traceback (most recent call last):
  File "/home/{SECRET}/lib/goneaway_tui/cli/__init__.py", line 5, in run
    {SECRET} = "SELECT 1"
  File "/home/{SECRET}/goneaway_tui/{SECRET}.py", line 6, in {SECRET}
  File "/home/{SECRET}/goneaway_tui/../{SECRET}.py", line 6, in run
  File "{json.__file__}", line 7, in {SECRET}
  File "{json.__file__}", line 8, in loads
{SECRET}.{SECRET}Error: {SECRET}
goneaway_tui.errors.{SECRET}: {SECRET}
ValueError: cannot log in as {SECRET}
"""


def poisoned(value: Any) -> Any:
    """The value with the secret in each text of it, at every depth."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return f"error 1142: {SECRET} SELECT"
    if isinstance(value, tuple | list | frozenset | set):
        return type(value)(map(poisoned, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: poisoned(getattr(value, each.name)) for each in fields(value) if each.init}
        )
    return value


@pytest.mark.parametrize("flavour", Flavour)
def test_no_text_of_a_server_is_in_the_facts_of_it(flavour: Flavour) -> None:
    sample = replace(
        a_sample([a_session(transaction=a_transaction()), a_session(id=2)]),
        limitations=(Limitation("a", "b", "GRANT c"),),
        lock_waits=(a_wait(1, 2),),
    )
    sample = replace(poisoned(sample), server=replace(poisoned(sample.server), flavour=flavour))
    kept = Variable("wait_timeout", 60, set_by=SECRET)
    sample = replace(sample, variables=(*sample.variables, kept))
    capabilities = Capabilities(
        flavour, SECRET, SECRET, 1, SECRET, frozenset({SECRET, "threads"}), uid=SECRET
    )
    facts = server_facts(sample, capabilities)

    assert SECRET not in json.dumps(facts)
    assert {"value": 60, "set_by": None} == facts["variables"]["wait_timeout"]
    assert [{"what": None, "why": None, "error": "1142"}] == facts["limitations"]
    assert "threads" in facts["capabilities"] or flavour is Flavour.MARIADB


def test_a_fault_keeps_its_places_and_no_message(tmp_path: Path) -> None:
    (tmp_path / "fault-20261130T200000Z.txt").write_text(FAULT)
    (tmp_path / f"fault-{SECRET}.txt").write_text(FAULT)
    (fault,) = faults_of(tmp_path)

    assert SECRET not in json.dumps(fault)
    assert "goneaway_tui/cli/__init__.py:5 run" in fault["traceback"]
    assert "json/__init__.py:8 loads" in fault["traceback"]
    assert "ValueError" == fault["traceback"][-1]


def test_a_terminal_is_named_only_by_a_known_name() -> None:
    assert "xterm-256color" == terminal_facts({"TERM": "xterm-256color"})["TERM"]
    assert "set" == terminal_facts({"TERM": f"xterm-{SECRET}"})["TERM"]


CONFIG = f"""
theme = "nord"
[servers.{SECRET}]
host = "{SECRET}"
user = "{SECRET}"
password_command = ["echo", "{SECRET}"]
never_kill = ["{SECRET}"]
[rules.{SECRET}]
match = "user:{SECRET}"
"""


def test_no_secret_of_the_surroundings_is_in_any_member(tmp_path: Path) -> None:
    home, bundle = tmp_path / SECRET, tmp_path / "b.zip"
    for folder in (".config/goneaway-tui", ".local/state/goneaway-tui"):
        (home / folder).mkdir(parents=True)
    (home / ".config/goneaway-tui/config.toml").write_text(CONFIG)
    (home / ".my.cnf").write_text(f"[client]\nuser={SECRET}\npassword={SECRET}\nssl-ca=/{SECRET}\n")
    (home / ".my.cnf").chmod(0o600)
    state = home / ".local/state/goneaway-tui"
    (state / "fault-20261130T200000Z.txt").write_text(FAULT)
    entry = {
        "at": "2026-11-30T20:00:00.000Z",
        "phase": "failed",
        "id": SECRET,
        "account": SECRET,
        "server": SECRET,
        "server_name": SECRET,
        "statement": SECRET,
        "variable": SECRET,
        "outcome": f"error 1227: {SECRET}",
    }
    (state / "journal.jsonl").write_text(json.dumps(entry) + "\n")
    names = (
        "TERM",
        "LANG",
        "LC_ALL",
        "COLORTERM",
        "NO_COLOR",
        "TMUX",
        "SSH_TTY",
        "MYSQL_PWD",
        "MYSQL_UNIX_PORT",
    )
    environment = {**dict.fromkeys(names, SECRET), "GONEAWAY_SSH": SECRET}
    arguments = ("doctor-bundle", f"--database={SECRET}", "-o", str(bundle))
    done = run(home, *arguments, **environment)

    assert (0, "") == (done.returncode, done.stdout), done.stderr
    assert 0o600 == stat.S_IMODE(bundle.stat().st_mode)
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {} == {name: text for name, text in members.items() if SECRET in text or SECRET in name}
    assert '"nord"' in members["settings.json"]
    assert '"1227"' in members["journal.json"]
    assert done.stderr.index("contains: versions.json") < done.stderr.index(f"wrote {bundle}")

    again = run(home, *arguments, **environment)
    assert 4 == again.returncode
    assert "a file with this name exists" in again.stderr


def test_a_server_that_cannot_be_read_is_a_status_and_no_reason_to_write_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor-bundle", "-h", "127.0.0.1", "-P", "1", "-o", str(tmp_path / "b.zip"))

    assert 3 == done.returncode
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert {"error": "Unreachable"} == json.loads(archive.read("server.json"))
