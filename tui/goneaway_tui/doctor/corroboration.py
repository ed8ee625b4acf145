"""What a server and the ledger remember of ends: of the session a log names, or of those at the time it tells.

Nobody's number is in most logs, so an end at that time proves a cause only where no other can have been it: where all
that ended without a goodbye is accounted for. Otherwise it is one more reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.rules import Argument, proof
from goneaway_tui.doctor.units import in_sentences, seconds_words
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.error_events import FailureKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry

END_AFTER_ERROR_SECONDS: Final = 5.0
"""Seconds an end may seem to come after the error it explains: clocks differ."""
SOON_SECONDS: Final = 60.0
"""Seconds within which most clients notice that a connection ended."""
MAX_AGE_SECONDS: Final = 28_800.0
"""Seconds after which an end explains nothing any more."""
SERVER_STARTS: Final = re.compile(r"starting as process")
"""What a server logs of its start: of a crash there may be nothing else."""
SERVER_ENDS: Final = (Cause.SERVER_RESTART, Cause.SERVER_CRASH)
COUNTED_ENDS: Final = ((Cause.IDLE_TIMEOUT, 4031, MAX_AGE_SECONDS), (Cause.PACKET_TOO_LARGE, 1153, END_AFTER_ERROR_SECONDS),
                  (Cause.NET_WRITE_TIMEOUT, 1161, SOON_SECONDS))  # fmt: skip
"""What a server counts by error, and for how many seconds afterwards its client may notice.

1158 is not among them: that client was gone.
"""
LOGGED_END_SECONDS: Final = {cause: longest for cause, _code, longest in COUNTED_ENDS} | {
    Cause.KILLED: MAX_AGE_SECONDS
}
"""The same of what it logs."""
ABORT_ERRORS: Final = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
"""By one of these is counted who ends without a goodbye, but by KILL."""

ERROR_COUNTED: Final = marked("The server counted error {code} for {account} {when}.")
KILL_RUN: Final = marked("Somebody ran KILL {when}.")
END_LOGGED: Final = marked("The server's log tells of such an end, of session {session}, {when}.")


@dataclass(frozen=True, slots=True)
class EndedSession:
    """Some session's, at some time."""

    ended_at: float
    cause: Cause
    text: str
    """Marked, with a field `when` beside `fields`."""
    fields: Mapping[str, object] = field(default_factory=dict)


def corroborating_arguments(case: Case, cause: Cause) -> Iterator[Argument]:
    """All of it that speaks for a cause."""
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
    session, server = case.event.session_id, case.server
    for entry in server.log_entries:
        if entry.session_id == session and entry.cause is cause and _is_same_server_run(case, entry):
            yield _logged_end_argument(case, entry)
    for left in server.departures:
        if (
            left.verdict.session.id == session
            and left.cause is cause
            and _seconds_before(case, left.at) is not None
        ):
            told = _("Session {session} was seen leaving for this reason.", session=session)
            told = in_sentences((told, *left.evidence[:1]))
            yield proof(told) if left.certainty is Certainty.CONFIRMED else Argument(5, told)


def _logged_end_argument(case: Case, entry: LogEntry) -> Argument:
    """What a log says of a session proves its end where the server's counters allow for it."""
    quoted, session = entry.text[:120], entry.session_id
    told = _("The server's own log says so of session {session}: {entry}", session=session, entry=quoted)
    borne_out = case.server.confirms(entry)
    if borne_out:
        return proof(told)
    if borne_out is None:
        return Argument(5, in_sentences((told, _("No counter of the server is known that confirms it."))))
    disagrees = _("Aborted_clients is 0, which says that no session ended so: the two disagree.")
    return Argument(1, in_sentences((told, disagrees)))


def _is_same_server_run(case: Case, entry: LogEntry) -> bool:
    """Numbers begin anew with each start of a server."""
    if entry.at is None or case.noticed_at is None:
        return True
    started = case.server.started_at
    between = (
        started is not None and entry.at < started - END_AFTER_ERROR_SECONDS < case.noticed_at - SOON_SECONDS
    )
    return _seconds_before(case, entry.at) is not None and not between


def _ledger_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """Who was seen leaving before the error, where the log does not say whose it is."""
    ends = [
        (age, left)
        for left in case.server.departures
        if left.cause is not Cause.CLIENT_QUIT and (age := _seconds_before(case, left.at)) is not None
    ]
    mine = [each for each in ends if each[1].cause is cause]
    if not mine:
        return
    age, left = min(mine, key=lambda each: each[0])
    who = left.verdict.session
    told = _(
        "Session {session} ({user}@{host}) was seen leaving for this reason {when}.",
        session=who.id,
        user=who.user,
        host=who.client_host,
        when=_before_words(age),
    )
    sure = all(each.certainty is Certainty.CONFIRMED for _ago, each in mine)
    if sure and len(mine) == len(ends) and age <= SOON_SECONDS:
        yield proof(in_sentences((told, _("No other session ended without COM_QUIT."))))
    else:
        yield Argument(5 if age <= SOON_SECONDS else 2, told)


