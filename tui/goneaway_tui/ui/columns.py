"""The columns of every table: heading, cell, sort key, width. A row here adds a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import tzinfo
from typing import Any, Generic, TypeVar

from rich.cells import cell_len, set_cell_size

from goneaway_tui.i18n import _ as say
from goneaway_tui.judge.filters import SessionGroup
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure, PatternKind
from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Risk, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import shortened
from goneaway_tui.tune.journal import JournalAct, Phase
from goneaway_tui.tune.tunables import TUNABLE, Unit
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording

RowT = TypeVar("RowT")
UNBOUNDED = wording.UNBOUNDED
"""The maximal width of a column that takes all remaining cells."""
MEDIUM_TABLE, WIDE_TABLE, ROOMY_TABLE = 110, 140, 170
"""Widths in cells from which on a table has more columns, all columns with words instead of symbols, wider gaps."""
SERVER_MIN_WIDTH, SERVER_MAX_WIDTH = 6, 24
"""Cells of the column of server names."""


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """One column of a table with rows of type RowT."""

    id: str
    heading: str
    cell: Callable[[RowT, float, int], str]
    """The text of a row's cell, at an instant (Unix seconds), for a width in cells."""
    sort_key: Callable[[RowT], Any]
    """What the rows are sorted by, in ascending order until reversed; None sorts last in both directions.

    A negated key (`-v.risk.rank`) puts the highest value first; such a column is `falling`."""
    _: KW_ONLY
    min_width: int
    """Cells it needs at least; otherwise it is left out."""
    max_width: int
    """Cells it uses at most."""
    rank: int
    """Columns with the highest rank are left out first, where the table is too narrow."""
    right: bool = False
    """Whether its cells are aligned to the right."""
    tinted: bool = False
    """Whether its cells take the row's colour."""
    tint: Callable[[RowT], str] | None = None
    """The component class of its cells; None for the row's own."""
    ticking: bool = False
    """Whether its cells change with time, without a new sample."""
    narrow_widths: tuple[int, int] | None = None
    """Its exact width in a narrow table and in a medium one, where that differs from the widths above; 0 leaves it out."""
    falling: bool = False
    """Whether its sort key puts the highest or newest value first."""

    def in_table(self, width: int) -> Column[RowT] | None:
        """The column in a table of `width` cells; None if such a table leaves it out."""
        if self.narrow_widths is None or width >= WIDE_TABLE:
            return self
        own_width = self.narrow_widths[width >= MEDIUM_TABLE]
        return replace(self, min_width=own_width, max_width=own_width) if own_width else None

    def heading_text(self, mark: str, width: int) -> str:
        """The translated heading with a mark behind it, cut to `width` cells."""
        heading = say(self.heading) if width > 1 else ""
        length = width - cell_len(mark)
        return (heading if cell_len(heading) <= length else set_cell_size(heading, length)) + mark


def _stake_sort_key(verdict: Verdict) -> int | None:
    transaction = verdict.session.transaction
    return None if transaction is None else -(transaction.rows_modified or 0)


NEVER = float("inf")


def closing_order(verdict: Verdict) -> tuple[int, float, float] | None:
    """The board's default order: trouble first, then by the deadline.

    Sessions that others wait for come first: those that wait for none themselves, then those in the middle of a chain; the
    ones that block most on top. Then come sessions that close soon, idle sessions with an open transaction, the calm ones,
    and sessions that wait for a lock. None for all others: they sort last.
    """
    locks, risk, deadline = verdict.locks, verdict.risk, verdict.deadline
    closes = NEVER if deadline is None else deadline
    if locks.blocks:
        return (0 if locks.wait is None else 1), -locks.blocks, closes
    if deadline is not None and risk.rank >= Risk.WATCH.rank:
        return 2, closes, 0.0
    if risk is Risk.CALM and verdict.session.transaction is not None:
        return 3, closes, 0.0
    if deadline is not None:
        return 4, closes, 0.0
    if locks.wait is not None:
        return 5, NEVER if locks.wait.since is None else locks.wait.since, 0.0
    return None


