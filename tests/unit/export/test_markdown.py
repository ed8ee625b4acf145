from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from goneaway_tui.export.markdown import code, escaped
from goneaway_tui.model.server import Limitation
from tests.builders import a_session, a_snapshot
from tests.unit.export.rich import rich_snapshot
from tests.unit.export.written import written

GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
assert GITHUB.linkify is not None
GITHUB.linkify.set({"fuzzy_link": False})  # GitHub takes no bare host name for a link


def rendered(text: str) -> str:
    return str(GITHUB.render(text))


def test_heading_shows_server_and_time() -> None:
    assert (
        written(a_snapshot(), "markdown").splitlines()[0] == "# goneaway: db-01:3306 at 2026-11-23T18:40:02Z"
    )


def test_session_with_the_first_deadline_is_written_first() -> None:
    sessions = [a_session(id=1, idle_for=5), a_session(id=2, idle_for=500), a_session(id=3, command="Query")]
    ids = [line.split("|")[2].strip() for line in written(a_snapshot(sessions), "markdown").splitlines()[-3:]]

    assert ids == ["2", "1", "3"]


def test_the_table_has_a_row_of_all_columns_for_each_session() -> None:
    page = rendered(written(rich_snapshot(), "markdown"))
    sessions = len(rich_snapshot().verdicts)

    assert sessions + 1 == page.count("<tr>")
    assert 11 * sessions == page.count("<td")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "a \\| b",
        "\\",
        "`code` ``",
        "**bold** _it_ ~~gone~~ $x$",
        "![x](http://evil/x.png) [y](z)",
        "http://evil.example www.evil.example me@evil.example",
        "&lt;b&gt; &amp; &#124;",
        "<http://evil.example>",
    ],
)
def test_hostile_text_reads_as_itself_and_as_nothing_else(text: str) -> None:
    page = rendered(f"| x |\n| --- |\n| {escaped(text)} |\n")
    shown = page.partition("<td>")[2].partition("</td>")[0]

    assert text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") == shown


def test_a_grant_can_be_copied_as_it_is() -> None:
    limitation = Limitation("statements", "no PROCESS", "GRANT PROCESS ON *.* TO `shop`@`%`")
    page = rendered(written(a_snapshot(limitations=(limitation,)), "markdown"))

    assert "<code>GRANT PROCESS ON *.* TO `shop`@`%`</code>" in page


def test_a_fence_is_longer_than_any_backticks_within() -> None:
    assert rendered(code("a```b")) == "<p><code>a```b</code></p>\n"


def test_snapshot_without_sessions_is_reported_as_empty() -> None:
    assert "- risk: no sessions" in written(a_snapshot([]), "markdown").splitlines()
