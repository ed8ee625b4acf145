"""`goneaway-tui snapshot`: read one server or several once and write what was read, in one of the export formats."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from goneaway_tui.cli.factories import single_sample_source
from goneaway_tui.cli.screen import policy_of, without_garbage_search
from goneaway_tui.cli.servers import configured_servers, in_parallel, source_of
from goneaway_tui.cli.terminal import may_overwrite, write_out
from goneaway_tui.errors import ExitCode, SettingsError
from goneaway_tui.i18n import _
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings


def snapshot(servers: Sequence[Settings], clock: Clock) -> int:
    """Write the snapshot of one server, or of each of several that answers, and return the exit status.

    Raises SettingsError and FileError; SourceError only where there is one server.
    """
    with without_garbage_search():
        if len(servers) == 1:
            return _write_one_server(servers[0], clock)
        return _write_servers(servers, clock)


def _write_one_server(settings: Settings, clock: Clock) -> int:
    from goneaway_tui.cli.connect import route_to
    from goneaway_tui.export import FORMATS, save
    from goneaway_tui.judge import judge

    with route_to(settings) as route:
        source = single_sample_source(settings, route.address, clock)
        try:
            snapshot_taken = judge(source.sample(), None, policy_of(settings))
        finally:
            source.close()
    format_name = settings.format or "json"
    if settings.output is None:
        text = StringIO()
        FORMATS[format_name].write(snapshot_taken, text)
        write_out(text.getvalue())
    else:
        save(snapshot_taken, format_name, settings.output, overwrite=may_overwrite(Path(settings.output)))
    return ExitCode.DONE


def _write_servers(servers: Sequence[Settings], clock: Clock) -> int:
    """Write the snapshots of the servers that answer, in one document that names the server of each."""
    from goneaway_tui.export import FORMATS
    from goneaway_tui.export.files import write_file
    from goneaway_tui.judge import judge

    format_, output = FORMATS[servers[0].format or "json"], servers[0].output
    write_each = format_.write_each
    if write_each is None:
        names = ", ".join(row.name for row in FORMATS.values() if row.write_each)
        raise SettingsError(
            _("{flag} works with one server only", flag=f"--format={format_.name}"),
            _("with several servers, use one of {names}", names=names),
        )
    with configured_servers(servers) as members:
        policies = {member.name: policy_of(member.settings) for member in members}
        sources = {member.name: source_of(member, clock, single_sample_source) for member in members}
        answers = in_parallel(sources, lambda name, source: judge(source.sample(), None, policies[name]))
    snapshots = [(name, snapshot) for name, snapshot in answers if snapshot is not None]
    if snapshots and output is None:
        text = StringIO()
        write_each(snapshots, text)
        write_out(text.getvalue())
    elif snapshots and output is not None:
        write_file(output, lambda out: write_each(snapshots, out), overwrite=may_overwrite(Path(output)))
    return ExitCode.DONE if len(snapshots) == len(answers) else ExitCode.UNREACHABLE
