"""The rules: for each cause of an end, the arguments for and against it in one case. `diagnosis` weighs them.

Pure. Which error a client reports when was measured: MySQL 9.7 and MariaDB 10.11 with every client in
`tests/unit/doctor/logs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor.case import (
    CLOCK_DIFFERENCE_SECONDS,
    LARGEST_PACKET_BYTES,
    LONG_SILENCE_SECONDS,
    SHORTEST_LIMIT_SECONDS,
    Case,
)
from goneaway_tui.doctor.units import bytes_words, seconds_words
from goneaway_tui.i18n import _, marked, ngettext
from goneaway_tui.logs.error_events import OFFLINE_MODE_ERROR, ErrorEvent, FailureKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.snapshot import OF_TRANSACTIONS, SHARED


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason to believe a cause, or not to."""

    weight: int
    """Above 0 for, below against; 4 in all make it likely."""
    text: str
    certainty: Certainty | None = None
    """CONFIRMED where the server said so, RULED_OUT where it cannot be; whatever else was weighed."""
    limit_reached: bool = False
    """Whether it shows, by figures, that a known limit was reached: a larger limit would have helped."""


Rule = Callable[[Case], Iterator[Argument]]


def proof(says: str) -> Argument:
    return Argument(100, says, Certainty.CONFIRMED)


def refutation(says: str) -> Argument:
    return Argument(-100, says, Certainty.RULED_OUT)


NO_SESSION: Final = marked("No session had begun: the connection was refused.")
NO_LOGIN: Final = marked("No session had begun: the connection ended before the login.")


def _not_in_tls(event: ErrorEvent) -> Iterator[Argument]:
    """Measured on MySQL 9.7, MariaDB 10.11 and 11.8 with PyMySQL: after KILL, a restart or a crash sending still works."""
    if event.cut_in_tls:
        yield Argument(-1, _("Over TLS that would be told as 2013, after the statement was sent."))


COMMON_LIMIT_SECONDS = 600.0
"""Seconds: a silence this long may well be longer than a limit nobody told us; few servers have a shorter one."""


def idle_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.refused or log.never_began:
        yield refutation(_(NO_SESSION if log.refused else NO_LOGIN))
        return
    yield from _stated_idle_time(seen)
    if not log.is_loss:
        return
    yield _loss_manner(log)
    if log.client.reports_4031 and _ended_cleanly(log) and 4031 not in seen.server.unknown_errors:
        yield Argument(
            -1,
            _(
                "{driver} hands on MySQL's error 4031 when an idle limit ends a session, and there is none here.",
                driver=_(log.client.driver),
            ),
        )
    if log.idle_seconds is None:
        yield from _silence(seen)
    if seen.idle_before_start_seconds is not None and not seen.idled_out_before_start:
        yield Argument(
            -3 if log.idle_seconds is None else -6,
            _(
                "The server went down first: until then it had been unused for {idle}.",
                idle=seconds_words(seen.idle_before_start_seconds),
            ),
        )
    yield from _idling_counted(seen)
    if FailureKind.TIMED_OUT in log.failures:
        yield Argument(-3, _("No end of the connection came, and a server that closes a session sends one."))


def _idling_counted(seen: Case) -> Iterator[Argument]:
    log, server = seen.event, seen.server
    count = server.error_count(4031)
    if count and not seen.is_later(server.first_error_at(4031)):
        yield Argument(
            1,
            _(
                "The server has counted {count} sessions closed for idling (4031) since it started.",
                count=count,
            ),
        )
    if count == 0 and (seen.uptime_seconds or -1) > 0:
        yield Argument(-4, _("The server counts error 4031, and has counted none since before this error."))
    if seen.aborted_no_session:
        says = _("Aborted_clients is 0 since before this error: the server has closed nobody.")
        yield refutation(says) if seen.was_up_before_idling else Argument(-4, says)
    limit = server.limits.get("wait_timeout", 0.0)
    if (
        log.idle_seconds is None
        and not count
        and not seen.idled_out_before_start
        and 0 <= (seen.uptime_seconds or -1) < limit
    ):
        yield Argument(
            -1, _("No session of this server is as old as wait_timeout: {limit}.", limit=seconds_words(limit))
        )
    if (
        count is None
        and not log.used_after_close
        and FailureKind.TIMED_OUT not in log.failures
        and server.counters.get("aborted_clients")
        and server.counters.get("com_kill") == 0
    ):
        yield Argument(
            1, _("Sessions have ended without COM_QUIT since the server started, and no KILL was run.")
        )


