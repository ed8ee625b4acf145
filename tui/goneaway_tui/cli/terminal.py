"""What is said to the person and written for the program that reads us: the two never mix.

Bytes on standard output are data; everything said to a person goes to standard error.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from pathlib import Path
from typing import TextIO

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.private_files import open_private


def require_terminal(instead: str = "") -> None:
    """Raises SettingsError where there is none; `instead` is what to do then, if not a snapshot."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise SettingsError(
            _("the screen needs a terminal, and this is not one"),
            instead or _("use goneaway-tui snapshot where there is none"),
        )


def may_overwrite(path: Path) -> bool:
    """Ask where a person can answer; otherwise an existing file is never replaced."""
    if not path.exists() or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(_("{file} exists. Replace it? [y/N] ", file=plain(str(path))))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def write_out(text: str) -> None:
    use_utf8()
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_stdout()
        raise FileError(
            _("cannot write to standard output: {why}", why=error.strerror),
            _("make room, or write elsewhere"),
        ) from None


def silence_stdout() -> None:
    """What could not be written must not be tried again when the interpreter ends."""
    _silence(sys.stdout)


def silence_terminal() -> None:
    """The terminal may be gone; what is still to be written to it would be a fault of ours."""
    _silence(sys.stdout)
    _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def use_utf8() -> None:
    """What we write is UTF-8, whatever the locale: JSON is, by definition."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def tell(line: str) -> None:
    """Say one line to the person."""
    sys.stderr.write(f"goneaway-tui: {plain(line, 2000)}\n")


def fault(error: BaseException) -> str:
    """Keep a fault's traceback in the state directory, and say in a line where."""
    from platformdirs import user_state_path

    told = f"{type(error).__name__}: {error}"
    try:
        folder = user_state_path("goneaway-tui", ensure_exists=True)
        path = folder / f"fault-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.txt"
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write("".join(traceback.format_exception(error)))
    except OSError:
        return _("a fault of ours, {fault}; please report it", fault=told)
    return _("a fault of ours, {fault}; please report it with {file}", fault=told, file=path)
