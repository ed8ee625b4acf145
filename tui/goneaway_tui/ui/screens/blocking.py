"""The blocking screen: a tree of the sessions that wait for locks, each below the session that holds its lock.

A session that waits for several others is below each of them, unless they are in one tree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.screen import Screen

from goneaway_tui.i18n import N_, NC_, _, ngettext
from goneaway_tui.model.blocking import NO_WAITS, Blocking, Lock, LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_LOCK_WAITS
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Basis, Snapshot, Verdict
from goneaway_tui.text.format import in_sentences
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.columns import UNBOUNDED, Column
from goneaway_tui.ui.copying import CopyItem, session_items
from goneaway_tui.ui.messages import RowChosen, post_if_disabled
from goneaway_tui.ui.screens.help import HelpScreen, help_rows
from goneaway_tui.ui.server_status import Freshness
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import KeyFooter, Static
from goneaway_tui.ui.widgets.summary import left_and_right

FOLDED_ABOVE, SHOWN_OF_MANY = 8, 5
"""If more waiters than this block no session, only the longest waits are shown; and how many of them."""
MAX_TREE_LINES = 12
"""Cells for the lines of the tree; a deeper row loses the lines of the outer levels."""
MAX_IDS = 8
"""Ids that a sentence lists; further ids are counted."""
MAX_LIMITATIONS = 2
WAIT_LIMITS = {LockKind.ROW: "innodb_lock_wait_timeout", LockKind.METADATA: "lock_wait_timeout"}
"""The variable that ends a wait. Each session has its own value, which no server shows to other sessions."""
KINDS = {LockKind.ROW: NC_("kind of lock", "row"), LockKind.METADATA: N_("metadata")}


# --- Words


def lock_words(lock: Lock) -> str:
    """`row shop.orders PRIMARY X`, for a cell."""
    return plain(" ".join(filter(None, (_(KINDS[lock.kind]), lock.table, lock.index, lock.mode))), 200)


def lock_sentence(lock: Lock) -> str:
    """`a row lock on shop.orders, index PRIMARY, mode X`."""
    kind = _("a row lock") if lock.kind is LockKind.ROW else _("a metadata lock")
    parts = [_("{lock} on {table}", lock=kind, table=plain(lock.table, 200)) if lock.table else kind]
    if lock.index:
        parts.append(_("index {index}", index=plain(lock.index, 100)))
    if lock.mode:
        parts.append(_("mode {mode}", mode=plain(lock.mode, 60)))
    return _(", ").join(parts)


def id_list(ids: Collection[ProcesslistId]) -> str:
    """`4803, 4804 and 3 more`."""
    shown = _(", ").join(map(str, sorted(ids)[:MAX_IDS]))
    further = len(ids) - MAX_IDS
    return _("{ids} and {number} more", ids=shown, number=further) if further > 0 else shown


def wait_limit(lock: Lock, sample: Sample) -> tuple[str, float] | None:
    """The variable that ends a wait for this lock, and its global value in seconds; None if that is not known."""
    name = WAIT_LIMITS[lock.kind]
    value = sample.variable(name)
    return None if value is None else (name, float(value))


def times_out_at(wait: LockWait, sample: Sample) -> float | None:
    """When a wait ends without its lock, if its session has the global limit; None where that is not known."""
    limit = wait_limit(wait.lock, sample)
    return None if limit is None or wait.since is None else wait.since + limit[1]


def wait_words(wait: LockWait, sample: Sample, now: float) -> str:
    """What a session waits for, since when, and when the wait times out."""
    lock = lock_sentence(wait.lock)
    words = (
        _("Waits for {lock}.", lock=lock)
        if wait.since is None
        else _("Waits {time} for {lock}.", time=wording.clock_words(now - wait.since), lock=lock)
    )
    holders = (
        _("Held by {ids}.", ids=id_list(wait.holders))
        if wait.holders
        else _("The server does not report which session holds it.")
    )
    limit, at = wait_limit(wait.lock, sample), times_out_at(wait, sample)
    if limit is None or at is None:
        return in_sentences([words, holders])
    times_out = _(
        "The wait times out in {left} ({variable} {limit}, assumed).",
        left=wording.countdown(at - now),
        variable=limit[0],
        limit=wording.limit_words(limit[1]),
    )
    return in_sentences([words, holders, times_out])


def ending_words(verdict: Verdict, now: float) -> str:
    """When a limit ends a session, and which limit, in a sentence; or that no limit ends it."""
    session, limit = verdict.session, verdict.limit
    if session.is_exempt:
        return _("Idle limits do not apply to this kind of session.")
    if not session.is_idle and session.role is Role.CLIENT:
        return _("No limit closes the session while it runs a statement.")
    if limit is None or (verdict.deadline is None and limit.basis is not Basis.DISPROVED):
        return _("The deadline of the session is not known.")
    fields = {
        "variable": limit.variable,
        "limit": wording.limit_words(limit.seconds),
        "basis": wording.basis_word(limit.basis),
    }
    if verdict.deadline is None:
        return _(
            "The deadline is not known: the session was idle longer than {variable} ({limit}).", **fields
        )
    if now >= verdict.deadline:
        return _("{variable} ({limit}, {basis}) has run out. The server closes the session now.", **fields)
    left = wording.countdown(verdict.deadline - now)
    return _(
        "{variable} ({limit}, {basis}) closes the session in {left} if it stays idle.", left=left, **fields
    )


def rollback_words(verdict: Verdict) -> str:
    """What the end of a session rolls back."""
    transaction = verdict.session.transaction
    if transaction is None:
        return _("No open transaction is visible.")
    if transaction.rows_modified is None:
        return _(
            "The end of the session rolls back its transaction. The number of modified rows is not known."
        )
    return ngettext(
        "The end of the session rolls back {number:,} modified row.",
        "The end of the session rolls back {number:,} modified rows.",
        transaction.rows_modified,
    )


def freed_words(blocking: Blocking, session: ProcesslistId, *, with_ids: bool = True) -> str:
    """Which sessions go on once a session has ended; empty if none waits for it. `with_ids`: name each session."""
    blocks, freed = blocking.blocks.get(session), blocking.freed_by((session,))
    if not freed:
        return _("After its end no session continues: each also waits for another session.") if blocks else ""
    if not with_ids and len(freed) == blocks:
        words = _("After its end all of them continue.")
    else:
        words = ngettext(
            "After its end {number:,} waiting session continues: {ids}.",
            "After its end {number:,} waiting sessions continue: {ids}.",
            len(freed),
            ids=id_list(freed),
        )
    return in_sentences([words, at_once_words(blocking, (session,), len(freed))])


def at_once_words(blocking: Blocking, ended: Collection[ProcesslistId], freed: int) -> str:
    """How many of the freed sessions get their lock at once; empty if all of them do."""
    at_once = blocking.freed_at_once(ended)
    if at_once >= freed:
        return ""
    return ngettext(
        "{number:,} of them immediately, the others when the transactions before them end.",
        "{number:,} of them immediately, the others when the transactions before them end.",
        at_once,
    )


def row_wait_words(session: ProcesslistId, snapshot: Snapshot) -> str:
    """When waits for rows of a session time out; empty if none of its waiters waits for a row."""
    blocking = snapshot.blocking or NO_WAITS
    waits = (blocking.waits.get(waiter) for waiter in blocking.waiters.get(session, ()))
    lock = next((wait.lock for wait in waits if wait is not None and wait.lock.kind is LockKind.ROW), None)
    limit = None if lock is None else wait_limit(lock, snapshot.sample)
    if limit is None:
        return ""
    return _(
        "A wait for a row lock times out after {limit} ({variable}, assumed).",
        limit=wording.limit_words(limit[1]),
        variable=limit[0],
    )


# --- The tree


class RowKind(Enum):
    SESSION = "session"
    FOLD = "fold"
    """The row for the hidden waiters."""
    UNFOLDED = "unfolded"
    """The row below unfolded waiters, to fold them again."""
    UNKNOWN = "unknown"
    """The row for holders that the server does not report."""


@dataclass(frozen=True, slots=True, eq=False)
class TreeRow:
    """One line of the tree."""

    kind: RowKind
    snapshot: Snapshot
    """The snapshot of its server."""
    key: tuple[object, ...]
    lines: str = ""
    """The lines of the tree in front of it."""
    session: ProcesslistId | None = None
    is_root: bool = False
    hidden: tuple[ProcesslistId, ...] = ()
    """The sessions that a row of kind FOLD stands for, the longest wait first."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of its session; None also if the server does not list the session for this account."""
        return None if self.session is None else self.snapshot.by_id.get(self.session)

    @property
    def blocking(self) -> Blocking:
        return self.snapshot.blocking or NO_WAITS

    @property
    def wait(self) -> LockWait | None:
        """The lock wait of its session; for folded waiters, that of the first, if all wait for the same lock."""
        waits = self.blocking.waits
        if self.session is not None:
            return waits.get(self.session)
        locks = {waits[session].lock for session in self.hidden}
        return waits[self.hidden[0]] if len(locks) == 1 else None

    @property
    def blocks(self) -> int | None:
        if self.kind is RowKind.UNKNOWN or self.session is None:
            return None
        return self.blocking.blocks.get(self.session, 0)


