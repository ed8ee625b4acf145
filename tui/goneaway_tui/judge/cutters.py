"""Who is known to end idle connections, and after how long: pools, proxies, balancers, firewalls.

Sources: AWS, Azure and RDS Proxy documentation (NLB "Update the TCP idle timeout", Azure "Load Balancer TCP Reset and
idle timeout", "RDS Proxy connection considerations"); the rest are the defaults those products are known to come with.
"""

from __future__ import annotations

from goneaway_tui.language import marked

CUTTERS: tuple[tuple[float, str], ...] = (
    (
        60.0,
        marked(
            "AWS Classic Load Balancer as it comes, and many a HAProxy's timeout client and timeout server"
        ),
    ),
    (240.0, marked("Azure Load Balancer and Azure NAT as they come (4 min, and no word to either end)")),
    (300.0, marked("the five minutes many pools and firewalls are set to")),
    (350.0, marked("AWS Network Load Balancer and NAT gateway as they come")),
    (
        600.0,
        marked("HikariCP's idleTimeout as it comes, and Google Cloud's firewall, which forgets after 10 min"),
    ),
    (900.0, marked("the quarter of an hour many pools and firewalls are set to")),
    (1800.0, marked("RDS Proxy's idle client timeout as it comes, and the 30 min many pools are set to")),
    (3600.0, marked("the hour stateful firewalls come with (Cisco ASA among them)")),
)
"""Seconds of idling, and who usually ends it there; to be said with `_`."""
NEAR = 0.02
"""Share of a cutter's time by which an age may differ and still be its doing, with a second besides."""


def cutter_at(seconds: float) -> str | None:
    """Who usually cuts at this idle age, or None.

    >>> cutter_at(350.4)
    'AWS Network Load Balancer and NAT gateway as they come'
    >>> cutter_at(410)
    """
    at, who = min(CUTTERS, key=lambda row: abs(row[0] - seconds))
    return who if abs(at - seconds) <= 1.0 + NEAR * at else None
