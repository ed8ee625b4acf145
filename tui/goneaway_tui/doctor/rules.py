"""The rules: for each cause of an end, the arguments for and against it in one case. `diagnosis` weighs them.

Pure. Which error a client reports when was measured: MySQL 9.7 and MariaDB 10.11 with every client in
`tests/unit/doctor/logs`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from goneaway_tui.doctor.case import (
    CLOCK_DIFFERENCE_SECONDS,
    LARGEST_PACKET_BYTES,
    LONG_SILENCE_SECONDS,
    SHORTEST_LIMIT_SECONDS,
    Case,
)
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.logs.error_events import (
    MIN_WAIT_SECONDS,
    OFFLINE_MODE_ERROR,
    REPLICATION,
    EndKind,
    ErrorEvent,
    FailureKind,
    ReportedEnd,
    haproxy_end,
)
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.snapshot import SHARED_TRANSACTION_LIMITS, TRANSACTION_LIMITS
from goneaway_tui.text.format import seconds_words, size_with_bytes


@dataclass(frozen=True, slots=True)
class Argument:
    """One reason to believe a cause, or not to."""

    weight: int
    """Above 0 for the cause, below 0 against it. A sum of 4 makes the cause likely."""
    text: str
    """One sentence, in the reader's language."""
    certainty: Certainty | None = None
    """CONFIRMED where the server said so, RULED_OUT where the cause is impossible, whatever the other arguments weigh."""
    limit_reached: bool = False
    """Whether figures show that a known limit was reached: a larger limit would have helped."""


Rule = Callable[[Case], Iterator[Argument]]
"""Yields the arguments for and against one cause."""


def proof(text: str) -> Argument:
    """An argument that proves a cause, whatever contradicts it."""
    return Argument(100, text, Certainty.CONFIRMED)


def refutation(text: str) -> Argument:
    """An argument that rules a cause out, whatever supports it."""
    return Argument(-100, text, Certainty.RULED_OUT)


NO_SESSION: Final = N_("No session had begun: the connection was refused.")
SERVER_AWAY: Final = N_(
    "A health check reported the server as down. The line does not report the end of a session."
)
SERVER_SHUNNED: Final = N_(
    "ProxySQL's monitor reported the server as down. ProxySQL then closed its connections to that server."
)
NO_ANSWER: Final = N_("No session had begun: nothing answered the connection attempt.")
NO_LOGIN: Final = N_("No session had begun: the connection ended before the login.")
LOST_BEFORE: Final = N_(
    "The program reported the loss of a connection before. Since then its driver refuses to use that connection."
)
WAS_READING: Final = N_("The session was busy: the connection broke in the middle of a result.")
FORKED_BEFORE: Final = N_(
    "The log names a fork just before. The first process that ends closes the connection for all processes that share it."
)
SENT_NEAR: Final = N_("Within a minute a client lost its connection while it was sending data.")
WAS_SENDING: Final = N_("The session was busy: the connection broke while the client was sending data.")


def _no_session(event: ErrorEvent) -> Iterator[Argument]:
    """What rules out every end of a session where none had begun."""
    if event.refused:
        is_silent = FailureKind.TIMED_OUT in event.failures and FailureKind.REFUSED not in event.failures
        is_check = FailureKind.SERVER_DOWN in event.failures
        away = SERVER_SHUNNED if event.client.driver == "ProxySQL" else SERVER_AWAY
        yield refutation(_(away if is_check else NO_ANSWER if is_silent else NO_SESSION))
    elif event.never_began:
        yield refutation(_(NO_LOGIN))


def _not_in_tls(event: ErrorEvent) -> Iterator[Argument]:
    """What contradicts an end by the server where TLS broke while the client sent.

    Measured on MySQL 9.7, MariaDB 10.11 and 11.8 with PyMySQL: after KILL, a restart or a crash sending
    still works.
    """
    if event.cut_in_tls:
        yield Argument(
            -1, _("Over TLS the client would report such an end as 2013, after it sent the statement.")
        )


COMMON_LIMIT_SECONDS = 600.0
"""A silence this long may be longer than a limit that is not known; few servers have a shorter limit."""

SAME_MOMENT_SECONDS: Final = 2.0
"""Seconds between two lines of a log that are about the same moment."""


def idle_timeout(case: Case) -> Iterator[Argument]:
    """An idle limit, the most frequent cause: by a stated idle time, a silent log, the manner of the error, and counters."""
    event = case.event
    impossible = tuple(_never_idle(event))
    if impossible:
        yield from impossible
        return
    yield from _stated_idle_time(case)
    if not event.is_loss:
        yield from _sent_near(event)
        return
    yield _loss_manner(event)
    yield from _pinged(event)
    if _would_report_4031(event) and 4031 not in case.server.unknown_errors:
        yield Argument(
            -1,
            _(
                "{driver} reports MySQL's error 4031 when an idle limit ends a session. This error is not 4031.",
                driver=_(event.client.driver),
            ),
        )
    if event.idle_seconds is None:
        yield from _silence(case)
        if event.waited_seconds is not None and event.waited_seconds >= MIN_WAIT_SECONDS:
            waited = seconds_words(event.waited_seconds)
            yield Argument(-4, _("The client waited {wait} for an answer and got none.", wait=waited))
    yield from _in_use(event)
    yield from _server_down_first(case)
    yield from _idling_counted(case)
    if FailureKind.TIMED_OUT in event.failures:
        yield Argument(
            -3, _("The client received no end of the connection. A server that closes a session sends one.")
        )


def _never_idle(event: ErrorEvent) -> Iterator[Argument]:
    """What rules an idle limit out: no session, a busy one, or one that no idle limit applies to."""
    yield from _no_session(event)
    if event.was_busy:
        yield refutation(_(WAS_READING if FailureKind.READING in event.failures else WAS_SENDING))
    if event.client.driver == REPLICATION:
        yield refutation(_("No idle limit applies to a replication connection."))


