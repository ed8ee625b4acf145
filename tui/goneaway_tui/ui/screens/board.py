"""The main screen: every session with its limit, the next closing first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.filters import (
    GROUPINGS,
    NO_FILTER,
    SessionGroup,
    filter_term,
    group_by,
    parse_filter,
)
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.columns import (
    GROUP_COLUMNS,
    RISK_TINTS,
    SESSION_COLUMNS,
    Column,
    SessionKey,
    session_key,
    sorted_rows,
)
from goneaway_tui.ui.copying import CopyItem, group_items, session_items
from goneaway_tui.ui.messages import (
    RowChosen,
    RowMarked,
    empty_line,
    filter_line,
    limitations_line,
    post_if_disabled,
)
from goneaway_tui.ui.screens.dialogs import ChooserScreen
from goneaway_tui.ui.screens.help import HelpPart, HelpScreen, board_keys, tune_bindings
from goneaway_tui.ui.server_status import CONNECTING, Freshness
from goneaway_tui.ui.visible_rows import VisibleRows
from goneaway_tui.ui.widgets.line_table import LineTable
from goneaway_tui.ui.widgets.plain_text import Field, FooterPlan, KeyFooter, Static
from goneaway_tui.ui.widgets.summary import NO_MARKS, MarkedCount, SummaryHeader
from goneaway_tui.ui.wording import grouping_word

MAIN_KEYS = (
    "table.choose", "board.filter", "table.mark", "board.kill", "board.doctor", "board.ledger", "board.tune", "board.help",
)  # fmt: skip
LESS_USED_KEYS = (
    "board.blocking", "board.sort", "board.group", "board.mark_all", "tune.wait_timeout", "board.undo", "board.freeze",
    "board.export", "board.variables", "app.copy", "board.quit", "tune.interactive_timeout", "tune.max_allowed_packet",
)  # fmt: skip
SERVER_COLUMN = "server"
"""The column, the grouping and the filter field that a single server does not have."""


class BoardScreen(Screen[None]):
    """Shows the snapshot of the app, filtered, sorted and grouped."""

    AUTO_FOCUS = "#sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="board.filter"),
        Binding("question_mark", "help", "help", key_display="?", id="board.help"),
        Binding("q", "app.quit", "quit", id="board.quit"),
        *tune_bindings(),
        Binding("k", "app.kill", "kill", id="board.kill"),
        Binding("b", "app.blocking", "blocking", id="board.blocking"),
        Binding("R", "app.rules", "rules", show=False, id="board.rules"),
        Binding("l", "app.ledger", "ledger", id="board.ledger"),
        Binding("d", "app.doctor", "doctor", id="board.doctor"),
        Binding("t", "app.tunables", "limits", id="board.tune"),
        Binding("u", "app.undo", "undo", id="board.undo"),
        Binding("e", "app.export", "export", id="board.export"),
        Binding("s", "sort", "sort", id="board.sort"),
        Binding("g", "group", "group", id="board.group"),
        Binding("A", "mark_all", "mark all", id="board.mark_all"),
        Binding("f", "app.freeze", "freeze", id="board.freeze"),
        Binding("v", "app.variables", "vars", id="board.variables"),
        Binding("r", "app.topology", "topology", show=False, id="board.relatives"),
        Binding("y", "app.copy", "copy", id="app.copy"),
        Binding("escape", "leave", "back", show=False, id="board.leave"),
    ]
    DOCS_PAGE: ClassVar[str] = "board"
    HELP_PARTS: ClassVar[tuple[HelpPart, ...]] = tuple(HelpPart)
    FOOTER_IDS: ClassVar[tuple[str, ...]] = (*MAIN_KEYS, *LESS_USED_KEYS)
    """The keys of the footer in order, by the ids of their bindings. A narrow footer leaves out the last."""

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False)
    now: reactive[float] = reactive(0.0, repaint=False)
    freshness: reactive[Freshness] = reactive(CONNECTING, repaint=False)
    trouble: reactive[str] = reactive("", repaint=False)
    access: reactive[str] = reactive("", repaint=False)
    """What this run can do to the active server, as a word that is not translated yet."""
    is_recording: reactive[bool] = reactive(False, repaint=False)
    marked_sessions: reactive[MarkedCount] = reactive(NO_MARKS, repaint=False)

    summary = query_one("#summary", SummaryHeader)
    sessions: query_one[LineTable[Verdict]] = query_one("#sessions", LineTable)
    groups: query_one[LineTable[SessionGroup]] = query_one("#groups", LineTable)
    field = query_one("#filter", Input)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._server_name = name
        self._columns: tuple[Column[Verdict], ...] = SESSION_COLUMNS
        self._groupings = [by for by in GROUPINGS if by != SERVER_COLUMN]
        self._filter_error = ""
        self._drawn_notice = ("", "")
        self._visible = VisibleRows("left")
        self._grouped = ""
        self._opened_group: tuple[str, str] | None = None
        """The grouping and the filter before a group was opened; esc restores them."""
        self._group_sort, self._group_reverse = "left", False

    def compose(self) -> ComposeResult:
        yield SummaryHeader(self._server_name, id="summary").data_bind(
            BoardScreen.snapshot,
            BoardScreen.now,
            BoardScreen.freshness,
            BoardScreen.access,
            BoardScreen.is_recording,
            BoardScreen.marked_sessions,
        )
        yield Static(id="notice")
        yield Field(
            placeholder=_("filter: shop  user:shop  idle>10m  blocked:yes  risk:imminent  -program:cron"),
            id="filter",
            select_on_focus=False,  # text typed right after the slash must not be replaced
        )
        yield LineTable(
            self._columns, session_key, lambda v: RISK_TINTS[v.risk], id="sessions", can_mark=True
        )
        yield LineTable(GROUP_COLUMNS, lambda g: g.key, lambda _: "", id="groups", can_mark=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._draw_notice()

    def watch_snapshot(self) -> None:
        self._draw()

    def watch_now(self, now: float) -> None:
        self._table.tick(now)

    def watch_trouble(self) -> None:
        self._draw_notice()

    def chosen_sessions(self) -> list[Verdict]:
        """The marked sessions, first those that a filter hides; without marks, the sessions of the row under the cursor."""
        marked = self._marked_sessions()
        if marked:
            return marked
        if self._grouped:
            return self._in_group(self.groups.cursor_key)
        current = self.sessions.cursor_row
        return [] if current is None else [current]

    def _marked_sessions(self) -> list[Verdict]:
        """The marked sessions of the shown servers: those that the filter hides, then the visible ones in their order."""
        marks = self.sessions.marks
        if not marks:
            return []
        hidden = [verdict for verdict in self._marked_verdicts() if not self._visible.shows(verdict)]
        return [*hidden, *(v for v in self.sessions.rows if session_key(v) in marks)]

    def _marked_verdicts(self) -> Iterator[Verdict]:
        """The marked sessions of the shown servers, in no order. The cost depends only on the number of marks."""
        snapshots = {snapshot.server_name: snapshot for snapshot in self._shown_snapshots()}
        for server_name, number in cast("set[SessionKey]", self.sessions.marks):
            snapshot = snapshots.get(server_name)
            verdict = None if snapshot is None else snapshot.by_id.get(number)
            if verdict is not None:
                yield verdict

    def _in_group(self, key: Hashable) -> list[Verdict]:
        """The visible sessions of one row of the grouped view."""
        key_of = GROUPINGS[self._grouped]
        return [v for v in self.sessions.rows if key_of(v) == key]

    def clear_marks(self) -> None:
        self.sessions.clear_marks()
        self._show_marks()

    @on(RowMarked)
    def _row_marked(self, event: RowMarked) -> None:
        if self._grouped:
            self._mark_group(event.key)
        self._show_marks()

    def _mark_group(self, key: Hashable) -> None:
        """Mark all sessions of a group; if all are marked, unmark them."""
        members = {session_key(v) for v in self._in_group(key)}
        marks = self.sessions.marks
        self.sessions.marks = marks - members if members <= marks else marks | members

    def action_mark_all(self) -> None:
        """Mark all visible sessions; if all are marked, unmark them. While the filter cannot be read, these are others than meant."""
        if self._filter_error:
            self.notify(_("Correct the filter first: no filter applies now."), severity="warning")
            return
        keys = {session_key(v) for v in self.sessions.rows}
        marks = self.sessions.marks
        self.sessions.marks = marks - keys if keys <= marks else marks | keys
        self._show_marks()

    def _show_marks(self) -> None:
        self._count_marks()
        self._table.tick(self.now)

    def _count_marks(self) -> None:
        """Count the marks, and mark each group whose sessions are all marked."""
        number = hidden = 0
        for verdict in self._marked_verdicts():
            number += 1
            hidden += not self._visible.shows(verdict)
        self.marked_sessions = MarkedCount(number, hidden)
        if self._grouped:
            self.groups.marks = self._marked_groups()

    def watch_marked_sessions(self) -> None:
        self._show_footer()

    def _show_footer(self) -> None:
        if self.is_mounted:
            self.query_one(KeyFooter).show_plan(self.footer_plan())

    def footer_plan(self) -> FooterPlan:
        """The keys of the footer; other keys while the filter has the focus, and while sessions are marked."""
        if self.field.has_focus:
            return FooterPlan((("enter", N_("keep")), ("board.leave", N_("clear"))))
        number = self.marked_sessions.number
        if number:
            leaves_first = self.field.display or self._grouped
            marked_keys = (("board.kill", ""), ("board.leave", N_("back") if leaves_first else N_("clear")))
            return FooterPlan(marked_keys, _("{number:,} marked:", number=number))
        words = {"table.choose": N_("open") if self._grouped else ""}
        keys = tuple((key, words.get(key, "")) for key in self.FOOTER_IDS)
        return FooterPlan(keys, always="board.help")

    def _marked_groups(self) -> set[Hashable]:
        marks, key_of = self.sessions.marks, GROUPINGS[self._grouped]
        if not marks:
            return set()
        unmarked: set[Hashable] = {key_of(v) for v in self.sessions.rows if session_key(v) not in marks}
        groups: set[Hashable] = {group.key for group in self.groups.rows}
        return groups - unmarked

    def _markable_snapshots(self) -> list[Snapshot]:
        """The snapshots whose sessions can have marks."""
        return self._shown_snapshots()

    def _forget_ended(self) -> None:
        """Remove the marks of sessions that ended. A session that the filter hides keeps its mark."""
        if self.sessions.marks:
            by_server = {snapshot.server_name: snapshot.by_id for snapshot in self._markable_snapshots()}
            self.sessions.marks = {
                key
                for key in cast("set[SessionKey]", self.sessions.marks)
                if key[1] in by_server.get(key[0], ())
            }

    def copy_items(self) -> list[CopyItem]:
        group = self.groups.cursor_row if self._grouped else None
        return (
            session_items(self.chosen_sessions(), self.now) if group is None else group_items(group, self.now)
        )

    def on_key(self, event: events.Key) -> None:
        """Let a disabled key show why it is disabled."""
        post_if_disabled(self, event)

    def _shown_snapshots(self) -> list[Snapshot]:
        """The snapshots whose sessions are rows."""
        return [] if self.snapshot is None else [self.snapshot]

    def _draw(self) -> None:
        self._draw_rows()
        self._draw_notice()
        self._show_footer()

    def _draw_rows(self) -> None:
        if not self.is_mounted:
            return
        self._forget_ended()
        rows = self._visible.follow(*self._shown_snapshots())
        self.groups.display = bool(self._grouped)  # before it gets the focus
        self.sessions.display = not self._grouped
        self.sessions.show(rows, self.now, self._visible.column, reverse=self._visible.reverse)
        if self._grouped:
            groups = sorted_rows(
                group_by(self._grouped, rows), GROUP_COLUMNS, self._group_sort, reverse=self._group_reverse
            )
            self.groups.show(groups, self.now, self._group_sort, reverse=self._group_reverse)
            self._show_marks()
        else:
            self._count_marks()

    def _draw_notice(self) -> None:
        """Draw one line: the trouble of the server, else the error of the filter, else what is filtered or not visible."""
        if not self.is_mounted:
            return
        for table in (self.sessions, self.groups):
            table.set_empty_text(
                empty_line(self._shown_snapshots(), self._visible.filter.text, self._server_trouble())
            )
        if self._notice() == self._drawn_notice:
            return
        words, css_class = self._drawn_notice = self._notice()
        line = self.query_one("#notice", Static)
        line.update(Content(words))
        line.set_classes(css_class)
        line.display = bool(words)

    def _notice(self) -> tuple[str, str]:
        trouble = self._server_trouble()
        if trouble:
            return f"✖ {trouble}", "trouble"
        if self._filter_error:
            return f"▲ {self._filter_error}  ·  {_('no filter applies now')}", "warning"
        if self.snapshot is None:
            return "", ""
        active_filter, only = self._visible.filter, self._only_server()
        if active_filter.tests or self._grouped or only:
            counts = (
                len(self.sessions.rows),
                sum(len(snapshot.verdicts) for snapshot in self._shown_snapshots()),
            )
            text = active_filter.text if active_filter.tests else ""
            line, warning = filter_line(text, counts, self._grouped, only), active_filter.warning
            return (f"▲ {plain(warning)}  ·  {line}", "warning") if warning else (line, "quiet")
        return self._limitations_words(), "warning"

    def _limitations_words(self) -> str:
        """What this account cannot see, in one line."""
        return "" if self.snapshot is None else limitations_line(self.snapshot.sample.limitations)

    def _server_trouble(self) -> str:
        """The trouble of the server, in one line."""
        return self.trouble

    def _only_server(self) -> str:
        """The single server of several that is shown; empty if all are shown."""
        return ""

    def action_filter(self) -> None:
        self.field.display = True
        self.set_focus(self.field)  # at once: the next key may be in the same burst

    def show_filtered(self, text: str) -> None:
        """Show the sessions that a filter matches, without groups; esc clears the filter."""
        self._grouped, self._opened_group = "", None
        self.field.value = text
        self.field.display = True
        self._draw()
        self._table.focus()

    @on(Input.Changed, "#filter")
    def _apply_filter(self, event: Input.Changed) -> None:
        self._filter_error = ""
        try:
            self._visible.filter = parse_filter(event.value)
        except ValueError as error:
            self._visible.filter, self._filter_error = NO_FILTER, str(error)
        self.sessions.to_top()
        self._draw()

    @on(Input.Submitted, "#filter")
    def _keep_filter(self) -> None:
        self.field.display = bool(self.field.value)
        if not self.field.value:
            self._opened_group = None
        self._table.focus()

    def action_leave(self) -> None:
        """Close what was opened last: a group, the filter, the grouping; then remove the marks."""
        if self._opened_group is not None:
            self._grouped, self.field.value = self._opened_group
            self.field.display = bool(self.field.value)
            self._opened_group = None
        elif self.field.display:
            self.field.value = ""
            self.field.display = False
        elif self._grouped:
            self._grouped = ""
        else:
            self.clear_marks()
        self._draw()
        self._table.focus()

    def action_sort(self) -> None:
        if self._grouped:
            options, current = [(c.id, _(c.heading)) for c in GROUP_COLUMNS], self._group_sort
        else:
            options, current = (
                [(c.id, _(c.heading)) for c in self._columns if c.heading],
                self._visible.column,
            )
        self.app.push_screen(ChooserScreen(_("sort by (again: reverse)"), options, current), self._sort_by)

    @on(LineTable.HeadingPressed)
    def _heading_pressed(self, event: LineTable.HeadingPressed) -> None:
        self._sort_by(event.column)

    def _sort_by(self, column: str | None) -> None:
        if column is None:
            return
        if self._grouped:
            self._group_reverse = column == self._group_sort and not self._group_reverse
            self._group_sort = column
            self.groups.to_top()
            self._draw_rows()
            return
        self._visible.sort_by(column)
        self.sessions.to_top()
        self._draw_rows()

    def action_group(self) -> None:
        options = [("", _("no grouping")), *((by, grouping_word(by)) for by in self._groupings)]
        self.app.push_screen(ChooserScreen(_("group by"), options, self._grouped), self._group_by)

    def _group_by(self, by: str | None) -> None:
        if by is None:
            return
        self._grouped, self._opened_group = by, None
        self.groups.to_top()
        self._draw()
        self._table.focus()

    @property
    def _table(self) -> LineTable[Any]:
        return self.groups if self._grouped else self.sessions

    @on(RowChosen)
    def _open(self, event: RowChosen) -> None:
        if self._grouped:
            self._filter_by_group(str(event.key))
            return
        verdict = self.sessions.cursor_row
        if verdict is not None and isinstance(self.app, MonitorApp):
            self.app.show_session(verdict, lambda: self.sessions.rows)

    def _filter_by_group(self, key: str) -> None:
        """Show the sessions of a group, by adding the group to the filter, where the user can change it."""
        self._opened_group = self._grouped, self.field.value
        self.field.value = f"{self.field.value} {filter_term(self._grouped, plain(key))}".strip()
        self._grouped = ""
        self.field.display = True
        self._draw_rows()
        self._table.focus()

    def action_help(self) -> None:
        self.app.push_screen(
            HelpScreen(self.key_words(), self.snapshot, page=self.DOCS_PAGE, parts=self.HELP_PARTS)
        )

    def key_words(self) -> list[tuple[str, str]]:
        """The keys of this screen, for the help."""
        return board_keys()
