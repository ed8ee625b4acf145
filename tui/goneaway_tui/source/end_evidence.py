"""Evidence of why sessions ended: what the server counted, logged and ran since the sample before.

A server keeps no record of an ended session. What remains is indirect:

- counters by account: errors such as 4031 (idle timeout) and clean disconnects (COM_QUIT);
- counters of the whole server: Aborted_clients (sessions that ended without COM_QUIT) and Com_kill (KILL statements);
- the error log, the history of KILL statements, and the variable `offline_mode`.

Counters only rise, so each value is compared with the value at the sample before, which `Memory` holds.
`EndEvidenceReader.read` runs once for each sample, in three steps:

1. `ListedSessions.compared_with` finds the sessions that are missing: listed in the sample before, and not in this one.
2. `EndEvidenceReader._ask` sends the statements that this sample needs. No other step talks to the server.
3. `derive_evidence` compares the answers with `Memory`, and returns the evidence and the next `Memory`.

The counters are read after the list of sessions: by then the server has counted the end of every missing session. A session
that ends between the two statements is counted in this sample and missing in the next. Counts that no missing session
explains are therefore carried to the next sample (`CarriedCounts`, `Memory.carried_aborts`).

`judge.attribution` gives each missing session a cause by this evidence.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from goneaway_tui.i18n import _
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import (
    ABORT_ERRORS,
    COM_QUIT,
    NO_EVIDENCE,
    EndEvidence,
    ErrorCount,
    KillStatement,
    LogEntry,
    Sample,
)
from goneaway_tui.model.session import Account, ProcesslistId, Role, Session
from goneaway_tui.ports import Clock
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.session_cache import text
from goneaway_tui.text.sanitize import plain

NEW_ACCOUNTS = 20
"""How many accounts are counted for the first time in one sample; the others wait for the next sample."""
LOG_MARGIN = 2.0
"""Seconds before the last sample from which the log is read again: an entry may be dated a little before it is written."""
KILL_SECONDS = 60.0
"""How long after a KILL, or after `offline_mode` was turned on, ended sessions may be due to it: a session stays listed
until all its work is rolled back."""
MIN_LOG_VERBOSITY = 3
"""The lowest log_error_verbosity at which MySQL logs why a session ended."""
SERVER_START_CODE = "MY-010116"
"""MySQL's `starting as process`, which it logs at every verbosity, as it does a stop."""
REMEMBERED_PER_PRESENT = 10
"""Accounts that are remembered for each account that has a session now."""
BROKEN_CONNECTION_ERRORS = (1158, 1160)
"""A connection that breaks raises either of them, or both."""
CLEAN_DISCONNECTS = frozenset({COM_QUIT})
IDLE_ERROR = 4031
"""Raised for an idle timeout since MySQL 8.0.24; before, that raised 1159."""
COMMENT = r"(?s)/\*(?!!|M!).*?\*/|(?:--(?=\s|$)|#)[^\n]*"
"""A comment that the server skips. The server runs what stands in `/*! */`."""
KILL = r"""(?i)\s*KILL(?:\s+(?:CONNECTION|HARD|SOFT))*\s*(?:\b(\d{1,20})|'(\d{1,20})'|"(\d{1,20})")\s*;?\s*"""
"""A KILL that gives the id of the session. Any other text (a variable, an expression, a user) does not say which session it ends."""
KILL_QUERY = r"(?is)\s*KILL\s+(?:(?:HARD|SOFT)\s+)?QUERY\b.*"
"""Patterns; `re` compiles and keeps each when a KILL is read."""


