"""Every cause as it stands on a live server now: what was seen, what is counted, what is out of the question.

One small check a cause, each a row of CHECKS; a check says how sure and why, in words that name their figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.doctor.words import bytes_words, seconds_words
from goneaway_tui.judge.forecast import already_closed
from goneaway_tui.language import _, ngettext
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.finding import Finding
from goneaway_tui.model.snapshot import Basis, Risk, Snapshot

LATELY = 600.0
"""Seconds that count as the trend."""
FRESH = 3600.0
"""Seconds of uptime below which a restart is still news."""
FULL = 0.9
"""Share of max_connections from which a server is about to refuse."""
ORDER = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at."""

    snapshot: Snapshot
    departures: tuple[Departure, ...]
    now: float

    def counter(self, name: str) -> int | None:
        return self.snapshot.sample.counter(name)

    def limit(self, name: str) -> float | None:
        return self.snapshot.sample.variable(name)

    def left_by(self, cause: Cause) -> list[Departure]:
        return [d for d in self.departures if d.cause is cause]


Verdict = tuple[Certainty, tuple[str, ...]]
Check = Callable[[Patient], Verdict]


def checkup(patient: Patient) -> tuple[Finding, ...]:
    """A finding for every cause, the surest first."""
    findings = [
        Finding(cause, *_beside_the_ledger(patient, cause, check(patient))) for cause, check in CHECKS.items()
    ]
    return tuple(sorted(findings, key=lambda f: ORDER.index(f.certainty)))


def _beside_the_ledger(patient: Patient, cause: Cause, checked: Verdict) -> Verdict:
    """Who was seen to leave by a cause outweighs what counters say of it."""
    left = patient.left_by(cause)
    if not left:
        return checked
    lately = sum(patient.now - d.at <= LATELY for d in left)
    surest = min((d.certainty for d in left), key=ORDER.index)
    words = ngettext(
        "{number:,} session left by it while we looked, {lately:,} of them in the last ten minutes",
        "{number:,} sessions left by it while we looked, {lately:,} of them in the last ten minutes",
        len(left),
        lately=lately,
    )
    return surest, (words, *checked[1])


def _idle_timeout(patient: Patient) -> Verdict:
    known = [v.limit for v in patient.snapshot.verdicts if v.limit is not None]
    limits = [limit.seconds for limit in known]
    uptime = patient.snapshot.sample.server.uptime
    soon = sum(v.risk in {Risk.IMMINENT, Risk.OVERDUE} for v in patient.snapshot.verdicts)
    shortest = min(limits, default=patient.limit("wait_timeout"))
    if shortest is None:
        return Certainty.POSSIBLE, (_("no limit could be read"),)
    words = _("the shortest limit in force is {limit}", limit=seconds_words(shortest))
    if soon:
        meet = ngettext(
            "{number:,} session will meet theirs within a minute",
            "{number:,} sessions will meet theirs within a minute",
            soon,
        )
        return Certainty.LIKELY, (meet, words)
    if not all(limit.basis is Basis.OWN for limit in known):
        return Certainty.POSSIBLE, (
            words,
            _("a session may have a shorter one of its own that the server does not show"),
        )
    if shortest > uptime:
        return Certainty.RULED_OUT, (
            _(
                "the shortest limit in force is {limit}, and the server is up no longer than {uptime}",
                limit=seconds_words(shortest),
                uptime=seconds_words(uptime),
            ),
        )
    return Certainty.POSSIBLE, (words,)


def _transaction_timeout(patient: Patient) -> Verdict:
    names = (
        "idle_transaction_timeout",
        "idle_write_transaction_timeout",
        "idle_readonly_transaction_timeout",
    )
    known = {name: patient.limit(name) for name in names if patient.limit(name) is not None}
    if not known:
        return Certainty.RULED_OUT, (_("this server has no limit for idling inside a transaction"),)
    on = [_is(name, seconds_words(value)) for name, value in known.items() if value]
    return (Certainty.POSSIBLE, tuple(on)) if on else (Certainty.RULED_OUT, (_("these limits are all off"),))


def _killed(patient: Patient) -> Verdict:
    kills = patient.counter("com_kill")
    if kills == 0:
        return Certainty.RULED_OUT, (
            _("no KILL was run since the server started, {uptime} ago", uptime=_age(patient)),
        )
    return Certainty.POSSIBLE, (
        _("{number:,} KILL statements since the server started", number=kills),
    ) if kills else ()


