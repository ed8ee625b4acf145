"""One variable: what it is, what a new value would do, and the statement that would set it.

Answers with an action and performs nothing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from enum import Enum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet

from goneaway_tui.doctor.advice import MIN_REUSES, limit_for
from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.reuse_gaps import LIMIT_LADDER, ReuseGaps
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence, Privileges, VariableState
from goneaway_tui.text.format import count_words, largest_unit_words, limit_words
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import padded
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import IdleCounting, Tunable, Unit
from goneaway_tui.tune.values import parse_value, value_words
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.widgets.plain_text import (
    Button,
    Field,
    Label,
    LabelledEntry,
    RadioChoice,
    RadioChoices,
    Static,
    heading,
    key_line,
    paragraphs,
)
from goneaway_tui.ui.wording import origin_word
from goneaway_tui.ui.wording import title_on as on_server

TIME_UNITS = {Unit.SECONDS, Unit.MILLISECONDS}
PREVIEW_LABELS = ("meaning", "reuses", "runs", "undo", "effects", "lasting")
"""What changes with each key that is typed, in the order shown."""


CURVE_CELLS = 50
"""With its labels it fits beside the label of its line in a terminal of 80 columns."""
CURVE_LABEL_CELLS = 6
BARS = "▁▂▃▄▅▆▇█"
TICKS = (10, 60, 600, 3_600, 28_800, 86_400, 604_800, 31_536_000)
"""Limits that are named below the curve, in seconds."""
LEAK_FACTOR, LEAKED_SESSIONS = 8, 5
"""A limit so many times what the reuses need keeps sessions open that nobody uses; so many of them are worth a warning."""


class CurveOf(Enum):
    """What a limit cuts."""

    ALL = "all"
    TRANSACTIONS = "transactions"
    """Only the reuses within an open transaction."""

    def cut(self, gaps: ReuseGaps, limit_seconds: float) -> int:
        if self is CurveOf.ALL:
            return sum(group.cut(limit_seconds) for group in gaps.groups)
        return sum(group.transactions_cut(limit_seconds) for group in gaps.groups)


CURVES = {
    IdleCounting.IDLE: CurveOf.ALL,
    IdleCounting.INTERACTIVE: CurveOf.ALL,
    IdleCounting.TRANSACTIONS: CurveOf.TRANSACTIONS,
    IdleCounting.READERS: CurveOf.TRANSACTIONS,
    IdleCounting.WRITERS: CurveOf.TRANSACTIONS,
}


def limit_at(cell: int) -> float:
    """The limit that a cell of the curve stands for, in seconds.

    >>> [round(limit_at(cell)) for cell in (0, CURVE_CELLS - 1)]
    [10, 31536000]
    """
    first, last = TICKS[0], TICKS[-1]
    return float(first * (last / first) ** (cell / (CURVE_CELLS - 1)))


def cell_of(limit_seconds: float) -> int:
    """The cell of the curve that a limit is marked on."""
    first, last = math.log(TICKS[0]), math.log(TICKS[-1])
    share = (math.log(max(limit_seconds, 1.0)) - first) / (last - first)
    return min(max(round(share * (CURVE_CELLS - 1)), 0), CURVE_CELLS - 1)


def reuse_curve(gaps: ReuseGaps, typed: float | None, of: CurveOf = CurveOf.ALL) -> Content:
    """What each limit would have cut and freed since monitoring began: the limit across, `typed` marked."""
    limits = [limit_at(cell) for cell in range(CURVE_CELLS)]
    cut = [math.log1p(of.cut(gaps, limit)) for limit in limits]
    marked = None if typed is None else cell_of(typed)
    lines = [_bar_line(cut, marked, _("cut"), "$text-error")]
    if of is CurveOf.ALL:
        freed = [gaps.freed_under(limit).mean for limit in limits]
        lines.append(_bar_line(freed, marked, _("freed"), "$text-success"))
    words = _typed_words(gaps, typed, of) if typed is not None else _span_words(gaps, of)
    leak = () if typed is None or of is not CurveOf.ALL else _leak_words(gaps, typed)
    return paragraphs(*lines, _tick_line(marked), words, *leak)


def _bar_line(values: Sequence[float], marked: int | None, label: str, style: str) -> Content:
    """One bar a cell, by its share of the highest; a dim dot where there is nothing."""
    highest = max(values)
    cells = []
    for cell, value in enumerate(values):
        bar = BARS[min(int(value / highest * len(BARS)), len(BARS) - 1)] if value > 0 else "·"
        cell_style = style if value > 0 else "$foreground-muted"
        cells.append((bar, f"{cell_style} reverse" if cell == marked else cell_style))
    return Content.assemble((padded(label, CURVE_LABEL_CELLS), "$foreground-muted"), *cells)


def _tick_line(marked: int | None) -> Content:
    """The names of some limits below their cells, and an arrow below the marked one."""
    cells = [" "] * CURVE_CELLS
    for tick in TICKS:
        words = limit_words(tick).replace(" ", "")
        begin = min(cell_of(tick), CURVE_CELLS - len(words))
        cells[begin : begin + len(words)] = words
    axis = " " * CURVE_LABEL_CELLS + "".join(cells)
    if marked is None:
        return Content.styled(axis, "$foreground-muted")
    place = CURVE_LABEL_CELLS + marked
    mark = ("▲", "bold") if axis[place] == " " else (axis[place], "bold reverse")
    return Content.assemble(
        (axis[:place], "$foreground-muted"), mark, (axis[place + 1 :], "$foreground-muted")
    )


def _span_words(gaps: ReuseGaps, of: CurveOf) -> Content:
    return Content.styled(
        _(
            "{reuses} reuses in {span}; ↑ and ↓ move the mark",
            reuses=count_words(of.cut(gaps, 0)),
            span=largest_unit_words(gaps.seconds),
        ),
        "$foreground-muted",
    )


def _typed_words(gaps: ReuseGaps, typed: float, of: CurveOf) -> Content:
    cut, reuses = of.cut(gaps, typed), of.cut(gaps, 0)
    share = f"{100 * cut / reuses:.2g} %" if cut else "0 %"
    words = _(
        "in {span}: {cut} of {reuses} reuses cut ({share})",
        span=largest_unit_words(gaps.seconds),
        cut=count_words(cut),
        reuses=count_words(reuses),
        share=share,
    )
    cut_content = Content.styled(words, "$text-error" if cut else "")
    if of is not CurveOf.ALL:
        return cut_content
    freed = gaps.freed_under(typed)
    closed = _(
        "{mean:.1f} idle sessions closed on average, {peak} at most",
        mean=freed.mean,
        peak=count_words(freed.peak),
    )
    return paragraphs(cut_content, closed)


def _leak_words(gaps: ReuseGaps, typed: float) -> tuple[tuple[str, str], ...]:
    """A warning where sessions are idle for longer than any reuse needs, and the typed limit would keep them."""
    longest = max((group.longest for group in gaps.groups if group.reuses), default=None)
    if longest is None or gaps.reuses < MIN_REUSES:
        return ()
    needed = limit_for(longest)
    unused = gaps.freed_under(needed).peak
    if typed < LEAK_FACTOR * needed or unused < LEAKED_SESSIONS:
        return ()
    words = _(
        "▲ {number} sessions were idle for longer than any reuse needed ({needed}); {typed} keeps such sessions open",
        number=count_words(unused),
        needed=limit_words(needed),
        typed=limit_words(typed),
    )
    return ((words, "$text-warning"),)


class TuneScreen(ModalScreen[SetVariable | ResetPersist | None]):
    """Shows the consequence before the key that causes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="tune.cancel"),
        Binding("y,ctrl+y", "app.copy", "copy", id="tune.copy"),  # in the field y is a year
        Binding("up", "step(1)", "longer", show=False, priority=True, id="tune.longer"),
        Binding("down", "step(-1)", "shorter", show=False, priority=True, id="tune.shorter"),
    ]
    VERB: ClassVar[str] = N_("Apply")
    ASKS: ClassVar[bool] = True
    """Whether what is likely to be an accident is asked about a second time."""

    def __init__(
        self,
        tunable: Tunable,
        standing: VariableState,
        privileges: Privileges,
        snapshot: Callable[[], Snapshot],
        server: str,
    ) -> None:
        """`snapshot` is asked for at every look ahead: sessions go on idling while a value is thought about."""
        super().__init__()
        self._tunable = tunable
        self._standing = standing
        self._privileges = privileges
        self._snapshot = snapshot
        self._server_name = server
        self._confirmed: str | None = None
        self.typed = ""
        """A value that was begun before it was open."""
        self.reuse_gaps: Callable[[], ReuseGaps | None] = lambda: None
        """What was counted on the server since it is monitored."""
        self.note = ""
        """What is to be known about how it would be done."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune changing") as dialog:
            dialog.border_title = heading(on_server(self._tunable.name, self._server_name))
            with VerticalScroll(classes="body", can_focus=False):
                yield Label(Content(self._why), id="why")
                yield LabelledEntry("now", self._now(), id="now")
                yield LabelledEntry("bounds", self._bounds(), id="bounds")
                with Horizontal(id="new"):
                    yield Label(_("new"), classes="entry--label")
                    yield Field(placeholder=self._examples(), id="value", compact=True)
                yield LabelledEntry("means", id="meaning")
                yield LabelledEntry("reuses", id="reuses")
                if self._privileges.can_persist:
                    with RadioChoices(id="keep", compact=True):
                        yield RadioChoice(
                            _("until the server restarts (GLOBAL)"), value=True, id="keep-global"
                        )
                        yield RadioChoice(_("across restarts (PERSIST)"), id="keep-persist")
                yield LabelledEntry("runs", id="runs")
                yield LabelledEntry("undo", id="undo")
                yield LabelledEntry(
                    "effect", id="effects"
                )  # as long as it has to be, so it comes after what is of one line
                yield LabelledEntry("lasting", id="lasting")
            if self.note:
                yield Label(Content(self.note), classes="note")
            warning = Static(id="warning")
            warning.display = False
            yield warning
            with Horizontal(classes="buttons"):
                if self._can_forget:
                    yield Button(_("Forget persisted"), id="reset", compact=True)
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_(self.VERB), variant="primary", id="apply", disabled=True, compact=True)

    def on_descendant_focus(self) -> None:
        self.query_one(".dialog").border_subtitle = heading(key_line(self.focused))

    def on_mount(self) -> None:
        value = self.query_one("#value", Input)
        value.focus()
        value.value, value.cursor_position = self.typed, len(self.typed)
        self._show_preview()
        if self._why_not:
            self._warn(self._why_not)

    @property
    def _why_not(self) -> str:
        """Why it cannot be set, whatever the value."""
        return self._standing.why_not_settable or self._privileges.why_not_set(self._tunable.name)

    def _warn(self, text: str) -> None:
        warning = self.query_one("#warning", Static)
        warning.update(Content(f"▲ {plain(text, 400)}"))
        warning.display = True

    def _examples(self) -> str:
        presets = "  ".join(value_words(value, self._tunable.unit) for value in self._tunable.presets[:4])
        more = "+10m  x2" if self._tunable.unit in TIME_UNITS else "x2"
        return _("type a value, as {presets}   {more}", presets=presets, more=more)

    def _now(self) -> Content:
        """Today's value, where it came from, and what a restart makes of it."""
        now, unit = self._standing.variable, self._tunable.unit
        value = _("unknown") if now.value is None else f"{now.value:,}   {value_words(now.value, unit)}"
        today = Content.assemble((value, "bold"), (f"   {self._origin()}", "$foreground-muted"))
        persisted = self._standing.persisted
        if persisted is None or persisted == now.value:
            return today
        back = _(
            "▲ a restart brings back {value:,} ({words})", value=persisted, words=value_words(persisted, unit)
        )
        return paragraphs(today, (back, "$text-warning"))

    def _bounds(self) -> Content | None:
        """The server's own, or those of the manual where it tells none."""
        now, unit = self._standing.variable, self._tunable.unit
        bounds = [
            f"{_(name)} {value_words(number, unit)}"
            for name, number in (
                (N_("min"), now.min),
                (N_("max"), now.max),
                (N_("default"), self._standing.default),
            )
            if number is not None
        ]
        if self._standing.block_size and self._standing.block_size > 1:
            bounds.append(_("in steps of {number:,}", number=self._standing.block_size))
        if now.is_documented:
            bounds.append(_("(from the manual)"))
        return Content.styled("   ".join(bounds), "$foreground-muted") if bounds else None

    def _origin(self) -> str:
        """As the server has it: of who set it last it does not tell whether that was for all or for one session only."""
        set_by = self._standing.variable.set_by
        parts = [origin_word(set_by) if set_by else _("origin unknown")]
        if self._standing.path:
            parts.append(_("in {file}", file=plain(self._standing.path, 80)))
        if self._standing.set_by_account:
            account = plain(self._standing.set_by_account, 80)
            parts.append(_("last SET, GLOBAL or SESSION, by {account}", account=account))
        if self._standing.set_at is not None:
            parts.append(_("at {instant}", instant=iso_instant(self._standing.set_at, "seconds")))
        return " ".join(parts)

    @property
    def _why(self) -> str:
        """What the variable is for."""
        return _(self._tunable.why)

    @property
    def _can_forget(self) -> bool:
        """Whether a persisted value can be forgotten from here."""
        return self._standing.persisted is not None and self._privileges.can_persist

    @property
    def _keep(self) -> Persistence:
        chosen = self.query("#keep-persist")
        return Persistence.PERSIST if chosen and chosen.first(RadioChoice).value else Persistence.GLOBAL

    def _preview(self) -> Preview:
        """What the typed value would do. Raises ValueError with a sentence."""
        typed = self.query_one("#value", Input).value
        if typed.strip().lower() == "default" and self._standing.default is not None:
            wanted = self._standing.default
        else:
            now = self._standing.variable.value
            wanted = parse_value(typed, self._tunable.unit, now, self._tunable.decimals)
        return preview(self._tunable, self._standing, wanted, self._snapshot(), self._keep)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The arrows move the mark of the curve only from the field: elsewhere they choose and scroll."""
        if action == "step":
            return self._curve_gaps() is not None and self.query_one("#value", Input).has_focus
        return super().check_action(action, parameters)

    def action_step(self, steps: int) -> None:
        """Type the next longer or shorter limit of the curve."""
        field = self.query_one("#value", Input)
        try:
            typed: float = self._preview().kept
        except ValueError:
            typed = self._standing.variable.value or LIMIT_LADDER[0]
        place = bisect_left(LIMIT_LADDER, typed) + (steps if steps < 0 else typed in LIMIT_LADDER)
        field.value = limit_words(LIMIT_LADDER[min(max(place, 0), len(LIMIT_LADDER) - 1)])
        field.cursor_position = len(field.value)

    def _curve_gaps(self) -> ReuseGaps | None:
        """The gaps that this variable would cut; None where it cuts none, or no reuse is counted yet."""
        if self._tunable.idle_counting not in CURVES or self._tunable.unit is not Unit.SECONDS:
            return None
        gaps = self.reuse_gaps()
        return gaps if gaps is not None and gaps.reuses else None

    @on(Input.Changed, "#value")
    @on(RadioSet.Changed, "#keep")
    def _show_preview(self) -> None:
        """Say what Apply would do, as it is typed."""
        self._confirmed = None
        apply = self.query_one("#apply", Button)
        apply.label = _(self.VERB)
        apply.disabled = True
        seen, mistake = None, None
        if self.query_one("#value", Input).value.strip():
            try:
                seen = self._preview()
            except ValueError as error:
                mistake = Content.styled(f"▲ {plain(str(error), 200)}", "$text-warning")
        for name, text in zip(PREVIEW_LABELS, self._preview_lines(seen), strict=True):
            self.query_one(f"#{name}", LabelledEntry).set_text(text)
        if mistake is not None:
            self.query_one("#meaning", LabelledEntry).set_text(mistake)
        apply.disabled = seen is None or bool(self._why_not)

    def _preview_lines(self, seen: Preview | None) -> tuple[Content | None, ...]:
        """What stands beside each label of PREVIEW_LABELS."""
        if seen is None:
            return None, self._curve(None), *(None,) * (len(PREVIEW_LABELS) - 2)
        means = f"{seen.kept:,}   {value_words(seen.kept, self._tunable.unit)}"
        because = (
            _("   ▲ not {value:,}: {why}", value=seen.action.value, why=seen.why_clamped)
            if seen.why_clamped
            else ""
        )
        runs = Content.styled(seen.statement, "$text-accent")
        if seen.kept != seen.action.value:
            keeps = _("   the server keeps {value:,}", value=seen.kept)
            runs = Content.assemble(runs, (keeps, "$text-warning"))
        lasting = None
        if seen.option_file and not self._privileges.can_persist:
            lines = ((line, "$text-accent") for line in seen.option_file)
            lasting = paragraphs((_("in the option file:"), "$foreground-muted"), *lines)
        return (
            Content.assemble((means, "bold"), (because, "$text-warning")),
            self._curve(seen.kept),
            runs,
            Content.styled(seen.undo, "$text-accent") if seen.undo else None,
            paragraphs(*seen.effects),
            lasting,
        )

    def _curve(self, typed: float | None) -> Content | None:
        gaps = self._curve_gaps()
        if gaps is None:
            return None
        is_off = bool(self._tunable.zero_meaning) and typed == 0
        return reuse_curve(gaps, None if is_off else typed, CURVES[self._tunable.idle_counting])

    def copy_items(self) -> list[CopyItem]:
        """What would be run, as the dialog says it."""
        try:
            seen = self._preview()
        except ValueError:
            return []
        return [
            CopyItem("statement", seen.statement),
            CopyItem("undo", seen.undo),
            CopyItem("all", "\n".join(seen.option_file)),
        ]

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#reset")
    def _reset(self) -> None:
        self.dismiss(ResetPersist(self._tunable.name, self._standing.variable.value))

    @on(Button.Pressed, "#apply")
    @on(Input.Submitted, "#value")
    def _apply(self) -> None:
        """Answer, once a dangerous value has been asked about a second time."""
        apply = self.query_one("#apply", Button)
        if apply.disabled or not self.is_current:
            return  # answered already: two of a kind were in one burst
        seen = self._preview()
        if self.ASKS and seen.confirmation and self._confirmed != seen.statement:
            self._confirmed = seen.statement
            self._warn(seen.confirmation)
            apply.label = _("Do it all the same")
            apply.refresh(layout=True)
            self.query_one("#cancel", Button).focus()
            return
        self.dismiss(seen.action)
