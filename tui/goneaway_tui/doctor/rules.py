"""One small rule a cause: what speaks for it and against it, in one Evidence. All are pure; `diagnosis` weighs them.

Which error a client sees when was measured: MySQL 9.7 and MariaDB 10.11 with every client in `tests/unit/doctor/logs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.doctor.arguments import (
    NO_SESSION,
    NOT_YET,
    Argument,
    answer_never_came,
    cut_in_tls,
    is_kill,
    is_loss,
    never_began,
    not_in_tls,
    proving,
    refuting,
    write_failed,
)
from goneaway_tui.doctor.case import CLOCKS_DIFFER, LARGEST_PACKET, LONG_SILENCE, Case
from goneaway_tui.i18n import _, marked, ngettext
from goneaway_tui.logs.error_events import OFFLINE, ErrorEvent, FailureKind
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, TRANSACTION_LIMITS
from goneaway_tui.text.format import seconds_words, size_with_bytes


def transaction_timeout(seen: Case) -> Iterator[Argument]:
    for name in (*TRANSACTION_LIMITS, *SHARED_TRANSACTION_LIMITS):
        limit = seen.server.limits.get(name, 0)
        if limit > 0 and (is_loss(seen.seen) or seen.seen.says is Cause.IDLE_TIMEOUT):
            yield Argument(
                2,
                _(
                    "{variable} is {limit}: it ends a session that idles inside a transaction.",
                    variable=name,
                    limit=seconds_words(limit),
                ),
            )


def packet_too_large(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    limit, word = seen.limit("max_allowed_packet")
    size = log.statement_bytes
    if log.refused or never_began(log):
        yield refuting(_(NO_SESSION if log.refused else NOT_YET))
        return
    both = _(
        "The statement has {size}, and max_allowed_packet is {limit} ({source}).",
        size=size_with_bytes(size or 0),
        limit=size_with_bytes(limit or 0),
        source=word,
    )
    if log.says in {Cause.PACKET_TOO_LARGE, None} and size and limit and size > limit:
        yield Argument(4, both, limit_reached=seen.knows("max_allowed_packet"))
    if not is_loss(log):
        return
    if "max_allowed_packet" in seen.server.limits and limit:
        if limit >= LARGEST_PACKET:
            yield refuting(_("max_allowed_packet is 1 GiB already, as much as the protocol allows."))
        elif size and size < limit / 2:
            yield refuting(both)
    if seen.server.raised(1153) == 0 and (seen.runs_since or -1) > 0:
        says = _(
            "The server counts packets that are too large (1153), and has counted none since before this error."
        )
        yield refuting(says) if seen.was_up else Argument(-4, says)
    yield from _cut_short(log)


def _cut_short(log: ErrorEvent) -> Iterator[Argument]:
    """How much the manner of a loss is that of a statement the server would not read to its end."""
    if write_failed(log):
        yield Argument(
            3,
            _(
                "The server may have stopped reading in the middle of a statement larger than max_allowed_packet."
            ),
        )
        if cut_in_tls(log):
            # Not more: an idle session of MariaDB ends in the very same words.
            yield Argument(
                1,
                _(
                    "Over TLS its error 1153 is never heard: the line ends while the statement is sent, as here."
                ),
            )
        elif FailureKind.EOF in log.how:
            yield Argument(1, _("The connection may have broken while the statement was being sent."))
    elif FailureKind.RESET in log.how:
        yield Argument(
            3, _("A server that will not read a large statement to its end resets the connection.")
        )
    if log.statement_bytes:
        yield Argument(
            2,
            _(
                "The statement is large: {size} or more of it are in the log.",
                size=size_with_bytes(log.statement_bytes),
            ),
        )
    elif answer_never_came(log):
        yield Argument(-2, _("The statement was sent whole, and nothing in the log is large."))


def killed(seen: Case) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    if log.refused or never_began(log):
        yield refuting(_(NO_SESSION if log.refused else NOT_YET))
        return
    if log.code == 1317:
        yield Argument(
            1, _("It was KILL QUERY, or Ctrl-C in a client: the statement ended, the session lives.")
        )
    if is_kill(log):
        yield from _killed_or_stopped(seen)
    if log.by_server and log.text.rstrip().endswith("(KILLED)"):
        yield Argument(
            4,
            _(
                "The server wrote KILLED. It writes that for KILL QUERY and for max_statement_time too, after which the session lives on."
            ),
        )
    if is_loss(log):
        yield Argument(
            1 if FailureKind.RESET in log.how else 3 if answer_never_came(log) and not log.reused else 2,
            _("KILL ends a session at once, and its client notices at the next statement."),
        )
        yield from not_in_tls(log)
        yield from _put_offline(seen)
        if server.counters.get("com_kill") == 0 and not _is_offline(seen) and (seen.runs_since or -1) > 0:
            says = _("Com_kill is 0: nobody has run KILL since before this error.")
            yield refuting(says) if seen.was_up else Argument(-4, says)
        if seen.ended_nobody:
            says = _("Aborted_clients is 0 since before this error: the server has ended nobody.")
            yield refuting(says) if seen.was_up else Argument(-4, says)


def _killed_or_stopped(seen: Case) -> Iterator[Argument]:
    """Of error 1927: whether this run of the server has lasted since before the session began to idle."""
    idle, up = seen.seen.idle_seconds, seen.runs_since
    if seen.was_up or (idle is not None and up is not None and idle < up - CLOCKS_DIFFER):
        yield proving(_("The server has not stopped since the session was last used, so this was a KILL."))
    elif any(each.cause is Cause.SERVER_RESTART and not seen.later(each.at) for each in seen.server.log):
        yield Argument(
            -3,
            _(
                "The server's log tells of a stop before this error, which MariaDB before 10.6 reports as 1927 too."
            ),
        )


def _put_offline(seen: Case) -> Iterator[Argument]:
    """`SET GLOBAL offline_mode = ON` counts as no KILL and is in no log, but whoever comes again is refused by 3032."""
    if _is_offline(seen):
        yield Argument(
            6,
            _(
                "At that time somebody was refused by offline mode (3032): putting a server into it ends every session "
                "without CONNECTION_ADMIN."
            ),
        )


def _is_offline(seen: Case) -> bool:
    refused = seen.server.last_raised(OFFLINE)
    return seen.seen.offline_near or (
        refused is not None and seen.at is not None and abs(refused - seen.at) <= LONG_SILENCE
    )


def proxy_or_firewall(seen: Case) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    if log.session_id is not None and log.session_id in server.asleep and is_loss(log):
        yield proving(
            _(
                "Session {session} still sleeps on the server: it did not close it. Something between the two did.",
                session=log.session_id,
            )
        )
    if log.refused and log.says is None:
        if log.how & {FailureKind.TIMED_OUT, FailureKind.UNREACHABLE}:
            yield Argument(5, _("Packets were dropped on the way: a refused connection answers at once."))
        else:
            yield Argument(1, _("A proxy or firewall may refuse in the server's place."))
    if is_loss(log):
        if not never_began(log):
            yield Argument(
                1,
                _(
                    "A proxy, load balancer or NAT forgets idle connections, often sooner than the server does."
                ),
            )
        if FailureKind.TIMED_OUT in log.how:
            yield Argument(
                3,
                _(
                    "The answer never came, and no end of the connection either: packets are dropped silently."
                ),
            )
        if FailureKind.GREETING in log.how:
            yield Argument(4, _("It ended before the server had introduced itself."))
        limit = seen.limit("wait_timeout")[0]
        if (
            log.idle_seconds is not None
            and limit is not None
            and LONG_SILENCE <= log.idle_seconds < limit - 1
        ):
            yield Argument(
                4,
                _(
                    "It had been idle for {idle}, less than the server's own limit.",
                    idle=seconds_words(log.idle_seconds),
                ),
            )
        if seen.ended_nobody and seen.was_up:
            yield Argument(
                4, _("Aborted_clients is 0: the server has closed nobody since before this error.")
            )


def client_quit(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 0:
        yield Argument(
            5,
            _(
                "The connection object was used after it had been closed: by close(), or by an earlier error that nobody heeded."
            ),
        )
    elif log.reused:
        yield Argument(
            2,
            _("The connection had been closed on this side before; look for the first error above this one."),
        )
    if FailureKind.TIMED_OUT in log.how and not log.refused and is_loss(log) and not log.by_server:
        yield Argument(
            4, _("The client's own read timeout ran out; the server may still be running the statement.")
        )
        if "110" not in log.text and "connection timed out" not in log.text.lower():
            yield Argument(
                2, _("It was the client's clock: had packets been lost, the system would have said so.")
            )


def forked_connection(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.refused:
        return
    if FailureKind.MIXED_UP in log.how and log.says is not Cause.IDLE_TIMEOUT:
        yield Argument(
            4,
            _("Packets came that were meant for somebody else: two processes or threads use one connection."),
        )
    elif is_loss(log) and log.client.framework in {"Celery", "Django", "Flask"}:
        yield Argument(
            1,
            _(
                "Workers that are forked after the connection was opened share it; the first to end closes it for all."
            ),
        )


def net_read_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 1159 and log.by_server:
        yield Argument(
            2, _("net_read_timeout has the same words, where the client stops in the middle of sending.")
        )
    if is_loss(log) and FailureKind.GREETING in log.how:
        yield Argument(3, _("A login that takes longer than connect_timeout is ended by the server."))


def net_write_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 1160 and log.by_server:
        yield Argument(
            3,
            _(
                "MariaDB has no other words for a client that does not take its result within net_write_timeout."
            ),
        )
    if log.code == 2013 and is_loss(log) and answer_never_came(log) and not never_began(log):
        yield Argument(0, _("A client that takes its result too slowly is given up after net_write_timeout."))


def client_lost(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.by_server and "closed normally without authentication" in log.text:
        yield Argument(
            4, _("The client left before it had logged in: a health check, a scanner, or a very slow login.")
        )
    if log.code == 1160 and log.by_server and log.says is None:
        yield Argument(3, _("The client was gone when the server wanted to write to it."))
    if log.by_server and log.says is Cause.CLIENT_LOST:
        yield Argument(
            1, _("The client ended without saying goodbye: it crashed, was killed, or the network broke.")
        )


def too_many_connections(seen: Case) -> Iterator[Argument]:
    server = seen.server
    limit, used = server.limits.get("max_connections"), server.counters.get("max_used_connections")
    if seen.seen.says is Cause.TOO_MANY_CONNECTIONS and limit and used:
        was_full = used >= limit or (seen.runs_since or -1) <= 0
        told = (
            marked("At its fullest the server had {used} of {limit:.0f} connections.")
            if was_full
            else marked(
                "Since before this error this server has never had more than {used} of {limit:.0f} connections: "
                "another one said it, or a proxy in front of it, or max_connections was less then."
            )
        )
        yield Argument(1 if was_full else -1, _(told, used=used, limit=limit))
    if seen.seen.says is Cause.TOO_MANY_CONNECTIONS and limit and server.sessions is not None:
        yield Argument(1, _("Now there are {sessions} sessions.", sessions=server.sessions))
    if is_loss(seen.seen) and FailureKind.GREETING in seen.seen.how:
        yield Argument(2, _("A server that is full, or nearly, may not get to greet everybody."))


def host_blocked(seen: Case) -> Iterator[Argument]:
    for host in seen.server.hosts[:3]:
        if seen.seen.says is Cause.HOST_BLOCKED or FailureKind.GREETING in seen.seen.how:
            yield Argument(
                1,
                _(
                    "The server has counted {failures} failed connections in a row from {host}, and refused {refusals}.",
                    failures=host.failures,
                    host=host.ip,
                    refusals=host.refusals,
                ),
            )
    if is_loss(seen.seen) and FailureKind.GREETING in seen.seen.how:
        yield Argument(1, _("After max_connect_errors broken greetings the server blocks the host."))


def statement_timeout(seen: Case) -> Iterator[Argument]:
    if seen.seen.code == 1317:
        yield Argument(1, _("Some servers and proxies end a statement that runs too long this way."))


def access_denied(seen: Case) -> Iterator[Argument]:
    if seen.seen.code == 1043:
        yield Argument(1, _("Client and server found no way to log in that both know."))
    return


def unknown(seen: Case) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 2005:
        yield Argument(4, _("The server's name cannot be resolved: a typing error, or DNS."))
    if log.code == 2026 and FailureKind.MIXED_UP not in log.how:
        yield Argument(
            4, _("Client and server could not agree on TLS: compare their certificates, versions and modes.")
        )
    if log.code == 1043:
        yield Argument(
            3, _("What arrived was no greeting: another program, another protocol version, or a cut line.")
        )


NEAR = 60.0
"""Seconds between an error and a start that are surely one affair."""
NOTICED = 5.0
"""Seconds by which clocks may differ."""
ROUNDED = 1.0
"""Seconds by which a server's start may be earlier than it says: it tells whole seconds of uptime, rounded down."""
REUSED = 300.0
"""Seconds within which a pool that is in use has had every connection in its hands."""


