"""What stands above the sessions of several servers: all of them added up, then a cell for each."""

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
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.tooltips import judged_hint, server_hint
from goneaway_tui.ui.widgets.hinted import Hinted
from goneaway_tui.ui.widgets.summary import (
    LOOKS,
    NO_MARKS,
    QUIET,
    MarkedCount,
    Part,
    bar_at,
    beside,
    figure,
    fullness,
    histogram,
    horizons,
    marks,
    recording,
    risk_counts,
    spread,
    who_is_next,
    within,
)

SHARE = 5
"""One in so many lines of the screen may be cells."""
LEAST_LINES = 3
FIGURES = 4
"""Lines above the cells."""
GAP = 2
MARK = "✔"
"""Beside the name of a server that is marked for a change."""
NAME_LEAST, NAME_MOST = 6, 24

State = tuple[str, str, str]
"""A sign, a word and a look."""
Piece = tuple[int, Callable[[ServerStatus], Part]]
"""How many cells wide it is, and what stands there."""


def state(glance: ServerStatus) -> State:
    """How it goes with a server; what it said is called old once another reading should have come."""
    if glance.trouble:
        word = _("refused") if glance.seen is None else _("lost {age}", age=wording.age_words(glance.seen))
        return "✖", word, "bold $text-error"
    if glance.seen is None:
        return "◌", _("connecting"), "$foreground-muted"
    if glance.is_stale:
        return "◌", _("{age} old", age=wording.age_words(glance.seen)), "bold $text-warning"
    return "●", _("live"), "$text-success"


def _flavour(glance: ServerStatus) -> Part:
    if glance.snapshot is None:
        return "", QUIET
    server = glance.snapshot.sample.server
    return f"{server.flavour.title} {'.'.join(plain(server.version, 30).split('.')[:2])}", QUIET


def _soon(glance: ServerStatus) -> Part:
    number = glance.soon
    look = LOOKS[Risk.IMMINENT] if number else QUIET
    return (
        (f"{wording.SIGNS[Risk.IMMINENT]} {wording.count_words(number)}", look)
        if glance.snapshot
        else ("", look)
    )


def _idle(glance: ServerStatus) -> Part:
    share = glance.idle_share
    return (
        "" if share is None else _("idle {share:.0%}", share=share),
        QUIET if share is None or share < 0.8 else LOOKS[Risk.WATCH],
    )


def _state_word(glance: ServerStatus) -> Part:
    _sign, word, look = state(glance)
    return word, look


def _worst(glance: ServerStatus) -> Part:
    """The one thing there is room for."""
    return _soon(glance) if glance.is_well else _state_word(glance)


SOON, IDLE, STATE = (5, _soon), (9, _idle), (10, _state_word)
LEVELS: tuple[tuple[Piece, ...], ...] = (
    ((13, _flavour), (7, lambda g: (_(g.role), QUIET)), STATE, SOON, IDLE),
    (STATE, SOON, IDLE),
    (STATE, SOON),
    ((8, _worst),),
)
"""What a cell tells beside the name, where there is room for much or little."""


