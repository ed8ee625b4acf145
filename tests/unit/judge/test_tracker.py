"""From one sample to the next."""

from __future__ import annotations

from typing import Any

from goneaway_tui.judge.tracker import VariableChange, track
from goneaway_tui.model.session import ProcesslistId, Session
from tests.builders import NOW, SERVER, a_sample, a_server, a_session


def one(number: int, **fields: Any) -> Session:
    return a_session(id=ProcesslistId(number), **fields)


def test_before_the_first_nothing_happened() -> None:
    taken = track(a_sample([one(1)]))

    assert ((), (), (), False) == (taken.departed, taken.opened, taken.changes, taken.restarted)


def test_opened_and_ended_sessions_are_tracked() -> None:
    first = track(a_sample([one(1), one(2)]))
    then = track(a_sample([one(2), one(3), one(4, own=True)], taken_at=NOW + 1), first.snapshot)

    assert [1] == [each.verdict.session.id for each in then.departed]
    assert [3] == [each.session.id for each in then.opened]
    assert then.snapshot is not first.snapshot


def test_changed_variable_is_reported_with_both_values() -> None:
    first = track(a_sample())
    then = track(
        a_sample(variables={"wait_timeout": 60, "net_read_timeout": 30}, taken_at=NOW + 1), first.snapshot
    )

    assert (VariableChange("wait_timeout", 28_800, 60),) == then.changes


def test_after_a_restart_all_earlier_sessions_ended_and_all_listed_sessions_are_new() -> None:
    first = track(a_sample([one(1)]))
    then = track(a_sample([one(1)], taken_at=NOW + 5, server=a_server(uptime=3.0)), first.snapshot)

    assert then.restarted
    assert [1] == [each.verdict.session.id for each in then.departed]
    assert [1] == [each.session.id for each in then.opened]


def test_an_hour_unseen_is_no_restart() -> None:
    first = track(a_sample([one(1)]))
    later = a_sample([one(1)], taken_at=NOW + 3600, server=a_server(uptime=SERVER.uptime + 3600))

    assert not track(later, first.snapshot).restarted
