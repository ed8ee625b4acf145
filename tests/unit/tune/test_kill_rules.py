"""Killing by a filter: what is refused, who is chosen, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from goneaway_tui.errors import (
    AccessDenied,
    FileError,
    NoConnectionLeft,
    OutcomeUnknown,
    SourceError,
    Unreachable,
)
from goneaway_tui.judge import Step, track
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import ProcesslistId, Role, Session
from goneaway_tui.tune.kill_rules import (
    KillEvent,
    KillPass,
    KillPolicy,
    KillResult,
    KillRule,
    choose_victims,
    dry_run,
    hidden_field_problem,
    kill_filter,
)
from tests.builders import NOW, a_sample, a_server, a_session, a_transaction
from tests.unit.tune.test_gate import Stage

# --- What is refused


@pytest.mark.parametrize(
    ("match", "why"),
    [
        ("", "the filter has no condition"),
        ("   ", "the filter has no condition"),
        ("usr:shop", "there is no field usr: the fields are basis"),
        ("user:shop idel>10m", "there is no field idel"),
        ("-usr~x", "there is no field usr"),
        ("user:", "user: is incomplete"),
        ("risk:huge", "risk is one of"),
        ("idle>soon", "not a duration"),
        ("user~[", "is not a regular expression"),
        ("user~(a+)+", "repeats a group"),
        ('user:""', "matches every session"),
        ("user~.", "matches every session"),
        ("user~.*", "matches every session"),
        ("id>0", "matches every session"),
        ("own:no", "matches every session"),
        ("-user:root", "matches every session"),
        ("-user:root -program:cron", "matches every session"),
        ("-trx>1h", "matches every session"),
        ("oldest:5", "matches every session"),
        ("-oldest:1/user", "matches every session"),
        ("-", "there is no field"),
    ],
)
def test_a_filter_that_kills_too_many_or_says_nothing_is_refused(match: str, why: str) -> None:
    if match == "-":  # a word like any other, which is searched in all columns
        kill_filter(match)
        return
    with pytest.raises(ValueError, match=why):
        kill_filter(match)


@pytest.mark.parametrize(
    "match",
    [
        "user:shop",
        "idle>10m -user:root",
        "running>10s",
        "trx>1m oldest:1",
        "command:sleep",
        'program~"^leaky-.*worker$" idle>10m -trx:yes',
        '"web-3:51234"',
        "host:web-3",
        "risk>=watch",
        "id>1",
    ],
)
def test_a_filter_with_a_condition_is_taken(match: str) -> None:
    assert match == kill_filter(match).text


@pytest.mark.parametrize(
    ("match", "what", "problem"),
    [
        ("user:x -program:cron", "the program and client of each session", "program"),
        ("user:x -library:php", "the program and client of each session", "library"),
        ("user:x -statement~^begin", "exact idle times and the last statement", "statement"),
        ("user:x -trx:yes", "the rows that transactions hold", "trx"),
        ("user:x trx:no", "the sessions of other accounts, and what transactions hold", "trx"),
        ("user:x -rows>0", "the rows that transactions hold", "rows"),
        ("user:x -cron", "the program and client of each session", "text in any column"),
        ("user:x program:cron", "the program and client of each session", None),
        ("user:x trx:yes", "the rows that transactions hold", None),
        ("user:x -user:root", "the rows that transactions hold", None),
        ("user:x -trx:yes", "transactions that have touched no InnoDB table yet (a bare BEGIN)", None),
    ],
)
def test_what_is_hidden_cannot_be_excluded(match: str, what: str, problem: str | None) -> None:
    sample = a_sample(limitations=(Limitation(what, "the account lacks PROCESS"),))
    found = hidden_field_problem(kill_filter(match), sample, statements=True)

    assert (problem is None) is (found is None)
    if problem is not None:
        expected = f"the filter excludes sessions by {problem}, which this account cannot see: the account lacks PROCESS"
        assert expected == found


def test_statements_that_are_not_read_cannot_be_excluded() -> None:
    for match in ("user:x -statement:begin", "user:x -begin"):
        assert hidden_field_problem(kill_filter(match), a_sample(), statements=False)
        assert not hidden_field_problem(kill_filter(match), a_sample(), statements=True)


# --- Who is chosen

MINE = a_session(id=ProcesslistId(1), idle_for=700)
PROTECTED = [
    a_session(id=ProcesslistId(10), role=Role.REPLICA, command="Connect"),
    a_session(id=ProcesslistId(11), role=Role.DUMP, command="Binlog Dump"),
    a_session(id=ProcesslistId(12), role=Role.DAEMON, command="Daemon"),
    a_session(id=ProcesslistId(13), role=Role.LOGIN, command="Connect"),
    a_session(id=ProcesslistId(14), own=True, idle_for=700),
    a_session(id=ProcesslistId(15), command="Killed"),
    a_session(id=ProcesslistId(77), idle_for=700),
]


def chosen_of(sessions: list[Session], match: str, *never_kill: str, query: bool = False) -> list[int]:
    sample = a_sample(sessions, server=a_server(own_session_ids=(77,)))
    victims = choose_victims(track(sample).snapshot, kill_filter(match), never_kill, query=query)
    return [verdict.session.id for verdict in victims]


def test_protected_sessions_never_match() -> None:
    assert [1] == chosen_of([*PROTECTED, MINE], f"user:{MINE.user}")


def test_accounts_that_are_never_killed_never_match_and_are_not_the_oldest() -> None:
    sessions = [
        a_session(id=ProcesslistId(1), user="root", host="db-1:1", idle_for=900),
        a_session(id=ProcesslistId(2), user="shop", host="web-1:1", idle_for=800),
        a_session(id=ProcesslistId(3), user="shop", host="web-2:1", idle_for=700),
    ]

    assert [2] == chosen_of(sessions, "idle>1m oldest:1", "root")
    assert [3] == chosen_of(sessions, "idle>1m", "root", "shop@web-1")
    assert [1, 2, 3] == chosen_of(sessions, "idle>1m", "shop@web-9", "Root", "oot")


def test_only_running_sessions_match_where_the_statement_is_killed() -> None:
    busy = a_session(id=ProcesslistId(2), command="Query", statement="SELECT SLEEP(9)", busy_since=NOW - 9)

    assert [2] == chosen_of([MINE, busy], f"user:{MINE.user}", query=True)
    assert [1, 2] == chosen_of([MINE, busy], f"user:{MINE.user}")


# --- What becomes of them

LEAKY = [a_session(id=ProcesslistId(number), idle_for=700) for number in range(1, 6)]


def a_pass(match: str, sessions: list[Session] | None = None, *, query: bool = False) -> KillPass:
    step: Step = track(a_sample(LEAKY if sessions is None else sessions))
    chosen = kill_filter(match)
    return KillPass(chosen, step, choose_victims(step.snapshot, chosen, (), query=query), query)


def results(stage: Stage, kill_pass: KillPass, now: Callable[[], float] = lambda: NOW) -> list[KillResult]:
    return list(kill_pass.perform(stage.gate, now))


def test_a_dry_run_lists_and_touches_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    listed = list(a_pass("idle>10m").matches())

    assert [f"KILL {number}" for number in range(1, 6)] == [result.statement for result in listed]
    assert {KillEvent.MATCH} == {result.event for result in listed}
    assert [] == stage.executor.did == stage.executor.looked == stage.phases


def test_each_is_read_again_killed_once_and_written_down_over_one_connection(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    done = results(stage, a_pass("idle>10m"))

    assert [KillEvent.KILLED] * 5 == [result.event for result in done]
    assert [f"find {number}" for number in range(1, 6)] == stage.executor.looked
    assert [f"KILL {number}" for number in range(1, 6)] == stage.executor.did
    assert ["attempted", "done"] * 5 == stage.phases
    assert 1 == stage.executor.connections


def test_a_dry_run_and_the_kill_differ_by_those_that_changed(tmp_path: Path) -> None:
    """Each that changed says why."""
    kill_pass = a_pass("idle>10m -trx:yes")
    stage = Stage(
        tmp_path,
        replace(LEAKY[0], idle_since=NOW - 1),
        replace(LEAKY[1], transaction=a_transaction()),
        replace(LEAKY[2], command="Query", idle_since=None),
        LEAKY[4],
    )
    dry, done = list(kill_pass.matches()), results(stage, kill_pass)

    assert [result.verdict for result in dry] == [result.verdict for result in done]
    assert [
        (KillEvent.SPARED, "session 1 was used since"),
        (KillEvent.SPARED, "session 2 no longer matches the filter"),
        (KillEvent.SPARED, "session 3 now has the command Query, not Sleep"),
        (KillEvent.GONE, "session 4 had already ended"),
        (KillEvent.KILLED, "session 5 was killed"),
    ] == [(result.event, result.why) for result in done]
    assert ["KILL 5"] == stage.executor.did
    assert ["refused", "refused", "refused", "done", "done"] == stage.phases[1::2]


def test_time_may_end_the_match_before_the_kill(tmp_path: Path) -> None:
    """The session is judged at the instant of its kill, not of the reading."""
    stage = Stage(tmp_path, *LEAKY)
    done = results(stage, a_pass("idle>10m idle<12m"), lambda: NOW + 60)

    assert {KillEvent.SPARED} == {result.event for result in done}


def test_a_statement_that_began_since_is_not_the_oldest_any_more(tmp_path: Path) -> None:
    busy = a_session(id=ProcesslistId(3), command="Query", statement="SELECT 1", busy_since=NOW - 60)
    next_one = replace(busy, busy_since=NOW - 0.2)
    kill_pass = a_pass("command:query oldest:1", [busy])
    [done] = results(Stage(tmp_path, next_one), kill_pass)

    assert (KillEvent.SPARED, True) == (done.event, "not one of the oldest" in done.why)
    [done] = results(Stage(tmp_path, busy), kill_pass)
    assert KillEvent.KILLED is done.event


def test_another_statement_is_spared_where_the_statement_is_killed(tmp_path: Path) -> None:
    busy = a_session(id=ProcesslistId(3), command="Query", statement="SELECT SLEEP(9)", busy_since=NOW - 60)
    kill_pass = a_pass("running>10s", [busy], query=True)
    [done] = results(Stage(tmp_path, replace(busy, statement="COMMIT")), kill_pass)
    assert (KillEvent.SPARED, "session 3 now runs another statement") == (done.event, done.why)

    stage = Stage(tmp_path, busy)
    [done] = results(stage, kill_pass)
    assert (KillEvent.KILLED, ["KILL QUERY 3"]) == (done.event, stage.executor.did)


def test_a_rejected_statement_is_reported_and_the_next_session_is_tried(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    stage.executor.raises = AccessDenied("You are not owner of thread 1 (1095)", "GRANT CONNECTION_ADMIN")
    done = results(stage, a_pass("idle>10m"))

    assert [KillEvent.REFUSED] * 5 == [result.event for result in done]
    assert "GRANT CONNECTION_ADMIN" in done[0].why
    assert ["attempted", "failed"] * 5 == stage.phases


@pytest.mark.parametrize("error", [OutcomeUnknown("the line broke"), Unreachable("nobody answers")])
def test_nothing_is_begun_after_the_connection_failed(tmp_path: Path, error: SourceError) -> None:
    stage = Stage(tmp_path, *LEAKY)
    stage.executor.raises = error
    done: list[KillResult] = []
    with pytest.raises(type(error)):
        done.extend(a_pass("idle>10m").perform(stage.gate, lambda: NOW))

    assert ["KILL 1"] == stage.executor.did
    assert ["attempted", "failed"] == stage.phases


def test_a_full_server_is_relieved_over_the_connection_that_reads(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    stage.executor.takes_no_more = True
    done = results(stage, a_pass("idle>10m"))

    assert {(KillEvent.KILLED, True)} == {(result.event, result.was_borrowed) for result in done}


def test_no_connection_at_all_ends_the_pass(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    stage.executor.raises = NoConnectionLeft("Too many connections (1040)")
    with pytest.raises(NoConnectionLeft):
        results(stage, a_pass("idle>10m"))

    assert ["attempted", "failed"] == stage.phases


@pytest.mark.parametrize(
    ("room", "killed"), [(0, []), (1, ["KILL 1"]), (2, ["KILL 1"]), (3, ["KILL 1", "KILL 2"])]
)
def test_nothing_is_killed_that_cannot_be_written_down(tmp_path: Path, room: int, killed: list[str]) -> None:
    stage = Stage(tmp_path, *LEAKY, room=room)
    with pytest.raises(FileError):
        results(stage, a_pass("idle>10m"))

    assert killed == stage.executor.did


def test_a_stop_lets_the_session_in_hand_be_the_last(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *LEAKY)
    done = list(a_pass("idle>10m").perform(stage.gate, lambda: NOW, lambda: len(stage.executor.did) == 2))

    assert [1, 2] == [result.verdict.session.id for result in done]


def test_nobody_to_kill_opens_no_connection(tmp_path: Path) -> None:
    stage = Stage(tmp_path)

    assert [] == results(stage, a_pass("user:nobody"))
    assert 0 == stage.executor.connections


# --- What a pass of a rule would do


def test_a_dry_run_names_the_victims_and_counts_those_that_are_never_killed() -> None:
    sample = a_sample([a_session(id=n, user="boss" if n == 3 else "shop", idle_for=60) for n in (1, 2, 3)])
    snapshot = track(sample).snapshot
    policy = KillPolicy(never_kill=("boss",))

    run = dry_run(KillRule("idle", "idle>10s"), snapshot, policy)
    assert ("KILL 1", "KILL 2") == run.statements
    assert 1 == run.never_killed
    assert "" == run.problem
    few = dry_run(KillRule("idle", "idle>10s", max_kills=1), snapshot, policy)
    assert "more sessions match than max = 1" == few.problem
    assert "" == dry_run(KillRule("idle", "idle>10s", max_kills=2), snapshot, policy).problem
    assert () == dry_run(KillRule("idle", "user:shop", query=True), snapshot, policy).victims


def test_a_dry_run_tells_that_the_account_is_not_shown_what_the_rule_excludes() -> None:
    snapshot = track(a_sample([a_session(id=1, idle_for=60)])).snapshot

    run = dry_run(KillRule("r", "idle>1s -statement:job"), snapshot, KillPolicy(reads_statements=False))
    assert () == run.victims
    assert "--no-statements" in run.problem
