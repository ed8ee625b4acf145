"""The tune dialog of one variable: its value, the preview of a new value, and the statement that would set it.

It answers with an action and performs nothing.
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
"""The labels of the preview, which changes with each typed key, in order."""


CURVE_CELLS = 50
"""Cells of the curve. With its labels it fits into a terminal of 80 columns."""
CURVE_LABEL_CELLS = 6
BARS = "▁▂▃▄▅▆▇█"
TICKS = (10, 60, 600, 3_600, 28_800, 86_400, 604_800, 31_536_000)
"""Limits that are named below the curve, in seconds."""
LEAK_FACTOR, LEAKED_SESSIONS = 8, 5
"""A limit of so many times what the reuses need keeps unused sessions open; number of such sessions for a warning."""


class ReuseCounting(Enum):
    """Which reuses count as cut by a limit."""

    ALL = "all"
    TRANSACTIONS = "transactions"
    """Only the reuses in an open transaction."""

    def cut(self, gaps: ReuseGaps, limit_seconds: float) -> int:
        if self is ReuseCounting.ALL:
            return sum(group.cut(limit_seconds) for group in gaps.groups)
        return sum(group.transactions_cut(limit_seconds) for group in gaps.groups)


CURVES = {
    IdleCounting.IDLE: ReuseCounting.ALL,
    IdleCounting.INTERACTIVE: ReuseCounting.ALL,
    IdleCounting.TRANSACTIONS: ReuseCounting.TRANSACTIONS,
    IdleCounting.READERS: ReuseCounting.TRANSACTIONS,
    IdleCounting.WRITERS: ReuseCounting.TRANSACTIONS,
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


def reuse_curve(gaps: ReuseGaps, typed: float | None, counting: ReuseCounting = ReuseCounting.ALL) -> Content:
    """The curve of the reuses that each limit would have cut, and of the sessions it would have closed, since monitoring
    began. The limits run from left to right; `typed` is marked.
    """
    limits = [limit_at(cell) for cell in range(CURVE_CELLS)]
    cut = [math.log1p(counting.cut(gaps, limit)) for limit in limits]
    marked = None if typed is None else cell_of(typed)
    lines = [_bar_line(cut, marked, _("cut"), "$text-error")]
    if counting is ReuseCounting.ALL:
        freed = [gaps.freed_under(limit).mean for limit in limits]
        lines.append(_bar_line(freed, marked, _("freed"), "$text-success"))
    words = _typed_words(gaps, typed, counting) if typed is not None else _span_words(gaps, counting)
    leak = () if typed is None or counting is not ReuseCounting.ALL else _leak_words(gaps, typed)
    return paragraphs(*lines, _tick_line(marked), words, *leak)


def _bar_line(values: Sequence[float], marked: int | None, label: str, style: str) -> Content:
    """A bar for each cell, relative to the highest value; a dim dot for 0."""
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
        start = min(cell_of(tick), CURVE_CELLS - len(words))
        cells[start : start + len(words)] = words
    axis = " " * CURVE_LABEL_CELLS + "".join(cells)
    if marked is None:
        return Content.styled(axis, "$foreground-muted")
    position = CURVE_LABEL_CELLS + marked
    mark = ("▲", "bold") if axis[position] == " " else (axis[position], "bold reverse")
    return Content.assemble(
        (axis[:position], "$foreground-muted"), mark, (axis[position + 1 :], "$foreground-muted")
    )


def _span_words(gaps: ReuseGaps, counting: ReuseCounting) -> Content:
    """How many reuses were counted, and what the bars show."""
    legend = [_("cut: reuses that would meet a closed connection")]
    if counting is ReuseCounting.ALL:
        legend.append(_("freed: idle sessions that would be closed"))
    counted = _(
        "{reuses} reuses in {span}; ↑ and ↓ move the mark",
        reuses=count_words(counting.cut(gaps, 0)),
        span=largest_unit_words(gaps.seconds),
    )
    return paragraphs(*((line, "$foreground-muted") for line in (counted, *legend)))


def _typed_words(gaps: ReuseGaps, typed: float, counting: ReuseCounting) -> Content:
    cut, reuses = counting.cut(gaps, typed), counting.cut(gaps, 0)
    share = f"{100 * cut / reuses:.2g} %" if cut else "0 %"
    words = _(
        "in {span}: {cut} of {reuses} reuses cut ({share})",
        span=largest_unit_words(gaps.seconds),
        cut=count_words(cut),
        reuses=count_words(reuses),
        share=share,
    )
    cut_content = Content.styled(words, "$text-error" if cut else "")
    if counting is not ReuseCounting.ALL:
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
    from goneaway_tui.doctor.advice import MIN_REUSES, limit_for  # a third of the start, and only this asks

    longest = max((group.longest for group in gaps.groups if group.reuses), default=None)
    if longest is None or gaps.reuses < MIN_REUSES:
        return ()
    needed = limit_for(longest)
    unused = gaps.freed_under(needed).peak
    if typed < LEAK_FACTOR * needed or unused < LEAKED_SESSIONS:
        return ()
    words = _(
        "▲ {number} sessions were idle longer than any reuse needed ({needed}). {typed} keeps such sessions open.",
        number=count_words(unused),
        needed=limit_words(needed),
        typed=limit_words(typed),
    )
    return ((words, "$text-warning"),)


class TuneScreen(ModalScreen[SetVariable | ResetPersist | None]):
    """Shows the effects of a value before it is applied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="tune.cancel"),
        Binding("y,ctrl+y", "app.copy", "copy", id="tune.copy"),  # in the field, y stands for year
        Binding("up", "step(1)", "longer", show=False, priority=True, id="tune.longer"),
        Binding("down", "step(-1)", "shorter", show=False, priority=True, id="tune.shorter"),
    ]
    VERB: ClassVar[str] = N_("Apply")
    CONFIRMS: ClassVar[bool] = True
    """Whether the dialog asks a second time before a dangerous value."""

    def __init__(
        self,
        tunable: Tunable,
        state: VariableState,
        privileges: Privileges,
        snapshot: Callable[[], Snapshot],
        server: str,
    ) -> None:
        """`snapshot` returns the newest snapshot, for each preview: sessions go on idling while the user types."""
        super().__init__()
        self._tunable = tunable
        self._variable_state = state
        self._privileges = privileges
        self._snapshot = snapshot
        self._server_name = server
        self._confirmed: str | None = None
        self.typed = ""
        """Text that was typed before the dialog was open."""
        self.reuse_gaps: Callable[[], ReuseGaps | None] = lambda: None
        """Returns the reuse gaps counted on the server; None before the first reading."""
        self.note = ""
        """A warning about the connection for the change; empty for none."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune changing") as dialog:
            dialog.border_title = heading(on_server(self._tunable.name, self._server_name))
            with VerticalScroll(classes="body", can_focus=False):
                yield Label(Content(self._why), id="why")
                yield LabelledEntry("now", self._now(), id="now")
                yield LabelledEntry("range", self._bounds(), id="bounds")
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
                )  # of any length, so it comes after the single lines
                yield LabelledEntry("persist", id="lasting")
            if self.note:
                yield Label(Content(self.note), classes="note")
            warning = Static(id="warning")
            warning.display = False
            yield warning
            with Horizontal(classes="buttons"):
                if self._can_reset:
                    yield Button(_("Reset persisted"), id="reset", compact=True)
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
        """Why the variable cannot be set at all; empty if it can."""
        return self._variable_state.why_not_settable or self._privileges.why_not_set(self._tunable.name)

    def _warn(self, text: str) -> None:
        warning = self.query_one("#warning", Static)
        warning.update(Content(f"▲ {plain(text, 400)}"))
        warning.display = True

    def _examples(self) -> str:
        presets = "  ".join(value_words(value, self._tunable.unit) for value in self._tunable.presets[:4])
        more = "+10m  x2" if self._tunable.unit in TIME_UNITS else "x2"
        return _("type a value: {presets}   {more}", presets=presets, more=more)

    def _now(self) -> Content:
        """The current value, its origin, and the value after a restart."""
        now, unit = self._variable_state.variable, self._tunable.unit
        value = _("unknown") if now.value is None else f"{now.value:,}   {value_words(now.value, unit)}"
        today = Content.assemble((value, "bold"), (f"   {self._origin()}", "$foreground-muted"))
        persisted = self._variable_state.persisted
        if persisted is None or persisted == now.value:
            return today
        back = _(
            "▲ a restart restores {value:,} ({words})", value=persisted, words=value_words(persisted, unit)
        )
        return paragraphs(today, (back, "$text-warning"))

    def _bounds(self) -> Content | None:
        """The bounds of the server; those of the manual if the server reports none."""
        now, unit = self._variable_state.variable, self._tunable.unit
        bounds = [
            f"{_(name)} {value_words(number, unit)}"
            for name, number in (
                (N_("min"), now.min),
                (N_("max"), now.max),
                (N_("default"), self._variable_state.default),
            )
            if number is not None
        ]
        if self._variable_state.block_size and self._variable_state.block_size > 1:
            bounds.append(_("in steps of {number:,}", number=self._variable_state.block_size))
        if now.is_documented:
            bounds.append(_("(from the manual)"))
        return Content.styled("   ".join(bounds), "$foreground-muted") if bounds else None

    def _origin(self) -> str:
        """The origin of the value. The last SET by an account may have been for its session only: no server shows that."""
        set_by = self._variable_state.variable.set_by
        parts = [origin_word(set_by) if set_by else _("origin unknown")]
        if self._variable_state.path:
            parts.append(_("in {file}", file=plain(self._variable_state.path, 80)))
        if self._variable_state.set_by_account:
            account = plain(self._variable_state.set_by_account, 80)
            parts.append(_("last SET (GLOBAL or SESSION) by {account}", account=account))
        if self._variable_state.set_at is not None:
            parts.append(_("at {instant}", instant=iso_instant(self._variable_state.set_at, "seconds")))
        return " ".join(parts)

    @property
    def _why(self) -> str:
        """What the variable is for."""
        return _(self._tunable.why)

    @property
    def _can_reset(self) -> bool:
        """Whether the dialog can reset a persisted value."""
        return self._variable_state.persisted is not None and self._privileges.can_persist

    @property
    def _keep(self) -> Persistence:
        persist = self.query("#keep-persist")
        return Persistence.PERSIST if persist and persist.first(RadioChoice).value else Persistence.GLOBAL

    def _preview(self) -> Preview:
        """The preview of the typed value. Raises ValueError with a sentence."""
        typed = self.query_one("#value", Input).value
        if typed.strip().lower() == "default" and self._variable_state.default is not None:
            value = self._variable_state.default
        else:
            now = self._variable_state.variable.value
            value = parse_value(typed, self._tunable.unit, now, self._tunable.decimals)
        return preview(self._tunable, self._variable_state, value, self._snapshot(), self._keep)

    def _changes_nothing(self, planned: Preview) -> bool:
        """Whether the value is what the server has, and keeps across restarts if that is asked for.

        Not where the server is only expected to make it that value.
        """
        return planned.changes_nothing and planned.kept == planned.action.value

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the arrow keys move the mark of the curve only while the field has the focus."""
        if action == "step":
            return self._curve_gaps() is not None and self.query_one("#value", Input).has_focus
        return super().check_action(action, parameters)

    def action_step(self, steps: int) -> None:
        """Type the next longer or shorter limit of the curve."""
        field = self.query_one("#value", Input)
        try:
            typed: float = self._preview().kept
        except ValueError:
            typed = self._variable_state.variable.value or LIMIT_LADDER[0]
        index = bisect_left(LIMIT_LADDER, typed) + (steps if steps < 0 else typed in LIMIT_LADDER)
        field.value = limit_words(LIMIT_LADDER[min(max(index, 0), len(LIMIT_LADDER) - 1)])
        field.cursor_position = len(field.value)

    def _curve_gaps(self) -> ReuseGaps | None:
        """The gaps that this variable may cut; None if it cuts none, or no reuse is counted yet."""
        if self._tunable.idle_counting not in CURVES or self._tunable.unit is not Unit.SECONDS:
            return None
        gaps = self.reuse_gaps()
        return gaps if gaps is not None and gaps.reuses else None

    @on(Input.Changed, "#value")
    @on(RadioSet.Changed, "#keep")
    def _show_preview(self) -> None:
        """Show the preview of the typed value."""
        self._confirmed = None
        apply = self.query_one("#apply", Button)
        apply.label = _(self.VERB)
        apply.disabled = True
        planned, error_content = None, None
        if self.query_one("#value", Input).value.strip():
            try:
                planned = self._preview()
            except ValueError as error:
                error_content = Content.styled(f"▲ {plain(str(error), 200)}", "$text-warning")
        for name, text in zip(PREVIEW_LABELS, self._preview_lines(planned), strict=True):
            self.query_one(f"#{name}", LabelledEntry).set_text(text)
        if error_content is not None:
            self.query_one("#meaning", LabelledEntry).set_text(error_content)
        apply.disabled = planned is None or bool(self._why_not) or self._changes_nothing(planned)

    def _preview_lines(self, planned: Preview | None) -> tuple[Content | None, ...]:
        """The content for each label of PREVIEW_LABELS; None hides the label."""
        if planned is None:
            return None, self._curve(None), *(None,) * (len(PREVIEW_LABELS) - 2)
        meaning = f"{planned.kept:,}   {value_words(planned.kept, self._tunable.unit)}"
        if self._changes_nothing(planned):
            already = _("   ▲ already {value}: nothing to change", value=f"{planned.kept:,}")
            content = Content.assemble((meaning, "bold"), (already, "$text-warning"))
            return content, self._curve(planned.kept), *(None,) * (len(PREVIEW_LABELS) - 2)
        clamped = (planned.why_clamped or "") and _(
            "   ▲ not {value:,}: {why}", value=planned.action.value, why=planned.why_clamped
        )
        statement = Content.styled(planned.statement, "$text-accent")
        if planned.kept != planned.action.value:
            kept = _("   the server keeps {value:,}", value=planned.kept)
            statement = Content.assemble(statement, (kept, "$text-warning"))
        lasting = None
        if planned.option_file and not self._privileges.can_persist:
            lines = ((line, "$text-accent") for line in planned.option_file)
            lasting = paragraphs((_("in the option file:"), "$foreground-muted"), *lines)
        return (
            Content.assemble((meaning, "bold"), (clamped, "$text-warning")),
            self._curve(planned.kept),
            statement,
            Content.styled(planned.undo, "$text-accent") if planned.undo else None,
            paragraphs(*planned.effects),
            lasting,
        )

    def _curve(self, typed: float | None) -> Content | None:
        gaps = self._curve_gaps()
        if gaps is None:
            return None
        is_off = bool(self._tunable.zero_meaning) and typed == 0
        return reuse_curve(gaps, None if is_off else typed, CURVES[self._tunable.idle_counting])

    def copy_items(self) -> list[CopyItem]:
        """The statements of the preview; empty without a valid value."""
        try:
            planned = self._preview()
        except ValueError:
            return []
        return [
            CopyItem("statement", planned.statement),
            CopyItem("undo", planned.undo),
            CopyItem("all", "\n".join(planned.option_file)),
        ]

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#reset")
    def _reset(self) -> None:
        self.dismiss(ResetPersist(self._tunable.name, self._variable_state.variable.value))

    @on(Button.Pressed, "#apply")
    @on(Input.Submitted, "#value")
    def _apply(self) -> None:
        """Answer with the action; for a dangerous value only after a second confirmation."""
        apply = self.query_one("#apply", Button)
        if apply.disabled or not self.is_current:
            return  # answered already, by the first of two keys in one burst
        planned = self._preview()
        if self.CONFIRMS and planned.confirmation and self._confirmed != planned.statement:
            self._confirmed = planned.statement
            self._warn(planned.confirmation)
            apply.label = _("Apply anyway")
            apply.refresh(layout=True)
            self.query_one("#cancel", Button).focus()
            return
        self.dismiss(planned.action)
