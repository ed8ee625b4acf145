"""Errors written after the sources and manuals of clients that were not run: what could not be provoked here."""

from __future__ import annotations

import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events

CONNECTOR_J = """\
2026-11-23 22:00:00.123  WARN 7 --- [nio-8080-exec-1] o.h.engine.jdbc.spi.SqlExceptionHelper   : SQL Error: 0, SQLState: 08S01
2026-11-23 22:00:00.123 ERROR 7 --- [nio-8080-exec-1] o.h.engine.jdbc.spi.SqlExceptionHelper   : Communications link failure

The last packet successfully received from the server was {ago} milliseconds ago. The last packet sent successfully to the server was {ago} milliseconds ago.
com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure
	at com.mysql.cj.jdbc.exceptions.SQLError.createCommunicationsException(SQLError.java:174)
Caused by: com.mysql.cj.exceptions.CJCommunicationsException: Communications link failure
Caused by: java.io.EOFException: Can not read response from server. Expected to read 4 bytes, read 0 bytes before connection was unexpectedly lost.
"""
LARAVEL = (
    "[2026-11-23 22:00:00] production.ERROR: SQLSTATE[HY000]: General error: 2006 MySQL server has gone away "
    '(Connection: mysql, SQL: select * from `jobs`) {{"exception":"[object] (Illuminate\\\\Database\\\\QueryException'
)
HIKARI = (
    "2026-11-23 22:00:00.001  WARN 1 --- [main] com.zaxxer.hikari.pool.PoolBase : HikariPool-1 - Failed to validate "
    "connection com.mysql.cj.jdbc.ConnectionImpl@1b2c3d (No operations allowed after connection closed.). "
    "Possibly consider using a shorter maxLifetime value."
)

