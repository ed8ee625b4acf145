"""One connection to a server: bounded in time and in size, with every answer checked against the shape of its statement.

PyMySQL speaks the protocol. Here its errors become SourceError and Refusal, each with what to do. Text stays bytes until
`text.sanitize` decodes it, because a client may have sent anything.
"""

from __future__ import annotations

import ssl
import struct
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, NoReturn, Self

import pymysql
from pymysql import converters
from pymysql.connections import Connection as Wire
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.protocol import FieldDescriptorPacket, MysqlPacket

from goneaway_tui.errors import SettingsError, SourceError, TooSlow, UnexpectedAnswer, Unsupported
from goneaway_tui.i18n import N_, _
from goneaway_tui.source.authentication import CANNOT, auth_plugins
from goneaway_tui.source.explanations import (
    CLIENTS,
    FIRST_OF_SERVERS,
    HINTS,
    explain_error,
    number_and_message,
)
from goneaway_tui.source.sockets import Address, ServerSocket
from goneaway_tui.source.sql import STATEMENT_SECONDS
from goneaway_tui.source.sql.shapes import MisshapenAnswer, Statement
from goneaway_tui.text.sanitize import plain

PROGRAM = "goneaway-tui"
ANSWER_SECONDS = STATEMENT_SECONDS + 1
"""Seconds to wait for the next bytes of an answer."""

MAX_KEY_BYTES = 64 * 1024
"""The size of a file with a public key, at most."""

LOGIN_BYTES = 64 * 1024
"""Bytes that a server may send before the login is done."""
ANSWER_BYTES = 256 << 20
"""Bytes that a server may send in answer to one statement, with PACKET_COST for each packet and VALUE_COST for each value. The list
of 100,000 sessions, each with a statement of 1,024 characters, takes some 130 MiB."""
PACKET_COST = 128
"""Bytes of our memory that a row takes besides its text."""
VALUE_COST = 40
"""Bytes of our memory that a value takes besides its text: an object and a pointer to it."""
MAX_COLUMNS = 512
"""Columns of an answer, at most: the state of a replica has some 60. The description of a column takes more than 1 KB of our memory."""
TOO_MUCH = 2020
"""The client libraries' number for an answer that is larger than allowed."""

Row = tuple[Any, ...]

