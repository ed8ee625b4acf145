"""An error event: one lost or refused connection as its log reports it, and the tables its words are read by.

The tables: error numbers (CODES), clients and frameworks (DRIVERS, FRAMEWORKS), kinds of failure, idle times, sizes.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import nan
from typing import Final

from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.timestamps import MAX_ZONE_SECONDS, ZONE_STEP_SECONDS, Timestamp
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.session import ProcesslistId


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One error number."""

    name: str
    meaning: str
    """Marked for translation, which is done where it is shown."""
    stated_cause: Cause | None = None
    """The cause that the number blames by itself."""
    certainty: Certainty = Certainty.POSSIBLE
    refuses_connection: bool = False
    """Whether the server refused a connection, so that no session began."""


_SURE, _LIKELY = Certainty.CONFIRMED, Certainty.LIKELY

CODES: Final[dict[int | None, ErrorCode]] = {
    0: ErrorCode("InterfaceError", N_("the driver had already closed this connection object")),
    1040: ErrorCode("ER_CON_COUNT_ERROR", N_("all connections were in use"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses_connection=True),
    1043: ErrorCode("ER_HANDSHAKE_ERROR", N_("the handshake was not understood"), refuses_connection=True),
    1045: ErrorCode("ER_ACCESS_DENIED_ERROR", N_("the server rejected the user name or password"), Cause.ACCESS_DENIED, _SURE, refuses_connection=True),
    1053: ErrorCode("ER_SERVER_SHUTDOWN", N_("the server was shutting down"), Cause.SERVER_RESTART, _SURE),
    1077: ErrorCode("ER_NORMAL_SHUTDOWN", N_("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1078: ErrorCode("ER_GOT_SIGNAL", N_("the server received a signal and stopped"), Cause.SERVER_CRASH, _LIKELY),
    1079: ErrorCode("ER_SHUTDOWN_COMPLETE", N_("the server was shut down"), Cause.SERVER_RESTART, _SURE),
    1080: ErrorCode("ER_FORCING_CLOSE", N_("the server closed its sessions to shut down"), Cause.SERVER_RESTART, _SURE),
    1129: ErrorCode("ER_HOST_IS_BLOCKED", N_("the client's host is blocked"), Cause.HOST_BLOCKED, _SURE, refuses_connection=True),
    1130: ErrorCode("ER_HOST_NOT_PRIVILEGED", N_("no account matches this host"), Cause.ACCESS_DENIED, _SURE, refuses_connection=True),
    1152: ErrorCode("ER_ABORTING_CONNECTION", N_("the server aborted the session")),
    1153: ErrorCode("ER_NET_PACKET_TOO_LARGE", N_("a packet was larger than max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    1156: ErrorCode("ER_NET_PACKETS_OUT_OF_ORDER", N_("packets arrived out of order"), Cause.FORKED_CONNECTION, _LIKELY),
    1158: ErrorCode("ER_NET_READ_ERROR", N_("the server could not read from the client"), Cause.CLIENT_LOST, _LIKELY),
    1159: ErrorCode("ER_NET_READ_INTERRUPTED", N_("the server waited too long for the client"), Cause.NET_READ_TIMEOUT, _LIKELY),
    1160: ErrorCode("ER_NET_ERROR_ON_WRITE", N_("the server could not write to the client"), Cause.CLIENT_LOST, _LIKELY),
    1161: ErrorCode("ER_NET_WRITE_INTERRUPTED", N_("the client did not read its result in time"), Cause.NET_WRITE_TIMEOUT, _SURE),
    1184: ErrorCode("ER_NEW_ABORTING_CONNECTION", N_("the server aborted the session")),
    1203: ErrorCode("ER_TOO_MANY_USER_CONNECTIONS", N_("the account has too many sessions"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses_connection=True),
    1226: ErrorCode("ER_USER_LIMIT_REACHED", N_("the account has reached one of its limits"), Cause.TOO_MANY_CONNECTIONS, _SURE, refuses_connection=True),
    1317: ErrorCode("ER_QUERY_INTERRUPTED", N_("the statement was interrupted"), Cause.KILLED, _LIKELY),
    1698: ErrorCode("ER_ACCESS_DENIED_NO_PASSWORD_ERROR", N_("the server rejected the account"), Cause.ACCESS_DENIED, _SURE, refuses_connection=True),
    1927: ErrorCode("ER_CONNECTION_KILLED", N_("a KILL ended the session, or MariaDB before 10.6 was stopping"), Cause.KILLED, _LIKELY),
    1969: ErrorCode("ER_STATEMENT_TIMEOUT", N_("the statement exceeded max_statement_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    2002: ErrorCode("CR_CONNECTION_ERROR", N_("no server answered at the socket"), refuses_connection=True),
    2003: ErrorCode("CR_CONN_HOST_ERROR", N_("no server answered at the address"), refuses_connection=True),
    2005: ErrorCode("CR_UNKNOWN_HOST", N_("the server's host name cannot be resolved"), refuses_connection=True),
    2006: ErrorCode("CR_SERVER_GONE_ERROR", N_("the connection was already closed when the client began to send")),
    2013: ErrorCode("CR_SERVER_LOST", N_("the connection ended while the client waited for an answer")),
    2020: ErrorCode("CR_NET_PACKET_TOO_LARGE", N_("a packet was larger than the client's max_allowed_packet"), Cause.PACKET_TOO_LARGE, _SURE),
    2026: ErrorCode("CR_SSL_CONNECTION_ERROR", N_("TLS failed")),
    2027: ErrorCode("CR_MALFORMED_PACKET", N_("the client received no valid packet"), Cause.FORKED_CONNECTION, _LIKELY),
    2055: ErrorCode("CR_SERVER_LOST_EXTENDED", N_("the connection ended with an error of the operating system")),
    3024: ErrorCode("ER_QUERY_TIMEOUT", N_("the statement exceeded max_execution_time"), Cause.STATEMENT_TIMEOUT, _SURE),
    3032: ErrorCode("ER_SERVER_OFFLINE_MODE", N_("the server is in offline mode"), Cause.ACCESS_DENIED, _SURE, refuses_connection=True),
    3118: ErrorCode("ER_ACCOUNT_HAS_BEEN_LOCKED", N_("the account is locked"), Cause.ACCESS_DENIED, _SURE, refuses_connection=True),
    3169: ErrorCode("ER_SESSION_WAS_KILLED", N_("a KILL ended the session"), Cause.KILLED, _SURE),
    4031: ErrorCode("ER_CLIENT_INTERACTION_TIMEOUT", N_("the session was idle for longer than its wait_timeout"), Cause.IDLE_TIMEOUT, _SURE),
    9001: ErrorCode("ProxySQL 9001", N_("the proxy could not reach a server in time"), Cause.PROXY_OR_FIREWALL, _LIKELY, refuses_connection=True),
    9004: ErrorCode("ProxySQL 9004", N_("the proxy had found the session's server offline")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogClient:
    """The client that wrote a log, as far as its lines show it."""

    driver: str = ""
    framework: str = ""
    reports_4031: bool = False
    """Whether the driver reports MySQL's error 4031 (idle timeout): a loss without it then had another cause on MySQL."""
    separates_write_errors: bool = True
    """Whether 2006 means that sending failed and 2013 that no answer came; mysqlnd reports 2006 for both."""

    @property
    def name(self) -> str | None:
        """Framework and driver in words: `Django on mysqlclient`; None where neither is known."""
        driver = _(self.driver) if self.driver else ""
        if self.framework and driver:
            return _("{framework} on {driver}", framework=self.framework, driver=driver)
        return self.framework or driver or None


UNKNOWN_CLIENT: Final = LogClient()
REPLICATION: Final = N_("replication thread")
"""The client that a replica is of its source."""
SYSTEM_LOG: Final = LogClient(N_("system log"))
"""What the kernel and systemd write."""

DRIVERS: Final = (
    (
        LogClient("ProxySQL"),
        r"(?i)proxysql|\bmysql_(?:session|thread|connection|monitor|hostgroups_manager)\.cpp",
    ),
    (
        LogClient("MaxScale"),
        (
            r"(?i)maxscale|\[(?:mariadb(?:client|mon|protocol)|mysqlmon|galeramon|csmon|aurora?mon|readwritesplit|readconnroute|schemarouter|binlogrouter|pinloki|kafkacdc)\]"
            r"|^\S{10} \d\d:\d\d:\d\d(?:\.\d{3})? {3}(?:alert|error|warning|notice|info|debug) {0,3}: "
            r"|Lost connection to (?:the )?(?:primary|master|backend) server"
        ),
    ),
    (
        LogClient("MySQL Router"),
        r"(?i)mysqlrouter|mysql[ _]router|\[(?:connection_pool|routing)\S{0,40}\]|\brouting:\w|\b(?:routing|metadata_cache|main|io) (?:DEBUG|INFO|WARNING|ERROR) \[[0-9a-f]{6,20}\]|Can't connect to remote MySQL server for client",
    ),
    (LogClient("Envoy"), r"\"- - -\" 0 [A-Z-]"),
    (LogClient("TiDB"), r"\btidb\b|\[conn\.go:\d{1,6}\]"),
    (
        LogClient("Vitess"),
        r"(?i)vttablet|vtgate|vitess|/vt/socket|tabletserver|TabletManager|\(errno \d{4}\) \(sqlstate \w{5}\)",
    ),
    (
        LogClient(REPLICATION, reports_4031=True),
        r"\b(?:Slave|Replica) (?:I/O|SQL)\b|\bError reading packet from server\b|\[MY-\d{6}\] \[Repl\]",
    ),
    (
        LogClient("mydumper", reports_4031=True),
        r"\b(?:mydumper|myloader)\b|Could not read data from [\w.`$]{1,200}: ",
    ),
    (
        LogClient("Gerbera", reports_4031=True),
        r"(?i)\bgerbera\b|\bmediatomb\b|\bmysql_error \(\d{4}\): \"",
    ),
    (
        LogClient("XtraBackup", reports_4031=True),
        r"(?i)\bxtrabackup\b|innobackupex|mariabackup|mariadb-backup|^error: failed to execute query ",
    ),
    (LogClient("rsyslog", reports_4031=True), r"\bommysql\b"),
    (LogClient("Exim", reports_4031=True), r"\blookup of \".{0,200}\" gave DEFER: MYSQL|\bexim\b"),
    (LogClient("ProFTPD", reports_4031=True), r"\bmod_sql_mysql\b"),
    (LogClient("Pure-FTPd", reports_4031=True), r"\bpure-ftpd\b"),
    (LogClient("NDOUtils", reports_4031=True), r"\bndo2db\b"),
    (LogClient("spine", reports_4031=True), r"\bSPINE: "),
    (LogClient("PowerDNS", reports_4031=True), r"\bpdns(?:_server)?\[|GSQLBackend|gmysql"),
    (LogClient("FreeRADIUS", reports_4031=True), r"rlm_sql|(?i:freeradius)"),
    (LogClient("OpenSIPS", reports_4031=True), r"(?i)\bopensips\b"),
    (LogClient("Kamailio", reports_4031=True), r"(?i)\bkamailio\b|db_mysql \[\w+\.c:\d|\bkm_\w+\.c:\d"),
    (LogClient("Zabbix", reports_4031=True), r"(?i)\bzabbix\b|\[Z300\d\]"),
    (LogClient("Postfix", reports_4031=True), r"\bpostfix/|\bdict_mysql"),
    (LogClient("Dovecot", reports_4031=True), r"\bdovecot\b|\bmysql\([\w./:-]{1,80}\): "),
    (
        LogClient("Kodi", reports_4031=True),
        r"\bT:\d{1,20} {1,8}\w{4,8}(?: <\w{1,20}>)?: (?:SQL: |Unable to open database: |[Mm]ysql )",
    ),
    (LogClient("Icinga", reports_4031=True), r"(?i)\bicinga|IdoMysql"),
    (LogClient("Asterisk", reports_4031=True), r"(?i)\basterisk\b|cdr_mysql|res_config_mysql|\bapp_mysql"),
    (LogClient("Bacula", reports_4031=True), r"(?i)\b(?:bacula|bareos)"),
    (LogClient("collectd", reports_4031=True), r"\bcollectd\b"),
    (
        LogClient("Erlang mysql"),
        r"mysql_protocol|\bmysql_conn\b|\bemysql|\bp1_mysql|\bmysql_otp\b|\{mysql,\w",
    ),
    (
        LogClient("R RMariaDB", reports_4031=True),
        r"RMariaDB|RMySQL|\bresult_(?:fetch|create|bind)\b|MariaDBConnection",
    ),
    (LogClient("MariaDB Connector/ODBC", reports_4031=True), r"(?i)\[ma-\d[\w.]*\]|\[mariadb\]\[odbc|maodbc"),
    (
        LogClient("MySQL Connector/ODBC", reports_4031=True),
        r"(?i)\[mysql\]\[odbc|unixodbc|myodbc|switch_odbc",
    ),
    (
        LogClient("Lua resty.mysql"),
        r"resty[./]mysql|\[lua\] \S{1,200}.{0,200}(?:mysql|failed to (?:connect|send query|receive))|luasql",
    ),
    (LogClient("aiomysql"), r"\baiomysql\b"),
    (LogClient("asyncmy"), r"\basyncmy\b"),
    (
        LogClient("mysql-connector-python", reports_4031=True),
        r"mysql\.connector|mysql/connector|MySQL Connection not available",
    ),
    (LogClient("mysqlclient", reports_4031=True), r"\bMySQLdb\b|\b_mysql(?:_exceptions)?\b|mysqldb://"),
    (LogClient("PyMySQL"), r"pymysql|\(0, ''\)"),
    (
        LogClient("AWS Advanced JDBC Wrapper", reports_4031=True),
        r"software\.amazon\.jdbc|software\.aws\.rds\.jdbc",
    ),
    (
        LogClient("MariaDB Connector/J", reports_4031=True),
        r"\bmariadb\.jdbc|jdbc:mariadb|read \d+ bytes from \d+ \(socket was closed",
    ),
    # Before version 8 it had no word for 4031, and no server sent it.
    (LogClient("MySQL Connector/J"), r"com\.mysql\.jdbc\.(?!Driver)"),
    (
        LogClient("MySQL Connector/J", reports_4031=True),
        r"com\.mysql\.(?:cj|jdbc)|jdbc:mysql|Communications link failure|last packet s(?:uccessfully received|ent successfully)|No operations allowed after (?:connection|statement) closed",
    ),
    (
        LogClient("r2dbc-mysql", reports_4031=True),
        r"r2dbc\.mysql|i\.a\.r\.mysql|(?:org\.)?mariadb\.r2dbc|io\.r2dbc",
    ),
    (LogClient("Vert.x MySQL client"), r"vertx\.mysqlclient|io\.vertx"),
    (LogClient("jasync-sql"), r"github\.jasync|mauricio\.async\.db"),
    (LogClient("amphp/mysql"), r"\bAmp\\{1,2}(?:Mysql|Sql)\\"),
    (LogClient("MySQL binlog client (Java)"), r"com\.github\.shyiko|BinaryLogClient"),
    (
        LogClient(N_("mysql command line"), reports_4031=True),
        r"^mysql(?:admin|check|import|pump|slap|show|_\w{1,30}): ",
    ),
    (LogClient("MySQL Shell", reports_4031=True), r"\bMySQL Error \d{4} \(\w{5}\): "),
    (LogClient("mysqldump", reports_4031=True), r"\b(?:mysqldump|mariadb-dump): "),
    (
        LogClient("go-sql-driver"),
        r"go-sql-driver|(?i:\[mysql\]) .{0,80}\.go:\d|\[mysql\] .{0,40}\.go:\d",
    ),
    (
        LogClient("PHP PDO", separates_write_errors=False),
        r"PDOException|PDO(?:Statement)?->|PDO(?:Statement)?::|SQLSTATE\[\w{5}\] ?[:\[]|\[0\] => \w{5}$|\bCMDPHP ERROR: |\bDB Error \{(?:$|\s{0,4}\")",
    ),
    (
        LogClient("PHP mysqli", separates_write_errors=False),
        r"\b[Mm]ysqli(?!mport)|WordPress database error|\bwp-db\.php|class-wpdb|Wikimedia\\{1,2}Rdbms|\bdml(?:read|write)exception|\bmoodle_database\b|\bDBmysql\b|\bAphront\w{1,40}QueryException",
    ),
    (
        LogClient("PHP mysql", separates_write_errors=False),
        r"\bmysql_(?:p?connect|query|fetch_\w{1,12}|select_db)\(\)(?::| \[)",
    ),
    (
        LogClient("PHP mysqlnd", separates_write_errors=False),
        r"Error while sending \w{1,20} packet|Error reading result set's header|: send of \d{1,12} bytes failed with errno",
    ),
    (
        LogClient("Ruby mysql2", reports_4031=True),
        r"Mysql2::|mysql2/client\.rb|MySQL client is not connected|\bclosed MySQL connection\b",
    ),
    (LogClient("Ruby trilogy"), r"Trilogy::"),
    (
        LogClient("Node mysql2", reports_4031=True),
        r"node_modules[\\/]mysql2|mysql2[\\/]lib|Can't add new command when connection is in closed",
    ),
    (LogClient("Node mysql"), r"node_modules[\\/]mysql[\\/]|Cannot enqueue \w+ after|PROTOCOL_"),
    (LogClient("Node mariadb"), r"node_modules[\\/]mariadb"),
    (LogClient("Perl DBD::MariaDB", reports_4031=True), r"DBD::MariaDB"),
    (LogClient("Perl DBD::mysql", reports_4031=True), r"DBD::mysql|DBI connect"),
    (LogClient(".NET MySqlConnector", reports_4031=True), r"\bMySqlConnector\b"),
    (LogClient(".NET MySql.Data"), r"MySql\.Data|MySqlException"),
    (
        LogClient("Rust sqlx", reports_4031=True),
        r"\bsqlx\b|error communicating with database|error returned from database",
    ),
    (LogClient("Rust mysql"), r"mysql_async|MySqlError \{|DriverError|Driver\(Connection"),
    (LogClient("ProxySQL"), r"hostgroup"),
    (LogClient("MaxScale"), r"\bTiming out '.{0,80}'@\S{1,255}, idle for \d|\bNetwork write timed out for '"),
    (LogClient("Elixir MyXQL"), r"\bMyXQL\b|\(myxql\)"),
    (
        LogClient("go-sql-driver"),
        r"\bError [134]\d{3}(?: \(\w{5}\))?: |\[mysql\] .{0,40}\.go:\d|(?:: |\"|\.go:\d{1,6} |\b(?:ERROR|FATAL) )invalid connection|driver: bad connection|commands out of sync\. You",
    ),
    (LogClient("HAProxy"), r"haproxy|\d [cs]D \d+/"),
    (
        LogClient(N_("mariadb command line"), reports_4031=True),
        r"^ERROR \d{4} \(\w{5}\).*(?:to server during|Server has gone|to server on|before completion of TLS)",
    ),
    (LogClient(N_("mysql command line"), reports_4031=True), r"^ERROR \d{4} \(\w{5}\)"),
    (
        LogClient("Node mysql2", reports_4031=True),
        r"\bsqlMessage\b|\bcode['\"]?: ?['\"]?(?:ER|PROTOCOL)_[A-Z]|node:internal|fatal\"?: ?true",
    ),
)
"""The first row that matches counts."""
FRAMEWORKS: Final = (
    ("Django", r"\bdjango\b"),
    (
        "SQLAlchemy",
        r"sqlalchemy|\((?:_mysql_exceptions|MySQLdb|pymysql\.err|mysql\.connector\.errors|asyncmy\.errors|aiomysql)\.?\w{0,40}\) \(",
    ),
    ("Celery", r"celery|Task \S{1,80}\[[0-9a-f-]{36}\]"),
    ("Flask", r"\bflask\b|Exception on \S{1,200} \[(?:GET|POST|PUT|PATCH|DELETE)\]"),
    ("Laravel", r"Illuminate\\|laravel|\((?:Connection: [\w-]{1,40}, )?SQL: "),
    ("Nextcloud", r"\bOCA?P?\\{1,2}[A-Z]|(?i:\bnextcloud\b)"),
    ("Symfony Doctrine", r"Doctrine\\|\bSymfony\\"),
    ("MediaWiki", r"Wikimedia\\|\bMediaWiki\b"),
    ("Moodle", r"\bdml(?:read|write)exception|\bmoodle_|\bmdl_\w"),
    ("GLPI", r"\bglpisqllog\b|\bglpi_\w|/glpi/"),
    ("Yii", r"\byii\\{1,2}|Yiisoft|yiisoft|\[yii\\"),
    ("ThinkPHP", r"\bthink\\{1,2}|ThinkPHP|thinkphp|^\[ \S{19,32} \]\[ \w{1,10} \] \[\d"),
    ("WordPress", r"WordPress|wp-config\.php|wp-includes|wp-content|wp-db\.php|\bWP->"),
    ("Drupal", r"Drupal[\\/]|\bdrupal\b|drush|\{watchdog\}"),
    ("ejabberd", r"\bejabberd"),
    ("Magento", r"Magento\\|Zend_Db|Mage_"),
    ("Cacti", r"\bCMDPHP\b|\bSPINE: |/cacti/"),
    ("Friendica", r"(?i)\bfriendica\b|\bDB Error \{(?:$|\s{0,4}\")"),
    ("CakePHP", r"Cake\\Database|cakephp"),
    ("CodeIgniter", r"CodeIgniter|CI_DB"),
    ("Swoft", r"Swoft\\"),
    ("Hyperf", r"Hyperf\\"),
    ("Swoole", r"\bswoole\b|\bsw[A-Z]\w{2,30}_on\w+|Swoole\\"),
    ("Druid", r"alibaba\.druid|DruidDataSource|\bdruid\b"),
    ("Agroal", r"io\.agroal|agroal|quarkus"),
    ("c3p0", r"com\.mchange|\bc3p0\b"),
    ("DBCP2", r"commons\.dbcp2"),
    ("Tomcat JDBC", r"org\.apache\.tomcat\.jdbc"),
    ("HikariCP", r"[Hh]ikari(?:Pool|CP)?\b|com\.zaxxer"),
    ("R2DBC Pool", r"r2dbc\.pool"),
    ("Maxwell", r"\bMaxwell\w*\b|zendesk\.maxwell"),
    ("Debezium", r"[Dd]ebezium"),
    ("Metabase", r"\bmetabase\b"),
    ("r2d2", r"\br2d2\b"),
    ("Ecto", r"\(ecto(?:_sql)?\b|\bEcto\."),
    ("Diesel", r"\bdiesel\b|\bDatabaseError\((?:__)?(?:Unknown|ClosedConnection|UnableToSendCommand), "),
    ("Rails", r"ActiveRecord|active_record"),
    ("Sequelize", r"[Ss]equelize"),
    ("TypeORM", r"QueryFailedError|typeorm"),
    ("Knex", r"node_modules/knex|KnexTimeout"),
    ("Prisma", r"[Pp]risma"),
    ("GORM", r"gorm\.io|\bgorm\b|^\[\d[\d.]{0,12}ms\] \[rows:"),
    ("gh-ost", r"\bgh-ost\b"),
)
"""The first row that matches counts."""

PROXIES: Final = frozenset({"ProxySQL", "MaxScale", "MySQL Router", "HAProxy", "Envoy"})
"""What stands between clients and servers, and has a log of its own."""
SILENT_CLIENTS: Final = PROXIES | {REPLICATION}
"""Those that log errors, and not what passes through them: the silence of their logs says nothing of a session."""
_DRIVERS: Final = tuple((client, re.compile(pattern)) for client, pattern in DRIVERS)
_FRAMEWORKS: Final = tuple((name, re.compile(pattern)) for name, pattern in FRAMEWORKS)


_STATEMENT_TEXT: Final = re.compile(
    r"(?i)\b(?:SELECT\s.{1,1000}?\sFROM|INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\s"
)
_LITERAL: Final = re.compile(r"(?<=[=(,\s])'(?:[^'\\]|\\.|''){1,400}'(?=[\s,);]|$)")


def _without_values(line: str) -> str:
    """A line without the values of the statement in it: they are of users, and name no client."""
    statement = _STATEMENT_TEXT.search(line)
    start = len(line) if statement is None else statement.start()
    return line[:start] + _LITERAL.sub("?", line[start:])


def recognise_client(lines: Iterable[str]) -> LogClient:
    """The client that wrote these lines; UNKNOWN_CLIENT where they do not show it.

    >>> recognise_client(["PDOException: x SELECT a FROM b WHERE c = 'proxysql'"]).name
    'PHP PDO'
    """
    text = [_without_values(line) for line in lines]
    # A string in JSON holds a traceback in one line; a path of Windows holds the same two characters.
    text += [line.replace("\\n", " ") for line in text if "\\n" in line]
    driver = next(
        (client for client, form in _DRIVERS if any(form.search(line) for line in text)), UNKNOWN_CLIENT
    )
    framework = next((name for name, form in _FRAMEWORKS if any(form.search(line) for line in text)), "")
    return LogClient(driver.driver, framework, driver.reports_4031, driver.separates_write_errors)


class FailureKind(StrEnum):
    """How a connection failed."""

    RESET = "reset"
    BROKEN_PIPE = "broken_pipe"
    EOF = "eof"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_SOCKET = "no_socket"
    TLS_EOF = "tls_eof"
    DIALLING = "dialling"
    """Before the server had answered."""
    GREETING = "greeting"
    """Before or during the handshake."""
    WRITING = "writing"
    LOGIN = "login"
    """While the client connected or logged in: no session had begun."""
    TLS_REFUSED = "tls_refused"
    """One side refused the other's certificate, or its versions and ciphers of TLS: no session had begun."""
    READING = "reading"
    """In the middle of a result: the session was busy."""
    SENDING = "sending"
    """In the middle of a file or packet that the client sent: the session was busy."""
    BETWEEN = "between"
    """While the connection was idle in a pool, between statements."""
    NO_ANSWER = "no_answer"
    """The operating system gave up: what was sent was never acknowledged."""
    SEVERED = "severed"
    """A proxy saw the server's side break off with an error, and not end in order."""
    SERVER_DOWN = "server_down"
    """A health check found the server away: the line is about the server, and about no session."""
    FORKED = "forked"
    """Something near the error forks, and each process has the connection."""
    IN_AZURE = "in_azure"
    """The log names a server or program in Azure."""
    IN_AWS = "in_aws"
    """The log names a server in AWS."""
    POLLING = "polling"
    """The statement that failed asks for the next job: the client sends it every few seconds, and logs nothing of that."""
    THROUGH_PROXY = "through_proxy"
    """The log names a proxy or tunnel between the client and the server."""
    MIXED_UP = "mixed_up"
    """The client received what was meant for another reader of the connection."""


def haproxy_end(codes: str) -> str:
    """The pattern of a line of HAProxy's TCP log whose session ended by one of the termination `codes`, a pattern."""
    return rf" -?\d{{1,9}}/-?\d{{1,9}}/\+?\d{{1,12}} \+?\d{{1,15}} (?:{codes}) \d{{1,9}}/\d{{1,9}}/\d{{1,9}}/"


def envoy_end(flags: str) -> str:
    """The pattern of a line of Envoy's log of a TCP session to MySQL that has one of the response `flags`, a pattern."""
    return rf'"- - -" 0 (?:[A-Z]{{2,6}},){{0,4}}(?:{flags})(?:,[A-Z]{{2,6}}){{0,4}} (?=.{{0,900}}(?::3306\b|\|3306\||(?i:mysql|mariadb)))'


FAILURE_WORDS: Final = tuple(
    (how, re.compile(words))
    for how, words in (
        (
            FailureKind.RESET,
            r"reset by peer|ECONNRESET|Exception: Connection reset|Errno 104|system error: 104|\b10054\b|forcibly closed",
        ),
        (FailureKind.BROKEN_PIPE, r"[Bb]roken [Pp]ipe|EPIPE|Errno 32\b|BrokenPipe"),
        (FailureKind.EOF, r"EOF|end of stream|PROTOCOL_CONNECTION_LOST|Connection lost: The server closed"),
        (
            FailureKind.TIMED_OUT,
            (
                r"[Tt]imed out|Timeout expired|ETIMEDOUT|Errno 110|system error: 110|i/o timeout|\(110\b|\b10060\b|connect timeout|Got timeout"
                rf"|failed to (?:receive|read) .{{1,60}}: timeout|Layer[467] timeout|\b(?:connection|delayed_connect)_timeout\b|{haproxy_end('sC')}"
            ),
        ),
        (
            FailureKind.REFUSED,
            rf"[Cc]onnection[ _]refused|actively refused|delayed[_ ]connect[_ ]error:[_ ]111|ECONNREFUSED|econnrefused|\(111\b|Errno 111|\b10061\b|{haproxy_end('SC')}",
        ),
        (FailureKind.UNREACHABLE, r"No route to host|[Nn]etwork is unreachable|\(113\b|EHOSTUNREACH"),
        (
            FailureKind.TLS_EOF,
            r"SSLEOFError|EOF occurred in violation of protocol|unexpected eof while reading",
        ),
        (
            FailureKind.DIALLING,
            (
                r"\bdial (?:tcp|unix)\b|connect E[A-Z]{3,20}\b|java\.net\.ConnectException|[Cc]onnect [Tt]im(?:ed out|eout expired)"
                rf"|Can't reach database server|{haproxy_end('[sS]C')}|{envoy_end('UF|URX|UH')}"
            ),
        ),
        (FailureKind.NO_SOCKET, r"through socket|No such file or directory"),
        (
            FailureKind.GREETING,
            r"reading (?:initial|authorization)|waiting for initial|handshake|(?<![Aa]n )establish(?:ed|ing)? |No route|ConnectionImpl\.createNewIO|to any of the specified",
        ),
        (
            FailureKind.WRITING,
            r"write (?:ECONNRESET|EPIPE)|sendall|_write_bytes|implWrite|StandardPacketOutputStream|packets\.go:\d+: write|Error while sending \w{1,20} packet",
        ),
        (
            FailureKind.LOGIN,
            (
                r"\bmysqli?_(?:real_|p)?connect\(|\bmysqli::(?:__construct|real_connect)|SQLSTATE\[\w{5}\] \[20\d\d\]"
                r"|reading (?:initial|inital|authorization|greeting|handshake)|waiting for initial communication|Expected 0 received 1"
                r"|driver has not received any packets|establishing a database connection|[Cc]reate connection error|_get_server_information|_request_authentication"
                r"|Closing not established client connection"
            ),
        ),
        (
            FailureKind.TLS_REFUSED,
            (
                r"SSLHandshakeException(?!: (?:Remote host|Connection reset|Read timed out))|(?i:certificate[ _]verify[ _]failed|no appropriate protocol|unsupported protocol"
                r"|no protocols available|handshake[ _]failure|\bprotocol_version\b|self[- ]signed certificate|certificate (?:has expired|chain|is not valid)"
                r"|find valid certification path|get local issuer|unknown[ _]?(?:issuer|ca)\b|remote certificate (?:is invalid|was rejected))"
                r"|\bx509: |tls: (?:failed to verify|protocol version|no supported versions)|ERR_TLS_CERT|ERR_SSL_[A-Z]|\bCERT_HAS_EXPIRED\b|DEPTH_ZERO_SELF_SIGNED"
            ),
        ),
        (
            FailureKind.READING,
            (
                r"Could not read data from |when dumping table|\bresult_fetch\b|\bin _?(?:fetch(?:one|many|all|_row)?|get_rows|_fetch\w+)$"
                r"|\bin _read_rowdata_packet\w*$|PDOStatement(?:::|->)fetch|mysqli?_fetch_\w|[Ee]rror reading result(?! set's)"
                r"|ResultsetRowsStreaming|was streaming results when|(?:<|\b)ScanRowAsync|\bpacket body of length \d|[Cc]ould not read resultset|[Ee]xpected to read [1-9]\d* bytes, read [1-9]\d* bytes before|\bcreateDataEventsForTable\(|EOFException: Failed to read (?:next byte|remaining)"
                r"|BinaryLogClient\.listenForEventPackets|\bmysqli_(?:result|stmt)::fetch_?\w|\(\): Error while reading a row"
            ),
        ),
        (
            FailureKind.SENDING,
            r"\bin _?send_data$|sendFileToServer|LoadLocalFile|LOAD DATA LOCAL|[Ll]ocal [Ii]nfile|\b(?:mysql|mariadb-)import\b.{0,200} (?:--local\b|-L\b)",
        ),
        (
            FailureKind.BETWEEN,
            r"broken idle connection|closing bad idle connection|while connection was idle|has been closed by peer|Connection unexpectedly closed|Failed to validate connection",
        ),
        (
            FailureKind.NO_ANSWER,
            r"(?:read|write)(?: tcp .{0,120})?: connection timed out|ETIMEDOUT|[Ee]rrno 110|system error: 110|\(110\b|\b10060\b",
        ),
        (FailureKind.SEVERED, haproxy_end("[SD]D")),
        (
            FailureKind.SERVER_DOWN,
            r"missed \d{1,4} heartbeats, shunning|Server \S{1,120} is DOWN, reason: |has no server available!|Detected an offline server during query",
        ),
        (
            FailureKind.FORKED,
            (
                r"Psy Shell|\bForkManager\b|\bpcntl_fork|\bos\.fork\b|\bfork\(\)|after fork|before forking"
                r"|\bmultiprocessing[/\\](?:process|pool|popen_fork)\.py|\bconcurrent[/\\]futures[/\\]process\.py"
                r"|/parallel\.rb:\d{1,5}:in .{0,20}(?:worker|fork|process_incoming_jobs|work_in_processes|in_processes)\b"
            ),
        ),
        (FailureKind.IN_AZURE, r"\.mysql\.database\.azure\.com|\.azurewebsites\.net|\bAKS\b"),
        (FailureKind.IN_AWS, r"\.rds\.amazonaws\.com"),
        (
            FailureKind.POLLING,
            (
                r"\bDatabaseQueue(?:\.php|->pop)|Error while reserving job|\bacquireNextTriggers?\b|\bclusterCheckin\b|JobQueue\.Dequeue\(|DoctrineReceiver->get\(|\bMessenger\S{1,60}DoctrineReceiver"
                r"|\bSolidQueue::(?:Worker|Dispatcher|Poller)\b.{0,80}\bpoll|\bget_next_job\b|\bgetNextJob\b|\b(?:poll|fetch)_?(?:for_)?(?:next_)?jobs?\b|\bscheduler_loop\b|\bsend_heartbeat\b"
            ),
        ),
        (
            FailureKind.THROUGH_PROXY,
            r"(?i:cloud[-_]?sql[-_]proxy|\bpscale\b|planetscale|cleardb|kubectl port-forward|Forwarding from 127)|branch \S{1,80} is established",
        ),
        (
            FailureKind.MIXED_UP,
            r"(?i:bad record mac|decryption failed|out of order(?!\. expected \d{1,3} (?:but )?received 0)|sequence number wrong|wrong version number)",
        ),
    )
)
_AMOUNT: Final = r"(?P<amount>\d[\d.,]{0,20}?) ?(?P<unit>ms|millis(?:econds?)?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b"
_IDLE: Final = r"\b(?:idl(?:e|ed|ing)|unused|inactiv(?:e|ity)|not (?:been )?used)\b"
_SET_VALUE: Final = r"time-?out|limit|max\w*|min\w*|interval|period|test|check|every"
IDLE_TIME_FORMS: Final = (
    re.compile(r"(?P<amount>\d{1,9}) (?P<unit>seconds) after the last command started"),
    re.compile(r"\blast_used (?P<amount>\d{1,12})(?P<unit>ms) ago"),
    re.compile(rf"(?i)(?<!max )(?<!min ){_IDLE}(?: (?!(?:{_SET_VALUE})\b)[a-z]{{1,12}}){{0,4}}[ :=(]{{1,3}}{_AMOUNT}"),
    re.compile(rf"(?i)(?<![\w.,-]){_AMOUNT}(?: of| being| spent| without being)? {_IDLE}(?! (?:{_SET_VALUE}|connections?)\b)"),
)  # fmt: skip
"""How a log states the idle time of a connection: an amount of a unit beside a word for idling, and not beside a setting."""
_OF_STATEMENT: Final = (
    r"(?:quer(?:y|ies)|statements?|sql|select|insert|update|delete|cursor|execut\w{1,6}|command)"
)
_FIGURE: Final = r"(?:(?P<hours>\d{1,4})(?:h|:(?=\d\d:\d\d)))?(?:(?P<minutes>\d{1,4})(?:m(?=\d|\b)|:))?(?:(?P<amount>\d[\d.,]{0,20}?) ?(?P<unit>ms|millis(?:econds?)?|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hours?)?(?![\w.,:]*\d))?"
_HAS_UNIT: Final = r"(?=\d[\d.,]{0,20} ?(?:ms|millis(?:econds?)?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b|\d{1,4}[hm]\d|\d{1,4}:\d\d)"
"""What a duration begins with behind a word that numbers of other kinds follow, too: `for 88123` names an order."""
RUN_TIME_FORMS: Final = (
    re.compile(
        rf"(?i)\b{_OF_STATEMENT}\b(?:(?!\b(?:retr|again|sleep|wait|reconnect|next|limit|idle))[^.;\d]){{0,60}}?\b(?:(?:after|for):? {_HAS_UNIT}|(?:took|taking):? ){_FIGURE}"
    ),
    re.compile(
        rf"(?i)(?<![a-z])(?:took|elapsed(?:[ _]?time)?|duration|(?:exec(?:ution)?|quer(?:y)?|run(?:ning)?)[ _]?time)(?:_?(?P<named>ms|millis|s|secs?|seconds))?['\"]?(?: (?:was|is))?[ :=(]{{1,3}}['\"]?{_FIGURE}"
    ),
    re.compile(rf"[\[(]{_FIGURE}[\])] {{1,3}}(?:\[rows:|(?i:SELECT|INSERT|UPDATE|DELETE|REPLACE|CALL|WITH|LOAD)\b)"),
)  # fmt: skip
"""How a log states how long a statement ran: beside a word for one, beside a word for a duration, before its text."""
WORK_TIME_FORM: Final = re.compile(
    rf"(?i)\b(?:failed|aborted|died|ended|stopped|crashed|gave up|errored|failure)\b.{{0,20}}?\b(?:after|in):? {_HAS_UNIT}{_FIGURE}"
)
"""How a log states how long the work lasted that failed: its statement, or what it did between statements."""
_OTHER_WORK: Final = re.compile(
    r"(?i)\b(?:jobs?|tasks?|requests?|workers?|process|daemon|uptime|sessions?|connect\w*|idl\w+|pool|sleep\w*|wait\w*|retr\w+|login|handshake)\b"
)
"""What else may last: a connection may idle meanwhile."""
_WORK_CHARS: Final = 40
"""Characters before a duration in which it stands what lasted."""
UNIT_SECONDS: Final = {"ms": 0.001, "millis": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of each unit, by the beginning of its name; the longest beginning that fits counts."""
LASTED_FORM: Final = re.compile(
    r"(?: -?\d{1,9}/-?\d{1,9}/\+?(?=\d{1,12} \+?\d{1,15} [A-Za-z-]{2} \d)|\"- - -\" 0 \S{1,40} (?:\S{1,200} \S{1,200} \"[^\"]{0,400}\" )?\d{1,20} \d{1,20} )(\d{1,12})\b"
)
"""How HAProxy and Envoy state how long a session lasted, in milliseconds."""
PAST_LIMIT_FORM: Final = re.compile(
    r"longer than the server configured value of '(?:wait|interactive)_timeout'"
)
"""How Connector/J states that a connection was idle for longer than the limit that the server gave it."""
_PACKET_TIME: Final = r"([\d,.]{1,15}) milliseconds? ago"
RECEIVED_FORM: Final = re.compile(rf"last packet successfully received from the server was {_PACKET_TIME}")
SENT_FORM: Final = re.compile(rf"last packet sent successfully to the server was {_PACKET_TIME}")
"""How Connector/J states when it last received, and last sent, a packet."""
WAITED_FORM: Final = re.compile(r"Lost connection to MySQL server during query\s+(\d{1,6}\.\d{3}) sec\b")
"""How MySQL Workbench states how long a statement had run; in thousandths without the dot."""
STATEMENT_SIZE_FORMS: Final = (
    re.compile(r"[Pp]acket for query is too large \(([\d,.]{1,14}) ?>"),
    re.compile(r"\((\d{1,12}) characters truncated\)"),
    re.compile(r"query size \((\d{1,12})\) is >="),
    # A string of serialised PHP, whose length stands before it.
    re.compile(r"\bs:(\d{6,12}):\\{0,3}\""),
)
"""How a log states the size of a statement."""
STATED_LIMIT_FORMS: Final = (
    ("max_allowed_packet", re.compile(r"is >= to max_allowed_packet \((\d{1,12})\)")),
    ("max_allowed_packet", re.compile(r"too large \([\d,.]{1,14} ?> ?([\d,.]{1,14})\)")),
    ("max_connections", re.compile(r"reached max active connections.{0,20} ?\((?:\d{1,9} max=)?(\d{1,9})\)")),
    ("wait_timeout", re.compile(r"\bwaitTimeout=(\d{1,9})\b")),
    ("wait_timeout", re.compile(r"Currently configured wait_timeout is (\d{1,9}) seconds")),
)
"""How a log states a limit."""
OFFLINE_MODE_ERROR: Final = 3032
"""The error of a server in offline mode, which only administrators can connect to."""
PROXYSQL_OFFLINE_ERROR: Final = 9004
"""ProxySQL's error of a session whose server it found offline."""
CONNECTION_KILLED_ERROR: Final = 1927
"""MariaDB's error of a session that was killed. 10.5 reports it to idle sessions when it stops, too; 10.6 and later do not."""
INTERRUPTED_ERROR: Final = 1317
"""The error of a statement that was interrupted: the session stays open."""
SERVER_GONE_ERRORS: Final = frozenset({2006})
"""The error of a client that could not send its statement."""
UNANSWERED_ERRORS: Final = frozenset({2002, 2003})
"""The errors of a client that no server answered."""
SERVER_LOST_ERRORS: Final = frozenset({2013})
"""The error of a client that waited for an answer."""
MIN_WAIT_SECONDS: Final = 5.0
"""Seconds from which a wait is one for an answer: a server that has closed a session refuses its next statement at once."""
LARGE_LINE_BYTES: Final = 8192
"""Bytes from which the size of a logged line counts as that of the statement in it."""


class EndKind(StrEnum):
    """What ended sessions, as another party than their clients reports it."""

    STOP = "stop"
    """The server was stopped, or restarted."""
    CRASH = "crash"
    """The server crashed, or was killed."""
    FAILOVER = "failover"
    """Another server took over: the sessions of the one before end."""
    KILL = "kill"
    """A session was killed."""
    INTERRUPT = "interrupt"
    """A statement was killed: its session goes on."""
    PROXY = "proxy"
    """A proxy ended a session."""
    SESSION = "session"
    """The server's log reports the end of a session with its cause."""


END_CAUSES: Final = {
    EndKind.STOP: Cause.SERVER_RESTART,
    EndKind.CRASH: Cause.SERVER_CRASH,
    EndKind.FAILOVER: Cause.SERVER_RESTART,
    EndKind.KILL: Cause.KILLED,
    EndKind.INTERRUPT: Cause.KILLED,
    EndKind.PROXY: Cause.PROXY_OR_FIREWALL,
}
"""The cause that each kind of end is; that of a session has its own."""
SERVER_ENDS: Final = frozenset({EndKind.STOP, EndKind.CRASH, EndKind.FAILOVER})
"""The ends of every session of a server."""


@dataclass(frozen=True, slots=True)
class ReportedEnd:
    """An end that another party reports, near an error that it may explain."""

    kind: EndKind
    cause: Cause
    line: int
    """The number of the line that reports it."""
    seconds: float = 0.0
    """How long before the error it was."""
    session_id: ProcesslistId | None = None
    """The session of the error, where the report names it."""
    clock_seconds: float = 0.0
    """What the clock of the report is ahead of the error's, where one of both names no zone; 0 where they agree."""
    is_dated: bool = True
    """Whether both have a time; otherwise they only stand near each other."""
    is_proof: bool = False
    """Whether the report is surely of the error's session: by its id, its server, and the order of both."""

    @property
    def is_of_session(self) -> bool:
        """Whether the report names the session of the error."""
        return self.session_id is not None


_SESSION_ID_FORM: Final = re.compile(
    r"\(conn=(\d{1,10})\)|[Aa]borted connection (\d{1,10}) |(?i:\bconnection_id\(\)) ?[:=]{0,2} ?(\d{1,10})\b"
)
"""How an error names its session in words that only clients of such a server write."""
_LIKELY_SESSION_FORM: Final = re.compile(
    r"(?i)\b(?:connection_id|(?:mysql|mariadb|processlist)[ _](?:connection|thread|session)?[ _]?id)[:= ]{1,2}(\d{1,10})\b"
)
"""How it may name its session: other programs have ids of connections, too."""
_STATEMENT: Final = re.compile(
    r"\[SQL: .*|\b(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|CALL|WITH)\s.*|(?<!\w)'[^']{0,2000}'(?!\w)|(?i:\bwhere\s.*)"
)
"""A statement, from its first word on, or a value in quotes."""


def _named_session(form: re.Pattern[str], lines: Iterable[LogLine]) -> ProcesslistId | None:
    """The last session that a form finds outside of statements and their values."""
    found = [match for line in lines if (match := form.search(_STATEMENT.sub("", line.text)))]
    return ProcesslistId(int(next(filter(None, found[-1].groups())))) if found else None


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """One lost or refused connection, as its log reports it."""

    line: int
    """Its number in the log, from 1."""
    timestamp: Timestamp | None
    text: str = ""
    """The line that says most, or a part of it. As logged: it may hold anything."""
    code: int | None = None
    client: LogClient = UNKNOWN_CLIENT
    stated_cause: Cause | None = None
    """The cause that the log itself names."""
    certainty: Certainty = Certainty.POSSIBLE
    """How sure `stated_cause` is."""
    failures: frozenset[FailureKind] = frozenset()
    used_after_close: bool = False
    """Whether the driver knew before that the connection was closed."""
    from_server_log: bool = False
    """Whether the server's own error log reports it."""
    session_id: ProcesslistId | None = None
    idle_seconds: float | None = None
    """The idle time of the connection, where the log states it."""
    is_past_limit: bool = False
    """Whether the log states that it was idle for longer than the server's limit."""
    lasted_seconds: float | None = None
    """How long the session had lasted, where the log states it."""
    silent_seconds: float | None = None
    """How long the log had been silent before; None where it has no times."""
    waited_seconds: float | None = None
    """How long the client had waited for an answer, where the log states it."""
    is_mention: bool = False
    """Whether the words may only be quoted: in prose, or in a text that a program handles."""
    program: str = ""
    """The program that wrote the line, as what is wrapped around the line names it."""
    speaker: str = ""
    """The process, thread or request that the line names."""
    text_before: str = ""
    """What stands before `text` on the same line: a secret may begin in it."""
    head: str = ""
    """How the line begins, where `text` is a later part of it."""
    server_up_seconds: float | None = None
    """The server's uptime, where this is its own log and reports its start."""
    statement_bytes: int | None = None
    limits: tuple[tuple[str, float], ...] = ()
    """Limits that the log states: seconds or bytes by variable."""
    used_seconds: float | None = None
    """How long before the same process had a statement answered; None where its log does not say that it had."""
    own_session_id: ProcesslistId | None = None
    """The session that its process said before is its own."""
    named_session_id: ProcesslistId | None = None
    """The one session that its program said is its own, whichever process or logger said so."""
    offline_near: bool = False
    """Whether the server refused a connection by offline mode within a minute."""
    refused_near: bool = False
    """Whether a connection found no program listening within a minute."""
    end_kind: EndKind | None = None
    """What the line reports as another party than the client: the operating system, a proxy, a cloud, an administrator."""
    is_error: bool = True
    """Whether it is shown as an error; otherwise the line only helps to explain the errors near it."""
    end: ReportedEnd | None = None
    """What ended the session or its server, as another party reports it in the same log."""
    sending_near: bool = False
    """Whether a client lost its connection within a minute while it was sending data."""
    unread_near: bool = False
    """Whether the server reported in the ten seconds before that it gave up a client that did not read its result."""
    unread_by_client: bool = False
    """Whether the server reported that in the minute before of what may be this client."""
    mixed_up_near: bool = False
    """Whether another process received packets that were not meant for it, within two seconds."""
    follows_loss: bool = False
    """Whether the same program reported the loss of a connection before, and its driver only refuses to use it again."""
    busy_lost_near: bool = False
    """Whether another session was lost within two seconds while its client waited for an answer."""
    lost_near: int = 0
    """How many other connections were lost within two seconds."""

    @property
    def refused(self) -> bool:
        """Whether the connection was refused, so that no session had begun."""
        if self.code in {2006, 2013, 4031}:
            return False
        code = CODES.get(self.code)
        refusals = {
            FailureKind.REFUSED, FailureKind.DIALLING, FailureKind.NO_SOCKET, FailureKind.SERVER_DOWN,
        }  # fmt: skip
        return bool((code and code.refuses_connection) or self.failures & refusals)

    @property
    def ends_server(self) -> bool:
        """Whether the server's own log, or that of its machine, says that the server itself ended."""
        return (
            self.from_server_log
            and not self.is_mention
            and self.session_id is None
            and self.stated_cause in {Cause.SERVER_RESTART, Cause.SERVER_CRASH}
        )

    @property
    def reported_end(self) -> EndKind | None:
        """The end that the line reports as another party than the client; None where it reports none."""
        if self.is_mention:
            return None
        if self.ends_server:
            return EndKind.CRASH if self.stated_cause is Cause.SERVER_CRASH else EndKind.STOP
        is_sure = self.stated_cause is not None and self.certainty is Certainty.CONFIRMED
        if is_sure and self.from_server_log and self.session_id is not None:
            return EndKind.SESSION
        is_proxys = self.stated_cause is Cause.PROXY_OR_FIREWALL and self.client.driver in PROXIES
        return EndKind.PROXY if is_sure and is_proxys else self.end_kind

    @property
    def server_end(self) -> EndKind | None:
        """What ended the server near the error, by the same log: a stop, a crash or a failover."""
        return self.end.kind if self.end is not None and self.end.kind in SERVER_ENDS else None

    @property
    def is_loss(self) -> bool:
        """Whether a session that had begun is lost, and nothing in the log says why."""
        is_explained = self.refused or self.from_server_log or self.stated_cause is not None
        return not is_explained and self.code in {None, 0, 2006, 2013, 2055, 1152, 1184, 2026, 9004}

    @property
    def is_kill(self) -> bool:
        """Whether the server sent the client that its session was killed. MariaDB before 10.6 also sends that when it stops.

        Not where a proxy closed the session for reasons of its own: MaxScale reports that by the same number.
        """
        is_from_proxy = self.stated_cause is Cause.PROXY_OR_FIREWALL
        return self.code == CONNECTION_KILLED_ERROR and not self.from_server_log and not is_from_proxy

    @property
    def never_began(self) -> bool:
        """Whether the connection ended before the login: the error says so, or names the function that connects."""
        if self.idle_seconds is not None:
            return False
        is_lost = self.code in SERVER_LOST_ERRORS and FailureKind.GREETING in self.failures
        is_before_login = not self.failures.isdisjoint({FailureKind.LOGIN, FailureKind.TLS_REFUSED})
        return self.is_loss and (is_lost or is_before_login)

    @property
    def ended_at_login(self) -> bool:
        """Whether the connection ended before or during the login, and nothing says why."""
        is_at_login = not self.failures.isdisjoint({FailureKind.GREETING, FailureKind.LOGIN})
        return self.is_loss and is_at_login and FailureKind.TLS_REFUSED not in self.failures

    @property
    def was_busy(self) -> bool:
        """Whether the session was in the middle of a result, or of what the client sent: it was not idle."""
        return bool(self.failures & {FailureKind.READING, FailureKind.SENDING})

    @property
    def write_failed(self) -> bool:
        """Whether the client could not even send: the connection was closed before, or the server cut a statement short."""
        if FailureKind.WRITING in self.failures and self.code not in SERVER_LOST_ERRORS:
            return True
        is_reset = bool(self.failures & {FailureKind.BROKEN_PIPE, FailureKind.RESET})
        has_write_error = is_reset and (self.waited_seconds or 0.0) < MIN_WAIT_SECONDS
        return self.client.separates_write_errors and (
            self.code in SERVER_GONE_ERRORS or (self.code not in SERVER_LOST_ERRORS and has_write_error)
        )

    @property
    def cut_in_tls(self) -> bool:
        """Whether a TLS connection ended while the client sent: so end idle sessions of MariaDB, and statements too large."""
        return self.is_loss and self.write_failed and FailureKind.TLS_EOF in self.failures

    @property
    def answer_never_came(self) -> bool:
        """Whether the statement was sent, and then the connection ended."""
        return (
            self.client.separates_write_errors
            and not self.write_failed
            and FailureKind.RESET not in self.failures
        )

    def described_by(self, lines: Iterable[LogLine]) -> ErrorEvent:
        """The event with what its lines say of how it failed, how long the connection was idle, sizes and limits."""
        lines = list(lines)
        failures = failures_in(lines) | self.failures
        received_seconds, sent_seconds = _last_figure(RECEIVED_FORM, lines), _last_figure(SENT_FORM, lines)
        idle_seconds, waited_seconds = self.idle_seconds, self.waited_seconds
        if (milliseconds := _last_figure(WAITED_FORM, lines)) is not None:
            waited_seconds = milliseconds / 1000
        stated = [amount for line in lines for amount in _stated_idle_times(line.text)]
        idle_seconds = stated[-1] if stated else idle_seconds
        ran = [seconds for line in lines for seconds in stated_run_times(line.text)]
        waited_seconds = ran[-1] if ran and not stated and waited_seconds is None else waited_seconds
        lasted = _last_figure(LASTED_FORM, lines)
        if received_seconds is not None:
            idle_seconds, waited_seconds = idle_and_waiting(
                received_seconds / 1000, None if sent_seconds is None else sent_seconds / 1000
            )
        sizes = (_last_figure(form, lines) for form in STATEMENT_SIZE_FORMS)
        statement_bytes = next((int(size) for size in sizes if size is not None), self.statement_bytes)
        large = (line.size_bytes for line in lines if line.size_bytes >= LARGE_LINE_BYTES)
        stated_limits = ((name, _last_figure(form, lines)) for name, form in STATED_LIMIT_FORMS)
        limits = dict(self.limits) | {name: figure for name, figure in stated_limits if figure is not None}
        return replace(
            self,
            failures=frozenset(failures),
            limits=tuple(limits.items()),
            idle_seconds=idle_seconds,
            is_past_limit=self.is_past_limit or any(PAST_LIMIT_FORM.search(line.text) for line in lines),
            lasted_seconds=self.lasted_seconds if lasted is None else lasted / 1000,
            waited_seconds=waited_seconds,
            silent_seconds=silence_before_wait(
                self.silent_seconds, waited_seconds or self._worked_seconds(lines)
            ),
            statement_bytes=next(large, None) if statement_bytes is None else statement_bytes,
            session_id=_named_session(_SESSION_ID_FORM, lines) or self.session_id,
            own_session_id=_named_session(_LIKELY_SESSION_FORM, lines) or self.own_session_id,
        )

    def _worked_seconds(self, lines: Iterable[LogLine]) -> float | None:
        """How long the work lasted that failed while the client waited for an answer, where the log states it."""
        if self.code not in SERVER_LOST_ERRORS:
            return None
        matches = (match for line in lines if (match := WORK_TIME_FORM.search(line.text)))
        return next((_duration_seconds(match) for match in matches), None)


def failures_in(lines: Iterable[LogLine]) -> set[FailureKind]:
    """How a connection failed, by the lines of its error."""
    return {kind for line in lines for kind, words in FAILURE_WORDS if words.search(line.text)}


def _stated_idle_times(text: str) -> Iterator[float]:
    """The idle times that a line states, in seconds."""
    for form in IDLE_TIME_FORMS:
        if match := form.search(text):
            unit = match["unit"].casefold()
            name = max((name for name in UNIT_SECONDS if unit.startswith(name)), key=len)
            amount = match["amount"].rstrip(".,")
            grouped = re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", amount) and unit.startswith("m")
            amount = re.sub(r"[.,]", "", amount) if grouped else amount.replace(",", "")
            if amount.replace(".", "", 1).isdecimal():
                yield float(amount) * UNIT_SECONDS[name]


def stated_run_times(text: str) -> Iterator[float]:
    """The seconds that a statement ran, where a line states them.

    >>> list(stated_run_times("query failed after 600.5s")), list(stated_run_times("job failed: elapsed 9 h"))
    ([600.5], [])
    """
    for form in RUN_TIME_FORMS:
        match = form.search(text)
        if match is None:
            continue
        work = text[max(0, match.start() - _WORK_CHARS) : match.start()]
        seconds = _duration_seconds(match)
        if seconds is not None and not _OTHER_WORK.search(work):
            yield seconds
            return


def _duration_seconds(match: re.Match[str]) -> float | None:
    """The seconds of a duration with its unit in or behind its name, as in Go or by the clock; in seconds without one."""
    fields = match.groupdict()
    parts = [fields["hours"], fields["minutes"], fields["amount"]]
    if not any(parts):
        return None
    unit = (fields["unit"] or fields.get("named") or "s").casefold()
    name = max((name for name in UNIT_SECONDS if unit.startswith(name)), key=len)
    amount = (fields["amount"] or "0").replace(",", "").rstrip(".")
    if amount.count(".") > 1:
        return None
    return int(parts[0] or 0) * 3600 + int(parts[1] or 0) * 60 + float(amount) * UNIT_SECONDS[name]


def silence_before_wait(silent_seconds: float | None, waited_seconds: float | None) -> float | None:
    """How long a log was silent before a statement was sent: it is silent while its program waits, too.

    >>> silence_before_wait(900.0, 600.0), silence_before_wait(600.0, 601.0), silence_before_wait(None, 9.0)
    (300.0, 0.0, None)
    """
    return None if silent_seconds is None else max(0.0, silent_seconds - (waited_seconds or 0.0))


def _last_figure(form: re.Pattern[str], lines: Iterable[LogLine]) -> float | None:
    """The last figure that a form finds."""
    figures = [_number(match[1]) for line in lines if (match := form.search(line.text))]
    return figures[-1] if figures else None


def idle_and_waiting(received_seconds: float, sent_seconds: float | None) -> tuple[float, float | None]:
    """How long a connection was idle and then waited for an answer, by when it last received and last sent.

    A packet that was sent after the last answer ended the idle time. Where sending failed, the last packet that was
    sent belongs to the last answer.

    >>> idle_and_waiting(146.75, 142.25), idle_and_waiting(28805.0, 28805.5), idle_and_waiting(60.0, None)
    ((4.5, 142.25), (28805.0, None), (60.0, None))
    """
    if sent_seconds is None or sent_seconds >= received_seconds:
        return received_seconds, None
    return received_seconds - sent_seconds, sent_seconds


_TimedEvent = tuple[float, ErrorEvent]
"""An event and its seconds since 1970; not a number where it has no time, so that it is near to no other."""
_NEAR_SECONDS: Final = 60.0
_TOGETHER_SECONDS: Final = 2.0
_SAME_DAYS_SECONDS: Final = 2 * 86_400.0
"""Seconds within which two timestamps of one log are of one year, where only one of them has its year."""
_UNREAD_SECONDS: Final = 10.0
"""Seconds in which a client that read too slowly mostly notices that the server gave it up."""
_NOTICED_SECONDS: Final = 10.0
"""Seconds in which a client that is not idle mostly notices that its session was killed."""
_MAX_IDLE_SECONDS: Final = 86_400.0
_MAX_HELD_EVENTS: Final = 64
_MAX_REPORTS: Final = 64
_MAX_SESSION_REPORTS: Final = 10_000
_WHOLE_SECOND: Final = 1.0
_NEXT_EVENTS: Final = 3
_NEXT_LINES: Final = 12
_NOT_LISTENING: Final = frozenset({FailureKind.REFUSED, FailureKind.NO_SOCKET})


def with_neighbours(events: Iterable[ErrorEvent]) -> Iterator[ErrorEvent]:
    """Yield each error with what was found near it.

    At most 2 * _MAX_HELD_EVENTS errors, 2 * _MAX_REPORTS ends and _MAX_SESSION_REPORTS ends of named sessions are held.
    """
    near = _Neighbourhood()
    for event in events:
        yield from near.add(event)
    yield from near.pop_all()


class _Neighbourhood:
    """The errors of a log that wait for what follows, and the ends that other parties have reported last."""

    def __init__(self) -> None:
        self._held: list[_TimedEvent] = []
        self._done = 0
        """How many of the held errors are yielded."""
        self._reports: deque[_TimedEvent] = deque(maxlen=_MAX_REPORTS)
        """The last ends of sessions."""
        self._server_ends: deque[_TimedEvent] = deque(maxlen=_MAX_REPORTS)
        self._ends_by_session: dict[ProcesslistId, _TimedEvent] = {}
        """The last end of each session, the oldest first."""
        self._servers: set[str] = set()
        """The hosts of servers that reported ends of sessions: two at most."""
        self._clock = _LogClock()
        self._losses: deque[_TimedEvent] = deque(maxlen=_MAX_REPORTS)
        """The last lost connections."""
        self._offsets: set[float] = set()
        """The offsets by which ends of another clock were moved to an error: more than one, and none of them counts."""
        self._sender: ErrorEvent | None = None
        """The last client that lost its connection while it was sending."""

    def add(self, event: ErrorEvent) -> Iterator[ErrorEvent]:
        """Take the next event of the log; yield the errors that nothing later is near to."""
        self._align_years(event)
        event = self._clock.dated(event)
        timed = self._clock.seconds(event), event
        if event.reported_end is not None:
            self._remember(timed)
        if not event.is_error:
            return
        if event.is_loss:
            self._losses.append(timed)
        held = self._held
        held.append((timed[0], replace(event, sending_near=self._is_sent_near(event))))
        while self._done < len(held) - 1 and self._is_over(event):
            yield self._completed(self._done)
            self._done += 1
        while self._done and (len(held) > 2 * _MAX_HELD_EVENTS or not _is_near(held[0], held[self._done])):
            held.pop(0)
            self._done -= 1

    def _remember(self, timed: _TimedEvent) -> None:
        """Keep a reported end: those of servers apart, those of sessions by their ids, too."""
        event = timed[1]
        if event.reported_end in SERVER_ENDS:
            self._server_ends.append(timed)
            return
        self._reports.append(timed)
        if event.session_id is None:
            return
        self._ends_by_session.pop(event.session_id, None)
        self._ends_by_session[event.session_id] = timed
        if len(self._ends_by_session) > _MAX_SESSION_REPORTS:
            del self._ends_by_session[next(iter(self._ends_by_session))]
        server = _reporting_server(event)
        if server is not None and len(self._servers) < 2:
            self._servers.add(server)

    def _reports_for(self, event: ErrorEvent) -> Iterator[_TimedEvent]:
        """The ends that may be those of an error."""
        yield from self._server_ends
        yield from self._reports
        for session_id in _own_ids(event):
            report = self._ends_by_session.get(session_id)
            if report is not None and report not in self._reports:
                dated = self._clock.dated(report[1]) if _has_guessed_year(report[1]) else report[1]
                yield self._clock.seconds(dated), dated

    def pop_all(self) -> Iterator[ErrorEvent]:
        """Yield the errors that are left at the end of the log."""
        for index in range(self._done, len(self._held)):
            yield self._completed(index)

    def _is_over(self, later: ErrorEvent) -> bool:
        """Whether the next error to be yielded waits for nothing more."""
        held, done = self._held, self._done
        is_near = _is_near(held[done], held[-1]) or _may_be_refused(held[done][1], later)
        return not is_near or len(held) - done > _MAX_HELD_EVENTS

    def _align_years(self, event: ErrorEvent) -> None:
        """Give the errors that wait the year of an event behind them, where their own year is guessed."""
        if event.timestamp is None or event.timestamp.year_guessed:
            return
        clock = _LogClock(event.timestamp)
        for timed_events in (self._held, self._reports, self._server_ends):
            for index, (_seconds, held) in enumerate(timed_events):
                if _has_guessed_year(held):
                    dated = clock.dated(held)
                    timed_events[index] = clock.seconds(dated), dated

    def _completed(self, index: int) -> ErrorEvent:
        """The error at `index` with what the others say that are near it."""
        timed = self._held[index]
        event = _with_counts(self._held, index)
        is_ended = event.is_loss or event.refused or event.is_kill or event.code == INTERRUPTED_ERROR
        if event.ends_server or not (is_ended or event.from_server_log):
            return event
        reports = list(self._reports_for(event))
        ends = [end for report in reports if (end := _end_for(timed, report))]
        ends = ends or self._ends_by_another_clock(timed, reports)
        ends = ends or [end for _at, report in reports if (end := _end_beside(event, report))]
        end = min(ends, key=lambda end: (not end.is_of_session, not end.is_proof, end.seconds), default=None)
        # The sessions of two servers have the same ids.
        if end is not None and len(self._servers) > 1 and _named_server(event) is None:
            end = replace(end, is_proof=False)
        return replace(event, end=end)

    def _ends_by_another_clock(self, timed: _TimedEvent, reports: Sequence[_TimedEvent]) -> list[ReportedEnd]:
        """The ends that the offset of a zone moves to the moment of an error, where only one offset of the log does."""
        found = []
        for report in reports:
            end = _end_by_another_clock(timed, report)
            if end is not None and not any(_end_for(loss, report) for loss in self._losses):
                others = (_end_by_another_clock(loss, report) for loss in self._losses)
                self._offsets.update(other.clock_seconds for other in others if other is not None)
                found.append(end)
        return found if len(self._offsets) == 1 else []

    def _is_sent_near(self, event: ErrorEvent) -> bool:
        """Whether a client lost its connection while it was sending, just before or in the lines before."""
        if event.is_loss and FailureKind.SENDING in event.failures:
            self._sender = event
        sender = self._sender
        if sender is None or sender is event:
            return False
        if sender.timestamp is None or event.timestamp is None:
            return event.line - sender.line <= _NEXT_LINES
        return event.timestamp.seconds_apart(sender.timestamp) <= _TOGETHER_SECONDS


class _LogClock:
    """The years and the zone that times of one log have, where they do not name them."""

    def __init__(self, dated: Timestamp | None = None) -> None:
        self._dated = dated
        """The last time with a year."""
        self._offset_seconds = 0.0 if dated is None else dated.offset_seconds
        """What the last zone but UTC adds to UTC: that of times without one."""

    def dated(self, event: ErrorEvent) -> ErrorEvent:
        """The event in the year of the last time with a year, where its own is guessed and both are near each other."""
        timestamp, last = event.timestamp, self._dated
        if timestamp is None:
            return event
        if not timestamp.year_guessed:
            self._dated = timestamp
            self._offset_seconds = timestamp.offset_seconds or self._offset_seconds
            return event
        if last is None or timestamp.seconds_apart(last) > _SAME_DAYS_SECONDS:
            return event
        return replace(event, timestamp=timestamp.with_year_of(last))

    def seconds(self, event: ErrorEvent) -> float:
        """When an event was, in seconds since 1970; not a number where it has no time."""
        timestamp = event.timestamp
        if timestamp is None:
            return nan
        return timestamp.clock_seconds - (0.0 if timestamp.zoned else self._offset_seconds)


def _zone_offset(timed: _TimedEvent, report: _TimedEvent) -> float:
    """The offset of a zone by which a report is of the same moment as an error on another clock; 0 where it is of none.

    One of both times has no zone: only then the offset is not known.
    """
    own, other = timed[1].timestamp, report[1].timestamp
    if own is None or other is None or own.zoned == other.zoned:
        return 0.0
    apart = report[0] - timed[0]
    offset_seconds = round(apart / ZONE_STEP_SECONDS) * ZONE_STEP_SECONDS
    is_same_moment = abs(apart - offset_seconds) <= _TOGETHER_SECONDS
    return float(offset_seconds) if is_same_moment and abs(offset_seconds) <= MAX_ZONE_SECONDS else 0.0


def _end_by_another_clock(timed: _TimedEvent, report: _TimedEvent) -> ReportedEnd | None:
    """The end that a report says by the clock of another zone; None where it may not be the error's by any zone."""
    offset_seconds = _zone_offset(timed, report)
    end = _end_for(timed, (report[0] - offset_seconds, report[1])) if offset_seconds else None
    return None if end is None else replace(end, session_id=None, clock_seconds=offset_seconds)


def _has_guessed_year(event: ErrorEvent) -> bool:
    return event.timestamp is not None and event.timestamp.year_guessed


def _end_for(timed: _TimedEvent, report: _TimedEvent) -> ReportedEnd | None:
    """The end that a report says, where it may be what ended the session of an error; None where it cannot be.

    What ends a session comes before its client's error, and after the session was last used.
    """
    event, other = timed[1], report[1]
    kind, apart = other.reported_end, timed[0] - report[0]
    if kind is None or other.line == event.line:
        return None
    session_id = other.session_id if other.session_id in _own_ids(event) else None
    cause = END_CAUSES.get(kind) or other.stated_cause
    is_of_another = kind is EndKind.SESSION and session_id is None
    noticed_within = _TOGETHER_SECONDS if is_of_another else _noticed_within(event, kind)
    is_near = -_TOGETHER_SECONDS <= apart <= noticed_within
    if cause is None or not is_near or not _may_end(kind, other, event):
        return None
    is_proof = session_id is not None and _is_proven(event, other, apart)
    return ReportedEnd(kind, cause, other.line, max(0.0, apart), session_id, is_proof=is_proof)


def _own_ids(event: ErrorEvent) -> frozenset[ProcesslistId]:
    """The id of an error's session; that which its process named before only where the error names none."""
    own = event.session_id or event.own_session_id
    return frozenset() if own is None else frozenset({own})


def _is_proven(event: ErrorEvent, report: ErrorEvent, apart: float) -> bool:
    """Whether a report of a session with the error's id is surely of its end: in the right order, and of its server.

    A client that gave up waiting ended its session by itself. A time in whole seconds may be up to a second early.
    """
    own_id = event.session_id
    if own_id is None and (event.is_kill or event.code == INTERRUPTED_ERROR):
        own_id = event.own_session_id  # the server itself sent that something was killed
    if own_id != report.session_id or FailureKind.TIMED_OUT in event.failures:
        return False
    is_whole = event.timestamp is None or not event.timestamp.decimals
    is_later = apart > -_WHOLE_SECOND if is_whole else apart >= 0
    if report.certainty is not Certainty.CONFIRMED or not is_later:
        return False
    host = _named_server(event)
    return event.from_server_log or host is None or host == _reporting_server(report)


_SERVER_NAMED: Final = re.compile(
    r"(?i)\b(?:db_?)?(?:host|server|address)['\"]?\s?[:=]\s?['\"]?(?P<name>[a-z\d][\w.-]{0,254})|://(?:[^/@\s]{1,200}@)?(?P<url>[a-z\d][\w.-]{0,254}):\d"
    r"|\bconnect(?:ed|ion)? to ['\"]?(?P<to>[a-z\d][\w.-]{0,254}):\d"
)
_KILLED_ON: Final = re.compile(r"\bKILL (?:CONNECTION|QUERY) \d{1,19} on (?P<name>[\w.-]{1,255}):\d")
_JOURNAL_HOST: Final = re.compile(
    r"(?:\w{3} {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) (?P<name>[A-Za-z\d][\w.-]{0,254}) \S{1,80}: $"
)


def _short_name(name: str) -> str:
    """A host by the first part of its name, or by its address."""
    return name if name[:1].isdigit() else name.partition(".")[0].casefold()


def _named_server(event: ErrorEvent) -> str | None:
    """The host of the server that an error names; None where it names none."""
    match = _SERVER_NAMED.search(_STATEMENT.sub("", event.text))
    return None if match is None else _short_name(next(filter(None, match.groups())))


def _reporting_server(report: ErrorEvent) -> str | None:
    """The host of the server that a report is of: that of its journal, or that which a proxy names."""
    match = _KILLED_ON.search(report.text) or _JOURNAL_HOST.search(report.text_before)
    return None if match is None else _short_name(match["name"])


_BESIDE_LINES: Final = 40
"""Lines between a crash and an error without a time that stand in one excerpt."""
_CLOCK_ALONE: Final = re.compile(r"(?<![\d:-])(\d\d):(\d\d):(\d\d)(?![\d:])")
_CLOCK_CHARS: Final = 40


def _end_beside(event: ErrorEvent, report: ErrorEvent) -> ReportedEnd | None:
    """The end that a report says of an error without a time: a crash in the lines around, a kill of its session or second."""
    kind = report.reported_end
    is_possible = event.timestamp is None and kind is not None and report.line != event.line
    if kind is None or not is_possible or not _may_end(kind, report, event):
        return None
    own_ids = {event.session_id, event.own_session_id, event.named_session_id} - {None}
    session_id = report.session_id if kind is EndKind.KILL and report.session_id in own_ids else None
    is_crash = kind is EndKind.CRASH and abs(report.line - event.line) <= _BESIDE_LINES
    is_kill_then = kind is EndKind.KILL and _is_of_second(event, report)
    if not (session_id or is_crash or is_kill_then):
        return None
    seconds = 0.0 if is_kill_then else _NEAR_SECONDS
    return ReportedEnd(kind, END_CAUSES[kind], report.line, seconds, session_id, is_dated=is_kill_then)


def _is_of_second(event: ErrorEvent, report: ErrorEvent) -> bool:
    """Whether the clock of an error that has no date shows the time of a report, as both wrote it."""
    clock = _CLOCK_ALONE.search(f"{event.text_before}{event.text}"[:_CLOCK_CHARS])
    if clock is None or report.timestamp is None:
        return False
    hours, minutes, seconds = map(int, clock.groups())
    written_seconds = report.timestamp.clock_seconds + report.timestamp.offset_seconds
    apart = (hours * 3600 + minutes * 60 + seconds - written_seconds) % 86_400
    return min(apart, 86_400 - apart) <= _TOGETHER_SECONDS


def _may_end(kind: EndKind, report: ErrorEvent, event: ErrorEvent) -> bool:
    """Whether an error may be of an end of that kind, reported of a session: by what the error says of itself."""
    if kind in SERVER_ENDS:
        return event.code != INTERRUPTED_ERROR
    if event.refused or event.from_server_log:
        return False
    own_ids, session_id = _own_ids(event), report.session_id
    is_of_other = bool(own_ids) and session_id is not None and session_id not in own_ids
    if kind is EndKind.SESSION:
        return session_id in own_ids or (not own_ids and _may_be_cut_short(report, event))
    kills = {EndKind.KILL, EndKind.INTERRUPT}
    is_possible = kind in kills if event.code == INTERRUPTED_ERROR else kind is not EndKind.INTERRUPT
    return is_possible and not is_of_other


def _may_be_cut_short(report: ErrorEvent, event: ErrorEvent) -> bool:
    """Whether a loss may be of a session whose statement the server did not read to its end: its client notices at once."""
    is_reading = FailureKind.READING in event.failures or event.never_began
    return report.stated_cause is Cause.PACKET_TOO_LARGE and event.is_loss and not is_reading


def _noticed_within(event: ErrorEvent, kind: EndKind) -> float:
    """Seconds after an end of that kind in which the client of an error can have noticed it."""
    idle_seconds = event.silent_seconds if event.idle_seconds is None else event.idle_seconds
    idle_seconds = min(idle_seconds or 0.0, _MAX_IDLE_SECONDS)
    if kind in SERVER_ENDS or kind is EndKind.SESSION:
        return max(_NEAR_SECONDS, idle_seconds)
    if (
        (event.waited_seconds or 0.0) > _TOGETHER_SECONDS
        or event.code in SERVER_LOST_ERRORS
        or event.was_busy
    ):
        return _TOGETHER_SECONDS
    # Who kills a session of many means one that is busy; a proxy ends those that are idle.
    if event.idle_seconds is None:
        return max(_NOTICED_SECONDS, idle_seconds) if kind is EndKind.PROXY else _NOTICED_SECONDS
    unused_seconds = idle_seconds + (event.waited_seconds or 0.0) + _TOGETHER_SECONDS
    return unused_seconds if kind is EndKind.PROXY else min(_NOTICED_SECONDS, unused_seconds)


def _with_counts(held: list[_TimedEvent], index: int) -> ErrorEvent:
    """The event at `index` with what the other errors say that are near it."""
    event = held[index][1]
    neighbours = [
        (abs(seconds - held[index][0]), other)
        for position, (seconds, other) in enumerate(held)
        if position != index and _is_near(held[index], held[position])
    ]
    together = [other for seconds_apart, other in neighbours if seconds_apart <= _TOGETHER_SECONDS]
    return replace(
        _with_unread_result(held, index),
        mixed_up_near=any(_shares_connection(event, other) for other in together),
        sending_near=event.sending_near
        or any(FailureKind.SENDING in other.failures and other.is_loss for _apart, other in neighbours),
        offline_near=any(other.code == OFFLINE_MODE_ERROR for _apart, other in neighbours),
        refused_near=any(_found_no_listener(other) for _apart, other in neighbours)
        or _is_refused_next(held, index),
        busy_lost_near=any(_was_cut_while_busy(event, other) for other in together),
        lost_near=sum(
            other.stated_cause is None and not other.refused and _is_of_another(event, other)
            for other in together
        ),
    )


def _was_cut_while_busy(event: ErrorEvent, other: ErrorEvent) -> bool:
    """Whether another session was lost while its client waited for an answer: no idle limit ends such a session."""
    is_busy = other.is_loss and (other.was_busy or other.code in SERVER_LOST_ERRORS)
    is_of_another = event.speaker != other.speaker or _is_of_another(event, other)
    return is_busy and is_of_another and not other.never_began


def _found_no_listener(event: ErrorEvent) -> bool:
    """Whether a connection found no program that listens: it was refused, and not by a server, and did not time out."""
    is_silent = FailureKind.TIMED_OUT in event.failures or FailureKind.UNREACHABLE in event.failures
    is_unanswered = event.code in UNANSWERED_ERRORS and not is_silent
    if FailureKind.SERVER_DOWN in event.failures or event.code == PROXYSQL_OFFLINE_ERROR:
        return True
    return event.refused and (bool(event.failures & _NOT_LISTENING) or is_unanswered)


def _with_unread_result(held: list[_TimedEvent], index: int) -> ErrorEvent:
    """The event at `index` with what the server reported before it of clients that did not read their results."""
    at_seconds, event = held[index]
    unread = [
        (at_seconds - seconds, other)
        for seconds, other in held[:index]
        if _is_near(held[index], (seconds, other)) and _is_unread_result(event, other)
    ]
    return replace(
        event,
        unread_near=any(seconds <= _UNREAD_SECONDS for seconds, _other in unread),
        unread_by_client=any(_may_be_unread_by(event, other) for _seconds, other in unread),
    )


def _is_unread_result(event: ErrorEvent, other: ErrorEvent) -> bool:
    """Whether the server gave up a client that did not read its result, and the event names no other session."""
    is_given_up = other.from_server_log and other.stated_cause is Cause.NET_WRITE_TIMEOUT
    is_of_other = event.session_id not in {None, other.session_id} and other.session_id is not None
    return is_given_up and not other.is_mention and not is_of_other


_ACCOUNT: Final = re.compile(r"\buser: '(?P<user>[^']{1,128})' host: '(?P<host>[^']{1,255})'")
_EVERY_HOST: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts by which no client is known."""


def _may_be_unread_by(event: ErrorEvent, unread: ErrorEvent) -> bool:
    """Whether a loss is of the client that the server gave up: by its session, user or host, or as it was reading."""
    if FailureKind.READING in event.failures:
        return True
    if event.session_id is not None and event.session_id == unread.session_id:
        return True
    account = _ACCOUNT.search(unread.text)
    if account is None:
        return False
    user, host = re.escape(account["user"]), re.escape(account["host"])
    words = f"{event.program} {event.head} {event.text_before} {event.text}"
    is_user = re.search(
        rf"(?i:\buser(?:_?name)?['\"]?\s?[=:]\s?['\"]?){user}(?![\w-])|(?<![\w-]){user}['\"]?@", words
    )
    is_host = (
        re.search(rf"(?<![\w.-]){host}(?![\w-]|\.\w)", words) if account["host"] not in _EVERY_HOST else None
    )
    return bool(is_user or is_host)


def _shares_connection(event: ErrorEvent, other: ErrorEvent) -> bool:
    """Whether another process of the same program received packets that were not meant for it."""
    is_mixed_up = FailureKind.MIXED_UP in other.failures and other.stated_cause is Cause.FORKED_CONNECTION
    is_sibling = bool(event.speaker and other.speaker) and event.speaker != other.speaker
    return (
        is_mixed_up
        and is_sibling
        and (event.program, event.client.driver) == (other.program, other.client.driver)
    )


def _may_be_refused(event: ErrorEvent, later: ErrorEvent) -> bool:
    """Whether, in a log without times, what follows may still show that no program listened."""
    return event.timestamp is None and later.timestamp is None and later.line - event.line <= _NEXT_LINES


def _is_refused_next(held: list[_TimedEvent], index: int) -> bool:
    """Whether, in a log without times, one of the next errors is of a connection that found no program listening."""
    event = held[index][1]
    followers = (other for _seconds, other in held[index + 1 : index + 1 + _NEXT_EVENTS])
    return event.timestamp is None and any(
        other.timestamp is None and other.line - event.line <= _NEXT_LINES and _found_no_listener(other)
        for other in followers
    )


def _is_of_another(event: ErrorEvent, other: ErrorEvent) -> bool:
    """Whether two events are of two programs: the connections of one program may idle, and end, together."""
    return bool(event.program or other.program) and event.program != other.program


def _is_near(event: _TimedEvent, other: _TimedEvent) -> bool:
    return abs(event[0] - other[0]) <= _NEAR_SECONDS


def _number(text: str) -> float:
    """A figure of a log without its separators of thousands."""
    return float(text.replace(",", "").replace(".", "") or 0)
