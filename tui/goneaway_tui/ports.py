"""Ports: the protocols between the rooms, for sources of samples, recorders, connections that change a server, and profiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from goneaway_tui.model.departure import Departure
    from goneaway_tui.model.sample import Sample
    from goneaway_tui.model.server import ConnectedServer, Profile, ProfileDraft
    from goneaway_tui.model.session import ProcesslistId, Session
    from goneaway_tui.model.snapshot import Snapshot
    from goneaway_tui.model.tuning import (
        KeptValue,
        NewSessionProbe,
        Persistence,
        Privileges,
        VariableState,
    )

Clock = Callable[[], float]
"""Seconds since 1970 UTC on one source's own clock. It never runs backwards; a test or a replay may stop it."""


class Source(Protocol):
    """Where samples come from. Nothing here can change a server."""

    @property
    def name(self) -> str:
        """The server that is read, as people write it: `db-01:3306`."""

    def sample(self) -> Sample:
        """Read once. Raises SourceError where that is not possible now; the next call tries again."""

    def close(self) -> None:
        """Close connections and files; safe to call twice and from another thread."""


class Recorder(Protocol):
    """Where snapshots are kept to be replayed."""

    def record(self, snapshot: Snapshot, departures: Sequence[Departure]) -> None:
        """Keep a snapshot, and the departures since the one before. Raises FileError."""

    def close(self) -> None:
        """Write everything that was recorded. Raises FileError; safe to call twice."""


class Timeline(Protocol):
    """A recording that is replayed. All that reads it raises FileError."""

    @property
    def span(self) -> tuple[float, float]:
        """The instants of the first sample and the last, as far as it is written by now."""

    def after(self, instant: float, *, departures: bool = False) -> float | None:
        """The instant of the next sample, or of the next that brought departures; None where there is none."""

    def before(self, instant: float, *, departures: bool = False, skip: int = 0) -> float | None:
        """The same backwards, without the first `skip` of them."""

    def snapshot_at(self, instant: float) -> Snapshot:
        """The last at or before that instant."""

    def departures_between(self, after: float, until: float) -> tuple[Departure, ...]:
        """Those brought by the samples after one instant and up to another, the oldest first."""

    def sampled(self, at: float, until: float, step: float) -> Iterator[Snapshot]:
        """The snapshots from one instant to another, one each `step` seconds. It may be iterated in another thread."""


class ActConnection(Protocol):
    """A connection over which one server is changed. Nothing is ever tried twice, and every call has a time limit.

    All methods raise SourceError: where the connection broke during a statement, it is not known whether the server ran it, and
    the error says so. Only the gate in `tune` calls the methods that change something.
    """

    @property
    def is_borrowed(self) -> bool:
        """Whether it uses the connection that reads, because the server gave no other."""

    def conversation(self, *, borrow: bool = False) -> AbstractContextManager[ActConnection]:
        """Calls that share one connection, opened at the first call; after it broke, all further calls raise Unreachable.

        With `borrow` they run over the connection that reads where the server gives no other (NoConnectionLeft): nothing had
        been sent then. A conversation within a conversation is one act of several: a borrowed connection is returned after each.
        """

    def variable_state(self, name: str) -> VariableState:
        """One global variable, read again."""

    def find(self, session_id: ProcesslistId) -> Session | None:
        """One session as it is now; None where it has ended."""

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        """SET GLOBAL or SET PERSIST. The name must come from the table of tunables: names cannot be bound."""

    def reset_persist(self, name: str) -> KeptValue:
        """Forget the persisted value; the running one stays."""

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        """End a session. A session that has already ended is a warning in the result, not an error."""

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        """End a session's running statement."""


class Executor(Protocol):
    """Opens the connections over which one server is changed. A recording has none, and `--read-only` builds none.

    Raises as ActConnection does. Methods that only read may use the connection that reads.
    """

    def conversation(self, *, borrow: bool = False) -> AbstractContextManager[ActConnection]:
        """A connection of its own for one act or several."""

    def variable_state(self, name: str) -> VariableState:
        """One global variable, read again."""

    @property
    def is_full(self) -> bool:
        """Whether the server had no connection left when one was last opened."""

    @property
    def is_account_full(self) -> bool:
        """Whether the account's own limit of connections was the reason."""

    @property
    def can_borrow(self) -> bool:
        """Whether there is a connection that reads by the same account."""

    def privileges(self) -> Privileges:
        """What our account may change on this server."""

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """Open two new sessions, one not interactive and one interactive, and read the value each has."""


class ServerDirectory(Protocol):
    """The connection profiles: those of the config file, and any that is typed into the dialog."""

    def profiles(self) -> tuple[Profile, ...]:
        """The profiles of the config file. Raises SettingsError and FileError."""

    def nearby(self) -> Profile:
        """The server that the MySQL client would connect to without options; it has no name."""

    def wants_terminal(self, draft: ProfileDraft) -> bool:
        """Whether a connection attempt may prompt at the terminal. Raises SettingsError."""

    def attempt(self, draft: ProfileDraft) -> ConnectedServer:
        """Connect, read which server answers, and disconnect. Raises SettingsError and SourceError."""

    def save(self, draft: ProfileDraft) -> str:
        """Add the profile without its password to the config file, and return the file's name. Raises SettingsError and FileError."""
