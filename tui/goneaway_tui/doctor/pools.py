"""What to set at the client's end, in each client's own place, unit and spelling, for one idle limit."""

from __future__ import annotations

from typing import Final

MARGIN: Final = 10
"""Percent that a pool's limit stays below the server's: clocks, slow checks and a statement's own time."""

POOLS: Final = {
    "Django": (
        "Django, settings.py: DATABASES['default']['CONN_MAX_AGE'] = {s} (seconds)",
        "Django 4.1 or later: DATABASES['default']['CONN_HEALTH_CHECKS'] = True",
        "Django outside of requests (workers, threads, commands): django.db.close_old_connections() before each job",
    ),
    "Celery": (
        "Celery: close what the parent opened in the worker_process_init signal; check before each task",
    ),
    "SQLAlchemy": (
        "SQLAlchemy: create_engine(..., pool_recycle={s}, pool_pre_ping=True) (seconds since connecting)",
    ),
    "Flask": (
        "Flask-SQLAlchemy: SQLALCHEMY_ENGINE_OPTIONS = {{'pool_recycle': {s}, 'pool_pre_ping': True}}",
    ),
    "HikariCP": (
        "HikariCP: maxLifetime={ms} (milliseconds), keepaliveTime={keep_ms} (less than maxLifetime)",
    ),
    "Rails": ("Rails, database.yml: idle_timeout: {s} (seconds); reconnect only outside of transactions",),
    "Laravel": ("Laravel: DB::reconnect() in long-running workers; queue:work --max-time={s} (seconds)",),
    "Symfony Doctrine": (
        "Doctrine: close the connection between messages (DoctrineCloseConnectionMiddleware)",
    ),
    "Sequelize": ("Sequelize: pool: {{ idle: {idle_ms}, evict: 1000, maxUses: 0 }} (milliseconds)",),
    "TypeORM": (
        "TypeORM on mysql2: extra: {{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }} (milliseconds)",
    ),
    "Knex": ("Knex: pool: {{ min: 0, idleTimeoutMillis: {ms} }} (milliseconds)",),
    "Prisma": ("Prisma: max_idle_connection_lifetime={s} in the connection URL (seconds)",),
    "GORM": ("Go: sqlDB.SetConnMaxIdleTime({s} * time.Second), sqlDB.SetConnMaxLifetime({s} * time.Second)",),
    "go-sql-driver": (
        "Go: db.SetConnMaxIdleTime({s} * time.Second), db.SetConnMaxLifetime({s} * time.Second)",
    ),
    "mysqlclient": (
        "mysqlclient: open a new connection after {s} s without use, or conn.ping() before each use",
    ),
    "PyMySQL": ("PyMySQL: conn.ping(reconnect=True) before each use after a pause, outside of transactions",),
    "aiomysql": ("aiomysql: create_pool(..., pool_recycle={s}) (seconds since the last use)",),
    "asyncmy": ("asyncmy: create_pool(..., pool_recycle={s}) (seconds)",),
    "mysql-connector-python": ("mysql-connector-python: cnx.ping(reconnect=True) before use after a pause",),
    "MySQL Connector/J": (
        "Connector/J has no pool: set the pool's lifetime, HikariCP maxLifetime={ms} (milliseconds)",
    ),
    "MariaDB Connector/J": (
        "MariaDB Connector/J: maxIdleTime={s} (seconds) in its own pool; HikariCP maxLifetime={ms} (milliseconds)",
    ),
    "PHP PDO": (
        "PHP PDO cannot ping: in long runs connect anew after {s} s of other work; no PDO::ATTR_PERSISTENT",
    ),
    "PHP mysqli": (
        "PHP mysqli: connect anew after {s} s of other work; 'p:' hosts keep connections between requests",
    ),
    "Node mysql2": (
        "Node mysql2: createPool({{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }}) (milliseconds)",
    ),
    "Node mysql": (
        "Node mysql: use createPool and let go of connections; handle the connection's 'error' event",
    ),
    "Node mariadb": ("Node mariadb: createPool({{ idleTimeout: {s} }}) (seconds)",),
    "Ruby mysql2": (
        "Ruby mysql2: client.ping before use after a pause, or a pool with idle_timeout: {s} (seconds)",
    ),
    "Perl": (
        "Perl DBI: $dbh->ping before use after a pause, or connect_cached; leave mysql_auto_reconnect off",
    ),
    ".NET": (".NET: Connection Lifetime={s};Connection Idle Timeout={s} in the connection string (seconds)",),
    "Rust sqlx": ("sqlx: PoolOptions::idle_timeout(Duration::from_secs({s})), max_lifetime the same",),
    "Rust mysql": ("Rust mysql: PoolOpts, inactive_connection_ttl Duration::from_secs({s})",),
    "command line": (
        "The command line: mysql reconnects by itself at a prompt; set wait_timeout in a script's session",
    ),
    "ProxySQL": ("ProxySQL: SET mysql-connection_max_age_ms={ms}; mysql-ping_interval_server_msec below it",),
    "HAProxy": (
        "HAProxy: timeout client and timeout server, both above the pool's lifetime, and option clitcpka",
    ),
}
"""By the framework's or driver's name, or a part of it."""

ANY: Final = (
    "Any pool: let no connection lie unused for more than {s} s, or have it checked before it is used"
)


def pool_settings(framework: str, driver: str, limit: float) -> tuple[str, ...]:
    """What to set so that no connection lies unused for `limit` seconds, the framework's ways first."""
    figures = _figures(limit)
    named = [
        row
        for name in (framework, driver)
        if name
        for part, rows in POOLS.items()
        if part == name or (part in name and part in {"Perl", ".NET", "command line", "HikariCP"})
        for row in rows
    ]
    chosen = named or [ANY]
    return tuple(row.format(**figures) for row in dict.fromkeys(chosen))


def safe_seconds(limit: float) -> int:
    """
    >>> safe_seconds(28800), safe_seconds(5)
    (25920, 4)
    """
    return max(1, int(limit * (100 - MARGIN) / 100))


def arithmetic(limit: float, whose: str = "") -> str:
    """How the figure came about.

    >>> arithmetic(28800)
    '28800 s - 10 % = 25920 s'
    """
    return f"{limit:.12g} s - {MARGIN} % = {safe_seconds(limit)} s{f' ({whose})' if whose else ''}"


def _figures(limit: float) -> dict[str, int]:
    safe = safe_seconds(limit)
    return {
        "s": safe,
        "ms": safe * 1000,
        "keep_ms": max(1000, safe * 1000 // 10),
        "idle_ms": min(10_000, safe * 1000),
    }
