"""Error events in a log: which lines report a lost or refused connection, and which lines report the same one.

`find_error_events` is the walk: bytes, lines near a hit (`blocks`), whole entries of a server's log (`server_log`),
records that share a timestamp, drafts of events, events. `_drafts` decides what a record is.

Only what ends a session or keeps one from beginning is here. 1062, 1205, 1213 and similar errors do not end the session.
The words are those of the servers' and drivers' own sources, most of them provoked (`tests/unit/doctor/logs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from goneaway_tui.i18n import N_
from goneaway_tui.logs.blocks import LINE_HEAD_BYTES, LogLine, find_blocks
from goneaway_tui.logs.error_events import (
    CODES,
    INTERRUPTED_ERROR,
    MIN_WAIT_SECONDS,
    SERVER_GONE_ERRORS,
    SERVER_LOST_ERRORS,
    SILENT_CLIENTS,
    SYSTEM_LOG,
    UNKNOWN_CLIENT,
    EndKind,
    ErrorEvent,
    FailureKind,
    LogClient,
    envoy_end,
    haproxy_end,
    recognise_client,
    silence_before_wait,
    stated_run_times,
    with_neighbours,
)
from goneaway_tui.logs.records import (
    EXCEPTION_HEAD,
    MAX_RECORD_LINES,
    TRACEBACK_PART,
    Record,
    split_records,
    unwrap_lines,
)
from goneaway_tui.logs.redact import CUT_MARK, MAX_QUOTED_CHARS, MAX_SEARCHED_CHARS
from goneaway_tui.logs.server_log import (
    EndMessage,
    ServerLog,
    container_message,
    end_message,
    error_number,
    host_started,
    host_stopped,
    joined_entries,
    split_entry,
)
from goneaway_tui.logs.timestamps import Timestamp, parse_timestamp
from goneaway_tui.logs.translations import in_english
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId


def find_error_events(blocks: Iterable[bytes], now: float | None = None) -> Iterator[ErrorEvent]:
    """Yield every lost or refused connection in a log, in its order. Never raises on what the log holds.

    `blocks` are the bytes of the log, cut anywhere. `now`, in seconds since 1970, dates timestamps that have no year.
    """
    lines = joined_entries(unwrap_lines(find_blocks(blocks)))
    drafts = _drafts(split_records(lines, now))
    return with_neighbours(join_drafts(drafts))


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """Words that report an error."""

    words: re.Pattern[str]
    code: int | None = None
    """The error number that the words stand for."""
    stated_cause: Cause | None = None
    """The cause that the words themselves blame; None where at most the error number blames one."""
    certainty: Certainty = Certainty.LIKELY
    wants_context: bool = False
    """Other software uses these words too: something in the record must name MySQL or MariaDB."""
    is_precursor: bool = False
    """A driver's remark just before it reports the error itself."""
    used_after_close: bool = False
    """A connection object was used that its driver already knows to be closed."""
    is_retried: bool = False
    """The driver tries further connections of its pool, and logs the same for each that is closed."""
    is_aftermath: bool = False
    """Whether a proxy logs it of a session that it closes after it has reported why."""


def _pattern(
    words: str,
    code: int | None = None,
    cause: Cause | None = None,
    *,
    certainty: Certainty = Certainty.LIKELY,
    wants_context: bool = False,
    is_precursor: bool = False,
    used_after_close: bool = False,
    is_retried: bool = False,
    is_aftermath: bool = False,
) -> ErrorPattern:
    """A row of ERROR_PATTERNS."""
    return ErrorPattern(
        re.compile(words), code, cause, certainty, wants_context, is_precursor, used_after_close, is_retried, is_aftermath
    )  # fmt: skip


_CONFIRMED: Final = Certainty.CONFIRMED


def _constant(name: str) -> str:
    """The name of an error where a log states it; in source it stands alone."""
    return rf"['\"]{name}['\"]|\b{name}: \S|\bcode(?:=|: ){name}\b"


ERROR_PATTERNS: Final = (
    _pattern(r"client was disconnected by the server because of inactivity|" + _constant("ER_CLIENT_INTERACTION_TIMEOUT"), 4031),
    # TiDB's own log, of an answer that it could not hand to its client.
    _pattern(r"\"command dispatched failed\".{0,4000}?(?:[Bb]roken pipe|reset by peer)", None, Cause.CLIENT_LOST),
    _pattern(r"\bread packet timeout, close this connection", 4031, Cause.IDLE_TIMEOUT, certainty=_CONFIRMED),
    # The remark of PHP's mysqlnd, before the exception or warning that has the number.
    _pattern(r"\b(?:mysqli?_\w{1,40}|mysqli::\w{1,40}|PDO(?:Statement)?::\w{1,40})\(\): (?:MySQL|MariaDB|Server) ?(?:server )?has gone away", 2006, is_precursor=True),
    _pattern(r"[Ss]erver has gone away", 2006),
    _pattern(r"\(\): Error while reading a row", None, is_precursor=True),
    _pattern(r"Error reading result set's header|Error while sending \w{1,20} packet", None, is_precursor=True),
    _pattern(r"Lost connection to .{0,300}Connection rejected: Too many connections", 1040),
    _pattern(r"Lost connection to (?:the )?(?:backend )?(?:MySQL|MariaDB) server|[Cc]onnection to the server was lost during th(?:is|e) query", 2013),
    _pattern(r"Lost connection to (?:the )?(?:backend|primary|master) server"),
    _pattern(r"\bMyXQL\.Connection .{1,80} disconnected"),
    _pattern(r"Lost connection to server (?:during query|at ')", 2013),
    _pattern(r"maximum statement execution time exceeded|" + _constant("ER_QUERY_TIMEOUT"), 3024),
    _pattern(r"max_statement_time exceeded", 1969),
    _pattern(r"Query execution was interrupted(?!,? ?\(?max)", 1317),
    _pattern(r"[Gg]ot a packet bigger than 'max_allowed_packet'|" + _constant("ER_NET_PACKET_TOO_LARGE"), 1153),
    _pattern(r"Got packet bigger than 'max_allowed_packet'", 2020),
    _pattern(
        r"(?i:packet for query is too large)|query size \(\d+\) is >= to max_allowed_packet"
        r"|Packets larger than max_allowed_packet are not allowed|longer than 'max_allowed_packet'",
        None, Cause.PACKET_TOO_LARGE, certainty=_CONFIRMED,
    ),
    _pattern(r"already has more than 'max_user_connections' active", 1203),
    _pattern(r"has exceeded the 'max_(?:user_connections|connections_per_hour)' resource", 1226),
    _pattern(r"Too many connections|" + _constant("ER_CON_COUNT_ERROR"), 1040, wants_context=True),
    _pattern(r"is blocked because of many connection errors|" + _constant("ER_HOST_IS_BLOCKED"), 1129),
    _pattern(r"\bblocking client host ", None, Cause.HOST_BLOCKED, certainty=_CONFIRMED),
    _pattern(r"is not allowed to connect to this (?:MySQL|MariaDB)", 1130),
    _pattern(r"Access denied for user '", 1045),
    _pattern(r"Server shutdown in progress|" + _constant("ER_SERVER_SHUTDOWN"), 1053, wants_context=True),
    # MaxScale's own log of a session that MaxScale ends by its own limit: an idle client, or one that does not read.
    _pattern(r"\bTiming out '[^']{0,80}'@\S{1,255}, idle for \d|\bNetwork write timed out for '[^']{0,80}'@\S", None, Cause.PROXY_OR_FIREWALL, certainty=_CONFIRMED),
    # To its client MaxScale reports whatever made it close a session by MariaDB's error of a KILL.
    _pattern(r"killed by MaxScale: Timed out", 1927, Cause.PROXY_OR_FIREWALL),
    _pattern(r"killed by MaxScale: Too many connections", 1040),
    _pattern(r"killed by MaxScale: Killed by another", 1927, Cause.KILLED, certainty=_CONFIRMED),
    _pattern(r"killed by MaxScale: (?:Router|Connection to backend|.{0,40}lost)", 1927, Cause.SERVER_RESTART),
    _pattern(r"killed by MaxScale", 1927, Cause.PROXY_OR_FIREWALL),
    _pattern(r"Connection was killed", 1927, wants_context=True),
    _pattern(r"[Ss]ession was killed", 3169, wants_context=True),
    _pattern(r"Got an error reading communication packets", 1158),
    _pattern(r"Got timeout reading communication packets", 1159),
    _pattern(r"Got an error writing communication packets", 1160),
    _pattern(r"Got timeout writing communication packets", 1161),
    _pattern(r"Got packets out of order", 1156),
    _pattern(r"Malformed (?:communication )?packet", 2027, wants_context=True),
    # A 4031 packet, numbered 0, taken for the answer to a statement, which would be numbered 1 or more.
    _pattern(r"[Pp]ackets out of order\. Expected \d{1,3} (?:but )?received 0", None, Cause.IDLE_TIMEOUT, is_precursor=True),
    _pattern(r"commands out of sync\. You can't run this command now", None, Cause.IDLE_TIMEOUT),
    _pattern(r"unexpected read from socket", None, Cause.IDLE_TIMEOUT, is_precursor=True),
    _pattern(r"closing bad idle connection", is_precursor=True),
    _pattern(r"Packets out of order\. Expected 0 received 1|reading greeting packet", None, is_precursor=True),
    _pattern(r"Packets out of order\b", None, Cause.FORKED_CONNECTION, wants_context=True),
    _pattern(r"Packet sequence number wrong", None, Cause.FORKED_CONNECTION),
    _pattern(r"Can't connect to (?:local )?(?:(?:MySQL|MariaDB) )?server through socket", 2002),
    _pattern(r"Can't connect to (?:(?:MySQL|MariaDB) )?server on |Can't connect to remote MySQL server for client", 2003),
    _pattern(r"Unknown (?:MySQL |MariaDB )?server host ", 2005),
    _pattern(r"(?:SSL connection|TLS/SSL) error", 2026, wants_context=True),
    _pattern(r"InterfaceError(?:: )?\(0, ''\)|^\W{0,3}\(0, ''\)", 0, used_after_close=True),
    _pattern(r"Communications link failure"),
    _pattern(r"unexpected end of stream, read \d+ bytes from|socket was closed by server"),
    _pattern(r"last packet successfully received from the server was [\d,.]{1,15} milliseconds? ago"),
    _pattern(r"No operations allowed after (?:connection|statement) closed|cannot be called on a closed connection", None, used_after_close=True),
    # A driver that follows a failover of the cluster: the connection is a new one, and the server behind it another.
    _pattern(r"SQL connection has changed due to a connection failure|Driver has reconnect connection after a", None, Cause.SERVER_RESTART, wants_context=True),
    _pattern(r"\bFailover(?:Success|Failed)SQLException\b|\bTransactionStateUnknownSQLException\b", None, Cause.SERVER_RESTART, wants_context=True),
    _pattern(r"marked as broken because of SQLSTATE\(08(?:S02|007)\)", None, Cause.SERVER_RESTART, wants_context=True, is_precursor=True),
    _pattern(r"Failed to validate connection", None, wants_context=True, is_precursor=True, used_after_close=True),
    _pattern(r"marked as broken because of SQLSTATE\(08", None, wants_context=True, is_precursor=True),
    _pattern(r"MySqlConnectionClosedException"),
    _pattern(r"Error establishing a database connection"),
    _pattern(r"\bAmp\\{1,2}(?:Sql|Mysql)\\{1,2}\w{0,20}ConnectionException: (?!Access denied)\S"),
    _pattern(r"Command Timeout expired before the operation completed", None, Cause.CLIENT_QUIT, certainty=_CONFIRMED, wants_context=True),
    _pattern(r"Timeout expired\.  The timeout period elapsed prior", None, Cause.CLIENT_QUIT, wants_context=True),
    _pattern(r"Connect Timeout expired\.(?! All pooled)", wants_context=True),
    _pattern(r"Can't reach database server at .{1,200}:\W?3306\b"),
    _pattern(r"bytes failed with errno=\d", wants_context=True, is_precursor=True),
    _pattern(r"[Ss]erver is currently in offline mode", 3032),
    _pattern(r"Could not connect to (?:HostAddress|address=\()"),
    _pattern(r"PROTOCOL_CONNECTION_LOST|Connection lost: The server closed the connection"),
    _pattern(
        r"PROTOCOL_ENQUEUE_(?:AFTER|HANDSHAKE)|Cannot enqueue \w+ after|Can't add new command when connection is in closed state",
        None, used_after_close=True,
    ),
    _pattern(r"(?:read|write) (?:ECONNRESET|EPIPE|ETIMEDOUT)|connect (?:ECONNREFUSED|ETIMEDOUT)", None, wants_context=True),
    _pattern(r"\[MySQL\] .{1,80}\bInvalid Connection"),
    _pattern(r"\[(?:mysql|MySQL)\] .{0,40}\.go:\d+", is_precursor=True, is_retried=True),
    _pattern(r"(?:^|[:=] ?\"?|\")invalid connection(?=[\"',}\s]|$)"),
    _pattern(r"\(conn=\d+\) (?:Socket error|Connection reset)"),
    _pattern(r"TRILOGY_CLOSED_CONNECTION|Trilogy::(?:ConnectionClosed|EOFError|ConnectionReset|SSLError|SyscallError|TimeoutError)"),
    _pattern(r"(?<!\w)invalid connection\s*$"),
    _pattern(r"driver: bad connection"),
    _pattern(r"MySQL Connection not available", None, used_after_close=True),
    _pattern(r"unable to perform operation on <\w{2,20}Transport closed=True", None, wants_context=True, used_after_close=True),
    # The Java client of the binlog met the end of the stream between two packets.
    _pattern(r"^Caused by: java\.io\.EOFException\s*$", wants_context=True),
    # The runtime of .NET, of a program that did not catch it.
    _pattern(r"\bSystem\.IO\.EndOfStreamException\b", wants_context=True),
    _pattern(r"EOFException: Failed to read (?:next byte|remaining \d+ of \d+ bytes)", wants_context=True),
    _pattern(r"Connection must be valid and open|Cannot execute new commands: connection closed|" + _constant("ER_CMD_CONNECTION_CLOSED"),
             None, wants_context=True, used_after_close=True),
    _pattern(r"socket has unexpectedly been closed|" + _constant("ER_SOCKET_UNEXPECTED_CLOSE"), wants_context=True),
    _pattern(r"Connection has been closed by peer|Connection unexpectedly closed|ClosedConnectionException", wants_context=True),
    _pattern(r"Driver\(ConnectionClosed\)|Connection to the server is closed", wants_context=True),
    _pattern(r"\{:error, :closed\}|\{error,\s?closed\}|\btcp_closed\b", wants_context=True),
    _pattern(r"failed to (?:receive packet (?:header|body)|read packet content): (?:closed|timeout|connection reset)"),
    _pattern(r"failed to (?:send query|(?:receive|read) .{1,60}): (?:closed|timeout|connection reset)", wants_context=True),
    _pattern(r"SocketException: (?:Connection reset|Broken pipe|Socket closed)|transport connection: An (?:existing|established) connection",
             wants_context=True),
    _pattern(r"closed MySQL connection|MySQL client is not connected", None, used_after_close=True),
    _pattern(r"[Ee]xpected to read \d+ header bytes but only received|Failed to read the result set", wants_context=True),
    _pattern(r"Reading from the stream has failed|Unable to connect to any of the specified MySQL hosts"),
    _pattern(r"error communicating with database|expected to read \d+ bytes, got \d+ bytes at EOF", wants_context=False),
    _pattern(r"(?i:server disconnected)", wants_context=True),
    _pattern(r"Max connect timeout reached while reaching hostgroup", 9001),
    _pattern(r"Detected offline server prior", 9004, wants_context=True),
    _pattern(r"Detected (?:a )?broken (?:idle )?connection|missed \d+ heartbeats, shunning", wants_context=True),
    _pattern(r"Killing client connection \S+ because (?:inactive for|of \(possible\) transaction)", None, Cause.PROXY_OR_FIREWALL, certainty=_CONFIRMED, wants_context=True),
    _pattern(r"Killing client connection", wants_context=True),
    _pattern(r"Closing killed client connection", None, Cause.KILLED, wants_context=True, is_aftermath=True),
    _pattern(r"Closing (?:unhealthy|not established) client connection|Detected an offline server during query", wants_context=True, is_aftermath=True),
    _pattern(r"reached max active connections", 1040),
    # HAProxy's termination codes, each by what its manual says (8.5, session state at disconnection).
    _pattern(haproxy_end("[cs]D"), None, Cause.PROXY_OR_FIREWALL, certainty=_CONFIRMED, wants_context=True),
    _pattern(haproxy_end("K[CD]"), None, Cause.KILLED, certainty=_CONFIRMED, wants_context=True),
    _pattern(haproxy_end("[UI][CD]"), None, Cause.PROXY_OR_FIREWALL, wants_context=True),
    _pattern(haproxy_end("[PR]C|[sS]Q"), None, Cause.TOO_MANY_CONNECTIONS, wants_context=True),
    _pattern(haproxy_end("C[CDQ]"), None, Cause.CLIENT_LOST, certainty=Certainty.POSSIBLE, wants_context=True),
    _pattern(haproxy_end("[SD]D|[sS]C|DC"), wants_context=True),
    # Envoy's response flags, by its documentation of access logs.
    _pattern(envoy_end("UF|URX|UH"), 2003),
    _pattern(envoy_end("SI"), None, Cause.PROXY_OR_FIREWALL, certainty=_CONFIRMED),
    _pattern(envoy_end("UO"), None, Cause.TOO_MANY_CONNECTIONS),
    _pattern(envoy_end("DC"), None, Cause.CLIENT_LOST, certainty=Certainty.POSSIBLE),
    _pattern(envoy_end("UC|LR|UR")),
    _pattern(r"Server \S+ is DOWN, reason: |has no server available!", wants_context=True),
    _pattern(r"Connection (?:not open|is not active now)|because the connection is closed|connection went away|ConnectionNotConnectedException|DatabaseException: Connection is being closed",
             None, wants_context=True, used_after_close=True),
    _pattern(r"Fail to read any response from the server", wants_context=True),
    _pattern(r"Socket #Port<[\d.]+> closed|Received close signal, exiting|socket was closed \{", wants_context=True),
    # Of the Erlang clients that descend from one source, and of no client of another server.
    _pattern(r"Failed sending data on socket : \w"),
    _pattern(r"MySQL error: Connection closed"),
    _pattern(r"Cannot write to socket, it is closed|Can ?not (?:execute|prepare|run|send) \w{1,20}: connection (?:is )?closed|\bDB::ConnectionLost\b",
             None, wants_context=True, used_after_close=True),
    _pattern(r"Application was streaming results when the connection failed"),
    _pattern(r"(?i:connection reset by peer|broken pipe)", wants_context=True),
    _pattern(r"tls: failed to verify certificate|CERTIFICATE_VERIFY_FAILED|SSLHandshakeException", wants_context=True),
    _pattern(r"(?i:connection refused|econnrefused|(?:i/o|connect(?:ion)?) timeout|connect(?:ion)? timed out)", wants_context=True),
    _pattern(r"(?i:server (?:has )?closed the connection)(?! unexpectedly)", wants_context=True),
)  # fmt: skip
"""The most specific first: of two on one line the first decides."""

