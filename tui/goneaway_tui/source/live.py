"""The source of a live server: reads samples over one connection, and opens another where that breaks.

`LiveSource` bounds each sample in time and can be closed from any thread. `_ServerReader` is one connection with what was found
out over it: capabilities, the reader of sessions of the family, global variables, counters, lock waits.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from goneaway_tui.errors import SourceError, StopReported, TooSlow, Unreachable
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.sample import NO_EVIDENCE, RESTART_TOLERANCE, Sample, is_same_run
from goneaway_tui.model.server import Flavour, Limitation, Server
from goneaway_tui.model.session import PastStatement, ProcesslistId
from goneaway_tui.ports import Clock
from goneaway_tui.source.capabilities import (
    Capabilities,
    find_capabilities,
    limitations_of,
    unlisted_limitations,
)
from goneaway_tui.source.connection import Connection, Refusal, UnfitAnswer
from goneaway_tui.source.globals import GlobalsReader, number
from goneaway_tui.source.lock_waits import LockWaitReader
from goneaway_tui.source.mariadb import MariadbReader
from goneaway_tui.source.mysql import MysqlReader
from goneaway_tui.source.session_cache import read_transaction_statements, text
from goneaway_tui.source.sockets import Address, ServerSocket
from goneaway_tui.source.sql import STATEMENT_SECONDS
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.model.server import ServerTopology
    from goneaway_tui.source.end_evidence import EndEvidenceReader
    from goneaway_tui.source.end_history import EndHistory
    from goneaway_tui.source.error_log import ErrorLog


def uptime_of(counters: Mapping[str, int]) -> float:
    """The Uptime that the server reports, in seconds. Where its clock was set to before its start, the server sends a negative
    number as an unsigned one.

    >>> uptime_of({"uptime": 9}), uptime_of({"uptime": 18446744073709548025}), uptime_of({})
    (9.0, -3591.0, 0.0)
    """
    reported = counters.get("uptime", 0)
    return float(reported - (1 << 64) if reported >= 1 << 63 else reported)


@dataclass(slots=True)
class SteadyUptime:
    """A server's uptime, which a step of the server's clock does not move. All fields are seconds.

    Servers derive Uptime from their wall clock, so setting that by an hour makes them look restarted, or an hour older.
    One object serves one connection, which no restart outlives.
    """

    reported: float
    """The Uptime that the server reported last."""
    at: float
    """When it did so, on our clock."""
    stepped: float = 0.0
    """By how much the server's clock was set since the connection began."""

    def is_step(self, reported: float, at: float) -> bool:
        """Whether the uptime differs from the one before by more than the time that has passed."""
        return abs(reported - self.now(at)) > RESTART_TOLERANCE

    def observe(self, reported: float, at: float) -> float:
        """Take in a reported Uptime; return the uptime without steps of the server's clock."""
        if self.is_step(reported, at):
            self.stepped += reported - self.now(at)
        self.reported, self.at = reported, at
        return self.steady(at)

    def steady(self, at: float) -> float:
        """The uptime at an instant, without steps of the server's clock."""
        return max(0.0, self.now(at) - self.stepped)

    def now(self, at: float) -> float:
        """What the server would report at an instant."""
        return self.reported + (at - self.at)


@dataclass(frozen=True, slots=True)
class AdminPortKind:
    """How the admin port of a family is described."""

    variable: str
    admits: str
    how_to_have: str


ADMIN_PORT_KINDS = {
    Flavour.MYSQL: AdminPortKind(
        "admin_port",
        N_("an account with SERVICE_CONNECTION_ADMIN"),
        N_("admin_address under [mysqld]"),
    ),
    Flavour.MARIADB: AdminPortKind(
        "extra_port", N_("up to extra_max_connections sessions"), N_("extra_port under [mariadbd]")
    ),
}


