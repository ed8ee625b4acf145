"""The pictures in screenshots/ are what the screen looks like."""

from __future__ import annotations

import pytest

from tests.snapshot.shots import SCREENSHOTS, SHOTS, Shot, picture


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_the_screen_looks_as_its_picture(shot: Shot) -> None:
    drawn = await picture(shot)

    assert (SCREENSHOTS / f"{shot.name}.svg").read_text(encoding="utf-8") == drawn, (
        "look at the change, then: python -m tests.snapshot.shots"
    )


def test_every_picture_has_its_test() -> None:
    assert {*(shot.name for shot in SHOTS), "story"} == {path.stem for path in SCREENSHOTS.glob("*.svg")}
