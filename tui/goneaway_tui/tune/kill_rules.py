"""Killing many sessions by a filter: which filters are refused, which sessions a pass kills, and the pass itself.

Nothing here reads a server by itself: a pass is given the snapshot, and each victim is read again by the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from goneaway_tui.errors import AccessDenied, FileError, NoConnectionLeft, OutcomeUnknown, Refused
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.deadline import verdict_on
from goneaway_tui.judge.filters import FIELDS, OLDEST, Filter, busy_or_idle_since, parse_filter
from goneaway_tui.judge.tracker import Step
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Session, Transaction
from goneaway_tui.model.snapshot import GlobalLimits, Risk, Snapshot, Verdict
from goneaway_tui.ports import Clock
from goneaway_tui.tune.actions import Killing, KillQuery, KillSession, Outcome
from goneaway_tui.tune.gate import Gate
from goneaway_tui.tune.preconditions import SLACK_SECONDS, Objection, protected_problem

MAX_KILLS = 100
"""Sessions that one pass may kill, unless the user says another number."""


@dataclass(frozen=True, slots=True)
class KillRule:
    """A filter with a name: `[rules.NAME]` in the config file."""

    name: str
    match: str
    """A filter that `kill_filter` accepts."""
    max_kills: int = MAX_KILLS
    query: bool = False
    """Whether the statements are killed and the sessions stay."""


@dataclass(frozen=True, slots=True)
class KillPolicy:
    """What the config file says of killing on one server."""

    rules: tuple[KillRule, ...] = ()
    never_kill: tuple[str, ...] = ()
    """Accounts whose sessions are never killed, each written as `user` or `user@host`."""
    reads_statements: bool = True
    """Whether SQL text is read at all."""


# --- Which filters are refused

_ANY_TEXT = "\N{CURRENCY SIGN}"
"""A text that no filter names."""
_ANY_SESSIONS = tuple(
    Verdict(
        Session(
            ProcesslistId(number),
            *(_ANY_TEXT, f"{_ANY_TEXT}:1", _ANY_TEXT, command),
            state=_ANY_TEXT,
            statement=_ANY_TEXT,
            program=_ANY_TEXT,
            client=_ANY_TEXT,
            idle_since=idle_since,
            busy_since=busy_since,
            transaction=transaction,
        ),
        risk,
        server_name=_ANY_TEXT,
    )
    for number, command, idle_since, busy_since, transaction, risk in (
        (1, "Sleep", 0.0, None, None, Risk.CALM),
        (2**40, "Query", None, 0.0, Transaction(0.0, 0, 0), Risk.BUSY),
    )
)
"""Two sessions without any property that became idle, or began to run, just now: a filter that matches both matches every session."""


def kill_filter(match: str) -> Filter:
    """Parse a filter that sessions are killed by. Raises ValueError with a sentence where it is refused."""
    parsed = parse_filter(match)
    if parsed.unknown:
        raise ValueError(
            _(
                "there is no field {name}: the fields are {fields}; put the term in quotes to search its text",
                name=parsed.unknown[0],
                fields=", ".join(sorted(FIELDS | {OLDEST})),
            )
        )
    if not parsed.tests and not parsed.selections:
        raise ValueError(_("the filter has no condition: write one, for example user:shop idle>10m"))
    if all(parsed.matches(verdict, 0.0) for verdict in _ANY_SESSIONS):
        raise ValueError(
            _(
                "the filter matches every session: add a condition without -, for example user:shop or idle>10m"
            )
        )
    return parsed


HIDDEN_FIELDS: dict[str, tuple[str, ...]] = {
    "program": ("program",),
    "library": ("program",),
    "statement": ("last statement",),
    "trx": ("transactions hold",),
    "rows": ("transactions hold",),
    "blocked": ("wait for locks",),
    "waiting": ("wait for locks",),
    "blocks": ("wait for locks", "holds the lock"),
    "": ("program", "last statement"),
}
"""Words of the limitations, in English, under which a field has no value though the session has one."""


def hidden_field_problem(chosen: Filter, sample: Sample, *, statements: bool) -> str | None:
    """Why a negated term would match sessions whose value the account is not shown; None where none would.

    `statements`: whether SQL text is read at all.
    """
    for field in sorted(chosen.negated & HIDDEN_FIELDS.keys()):
        name = field or _("text in any column")
        if not statements and field in {"", "statement"}:
            return _(
                "the filter excludes sessions by {field}, and --no-statements does not read it", field=name
            )
        for limitation in sample.limitations:
            if any(word in limitation.what for word in HIDDEN_FIELDS[field]):
                return _(
                    "the filter excludes sessions by {field}, which this account cannot see: {why}",
                    field=name,
                    why=_(limitation.why),
                )
    return None


# --- Which sessions a pass kills


def is_never_killed(session: Session, accounts: Collection[str]) -> bool:
    """Whether the session is of one of the accounts, each written as `user` or `user@host`.

    >>> shop = Session(ProcesslistId(1), "shop", "web-3:51234", None, "Sleep")
    >>> is_never_killed(shop, ["shop"]), is_never_killed(shop, ["shop@web-3"]), is_never_killed(shop, ["shop@web-4"])
    (True, True, False)
    """
    return session.user in accounts or f"{session.user}@{session.client_host}" in accounts


def choose_victims(
    snapshot: Snapshot, chosen: Filter, never_kill: Collection[str], *, query: bool
) -> tuple[Verdict, ...]:
    """The sessions of the snapshot that the filter matches and that may be killed, in the snapshot's order.

    `query`: only sessions that run a statement, since the statement is killed.
    """
    own_ids = frozenset(snapshot.sample.server.own_session_ids)
    killable = (
        verdict
        for verdict in snapshot.verdicts
        if verdict.risk is not Risk.EXEMPT
        and verdict.session.id not in own_ids
        and verdict.session.command != "Killed"
        and protected_problem(verdict.session) is None
        and not is_never_killed(verdict.session, never_kill)
        and not (query and verdict.session.is_idle)
    )
    return tuple(chosen.select(killable, snapshot.taken_at))


def kill_action(session: Session, *, query: bool) -> Killing:
    """The act that kills a session, or its statement."""
    return KillQuery(session) if query else KillSession(session)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What one pass of a rule would do, were it begun at this snapshot."""

    rule: KillRule
    victims: tuple[Verdict, ...] = ()
    """The sessions that match and may be killed, in the snapshot's order."""
    never_killed: int = 0
    """How many more sessions would match, were their accounts not in `never_kill`."""
    problem: str = ""
    """Why the pass would kill none though sessions may match, in a sentence; empty where nothing is in its way."""

    @property
    def statements(self) -> tuple[str, ...]:
        """The statement for each victim, as `KILL 4711`."""
        return tuple(kill_action(v.session, query=self.rule.query).statement for v in self.victims)


