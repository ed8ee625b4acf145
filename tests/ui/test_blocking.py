"""Who blocks whom: the lines of the tree, what is predicted, and the keys of the screen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from goneaway_tui.errors import Unreachable
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import LOCK_HOLDERS, Limitation
from goneaway_tui.model.session import PastStatement, ProcesslistId, Role, Session
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.blocking import (
    MAX_TREE_LINES,
    BlockingScreen,
    RowKind,
    TreeRow,
    ending_words,
    freed_words,
    id_list,
    lock_sentence,
    lock_words,
    rollback_words,
    tally_words,
    tree_rows,
    wait_words,
)
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.session import SessionScreen
from tests.builders import NOW, a_sample, a_session, a_snapshot, a_transaction, a_verdict, a_wait
from tests.fakes import FakeExecutor
from tests.snapshot.shots import blocked, settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import later, lines
from tests.ui.test_tuning import on, ready, reported, until

SIZE = (80, 24)


def holder(number: int = 1, **fields: object) -> Session:
    return a_session(id=number, idle_for=60, transaction=a_transaction(), **fields)


def waiter(number: int) -> Session:
    return a_session(
        id=number, command="Query", busy_since=NOW - 50, transaction=a_transaction(rows_modified=0)
    )


def a_blocked_sample(waits: Iterable[LockWait], *more: Session, **fields: object) -> Sample:
    waits = tuple(waits)
    waiting = {wait.waiter for wait in waits}
    holders = {each for wait in waits for each in wait.holders} - waiting
    sessions = [*map(holder, sorted(holders)), *map(waiter, sorted(waiting)), *more]
    variables = {"innodb_lock_wait_timeout": 50, "lock_wait_timeout": 86_400}
    return a_sample(sessions, lock_waits=waits, variables=variables, **fields)  # type: ignore[arg-type]


def a_blocked_snapshot(*waits: LockWait) -> Snapshot:
    sample = a_blocked_sample(waits)
    return a_snapshot(
        sample.sessions, lock_waits=sample.lock_waits, variables={"innodb_lock_wait_timeout": 50}
    )


def drawn(snapshot: Snapshot, unfolded: Iterable[Hashable] = ()) -> list[str]:
    """The tree as ids."""
    return [
        f"{row.lines}{row.session or row.kind.value}{f' {len(row.hidden)}' if row.hidden else ''}"
        for row in tree_rows(snapshot, set(unfolded))
    ]


# --- The tree's lines


def test_a_chain_stands_level_by_level_below_its_root() -> None:
    assert ["1", "└ 2", "  └ 3", "    └ 4"] == drawn(
        a_blocked_snapshot(a_wait(2, 1), a_wait(3, 2), a_wait(4, 3))
    )


def test_lines_join_those_that_wait_for_one_session() -> None:
    snapshot = a_blocked_snapshot(a_wait(2, 1, waited=9), a_wait(4, 2), a_wait(3, 1, waited=5))

    assert ["1", "├ 2", "│ └ 4", "└ 3"] == drawn(snapshot)


def test_the_session_that_blocks_most_is_first() -> None:
    assert ["7", "├ 8", "└ 9", "1", "└ 2"] == drawn(
        a_blocked_snapshot(a_wait(2, 1), a_wait(8, 7), a_wait(9, 7))
    )


def test_of_many_the_longest_waits_are_shown_and_the_others_counted() -> None:
    snapshot = a_blocked_snapshot(*(a_wait(number, 1, waited=number) for number in range(100, 300)))
    rows = tree_rows(snapshot)

    assert ["1", "├ 299", "├ 298", "├ 297", "├ 296", "├ 295", "└ fold 195"] == drawn(snapshot)
    assert 202 == len(tree_rows(snapshot, {rows[-1].key}))
    assert RowKind.UNFOLDED is tree_rows(snapshot, {rows[-1].key})[-1].kind


def test_a_waiter_that_others_wait_for_is_never_folded() -> None:
    waits = [a_wait(number, 1, waited=number) for number in range(10, 40)]

    assert "├ 10" in drawn(a_blocked_snapshot(*waits, a_wait(5, 10)))


def test_a_circle_is_drawn_once() -> None:
    assert ["1", "└ 2", "  └ 3"] == drawn(a_blocked_snapshot(a_wait(1, 3), a_wait(2, 1), a_wait(3, 2)))


def test_who_waits_for_two_stands_below_both() -> None:
    assert ["1", "└ 3", "2", "└ 3"] == drawn(a_blocked_snapshot(a_wait(3, 1, 2)))


def test_a_waiter_whose_holder_is_not_known_stands_below_a_line_that_says_so() -> None:
    assert ["1", "└ 2", "unknown", "└ 5"] == drawn(a_blocked_snapshot(a_wait(2, 1), a_wait(5)))


def test_a_deep_chain_keeps_its_lines_short_and_every_row() -> None:
    rows = tree_rows(a_blocked_snapshot(*(a_wait(number + 1, number) for number in range(1, 300))))

    assert 300 == len(rows)
    assert all(len(row.lines) <= MAX_TREE_LINES for row in rows)


def test_each_row_has_a_key_of_its_own() -> None:
    waits = [a_wait(number, 1, 2) for number in range(10, 40)]
    rows = tree_rows(a_blocked_snapshot(*waits, a_wait(50, 10), a_wait(60)))

    assert len(rows) == len({row.key for row in rows})


# --- What is predicted


def test_a_lock_is_named_with_all_that_is_known_of_it() -> None:
    row = Lock(LockKind.ROW, "shop.orders", "PRIMARY", "X,REC_NOT_GAP")

    assert "row shop.orders PRIMARY X,REC_NOT_GAP" == lock_words(row)
    assert "a row lock on shop.orders, index PRIMARY, mode X,REC_NOT_GAP" == lock_sentence(row)
    assert "a metadata lock" == lock_sentence(Lock(LockKind.METADATA))


def test_a_limit_is_named_with_how_it_is_known() -> None:
    own = a_verdict(a_session(idle_for=60, own_limit=600))
    assumed = a_snapshot([a_session(idle_for=60, own_limit=None)], variables={"wait_timeout": 600}).verdicts[
        0
    ]

    assert "wait_timeout (10 m, own) closes the session in 9:00 if it stays idle." == ending_words(own, NOW)
    assert "wait_timeout (10 m, assumed) closes the session in 9:00" in ending_words(assumed, NOW)
    assert "wait_timeout (10 m, own) has run out. The server closes the session now." == ending_words(
        own, NOW + 541
    )


def test_no_limit_ends_what_runs_or_has_no_idle_clock() -> None:
    running = a_verdict(a_session(command="Query", busy_since=NOW - 3))
    replica = a_verdict(a_session(command="Query", role=Role.REPLICA))

    assert "No limit closes the session while it runs a statement." == ending_words(running, NOW)
    assert ending_words(replica, NOW).startswith("Idle limits do not apply")


def test_what_is_rolled_back_is_counted_or_said_to_be_unknown() -> None:
    def words(**fields: object) -> str:
        return rollback_words(a_verdict(a_session(transaction=a_transaction(**fields))))

    assert words(rows_modified=1).endswith("1 modified row.")
    assert "not known" in words(rows_modified=None)
    assert "No open transaction is visible." == rollback_words(a_verdict(a_session()))


def test_those_freed_at_once_are_told_from_those_behind_them() -> None:
    def words(*waits: LockWait) -> str:
        blocking = a_blocked_snapshot(*waits).blocking
        assert blocking is not None
        return freed_words(blocking, ProcesslistId(1))

    assert "After its end 1 waiting session continues: 2." == words(a_wait(2, 1))
    assert words(a_wait(2, 1), a_wait(3, 2)).startswith(
        "After its end 2 waiting sessions continue: 2, 3. 1 of them immediately"
    )
    assert words(a_wait(2, 1, 9)).startswith("After its end no session continues")


def test_a_wait_is_told_with_its_holder_and_its_end() -> None:
    sample = a_blocked_sample([a_wait(2, 1, waited=20), a_wait(3)])
    assert sample.lock_waits is not None
    known, unknown = (wait_words(wait, sample, NOW) for wait in sample.lock_waits)

    assert "Waits 0:20 for a row lock on shop.orders" in known
    assert "Held by 1." in known
    assert "times out in 0:30 (innodb_lock_wait_timeout 50 s, assumed)" in known
    assert "does not report which session holds it" in unknown


def test_many_ids_are_counted() -> None:
    assert "1, 2, 3, 4, 5, 6, 7, 8 and 2 more" == id_list([*map(ProcesslistId, range(1, 11))])


def test_the_tally_has_the_longest_wait() -> None:
    snapshot = a_blocked_snapshot(a_wait(2, 1, waited=5), a_wait(3, 2, waited=90))

    assert "2 sessions wait, the longest for 1:30" == tally_words([snapshot], NOW)
    assert "" == tally_words([a_snapshot()], NOW)


# --- The screen


def an_app(tmp_path: Path, *script: Sample | Exception, executor: FakeExecutor | None = None) -> GoneawayApp:
    clock = HeldClock()
    journal = None if executor is None else Journal(tmp_path / "journal.jsonl", clock)
    spec = MonitorSpec(Scripted(*script), executor=executor, journal=journal)
    return GoneawayApp([spec], clock, ticking=False)


def tree(app: GoneawayApp) -> list[TreeRow]:
    assert isinstance(app.screen, BlockingScreen)
    return list(app.screen.rows.rows)


async def opened(app: GoneawayApp, pilot: Pilot[None]) -> None:
    await settle(app, pilot)
    await pilot.press("b")
    await settle(app, pilot)


CHAIN = (a_wait(2, 1, waited=20), a_wait(3, 2, waited=10))


async def test_b_shows_the_tree_and_escape_leaves_it(tmp_path: Path) -> None:
    app = an_app(tmp_path, a_blocked_sample(CHAIN))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        shown = lines(app)
        await pilot.press("escape")

        assert isinstance(app.screen, BoardScreen)
    assert "2 sessions wait, the longest for 0:20" in shown
    assert "└ 2 shop" in shown
    assert "closes the session in 7:59:00" in shown
    assert "3 modified rows" in shown
    assert "After its end 2 waiting sessions continue: 2, 3." in shown


async def test_a_holder_that_commits_while_the_tree_is_open_is_gone_with_the_next_sample(
    tmp_path: Path,
) -> None:
    app = an_app(tmp_path, a_blocked_sample(CHAIN), a_blocked_sample((), holder(), taken_at=NOW + 1))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        assert 3 == len(tree(app))
        await later(app, pilot, app.clock, 1.0)  # type: ignore[arg-type]
        shown = lines(app)

        assert [] == tree(app)
    assert "No session waits for a lock." in shown


async def test_times_move_between_samples(tmp_path: Path) -> None:
    app = an_app(tmp_path, a_blocked_sample(CHAIN))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        app.clock.now += 0.9  # type: ignore[attr-defined]
        app.tick()
        await settle(app, pilot)
        assert "waits 0:20" in lines(app)
        app.clock.now += 0.2  # type: ignore[attr-defined]
        app.tick()
        await settle(app, pilot)

        assert "waits 0:21" in lines(app)


async def test_the_cursor_stays_on_its_session_while_others_come(tmp_path: Path) -> None:
    more = [*CHAIN, *(a_wait(number, 9) for number in range(10, 13))]
    app = an_app(tmp_path, a_blocked_sample(CHAIN), a_blocked_sample(more, taken_at=NOW + 1))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("down")
        await later(app, pilot, app.clock, 1.0)  # type: ignore[arg-type]
        assert isinstance(app.screen, BlockingScreen)
        under = app.screen.rows.cursor_row

    assert under is not None
    assert 2 == under.session
    assert 9 == tree_rows(a_blocked_snapshot(*more))[0].session


async def test_enter_opens_the_details_of_the_session_under_the_cursor(tmp_path: Path) -> None:
    app = an_app(tmp_path, a_blocked_sample(CHAIN))
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("down", "enter")
        await settle(app, pilot)
        shown = lines(app)
        assert isinstance(app.screen, SessionScreen)
        await pilot.press("escape")

        assert isinstance(app.screen, BlockingScreen)
    assert "session 2" in shown
    assert "Held by 1." in shown
    assert "1 session: 3." in shown


async def test_many_waiters_are_unfolded_and_folded_again(tmp_path: Path) -> None:
    app = an_app(tmp_path, a_blocked_sample([a_wait(number, 1) for number in range(100, 300)]))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        folded = lines(app)
        await pilot.press("end", "enter")
        await settle(app, pilot)
        assert 202 == len(tree(app))
        assert isinstance(app.screen, BlockingScreen)
        assert 105 == app.screen.rows.cursor_row.session  # type: ignore[union-attr]
        await pilot.press("end", "enter")
        await settle(app, pilot)

        assert 7 == len(tree(app))
    assert "195 more" in folded
    assert "200 sessions wait" in folded


async def test_k_kills_the_session_under_the_cursor_and_names_those_it_frees(tmp_path: Path) -> None:
    sample = a_blocked_sample(CHAIN)
    executor = FakeExecutor(sessions=sample.sessions)
    app = an_app(tmp_path, sample, executor=executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("b")
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))
        await pilot.press("escape")

        assert isinstance(app.screen, BlockingScreen)
    assert "kill session 1 " in asked
    assert "Frees 2 waiting sessions: 2, 3." in asked
    assert ["KILL 1"] == executor.did


async def test_marked_sessions_are_killed_together(tmp_path: Path) -> None:
    sample = a_blocked_sample([a_wait(3, 1, 2), a_wait(4, 1)])
    executor = FakeExecutor(sessions=sample.sessions)
    app = an_app(tmp_path, sample, executor=executor)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("b")
        await settle(app, pilot)
        for row in tree(app):
            if row.session in {1, 2}:
                app.screen.rows.marks.add(row.key)  # type: ignore[attr-defined]
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)

    assert "kill 2 sessions" in asked
    assert "Frees 2 waiting sessions: 3, 4." in asked


async def test_the_kill_dialog_counts_who_comes_to_wait_while_it_is_open(tmp_path: Path) -> None:
    first = a_blocked_sample(CHAIN)
    second = replace(a_blocked_sample([*CHAIN, a_wait(7, 1)]), taken_at=NOW + 1)
    app = an_app(tmp_path, first, second, executor=FakeExecutor(sessions=first.sessions))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("b", "k")
        await until(pilot, on(app, KillScreen))
        await later(app, pilot, app.clock, 1.0)  # type: ignore[arg-type]

        assert "Frees 3 waiting sessions: 2, 3, 7." in lines(app)
        below = app.screen_stack[-2]
        assert isinstance(below, BlockingScreen)
        assert 4 == len(below.rows.rows)


async def test_a_greyed_k_says_why(tmp_path: Path) -> None:
    app = an_app(tmp_path, a_blocked_sample(CHAIN))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await opened(app, pilot)
        await pilot.press("k")
        await settle(app, pilot)

        assert isinstance(app.screen, BlockingScreen)
        assert any("there is no server here to change" in note.message for note in app._notifications)


HIDDEN = Limitation(
    LOCK_HOLDERS, "the account lacks SELECT on performance_schema.data_lock_waits", "GRANT SELECT ON x TO y"
)


async def test_what_hides_the_waits_is_told_with_its_grant(tmp_path: Path) -> None:
    unknown = replace(a_sample(limitations=(HIDDEN,)), lock_waits=None)
    app = an_app(tmp_path, unknown)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        shown = lines(app)

    assert "This account cannot see which sessions wait for locks" in shown
    assert "GRANT SELECT ON x TO y" in " ".join(shown.split())


async def test_a_waiter_without_a_holder_is_shown_with_what_hides_it(tmp_path: Path) -> None:
    app = an_app(tmp_path, replace(a_blocked_sample([a_wait(5)]), limitations=(HIDDEN,)))
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        shown = lines(app)

    assert "holder not known" in shown
    assert "└ 5 shop" in shown
    assert "GRANT SELECT ON x TO y" in " ".join(shown.split())


async def test_the_trees_of_several_servers_stand_below_each_other_and_k_acts_where_its_session_is(
    tmp_path: Path,
) -> None:
    clock = HeldClock()
    samples = [a_blocked_sample(CHAIN), a_blocked_sample([a_wait(12, 11)])]
    executors = [FakeExecutor(sessions=sample.sessions) for sample in samples]
    specs = [
        MonitorSpec(
            Scripted(sample), name=f"db{number}", executor=executor, journal=Journal(tmp_path / "j", clock)
        )
        for number, (sample, executor) in enumerate(zip(samples, executors, strict=True), 1)
    ]
    app = GoneawayApp(specs, clock, ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await later(app, pilot, clock, 1.0)
        await later(app, pilot, clock, 0.0)
        await until(pilot, lambda: all(app.tuning_of(monitor).gate is not None for monitor in app.monitors))
        await pilot.press("b")
        await settle(app, pilot)
        shown = lines(app)
        await pilot.press("end", "enter")
        await settle(app, pilot)
        detail = lines(app)
        await pilot.press("escape", "up", "k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))

    assert "3 sessions wait" in shown
    assert "db1" in shown
    assert "db2" in shown
    assert "session 12 on db2" in detail
    assert "kill session 11 on db2" in asked
    assert [[], ["KILL 11"]] == [executor.did for executor in executors]


# --- A session's details


async def test_details_lead_to_the_next_and_the_previous_session_and_kill() -> None:
    app = blocked()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        await pilot.press("b", "enter")
        await settle(app, pilot)
        first = lines(app)
        await pilot.press("n")
        await settle(app, pilot)
        second = lines(app)
        await pilot.press("p", "p", "k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)

    assert "session 4802" in first
    assert "session 4803" in second
    assert "Held by 4802." in second
    assert "kill session 4802" in asked


async def test_details_show_the_statements_of_the_open_transaction() -> None:
    app = blocked()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        await pilot.press("b", "enter")
        await settle(app, pilot)
        shown = lines(app)

    assert "statements of its open transaction" in shown
    assert "INSERT INTO orders SELECT * FROM staging.orders" in shown
    assert "4:19" in shown


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Limitation("x", "the server keeps none", "UPDATE y"), "unknown: the server keeps none: UPDATE y"),
        ((), "The server has kept no statement."),
        ((PastStatement("SELECT '\x1b[2J' [red]", None),), "?  SELECT"),
        (Unreachable("lost db-01"), "lost db-01"),
    ],
)
async def test_why_statements_are_missing_is_told(
    answer: tuple[PastStatement, ...] | Exception | Limitation, told: str
) -> None:
    def read(_session: ProcesslistId) -> tuple[PastStatement, ...] | Limitation:
        if isinstance(answer, Exception):
            raise answer
        return answer

    sample = a_blocked_sample(CHAIN)
    app = GoneawayApp([MonitorSpec(Scripted(sample), read_statements=read)], HeldClock(), ticking=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press("enter")
        await settle(app, pilot)
        shown = lines(app)

    assert told in shown
    assert "\x1b" not in shown


async def test_statements_are_asked_only_of_a_session_with_an_open_transaction() -> None:
    asked: list[int] = []

    def read(session: ProcesslistId) -> tuple[PastStatement, ...]:
        asked.append(session)
        return ()

    sample = a_sample([a_session(id=1, idle_for=3), holder(2)], lock_waits=())
    app = GoneawayApp([MonitorSpec(Scripted(sample), read_statements=read)], HeldClock(), ticking=False)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app, pilot)
        for _number in range(2):
            await pilot.press("enter")
            await settle(app, pilot)
            await pilot.press("escape", "down")

    assert [2] == asked
