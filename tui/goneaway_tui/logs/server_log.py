"""Entries of a server's log that a name tore into several lines, put together again.

MariaDB writes the names in a message as they are, line breaks too (provoked on 10.5, 10.11 and 11.8), so a failed login by the
right user name looks like entries of other sessions. MySQL writes a space for a line break, and so does this module.
A name may even hold the end of its own message and the beginning of another. Length settles it: the servers cut names, so
a line is not believed where it and the lines around it can be one message whose names are no longer than names may be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from typing import Final

from goneaway_tui.logs.blocks import LogLine, unwrap
from goneaway_tui.logs.translations import ABORTED, SLOTS, TranslatedMessage, in_english, messages
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId

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
class _ReasonForm:
    """A message in one language."""

    opens: re.Pattern[str]
    """How it begins, up to the first name."""
    whole: re.Pattern[str]
    """All of it, with names as long as they may be."""
    longest: int
    """Its characters, at most."""


@dataclass(frozen=True, slots=True)
class _HeldLine:
    """A line that is held back."""

    line: LogLine
    text: str
    """What the server wrote of it."""
    believed: bool = True
    """Whether it is surely no part of an entry before it."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """An entry that may go on in the lines below its first."""

    forms: tuple[_ReasonForm, ...]
    """What it may be; none where it quotes freely, so that any line may be its last."""
    start: int
    """Where the message begins in its first line."""
    longest: int
    """Characters of the message, at most."""

    def ends(self, lines: list[_HeldLine]) -> list[int]:
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
class TornEntryJoiner:
    """Takes lines in their order, gives entries in their order, and holds back no more than one entry's length."""

    _begun: _Begun | None = None
    _held: list[_HeldLine] = field(default_factory=list)
    """Its lines, and those that may be."""
    _size: int = 0
    """The characters of its message, with line breaks."""
    _waited: bool = False

    def add(self, line: LogLine) -> Iterator[LogLine]:
        """What is known once this line is."""
        yield from self._take(_HeldLine(line, bare(line.text)))

    def pause(self) -> Iterator[LogLine]:
        """What is known where the log ends for now. A server writes an entry at once; half of one waits for its rest, once."""
        if self._begun is not None and not self._waited and 0 not in self._begun.ends(self._held[:1]):
            self._waited = True
            return
        yield from self.end()

    def end(self) -> Iterator[LogLine]:
        """All that was held back."""
        while self._begun is not None:
            yield from self._settled(self._begun)

    def _take(self, new: _HeldLine) -> Iterator[LogLine]:
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

    def _settled(self, begun: _Begun) -> Iterator[LogLine]:
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


def joined_entries(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The lines of a log that is there to its end."""
    mender = TornEntryJoiner()
    for line in lines:
        yield from mender.add(line)
    yield from mender.end()


def _joined(lines: list[_HeldLine]) -> LogLine:
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
def _opened(opening: str) -> tuple[_ReasonForm, ...]:
    """Every message that begins so."""
    return tuple(form for form in _forms(NAMING) if form.opens.match(opening))


@cache
def _forms(numbers: frozenset[int]) -> tuple[_ReasonForm, ...]:
    return tuple(_form(row) for row in messages() if row.number in numbers)


@cache
def _openings() -> re.Pattern[str]:
    """How any of them begins, the longest first."""
    patterns = {form.opens.pattern for form in _forms(NAMING)}
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def _form(message: TranslatedMessage) -> _ReasonForm:
    """
    >>> form = _form(TranslatedMessage(1698, "english", "Access denied for user '%s'@'%s'"))
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
    return _ReasonForm(re.compile(opening), re.compile(rf"{whole}[ .\r]*"), longest)


LONGEST_LINE: Final = 8192
"""Characters of a line that are looked at: messages are shorter, and hostile lines longer."""
_LARGEST_ID: Final = 2**32 - 1
"""Beyond it the number in front is not a session's: MariaDB 10.1 wrote the address of a thread there."""

HEADS: Final = (
    re.compile(
        r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?P<thread>\d{1,20}) \[(?:Note|Warning|ERROR|System)\] "
        r"(?:\[(?P<code>MY-\d{6})\] \[\w{1,32}\] )?(?P<text>.*)"
    ),
    re.compile(
        r"(?P<at>\d{4}-\d\d-\d\d {1,2}\d{1,2}:\d\d:\d\d) (?P<thread>\d{1,20}) \[(?:Note|Warning|ERROR|System)\] (?P<text>.*)"
    ),
    re.compile(
        r"(?P<at>\d{6} {1,2}\d{1,2}:\d\d:\d\d)(?: (?P<thread>\d{1,20}))? \[(?:Note|Warning|ERROR|System)\] (?P<text>.*)"
    ),
    re.compile(r"(?P<at>(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\dZ?) UTC - (?P<text>\S{1,200} got .*)"),
)
"""How a line begins: MySQL since 5.7, MariaDB since 10.1 (and MySQL 5.6), both before, and a dying MySQL.
"""
MOST_WRAPPERS: Final = 2
"""What a container and a journal put before it."""


