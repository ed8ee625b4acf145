"""The doctor on the screen: causes, a pasted error, a log, and the way to a dialog."""

from __future__ import annotations

import bz2
import gzip
import lzma
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from goneaway_tui.doctor.diagnosis import CAUSE_RULES
from goneaway_tui.doctor.live import LiveState
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Pattern, PatternKind, PatternScope
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.base_app import desktop_browser
from goneaway_tui.ui.columns import CAUSE_COLUMNS
from goneaway_tui.ui.screens.board import BoardScreen
from goneaway_tui.ui.screens.doctor import AnswerScreen, DoctorRow, DoctorScreen, sessions_of
from goneaway_tui.ui.screens.help import HelpScreen
from goneaway_tui.ui.screens.kill import KillScreen
from goneaway_tui.ui.screens.ledger import LedgerScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.widgets.plain_text import Static
from tests.builders import NOW
from tests.fakes import FakeExecutor
from tests.snapshot.shots import busy_day, settle
from tests.ui.stage import an_app
from tests.ui.test_board import lines
from tests.ui.test_tuning import an_app as an_acting_app
from tests.ui.test_tuning import on, ready, until

SIZE = (120, 40)
GONE = "OperationalError: (2006, 'MySQL server has gone away')"


async def test_every_cause_stands_there_with_why() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await settle(app, pilot)
        shown = lines(app)
        await pilot.press("escape")
        await settle(app, pilot)

        assert isinstance(app.screen, BoardScreen)
    for word in ("idle_timeout", "server_restart", "ruled out", "possible"):
        assert word in shown


