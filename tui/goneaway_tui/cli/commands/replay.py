"""`goneaway-tui replay FILE`: the board of a recording. There is no server, and nothing can be changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from goneaway_tui.cli.screen import MonitoredServers, settings_spec, show_board
from goneaway_tui.cli.terminal import require_terminal, write_err
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.sample import Sample
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings

WHY_READ_ONLY = N_("a recording has no server to change")
DAMAGED = N_("The recording is damaged or incomplete. The readable part is shown.")
MAX_LEDGER_ROWS = 2_000
"""Departures that the ledger of a recording shows at most, the newest ones: each jump reads them again."""


class RecordingSource:
    """The name of a recorded server; it gives no samples."""

    def __init__(self, name: str) -> None:
        self.name = name

    def sample(self) -> Sample:
        raise NotImplementedError

    def close(self) -> None:
        """Close nothing: it holds no connection."""


def replay(settings: Settings, clock: Clock) -> ExitCode:
    """Show the board of a recording, and return the exit status.

    Raises FileError if no snapshot of the file can be read, and SettingsError without a terminal.
    """
    from goneaway_tui.monitor.poller import ReplayPlayer
    from goneaway_tui.source.recording.reader import Recording

    path = Path(settings.files[0])
    recording = Recording(path)
    try:
        require_terminal(_("start replay in a terminal, or use goneaway-tui explain --recording=FILE"))
        if recording.is_damaged:
            write_err(_("{place}: {what}", place=path, what=_(DAMAGED)))
        player = ReplayPlayer(recording, clock, MAX_LEDGER_ROWS)
        source = RecordingSource(_("{server} (recorded)", server=recording.server_name))
        spec = replace(
            settings_spec(settings, source),
            first=recording.snapshot_at(player.clock()),
            why_read_only=_(WHY_READ_ONLY),
            player=player,
            color=None,
            interval=1.0,
        )
        servers = MonitoredServers((spec,), source.close)
        greeting = _(DAMAGED) if recording.is_damaged else ""
        return show_board(replace(settings, run_for=None, wall=False), servers, player.clock, greeting)
    finally:
        recording.close()
