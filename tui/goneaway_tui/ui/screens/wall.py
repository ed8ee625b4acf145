"""Figures three lines high, drawn with the framework's own digits."""

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
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Snapshot, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import in_cells
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
"""Lines of a figure."""
ONE_CELL = ":,."
"""Drawn as they are, on the lowest line but for the colon."""


def digits(text: str) -> list[str]:
    """
    >>> print("\\n".join(digits("1:0")))
    ╺┓  ┏━┓
     ┃ :┃ ┃
    ╺┻╸ ┗━┛
    """
    lines = [""] * DIGIT_LINES
    for sign in text:
        for line, part in enumerate(_digit_lines(sign)):
            lines[line] += part
    return lines


def digits_width(text: str) -> int:
    """Columns it takes.

    >>> digits_width("7:52:01")
    17
    """
    return sum(len(_digit_lines(sign)[1]) for sign in text)


def _digit_lines(sign: str) -> tuple[str, str, str]:
    if sign == ":" or sign not in DIGITS:
        return (" ", sign, " ") if sign == ":" else (" ", " ", sign)
    start = DIGITS.index(sign) * DIGIT_LINES
    first, second, third = (line.ljust(3) for line in DIGITS3X3_BOLD[start : start + DIGIT_LINES])
    return first, second, third


BAR_LEVELS = " ▁▂▃▄▅▆▇█"
GAP_BETWEEN = 2
"""Columns between two stretches."""


def bar_lines(forecast: Forecast, policy: RiskThresholds, width: int, wide: int, rows: int) -> list[Content]:
    """A title, so many lines of bars, each so many columns wide, and a line that says where each stretch ends."""
    stretches = forecast.ranges
    most = max((n for stretch in stretches for n in stretch.counts), default=0)
    lines: list[list[Part]] = [[] for _line in range(rows)]
    axis: list[Part] = []
    for stretch in stretches:
        look = _stretch_style(stretch, policy)
        room = wide * len(stretch.counts)
        for row, line in enumerate(lines):
            below = (rows - 1 - row) * (len(BAR_LEVELS) - 1)
            for is_empty, counts in groupby(stretch.counts, key=operator.not_):
                if is_empty:  # dots on the ground, nothing above
                    bars, style = (" " if below else "·") * wide * len([*counts]), QUIET
                else:
                    bars, style = "".join(_bar_character(n, most, rows, below) * wide for n in counts), look
                line.append((bars, style))
            line.append((" " * GAP_BETWEEN, ""))
        axis += [(in_cells(_stretch_label(stretch, room), room, right=True), QUIET), (" " * GAP_BETWEEN, "")]
    title: list[Part] = [(_("closings ahead"), "bold $text-primary")]
    if forecast.later:
        title.append((_("   {number} later", number=wording.count_words(forecast.later)), QUIET))
    return [
        left_and_right(title, [], width),
        *(left_and_right(line[:-1], [], width) for line in (*lines, axis)),
    ]


def _stretch_style(stretch: BucketRange, policy: RiskThresholds) -> str:
    if stretch.end <= policy.imminent_below:
        return RISK_STYLES[Risk.IMMINENT]
    return RISK_STYLES[Risk.WATCH] if stretch.end <= policy.watch_below else "$text-primary"


def _bar_character(number: int, most: int, rows: int, below: int) -> str:
    """What of a bar stands in a line that begins so many eighths above the ground; one of many still shows."""
    top = len(BAR_LEVELS) - 1
    height = max(1, round(number / max(most, 1) * rows * top))
    return BAR_LEVELS[max(0, min(top, height - below))]


def _stretch_label(stretch: BucketRange, room: int) -> str:
    words = wording.limit_words(stretch.end)
    return words if len(words) <= room else wording.clock_words(stretch.end)


RECENT_SECONDS = 600.0
"""How long who left is shown."""
TWO_COLUMNS_WIDTH = 110
"""Columns from which on who closes next and who left stand beside each other."""
COLUMN_GAP = 4
CLOCK_WIDTHS = tuple(map(digits_width, ("00:00", "00:00:00")))
"""Columns for a countdown, where all are short and where not."""
AXIS_BUCKETS = 38
"""Columns in which every stretch of time has its bars."""
ENTRY_LINES = DIGIT_LINES + 1
"""Lines of one who closes next, with the empty one after it."""

EMPTY = Content("")


@dataclass(frozen=True, slots=True)
class WallView:
    """All there is to be seen at an instant."""

    name: str
    """Of the one server."""
    servers: tuple[ServerStatus, ...] = ()
    departed: Callable[[], Iterable[tuple[str, Departure]]] = tuple
    """Who left, the newest first, each with the server's name where there are several."""
    now: float = 0.0
    freshness: Freshness = CONNECTING
    """Of the one server."""

    @property
    def snapshots(self) -> list[Snapshot]:
        return [each.snapshot for each in self.servers if each.snapshot is not None]

    @property
    def has_several(self) -> bool:
        return len(self.servers) > 1