def _pinged(event: ErrorEvent) -> Iterator[Argument]:
    """What contradicts an idle limit where a proxy keeps its connections in use."""
    if event.client.driver == "ProxySQL" and FailureKind.BETWEEN not in event.failures:
        yield Argument(-2, _("ProxySQL pings its idle connections to servers."))


def _sent_near(event: ErrorEvent) -> Iterator[Argument]:
    """What contradicts an idle limit where the server waited for its client: a client was in the middle of sending."""
    if event.code == 1159 and event.sending_near:
        yield Argument(-3, _(SENT_NEAR))


def _in_use(event: ErrorEvent) -> Iterator[Argument]:
    """What shows that the client used its connection shortly before: no idle limit is that short."""
    if event.idle_seconds is not None:
        return
    if event.used_seconds is not None:
        yield Argument(
            -4,
            _(
                "The same process had a statement answered {used} before.",
                used=seconds_words(event.used_seconds),
            ),
        )
    elif FailureKind.FORKED in event.failures:
        yield Argument(-2, _(FORKED_BEFORE))
    elif FailureKind.POLLING in event.failures:
        yield Argument(
            -3,
            _(
                "The statement that failed asks for the next job. A worker sends it every few seconds, so the connection was in use."
            ),
        )


FIRST_WITH_4031: Final = datetime(2021, 4, 20, tzinfo=UTC).timestamp()
"""When MySQL 8.0.24 was published, the first that has error 4031."""


def _would_report_4031(event: ErrorEvent) -> bool:
    """Whether the client would have reported error 4031, had MySQL closed its session for idling: not before there was one."""
    return event.client.reports_4031 and _ended_cleanly(event) and not _is_before_4031(event)


def _is_before_4031(event: ErrorEvent) -> bool:
    """Whether the log says that no server had error 4031 yet."""
    timestamp = event.timestamp
    return timestamp is not None and not timestamp.year_guessed and timestamp.clock_seconds < FIRST_WITH_4031


def _server_down_first(case: Case) -> Iterator[Argument]:
    """What speaks against an idle limit where the server itself ended, or its side of the connection broke off."""
    event = case.event
    if case.idle_before_start_seconds is not None and not case.idled_out_before_start:
        idle = seconds_words(case.idle_before_start_seconds)
        yield (
            Argument(
                -3, _("The server stopped first. Until then the log had been silent for {idle}.", idle=idle)
            )
            if event.idle_seconds is None
            else Argument(
                -6,
                _("The server stopped first. Until then the connection had been idle for {idle}.", idle=idle),
            )
        )
    if event.end is not None and event.end.cause is not Cause.IDLE_TIMEOUT:
        is_same_moment = event.end.seconds <= SAME_MOMENT_SECONDS
        is_same = is_same_moment or event.end.is_of_session or event.end.kind is EndKind.PROXY
        yield Argument(
            -4 if is_same else -2 if event.server_end else -1,
            _("The same log reports that the server itself ended. That ends every session.")
            if event.server_end
            else _("The same log reports that another cause ended a session."),
        )
    if event.busy_lost_near and event.refused_near:
        yield Argument(
            -4,
            _(
                "At that time another session was lost while its client waited for an answer, and then no program listened."
            ),
        )
    if FailureKind.SEVERED in event.failures:
        yield Argument(-4, _("The server's side broke off with an error. An idle timeout closes it cleanly."))


def _idling_counted(case: Case) -> Iterator[Argument]:
    """What the server's counters say of idle timeouts."""
    event, server = case.event, case.server
    count = server.error_count(4031)
    if count and not case.is_later(server.first_error_at(4031)):
        yield Argument(
            1,
            _(
                "The server has counted error 4031 (idle timeout) {count} times since it started.",
                count=count,
            ),
        )
    if count == 0 and (case.uptime_seconds or -1) > 0:
        yield Argument(
            -4,
            _(
                "The server started before this error and has counted no error 4031 (idle timeout) since it started."
            ),
        )
    if case.aborted_no_session:
        text = _(
            "The server started before this error, and Aborted_clients is still 0. The server has closed no session."
        )
        yield refutation(text) if case.was_up_before_idling else Argument(-4, text)
    limit = server.limits.get("wait_timeout", 0.0)
    if (
        event.idle_seconds is None
        and not count
        and not case.idled_out_before_start
        and 0 <= (case.uptime_seconds or -1) < limit
    ):
        yield Argument(
            -1,
            _("wait_timeout is {limit}. No session of this server is that old.", limit=seconds_words(limit)),
        )
    if (
        count is None
        and not event.used_after_close
        and FailureKind.TIMED_OUT not in event.failures
        and server.counters.get("aborted_clients")
        and server.counters.get("com_kill") == 0
    ):
        yield Argument(
            1, _("Sessions have ended without COM_QUIT since the server started, and no KILL was run.")
        )


def _loss_manner(event: ErrorEvent) -> Argument:
    """How much the manner of a loss is that of a session closed while it was idle."""
    if event.follows_loss:
        return Argument(-4, _(LOST_BEFORE))
    manners = (
        (
            FailureKind.BETWEEN in event.failures,
            4,
            N_("The connection was lost while it was idle: no statement was running."),
        ),
        (
            not event.client.separates_write_errors,
            4,
            N_(
                "An idle timeout is by far the most frequent cause of a connection that is found closed at its next use."
            ),
        ),
        (
            event.write_failed,
            4,
            N_(
                "The connection was already closed when the client sent its next statement, which is typical after an idle timeout."
            ),
        ),
        (event.used_after_close, 3, N_("The driver found the connection closed before it sent anything.")),
        (
            event.client.reports_4031 and _ended_cleanly(event),
            1,
            N_("MariaDB, and MySQL before 8.0.24, close an idle session without an error message."),
        ),
        (
            FailureKind.EOF in event.failures,
            3 if _is_before_4031(event) else 2,
            N_(
                "MySQL before 8.0.24 ends an idle session this way. Later versions report error 4031. MariaDB resets the connection."
            ),
        ),
        (True, 3, N_("An idle limit closes a session. The client notices only at its next statement.")),
    )
    weight, text = next((weight, text) for applies, weight, text in manners if applies)
    return Argument(weight, _(text))


