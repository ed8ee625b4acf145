"""The lines above the board's table: the server, the sample's age, the limits, the risks, and the closings ahead."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import FIRST_RANGE_RATIO, Forecast, closing_forecast
from goneaway_tui.judge.ledger import Trend
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_SESSIONS
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Snapshot
from goneaway_tui.text.format import in_list
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import shortened
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.server_status import CONNECTING, Freshness
from goneaway_tui.ui.tooltips import TooltipWidget, live_hint

Part = tuple[str, str]
"""A text and its style; `@hint=` in the style names the tooltip."""

RISK_STYLES = {
    Risk.OVERDUE: "bold $text-error",
    Risk.IMMINENT: "bold $text-error",
    Risk.WATCH: "$text-warning",
    Risk.CALM: "$foreground",
    Risk.BUSY: "$text-primary",
    Risk.EXEMPT: "$foreground-muted",
}
URGENT_RISKS, OTHER_RISKS = (Risk.OVERDUE, Risk.IMMINENT, Risk.WATCH), (Risk.CALM, Risk.BUSY, Risk.EXEMPT)
"""The risks in the header's order."""
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
GAUGE_CELLS = 10
MIN_NAME_CELLS = 16
"""Cells that the server's name keeps in the narrowest header."""
WIDE_HEADER = 150
"""Cells from which on the header shows the raw values of the limits."""
NAMED_ROOTS = 2
"""Blocking sessions that the line names at most."""
AXIS_ENDS = (60.0, 600.0, 3600.0, 28_800.0, 86_400.0, 2_592_000.0)
"""The ends of the ranges of the time axis, in seconds, without the last one."""
MIN_STRETCHES, MIN_BUCKETS, MAX_BUCKETS_PER_E = 3, 5, 5.0
"""The fewest ranges of the time axis, the fewest buckets of a range on average, the most buckets for a factor e of time."""
LATER_CELLS = 10
"""Cells after the time axis, for the number of later closings."""


