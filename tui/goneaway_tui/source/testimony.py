"""What a server tells of sessions that ended, asked only when one did.

Counts outlive the sessions they count, so one reading is set against the one before. Each is read after the process list,
by which the server has counted whoever is missing from it; of somebody who leaves in between, the count comes first and
the absence one sample later, so what a sample cannot place is kept for the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from goneaway_tui.doctor.serverlog import ServerLog
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
LOG_TELLS = 3
"""The least log_error_verbosity at which MySQL's log says why a session ended."""
STARTUP_SECONDS = 600
"""How far back before a server's start its log is searched for why it had stopped."""
ERRORS = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
KILL = re.compile(r"\s*KILL\s+(?:(?:CONNECTION|HARD|SOFT)\s+)*(\d{1,20})\s*;?\s*", re.IGNORECASE)
Account = tuple[str, str]


class Testimony:
    """Remembers what was counted at the last sample; one for each run of a server, also across connections to it."""

    def __init__(self) -> None:
        self._present: dict[ProcesslistId, Account] = {}
        self._counted: dict[Account, Counter[int]] = {}
        self._kept: dict[Account, Carry] = {}
        self._totals: dict[str, int] = {}
        self._aborted, self._killed = Carry(), Carry()
        self._taken_at: float | None = None

    def clues(self, connection: Connection, found: Survey, sample: Sample, clock: Clock) -> Clues:
        """What was said since the sample before. `clock` is the one the sample was taken by. Raises SourceError."""
        present = {s.id: (s.user, s.client_host) for s in sample.sessions if _counts(s)}
        gone = [account for session_id, account in self._present.items() if session_id not in present]
        since, self._taken_at = self._taken_at, sample.taken_at
        self._present = present
        clues = self._endings(connection, found, Counter(gone), set(present.values()))
        aborted, killed = self._rises(sample, len(gone))
        if since is None:
            log = self._log(connection, found, sample.server.uptime + STARTUP_SECONDS, clock)
            return replace(NOTHING_SAID, log=tuple(e for e in log if e.session_id is None))
        clues = replace(clues, aborted=aborted, killed=killed or 0)
        if not gone:
            return clues
        if killed:
            clues = replace(clues, kills=self._kills(connection, found))
        if (sample.variable("log_error_verbosity") or 0) >= LOG_TELLS:
            seconds = sample.taken_at - since + LOG_MARGIN
            clues = replace(clues, log=self._log(connection, found, seconds, clock))
        return clues

    def _endings(
        self, connection: Connection, found: Survey, gone: Mapping[Account, int], present: set[Account]
    ) -> Clues:
        """Counts by account, of those somebody left from; and those seen for the first time, to count from."""
        statement = found.statement("endings")
        if statement is None:
            return NOTHING_SAID
        new = sorted(account for account in present if account not in self._counted)[:NEW_ACCOUNTS]
        errors: list[ErrorCount] = []
        for account in (*gone, *(each for each in new if each not in gone)):
            user, host = account
            rows = connection.rows(statement, (user, host, user, host))
            now = Counter({int(code): int(number) for code, number in rows})
            before = self._counted.get(account)
            self._counted[account] = now
            if before is None or account not in gone:
                continue
            rise = self._kept.setdefault(account, Carry()).offer(now - before, gone[account])
            errors += (ErrorCount(user, host, code, number) for code, number in rise.items() if number)
        counted = ERRORS | {GOODBYE} if "errors" in found.able else {GOODBYE}
        return Clues(errors=tuple(errors), counted=frozenset(counted))

    def _rises(self, sample: Sample, gone: int) -> tuple[int | None, int | None]:
        """How far Aborted_clients and Com_kill went up; None where that is not known."""
        before, self._totals = self._totals, dict(sample.counters)
        rises = []
        for name, carry in (("aborted_clients", self._aborted), ("com_kill", self._killed)):
            was, now = before.get(name), self._totals.get(name)
            rise = None if was is None or now is None else Counter({0: max(0, now - was)})
            rises.append(None if rise is None else carry.offer(rise, gone)[0])
        return rises[0], rises[1]

    def _kills(self, connection: Connection, found: Survey) -> tuple[Kill, ...]:
        statement = found.statement("kills")
        if statement is None:
            return ()
        kills = []
        for sql_text, user, host, number in connection.rows(statement):
            victim = KILL.fullmatch(text(sql_text))
            if victim:
                who = f"{plain(text(user), 60)}@{plain(text(host), 60)}, session {int(number)}"
                kills.append(Kill(ProcesslistId(int(victim[1])), who))
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
        log, entries = ServerLog(), []
        for thread, code, data, ago in rows:
            entry = log.entry(
                f"1970-01-01T00:00:00Z {int(thread)} [Note] [{text(code)}] [Server] {text(data)}"
            )
            if entry is not None and entry.cause is not None:
                entries.append(replace(entry, at=asked + float(ago)))
        return tuple(entries)


class Carry:
    """What was counted of those who are not yet missed."""

    def __init__(self) -> None:
        self._left: Counter[int] = Counter()

    def offer(self, rise: Counter[int], gone: int) -> Counter[int]:
        """What may explain `gone` absences: the rise, and what the last one left over where that does not suffice."""
        offered = rise + self._left if rise.total() < gone else rise
        excess = offered.total() - gone
        self._left = Counter({key: min(n, excess) for key, n in rise.items()}) if excess > 0 else Counter()
        return offered


def _counts(session: Session) -> bool:
    return session.role is not Role.LOGIN and session.role is not Role.DAEMON and not session.own