class EndEvidenceReader:
    """Reads the evidence for one run of a server, also across several connections to it."""

    def __init__(self, previous_run_seen_at: float | None = None) -> None:
        """`previous_run_seen_at`: when the run of the server before this one was last sampled, seconds since 1970 UTC."""
        self._previous_run_seen_at = previous_run_seen_at
        self._memory = Memory()

    @property
    def taken_at(self) -> float | None:
        """When the last sample was taken, seconds since 1970 UTC; None before the first."""
        return self._memory.taken_at

    def read(
        self, connection: Connection, capabilities: Capabilities, sample: Sample, clock: Clock
    ) -> EndEvidence:
        """The evidence since the sample before. `clock` is the one by which the sample was taken.

        Raises SourceError and Refusal. After an error the memory is as before: the next call covers this time as well.
        """
        sessions, missing = self._memory.sessions.compared_with(sample)
        queries = _EndQueries(connection, capabilities, clock)
        answers = self._ask(queries, sample, sessions.counted_by_account.keys(), missing)
        evidence, self._memory = derive_evidence(self._memory, sample, sessions, missing, answers)
        return evidence

    def _ask(
        self,
        queries: _EndQueries,
        sample: Sample,
        accounts: AbstractSet[Account],
        missing: Mapping[Account, int],
    ) -> ServerAnswers:
        """Send what this sample needs. `accounts`: those with sessions now. `missing`: missing sessions by account."""
        kills = self._read_kills(queries, sample)
        log = self._read_log(queries, sample, missing)
        logins = queries.logins()
        others = self._memory.accounts_to_count(accounts - missing.keys(), logins)
        counts = queries.counts([*missing, *others])
        offline = self._read_offline_mode(queries, sample)
        return ServerAnswers(log, kills, logins, counts, queries.counted_codes, offline)

    def _read_kills(self, queries: _EndQueries, sample: Sample) -> RememberedKills | None:
        """Only while a KILL may explain a missing session: soon after Com_kill changed, and at the first sample."""
        memory = self._memory
        is_recent = sample.taken_at - memory.last_com_kill_change(sample) <= KILL_SECONDS
        return queries.kills() if memory.taken_at is None or is_recent else None

    def _read_log(
        self, queries: _EndQueries, sample: Sample, missing: Mapping[Account, int]
    ) -> tuple[LogEntry, ...]:
        """The end of the run before at the first sample; afterwards the ends of sessions, only where some are missing."""
        last_taken_at, previous_run = self._memory.taken_at, self._previous_run_seen_at
        if last_taken_at is None:
            return () if previous_run is None else queries.log_of_previous_stop(sample.taken_at, previous_run)
        logs_ends = (sample.variable("log_error_verbosity") or 0) >= MIN_LOG_VERBOSITY
        if not missing or not logs_ends:
            return ()
        entries = queries.log(sample.taken_at - last_taken_at + LOG_MARGIN)
        return tuple(entry for entry in entries if entry.cause is not None)

    def _read_offline_mode(self, queries: _EndQueries, sample: Sample) -> OfflineVariable | None:
        """Only at the first sample, and where sessions ended without COM_QUIT: `offline_mode` ends them so."""
        aborts_rose = sample.counter("aborted_clients") != self._memory.counters.get("aborted_clients")
        is_needed = self._memory.taken_at is None or aborts_rose
        return queries.offline_mode() if sample.counter("com_kill") is not None and is_needed else None


def derive_evidence(
    memory: Memory,
    sample: Sample,
    sessions: ListedSessions,
    missing: Counter[Account],
    answers: ServerAnswers,
) -> tuple[EndEvidence, Memory]:
    """Compare the answers of one sample with the memory of the samples before; return the evidence and the next memory.

    `sessions`: those of this sample. `missing`: how many sessions of each account are missing from it.
    """
    is_first, now = memory.taken_at is None, sample.taken_at
    counters = dict(sample.counters)
    aborts = _rise(memory.counters, counters, "aborted_clients")
    kill_tally, kills_of_unknown_sessions = memory.kill_tally.compared_with(
        answers.kills, _rise(memory.counters, counters, "com_kill")
    )
    offline = memory.offline.with_variable(answers.offline, now)
    evidence = EndEvidence(
        errors=_errors(memory, answers.counts or {}, missing),
        log=answers.log,
        kills=() if is_first or answers.kills is None else answers.kills.statements,
        aborted_clients=None
        if aborts is None
        else _with_carried(aborts, memory.carried_aborts, missing.total()),
        kill_statements=kills_of_unknown_sessions,
        counted_codes=NO_EVIDENCE.counted_codes if answers.counts is None else answers.counted_codes,
        offline=offline.may_have_ended_sessions(now),
    )
    carried_aborts = memory.carried_aborts
    if aborts is not None:
        carried_aborts = max(0, min(aborts, carried_aborts + aborts - missing.total()))
    return evidence, Memory(
        taken_at=now,
        sessions=sessions,
        counts=_counts_after(memory, answers, sessions.counted_by_account),
        carried=_carried_after(memory, answers.counts or {}, missing),
        counters=counters,
        carried_aborts=carried_aborts,
        kill_tally=kill_tally,
        com_kill_changed_at=memory.last_com_kill_change(sample),
        offline=offline,
    )


