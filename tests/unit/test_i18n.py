"""One language a run, in which fields are filled and plurals chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import (
    N_,
    NC_,
    EnglishCatalogue,
    _,
    catalogue_of,
    english,
    language_of,
    ngettext,
    set_language,
    spoken,
    write_english,
)


class Backwards:
    """A language nobody wrote."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return f"<{message}>"

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return f"<{one if number == 1 else many}>"


@pytest.fixture
def backwards() -> Iterator[None]:
    set_language(Backwards())
    yield
    set_language(EnglishCatalogue())


def test_english_is_what_stands_in_the_code() -> None:
    assert "closes in 3 s" == _("closes in {left} s", left=3)
    assert ("1 row", "0 rows") == tuple(ngettext("{number} row", "{number} rows", n) for n in (1, 0))


@pytest.mark.usefixtures("backwards")
def test_fields_are_filled_after_translating_and_what_fills_them_is_left_alone() -> None:
    assert "<user {name}>".replace("{name}", "{0} {x}") == _("user {name}", name="{0} {x}")
    assert "<12,000 rows>" == ngettext("{number:,} row", "{number:,} rows", 12_000)
    assert "busy" == N_("busy")


def test_an_empty_message_stays_empty() -> None:
    set_language(catalogue_of("zh"))
    try:
        assert not _("")
    finally:
        set_language(EnglishCatalogue())


def test_braces_without_fields_are_just_braces() -> None:
    assert "a {b}" == _("a {b}")


@pytest.mark.usefixtures("backwards")
def test_a_translated_text_keeps_its_english() -> None:
    told = _("lost {server}: {why}", server="db", why=_("nobody answers"))

    assert "<lost db: <nobody answers>>" == told
    assert "lost db: nobody answers" == english(told)
    assert "1 row" == english(ngettext("{number} row", "{number} rows", 1))
    assert "as it is" == english("as it is")


@pytest.mark.usefixtures("backwards")
def test_where_scripts_read_english_a_person_still_reads_the_language_of_the_run() -> None:
    write_english()
    told = _("lost {server}: {why}", server="db", why=_("nobody answers"))
    error = SettingsError(told, _("try again"))

    assert "lost db: nobody answers" == told
    assert "<lost db: <nobody answers>>" == spoken(told)
    assert "<{what}; {hint}>".format(what=spoken(told), hint="<try again>") == spoken(error.line)
    assert "lost db: nobody answers; try again" == error.line


def test_a_text_in_a_message_that_is_the_same_in_every_language_keeps_its_translation() -> None:
    set_language(catalogue_of("zh"))
    write_english()
    try:
        told = _("--exec {program} {what}", program="notify", what=_("busy"))
        assert "--exec notify busy" == told
        assert f"--exec notify {spoken(_('busy'))}" == spoken(told) != told
    finally:
        set_language(EnglishCatalogue())


def test_one_english_word_has_a_translation_for_each_context() -> None:
    words = (NC_("result", "killed"), "killed", NC_("kind of lock", "row"), "row")
    assert ["killed", "killed", "row", "row"] == [_(word) for word in words]
    set_language(catalogue_of("zh"))
    try:
        assert 4 == len({_(word) for word in words})
        assert _("busy") == _(NC_("no such context", "busy"))
    finally:
        set_language(EnglishCatalogue())


@pytest.mark.usefixtures("backwards")
def test_nothing_is_nothing_in_any_language() -> None:
    """A catalogue keeps its head under the empty message."""
    assert not _("")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_SG.utf8"}, "zh"),
        ({"LANG": "zh_TW.UTF-8"}, "en"),
        ({"LANG": "zh_CN.GB18030"}, "en"),
        ({"LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_locale_chooses_where_it_can_be_spoken_and_drawn(
    environment: dict[str, str], language: str
) -> None:
    assert language == language_of(environment)
