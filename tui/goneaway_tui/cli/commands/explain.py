"""`goneaway-tui explain`: find the causes of lost connections in logs, and in what a server reports."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from goneaway_tui.cli.factories import LocalZone, live_source
from goneaway_tui.cli.terminal import prompt_for_paste, silence_stdout, use_utf8, write_err
from goneaway_tui.errors import ExitCode, FileError, SettingsError, SourceError
from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.blocks import STDIN, looks_binary, read_blocks
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import EXPLAIN
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.cli.servers import UnreachedSource
    from goneaway_tui.doctor.case import ServerFacts
    from goneaway_tui.doctor.diagnosis import Explanation
    from goneaway_tui.logs.blocks import LogLine
    from goneaway_tui.model.departure import Departure
    from goneaway_tui.model.sample import LogEntry
    from goneaway_tui.ports import Clock
    from goneaway_tui.source.live import LiveSource


MAX_FACT_BLOCKS: Final = 4
"""Blocks of a file of pasted facts that are read."""
MAX_ENTRIES: Final = 20_000
"""Entries of a server's error log that are kept; older ones are dropped."""
MAX_DEPARTURES: Final = 5_000
"""Departures that are read from a recording; older ones are left out."""
NOTHING_LOST: Final = N_("no lost or refused connection found")


def explain(servers: Sequence[Settings], clock: Clock) -> int:
    """Explain the errors in the logs, with the facts of each server, and return the exit status.

    Raises FileError, and SettingsError for a format that only a snapshot has.
    """
    format_name = chosen_format(servers[0].format)
    if len(servers) == 1:
        return _explain_with_one_server(servers[0], format_name, clock)
    return _explain_with_servers(servers, format_name, clock)


def _explain_with_one_server(settings: Settings, format_name: str, clock: Clock) -> int:
    from goneaway_tui.cli.connect import route_to
    from goneaway_tui.doctor.case import NO_SERVER

    facts = NO_SERVER
    connect_error: SourceError | None = None
    if settings.live:
        try:
            with route_to(settings) as route:
                facts = facts_from(live_source(replace(settings, error_log=None), route.address, clock))
        except SourceError as error:
            connect_error = error
            write_err(_("cannot ask the server, so only the log is used: {why}", why=error.line))
    facts = _with_error_log(facts, settings.error_log).completed_by(pasted_facts(settings.facts))
    if settings.recording is not None:
        facts = replace(facts, departures=recorded_departures(settings.recording))
    status = write_explanations(settings.files, format_name, facts, clock, verbose=settings.verbose)
    return status if connect_error is None else connect_error.exit_code


def _explain_with_servers(servers: Sequence[Settings], format_name: str, clock: Clock) -> int:
    """Explain the same errors with the facts of each server; without facts if no server answers."""
    from goneaway_tui.cli.servers import configured_servers, in_parallel, source_of
    from goneaway_tui.doctor.case import NO_SERVER

    files, verbose, pasted = servers[0].files, servers[0].verbose, pasted_facts(servers[0].facts)
    with configured_servers(servers) as members:
        error_logs = {member.name: member.settings.error_log for member in members}
        without_logs = [
            replace(member, settings=replace(member.settings, error_log=None)) for member in members
        ]
        sources = {member.name: source_of(member, clock, live_source) for member in without_logs}
        answers = in_parallel(sources, lambda _name, source: facts_from(source))
    answered = [
        (name, _with_error_log(facts, error_logs[name]).completed_by(pasted))
        for name, facts in answers
        if facts is not None
    ]
    if not answered:
        write_err(_("cannot ask any server, so only the log is used"))
    with _spooled_stdin(files) as stored_at:
        statuses = [
            write_explanations(files, format_name, facts, clock, name, stored_at, verbose=verbose)
            for name, facts in answered
        ]
        statuses = statuses or [
            write_explanations(
                files,
                format_name,
                NO_SERVER.completed_by(pasted),
                clock,
                stored_at=stored_at,
                verbose=verbose,
            )
        ]
    if len(answered) < len(answers):
        return ExitCode.UNREACHABLE
    if ExitCode.DONE not in statuses:
        write_err(_(NOTHING_LOST))
    return min(statuses)


def pasted_facts(name: str | None) -> ServerFacts:
    """Read a server's variables and counters from a file of pasted output. Raises FileError, also for a file without any."""
    from goneaway_tui.doctor.case import NO_SERVER, facts_from_text

    if name is None:
        return NO_SERVER
    text = b"".join(islice(read_blocks(name), MAX_FACT_BLOCKS)).decode("utf-8", "replace")
    facts = facts_from_text(text, plain(Path(name).name, 200))
    if not (facts.limits or facts.counters or facts.version):
        raise FileError(
            _("cannot read {file}: it has no known variable and no known counter", file=plain(name, 200)),
            _("paste the output of SHOW GLOBAL VARIABLES and SHOW GLOBAL STATUS into it"),
        )
    return facts


