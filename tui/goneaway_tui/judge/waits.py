"""Idle waits, over or still running, and the teams they can be told by: what every pattern is looked for in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.pattern import Pattern, Team
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Snapshot, Verdict

FEWEST = 5
"""Observations below which nothing is a pattern."""
PLENTY = 10
"""Observations from which an inference is likely rather than possible."""
RECENT = 86_400.0
"""Seconds for which a departure is remembered: a habit somebody has mended is not held against him for ever."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One session's last idle wait."""

    verdict: Verdict
    age: float
    """Seconds it has lasted, or lasted until the session left."""
    end: Departure | None = None
    """How the session left; None where it is still there."""

    @property
    def session(self) -> Session:
        return self.verdict.session

    @property
    def within(self) -> float:
        """Half-width in seconds of what `age` may be wrong by."""
        return self.session.idle_within + (0.0 if self.end is None else self.end.within)


def waits(snapshot: Snapshot, departures: Iterable[Departure], now: float) -> tuple[Wait, ...]:
    """Every idle wait of a client that is known in length, the shortest first. What was not yet at `now` is left out."""
    running = (
        Wait(v, age)
        for v in snapshot.verdicts
        if v.session.is_idle and not v.session.own and (age := v.idle_seconds(now)) is not None
    )
    over = (
        Wait(d.verdict, age, d)
        for d in departures
        if now - RECENT <= d.at <= now
        and d.verdict.session.is_idle
        and not d.verdict.session.own
        and (age := d.idle_seconds) is not None
    )
    return tuple(sorted((*running, *over), key=_order))


def _order(wait: Wait) -> tuple[float, ProcesslistId, float]:
    return wait.age, wait.session.id, -1.0 if wait.end is None else wait.end.at


def ids(of: Iterable[Wait]) -> tuple[ProcesslistId, ...]:
    return tuple(sorted({wait.session.id for wait in of}))


def sure(observations: int) -> Certainty:
    """How sure so many make an inference."""
    return Certainty.LIKELY if observations >= PLENTY else Certainty.POSSIBLE


# --- Teams

TeamOf = Callable[[Session], Team | None]
"""The team a session belongs to, or None where it has not said."""


def program_of(session: Session) -> Team | None:
    return Team(program=session.program) if session.program else None


def user_of(session: Session) -> Team | None:
    return Team(user=session.user) if session.user else None


def host_of(session: Session) -> Team | None:
    return Team(host=session.client_host) if session.client_host else None


def kin_of(session: Session) -> Team | None:
    """Those that share everything a server knows of its clients."""
    return Team(session.program or "", session.user, session.client_host)


TEAMS: tuple[TeamOf, ...] = (program_of, user_of, host_of)
"""From what says most about a habit to what says least: each session is told of once, by the first that fits."""


def teams(of: Iterable[Wait], team_of: TeamOf) -> Iterator[tuple[Team, Sequence[Wait]]]:
    """The waits of each team, in the order given; teams in the order of their first."""
    members: dict[Team, list[Wait]] = {}
    for wait in of:
        team = team_of(wait.session)
        if team is not None:
            members.setdefault(team, []).append(wait)
    return iter(members.items())


Told = tuple[Pattern, Sequence[Wait]]
"""A pattern, and the waits it was seen in."""


def by_team(of: Sequence[Wait], rule: Callable[[Team, Sequence[Wait]], Told | None]) -> Iterator[Pattern]:
    """What a rule finds in each team; what one team has told of is not told again of another."""
    told: set[int] = set()
    for team_of in TEAMS:
        for team, members in teams(of, team_of):
            found = rule(team, members) if len(members) >= FEWEST else None
            if found is None:
                continue
            pattern, seen_in = found
            if told.isdisjoint(map(id, seen_in)):
                told.update(map(id, seen_in))
                yield pattern


def named(team: Team) -> str:
    """Who it is, fit to show: `program gunicorn`, or `shop@web-3 (gunicorn)` for kin."""
    user, host, program = (plain(each or "", 60) for each in (team.user, team.host, team.program))
    if team.user is not None and team.host is not None:
        return f"{user}@{host} ({program})" if program else f"{user}@{host}"
    known = (
        (marked("program {name}"), team.program),
        (marked("user {name}"), team.user),
        (marked("host {name}"), team.host),
    )
    told = next(((said, name) for said, name in known if name), None)
    return _("all clients") if told is None else _(told[0], name=plain(told[1], 60))