class SummaryHeader(TooltipWidget):
    """The four lines above the sessions of one server."""

    snapshot: reactive[Snapshot | None] = reactive(None)
    freshness: reactive[Freshness] = reactive(CONNECTING)
    now: reactive[float] = reactive(0.0, repaint=False)
    access: reactive[str] = reactive("")
    is_recording: reactive[bool] = reactive(False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS)

    def __init__(self, name: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._server_name = plain(name, 120)
        self._aborted_before: int | None = None
        self._drawn_figures = (0, "")
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
        """Redraw if a figure has changed, not at every tick."""
        next_verdict = self._forecast_shown.first_to_close if self._forecast_shown else None
        figures = (
            int(now),
            "" if next_verdict is None else wording.countdown_of(next_verdict, now) or "",
        )
        if figures != self._drawn_figures:
            self._drawn_figures = figures
            self.refresh()

    def _forecast(self, snapshot: Snapshot) -> Forecast:
        """The closings ahead, counted again for each snapshot and each second."""
        key = (snapshot.taken_at, int(self.now))
        if self._forecast_shown is None or self._forecast_key != key:
            axis = header_axis([snapshot], self.size.width)
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
        version = up = ""
        if self.snapshot is not None:
            server = self.snapshot.sample.server
            version = f"  {server.flavour.title} {plain(server.version, 30)}"
            up = _("  up {age}", age=wording.age_words(server.uptime))
        right = [
            *recording_parts(is_on=self.is_recording),
            (_(self.freshness.words), f"{self.freshness.style} @hint=fresh"),
            (f"  {_(self.access)}", f"{QUIET} @hint=reach"),
        ]
        title: Part = ("goneaway ", "bold $text-primary")
        name_room = width - _cells([title, (version, ""), *right]) - 3
        parts = [title, *self._title_name(max(MIN_NAME_CELLS, name_room)), (version, "")]
        used = _cells([*parts, *right])
        if up and used + cell_len(up) < width:  # the whole text or none of it
            parts.append((up, f"{QUIET} @hint=up"))
        return left_and_right(parts, right, width)

    def _title_name(self, room: int) -> list[Part]:
        """The server's name in at most `room` cells, on the server's colour where it has one."""
        accent = self.app.accent if isinstance(self.app, BaseApp) else None
        name = shortened(self._server_name, room)
        return [(name, "bold") if accent is None else (f" {name} ", accent.style)]

    def _figures(self, width: int) -> list[Content]:
        if self.snapshot is None:
            return [Content("")] * 3
        forecast = self._forecast(self.snapshot)
        risks = self.snapshot.totals.risks
        needed = [
            *blocked_parts([self.snapshot]),
            *marked_parts(self.marked_sessions),
            *risk_counts(risks, URGENT_RISKS),
        ]
        return [
            with_trend(fitting_parts(self._limits(self.snapshot, width), width), self.app, width),
            groups_and_right(
                needed,
                risk_counts(risks, OTHER_RISKS),
                next_closing_texts(forecast, self.now, [self.snapshot]),
                width,
            ),
            left_and_right(histogram_parts(forecast, self.snapshot.policy), [], width),
        ]

    def _limits(self, snapshot: Snapshot, width: int) -> list[list[Part]]:
        """How full the server is, then the limits in words, on a wide screen with the raw values."""
        sample, is_wide = snapshot.sample, width >= WIDE_HEADER
        figures: list[list[Part]] = session_count_parts(snapshot)
        for variable, name in (
            ("wait_timeout", "wait_timeout"),
            ("interactive_timeout", _("interactive")),
        ):
            value = sample.variable(variable)
            if value is not None:
                raw = f" ({value:.12g} s)" if is_wide and value >= 60 else ""
                figures.append(figure_parts(name, wording.limit_words(value), raw, variable))
        packet = sample.variable("max_allowed_packet")
        if packet is not None:
            raw = f" ({packet:.0f} B)" if is_wide else ""
            size = wording.size_words(int(packet))
            figures.append(figure_parts(_("packet"), size, raw, "max_allowed_packet"))
        figures.append(figure_parts(_("idle"), wording.count_words(snapshot.totals.idle), ""))
        aborted = sample.counter("aborted_clients")
        if aborted is not None and self._aborted_before is not None:
            since = aborted - self._aborted_before
            figures.append(
                figure_parts(_("aborted"), f"+{since}" if since >= 0 else wording.count_words(aborted), "")
            )
        return figures


def visible_share_words(snapshot: Snapshot) -> str:
    """` seen of 120`, where the account cannot see all connections; empty where it can."""
    sample, roles = snapshot.sample, snapshot.totals.roles
    connected = sample.counter("threads_connected")
    if not sample.limitations or connected is None:
        return ""
    clients = len(sample.sessions) - sum(number for role, number in roles.items() if role is not Role.LOGIN)
    slack = (
        0 if any(limitation.what in HIDES_SESSIONS for limitation in sample.limitations) else CONNECTION_SLACK
    )
    return "" if connected <= clients + slack else _(" visible of {number:,}", number=connected)


def session_count_parts(snapshot: Snapshot) -> list[list[Part]]:
    """The gauge of the used connections; the number of sessions, where not all are visible or max_connections is not known."""
    sample = snapshot.sample
    maximum, connected = sample.variable("max_connections"), sample.counter("threads_connected")
    hidden = visible_share_words(snapshot)
    sessions = figure_parts(_("sessions"), wording.count_words(len(sample.sessions)), hidden)
    if not maximum or connected is None:
        return [sessions]
    share, meta = connected / maximum, " @hint=connections"
    style = RISK_STYLES[risk] if (risk := fullness_risk(share)) else "$text-success"
    used = f"{wording.count_words(connected)}/{wording.count_words(int(maximum))}"
    saturation = [
        (f"{used} ", "bold" + meta),
        (wording.gauge(share, GAUGE_CELLS), f"{style} on $surface{meta}"),
        (f" {_('{number} %', number=int(100 * share))}", style + meta),
        ("   ", ""),
    ]
    return [saturation, sessions] if hidden else [saturation]


def fullness_risk(share: float) -> Risk | None:
    """The risk whose colour a share of max_connections has; None below `NEARLY_FULL_SHARE`."""
    if share < NEARLY_FULL_SHARE:
        return None
    return Risk.IMMINENT if share >= FULL_SHARE else Risk.WATCH


def fullness_alarm(sample: Sample) -> Part | None:
    """`▲ 93 %`, the used share of max_connections from `NEARLY_FULL_SHARE` on; None below, and where it is unknown."""
    maximum, connected = sample.variable("max_connections"), sample.counter("threads_connected")
    risk = fullness_risk(connected / maximum) if maximum and connected is not None else None
    if risk is None or not maximum or connected is None:
        return None
    share = _("{number} %", number=int(100 * connected / maximum))
    return f" {wording.RISK_SYMBOLS[risk]} {share}", f"{RISK_STYLES[risk]} @hint=connections"


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


def risk_counts(counts: Mapping[Risk, int], risks: Iterable[Risk]) -> list[list[Part]]:
    """How many sessions are at each of these risks; a risk that no session has is left out."""
    return [
        [
            (
                f"{wording.risk_word(risk)} {wording.count_words(number)}",
                f"{RISK_STYLES[risk]} @hint={risk.value}",
            ),
            ("   ", ""),
        ]
        for risk in risks
        if (number := counts.get(risk, 0))
    ]


def blocked_parts(snapshots: Iterable[Snapshot]) -> list[list[Part]]:
    """`5 blocked by 4802`: how many sessions of these servers wait for a lock, and which sessions all of them wait for."""
    waiting, roots = 0, []
    for snapshot in snapshots:
        blocking = snapshot.blocking
        if blocking is not None:
            waiting += len(blocking.waits)
            on = _(" on {server}", server=plain(snapshot.server_name, 24)) if snapshot.server_name else ""
            roots += [f"{root}{on}" for root in blocking.roots]
    if not waiting:
        return []
    number = wording.count_words(waiting)
    if not roots:
        words = _("{number} blocked", number=number)
    elif len(roots) <= NAMED_ROOTS:
        words = _("{number} blocked by {sessions}", number=number, sessions=in_list(roots))
    else:
        words = _(
            "{number} blocked by {count} sessions", number=number, count=wording.count_words(len(roots))
        )
    return [[(words, f"{RISK_STYLES[Risk.IMMINENT]} @hint=blocked"), ("   ", "")]]


def no_closing_words(snapshots: Iterable[Snapshot]) -> str:
    """The text if no session has a known deadline. A session that this account cannot see may have one."""
    sees_all = not any(visible_share_words(snapshot) for snapshot in snapshots)
    return _("no upcoming closing") if sees_all else _("next closing not known")


def next_closing_texts(
    forecast: Forecast, now: float, snapshots: Iterable[Snapshot] = ()
) -> list[list[Part]]:
    """`next: session 71 (shop@web-3) closes in 0:42`: the session that closes next, the longest text first."""
    verdict = forecast.first_to_close
    meta = " @hint=next"
    countdown = None if verdict is None else wording.countdown_of(verdict, now)
    if verdict is None or verdict.deadline is None or countdown is None:
        return [[(no_closing_words(snapshots), QUIET + meta)]]
    session, is_ahead = verdict.session, now < verdict.deadline
    number, time = (str(session.id), "bold" + meta), (countdown, RISK_STYLES[verdict.risk] + meta)
    account = f"{plain(session.user, 24)}@{plain(session.client_host, 40)}"
    server = _(" on {server}", server=plain(verdict.server_name, 24)) if verdict.server_name else ""
    account_part = (f" ({account}){server}", QUIET + meta)
    soon = (_(" in ") if is_ahead else " ", QUIET + meta)
    start = (_("next: "), QUIET + meta)
    return [
        [
            (_("next: session "), QUIET + meta),
            number,
            account_part,
            (_(" closes in ") if is_ahead else " ", QUIET + meta),
            time,
        ],
        [start, number, account_part, soon, time],
        [start, number, (server, QUIET + meta), soon, time],
        [start, number, soon, time],
    ]


def time_axis(
    snapshots: Iterable[Snapshot], width: int, label_cells: Callable[[float], int]
) -> list[tuple[float, int]]:
    """The time axis of the closings ahead, as pairs of an end in seconds and a number of buckets.

    It ends at the longest global limit, and at an hour at least. Each range has buckets in proportion to its logarithm, as
    many as fit into `width` cells with the labels after the ranges: `label_cells` for a range that ends at so many seconds.
    """
    longest = max(
        (s.sample.variable(name) or 0 for s in snapshots for name in ("wait_timeout", "interactive_timeout")),
        default=0,
    )
    axis_end = max(float(longest), AXIS_ENDS[2])
    ends = [end for end in AXIS_ENDS if end * 2 <= axis_end]
    ends.append(axis_end)
    while len(ends) > MIN_STRETCHES and _axis_room(ends, width, label_cells) < MIN_BUCKETS * len(ends):
        del ends[-2]
    starts = [ends[0] / FIRST_RANGE_RATIO, *ends[:-1]]
    logarithms = [math.log(end / start) for start, end in zip(starts, ends, strict=True)]
    scale = min(MAX_BUCKETS_PER_E, _axis_room(ends, width, label_cells) / sum(logarithms))
    return [(end, max(2, int(length * scale))) for end, length in zip(ends, logarithms, strict=True)]


def _axis_room(ends: Iterable[float], width: int, label_cells: Callable[[float], int]) -> int:
    return width - sum(map(label_cells, ends))


def header_axis(snapshots: Iterable[Snapshot], width: int) -> list[tuple[float, int]]:
    """The time axis of a header line of `width` cells."""
    return time_axis(snapshots, width - cell_len(wording.before_bars()) - LATER_CELLS, _label_cells)


def _label_cells(end: float) -> int:
    return len(wording.limit_words(end)) + 2


def histogram_parts(forecast: Forecast, policy: RiskThresholds) -> list[Part]:
    """The closings ahead as a line of blocks, on a time axis that becomes coarser."""
    highest = max((n for bucket_range in forecast.ranges for n in bucket_range.counts), default=0)
    parts: list[Part] = [(wording.before_bars(), QUIET)]
    for bucket_range in forecast.ranges:
        soon = bucket_range.end <= policy.imminent_below
        near = bucket_range.end <= policy.watch_below
        style = RISK_STYLES[Risk.IMMINENT] if soon else RISK_STYLES[Risk.WATCH] if near else "$text-primary"
        for blocks, has_any in _runs(wording.heights(bucket_range.counts, highest), bucket_range.counts):
            parts.append((blocks, style if has_any else QUIET))
        parts.append((f" {wording.limit_words(bucket_range.end)} ", QUIET))
    if forecast.later:
        parts.append((_(" {number:,} later", number=forecast.later), QUIET))
    return [
        ("".join(text for text, _style in same), f"{style} @hint=closings")
        for style, same in groupby(parts, key=itemgetter(1))  # fewer changes of style draw faster
    ]


def bar_tooltip(forecast: Forecast, x: int) -> str:
    """How many sessions close in the time of the block at cell `x` of the histogram; empty where there is no block."""
    bars_start = cell_len(wording.before_bars())
    for bucket_range in forecast.ranges:
        if 0 <= x - bars_start < len(bucket_range.counts):
            edges = [bucket_range.start, *bucket_range.edges]
            start, end, number = (
                edges[x - bars_start],
                edges[x - bars_start + 1],
                bucket_range.counts[x - bars_start],
            )
            return ngettext("{number} session closes in {start} to {end}", "{number} sessions close in {start} to {end}",
                            number, start=wording.limit_words(round(start)),
                            end=wording.limit_words(round(end)))  # fmt: skip
        bars_start += len(bucket_range.counts) + _label_cells(bucket_range.end)
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
    """As many whole groups as fit into `width` cells; no figure is cut."""
    parts: list[Part] = []
    used = 0
    for group in groups:
        words = "".join(text for text, _style in group)
        if used + cell_len(words.rstrip()) > width:
            break
        parts += group
        used += cell_len(words)
    return [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1])] if parts else parts