ERROR_NUMBER_FORMS: Final = (
    re.compile(r"\((?P<n>\d{4}), ['\"]"),
    re.compile(r"\bERROR (?P<n>\d{4}) \(\w{5}\)"),
    re.compile(r"(?i:\berror)(?:_?[Cc]ode|:)?[ :=]{1,3}\[?(?:MY-00)?(?P<n>\d{4})\b(?!-\d\d)"),
    re.compile(r"SQLSTATE\[\w{1,5}\](?: \[(?P<n>\d{4})\])"),
    re.compile(r"SQLSTATE\[\w{1,5}\]: [^:]{1,60}: (?P<n>\d{4}) "),
    re.compile(r"\(\w{5}/(?P<n>\d{4})\)"),
    re.compile(r"\b(?P<n>\d{4}) \([0-9A-Z]{5}\): "),
    re.compile(
        r"\bdriver error ?\((?P<n>\d{4})\)|\berror \[(?P<m>\d{4}), \w{5}\]|\bfailed: \[(?P<k>\d{4})\] |\(errno (?P<l>\d{4})\)|\bCODE (?P<j>\d{4}) ERROR:|\bMySQL error: Code \((?P<i>\d{4})\)"
    ),
    re.compile(r"Errors?: (?P<n>\d{4})[ :]"),
    re.compile(r"\b(?:errno|code|error_code|Errno)['\"]?\s?[:=]\s?['\"]?(?P<n>\d{4})\b"),
    re.compile(r"\bError:'(?P<n>\d{4})', {1,2}Message:'"),
)
"""Python's drivers; the command-line clients; Go, .NET, replication; PDO; mysqli; sqlx and mysql-connector; Node; Cacti."""
UNAMBIGUOUS_NUMBER_FORMS: Final = 7
"""How many of these forms, from the first, hold nothing but the number of a server's error."""

_REPORTS: Final = re.compile(r"(?i)err(?:or|no|code)|exception|fail|fatal|critical|sqlstate|errtype")
"""What a record has that reports an error by its number alone: any number may be a value."""
_NO_ERROR_LEVEL: Final = re.compile(r"^.{0,80}?\b(?:INFO|DEBUG|TRACE|NOTICE)\b")

STANDALONE_ERROR: Final = re.compile(r"^ERROR (?:\d{4}) \(\w{5}\)|^mysqldump: |^mariadb-dump: ")
"""A line that is an error by itself, whatever the lines around it say."""

MYSQL_WORDS: Final = re.compile(
    r"(?i)mysql|mariadb|myxql|r2d2|binlog|shyiko|maxscale|sqlstate|jdbc|java\.sql|hikari|\bpdo(?:exception|stat|::|->)|proxysql|:3306\b|\bpacket\b.*\bserver\b|\bpacket (?:header|content): |\bDBD?I?::|DBI |CMDPHP|\bSPINE: |galera|aurora|percona|\b(?:routing|metadata_cache) (?:WARNING|ERROR) \[|HY000|08S01|^ {1,4}fatal: true"
)
"""Names that only logs about MySQL or MariaDB hold."""
OTHER_SOFTWARE_WORDS: Final = re.compile(
    r"(?i)postgres|psycopg|asyncpg|pgx|\bpq: |pgbouncer|redis|valkey|memcache|mongo|rabbit|amqp|kafka|(?<![/\w])nginx(?![/\w])|elastic|cassandra"
    r"|ldap|smtp|sqlite|ora-\d|oracle|mssql|sqlserver|\btds\b|etcd|zookeeper|grpc|websocket|upstream|\bsshd?\b|rsync|\bscp\b|kubelet|docker"
    r"|pgsql|\bPG::|(?<!com\.)\bgit(?:hub|lab)?\b(?!\.com)|\bcurl\b|\birc\b|\bport (?:22|80|443|5432)\b|:(?:443|5432|6379|9092|11211|27017)\b"
)
"""Names of other software whose errors have the same words."""


PREFILTER_WORDS: Final = (
    "gone away", "ost connection", "onnection lost", "as killed", "inactivity", "_TIMEOUT", "exceeded", "nterrupted", "acket",
    "PACKET", "too large", "query size", "user_connections", "oo many conn", "COUNT_ERROR", "blocked", "BLOCKED", "to connect",
    "ccess denied", "hutdown in", "SHUTDOWN", "alformed", "out of sync", "unexpected read", "idle connection", "number wrong",
    "an't connect", "server host", "SSL", "(0, ''", "link failure", "end of stream", "closed by server", "No operations",
    "to validate", "as broken", "not connect", "PROTOCOL_", "enqueue", "closed state", "ECONN", "EPIPE", "ETIMEDOUT",
    "invalid conn", "bad connection", "not available", "closed MySQL", "header bytes", "result set", "has failed",
    "specified MySQL", "communicating", "at EOF", "disconnected", "hostgroup", "broken conn", "client conn", " cD ", " sD ",
    "last packet", "max active", "ocket #Port", "close signal", "ocket was closed", "on socket : closed", "not open", "not active now",
    "connection is closed", "went away", "NotConnected", "being closed", "any response from", "heartbeats", "is DOWN", "no server avail", "offline server",
    *(f" {how}{where} " for how in "CDIKPRSUs" for where in "CDQ"), "a database conn", "Timeout expired", "packet timeout", "blocking client", "MaxScale", "greeting", "primary server", "master server", "Invalid Conn", "::SSLError",
    "Trilogy", "valid and open", "new commands", "unexpectedly", "closed by peer", "ConnectionClosed", "server is closed", ":closed", ": closed",
    "closed}", "tcp_closed", "result set's", "while sending", "failed to send", "failed to re", "SocketException", "transport connection", "idle conn", "ClosedConn",
    "was lost during", "closed connection", "ClosedException", "reach database", "ConnectionExc", "errno=", "offline mode",
    "reset by peer", "[mysql]", "(conn=", "TRILOGY", "roken pipe", "roken Pipe", "efused", "timeout", "timed out", "closed the conn",
    "reading a row", "Timing out '", "SQL connection has", "SQLException", "reconnect connection",
    "failed to verify", "VERIFY_FAILED", "HandshakeException", "data on socket", "it is closed", ": connection closed", "Connection closed", "DB::Connection", "streaming results",
    "closed=True", "io.EOFException", "EndOfStreamE", "Failed to read ", "Reset by peer", "Reset By Peer", '"- - -" 0 ', "Timed Out", "Server Disconnected", "BROKEN PIPE", "RESET BY PEER",
)  # fmt: skip
"""Every pattern matches only lines with one of these; a line with none is not read further. A test checks it."""
_ANY_ERROR_NUMBER: Final = re.compile(r"\b(?:10|11|12|13|16|19|20|30|31|40|90)\d\d\b")


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What one line reports of a lost or refused connection."""

    code: int | None
    """The error number, where the line names or implies one."""
    pattern: ErrorPattern | None
    """None where only a number was found."""
    is_unambiguous: bool
    """Whether only a client of MySQL or MariaDB writes this."""
    start: int = 0
    end: int = 0
    """Where in the line the report begins and ends, in characters."""
    is_mention: bool = False
    """Whether the line may only quote it."""

    @property
    def stated_cause(self) -> Cause | None:
        """The cause that the words blame, or else the error number."""
        by_words = self.pattern.stated_cause if self.pattern else None
        return by_words or (CODES[self.code].stated_cause if self.code in CODES else None)

    @property
    def certainty(self) -> Certainty:
        """How sure `stated_cause` is."""
        if self.pattern and self.pattern.stated_cause:
            return self.pattern.certainty
        return CODES[self.code].certainty if self.code in CODES else Certainty.POSSIBLE

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, bool]:
        """How much the line says: the highest of a traceback is the one that is quoted."""
        is_precursor = self.pattern is not None and self.pattern.is_precursor
        return (
            not self.is_mention,
            not is_precursor,
            self.stated_cause is not None,
            self.code is not None,
            self.is_unambiguous,
        )


def parse_line(text: str) -> ParsedLine | None:
    """Parse what a line reports of a lost or refused connection; None for nearly every line there is."""
    number, number_start = _error_number_in(text) if _ANY_ERROR_NUMBER.search(text) else (None, 0)
    if number is None and not any(hint in text for hint in PREFILTER_WORDS):
        return None
    matches = ((pattern, match) for pattern in ERROR_PATTERNS if (match := pattern.words.search(text)))
    pattern, match = next(matches, (None, None))
    if number is None and pattern is not None and pattern.wants_context and _is_pool_empty(text, match):
        return None
    if pattern is None or match is None:
        return (
            None
            if number is None
            else ParsedLine(number, None, is_unambiguous=False, start=number_start, end=number_start + 4)
        )
    if number is None and pattern.wants_context and _has_other_error_number(text):
        return None
    is_number_better = number is not None and (pattern.code is None or not CODES[pattern.code].stated_cause)
    code = number if is_number_better else pattern.code
    is_unambiguous = not pattern.wants_context or code == number is not None
    return ParsedLine(code, pattern, is_unambiguous, match.start(), match.end())


def _is_pool_empty(text: str, match: re.Match[str] | None) -> bool:
    """Whether a client's pool had no connection to give, and `match` is no loss that is reported as the reason."""
    empty = _POOL_EMPTY.search(text)
    return empty is not None and match is not None and not _REASON.search(text, empty.end(), match.start())


_REASON: Final = re.compile(r"(?i)\bcaused by\b|\bnested\b")
_POOL_EMPTY: Final = re.compile(
    r"(?i)all pooled connections (?:are|were) in use|elapsed prior to obtaining a connection from the pool|\bqueuepool limit\b.{0,120}reached"
    r"|connection is not available, request timed out|connection pool (?:is )?exhausted|pool (?:is )?exhausted|pool (?:is )?(?:empty|probably full)|unable to fetch a connection in \d"
    r"|could not obtain a (?:database )?connection (?:from the pool )?within|timeout waiting for idle object|timed out fetching a new connection"
    r"|attempt by a client to checkout a connection has timed out|acquisition timeout while waiting for new connection|connection acquisition timed out"
    r"|(?:timeout|timed out) (?:acquiring|waiting for) (?:a )?(?:free )?connection|ConnectionAcquireTimeoutError|connection not available and request was dropped from queue"
    r"|GetConnectionTimeoutException|getconnectiontimeout"
)
"""What a client's pool says that has no connection free: none was lost, and the server need not be full."""


