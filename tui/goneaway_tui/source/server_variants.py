"""Which server answers: its family, version, account and server variant.

A server variant is a service, a relative, a proxy or a state of a MySQL or MariaDB server in which something is different:
Amazon Aurora, TiDB, ProxySQL's admin port, a Galera node. It is a row of SERVER_VARIANTS. What shows it is either the banner in that
row, or a probe: a row of `sql.VARIANT_PROBES` under the same word.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from goneaway_tui.errors import Unsupported
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import Flavour, Limitation
from goneaway_tui.source import sql
from goneaway_tui.source.connection import ABSENT, DENIED, Connection, Refusal, UnfitAnswer
from goneaway_tui.text.sanitize import from_wire, plain

NOT_PARSED = 1064
"""The error number of a statement that a server cannot parse; ProxySQL's admin port sends 1045."""


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What the first statement on a connection shows: which server answers, and as which account we are logged in."""

    banner: str
    comment: str
    own_id: int
    account: str
    """As the server writes it: `dba@%`."""
    variant: str = ""
    """The word of the server variant that the banner names; empty for none."""

    @property
    def flavour(self) -> Flavour:
        return flavour_of(self.banner, self.comment)

    @property
    def is_unprobed(self) -> bool:
        return self.variant in UNPROBED_VARIANTS


def identify(connection: Connection) -> ServerIdentity:
    """Read which server answers. Raises SourceError."""
    try:
        version, comment, own_id, account = connection.rows(sql.read_sql(sql.IDENTIFY))[0]
    except Refusal as refusal:
        if not isinstance(refusal, UnfitAnswer) and refusal.number not in DENIED | ABSENT | {NOT_PARSED}:
            raise connection.explained(refusal) from None
        return _proxysql(connection, refusal)
    banner, comment = plain(from_wire(version), 200), plain(from_wire(comment or b""), 200)
    variant = variant_by_banner(banner, comment)
    return ServerIdentity(banner, comment, int(own_id), from_wire(account), variant.word if variant else "")


def _proxysql(connection: Connection, unknown: Exception) -> ServerIdentity:
    """The identity of ProxySQL's admin port. Raises Unsupported for any other server, with the error `unknown`."""
    try:
        comment = plain(from_wire(connection.rows(sql.read_sql(sql.PROXYSQL_COMMENT))[0][0]), 200)
        variant = variant_by_banner("", comment)
        if variant is not None:
            version = plain(from_wire(connection.rows(sql.read_sql(sql.PROXYSQL_VERSION))[0][0]), 200)
            return ServerIdentity(version, comment, connection.id, "admin@ProxySQL", variant.word)
    except Refusal:
        pass
    raise Unsupported(
        _("the server at this address cannot be identified: {said}", said=plain(str(unknown), 200)),
        _("check that it is MySQL or MariaDB"),
    ) from None


def flavour_of(banner: str, comment: str) -> Flavour:
    """
    >>> flavour_of("5.5.5-10.4.2-MariaDB", "mariadb.org binary distribution").value
    'mariadb'
    """
    return Flavour.MARIADB if "mariadb" in f"{banner} {comment}".lower() else Flavour.MYSQL


