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

from goneaway_tui.logs.blocks import LogLine, split_prefix
from goneaway_tui.logs.translations import (
    ABORTED_MESSAGES,
    SLOTS,
    TranslatedMessage,
    in_english,
    translated_messages,
)
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId

USER_CHARS: Final = 128
"""Characters at which MariaDB cuts a user name (80 before 10.11); MySQL cuts it at 32."""
DATABASE_CHARS, SESSION_USER_CHARS, REASON_CHARS = 64, 48, 64
"""The same in the message of an aborted connection. Its reason may be the text of an error, and so what a user wrote."""
HOST_CHARS: Final = 255
FREE_TEXT_CHARS: Final = 512
"""The same of the error of an event, and of a statement that is quoted."""
WORD_CHARS: Final = 60
"""Characters of the server's own YES or NO, and of what else a message has."""

DENIED_MESSAGES: Final = frozenset({1045, 1698})
FORCED_CLOSE_MESSAGE: Final = 1080
QUOTING_MESSAGES: Final = DENIED_MESSAGES | ABORTED_MESSAGES | {FORCED_CLOSE_MESSAGE}
"""Messages that quote what a client chose."""
_FREE_TEXT: Final = re.compile(r"Event Scheduler: \[|.{0,400} Statement: ")
_QUOTE_MARKS: Final = ("'", "Event Scheduler: [", " Statement: ")
"""One of these is in every entry that quotes."""
_DIGITS: Final = re.compile(r"\d+")
_ANY, _IN_LINE = r"[\s\S]{{0,{0}}}", r"[^\n]{{0,{0}}}"


@dataclass(frozen=True, slots=True)
class _MessageShape:
    """A message in one language."""

    opening: re.Pattern[str]
    """How it begins, up to the first name."""
    whole: re.Pattern[str]
    """All of it, with names as long as they may be."""
    max_chars: int
    """Its characters, at most."""


@dataclass(frozen=True, slots=True)
class _HeldLogLine:
    """A line that is held back."""

    line: LogLine
    text: str
    """What the server wrote of it."""
    starts_entry: bool = True
    """Whether it is surely no part of an entry before it."""


@dataclass(frozen=True, slots=True)
class _OpenEntry:
    """An entry that may go on in the lines below its first."""

    shapes: tuple[_MessageShape, ...]
    """What it may be; none where it quotes freely, so that any line may be its last."""
    start: int
    """Where the message begins in its first line."""
    max_chars: int
    """Characters of the message, at most."""

    def possible_ends(self, lines: list[_HeldLogLine]) -> list[int]:
        """Which of its lines may be its last."""
        said = lines[0].text[self.start :]
        found = []
        for nth, line in enumerate(lines):
            if nth:
                said = f"{said}\n{line.text}"
            if not self.shapes or any(form.whole.fullmatch(said) for form in self.shapes):
                found.append(nth)
        return found


@dataclass(slots=True)
class TornEntryJoiner:
    """Takes lines in their order, gives entries in their order, and holds back no more than one entry's length."""

    _open: _OpenEntry | None = None
    _held: list[_HeldLogLine] = field(default_factory=list)
    """Its lines, and those that may be."""
    _chars: int = 0
    """The characters of its message, with line breaks."""
    _waited: bool = False

    def add(self, line: LogLine) -> Iterator[LogLine]:
        """What is known once this line is."""
        yield from self._take(_HeldLogLine(line, without_prefixes(line.text)))

    def pause(self) -> Iterator[LogLine]:
        """What is known where the log ends for now. A server writes an entry at once; half of one waits for its rest, once."""
        if self._open is not None and not self._waited and 0 not in self._open.possible_ends(self._held[:1]):
            self._waited = True
            return
        yield from self.end()

    def end(self) -> Iterator[LogLine]:
        """All that was held back."""
        while self._open is not None:
            yield from self._settled(self._open)

    def _take(self, new: _HeldLogLine) -> Iterator[LogLine]:
        begun = self._open
        if begun is None:
            self._open = begun = _open_entry(new.text)
            if begun is None:
                if new.starts_entry:
                    yield new.line
                return
            self._chars = -begun.start
        self._held.append(new)
        self._chars += len(new.text) + 1
        if self._chars > begun.max_chars:
            yield from self._settled(begun)

    def _settled(self, begun: _OpenEntry) -> Iterator[LogLine]:
        held = self._held
        self._open, self._held, self._chars, self._waited = None, [], 0, False
        ends = begun.possible_ends(held)
        believed = held[0].starts_entry
        first = min(ends, default=0) if believed else 0
        last = max(ends, default=0)
        if believed:
            yield _joined_line(held[: first + 1])
        # What may be a part of this entry may be the first line of another too, and that one's names are to be known as such.
        for nth, each in enumerate(held[first + 1 :], first + 1):
            inside = nth <= last and not _is_refusal(each.text)
            yield from self._take(replace(each, starts_entry=False) if inside else each)