PROTOCOL_ERRORS = (
    OSError,
    EOFError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""What PyMySQL raises where the server breaks the connection or does not speak the protocol. Caught only around calls of PyMySQL."""

DENIED = frozenset({1142, 1143, 1044, 1045, 1227, 1370})
"""Error numbers of a missing privilege."""
ABSENT = frozenset({1054, 1109, 1146, 1193, 1046, 1049, 1305})
"""Error numbers of a table, column, variable or function that the server does not have. A server searches a function that it does not
have in the default database: without one the error is 1046 on MySQL 5.7 and MariaDB, with one 1305."""
ENDS = frozenset({1047, 1053, 1152, 1153, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1927, 3032, 3169, 4031})
"""Error numbers of a server that are about the session, not about the statement: the session has ended, or the server answers nothing
more in it."""


CLOSED_LOGIN = N_("the server closed the connection during the login")
CLOSED_UNGREETED = N_("the server closed the connection before its handshake")


MAX_REFUSAL_LENGTH = 300
"""Characters that are kept of the message with which a server refuses a statement."""


class Refusal(Exception):
    """The server refuses to run a statement; the connection stays open."""

    def __init__(self, number: int, message: str, statement: str = "") -> None:
        """`number` is the server's error number, `message` its text as it came; `statement` is what was sent, before values
        were bound to it.
        """
        super().__init__(plain(message, MAX_REFUSAL_LENGTH))
        self.number = number
        self.statement = statement

    @property
    def why(self) -> str:
        """The server's error number and message, in the server's language."""
        return f"error {self.number}: {plain(str(self), 200)}"


class UnfitAnswer(Refusal):
    """The answer of a statement does not have its shape. Nothing of the answer is used; the connection stays open."""

    def __init__(self, error: MisshapenAnswer, statement: Statement) -> None:
        reading = _(error.content)
        self._words = _("unexpected answer ({reading}): {why}", reading=reading, why=error.why)
        super().__init__(0, self._words, statement)

    @property
    def why(self) -> str:
        return self._words

    def server_error(self, server: str) -> UnexpectedAnswer:
        """The error to raise where nothing can be read of the server without that answer."""
        return UnexpectedAnswer(
            _("{server}: {what}", server=server, what=self._words),
            _("check that the address is a MySQL or MariaDB server, and that no proxy changes its results"),
        )


def fitted(statement: Statement, rows: Sequence[Any]) -> list[Any]:
    """The rows of a statement, checked against its shape. Raises UnfitAnswer."""
    try:
        return statement.shape.fitted(rows)
    except MisshapenAnswer as error:
        raise UnfitAnswer(error, statement) from None


def is_refusal(number: int) -> bool:
    """Whether this error number of a server's is about the statement alone, so that others can still be answered.

    >>> is_refusal(1054), is_refusal(1064), is_refusal(1317), is_refusal(2013), is_refusal(4031)
    (True, True, False, False, False)
    """
    if number in DENIED | ABSENT:
        return True
    return number >= FIRST_OF_SERVERS and number not in CLIENTS and number not in ENDS and number not in HINTS


HALVES = {
    "user": N_("the user name is not valid UTF-8"),
    "password": N_("the password is not valid UTF-8"),
    "database": N_("the database name is not valid UTF-8"),
}
"""The message for a setting that is no text."""

_CONVERSIONS: dict[Any, Any] = {
    **converters.encoders,
    **dict.fromkeys(
        (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG), int
    ),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE, FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), float),
}
"""Numbers are converted; all other values stay the bytes that the server sent."""


class BoundedConnection(Wire):
    """PyMySQL's connection, which reads no more bytes than its budget, whatever lengths the server announces."""

    budget = LOGIN_BYTES
    tls_alert: ssl.SSLError | None = None
    """The alert with which the server closed the connection, where writing failed before it was read."""
    _columns = 0
    """The columns of the answer that is read."""

    def _create_ssl_ctx(self, asked: ssl.SSLContext | dict[str, Any]) -> ssl.SSLContext:
        """PyMySQL asks with an empty dict for PREFERRED, and would load every authority of this machine to verify nothing."""
        return asked if isinstance(asked, ssl.SSLContext) else _unverifying_context()

    def _execute_command(self, command: int, sql: str | bytes) -> None:
        self._columns = 0
        super()._execute_command(command, sql)  # type: ignore[misc]

    def _read_packet(self, packet_type: type[MysqlPacket] = MysqlPacket) -> MysqlPacket:
        if packet_type is FieldDescriptorPacket:
            self._columns += 1
            if self._columns > MAX_COLUMNS:
                self._refuse()
        else:
            self.budget -= self._columns * VALUE_COST
        return super()._read_packet(packet_type)  # type: ignore[no-untyped-call,no-any-return]

    def _read_bytes(self, num_bytes: int) -> bytes:
        self.budget -= num_bytes + PACKET_COST
        if self.budget < 0:
            self._refuse()
        return bytes(super()._read_bytes(num_bytes))  # type: ignore[misc]

    def _force_close(self) -> None:
        """Close the socket. A server that refuses our certificate sends an alert and closes the connection, after the handshake:
        where writing failed, the alert may still be there to read.
        """
        line: Any = self.__dict__.get("_sock")
        if isinstance(sys.exception(), ConnectionError) and isinstance(line, ssl.SSLSocket):
            try:
                line.recv(1)
            except ssl.SSLError as alert:
                self.tls_alert = alert
            except OSError:
                pass
        super()._force_close()  # type: ignore[misc]

    def _refuse(self) -> NoReturn:
        self._force_close()
        raise pymysql.OperationalError(TOO_MUCH, N_("the server sends a result that is too large"))


class Connection:
    """One connection to one server. Not for two threads at once, except `abandon`."""

    def __init__(
        self, address: Address, socket: ServerSocket | None = None, *, interactive: bool = False
    ) -> None:
        """Connect. Raises SourceError with a line for the user. Cutting `socket` ends the attempt, and the connection later.

        An `interactive` session copies `interactive_timeout` as its wait_timeout, as that of a person at a prompt does.
        """
        self._address = address
        self._socket = socket or ServerSocket()
        self.statements_sent = 0
        """Statements sent."""
        try:
            self._wire = _open(address, self._socket, interactive=interactive)
        except BaseException:
            self._socket.close()
            raise

    @classmethod
    def over(cls, other: Connection) -> Self:
        """The session of `other` as an object of this class. `other` stays its owner, and must not be used meanwhile."""
        same = cls.__new__(cls)
        same.__dict__.update(other.__dict__)
        return same

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Cut the socket where what is done inside takes longer."""
        return self._socket.within(seconds)

    @property
    def id(self) -> int:
        return int(self._wire.thread_id())  # type: ignore[no-untyped-call]

    def rows(self, sql: Statement, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows, checked against its shape. Raises Refusal where the server refuses the
        statement or the rows do not have the shape, and SourceError where the connection fails.
        """
        return fitted(sql, self._fetched(sql, parameters)[1])

    def records(self, sql: Statement) -> list[dict[str, Any]]:
        """As `rows`, for a statement whose columns differ between versions: each row by column name, in lower case."""
        names, rows = self._fetched(sql, ())
        return fitted(sql, [dict(zip(names, row, strict=True)) for row in rows])

    def _fetched(self, sql: str, parameters: Sequence[object]) -> tuple[list[str], list[Row]]:
        self.statements_sent += 1
        self._wire.budget = ANSWER_BYTES
        try:
            with self._wire.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return [column[0].lower() for column in cursor.description or ()], list(cursor.fetchall())
        except pymysql.Error as error:
            number, message = number_and_message(error)
        except PROTOCOL_ERRORS as error:
            number, message = 2013, f"{type(error).__name__}: {error}"
        if is_refusal(number):
            raise Refusal(number, message, sql)
        raise self._broken(number, message)

    def close(self) -> None:
        """Disconnect (COM_QUIT), so that the server does not count us in Aborted_clients."""
        with suppress(pymysql.Error, *PROTOCOL_ERRORS):
            if self._wire.open:
                self._wire.close()
        self._socket.close()

    def abandon(self) -> None:
        """Cut the socket; a thread that waits on it wakes at once. Safe from any thread."""
        self._socket.cut()

    def explained(self, refusal: Refusal) -> SourceError:
        """The error to report to a person where a refused statement is required."""
        if isinstance(refusal, UnfitAnswer):
            return refusal.server_error(self._address.name)
        return explain_error(self._address, refusal.number, str(refusal))

    def _broken(self, number: int, message: str) -> SourceError:
        if self._socket.expired or (number == 2013 and "timed out" in message):
            return TooSlow(
                _("{server} does not answer in time", server=self._address.name),
                _("the server or the network does not respond; reconnecting automatically"),
            )
        return explain_error(self._address, number, message)


def _open(address: Address, socket: ServerSocket, *, interactive: bool = False) -> BoundedConnection:
    connection = _unconnected(address, interactive=interactive)
    failure: Exception
    try:
        with socket.within(address.connect_timeout + ANSWER_SECONDS):
            connection.connect(socket.open(address))
    except (pymysql.Error, *PROTOCOL_ERRORS) as error:
        failure = connection.tls_alert or error
    else:
        return connection
    raise _not_connected(
        address, failure, greeted=hasattr(connection, "server_version"), expired=socket.expired
    )


def _unconnected(address: Address, *, interactive: bool = False) -> BoundedConnection:
    """PyMySQL's connection before it has a socket. Raises SettingsError where the options cannot be used."""
    tls: dict[str, Any] = {}
    if address.ssl_mode == "DISABLED" or (address.socket and address.ssl_mode == "PREFERRED"):
        tls["ssl_disabled"] = True
    elif address.ssl_mode != "PREFERRED":
        tls["ssl"] = _tls(address)
    return BoundedConnection(
        host=address.host,
        port=address.port,
        unix_socket=address.socket,
        user=_encoded("user", address.user),
        password=_encoded("password", address.password),
        database=_encoded("database", address.database or "") or None,
        charset="utf8mb4",
        use_unicode=False,
        conv=_CONVERSIONS,
        client_flag=CLIENT.INTERACTIVE if interactive else 0,
        autocommit=True,
        read_timeout=ANSWER_SECONDS,
        write_timeout=ANSWER_SECONDS,
        program_name=PROGRAM,
        auth_plugin_map=auth_plugins(address),
        server_public_key=_public_key(address),
        defer_connect=True,
        **tls,
    )


def _public_key(address: Address) -> bytes | None:
    """The server's public key of the options. Raises SettingsError for a file without one."""
    path = address.server_public_key_path
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            key = file.read(MAX_KEY_BYTES)
    except OSError as error:
        why = error.strerror or str(error)
    else:
        if b"-----BEGIN PUBLIC KEY-----" in key:
            return key
        why = _("the file has no public key in PEM format")
    raise SettingsError(
        _("cannot use {files}: {why}", files=path, why=why), _("check --server-public-key-path")
    )


def _encoded(what: str, value: str) -> bytes:
    """The bytes that were typed. Raises SettingsError, which does not contain the text."""
    with suppress(UnicodeEncodeError):
        return value.encode("utf-8", "surrogateescape")
    raise SettingsError(_(HALVES[what]), _("type it again"))


def _not_connected(address: Address, error: Exception, *, greeted: bool, expired: bool) -> SourceError:
    """Why the attempt to connect failed, by how far the login got."""
    number, message = number_and_message(error) if isinstance(error, pymysql.Error) else (0, str(error))
    message = message.replace("'b'", "'").replace("''", "'")
    cause = getattr(error, "original_exception", error)
    if isinstance(cause, ssl.SSLError) or "[SSL" in message:
        number, message = 2026, _tls_reason(cause, message)
    elif expired or isinstance(cause, TimeoutError) or "timed out" in message:
        number, message = 2003, N_("timed out while logging in") if greeted else N_("timed out")
    elif isinstance(cause, OSError):
        number, message = 2003, cause.strerror or str(cause)
    elif isinstance(error, RuntimeError):
        number, message = CANNOT, str(error)
    elif number in {2006, 2013} and error.args[1:]:
        number, message = 2003, CLOSED_LOGIN if greeted else CLOSED_UNGREETED
    elif not (isinstance(error, pymysql.Error) and error.args[1:]) or isinstance(
        error, pymysql.InternalError
    ):
        return Unsupported(
            _("the program at {server} does not speak the MySQL protocol", server=address.name),
            _("check the port (-P)"),
        )
    return explain_error(address, number, message)


def _tls_reason(error: BaseException, message: str) -> str:
    """The reason of an error of TLS, without the line number in the source of OpenSSL.

    >>> _tls_reason(OSError(), "lost ([SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580))")
    'tlsv1 alert unknown ca'
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    words = message.rpartition("] ")[2] or message
    return words.partition(" (_ssl.c")[0]


def _unverifying_context() -> ssl.SSLContext:
    """A context that accepts every server. Loads no authorities: that takes 19 ms of every login where a machine has its usual 150."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _tls(address: Address) -> ssl.SSLContext:
    """The TLS context for the mode: REQUIRED verifies nothing, VERIFY_CA the chain, VERIFY_IDENTITY the name too."""
    try:
        if address.ssl_mode == "REQUIRED":
            context = _unverifying_context()
            if address.ssl_ca:
                context.load_verify_locations(address.ssl_ca)
        else:
            context = ssl.create_default_context(cafile=address.ssl_ca)
            context.check_hostname = address.ssl_mode == "VERIFY_IDENTITY"
            # The certificates that servers make themselves would fail it.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if address.ssl_cert:
            # With any pass phrase, even an empty one, OpenSSL does not prompt at the terminal.
            context.load_cert_chain(address.ssl_cert, address.ssl_key, password="")
    except OSError as error:
        files = ", ".join(filter(None, (address.ssl_ca, address.ssl_cert, address.ssl_key)))
        raise SettingsError(
            _(
                "cannot use {files}: {why}",
                files=files,
                why=_tls_reason(error, error.strerror or str(error)),
            ),
            _("check --ssl-ca, --ssl-cert and --ssl-key"),
        ) from None
    return context
