"""The simulated applications, how their sessions behave, and the settings of the simulated servers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from goneaway_tui.model.blocking import Lock, LockKind
from goneaway_tui.model.server import Flavour, Limitation, Variable

DAY = 86_400
YEAR = 365 * DAY
CONNECT_TIMEOUT = 10
"""Seconds a login may take."""


@dataclass(frozen=True, slots=True)
class Application:
    """How all sessions of one application look and behave."""

    user: str
    program: str
    hosts: tuple[str, ...]
    db: str | None
    about: tuple[tuple[str, str], ...]
    """Connect attributes; the process number and the program's name are added for each session."""
    share: int
    """Sessions of it among all the clients, as a weight."""
    limits: tuple[int | None, ...]
    """Own limits in seconds, each as likely as the next; None keeps the global one of the login."""
    pause_seconds: float
    """Mean seconds between two statements."""
    statement_seconds: float
    """Mean seconds a statement takes."""
    reads: tuple[str, ...]
    writes: tuple[str, ...] = ()
    """Statements that open a transaction. In both kinds `?` stands for some number."""
    write_share: float = 0.0
    """Share of statements that are writes."""
    long_wait_share: float = 0.06
    """Share of idle waits that last many pauses; where the limit is short, they run into it."""
    sets_its_own: bool = False
    """Always sets its own limit, also where most sessions keep the global one."""
    disconnect_share: float = 0.03
    """Share of idle waits that end in a clean disconnect (COM_QUIT)."""


def _linux(client: str, version: str) -> tuple[tuple[str, str], ...]:
    return (
        ("_client_name", client),
        ("_client_version", version),
        ("_os", "Linux"),
        ("_platform", "x86_64"),
    )


APPLICATIONS = (
    Application(
        "shop_app",
        "gunicorn",
        ("web-1", "web-2", "web-3", "web-4"),
        "shop",
        _linux("libmysql", "9.7.4"),
        share=26,
        limits=(600, 3600, 3600, None, None),
        pause_seconds=45.0,
        statement_seconds=0.08,
        reads=(
            "SELECT id, title, price FROM product WHERE category = ? ORDER BY popularity DESC LIMIT 24",
            "SELECT * FROM cart WHERE customer_id = ?",
            "SELECT COUNT(*) FROM orders WHERE customer_id = ?",
            "SELECT 1",
        ),
        writes=(
            "UPDATE cart SET quantity = quantity + 1 WHERE id = ?",
            "INSERT INTO orders (customer_id, total) VALUES (?, 49.90)",
            "SELECT stock FROM product WHERE id = ? FOR UPDATE",
        ),
        write_share=0.2,
    ),
    Application(
        "etl",
        "python",
        ("job-1",),
        "dw",
        (("_client_name", "pymysql"), ("_client_version", "1.2.4")),
        share=8,
        limits=(3600, None, None),
        pause_seconds=90.0,
        statement_seconds=6.0,
        reads=(
            "SELECT MAX(loaded_until) FROM watermark WHERE job = 'orders'",
            "SELECT * FROM staging_orders WHERE batch = ?",
        ),
        writes=(
            "INSERT INTO fact_orders SELECT * FROM staging_orders WHERE batch = ?",
            "DELETE FROM staging_orders WHERE batch = ?",
        ),
        write_share=0.5,
    ),
    Application(
        "cron",
        "php",
        ("job-1", "web-1"),
        "shop",
        (("_client_name", "mysqlnd"), ("_client_version", "mysqlnd 8.4.12"), ("_server_host", "db-01")),
        share=4,
        limits=(30, 60, 120),
        pause_seconds=9.0,
        statement_seconds=0.4,
        reads=("SELECT id FROM mail_queue WHERE sent_at IS NULL LIMIT 50",),
        writes=("UPDATE mail_queue SET sent_at = NOW() WHERE id = ?",),
        write_share=0.2,
        long_wait_share=0.12,
        disconnect_share=0.15,
    ),
    Application(
        "report",
        "java",
        ("report-1", "report-2"),
        "dw",
        (
            ("_client_name", "MySQL Connector/J"),
            ("_client_version", "9.4.0"),
            ("_runtime_vendor", "Eclipse Adoptium"),
            ("_runtime_version", "21.0.8"),
        ),
        share=10,
        limits=(600, None, None, None),
        pause_seconds=120.0,
        statement_seconds=25.0,
        reads=(
            "SELECT region, SUM(total) FROM fact_orders WHERE placed_at > NOW() - INTERVAL ? DAY GROUP BY region",
            "SELECT c.segment, AVG(o.total) FROM fact_orders o JOIN customer c USING (customer_id) GROUP BY c.segment",
        ),
    ),
    Application(
        "grafana",
        "grafana",
        ("mon-1",),
        "metrics",
        (
            ("_client_name", "Go-MySQL-Driver"),
            ("_os", "linux"),
            ("_platform", "amd64"),
            ("_server_host", "db-01"),
        ),
        share=6,
        limits=(120, None),
        pause_seconds=25.0,
        statement_seconds=0.3,
        reads=(
            "SELECT UNIX_TIMESTAMP(at) AS time, value FROM metrics WHERE series = ? AND at > NOW() - INTERVAL 1 HOUR",
        ),
        disconnect_share=0.02,
    ),
    Application(
        "dba",
        "mysql",
        ("jump-1",),
        None,
        (*_linux("libmysql", "9.7.4"), ("os_user", "mara")),
        share=3,
        limits=(28_800, YEAR, YEAR),
        sets_its_own=True,
        pause_seconds=200.0,
        statement_seconds=1.5,
        reads=("SHOW ENGINE INNODB STATUS", "EXPLAIN SELECT * FROM orders WHERE customer_id = ?"),
        writes=("DELETE FROM mail_queue WHERE id < ?",),
        write_share=0.15,
        long_wait_share=0.2,
        disconnect_share=0.01,
    ),
)