def _has_other_error_number(text: str) -> bool:
    """Whether a line has the number of an error that ends no session: what else it holds may be a value."""
    return any(form.search(text) for form in ERROR_NUMBER_FORMS[:UNAMBIGUOUS_NUMBER_FORMS])


def _error_number_in(text: str) -> tuple[int | None, int]:
    """The first error number of CODES in a line, and where it stands."""
    for form in ERROR_NUMBER_FORMS:
        for match in form.finditer(text):
            number = int(next(filter(None, match.groups())))
            if number in CODES:
                return number, match.start()
    return None, 0


# --- Mentions: what only quotes the words of an error


class Mention(Enum):
    """Whether words of an error are only quoted."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


_STATEMENT_LOGGED: Final = re.compile(
    r"(?:\S{15,32}|\d{6} {1,2}\d{1,2}:\d\d:\d\d)?\s{1,8}\d{1,20} (?:Query|Execute|Prepare|Long Data|Init DB|Field List)\s"
)
"""A line of the general query log."""
_SLOW_LOG: Final = re.compile(r"# (?:Time|User@Host|Query_time|Thread_id|administrator command): ?")
"""Lines of the slow query log that stand before a statement."""
_REQUEST_LOGGED: Final = re.compile(r'"(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH) [^"]{0,2000}$')
_STATEMENT: Final = re.compile(
    r"(?i)(?P<quote>['\"`]?)\b(?:INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|SELECT|DELETE\s+FROM|CALL)\b"
)
_INSERT_LINE: Final = re.compile(r"(?i)\s*(?:insert|replace)\s+into\b.{0,4000}?\bvalues\b")
"""A statement of a dump, without a timestamp."""
_VALUE_END: Final = re.compile(r"[^']{0,400}'\s{0,4}(?:[,);]|$|AND\b|WHERE\b|LIMIT\b|ORDER\b)")
_BULLET: Final = re.compile(
    r"(?:\s{0,40}(?:#{1,6}|//+|/\*+)|\s{0,4}(?:[-*+•]|\d{1,2}[.)]|--|(?=[A-Z.]{6,14}\s)[A-Z]{0,10}\.{3}[A-Z.]{0,11}|(?:Chapter|Appendix|Section) [A-Z\d][\d.]{0,12}"
    r"|(?:[A-Z](?:\.\d{1,2}){1,5}|(?!\d{1,2}(?:\.\d{1,2}){3}\b)\d{1,2}(?:\.\d{1,2}){1,5})\.?(?=\s+[`'\"]?[A-Z])))\s+(?P<rest>\S.*)"
)
"""An item of a list, a heading, a comment, or a line of a diff."""
_ITEM_HEAD: Final = re.compile(r"\s{0,8}(?:[-*+•]|\d{1,2}\.)\s{1,4}(?P<rest>\S.*)")
"""An item of a list of sentences. Test runners number failures otherwise: `1) `."""
ITEM_LINES: Final = 12
"""Lines over which an item is wrapped."""
_ERROR_HEAD: Final = re.compile(
    r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|ERROR \d{4} \(|\[?(?:ERROR|WARN|FATAL|CRITICAL)\b|(?:[\w.:\\]{0,120}(?:Error|Exception))\b[:(]|SQLSTATE\[|\(\d{4}, |SQL Error \(\d{4}\)"
)
"""How a real error begins, also behind a dash."""
_CODE: Final = re.compile(
    r"\s*(?:\w{1,60} ?[:=]{1,2} ?[\[{(]\s{0,4}\d{4} ?(?::|=>) ?['\"]|[A-Z][A-Z_\d]{2,60} = [\[{(] ?['\"]|case\b[^:]{1,80}:(?!:)|(?:\}\s*)?(?:el(?:se )?)?if\b.{0,400}(?:[:{)]|then)\s*$|(?:except|catch|rescue|when|yield|raise|return|assert\w*|expect|const|let|var|static|def|func|fn|#define)\b(?!:)|\s\w{1,40} \+?= [rbf]?(?:\"[^\"]{1,200}\"|'[^']{1,200}')\s*$|<(?:string|entry|value|source|target|translation)\b[^<>]{0,200}>.{0,400}</|>>> |(?:\d{4}: )?\w{0,40}\(r?['\"]|[rbf]['\"])"
)
_CODE_MARKS: Final = re.compile(
    r"['\"] (?:in|not in) \w|\bin \(?\d{4}, ?\d{4}|[=!]= ?['\"]|=~|\.(?:includes|contains|match|indexOf|startswith|startsWith)\(|\b(?:strpos|stripos|preg_match|str_contains|strstr)\("
    r"|['\"] ?% ?[(\w]|%[rs]['\")]|\{\w[\w.!:]{0,30}\}\W{0,3}['\"]|\{\{-? ?[$.]\w|\|.{0,2000}`.{0,2000}\|$"
)
"""A line of source."""
_UNIT_NAMED: Final = re.compile(
    r"(?:Start(?:ed|ing)|Finished|Stopp(?:ed|ing)|Reload(?:ed|ing)|Created|Removed|Failed to start|Dependency failed for|Triggering|Scheduled)\s"
)
"""How systemd begins a line with the description of a unit."""
_COMMAND_LOGGED: Final = re.compile(r"\bCMD \(|\bCOMMAND=|\btype=EXECVE\b|\bExecStart\w*=")
"""How cron, sudo, the kernel's audit and a unit's file state a command."""


def _is_in_command(text: str, start: int) -> bool:
    """Whether words stand in a command that is logged; one in brackets ends with them."""
    command = _COMMAND_LOGGED.search(text, 0, start)
    if command is None:
        return False
    between = text[command.start() : start]
    return not command[0].endswith("(") or between.count("(") > between.count(")")


_METRIC: Final = re.compile(
    r"(?:^|\s)[A-Za-z_:][\w:]{2,200}\{\w{1,80}=\"[^{}]{0,1000}\"\}\s{1,40}[-+]?(?:\d[\d.eE+-]{0,40}|NaN|Inf)(?:\s+\d{1,20})?\s*$"
)
"""A sample of OpenMetrics: its labels name an error, also where none was counted."""
_TEST_PASSED: Final = re.compile(
    r"(?i)\btest.{0,400}\.\.\. ?(?:ok|passed|skipped|ignored)\s*$|^\s*(?:[✓✔√]|--- PASS:|ok \d{1,6}\b)"
    r"|(?-i:\b(?:PASS(?:ED)?|SKIPPED|XFAIL)\s{0,80}(?:\[ {0,3}\d{1,3}%\])?\s*$|^\s*PASS\s)"
)
"""A test that passed may be named after an error."""
_COMPARED: Final = re.compile(
    r"(?i)(?:^\s*|\s)(?:WHERE|AND|OR|HAVING|WHEN)\s{1,8}(?:NOT )?\(?[\w.`]{1,80}\s{0,4}(?:=|<>|!=|(?:NOT )?(?:LIKE|RLIKE|REGEXP|IN))\s{0,4}"
    r"\(?(?:'[^']{0,80}',\s{0,4})*'%?[^'\"]{0,120}$"
)
"""What stands before a text that a statement compares with."""
_SETTING: Final = r"(?!(?i:err(?:or)?s?|warn(?:ing)?|fatal|crit(?:ical)?|info|debug|notice|level|severity|msg|message|exception|reason|cause)\b)[A-Za-z][\w.-]{1,60}"
"""The name of a setting, which is no word that reports."""
_VALUE: Final = r"(?:\"[^\"]{0,60}\"|'[^']{0,60}'|[\w./:+,%-]{1,60})"
_REMARK: Final = re.compile(
    rf"\s*(?:{_SETTING}\s{{0,40}}(?:=\s{{0,40}}{_VALUE},?\s{{1,40}}(?:[#;]|//)|:\s{{1,40}}{_VALUE}\s{{1,40}}#)\s|[#;]\s{{0,8}}{_SETTING}\s{{0,40}}=\s"
    r"|(?i:SET|SELECT|FLUSH|KILL|ALTER|CALL|SHOW|UPDATE|INSERT|DELETE)\b[^;]{1,400};\s{0,20}(?:--\s|#|/\*)|.{0,400}[;{]\s{1,40}//\s)"
)
"""A setting or a statement with a remark behind it, or a setting that is turned off by a mark of a remark."""
_REMARK_LINE: Final = re.compile(r"\s*(?:[#;](?!\d)|//|--\s)")
_LONG_VALUE: Final = rf"(?:{_VALUE}|[\w./:+,%?&=@~*-]{{1,300}})"
_SETTING_LINE: Final = re.compile(
    rf"\s*(?:\[[\w.: -]{{1,60}}\]|-{{3}}|[{{}}]|(?:- )?{_SETTING}\s{{0,40}}[=:]\s{{0,40}}(?:{_LONG_VALUE})?|- {_LONG_VALUE}|[a-z][a-z_-]{{2,40}}$)\s*(?:[#;].*)?$"
)
"""A line of a file of settings, or the head of a part of one."""
_REMARK_HEAD: Final = re.compile(r"\s{0,8}(?:[#;]|//)\s{1,4}[A-Za-z]")
"""A remark at the beginning of a file: a time in it is when the file was written."""
_ALERT_RULE: Final = re.compile(r"\s*(?:- )?(?:alert|expr|annotations):")
_YAML_TEXT: Final = re.compile(rf"\s{{1,40}}(?:- )?(?=[a-z]){_SETTING}:\s{{1,4}}\S")
_YAML_LINE: Final = re.compile(r"\s{0,60}(?:- )?[a-z][\w.-]{0,60}:(?:\s|$)|\s{0,60}- |---")
_YAML_ITEM: Final = re.compile(r"\s{1,60}- [a-z][\w.-]{0,60}:\s")
"""Lines of YAML: a text by its name, any line, and the first of an item with several names."""
NEAR_YAML: Final = 12
"""Lines before a text in YAML that show that it is one."""
_SPAN_END: Final = re.compile(r"`(?:[.,;:)\s]|$)")
"""The end of what Markdown marks as code."""
_TABLE_ROW: Final = re.compile(r"\s{0,8}\|(?=\s)(?:[^|]{0,2000}\s\|){2,40}\s*$")
"""A row of a table as the mysql client prints it: it holds values, of tickets as of errors."""
_DOUBLED_QUOTE: Final = re.compile(r"[\w,.)] \"\"$")
"""What stands before a quotation in a field of CSV, where a quotation mark is written twice."""
_LIST_ITEM: Final = re.compile(r"\s{1,40}(?:\d{4}\s?:\s?|N?_\()?(['\"]).{1,200}\1\)?,?\s*$")
"""A string in a list of messages, in source."""
_ARTICLE: Final = re.compile(
    r"(?:\bERROR \d{4} \(\w{5}\): )?(?:\b[Tt]he )?(?:\b(?:MySQL|MariaDB|Mysql|mysql) )?$"
)
_QUOTE_BEFORE: Final = re.compile(r"(?P<word>[\w,.]+[ ]|^)\*{0,2}[\"“‘`「]$")
_PROSE_AFTER: Final = re.compile(
    r"[^\"”’`\n]{0,200}[\"”’`」]\*{0,2}[,.;:)：，。]?(?:\w*[\u4e00-\u9fff]|\s{1,2}[a-z]{2,20}\b(?!=)|\s{0,2}\(|\s*$)"
)
_OF_A_PERSON: Final = re.compile(
    r"(?:^|[\s,(])(?:I|I'm|I've|[Ww]e|[Mm]y|[Oo]ur|[Yy]ou|[Yy]our|[Hh]ello|[Aa]nyone|[Ss]omeone) [a-z]"
)
"""What a person writes, and no program."""
_PROSE_BEFORE: Final = re.compile(r"(?:^|[a-z,;] )[a-z]{2,20},? $")
_OF_ERRORS_AFTER: Final = re.compile(
    r"[^.:;\n]{4,100}?[”’\"'`]{0,2} (?:errors?|messages?|form)\b(?: (?:is|are|can|may|means?|occurs?|happens?|appears?)\b|[.:]?\s*$)"
)
"""What follows the words in a sentence about such errors: `MySQL server has gone away error is that`."""
_PLAIN_WORD: Final = re.compile(r"[A-Za-z][a-z'’]*[,.;:?!]?")
_ARTICLE_WORD: Final = re.compile(r"(?i)\b(?:the|this|that|these|your?|an?)\s")
_NAMED_BEFORE: Final = re.compile(r"(?i)\b(?:the|an?|this) (?:error|message)s? ['\"`“]?$")
"""What stands before the name of an error in a sentence about it."""
_SENTENCE_END: Final = re.compile(r"[a-z][.:](?:\s*$|\s{1,2}[A-Z])")
_FIRST_PERSON: Final = re.compile(
    r"(?:^|[\s,(])(?:I|I'm|I've|[Ww]e|[Mm]y|[Oo]ur|[Aa]nyone|[Ss]omeone|[Hh]ello)\b"
)
NEAR_SETTINGS: Final = 6
"""Lines before and after a remark that show whether it stands among settings."""
MIN_WORDS_AROUND: Final = 3
"""Plain words around an error in a line of an item from which the line is part of a sentence."""
PROSE_WORDS: Final = 6
"""Words of a line from which it may be a sentence."""
_CHANGE: Final = re.compile(
    r"\s{0,12}(?:[0-9a-f]{7,40} )?(?:(?:Fix(?:ed|es)?|Handle[sd]?|Avoid(?:ed|s)?|Prevent(?:ed|s)?|Resolve[sd]?|Improve[sd]?|Work(?:ed)? around)\b|(?:fix|feat|perf|refactor|test|docs|chore)(?:\([\w./-]{1,40}\))?!?: )"
)
"""The beginning of a line that describes a change."""
_TICKET: Final = re.compile(
    r"\(#\d{1,7}\)\s*$|(?i:\b(?:issue|closes|fixes|resolves|bug|gh-|pr) ?#?\d{1,7}\b)"
)
"""The number of a ticket."""
_BEFORE_REAL_ERRORS: Final = re.compile(
    r"(?i)\b(?:error|failed|failure|fatal|exception|warning|with|message|reason|because|critical|err|got|says|was|is|reported|detected|received|reconnect\w*)[: ]{1,2}$"
)
"""What stands before the words of a real error, too."""


def mention_in(
    text: str,
    start: int,
    lines_before: Sequence[str],
    *,
    dated: bool,
    may_be_source: bool = True,
    end: int = 0,
) -> Mention:
    """Whether the words from `start` to `end` of a line are only quoted.

    `lines_before` are the lines of the same record before it; `dated`, whether the line has a timestamp, or continues a
    traceback; `may_be_source`, whether it has no timestamp of its own, so that it may be a line of source.

    >>> mention_in('people see "MySQL server has gone away" when it idles', 18, [], dated=False)
    <Mention.YES: 'yes'>
    >>> mention_in("pymysql.err.OperationalError: (2006, 'MySQL server has gone away')", 45, [], dated=False)
    <Mention.NO: 'no'>
    """
    before = text[:start]
    is_logged = _STATEMENT_LOGGED.match(text) or _REQUEST_LOGGED.search(before) or _is_in_value(text, start)
    is_in_manual = _MANUAL_HEAD.match(text) or any(_MANUAL_HEAD.match(line) for line in lines_before[-1:])
    is_named = is_in_manual or _METRIC.search(text) or _TEST_PASSED.search(text) or _REMARK.match(before)
    if is_logged or is_named or any(_SLOW_LOG.match(line) for line in lines_before[-200:]):
        return Mention.YES
    is_source = (
        _CODE.match(text) or _CODE_MARKS.search(text) or _LIST_ITEM.match(text) or _is_literal(text, start)
    )
    if not is_source and (_TABLE_ROW.match(text) or _DOUBLED_QUOTE.search(_ARTICLE.sub("", before))):
        return Mention.MAYBE
    if dated:
        return Mention.YES if may_be_source and is_source else Mention.NO
    is_value = _INSERT_LINE.match(text, 0, start) and text.find(")", start) >= 0
    before = _ARTICLE.sub("", before)
    is_listed = _is_item(text, lines_before) or _is_in_item(text, start, max(start, end), lines_before)
    if is_source or is_value or is_listed or _is_of_person(text, before):
        return Mention.YES
    mention = _in_code_span(text, start, max(start, end)) or _in_prose(text, before)
    is_reported = mention is Mention.NO and _is_in_sentence(text, start, max(start, end))
    return Mention.MAYBE if is_reported else mention


_CALL: Final = re.compile(
    r"\s*(?:@\w[\w.]{0,80}|(?:\w{1,40}\s?:?=\s?)?(?:await |not |!)?(?![\w$.:>-]{0,200}(?:Error|Exception|Fail))[\w$]{1,60}(?:(?:\.|->|::)[\w$]{1,60}[!?]?){1,6})\(.{0,2000}\)\s*(?:[:;,]\s*)?$"
)
"""A call of a member or a decorator that fills a line; a class of errors that is printed looks the same."""
_DECLARATION: Final = re.compile(
    r"\s*(?:(?:public|private|protected|const|readonly|pub|SIGNAL SQLSTATE|throw|grep|egrep|zgrep|rg|awk|sed|git grep)\s|(?:static|final|export|internal) (?:static|final|const|default|readonly|function|class|let|var|char|string|String)\b|(?:describe|expect)[ (]{1,2}['\"`]|(?:msgid|msgstr)(?:\[\d\])? \"|\$ (?:sudo )?\w*grep )"
)
"""How a declaration, a test, a catalogue of messages or a command that searches begins."""
_PATTERN_SET: Final = re.compile(
    r"\s*(?:- )?[\w.-]{0,40}(?:(?:regex(?:p|es)?|pattern|alert_on)s?['\"]?\s{0,8}(?:[:=]|\?=|=~)\s|(?:match(?:es)?|contains|expression|filter|ignore|exclude)s?['\"]?\s{0,8}(?:[:=]|\?=|=~)\s{1,8}['\"/^.(*])"
)
"""A setting with what is to be searched for."""
_ASSIGNED: Final = re.compile(r"\s*[\w$.]{1,60}(?:\[[^\]]{1,60}\])?\s?(?:\?=|:=|\|\|=|(?<=\])\s?=)\s?['\"]")
_MANUAL_ROW: Final = re.compile(
    r"\s*\|?\s*(?:`?\d{4}`?\s*\|\s*`?(?:CR|ER)_[A-Z_]{4,60}`?|`?(?:CR|ER)_[A-Z_]{4,60}`?\s*\|\s*`?\d{4}`?)\s*\|"
)
"""A row of a table of error numbers."""
_MANUAL_HEAD: Final = re.compile(r"\s*Error (?:number|code): \w{4,20}; Symbol: ")
"""The line before a message in MySQL's list of its messages."""
_BEFORE_LITERAL: Final = re.compile(r"(?:[(\[{=,+?]|\breturn|\bthrow|\bcase)\s{0,8}[rbfLu@$]?$")
_STATEMENT_END: Final = (";", "{")
_NUMBER_STATED: Final = re.compile(r"(?i)\b(?:errno|errcode|code|error|err)[=:] ?[1-4]\d{3}\b|\bSQLSTATE\[")
"""An error's number before its words, as a program prints them; in source a blank stands before the sign."""
_INITIALISED: Final = re.compile(r"\s*\{\s*[A-Z][A-Z_\d]{3,60}\s*,\s*\"")
"""An element of a table of errors in C."""