def groups_and_right(
    needed: list[list[Part]], others: list[list[Part]], texts: list[list[Part]], width: int
) -> Content:
    """One line: as many whole groups as fit, and at the right edge the first text that leaves room for the needed ones."""
    needed_cells = sum(_cells(group) for group in needed)
    right = next((text for text in texts if needed_cells + _cells(text) <= width), texts[-1])
    return left_and_right(fitting_parts([*needed, *others], width - _cells(right) - 1), right, width)


def _cells(parts: Iterable[Part]) -> int:
    return sum(cell_len(text) for text, _style in parts)


def left_and_right(left: list[Part], right: list[Part], width: int) -> Content:
    """One line: parts at the left and at the right edge; the left ones are cut where both do not fit."""
    room = max(0, width - sum(cell_len(text) for text, _style in right))
    start = Content.assemble(*(Content.styled(text, style) for text, style in left)).truncate(
        max(0, room - 1 if right else room), ellipsis=True
    )
    end = Content.assemble(*(Content.styled(text, style) for text, style in right))
    return Content.assemble(start, " " * max(0, room - start.cell_length), end)


TREND_CELLS = (6, 24)
"""The fewest and the most cells of each line of the trend."""


def with_trend(left: list[Part], app: object, width: int) -> Content:
    """A line with the trend of the last hour at its right edge, where there is room for it."""
    room = width - sum(cell_len(text) for text, _style in left) - 3
    return left_and_right(left, trend_parts(app.trend, room) if isinstance(app, BaseApp) else [], width)


