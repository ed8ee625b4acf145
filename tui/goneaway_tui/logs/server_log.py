"""A server's error log: its entries, and what each says of a session's end or of the server's.

A name can tear an entry into several lines, which are joined again here.

MariaDB writes the names in a message as they are, line breaks too (provoked on 10.5, 10.11 and 11.8), so a failed login by the
right user name looks like entries of other sessions. MySQL writes a space for a line break, and so does this module.
A name may even hold the end of its own message and the beginning of another. Length decides: the servers cut names, so a
line is not taken for an entry where it and the lines around it can be one message whose names are within their limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from typing import Final

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.error_events import END_CAUSES, EndKind
from goneaway_tui.logs.records import split_prefix
from goneaway_tui.logs.timestamps import parse_timestamp
from goneaway_tui.logs.translations import (
    ABORTED_MESSAGES,
    SLOTS,
    TranslatedMessage,
    in_english,
    translated_messages,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId

USER_CHARS: Final = 128
"""Characters at which MariaDB cuts a user name (80 before 10.11); MySQL cuts it at 32."""
DATABASE_CHARS, SESSION_USER_CHARS, REASON_CHARS = 64, 48, 64
"""The characters of names and reason in the message of an aborted connection. The reason may be the text of an error, and so what a user wrote."""
HOST_CHARS: Final = 255
"""Characters of a host name."""
FREE_TEXT_CHARS: Final = 512
"""Characters of the error of an event, and of a quoted statement."""
WORD_CHARS: Final = 60
"""Characters of the server's own YES or NO, and of what else a message has."""

DENIED_MESSAGES: Final = frozenset({1045, 1698})
FORCED_CLOSE_MESSAGE: Final = 1080
QUOTING_MESSAGES: Final = DENIED_MESSAGES | ABORTED_MESSAGES | {FORCED_CLOSE_MESSAGE}
"""Numbers of messages that quote what a client chose."""
_FREE_TEXT: Final = re.compile(r"Event Scheduler: \[|.{0,400} Statement: ")
_QUOTE_MARKS: Final = ("'", "Event Scheduler: [", " Statement: ")
"""One of these is in every entry that quotes a name."""
_DIGITS: Final = re.compile(r"\d+")
_ANY, _IN_LINE = r"[\s\S]{{0,{0}}}", r"[^\n]{{0,{0}}}"


@dataclass(frozen=True, slots=True)
class _MessageShape:
    """The shape of a message in one language."""

    opening: re.Pattern[str]
    """The beginning, up to the first name."""
    whole: re.Pattern[str]
    """The whole message, with names as long as they may be."""
    max_chars: int
    """The characters of the message, at most."""


@dataclass(frozen=True, slots=True)
class _HeldLogLine:
    """A line that is held back, as it may be part of the entry before it."""

    line: LogLine
    text: str
    """The line without prefixes."""
    starts_entry: bool = True
    """Whether it is surely no part of an entry before it."""


@dataclass(frozen=True, slots=True)
class _OpenEntry:
    """An entry that may continue in the lines below its first."""

    shapes: tuple[_MessageShape, ...]
    """The messages it may be; none where it quotes free text, so that any line may be its last."""
    start: int
    """Where the message begins in its first line."""
    max_chars: int
    """Characters of the message, at most."""

    def possible_ends(self, lines: list[_HeldLogLine]) -> list[int]:
        """The indexes of the lines that may be its last."""
        message = lines[0].text[self.start :]
        found = []
        for index, line in enumerate(lines):
            if index:
                message = f"{message}\n{line.text}"
            if not self.shapes or any(shape.whole.fullmatch(message) for shape in self.shapes):
                found.append(index)
        return found


