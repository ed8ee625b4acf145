"""The connections that change a server: each statement is sent once, and where its effect is not known, the error says so.

`LiveExecutor` opens connections. `LiveActConnection` is one of them, with the methods of `ports.ActConnection`: it uses a
connection of its own, or, where the server has none left, the connection that reads, for one act.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn, Protocol, TypeVar

import pymysql

from goneaway_tui.errors import (
    AccessDenied,
    KillDenied,
    NoConnectionLeft,
    OutcomeUnknown,
    ServerFull,
    SourceError,
    TooSlow,
    Unreachable,
    Unsupported,
)
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import (
    KeptValue,
    NewSessionProbe,
    Persistence,
    Privileges,
    ResourceHeadroom,
    VariableState,
)
from goneaway_tui.ports import Clock
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities, find_capabilities
from goneaway_tui.source.connection import (
    ANSWER_BYTES,
    PROTOCOL_ERRORS,
    Connection,
    Refusal,
    Row,
)
from goneaway_tui.source.explanations import number_and_message
from goneaway_tui.source.globals import GlobalsReader, number, variable
from goneaway_tui.source.live import CAPABILITIES_SECONDS, READERS, TEXT_LENGTH
from goneaway_tui.source.privileges import find_privileges
from goneaway_tui.source.server_variants import identify, version_of
from goneaway_tui.source.session_cache import text, text_or_none
from goneaway_tui.source.sockets import Address
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.text.sanitize import from_wire, plain

OUTCOME_UNKNOWN_ERRORS = frozenset({0, 1053, 1317, 1927, 1969, 2006, 2013, 2014, 2027, 3024, 4031})
"""Error numbers after which a statement may have taken effect or not: the connection broke, or the statement was ended early."""
CHECK_FIRST = N_("check the current state before you try again")


class WriteConnection(Connection):
    """A connection for statements that change something."""

    def act(self, sql: str, parameters: tuple[object, ...]) -> tuple[str, int]:
        """Run a statement that changes something. Returns the statement with its values, and the number of warnings.

        Raises Refusal where the server refused and did nothing, and OutcomeUnknown where that is not certain.
        """
        self._wire.budget = ANSWER_BYTES
        with self._wire.cursor() as cursor:
            statement = cursor.mogrify(sql, parameters)
            try:
                cursor.execute(statement)
                while cursor.nextset():
                    pass
            except pymysql.Error as error:
                number, message = number_and_message(error)
            except PROTOCOL_ERRORS as error:
                number, message = 2013, f"{type(error).__name__}: {error}"
            else:
                return statement, int(cursor.warning_count)
        if number not in OUTCOME_UNKNOWN_ERRORS:
            raise Refusal(number, message)
        raise OutcomeUnknown(
            _(
                "{why}, while {statement} was running: the outcome is unknown",
                why=self._broken(number, message).args[0],
                statement=statement,
            ),
            _(CHECK_FIRST),
        )

    def warnings(self, sql: Statement) -> tuple[str, ...]:
        """The warnings of the last statement, as the mysql client prints them. Call it only after an answer that counts some."""
        return tuple(
            f"{plain(from_wire(level))} {number}: {plain(from_wire(message))}"
            for level, number, message in self.rows(sql)
        )


class SingleSessionCapabilities(Capabilities):
    """Capabilities that choose the `one_...` statements, which read one session, where there are such."""

    __slots__ = ()

    def statement(self, what: str) -> Statement | None:
        if what.startswith("packed_"):  # one row needs no packing, and a pack has the rows of all sessions
            return None
        one = f"one_{what}"
        return sql.choose_statement(
            self.flavour, one if one in sql.STATEMENTS[self.flavour] else what, self.features
        )


class SingleSessionConnection(Connection):
    """A connection that adds the id of one session to statements that need it, so that a reader of all sessions can be used."""

    session_id = 0

    def rows(self, sql: Statement, parameters: Sequence[object] = ()) -> list[Row]:
        missing = sql.count("%s") - len(parameters)
        return super().rows(sql, (*parameters, *[self.session_id] * missing))


ACT_SECONDS = 3 * sql.STATEMENT_SECONDS
"""Seconds that all statements of one call may take together, without connecting."""
OWN_WAIT_TIMEOUT = 60
"""The wait_timeout of our session in seconds, in case the server does not see it close."""

ALREADY_GONE = N_("already ended")
"""The warning in KeptValue where the session had already ended."""

NEEDS_CAPACITY = frozenset({"max_connections"})

_NO_SUCH_SESSION = 1094
_NOT_OURS = frozenset({1044, 1095, 1142, 1227, 1370, 3630})
_NO_SUCH_VARIABLE = frozenset({1193, 1238})
_FIXED_AT_START = 1290

C = TypeVar("C", bound=Connection)


class ConnectionLender(Protocol):
    """Has a connection to the same server by the same account, and can lend it for one act."""

    def lend_connection(self) -> AbstractContextManager[tuple[Connection, Capabilities]]:
        """The connection, which nothing else uses meanwhile, and the capabilities of the server.

        Raises SourceError where there is no connection, or it is not free in time.
        """


class LiveExecutor:
    """Changes one server, over a connection of its own for each conversation. Calls come from any thread, one at a time."""

    def __init__(
        self,
        address: Address,
        clock: Clock,
        *,
        statements: bool = True,
        lender: ConnectionLender | None = None,
    ) -> None:
        """`statements=False` reads no SQL text. `clock` is that of the source whose sessions are compared."""
        self.address = address
        self.clock = clock
        self.lender = lender
        self.text_length = TEXT_LENGTH if statements else 0
        self.is_full = self.is_account_full = False
        self._known: tuple[Capabilities, float, Capabilities] | None = None
        """The identity of the server, when its capabilities were read, and these."""

    @property
    def can_borrow(self) -> bool:
        return self.lender is not None

    @contextmanager
    def conversation(self, *, borrow: bool = False) -> Iterator[LiveActConnection]:
        conversation = LiveActConnection(self, borrow=borrow)
        try:
            yield conversation
        finally:
            conversation.close()

    def privileges(self) -> Privileges:
        """Read over the connection that reads, where one is open: a full server accepts no other."""
        with self.conversation(borrow=True) as conversation:
            return conversation.privileges()

    def variable_state(self, name: str) -> VariableState:
        with self.conversation(borrow=True) as conversation:
            return conversation.variable_state(name)

    def probe(self, name: str) -> tuple[NewSessionProbe, ...]:
        return tuple(self._probe(name, interactive=interactive) for interactive in (False, True))

    def _probe(self, name: str, *, interactive: bool) -> NewSessionProbe:
        connection = self.connected(Connection, interactive=interactive)
        try:
            with bounded(connection):
                rows = connection.rows(
                    with_variable_name(_identity_of(connection).required_statement("own_value"), name)
                )
                return NewSessionProbe(interactive, number(rows[0][0]))
        finally:
            connection.close()

    def connected(self, kind: type[C], *, interactive: bool = False) -> C:
        """Open a connection of our own. Raises SourceError; NoConnectionLeft also sets `is_full`."""
        try:
            connection = kind(self.address, interactive=interactive)
        except NoConnectionLeft as error:
            self.is_full, self.is_account_full = True, not isinstance(error, ServerFull)
            raise
        self.is_full = self.is_account_full = False
        return connection

    def capabilities_of(self, connection: Connection, identity: Capabilities) -> Capabilities:
        """The capabilities of the server: those remembered for CAPABILITIES_SECONDS, or read now."""
        now = self.clock()
        if self._known is None or self._known[0] != identity or now - self._known[1] > CAPABILITIES_SECONDS:
            self.remember(identity, find_capabilities(connection))
        assert self._known is not None  # noqa: S101 - it was just found out
        return replace(self._known[2], own_id=connection.id)

    def remember(self, identity: Capabilities, capabilities: Capabilities) -> None:
        self._known = (identity, self.clock(), capabilities)


class LiveActConnection:
    """The calls of one act, or of several acts, over one connection that is opened at the first call, and only once.

    After it broke, every further call raises Unreachable: the outcome of the statement that ran is unknown, and nothing else was
    sent.
    """

    def __init__(self, executor: LiveExecutor, *, borrow: bool) -> None:
        self._executor = executor
        self._address, self._clock = executor.address, executor.clock
        self._borrow = borrow
        self._own: tuple[WriteConnection, Capabilities] | None = None
        self._loan = ExitStack()
        self._lent: tuple[WriteConnection, Capabilities] | None = None
        self._broken = False
        self._started: tuple[float, float] | None = None
        """When the server's uptime was read, and that uptime: both in seconds."""

    @property
    def is_borrowed(self) -> bool:
        """Whether the current act runs over the connection that reads."""
        return self._lent is not None

    @contextmanager
    def conversation(self, *, borrow: bool = False) -> Iterator[LiveActConnection]:
        """One act of several. A connection of our own stays open for the next act; a lent one is returned."""
        self._borrow = borrow
        try:
            yield self
        finally:
            self._return_lent()

    def close(self) -> None:
        self._return_lent()
        if self._own is not None:
            self._own[0].close()
            self._own = None

    def privileges(self) -> Privileges:
        """Changes nothing, so it uses the connection that reads where there is one."""
        if self._executor.lender is not None and self._own is None:
            with suppress(SourceError):
                self._borrowed(self._executor.lender)
        with self._call() as (connection, capabilities):
            return self._privileges(connection, capabilities)

    def variable_state(self, name: str) -> VariableState:
        with self._call() as (connection, capabilities):
            return self._variable_state(connection, capabilities, name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._call() as (connection, capabilities):
            single_connection = SingleSessionConnection.over(connection)
            single_connection.session_id = session_id
            single_capabilities = SingleSessionCapabilities(
                capabilities.flavour,
                capabilities.version,
                capabilities.banner,
                capabilities.own_id,
                capabilities.account,
                capabilities.features,
            )
            reader = READERS[capabilities.flavour](
                single_connection, single_capabilities, self._clock, self._executor.text_length
            )
            uptime = self._uptime(connection, capabilities)
            began = self._clock()
            _at, sessions = reader.sessions(uptime)
            # The server read its clock at some instant of this reading, and only one reading is there to place it.
            within = max(0.0, self._clock() - began) / 2
            return next(
                (
                    replace(session, idle_within=session.idle_within + within)
                    for session in sessions
                    if session.id == session_id
                ),
                None,
            )

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        return self._change(f"set_{keep}", name, (literal(value),))

    def reset_persist(self, name: str) -> KeptValue:
        return self._change("reset_persist", name, ())

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        return self._end("kill_session", session_id)

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        return self._end("kill_query", session_id)

    def _change(self, what: str, name: str, parameters: tuple[object, ...]) -> KeptValue:
        with self._call() as (connection, capabilities):
            statement = capabilities.statement(what) if what in sql.STATEMENTS[capabilities.flavour] else None
            if statement is None:
                raise Unsupported(
                    _(
                        "{server} cannot keep a value across restarts",
                        server=f"{capabilities.flavour.title} {capabilities.version}",
                    ),
                    _("write the value into the option file"),
                )
            with self._prepared(connection, capabilities):
                try:
                    ran, warned = connection.act(with_variable_name(statement, name), parameters)
                except Refusal as refusal:
                    self._refuse_change(refusal, connection, capabilities, name)
                with self._accepted(ran):
                    warnings = (
                        connection.warnings(capabilities.required_statement("warnings")) if warned else ()
                    )
                    return KeptValue(
                        ran, self._variable_state(connection, capabilities, name).variable.value, warnings
                    )

    @contextmanager
    def _prepared(self, connection: Connection, capabilities: Capabilities) -> Iterator[None]:
        """Set the session variables that a change needs. A lent session gets its own values back, or is closed."""
        prepare = capabilities.statement("session_act") if self.is_borrowed else None
        if prepare is None:
            yield
            return
        before = tuple(
            text(value) for value in connection.rows(capabilities.required_statement("session_before"))[0]
        )
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
                    connection.rows(capabilities.required_statement("session_restore"), before)
                except (SourceError, Refusal):
                    connection.abandon()  # a new session begins with the global values

    def _end(self, what: str, session_id: ProcesslistId) -> KeptValue:
        with self._call() as (connection, capabilities):
            statement = capabilities.required_statement(what)
            try:
                ran, warned = connection.act(statement, (int(session_id),))
            except Refusal as refusal:
                if refusal.number == _NO_SUCH_SESSION:
                    return KeptValue(statement % int(session_id), None, (ALREADY_GONE,))
                self._refuse_kill(refusal, connection, capabilities)
            with self._accepted(ran):
                return KeptValue(
                    ran,
                    None,
                    connection.warnings(capabilities.required_statement("warnings")) if warned else (),
                )

    def _privileges(self, connection: Connection, capabilities: Capabilities) -> Privileges:
        lines = [text(row[0]) for row in connection.rows(capabilities.required_statement("grants"))]
        identity = {
            text(key): text(value)
            for key, value in connection.rows(capabilities.required_statement("identity"))
        }
        where = self._address.socket or f"{self._address.host}:{self._address.port}"
        return find_privileges(capabilities, lines, identity, where)

    def _variable_state(self, connection: Connection, capabilities: Capabilities, name: str) -> VariableState:
        rows = connection.rows(capabilities.required_statement("variable_state"), (name,))
        if not rows:
            raise self._absent(name)
        _name, value, low, high, origin, default, block, path, user, host, at, persisted = rows[0]
        return VariableState(
            variable(capabilities, name, value, low, high, origin),
            default=number(default),
            block_size=int(number(block) or 0) if int(number(block) or 0) > 1 else None,
            path=text_or_none(path),
            set_by_account=plain(f"{text(user)}@{text(host)}", 300) if text(user) else None,
            set_at=float(at) if at else None,
            persisted=number(persisted),
            headroom=_headroom(connection, capabilities) if name in NEEDS_CAPACITY else ResourceHeadroom(),
            why_not_settable=fix_value(capabilities.flavour, name, number(value)),
        )

    @contextmanager
    def _call(self) -> Iterator[tuple[WriteConnection, Capabilities]]:
        """The connection with statements bounded in time, and the capabilities of the server."""
        if self._broken:
            raise Unreachable(
                _(
                    "the connection to {server} broke earlier, and nothing more was sent",
                    server=self._address.name,
                ),
                _(CHECK_FIRST),
            )
        try:
            opened = self._lent or self._own or self._opened()
            with bounded(opened[0]):
                yield opened
        except (Unreachable, TooSlow):
            self._broken = True
            if self._lent is not None:
                self._lent[
                    0
                ].abandon()  # the rest of an answer would be taken for the answer to the next statement
            raise

    def _opened(self) -> tuple[WriteConnection, Capabilities]:
        try:
            connection = self._executor.connected(WriteConnection)
        except NoConnectionLeft:
            if not self._borrow or self._executor.lender is None:
                raise
            with suppress(SourceError):
                return self._borrowed(self._executor.lender)
            raise
        try:
            with bounded(connection):
                identity = _identity_of(connection)
                _configure_session(connection, identity)
                self._own = connection, self._executor.capabilities_of(connection, identity)
                return self._own
        except BaseException:
            connection.close()
            raise

    def _borrowed(self, lender: ConnectionLender) -> tuple[WriteConnection, Capabilities]:
        """Borrow the connection that reads, until the end of the act. Raises SourceError where it cannot be borrowed."""
        with ExitStack() as loan:
            lent, capabilities = loan.enter_context(lender.lend_connection())
            connection = WriteConnection.over(lent)
            with bounded(connection):
                self._executor.remember(_identity_of(connection), capabilities)
            self._lent = connection, capabilities
            self._loan = loan.pop_all()
            return self._lent

    def _return_lent(self) -> None:
        self._lent = None
        self._loan.close()

    def _uptime(self, connection: Connection, capabilities: Capabilities) -> float:
        """The uptime in seconds. Read once: for that some servers add up the counters of all sessions."""
        now = self._clock()
        if self._started is None:
            counters = dict(GlobalsReader(connection, capabilities).counters())
            self._started = now, float(counters.get("uptime", 0))
        return self._started[1] + now - self._started[0]

    @contextmanager
    def _accepted(self, statement: str) -> Iterator[None]:
        """Raise OutcomeUnknown for errors in the block: the server has accepted the statement already."""
        try:
            yield
        except (SourceError, Refusal) as error:
            raise OutcomeUnknown(
                _(
                    "{server} accepted {statement}. Then: {why}. The value it kept is unknown",
                    server=self._address.name,
                    statement=statement,
                    why=error.args[0],
                ),
                _(CHECK_FIRST),
            ) from None

    def _refuse_change(
        self, refusal: Refusal, connection: Connection, capabilities: Capabilities, name: str
    ) -> NoReturn:
        if refusal.number in _NO_SUCH_VARIABLE:
            raise self._absent(name) from None
        if refusal.number == _FIXED_AT_START:
            raise SourceError(
                self._refusal_text(refusal), _("write the value into the option file, and restart the server")
            ) from None
        if refusal.number not in _NOT_OURS:
            raise connection.explained(refusal) from None
        hint = ""
        with suppress(SourceError, Refusal):
            hint = self._privileges(connection, capabilities).why_not_set(name)
        raise AccessDenied(self._refusal_text(refusal), hint) from None

    def _refuse_kill(self, refusal: Refusal, connection: Connection, capabilities: Capabilities) -> NoReturn:
        if refusal.number not in _NOT_OURS:
            raise connection.explained(refusal) from None
        hint = ""
        with suppress(SourceError, Refusal):
            hint = dict(self._privileges(connection, capabilities).why_not).get("kill", "")
        if not hint and capabilities.flavour is Flavour.MYSQL:
            hint = _(
                "the account of the session has SYSTEM_USER: GRANT SYSTEM_USER ON *.* TO {account}",
                account=capabilities.account,
            )
        raise KillDenied(self._refusal_text(refusal), hint) from None

    def _absent(self, name: str) -> Unsupported:
        return Unsupported(
            _(
                "{server} has no variable {name} that can be set",
                server=self._address.name,
                name=plain(name, 100),
            )
        )

    def _refusal_text(self, refusal: Refusal) -> str:
        return f"{self._address.name}: {plain(str(refusal), 300)} ({refusal.number})"


@contextmanager
def bounded(connection: Connection) -> Iterator[None]:
    """Bound the block by ACT_SECONDS, and raise a refusal that is not handled in it as a SourceError."""
    try:
        with connection.within(ACT_SECONDS):
            yield
    except Refusal as refusal:
        raise connection.explained(refusal) from None


def with_variable_name(statement: Statement, name: str) -> Statement:
    """The statement with the name of the variable, which cannot be bound. Raises Unsupported for anything but a name.

    >>> with_variable_name(sql.read_sql("mysql/set_global.sql"), "wait_timeout")
    'SET GLOBAL wait_timeout = %s'
    """
    if not re.fullmatch(r"[a-z_]+", name):
        raise Unsupported(_("{name!r} is not a variable name", name=plain(name, 100)))
    return Statement(statement.replace("{variable}", name), statement.shape)


def literal(value: float) -> int | Decimal:
    """The value as it is written in SQL: no server accepts `28800.0` or `5e-1` as a whole number.

    >>> literal(28800.0), literal(0.5)
    (28800, Decimal('0.5'))
    """
    return int(value) if float(value).is_integer() else Decimal(str(value))


def fix_value(flavour: Flavour, name: str, value: float | None) -> str:
    """Why a variable cannot be set while the server runs; empty where it can: MariaDB answers error 1290 (tried on 10.11 and 11.8)."""
    if flavour is Flavour.MARIADB and name == "max_user_connections" and value == 0:
        return _(
            "MariaDB cannot change this value while it runs if it started with 0: write the value into the "
            "option file, and restart"
        )
    return ""


def _headroom(connection: Connection, capabilities: Capabilities) -> ResourceHeadroom:
    descriptors, memory = connection.rows(capabilities.required_statement("connection_capacity"))[0]
    return ResourceHeadroom(max(0, int(descriptors)), int(memory))


def _identity_of(connection: Connection) -> Capabilities:
    """The identity of the server as Capabilities without features. Remembered capabilities hold while it is the same.

    Raises Unsupported for server variants that can only be read.
    """
    identity = identify(connection)
    if identity.is_unprobed:
        raise Unsupported(
            _(
                "{server} can be monitored, but not changed from here",
                server=f"{identity.banner} {identity.comment}".strip(),
            ),
            _("change it with its own statements"),
        )
    return Capabilities(
        identity.flavour, version_of(identity.banner), identity.banner, 0, identity.account, frozenset()
    )


def _configure_session(connection: Connection, identity: Capabilities) -> None:
    """Set our session variables: an empty sql_mode, so that the server clamps a value with a warning and does not refuse it."""
    if connection.rows(identity.required_statement("short_execution_limit")):
        connection.rows(
            identity.required_statement("session"), (round(sql.STATEMENT_SECONDS * 1000), OWN_WAIT_TIMEOUT)
        )
    else:
        connection.rows(identity.required_statement("session_act"))
