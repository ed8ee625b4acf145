"""The rows in sight, kept up from snapshot to snapshot, are those that would be found by looking at all of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge import track
from goneaway_tui.judge.filters import parse_filter
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.ui.columns import SESSION_COLUMNS, SORT_KEYS, sorted_rows
from goneaway_tui.ui.visible_rows import SortedBlocks, VisibleRows
from tests.builders import a_sample, a_session
from tests.property.streams import streams

FILTERS = (
    "",
    "shop",
    "idle>10m",
    "-risk:calm",
    "left<1h",
    "user:shop idle>1s",
    "oldest:1/user",
    "-oldest:1 idle<9h",
)


def looked_through(snapshot: Snapshot, standing: VisibleRows) -> list[Verdict]:
    kept = standing.filter.select(snapshot.verdicts, snapshot.taken_at)
    kept.sort(key=lambda v: (-v.risk.rank, v.session.id))
    return sorted_rows(kept, SESSION_COLUMNS, standing.column, reverse=standing.reverse)


@given(
    streams(),
    st.lists(st.sampled_from([column.id for column in SESSION_COLUMNS]), min_size=9, max_size=9),
    st.data(),
)
def test_what_is_kept_up_is_what_would_be_found(
    stream: list[Sample], columns: list[str], data: st.DataObject
) -> None:
    standing, snapshot = VisibleRows("left"), None
    for sample, column in zip(stream, columns, strict=False):
        if data.draw(st.booleans()):
            standing.sort_by(column)
        if data.draw(st.booleans()):
            standing.filter = parse_filter(data.draw(st.sampled_from(FILTERS)))
        snapshot = track(sample, snapshot).snapshot

        assert looked_through(snapshot, standing) == list(standing.follow(snapshot))


def test_rows_that_did_not_change_are_the_same_list() -> None:
    standing = VisibleRows("left")
    crowd = [a_session(id=number, idle_for=20) for number in (11, 12)]
    first = track(a_sample(crowd)).snapshot
    rows = standing.follow(first)

    assert rows is standing.follow(track(a_sample(crowd), first).snapshot)


@given(st.lists(streams(), min_size=2, max_size=3), st.data())
def test_the_rows_of_several_servers_are_those_of_each_merged(
    playing: list[list[Sample]], data: st.DataObject
) -> None:
    names = ["db1", "db2", "db3"][: len(playing)]
    standing, seen = VisibleRows("left"), dict.fromkeys(names, None) | dict[str, Snapshot | None]()
    for turn in range(6):
        for name, stream in zip(names, playing, strict=True):
            if turn < len(stream) and data.draw(st.booleans()):
                seen[name] = track(stream[turn], seen[name], server_name=name).snapshot
        if data.draw(st.booleans()):
            standing.sort_by(data.draw(st.sampled_from([*SORT_KEYS])))
        if data.draw(st.booleans()):
            standing.filter = parse_filter(data.draw(st.sampled_from((*FILTERS, "server:db2"))))
        shown = [each for name, each in seen.items() if each is not None and (name != "db1" or turn != 3)]
        rows = list(standing.follow(*shown))
        order = SORT_KEYS[standing.column]

        assert Counter((v.server_name, v.session.id) for v in rows) == Counter(
            (each.server_name, v.session.id)
            for each in shown
            for v in standing.filter.select(each.verdicts, each.taken_at)
        )
        known = [order(v) for v in rows if order(v) is not None]
        assert sorted(known, reverse=standing.reverse) == known
        assert all(order(v) is None for v in rows[len(known) :])


@given(st.data())
def test_an_ordered_list_is_what_sorting_would_make_of_it(data: st.DataObject) -> None:
    ordered: SortedBlocks[tuple[int]] = SortedBlocks()
    held: list[tuple[int]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        numbers = data.draw(st.sets(st.integers(0, 9000), max_size=data.draw(st.sampled_from([3, 60, 1500]))))
        came = [(number,) for number in numbers if (number,) not in held]
        gone = [each for each in held if data.draw(st.booleans())] if len(held) < 60 else held[::9]
        ordered.change(gone, came)
        held = sorted([*(each for each in held if each not in gone), *came])

        assert held == list(ordered) == [ordered[place] for place in range(len(ordered))]
        assert held[::-1] == list(reversed(ordered))