def server_restart(seen: Case) -> Iterator[Argument]:
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
            2 if FailureKind.RESET in log.how else 3,
            _("A server that is restarted ends every session, and clients notice at their next statement."),
        )
    yield from not_in_tls(log)


def server_crash(seen: Case) -> Iterator[Argument]:
    yield from _went_down(seen)
    log = seen.seen
    if _nobody_listened(log):
        yield Argument(2, _("A server that crashed does not listen until it has recovered."))
    if is_loss(log) and not never_began(log):
        silent = FailureKind.EOF in log.how and not write_failed(log)
        yield Argument(
            3 if silent else 2,
            _("A server that crashes, or is killed for its memory, ends every session without a word."),
        )
    yield from not_in_tls(log)


def _nobody_listened(log: ErrorEvent) -> bool:
    """A connection was refused by nobody: not a name that has no address, nor a way that is cut."""
    return (
        log.refused
        and log.says is None
        and log.code not in {1043, 2005}
        and FailureKind.UNREACHABLE not in log.how
    )


def _went_down(seen: Case) -> Iterator[Argument]:
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


def _began_anew(seen: Case) -> Iterator[Argument]:
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
        yield refuting(
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


def _start(log: ErrorEvent, up: float) -> str:
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


def _started_before(seen: Case, up: float, start: str) -> Iterator[Argument]:
    """Of a server that had started `up` seconds before a loss: was the lost session of the run before?

    One that is in use, or in a pool, is used again soon, and missed then.
    """
    log, server = seen.seen, seen.server
    if log.idle_seconds is not None and log.idle_seconds < up - NOTICED:
        yield refuting(
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
