"""The terminal of a run: signals, standard output, standard error, and the language."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from goneaway_tui import i18n
from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.i18n import ENGLISH, LANGUAGES, EnglishCatalogue, _, catalogue_of, spoken
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import ENGLISH_FORMATS
from goneaway_tui.system import EXIT_SIGNALS, open_private
from goneaway_tui.text.sanitize import plain


def open_standard_streams() -> None:
    """Open the standard streams that are closed, or the next socket would get the number of one.

    Standard input is at its end then, writing to standard output fails, and what goes to standard error is lost.
    """
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),
        ("stderr", os.O_WRONLY, "w"),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8", closefd=False))


def exit_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the program as Ctrl+C does: `with` and `finally` blocks close what is open."""
    for number in EXIT_SIGNALS:
        if number != signal.SIGINT:
            signal.signal(number, _exit_on_signal)


@contextmanager
def exiting_on_signals(on_signal: Callable[[int], object]) -> Iterator[None]:
    """While inside, call `on_signal` with the number of each signal that asks the program to end, in a new thread.

    Not in the signal handler: the handler interrupts the main thread, which may hold the lock that `on_signal` needs.
    """

    def start_thread(number: int, _: FrameType | None) -> None:
        threading.Thread(target=on_signal, args=(number,), name="signal", daemon=True).start()

    previous = {number: signal.signal(number, start_thread) for number in EXIT_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _exit_on_signal(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def require_terminal(hint: str = "") -> None:
    """Raise SettingsError where there is no terminal; `hint` says what to do instead, by default to take a snapshot."""
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise SettingsError(
            _("the screen needs a terminal, but the input or output is not one"),
            hint or _("without a terminal, use goneaway-tui snapshot"),
        )


def may_overwrite(path: Path) -> bool:
    """Ask whether an existing file may be replaced. Without a terminal, or where the file does not exist, the answer
    is no.
    """
    if not path.exists() or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(spoken(_("{file} exists. Replace it? [y/N] ", file=plain(str(path)))))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def write_out(text: str) -> None:
    """Write a text to standard output, as UTF-8. Raises FileError."""
    try:
        use_utf8()
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_stdout()
        raise FileError(
            _("cannot write to standard output: {why}", why=error.strerror),
            _("free some space, or write to another place"),
        ) from None


def silence_stdout() -> None:
    """Send standard output to /dev/null, so that Python does not try to write the rest again when it exits."""
    _silence(sys.stdout)


def silence_terminal() -> None:
    """Send standard output and standard error to /dev/null: the terminal may be closed, and writing to it would fail."""
    _silence(sys.stdout)
    _silence(sys.stderr)


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def use_utf8() -> None:
    """Write UTF-8 to standard output in every locale: JSON is UTF-8 by definition."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def prompt_for_paste() -> None:
    """Ask for pasted input if standard input is a terminal."""
    if sys.stdin.isatty():
        write_err(_("paste the error, then press ctrl+d ..."))


def write_err(line: str) -> None:
    """Write one line to standard error, in the language of the run whatever standard output has."""
    sys.stderr.write(f"goneaway-tui: {plain(spoken(line), 2000)}\n")


def report_fault(error: BaseException) -> str:
    """Write the traceback of an internal error to a file in the state directory; return a line that names the file."""
    import traceback

    from platformdirs import user_state_path

    fault = f"{type(error).__name__}: {error}"
    try:
        folder = user_state_path("goneaway-tui", ensure_exists=True)
        path = folder / f"fault-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.txt"
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write("".join(traceback.format_exception(error)))
    except OSError:
        return _("Internal error: {fault}. Please report it", fault=fault)
    return _("Internal error: {fault}. Please report it and attach {file}", fault=fault, file=path)


def set_language(language: str) -> None:
    """Use the language of a key of LANGUAGES from now on. If its catalogue was not built, warn and use English."""
    try:
        catalogue = catalogue_of(language)
    except OSError:
        write_err(
            f"warning: no catalogue of {language!r} was built, so this is in English; python tui/catalogues.py builds it"
        )
        catalogue = EnglishCatalogue()
    i18n.set_language(catalogue)


def configure_terminal(settings: Settings, current: str) -> None:
    """Use the language that the settings name; `current` is the language used before they were read.

    What scripts read is English in every language.
    """
    language = settings.lang
    if language != current:
        set_language(language)
    if settings.format in ENGLISH_FORMATS.get(settings.command, ()):
        i18n.write_english()
    elif language != ENGLISH:
        from goneaway_tui.text.format import use_locale

        use_locale(LANGUAGES[language])