def _packet(patient: Patient) -> Verdict:
    limit = patient.limit("max_allowed_packet")
    return Certainty.POSSIBLE, (_is("max_allowed_packet", bytes_words(limit)),) if limit else ()


def _timeout_of(name: str) -> Check:
    def check(patient: Patient) -> Verdict:
        limit = patient.limit(name)
        return Certainty.POSSIBLE, (_is(name, seconds_words(limit)),) if limit else ()

    return check


def _restart(patient: Patient) -> Verdict:
    uptime = patient.snapshot.sample.server.uptime
    if uptime < FRESH:
        return Certainty.LIKELY if uptime < LATELY else Certainty.POSSIBLE, (
            _("the server is up {uptime} only: what was open before is lost", uptime=seconds_words(uptime)),
        )
    return Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=seconds_words(uptime)),)


def _crash(patient: Patient) -> Verdict:
    uptime = patient.snapshot.sample.server.uptime
    if uptime < FRESH:
        return Certainty.POSSIBLE, (
            _(
                "the server is up {uptime} only; its error log tells how it ended",
                uptime=seconds_words(uptime),
            ),
        )
    return Certainty.RULED_OUT, (_("the server is up {uptime}", uptime=seconds_words(uptime)),)


def _too_many(patient: Patient) -> Verdict:
    refused = patient.counter("connection_errors_max_connections")
    used, most = patient.counter("threads_connected"), patient.limit("max_connections")
    room = (
        (
            _(
                "{used:,} of {most:,.0f} connections are in use, {asleep:,} of them asleep",
                used=used,
                most=most,
                asleep=_asleep(patient),
            ),
        )
        if used and most
        else ()
    )
    if refused:
        return Certainty.CONFIRMED, (
            _("{number:,} were refused since the server started", number=refused),
            *room,
        )
    if used and most and used >= FULL * most:
        return Certainty.LIKELY, room
    if refused is None:
        return Certainty.POSSIBLE, room
    return Certainty.RULED_OUT, (_("nobody was refused so far"), *room)


def _aborted(patient: Patient) -> Verdict:
    aborted = patient.counter("aborted_clients")
    if aborted == 0:
        return Certainty.RULED_OUT, (
            _(
                "no session ended without a goodbye since the server started, {uptime} ago",
                uptime=_age(patient),
            ),
        )
    return Certainty.POSSIBLE, (
        _("{number:,} sessions ended without a goodbye since the server started", number=aborted),
    ) if aborted else ()


def _quit(_patient: Patient) -> Verdict:
    return Certainty.POSSIBLE, (_("a pool that closes what its application still uses looks like this"),)


def _between(patient: Patient) -> Verdict:
    ghosts = already_closed(patient.snapshot.verdicts, patient.now, 3600)
    if ghosts:
        return Certainty.POSSIBLE, (
            ngettext(
                "{number:,} session idle for more than an hour: does each still have its client, or was it cut off in between?",
                "{number:,} sessions idle for more than an hour: does each still have its client, or was it cut off in between?",
                ghosts,
            ),
        )
    return Certainty.POSSIBLE, (
        _("nothing the server can see: compare the ids the application logged, as /id:4711"),
    )


CHECKS: dict[Cause, Check] = {
    Cause.IDLE_TIMEOUT: _idle_timeout,
    Cause.TRANSACTION_TIMEOUT: _transaction_timeout,
    Cause.KILLED: _killed,
    Cause.PACKET_TOO_LARGE: _packet,
    Cause.NET_READ_TIMEOUT: _timeout_of("net_read_timeout"),
    Cause.NET_WRITE_TIMEOUT: _timeout_of("net_write_timeout"),
    Cause.SERVER_RESTART: _restart,
    Cause.SERVER_CRASH: _crash,
    Cause.TOO_MANY_CONNECTIONS: _too_many,
    Cause.CLIENT_LOST: _aborted,
    Cause.CLIENT_QUIT: _quit,
    Cause.PROXY_OR_FIREWALL: _between,
}
"""What a live server lets be said of each cause."""


def _age(patient: Patient) -> str:
    return seconds_words(patient.snapshot.sample.server.uptime)


def _asleep(patient: Patient) -> int:
    return sum(v.session.is_idle for v in patient.snapshot.verdicts)


def _is(variable: str, value: str) -> str:
    return _("{variable} is {value}", variable=variable, value=value)
