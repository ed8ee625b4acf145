"""The documents say what the code says, in plain words; their commands can be run, and their links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import dirname, normpath

import pytest

from goneaway_tui.export import schema_text
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.settings import FileContent, resolve_each
from goneaway_tui.settings.bindings import BINDINGS
from goneaway_tui.settings.config_reader import find_faults
from goneaway_tui.settings.help import STATUSES
from goneaway_tui.settings.options import ACTIONS, COMMANDS, OPTIONS, PAGE_OF
from goneaway_tui.settings.options import PAGES as PAGE_NAMES
from tests.house.documents import (
    BLOCKS,
    DOCUMENTS,
    LOG,
    PAGES,
    README,
    READMES,
    SHARE,
    SHARED,
    block,
    document,
)
from tests.house.tree import ROOT
from tests.unit.settings.asking import CONFIG, environment, program

INDEX = "docs/index.md"
MOST_LINES = 200
"""Of a README."""
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]*)\)")
"""A link or a picture, with where it leads."""


# --- What is made from the code


@pytest.mark.parametrize(("path", "name"), BLOCKS)
def test_a_made_part_is_what_would_be_made_now(path: str, name: str) -> None:
    found = block(name).search(document(path))

    assert found is not None
    assert f"{BLOCKS[path, name]()}\n" == found[0], "python -m tests.house.documents"


def test_the_page_shows_the_log_that_is_explained() -> None:
    assert f"```text\n{LOG}```\n" in document("docs/explain.md")


@pytest.mark.parametrize("path", SHARED)
def test_a_made_file_is_what_would_be_made_now(path: str) -> None:
    assert SHARED[path]() == (SHARE / path).read_text(encoding="utf-8"), "python -m tests.house.documents"


def test_nothing_else_is_shared() -> None:
    assert set(SHARED) == {str(path.relative_to(SHARE)) for path in SHARE.rglob("*") if path.is_file()}


# --- What is written by hand and has to be whole


def names_in(path: str) -> set[str]:
    """What stands in code spans."""
    return set(re.findall(r"`([^`\n]+)`", document(path)))


def test_the_page_of_the_board_has_every_key_of_the_board() -> None:
    shown = {"slash": "/", "question_mark": "?", "escape": "esc"}
    keys = {key for binding, key in BINDINGS.items() if binding.startswith("board.")}
    keys |= {
        BINDINGS[f"tune.{name}"] for name in ("wait_timeout", "interactive_timeout", "max_allowed_packet")
    }

    assert set() == {shown.get(key, key) for key in keys} - names_in("docs/board.md")


def test_the_page_of_recordings_has_every_key_of_a_replay() -> None:
    shown = {"comma": ",", "full_stop": ".", "left_square_bracket": "[", "right_square_bracket": "]"}
    shown |= {"plus": "+", "minus": "-"}
    keys = {key for binding, key in BINDINGS.items() if binding.startswith("replay.")}

    assert set() == {shown.get(key, key) for key in keys} - names_in("docs/recording.md")


def test_the_page_of_history_has_every_cause_and_certainty() -> None:
    assert set() == {*map(str, Cause), *map(str, Certainty)} - names_in("docs/history.md")


def test_the_page_of_scripts_has_every_event_and_schema() -> None:
    events = {each["$ref"].rpartition("/")[2] for each in json.loads(schema_text("watch"))["oneOf"]}

    assert set() == {*events, *ACTIONS["schema"]} - names_in("docs/scripting.md") - {"advise"}
    assert all(command in document("docs/scripting.md") for command in ACTIONS["schema"])


# --- Commands that run, files that are right


def code(text: str) -> list[str]:
    """Lines of the code blocks that are not made from the code, without what a comment says."""
    by_hand = re.sub(r"<!-- begin (\w+) -->.*?<!-- end \1 -->", "", text, flags=re.DOTALL)
    fenced = re.findall(r"^```\w+\n(.*?)^```$", by_hand, re.MULTILINE | re.DOTALL)
    lines = [*re.findall(r"^    .*", by_hand, re.MULTILINE), *"".join(fenced).split("\n")]
    return [re.sub(r"(^|\s+)# .*", "", line) for line in lines]


CONFIGURED = "\n".join(
    (
        *(
            f'[servers.{name}]\nhost = "{name}"\ngroup = "prod"'
            for name in ("db1", "db2", "prod-db1", "prod-db2")
        ),
        '[rules.leaky]\nmatch = "program:leaky-worker idle>10m -trx:yes"',
    )
)
"""The servers, the group and the rule that the commands of the documents name."""
LOGIN_PATHS = ROOT / "tests/unit/settings/mylogin.cnf"
NAME = "goneaway-tui"


def commands(path: str) -> Iterator[list[str]]:
    """The arguments of each command of ours in code blocks and in code spans."""
    text = document(path)
    spans = re.findall(rf"`({NAME} [^`\n]+)`", text)
    for line in (*code(text), *spans):
        if re.search(rf"(^|[|(] *){NAME} ", line.strip()):
            words = shlex.shlex(line, posix=True, punctuation_chars="|<>()")
            words.whitespace_split = True
            words.commenters = ""
            yield from _of_ours(list(words))


def _of_ours(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in [*words, "|"]:
        if set(word) <= set("|<>()"):
            if command[:1] == [NAME]:
                yield command[1:]
            command = []
        else:
            command.append(word)


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_command_in_a_document_can_be_run(path: str) -> None:
    """As far as the command line goes: options that there are, with values that they take."""
    files: dict[str, str | bytes | FileContent] = {
        str(CONFIG): CONFIGURED,
        "~/.mylogin.cnf": LOGIN_PATHS.read_bytes(),
    }
    for arguments in commands(path):
        assert resolve_each(arguments, environment({}, files)), arguments


def test_a_command_with_a_wrong_option_would_be_seen() -> None:
    line = "journalctl -u shop | goneaway-tui explain --frmat json"

    assert [["explain", "--frmat", "json"]] == list(_of_ours(line.split()))


def test_there_are_commands_to_run() -> None:
    assert 60 < sum(len(list(commands(path))) for path in DOCUMENTS)


@pytest.mark.parametrize("path", PAGES)
def test_every_config_file_in_a_page_is_right(path: str) -> None:
    for text in re.findall(r"^```toml\n(.*?)^```$", document(path), re.MULTILINE | re.DOTALL):
        _config, faults = find_faults(text, "config.toml", is_private=True)

        assert () == faults


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_test_and_bench_that_a_document_names_is_there(path: str) -> None:
    text = document(path)
    files = set(re.findall(r"\btests/[\w/]+\.py", text))
    files |= {f"{name.replace('.', '/')}.py" for name in re.findall(r"\btests(?:\.[a-z_]+)+", text)}

    assert [] == [name for name in sorted(files) if not (ROOT / name).is_file()]


# --- Links


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(path: str) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", document(path), flags=re.MULTILINE | re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def targets(path: str) -> Iterator[tuple[str, str]]:
    """Where links lead inside of the repository: the file and the anchor."""
    for link in LINK.findall(document(path)):
        if not re.match(r"\w+:", link):
            file, _hash, anchor = link.partition("#")
            yield normpath(f"{dirname(path)}/{file}").lstrip("/") if file else path, anchor


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_link_and_picture_leads_somewhere(path: str) -> None:
    lost = [
        f"{file}#{anchor}"
        for file, anchor in targets(path)
        if not (ROOT / file).is_file() or (anchor and anchor not in anchors(file))
    ]

    assert [] == lost


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path not in READMES.values()])
def test_every_page_is_linked_where_a_reader_begins(path: str) -> None:
    linked = {file for start in (README, INDEX, "docs/performance.md") for file, _anchor in targets(start)}

    assert path in linked


@pytest.mark.parametrize("path", PAGES)
def test_a_page_begins_with_its_task(path: str) -> None:
    title, first, *_rest = document(path).split("\n\n")

    assert re.fullmatch(r"# .+", title)
    assert re.match(r"\w", first), "a sentence, before any table, list or code"


def test_the_pages_build_as_a_site(tmp_path: Path) -> None:
    """Strictly: a page that is not in the navigation, and a link or anchor that leads nowhere, are errors."""
    build = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path)
    made = subprocess.run(
        build, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )  # fmt: skip

    assert 0 == made.returncode, made.stdout + made.stderr
    assert {f"{Path(page).stem}.html" for page in PAGES} <= {path.name for path in tmp_path.iterdir()}


# --- Words

UNPLAIN = re.compile(
    r"\b(fore(tell\w*|told|saw|seen)|goodbyes?|anew|asleep|somebody|nobody|whoever|whomever|kindred|kin|testimony"
    r"|witness\w*|lets? go of|cut down|dossier|who left|left us)\b",
    re.IGNORECASE,
)
"""Words that a reader has to guess; the glossary has a plain one for each."""


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_says_it_in_plain_words(path: str) -> None:
    by_hand = re.sub(r"<!-- begin (\w+) -->.*?<!-- end \1 -->", "", document(path), flags=re.DOTALL)

    assert [] == [hit[0] for hit in UNPLAIN.finditer(by_hand)]


# --- The READMEs


@pytest.mark.parametrize("path", READMES.values())
def test_a_readme_is_short(path: str) -> None:
    assert len(document(path).splitlines()) <= MOST_LINES


def levels(text: str) -> list[str]:
    return re.findall(r"^#{1,3}(?= )", text, re.MULTILINE)


def tables(text: str) -> list[int]:
    """How many cells each row of a table has."""
    return [len(re.findall(r"(?<!\\)\|", line)) for line in re.findall(r"^ *\|.*", text, re.MULTILINE)]


def links(text: str) -> list[str]:
    """Where links and pictures lead, apart from the other README. A picture may show the screen in the README's language."""
    targets = [to for to in LINK.findall(text) if to.partition("#")[0] not in READMES.values()]
    return [to.replace("-zh.svg", ".svg") for to in targets]


