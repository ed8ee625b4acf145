"""What people read is said in their language; what machines read is the same in any."""

from __future__ import annotations

import re
from io import StringIO
from itertools import pairwise

import pytest

from goneaway_tui.export import FORMATS
from goneaway_tui.export.table import COLUMNS
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.width import cell_width
from tests.builders import a_session, a_snapshot, a_transaction
from tests.tongues import Bracketed, Wide, spoken, unsaid

PROSE = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")
MARKUP = re.compile(r"<style>.*?</style>|<meta [^>]*>|<[^>]*>", re.DOTALL)
FOR_PEOPLE = ["markdown", "html", "svg", "text"]


def a_scene() -> Snapshot:
    """Every word of ours occurs; those of strangers are one word each."""
    return a_snapshot(
        (
            a_session(id=1, idle_for=3_590, own_limit=3600, transaction=a_transaction()),
            a_session(id=2, idle_for=3_599, own_limit=3600, transaction=a_transaction(rows_modified=0)),
            a_session(id=3, idle_for=28_000, own_limit=None, transaction=a_transaction(rows_modified=1)),
            a_session(id=4, idle_for=30_000, own_limit=None),
            a_session(id=5, command="Query", statement="COMMIT"),
            a_session(id=6, own=True),
        ),
        counters={"aborted_clients": 12},
        limitations=(Limitation("rows", "PROCESS", "GRANT"), Limitation("each session's own limit", "why")),
    )


def written(name: str) -> str:
    out = StringIO()
    FORMATS[name].write(a_scene(), out)
    return out.getvalue()


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_no_prose_is_left_untranslated(name: str) -> None:
    with spoken(Bracketed()):
        text = written(name)

    assert "⟦" in text
    assert [] == PROSE.findall(unsaid(MARKUP.sub(" ", text).replace("\n", "\n|")))


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - set(FOR_PEOPLE)))
def test_what_machines_read_is_the_same_in_any_language(name: str) -> None:
    with spoken(Bracketed()):
        there = written(name)

    assert written(name) == there


def test_a_page_and_a_picture_name_their_language() -> None:
    with spoken(Bracketed()):
        assert all('lang="⟦en⟧"' in written(name) for name in ("html", "svg"))

    assert all('lang="en"' in written(name) for name in ("html", "svg"))


def test_columns_stay_columns_where_letters_are_wide() -> None:
    with spoken(Wide()):
        lines = written("text").splitlines()

    assert [] == [line for line in lines if cell_width(line) > 120]
    table = lines[lines.index("─" * 120) + 1 :]
    rows = table[1 : table.index("─" * 120)]
    assert {cell_width(table[0].partition("Ｌａ")[0])} == {
        cell_width(row.partition("SELECT")[0]) for row in rows if "SELECT" in row
    }


def test_limitations_are_complete_in_languages_without_spaces() -> None:
    """Chinese has no blanks to break a line at."""
    what = "商" * 100
    unseen = a_snapshot(limitations=(Limitation(what, "why"),))
    out = StringIO()

    FORMATS["text"].write(unseen, out)

    assert what in out.getvalue().replace("\n  ", "")
    assert max(map(cell_width, out.getvalue().splitlines())) <= 120


def test_words_of_a_picture_do_not_lie_on_each_other_where_letters_are_wide() -> None:
    with spoken(Wide()):
        drawn = re.findall(r'x="([\d.]+)" y="(\d+)"(?: text-anchor="(end)")?>([^<]*)<', written("svg"))

    rows: dict[str, list[tuple[float, float]]] = {}
    for x, y, end, words in drawn:
        width = cell_width(words) * 8.0
        left = float(x) - width * bool(end)
        rows.setdefault(y, []).append((left, left + width))
    assert len(COLUMNS) in {len(spans) for spans in rows.values()}
    for spans in rows.values():
        ordered = sorted(spans)
        assert all(one[1] <= other[0] for one, other in pairwise(ordered))
