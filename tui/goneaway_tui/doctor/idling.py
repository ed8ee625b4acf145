"""The rule of an idle limit, the most frequent cause: what a log's silences, its error's manner and the server's counts say.

Which error a client sees when was measured: MySQL 9.7 and MariaDB 10.11 with every client in `tests/unit/doctor/logs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.doctor.arguments import (
    NO_SESSION,
    NOT_YET,
    Argument,
    answer_never_came,
    is_loss,
    never_began,
    refuting,
    write_failed,
)
from goneaway_tui.doctor.case import LONG_SILENCE, SHORTEST_LIMIT, Case
from goneaway_tui.i18n import _
from goneaway_tui.logs.error_events import ErrorEvent, FailureKind
from goneaway_tui.text.format import seconds_words

COMMON_LIMIT = 600.0
"""Seconds: a silence this long may well be longer than a limit nobody told us; few servers have a shorter one."""


def idle_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.refused or never_began(log):
        yield refuting(_(NO_SESSION if log.refused else NOT_YET))
        return
    yield from _idled(seen)
    if not is_loss(log):
        return
    yield _found_dead(log)
    if log.client.hears_4031 and _ended_cleanly(log) and 4031 not in seen.server.unknown_errors:
        yield Argument(
            -1,
            _(
                "{driver} hands on MySQL's error 4031 when an idle limit ends a session, and there is none here.",
                driver=_(log.client.driver),
            ),
        )
    if log.idle_seconds is None:
        yield from _silence(seen)
    if seen.idle_at_start is not None and not seen.idled_out_before:
        yield Argument(
            -3 if log.idle_seconds is None else -6,
            _(
                "The server went down first: until then it had been unused for {idle}.",
                idle=seconds_words(seen.idle_at_start),
            ),
        )
    yield from _idling_counted(seen)
    if FailureKind.TIMED_OUT in log.how:
        yield Argument(-3, _("No end of the connection came, and a server that closes a session sends one."))


def _idling_counted(seen: Case) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    count = server.raised(4031)
    if count and not seen.later(server.first_raised(4031)):
        yield Argument(
            1,
            _(
                "The server has counted {count} sessions closed for idling (4031) since it started.",
                count=count,
            ),
        )
    if count == 0 and (seen.runs_since or -1) > 0:
        yield Argument(-4, _("The server counts error 4031, and has counted none since before this error."))
    if seen.ended_nobody:
        says = _("Aborted_clients is 0 since before this error: the server has closed nobody.")
        yield refuting(says) if seen.was_up else Argument(-4, says)
    limit = server.limits.get("wait_timeout", 0.0)
    if (
        log.idle_seconds is None
        and not count
        and not seen.idled_out_before
        and 0 <= (seen.runs_since or -1) < limit
    ):
        yield Argument(
            -1, _("No session of this server is as old as wait_timeout: {limit}.", limit=seconds_words(limit))
        )
    if (
        count is None
        and not log.reused
        and FailureKind.TIMED_OUT not in log.how
        and server.counters.get("aborted_clients")
        and server.counters.get("com_kill") == 0
    ):
        yield Argument(
            1, _("Sessions have ended without COM_QUIT since the server started, and no KILL was run.")
        )


def _found_dead(log: ErrorEvent) -> Argument:
    """How much the manner of a loss is that of a session closed while it lay unused."""
    if not log.client.tells_write_from_read:
        return Argument(
            4, _("By far the most frequent reason for a connection that is found dead when it is used.")
        )
    if write_failed(log):
        return Argument(
            4,
            _(
                "The connection was already closed when the client sent its next statement, which is typical after an idle timeout."
            ),
        )
    if log.reused:
        return Argument(3, _("The driver found its connection closed before it sent anything."))
    if log.client.hears_4031 and _ended_cleanly(log):
        return Argument(1, _("MariaDB, and MySQL before 8.0.24, close an idle session without a word."))
    if FailureKind.EOF in log.how:
        return Argument(
            2,
            _(
                "MySQL before 8.0.24 ends an idle session like this; later ones say 4031, MariaDB resets the line."
            ),
        )
    return Argument(
        3, _("An idle limit closes a session without the client noticing until its next statement.")
    )


def _silence(seen: Case) -> Iterator[Argument]:
    """A log that had been silent: its program may have idled as long."""
    silent = seen.seen.silent_seconds or 0
    limit, word = seen.limit("wait_timeout")
    if limit is not None and silent >= max(limit - 1, LONG_SILENCE):
        yield Argument(
            3,
            _(
                "The log had been silent for {silence} before, and wait_timeout is {limit} ({source}).",
                silence=seconds_words(silent),
                limit=seconds_words(limit),
                source=word,
            ),
            limit_reached=seen.knows("wait_timeout"),
        )
    elif silent >= COMMON_LIMIT and not seen.knows("wait_timeout"):
        yield Argument(2, _("The log had been silent for {silence} before.", silence=seconds_words(silent)))
    elif silent >= LONG_SILENCE:
        yield Argument(
            -1,
            _(
                "The log had been silent for {silence} only, and wait_timeout is {limit} ({source}).",
                silence=seconds_words(silent),
                limit=seconds_words(limit or 0),
                source=word,
            ),
        )


def _ended_cleanly(log: ErrorEvent) -> bool:
    return answer_never_came(log) and not log.reused


def _idled(seen: Case) -> Iterator[Argument]:
    """What a log that tells how long a connection had idled says of the limit."""
    idle = seen.seen.idle_seconds
    limit, word = seen.limit("wait_timeout")
    if idle is None or limit is None:
        return
    both = _(
        "It had been idle for {idle}, and wait_timeout is {limit} ({source}).",
        idle=seconds_words(idle),
        limit=seconds_words(limit),
        source=word,
    )
    if idle < SHORTEST_LIMIT:
        yield refuting(
            _(
                "The connection had been idle for {idle} only; no idle limit is that short.",
                idle=seconds_words(idle),
            )
        )
    else:
        reached = idle >= limit - 1
        yield Argument(6 if reached else -3, both, limit_reached=reached)
    if idle >= LONG_SILENCE:
        yield Argument(2, _("It had lain unused for {idle}.", idle=seconds_words(idle)))
