"""`goneaway-tui explain`: logs in, findings out; with a connection, what the server says beside them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from goneaway_tui.cli.logfile import STDIN, blocks
from goneaway_tui.cli.terminal import silence_stdout, tell, use_utf8
from goneaway_tui.errors import ExitCode, FileError, SettingsError

if TYPE_CHECKING:
    from goneaway_tui.doctor.evidence import Facts
    from goneaway_tui.doctor.explanation import Explanation
    from goneaway_tui.ports import Clock, Source


def explain(files: Sequence[str], format_name: str, facts: Facts, clock: Clock) -> ExitCode:
    """Read every file, write what was found, and tell whether it was anything. Raises FileError."""
    from goneaway_tui.doctor.answers import FORMATS

    use_utf8()
    count = 0

    def write(text: str) -> None:
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            silence_stdout()
            raise FileError(
                f"cannot write to standard output: {error.strerror}", "make room, or write elsewhere"
            ) from None

    count = FORMATS[format_name](_explained(files or (STDIN,), facts, clock), write)
    sys.stdout.flush()
    if not count:
        tell("no lost or refused connection in what was read")
    return ExitCode.DONE if count else ExitCode.NOTHING_FOUND


def facts_from(source: Source) -> Facts:
    """One look at the server. Raises SourceError."""
    from goneaway_tui.doctor.evidence import facts_of

    try:
        return facts_of(source.sample(), source.name)
    finally:
        source.close()


def _explained(files: Sequence[str], facts: Facts, clock: Clock) -> Iterator[Explanation]:
    from goneaway_tui.doctor.explanation import explained

    for name in files:
        yield from explained(name, blocks(name), facts, now=clock(), zone=Local())


class Local(tzinfo):
    """This machine's zone at each instant: for logs that name none."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        if when is None:
            return timedelta()
        try:
            return timedelta(seconds=time.localtime(when.replace(tzinfo=UTC).timestamp()).tm_gmtoff)
        except (OverflowError, ValueError, OSError):
            return timedelta()

    def dst(self, _: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, _: datetime | None) -> str:
        return "local"


def chosen_format(name: str | None) -> str:
    """Raises SettingsError for one that is a snapshot's alone."""
    from goneaway_tui.doctor.answers import FORMATS

    if name is not None and name not in FORMATS:
        raise SettingsError(f"--format={name} does not go with explain", f"it takes {', '.join(FORMATS)}")
    return name or "text"