async def test_a_pasted_error_is_answered(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = GONE
        await pilot.press("enter")
        await until(pilot, on(app, AnswerScreen))

        assert "2006" in lines(app)
        assert "idle timeout" in lines(app)


async def test_a_log_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(f"2026-11-23 18:00:00 ERROR {GONE}\n")
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = str(path)
        await pilot.press("enter")
        await until(pilot, on(app, AnswerScreen))

        assert "app.log:1" in lines(app)


async def read_log(app: Any, pilot: Any, path: Path) -> None:
    """Open the doctor and name a log in its field."""
    await settle(app, pilot)
    await pilot.press("d", "slash")
    await settle(app, pilot)
    assert isinstance(app.screen, DoctorScreen)
    app.screen.field.value = str(path)
    await pilot.press("enter")


FULL = "pymysql.err.OperationalError: (1040, 'Too many connections [@click=app.quit]free[/]')"
NO_ADDRESS = "ERROR 2005 (HY000): Unknown MySQL server host 'db9' (-2)"


def a_log(path: Path) -> Path:
    """One of three kinds of errors, the second of them hostile and the third without a time."""
    many = "".join(f"2026-11-23 18:00:0{second} ERROR {FULL}\n" for second in range(3))
    path.write_text(f"2026-11-23 18:00:00 ERROR {GONE}\n{many}{NO_ADDRESS}\n")
    return path


async def open_answer(app: GoneawayApp, pilot: Pilot[Any], path: Path) -> AnswerScreen:
    await read_log(app, pilot, path)
    await until(pilot, on(app, AnswerScreen))
    await settle(app, pilot)
    assert isinstance(app.screen, AnswerScreen)
    return app.screen


def unfolded(screen: AnswerScreen) -> list[int]:
    """The numbers of the kinds whose reasons are shown."""
    by_group: dict[int, list[str]] = {}
    for line in screen.rows.rows:
        by_group.setdefault(line.group, []).append(line.text)
    assert {0, 1, 2} == by_group.keys()
    return [group + 1 for group, texts in by_group.items() if any(text[:8] == "    do  " for text in texts)]


async def test_the_answer_is_a_verdict_for_each_kind_of_error_and_the_reasons_of_the_first(
    tmp_path: Path,
) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        verdicts = [line.text for line in screen.rows.rows if line.number == 0]
        title, *_, footer = lines(app).splitlines()

        assert [1] == unfolded(screen)
    first, second, third = verdicts
    assert first.startswith("▾ 1. 2026-11-23T18:00:00  2006  unknown client  idle timeout: likely")
    assert second.startswith(
        "▸ 2. 2026-11-23T18:00:00  1040  PyMySQL  too many connections: confirmed  3 times, last on line 4"
    )
    assert third == "▸ 3. 2005  mysql command line  cause unknown"
    assert ["app.log", "errors: 5", "kinds: 3"] == [
        word for word in ("app.log", "errors: 5", "kinds: 3") if word in title
    ]
    assert footer.strip() == "⏎ fold  a fold all  v all causes  y copy  esc back  ? help"


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_kind_is_folded_and_unfolded_by_a_key_on_any_of_its_lines(tmp_path: Path, key: str) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("down", "down", "down", key)
        assert [] == unfolded(screen)
        assert (0, 0) == screen.rows.cursor_key
        await pilot.press("down", key)
        assert [2] == unfolded(screen)
        assert (1, 0) == screen.rows.cursor_key
        await pilot.press(key)

        assert [] == unfolded(screen)


async def test_one_key_unfolds_all_and_folds_all(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("a")
        assert [1, 2, 3] == unfolded(screen)
        await pilot.press("end", "a")

        assert [] == unfolded(screen)
        assert (2, 0) == screen.rows.cursor_key


async def test_all_causes_and_every_error_are_shown_on_demand(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("enter", "down", "v")
        texts = [line.text for line in screen.rows.rows if line.group == 1]
        await pilot.press("v")
        short = [line.text for line in screen.rows.rows if line.group == 1]

    assert 3 == sum(text.startswith("    app.log:") for text in texts)
    assert any(text.strip() == "killed: ruled out" for text in texts)
    assert len(short) < len(texts)
    assert any("Ruled out: " in text for text in short)


async def test_what_is_unfolded_at_the_end_of_the_screen_is_scrolled_into_sight(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=(80, 14)) as pilot:
        await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("enter", "end", "enter")
        await settle(app, pilot)

        assert "do " in lines(app)
        assert "▾ 3. 2005" in lines(app)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
async def test_no_line_of_the_answer_is_cut(tmp_path: Path, columns: int) -> None:
    app = an_app()
    async with app.run_test(size=(columns, 60)) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("a", "v")
        await settle(app, pilot)
        texts = [line.text for line in screen.rows.rows]
        await pilot.resize_terminal(columns + 20, 60)
        await settle(app, pilot)
        wider = [line.text for line in screen.rows.rows]

    assert max(map(len, texts)) <= columns - 4
    assert len(wider) <= len(texts)
    assert "…" not in "".join((*texts, *wider))


async def test_markup_in_a_log_is_text(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        await pilot.press("a")
        await settle(app, pilot)
        assert "[@click=app.quit]free[/]" in lines(app)
        index = next(i for i, line in enumerate(screen.rows.rows) if "[@click" in line.text)
        await pilot.click(screen.rows, offset=(60, index + 1))
        await settle(app, pilot)

        assert app.screen is screen


async def test_the_answer_is_copied_explained_and_left(tmp_path: Path) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        copied = {item.kind: item.text for item in screen.copy_items()}
        await pilot.press("question_mark")
        await until(pilot, on(app, HelpScreen))
        assert "Unfold all kinds; press again to fold them" in lines(app)
        await pilot.press("escape", "escape")
        await settle(app, pilot)

        assert isinstance(app.screen, DoctorScreen)
    assert copied["all"].startswith("1. 2026-11-23T18:00:00  2006")
    assert "3. 2005" in copied["all"]
    assert "28800" in copied["remedies"]


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress], ids=["gz", "xz", "bz2"])
async def test_a_compressed_log_is_read_by_its_name(tmp_path: Path, compress: Any) -> None:
    path = tmp_path / "app.log.1"
    path.write_bytes(compress(f"2026-11-23 18:00:00 ERROR {GONE}\n".encode()))
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await read_log(app, pilot, path)
        await until(pilot, on(app, AnswerScreen))

        assert "app.log.1:1" in lines(app)


async def test_a_damaged_compressed_log_is_reported_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(GONE.encode())[:20])
    app = an_app()
    async with app.run_test(size=(300, 40)) as pilot:
        await read_log(app, pilot, path)

        await until(pilot, lambda: f"cannot read {path}: " in lines(app))


async def test_text_without_an_error_event_is_reported() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d", "slash")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        app.screen.field.value = "(1062, 'Duplicate entry')"
        await pilot.press("enter")

        await until(pilot, lambda: "no lost or refused connection" in lines(app))


CONFIRMED, POSSIBLE, RULED_OUT = (
    (each, ()) for each in (Certainty.CONFIRMED, Certainty.POSSIBLE, Certainty.RULED_OUT)
)


@pytest.mark.parametrize(
    ("harm", "since_start", "now", "tints"),
    [
        ("lines--imminent", CONFIRMED, RULED_OUT, ("lines--imminent", "lines--quiet")),
        ("lines--imminent", POSSIBLE, None, ("lines--calm", "lines--quiet")),
        ("lines--calm", CONFIRMED, POSSIBLE, ("lines--calm", "lines--calm")),
    ],
)
def test_colour_of_a_certainty_is_that_of_the_harm(
    harm: str, since_start: Any, now: Any, tints: tuple[str, str]
) -> None:
    row = DoctorRow("idle_timeout", Certainty.CONFIRMED, (), since_start=since_start, now=now, harm=harm)
    by_column = {column.id: column.tint(row) for column in CAUSE_COLUMNS if column.tint is not None}

    assert tints == (by_column["since_start"], by_column["now"])
    assert row.tint in tints


def state_of(app: GoneawayApp) -> LiveState:
    assert app.snapshot is not None
    return LiveState(app.snapshot, tuple(app.ledger), app.now)


def choose(screen: DoctorScreen, name: str) -> None:
    index = next(index for index, row in enumerate(screen.rows.rows) if row.name == name)
    screen.rows.action_move(index - screen.rows.cursor)


async def open_doctor(app: GoneawayApp, pilot: Pilot[Any]) -> DoctorScreen:
    await settle(app, pilot)
    await pilot.press("d")
    await settle(app, pilot)
    assert isinstance(app.screen, DoctorScreen)
    return app.screen


async def test_confirmed_client_quit_is_no_alarm_and_stands_below_what_harms() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        rows = {row.name: row for row in screen.rows.rows}
        names = list(rows)

    assert rows["client_quit"].certainty is Certainty.CONFIRMED
    assert rows["client_quit"].tint == "lines--calm"
    assert names.index("packet_too_large") < names.index("idle_timeout") < names.index("client_quit")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_chosen_finding_is_shown_in_full_beside_the_list(size: tuple[int, int]) -> None:
    app = busy_day()
    async with app.run_test(size=size) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "idle_timeout")
        await settle(app, pilot)
        shown = str(screen.query_one("#details Static", Static).visual)

    for part in ("idle_timeout", "since the server started: confirmed", "on this server now: likely", "what to do",
                 "to verify", "Compare the pause", "see https://"):  # fmt: skip
        assert part in shown
    assert "…" not in shown


