"""Whose log it is: tables of what drivers and frameworks leave in theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from goneaway_tui.language import _, marked


@dataclass(frozen=True, slots=True)
class Client:
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


UNKNOWN: Final = Client()

DRIVERS: Final = (
    (Client("aiomysql"), r"\baiomysql\b"),
    (Client("asyncmy"), r"\basyncmy\b"),
    (
        Client("mysql-connector-python", hears_4031=True),
        r"mysql\.connector|mysql/connector|MySQL Connection not available",
    ),
    (Client("mysqlclient", hears_4031=True), r"\bMySQLdb\b|_mysql\b|mysqldb://"),
    (Client("PyMySQL"), r"pymysql|\(0, ''\)"),
    (
        Client("MariaDB Connector/J", hears_4031=True),
        r"org\.mariadb\.jdbc|jdbc:mariadb|read \d+ bytes from \d+ \(socket was closed",
    ),
    (
        Client("MySQL Connector/J", hears_4031=True),
        r"com\.mysql\.(?:cj|jdbc)|jdbc:mysql|Communications link failure|last packet s(?:uccessfully received|ent successfully)",
    ),
    (Client("r2dbc-mysql", hears_4031=True), r"r2dbc\.mysql"),
    (Client(marked("mysql command line"), hears_4031=True), r"^mysql(?:admin|check|import|pump|slap|show): "),
    (Client("MySQL Shell", hears_4031=True), r"\bMySQL Error \d{4} \(\w{5}\): "),
    (Client("mysqldump", hears_4031=True), r"^(?:mysqldump|mariadb-dump): "),
    (
        Client("go-sql-driver"),
        r"go-sql-driver|\bError [134]\d{3}(?: \(\w{5}\))?: |\[mysql\] .{0,40}\.go:\d|(?:: |\"|\.go:\d{1,6} )invalid connection|driver: bad connection|commands out of sync\. You",
    ),
    (Client("PHP PDO", tells_write_from_read=False), r"PDOException|PDO->|PDO::|SQLSTATE\[\w{5}\] ?[:\[]"),
    (Client("PHP mysqli", tells_write_from_read=False), r"\bmysqli(?!mport)"),
    (Client("Ruby mysql2", hears_4031=True), r"Mysql2::|mysql2/client\.rb"),
    (Client("Ruby trilogy"), r"Trilogy::"),
    (
        Client("Node mysql2", hears_4031=True),
        r"node_modules/mysql2|mysql2/lib|Can't add new command when connection is in closed",
    ),
    (Client("Node mysql"), r"node_modules/mysql/|Cannot enqueue \w+ after|PROTOCOL_"),
    (Client("Node mariadb"), r"node_modules/mariadb"),
    (Client("Perl DBD::MariaDB", hears_4031=True), r"DBD::MariaDB"),
    (Client("Perl DBD::mysql", hears_4031=True), r"DBD::mysql|DBI connect"),
    (Client(".NET MySqlConnector", hears_4031=True), r"\bMySqlConnector\b"),
    (Client(".NET MySql.Data"), r"MySql\.Data|MySqlException"),
    (
        Client("Rust sqlx", hears_4031=True),
        r"\bsqlx\b|error communicating with database|error returned from database",
    ),
    (Client("Rust mysql"), r"mysql_async|MySqlError \{|DriverError"),
    (
        Client("ProxySQL"),
        r"(?i)proxysql|\bmysql_(?:session|thread|connection|monitor|hostgroups_manager)\.cpp|hostgroup",
    ),
    (Client("MaxScale"), r"(?i)maxscale|\[mariadbclient\]"),
    (Client("Elixir MyXQL"), r"\bMyXQL\b"),
    (Client("HAProxy"), r"haproxy|\d [cs]D \d+/"),
    (
        Client(marked("mariadb command line"), hears_4031=True),
        r"^ERROR \d{4} \(\w{5}\).*(?:to server during|Server has gone|to server on|before completion of TLS)",
    ),
    (Client(marked("mysql command line"), hears_4031=True), r"^ERROR \d{4} \(\w{5}\)"),
    (Client("Node mysql2", hears_4031=True), r"errno\"?: ?-?\d{3,4}\b|node:internal|fatal\"?: ?true"),
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


def recognise(lines: Iterable[str]) -> Client:
    """Who wrote these lines; UNKNOWN where they do not tell."""
    text = [line.replace("\\n", " ") for line in lines]  # JSON holds a traceback in one line
    driver = next((client for client, form in _DRIVERS if any(form.search(line) for line in text)), UNKNOWN)
    framework = next((name for name, form in _FRAMEWORKS if any(form.search(line) for line in text)), "")
    return Client(driver.driver, framework, driver.hears_4031, driver.tells_write_from_read)