def tree_rows(snapshot: Snapshot, unfolded: Collection[Hashable] = ()) -> list[TreeRow]:
    """The rows of one server, the session that blocks most first. `unfolded`: keys of the opened rows of kind FOLD."""
    blocking = snapshot.blocking
    if blocking is None:
        return []
    rows: list[TreeRow] = []
    for root in blocking.roots:
        key = (snapshot.server_name, root, root)
        rows.append(TreeRow(RowKind.SESSION, snapshot, key, session=root, is_root=True))
        rows += _rows_below_root(snapshot, blocking, root, blocking.waiters[root], unfolded)
    orphans = sorted(
        waiter for waiter, wait in blocking.waits.items() if not any(h != waiter for h in wait.holders)
    )
    if orphans:
        rows.append(TreeRow(RowKind.UNKNOWN, snapshot, (snapshot.server_name, None), is_root=True))
        rows += _rows_below_root(snapshot, blocking, None, orphans, unfolded)
    return rows


def _rows_below_root(
    snapshot: Snapshot,
    blocking: Blocking,
    root: ProcesslistId | None,
    waiters: Iterable[ProcesslistId],
    unfolded: Collection[Hashable],
) -> Iterator[TreeRow]:
    """The rows below a root, depth first; each session once."""
    listed = {root}

    def claimed(parent: ProcesslistId | None, waiting: Iterable[ProcesslistId]) -> list[TreeRow]:
        new_sessions = [session for session in dict.fromkeys(waiting) if session not in listed]
        listed.update(new_sessions)
        key = (snapshot.server_name, root, parent)
        return _fold_waiters(snapshot, blocking, new_sessions, key, unfolded)

    children = claimed(root, waiters)
    pending = [("", index == 0, row) for index, row in enumerate(reversed(children))]
    while pending:
        lines, is_last, row = pending.pop()
        yield _with_lines(row, lines + ("└ " if is_last else "├ "))
        if row.session is None:
            continue
        children = claimed(row.session, blocking.waiters.get(row.session, ()))
        lines += "  " if is_last else "│ "
        pending += [(lines, index == 0, child) for index, child in enumerate(reversed(children))]