async def test_a_cause_opens_the_sessions_that_it_ended_in_the_ledger() -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "client_quit")
        row = screen.rows.cursor_row
        assert row is not None
        assert row.sessions is not None
        await pilot.press("enter")
        await settle(app, pilot)
        ledger = app.screen
        assert isinstance(ledger, LedgerScreen)
        assert {each.cause for each in ledger.rows.rows} == {Cause.CLIENT_QUIT}
        assert len(ledger.rows.rows) == row.sessions.number
        await pilot.press("escape")
        await settle(app, pilot)

        assert app.screen is screen


async def test_a_cause_opens_the_open_sessions_that_it_may_end_on_the_board() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "idle_timeout")
        row = screen.rows.cursor_row
        assert row is not None
        assert row.sessions is not None
        killed = {each.session.id for each in screen.chosen_sessions()}
        await pilot.press("enter")
        await settle(app, pilot)
        assert isinstance(app.screen, BoardScreen)

        assert app.screen.field.value == "risk>=watch"
        assert {each.session.id for each in app.screen.sessions.rows} == killed
        assert len(killed) == row.sessions.number


async def test_a_finding_without_sessions_says_so() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_doctor(app, pilot)
        choose(screen, "server_crash")
        await pilot.press("enter")
        await settle(app, pilot)

        assert app.screen is screen
        assert any("No session to show" in notice.message for notice in app._notifications)


@pytest.mark.parametrize("kind", PatternKind)
async def test_every_pattern_has_a_filter_of_its_sessions(kind: PatternKind) -> None:
    app = busy_day()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        state = state_of(app)
        scope = PatternScope(program='go "x"', user="shop_app", host="web-1")
        pattern = Pattern(kind, "title", Certainty.LIKELY, ("why",), (), (), scope)

        assert sessions_of(pattern, state) is None  # no program is called that
        everyone = replace(pattern, scope=PatternScope())
        row = DoctorRow.from_finding(everyone, state)
        assert row.sessions is None or row.sessions.number > 0


