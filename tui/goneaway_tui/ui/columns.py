"""The columns of every table: heading, cell, order, room. Another column is another row here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.cells import cell_len, set_cell_size

from goneaway_tui.i18n import _ as say
from goneaway_tui.judge.filters import SessionGroup
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.server import Variable
from goneaway_tui.model.snapshot import Risk, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.journal import JournalAct, Phase
from goneaway_tui.tune.tunables import TUNABLE, Unit
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording

RowT = TypeVar("RowT")
UNBOUNDED = 1000
"""As many cells as there are."""
SERVER_MIN_WIDTH, SERVER_MAX_WIDTH = 6, 24
"""Cells for the name of a server."""


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """One column of a table of RowT."""

    id: str
    heading: str
    cell: Callable[[RowT, float, int], str]
    """The text to show at an instant, in so many cells."""
    order: Callable[[RowT], Any]
    """What to sort by; None sorts last either way."""
    least: int
    """Cells it needs to be of use."""
    most: int
    """Cells beyond which more are of no use."""
    rank: int
    """Columns of higher rank are dropped first where there is no room."""
    right: bool = False
    tinted: bool = False
    """Takes the row's colour."""
    tint: Callable[[RowT], str] | None = None
    """The component class that paints its cell of a row, where that is not the row's."""
    ticking: bool = False
    """Changes as time goes by, without a new reading."""

    def titled(self, mark: str, room: int) -> str:
        """Its heading in the language of the run, cut to leave room for a mark."""
        heading = say(self.heading)
        length = room - cell_len(mark)
        return (heading if cell_len(heading) <= length else set_cell_size(heading, length)) + mark


def _stake_sort_key(verdict: Verdict) -> int | None:
    transaction = verdict.session.transaction
    return None if transaction is None else -(transaction.rows_modified or 0)


SESSION_COLUMNS: tuple[Column[Verdict], ...] = (
    Column("id", "Id", lambda v, *_: str(v.session.id), lambda v: v.session.id, 6, 8, 0, right=True),
    Column("user", "User", lambda v, *_: plain(v.session.user, 200), lambda v: v.session.user, 8, 16, 0),
    Column("client", "Client", lambda v, _, room: wording.client(v.session, room), lambda v: v.session.host, 12, 24, 4),
    Column("program", "Program", lambda v, *_: wording.program(v.session), lambda v: wording.program(v.session) or None, 9, 16, 3),
    Column("db", "Db", lambda v, *_: plain(v.session.db or "", 200), lambda v: v.session.db, 6, 12, 7),
    Column("risk", "Risk", lambda v, *_: wording.risk_word(v.risk), lambda v: -v.risk.rank, 10, 10, 1, tinted=True),
    Column("idle", "Idle", lambda v, now, room: wording.time_within(wording.idle(v, now), v.idle_seconds(now), room), lambda v: v.session.idle_since, 8, 11, 0, right=True, ticking=True),
    Column("limit", "Limit", lambda v, _, room: wording.limit_within(v.limit, room), lambda v: v.limit and v.limit.seconds, 8, 9, 0, right=True),
    Column("left", "Closes in", lambda v, now, room: wording.time_within(wording.closes_in(v, now), v.seconds_left(now), room), lambda v: v.deadline, 10, 13, 0, right=True, tinted=True, ticking=True),
    Column("bar", "", wording.countdown_bar, lambda v: v.deadline, 6, 12, 6, tinted=True, ticking=True),
    Column("stake", "At stake", lambda v, _, room: wording.stake_within(v.session, room), _stake_sort_key, 12, 14, 2),
    Column("statement", "Last statement", lambda v, *_: wording.statement(v), lambda v: v.session.statement, 17, UNBOUNDED, 5),
)  # fmt: skip