class ServerStrip(Hinted):
    """Four lines for all, then the cells, in as many lines as there may be."""

    fleet: reactive[tuple[ServerStatus, ...]] = reactive(())
    now: reactive[float] = reactive(0.0, repaint=False)
    in_hand: reactive[str] = reactive("")
    marked: reactive[frozenset[str]] = reactive(frozenset())
    reach: reactive[str] = reactive("")
    is_recording: reactive[bool] = reactive(False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS)

    def __init__(self, *, id: str) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id)
        self._ahead: tuple[int, Forecast] | None = None

    def watch_fleet(self) -> None:
        self._take_room()

    def watch_marked(self) -> None:
        self._take_room()

    def on_resize(self) -> None:
        self._take_room()

    def _take_room(self) -> None:
        """As many lines as there are; another number alone moves what is below."""
        self.styles.height = FIGURES + len(
            server_cells(self.fleet, self.size.width, self._most_lines, marked=self.marked)
        )

    @property
    def _most_lines(self) -> int:
        return max(LEAST_LINES, self.app.size.height // SHARE)

    def render(self) -> Content:
        width = self.size.width
        shown = [each.snapshot for each in self.fleet if each.snapshot is not None]
        lines = [self._title(width), *self._figures(shown, width)]
        return Content("\n").join(
            [*lines, *server_cells(self.fleet, width, self._most_lines, self.in_hand, self.marked)]
        )

    def hint_at(self, event: events.MouseMove) -> str:
        name = event.style.meta.get("@hint", "")
        place = name.removeprefix("server_")
        if place != name:
            return server_hint(self.fleet[int(place)]) if int(place) < len(self.fleet) else ""
        first = next((each.snapshot for each in self.fleet if each.snapshot is not None), None)
        if first is None:
            return super().hint_at(event)
        if name == "closings" and self._ahead is not None:
            x = event.get_content_offset_capture(self).x
            return bar_at(self._ahead[1], x) or super().hint_at(event)
        return judged_hint(name, first) or super().hint_at(event)

    def _title(self, width: int) -> Content:
        left: list[Part] = [
            ("goneaway ", "bold $text-primary"),
            (_("{number} servers", number=len(self.fleet)), "bold"),
        ]
        right = [*recording(is_on=self.is_recording), *liveness(self.fleet)]
        held = next((each for each in self.fleet if each.name == self.in_hand), None)
        if self.marked:
            right += [
                ("   ", QUIET),
                (_("{sign} {number} marked", sign=MARK, number=len(self.marked)), "bold"),
            ]
        if held is not None:
            right += [
                (_("   keys act on "), f"{QUIET} @hint=servers"),
                (plain(held.name, NAME_MOST), "bold @hint=servers"),
                (f"  {_(self.reach)}", f"{QUIET} @hint=reach"),
            ]
        return spread(left, right, width)

    def _figures(self, shown: Sequence[Snapshot], width: int) -> list[Content]:
        if not shown:
            return [Content("")] * 3
        ahead = self._forecast(shown, width)
        sessions, idle = (
            sum(each) for each in zip(*((len(s.verdicts), s.totals.idle) for s in shown), strict=True)
        )
        risks: Counter[Risk] = Counter()
        for each in shown:
            risks.update(each.totals.risks)
        totals = [
            figure(_("sessions"), wording.count_words(sessions), ""),
            figure(_("idle"), wording.count_words(idle), ""),
            *nearly_full(self.fleet),
        ]
        return [
            spread(within(totals, width), [], width),
            beside([*marks(self.marked_sessions), *risk_counts(risks)], who_is_next(ahead, self.now), width),
            spread(histogram(ahead, shown[0].policy), [], width),
        ]

    def _forecast(self, shown: Sequence[Snapshot], width: int) -> Forecast:
        """All closings ahead, counted anew each second."""
        second = int(self.now)
        if self._ahead is None or self._ahead[0] != second:
            axis = max((horizons(each, width) for each in shown), key=lambda stretches: stretches[-1][0])
            self._ahead = second, summed_forecast(closing_forecast(each, self.now, axis) for each in shown)
        return self._ahead[1]


def nearly_full(fleet: Sequence[ServerStatus]) -> list[list[Part]]:
    """The servers that have few connections left, by name."""
    alarms = ((each.name, fullness(each.snapshot.sample)) for each in fleet if each.snapshot is not None)
    return [
        [(plain(name, NAME_MOST), "bold"), alarm, ("   ", "")] for name, alarm in alarms if alarm is not None
    ]


def liveness(fleet: Sequence[ServerStatus]) -> list[Part]:
    """How many are live, waited for and lost."""
    number = Counter(state(each)[0] for each in fleet)
    return [
        (f"  {sign} {number[sign]} {word}", f"{look} @hint=servers")
        for sign, word, look in (
            ("●", _("live"), "$text-success"),
            ("◌", _("waited for"), "$text-warning"),
            ("✖", _("lost"), "bold $text-error"),
        )
        if number[sign]
    ]


def server_cells(
    fleet: Sequence[ServerStatus],
    width: int,
    most_lines: int,
    in_hand: str = "",
    marked: Collection[str] = (),
) -> list[Content]:
    """A cell for each, as telling as so many lines of so many columns allow.

    Where even the least telling do not fit, those in trouble come first, then those with closings ahead; the rest are counted.
    """
    if not fleet or width <= 0:
        return []
    wanted = min(NAME_MOST, max(cell_len(plain(each.name, 200)) for each in fleet))
    places = {each.name: place for place, each in enumerate(fleet)}

    def a_cell(glance: ServerStatus) -> Content:
        hint = Style.from_meta({"@hint": f"server_{places[glance.name]}"})
        return server_cell(glance, longest, pieces, in_hand, marked).stylize(hint)

    for pieces in LEVELS:
        beside_name = 2 + bool(marked) + sum(1 + room for room, _piece in pieces)
        longest = max(NAME_LEAST, min(wanted, width - beside_name))
        abreast = max(1, (width + GAP) // (beside_name + longest + GAP))
        if beside_name + wanted <= width and len(fleet) <= abreast * most_lines:
            return _in_lines([a_cell(each) for each in fleet], abreast)
    graver = sorted(fleet, key=lambda each: (each.is_well, not each.soon))
    kept = graver[: abreast * most_lines - 1]
    rest = Content.styled(_("  +{number:,} more", number=len(fleet) - len(kept)), QUIET)
    return _in_lines([*map(a_cell, kept), rest], abreast)


def server_cell(
    glance: ServerStatus, longest: int, pieces: Sequence[Piece], in_hand: str, marked: Collection[str]
) -> Content:
    """One server, in exactly as many columns as any other. Where any is marked there is room for its mark."""
    sign, _word, look = state(glance)
    own = server_accent(glance.color)
    named = ("bold" if own is None else own.style) + (" reverse" if glance.name == in_hand else "")
    name = in_cells(plain(glance.name, 200), longest, right=False)
    shown = name.rstrip()
    mark = "" if not marked else MARK if glance.name in marked else " "
    parts: list[Part] = [
        (sign, look),
        (f"{mark} ", "bold"),
        (shown, named),
        (" " * (len(name) - len(shown)), ""),
    ]
    for room, piece in pieces:
        words, how = piece(glance)
        parts += [(" ", ""), (in_cells(words, room, right=False), how)]
    return Content.assemble(*(Content.styled(text, how) for text, how in parts))


def _in_lines(each: Sequence[Content], abreast: int) -> list[Content]:
    return [Content(" " * GAP).join(each[start : start + abreast]) for start in range(0, len(each), abreast)]
