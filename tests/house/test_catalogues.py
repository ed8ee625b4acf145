"""Every other language says all that English says, of the same things."""

from __future__ import annotations

import ast
import re

import pytest

from goneaway_tui.i18n import LANGUAGES, catalogue_of
from tests.house.catalogues import (
    _said_in,
    catalogue,
    evaluated_at_import,
    fields,
    read,
    said_by,
    said_in_code,
    translations,
    written,
)
from tests.house.tree import modules

FOLDERS = [folder for folder in LANGUAGES.values() if folder]


def forms(message: str | tuple[str, str]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else message


@pytest.fixture(params=FOLDERS, scope="module")
def folder(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_catalogue_holds_what_is_in_the_code_in_its_order(folder: str) -> None:
    held = [said_by(message) for message in read(catalogue(folder)) if message.id]

    assert list(said_in_code()) == held, "python -m tests.house.catalogues brings it up to date"


def test_everything_is_translated(folder: str) -> None:
    assert [] == [message for message, text in translations(catalogue(folder)).items() if not text]
    assert [] == [message.id for message in read(catalogue(folder)) if message.fuzzy and message.id]


def test_what_is_spoken_is_what_is_written(folder: str) -> None:
    """A catalogue that was changed has to be built anew."""
    written_down = translations(catalogue(folder))
    language = next(name for name, each in LANGUAGES.items() if each == folder)
    spoken = catalogue_of(language)

    assert [] == [
        message
        for message, text in written_down.items()
        if text != (spoken.gettext(message) if isinstance(message, str) else spoken.ngettext(*message, 2))
    ], "python tui/catalogues.py builds it"


def test_translation_covers_the_same_facts(folder: str) -> None:
    """A field that is missing, or called otherwise, would be lost or a fault where it is said."""
    differing = [
        (message, text)
        for message, text in translations(catalogue(folder)).items()
        if fields(text) not in [fields(form) for form in forms(message)]
    ]

    assert [] == differing


def test_chinese_is_chinese() -> None:
    """But for what is no prose: names, and signs."""
    prose = re.compile(r"[a-z]{2,} [a-z]{2,}")
    left = [
        message
        for message, text in translations(catalogue("zh_CN")).items()
        if not re.search(r"[\u4e00-\u9fff]", text) and prose.search(re.sub(r"\{[^}]*\}", "", text))
    ]

    assert [] == left


def test_no_text_is_translated_before_the_language_is_known() -> None:
    early = {
        path: sorted(lines) for path, tree in modules().items() if (lines := list(evaluated_at_import(tree)))
    }

    assert {} == early


def test_translation_at_import_time_is_found() -> None:
    told = "A = _('x')\nclass B:\n    c = [_('y')]\n    def d(self, e=_('z')):\n        return _('w')\nf = lambda: _('v')\n"

    assert [1, 3, 4] == sorted(evaluated_at_import(ast.parse(told)))


def test_nested_translated_text_is_found() -> None:
    told = "LabelledEntry('why', Content(_('{left} left of {limit}', left=ngettext('{number} s', '{number} ss', n))))\nColumn('', '')"

    assert ["why", "{left} left of {limit}", ("{number} s", "{number} ss")] == _said_in(ast.parse(told))


def test_what_is_translated_outlives_a_new_sentence() -> None:
    first = next(message for message in said_in_code() if isinstance(message, str))

    made = {said_by(message): message.string for message in written(FOLDERS[0], {first: "译"})}

    assert "译" == made[first]
    assert {"译", "", ("",), ()} >= {text for message, text in made.items() if message}