def _with_carried(rise: int, carried: int, missing: int) -> int:
    """The rise of Aborted_clients, plus as many of its carried counts as the missing sessions need."""
    return rise + max(0, min(carried, missing - rise))


def _errors(
    memory: Memory, counts: Mapping[Account, Counter[int]], missing: Mapping[Account, int]
) -> tuple[ErrorCount, ...]:
    """How far the counts of each account with a missing session rose, and what was carried for that account."""
    errors: list[ErrorCount] = []
    for account, errors_now in counts.items():
        counted_last = memory.counts.get(account)
        if counted_last is None or not missing.get(account):
            continue
        carried = memory.carried.get(account, CarriedCounts())
        errors += (
            ErrorCount(*account, code, number, counted_before=True) for code, number in carried.counts.items()
        )
        errors += (
            ErrorCount(*account, code, number) for code, number in (errors_now - counted_last.errors).items()
        )
    return tuple(errors)


def _carried_after(
    memory: Memory, counts: Mapping[Account, Counter[int]], missing: Mapping[Account, int]
) -> dict[Account, CarriedCounts]:
    """What to carry to the next sample, for each account that was counted now. Counts of the other accounts are dropped."""
    return {
        account: memory.carried.get(account, CarriedCounts()).for_next_sample(
            errors_now - memory.counts[account].errors, missing.get(account, 0)
        )
        for account, errors_now in counts.items()
        if account in memory.counts
    }


def _counts_after(
    memory: Memory, answers: ServerAnswers, present: Mapping[Account, int]
) -> Mapping[Account, AccountCount]:
    """The remembered counts with the new ones. Where accounts without a session are too many, they are forgotten: host names may
    never repeat.
    """
    counts = {
        **memory.counts,
        **{
            account: AccountCount(errors, answers.logins.get(account))
            for account, errors in (answers.counts or {}).items()
        },
    }
    if len(counts) <= REMEMBERED_PER_PRESENT * (1 + len(present)):
        return counts
    return {account: count for account, count in counts.items() if account in present}


def _rise(last: Mapping[str, int], current: Mapping[str, int], name: str) -> int | None:
    """How far a counter rose since the last sample; None where that is not known, and where the counter started again."""
    if name not in last or name not in current or current[name] < last[name]:
        return None
    return current[name] - last[name]


@dataclass(frozen=True, slots=True)
class ServerAnswers:
    """What the server answered for one sample, not yet compared with the memory."""

    log: tuple[LogEntry, ...]
    kills: RememberedKills | None
    logins: Mapping[Account, int]
    """How many sessions each account has had since the server started (TOTAL_CONNECTIONS)."""
    counts: Mapping[Account, Counter[int]] | None
    """Errors and clean disconnects by account and code; None where the server does not count them."""
    counted_codes: frozenset[int]
    """The codes the server counts: an account without such a count had no such error."""
    offline: OfflineVariable | None


@dataclass(frozen=True, slots=True)
class RememberedKills:
    """The KILL statements in the history of statements that the server keeps."""

    statements: tuple[KillStatement, ...] = ()
    """Those that give the id of the session they ended."""
    events: frozenset[tuple[int, int]] = frozenset()
    """Thread id and event id of each statement whose session is known, or that ended no session."""


@dataclass(frozen=True, slots=True)
class OfflineVariable:
    """The variable `offline_mode`."""

    is_known: bool
    """False only where the server has the variable and refuses to show it. A server without it turned nothing offline."""
    is_on: bool | None = None
    """None where the value is not known, or the server has no such variable."""
    set_at: float = -math.inf
    """When it was last set, on our clock; -inf where the server does not report it."""


@dataclass(frozen=True, slots=True)
class AccountCount:
    """The counts of one account when they were last read."""

    errors: Counter[int]
    """By error code; 0 is a clean disconnect."""
    logins: int | None
    """How many sessions the account had had by then; None where the server does not count them."""


