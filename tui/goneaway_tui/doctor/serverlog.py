"""A server's own error log, line by line: MySQL's text, its JSON (`log_sink_json`), and MariaDB's text.

What each line looks like and what its words mean are rows of tables; they were provoked on MySQL 9.7, MariaDB 10.11
and 11.8 and are kept in `tests/unit/doctor/logs`. Older forms (5.5 to 8.0) follow the servers' sources. The words are
English; `translations` brings other languages to them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from goneaway_tui.doctor.translations import in_english
from goneaway_tui.doctor.wrapping import unwrapped
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.clue import LogEntry
from goneaway_tui.model.session import ProcesslistId

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
class Meaning:
    """What words say of a session's end."""

    cause: Cause | None
    error: int | None = None
    """The number clients know it by."""


REASONS: Final = (
    ("The client was disconnected by the server because of inactivity", Meaning(Cause.IDLE_TIMEOUT, 4031)),
    ("Got timeout reading communication packets", Meaning(Cause.IDLE_TIMEOUT, 1159)),
    ("Got timeout writing communication packets", Meaning(Cause.NET_WRITE_TIMEOUT, 1161)),
    ("Got an error reading communication packets", Meaning(Cause.CLIENT_LOST, 1158)),
    # MySQL has words of its own for a timeout, MariaDB writes these for a lost client and for a slow one alike.
    ("Got an error writing communication packets", Meaning(None, 1160)),
    ("Got a packet bigger than 'max_allowed_packet' bytes", Meaning(Cause.PACKET_TOO_LARGE, 1153)),
    ("Too many connections", Meaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
    # Of KILL CONNECTION, but of KILL QUERY and max_statement_time too, after which the session lives on; and the
    # number in front of the label is the killer's. It proves nothing.
    ("KILLED", Meaning(None)),
    # A login that was never finished: nobody's session ended.
    ("This connection closed normally without authentication", Meaning(None)),
)
"""What may stand in the last parentheses of `Aborted connection N to db: ...`, by how it begins."""

_RESTART: Final = Meaning(Cause.SERVER_RESTART, 1053)
_CRASH: Final = Meaning(Cause.SERVER_CRASH)

SAYINGS: Final = (
    (
        re.compile(r"A connection from .* was closed by the server due to a timeout"),
        Meaning(Cause.IDLE_TIMEOUT, 4031),
    ),
    # Of a session that met its own end while idle, by KILL CONNECTION alone; written from log_warnings=4 on.
    (re.compile(r"\S{1,200}: Connection was killed$"), Meaning(Cause.KILLED, 1927)),
    # 110 is ETIMEDOUT: MariaDB's only word for a client that did not take its result in time, from log_warnings=4 on.
    (re.compile(r"Could not write packet: .*\berrno: 110 "), Meaning(Cause.NET_WRITE_TIMEOUT, 1161)),
    (
        re.compile(r"\S{0,200}:? ?Forcing close of thread (?P<id>\d{1,10}) {1,2}user"),
        Meaning(Cause.SERVER_RESTART, 1053),
    ),
    (re.compile(r"Access denied for user "), Meaning(Cause.ACCESS_DENIED, 1045)),
    (re.compile(r"Too many connections$"), Meaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
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

    def _entry(self, parts: Parts) -> LogEntry:
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
        stamp = stamped(text)
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
    return _meaning(text, Parts("", "", text, entry.code))[1].error


def stamped(text: str) -> datetime | None:
    """An error log's time stamp; naive where it names no zone, None where it is none or has no date.

    >>> stamped("261123 22:13:19"), stamped("2018-06-05  9:54:17"), stamped("22:13:29 UTC")
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
class Parts:
    """An entry taken apart."""

    at: str
    thread: str
    text: str
    code: str | None


def text_parts(line: str) -> Parts | None:
    """A line of a text log taken apart; None for one that begins as no entry does.

    Nothing but what keepers of logs put there may stand before its head: an application quotes what users write.
    """
    return _parts(line[:LONGEST_LINE])[1]


def bare(line: str) -> str:
    """A line without what keepers of logs put before it."""
    return _parts(line)[0]


def _parts(line: str) -> tuple[str, Parts | None]:
    for _wrapper in range(MOST_WRAPPERS):
        found = next((found for head in HEADS if (found := head.match(line))), None)
        wrap = None if found else unwrapped(line)
        if wrap is None:
            break
        line = wrap.body
    else:
        found = next((found for head in HEADS if (found := head.match(line))), None)
    if found is None:
        return line, None
    said = found.groupdict()
    return line, Parts(said["at"], said.get("thread") or "", said["text"], said.get("code"))


def _json_parts(line: str) -> Parts | None:
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
    return Parts(
        str(said.get("time", "")),
        str(said.get("thread", "")),
        text,
        code if _NUMBER.fullmatch(code) else None,
    )


def _meaning(text: str, parts: Parts) -> tuple[ProcesslistId | None, Meaning]:
    """Whose end a text speaks of, and what it says of it."""
    aborted = _ABORTED.match(text)
    if aborted:
        why = text.rstrip(" .").removesuffix(")").rpartition("(")[2]
        said = next((meant for words, meant in REASONS if why.startswith(words)), Meaning(None))
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
    return _session(parts.thread), Meaning(None)


def _session(number: str) -> ProcesslistId | None:
    """Sessions are numbered from 1: in front of a label 0 is the server itself."""
    return ProcesslistId(int(number)) if number.isdecimal() and 0 < int(number) <= _LARGEST_ID else None
