"""The lines above the table: who answers, how fresh it is, what the limits are, who is near the end, what comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import Forecast, closing_forecast
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_SESSIONS
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Policy, Risk, Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.server_status import CONNECTING, Freshness
from goneaway_tui.ui.tooltips import judged_hint
from goneaway_tui.ui.widgets.hinted import Hinted

Part = tuple[str, str]
"""Text and how it looks: a style of the theme."""

LOOKS = {
    Risk.OVERDUE: "bold $text-error",
    Risk.IMMINENT: "bold $text-error",
    Risk.WATCH: "$text-warning",
    Risk.CALM: "$foreground",
    Risk.BUSY: "$text-primary",
    Risk.EXEMPT: "$foreground-muted",
}
QUIET = "$foreground-muted"
JUST_CAME = 3
"""Connections that may have come between the list of sessions and their count."""


class MarkedCount(NamedTuple):
    """How many sessions are marked, and how many of those the filter hides."""

    number: int
    hidden: int


NO_MARKS = MarkedCount(0, 0)
FULL_SOON, FULL = 0.8, 0.9
"""Shares of max_connections from which on the header warns, and from which on it alarms."""


class SummaryHeader(Hinted):
    """Four lines that never change their places."""

    snapshot: reactive[Snapshot | None] = reactive(None)
    freshness: reactive[Freshness] = reactive(CONNECTING)
    now: reactive[float] = reactive(0.0, repaint=False)
    reach: reactive[str] = reactive("")
    is_recording: reactive[bool] = reactive(False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS)

    def __init__(self, name: str, *, id: str) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id)
        self._server_name = plain(name, 120)
        self._aborted_before: int | None = None
        self._shown = (0, "")
        self._ahead: Forecast | None = None
        self._ahead_of: tuple[float, int] | None = None

    def tell_of(self, name: str) -> None:
        """Of several servers of this one, from now on."""
        self._server_name = plain(name, 120)
        self._aborted_before, self._ahead = None, None
        self.watch_snapshot(self.snapshot)
        self.refresh()

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        """Remember the first count of aborted clients: what is shown is how many since."""
        if snapshot is None:
            return
        if self._aborted_before is None:
            self._aborted_before = snapshot.sample.counter("aborted_clients")

    def watch_now(self, now: float) -> None:
        """Redraw when a figure changed, not at every tick."""
        first = self._ahead.first_to_close if self._ahead else None
        shown = (
            int(now),
            "" if first is None else wording.countdown_of(first, now) or "",
        )
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def _forecast(self, snapshot: Snapshot) -> Forecast:
        """The closings ahead, counted anew for each snapshot and each second, not for each tick."""
        wanted = (snapshot.taken_at, int(self.now))
        if self._ahead is None or self._ahead_of != wanted:
            self._ahead, self._ahead_of = (
                closing_forecast(snapshot, self.now, horizons(snapshot, self.size.width)),
                wanted,
            )
        return self._ahead

    def hint_at(self, event: events.MouseMove) -> str:
        name = event.style.meta.get("@hint", "")
        if self.snapshot is None:
            return super().hint_at(event)
        if name == "closings":
            x = event.get_content_offset_capture(self).x
            return bar_at(self._forecast(self.snapshot), x) or super().hint_at(event)
        return judged_hint(name, self.snapshot) or super().hint_at(event)

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
            *recording(is_on=self.is_recording),
            (_(self.freshness.words), f"{self.freshness.look} @hint=fresh"),
            (f"  {_(self.reach)}", f"{QUIET} @hint=reach"),
        ]
        used = sum(cell_len(text) for text, _look in (*parts, *right))
        if up and used + cell_len(up) < width:  # whole, or not at all
            parts.append((up, f"{QUIET} @hint=up"))
        return spread(parts, right, width)

    def _title_name(self) -> list[Part]:
        """The server's, on its own colour where it has one."""
        accent = self.app.accent if isinstance(self.app, BaseApp) else None
        return [(self._server_name, "bold") if accent is None else (f" {self._server_name} ", accent.style)]

    def _figures(self, width: int) -> list[Content]:
        if self.snapshot is None:
            return [Content("")] * 3
        forecast = self._forecast(self.snapshot)
        return [
            spread(within(self._limits(self.snapshot, width), width), [], width),
            beside(
                [*marks(self.marked_sessions), *risk_counts(self.snapshot.totals.risks)],
                who_is_next(forecast, self.now),
                width,
            ),
            spread(histogram(forecast, self.snapshot.policy), [], width),
        ]

    def _limits(self, snapshot: Snapshot, width: int) -> list[list[Part]]:
        """How full the server is; then the limits in words, with the raw value where there is room."""
        sample = snapshot.sample
        figures: list[list[Part]] = [saturation(sample)]
        for variable, name in (
            ("wait_timeout", "wait_timeout"),
            ("interactive_timeout", _("interactive")),
        ):
            value = sample.variable(variable)
            if value is not None:
                figures.append(
                    figure(
                        name,
                        wording.limit_words(value),
                        f" ({value:.12g} s)" if width >= 110 and value >= 60 else "",
                        variable,
                    )
                )
        packet = sample.variable("max_allowed_packet")
        if packet is not None:
            figures.append(
                figure(
                    _("packet"),
                    wording.size_words(int(packet)),
                    f" ({packet:.0f} B)" if width >= 140 else "",
                    "max_allowed_packet",
                )
            )
        figures.append(figure(_("idle"), wording.count_words(snapshot.totals.idle), ""))
        aborted = sample.counter("aborted_clients")
        if aborted is not None and self._aborted_before is not None:
            since = aborted - self._aborted_before
            figures.append(
                figure(_("aborted"), f"+{since}" if since >= 0 else wording.count_words(aborted), "")
            )
        return figures


