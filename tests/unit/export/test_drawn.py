"""HTML and SVG: both are pictures of the same table, both well-formed XML."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from goneaway_tui.export.table import DARK, LIGHT, PAPER
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Risk
from tests.builders import a_server, a_session, a_snapshot
from tests.unit.export.rich import HOSTILE, rich_snapshot
from tests.unit.export.written import written

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"

DRAWN = pytest.mark.parametrize("name", ["html", "svg"])


@DRAWN
def test_a_drawing_is_well_formed(name: str) -> None:
    assert ET.fromstring(written(rich_snapshot(), name)).tag in {f"{HTML}html", f"{SVG}svg"}


@DRAWN
def test_a_drawing_holds_no_script_and_fetches_nothing(name: str) -> None:
    text = written(rich_snapshot(), name)
    elements = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}

    assert set() == elements & {"script", "link", "img", "image", "iframe", "use", "a", "foreignObject"}
    assert re.findall(r"@import|url\(|\bsrc=|\bhref=|\bon\w+=", text.split("<table>")[0]) == []


@DRAWN
def test_a_drawing_survives_a_hostile_server(name: str) -> None:
    server = a_server(host=HOSTILE, version=HOSTILE, port=None)
    limitation = Limitation(HOSTILE, HOSTILE, HOSTILE)

    ET.fromstring(written(a_snapshot(server=server, limitations=(limitation,)), name))


@DRAWN
def test_a_drawing_without_sessions_is_well_formed(name: str) -> None:
    ET.fromstring(written(a_snapshot([]), name))


@DRAWN
def test_a_drawing_has_both_a_light_and_a_dark_look(name: str) -> None:
    text = written(a_snapshot(), name)

    assert text.count("@media (prefers-color-scheme: dark)") == 1
    assert set() == {*LIGHT.values(), *DARK.values()} - set(re.findall("#[0-9a-f]{6}", text))


@pytest.mark.parametrize("risk", Risk)
def test_a_risk_can_be_read_on_light_and_on_dark_paper(risk: Risk) -> None:
    assert contrast(LIGHT[risk], PAPER[0]) >= 4.5
    assert contrast(DARK[risk], PAPER[1]) >= 4.5


def test_every_session_is_a_row_of_the_page_with_its_risk_in_words() -> None:
    page = ET.fromstring(written(rich_snapshot(), "html"))
    rows = page.findall(f".//{HTML}tbody/{HTML}tr")

    assert sorted(v.risk.value for v in rich_snapshot().verdicts) == sorted(str(row[0].text) for row in rows)
    assert {11} == {len(row) for row in rows}


def test_a_risk_on_the_page_has_its_colour() -> None:
    page = ET.fromstring(written(rich_snapshot(), "html"))
    cells = page.findall(f".//{HTML}tbody/{HTML}tr/{HTML}td[1]")

    assert [f"risk {cell.text}" for cell in cells] == [cell.get("class") for cell in cells]


def test_a_long_list_is_cut_and_the_rest_is_counted() -> None:
    picture = ET.fromstring(written(a_snapshot([a_session(id=i) for i in range(1300)]), "svg"))
    texts = [element.text for element in picture.iter(f"{SVG}text")]

    assert "and 1,260 more" in texts
    assert [text for text in texts if text in {"39", "40"}] == ["39"]


def test_everything_in_the_picture_lies_within_it_and_on_lines_of_its_own() -> None:
    picture = ET.fromstring(written(rich_snapshot(), "svg"))
    width, height = int(picture.attrib["width"]), int(picture.attrib["height"])
    texts = list(picture.iter(f"{SVG}text"))
    lines = sorted({int(text.attrib["y"]) for text in texts})

    assert all(20 <= float(text.attrib["x"]) <= width - 20 for text in texts)
    assert 0 < lines[0] < lines[-1] < height - 10
    assert {0} == {(below - above) % 20 for above, below in pairwise(lines)}


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines define it; 4.5 is enough for small text."""
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
