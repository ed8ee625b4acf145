"""Corroboration: what the server and the ledger know of ends, of the session a log names or of any at that time.

Most logs name no session id. An end at the time of the error then proves a cause only where no other end can be meant,
because all ends without COM_QUIT are accounted for. Otherwise it is one more argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.rules import Argument, proof
from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.error_events import FailureKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import ABORT_ERRORS, LogEntry
from goneaway_tui.text.format import in_sentences, seconds_words

END_AFTER_ERROR_SECONDS: Final = 5.0
"""Seconds by which an end may seem to come after the error that it explains: clocks differ."""
SOON_SECONDS: Final = 60.0
"""Seconds within which most clients notice that a connection ended."""
MAX_AGE_SECONDS: Final = 28_800.0
"""Seconds after which an end explains no error any more."""
SERVER_STARTS: Final = re.compile(r"starting as process")
"""What a server logs of its start. After a crash there may be no other line."""
SERVER_ENDS: Final = (Cause.SERVER_RESTART, Cause.SERVER_CRASH)
COUNTED_ENDS: Final = ((Cause.IDLE_TIMEOUT, 4031, MAX_AGE_SECONDS), (Cause.PACKET_TOO_LARGE, 1153, END_AFTER_ERROR_SECONDS),
                  (Cause.NET_WRITE_TIMEOUT, 1161, SOON_SECONDS))  # fmt: skip
"""Causes that a server counts by error, that error, and the seconds within which a client may notice the end.

1158 is not among them: that client had ended.
"""
LOGGED_END_SECONDS: Final = {cause: max_seconds for cause, _code, max_seconds in COUNTED_ENDS} | {
    Cause.KILLED: MAX_AGE_SECONDS
}
"""The seconds within which a client may notice an end that the server logs, by cause."""

ERROR_COUNTED: Final = N_("The server counted error {code} for {account} {when}.")
KILL_RUN: Final = N_("A KILL was run {when}.")
END_LOGGED: Final = N_("The server's log reports that session {session} ended this way {when}.")


@dataclass(frozen=True, slots=True)
class EndedSession:
    """The end of some session, as the server knows it."""

    ended_at: float
    """Seconds since 1970 UTC."""
    cause: Cause
    text: str
    """Marked for translation, with a field `when` beside `fields`."""
    fields: Mapping[str, object] = field(default_factory=dict)


def corroborating_arguments(case: Case, cause: Cause) -> Iterator[Argument]:
    """Yield what the server and the ledger know that supports a cause, or that supports an end by the server against it."""
    event = case.event
    if (cause in SERVER_ENDS and (event.is_loss or event.refused)) or (
        cause is Cause.SERVER_RESTART and event.is_kill
    ):
        yield from _server_evidence(case, cause)
    if not event.is_loss:
        return
    if event.session_id is not None:
        yield from _session_evidence(case, cause)
    else:
        yield from _ledger_evidence(case, cause)
    yield from _counter_evidence(case, cause)


def _session_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """What the server's log and the ledger say of the session that the log names."""
    session, server = case.event.session_id, case.server
    for entry in server.log_entries:
        if entry.session_id == session and entry.cause is cause and _is_same_server_run(case, entry):
            yield _logged_end_argument(case, entry)
    for departure in server.departures:
        if (
            departure.verdict.session.id == session
            and departure.cause is cause
            and _seconds_before(case, departure.at) is not None
        ):
            text = _("The ledger lists session {session} with this cause.", session=session)
            text = in_sentences((text, *departure.evidence[:1]))
            yield proof(text) if departure.certainty is Certainty.CONFIRMED else Argument(5, text)


