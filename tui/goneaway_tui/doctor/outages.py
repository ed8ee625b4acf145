"""The rules of a server that went down, in order or not: was the lost session one of the run before?"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.doctor.arguments import (
    Argument,
    is_kill,
    is_loss,
    never_began,
    not_in_tls,
    refuted,
    write_failed,
)
from goneaway_tui.doctor.evidence import Evidence
from goneaway_tui.doctor.occurrences import How, Occurrence
from goneaway_tui.doctor.words import seconds_words
from goneaway_tui.language import _, ngettext

NEAR = 60.0
"""Seconds between an error and a start that are surely one affair."""
NOTICED = 5.0
"""Seconds by which clocks may differ."""
ROUNDED = 1.0
"""Seconds by which a server's start may be earlier than it says: it tells whole seconds of uptime, rounded down."""
REUSED = 300.0
"""Seconds within which a pool that is in use has had every connection in its hands."""


def server_restart(seen: Evidence) -> Iterator[Argument]:
    yield from _went_down(seen)
    log = seen.seen
    if is_kill(log):
        yield Argument(1, _("MariaDB before 10.6 reports error 1927 to idle sessions when it stops."))
        yield from _began_anew(seen)
    if _nobody_listened(log):
        yield Argument(4, _("Nobody listened there: the server was down, or was just starting."))
    if never_began(log):
        yield Argument(2, _("A server that is stopping, or still starting, lets nobody finish logging in."))
    elif is_loss(log):
        yield Argument(
            2 if How.RESET in log.how else 3,
            _("A server that is restarted ends every session, and clients notice at their next statement."),
        )
    yield from not_in_tls(log)


def server_crash(seen: Evidence) -> Iterator[Argument]:
    yield from _went_down(seen)
    log = seen.seen
    if _nobody_listened(log):
        yield Argument(2, _("A server that crashed does not listen until it has recovered."))
    if is_loss(log) and not never_began(log):
        silent = How.EOF in log.how and not write_failed(log)
        yield Argument(
            3 if silent else 2,
            _("A server that crashes, or is killed for its memory, ends every session without a word."),
        )
    yield from not_in_tls(log)


def _nobody_listened(log: Occurrence) -> bool:
    """A connection was refused by nobody: not a name that has no address, nor a way that is cut."""
    return (
        log.refused and log.says is None and log.code not in {1043, 2005} and How.UNREACHABLE not in log.how
    )


def _went_down(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if not is_loss(log) and not log.refused:
        return
    if is_loss(log) and log.refused_near:
        yield Argument(3, _("Within a minute of it somebody found nobody listening."))
    if is_loss(log) and log.lost_near:
        near = log.lost_near
        told = ngettext(
            "{number} more was lost within two seconds.", "{number} more were lost within two seconds.", near
        )
        yield Argument(1, told)
    yield from _began_anew(seen)


def _began_anew(seen: Evidence) -> Iterator[Argument]:
    """What the server's own age says."""
    log, server, up = seen.seen, seen.server, seen.runs_since
    if up is None:
        return
    told = _start(log, up)
    alone = _("{start}.", start=told)
    if log.refused:
        if abs(up) <= NEAR or (up > 0 and log.code != 2003):
            yield Argument(4, alone)
    elif seen.was_up and seen.idle_at_start is None:
        since = seconds_words((server.asked_at or seen.at or 0.0) - (server.started_at or 0.0))
        yield refuted(
            _(
                "The server has been up for {since}: longer than any idle session of that time could be old.",
                since=since,
            )
        )
    elif up < -ROUNDED:
        if up >= -NEAR:
            yield Argument(4, alone)
    else:
        yield from _started_before(seen, up, told)


def _start(log: Occurrence, up: float) -> str:
    """When it began to run, seen from the error: a sentence without its end."""
    seconds = seconds_words(abs(up))
    start = (
        _("The server started {seconds} before this error", seconds=seconds)
        if up >= 0
        else _("The server started {seconds} after this error", seconds=seconds)
    )
    if log.at is None or log.at.zoned:
        return start
    return _("{start} (its time, which names no zone, taken as this machine's)", start=start)


def _started_before(seen: Evidence, up: float, start: str) -> Iterator[Argument]:
    """Of a server that had started `up` seconds before a loss: was the lost session of the run before?

    One that is in use, or in a pool, is used again soon, and missed then.
    """
    log, server = seen.seen, seen.server
    if log.idle_seconds is not None and log.idle_seconds < up - NOTICED:
        yield refuted(
            _(
                "{start}, and the connection was used {idle} before it: it was of this run.",
                start=start,
                idle=seconds_words(log.idle_seconds),
            )
        )
        return
    if seen.idled_out_before:
        yield Argument(
            -2, _("{start}, and by then its idle limit would have ended the session.", start=start)
        )
    elif log.idle_seconds is not None:
        yield Argument(6, _("{start}, and the connection was used before that, but not since.", start=start))
    elif up <= REUSED or seen.idle_at_start is not None:
        # Where it has ended sessions since, the lost one may have been of this run, and among them.
        yield Argument(0 if server.counters.get("aborted_clients") else 4, _("{start}.", start=start))
    else:
        yield Argument(-1, _("{start}; a pool that is in use would have noticed sooner.", start=start))
        return
    if seen.ended_nobody:
        yield Argument(2, _("Since then it has ended nobody (Aborted_clients is 0)."))