@dataclass(slots=True)
class TornEntryJoiner:
    """Joins the lines of torn entries: takes lines and yields entries in order, and holds at most one entry's length."""

    _open: _OpenEntry | None = None
    _held: list[_HeldLogLine] = field(default_factory=list)
    """The lines of the open entry, and those that may be."""
    _chars: int = 0
    """The characters of its message, with line breaks."""
    _has_waited: bool = False

    def add(self, line: LogLine) -> Iterator[LogLine]:
        """Yield the entries that are complete once this line is known."""
        yield from self._take(_HeldLogLine(line, without_prefixes(line.text)))

    def pause(self) -> Iterator[LogLine]:
        """Yield what is known where the log ends for now. A server writes an entry at once; half of one waits once for its rest."""
        if (
            self._open is not None
            and not self._has_waited
            and 0 not in self._open.possible_ends(self._held[:1])
        ):
            self._has_waited = True
            return
        yield from self.end()

    def end(self) -> Iterator[LogLine]:
        """Yield all that was held back."""
        while self._open is not None:
            yield from self._close(self._open)

    def _take(self, new: _HeldLogLine) -> Iterator[LogLine]:
        while self._open is not None and _is_written_later(self._held[0].line, new.line):
            yield from self._close(self._open)
        entry = self._open
        if entry is None:
            self._open = entry = _open_entry(new.text)
            if entry is None:
                if new.starts_entry:
                    yield new.line
                return
            self._chars = -entry.start
        self._held.append(new)
        self._chars += len(new.text) + 1
        if self._chars > entry.max_chars:
            yield from self._close(entry)

    def _close(self, entry: _OpenEntry) -> Iterator[LogLine]:
        """Yield the open entry at its first possible end, and take the lines below it again."""
        held = self._held
        self._open, self._held, self._chars, self._has_waited = None, [], 0, False
        ends = entry.possible_ends(held)
        starts_entry = held[0].starts_entry
        first_end = min(ends, default=0) if starts_entry else 0
        last_end = max(ends, default=0)
        if starts_entry:
            yield _joined_line(held[: first_end + 1])
        # A line that may be part of this entry may also begin another, whose names must then be known as such.
        for index, line in enumerate(held[first_end + 1 :], first_end + 1):
            is_inside = (
                index <= last_end and _has_same_writer(held[0].line, line.line) and not _is_refusal(line.text)
            )
            yield from self._take(replace(line, starts_entry=False) if is_inside else line)


