"""`goneaway-tui replay FILE`: the screen on a recording. No server, and nothing can be changed."""

from __future__ import annotations

from pathlib import Path

from goneaway_tui.cli.screen import policy_of, run_app
from goneaway_tui.cli.terminal import require_terminal, tell
from goneaway_tui.errors import ExitCode
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.sample import Sample
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings

WHY_READ_ONLY = marked("this is a recording: there is no server here to change")
DAMAGED = marked("This recording is damaged, or its end is missing: what is whole in it is shown.")
MOST_DEPARTURES = 2_000
"""How many of the newest the ledger of a recording shows: they are read anew wherever somebody jumps."""


class RecordingSource:
    """Names what is replayed; it is never asked for a sample."""

    def __init__(self, name: str) -> None:
        self.name = name

    def sample(self) -> Sample:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is held."""


def replay(settings: Settings, real: Clock) -> ExitCode:
    """Raises FileError where the file is no recording, or none of it can be read, and SettingsError without a terminal."""
    from goneaway_tui.monitor.poller import ReplayPlayer
    from goneaway_tui.monitor.server_monitor import MonitorSpec
    from goneaway_tui.source.recording.recording import Recording
    from goneaway_tui.source.recording.replay import Replay
    from goneaway_tui.ui.app import GoneawayApp

    path = Path(settings.files[0])
    recording = Recording(path)
    try:
        require_terminal(_("start replay in one; goneaway-tui explain --recording=FILE needs none"))
        if recording.is_damaged:
            tell(_("{place}: {what}", place=path, what=_(DAMAGED)))
        timeline = Replay(recording, MOST_DEPARTURES)
        first = timeline.snapshot()
        source = RecordingSource(_("{server} (recorded)", server=recording.server_name))
        subject = MonitorSpec(
            source,
            policy_of(settings),
            first=first,
            why_read_only=_(WHY_READ_ONLY),
            player=ReplayPlayer(timeline, real),
        )
        app = GoneawayApp(
            [subject],
            timeline.clock,
            theme=settings.theme,
            greeting=_(DAMAGED) if recording.is_damaged else "",
        )
        app.set_keymap(settings.keys)
        return run_app(app, source.close)
    finally:
        recording.close()
