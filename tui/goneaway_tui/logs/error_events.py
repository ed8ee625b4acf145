"""From lines to occurrences: one lost or refused connection each, however many lines its traceback has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from math import nan
from typing import Final

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.clients import CODES, UNKNOWN, LogClient
from goneaway_tui.logs.timestamps import Timestamp
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.session import ProcesslistId


class FailureKind(StrEnum):
    """In what manner a connection failed."""

    RESET = "reset"
    BROKEN_PIPE = "broken_pipe"
    EOF = "eof"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NO_SOCKET = "no_socket"
    TLS_EOF = "tls_eof"
    DIALLING = "dialling"
    """Nobody had answered yet."""
    GREETING = "greeting"
    """Before or while the two introduced themselves."""
    WRITING = "writing"
    MIXED_UP = "mixed_up"
    """What came was meant for somebody else."""


MANNERS: Final = tuple(
    (how, re.compile(words))
    for how, words in (
        (
            FailureKind.RESET,
            r"reset by peer|ECONNRESET|Errno 104|system error: 104|\b10054\b|forcibly closed",
        ),
        (FailureKind.BROKEN_PIPE, r"[Bb]roken [Pp]ipe|EPIPE|Errno 32\b|BrokenPipe"),
        (FailureKind.EOF, r"EOF|end of stream|PROTOCOL_CONNECTION_LOST|Connection lost: The server closed"),
        (
            FailureKind.TIMED_OUT,
            r"[Tt]imed out|Timeout expired|ETIMEDOUT|Errno 110|system error: 110|i/o timeout|\(110\b|\b10060\b|connect timeout|Got timeout",
        ),
        (FailureKind.REFUSED, r"[Cc]onnection refused|ECONNREFUSED|\(111\b|Errno 111|\b10061\b"),
        (FailureKind.UNREACHABLE, r"No route to host|[Nn]etwork is unreachable|\(113\b|EHOSTUNREACH"),
        (
            FailureKind.TLS_EOF,
            r"SSLEOFError|EOF occurred in violation of protocol|unexpected eof while reading",
        ),
        (
            FailureKind.DIALLING,
            (
                r"\bdial (?:tcp|unix)\b|connect E[A-Z]{3,20}\b|java\.net\.ConnectException|[Cc]onnect [Tt]im(?:ed out|eout expired)"
                r"|Can't reach database server"
            ),
        ),
        (FailureKind.NO_SOCKET, r"through socket|No such file or directory"),
        (
            FailureKind.GREETING,
            r"reading (?:initial|authorization)|waiting for initial|handshake|establish(?:ed|ing)? |No route|ConnectionImpl\.createNewIO|to any of the specified",
        ),
        (
            FailureKind.WRITING,
            r"write (?:ECONNRESET|EPIPE)|sendall|_write_bytes|implWrite|StandardPacketOutputStream|packets\.go:\d+: write",
        ),
        (
            FailureKind.MIXED_UP,
            r"(?i:bad record mac|decryption failed|out of order|sequence number wrong|wrong version number)",
        ),
    )
)
AGES: Final = (
    (
        re.compile(r"last packet successfully received from the server was ([\d,.]{1,15}) milliseconds? ago"),
        0.001,
    ),
    (re.compile(r"([\d]{1,9}) seconds after the last command started"), 1.0),
    (re.compile(r" \d{1,9}/-?\d{1,9}/\+?(\d{1,12}) \d{1,12} [cs]D "), 0.001),
    (re.compile(r"idle for (\d{1,9}) ?s"), 1.0),
)
"""How long a connection had been idle, where a log says so, and in what part of a second."""
SIZES: Final = (
    re.compile(r"[Pp]acket for query is too large \(([\d,.]{1,14}) ?>"),
    re.compile(r"\((\d{1,12}) characters truncated\)"),
    re.compile(r"query size \((\d{1,12})\) is >="),
)
"""How large a statement was."""
LIMITS: Final = (
    ("max_allowed_packet", re.compile(r"is >= to max_allowed_packet \((\d{1,12})\)")),
    ("max_allowed_packet", re.compile(r"too large \([\d,.]{1,14} ?> ?([\d,.]{1,14})\)")),
    ("wait_timeout", re.compile(r"Currently configured wait_timeout is (\d{1,9}) seconds")),
)
"""What a log itself says a limit is."""
OFFLINE: Final = 3032
"""The error of a server that lets nobody in but its administrators."""
KILLED: Final = 1927
"""MariaDB's error of a session that was killed. 10.5 reports it to idle sessions when it stops, too; 10.6 and later do not."""
LARGE_LINE: Final = 8192
"""Bytes from which a logged line is taken for the statement it holds."""

