"""The header: how full the server is, what this run may do, whether it records, and how many sessions are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from goneaway_tui.errors import FileError
from goneaway_tui.judge import judge
from goneaway_tui.judge.ledger import TREND_SECONDS, Trend, TrendPoint
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import HIDES_SESSIONS, Limitation
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui import wording
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.widgets.summary import (
    blocked_parts,
    fullness_alarm,
    no_closing_words,
    session_count_parts,
    trend_parts,
)
from tests.builders import NOW, a_sample, a_session, a_transaction
from tests.fakes import POWERS, FakeExecutor
from tests.snapshot.shots import settle
from tests.ui import stage
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import board, ids, lines
from tests.ui.test_ledger import replaying
from tests.ui.test_tuning import an_app, on, ready, until

SIZE = (120, 40)


def head(app: GoneawayApp) -> str:
    return "\n".join(lines(app).splitlines()[:4])


class Tape:
    """A recorder that keeps nothing; with `fails` it cannot write."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails

    def record(self, snapshot: Snapshot, departed: Sequence[Departure]) -> None:
        if self._fails:
            raise FileError("cannot write tape: disk full", "")


@pytest.mark.parametrize(
    ("connected", "said"), [(100, ""), (207, ""), (208, " △ 80 %"), (234, " ▲ 90 %"), (261, " ▲ 100 %")]
)
def test_nearly_full_server_is_marked_by_a_symbol_and_the_share(connected: int, said: str) -> None:
    sample = a_sample(variables={"max_connections": 260}, counters={"threads_connected": connected})
    alarm = fullness_alarm(sample)

    assert said == ("" if alarm is None else alarm[0])
    if alarm is not None:
        assert ("warning" if connected < 234 else "error") in alarm[1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_gauge_of_connections_stands_first_and_is_never_cut(size: tuple[int, int]) -> None:
    sample = a_sample(variables={"max_connections": 260}, counters={"threads_connected": 242})
    app = stage.an_app(Scripted(sample))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)

        assert head(app).splitlines()[1].strip().startswith("242/260 █████████▎ 93 %   wait_timeout")


@pytest.mark.parametrize(
    ("connected", "look"), [(207, "$text-success"), (208, "$text-warning"), (234, "$text-error")]
)
def test_the_gauge_is_amber_from_80_percent_and_red_from_90(connected: int, look: str) -> None:
    sample = a_sample(variables={"max_connections": 260}, counters={"threads_connected": connected})
    ((_used, (_bar, bar_look), (_share, share_look), _gap),) = session_count_parts(judge(sample))

    assert look in bar_look
    assert look in share_look


SHOP_SESSION = a_session(id=4235, user="shop", host="web-3:4711", idle_for=49.5, own_limit=60)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "next: session 4235 (shop@web-3) closes in 0:11"),
        (40, "next: 4235 (shop@web-3) in 0:11"),
        (24, "next: 4235 in 0:11"),
    ],
)
async def test_the_next_closing_names_its_session_where_there_is_room(width: int, shown: str) -> None:
    app = stage.an_app(Scripted(a_sample([SHOP_SESSION], counters={"threads_connected": 1})))
    async with app.run_test(size=(width + 16, 24)) as pilot:
        await settle(app, pilot)

        assert head(app).splitlines()[2].rstrip().endswith(shown)


def chain(*links: tuple[int, tuple[int, ...]]) -> Sample:
    """A sample in which sessions wait for rows that others hold: pairs of a waiter and its holders."""
    waiters = dict(links)
    holders = {number for ahead in waiters.values() for number in ahead} - waiters.keys()
    row = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X")
    return a_sample(
        [
            *(a_session(id=n, idle_for=95, transaction=a_transaction()) for n in sorted(holders)),
            *(a_session(id=n, command="Query", state="updating", busy_since=NOW - 12) for n in waiters),
            SHOP_SESSION,
        ],
        lock_waits=tuple(LockWait(n, ahead, row, NOW - 12) for n, ahead in links),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ([(5, (4802,)), (6, (4802,)), (7, (5,))], "3 blocked by 4802"),
        ([(5, (4802,)), (6, (4803,)), (7, (4803,))], "3 blocked by 4803, 4802"),
        ([(5, (1,)), (6, (2,)), (7, (3,))], "3 blocked by 3 sessions"),
        ([(5, ())], "1 blocked"),
    ],
)
def test_the_header_counts_the_blocked_sessions_and_names_who_blocks_them(
    links: list[tuple[int, tuple[int, ...]]], words: str
) -> None:
    ((said, look), _gap), *others = blocked_parts([judge(chain(*links))])

    assert words == said
    assert "$text-error" in look
    assert not others


def test_the_header_is_silent_about_blocking_where_no_session_waits() -> None:
    assert not blocked_parts([judge(a_sample(lock_waits=())), judge(a_sample())])