def _counter_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """What was counted last before the error is the likeliest to be it."""
    ends = _known_ends(case)
    last = max(ends, key=lambda each: each.ended_at, default=None)
    if (
        last is None
        or last.cause is not cause
        or case.noticed_at is None
        or FailureKind.TIMED_OUT in case.event.failures
    ):
        return
    age = case.noticed_at - last.ended_at
    told = _(last.text, **last.fields, when=_before_words(age))
    if age <= SOON_SECONDS and _is_only_candidate(case, cause):
        yield proof(in_sentences((told, _("No other session ended without COM_QUIT, and none was killed."))))
    elif case.event.used_after_close:
        yield Argument(1, told)
    else:
        yield Argument(6 if age <= END_AFTER_ERROR_SECONDS else 4 if age <= SOON_SECONDS else 2, told)


def _known_ends(case: Case) -> list[EndedSession]:
    server = case.server
    ends = []
    for cause, code, longest in COUNTED_ENDS:
        at = server.last_error_at(code)
        age = _seconds_before(case, at)
        if at is not None and age is not None and age <= longest:
            ends.append(
                EndedSession(at, cause, ERROR_COUNTED, {"code": code, "account": _last_account(case, code)})
            )
    if server.killed_at is not None and _seconds_before(case, server.killed_at) is not None:
        ends.append(EndedSession(server.killed_at, Cause.KILLED, KILL_RUN))
    for entry in server.log_entries:
        believed = entry.session_id is not None and server.confirms(entry) is not False
        longest = LOGGED_END_SECONDS.get(entry.cause, 0.0) if believed and entry.cause else 0.0
        age = _seconds_before(case, entry.at)
        if entry.at is not None and entry.cause is not None and age is not None and age < longest:
            ends.append(EndedSession(entry.at, entry.cause, END_LOGGED, {"session": entry.session_id}))
    return ends


def _last_account(case: Case, code: int) -> str:
    last = max(
        (each for each in case.server.errors if each.code == code), key=lambda each: each.last_at or 0.0
    )
    return f"{last.user}@{last.host}" if last.user else _("somebody")


def _is_only_candidate(case: Case, cause: Cause) -> bool:
    """Whether no other end that the server knows of can have been this one.

    All that ended without a goodbye are counted by their errors, nobody was killed, and no other error came near. Nor
    may a session sleep that did so already when the error came: its connection may have been cut on the way.
    """
    server, at = case.server, case.noticed_at
    mine = {code for each, code, _longest in COUNTED_ENDS if each is cause}
    aborted, counted = server.counters.get("aborted_clients"), server.error_count(*ABORT_ERRORS)
    if not mine or at is None or aborted is None or counted is None or aborted > counted:
        return False
    rivals = [
        age
        for code in ABORT_ERRORS - mine
        if (age := _seconds_before(case, server.last_error_at(code))) is not None
    ]
    slept = any(since < at - END_AFTER_ERROR_SECONDS for since in server.idle_since)
    restarted = (case.uptime_seconds or 0.0) <= SOON_SECONDS and _log_has_server_end(case)
    return (
        min(rivals, default=MAX_AGE_SECONDS) > SOON_SECONDS
        and not slept
        and not restarted
        and server.counters.get("com_kill") == 0
    )


def _log_has_server_end(case: Case) -> bool:
    """Whether the server's log tells of an end of the server itself."""
    return any(each.session_id is None and each.cause in SERVER_ENDS for each in case.server.log_entries)


def _server_evidence(case: Case, cause: Cause) -> Iterator[Argument]:
    """How it last went down, as its own log tells."""
    ends = [
        (age, each)
        for each in case.server.log_entries
        if each.session_id is None
        and each.cause in SERVER_ENDS
        and (age := _seconds_before(case, each.at)) is not None
    ]
    if not ends:
        return
    last, newest = ends[-1]
    if newest.cause is not cause:
        if cause is Cause.SERVER_CRASH:
            told = _(
                "The server's own log tells that it was stopped in order, {when}.", when=_before_words(last)
            )
            yield Argument(-4, told)
        return
    of_it = [each for each in ends if each[1].cause is cause and each[0] <= last + SOON_SECONDS]
    age, entry = of_it[0]  # a signal, before the start that came of it
    says = (
        marked("The server's own log tells of a start without a stop before it, {when}: {entry}")
        if SERVER_STARTS.search(entry.text)
        else marked("The server's own log says so, {when}: {entry}")
    )
    told = _(says, when=_before_words(age), entry=entry.text[:120])
    up = case.uptime_seconds
    of_before = up is None or up < -1 or not case.server.counters.get("aborted_clients")
    if of_before and last <= SOON_SECONDS * 10:
        yield proof(told)
    else:
        yield Argument(3 if of_before else 1, told)


def _seconds_before(case: Case, at: float | None) -> float | None:
    """How long before the error something was; None where it explains nothing, or nobody knows."""
    if at is None or case.noticed_at is None:
        return None
    age = case.noticed_at - at
    return max(0.0, age) if -END_AFTER_ERROR_SECONDS <= age <= MAX_AGE_SECONDS else None


def _before_words(age: float) -> str:
    if age < 1:
        return _("at the time of this error")
    return _("{seconds} before this error", seconds=seconds_words(age))