def _with_lines(row: TreeRow, lines: str) -> TreeRow:
    prefix = lines if len(lines) <= MAX_TREE_LINES else "…" + lines[1 - MAX_TREE_LINES :]
    return TreeRow(row.kind, row.snapshot, row.key, prefix, row.session, hidden=row.hidden)


def _fold_waiters(
    snapshot: Snapshot,
    blocking: Blocking,
    sessions: Sequence[ProcesslistId],
    key: tuple[object, ...],
    unfolded: Collection[Hashable],
) -> list[TreeRow]:
    """A row for each session. Many that block no session become rows for the longest waits, and one for the rest."""
    server, root, _parent = key
    fold_key = (*key, RowKind.FOLD)
    leaves = [session for session in sessions if session not in blocking.waiters]
    is_many = len(leaves) > FOLDED_ABOVE
    hidden = tuple(leaves[SHOWN_OF_MANY:]) if is_many and fold_key not in unfolded else ()
    left_out = set(hidden)
    rows = [
        TreeRow(RowKind.SESSION, snapshot, (server, root, session), session=session)
        for session in sessions
        if session not in left_out
    ]
    if hidden:
        rows.append(TreeRow(RowKind.FOLD, snapshot, fold_key, hidden=hidden))
    elif is_many:
        rows.append(TreeRow(RowKind.UNFOLDED, snapshot, (*key, RowKind.UNFOLDED)))
    return rows


