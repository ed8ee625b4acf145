"""Entries of a server's log that a name tore into several lines, put together again.

MariaDB writes the names in a message as they are, line breaks too (provoked on 10.5, 10.11 and 11.8), so a failed login by the
right user name looks like entries of other sessions. MySQL writes a space for a line break, and so does this module.
A name may even hold the end of its own message and the beginning of another. Length settles it: the servers cut names, so
a line is not believed where it and the lines around it can be one message whose names are no longer than names may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Final

from goneaway_tui.doctor.excerpts import Line
from goneaway_tui.doctor.serverlog import bare, text_parts
from goneaway_tui.doctor.translations import ABORTED, SLOTS, Message, table

USER: Final = 128
"""Characters at which MariaDB cuts a user name (80 before 10.11); MySQL cuts it at 32."""
DATABASE, USER_OF_SESSION, REASON = 64, 48, 64
"""The same in the message of an aborted connection. Its reason may be the text of an error, and so what a user wrote."""
HOST: Final = 255
FREE_TEXT: Final = 512
"""The same of the error of an event, and of a statement that is quoted."""
WORD: Final = 60
"""Characters of the server's own YES or NO, and of what else a message has."""

DENIED: Final = frozenset({1045, 1698})
FORCED: Final = 1080
NAMING: Final = DENIED | ABORTED | {FORCED}
"""Messages that quote what a client chose."""
_FREE: Final = re.compile(r"Event Scheduler: \[|.{0,400} Statement: ")
_SIGNS: Final = ("'", "Event Scheduler: [", " Statement: ")
"""One of these is in every entry that quotes."""
_DIGITS: Final = re.compile(r"\d+")
_ANY, _IN_LINE = r"[\s\S]{{0,{0}}}", r"[^\n]{{0,{0}}}"


@dataclass(frozen=True, slots=True)
class _Form:
    """A message in one language."""

    opens: re.Pattern[str]
    """How it begins, up to the first name."""
    whole: re.Pattern[str]
    """All of it, with names as long as they may be."""
    longest: int
    """Its characters, at most."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A line that is held back."""

    line: Line
    text: str
    """What the server wrote of it."""
    believed: bool = True
    """Whether it is surely no part of an entry before it."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """An entry that may go on in the lines below its first."""

    forms: tuple[_Form, ...]
    """What it may be; none where it quotes freely, so that any line may be its last."""
    start: int
    """Where the message begins in its first line."""
    longest: int
    """Characters of the message, at most."""

    def ends(self, lines: list[_Held]) -> list[int]:
        """Which of its lines may be its last."""
        said = lines[0].text[self.start :]
        found = []
        for nth, line in enumerate(lines):
            if nth:
                said = f"{said}\n{line.text}"
            if not self.forms or any(form.whole.fullmatch(said) for form in self.forms):
                found.append(nth)
        return found


@dataclass(slots=True)
class Mender:
    """Takes lines in their order, gives entries in their order, and holds back no more than one entry's length."""

    _begun: _Begun | None = None
    _held: list[_Held] = field(default_factory=list)
    """Its lines, and those that may be."""
    _size: int = 0
    """The characters of its message, with line breaks."""
    _waited: bool = False

    def add(self, line: Line) -> Iterator[Line]:
        """What is known once this line is."""
        yield from self._take(_Held(line, bare(line.text)))

    def pause(self) -> Iterator[Line]:
        """What is known where the log ends for now. A server writes an entry at once; half of one waits for its rest, once."""
        if self._begun is not None and not self._waited and 0 not in self._begun.ends(self._held[:1]):
            self._waited = True
            return
        yield from self.end()

    def end(self) -> Iterator[Line]:
        """All that was held back."""
        while self._begun is not None:
            yield from self._settled(self._begun)

    def _take(self, new: _Held) -> Iterator[Line]:
        begun = self._begun
        if begun is None:
            self._begun = begun = _beginning(new.text)
            if begun is None:
                if new.believed:
                    yield new.line
                return
            self._size = -begun.start
        self._held.append(new)
        self._size += len(new.text) + 1
        if self._size > begun.longest:
            yield from self._settled(begun)

    def _settled(self, begun: _Begun) -> Iterator[Line]:
        held = self._held
        self._begun, self._held, self._size, self._waited = None, [], 0, False
        ends = begun.ends(held)
        believed = held[0].believed
        first = min(ends, default=0) if believed else 0
        last = max(ends, default=0)
        if believed:
            yield _joined(held[: first + 1])
        # What may be a part of this entry may be the first line of another too, and that one's names are to be known as such.
        for nth, each in enumerate(held[first + 1 :], first + 1):
            inside = nth <= last and not _is_refusal(each.text)
            yield from self._take(replace(each, believed=False) if inside else each)


