"""Read the replicas, sources and group members that a server names; only on demand.

Each relation is a row of READERS. What the account may not read becomes a limitation; the rest is read all the same.
Nothing here connects to another server: an address is what this server reports, and it is not verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import (
    Flavour,
    Limitation,
    ServerTopology,
    TopologyMember,
    TopologyRelation,
)
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import ABSENT, Connection, Refusal, UnfitAnswer
from goneaway_tui.source.server_variants import UNPROBED_VARIANTS, version_numbers
from goneaway_tui.source.session_cache import text
from goneaway_tui.text.sanitize import plain

MAX_MEMBERS: Final = 500
"""The number of rows of one relation that are used: a server may send any number."""
LONGEST_HOST: Final = 255
RENAMED_IN: Final = (8, 0, 22)
"""The first MySQL with SHOW REPLICAS and SHOW REPLICA STATUS, as its release notes say."""

DUMP_ADDRESS: Final = N_(
    "report_host is not set on the replica: this is the address from which it reads the binary log"
)
ONLY_DUMP: Final = N_(
    "known only from a session that reads the binary log; it can also be a program that captures changes"
)
ADDRESSES_CUT: Final = N_(
    "the number of addresses differs from the number of nodes; one of them can be this server"
)
NOT_ASKED: Final = N_("not queried on this service; use the statements of the service")
AUTO: Final = N_("no address known: wsrep_node_incoming_address is not set on the node")
NO_ADDRESS: Final = N_("no address known: report_host is not set on the server")
ONLY_NAME: Final = N_(
    "Aurora reports only the name of the instance; connect by an endpoint of the cluster to get its address"
)
BY_ENDPOINT: Final = N_("the name of the instance, with the domain of the endpoint that we connected to")

AMAZON: Final = re.compile(
    r"[^.]+\.(?:cluster-(?:ro-|custom-)?)?([a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com(?:\.cn)?)"
)
"""An endpoint of Aurora, of the cluster or of one instance. The group is the ending that all of them have ("Amazon Aurora endpoints")."""
INSTANCE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")

COLUMN_NAMES: Final = {
    "source_host": "host",
    "master_host": "host",
    "source_port": "port",
    "master_port": "port",
    "source_uuid": "uuid",
    "master_uuid": "uuid",
    "source_server_id": "server_id",
    "master_server_id": "server_id",
    "replica_uuid": "uuid",
    "slave_uuid": "uuid",
}
"""The column names of versions and families, and our name for each. Only for SHOW statements."""

Record = Mapping[str, Any]


@dataclass(slots=True)
class TopologyQueries:
    """The statements about the topology of one server, and what could not be read."""

    connection: Connection
    capabilities: Capabilities
    host: str
    limitations: list[Limitation]

    names: dict[str, str] = field(default_factory=dict)
    """The table or SHOW statement that answered, by the key of the statement; for a person."""

    def records(self, what: str) -> list[Record] | None:
        """The rows of one relation; None where they cannot be read, which becomes a limitation where a GRANT would allow it."""
        refusal_to_report: Refusal | None = None
        for variant in sql.TOPOLOGY_STATEMENTS[self.capabilities.flavour].get(what, ()):
            if not variant.needs <= self.capabilities.features:
                continue
            statement = sql.read_sql(variant.file)
            try:
                rows = self.connection.records(statement)[:MAX_MEMBERS]
            except Refusal as refusal:
                refusal_to_report = refusal if refusal.number not in ABSENT else refusal_to_report
                continue
            self.names[what] = statement if statement.startswith("SHOW") else TABLE_NAMES.get(what, "")
            return [{COLUMN_NAMES.get(name, name): value for name, value in row.items()} for row in rows]
        if refusal_to_report is not None:
            self._add_limitation(what, refusal_to_report)
        return None

    def _add_limitation(self, what: str, refusal: Refusal) -> None:
        lost, grants = LOST_RELATIONS[what]
        if isinstance(refusal, UnfitAnswer):
            self.limitations.append(Limitation(lost, refusal.why))
            return
        grant = next(
            (
                grant
                for since, grant in grants[self.capabilities.flavour]
                if version_numbers(self.capabilities.version) >= since
            ),
            None,
        )
        self.limitations.append(
            Limitation(
                lost,
                N_("the account lacks the privilege"),
                grant and f"{grant} TO {self.capabilities.account}",
            )
        )


BINLOG_DUMP: Final = "Binlog Dump"
TABLE_NAMES: Final = {
    "sources": "replication_connection_configuration",
    "members": "replication_group_members",
    "nodes": "wsrep_incoming_addresses",
    "instances": "replica_host_status",
}
"""The table or status that a SELECT reads, by the key of the statement. A SHOW statement is its own name."""
Grants = Mapping[Flavour, tuple[tuple[tuple[int, ...], str], ...]]
SELECT: Final[Grants] = {Flavour.MYSQL: (((), "GRANT SELECT ON performance_schema.*"),), Flavour.MARIADB: ()}
LOST_RELATIONS: Final[dict[str, tuple[str, Grants]]] = {
    "replicas": (
        N_("the replicas of this server and their addresses"),
        {
            Flavour.MYSQL: (((), "GRANT REPLICATION SLAVE ON *.*"),),
            Flavour.MARIADB: (
                ((10, 5, 2), "GRANT REPLICATION MASTER ADMIN ON *.*"),
                ((), "GRANT REPLICATION SLAVE ON *.*"),
            ),
        },
    ),
    "sources": (
        N_("the source of this server"),
        {
            Flavour.MYSQL: (((), "GRANT REPLICATION CLIENT ON *.*"),),
            Flavour.MARIADB: (
                ((10, 5, 9), "GRANT SLAVE MONITOR ON *.*"),
                ((10, 5, 2), "GRANT REPLICATION SLAVE ADMIN ON *.*"),
                ((), "GRANT REPLICATION CLIENT ON *.*"),
            ),
        },
    ),
    "members": (N_("the other members of the replication group"), SELECT),
    "dumps": (N_("the sessions that read the binary log"), SELECT),
    "nodes": (N_("the other nodes of the cluster"), SELECT),
    "instances": (N_("the other instances of the cluster"), SELECT),
    "server_id": (N_("the id of this server in the topology"), SELECT),
}
"""By the key of the statement: what is lost where the account may not read it, and the GRANT it needs, by the first version for
which that holds."""


def read_topology(connection: Connection, capabilities: Capabilities, host: str) -> ServerTopology:
    """Read all relations. `host` is the address by which we connected. Raises SourceError where the connection breaks."""
    if capabilities.features & UNPROBED_VARIANTS:  # these statements mean something else on such a variant
        return ServerTopology(limitations=(Limitation(N_("related servers"), NOT_ASKED),))
    feature = sql.RENAMED if version_numbers(capabilities.version) >= RENAMED_IN else sql.NOT_RENAMED
    queries = TopologyQueries(
        connection, replace(capabilities, features=capabilities.features | {feature}), host, []
    )
    own = queries.records("server_id")
    members = tuple(member for reader in READERS for member in reader(queries))
    return ServerTopology(
        members, tuple(dict.fromkeys(queries.limitations)), _number(own[0].get("server_id")) if own else None
    )


def _replicas(queries: TopologyQueries) -> Iterator[TopologyMember]:
    reported, dumps = queries.records("replicas"), queries.records("dumps") or []
    yield from pair_replicas(reported, dumps, queries.names.get("replicas", ""))


def pair_replicas(
    reported: Sequence[Record] | None, dumps: Sequence[Record], reported_by: str
) -> Iterator[TopologyMember]:
    """Replicas by what they report; a replica that reports no address, by the session with which it reads the binary log.

    On MySQL that session has the uuid of the replica. On MariaDB it has none: there an address is used only where all replicas
    without an address report the same port. `reported` is None where it could not be read.
    """
    by_uuid = {uuid: _host(record) for record in dumps if (uuid := _uuid(record))}
    unknown = [_host(record) for record in dumps if not _uuid(record)]
    named = [_member(TopologyRelation.REPLICA, record, reported_by) for record in reported or ()]
    yield from (record for record in named if record.host)
    without_address = [record for record in named if not record.host]
    for record in without_address:
        if record.uid in by_uuid:
            yield replace(record, host=by_uuid[record.uid], note=DUMP_ADDRESS)
    unmatched = [record for record in without_address if record.uid not in by_uuid]
    known = {record.uid for record in named}
    unknown_readers = [host for uuid, host in by_uuid.items() if uuid not in known]
    if (
        unmatched
        and len(unmatched) == len(named) == len(unknown)
        and len({record.port for record in unmatched}) == 1
    ):
        yield from (
            TopologyMember(TopologyRelation.REPLICA, host, unmatched[0].port, reported_by, DUMP_ADDRESS)
            for host in dict.fromkeys(unknown)
        )
        return
    yield from (replace(record, note=NO_ADDRESS) for record in unmatched)
    if reported is None or len(unknown) > len(named):
        addresses = {record.host for record in named}
        unknown_readers += [host for host in unknown if host not in addresses]
    for host in dict.fromkeys(unknown_readers):
        yield TopologyMember(TopologyRelation.READER, host, None, BINLOG_DUMP, ONLY_DUMP)


def _sources(queries: TopologyQueries) -> Iterator[TopologyMember]:
    for record in queries.records("sources") or ():
        if _host(record):
            yield _member(TopologyRelation.SOURCE, record, queries.names["sources"])


def _members(queries: TopologyQueries) -> Iterator[TopologyMember]:
    for record in queries.records("members") or ():
        yield _member(TopologyRelation.MEMBER, record, queries.names["members"])


def _nodes(queries: TopologyQueries) -> Iterator[TopologyMember]:
    for record in queries.records("nodes") or ():
        addresses = [address.strip() for address in text(record.get("addresses")).split(",")]
        own_index, size = _number(record.get("place")), _number(record.get("size"))
        if size != len(addresses):  # cut off at the width of the column, or a node is joining or leaving
            queries.limitations.append(Limitation(LOST_RELATIONS["nodes"][0], ADDRESSES_CUT))
        for index, address in enumerate(addresses[:MAX_MEMBERS]):
            host, port = split_address(address)
            if index != own_index or size != len(addresses):
                yield TopologyMember(
                    TopologyRelation.NODE, host, port, queries.names["nodes"], "" if host else AUTO
                )


def _instances(queries: TopologyQueries) -> Iterator[TopologyMember]:
    ending = AMAZON.fullmatch(queries.host.lower())
    for record in queries.records("instances") or ():
        name = _plain(record.get("name"))
        if ending and INSTANCE.fullmatch(name):
            host, note = f"{name.lower()}.{ending[1]}", BY_ENDPOINT
        else:
            host, note = "", f"{name}: {_(ONLY_NAME)}"
        yield TopologyMember(TopologyRelation.INSTANCE, host, None, queries.names["instances"], note)


READERS: tuple[Callable[[TopologyQueries], Iterator[TopologyMember]], ...] = (
    _sources,
    _replicas,
    _members,
    _nodes,
    _instances,
)


def split_address(address: str) -> tuple[str, int | None]:
    """
    >>> split_address("10.0.0.2:3306"), split_address("[fd00::2]:3307"), split_address("db2"), split_address("AUTO"), split_address("")
    (('10.0.0.2', 3306), ('fd00::2', 3307), ('db2', None), ('', None), ('', None))
    """
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdecimal()):
        host, port = address, ""
    known = "" if host == "AUTO" else host.removeprefix("[").removesuffix("]")
    return plain(known, LONGEST_HOST), _number(port)


def _member(relation: TopologyRelation, record: Record, reported_by: str) -> TopologyMember:
    return TopologyMember(
        relation,
        _host(record),
        _number(record.get("port")) or None,
        reported_by,
        uid=_uuid(record),
        server_id=_number(record.get("server_id")) or None,
    )


def _host(record: Record) -> str:
    return _plain(record.get("host"))


def _uuid(record: Record) -> str | None:
    return _plain(record.get("uuid")).lower() or None


def _plain(value: Any) -> str:
    return plain(text(value), LONGEST_HOST)


def _number(value: Any) -> int | None:
    """A whole number of at most 10 digits; None for anything else."""
    digits = text(value)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 10 else None
