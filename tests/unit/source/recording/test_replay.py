"""A recording on a clock somebody holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import FailedReading, Reading, ReplayPlayer
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.builders import NOW
from tests.schemas import check
from tests.ui.stage import HeldClock
from tests.unit.export.written import written
from tests.unit.source.recording.takes import SERVER_NAME, a_departure, a_take, exact, same

INSTANTS = (0, 1, 2, 3, 10, 11, 12, 13, 20, 21)
LEFT = {2: (1,), 11: (2, 3), 20: (4,)}
"""Who had left, by the sample that brought it."""


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    path = tmp_path / "recording"
    recorder = RecordingWriter(path, SERVER_NAME)
    for step in INSTANTS:
        if step == 12:  # another run, another segment
            recorder.close()
            recorder = RecordingWriter(path, SERVER_NAME)
        recorder.record(a_take(step), [a_departure(each, NOW + step) for each in LEFT.get(step, ())])
    recorder.close()
    found = Recording(path)
    yield found
    found.close()


class Screen:
    """Keeps what a player shows."""

    def __init__(self) -> None:
        self.shown: list[Snapshot] = []
        self.errors: list[FileError] = []

    def on_reading(self, reading: Reading) -> None:
        self.shown.append(reading.step.snapshot)

    def on_failed_reading(self, failure: FailedReading) -> None:
        raise failure.error

    def on_recording_error(self, error: FileError) -> None:
        self.errors.append(error)


@pytest.fixture
def real() -> HeldClock:
    return HeldClock(0.0)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def player(recording: Recording, real: HeldClock, screen: Screen) -> Iterator[ReplayPlayer]:
    player = ReplayPlayer(recording, real)
    player.attach(screen)
    yield player
    player.close()


def departed_ids(player: ReplayPlayer) -> list[int]:
    return [departure.verdict.session.id for departure in reversed(list(player.ledger()))]


def test_recording_stores_the_server_name_and_the_time_span(recording: Recording) -> None:
    assert SERVER_NAME == recording.server_name
    assert (NOW, NOW + 21) == recording.span


@pytest.mark.parametrize(
    ("at", "shown"), [(-100, 0), (0, 0), (0.5, 0), (3, 3), (9.9, 3), (10, 10), (21, 21), (1e9, 21)]
)
def test_at_any_instant_the_last_sample_is_shown(recording: Recording, at: float, shown: int) -> None:
    assert same([a_take(shown)], [recording.snapshot_at(NOW + at)])


def test_what_is_replayed_is_written_as_its_schema_says(player: ReplayPlayer, screen: Screen) -> None:
    player.request()

    check("snapshot", json.loads(written(screen.shown[-1], "json")))


def test_the_time_line_can_be_walked(recording: Recording) -> None:
    assert NOW + 10 == recording.after(NOW + 3)
    assert NOW + 3 == recording.before(NOW + 10)
    assert NOW + 1 == recording.before(NOW + 10, skip=2)
    assert NOW + 11 == recording.after(NOW + 2, departures=True)
    assert NOW + 11 == recording.before(NOW + 20, departures=True)
    assert recording.after(NOW + 21) is None
    assert recording.before(NOW) is None


def test_closed_recording_is_not_read(recording: Recording) -> None:
    recording.close()
    recording.close()

    with pytest.raises(FileError, match="the file was closed"):
        recording.snapshot_at(NOW)


def test_departures_are_reported_in_order(recording: Recording) -> None:
    expected = [a_departure(each, NOW + step) for step, left in LEFT.items() for each in left]

    assert exact(tuple(expected)) == exact(recording.departures_between(0, NOW + 99))
    assert exact(tuple(expected[1:3])) == exact(recording.departures_between(NOW + 2, NOW + 11))
    assert () == recording.departures_between(NOW + 2, NOW + 10)


def test_replay_starts_paused_at_its_first_sample(
    player: ReplayPlayer, real: HeldClock, screen: Screen
) -> None:
    real.now += 5
    player.request()

    assert NOW == player.clock()
    assert not player.is_playing
    assert same([a_take(0)], screen.shown)


def test_stepping_goes_from_sample_to_sample_and_no_further(player: ReplayPlayer, screen: Screen) -> None:
    instants = []
    for step in [1] * 12 + [-1] * 12:
        player.move_by(step)
        instants.append(player.clock() - NOW)

    assert [*INSTANTS[1:], 21, 21, 21, *INSTANTS[-2::-1], 0, 0, 0] == instants
    assert instants == [snapshot.taken_at - NOW for snapshot in screen.shown]


def test_steps_may_be_long(player: ReplayPlayer) -> None:
    player.move_by(4)
    assert NOW + 10 == player.clock()
    player.move_by(99)
    assert NOW + 21 == player.clock()


def test_a_step_back_from_between_two_samples_leaves_the_one_that_is_shown(player: ReplayPlayer) -> None:
    player.jump(NOW + 5)
    player.move_by(-1)

    assert NOW + 2 == player.clock()


def test_jumping_stays_within_the_recording(player: ReplayPlayer) -> None:
    player.jump(NOW + 1e9)
    assert NOW + 21 == player.clock()
    player.jump(0)
    assert NOW == player.clock()


def test_replay_moves_from_departure_to_departure(player: ReplayPlayer) -> None:
    instants = []
    for forward in (True, True, True, True, False, False, False):
        player.to_departure(forward=forward)
        instants.append(player.clock() - NOW)

    assert [2, 11, 20, 20, 11, 2, 2] == instants


def test_playing_has_the_chosen_speed_and_stops_at_the_end(
    player: ReplayPlayer, real: HeldClock, screen: Screen
) -> None:
    player.faster(3)
    player.toggle()
    real.now += 0.25
    player.request()
    assert 10 == player.speed
    assert NOW + 2.5 == player.clock()
    assert same([a_take(2)], screen.shown)
    player.toggle()
    real.now += 60
    player.request()
    assert NOW + 2.5 == player.clock()
    player.toggle()
    real.now += 60
    player.request()
    assert NOW + 21 == player.clock()
    assert not player.is_playing


def test_what_is_moved_by_hand_stands_still(player: ReplayPlayer) -> None:
    player.toggle()
    player.move_by(1)

    assert not player.is_playing


def test_a_recording_that_cannot_be_read_any_more_is_reported_and_stops(
    player: ReplayPlayer, recording: Recording, screen: Screen
) -> None:
    player.toggle()
    recording.close()
    player.request()

    assert ["the file was closed"] == [str(error).rpartition(": ")[2] for error in screen.errors]
    assert not player.is_playing


def test_the_ledger_is_that_of_the_instant(player: ReplayPlayer) -> None:
    found: dict[int, list[int]] = {}
    for step in (*INSTANTS, *reversed(INSTANTS)):
        player.jump(NOW + step)
        found.setdefault(step, departed_ids(player))
        assert found[step] == departed_ids(player)

    assert [[], [1], [1, 2, 3], [1, 2, 3, 4]] == [found[step] for step in (1, 3, 13, 21)]


def test_the_ledger_keeps_the_newest(recording: Recording, real: HeldClock) -> None:
    player = ReplayPlayer(recording, real, max_departures=2)
    player.jump(NOW + 99)
    assert [3, 4] == departed_ids(player)
    player.jump(NOW + 12)
    assert [2, 3] == departed_ids(player)
    player.jump(NOW + 99)
    assert [3, 4] == departed_ids(player)
    player.close()