class WallDisplay(Widget):
    """Draws a scene, anew each second."""

    view: reactive[WallView] = reactive(WallView(""), repaint=False)

    def __init__(self, scene: WallView, *, id: str) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id)
        self._drawn: object = None
        self.set_reactive(WallDisplay.view, scene)

    def watch_view(self, scene: WallView) -> None:
        """Countdowns show whole seconds of their own, so it is looked twice in each."""
        seen = (int(scene.now * 2), scene.freshness, tuple(map(_change_key, scene.servers)))
        if seen != self._drawn:
            self._drawn = seen
            self.refresh()

    def render(self) -> Content:
        lines = wall_lines(self.view, self.size.width, self.size.height)
        return Content("\n").join(line.truncate(self.size.width) for line in lines)


def wall_lines(scene: WallView, width: int, height: int) -> list[Content]:
    """The whole wall in at most so many lines."""
    cells_of = server_cells(scene.servers, width, max(1, height // 8)) if scene.has_several else []
    top = [_title(scene, width), _trouble(scene, width)]
    shown = scene.snapshots
    if not shown:
        return [*top, *cells_of][:height]
    top += _figures(shown, width)
    rows = 1 if height < 30 else 3 if height < 50 else 6
    top += [EMPTY, *_closings_ahead(scene, shown, width, rows), EMPTY]
    if cells_of:
        top += [*cells_of, EMPTY]
    return [*top, *_session_lists(scene, shown, width, max(0, height - len(top)))][:height]


def _change_key(glance: ServerStatus) -> tuple[object, ...]:
    return id(glance.snapshot), glance.trouble, glance.is_stale


def _title(scene: WallView, width: int) -> Content:
    left: list[Part] = [("goneaway ", "bold $text-primary")]
    if scene.has_several:
        left.append((ngettext("{number} server", "{number} servers", len(scene.servers)), "bold"))
        right = liveness_parts(scene.servers)
    else:
        left.append((plain(scene.name, 120), "bold"))
        left += [
            (f"  {server.flavour.title} {plain(server.version, 30)}", QUIET)
            for server in (each.sample.server for each in scene.snapshots)
        ]
        right = [(scene.freshness.words, scene.freshness.look)]
    return left_and_right(left, [*right, (f"   {wording.time_of_day(scene.now)[:8]} UTC", "bold")], width)


def _trouble(scene: WallView, width: int) -> Content:
    """Its line is there also where there is none, so that nothing moves."""
    ill = [each for each in scene.servers if each.trouble]
    if not ill:
        return EMPTY
    of = f"{plain(ill[0].name, 60)}: " if scene.has_several else ""
    return left_and_right([(f"✖ {of}{ill[0].trouble}", "bold $text-error")], [], width)


def _figures(shown: Sequence[Snapshot], width: int) -> list[Content]:
    """Counts in large digits over their names, then the limits in a line."""
    risks: Counter[Risk] = Counter()
    for each in shown:
        risks.update(each.totals.risks)
    imminent = risks[Risk.IMMINENT] + risks[Risk.OVERDUE]
    named = (
        (_("sessions"), sum(len(each.verdicts) for each in shown), "bold"),
        (_("idle"), sum(each.totals.idle for each in shown), "bold"),
        (_("busy"), risks[Risk.BUSY], RISK_STYLES[Risk.BUSY]),
        (_("watch"), risks[Risk.WATCH], RISK_STYLES[Risk.WATCH] if risks[Risk.WATCH] else QUIET),
        (_("imminent"), imminent, RISK_STYLES[Risk.IMMINENT] if imminent else QUIET),
    )
    room = max(1, width // len(named))
    lines: list[list[Part]] = [[] for _line in range(DIGIT_LINES + 1)]
    for name, number, look in named:
        large = digits(str(number)) if digits_width(str(number)) < room else ["", str(number), ""]
        for line, text in zip(lines, (*large, name), strict=True):
            line.append((in_cells(text, room, right=False), QUIET if line is lines[-1] else look))
    return [
        *(left_and_right(line, [], width) for line in lines),
        left_and_right(fitting_parts([*blocked_parts(shown), *_limits(shown)], width), [], width),
    ]


def _limits(shown: Sequence[Snapshot]) -> list[list[Part]]:
    """Of several servers from the least to the most."""
    figures = []
    for variable in ("wait_timeout", "interactive_timeout"):
        values = sorted({value for each in shown if (value := each.sample.variable(variable)) is not None})
        words = [wording.limit_words(value) for value in (values[:1] + values[1:][-1:])]
        if words:
            figures.append(figure_parts(variable, " – ".join(words), ""))
    return figures


def _closings_ahead(scene: WallView, shown: Sequence[Snapshot], width: int, rows: int) -> list[Content]:
    wide = max(1, width // AXIS_BUCKETS)
    axis = time_axis(shown, (width + GAP_BETWEEN) // wide, lambda _end: -(-GAP_BETWEEN // wide))
    ahead: Forecast = summed_forecast(closing_forecast(each, scene.now, axis) for each in shown)
    return bar_lines(ahead, shown[0].policy, width, wide, rows)


def _session_lists(scene: WallView, shown: Sequence[Snapshot], width: int, height: int) -> list[Content]:
    """Who closes next and who left: beside each other, or the one over the other."""
    if width >= TWO_COLUMNS_WIDTH:
        half = (width - COLUMN_GAP) // 2
        left = _closing_next(scene, shown, half, height)
        right = _recently_ended(scene, half, height)
        rows = max(len(left), len(right))
        padded = ((side + [EMPTY] * (rows - len(side))) for side in (left, right))
        return [
            Content.assemble(one, " " * (half + COLUMN_GAP - one.cell_length), other)
            for one, other in zip(*padded, strict=True)
        ]
    least = min(5, height // 3)
    first = _closing_next(scene, shown, width, height - least)
    return [*first, *_recently_ended(scene, width, height - len(first))]


def _closing_next(scene: WallView, shown: Sequence[Snapshot], width: int, height: int) -> list[Content]:
    """As many as there is room for, each with a countdown in large digits."""
    lines = [_heading(_("closes next"))]
    gap = height >= 3 * ENTRY_LINES + 1
    most = max(0, height - 1) // (ENTRY_LINES if gap else DIGIT_LINES)
    each = [(verdict, wording.closes_in(verdict, scene.now)) for verdict in soonest_closings(shown, most)]
    longest = max((digits_width(left) for _verdict, left in each), default=0)
    clock = next((columns for columns in CLOCK_WIDTHS if longest <= columns), CLOCK_WIDTHS[-1])
    for verdict, left in each:
        look = RISK_STYLES[verdict.risk]
        large = digits(left) if digits_width(left) <= clock else ["", left, ""]
        for text, parts in zip(large, _session_lines(verdict), strict=True):
            lines.append(
                left_and_right([(in_cells(text, clock, right=True), look), ("  ", ""), *parts], [], width)
            )
        lines += [EMPTY] if gap else []
    if len(lines) == 1:
        lines.append(Content.styled(no_closing_words(shown), QUIET))
    return lines[:height]


def soonest_closings(shown: Iterable[Snapshot], most: int) -> list[Verdict]:
    """Who closes first, of all servers."""
    ahead = heapq.merge(
        *map(in_closing_order, shown), key=lambda each: (each.deadline or 0.0, each.session.id)
    )
    return [*islice(ahead, most)]


def _session_lines(verdict: Verdict) -> tuple[list[Part], list[Part], list[Part]]:
    """Three lines of one session, the most needed first in each."""
    session, stake = verdict.session, wording.at_stake_words(verdict.session)
    sign = f"{wording.SIGNS[verdict.risk]} "
    server = f"  {plain(verdict.server_name, 24)}" if verdict.server_name else ""
    where = [plain(each, 100) for each in (session.client_host, session.db or "") if each]
    return (
        [
            (f"{sign}{session.id}", RISK_STYLES[verdict.risk]),
            (f"  {plain(session.user, 60)}", "bold"),
            (server, QUIET),
        ],
        [("  ".join(each for each in (wording.program(session), *where) if each), QUIET)],
        [
            (wording.limit_cell(verdict.limit), QUIET),
            (f"  {stake}" if stake else "", RISK_STYLES[Risk.WATCH]),
        ],
    )


def _recently_ended(scene: WallView, width: int, height: int) -> list[Content]:
    """Who left in the last minutes, with the cause."""
    since = wording.limit_words(RECENT_SECONDS)
    recent = [
        *takewhile(lambda each: each[1].at >= scene.now - RECENT_SECONDS, islice(scene.departed(), 10_000))
    ]
    lines = [_heading(_("left in the last {time}", time=since), wording.count_words(len(recent)))]
    for server, departure in recent[: max(0, height - 1)]:
        session = departure.verdict.session
        shown_server = f"  {plain(server, 24)}" if server else ""
        left: list[Part] = [
            (f"{wording.time_of_day(departure.at)[:8]}  ", QUIET),
            (departure.cause.value, "bold"),
            (f" {wording.certainty_word(departure.certainty)}", QUIET),
            (f"  {session.id}  {plain(session.user, 60)}{shown_server}", ""),
            (f"  {wording.program(session)}", QUIET),
        ]
        lines.append(left_and_right(left, [], width))
    if not recent:
        lines.append(Content.styled(_("nobody"), QUIET))
    return lines[: max(0, height)]


def _heading(words: str, number: str = "") -> Content:
    return Content.assemble((words, "bold $text-primary"), (f"  {number}" if number else "", "bold"))


class WallScreen(Screen[None]):
    """Follows what goes on while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "back", show=False, id="wall.back")
    ]

    wall = query_one("#wall", WallDisplay)

    def __init__(self, scene: Callable[[], WallView]) -> None:
        """`scene` is asked whenever there may be something new."""
        super().__init__()
        self._view = scene

    def compose(self) -> ComposeResult:
        yield WallDisplay(self._view(), id="wall")

    def keep_up(self, snapshot: Snapshot | None, departed: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        if self.is_mounted:
            self.wall.view = self._view()