def find_admin_port(connection: Connection, capabilities: Capabilities) -> str:
    """What to do once this server is full; empty where it has no admin port or does not show it. Raises SourceError."""
    try:
        ((address, port),) = connection.rows(capabilities.required_statement("admin_port"))
    except (Refusal, ValueError):
        return ""
    return admin_port_hint(
        ADMIN_PORT_KINDS[capabilities.flavour], plain(text(address), 200), int(number(port) or 0)
    )


def admin_port_hint(kind: AdminPortKind, address: str, port: int) -> str:
    """
    >>> admin_port_hint(ADMIN_PORT_KINDS[Flavour.MYSQL], "10.0.0.1", 33062)
    'The admin_port still accepts an account with SERVICE_CONNECTION_ADMIN: -h 10.0.0.1 -P 33062'
    >>> admin_port_hint(ADMIN_PORT_KINDS[Flavour.MARIADB], "", 0)
    'The server has no extra_port. To have it next time, set extra_port under [mariadbd]'
    """
    if not port:
        return _(
            "The server has no {variable}. To have it next time, set {setting}",
            variable=kind.variable,
            setting=_(kind.how_to_have),
        )
    host = f"-h {address} " if address else ""
    return _(
        "The {variable} still accepts {whom}: {flags}",
        variable=kind.variable,
        whom=_(kind.admits),
        flags=f"{host}-P {port}",
    )


T = TypeVar("T")
INSTANCES_LOST = "performance_schema_thread_instances_lost"
"""The counter of threads that performance_schema had no room for since the server started."""
TEXT_LENGTH = 1024
"""Characters of a statement to bring; performance_schema keeps no more by default."""
SAMPLE_SECONDS = 3 * STATEMENT_SECONDS
"""How long all statements of one sample may take together, without connecting."""
MANY_SESSIONS = 1000
"""Sessions from which on the server's counters are read less often than its sessions."""
COUNTERS_SECONDS = 5.0
"""How often then, as long as no session ends."""
CAPABILITIES_SECONDS = 30.0
"""How often the capabilities are read again: grants and consumers may change meanwhile."""
REFUSED_SECONDS = 600.0
"""How long a statement that the server refused is left out before it is tried again."""
CLOSE_SECONDS = 0.1
"""How long a running statement may take to end before the socket is cut."""
MIN_OWN_IDLE_SECONDS = 10
"""The least number of seconds that our session must be able to idle: polls come late on a busy machine."""
OWN_WAIT_TIMEOUT = 600
"""The wait_timeout that we set for our session, in seconds, where a shorter global limit would close it between polls."""


SessionReader = MysqlReader | MariadbReader
READERS: dict[Flavour, type[SessionReader]] = {
    Flavour.MYSQL: MysqlReader,
    Flavour.MARIADB: MariadbReader,
}