def figures(text: str) -> list[str]:
    """In any order, as languages order them differently."""
    return sorted(re.findall(r"\d[\d,.]*(?<=\d)", text))


@pytest.mark.parametrize("part", [levels, code, tables, links, figures])
@pytest.mark.parametrize("language", READMES)
def test_every_readme_has_the_parts_of_the_english_one(
    language: str, part: Callable[[str], list[object]]
) -> None:
    english, other = document(README), document(READMES[language])

    assert part(english)
    assert part(english) == part(other)


@pytest.mark.parametrize("language", READMES)
def test_every_readme_leads_to_the_others(language: str) -> None:
    top = document(READMES[language]).split("\n\n")[1]

    assert [path for key, path in READMES.items() if key != language] == re.findall(r"\((.*?)\)", top)


# --- The manual page and the completions


def manual(path: str, *arguments: str) -> str:
    return subprocess.run(
        [program("mandoc"), *arguments, str(SHARE / path)], capture_output=True, text=True, check=False
    ).stdout


MANUALS = [path for path in SHARED if path.startswith("man/")]


@pytest.mark.parametrize("path", MANUALS)
def test_a_manual_page_has_no_fault_but_that_it_bears_no_date(path: str) -> None:
    faults = manual(path, "-T", "lint", "-W", "warning").splitlines()

    assert ["missing date"] == [fault.partition("WARNING: ")[2].partition(",")[0] for fault in faults]


