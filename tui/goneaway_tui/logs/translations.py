"""Translations: a server's messages in the language of its lc_messages, back into the English that is parsed.

MariaDB, and MySQL before 8.0, translate whole messages; MySQL since 8.0 the reason in the parentheses alone. A session
may have a language of its own, so the reason may be in another one than the message. `server_messages.tsv` holds the
texts as the servers ship them; its first lines say which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

TABLE: Final = files(__package__) / "server_messages.tsv"
ENGLISH: Final = "english"
ABORTED_MESSAGES: Final = frozenset({1152, 1184})
"""Numbers of messages whose last part is the reason."""
REASON_MESSAGES: Final = frozenset({1040, 1153, 1158, 1159, 1160, 1161, 1927})
"""Numbers of messages that are such a reason."""
CUT_BYTES: Final = 60
"""Bytes from which a reason may be cut. Servers cut after 64, or before the character that the 64th is part of."""

MAX_MESSAGE_CHARS: Final = 1000
"""Characters of a message that is translated: names are short, and hostile lines longer."""

SLOTS: Final = re.compile(r"%[ds]")
"""A number or a text in a message."""
_NUMBER, _TEXT, _NO_SPACES = r"(\d{1,20})", r"(.{0,400})", r"(\S{1,200})"
"""Longer than any name a server quotes, and short enough that no hostile name costs much time."""
_PROGRAM: Final = re.compile(r"%s(?=: | \(|（|：)")
"""A message may begin with the program's path."""


@dataclass(frozen=True, slots=True)
class TranslatedMessage:
    """One message in one language."""

    number: int
    language: str
    text: str
    """With `%d` for a number and `%s` for a text, in the order of the English ones."""


def translated_messages() -> Iterator[TranslatedMessage]:
    """Yield every row of the table."""
    for line in TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            number, language, text = line.split("\t")
            yield TranslatedMessage(int(number), language, text)


@lru_cache(maxsize=64)
def in_english(text: str) -> str:
    """A message of a server's error log in English; unchanged where the table does not hold it.

    Never raises.

    >>> in_english("Abbruch der Verbindung 4 zur Datenbank 'a'. Benutzer: 'b', Host: 'c' (KILLED)")
    "Aborted connection 4 to db: 'a' user: 'b' host: 'c' (KILLED)"
    >>> in_english("Aborted connection 4 to db: 'a' user: 'b' host: 'c' (Fehler beim Lesen eines Kommunikationspakets).")
    "Aborted connection 4 to db: 'a' user: 'b' host: 'c' (Got an error reading communication packets)."
    """
    if len(text) > MAX_MESSAGE_CHARS:
        return text
    form, templates = _forms()
    message_text = text.rstrip(" .")
    found = form.fullmatch(message_text)
    if found is None or found.lastindex is None:
        program, colon, words = message_text.partition(": ")
        return program + colon + _reasons()[words] if words in _reasons() else text
    message = templates[found.lastindex]
    values = [found[found.lastindex - message.groups + index] for index in range(message.groups)]
    if message.number in ABORTED_MESSAGES:
        values[-1] = reason_in_english(values[-1])
    pieces = SLOTS.split(message.english)
    filled = [words for pair in zip(pieces, [*values, ""], strict=True) for words in pair]
    return "".join(filled) + text[len(message_text) :]


def reason_in_english(reason: str) -> str:
    """The reason of an aborted connection in English, though it may be cut; unchanged where the table does not hold it.

    >>> reason_in_english("Получен таймаут ожидания пакета че"), reason_in_english("KILLED")
    ('Got timeout reading communication packets', 'KILLED')
    """
    reasons = _reasons()
    if reason in reasons:
        return reasons[reason]
    if len(reason.encode("utf-8", "replace")) >= CUT_BYTES:
        candidates = {english for text, english in reasons.items() if text.startswith(reason)}
        if len(candidates) == 1:
            return candidates.pop()
    return reason


@dataclass(frozen=True, slots=True)
class _MessageForm:
    """The message that one alternative of the combined expression matches."""

    number: int
    english: str
    groups: int


@cache
def _forms() -> tuple[re.Pattern[str], Mapping[int, _MessageForm]]:
    """One expression for all messages, and the message of each by the number of the last group that matched.

    An empty group ends each alternative, so that a message without slots is recognised too.
    """
    rows = list(translated_messages())
    english = {(row.number, _slot_count(row.text)): row.text for row in rows if row.language == ENGLISH}
    forms: dict[int, _MessageForm] = {}
    alternatives: dict[bool, list[str]] = {False: [], True: []}
    groups = 0
    # The shorter form of a message would take the slots of the longer one for part of a name.
    for row in sorted(rows, key=lambda row: (_names_program(row), -_slot_count(row.text))):
        key = row.number, _slot_count(row.text)
        if key not in english:
            continue
        alternatives[_names_program(row)].append(_expression(row))
        groups += key[1] + 1
        forms[groups] = _MessageForm(row.number, english[key], key[1])
    plain, after_program = ("|".join(alternatives[which]) for which in (False, True))
    return re.compile(rf"(?:{plain}|(?=\S{{0,200}}(?:mysqld|mariadbd))(?:{after_program}))"), forms


def _expression(row: TranslatedMessage) -> str:
    pieces = SLOTS.split(row.text.rstrip(" ."))
    slots = [_NUMBER if slot == "%d" else _TEXT for slot in SLOTS.findall(row.text)]
    if _names_program(row):
        slots[0] = _NO_SPACES
    words = [re.escape(pieces[0])]
    for slot, piece in zip(slots, pieces[1:], strict=True):
        words += [slot, re.escape(piece)]
    return "".join((*words, "()"))


def _names_program(row: TranslatedMessage) -> bool:
    return _PROGRAM.match(row.text) is not None


def _slot_count(text: str) -> int:
    return len(SLOTS.findall(text))


@cache
def _reasons() -> Mapping[str, str]:
    """The English of each reason, by its text in any language."""
    rows = [row for row in translated_messages() if row.number in REASON_MESSAGES]
    english = {row.number: row.text for row in rows if row.language == ENGLISH}
    return {row.text: english[row.number] for row in rows}