def _silence(case: Case) -> Iterator[Argument]:
    """What the silence of a log before the error says: its program may have been idle as long, unless it polls for work."""
    if FailureKind.POLLING in case.event.failures:
        return
    silent_seconds = case.event.silent_seconds or 0
    limit, source = case.limit("wait_timeout")
    if limit is not None and silent_seconds >= max(limit - 1, LONG_SILENCE_SECONDS):
        yield Argument(
            3,
            _(
                "The log had been silent for {silence} before this error. wait_timeout is {limit}, {source}.",
                silence=seconds_words(silent_seconds),
                limit=seconds_words(limit),
                source=source,
            ),
            limit_reached=case.knows_limit("wait_timeout"),
        )
    elif silent_seconds >= COMMON_LIMIT_SECONDS and not case.knows_limit("wait_timeout"):
        yield Argument(
            2,
            _(
                "The log had been silent for {silence} before this error.",
                silence=seconds_words(silent_seconds),
            ),
        )
    elif silent_seconds >= LONG_SILENCE_SECONDS:
        yield Argument(
            -1,
            _(
                "The log had been silent for only {silence} before this error. wait_timeout is {limit}, {source}.",
                silence=seconds_words(silent_seconds),
                limit=seconds_words(limit or 0),
                source=source,
            ),
        )


def _ended_cleanly(event: ErrorEvent) -> bool:
    """Whether the server closed the connection while the client waited: neither sending failed, nor a driver knew before."""
    return event.answer_never_came and not event.used_after_close


def _stated_idle_time(case: Case) -> Iterator[Argument]:
    """Compare the idle time that the log states with the limit."""
    idle_seconds = case.event.idle_seconds
    limit, source = case.limit("wait_timeout")
    if idle_seconds is None or limit is None:
        return
    text = _(
        "The connection had been idle for {idle}. wait_timeout is {limit}, {source}.",
        idle=seconds_words(idle_seconds),
        limit=seconds_words(limit),
        source=source,
    )
    if case.event.waited_seconds is not None and case.event.waited_seconds >= LONG_SILENCE_SECONDS:
        yield Argument(
            -6,
            _(
                "The connection had been idle for {idle}. The client then waited {wait} for an answer. A server that closes an "
                "idle session does not keep its client waiting.",
                idle=seconds_words(idle_seconds),
                wait=seconds_words(case.event.waited_seconds),
            ),
        )
        return
    if idle_seconds < SHORTEST_LIMIT_SECONDS:
        yield refutation(
            _(
                "The idle time was only {idle}. No idle limit is that short.",
                idle=seconds_words(idle_seconds),
            )
        )
    elif case.event.is_past_limit and not case.knows_limit("wait_timeout"):
        yield Argument(
            6,
            _(
                "The connection had been idle for {idle}. The driver compared this with the server's wait_timeout and found it longer.",
                idle=seconds_words(idle_seconds),
            ),
        )
    else:
        is_reached = idle_seconds >= limit - 1
        below = -3 if case.knows_limit("wait_timeout") else -1
        yield Argument(6 if is_reached else below, text, limit_reached=is_reached)
    if idle_seconds >= LONG_SILENCE_SECONDS:
        yield Argument(2, _("The connection had not been used for {idle}.", idle=seconds_words(idle_seconds)))


def transaction_timeout(case: Case) -> Iterator[Argument]:
    """A limit on idling inside a transaction, where the server has one that is on."""
    for name in (*TRANSACTION_LIMITS, *SHARED_TRANSACTION_LIMITS):
        limit = case.server.limits.get(name, 0)
        if limit > 0 and (case.event.is_loss or case.event.stated_cause is Cause.IDLE_TIMEOUT):
            yield Argument(
                2,
                _(
                    "{variable} is {limit}. It ends a session that is idle inside a transaction.",
                    variable=name,
                    limit=seconds_words(limit),
                ),
            )


def packet_too_large(case: Case) -> Iterator[Argument]:
    """A statement larger than max_allowed_packet."""
    event = case.event
    limit, source = case.limit("max_allowed_packet")
    size = event.statement_bytes
    yield from _no_session(event)
    if event.refused or event.never_began:
        return
    text = _(
        "The statement has {size}. max_allowed_packet is {limit}, {source}.",
        size=size_with_bytes(size or 0),
        limit=size_with_bytes(limit or 0),
        source=source,
    )
    if event.stated_cause in {Cause.PACKET_TOO_LARGE, None} and size and limit and size > limit:
        yield Argument(4, text, limit_reached=case.knows_limit("max_allowed_packet"))
    if not event.is_loss:
        return
    if "max_allowed_packet" in case.server.limits and limit:
        if limit >= LARGEST_PACKET_BYTES:
            yield refutation(_("max_allowed_packet is already 1 GiB, the maximum of the protocol."))
        elif size and size < limit / 2:
            yield refutation(text)
    if case.server.error_count(1153) == 0 and (case.uptime_seconds or -1) > 0:
        text = _(
            "The server started before this error and has counted no error 1153 (packet too large) since it started."
        )
        yield refutation(text) if case.was_up_before_idling else Argument(-4, text)
    if FailureKind.READING in event.failures:
        yield Argument(-4, _(WAS_READING))
        return
    yield from _cut_short(event)


