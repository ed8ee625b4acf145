"""What is known of the time between the last look that saw some sessions and the first that did not.

What each count says was provoked on MySQL 9.7, over plain TCP and TLS, and read back by account:

    COM_QUIT                          the statement event `com/Quit`
    idle past wait_timeout            4031
    part of a command, then nothing   1159 (once for each wait: a stalled LOAD DATA raises two)
    a packet too large                1153
    a result nobody takes             1161
    KILL of an idle session           1158 and 1160
    KILL of a busy session            1160
    KILL of itself                    none of these
    a client lost while idle          1158, or 1158 and 1160: which, depends on how its socket went
    a client lost while busy          1160, or 1158 and 1160, at the end of its statement

So 1158 and 1160 tell that a session was torn, and only KILL statements counted elsewhere that it may have been killed.
Turning `offline_mode` on raises both too, and counts as no KILL. Before 8.0.24 there is no 4031, and 1159 is raised for
an idle timeout too (`net_read_raw_loop` in sql-common/net_serv.cc; 4031 is in the release notes of 8.0.24).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.clue import GOODBYE, Clues, ErrorCount
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import SHARED, Basis, Limit, Snapshot, Verdict

EARLY = 0.1
"""Seconds by which a deadline may be foretold too late: what two clocks and the way between them leave open."""
LOST, WRITING = 1158, 1160
"""Raised when a read from, or a write to, a client fails."""
TORN = frozenset({Cause.KILLED, Cause.CLIENT_LOST})
"""What LOST and WRITING are raised for."""
ENDINGS: Mapping[int, Cause] = {
    GOODBYE: Cause.CLIENT_QUIT,
    4031: Cause.IDLE_TIMEOUT,
    1153: Cause.PACKET_TOO_LARGE,
    1161: Cause.NET_WRITE_TIMEOUT,
    1159: Cause.NET_READ_TIMEOUT,
}
"""What each other code counted by account says of one session's end."""
IDLE_ERROR, READ_TIMEOUT = 4031, 1159
ENDINGS_BEFORE_4031 = {code: cause for code, cause in ENDINGS.items() if code != IDLE_ERROR} | {
    READ_TIMEOUT: Cause.IDLE_TIMEOUT
}
"""The same where an idle timeout has no error of its own: of most timeouts of reading it is the cause."""
TURNED_OFFLINE = marked(
    "offline_mode was turned on: it ends every session without CONNECTION_ADMIN and is not counted as a KILL"
)
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one session left."""

    cause: Cause
    certainty: Certainty
    evidence: tuple[str, ...] = ()
    at: float | None = None
    """When, on the source's clock, if that is known better than by the two looks."""
    within: float = 0.0


Reasons = dict[ProcesslistId, Reason]


@dataclass(slots=True)
class Tally:
    """Endings counted of one account, less those that are explained."""

    causes: Counter[Cause] = field(default_factory=Counter)
    broken: Counter[int] = field(default_factory=Counter)
    """LOST and WRITING."""
    explained: int = 0
    """Torn sessions whose cause is known otherwise."""

    @property
    def torn(self) -> int:
        """How many were torn at the least: one raises either code, or both."""
        return max(0, max(self.broken.values(), default=0) - self.explained)

    @property
    def torn_at_most(self) -> int:
        return max(0, self.broken.total() - self.explained)

    @property
    def killable(self) -> int:
        """How many of them may have been killed: a KILL never leaves WRITING out."""
        return max(0, self.broken[WRITING] - self.explained)

    def explain(self, cause: Cause) -> bool:
        """One session of the account ended so, as harder evidence has it. Whether that had been counted here."""
        if cause in TORN:
            self.explained += self.torn > 0
            return self.explained > 0
        found = self.causes[cause] > 0
        self.causes[cause] -= found
        return found

    def kinds(self) -> set[Cause]:
        """Which causes it leaves open; a torn session counts as lost."""
        kinds = {cause for cause, n in self.causes.items() if n > 0}
        return kinds | {Cause.CLIENT_LOST} if self.torn else kinds


