"""A real server as a Source: connects when asked, reads once a call, and after a failure begins anew."""

from __future__ import annotations

import threading
from typing import Protocol

from goneaway_tui.errors import SourceError
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour, Server
from goneaway_tui.model.session import Session
from goneaway_tui.ports import Clock
from goneaway_tui.source.address import Address
from goneaway_tui.source.connection import STATEMENT_SECONDS, Connection, Refusal
from goneaway_tui.source.globals import GlobalsReader
from goneaway_tui.source.mariadb import MariadbReader
from goneaway_tui.source.mysql import MysqlReader
from goneaway_tui.source.survey import Survey, limitations_of, survey

TEXT_LENGTH = 1024
"""Characters of a statement to bring; performance_schema keeps no more by default."""
OWN_PATIENCE = 600
"""Least seconds our own session may idle: we set its wait_timeout so that no short global limit closes it between polls."""


class SessionReader(Protocol):
    """What differs between families."""

    def sessions(self) -> tuple[float, tuple[Session, ...]]: ...


READERS: dict[Flavour, type[MysqlReader | MariadbReader]] = {
    Flavour.MYSQL: MysqlReader,
    Flavour.MARIADB: MariadbReader,
}


class LiveSource:
    """Reads one server. `sample` from one thread at a time; `close` from any."""

    def __init__(
        self, address: Address, clock: Clock, *, statements: bool = True, interval: float = 1.0
    ) -> None:
        """`statements=False` never brings SQL text over. `interval` is the longest pause between two readings."""
        self._address = address
        self._clock = clock
        self._text_length = TEXT_LENGTH if statements else 0
        self._patience = max(OWN_PATIENCE, round(interval * 3))
        self._reading: _Reading | None = None
        self._busy = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._address.name

    def sample(self) -> Sample:
        with self._busy:
            if self._closed:
                raise SourceError(f"{self.name} is closed", "start again")
            began = self._clock()
            try:
                if self._reading is None:
                    self._reading = self._begin()
                return self._reading.sample(began)
            except Refusal as refusal:
                self._drop()
                raise SourceError(
                    f"{self.name} refuses a statement: {refusal} ({refusal.number})", "reconnecting"
                ) from None
            except SourceError:
                self._drop()
                raise

    def close(self) -> None:
        """Say goodbye, or cut the line when a statement is still out."""
        self._closed = True
        if self._busy.acquire(timeout=0.1):
            try:
                self._drop()
            finally:
                self._busy.release()
        elif (reading := self._reading) is not None:
            reading.connection.abandon()

    def _begin(self) -> _Reading:
        connection = Connection(self._address)
        try:
            found = survey(connection)
            connection.rows(found.must("session"), (round(STATEMENT_SECONDS * 1000), self._patience))
            reader = READERS[found.flavour](connection, found, self._clock, self._text_length)
        except (SourceError, Refusal):
            connection.close()
            raise
        return _Reading(self._address, connection, found, reader, self._clock)

    def _drop(self) -> None:
        if self._reading is not None:
            self._reading.connection.close()
            self._reading = None


class _Reading:
    """One connection with all that was learned over it."""

    def __init__(
        self, address: Address, connection: Connection, found: Survey, reader: SessionReader, clock: Clock
    ) -> None:
        self.connection = connection
        self._address = address
        self._found = found
        self._reader = reader
        self._clock = clock
        self._globals = GlobalsReader(connection, found)
        self._limitations = limitations_of(found)

    def sample(self, began: float) -> Sample:
        taken_at, sessions = self._reader.sessions()
        variables = self._globals.variables(taken_at)
        counters = self._globals.counters()
        return Sample(
            taken_at=taken_at,
            server=self._server(dict(counters).get("uptime", 0)),
            sessions=sessions,
            variables=variables,
            counters=counters,
            limitations=self._limitations,
            seconds_to_read=self._clock() - began,
        )

    def _server(self, uptime: int) -> Server:
        return Server(
            flavour=self._found.flavour,
            version=self._found.version,
            banner=self._found.banner,
            host=self._address.host,
            port=None if self._address.socket else self._address.port,
            uptime=float(uptime),
            own_session_ids=(self._found.own_id,),
        )
