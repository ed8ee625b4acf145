"""What servers answer about others, as recorded, and what is made of it; the real ones are in tests/integration."""

from __future__ import annotations

from typing import Any, cast

import pytest

from goneaway_tui.model.server import Flavour, ServerTopology, TopologyMember, TopologyRelation
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.connection import Connection, Refusal, fitted
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.source.topology import (
    AUTO,
    BY_ENDPOINT,
    DUMP_ADDRESS,
    MAX_MEMBERS,
    NO_ADDRESS,
    pair_replicas,
    read_topology,
)

UUID, OTHER = "b267f3ae-e7fb-11f1-8f20-02fc00000001", "c267f3ae-e7fb-11f1-8f20-02fc00000002"


class Answering:
    """Answers a statement by the name of its file; refuses what it has no answer to."""

    def __init__(self, answers: dict[str, list[dict[str, Any]] | int]) -> None:
        self._answers = {sql.read_sql(file): answer for file, answer in answers.items()}

    def records(self, statement: Statement) -> list[dict[str, Any]]:
        answer = self._answers.get(statement, 1227)
        if isinstance(answer, int):
            raise Refusal(answer, "no")
        return fitted(statement, answer)


def asked(
    answers: dict[str, list[dict[str, Any]] | int],
    able: str = "",
    *,
    flavour: Flavour = Flavour.MYSQL,
    version: str = "9.7.0",
    host: str = "db1",
) -> ServerTopology:
    found = Capabilities(flavour, version, "", 1, "'dba'@'%'", frozenset(able.split()))
    return read_topology(cast("Connection", Answering(answers)), found, host)


def a_report(host: bytes = b"", uuid: str = UUID, port: int = 3306) -> dict[str, Any]:
    return {"server_id": 2, "host": host, "port": port, "source_id": 1, "uuid": uuid.encode()}


def a_dump(host: bytes = b"10.0.0.2", uuid: str | None = None) -> dict[str, Any]:
    return {"host": host, "uuid": uuid and uuid.encode()}


def places(
    reported: list[dict[str, Any]] | None, *dumps: dict[str, Any]
) -> list[tuple[str, str, int | None, str]]:
    return [
        (each.relation.value, each.host, each.port, each.note) for each in pair_replicas(reported, dumps, "x")
    ]


def test_a_replica_that_reports_its_address_is_there() -> None:
    assert [("replica", "db2", 3306, "")] == places([a_report(b"db2")], a_dump(uuid=UUID))


def test_unreported_replica_address_comes_from_its_session() -> None:
    assert [("replica", "10.0.0.2", 3306, DUMP_ADDRESS)] == places([a_report()], a_dump(uuid=UUID))
    assert [("replica", "10.0.0.2", 3306, DUMP_ADDRESS)] == places([a_report()], a_dump())


def test_no_port_is_guessed_for_replicas_that_cannot_be_distinguished() -> None:
    reported = [a_report(port=3306), a_report(uuid=OTHER, port=3307)]

    assert [("replica", "", 3306, NO_ADDRESS), ("replica", "", 3307, NO_ADDRESS)] == places(
        reported, a_dump(b"10.0.0.2"), a_dump(b"10.0.0.3")
    )


def test_unreported_binary_log_reader_may_be_a_program() -> None:
    found = places([a_report(b"db2")], a_dump(uuid=UUID), a_dump(b"10.0.0.9", OTHER))

    assert [("replica", "db2", 3306), ("reader", "10.0.0.9", None)] == [each[:3] for each in found]
    assert [("reader", "10.0.0.9", None)] == [each[:3] for each in places(None, a_dump(b"10.0.0.9"))]


def test_what_the_account_may_not_ask_is_a_limitation_with_its_grant() -> None:
    kin = asked({"mysql/server_id.sql": [{"server_id": 7}]})

    assert 7 == kin.server_id
    assert {
        "GRANT REPLICATION SLAVE ON *.* TO 'dba'@'%'",
        "GRANT REPLICATION CLIENT ON *.* TO 'dba'@'%'",
    } <= {each.grant for each in kin.limitations}


def test_what_a_server_does_not_have_is_no_limitation() -> None:
    answers: dict[str, list[dict[str, Any]] | int] = {
        file: 1146
        for things in sql.TOPOLOGY_STATEMENTS[Flavour.MYSQL].values()
        for variant in things
        for file in (variant.file,)
    }

    assert ServerTopology() == asked(answers, "instrumented")


