"""No file is added to that another user made, or leads to by a link; and what is done where Windows lacks something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from goneaway_tui import system
from goneaway_tui.source.demo import NoServerProgram, program
from goneaway_tui.system import LINK_OF_ANOTHER, NOT_YOURS, open_private

TUI = Path(__file__).parents[2] / "tui"
ADD = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on what is there belongs to another user."""
    monkeypatch.setattr(system, "ROOT", -1)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    os.close(open_private(tmp_path / "new", ADD))

    assert 0o100600 == (tmp_path / "new").stat().st_mode


def test_our_own_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    descriptor = open_private(tmp_path / "link", ADD)
    os.write(descriptor, b"b")
    os.close(descriptor)

    assert "ab" == (tmp_path / "real").read_text()


@pytest.mark.usefixtures("another")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("")

    with pytest.raises(OSError, match=NOT_YOURS):
        open_private(tmp_path / "theirs", ADD)


@pytest.mark.usefixtures("another")
def test_a_link_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(OSError, match=LINK_OF_ANOTHER):
        open_private(tmp_path / "link", ADD)
    assert not (tmp_path / "real").exists()


@pytest.mark.usefixtures("another")
def test_a_device_belongs_to_whom_it_may() -> None:
    os.close(open_private(os.devnull, os.O_WRONLY))


# --- A run without what Windows lacks

MODULES = ("curses", "fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
ATTRIBUTES = {
    "os": (
        *(
            "fork",
            "getuid",
            "geteuid",
            "getgid",
            "getegid",
            "getpgid",
            "killpg",
            "setsid",
            "fchmod",
            "fchown",
            "chown",
        ),
        *(
            "pread",
            "pwrite",
            "mkfifo",
            "uname",
            "getloadavg",
            "sysconf",
            "statvfs",
            "wait4",
            "WNOHANG",
            "openpty",
        ),
        *("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_DIRECTORY", "O_NOCTTY"),
    ),
    "signal": (
        *(
            "SIGHUP",
            "SIGKILL",
            "SIGQUIT",
            "SIGTSTP",
            "SIGCONT",
            "SIGSTOP",
            "SIGUSR1",
            "SIGUSR2",
            "SIGCHLD",
            "SIGWINCH",
        ),
        *("SIGPIPE", "SIGALRM", "alarm", "setitimer", "pthread_sigmask", "sigwait"),
    ),
    "socket": ("AF_UNIX", "SO_PEERCRED"),
    "select": ("poll", "epoll"),
    "time": ("clock_gettime", "tzset", "CLOCK_MONOTONIC", "CLOCK_BOOTTIME"),
}
HIDE = f"""
import os, pathlib, select, signal, socket, sys, time
import platformdirs, aiohttp.web, prometheus_client, pymysql, textual.app, textual.widgets, textual_serve.server, tomlkit  # these know Windows
platformdirs.user_state_path = platformdirs.user_config_path = lambda *_, **__: pathlib.Path.cwd()
for name in {MODULES}:
    sys.modules[name] = None
for module, names in {ATTRIBUTES}.items():
    for name in names:
        sys.modules[module].__dict__.pop(name, None)
"""
IMPORT_ALL = """
import importlib, pkgutil, goneaway_tui
for found in pkgutil.walk_packages(goneaway_tui.__path__, "goneaway_tui."):
    importlib.import_module(found.name)
"""
SIMULATED = """
from goneaway_tui.cli.factories import steady_clock
from goneaway_tui.export import save
from goneaway_tui.judge import judge
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal
from pathlib import Path
clock = steady_clock()
snapshot = judge(SimulatedSource(clock).sample(), None, RiskThresholds())
save(snapshot, "json", "s.json")
writer = RecordingWriter(Path("r"), "db")
writer.record(snapshot)
writer.close()
recording = Recording(Path("r"))
assert recording.snapshot_at(clock())
recording.close()
assert Journal(Path("j"), clock).read().acts == ()
"""
COMMANDS: list[tuple[list[str], int, str]] = [
    (["--version", "--lang=en"], 0, "goneaway-tui "),
    (["explain", "app.log"], 0, "gone away"),
    (["doctor-bundle", "-o", "b.zip"], 0, "wrote b.zip"),
    (["snapshot", "-P", "1"], 3, "localhost:1"),
    (["snapshot", "-S", "/s"], 2, "--socket needs Linux, macOS or another Unix; name a host with -h"),
    (["snapshot", "--ssh=a", "-h", "b"], 2, "--ssh needs Linux, macOS or another Unix; open the tunnel with"),
    (["serve"], 2, "serve needs Linux, macOS or another Unix; run serve on"),
]
RUN_ALL = f"""
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from goneaway_tui.cli import run
for argv, status, said in {COMMANDS}:
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        ended = run(argv)
    assert (ended, said in out.getvalue()) == (status, True), (argv, ended, out.getvalue())
"""


def test_without_what_windows_lacks_every_module_is_imported_and_a_command_runs_or_says_what_it_needs(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.log").write_text("ERROR 2006 (HY000): MySQL server has gone away\n")
    done = subprocess.run(
        [sys.executable, "-c", HIDE + IMPORT_ALL + SIMULATED + RUN_ALL],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(TUI)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert (tmp_path / "s.json").stat().st_size > 1000


def test_the_demo_simulates_where_no_unix_socket_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "HAS_UNIX_SOCKETS", False)

    with pytest.raises(NoServerProgram, match="needs Linux, macOS or another Unix"):
        program.find_program({})
