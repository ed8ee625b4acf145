"""What several servers say of others becomes one proposal for each place, and nobody who is watched is proposed again."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.patterns import find_patterns
from goneaway_tui.judge.topology import ProposedServer, TopologyReport, proposed_servers
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.departure import Pattern, PatternKind
from goneaway_tui.model.server import (
    Flavour,
    Server,
    ServerTopology,
    TopologyMember,
    TopologyRelation,
)
from goneaway_tui.model.session import Role, Session
from tests.builders import NOW, a_session, a_snapshot

UID = "b267f3ae-e7fb-11f1-8f20-02fc00000001"


def a_server(host: str = "db1", port: int | None = 3306, uid: str | None = None) -> Server:
    return Server(Flavour.MYSQL, "9.7.0", "9.7.0", host, port, 1.0, uid=uid)


def a_relative(
    host: str = "db2",
    port: int | None = 3306,
    relation: TopologyRelation = TopologyRelation.REPLICA,
    uid: str | None = None,
    server_id: int | None = None,
) -> TopologyMember:
    return TopologyMember(relation, host, port, "SHOW REPLICAS", uid=uid, server_id=server_id)


def proposed(*witnesses: TopologyReport) -> list[ProposedServer]:
    return list(proposed_servers(witnesses))


def test_what_one_names_is_proposed_by_its_account() -> None:
    (found,) = proposed(TopologyReport("one", a_server(), ServerTopology((a_relative(),))))

    assert ("db2", 3306, "one", "", True) == (
        found.host,
        found.port,
        found.server_name,
        found.watched_as,
        found.is_proposable,
    )


def test_two_reports_of_one_address_make_one_proposal() -> None:
    (found,) = proposed(
        TopologyReport(
            "one",
            a_server("db1"),
            ServerTopology((a_relative(), a_relative(relation=TopologyRelation.MEMBER))),
        ),
        TopologyReport(
            "three", a_server("db3"), ServerTopology((a_relative("DB2", relation=TopologyRelation.SOURCE),))
        ),
    )

    assert [
        ("one", TopologyRelation.REPLICA),
        ("one", TopologyRelation.MEMBER),
        ("three", TopologyRelation.SOURCE),
    ] == [(each.server_name, each.member.relation) for each in found.statements]


@pytest.mark.parametrize(
    ("relative", "watched"),
    [
        (a_relative("db2", 3306), "two"),
        (a_relative("DB2", 3306), "two"),
        (a_relative("db2", 3307), ""),
        (a_relative("10.0.0.2", 3306), ""),
        (a_relative("10.0.0.2", 3306, uid=UID), "two"),
        (a_relative("10.0.0.2", 3306, server_id=2), "two"),
        (a_relative("10.0.0.2", 3306, server_id=3), ""),
        (a_relative("10.0.0.2", 3306, TopologyRelation.MEMBER, server_id=2), ""),
        (a_relative("", None, uid=UID), "two"),
    ],
)
def test_monitored_server_is_recognised_in_the_topology(relative: TopologyMember, watched: str) -> None:
    (found,) = proposed(
        TopologyReport("one", a_server("db1"), ServerTopology((relative,), server_id=1)),
        TopologyReport("two", a_server("db2", uid=UID.upper()), ServerTopology(server_id=2)),
    )

    assert watched == found.watched_as
    assert not (found.is_proposable and watched)


def test_a_number_that_two_of_the_watched_have_names_neither() -> None:
    (found,) = proposed(
        TopologyReport(
            "one", a_server("db1"), ServerTopology((a_relative("10.0.0.2", server_id=1),), server_id=1)
        ),
        TopologyReport("two", a_server("db2"), ServerTopology(server_id=1)),
    )

    assert not found.watched_as


@pytest.mark.parametrize(
    ("server", "host", "instead_of"),
    [
        (a_server("db1"), "db1", "127.0.0.1"),
        (a_server("127.0.0.1"), "127.0.0.1", ""),
        (a_server("localhost", None), "127.0.0.1", ""),
        (None, "127.0.0.1", ""),
    ],
)
def test_what_a_server_calls_its_own_machine_is_where_that_server_is(
    server: Server | None, host: str, instead_of: str
) -> None:
    (found,) = proposed(TopologyReport("one", server, ServerTopology((a_relative("127.0.0.1", 3307),))))

    assert (host, 3307, instead_of) == (found.host, found.port, found.loopback_host)


def test_unreported_port_is_the_port_of_the_reporting_server() -> None:
    (found,) = proposed(TopologyReport("one", a_server(port=3310), ServerTopology((a_relative(port=None),))))

    assert (3310, False) == (found.port, found.is_port_reported)


def test_unreported_addresses_stay_separate_and_are_not_proposed() -> None:
    found = proposed(
        TopologyReport(
            "one", a_server(), ServerTopology((a_relative("", server_id=2), a_relative("", server_id=3)))
        )
    )

    assert [False, False] == [each.is_proposable for each in found]


def found(*sessions: Session) -> list[Pattern]:
    snapshot = a_snapshot(sessions)
    return [each for each in find_patterns(snapshot, (), NOW) if each.kind is PatternKind.PROXIED]


def many_sessions(
    host: str = "10.0.0.9", accounts: int = 5, number: int = 12, program: str = "php"
) -> list[Session]:
    return [
        a_session(id=n, user=f"app{n % accounts}", host=f"{host}:{50000 + n}", program=program)
        for n in range(1, number + 1)
    ]


def test_connections_with_a_proxy_program_name_make_a_proxy_likely() -> None:
    (pattern,) = found(
        *many_sessions(program="proxysql"), a_session(id=99, host="10.0.0.1:1", program="mysql")
    )

    assert Certainty.LIKELY is pattern.certainty
    assert "10.0.0.9" in pattern.title
    assert "12 sessions have the program or user name of ProxySQL" in pattern.evidence
    assert "12 of 13 client sessions come from there" in pattern.evidence
    assert "they use 5 accounts" in pattern.evidence
    assert 12 == len(pattern.sessions)


def test_monitoring_account_identifies_rds_proxy() -> None:
    (pattern,) = found(*many_sessions(), a_session(id=99, user="rdsproxyadmin", host="10.0.0.9:1"))

    assert Certainty.LIKELY is pattern.certainty
    assert "1 session has the program or user name of RDS Proxy" in pattern.evidence


def test_many_accounts_from_one_address_alone_are_no_more_than_possible() -> None:
    (pattern,) = found(*many_sessions())

    assert Certainty.POSSIBLE is pattern.certainty
    assert "one application server that uses all these accounts gives the same picture" in pattern.evidence


@pytest.mark.parametrize(
    "sessions",
    [
        [],
        many_sessions(number=9),
        many_sessions(accounts=2),
        many_sessions(host="localhost"),
        many_sessions(host="127.0.0.1"),
        [*many_sessions(), a_session(id=99, host="10.0.0.8:1")],
        many_sessions(accounts=1),
    ],
    ids=["nobody", "few", "two accounts", "the same machine", "the loopback", "somebody else", "one account"],
)
def test_weaker_evidence_proposes_no_proxy(sessions: list[Session]) -> None:
    assert [] == found(*sessions)


def test_an_account_that_is_only_named_like_a_proxy_is_none() -> None:
    assert [] == found(a_session(id=1, user="maxscale"), a_session(id=2, user="proxysql"))


@pytest.mark.parametrize("server", [None, a_server(port=None)], ids=["never read", "over a socket"])
def test_a_port_that_nobody_reports_is_the_usual_one(server: Server | None) -> None:
    (found,) = proposed(TopologyReport("one", server, ServerTopology((a_relative(port=None),))))

    assert (3306, False) == (found.port, found.is_port_reported)


def test_a_server_without_an_id_is_not_taken_for_another_without_one() -> None:
    (found,) = proposed(
        TopologyReport("one", a_server("db1"), ServerTopology((a_relative("10.0.0.2", server_id=None),), server_id=None)),
        TopologyReport("two", a_server("db2"), ServerTopology(server_id=None)),
    )  # fmt: skip

    assert not found.watched_as
    assert found.is_proposable


def test_a_server_that_is_watched_already_is_not_proposable_whatever_its_address() -> None:
    (found,) = proposed(
        TopologyReport("one", a_server("db1"), ServerTopology((a_relative("", None, uid=UID),))),
        TopologyReport("two", a_server("", None, uid=UID), ServerTopology()),
    )

    assert ("two", False) == (found.watched_as, found.is_proposable)


def test_ten_sessions_of_three_accounts_may_be_a_proxys() -> None:
    (pattern,) = found(*many_sessions(number=10, accounts=3))

    assert "10 of 10 client sessions come from there" in pattern.evidence
    assert "10.0.0.9 may be the address of a proxy: every client session comes from it" == pattern.title


def test_our_own_sessions_and_replicas_are_no_clients() -> None:
    own = a_session(id=90, own=True, host="10.0.0.1:1")
    replica = a_session(id=91, role=Role.REPLICA, command="Connect", host="10.0.0.2:1")

    assert 1 == len(found(*many_sessions(), own, replica))


def test_a_statement_is_kept_once_however_often_it_is_made() -> None:
    report = TopologyReport("one", a_server(), ServerTopology((a_relative(), a_relative())))
    (found,) = proposed(report)

    assert 1 == len(found.statements)
