"""Read what a server tells of sessions that ended. It is asked only when a session has ended.

A server counts errors and clean disconnects by account. The counts outlive the sessions, so each count is compared with the
one before. Counts are read after the process list: by then the server has counted every session that is missing from the
list. A session that ends between the two readings is counted in this sample and missing in the next, so counts that no
missing session explains are carried to the next sample (`CarriedCounts`).

`EndEvidenceReader.read` has three steps: find which sessions are missing, ask the server, compare the answers with the
memory of the samples before. Only the second step talks to the server; the memory is replaced as a whole at the end.
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
    COM_QUIT,
    NO_EVIDENCE,
    EndEvidence,
    ErrorCount,
    KillStatement,
    LogEntry,
    Sample,
)
from goneaway_tui.model.session import ProcesslistId, Role, Session
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
LOG_TELLS = 3
"""The lowest log_error_verbosity at which MySQL's log says why a session ended."""
STARTS = "MY-010116"
"""MySQL's `starting as process`, which it logs at every verbosity, as it does a stop."""
FORGET_ABOVE = 10
"""How many times more accounts than have sessions now are remembered."""
READ_ERRORS = (1158, 1160)
"""A connection that breaks raises either of them, or both."""
CLEAN_DISCONNECTS = frozenset({COM_QUIT})
ERRORS = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
IDLE_ERROR = 4031
"""Raised for an idle timeout since MySQL 8.0.24; before, that raised 1159."""
COMMENT = re.compile(r"/\*(?!!|M!).*?\*/|(?:--(?=\s|$)|#)[^\n]*", re.DOTALL)
"""A comment that the server skips. The server runs what stands in `/*! */`."""
KILL = re.compile(
    r"""\s*KILL(?:\s+(?:CONNECTION|HARD|SOFT))*\s*(?:\b(\d{1,20})|'(\d{1,20})'|"(\d{1,20})")\s*;?\s*""",
    re.IGNORECASE,
)
"""Ends a session given by its id. Which session any other text ends is not known: a variable, an expression, a user."""
KILL_QUERY = re.compile(r"\s*KILL\s+(?:(?:HARD|SOFT)\s+)?QUERY\b.*", re.IGNORECASE | re.DOTALL)
Account = tuple[str, str]
"""User and client host."""


@dataclass(frozen=True, slots=True)
class CountedSessions:
    """The sessions whose ends the server counts, as of one sample."""

    sessions: Mapping[ProcesslistId, Session] = field(default_factory=dict)
    """All sessions, also those whose ends are not counted."""
    accounts: Mapping[ProcesslistId, Account] = field(default_factory=dict)
    by_account: Counter[Account] = field(default_factory=Counter)
    """How many counted sessions each account has."""

    def after(self, sample: Sample) -> tuple[CountedSessions, Counter[Account]]:
        """The counted sessions as of the next sample, and how many of each account are missing from it.

        Only sessions that changed are looked at: one that did nothing is the same object as in the sample before.
        """
        sessions = {session.id: session for session in sample.sessions}
        changed = [
            session for number, session in sessions.items() if self.sessions.get(number) is not session
        ]
        present = {
            session.id: (session.user, session.client_host) for session in changed if _is_counted(session)
        }
        uncounted = {session.id for session in changed if session.id not in present}
        missing = self.accounts.keys() - sessions.keys() | self.accounts.keys() & uncounted
        if not present and not missing:
            return replace(self, sessions=sessions), Counter()
        missing_by_account = Counter(self.accounts[number] for number in missing)
        before = Counter(self.accounts[number] for number in present if number in self.accounts)
        accounts = {number: account for number, account in self.accounts.items() if number not in missing}
        by_account = self.by_account - missing_by_account - before + Counter(present.values())
        return CountedSessions(sessions, accounts | present, by_account), missing_by_account


def _is_counted(session: Session) -> bool:
    return session.role is not Role.LOGIN and session.role is not Role.DAEMON and not session.own