async def test_a_risk_that_no_session_has_is_not_shown() -> None:
    app = stage.an_app(Scripted(a_sample([SHOP_SESSION])))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)

        assert "▲ imminent 1" in head(app)
        assert not any(word in head(app) for word in ("calm", "watch", "busy", "overdue", "exempt"))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36)])
async def test_a_recording_is_shown_at_every_size_until_it_cannot_be_written(size: tuple[int, int]) -> None:
    for tape, is_shown in ((Tape(), True), (Tape(fails=True), False)):
        subject = MonitorSpec(Scripted(a_sample()), recorder=tape)  # type: ignore[arg-type]
        app = GoneawayApp([subject], HeldClock(), ticking=False)
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            app.tick()
            await settle(app, pilot)

            assert ("● REC" in head(app)) is is_shown


@pytest.mark.parametrize(("can", "said"), [(True, "read-write"), (False, "read-only (privileges)")])
async def test_account_without_write_privileges_is_read_only(tmp_path: Path, can: bool, said: str) -> None:  # noqa: FBT001
    executor = FakeExecutor()
    executor.can = replace(POWERS, can_set=can, can_persist=can, can_kill=can)
    app = an_app(tmp_path, executor)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        app.tick()
        await settle(app, pilot)

        assert head(app).splitlines()[0].rstrip().endswith(said)


@pytest.mark.parametrize("room", [11, 12, 13, 14, 20])
@pytest.mark.parametrize("number", [3, 3_000, 120_000, 1_250_000])
def test_a_figure_at_stake_never_loses_its_unit(number: int, room: int) -> None:
    written = a_session(transaction=a_transaction(rows_modified=number))
    locked = a_session(transaction=a_transaction(rows_modified=0, rows_locked=number))

    for session, unit in ((written, "rows"), (locked, "locked")):
        words = wording.stake_within(session, room)
        assert words.endswith(unit)
        assert len(words) <= room


SHOP = [a_session(id=n, user="shop", idle_for=n, own_limit=600) for n in (3, 4)]
ETL = [a_session(id=n, user="etl", idle_for=n, own_limit=600) for n in (5, 6, 7)]


def acting(tmp_path: Path) -> tuple[GoneawayApp, FakeExecutor]:
    clock, executor = HeldClock(), FakeExecutor(sessions=[*SHOP, *ETL])
    subject = MonitorSpec(
        Scripted(a_sample([*SHOP, *ETL])),
        executor=executor,
        journal=Journal(tmp_path / "journal.jsonl", clock),
    )
    return GoneawayApp([subject], clock, ticking=False), executor


async def test_a_filter_hides_marks_and_never_forgets_them(tmp_path: Path) -> None:
    app, _ = acting(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("space", "space", "space")
        marked = set(board(app).sessions.marks)
        await until(pilot, lambda: "✔ 3 marked" in head(app))
        await pilot.press("slash", *"user:shop", "enter")
        await until(pilot, lambda: "✔ 3 marked, 3 hidden by the filter" in head(app))
        assert {3, 4} == set(ids(app))
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        dialog = lines(app)
        await pilot.press("escape", "escape")
        await settle(app, pilot)

        assert marked == board(app).sessions.marks
        assert "✔ 3 marked " in head(app)
        await pilot.press("escape")
        await until(pilot, lambda: "marked" not in head(app))
    assert "kill 3 sessions" in dialog
    assert all(f"{n} etl" in dialog for n in (5, 6, 7))
    assert "The filter hides 3 of these sessions." in dialog


async def test_a_session_that_ends_takes_its_mark_along(tmp_path: Path) -> None:
    app = stage.an_app(Scripted(a_sample([*SHOP, *ETL]), a_sample(SHOP)))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("end", "space")
        await until(pilot, lambda: "✔ 1 marked" in head(app))
        gone = set(board(app).sessions.marks)
        app.monitors[0].poller.request()
        await settle(app, pilot)

        assert gone <= {("", session.id) for session in ETL + SHOP}
        assert set(ids(app)) == {3, 4}
        assert ("marked" in head(app)) is bool(gone & {("", 3), ("", 4)})


async def test_k_on_a_group_asks_about_its_sessions_and_a_mark_on_it_marks_them(tmp_path: Path) -> None:
    app, _ = acting(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("g", "down", "enter")
        await until(pilot, lambda: board(app).groups.display)
        await settle(app, pilot)
        group = board(app).groups.cursor_row
        assert group is not None
        of_group = [s.id for s in SHOP + ETL if s.user == group.key]
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        assert f"kill {len(of_group)} sessions" in lines(app)
        await pilot.press("escape", "space")
        await until(pilot, lambda: f"✔ {len(of_group)} marked" in head(app))
        assert {("", n) for n in of_group} == board(app).sessions.marks
        assert {group.key} == board(app).groups.marks
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))
        assert all(f"{n} {group.key}" in lines(app) for n in of_group)
        await pilot.press("escape", "up", "space")
        await until(pilot, lambda: "marked" not in head(app))


