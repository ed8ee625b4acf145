"""The dialog that kills, and the report of many kills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.widgets import Button, Static

from goneaway_tui.errors import KillDenied
from goneaway_tui.judge.filters import FIELDS
from goneaway_tui.model.session import Session
from goneaway_tui.tune.actions import KillSession, Outcome
from goneaway_tui.tune.kill_rules import KillPolicy, KillRule
from goneaway_tui.ui.screens.help import FILTER_EXAMPLES, FILTER_FIELDS, TextViewer, board_keys
from goneaway_tui.ui.screens.kill import KillScreen, RulesScreen, freed_line, rollback_line, totals
from goneaway_tui.ui.screens.report import ActResult, ReportScreen, spared_lines
from goneaway_tui.ui.widgets.plain_text import RadioChoice
from tests.builders import NOW, a_session, a_snapshot, a_transaction, a_verdict, a_wait
from tests.fakes import FakeExecutor
from tests.ui.stage import HeldClock
from tests.ui.test_board import lines
from tests.ui.test_hostile_screen import assert_fit, many_sessions
from tests.ui.test_tuning import CROWD, SIZE, an_app, confirm_many, on, ready, reported, until

WORKING = a_session(id=7, command="Query", busy_since=NOW - 3, statement="SELECT SLEEP(9)")


def crowd(number: int) -> list[Session]:
    names = ("leaky", "leaky", "leaky", "cron")
    return [
        a_session(
            id=100 + n,
            idle_for=n + 1,
            own_limit=6000,
            program=names[n % 4],
            host=f"10.0.0.{n % 5}:{4000 + n}",
        )
        for n in range(number)
    ]


# --- Its words


def test_many_are_counted_by_user_program_and_host() -> None:
    told = {title: words.plain for title, words in totals([a_verdict(session) for session in crowd(20)])}

    assert {
        "user": "shop 20",
        "program": "leaky 15  cron 5",
        "host": "10.0.0.0 4  10.0.0.1 4  10.0.0.2 4  and 2 more",
    } == told


def test_what_is_rolled_back_and_released_is_summed_up() -> None:
    open_ones = [a_verdict(a_session(transaction=a_transaction(rows_modified=3, rows_locked=2)))] * 2

    assert "▲ Rolls back 2 open transactions with 6 modified rows. Releases 4 row locks." == rollback_line(
        open_ones
    )
    assert "No open transaction." == rollback_line([a_verdict()])


def test_victims_are_not_among_the_freed() -> None:
    snapshot = a_snapshot(
        [a_session(id=number) for number in (1, 2, 3)], lock_waits=(a_wait(2, 1), a_wait(3, 2))
    )
    first, second, _third = snapshot.verdicts

    assert freed_line([first, second], snapshot) == "Frees 1 waiting session: 3."
    assert freed_line([first], snapshot).startswith("Frees 2 waiting sessions: 2, 3. 1 of them immediately")
    assert "" == freed_line([first], None)


def test_who_waits_for_another_session_too_is_not_freed() -> None:
    snapshot = a_snapshot([a_session(id=number) for number in (1, 2, 3)], lock_waits=(a_wait(3, 1, 2),))

    assert freed_line(snapshot.verdicts[:1], snapshot).startswith("Frees no waiting session")
    assert "Frees 1 waiting session: 3." == freed_line(snapshot.verdicts[:2], snapshot)


# --- Its keys


async def test_kill_query_is_not_offered_for_sessions_that_run_nothing(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor(sessions=CROWD), CROWD[:1])
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))

        assert not app.screen.query(RadioChoice)
        assert "KILL QUERY" not in lines(app)


async def test_kill_query_ends_the_statements_of_those_that_run_one(tmp_path: Path) -> None:
    both = [CROWD[0], WORKING]
    executor = FakeExecutor(sessions=both)
    app = an_app(tmp_path, executor, both)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("space", "space", "k")
        await until(pilot, on(app, KillScreen))
        offered = lines(app)
        await pilot.press("shift+tab", "down")
        await pilot.pause()
        chosen = lines(app)
        await pilot.press("tab", "tab", "enter")
        await until(pilot, reported(app))

    assert "only the running statement of 1 of them (KILL QUERY)" in offered
    assert "Open transactions stay open" in chosen
    assert ["KILL QUERY 7"] == executor.did


async def test_many_are_summed_up_and_their_number_is_typed(tmp_path: Path) -> None:
    many = crowd(60)
    executor = FakeExecutor(sessions=many)
    app = an_app(tmp_path, executor, many)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)
        kill = app.screen.query_one("#kill", Button)
        assert kill.disabled
        assert "cancel" == app.focused.id  # type: ignore[union-attr]
        await pilot.press("shift+tab", *"59", "enter")
        await pilot.pause()
        assert isinstance(app.screen, KillScreen)
        assert kill.disabled
        await pilot.press("backspace", "backspace", *"60")
        await pilot.pause()
        assert not kill.disabled
        assert [] == executor.did
        await pilot.press("enter")
        await until(pilot, reported(app))

    assert "leaky 45  cron 15" in asked
    assert "Type 60 to confirm" in asked
    assert 60 == len(executor.did)


async def test_the_number_may_be_typed_while_cancel_has_the_focus(tmp_path: Path) -> None:
    many = crowd(60)
    executor = FakeExecutor(sessions=many)
    app = an_app(tmp_path, executor, many)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        await pilot.press(*"60")
        await pilot.pause()
        assert not app.screen.query_one("#kill", Button).disabled
        assert [] == executor.did
        await pilot.press("enter")
        await until(pilot, reported(app))

    assert 60 == len(executor.did)


async def test_fifty_need_no_number(tmp_path: Path) -> None:
    many = crowd(50)
    app = an_app(tmp_path, FakeExecutor(sessions=many), many)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))

        assert not app.screen.query("#typed")
        assert not app.screen.query_one("#kill", Button).disabled


async def test_s_shows_every_statement(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor(sessions=CROWD), CROWD)
    async with app.run_test(size=(120, 80)) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        asked = str(app.screen.query_one("#runs", Static).content)
        await pilot.press("s")
        await until(pilot, on(app, TextViewer))
        shown = lines(app)
        await pilot.press("escape")

        assert isinstance(app.screen, KillScreen)
    assert "KILL 154 ... and 54 more: s shows all" in asked
    assert all(f"KILL {session.id};" in shown for session in CROWD)


async def test_the_key_line_says_what_enter_does_where_the_focus_is(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor(sessions=CROWD), CROWD[:1])
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        first = lines(app)
        await pilot.press("tab")
        await pilot.pause()
        second = lines(app)

    assert "enter cancel · tab next · s statements · esc cancel" in first
    assert "enter kill · tab next" in second


# --- The report


async def test_a_session_that_the_server_protects_does_not_end_the_row(tmp_path: Path) -> None:
    class Protects(FakeExecutor):
        def _act(self, statement: str) -> None:
            super()._act(statement)
            if statement in {"KILL 101", "KILL 103"}:
                raise KillDenied("db: You are not owner of thread (1095)", "its account has SYSTEM_USER")

    many = crowd(6)
    executor = Protects(sessions=many)
    app = an_app(tmp_path, executor, many)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press(*["space"] * 6, "k")
        await until(pilot, on(app, KillScreen))
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))
        told = lines(app)

    assert 6 == len(executor.did)
    assert "4 of 6 killed, 2 refused by the server" in told
    assert "2 × db: You are not owner of thread (1095)" in told


async def test_the_report_shows_how_far_it_is_and_how_long_the_rest_takes(tmp_path: Path) -> None:
    clock = HeldClock()
    app = an_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        report = ReportScreen("kill", 40, clock)
        app.push_screen(report)
        await pilot.pause()
        for number in range(10):
            report.add(ActResult(KillSession(a_session(id=number)), refused="the session was not killed"))
        clock.now += 5
        report._redraw()
        await pilot.pause()
        told = lines(app)

    assert "━━━─────────  " in told
    assert "30 remaining, about 15 s left" in told


async def test_a_report_of_kills_offers_no_undo(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor())
    asked: list[bool] = []
    async with app.run_test(size=SIZE) as pilot:
        report = ReportScreen("kill", 1, HeldClock(), lambda: asked.append(True))
        app.push_screen(report)
        await pilot.pause()
        report.add(
            ActResult(
                KillSession(a_session(id=7)),
                Outcome(KillSession(a_session(id=7)), "1", "session 7 was killed"),
            )
        )
        report.finish()
        await pilot.press("u")
        await pilot.pause()

        assert app.screen is report
    assert asked == []


def test_reasons_that_are_alike_are_counted() -> None:
    done = [
        ActResult(
            KillSession(a_session(id=number)), refused=f"session {number} {why}; the session was not killed"
        )
        for number, why in ((11, "was used since"), (12, "was used since"), (13, "runs no statement"))
    ]

    assert [
        "2 × session … was used since; the session was not killed",
        "1 × session … runs no statement; the session was not killed",
    ] == list(spared_lines(done))


async def test_many_kills_are_confirmed_by_their_number(tmp_path: Path) -> None:
    executor = FakeExecutor(sessions=CROWD[5:])
    app = an_app(tmp_path, executor, CROWD)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        await confirm_many(pilot, len(CROWD))
        await until(pilot, reported(app))
        told = lines(app)

    assert "55 of 60 killed, 5 had already ended" in told


# --- Accounts that are never killed


async def test_accounts_of_never_kill_are_left_out_with_the_reason(tmp_path: Path) -> None:
    sessions = [
        a_session(id=1, user="shop", idle_for=9, own_limit=600),
        a_session(id=2, user="boss", idle_for=9, own_limit=600),
        a_session(id=3, user="etl", host="10.0.0.7:4000", idle_for=9, own_limit=600),
        a_session(id=4, user="etl", host="10.0.0.8:4000", idle_for=9, own_limit=600),
    ]
    executor = FakeExecutor(sessions=sessions)
    app = an_app(tmp_path, executor, sessions, kill_policy=KillPolicy(never_kill=("boss", "etl@10.0.0.7")))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        asked = lines(app)
        await pilot.press("tab", "enter")
        await until(pilot, reported(app))

    assert "2 skipped: never_kill in the config file" in asked
    assert ["KILL 1", "KILL 4"] == sorted(executor.did)


async def test_no_dialog_opens_for_accounts_of_never_kill_alone(tmp_path: Path) -> None:
    sessions = [a_session(id=2, user="boss", idle_for=9, own_limit=600)]
    executor = FakeExecutor(sessions=sessions)
    app = an_app(tmp_path, executor, sessions, kill_policy=KillPolicy(never_kill=("boss",)))
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("k")
        await until(
            pilot, lambda: any("never_kill in the config file" in n.message for n in app._notifications)
        )

        assert not isinstance(app.screen, KillScreen)
    assert [] == executor.did


# --- The rules of the config file

RULES = KillPolicy(
    rules=(
        KillRule("leaky", "program:leaky idle>10s", max_kills=50),
        KillRule("everyone-of-cron", "program:cron", max_kills=2),
        KillRule("none", "user:nobody"),
    ),
    never_kill=("boss",),
)


async def test_rules_are_listed_with_their_matches_and_what_a_pass_would_do(tmp_path: Path) -> None:
    sessions = [*crowd(20), a_session(id=900, user="boss", program="leaky", idle_for=60, own_limit=6000)]
    executor = FakeExecutor(sessions=sessions)
    app = an_app(tmp_path, executor, sessions, kill_policy=RULES)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("R")
        await until(pilot, on(app, RulesScreen))
        first = lines(app)
        matches = [len(run.victims) for run in app.screen.rules.rows]  # type: ignore[attr-defined]
        await pilot.press("down")
        await pilot.pause()
        second = lines(app)
        await pilot.press("down")
        await pilot.pause()
        third = lines(app)
        await pilot.press("home", "enter")
        await until(pilot, on(app, TextViewer))
        whole = lines(app)
        await pilot.press("escape", "escape")
        await pilot.pause()

        assert not isinstance(app.screen, RulesScreen)
    assert [7, 5, 0] == matches
    assert "A pass would kill 7 sessions now." in first
    assert "1 more skipped: never_kill in the config file." in " ".join(first.replace("│", "").split())
    assert "and 1 more: enter lists all" in first
    assert "A pass would kill no session: more sessions match than max = 2." in second
    assert "No session matches now." in third
    assert "KILL 110;" in whole
    assert [] == executor.did


async def test_many_rules_leave_room_for_what_a_pass_would_do(tmp_path: Path) -> None:
    rules = tuple(KillRule(f"rule-{number}", f"user:user{number}") for number in range(40))
    app = an_app(tmp_path, FakeExecutor(), kill_policy=KillPolicy(rules))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("R")
        await until(pilot, on(app, RulesScreen))
        await pilot.press("end")
        await pilot.pause()
        shown = lines(app)

    assert "rule-39" in shown
    assert "No session matches now." in shown


async def test_rules_are_counted_again_in_a_new_snapshot(tmp_path: Path) -> None:
    app = an_app(tmp_path, FakeExecutor(), crowd(20), kill_policy=RULES)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("R")
        await until(pilot, on(app, RulesScreen))
        assert isinstance(app.screen, RulesScreen)
        app.screen.follow_snapshot(a_snapshot(crowd(3)), 0, NOW)
        await pilot.pause()

        assert [0, 0, 0] == [len(run.victims) for run in app.screen.rules.rows]


async def test_without_rules_the_screen_says_how_to_write_one(tmp_path: Path) -> None:
    app = an_app(tmp_path, None)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await pilot.press("R")
        await until(pilot, on(app, RulesScreen))
        shown = lines(app)
        await pilot.press("y", "R")
        await pilot.pause()

        assert not isinstance(app.screen, RulesScreen)
    assert "[rules.leaky]" in shown
    assert "goneaway-tui kill --rule leaky" in " ".join(shown.replace("│", "").split())


async def test_a_rule_from_a_hostile_file_is_shown_as_text(tmp_path: Path) -> None:
    policy = KillPolicy(rules=(KillRule("[bold]x\x1b[2J", "user:[red]shop[/]"),))
    app = an_app(tmp_path, FakeExecutor(), kill_policy=policy)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("R")
        await until(pilot, on(app, RulesScreen))
        shown = lines(app)

    assert "[bold]x" in shown
    assert "user:[red]shop[/]" in shown
    assert "\x1b" not in shown


def test_every_new_term_of_the_filter_is_in_the_help() -> None:
    shown = " ".join((*(term for term, _words in FILTER_EXAMPLES), *(words for _, words in FILTER_FIELDS)))
    keys = {key for key, _words in board_keys()}

    assert {"A", "b", "R"} <= keys
    for term in ("running>", "trx>", "oldest:", "limit!=global", "blocks>0", "blocked:yes", "waiting>10s"):
        assert term in shown
    assert "~" in shown
    assert set(FIELDS) - {"server"} <= set(shown.replace(",", "").split())


async def test_hostile_names_keep_the_lines_of_the_dialog_its_statements_and_its_report(
    tmp_path: Path,
) -> None:
    sessions = [
        replace(session, command="Query", busy_since=NOW - 3, idle_since=None) for session in many_sessions()
    ]
    executor = FakeExecutor(sessions=sessions)
    app = an_app(tmp_path, executor, sessions)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("A", "k")
        await until(pilot, on(app, KillScreen))
        assert_fit(app, SIZE, "kill of many")
        await pilot.press("s")
        await until(pilot, on(app, TextViewer))
        assert_fit(app, SIZE, "statements")
        await pilot.press("escape")
        app.screen.query_one("#kill", Button).press()
        await until(pilot, on(app, ReportScreen))
        await until(pilot, lambda: len(executor.did) == len(sessions))
        assert_fit(app, SIZE, "report")
