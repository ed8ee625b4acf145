"""The board under keys and mouse, on the simulated source with a held clock."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Button, Input, Static

from goneaway_tui.errors import SettingsError, Unreachable
from goneaway_tui.judge.filters import parse_filter
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Verdict
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.columns import session_key
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.dialogs import ChooserScreen
from goneaway_tui.ui.screens.export import ExportScreen
from goneaway_tui.ui.screens.help import HelpScreen
from goneaway_tui.ui.screens.session import SessionScreen
from goneaway_tui.ui.widgets.line_table import LineTable, RenderedRow
from tests.builders import NOW, a_sample, a_server, a_session, a_transaction
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted, an_app

SIZE = (120, 36)


def board(app: GoneawayApp) -> BoardScreen:
    found = app.screen_stack[1]
    assert isinstance(found, BoardScreen)
    return found


def lines(app: GoneawayApp) -> str:
    """What the terminal shows, as text."""
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


def notice(app: GoneawayApp) -> str:
    line = board(app).query_one("#notice", Static)
    return str(line.content) if line.display else ""


async def later(app: GoneawayApp, pilot: Pilot[None], clock: HeldClock, seconds: float) -> None:
    """Move the clock, and let what is due happen."""
    clock.now += seconds
    app.tick()
    await settle(app, pilot)


def ids(app: GoneawayApp) -> list[int]:
    return [verdict.session.id for verdict in board(app).sessions.rows]


async def test_session_with_the_first_deadline_is_the_first_row() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        urgent = [v.deadline for v in board(app).sessions.rows if v.risk.rank >= Risk.WATCH.rank]
        calm = [v for v in board(app).sessions.rows if v.risk is Risk.CALM]
        in_transaction = [v.deadline for v in calm if v.session.transaction]
        rest = [v.deadline for v in calm if not v.session.transaction]

        assert [v.risk.rank >= Risk.WATCH.rank for v in board(app).sessions.rows[: len(urgent)]] == [
            True
        ] * len(urgent)

    assert calm == sorted(calm, key=lambda v: (v.session.transaction is None, v.deadline))
    for deadlines in (urgent, in_transaction, rest):
        assert sorted(deadlines) == deadlines  # type: ignore[type-var]
    assert 10 < len(urgent)


async def test_countdowns_move_between_readings() -> None:
    clock = HeldClock()
    app = an_app(Scripted(a_sample([a_session(id=7, idle_for=10, own_limit=60)])), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        before = lines(app)
        clock.now += 0.5
        app.tick()
        clock.now += 3
        app.active_monitor.schedule.wait_until(float("inf"))
        app.tick()
        await pilot.pause()
        after = lines(app)

    assert "0:50" in before
    assert "0:47" in after


async def test_each_line_is_drawn_once_a_second_while_the_server_answers_and_when_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = HeldClock()
    idle = [a_session(id=number, idle_for=10 + number / 7, own_limit=600) for number in range(1, 8)]
    samples = [a_sample(idle, taken_at=NOW + second) for second in range(4)]
    app = an_app(Scripted(*samples), clock)
    drawn: Counter[int] = Counter()
    row_line = LineTable._row_line

    def counted(table: LineTable[Verdict], row: RenderedRow) -> Strip:
        drawn[row.row.session.id] += 1
        return row_line(table, row)

    monkeypatch.setattr(LineTable, "_row_line", counted)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        for seconds in range(1, 4):
            drawn.clear()
            for _ in range(2):
                clock.now += 0.5
                app.beat()
                await settle(app, pilot)
            assert dict.fromkeys(range(1, 8), 1) == drawn, seconds
        app.active_monitor.schedule.wait_until(float("inf"))
        drawn.clear()
        for _ in range(6):
            clock.now += 0.5
            app.beat()
            await pilot.pause()
        assert dict.fromkeys(range(1, 8), 3) == drawn


async def test_past_the_deadline_the_header_reads_now_and_then_overdue_and_never_a_negative_time() -> None:
    clock = HeldClock()
    due = a_session(id=7, idle_for=59, own_limit=60)
    app = an_app(Scripted(a_sample([due]), a_sample([due], taken_at=NOW + 4)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        app.active_monitor.schedule.wait_until(float("inf"))
        headers = []
        for _ in range(6):
            clock.now += 0.5
            app.tick()
            await pilot.pause()
            headers.append(next(line for line in lines(app).splitlines() if "next: session 7" in line))
        await pilot.press("g")
        await pilot.pause()
        grouped = lines(app)
        await pilot.press("escape")
        app.active_monitor.schedule.make_due()
        await later(app, pilot, clock, 1)
        overdue = lines(app)

    assert headers[0].rstrip().endswith("next: session 7 (shop@web-3) closes in 0:01")
    assert all(header.rstrip().endswith("next: session 7 (shop@web-3) now") for header in headers[1:])
    assert "next: session 7 (shop@web-3) overdue" in overdue
    assert not any("-0:" in shown for shown in (*headers, grouped, overdue))


async def test_the_cursor_follows_its_session_when_rows_move() -> None:
    clock = HeldClock()
    first = a_sample([a_session(id=n, idle_for=50 - n, own_limit=60) for n in range(1, 20)])
    second = a_sample([a_session(id=n, idle_for=n, own_limit=60) for n in range(1, 20)], taken_at=NOW + 1)
    app = an_app(Scripted(first, second), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("down", "down")
        chosen = board(app).sessions.cursor_row
        assert chosen is not None
        await later(app, pilot, clock, 1)
        still = board(app).sessions.cursor_row

    assert still is not None
    assert chosen.session.id == still.session.id == 3


async def test_cursor_stays_at_its_line_when_its_session_ended() -> None:
    clock = HeldClock()
    first = a_sample([a_session(id=n, idle_for=30 - n, own_limit=60) for n in range(1, 6)])
    second = a_sample(
        [a_session(id=n, idle_for=30 - n, own_limit=60) for n in (1, 2, 4, 5)], taken_at=NOW + 1
    )
    app = an_app(Scripted(first, second), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("down", "down")
        await later(app, pilot, clock, 1)

        assert 4 == board(app).sessions.cursor_row.session.id  # type: ignore[union-attr]


async def test_a_filter_narrows_as_it_is_typed_and_esc_takes_it_away() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        everyone = ids(app)
        await pilot.press("slash", *"user:cron")
        await pilot.pause()
        narrowed = board(app).sessions.rows

        assert 0 < len(narrowed) < len(everyone)
        assert {"cron"} == {v.session.user for v in narrowed}
        assert f"{len(narrowed)} of {len(everyone)}" in notice(app)

        await pilot.press("escape")
        await pilot.pause()

        assert everyone == ids(app)
        assert not board(app).query_one("#filter", Input).display


async def test_invalid_filter_is_reported_and_hides_nothing() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        everyone = ids(app)
        await pilot.press("slash", *"idle>soon")
        await pilot.pause()

        assert "not a duration" in notice(app)
        assert "no filter applies now" in notice(app)
        assert len(everyone) == len(ids(app))
        await pilot.press("enter", "A")
        await pilot.pause()

        assert not board(app).sessions.marks, "others than meant"


async def test_an_unknown_field_is_reported_while_typing_goes_on() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("slash", *"usr:x")
        await pilot.pause()

        assert "there is no field usr: the term is searched as text; did you mean user?" in notice(app)
        assert "filter usr:x: 0 of" in notice(app)
        await pilot.press(*["backspace"] * 5, *"user:shop")
        await pilot.pause()
        assert notice(app).startswith("filter user:shop")


async def test_sorting_by_a_column_again_turns_it_round() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("s")
        assert isinstance(app.screen, ChooserScreen)
        await pilot.press("home", "down", "enter")
        upward = ids(app)
        await pilot.press("s", "home", "down", "enter")
        downward = ids(app)

    assert sorted(upward) == upward
    assert sorted(upward, reverse=True) == downward


async def test_a_click_on_a_heading_sorts() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.click("#sessions", offset=(8, 0))
        await pilot.pause()

        assert sorted(ids(app)) == ids(app)


async def test_groups_count_their_sessions_and_enter_narrows_to_one() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        everyone = board(app).sessions.rows
        await pilot.press("g", "down", "enter")
        await pilot.pause()
        groups = board(app).groups.rows

        assert len(everyone) == sum(g.sessions for g in groups)
        assert "grouped by user" in notice(app)

        group = board(app).groups.cursor_row
        assert group is not None
        await pilot.press("enter")
        await pilot.pause()

        assert group.sessions == len(ids(app))
        assert {group.key} == {v.session.user for v in board(app).sessions.rows}


async def test_esc_comes_back_from_a_group_to_the_groups_and_their_cursor() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("slash", *"idle>1s", "enter", "g", "down", "enter", "down", "down")
        await settle(app, pilot)
        chosen = board(app).groups.cursor_key
        await pilot.press("enter")
        await settle(app, pilot)
        opened = board(app).query_one("#filter", Input).value
        await pilot.press("escape")
        await settle(app, pilot)

        assert chosen is not None
        assert str(chosen) in opened
        assert board(app).groups.display
        assert chosen == board(app).groups.cursor_key
        assert "idle>1s" == board(app).query_one("#filter", Input).value

        await pilot.press("escape", "escape")
        await settle(app, pilot)
        assert board(app).sessions.display
        assert "" == notice(app)


async def test_groups_count_their_blocked_sessions() -> None:
    row = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X")
    sessions = [
        a_session(id=4802, user="dba", transaction=a_transaction()),
        *(a_session(id=n, command="Query", state="updating", busy_since=NOW - n) for n in (5, 6)),
    ]
    waits = tuple(LockWait(n, (4802,), row, NOW - n) for n in (5, 6))  # type: ignore[arg-type]
    app = an_app(Scripted(a_sample(sessions, lock_waits=waits)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("g", "down", "enter")
        await settle(app, pilot)

        assert {"dba": 0, "shop": 2} == {group.key: group.blocked for group in board(app).groups.rows}
        assert {"blocked", "trx"} <= set(board(app).groups.shown_columns)


async def test_a_marks_all_sessions_that_are_shown_and_again_none() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("slash", *"user:cron", "enter")
        await settle(app, pilot)
        cron = {session_key(v) for v in board(app).sessions.rows}
        await pilot.press("A")
        assert cron == board(app).sessions.marks

        await pilot.press("escape", "space")
        await settle(app, pilot)
        assert f"✔ {len(cron) + 1} marked" in lines(app)
        await pilot.press("slash", *"user:cron", "enter", "A")
        await settle(app, pilot)
        assert "✔ 1 marked, 1 hidden by the filter" in lines(app)

        await pilot.press("escape", "A")
        assert len(ids(app)) == len(board(app).sessions.marks)
        await pilot.press("A")
        await settle(app, pilot)
        assert not board(app).sessions.marks
        assert "marked" not in lines(app)


async def test_a_in_the_group_view_marks_every_group() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("g", "down", "enter", "A")
        await settle(app, pilot)

        assert {group.key for group in board(app).groups.rows} == board(app).groups.marks
        assert len(ids(app)) == len(board(app).sessions.marks)


async def test_a_frozen_screen_stands_still_and_then_catches_up() -> None:
    clock = HeldClock()
    app = an_app(SimulatedSource(clock), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("f")
        before = board(app).snapshot
        await later(app, pilot, clock, 30)

        assert before is board(app).snapshot
        assert "frozen" in lines(app)

        await pilot.press("f")
        await settle(app, pilot)

        assert before is not board(app).snapshot


async def test_enter_opens_the_session_under_the_cursor_and_follows_it_until_it_ended() -> None:
    clock = HeldClock()
    here = a_session(id=77, idle_for=5, own_limit=60, statement="SELECT name FROM cart")
    app = an_app(Scripted(a_sample([here]), a_sample([], taken_at=NOW + 1)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, SessionScreen)
        shown = lines(app)
        await later(app, pilot, clock, 1)
        gone, facts = lines(app), app.screen._facts()
        clock.now += 60
        app.tick()
        await settle(app, pilot)
        assert facts == app.screen._facts(), "what it was stands still"
        await pilot.press("escape")

        assert isinstance(app.screen, BoardScreen)
    for words in ("session 77", "SELECT name FROM cart", "60 s", "wait_timeout, own"):
        assert words in shown
    assert "The session has ended" in gone
    for words in ("k kill  y copy", "closes  ", "risk  "):
        assert words in shown
        assert words not in gone


@pytest.fixture
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_what_is_exported_is_the_snapshot_on_the_screen(in_tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        shown = board(app).snapshot
        assert shown is not None
        await pilot.press("e")
        assert isinstance(app.screen, ExportScreen)
        await pilot.click("#export")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
    (written,) = in_tmp_path.iterdir()

    assert [v.session.id for v in shown.verdicts] == [
        s["id"] for s in json.loads(written.read_text())["sessions"]
    ]


async def test_an_existing_file_is_replaced_only_after_a_second_yes(in_tmp_path: Path) -> None:
    app = an_app()
    (in_tmp_path / "mine.json").write_text("precious")
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        app.screen.query_one("#path", Input).value = "mine.json"
        app.screen.query_one("#export", Button).active_effect_duration = 0
        await pilot.pause()
        await pilot.click("#export")
        await pilot.pause()

        assert isinstance(app.screen, ExportScreen)
        assert "precious" == (in_tmp_path / "mine.json").read_text()
        assert "exists" in lines(app)

        await pilot.click("#export")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()

    assert "goneaway.snapshot/1" == json.loads((in_tmp_path / "mine.json").read_text())["schema"]


async def test_escape_leaves_the_export_dialog_and_writes_nothing(in_tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("e", "escape")
        await pilot.pause()

        assert isinstance(app.screen, BoardScreen)
    assert [] == list(in_tmp_path.iterdir())


@pytest.mark.parametrize(
    ("path", "said"), [("no/such/folder/x.json", "no/such/folder"), (".", "is a directory")]
)
async def test_unwritable_file_is_reported_with_its_option(path: str, said: str, in_tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        app.screen.query_one("#path", Input).value = path
        await pilot.pause()
        await pilot.click("#export")
        await pilot.pause()

        assert isinstance(app.screen, ExportScreen)
        assert said in lines(app)


async def test_a_file_s_suffix_chooses_the_format(in_tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        app.screen.query_one("#path", Input).value = "mine.csv"
        await pilot.pause()
        await pilot.click("#export")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()

    assert (in_tmp_path / "mine.csv").read_text().startswith("id,user,")


async def test_the_cursor_stays_on_top_until_it_is_moved() -> None:
    clock = HeldClock()
    first = a_sample([a_session(id=n, idle_for=50 - n, own_limit=60) for n in range(1, 60)])
    second = a_sample([a_session(id=n, idle_for=n, own_limit=60) for n in range(1, 60)], taken_at=NOW + 1)
    app = an_app(Scripted(first, second), clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await later(app, pilot, clock, 1)

        assert 0 == board(app).sessions.cursor
        assert 0 == board(app).sessions.scroll_offset.y


async def test_letters_typed_in_one_burst_with_the_slash_belong_to_the_filter() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        for key, character in (("slash", "/"), ("f", "f"), ("e", "e"), ("q", "q")):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        await pilot.pause()

        assert isinstance(app.screen, BoardScreen)
        assert "feq" == board(app).query_one("#filter", Input).value


async def test_letters_typed_in_one_burst_after_backspaces_stay_in_the_filter() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("slash", *"feq")
        for key, character in (*[("backspace", "\x7f")] * 20, ("d", "d"), ("b", "b")):
            app.post_message(events.Key(key, character))
        await pilot.pause()
        await pilot.pause()

        assert "db" == board(app).query_one("#filter", Input).value


async def test_restart_of_the_server_is_reported() -> None:
    clock = HeldClock()
    before = a_sample([], server=a_server(uptime=5000))
    after = a_sample([], server=a_server(uptime=3), taken_at=NOW + 1)
    app = an_app(Scripted(before, after), clock)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await settle(app, pilot)
        await later(app, pilot, clock, 1)

        assert any("restarted" in note.message for note in app._notifications)


async def test_ctrl_c_quits_and_marks_the_app_as_interrupted() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("ctrl+c")

    assert app.interrupted


async def test_a_lost_server_leaves_the_last_snapshot_with_its_age_and_one_line() -> None:
    clock = HeldClock()
    seen = a_sample([a_session(id=7, idle_for=10, own_limit=3600)])
    app = an_app(
        Scripted(seen, Unreachable("lost db-01:3306: Connection refused", "reconnecting automatically")),
        clock,
    )
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await later(app, pilot, clock, 12)

        assert [7] == ids(app)
        assert "lost db-01:3306: Connection refused" in notice(app)
        assert "read 12 s ago" in lines(app)


async def test_tries_to_reach_a_lost_server_come_further_and_further_apart() -> None:
    clock = HeldClock()
    source = Scripted(a_sample([]), Unreachable("lost", ""), clock=clock)
    app = an_app(source, clock)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        for _ in range(100):
            await later(app, pilot, clock, 1)
    pauses = [round(b - a) for a, b in pairwise(source.asked_at)]

    assert [1, 1, 2, 4, 8, 16, 30, 30] == pauses[:8]


async def test_recovery_needs_no_key() -> None:
    clock = HeldClock()
    app = an_app(
        Scripted(a_sample([]), Unreachable("lost", ""), a_sample([a_session(id=9)], taken_at=NOW + 9)), clock
    )
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await later(app, pilot, clock, 2)
        assert notice(app)
        await later(app, pilot, clock, 7)

        assert "" == notice(app)
        assert [9] == ids(app)


async def test_internal_error_ends_the_app_and_is_not_shown_as_a_server_failure() -> None:
    app = an_app(Scripted(a_sample([]), ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the app ends inside
        async with app.run_test(size=SIZE) as pilot:
            await settle(app, pilot)
            app.clock.now += 2  # type: ignore[attr-defined]
            app.tick()
            await settle(app, pilot)

    assert isinstance(app.crash, ZeroDivisionError)


async def test_missing_privileges_are_shown_with_their_grants() -> None:
    hidden = Limitation(
        "every session of another account", "the account lacks PROCESS", "GRANT PROCESS ON *.* TO 'a'@'%'"
    )
    app = an_app(Scripted(a_sample([], limitations=(hidden,))))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)

        assert "GRANT PROCESS ON *.* TO 'a'@'%'" in notice(app)

        await pilot.press("question_mark")
        await pilot.pause()

        assert isinstance(app.screen, HelpScreen)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (80, "risk id user program idle limit left state stake"),
        (120, "risk id user client program idle limit left state stake statement"),
        (140, "risk id user client program idle limit left state running stake statement"),
        (
            200,
            "risk id user client program db idle limit left bar state running stake trx_age statement",
        ),
    ],
)
async def test_the_least_needed_columns_go_first(width: int, columns: str) -> None:
    app = an_app()
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(app, pilot)

        assert columns.split() == board(app).sessions.shown_columns


async def test_nothing_is_wider_than_the_terminal() -> None:
    for width in (40, 60, 80, 120, 200):
        app = an_app()
        async with app.run_test(size=(width, 24)) as pilot:
            await settle(app, pilot)

            assert {width} == {strip.cell_length for strip in app.screen._compositor.render_strips()}


@pytest.mark.parametrize(("width", "shown"), [(80, "▲"), (139, "▲"), (140, "▲ imminent")])
async def test_risk_is_a_sign_before_it_is_a_colour_and_a_word_where_there_is_room(
    width: int, shown: str
) -> None:
    app = an_app()
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(app, pilot)
        rows = [line[1:].split("  ")[0].strip() for line in lines(app).splitlines()[5:9]]

    assert [shown] * 4 == rows


async def test_thresholds_move_the_line_between_calm_and_watch() -> None:
    sample = a_sample([a_session(id=1, idle_for=10, own_limit=100)])
    for policy, word in (
        (RiskThresholds(50, 10), "calm"),
        (RiskThresholds(100, 10), "watch"),
        (RiskThresholds(200, 95), "imminent"),
    ):
        app = an_app(Scripted(sample), policy=policy)
        async with app.run_test(size=SIZE) as pilot:
            await settle(app, pilot)

            assert word == board(app).sessions.rows[0].risk.value


async def test_q_quits_while_a_poll_is_out_and_closes_the_source() -> None:
    source = Scripted(a_sample([]))
    app = an_app(source)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("q")

    assert source.closed


async def test_keys_of_pages_reach_the_ends() -> None:
    app = an_app(sessions=300)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("end")
        assert len(ids(app)) - 1 == board(app).sessions.cursor
        await pilot.press("pageup", "home", "pagedown")

        assert 20 < board(app).sessions.cursor < 40


def test_a_theme_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(SettingsError, match="no theme"):
        GoneawayApp([MonitorSpec(Scripted(a_sample([])))], HeldClock(), theme="mauve")


def test_the_filter_help_shows_filters_that_can_be_read() -> None:
    from goneaway_tui.ui.screens.help import FILTER_EXAMPLES

    assert all(parse_filter(example).tests for example, _ in FILTER_EXAMPLES)


async def test_the_columns_there_is_no_room_for_are_a_key_away() -> None:
    """Pushed aside as far as it goes the last column is seen, and its heading sorts; back again all is as it was."""
    clock = HeldClock()
    app = an_app(
        Scripted(a_sample([a_session(id=7, idle_for=10, own_limit=60, statement="SELECT 42")])), clock
    )
    async with app.run_test(size=(60, 24)) as pilot:
        await settle(app, pilot)
        before = lines(app)
        assert "SELECT 42" not in before

        await pilot.press(*["right"] * 20)
        aside = lines(app)
        assert "SELECT 42" in aside
        assert "Last statement" in aside

        await pilot.press(*["left"] * 20)
        assert before == lines(app)
