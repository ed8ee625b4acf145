"""The wall: a full-screen display without keys, with large digits."""

from __future__ import annotations

import heapq
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, takewhile
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.reactive import reactive
from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD
from textual.screen import Screen
from textual.widget import Widget

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.judge.forecast import (
    BucketRange,
    Forecast,
    closing_forecast,
    in_closing_order,
    summed_forecast,
)
from goneaway_tui.model.cause import cause_name
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Snapshot, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.screens.help import HELP_KEY
from goneaway_tui.ui.server_status import CONNECTING, Freshness, ServerStatus
from goneaway_tui.ui.widgets.server_strip import liveness_parts, server_cells
from goneaway_tui.ui.widgets.summary import (
    QUIET,
    RISK_STYLES,
    Part,
    blocked_parts,
    figure_parts,
    fitting_parts,
    left_and_right,
    no_closing_words,
    time_axis,
)

DIGIT_LINES = 3
"""Lines of a large digit."""


def digits(text: str) -> list[str]:
    """The lines of a text in large digits.

    >>> print("\\n".join(digits("1:0")))
    ╺┓  ┏━┓
     ┃ :┃ ┃
    ╺┻╸ ┗━┛
    """
    lines = [""] * DIGIT_LINES
    for character in text:
        for line, part in enumerate(_digit_lines(character)):
            lines[line] += part
    return lines


def digits_width(text: str) -> int:
    """The width of a text in large digits, in cells.

    >>> digits_width("7:52:01")
    17
    """
    return sum(len(_digit_lines(character)[1]) for character in text)


def _digit_lines(character: str) -> tuple[str, str, str]:
    if character == ":" or character not in DIGITS:
        return (" ", character, " ") if character == ":" else (" ", " ", character)
    start = DIGITS.index(character) * DIGIT_LINES
    first, second, third = (line.ljust(3) for line in DIGITS3X3_BOLD[start : start + DIGIT_LINES])
    return first, second, third


BAR_LEVELS = " ▁▂▃▄▅▆▇█"
GAP_BETWEEN = 2
"""Cells between two ranges of the time axis."""


def bar_lines(
    forecast: Forecast, policy: RiskThresholds, width: int, bar_width: int, rows: int
) -> list[Content]:
    """The closings ahead: a title, `rows` lines of bars of `bar_width` cells each, and a line with the end of each range."""
    bucket_ranges = forecast.ranges
    highest = max((n for bucket_range in bucket_ranges for n in bucket_range.counts), default=0)
    lines: list[list[Part]] = [[] for _line in range(rows)]
    axis: list[Part] = []
    for bucket_range in bucket_ranges:
        range_style = _range_style(bucket_range, policy)
        room = bar_width * len(bucket_range.counts)
        for row, line in enumerate(lines):
            below = (rows - 1 - row) * (len(BAR_LEVELS) - 1)
            for is_empty, counts in groupby(bucket_range.counts, key=operator.not_):
                if is_empty:  # dots on the lowest line, nothing above
                    bars, style = (" " if below else "·") * bar_width * len([*counts]), QUIET
                else:
                    bars, style = (
                        "".join(_bar_character(n, highest, rows, below) * bar_width for n in counts),
                        range_style,
                    )
                line.append((bars, style))
            line.append((" " * GAP_BETWEEN, ""))
        axis += [
            (in_cells(_range_label(bucket_range, room), room, right=True), QUIET),
            (" " * GAP_BETWEEN, ""),
        ]
    title: list[Part] = [(_("upcoming closings"), "bold $text-primary")]
    if forecast.later:
        title.append((_("   {number} later", number=wording.count_words(forecast.later)), QUIET))
    return [
        left_and_right(title, [], width),
        *(left_and_right(line[:-1], [], width) for line in (*lines, axis)),
    ]


def _range_style(bucket_range: BucketRange, policy: RiskThresholds) -> str:
    if bucket_range.end <= policy.imminent_below:
        return RISK_STYLES[Risk.IMMINENT]
    return RISK_STYLES[Risk.WATCH] if bucket_range.end <= policy.watch_below else "$text-primary"