def _state_order(verdict: Verdict) -> tuple[int, float, str] | None:
    """Sessions that others wait for first, then those that wait, the longest first, then the busy ones by their state."""
    locks, session = verdict.locks, verdict.session
    if locks.blocks:
        return 0, -locks.blocks, ""
    if locks.wait is not None:
        return 1, NEVER if locks.wait.since is None else locks.wait.since, ""
    return None if session.is_idle else (2, 0.0, session.state or session.command)


def _transaction_start(verdict: Verdict) -> float | None:
    transaction = verdict.session.transaction
    return None if transaction is None else transaction.started


def _state_tint(verdict: Verdict) -> str:
    if verdict.locks.blocks:
        return "lines--imminent"
    return "lines--watch" if verdict.locks.wait is not None else "lines--quiet"


def _id_cell(verdict: Verdict, _now: float, room: int) -> str:
    """The session id; in a narrow cell its last digits, which distinguish sessions."""
    number = str(verdict.session.id)
    return number if len(number) <= room else f"…{number[1 - room :]}"


def _risk_cell(verdict: Verdict, _now: float, room: int) -> str:
    return wording.risk_word(verdict.risk) if room > 1 else wording.RISK_SYMBOLS[verdict.risk]


STATE_WIDTH = 20
"""Cells of the column State if the running time has its own column."""


def _state_cell(verdict: Verdict, now: float, room: int) -> str:
    return wording.state_within(verdict, now, room, with_time=room < STATE_WIDTH)


SESSION_COLUMNS: tuple[Column[Verdict], ...] = (
    Column("risk", "Risk", _risk_cell, lambda v: -v.risk.rank, min_width=10, max_width=10, rank=1, tinted=True, narrow_widths=(1, 1), falling=True),
    Column("id", "Id", _id_cell, lambda v: v.session.id, min_width=6, max_width=10, rank=0, right=True),
    Column("user", "User", lambda v, *_: plain(v.session.user, 200), lambda v: v.session.user, min_width=8, max_width=16, rank=0),
    Column("client", "Client", lambda v, _, room: wording.client(v.session, room), lambda v: v.session.host, min_width=9, max_width=20, rank=6),
    Column("program", "Program", lambda v, *_: wording.program(v.session), lambda v: wording.program(v.session) or None, min_width=8, max_width=16, rank=4),
    Column("db", "Db", lambda v, *_: plain(v.session.db or "", 200), lambda v: v.session.db, min_width=6, max_width=12, rank=9),
    Column("idle", "Idle", lambda v, now, room: wording.time_within(wording.idle(v, now), v.idle_seconds(now), room), lambda v: v.session.idle_since, min_width=8, max_width=12, rank=0, right=True, ticking=True),
    Column("limit", "Limit", lambda v, _, room: wording.limit_within(v.limit, room), lambda v: v.limit and v.limit.seconds, min_width=7, max_width=9, rank=0, right=True),
    Column("left", "Closes in", lambda v, now, room: wording.time_within(wording.closes_in(v, now), v.seconds_left(now), room), closing_order, min_width=10, max_width=14, rank=0, right=True, tinted=True, ticking=True),
    Column("bar", "", wording.countdown_bar, lambda v: v.deadline, min_width=6, max_width=12, rank=10, tinted=True, ticking=True, narrow_widths=(0, 0)),
    Column("state", "State", _state_cell, _state_order, min_width=STATE_WIDTH, max_width=28, rank=2, tint=_state_tint, ticking=True, narrow_widths=(10, 19)),
    Column("running", "Running", wording.running, lambda v: v.session.busy_since, min_width=7, max_width=12, rank=5, right=True, ticking=True, narrow_widths=(0, 0)),
    Column("stake", "At stake", lambda v, _, room: wording.stake_within(v.session, room), _stake_sort_key, min_width=11, max_width=14, rank=3, falling=True),
    Column("trx_age", "Trx age", wording.transaction_age, _transaction_start, min_width=8, max_width=12, rank=8, right=True, ticking=True),
    Column("statement", "Last statement", lambda v, *_: wording.statement(v), lambda v: v.session.statement, min_width=17, max_width=UNBOUNDED, rank=7),
)  # fmt: skip