_SESSIONS: Final = re.compile(
    r"\(conn=(\d{1,10})\)|[Aa]borted connection (\d{1,10}) |[Cc]onnection[ _]id[:= ]{1,2}(\d{1,10})\b"
)


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """One lost or refused connection, as its log tells it."""

    line: int
    at: Timestamp | None
    text: str = ""
    """The line that tells most, or a part of it. As logged, so hostile."""
    code: int | None = None
    client: LogClient = UNKNOWN
    says: Cause | None = None
    """What the words themselves blame."""
    certainty: Certainty = Certainty.POSSIBLE
    how: frozenset[FailureKind] = frozenset()
    reused: bool = False
    """The driver had known before that this connection was closed."""
    by_server: bool = False
    """The server's own error log says it."""
    session_id: ProcesslistId | None = None
    idle_seconds: float | None = None
    """How long it had idled, where the log says so."""
    silent_seconds: float | None = None
    """How long the log had been silent before."""
    before: str = ""
    """What stands before `text` on the same line: a secret may begin in it."""
    server_up_seconds: float | None = None
    """How long the server had been up, where this is its own log and tells of its start."""
    statement_bytes: int | None = None
    limits: tuple[tuple[str, float], ...] = ()
    """What the log says limits are."""
    offline_near: bool = False
    """Within a minute somebody was refused because the server was in offline mode."""
    refused_near: bool = False
    """Within a minute somebody found nobody answering."""
    lost_near: int = 0
    """How many others were lost within two seconds."""

    @property
    def refused(self) -> bool:
        """No session had begun."""
        code = CODES.get(self.code)
        loss = self.code in {2006, 2013, 4031}
        return (
            bool(
                (code and code.refuses)
                or self.how & {FailureKind.REFUSED, FailureKind.DIALLING, FailureKind.NO_SOCKET}
            )
            and not loss
        )


def describe_events(lines: Iterable[LogLine]) -> dict[str, object]:
    """What the lines of one occurrence say of its manner, age and size: fields of Occurrence."""
    how: set[FailureKind] = set()
    found: dict[str, object] = {}
    limits: dict[str, float] = {}
    for line in lines:
        text = line.text
        how.update(each for each, words in MANNERS if words.search(text))
        for form, unit in AGES:
            if age := form.search(text):
                found["idle_seconds"] = _number(age[1]) * unit
        for form in SIZES:
            if size := form.search(text):
                found["statement_bytes"] = int(_number(size[1]))
        for name, form in LIMITS:
            if limit := form.search(text):
                limits[name] = _number(limit[1])
        if session := _SESSIONS.search(text):
            found["session_id"] = ProcesslistId(int(next(filter(None, session.groups()))))
        if line.size >= LARGE_LINE:
            found.setdefault("statement_bytes", line.size)
    return {**found, "how": frozenset(how), "limits": tuple(limits.items())}


def with_neighbours(occurrences: Iterable[ErrorEvent]) -> Iterator[ErrorEvent]:
    """Each occurrence, knowing what was found within a minute of it; holds no more than that minute's, bounded."""
    held: list[_Timed] = []
    done = 0
    for one in occurrences:
        held.append((nan if one.at is None else one.at.seconds, one))
        while done < len(held) - 1 and (not _near(held[done], held[-1]) or len(held) - done > _HELD):
            yield _placed(held, done)
            done += 1
        while done and (len(held) > 2 * _HELD or not _near(held[0], held[done])):
            held.pop(0)
            done -= 1
    for each in range(done, len(held)):
        yield _placed(held, each)


_Timed = tuple[float, ErrorEvent]
"""When, in seconds, beside what; not a number where it has no time, so that it is near to nothing."""
_NEAR: Final = 60.0
_HELD: Final = 64
_TOGETHER: Final = 2.0


def _placed(held: list[_Timed], index: int) -> ErrorEvent:
    at, one = held[index]
    near, down, offline = 0, False, False
    for nth, (when, each) in enumerate(held):
        apart = abs(when - at)
        if nth == index or not apart <= _NEAR:
            continue
        near += apart <= _TOGETHER and each.says is None and not each.refused
        down = down or bool(each.how & _DOWN and each.refused)
        offline = offline or each.code == OFFLINE
    return replace(one, offline_near=offline, refused_near=down, lost_near=near)


_DOWN: Final = frozenset({FailureKind.REFUSED, FailureKind.NO_SOCKET})


def _near(one: _Timed, other: _Timed) -> bool:
    return abs(one[0] - other[0]) <= _NEAR


def _number(text: str) -> float:
    return float(text.replace(",", "").replace(".", "") or 0)
