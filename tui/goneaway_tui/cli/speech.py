"""The language of the run: which it is, and where it is English although a person would have another.

Until it is known what is to be done, all is said in the language of `--lang`, its variable or the locale. Then that of the
config file counts too, where nothing stronger spoke. What scripts read (`options.SCRIPTED`) is English in every
locale: a fault is then one, as much in the line on standard error as in the data, so that what is searched for is found.
"""

from __future__ import annotations

from goneaway_tui import language
from goneaway_tui.cli.terminal import tell
from goneaway_tui.language import ENGLISH, LANGUAGES, English, words_of
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import SCRIPTED


def speak(chosen: str) -> None:
    """Say all in a key of LANGUAGES from now on; in English where its catalogue is not there, which is told in a line."""
    try:
        words = words_of(chosen)
    except OSError:
        tell(
            f"warning: no catalogue of {chosen!r} was built, so this is in English; python tui/catalogues.py builds it"
        )
        words = English()
    language.speak(words)


def settle(settings: Settings, spoken: str) -> None:
    """Go on in the language that the settings come to; `spoken` is that of before."""
    chosen = ENGLISH if settings.format in SCRIPTED.get(settings.command, ()) else settings.lang
    if chosen != spoken:
        speak(chosen)
    if chosen != ENGLISH:
        from goneaway_tui.export.wording import count_as_in

        count_as_in(LANGUAGES[chosen])
