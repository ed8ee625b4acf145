"""What a lost or refused connection looks like in a log: two tables, of words and of ways to write a number.

Only what ends a session or keeps one from beginning is here. 1062, 1205, 1213 and their kin leave the session alive.
The words are those of the servers' and drivers' own sources, most of them provoked (`tests/unit/doctor/logs`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor.codes import CODES
from goneaway_tui.model.cause import Cause, Certainty


@dataclass(frozen=True, slots=True)
class Sign:
    """Words that stand for an error."""

    words: re.Pattern[str]
    code: int | None = None
    says: Cause | None = None
    """What the words themselves blame; None where the code's own row, or nobody, does."""
    certainty: Certainty = Certainty.LIKELY
    wants_context: bool = False
    """Others use these words too: something in the record must speak of MySQL or MariaDB."""
    omen: bool = False
    """A driver's remark just before the error itself is told."""
    reused: bool = False
    """A connection object was used that its driver already knows to be closed."""


def _sign(words: str, code: int | None = None, says: Cause | None = None, **more: object) -> Sign:
    return Sign(re.compile(words), code, says, **more)  # type: ignore[arg-type]  # rows of a table


_SURE: Final = Certainty.CONFIRMED

SIGNS: Final = (
    _sign(r"client was disconnected by the server because of inactivity|ER_CLIENT_INTERACTION_TIMEOUT", 4031),
    _sign(r"[Ss]erver has gone away", 2006),
    _sign(r"Lost connection to (?:the )?(?:backend )?(?:MySQL|MariaDB) server", 2013),
    _sign(r"Lost connection to (?:the )?backend server", wants_context=True),
    _sign(r"\bMyXQL\.Connection .{1,80} disconnected"),
    _sign(r"Lost connection to server (?:during query|at ')", 2013),
    _sign(r"maximum statement execution time exceeded|ER_QUERY_TIMEOUT", 3024),
    _sign(r"max_statement_time exceeded", 1969),
    _sign(r"Query execution was interrupted(?!,? ?\(?max)", 1317),
    _sign(r"[Gg]ot a packet bigger than 'max_allowed_packet'|ER_NET_PACKET_TOO_LARGE", 1153),
    _sign(r"Got packet bigger than 'max_allowed_packet'", 2020),
    _sign(
        r"(?i:packet for query is too large)|query size \(\d+\) is >= to max_allowed_packet"
        r"|Packets larger than max_allowed_packet are not allowed|longer than 'max_allowed_packet'",
        None, Cause.PACKET_TOO_LARGE, certainty=_SURE,
    ),
    _sign(r"already has more than 'max_user_connections' active", 1203),
    _sign(r"has exceeded the 'max_(?:user_connections|connections_per_hour)' resource", 1226),
    _sign(r"Too many connections|ER_CON_COUNT_ERROR", 1040, wants_context=True),
    _sign(r"is blocked because of many connection errors|ER_HOST_IS_BLOCKED", 1129),
    _sign(r"is not allowed to connect to this (?:MySQL|MariaDB)", 1130),
    _sign(r"Access denied for user '", 1045),
    _sign(r"Server shutdown in progress|ER_SERVER_SHUTDOWN", 1053, wants_context=True),
    _sign(r"Connection was killed", 1927, wants_context=True),
    _sign(r"[Ss]ession was killed", 3169, wants_context=True),
    _sign(r"Got an error reading communication packets", 1158),
    _sign(r"Got timeout reading communication packets", 1159),
    _sign(r"Got an error writing communication packets", 1160),
    _sign(r"Got timeout writing communication packets", 1161),
    _sign(r"Got packets out of order", 1156),
    _sign(r"Malformed (?:communication )?packet", 2027, wants_context=True),
    # A 4031 packet, numbered 0, taken for the answer to a statement, which would be numbered 1.
    _sign(r"Packets out of order\. Expected 1 received 0", None, Cause.IDLE_TIMEOUT, omen=True),
    _sign(r"commands out of sync\. You can't run this command now", None, Cause.IDLE_TIMEOUT),
    _sign(r"unexpected read from socket|closing bad idle connection", None, Cause.IDLE_TIMEOUT, omen=True),
    _sign(r"Packets out of order\b", None, Cause.FORKED_CONNECTION, wants_context=True),
    _sign(r"Packet sequence number wrong", None, Cause.FORKED_CONNECTION),
    _sign(r"Can't connect to (?:local )?(?:(?:MySQL|MariaDB) )?server through socket", 2002),
    _sign(r"Can't connect to (?:(?:MySQL|MariaDB) )?server on ", 2003),
    _sign(r"Unknown (?:MySQL |MariaDB )?server host ", 2005),
    _sign(r"(?:SSL connection|TLS/SSL) error", 2026, wants_context=True),
    _sign(r"InterfaceError(?:: )?\(0, ''\)|^\W{0,3}\(0, ''\)", 0, reused=True),
    _sign(r"Communications link failure"),
    _sign(r"unexpected end of stream, read \d+ bytes from|socket was closed by server"),
    _sign(r"last packet successfully received from the server was [\d,.]{1,15} milliseconds? ago"),
    _sign(r"No operations allowed after (?:connection|statement) closed|cannot be called on a closed connection", None, reused=True),
    _sign(r"Failed to validate connection", None, wants_context=True, omen=True, reused=True),
    _sign(r"marked as broken because of SQLSTATE\(08", None, wants_context=True, omen=True),
    _sign(r"MySqlConnectionClosedException"),
    _sign(r"Connect Timeout expired\.(?! All pooled)", wants_context=True),
    _sign(r"Can't reach database server at .{1,200}:3306\b"),
    _sign(r"bytes failed with errno=\d", wants_context=True, omen=True),
    _sign(r"[Ss]erver is currently in offline mode", 3032),
    _sign(r"Could not connect to (?:HostAddress|address=\()"),
    _sign(r"PROTOCOL_CONNECTION_LOST|Connection lost: The server closed the connection"),
    _sign(
        r"PROTOCOL_ENQUEUE_(?:AFTER|HANDSHAKE)|Cannot enqueue \w+ after|Can't add new command when connection is in closed state",
        None, reused=True,
    ),
    _sign(r"(?:read|write) (?:ECONNRESET|EPIPE)|connect (?:ECONNREFUSED|ETIMEDOUT)", None, wants_context=True),
    _sign(r"\[mysql\] .{0,40}\.go:\d+", omen=True),
    _sign(r"(?:^|[:=] ?\"?|\")invalid connection(?=[\"',}\s]|$)"),
    _sign(r"\(conn=\d+\) (?:Socket error|Connection reset)"),
    _sign(r"TRILOGY_CLOSED_CONNECTION|Trilogy::(?:ConnectionClosed|EOFError|ConnectionReset)"),
    _sign(r"(?<!\w)invalid connection\s*$"),
    _sign(r"driver: bad connection"),
    _sign(r"MySQL Connection not available", None, reused=True),
    _sign(r"closed MySQL connection|MySQL client is not connected", None, reused=True),
    _sign(r"expected to read \d+ header bytes but only received|Failed to read the result set", wants_context=True),
    _sign(r"Reading from the stream has failed|Unable to connect to any of the specified MySQL hosts"),
    _sign(r"error communicating with database|expected to read \d+ bytes, got \d+ bytes at EOF", wants_context=False),
    _sign(r"(?i:server disconnected)", wants_context=True),
    _sign(r"Max connect timeout reached while reaching hostgroup", 9001),
    _sign(r"(?:Detected a broken connection|Closing (?:killed|unhealthy) client connection|Killing client connection)", wants_context=True),
    _sign(r" \d+/-?\d+/\+?(?P<held>\d+) \d+ [cs]D \d+/\d+/\d+/", None, Cause.PROXY_OR_FIREWALL, certainty=_SURE, wants_context=True),
    _sign(r"(?i:connection reset by peer|broken pipe)", wants_context=True),
    _sign(r"(?i:connection refused|(?:i/o|connect(?:ion)?) timeout|connect(?:ion)? timed out)", wants_context=True),
    _sign(r"(?i:server (?:has )?closed the connection)(?! unexpectedly)", wants_context=True),
)  # fmt: skip
"""The most telling first: of two on one line the first decides."""

