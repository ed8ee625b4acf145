"""The shapes the core asks for; whoever has the shape may be plugged in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from goneaway_tui.model.departure import Departure
from goneaway_tui.model.profile import ConnectedServer, Profile, ProfileDraft
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import KeptValue, NewSessionProbe, Persistence, Privileges, VariableState

Clock = Callable[[], float]
"""Seconds since 1970 UTC on one source's own clock. It never runs backwards; a test or a replay holds it."""


class Source(Protocol):
    """Somewhere samples come from. Nothing here can change a server."""

    @property
    def name(self) -> str:
        """Who is being read, as a person would say it: `db-01:3306`."""

    def sample(self) -> Sample:
        """Read once. Raises SourceError where that is not possible now; the next call tries anew."""

    def close(self) -> None:
        """Let go of whatever is held; safe to call twice and from another thread."""


class Recorder(Protocol):
    """Somewhere snapshots go to be seen again."""

    def record(self, snapshot: Snapshot, departures: Sequence[Departure]) -> None:
        """Keep a snapshot, and who left since the one before. Raises FileError."""

    def close(self) -> None:
        """Keep everything that was recorded. Raises FileError; safe to call twice."""


class Timeline(Protocol):
    """A recording somebody moves about in. What reads it raises FileError."""

    @property
    def is_playing(self) -> bool: ...

    @property
    def span(self) -> tuple[float, float]:
        """Its first and last instant."""

    def clock(self) -> float:
        """The instant that is shown."""

    def play(self, speed: float = 1.0) -> None: ...
    def pause(self) -> None: ...
    def advance(self, real_seconds: float) -> None:
        """So much real time has passed."""

    def jump(self, instant: float) -> None: ...
    def step(self, samples: int) -> bool: ...
    def next_departure(self) -> bool: ...
    def previous_departure(self) -> bool: ...
    def snapshot(self) -> Snapshot: ...
    def departures(self) -> tuple[Departure, ...]:
        """Who had left by then, oldest first."""


class ActConnection(Protocol):
    """What an act does to one server. Nothing is ever tried twice, and every call is bounded in time.

    All raise SourceError: where the line broke in mid-act, nobody knows whether the server did it, and the error says so.
    Only the gate in `tune` calls what changes something.
    """

    @property
    def is_lent(self) -> bool:
        """Whether it has no connection of its own and uses the one that reads."""

    def together(self, *, borrow: bool = False) -> AbstractContextManager[ActConnection]:
        """Calls that share one connection, opened at the first of them; after it broke, all further ones raise Unreachable.

        With `borrow` they run over the connection that reads where the server gives none of its own (NoConnectionLeft):
        nothing had been sent then. Within a conversation it is one act of a run: what was lent goes back after each.
        """

    def standing(self, name: str) -> VariableState:
        """One global variable, read afresh."""

    def find(self, session_id: ProcesslistId) -> Session | None:
        """One session as it is now, or None where it is gone."""

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        """SET GLOBAL or SET PERSIST. The name must come from the table of tunables: names cannot be bound."""

    def reset_persist(self, name: str) -> KeptValue:
        """Forget the persisted value; the running one stays."""

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        """End a session. One that is gone already is an answer (a warning in Kept), not an error."""

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        """End a session's running statement."""


class Executor(Protocol):
    """The right to change one server. A recording has none, and `--read-only` builds none.

    Raises as a conversation does. What only reads may borrow the connection that stands.
    """

    def together(self, *, borrow: bool = False) -> AbstractContextManager[ActConnection]:
        """A conversation over a connection of its own, with all it takes to perform one act or a run of them."""

    def standing(self, name: str) -> VariableState:
        """One global variable, read afresh."""

    @property
    def is_full(self) -> bool:
        """Whether the server had no place for a connection of its own when one was wanted last."""

    @property
    def is_account_full(self) -> bool:
        """Whether it was the account's own share of connections that was used up then."""

    @property
    def can_borrow(self) -> bool:
        """Whether there is a connection that reads by the same account."""

    def privileges(self) -> Privileges:
        """What our account may do here."""

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        """Open two new sessions, one not interactive and one interactive, and read what each got."""


class ServerDirectory(Protocol):
    """The ways to servers: those of the config file, and any that somebody describes."""

    def profiles(self) -> tuple[Profile, ...]:
        """Those of the config file. Raises SettingsError and FileError."""

    def nearby(self) -> Profile:
        """Where the client of MySQL would go with nothing said; it has no name."""

    def wants_terminal(self, draft: ProfileDraft) -> bool:
        """Whether trying it may ask the person something at the terminal. Raises SettingsError."""

    def attempt(self, draft: ProfileDraft) -> ConnectedServer:
        """Connect, look who answers, and go away. Raises SettingsError and SourceError."""

    def save(self, draft: ProfileDraft) -> str:
        """Add it to the config file, its password left out; the file's name. Raises SettingsError and FileError."""
