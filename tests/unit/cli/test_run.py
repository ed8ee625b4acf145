"""The command as it is started: what goes to which stream, and with which status it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from goneaway_tui.cli.factories import steady_clock
from goneaway_tui.cli.screen import why_read_only
from tests.unit.settings.asking import IN_CONFIG, settings
from tests.unit.source.recording.takes import a_take, record

ROOT = Path(__file__).parents[3]


def run(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    around = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tui"), **env}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "goneaway_tui", *arguments],
        env=around,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_a_config_file_is_begun_shown_checked_and_used(tmp_path: Path) -> None:
    path = tmp_path / ".config/goneaway-tui/config.toml"
    begun = run(tmp_path, "config", "init")
    assert (begun.returncode, begun.stdout) == (0, "")
    assert begun.stderr == f"goneaway-tui: wrote {path}\n"

    again = run(tmp_path, "config", "init")
    assert again.returncode == 4
    assert "exists, and is not replaced" in again.stderr

    path.write_text(path.read_text() + "\n[servers.db1]\nhost = 'h1'\nread_only = true\n")
    assert run(tmp_path, "config", "path").stdout == f"{path}\n"
    assert run(tmp_path, "config", "check").stdout.endswith("is valid: 1 server, 0 groups, 0 keys\n")
    said = run(tmp_path, "@db1", "--print-defaults").stdout
    assert (
        f"host = h1  # ~/.config/goneaway-tui/config.toml line {path.read_text().count(chr(10)) - 1}\n"
        in said
    )


def test_ignored_settings_are_reported_on_stderr(tmp_path: Path) -> None:
    (tmp_path / ".my.cnf").write_text("[client]\nhost=db1\n")
    (tmp_path / ".my.cnf").chmod(0o666)
    done = run(tmp_path, "snapshot", "-h", "127.0.0.1", "-P", "1")

    assert done.returncode == 3
    assert done.stderr.startswith("goneaway-tui: warning: ~/.my.cnf is ignored, as by the clients")


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["@db2"], 2, "~/.config/goneaway-tui/config.toml has no server 'db2'; add [servers.NAME]"),
        (["--defaults-file=/none"], 2, "there is no option file /none; correct the path"),
        (["snapshot", "--output=x.pdf"], 2, ("no format has the suffix .pdf (--output); "
         "use one of .json, .csv, .md, .html, .svg, .txt, or name the format: --format=json")),
        (["watch", "--exec="], 2, "--exec: not a command: ''; name a program"),
        (["watch", "--exec", "''"], 2, "--exec: not a command: \"''\"; name a program"),
        (["replay", "/nonexistent/tape"], 4, "cannot read /nonexistent/tape: no such file or directory; check the file, or name another file"),
        (["config"], 2, "config needs an argument; choose one of path, show, check, init, servers, groups, rules"),
        (["config", "check"], 2, "there is no config file ~/.config/goneaway-tui/config.toml; create it with goneaway-tui config init"),
    ],
)  # fmt: skip
def test_a_fault_is_one_line_and_a_status(
    arguments: list[str], status: int, line: str, tmp_path: Path
) -> None:
    done = run(tmp_path, *arguments)

    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"goneaway-tui: {line}\n")


def test_recording_without_a_terminal_names_the_commands_that_need_none(tmp_path: Path) -> None:
    record(tmp_path / "tape", [a_take(0)])
    done = run(tmp_path, "replay", str(tmp_path / "tape"))

    assert 2 == done.returncode
    assert (
        "goneaway-tui: the screen needs a terminal, but the input or output is not one; start replay in a terminal"
        in done.stderr
    )
    assert "--recording=FILE" in done.stderr


def test_appending_to_an_existing_recording_is_reported(tmp_path: Path) -> None:
    record(tmp_path / "tape", [a_take(0)])
    watch = ("watch", "-h", "127.0.0.1", "-P", "1", f"--record={tmp_path / 'tape'}")
    fresh = ("watch", "-h", "127.0.0.1", "-P", "1", f"--record={tmp_path / 'new'}")

    assert f"{tmp_path / 'tape'} exists: new samples are added to it\n" in run(tmp_path, *watch).stderr
    assert "exists" not in run(tmp_path, *fresh).stderr


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_our_clock_set_by_an_hour_moves_no_instant(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    clock = steady_clock()
    before, real = clock(), time.time
    monkeypatch.setattr(time, "time", lambda: real() + step)

    assert 0 <= clock() - before < 60


@pytest.mark.parametrize(
    ("line", "env", "config", "why"),
    [
        ("--read-only", {}, None, "read-only by --read-only: nothing can be changed"),
        ("", {"GONEAWAY_READ_ONLY": "1"}, None, "read-only by GONEAWAY_READ_ONLY: nothing can be changed"),
        ("@a", {}, "[servers.a]\nread_only = true", f"read-only by {IN_CONFIG} 2: nothing can be changed"),
        ("", {}, None, ""),
    ],
)
def test_reason_for_read_only_is_reported_correctly(
    line: str, env: dict[str, str], config: str | None, why: str
) -> None:
    assert why == why_read_only(settings(line, env, config=config))


CLOSED_OR_FULL = {
    "closed": (">&-", "Bad file descriptor"),
    "full": (">/dev/full", "No space left on device"),
}


@pytest.mark.parametrize("command", ["--version", "--help"])
@pytest.mark.parametrize("stream", CLOSED_OR_FULL)
def test_standard_output_that_cannot_be_written_is_an_error_in_one_line(
    stream: str, command: str, tmp_path: Path
) -> None:
    redirection, why = CLOSED_OR_FULL[stream]
    done = run_in_shell(tmp_path, f"{command} {redirection}")
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        done.stderr
        == f"goneaway-tui: cannot write to standard output: {why}; free some space, or write to another place\n"
    )


def test_closed_standard_input_is_at_its_end_and_closed_standard_error_changes_no_status(
    tmp_path: Path,
) -> None:
    assert run_in_shell(tmp_path, "explain - <&-").returncode == 1
    silent = run_in_shell(tmp_path, "--no-such-option 2>&-")
    assert (silent.returncode, silent.stdout, silent.stderr) == (2, "", "")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout == f"goneaway-tui {version('goneaway-tui')}\n"


def run_in_shell(home: Path, line: str) -> subprocess.CompletedProcess[str]:
    around = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tui")}
    return subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -W error -m goneaway_tui {line}"],
        env=around,
        capture_output=True,
        text=True,
        check=False,
    )