def _cut_short(event: ErrorEvent) -> Iterator[Argument]:
    """How much the manner of a loss is that of a statement that the server did not read to its end."""
    if event.write_failed:
        yield Argument(
            3,
            _(
                "The server may have stopped reading in the middle of a statement larger than max_allowed_packet."
            ),
        )
        if event.cut_in_tls:
            # Not more: an idle session of MariaDB ends in the very same words.
            yield Argument(
                1,
                _(
                    "Over TLS the client never receives error 1153. The connection breaks while the client sends the statement, as it did here."
                ),
            )
        elif FailureKind.EOF in event.failures:
            yield Argument(1, _("The connection may have broken while the statement was being sent."))
    elif FailureKind.RESET in event.failures and (event.waited_seconds or 0.0) < MIN_WAIT_SECONDS:
        yield Argument(
            3, _("A server that does not read a large statement to its end resets the connection.")
        )
    if event.statement_bytes:
        yield Argument(
            2,
            _(
                "The statement is large: the log shows {size} or more of it.",
                size=size_with_bytes(event.statement_bytes),
            ),
        )
    elif event.answer_never_came:
        yield Argument(-2, _("The client sent the whole statement, and nothing in the log is large."))


def killed(case: Case) -> Iterator[Argument]:
    """A KILL, or offline mode, which ends sessions too."""
    event, server = case.event, case.server
    yield from _no_session(event)
    if event.refused or event.never_began:
        return
    if event.code == 1317:
        yield Argument(
            1,
            _("KILL QUERY, or Ctrl-C in a client, ends a statement with this error. The session stays open."),
        )
    if event.is_kill and event.stated_cause is Cause.KILLED:
        yield from _killed_or_stopped(case)
    if event.from_server_log and event.text.rstrip().endswith("(KILLED)"):
        yield Argument(
            4,
            _(
                "The server wrote KILLED. It also writes KILLED for KILL QUERY and for max_statement_time, which do not end the session."
            ),
        )
    if event.is_loss:
        yield Argument(
            1
            if FailureKind.RESET in event.failures
            else 3
            if event.answer_never_came and not event.used_after_close
            else 2,
            _("KILL ends a session at once. The client notices at its next statement."),
        )
        yield from _not_in_tls(event)
        yield from _offline_mode(case)
        if server.counters.get("com_kill") == 0 and not _is_offline(case) and (case.uptime_seconds or -1) > 0:
            text = _("The server started before this error, and Com_kill is still 0: no KILL was run.")
            yield refutation(text) if case.was_up_before_idling else Argument(-4, text)
        if case.aborted_no_session:
            text = _(
                "The server started before this error, and Aborted_clients is still 0. The server has closed no session."
            )
            yield refutation(text) if case.was_up_before_idling else Argument(-4, text)


def _killed_or_stopped(case: Case) -> Iterator[Argument]:
    """Of error 1927: a KILL where the server has run since before the session was idle; MariaDB before 10.6 reports it at a stop."""
    idle_seconds, uptime_seconds = case.event.idle_seconds, case.uptime_seconds
    if case.was_up_before_idling or (
        idle_seconds is not None
        and uptime_seconds is not None
        and idle_seconds < uptime_seconds - CLOCK_DIFFERENCE_SECONDS
    ):
        yield proof(_("The server has not stopped since the session was last used, so this was a KILL."))
    elif any(
        entry.cause is Cause.SERVER_RESTART and not case.is_later(entry.at)
        for entry in case.server.log_entries
    ):
        yield Argument(
            -3,
            _(
                "The server's log reports a stop before this error. MariaDB before 10.6 reports a stop as 1927, too."
            ),
        )


def _offline_mode(case: Case) -> Iterator[Argument]:
    """`SET GLOBAL offline_mode = ON` is counted as no KILL and is in no log, but new connections get error 3032."""
    if _is_offline(case):
        yield Argument(
            6,
            _(
                "At that time the server refused a connection because of offline mode (3032). Turning offline mode on ends every "
                "session without CONNECTION_ADMIN."
            ),
        )


def _is_offline(case: Case) -> bool:
    """Whether a connection was refused by offline mode near the error, by the log or by the server's counters."""
    refused_at = case.server.last_error_at(OFFLINE_MODE_ERROR)
    return case.event.offline_near or (
        refused_at is not None
        and case.noticed_at is not None
        and abs(refused_at - case.noticed_at) <= LONG_SILENCE_SECONDS
    )


PROXY_TIMEOUT_END: Final = re.compile(haproxy_end("(?P<side>[cs])D"))
"""How HAProxy logs the end of a session by its own timeout, of the client's side or the server's."""


def proxy_or_firewall(case: Case) -> Iterator[Argument]:
    """Something between client and server that drops idle connections or refuses new ones."""
    event, server = case.event, case.server
    if event.session_id is not None and event.session_id in server.idle_session_ids and event.is_loss:
        yield proof(
            _(
                "Session {session} is still open and idle on the server, so the server did not close it. Something between client "
                "and server did.",
                session=event.session_id,
            )
        )
    yield from _proxy_timeout(event)
    if event.refused and event.stated_cause is None:
        if event.failures & {FailureKind.TIMED_OUT, FailureKind.UNREACHABLE}:
            yield Argument(
                5,
                _(
                    "The connection attempt got no answer. A closed port answers at once, so packets were dropped on the network path."
                ),
            )
        else:
            yield Argument(1, _("A proxy or firewall may refuse connections in place of the server."))
    if event.is_loss:
        if not event.never_began:
            yield Argument(
                1,
                _(
                    "A proxy, load balancer or NAT drops idle connections, often sooner than the server closes them."
                ),
            )
        if FailureKind.TIMED_OUT in event.failures:
            yield Argument(
                1 if _own_timer_expired(event) else 3,
                _(
                    "The client received neither an answer nor the end of the connection: packets may be dropped on the way."
                ),
            )
        if event.ended_at_login:
            yield Argument(4, _("The connection ended before the server sent its handshake."))
        yield from _way_between(event)
        yield from _cloud_limit(case)
        yield from _stated_proxy_limit(case)
        yield from _idle_below_limit(case)
        if case.aborted_no_session and case.was_up_before_idling:
            yield Argument(
                4,
                _(
                    "The server started before this error, and Aborted_clients is still 0. The server has closed no session."
                ),
            )