async def test_from_a_finding_its_open_sessions_are_killed_and_wait_timeout_is_changed(
    tmp_path: Path,
) -> None:
    app = an_acting_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, on(app, DoctorScreen))
        assert isinstance(app.screen, DoctorScreen)
        screen = app.screen
        await pilot.press("w")
        await until(pilot, on(app, TuneScreen))
        assert "wait_timeout" in lines(app)
        await pilot.press("escape")
        await until(pilot, on(app, DoctorScreen))
        with_sessions = next(
            row for row in screen.rows.rows if row.sessions is not None and row.sessions.are_open
        )
        choose(screen, with_sessions.name)
        await pilot.press("k")
        await until(pilot, on(app, KillScreen))


async def test_the_table_paints_each_certainty_by_itself() -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        table = app.screen.rows
        sign = DoctorRow(
            "idle_timeout",
            Certainty.CONFIRMED,
            (),
            since_start=(Certainty.CONFIRMED, ()),
            now=(Certainty.RULED_OUT, ()),
            harm="lines--imminent",
        )
        table.show([DoctorRow("x", Certainty.CONFIRMED, ()), sign], NOW)
        line = table.render_line(2)
        styles = {segment.text.strip(): segment.style for segment in line if segment.text.strip()}

    assert styles["confirmed"] != styles["ruled out"]


def test_variable_is_named_and_not_given_as_the_cause() -> None:
    told = DoctorRow("idle_timeout", Certainty.RULED_OUT, (), tunable="wait_timeout").details()

    assert told[-1].startswith("Variable: wait_timeout. ")
    assert told[-1].endswith(" Press t to change it.")


async def test_a_finding_leads_to_its_dialog(tmp_path: Path) -> None:
    app = an_acting_app(tmp_path, FakeExecutor())
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, on(app, DoctorScreen))
        assert isinstance(app.screen, DoctorScreen)
        app.screen.rows.cursor = next(
            i for i, f in enumerate(app.screen.rows.rows) if f.name == "packet_too_large"
        )
        await pilot.press("t")
        await until(pilot, on(app, TuneScreen))

        assert "max_allowed_packet" in lines(app)


# --- The pages of the manual


class FakeBrowser(webbrowser.BaseBrowser):
    """A desktop's browser that keeps what it was asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: FBT001, FBT002 - as the library has it
        self.opened.append(url)
        return True


GONE_AWAY = "https://dev.mysql.com/doc/refman/en/gone-away.html"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> FakeBrowser:
    fake = FakeBrowser()
    monkeypatch.setattr(webbrowser, "get", lambda: fake)
    return fake


async def test_enter_on_the_address_of_a_manual_page_opens_it_and_elsewhere_folds(
    tmp_path: Path, browser: FakeBrowser
) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        assert "⏎ fold" in lines(app)
        screen.rows.action_move(next(index for index, line in enumerate(screen.rows.rows) if line.url))
        await until(pilot, lambda: "⏎ manual" in lines(app))
        await pilot.press("y", "y", "enter")
        await until(pilot, lambda: bool(browser.opened))

        assert GONE_AWAY == app.clipboard
        assert [GONE_AWAY] == browser.opened
        assert [1] == unfolded(screen)


async def test_enter_in_the_details_of_a_cause_opens_its_manual_page(browser: FakeBrowser) -> None:
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("d")
        await settle(app, pilot)
        assert isinstance(app.screen, DoctorScreen)
        rows = app.screen.rows
        rows.action_move(
            next(index for index, row in enumerate(rows.rows) if row.cause is Cause.IDLE_TIMEOUT)
        )
        await pilot.press("tab")
        await until(pilot, lambda: "⏎ manual" in lines(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(browser.opened))

        assert [GONE_AWAY] == browser.opened
        assert isinstance(app.screen, DoctorScreen)


@pytest.mark.parametrize("found", [webbrowser.GenericBrowser("w3m"), webbrowser.Elinks("elinks"), None])
def test_a_browser_that_draws_in_the_terminal_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, found: webbrowser.BaseBrowser | None
) -> None:
    def get() -> webbrowser.BaseBrowser:
        if found is None:
            raise webbrowser.Error
        return found

    monkeypatch.setattr(webbrowser, "get", get)

    assert desktop_browser() is None


async def test_without_a_browser_the_address_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    app = an_app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await open_answer(app, pilot, a_log(tmp_path / "app.log"))
        screen.rows.action_move(next(index for index, line in enumerate(screen.rows.rows) if line.url))
        await pilot.press("enter")

        await until(pilot, lambda: any(GONE_AWAY in notice.message for notice in app._notifications))


def test_every_manual_page_is_on_the_web() -> None:
    """They are opened in a browser, so no other scheme may be among them."""
    assert all(rules.docs.startswith("https://") for rules in CAUSE_RULES)
