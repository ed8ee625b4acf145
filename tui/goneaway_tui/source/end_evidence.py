"""What a server tells of sessions that ended, asked only when one did.

Counts outlive the sessions they count, so one reading is set against the one before. Each is read after the process list,
by which the server has counted whoever is missing from it; of somebody who leaves in between, the count comes first and
the absence one sample later, so what a sample cannot place is kept for the next.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

from goneaway_tui.doctor.case import FailingHost, RaisedError
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
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.error_log import entries
from goneaway_tui.source.session_cache import text
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.text.sanitize import plain

NEW_ACCOUNTS = 20
"""How many accounts are counted for the first time in one sample; the rest wait for the next."""
LOG_MARGIN = 2.0
"""Seconds before the last sample from which the log is read again: an entry may be dated a little before it is written."""
KILL_SECONDS = 60.0
"""How long after a KILL, or after `offline_mode` was turned on, its victims are looked for: they stay listed until all
they did is rolled back."""
LOG_TELLS = 3
"""The least log_error_verbosity at which MySQL's log says why a session ended."""
STARTS = "MY-010116"
"""MySQL's `starting as process`, which it logs at every verbosity, as it does a stop."""
FORGET_ABOVE = 10
"""How many times more accounts than have sessions now are remembered."""
TORN = (1158, 1160)
SAID = frozenset({COM_QUIT})
ERRORS = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
IDLE_ERROR = 4031
"""Raised for an idle timeout since MySQL 8.0.24; before, that raised 1159."""
COMMENT = re.compile(r"/\*(?!!|M!).*?\*/|(?:--(?=\s|$)|#)[^\n]*", re.DOTALL)
"""One the server skips: what stands in `/*! */` it runs."""
KILL = re.compile(
    r"""\s*KILL(?:\s+(?:CONNECTION|HARD|SOFT))*\s*(?:\b(\d{1,20})|'(\d{1,20})'|"(\d{1,20})")\s*;?\s*""",
    re.IGNORECASE,
)
"""Of a session, by its id alone. Whom any other text ends is not known: a variable, an expression, a user."""
KILL_QUERY = re.compile(r"\s*KILL\s+(?:(?:HARD|SOFT)\s+)?QUERY\b.*", re.IGNORECASE | re.DOTALL)
Account = tuple[str, str]


