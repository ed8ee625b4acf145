"""What is made from the code it tells of, in the READMEs and in `share`: `python -m tests.house.documents` writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from goneaway_tui.language import ENGLISH, English, _, speak, words_of
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.manual import manual_text
from goneaway_tui.tune.tunables import TUNABLES
from tests.house.extensions import EXTENSIONS
from tests.house.tree import ROOT

README = ROOT / "README.md"
READMES: Mapping[str, Path] = {ENGLISH: README, "zh": ROOT / "README.zh-CN.md"}
"""By the key of `LANGUAGES`."""

SHARE = ROOT / "share"


HEADINGS = {
    ENGLISH: "| variable | key | what it is | a new value |",
    "zh": "| 变量 | 键 | 含义 | 新值何时生效 |",
}


def tunables(language: str = ENGLISH) -> str:
    """One row a tunable, in the words of the catalogue."""
    speak(words_of(language))
    try:
        rows = [
            f"| `{each.name}` | `{each.key or 't'}` | {_(each.why)} | {each.reach.sentence} |"
            for each in TUNABLES
        ]
    finally:
        speak(English())
    return "\n".join((HEADINGS[language], "|---|---|---|---|", *rows))


def extensions() -> str:
    """One row a thing that one row adds."""
    rows = [f"| {each.what} | `{each.table}` in `{each.file}` | {each.then} |" for each in EXTENSIONS]
    return "\n".join(("| one more | is a row of | and is then, or takes |", "|---|---|---|", *rows))


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    (ENGLISH, "tunables"): tunables,
    (ENGLISH, "extensions"): extensions,
    ("zh", "tunables"): lambda: tunables("zh"),
}
"""By the language of the README and the name in the mark `<!-- begin NAME -->`. The table of extensions is English alone."""


SHARED: dict[str, Callable[[], str]] = {
    "man/man1/goneaway-tui.1": manual_text,
    "bash-completion/completions/goneaway-tui": lambda: completion_text("bash"),
    "zsh/site-functions/_goneaway-tui": lambda: completion_text("zsh"),
    "fish/vendor_completions.d/goneaway-tui.fish": lambda: completion_text("fish"),
}
"""Whole files, by their path in SHARE; a wheel puts them where man and the shells look."""


def block(name: str) -> re.Pattern[str]:
    """Finds what stands between a block's marks."""
    return re.compile(rf"(?<=<!-- begin {name} -->\n).*?(?=\n<!-- end {name} -->)", re.DOTALL)


def main() -> None:
    for (language, name), made in BLOCKS.items():
        text = READMES[language].read_text(encoding="utf-8")
        begin, end = block(name).search(text).span()  # type: ignore[union-attr]
        READMES[language].write_text(text[:begin] + made() + text[end:], encoding="utf-8")
    for path, write in SHARED.items():
        (SHARE / path).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
