"""One small rule a cause: what speaks for it and against it, in one Evidence. All are pure; `diagnosis` weighs them.

Which error a client sees when was measured: MySQL 9.7 and MariaDB 10.11 with every client in `tests/unit/doctor/logs`.
"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.doctor.arguments import (
    Argument,
    answer_never_came,
    cut_in_tls,
    is_loss,
    never_began,
    not_in_tls,
    proved,
    refuted,
    write_failed,
)
from goneaway_tui.doctor.evidence import LARGEST_PACKET, Evidence
from goneaway_tui.doctor.occurrences import OFFLINE, How, Occurrence
from goneaway_tui.doctor.words import bytes_words, seconds_words
from goneaway_tui.model.cause import Cause

NO_SESSION = "No session had begun: the connection was refused."
NOT_YET = "No session had begun: the connection ended before the login."
LEAST_LIMIT = 1.0
"""Seconds: no server lets `wait_timeout` be less."""
LONG_SILENCE = 60.0


def idle_timeout(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.refused or never_began(log):
        yield refuted(NO_SESSION if log.refused else NOT_YET)
        return
    yield from _idled(seen)
    if not is_loss(log):
        return
    yield _found_dead(log)
    if log.client.hears_4031 and _ended_cleanly(log):
        yield Argument(
            -1,
            f"{log.client.driver} hands on MySQL's error 4031 when an idle limit ends a session, and there is none here.",
        )
    if log.idle_seconds is None:
        yield from _silence(seen)
    if seen.idle_at_start is not None and not seen.idled_out_before:
        yield Argument(
            -3 if log.idle_seconds is None else -6,
            f"The server went down first: until then it had been unused for {seconds_words(seen.idle_at_start)}.",
        )
    yield from _idling_counted(seen)
    if How.TIMED_OUT in log.how:
        yield Argument(-3, "No end of the connection came, and a server that closes a session sends one.")


def _idling_counted(seen: Evidence) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    count = server.raised(4031)
    if count and not seen.later(server.first_raised(4031)):
        yield Argument(
            1, f"The server has counted {count} sessions closed for idling (4031) since it started."
        )
    if count == 0 and (seen.runs_since or -1) > 0:
        yield Argument(-4, "The server counts error 4031, and has counted none since before this error.")
    if seen.ended_nobody:
        says = "Aborted_clients is 0 since before this error: the server has closed nobody."
        yield refuted(says) if seen.was_up else Argument(-4, says)
    limit = server.limits.get("wait_timeout", 0.0)
    if (
        log.idle_seconds is None
        and not count
        and not seen.idled_out_before
        and 0 <= (seen.runs_since or -1) < limit
    ):
        yield Argument(-1, f"No session of this server is as old as wait_timeout: {seconds_words(limit)}.")
    if (
        count is None
        and not log.reused
        and How.TIMED_OUT not in log.how
        and server.counters.get("aborted_clients")
        and server.counters.get("com_kill") == 0
    ):
        yield Argument(
            1, "Sessions have ended without a goodbye since the server started, and nobody ran KILL."
        )


def _found_dead(log: Occurrence) -> Argument:
    """How much the manner of a loss is that of a session closed while it lay unused."""
    if not log.client.tells_write_from_read:
        return Argument(
            4, "By far the most frequent reason for a connection that is found dead when it is used."
        )
    if write_failed(log):
        return Argument(
            4,
            "The connection was already dead when the client began to send, as one is that was closed while it lay unused.",
        )
    if log.reused:
        return Argument(3, "The driver found its connection closed before it sent anything.")
    if log.client.hears_4031 and _ended_cleanly(log):
        return Argument(1, "MariaDB, and MySQL before 8.0.24, close an idle session without a word.")
    if How.EOF in log.how:
        return Argument(
            2,
            "MySQL before 8.0.24 ends an idle session like this; later ones say 4031, MariaDB resets the line.",
        )
    return Argument(3, "An idle limit closes a session without the client noticing until its next statement.")


def _silence(seen: Evidence) -> Iterator[Argument]:
    """A log that had been silent: its program may have idled as long."""
    silent = seen.seen.silent_seconds or 0
    limit, word = seen.limit("wait_timeout")
    if limit is not None and silent >= max(limit - 1, LONG_SILENCE):
        yield Argument(
            3,
            f"The log had been silent for {seconds_words(silent)} before, and wait_timeout is {seconds_words(limit)} ({word}).",
        )
    elif silent >= LONG_SILENCE:
        yield Argument(2, f"The log had been silent for {seconds_words(silent)} before.")


def _ended_cleanly(log: Occurrence) -> bool:
    return answer_never_came(log) and not log.reused


def _idled(seen: Evidence) -> Iterator[Argument]:
    """What a log that tells how long a connection had idled says of the limit."""
    idle = seen.seen.idle_seconds
    limit, word = seen.limit("wait_timeout")
    if idle is None or limit is None:
        return
    both = f"It had been idle for {seconds_words(idle)}, and wait_timeout is {seconds_words(limit)} ({word})."
    if idle < LEAST_LIMIT:
        yield refuted(
            f"The connection had been idle for {seconds_words(idle)} only; no idle limit is that short."
        )
    else:
        yield Argument(6 if idle >= limit - 1 else -3, both)
    if idle >= LONG_SILENCE:
        yield Argument(2, f"It had lain unused for {seconds_words(idle)}.")


def transaction_timeout(seen: Evidence) -> Iterator[Argument]:
    for name in (
        "idle_transaction_timeout",
        "idle_write_transaction_timeout",
        "idle_readonly_transaction_timeout",
    ):
        limit = seen.server.limits.get(name, 0)
        if limit > 0 and (is_loss(seen.seen) or seen.seen.says is Cause.IDLE_TIMEOUT):
            yield Argument(
                2, f"{name} is {seconds_words(limit)}: it ends a session that idles inside a transaction."
            )


def packet_too_large(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    limit, word = seen.limit("max_allowed_packet")
    size = log.statement_bytes
    if log.refused or never_began(log):
        yield refuted(NO_SESSION if log.refused else NOT_YET)
        return
    both = f"The statement has {bytes_words(size or 0)}, and max_allowed_packet is {bytes_words(limit or 0)} ({word})."
    if log.says in {Cause.PACKET_TOO_LARGE, None} and size and limit and size > limit:
        yield Argument(4, both)
    if not is_loss(log):
        return
    if "max_allowed_packet" in seen.server.limits and limit:
        if limit >= LARGEST_PACKET:
            yield refuted("max_allowed_packet is 1 GiB already, as much as the protocol allows.")
        elif size and size < limit / 2:
            yield refuted(both)
    if seen.server.raised(1153) == 0 and (seen.runs_since or -1) > 0:
        says = "The server counts packets that are too large (1153), and has counted none since before this error."
        yield refuted(says) if seen.was_up else Argument(-4, says)
    yield from _cut_short(log)


def _cut_short(log: Occurrence) -> Iterator[Argument]:
    """How much the manner of a loss is that of a statement the server would not read to its end."""
    if write_failed(log):
        yield Argument(
            3,
            "The server may have stopped reading in the middle of a statement larger than max_allowed_packet.",
        )
        if cut_in_tls(log):
            # Not more: an idle session of MariaDB ends in the very same words.
            yield Argument(
                1,
                "Over TLS its error 1153 is never heard: the line ends while the statement is sent, as here.",
            )
        elif How.EOF in log.how:
            yield Argument(1, "The connection may have broken while the statement was being sent.")
    elif How.RESET in log.how:
        yield Argument(3, "A server that will not read a large statement to its end resets the connection.")
    if log.statement_bytes:
        yield Argument(
            2, f"The statement is large: {bytes_words(log.statement_bytes)} or more of it are in the log."
        )
    elif answer_never_came(log):
        yield Argument(-2, "The statement was sent whole, and nothing in the log is large.")


def killed(seen: Evidence) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    if log.refused or never_began(log):
        yield refuted(NO_SESSION if log.refused else NOT_YET)
        return
    if log.code == 1317:
        yield Argument(1, "It was KILL QUERY, or Ctrl-C in a client: the statement ended, the session lives.")
    if log.by_server and log.text.rstrip().endswith("(KILLED)"):
        yield Argument(
            4,
            "The server wrote KILLED. It writes that for KILL QUERY and for max_statement_time too, after which the session lives on.",
        )
    if is_loss(log):
        yield Argument(
            1 if How.RESET in log.how else 3 if answer_never_came(log) and not log.reused else 2,
            "KILL ends a session at once, and its client notices at the next statement.",
        )
        yield from not_in_tls(log)
        yield from _put_offline(seen)
        if server.counters.get("com_kill") == 0 and not _is_offline(seen) and (seen.runs_since or -1) > 0:
            says = "Com_kill is 0: nobody has run KILL since before this error."
            yield refuted(says) if seen.was_up else Argument(-4, says)
        if seen.ended_nobody:
            says = "Aborted_clients is 0 since before this error: the server has ended nobody."
            yield refuted(says) if seen.was_up else Argument(-4, says)


def _put_offline(seen: Evidence) -> Iterator[Argument]:
    """`SET GLOBAL offline_mode = ON` counts as no KILL and is in no log, but whoever comes again is refused by 3032."""
    if _is_offline(seen):
        yield Argument(
            6,
            "At that time somebody was refused by offline mode (3032): putting a server into it ends every session "
            "without CONNECTION_ADMIN.",
        )


def _is_offline(seen: Evidence) -> bool:
    refused = seen.server.last_raised(OFFLINE)
    return seen.seen.offline_near or (
        refused is not None and seen.at is not None and abs(refused - seen.at) <= LONG_SILENCE
    )


def proxy_or_firewall(seen: Evidence) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    if log.session_id is not None and log.session_id in server.asleep and is_loss(log):
        yield proved(
            f"Session {log.session_id} still sleeps on the server: it did not close it. Something between the two did."
        )
    if log.refused and log.says is None:
        if log.how & {How.TIMED_OUT, How.UNREACHABLE}:
            yield Argument(5, "Packets were dropped on the way: a refused connection answers at once.")
        else:
            yield Argument(1, "A proxy or firewall may refuse in the server's place.")
    if is_loss(log):
        if not never_began(log):
            yield Argument(
                1,
                "A proxy, load balancer or NAT forgets idle connections, often sooner than the server does.",
            )
        if How.TIMED_OUT in log.how:
            yield Argument(
                3, "The answer never came, and no end of the connection either: packets are dropped silently."
            )
        if How.GREETING in log.how:
            yield Argument(4, "It ended before the server had introduced itself.")
        limit, _ = seen.limit("wait_timeout")
        if (
            log.idle_seconds is not None
            and limit is not None
            and LONG_SILENCE <= log.idle_seconds < limit - 1
        ):
            yield Argument(
                4,
                f"It had been idle for {seconds_words(log.idle_seconds)}, less than the server's own limit.",
            )
        if seen.ended_nobody and seen.was_up:
            yield Argument(4, "Aborted_clients is 0: the server has closed nobody since before this error.")
