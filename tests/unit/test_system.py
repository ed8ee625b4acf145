"""No file is added to that another user made, or leads to by a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from goneaway_tui import system
from goneaway_tui.system import LINK_OF_ANOTHER, NOT_YOURS, open_private

ADD = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on what is there belongs to another user."""
    monkeypatch.setattr(system, "ROOT", -1)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    os.close(open_private(tmp_path / "new", ADD))

    assert 0o100600 == (tmp_path / "new").stat().st_mode


def test_our_own_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    descriptor = open_private(tmp_path / "link", ADD)
    os.write(descriptor, b"b")
    os.close(descriptor)

    assert "ab" == (tmp_path / "real").read_text()


@pytest.mark.usefixtures("another")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("")

    with pytest.raises(OSError, match=NOT_YOURS):
        open_private(tmp_path / "theirs", ADD)


@pytest.mark.usefixtures("another")
def test_a_link_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(OSError, match=LINK_OF_ANOTHER):
        open_private(tmp_path / "link", ADD)
    assert not (tmp_path / "real").exists()


@pytest.mark.usefixtures("another")
def test_a_device_belongs_to_whom_it_may() -> None:
    os.close(open_private(os.devnull, os.O_WRONLY))