class LiveSource:
    """Reads one server. `sample` from one thread at a time; `close` from any."""

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        statements: bool = True,
        interval: float = 1.0,
        log: ErrorLog | None = None,
        evidence: bool = True,
    ) -> None:
        """`statements=False` reads no SQL text. `interval` is the longest pause between two samples, in seconds.

        `log` is the error log of the server, where the file is on this machine. `evidence=False` is for a single sample: how
        sessions end is read to be compared with the next.
        """
        self._reads_evidence = evidence
        self._log = log
        self._address = address
        self._clock = clock
        self._text_length = TEXT_LENGTH if statements else 0
        self._own_idle_seconds = max(MIN_OWN_IDLE_SECONDS, round(interval * 3))
        self._server_reader: _ServerReader | None = None
        self._evidence: tuple[Sample, EndEvidenceReader] | None = None
        """The last sample, and the reader for its run of the server; both outlive our connections."""
        self._stop_reported = False
        """Whether the server has ended our session with an error that it sends when it stops, since the last sample."""
        self._socket = ServerSocket()
        """The socket in use. Cutting it wakes a thread that waits on it, also while connecting."""
        self._lock = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._address.name

    def sample(self) -> Sample:
        evidence_reader = self._evidence_reader if self._reads_evidence else None
        sample = self._ask(lambda server_reader: self._with_log(server_reader.sample(evidence_reader)))
        stop_reported, self._stop_reported = self._stop_reported, False
        return (
            replace(sample, end_evidence=replace(sample.end_evidence, stop_reported=True))
            if stop_reported
            else sample
        )

    def history(self) -> EndHistory:
        """What the server has kept of ended sessions and refused logins, dated on our clock. Raises SourceError."""
        past = self._ask(lambda server_reader: server_reader.history())
        if self._log is None:
            return past
        in_file = self._log.past()
        log = (*past.log, *(in_file or ()))
        return replace(past, log=log, reads_log=past.reads_log or in_file is not None)

    def transaction_statements(self, session: ProcesslistId) -> tuple[PastStatement, ...] | Limitation:
        """The statements of a session's open transaction, the oldest first; or why they cannot be read. Raises SourceError."""
        return self._ask(lambda server_reader: server_reader.transaction_statements(session))

    def topology(self) -> ServerTopology:
        """The replicas, sources and group members that the server names. Raises SourceError."""
        return self._ask(lambda server_reader: server_reader.topology())

    @contextmanager
    def lend_connection(self) -> Iterator[tuple[Connection, Capabilities]]:
        """The open connection, and the server's capabilities; no sample begins meanwhile. Safe from any thread.

        A caller that cannot trust the connection any more cuts it; the next sample opens another.
        Raises SourceError where no connection is open, and where a sample does not end in time.
        """
        if not self._lock.acquire(timeout=SAMPLE_SECONDS):
            raise TooSlow(_("{server} does not answer in time", server=self.name))
        try:
            if self._server_reader is None:
                raise Unreachable(_("there is no open connection to {server}", server=self.name))
            yield self._server_reader.connection, self._server_reader.capabilities
        finally:
            if self._socket.is_cut:
                self._drop()
            self._lock.release()

    def _ask(self, ask: Callable[[_ServerReader], T]) -> T:
        with self._lock:
            try:
                if self._server_reader is None:
                    self._server_reader = self._connect()
                with self._socket.within(SAMPLE_SECONDS):
                    return ask(self._server_reader)
            except UnfitAnswer as unfit:
                self._drop()
                raise unfit.server_error(self.name) from None
            except Refusal as refusal:
                self._drop()
                raise SourceError(
                    _(
                        "{server} rejected a statement: {said} ({number})",
                        server=self.name,
                        said=refusal,
                        number=refusal.number,
                    ),
                    _("reconnecting"),
                ) from None
            except SourceError as error:
                self._drop()
                self._stop_reported |= isinstance(error, StopReported)
                if self._closed:
                    raise self._closed_error() from None
                raise

    def close(self) -> None:
        """Disconnect (COM_QUIT), or cut the socket where a statement runs longer than CLOSE_SECONDS. Safe from any thread."""
        wait_seconds = 0.0 if self._closed else CLOSE_SECONDS
        self._closed = True
        if self._lock.acquire(timeout=wait_seconds):
            try:
                self._drop()
                if self._log is not None:
                    self._log.close()
            finally:
                self._lock.release()
        else:
            self._socket.cut()

    def _connect(self) -> _ServerReader:
        self._socket = ServerSocket()
        if self._closed:
            raise self._closed_error()
        connection = Connection(self._address, self._socket)
        try:
            with self._socket.within(SAMPLE_SECONDS):
                server_reader = _ServerReader(
                    self._address, connection, self._clock, self._text_length, self._own_idle_seconds
                )
                self._address = replace(self._address, admin_port_hint=server_reader.admin_port_hint)
                return server_reader
        except BaseException:
            connection.close()
            raise

    def _evidence_reader(self, sample: Sample) -> EndEvidenceReader:
        """The reader for the run of the server that the sample is of."""
        from goneaway_tui.source.end_evidence import EndEvidenceReader

        if self._evidence is None or not is_same_run(self._evidence[0], sample):
            previous_run_seen_at = None if self._evidence is None else self._evidence[1].taken_at
            self._evidence = (sample, EndEvidenceReader(previous_run_seen_at))
        self._evidence = (sample, self._evidence[1])
        return self._evidence[1]

    def _with_log(self, sample: Sample) -> Sample:
        if self._log is None:
            return sample
        entries = self._log.entries({session.id for session in sample.sessions})
        return (
            replace(
                sample, end_evidence=replace(sample.end_evidence, log=(*sample.end_evidence.log, *entries))
            )
            if entries
            else sample
        )

    def _closed_error(self) -> SourceError:
        return SourceError(_("{server} is closed", server=self.name), _("start again"))

    def _drop(self) -> None:
        if self._server_reader is not None:
            self._server_reader.connection.close()
            self._server_reader = None