def _is_literal(text: str, start: int) -> bool:
    """Whether words stand in a string of source, of settings or of a command, by the shape of the whole line."""
    if _is_in_pattern(text, start) or _MANUAL_ROW.match(text, 0, start):
        return True
    start += text[start : start + 1] in {'"', "'"}
    quotes = {quote: text.count(quote, 0, start) for quote in "\"'`"}
    opened = max((text.rfind(quote, 0, start) for quote, count in quotes.items() if count % 2), default=-1)
    is_stated = opened < 0 or _ERROR_HEAD.match(text.lstrip()) or _NUMBER_STATED.search(text, 0, opened)
    if is_stated or text.find(text[opened], start) < 0:
        return False
    is_statement = text.rstrip().endswith(_STATEMENT_END) and _BEFORE_LITERAL.search(text, 0, opened)
    return bool(
        is_statement
        or _INITIALISED.match(text)
        or _CALL.match(text)
        or _DECLARATION.match(text)
        or _ASSIGNED.match(text)
    )


def _is_in_pattern(text: str, start: int) -> bool:
    """Whether words stand in what a setting searches for, which ends with its quotation mark."""
    pattern_set = _PATTERN_SET.match(text, 0, start)
    quote = "" if pattern_set is None else text[pattern_set.end() - 1]
    is_closed = (
        quote in {"'", '"'} and pattern_set is not None and text.find(quote, pattern_set.end(), start) >= 0
    )
    return pattern_set is not None and not is_closed


def _is_in_sentence(text: str, start: int, end: int) -> bool:
    """Whether the words stand inside a sentence about errors, from `start` to `end`."""
    before, after = text[:start], text[end:]
    is_around = len(before.split()) >= 2 or len(after.split()) >= PROSE_WORDS
    is_error = _ERROR_HEAD.match(text.lstrip()) or (
        _BEFORE_REAL_ERRORS.search(before.rstrip("'\"`“")) and not _NAMED_BEFORE.search(before)
    )
    rest = re.sub(r"[\"'`“”‘’()]", " ", _ARTICLE.sub("", before) + after).strip()
    return (
        is_around
        and not is_error
        and not _FIRST_PERSON.search(text)
        and rest.endswith((".", ":"))
        and _is_sentence(rest)
    )


def _is_of_person(text: str, before: str) -> bool:
    """Whether a person quotes the words that stand after `before`."""
    is_quoted = _QUOTE_BEFORE.search(before) and _OF_A_PERSON.search(text)
    return bool(is_quoted) and not _ERROR_HEAD.match(text.lstrip())


def _is_item(text: str, lines_before: Sequence[str]) -> bool:
    """Whether a line is an item of a list, a heading, a comment or a line of a diff, and no error behind a dash."""
    if text[:1] in {"+", "-"} and any(
        line[:1] in {"+", "-"} or line[:2] == "@@" for line in lines_before[-20:]
    ):
        return True
    bullet = _BULLET.match(text)
    return bullet is not None and not _ERROR_HEAD.match(bullet["rest"])


def _is_in_item(text: str, start: int, end: int, lines_before: Sequence[str]) -> bool:
    """Whether a line is a further line of a wrapped item, with the words from `start` to `end` inside a sentence."""
    around = f"{text[:start]} {text[end:]}".replace('"', " ").replace("'", " ")
    plain_words = sum(map(bool, map(_PLAIN_WORD.fullmatch, around.split())))
    if not text[:1].isspace() or plain_words < MIN_WORDS_AROUND or _ERROR_HEAD.match(text.lstrip()):
        return False
    indent = len(text) - len(text.lstrip())
    for line in reversed(lines_before[-ITEM_LINES:]):
        if len(line) - len(line.lstrip()) < indent or not line.strip():
            item = _ITEM_HEAD.match(line)
            return item is not None and not _ERROR_HEAD.match(item["rest"])
    return False


def _is_in_value(text: str, start: int) -> bool:
    """Whether an offset is inside a quoted value of a statement."""
    statement = _STATEMENT.search(text, 0, start)
    if _COMPARED.search(text[max(0, start - FOREIGN_SEARCH_CHARS) : start + 1]):
        return True
    if statement is None:
        return False
    quotes = text.count("'", statement.end("quote"), start) - text.count("\\'", statement.end("quote"), start)
    return quotes % 2 == 1 and statement["quote"] != "'" and _VALUE_END.match(text, start) is not None


def _in_code_span(text: str, start: int, end: int) -> Mention | None:
    """Whether Markdown marks the words from `start` to `end` as code, within other words; None where it does not."""
    opened, closed = text.rfind("`", 0, start), text.find("`", end)
    is_span = text.count("`", 0, start) % 2 == 1 and (opened == 0 or text[opened - 1] in " (\t")
    around = f"{text[:opened]}{text[closed + 1 :]}".strip()
    if closed < 0 or not is_span or not around or not _SPAN_END.match(text, closed):
        return None
    return Mention.YES if len(around.split()) >= 3 and not _FIRST_PERSON.search(text) else Mention.MAYBE


def _in_prose(text: str, before: str) -> Mention:
    """Whether words after `before` are part of a sentence."""
    if _ERROR_HEAD.match(text.lstrip()):
        return Mention.NO
    quoted = _QUOTE_BEFORE.search(before)
    if quoted is not None:
        if not quoted["word"] and not _PROSE_AFTER.match(text, len(before)):
            return Mention.NO
        is_prose = _PROSE_AFTER.match(text, len(before)) is not None
        if _BEFORE_REAL_ERRORS.search(before[:-1]):
            return Mention.YES if is_prose and before.endswith("`") else Mention.NO
        return Mention.YES if is_prose else Mention.MAYBE
    if _PROSE_BEFORE.search(before) and not _BEFORE_REAL_ERRORS.search(before):
        return Mention.YES if _OF_ERRORS_AFTER.match(text, len(before)) else Mention.MAYBE
    return Mention.MAYBE if _CHANGE.match(text) or _TICKET.search(text) else Mention.NO


def _is_sentence(text: str) -> bool:
    """Whether a line is a sentence written by a person, not by a program.

    >>> _is_sentence("The server timed out and closed the connection."), _is_sentence("wait_timeout is 28800 on db1 now")
    (True, False)
    """
    words = text[:FOREIGN_SEARCH_CHARS].split()
    is_whole = words[:1] and (words[0][:1].isupper() or _SENTENCE_END.search(text))
    is_begun = len(words) >= PROSE_WORDS and is_whole and _ARTICLE_WORD.search(text)
    return bool(is_begun) and sum(map(bool, map(_PLAIN_WORD.fullmatch, words))) >= 0.8 * len(words)


# --- Records, drafts, events

MAX_REMEMBERED_PROGRAMS: Final = 200
"""Programs of one log whose client is remembered."""
FOREIGN_SEARCH_CHARS: Final = 1000
"""Characters of a line that are searched for the names of other software."""
_SERVER_ONLY_WORDS: Final = re.compile(
    r"Aborted connection \d|Could not (?:read|write) packet|\S{0,200}(?:mariadbd|mysqld): |.{0,200}ready for connections"
)
"""What only a server writes; other logs number their lines as MariaDB does."""
_CLIENT_ENTRY: Final = re.compile(
    r"(?:Slave|Replica) (?:I/O|SQL)|Error reading packet from server|failed to execute query |\[Xtrabackup\]"
)
_READY_WORDS: Final = re.compile(r"ready for connections")
_SERVER_CLIENT: Final = LogClient(N_("server log"))
_LEVELS: Final = re.compile(r"(?i)\b(?:warn(?:ing)?|error|err|notice|info|debug|critical|fatal)\b")


PROCESS_NUMBER: Final = re.compile(r"^ ?\d{1,3}\((\d{1,10})\) ")
"""How lines of Kamailio and OpenSIPS begin."""
SPEAKER_FORMS: Final = (
    PROCESS_NUMBER,
    re.compile(r"^ {0,6}(\d{1,7}):\d{8}:\d{6}\.\d{3} "),
    re.compile(r" --- \[ {0,20}([\w.#-]{1,60})\]"),
    re.compile(r"^\[Nest\] {1,3}(\d{1,10})\b"),
    re.compile(r"#(\d{1,10})\]"),
    re.compile(r": Thread (\d{1,6}): "),
    re.compile(r"\b(?:pid|PID|Pid)[ =:]{1,2}(\d{1,10})\b"),
    re.compile(r"[\[(]([A-Za-z][\w.]{0,40}[-#]\d{1,6})[\])]"),
    re.compile(r"\b(ForkPoolWorker-\d{1,6})\]"),
    re.compile(r"\[([0-9a-f]{6,36}(?:-[0-9a-f]{4,12}){0,4})\]"),
    re.compile(r"\[(main|[\w .-]{0,40}[Tt]hread[\w .-]{0,20})\]"),
)
"""How a line names its process (Kamailio, Zabbix, Ruby, PHP), its thread (Spring and others) or its request."""
WORDS_BEFORE_CHARS: Final = 60
"""Characters before the words of an error by which two reports of it are known to be of one error."""
HEAD_CHARS: Final = 80
"""Characters of a long line's beginning that are quoted."""
CHAIN_LINES: Final = 6
"""Lines between two reports of one cause chain."""
_DIGITS: Final = re.compile(r"\d+")
_WRAPS: Final = re.compile(r"^$|[\s:(\[>'\"=\].,;-]$")
"""How what is put before a quoted error ends."""
AFTERMATH_SECONDS: Final = 2.0
"""Seconds after a loss within which a proxy closes the other side of the session, and a client uses its connection again."""
PACKET_ERRORS: Final = frozenset({1153, 2020})
"""The errors of a packet that is too large: the server closes the session."""
AFTER_PACKET_SECONDS: Final = 5.0
AFTER_PACKET_LINES: Final = 12
SAME_PACKETS_SECONDS: Final = 0.1
"""Seconds between two reports of one program that state the times of the same packets."""
PRECURSOR_LINES: Final = 20
"""Lines, in a log without times, between a driver's remark and the error itself."""


