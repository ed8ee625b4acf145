"""Read the sessions of a MariaDB server.

MariaDB reports idle times to the millisecond (TIME_MS, from the end of the last command), and shows no account the own limit of
another session. It numbers commands (QUERY_ID): a session that has begun one since the sample before has a higher number. On a
server with many sessions only the rows of such sessions are read, and all rows from time to time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from goneaway_tui.model.session import ProcesslistId, Role, Session, Transaction
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.clocks import Timebase
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.session_cache import (
    SessionCache,
    read_attributes,
    read_open_transactions,
    shared_text,
    text,
    text_or_none,
)
from goneaway_tui.source.session_table import SessionTable, integers, role_of, rows_of

SLACK = 0.005
"""Seconds by which two samples may place one idle wait differently beyond the round trip, before a clock must have drifted."""


ALL_READ_SECONDS = 60.0
"""How often all rows are read, whatever has changed."""
LARGE = 200
"""Number of sessions from which on not all rows are read."""


class MariadbReader:
    """Reads sessions over one connection; remembers what is read once for a session. A new connection needs a new reader."""

    def __init__(
        self,
        connection: Connection,
        capabilities: Capabilities,
        clock: Clock,
        text_length: int,
        *,
        large: int = LARGE,
    ) -> None:
        """`text_length`: bytes of SQL text to read, 0 for none. `large`: number of sessions from which on not all rows are read."""
        self._connection = connection
        self._capabilities = capabilities
        self._clock = clock
        self._text_length = text_length
        self._large = large
        self._server_clock = Timebase()
        self._known: dict[int, SessionCache] = {}
        self._table = SessionTable()
        self._last_query_id = 0
        """Our own QUERY_ID in the last sample: a session that has begun a command since has a higher one."""
        self._busy: set[int] = set()
        """Sessions that worked in the last sample: they may have become idle since, without another command."""
        self._all_read_at = -math.inf
        self.open_transactions: dict[int, Row] = {}
        """The InnoDB transactions of the last sample, as `read_open_transactions` brings them."""
        self._late_by = 0.0
        """Seconds by which the last sample may be of a later instant than assumed: its answer was slow."""

    has_lost_timer = False
    """Never: MariaDB has no switch for what its clocks need."""
    lacks_threads = False
    unlisted = 0
    """Never and none: the process list of MariaDB has every session."""

    @property
    def round_trip(self) -> float:
        """The shortest round trip to the server of late, in seconds."""
        return self._server_clock.round_trip

    def sessions(self, uptime: float = 0.0) -> tuple[float, tuple[Session, ...]]:  # noqa: ARG002 - no client can set TIME_MS
        """The instant of the sample on our clock, and every session. Raises SourceError and Refusal."""
        self._observe_clock()
        sent = self._clock()
        rows, unchanged = self._read_rows()
        # The server fills the list at once; our own row shows how long after the arrival of our statement.
        own = next((row for row in rows if int(row[0]) == self._capabilities.own_id), None)
        received = self._clock()
        taken_at = min(
            received, sent + self._server_clock.uncertainty + max(0.0, float(own[5]) if own else 0.0)
        )
        self._late_by = max(0.0, received - taken_at)
        self._last_query_id = int(own[8]) if own else 0
        ended = self._known.keys() - unchanged - {int(row[0]) for row in rows}
        new, ran = self._update_known(rows, ended)
        read_attributes(self._connection, self._capabilities, new)
        self._read_statements(ran)
        held = self.open_transactions = read_open_transactions(self._connection, self._capabilities)
        transactions = {session_id: _transaction(row, taken_at) for session_id, row in held.items()}
        sessions = [self._session(row, transactions, taken_at) for row in rows]
        if unchanged:
            self._table.update(sessions, ended)
        else:
            self._table.replace_all(sessions)
        self._table.set_transactions(transactions)
        self._busy = {int(row[0]) for row in rows if shared_text(row[4]) != "Sleep"}
        return taken_at, self._table.sessions

    def _read_rows(self) -> tuple[list[Row], set[int]]:
        """Rows of the sessions that may have run something, and the ids of the others; or all rows, and no ids."""
        is_due = self._clock() - self._all_read_at > ALL_READ_SECONDS
        since = self._capabilities.statement("since")
        if since is not None and self._last_query_id and not is_due and len(self._table) >= self._large:
            asked = (self._last_query_id, sorted(self._busy) or [0], self._text_length)
            answers = self._connection.rows(since, asked)
            rows = [row[:9] for row in answers if row[0]]
            count, ids = next((row[9:] for row in answers if not row[0]), (0, b""))
            unchanged = set(integers(b"[%s]" % ids) or ()) if ids is not None else set()
            if len(unchanged) == count and unchanged <= self._known.keys():
                return rows, unchanged
        self._all_read_at = self._clock()
        return rows_of(self._connection, self._capabilities, "sessions", (self._text_length,)), set()

    def _observe_clock(self) -> None:
        sent = self._clock()
        rows = self._connection.rows(self._capabilities.required_statement("clock"))
        if rows:
            self._server_clock.observe(sent, self._clock(), float(rows[0][1]))

    def _update_known(
        self, rows: list[Row], ended: Iterable[int]
    ) -> tuple[dict[int, SessionCache], dict[int, SessionCache]]:
        """Forget the sessions that ended; return the new ones, and those that ran something since the sample before, by id."""
        for session_id in ended:
            del self._known[session_id]
        new, ran = {}, {}
        for row in rows:
            session_id, user, query_id = int(row[0]), shared_text(row[1]), int(row[8])
            if role_of(shared_text(row[4]), user) is Role.LOGIN:
                self._known.pop(session_id, None)
                continue
            cached = self._known.get(session_id)
            if cached is None:
                cached = self._known[session_id] = new[session_id] = SessionCache(session_id)
            if cached.query_id != query_id:
                cached.query_id, cached.idle_since, cached.busy_since, cached.statement = (
                    query_id,
                    None,
                    None,
                    None,
                )
                ran[session_id] = cached
            info = text_or_none(row[7])
            if info is not None:
                cached.statement = info
        return new, ran

    def _read_statements(self, ran: dict[int, SessionCache]) -> None:
        """Read the last statement of sessions that ran one. Where its consumer is off, the statement of an earlier sample stays."""
        statement = self._capabilities.statement("statements")
        if statement is None or not ran:
            return
        for session_id, sql_text in self._connection.rows(statement, (self._text_length, min(ran))):
            if int(session_id) in ran:
                ran[int(session_id)].statement = text_or_none(sql_text)

    def _session(self, row: Row, transactions: dict[int, Transaction], taken_at: float) -> Session:
        number, user, host, db, command, seconds, state, info, _ = row
        session_id = int(number)
        cached = self._known.get(session_id) or SessionCache()
        role = role_of(shared_text(command), shared_text(user))
        since = None
        if role is Role.LOGIN or (role is Role.CLIENT and shared_text(command) == "Sleep"):
            since = cached.idle_since = self._refined(cached.idle_since, taken_at - max(0.0, float(seconds)))
        elif role is Role.CLIENT:
            cached.busy_since = self._refined(cached.busy_since, taken_at - max(0.0, float(seconds)))
        return Session(
            id=ProcesslistId(session_id),
            user=shared_text(user),
            host=text(host),
            db=shared_text(db) or None,
            command=shared_text(command),
            state=shared_text(state) or None,
            statement=text_or_none(info) or (cached.statement if self._text_length else None),
            program=cached.program,
            client=cached.client,
            role=role,
            own=session_id == self._capabilities.own_id,
            idle_since=since,
            transaction=transactions.get(session_id),
            attributes=cached.attributes,
            busy_since=cached.busy_since if since is None and role is Role.CLIENT else None,
        )

    def _refined(self, before: float | None, now_reported: float) -> float:
        """When an idle wait began, by all samples of it.

        A slow answer makes a beginning look too early, never too late. So the latest beginning is the most exact, unless the
        difference is more than the time of this answer explains: then the clocks have drifted.
        """
        if before is None or now_reported > before or before - now_reported > self._late_by + SLACK:
            return now_reported
        return before


def _transaction(held: Row, taken_at: float) -> Transaction:
    age, modified, locked, read_only = held[:4]
    started = None if age is None else taken_at - max(0.0, float(age))
    return Transaction(started, int(modified), int(locked), bool(int(read_only)))