def version_of(banner: str) -> str:
    """The version number in a banner. Older MariaDB puts `5.5.5-` before it, for old replicas.

    >>> version_of("5.5.5-10.4.2-MariaDB"), version_of("9.7.4-2")
    ('10.4.2', '9.7.4')
    """
    found = re.match(r"(?:5\.5\.5-)?(\d+(?:\.\d+)*)", banner)
    return found[1] if found else ""


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers in a version, to compare; none where the version is not known.

    >>> version_numbers("10.4.2"), version_numbers("")
    ((10, 4, 2), ())
    """
    return tuple(int(part) for part in version.split(".") if part)


@dataclass(frozen=True, slots=True)
class ServerVariant:
    """One server variant, and what is different there."""

    word: str
    """Its key among the features of Capabilities, where it chooses statements and the notes below.

    A variant without a banner has the same word in `sql.VARIANT_PROBES`, for each family that can be this variant."""
    title: str
    banner: str = ""
    """A pattern of version and comment; empty where they do not show the variant, and a probe does."""
    is_unprobed: bool = False
    """Whether no probes are run: it has too little of performance_schema."""
    notes: tuple[Limitation, ...] = ()


SERVER_VARIANTS: tuple[ServerVariant, ...] = (
    ServerVariant(
        "aurora",
        "Amazon Aurora",
        notes=(
            # Two people measured it: ahmedahamid.com/amazon-aurora-mysql-and-wait-timeout, and in 2023, Aurora 3 beside
            # RDS for MySQL 8.0, mita2db.hateblo.jp/entry/2023/12/26/234813, where RDS closed on time as MySQL does.
            Limitation(
                N_("the exact time at which an idle session is closed"),
                N_("Amazon Aurora can close the session up to a minute after the deadline"),
            ),
            # The first of them; Amazon's own pages do not say.
            Limitation(
                N_("which of two limits closes an idle session"),
                N_(
                    "Amazon Aurora applies both interactive_timeout and wait_timeout to every session: the shorter one closes it"
                ),
            ),
        ),
    ),
    # mysql.rds_kill and mysql.rds_kill_query: AuroraUserGuide/mysql-stored-proc-ending.html in Amazon's documentation.
    ServerVariant("rds", "Amazon RDS"),
    # `8.0.31-google (Google)`: the banner of many published dumps and sessions.
    ServerVariant("cloudsql", "Google Cloud SQL", banner=r"-google\b|\(Google\)"),
    # mysql.az_kill and mysql.az_kill_query: "Other stored procedures" in Microsoft's documentation of Azure for MySQL.
    ServerVariant("azure", "Azure Database"),
    ServerVariant(
        "galera",
        "Galera",
        notes=(
            Limitation(
                N_("sessions of the other nodes of the cluster"),
                N_("a Galera node lists only its own sessions; connect to each node"),
            ),
        ),
    ),
    ServerVariant(
        "galera_non_primary",
        "Galera, apart",
        notes=(
            # mariadb.com/kb "Galera Cluster status variables": wsrep_cluster_status; and error 1047.
            Limitation(
                N_("whether this node accepts statements"),
                N_(
                    "the node is not in the cluster's primary component: it rejects statements with error 1047"
                ),
            ),
        ),
    ),
    ServerVariant(
        "tidb",
        "TiDB",
        banner=r"-TiDB-",
        is_unprobed=True,
        notes=(
            # docs.pingcap.com/tidb/stable/information-schema-processlist: columns; CLUSTER_PROCESSLIST has every node's.
            Limitation(
                N_("each session's own limit, exact idle time, and what its transaction holds"),
                N_("TiDB does not show them: the global limit is assumed, idle times are whole seconds"),
            ),
            # The same page: without PROCESS the rows are one's own, and nothing says so.
            Limitation(
                N_("sessions of other accounts, where the account lacks PROCESS"),
                N_("TiDB leaves them out without an error: check that the account has PROCESS"),
            ),
            # docs.pingcap.com "Timeouts": wait_timeout is 28800 from TiDB 5.4 on, and was 0 for no limit before.
            Limitation(
                N_("a wait_timeout of 0"),
                N_("in TiDB it means no limit; it was the default before 5.4"),
            ),
        ),
    ),
    ServerVariant(
        "proxysql",
        "ProxySQL",
        banner=r"\(ProxySQL Admin Module\)",
        is_unprobed=True,
        notes=(
            # proxysql.com/documentation/stats-statistics: stats_mysql_processlist; global variables in milliseconds.
            Limitation(
                N_("the sessions of the servers behind ProxySQL"),
                N_("ProxySQL's admin port lists only its own clients; connect to the servers too"),
            ),
            Limitation(
                N_("a client's own limit"),
                N_(
                    "newer versions of ProxySQL also apply a session's own wait_timeout if it is shorter, but do not show it"
                ),
            ),
        ),
    ),
)

UNPROBED_VARIANTS = frozenset(variant.word for variant in SERVER_VARIANTS if variant.is_unprobed)


def variant_by_banner(banner: str, comment: str) -> ServerVariant | None:
    """The variant that the version or the comment shows.

    >>> [variant.title for banner in ("8.0.11-TiDB-v8.5.0", "9.7.4") if (variant := variant_by_banner(banner, ""))]
    ['TiDB']
    """
    description = f"{banner} {comment}"
    return next(
        (variant for variant in SERVER_VARIANTS if variant.banner and re.search(variant.banner, description)),
        None,
    )


def variant_limitations(features: AbstractSet[str]) -> tuple[Limitation, ...]:
    """The notes of the server variants among these features."""
    return tuple(note for variant in SERVER_VARIANTS if variant.word in features for note in variant.notes)