def _logged_end_argument(case: Case, entry: LogEntry) -> Argument:
    """A log entry about the session: it proves the session's end where the server's counters confirm it."""
    quoted, session = entry.text[:120], entry.session_id
    text = _(
        "The server's log reports this cause for session {session}: {entry}", session=session, entry=quoted
    )
    is_confirmed = case.server.confirms(entry)
    if is_confirmed:
        return proof(text)
    if is_confirmed is None:
        return Argument(5, in_sentences((text, _("No known counter of the server confirms this."))))
    disagreement = _("Aborted_clients is 0, so no session ended this way. The log and the counter disagree.")
    return Argument(1, in_sentences((text, disagreement)))


def _is_same_server_run(case: Case, entry: LogEntry) -> bool:
    """Whether a log entry is of the run of the server that the error is of: session ids start again with each run."""
    if entry.at is None or case.noticed_at is None:
        return True
    started = case.server.started_at
    is_before_start = (
        started is not None and entry.at < started - END_AFTER_ERROR_SECONDS < case.noticed_at - SOON_SECONDS
    )
    return _seconds_before(case, entry.at) is not None and not is_before_start


def _ledger_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """What ended in the ledger before the error, where the log does not name the session."""
    ends = [
        (seconds_before, departure)
        for departure in case.server.departures
        if departure.cause is not Cause.CLIENT_QUIT
        and (seconds_before := _seconds_before(case, departure.at)) is not None
    ]
    matching = [end for end in ends if end[1].cause is cause]
    if not matching:
        return
    seconds_before, departure = min(matching, key=lambda end: end[0])
    session = departure.verdict.session
    text = _(
        "The ledger lists session {session} ({user}@{host}) with this cause, ended {when}.",
        session=session.id,
        user=session.user,
        host=session.client_host,
        when=_before_words(seconds_before),
    )
    is_sure = all(end.certainty is Certainty.CONFIRMED for _seconds, end in matching)
    if is_sure and len(matching) == len(ends) and seconds_before <= SOON_SECONDS:
        yield proof(in_sentences((text, _("No other session ended without COM_QUIT."))))
    else:
        yield Argument(5 if seconds_before <= SOON_SECONDS else 2, text)


def _counter_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """What was counted or logged last before the error: that is the likeliest to be the end of this session."""
    ends = _known_ends(case)
    last = max(ends, key=lambda end: end.ended_at, default=None)
    if (
        last is None
        or last.cause is not cause
        or case.noticed_at is None
        or FailureKind.TIMED_OUT in case.event.failures
    ):
        return
    seconds_before = case.noticed_at - last.ended_at
    text = _(last.text, **last.fields, when=_before_words(seconds_before))
    if seconds_before <= SOON_SECONDS and _is_only_candidate(case, cause):
        yield proof(
            in_sentences((text, _("No other session ended without COM_QUIT, and no session was killed.")))
        )
    elif case.event.used_after_close:
        yield Argument(1, text)
    else:
        yield Argument(
            6 if seconds_before <= END_AFTER_ERROR_SECONDS else 4 if seconds_before <= SOON_SECONDS else 2,
            text,
        )


def _known_ends(case: Case) -> list[EndedSession]:
    """Every end that counters or the server's log report within the time in which this error may be its effect."""
    server = case.server
    ends = []
    for cause, code, max_seconds in COUNTED_ENDS:
        instant = server.last_error_at(code)
        seconds_before = _seconds_before(case, instant)
        if instant is not None and seconds_before is not None and seconds_before <= max_seconds:
            ends.append(
                EndedSession(
                    instant, cause, ERROR_COUNTED, {"code": code, "account": _last_account(case, code)}
                )
            )
    if server.killed_at is not None and _seconds_before(case, server.killed_at) is not None:
        ends.append(EndedSession(server.killed_at, Cause.KILLED, KILL_RUN))
    for entry in server.log_entries:
        is_credible = entry.session_id is not None and server.confirms(entry) is not False
        max_seconds = LOGGED_END_SECONDS.get(entry.cause, 0.0) if is_credible and entry.cause else 0.0
        seconds_before = _seconds_before(case, entry.at)
        if (
            entry.at is not None
            and entry.cause is not None
            and seconds_before is not None
            and seconds_before < max_seconds
        ):
            ends.append(EndedSession(entry.at, entry.cause, END_LOGGED, {"session": entry.session_id}))
    return ends