def server_column(names: Sequence[str]) -> Column[Verdict]:
    """Which of several servers a session is on: as wide as the longest of their names, within reason.

    Where there is no room for names that begin alike, what they end in is shown.
    """
    shown = {plain(name, 200) for name in names}
    width = min(max(SERVER_MIN_WIDTH, *map(cell_len, shown)), SERVER_MAX_WIDTH)
    least = min(width, SERVER_MAX_WIDTH // 2)
    alike = len({name[: least - 1] for name in shown}) < len(shown)

    def cell(verdict: Verdict, _: float, room: int) -> str:
        name = _server_name(verdict)
        return f"…{name[1 - room :]}" if alike and len(name) > room > 1 else name

    return Column("server", "Server", cell, _server_name, least, width, 0)


def _server_name(verdict: Verdict, *_: object) -> str:
    return plain(verdict.server_name, 200)


SORT_KEYS: dict[str, Callable[[Verdict], Any]] = {
    **{column.id: column.order for column in SESSION_COLUMNS},
    "server": _server_name,
}
"""What the rows of the board are sorted by, by the ids of their columns."""

GROUP_COLUMNS: tuple[Column[SessionGroup], ...] = (
    Column("key", "Group", lambda g, *_: plain(g.key, 200) or say("(none)"), lambda g: g.key, 16, 40, 0),
    Column("sessions", "Sessions", lambda g, *_: wording.count_words(g.sessions), lambda g: -g.sessions, 8, 10, 1, right=True),
    Column("idle", "Idle", lambda g, *_: wording.count_words(g.idle), lambda g: -g.idle, 7, 10, 3, right=True),
    Column("oldest", "Oldest idle", lambda g, now, _: _since(g.oldest_idle_since, now), lambda g: g.oldest_idle_since, 11, 14, 4, right=True, ticking=True),
    Column("left", "Soonest closing", lambda g, now, _: _until(g, now), lambda g: g.soonest_deadline, 16, 16, 2, right=True, ticking=True),
    Column("trx", "Open trx", lambda g, *_: wording.count_words(g.open_transactions) if g.open_transactions else "", lambda g: -g.open_transactions, 8, 10, 5, right=True),
)  # fmt: skip

CERTAINTIES: tuple[Certainty, ...] = tuple(Certainty)
DEPARTURE_COLUMNS: tuple[Column[Departure], ...] = (
    Column("at", "Left UTC", lambda d, *_: wording.time_of_day(d.at), lambda d: -d.at, 10, 12, 0),
    Column("id", "Id", lambda d, *_: str(d.verdict.session.id), lambda d: d.verdict.session.id, 6, 8, 0, right=True),
    Column("cause", "Cause", lambda d, *_: d.cause.value, lambda d: d.cause.value, 19, 19, 0, tinted=True),
    Column("certainty", "Certainty", lambda d, *_: wording.certainty_word(d.certainty), lambda d: CERTAINTIES.index(d.certainty), 9, 10, 1, tinted=True),
    Column("user", "User", lambda d, *_: plain(d.verdict.session.user, 200), lambda d: d.verdict.session.user, 8, 16, 2),
    Column("client", "Client", lambda d, _, room: wording.client(d.verdict.session, room), lambda d: d.verdict.session.host, 12, 24, 5),
    Column("program", "Program", lambda d, *_: wording.program(d.verdict.session), lambda d: wording.program(d.verdict.session) or None, 9, 16, 4),
    Column("idle", "Idle", lambda d, _, room: wording.time_within(wording.idle(d.verdict, d.at), d.idle_seconds, room), lambda d: d.idle_seconds, 8, 11, 0, right=True),
    Column("limit", "Limit", lambda d, _, room: wording.limit_within(d.verdict.limit, room), lambda d: d.verdict.limit and d.verdict.limit.seconds, 8, 9, 1, right=True),
    Column("stake", "Was at stake", lambda d, _, room: wording.stake_within(d.verdict.session, room), lambda d: _stake_sort_key(d.verdict), 12, 14, 3),
    Column("evidence", "Evidence", lambda d, *_: plain(d.evidence[0] if d.evidence else "", 400), lambda d: d.evidence, 20, UNBOUNDED, 6),
)  # fmt: skip

CAUSE_TINTS: dict[Cause, str] = {
    Cause.CLIENT_QUIT: "lines--quiet",
    Cause.UNKNOWN: "lines--quiet",
    Cause.IDLE_TIMEOUT: "lines--watch",
    Cause.TRANSACTION_TIMEOUT: "lines--watch",
    Cause.KILLED: "lines--busy",
}
"""What paints a departure's tinted cells; a cause that is not here is painted as trouble."""


def _verdict_word(verdict: tuple[Certainty, tuple[str, ...]] | None) -> str:
    return "-" if verdict is None else wording.certainty_word(verdict[0])


def _verdict_sort_key(verdict: tuple[Certainty, tuple[str, ...]] | None) -> int | None:
    return None if verdict is None else CERTAINTIES.index(verdict[0])


CERTAINTY_TINTS: dict[Certainty, str] = {
    Certainty.CONFIRMED: "lines--imminent",
    Certainty.LIKELY: "lines--watch",
    Certainty.POSSIBLE: "lines--calm",
    Certainty.RULED_OUT: "lines--quiet",
}


def _verdict_tint(verdict: tuple[Certainty, tuple[str, ...]] | None) -> str:
    return CERTAINTY_TINTS[Certainty.RULED_OUT] if verdict is None else CERTAINTY_TINTS[verdict[0]]


CAUSE_COLUMNS: tuple[Column[Any], ...] = (
    Column("name", "Cause or habit", lambda s, *_: s.name, lambda s: s.name, 20, 22, 0),
    Column("since_start", "Since start", lambda s, *_: _verdict_word(s.since_start), lambda s: _verdict_sort_key(s.since_start), 11, 11, 0, tint=lambda s: _verdict_tint(s.since_start)),
    Column("now", "Now", lambda s, *_: _verdict_word(s.now), lambda s: _verdict_sort_key(s.now), 10, 10, 0, tint=lambda s: _verdict_tint(s.now)),
    Column("because", "Because", lambda s, *_: say("; ").join(plain(each, 300) for each in s.because), lambda s: s.because, 16, UNBOUNDED, 1),
)  # fmt: skip

VARIABLE_COLUMNS: tuple[Column[Variable], ...] = (
    Column("name", "Variable", lambda v, *_: v.name, lambda v: v.name, 24, 36, 0),
    Column("value", "Value", lambda v, *_: "unknown" if v.value is None else f"{v.value:,}", lambda v: v.value, 13, 16, 0, right=True),
    Column("said", "In words", lambda v, *_: variable_words(v), lambda v: v.value, 11, 14, 1, right=True),
    Column("set_by", "Set by", lambda v, *_: wording.origin_word(v.set_by or "?"), lambda v: v.set_by, 8, 10, 2),
    Column("bounds", "Takes", lambda v, *_: bounds_words(v), lambda v: v.max, 16, UNBOUNDED, 3),
)  # fmt: skip
ACT_COLUMNS: tuple[Column[JournalAct], ...] = (
    Column("at", "At UTC", lambda a, *_: plain(a.entry.at, 30).replace("T", " ")[:19], lambda a: a.entry.at, 19, 20, 1),
    Column("ran", "Statement", lambda a, *_: plain(a.entry.statement, 200), lambda a: a.entry.statement, 24, 52, 0),
    Column("outcome", "Came of it", lambda a, *_: plain(a.outcome, 400), lambda a: a.outcome, 16, UNBOUNDED, 0, tinted=True),
    Column("server", "Server", lambda a, *_: plain(a.entry.server_name or a.entry.server, 60), lambda a: a.entry.server_name, 10, 20, 1),
    Column("account", "By", lambda a, *_: plain(a.entry.account, 60), lambda a: a.entry.account, 16, 24, 3),
)  # fmt: skip
ACT_TINTS: dict[Phase, str] = {
    Phase.ATTEMPTED: "lines--overdue",
    Phase.DONE: "lines--calm",
    Phase.FAILED: "lines--imminent",
    Phase.REFUSED: "lines--watch",
}
WIDTH_LIMIT = 2**32 - 1
"""A maximum from here on is the width of a number, not a bound."""


def variable_words(variable: Variable) -> str:
    """Its value in words, where they say more than the figure."""
    tunable = TUNABLE.get(variable.name)
    words = value_words(variable.value, tunable.unit) if tunable and variable.value is not None else ""
    return "" if words == f"{variable.value:,}" else words


def bounds_words(variable: Variable) -> str:
    """What the server takes: `1 s to 1 y`, `1 or more`; empty where it does not say."""
    if variable.min is None or variable.max is None:
        return ""
    unit = TUNABLE[variable.name].unit if variable.name in TUNABLE else Unit.COUNT
    least = value_words(variable.min, unit)
    if variable.max >= WIDTH_LIMIT:
        return say("{least} or more", least=least)
    return say("{least} to {most}", least=least, most=value_words(variable.max, unit))


COLUMN_TINTS = {"stake": "lines--stake", "statement": "lines--quiet"}
"""What paints columns that look the same in every row."""
RISK_TINTS: dict[Risk, str] = {risk: f"lines--{risk.value}" for risk in Risk}
"""The component class that paints a row's tinted cells; its colours are in app.tcss."""


def session_key(verdict: Verdict) -> Hashable:
    """What tells a row from all others: two servers may use the same number."""
    return verdict.server_name, verdict.session.id


def fit_columns(columns: tuple[Column[RowT], ...], width: int, gap: int) -> list[tuple[Column[RowT], int]]:
    """Which columns there is room for, and how wide each is: it depends on the width alone, so that nothing jumps.

    The highest ranks are dropped until the least widths fit. Half of what is spare goes to the bounded columns, by
    what they can use; the rest to the unbounded one.
    """
    kept = list(columns)
    while len(kept) > 1 and sum(c.least + gap for c in kept) > width:
        kept.remove(max(kept, key=lambda c: c.rank))
    widths = {c.id: c.least for c in kept}
    spare = max(0, width - sum(c.least + gap for c in kept))
    bounded = [c for c in kept if c.most < UNBOUNDED]
    unbounded = [c for c in kept if c.most >= UNBOUNDED]
    share = spare // 2 if unbounded else spare
    appetite = max(1, sum(c.most - c.least for c in bounded))
    for column in bounded:
        more = min(column.most - column.least, (column.most - column.least) * share // appetite)
        widths[column.id] += more
        spare -= more
    for column in unbounded:
        widths[column.id] += spare // len(unbounded)
    return [(c, widths[c.id]) for c in kept]


def in_cells(text: str, width: int, *, right: bool) -> str:
    """Text in exactly so many cells, made plain; what does not fit ends in `…`."""
    if not text.isprintable():
        text = plain(text)
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    return " " * (width - length) + text if right else text + " " * (width - length)


def _since(instant: float | None, now: float) -> str:
    return "" if instant is None else wording.clock_words(max(0.0, now - instant))


def _until(group: SessionGroup, now: float) -> str:
    soonest = group.soonest_deadline
    return "" if soonest is None else wording.countdown(soonest - now, is_overdue=group.is_overdue)


def sorted_rows(
    rows: Sequence[RowT], columns: tuple[Column[RowT], ...], by: str, *, reverse: bool
) -> list[RowT]:
    """Sorted by one column; what has no value there comes last either way. Equals keep their order."""
    order: Callable[[RowT], Any] = next(c.order for c in columns if c.id == by)
    known = [row for row in rows if order(row) is not None]
    unknown = [row for row in rows if order(row) is None]
    return sorted(known, key=order, reverse=reverse) + unknown


WIDE_TABLE = 140
"""Cells from which on columns stand two apart."""
SCROLL_STEP = 8
"""Cells the columns are pushed at a time."""
ASCENDING, DESCENDING = "▴", "▾"
"""Mark the column that is sorted by. No sign of a risk, whatever letters the terminal has."""
GUTTER = 1
"""Cells in front of a line, for its mark."""


class Layout(Generic[RowT]):
    """The columns of one table at its width."""

    def __init__(self, columns: tuple[Column[RowT], ...]) -> None:
        self._columns = columns
        self._width = 0
        self.gap = 1
        """Cells after each column."""
        self.fitted: list[tuple[Column[RowT], int]] = []
        """Those shown, and how wide each is."""
        self.aside = 0
        """Cells they are pushed to the left; where any, none is left out."""

    def fit_to(self, width: int) -> None:
        """Take so many cells."""
        self._width, self.gap = width, 2 if width >= WIDE_TABLE else 1
        self.aside = min(self.aside, self._hidden)
        room = width - GUTTER + (self._hidden if self.aside else 0)
        self.fitted = fit_columns(self._columns, room, self.gap)

    def push(self, steps: int) -> None:
        """So many steps aside, as far as there is anything to be seen there."""
        self.aside = max(0, min(self.aside + steps * SCROLL_STEP, self._hidden))
        self.fit_to(self._width)

    def column_at(self, x: int) -> str | None:
        """The id of the column at a cell of the screen."""
        at = GUTTER - self.aside
        for column, width in self.fitted:
            at += width + self.gap
            if x < at:
                return column.id
        return None

    def headings(self, sorted_by: str, *, reverse: bool) -> list[str]:
        """Of each column shown, in its cells; that which is sorted by bears a mark."""
        shown = []
        for column, room in self.fitted:
            mark = (DESCENDING if reverse else ASCENDING) if column.id == sorted_by else ""
            shown.append(in_cells(column.titled(mark, room), room, right=column.right) + " " * self.gap)
        return shown

    def cut_off(self, column: str, row: RowT, now: float) -> str:
        """The whole of a cell that has no room for it; empty where all of it is seen."""
        for each, room in self.fitted:
            if each.id == column and each.heading:
                whole = each.cell(row, now, UNBOUNDED)
                return (
                    whole if in_cells(each.cell(row, now, room), room, right=False).strip() != whole else ""
                )
        return ""

    @property
    def _hidden(self) -> int:
        """Cells there is no room for where all columns are shown as narrow as they may be."""
        return max(0, sum(column.least + self.gap for column in self._columns) + GUTTER - self._width)
