"""An address is called a proxy's where it says so, and perhaps one where nobody comes from elsewhere; else nothing is said."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.patterns import patterns
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.pattern import Pattern, PatternKind
from goneaway_tui.model.session import Session
from tests.builders import NOW, a_session, a_snapshot


def found(*sessions: Session) -> list[Pattern]:
    snapshot = a_snapshot(sessions)
    return [each for each in patterns(snapshot, (), NOW) if each.kind is PatternKind.PROXIED]


def crowd(host: str = "10.0.0.9", accounts: int = 5, number: int = 12, program: str = "php") -> list[Session]:
    return [
        a_session(id=n, user=f"app{n % accounts}", host=f"{host}:{50000 + n}", program=program)
        for n in range(1, number + 1)
    ]


def test_connections_that_call_themselves_a_proxys_make_its_address_likely() -> None:
    (pattern,) = found(*crowd(program="proxysql"), a_session(id=99, host="10.0.0.1:1", program="mysql"))

    assert Certainty.LIKELY is pattern.certainty
    assert "10.0.0.9" in pattern.title
    assert "12 of them are ProxySQL's by their own account" in pattern.evidence
    assert "12 of 13 clients come from there" in pattern.evidence
    assert "they use 5 accounts" in pattern.evidence
    assert 12 == len(pattern.sessions)


def test_the_account_that_looks_after_targets_gives_rds_proxy_away() -> None:
    (pattern,) = found(*crowd(), a_session(id=99, user="rdsproxyadmin", host="10.0.0.9:1"))

    assert Certainty.LIKELY is pattern.certainty
    assert "1 of them is RDS Proxy's by its own account" in pattern.evidence


def test_many_accounts_from_one_address_alone_are_no_more_than_possible() -> None:
    (pattern,) = found(*crowd())

    assert Certainty.POSSIBLE is pattern.certainty
    assert "one application server that uses all these accounts looks the same" in pattern.evidence


@pytest.mark.parametrize(
    "sessions",
    [
        [],
        crowd(number=9),
        crowd(accounts=2),
        crowd(host="localhost"),
        crowd(host="127.0.0.1"),
        [*crowd(), a_session(id=99, host="10.0.0.8:1")],
        crowd(accounts=1),
    ],
    ids=["nobody", "few", "two accounts", "the same machine", "the loopback", "somebody else", "one account"],
)
def test_of_anything_less_nothing_is_said(sessions: list[Session]) -> None:
    assert [] == found(*sessions)


def test_an_account_that_is_only_named_like_a_proxy_is_none() -> None:
    assert [] == found(a_session(id=1, user="maxscale"), a_session(id=2, user="proxysql"))
