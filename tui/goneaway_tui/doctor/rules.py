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
    proved,
    refuted,
    write_failed,
)
from goneaway_tui.doctor.evidence import CLOCKS_DIFFER, LARGEST_PACKET, LONG_SILENCE, Evidence
from goneaway_tui.doctor.occurrences import OFFLINE, How, Occurrence
from goneaway_tui.doctor.words import bytes_words, seconds_words
from goneaway_tui.language import _
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.snapshot import OF_TRANSACTIONS, SHARED


def transaction_timeout(seen: Evidence) -> Iterator[Argument]:
    for name in (*OF_TRANSACTIONS, *SHARED):
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


def packet_too_large(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    limit, word = seen.limit("max_allowed_packet")
    size = log.statement_bytes
    if log.refused or never_began(log):
        yield refuted(_(NO_SESSION if log.refused else NOT_YET))
        return
    both = _(
        "The statement has {size}, and max_allowed_packet is {limit} ({source}).",
        size=bytes_words(size or 0),
        limit=bytes_words(limit or 0),
        source=word,
    )
    if log.says in {Cause.PACKET_TOO_LARGE, None} and size and limit and size > limit:
        yield Argument(4, both, limit_reached=seen.knows("max_allowed_packet"))
    if not is_loss(log):
        return
    if "max_allowed_packet" in seen.server.limits and limit:
        if limit >= LARGEST_PACKET:
            yield refuted(_("max_allowed_packet is 1 GiB already, as much as the protocol allows."))
        elif size and size < limit / 2:
            yield refuted(both)
    if seen.server.raised(1153) == 0 and (seen.runs_since or -1) > 0:
        says = _(
            "The server counts packets that are too large (1153), and has counted none since before this error."
        )
        yield refuted(says) if seen.was_up else Argument(-4, says)
    yield from _cut_short(log)


def _cut_short(log: Occurrence) -> Iterator[Argument]:
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
        elif How.EOF in log.how:
            yield Argument(1, _("The connection may have broken while the statement was being sent."))
    elif How.RESET in log.how:
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
    elif answer_never_came(log):
        yield Argument(-2, _("The statement was sent whole, and nothing in the log is large."))


def killed(seen: Evidence) -> Iterator[Argument]:
    log, server = seen.seen, seen.server
    if log.refused or never_began(log):
        yield refuted(_(NO_SESSION if log.refused else NOT_YET))
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
            1 if How.RESET in log.how else 3 if answer_never_came(log) and not log.reused else 2,
            _("KILL ends a session at once, and its client notices at the next statement."),
        )
        yield from not_in_tls(log)
        yield from _put_offline(seen)
        if server.counters.get("com_kill") == 0 and not _is_offline(seen) and (seen.runs_since or -1) > 0:
            says = _("Com_kill is 0: nobody has run KILL since before this error.")
            yield refuted(says) if seen.was_up else Argument(-4, says)
        if seen.ended_nobody:
            says = _("Aborted_clients is 0 since before this error: the server has ended nobody.")
            yield refuted(says) if seen.was_up else Argument(-4, says)


def _killed_or_stopped(seen: Evidence) -> Iterator[Argument]:
    """Of error 1927: whether this run of the server has lasted since before the session began to idle."""
    idle, up = seen.seen.idle_seconds, seen.runs_since
    if seen.was_up or (idle is not None and up is not None and idle < up - CLOCKS_DIFFER):
        yield proved(_("The server has not stopped since the session was last used, so this was a KILL."))
    elif any(each.cause is Cause.SERVER_RESTART and not seen.later(each.at) for each in seen.server.log):
        yield Argument(
            -3,
            _(
                "The server's log tells of a stop before this error, which MariaDB before 10.6 reports as 1927 too."
            ),
        )


def _put_offline(seen: Evidence) -> Iterator[Argument]:
    """`SET GLOBAL offline_mode = ON` counts as no KILL and is in no log, but whoever comes again is refused by 3032."""
    if _is_offline(seen):
        yield Argument(
            6,
            _(
                "At that time somebody was refused by offline mode (3032): putting a server into it ends every session "
                "without CONNECTION_ADMIN."
            ),
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
            _(
                "Session {session} still sleeps on the server: it did not close it. Something between the two did.",
                session=log.session_id,
            )
        )
    if log.refused and log.says is None:
        if log.how & {How.TIMED_OUT, How.UNREACHABLE}:
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
        if How.TIMED_OUT in log.how:
            yield Argument(
                3,
                _(
                    "The answer never came, and no end of the connection either: packets are dropped silently."
                ),
            )
        if How.GREETING in log.how:
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
