"""The kill dialog, with a preview of the rollback and of the freed sessions; and the rules of the config file.

The dialog answers with actions and performs nothing. It opens with Cancel focused; keys typed before it was visible do not
answer it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet

from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.model.blocking import NO_WAITS
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Privileges
from goneaway_tui.text.format import in_sentences
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import KillQuery, KillSession
from goneaway_tui.tune.kill_rules import DryRun, KillPolicy, dry_run, is_never_killed
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import UNBOUNDED, Column
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.messages import RowChosen
from goneaway_tui.ui.screens.blocking import at_once_words, id_list
from goneaway_tui.ui.screens.dialogs import GuardedDialog
from goneaway_tui.ui.screens.help import HELP_KEY, TextViewer
from goneaway_tui.ui.widgets.line_table import LineTable
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
)

MAX_LISTED, MIN_LISTED = 12, 3
"""Victims that are listed at most, and on a small terminal at least; more victims are shown as totals."""
OTHER_LINES = 16
"""Lines of the dialog besides its victims, at most."""
MAX_NAMES = 3
"""Users, programs or hosts that the totals name."""
TYPED_ABOVE = 50
"""Number of victims above which the user has to type the number."""
STATEMENTS_SHOWN = 6
TOTALS: tuple[tuple[str, Callable[[Verdict], str]], ...] = (
    (N_("user"), lambda v: plain(v.session.user, 40)),
    (N_("program"), lambda v: plain(wording.program(v.session), 40) or _("(not reported)")),
    (N_("host"), lambda v: plain(v.session.client_host, 60)),
)
"""The totals of many victims: title, not translated yet, and the name to count by."""
Kills = tuple[KillSession, ...] | tuple[KillQuery, ...]


def killable_user(verdicts: Iterable[Verdict], privileges: Privileges) -> str:
    """The user name whose sessions this account may always kill; empty if it is unknown.

    Both servers compare the login names of two sessions, so the name of the tool's own session comes first: behind a
    proxy user the account has another.
    """
    return next((v.session.user for v in verdicts if v.session.own), privileges.user)


def killable_sessions(
    victims: Sequence[Verdict],
    user: str = "",
    why_not_others: str = "",
    never_kill: Collection[str] = (),
) -> tuple[list[Verdict], str]:
    """The sessions that may be killed, and lines about the others.

    `user`: the only user whose sessions may be killed; empty allows all. `why_not_others`: why not those of other
    users. `never_kill`: accounts of the config file.
    """
    clients = [v for v in victims if v.session.is_client]
    notes = []
    if len(clients) < len(victims):
        notes.append(
            _(
                "{number} skipped: the tool never kills its own sessions, replicas, dumps or daemons.",
                number=len(victims) - len(clients),
            )
        )
    allowed_by_config = [v for v in clients if not is_never_killed(v.session, never_kill)]
    if len(allowed_by_config) < len(clients):
        notes.append(
            _(
                "{number} skipped: {why}",
                number=len(clients) - len(allowed_by_config),
                why=_("never_kill in the config file"),
            )
        )
    allowed = [v for v in allowed_by_config if user in {"", v.session.user}]
    if len(allowed) < len(allowed_by_config):
        notes.append(
            _("{number} skipped: {why}", number=len(allowed_by_config) - len(allowed), why=why_not_others)
            if allowed
            else why_not_others
        )
    return allowed, "\n".join(notes)


def totals(victims: Sequence[Verdict]) -> Iterator[tuple[str, Content]]:
    """How many victims each user, program and host has, the most first; a title, not translated yet, and words for each kind."""
    for title, name_of in TOTALS:
        counted = Counter(map(name_of, victims)).most_common()
        parts = [f"{name} {number:,}" for name, number in counted[:MAX_NAMES]]
        if len(counted) > MAX_NAMES:
            parts.append(_("and {number:,} more", number=len(counted) - MAX_NAMES))
        yield title, Content("  ".join(parts))


def rollback_line(victims: Sequence[Verdict]) -> str:
    """What is rolled back, and how many row locks are released."""
    transactions = [v.session.transaction for v in victims if v.session.transaction is not None]
    if not transactions:
        return _("No open transaction.")
    rows = sum(t.rows_modified or 0 for t in transactions)
    locked = sum(t.rows_locked or 0 for t in transactions)
    return _(
        "▲ Rolls back {transactions} with {modified}. Releases {locked}.",
        transactions=ngettext(
            "{number:,} open transaction", "{number:,} open transactions", len(transactions)
        ),
        modified=ngettext("{number:,} modified row", "{number:,} modified rows", rows),
        locked=ngettext("{number:,} row lock", "{number:,} row locks", locked),
    )


def freed_line(victims: Sequence[Verdict], snapshot: Snapshot | None) -> str:
    """Which waiting sessions go on once the victims have ended; empty if none waits for them."""
    blocking = (snapshot.blocking if snapshot is not None else None) or NO_WAITS
    ended = {victim.session.id for victim in victims}
    freed = blocking.freed_by(ended)
    if freed:
        words = ngettext(
            "Frees {number:,} waiting session: {ids}.",
            "Frees {number:,} waiting sessions: {ids}.",
            len(freed),
            ids=id_list(freed),
        )
        return in_sentences([words, at_once_words(blocking, ended, len(freed))])
    waiting = any(waiter not in ended for victim in ended for waiter in blocking.waiters.get(victim, ()))
    return _("Frees no waiting session: each also waits for another session.") if waiting else ""


def victim_line(verdict: Verdict, now: float) -> str:
    """The id, account, client, program, idle time and transaction of a session, in columns."""
    session = verdict.session
    return (
        f"{session.id:>7} {plain(session.user, 10):<10} {wording.client(session, 19):<19.19} "
        f"{wording.program(session):<10.10} {wording.idle(verdict, now):>8}  {wording.stake_within(session, 12)}"
    )


class KillScreen(GuardedDialog[Kills | None]):
    """Asks once before sessions are killed, with the consequences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="kill.cancel"),
        Binding("s", "statements", "statements", id="kill.statements"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "ending-many"

    def __init__(
        self,
        victims: Sequence[Verdict],
        now: float,
        server: str,
        left_out: str = "",
        note: str = "",
        snapshot: Snapshot | None = None,
    ) -> None:
        """`left_out`: lines about marked sessions that are not killed. `note`: a warning about the connection for the KILL.

        `snapshot`: the snapshot of the victims; without it the dialog shows no waiting sessions.
        """
        super().__init__()
        self._note = note
        self._left_out = left_out
        self._victims = tuple(victims)
        self._busy_victims = tuple(v for v in self._victims if not v.session.is_idle)
        """The victims that run a statement, which KILL QUERY can end."""
        self._now = now
        self._server_name = server
        self._snapshot = snapshot

    def compose(self) -> ComposeResult:
        number = len(self._victims)
        server = plain(self._server_name, 60)
        if number == 1:
            title = _("kill session {id} on {server}", id=self._victims[0].session.id, server=server)
        else:
            title = _("kill {number:,} sessions on {server}", number=number, server=server)
        with VerticalScroll(classes="dialog tune changing", can_focus=False) as dialog:
            dialog.border_title = heading(title)
            if number > self._max_listed:
                yield from (LabelledEntry(*total) for total in totals(self._victims))
            else:
                yield Static(self._list(), id="victims")
            yield Label(id="stakes")
            if self._busy_victims:
                with RadioChoices(id="how"):
                    yield RadioChoice(
                        _("the session: its transaction is rolled back (KILL)"), value=True, id="how-session"
                    )
                    yield RadioChoice(self._query_label(), id="how-query")
            yield Static(id="runs")
            yield Label(
                Content(
                    _(
                        "Before each KILL the tool reads the session again. It skips a session that has run a statement since."
                    )
                ),
                classes="quiet",
            )
            if self._note:
                yield Label(Content(self._note), classes="note")
            if self._left_out:
                yield Label(Content(self._left_out), classes="quiet")
            if number > TYPED_ABOVE:
                with Horizontal(id="confirm-number"):
                    yield Label(id="typed-label")
                    yield Field(id="typed", max_length=9, compact=True, select_on_focus=False)
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Kill"), variant="error", id="kill", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus(scroll_visible=False)  # the first victim stays visible
        self._show_choice()

    def on_key(self, event: events.Key) -> None:
        """Take digits typed anywhere in the dialog as the number that it asks for."""
        digit = event.character or ""
        if not digit.isdecimal() or self.was_typed_blind(event):
            return
        for entry in self.query("#typed").results(Field):
            if not entry.has_focus:
                event.stop()
                entry.focus()
                entry.value += digit
                entry.action_end()

    def on_descendant_focus(self) -> None:
        self.query_one(".dialog").border_subtitle = heading(key_line(self.focused, _("s statements")))

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Count the freed sessions again: more may wait by now. The victims do not change."""
        if snapshot is None or snapshot.server_name != self._victims[0].server_name:
            return
        self._snapshot = snapshot
        if self.is_mounted:
            self._show_stakes()

    def _query_label(self) -> str:
        if len(self._busy_victims) == len(self._victims):
            return _("only its running statement (KILL QUERY)")
        return ngettext(
            "only the running statement of {number:,} of them (KILL QUERY)",
            "only the running statements of {number:,} of them (KILL QUERY)",
            len(self._busy_victims),
        )

    @property
    def _max_listed(self) -> int:
        """Victims that are listed at most; more are shown as totals."""
        return max(MIN_LISTED, min(MAX_LISTED, self.app.size.height - OTHER_LINES))

    def _list(self) -> Content:
        return Content("\n".join(victim_line(victim, self._now) for victim in self._victims))

    @property
    def _is_query(self) -> bool:
        return bool(self._busy_victims) and self.query_one("#how-query", RadioChoice).value

    def _kills(self) -> Kills:
        if self._is_query:
            return tuple(KillQuery(v.session) for v in self._busy_victims)
        return tuple(KillSession(v.session) for v in self._victims)

    def copy_items(self) -> list[CopyItem]:
        return [CopyItem("kill", "\n".join(f"{kill.statement};" for kill in self._kills()))]

    def action_statements(self) -> None:
        """Show every statement that would be sent."""
        statements = [f"{kill.statement};" for kill in self._kills()]
        self.app.push_screen(TextViewer(_("statements"), statements))

    @on(RadioSet.Changed, "#how")
    def _show_choice(self) -> None:
        self._show_stakes()
        statements = [kill.statement for kill in self._kills()]
        further = len(statements) - STATEMENTS_SHOWN
        words = "; ".join(statements[:STATEMENTS_SHOWN])
        if further > 0:
            words += _(" ... and {number:,} more: s shows all", number=further)
        self.query_one("#runs", Static).update(Content.styled(words, "$text-accent"))
        if len(self._victims) > TYPED_ABOVE:
            words = _("Type {number} to confirm:", number=len(statements))
            self.query_one("#typed-label", Label).update(Content.styled(words, "bold $text-warning"))
            self._check_typed()

    def _show_stakes(self) -> None:
        if self._is_query:
            words = [_("Only statements end. Open transactions stay open, and keep their locks.")]
        else:
            words = [rollback_line(self._victims), freed_line(self._victims, self._snapshot)]
        styles = ("$text-warning" if words[0].startswith("▲") else "", "bold")
        lines = [Content.styled(line, style) for line, style in zip(words, styles, strict=False) if line]
        self.query_one("#stakes", Label).update(Content("\n").join(lines))

    @property
    def _is_number_typed(self) -> bool:
        if len(self._victims) <= TYPED_ABOVE:
            return True
        return self.query_one("#typed", Input).value.strip().replace(",", "") == str(len(self._kills()))

    @on(Input.Changed, "#typed")
    def _check_typed(self) -> None:
        self.query_one("#kill", Button).disabled = not self._is_number_typed

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#kill")
    @on(Input.Submitted, "#typed")
    def _answer(self) -> None:
        if self._is_number_typed:
            self.dismiss(self._kills())


# --- The rules of the config file


def _kills_cell(run: DryRun, *_args: object) -> str:
    return _("statements") if run.rule.query else _("sessions")


RULE_COLUMNS: tuple[Column[DryRun], ...] = (
    Column("rule", N_("Rule"), lambda run, *_: plain(run.rule.name, 60), lambda run: run.rule.name, min_width=8, max_width=20, rank=0),
    Column("matches", N_("Match now"), lambda run, *_: f"{len(run.victims):,}", lambda run: len(run.victims), min_width=9, max_width=9, rank=0, right=True),
    Column("max", N_("Max"), lambda run, *_: f"{run.rule.max_kills:,}", lambda run: run.rule.max_kills, min_width=5, max_width=7, rank=0, right=True),
    Column("kills", N_("Kills"), _kills_cell, lambda run: run.rule.query, min_width=10, max_width=10, rank=1),
    Column("filter", N_("Filter"), lambda run, *_: plain(run.rule.match, 400), lambda run: run.rule.match, min_width=17, max_width=UNBOUNDED, rank=0),
)  # fmt: skip
MAX_LISTED_BY_RULE = 6
"""Sessions that are listed below the rules, at most; enter lists all."""
HOW_TO_WRITE_A_RULE = N_(
    "The config file has no rules. To add one, write this to the config file ({command} prints its path) with your own filter, then restart the tool:"
)
RULE_EXAMPLE = """[rules.leaky]
match = "program:leaky-worker idle>10m -trx:yes"
max = 20"""
HOW_TO_RUN_A_RULE = N_(
    "This screen kills no session. In a shell, {command} lists the sessions that match, and kills them with --apply."
)


def dry_run_words(run: DryRun) -> str:
    """What a pass of a rule would kill now, in a sentence or two."""
    words = _pass_words(run)
    if not run.never_killed:
        return words
    spared = ngettext(
        "{number:,} more skipped: never_kill in the config file.",
        "{number:,} more skipped: never_kill in the config file.",
        run.never_killed,
    )
    return in_sentences([words, spared])


def _pass_words(run: DryRun) -> str:
    if run.problem:
        return _("▲ A pass would kill no session: {why}.", why=run.problem)
    if not run.victims:
        return _("No session matches now.")
    if run.rule.query:
        return ngettext(
            "A pass would kill the statement of {number:,} session now.",
            "A pass would kill the statements of {number:,} sessions now.",
            len(run.victims),
        )
    return ngettext(
        "A pass would kill {number:,} session now.",
        "A pass would kill {number:,} sessions now.",
        len(run.victims),
    )


class RulesScreen(ModalScreen[None]):
    """The rules of the config file: how many sessions match each, and what a pass would kill. Kills no session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("escape,R,q", "dismiss", "back", id="rules.back"),
        HELP_KEY,
    ]
    DOCS_PAGE: ClassVar[str] = "ending-many"

    rules: query_one[LineTable[DryRun]] = query_one("#rules", LineTable)

    def __init__(self, policy: KillPolicy, snapshot: Snapshot | None, now: float, server: str = "") -> None:
        """`server`: the name of the server, where there are several."""
        super().__init__()
        self._policy, self._snapshot, self._now = policy, snapshot, now
        self._title = wording.title_on(_("rules"), server)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="rules-dialog", can_focus=False) as dialog:
            dialog.border_title = heading(self._title)
            if not self._policy.rules:
                dialog.border_subtitle = heading(_("esc back"))
                yield Label(Content(_(HOW_TO_WRITE_A_RULE, command="goneaway-tui config path")))
                yield Label(Content.styled(RULE_EXAMPLE, "$text-accent"), classes="part")
                yield self._how_to_run("leaky")
                return
            dialog.border_subtitle = heading(_("enter list all  y copy  esc back"))
            yield LineTable(RULE_COLUMNS, lambda run: run.rule.name, lambda _: "", id="rules")
            yield Static(id="dry-run", classes="part")
            yield Static(id="dry-run-victims")
            yield self._how_to_run("NAME")

    def _how_to_run(self, rule: str) -> Label:
        words = _(HOW_TO_RUN_A_RULE, command=f"goneaway-tui kill --rule {rule}")
        return Label(Content(words), classes="part quiet")

    def on_mount(self) -> None:
        if self._policy.rules:
            self.rules.styles.height = len(self._policy.rules) + 1
            self.rules.set_empty_text(_("Reading the sessions ..."))
            self.rules.focus()
            self.watch(self.rules, "cursor_key", self._draw_dry_run, init=False)
            self._draw()

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Count again in a new snapshot."""
        self._now = now
        if snapshot is not self._snapshot and self.is_mounted:
            self._snapshot = snapshot
            self._draw()

    def _draw(self) -> None:
        if self._policy.rules and self._snapshot is not None:
            self.rules.show(
                [dry_run(rule, self._snapshot, self._policy) for rule in self._policy.rules], self._now
            )
            self._draw_dry_run()

    def _draw_dry_run(self) -> None:
        """Show what a pass of the rule under the cursor would kill."""
        run = self.rules.cursor_row
        if run is None:
            return
        words = Content.styled(dry_run_words(run), "$text-warning" if run.problem else "bold")
        self.query_one("#dry-run", Static).update(words)
        lines = [*self._victim_lines(run, MAX_LISTED_BY_RULE)]
        further = len(run.victims) - MAX_LISTED_BY_RULE
        if further > 0:
            lines.append(_("... and {number:,} more: enter lists all", number=further))
        self.query_one("#dry-run-victims", Static).update(Content("\n".join(lines)))

    def _victim_lines(self, run: DryRun, limit: int | None = None) -> Iterator[str]:
        for verdict in run.victims[:limit]:
            yield victim_line(verdict, self._now)

    @on(RowChosen)
    def _open(self) -> None:
        """List all sessions that the rule under the cursor would kill, with the statements."""
        run = self.rules.cursor_row
        if run is not None:
            title = _("dry run of {rule}", rule=plain(run.rule.name, 60))
            lines = [run.rule.match, "", dry_run_words(run), "", *self._victim_lines(run), ""]
            lines += [f"{statement};" for statement in run.statements]
            self.app.push_screen(TextViewer(title, lines))

    def copy_items(self) -> list[CopyItem]:
        run = self.rules.cursor_row if self._policy.rules else None
        if run is None:
            return []
        return [
            CopyItem("name", run.rule.name),
            CopyItem("value", run.rule.match),
            CopyItem("kill", "\n".join(f"{statement};" for statement in run.statements)),
        ]
