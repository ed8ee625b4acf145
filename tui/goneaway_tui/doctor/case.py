"""A case: one error event of a log and, where a server was asked, what the server says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cached_property
from typing import Final

from goneaway_tui.i18n import _
from goneaway_tui.judge.deadline import EndLimit, shortest_end
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry, Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId

DEFAULT_LIMITS: Mapping[str, float] = {
    "wait_timeout": 28_800,
    "net_write_timeout": 60,
    "max_allowed_packet": 64 * 1024**2,
}
"""The limits of a server that was not tuned: seconds, bytes (MariaDB: 16 MiB for a packet)."""
CLOCK_DIFFERENCE_SECONDS = 5.0
"""Seconds by which the clocks of client and server may differ."""
LONG_SILENCE_SECONDS = 60.0
"""Seconds from which a pause counts as one."""
IDLE_TIMEOUT_ERROR = 4031
"""The error of a session that MySQL closed for idling."""
SHORTEST_LIMIT_SECONDS = 1.0
"""No server lets `wait_timeout` be less."""
LARGEST_PACKET_BYTES = 1024**3
"""The protocol's own limit: `max_allowed_packet` cannot be more."""
IDLE_LIMITS = ("wait_timeout", "interactive_timeout")
"""The global limits that a session copies when it connects; an interactive client copies the second."""
STARTUP_ORIGINS = frozenset({"compiled", "file", "persisted"})
"""Origins of a global value that was not set since the server started."""


@dataclass(frozen=True, slots=True)
class RaisedError:
    """How often a server counted one error, for one account, since it started."""

    code: int
    count: int
    user: str = ""
    host: str = ""
    first_at: float | None = None
    last_at: float | None = None
    """When it was first and last counted; seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class FailingHost:
    """A client's host whose connections failed."""

    ip: str
    failures: int
    """Failures in a row; at `max_connect_errors` the server blocks the host."""
    refusals: int = 0
    """How often the server refused the host because it was blocked."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself. Any of it may be absent: facts that are empty rule nothing out."""

    name: str = ""
    """The server as a person names it: `db-01:3306`."""
    flavour: Flavour | None = None
    version: str = ""
    """Digits and dots; empty where it is not known."""
    read_at: float | None = None
    """When the server was read; seconds since 1970 UTC."""
    started_at: float | None = None
    """When the server started; seconds since 1970 UTC."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Global variables in force, by name: seconds, bytes, counts."""
    proxy_limits: Mapping[str, float] = field(default_factory=dict)
    """Idle limits of a proxy before the server, in seconds by proxy and setting, as a person pasted them."""
    unchanged_variables: frozenset[str] = frozenset()
    """Names in `limits` that have had their value since the server started, as far as the server says so."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """Status counters since the server started, by lower-case name."""
    errors: tuple[RaisedError, ...] = ()
    counts_errors: bool = False
    """Whether an error that is absent from `errors` was never raised."""
    unknown_errors: frozenset[int] = frozenset()
    """Errors this server does not have, so that they are never counted: no 4031 before MySQL 8.0.24."""
    log_entries: tuple[LogEntry, ...] = ()
    """Entries of the server's own error log that report an end."""
    departures: tuple[Departure, ...] = ()
    """The ledger: sessions that ended while the server was monitored."""
    idle_session_ids: frozenset[ProcesslistId] = frozenset()
    """Sessions that are idle on the server now."""
    idle_since: tuple[float, ...] = ()
    """Since when sessions are idle, where that is known; seconds since 1970 UTC."""
    session_count: int | None = None
    """How many client sessions the server has now."""
    failing_hosts: tuple[FailingHost, ...] = ()
    killed_at: float | None = None
    """When a KILL last ended a session, seconds since 1970 UTC; None where none did, or it is not known."""

    @property
    def shortest_global_seconds(self) -> float | None:
        """The shorter of both global idle limits; None where neither is known."""
        return min((self.limits[name] for name in IDLE_LIMITS if name in self.limits), default=None)

    @property
    def idle_limits_unchanged(self) -> bool:
        """Whether no global idle limit has had another value since the server started."""
        return self.unchanged_variables.issuperset(IDLE_LIMITS)

    def last_error_at(self, *codes: int) -> float | None:
        """When any of these errors was last counted, seconds since 1970 UTC; None where it never was, or it is not known."""
        counted = (error.last_at for error in self.errors if error.code in codes)
        return max(filter(None, counted), default=None)

    def first_error_at(self, *codes: int) -> float | None:
        """When any of these errors was first counted, seconds since 1970 UTC; None where it is not known."""
        counted = [error.first_at for error in self.errors if error.code in codes]
        return None if None in counted else min(filter(None, counted), default=None)

    def error_count(self, *codes: int) -> int | None:
        """How often these errors were counted since the server started; None where the server does not count them."""
        if not self.counts_errors or self.unknown_errors.issuperset(codes):
            return None
        return sum(error.count for error in self.errors if error.code in codes)

    def confirms(self, entry: LogEntry) -> bool | None:
        """Whether `Aborted_clients` allows for the end that a log entry reports; None where it does not cover that time.

        A log is text that quotes what clients chose: where this counter is 0, no session ended without COM_QUIT.
        """
        aborted = self.counters.get("aborted_clients")
        is_before_start = (
            entry.at is not None
            and self.started_at is not None
            and entry.at < self.started_at - CLOCK_DIFFERENCE_SECONDS
        )
        return None if aborted is None or is_before_start else aborted > 0

    def completed_by(self, stated: ServerFacts) -> ServerFacts:
        """The same facts with what `stated` knows beside them; where both know a value, it stays."""
        return replace(
            self,
            name=self.name or stated.name,
            flavour=self.flavour or stated.flavour,
            version=self.version or stated.version,
            limits={**stated.limits, **self.limits},
            proxy_limits={**stated.proxy_limits, **self.proxy_limits},
            counters={**stated.counters, **self.counters},
        )

    def with_history(self, history: ServerFacts) -> ServerFacts:
        """The same facts with what `history` knows of the time since the server started."""
        return replace(
            self,
            errors=history.errors,
            counts_errors=history.counts_errors,
            unknown_errors=history.unknown_errors,
            log_entries=history.log_entries or self.log_entries,
            failing_hosts=history.failing_hosts,
            killed_at=history.killed_at,
        )