WRITTEN = [
    (CONNECTOR_J.format(ago="28,801,234"), None, "MySQL Connector/J", "idle_timeout", 1),
    (CONNECTOR_J.format(ago="350,123"), None, "MySQL Connector/J", "proxy_or_firewall", 1),
    (HIKARI, None, "HikariCP on MySQL Connector/J", "idle_timeout", 3),
    (LARAVEL, 2006, "Laravel on PHP PDO", "idle_timeout", 1),
    ("PHP Warning:  mysqli_connect(): (HY000/2002): Connection refused in /srv/x.php on line 3", 2002, "PHP mysqli", "server_restart", 1),
    ("Mysql2::Error::ConnectionError: MySQL server has gone away: SELECT 1", 2006, "Ruby mysql2", "idle_timeout", 1),
    (("ActiveRecord::ConnectionNotEstablished: Mysql2::Error: Lost connection to MySQL server at 'reading initial "
     "communication packet', system error: 110"), 2013, "Rails on Ruby mysql2", "proxy_or_firewall", 1),
    (("MySqlConnector.MySqlException (0x80004005): The client was disconnected by the server because of inactivity. See wait_timeout "
     "and interactive_timeout for configuring this behavior."), 4031, ".NET MySqlConnector", "idle_timeout", 1),
    ("MySql.Data.MySqlClient.MySqlException (0x80004005): Reading from the stream has failed.", None, ".NET MySql.Data", "idle_timeout", 1),
    ("Error: error returned from database: 1040 (08004): Too many connections", 1040, "Rust sqlx", "too_many_connections", 1),
    ("sqlx error: error communicating with database: Broken pipe (os error 32)", None, "Rust sqlx", "idle_timeout", 3),
    ("mysqldump: Error 2013: Lost connection to MySQL server during query when dumping table `orders` at row: 42", 2013, "mysqldump",
     "net_write_timeout", 9),
    ("mysqldump: Got error: 2003: Can't connect to MySQL server on '10.0.0.5:3306' (110) when trying to connect", 2003, "mysqldump",
     "proxy_or_firewall", 1),
    ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db1:3306' (111)", 2003, "mysql command line", "server_restart", 1),
    ("ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/run/mysqld/mysqld.sock' (2)", 2002, "mysql command line",
     "server_restart", 1),
    ("ERROR 2005 (HY000): Unknown MySQL server host 'db9' (-2)", 2005, "mysql command line", "unknown", 1),
    ("ERROR 1045 (28000): Access denied for user 'app'@'web-3' (using password: YES)", 1045, "mysql command line", "access_denied", 1),
    ("ERROR 1129 (HY000): Host '10.0.0.7' is blocked because of many connection errors; unblock with 'mysqladmin flush-hosts'", 1129,
     "mysql command line", "host_blocked", 1),
    ("ERROR 1226 (42000): User 'app' has exceeded the 'max_user_connections' resource (current value: 10)", 1226, "mysql command line",
     "too_many_connections", 1),
    ("ERROR 1203 (42000): User app already has more than 'max_user_connections' active connections", 1203, "mysql command line",
     "too_many_connections", 1),
    ("ERROR 1053 (08S01) at line 1: Server shutdown in progress", 1053, "mysql command line", "server_restart", 1),
    ("ERROR 1317 (70100) at line 1: Query execution was interrupted", 1317, "mysql command line", "killed", 1),
    ("ERROR 1927 (70100) at line 1: Connection was killed", 1927, "mysql command line", "killed", 1),
    ("ERROR 1161 (08S01): Got timeout writing communication packets", 1161, "mysql command line", "net_write_timeout", 1),
    ("ERROR 1159 (08S01): Got timeout reading communication packets", 1159, "mysql command line", "net_read_timeout", 1),
    ("ERROR 2027 (HY000): Malformed packet", 2027, "mysql command line", "forked_connection", 1),
    ("ERROR 2026 (HY000): SSL connection error: error:00000000:lib(0)::reason(0)", 2026, "mysql command line", "unknown", 3),
    ("pymysql.err.InterfaceError: (0, '')", 0, "PyMySQL", "client_quit", 1),
    ("pymysql.err.InternalError: Packet sequence number wrong - got 45 expected 1", None, "PyMySQL", "forked_connection", 1),
    ("pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query (timed out)')", 2013, "PyMySQL", "client_quit", 2),
    ("pymysql.err.OperationalError: (2006, \"MySQL server has gone away (BrokenPipeError(32, 'Broken pipe'))\")", 2006, "PyMySQL",
     "idle_timeout", 2),
    ("MySQLdb.OperationalError: (2026, 'SSL connection error: decryption failed or bad record mac')", 2026, "mysqlclient",
     "forked_connection", 1),
    ("Error: Cannot enqueue Query after fatal error.\n    at Protocol._validateEnqueue\n  code: 'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR'",
     None, "Node mysql", "idle_timeout", 3),
    ("Error: Can't add new command when connection is in closed state", None, "Node mysql2", "idle_timeout", 3),
    ("[mysql] 2026/11/23 22:00:00 connection.go:173: closing bad idle connection: unexpected read from socket", None, "go-sql-driver",
     "idle_timeout", 1),
    ("[mysql] 2026/11/23 22:00:00 packets.go:122: closing bad idle connection: EOF\n2026/11/23 22:00:00 orders: driver: bad connection",
     None, "go-sql-driver", "idle_timeout", 1),
    ('{"level":"error","ts":1795471401.5,"msg":"query","error":"invalid connection"}', None, "go-sql-driver", "server_restart", 3),
    (("2026-11-23 22:00:00 MySQL_Session.cpp:4711:handler(): [WARNING] Detected a broken connection while running query on (10,db1,3306,7) , "
     "FD (Conn:30 , MyDS:30) , user app , last_used 1200345ms ago : 2013, Lost connection to MySQL server during query"), 2013, "ProxySQL",
     "server_restart", 3),
    ("ProxySQL: Max connect timeout reached while reaching hostgroup 10 after 10000ms", 9001, "ProxySQL", "proxy_or_firewall", 1),
    ("Nov 23 22:00:00 lb1 haproxy[7]: 10.0.0.7:50000 [23/Nov/2026:21:59:00.000] mysql mysql/db1 1/0/60001 1234 cD 12/11/10/9/0 0/0", None,
     "HAProxy", "proxy_or_firewall", 1),
    (("2026-11-23 22:00:00 7 [ERROR] Slave I/O: error reconnecting to master 'repl@db1:3306' - retry-time: 60  maximum-retries: 86400  "
     "message: Can't connect to server on 'db1' (111 \"Connection refused\"), Internal MariaDB error code: 2003"), 2003, "replication thread",
     "server_restart", 1),
    ("Error Code: 2013. Lost connection to MySQL server during query", 2013, None, "server_restart", 3),
    ("Lost connection to MySQL server at '127.0.0.1:3306', system error: 104 Connection reset by peer", 2013, None, "idle_timeout", 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "client", "cause", "rank"), WRITTEN, ids=[each[0][:60] for each in WRITTEN]
)
def test_what_is_written_after_the_sources_is_understood(
    text: str, code: int | None, client: str | None, cause: str, rank: int
) -> None:
    (event,) = find_error_events([text.encode()], now=1_795_478_400.0)
    ranked = [finding.cause.value for finding in diagnose(Case(event))]

    assert (code, client) == (event.code, event.client.name)
    assert cause in ranked[:rank]
