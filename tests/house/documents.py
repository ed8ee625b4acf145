"""What is made from the code it tells of, in the READMEs and in `share`: `python -m tests.house.documents` writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from goneaway_tui import http_auth
from goneaway_tui.cli import web_child
from goneaway_tui.i18n import ENGLISH, EnglishCatalogue, _, catalogue_of, set_language
from goneaway_tui.logs import blocks
from goneaway_tui.metrics import listening
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.man_page import manual_text
from goneaway_tui.source import connection
from goneaway_tui.source.recording import lines
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.web import service, viewer
from goneaway_tui.web import viewer as screens
from tests.house.extensions import EXTENSIONS
from tests.house.tree import ROOT

README = ROOT / "README.md"
READMES: Mapping[str, Path] = {ENGLISH: README, "zh": ROOT / "README.zh-CN.md"}
"""By the key of `LANGUAGES`."""
SECURITY, ARCHITECTURE = "security", "architecture"
DOCUMENTS: Mapping[str, Path] = {
    **READMES,
    SECURITY: ROOT / "SECURITY.md",
    ARCHITECTURE: ROOT / "docs" / "architecture.md",
}
"""Those with a part that is made from the code."""

SHARE = ROOT / "share"


HEADINGS = {
    ENGLISH: "| variable | key | what it is | a new value |",
    "zh": "| 变量 | 键 | 含义 | 新值何时生效 |",
}


def tunables(language: str = ENGLISH) -> str:
    """One row a tunable, in the words of the catalogue."""
    set_language(catalogue_of(language))
    try:
        rows = [
            f"| `{each.name}` | `{each.key or 't'}` | {_(each.why)} | {each.reach.sentence} |"
            for each in TUNABLES
        ]
    finally:
        set_language(EnglishCatalogue())
    return "\n".join((HEADINGS[language], "|---|---|---|---|", *rows))


def extensions() -> str:
    """One row a thing that one row adds."""
    rows = [f"| {each.what} | `{each.table}` in `{each.file}` | {each.then} |" for each in EXTENSIONS]
    return "\n".join(("| one more | is a row of | and is then, or takes |", "|---|---|---|", *rows))


def budgets() -> str:
    """What is spent on a stranger, at most."""
    rows = [
        ("a server's greeting and login", f"{connection.LOGIN_BYTES >> 10} KiB"),
        (
            "its answer to one statement",
            (
                f"{connection.ANSWER_BYTES >> 20} MiB, {connection.PACKET_COST} bytes added for each row, "
                f"{connection.VALUE_COST} for each value; {connection.MAX_COLUMNS} columns"
            ),
        ),
        ("the time it may take for that", f"{connection.ANSWER_SECONDS:g} s without a byte"),
        ("memory to unpack a log", f"{blocks.UNPACKING_BYTES >> 20} MiB (`xz -9` takes 65)"),
        (
            "a stream of a recording",
            f"{lines.WHOLE.bytes >> 20} MiB, {lines.MAX_RATIO} for each packed one beyond {lines.FREE_BYTES >> 20} MiB",
        ),
        (
            "the same where `explain --recording` reads it",
            f"{lines.LEAN.bytes >> 20} MiB, {lines.LEAN.line_bytes >> 20} MiB a line",
        ),
        ("connections to `serve`", f"{service.MAX_CONNECTIONS} besides those of the viewers"),
        ("a connection to `serve` that asks nothing", f"{service.SILENT_SECONDS:g} s"),
        ("one that does not take its answer", f"{service.ANSWER_SECONDS:g} s"),
        (
            "keys of a browser",
            f"{viewer.MAX_KEYS_AT_ONCE} at once, {viewer.KEYS_A_SECOND:g} a second in the long run",
        ),
        ("a screen's process once its browser is gone", f"{screens.EXIT_SECONDS:g} s"),
        ("a paste of a browser", f"{viewer.MAX_PASTE_CHARACTERS >> 10} Ki characters"),
        ("a screen of a browser", f"{service.WIDEST} x {service.HIGHEST} cells"),
        (
            "data of the process that draws it",
            f"{web_child.MEMORY_BYTES >> 20} MiB, and {web_child.MEMORY_BYTES_PER_SERVER >> 20} MiB a server",
        ),
        (
            "connections to `exporter`",
            f"{listening.MAX_CONNECTIONS}, each of {listening.CONNECTION_SECONDS:g} s at most",
        ),
        (
            "wrong logins from one address",
            f"{http_auth.MAX_FAILED_LOGINS}, then only the right one for {http_auth.FAILED_LOGIN_SECONDS:g} s",
        ),
        (
            "wrong logins from all addresses",
            f"{http_auth.MAX_FAILED_PER_SECOND} in a second, then no login till it is over",
        ),
        (
            "lines that strangers can cause on standard error",
            f"{service.MAX_LINES} in {service.SECONDS:g} s",
        ),
    ]
    return "\n".join(("| what | at most |", "|---|---|", *(f"| {what} | {most} |" for what, most in rows)))


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    (ENGLISH, "tunables"): tunables,
    (ARCHITECTURE, "extensions"): extensions,
    (SECURITY, "budgets"): budgets,
    ("zh", "tunables"): lambda: tunables("zh"),
}
"""By the document and the name in the mark `<!-- begin NAME -->`."""


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
        text = DOCUMENTS[language].read_text(encoding="utf-8")
        begin, end = block(name).search(text).span()  # type: ignore[union-attr]
        DOCUMENTS[language].write_text(text[:begin] + made() + text[end:], encoding="utf-8")
    for path, write in SHARED.items():
        (SHARE / path).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