def server_column(names: Sequence[str]) -> Column[Verdict]:
    """The column of the server a session is on, as wide as the longest name within the limits above.

    A longer name is shortened in its middle.
    """
    width = min(max(SERVER_MIN_WIDTH, *(cell_len(plain(name, 200)) for name in names)), SERVER_MAX_WIDTH)
    min_width = min(width, SERVER_MAX_WIDTH // 2)

    def cell(verdict: Verdict, _: float, room: int) -> str:
        return shortened(_server_name(verdict), room)

    return Column("server", "Server", cell, _server_name, min_width=min_width, max_width=width, rank=0)


def _server_name(verdict: Verdict, *_: object) -> str:
    return plain(verdict.server_name, 200)


SORT_KEYS: dict[str, Callable[[Verdict], Any]] = {
    **{column.id: column.sort_key for column in SESSION_COLUMNS},
    "server": _server_name,
}
"""The sort keys of the board's rows, by column id."""

GROUP_COLUMNS: tuple[Column[SessionGroup], ...] = (
    Column("key", "Group", lambda g, *_: plain(g.key, 200) or say("(none)"), lambda g: g.key, min_width=12, max_width=40, rank=0),
    Column("sessions", "Sessions", lambda g, *_: wording.count_words(g.sessions), lambda g: -g.sessions, min_width=8, max_width=10, rank=1, right=True, falling=True),
    Column("idle", "Idle", lambda g, *_: wording.count_words(g.idle), lambda g: -g.idle, min_width=7, max_width=10, rank=3, right=True, falling=True),
    Column("oldest", "Longest idle", lambda g, now, _: _since(g.oldest_idle_since, now), lambda g: g.oldest_idle_since, min_width=11, max_width=14, rank=4, right=True, ticking=True),
    Column("left", "Next closing", lambda g, now, _: _until(g, now), lambda g: g.soonest_deadline, min_width=16, max_width=16, rank=2, right=True, ticking=True),
    Column("blocked", "Blocked", lambda g, *_: wording.count_words(g.blocked) if g.blocked else "", lambda g: -g.blocked, min_width=8, max_width=10, rank=3, right=True, falling=True, tint=lambda _: "lines--imminent"),
    Column("trx", "Open trx", lambda g, *_: wording.count_words(g.open_transactions) if g.open_transactions else "", lambda g: -g.open_transactions, min_width=8, max_width=10, rank=5, right=True, falling=True),
)  # fmt: skip

CERTAINTIES: tuple[Certainty, ...] = tuple(Certainty)
DEPARTURE_COLUMNS: tuple[Column[Departure], ...] = (
    Column("at", "UTC", lambda d, _, room: wording.time_of_day(d.at, room), lambda d: -d.at, min_width=8, max_width=10, rank=0, falling=True),
    Column("id", "Id", lambda d, *_: str(d.verdict.session.id), lambda d: d.verdict.session.id, min_width=6, max_width=8, rank=0, right=True),
    Column("cause", "Cause", lambda d, *_: d.cause.value, lambda d: d.cause.value, min_width=19, max_width=19, rank=0, tinted=True),
    Column("certainty", "Certainty", lambda d, *_: wording.certainty_word(d.certainty), lambda d: CERTAINTIES.index(d.certainty), min_width=9, max_width=10, rank=1),
    Column("user", "User", lambda d, *_: plain(d.verdict.session.user, 200), lambda d: d.verdict.session.user, min_width=8, max_width=16, rank=1),
    Column("client", "Client", lambda d, _, room: wording.client(d.verdict.session, room), lambda d: d.verdict.session.host, min_width=12, max_width=24, rank=5),
    Column("program", "Program", lambda d, *_: wording.program(d.verdict.session), lambda d: wording.program(d.verdict.session) or None, min_width=9, max_width=16, rank=4),
    Column("idle", "Idle", lambda d, _, room: wording.time_within(wording.idle(d.verdict, d.at), d.idle_seconds, room), lambda d: d.idle_seconds, min_width=8, max_width=11, rank=0, right=True),
    Column("limit", "Limit", lambda d, _, room: wording.limit_within(d.verdict.limit, room), lambda d: d.verdict.limit and d.verdict.limit.seconds, min_width=8, max_width=9, rank=2, right=True),
    Column("stake", "Rolled back", lambda d, _, room: wording.stake_within(d.verdict.session, room), lambda d: _stake_sort_key(d.verdict), min_width=12, max_width=14, rank=3, falling=True),
    Column("evidence", "Evidence", lambda d, *_: plain(d.evidence[0] if d.evidence else "", 400), lambda d: d.evidence, min_width=20, max_width=UNBOUNDED, rank=6),
)  # fmt: skip


def departure_columns(zone: tzinfo, now: float) -> tuple[Column[Departure], ...]:
    """The columns of the ledger, with local time after UTC where the two differ. Sessions not observed are dim."""
    at, *others = DEPARTURE_COLUMNS
    local: Column[Departure] = Column(
        "local", "Local", lambda d, *_: wording.local_instant(d.at, zone)[11:19], lambda d: -d.at, min_width=8, max_width=8, rank=0, falling=True
    )  # fmt: skip
    columns = (at, *others) if wording.is_utc(zone, now) else (at, local, *others)
    return tuple(
        c if c.tinted else replace(c, tint=_dim_unobserved(COLUMN_TINTS.get(c.id, ""))) for c in columns
    )


def _dim_unobserved(tint: str) -> Callable[[Departure], str]:
    return lambda departure: tint if departure.observed else "lines--quiet"


def departure_tint(departure: Departure) -> str:
    """The component class of a departure's tinted cells, by the harm; a rolled back transaction is the most harm."""
    if not departure.observed:
        return "lines--quiet"
    transaction = departure.verdict.session.transaction
    if transaction is not None and transaction.rows_modified:
        return "lines--imminent"
    return CAUSE_TINTS.get(departure.cause, "lines--imminent")


CAUSE_TINTS: dict[Cause, str] = {
    Cause.CLIENT_QUIT: "lines--quiet",
    Cause.UNKNOWN: "lines--calm",
    Cause.IDLE_TIMEOUT: "lines--watch",
    Cause.TRANSACTION_TIMEOUT: "lines--watch",
    Cause.KILLED: "lines--busy",
}
"""The component class for a cause, by the harm of an end by it; a cause without a row here looks like an imminent one."""


def _verdict_word(verdict: tuple[Certainty, tuple[str, ...]] | None) -> str:
    return "-" if verdict is None else wording.certainty_word(verdict[0])


def _verdict_sort_key(verdict: tuple[Certainty, tuple[str, ...]] | None) -> int | None:
    return None if verdict is None else CERTAINTIES.index(verdict[0])


PATTERN_TINTS: dict[PatternKind, str] = {
    PatternKind.SATURATION: "lines--imminent",
    PatternKind.CUT_OFF: "lines--imminent",
    PatternKind.OLD_LIMIT: "lines--calm",
    PatternKind.PROXIED: "lines--calm",
}
"""The component class for a pattern, by its harm; a pattern without a row here looks like one to watch."""


def harm_tint(harm: str, verdict: tuple[Certainty, tuple[str, ...]] | None) -> str:
    """The component class for how sure a finding is: `harm`, the finding's own, only where it is confirmed or likely."""
    if verdict is None or verdict[0] is Certainty.RULED_OUT:
        return "lines--quiet"
    return "lines--calm" if verdict[0] is Certainty.POSSIBLE else harm


CAUSE_COLUMNS: tuple[Column[Any], ...] = (
    Column("name", "Finding", lambda s, *_: s.name, lambda s: s.name, min_width=20, max_width=22, rank=0, tinted=True),
    Column("since_start", "Since start", lambda s, *_: _verdict_word(s.since_start), lambda s: _verdict_sort_key(s.since_start), min_width=11, max_width=11, rank=0, tint=lambda s: harm_tint(s.harm, s.since_start)),
    Column("now", "Now", lambda s, *_: _verdict_word(s.now), lambda s: _verdict_sort_key(s.now), min_width=10, max_width=10, rank=0, tint=lambda s: harm_tint(s.harm, s.now)),
    Column("sessions", "Sessions", lambda s, *_: wording.count_words(s.sessions.number) if s.sessions else "", lambda s: s.sessions and s.sessions.number, min_width=8, max_width=8, rank=0, right=True),
    Column("because", "Evidence", lambda s, *_: say("; ").join(plain(reason, 300) for reason in s.because), lambda s: s.because, min_width=16, max_width=UNBOUNDED, rank=1, tint=lambda _: "lines--quiet"),
)  # fmt: skip

VARIABLE_COLUMNS: tuple[Column[Variable], ...] = (
    Column("name", "Variable", lambda v, *_: v.name, lambda v: v.name, min_width=24, max_width=36, rank=0),
    Column("value", "Value", lambda v, *_: say("unknown") if v.value is None else f"{v.value:,}", lambda v: v.value, min_width=13, max_width=16, rank=0, right=True),
    Column("words", "In words", lambda v, *_: variable_words(v), lambda v: v.value, min_width=11, max_width=14, rank=1, right=True),
    Column("set_by", "Set by", lambda v, *_: wording.origin_word(v.set_by or "?"), lambda v: v.set_by, min_width=8, max_width=10, rank=2),
    Column("bounds", "Range", lambda v, *_: bounds_words(v), lambda v: v.max, min_width=16, max_width=UNBOUNDED, rank=3),
)  # fmt: skip
ACT_COLUMNS: tuple[Column[JournalAct], ...] = (
    Column("at", "Time UTC", lambda a, *_: plain(a.entry.at, 30).replace("T", " ")[:19], lambda a: a.entry.at, min_width=19, max_width=20, rank=1),
    Column("ran", "Statement", lambda a, *_: plain(a.entry.statement, 200), lambda a: a.entry.statement, min_width=24, max_width=52, rank=0),
    Column("outcome", "Result", lambda a, *_: plain(a.outcome, 400), lambda a: a.outcome, min_width=16, max_width=UNBOUNDED, rank=0, tinted=True),
    Column("server", "Server", lambda a, *_: plain(a.entry.server_name or a.entry.server, 60), lambda a: a.entry.server_name, min_width=10, max_width=20, rank=1),
    Column("account", "Account", lambda a, *_: plain(a.entry.account, 60), lambda a: a.entry.account, min_width=16, max_width=24, rank=3),
)  # fmt: skip
ACT_TINTS: dict[Phase, str] = {
    Phase.ATTEMPTED: "lines--overdue",
    Phase.DONE: "lines--calm",
    Phase.FAILED: "lines--imminent",
    Phase.REFUSED: "lines--watch",
}
WIDTH_LIMIT = 2**32 - 1
"""A maximum from here on is the range of a number type, not a limit of the variable."""


def variable_words(variable: Variable) -> str:
    """The value of a variable in words; empty if the words are only the number."""
    tunable = TUNABLE.get(variable.name)
    if tunable and tunable.zero_meaning and variable.value == 0:
        return say("off")
    words = value_words(variable.value, tunable.unit) if tunable and variable.value is not None else ""
    return "" if words == f"{variable.value:,}" else words


def bounds_words(variable: Variable) -> str:
    """The values that the server accepts: `1 s to 1 y`, `1 or more`; empty if it reports none."""
    if variable.min is None or variable.max is None:
        return ""
    unit = TUNABLE[variable.name].unit if variable.name in TUNABLE else Unit.COUNT
    minimum = value_words(variable.min, unit)
    if variable.max >= WIDTH_LIMIT:
        return say("{least} or more", least=minimum)
    return say("{least} to {most}", least=minimum, most=value_words(variable.max, unit))


COLUMN_TINTS = {"stake": "lines--stake", "trx_age": "lines--stake", "statement": "lines--quiet"}
"""The component classes of columns that look the same in every row."""
RISK_TINTS: dict[Risk, str] = {risk: f"lines--{risk.value}" for risk in Risk}
"""The component class for a row's tinted cells; app.tcss has its colours."""


SessionKey = tuple[str, ProcesslistId]


def session_key(verdict: Verdict) -> SessionKey:
    """The key of a session's row: the same session id may occur on two servers."""
    return verdict.server_name, verdict.session.id


def fit_columns(columns: tuple[Column[RowT], ...], width: int, gap: int) -> list[tuple[Column[RowT], int]]:
    """The columns that fit into `width` cells, each with its own width; `gap` cells follow each.

    The result depends on the width alone, not on the rows, so that columns never jump. Columns of the highest rank are
    dropped until the minimal widths fit. Half of the spare cells goes to the bounded columns, in proportion to what they can
    use; the rest to the unbounded column.
    """
    fitting = list(columns)
    while len(fitting) > 1 and sum(c.min_width + gap for c in fitting) > width:
        fitting.remove(max(fitting, key=lambda c: c.rank))
    widths = {c.id: c.min_width for c in fitting}
    spare = max(0, width - sum(c.min_width + gap for c in fitting))
    bounded = [c for c in fitting if c.max_width < UNBOUNDED]
    unbounded = [c for c in fitting if c.max_width >= UNBOUNDED]
    share = spare // 2 if unbounded else spare
    usable_cells = max(1, sum(c.max_width - c.min_width for c in bounded))
    for column in bounded:
        can_use = column.max_width - column.min_width
        extra = min(can_use, can_use * share // usable_cells)
        widths[column.id] += extra
        spare -= extra
    for column in unbounded:
        widths[column.id] += spare // len(unbounded)
    return [(c, widths[c.id]) for c in fitting]


def in_cells(text: str, width: int, *, right: bool) -> str:
    """Plain text in exactly `width` cells, padded or cut; a cut text ends in `…`."""
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
    rows: Sequence[RowT], columns: tuple[Column[RowT], ...], column_id: str, *, reverse: bool
) -> list[RowT]:
    """Rows sorted by one column; rows without a value there come last in both directions. Equals keep their order."""
    order: Callable[[RowT], Any] = next(c.sort_key for c in columns if c.id == column_id)
    with_value = [row for row in rows if order(row) is not None]
    unknown = [row for row in rows if order(row) is None]
    return sorted(with_value, key=order, reverse=reverse) + unknown


SCROLL_STEP = 8
"""Cells that the columns are scrolled at a time."""
ASCENDING, DESCENDING = "▴", "▾"
"""Marks of the column that is sorted by; in ASCII too they differ from the symbols of the risks."""
GUTTER = 2
"""Cells in front of a row, for its mark and a blank."""


class Layout(Generic[RowT]):
    """The columns of one table, fitted to its width."""

    def __init__(self, columns: tuple[Column[RowT], ...]) -> None:
        self._all_columns = columns
        self._columns = columns
        """The columns that a table of this width can have."""
        self._width = 0
        self.gap = 1
        """Cells after each column."""
        self.fitted: list[tuple[Column[RowT], int]] = []
        """The columns shown, each with its width."""
        self.offset = 0
        """Cells by which the columns are scrolled to the left; while this is not 0 no column is left out."""

    def fit_to(self, width: int) -> None:
        """Fit the columns to `width` cells."""
        self._width, self.gap = width, 2 if width >= ROOMY_TABLE else 1
        self._columns = tuple(c for column in self._all_columns if (c := column.in_table(width)) is not None)
        self.offset = min(self.offset, self._hidden_cells)
        room = width - GUTTER + (self._hidden_cells if self.offset else 0)
        self.fitted = fit_columns(self._columns, room, self.gap)

    def scroll(self, steps: int) -> None:
        """Scroll the columns by some steps, no further than to the end of the last one."""
        self.offset = max(0, min(self.offset + steps * SCROLL_STEP, self._hidden_cells))
        self.fit_to(self._width)

    def column_at(self, x: int) -> str | None:
        """The id of the column at a cell of the table's line; None behind the last."""
        end = GUTTER - self.offset
        for column, width in self.fitted:
            end += width + self.gap
            if x < end:
                return column.id
        return None

    def headings(self, sorted_by: str, *, reverse: bool) -> list[str]:
        """The heading of each column shown, in the cells of its column; the sorted one with its mark."""
        cells = []
        for column, room in self.fitted:
            mark = DESCENDING if reverse is not column.falling else ASCENDING
            mark = mark if column.id == sorted_by else ""
            cells.append(in_cells(column.heading_text(mark, room), room, right=column.right) + " " * self.gap)
        return cells

    def full_text_if_cut(self, column_id: str, row: RowT, now: float) -> str:
        """The whole text of a cell that is cut off or shortened; empty where all of it is shown."""
        for column, width in self.fitted:
            if column.id == column_id and column.heading:
                full = column.cell(row, now, UNBOUNDED)
                visible = in_cells(column.cell(row, now, width), width, right=False).strip()
                return full if visible != full else ""
        return ""

    @property
    def _hidden_cells(self) -> int:
        """Cells that all columns at their minimal widths take beyond the table's width."""
        return max(0, sum(column.min_width + self.gap for column in self._columns) + GUTTER - self._width)