def _proxy_timeout(event: ErrorEvent) -> Iterator[Argument]:
    """Which timeout of HAProxy ended the session, and how long that is at most."""
    if event.lasted_seconds is not None and (end := PROXY_TIMEOUT_END.search(event.text)):
        yield Argument(
            1,
            _(
                "The session lasted {lasted}, so HAProxy's {setting} is that long at most.",
                lasted=seconds_words(event.lasted_seconds),
                setting="timeout client" if end["side"] == "c" else "timeout server",
            ),
        )


CLOUD_LIMITS: Final = (
    (FailureKind.IN_AZURE, 240.0, N_("Azure's load balancer drops a connection that is idle for {limit}, unless set otherwise.")),
    (FailureKind.IN_AWS, 350.0, N_("AWS's NAT gateways and network load balancers drop a connection that is idle for {limit}.")),
)  # fmt: skip
"""After how many idle seconds the network of a provider drops a connection, by its documentation."""


def _cloud_limit(case: Case) -> Iterator[Argument]:
    """Whether the connection was idle for longer than the provider's network allows, and less than the server does."""
    event = case.event
    idle_seconds = event.silent_seconds if event.idle_seconds is None else event.idle_seconds
    server_limit = case.limit("wait_timeout")[0]
    for kind, limit, words in CLOUD_LIMITS:
        if (
            kind in event.failures
            and idle_seconds is not None
            and limit <= idle_seconds < (server_limit or 0.0)
        ):
            yield Argument(3, _(words, limit=seconds_words(limit)))


def _stated_proxy_limit(case: Case) -> Iterator[Argument]:
    """Whether the connection was idle for longer than a proxy's stated limit, and less than the server allows."""
    event, limits = case.event, case.server.proxy_limits
    idle_seconds = event.silent_seconds if event.idle_seconds is None else event.idle_seconds
    server_limit = case.limit("wait_timeout")[0]
    if not limits or idle_seconds is None or server_limit is None or event.was_busy:
        return
    setting, limit = min(limits.items(), key=lambda item: item[1])
    if not limit <= idle_seconds < server_limit:
        return
    words = (
        N_(
            "A setting ends connections that are idle for {limit} ({setting}). The log had been silent for {idle}."
        )
        if event.idle_seconds is None
        else N_(
            "A setting ends connections that are idle for {limit} ({setting}). The connection had been idle for {idle}."
        )
    )
    text = _(words, limit=seconds_words(limit), setting=setting, idle=seconds_words(idle_seconds))
    yield Argument(7, text)


def _idle_below_limit(case: Case) -> Iterator[Argument]:
    """What an idle time below the server's own limit says: something else ended the connection."""
    event = case.event
    limit = case.limit("wait_timeout")[0]
    if (
        event.idle_seconds is not None
        and not event.was_busy
        and limit is not None
        and LONG_SILENCE_SECONDS <= event.idle_seconds < limit - 1
    ):
        idle = seconds_words(event.idle_seconds)
        yield (
            Argument(
                4, _("The connection had been idle for {idle}, less than the server's own limit.", idle=idle)
            )
            if case.knows_limit("wait_timeout")
            else Argument(
                4,
                _(
                    "The connection had been idle for {idle}, less than the default of wait_timeout.",
                    idle=idle,
                ),
            )
        )


def _way_between(event: ErrorEvent) -> Iterator[Argument]:
    """What the log says of the way between client and server."""
    if FailureKind.THROUGH_PROXY in event.failures:
        yield Argument(4, _("The log shows that the connection passed through a proxy or tunnel."))
    if FailureKind.NO_ANSWER in event.failures:
        yield Argument(
            3,
            _(
                "The operating system gave up: it received no acknowledgement of what the client had sent. The network path did not respond."
            ),
        )
    if event.waited_seconds is not None and event.waited_seconds >= LONG_SILENCE_SECONDS:
        yield Argument(
            2,
            _(
                "The client waited {wait} for an answer and got none.",
                wait=seconds_words(event.waited_seconds),
            ),
        )


def client_quit(case: Case) -> Iterator[Argument]:
    """The client's own side: a closed connection object, or a read timeout of the client."""
    event = case.event
    if event.code == 0:
        yield Argument(
            5,
            _(
                "The program used a connection object that was already closed, by close() or by an earlier error that it ignored."
            ),
        )
    elif event.used_after_close:
        yield Argument(
            4 if event.follows_loss else 2,
            _("This side had already closed the connection. Find the first error above this one."),
        )
    if _own_timer_expired(event):
        yield Argument(
            4, _("The client's own read timeout expired. The server may still be running the statement.")
        )
        if "110" not in event.text:
            yield Argument(2, _("The client's own timer expired, not one of the operating system."))


def _own_timer_expired(event: ErrorEvent) -> bool:
    """Whether a timeout of the client ended its wait, and not one of the operating system."""
    return (
        FailureKind.TIMED_OUT in event.failures
        and not event.refused
        and event.is_loss
        and FailureKind.NO_ANSWER not in event.failures
        and "connection timed out" not in event.text.lower()
    )