@dataclass(frozen=True, slots=True)
class DraftEvent:
    """An error event that may yet be joined to the one before."""

    event: ErrorEvent
    is_precursor: bool = False
    """Whether it is only a driver's remark before the error itself."""
    subject: Cause | int | None = None
    """Of a server's log: the session that the entry is about, or what ended the whole server."""
    server_ready: bool = False
    """Not an error: the server is ready again."""
    is_traceback_rest: bool = False
    """The rest of a traceback, after a statement too long to be read."""
    words: str = ""
    """The words that report the error, with what stands before them on the line."""
    words_start: int = 0
    """Where in `words` the report begins."""
    outer_words: str = ""
    """What stands before `words` on the line."""
    is_retried: bool = False
    """Whether the driver logs the same for each closed connection of its pool."""
    is_aftermath: bool = False
    """Whether a proxy logs it of a session after it has reported the loss."""
    is_typed: bool = False
    """Whether the statement that failed stands above the error behind the prompt of a client."""
    is_of_host: bool = False
    """Whether the kernel or systemd reports it: of an end that a server's own log has reported already."""
    is_over: bool = False
    """Whether its program has reported another error since."""
    is_after_refusal: bool = False
    """Whether its program lost a connection before, and since then was only refused another one."""
    is_form: bool = False
    """Whether the error stands in a form of names and values, as a report of a crash has it beside the program's log."""


def _drafts(records: Iterable[Record]) -> Iterator[DraftEvent]:
    """Decide what each record is, and read it as that: an entry of a server's own log, or what a program wrote."""
    server_log, server_run, known_clients, forks = ServerLog(UTC), _ServerRun(), _KnownClients(), _Forks()
    datasources, statements, running = _Datasources(), _LoggedStatements(), _Running()
    answers, own_sessions = _Answers(), _OwnSessions()
    for record in records:
        if statements.holds(record):
            yield from _quoted_drafts(record)
            continue
        forks.add(record)
        datasources.add(record)
        own_sessions.add(record)
        yield from _end_drafts(record)
        entry = server_log.parse_entry(record.lines[0].text)
        if entry is not None:
            server_run.add(entry, record.timestamp)
        if entry is not None and _is_of_server(entry):
            for draft in _server_drafts(record, entry):
                yield server_run.completed(draft)
        else:
            for draft in _client_drafts(record, is_mysql=record.program in datasources.of_mysql):
                begun = running.completed(forks.completed(draft, record), record)
                known = known_clients.completed(begun, record.program)
                yield own_sessions.completed(answers.completed(known, record), record)
        running.add(record)
        answers.add(record)


def _quoted_drafts(record: Record) -> Iterator[DraftEvent]:
    """The drafts of a record that may be part of a logged statement's value: mentions, and of no server's state."""
    entry = ServerLog(UTC).parse_entry(record.lines[0].text)
    is_entry = entry is not None and _is_of_server(entry)
    own = _server_drafts(record, entry) if entry and is_entry else _client_drafts(record, is_mysql=False)
    for draft in (*_end_drafts(record), *own):
        if not draft.server_ready:
            event = replace(draft.event, is_mention=True)
            yield replace(draft, event=event, subject=None if draft.subject is None else -event.line)


_DUMP_BEGINS: Final = re.compile(r"Start (?:semi-sync |asynchronous )?binlog_dump to ")
"""A server begins to send its binlog: a session that does so does nothing else."""
MAX_DUMPS: Final = 200


@dataclass(slots=True)
class _ServerRun:
    """When the server whose log is read was last ready, and which sessions it sends its binlog since when."""

    ready_seconds: float | None = None
    dumps: dict[ProcesslistId, float] = field(default_factory=dict)
    """When each of the last MAX_DUMPS began, by its session."""

    def add(self, entry: LogEntry, timestamp: Timestamp | None) -> None:
        """Remember the session to which the server begins to send its binlog."""
        if entry.session_id is None or timestamp is None or not _DUMP_BEGINS.match(entry.text):
            return
        self.dumps.setdefault(entry.session_id, timestamp.clock_seconds)
        if len(self.dumps) > MAX_DUMPS:
            del self.dumps[next(iter(self.dumps))]

    def completed(self, draft: DraftEvent) -> DraftEvent:
        """Add how long the server and the session had been up, where its log has it."""
        timestamp, session_id = draft.event.timestamp, draft.event.session_id
        seconds = None if timestamp is None else timestamp.clock_seconds
        began = None if session_id is None else self.dumps.pop(session_id, None)
        if began is not None and seconds is not None and seconds >= began:
            draft = replace(draft, event=replace(draft.event, lasted_seconds=seconds - began))
        if draft.server_ready:
            self.ready_seconds = seconds
        if self.ready_seconds is None or seconds is None or seconds < self.ready_seconds:
            return draft
        return replace(draft, event=replace(draft.event, server_up_seconds=seconds - self.ready_seconds))


@dataclass(slots=True)
class _KnownClients:
    """Which client each program of a log uses: the last MAX_REMEMBERED_PROGRAMS that named one."""

    clients: dict[str, LogClient] = field(default_factory=dict)
    last: ErrorEvent | None = None
    """The last event whose lines name its client."""

    def completed(self, draft: DraftEvent, program: str) -> DraftEvent:
        """Add the program's client to an event whose own lines do not name it."""
        client = draft.event.client
        known = self.clients.get(program, UNKNOWN_CLIENT)
        if not program and self.last is not None and _speaks_alike(self.last, draft.event):
            known = self.last.client
        if client.driver:
            self.last = draft.event
        if client.driver and program:
            self.clients.pop(program, None)
            self.clients[program] = client
            if len(self.clients) > MAX_REMEMBERED_PROGRAMS:
                del self.clients[next(iter(self.clients))]
        elif known.driver and not client.framework and not client.driver:
            return replace(draft, event=replace(draft.event, client=known))
        return draft


ALIKE_SECONDS: Final = 2.0
ALIKE_CHARS: Final = 30
"""Characters with which two lines of one program begin alike, its timestamp among them."""


def _speaks_alike(event: ErrorEvent, other: ErrorEvent) -> bool:
    """Whether two errors of a log without names of programs are written at one time and in one form."""
    if event.timestamp is None or other.timestamp is None or event.program or other.program:
        return False
    shared = next(
        (count for count, (char, one) in enumerate(zip(event.text, other.text, strict=False)) if char != one),
        min(len(event.text), len(other.text)),
    )
    return _seconds_between(event, other) <= ALIKE_SECONDS and shared >= ALIKE_CHARS


_DATASOURCE: Final = re.compile(
    r"\bDatasource \"[^\"]{1,60}\": (?P<product>\w+)|\bStarting an? (?P<pool>\w+) pool with \d"
)
"""How Prisma says to what it will connect, or connects."""


@dataclass(slots=True)
class _Datasources:
    """The programs of a log whose Prisma connects to MySQL: at most MAX_REMEMBERED_PROGRAMS."""

    of_mysql: set[str] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Remember what a record says of its program's database."""
        for line in record.lines:
            is_named = 'Datasource "' in line.text or " pool with " in line.text
            match = _DATASOURCE.search(line.text) if is_named else None
            if match is None:
                continue
            if (match["product"] or match["pool"]).casefold() != "mysql":
                self.of_mysql.discard(record.program)
            elif len(self.of_mysql) < MAX_REMEMBERED_PROGRAMS:
                self.of_mysql.add(record.program)


RAN_SECONDS: Final = 1.0
"""Seconds between a line with the time that a statement ran, and the error that ended it."""
_BEGINS_STATEMENT: Final = re.compile(
    r"(?i)\b(?:running|executing|execute|sending|starting|start|issuing|begin(?:ning)?)\b(?! (?:time|at)\b)[^;]{0,40}?"
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CALL|ALTER|LOAD DATA|OPTIMIZE|CREATE|query|quer(?:y|ies)|sql|statement)\b"
)
"""How a program says that it sends a statement: the silence behind is its wait for the answer."""


_BEGINS_WORK: Final = re.compile(
    r"(?i)\b(?:started|starting|begins?|beginning|began|running|executing|processing|exporting|importing|syncing|rebuilding)\b"
)
_BEGINS_WAITING: Final = re.compile(
    r"(?i)\b(?:workers?|server|app(?:lication)?|service|consumer|listen\w*|daemon|scheduler|process|thread|pool|queue|watch\w*|wait\w*|idle|cron)\b"
)
"""What begins to wait for work, and not to work."""


