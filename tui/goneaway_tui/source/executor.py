"""The right to change a real server: a connection for each act, one attempt, and the server's own word on what came of it.

Where the server gives the account no further connection, an act that may borrow runs over the one that reads: only the
connecting was refused then, so nothing had been sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn, Protocol, TypeVar

from goneaway_tui.errors import (
    AccessDenied,
    NoConnectionLeft,
    OutcomeUnknown,
    ServerFull,
    SourceError,
    TooSlow,
    Unreachable,
    Unsupported,
)
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import Keep, Kept, Powers, Probe, Room, Standing
from goneaway_tui.ports import Clock
from goneaway_tui.source import sql
from goneaway_tui.source.address import Address
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.dossier import optional, text
from goneaway_tui.source.explanations import explained
from goneaway_tui.source.globals import GlobalsReader, number, variable
from goneaway_tui.source.identity import identified, number_of
from goneaway_tui.source.live import READERS, SURVEY_SECONDS, TEXT_LENGTH
from goneaway_tui.source.privileges import powers
from goneaway_tui.source.single import SingleConnection, SingleSurvey
from goneaway_tui.source.survey import Survey, survey
from goneaway_tui.source.writer import LOOK, Writer

ACT_SECONDS = 3 * sql.STATEMENT_SECONDS
"""How long all statements of one call may take together, connecting aside."""
PATIENCE = 60
"""Seconds our own session may idle, should its end not reach the server."""

ALREADY_GONE = marked("already gone")
"""The warning in Kept where there was no such session any more."""

ASKS_FOR_ROOM = frozenset({"max_connections"})

_NO_SUCH_SESSION = 1094
_NOT_OURS = frozenset({1044, 1095, 1142, 1227, 1370, 3630})
_NO_SUCH_VARIABLE = frozenset({1193, 1238})
_FIXED_AT_START = 1290

C = TypeVar("C", bound=Connection)


class Lender(Protocol):
    """Whoever keeps a connection to the same server by the same account, and can do without it for a moment."""

    def lent(self) -> AbstractContextManager[tuple[Connection, Survey]]:
        """The connection, used by nobody else meanwhile, and what is known of the server.

        Raises SourceError where there is none, or it is not free in time.
        """


class LiveExecutor:
    """Changes one server, over a connection of its own for each conversation. Calls come from any thread, one at a time."""

    def __init__(
        self, address: Address, clock: Clock, *, statements: bool = True, lender: Lender | None = None
    ) -> None:
        """`statements=False` never brings SQL text over. `clock` is the one of the source whose sessions are compared."""
        self.address = address
        self.clock = clock
        self.lender = lender
        self.text_length = TEXT_LENGTH if statements else 0
        self.is_full = self.is_account_full = False
        self._known: tuple[Survey, float, Survey] | None = None
        """Who answered, when it was asked what may be read, and the answer."""

    @property
    def can_borrow(self) -> bool:
        return self.lender is not None

    @contextmanager
    def together(self, *, borrow: bool = False) -> Iterator[Conversation]:
        conversation = Conversation(self, borrow=borrow)
        try:
            yield conversation
        finally:
            conversation.close()

    def powers(self) -> Powers:
        """Asked over the connection that reads, where one stands: a full server gives us no other."""
        with self.together(borrow=True) as conversation:
            return conversation.powers()

    def standing(self, name: str) -> Standing:
        with self.together(borrow=True) as conversation:
            return conversation.standing(name)

    def probe(self, name: str) -> tuple[Probe, ...]:
        return tuple(self._probe(name, interactive=interactive) for interactive in (False, True))

    def _probe(self, name: str, *, interactive: bool) -> Probe:
        connection = self.connected(Connection, interactive=interactive)
        try:
            with bounded(connection, self.address):
                rows = connection.rows(named(_answering(connection).must("own_value"), name))
                return Probe(interactive, _number(rows[0][0]))
        finally:
            connection.close()

    def connected(self, kind: type[C], *, interactive: bool = False) -> C:
        """A connection of our own. Raises SourceError, of which NoConnectionLeft is remembered in `is_full`."""
        try:
            connection = kind(self.address, interactive=interactive)
        except NoConnectionLeft as error:
            self.is_full, self.is_account_full = True, not isinstance(error, ServerFull)
            raise
        self.is_full = self.is_account_full = False
        return connection

    def surveyed(self, connection: Connection, who: Survey) -> Survey:
        """What may be read and done there: known from a moment ago, or found out now."""
        now = self.clock()
        if self._known is None or self._known[0] != who or now - self._known[1] > SURVEY_SECONDS:
            self.know(who, survey(connection))
        assert self._known is not None  # noqa: S101 - it was just found out
        return replace(self._known[2], own_id=connection.id)

    def know(self, who: Survey, found: Survey) -> None:
        self._known = (who, self.clock(), found)


class Conversation:
    """The calls of one act, or of a run of acts, over one connection: that is opened at the first, and only once.

    After it broke every further call raises Unreachable: of what was under way nobody knows, and nothing else was sent.
    """

    def __init__(self, executor: LiveExecutor, *, borrow: bool) -> None:
        self._executor = executor
        self._address, self._clock = executor.address, executor.clock
        self._borrow = borrow
        self._own: tuple[Writer, Survey] | None = None
        self._loan = ExitStack()
        self._lent: tuple[Writer, Survey] | None = None
        self._broken = False
        self._started: tuple[float, float] | None = None
        """When the server's uptime was read, and that uptime: both in seconds."""

    @property
    def is_lent(self) -> bool:
        """Whether the act in hand runs over the connection that reads."""
        return self._lent is not None

    @contextmanager
    def together(self, *, borrow: bool = False) -> Iterator[Conversation]:
        """One act of a run. A connection of our own stays for the next act, a lent one goes back."""
        self._borrow = borrow
        try:
            yield self
        finally:
            self._give_back()

    def close(self) -> None:
        self._give_back()
        if self._own is not None:
            self._own[0].close()
            self._own = None

    def powers(self) -> Powers:
        """Reads only, so it does not wait for a connection of our own."""
        if self._executor.lender is not None and self._own is None:
            with suppress(SourceError):
                self._borrowed(self._executor.lender)
        with self._call() as (connection, found):
            return self._powers(connection, found)

    def standing(self, name: str) -> Standing:
        with self._call() as (connection, found):
            return self._standing(connection, found, name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._call() as (connection, found):
            only = SingleConnection.over(connection)
            only.only = session_id
            alone = SingleSurvey(
                found.flavour, found.version, found.banner, found.own_id, found.account, found.able
            )
            reader = READERS[found.flavour](only, alone, self._clock, self._executor.text_length)
            _at, sessions = reader.sessions(self._uptime(connection, found))
            return next((each for each in sessions if each.id == session_id), None)

    def set_global(self, name: str, value: float, keep: Keep) -> Kept:
        return self._change(f"set_{keep}", name, (literal(value),))

    def reset_persist(self, name: str) -> Kept:
        return self._change("reset_persist", name, ())

    def kill(self, session_id: ProcesslistId) -> Kept:
        return self._end("kill_session", session_id)

    def kill_query(self, session_id: ProcesslistId) -> Kept:
        return self._end("kill_query", session_id)

    def _change(self, what: str, name: str, parameters: tuple[object, ...]) -> Kept:
        with self._call() as (connection, found):
            statement = found.statement(what) if what in sql.STATEMENTS[found.flavour] else None
            if statement is None:
                raise Unsupported(
                    _(
                        "{server} keeps no value across restarts",
                        server=f"{found.flavour.title} {found.version}",
                    ),
                    _("write it into the option file"),
                )
            with self._prepared(connection, found):
                try:
                    ran, warned = connection.act(named(statement, name), parameters)
                except Refusal as refusal:
                    self._refuse_change(refusal, connection, found, name)
                with self._accepted(ran):
                    warnings = connection.warnings(found.must("warnings")) if warned else ()
                    return Kept(ran, self._standing(connection, found, name).variable.value, warnings)

    @contextmanager
    def _prepared(self, connection: Connection, found: Survey) -> Iterator[None]:
        """With the session variables a change needs. A lent session gets its own values back, or is given up."""
        prepare = found.statement("session_act") if self.is_lent else None
        if prepare is None:
            yield
            return
        before = tuple(text(value) for value in connection.rows(found.must("session_before"))[0])
        connection.rows(prepare)
        is_broken = False
        try:
            yield
        except (Unreachable, TooSlow):
            is_broken = True
            raise
        finally:
            if not is_broken:
                try:
                    connection.rows(found.must("session_restore"), before)
                except (SourceError, Refusal):
                    connection.abandon()  # a new session begins with the values of the server

    def _end(self, what: str, session_id: ProcesslistId) -> Kept:
        with self._call() as (connection, found):
            statement = found.must(what)
            try:
                ran, warned = connection.act(statement, (int(session_id),))
            except Refusal as refusal:
                if refusal.number == _NO_SUCH_SESSION:
                    return Kept(statement % int(session_id), None, (ALREADY_GONE,))
                self._refuse_kill(refusal, connection, found)
            with self._accepted(ran):
                return Kept(ran, None, connection.warnings(found.must("warnings")) if warned else ())

    def _powers(self, connection: Connection, found: Survey) -> Powers:
        lines = [text(row[0]) for row in connection.rows(found.must("grants"))]
        identity = {text(key): text(value) for key, value in connection.rows(found.must("identity"))}
        where = self._address.socket or f"{self._address.host}:{self._address.port}"
        return powers(found, lines, identity, where)

    def _standing(self, connection: Connection, found: Survey, name: str) -> Standing:
        rows = connection.rows(found.must("standing"), (name,))
        if not rows:
            raise self._absent(name)
        _name, value, low, high, origin, default, block, path, user, host, at, persisted = rows[0]
        return Standing(
            variable(found, name, value, low, high, origin),
            default=_number(default),
            block=int(_number(block) or 0) if int(_number(block) or 0) > 1 else None,
            path=optional(path),
            set_by_account=plain(f"{text(user)}@{text(host)}", 300) if text(user) else None,
            set_at=float(at) if at else None,
            persisted=_number(persisted),
            room=_room(connection, found) if name in ASKS_FOR_ROOM else Room(),
            fixed=fixed(found.flavour, name, _number(value)),
        )

    @contextmanager
    def _call(self) -> Iterator[tuple[Writer, Survey]]:
        """The connection with bounded statements, and what is known of the server."""
        if self._broken:
            raise Unreachable(
                _(
                    "the connection to {server} broke earlier, and nothing more was sent",
                    server=self._address.name,
                ),
                _(LOOK),
            )
        try:
            way = self._lent or self._own or self._opened()
            with bounded(way[0], self._address):
                yield way
        except (Unreachable, TooSlow):
            self._broken = True
            if self._lent is not None:
                self._lent[
                    0
                ].abandon()  # what is still to come on it would be taken for an answer to whoever reads
            raise

    def _opened(self) -> tuple[Writer, Survey]:
        try:
            connection = self._executor.connected(Writer)
        except NoConnectionLeft:
            if not self._borrow or self._executor.lender is None:
                raise
            with suppress(SourceError):
                return self._borrowed(self._executor.lender)
            raise
        try:
            with bounded(connection, self._address):
                who = _answering(connection)
                _settle(connection, who)
                self._own = connection, self._executor.surveyed(connection, who)
                return self._own
        except BaseException:
            connection.close()
            raise

    def _borrowed(self, lender: Lender) -> tuple[Writer, Survey]:
        """The connection that reads, till the end of the act. Raises SourceError where it is not to be had."""
        with ExitStack() as loan:
            reading, found = loan.enter_context(lender.lent())
            connection = Writer.over(reading)
            with bounded(connection, self._address):
                self._executor.know(_answering(connection), found)
            self._lent = connection, found
            self._loan = loan.pop_all()
            return self._lent

    def _give_back(self) -> None:
        self._lent = None
        self._loan.close()

    def _uptime(self, connection: Connection, found: Survey) -> float:
        """Asked once: to tell it, some servers add up the counters of all sessions."""
        now = self._clock()
        if self._started is None:
            counters = dict(GlobalsReader(connection, found).counters())
            self._started = now, float(counters.get("uptime", 0))
        return self._started[1] + now - self._started[0]

    @contextmanager
    def _accepted(self, statement: str) -> Iterator[None]:
        """What goes wrong from here on does not undo what the server has taken."""
        try:
            yield
        except (SourceError, Refusal) as error:
            raise OutcomeUnknown(
                _(
                    "{server} took {statement}, and then: {why}; what it kept is unknown",
                    server=self._address.name,
                    statement=statement,
                    why=error.args[0],
                ),
                _(LOOK),
            ) from None

    def _refuse_change(self, refusal: Refusal, connection: Connection, found: Survey, name: str) -> NoReturn:
        if refusal.number in _NO_SUCH_VARIABLE:
            raise self._absent(name) from None
        if refusal.number == _FIXED_AT_START:
            raise SourceError(
                self._said(refusal), _("write it into the option file, and restart the server")
            ) from None
        if refusal.number not in _NOT_OURS:
            raise explained(self._address, refusal.number, str(refusal)) from None
        hint = ""
        with suppress(SourceError, Refusal):
            hint = self._powers(connection, found).why_not_set(name)
        raise AccessDenied(self._said(refusal), hint) from None

    def _refuse_kill(self, refusal: Refusal, connection: Connection, found: Survey) -> NoReturn:
        if refusal.number not in _NOT_OURS:
            raise explained(self._address, refusal.number, str(refusal)) from None
        hint = ""
        with suppress(SourceError, Refusal):
            hint = dict(self._powers(connection, found).why_not).get("kill", "")
        if not hint and found.flavour is Flavour.MYSQL:
            hint = _(
                "its account has SYSTEM_USER: GRANT SYSTEM_USER ON *.* TO {account}", account=found.account
            )
        raise AccessDenied(self._said(refusal), hint) from None

    def _absent(self, name: str) -> Unsupported:
        return Unsupported(
            _(
                "{server} has no variable {name} that can be set",
                server=self._address.name,
                name=plain(name, 100),
            )
        )

    def _said(self, refusal: Refusal) -> str:
        return f"{self._address.name}: {plain(str(refusal), 300)} ({refusal.number})"


@contextmanager
def bounded(connection: Connection, address: Address) -> Iterator[None]:
    """What is done inside takes ACT_SECONDS at most, and a refusal nobody expected is told as what it is."""
    try:
        with connection.within(ACT_SECONDS):
            yield
    except Refusal as refusal:
        raise explained(address, refusal.number, str(refusal)) from None


def named(statement: str, name: str) -> str:
    """The one thing that cannot be bound, put in; only what can be nothing but a name. Raises Unsupported.

    >>> named("SET GLOBAL {variable} = %s", "wait_timeout")
    'SET GLOBAL wait_timeout = %s'
    """
    if not re.fullmatch(r"[a-z_]+", name):
        raise Unsupported(_("{name!r} is no name of a variable", name=plain(name, 100)))
    return statement.replace("{variable}", name)


def literal(value: float) -> int | Decimal:
    """As it is written in SQL: no server takes `28800.0` or `5e-1` for a whole number.

    >>> literal(28800.0), literal(0.5)
    (28800, Decimal('0.5'))
    """
    return int(value) if float(value).is_integer() else Decimal(str(value))


def fixed(flavour: Flavour, name: str, value: float | None) -> str:
    """Why a variable cannot be set while the server runs: MariaDB answers error 1290 (tried on 10.11 and 11.8)."""
    if flavour is Flavour.MARIADB and name == "max_user_connections" and value == 0:
        return _(
            "MariaDB started with 0 takes no other value while it runs: write it into the option file, and restart"
        )
    return ""


def _room(connection: Connection, found: Survey) -> Room:
    descriptors, memory = connection.rows(found.must("room"))[0]
    return Room(max(0, int(descriptors)), int(memory))


def _answering(connection: Connection) -> Survey:
    """Who answers, before anything was found out: what is known of a server holds while this is the same.

    Raises Unsupported for what can be looked at and not changed from here.
    """
    who = identified(connection)
    if who.stands_alone:
        raise Unsupported(
            _(
                "{server} can be looked at, and not changed from here",
                server=f"{who.banner} {who.comment}".strip(),
            ),
            _("change it with its own statements"),
        )
    return Survey(who.flavour, number_of(who.banner), who.banner, 0, who.account, frozenset())


def _settle(connection: Connection, who: Survey) -> None:
    """Make the session ours: sql_mode is nobody's, so that what is out of bounds is cut with a warning, not refused."""
    if connection.rows(who.must("hurried")):
        connection.rows(who.must("session"), (round(sql.STATEMENT_SECONDS * 1000), PATIENCE))
    else:
        connection.rows(who.must("session_act"))


def _number(value: bytes | str | float | None) -> int | float | None:
    return number(value if value is None or isinstance(value, bytes) else str(value))