def joined_entries(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The lines of a log that is there to its end."""
    mender = TornEntryJoiner()
    for line in lines:
        yield from mender.add(line)
    yield from mender.end()


def _joined_line(lines: list[_HeldLogLine]) -> LogLine:
    """The lines of one entry as one."""
    if len(lines) == 1:
        return lines[0].line
    first, *others = lines
    text = " ".join((first.line.text, *(each.text for each in others)))
    return replace(first.line, text=text, size_bytes=sum(each.line.size_bytes for each in lines))


def _is_refusal(text: str) -> bool:
    """Whether a line is the whole message of one failed login: of many in a row each may look like a part of the one before,
    and none tells of a session's end."""
    parts = split_entry(text)
    return parts is not None and any(form.whole.fullmatch(parts.text) for form in _shapes(DENIED_MESSAGES))


def _open_entry(text: str) -> _OpenEntry | None:
    """What a line may be the first of; None for one that is surely all of its entry."""
    if not any(sign in text for sign in _QUOTE_MARKS):
        return None
    parts = split_entry(text)
    if parts is None or parts.code is not None:  # MySQL breaks no line
        return None
    start = len(text) - len(parts.text)
    if _FREE_TEXT.match(parts.text):
        return _OpenEntry((), start, FREE_TEXT_CHARS)
    opening = _openings().match(parts.text)
    if opening is None:
        return None
    forms = _shapes_of(_DIGITS.sub("0", opening[0]))
    return _OpenEntry(forms, start, max(form.max_chars for form in forms))


@lru_cache(maxsize=64)
def _shapes_of(opening: str) -> tuple[_MessageShape, ...]:
    """Every message that begins so."""
    return tuple(form for form in _shapes(QUOTING_MESSAGES) if form.opening.match(opening))


@cache
def _shapes(numbers: frozenset[int]) -> tuple[_MessageShape, ...]:
    return tuple(_shape(row) for row in translated_messages() if row.number in numbers)


@cache
def _openings() -> re.Pattern[str]:
    """How any of them begins, the longest first."""
    patterns = {form.opening.pattern for form in _shapes(QUOTING_MESSAGES)}
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def _shape(message: TranslatedMessage) -> _MessageShape:
    """
    >>> form = _shape(TranslatedMessage(1698, "english", "Access denied for user '%s'@'%s'"))
    >>> [bool(form.whole.fullmatch(f"Access denied for user 'a\\n{'b' * more}'@'h'")) for more in (126, 127)]
    [True, False]
    """
    if message.number in ABORTED_MESSAGES:
        chosen = [_ANY.format(DATABASE_CHARS), _ANY.format(SESSION_USER_CHARS), _IN_LINE.format(HOST_CHARS)]
        texts = iter([*chosen[: len(SLOTS.findall(message.text)) - 2], _ANY.format(REASON_CHARS)])
    elif message.number == FORCED_CLOSE_MESSAGE:
        texts = iter([r"\S{1,200}", _ANY.format(USER_CHARS)])
    else:
        texts = iter([_ANY.format(USER_CHARS), _IN_LINE.format(HOST_CHARS), _IN_LINE.format(WORD_CHARS)])
    pieces = [re.escape(piece) for piece in SLOTS.split(message.text.rstrip(" ."))]
    slots = [r"\d{1,20}" if slot == "%d" else next(texts) for slot in SLOTS.findall(message.text)]
    first = next(nth for nth, slot in enumerate(slots) if slot.startswith(r"[\s\S]"))
    opening = "".join(map("".join, zip(pieces[: first + 1], [*slots[:first], ""], strict=True)))
    whole = "".join(map("".join, zip(pieces, [*slots, ""], strict=True)))
    names = (
        DATABASE_CHARS + SESSION_USER_CHARS + HOST_CHARS + REASON_CHARS
        if message.number in ABORTED_MESSAGES
        else USER_CHARS + HOST_CHARS + WORD_CHARS
    )
    longest = len(message.text) + names + WORD_CHARS
    return _MessageShape(re.compile(opening), re.compile(rf"{whole}[ .\r]*"), longest)


MAX_LINE_CHARS: Final = 8192
"""Characters of a line that are looked at: messages are shorter, and hostile lines longer."""
_LARGEST_ID: Final = 2**32 - 1
"""Beyond it the number in front is not a session's: MariaDB 10.1 wrote the address of a thread there."""

LINE_HEADS: Final = (
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
MAX_PREFIXES: Final = 2
"""What a container and a journal put before it."""


@dataclass(frozen=True, slots=True)
class MessageMeaning:
    """What words say of a session's end."""

    cause: Cause | None
    error_number: int | None = None
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

SESSION_MESSAGES: Final = (
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

SERVER_MESSAGES: Final = (
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
_REPEATED: Final = re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) UTC - (?P<text>.*)")
"""MySQL repeats a crash's lines, stamps and all, when it starts anew."""
_NUMBER: Final = re.compile(r"MY-\d{6}")


class ServerLog:
    """Reads the lines of one error log in their order; pure but for knowing whether that server is ready, or shutting down."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """`zone` is the server's: MariaDB, and MySQL before 5.7, write local time and no zone."""
        self._zone = zone
        self._stopping = False
        self._ready = False

    def parse_entry(self, line: str) -> LogEntry | None:
        """What one line says; None for one without a head: the rest of a stack trace, a banner, another log's line.

        Never raises. Entries that say nothing of any session's end have no cause.
        """
        read = _json_parts(line) if line.lstrip()[:1] == "{" else split_entry(line)
        return None if read is None else self._entry(read)

    def _entry(self, parts: EntryParts) -> LogEntry:
        again = _REPEATED.match(parts.text)
        if again:
            parts = replace(parts, timestamp_text=again["at"], text=again["text"])
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
        return LogEntry(self._instant(parts.timestamp_text), text, session_id, cause, parts.code)

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
    return _meaning(text, EntryParts("", "", text, entry.code))[1].error_number


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

    timestamp_text: str
    thread: str
    text: str
    code: str | None


def split_entry(line: str) -> EntryParts | None:
    """A line of a text log taken apart; None for one that begins as no entry does.

    Nothing but what keepers of logs put there may stand before its head: an application quotes what users write.
    """
    return _parts(line[:MAX_LINE_CHARS])[1]


def without_prefixes(line: str) -> str:
    """A line without what keepers of logs put before it."""
    return _parts(line)[0]


def _parts(line: str) -> tuple[str, EntryParts | None]:
    for _wrapper in range(MAX_PREFIXES):
        found = next((found for head in LINE_HEADS if (found := head.match(line))), None)
        wrap = None if found else split_prefix(line)
        if wrap is None:
            break
        line = wrap.body
    else:
        found = next((found for head in LINE_HEADS if (found := head.match(line))), None)
    if found is None:
        return line, None
    said = found.groupdict()
    return line, EntryParts(said["at"], said.get("thread") or "", said["text"], said.get("code"))


def _json_parts(line: str) -> EntryParts | None:
    if len(line) > MAX_LINE_CHARS or '"msg"' not in line or '"err_code"' not in line:
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
        if said.error_number == 1160 and parts.code:
            said = replace(said, cause=Cause.CLIENT_LOST)
        return _session_id(aborted["id"]), said
    for pattern, meaning in SERVER_MESSAGES:
        if pattern.match(text):
            return None, meaning
    for pattern, meaning in SESSION_MESSAGES:
        found = pattern.match(text)
        if found:
            return _session_id(found.groupdict().get("id") or parts.thread), meaning
    return _session_id(parts.thread), MessageMeaning(None)


def _session_id(number: str) -> ProcesslistId | None:
    """Sessions are numbered from 1: in front of a label 0 is the server itself."""
    return ProcesslistId(int(number)) if number.isdecimal() and 0 < int(number) <= _LARGEST_ID else None