# --- The columns


def _session_cell(row: TreeRow, *_args: object) -> str:
    match row.kind:
        case RowKind.FOLD:
            return row.lines + _("{number:,} more", number=len(row.hidden))
        case RowKind.UNFOLDED:
            return row.lines + _("show fewer")
        case RowKind.UNKNOWN:
            return _("holder not known")
    user = _("(not listed)") if row.verdict is None else plain(row.verdict.session.user, 60)
    return f"{row.lines}{row.session} {user}"


def _state_cell(row: TreeRow, now: float, _room: int) -> str:
    """`waits 0:48`, `idle 4:12`, `runs 0:03`."""
    wait, verdict = row.wait, row.verdict
    if wait is not None:
        if wait.since is None:
            return _("waits")
        time = wording.clock_words(now - wait.since)
        return _("up to {time}", time=time) if row.hidden else _("waits {time}", time=time)
    if verdict is None:
        return ""
    if verdict.session.is_idle:
        return _("idle {time}", time=wording.idle(verdict, now))
    seconds = verdict.busy_seconds(now)
    return "" if seconds is None else _("runs {time}", time=wording.clock_words(seconds))


def _lock_cell(row: TreeRow, _now: float, room: int) -> str:
    """The lock that the session waits for; for a root, what its end rolls back."""
    if row.wait is not None:
        return lock_words(row.wait.lock)
    return wording.stake_within(row.verdict.session, room) if row.verdict is not None else ""


def _ends_in_cell(row: TreeRow, now: float, room: int) -> str:
    """The time until a limit ends the session; for a waiter, until its wait times out."""
    verdict, wait = row.verdict, row.wait
    if wait is not None:
        at = times_out_at(wait, row.snapshot.sample)
        return (
            ""
            if at is None or row.hidden
            else wording.time_within(wording.countdown(at - now), at - now, room)
        )
    if verdict is None:
        return ""
    if not verdict.session.is_idle or verdict.session.own:
        return _("no limit")
    return wording.time_within(wording.closes_in(verdict, now), verdict.seconds_left(now), room)


def _client_cell(row: TreeRow, _now: float, room: int) -> str:
    return "" if row.verdict is None else wording.client(row.verdict.session, room)


def _program_cell(row: TreeRow, *_args: object) -> str:
    return "" if row.verdict is None else wording.program(row.verdict.session)


def _statement_cell(row: TreeRow, *_args: object) -> str:
    return "" if row.verdict is None else wording.statement(row.verdict)


def _tint(row: TreeRow) -> str:
    """The component class: red for an idle root, since only a limit or its client ends the wait."""
    if row.kind is not RowKind.SESSION:
        return "lines--quiet"
    if row.wait is not None or row.verdict is None:
        return "lines--calm"
    return "lines--imminent" if row.verdict.session.is_idle else "lines--busy"


