"""What is said to a person, in the language of the run.

English stands in the code; other languages are gettext catalogues under `locale/`, one a folder. Whatever is
evaluated when a module is loaded is only `marked`, and said with `_` when it is shown: the language is known later.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gettext import NullTranslations


DOMAIN = "goneaway_tui"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "", "zh": "zh_CN"}
"""What `--lang` takes, and the catalogue it stands for: another language is a row here and a folder."""

LOCALES = Path(__file__).parent / "locale"


class Catalogue(Protocol):
    """One language: gettext's two questions."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, one: str, many: str, number: int, /) -> str: ...


class EnglishCatalogue:
    """As it stands in the code."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return message

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return one if number == 1 else many


_words: Catalogue = EnglishCatalogue()


def set_language(words: Catalogue) -> None:
    """Say everything in these words from now on. The composition root's to call, once a run."""
    global _words  # noqa: PLW0603 - a run has one language, and every room speaks it
    _words = words


def catalogue_of(language: str) -> Catalogue:
    """The words of a key of `LANGUAGES`. Raises OSError where its catalogue was not built."""
    if language == ENGLISH:
        return EnglishCatalogue()
    from gettext import translation

    catalogue: NullTranslations = translation(DOMAIN, LOCALES, [LANGUAGES[language]])
    return catalogue


def language_named(name: str) -> str | None:
    """The key of `LANGUAGES` that a locale or a tag of the web means; None where we do not speak it.

    Traditional characters are another script: who reads those is not given simplified ones unasked.

    >>> language_named("zh_CN.UTF-8"), language_named("zh-Hans"), language_named("zh_TW"), language_named("C")
    ('zh', 'zh', None, 'en')
    """
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-").casefold()
    if tag in {"c", "posix"}:
        return ENGLISH
    first, *rest = tag.split("-")
    if first == "zh" and {"tw", "hk", "mo", "hant"} & set(rest):
        return None
    return first if first in LANGUAGES else None


def language_of(environment: Mapping[str, str]) -> str:
    """What the locale asks for, by POSIX' order of its variables; English where that cannot be had or drawn."""
    named = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )
    charset = named.partition(".")[2].partition("@")[0].casefold().replace("-", "")
    return (language_named(named) or ENGLISH) if charset == "utf8" else ENGLISH


class LocalizedText(str):
    """A sentence in the language of the run that knows itself in English, for files that are read by machines later."""

    __slots__ = ("english",)
    english: str


def english(text: str) -> str:
    """As it stands in the code, if `_` or `ngettext` made it; anything else as it is.

    Text that was put together of several sentences does not know itself any more.
    """
    return text.english if isinstance(text, LocalizedText) else text


def _(message: str, /, **values: object) -> str:
    """`message` in the language of the run, with its `{fields}` filled in."""
    return _filled(message, _words.gettext(message) if message else "", values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form that goes with `number`, which is the field `{number}` in it."""
    message = EnglishCatalogue.ngettext(one, many, number)
    return _filled(message, _words.ngettext(one, many, number), {"number": number, **values})


def _filled(message: str, translated: str, values: Mapping[str, object]) -> str:
    text = translated.format(**values) if values else translated
    if translated == message:
        return text
    localized = LocalizedText(text)
    english_values = {
        name: english(value) if isinstance(value, str) else value for name, value in values.items()
    }
    localized.english = message.format(**english_values) if values else message
    return localized


def marked(message: str, /) -> str:
    """As it is, but in the catalogues: for tables that are made before the language is known."""
    return message
