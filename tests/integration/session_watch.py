"""Sessions left idle on purpose, the instants their sockets were really closed, and what was foretold of them."""

from __future__ import annotations

import selectors
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from pymysql.connections import Connection
from pymysql.constants import CLIENT

from goneaway_tui.judge import judge
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.servers.private import RealServer


class Mute(Connection):
    """Logs in and runs nothing."""

    def set_character_set(self, charset: str, collation: str | None = None) -> None:
        pass


@dataclass(slots=True)
class WatchedSession:
    """One session, what it was told, and what became of it."""

    label: str
    connection: Any
    limit: float
    """Seconds it was given; the truth a snapshot is held against."""
    quiet_since: float = 0.0
    """When its last answer had arrived."""
    asked_at: float = 0.0
    """When its last command was sent: between this and `quiet_since` the server began to wait."""
    closed_at: float | None = None
    predicted: list[Verdict] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.connection.thread_id())

    @property
    def last(self) -> Verdict:
        return self.predicted[-1]

    @property
    def error(self) -> float:
        """By how many seconds the last word on it missed the closing of its socket."""
        assert self.closed_at is not None
        assert self.last.deadline is not None, f"{self.label}: no deadline was foretold"
        return self.closed_at - self.last.deadline

    @property
    def noise(self) -> float:
        """By how many seconds this machine, not the tool, was late: past the limit and the 12 ms servers take."""
        assert self.closed_at is not None
        return max(0.0, self.closed_at - (self.quiet_since + self.limit) - 0.012)

    def is_due(self, deadline: float | None) -> bool:
        """Whether this is when its wait runs out, to 0.1 s: what a busy machine adds lies between the two instants."""
        return deadline is not None and self.asked_at - 0.1 <= deadline - self.limit <= self.quiet_since + 0.1

    def run(self, *statements: str) -> None:
        """Run statements and begin to idle."""
        self.asked_at = time.time()
        with self.connection.cursor() as cursor:
            for statement in statements:
                self.asked_at = time.time()
                cursor.execute(statement)
        self.quiet_since = time.time()

    def command(self, number: int) -> None:
        """Send a bare command of the protocol and take its answer."""
        self.asked_at = time.time()
        self.connection._execute_command(number, b"")
        self.connection._read_packet()
        self.quiet_since = time.time()

    def send_part_of_a_packet(self) -> None:
        self.asked_at = time.time()
        self.connection._sock.sendall(struct.pack("<I", 20)[:3] + b"\0" + b"\x03sel")
        self.quiet_since = time.time()


class SessionWatch:
    """Opens sitters on one server, watches their sockets and the product's word on them."""

    def __init__(self, server: RealServer, every: float = 0.5) -> None:
        self.server = server
        self.watched_sessions: list[WatchedSession] = []
        self.snapshot: Snapshot | None = None
        self._source = LiveSource(Address("127.0.0.1", server.port, "root"), time.time)
        self._every = every
        self._looking = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=each) for each in (self._keep_looking, self._watch_sockets)]
        self._admin = server.connect(autocommit=True)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._selector.close()
        self._source.close()
        self.admin("SET GLOBAL wait_timeout = DEFAULT", "SET GLOBAL interactive_timeout = DEFAULT")
        self._admin.close()
        for watched_session in self.watched_sessions:
            watched_session.connection._force_close()

    def admin(self, *statements: str) -> None:
        with self._admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def seat(self, label: str, limit: float, *statements: str, interactive: bool = False) -> WatchedSession:
        """Open a session, run statements on it and leave it idle."""
        watched_session = WatchedSession(
            label,
            self.server.connect(autocommit=True, client_flag=CLIENT.INTERACTIVE if interactive else 0),
            limit,
        )
        watched_session.run(*statements)
        return self._add(watched_session)

    def seat_mute(self, label: str, limit: float) -> WatchedSession:
        """Log in and run nothing at all."""
        mute = Mute(host="127.0.0.1", port=self.server.port, user="root", autocommit=None)
        watched_session = WatchedSession(label, mute, limit)
        watched_session.quiet_since = time.time()
        return self._add(watched_session)

    def _add(self, watched_session: WatchedSession) -> WatchedSession:
        self.watched_sessions.append(watched_session)
        return watched_session

    def watch(self, *watched_sessions: WatchedSession) -> None:
        """From now on they say nothing more: wait for their ends."""
        for watched_session in watched_sessions or self.watched_sessions:
            watched_session.connection._sock.setblocking(False)
            self._selector.register(watched_session.connection._sock, selectors.EVENT_READ, watched_session)

    def look(self) -> Snapshot:
        """One reading, now."""
        with self._looking:
            self.snapshot = judge(self._source.sample(), self.snapshot)
            by_id = {verdict.session.id: verdict for verdict in self.snapshot.verdicts}
            for watched_session in list(self.watched_sessions):
                if watched_session.closed_at is None and watched_session.id in by_id:
                    watched_session.predicted.append(by_id[watched_session.id])  # type: ignore[index]
            return self.snapshot

    def _keep_looking(self) -> None:
        while not self._over.wait(self._every):
            self.look()

    def _watch_sockets(self) -> None:
        while not self._over.is_set():
            if not self._selector.get_map():
                self._over.wait(0.02)
                continue
            for key, _ in self._selector.select(0.05):
                key.data.closed_at = time.time()
                self._selector.unregister(key.fileobj)


def table(watched_sessions: Sequence[WatchedSession]) -> str:
    """What was foretold and what came, worst first; printed so that a failure shows all of it."""
    gone = sorted((s for s in watched_sessions if s.closed_at), key=lambda s: -abs(s.error))
    rows = [
        f"{s.label:<28} limit {s.limit:>6g}  error {s.error * 1000:>8.1f} ms  noise {s.noise * 1000:>7.1f} ms"
        for s in gone
    ]
    return "\n".join(rows)


def assert_deadlines_predicted(watched_sessions: Sequence[WatchedSession]) -> None:
    """99 of 100 deadlines within 0.1 s of the closing and none further off than 0.5 s, but for the machine's own lateness."""
    print(table(watched_sessions))
    missed = [s for s in watched_sessions if abs(s.error) > 0.1 + s.noise]

    assert len(missed) <= len(watched_sessions) / 100, table(missed)
    assert [] == [s.label for s in watched_sessions if abs(s.error) > 0.5 + s.noise]