def _with_error_log(facts: ServerFacts, error_log: str | None) -> ServerFacts:
    return facts if error_log is None else replace(facts, log_entries=log_entries(error_log))


@contextmanager
def _spooled_stdin(files: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Copy standard input, if `files` read it, into a temporary file, so that it can be read once for each server.

    Yields the path of the copy by the name of the file.
    """
    if files and STDIN not in files:
        yield {}
        return
    with NamedTemporaryFile(prefix="goneaway-") as spool:
        prompt_for_paste()
        for block in read_blocks(STDIN):
            spool.write(block)
        spool.flush()
        yield {STDIN: spool.name}


def write_explanations(
    files: Sequence[str],
    format_name: str,
    facts: ServerFacts,
    clock: Clock,
    server: str | None = None,
    stored_at: Mapping[str, str] = MappingProxyType({}),
    *,
    verbose: bool = False,
) -> ExitCode:
    """Read every file and write its findings; the status is NOTHING_FOUND where there are none. Raises FileError.

    `server` is the name of one of several servers. `stored_at` maps the name of a file to the path it is read from.
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
                _("free some space, or write to another place"),
            ) from None

    count = FORMATS[format_name](
        _explained(files or (STDIN,), facts, clock, stored_at), write, server, verbose=verbose
    )
    sys.stdout.flush()
    if count and server is None and format_name == "text" and not verbose and sys.stdout.isatty():
        write_err(_("Add --verbose to see all causes and every error."))
    if not count and server is None:
        write_err(_(NOTHING_LOST))
        for name in files:
            if name != STDIN and looks_binary(next(read_blocks(name), b"")):
                write_err(
                    _(
                        "{file} is a binary file, or its encoding is not supported",
                        file=plain(name, 200),
                    )
                )
    return ExitCode.DONE if count else ExitCode.NOTHING_FOUND


def facts_from(source: LiveSource | UnreachedSource) -> ServerFacts:
    """Read a server once, with its history, and close the source. Raises SourceError."""
    from goneaway_tui.cli.servers import history_facts
    from goneaway_tui.doctor.case import facts_from_sample

    try:
        return facts_from_sample(source.sample(), source.name).with_history(history_facts(source))
    finally:
        source.close()


def log_entries(name: str) -> tuple[LogEntry, ...]:
    """The entries of a server's error log that name a cause of an end: the latest MAX_ENTRIES. Raises FileError."""
    from goneaway_tui.logs.server_log import ServerLog, joined_entries

    log = ServerLog(LocalZone())
    entries: deque[LogEntry] = deque(maxlen=MAX_ENTRIES)
    for line in joined_entries(_lines(name)):
        entry = log.parse_entry(line.text)
        if entry is not None and entry.cause is not None:
            entries.append(entry)
    return tuple(entries)


def _lines(name: str) -> Iterator[LogLine]:
    """Every line of a file. Raises FileError."""
    from goneaway_tui.logs.blocks import LogLine
    from goneaway_tui.logs.server_log import MAX_LINE_CHARS

    tail = b""
    for block in chain(read_blocks(name), (b"\n",)):
        *lines, tail = (tail + block).split(b"\n")
        tail = tail[: MAX_LINE_CHARS * 4]
        for line in lines:
            yield LogLine(0, line[: MAX_LINE_CHARS * 4].decode("utf-8", errors="replace"), len(line))


def recorded_departures(name: str) -> tuple[Departure, ...]:
    """The sessions that ended while a recording was made: the latest MAX_DEPARTURES. Raises FileError."""
    from goneaway_tui.source.recording.reader import Recording

    with closing(Recording(Path(name), departures_alone=True)) as recording:
        return recording.latest_departures(MAX_DEPARTURES)


def _explained(
    files: Sequence[str], facts: ServerFacts, clock: Clock, stored_at: Mapping[str, str]
) -> Iterator[Explanation]:
    from goneaway_tui.doctor.diagnosis import explain_log

    for name in files:
        if name == STDIN and not stored_at:
            prompt_for_paste()
        yield from explain_log(
            name, read_blocks(stored_at.get(name, name)), facts, now=clock(), zone=LocalZone()
        )


def chosen_format(name: str | None) -> str:
    """The format to write, `text` by default. Raises SettingsError for a format that only a snapshot has."""
    from goneaway_tui.doctor.report import FORMATS

    if name is not None and name not in FORMATS:
        raise SettingsError(
            _("{flag} cannot be used with {command}", flag=f"--format={name}", command=EXPLAIN),
            _("use one of {names}", names=", ".join(FORMATS)),
        )
    return name or "text"