def words_of(path: str) -> set[str]:
    page = re.sub(
        r".\x08", "", manual(path, "-T", "ascii", "-O", "width=200")
    )  # a bold letter is struck twice
    return set(re.split(r"[\s,\[\]=]+", page))


def test_the_manual_pages_have_every_flag_variable_command_and_status() -> None:
    told = {flag for option in OPTIONS for flag in option.flags}
    told |= {option.env for option in OPTIONS if option.env}

    assert set() == told - set().union(*map(words_of, MANUALS))
    of_program = words_of("man/man1/goneaway-tui.1")
    told = {*COMMANDS, *(f"goneaway-tui-{command}(1)" for command in COMMANDS)}
    told |= {str(int(status)) for status in STATUSES} | {
        "|".join(ACTIONS[command]) for command in ("schema", "config")
    }
    assert set() == told - of_program


@pytest.mark.parametrize("path", [path for path in SHARED if "man" not in path])
def test_the_completions_know_every_flag_and_command(path: str) -> None:
    text = (SHARE / path).read_text(encoding="utf-8")

    assert [] == [option.flag for option in OPTIONS if option.flag.removeprefix("--") not in text]
    assert [] == [command for command in COMMANDS if command not in text]
    assert " ".join(PAGE_NAMES) in text


def test_the_pages_of_the_command_docs_are_those_that_are_there() -> None:
    assert sorted(PAGE_NAMES) == [Path(page).stem for page in PAGES]
    assert set(PAGE_OF.values()) <= set(PAGE_NAMES)