def _loss_manner(log: ErrorEvent) -> Argument:
    """How much the manner of a loss is that of a session closed while it lay unused."""
    if not log.client.separates_write_errors:
        return Argument(
            4, _("By far the most frequent reason for a connection that is found dead when it is used.")
        )
    if log.write_failed:
        return Argument(
            4,
            _(
                "The connection was already closed when the client sent its next statement, which is typical after an idle timeout."
            ),
        )
    if log.used_after_close:
        return Argument(3, _("The driver found its connection closed before it sent anything."))
    if log.client.reports_4031 and _ended_cleanly(log):
        return Argument(1, _("MariaDB, and MySQL before 8.0.24, close an idle session without a word."))
    if FailureKind.EOF in log.failures:
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
    silent = seen.event.silent_seconds or 0
    limit, word = seen.limit("wait_timeout")
    if limit is not None and silent >= max(limit - 1, LONG_SILENCE_SECONDS):
        yield Argument(
            3,
            _(
                "The log had been silent for {silence} before, and wait_timeout is {limit} ({source}).",
                silence=seconds_words(silent),
                limit=seconds_words(limit),
                source=word,
            ),
            limit_reached=seen.knows_limit("wait_timeout"),
        )
    elif silent >= COMMON_LIMIT_SECONDS and not seen.knows_limit("wait_timeout"):
        yield Argument(2, _("The log had been silent for {silence} before.", silence=seconds_words(silent)))
    elif silent >= LONG_SILENCE_SECONDS:
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
    return log.answer_never_came and not log.used_after_close


def _stated_idle_time(seen: Case) -> Iterator[Argument]:
    """What a log that tells how long a connection had idled says of the limit."""
    idle = seen.event.idle_seconds
    limit, word = seen.limit("wait_timeout")
    if idle is None or limit is None:
        return
    both = _(
        "It had been idle for {idle}, and wait_timeout is {limit} ({source}).",
        idle=seconds_words(idle),
        limit=seconds_words(limit),
        source=word,
    )
    if idle < SHORTEST_LIMIT_SECONDS:
        yield refutation(
            _(
                "The connection had been idle for {idle} only; no idle limit is that short.",
                idle=seconds_words(idle),
            )
        )
    else:
        reached = idle >= limit - 1
        yield Argument(6 if reached else -3, both, limit_reached=reached)
    if idle >= LONG_SILENCE_SECONDS:
        yield Argument(2, _("It had lain unused for {idle}.", idle=seconds_words(idle)))


def transaction_timeout(seen: Case) -> Iterator[Argument]:
    for name in (*OF_TRANSACTIONS, *SHARED):
        limit = seen.server.limits.get(name, 0)
        if limit > 0 and (seen.event.is_loss or seen.event.stated_cause is Cause.IDLE_TIMEOUT):
            yield Argument(
                2,
                _(
                    "{variable} is {limit}: it ends a session that idles inside a transaction.",
                    variable=name,
                    limit=seconds_words(limit),
                ),
            )