@dataclass(slots=True)
class _Running:
    """The last line of each program of a log with its time: it may say which statement is running."""

    lines: dict[str, tuple[Timestamp, str]] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Remember the last line of a record."""
        self.lines.pop(record.program, None)
        if record.timestamp is not None:
            self.lines[record.program] = record.timestamp, record.lines[-1].text
            if len(self.lines) > MAX_REMEMBERED_PROGRAMS:
                del self.lines[next(iter(self.lines))]

    def completed(self, draft: DraftEvent, record: Record) -> DraftEvent:
        """Add how long the client of a lost connection had waited, where the record before says that it did."""
        event = draft.event
        event = self._without_work(event, record)
        draft = replace(draft, event=event)
        began, line = self.lines.get(record.program, (None, ""))
        is_stated = event.waited_seconds is not None or event.idle_seconds is not None
        if began is None or event.timestamp is None or is_stated or not event.is_loss:
            return draft
        gap = event.timestamp.seconds_after(began)
        if gap is None or record.lines[0].starts_block:
            return draft
        waited_seconds = _waited_since(line[:FOREIGN_SEARCH_CHARS], gap, can_begin=not event.write_failed)
        if waited_seconds < MIN_WAIT_SECONDS:
            return draft
        silent_seconds = silence_before_wait(event.silent_seconds, gap)
        return replace(
            draft, event=replace(event, waited_seconds=waited_seconds, silent_seconds=silent_seconds)
        )

    def _without_work(self, event: ErrorEvent, record: Record) -> ErrorEvent:
        """The event of a client that waited for an answer, without the silence of the work that its program was doing."""
        began, line = self.lines.get(record.program, (None, ""))
        if began is None or event.timestamp is None or event.code not in SERVER_LOST_ERRORS:
            return event
        line = line[:FOREIGN_SEARCH_CHARS]
        if not _BEGINS_WORK.search(line) or _BEGINS_WAITING.search(line):
            return event
        gap = event.timestamp.seconds_after(began)
        return replace(event, silent_seconds=silence_before_wait(event.silent_seconds, gap))


USED_SECONDS: Final = 60.0
"""Seconds after an answered statement within which no idle limit ends a session, unless it is set to seconds."""
_ANSWERED: Final = re.compile(
    r"(?i)\bquery (?:was )?(?:successfully )?(?:executed|succeeded|finished|ok\b)|\bExecuted DbCommand \(|\brows? (?:affected|in set|fetched|returned|inserted|updated|sent)\b"
    r"|\b(?:job|task|batch|import|message)\b.{0,200}?\b(?:completed|done|succeeded|processed|finished|performed)\b|\bms\)\s{1,4}(?:SELECT|INSERT|UPDATE|DELETE|BEGIN|COMMIT)\b"
)
"""How a program says that a statement was answered, or that work is done that it does with statements."""
_ANSWER_WORDS: Final = (
    "xecuted",
    "ucceeded",
    "inished",
    "ok",
    "OK",
    "row",
    "ompleted",
    "OMPLETED",
    "done",
    "rocessed",
    "erformed",
    "ms)",
)
"""One of these is in every line that does."""


@dataclass(slots=True)
class _Answers:
    """When each process of a log last had a statement answered: the last MAX_REMEMBERED_PROGRAMS."""

    answered: dict[tuple[str, str], Timestamp] = field(default_factory=dict)
    """By program and process: a pool has other connections in other processes."""

    def add(self, record: Record) -> None:
        """Remember an answer, or work done, that a record reports."""
        text = record.lines[0].text[:FOREIGN_SEARCH_CHARS]
        if record.timestamp is None or not any(word in text for word in _ANSWER_WORDS):
            return
        if _ANSWERED.search(text):
            voice = record.program, _speaker(text)
            self.answered.pop(voice, None)
            self.answered[voice] = record.timestamp
            if len(self.answered) > MAX_REMEMBERED_PROGRAMS:
                del self.answered[next(iter(self.answered))]

    def completed(self, draft: DraftEvent, record: Record) -> DraftEvent:
        """Add how long before a loss the same process had an answer."""
        event = draft.event
        answered = self.answered.get((record.program, event.speaker))
        if answered is None or event.timestamp is None or not event.is_loss or not event.speaker:
            return draft
        used_seconds = event.timestamp.seconds_after(answered)
        if used_seconds is None or not 0 <= used_seconds <= USED_SECONDS:
            return draft
        return replace(draft, event=replace(event, used_seconds=used_seconds))


_OWN_SESSION: Final = re.compile(
    r"(?i)\b(?:connection_id(?:\(\))?|mysql_thread_id|processlist_id|thread_id\(\)|mysql (?:connection|thread|session)(?: id)?)['\"]?\s?(?:[:=]{1,2}|is)?\s?['\"]?(?P<id>\d{1,19})\b"
)
"""How a client states the id of its own session."""


@dataclass(slots=True)
class _OwnSessions:
    """The session that each process of a log says it has: the last MAX_REMEMBERED_PROGRAMS."""

    sessions: dict[tuple[str, str, str], ProcesslistId] = field(default_factory=dict)
    """The id of the session by program, process and logger."""

    def add(self, record: Record) -> None:
        """Remember the session that a record says is its own."""
        for line in record.lines[:CHAIN_LINES]:
            text = line.text[:FOREIGN_SEARCH_CHARS]
            own = _OWN_SESSION.search(text) if "id" in text.casefold() else None
            # What kills sessions names those of others.
            if own and "kill" not in text.casefold() and "Aborted connection" not in text:
                voice = record.program, _speaker(text), _logger(text)
                self.sessions.pop(voice, None)
                self.sessions[voice] = ProcesslistId(int(own["id"]))
                if len(self.sessions) > MAX_REMEMBERED_PROGRAMS:
                    del self.sessions[next(iter(self.sessions))]

    def completed(self, draft: DraftEvent, record: Record) -> DraftEvent:
        """Add the session that the process of an error said is its own."""
        voice = record.program, draft.event.speaker, _logger(record.lines[0].text)
        own = self.sessions.get(voice)
        if own is not None:
            return replace(draft, event=replace(draft.event, own_session_id=own))
        named = {
            session for (program, *_voice), session in self.sessions.items() if program == record.program
        }
        event = replace(draft.event, named_session_id=named.pop() if len(named) == 1 else None)
        return replace(draft, event=event)


_LOGGER: Final = re.compile(r"[\[(]?[A-Za-z][\w.:/-]{1,80}[\])]?")


def _logger(text: str) -> str:
    """The first word of a line behind its timestamp and level: mostly the name of what logs it.

    >>> _logger("2026-11-23 22:00:00,402 INFO  [reports.worker] connection_id()=88123")
    '[reports.worker]'
    """
    words = (
        word for word in text[:FOREIGN_SEARCH_CHARS].split() if not _LEVELS.fullmatch(word.strip("[]:|"))
    )
    return next((word for word in words if _LOGGER.fullmatch(word)), "")


def _dotted_logger(text: str) -> str:
    """The logger of a line where it is a path, as of a module; "" for any other word."""
    logger = _logger(text).strip("[]():")
    return logger if "." in logger and not EXCEPTION_HEAD.match(logger) else ""


def _waited_since(line: str, gap: float, *, can_begin: bool) -> float:
    """The seconds that a statement was running, by a line `gap` seconds before its error; 0 where the line speaks of none.

    `can_begin`: whether the client could send its statement, so that the line may be about its beginning.
    """
    ran_seconds = next(stated_run_times(line), None)
    if ran_seconds is not None:
        return ran_seconds if gap <= RAN_SECONDS else 0.0
    return gap if can_begin and _BEGINS_STATEMENT.search(line) else 0.0


FORK_SECONDS: Final = 10.0
"""Seconds after a fork within which a lost connection points at it: later ones have other causes more often."""
FORK_LINES: Final = 40
MAX_FORKS: Final = 500
_FORKED: Final = re.compile(
    r"\b[Ff]ork(?:ed|ing|s)?\b[^\d\n]{0,30}(?P<pid>\d{2,10})\b"
    r"|(?i:\b(?:boot|spawn)(?:ed|ing)?\b.{0,40}\bpid[ :=]{1,3}(?P<booted>\d{2,10})\b)"
    r"|\bWorker \d{1,4} \(PID: (?P<worker>\d{2,10})\) booted\b"
)
"""A line about a process that was forked, with its number."""
_FORKS: Final = re.compile(
    r"(?i)\bfork(?:ed|ing|s)?\b:? (?:(?!failed|exec)[\w#]{1,20} ){0,3}(?:worker|child|process|job|consumer|subprocess)"
    r"|\bForkManager\b|\bpcntl_fork\b|\bos\.fork\b|\bin_processes\b|\bRunning via Spring preloader\b"
    r"|\bmultiprocessing\.(?:Pool|Process)\(|\bProcessPoolExecutor\("
)
"""A line about processes that are forked, without a number."""
_CHILD_ENDS: Final = re.compile(
    r"(?i)\b(?:child(?:ren)?|workers?|(?:sub)?process|job)\b(?:(?!restart|fail)[^.;]){0,40}?\b(?:exit(?:ed|ing|s)?|finished|terminated|ended|reaped)\b"
    r"|\breap(?:ed|ing) (?:child|worker)"
)
"""A line about the end of a forked process."""
_FORK_WORDS: Final = ("ork", "ORK", "oot", "OOT", "pawn", "PAWN", "hild", "rocess", "eap")
"""One of these is in every line about a fork, or about the end of a forked process."""


@dataclass(frozen=True, slots=True)
class _ForkTrace:
    """A line about a fork, or about the end of a forked process."""

    program: str
    line: int
    seconds: float | None
    pid: str = ""
    """The number of the forked process; empty where the line has none."""
    is_end: bool = False

    def is_just_before(self, event: ErrorEvent) -> bool:
        """Whether the line stands shortly before an error."""
        if self.line >= event.line:
            return False
        if self.seconds is None or event.timestamp is None:
            return event.line - self.line <= FORK_LINES
        return 0 <= event.timestamp.clock_seconds - self.seconds <= FORK_SECONDS


@dataclass(slots=True)
class _Forks:
    """What a log says of forks: the last MAX_FORKS lines."""

    traces: list[_ForkTrace] = field(default_factory=list)
    programs: set[str] = field(default_factory=set)
    """The programs that have forked: at most MAX_REMEMBERED_PROGRAMS."""

    def add(self, record: Record) -> None:
        """Remember the forks, and the ends of forked processes, that a record names."""
        seconds = None if record.timestamp is None else record.timestamp.clock_seconds
        program = _family(record.program)
        for line in record.lines:
            if not any(word in line.text for word in _FORK_WORDS):
                continue
            text = line.text[:FOREIGN_SEARCH_CHARS]
            pids = [match["pid"] or match["booted"] or match["worker"] for match in _FORKED.finditer(text)]
            forks = not pids and _FORKS.search(text) is not None
            if (forks or "ork" in text) and (pids or forks) and len(self.programs) < MAX_REMEMBERED_PROGRAMS:
                self.programs.add(program)
            traces = [_ForkTrace(program, line.number, seconds, pid) for pid in pids]
            if forks or (program in self.programs and _CHILD_ENDS.search(text)):
                traces.append(_ForkTrace(program, line.number, seconds, is_end=not forks))
            self.traces = (self.traces + traces)[-MAX_FORKS:]

    def completed(self, draft: DraftEvent, record: Record) -> DraftEvent:
        """Add that a process was forked, or a forked one ended, just before, where the log says so."""
        if not self.traces:
            return draft
        event = draft.event
        spoken = f"{record.program} {record.lines[0].text[:FOREIGN_SEARCH_CHARS]} {draft.outer_words}"
        pids, program = set(_DIGITS.findall(spoken)), _family(record.program)
        is_forked = any(
            trace.is_just_before(event) and (trace.pid in pids if trace.pid else trace.program == program)
            for trace in self.traces
        )
        if not is_forked:
            return draft
        return replace(draft, event=replace(event, failures=event.failures | {FailureKind.FORKED}))


_PROCESS_ID: Final = re.compile(r"\[\d{1,10}\]")


def _family(program: str) -> str:
    """A program without the number of its process: forked processes have others."""
    return _PROCESS_ID.sub("", program)


_STRING: Final = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`[^`]*`|/\*.*?(?:\*/|\Z)|(?:--(?=\s|\Z)|#)[^\n]*",
    re.DOTALL,
)
"""A string, a quoted name or a comment of SQL: a quotation mark in a comment opens no string."""
_QUOTE: Final = re.compile("['\"`]")
MAX_STATEMENT_LINES: Final = 2000
"""Lines of a logged statement that are followed."""


@dataclass(frozen=True, slots=True)
class _OpenString:
    """A string of a logged statement that its record does not close."""

    logged_at: Timestamp | None
    """The timestamp of the record in which the statement begins."""
    quote: str = ""
    lines: int = 0
    """The lines since the statement began."""


@dataclass(slots=True)
class _LoggedStatements:
    """The programs whose slow or general query log is inside a string of a statement, as a value may hold a whole log."""

    open_strings: dict[str, _OpenString] = field(default_factory=dict)
    """By program."""

    def holds(self, record: Record) -> bool:
        """Whether a record may be part of a statement that began in an earlier record. Remembers what this one leaves open."""
        string = self.open_strings.pop(record.program, None)
        heads = [index for index, line in enumerate(record.lines) if _logged_head(line.text)]
        is_inside = (
            string is not None
            and 0 not in heads
            and not record.lines[0].starts_block
            and not _is_later_entry(record, string.logged_at)
        )
        if heads:
            self._follow(record, record.lines[heads[-1] :], _OpenString(record.timestamp))
        elif string is not None and is_inside:
            self._follow(record, record.lines, string)
        return is_inside

    def _follow(self, record: Record, lines: list[LogLine], before: _OpenString) -> None:
        """Remember the string that is open behind `lines`, if one is. `before` is what is open in front of them."""
        first, *others = (line.text for line in lines)
        text = before.quote + "\n".join((first[_logged_head(first) :], *others))
        is_whole = all(line.size_bytes <= LINE_HEAD_BYTES for line in lines)
        left_open = _QUOTE.search(_STRING.sub("", text)) if is_whole else None
        count = before.lines + len(lines)
        if left_open and count <= MAX_STATEMENT_LINES and len(self.open_strings) < MAX_REMEMBERED_PROGRAMS:
            self.open_strings[record.program] = replace(before, quote=left_open[0], lines=count)


def _is_later_entry(record: Record, logged_at: Timestamp | None) -> bool:
    """Whether a record is a server's entry that is no older than a logged statement: the statement cannot quote it."""
    own = record.timestamp
    if own is None or logged_at is None or own.zoned != logged_at.zoned or own.year_guessed:
        return False
    apart = own.seconds_after(logged_at)
    return apart is not None and apart >= 0 and split_entry(record.lines[0].text) is not None


def _logged_head(text: str) -> int:
    """How many characters of a line stand before a logged statement; 0 for a line before which none begins."""
    if _SLOW_LOG.match(text):
        return len(text)
    logged = _STATEMENT_LOGGED.match(text)
    return logged.end() if logged else 0


def _is_of_server(entry: LogEntry) -> bool:
    """Whether a server wrote an entry of itself. A replica is a client of its source, a backup one of its server."""
    is_servers = entry.cause or entry.code or _SERVER_ONLY_WORDS.match(in_english(entry.text))
    return bool(is_servers) and not _CLIENT_ENTRY.match(entry.text)


