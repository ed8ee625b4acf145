"""What a server tells of sessions that ended, asked only when one did.

Counts outlive the sessions they count, so one reading is set against the one before. Each is read after the process list,
by which the server has counted whoever is missing from it; of somebody who leaves in between, the count comes first and
the absence one sample later, so what a sample cannot place is kept for the next.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from goneaway_tui.language import _
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.clue import GOODBYE, NOTHING_SAID, Clues, ErrorCount, Kill, LogEntry
from goneaway_tui.model.plain import plain
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.ports import Clock
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.dossier import text
from goneaway_tui.source.survey import Survey

NEW_ACCOUNTS = 20
"""How many accounts are counted for the first time in one sample; the rest wait for the next."""
LOG_MARGIN = 2.0
"""Seconds before the last sample from which the log is read again: an entry may be dated a little before it is written."""
KILL_SECONDS = 60.0
"""How long after a KILL its victims are looked for: they stay listed until all they did is rolled back."""
LOG_TELLS = 3
"""The least log_error_verbosity at which MySQL's log says why a session ended."""
STARTS = "MY-010116"
"""MySQL's `starting as process`, which it logs at every verbosity, as it does a stop."""
FORGET_ABOVE = 10
"""How many times more accounts than have sessions now are remembered."""
TORN = (1158, 1160)
SAID = frozenset({GOODBYE})
ERRORS = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
KILL = re.compile(r"\s*KILL\s+(?:(?:CONNECTION|HARD|SOFT)\s+)*(\d{1,20})\s*;?\s*", re.IGNORECASE)
Account = tuple[str, str]


