"""Laws are about what is true, not about how fast this machine is just now."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

from goneaway_tui.cli.screen import freeze_startup_objects

settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


def pytest_collection() -> None:
    """What is collected stays to the end, so nobody need search it for garbage meanwhile."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor afterwards; tests search for garbage as seldom as the program does."""
    freeze_startup_objects()
    gc.enable()