def dry_run(rule: KillRule, snapshot: Snapshot, policy: KillPolicy) -> DryRun:
    """Find what a pass of the rule would kill now. Sends nothing."""
    chosen = kill_filter(rule.match)
    hidden = hidden_field_problem(chosen, snapshot.sample, statements=policy.reads_statements)
    if hidden is not None:
        return DryRun(rule, problem=hidden)
    victims = choose_victims(snapshot, chosen, policy.never_kill, query=rule.query)
    never_killed = 0
    if policy.never_kill:
        matched = choose_victims(snapshot, chosen, (), query=rule.query)
        never_killed = sum(is_never_killed(verdict.session, policy.never_kill) for verdict in matched)
    problem = ""
    if len(victims) > rule.max_kills:
        problem = _("more sessions match than max = {limit}", limit=rule.max_kills)
    return DryRun(rule, victims, never_killed, problem)


# --- The pass


class KillEvent(StrEnum):
    """What became of a session that a pass matched. Words of the contract."""

    MATCH = "match"
    """It would be killed."""
    KILLED = "killed"
    SPARED = "spared"
    """It is no longer what was matched; nothing was sent."""
    GONE = "gone"
    """It had ended."""
    REFUSED = "refused"
    """The server rejected the statement, or it is not known whether the server ran it."""


