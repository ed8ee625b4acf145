"""Laws are about what is true, not about how fast this machine is just now."""

from __future__ import annotations

import gc
import sys
from typing import Any

from hypothesis import HealthCheck, settings

from goneaway_tui.cli.screen import freeze_startup_objects

settings.register_profile(
    "laws", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("laws")


def pytest_collection() -> None:
    """What is collected stays to the end, so nobody need search it for garbage meanwhile."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor afterwards; tests search for garbage as seldom as the program does."""
    if "textual.css.stylesheet" in sys.modules:
        parse_style_sheets_once()
    freeze_startup_objects()
    gc.enable()


def parse_style_sheets_once() -> None:
    """Let all apps of a process share what is parsed of one text: the program has one app, the tests start hundreds."""
    from textual.css.model import RuleSet
    from textual.css.stylesheet import Stylesheet

    parsed: dict[Any, list[RuleSet]] = {}
    parse_rules = Stylesheet._parse_rules

    def parse_once(sheet: Stylesheet, *text: Any, **options: Any) -> list[RuleSet]:
        key = (text, tuple(options.items()), tuple(sheet._variables.items()))
        if key not in parsed:
            parsed[key] = parse_rules(sheet, *text, **options)
        return parsed[key]

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign, assignment]
