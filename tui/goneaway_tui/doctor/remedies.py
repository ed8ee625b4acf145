"""Remedies: what to do about each cause, at the client and at the server.

The settings of pools and drivers are given in each client's own place, unit and spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from goneaway_tui.doctor.case import LARGEST_PACKET_BYTES, Case, ServerFacts
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.deadline import EndLimit, LimitOrigin
from goneaway_tui.logs.error_events import OFFLINE_MODE_ERROR, PROXIES, REPLICATION, FailureKind
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, TRANSACTION_LIMITS
from goneaway_tui.text.format import seconds_words, size_with_bytes

MARGIN_PERCENT: Final = 10
"""Percent that a pool's limit stays below the server's, for clocks, slow checks and the time of a statement."""

POOLS: Final = {
    "Django": (
        N_("Django, settings.py: DATABASES['default']['CONN_MAX_AGE'] = {s} (seconds)"),
        N_("Django 4.1 or later: DATABASES['default']['CONN_HEALTH_CHECKS'] = True"),
        N_(
            "Django outside of requests (workers, threads, commands): call django.db.close_old_connections() before each job"
        ),
    ),
    "Celery": (
        N_(
            "Celery: in the worker_process_init signal, close the connections that the parent opened; check before each task"
        ),
    ),
    "SQLAlchemy": (
        N_("SQLAlchemy: create_engine(..., pool_recycle={s}, pool_pre_ping=True) (seconds since connecting)"),
    ),
    "Flask": (
        N_("Flask-SQLAlchemy: SQLALCHEMY_ENGINE_OPTIONS = {{'pool_recycle': {s}, 'pool_pre_ping': True}}"),
    ),
    "HikariCP": (
        N_("HikariCP: maxLifetime={ms} (milliseconds), keepaliveTime={keep_ms} (less than maxLifetime)"),
    ),
    "Druid": (
        N_(
            "Druid: minEvictableIdleTimeMillis={ms}, maxEvictableIdleTimeMillis={ms} (milliseconds), testWhileIdle=true"
        ),
    ),
    "Agroal": (
        N_(
            "Agroal, Quarkus and Keycloak: quarkus.datasource.jdbc.max-lifetime={s}S, idle-removal-interval={keep_s}S"
        ),
    ),
    "c3p0": (
        N_("c3p0: maxIdleTime={s}, idleConnectionTestPeriod={keep_s} (seconds), testConnectionOnCheckout"),
    ),
    "DBCP2": (
        N_("DBCP2: maxConnLifetimeMillis={ms} (milliseconds), testOnBorrow=true, validationQuery=SELECT 1"),
    ),
    "Tomcat JDBC": (
        N_("Tomcat JDBC pool: maxAge={ms}, validationInterval={keep_ms} (milliseconds), testOnBorrow=true"),
    ),
    "R2DBC Pool": (N_("R2DBC pool: maxIdleTime=PT{s}S, maxLifeTime=PT{s}S, validationQuery=SELECT 1"),),
    "r2dbc-mysql": (N_("R2DBC pool: maxIdleTime=PT{s}S, maxLifeTime=PT{s}S, validationQuery=SELECT 1"),),
    "Vert.x MySQL client": (
        N_("Vert.x: PoolOptions.setIdleTimeout({s}).setMaxLifetime({s}) (seconds, by the unit that is set)"),
    ),
    "r2d2": (
        N_("r2d2: Pool::builder().idle_timeout(Some(Duration::from_secs({s}))).test_on_check_out(true)"),
    ),
    "Ecto": (
        N_("Ecto: the pool pings idle connections: idle_interval: {keep_ms} (milliseconds) in config.exs"),
    ),
    "Elixir MyXQL": (N_("MyXQL: the pool pings idle connections: idle_interval: {keep_ms} (milliseconds)"),),
    "Hyperf": (N_("Hyperf: 'pool' => ['max_idle_time' => {s}, 'heartbeat' => {keep_s}] (seconds)"),),
    "Swoole": (
        N_(
            "Swoole: ping each connection when the pool hands it out, or close connections that are idle for {s} s"
        ),
    ),
    "Swoft": (N_("Swoft: 'maxIdleTime' => {s} of the pool (seconds)"),),
    "Yii": (N_("Yii in workers: Yii::$app->db->close() between jobs, and open() before the next"),),
    "ThinkPHP": (
        N_("ThinkPHP, database.php: 'break_reconnect' => true; in workers close connections between jobs"),
    ),
    "WordPress": (
        N_("WordPress checks its connection by itself; in long runs call $wpdb->check_connection()"),
    ),
    "Drupal": (
        N_("Drupal in long runs: \\Drupal\\Core\\Database\\Database::closeConnection() between jobs"),
    ),
    "MariaDB Connector/ODBC": (
        N_("ODBC: CPTimeout={s} in odbcinst.ini (seconds, unixODBC's pool), or check before each use"),
    ),
    "MySQL Connector/ODBC": (
        N_("ODBC: CPTimeout={s} in odbcinst.ini (seconds, unixODBC's pool), or check before each use"),
    ),
    "Erlang mysql": (
        N_("Erlang mysql: {{keep_alive, {keep_ms}}} (milliseconds): the pool pings idle connections"),
    ),
    "R RMariaDB": (N_("R pool: dbPool(..., idleTimeout = {s}, validationInterval = {keep_s}) (seconds)"),),
    "PowerDNS": (
        N_("PowerDNS reconnects by itself; gmysql-timeout limits the wait for an answer, not the idle time"),
    ),
    "ejabberd": (N_("ejabberd: sql_keepalive_interval: {keep_s} (seconds)"),),
    "jasync-sql": (N_("jasync: maxIdleTime={ms} (milliseconds) of the pool"),),
    "amphp/mysql": (N_("amphp/mysql: idleTimeout: {s} (seconds) of MysqlConnectionPool"),),
    "Lua resty.mysql": (N_("lua-resty-mysql: db:set_keepalive({ms}, 50) (milliseconds)"),),
    "Rails": (
        N_("Rails, database.yml: idle_timeout: {s} (seconds); reconnect only outside of transactions"),
    ),
    "Laravel": (N_("Laravel: DB::reconnect() in long-running workers; queue:work --max-time={s} (seconds)"),),
    "Symfony Doctrine": (
        N_("Doctrine: close the connection between messages (DoctrineCloseConnectionMiddleware)"),
    ),
    "Sequelize": (N_("Sequelize: pool: {{ idle: {idle_ms}, evict: 1000, maxUses: 0 }} (milliseconds)"),),
    "TypeORM": (
        N_(
            "TypeORM on mysql2: extra: {{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }} (milliseconds)"
        ),
    ),
    "Knex": (N_("Knex: pool: {{ min: 0, idleTimeoutMillis: {ms} }} (milliseconds)"),),
    "Prisma": (N_("Prisma: max_idle_connection_lifetime={s} in the connection URL (seconds)"),),
    "GORM": (
        N_("Go: sqlDB.SetConnMaxIdleTime({s} * time.Second), sqlDB.SetConnMaxLifetime({s} * time.Second)"),
    ),
    "go-sql-driver": (
        N_("Go: db.SetConnMaxIdleTime({s} * time.Second), db.SetConnMaxLifetime({s} * time.Second)"),
    ),
    "mysqlclient": (
        N_(
            "mysqlclient: open a new connection after {s} s of idle time, or call conn.ping() before each use"
        ),
    ),
    "PyMySQL": (
        N_("PyMySQL: conn.ping(reconnect=True) before each use after a pause, outside of transactions"),
    ),
    "aiomysql": (N_("aiomysql: create_pool(..., pool_recycle={s}) (seconds since the last use)"),),
    "asyncmy": (N_("asyncmy: create_pool(..., pool_recycle={s}) (seconds)"),),
    "mysql-connector-python": (
        N_("mysql-connector-python: cnx.ping(reconnect=True) before use after a pause"),
    ),
    "MySQL Connector/J": (
        N_("Connector/J has no pool: set the pool's lifetime, HikariCP maxLifetime={ms} (milliseconds)"),
    ),
    "AWS Advanced JDBC Wrapper": (
        N_(
            "AWS Advanced JDBC Wrapper has no pool: set the pool's lifetime, HikariCP maxLifetime={ms} (milliseconds)"
        ),
    ),
    "MariaDB Connector/J": (
        N_(
            "MariaDB Connector/J: maxIdleTime={s} (seconds) in its own pool; HikariCP maxLifetime={ms} (milliseconds)"
        ),
    ),
    "PHP PDO": (
        N_(
            "PHP PDO cannot ping: in long runs reconnect after {s} s of other work; do not use PDO::ATTR_PERSISTENT"
        ),
    ),
    "PHP mysqli": (
        N_("PHP mysqli: reconnect after {s} s of other work; 'p:' hosts keep connections between requests"),
    ),
    "Node mysql2": (
        N_(
            "Node mysql2: createPool({{ idleTimeout: {ms}, maxIdle: 2, enableKeepAlive: true }}) (milliseconds)"
        ),
    ),
    "Node mysql": (
        N_("Node mysql: use createPool and release connections; handle the connection's 'error' event"),
    ),
    "Node mariadb": (N_("Node mariadb: createPool({{ idleTimeout: {s} }}) (seconds)"),),
    "Ruby mysql2": (
        N_("Ruby mysql2: client.ping before use after a pause, or a pool with idle_timeout: {s} (seconds)"),
    ),
    "Perl": (
        N_(
            "Perl DBI: $dbh->ping before use after a pause, or connect_cached; leave mysql_auto_reconnect off"
        ),
    ),
    ".NET": (
        N_(".NET: Connection Lifetime={s};Connection Idle Timeout={s} in the connection string (seconds)"),
    ),
    "Rust sqlx": (N_("sqlx: PoolOptions::idle_timeout(Duration::from_secs({s})), max_lifetime the same"),),
    "Rust mysql": (N_("Rust mysql: PoolOpts, inactive_connection_ttl Duration::from_secs({s})"),),
    "command line": (
        N_(
            "The command line: mysql reconnects by itself at a prompt; set wait_timeout in a script's session"
        ),
    ),
    "ProxySQL": (
        N_("ProxySQL: SET mysql-connection_max_age_ms={ms}; mysql-ping_interval_server_msec below it"),
    ),
    "MaxScale": (
        N_(
            "MaxScale: connection_keepalive and persistmaxtime below {s} s; the service's connection_timeout above it"
        ),
    ),
    REPLICATION: (
        N_(
            "A replica reconnects by itself: SOURCE_CONNECT_RETRY, SOURCE_HEARTBEAT_PERIOD and replica_net_timeout (MariaDB: "
            "MASTER_CONNECT_RETRY, MASTER_HEARTBEAT_PERIOD and slave_net_timeout)"
        ),
    ),
    "HAProxy": (
        N_("HAProxy: timeout client and timeout server, both above the pool's lifetime, and option clitcpka"),
    ),
    "Envoy": (
        N_(
            "Envoy: idle_timeout of the TCP proxy (1 h unless set); Istio: tcp.idleTimeout of the DestinationRule"
        ),
    ),
}
"""Settings by the name of the framework or driver, or by a part of that name. Marked for translation."""

CONNECTION_POOLS: Final = frozenset(
    {"HikariCP", "Druid", "Agroal", "c3p0", "DBCP2", "Tomcat JDBC", "R2DBC Pool", "r2d2", "Ecto"}
)
"""Pools whose own settings are all that has to be set."""

ANY_POOL: Final = N_(
    "Any pool: let no connection be idle for more than {s} s, or check each connection before its use"
)


def pool_settings(framework: str, driver: str, limit_seconds: float) -> tuple[str, ...]:
    """What to set so that no connection is idle for `limit_seconds`, the framework's settings first."""
    figures = _figures(limit_seconds)
    known_rows = [
        row
        for name in ((framework,) if framework in CONNECTION_POOLS else (framework, driver))
        if name
        for part, rows in POOLS.items()
        if part == name or (part in name and part in {"Perl", ".NET", "command line", "HikariCP"})
        for row in rows
    ]
    rows = known_rows or [ANY_POOL]
    return tuple(_(row, **figures) for row in dict.fromkeys(rows))