@dataclass(frozen=True, slots=True)
class ListedSessions:
    """The sessions of one sample, and the accounts by which the server will count how they end."""

    by_id: Mapping[ProcesslistId, Session] = field(default_factory=dict)
    """All of them."""
    counted: Mapping[ProcesslistId, Account] = field(default_factory=dict)
    """The account of each counted session: all sessions but logins, daemons and our own."""
    counted_by_account: Counter[Account] = field(default_factory=Counter)
    """How many counted sessions each account has."""

    def compared_with(self, sample: Sample) -> tuple[ListedSessions, Counter[Account]]:
        """The sessions of the next sample, and how many counted sessions of each account are missing from it.

        Compares only sessions that changed: a session that did nothing is the same object as in the sample before.
        """
        by_id = {session.id: session for session in sample.sessions}
        changed = [
            session for session_id, session in by_id.items() if self.by_id.get(session_id) is not session
        ]
        changed_counted = {
            session.id: (session.user, session.client_host) for session in changed if _is_counted(session)
        }
        uncounted = {session.id for session in changed if session.id not in changed_counted}
        # An id that now has an uncounted session, such as a login, no longer stands for the counted one.
        missing = (self.counted.keys() - by_id.keys()) | (self.counted.keys() & uncounted)
        if not changed_counted and not missing:
            return replace(self, by_id=by_id), Counter()
        missing_by_account = Counter(self.counted[session_id] for session_id in missing)
        replaced_by_account = Counter(
            self.counted[session_id] for session_id in changed_counted.keys() & self.counted.keys()
        )
        kept = {
            session_id: account for session_id, account in self.counted.items() if session_id not in missing
        }
        counted_by_account = (
            self.counted_by_account
            - missing_by_account
            - replaced_by_account
            + Counter(changed_counted.values())
        )
        return ListedSessions(by_id, kept | changed_counted, counted_by_account), missing_by_account


def _is_counted(session: Session) -> bool:
    return session.role is not Role.LOGIN and session.role is not Role.DAEMON and not session.own


@dataclass(frozen=True, slots=True)
class CarriedCounts:
    """Counts of one account that no missing session explained yet.

    The server may count an end one sample before the session is missing.
    """

    counts: Counter[int] = field(default_factory=Counter)
    """By error code; 0 is a clean disconnect."""

    def for_next_sample(self, rise: Counter[int], missing: int) -> CarriedCounts:
        """What to carry to the next sample: `rise` is how far each count rose, `missing` how many sessions are missing.

        The missing sessions use up what was carried to this sample first, and then the rise. A count is carried once: what is
        left of the carried counts is dropped. Two sessions were counted, and one is missing:

        >>> CarriedCounts().for_next_sample(Counter({4031: 2}), missing=1).counts
        Counter({4031: 1})
        """
        unexplained = _ended_sessions(self.counts) + _ended_sessions(rise) - missing
        if unexplained <= 0:
            return CarriedCounts()
        return CarriedCounts(
            Counter({code: min(number, unexplained) for code, number in rise.items() if number > 0})
        )


def _ended_sessions(counts: Mapping[int, int]) -> int:
    """The smallest number of sessions that can have raised these counts."""
    read_errors = max((counts.get(code, 0) for code in BROKEN_CONNECTION_ERRORS), default=0)
    return read_errors + sum(
        number for code, number in counts.items() if code not in BROKEN_CONNECTION_ERRORS
    )


