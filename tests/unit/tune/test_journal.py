"""What was done stays written, and reads back whatever happened to the file."""

from __future__ import annotations

import json
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from goneaway_tui.errors import FileError
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.tune.journal import OUTCOME_NOT_WRITTEN, Journal, JournalEntry, Phase
from tests.builders import NOW

SERVER = "6f9619ff-8b86-11d0"
ATTEMPT = JournalEntry(
    "2026-11-23T18:40:02.500Z",
    Phase.ATTEMPTED,
    "a1",
    "'dba'@'%'",
    SERVER,
    "db-01:3306",
    "SET GLOBAL wait_timeout = 600",
    variable="wait_timeout",
    keep=Persistence.GLOBAL,
    old=28_800,
    requested=600,
)
DONE = replace(ATTEMPT, phase=Phase.DONE, kept=600, outcome="wait_timeout is 600 now")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "goneaway-tui" / "journal.jsonl", lambda: NOW)


def a_change(id_: str, **fields: object) -> tuple[JournalEntry, JournalEntry]:
    return (
        replace(ATTEMPT, id=id_, **fields),  # type: ignore[arg-type]
        replace(DONE, id=id_, **fields),  # type: ignore[arg-type]
    )


def wrote(journal: Journal, *entries: JournalEntry) -> Journal:
    for entry in entries:
        journal.append(entry)
    return journal


def test_what_was_written_reads_back(journal: Journal) -> None:
    full = replace(
        DONE,
        warnings=("Warning 1292: ...",),
        about="shop",
        old_persisted=0.5,
        undoes="a0",
        keep=Persistence.PERSIST,
    )

    assert (ATTEMPT, full) == wrote(journal, ATTEMPT, full).read().entries


def test_an_entry_is_one_line_of_json_for_its_owner_alone(journal: Journal) -> None:
    wrote(journal, ATTEMPT, DONE)
    first, second = journal.path.read_bytes().splitlines()

    assert "attempted" == json.loads(first)["phase"]
    assert 600 == json.loads(second)["kept"]
    assert 0o600 == stat.S_IMODE(journal.path.stat().st_mode)
    assert [0o700] * 2 == [stat.S_IMODE(each.stat().st_mode) for each in list(journal.path.parents)[:2]]


def test_journal_readable_by_other_users_becomes_private(journal: Journal) -> None:
    wrote(journal, ATTEMPT)
    journal.path.chmod(0o644)
    wrote(journal, DONE)

    assert 0o600 == stat.S_IMODE(journal.path.stat().st_mode)


def test_there_is_nothing_where_nothing_was_written(journal: Journal) -> None:
    assert () == journal.read().entries
    assert journal.last_change(SERVER) is None
    assert not journal.path.parent.exists()


def test_the_time_and_the_ids_are_given(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", lambda: NOW, iter("ab").__next__)

    assert ("2026-11-23T18:40:02.500Z", "a", "b") == (journal.now(), journal.new_id(), journal.new_id())
    assert 32 == len(Journal(tmp_path / "j", lambda: NOW).new_id())


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_folder_without_write_permission_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(FileError, match="permission denied"):
        wrote(Journal(tmp_path / "state" / "j", lambda: NOW), ATTEMPT)


@contextmanager
def a_disk_with_room_for(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes; the rest of a line is cut off, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 10])
def test_full_disk_is_reported_and_the_written_lines_stay(room: int, journal: Journal) -> None:
    wrote(journal, ATTEMPT)
    with (
        a_disk_with_room_for(journal.path.stat().st_size + room),
        pytest.raises(FileError, match="cannot write"),
    ):
        wrote(journal, DONE)

    assert (ATTEMPT, DONE) == wrote(journal, DONE).read().entries


