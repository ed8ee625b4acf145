"""Secrets in quoted log lines made unreadable: passwords in DSNs and URLs, options and statements."""

from __future__ import annotations

import re
from typing import Final

from goneaway_tui.model.plain import plain

MASK: Final = "****"
QUOTED: Final = 300
"""Characters of a log's line that are quoted: what must be."""

_QUOTED: Final = r"(?:'(?:[^'\\]|\\.|''){0,200}(?:'|$)|\"(?:[^\"\\]|\\.|\"\"){0,200}(?:\"|$))"
"""A string of SQL, also one that its line cuts off."""
_BLANK: Final = r"(?:\s|/\*.{0,40}?\*/){1,3}"
"""What may stand between words of SQL."""

_SECRETS: Final = (
    (re.compile(r"(://[^\s/:@'\"]{0,200}:)[^\s'\"]{1,200}(?=@)"), r"\1" + MASK),
    (re.compile(r"\b([\w.-]{1,64}:)[^\s:@/'\"(]{1,200}(?=@(?:tcp|tcp6|unix)?\()"), r"\1" + MASK),
    (
        re.compile(
            rf"(?i)\b(IDENTIFIED{_BLANK}(?:(?:WITH|VIA){_BLANK}\S{{1,64}}{_BLANK})?(?:BY|AS|USING){_BLANK}(?:PASSWORD\s{{0,3}}\(?\s{{0,3}})?"
            r"|\bSET\s{1,3}PASSWORD\b[^=']{0,100}(?:'[^']{0,100}'@?){0,2}\s{0,3}(?:=|\bTO\b)\s{0,3}(?:(?:OLD_)?PASSWORD\s{0,3}\(\s{0,3})?"
            rf"|\bPASSWORD\s{{1,3}}|\bREPLACE\s{{1,3}}){_QUOTED}"
        ),
        r"\1'" + MASK + "'",
    ),
    (
        re.compile(
            r"(?i)((?:password|passwd|passphrase|passcode|pwd|\bpass|_pass|\b(?:db|my|mysql|sql|user|root|admin)pass|secret|api_?key|access_?key|auth_?token|token)"
            r"['\"]?\s{0,3}(?:=>|[:=]|%3D)\s{0,3})"
            r"(?:'[^']{0,200}(?:'|$)|\"[^\"]{0,200}(?:\"|$)|(?!'\*{4}')(?!\w{1,20}\('\*{4}')[^\s'\",;&)}\]]{1,200})"
        ),
        r"\1" + MASK,
    ),
    (re.compile(r"((?:^|\s)--?pass(?:word|wd)?\s{1,3})(?=[^\s-])\S{1,200}"), r"\1" + MASK),
    (re.compile(r"(?i)(\bAuthorization:\s{0,3}(?:Basic|Bearer)\s{1,3})\S{1,400}"), r"\1" + MASK),
    (re.compile(r"((?:^|\s)-p)(?=[^\s\d-])[^\s]{1,200}(?=.*\b(?:mysql|mariadb))"), r"\1" + MASK),
    (re.compile(r"(\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mariadb-admin)\b.{0,300}?\s-p)[^\s]{1,200}"), r"\1" + MASK),
)  # fmt: skip


def quotable(line: str, limit: int = QUOTED) -> str:
    """A line of a log as it may be shown: one line, no secrets, nothing a terminal would obey, not long.

    >>> quotable("connect to mysql://app:tiger@db1:3306/shop failed: (2003, \\"Can't connect\\")")
    'connect to mysql://app:****@db1:3306/shop failed: (2003, "Can\\'t connect")'
    """
    shown = line.strip()[: 4 * limit]
    for pattern, mask in _SECRETS:
        shown = pattern.sub(mask, shown)
    return plain(" ".join(shown.split()), limit)