def _server_drafts(record: Record, entry: LogEntry) -> Iterator[DraftEvent]:
    """The draft of a server's entry, if it reports the end of a session or of the server, or that it is ready."""
    head, english = record.lines[0], in_english(entry.text)
    is_ready = _READY_WORDS.search(english) is not None
    if entry.cause is None and not is_ready and not english.startswith("Aborted connection "):
        return
    event = ErrorEvent(
        head.number,
        _server_timestamp(record, entry),
        head.text,
        error_number(entry),
        _SERVER_CLIENT,
        entry.cause,
        _server_certainty(entry),
        from_server_log=True,
        text_before=head.text_before[-MAX_SEARCHED_CHARS:],
    ).described_by([replace(head, text=english)])
    is_end = entry.session_id is None and entry.cause in {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
    server_end = entry.cause if is_end else None
    subject = None if is_ready else server_end or entry.session_id or -head.number
    yield DraftEvent(replace(event, session_id=entry.session_id), subject=subject, server_ready=is_ready)


def _end_drafts(record: Record) -> Iterator[DraftEvent]:
    """The drafts of what another party than server and client reports: how the server's process ended, who ended a session."""
    texts = [line.text for line in record.lines]
    for index, line in enumerate(record.lines):
        message = end_message(line.text) or container_message(texts, index)
        if message is None and "systemd" in record.program and host_stopped(line.text):
            message = EndMessage(EndKind.STOP, 0)
        if message is not None:
            yield from _end_draft(record, line, message)
        elif record.program and host_started(line.text):
            event = ErrorEvent(
                line.number, record.timestamp, line.text, client=SYSTEM_LOG, from_server_log=True
            )
            yield DraftEvent(event, server_ready=True, is_of_host=True)


def _end_draft(record: Record, line: LogLine, message: EndMessage) -> Iterator[DraftEvent]:
    """The draft of one such line, if it does not only quote what it says; one that is no error needs a time."""
    mention = Mention.NO if record.starts_dated else mention_in(line.text, message.start, [], dated=False)
    is_quoted = mention is Mention.YES or _is_in_value(line.text, message.start)
    if is_quoted or not (message.is_error or record.starts_dated):
        return
    is_own_time = message.timestamp_text is None
    event = ErrorEvent(
        line.number,
        record.timestamp if is_own_time else parse_timestamp(message.timestamp_text or ""),
        line.text,
        client=SYSTEM_LOG if message.is_error else UNKNOWN_CLIENT,
        stated_cause=message.cause if message.is_error else None,
        certainty=message.certainty,
        from_server_log=message.is_error,
        session_id=message.session_id,
        text_before=line.text_before[-MAX_SEARCHED_CHARS:],
        is_mention=mention is Mention.MAYBE,
        end_kind=message.kind,
        is_error=message.is_error,
    )
    yield DraftEvent(event, subject=-line.number if event.is_mention else message.cause, is_of_host=True)


def _server_certainty(entry: LogEntry) -> Certainty:
    """Likely where the server names no timeout, or only a broken socket: both leave room for another cause."""
    is_vague = entry.cause is Cause.CLIENT_LOST or (
        entry.cause is Cause.IDLE_TIMEOUT and "Got timeout reading" in in_english(entry.text)
    )
    return Certainty.LIKELY if is_vague else Certainty.CONFIRMED


def _server_timestamp(record: Record, entry: LogEntry) -> Timestamp | None:
    """The line's own timestamp; where the server repeats an older line, that line's."""
    own = record.timestamp
    if own and own.zoned and entry.at is not None and abs(entry.at - own.clock_seconds) >= 1:
        return Timestamp(datetime.fromtimestamp(entry.at, UTC), zoned=True)
    return own


def _client_drafts(record: Record, *, is_mysql: bool) -> Iterator[DraftEvent]:
    """A draft for each error in what a program wrote: the lines of one traceback are one error."""
    group: list[tuple[int, ParsedLine]] = []
    start = 0
    for index, parsed in _error_lines(record, is_mysql=is_mysql):
        if group and not _is_same_traceback(record, group[-1][0], index):
            yield _client_draft(record, group, start, index)
            group, start = [], index
        group.append((index, parsed))
    if group:
        yield _client_draft(record, group, start, len(record.lines))


def _error_lines(record: Record, *, is_mysql: bool) -> list[tuple[int, ParsedLine]]:
    """The lines of a record that report an error of MySQL or MariaDB, each with its index in the record.

    `is_mysql`: whether Prisma, which names no database in its errors, has one of MySQL in the same program.
    """
    lines = enumerate(record.lines)
    parsed_lines = [(index, parsed) for index, line in lines if (parsed := parse_line(line.text))]
    if not parsed_lines:
        return []
    is_prisma = is_mysql and any("Invalid `prisma" in line.text for line in record.lines)
    is_mysql = is_prisma or any(MYSQL_WORDS.search(line.text) for line in record.lines)
    is_foreign = any(OTHER_SOFTWARE_WORDS.search(line.text[:FOREIGN_SEARCH_CHARS]) for line in record.lines)
    reports = any(_REPORTS.search(line.text) for line in record.lines)
    about_mysql = [
        (index, parsed)
        for index, parsed in parsed_lines
        if (parsed.pattern is not None or (reports and not _NO_ERROR_LEVEL.search(record.lines[index].text)))
        and _is_about_mysql(parsed, record.lines[index].text, is_mysql=is_mysql, is_foreign=is_foreign)
    ]
    found = []
    for index, parsed in about_mysql:
        mention = _mention(record, index, parsed)
        if mention is not Mention.YES:
            found.append((index, replace(parsed, is_mention=mention is Mention.MAYBE)))
    return found


def _mention(record: Record, index: int, parsed: ParsedLine) -> Mention:
    """Whether a line of a record only quotes the words of an error."""
    lines = record.lines
    line = lines[index]
    if _is_in_command(line.text, parsed.start) or (
        "systemd" in record.program and _UNIT_NAMED.match(line.text)
    ):
        return Mention.YES
    follows_part = (
        index > 0 and TRACEBACK_PART.match(lines[index - 1].text) and line.text[:1] not in {"+", "-"}
    )
    is_part = (
        line.continues or TRACEBACK_PART.match(line.text) or (follows_part and not _BULLET.match(line.text))
    )
    is_announced = index > 0 and EXCEPTION_HEAD.match(line.text) is not None
    starts_dated = record.starts_dated and (index == 0 or not _REMARK_HEAD.match(lines[0].text))
    if not starts_dated and not line.continues and _is_signed(record, index):
        return Mention.YES
    dated = bool(line.timestamp_text) or (starts_dated and (index == 0 or bool(is_part) or is_announced))
    before = [earlier.text for earlier in lines[:index]]
    may_be_source = index > 0 and not line.continues and not line.timestamp_text
    mention = mention_in(
        line.text, parsed.start, before, dated=dated, may_be_source=may_be_source, end=parsed.end
    )
    is_head = record.starts_dated and index == 0
    if _is_of_passed_test(lines, index):
        return Mention.YES
    if not is_head and _is_in_settings(lines, index, since=int(record.starts_dated)):
        return Mention.YES
    if mention is Mention.NO and not dated and (_follows_sentence(before) or _is_in_block(lines, index)):
        return Mention.MAYBE
    # A wrapper puts a time before whatever a program prints, also before a list.
    is_listed = line.timestamp_text and not line.continues and _is_item(line.text, before)
    return Mention.MAYBE if mention is Mention.NO and is_listed else mention


_TEST_OUTPUT: Final = re.compile(r"\s{4,40}\w{1,80}_test\.go:\d{1,6}: ")
_TEST_RESULT: Final = re.compile(r"\s{0,40}--- (?P<result>PASS|FAIL|SKIP): ")
_TEST_BOUND: Final = re.compile(r"=== RUN |FAIL\b|PASS\b|ok  ")
TEST_LINES: Final = 50
"""Lines between what a test of Go prints and its result, which stands below or above."""


def _is_of_passed_test(lines: Sequence[LogLine], index: int) -> bool:
    """Whether a line is what a test of Go printed that passed: it wanted the error."""
    if not _TEST_OUTPUT.match(lines[index].text):
        return False
    after = [line.text for line in lines[index + 1 : index + 1 + TEST_LINES]]
    before = [line.text for line in lines[max(0, index - TEST_LINES) : index][::-1]]
    for texts in (after, before):
        marks = (text for text in texts if _TEST_RESULT.match(text) or _TEST_BOUND.match(text))
        result = _TEST_RESULT.match(next(marks, ""))
        if result is not None:
            return result["result"] != "FAIL"
    return False


def _is_in_settings(lines: Sequence[LogLine], index: int, since: int) -> bool:
    """Whether a line is a remark among the settings from the line `since` on, or a text in a rule of an alert."""
    text = lines[index].text
    before = [line.text for line in lines[max(since, index - NEAR_SETTINGS) : index]]
    if text[:1].isspace() and (any(map(_ALERT_RULE.match, before)) or _is_in_yaml(lines, index, since)):
        return True
    if not _REMARK_LINE.match(text):
        return False
    near = [*before, *(line.text for line in lines[index + 1 : index + 1 + NEAR_SETTINGS])]
    others = [line for line in near if line.strip() and not _REMARK_LINE.match(line)]
    is_any_setting = any(char in line for line in others for char in "[=:")
    return is_any_setting and all(map(_SETTING_LINE.match, others))


def _is_in_yaml(lines: Sequence[LogLine], index: int, since: int) -> bool:
    """Whether a line is a text in a list of YAML, as of a template's triggers, under a name that reports nothing."""
    if not _YAML_TEXT.match(lines[index].text):
        return False
    before = [line.text for line in lines[max(since, index - NEAR_YAML) : index] if line.text.strip()]
    is_item = any(map(_YAML_ITEM.match, (*before, lines[index].text)))
    return len(before) >= 3 and is_item and all(map(_YAML_LINE.match, before))


def _is_in_block(lines: Sequence[LogLine], index: int) -> bool:
    """Whether a line stands indented and alone between two paragraphs about errors."""
    text = lines[index].text
    if not text.startswith(("    ", "\t")):
        return False
    first, last = index, index
    while first > 0 and lines[first - 1].text[:1].isspace():
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].text[:1].isspace():
        last += 1
    outer = [line.text for line in (*lines[max(0, first - 2) : first], *lines[last + 1 : last + 3])]
    is_apart = first >= 2 and last + 2 < len(lines) and not outer[1].strip() and not outer[2].strip()
    return is_apart and all(map(_is_paragraph, (outer[0], outer[3])))


def _is_paragraph(text: str) -> bool:
    """Whether a line is plain words of a text, and no person reports an error in it."""
    words = text.split()
    plain_words = sum(map(bool, map(_PLAIN_WORD.fullmatch, words)))
    return len(words) >= 4 and plain_words >= 0.75 * len(words) and not _FIRST_PERSON.search(text)


def _follows_sentence(lines_before: Sequence[str]) -> bool:
    """Whether the last line before is of a text about errors, and not of a person who reports one."""
    last = next((line for line in reversed(lines_before[-3:]) if line.strip()), "")
    return (
        _is_sentence(last)
        and not TRACEBACK_PART.match(last)
        and not _FIRST_PERSON.search(last)
        and parse_line(last) is None
    )


SIGNED_LINES: Final = 60
"""Lines of one entry of a changelog."""
_SIGNED: Final = re.compile(
    r" -- .{1,80} <\S{1,80}@\S{1,80}>|[a-z0-9][a-z0-9+.-]{1,60} \([^()\s]{1,60}\) [\w. -]{1,60}; urgency="
    r"|\* [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d:\d\d \w{2,5} )?\d{4} \S.{0,80}|\d{4}-\d\d-\d\d {2}\S.{0,80} <\S{1,80}@\S{1,80}>"
    r"|\s{0,8}(?:Author|Commit(?:ter)?|Signed-off-by|Reviewed-by|Co-authored-by): .{1,80} <\S{1,80}@\S{1,80}>|commit [0-9a-f]{40}\b"
)
"""Who signed a change, and what it is of: Debian, RPM, GNU, git."""


def _is_signed(record: Record, index: int) -> bool:
    """Whether a line is part of a change that a person signed, or of one that is named so."""
    near = record.lines[max(0, index - SIGNED_LINES) : index + SIGNED_LINES]
    return any(_SIGNED.match(line.text) for line in near)


def _is_about_mysql(parsed: ParsedLine, text: str, *, is_mysql: bool, is_foreign: bool) -> bool:
    """Whether a line is about MySQL or MariaDB at all. The flags say what its whole record names."""
    names_mysql = MYSQL_WORDS.search(text) is not None
    names_other = OTHER_SOFTWARE_WORDS.search(text[:FOREIGN_SEARCH_CHARS]) is not None
    if parsed.is_unambiguous:
        return names_mysql or not names_other
    if STANDALONE_ERROR.search(text):
        return True
    pattern = parsed.pattern
    is_whole_line = pattern is not None and parsed.code is not None and pattern.words.fullmatch(text.strip())
    return bool(is_whole_line) or (is_mysql and not names_other and (names_mysql or not is_foreign))


def _is_same_traceback(record: Record, before: int, index: int) -> bool:
    """Whether the line at `index` is a further part of the traceback that the line at `before` belongs to."""
    lines = record.lines
    text = lines[index].text
    if STANDALONE_ERROR.search(text) or PROCESS_NUMBER.match(text):
        return False
    if _BULLET.match(text) and not lines[index].continues and not _ERROR_HEAD.match(text.lstrip()):
        return False
    if lines[index].continues or any(line.text.startswith("Previous exception") for line in lines[:index]):
        return True
    if (
        index - before <= CHAIN_LINES
        and not lines[index].timestamp_text
        and _repeats(lines[before].text, text)
    ):
        return True
    between = [line.text for line in lines[before + 1 : index + 1] if line.text]
    is_continued = any(map(TRACEBACK_PART.match, [lines[before].text, *between]))
    is_next = before == 0 or index - before == 1
    is_announced = is_next and record.timestamp is not None and EXCEPTION_HEAD.match(text) is not None
    return is_continued or is_announced


REPEATED_CHARS: Final = 20
"""Characters from which a line that stands in a line before it repeats that."""


def _repeats(before: str, text: str) -> bool:
    """Whether a line repeats the message of a line before it, which has a timestamp or a level besides."""
    message = text.strip().removeprefix("Error: ")
    return len(message) >= REPEATED_CHARS and message != before.strip() and before.rstrip().endswith(message)


def _client_draft(record: Record, group: list[tuple[int, ParsedLine]], start: int, end: int) -> DraftEvent:
    """The draft of one error: `group` are its parsed lines, `start` and `end` the lines that belong to it."""
    index, best = max(group, key=lambda part: (part[1].rank, record.lines[part[0]].text[:1] > " ", -part[0]))
    lines, line, first = record.lines[start:end], record.lines[index], group[0][0]
    text_before, text = _quoted_part(line, best.start)
    # A later error below a timestamp is not of that time.
    is_undated = first > 0 and (start > 0 or STANDALONE_ERROR.search(record.lines[first].text))
    codes = (parsed.code for _index, parsed in group if parsed.code is not None)
    client = recognise_client([*(part.text for part in lines), record.program])
    event = ErrorEvent(
        line.number,
        None if is_undated else record.timestamp,
        text,
        best.code if best.code is not None else next(codes, None),
        client,
        best.stated_cause,
        best.certainty,
        used_after_close=bool(best.pattern and best.pattern.used_after_close),
        silent_seconds=None if client.driver in SILENT_CLIENTS else record.silent_seconds,
        text_before=text_before,
        head=_head(line, best.start),
        is_mention=best.is_mention,
        program=record.program,
        speaker=_speaker(line.text) or _speaker(record.lines[0].text),
    ).described_by(_own_lines(record, group, start, end))
    words_start = max(0, best.start - WORDS_BEFORE_CHARS)
    return DraftEvent(
        event,
        is_retried=best.pattern is not None and best.pattern.is_retried,
        is_aftermath=best.pattern is not None and best.pattern.is_aftermath,
        is_form=_FORM_FIELD.match(line.text) is not None,
        words=line.text[words_start : best.end],
        words_start=best.start - words_start,
        outer_words=line.text[:words_start],
        is_precursor=all(parsed.pattern is not None and parsed.pattern.is_precursor for _, parsed in group),
        is_typed=any(_PROMPT.match(before.text) for before in record.lines[max(0, first - 2) : first]),
        is_traceback_rest=record.lines[0].starts_block
        and record.timestamp is None
        and line.text[:1].isspace(),
    )


_PROMPT: Final = re.compile(r"(?:mysql|MySQL|MariaDB|obclient|percona)\b[^>\n]{0,80}> \S")
"""The prompt of a client with what a person typed."""
UNDATED_LINES: Final = 12
"""Lines before and after an error that may describe it in a log without times, besides its traceback."""


def _own_lines(record: Record, group: list[tuple[int, ParsedLine]], start: int, end: int) -> list[LogLine]:
    """The lines that describe an error: all below its timestamp; without one those near it, as others are of other things."""
    if record.starts_dated:
        return record.lines[start:end]
    lines = record.lines
    first, last = group[0][0], group[-1][0] + 1
    while first > start and TRACEBACK_PART.match(lines[first - 1].text):
        first -= 1
    while last < end and TRACEBACK_PART.match(lines[last].text):
        last += 1
    before = lines[max(start, first - UNDATED_LINES) : first]
    after = lines[last : min(end, last + UNDATED_LINES)]
    # A sentence about such errors is no evidence of this one.
    near = ([line for line in part if not _is_sentence(line.text)] for part in (before, after))
    return [*next(near), *lines[first:last], *next(near)]


def _speaker(text: str) -> str:
    """The process, thread or request that a line names; empty where it names none."""
    return next((match[1] for form in SPEAKER_FORMS if (match := form.search(text[:300]))), "")


def _quoted_part(line: LogLine, start: int) -> tuple[str, str]:
    """What stands before the quoted part of a line, and that part: a long line may hold a whole statement."""
    cut = 0 if start < MAX_QUOTED_CHARS // 2 else start - MAX_QUOTED_CHARS // 4
    cut = cut and (line.text.find(" ", cut, start) + 1 or cut)
    text_before = (line.text_before + line.text[:cut])[-MAX_SEARCHED_CHARS:]
    return text_before, CUT_MARK + line.text[cut:] if cut else line.text


def _head(line: LogLine, start: int) -> str:
    """How a line begins whose quoted part is a later one: who spoke, and of what."""
    return "" if start < MAX_QUOTED_CHARS // 2 else line.text[:HEAD_CHARS].rpartition(" ")[0]


def join_drafts(drafts: Iterable[DraftEvent]) -> Iterator[ErrorEvent]:
    """Each error event once, in the order of the drafts. A draft is compared with the one before of its program."""
    held: list[DraftEvent] = []
    server_ends: set[Cause] = set()
    """What has ended the server since it was last ready."""
    for draft in drafts:
        if not draft.event.is_error:
            yield draft.event
            continue
        if draft.server_ready:
            yield from (earlier.event for earlier in held)
            held, server_ends = [], set()
            continue
        if draft.subject in server_ends or (draft.is_of_host and server_ends):
            continue
        index = _last_of_program(held, draft.event.program)
        if index is not None and _is_same_event(held[index], draft):
            held[index] = _joined_draft(held[index], draft)
            continue
        before = None if index is None else held[index]
        if index is not None:
            held[index] = replace(held[index], is_over=True)
        held.append(draft if before is None else _as_echo(before.event, _as_after_refusal(before, draft)))
        while held[0].is_over or draft.event.line - held[0].event.line > MAX_RECORD_LINES:
            yield held.pop(0).event
        if isinstance(draft.subject, Cause):
            server_ends.add(draft.subject)
    yield from (earlier.event for earlier in held)