@dataclass(frozen=True, slots=True)
class MessageMeaning:
    """What words say of a session's end."""

    cause: Cause | None
    error: int | None = None
    """The number clients know it by."""


REASONS: Final = (
    (
        "The client was disconnected by the server because of inactivity",
        MessageMeaning(Cause.IDLE_TIMEOUT, 4031),
    ),
    ("Got timeout reading communication packets", MessageMeaning(Cause.IDLE_TIMEOUT, 1159)),
    ("Got timeout writing communication packets", MessageMeaning(Cause.NET_WRITE_TIMEOUT, 1161)),
    ("Got an error reading communication packets", MessageMeaning(Cause.CLIENT_LOST, 1158)),
    # MySQL has words of its own for a timeout, MariaDB writes these for a lost client and for a slow one alike.
    ("Got an error writing communication packets", MessageMeaning(None, 1160)),
    ("Got a packet bigger than 'max_allowed_packet' bytes", MessageMeaning(Cause.PACKET_TOO_LARGE, 1153)),
    ("Too many connections", MessageMeaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
    # Of KILL CONNECTION, but of KILL QUERY and max_statement_time too, after which the session lives on; and the
    # number in front of the label is the killer's. It proves nothing.
    ("KILLED", MessageMeaning(None)),
    # A login that was never finished: nobody's session ended.
    ("This connection closed normally without authentication", MessageMeaning(None)),
)
"""What may stand in the last parentheses of `Aborted connection N to db: ...`, by how it begins."""

_RESTART: Final = MessageMeaning(Cause.SERVER_RESTART, 1053)
_CRASH: Final = MessageMeaning(Cause.SERVER_CRASH)

SAYINGS: Final = (
    (
        re.compile(r"A connection from .* was closed by the server due to a timeout"),
        MessageMeaning(Cause.IDLE_TIMEOUT, 4031),
    ),
    # Of a session that met its own end while idle, by KILL CONNECTION alone; written from log_warnings=4 on.
    (re.compile(r"\S{1,200}: Connection was killed$"), MessageMeaning(Cause.KILLED, 1927)),
    # 110 is ETIMEDOUT: MariaDB's only word for a client that did not take its result in time, from log_warnings=4 on.
    (re.compile(r"Could not write packet: .*\berrno: 110 "), MessageMeaning(Cause.NET_WRITE_TIMEOUT, 1161)),
    (
        re.compile(r"\S{0,200}:? ?Forcing close of thread (?P<id>\d{1,10}) {1,2}user"),
        MessageMeaning(Cause.SERVER_RESTART, 1053),
    ),
    (re.compile(r"Access denied for user "), MessageMeaning(Cause.ACCESS_DENIED, 1045)),
    (re.compile(r"Too many connections$"), MessageMeaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
)
"""What a line says of the session whose number stands in front of its label, or in its `id`."""

OF_THE_SERVER: Final = (
    (re.compile(r"Received SHUTDOWN from user "), _RESTART),
    (re.compile(r"\S{1,200}(?: \(initiated by: .*\))?: Normal shutdown$"), _RESTART),
    (re.compile(r"Got signal 15 to shutdown "), _RESTART),
    (re.compile(r"\S{1,200}: Shutdown complete\b"), _RESTART),
    (re.compile(r"\S{1,200} got (?:signal \d{1,3}|exception 0x\w{1,16}) ;"), _CRASH),
    (re.compile(r"(?:InnoDB: )?(?:Starting crash recovery|Database was not shut ?down normally)"), _CRASH),
    (re.compile(r"(?:InnoDB: )?Assertion failure"), _CRASH),
)
"""What a line says of the whole server, and so of every session that was open."""

_STOPPING: Final = re.compile(r"Received SHUTDOWN from |.*: Normal shutdown$|Got signal 15 to shutdown ")
_STARTING: Final = re.compile(r".*(?:starting as process|Starting MariaDB|ready for connections)")
_READY: Final = re.compile(r".*ready for connections")
"""One that is ready, and next begins to start, has died without a word in between."""
_ABORTED: Final = re.compile(r"Aborted connection (?P<id>\d{1,10}) to db: ")
_AGAIN: Final = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) UTC - (?P<text>.*)")
"""MySQL repeats a crash's lines, stamps and all, when it starts anew."""
_NUMBER: Final = re.compile(r"MY-\d{6}")


class ServerLog:
    """Reads the lines of one error log in their order; pure but for knowing whether that server is ready, or shutting down."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """`zone` is the server's: MariaDB, and MySQL before 5.7, write local time and no zone."""
        self._zone = zone
        self._stopping = False
        self._ready = False

    def entry(self, line: str) -> LogEntry | None:
        """What one line says; None for one without a head: the rest of a stack trace, a banner, another log's line.

        Never raises. Entries that say nothing of any session's end have no cause.
        """
        read = _json_parts(line) if line.lstrip()[:1] == "{" else text_parts(line)
        return None if read is None else self._entry(read)

    def _entry(self, parts: EntryParts) -> LogEntry:
        again = _AGAIN.match(parts.text)
        if again:
            parts = replace(parts, at=again["at"], text=again["text"])
        text = parts.text.rstrip()
        english = in_english(text)
        session_id, meaning = _meaning(english, parts)
        cause = meaning.cause
        if _STOPPING.match(english):
            self._stopping, self._ready = True, False
        elif _STARTING.match(english):
            if self._ready and not _READY.match(english):
                cause = Cause.SERVER_CRASH
            self._stopping, self._ready = False, bool(_READY.match(english))
        elif meaning is _CRASH:
            self._ready = False
        if self._stopping and (english.endswith("(KILLED)") or cause is Cause.KILLED):
            cause = Cause.SERVER_RESTART
        return LogEntry(self._instant(parts.at), text, session_id, cause, parts.code)

    def _instant(self, text: str) -> float | None:
        stamp = split_timestamp(text)
        if stamp is None:
            return None
        zone = stamp.tzinfo or self._zone
        try:
            return None if zone is None else stamp.replace(tzinfo=zone).timestamp()
        except (ValueError, OverflowError):
            return None


def error_number(entry: LogEntry) -> int | None:
    """The number clients know what an entry tells of by: 4031, 1158; None where they know none."""
    text = in_english(entry.text)
    return _meaning(text, EntryParts("", "", text, entry.code))[1].error


def split_timestamp(text: str) -> datetime | None:
    """An error log's time stamp; naive where it names no zone, None where it is none or has no date.

    >>> split_timestamp("261123 22:13:19"), split_timestamp("2018-06-05  9:54:17"), split_timestamp("22:13:29 UTC")
    (datetime.datetime(2026, 11, 23, 22, 13, 19), datetime.datetime(2018, 6, 5, 9, 54, 17), None)
    """
    try:
        if text[:6].isdigit():
            return datetime.strptime(text, "%y%m%d %H:%M:%S")  # noqa: DTZ007 - it names no zone
        day, _, hours = text.replace("T", " ", 1).partition(" ")
        return datetime.fromisoformat(f"{day}T{hours.strip().rjust(8, '0') if len(hours) < 10 else hours}")
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class EntryParts:
    """An entry taken apart."""

    at: str
    thread: str
    text: str
    code: str | None


def text_parts(line: str) -> EntryParts | None:
    """A line of a text log taken apart; None for one that begins as no entry does.

    Nothing but what keepers of logs put there may stand before its head: an application quotes what users write.
    """
    return _parts(line[:LONGEST_LINE])[1]


def bare(line: str) -> str:
    """A line without what keepers of logs put before it."""
    return _parts(line)[0]


def _parts(line: str) -> tuple[str, EntryParts | None]:
    for _wrapper in range(MOST_WRAPPERS):
        found = next((found for head in HEADS if (found := head.match(line))), None)
        wrap = None if found else unwrap(line)
        if wrap is None:
            break
        line = wrap.body
    else:
        found = next((found for head in HEADS if (found := head.match(line))), None)
    if found is None:
        return line, None
    said = found.groupdict()
    return line, EntryParts(said["at"], said.get("thread") or "", said["text"], said.get("code"))


def _json_parts(line: str) -> EntryParts | None:
    if len(line) > LONGEST_LINE or '"msg"' not in line or '"err_code"' not in line:
        return None
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    number, text = said.get("err_code"), said.get("msg")
    if not isinstance(number, int) or not isinstance(text, str):
        return None
    code = f"MY-{number:06}"
    return EntryParts(
        str(said.get("time", "")),
        str(said.get("thread", "")),
        text,
        code if _NUMBER.fullmatch(code) else None,
    )


def _meaning(text: str, parts: EntryParts) -> tuple[ProcesslistId | None, MessageMeaning]:
    """Whose end a text speaks of, and what it says of it."""
    aborted = _ABORTED.match(text)
    if aborted:
        why = text.rstrip(" .").removesuffix(")").rpartition("(")[2]
        said = next((meant for words, meant in REASONS if why.startswith(words)), MessageMeaning(None))
        if said.error == 1160 and parts.code:
            said = replace(said, cause=Cause.CLIENT_LOST)
        return _session(aborted["id"]), said
    for pattern, meaning in OF_THE_SERVER:
        if pattern.match(text):
            return None, meaning
    for pattern, meaning in SAYINGS:
        found = pattern.match(text)
        if found:
            return _session(found.groupdict().get("id") or parts.thread), meaning
    return _session(parts.thread), MessageMeaning(None)


def _session(number: str) -> ProcesslistId | None:
    """Sessions are numbered from 1: in front of a label 0 is the server itself."""
    return ProcesslistId(int(number)) if number.isdecimal() and 0 < int(number) <= _LARGEST_ID else None
