"""What dies if these sessions are ended, before they are.

Answers with actions and performs nothing. Opens with Cancel focused; keys typed before it was to be seen do not answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Label, RadioSet, Static

from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.tune.actions import KillQuery, KillSession
from goneaway_tui.ui import wording
from goneaway_tui.ui.copying import Piece
from goneaway_tui.ui.widgets.choice import Choice

SHOWN = 12
"""Victims listed by name; the rest are counted."""
Kills = tuple[KillSession, ...] | tuple[KillQuery, ...]


class KillScreen(ModalScreen[Kills | None]):
    """Asks once, in full."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="kill.cancel"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(self, victims: Sequence[Verdict], now: float, server: str, left_out: str = "") -> None:
        """`left_out`: who was marked too, and is not to be killed."""
        super().__init__()
        self._left_out = left_out
        self._victims = tuple(victims)
        self._now = now
        self._server_name = server
        self._seen_since = float("inf")

    def compose(self) -> ComposeResult:
        number = len(self._victims)
        what = (
            f"session {self._victims[0].session.id}" if number == 1 else f"{wording.count(number)} sessions"
        )
        with VerticalScroll(classes="dialog tune changing") as dialog:
            dialog.border_title = f"kill {what} on {plain(self._server_name, 60)}"
            yield Static(self._list(), id="victims")
            yield Label(Content(self._stakes()), id="stakes")
            with RadioSet(id="how"):
                yield Choice(
                    "the session: its transaction is rolled back (KILL)", value=True, id="how-session"
                )
                yield Choice("only its running statement (KILL QUERY)", id="how-query")
            yield Static(id="runs")
            yield Label(
                Content("Each is looked at again first, and spared if it is no longer what is shown here.")
            )
            if self._left_out:
                yield Label(Content(self._left_out), classes="quiet")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Kill", variant="error", id="kill", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()
        self._show_statements()
        self.call_after_refresh(self._now_seen)

    def _now_seen(self) -> None:
        self._seen_since = events.Key("escape", None).time

    def was_typed_blind(self, key: events.Key) -> bool:
        """Typed before this was on the screen, and so meant for something else."""
        return key.time < self._seen_since

    def _list(self) -> Content:
        lines = [
            f"{v.session.id:>7} {plain(v.session.user, 10):<10} {wording.client(v.session, 19):<19.19} "
            f"{wording.program(v.session):<10.10} {wording.idle(v, self._now):>8}  {wording.stake_within(v.session, 12)}"
            for v in self._victims[:SHOWN]
        ]
        if len(self._victims) > SHOWN:
            lines.append(f"{'':7} and {wording.count(len(self._victims) - SHOWN)} more")
        return Content("\n".join(lines))

    def _stakes(self) -> str:
        open_ones = [v.session.transaction for v in self._victims if v.session.transaction is not None]
        if not open_ones:
            return "None of them is seen inside a transaction."
        rows = sum(t.rows_modified or 0 for t in open_ones)
        locked = sum(t.rows_locked or 0 for t in open_ones)
        return (
            f"▲ rolled back: {wording.several(len(open_ones), 'open transaction')} with "
            f"{wording.several(rows, 'modified row')}; freed: {wording.several(locked, 'locked row')}."
        )

    def _kills(self) -> Kills:
        if self.query_one("#how-query", Choice).value:
            return tuple(KillQuery(v.session) for v in self._victims)
        return tuple(KillSession(v.session) for v in self._victims)

    def copies(self) -> list[Piece]:
        return [Piece("kill", "\n".join(f"{kill.statement};" for kill in self._kills()))]

    @on(RadioSet.Changed, "#how")
    def _show_statements(self) -> None:
        statements = [kill.statement for kill in self._kills()]
        more = f" ... and {len(statements) - 6} more" if len(statements) > 6 else ""
        self.query_one("#runs", Static).update(
            Content.styled("; ".join(statements[:6]) + more, "$text-accent")
        )

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#kill")
    def _answer(self) -> None:
        self.dismiss(self._kills())
