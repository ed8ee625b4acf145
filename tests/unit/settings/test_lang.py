"""Which language is spoken, and who may say so."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from goneaway_tui.i18n import EnglishCatalogue, set_language
from goneaway_tui.settings import language_asked
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.help import ABOUT
from goneaway_tui.settings.man_page import manual_text
from goneaway_tui.settings.options import ACTIONS, COMMANDS, COMPLETION
from tests.unit.settings.asking import IN_CONFIG, answer, complaint, settings, told

CHINESE = {"LANG": "zh_CN.UTF-8"}
ENGLISH = {"LANG": "en_US.UTF-8"}


class Bracketed:
    """A language that everything said shows."""

    @staticmethod
    def gettext(message: str, /) -> str:
        return "每个会话，一行。" if message == ABOUT else f"«{message}»"

    @staticmethod
    def ngettext(one: str, many: str, number: int, /) -> str:
        return f"«{one if number == 1 else many}»"


@pytest.fixture
def bracketed() -> Iterator[None]:
    set_language(Bracketed())
    yield
    set_language(EnglishCatalogue())


@pytest.mark.parametrize(
    ("line", "env", "config", "lang", "origin"),
    [
        ("", {}, None, "en", "locale"),
        ("", CHINESE, None, "zh", "locale"),
        ("", CHINESE, 'lang = "en"', "en", f"{IN_CONFIG} 1"),
        ("@a", ENGLISH, '[servers.a]\nlang = "zh"', "zh", f"{IN_CONFIG} 2"),
        ("", {"GONEAWAY_LANG": "zh"}, 'lang = "en"', "zh", "GONEAWAY_LANG"),
        ("--lang zh", {"GONEAWAY_LANG": "en"}, 'lang = "en"', "zh", "--lang"),
        ("--lang=zh_CN.UTF-8", {}, None, "zh", "--lang"),
        ("--lang zh --lang C", CHINESE, None, "en", "--lang"),
        ("demo --lang zh-Hans", {}, None, "zh", "--lang"),
    ],
)
def test_the_strongest_origin_chooses_the_language(
    line: str, env: dict[str, str], config: str | None, lang: str, origin: str
) -> None:
    found = settings(line, env, config=config)

    assert (lang, origin) == (found.lang, found.origins["lang"])


@pytest.mark.parametrize(
    ("line", "env", "config", "said"),
    [
        ("--lang de", {}, None, "--lang: not a supported language: 'de'; choose one of en, zh"),
        ("--lang=zh_TW", {}, None, "--lang: not a supported language: 'zh_TW'; choose one of en, zh"),
        ("schema watch --lang ''", {}, None, "--lang: not a supported language: ''; choose one of en, zh"),
        ("config path --lang x", {}, None, "--lang: not a supported language: 'x'; choose one of en, zh"),
        ("", {"GONEAWAY_LANG": "de"}, None, "GONEAWAY_LANG: not a supported language: 'de'; choose one of en, zh"),
        ("", {}, "lang = 7", f"{IN_CONFIG} 1: lang: not a supported language: '7'; choose one of en, zh"),
        ("--lang", {}, None, "--lang needs a value; write --lang=NAME"),
    ],
)  # fmt: skip
def test_unsupported_language_is_refused_with_the_list_of_supported_languages(
    line: str, env: dict[str, str], config: str | None, said: str
) -> None:
    assert said == complaint(line, env, config=config)


@pytest.mark.parametrize(
    ("line", "env", "language"),
    [
        ("--lang zh --hots", {}, "zh"),
        ("--hots --lang=zh", {}, "zh"),
        ("--help --lang zh", {}, "zh"),
        ("--lang zh --lang en", CHINESE, "en"),
        ("--loose-lang=zh", {}, "zh"),
        ("-- --lang zh", {}, "en"),
        ("--lang", {"GONEAWAY_LANG": "zh"}, "zh"),
        ("--lang --help", CHINESE, "zh"),
        ("--lang de", {"GONEAWAY_LANG": "zh"}, "zh"),
        ("", {"GONEAWAY_LANG": "de", **CHINESE}, "zh"),
        ("", {"GONEAWAY_LANG": "en", **CHINESE}, "en"),
        ("--language zh", {}, "en"),
        ("--lang '\udcff'", {}, "en"),
    ],
)
def test_language_of_a_settings_error_is_known_before_the_settings_are_read(
    line: str, env: dict[str, str], language: str
) -> None:
    assert language == language_asked(shlex.split(line), env)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_takes_it(command: str) -> None:
    words = {
        "replay": "FILE",
        "kill": "--match user:shop",
        **{command: actions[0] for command, actions in ACTIONS.items()},
    }

    assert told(f"{command} {words.get(command, '')} --lang en")


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize(
    ("line", "config", "said"),
    [
        ("-P x", None, "««--port: ««not a port»: 'x'»»; «a port is a number from 1 to 65535»»"),
        (
            "mysql://db1:99999/",
            None,
            "««DSN: «port: «not a port»»»; «a port is a number from 1 to 65535»»",
        ),
        (
            "",
            "port = 1",
            f"«««{IN_CONFIG} 1»: «there is no key 'port'»»; «write it below [servers.NAME]»»",
        ),
    ],
)
def test_a_refusal_is_translated_whole_and_in_its_parts(line: str, config: str | None, said: str) -> None:
    assert said == complaint(line, config=config)


@pytest.mark.usefixtures("bracketed")
def test_an_answer_is_translated() -> None:
    assert "«~/.config/goneaway-tui/config.toml is valid: «1 server», «0 groups», «0 keys»»\n" == answer(
        "config check", config="[servers.a]"
    )
    assert "password = («asked at the terminal»)  # " in answer("--print-defaults -p")
    assert "«{title}:»".format(title="«Usage»") in answer("--help")


@pytest.mark.usefixtures("bracketed")
def test_what_other_programs_read_is_english_in_every_language() -> None:
    assert [] == [shell for shell in ACTIONS[COMPLETION] if "«" in completion_text(shell)]


@pytest.mark.usefixtures("bracketed")
def test_the_manual_page_may_be_broken_between_letters_written_without_spaces() -> None:
    assert r"每\:个\:会\:话，\:一\:行。" in manual_text().splitlines()
