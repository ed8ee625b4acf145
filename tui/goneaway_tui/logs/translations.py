"""A server's messages in the language of its lc_messages, turned into the English ones that everything else reads.

MariaDB, and MySQL before 8.0, translate whole messages; MySQL since 8.0 the reason in the parentheses alone. A session
may have a language of its own, so the reason may be in another one than the message. `server_messages.tsv` holds the
texts as the servers ship them; its head says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("server_messages.tsv")
ENGLISH: Final = "english"
ABORTED_MESSAGES: Final = frozenset({1152, 1184})
"""Messages whose last part is the reason."""
REASON_MESSAGES: Final = frozenset({1040, 1153, 1158, 1159, 1160, 1161, 1927})
"""Messages that are such a reason."""
CUT_BYTES: Final = 60
"""A reason is cut after 64 bytes, or before the character that the 64th is part of: what is shorter is whole."""

MAX_MESSAGE_CHARS: Final = 1000
"""Characters of a message: names are short, and hostile lines longer."""

SLOTS: Final = re.compile(r"%[ds]")
"""Where a message has a number or a text."""
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
    """Every row of the table."""
    for line in TABLE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            number, language, text = line.split("\t")
            yield TranslatedMessage(int(number), language, text)


@lru_cache(maxsize=64)
def in_english(text: str) -> str:
    """A message of a server's error log as an English server would have written it; as it is where it is none of ours.

    Never raises.

    >>> in_english("Abbruch der Verbindung 4 zur Datenbank 'a'. Benutzer: 'b', Host: 'c' (KILLED)")
    "Aborted connection 4 to db: 'a' user: 'b' host: 'c' (KILLED)"
    >>> in_english("Aborted connection 4 to db: 'a' user: 'b' host: 'c' (Fehler beim Lesen eines Kommunikationspakets).")
    "Aborted connection 4 to db: 'a' user: 'b' host: 'c' (Got an error reading communication packets)."
    """
    if len(text) > MAX_MESSAGE_CHARS:
        return text
    form, templates = _forms()
    whole = text.rstrip(" .")
    found = form.fullmatch(whole)
    if found is None or found.lastindex is None:
        program, colon, said = whole.partition(": ")
        return program + colon + _reasons()[said] if said in _reasons() else text
    message = templates[found.lastindex]
    slots = message.groups
    parts = [found[found.lastindex - slots + nth] for nth in range(slots)]
    if message.number in ABORTED_MESSAGES:
        parts[-1] = reason_in_english(parts[-1])
    pieces = SLOTS.split(message.english)
    filled = [said for pair in zip(pieces, [*parts, ""], strict=True) for said in pair]
    return "".join(filled) + text[len(whole) :]


def reason_in_english(reason: str) -> str:
    """What stands in the parentheses of an aborted connection, which may be cut short; as it is where it is none of ours.

    >>> reason_in_english("Получен таймаут ожидания пакета че"), reason_in_english("KILLED")
    ('Got timeout reading communication packets', 'KILLED')
    """
    known = _reasons()
    if reason in known:
        return known[reason]
    if len(reason.encode("utf-8", "replace")) >= CUT_BYTES:
        meant = {english for text, english in known.items() if text.startswith(reason)}
        if len(meant) == 1:
            return meant.pop()
    return reason


@dataclass(frozen=True, slots=True)
class _MessageForm:
    """What one alternative of the great expression stands for."""

    number: int
    english: str
    groups: int


@cache
def _forms() -> tuple[re.Pattern[str], Mapping[int, _MessageForm]]:
    """One expression for all messages, and which it is by the last group that matched.

    An empty group ends each alternative, so that one without slots is known too.
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
    said = [re.escape(pieces[0])]
    for slot, piece in zip(slots, pieces[1:], strict=True):
        said += [slot, re.escape(piece)]
    return "".join((*said, "()"))


def _names_program(row: TranslatedMessage) -> bool:
    return _PROGRAM.match(row.text) is not None


def _slot_count(text: str) -> int:
    return len(SLOTS.findall(text))


@cache
def _reasons() -> Mapping[str, str]:
    """The English of each reason."""
    rows = [row for row in translated_messages() if row.number in REASON_MESSAGES]
    english = {row.number: row.text for row in rows if row.language == ENGLISH}
    return {row.text: english[row.number] for row in rows}