SHOP = "shop"
"""The database whose sessions wait for each other's locks now and then."""
HOLDER_STATEMENT = "UPDATE product SET stock = stock - 1 WHERE id = ?"
"""Leaves a row locked, because its client forgets to commit; others wait in the same statement for the same row."""
READER_STATEMENT = "SELECT COUNT(*) FROM orders WHERE customer_id = ?"
"""Leaves the table's definition in use inside a transaction; others wait in the same statement behind CHANGER_STATEMENT."""
CHANGER_STATEMENT = "ALTER TABLE orders ADD COLUMN note TEXT"
ROW_LOCK = Lock(LockKind.ROW, "shop.product", "PRIMARY", "X,REC_NOT_GAP")
CHANGER_LOCK = Lock(LockKind.METADATA, "shop.orders", None, "EXCLUSIVE")
READER_LOCK = Lock(LockKind.METADATA, "shop.orders", None, "SHARED_READ")
METADATA_STATE = "Waiting for table metadata lock"


@dataclass(frozen=True, slots=True)
class SimulatedServer:
    """What differs between the families."""

    flavour: Flavour
    version: str
    banner: str
    shows_own_limits: bool
    inherits: float
    """Share of sessions that keep the global limit instead of one of their application's."""
    variables: tuple[Variable, ...]
    limitations: tuple[Limitation, ...] = ()

    def value(self, name: str) -> int:
        """A global variable in whole units; 0 where there is no such variable, which is how servers say `off`."""
        return next((int(v.value) for v in self.variables if v.name == name and v.value is not None), 0)


_COMMON = (
    Variable("connect_timeout", CONNECT_TIMEOUT, 2, YEAR, "compiled"),
    Variable("innodb_lock_wait_timeout", 50, 1, 1_073_741_824, "compiled"),
    Variable("interactive_timeout", 28_800, 1, YEAR, "compiled"),
    Variable("max_allowed_packet", 67_108_864, 1024, 1_073_741_824, "file"),
    Variable("max_connect_errors", 100, 1, 4_294_967_295, "compiled"),
    Variable("max_connections", 5000, 10, 100_000, "file"),
    Variable("max_user_connections", 0, 0, 2_147_483_647, "compiled"),
    Variable("net_read_timeout", 30, 1, YEAR, "compiled"),
    Variable("net_write_timeout", 60, 1, YEAR, "compiled"),
    Variable("wait_timeout", 28_800, 1, YEAR, "compiled"),
)


def _sorted(*more: Variable) -> tuple[Variable, ...]:
    return tuple(sorted((*_COMMON, *more), key=lambda v: v.name))


SIMULATED_SERVERS = {
    Flavour.MYSQL: SimulatedServer(
        Flavour.MYSQL,
        "9.7.4",
        "9.7.4 (simulated)",
        shows_own_limits=True,
        inherits=0.0,
        variables=_sorted(
            Variable("lock_wait_timeout", YEAR, 1, YEAR, "compiled"),
            Variable("max_execution_time", 0, 0, 18_446_744_073_709_551_615, "compiled"),
        ),
    ),
    Flavour.MARIADB: SimulatedServer(
        Flavour.MARIADB,
        "10.11.19",
        "10.11.19-MariaDB (simulated)",
        shows_own_limits=False,
        inherits=0.85,
        variables=_sorted(
            Variable("idle_readonly_transaction_timeout", 0, 0, YEAR, "compiled"),
            Variable("idle_transaction_timeout", 900, 0, YEAR, "file"),
            Variable("idle_write_transaction_timeout", 120, 0, YEAR, "file"),
            Variable("lock_wait_timeout", DAY, 0, YEAR, "compiled"),
            Variable("max_statement_time", 0, 0, YEAR, "compiled"),
        ),
        limitations=(
            Limitation(
                "each session's own wait_timeout",
                "MariaDB shows it to nobody, so the global value is assumed",
            ),
        ),
    ),
}


def simulated_server(flavour: Flavour, sessions: int) -> SimulatedServer:
    """The server, its `max_connections` high enough for this many sessions."""
    server = SIMULATED_SERVERS[flavour]
    roomy = max(server.value("max_connections"), sessions + sessions // 4)
    variables = (replace(v, value=roomy) if v.name == "max_connections" else v for v in server.variables)
    return replace(server, variables=tuple(variables))
