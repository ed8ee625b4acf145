"""The settings know the themes there are, without loading what has them."""

from __future__ import annotations

import pytest
from textual.theme import BUILTIN_THEMES

from goneaway_tui.settings.options import THEMES
from tests.unit.settings.asking import complaint


def test_settings_list_every_theme_and_no_other() -> None:
    assert sorted(BUILTIN_THEMES) == list(THEMES)


@pytest.mark.parametrize(("line", "config"), [("--theme solar", None), ("", 'theme = "solar"')])
def test_unknown_theme_is_reported_with_the_available_themes(line: str, config: str | None) -> None:
    told = complaint(line, config=config)

    assert "solar" in told
    assert all(name in told for name in THEMES)
