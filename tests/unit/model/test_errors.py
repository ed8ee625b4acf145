"""What is told in one line, and what the shell is told."""

from __future__ import annotations

import pytest

from goneaway_tui.errors import (
    AccessDenied,
    FileError,
    GoneawayError,
    SettingsError,
    SourceError,
    TooSlow,
    Unreachable,
    Unsupported,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (SettingsError, 2),
        (SourceError, 3),
        (Unreachable, 3),
        (AccessDenied, 3),
        (TooSlow, 3),
        (Unsupported, 3),
        (FileError, 4),
    ],
)
def test_each_kind_ends_with_the_contracts_status(kind: type[GoneawayError], status: int) -> None:
    assert status == kind.exit_code


def test_a_line_says_what_and_then_what_to_do() -> None:
    assert (
        "cannot reach db:3306; is it running?" == Unreachable("cannot reach db:3306", "is it running?").line
    )
    assert "cannot reach db:3306" == Unreachable("cannot reach db:3306").line
