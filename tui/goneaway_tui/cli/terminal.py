"""The signals that ask us to go. Whatever we are at, the terminal is given back as it was and the server's session let go."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from goneaway_tui import i18n
from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.i18n import ENGLISH, LANGUAGES, EnglishCatalogue, _, catalogue_of
from goneaway_tui.private_files import open_private
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import SCRIPTED
from goneaway_tui.text.sanitize import plain

ASK_US_TO_GO = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def exit_on_signals() -> None:
    """From now on TERM and HUP end us the way ctrl+c does: what was opened is closed on the way out."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _unwind)


@contextmanager
def exiting_on_signals(act: Callable[[int], object]) -> Iterator[None]:
    """While inside, `act` is told the number of each signal that asks us to go, in a thread of its own.

    A handler runs in the middle of whatever the main thread does, where to ask for a lock may be to wait for oneself.
    """

    def heed(number: int, _: FrameType | None) -> None:
        threading.Thread(target=act, args=(number,), name="signal", daemon=True).start()

    before = {each: signal.signal(each, heed) for each in ASK_US_TO_GO}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _unwind(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


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


def invite_to_paste() -> None:
    """Say what is waited for where standard input is a terminal."""
    if sys.stdin.isatty():
        tell(_("paste the error, then press ctrl+d ..."))


def tell(line: str) -> None:
    """Say one line to the person."""
    sys.stderr.write(f"goneaway-tui: {plain(line, 2000)}\n")


def report_fault(error: BaseException) -> str:
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


def set_language(chosen: str) -> None:
    """Say all in a key of LANGUAGES from now on; in English where its catalogue is not there, which is told in a line."""
    try:
        words = catalogue_of(chosen)
    except OSError:
        tell(
            f"warning: no catalogue of {chosen!r} was built, so this is in English; python tui/catalogues.py builds it"
        )
        words = EnglishCatalogue()
    i18n.set_language(words)


def configure_terminal(settings: Settings, spoken: str) -> None:
    """Go on in the language that the settings come to; `spoken` is that of before."""
    chosen = ENGLISH if settings.format in SCRIPTED.get(settings.command, ()) else settings.lang
    if chosen != spoken:
        set_language(chosen)
    if chosen != ENGLISH:
        from goneaway_tui.text.format import use_locale

        use_locale(LANGUAGES[chosen])
