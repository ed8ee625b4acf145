"""The consequence, told before anything is done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import Session
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence, ResourceHeadroom, VariableState
from goneaway_tui.tune.preview import Preview, preview
from goneaway_tui.tune.tunables import TUNABLE
from tests.builders import VARIABLES, a_session, a_snapshot, a_transaction

NAP = [a_session(id=each, idle_for=each) for each in range(1, 101)]
"""A hundred sessions, idle for 1 to 100 s."""
OURS = a_session(id=999, idle_for=5000, own=True)
OFF = Variable("idle_transaction_timeout", 0, 0, 31_536_000)


def foretold(
    name: str,
    wanted: float,
    *,
    sessions: list[Session] | None = None,
    standing: VariableState | None = None,
    keep: Persistence = Persistence.GLOBAL,
    snapshot: Snapshot | None = None,
) -> Preview:
    standing = standing or VariableState(VARIABLES[name])
    return preview(TUNABLE[name], standing, wanted, snapshot or a_snapshot([*(sessions or []), OURS]), keep)


def test_clamp_is_predicted_and_the_statement_keeps_the_requested_value() -> None:
    told = foretold("wait_timeout", 32_140_800)

    assert (31_536_000, "the server's maximum") == (told.kept, told.why_clamped)
    assert "SET GLOBAL wait_timeout = 32140800" == told.statement == told.action.statement
    assert "SET GLOBAL wait_timeout = 28800" == told.undo
    assert ("[mysqld]", "wait_timeout = 31536000") == told.option_file
    assert told.confirmation is None


def test_the_undo_of_persist_forgets_what_was_not_persisted() -> None:
    told = foretold("wait_timeout", 600, keep=Persistence.PERSIST)

    assert "SET PERSIST wait_timeout = 600" == told.statement
    assert "RESET PERSIST wait_timeout; SET GLOBAL wait_timeout = 28800" == told.undo


def test_without_todays_value_there_is_no_undo() -> None:
    assert not foretold("wait_timeout", 600, standing=VariableState(Variable("wait_timeout", None))).undo


def test_open_sessions_keep_their_limit_and_longer_idle_sessions_are_counted() -> None:
    busy = a_session(id=500, command="Query")
    told = foretold("wait_timeout", 95, sessions=[*NAP, busy])

    assert told.effects[:2] == (
        "0 of 101 open sessions change now: each session keeps its value until it reconnects",
        "by now, this limit would have closed 5 of 100 idle sessions, and 60 more within a minute if they stay idle",
    )
    assert told.confirmation is None


def test_sessions_closed_by_an_interactive_limit_are_unknown() -> None:
    told = foretold("interactive_timeout", 80, sessions=NAP)

    assert (
        "by now, this limit would have closed 20 of 100 idle sessions (if their clients are interactive), and 60 more within a minute if they stay idle"
        in told.effects
    )
    assert told.confirmation is not None
    assert "after interactive clients reconnect" in told.confirmation


def test_a_limit_inside_transactions_counts_those_in_one() -> None:
    wrote = a_session(id=200, idle_for=50, transaction=a_transaction())
    looked = [
        a_session(id=number, idle_for=50, transaction=a_transaction(rows_modified=0)) for number in (201, 202)
    ]
    for name, counted in (
        ("idle_transaction_timeout", "would have closed 3 of 3 sessions idle inside a transaction"),
        ("idle_readonly_transaction_timeout", "2 of 2 sessions idle inside a transaction that wrote nothing"),
        ("idle_write_transaction_timeout", "1 of 1 sessions idle inside a transaction that wrote rows"),
    ):
        standing = VariableState(replace(OFF, name=name))
        told = foretold(name, 40, sessions=[*NAP, wrote, *looked], standing=standing)

        assert any(counted in each for each in told.effects), told.effects


def test_limit_that_is_off_closes_no_session() -> None:
    wrote = a_session(id=200, idle_for=50, transaction=a_transaction())
    told = foretold("idle_transaction_timeout", 0, sessions=[wrote], standing=VariableState(OFF))

    assert "0 means off: wait_timeout applies" in told.effects
    assert "by now, this limit would have closed none of 1 sessions idle inside a transaction" in told.effects
    assert told.confirmation is None


def test_a_limit_inside_transactions_that_is_on_is_not_told_to_be_off() -> None:
    told = foretold("idle_transaction_timeout", 29, standing=VariableState(OFF))

    assert not any("0 means off" in each for each in told.effects)
    assert "29 s is less than 30 s" in (told.confirmation or "")


def test_wait_timeout_does_not_close_sessions_governed_by_a_transaction_limit() -> None:
    sleeper = a_session(idle_for=90, own_limit=None, transaction=a_transaction())
    snapshot = a_snapshot([sleeper], variables={"idle_transaction_timeout": 3600})
    told = foretold("wait_timeout", 60, snapshot=snapshot)

    assert "by now, this limit would have closed none of 0 idle sessions" in told.effects


def test_a_packets_other_limit_is_the_clients() -> None:
    told = foretold("max_allowed_packet", 1500)

    assert (1024, "rounded down to a multiple of 1,024") == (told.kept, told.why_clamped)
    assert any("the client has its own limit" in each for each in told.effects)


def test_preview_of_max_connections_shows_used_and_free_connections() -> None:
    snapshot = a_snapshot(NAP, counters={"threads_connected": 120, "max_used_connections": 140})
    standing = VariableState(
        VARIABLES["max_connections"],
        headroom=ResourceHeadroom(connections_by_descriptors=4000, bytes_per_session=3 << 19),
    )
    told = foretold("max_connections", 5000, snapshot=snapshot, standing=standing)

    assert told.effects == (
        "applies to the whole server at once",
        "120 sessions connected now, 140 at most since the server started",
        "the server's file descriptors allow 4,000 connections: fewer than the new value",
        "each session may use 1.5 MiB of buffers, all sessions together 7,500 MiB",
        TUNABLE["max_connections"].client_note,
    )


@pytest.mark.parametrize(
    ("standing", "keep", "said"),
    [
        (
            VariableState(VARIABLES["wait_timeout"], persisted=1200),
            Persistence.GLOBAL,
            "restores the persisted value 20 m",
        ),
        (
            VariableState(VARIABLES["wait_timeout"], path="/etc/my.cnf"),
            Persistence.GLOBAL,
            "restores the value in /etc/my.cnf",
        ),
        (VariableState(VARIABLES["wait_timeout"], persisted=600), Persistence.GLOBAL, ""),
        (VariableState(VARIABLES["wait_timeout"], persisted=1200), Persistence.PERSIST, ""),
    ],
)
def test_value_after_a_restart_is_reported(standing: VariableState, keep: Persistence, said: str) -> None:
    told = foretold("wait_timeout", 600, standing=standing, keep=keep)
    restart = [each for each in told.effects if "restart" in each]

    assert [True] * bool(said) == [said in each for each in restart]


# --- Asked twice


@pytest.mark.parametrize(
    ("name", "wanted", "asked"),
    [
        ("wait_timeout", 90, None),
        ("wait_timeout", 89, "11 of 100 open sessions have been idle for longer than 1 m 29 s"),
        ("wait_timeout", 30, "70 of 100 open sessions"),
        ("wait_timeout", 29, "29 s is less than 30 s"),
        ("wait_timeout", 0, "1 s is less than 30 s"),
        ("interactive_timeout", 10, "10 s is less than 30 s"),
        ("connect_timeout", 5, None),
        ("max_allowed_packet", 1024, "1 KiB is less than"),
        ("max_allowed_packet", 1 << 20, None),
    ],
)
def test_what_is_likely_an_accident_is_asked_twice(name: str, wanted: int, asked: str | None) -> None:
    said = foretold(name, wanted, sessions=NAP).confirmation

    assert (said is None) if asked is None else (asked in (said or ""))


@pytest.mark.parametrize(("wanted", "asks"), [(110, False), (109, True), (50, True), (1000, False)])
def test_starving_connections_is_asked_twice(wanted: int, *, asks: bool) -> None:
    snapshot = a_snapshot(NAP, counters={"threads_connected": 100})

    assert asks == (foretold("max_connections", wanted, snapshot=snapshot).confirmation is not None)


@pytest.mark.parametrize(("wanted", "asks"), [(0, False), (109, True), (110, False)])
def test_starving_an_account_is_asked_twice(wanted: int, *, asks: bool) -> None:
    standing = VariableState(Variable("max_user_connections", 0, 0, 4_294_967_295))
    told = foretold("max_user_connections", wanted, sessions=NAP, standing=standing)

    assert asks == (told.confirmation is not None)
    assert "the account with the most sessions has 100 open: shop" in told.effects


def test_empty_server_has_no_session_to_close() -> None:
    told = foretold("wait_timeout", 60)

    assert "0 of 0 open sessions change now: each session keeps its value until it reconnects" in told.effects
    assert told.confirmation is None
