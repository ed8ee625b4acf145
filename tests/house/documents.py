"""The documents, and what is made from the code in them and in `share`: `python -m tests.house.documents` writes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from goneaway_tui import http_auth
from goneaway_tui.cli import web_child
from goneaway_tui.i18n import ENGLISH, _
from goneaway_tui.logs import blocks
from goneaway_tui.metrics import listening
from goneaway_tui.metrics.collector import FAMILIES
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.help import STATUSES
from goneaway_tui.settings.man_page import manual_text, page_name
from goneaway_tui.settings.options import COMMANDS, UI
from goneaway_tui.source import connection
from goneaway_tui.source.recording import lines, reader
from goneaway_tui.source.server_variants import SERVER_VARIANTS
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.web import service, viewer
from goneaway_tui.web import viewer as screens
from tests.house.extensions import KINDS, Extension
from tests.house.tree import PACKAGE, ROOT

README = "README.md"
READMES: Mapping[str, str] = {ENGLISH: README, "zh": "README.zh-CN.md"}
"""By the key of `LANGUAGES`."""
PAGES = tuple(sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
DOCUMENTS = (
    *READMES.values(),
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    *PAGES,
    "tests/bench/README.md",
)
"""Every document, by its path in the repository."""

SHARE = ROOT / "share"


def document(path: str) -> str:
    """The text of a document."""
    return (ROOT / path).read_text(encoding="utf-8")


def table(*rows: tuple[str, ...]) -> str:
    """A table of Markdown; the first row is its heading."""
    heading, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join((heading, "|" + "---|" * len(rows[0]), *others))


def tunables() -> str:
    """A row for each variable that can be changed."""
    rows = [
        (f"`{each.name}`", f"`{each.key or 't'}`", _(each.why), each.applies_to.sentence) for each in TUNABLES
    ]
    return table(("variable", "key", "what it is", "a new value"), *rows)


def extensions() -> str:
    """A row for each kind of thing that can be added; in bold what a test adds."""
    rows = [
        (
            f"**{kind.what}**" if isinstance(kind, Extension) else kind.what,
            kind.place,
            kind.then,
            kind.also,
            kind.sample,
        )
        for kind in KINDS
    ]
    return table(("one more", "goes into", "and then", "also", "a sample for the tests"), *rows)


def statuses() -> str:
    """A row for each exit status."""
    rows = [(f"{status:d}", text) for status, text in STATUSES.items()]
    return table(("status", "means"), *rows)


def metrics() -> str:
    """A row for each metric, with its labels besides `server`."""
    rows = [
        (f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.help)
        for each in FAMILIES.values()
    ]
    return table(("metric", "kind", "labels besides `server`", "what it is"), *rows)


def alerts() -> str:
    """A row for each alert of the rules."""
    rules = (PACKAGE / "metrics" / "rules.yml").read_text(encoding="utf-8")
    rows = re.findall(r"- alert: (\w+).*?severity: (\w+).*?summary: \"goneaway: (.*?)\"", rules, re.DOTALL)
    return table(
        ("alert", "severity", "fires for"), *((f"`{name}`", severity, what) for name, severity, what in rows)
    )


def variants() -> str:
    """A row for each thing that is different at a server variant."""
    rows = [(each.title, note.what, note.why) for each in SERVER_VARIANTS for note in each.notes]
    return table(("server variant", "what differs", "how"), *rows)


LOG = """\
2020-04-15T05:59:59.509 INFO request served
2020-04-15T14:09:36.886 ERROR django.request
MySQLdb.OperationalError: (2006, 'MySQL server has gone away')
"""
FACTS = "wait_timeout\t28800\n"


LABEL = re.compile(r"^ {4}\S", re.MULTILINE)
"""The beginning of a part of a finding: why, verify, do, see."""


def explained(language: str = ENGLISH, *, is_short: bool = False) -> str:
    """What `explain` answers to LOG beside FACTS; a short answer ends before the second part of the finding."""
    answer = explanation(language)
    second = [label.start() for label in LABEL.finditer(answer)][1]
    shown = answer[:second] if is_short else answer
    return f"```text\n{shown.rstrip()}\n```"


@cache
def explanation(language: str) -> str:
    """What a run of `explain` writes, as a user would start it."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "app.log").write_text(LOG, encoding="utf-8")
        (Path(folder) / "db1.txt").write_text(FACTS, encoding="utf-8")
        command = ("explain", "app.log", "--facts", "db1.txt", "--lang", language)
        environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "LC_ALL": "C.UTF-8"}
        environment["PYTHONPATH"] = str(PACKAGE.parent)
        return subprocess.run(
            (sys.executable, "-m", "goneaway_tui", *command),
            cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=True,
        ).stdout  # fmt: skip


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
            (
                f"{lines.LEAN.bytes >> 20} MiB, {lines.LEAN.line_bytes >> 20} MiB a line; "
                f"of all together {lines.FREE_BYTES >> 20} MiB, and {lines.MAX_RATIO} bytes for each of the file"
            ),
        ),
        (
            "counts in a recording that `advise` reads",
            f"{reader.COUNTED_BYTES >> 20} MiB, and {reader.COUNTED_BYTES_PER_BYTE} bytes for each of the file",
        ),
        (
            "sessions in its samples that `advise` counts",
            f"{reader.COUNTED_ROWS // 1_000_000} million, and {reader.COUNTED_ROWS_PER_BYTE} for each byte of the file",
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
        ("a screen of a browser", f"{service.MAX_WIDTH} x {service.MAX_HEIGHT} cells"),
        (
            "data of the process that draws it",
            f"{web_child.MEMORY_BYTES >> 20} MiB, and {web_child.MEMORY_BYTES_PER_SERVER >> 20} MiB a server",
        ),
        (
            "connections to `exporter`",
            f"{listening.MAX_CONNECTIONS}, each of {listening.CONNECTION_SECONDS:g} s and {listening.MAX_REQUEST_BYTES >> 10} KiB at most",
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
            f"{service.MAX_LINES_A_PERIOD} in {service.LOG_PERIOD_SECONDS:g} s",
        ),
    ]
    return table(("what", "at most"), *rows)


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    ("SECURITY.md", "budgets"): budgets,
    ("docs/architecture.md", "extensions"): extensions,
    ("docs/explain.md", "explained"): explained,
    ("docs/exporter.md", "alerts"): alerts,
    ("docs/exporter.md", "metrics"): metrics,
    ("docs/scripting.md", "statuses"): statuses,
    ("docs/tuning.md", "tunables"): tunables,
    ("docs/versions.md", "variants"): variants,
    (READMES[ENGLISH], "explained"): partial(explained, is_short=True),
    (READMES["zh"], "explained"): partial(explained, "zh", is_short=True),
}
"""By the document and the name in the mark `<!-- begin NAME -->`."""


SHARED: dict[str, Callable[[], str]] = {
    **{f"man/man1/{page_name(command)}.1": partial(manual_text, command) for command in (UI, *COMMANDS)},
    "bash-completion/completions/goneaway-tui": lambda: completion_text("bash"),
    "zsh/site-functions/_goneaway-tui": lambda: completion_text("zsh"),
    "fish/vendor_completions.d/goneaway-tui.fish": lambda: completion_text("fish"),
}
"""Whole files, by their path in SHARE; a wheel puts them where man and the shells look."""


def block(name: str) -> re.Pattern[str]:
    """Finds what stands between a block's marks."""
    return re.compile(rf"(?<=<!-- begin {name} -->\n).*?(?=<!-- end {name} -->)", re.DOTALL)


def main() -> None:
    for (path, name), made in BLOCKS.items():
        text = document(path)
        begin, end = block(name).search(text).span()  # type: ignore[union-attr]
        (ROOT / path).write_text(f"{text[:begin]}{made()}\n{text[end:]}", encoding="utf-8")
    for path, write in SHARED.items():
        (SHARE / path).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