NO_SERVER = ServerFacts()
"""The facts where no server was asked."""


PASTED_LIMITS = frozenset({
    "wait_timeout", "interactive_timeout", "max_allowed_packet", "net_read_timeout", "net_write_timeout", "connect_timeout",
    "max_connections", "max_user_connections", "max_connect_errors", "max_execution_time", "max_statement_time",
    "idle_transaction_timeout", "idle_readonly_transaction_timeout", "idle_write_transaction_timeout",
})  # fmt: skip
PASTED_COUNTERS = frozenset({
    "aborted_clients", "aborted_connects", "com_kill", "max_used_connections", "threads_connected", "connections",
})  # fmt: skip
"""Variables and counters that are taken from what a person pasted."""
MAX_FACT_LINES = 20_000
"""Lines of a pasted text that are read."""
_PASTED_ROW = re.compile(
    r"\s{0,8}(?:\|\s{0,80}(?P<cell>\w{4,64})\s{0,80}\|\s{0,80}(?P<value>[\w.-]{1,80})\s{0,80}\|$"
    r"|(?P<name>[A-Za-z]\w{3,63})\t(?P<tabbed>[\w.-]{1,80})$)"
)
_PASTED_NAME = re.compile(r"\s{0,20}(?:Variable_name|VARIABLE_NAME): (?P<name>\w{1,64})$")
_PASTED_VALUE = re.compile(r"\s{0,20}(?:Value|VARIABLE_VALUE): (?P<value>[\w.-]{1,80})$")
_PASTED_SYSTEM_VARIABLE = re.compile(r"@@(?:global\.|session\.)?(\w{4,64})", re.IGNORECASE)
_PASTED_VERSION = re.compile(
    r"(?:Server version:|\|?\s{0,20}version\s{0,80}[|\t])\s{0,20}(?P<text>\d{1,3}\.\d{1,3}\.\d{1,3}.{0,80})"
)


