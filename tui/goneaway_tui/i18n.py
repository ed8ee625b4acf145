"""Messages to the user, in the language of the run.

English stands in the code; other languages are gettext catalogues in folders of `locale/`. A message of a table that
is made when a module is loaded is only `N_`, and translated with `_` when it is shown: the language is not known
before. Where one English word needs two translations, it is `NC_` with a context.

A run that writes for scripts (`write_english`) gets each message in English, and `spoken` returns what a person reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

DOMAIN = "goneaway_tui"
ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {ENGLISH: "", "zh": "zh_CN"}
"""The values of `--lang`, and the folder of each catalogue. Another language is a row here and a folder."""

LOCALES = Path(__file__).parent / "locale"
CONTEXT_END = "\x04"
"""What gettext puts between the context of a message and the message."""


class Catalogue(Protocol):
    """One language, with the two functions of gettext."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, one: str, many: str, number: int, /) -> str: ...


class EnglishCatalogue:
    """The messages as they stand in the code."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return message

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return one if number == 1 else many


_words: Catalogue = EnglishCatalogue()
_writes_english = False


def set_language(words: Catalogue) -> None:
    """Use this catalogue from now on. Only `cli` calls this, once a run."""
    global _words, _writes_english
    _words, _writes_english = words, False


def write_english() -> None:
    """From now on return each message in English, as scripts read it; `spoken` still has it in the language of the run."""
    global _writes_english  # noqa: PLW0603 - as the language
    _writes_english = True


def catalogue_of(language: str) -> Catalogue:
    """The catalogue of a key of `LANGUAGES`. Raises OSError where it was not built."""
    if language == ENGLISH:
        return EnglishCatalogue()
    from gettext import GNUTranslations
    from io import BytesIO

    loader: Any = __spec__.loader  # the program may be one zip file
    path = LOCALES / LANGUAGES[language] / "LC_MESSAGES" / f"{DOMAIN}.mo"
    return GNUTranslations(BytesIO(loader.get_data(str(path))))


def language_named(name: str) -> str | None:
    """The key of `LANGUAGES` that a locale or a language tag of the web means; None for another language.

    Traditional Chinese is None: its readers get no simplified characters unless they ask for them.

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
    """The language of the locale, by POSIX' order of its variables; English where we have no catalogue or the charset
    is not UTF-8.
    """
    named = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )
    charset = named.partition(".")[2].partition("@")[0].casefold().replace("-", "")
    return (language_named(named) or ENGLISH) if charset == "utf8" else ENGLISH


class LocalizedText(str):
    """A sentence that keeps its English text, for what programs read, and its translation, for what people read."""

    __slots__ = ("english", "spoken")
    english: str
    spoken: str


def english(text: str) -> str:
    """The English text of what `_` or `ngettext` returned; any other text as it is.

    A text that was joined from several sentences has lost its English text.
    """
    return text.english if isinstance(text, LocalizedText) else text


def spoken(text: str) -> str:
    """What `_` or `ngettext` returned, in the language of the run also where scripts read English; other texts as they are."""
    return text.spoken if isinstance(text, LocalizedText) else text


def _(message: str, /, **values: object) -> str:
    """`message` in the language of the run, with its `{fields}` filled in."""
    translated = _words.gettext(message) if message else ""
    if CONTEXT_END in translated:  # the catalogue has no translation in this context
        message = message.rpartition(CONTEXT_END)[2]
        translated = _words.gettext(message)
    return _filled(message, translated, values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form of a message that goes with `number`, which fills the field `{number}`."""
    message = EnglishCatalogue.ngettext(one, many, number)
    return _filled(message, _words.ngettext(one, many, number), {"number": number, **values})


def _filled(message: str, translated: str, values: Mapping[str, object]) -> str:
    if translated == message and not any(isinstance(value, LocalizedText) for value in values.values()):
        return translated.format(**values) if values else translated
    of_people = _with_values(translated, values, spoken)
    of_programs = _with_values(message.rpartition(CONTEXT_END)[2], values, english)
    localized = LocalizedText(of_programs if _writes_english else of_people)
    localized.english, localized.spoken = of_programs, of_people
    return localized


def _with_values(message: str, values: Mapping[str, object], version: Callable[[str], str]) -> str:
    """A message with its fields filled in, each text among them in one of its versions."""
    if not values:
        return message
    return message.format(
        **{name: version(value) if isinstance(value, str) else value for name, value in values.items()}
    )


def N_(message: str, /) -> str:  # noqa: N802 - gettext's name
    """Mark a message for the catalogues and return it unchanged: for tables that are made before the language is known."""
    return message


def NC_(context: str, message: str, /) -> str:  # noqa: N802 - gettext's name
    """`N_` for a message that another one equals in English only. Show what this returns with `_`, never as it is."""
    return f"{context}{CONTEXT_END}{message}"