def forked_connection(case: Case) -> Iterator[Argument]:
    """One connection that two processes or threads use."""
    event = case.event
    if event.refused:
        return
    if FailureKind.MIXED_UP in event.failures and event.stated_cause is not Cause.IDLE_TIMEOUT:
        yield Argument(4, _("Packets meant for another process arrived: two processes use one connection."))
    elif event.is_loss and event.mixed_up_near:
        yield Argument(
            7,
            _(
                "At that time another process of the program received packets that were not meant for it: the processes share a connection."
            ),
        )
    elif event.is_loss and FailureKind.FORKED in event.failures:
        yield Argument(
            7,
            _(FORKED_BEFORE),
        )
    elif event.is_loss and event.client.framework in {"Celery", "Django", "Flask"}:
        yield Argument(
            1,
            _(
                "Workers that are forked after the connection was opened share it. The first worker that ends closes it for all."
            ),
        )


def net_read_timeout(case: Case) -> Iterator[Argument]:
    """A client that stops in the middle of sending, or logs in too slowly."""
    event = case.event
    if event.code == 1159 and event.from_server_log:
        yield Argument(
            2, _("net_read_timeout causes the same message, when the client stops in the middle of sending.")
        )
        if event.sending_near:
            yield Argument(5, _(SENT_NEAR))
    if event.is_loss and FailureKind.SENDING in event.failures:
        yield Argument(
            5, _("The server gives up a client that stops in the middle of sending, after net_read_timeout.")
        )
    if event.ended_at_login and FailureKind.GREETING in event.failures:
        yield Argument(3, _("The server ends a login that takes longer than connect_timeout."))


def net_write_timeout(case: Case) -> Iterator[Argument]:
    """A client that takes its result too slowly."""
    event = case.event
    if event.lasted_seconds is not None and event.lasted_seconds < SHORTEST_LIMIT_SECONDS:
        yield refutation(
            _(
                "The session lasted only {lasted}. No net_write_timeout is that short.",
                lasted=seconds_words(event.lasted_seconds),
            )
        )
        return
    if event.code == 1160 and event.from_server_log:
        yield Argument(
            3,
            _(
                "MariaDB writes the same message for a client that does not read its result within net_write_timeout."
            ),
        )
    if event.is_loss and (event.unread_near or event.unread_by_client):
        yield Argument(
            5 if event.unread_by_client else 1,
            _("Shortly before, the server closed a session whose client did not read its result."),
        )
    if event.is_loss and FailureKind.READING in event.failures:
        yield Argument(
            5,
            _(
                "The client was reading a result. The server gives up a client that reads too slowly, after net_write_timeout."
            ),
        )
        yield from _stood_still(case)
    elif event.code == 2013 and event.is_loss and event.answer_never_came and not event.never_began:
        yield Argument(
            0, _("The server gives up a client that reads its result too slowly, after net_write_timeout.")
        )


def _stood_still(case: Case) -> Iterator[Argument]:
    """Whether a client in the middle of a result had read nothing for longer than the server waits."""
    still_seconds = case.event.idle_seconds
    limit, source = case.limit("net_write_timeout")
    if still_seconds is None or limit is None or still_seconds < limit:
        return
    yield Argument(
        3,
        _(
            "The client had read nothing for {time}. net_write_timeout is {limit}, {source}.",
            time=seconds_words(still_seconds),
            limit=seconds_words(limit),
            source=source,
        ),
        limit_reached=case.knows_limit("net_write_timeout"),
    )


def client_lost(case: Case) -> Iterator[Argument]:
    """A client that ended without COM_QUIT."""
    event = case.event
    if event.from_server_log and "closed normally without authentication" in event.text:
        yield Argument(
            4,
            _(
                "The client disconnected before it had logged in: a health check, a scanner, or a very slow login."
            ),
        )
    if event.code == 1160 and event.from_server_log and event.stated_cause is None:
        yield Argument(3, _("The client had disconnected when the server tried to write to it."))
    if event.from_server_log and event.stated_cause is Cause.CLIENT_LOST:
        yield Argument(
            1,
            _("The client ended without COM_QUIT: the client crashed, it was killed, or the network broke."),
        )


def too_many_connections(case: Case) -> Iterator[Argument]:
    """A server without a free connection."""
    server = case.server
    limit, used = server.limits.get("max_connections"), server.counters.get("max_used_connections")
    if case.event.stated_cause is Cause.TOO_MANY_CONNECTIONS and limit and used:
        was_full = used >= limit or (case.uptime_seconds or -1) <= 0
        template = (
            N_("At most {used} of {limit:.0f} connections were in use at the same time.")
            if was_full
            else N_(
                "The server started before this error and has never used more than {used} of {limit:.0f} connections. Another "
                "server reported the error, or a proxy in front of this server, or max_connections was lower at that time."
            )
        )
        yield Argument(1 if was_full else -1, _(template, used=used, limit=limit))
    if case.event.stated_cause is Cause.TOO_MANY_CONNECTIONS and limit and server.session_count is not None:
        yield Argument(1, _("{sessions} sessions are open now.", sessions=server.session_count))
    if case.event.ended_at_login:
        yield Argument(
            2, _("A server that is full, or nearly full, may not send its handshake to every client.")
        )


def host_blocked(case: Case) -> Iterator[Argument]:
    """A client's host that the server blocks after max_connect_errors failed connections."""
    for host in case.server.failing_hosts[:3]:
        if case.event.stated_cause is Cause.HOST_BLOCKED or FailureKind.GREETING in case.event.failures:
            yield Argument(
                1,
                _(
                    "The server has counted {failures} failed connections in a row from {host}, and has refused {refusals}.",
                    failures=host.failures,
                    host=host.ip,
                    refusals=host.refusals,
                ),
            )
    if case.event.ended_at_login:
        yield Argument(1, _("After max_connect_errors failed handshakes the server blocks the host."))


def statement_timeout(case: Case) -> Iterator[Argument]:
    """A statement that ran too long, where the error does not say so itself."""
    if case.event.code == 1317:
        yield Argument(1, _("Some servers and proxies end a statement that runs too long with this error."))


