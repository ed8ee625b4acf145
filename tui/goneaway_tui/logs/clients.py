"""The error numbers of lost and refused connections: their names, and what each says by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from goneaway_tui.i18n import _, marked
from goneaway_tui.model.cause import Cause, Certainty


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One error number."""

    name: str
    means: str
    """Marked: translated where it is shown."""
    says: Cause | None = None
    """What it blames by itself."""
    certainty: Certainty = Certainty.POSSIBLE
    refuses: bool = False
    """A connection that never began."""


_SURE, _LIKELY = Certainty.CONFIRMED, Certainty.LIKELY

CODES: Final[dict[int | None, ErrorCode]] = {
    0: ErrorCode("InterfaceError", marked("the driver had closed this connection object before it was used")),
    1040: ErrorCode("ER_CON_COUNT_ERROR", marked("the server is full"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1043: ErrorCode("ER_HANDSHAKE_ERROR", marked("the greeting was not understood"), refuses=True),
    1045: ErrorCode("ER_ACCESS_DENIED_ERROR", marked("user or password were refused"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1053: ErrorCode("ER_SERVER_SHUTDOWN", marked("the server was shutting down"), Cause.SERVER_RESTART, _SURE),
    1077: ErrorCode("ER_NORMAL_SHUTDOWN", marked("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1078: ErrorCode("ER_GOT_SIGNAL", marked("the server got a signal and went down"), Cause.SERVER_CRASH, _LIKELY),
    1079: ErrorCode("ER_SHUTDOWN_COMPLETE", marked("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1080: ErrorCode("ER_FORCING_CLOSE", marked("the server closed sessions to shut down"), Cause.SERVER_RESTART, _SURE),
    1129: ErrorCode("ER_HOST_IS_BLOCKED", marked("the client's host is blocked"), Cause.HOST_BLOCKED, _SURE, refuses=True),
    1130: ErrorCode("ER_HOST_NOT_PRIVILEGED", marked("no account fits this host"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1152: ErrorCode("ER_ABORTING_CONNECTION", marked("the server gave up the session")),
    1153: ErrorCode("ER_NET_PACKET_TOO_LARGE", marked("a packet was larger than max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    1156: ErrorCode("ER_NET_PACKETS_OUT_OF_ORDER", marked("packets came out of order"), Cause.FORKED_CONNECTION, _LIKELY),
    1158: ErrorCode("ER_NET_READ_ERROR", marked("the server could not read from the client"), Cause.CLIENT_LOST, _LIKELY),
    1159: ErrorCode("ER_NET_READ_INTERRUPTED", marked("the server waited too long for the client"), Cause.NET_READ_TIMEOUT, _LIKELY),
    1160: ErrorCode("ER_NET_ERROR_ON_WRITE", marked("the server could not write to the client"), Cause.CLIENT_LOST, _LIKELY),
    1161: ErrorCode("ER_NET_WRITE_INTERRUPTED", marked("the client did not take its result in time"), Cause.NET_WRITE_TIMEOUT, _SURE),
    1184: ErrorCode("ER_NEW_ABORTING_CONNECTION", marked("the server gave up the session")),
    1203: ErrorCode("ER_TOO_MANY_USER_CONNECTIONS", marked("the account has too many sessions"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1226: ErrorCode("ER_USER_LIMIT_REACHED", marked("the account has used up a limit"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses=True),
    1317: ErrorCode("ER_QUERY_INTERRUPTED", marked("the statement was interrupted"), Cause.KILLED, _LIKELY),
    1698: ErrorCode("ER_ACCESS_DENIED_NO_PASSWORD_ERROR", marked("the account was refused"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    1927: ErrorCode("ER_CONNECTION_KILLED", marked("a KILL ended the session, or MariaDB before 10.6 was stopping"), Cause.KILLED, _LIKELY),
    1969: ErrorCode("ER_STATEMENT_TIMEOUT", marked("the statement ran into max_statement_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    2002: ErrorCode("CR_CONNECTION_ERROR", marked("nobody answered at the socket"), refuses=True),
    2003: ErrorCode("CR_CONN_HOST_ERROR", marked("nobody answered at the address"), refuses=True),
    2005: ErrorCode("CR_UNKNOWN_HOST", marked("the server's name has no address"), refuses=True),
    2006: ErrorCode("CR_SERVER_GONE_ERROR", marked("the connection was dead when the client began to send")),
    2013: ErrorCode("CR_SERVER_LOST", marked("the connection ended while the client waited for an answer")),
    2020: ErrorCode("CR_NET_PACKET_TOO_LARGE", marked("a packet was larger than the client's max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    2026: ErrorCode("CR_SSL_CONNECTION_ERROR", marked("TLS failed")),
    2027: ErrorCode("CR_MALFORMED_PACKET", marked("what came was no packet"), Cause.FORKED_CONNECTION, _LIKELY),
    2055: ErrorCode("CR_SERVER_LOST_EXTENDED", marked("the connection ended, with an error of the operating system")),
    3024: ErrorCode("ER_QUERY_TIMEOUT", marked("the statement ran into max_execution_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    3032: ErrorCode("ER_SERVER_OFFLINE_MODE", marked("the server is in offline mode"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    3118: ErrorCode("ER_ACCOUNT_HAS_BEEN_LOCKED", marked("the account is locked"), Cause.ACCESS_DENIED, _SURE, refuses=True),
    3169: ErrorCode("ER_SESSION_WAS_KILLED", marked("somebody killed the session"), Cause.KILLED, _SURE),
    4031: ErrorCode("ER_CLIENT_INTERACTION_TIMEOUT", marked("the session idled past its wait_timeout"), Cause.IDLE_TIMEOUT, _SURE),
    9001: ErrorCode("ProxySQL 9001", marked("the proxy reached no server in time"), Cause.PROXY_OR_FIREWALL, _LIKELY, refuses=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogClient:
    """Who wrote a log, as far as its lines tell."""

    driver: str = ""
    framework: str = ""
    hears_4031: bool = False
    """Hands on what MySQL says when it closes an idle session, so a loss without it was, on MySQL, another."""
    tells_write_from_read: bool = True
    """2006 means that sending failed, 2013 that the answer never came; mysqlnd says 2006 for both."""

    @property
    def name(self) -> str | None:
        """As a person would say it: `Django on mysqlclient`."""
        driver = _(self.driver) if self.driver else ""
        if self.framework and driver:
            return _("{framework} on {driver}", framework=self.framework, driver=driver)
        return self.framework or driver or None


UNKNOWN: Final = LogClient()

DRIVERS: Final = (
    (LogClient("aiomysql"), r"\baiomysql\b"),
    (LogClient("asyncmy"), r"\basyncmy\b"),
    (
        LogClient("mysql-connector-python", hears_4031=True),
        r"mysql\.connector|mysql/connector|MySQL Connection not available",
    ),
    (LogClient("mysqlclient", hears_4031=True), r"\bMySQLdb\b|_mysql\b|mysqldb://"),
    (LogClient("PyMySQL"), r"pymysql|\(0, ''\)"),
    (
        LogClient("MariaDB Connector/J", hears_4031=True),
        r"org\.mariadb\.jdbc|jdbc:mariadb|read \d+ bytes from \d+ \(socket was closed",
    ),
    (
        LogClient("MySQL Connector/J", hears_4031=True),
        r"com\.mysql\.(?:cj|jdbc)|jdbc:mysql|Communications link failure|last packet s(?:uccessfully received|ent successfully)",
    ),
    (LogClient("r2dbc-mysql", hears_4031=True), r"r2dbc\.mysql"),
    (
        LogClient(marked("mysql command line"), hears_4031=True),
        r"^mysql(?:admin|check|import|pump|slap|show): ",
    ),
    (LogClient("MySQL Shell", hears_4031=True), r"\bMySQL Error \d{4} \(\w{5}\): "),
    (LogClient("mysqldump", hears_4031=True), r"^(?:mysqldump|mariadb-dump): "),
    (
        LogClient("go-sql-driver"),
        r"go-sql-driver|\bError [134]\d{3}(?: \(\w{5}\))?: |\[mysql\] .{0,40}\.go:\d|(?:: |\"|\.go:\d{1,6} )invalid connection|driver: bad connection|commands out of sync\. You",
    ),
    (LogClient("PHP PDO", tells_write_from_read=False), r"PDOException|PDO->|PDO::|SQLSTATE\[\w{5}\] ?[:\[]"),
    (LogClient("PHP mysqli", tells_write_from_read=False), r"\bmysqli(?!mport)"),
    (LogClient("Ruby mysql2", hears_4031=True), r"Mysql2::|mysql2/client\.rb"),
    (LogClient("Ruby trilogy"), r"Trilogy::"),
    (
        LogClient("Node mysql2", hears_4031=True),
        r"node_modules/mysql2|mysql2/lib|Can't add new command when connection is in closed",
    ),
    (LogClient("Node mysql"), r"node_modules/mysql/|Cannot enqueue \w+ after|PROTOCOL_"),
    (LogClient("Node mariadb"), r"node_modules/mariadb"),
    (LogClient("Perl DBD::MariaDB", hears_4031=True), r"DBD::MariaDB"),
    (LogClient("Perl DBD::mysql", hears_4031=True), r"DBD::mysql|DBI connect"),
    (LogClient(".NET MySqlConnector", hears_4031=True), r"\bMySqlConnector\b"),
    (LogClient(".NET MySql.Data"), r"MySql\.Data|MySqlException"),
    (
        LogClient("Rust sqlx", hears_4031=True),
        r"\bsqlx\b|error communicating with database|error returned from database",
    ),
    (LogClient("Rust mysql"), r"mysql_async|MySqlError \{|DriverError"),
    (
        LogClient("ProxySQL"),
        r"(?i)proxysql|\bmysql_(?:session|thread|connection|monitor|hostgroups_manager)\.cpp|hostgroup",
    ),
    (LogClient("MaxScale"), r"(?i)maxscale|\[mariadbclient\]"),
    (LogClient("Elixir MyXQL"), r"\bMyXQL\b"),
    (LogClient("HAProxy"), r"haproxy|\d [cs]D \d+/"),
    (
        LogClient(marked("mariadb command line"), hears_4031=True),
        r"^ERROR \d{4} \(\w{5}\).*(?:to server during|Server has gone|to server on|before completion of TLS)",
    ),
    (LogClient(marked("mysql command line"), hears_4031=True), r"^ERROR \d{4} \(\w{5}\)"),
    (LogClient("Node mysql2", hears_4031=True), r"errno\"?: ?-?\d{3,4}\b|node:internal|fatal\"?: ?true"),
)
FRAMEWORKS: Final = (
    ("Django", r"\bdjango\b"),
    ("SQLAlchemy", r"sqlalchemy"),
    ("Celery", r"celery|Task \S{1,80}\[[0-9a-f-]{36}\]"),
    ("Flask", r"\bflask\b|Exception on \S{1,200} \[(?:GET|POST|PUT|PATCH|DELETE)\]"),
    ("Laravel", r"Illuminate\\|laravel|\((?:Connection: [\w-]{1,40}, )?SQL: "),
    ("Symfony Doctrine", r"Doctrine\\"),
    ("HikariCP", r"HikariPool|com\.zaxxer"),
    ("Rails", r"ActiveRecord|active_record"),
    ("Sequelize", r"[Ss]equelize"),
    ("TypeORM", r"QueryFailedError|typeorm"),
    ("Knex", r"node_modules/knex|KnexTimeout"),
    ("Prisma", r"[Pp]risma"),
    ("GORM", r"gorm\.io|\bgorm\b"),
)
"""The first that fits, of each table."""

_DRIVERS: Final = tuple((client, re.compile(pattern)) for client, pattern in DRIVERS)
_FRAMEWORKS: Final = tuple((name, re.compile(pattern)) for name, pattern in FRAMEWORKS)


def recognise_client(lines: Iterable[str]) -> LogClient:
    """Who wrote these lines; UNKNOWN where they do not tell."""
    text = [line.replace("\\n", " ") for line in lines]  # JSON holds a traceback in one line
    driver = next((client for client, form in _DRIVERS if any(form.search(line) for line in text)), UNKNOWN)
    framework = next((name for name, form in _FRAMEWORKS if any(form.search(line) for line in text)), "")
    return LogClient(driver.driver, framework, driver.hears_4031, driver.tells_write_from_read)