def unseen(sample: Sample) -> str:
    """How many are connected, where this account is not shown all of them."""
    connected = sample.counter("threads_connected")
    clients = sum(session.role in {Role.CLIENT, Role.LOGIN} for session in sample.sessions)
    slack = 0 if any(each.what in HIDES_SESSIONS for each in sample.limitations) else JUST_CAME
    sees_all = not sample.limitations or connected is None or connected <= clients + slack
    return "" if sees_all else _(" seen of {number:,}", number=connected or 0)


def saturation(sample: Sample) -> list[Part]:
    """The sessions, of how many there may be; once the server is nearly full, the connections, a sign and the share."""
    most = sample.variable("max_connections")
    hidden, limit = unseen(sample), f" / {wording.count_words(int(most))}" if most else ""
    alarm = fullness(sample)
    if alarm is None:
        return figure(_("sessions"), wording.count_words(len(sample.sessions)), hidden + limit)
    if hidden:
        parts = figure(_("sessions"), wording.count_words(len(sample.sessions)), hidden + limit)
    else:  # daemons are sessions, and take none of max_connections
        connected = sample.counter("threads_connected") or 0
        parts = figure(_("connections"), wording.count_words(connected), limit, "sessions")
    return [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1]), alarm, ("   ", "")]


def fullness(sample: Sample) -> Part | None:
    """`▲ 93 %` of max_connections, from `FULL_SOON` on; None below, and where it is not known."""
    most = sample.variable("max_connections")
    connected = sample.counter("threads_connected")
    if not most or connected is None or connected / most < FULL_SOON:
        return None
    risk = Risk.IMMINENT if connected / most >= FULL else Risk.WATCH
    share = _("{number} %", number=int(100 * connected / most))
    return f" {wording.SIGNS[risk]} {share}", f"{LOOKS[risk]} @hint=sessions"


def recording(*, is_on: bool) -> list[Part]:
    return [(_("● REC"), "bold $text-error @hint=recording"), ("  ", "")] if is_on else []


def marks(marked: MarkedCount) -> list[list[Part]]:
    """How many sessions are marked; a mark that the filter hides is still a mark."""
    if not marked.number:
        return []
    words = _("✔ {number:,} marked", number=marked.number)
    if marked.hidden:
        words = _(
            "✔ {number:,} marked, {hidden:,} hidden by the filter", number=marked.number, hidden=marked.hidden
        )
    return [[(words, "bold $text-warning @hint=marked"), ("   ", "")]]


def figure(name: str, value: str, more: str, hint: str = "") -> list[Part]:
    """`hint`: of what it is, where that is not what it is called."""
    at = f" @hint={hint or name}"
    return [(f"{name} ", QUIET + at), (value, "bold" + at), (f"{more}   ", QUIET + at)]


def risk_counts(counts: Mapping[Risk, int]) -> list[list[Part]]:
    """How many are at each risk, gravest first; nobody overdue is not worth a word."""
    groups: list[list[Part]] = []
    for risk in reversed(Risk):
        number = counts.get(risk, 0)
        if number or risk is not Risk.OVERDUE:
            words = f"{wording.risk_word(risk)} {wording.count_words(number)}"
            look = LOOKS[risk] if number else QUIET
            groups.append([(words, f"{look} @hint={risk.value}"), ("   ", "")])
    return groups