def _lock_tint(row: TreeRow) -> str:
    if row.kind is not RowKind.SESSION:
        return "lines--quiet"
    return "lines--stake" if row.wait is None else "lines--calm"


def _end_tint(row: TreeRow) -> str:
    return _tint(row) if row.wait is None else "lines--quiet"


def _no_order(_row: TreeRow) -> None:
    """No sort key: the rows of a tree are not sorted."""


TREE_COLUMNS: tuple[Column[TreeRow], ...] = (
    Column("session", N_("Session"), _session_cell, _no_order, min_width=20, max_width=36, rank=0, tinted=True),
    Column("state", N_("State"), _state_cell, _no_order, min_width=13, max_width=16, rank=0, tinted=True, ticking=True),
    Column("blocks", N_("Blocks"), lambda row, *_: f"{row.blocks:,}" if row.blocks else "", _no_order, min_width=6, max_width=7, rank=1, right=True),
    Column("lock", N_("Waits for / at stake"), _lock_cell, _no_order, min_width=22, max_width=44, rank=0, tint=_lock_tint),
    Column("end", N_("Ends in"), _ends_in_cell, _no_order, min_width=10, max_width=13, rank=2, right=True, tint=_end_tint, ticking=True),
    Column("client", N_("Client"), _client_cell, _no_order, min_width=12, max_width=22, rank=5),
    Column("program", N_("Program"), _program_cell, _no_order, min_width=9, max_width=16, rank=4),
    Column("statement", N_("Statement"), _statement_cell, _no_order, min_width=17, max_width=UNBOUNDED, rank=3),
)  # fmt: skip


def _server_column(names: Sequence[str]) -> tuple[Column[TreeRow], ...]:
    """The column of the server's name; none for a single server."""
    if len(names) < 2:
        return ()
    width = min(20, max(6, *map(len, names)))
    return (
        Column("server", N_("Server"), lambda row, *_: plain(row.snapshot.server_name, 60), _no_order, min_width=6, max_width=width, rank=0),
    )  # fmt: skip


# --- The screen

KEYS = (
    (N_("arrows page home end"), N_("Move the cursor")),
    ("enter", N_("Show the session's details; on a folded line, show or hide the other waiting sessions")),
    ("k", N_("Kill the session under the cursor")),
    ("y", N_("Copy the id, the row, the statement, the client or the KILL statement")),
    ("esc, b, q", N_("Return to the board")),
)


