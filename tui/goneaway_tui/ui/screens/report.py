"""The result of actions: the kept values, the warnings of the server, what new sessions get, spared sessions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.tuning import NewSessionProbe
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import Action, KillQuery, KillSession, SetVariable
from goneaway_tui.tune.gate import Outcome
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.screens.help import HELP_KEY
from goneaway_tui.ui.widgets.plain_text import Static, heading

DRAW_SECONDS = 0.1
"""Seconds between two redraws: each redraw lays out the lines of all actions, which may be hundreds."""
MANY, BAR_CELLS = 5, 12
"""Number of actions from which on a progress bar is shown and reasons are counted; and the cells of the bar."""
GOOD, BAD, NEUTRAL = "$text-success", "$text-warning", ""
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ActResult:
    """One action with its outcome, or why it has none."""

    action: Action
    outcome: Outcome | None = None
    probes: tuple[NewSessionProbe, ...] = ()
    refused: str = ""
    """Why it was not performed."""
    denied: str = ""
    """Why the server rejected it; the server may accept the next action."""
    failed: str = ""
    """How it failed; also says if it is not known whether the server did it."""
    is_unknown: bool = False
    """Whether it failed and it is not known whether the server did it."""
    unprobed: str = ""
    """Why it is not known what new sessions get."""


class ReportScreen(ModalScreen[None]):
    """Shows the result of each action when it is done. Leaving early stops the actions that have not started."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "leave", "back", id="report.back"),
        Binding("u", "undo", "undo", id="report.undo"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "tuning"

    def __init__(
        self, title: str, expected: int, clock: Clock, undo: Callable[[], object] = lambda: None
    ) -> None:
        """`expected`: the number of actions. `undo` asks whether to undo the last change."""
        super().__init__()
        self._undo = undo
        self._clock, self._started_at = clock, clock()
        self._title = title
        self._expected = expected
        self._results: list[ActResult] = []
        self._lines: list[Content] = []
        self._is_redraw_due = False
        """Whether a redraw is scheduled."""
        self.is_stopping = False
        """Whether no further action may start."""
        self.is_finished = False
        self._is_drawn = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tune changing") as dialog:
            dialog.border_title = heading(self._title)
            yield Static(id="tally")
            with VerticalScroll(classes="body"):
                yield Static(id="results")

    def on_mount(self) -> None:
        self._is_drawn = True
        body = self.query_one(VerticalScroll)
        body.anchor()  # it follows the newest line until the user scrolls
        body.focus()
        self._redraw()

    def add(self, result: ActResult) -> None:
        """Add the result of one action."""
        self._results.append(result)
        self._lines += [Content.styled(plain(text, 600), style) for text, style in result_lines(result)]
        if not self._is_redraw_due:
            self._is_redraw_due = True
            self.set_timer(DRAW_SECONDS, self._redraw)

    def finish(self) -> None:
        """Show that no further action will start."""
        self.is_finished = True
        if self._expected >= MANY:
            self._lines += [Content.styled(line, BAD) for line in spared_lines(self._results)]
        self._redraw()

    def copy_items(self) -> list[CopyItem]:
        """The statements and their results."""
        return [
            CopyItem("all", "\n".join(text for result in self._results for text, _ in result_lines(result)))
        ]

    def action_leave(self) -> None:
        if self.is_finished:
            self.dismiss()
        elif not self.is_stopping:
            self.is_stopping = True
            self.notify(_("Stopping: the step that has begun is the last."), timeout=4)
            self._redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`u` is there once a change has been made: a KILL cannot be undone."""
        if action == "undo":
            return self.is_finished and self._has_changed
        return super().check_action(action, parameters)

    def action_undo(self) -> None:
        """Leave, and ask whether to undo the last change, as the key does on the board."""
        if self.is_current:
            self.dismiss()
            self._undo()

    def _redraw(self) -> None:
        self._is_redraw_due = False
        if not self._is_drawn:
            return  # an action can be done before the screen is composed
        self.query_one(".dialog").border_subtitle = heading(self._leave_hint())
        tally = self.query_one("#tally", Static)
        tally.update(Content(self._tally()))
        tally.display = self._expected > 1 or not self.is_finished
        self.query_one("#results", Static).update(Content("\n").join(self._lines))

    @property
    def _has_changed(self) -> bool:
        return any(
            result.outcome is not None and not isinstance(result.action, KillSession | KillQuery)
            for result in self._results
        )

    def _leave_hint(self) -> str:
        if self.is_finished:
            return _("u undo   esc back") if self._has_changed else _("esc back")
        if len(self._results) == self._expected:
            return _("reading the result")
        return _("stopping after this step") if self.is_stopping else _("esc stop after this step")

    def _tally(self) -> str:
        """`12 of 50 killed, 3 had already ended`; while it runs, with a bar and the estimated time left."""
        counts = self._counts()
        if self.is_finished or self._expected < MANY:
            return counts
        done_count, elapsed = len(self._results), self._clock() - self._started_at
        bar = wording.share_bar(done_count / self._expected, BAR_CELLS)
        if not done_count or elapsed <= 0:
            return f"{bar}  {counts}"
        time_left = wording.age_words(elapsed / done_count * (self._expected - done_count) + 0.5)
        return _("{bar}  {counts}, about {time} left", bar=bar, counts=counts, time=time_left)

    def _counts(self) -> str:
        already_ended = sum(
            result.outcome is not None and result.outcome.already_ended for result in self._results
        )
        performed = sum(result.outcome is not None for result in self._results) - already_ended
        remaining = self._expected - len(self._results)
        kills = bool(self._results) and isinstance(self._results[0].action, KillSession)
        message = N_("{number} of {expected} killed") if kills else N_("{number} of {expected} done")
        parts = [_(message, number=performed, expected=self._expected)]
        for number, message in (
            (already_ended, N_("{number} had already ended")),
            (sum(bool(result.refused) for result in self._results), N_("{number} skipped")),
            (sum(bool(result.denied) for result in self._results), N_("{number} refused by the server")),
            (
                sum(bool(result.failed) and not result.is_unknown for result in self._results),
                N_("{number} failed"),
            ),
            (sum(result.is_unknown for result in self._results), N_("{number} with unknown outcome")),
            (remaining, N_("{number} not attempted") if self.is_finished else N_("{number} remaining")),
        ):
            if number:
                parts.append(_(message, number=number))
        return wording.facts(parts)


def spared_lines(results: Iterable[ActResult]) -> Iterable[str]:
    """The reasons why sessions were spared or the server rejected a KILL, with the number for each reason."""
    reasons: Counter[str] = Counter()
    for result in results:
        reason = result.refused or result.denied
        if reason and isinstance(result.action, KillSession | KillQuery):
            reasons[re.sub(rf"\b{result.action.session.id}\b", "…", reason)] += 1
    return [f"{number:,} × {plain(reason, 400)}" for reason, number in reasons.most_common()]


def result_lines(result: ActResult) -> Iterable[Line]:
    """The lines of an action: the statement, its result, and every difference from the request."""
    statement = plain(result.action.statement, 200)
    why_not = result.refused or result.failed or result.denied
    if why_not or result.outcome is None:
        style = BAD if result.refused else "$text-error"
        yield (
            _("– not done: {statement}", statement=statement) if result.refused else f"✖ {statement}",
            style,
        )
        yield (f"  {why_not}", style)
        return
    outcome = result.outcome
    yield (f"– {statement}", NEUTRAL) if outcome.already_ended else (f"✔ {statement}", GOOD)
    kept = outcome.kept.value if outcome.kept else None
    is_as_asked = not isinstance(result.action, SetVariable) or kept == result.action.value
    yield (f"  {outcome.sentence}", NEUTRAL if is_as_asked else BAD)
    for warning in outcome.kept.warnings if outcome.kept and not outcome.already_ended else ():
        yield (_("  the server reports: {warning}", warning=_(warning)), BAD)
    if outcome.was_borrowed:
        yield (_("  ran on the monitoring connection: the server refused another one"), NEUTRAL)
    if isinstance(result.action, SetVariable):
        yield from value_comparison(result.action, outcome, result.probes)
    if result.unprobed:
        yield (_("  the value of a new session is not known: {why}", why=result.unprobed), BAD)
    if outcome.journal_error:
        yield (_("  ▲ cannot write the journal: {why}", why=outcome.journal_error), BAD)


def value_comparison(
    action: SetVariable, outcome: Outcome, probes: Sequence[NewSessionProbe]
) -> Iterable[Line]:
    """The differences between the requested, running and persisted values and what new sessions get, in words."""
    unit = TUNABLE[action.name].unit
    kept = outcome.kept.value if outcome.kept else None
    for probe in probes:
        session = _("a new interactive session") if probe.interactive else _("a new session")
        value = _("unknown") if probe.value is None else f"{probe.value:,} ({value_words(probe.value, unit)})"
        yield (
            _("  {session} gets {name} = {value}", session=session, name=action.name, value=value),
            NEUTRAL,
        )
    for probe in probes:
        if probe.value is not None and kept is not None and probe.value != kept:
            session_kind = (
                _("an interactive session") if probe.interactive else _("a session that is not interactive")
            )
            why = (
                _(": it copies interactive_timeout")
                if probe.interactive and action.name == "wait_timeout"
                else ""
            )
            yield (
                _(
                    "  ▲ {session} gets {value:,}, not {kept:,}{why}",
                    session=session_kind,
                    value=probe.value,
                    kept=kept,
                    why=why,
                ),
                BAD,
            )
    persisted = outcome.after.persisted if outcome.after else None
    if persisted is not None and persisted != kept:
        yield (_("  ▲ a restart restores {value:,}", value=persisted), BAD)
