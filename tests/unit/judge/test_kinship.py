"""What several servers say of others becomes one proposal for each place, and nobody who is watched is proposed again."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.kinship import Proposal, Witness, proposals
from goneaway_tui.model.relative import Kin, Relation, Relative
from goneaway_tui.model.server import Flavour, Server

UID = "b267f3ae-e7fb-11f1-8f20-02fc00000001"


def a_server(host: str = "db1", port: int | None = 3306, uid: str | None = None) -> Server:
    return Server(Flavour.MYSQL, "9.7.0", "9.7.0", host, port, 1.0, uid=uid)


def a_relative(
    host: str = "db2",
    port: int | None = 3306,
    relation: Relation = Relation.REPLICA,
    uid: str | None = None,
    server_id: int | None = None,
) -> Relative:
    return Relative(relation, host, port, "SHOW REPLICAS", uid=uid, server_id=server_id)


def proposed(*witnesses: Witness) -> list[Proposal]:
    return list(proposals(witnesses))


def test_what_one_names_is_proposed_by_its_account() -> None:
    (found,) = proposed(Witness("one", a_server(), Kin((a_relative(),))))

    assert ("db2", 3306, "one", "", True) == (found.host, found.port, found.by, found.watched, found.is_open)


def test_two_who_name_one_place_make_one_proposal() -> None:
    (found,) = proposed(
        Witness("one", a_server("db1"), Kin((a_relative(), a_relative(relation=Relation.MEMBER)))),
        Witness("three", a_server("db3"), Kin((a_relative("DB2", relation=Relation.SOURCE),))),
    )

    assert [("one", Relation.REPLICA), ("one", Relation.MEMBER), ("three", Relation.SOURCE)] == [
        (each.by, each.relative.relation) for each in found.sayings
    ]


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
        (a_relative("10.0.0.2", 3306, Relation.MEMBER, server_id=2), ""),
        (a_relative("", None, uid=UID), "two"),
    ],
)
def test_who_is_watched_is_known_again(relative: Relative, watched: str) -> None:
    (found,) = proposed(
        Witness("one", a_server("db1"), Kin((relative,), server_id=1)),
        Witness("two", a_server("db2", uid=UID.upper()), Kin(server_id=2)),
    )

    assert watched == found.watched
    assert not (found.is_open and watched)


def test_a_number_that_two_of_the_watched_have_names_neither() -> None:
    (found,) = proposed(
        Witness("one", a_server("db1"), Kin((a_relative("10.0.0.2", server_id=1),), server_id=1)),
        Witness("two", a_server("db2"), Kin(server_id=1)),
    )

    assert not found.watched


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
    (found,) = proposed(Witness("one", server, Kin((a_relative("127.0.0.1", 3307),))))

    assert (host, 3307, instead_of) == (found.host, found.port, found.instead_of)


def test_a_port_that_is_not_told_is_that_of_the_one_who_speaks() -> None:
    (found,) = proposed(Witness("one", a_server(port=3310), Kin((a_relative(port=None),))))

    assert (3310, False) == (found.port, found.is_port_told)


def test_addresses_that_are_not_told_stay_apart_and_are_not_proposed() -> None:
    found = proposed(
        Witness("one", a_server(), Kin((a_relative("", server_id=2), a_relative("", server_id=3))))
    )

    assert [False, False] == [each.is_open for each in found]