def _last_account(case: Case, code: int) -> str:
    """The account for which an error was counted last."""
    last = max(
        (error for error in case.server.errors if error.code == code), key=lambda error: error.last_at or 0.0
    )
    return f"{last.user}@{last.host}" if last.user else _("an unknown account")


def _is_only_candidate(case: Case, cause: Cause) -> bool:
    """Whether no other end that the server knows of can have been the end of this session.

    That is so where errors count all ends without COM_QUIT, no session was killed, and no other error was counted near.
    No session may be idle now that was idle at the error already: its connection may have been cut by a proxy.
    """
    server, instant = case.server, case.noticed_at
    matching = {code for counted_cause, code, _seconds in COUNTED_ENDS if counted_cause is cause}
    aborted, counted = server.counters.get("aborted_clients"), server.error_count(*ABORT_ERRORS)
    if not matching or instant is None or aborted is None or counted is None or aborted > counted:
        return False
    other_seconds = [
        seconds_before
        for code in ABORT_ERRORS - matching
        if (seconds_before := _seconds_before(case, server.last_error_at(code))) is not None
    ]
    was_idle = any(since < instant - END_AFTER_ERROR_SECONDS for since in server.idle_since)
    has_restarted = (case.uptime_seconds or 0.0) <= SOON_SECONDS and _log_has_server_end(case)
    return (
        min(other_seconds, default=MAX_AGE_SECONDS) > SOON_SECONDS
        and not was_idle
        and not has_restarted
        and server.counters.get("com_kill") == 0
    )


def _log_has_server_end(case: Case) -> bool:
    """Whether the server's log reports an end of the server itself."""
    return any(entry.session_id is None and entry.cause in SERVER_ENDS for entry in case.server.log_entries)


def _server_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """How the server last stopped, by its own log."""
    ends = [
        (seconds_before, entry)
        for entry in case.server.log_entries
        if entry.session_id is None
        and entry.cause in SERVER_ENDS
        and (seconds_before := _seconds_before(case, entry.at)) is not None
    ]
    if not ends:
        return
    last, last_entry = ends[-1]
    if last_entry.cause is not cause:
        if cause is Cause.SERVER_CRASH:
            text = _(
                "The server's log reports that the server was stopped cleanly, {when}.",
                when=_before_words(last),
            )
            yield Argument(-4, text)
        return
    matching = [end for end in ends if end[1].cause is cause and end[0] <= last + SOON_SECONDS]
    seconds_before, entry = matching[0]  # a signal, before the start that came of it
    template = (
        N_("The server's log reports a start without a stop before it, {when}: {entry}")
        if SERVER_STARTS.search(entry.text)
        else N_("The server's log reports this, {when}: {entry}")
    )
    text = _(template, when=_before_words(seconds_before), entry=entry.text[:120])
    uptime_seconds = case.uptime_seconds
    is_of_run_before = (
        uptime_seconds is None or uptime_seconds < -1 or not case.server.counters.get("aborted_clients")
    )
    if is_of_run_before and last <= SOON_SECONDS * 10:
        yield proof(text)
    else:
        yield Argument(3 if is_of_run_before else 1, text)


def _seconds_before(case: Case, instant: float | None) -> float | None:
    """How many seconds before the error an instant was; None where that explains nothing, or is not known."""
    if instant is None or case.noticed_at is None:
        return None
    seconds_before = case.noticed_at - instant
    return max(0.0, seconds_before) if -END_AFTER_ERROR_SECONDS <= seconds_before <= MAX_AGE_SECONDS else None


def _before_words(seconds_before: float) -> str:
    if seconds_before < 1:
        return _("at the time of this error")
    return _("{seconds} before this error", seconds=seconds_words(seconds_before))