NUMBERS: Final = (
    re.compile(r"\((?P<n>\d{4}), ['\"]"),
    re.compile(r"\bERROR (?P<n>\d{4}) \(\w{5}\)"),
    re.compile(r"(?i:\berror)(?:_?[Cc]ode|:)?[ :=]{1,3}\[?(?:MY-00)?(?P<n>\d{4})\b"),
    re.compile(r"SQLSTATE\[\w{1,5}\](?: \[(?P<n>\d{4})\])"),
    re.compile(r"SQLSTATE\[\w{1,5}\]: [^:]{1,60}: (?P<n>\d{4}) "),
    re.compile(r"\(\w{5}/(?P<n>\d{4})\)"),
    re.compile(r"\b(?P<n>\d{4}) \([0-9A-Z]{5}\): "),
    re.compile(r"Errors?: (?P<n>\d{4})[ :]"),
    re.compile(r"\b(?:errno|code|error_code|Errno)['\"]?\s?[:=]\s?['\"]?(?P<n>\d{4})\b"),
)
"""Python's drivers; the command-line clients; Go, .NET, replication; PDO; mysqli; sqlx and mysql-connector; Node."""
TELLING: Final = 6
"""So many of these, from the first, stand for nothing but a server's error."""

ALONE: Final = re.compile(r"^ERROR (?:\d{4}) \(\w{5}\)|^mysqldump: |^mariadb-dump: ")
"""A line that is an error by itself, whatever stands around it."""