def packet_too_large(seen: Case) -> Iterator[Argument]:
    log = seen.event
    limit, word = seen.limit("max_allowed_packet")
    size = log.statement_bytes
    if log.refused or log.never_began:
        yield refutation(_(NO_SESSION if log.refused else NO_LOGIN))
        return
    both = _(
        "The statement has {size}, and max_allowed_packet is {limit} ({source}).",
        size=bytes_words(size or 0),
        limit=bytes_words(limit or 0),
        source=word,
    )
    if log.stated_cause in {Cause.PACKET_TOO_LARGE, None} and size and limit and size > limit:
        yield Argument(4, both, limit_reached=seen.knows_limit("max_allowed_packet"))
    if not log.is_loss:
        return
    if "max_allowed_packet" in seen.server.limits and limit:
        if limit >= LARGEST_PACKET_BYTES:
            yield refutation(_("max_allowed_packet is 1 GiB already, as much as the protocol allows."))
        elif size and size < limit / 2:
            yield refutation(both)
    if seen.server.error_count(1153) == 0 and (seen.uptime_seconds or -1) > 0:
        says = _(
            "The server counts packets that are too large (1153), and has counted none since before this error."
        )
        yield refutation(says) if seen.was_up_before_idling else Argument(-4, says)
    yield from _cut_short(log)


def _cut_short(log: ErrorEvent) -> Iterator[Argument]:
    """How much the manner of a loss is that of a statement the server would not read to its end."""
    if log.write_failed:
        yield Argument(
            3,
            _(
                "The server may have stopped reading in the middle of a statement larger than max_allowed_packet."
            ),
        )
        if log.cut_in_tls:
            # Not more: an idle session of MariaDB ends in the very same words.
            yield Argument(
                1,
                _(
                    "Over TLS its error 1153 is never heard: the line ends while the statement is sent, as here."
                ),
            )
        elif FailureKind.EOF in log.failures:
            yield Argument(1, _("The connection may have broken while the statement was being sent."))
    elif FailureKind.RESET in log.failures:
        yield Argument(
            3, _("A server that will not read a large statement to its end resets the connection.")
        )
    if log.statement_bytes:
        yield Argument(
            2,
            _(
                "The statement is large: {size} or more of it are in the log.",
                size=bytes_words(log.statement_bytes),
            ),
        )
    elif log.answer_never_came:
        yield Argument(-2, _("The statement was sent whole, and nothing in the log is large."))


def killed(seen: Case) -> Iterator[Argument]:
    log, server = seen.event, seen.server
    if log.refused or log.never_began:
        yield refutation(_(NO_SESSION if log.refused else NO_LOGIN))
        return
    if log.code == 1317:
        yield Argument(
            1, _("It was KILL QUERY, or Ctrl-C in a client: the statement ended, the session lives.")
        )
    if log.is_kill:
        yield from _killed_or_stopped(seen)
    if log.from_server_log and log.text.rstrip().endswith("(KILLED)"):
        yield Argument(
            4,
            _(
                "The server wrote KILLED. It writes that for KILL QUERY and for max_statement_time too, after which the session lives on."
            ),
        )
    if log.is_loss:
        yield Argument(
            1
            if FailureKind.RESET in log.failures
            else 3
            if log.answer_never_came and not log.used_after_close
            else 2,
            _("KILL ends a session at once, and its client notices at the next statement."),
        )
        yield from _not_in_tls(log)
        yield from _offline_mode(seen)
        if server.counters.get("com_kill") == 0 and not _is_offline(seen) and (seen.uptime_seconds or -1) > 0:
            says = _("Com_kill is 0: nobody has run KILL since before this error.")
            yield refutation(says) if seen.was_up_before_idling else Argument(-4, says)
        if seen.aborted_no_session:
            says = _("Aborted_clients is 0 since before this error: the server has ended nobody.")
            yield refutation(says) if seen.was_up_before_idling else Argument(-4, says)


def _killed_or_stopped(seen: Case) -> Iterator[Argument]:
    """Of error 1927: whether this run of the server has lasted since before the session began to idle."""
    idle, up = seen.event.idle_seconds, seen.uptime_seconds
    if seen.was_up_before_idling or (
        idle is not None and up is not None and idle < up - CLOCK_DIFFERENCE_SECONDS
    ):
        yield proof(_("The server has not stopped since the session was last used, so this was a KILL."))
    elif any(each.cause is Cause.SERVER_RESTART and not seen.is_later(each.at) for each in seen.server.log):
        yield Argument(
            -3,
            _(
                "The server's log tells of a stop before this error, which MariaDB before 10.6 reports as 1927 too."
            ),
        )


