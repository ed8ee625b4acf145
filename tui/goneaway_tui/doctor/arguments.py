"""What rules are made of: arguments for and against a cause, each with its weight and its sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor.case import Case
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.error_events import KILLED, ErrorEvent, FailureKind
from goneaway_tui.model.cause import Certainty


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason to believe a cause, or not to."""

    weight: int
    """Above 0 for, below against; 4 in all make it likely."""
    says: str
    settles: Certainty | None = None
    """CONFIRMED where the server said so, RULED_OUT where it cannot be; whatever else was weighed."""
    limit_reached: bool = False
    """Whether it shows, by figures, that a known limit was reached: a larger limit would have helped."""


Rule = Callable[[Case], Iterator[Argument]]


def proving(says: str) -> Argument:
    return Argument(100, says, Certainty.CONFIRMED)


def refuting(says: str) -> Argument:
    return Argument(-100, says, Certainty.RULED_OUT)


NO_SESSION: Final = marked("No session had begun: the connection was refused.")
NOT_YET: Final = marked("No session had begun: the connection ended before the login.")

GONE, LOST = frozenset({2006}), frozenset({2013})


def is_loss(seen: ErrorEvent) -> bool:
    """A session that had begun is gone, and nothing in the log says why."""
    blamed = seen.refused or seen.by_server or seen.says is not None
    return not blamed and seen.code in {None, 0, 2006, 2013, 2055, 1152, 1184, 2026}


def is_kill(seen: ErrorEvent) -> bool:
    """A client was told that its session was killed, which MariaDB before 10.6 says when it stops too."""
    return seen.code == KILLED and not seen.by_server


def never_began(seen: ErrorEvent) -> bool:
    """The connection ended while the two introduced themselves: a 2013 that says so, by the client's own library."""
    return seen.code in LOST and FailureKind.GREETING in seen.how and seen.idle_seconds is None


def write_failed(seen: ErrorEvent) -> bool:
    """The client could not even send: the connection was dead before, or the server cut a statement short."""
    sent = bool(seen.how & {FailureKind.BROKEN_PIPE, FailureKind.WRITING, FailureKind.RESET})
    return seen.client.tells_write_from_read and (seen.code in GONE or (seen.code not in LOST and sent))


def cut_in_tls(seen: ErrorEvent) -> bool:
    """Over TLS the line ended while the client sent: so do idle sessions of MariaDB end, and statements too large."""
    return is_loss(seen) and write_failed(seen) and FailureKind.TLS_EOF in seen.how


def not_in_tls(seen: ErrorEvent) -> Iterator[Argument]:
    """Measured on MySQL 9.7, MariaDB 10.11 and 11.8 with PyMySQL: after KILL, a restart or a crash sending still works."""
    if cut_in_tls(seen):
        yield Argument(-1, _("Over TLS that would be told as 2013, after the statement was sent."))


def answer_never_came(seen: ErrorEvent) -> bool:
    """The statement was sent, and then the connection ended."""
    return seen.client.tells_write_from_read and not write_failed(seen) and FailureKind.RESET not in seen.how