@pytest.mark.parametrize("service", ["tidb", "proxysql"])
def test_a_service_with_other_words_is_not_asked(service: str) -> None:
    kin = asked({}, service)

    assert () == kin.members
    assert ["related servers"] == [each.what for each in kin.limitations]


@pytest.mark.parametrize(
    ("version", "file"),
    [
        ("8.0.21", "mysql/replicas_before.sql"),
        ("8.0.22", "mysql/replicas.sql"),
        ("5.7.44", "mysql/replicas_before.sql"),
    ],
)
def test_a_version_is_asked_in_its_own_words(version: str, file: str) -> None:
    kin = asked(
        {file: [{"server_id": 2, "host": b"db2", "port": 3306, "slave_uuid": UUID.encode()}]}, version=version
    )

    assert [("db2", UUID, sql.read_sql(file))] == [
        (each.host, each.uid, each.reported_by) for each in kin.members
    ]


def test_replication_source_is_found_by_other_means_where_the_tables_are_not_readable() -> None:
    row = {"source_host": b"db0", "source_port": 3307, "source_uuid": UUID.encode(), "source_server_id": 9}
    kin = asked({"mysql/sources.sql": 1142, "mysql/sources_shown.sql": [row]}, "instrumented")

    assert (
        TopologyMember(TopologyRelation.SOURCE, "db0", 3307, "SHOW REPLICA STATUS", uid=UUID, server_id=9),
    ) == kin.members


def nodes(addresses: str, place: str = "0", size: str = "2") -> ServerTopology:
    row = {"addresses": addresses.encode(), "place": place.encode(), "size": size.encode()}
    return asked({"mariadb/nodes.sql": [row]}, "galera", flavour=Flavour.MARIADB, version="10.11.19")


def test_other_nodes_of_a_cluster_are_listed_and_the_server_itself_is_not() -> None:
    kin = nodes("10.0.0.1:3306,[fd00::2]:3307,AUTO", place="0", size="3")

    assert [("fd00::2", 3307, ""), ("", None, AUTO)] == [(e.host, e.port, e.note) for e in kin.members]


def test_truncated_list_is_shown_as_it_is_and_marked_as_truncated() -> None:
    kin = nodes("10.0.0.1:3306,10.0.0.2:3306,10.0", size="4")

    assert ["10.0.0.1", "10.0.0.2", "10.0"] == [each.host for each in kin.members]
    assert any("differs from the number of nodes" in each.why for each in kin.limitations)


@pytest.mark.parametrize(
    ("host", "there"),
    [
        ("c.cluster-abc123.eu-west-1.rds.amazonaws.com", "reader-2.abc123.eu-west-1.rds.amazonaws.com"),
        ("c.cluster-ro-abc123.eu-west-1.rds.amazonaws.com", "reader-2.abc123.eu-west-1.rds.amazonaws.com"),
        ("one.abc123.eu-west-1.rds.amazonaws.com", "reader-2.abc123.eu-west-1.rds.amazonaws.com"),
        ("db.example.com", ""),
        ("evil.com/.abc.eu-west-1.rds.amazonaws.com.evil.com", ""),
    ],
)
def test_instances_of_aurora_are_found_by_the_endpoint_of_the_connection(host: str, there: str) -> None:
    (found,) = asked({"mysql/instances.sql": [{"name": b"reader-2"}]}, "aurora", host=host).members

    assert there == found.host
    assert (BY_ENDPOINT if there else f"reader-2: {found.note.partition(': ')[2]}") == found.note


def test_a_name_that_is_no_instances_makes_no_address() -> None:
    (found,) = asked(
        {"mysql/instances.sql": [{"name": b"evil.example.com/\x1b[2J"}]},
        "aurora",
        host="c.cluster-abc123.eu-west-1.rds.amazonaws.com",
    ).members

    assert "" == found.host
    assert "\x1b" not in found.note


def test_what_is_hostile_is_cut_made_plain_and_counted() -> None:
    rows = [a_report(b"\x1b[2J" + b"x" * 10_000, "\x00", port=0) for _ in range(MAX_MEMBERS + 1)]
    kin = asked({"mysql/replicas.sql": rows})

    assert MAX_MEMBERS == len(kin.members)
    assert all(len(e.host) <= 255 and "\x1b" not in e.host and e.port is None for e in kin.members)


@pytest.mark.parametrize("flavour", list(Flavour))
def test_every_variant_can_come_to_its_turn(flavour: Flavour) -> None:
    words = {"instrumented", "galera", "aurora", sql.RENAMED, sql.NOT_RENAMED}
    for variants in sql.TOPOLOGY_STATEMENTS[flavour].values():
        assert all(each.needs <= words for each in variants)