def _bar_character(number: int, highest: int, rows: int, eighths_below: int) -> str:
    """The character of a bar in a line that begins `eighths_below` eighths above the base. A 1 is always visible."""
    top = len(BAR_LEVELS) - 1
    height = max(1, round(number / max(highest, 1) * rows * top))
    return BAR_LEVELS[max(0, min(top, height - eighths_below))]


def _range_label(bucket_range: BucketRange, room: int) -> str:
    words = wording.limit_words(bucket_range.end)
    return words if len(words) <= room else wording.clock_words(bucket_range.end)


RECENT_SECONDS = 600.0
"""Seconds for which an ended session is shown."""
TWO_COLUMNS_WIDTH = 110
"""Width in cells from which on the next closings and the ended sessions are side by side."""
COLUMN_GAP = 4
CLOCK_WIDTHS = tuple(map(digits_width, ("00:00", "00:00:00")))
"""Cells of a countdown: if all are shorter than an hour, and otherwise."""
AXIS_BUCKETS = 38
"""Cells in which the bars of all ranges of the time axis fit."""
ENTRY_LINES = DIGIT_LINES + 1
"""Lines of one of the next closings, with an empty line after it."""

EMPTY = Content("")


@dataclass(frozen=True, slots=True)
class WallView:
    """What the wall shows at an instant."""

    name: str
    """The name of the server, if there is only one."""
    servers: tuple[ServerStatus, ...] = ()
    departures: Callable[[], Iterable[tuple[str, Departure]]] = tuple
    """Returns the ended sessions, the newest first, each with the server's name where there are several."""
    now: float = 0.0
    freshness: Freshness = CONNECTING
    """The freshness of the server, if there is only one."""

    @property
    def snapshots(self) -> list[Snapshot]:
        return [status.snapshot for status in self.servers if status.snapshot is not None]

    @property
    def has_several(self) -> bool:
        return len(self.servers) > 1


class WallDisplay(Widget):
    """Draws the wall, again each second."""

    view: reactive[WallView] = reactive(WallView(""), repaint=False)

    def __init__(self, view: WallView, *, id: str) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id)
        self._drawn: object = None
        self.set_reactive(WallDisplay.view, view)

    def watch_view(self, view: WallView) -> None:
        """Redraw twice in a second: each countdown changes at its own fraction of a second."""
        drawn = (int(view.now * 2), view.freshness, tuple(map(_change_key, view.servers)))
        if drawn != self._drawn:
            self._drawn = drawn
            self.refresh()

    def render(self) -> Content:
        lines = wall_lines(self.view, self.size.width, self.size.height)
        return Content("\n").join(line.truncate(self.size.width) for line in lines)


