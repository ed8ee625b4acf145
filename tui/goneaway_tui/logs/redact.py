"""Redaction: masks secrets in quoted log lines, as passwords in DSNs and URLs, options and statements."""

from __future__ import annotations

import re
from typing import Final

from goneaway_tui.text.sanitize import plain

MASK: Final = "****"
MAX_QUOTED_CHARS: Final = 300
"""Characters of a log's line that are quoted: no more than a reader needs."""

MAX_SEARCHED_CHARS: Final = 4 * MAX_QUOTED_CHARS
"""Characters of a line, and of what stands before it, that are searched for secrets."""
CUT_MARK: Final = "... "
"""The mark before a line whose beginning is not quoted."""

_QUOTED_VALUE: Final = (
    r"(?:'(?:[^'\\]|\\.|''){0,1200}+(?:'|$)|\"(?:[^\"\\]|\\.|\"\"){0,1200}+(?:\"|$)"
    r"|(?P<slashes>\\{1,4})(?P<quote>['\"])(?:(?!(?<!\\)(?P=slashes)(?P=quote)).){0,1200}+(?:(?P=slashes)(?P=quote)|$))"
)
"""A quoted string: also one that its line cuts off, and one inside another string, whose quotes have backslashes."""
_UNQUOTED_VALUE: Final = r"(?:[^\s'\",;&)}\]\\<]|['\"](?=\w)|\\(?!['\"])){1,1200}+"
"""A value without quotes."""
_SQL_BLANK: Final = r"(?:\s|/\*.{0,40}?\*/){1,5}"
"""What may stand between words of SQL."""
_ASSIGNED: Final = r"(?:\\{0,4}['\"]|%2[27])?\s?(?:=>|[:=：＝]|%3[AD])\s?(?:%2[27])?"
_SENSITIVE_NAMES: Final = (
    r"(?:(?:password|passwd|passphrase|passwort|kennwort|wachtwoord|contrase(?:ñ|n)a|senha|mot[ _-]?de[ _-]?passe|пароль|パスワード|密码|密碼|口令)\w{0,16}"
    r"|passcode|pwd|\bpass|_pass|\b(?:db|my|mysql|sql|user|root|admin)pass|secret\w{0,16}|api_?key|access_?key|auth_?token|token)"
)
"""Names of secrets, in the languages that logs have."""
_MASKED_ALREADY: Final = r"(?!'\*{4}'|\w{1,20}\('\*{4}')"

_SECRETS: Final = (
    (re.compile(r"(://[^\s/:@]{0,200}:)\S{1,1200}(?=@)"), r"\1" + MASK),
    (re.compile(r"\b([\w.-]{1,64}:)[^\s:@/'\"(]{1,200}(?=@(?:(?:tcp|tcp6|unix)?\(|/\w))"), r"\1" + MASK),
    (
        re.compile(
            rf"(?i)\b(IDENTIFIED{_SQL_BLANK}(?:(?:WITH|VIA){_SQL_BLANK}\S{{1,64}}{_SQL_BLANK})?(?:BY|AS|USING){_SQL_BLANK}(?:PASSWORD\s?\(?\s?)?)(?:{_QUOTED_VALUE}|{_UNQUOTED_VALUE})"
        ),
        r"\1'" + MASK + "'",
    ),
    (
        re.compile(
            r"(?i)(\bSET PASSWORD\b[^=']{0,100}(?:'[^']{0,100}'@?){0,2}\s?(?:=|\bTO\b)\s?(?:(?:OLD_)?PASSWORD\s?\(\s?)?"
            rf"|\bPASSWORD |\bREPLACE ){_QUOTED_VALUE}"
        ),
        r"\1'" + MASK + "'",
    ),
    (
        re.compile(
            r"(?i)\b((?:(?:OLD_)?PASSWORD|(?:AES_|DES_)?(?:EN|DE)CRYPT|ENCODE|DECODE|MD5|SHA[12]?)\s?\(\s?)(?=[^)'\"]{0,200}['\"])"
            rf"(?:{_QUOTED_VALUE}|[^'\")\\]){{1,200}}+"
        ),
        r"\1'" + MASK + "'",
    ),
    (re.compile(rf"(?i)(<[\w:.-]{{0,40}}{_SENSITIVE_NAMES}[\w:.-]{{0,20}}(?:\s[^<>]{{0,200}})?>)[^<]{{1,1200}}"), r"\1" + MASK),
    (re.compile(rf"(?i)({_SENSITIVE_NAMES}{_ASSIGNED})(?:{_QUOTED_VALUE}|{_MASKED_ALREADY}{_UNQUOTED_VALUE})"), r"\1" + MASK),
    (
        re.compile(rf"(?i)((?:^|[\s'\"\[(=,])--?pass(?:word|wd|phrase)?\\?['\"]?[\s,]{{1,3}})(?!-)(?:{_QUOTED_VALUE}|\S{{1,1200}})"),
        r"\1" + MASK,
    ),
    (re.compile(r"(?i)(\bAuthorization:\s{0,3}(?:Basic|Bearer)\s{1,3})\S{1,1200}"), r"\1" + MASK),
    (re.compile(rf"((?:^|\s)-p)(?=[^\s\d-])(?:{_QUOTED_VALUE}|\S{{1,200}})(?=.*\b(?:mysql|mariadb))"), r"\1" + MASK),
    (
        re.compile(
            rf"(\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mariadb-admin)\b.{{0,300}}?\s-p)(?:{_QUOTED_VALUE}|\S{{1,200}})"
        ),
        r"\1" + MASK,
    ),
)  # fmt: skip


def redacted(line: str, limit: int = MAX_QUOTED_CHARS, *, before: str = "") -> str:
    """A line of a log as it may be shown: one line of at most `limit` characters, no secrets, no control characters.

    `before` stands before it in the log, and is shown where a secret begins in it and ends in the line.

    >>> redacted("connect to mysql://app:tiger@db1:3306/shop failed: (2003, \\"Can't connect\\")")
    'connect to mysql://app:****@db1:3306/shop failed: (2003, "Can\\'t connect")'
    >>> redacted("tiger (2006)", before="ERROR password: ")
    'ERROR password: **** (2006)'
    """
    whole = _masked(before + line.removeprefix(CUT_MARK)) if before else ""
    shown = _masked(line)
    if before and not whole.endswith(shown.removeprefix(CUT_MARK)):
        shown = whole
    return plain(shown, limit)


def _masked(text: str) -> str:
    shown = " ".join(text.strip()[: 2 * MAX_SEARCHED_CHARS].split())
    for pattern, mask in _SECRETS:
        shown = pattern.sub(mask, shown)
    return shown
