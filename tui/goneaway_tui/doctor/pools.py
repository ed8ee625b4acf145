"""What to set at the client's end, in each client's own place, unit and spelling, for one idle limit."""

from __future__ import annotations

from typing import Final

from goneaway_tui.language import _, marked

MARGIN: Final = 10
"""Percent that a pool's limit stays below the server's: clocks, slow checks and a statement's own time."""

POOLS: Final = {
    "Django": (
        marked("Django, settings.py: DATABASES['default']['CONN_MAX_AGE'] = {s} (seconds)"),
        marked("Django 4.1 or later: DATABASES['default']['CONN_HEALTH_CHECKS'] = True"),
        marked(
            "Django outside of requests (workers, threads, commands): django.db.close_old_connections() before each job"
        ),
    ),
    "Celery": (
        marked(
            "Celery: close what the parent opened in the worker_process_init signal; check before each task"
        ),
    ),
    "SQLAlchemy": (
        marked(
            "SQLAlchemy: create_engine(..., pool_recycle={s}, pool_pre_ping=True) (seconds since connecting)"
        ),
    ),
    "Flask": (
        marked(
            "Flask-SQLAlchemy: SQLALCHEMY_ENGINE_OPTIONS = {{'pool_recycle': {s}, 'pool_pre_ping': True}}"
        ),
    ),
    "HikariCP": (
        marked("HikariCP: maxLifetime={ms} (milliseconds), keepaliveTime={keep_ms} (less than maxLifetime)"),
    ),
    "Rails": (
        marked("Rails, database.yml: idle_timeout: {s} (seconds); reconnect only outside of transactions"),
    ),
    "Laravel": (
        marked("Laravel: DB::reconnect() in long-running workers; queue:work --max-time={s} (seconds)"),
    ),
    "Symfony Doctrine": (
        marked("Doctrine: close the connection between messages (DoctrineCloseConnectionMiddleware)"),
    ),
    "Sequelize": (marked("Sequelize: pool: {{ idle: {idle_ms}, evict: 1000, maxUses: 0 }} (milliseconds)"),),
    "TypeORM": (
        marked(
            "TypeORM on mysql2: extra: {{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }} (milliseconds)"
        ),
    ),
    "Knex": (marked("Knex: pool: {{ min: 0, idleTimeoutMillis: {ms} }} (milliseconds)"),),
    "Prisma": (marked("Prisma: max_idle_connection_lifetime={s} in the connection URL (seconds)"),),
    "GORM": (
        marked(
            "Go: sqlDB.SetConnMaxIdleTime({s} * time.Second), sqlDB.SetConnMaxLifetime({s} * time.Second)"
        ),
    ),
    "go-sql-driver": (
        marked("Go: db.SetConnMaxIdleTime({s} * time.Second), db.SetConnMaxLifetime({s} * time.Second)"),
    ),
    "mysqlclient": (
        marked("mysqlclient: open a new connection after {s} s without use, or conn.ping() before each use"),
    ),
    "PyMySQL": (
        marked("PyMySQL: conn.ping(reconnect=True) before each use after a pause, outside of transactions"),
    ),
    "aiomysql": (marked("aiomysql: create_pool(..., pool_recycle={s}) (seconds since the last use)"),),
    "asyncmy": (marked("asyncmy: create_pool(..., pool_recycle={s}) (seconds)"),),
    "mysql-connector-python": (
        marked("mysql-connector-python: cnx.ping(reconnect=True) before use after a pause"),
    ),
    "MySQL Connector/J": (
        marked("Connector/J has no pool: set the pool's lifetime, HikariCP maxLifetime={ms} (milliseconds)"),
    ),
    "MariaDB Connector/J": (
        marked(
            "MariaDB Connector/J: maxIdleTime={s} (seconds) in its own pool; HikariCP maxLifetime={ms} (milliseconds)"
        ),
    ),
    "PHP PDO": (
        marked(
            "PHP PDO cannot ping: in long runs connect anew after {s} s of other work; no PDO::ATTR_PERSISTENT"
        ),
    ),
    "PHP mysqli": (
        marked(
            "PHP mysqli: connect anew after {s} s of other work; 'p:' hosts keep connections between requests"
        ),
    ),
    "Node mysql2": (
        marked(
            "Node mysql2: createPool({{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }}) (milliseconds)"
        ),
    ),
    "Node mysql": (
        marked("Node mysql: use createPool and let go of connections; handle the connection's 'error' event"),
    ),
    "Node mariadb": (marked("Node mariadb: createPool({{ idleTimeout: {s} }}) (seconds)"),),
    "Ruby mysql2": (
        marked(
            "Ruby mysql2: client.ping before use after a pause, or a pool with idle_timeout: {s} (seconds)"
        ),
    ),
    "Perl": (
        marked(
            "Perl DBI: $dbh->ping before use after a pause, or connect_cached; leave mysql_auto_reconnect off"
        ),
    ),
    ".NET": (
        marked(
            ".NET: Connection Lifetime={s};Connection Idle Timeout={s} in the connection string (seconds)"
        ),
    ),
    "Rust sqlx": (
        marked("sqlx: PoolOptions::idle_timeout(Duration::from_secs({s})), max_lifetime the same"),
    ),
    "Rust mysql": (marked("Rust mysql: PoolOpts, inactive_connection_ttl Duration::from_secs({s})"),),
    "command line": (
        marked(
            "The command line: mysql reconnects by itself at a prompt; set wait_timeout in a script's session"
        ),
    ),
    "ProxySQL": (
        marked("ProxySQL: SET mysql-connection_max_age_ms={ms}; mysql-ping_interval_server_msec below it"),
    ),
    "HAProxy": (
        marked(
            "HAProxy: timeout client and timeout server, both above the pool's lifetime, and option clitcpka"
        ),
    ),
}
"""By the framework's or driver's name, or a part of it."""

ANY: Final = marked(
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
    return tuple(_(row, **figures) for row in dict.fromkeys(chosen))


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
    figures = {"limit": limit, "margin": MARGIN, "safe": safe_seconds(limit)}
    if not whose:
        return _("{limit:.12g} s - {margin} % = {safe} s", **figures)
    return _("{limit:.12g} s - {margin} % = {safe} s ({whose})", **figures, whose=whose)


def _figures(limit: float) -> dict[str, int]:
    safe = safe_seconds(limit)
    return {
        "s": safe,
        "ms": safe * 1000,
        "keep_ms": max(1000, safe * 1000 // 10),
        "idle_ms": min(10_000, safe * 1000),
    }
