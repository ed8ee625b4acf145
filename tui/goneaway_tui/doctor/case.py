"""Everything that is known of one trouble: what its log tells, and, where a server can be asked, what that says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, timezone, tzinfo

from goneaway_tui.i18n import _
from goneaway_tui.judge.deadline import EndLimit, shortest_end
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry, Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Role

DEFAULT_LIMITS: Mapping[str, float] = {"wait_timeout": 28_800, "max_allowed_packet": 64 * 1024**2}
"""What a server has that nobody tuned (MariaDB: 16 MiB for a packet)."""
CLOCK_DIFFERENCE_SECONDS = 5.0
"""Seconds by which what comes after may seem to come before."""
LONG_SILENCE_SECONDS = 60.0
"""Seconds from which a pause is worth a word."""
IDLE_TIMEOUT_ERROR = 4031
"""The error of a session that MySQL closed for idling."""
SHORTEST_LIMIT_SECONDS = 1.0
"""Seconds: no server lets `wait_timeout` be less."""
LARGEST_PACKET_BYTES = 1024**3
"""The protocol's own limit, in bytes: `max_allowed_packet` cannot be more."""
IDLE_LIMITS = ("wait_timeout", "interactive_timeout")
"""The global limits that a session copies when it connects: the second an interactive client."""
STARTUP_ORIGINS = frozenset({"compiled", "file", "persisted"})
"""Where a global value comes from that nobody has set since the server started."""


