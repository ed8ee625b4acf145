"""Settings' files as they really are."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from goneaway_tui.cli.factories import MAX_SETTINGS_BYTES, LocalFiles, create, local_environment
from goneaway_tui.errors import FileError


def test_a_file_is_its_bytes_and_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    (tmp_path / "a").chmod(0o640)
    found = LocalFiles().read(tmp_path / "a")

    assert found is not None
    assert (found.data, stat.S_IMODE(found.mode)) == (b"\xff", 0o640)


@pytest.mark.parametrize("name", ["none", "none/deeper", "a/deeper"])
def test_what_is_not_there_is_none(name: str, tmp_path: Path) -> None:
    (tmp_path / "a").touch()

    assert LocalFiles().read(tmp_path / name) is None


def test_nothing_is_read_beyond_all_reason(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (MAX_SETTINGS_BYTES + 1))

    for path in (tmp_path / "a", Path("/dev/zero")):
        with pytest.raises(FileError, match="larger than 1 MiB"):
            LocalFiles().read(path)


@pytest.mark.parametrize("name", [".", "a\0b", "x" * 300])
def test_what_cannot_be_read_is_one_line(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot read"):
        LocalFiles().read(tmp_path / name)


def test_a_folder_is_its_names(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / os.fsdecode(b"\xff")).touch()

    assert sorted(LocalFiles().names(tmp_path) or ()) == ["a", "\udcff"]
    assert LocalFiles().names(tmp_path / "none") is None
    assert LocalFiles().names(tmp_path / "a") is None


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y" / "config.toml"
    create(path, "ü")

    assert path.read_text(encoding="utf-8") == "ü"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_exists_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("mine")

    for there in (path, tmp_path):
        with pytest.raises(FileError, match="exists, and is not replaced"):
            create(there, "x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileError, match="exists, and is not replaced"):
        create(tmp_path / "link", "x")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["file/config.toml", "a\0b"])
def test_what_cannot_be_written_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileError, match="cannot write"):
        create(tmp_path / name, "x")


def test_the_config_file_is_where_the_system_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert local_environment().config() == tmp_path / "goneaway-tui" / "config.toml"
    assert local_environment().home == tmp_path


def test_a_password_among_the_variables_is_not_inherited_by_programs_we_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MYSQL_PWD", "tiger")
    found = local_environment()
    inherited = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ.get('MYSQL_PWD'))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "tiger" == found.environ["MYSQL_PWD"]
    assert "None\n" == inherited.stdout
