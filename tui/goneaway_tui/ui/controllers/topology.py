"""From what servers report about their topology to monitoring those servers too. No session of ours ends for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from goneaway_tui.errors import GoneawayError
from goneaway_tui.i18n import _
from goneaway_tui.judge.topology import ProposedServer
from goneaway_tui.monitor.server_monitor import MonitorSpec, ServerMonitor
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.messages import PollFault


class TopologyController:
    """What the topology key does."""

    def __init__(self, app: MonitorApp) -> None:
        self._app = app

    def open(self, monitors: Sequence[ServerMonitor]) -> None:
        """Ask the servers that can be asked; add those that the person chooses."""
        from goneaway_tui.ui.screens.topology import TopologyScreen

        answering = [monitor for monitor in monitors if monitor.spec.read_topology is not None]
        if not answering:
            self._app.notify(_("There is no server here to ask for others."), severity="warning")
            return
        by_name = {monitor.name: monitor for monitor in answering}

        def chosen(proposals: tuple[ProposedServer, ...] | None) -> None:
            if proposals:
                threading.Thread(
                    target=self._add, args=(by_name, proposals), name="add servers", daemon=True
                ).start()

        self._app.push_screen(TopologyScreen(answering), chosen)

    def _add(self, by_name: dict[str, ServerMonitor], proposals: Sequence[ProposedServer]) -> None:
        """In a thread: a connection may need an SSH tunnel."""
        app = self._app
        specs: list[MonitorSpec] = []
        for proposal in proposals:
            reporter = by_name.get(proposal.server_name)
            if reporter is None or reporter.spec.spec_for_host is None:
                continue
            try:
                specs.append(reporter.spec.spec_for_host(proposal.host, proposal.port))
            except GoneawayError as error:
                words = plain(error.line, 400)
                app.call_from_thread(app.notify, words, severity="error", timeout=20, markup=False)
            except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
                app.post_message(PollFault(error))
        if specs:
            app.call_from_thread(app.add_servers, specs)