OURS: Final = re.compile(
    r"(?i)mysql|mariadb|sqlstate|jdbc|java\.sql|hikari|\bpdo(?:exception|stat|::|->)|proxysql|:3306\b|\bpacket\b.*\bserver\b|\bDBD?I?::|DBI |galera|aurora|percona|HY000|08S01|^ {1,4}fatal: true"
)
OTHERS: Final = re.compile(
    r"(?i)postgres|psycopg|asyncpg|pgx|\bpq: |pgbouncer|redis|valkey|memcache|mongo|rabbit|amqp|kafka|nginx|elastic|cassandra"
    r"|ldap|smtp|sqlite|ora-\d|oracle|mssql|sqlserver|\btds\b|etcd|zookeeper|grpc|websocket|upstream|\bsshd?\b|rsync|\bscp\b|kubelet|docker"
    r"|pgsql|\bPG::|\bgit(?:hub|lab)?\b|\bcurl\b|\birc\b|\bport (?:22|80|443|5432)\b|:(?:443|5432|6379|9092|11211|27017)\b"
)


HINTS: Final = (
    "gone away", "ost connection", "onnection lost", "as killed", "inactivity", "_TIMEOUT", "exceeded", "nterrupted", "acket",
    "PACKET", "too large", "query size", "user_connections", "oo many conn", "COUNT_ERROR", "blocked", "BLOCKED", "to connect",
    "ccess denied", "hutdown in", "SHUTDOWN", "alformed", "out of sync", "unexpected read", "idle connection", "number wrong",
    "an't connect", "server host", "SSL", "(0, ''", "link failure", "end of stream", "closed by server", "No operations",
    "to validate", "as broken", "not connect", "PROTOCOL_", "enqueue", "closed state", "ECONN", "EPIPE", "ETIMEDOUT",
    "invalid conn", "bad connection", "not available", "closed MySQL", "header bytes", "result set", "has failed",
    "specified MySQL", "communicating", "at EOF", "disconnected", "hostgroup", "broken conn", "client conn", " cD ", " sD ",
    "last packet", "closed connection", "ClosedException", "Timeout expired", "reach database", "errno=", "offline mode",
    "reset by peer", "[mysql]", "(conn=", "TRILOGY", "Trilogy", "roken pipe", "roken Pipe", "efused", "timeout", "timed out", "closed the conn",
    "Reset by peer", "Reset By Peer", "Timed Out", "Server Disconnected", "BROKEN PIPE", "RESET BY PEER",
)  # fmt: skip
"""Every sign has one of these; what has none is read no further. A test holds the two together."""
_NUMBERED: Final = re.compile(r"\b(?:10|11|12|13|16|19|20|30|31|40|90)\d\d\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line says."""

    code: int | None
    sign: Sign | None
    """None where only a number was found."""
    sure: bool
    """Nobody but a client of MySQL or MariaDB writes this."""
    start: int = 0
    """Where in the line it stands."""

    @property
    def says(self) -> Cause | None:
        own = self.sign.says if self.sign else None
        return own or (CODES[self.code].says if self.code in CODES else None)

    @property
    def certainty(self) -> Certainty:
        if self.sign and self.sign.says:
            return self.sign.certainty
        return CODES[self.code].certainty if self.code in CODES else Certainty.POSSIBLE

    @property
    def worth(self) -> tuple[bool, bool, bool, bool]:
        """How much it tells, to choose the line of a traceback that is quoted."""
        omen = self.sign is not None and self.sign.omen
        return (not omen, self.says is not None, self.code is not None, self.sure)


def read(text: str) -> Reading | None:
    """What a line says of a lost or refused connection; None for nearly every line there is."""
    number, place = _number(text) if _NUMBERED.search(text) else (None, 0)
    if number is None and not any(hint in text for hint in HINTS):
        return None
    for sign in SIGNS:
        words = sign.words.search(text)
        if words:
            break
    else:
        return None if number is None else Reading(number, None, sure=False, start=place)
    if number is None and sign.wants_context and _is_about_another(text):
        return None
    code = sign.code
    if number is not None and (code is None or not CODES[code].says):
        code = number
    return Reading(code, sign, sure=not sign.wants_context or code == number is not None, start=words.start())


def _is_about_another(text: str) -> bool:
    """Whether a line has the number of an error that ends no session: what else it holds may be a value."""
    return any(form.search(text) for form in NUMBERS[:TELLING])


def _number(text: str) -> tuple[int | None, int]:
    for form in NUMBERS:
        for found in form.finditer(text):
            if int(found["n"]) in CODES:
                return int(found["n"]), found.start()
    return None, 0