def access_denied(case: Case) -> Iterator[Argument]:
    """A login that failed, where the error does not say so itself."""
    if case.event.code == 1043:
        yield Argument(1, _("Client and server have no login method in common."))


def unknown(case: Case) -> Iterator[Argument]:
    """What is known of errors that have none of the other causes."""
    event = case.event
    if event.code == 2005:
        yield Argument(4, _("The server's host name cannot be resolved: a typing error, or a DNS problem."))
    is_refused = FailureKind.TLS_REFUSED in event.failures
    if (is_refused or event.code == 2026) and FailureKind.MIXED_UP not in event.failures:
        yield Argument(
            6 if is_refused else 4,
            _("Client and server could not agree on TLS. Compare their certificates, versions and modes."),
        )
    if event.code == 1043:
        yield Argument(
            3,
            _(
                "The client received no valid handshake: another program answered, the protocol version differs, or the connection was cut."
            ),
        )


BROKEN_SENDING: Final = frozenset({FailureKind.RESET, FailureKind.BROKEN_PIPE, FailureKind.WRITING})
"""How sending fails where the server was busy, or refused what was sent: it ends idle sessions in order when it stops."""
START_NEAR_SECONDS = 60.0
"""Seconds between an error and a start of the server that surely belong together."""
USE_CLOCK_DIFFERENCE_SECONDS = 5.0
"""Seconds by which the clock of the log and that of the server may differ."""
UPTIME_ROUNDING_SECONDS = 1.0
"""Seconds by which a server's start may be earlier than its uptime says: that is in whole seconds, rounded down."""
POOL_REUSE_SECONDS = 300.0
"""Seconds within which a pool that is in use has used each of its connections."""


def server_restart(case: Case) -> Iterator[Argument]:
    """A server that was stopped or restarted."""
    yield from _server_down(case)
    event = case.event
    if event.is_kill and event.stated_cause is Cause.KILLED:
        yield Argument(
            2 if event.refused_near else 1,
            _("MariaDB before 10.6 reports error 1927 to idle sessions when it stops."),
        )
    if FailureKind.SERVER_DOWN in event.failures:
        yield Argument(4, _("A health check reported the server as down."))
    elif _nothing_listened(event):
        yield Argument(
            4,
            _(
                "No program listened at the address: the server was down or just starting, or it listens elsewhere. The error alone "
                "does not say which."
            ),
        )
    if FailureKind.TLS_REFUSED in event.failures:
        return
    if event.never_began:
        yield Argument(2, _("A server that is stopping, or still starting, completes no login."))
    elif event.is_loss:
        yield Argument(
            2 if event.failures & BROKEN_SENDING else 3,
            _("A restart of the server ends every session. Clients notice at their next statement."),
        )
    yield from _not_in_tls(event)


def server_crash(case: Case) -> Iterator[Argument]:
    """A server that crashed."""
    yield from _server_down(case)
    event = case.event
    if FailureKind.SERVER_DOWN in event.failures:
        yield Argument(3, _("A health check reported the server as down."))
    elif _nothing_listened(event):
        yield Argument(2, _("A server that crashed does not listen until it has recovered."))
    if event.is_loss and not event.never_began:
        is_silent_end = FailureKind.EOF in event.failures and not event.write_failed
        yield Argument(
            3 if is_silent_end else 2,
            _(
                "A server that crashes, or is killed because it uses too much memory, ends every session without an error message."
            ),
        )
        if event.refused_near and event.timestamp is None and event.code == 2013 and event.answer_never_came:
            yield Argument(2, _("A statement was running. Right after that, no program listened any more."))
    yield from _not_in_tls(event)


END_WORDS: Final = {
    EndKind.CRASH: (
        N_("The same log (line {line}) reports that the server crashed or was killed at that time."),
        N_("The same log (line {line}) reports that the server crashed or was killed {seconds} earlier."),
    ),
    EndKind.STOP: (
        N_("The same log (line {line}) reports that the server was stopped at that time."),
        N_("The same log (line {line}) reports that the server was stopped {seconds} earlier."),
    ),
    EndKind.FAILOVER: (
        N_("The same log (line {line}) reports a failover to another server at that time."),
        N_("The same log (line {line}) reports a failover to another server {seconds} earlier."),
    ),
    EndKind.KILL: (
        N_("The same log (line {line}) reports that a session was killed at that time."),
        N_("The same log (line {line}) reports that a session was killed {seconds} earlier."),
    ),
    EndKind.INTERRUPT: (
        N_("The same log (line {line}) reports that a statement was killed at that time."),
        N_("The same log (line {line}) reports that a statement was killed {seconds} earlier."),
    ),
    EndKind.PROXY: (
        N_("The same log (line {line}) reports that a proxy ended a session at that time."),
        N_("The same log (line {line}) reports that a proxy ended a session {seconds} earlier."),
    ),
    EndKind.SESSION: (
        N_("The same log (line {line}) reports that the server ended a session by this cause at that time."),
        N_("The same log (line {line}) reports that the server ended a session by this cause {seconds} earlier."),
    ),
}  # fmt: skip
END_WEIGHTS: Final = {
    EndKind.KILL: (5, 2),
    EndKind.INTERRUPT: (5, 2),
    EndKind.PROXY: (6, 5),
    EndKind.SESSION: (6, 5),
}
"""How much a report of each end weighs: at the moment of the error, and before it. One of all sessions weighs more."""
SERVER_END_WEIGHTS: Final = (8, 5)
BESIDE_WEIGHT: Final = 5
"""That of a crash near an error without a time."""