class EndEvidenceReader:
    """Remembers what was counted at the last sample; one for each run of a server, also across connections to it.

    A reading that fails changes nothing: what it would have told is told by the next.
    """

    def __init__(self, after: float | None = None) -> None:
        """`after`: when another run of the server was seen last, which this one came after."""
        self._stopped_after = after
        self._sessions: dict[ProcesslistId, Session] = {}
        self._present: dict[ProcesslistId, Account] = {}
        """Whose sessions are counted."""
        self._crowds: Counter[Account] = Counter()
        """How many of those each account has."""
        self._counted: dict[Account, Counter[int]] = {}
        self._counted_at: dict[Account, int | None] = {}
        """How many sessions each of them had had by then."""
        self._kept: dict[Account, CarriedCounts] = {}
        self._totals: dict[str, int] = {}
        self._aborted = CarriedCounts()
        self._kills_known: set[tuple[int, int]] = set()
        """The events of KILL statements whose victim is known, or that had none."""
        self._known_kills = 0
        """How many of those are not set off against Com_kill yet."""
        self._unknown_kills = 0
        """How many others Com_kill counted at the last sample."""
        self._kill_at = -math.inf
        """When a KILL was last seen to have been run."""
        self._is_offline = False
        self._offline_asked_at = -math.inf
        self._offline_at = -math.inf
        """When `offline_mode` was last turned on, as far as that is known."""
        self._knows_offline = False
        self.taken_at: float | None = None
        """Of the last sample it heard of."""

    def clues(self, connection: Connection, found: Capabilities, sample: Sample, clock: Clock) -> EndEvidence:
        """What was said since the sample before. `clock` is the one the sample was taken by. Raises SourceError."""
        sessions = {session.id: session for session in sample.sessions}
        changed = [each for number, each in sessions.items() if self._sessions.get(number) is not each]
        seen = {each.id: (each.user, each.client_host) for each in changed if _counts(each)}
        missed = self._present.keys() - sessions.keys() | {each.id for each in changed if each.id not in seen}
        left = {number: self._present[number] for number in missed if number in self._present}
        if self.taken_at is None:
            clues = self._of_the_run_before(connection, found, sample, clock)
            self._kills(connection, found)
            self._known_kills = 0  # those were counted before we came
        else:
            clues = self._of_sessions(connection, found, sample, clock, any_gone=bool(left))
        gone = Counter(left.values())
        before = Counter(self._present[number] for number in seen if number in self._present)
        crowds = self._crowds - gone - before + Counter(seen.values())
        logins = self._read_logins(connection, found)
        counts = self._count(connection, found, gone, self._to_count(crowds.keys() - gone.keys(), logins))
        torn = sample.counter("aborted_clients") != self._totals.get("aborted_clients")
        if sample.counter("com_kill") is not None and (self.taken_at is None or torn):
            self._read_offline(connection, found, sample.taken_at, clock)
        # Nothing is asked of the server from here on.
        clues = replace(clues, errors=self._rises(counts, gone))
        if counts is not None:
            clues = replace(clues, counted_codes=_counted_by(found))
        clues = self._totalled(clues, sample, gone.total())
        self._sessions, self._crowds, self.taken_at = sessions, crowds, sample.taken_at
        self._present = (
            {n: who for n, who in self._present.items() if n not in left} if left else self._present
        )
        self._present |= seen
        self._counted = {**self._counted, **(counts or {})}
        self._counted_at |= {account: logins.get(account) for account in counts or {}}
        if len(self._counted) > FORGET_ABOVE * (1 + len(self._crowds)):
            self._forget(set(self._crowds))
        return clues

    def _of_the_run_before(
        self, connection: Connection, found: Capabilities, sample: Sample, clock: Clock
    ) -> EndEvidence:
        """Why the run before ended. A start tells of a crash only in a log that reaches back to before it."""
        if self._stopped_after is None:
            return NO_EVIDENCE
        log = self._log(connection, found, sample.taken_at - self._stopped_after + LOG_MARGIN, clock)
        oldest = found.statement("log_oldest")
        rows = connection.rows(oldest) if oldest is not None and log else []
        reaches = bool(rows) and rows[0][0] is not None and clock() + float(rows[0][0]) < self._stopped_after
        stops = {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
        return EndEvidence(log=tuple(e for e in log if e.cause in stops or (e.code == STARTS and reaches)))

    def _of_sessions(
        self, connection: Connection, found: Capabilities, sample: Sample, clock: Clock, *, any_gone: bool
    ) -> EndEvidence:
        """What names sessions: KILL statements remembered, and the log."""
        clues = NO_EVIDENCE
        if sample.counter("com_kill") != self._totals.get("com_kill"):
            self._kill_at = sample.taken_at
        if sample.taken_at - self._kill_at <= KILL_SECONDS:
            clues = replace(clues, kills=self._kills(connection, found))
        if not any_gone or self.taken_at is None:
            return clues
        if (sample.variable("log_error_verbosity") or 0) >= LOG_TELLS:
            seconds = sample.taken_at - self.taken_at + LOG_MARGIN
            log = self._log(connection, found, seconds, clock)
            clues = replace(clues, log=tuple(e for e in log if e.cause is not None))
        return clues

    def _read_logins(self, connection: Connection, found: Capabilities) -> dict[Account, int]:
        statement = found.statement("accounts")
        if statement is None:
            return {}
        return {(text(user), text(host)): int(total) for user, host, total in connection.rows(statement)}

    def _to_count(self, here: AbstractSet[Account], logins: Mapping[Account, int]) -> list[Account]:
        """Whom to count from the next time on: accounts seen first, and those somebody visited.

        The visitors' own endings must not be taken for those of sessions that leave later.
        """
        new = sorted(account for account in here if account not in self._counted)
        visited = sorted(
            account
            for account in here & self._counted.keys()
            if logins.get(account) != self._counted_at.get(account)
        )
        return [*new[:NEW_ACCOUNTS], *visited[:NEW_ACCOUNTS]]

    def _count(
        self, connection: Connection, found: Capabilities, gone: Iterable[Account], others: Iterable[Account]
    ) -> dict[Account, Counter[int]] | None:
        """Counts of the accounts somebody left from, and of others; None where nobody counts."""
        statement = found.statement("endings")
        if statement is None:
            return None
        counts: dict[Account, Counter[int]] = {}
        for user, host in (*gone, *others):
            rows = connection.rows(statement, (user, host, user, host))
            counts[user, host] = Counter({int(code): int(number) for code, number in rows})
        return counts

    def _rises(
        self, counts: Mapping[Account, Counter[int]] | None, gone: Mapping[Account, int]
    ) -> tuple[ErrorCount, ...]:
        """By how much each count of the accounts somebody left from went up."""
        errors: list[ErrorCount] = []
        kept: dict[Account, CarriedCounts] = {}
        for account, now in (counts or {}).items():
            before = self._counted.get(account)
            if before is None:
                continue
            rise, missed = now - before, gone.get(account, 0)
            carry = kept[account] = self._kept.get(account, CarriedCounts())
            left = carry.offer(rise, missed)
            if missed:
                errors += (ErrorCount(*account, code, n, counted_before=True) for code, n in left.items())
                errors += (ErrorCount(*account, code, n) for code, n in rise.items())
        self._kept = kept  # what nobody asked for by now was not about who leaves next
        return tuple(errors)

    def _totalled(self, clues: EndEvidence, sample: Sample, gone: int) -> EndEvidence:
        """With how far Aborted_clients and Com_kill went up; these are of all sessions, so what was left over is added."""
        was, self._totals = self._totals, dict(sample.counters)
        aborted = _rise(was, self._totals, "aborted_clients")
        if aborted is not None:
            aborted = self._aborted.topped_up(aborted, gone)
        killed = self._not_known(_rise(was, self._totals, "com_kill"))
        lately = sample.taken_at - self._offline_at <= KILL_SECONDS
        return replace(clues, aborted=aborted, killed=killed, offline=lately if self._knows_offline else None)

    def _not_known(self, kills: int | None) -> int | None:
        """How many KILL statements, of so many that Com_kill rose by, may have ended any session.

        A session that one ended may be missed a sample later, so each is counted in two samples. The server counts a KILL
        when it begins, and remembers its text when it is done: that may come a sample later too.
        """
        if kills is None:
            self._known_kills = self._unknown_kills = 0
            return None
        now = min(kills, self._known_kills)
        late = min(self._unknown_kills, self._known_kills - now)
        self._known_kills -= now + late
        before, self._unknown_kills = self._unknown_kills - late, kills - now
        return self._unknown_kills + before

    def _read_offline(self, connection: Connection, found: Capabilities, now: float, clock: Clock) -> None:
        """Whether `offline_mode` was turned on since it was last asked, be it for a moment only."""
        statement = found.statement("offline")
        if statement is None:  # such a server has no offline mode, or it refused to tell
            self._knows_offline = "offline" not in sql.STATEMENTS[found.flavour]
            return
        value, ago = connection.rows(statement)[0]
        on, was_on, first = bool(int(value)), self._is_offline, self._offline_asked_at == -math.inf
        set_at = -math.inf if ago is None else clock() - float(ago)
        if set_at >= self._offline_asked_at and (on or not was_on):
            self._offline_at = set_at
        elif on and not was_on and not first:
            self._offline_at = now
        self._is_offline, self._offline_asked_at, self._knows_offline = on, now, True

    def _forget(self, present: set[Account]) -> None:
        """Accounts nobody has a session of: their number has no bound where host names differ each time."""
        self._counted = {account: n for account, n in self._counted.items() if account in present}
        self._counted_at = {account: n for account, n in self._counted_at.items() if account in present}

    def _kills(self, connection: Connection, found: Capabilities) -> tuple[KillStatement, ...]:
        """The KILL statements that are remembered and name their victim."""
        statement = found.statement("kills")
        if statement is None:
            return ()
        kills, known = [], set()
        for sql_text, errors, user, host, number, event in connection.rows(statement):
            said = COMMENT.sub(" ", text(sql_text))
            victim = None if errors else KILL.fullmatch(said)
            if victim:
                account = f"{plain(text(user), 60)}@{plain(text(host), 60)}"
                who = _("{account}, session {id}", account=account, id=number or 0)
                kills.append(KillStatement(ProcesslistId(int(victim[victim.lastindex or 0])), who))
            if victim or errors or KILL_QUERY.fullmatch(said):
                known.add((number or 0, int(event)))
        self._known_kills += len(known - self._kills_known)
        self._kills_known = known
        return tuple(kills)

    def _log(
        self, connection: Connection, found: Capabilities, seconds: float, clock: Clock
    ) -> tuple[LogEntry, ...]:
        """What the log said in the last so many seconds, dated on our clock by how long ago the server says it was."""
        statement = found.statement("log")
        if statement is None:
            return ()
        asked = clock()
        rows = connection.rows(statement, (round(min(seconds, 86_400.0), 3),))
        if not rows:
            return ()
        from goneaway_tui.source.error_log import entries  # with the doctor's reader of logs

        return tuple(e for e in entries(rows, asked) if e.cause is not None or e.code == STARTS)


class CarriedCounts:
    """What was counted of those who are not missed yet: a count comes first, and the absence a sample later."""

    def __init__(self) -> None:
        self._left: Counter[int] = Counter()

    def offer(self, rise: Counter[int], gone: int) -> Counter[int]:
        """What the sample before left over, which with the rise may explain so many absences; offered only once."""
        left = self._left
        excess = _endings(left) + _endings(rise) - gone
        self._left = Counter({code: min(n, excess) for code, n in rise.items() if excess > 0 and n > 0})
        return left

    def topped_up(self, rise: int, gone: int) -> int:
        """The same of a count of one kind: the rise, with so much of what was left over as it falls short by."""
        left = self.offer(Counter({0: rise}), gone)
        return rise + max(0, min(left[0], gone - rise))


def _rise(before: Mapping[str, int], now: Mapping[str, int], name: str) -> int | None:
    """How far a counter went up; None where that is not known, also where it began anew."""
    if name not in before or name not in now or now[name] < before[name]:
        return None
    return now[name] - before[name]


def _counted_by(found: Capabilities) -> frozenset[int]:
    """The codes a server counts by account."""
    if "errors" not in found.able:
        return SAID
    return (ERRORS | SAID) - (frozenset() if "idle_error" in found.able else {IDLE_ERROR})


def _endings(counts: Mapping[int, int]) -> int:
    """Of how many sessions at the least: one that is torn raises either code, or both."""
    torn = max((counts.get(code, 0) for code in TORN), default=0)
    return torn + sum(n for code, n in counts.items() if code not in TORN)


def _counts(session: Session) -> bool:
    return session.role is not Role.LOGIN and session.role is not Role.DAEMON and not session.own


LOG_SECONDS: Final = 7 * 86_400.0
"""How far back the error log is asked for."""
_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class EndHistory:
    """Everything of that kind; what a server does not keep, or the account may not read, is empty."""

    errors: tuple[RaisedError, ...] = ()
    counts_errors: bool = False
    """Whether an error that is absent from `errors` was never raised since the server started."""
    unknown_errors: frozenset[int] = frozenset()
    """Errors this server does not have: before MySQL 8.0.24 no 4031."""
    log: tuple[LogEntry, ...] = ()
    """In the order it was written; only what tells why sessions or the server ended."""
    hosts: tuple[FailingHost, ...] = ()
    killed_at: float | None = None
    """When a KILL last ended a session, seconds since 1970 UTC; None where none did, or nobody knows."""


def read_history(connection: Connection, found: Capabilities, clock: Clock) -> EndHistory:
    """Ask for all of it. Raises SourceError where the connection breaks."""
    errors = _rows(connection, found.statement("raised"))
    asked = clock()
    raised = tuple(
        RaisedError(
            int(code), int(count), _name(user), _name(host), _instant(asked, first), _instant(asked, last)
        )
        for user, host, code, count, first, last in errors or ()
    )
    killed = _rows(connection, found.statement("killed"))
    killed_at = _instant(clock(), killed[0][0]) if killed else None
    hosts = _rows(connection, found.statement("hosts_troubled")) or ()
    return EndHistory(
        raised,
        errors is not None,
        frozenset({IDLE_ERROR}) if errors is not None and "idle_error" not in found.able else frozenset(),
        _log(connection, found, clock),
        tuple(FailingHost(_name(ip), int(failures), int(refusals)) for ip, failures, refusals in hosts),
        killed_at,
    )


def _log(connection: Connection, found: Capabilities, clock: Clock) -> tuple[LogEntry, ...]:
    asked = clock()
    newest_first = _rows(connection, found.statement("past_log"), (LOG_SECONDS,)) or ()
    return tuple(each for each in entries(reversed(newest_first), asked) if each.cause is not None)


def _rows(
    connection: Connection, statement: Statement | None, parameters: Sequence[object] = ()
) -> Sequence[tuple[Any, ...]] | None:
    """None where there is no such table, or it may not be read."""
    try:
        return None if statement is None else connection.rows(statement, parameters)
    except Refusal:
        return None


def _instant(asked: float, ago: float | None) -> float | None:
    return None if ago is None else asked + float(ago)


def _name(value: bytes | str | None) -> str:
    """Hostile: whoever tried to log in chose it. Empty for those who had not said who they are."""
    return plain(text(value), _NAME)