def who_is_next(forecast: Forecast, now: float) -> list[Part]:
    first = forecast.first_to_close
    at = " @hint=next"
    left = None if first is None else wording.countdown_of(first, now)
    if first is None or first.deadline is None or left is None:
        return [(_("no closing ahead"), QUIET + at)]
    return [
        (_("next: session "), QUIET + at),
        (str(first.session.id), "bold" + at),
        (_(" on {server}", server=plain(first.server_name, 24)) if first.server_name else "", QUIET + at),
        (_(" in ") if now < first.deadline else " ", QUIET + at),
        (left, LOOKS[first.risk] + at),
    ]


def horizons(snapshot: Snapshot, width: int) -> list[tuple[float, int]]:
    """The time axis: a minute, ten, an hour, and on to the longest global limit, as wide as there is room."""
    stretches = [(60.0, 6), (600.0, 6), (3600.0, 7)]
    last = max(snapshot.sample.variable(name) or 0 for name in ("wait_timeout", "interactive_timeout"))
    if last > stretches[-1][0]:
        stretches.append((float(last), max(6, min(30, width - 74))))
    return stretches


def histogram(forecast: Forecast, policy: Policy) -> list[Part]:
    """Closings ahead, as blocks on a time axis that gets coarser."""
    most = max((n for stretch in forecast.ranges for n in stretch.counts), default=0)
    parts: list[Part] = [(wording.before_bars(), QUIET)]
    for stretch in forecast.ranges:
        soon = stretch.end <= policy.imminent_below
        near = stretch.end <= policy.watch_below
        look = LOOKS[Risk.IMMINENT] if soon else LOOKS[Risk.WATCH] if near else "$text-primary"
        for blocks, has_any in _runs(wording.heights(stretch.counts, most), stretch.counts):
            parts.append((blocks, look if has_any else QUIET))
        parts.append((f" {wording.limit_words(stretch.end)} ", QUIET))
    if forecast.later:
        parts.append((_(" {number:,} later", number=forecast.later), QUIET))
    return [(text, f"{look} @hint=closings") for text, look in parts]


def bar_at(forecast: Forecast, x: int) -> str:
    """How many close when, by the block of the histogram in a cell; empty where there is none."""
    left = cell_len(wording.before_bars())
    for stretch in forecast.ranges:
        if 0 <= x - left < len(stretch.counts):
            step = (stretch.end - stretch.start) / len(stretch.counts)
            start = stretch.start + step * (x - left)
            times = (wording.limit_words(round(each)) for each in (start, start + step))
            number = stretch.counts[x - left]
            return ngettext("{number} session closes in {start} to {end}", "{number} sessions close in {start} to {end}",
                            number, **dict(zip(("start", "end"), times, strict=True)))  # fmt: skip
        left += len(stretch.counts) + len(wording.limit_words(stretch.end)) + 2
    return ""


def _runs(blocks: str, counts: tuple[int, ...]) -> list[tuple[str, bool]]:
    """Neighbouring blocks of one look together."""
    runs: list[tuple[str, bool]] = []
    for block, number in zip(blocks, counts, strict=True):
        if runs and runs[-1][1] == bool(number):
            runs[-1] = (runs[-1][0] + block, bool(number))
        else:
            runs.append((block, bool(number)))
    return runs


def within(groups: list[list[Part]], width: int) -> list[Part]:
    """As many whole groups as fit: half a figure is worse than none."""
    parts: list[Part] = []
    used = 0
    for group in groups:
        words = "".join(text for text, _look in group)
        if used + cell_len(words.rstrip()) > width:
            break
        parts += group
        used += cell_len(words)
    return [*parts[:-1], (parts[-1][0].rstrip(), parts[-1][1])] if parts else parts


def beside(groups: list[list[Part]], right: list[Part], width: int) -> Content:
    """Whole groups, and something at the right edge."""
    return spread(within(groups, width - sum(cell_len(text) for text, _look in right) - 1), right, width)


def spread(left: list[Part], right: list[Part], width: int) -> Content:
    """One line: left parts, then right parts at the right edge; the left gives way where both do not fit."""
    room = max(0, width - sum(cell_len(text) for text, _look in right))
    start = Content.assemble(*(Content.styled(text, look) for text, look in left)).truncate(
        max(0, room - 1 if right else room), ellipsis=True
    )
    end = Content.assemble(*(Content.styled(text, look) for text, look in right))
    return Content.assemble(start, " " * max(0, room - start.cell_length), end)
