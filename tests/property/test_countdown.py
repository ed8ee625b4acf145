"""No countdown is ever negative, wherever it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from goneaway_tui.export.summary import next_closing
from goneaway_tui.export.table import closes_in
from goneaway_tui.judge.filters import group_by
from goneaway_tui.judge.forecast import closing_forecast
from goneaway_tui.model.snapshot import Risk, Verdict
from goneaway_tui.text.format import countdown
from goneaway_tui.ui import wording
from goneaway_tui.ui.columns import GROUP_COLUMNS, SESSION_COLUMNS
from goneaway_tui.ui.screens.session import session_facts
from goneaway_tui.ui.screens.wall import WallView, wall_lines
from goneaway_tui.ui.server_status import ServerStatus
from goneaway_tui.ui.tooltips import CELLS
from goneaway_tui.ui.widgets.summary import bar_tooltip, histogram_parts, next_closing_texts
from tests.builders import NOW, a_session, a_snapshot_of_verdicts, a_verdict

NEGATIVE = re.compile(r"(?<![\dT])-\s*\d")
"""A minus sign before a figure; the ones inside a date follow a digit."""

lefts = st.floats() | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 0.4, -0.4, -1.0, -59.9, -86_400.0])
near = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -1e-7, 1e-7, -0.75, -1.0])
risks = st.sampled_from(Risk)


def shown(verdict: Verdict, now: float) -> Iterator[str]:
    """What the screen and the exports say of when this session closes."""
    crowd = a_snapshot_of_verdicts([verdict])
    forecast = closing_forecast(crowd, now)
    (group,) = group_by("user", [verdict])
    yield wording.closes_in(verdict, now)
    yield wording.closes_at(verdict, now)
    yield closes_in(verdict, now)
    yield next_closing(crowd)
    yield from ("".join(text for text, _look in parts) for parts in next_closing_texts(forecast, now))
    yield "".join(text for text, _look in histogram_parts(forecast, crowd.policy))
    yield from (bar_tooltip(forecast, x) for x in range(80))
    yield from (words for _label, words in session_facts(verdict, now, crowd, has_ended=False))
    for room in (6, 10, 16):
        yield from (column.cell(verdict, now, room) for column in SESSION_COLUMNS)
        yield from (column.cell(group, now, room) for column in GROUP_COLUMNS)
    yield from (CELLS["sessions", column](verdict, now) for column in ("left", "bar"))
    for several in (False, True):
        servers = (ServerStatus("db1", crowd), ServerStatus("db2", crowd))[: 1 + several]
        yield Content("\n").join(wall_lines(WallView("db1", servers, now=now), 120, 36)).plain


@given(lefts, st.booleans())
def test_no_countdown_carries_a_minus_sign(seconds_left: float, is_overdue: bool) -> None:  # noqa: FBT001
    assert "-" not in countdown(seconds_left, is_overdue=is_overdue)


@given(near, risks)
def test_no_place_shows_a_negative_countdown(seconds_left: float, risk: Risk) -> None:
    verdict = a_verdict(a_session(id=7, own_limit=60, host="web"), risk=risk, deadline=NOW + seconds_left)
    for words in shown(verdict, NOW):
        assert not NEGATIVE.search(words), words


@given(near.filter(lambda left: left <= 0))
def test_a_closing_that_has_come_is_now_until_a_reading_finds_it_overdue(seconds_left: float) -> None:
    assert (countdown(seconds_left), countdown(seconds_left, is_overdue=True)) == ("now", "overdue")
