"""What the guardian guards is gone afterwards, processes and all."""

from __future__ import annotations

import os
from pathlib import Path

from goneaway_tui.source.demo.server import ProcessSupervisor
from tests.waiting import PATIENCE, comes_true

IGNORES_EVERY_POLITE_SIGNAL = ["/bin/sh", "-c", "trap '' TERM INT HUP; echo ready; sleep 1000 & wait; wait"]


def is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_directory_is_private_and_gone_after_closing_twice() -> None:
    guardian = ProcessSupervisor()
    assert guardian.directory.stat().st_mode & 0o777 == 0o700
    (guardian.directory / "inside").mkdir()
    guardian.close()
    guardian.close()
    assert not guardian.directory.exists()


def test_a_stubborn_process_and_its_children_end_with_the_guardian() -> None:
    guardian = ProcessSupervisor()
    process = guardian.start(IGNORES_EVERY_POLITE_SIGNAL, guardian.directory / "log")
    assert is_there(process.pid)
    guardian.close()
    comes_true(lambda: not is_there(process.pid))  # until the system has buried what was killed


def test_a_command_reads_what_it_is_given_and_writes_to_its_log() -> None:
    guardian = ProcessSupervisor()
    given, log = guardian.directory / "given", guardian.directory / "log"
    given.write_text("select 1;\n")
    try:
        assert guardian.start(["/bin/sh", "-c", "cat; echo oops >&2; exit 3"], log, given).wait(PATIENCE) == 3
        assert log.read_text() == "select 1;\noops\n"
    finally:
        guardian.close()


def test_missing_command_fails_with_a_line_in_the_log() -> None:
    guardian = ProcessSupervisor()
    log = guardian.directory / "log"
    try:
        assert guardian.start(["/nowhere/mysqld"], log).wait(PATIENCE) != 0
        assert "/nowhere/mysqld" in log.read_text()
    finally:
        guardian.close()


def test_a_directory_that_was_already_removed_is_no_trouble() -> None:
    guardian = ProcessSupervisor()
    Path(guardian.directory).rmdir()
    guardian.close()