def reported_end(case: Case, cause: Cause) -> Iterator[Argument]:
    """What the same log says of an end that may be the error's: the server's own words, its machine's, a proxy's, a killer's."""
    event, end = case.event, case.event.end
    if end is None or end.cause is not cause:
        return
    is_closed_by_it = event.from_server_log and event.session_id is not None and event.stated_cause is cause
    if event.from_server_log and not is_closed_by_it:
        return
    is_same_moment = end.seconds <= SAME_MOMENT_SECONDS
    if end.is_of_session:
        text = _(
            "The same log (line {line}) reports this end of session {session}, the session of this client.",
            session=end.session_id,
            line=end.line,
        )
        yield proof(text) if end.is_proof else Argument(SERVER_END_WEIGHTS[0], text)
        return
    words = END_WORDS[end.kind][0 if is_same_moment else 1]
    weights = END_WEIGHTS.get(end.kind, SERVER_END_WEIGHTS)
    if not end.is_dated:
        yield Argument(
            BESIDE_WEIGHT,
            _(
                "The same log (line {line}) reports that the server crashed or was killed. The error has no time that shows whether it was then.",
                line=end.line,
            ),
        )
        return
    text = _(words, line=end.line, seconds=seconds_words(end.seconds))
    yield Argument(weights[0 if is_same_moment else 1], f"{text}{_clock_words(end)}")


def _clock_words(end: ReportedEnd) -> str:
    """By how much the clocks of an error and of the end that was reported near it differ; empty where they agree."""
    if not end.clock_seconds:
        return ""
    difference = seconds_words(abs(end.clock_seconds))
    return " " + _("Its clock differs by {difference}, as of another time zone.", difference=difference)


def _nothing_listened(event: ErrorEvent) -> bool:
    """Whether no program listened at the address: the name has an address, and the network leads there."""
    return (
        event.refused
        and event.stated_cause is None
        and event.code not in {1043, 2005}
        and FailureKind.TLS_REFUSED not in event.failures
        and FailureKind.UNREACHABLE not in event.failures
    )


def _server_down(case: Case) -> Iterator[Argument]:
    """What supports any end by the server: other clients' errors at that time, and when the server started."""
    event = case.event
    if not event.is_loss and not event.refused and not event.is_kill:
        return
    if (event.is_loss or event.is_kill) and event.refused_near:
        yield Argument(
            3, _("Within a minute of this error, another connection attempt found no program listening.")
        )
    if event.is_loss and event.lost_near:
        text = ngettext(
            "{number} more connection was lost within two seconds.",
            "{number} more connections were lost within two seconds.",
            event.lost_near,
        )
        yield Argument(1, text)
    if event.is_loss and event.idle_seconds is not None and case.uptime_seconds is None:
        idle = seconds_words(event.idle_seconds)
        yield Argument(0, _("The connection had not been used for {idle}.", idle=idle))
    if FailureKind.SEVERED in event.failures:
        yield Argument(
            2, _("The proxy reported that the server's side of the session broke off with an error.")
        )
    yield from _server_start(case)


def _server_start(case: Case) -> Iterator[Argument]:
    """What the start of the server says, by its own uptime."""
    event, server, uptime_seconds = case.event, case.server, case.uptime_seconds
    if uptime_seconds is None:
        return
    start = _start_words(event, uptime_seconds)
    text = _("{start}.", start=start)
    if event.refused:
        if abs(uptime_seconds) <= START_NEAR_SECONDS or (uptime_seconds > 0 and event.code != 2003):
            yield Argument(4, text)
    elif case.was_up_before_idling and case.idle_before_start_seconds is None:
        uptime = seconds_words((server.read_at or case.noticed_at or 0.0) - (server.started_at or 0.0))
        yield refutation(
            _(
                "The server has been up for {since}, longer than any session of that time can have been idle.",
                since=uptime,
            )
        )
    elif uptime_seconds < -UPTIME_ROUNDING_SECONDS:
        if uptime_seconds >= -START_NEAR_SECONDS:
            yield Argument(4, text)
    else:
        yield from _started_before(case, uptime_seconds, start)


def _start_words(event: ErrorEvent, uptime_seconds: float) -> str:
    """When the server started, relative to the error: a sentence without its full stop."""
    seconds = seconds_words(abs(uptime_seconds))
    start = (
        _("The server started {seconds} before this error", seconds=seconds)
        if uptime_seconds >= 0
        else _("The server started {seconds} after this error", seconds=seconds)
    )
    if event.timestamp is None or event.timestamp.zoned:
        return start
    return _("{start} (the log's time names no zone; it is read as local time)", start=start)


def _started_before(case: Case, uptime_seconds: float, start: str) -> Iterator[Argument]:
    """Whether the lost session was of the run before the server started, `uptime_seconds` before the loss.

    A connection that is in use, or in a pool, is used again soon: then its loss is noticed.
    """
    event, server = case.event, case.server
    if event.idle_seconds is not None and event.idle_seconds < uptime_seconds - USE_CLOCK_DIFFERENCE_SECONDS:
        yield refutation(
            _(
                "{start}. The connection was last used {idle} before this error, so it belongs to this run of the server.",
                start=start,
                idle=seconds_words(event.idle_seconds),
            )
        )
        return
    if case.idled_out_before_start:
        yield Argument(-2, _("{start}. By then the idle limit would have ended the session.", start=start))
    elif event.idle_seconds is not None:
        yield Argument(6, _("{start}. The connection was used before the start, but not since.", start=start))
    elif uptime_seconds <= POOL_REUSE_SECONDS or case.idle_before_start_seconds is not None:
        # Where it has ended sessions since, the lost one may have been of this run, and among them.
        yield Argument(0 if server.counters.get("aborted_clients") else 4, _("{start}.", start=start))
    else:
        yield Argument(-1, _("{start}. A pool in use would have noticed the loss sooner.", start=start))
        return
    if case.aborted_no_session:
        yield Argument(2, _("The server has closed no session since then (Aborted_clients is 0)."))