@dataclass(frozen=True, slots=True)
class CarriedCounts:
    """Counts by error code that no missing session explained yet: a session may be counted one sample before it is missing."""

    counts: Counter[int] = field(default_factory=Counter)

    def after(self, rise: Counter[int], missing: int) -> CarriedCounts:
        """What is carried on when the counts rose by `rise` and so many sessions are missing. Nothing is carried twice."""
        excess = _ended_sessions(self.counts) + _ended_sessions(rise) - missing
        return CarriedCounts(
            Counter({code: min(number, excess) for code, number in rise.items() if excess > 0 and number > 0})
        )

    def with_carried(self, rise: int, missing: int) -> int:
        """A rise of one count, of which the key is 0, plus as much of what was carried as the missing sessions need."""
        return rise + max(0, min(self.counts[0], missing - rise))


def _ended_sessions(counts: Mapping[int, int]) -> int:
    """The least number of sessions that can have raised these counts."""
    torn = max((counts.get(code, 0) for code in READ_ERRORS), default=0)
    return torn + sum(number for code, number in counts.items() if code not in READ_ERRORS)


@dataclass(frozen=True, slots=True)
class AccountCount:
    """What the server had counted for one account when it was last asked."""

    errors: Counter[int]
    """By error code; 0 is a clean disconnect."""
    logins: int | None
    """How many sessions the account had had by then; None where the server does not tell."""


@dataclass(frozen=True, slots=True)
class KillReading:
    """The KILL statements that the server remembers."""

    statements: tuple[KillStatement, ...] = ()
    """Those that name the session they ended."""
    explained: frozenset[tuple[int, int]] = frozenset()
    """Thread and event of each statement whose session is known, or that ended no session."""


@dataclass(frozen=True, slots=True)
class KillTally:
    """Sets the KILL statements that are remembered off against Com_kill, which counts all of them.

    The server counts a KILL when it begins, and remembers its text when it is done, which may be a sample later.
    """

    explained: frozenset[tuple[int, int]] = frozenset()
    """As in the last `KillReading`."""
    pending: int = 0
    """How many of those are not set off against Com_kill yet."""
    unexplained: int = 0
    """How many other KILL statements Com_kill counted at the last sample."""

    def after(self, reading: KillReading | None, rise: int | None) -> tuple[KillTally, int | None]:
        """The next tally, and how many KILL statements may have ended any session; None where Com_kill's rise is not known.

        `reading` is None where the statements were not read. A session that a KILL ended may be missed a sample later, so
        each unexplained KILL is reported in two samples.
        """
        explained = self.explained if reading is None else reading.explained
        if rise is None:
            return KillTally(explained), None
        pending = self.pending + len(explained - self.explained)
        of_this_sample = min(rise, pending)
        of_sample_before = min(self.unexplained, pending - of_this_sample)
        unexplained = rise - of_this_sample
        tally = KillTally(explained, pending - of_this_sample - of_sample_before, unexplained)
        return tally, unexplained + self.unexplained - of_sample_before


@dataclass(frozen=True, slots=True)
class OfflineReading:
    """The variable `offline_mode`."""

    is_known: bool
    """Whether it is read, or the server has none. False where the server refuses to tell."""
    is_on: bool | None = None
    """None where it is not read."""
    set_at: float = -math.inf
    """When it was last set, on our clock, where the server tells."""


