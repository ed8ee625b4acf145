"""Waits for locks put together from what servers list; the rows are those of MySQL 9.7, MariaDB 10.5, 10.11 and 11.8."""

from __future__ import annotations

import pytest

from goneaway_tui.model.blocking import Lock, LockKind
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.source.lock_waits import (
    InnodbLock,
    LockHolder,
    MetadataLock,
    WaitingTransaction,
    metadata_conflict,
    metadata_waits,
    oldest_of_each_record,
    row_waits,
    row_waits_by_holder,
)

A, B, C, D = map(ProcesslistId, (5, 6, 7, 8))


def test_a_chain_of_row_locks_as_mariadb_lists_it() -> None:
    waiting = [WaitingTransaction(C, "29:5:3:3", 10.0), WaitingTransaction(B, "28:5:3:2", 9.0)]
    locks = [
        InnodbLock("29:5:3:3", C, "X", "d.t", "PRIMARY"),
        InnodbLock("28:5:3:3", B, "X", "d.t", "PRIMARY"),
        InnodbLock("28:5:3:2", B, "X", "d.t", "PRIMARY"),
        InnodbLock("27:5:3:2", A, "X", "d.t", "PRIMARY"),
    ]
    found = {wait.waiter: wait for wait in row_waits(waiting, locks)}

    assert (B,) == found[C].holders
    assert (A,) == found[B].holders
    assert Lock(LockKind.ROW, "d.t", "PRIMARY", "X") == found[B].lock
    assert 9.0 == found[B].since


def test_those_that_wait_for_the_same_row_wait_for_its_holder_and_not_for_each_other() -> None:
    waiting = [WaitingTransaction(each, f"{each}:5:3:2", 0.0) for each in (B, C, D)]
    locks = [InnodbLock(f"{each}:5:3:2", each, "X", "d.t", "PRIMARY") for each in (A, B, C, D)]

    assert {(A,)} == {wait.holders for wait in row_waits(waiting, locks)}


def test_shared_locks_do_not_wait_for_shared_ones() -> None:
    waiting = [WaitingTransaction(C, "29:5:3:2", None)]
    locks = [
        InnodbLock("29:5:3:2", C, "S", "d.t", "PRIMARY"),
        InnodbLock("28:5:3:2", B, "S", "d.t", "PRIMARY"),
        InnodbLock("27:5:3:2", A, "X", "d.t", "PRIMARY"),
    ]

    assert (A,) == row_waits(waiting, locks)[0].holders


def test_one_wait_is_asked_about_for_each_record_of_mysql() -> None:
    waiting = [
        WaitingTransaction(D, "903:18:2:4:2:77", 30.0),
        WaitingTransaction(C, "902:24:2:4:2:66", 20.0),
        WaitingTransaction(B, "901:18:2:4:9:55", 10.0),
    ]

    assert [B, C] == [each.session for each in oldest_of_each_record(waiting, 9)]
    assert [B] == [each.session for each in oldest_of_each_record(waiting, 1)]


def test_all_that_wait_for_a_record_get_the_holder_of_the_oldest() -> None:
    waiting = [WaitingTransaction(C, "902:24:2:4:2:66", 20.0), WaitingTransaction(B, "901:18:2:4:2:55", 10.0)]
    holders = [LockHolder("901:18:2:4:2:55", "900:64:2:4:2:44", A, "d.t", "PRIMARY", "X,REC_NOT_GAP")]
    found = row_waits_by_holder(waiting, holders)

    assert [(A,), (A,)] == [wait.holders for wait in found]
    assert {"d.t"} == {wait.lock.table for wait in found}


def test_a_wait_of_which_nothing_was_read_has_no_holder() -> None:
    [wait] = row_waits_by_holder([WaitingTransaction(B, "901:2:2:4:2:55", None)], [])

    assert () == wait.holders


def table(session: ProcesslistId, mode: str, *, is_granted: bool = True) -> MetadataLock:
    return MetadataLock(session, "TABLE", "d", "m", mode, is_granted)


def test_an_alter_waits_for_the_reader_and_the_next_reader_for_the_alter() -> None:
    locks = [
        table(A, "SHARED_READ"),
        table(B, "SHARED_UPGRADABLE"),
        table(B, "EXCLUSIVE", is_granted=False),
        table(C, "SHARED_READ", is_granted=False),
    ]
    found = {wait.waiter: wait for wait in metadata_waits(locks, {C: 4.0})}

    assert (A,) == found[B].holders
    assert (B,) == found[C].holders
    assert Lock(LockKind.METADATA, "d.m", None, "SHARED_READ") == found[C].lock
    assert 4.0 == found[C].since


def test_a_request_whose_mode_is_not_told_waits_for_all_that_hold_the_table() -> None:
    [wait] = metadata_waits(
        [
            table(B, "", is_granted=False),
            table(B, "SHARED_UPGRADABLE"),
            table(A, "SHARED_READ"),
            table(C, "SHARED_WRITE"),
        ],
        {},
    )

    assert (A, C) == wait.holders
    assert wait.lock.mode is None


def test_a_lock_of_the_whole_server_has_no_table() -> None:
    locks = [
        MetadataLock(A, "GLOBAL", None, None, "SHARED", True),
        MetadataLock(B, "GLOBAL", None, None, "INTENTION_EXCLUSIVE", False),
    ]
    [wait] = metadata_waits(locks, {})

    assert (A,) == wait.holders
    assert wait.lock.table is None


@pytest.mark.parametrize(
    ("wanted", "held", "waits"),
    [
        ("SHARED_READ", "SHARED_WRITE", False),
        ("SHARED_READ", "SHARED_NO_READ_WRITE", True),
        ("SHARED_WRITE", "SHARED_READ_ONLY", True),
        ("EXCLUSIVE", "SHARED", True),
        ("SHARED", "EXCLUSIVE", True),
        ("BACKUP_DDL", "BACKUP_WAIT_DDL", True),
    ],
)
def test_what_a_request_waits_for(wanted: str, held: str, waits: bool) -> None:  # noqa: FBT001
    assert waits is metadata_conflict(wanted, held)
