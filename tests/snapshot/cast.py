"""Frames as an asciicast of version 2, for a terminal: `asciinema play screenshots/story.cast`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate

from tests.snapshot.frames import Cell, Frame, Ink, Row, Run, changes

GROUND = "#1e1e1e"
WORDS, KEY = Ink("#e6e6e6", GROUND), Ink(GROUND, "#e6e6e6", bold=True)
CLEAN, HIDE_CURSOR = "\x1b[0m\x1b[2J", "\x1b[?25l"


def asciicast(frames: Sequence[Frame], title: str) -> str:
    """The recording: a header, and one line for each moment at which something changes. What is said stands beneath."""
    screens = [(*frame.rows, *_caption(frame)) for frame in frames]
    header = {"version": 2, "width": len(screens[0][0]), "height": len(screens[0]), "title": title}
    lines = [json.dumps(header)]
    instants = accumulate((frame.seconds for frame in frames), initial=0.0)
    before: Sequence[Row] = ()
    for at, screen in zip(instants, screens, strict=False):
        drawn = "".join(_drawn(run) for run in changes(before, screen))
        if drawn:
            opening = "" if before else HIDE_CURSOR + CLEAN
            lines.append(json.dumps([round(at, 3), "o", opening + drawn], ensure_ascii=False))
        before = screen
    end = sum(frame.seconds for frame in frames)
    lines.append(
        json.dumps([round(end, 3), "o", "\x1b[0m"])
    )  # holds the last picture as long as it should be
    return "\n".join((*lines, ""))


def _caption(frame: Frame) -> Iterator[Row]:
    width = len(frame.rows[0])
    key = f" {frame.key} " if frame.key else ""
    words = f" {frame.words}"[: width - len(key)]
    said = [*(Cell(letter, KEY) for letter in key), *(Cell(letter, WORDS) for letter in words)]
    blank = Cell(" ", WORDS)
    yield (blank,) * width
    yield (*said, *[blank] * (width - len(said)))


def _drawn(run: Run) -> str:
    ink = run.ink
    looks = ["0", *(code for code, on in (("1", ink.bold), ("3", ink.italic), ("4", ink.underline)) if on)]
    colors = (f"{place};2;{_decimals(color)}" for place, color in ((38, ink.fore), (48, ink.back)))
    return f"\x1b[{run.row + 1};{run.column + 1}H\x1b[{';'.join((*looks, *colors))}m{run.text}"


def _decimals(color: str) -> str:
    return ";".join(str(part) for part in bytes.fromhex(color.removeprefix("#")))
