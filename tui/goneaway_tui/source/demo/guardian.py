"""A directory and the processes that work in it, gone when we are, however we end.

A tiny shell holds the other end of a pipe of ours. When that pipe closes, by our hand or because we were killed, the
shell kills the process group it was told of last and removes the directory. Processes begin only after it was told:
they wait on a pipe of their own, and end at once if we die before the word.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

_GUARD = """
dir=$1 group= tries=0
while read -r told; do group=$told; done
if [ -n "$group" ]; then
    kill -s KILL -- "-$group"
    while kill -s 0 -- "-$group" && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }
"""
_WAIT_FOR_THE_WORD = 'read -r _ && given=$1 log=$2 && shift 2 && exec "$@" <"$given" >>"$log" 2>&1'

SOCKET_PATH_ROOM = 70
"""Longest name of a temporary directory that leaves room for a socket's path (104 bytes in all on some systems)."""
FAREWELL_SECONDS = 15.0
"""How long the guardian may take to remove everything."""


class Guardian:
    """Owns a fresh private directory and at most one process group at a time. Not for two threads at once."""

    def __init__(self) -> None:
        """Raises OSError where there is no shell or no room."""
        parent = tempfile.gettempdir()
        if len(os.fsencode(parent)) > SOCKET_PATH_ROOM:
            parent = "/tmp"  # noqa: S108 - mkdtemp makes it safe
        self.directory = Path(tempfile.mkdtemp(prefix="goneaway-", dir=parent))
        try:
            self._shell = _spawn(_GUARD, str(self.directory))
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        self._ward: subprocess.Popen[bytes] | None = None

    def start(self, command: list[str], log: Path, given: Path | None = None) -> subprocess.Popen[bytes]:
        """Run a command in its own session, reading `given`, writing to `log`. The one before must have ended."""
        ward = _spawn(_WAIT_FOR_THE_WORD, str(given or os.devnull), str(log), *command)
        self._ward = ward
        _tell(self._shell, str(ward.pid))
        _tell(ward, "begin")
        if ward.stdin is not None:
            with suppress(OSError):
                ward.stdin.close()
        return ward

    def close(self) -> None:
        """Kill what runs and remove the directory; safe to call twice.

        The data are thrown away with the directory, so nobody waits for an orderly shutdown.
        """
        if self._ward is not None:
            _kill_group(self._ward.pid)
            self._ward.wait()
            self._ward = None
            _tell(self._shell, "")
        if self._shell.stdin is not None:
            with suppress(OSError):
                self._shell.stdin.close()
        try:
            self._shell.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_group(self._shell.pid)
            self._shell.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def _spawn(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    """A shell in a session of its own: ctrl+c and a closing terminal do not reach it."""
    return subprocess.Popen(  # noqa: S603 - our script; the arguments are passed, not pasted
        ["/bin/sh", "-c", script, "goneaway-demo", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        umask=0o077,
    )


def _tell(process: subprocess.Popen[bytes], line: str) -> None:
    if process.stdin is not None and not process.stdin.closed:
        with suppress(OSError):
            process.stdin.write(f"{line}\n".encode())
            process.stdin.flush()


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
