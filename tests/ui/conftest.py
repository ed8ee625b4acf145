"""What every test of a screen gets."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App

from tests.waiting import FAR


@pytest.fixture(autouse=True)
def lasting_toasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A toast stays until the test ends: on a slow machine it would be gone before the test looks."""
    real = App.notify

    def notify(self: App[Any], message: str, **more: Any) -> None:
        real(self, message, **{**more, "timeout": FAR})

    monkeypatch.setattr(App, "notify", notify)
