"""The package speaks in the words of its field: names, docstrings and comments hold no word of the tables below.

Messages to users are not read here: a translation belongs to each, and `tests/house/test_catalogues.py` holds those.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator

import pytest

from tests.house.tree import PACKAGE, PATHS, modules, room

WORDS = {
    **dict.fromkeys(
        ("nobody", "somebody", "anybody", "everybody"), "no session, an account, another user, all sessions"
    ),
    **dict.fromkeys(("whoever", "whom"), "the client, the account, the session that ..."),
    **dict.fromkeys(("tell", "tells", "told", "foretold"), "report, list, show, say; predicted"),
    **dict.fromkeys(("goodbye", "farewell"), "COM_QUIT, a clean disconnect, closed by the client"),
    **dict.fromkeys(("kin", "kindred", "relatives"), "topology, or the name of the relation"),
    **dict.fromkeys(("testimony", "witness", "witnesses", "clue", "clues"), "evidence"),
    **dict.fromkeys(("dossier", "roster"), "cache, table"),
    **dict.fromkeys(("asleep", "dead"), "idle, closed, ended"),
    **dict.fromkeys(("habit", "habits"), "pattern, behaviour"),
    "anew": "again",
    "lay": "was idle, was",
    "fleet": "servers",
    "survey": "capabilities",
    "patience": "timeout, seconds to wait",
    "aloud": "with an error",
    "strangers": "untrusted users, other sessions",
    "errand": "command, hook",
}
"""Words that may stand in no docstring, comment and name, and what to write instead."""

PARAMETERS = {
    **dict.fromkeys(("each", "whoever", "who"), "what it is: servers, sessions, session_id"),
    **dict.fromkeys(("most", "least", "beyond"), "limit, minimum, maximum, lower, upper"),
    **dict.fromkeys(
        ("said", "seen", "looked", "standing", "gone"), "printed, visited, examined, state, ended"
    ),
    **dict.fromkeys(("of", "around", "turn", "able"), "index, environment, judge_lock, features"),
}
"""Names that may be no parameter of a function: they say a part of speech, not a thing."""


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that the code makes, with its line: of classes, functions, parameters, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case (
                ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
            ):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield node.lineno, name


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that stands as a statement, with its first line: docstrings of modules, classes, functions and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def words_of(text: str) -> list[str]:
    """
    >>> words_of("who_left"), words_of("ServerTopology"), words_of("SQL of a session.")
    (['who', 'left'], ['server', 'topology'], ['sql', 'of', 'a', 'session'])
    """
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)]


def complaints(path: str, texts: Iterable[tuple[int, str]]) -> list[str]:
    return [
        f"{path}:{line + index}: {word} (write: {WORDS[word]})"
        for line, text in texts
        for index, part in enumerate(text.split("\n"))
        for word in words_of(part)
        if word in WORDS
    ]


ROOMS = sorted({room(path) for path in PATHS})


@pytest.mark.parametrize("name", ROOMS)
def test_names_docstrings_and_comments_hold_plain_words(name: str) -> None:
    found = []
    for path, tree in modules().items():
        if room(path) == name:
            source = (PACKAGE / path).read_text(encoding="utf-8")
            found += complaints(path, (*identifiers(tree), *docstrings(tree), *comments(source)))
    assert not found, "\n".join(found)


def test_parameters_say_what_they_are() -> None:
    found = [
        f"{path}:{argument.lineno}: {argument.arg} (write: {PARAMETERS[argument.arg]})"
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if argument.arg in PARAMETERS
    ]
    assert not found, "\n".join(found)


def test_comments_of_statements_hold_plain_words() -> None:
    found = [
        complaint
        for file in sorted(PACKAGE.rglob("*.sql"))
        for complaint in complaints(
            file.relative_to(PACKAGE).as_posix(),
            (
                (number, line)
                for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1)
                if line.startswith("--")
            ),
        )
    ]
    assert not found, "\n".join(found)


def test_a_word_of_the_tables_is_found_wherever_it_stands() -> None:
    source = 'CLUES = 1\n"""Nobody reads it."""\n\n\ndef f(told: int) -> None:  # anew\n    """Of kin."""\n'
    tree = ast.parse(source)
    found = [*identifiers(tree), *docstrings(tree), *comments(source)]
    assert ["clues", "told", "nobody", "kin", "anew"] == [
        complaint.split()[1] for complaint in complaints("f.py", found)
    ]
