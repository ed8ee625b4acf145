"""What a test plugs in where the program plugs in a server: it answers like one, and remembers what it heard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from goneaway_tui.errors import FileError, GoneawayError, NoConnectionLeft
from goneaway_tui.model.server import ConnectedServer, Profile, ProfileDraft, Variable
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import (
    KeptValue,
    NewSessionProbe,
    Persistence,
    Privileges,
    VariableState,
)
from tests.builders import VARIABLES

POWERS = Privileges("'dba'@'%'", "6f9619ff-8b86-11d0", can_set=True, can_persist=True, can_kill=True)
"""An account that may do everything."""


class FakeExecutor:
    """A server that keeps what it is told, within its bounds, and warns of what it cuts down.

    FakeExecutor(sessions=[a_session()])      fake.variables["wait_timeout"] = Standing(...)      fake.raises = TooSlow("...")
    """

    def __init__(
        self, *, sessions: Iterable[Session] = (), variables: Mapping[str, VariableState] | None = None
    ) -> None:
        self.variables = {name: VariableState(variable) for name, variable in VARIABLES.items()} | dict(
            variables or {}
        )
        self.sessions = {session.id: session for session in sessions}
        self.can = POWERS
        self.did: list[str] = []
        """The statements that change something, in the order they were heard, those that failed included."""
        self.looked: list[str] = []
        """What was read: `standing wait_timeout`, `find 4711`, `probe wait_timeout`."""
        self.raises: BaseException | None = None
        """What each change ends with, once it was heard."""
        self.blind: BaseException | None = None
        """What each reading ends with."""
        self.loses = False
        """Every session ends between looking at it and killing it."""
        self.takes_no_more = False
        """The server gives no further connection."""
        self.can_borrow = True
        self.is_full = self.is_account_full = self.is_borrowed = False
        self.connections = 0
        """How many of its own it has opened."""
        self._may_borrow = [True]
        """Of each conversation that is under way, the innermost last; what is read outside of one may borrow."""
        self._is_open = False

    @contextmanager
    def conversation(self, *, borrow: bool = False) -> Iterator[FakeExecutor]:
        self._may_borrow.append(borrow)
        try:
            yield self
        finally:
            self._may_borrow.pop()
            self.is_borrowed = False
            self._is_open &= len(self._may_borrow) > 1

    def privileges(self) -> Privileges:
        return self.can

    def variable_state(self, name: str) -> VariableState:
        self._look(f"standing {name}")
        return self.variables[name]

    def find(self, session_id: ProcesslistId) -> Session | None:
        self._look(f"find {session_id}")
        return self.sessions.get(session_id)

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        if self.takes_no_more:
            raise NoConnectionLeft("db-01:3306: Too many connections (1040)", "wait till one ends")
        self._look(f"probe {name}")
        value = self.variables[name].variable.value
        return (
            NewSessionProbe(interactive=False, value=value),
            NewSessionProbe(interactive=True, value=value),
        )

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        statement = f"SET {keep.name} {name} = {value}"
        self._act(statement)
        standing = self.variables[name]
        kept = _within(value, standing.variable)
        self.variables[name] = replace(
            standing,
            variable=replace(standing.variable, value=kept, set_by="dynamic"),
            persisted=kept if keep is Persistence.PERSIST else standing.persisted,
        )
        warning = f"Warning 1292: Truncated incorrect {name} value: '{value}'"
        return KeptValue(statement, kept, () if kept == value else (warning,))

    def reset_persist(self, name: str) -> KeptValue:
        self._act(f"RESET PERSIST {name}")
        self.variables[name] = replace(self.variables[name], persisted=None)
        return KeptValue(f"RESET PERSIST {name}", self.variables[name].variable.value)

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        return self._end(f"KILL {session_id}", session_id)

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        return self._end(f"KILL QUERY {session_id}", session_id)

    def _end(self, statement: str, session_id: ProcesslistId) -> KeptValue:
        self._act(statement)
        known = self.sessions.pop(session_id, None)
        return KeptValue(statement, None, ("already ended",) if known is None or self.loses else ())

    def _act(self, statement: str) -> None:
        self._reach()
        self.did.append(statement)
        if self.raises is not None:
            raise self.raises

    def _look(self, what: str) -> None:
        self._reach()
        self.looked.append(what)
        if self.blind is not None:
            raise self.blind

    def _reach(self) -> None:
        """Over the connection that is open, else over one that is opened now."""
        if self._is_open:
            return
        self.is_full = self.takes_no_more
        if not self.takes_no_more:
            self.connections += 1
            self._is_open = len(self._may_borrow) > 1
        elif not self._may_borrow[-1]:
            raise NoConnectionLeft("db-01:3306: Too many connections (1040)", "wait till one ends")
        else:
            self.is_borrowed = True


class FakeServerDirectory:
    """A config file and a network of which a test decides what they let in."""

    def __init__(self, *profiles: Profile, answer: ConnectedServer | Exception | None = None) -> None:
        self._profiles = list(profiles)
        self.answer = answer or ConnectedServer("MySQL 9.7.4", "'dba'@'%'")
        self.tried: list[ProfileDraft] = []
        self.saved: list[ProfileDraft] = []
        self.wants: bool | GoneawayError = False
        self.is_full = False

    def profiles(self) -> tuple[Profile, ...]:
        return tuple(self._profiles)

    def nearby(self) -> Profile:
        return Profile("", "dba@/run/mysqld/mysqld.sock")

    def wants_terminal(self, draft: ProfileDraft) -> bool:
        if isinstance(self.wants, GoneawayError):
            raise self.wants
        return self.wants

    def attempt(self, draft: ProfileDraft) -> ConnectedServer:
        self.tried.append(draft)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def save(self, draft: ProfileDraft) -> str:
        if self.is_full:
            raise FileError("cannot write config.toml: no space left on device", "make room")
        self.saved.append(draft)
        self._profiles.append(Profile(draft.name, draft.host))
        return "~/.config/goneaway-tui/config.toml"


def _within(value: float, variable: Variable) -> int | float:
    low = value if variable.min is None else max(value, variable.min)
    return low if variable.max is None else min(low, variable.max)