def wall_lines(view: WallView, width: int, height: int) -> list[Content]:
    """The whole wall, in at most `height` lines of `width` cells."""
    cells_of = server_cells(view.servers, width, max(1, height // 8)) if view.has_several else []
    top = [_title(view, width), _trouble(view, width)]
    snapshots = view.snapshots
    if not snapshots:
        return [*top, *cells_of][:height]
    top += _figures(snapshots, width)
    rows = 1 if height < 30 else 3 if height < 50 else 6
    top += [EMPTY, *_closings_ahead(view, snapshots, width, rows), EMPTY]
    if cells_of:
        top += [*cells_of, EMPTY]
    return [*top, *_session_lists(view, snapshots, width, max(0, height - len(top)))][:height]


def _change_key(status: ServerStatus) -> tuple[object, ...]:
    return id(status.snapshot), status.trouble, status.is_stale


def _title(view: WallView, width: int) -> Content:
    left: list[Part] = [("goneaway ", "bold $text-primary")]
    if view.has_several:
        left.append((ngettext("{number} server", "{number} servers", len(view.servers)), "bold"))
        right = liveness_parts(view.servers)
    else:
        left.append((plain(view.name, 120), "bold"))
        left += [
            (f"  {server.flavour.title} {plain(server.version, 30)}", QUIET)
            for server in (snapshot.sample.server for snapshot in view.snapshots)
        ]
        right = [(view.freshness.words, view.freshness.style)]
    return left_and_right(left, [*right, (f"   {wording.time_of_day(view.now)[:8]} UTC", "bold")], width)


def _trouble(view: WallView, width: int) -> Content:
    """The line about trouble; an empty line without trouble, so that nothing moves."""
    troubled = [status for status in view.servers if status.trouble]
    if not troubled:
        return EMPTY
    prefix = f"{plain(troubled[0].name, 60)}: " if view.has_several else ""
    return left_and_right([(f"✖ {prefix}{troubled[0].trouble}", "bold $text-error")], [], width)


def _figures(snapshots: Sequence[Snapshot], width: int) -> list[Content]:
    """Counts in large digits above their names, then a line with the limits."""
    risks: Counter[Risk] = Counter()
    for snapshot in snapshots:
        risks.update(snapshot.totals.risks)
    imminent = risks[Risk.IMMINENT] + risks[Risk.OVERDUE]
    figures = (
        (_("sessions"), sum(len(snapshot.verdicts) for snapshot in snapshots), "bold"),
        (_("idle"), sum(snapshot.totals.idle for snapshot in snapshots), "bold"),
        (_("busy"), risks[Risk.BUSY], RISK_STYLES[Risk.BUSY]),
        (_("watch"), risks[Risk.WATCH], RISK_STYLES[Risk.WATCH] if risks[Risk.WATCH] else QUIET),
        (_("imminent"), imminent, RISK_STYLES[Risk.IMMINENT] if imminent else QUIET),
    )
    room = max(1, width // len(figures))
    lines: list[list[Part]] = [[] for _line in range(DIGIT_LINES + 1)]
    for name, number, style in figures:
        large = digits(str(number)) if digits_width(str(number)) < room else ["", str(number), ""]
        for line, text in zip(lines, (*large, name), strict=True):
            line.append((in_cells(text, room, right=False), QUIET if line is lines[-1] else style))
    return [
        *(left_and_right(line, [], width) for line in lines),
        left_and_right(fitting_parts([*blocked_parts(snapshots), *_limits(snapshots)], width), [], width),
    ]


def _limits(snapshots: Sequence[Snapshot]) -> list[list[Part]]:
    """The global limits; of several servers the lowest and the highest."""
    figures = []
    for variable in ("wait_timeout", "interactive_timeout"):
        values = sorted(
            {value for snapshot in snapshots if (value := snapshot.sample.variable(variable)) is not None}
        )
        words = [wording.limit_words(value) for value in (values[:1] + values[1:][-1:])]
        if words:
            figures.append(figure_parts(variable, " – ".join(words), ""))
    return figures


def _closings_ahead(view: WallView, snapshots: Sequence[Snapshot], width: int, rows: int) -> list[Content]:
    bar_width = max(1, width // AXIS_BUCKETS)
    axis = time_axis(snapshots, (width + GAP_BETWEEN) // bar_width, lambda _end: -(-GAP_BETWEEN // bar_width))
    forecast: Forecast = summed_forecast(closing_forecast(snapshot, view.now, axis) for snapshot in snapshots)
    return bar_lines(forecast, snapshots[0].policy, width, bar_width, rows)


def _session_lists(view: WallView, snapshots: Sequence[Snapshot], width: int, height: int) -> list[Content]:
    """The next closings and the ended sessions, side by side or one below the other."""
    if width >= TWO_COLUMNS_WIDTH:
        half = (width - COLUMN_GAP) // 2
        left = _closing_next(view, snapshots, half, height)
        right = _recently_ended(view, half, height)
        rows = max(len(left), len(right))
        padded = ((column + [EMPTY] * (rows - len(column))) for column in (left, right))
        return [
            Content.assemble(left_line, " " * (half + COLUMN_GAP - left_line.cell_length), right_line)
            for left_line, right_line in zip(*padded, strict=True)
        ]
    min_recent_lines = min(5, height // 3)
    upcoming = _closing_next(view, snapshots, width, height - min_recent_lines)
    return [*upcoming, *_recently_ended(view, width, height - len(upcoming))]


def _closing_next(view: WallView, snapshots: Sequence[Snapshot], width: int, height: int) -> list[Content]:
    """As many of the next closings as fit, each with a countdown in large digits."""
    lines = [_heading(_("next closings"))]
    gap = height >= 3 * ENTRY_LINES + 1
    max_entries = max(0, height - 1) // (ENTRY_LINES if gap else DIGIT_LINES)
    closings = [
        (verdict, wording.closes_in(verdict, view.now))
        for verdict in soonest_closings(snapshots, max_entries)
    ]
    longest = max((digits_width(countdown) for _verdict, countdown in closings), default=0)
    clock = next((columns for columns in CLOCK_WIDTHS if longest <= columns), CLOCK_WIDTHS[-1])
    for verdict, countdown in closings:
        style = RISK_STYLES[verdict.risk]
        large = digits(countdown) if digits_width(countdown) <= clock else ["", countdown, ""]
        for text, parts in zip(large, _session_lines(verdict), strict=True):
            lines.append(
                left_and_right([(in_cells(text, clock, right=True), style), ("  ", ""), *parts], [], width)
            )
        lines += [EMPTY] if gap else []
    if len(lines) == 1:
        lines.append(Content.styled(no_closing_words(snapshots), QUIET))
    return lines[:height]


def soonest_closings(snapshots: Iterable[Snapshot], maximum: int) -> list[Verdict]:
    """The sessions of all servers with the next deadlines."""
    merged = heapq.merge(
        *map(in_closing_order, snapshots), key=lambda verdict: (verdict.deadline or 0.0, verdict.session.id)
    )
    return [*islice(merged, maximum)]


def _session_lines(verdict: Verdict) -> tuple[list[Part], list[Part], list[Part]]:
    """Three lines of one session, each with the most important part first."""
    session, at_stake = verdict.session, wording.at_stake_words(verdict.session)
    character = f"{wording.RISK_SYMBOLS[verdict.risk]} "
    server = f"  {plain(verdict.server_name, 24)}" if verdict.server_name else ""
    places = [plain(text, 100) for text in (session.client_host, session.db or "") if text]
    return (
        [
            (f"{character}{session.id}", RISK_STYLES[verdict.risk]),
            (f"  {plain(session.user, 60)}", "bold"),
            (server, QUIET),
        ],
        [("  ".join(text for text in (wording.program(session), *places) if text), QUIET)],
        [
            (wording.limit_cell(verdict.limit), QUIET),
            (f"  {at_stake}" if at_stake else "", RISK_STYLES[Risk.WATCH]),
        ],
    )


def _recently_ended(view: WallView, width: int, height: int) -> list[Content]:
    """The sessions that ended in RECENT_SECONDS, with the cause."""
    since = wording.limit_words(RECENT_SECONDS)
    recent = [
        *takewhile(lambda entry: entry[1].at >= view.now - RECENT_SECONDS, islice(view.departures(), 10_000))
    ]
    lines = [_heading(_("ended in the last {time}", time=since), wording.count_words(len(recent)))]
    for server, departure in recent[: max(0, height - 1)]:
        session = departure.verdict.session
        shown_server = f"  {plain(server, 24)}" if server else ""
        parts: list[Part] = [
            (f"{wording.time_of_day(departure.at)[:8]}  ", QUIET),
            (cause_name(departure.cause), "bold"),
            (f" {wording.certainty_word(departure.certainty)}", QUIET),
            (f"  {session.id}  {plain(session.user, 60)}{shown_server}", ""),
            (f"  {wording.program(session)}", QUIET),
        ]
        lines.append(left_and_right(parts, [], width))
    if not recent:
        lines.append(Content.styled(_("no session"), QUIET))
    return lines[: max(0, height)]


def _heading(words: str, number: str = "") -> Content:
    return Content.assemble((words, "bold $text-primary"), (f"  {number}" if number else "", "bold"))


class WallScreen(Screen[None]):
    """Shows the wall, and follows the snapshots."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", show=False, id="wall.back"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "browser"

    wall = query_one("#wall", WallDisplay)

    def __init__(self, view: Callable[[], WallView]) -> None:
        """`view` returns what to show now."""
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        yield WallDisplay(self._view(), id="wall")

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        if self.is_mounted:
            self.wall.view = self._view()
