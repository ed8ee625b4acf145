"""`goneaway-tui explain`: logs in, findings out; with a connection, what the server says beside them."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from goneaway_tui.cli.terminal import invite_to_paste, silence_stdout, tell, use_utf8
from goneaway_tui.errors import ExitCode, FileError, SettingsError
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.opening import STDIN, read_blocks
from goneaway_tui.settings.options import EXPLAIN

if TYPE_CHECKING:
    from goneaway_tui.cli.servers import UnreachedSource
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.doctor.diagnosis import Explanation
    from goneaway_tui.logs.blocks import LogLine
    from goneaway_tui.model.departure import Departure
    from goneaway_tui.model.sample import LogEntry
    from goneaway_tui.ports import Clock
    from goneaway_tui.source.live import LiveSource


MOST_ENTRIES: Final = 20_000
"""Of a server's log: more is not held."""
MOST_DEPARTURES: Final = 5_000
"""Of a recording."""
NOTHING_LOST: Final = marked("no lost or refused connection in what was read")


def write_explanations(
    files: Sequence[str],
    format_name: str,
    facts: ServerFacts,
    clock: Clock,
    server: str | None = None,
    lying_at: Mapping[str, str] = MappingProxyType({}),
) -> ExitCode:
    """Read every file, write what was found, and tell whether it was anything. Raises FileError.

    `server` is the name of one of several. `lying_at` is where a file is that is not where its name says.
    """
    from goneaway_tui.doctor.report import FORMATS

    use_utf8()

    def write(text: str) -> None:
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            silence_stdout()
            raise FileError(
                _("cannot write to standard output: {why}", why=error.strerror),
                _("make room, or write elsewhere"),
            ) from None

    count = FORMATS[format_name](_explained(files or (STDIN,), facts, clock, lying_at), write, server)
    sys.stdout.flush()
    if not count and server is None:
        tell(_(NOTHING_LOST))
    return ExitCode.DONE if count else ExitCode.NOTHING_FOUND


def facts_from(source: LiveSource | UnreachedSource) -> ServerFacts:
    """One look at the server, and what it remembers. Raises SourceError."""
    from goneaway_tui.doctor.case import facts_of

    try:
        return facts_of(source.sample(), source.name).remembering(history_facts(source))
    finally:
        source.close()


def history_facts(source: LiveSource | UnreachedSource) -> ServerFacts:
    """What the server remembers of ends and refusals since it started, and nothing else. Raises SourceError."""
    from goneaway_tui.doctor.case import ServerFacts

    past = source.history()
    return ServerFacts(
        errors=past.errors,
        counts_errors=past.counts_errors,
        unknown_errors=past.unknown_errors,
        log=past.log,
        hosts=past.hosts,
        killed_at=past.killed_at,
    )


def log_entries(name: str) -> tuple[LogEntry, ...]:
    """What a server's whole error log tells of ends, the latest of it where that is much. Raises FileError."""
    from goneaway_tui.logs.server_log import ServerLog, joined_entries

    log = ServerLog(LocalZone())
    kept: deque[LogEntry] = deque(maxlen=MOST_ENTRIES)
    for line in joined_entries(_lines(name)):
        entry = log.entry(line.text)
        if entry is not None and entry.cause is not None:
            kept.append(entry)
    return tuple(kept)


def _lines(name: str) -> Iterator[LogLine]:
    """Every line of a file. Raises FileError."""
    from goneaway_tui.logs.blocks import LogLine
    from goneaway_tui.logs.server_log import LONGEST_LINE

    tail = b""
    for block in chain(read_blocks(name), (b"\n",)):
        *lines, tail = (tail + block).split(b"\n")
        tail = tail[: LONGEST_LINE * 4]
        for line in lines:
            yield LogLine(0, line[: LONGEST_LINE * 4].decode("utf-8", errors="replace"), len(line))


def recorded_departures(name: str) -> tuple[Departure, ...]:
    """Who left while a recording was made, the latest of them where they are many. Raises FileError."""
    from goneaway_tui.source.recording.reader import Recording

    with closing(Recording(Path(name), departures_alone=True)) as recording:
        return recording.latest_departures(MOST_DEPARTURES)


def _explained(
    files: Sequence[str], facts: ServerFacts, clock: Clock, lying_at: Mapping[str, str]
) -> Iterator[Explanation]:
    from goneaway_tui.doctor.diagnosis import explanations

    for name in files:
        if name == STDIN and not lying_at:
            invite_to_paste()
        yield from explanations(
            name, read_blocks(lying_at.get(name, name)), facts, now=clock(), zone=LocalZone()
        )


class LocalZone(tzinfo):
    """This machine's zone at each instant: for logs that name none."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        if when is None:
            return timedelta()
        try:
            return timedelta(seconds=time.localtime(when.replace(tzinfo=UTC).timestamp()).tm_gmtoff)
        except (OverflowError, ValueError, OSError):
            return timedelta()

    def dst(self, _when: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, _when: datetime | None) -> str:
        return "local"


def chosen_format(name: str | None) -> str:
    """Raises SettingsError for one that is a snapshot's alone."""
    from goneaway_tui.doctor.report import FORMATS

    if name is not None and name not in FORMATS:
        raise SettingsError(
            _("{flag} does not go with {command}", flag=f"--format={name}", command=EXPLAIN),
            _("it takes {names}", names=", ".join(FORMATS)),
        )
    return name or "text"