def trend_parts(trend: Trend, room: int) -> list[Part]:
    """`last 40 m:  connections ▂▃▅█ 242  idle ▁▂▃▅ 180  blocked ▁▁█▁ 5`: with the highest number of each.

    Empty if that is too wide for `room` cells, and with fewer than two points. Unknown values are left out.
    """
    if len(trend.points) < 2:
        return []
    narrowest, widest = TREND_CELLS
    for cells in range(widest, narrowest - 1, -2):
        parts = _trend_of(trend, cells)
        if sum(cell_len(text) for text, _style in parts) <= room:
            return [(text, f"{style} @hint=trend") for text, style in parts]
    return []


def _trend_of(trend: Trend, cells: int) -> list[Part]:
    levels = trend.levels(cells)
    parts: list[Part] = [(_("last {period}:", period=wording.age_words(levels.seconds)), QUIET)]
    for name, numbers, style in (
        (_("connections"), levels.connections, "$text-primary"),
        (_("idle"), levels.idle, "$text-primary"),
        (_("blocked"), levels.blocked, "$text-error"),
    ):
        values = [number for number in numbers if number is not None]
        if values:
            highest = max(values)
            blocks = "".join(
                " " if number is None else wording.heights((number,), highest) for number in numbers
            )
            parts += [
                (f"  {name} ", QUIET),
                (blocks, style if highest else QUIET),
                (f" {wording.count_words(highest)}", "bold" if highest else QUIET),
            ]
    return parts