@dataclass(frozen=True, slots=True)
class RaisedError:
    """How often a server counted one error, for one account, since it started."""

    code: int
    count: int
    user: str = ""
    host: str = ""
    first_at: float | None = None
    last_at: float | None = None
    """Seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class FailingHost:
    """A client's host whose connections failed."""

    ip: str
    failures: int
    """In a row; at `max_connect_errors` it is blocked."""
    refusals: int = 0
    """How often it was refused because it was blocked."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says. Everything may be absent: an empty one knows nothing and rules nothing out."""

    name: str = ""
    """Who was asked, as a person would say it: `db-01:3306`."""
    flavour: Flavour | None = None
    version: str = ""
    """Digits and dots; empty where nobody knows."""
    read_at: float | None = None
    """Seconds since 1970 UTC."""
    started_at: float | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    """Global variables in force, by name: seconds, bytes, counts."""
    unchanged_variables: frozenset[str] = frozenset()
    """Those of them that have had this value since the server started, as far as it says so."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """Status counters since it started, by lower-case name."""
    errors: tuple[RaisedError, ...] = ()
    counts_errors: bool = False
    """Whether an error that is absent from `errors` was never raised."""
    unknown_errors: frozenset[int] = frozenset()
    """Errors this server does not have, so that they are never counted: before MySQL 8.0.24 no 4031."""
    log_entries: tuple[LogEntry, ...] = ()
    departures: tuple[Departure, ...] = ()
    idle_session_ids: frozenset[ProcesslistId] = frozenset()
    """Sessions that idle on the server now."""
    idle_since: tuple[float, ...] = ()
    """Since when they do, of those it is known of; seconds since 1970 UTC."""
    session_count: int | None = None
    """How many there are now."""
    failing_hosts: tuple[FailingHost, ...] = ()
    killed_at: float | None = None
    """When a KILL last ended a session, seconds since 1970 UTC; None where none did, or nobody knows."""

    @property
    def shortest_global_seconds(self) -> float | None:
        """The shorter of both global idle limits, in seconds; None where neither is known."""
        return min((self.limits[name] for name in IDLE_LIMITS if name in self.limits), default=None)

    @property
    def idle_limits_unchanged(self) -> bool:
        """Whether no global idle limit has had another value since the server started."""
        return self.unchanged_variables.issuperset(IDLE_LIMITS)

    def last_error_at(self, *codes: int) -> float | None:
        """When any of these errors was last counted, seconds since 1970 UTC; None where it never was, or nobody knows."""
        return max(
            (each.last_at for each in self.errors if each.code in codes and each.last_at), default=None
        )

    def first_error_at(self, *codes: int) -> float | None:
        """When any of these errors was first counted; None where nobody knows."""
        firsts = [each.first_at for each in self.errors if each.code in codes]
        return None if None in firsts else min(filter(None, firsts), default=None)

    def error_count(self, *codes: int) -> int | None:
        """How often any of these errors was counted since the server started; None where it does not count them."""
        if not self.counts_errors or self.unknown_errors.issuperset(codes):
            return None
        return sum(each.count for each in self.errors if each.code in codes)

    def confirms(self, entry: LogEntry) -> bool | None:
        """Whether `Aborted_clients` allows for an end of a session that a log tells of; None where it says nothing of that time.

        A log is text that quotes what clients chose: where this counter is 0, no session ended without COM_QUIT.
        """
        aborted = self.counters.get("aborted_clients")
        before = (
            entry.at is not None
            and self.started_at is not None
            and entry.at < self.started_at - CLOCK_DIFFERENCE_SECONDS
        )
        return None if aborted is None or before else aborted > 0

    def with_history(self, past: ServerFacts) -> ServerFacts:
        """The same with what `past` knows of the time since the server started."""
        return replace(
            self,
            errors=past.errors,
            counts_errors=past.counts_errors,
            unknown_errors=past.unknown_errors,
            log_entries=past.log_entries or self.log_entries,
            failing_hosts=past.failing_hosts,
            killed_at=past.killed_at,
        )


NO_SERVER = ServerFacts()


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule judges by."""

    event: ErrorEvent
    server: ServerFacts = NO_SERVER
    zone: tzinfo = UTC
    """For stamps that name none."""

    @property
    def noticed_at(self) -> float | None:
        """When it was noticed, seconds since 1970 UTC; a stamp without a zone is read in `zone`."""
        stamp = self.event.timestamp
        if stamp is None:
            return None
        if stamp.utc_seconds is not None:
            return stamp.utc_seconds
        offset = self.zone.utcoffset(stamp.local) or timedelta()
        return stamp.local.replace(tzinfo=timezone(offset)).timestamp()

    def is_later(self, at: float | None) -> bool:
        """Whether something is known to have come only after this error, clocks' differences aside."""
        return (
            at is not None and self.noticed_at is not None and at > self.noticed_at + CLOCK_DIFFERENCE_SECONDS
        )

    @property
    def uptime_seconds(self) -> float | None:
        """For how many seconds the server had been up at the error; below 0 where it started after it."""
        at, started = self.noticed_at, self.server.started_at
        return None if at is None or started is None else at - started

    @property
    def idle_before_start_seconds(self) -> float | None:
        """For how many seconds the connection had lain unused when this run of the server began.

        By what the log says of its age, or by how long the log was silent; None where it was used after, or nobody knows.
        """
        up, event = self.uptime_seconds, self.event
        unused = event.silent_seconds if event.idle_seconds is None else event.idle_seconds
        return None if up is None or unused is None or not 0 <= up <= unused else unused - up

    @property
    def known_uptime_seconds(self) -> float | None:
        """For how many seconds the server had been up then, by its own word or its log's; None where nobody knows.

        An error without a time is taken to be of this run of the server, unless its session idled for longer than that.
        """
        up, server, idle = self.uptime_seconds, self.server, self.event.idle_seconds
        if up is not None and up >= 0:
            return up
        if self.noticed_at is None and None not in {server.read_at, server.started_at}:
            now = (server.read_at or 0.0) - (server.started_at or 0.0)
            return now if idle is None or idle <= now else None
        return self.event.server_up_seconds

    @property
    def shortest_end(self) -> EndLimit | None:
        """The shortest limit that ended a session by idling, of those seen to end before this error.

        Of the session that the log names, where it names one. None where no such end was seen.
        """
        number = self.event.session_id
        ended = (
            each
            for each in self.server.departures
            if not self.is_later(each.at) and number in {None, each.verdict.session.id}
        )
        return shortest_end(ended, self.server.limits)

    @property
    def fatal_idle_seconds(self) -> float | None:
        """How long the session is known to have been idle when it was found dead, or its log to have been silent."""
        event = self.event
        if event.idle_seconds is not None:
            return event.idle_seconds if event.idle_seconds >= SHORTEST_LIMIT_SECONDS else None
        silent = event.silent_seconds
        return silent if silent is not None and silent >= LONG_SILENCE_SECONDS else None

    @property
    def age_below_global_limits(self) -> float | None:
        """How old the session can have been, in seconds, where that is less than both global idle limits.

        An idle timeout was then by a shorter limit, which the session had for itself. None where a global may have been it.
        """
        limits = [self.limit("wait_timeout")[0], self.server.limits.get("interactive_timeout")]
        shortest = min((each for each in limits if each is not None), default=None)
        if shortest is None or self.idled_out_before_start:
            return None
        ages = [each for each in (self.known_uptime_seconds, self.event.idle_seconds) if each is not None]
        age = min(ages, default=None)
        return age if age is not None and age < shortest - 1 else None

    @property
    def idled_out_before_start(self) -> bool:
        """Whether it met its idle limit before this run of the server began."""
        idle, limit = self.idle_before_start_seconds, self.limit("wait_timeout")[0]
        return idle is not None and limit is not None and idle >= limit

    @property
    def was_up_before_idling(self) -> bool:
        """Whether it has been up since before the session of this error could have begun to idle."""
        up = self.uptime_seconds
        return up is not None and up > self.server.limits.get("wait_timeout", 28_800)

    @property
    def aborted_no_session(self) -> bool:
        """Whether the server has seen no session end without a goodbye since it started, and did so before the error."""
        up = self.uptime_seconds
        return up is not None and up >= 0 and self.server.counters.get("aborted_clients") == 0

    def knows_limit(self, name: str) -> bool:
        """Whether a limit is known, and not just what it usually is."""
        return name in self.server.limits or name in dict(self.event.limits)

    def limit(self, name: str) -> tuple[float | None, str]:
        """A limit and whose word it is: the server's, the log's, or nobody's but the default."""
        told = dict(self.event.limits)
        if name in self.server.limits:
            who = self.server.name
            return self.server.limits[name], _("{server} says", server=who) if who else _("the server says")
        if name in told:
            return told[name], _("the log says")
        return DEFAULT_LIMITS.get(name), _("the default, as no server was asked")


def facts_from_sample(sample: Sample, name: str = "") -> ServerFacts:
    """What one reading of a server brings: limits, counters, when it started, who sleeps there."""
    told = sample.counter("uptime") is not None
    return ServerFacts(
        name=name,
        flavour=sample.server.flavour,
        version=sample.server.version,
        read_at=sample.taken_at,
        started_at=sample.taken_at - sample.server.uptime if told else None,
        limits={each.name: float(each.value) for each in sample.variables if each.value is not None},
        unchanged_variables=frozenset(
            each.name for each in sample.variables if each.set_by in STARTUP_ORIGINS
        ),
        counters=dict(sample.counters),
        log_entries=sample.clues.log,
        idle_session_ids=frozenset(each.id for each in sample.sessions if each.is_idle and not each.own),
        idle_since=tuple(
            each.idle_since
            for each in sample.sessions
            if each.is_idle and not each.own and each.idle_since is not None
        ),
        session_count=sum(each.role is Role.CLIENT and not each.own for each in sample.sessions),
    )