def _as_after_refusal(held: DraftEvent, draft: DraftEvent) -> DraftEvent:
    """A draft that says whether its program has lost its connection before, and could not connect again since."""
    before, after = held.event, draft.event
    is_near = (
        after.line - before.line <= AFTER_PACKET_LINES and _seconds_between(before, after) <= ECHO_SECONDS
    )
    is_of_another = before.speaker and after.speaker and before.speaker != after.speaker
    if is_of_another or not is_near or draft.subject is not None:
        return draft
    if after.refused:
        return replace(draft, is_after_refusal=held.is_after_refusal or before.is_loss)
    is_refused = before.refused and held.is_after_refusal
    is_repeated = before.follows_loss and before.code == after.code
    if (is_refused or is_repeated or _is_typed_after(before, draft)) and after.code in SERVER_GONE_ERRORS:
        return replace(draft, event=replace(after, follows_loss=True))
    return draft


def _is_typed_after(before: ErrorEvent, draft: DraftEvent) -> bool:
    """Whether a person typed a statement into a client that had just lost its one connection."""
    after = draft.event
    return (
        draft.is_typed
        and before.client.driver == after.client.driver
        and before.code in SERVER_LOST_ERRORS
        and not before.never_began
        and after.line - before.line <= CHAIN_LINES
    )


def _as_echo(before: ErrorEvent, draft: DraftEvent) -> DraftEvent:
    """A draft that says whether its driver only refuses a connection whose loss the program has reported before."""
    is_loss = before.follows_loss or (before.is_loss and not before.used_after_close)
    is_same_client = (
        len({before.client.driver, draft.event.client.driver} - {""}) <= 1
        and before.speaker == draft.event.speaker
    )
    if not (draft.event.used_after_close and not draft.is_precursor and is_loss and is_same_client):
        return draft
    return replace(draft, event=replace(draft.event, follows_loss=True))


def _last_of_program(held: list[DraftEvent], program: str) -> int | None:
    """The index of the last draft of a program; None where it has none, or has logged something else since."""
    for index in reversed(range(len(held))):
        if held[index].event.program == program:
            return None if held[index].is_over else index
    return None


def _is_same_event(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether two drafts that follow each other are one event, reported twice."""
    before, after = held.event, draft.event
    is_rest = draft.is_traceback_rest and before.code == after.code
    if (
        is_rest
        or _is_aftermath(before, draft)
        or _follows_from(before, after)
        or _is_failover_of(before, after)
    ):
        return True
    if held.subject is not None or draft.subject is not None:
        return held.subject == draft.subject and _seconds_between(before, after) <= 2
    # A driver's own remark, and what its program logs, may be of two clocks.
    if _seconds_between(before, after, in_any_zone=held.is_precursor) > 1 or (
        before.speaker and after.speaker and before.speaker != after.speaker
    ):
        return False
    line_distance = after.line - before.line
    is_chained = line_distance <= CHAIN_LINES or _is_of_one_voice(before, after)
    if (
        _is_in_form(held, draft)
        or _is_traced(held, draft)
        or (is_chained and _states_same_packets(before, after))
    ):
        return True
    if held.is_precursor:
        is_dated = before.timestamp is not None and after.timestamp is not None
        is_close = line_distance <= (MAX_RECORD_LINES if is_dated else PRECURSOR_LINES)
        return is_close and _is_remark_before(held, draft)
    is_remark_after = draft.is_retried and before.client.driver == after.client.driver
    is_chain = is_chained and (is_remark_after or _wraps_same_words(held, draft))
    is_repeated = _LEVELS.sub("", before.text) == _LEVELS.sub("", after.text) and before.text != after.text
    return is_chain or (line_distance <= 2 and (is_repeated or _is_reported_again(held, draft)))


FAILOVER_SECONDS: Final = 300.0
"""Seconds that a driver which follows a failover looks for the new writer."""
FAILOVER_DRIVER: Final = "AWS Advanced JDBC Wrapper"


def _is_failover_of(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a driver reports that it has followed a failover of the server whose loss it has reported before."""
    is_followed = after.client.driver == FAILOVER_DRIVER and after.stated_cause is Cause.SERVER_RESTART
    is_same_driver = before.client.driver in {FAILOVER_DRIVER, "MySQL Connector/J", "MariaDB Connector/J"}
    is_dated = before.timestamp is not None and after.timestamp is not None
    is_of_another = before.speaker and after.speaker and before.speaker != after.speaker
    is_own_loss = before.is_loss and is_same_driver and not is_of_another
    return is_followed and is_own_loss and is_dated and _seconds_between(before, after) <= FAILOVER_SECONDS


_TRACE_LEVEL: Final = re.compile(r".{0,80}?\b(?:DEBUG|TRACE|FINEST|FINER)\b")


def _is_traced(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether a program only traces what it does with an error that it has just reported, with the same words."""
    before, after = held.event, draft.event
    texts = [part.words[part.words_start :] for part in (held, draft)]
    is_trace = _TRACE_LEVEL.match(after.text) and not _TRACE_LEVEL.match(before.text)
    is_dated = before.timestamp is not None and after.timestamp is not None
    is_close = is_dated and after.line - before.line <= PRECURSOR_LINES
    return bool(is_trace) and is_close and texts[0] == texts[1] and before.code == after.code


_FORM_FIELD: Final = re.compile(
    r"\s{0,8}(?:\d\.\d{1,2} )?(?i:(?:exception|error|fault)[ _]?(?:message|text|description|reason|details?)|message|summary|reason|description|mensagem|meldung|fehlermeldung)\s{0,20}[:=]\s"
)
"""How a report of a crash names the error's text."""
FORM_SECONDS: Final = 2.0
"""Seconds between a report of a crash and the line of the program's own log about it."""


def _is_in_form(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether one of two reports is a form about what the other says in the same words, at the same time."""
    before, after = held.event, draft.event
    texts = [part.words[part.words_start :] for part in (held, draft)]
    is_dated = before.timestamp is not None and after.timestamp is not None
    return (
        held.is_form != draft.is_form
        and texts[0] == texts[1]
        and before.code == after.code
        and is_dated
        and _seconds_between(before, after) <= FORM_SECONDS
    )


def _is_of_one_voice(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether one thread or request reports both at one time, however long the traceback between them is."""
    is_dated = before.timestamp is not None and after.timestamp is not None
    return is_dated and bool(before.speaker) and before.speaker == after.speaker


def _is_reported_again(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether a program dies by a failure that its driver has just reported: the same words, and only one names the driver.

    Perl's DBI prints a failure (PrintError) and raises it (RaiseError): one text, twice.
    """
    before, after = held.event, draft.event
    texts = [part.words[part.words_start :] for part in (held, draft)]
    if texts[0] != texts[1] or before.code != after.code or before.code in REFUSALS:
        return False
    if before.text == after.text:
        return after.line - before.line == 1 and _RAISED.search(before.text) is not None
    return sum(bool(recognise_client([event.text]).driver) for event in (before, after)) == 1


_RAISED: Final = re.compile(r"^DBD?I?::.{1,1000} at \S{1,200} line \d{1,7}\.$")
"""How Perl's DBI prints a failure, and raises it."""
REFUSALS: Final = frozenset(number for number, code in CODES.items() if code.refuses_connection)
"""The errors of connections that were refused: a program may try several at once."""


def _states_same_packets(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether two reports state, to the millisecond, the same times of the last packets: they are of one connection."""
    is_close = (
        before.timestamp is not None
        and after.timestamp is not None
        and _seconds_between(before, after) <= SAME_PACKETS_SECONDS
    )
    stated = [(event.idle_seconds, event.waited_seconds) for event in (before, after)]
    is_precise = any(round((seconds or 0.0) * 1000) % 1000 for seconds in stated[0])
    is_of_driver = before.client.driver == after.client.driver == "MySQL Connector/J"
    return is_close and is_of_driver and is_precise and stated[0] == stated[1]


def _is_remark_before(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether a driver's remark is of the error that follows it, and not of one for which it remarks the same."""
    drivers = {held.event.client.driver, draft.event.client.driver} - {""}
    is_same = draft.is_precursor and _LEVELS.sub("", held.words) == _LEVELS.sub("", draft.words)
    return len(drivers) <= 1 and (held.is_retried or not is_same)


def _follows_from(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a client reports what its error before has caused."""
    is_after_end = _is_after_packet(before, after) or _is_after_loss(before, after)
    return is_after_end or _is_after_limit(before, after)


def _is_after_loss(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a client uses the connection again at once that it has just lost: that says nothing of idling."""
    is_of_many = before.client.driver in SILENT_CLIENTS or STANDALONE_ERROR.search(after.text)
    if is_of_many or not (before.is_loss and after.is_loss):
        return False
    is_refused = after.used_after_close and not before.used_after_close
    is_used_again = before.code in SERVER_LOST_ERRORS and after.code in SERVER_GONE_ERRORS
    is_of_another = before.speaker and after.speaker and before.speaker != after.speaker
    return _is_echo_of_process(before, after) or (
        (is_used_again or (is_refused and before.code not in SERVER_GONE_ERRORS))
        and not is_of_another
        and len({_dotted_logger(before.text), _dotted_logger(after.text)} - {""}) <= 1
        and len({before.client.driver, after.client.driver} - {""}) <= 1
        and after.line - before.line <= AFTER_PACKET_LINES
        and _seconds_between(before, after) <= AFTERMATH_SECONDS
    )


def _is_after_packet(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a client finds the connection closed on which it has just sent more than the server takes."""
    is_of_another = before.speaker and after.speaker and before.speaker != after.speaker
    return (
        before.code in PACKET_ERRORS
        and after.code in SERVER_GONE_ERRORS
        and not is_of_another
        and before.client.driver == after.client.driver
        and after.line - before.line <= AFTER_PACKET_LINES
        and _seconds_between(before, after) <= AFTER_PACKET_SECONDS
    )


ECHO_SECONDS: Final = 3600.0
"""Seconds for which a process that does not connect again may report that its connection is closed."""


def _is_echo_of_process(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a process goes on to report that the connection is closed which it has reported as lost."""
    is_dated = before.timestamp is not None and after.timestamp is not None
    is_same_process = (
        before.speaker.isdecimal()
        and before.is_loss
        and (before.program, before.speaker)
        == (
            after.program,
            after.speaker,
        )
    )
    return (
        after.used_after_close
        and is_same_process
        and is_dated
        and _seconds_between(before, after) <= ECHO_SECONDS
    )


def _is_after_limit(before: ErrorEvent, after: ErrorEvent) -> bool:
    """Whether a worker reports a statement as interrupted that it has just reported as too slow."""
    is_same_worker = bool(before.speaker) and before.speaker == after.speaker
    is_interrupted = before.stated_cause is Cause.STATEMENT_TIMEOUT and after.code == INTERRUPTED_ERROR
    is_dated = before.timestamp is not None and after.timestamp is not None
    return is_same_worker and is_interrupted and is_dated and _seconds_between(before, after) <= 1


def _is_aftermath(before: ErrorEvent, draft: DraftEvent) -> bool:
    """Whether a proxy only closes the other side of a session whose loss it has reported."""
    is_same_proxy = draft.is_aftermath and before.client.driver == draft.event.client.driver
    is_dated = before.timestamp is not None
    return is_same_proxy and is_dated and _seconds_between(before, draft.event) <= AFTERMATH_SECONDS


def _wraps_same_words(held: DraftEvent, draft: DraftEvent) -> bool:
    """Whether one report quotes the other: the same words, behind other words of a cause chain."""
    if held.words[held.words_start :] != draft.words[draft.words_start :]:
        return False
    before, after = (part.outer_words + part.words[: part.words_start] for part in (held, draft))
    shared = _shared_end(before, after)
    wrappings = [_DIGITS.sub("", text[: len(text) - shared]) for text in (before, after)]
    is_wrapped = wrappings[0] != wrappings[1] and all(_WRAPS.search(text) for text in wrappings)
    return is_wrapped and (shared >= WORDS_BEFORE_CHARS // 2 or bool(held.event.speaker))


def _shared_end(text: str, other: str) -> int:
    """How many characters the ends of two texts share."""
    pairs = zip(reversed(text), reversed(other), strict=False)
    return next((count for count, (char, one) in enumerate(pairs) if char != one), min(len(text), len(other)))


def _joined_draft(held: DraftEvent, draft: DraftEvent) -> DraftEvent:
    """Two drafts of one event as one."""
    is_rest = draft.is_traceback_rest or _follows_from(held.event, draft.event)
    if is_rest and not held.event.client.driver:
        return replace(held, event=replace(held.event, client=draft.event.client))
    if is_rest or ((draft.is_retried or draft.is_aftermath) and not held.is_precursor):
        return held
    if _is_traced(held, draft):
        return held
    if held.subject is not None:
        return replace(held, event=_merged_server_events(held.event, draft.event))
    if draft.is_precursor and held.event.code is not None and draft.event.code is None:
        # Of two remarks the one with the number is the failure, and the other follows from it.
        failures = held.event.failures | draft.event.failures
        return replace(held, event=replace(held.event, failures=failures))
    event = _with_precursor(held.event, draft.event)
    if _is_failover_of(held.event, draft.event):
        event = replace(event, timestamp=held.event.timestamp)
    return replace(draft, event=event)


def _merged_server_events(first: ErrorEvent, second: ErrorEvent) -> ErrorEvent:
    """The first of two entries, with what only the second has."""
    if first.stated_cause is None and second.stated_cause is not None:
        first = replace(first, stated_cause=second.stated_cause, certainty=second.certainty)
    code = first.code if first.code is not None else second.code
    return replace(first, code=code, limits=first.limits or second.limits)


def _with_precursor(precursor: ErrorEvent, error: ErrorEvent) -> ErrorEvent:
    """The error, with what was said only in the driver's remark before it."""
    blaming = precursor if error.stated_cause is None and precursor.stated_cause is not None else error
    client = error.client if error.client.driver else precursor.client
    return replace(
        error,
        client=replace(client, framework=error.client.framework or precursor.client.framework),
        stated_cause=blaming.stated_cause,
        certainty=blaming.certainty,
        failures=precursor.failures | error.failures,
        silent_seconds=error.silent_seconds if precursor.silent_seconds is None else precursor.silent_seconds,
    )


def _seconds_between(before: ErrorEvent, after: ErrorEvent, *, in_any_zone: bool = False) -> float:
    """Seconds between two events; 0 where one of them has no time. A time without a zone is of this place, or of any."""
    if before.timestamp is None or after.timestamp is None:
        return 0.0
    if in_any_zone:
        return before.timestamp.seconds_apart_in_any_zone(after.timestamp)
    return before.timestamp.seconds_apart(after.timestamp)