class BlockingScreen(Screen[None]):
    """Follows each snapshot. `k` kills the session under the cursor, or those that are marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "app.kill", "kill", id="blocking.kill"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("question_mark", "help", "help", key_display="?", id="blocking.help"),
        Binding("escape,b,q", "app.pop_screen", "back", id="blocking.back"),
    ]

    rows: query_one[LineTable[TreeRow]] = query_one("#blocking", LineTable)

    def __init__(
        self,
        snapshots: Callable[[], Sequence[Snapshot]],
        freshness: Callable[[], Freshness],
        names: Sequence[str],
        follow_server: Callable[[str], object],
    ) -> None:
        """`snapshots` returns the newest snapshot of each server. `names`: the names of the servers.

        `follow_server` gets the server of the row under the cursor, if there are several servers.
        """
        super().__init__()
        self._snapshots, self._freshness = snapshots, freshness
        self._names, self._follow_server = names, follow_server
        self._drawn_snapshots: Sequence[Snapshot] | None = None
        self._unfolded: set[Hashable] = set()
        self._now = 0.0
        self._freed_cache: tuple[TreeRow | None, str] = None, ""
        """A row, and which sessions go on once its session has ended."""

    def compose(self) -> ComposeResult:
        yield Static(id="totals", classes="one")
        yield LineTable((*_server_column(self._names), *TREE_COLUMNS), lambda r: r.key, _tint, id="blocking")
        yield Static(id="prediction")
        yield Static(id="lacks")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.rows.focus()
        self.watch(self.rows, "cursor_key", self._follow_cursor, init=False)
        if isinstance(self.app, MonitorApp):
            self._draw(self.app.now)

    def on_screen_resume(self) -> None:
        if isinstance(self.app, MonitorApp):
            self._draw(self.app.now)

    def on_resize(self) -> None:
        if self._is_composed:
            self._draw_title()

    def on_key(self, event: events.Key) -> None:
        post_if_disabled(self, event)

    def follow_snapshot(self, snapshot: Snapshot | None, ended_count: int, now: float) -> None:  # noqa: ARG002 - the shape of all
        """Draw the newest snapshots of all servers."""
        self._draw(now)

    def chosen_sessions(self) -> list[Verdict]:
        """The marked sessions, or the one under the cursor: those that `k` kills."""
        marked = [row for row in self.rows.rows if row.key in self.rows.marks]
        current = self.rows.cursor_row
        chosen = marked or ([] if current is None else [current])
        by_session = {
            (row.snapshot.server_name, row.session): row.verdict for row in chosen if row.verdict is not None
        }
        return list(by_session.values())

    def copy_items(self) -> list[CopyItem]:
        whole = "\n".join(
            "  ".join(filter(None, (column.cell(row, self._now, UNBOUNDED) for column in TREE_COLUMNS)))
            for row in self.rows.rows
        )
        return [*session_items(self.chosen_sessions(), self._now), CopyItem("all", whole)]

    def action_help(self) -> None:
        self.app.push_screen(HelpScreen(self.key_words(), page="blocking"))

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return help_rows(KEYS)

    # --- Drawing

    @property
    def _is_composed(self) -> bool:
        """Whether its widgets exist: a snapshot may arrive before they are composed, and while the app ends."""
        return len(self.query("#totals, #blocking, #prediction, #lacks")) == 4

    def _draw(self, now: float) -> None:
        if not self._is_composed:
            return
        self._now = now
        snapshots = self._snapshots()
        if self._drawn_snapshots is None or [*map(id, self._drawn_snapshots)] != [*map(id, snapshots)]:
            self._drawn_snapshots = snapshots
            self._draw_rows()
        self.rows.tick(now)
        self._draw_title()
        self._draw_prediction()

    def _draw_rows(self) -> None:
        snapshots = self._drawn_snapshots or ()
        rows = [row for snapshot in snapshots for row in tree_rows(snapshot, self._unfolded)]
        self.rows.marks &= {row.key for row in rows}
        self.rows.set_empty_text(self._empty_text(snapshots))
        self.rows.show(rows, self._now)
        limitations = self.query_one("#lacks", Static)
        lines = list(limitation_lines(snapshots))
        limitations.update(Content("\n").join(Content.styled(line, "$text-warning") for line in lines))
        limitations.display = bool(lines)

    def _empty_text(self, snapshots: Sequence[Snapshot]) -> str:
        if not snapshots:
            return _("Reading the sessions ...")
        if any(snapshot.blocking is None for snapshot in snapshots):
            return _("This account cannot see which sessions wait for locks.")
        return _("No session waits for a lock.")

    def _draw_title(self) -> None:
        freshness = self._freshness()
        name = plain(self._names[0], 60) if len(self._names) == 1 else ""
        tally = tally_words(self._drawn_snapshots or (), self._now)
        left = [(_("lock waits"), "bold $text-primary")]
        left += [(f"  {words}", style) for words, style in ((tally, "bold"), (name, "")) if words]
        right = [(f" {_(freshness.words)}", freshness.style)]
        self.query_one("#totals", Static).update(left_and_right(left, right, max(0, self.size.width - 2)))

    def _draw_prediction(self) -> None:
        """Show what ends the wait of the row under the cursor, and which sessions go on then."""
        row = self.rows.cursor_row
        pane = self.query_one("#prediction", Static)
        lines = [] if row is None else self._prediction(row)
        pane.update(Content("\n").join(lines))
        pane.display = bool(lines)

    def _prediction(self, row: TreeRow) -> list[Content]:
        verdict, wait, sample = row.verdict, row.wait, row.snapshot.sample
        if row.kind is RowKind.FOLD:
            return [
                Content(
                    _("Press enter to show the {number:,} other waiting sessions.", number=len(row.hidden))
                )
            ]
        if row.kind is RowKind.UNFOLDED:
            return [Content(_("Press enter to show only the longest waits."))]
        if row.session is None or verdict is None:
            return [Content(_("The server does not report which session holds the locks."))]
        session = verdict.session
        title = (str(session.id), plain(f"{session.user}@{session.host}", 100), wording.program(session))
        parts = [
            wait_words(wait, sample, self._now) if wait is not None else ending_words(verdict, self._now)
        ]
        if wait is None:
            parts += [rollback_words(verdict), row_wait_words(session.id, row.snapshot)]
        elif row.is_root:
            parts.append(_("The sessions wait for each other."))
        lines = [
            Content.styled("  ".join(filter(None, title)), "bold"),
            Content(in_sentences(parts)),
            Content.styled(self._freed_words(row), "$text-accent"),
            Content.styled(wording.statement(verdict), "$foreground-muted").truncate(
                max(0, self.size.width - 2), ellipsis=True
            ),
        ]
        return [line for line in lines if line.plain]

    def _freed_words(self, row: TreeRow) -> str:
        """`freed_words` of a row, cached: a new snapshot has new rows."""
        if self._freed_cache[0] is not row:
            words = "" if row.session is None else freed_words(row.blocking, row.session)
            self._freed_cache = row, words
        return self._freed_cache[1]

    def _follow_cursor(self) -> None:
        row = self.rows.cursor_row
        if row is not None and row.snapshot.server_name:
            self._follow_server(row.snapshot.server_name)
        self._draw_prediction()

    @on(RowChosen)
    def _open(self) -> None:
        """Open a session's details, or show or fold many waiters."""
        row = self.rows.cursor_row
        if row is None:
            return
        if row.kind in {RowKind.FOLD, RowKind.UNFOLDED}:
            self._unfolded ^= {(*row.key[:3], RowKind.FOLD)}
            self._draw_rows()
            self._draw_prediction()
        elif row.verdict is not None and isinstance(self.app, MonitorApp):
            self.app.show_session(row.verdict, self._listed)

    def _listed(self) -> list[Verdict]:
        """The sessions of the tree, each once."""
        rows = self.rows.rows
        by_session = {(r.snapshot.server_name, r.session): r.verdict for r in rows if r.verdict is not None}
        return list(by_session.values())