def _offline_mode(seen: Case) -> Iterator[Argument]:
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
    refused = seen.server.last_error_at(OFFLINE_MODE_ERROR)
    return seen.event.offline_near or (
        refused is not None
        and seen.noticed_at is not None
        and abs(refused - seen.noticed_at) <= LONG_SILENCE_SECONDS
    )


def proxy_or_firewall(seen: Case) -> Iterator[Argument]:
    log, server = seen.event, seen.server
    if log.session_id is not None and log.session_id in server.idle_session_ids and log.is_loss:
        yield proof(
            _(
                "Session {session} still sleeps on the server: it did not close it. Something between the two did.",
                session=log.session_id,
            )
        )
    if log.refused and log.stated_cause is None:
        if log.failures & {FailureKind.TIMED_OUT, FailureKind.UNREACHABLE}:
            yield Argument(5, _("Packets were dropped on the way: a refused connection answers at once."))
        else:
            yield Argument(1, _("A proxy or firewall may refuse in the server's place."))
    if log.is_loss:
        if not log.never_began:
            yield Argument(
                1,
                _(
                    "A proxy, load balancer or NAT forgets idle connections, often sooner than the server does."
                ),
            )
        if FailureKind.TIMED_OUT in log.failures:
            yield Argument(
                3,
                _(
                    "The answer never came, and no end of the connection either: packets are dropped silently."
                ),
            )
        if FailureKind.GREETING in log.failures:
            yield Argument(4, _("It ended before the server had introduced itself."))
        limit = seen.limit("wait_timeout")[0]
        if (
            log.idle_seconds is not None
            and limit is not None
            and LONG_SILENCE_SECONDS <= log.idle_seconds < limit - 1
        ):
            yield Argument(
                4,
                _(
                    "It had been idle for {idle}, less than the server's own limit.",
                    idle=seconds_words(log.idle_seconds),
                ),
            )
        if seen.aborted_no_session and seen.was_up_before_idling:
            yield Argument(
                4, _("Aborted_clients is 0: the server has closed nobody since before this error.")
            )


