"""Mentions: lines that only quote the words of an error, and report none.

Statements that a server logged, source, diffs, changelogs, prose and access logs hold such words. What surely quotes them
is no error. What may quote them is one, marked as a mention: no cause is more than possible then.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final


class Mention(Enum):
    """Whether words of an error are only quoted."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


_STATEMENT_LOGGED: Final = re.compile(
    r"(?:\S{15,32}|\d{6} {1,2}\d{1,2}:\d\d:\d\d)?\s{1,8}\d{1,20} (?:Query|Execute|Prepare|Long Data|Init DB|Field List)\s"
)
"""A line of the general query log."""
_SLOW_LOG: Final = re.compile(r"# (?:Time|User@Host|Query_time|Thread_id|administrator command): ?")
"""Lines of the slow query log that stand before a statement."""
_REQUEST_LOGGED: Final = re.compile(r'"(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH) [^"]{0,2000}$')
_STATEMENT: Final = re.compile(
    r"(?i)(?P<quote>['\"`]?)\b(?:INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|SELECT|DELETE\s+FROM|CALL)\b"
)
_VALUE_END: Final = re.compile(r"[^']{0,400}'\s{0,4}(?:[,);]|$|AND\b|WHERE\b|LIMIT\b|ORDER\b)")
_BULLET: Final = re.compile(r"\s{0,4}(?:[-*+•]|\d{1,2}[.)]|#{1,6}|//+|/\*+|--)\s+(?P<rest>\S.*)")
"""An item of a list, a heading, a comment, or a line of a diff."""
_ERROR_HEAD: Final = re.compile(
    r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|ERROR \d{4} \(|\[?(?:ERROR|WARN|FATAL|CRITICAL)\b|(?:[\w.:\\]{0,120}(?:Error|Exception))\b[:(]|SQLSTATE\[|\(\d{4}, "
)
"""How a real error begins, also behind a dash."""
_CODE: Final = re.compile(
    r"\s*(?:case\b[^:]{1,80}:(?!:)|(?:\}\s*)?(?:el(?:se )?)?if\b.{0,400}(?:[:{)]|then)\s*$|(?:except|catch|rescue|when|return|assert\w*|expect|const|let|var|static|def|func|fn|#define)\b(?!:))"
)
_CODE_MARKS: Final = re.compile(
    r"['\"] (?:in|not in) \w|\bin \(?\d{4}, ?\d{4}|[=!]= ?['\"]|=~|\.(?:includes|contains|match|indexOf|startswith|startsWith)\(|\b(?:strpos|stripos|preg_match|str_contains|strstr)\("
    r"|['\"] ?% ?[(\w]|%[rs]['\")]|\{\w{0,20}\}['\"]"
)
"""A line of source."""
_LIST_ITEM: Final = re.compile(r"\s{1,40}(?:\d{4}\s?:\s?|N?_\()?(['\"]).{1,200}\1\)?,?\s*$")
"""A string in a list of messages, in source."""
_ARTICLE: Final = re.compile(r"(?:\b[Tt]he )?(?:\b(?:MySQL|MariaDB|Mysql|mysql) )?$")
_QUOTE_BEFORE: Final = re.compile(r"(?P<word>[\w,.]+[ ]|^)[\"“‘`]$")
_PROSE_AFTER: Final = re.compile(
    r"[^\"”’`\n]{0,200}[\"”’`][,.;:)]?(?:\s{1,2}[a-z]{2,20}\b(?!=)|\s{0,2}\(|\s*$)"
)
_PROSE_BEFORE: Final = re.compile(r"(?:^|[a-z,;] )[a-z]{2,20},? $")
_SAID_OF_ERRORS: Final = re.compile(
    r"(?i)\b(?:error|failed|failure|fatal|exception|warning|with|message|reason|because|critical|err|got|says|was|is|reported|detected|received|reconnect\w*)[: ]{1,2}$"
)
"""What stands before the words of a real error, too."""


def mention_in(text: str, start: int, lines_before: Sequence[str], *, dated: bool) -> Mention:
    """Whether the words at `start` of a line are only quoted.

    `lines_before` are the lines of the same record before it; `dated`, whether the line has a timestamp, or continues a
    traceback.

    >>> mention_in('people see "MySQL server has gone away" when it idles', 18, [], dated=False)
    <Mention.YES: 'yes'>
    >>> mention_in("pymysql.err.OperationalError: (2006, 'MySQL server has gone away')", 45, [], dated=False)
    <Mention.NO: 'no'>
    """
    before = text[:start]
    is_logged = _STATEMENT_LOGGED.match(text) or _REQUEST_LOGGED.search(before) or _is_in_value(text, start)
    if is_logged or any(_SLOW_LOG.match(line) for line in lines_before[-200:]):
        return Mention.YES
    if dated:
        return Mention.NO
    is_source = _CODE.match(text) or _CODE_MARKS.search(text) or _LIST_ITEM.match(text)
    if is_source or _is_item(text, lines_before):
        return Mention.YES
    return _in_prose(text, _ARTICLE.sub("", before))


def _is_item(text: str, lines_before: Sequence[str]) -> bool:
    """Whether a line is an item of a list, a heading, a comment or a line of a diff, and no error behind a dash."""
    if text[:1] in {"+", "-"} and any(
        line[:1] in {"+", "-"} or line[:2] == "@@" for line in lines_before[-20:]
    ):
        return True
    bullet = _BULLET.match(text)
    return bullet is not None and not _ERROR_HEAD.match(bullet["rest"])


def _is_in_value(text: str, start: int) -> bool:
    """Whether an offset is inside a quoted value of a statement."""
    statement = _STATEMENT.search(text, 0, start)
    if statement is None:
        return False
    quotes = text.count("'", statement.end("quote"), start) - text.count("\\'", statement.end("quote"), start)
    return quotes % 2 == 1 and statement["quote"] != "'" and _VALUE_END.match(text, start) is not None


def _in_prose(text: str, before: str) -> Mention:
    """Whether words after `before` are part of a sentence."""
    if _ERROR_HEAD.match(text.lstrip()):
        return Mention.NO
    quoted = _QUOTE_BEFORE.search(before)
    if quoted is not None:
        if not quoted["word"] and not _PROSE_AFTER.match(text, len(before)):
            return Mention.NO
        is_said = _SAID_OF_ERRORS.search(before[:-1]) is not None
        if is_said:
            return Mention.NO
        return Mention.YES if _PROSE_AFTER.match(text, len(before)) else Mention.MAYBE
    if _PROSE_BEFORE.search(before) and not _SAID_OF_ERRORS.search(before):
        return Mention.MAYBE
    return Mention.NO
