"""Who blocks whom, from waits that are handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.model.blocking import NO_WAITS, Lock, LockKind, LockWait, blocking
from goneaway_tui.model.session import ProcesslistId
from tests.builders import a_wait

ROW = Lock(LockKind.ROW, "shop.orders", "PRIMARY", "X")


def wait(waiter: int, *holders: int, since: float | None = 0.0) -> LockWait:
    return LockWait(ProcesslistId(waiter), tuple(map(ProcesslistId, holders)), ROW, since)


def test_without_waits_no_session_blocks() -> None:
    assert blocking(()) is NO_WAITS
    assert () == NO_WAITS.roots


def test_a_chain_is_counted_through_all_its_levels() -> None:
    found = blocking([wait(2, 1), wait(3, 2), wait(4, 3)])

    assert {1: 3, 2: 2, 3: 1} == found.blocks
    assert (1,) == found.roots
    assert [(1, 2), (2, 3), (3, 4)] == list(found.below(ProcesslistId(1)))


def test_the_longest_wait_comes_first() -> None:
    found = blocking([wait(2, 1, since=20), wait(3, 1, since=10), wait(4, 1, since=None)])

    assert (3, 2, 4) == found.waiters[ProcesslistId(1)]


def test_the_session_that_blocks_most_is_the_first_root() -> None:
    found = blocking([wait(2, 1), wait(4, 3), wait(5, 3)])

    assert (3, 1) == found.roots


def test_a_circle_has_one_root_and_each_of_it_once() -> None:
    found = blocking([wait(1, 2), wait(2, 1), wait(3, 1)])

    assert 1 == len(found.roots)
    assert {1: 2, 2: 2} == found.blocks
    assert {session for _, session in found.below(found.roots[0])} == {1, 2, 3} - {found.roots[0]}


def test_ending_the_root_frees_the_whole_chain() -> None:
    found = blocking([wait(2, 1), wait(3, 2), wait(5, 4)])

    assert {2, 3} == found.freed_by([ProcesslistId(1)])


def test_a_session_that_waits_for_two_is_freed_by_both_alone() -> None:
    found = blocking([wait(3, 1, 2)])

    assert frozenset() == found.freed_by([ProcesslistId(1)])
    assert {3} == found.freed_by([ProcesslistId(1), ProcesslistId(2)])


def test_a_wait_whose_holder_is_not_known_is_freed_by_none() -> None:
    found = blocking([wait(2), wait(3, 1)])

    assert {3} == found.freed_by([ProcesslistId(1)])
    assert 2 in found.waits


waits = st.lists(
    st.builds(
        lambda waiter, holders: wait(waiter, *holders),
        st.integers(1, 12),
        st.lists(st.integers(1, 12), max_size=3),
    ),
    max_size=12,
)


@given(waits)
def test_every_waiter_with_a_holder_is_below_some_root(found: list[LockWait]) -> None:
    result = blocking(found)
    below = {session for root in result.roots for _, session in result.below(root)} | set(result.roots)

    for each in result.waits.values():
        if any(holder != each.waiter for holder in each.holders):
            assert each.waiter in below


@given(waits)
def test_no_session_blocks_itself_or_more_than_all_others(found: list[LockWait]) -> None:
    result = blocking(found)

    for holder, number in result.blocks.items():
        assert 1 <= number < 12
        assert holder not in {session for _, session in result.below(holder)}


# --- Who goes on at once


def in_queue(waiter: int, *holders: int, queue: str = "row", mode: str = "X", since: float = 0.0) -> LockWait:
    lock = Lock(LockKind.ROW, "shop.orders", "PRIMARY", mode)
    return LockWait(ProcesslistId(waiter), tuple(map(ProcesslistId, holders)), lock, since, queue)


def at_once(*waits: LockWait, ended: int = 1) -> int:
    return blocking(waits).freed_at_once([ProcesslistId(ended)])


def test_of_those_that_want_one_row_one_goes_on_at_once() -> None:
    assert 1 == at_once(in_queue(2, 1), in_queue(3, 1), in_queue(4, 1))


def test_one_of_each_queue_goes_on_at_once() -> None:
    assert 2 == at_once(in_queue(2, 1), in_queue(3, 1), in_queue(4, 1, queue="other row"))


def test_shared_locks_are_granted_together_up_to_the_first_that_is_not() -> None:
    waits = [in_queue(2, 1, mode="S", since=1), in_queue(3, 1, mode="S,REC_NOT_GAP", since=2)]

    assert 2 == at_once(*waits)
    assert 2 == at_once(*waits, in_queue(4, 1, since=3), in_queue(5, 1, mode="S", since=4))
    assert 1 == at_once(*waits, in_queue(4, 1, since=0.5))


def test_who_stands_behind_a_waiter_does_not_go_on_at_once() -> None:
    assert 1 == at_once(in_queue(2, 1), in_queue(3, 2, queue="other row"))


def test_who_waits_for_another_session_too_does_not_go_on_at_once() -> None:
    assert 0 == at_once(in_queue(2, 1, 9))


def test_readers_get_a_metadata_lock_together_and_an_alter_table_alone() -> None:
    read, alter = (
        Lock(LockKind.METADATA, "shop.orders", None, mode) for mode in ("SHARED_READ", "EXCLUSIVE")
    )

    assert read.is_shared
    assert not alter.is_shared
    assert not Lock(LockKind.METADATA, mode="SHARED_NO_WRITE").is_shared


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=20))
def test_no_more_go_on_at_once_than_are_freed(pairs: list[tuple[int, int]]) -> None:
    found = blocking(wait(waiter, holder) for waiter, holder in pairs if waiter != holder)
    for root in found.roots:
        freed = found.freed_by([root])
        assert found.freed_at_once([root]) <= len(freed)
        assert bool(freed) == bool(found.freed_at_once([root]))


def everybody_below(links: Mapping[ProcesslistId, Sequence[ProcesslistId]], holder: ProcesslistId) -> int:
    """How many sessions wait for it, counted by following every link anew."""
    found, ahead = {holder}, [holder]
    while ahead:
        new = set(links.get(ahead.pop(), ())) - found
        found |= new
        ahead += new
    return len(found) - 1


@given(
    st.dictionaries(
        st.integers(0, 9), st.lists(st.integers(0, 11), max_size=3).map(tuple), max_size=10
    )
)  # fmt: skip
def test_whatever_waits_for_whatever_is_counted_once(waits: dict[int, tuple[int, ...]]) -> None:
    found = blocking([a_wait(waiter, *holders) for waiter, holders in waits.items()])

    assert {holder: everybody_below(found.waiters, holder) for holder in found.waiters} == found.blocks


@pytest.mark.parametrize(
    ("waits", "most", "freed"),
    [
        ([a_wait(each, *range(1, 801)) for each in range(1, 801)], 799, 0),
        ([a_wait(each, each + 1) for each in range(1, 5000)], 4999, 4999),
        ([a_wait(each, each % 5000 + 1) for each in range(1, 5001)], 4999, 4999),
    ],
    ids=["all for all", "a chain", "a circle"],
)
def test_thousands_of_waits_are_followed_once(waits: list[LockWait], most: int, freed: int) -> None:
    """Followed anew from each holder, the first takes minutes, and a server may list it at every reading."""
    found = blocking(waits)
    holder = found.roots[0]

    assert most == found.blocks[holder]
    assert freed == len(found.freed_by((holder,)))
    assert 1 == len(found.roots)
