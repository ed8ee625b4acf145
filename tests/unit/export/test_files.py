from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TextIO

import pytest

from goneaway_tui import system
from goneaway_tui.errors import ExitCode, FileError
from goneaway_tui.export import save
from goneaway_tui.export.files import publish, write_file
from tests.builders import a_snapshot
from tests.unit.export.written import written


def writes_new(out: TextIO) -> None:
    out.write("new")


def test_what_is_saved_is_what_the_format_writes(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"

    assert path == save(a_snapshot(), "json", path)
    assert written(a_snapshot(), "json").encode() == path.read_bytes()


def test_a_saved_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = save(a_snapshot(), "csv", tmp_path / "snapshot.csv")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_saving_leaves_no_other_file_behind(tmp_path: Path) -> None:
    path = save(a_snapshot(), "text", str(tmp_path / "snapshot.txt"))

    assert [path] == list(tmp_path.iterdir())


def test_an_existing_file_is_never_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("old")

    with pytest.raises(FileError, match="a file with this name exists"):
        save(a_snapshot(), "json", path)

    assert path.read_text() == "old"
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("owner", ["me", "another"])
def test_a_file_is_replaced_through_our_own_link_and_not_through_that_of_another_user(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder like /tmp, another user may have put a link to a file of ours where the output is to be."""
    precious, link = tmp_path / "precious", tmp_path / "out.json"
    precious.write_text("old")
    link.symlink_to(precious)
    if owner == "another":
        monkeypatch.setattr(system, "ROOT", -1)
        monkeypatch.setattr(os, "geteuid", lambda: 4711)

        with pytest.raises(FileError, match="the file is a link made by another user"):
            write_file(link, writes_new, overwrite=True)
    else:
        write_file(link, writes_new, overwrite=True)

    assert ("old" if owner == "another" else "new") == precious.read_text()


def test_a_file_that_appears_while_ours_is_written_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "precious"

    def is_overtaken(out: TextIO) -> None:
        out.write("new")
        path.write_text("old")

    with pytest.raises(FileError, match="a file with this name exists"):
        write_file(path, is_overtaken)

    assert path.read_text() == "old"
    assert [path] == list(tmp_path.iterdir())


def test_a_link_that_leads_nowhere_counts_as_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to(tmp_path / "nowhere")

    with pytest.raises(FileError, match="a file with this name exists"):
        write_file(path, writes_new)

    assert path.is_symlink()


def test_an_existing_file_is_replaced_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")

    assert path == write_file(path, writes_new, overwrite=True)
    assert path.read_text() == "new"
    assert [path] == list(tmp_path.iterdir())


def test_a_link_stays_a_link_when_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_file(link, writes_new, overwrite=True)

    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_pipe_or_device_is_neither_written_nor_replaced(tmp_path: Path, *, overwrite: bool) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(FileError, match="not a regular file"):
        write_file(tmp_path / "pipe", writes_new, overwrite=overwrite)

    assert (tmp_path / "pipe").is_fifo()


def refuses_links(_target: Path, _draft: Path) -> None:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


def test_a_file_is_published_where_there_are_no_hard_links(tmp_path: Path) -> None:
    draft, target = tmp_path / "draft", tmp_path / "target"
    draft.write_text("new")
    publish(draft, target, refuses_links)

    assert target.read_text() == "new"


def test_without_hard_links_too_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    draft, target = tmp_path / "draft", tmp_path / "target"
    draft.write_text("new")
    target.write_text("old")

    with pytest.raises(FileExistsError):
        publish(draft, target, refuses_links)

    assert target.read_text() == "old"


def test_name_claimed_without_hard_links_is_released_when_the_draft_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(tmp_path / "draft", tmp_path / "target", refuses_links)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, "the disk is full; free some space, or choose a path on another disk"),
        (errno.EDQUOT, "your disk quota is used up; free some space, or choose a path on another disk"),
        (errno.EACCES, "permission denied; choose a path that you may write to"),
        (errno.EROFS, "the file system is read-only; choose another path"),
        (errno.EIO, "input/output error; choose another path"),
    ],
)
def test_operating_system_error_is_reported_in_one_line(
    tmp_path: Path, code: int, expected: str, *, overwrite: bool
) -> None:
    path = tmp_path / "out"

    def fails(out: TextIO) -> None:
        out.write("half")
        raise OSError(code, "Input/output error")

    with pytest.raises(FileError) as caught:
        write_file(path, fails, overwrite=overwrite)

    assert f"cannot write {path}: {expected}" == caught.value.line
    assert ExitCode.FILE is caught.value.exit_code
    assert list(tmp_path.iterdir()) == []


def test_half_a_file_never_replaces_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")

    def breaks(out: TextIO) -> None:
        out.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(path, breaks, overwrite=True)

    assert path.read_text() == "old"
    assert [path] == list(tmp_path.iterdir())


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "out"

    with pytest.raises(FileError) as caught:
        write_file(path, writes_new)

    assert (
        f"cannot write {path}: the directory {path.parent} does not exist; create the directory first, or choose another"
        == caught.value.line
    )


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the path is a directory"):
        write_file(tmp_path, writes_new, overwrite=True)


def test_a_file_is_not_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    with pytest.raises(FileError, match="part of the path is a file"):
        write_file(tmp_path / "file" / "out", writes_new)


def test_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the name is too long"):
        write_file(tmp_path / ("x" * 300), writes_new)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_impossible_name_is_reported_and_shown_escaped(tmp_path: Path, name: str, *, overwrite: bool) -> None:
    with pytest.raises(FileError, match="the file name is not valid") as caught:
        write_file(tmp_path / name, writes_new, overwrite=overwrite)

    assert caught.value.line.isprintable()
    assert list(tmp_path.iterdir()) == []


def test_internal_error_while_writing_is_not_reported_as_a_user_error(tmp_path: Path) -> None:
    def is_wrong(out: TextIO) -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        write_file(tmp_path / "out", is_wrong)