def joined_entries(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Yield the lines of a whole log, torn entries joined."""
    joiner = TornEntryJoiner()
    for line in lines:
        yield from joiner.add(line)
    yield from joiner.end()


ONE_WRITE_SECONDS: Final = 1.0
"""A server writes an entry at once, so the wrapper dates all of its lines alike; the names in it cannot change that."""


def _is_written_later(first: LogLine, line: LogLine) -> bool:
    """Whether a line is no part of the entry that begins with `first`, by the time that is wrapped around both."""
    # What a line holds may look like one more prefix: only the first prefix is surely of the wrapper.
    if not (first.text_before and line.text_before) or first.program != line.program:
        return False
    began, written = parse_timestamp(first.text_before), parse_timestamp(line.text_before)
    return began is not None and written is not None and written.seconds_apart(began) > ONE_WRITE_SECONDS


def _has_same_writer(first: LogLine, line: LogLine) -> bool:
    """Whether two lines are of one program, by the first prefix around them."""
    return not first.program or f"{line.program} ".startswith(f"{first.program} ")


def _joined_line(lines: list[_HeldLogLine]) -> LogLine:
    """The lines of one entry as one line."""
    if len(lines) == 1:
        return lines[0].line
    first, *others = lines
    text = " ".join((first.line.text, *(line.text for line in others)))
    return replace(first.line, text=text, size_bytes=sum(line.line.size_bytes for line in lines))


def _is_refusal(text: str) -> bool:
    """Whether a line is the whole message of a failed login.

    Of many in a row each may look like a part of the one before, and none reports the end of a session.
    """
    parts = split_entry(text)
    return parts is not None and any(form.whole.fullmatch(parts.text) for form in _shapes(DENIED_MESSAGES))


def _open_entry(text: str) -> _OpenEntry | None:
    """The entry that a line may begin; None for a line that is surely a whole entry."""
    if not any(mark in text for mark in _QUOTE_MARKS):
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
    """The shapes of all messages that begin like this."""
    return tuple(form for form in _shapes(QUOTING_MESSAGES) if form.opening.match(opening))


@cache
def _shapes(numbers: frozenset[int]) -> tuple[_MessageShape, ...]:
    return tuple(_shape(row) for row in translated_messages() if row.number in numbers)


@cache
def _openings() -> re.Pattern[str]:
    """The beginnings of all quoting messages, the longest first."""
    patterns = {form.opening.pattern for form in _shapes(QUOTING_MESSAGES)}
    return re.compile("|".join(sorted(patterns, key=len, reverse=True)))


def _shape(message: TranslatedMessage) -> _MessageShape:
    """The shape of a message, with the lengths at which servers cut names.

    >>> form = _shape(TranslatedMessage(1698, "english", "Access denied for user '%s'@'%s'"))
    >>> [bool(form.whole.fullmatch(f"Access denied for user 'a\\n{'b' * more}'@'h'")) for more in (126, 127)]
    [True, False]
    """
    if message.number in ABORTED_MESSAGES:
        name_forms = [
            _ANY.format(DATABASE_CHARS),
            _ANY.format(SESSION_USER_CHARS),
            _IN_LINE.format(HOST_CHARS),
        ]
        texts = iter([*name_forms[: len(SLOTS.findall(message.text)) - 2], _ANY.format(REASON_CHARS)])
    elif message.number == FORCED_CLOSE_MESSAGE:
        texts = iter([r"\S{1,200}", _ANY.format(USER_CHARS)])
    else:
        texts = iter([_ANY.format(USER_CHARS), _IN_LINE.format(HOST_CHARS), _IN_LINE.format(WORD_CHARS)])
    pieces = [re.escape(piece) for piece in SLOTS.split(message.text.rstrip(" ."))]
    slots = [r"\d{1,20}" if slot == "%d" else next(texts) for slot in SLOTS.findall(message.text)]
    first = next(index for index, slot in enumerate(slots) if slot.startswith(r"[\s\S]"))
    opening = "".join(map("".join, zip(pieces[: first + 1], [*slots[:first], ""], strict=True)))
    whole = "".join(map("".join, zip(pieces, [*slots, ""], strict=True)))
    names_chars = (
        DATABASE_CHARS + SESSION_USER_CHARS + HOST_CHARS + REASON_CHARS
        if message.number in ABORTED_MESSAGES
        else USER_CHARS + HOST_CHARS + WORD_CHARS
    )
    max_chars = len(message.text) + names_chars + WORD_CHARS
    return _MessageShape(re.compile(opening), re.compile(rf"{whole}[ .\r]*"), max_chars)


MAX_LINE_CHARS: Final = 8192
"""Characters of a line that are parsed: messages are shorter, and hostile lines longer."""
_LARGEST_ID: Final = 2**32 - 1
"""Above it the number in front is not a session id: MariaDB 10.1 wrote the address of a thread there."""

LINE_HEADS: Final = (
    re.compile(
        r"(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?P<thread>\d{1,20}) \[(?:Note|Warning|ERROR|System)\] "
        r"(?:\[(?P<code>MY-\d{6})\] \[\w{1,32}\] )?(?P<text>.*)"
    ),
    re.compile(
        r"(?P<timestamp>\d{4}-\d\d-\d\d {1,2}\d{1,2}:\d\d:\d\d) (?P<thread>\d{1,20}) \[(?:Note|Warning|ERROR|System)\] (?P<text>.*)"
    ),
    re.compile(
        r"(?P<timestamp>\d{6} {1,2}\d{1,2}:\d\d:\d\d)(?: (?P<thread>\d{1,20}))? \[(?:Note|Warning|ERROR|System)\] (?P<text>.*)"
    ),
    re.compile(
        r"(?P<timestamp>\d{6} {1,2}\d{1,2}:\d\d:\d\d) {1,2}(?:- )?(?P<text>(?:InnoDB: |mysqld_safe |mysqld got ).*)"
    ),
    re.compile(r"(?P<timestamp>(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\dZ?) UTC - (?P<text>\S{1,200} got .*)"),
)
"""How a line begins: MySQL since 5.7; MariaDB since 10.1 (and MySQL 5.6); both before; both before 5.6, of what has no label; a MySQL that crashes."""
MAX_PREFIXES: Final = 2
"""Prefixes before a line: that of a container, and that of a journal."""


@dataclass(frozen=True, slots=True)
class MessageMeaning:
    """What a message says of a session's end."""

    cause: Cause | None
    error_number: int | None = None
    """The number of the error that clients get."""


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
    # MySQL 5.7 names the function that failed to write to the client.
    ("failed on flush_net()", MessageMeaning(None, 1160)),
    ("Failed on flush_net()", MessageMeaning(None, 1160)),
    ("failed on my_net_write()", MessageMeaning(None, 1160)),
    ("Failed on my_net_write()", MessageMeaning(None, 1160)),
    ("Got a packet bigger than 'max_allowed_packet' bytes", MessageMeaning(Cause.PACKET_TOO_LARGE, 1153)),
    ("Too many connections", MessageMeaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
    # Of KILL CONNECTION, but of KILL QUERY and max_statement_time too, after which the session lives on; and the
    # number in front of the label is the killer's. It proves nothing.
    ("KILLED", MessageMeaning(None)),
    # A login that was never finished: no session ended.
    ("This connection closed normally without authentication", MessageMeaning(None)),
)
"""The reasons in the last parentheses of `Aborted connection N to db: ...`, by how they begin."""

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
    # Of a connection that had not logged in yet.
    (re.compile(r"Got an error reading communication packets$"), MessageMeaning(Cause.CLIENT_LOST, 1158)),
    (re.compile(r"Too many connections$"), MessageMeaning(Cause.TOO_MANY_CONNECTIONS, 1040)),
)
"""Messages about the session whose id stands before the label, or in the group `id`."""