def tally_words(snapshots: Iterable[Snapshot], now: float) -> str:
    """How many sessions wait for locks, and how long the longest wait is."""
    waits = [wait for snapshot in snapshots for wait in (snapshot.blocking or NO_WAITS).waits.values()]
    if not waits:
        return ""
    words = ngettext("{number:,} session waits", "{number:,} sessions wait", len(waits))
    since = min((wait.since for wait in waits if wait.since is not None), default=None)
    if since is None:
        return words
    return _("{waits}, the longest for {time}", waits=words, time=wording.clock_words(now - since))


def limitation_lines(snapshots: Iterable[Snapshot]) -> Iterator[str]:
    """Why waits or holders of locks are hidden, and the grant that shows them; at most `MAX_LIMITATIONS` for a server."""
    for snapshot in snapshots:
        limitations = snapshot.sample.limitations
        relevant = [limitation for limitation in limitations if limitation.what in HIDES_LOCK_WAITS]
        if not relevant and (snapshot.blocking is None or not snapshot.blocking.is_complete):
            relevant = [limitation for limitation in limitations if limitation.grant]
        for limitation in relevant[:MAX_LIMITATIONS]:
            parts = (plain(snapshot.server_name, 60), _(limitation.what),
                     plain(_(limitation.why), 300), plain(_(limitation.grant or ""), 300))  # fmt: skip
            yield f"! {wording.labelled(*parts)}"
