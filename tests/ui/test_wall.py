"""The wall shows what matters at any size, follows what goes on, and can change nothing."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.forecast import BucketRange, Forecast
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.wall import WallDisplay, WallScreen, bar_lines
from tests.snapshot.shots import busy_day, settle, several_servers, tunable
from tests.ui.stage import HeldClock, an_app


def lines(app: GoneawayApp) -> list[str]:
    return [each.plain for each in app.screen.query_one(WallDisplay).render().split("\n")]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60), (40, 12), (20, 6), (300, 100), (1, 1)])
async def test_wall_fits_every_size(size: tuple[int, int]) -> None:
    for made in (busy_day, several_servers):
        app = made()
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            app.action_wall()
            await settle(app, pilot)
            shown = app.screen.query_one(WallDisplay).render().split("\n")

            assert len(shown) <= size[1]
            assert all(line.cell_length <= size[0] for line in shown)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_usual_size_shows_the_next_session_to_close_the_ended_sessions_and_the_forecast(
    size: tuple[int, int],
) -> None:
    app = busy_day()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        app.action_wall()
        await settle(app, pilot)
        text = "\n".join(lines(app))

    for words in (
        "upcoming closings",
        "next closings",
        "ended in the last 10 m",
        "imminent",
        " confirmed ",
    ):
        assert words in text


async def test_countdown_runs_and_ended_sessions_are_shown() -> None:
    clock = HeldClock()
    app = an_app(clock=clock)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        app.action_wall()
        await settle(app, pilot)
        before = lines(app)
        assert "no session" in "\n".join(before)
        for _ in range(10):
            clock.now += 4
            app.tick()
            await settle(app, pilot)

        assert before != lines(app)
        assert f"ended in the last 10 m  {len(app.ledger)}" in "\n".join(lines(app))
        assert len(app.ledger) > 0


async def test_lost_server_is_shown_and_no_line_moves() -> None:
    app = several_servers()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        app.clock.now += 1  # type: ignore[attr-defined]
        app.tick()
        await settle(app, pilot)
        app.action_wall()
        await settle(app, pilot)
        shown = lines(app)

    assert "prod-db4: cannot connect" in shown[1]
    assert "1 lost" in shown[0]


async def test_no_key_changes_anything_there_and_escape_leaves_it() -> None:
    app = tunable()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(app, pilot)
        app.action_wall()
        await settle(app, pilot)
        for key in ("w", "i", "p", "t", "k", "u", "space", "enter", "slash"):
            await pilot.press(key)
            await settle(app, pilot)
            assert isinstance(app.screen, WallScreen)
        await pilot.press("escape")
        await settle(app, pilot)

        assert not isinstance(app.screen, WallScreen)


async def test_wall_opens_at_once_with_the_wall_option() -> None:
    app = an_app()
    app._wall = True
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app, pilot)

        assert isinstance(app.screen, WallScreen)
        assert not app.screen.focused


@pytest.mark.parametrize("rows", [1, 3, 6])
def test_a_bar_is_as_high_as_its_count_and_one_of_many_still_shows(rows: int) -> None:
    forecast = Forecast((BucketRange(0.0, 60.0, (0, 1, 1000)),), 0, None)
    _title, *drawn, axis = (line.plain for line in bar_lines(forecast, RiskThresholds(), 30, 2, rows))

    assert rows == len(drawn)
    assert drawn[-1].startswith("··▁▁")
    assert "█" in drawn[0]
    assert all(line.rstrip()[-1] == "█" for line in drawn)
    assert "1 m" in axis