SERVER_MESSAGES: Final = (
    (re.compile(r"Received SHUTDOWN from user "), _RESTART),
    (re.compile(r"\S{1,200}(?: \(initiated by: .*\))?: Normal shutdown$"), _RESTART),
    (re.compile(r"Got signal 15 to shutdown "), _RESTART),
    (re.compile(r"\S{1,200}: Shutdown complete\b"), _RESTART),
    (re.compile(r"\S{1,200} got (?:signal \d{1,3}|exception 0x\w{1,16}) ?;"), _CRASH),
    (re.compile(r"(?:InnoDB: )?(?:Starting crash recovery|Database was not shut ?down normally)"), _CRASH),
    (re.compile(r"(?:InnoDB: )?Assertion failure"), _CRASH),
    # Written only where the server before did not close its logs.
    (re.compile(r"Starting XA crash recovery"), _CRASH),
    (re.compile(r"mysqld_safe (?:mysqld|mariadbd) restarted"), _CRASH),
)
"""Messages about the whole server, and so about every session that was open."""

_SURE, _LIKELY = Certainty.CONFIRMED, Certainty.LIKELY
_SERVER_PROCESS: Final = r"(?:mysqld|mariadbd)(?:-[\w.]{1,20})?"
_SERVER_NAMES: Final = ("mysql", "mariadb", "percona")
_SERVER_UNIT: Final = (
    r"(?<![\w@.-])(?![\w@.-]{0,160}(?:backup|dump|export|restor|check|sync|wait|init|migrat))[\w@.-]{0,80}(?<![A-Za-z])"
    r"(?:mysqld?|mariadbd?|percona)[\d.]{0,8}"
    r"(?:[-_.](?:server|community|xtradb|cluster|db|database|master|primary|source|slave|replica|secondary|galera|node|data|[A-Za-z]?\d{1,10})){0,6}"
    r"(?:@[\w.:-]{0,80})?"
)
"""The unit or container of a server, and of no exporter, backup, router or client of one."""
_SERVICE: Final = r"(?i:mysql|mariadb|percona)[\w .()-]{0,40}?(?<!Router)(?<!Exporter)"
"""The name of a server's service on Windows."""
HOST_MESSAGES: Final = (
    (re.compile(rf"[Oo]ut of memory: Kill(?:ed)? process \d{{1,10}}(?:, UID \d{{1,10}},)? \({_SERVER_PROCESS}\)"), EndKind.CRASH),
    (re.compile(rf"\bKilled process \d{{1,10}}(?:, UID \d{{1,10}},)? \({_SERVER_PROCESS}\)"), EndKind.CRASH),
    (re.compile(rf"\boom-kill:constraint=.{{0,600}},task={_SERVER_PROCESS},pid="), EndKind.CRASH),
    (re.compile(rf"\b{_SERVER_PROCESS}\[\d{{1,10}}\]: segfault at |traps: {_SERVER_PROCESS}\[\d{{1,10}}\] "), EndKind.CRASH),
    (re.compile(rf"\bProcess \d{{1,10}} \({_SERVER_PROCESS}\) of user \d{{1,10}} dumped core"), EndKind.CRASH),
    (re.compile(rf"{_SERVER_UNIT}(?:\.service)?: State '[\w-]{{1,30}}' timed out\. (?:Killing|Terminating)"), EndKind.STOP),
    (re.compile(rf"{_SERVER_UNIT}(?:\.service)?: (?:stop-\w{{1,20}} )?timed out\. Killing"), EndKind.STOP),
    (re.compile(rf"{_SERVER_UNIT}\.service: [Mm]ain process exited, code=(?:killed|dumped), status=(?!15/)"), EndKind.CRASH),
    (re.compile(rf"{_SERVER_UNIT}\.service: [Mm]ain process exited, code=killed, status=15/"), EndKind.STOP),
    (re.compile(rf"{_SERVER_UNIT}\.service: A process of this unit has been killed by the OOM killer"), EndKind.CRASH),
    (re.compile(rf"{_SERVER_UNIT}\.service: Failed with result '(?:oom-kill|core-dump|signal|watchdog)'"), EndKind.CRASH),
    (re.compile(rf"\bKilled /(?:[\w@.:-]{{1,80}}/){{0,8}}{_SERVER_UNIT}\.service due to memory (?:pressure|used)"), EndKind.CRASH),
    (re.compile(rf"(?:^|\s){_SERVER_UNIT} exited with code 13[4-79]\b"), EndKind.CRASH),
    (re.compile(rf"(?:^|\s){_SERVER_UNIT} exited with code (?:130|143)\b"), EndKind.STOP),
    # The events 7031 and 7034 of the Windows service control manager.
    (re.compile(rf"(?:Service Control Manager|\b703[14]\b).{{0,200}}?\bThe {_SERVICE} service terminated unexpectedly\b|^Message\s{{0,20}}: The {_SERVICE} service terminated unexpectedly\."), EndKind.CRASH),
)  # fmt: skip
"""How the kernel, systemd, docker compose and Windows report that a server was killed, or died."""
_ID: Final = r"(?P<id>\d{1,19})\b"
_OF_MYSQL: Final = r"^(?=.{0,600}(?i:mysql|mariadb|process ?list|\bthread|connection[ _]?id|\bquery|\bsql\b))"
"""What is on a line about sessions of a server, and of no other program."""
END_MESSAGES: Final = (
    # Docker and compose, of a stop in order.
    (re.compile(rf"(?:^|\s){_SERVER_UNIT} exited with code 0\b"), EndKind.STOP),
    (re.compile(rf"^ ?(?:Container )?{_SERVER_UNIT} {{1,4}}(?:Stopping|Stopped|Restarting)\b"), EndKind.STOP),
    # Kubelet, sudo and dpkg.
    (re.compile(rf"\bKilling container with a grace period\b.{{0,400}}\bcontainerName=\"?{_SERVER_UNIT}[\"\s]"), EndKind.STOP),
    (re.compile(r"\bCOMMAND=\S{0,80}?(?:systemctl|service|rc-service)\s(?=.{0,40}\b(?:restart|stop)\b)(?:[\w-]{1,20} ){0,3}(?:mysqld?|mariadbd?|percona)(?:\.service)?\b(?!-)"), EndKind.STOP),
    (re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d upgrade (?:mysql|mariadb|percona)-(?:community-)?server[\w.:+-]{0,40} "), EndKind.STOP),
    # The events 7035 and 7036 of the Windows service control manager.
    (re.compile(rf"\bThe {_SERVICE} service (?:entered the stopped state|was successfully sent a stop control)"), EndKind.STOP),
    # RDS and Aurora, by their list of events.
    (re.compile(r"\b(?:Started (?:cross|same) AZ failover to DB instance|Multi-AZ instance failover started)\b"), EndKind.FAILOVER),
    (re.compile(r"\bDB instance (?:restarted|shutdown)\b|\bRecovery of the DB instance has started\b"), EndKind.STOP),
    # MHA, the MariaDB Monitor of MaxScale, and MySQL's group replication.
    (re.compile(r"\bStarting (?:\w{1,20} )?[Mm]aster failover\b"), EndKind.FAILOVER),
    (re.compile(r"\[mariadbmon\] Performing (?:automatic failover|switchover)\b"), EndKind.FAILOVER),
    (re.compile(r"\bA new primary with address \S{1,255} was elected\b"), EndKind.FAILOVER),
    # pt-kill --print, the general query log and ProxySQL.
    (re.compile(r"^# \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d KILL (?P<id>\d{1,19}) \("), EndKind.KILL),
    (re.compile(rf"\s\d{{1,20}} (?:Query|Execute)\s{{1,8}}(?i:KILL (?:(?:HARD|SOFT) )?(?:CONNECTION )?|CALL mysql\.rds_kill\(){_ID}"), EndKind.KILL),
    (re.compile(rf"(?:^# \S{{19}} |\s\d{{1,20}} (?:Query|Execute)\s{{1,8}})(?i:KILL (?:(?:HARD|SOFT) )?QUERY |CALL mysql\.rds_kill_query\(){_ID}"), EndKind.INTERRUPT),
    (re.compile(rf"\bKILL CONNECTION {_ID} on \S{{1,255}}:\d"), EndKind.KILL),
    # stunnel, and nginx's stream module, of a session that was silent for longer than their limit.
    (re.compile(r"\bTIMEOUTidle exceeded\b"), EndKind.PROXY),
    (re.compile(r"\*\d{1,12} (?:connection|upstream|client) timed out .{0,60}\bwhile proxying connection, client: .{1,300}:3306\b"), EndKind.PROXY),
)  # fmt: skip
"""What else ends sessions by the word of another party: no error by itself, but evidence for those near it. The group `id` is the session."""
KILL_REPORTS: Final = (
    (re.compile(rf"{_OF_MYSQL}(?:^|.{{0,400}}?[\s:;>\"'])(?:KILL|[Kk]ill(?:ed|ing)?) (?i:query|statement)(?:[ _]?(?i:id))?\s?[:=#]?\s?{_ID}(?! \()"), EndKind.INTERRUPT),
    (re.compile(rf"{_OF_MYSQL}(?:^|.{{0,400}}?[\s:;>\"'])(?:KILL|[Kk]ill(?:ed|ing)?)(?: (?i:connection|thread|session|mysql|process ?list|conn|id)){{1,3}}(?:[ _]?(?i:id))?\s?[:=#]?\s?{_ID}(?! \()"), EndKind.KILL),
    (re.compile(rf"{_OF_MYSQL}(?:^|.{{0,400}}?[\s:;>\"'])KILL {_ID}(?! \()"), EndKind.KILL),
)  # fmt: skip
"""What kills sessions in a script of one's own: free text, which is likely at most."""
_NO_KILL: Final = re.compile(
    r"(?i)\bkill\s{1,4}-|\bsignal|\bdry[- _]?run|\bwould\b|\b(?:could|can|did|does|do|is|was) ?n[o']t\b|\bfail(?:ed|ure)?\b|\bunable\b|unknown thread|no such"
)
"""What is on a line about a kill that was none of a session, or none at all."""
_END_WORDS: Final = (
    "topp", "stop control", "estart", "instance shutdown", "ailover", "KILL", "kill ", "Kill", "killed ", "killing ", "rds_kill", "exited with", "was elected",
    "Recovery of", "while proxying", "COMMAND=", " upgrade ", "grace period", "TIMEOUTidle",
)  # fmt: skip
"""One of these is in every line of END_MESSAGES."""
_POD: Final = rf"{_SERVER_UNIT}(?:-[a-z\d]{{8,10}}-[a-z\d]{{5}})?"
"""A server's pod: that of a deployment has two hashes behind its name."""
_ROW: Final = r"^(?:\[?\d{4}-\d\d-\d\d[T ]\S{8,30} {1,4})?\s{0,8}"
"""What may stand before a row of a table: the time at which a script printed it."""
_IMAGE: Final = rf"(?:[\w.:-]{{1,80}}/){{0,6}}{_SERVER_UNIT}(?:[:@][\w.:-]{{1,90}})?"
CONTAINER_MESSAGES: Final = (
    (re.compile(rf"{_ROW}(?:[a-z\d][a-z\d-]{{0,62}} {{1,60}})?{_POD} {{1,60}}\d{{1,2}}/\d{{1,2}} {{1,20}}OOMKilled\b"), _SURE),
    (re.compile(rf"\bcontainer oom [0-9a-f]{{12,64}} \((?:[^()]{{1,400}}, )?image={_IMAGE}[,)]"), _SURE),
    (re.compile(rf"\bcontainer die [0-9a-f]{{12,64}} \((?=[^()]{{0,400}}exitCode=13[479]\b)(?:[^()]{{1,400}}, )?image={_IMAGE}[,)]"), _SURE),
    (re.compile(rf"{_ROW}(?:[\da-f]{{12,64}}\s{{1,20}})?{_IMAGE}\s.{{0,400}}\sExited \(13[479]\) "), _SURE),
    (re.compile(rf"{_ROW}(?:[a-z\d][a-z\d-]{{0,62}} {{1,60}})?{_POD} {{1,60}}\d{{1,2}}/\d{{1,2}} {{1,20}}CrashLoopBackOff\b"), Certainty.LIKELY),
    (re.compile(rf"[Bb]ack-off (?:\w{{1,12}} )?restarting failed container[= ]{_SERVER_UNIT}(?=[\s\\\"']|$)"), Certainty.LIKELY),
    (re.compile(rf"\bBackOff\s{{1,20}}pod/{_POD}\s{{1,20}}Back-off restarting failed container"), Certainty.LIKELY),
)  # fmt: skip
"""How Kubernetes and Docker list a server that was killed, or that ended again and again, each in a line."""
_CONTAINER_WORDS: Final = (
    "OOMKilled",
    "CrashLoop",
    "failed container",
    "container oom",
    "container die",
    "Exited (",
)
"""One of these is in every such line."""
_CONTAINER_ENDED: Final = re.compile(
    r"\s{1,40}(?:- )?(?:[Rr]eason:\s{1,20}OOMKilled|[Ee]xit ?[Cc]ode:\s{1,20}13[479])\s*$"
)
"""How Kubernetes describes the end of a container, in one of several lines."""
_CONTAINER_IMAGE: Final = re.compile(
    r"\s{1,40}(?:- )?[Ii]mage:\s{1,20}\"?(?:\S{1,200}/)?(?P<name>[\w.-]{1,80})"
)
_CONTAINER_NAME: Final = re.compile(r"\s{1,8}(?P<name>[a-z\d][a-z\d.-]{0,62}):\s*$")
_FINISHED: Final = re.compile(r"\s{1,40}(?:Finished|finishedAt):\s{1,20}\"?(?P<timestamp>\S.*)")
_SERVER_POD: Final = re.compile(_POD)
DESCRIBED_LINES: Final = 40
"""Lines between the image of a container and its end."""
FINISHED_LINES: Final = 4
"""Lines between the reason of an end and its time."""
_DESCRIBED_POD: Final = re.compile(
    r"\bkubectl\b.{0,200}\b(?:describe|get)\b.{0,80}?\bpods?[ /](?P<name>[a-z\d][\w.-]{0,100})"
)
_NO_SERVER_UNIT: Final = (
    r"(?![^\n]{0,120}(?:export|router|backup|proxy|client|agent|monitor|shell|dump|check|admin|init|wait))"
)
_HOST_STARTED: Final = re.compile(r"^Started .{0,80}(?:MySQL|MariaDB|Percona)", re.IGNORECASE)
_HOST_STOPPED: Final = re.compile(
    rf"^Stopp(?:ing|ed) {_NO_SERVER_UNIT}.{{0,80}}(?:MySQL|MariaDB|Percona).{{0,60}}?(?:server|database|cluster|\.service)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EndMessage:
    """What a line says of an end, as another party than the server and its clients."""

    kind: EndKind
    start: int
    """Where in the line that is said."""
    certainty: Certainty = Certainty.CONFIRMED
    timestamp_text: str | None = None
    """When the server ended, where other lines say that; empty where none does; None where the line's own time is that."""
    is_error: bool = True
    """Whether it is shown by itself: the server did not stop in order."""
    session_id: ProcesslistId | None = None

    @property
    def cause(self) -> Cause:
        """The cause that such an end is."""
        return END_CAUSES[self.kind]


def end_message(text: str) -> EndMessage | None:
    """What a line of the system, Docker, Kubernetes, a cloud, a proxy or an administrator says of an end; None for any other line.

    >>> end_message("Out of memory: Killed process 811 (mysqld) total-vm:1kB").cause.value
    'server_crash'
    >>> end_message("Killed process 9 (java)"), end_message("mysqld-exporter-0  0/1  OOMKilled  5  9d")
    (None, None)
    >>> end_message("# 2026-11-23T22:00:00 KILL 48213 (Query 312 sec) SELECT 1").session_id
    48213
    """
    text = text[:MAX_LINE_CHARS]
    if any(name in text for name in _SERVER_NAMES) or " service terminated " in text:
        for form, kind in HOST_MESSAGES:
            if match := form.search(text):
                return EndMessage(kind, match.start())
        for form, certainty in CONTAINER_MESSAGES if any(word in text for word in _CONTAINER_WORDS) else ():
            if match := form.search(text):
                return EndMessage(EndKind.CRASH, match.start(), certainty)
    if not any(word in text for word in _END_WORDS):
        return None
    for form, kind in END_MESSAGES:
        if match := form.search(text):
            session = match.groupdict().get("id") or ""
            start = match.start("id") if session else match.start()
            return EndMessage(kind, start, is_error=False, session_id=_session_id(session))
    return _kill_message(text)


def _kill_message(text: str) -> EndMessage | None:
    """What a line of an administrator's own program says of a kill."""
    if _NO_KILL.search(text):
        return None
    for form, kind in KILL_REPORTS:
        if match := form.search(text):
            session_id = _session_id(match["id"])
            return EndMessage(kind, match.start("id"), _LIKELY, is_error=False, session_id=session_id)
    return None


def container_message(texts: Sequence[str], index: int) -> EndMessage | None:
    """How a server's container ended, by one of the lines that describe its pod. None for any other line.

    >>> pod = ["  db:", "    Image:  mysql:8.4", "    Last State:  Terminated", "      Reason:  OOMKilled"]
    >>> container_message(pod, 3).cause.value
    'server_crash'
    """
    if not _CONTAINER_ENDED.match(texts[index]):
        return None
    before = texts[max(0, index - DESCRIBED_LINES) : index]
    names = _container_names(before)
    if not any(map(_SERVER_POD.fullmatch, names)) or "export" in names[0]:
        return None
    near = texts[max(0, index - FINISHED_LINES) : index + FINISHED_LINES + 1]
    finished = (match["timestamp"] for text in near if (match := _FINISHED.match(text)))
    return EndMessage(EndKind.CRASH, 0, timestamp_text=next(finished, ""))


def _container_names(before: Sequence[str]) -> list[str]:
    """The names of the image and the container that lines describe, or of the pod by the command that describes it."""
    images = [at for at, text in enumerate(before) if _CONTAINER_IMAGE.match(text)]
    if not images:
        described = (_DESCRIBED_POD.search(text) for text in reversed(before))
        return [match["name"] for match in described if match and _SERVER_POD.fullmatch(match["name"])][:1]
    named = (_CONTAINER_NAME.match(text) for text in before[max(0, images[-1] - 3) : images[-1]])
    return [match["name"] for match in (_CONTAINER_IMAGE.match(before[images[-1]]), *named) if match]


def host_started(text: str) -> bool:
    """Whether systemd reports that a server started."""
    return _HOST_STARTED.match(text) is not None


def host_stopped(text: str) -> bool:
    """Whether systemd reports that it stops a server.

    >>> host_stopped("Stopping MariaDB 10.4 database server..."), host_stopped("Stopped Prometheus MySQL exporter for the server.")
    (True, False)
    """
    return _HOST_STOPPED.match(text) is not None


_STOPPING: Final = re.compile(r"Received SHUTDOWN from |.*: Normal shutdown$|Got signal 15 to shutdown ")
_STARTING: Final = re.compile(r".*(?:starting as process|Starting MariaDB|ready for connections)")
_READY: Final = re.compile(r".*ready for connections")
"""A server that is ready and next starts has crashed without a message in between."""
_ABORTED: Final = re.compile(r"Aborted connection (?P<id>\d{1,10}) to db: ")
_REPEATED: Final = re.compile(r"(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) UTC - (?P<text>.*)")
"""MySQL repeats the lines of a crash with their timestamps when it starts again."""
_NUMBER: Final = re.compile(r"MY-\d{6}")


class ServerLog:
    """Parses the lines of one error log in their order. It remembers only whether the server is ready, or shutting down."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """`zone` is the server's time zone: MariaDB, and MySQL before 5.7, write local time and no zone."""
        self._zone = zone
        self._stopping = False
        self._ready = False

    def parse_entry(self, line: str) -> LogEntry | None:
        """Parse one line; None for a line without a head: the rest of a stack trace, a banner, a line of another log.

        Never raises. An entry that says nothing of a session's end has no cause.
        """
        parts = _json_parts(line) if line.lstrip()[:1] == "{" else split_entry(line)
        return None if parts is None else self._entry_of(parts)

    def _entry_of(self, parts: EntryParts) -> LogEntry:
        repeated = _REPEATED.match(parts.text)
        if repeated:
            parts = replace(parts, timestamp_text=repeated["timestamp"], text=repeated["text"])
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
        timestamp = split_timestamp(text)
        if timestamp is None:
            return None
        zone = timestamp.tzinfo or self._zone
        try:
            return None if zone is None else timestamp.replace(tzinfo=zone).timestamp()
        except (ValueError, OverflowError):
            return None


def error_number(entry: LogEntry) -> int | None:
    """The number of the error that clients get for what an entry reports: 4031, 1158; None where they get none."""
    text = in_english(entry.text)
    return _meaning(text, EntryParts("", "", text, entry.code))[1].error_number


def split_timestamp(text: str) -> datetime | None:
    """Parse the timestamp of an error log; naive where it names no zone, None where it has no date or is not one.

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
    """The parts of an entry, as text."""

    timestamp_text: str
    thread: str
    text: str
    code: str | None


def split_entry(line: str) -> EntryParts | None:
    """Split a line of a text log into its parts; None for a line that does not begin as an entry does.

    Only prefixes of journals and containers may stand before its head: an application quotes what users write.
    """
    return _parts(line[:MAX_LINE_CHARS])[1]


def without_prefixes(line: str) -> str:
    """A line without the prefixes that journals and containers put before it."""
    return _parts(line)[0]


def _parts(line: str) -> tuple[str, EntryParts | None]:
    """A line without prefixes, and its parts if it begins as an entry does."""
    match = _match_head(line)
    for _prefix in range(MAX_PREFIXES):
        prefixed = None if match else split_prefix(line)
        if prefixed is None:
            break
        line = prefixed.body
        match = _match_head(line)
    if match is None:
        return line, None
    fields = match.groupdict()
    return line, EntryParts(
        fields["timestamp"], fields.get("thread") or "", fields["text"], fields.get("code")
    )


def _match_head(line: str) -> re.Match[str] | None:
    return next((match for head in LINE_HEADS if (match := head.match(line))), None)


def _json_parts(line: str) -> EntryParts | None:
    """The parts of a line that MySQL's JSON log sink wrote; None for any other line."""
    if len(line) > MAX_LINE_CHARS or '"msg"' not in line or '"err_code"' not in line:
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    number, text = fields.get("err_code"), fields.get("msg")
    if not isinstance(number, int) or not isinstance(text, str):
        return None
    code = f"MY-{number:06}"
    return EntryParts(
        str(fields.get("time", "")),
        str(fields.get("thread", "")),
        text,
        code if _NUMBER.fullmatch(code) else None,
    )


def _meaning(text: str, parts: EntryParts) -> tuple[ProcesslistId | None, MessageMeaning]:
    """The session that a message is about, and what it says of that session's end."""
    match = _ABORTED.match(text)
    if match:
        reason = text.rstrip(" .").removesuffix(")").rpartition(" (")[2]
        meaning = next((meant for words, meant in REASONS if reason.startswith(words)), MessageMeaning(None))
        if meaning.error_number == 1160 and parts.code:
            meaning = replace(meaning, cause=Cause.CLIENT_LOST)
        return _session_id(match["id"]), meaning
    for pattern, meaning in SERVER_MESSAGES:
        if pattern.match(text):
            return None, meaning
    for pattern, meaning in SESSION_MESSAGES:
        found = pattern.match(text)
        if found:
            return _session_id(found.groupdict().get("id") or parts.thread), meaning
    return _session_id(parts.thread), MessageMeaning(None)


def _session_id(number: str) -> ProcesslistId | None:
    """A session id; None for 0, which stands before the label for the server itself, and for no number."""
    return ProcesslistId(int(number)) if number.isdecimal() and 0 < int(number) <= _LARGEST_ID else None
