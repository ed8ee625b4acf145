"""A recording on a clock somebody holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.source.recording.reader import Recording, Replay
from goneaway_tui.source.recording.streams import Track
from goneaway_tui.source.recording.writer import RecordingWriter
from tests.builders import NOW
from tests.schemas import check
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


@pytest.fixture
def replay(recording: Recording) -> Replay:
    return Replay(recording)


def departed_ids(replay: Replay) -> list[int]:
    return [departure.verdict.session.id for departure in replay.departures()]


def test_recording_stores_the_server_name_and_the_time_span(recording: Recording) -> None:
    assert SERVER_NAME == recording.server_name
    assert (NOW, NOW + 21) == recording.span


@pytest.mark.parametrize(
    ("at", "shown"), [(-100, 0), (0, 0), (0.5, 0), (3, 3), (9.9, 3), (10, 10), (21, 21), (1e9, 21)]
)
def test_at_any_instant_the_last_sample_is_shown(recording: Recording, at: float, shown: int) -> None:
    assert same([a_take(shown)], [recording.snapshot_at(NOW + at)])


def test_what_is_replayed_is_written_as_its_schema_says(replay: Replay) -> None:
    check("snapshot", json.loads(written(replay.snapshot(), "json")))


def test_the_time_line_can_be_walked(recording: Recording) -> None:
    assert NOW + 10 == recording.after(NOW + 3)
    assert NOW + 3 == recording.before(NOW + 10)
    assert NOW + 1 == recording.before(NOW + 10, skip=2)
    assert NOW + 11 == recording.after(NOW + 2, Track.DEPARTURES)
    assert NOW + 11 == recording.before(NOW + 20, Track.DEPARTURES)
    assert recording.after(NOW + 21) is None
    assert recording.before(NOW) is None


def test_closed_recording_is_not_read(recording: Recording) -> None:
    recording.close()
    recording.close()

    with pytest.raises(FileError, match="it was closed"):
        recording.snapshot_at(NOW)


def test_departures_are_reported_in_order(recording: Recording) -> None:
    expected = [a_departure(each, NOW + step) for step, left in LEFT.items() for each in left]

    assert exact(tuple(expected)) == exact(recording.departures_between(0, NOW + 99))
    assert exact(tuple(expected[1:3])) == exact(recording.departures_between(NOW + 2, NOW + 11))
    assert () == recording.departures_between(NOW + 2, NOW + 10)


def test_replay_starts_paused_at_its_first_sample(replay: Replay) -> None:
    replay.advance(5)

    assert NOW == replay.clock()
    assert not replay.is_playing
    assert same([a_take(0)], [replay.snapshot()])


def test_stepping_goes_from_sample_to_sample_and_no_further(replay: Replay) -> None:
    seen = [replay.clock()]
    while replay.step(1):
        seen.append(replay.clock())
    back = [replay.clock()]
    while replay.step(-1):
        back.append(replay.clock())

    assert [NOW + step for step in INSTANTS] == seen == back[::-1]


def test_steps_may_be_long(replay: Replay) -> None:
    assert replay.step(4)
    assert NOW + 10 == replay.clock()
    assert not replay.step(99)
    assert NOW + 21 == replay.clock()


def test_a_step_back_from_between_two_samples_leaves_the_one_that_is_shown(replay: Replay) -> None:
    replay.jump(NOW + 5)
    replay.step(-1)

    assert NOW + 2 == replay.clock()


def test_jumping_stays_within_the_recording(replay: Replay) -> None:
    replay.jump(NOW + 1e9)
    assert NOW + 21 == replay.clock()
    replay.jump(0)
    assert NOW == replay.clock()


def test_replay_moves_from_departure_to_departure(replay: Replay) -> None:
    seen = []
    while replay.next_departure():
        seen.append(replay.clock() - NOW)
    assert [2, 11, 20] == seen
    assert replay.previous_departure()
    assert NOW + 11 == replay.clock()
    assert replay.previous_departure()
    assert not replay.previous_departure()
    assert NOW + 2 == replay.clock()


def test_playing_has_the_chosen_speed_and_stops_at_the_end(replay: Replay) -> None:
    replay.play(10)
    replay.advance(0.25)
    assert NOW + 2.5 == replay.clock()
    assert same([a_take(2)], [replay.snapshot()])
    replay.pause()
    replay.advance(60)
    assert NOW + 2.5 == replay.clock()
    replay.play()
    replay.advance(60)
    assert NOW + 21 == replay.clock()
    assert not replay.is_playing


def test_what_is_moved_by_hand_stands_still(replay: Replay) -> None:
    replay.play(60)
    replay.step(1)

    assert not replay.is_playing


def test_the_ledger_is_that_of_the_instant(replay: Replay) -> None:
    found: dict[int, list[int]] = {}
    for step in (*INSTANTS, *reversed(INSTANTS)):
        replay.jump(NOW + step)
        found.setdefault(step, departed_ids(replay))
        assert found[step] == departed_ids(replay)

    assert [[], [1], [1, 2, 3], [1, 2, 3, 4]] == [found[step] for step in (1, 3, 13, 21)]


def test_the_ledger_keeps_the_newest(recording: Recording) -> None:
    replay = Replay(recording, max_departures=2)
    replay.jump(NOW + 99)
    assert [3, 4] == departed_ids(replay)
    replay.jump(NOW + 12)
    assert [2, 3] == departed_ids(replay)
    replay.jump(NOW + 99)
    assert [3, 4] == departed_ids(replay)
