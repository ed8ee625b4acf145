"""The details of one session: its facts, its lock waits, and the statements of its open transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from goneaway_tui.errors import SourceError
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.topology import proxy_named_by
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import PastStatement, ProcesslistId, Role, Session
from goneaway_tui.model.snapshot import Basis, Snapshot, Verdict
from goneaway_tui.text.format import in_sentences
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import run_in_thread
from goneaway_tui.ui.columns import in_cells
from goneaway_tui.ui.copying import CopyItem, session_items
from goneaway_tui.ui.messages import post_if_disabled
from goneaway_tui.ui.screens.blocking import freed_words, id_list, row_wait_words, wait_words
from goneaway_tui.ui.screens.help import HELP_KEY
from goneaway_tui.ui.widgets.plain_text import LabelledEntry, Static, heading

COPIED_GLOBALS = ("wait_timeout", "interactive_timeout")


def limit_origin(verdict: Verdict, sample: Sample) -> Iterator[str]:
    """Sentences about the global that the limit was copied from, and the effect of a new global value.

    A session copies one of two globals when it connects, and no server shows which one. So the sentences only say which
    global has the same value.
    """
    limit, first_seen = verdict.limit, verdict.inherited.wait_timeout
    if limit is None or limit.variable != "wait_timeout":
        return
    now = {name: sample.variable(name) for name in COPIED_GLOBALS}
    if limit.basis is Basis.OWN:
        yield _matching_globals(limit.seconds, first_seen, now["interactive_timeout"])
    if first_seen is not None and now["wait_timeout"] not in {None, first_seen}:
        yield _(
            "The global wait_timeout changed from {first} to {now} since this session was first sampled. Only new sessions get {now}.",
            first=wording.limit_words(first_seen),
            now=wording.limit_words(now["wait_timeout"] or 0),
        )
    yield _("A new global value applies only after the session reconnects.")


def _matching_globals(seconds: float, wait_timeout: float | None, interactive_timeout: float | None) -> str:
    matching = [
        name
        for name, value in zip(COPIED_GLOBALS, (wait_timeout, interactive_timeout), strict=True)
        if value == seconds
    ]
    if len(matching) > 1:
        return _(
            "Equals both global values, wait_timeout and interactive_timeout. The session copied one of them."
        )
    if matching == ["wait_timeout"]:
        return _("Equals the global wait_timeout, which sessions that are not interactive copy.")
    if matching:
        return _("Equals the global interactive_timeout, which interactive clients such as mysql copy.")
    known = _(", ").join(
        f"{name} {wording.limit_words(value)}"
        for name, value in zip(COPIED_GLOBALS, (wait_timeout, interactive_timeout), strict=True)
        if value is not None
    )
    return _(
        "Differs from the global values ({globals}): set by the session, by init_connect, or copied from an earlier global value.",
        globals=known,
    )


LABEL_CELLS = 16
FIRST_LABELS = (
    N_("ended"),
    N_("risk"),
    N_("waits for"),
    N_("blocks"),
    N_("at stake"),
    N_("user"),
    N_("client"),
    N_("program"),
    N_("database"),
    N_("command"),
    N_("idle"),
    N_("closes"),
)
"""The labels of the facts above the statements, in order."""
LAST_LABELS = (
    N_("limit"),
    N_("why"),
    N_("note"),
    N_("library"),
)
"""The labels of the facts below the statements, in order."""
LABELS = (*FIRST_LABELS, *LAST_LABELS)
FactRow = tuple[str, str]
ReadStatements = Callable[[ProcesslistId], tuple[PastStatement, ...] | Limitation]
MAX_STATEMENT = 400
"""Characters of a statement of the transaction, at most."""


class SessionScreen(ModalScreen[None]):
    """Shows a session and follows it until it ends. The keys next and previous show other sessions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="session.back"),
        Binding("k", "app.kill", "kill", id="session.kill"),
        Binding("n", "step(1)", "next", id="session.next"),
        Binding("p", "step(-1)", "previous", id="session.previous"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        HELP_KEY,
    ]

    def __init__(
        self,
        verdict: Verdict,
        now: float,
        snapshot: Snapshot | None = None,
        listed: Callable[[], Sequence[Verdict]] = tuple,
        read_statements: ReadStatements | None = None,
    ) -> None:
        """`snapshot`: the snapshot of the session. `listed` returns the sessions in order, for the keys next and previous.

        `read_statements` reads the statements of the open transaction from the server. It blocks, and raises SourceError.
        """
        super().__init__()
        self._verdict = verdict
        self._now = now
        self._snapshot = snapshot
        self._listed, self._listed_index = listed, 0
        self._read_statements = read_statements
        self._history: Content | None = None
        """The statements of the transaction, or why they are not known; None if they are not read."""
        self._has_ended = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="session"):
            for label in FIRST_LABELS:
                yield LabelledEntry(label, id=_id(label))
            yield Static(id="statement")
            yield Static(id="history")
            yield Static()
            for label in LAST_LABELS:
                yield LabelledEntry(label, id=_id(label))
            yield Static(id="attributes")

    def on_mount(self) -> None:
        self._ask_statements()
        self._draw()

    def on_key(self, event: events.Key) -> None:
        post_if_disabled(self, event)

    def chosen_sessions(self) -> list[Verdict]:
        """The session to kill; none after its end."""
        return [] if self._has_ended else [self._verdict]

    def action_step(self, by: int) -> None:
        """Show the session `by` places away in the current list of the same server."""
        listed = [v for v in self._listed() if v.server_name == self._verdict.server_name]
        if not listed:
            return
        ids = [verdict.session.id for verdict in listed]
        current = self._verdict.session.id
        if current in ids:
            self._listed_index = ids.index(current) + by
        self._listed_index = max(0, min(self._listed_index, len(ids) - 1))
        if ids[self._listed_index] != current:
            self._verdict, self._has_ended = listed[self._listed_index], False
            self._ask_statements()
            self.query_one("#session").scroll_home(animate=False)
            self._draw()

    def _ask_statements(self) -> None:
        self._history = None
        if self._read_statements is not None and self._verdict.session.transaction is not None:
            self._history = _history_content(_("reading ..."))
            self._take_statements(self._read_statements, self._verdict.session.id)

    @work(exclusive=True)
    async def _take_statements(self, read_statements: ReadStatements, session: ProcesslistId) -> None:
        try:
            statements = await run_in_thread(partial(read_statements, session), "statements")
        except SourceError as error:
            self._history = _history_content(plain(error.line, 400))
        else:
            self._history = history_content(statements, self._now)
        self._draw()

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Show the session in a new snapshot."""
        if snapshot is not None and snapshot.server_name == self._verdict.server_name:
            self._snapshot = snapshot
            verdict = snapshot.by_id.get(self._verdict.session.id)
            self._has_ended = verdict is None
            self._verdict = verdict or self._verdict
        if not self._has_ended:  # the facts of an ended session stay as they were in its last sample
            self._now = now
        if self.is_mounted:
            self._draw()

    def copy_items(self) -> list[CopyItem]:
        facts = [in_cells(_(label), LABEL_CELLS, right=False) + words for label, words in self._facts()]
        texts = [str(text.visual) for text in self.query("#statement, #history, #attributes").results(Static)]
        return [*session_items([self._verdict], self._now), CopyItem("all", "\n".join([*facts, *texts]))]

    def _facts(self) -> list[FactRow]:
        return list(session_facts(self._verdict, self._now, self._snapshot, has_ended=self._has_ended))

    def _draw(self) -> None:
        title_words = _("session {id}", id=self._verdict.session.id)
        title = wording.title_on(title_words, self._verdict.server_name)
        dialog = self.query_one("#session")
        dialog.border_title = heading(title)
        dialog.border_subtitle = heading(
            _("y copy  n next  p previous  esc back")
            if self._has_ended
            else _("k kill  y copy  n next  p previous  esc back")
        )
        facts = dict(self._facts())
        for label in LABELS:
            style = "bold $text-error" if label == "ended" else ""
            words = facts.get(label)
            self.query_one(f"#{_id(label)}", LabelledEntry).set_text(
                None if words is None else Content.styled(words, style)
            )
        self.query_one("#statement", Static).update(statement_content(self._verdict.session))
        history = self.query_one("#history", Static)
        history.update(self._history or "")
        history.display = self._history is not None
        self.query_one("#attributes", Static).update(attributes_content(self._verdict.session))


def _id(label: str) -> str:
    return f"fact-{label.replace(' ', '-')}"


def session_facts(
    verdict: Verdict, now: float, snapshot: Snapshot | None, *, has_ended: bool
) -> Iterator[FactRow]:
    """The facts of a session, each under its label."""
    session, limit = verdict.session, verdict.limit
    if has_ended:
        yield "ended", _("The session has ended. These are its last known values.")
    else:
        yield "risk", wording.risk_word(verdict.risk)
    if snapshot is not None:
        yield from _lock_facts(verdict, now, snapshot)
    yield "user", plain(session.user, 200)
    yield "client", _client(session)
    yield "program", wording.program(session) or _("not reported")
    yield "library", plain(session.client or _("not reported"), 200)
    yield "database", plain(session.db or _("none"), 200)
    yield "command", plain(f"{session.command}  {session.state or ''}".strip(), 300)
    yield "idle", _idle_words(verdict, now)
    if limit is not None:
        words = f"{wording.limit_in_full(limit)}  {limit.variable}, {wording.basis_word(limit.basis)}"
        yield "limit", words
        yield (
            "why",
            "\n".join(
                [_(limit.why), *(limit_origin(verdict, snapshot.sample) if snapshot is not None else ())]
            ),
        )
    elif session.own:
        yield "limit", _("not relevant: this is the tool's own session")
    elif session.role is Role.CLIENT:
        yield "limit", _("unknown")
    else:
        yield "limit", _("none: idle limits do not apply to a {role}", role=session.role.value)
    if verdict.deadline is not None and not has_ended:
        yield "closes", wording.closes_at(verdict, now)
    if session.half_sent:
        yield (
            "note",
            _("Part of a command has arrived and reset the idle time. The server waits for the rest."),
        )
    yield "at stake", _stake_words(session, now)


def _lock_facts(verdict: Verdict, now: float, snapshot: Snapshot) -> Iterator[FactRow]:
    """The lock that the session waits for, the sessions that wait for it, and which go on after its end."""
    session, blocking = verdict.session.id, snapshot.blocking
    if blocking is None:
        return
    wait = blocking.waits.get(session)
    if wait is not None:
        yield "waits for", wait_words(wait, snapshot.sample, now)
    number = blocking.blocks.get(session)
    if number:
        counted = ngettext("{number:,} session: {ids}.", "{number:,} sessions: {ids}.", number,
                           ids=id_list([waiter for _depth, waiter in blocking.below(session)]))  # fmt: skip
        freed = freed_words(blocking, session, with_ids=False)
        yield "blocks", in_sentences([counted, freed, row_wait_words(session, snapshot)])


def _client(session: Session) -> str:
    """The host of the client; also that a proxy is in between, if the connect attributes say so."""
    proxy = proxy_named_by(session)
    host = plain(session.host, 200)
    return (
        _("{host}  ({proxy}: the client behind it is not visible)", host=host, proxy=proxy) if proxy else host
    )


def _highlighted(statement: str) -> Content:
    from textual.highlight import highlight  # loads pygments, which the start need not wait for

    return highlight(statement, language="sql")


def statement_content(session: Session) -> Content:
    """The current or last statement as SQL, with its lines and without control characters."""
    title = _("last statement") if session.is_idle else _("statement")
    if not session.statement:
        return Content.assemble(
            "\n",
            (in_cells(title, LABEL_CELLS, right=False), "$foreground-muted"),
            (_("unknown"), "$foreground-muted"),
        )
    lines = "\n".join(plain(line, 2000) for line in session.statement.splitlines()[:200])
    return Content.assemble("\n", (f"{title}\n", "$foreground-muted"), _highlighted(lines))


def _history_content(words: str | Content) -> Content:
    title = _("statements of its open transaction") + "\n"
    return Content.assemble("\n", (title, "$foreground-muted"), words)


def history_content(statements: Sequence[PastStatement] | Limitation, now: float) -> Content:
    """The statements of an open transaction, each with how long ago it began; or why there are none."""
    if isinstance(statements, Limitation):
        parts = (_("unknown"), _(statements.why), statements.grant and _(statements.grant))
        return _history_content(plain(": ".join(filter(None, parts)), 400))
    lines = [
        Content.assemble(
            (
                in_cells(
                    "?" if statement.began is None else wording.clock_words(now - statement.began),
                    9,
                    right=True,
                )
                + "  ",
                "$foreground-muted",
            ),
            _highlighted(" ".join(plain(statement.text, MAX_STATEMENT).split())),
        )
        for statement in statements
    ]
    return _history_content(
        Content("\n").join(lines) if lines else Content(_("The server has kept no statement."))
    )


def attributes_content(session: Session) -> Content:
    rows = [
        Content.assemble((f"{plain(name, 40):<24}", "$foreground-muted"), plain(value, 300))
        for name, value in session.attributes
    ]
    words = (
        Content("\n").join(rows)
        if rows
        else Content.styled(_("none, or not visible to this account"), "$foreground-muted")
    )
    return Content.assemble("\n", (_("connect attributes") + "\n", "$foreground-muted"), words)


def _idle_words(verdict: Verdict, now: float) -> str:
    session = verdict.session
    if not session.is_idle:
        return _("no, it runs a statement") if session.role == "client" else _("not counted")
    seconds = verdict.idle_seconds(now)
    if seconds is None:
        return _("yes, but the time that the server reports cannot be right")
    exact = (
        ""
        if session.idle_within < 0.5
        else _("  (± {seconds:g} s: the server counts whole seconds)", seconds=session.idle_within)
    )
    return f"{wording.clock_words(seconds)}{exact}"


def _stake_words(session: Session, now: float) -> str:
    transaction = session.transaction
    if transaction is None:
        return _("No open transaction. Not checked: table locks, temporary tables, prepared statements.")
    words = [_("an open transaction")]
    if transaction.started is not None:
        words.append(_("for {age}", age=wording.clock_words(max(0.0, now - transaction.started))))
    if transaction.rows_modified is not None:
        words.append(_("{rows} modified", rows=wording.rows(transaction.rows_modified)))
    if transaction.rows_locked is not None:
        words.append(_("{number:,} locked", number=transaction.rows_locked))
    if transaction.read_only:
        words.append(_("read-only"))
    return wording.facts(words)
