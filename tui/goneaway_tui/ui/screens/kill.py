"""What dies if these sessions are ended, before they are.

Answers with actions and performs nothing. Opens with Cancel focused; keys typed before it was to be seen do not answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import RadioSet

from goneaway_tui.i18n import _, ngettext
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.model.tuning import Privileges
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import KillQuery, KillSession
from goneaway_tui.ui import wording
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.screens.dialogs import GuardedDialog
from goneaway_tui.ui.widgets.plain_text import (
    Button,
    Label,
    RadioChoice,
    RadioChoices,
    Static,
    heading,
)

MAX_LISTED, MIN_LISTED = 12, 3
"""Victims listed by name, at most and on a small terminal at least; the rest are counted."""
OTHER_LINES = 16
"""Lines of the dialog besides its victims, at most: so many are left for the question and its buttons."""
Kills = tuple[KillSession, ...] | tuple[KillQuery, ...]


def killable_user(verdicts: Iterable[Verdict], privileges: Privileges) -> str:
    """The user name whose sessions this account may always kill; empty where it is unknown.

    Both servers compare the login names of two sessions, so the name of the tool's own session comes first: behind a
    proxy user the account has another.
    """
    return next((v.session.user for v in verdicts if v.session.own), privileges.user)


def is_killable(verdict: Verdict) -> bool:
    return not verdict.session.own and verdict.session.role is Role.CLIENT


def killable_sessions(
    victims: Sequence[Verdict], user: str = "", why_not_others: str = ""
) -> tuple[list[Verdict], str]:
    """Those that may be killed at all, and what is said of the others.

    `user`: the only one whose sessions may be killed, empty where all may be. `why_not_others`: why not the others'.
    """
    mortal = [v for v in victims if is_killable(v)]
    said = []
    if len(mortal) < len(victims):
        said.append(
            _(
                "{number} left out: our own, replicas, dumps and daemons are never killed.",
                number=len(victims) - len(mortal),
            )
        )
    allowed = [v for v in mortal if user in {"", v.session.user}]
    if len(allowed) < len(mortal):
        said.append(
            _("{number} left out: {why}", number=len(mortal) - len(allowed), why=why_not_others)
            if allowed
            else why_not_others
        )
    return allowed, "\n".join(said)


class KillScreen(GuardedDialog[Kills | None]):
    """Asks once, in full."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="kill.cancel"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(
        self, victims: Sequence[Verdict], now: float, server: str, left_out: str = "", note: str = ""
    ) -> None:
        """`left_out`: who was marked too, and is not to be killed. `note`: what is to be known about how it would be done."""
        super().__init__()
        self._note = note
        self._left_out = left_out
        self._victims = tuple(victims)
        self._now = now
        self._server_name = server

    def compose(self) -> ComposeResult:
        number = len(self._victims)
        server = plain(self._server_name, 60)
        if number == 1:
            title = _("kill session {id} on {server}", id=self._victims[0].session.id, server=server)
        else:
            title = _("kill {number:,} sessions on {server}", number=number, server=server)
        with VerticalScroll(classes="dialog tune changing") as dialog:
            dialog.border_title = heading(title)
            yield Static(self._list(), id="victims")
            yield Label(Content(self._stakes()), id="stakes")
            with RadioChoices(id="how"):
                yield RadioChoice(
                    _("the session: its transaction is rolled back (KILL)"), value=True, id="how-session"
                )
                yield RadioChoice(_("only its running statement (KILL QUERY)"), id="how-query")
            yield Static(id="runs")
            yield Label(
                Content(
                    _(
                        "Before each KILL the tool reads the session again. It skips a session that has run a statement since."
                    )
                )
            )
            if self._note:
                yield Label(Content(self._note), classes="note")
            if self._left_out:
                yield Label(Content(self._left_out), classes="quiet")
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Kill"), variant="error", id="kill", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus(scroll_visible=False)  # the first victim is to be seen
        self._show_statements()

    def _list(self) -> Content:
        shown = max(MIN_LISTED, min(MAX_LISTED, self.app.size.height - OTHER_LINES))
        lines = [
            f"{v.session.id:>7} {plain(v.session.user, 10):<10} {wording.client(v.session, 19):<19.19} "
            f"{wording.program(v.session):<10.10} {wording.idle(v, self._now):>8}  {wording.stake_within(v.session, 12)}"
            for v in self._victims[:shown]
        ]
        if len(self._victims) > shown:
            lines.append(f"{'':7} " + _("and {number:,} more", number=len(self._victims) - shown))
        return Content("\n".join(lines))

    def _stakes(self) -> str:
        open_ones = [v.session.transaction for v in self._victims if v.session.transaction is not None]
        if not open_ones:
            return _("No open transaction.")
        rows = sum(t.rows_modified or 0 for t in open_ones)
        locked = sum(t.rows_locked or 0 for t in open_ones)
        return _(
            "▲ rolled back: {transactions} with {modified}; freed: {locked}.",
            transactions=ngettext(
                "{number:,} open transaction", "{number:,} open transactions", len(open_ones)
            ),
            modified=ngettext("{number:,} modified row", "{number:,} modified rows", rows),
            locked=ngettext("{number:,} locked row", "{number:,} locked rows", locked),
        )

    def _kills(self) -> Kills:
        if self.query_one("#how-query", RadioChoice).value:
            return tuple(KillQuery(v.session) for v in self._victims)
        return tuple(KillSession(v.session) for v in self._victims)

    def copy_items(self) -> list[CopyItem]:
        return [CopyItem("kill", "\n".join(f"{kill.statement};" for kill in self._kills()))]

    @on(RadioSet.Changed, "#how")
    def _show_statements(self) -> None:
        statements = [kill.statement for kill in self._kills()]
        more = _(" ... and {number} more", number=len(statements) - 6) if len(statements) > 6 else ""
        self.query_one("#runs", Static).update(
            Content.styled("; ".join(statements[:6]) + more, "$text-accent")
        )

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#kill")
    def _answer(self) -> None:
        self.dismiss(self._kills())
