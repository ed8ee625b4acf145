"""Services and relatives that answer like MySQL and differ from it, by what they show: a table.

None of them was at hand but Galera, as a cluster of one node of MariaDB 10.11 that was not cut off. Each row rests on what
is cited in it, and on a fixture of what such a service answers; what it does otherwise than MySQL is told among the
limitations, so that nobody trusts a deadline more than it deserves.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from goneaway_tui.language import marked
from goneaway_tui.model.server import Limitation


@dataclass(frozen=True, slots=True)
class Service:
    word: str
    """Among the abilities of a survey, where it chooses statements and these notes."""
    title: str
    banner: str = ""
    """A pattern of version and comment, where these give it away; else a statement of `sql.SIGNS` or a probe does."""
    stands_alone: bool = False
    """It has too little of performance_schema to be probed for more: what is here is all that is known."""
    notes: tuple[Limitation, ...] = ()


SERVICES: tuple[Service, ...] = (
    Service(
        "aurora",
        "Amazon Aurora",
        notes=(
            # Two people measured it: ahmedahamid.com/amazon-aurora-mysql-and-wait-timeout, and in 2023, Aurora 3 beside
            # RDS for MySQL 8.0, mita2db.hateblo.jp/entry/2023/12/26/234813, where RDS closed on time as MySQL does.
            Limitation(
                marked("the instant at which an idle session is closed"),
                marked("on Amazon Aurora it may come up to a minute after the deadline"),
            ),
            # The first of them; Amazon's own pages do not say.
            Limitation(
                marked("which of two limits closes an idle session"),
                marked(
                    "on Amazon Aurora interactive_timeout counts for every session, beside wait_timeout: the shorter one closes"
                ),
            ),
        ),
    ),
    # mysql.rds_kill and mysql.rds_kill_query: AuroraUserGuide/mysql-stored-proc-ending.html in Amazon's documentation.
    Service("rds", "Amazon RDS"),
    # `8.0.31-google (Google)`: the banner of many published dumps and sessions.
    Service("cloudsql", "Google Cloud SQL", banner=r"-google\b|\(Google\)"),
    # mysql.az_kill and mysql.az_kill_query: "Other stored procedures" in Microsoft's documentation of Azure for MySQL.
    Service("azure", "Azure Database"),
    Service(
        "galera",
        "Galera",
        notes=(
            Limitation(
                marked("sessions of the other nodes of the cluster"),
                marked("a Galera node lists its own; look at each node by itself"),
            ),
        ),
    ),
    Service(
        "apart",
        "Galera, apart",
        notes=(
            # mariadb.com/kb "Galera Cluster status variables": wsrep_cluster_status; and error 1047.
            Limitation(
                marked("what this node may still do"),
                marked("it is not in the cluster's primary component: it refuses statements with error 1047"),
            ),
        ),
    ),
    Service(
        "tidb",
        "TiDB",
        banner=r"-TiDB-",
        stands_alone=True,
        notes=(
            # docs.pingcap.com/tidb/stable/information-schema-processlist: columns; CLUSTER_PROCESSLIST has every node's.
            Limitation(
                marked("each session's own limit, its exact idle clock, and what its transaction holds"),
                marked("TiDB shows them to nobody: the global limit is assumed, clocks count whole seconds"),
            ),
            # The same page: without PROCESS the rows are one's own, and nothing says so.
            Limitation(
                marked("sessions of other accounts, where the account lacks PROCESS"),
                marked("TiDB leaves them out without a word: see that it has PROCESS"),
            ),
            # docs.pingcap.com "Timeouts": wait_timeout is 28800 from TiDB 5.4 on, and was 0 for no limit before.
            Limitation(
                marked("a wait_timeout of 0"),
                marked("to TiDB it means no limit, and was its default before 5.4"),
            ),
        ),
    ),
    Service(
        "proxysql",
        "ProxySQL",
        banner=r"\(ProxySQL Admin Module\)",
        stands_alone=True,
        notes=(
            # proxysql.com/documentation/stats-statistics: stats_mysql_processlist; global variables in milliseconds.
            Limitation(
                marked("the sessions of the servers behind it"),
                marked("ProxySQL's admin port lists its own clients; look at the servers themselves too"),
            ),
            Limitation(
                marked("a client's own limit"),
                marked(
                    "newer versions of ProxySQL also heed a session's wait_timeout where it is shorter, and show it to nobody"
                ),
            ),
        ),
    ),
)

ALONE = frozenset(service.word for service in SERVICES if service.stands_alone)


def by_banner(banner: str, comment: str) -> Service | None:
    """The one that gives itself away at the door.

    >>> [service.title for banner in ("8.0.11-TiDB-v8.5.0", "9.7.4") if (service := by_banner(banner, ""))]
    ['TiDB']
    """
    said = f"{banner} {comment}"
    return next((each for each in SERVICES if each.banner and re.search(each.banner, said)), None)


def notes_of(able: AbstractSet[str]) -> tuple[Limitation, ...]:
    """What is to be known of the services among these abilities."""
    return tuple(note for service in SERVICES if service.word in able for note in service.notes)