class Testimony:
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
        self._kept: dict[Account, Carry] = {}
        self._totals: dict[str, int] = {}
        self._aborted, self._killed = Carry(), Carry()
        self._kills_seen: set[tuple[int, int]] = set()
        self._remembered = 0
        """KILL statements remembered that are not set off against their count yet."""
        self._kill_at = -math.inf
        """When a KILL was last seen to have been run."""
        self.taken_at: float | None = None
        """Of the last sample it heard of."""

    def clues(self, connection: Connection, found: Survey, sample: Sample, clock: Clock) -> Clues:
        """What was said since the sample before. `clock` is the one the sample was taken by. Raises SourceError."""
        sessions = {session.id: session for session in sample.sessions}
        changed = [each for number, each in sessions.items() if self._sessions.get(number) is not each]
        seen = {each.id: (each.user, each.client_host) for each in changed if _counts(each)}
        missed = self._present.keys() - sessions.keys() | {each.id for each in changed if each.id not in seen}
        left = {number: self._present[number] for number in missed if number in self._present}
        if self.taken_at is None:
            clues = self._of_the_run_before(connection, found, sample, clock)
            self._kills(connection, found)
            self._remembered = 0  # those were counted before we came
        else:
            clues = self._of_sessions(connection, found, sample, clock, any_gone=bool(left))
        gone = Counter(left.values())
        before = Counter(self._present[number] for number in seen if number in self._present)
        crowds = self._crowds - gone - before + Counter(seen.values())
        logins = self._read_logins(connection, found)
        counts = self._count(connection, found, gone, self._to_count(crowds.keys() - gone.keys(), logins))
        # Nothing is asked of the server from here on.
        clues = replace(clues, errors=self._rises(counts, gone))
        if counts is not None:
            clues = replace(clues, counted=ERRORS | {GOODBYE} if "errors" in found.able else SAID)
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
        self, connection: Connection, found: Survey, sample: Sample, clock: Clock
    ) -> Clues:
        """Why the run before ended. A start tells of a crash only in a log that reaches back to before it."""
        if self._stopped_after is None:
            return NOTHING_SAID
        log = self._log(connection, found, sample.taken_at - self._stopped_after + LOG_MARGIN, clock)
        oldest = found.statement("log_oldest")
        rows = connection.rows(oldest) if oldest is not None and log else []
        reaches = bool(rows) and rows[0][0] is not None and clock() + float(rows[0][0]) < self._stopped_after
        stops = {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
        return Clues(log=tuple(e for e in log if e.cause in stops or (e.code == STARTS and reaches)))

    def _of_sessions(
        self, connection: Connection, found: Survey, sample: Sample, clock: Clock, *, any_gone: bool
    ) -> Clues:
        """What names sessions: KILL statements remembered, and the log."""
        clues = NOTHING_SAID
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

    def _read_logins(self, connection: Connection, found: Survey) -> dict[Account, int]:
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
        self, connection: Connection, found: Survey, gone: Iterable[Account], others: Iterable[Account]
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
        kept: dict[Account, Carry] = {}
        for account, now in (counts or {}).items():
            before = self._counted.get(account)
            if before is None:
                continue
            rise, missed = now - before, gone.get(account, 0)
            carry = kept[account] = self._kept.get(account, Carry())
            left = carry.offer(rise, missed)
            if missed:
                errors += (ErrorCount(*account, code, n, early=True) for code, n in left.items())
                errors += (ErrorCount(*account, code, n) for code, n in rise.items())
        self._kept = kept  # what nobody asked for by now was not about who leaves next
        return tuple(errors)

    def _totalled(self, clues: Clues, sample: Sample, gone: int) -> Clues:
        """With how far Aborted_clients and Com_kill went up; these are of all sessions, so what was left over is added."""
        was, self._totals = self._totals, dict(sample.counters)
        aborted = _rise(was, self._totals, "aborted_clients")
        killed = _rise(was, self._totals, "com_kill")
        known = min(self._remembered, killed or 0)
        self._remembered = 0 if killed is None else self._remembered - known
        if aborted is not None:
            aborted = self._aborted.topped_up(aborted, gone)
        if killed is not None:
            # Whom a KILL ended may be missed one sample later; until then nobody who is torn is surely lost.
            fresh = Counter({0: killed - known})
            killed = fresh.total() + self._killed.offer(fresh, 0).total()
        return replace(clues, aborted=aborted, killed=killed or 0)

    def _forget(self, present: set[Account]) -> None:
        """Accounts nobody has a session of: their number has no bound where host names differ each time."""
        self._counted = {account: n for account, n in self._counted.items() if account in present}
        self._counted_at = {account: n for account, n in self._counted_at.items() if account in present}

    def _kills(self, connection: Connection, found: Survey) -> tuple[Kill, ...]:
        """The KILLs of sessions that are remembered; those of statements are only counted."""
        statement = found.statement("kills")
        if statement is None:
            return ()
        kills, seen = [], set()
        for sql_text, user, host, number, event in connection.rows(statement):
            seen.add((int(number), int(event)))
            victim = KILL.fullmatch(text(sql_text))
            if victim:
                account = f"{plain(text(user), 60)}@{plain(text(host), 60)}"
                who = _("{account}, session {id}", account=account, id=int(number))
                kills.append(Kill(ProcesslistId(int(victim[1])), who))
        self._remembered += len(seen - self._kills_seen)
        self._kills_seen = seen
        return tuple(kills)

    def _log(
        self, connection: Connection, found: Survey, seconds: float, clock: Clock
    ) -> tuple[LogEntry, ...]:
        """What the log said in the last so many seconds, dated on our clock by how long ago the server says it was."""
        statement = found.statement("log")
        if statement is None:
            return ()
        asked = clock()
        rows = connection.rows(statement, (round(min(seconds, 86_400.0), 3),))
        if not rows:
            return ()
        from goneaway_tui.source.logtable import entries  # with the doctor's reader of logs

        return tuple(e for e in entries(rows, asked) if e.cause is not None or e.code == STARTS)


class Carry:
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


def _endings(counts: Mapping[int, int]) -> int:
    """Of how many sessions at the least: one that is torn raises either code, or both."""
    torn = max((counts.get(code, 0) for code in TORN), default=0)
    return torn + sum(n for code, n in counts.items() if code not in TORN)


def _counts(session: Session) -> bool:
    return session.role is not Role.LOGIN and session.role is not Role.DAEMON and not session.own
