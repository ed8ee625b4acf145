"""The recorded story is what the screen shows, keeps its promises, and plays where a README is read."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import groupby, pairwise
from xml.etree import ElementTree as ET

import pytest

from tests.snapshot.frames import Cell, Frame, Ink, changes
from tests.snapshot.shots import SCREENSHOTS
from tests.snapshot.story import BEATS, SIZE, frames, recorded

MOST_BYTES = 400_000
SVG = "{http://www.w3.org/2000/svg}"
PLACE = re.compile(r"\x1b\[(\d+);(\d+)H\x1b\[[\d;]+m([^\x1b]*)")


@pytest.fixture(scope="module")
def played() -> tuple[Frame, ...]:
    return asyncio.run(frames())


@pytest.fixture(scope="module")
def made(played: tuple[Frame, ...]) -> dict[str, str]:
    return recorded(played)


def last(played: tuple[Frame, ...], name: str) -> str:
    """The screen at the end of a beat."""
    words = next(beat.words for beat in BEATS if beat.name == name)
    return [frame for frame in played if frame.words == words][-1].text


@pytest.mark.parametrize("name", ["story.svg", "story.cast"])
def test_the_story_looks_as_it_is_recorded(name: str, made: dict[str, str]) -> None:
    assert (SCREENSHOTS / name).read_text(encoding="utf-8") == made[name], (
        "look at the change, then: python -m tests.snapshot.story"
    )


def test_first_session_on_the_board_ends_and_the_ledger_shows_the_cause(played: tuple[Frame, ...]) -> None:
    doomed = re.search(r"next: (?:session )?(\d+) ", played[0].text)
    assert doomed is not None
    departure = last(played, "cause")

    assert doomed[1] not in last(played, "death")
    assert re.search(rf"{doomed[1]} idle_timeout +confirmed", last(played, "ledger"))
    assert f"session {doomed[1]} ended" in departure
    assert "predicted" in departure


def test_a_blocker_is_found_and_ended_and_those_that_waited_go_on(played: tuple[Frame, ...]) -> None:
    assert "5 blocked by 4336" in last(played, "blocked")
    assert "5 sessions wait" in last(played, "tree")
    assert "Frees 5 waiting sessions" in last(played, "kill")
    assert "session 4336 was killed" in last(played, "freed")
    assert "blocked by" not in last(played, "back")


def test_clamp_is_predicted_before_the_change(played: tuple[Frame, ...]) -> None:
    dialog = last(played, "clamp")

    assert "31,536,000" in dialog
    assert "not 32,140,800: the server's maximum" in dialog
    assert "Warning 1292" not in dialog


def test_the_server_keeps_its_maximum_and_warns(played: tuple[Frame, ...]) -> None:
    report = " ".join(last(played, "kept").split())

    assert "31536000" in report
    assert "Warning 1292: Truncated incorrect wait_timeout" in report
    assert "a new session gets wait_timeout = 31,536,000" in report


def test_undo_brings_back_what_was(played: tuple[Frame, ...]) -> None:
    seen = (re.search(r" wait_timeout (\d+ \w)   interactive", frame.text) for frame in played)
    limits = [found[1] for found in seen if found is not None]

    assert ["8 h", "1 y", "8 h"] == [limit for limit, _ in groupby(limits)]
    assert "SET GLOBAL wait_timeout = 28800" in last(played, "undone")


def test_every_screen_has_one_size_and_is_marked_as_simulated(played: tuple[Frame, ...]) -> None:
    for frame in played:
        assert (len(frame.rows[0]), len(frame.rows)) == SIZE
        assert {len(row) for row in frame.rows} == {SIZE[0]}
    assert "(simulated)" in played[0].text


def test_captions_fit_below_the_screen() -> None:
    assert all(len(beat.key) + len(beat.words) < SIZE[0] - 4 for beat in BEATS)


def test_the_film_needs_nothing_but_itself(made: dict[str, str]) -> None:
    film = made["story.svg"]
    marks = ET.fromstring(film)

    assert len(film.encode()) < MOST_BYTES
    assert {"svg", "title", "style", "g", "rect", "circle", "path", "text"} == {
        mark.tag.removeprefix(SVG) for mark in marks.iter()
    }
    assert not re.search(r"url\(|@import|href", film)


def test_each_frame_of_the_film_has_its_instant_and_they_rise(made: dict[str, str]) -> None:
    film = made["story.svg"]
    instants = re.findall(
        r"@keyframes (a\d+)\{0%\{visibility:hidden\}([\d.]+)%,to\{visibility:visible\}\}", film
    )

    assert re.findall(r"animation-name:(a\d+)", film) == [name for name, _ in instants]
    assert all(0 < float(one) < float(next_) < 100 for (_, one), (_, next_) in pairwise(instants))


def test_reduced_motion_shows_the_predicted_clamp(made: dict[str, str]) -> None:
    film = made["story.svg"]
    still = "".join(re.findall(r'<g(?: class="f")?(?: style="[^"]*")?>.*', film))

    assert "prefers-reduced-motion" in film
    assert still.rindex("not 32,140,800") > still.rindex("imminent")
    assert "Warning 1292" not in still
    assert "Warning 1292" in film


def test_the_recording_for_a_terminal_ends_on_the_last_screen(
    made: dict[str, str], played: tuple[Frame, ...]
) -> None:
    header, *events = (json.loads(line) for line in made["story.cast"].splitlines())
    screen = [[" "] * header["width"] for _ in range(header["height"])]
    for _, _, data in events:
        for row, column, text in PLACE.findall(data):
            screen[int(row) - 1][int(column) - 1 : int(column) - 1 + len(text)] = text
    lines = ["".join(row).rstrip() for row in screen]

    assert {"version": 2, "width": SIZE[0], "height": SIZE[1] + 2, "title": "goneaway-tui"} == header
    assert all(before[0] < after[0] and after[1] == "o" for before, after in pairwise(events))
    assert events[-1][0] == pytest.approx(sum(frame.seconds for frame in played))
    assert played[-1].text == "\n".join(lines[: SIZE[1]])
    assert played[-1].words in lines[-1]


PLAIN = Ink("#ffffff", "#000000")


def test_only_what_changed_is_drawn_and_wide_letters_stay_whole() -> None:
    before = tuple(Cell(letter, PLAIN) for letter in "session 4711 left 0:05    ")
    after = tuple(Cell(letter, PLAIN) for letter in "session 4711 left 0:04    ")
    wide = (Cell("会", PLAIN), Cell("", PLAIN), Cell("话", PLAIN), Cell("", PLAIN))
    other = (Cell("会", PLAIN), Cell("", PLAIN), Cell("议", PLAIN), Cell("", PLAIN))

    assert [] == list(changes([before], [before]))
    assert [(0, 21, "4", PLAIN)] == list(changes([before], [after]))
    assert [(0, 2, "议", PLAIN)] == list(changes([wide], [other]))
    assert [(0, 0, "会话", PLAIN)] == list(changes([], [wide]))


def test_of_blanks_only_the_ground_counts() -> None:
    red, blue = Ink("#ff0000", "#000000"), Ink("#0000ff", "#000000")

    assert [] == list(changes([(Cell(" ", red),)], [(Cell(" ", blue),)]))
    assert [(0, 0, "x", blue)] == list(changes([(Cell("x", red),)], [(Cell("x", blue),)]))