def a_directory(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/full")


@pytest.mark.parametrize("make", [a_directory, a_pipe, a_device])
def test_what_is_no_file_is_no_journal(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "j")
    journal = Journal(tmp_path / "j", lambda: NOW)

    with pytest.raises(FileError, match="cannot write the journal"):
        wrote(journal, ATTEMPT)
    with pytest.raises(FileError, match="cannot read the journal"):
        journal.read()


def test_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(FileError, match="not a directory"):
        wrote(Journal(tmp_path / "state" / "j", lambda: NOW), ATTEMPT)


def test_half_a_line_is_left_aside_and_the_next_begins_on_its_own(journal: Journal) -> None:
    wrote(journal, ATTEMPT)
    with journal.path.open("ab") as file:
        file.write(b'{"at": "2026-11-23T18')
    reading = wrote(journal, DONE).read()

    assert ((ATTEMPT, DONE), 1) == (reading.entries, reading.garbage)


def test_whole_line_without_its_end_is_not_used(journal: Journal) -> None:
    """The crash may have come in the middle of a number."""
    wrote(journal, ATTEMPT, DONE)
    journal.path.write_bytes(journal.path.read_bytes()[:-1])

    assert (ATTEMPT,) == journal.read().entries


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b"1" * 10_000,
        b'"text"',
        b"null",
        b"[]",
        b"{}",
        b'{"phase": "done"}',
        b'{"at": 1, "phase": "done"}',
        b"x" * (3 << 20),
    ],
    ids=lambda line: repr(line[:12]),
)
def test_foreign_lines_are_counted_and_ignored(line: bytes, journal: Journal) -> None:
    wrote(journal, ATTEMPT)
    with journal.path.open("ab") as file:
        file.write(line + b"\n")
    reading = wrote(journal, DONE).read()

    assert (ATTEMPT, DONE) == reading.entries
    assert reading.garbage >= 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phase", "dreamt"),
        ("phase", None),
        ("phase", ["done"]),
        ("keep", "forever"),
        ("old", "28800"),
        ("old", True),
        ("kept", float("nan")),
        ("kept", float("inf")),
        ("warnings", "text"),
        ("warnings", [1]),
        ("statement", None),
        ("about", 1),
        ("undoes", 1),
    ],
)
def test_a_field_that_is_not_what_it_should_be_spoils_its_line(
    field: str, value: object, journal: Journal
) -> None:
    line = json.loads(wrote(journal, DONE).path.read_bytes())
    journal.path.write_text(json.dumps({**line, field: value}) + "\n")

    assert ((), 1) == (journal.read().entries, journal.read().garbage)


def test_fields_of_a_later_version_are_left_aside(journal: Journal) -> None:
    line = json.loads(wrote(journal, DONE).path.read_bytes())
    journal.path.write_text(json.dumps({**line, "mood": "good"}) + "\n")

    assert (DONE,) == journal.read().entries


def test_hostile_text_stays_on_its_line(journal: Journal) -> None:
    hostile = replace(DONE, about='\x1b[2J\n{"phase":"done"}\u2028\udcff', account="\r\n\x85", outcome="\0")

    assert (hostile,) == wrote(journal, hostile).read().entries
    assert 1 == journal.path.read_bytes().count(b"\n")
    assert journal.path.read_bytes().rstrip(b"\n").decode("ascii").isprintable()


# --- Acts


def test_an_attempt_and_its_end_are_one_act(journal: Journal) -> None:
    other = replace(ATTEMPT, id="b2")
    first, second = wrote(journal, ATTEMPT, other, DONE).acts()

    assert (ATTEMPT, DONE, DONE) == (first.attempted, first.ended, first.entry)
    assert "wait_timeout is 600 now" == first.outcome
    assert (other, None, OUTCOME_NOT_WRITTEN) == (second.entry, second.ended, second.outcome)
    assert not second.is_done


def test_an_end_whose_beginning_was_lost_is_an_act(journal: Journal) -> None:
    (act,) = wrote(journal, DONE).acts()

    assert (None, DONE) == (act.attempted, act.entry)


# --- The last change


def test_the_newest_change_is_the_last(journal: Journal) -> None:
    wrote(journal, *a_change("a1"), *a_change("b2", variable="interactive_timeout"))
    last = journal.last_change(SERVER)

    assert last is not None
    assert "b2" == last.id


def test_what_is_undone_is_not_the_last_change_and_nor_is_undoing(journal: Journal) -> None:
    wrote(journal, *a_change("a1"), *a_change("b2"), *a_change("c3", undoes="b2"))
    last = journal.last_change(SERVER)

    assert last is not None
    assert "a1" == last.id

    wrote(journal, *a_change("d4", undoes="a1"))

    assert journal.last_change(SERVER) is None


def test_an_undoing_that_did_not_happen_undoes_nothing(journal: Journal) -> None:
    refused = replace(ATTEMPT, id="b2", undoes="a1", phase=Phase.REFUSED)
    wrote(journal, *a_change("a1"), replace(ATTEMPT, id="b2", undoes="a1"), refused)
    last = journal.last_change(SERVER)

    assert last is not None
    assert "a1" == last.id


@pytest.mark.parametrize(
    "entries",
    [
        (ATTEMPT,),
        (ATTEMPT, replace(DONE, phase=Phase.FAILED)),
        (ATTEMPT, replace(DONE, phase=Phase.REFUSED)),
        a_change("b2", server="another"),
        a_change("b2", variable=None, requested=None),
        a_change("b2", requested=None),
    ],
    ids=["unknown", "failed", "refused", "another server", "a kill", "a reset"],
)
def test_entry_without_a_finished_change_cannot_be_undone(
    entries: tuple[JournalEntry, ...], journal: Journal
) -> None:
    assert wrote(journal, *entries).last_change(SERVER) is None