@dataclass(frozen=True, slots=True)
class KillTally:
    """Compares the KILL statements that the server remembers with Com_kill, which counts all of them.

    A KILL may be counted one sample before it is remembered: the server counts it when it begins, and remembers it when it is
    done. It may also be remembered first: a sample reads Com_kill before the statements.
    """

    events: frozenset[tuple[int, int]] = frozenset()
    """As in the `RememberedKills` that were read last."""
    not_counted_yet: int = 0
    """How many of those the server remembers, and Com_kill has not counted yet."""
    not_remembered_yet: int = 0
    """How many statements Com_kill counted at the last sample, and the server did not remember by then."""

    def compared_with(self, kills: RememberedKills | None, rise: int | None) -> tuple[KillTally, int | None]:
        """The next tally, and how many KILL statements of unknown sessions may have ended any session.

        `kills` is None where the statements were not read. `rise` is how far Com_kill rose; where it is None, the number is
        None too. A session that a KILL ended may be missing only one sample later, so each of these statements is in the
        numbers of two samples.

        Com_kill rises by 2, and the server remembers one KILL: the other may have ended any session. At the next sample the
        server remembers that one too:

        >>> first, second = (9, 1), (9, 2)
        >>> tally, unknown = KillTally().compared_with(RememberedKills(events=frozenset({first})), rise=2)
        >>> unknown
        1
        >>> tally.compared_with(RememberedKills(events=frozenset({first, second})), rise=0)[1]
        0
        """
        events = self.events if kills is None else kills.events
        if rise is None:
            return KillTally(events), None
        to_be_counted = self.not_counted_yet + len(events - self.events)
        counted_now = min(rise, to_be_counted)
        counted_last = min(self.not_remembered_yet, to_be_counted - counted_now)
        not_remembered = rise - counted_now
        tally = KillTally(events, to_be_counted - counted_now - counted_last, not_remembered)
        return tally, not_remembered + self.not_remembered_yet - counted_last