@dataclass(frozen=True, slots=True)
class KillResult:
    """What became of one session."""

    event: KillEvent
    verdict: Verdict
    """The session as it was matched."""
    statement: str
    """`KILL 4711`, or the call of a service's procedure."""
    why: str = ""
    """One sentence; empty for a match."""
    was_borrowed: bool = False
    """Whether it ran over the connection that reads."""


NO_LONGER_MATCHES = N_("no longer matches the filter")
NEWER = N_("was used since, so it is not one of the oldest any more")


@dataclass(frozen=True, slots=True)
class KillPass:
    """The sessions that one reading matched, and what they are held against right before each kill."""

    chosen: Filter
    step: Step
    victims: tuple[Verdict, ...]
    query: bool

    def matches(self) -> Iterator[KillResult]:
        """What the pass would kill."""
        for verdict in self.victims:
            action = kill_action(verdict.session, query=self.query)
            yield KillResult(KillEvent.MATCH, verdict, action.statement)

    def perform(
        self, gate: Gate, clock: Clock, is_stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[KillResult]:
        """Kill one session after the other, each once, and yield what became of it before the next is begun.

        Raises FileError where the journal cannot be written, and SourceError where the connection fails or the server is one
        that nothing can be changed on; nothing is begun after either.
        """
        if not self.victims:
            return
        with gate.conversation() as connection:
            for verdict in self.victims:
                if is_stopping():
                    return
                action = kill_action(verdict.session, query=self.query)
                try:
                    outcome = gate.run(
                        action, connection, borrow=True, objection=self._objection(verdict, clock)
                    )
                except Refused as refused:
                    yield KillResult(KillEvent.SPARED, verdict, action.statement, str(refused))
                except NoConnectionLeft:
                    raise
                except AccessDenied as error:
                    yield KillResult(KillEvent.REFUSED, verdict, action.statement, error.line)
                except OutcomeUnknown as error:
                    yield KillResult(KillEvent.REFUSED, verdict, action.statement, error.line)
                    raise
                else:
                    yield KillResult(
                        KillEvent.GONE if outcome.already_ended else KillEvent.KILLED,
                        verdict,
                        _sent(action, outcome),
                        outcome.sentence,
                        outcome.was_borrowed,
                    )
                    if outcome.journal_error:
                        raise FileError(outcome.journal_error)

    def _objection(self, shown: Verdict, clock: Clock) -> Objection:
        snapshot = self.step.snapshot
        limits = GlobalLimits.from_sample(snapshot.sample)

        def objection(session: Session) -> str | None:
            now = clock()
            verdict = verdict_on(
                session,
                now,
                limits,
                shown,
                snapshot.policy,
                self.step.learned_limits,
                snapshot.server_name,
                shown.locks,
            )
            if not self.chosen.matches(verdict, now):
                return _(NO_LONGER_MATCHES)
            return _(NEWER) if self.chosen.selections and _is_younger(verdict, shown) else None

        return objection


def _sent(action: Killing, outcome: Outcome) -> str:
    """The statement in the words of the contract; where a service has a procedure for it, the call of that."""
    sent = outcome.kept.statement if outcome.kept else ""
    return sent if sent.startswith("CALL") else action.statement


def _is_younger(verdict: Verdict, shown: Verdict) -> bool:
    """Whether the session began what it does after it was shown; also where that is not known."""
    now, before = busy_or_idle_since(verdict), busy_or_idle_since(shown)
    slack = SLACK_SECONDS + verdict.session.idle_within + shown.session.idle_within
    return now is None or before is None or now > before + slack