@dataclass(frozen=True, slots=True)
class OfflineMode:
    """When `offline_mode` was turned on: that ends sessions and counts as no KILL."""

    is_known: bool = False
    is_on: bool = False
    read_at: float = -math.inf
    turned_on_at: float = -math.inf
    """The last time, as far as that is known."""

    def after(self, reading: OfflineReading | None, now: float) -> OfflineMode:
        """`reading` is None where the variable was not read. It may have been on for a moment between two readings."""
        if reading is None:
            return self
        if reading.is_on is None:
            return replace(self, is_known=reading.is_known)
        turned_on_at = self.turned_on_at
        was_read = self.read_at > -math.inf
        if reading.set_at >= self.read_at and (reading.is_on or not self.is_on):
            turned_on_at = reading.set_at
        elif reading.is_on and not self.is_on and was_read:
            turned_on_at = now
        return OfflineMode(reading.is_known, reading.is_on, now, turned_on_at)

    def may_have_ended_sessions(self, now: float) -> bool | None:
        return now - self.turned_on_at <= KILL_SECONDS if self.is_known else None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one run of a server as of the last sample."""

    taken_at: float | None = None
    """Of the last sample; None before the first."""
    sessions: CountedSessions = field(default_factory=CountedSessions)
    counts: Mapping[Account, AccountCount] = field(default_factory=dict)
    carried: Mapping[Account, CarriedCounts] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    """The status counters."""
    carried_aborts: CarriedCounts = field(default_factory=CarriedCounts)
    kills: KillTally = field(default_factory=KillTally)
    kill_at: float = -math.inf
    """When Com_kill was last seen to have changed."""
    offline: OfflineMode = field(default_factory=OfflineMode)

    def last_kill(self, sample: Sample) -> float:
        """When Com_kill last changed, this sample included."""
        is_changed = sample.counter("com_kill") != self.totals.get("com_kill")
        return sample.taken_at if is_changed and self.taken_at is not None else self.kill_at

    def accounts_to_count(
        self, accounts: AbstractSet[Account], logins: Mapping[Account, int]
    ) -> list[Account]:
        """Of these accounts, those that are new, and those that had a new session since they were counted.

        Such a session may have ended between two samples. Its end must not be taken for that of a session that ends later.
        """
        new = sorted(accounts - self.counts.keys())
        revisited = sorted(
            account
            for account in accounts & self.counts.keys()
            if logins.get(account) != self.counts[account].logins
        )
        return [*new[:NEW_ACCOUNTS], *revisited[:NEW_ACCOUNTS]]


@dataclass(frozen=True, slots=True)
class Readings:
    """What the server answered for one sample, before it is compared with the samples before."""

    log: tuple[LogEntry, ...]
    kills: KillReading | None
    logins: Mapping[Account, int]
    """How many sessions each account has had since the server started."""
    counts: Mapping[Account, Counter[int]] | None
    """Errors and clean disconnects by account and code; None where the server does not count them."""
    counted_codes: frozenset[int]
    """The codes of which an account without any is known to have none."""
    offline: OfflineReading | None


class EndEvidenceReader:
    """Reads the evidence of one run of a server, also across several connections to it."""

    def __init__(self, after: float | None = None) -> None:
        """`after`: when another run of the server was seen last, which ended before this run began."""
        self._stopped_after = after
        self._memory = Memory()

    @property
    def taken_at(self) -> float | None:
        """When the last sample was taken."""
        return self._memory.taken_at

    def read(
        self, connection: Connection, capabilities: Capabilities, sample: Sample, clock: Clock
    ) -> EndEvidence:
        """What the server tells of the time since the sample before. `clock` is the one the sample was taken by.

        Raises SourceError and Refusal. Nothing is remembered of a reading that fails: the next one brings it again.
        """
        sessions, missing = self._memory.sessions.after(sample)
        server = _Server(connection, capabilities, clock)
        readings = self._readings(server, sample, sessions.by_account.keys(), missing)
        evidence, self._memory = derive_evidence(self._memory, sample, sessions, missing, readings)
        return evidence

    def _readings(
        self, server: _Server, sample: Sample, accounts: AbstractSet[Account], missing: Mapping[Account, int]
    ) -> Readings:
        """Ask the server for what this sample needs. `accounts` have sessions now; of the `missing` some ended."""
        memory = self._memory
        is_first = memory.taken_at is None
        log: tuple[LogEntry, ...] = ()
        if is_first and self._stopped_after is not None:
            log = server.log_of_last_stop(sample.taken_at, self._stopped_after)
        kills = None
        if is_first or sample.taken_at - memory.last_kill(sample) <= KILL_SECONDS:
            kills = server.kills()
        log_tells = (sample.variable("log_error_verbosity") or 0) >= LOG_TELLS
        if memory.taken_at is not None and missing and log_tells:
            seconds = sample.taken_at - memory.taken_at + LOG_MARGIN
            log = tuple(entry for entry in server.log(seconds) if entry.cause is not None)
        logins = server.logins()
        others = memory.accounts_to_count(accounts - missing.keys(), logins)
        counts = server.counts([*missing, *others])
        aborts_rose = sample.counter("aborted_clients") != memory.totals.get("aborted_clients")
        offline = None
        if sample.counter("com_kill") is not None and (is_first or aborts_rose):
            offline = server.offline_mode()
        return Readings(log, kills, logins, counts, server.counted_codes, offline)


def derive_evidence(
    memory: Memory,
    sample: Sample,
    sessions: CountedSessions,
    missing: Counter[Account],
    readings: Readings,
) -> tuple[EndEvidence, Memory]:
    """The evidence that follows from the readings of one sample, and what is to be remembered for the next."""
    is_first, now = memory.taken_at is None, sample.taken_at
    totals = dict(sample.counters)
    aborts = _rise(memory.totals, totals, "aborted_clients")
    kills, unexplained_kills = memory.kills.after(readings.kills, _rise(memory.totals, totals, "com_kill"))
    offline = memory.offline.after(readings.offline, now)
    evidence = EndEvidence(
        errors=_errors(memory, readings.counts or {}, missing),
        log=readings.log,
        kills=() if is_first or readings.kills is None else readings.kills.statements,
        aborted=None if aborts is None else memory.carried_aborts.with_carried(aborts, missing.total()),
        killed=unexplained_kills,
        counted_codes=NO_EVIDENCE.counted_codes if readings.counts is None else readings.counted_codes,
        offline=offline.may_have_ended_sessions(now),
    )
    carried_aborts = memory.carried_aborts
    if aborts is not None:
        carried_aborts = carried_aborts.after(Counter({0: aborts}), missing.total())
    return evidence, Memory(
        taken_at=now,
        sessions=sessions,
        counts=_counts_after(memory, readings, sessions.by_account),
        carried=_carried_after(memory, readings.counts or {}, missing),
        totals=totals,
        carried_aborts=carried_aborts,
        kills=kills,
        kill_at=memory.last_kill(sample),
        offline=offline,
    )


def _errors(
    memory: Memory, counts: Mapping[Account, Counter[int]], missing: Mapping[Account, int]
) -> tuple[ErrorCount, ...]:
    """By how much the counts of each account with a missing session rose, and what was carried for it."""
    errors: list[ErrorCount] = []
    for account, errors_now in counts.items():
        before = memory.counts.get(account)
        if before is None or not missing.get(account):
            continue
        carried = memory.carried.get(account, CarriedCounts())
        errors += (
            ErrorCount(*account, code, number, counted_before=True) for code, number in carried.counts.items()
        )
        errors += (
            ErrorCount(*account, code, number) for code, number in (errors_now - before.errors).items()
        )
    return tuple(errors)


def _carried_after(
    memory: Memory, counts: Mapping[Account, Counter[int]], missing: Mapping[Account, int]
) -> dict[Account, CarriedCounts]:
    """Only accounts that were counted now carry anything: what was not needed by now is not about later ends."""
    return {
        account: memory.carried.get(account, CarriedCounts()).after(
            errors_now - memory.counts[account].errors, missing.get(account, 0)
        )
        for account, errors_now in counts.items()
        if account in memory.counts
    }


def _counts_after(
    memory: Memory, readings: Readings, present: Mapping[Account, int]
) -> Mapping[Account, AccountCount]:
    """With the new counts. Accounts without a session are forgotten where they are too many: host names may never repeat."""
    counts = {
        **memory.counts,
        **{
            account: AccountCount(errors, readings.logins.get(account))
            for account, errors in (readings.counts or {}).items()
        },
    }
    if len(counts) <= FORGET_ABOVE * (1 + len(present)):
        return counts
    return {account: count for account, count in counts.items() if account in present}


def _rise(before: Mapping[str, int], now: Mapping[str, int], name: str) -> int | None:
    """How far a counter rose; None where that is not known, also where the counter started again."""
    if name not in before or name not in now or now[name] < before[name]:
        return None
    return now[name] - before[name]


@dataclass(frozen=True, slots=True)
class _Server:
    """The statements about ended sessions. Each method raises SourceError and Refusal."""

    connection: Connection
    capabilities: Capabilities
    clock: Clock

    @property
    def counted_codes(self) -> frozenset[int]:
        """The codes that this server counts by account."""
        if "errors" not in self.capabilities.features:
            return CLEAN_DISCONNECTS
        absent = frozenset() if "idle_error" in self.capabilities.features else {IDLE_ERROR}
        return (ERRORS | CLEAN_DISCONNECTS) - absent

    def logins(self) -> dict[Account, int]:
        statement = self.capabilities.statement("accounts")
        if statement is None:
            return {}
        return {(text(user), text(host)): int(total) for user, host, total in self.connection.rows(statement)}

    def counts(self, accounts: Iterable[Account]) -> dict[Account, Counter[int]] | None:
        """Errors and clean disconnects of these accounts; None where the server does not count them."""
        statement = self.capabilities.statement("end_counts")
        if statement is None:
            return None
        counts: dict[Account, Counter[int]] = {}
        for user, host in accounts:
            rows = self.connection.rows(statement, (user, host, user, host))
            counts[user, host] = Counter({int(code): int(number) for code, number in rows})
        return counts

    def kills(self) -> KillReading | None:
        """The KILL statements that the server remembers; None where they cannot be read."""
        statement = self.capabilities.statement("kills")
        if statement is None:
            return None
        statements, explained = [], set()
        for sql_text, errors, user, host, number, event in self.connection.rows(statement):
            words = COMMENT.sub(" ", text(sql_text))
            kill = None if errors else KILL.fullmatch(words)
            if kill:
                account = f"{plain(text(user), 60)}@{plain(text(host), 60)}"
                killer = _("{account}, session {id}", account=account, id=number or 0)
                statements.append(KillStatement(ProcesslistId(int(kill[kill.lastindex or 0])), killer))
            if kill or errors or KILL_QUERY.fullmatch(words):
                explained.add((number or 0, int(event)))
        return KillReading(tuple(statements), frozenset(explained))

    def offline_mode(self) -> OfflineReading:
        statement = self.capabilities.statement("offline")
        if statement is None:  # the server has no such mode, or it refused to tell
            return OfflineReading("offline" not in sql.STATEMENTS[self.capabilities.flavour])
        value, ago = self.connection.rows(statement)[0]
        set_at = -math.inf if ago is None else self.clock() - float(ago)
        return OfflineReading(is_known=True, is_on=bool(int(value)), set_at=set_at)

    def log(self, seconds: float) -> tuple[LogEntry, ...]:
        """Entries of the last so many seconds that tell why sessions or the server ended, or that the server started.

        They are dated on our clock, by how long ago the server says they were written.
        """
        statement = self.capabilities.statement("log")
        if statement is None:
            return ()
        asked_at = self.clock()
        rows = self.connection.rows(statement, (round(min(seconds, 86_400.0), 3),))
        if not rows:
            return ()
        # imported here: it needs the reader of log files, which a start can do without
        from goneaway_tui.source.error_log import entries

        return tuple(
            entry for entry in entries(rows, asked_at) if entry.cause is not None or entry.code == STARTS
        )

    def log_of_last_stop(self, now: float, stopped_after: float) -> tuple[LogEntry, ...]:
        """Why the run before ended, which was last seen at `stopped_after`.

        A start that follows no stop means a crash, but only in a log that reaches back to before it.
        """
        log = self.log(now - stopped_after + LOG_MARGIN)
        oldest = self.capabilities.statement("log_oldest")
        rows = self.connection.rows(oldest) if oldest is not None and log else []
        reaches = bool(rows) and rows[0][0] is not None and self.clock() + float(rows[0][0]) < stopped_after
        stops = {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
        return tuple(entry for entry in log if entry.cause in stops or (entry.code == STARTS and reaches))
