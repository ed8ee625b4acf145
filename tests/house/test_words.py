"""The package speaks in the words of its field: names, docstrings, comments and messages hold no word of the tables below.

What else a message needs, a translation first of all, `tests/house/test_catalogues.py` holds.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping

import pytest

from tests.house.catalogues import _said_in, catalogue, translations
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

MESSAGES = {
    **WORDS,
    "who": "the session, the account, the client that ...",
    **dict.fromkeys(("gone", "departed", "went"), "ended"),
    **dict.fromkeys(("look", "looks", "looked", "looking"), "sample, read, check"),
    **dict.fromkeys(("outlived", "outlives"), "was idle longer than, disproved"),
    **dict.fromkeys(("surprise", "surprises"), "unexpected result"),
    **dict.fromkeys(("spare", "spared", "spares"), "skip, skipped"),
    **dict.fromkeys(("watched", "watches"), "monitored, monitors"),
    **dict.fromkeys(("occurrence", "occurrences"), "error event, errors"),
    **dict.fromkeys(("team", "teams", "subjects"), "servers"),
    "powers": "capabilities, privileges",
    "judgements": "risk, certainty",
}
"""Words that may stand in no message either, and what to write instead."""

CHINESE = {
    "何以得知": "依据",
    **dict.fromkeys(("离场", "离开"), "断开, 已结束"),
    **dict.fromkeys(("预告", "预言"), "预测"),
    **dict.fromkeys(("道别", "不辞而别"), "断开（未发送 COM_QUIT）"),
    **dict.fromkeys(("牵涉", "未结事务"), "未提交事务"),
    "空闲时钟": "空闲时间, 空闲计时",
    **dict.fromkeys(("平稳", "留意", "忙碌", "豁免"), "正常, 关注, 执行中, 不计时"),
    "逾期": "超时未断开",
    **dict.fromkeys(("把握", "缘由"), "可信度, 依据"),
    **dict.fromkeys(("同属服务器", "相关服务器"), "拓扑, 关联实例"),
    **dict.fromkeys(("监看", "观察"), "监控"),
    "录像": "录制",
    "放过": "跳过",
    "编译默认": "内置默认",
    "沉静": "大屏模式",
    "本方证书": "客户端证书",
    "冻结": "暂停刷新",
    "画面": "显示, 主界面",
    "无人知道": "未知",
}
"""Words that may stand in no Chinese message, and what to write instead."""

MESSAGE_ROOMS = frozenset(room(path) for path in PATHS)
"""The rooms whose messages are read by these two tables."""


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


def complaints(path: str, texts: Iterable[tuple[int, str]], banned: Mapping[str, str] = WORDS) -> list[str]:
    return [
        f"{path}:{line + index}: {word} (write: {banned[word]})"
        for line, text in texts
        for index, part in enumerate(text.split("\n"))
        for word in words_of(part)
        if word in banned
    ]


def messages(tree: ast.Module) -> Iterator[str]:
    """Every message, without its `{fields}` and the words of error 2006; of a plural both forms."""
    for message in _said_in(tree):
        for form in (message,) if isinstance(message, str) else message:
            yield re.sub(r"\{[^}]*\}|gone away", "", form)


OF_CONTRACT = frozenset({"spared", "gone"})
"""Messages that are words of the JSON output too."""


def message_complaints(path: str, tree: ast.Module) -> list[str]:
    return [
        f"{path}: {text!r}: {complaint.partition(': ')[2]}"
        for text in messages(tree)
        if text not in OF_CONTRACT
        for complaint in complaints(path, [(0, text)], MESSAGES)
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


@pytest.mark.parametrize("name", sorted(MESSAGE_ROOMS))
def test_messages_hold_plain_words(name: str) -> None:
    found = [
        complaint
        for path, tree in modules().items()
        if room(path) == name
        for complaint in message_complaints(path, tree)
    ]
    assert not found, "\n".join(found)


def test_chinese_messages_hold_plain_words() -> None:
    translated = translations(catalogue("zh_CN"))
    said = {
        message
        for path, tree in modules().items()
        if room(path) in MESSAGE_ROOMS
        for message in _said_in(tree)
    }
    found = [
        f"{message!r}: {word} (write: {better})"
        for message in said
        for word, better in CHINESE.items()
        if word in translated.get(message, "")
    ]
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


def test_a_word_of_the_messages_is_found_but_in_their_fields() -> None:
    source = "_('{who} ended')\nN_('Who left')\nngettext('a surprise', 'surprises', n)\nprint('nobody')\n"

    found = message_complaints("f.py", ast.parse(source))

    assert ["who", "surprise", "surprises"] == [complaint.split(": ")[2].split()[0] for complaint in found]
