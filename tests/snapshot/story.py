"""The story in moving pictures: a session ends, the ledger says why; a blocker is killed; a log is explained; a limit is set.

`python -m tests.snapshot.story` plays it on the simulated server with a held clock, and writes it to screenshots/ as an
animated SVG and as an asciicast. What a second of the story shows is what the screen shows after that second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot
from textual.widgets import Input

from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from tests.builders import NOW
from tests.snapshot.cast import asciicast
from tests.snapshot.film import svg
from tests.snapshot.frames import Frame, rows_of
from tests.snapshot.shots import SCREENSHOTS, settle
from tests.ui.stage import HeldClock

SIZE = (80, 24)
TITLE = "goneaway-tui"
TYPING = 0.15
"""Seconds between two letters."""
YEAR = "32140800"
"""Seconds of twelve months of 31 days, as it is often advised; more than any server keeps."""
BACKSTAGE = 6
"""Seconds the simulated server has been looked at before the story begins."""


APP_LOG = """\
2026-11-23 06:00:02,511 INFO shop.orders 214 orders shipped
2026-11-23 14:09:36,803 ERROR shop.orders pymysql.err.OperationalError: (2006, 'MySQL server has gone away')
"""
LOG_KEYS = ("escape", "escape", "d", "slash", *"app.log")


@dataclass(frozen=True)
class Beat:
    """Keys that are pressed, and then so many seconds to look. `key` is what stands on the key that is shown."""

    name: str
    words: str
    seconds: float
    keys: tuple[str, ...] = ()
    key: str = ""


BEATS = (
    Beat("board", "Every session beside its own limit; what is in trouble stands on top.", 4),
    Beat("death", "The first has idled too long: the server closes it.", 4),
    Beat("ledger", "The ledger: which sessions ended, and why.", 4, ("l",), "l"),
    Beat("cause", "How that is known, and for which instant it was predicted.", 6, ("enter",), "enter"),
    Beat(
        "blocked",
        "Five sessions wait for a session with an open transaction.",
        4,
        ("escape", "escape"),
        "esc",
    ),
    Beat("tree", "The lock waits: which lock, for how long, and what ends it.", 6, ("b",), "b"),
    Beat("kill", "Before the kill: what is rolled back, which sessions continue.", 5, ("k",), "k"),
    Beat("freed", "Killed. The waiting sessions continue.", 4, ("tab", "enter"), "enter"),
    Beat("log", "Why was a connection lost at 14:09? The log of the application.", 2, LOG_KEYS, "d /"),
    Beat(
        "answer",
        "Likely an idle timeout. The evidence, how to verify it, what to do.",
        8,
        ("enter",),
        "enter",
    ),
    Beat("back", "Back to the board.", 2, ("escape", "escape", "escape"), "esc"),
    Beat("dialog", "Which wait_timeout? How many reuses each value would cut.", 5, ("w",), "w"),
    Beat("clamp", "Twelve months of 31 days: more than the server will keep.", 6, (*YEAR,), YEAR),
    Beat(
        "kept", "Done: what the server kept, its own warning, what new sessions get.", 6, ("enter",), "enter"
    ),
    Beat("year", "A year for new sessions; open sessions keep their own limit.", 3, ("escape",), "esc"),
    Beat("undo", "Undo, from the journal: the change, and the statement that undoes it.", 4, ("u",), "u"),
    Beat("undone", "Undone.", 4, ("enter",), "enter"),
    Beat("end", "As it was.", 4, ("escape",), "esc"),
)
STILL = "clamp"
"""The beat whose last frame is seen by whoever wants no motion."""


class StoryApp(GoneawayApp):
    """Its messages go by the held clock: how long the machine takes must not be seen."""

    gone_at = float("inf")

    def notify(self, message: str, *, timeout: float | None = None, **more: object) -> None:
        self.gone_at = self.clock() + (timeout or 5.0)
        super().notify(message, timeout=3600, **more)  # type: ignore[arg-type]

    def tick(self) -> None:
        if self.clock() >= self.gone_at:
            self.gone_at = float("inf")
            self.clear_notifications()
        super().tick()


async def frames() -> tuple[Frame, ...]:
    """The story, played."""
    clock = HeldClock(NOW - BACKSTAGE)
    source = SimulatedSource(clock)
    with TemporaryDirectory() as folder, chdir(folder):
        Path("app.log").write_text(APP_LOG, encoding="utf-8")
        journal = Journal(Path(folder) / "journal.jsonl", clock)
        subject = MonitorSpec(source, executor=source.executor(), journal=journal)
        app = StoryApp([subject], clock, ticking=False)
        app.animation_level = "none"
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            for _ in range(BACKSTAGE):
                await _pass(1, app, clock, pilot)
            played = []
            for beat in BEATS:
                played += [frame async for frame in _played(beat, app, clock, pilot)]
            return tuple(played)


async def _played(beat: Beat, app: StoryApp, clock: HeldClock, pilot: Pilot[None]) -> AsyncIterator[Frame]:
    for number, key in enumerate(beat.keys):
        await pilot.press(key)
        await settle(app, pilot)
        if number + 1 < len(beat.keys):
            yield await _frame(TYPING, beat, app, pilot)
            await _pass(TYPING, app, clock, pilot)
    left = beat.seconds
    while left > 0:
        seconds = min(left, 1)
        yield await _frame(seconds, beat, app, pilot)
        await _pass(seconds, app, clock, pilot)
        left -= seconds


async def _pass(seconds: float, app: StoryApp, clock: HeldClock, pilot: Pilot[None]) -> None:
    clock.now += seconds
    app.tick()
    await settle(app, pilot)


async def _frame(seconds: float, beat: Beat, app: StoryApp, pilot: Pilot[None]) -> Frame:
    for entry in app.screen.query(Input):  # else it blinks by the machine's clock
        entry.cursor_blink = False
        entry._cursor_visible = entry.has_focus
    await pilot.pause()
    return Frame(seconds, rows_of(app), beat.key, beat.words)


def recorded(played: tuple[Frame, ...]) -> dict[str, str]:
    """Each file of the story by its name."""
    words = next(beat.words for beat in BEATS if beat.name == STILL)
    still = max(number for number, frame in enumerate(played) if frame.words == words)
    return {"story.svg": svg(played, TITLE, still), "story.cast": asciicast(played, TITLE)}


def main() -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for name, text in recorded(asyncio.run(frames())).items():
        (SCREENSHOTS / name).write_text(text, encoding="utf-8")
        print(f"wrote screenshots/{name}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
