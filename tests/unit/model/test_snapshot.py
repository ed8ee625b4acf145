"""A sample with opinions."""

from __future__ import annotations

import pytest

from goneaway_tui.model.snapshot import Basis, GlobalLimits, Risk
from tests.builders import NOW, a_sample, a_session, a_snapshot, a_verdict


def test_risks_are_the_contracts_words_in_order_of_how_much_they_matter() -> None:
    words = ["exempt", "busy", "calm", "watch", "imminent", "overdue"]

    assert words == [risk.value for risk in sorted(Risk, key=lambda risk: risk.rank)]


def test_bases_are_the_contracts_words() -> None:
    assert {"own", "assumed", "learned", "disproved"} == {basis.value for basis in Basis}


def test_a_session_inherits_the_globals_of_the_sample() -> None:
    sample = a_sample(variables={"wait_timeout": 30, "connect_timeout": 7, "idle_transaction_timeout": 0})

    assert GlobalLimits(30, 0, None, None, 7, interactive_timeout=28_800) == GlobalLimits.from_sample(sample)


def test_time_left_counts_down_to_the_deadline_and_below() -> None:
    verdict = a_verdict(deadline=NOW + 10)

    assert [10, 0, -5] == [verdict.seconds_left(NOW + later) for later in (0, 10, 15)]


def test_no_time_left_is_shown_without_a_deadline() -> None:
    assert a_verdict(deadline=None).seconds_left(NOW) is None


@pytest.mark.parametrize(("later", "idle"), [(0, 20), (5, 25), (-30, 0)])
def test_idleness_grows_and_is_never_negative(later: float, idle: float) -> None:
    assert idle == a_verdict(a_session(idle_for=20)).idle_seconds(NOW + later)


def test_a_busy_session_has_no_idleness() -> None:
    assert a_verdict(a_session(command="Query")).idle_seconds(NOW) is None


def test_a_snapshot_was_taken_when_its_sample_was() -> None:
    assert NOW == a_snapshot().taken_at