def client_quit(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.code == 0:
        yield Argument(
            5,
            _(
                "The connection object was used after it had been closed: by close(), or by an earlier error that nobody heeded."
            ),
        )
    elif log.used_after_close:
        yield Argument(
            2,
            _("The connection had been closed on this side before; look for the first error above this one."),
        )
    if FailureKind.TIMED_OUT in log.failures and not log.refused and log.is_loss and not log.from_server_log:
        yield Argument(
            4, _("The client's own read timeout ran out; the server may still be running the statement.")
        )
        if "110" not in log.text and "connection timed out" not in log.text.lower():
            yield Argument(
                2, _("It was the client's clock: had packets been lost, the system would have said so.")
            )


def forked_connection(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.refused:
        return
    if FailureKind.MIXED_UP in log.failures and log.stated_cause is not Cause.IDLE_TIMEOUT:
        yield Argument(
            4,
            _("Packets came that were meant for somebody else: two processes or threads use one connection."),
        )
    elif log.is_loss and log.client.framework in {"Celery", "Django", "Flask"}:
        yield Argument(
            1,
            _(
                "Workers that are forked after the connection was opened share it; the first to end closes it for all."
            ),
        )


def net_read_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.code == 1159 and log.from_server_log:
        yield Argument(
            2, _("net_read_timeout has the same words, where the client stops in the middle of sending.")
        )
    if log.is_loss and FailureKind.GREETING in log.failures:
        yield Argument(3, _("A login that takes longer than connect_timeout is ended by the server."))


def net_write_timeout(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.code == 1160 and log.from_server_log:
        yield Argument(
            3,
            _(
                "MariaDB has no other words for a client that does not take its result within net_write_timeout."
            ),
        )
    if log.code == 2013 and log.is_loss and log.answer_never_came and not log.never_began:
        yield Argument(0, _("A client that takes its result too slowly is given up after net_write_timeout."))


def client_lost(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.from_server_log and "closed normally without authentication" in log.text:
        yield Argument(
            4, _("The client left before it had logged in: a health check, a scanner, or a very slow login.")
        )
    if log.code == 1160 and log.from_server_log and log.stated_cause is None:
        yield Argument(3, _("The client was gone when the server wanted to write to it."))
    if log.from_server_log and log.stated_cause is Cause.CLIENT_LOST:
        yield Argument(
            1, _("The client ended without saying goodbye: it crashed, was killed, or the network broke.")
        )


def too_many_connections(seen: Case) -> Iterator[Argument]:
    server = seen.server
    limit, used = server.limits.get("max_connections"), server.counters.get("max_used_connections")
    if seen.event.stated_cause is Cause.TOO_MANY_CONNECTIONS and limit and used:
        was_full = used >= limit or (seen.uptime_seconds or -1) <= 0
        told = (
            marked("At its fullest the server had {used} of {limit:.0f} connections.")
            if was_full
            else marked(
                "Since before this error this server has never had more than {used} of {limit:.0f} connections: "
                "another one said it, or a proxy in front of it, or max_connections was less then."
            )
        )
        yield Argument(1 if was_full else -1, _(told, used=used, limit=limit))
    if seen.event.stated_cause is Cause.TOO_MANY_CONNECTIONS and limit and server.session_count is not None:
        yield Argument(1, _("Now there are {sessions} sessions.", sessions=server.session_count))
    if seen.event.is_loss and FailureKind.GREETING in seen.event.failures:
        yield Argument(2, _("A server that is full, or nearly, may not get to greet everybody."))


def host_blocked(seen: Case) -> Iterator[Argument]:
    for host in seen.server.failing_hosts[:3]:
        if seen.event.stated_cause is Cause.HOST_BLOCKED or FailureKind.GREETING in seen.event.failures:
            yield Argument(
                1,
                _(
                    "The server has counted {failures} failed connections in a row from {host}, and refused {refusals}.",
                    failures=host.failures,
                    host=host.ip,
                    refusals=host.refusals,
                ),
            )
    if seen.event.is_loss and FailureKind.GREETING in seen.event.failures:
        yield Argument(1, _("After max_connect_errors broken greetings the server blocks the host."))


def statement_timeout(seen: Case) -> Iterator[Argument]:
    if seen.event.code == 1317:
        yield Argument(1, _("Some servers and proxies end a statement that runs too long this way."))


def access_denied(seen: Case) -> Iterator[Argument]:
    if seen.event.code == 1043:
        yield Argument(1, _("Client and server found no way to log in that both know."))
    return


def unknown(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if log.code == 2005:
        yield Argument(4, _("The server's name cannot be resolved: a typing error, or DNS."))
    if log.code == 2026 and FailureKind.MIXED_UP not in log.failures:
        yield Argument(
            4, _("Client and server could not agree on TLS: compare their certificates, versions and modes.")
        )
    if log.code == 1043:
        yield Argument(
            3, _("What arrived was no greeting: another program, another protocol version, or a cut line.")
        )


START_NEAR_SECONDS = 60.0
"""Seconds between an error and a start that are surely one affair."""
USE_CLOCK_DIFFERENCE_SECONDS = 5.0
"""Seconds by which clocks may differ."""
UPTIME_ROUNDING_SECONDS = 1.0
"""Seconds by which a server's start may be earlier than it says: it tells whole seconds of uptime, rounded down."""
POOL_REUSE_SECONDS = 300.0
"""Seconds within which a pool that is in use has had every connection in its hands."""


def server_restart(seen: Case) -> Iterator[Argument]:
    yield from _server_down(seen)
    log = seen.event
    if log.is_kill:
        yield Argument(1, _("MariaDB before 10.6 reports error 1927 to idle sessions when it stops."))
        yield from _server_start(seen)
    if _nothing_listened(log):
        yield Argument(4, _("Nobody listened there: the server was down, or was just starting."))
    if log.never_began:
        yield Argument(2, _("A server that is stopping, or still starting, lets nobody finish logging in."))
    elif log.is_loss:
        yield Argument(
            2 if FailureKind.RESET in log.failures else 3,
            _("A server that is restarted ends every session, and clients notice at their next statement."),
        )
    yield from _not_in_tls(log)


def server_crash(seen: Case) -> Iterator[Argument]:
    yield from _server_down(seen)
    log = seen.event
    if _nothing_listened(log):
        yield Argument(2, _("A server that crashed does not listen until it has recovered."))
    if log.is_loss and not log.never_began:
        silent = FailureKind.EOF in log.failures and not log.write_failed
        yield Argument(
            3 if silent else 2,
            _("A server that crashes, or is killed for its memory, ends every session without a word."),
        )
    yield from _not_in_tls(log)


def _nothing_listened(log: ErrorEvent) -> bool:
    """A connection was refused by nobody: not a name that has no address, nor a way that is cut."""
    return (
        log.refused
        and log.stated_cause is None
        and log.code not in {1043, 2005}
        and FailureKind.UNREACHABLE not in log.failures
    )


def _server_down(seen: Case) -> Iterator[Argument]:
    log = seen.event
    if not log.is_loss and not log.refused:
        return
    if log.is_loss and log.refused_near:
        yield Argument(3, _("Within a minute of it somebody found nobody listening."))
    if log.is_loss and log.lost_near:
        near = log.lost_near
        told = ngettext(
            "{number} more was lost within two seconds.", "{number} more were lost within two seconds.", near
        )
        yield Argument(1, told)
    yield from _server_start(seen)


def _server_start(seen: Case) -> Iterator[Argument]:
    """What the server's own age says."""
    log, server, up = seen.event, seen.server, seen.uptime_seconds
    if up is None:
        return
    told = _start_words(log, up)
    alone = _("{start}.", start=told)
    if log.refused:
        if abs(up) <= START_NEAR_SECONDS or (up > 0 and log.code != 2003):
            yield Argument(4, alone)
    elif seen.was_up_before_idling and seen.idle_before_start_seconds is None:
        since = seconds_words((server.read_at or seen.noticed_at or 0.0) - (server.started_at or 0.0))
        yield refutation(
            _(
                "The server has been up for {since}: longer than any idle session of that time could be old.",
                since=since,
            )
        )
    elif up < -UPTIME_ROUNDING_SECONDS:
        if up >= -START_NEAR_SECONDS:
            yield Argument(4, alone)
    else:
        yield from _started_before(seen, up, told)


def _start_words(log: ErrorEvent, up: float) -> str:
    """When it began to run, seen from the error: a sentence without its end."""
    seconds = seconds_words(abs(up))
    start = (
        _("The server started {seconds} before this error", seconds=seconds)
        if up >= 0
        else _("The server started {seconds} after this error", seconds=seconds)
    )
    if log.timestamp is None or log.timestamp.zoned:
        return start
    return _("{start} (its time, which names no zone, taken as this machine's)", start=start)


def _started_before(seen: Case, up: float, start: str) -> Iterator[Argument]:
    """Of a server that had started `up` seconds before a loss: was the lost session of the run before?

    One that is in use, or in a pool, is used again soon, and missed then.
    """
    log, server = seen.event, seen.server
    if log.idle_seconds is not None and log.idle_seconds < up - USE_CLOCK_DIFFERENCE_SECONDS:
        yield refutation(
            _(
                "{start}, and the connection was used {idle} before it: it was of this run.",
                start=start,
                idle=seconds_words(log.idle_seconds),
            )
        )
        return
    if seen.idled_out_before_start:
        yield Argument(
            -2, _("{start}, and by then its idle limit would have ended the session.", start=start)
        )
    elif log.idle_seconds is not None:
        yield Argument(6, _("{start}, and the connection was used before that, but not since.", start=start))
    elif up <= POOL_REUSE_SECONDS or seen.idle_before_start_seconds is not None:
        # Where it has ended sessions since, the lost one may have been of this run, and among them.
        yield Argument(0 if server.counters.get("aborted_clients") else 4, _("{start}.", start=start))
    else:
        yield Argument(-1, _("{start}; a pool that is in use would have noticed sooner.", start=start))
        return
    if seen.aborted_no_session:
        yield Argument(2, _("Since then it has ended nobody (Aborted_clients is 0)."))