def mended(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of a log that is there to its end."""
    mender = Mender()
    for line in lines:
        yield from mender.add(line)
    yield from mender.end()


def _joined(lines: list[_Held]) -> Line:
    """The lines of one entry as one."""
    if len(lines) == 1:
        return lines[0].line
    first, *others = lines
    text = " ".join((first.line.text, *(each.text for each in others)))
    return replace(first.line, text=text, size=sum(each.line.size for each in lines))


def _is_refusal(text: str) -> bool:
    """Whether a line is the whole message of one failed login: of many in a row each may look like a part of the one before,
    and none tells of a session's end."""
    parts = text_parts(text)
    return parts is not None and any(form.whole.fullmatch(parts.text) for form in _forms(DENIED))


def _beginning(text: str) -> _Begun | None:
    """What a line may be the first of; None for one that is surely all of its entry."""
    if not any(sign in text for sign in _SIGNS):
        return None
    parts = text_parts(text)
    if parts is None or parts.code is not None:  # MySQL breaks no line
        return None
    start = len(text) - len(parts.text)
    if _FREE.match(parts.text):
        return _Begun((), start, FREE_TEXT)
    opening = _openings().match(parts.text)
    if opening is None:
        return None
    forms = _opened(_DIGITS.sub("0", opening[0]))
    return _Begun(forms, start, max(form.longest for form in forms))


@lru_cache(maxsize=64)
def _opened(opening: str) -> tuple[_Form, ...]:
    """Every message that begins so."""
    return tuple(form for form in _forms(NAMING) if form.opens.match(opening))


@cache
def _forms(numbers: frozenset[int]) -> tuple[_Form, ...]:
    return tuple(_form(row) for row in table() if row.number in numbers)


@cache
def _openings() -> re.Pattern[str]:
    """How any of them begins, the longest first."""
    patterns = {form.opens.pattern for form in _forms(NAMING)}
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def _form(message: Message) -> _Form:
    """
    >>> form = _form(Message(1698, "english", "Access denied for user '%s'@'%s'"))
    >>> [bool(form.whole.fullmatch(f"Access denied for user 'a\\n{'b' * more}'@'h'")) for more in (126, 127)]
    [True, False]
    """
    if message.number in ABORTED:
        chosen = [_ANY.format(DATABASE), _ANY.format(USER_OF_SESSION), _IN_LINE.format(HOST)]
        texts = iter([*chosen[: len(SLOTS.findall(message.text)) - 2], _ANY.format(REASON)])
    elif message.number == FORCED:
        texts = iter([r"\S{1,200}", _ANY.format(USER)])
    else:
        texts = iter([_ANY.format(USER), _IN_LINE.format(HOST), _IN_LINE.format(WORD)])
    pieces = [re.escape(piece) for piece in SLOTS.split(message.text.rstrip(" ."))]
    slots = [r"\d{1,20}" if slot == "%d" else next(texts) for slot in SLOTS.findall(message.text)]
    first = next(nth for nth, slot in enumerate(slots) if slot.startswith(r"[\s\S]"))
    opening = "".join(map("".join, zip(pieces[: first + 1], [*slots[:first], ""], strict=True)))
    whole = "".join(map("".join, zip(pieces, [*slots, ""], strict=True)))
    names = DATABASE + USER_OF_SESSION + HOST + REASON if message.number in ABORTED else USER + HOST + WORD
    longest = len(message.text) + names + WORD
    return _Form(re.compile(opening), re.compile(rf"{whole}[ .\r]*"), longest)