def configure_session(connection: Connection, capabilities: Capabilities, seconds: int) -> None:
    """Bound the statements of our session in time, and let it be idle for at least `seconds`.

    On MySQL that leaves a mark in variables_info that others see, so it is done only where our wait_timeout is too short.
    """
    if connection.rows(capabilities.required_statement("short_wait_timeout"), (seconds,)):
        own_idle_seconds = max(OWN_WAIT_TIMEOUT, seconds)
        connection.rows(
            capabilities.required_statement("session"), (round(STATEMENT_SECONDS * 1000), own_idle_seconds)
        )


class _ServerReader:
    """One connection, with everything that was found out over it."""

    def __init__(
        self, address: Address, connection: Connection, clock: Clock, text_length: int, own_idle_seconds: int
    ) -> None:
        """Find out which server answers, and what it can do. Raises SourceError and Refusal."""
        self.connection = connection
        self._address = address
        self._clock = clock
        self._text_length = text_length
        self._capabilities_at = clock()
        self.capabilities = find_capabilities(connection)
        configure_session(connection, self.capabilities, own_idle_seconds)
        self._refused_at = -math.inf
        self._use_capabilities(self.capabilities)
        counters = self._without_refused(lambda: self._globals.counters())  # noqa: PLW0108 - a refusal replaces the reader
        self._uptime = SteadyUptime(uptime_of(dict(counters)), clock())
        self._counters: tuple[tuple[str, int], ...] = ()
        self._counted_at = -math.inf
        self._present: frozenset[int] = frozenset()
        self.admin_port_hint = find_admin_port(connection, self.capabilities)

    def sample(self, evidence_reader: Callable[[Sample], EndEvidenceReader] | None) -> Sample:
        """One sample. `evidence_reader` returns the reader for the run of the server that a sample is of; without it no evidence
        is read.
        """
        began, asked = self._clock(), self.connection.statements_sent
        if self._reader.has_lost_timer or began - self._capabilities_at > CAPABILITIES_SECONDS:
            self._update_capabilities(began)
        read = self._without_refused(lambda: self._read(began))
        evidence = NO_EVIDENCE
        if evidence_reader is not None:
            reader = evidence_reader(read)
            evidence = self._without_refused(
                lambda: reader.read(self.connection, self.capabilities, read, self._clock)
            )
        read = replace(read, limitations=self._current_limitations())
        took = self._clock() - began
        at_server = max(0.0, took - (self.connection.statements_sent - asked) * self._reader.round_trip)
        return replace(read, end_evidence=evidence, seconds_to_read=took, seconds_at_server=at_server)

    def _read(self, began: float) -> Sample:
        """A sample without the evidence of ended sessions."""
        taken_at, sessions = self._reader.sessions(self._uptime.now(began))
        lock_waits = self._lock_waits.read(
            self._reader.open_transactions, sessions, taken_at, self._reader.round_trip
        )
        variables = self._globals.variables(taken_at)
        counters = self._read_counters(taken_at, frozenset(session.id for session in sessions))
        if not self._reader.lacks_threads and dict(counters).get(INSTANCES_LOST):
            # a new reader: sessions that were left out did not log in between two samples
            self._use_capabilities(self.capabilities)
            self._reader.lacks_threads = True
            return self._read(began)
        return Sample(
            taken_at=taken_at,
            server=self._server(self._uptime.steady(taken_at)),
            sessions=sessions,
            variables=variables,
            counters=counters,
            limitations=self._current_limitations(),
            lock_waits=lock_waits,
        )

    def _current_limitations(self) -> tuple[Limitation, ...]:
        if self._reader.lacks_threads:
            return unlisted_limitations(self.capabilities, self._reader.unlisted)
        return self._limitations

    def _without_refused(self, ask: Callable[[], T]) -> T:
        """Call `ask` until the server refuses none of its statements. Raises Refusal where a refused statement is required."""
        while True:
            try:
                return ask()
            except Refusal as refusal:
                self._exclude_statement(refusal)

    def _exclude_statement(self, refusal: Refusal) -> None:
        """Do not send a statement any more: what it would have brought becomes a limitation."""
        capabilities = self.capabilities.without(refusal)
        now = find_capabilities(self.connection)
        self._capabilities_at = self._refused_at = self._clock()
        # The privileges may have changed meanwhile: then the new features say so, and the refusal is not needed.
        self._use_capabilities(capabilities if now.features == capabilities.features else now)

    def _read_counters(self, now: float, present: frozenset[int]) -> tuple[tuple[str, int], ...]:
        """The status counters: read again where a session ended, otherwise seldom. The server adds up all sessions for them."""
        rest = len(present) >= MANY_SESSIONS and now - self._counted_at < COUNTERS_SECONDS
        if not rest or not self._present <= present:
            self._counters, self._counted_at = self._globals.counters(), now
            uptime = uptime_of(dict(self._counters))
            if self._uptime.is_step(uptime, now):
                self._update_capabilities(now)  # behind a proxy another server may answer now
            self._uptime.observe(uptime, now)
        self._present = present
        return self._counters

    def history(self) -> EndHistory:
        # imported here: it loads the doctor, which a sample does not need
        from goneaway_tui.source.end_history import read_history

        return read_history(self.connection, self.capabilities, self._clock)

    def transaction_statements(self, session: ProcesslistId) -> tuple[PastStatement, ...] | Limitation:
        return self._without_refused(
            lambda: read_transaction_statements(
                self.connection, self.capabilities, self._clock, session, self._text_length
            )
        )

    def topology(self) -> ServerTopology:
        from goneaway_tui.source.topology import read_topology

        return read_topology(self.connection, self.capabilities, self._address.host)

    def _update_capabilities(self, now: float) -> None:
        capabilities = find_capabilities(self.connection, self.capabilities)
        self._capabilities_at = now
        if capabilities.uid != self.capabilities.uid:
            raise Unreachable(
                _(
                    "{server} is a different server now: {uid}",
                    server=self._address.name,
                    uid=capabilities.uid,
                ),
                _("reconnecting automatically"),
            )
        if capabilities.features != self.capabilities.features or (
            self.capabilities.refusals and now - self._refused_at > REFUSED_SECONDS
        ):
            self._use_capabilities(capabilities)

    def _use_capabilities(self, capabilities: Capabilities) -> None:
        while True:
            self.capabilities = capabilities
            self._limitations = limitations_of(capabilities)
            self._globals = GlobalsReader(self.connection, capabilities)
            self._lock_waits = LockWaitReader(self.connection, capabilities, self._clock)
            try:
                self._reader: SessionReader = READERS[capabilities.flavour](
                    self.connection, capabilities, self._clock, self._text_length
                )
            except Refusal as refusal:
                capabilities, self._refused_at = capabilities.without(refusal), self._clock()
            else:
                return

    def _server(self, uptime: float) -> Server:
        return Server(
            flavour=self.capabilities.flavour,
            version=self.capabilities.version,
            banner=self.capabilities.banner,
            host=self._address.host,
            port=None if self._address.socket else self._address.port,
            uptime=uptime,
            own_session_ids=(self.capabilities.own_id,),
            uid=self.capabilities.uid,
        )