def safe_seconds(limit_seconds: float) -> int:
    """The limit less MARGIN_PERCENT, in whole seconds.

    >>> safe_seconds(28800), safe_seconds(5)
    (25920, 4)
    """
    return max(1, int(limit_seconds * (100 - MARGIN_PERCENT) / 100))


def arithmetic(limit_seconds: float, source: str = "") -> str:
    """The calculation of `safe_seconds`, in words; `source` names the limit.

    >>> arithmetic(28800), arithmetic(2009.28399992)
    ('28800 s - 10 % = 25920 s', '2009 s - 10 % = 1808 s')
    """
    safe = f"{safe_seconds(limit_seconds)} s"
    limit = f"{limit_seconds:.0f}" if limit_seconds >= 10 else f"{limit_seconds:.3g}"
    if not source:
        return _("{limit} s - {margin} % = {safe}", limit=limit, margin=MARGIN_PERCENT, safe=safe)
    return _(
        "{limit} s - {margin} % = {safe}; {whose}",
        limit=limit,
        margin=MARGIN_PERCENT,
        safe=safe,
        whose=source,
    )


def _figures(limit_seconds: float) -> dict[str, int]:
    seconds = safe_seconds(limit_seconds)
    return {
        "s": seconds,
        "ms": seconds * 1000,
        "keep_ms": max(1000, seconds * 1000 // 10),
        "keep_s": max(1, seconds // 10),
        "idle_ms": min(10_000, seconds * 1000),
    }


Remedies = Callable[[Case], Iterator[str]]
SHORTEST_BALANCER_SECONDS: Final = 240.0
"""The shortest idle limit of the large cloud load balancers."""
CLIENT_PACKET_ERROR: Final = 2020
"""The error of a client that received more than its own max_allowed_packet."""
TOO_MANY_CONNECTIONS_ERROR: Final = 1040
"""The error of a server without a free connection."""
CONNECTION_CHECKS: Final = "ping(), pool_pre_ping, CONN_HEALTH_CHECKS, testOnBorrow"
"""How clients check a connection before they use it."""


def for_idling(case: Case) -> Iterator[str]:
    """What to do about an idle timeout, by the limit that ended the session as far as it is known."""
    limit, source = case.limit("wait_timeout")
    fatal_seconds, age_seconds = case.fatal_idle_seconds, case.age_below_global_limits
    reached_limit = fatal_seconds is not None and limit is not None and fatal_seconds >= limit - 1
    end = None if reached_limit else case.shortest_end
    if end is not None and end.seconds == limit:
        end = None  # the figures below are of that limit
    if end is not None:
        yield from end_limit_words(end, case.server)
    elif age_seconds is not None:
        yield own_limit_words(age_seconds, case.server)
    if end is not None and (fatal_seconds is None or end.seconds <= fatal_seconds):
        yield idle_less_words(end)
        yield from _pool_settings_for(case, end.seconds)
    elif fatal_seconds is not None and (
        age_seconds is not None or limit is None or fatal_seconds < limit - 1
    ):
        yield _idle_less_than(case, fatal_seconds)
        yield from _pool_settings_for(case, fatal_seconds)
    elif age_seconds is not None:
        yield _("At the client: check each connection before its use: {ways}.", ways=CONNECTION_CHECKS)
    else:
        name, limit = "wait_timeout", limit or 28_800
        uptime_seconds = case.known_uptime_seconds
        interactive_limit = case.server.limits.get("interactive_timeout", limit)
        if uptime_seconds is not None and interactive_limit < uptime_seconds < limit - 1:
            name, limit = "interactive_timeout", interactive_limit  # the other cannot have run out
        yield (
            _(
                "At the client: keep connections younger than the server's wait_timeout. The log does not show its value; SELECT "
                "@@GLOBAL.wait_timeout does. For the default: {arithmetic}.",
                arithmetic=arithmetic(limit),
            )
            if case.event.is_past_limit and not case.knows_limit("wait_timeout")
            else _(
                "At the client: keep connections younger than the limit: {arithmetic}.",
                arithmetic=arithmetic(limit, _("{variable}, {source}", variable=name, source=source)),
            )
        )
        yield from _pool_settings_for(case, limit)


def _idle_less_than(case: Case, fatal_seconds: float) -> str:
    """What to do about a connection that was lost after so long an idle time, or so long a silence of its log."""
    if case.event.idle_seconds is not None:
        return _(
            "At the client: let no connection be idle for as long as the lost connection was: {arithmetic}.",
            arithmetic=arithmetic(fatal_seconds),
        )
    return _(
        "The log had been silent for {silence}. The session may have been idle for as long, or for less. Read the server's "
        "limit with SELECT @@GLOBAL.wait_timeout. Until then, at the client: let no connection be idle for longer than {safe}.",
        silence=seconds_words(fatal_seconds),
        safe=seconds_words(safe_seconds(fatal_seconds)),
    )


def own_limit_words(age_seconds: float, server: ServerFacts) -> str:
    """What to do about a session that was idle for at most `age_seconds`, less than the global limits."""
    shortest_seconds = server.shortest_global_seconds
    if shortest_seconds is None:
        return _(
            "Find what sets a wait_timeout that short: the server's own options, init_command, the driver, or the pool. The "
            "session had been idle for at most {age}.",
            age=seconds_words(age_seconds),
        )
    if server.idle_limits_unchanged:
        return _(
            "Find what sets a shorter wait_timeout: init_command, the driver, the pool, or SET SESSION in the program. No "
            "global limit closed the session, which had been idle for at most {age}.",
            age=seconds_words(age_seconds),
        )
    return _(
        "Find what sets a shorter wait_timeout: init_command, the driver, the pool, or SET in the program. The global "
        "limit, now {limit}, did not close the session, which had been idle for at most {age}. A shorter limit did: an "
        "earlier global value, or a value set by the session.",
        limit=seconds_words(shortest_seconds),
        age=seconds_words(age_seconds),
    )


def end_limit_words(end: EndLimit, server: ServerFacts) -> Iterator[str]:
    """Which limit ended a session in the ledger, unless that is a global limit in force, which needs no explanation."""
    global_limit, idle_words = server.limits.get("wait_timeout"), seconds_words(end.seconds)
    if end.origin is LimitOrigin.EARLIER_GLOBAL:
        yield _(
            "An earlier global {variable} of {ended} ended the session. The global value is now {now}. Sessions that connected "
            "before that change keep the earlier value until they reconnect.",
            variable=end.variable,
            ended=idle_words,
            now=_("unknown") if global_limit is None else seconds_words(global_limit),
        )
    elif end.origin is LimitOrigin.OWN and server.idle_limits_unchanged:
        yield _(
            "Find what sets a shorter wait_timeout: init_command, the driver, the pool, or SET SESSION in the program. The "
            "session's own limit of {ended} ended it. No global value is that short.",
            ended=idle_words,
        )
    elif end.origin is LimitOrigin.OWN:
        yield _(
            "Find what sets a shorter wait_timeout: init_command, the driver, the pool, or SET in the program. The session's "
            "own limit of {ended} ended it. No global value is that short now: the session set the limit, or copied it from an "
            "earlier global value.",
            ended=idle_words,
        )
    elif end.origin is LimitOrigin.UNKNOWN:
        yield _(
            "Find what sets a shorter wait_timeout: init_command, the driver, the pool, or SET in the program. The global "
            "limit, now {limit}, did not close the session, which had been idle for {ended}. A shorter limit did: an earlier "
            "global value, or a value set by the session.",
            limit=_("unknown")
            if server.shortest_global_seconds is None
            else seconds_words(server.shortest_global_seconds),
            ended=idle_words,
        )


def idle_less_words(end: EndLimit) -> str:
    """What to do at the client about a limit that ended a session."""
    sources = {
        LimitOrigin.GLOBAL: end.variable or "",
        LimitOrigin.EARLIER_GLOBAL: _("an earlier global {variable}", variable=end.variable),
        LimitOrigin.OWN: _("the session's own {variable}", variable=end.variable),
        LimitOrigin.UNKNOWN: _("the idle time when the server closed the session"),
    }
    return _(
        "At the client: let no connection be idle for as long as the shortest limit that ended a session: {arithmetic}.",
        arithmetic=arithmetic(
            end.seconds if end.origin is not LimitOrigin.UNKNOWN else int(end.seconds), sources[end.origin]
        ),
    )


def _pool_settings_for(case: Case, seconds: float) -> Iterator[str]:
    yield from pool_settings(case.event.client.framework, case.event.client.driver, seconds)


def longer_idling(case: Case) -> Iterator[str]:
    """Raise the global limit, where a connection is known to have been idle as long as that."""
    limit, fatal_seconds = case.limit("wait_timeout")[0], case.fatal_idle_seconds
    if not case.knows_limit("wait_timeout") or case.age_below_global_limits is not None:
        return
    if limit is None or fatal_seconds is None or fatal_seconds < limit - 1:
        return
    yield _(
        "At the server: SET GLOBAL wait_timeout = {wanted} (now {limit:.12g} s). The new value applies to new sessions "
        "only; open sessions keep theirs. A session that is idle for longer keeps its memory and its place below "
        "max_connections for longer.",
        wanted=int(min(limit * 3, 31_536_000)),
        limit=limit,
    )


def for_packets(case: Case) -> Iterator[str]:
    """A statement that is too large."""
    if case.event.code == CLIENT_PACKET_ERROR:
        return  # what it received was too large
    yield _(
        "At the client: send less in one statement: fewer rows in an INSERT, large values in parts or stored elsewhere."
    )


def larger_packets(case: Case) -> Iterator[str]:
    """Raise max_allowed_packet, at the server and at the client."""
    if case.event.code == CLIENT_PACKET_ERROR:
        yield _(
            "At the client: raise the client's own max_allowed_packet, which this error is about: --max-allowed-packet=1G, or "
            "the driver's option. The server sent the packet, so the server's limit is large enough."
        )
        return
    size = case.event.statement_bytes
    limit, source = case.limit("max_allowed_packet")
    limit = limit or 64 * 1024**2
    wanted = _next_power(max(size or 0, int(limit)) + 1)
    if wanted <= LARGEST_PACKET_BYTES:
        yield _(
            "At the server: SET GLOBAL max_allowed_packet = {wanted} ({size}; the limit is {limit}, {source}), then reconnect: "
            "open sessions keep their value. A session may then use that much memory.",
            wanted=wanted,
            size=size_with_bytes(wanted),
            limit=size_with_bytes(limit),
            source=source,
        )
    yield _(
        "The client has its own limit: raise max_allowed_packet there too (mysql, mysqldump, Connector/J, Go)."
    )


def for_restarts(_case: Case) -> Iterator[str]:
    """A restart of the server."""
    yield _(
        "At the client: reconnect on 2006 and 2013, with a growing pause; repeat only whole transactions."
    )
    yield _("At the server: warn the applications before a restart, or move them to a replica first.")


def for_crashes(_case: Case) -> Iterator[str]:
    """A crash of the server."""
    yield _(
        "At the server: search its error log for 'got signal' and the kernel log for 'Out of memory'. Reduce the server's "
        "memory use, or add memory."
    )
    yield _("At the client: reconnect on 2006 and 2013, with a growing pause.")


def for_kills(case: Case) -> Iterator[str]:
    """A KILL."""
    yield _("Find what runs KILL: a DBA, pt-kill, a statement limit of a proxy or framework, or an event.")
    if case.event.code == 1317:
        yield _(
            "At the client: the session is still open. Repeat the statement, or roll back and repeat the transaction."
        )
        return
    yield _("At the client: treat this as a lost connection: reconnect, and repeat the whole transaction.")


MAXSCALE_WRITE_TIMEOUT: Final = "Network write timed out for '"
"""MaxScale's words of a client that did not take what MaxScale wrote to it: that client was not idle."""


def for_proxies(case: Case) -> Iterator[str]:
    """A proxy, balancer or firewall between client and server."""
    if case.event.refused:
        yield _(
            "On the network path: check from the client's machine that the address answers (nc -vz HOST 3306). Then check "
            "firewalls, security groups and routes."
        )
        return
    if case.event.never_began:
        yield _(
            "On the network path: does that address and port lead to the server itself? A proxy whose servers are down ends a "
            "login this way."
        )
        yield _(
            "At the server: does a login take longer than connect_timeout? skip_name_resolve helps where host name lookups are slow."
        )
        return
    if MAXSCALE_WRITE_TIMEOUT in case.event.text:
        yield from for_slow_reading(case)
        yield _("MaxScale: raise net_write_timeout of the service.")
        return
    yield from _younger_than_limits(case)


def _younger_than_limits(case: Case) -> Iterator[str]:
    """Keep connections younger than the limits of what is between client and server."""
    client = case.event.client
    yield _(
        "At the client: keep connections younger than the shortest limit on the network path (cloud load balancers: 350 s "
        "or 240 s; see their documentation)."
    )
    known_seconds = (case.fatal_idle_seconds, case.event.lasted_seconds)
    shortest = min((SHORTEST_BALANCER_SECONDS, *(seconds for seconds in known_seconds if seconds)))
    yield from pool_settings(client.framework, client.driver, shortest)
    yield _(
        "On the client's machine: set net.ipv4.tcp_keepalive_time = 120 and turn SO_KEEPALIVE on, so that the network path "
        "does not drop the connection."
    )
    if client.driver in PROXIES and client.driver in POOLS:
        return
    yield _(
        "HAProxy: timeout client and server. ProxySQL: mysql-wait_timeout (milliseconds). MaxScale: the service's "
        "connection_timeout. Set them above the values of the pools."
    )


READ_LIMITS: Final = {
    ".NET": N_("Default Command Timeout in the connection string, or CommandTimeout (seconds)"),
    "MySQL Connector/J": N_("socketTimeout in the JDBC URL, or setQueryTimeout"),
    "MariaDB Connector/J": N_("socketTimeout in the JDBC URL, or setQueryTimeout"),
    "PyMySQL": N_("read_timeout of connect() (seconds)"),
    "mysqlclient": N_("read_timeout of connect() (seconds)"),
    "PHP": N_("mysqlnd.net_read_timeout in php.ini (seconds)"),
    "go-sql-driver": N_("readTimeout in the DSN, or the deadline of the context"),
    "Node mysql": N_("timeout of the query (milliseconds)"),
    "Ruby mysql2": N_("read_timeout in database.yml (seconds)"),
}
"""The client's own limit for an answer, by how the name of the driver begins. Marked for translation."""


def for_closed_objects(case: Case) -> Iterator[str]:
    """A connection object that was used after it was closed, or the client's own limit for an answer."""
    event = case.event
    ran_out = FailureKind.TIMED_OUT in event.failures and not event.used_after_close and event.code != 0
    if event.stated_cause is Cause.CLIENT_QUIT or ran_out:
        settings = (setting for name, setting in READ_LIMITS.items() if event.client.driver.startswith(name))
        yield _(
            "At the client: its own limit for an answer expired. Make the statement faster, or raise that limit: {setting}.",
            setting=_(next(settings, N_("the read timeout of the driver"))),
        )
        yield _("The statement may still be running: SHOW PROCESSLIST shows it, and KILL QUERY ends it.")
        return
    yield _(
        "At the client: discard a connection after its first error. Never use a connection after close(), or from two threads."
    )
    yield _("Find the first error above this one: that error shows where the connection was lost.")


def for_forks(case: Case) -> Iterator[str]:
    """A connection that several processes or threads use."""
    yield _(
        "At the client: open connections after the fork, in each worker: gunicorn post_fork, Celery worker_process_init."
    )
    if "SQLAlchemy" in case.event.client.framework:
        yield _("SQLAlchemy: engine.dispose(close=False) in each child before its first use.")
    if "Django" in case.event.client.framework:
        yield _("Django: django.db.connections.close_all() before forking.")
    yield _("One connection belongs to one thread at a time: let each thread take a connection from a pool.")


PROXY_LIMITS: Final = {
    "MySQL Router": N_("MySQL Router: raise max_connections of the route (now {limit}) in mysqlrouter.conf."),
    "MaxScale": N_("MaxScale: raise max_connections of the service (now {limit})."),
    "HAProxy": N_("HAProxy: raise maxconn of the frontend or of the server (now {limit}), or timeout queue."),
    "Envoy": N_("Envoy: raise max_connections of the cluster's circuit breaker (now {limit})."),
    "ProxySQL": N_("ProxySQL: raise mysql-max_connections, or max_connections of the server (now {limit})."),
}
"""A proxy's own limit of connections, by its name. Marked for translation."""


def for_full_servers(case: Case) -> Iterator[str]:
    """A server, or a proxy, without a free connection."""
    yield _(
        "At the client: use smaller pools. Workers x pool size, over all machines, must stay below max_connections."
    )
    if proxy := PROXY_LIMITS.get(case.event.client.driver):
        limit = dict(case.event.limits).get("max_connections")
        yield _(proxy, limit=_("unknown") if limit is None else f"{limit:.0f}")
        return
    yield _("At the server: close idle sessions sooner (wait_timeout).")
    yield _(
        "The server reserves one connection for an account with CONNECTION_ADMIN or SUPER: keep such an account for diagnosis."
    )


def more_connections(case: Case) -> Iterator[str]:
    """Raise max_connections, unless an account's own limit (1203, 1226) or a proxy's refused the connection."""
    limit, used = case.server.limits.get("max_connections"), case.server.counters.get("max_used_connections")
    was_full = not limit or used is None or used >= limit or (case.uptime_seconds or -1) <= 0
    is_of_proxy = case.event.client.driver in PROXY_LIMITS
    if case.event.code not in {None, TOO_MANY_CONNECTIONS_ERROR} or not was_full or is_of_proxy:
        return
    yield (
        _("At the server: raise max_connections (now {limit:.0f}), if there is memory for it.", limit=limit)
        if limit
        else _("At the server: raise max_connections, if there is memory for it.")
    )


def for_blocked_hosts(case: Case) -> Iterator[str]:
    """A host that the server blocks."""
    unblock = _by_flavour(case, "TRUNCATE TABLE performance_schema.host_cache", "FLUSH HOSTS")
    yield _("At the server: {statement} unblocks the host.", statement=unblock)
    yield _(
        "Find which clients open connections and disconnect before the login: health checks of load balancers do."
    )


def more_connect_errors(_case: Case) -> Iterator[str]:
    """Raise max_connect_errors."""
    yield _("If those connections are harmless: raise max_connect_errors.")


def for_refusals(case: Case) -> Iterator[str]:
    """A login that was refused."""
    if case.event.code == OFFLINE_MODE_ERROR:
        yield _(
            "At the server, after its maintenance: SET GLOBAL offline_mode = OFF. Until then only accounts with "
            "CONNECTION_ADMIN can log in."
        )
        yield _("At the client: wait, and reconnect with a growing pause.")
        return
    yield _(
        "Compare the user, the password and the host that the server sees with the account: SHOW GRANTS FOR 'user'@'host'."
    )
    yield _("This is not a lost connection: waiting and retrying do not help.")


def for_statements(_case: Case) -> Iterator[str]:
    """A statement that ran into its time limit."""
    yield _(
        "The session is still open; only the statement ended. Make the statement faster (EXPLAIN, an index), or read in parts."
    )


def longer_statements(case: Case) -> Iterator[str]:
    """Raise the time limit of one statement."""
    hint, clause = (
        _("/*+ MAX_EXECUTION_TIME(60000) */ in milliseconds"),
        _("SET STATEMENT max_statement_time=60 FOR ... in seconds"),
    )
    yield _("Raise the limit for this statement alone: {way}.", way=_by_flavour(case, hint, clause))


def for_slow_reading(_case: Case) -> Iterator[str]:
    """A client that takes its result too slowly."""
    yield _("At the client: fetch the whole result first, then process it; or fetch in parts by key.")


def slower_reading(case: Case) -> Iterator[str]:
    """Raise net_write_timeout for the session."""
    limit = case.server.limits.get("net_write_timeout", 60)
    yield _(
        "At the server, for that session: SET SESSION net_write_timeout = {wanted} (now {limit}).",
        wanted=int(limit * 10),
        limit=seconds_words(limit),
    )


def for_slow_sending(_case: Case) -> Iterator[str]:
    """A client that sends too slowly."""
    yield _("At the client: send without pauses; read a file before LOAD DATA LOCAL, not during it.")


def slower_sending(case: Case) -> Iterator[str]:
    """Raise net_read_timeout for the session."""
    limit = case.server.limits.get("net_read_timeout", 30)
    yield _(
        "At the server, for that session: SET SESSION net_read_timeout = {wanted} (now {limit}).",
        wanted=int(limit * 10),
        limit=seconds_words(limit),
    )


def for_transactions(case: Case) -> Iterator[str]:
    """A transaction that was idle for too long."""
    yield _(
        "At the client: do nothing slow inside a transaction: no calls to other services, no waiting for a user."
    )
    if shortest := _shortest(case, (*TRANSACTION_LIMITS, *SHARED_TRANSACTION_LIMITS)):
        yield _("Commit within {arithmetic}.", arithmetic=arithmetic(shortest))


def longer_transactions(case: Case) -> Iterator[str]:
    """Raise the limit of idle transactions for the session."""
    if _shortest(case, TRANSACTION_LIMITS):
        yield _("Or raise the limit for that session alone.")


def _shortest(case: Case, names: tuple[str, ...]) -> float:
    """The shortest of these limits in seconds; 0 where none is on."""
    return min((limit for name in names if (limit := case.server.limits.get(name, 0)) > 0), default=0)


def for_lost_clients(_case: Case) -> Iterator[str]:
    """A client that ended without COM_QUIT."""
    yield _(
        "At the client: close connections before the process ends; find what kills the process (memory, deployments, time limits)."
    )
    yield _(
        "At the server: nothing to do. The server closed a session whose client had ended. A keepalive ({seconds} s) finds "
        "such sessions sooner.",
        seconds=safe_seconds(134),
    )


def for_unknown_causes(case: Case) -> Iterator[str]:
    """An error whose cause is not known, or is one of TLS."""
    if FailureKind.TLS_REFUSED in case.event.failures:
        yield _(
            "From the client's machine: openssl s_client -starttls mysql -connect HOST:3306 shows the server's certificate and TLS version. "
            "Update the client, or its list of certificate authorities."
        )
    yield _(
        "Set {setting} at the server. Compare this log with the server's error log of the same minute.",
        setting=_by_flavour(case, "log_error_verbosity=3", "log_warnings=4"),
    )


def _by_flavour(case: Case, mysql: str, mariadb: str) -> str:
    """The words for the server's flavour, or for both where it is not known."""
    templates = {
        Flavour.MYSQL: mysql,
        Flavour.MARIADB: mariadb,
        None: _("{mysql} (MySQL) or {mariadb} (MariaDB)", mysql=mysql, mariadb=mariadb),
    }
    return templates[case.server.flavour]


def _next_power(size_bytes: int) -> int:
    """The smallest power of two, at least 1024, that holds a packet of `size_bytes`."""
    return 1 << max(10, (size_bytes - 1).bit_length())
