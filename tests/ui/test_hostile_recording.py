"""A recording in which every text is hostile: each screen on it is drawn whole, runs nothing, and harms no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pytest

from goneaway_tui.judge import judge
from goneaway_tui.model.blocking import Lock, LockKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.replay import ReplayBoard
from tests.builders import NOW, a_wait
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock
from tests.ui.test_hostile_screen import assert_fit, lines, press
from tests.ui.test_ledger import replaying

FactT = TypeVar("FactT")
ATTACKS = {
    "action": "[@click=\"app.screenshot('hit','{folder}')\"]w[/] [@click=\"app.quit\"]",
    "closing tag": "[/x] [/]",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "control": "a\x1b[2J\x9b31m\x00\r\nb",
    "bidi": "a\u202ecba\u2066",
    "surrogate": "a\ud800b",
    "long": "x" * (1 << 15),
}


def with_every_text(fact: FactT, text: str) -> FactT:
    """The same fact, and every string in it another."""
    return _changed(fact, text)  # type: ignore[no-any-return]


def _changed(value: Any, text: str) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple | frozenset):
        return type(value)(_changed(each, text) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            each.name: _changed(getattr(value, each.name), text) for each in fields(value) if each.init
        }
        return replace(value, **changed)
    return value


def hostile(text: str) -> tuple[Snapshot, list[Departure]]:
    clock = HeldClock()
    sample = SimulatedSource(clock, sessions=12).sample()
    ids = [session.id for session in sample.sessions]
    rows = [a_wait(waiter, ids[0]) for waiter in ids[1:4]]
    table = a_wait(ids[4], ids[0], ids[1], lock=Lock(LockKind.METADATA, "shop.orders", None, "EXCLUSIVE"))
    circle = [a_wait(ids[5], ids[6]), a_wait(ids[6], ids[5]), a_wait(ids[7], 999_999), a_wait(ids[8])]
    snapshot = with_every_text(judge(replace(sample, lock_waits=(*rows, table, *circle))), text)
    left = [
        Departure(verdict, NOW, 0.5, cause, Certainty.LIKELY, (text, text), observed=index % 2 == 0)
        for index, (verdict, cause) in enumerate(zip(snapshot.verdicts, Cause, strict=False))
    ]
    return snapshot, left


@pytest.fixture(params=ATTACKS)
def replayed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GoneawayApp]:
    text = ATTACKS[request.param].replace("{folder}", str(tmp_path))
    snapshot, left = hostile(text)
    path = tmp_path / "recording"
    with closing(RecordingWriter(path, text[:1000])) as recorder:
        recorder.record(snapshot)
        recorder.record(replace(snapshot, sample=replace(snapshot.sample, taken_at=NOW + 1)), left)
    with closing(Recording(path)) as recording:
        yield replaying(ReplayPlayer(recording, HeldClock()))


SCREENS = {
    "session": ["enter"],
    "departures": ["l"],
    "departure": ["l", "enter"],
    "doctor": ["d"],
    "finding": ["d", "enter"],
    "variables": ["v"],
    "variable": ["v", "enter"],
    "kill": ["k"],
    "tune": ["w"],
    "help": ["question_mark"],
    "export": ["e"],
    "groups": ["g", "down", "enter"],
    "copy": ["y"],
    "palette": ["ctrl+p"],
    "blocking": ["b"],
    "session that blocks": ["b", "enter"],
    "session that waits": ["b", "down", "enter"],
    "kill of many": ["A", "k"],
    "kill of who blocks": ["b", "space", "k"],
    "limits": ["t"],
    "ledger, a filter": ["l", "slash"],
    "topology": ["r"],
}


async def test_every_screen_is_drawn_and_no_text_becomes_an_action(
    replayed: GoneawayApp, tmp_path: Path
) -> None:
    size = (120, 36)
    async with replayed.run_test(size=size) as pilot:
        await settle(replayed, pilot)
        await press(replayed, pilot, "full_stop")
        for name, keys in SCREENS.items():
            await press(replayed, pilot, *keys)
            assert_fit(replayed, size, name)
            assert [] == actions(replayed), name
            await pilot.press(*["escape"] * len(keys))
            await pilot.pause()
            assert isinstance(replayed.screen, ReplayBoard), name
        assert replayed.crash is None
        assert lines(replayed)
    assert [] == [path.name for path in tmp_path.rglob("*") if "hit" in path.name]


def actions(app: GoneawayApp) -> list[str]:
    """What a click anywhere on the screen would run, as far as a text says so."""
    return [
        str(segment.style.meta["@click"])
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if segment.style is not None and "screenshot" in str(segment.style.meta.get("@click", ""))
    ]