_UNIT_SECONDS: Final = {"us": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_AMOUNT: Final = r"(?P<amount>\d{1,9})(?P<unit>us|ms|s|m|h|d)?"
PASTED_PROXY_LIMITS: Final = (
    (re.compile(rf"(?:\S{{0,200}}[:-])?\s{{0,20}}(?P<name>timeout\s{{1,8}}(?:client|server|tunnel))\s{{1,20}}{_AMOUNT}\s{{0,20}}(?:#.*)?$"), "HAProxy", "ms"),
    (re.compile(rf"(?:\S{{0,200}}[:-])?\s{{0,20}}(?P<name>proxy_timeout)\s{{1,20}}{_AMOUNT};"), "nginx", "s"),
    (re.compile(rf"\s{{0,40}}\"?(?P<name>idle_timeout)\"?:\s{{0,8}}[\"']?{_AMOUNT}[\"']?,?\s{{0,20}}$"), "Envoy", "s"),
    (re.compile(rf"\W{{0,8}}(?P<name>mysql-wait_timeout)\W{{1,80}}{_AMOUNT}\b"), "ProxySQL", "ms"),
)  # fmt: skip
"""How the settings of a proxy state how long a session may be idle, whose they are, and the unit of a figure without one."""


def _pasted_proxy_limits(lines: Sequence[str]) -> dict[str, float]:
    """The idle limits of proxies in pasted settings, in seconds by proxy and setting.

    Of a setting that several sections have the longest counts. HAProxy's `timeout tunnel` replaces its others.

    >>> _pasted_proxy_limits(["12:    timeout client  30m", "  timeout connect 5s", "proxy_timeout 600;"])
    {'HAProxy: timeout client': 1800.0, 'nginx: proxy_timeout': 600.0}
    """
    found: dict[str, float] = {}
    for line in lines:
        for form, proxy, unit in PASTED_PROXY_LIMITS if "timeout" in line else ():
            if match := form.match(line[:400].rstrip()):
                name = f"{proxy}: {' '.join(match['name'].split())}"
                seconds = int(match["amount"]) * _UNIT_SECONDS[match["unit"] or unit]
                found[name] = max(seconds, found.get(name, 0.0))
    if "HAProxy: timeout tunnel" in found:
        replaced = {"HAProxy: timeout client", "HAProxy: timeout server"}
        found = {name: seconds for name, seconds in found.items() if name not in replaced}
    return {name: seconds for name, seconds in found.items() if seconds >= SHORTEST_LIMIT_SECONDS}


def facts_from_text(text: str, name: str = "") -> ServerFacts:
    """The facts in pasted output of SHOW VARIABLES, SHOW STATUS, `SELECT @@...` or the client's `\\s`, and a proxy's idle limits.

    `name` says where they stand. Other lines are passed over.

    >>> dict(facts_from_text("| wait_timeout | 28800 |\\nmax_allowed_packet\\t1073741824").limits)
    {'wait_timeout': 28800.0, 'max_allowed_packet': 1073741824.0}
    """
    stated: dict[str, float] = {}
    version = ""
    lines = text.splitlines()[:MAX_FACT_LINES]
    for index, line in enumerate(lines):
        if match := _PASTED_VERSION.match(line.strip()):
            version = match["text"]
        for variable, value in _pasted_values(lines, index):
            if value.replace(".", "", 1).isdecimal():
                stated[variable.lower()] = float(value)
    flavour = None if not version else Flavour.MARIADB if "mariadb" in version.lower() else Flavour.MYSQL
    return ServerFacts(
        name=name if stated or version else "",
        flavour=flavour,
        version=version.partition(" ")[0].partition("-")[0],
        limits={variable: value for variable, value in stated.items() if variable in PASTED_LIMITS},
        proxy_limits=_pasted_proxy_limits(lines),
        counters={variable: int(value) for variable, value in stated.items() if variable in PASTED_COUNTERS},
    )


def _pasted_values(lines: Sequence[str], index: int) -> Iterator[tuple[str, str]]:
    """Yield the variables that one pasted line states, with the lines below it where they belong to it."""
    line, below = lines[index], lines[index + 1 : index + 3]
    if row := _PASTED_ROW.match(line.rstrip()):
        yield row["cell"] or row["name"], row["value"] or row["tabbed"]
    elif name := _PASTED_NAME.match(line.rstrip()):
        values = (match for later in below[:1] if (match := _PASTED_VALUE.match(later.rstrip())))
        yield from ((name["name"], match["value"]) for match in values)
    elif "@@" in line and line.lstrip()[:1] in {"|", "@"}:
        names = _PASTED_SYSTEM_VARIABLE.findall(line)
        cells = next(
            (re.split(r"[|\s]+", later.strip().strip("|").strip()) for later in below if "--" not in later),
            [],
        )
        if len(names) == len(cells):
            yield from zip(names, cells, strict=True)


@dataclass(frozen=True)
class Case:
    """One error event and what its server says: all that a rule judges by."""

    event: ErrorEvent
    server: ServerFacts = NO_SERVER
    zone: tzinfo = UTC
    """The time zone of timestamps that name none."""

    @cached_property
    def noticed_at(self) -> float | None:
        """When the client noticed the error, seconds since 1970 UTC; None where the log has no time. Asked for each departure."""
        timestamp = self.event.timestamp
        if timestamp is None:
            return None
        if timestamp.utc_seconds is not None:
            return timestamp.utc_seconds
        offset = self.zone.utcoffset(timestamp.local) or timedelta()
        return timestamp.local.replace(tzinfo=timezone(offset)).timestamp()

    def is_later(self, instant: float | None) -> bool:
        """Whether an instant, in seconds since 1970 UTC, is known to be after this error, though clocks may differ."""
        noticed_at = self.noticed_at
        return (
            instant is not None and noticed_at is not None and instant > noticed_at + CLOCK_DIFFERENCE_SECONDS
        )

    @property
    def uptime_seconds(self) -> float | None:
        """The server's uptime at the error; below 0 where the server started after it, None where it is not known."""
        noticed_at, started_at = self.noticed_at, self.server.started_at
        return None if noticed_at is None or started_at is None else noticed_at - started_at

    @property
    def idle_before_start_seconds(self) -> float | None:
        """The connection's idle time when this run of the server began.

        By the idle time that the log states, or by how long the log was silent. None where the connection was used after
        the start, or it is not known.
        """
        uptime_seconds, event = self.uptime_seconds, self.event
        idle_seconds = event.silent_seconds if event.idle_seconds is None else event.idle_seconds
        if uptime_seconds is None or idle_seconds is None or not 0 <= uptime_seconds <= idle_seconds:
            return None
        return idle_seconds - uptime_seconds

    @property
    def known_uptime_seconds(self) -> float | None:
        """The server's uptime at the error, by the server or by its log; None where it is not known.

        An error without a time is taken to be of this run of the server, unless its session was idle for longer than that.
        """
        uptime_seconds, server, idle_seconds = self.uptime_seconds, self.server, self.event.idle_seconds
        if uptime_seconds is not None and uptime_seconds >= 0:
            return uptime_seconds
        if self.noticed_at is None and None not in {server.read_at, server.started_at}:
            uptime_now = (server.read_at or 0.0) - (server.started_at or 0.0)
            return uptime_now if idle_seconds is None or idle_seconds <= uptime_now else None
        return self.event.server_up_seconds

    @property
    def shortest_end(self) -> EndLimit | None:
        """The shortest idle limit that ended a session in the ledger before this error; None where none did.

        Only the session that the log names counts, where it names one.
        """
        session_id = self.event.session_id
        departures = (
            departure
            for departure in self.server.departures
            if not self.is_later(departure.at) and session_id in {None, departure.verdict.session.id}
        )
        return shortest_end(departures, self.server.limits)

    @property
    def fatal_idle_seconds(self) -> float | None:
        """How long the session is known to have been idle when its loss was noticed, or its log to have been silent."""
        event = self.event
        if event.idle_seconds is not None:
            return event.idle_seconds if event.idle_seconds >= SHORTEST_LIMIT_SECONDS else None
        silent_seconds = event.silent_seconds
        return (
            silent_seconds if silent_seconds is not None and silent_seconds >= LONG_SILENCE_SECONDS else None
        )

    @property
    def age_below_global_limits(self) -> float | None:
        """The session's highest possible age in seconds, where it is below both global idle limits.

        An idle timeout was then by a shorter limit of the session itself. None where a global limit may have ended it.
        """
        limits = (self.limit("wait_timeout")[0], self.server.limits.get("interactive_timeout"))
        shortest_seconds = min((limit for limit in limits if limit is not None), default=None)
        if shortest_seconds is None or self.idled_out_before_start:
            return None
        ages = (self.known_uptime_seconds, self.event.idle_seconds)
        age_seconds = min((age for age in ages if age is not None), default=None)
        return age_seconds if age_seconds is not None and age_seconds < shortest_seconds - 1 else None

    @property
    def idled_out_before_start(self) -> bool:
        """Whether the session reached its idle limit before this run of the server began."""
        idle_seconds, limit_seconds = self.idle_before_start_seconds, self.limit("wait_timeout")[0]
        return idle_seconds is not None and limit_seconds is not None and idle_seconds >= limit_seconds

    @property
    def was_up_before_idling(self) -> bool:
        """Whether the server was up since before the session of this error could have become idle."""
        uptime_seconds = self.uptime_seconds
        limit_seconds = self.server.limits.get("wait_timeout", DEFAULT_LIMITS["wait_timeout"])
        return uptime_seconds is not None and uptime_seconds > limit_seconds

    @property
    def aborted_no_session(self) -> bool:
        """Whether the server, up at the error, counted no session that ended without COM_QUIT since it started."""
        uptime_seconds = self.uptime_seconds
        is_of_this_run = uptime_seconds is not None and uptime_seconds >= 0
        return is_of_this_run and self.server.counters.get("aborted_clients") == 0

    def knows_limit(self, name: str) -> bool:
        """Whether the server or the log states a limit, so that it is not only the default."""
        return name in self.server.limits or name in dict(self.event.limits)

    def limit(self, name: str) -> tuple[float | None, str]:
        """A limit, and in words its source: the server, the log, or the default."""
        stated_limits, server = dict(self.event.limits), self.server
        if name in server.limits:
            source = (
                _("according to {server}", server=server.name)
                if server.name
                else _("according to the server")
            )
            return server.limits[name], source
        if name in stated_limits:
            return stated_limits[name], _("according to the log")
        return DEFAULT_LIMITS.get(name), _("the default, because no server was asked")


def facts_from_sample(sample: Sample, name: str = "") -> ServerFacts:
    """The facts that one sample holds: limits, counters, when the server started, which sessions are idle."""
    knows_uptime = sample.counter("uptime") is not None
    idle_sessions = [session for session in sample.sessions if session.is_idle and not session.own]
    variables = sample.variables
    return ServerFacts(
        name=name,
        flavour=sample.server.flavour,
        version=sample.server.version,
        read_at=sample.taken_at,
        started_at=sample.taken_at - sample.server.uptime if knows_uptime else None,
        limits={variable.name: float(variable.value) for variable in variables if variable.value is not None},
        unchanged_variables=frozenset(
            variable.name for variable in variables if variable.set_by in STARTUP_ORIGINS
        ),
        counters=dict(sample.counters),
        log_entries=sample.end_evidence.log,
        idle_session_ids=frozenset(session.id for session in idle_sessions),
        idle_since=tuple(session.idle_since for session in idle_sessions if session.idle_since is not None),
        session_count=sum(session.is_client for session in sample.sessions),
    )
