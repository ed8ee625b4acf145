"""The little shop the demo's sessions work in, and who they are."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.source.demo.wire import Wire, run

WATCHER = "goneaway"
"""The account for watching: sees everything, changes nothing."""
DATABASE = "shop"
CARTS = 64
"""Rows in `cart`; each session writes only its own, so none waits for another's lock."""

TABLES = (
    "CREATE DATABASE shop",
    "CREATE TABLE shop.cart (id INT PRIMARY KEY, customer VARCHAR(40) NOT NULL, quantity INT NOT NULL) ENGINE=InnoDB",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY, customer VARCHAR(40) NOT NULL, total DECIMAL(9,2) NOT NULL) ENGINE=InnoDB",
)


@dataclass(frozen=True, slots=True)
class Part:
    """How the sessions of one application behave. Times are seconds."""

    user: str
    program: str
    sessions: int
    limits: tuple[int | None, ...]
    """Own limits, dealt out in turn; None keeps the global one."""
    pause: tuple[float, float]
    """Between two statements."""
    writes: bool = False
    forgets: float = 0.2
    """Share of idle waits nobody ends: the server will."""
    interactive: bool = False


PARTS = (
    Part("shop_app", "gunicorn", 18, (12, 20, 30, None, 45, 90, 120, None, 3600), (2.0, 12.0), writes=True),
    Part("etl", "python", 6, (25, 60, 28_800), (5.0, 20.0), writes=True),
    Part("cron", "php", 4, (8, 10, 15), (1.0, 5.0), forgets=0.5),
    Part("report", "java", 5, (None, 3600, 28_800), (10.0, 40.0), forgets=0.1),
    Part("grafana", "grafana", 4, (None, 120), (3.0, 10.0), forgets=0.05),
    Part("dba", "mysql", 2, (None, 28_800), (15.0, 50.0), interactive=True, forgets=0.4),
)
"""All who come and go."""

TOILERS = ("report", "etl", "report")
"""Users of the sessions that are nearly always busy."""


def open_shop(root: Wire) -> None:
    """Create the accounts and the tables. Raises pymysql.MySQLError."""
    for statement in TABLES:
        run(root, statement)
    with root.cursor() as cursor:
        rows = [(n, f"customer {n}") for n in range(CARTS)]
        cursor.executemany("INSERT INTO shop.cart (id, customer, quantity) VALUES (%s, %s, 1)", rows)
        cursor.executemany("INSERT INTO shop.orders (id, customer, total) VALUES (%s, %s, 49.90)", rows)
    for user in sorted({part.user for part in PARTS} | set(TOILERS)):
        run(root, "CREATE USER %s@'localhost'", user)
        run(root, "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO %s@'localhost'", user)
    run(root, "CREATE USER %s@'localhost'", WATCHER)
    run(root, "GRANT PROCESS ON *.* TO %s@'localhost'", WATCHER)
    run(root, "GRANT SELECT ON performance_schema.* TO %s@'localhost'", WATCHER)
