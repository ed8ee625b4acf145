"""The lines above the sessions of several servers: sums, then a cell for each server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style

from goneaway_tui.i18n import _
from goneaway_tui.judge.forecast import Forecast, closing_forecast, summed_forecast
from goneaway_tui.model.snapshot import Risk, Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import shortened
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.tooltips import TooltipWidget, live_hint, server_hint
from goneaway_tui.ui.widgets.summary import (
    NO_MARKS,
    OTHER_RISKS,
    QUIET,
    RISK_STYLES,
    URGENT_RISKS,
    MarkedCount,
    Part,
    bar_tooltip,
    blocked_parts,
    figure_parts,
    fitting_parts,
    fullness_alarm,
    groups_and_right,
    header_axis,
    histogram_parts,
    left_and_right,
    marked_parts,
    next_closing_texts,
    recording_parts,
    risk_counts,
)

HEIGHT_SHARE = 5
"""The cells may take one of so many lines of the screen."""
MIN_LINES = 3
"""Lines the cells may take on a small screen too."""
FIGURE_LINES = 4
"""Lines of sums above the cells."""
GAP = 2
"""Blanks between two cells."""
MARK = "✔"
"""The mark of a server that is marked for a change."""
NAME_MIN_WIDTH, NAME_MAX_WIDTH = 6, 24

ServerState = tuple[str, str, str]
"""A symbol, a word and a style."""
CellPart = tuple[int, Callable[[ServerStatus], Part]]
"""A detail of a server: its width in terminal cells, and what draws it."""


def server_state(status: ServerStatus) -> ServerState:
    """Whether a server is live; its sample counts as old once the next one is overdue."""
    if status.trouble:
        word = (
            _("refused")
            if status.age_seconds is None
            else _("lost {age}", age=wording.age_words(status.age_seconds))
        )
        return "✖", word, "bold $text-error"
    if status.age_seconds is None:
        return "◌", _("connecting"), "$foreground-muted"
    if status.is_stale:
        return "◌", _("{age} old", age=wording.age_words(status.age_seconds)), "bold $text-warning"
    return "●", _("live"), "$text-success"


def _flavour(status: ServerStatus) -> Part:
    if status.snapshot is None:
        return "", QUIET
    server = status.snapshot.sample.server
    return f"{server.flavour.title} {'.'.join(plain(server.version, 30).split('.')[:2])}", QUIET


def _closing_soon(status: ServerStatus) -> Part:
    number = status.closing_soon
    style = RISK_STYLES[Risk.IMMINENT] if number else QUIET
    return (
        (f"{wording.RISK_SYMBOLS[Risk.IMMINENT]} {wording.count_words(number)}", style)
        if status.snapshot
        else ("", style)
    )


def _idle(status: ServerStatus) -> Part:
    share = status.idle_share
    return (
        "" if share is None else _("idle {share:.0%}", share=share),
        QUIET if share is None or share < 0.8 else RISK_STYLES[Risk.WATCH],
    )


def _state_word(status: ServerStatus) -> Part:
    _symbol, word, style = server_state(status)
    return word, style


def _most_urgent(status: ServerStatus) -> Part:
    """The most urgent detail, if there is room for only one."""
    return _closing_soon(status) if status.is_healthy else _state_word(status)


SOON_PART, IDLE_PART, STATE_PART = (5, _closing_soon), (9, _idle), (10, _state_word)
DETAIL_LEVELS: tuple[tuple[CellPart, ...], ...] = (
    ((13, _flavour), (7, lambda g: (_(g.role), QUIET)), STATE_PART, SOON_PART, IDLE_PART),
    (STATE_PART, SOON_PART, IDLE_PART),
    (STATE_PART, SOON_PART),
    ((8, _most_urgent),),
)
"""The details beside the name, from the most to the fewest: the first level that fits is drawn."""


class ServerStrip(TooltipWidget):
    """Four lines of sums over all servers, then a cell for each server."""

    servers: reactive[tuple[ServerStatus, ...]] = reactive(())
    now: reactive[float] = reactive(0.0, repaint=False)
    active_server: reactive[str] = reactive("")
    marked_servers: reactive[frozenset[str]] = reactive(frozenset())
    access: reactive[str] = reactive("")
    is_recording: reactive[bool] = reactive(False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS)

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._forecast_shown: tuple[int, Forecast] | None = None

    def watch_servers(self) -> None:
        self._fit_height()

    def watch_marked_servers(self) -> None:
        self._fit_height()

    def on_resize(self) -> None:
        self._fit_height()

    def _fit_height(self) -> None:
        """Take as many lines as the cells need."""
        self.styles.height = FIGURE_LINES + len(
            server_cells(self.servers, self.size.width, self._max_lines, marked=self.marked_servers)
        )

    @property
    def _max_lines(self) -> int:
        return max(MIN_LINES, self.app.size.height // HEIGHT_SHARE)

    def render(self) -> Content:
        width = self.size.width
        snapshots = [server.snapshot for server in self.servers if server.snapshot is not None]
        lines = [self._title(width), *self._figures(snapshots, width)]
        return Content("\n").join(
            [
                *lines,
                *server_cells(self.servers, width, self._max_lines, self.active_server, self.marked_servers),
            ]
        )

    def tooltip_at(self, event: events.MouseMove) -> str:
        name = event.style.meta.get("@hint", "")
        index = name.removeprefix("server_")
        if index != name:
            return server_hint(self.servers[int(index)]) if int(index) < len(self.servers) else ""
        first = next((s.snapshot for s in self.servers if s.snapshot is not None), None)
        if first is None:
            return super().tooltip_at(event)
        if name == "closings" and self._forecast_shown is not None:
            x = event.get_content_offset_capture(self).x
            return bar_tooltip(self._forecast_shown[1], x) or super().tooltip_at(event)
        return live_hint(name, first) or super().tooltip_at(event)

    def _title(self, width: int) -> Content:
        left: list[Part] = [
            ("goneaway ", "bold $text-primary"),
            (_("{number} servers", number=len(self.servers)), "bold"),
        ]
        right = [*recording_parts(is_on=self.is_recording), *liveness_parts(self.servers)]
        active = next((server for server in self.servers if server.name == self.active_server), None)
        if self.marked_servers:
            right += [
                ("   ", QUIET),
                (_("{sign} {number} marked", sign=MARK, number=len(self.marked_servers)), "bold"),
            ]
        if active is not None:
            right += [
                (_("   keys act on "), f"{QUIET} @hint=servers"),
                (shortened(plain(active.name, 200), NAME_MAX_WIDTH), "bold @hint=servers"),
                (f"  {_(self.access)}", f"{QUIET} @hint=reach"),
            ]
        return left_and_right(left, right, width)

    def _figures(self, snapshots: Sequence[Snapshot], width: int) -> list[Content]:
        if not snapshots:
            return [Content("")] * 3
        forecast = self._forecast(snapshots, width)
        sessions = sum(len(snapshot.verdicts) for snapshot in snapshots)
        idle = sum(snapshot.totals.idle for snapshot in snapshots)
        risks: Counter[Risk] = Counter()
        for snapshot in snapshots:
            risks.update(snapshot.totals.risks)
        totals = [
            figure_parts(_("sessions"), wording.count_words(sessions), ""),
            figure_parts(_("idle"), wording.count_words(idle), ""),
            *nearly_full_parts(self.servers),
        ]
        return [
            left_and_right(fitting_parts(totals, width), [], width),
            groups_and_right(
                [
                    *blocked_parts(snapshots),
                    *marked_parts(self.marked_sessions),
                    *risk_counts(risks, URGENT_RISKS),
                ],
                risk_counts(risks, OTHER_RISKS),
                next_closing_texts(forecast, self.now, snapshots),
                width,
            ),
            left_and_right(histogram_parts(forecast, snapshots[0].policy), [], width),
        ]

    def _forecast(self, snapshots: Sequence[Snapshot], width: int) -> Forecast:
        """The closings ahead on all servers, counted again each second."""
        second = int(self.now)
        if self._forecast_shown is None or self._forecast_shown[0] != second:
            axis = header_axis(snapshots, width)
            self._forecast_shown = (
                second,
                summed_forecast(closing_forecast(s, self.now, axis) for s in snapshots),
            )
        return self._forecast_shown[1]


def nearly_full_parts(servers: Sequence[ServerStatus]) -> list[list[Part]]:
    """The servers with few connections left, by name, each with its alarm."""
    alarms = (
        (server.name, fullness_alarm(server.snapshot.sample))
        for server in servers
        if server.snapshot is not None
    )
    return [
        [(shortened(plain(name, 200), NAME_MAX_WIDTH), "bold"), alarm, ("   ", "")]
        for name, alarm in alarms
        if alarm is not None
    ]


def liveness_parts(servers: Sequence[ServerStatus]) -> list[Part]:
    """How many servers are live, waited for, and lost."""
    number = Counter(server_state(server)[0] for server in servers)
    return [
        (f"  {symbol} {number[symbol]} {word}", f"{style} @hint=servers")
        for symbol, word, style in (
            ("●", _("live"), "$text-success"),
            ("◌", _("waiting"), "$text-warning"),
            ("✖", _("lost"), "bold $text-error"),
        )
        if number[symbol]
    ]


def server_cells(
    servers: Sequence[ServerStatus],
    width: int,
    max_lines: int,
    active_server: str = "",
    marked: Collection[str] = (),
) -> list[Content]:
    """Lines with a cell for each server, with as many details as fit into `max_lines` lines of `width` terminal cells.

    Where not even the shortest cells fit, servers in trouble come first, then those with closings ahead; the rest are counted.
    """
    if not servers or width <= 0:
        return []
    longest_name = min(NAME_MAX_WIDTH, max(cell_len(plain(server.name, 200)) for server in servers))
    indexes = {server.name: index for index, server in enumerate(servers)}

    def a_cell(status: ServerStatus) -> Content:
        hint = Style.from_meta({"@hint": f"server_{indexes[status.name]}"})
        return server_cell(status, name_width, details, active_server, marked).stylize(hint)

    for details in DETAIL_LEVELS:
        beside_name = 2 + bool(marked) + sum(1 + width_of_part for width_of_part, _draw in details)
        name_width = max(NAME_MIN_WIDTH, min(longest_name, width - beside_name))
        cells_a_line = max(1, (width + GAP) // (beside_name + name_width + GAP))
        if beside_name + longest_name <= width and len(servers) <= cells_a_line * max_lines:
            return _in_lines([a_cell(server) for server in servers], cells_a_line)
    by_urgency = sorted(servers, key=lambda server: (server.is_healthy, not server.closing_soon))
    drawn = by_urgency[: cells_a_line * max_lines - 1]
    more_cell = Content.styled(_("  +{number:,} more", number=len(servers) - len(drawn)), QUIET)
    return _in_lines([*map(a_cell, drawn), more_cell], cells_a_line)


def server_cell(
    status: ServerStatus,
    name_width: int,
    details: Sequence[CellPart],
    active_server: str,
    marked: Collection[str],
) -> Content:
    """The cell of one server, as wide as every other one. Where any server is marked, there is room for a mark."""
    symbol, _word, style = server_state(status)
    accent = server_accent(status.color)
    name_style = ("bold" if accent is None else accent.style) + (
        " reverse" if status.name == active_server else ""
    )
    name = in_cells(shortened(plain(status.name, 200), name_width), name_width, right=False)
    visible_name = name.rstrip()
    mark = "" if not marked else MARK if status.name in marked else " "
    parts: list[Part] = [
        (symbol, style),
        (f"{mark} ", "bold"),
        (visible_name, name_style),
        (" " * (len(name) - len(visible_name)), ""),
    ]
    for width, draw in details:
        words, style = draw(status)
        parts += [(" ", ""), (in_cells(words, width, right=False), style)]
    return Content.assemble(*(Content.styled(text, part_style) for text, part_style in parts))


def _in_lines(cells: Sequence[Content], cells_a_line: int) -> list[Content]:
    return [
        Content(" " * GAP).join(cells[start : start + cells_a_line])
        for start in range(0, len(cells), cells_a_line)
    ]
