"""The ledger keeps the newest, and counts them all."""

from __future__ import annotations

from dataclasses import replace

from goneaway_tui.judge.ledger import ALL_OTHERS, DEFAULT_KEPT, MAX_NAMES, Ledger
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from tests.builders import NOW, a_session, a_verdict


def a_departure(number: int, cause: Cause = Cause.CLIENT_QUIT, user: str = "shop") -> Departure:
    verdict = a_verdict(a_session(id=number, user=user))
    return Departure(verdict, NOW + number, 0.5, cause, Certainty.LIKELY)


def test_the_newest_come_first() -> None:
    ledger = Ledger([a_departure(1), a_departure(2)])
    ledger.add([a_departure(3)])

    assert [3, 2, 1] == [d.verdict.session.id for d in ledger]


def test_the_totals_count_also_those_no_longer_kept() -> None:
    ledger = Ledger(a_departure(n) for n in range(DEFAULT_KEPT + 5))

    assert DEFAULT_KEPT == len(list(ledger))
    assert DEFAULT_KEPT + 5 == len(ledger)
    assert [("client_quit", DEFAULT_KEPT + 5)] == ledger.totals("cause")


def test_the_most_frequent_stand_first() -> None:
    ledger = Ledger([a_departure(1, user="a"), a_departure(2, user="b"), a_departure(3, user="b")])

    assert [("b", 2), ("a", 1)] == ledger.totals("user")


def test_new_names_in_the_ledger_are_bounded() -> None:
    ledger = Ledger(a_departure(n, user=f"user {n}") for n in range(MAX_NAMES + 7))
    ledger.add([a_departure(MAX_NAMES + 8, user="user 3")])

    assert [(ALL_OTHERS, 7), ("user 3", 2), ("user 0", 1)] == ledger.totals("user")[:3]
    assert MAX_NAMES + 1 == len(ledger.totals("user"))


def test_what_ended_before_we_came_is_listed_last_and_in_no_total() -> None:
    ledger = Ledger([a_departure(1)])
    ledger.set_past([replace(a_departure(2), observed=False), replace(a_departure(3), observed=False)])

    assert [1, 3, 2] == [departure.verdict.session.id for departure in ledger]
    assert 3 == len(ledger)
    assert 1 == sum(number for _name, number in ledger.totals("cause"))


def test_ten_thousand_are_kept_and_a_thousand_names_are_counted() -> None:
    assert (10_000, 1_000) == (DEFAULT_KEPT, MAX_NAMES)


def test_totals_are_by_cause_user_program_and_host() -> None:
    nameless = a_verdict(a_session(id=2, user="etl", program=None, host=""))
    ledger = Ledger([a_departure(1), replace(a_departure(2), verdict=nameless)])

    assert [("etl", 1), ("shop", 1)] == ledger.totals("user")
    assert [("(none)", 1), ("gunicorn", 1)] == ledger.totals("program")
    assert [("(none)", 1), ("web-3", 1)] == ledger.totals("host")