@dataclass(frozen=True, slots=True)
class OfflineHistory:
    """When `offline_mode` was turned on. That ends sessions, and Com_kill does not count it."""

    is_known: bool = False
    is_on: bool = False
    read_at: float = -math.inf
    turned_on_at: float = -math.inf
    """The last time, on our clock; -inf where none is known."""

    def with_variable(self, variable: OfflineVariable | None, now: float) -> OfflineHistory:
        """The history with the variable as it is `now`; `variable` is None where it was not read.

        A mode that was on only between two samples is known by the time it was set.
        """
        if variable is None:
            return self
        if variable.is_on is None:
            return replace(self, is_known=variable.is_known)
        turned_on_at = self.turned_on_at
        was_read = self.read_at > -math.inf
        if variable.set_at >= self.read_at and (variable.is_on or not self.is_on):
            turned_on_at = variable.set_at
        elif variable.is_on and not self.is_on and was_read:
            turned_on_at = now
        return OfflineHistory(variable.is_known, variable.is_on, now, turned_on_at)

    def may_have_ended_sessions(self, now: float) -> bool | None:
        return now - self.turned_on_at <= KILL_SECONDS if self.is_known else None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept of the samples before: of one run of a server, as of the last sample."""

    taken_at: float | None = None
    """Of the last sample; None before the first."""
    sessions: ListedSessions = field(default_factory=ListedSessions)
    counts: Mapping[Account, AccountCount] = field(default_factory=dict)
    carried: Mapping[Account, CarriedCounts] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    """The status counters."""
    carried_aborts: int = 0
    """What Aborted_clients counted at the last sample, and no session that was missing by then explains."""
    kill_tally: KillTally = field(default_factory=KillTally)
    com_kill_changed_at: float = -math.inf
    """When a sample last had another Com_kill than the sample before it."""
    offline: OfflineHistory = field(default_factory=OfflineHistory)

    def last_com_kill_change(self, sample: Sample) -> float:
        """When Com_kill last changed, this sample included; -inf where no change is known."""
        is_changed = sample.counter("com_kill") != self.counters.get("com_kill")
        return sample.taken_at if is_changed and self.taken_at is not None else self.com_kill_changed_at

    def accounts_to_count(
        self, accounts: AbstractSet[Account], logins: Mapping[Account, int]
    ) -> list[Account]:
        """Of the accounts without a missing session, those to count now: new ones, and ones with a new login since they were counted.

        A session may log in and end between two samples. Its end must not be taken for that of a session that ends later.
        """
        new = sorted(accounts - self.counts.keys())
        revisited = sorted(
            account
            for account in accounts & self.counts.keys()
            if logins.get(account) != self.counts[account].logins
        )
        return [*new[:NEW_ACCOUNTS], *revisited[:NEW_ACCOUNTS]]


@dataclass(frozen=True, slots=True)
class _EndQueries:
    """The statements about ended sessions, each with its answer as values. Each method raises SourceError and Refusal."""

    connection: Connection
    capabilities: Capabilities
    clock: Clock

    @property
    def counted_codes(self) -> frozenset[int]:
        """The error codes that this server counts by account; COM_QUIT (0) among them."""
        if "errors" not in self.capabilities.features:
            return CLEAN_DISCONNECTS
        absent = frozenset() if "idle_error" in self.capabilities.features else {IDLE_ERROR}
        return (ABORT_ERRORS | CLEAN_DISCONNECTS) - absent

    def logins(self) -> dict[Account, int]:
        """How many sessions each account has had since the server started; empty where the server does not count them."""
        statement = self.capabilities.statement("accounts")
        if statement is None:
            return {}
        return {(text(user), text(host)): int(total) for user, host, total in self.connection.rows(statement)}

    def counts(self, accounts: Iterable[Account]) -> dict[Account, Counter[int]] | None:
        """Errors and clean disconnects of these accounts since the server started; None where the server does not count them."""
        statement = self.capabilities.statement("end_counts")
        if statement is None:
            return None
        counts: dict[Account, Counter[int]] = {}
        for user, host in accounts:
            rows = self.connection.rows(statement, (user, host, user, host))
            counts[user, host] = Counter({int(code): int(number) for code, number in rows})
        return counts

    def kills(self) -> RememberedKills | None:
        """The KILL statements in the history of statements; None where the history cannot be read."""
        statement = self.capabilities.statement("kills")
        if statement is None:
            return None
        statements, events = [], set()
        for sql_text, errors, user, host, killer_id, event_id in self.connection.rows(statement):
            bare_sql = re.sub(COMMENT, " ", text(sql_text))
            match = None if errors else re.fullmatch(KILL, bare_sql)
            if match:
                account = f"{plain(text(user), 60)}@{plain(text(host), 60)}"
                killer = _("{account}, session {id}", account=account, id=killer_id or 0)
                statements.append(KillStatement(ProcesslistId(int(match[match.lastindex or 0])), killer))
            if match or errors or re.fullmatch(KILL_QUERY, bare_sql):
                events.add((killer_id or 0, int(event_id)))
        return RememberedKills(tuple(statements), frozenset(events))

    def offline_mode(self) -> OfflineVariable:
        """The variable as it is now, dated on our clock."""
        statement = self.capabilities.statement("offline")
        if statement is None:  # the server has no such variable, or it refused the statement
            return OfflineVariable("offline" not in sql.STATEMENTS[self.capabilities.flavour])
        value, seconds_ago = self.connection.rows(statement)[0]
        set_at = -math.inf if seconds_ago is None else self.clock() - float(seconds_ago)
        return OfflineVariable(is_known=True, is_on=bool(int(value)), set_at=set_at)

    def log(self, seconds: float) -> tuple[LogEntry, ...]:
        """Entries of the last `seconds` about why sessions or the server ended, or that the server started.

        They are dated on our clock: the server reports how long ago each was written.
        """
        statement = self.capabilities.statement("log")
        if statement is None:
            return ()
        asked_at = self.clock()
        rows = self.connection.rows(statement, (round(min(seconds, 86_400.0), 3),))
        if not rows:
            return ()
        # imported here: it loads the reader of log files, which a start does not need
        from goneaway_tui.source.error_log import entries

        return tuple(
            entry
            for entry in entries(rows, asked_at)
            if entry.cause is not None or entry.code == SERVER_START_CODE
        )

    def log_of_previous_stop(self, now: float, previous_run_seen_at: float) -> tuple[LogEntry, ...]:
        """Why the run before ended, of which the last sample was taken at `previous_run_seen_at`.

        A start that follows no stop means a crash, but only in a log whose oldest entry is older than that sample.
        """
        log = self.log(now - previous_run_seen_at + LOG_MARGIN)
        oldest = self.capabilities.statement("log_oldest")
        rows = self.connection.rows(oldest) if oldest is not None and log else []
        covers_stop = (
            bool(rows) and rows[0][0] is not None and self.clock() + float(rows[0][0]) < previous_run_seen_at
        )
        stops = {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
        return tuple(
            entry
            for entry in log
            if entry.cause in stops or (entry.code == SERVER_START_CODE and covers_stop)
        )
