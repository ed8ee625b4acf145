"""The lines above the board's table: the server, the sample's age, the limits, the risks, and the closings ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import Forecast, closing_forecast
from goneaway_tui.judge.ledger import Trend
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_SESSIONS
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.server_status import CONNECTING, Freshness
from goneaway_tui.ui.tooltips import TooltipWidget, live_hint

Part = tuple[str, str]
"""A text and its style, which may name its tooltip as `@hint=`."""

RISK_STYLES = {
    Risk.OVERDUE: "bold $text-error",
    Risk.IMMINENT: "bold $text-error",
    Risk.WATCH: "$text-warning",
    Risk.CALM: "$foreground",
    Risk.BUSY: "$text-primary",
    Risk.EXEMPT: "$foreground-muted",
}
QUIET = "$foreground-muted"
CONNECTION_SLACK = 3
"""Connections that may have been opened between the reading of the sessions and that of their count."""


class MarkedCount(NamedTuple):
    """How many sessions are marked, and how many of these the filter hides."""

    number: int
    hidden: int


NO_MARKS = MarkedCount(0, 0)
NEARLY_FULL_SHARE, FULL_SHARE = 0.8, 0.9
"""Shares of max_connections from which on the header shows a warning and an alarm."""


class SummaryHeader(TooltipWidget):
    """The four lines above the sessions of one server."""

    snapshot: reactive[Snapshot | None] = reactive(None)
    freshness: reactive[Freshness] = reactive(CONNECTING)
    now: reactive[float] = reactive(0.0, repaint=False)
    reach: reactive[str] = reactive("")
    is_recording: reactive[bool] = reactive(False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS)

    def __init__(self, name: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._server_name = plain(name, 120)
        self._aborted_before: int | None = None
        self._shown = (0, "")
        self._forecast_shown: Forecast | None = None
        self._forecast_key: tuple[float, int] | None = None

    def on_mount(self) -> None:
        if isinstance(self.app, BaseApp):
            self.watch(self.app, "trend", self.watch_trend, init=False)

    def watch_trend(self) -> None:
        self.refresh()

    def show_server(self, name: str) -> None:
        """Show another server from now on."""
        self._server_name = plain(name, 120)
        self._aborted_before, self._forecast_shown = None, None
        self.watch_snapshot(self.snapshot)
        self.refresh()

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        """Remember the first value of Aborted_clients: the header shows the increase since then."""
        if snapshot is None:
            return
        if self._aborted_before is None:
            self._aborted_before = snapshot.sample.counter("aborted_clients")

    def watch_now(self, now: float) -> None:
        """Redraw where a figure has changed, not at every tick."""
        first = self._forecast_shown.first_to_close if self._forecast_shown else None
        shown = (
            int(now),
            "" if first is None else wording.countdown_of(first, now) or "",
        )
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def _forecast(self, snapshot: Snapshot) -> Forecast:
        """The closings ahead, counted again for each snapshot and each second."""
        key = (snapshot.taken_at, int(self.now))
        if self._forecast_shown is None or self._forecast_key != key:
            axis = time_axis(snapshot, self.size.width)
            self._forecast_shown = closing_forecast(snapshot, self.now, axis)
            self._forecast_key = key
        return self._forecast_shown

    def tooltip_at(self, event: events.MouseMove) -> str:
        name = event.style.meta.get("@hint", "")
        if self.snapshot is None:
            return super().tooltip_at(event)
        if name == "closings":
            x = event.get_content_offset_capture(self).x
            return bar_tooltip(self._forecast(self.snapshot), x) or super().tooltip_at(event)
        return live_hint(name, self.snapshot) or super().tooltip_at(event)

    def render(self) -> Content:
        width = self.size.width
        lines = [self._title(width), *self._figures(width)]
        return Content("\n").join(lines)

    def _title(self, width: int) -> Content:
        parts: list[Part] = [("goneaway ", "bold $text-primary"), *self._title_name()]
        up = ""
        if self.snapshot is not None:
            server = self.snapshot.sample.server
            parts.append((f"  {server.flavour.title} {plain(server.version, 30)}", ""))
            up = _("  up {age}", age=wording.age_words(server.uptime))
        right = [
            *recording_parts(is_on=self.is_recording),
            (_(self.freshness.words), f"{self.freshness.look} @hint=fresh"),
            (f"  {_(self.reach)}", f"{QUIET} @hint=reach"),
        ]
        used = sum(cell_len(text) for text, _look in (*parts, *right))
        if up and used + cell_len(up) < width:  # the whole text or none of it
            parts.append((up, f"{QUIET} @hint=up"))
        return left_and_right(parts, right, width)

    def _title_name(self) -> list[Part]:
        """The server's name, on the server's colour where it has one."""
        accent = self.app.accent if isinstance(self.app, BaseApp) else None
        return [(self._server_name, "bold") if accent is None else (f" {self._server_name} ", accent.style)]

    def _figures(self, width: int) -> list[Content]:
        if self.snapshot is None:
            return [Content("")] * 3
        forecast = self._forecast(self.snapshot)
        return [
            with_trend(fitting_parts(self._limits(self.snapshot, width), width), self.app, width),
            groups_and_right(
                [*marked_parts(self.marked_sessions), *risk_counts(self.snapshot.totals.risks)],
                next_closing_parts(forecast, self.now),
                width,
            ),
            left_and_right(histogram_parts(forecast, self.snapshot.policy), [], width),
        ]

    def _limits(self, snapshot: Snapshot, width: int) -> list[list[Part]]:
        """The number of sessions, then the limits in words, with the raw values where there is room."""
        sample = snapshot.sample
        figures: list[list[Part]] = [session_count_parts(sample)]
        for variable, name in (
            ("wait_timeout", "wait_timeout"),
            ("interactive_timeout", _("interactive")),
        ):
            value = sample.variable(variable)
            if value is not None:
                figures.append(
                    figure_parts(
                        name,
                        wording.limit_words(value),
                        f" ({value:.12g} s)" if width >= 110 and value >= 60 else "",
                        variable,
                    )
                )
        packet = sample.variable("max_allowed_packet")
        if packet is not None:
            figures.append(
                figure_parts(
                    _("packet"),
                    wording.size_words(int(packet)),
                    f" ({packet:.0f} B)" if width >= 140 else "",
                    "max_allowed_packet",
                )
            )
        figures.append(figure_parts(_("idle"), wording.count_words(snapshot.totals.idle), ""))
        aborted = sample.counter("aborted_clients")
        if aborted is not None and self._aborted_before is not None:
            since = aborted - self._aborted_before
            figures.append(
                figure_parts(_("aborted"), f"+{since}" if since >= 0 else wording.count_words(aborted), "")
            )
        return figures


def visible_share_words(sample: Sample) -> str:
    """` seen of 120`, where the account cannot see all connections; empty where it can."""
    connected = sample.counter("threads_connected")
    clients = sum(session.role in {Role.CLIENT, Role.LOGIN} for session in sample.sessions)
    slack = (
        0 if any(limitation.what in HIDES_SESSIONS for limitation in sample.limitations) else CONNECTION_SLACK
    )
    sees_all = not sample.limitations or connected is None or connected <= clients + slack
    return "" if sees_all else _(" seen of {number:,}", number=connected or 0)


def session_count_parts(sample: Sample) -> list[Part]:
    """The sessions and max_connections. Once the server is nearly full: its connections, a sign and their share."""
    maximum = sample.variable("max_connections")
    hidden, limit = visible_share_words(sample), f" / {wording.count_words(int(maximum))}" if maximum else ""
    alarm = fullness_alarm(sample)
    if alarm is None:
        return figure_parts(_("sessions"), wording.count_words(len(sample.sessions)), hidden + limit)
    if hidden:
        parts = figure_parts(_("sessions"), wording.count_words(len(sample.sessions)), hidden + limit)
    else:  # daemons are sessions, but do not count against max_connections
        connected = sample.counter("threads_connected") or 0
        parts = figure_parts(_("connections"), wording.count_words(connected), limit, "sessions")
    return [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1]), alarm, ("   ", "")]


def fullness_alarm(sample: Sample) -> Part | None:
    """`▲ 93 %`, the used share of max_connections from `NEARLY_FULL_SHARE` on; None below, and where it is unknown."""
    maximum = sample.variable("max_connections")
    connected = sample.counter("threads_connected")
    if not maximum or connected is None or connected / maximum < NEARLY_FULL_SHARE:
        return None
    risk = Risk.IMMINENT if connected / maximum >= FULL_SHARE else Risk.WATCH
    share = _("{number} %", number=int(100 * connected / maximum))
    return f" {wording.SIGNS[risk]} {share}", f"{RISK_STYLES[risk]} @hint=sessions"


def recording_parts(*, is_on: bool) -> list[Part]:
    """`● REC` while the run records."""
    return [(_("● REC"), "bold $text-error @hint=recording"), ("  ", "")] if is_on else []


def marked_parts(marked: MarkedCount) -> list[list[Part]]:
    """How many sessions are marked, those that the filter hides included."""
    if not marked.number:
        return []
    words = _("✔ {number:,} marked", number=marked.number)
    if marked.hidden:
        words = _(
            "✔ {number:,} marked, {hidden:,} hidden by the filter", number=marked.number, hidden=marked.hidden
        )
    return [[(words, "bold $text-warning @hint=marked"), ("   ", "")]]


def figure_parts(name: str, value: str, detail: str, hint: str = "") -> list[Part]:
    """A figure: its name, its value and a detail. `hint`: the key of its tooltip, where that is not its name."""
    meta = f" @hint={hint or name}"
    return [(f"{name} ", QUIET + meta), (value, "bold" + meta), (f"{detail}   ", QUIET + meta)]


def risk_counts(counts: Mapping[Risk, int]) -> list[list[Part]]:
    """How many sessions are at each risk, the gravest first; overdue is left out where no session is."""
    groups: list[list[Part]] = []
    for risk in reversed(Risk):
        number = counts.get(risk, 0)
        if number or risk is not Risk.OVERDUE:
            words = f"{wording.risk_word(risk)} {wording.count_words(number)}"
            look = RISK_STYLES[risk] if number else QUIET
            groups.append([(words, f"{look} @hint={risk.value}"), ("   ", "")])
    return groups


def next_closing_parts(forecast: Forecast, now: float) -> list[Part]:
    """`next: session 71 on db1 in 0:42`: the session that closes next, and its countdown."""
    first = forecast.first_to_close
    meta = " @hint=next"
    left = None if first is None else wording.countdown_of(first, now)
    if first is None or first.deadline is None or left is None:
        return [(_("no closing ahead"), QUIET + meta)]
    return [
        (_("next: session "), QUIET + meta),
        (str(first.session.id), "bold" + meta),
        (_(" on {server}", server=plain(first.server_name, 24)) if first.server_name else "", QUIET + meta),
        (_(" in ") if now < first.deadline else " ", QUIET + meta),
        (left, RISK_STYLES[first.risk] + meta),
    ]


def time_axis(snapshot: Snapshot, width: int) -> list[tuple[float, int]]:
    """The time axis of the closings ahead, as pairs of an end in seconds and a number of buckets.

    It ends at a minute, ten minutes, an hour, and the longest global limit, whose stretch takes the room that is left.
    """
    stretches = [(60.0, 6), (600.0, 6), (3600.0, 7)]
    last = max(snapshot.sample.variable(name) or 0 for name in ("wait_timeout", "interactive_timeout"))
    if last > stretches[-1][0]:
        stretches.append((float(last), max(6, min(30, width - 74))))
    return stretches


def histogram_parts(forecast: Forecast, policy: RiskThresholds) -> list[Part]:
    """The closings ahead as a line of blocks, on a time axis that becomes coarser."""
    highest = max((n for stretch in forecast.ranges for n in stretch.counts), default=0)
    parts: list[Part] = [(wording.before_bars(), QUIET)]
    for stretch in forecast.ranges:
        soon = stretch.end <= policy.imminent_below
        near = stretch.end <= policy.watch_below
        look = RISK_STYLES[Risk.IMMINENT] if soon else RISK_STYLES[Risk.WATCH] if near else "$text-primary"
        for blocks, has_any in _runs(wording.heights(stretch.counts, highest), stretch.counts):
            parts.append((blocks, look if has_any else QUIET))
        parts.append((f" {wording.limit_words(stretch.end)} ", QUIET))
    if forecast.later:
        parts.append((_(" {number:,} later", number=forecast.later), QUIET))
    return [(text, f"{look} @hint=closings") for text, look in parts]


def bar_tooltip(forecast: Forecast, x: int) -> str:
    """How many sessions close in the time of the block at cell `x` of the histogram; empty where there is no block."""
    left = cell_len(wording.before_bars())
    for stretch in forecast.ranges:
        if 0 <= x - left < len(stretch.counts):
            step = (stretch.end - stretch.start) / len(stretch.counts)
            start = stretch.start + step * (x - left)
            number = stretch.counts[x - left]
            return ngettext("{number} session closes in {start} to {end}", "{number} sessions close in {start} to {end}",
                            number, start=wording.limit_words(round(start)),
                            end=wording.limit_words(round(start + step)))  # fmt: skip
        left += len(stretch.counts) + len(wording.limit_words(stretch.end)) + 2
    return ""


def _runs(blocks: str, counts: tuple[int, ...]) -> list[tuple[str, bool]]:
    """Join neighbouring blocks that are all empty, or all not."""
    runs: list[tuple[str, bool]] = []
    for block, number in zip(blocks, counts, strict=True):
        if runs and runs[-1][1] == bool(number):
            runs[-1] = (runs[-1][0] + block, bool(number))
        else:
            runs.append((block, bool(number)))
    return runs


def fitting_parts(groups: list[list[Part]], width: int) -> list[Part]:
    """As many whole groups as fit into `width` cells: half a figure is worse than none."""
    parts: list[Part] = []
    used = 0
    for group in groups:
        words = "".join(text for text, _look in group)
        if used + cell_len(words.rstrip()) > width:
            break
        parts += group
        used += cell_len(words)
    return [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1])] if parts else parts


def groups_and_right(groups: list[list[Part]], right: list[Part], width: int) -> Content:
    """One line: as many whole groups as fit, and parts at the right edge."""
    return left_and_right(
        fitting_parts(groups, width - sum(cell_len(text) for text, _look in right) - 1), right, width
    )


def left_and_right(left: list[Part], right: list[Part], width: int) -> Content:
    """One line: parts at the left and at the right edge; the left ones are cut where both do not fit."""
    room = max(0, width - sum(cell_len(text) for text, _look in right))
    start = Content.assemble(*(Content.styled(text, look) for text, look in left)).truncate(
        max(0, room - 1 if right else room), ellipsis=True
    )
    end = Content.assemble(*(Content.styled(text, look) for text, look in right))
    return Content.assemble(start, " " * max(0, room - start.cell_length), end)


TREND_CELLS = (6, 24)
"""The fewest and the most cells of each line of the trend."""


def with_trend(left: list[Part], app: object, width: int) -> Content:
    """A line with the trend of the last hour at its right edge, where there is room for it."""
    room = width - sum(cell_len(text) for text, _look in left) - 3
    return left_and_right(left, trend_parts(app.trend, room) if isinstance(app, BaseApp) else [], width)


def trend_parts(trend: Trend, room: int) -> list[Part]:
    """`last 40 m:  connections ▂▃▅█ 242  idle ▁▂▃▅ 180  blocked ▁▁█▁ 5`: with the highest number of each.

    Empty where that is too wide for `room` cells, and before there are two points. What is not known is left out.
    """
    if len(trend.points) < 2:
        return []
    fewest, most = TREND_CELLS
    for cells in range(most, fewest - 1, -2):
        parts = _trend_of(trend, cells)
        if sum(cell_len(text) for text, _look in parts) <= room:
            return [(text, f"{look} @hint=trend") for text, look in parts]
    return []


def _trend_of(trend: Trend, cells: int) -> list[Part]:
    levels = trend.levels(cells)
    parts: list[Part] = [(_("last {period}:", period=wording.age_words(levels.seconds)), QUIET)]
    for name, numbers, look in (
        (_("connections"), levels.connections, "$text-primary"),
        (_("idle"), levels.idle, "$text-primary"),
        (_("blocked"), levels.blocked, "$text-error"),
    ):
        known = [number for number in numbers if number is not None]
        if known:
            highest = max(known)
            blocks = "".join(
                " " if number is None else wording.heights((number,), highest) for number in numbers
            )
            parts += [
                (f"  {name} ", QUIET),
                (blocks, look if highest else QUIET),
                (f" {wording.count_words(highest)}", "bold" if highest else QUIET),
            ]
    return parts
