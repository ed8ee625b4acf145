"""The board, `snapshot`, `watch` and `write_explanations` over several servers. All that is written says by `server_name` which it is of."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from goneaway_tui.cli.commands.explain import (
    NOTHING_LOST,
    chosen_format,
    facts_from,
    log_entries,
    write_explanations,
)
from goneaway_tui.cli.commands.exporter import exporter
from goneaway_tui.cli.commands.watch import Watch, lines
from goneaway_tui.cli.exec_hook import ExecHook
from goneaway_tui.cli.screen import policy_of
from goneaway_tui.cli.servers import Open, close_all, configured_servers, in_parallel, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, invite_to_paste, may_overwrite, tell, write_out
from goneaway_tui.errors import ExitCode, SettingsError
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.opening import STDIN, read_blocks
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import EXPLAIN, EXPORTER, SERVE, SNAPSHOT, UI, WATCH

if TYPE_CHECKING:
    from goneaway_tui.doctor.case import ServerFacts


ONE_OF = marked("with several it is one of {names}")


def several_servers_board(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """All on one screen. Raises SettingsError and FileError."""
    from goneaway_tui.cli.ui_servers import several_servers_board

    return several_servers_board(each, clock, open_source)


def export_servers(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:  # noqa: ARG001 - the shape of all
    """The same in a browser, where each who looks has a process that opens its own. Raises SettingsError and FileError."""
    from goneaway_tui.cli.commands.serve import run_web_service

    return run_web_service(each, clock)


def write_snapshots(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """Write those that were to be had. Raises SettingsError and FileError."""
    from goneaway_tui.export import FORMATS
    from goneaway_tui.export.files import write_file
    from goneaway_tui.judge import judge

    chosen, output = FORMATS[each[0].format or "json"], each[0].output
    write_each = chosen.write_each
    if write_each is None:
        able = ", ".join(row.name for row in FORMATS.values() if row.write_each)
        raise SettingsError(
            _("{flag} shows one server", flag=f"--format={chosen.name}"), _(ONE_OF, names=able)
        )
    with configured_servers(each) as members:
        policies = {member.name: policy_of(member.settings) for member in members}
        sources = {member.name: source_of(member, clock, open_source) for member in members}
        read = in_parallel(sources, lambda name, source: judge(source.sample(), None, policies[name]))
    found = [(name, snapshot) for name, snapshot in read if snapshot is not None]
    if found and output is None:
        text = StringIO()
        write_each(found, text)
        write_out(text.getvalue())
    elif found and output is not None:
        write_file(output, lambda out: write_each(found, out), overwrite=may_overwrite(Path(output)))
    return ExitCode.DONE if len(found) == len(read) else ExitCode.UNREACHABLE


def watch_servers(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """Each in a thread of its own, their lines in one place. Raises SettingsError and FileError."""
    first = each[0]
    asked: list[int] = []
    with ExitStack() as held:
        members = held.enter_context(configured_servers(each))
        write = held.enter_context(lines(first.output))
        errand = held.enter_context(ExecHook(first.execute)) if first.execute else None
        sources = [source_of(member, clock, open_source) for member in members]
        watching = [
            Watch(
                source,
                clock,
                policy_of(member.settings),
                write,
                interval=member.settings.interval,
                errand=errand,
                name=member.name,
            )
            for member, source in zip(members, sources, strict=True)
        ]

        def stop() -> None:
            for watch in watching:
                watch.stop_looking()
            close_all(sources)

        def go(number: int) -> None:
            asked.append(number)
            stop()

        threads = held.enter_context(ThreadPoolExecutor(len(watching), thread_name_prefix="watch"))
        with exiting_on_signals(go):
            try:
                done, _waiting = wait(
                    [threads.submit(watch.run, first.run_for) for watch in watching],
                    return_when=FIRST_EXCEPTION,
                )
            finally:
                stop()
        for ended in done:
            ended.result()
    if signal.SIGINT in asked:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE if all(watch.has_seen for watch in watching) else ExitCode.UNREACHABLE


def explain_with_servers(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """The same errors by what each server says; by the log alone where none can be asked. Raises as `write_explanations` does."""
    from goneaway_tui.doctor.case import NO_SERVER

    files, chosen = each[0].files, chosen_format(each[0].format)
    with configured_servers(each) as members:
        logs = {member.name: member.settings.error_log for member in members}
        bare = [replace(member, settings=replace(member.settings, error_log=None)) for member in members]
        sources = {member.name: source_of(member, clock, open_source) for member in bare}
        told = in_parallel(sources, lambda _name, source: facts_from(source))
    known = [(name, _with_log(facts, logs[name])) for name, facts in told if facts is not None]
    if not known:
        tell(_("no server could be asked, so this is told by the log alone"))
    with _spooled(files) as lying_at:
        codes = [write_explanations(files, chosen, facts, clock, name, lying_at) for name, facts in known]
        codes = codes or [write_explanations(files, chosen, NO_SERVER, clock, lying_at=lying_at)]
    if len(known) < len(told):
        return ExitCode.UNREACHABLE
    if ExitCode.DONE not in codes:
        tell(_(NOTHING_LOST))
    return min(codes)


SEVERAL: Mapping[str, Callable[[Sequence[Settings], Clock, Open], int]] = {
    UI: several_servers_board,
    SNAPSHOT: write_snapshots,
    WATCH: watch_servers,
    EXPLAIN: explain_with_servers,
    EXPORTER: exporter,
    SERVE: export_servers,
}
"""The commands that take several servers."""


def run_over(each: Sequence[Settings], clock: Clock, open_source: Open) -> int:
    """Do what was asked for. Raises GoneawayError."""
    command = each[0].command
    if command not in SEVERAL:
        raise SettingsError(
            _("{command} takes one server", command=command), _(ONE_OF, names=", ".join(SEVERAL))
        )
    return SEVERAL[command](each, clock, open_source)


def _with_log(facts: ServerFacts, log: str | None) -> ServerFacts:
    return facts if log is None else replace(facts, log_entries=log_entries(log))


@contextmanager
def _spooled(files: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Where standard input can be read more than once; nowhere, where it is not to be read."""
    if files and STDIN not in files:
        yield {}
        return
    with NamedTemporaryFile(prefix="goneaway-") as spool:
        invite_to_paste()
        for block in read_blocks(STDIN):
            spool.write(block)
        spool.flush()
        yield {STDIN: spool.name}
