"""The ledger on the screen, and a recording played by keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.judge import track
from goneaway_tui.judge.filters import parse_departure_filter
from goneaway_tui.judge.ledger import UNNAMED
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import EndEvidence, ErrorCount
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.columns import departure_columns, departure_tint
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.help import HelpScreen
from goneaway_tui.ui.screens.ledger import (
    DepartureScreen,
    LedgerScreen,
    Totals,
    governing_variable,
    toggled_term,
    totals_choice,
)
from goneaway_tui.ui.screens.replay import ReplayBoard, parse_instant, timeline_bar
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.wording import local_instant, time_of_day
from tests.builders import NOW, a_sample, a_session, a_transaction
from tests.fakes import FakeExecutor
from tests.snapshot.shots import CHINA, busy_day, settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import board, ids, lines
from tests.ui.test_tuning import an_app as an_acting_app
from tests.ui.test_tuning import on, ready, until

SIZE = (140, 40)
STAYS = a_session(id=3, user="stays", idle_for=5, own_limit=600)
DIES = a_session(id=4, user="dies", idle_for=59.5, own_limit=60)
TIMED_OUT = EndEvidence(
    errors=(ErrorCount("dies", DIES.client_host, 4031, 1),),
    counted_codes=frozenset({0, 4031, 1158}),
    aborted_clients=1,
)
BEFORE = a_sample([STAYS, DIES])
AFTER = a_sample([STAYS], taken_at=NOW + 1, end_evidence=TIMED_OUT)


def leaving() -> GoneawayApp:
    return GoneawayApp([MonitorSpec(Scripted(BEFORE, AFTER))], HeldClock(), ticking=False)


async def a_second_later(app: GoneawayApp) -> None:
    app.clock.now += 1.1  # type: ignore[attr-defined]
    app.tick()


async def test_ended_session_is_in_the_ledger_with_its_cause_and_evidence() -> None:
    app = leaving()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await a_second_later(app)
        await settle(app, pilot)
        await pilot.press("l")
        await settle(app, pilot)
        listed = lines(app)
        await pilot.press("enter")
        await settle(app, pilot)
        assert isinstance(app.screen, DepartureScreen)
        told = lines(app)
        await pilot.press("escape", "escape")
        await settle(app, pilot)

        assert isinstance(app.screen, BoardScreen)
    assert "1 ended" in listed
    assert "idle_timeout" in listed
    assert "confirmed" in listed
    assert "The session's wait_timeout of 60 s expired" in told


async def test_an_open_ledger_follows() -> None:
    app = leaving()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("l")
        await settle(app, pilot)
        assert "No session has ended yet" in lines(app)
        await a_second_later(app)
        await settle(app, pilot)

        assert "1 ended" in lines(app)


@pytest.mark.parametrize(("typed", "shown"), [("user:dies", 1), ("user:stays", 0), ("idle_timeout", 1)])
async def test_the_ledger_is_narrowed_by_session_and_by_cause(typed: str, shown: int) -> None:
    app = leaving()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await a_second_later(app)
        await settle(app, pilot)
        await pilot.press("l", "slash", *(typed.replace(":", "§")))
        await settle(app, pilot)
        assert isinstance(app.screen, LedgerScreen)
        app.screen.field.value = typed
        await settle(app, pilot)

        assert shown == len(app.screen.rows.rows)


async def test_an_invalid_filter_says_that_the_one_before_still_applies() -> None:
    app = leaving()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("l", "slash", *"dies cause:nothing")
        await settle(app, pilot)
        shown = lines(app)
        assert isinstance(app.screen, LedgerScreen)
        app.screen.field.value = "usr:dies"
        await settle(app, pilot)
        unknown = lines(app)

    assert "the previous filter still applies: dies" in shown
    assert "there is no field usr" in unknown


async def ledger_of_ten_minutes(app: GoneawayApp, pilot: Any) -> LedgerScreen:
    await settle(app, pilot)
    await pilot.press("l")
    await settle(app, pilot)
    assert isinstance(app.screen, LedgerScreen)
    return app.screen


def causes(screen: LedgerScreen) -> set[Cause]:
    return {departure.cause for departure in screen.rows.rows}


async def test_client_quit_is_hidden_and_counted_until_asked_for() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await ledger_of_ten_minutes(app, pilot)
        quits = sum(each.cause is Cause.CLIENT_QUIT for each in app.ledger)
        assert Cause.CLIENT_QUIT not in causes(screen)
        assert f"hidden: {quits} sessions closed by the client (client_quit)" in lines(app)
        await pilot.press("c")
        await settle(app, pilot)
        assert Cause.CLIENT_QUIT in causes(screen)
        assert "are hidden" not in lines(app)
        await pilot.press("c")
        await settle(app, pilot)
        assert Cause.CLIENT_QUIT not in causes(screen)
        screen.field.value = "cause:client_quit"
        await settle(app, pilot)

        assert causes(screen) == {Cause.CLIENT_QUIT}


async def test_summary_filters_when_clicked_and_no_longer_when_clicked_again() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await ledger_of_ten_minutes(app, pilot)
        totals = screen.query_one(Totals)
        place = str(totals.visual).splitlines()[2].index("shop_app") + 1, 2
        await pilot.click(totals, offset=place)
        await settle(app, pilot)
        assert screen.field.value == 'user="shop_app"'
        assert {each.verdict.session.user for each in screen.rows.rows} == {"shop_app"}
        await pilot.click(totals, offset=place)
        await settle(app, pilot)

        assert screen.field.value == ""
        assert not screen.field.display


async def test_summary_is_chosen_by_keys() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await ledger_of_ten_minutes(app, pilot)
        await pilot.press("g", "down", "enter")
        await settle(app, pilot)

        assert screen.field.value == 'cause="idle_timeout"'
        assert causes(screen) == {Cause.IDLE_TIMEOUT}
        assert screen.rows.has_focus


async def test_local_time_stands_beside_utc_where_they_differ() -> None:
    app = busy_day()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ledger_of_ten_minutes(app, pilot)
        assert screen.rows.shown_columns[:2] == ["at", "local"]
        newest = screen.rows.rows[0]
        assert f"{time_of_day(newest.at, 8)} {local_instant(newest.at, CHINA)[11:19]}" in lines(app)
        await pilot.press("enter")
        await settle(app, pilot)

        assert f"{local_instant(newest.at, CHINA)} local time" in lines(app)


def test_a_machine_in_utc_has_one_column_of_instants() -> None:
    assert departure_columns(UTC, NOW)[0].id == "at"
    assert "local" not in {column.id for column in departure_columns(UTC, NOW)}


def test_colour_of_an_end_is_that_of_its_harm() -> None:
    [timed_out] = track(AFTER, track(BEFORE).snapshot).departed
    transaction = a_transaction(started=NOW - 60, rows_modified=3)
    session = replace(timed_out.verdict.session, transaction=transaction)
    quit_ = replace(timed_out, cause=Cause.CLIENT_QUIT)

    assert departure_tint(timed_out) == "lines--watch"
    assert departure_tint(quit_) == "lines--quiet"
    assert departure_tint(replace(timed_out, cause=Cause.CLIENT_LOST)) == "lines--imminent"
    assert (
        departure_tint(replace(timed_out, verdict=replace(timed_out.verdict, session=session)))
        == "lines--imminent"
    )
    assert departure_tint(replace(timed_out, observed=False)) == "lines--quiet"


def test_summary_of_hostile_names_filters_by_what_the_filter_can_say() -> None:
    for name in ("", "a b", 'say "hi"', "[@click=app.quit]x[/]", "user=root", "\x1b[2J"):
        term = totals_choice("program", name or UNNAMED, 1).term

        assert parse_departure_filter(term).tests
        assert toggled_term(toggled_term("idle>1m", term), term) == "idle>1m"


def test_of_an_interactive_session_interactive_timeout_is_the_variable_behind_it() -> None:
    client = a_session(id=4, user="dies", idle_for=7.5, own_limit=None)
    limits = {"wait_timeout": 28_800, "interactive_timeout": 8}
    before = a_sample([STAYS, client], variables=limits)
    after = a_sample([STAYS], taken_at=NOW + 1, end_evidence=TIMED_OUT, variables=limits)
    [departure] = track(after, track(before).snapshot).departed

    assert "interactive_timeout" == governing_variable(departure, limits)


async def test_from_a_departure_one_key_opens_the_variable_behind_it(tmp_path: Path) -> None:
    app = an_acting_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        app.ledger.add(track(AFTER, track(BEFORE).snapshot).departed)
        await pilot.press("l")
        await until(pilot, on(app, LedgerScreen))
        await pilot.press("t")
        await until(pilot, on(app, TuneScreen))

        assert "wait_timeout" in lines(app)


@pytest.mark.parametrize(("key", "words"), [("l", "Show the session's cause"), ("d", "Paste an error line")])
async def test_help_lists_the_keys_of_the_open_screen(key: str, words: str) -> None:
    app = leaving()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press(key, "question_mark")
        await settle(app, pilot)

        assert isinstance(app.screen, HelpScreen)
        assert words in lines(app)


async def test_help_of_a_screen_has_no_parts_of_the_board() -> None:
    app = leaving()
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(app, pilot)
        shown = {}
        for keys in ("b", "v", ""):
            await pilot.press(*keys, "question_mark")
            await settle(app, pilot)
            assert isinstance(app.screen, HelpScreen)
            shown[keys] = lines(app)
            await pilot.press("escape", *["escape"] * len(keys))
            await settle(app, pilot)

    assert "max_allowed_packet" in shown[""]
    assert "Risk" in shown[""]
    assert "Kill the session under the cursor" in shown["b"]
    assert "other tab" in shown["v"]
    for keys in ("b", "v"):
        assert "Fields of the filter" not in shown[keys]
        assert "Limits (key t)" not in shown[keys]


async def test_help_of_a_replay_lists_no_key_that_does_nothing_there(player: ReplayPlayer) -> None:
    app = replaying(player)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        keys = dict(board(app).key_words())
        await pilot.press("question_mark")
        await settle(app, pilot)

        assert "Limits (key t)" not in lines(app)
    assert "Play or pause" == keys["f"]
    assert not {"w", "i", "p", "t", "u", "k"} & keys.keys()


async def test_key_rebound_by_its_id_does_what_the_old_key_did() -> None:
    app = leaving()
    app.set_keymap({"board.ledger": "f2,ctrl+l"})
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("l")
        await settle(app, pilot)
        assert isinstance(app.screen, BoardScreen)
        await pilot.press("f2")
        await settle(app, pilot)

        assert isinstance(app.screen, LedgerScreen)


@pytest.fixture
def player(tmp_path: Path) -> Iterator[ReplayPlayer]:
    """A recording of three samples, in the second of which one session is missing."""
    path = tmp_path / "day.goneaway"
    recorder = RecordingWriter(path, "db-01:3306")
    previous = None
    for sample in (BEFORE, AFTER, a_sample([STAYS], taken_at=NOW + 2)):
        taken = track(sample, previous)
        recorder.record(taken.snapshot, taken.departed)
        previous = taken.snapshot
    recorder.close()
    recording = Recording(path)
    yield ReplayPlayer(recording, HeldClock())
    recording.close()


def replaying(player: ReplayPlayer) -> GoneawayApp:
    first = player._timeline.snapshot_at(player.clock())
    subject = MonitorSpec(Scripted(BEFORE), first=first, player=player, why_read_only="this is a recording")
    return GoneawayApp([subject], player.clock, ticking=False)


async def test_a_recording_is_stepped_through_both_ways(player: ReplayPlayer) -> None:
    app = replaying(player)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        assert isinstance(app.screen, ReplayBoard)
        first = ids(app)
        await pilot.press("full_stop")
        await settle(app, pilot)
        second = ids(app)
        await pilot.press("comma")
        await settle(app, pilot)

        assert [4, 3] == first == ids(app)
        assert [3] == second


async def test_a_departure_is_jumped_to_and_stands_in_the_ledger_of_that_instant(
    player: ReplayPlayer,
) -> None:
    app = replaying(player)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        assert 0 == len(app.ledger)
        await pilot.press("right_square_bracket")
        await settle(app, pilot)
        assert NOW + 1 == app.clock()
        await pilot.press("l")
        await settle(app, pilot)

        assert "1 ended" in lines(app)


async def test_replay_plays_at_the_chosen_speed_and_stops_at_its_end(player: ReplayPlayer) -> None:
    app = replaying(player)
    real: HeldClock = player._real  # type: ignore[assignment]
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("plus", "f")
        real.now += 0.5
        app.tick()
        await settle(app, pilot)
        assert NOW + 1 == app.clock()
        assert "▶ 2x" in lines(app)
        real.now += 60
        app.tick()
        await settle(app, pilot)

        assert NOW + 2 == app.clock()
        assert "paused" in lines(app)


async def test_replay_can_jump_and_change_nothing(player: ReplayPlayer) -> None:
    app = replaying(player)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("j", "1", "0", "0", "%", "enter")
        await settle(app, pilot)
        assert NOW + 2 == app.clock()
        await pilot.press("w", "k")
        await settle(app, pilot)

        assert app.screen is board(app)


def test_where_the_time_line_stands() -> None:
    assert "●───" == timeline_bar(0, -5, 100, 4)
    assert "━━━●" == timeline_bar(0, 500, 100, 4)
    with pytest.raises(ValueError, match="Type a time"):
        parse_instant("tomorrow", 0, 1)