async def test_k_without_a_session_is_reported(tmp_path: Path) -> None:
    app, _ = acting(tmp_path)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await ready(app, pilot)
        await pilot.press("slash", *"user:nobody", "enter", "k")
        await until(pilot, lambda: "There is no session to kill here." in lines(app))


async def test_two_clicks_beside_the_palette_close_it_once() -> None:
    """The second one comes before the palette is gone."""
    app = stage.an_app()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        below = [*app.screen_stack]
        await pilot.press("ctrl+p")
        await settle(app, pilot)
        palette = app.screen
        for _ in range(2):
            palette._forward_event(events.Click(palette, 11, 0, 0, 0, 1, False, False, False, 11, 0))
        await settle(app, pilot)
        assert app.crash is None
        assert below == app.screen_stack


async def test_palette_without_a_match_is_reported() -> None:
    app = stage.an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)
        await pilot.press("ctrl+p")
        await settle(app, pilot)
        await pilot.press(*"zzqx")
        await until(pilot, lambda: "No match for zzqx." in lines(app))
        await pilot.press("backspace", "backspace", "backspace", "backspace", *"kill")
        await until(pilot, lambda: "Kill the marked sessions" in lines(app))

        assert "No match" not in lines(app)


def words(parts: list[tuple[str, str]]) -> str:
    return "".join(text for text, _look in parts).strip()


@pytest.mark.parametrize("what", sorted(HIDES_SESSIONS))
def test_account_that_sees_only_some_sessions_gets_both_counts(what: str) -> None:
    sessions = [a_session(id=n) for n in range(1, 6)]
    hides = Limitation(what, "the account lacks PROCESS", "GRANT PROCESS ON *.* TO 'a'@'%'")
    sample = a_sample(
        sessions,
        variables={"max_connections": 151},
        counters={"threads_connected": 7},
        limitations=(hides,),
    )

    assert ["7/151 ▍          4 %", "sessions 5 visible of 7"] == [
        *map(words, session_count_parts(judge(sample)))
    ]
    assert "next closing not known" == no_closing_words([judge(sample)])
    assert "no upcoming closing" == no_closing_words([judge(a_sample(sessions))])


def test_the_share_of_max_connections_is_of_the_number_beside_it_which_counts_no_daemons() -> None:
    daemons = [a_session(id=n, role=Role.DAEMON) for n in (1, 2)]
    sample = a_sample(
        [*daemons, *(a_session(id=n) for n in range(3, 16))],
        variables={"max_connections": 12},
        counters={"threads_connected": 13},
    )
    assert ["13/12 ██████████ 108 %"] == [*map(words, session_count_parts(judge(sample)))]


def trend_of(*connected: int) -> Trend:
    return Trend(tuple(TrendPoint(NOW + 60 * n, number, 2, 0) for n, number in enumerate(connected)))


def test_the_trend_names_the_time_and_the_highest_numbers() -> None:
    words = "".join(text for text, _look in trend_parts(trend_of(1, 5, 10), 150))

    assert words.startswith("last 4 m:  connections ")
    assert "█ 10  idle " in words
    assert words.endswith(" 0")


def test_the_trend_is_left_out_where_it_does_not_fit_or_says_nothing() -> None:
    assert [] == trend_parts(trend_of(1, 2), 50)
    assert [] == trend_parts(trend_of(1), 150)
    unknown = Trend(tuple(TrendPoint(NOW + 60 * n, 1, 1, None) for n in range(3)))
    assert not any("blocked" in text for text, _look in trend_parts(unknown, 150))


async def test_the_trend_is_shown_at_wide_sizes() -> None:
    clock = HeldClock()
    app = stage.an_app(SimulatedSource(clock), clock)
    async with app.run_test(size=(220, 50)) as pilot:
        for _ in range(3):
            clock.now += 20
            app.tick()
            await settle(app, pilot)

        assert " connections " in head(app).splitlines()[1]
        assert " blocked " in head(app).splitlines()[1]


async def test_a_replay_shows_the_trend_of_the_hour_before_from_the_recording(tmp_path: Path) -> None:
    recorder = RecordingWriter(tmp_path / "day.goneaway", "db-01:3306")
    for n in range(200):
        counters = {"threads_connected": 10 + n}
        recorder.record(judge(a_sample(taken_at=NOW + 30 * n, counters=counters)), ())
    recorder.close()
    recording = Recording(tmp_path / "day.goneaway")
    player = ReplayPlayer(recording, HeldClock())
    app = replaying(player)
    async with app.run_test(size=(220, 50)) as pilot:
        player.jump(NOW + 30 * 150)

        def is_read() -> bool:
            app.tick()
            return len(app.trend.points) > 100

        await until(pilot, is_read)
        points = app.trend.points
        player.jump(NOW + 30 * 20)
        app.tick()
        await pilot.pause()

        assert {10 + 150} == {max(point.connections for point in points)}
        assert points[0].at == pytest.approx(NOW + 30 * 150 - TREND_SECONDS, abs=60)
        assert app.trend.points[-1].at == NOW + 30 * 20
        assert len(app.trend.points) < 25
    recording.close()