@dataclass(frozen=True, slots=True)
class Absence:
    """From `start` to `end`, on the source's clock."""

    start: float
    end: float
    gone: tuple[Verdict, ...]
    """Those whose end nothing but counts explains."""
    fresh: Mapping[Account, Tally]
    """What was counted since the last look."""
    early: Mapping[Account, Tally]
    """What had been counted by the last look, of sessions it may still have seen."""
    counts: frozenset[Cause] = frozenset()
    """Which the server counts by account."""
    aborted: int | None = None
    """Sessions that ended without a goodbye, less those that are explained; None where nobody counted."""
    kills: int | None = None
    """KILL statements of any kind that may have ended one of them; None where they are not counted."""
    offline: bool | None = None
    """Whether `offline_mode` was turned on lately; None where that is not known."""
    names_idle: bool = True
    """Whether an idle timeout has an error of its own: else it is counted as any other timeout of reading."""
    interactive: float | None = None
    """The global limit of interactive clients."""

    @classmethod
    def between(
        cls, before: Snapshot, after: Snapshot, gone: Sequence[Verdict], named: Mapping[ProcesslistId, Reason]
    ) -> Absence:
        """`named` are those of `gone` that harder evidence has explained."""
        explained = [(v, named[v.session.id].cause) for v in gone if v.session.id in named]
        clues = after.sample.clues
        names_idle = _names_idle(clues)
        endings = ENDINGS if names_idle else ENDINGS_BEFORE_4031
        fresh, early = counted_endings(clues)
        logged = {e.session_id: e.cause for e in clues.log if e.session_id is not None and e.cause}
        ahead = [(v, cause) for v in after.verdicts if (cause := logged.get(v.session.id)) is not None]
        for verdict, cause in (*explained, *ahead):  # those ahead are counted, and listed for a moment yet
            account = account_of(verdict)
            if not fresh[account].explain(cause):
                early[account].explain(cause)
        remembered = {kill.session_id for kill in clues.kills}
        killed = [v for v, cause in explained if cause is Cause.KILLED and v.session.id not in remembered]
        torn = sum(cause is not Cause.CLIENT_QUIT for _verdict, cause in explained)
        return cls(
            before.taken_at,
            after.taken_at,
            tuple(v for v in gone if v.session.id not in named),
            fresh,
            early,
            frozenset(endings[code] for code in clues.counted & endings.keys()),
            None if clues.aborted is None else max(0, clues.aborted - torn),
            None if clues.killed is None else max(0, clues.killed - len(killed)),
            clues.offline,
            names_idle,
            after.sample.variable("interactive_timeout"),
        )

    def is_due(self, verdict: Verdict) -> bool:
        """Whether its deadline had come when it was missed."""
        slack = EARLY + verdict.session.idle_within
        return verdict.deadline is not None and verdict.deadline <= self.end + slack

    def other_limit(self, verdict: Verdict) -> tuple[str, float] | None:
        """A limit it may have had without anybody's being able to see that, and which ran out meanwhile.

        Interactive clients copy `interactive_timeout`; a MariaDB session after a bare BEGIN obeys the limits of transactions.
        """
        since, limit = verdict.session.idle_since, verdict.limit
        if since is None or limit is None or limit.basis is Basis.OWN:
            return None
        slack = EARLY + verdict.session.idle_within
        hidden = (("interactive_timeout", self.interactive), *hidden_transaction_limit(verdict))
        return next(
            (
                (name, seconds)
                for name, seconds in hidden
                if seconds and self.start - slack <= since + seconds <= self.end + slack
            ),
            None,
        )

    def had_time_to_idle(self, verdict: Verdict) -> bool:
        """Whether one that was busy could have fallen silent and reached its limit unseen."""
        limit = verdict.limit
        return not verdict.session.is_idle and limit is not None and limit.seconds <= self.end - self.start


def hidden_transaction_limit(verdict: Verdict) -> tuple[tuple[str, float], ...]:
    """The limit, by name and seconds, that a bare BEGIN would put in place of `wait_timeout`; empty where none would.

    MariaDB lists no transaction that has not touched a table, and such a one wrote nothing (see `judge.deadline`).
    """
    if verdict.session.transaction is not None:
        return ()
    for name in ("idle_readonly_transaction_timeout", "idle_transaction_timeout"):
        seconds: float | None = getattr(verdict.inherited, name)
        if seconds:
            return ((name, seconds),)
    return ()


def counted_endings(clues: Clues) -> tuple[dict[Account, Tally], dict[Account, Tally]]:
    """What was counted by account since the last look, and what had been counted by then."""
    endings = ENDINGS if _names_idle(clues) else ENDINGS_BEFORE_4031
    fresh = tallies((each for each in clues.errors if not each.early), endings)
    early = tallies((each for each in clues.errors if each.early), endings)
    return fresh, early


def _names_idle(clues: Clues) -> bool:
    return IDLE_ERROR in clues.counted or READ_TIMEOUT not in clues.counted


def tallies(errors: Iterable[ErrorCount], endings: Mapping[int, Cause]) -> dict[Account, Tally]:
    """By account; also of an account nothing was counted of."""
    found: dict[Account, Tally] = defaultdict(Tally)
    for each in errors:
        tally = found[each.user, each.host]
        if each.code in endings:
            tally.causes[endings[each.code]] += each.count
        elif each.code in {LOST, WRITING}:
            tally.broken[each.code] += each.count
    return found


def timed_out(verdict: Verdict) -> Cause:
    """What a timeout of the server ended: the wait for a command, for the rest of one, or a transaction."""
    if verdict.session.state == "Reading from net" or verdict.session.half_sent:
        return Cause.NET_READ_TIMEOUT
    limit = verdict.limit
    transaction = limit is not None and (limit.variable.startswith("idle_") or limit.variable in SHARED)
    return Cause.TRANSACTION_TIMEOUT if transaction else Cause.IDLE_TIMEOUT


def timeout(verdict: Verdict, certainty: Certainty, told: str) -> Reason:
    """It idled until its own deadline."""
    within = EARLY + verdict.session.idle_within
    return Reason(timed_out(verdict), certainty, (_ran_out(verdict.limit), told), verdict.deadline, within)


def _ran_out(limit: Limit | None) -> str:
    if limit is None:
        return _("its limit ran out between the last look that saw it and the first that did not")
    return _(
        "its limit of {seconds:.12g} s ({variable}) ran out between the last look that saw it and the first that did not",
        seconds=limit.seconds,
        variable=limit.variable,
    )


def account_of(verdict: Verdict) -> Account:
    return verdict.session.user, verdict.session.client_host
