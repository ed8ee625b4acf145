"""What a server and the ledger remember of ends: of the session a log names, or of those at the time it tells.

Nobody's number is in most logs, so an end at that time proves a cause only where no other can have been it: where all
that ended without a goodbye is accounted for. Otherwise it is one more reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from goneaway_tui.doctor.arguments import Argument, is_kill, is_loss, proving
from goneaway_tui.doctor.case import Case
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.error_events import FailureKind
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.text.format import in_sentences, seconds_words

NOTICED: Final = 5.0
"""Seconds an end may seem to come after the error it explains: clocks differ."""
SOON: Final = 60.0
"""Seconds within which most clients notice that a connection ended."""
LONGEST: Final = 28_800.0
"""Seconds after which an end explains nothing any more."""
STARTS: Final = re.compile(r"starting as process")
"""What a server logs of its start: of a crash there may be nothing else."""
DOWN: Final = (Cause.SERVER_RESTART, Cause.SERVER_CRASH)
COUNTED: Final = ((Cause.IDLE_TIMEOUT, 4031, LONGEST), (Cause.PACKET_TOO_LARGE, 1153, NOTICED),
                  (Cause.NET_WRITE_TIMEOUT, 1161, SOON))  # fmt: skip
"""What a server counts by error, and for how many seconds afterwards its client may notice.

1158 is not among them: that client was gone.
"""
LOGGED: Final = {cause: longest for cause, _code, longest in COUNTED} | {Cause.KILLED: LONGEST}
"""The same of what it logs."""
ENDINGS: Final = frozenset({1153, 1158, 1159, 1160, 1161, 4031})
"""By one of these is counted who ends without a goodbye, but by KILL."""

ERROR_COUNTED: Final = marked("The server counted error {code} for {account} {when}.")
KILL_RUN: Final = marked("Somebody ran KILL {when}.")
END_LOGGED: Final = marked("The server's log tells of such an end, of session {session}, {when}.")


@dataclass(frozen=True, slots=True)
class EndedSession:
    """Some session's, at some time."""

    at: float
    cause: Cause
    says: str
    """Marked, with a field `when` beside `fields`."""
    fields: Mapping[str, object] = field(default_factory=dict)


def corroborated(seen: Case, cause: Cause) -> Iterator[Argument]:
    """All of it that speaks for a cause."""
    log = seen.seen
    if (cause in DOWN and (is_loss(log) or log.refused)) or (cause is Cause.SERVER_RESTART and is_kill(log)):
        yield from _of_the_server(seen, cause)
    if not is_loss(log):
        return
    if log.session_id is not None:
        yield from _of_the_session(seen, cause)
    else:
        yield from _of_the_ledger(seen, cause)
    yield from _of_the_counts(seen, cause)


def _of_the_session(seen: Case, cause: Cause) -> Iterator[Argument]:
    session, server = seen.seen.session_id, seen.server
    for entry in server.log:
        if entry.session_id == session and entry.cause is cause and _is_of_this_run(seen, entry):
            yield _as_logged(seen, entry)
    for left in server.departures:
        if left.verdict.session.id == session and left.cause is cause and _age(seen, left.at) is not None:
            told = _("Session {session} was seen leaving for this reason.", session=session)
            told = in_sentences((told, *left.evidence[:1]))
            yield proving(told) if left.certainty is Certainty.CONFIRMED else Argument(5, told)


def _as_logged(seen: Case, entry: LogEntry) -> Argument:
    """What a log says of a session proves its end where the server's counters allow for it."""
    quoted, session = entry.text[:120], entry.session_id
    told = _("The server's own log says so of session {session}: {entry}", session=session, entry=quoted)
    borne_out = seen.server.bears_out(entry)
    if borne_out:
        return proving(told)
    if borne_out is None:
        return Argument(5, in_sentences((told, _("No counter of the server is known that confirms it."))))
    disagrees = _("Aborted_clients is 0, which says that no session ended so: the two disagree.")
    return Argument(1, in_sentences((told, disagrees)))


def _is_of_this_run(seen: Case, entry: LogEntry) -> bool:
    """Numbers begin anew with each start of a server."""
    if entry.at is None or seen.at is None:
        return True
    started = seen.server.started_at
    between = started is not None and entry.at < started - NOTICED < seen.at - SOON
    return _age(seen, entry.at) is not None and not between


def _of_the_ledger(seen: Case, cause: Cause) -> Iterator[Argument]:
    """Who was seen leaving before the error, where the log does not say whose it is."""
    ends = [
        (age, left)
        for left in seen.server.departures
        if left.cause is not Cause.CLIENT_QUIT and (age := _age(seen, left.at)) is not None
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
        when=_before(age),
    )
    sure = all(each.certainty is Certainty.CONFIRMED for _ago, each in mine)
    if sure and len(mine) == len(ends) and age <= SOON:
        yield proving(in_sentences((told, _("No other session ended without COM_QUIT."))))
    else:
        yield Argument(5 if age <= SOON else 2, told)


def _of_the_counts(seen: Case, cause: Cause) -> Iterator[Argument]:
    """What was counted last before the error is the likeliest to be it."""
    ends = _counted(seen)
    last = max(ends, key=lambda each: each.at, default=None)
    if last is None or last.cause is not cause or seen.at is None or FailureKind.TIMED_OUT in seen.seen.how:
        return
    age = seen.at - last.at
    told = _(last.says, **last.fields, when=_before(age))
    if age <= SOON and _accounts_for_all(seen, cause):
        yield proving(
            in_sentences((told, _("No other session ended without COM_QUIT, and none was killed.")))
        )
    elif seen.seen.reused:
        yield Argument(1, told)
    else:
        yield Argument(6 if age <= NOTICED else 4 if age <= SOON else 2, told)


def _counted(seen: Case) -> list[EndedSession]:
    server = seen.server
    ends = []
    for cause, code, longest in COUNTED:
        at = server.last_raised(code)
        age = _age(seen, at)
        if at is not None and age is not None and age <= longest:
            ends.append(
                EndedSession(at, cause, ERROR_COUNTED, {"code": code, "account": _accounts(seen, code)})
            )
    if server.killed_at is not None and _age(seen, server.killed_at) is not None:
        ends.append(EndedSession(server.killed_at, Cause.KILLED, KILL_RUN))
    for entry in server.log:
        believed = entry.session_id is not None and server.bears_out(entry) is not False
        longest = LOGGED.get(entry.cause, 0.0) if believed and entry.cause else 0.0
        age = _age(seen, entry.at)
        if entry.at is not None and entry.cause is not None and age is not None and age < longest:
            ends.append(EndedSession(entry.at, entry.cause, END_LOGGED, {"session": entry.session_id}))
    return ends


def _accounts(seen: Case, code: int) -> str:
    last = max(
        (each for each in seen.server.errors if each.code == code), key=lambda each: each.last_at or 0.0
    )
    return f"{last.user}@{last.host}" if last.user else _("somebody")


def _accounts_for_all(seen: Case, cause: Cause) -> bool:
    """Whether no other end that the server knows of can have been this one.

    All that ended without a goodbye are counted by their errors, nobody was killed, and no other error came near. Nor
    may a session sleep that did so already when the error came: its connection may have been cut on the way.
    """
    server, at = seen.server, seen.at
    mine = {code for each, code, _longest in COUNTED if each is cause}
    aborted, counted = server.counters.get("aborted_clients"), server.raised(*ENDINGS)
    if not mine or at is None or aborted is None or counted is None or aborted > counted:
        return False
    rivals = [age for code in ENDINGS - mine if (age := _age(seen, server.last_raised(code))) is not None]
    slept = any(since < at - NOTICED for since in server.idle_since)
    restarted = (seen.runs_since or 0.0) <= SOON and _came_back(seen)
    return (
        min(rivals, default=LONGEST) > SOON
        and not slept
        and not restarted
        and server.counters.get("com_kill") == 0
    )


def _came_back(seen: Case) -> bool:
    """Whether the server's log tells of an end of the server itself."""
    return any(each.session_id is None and each.cause in DOWN for each in seen.server.log)


def _of_the_server(seen: Case, cause: Cause) -> Iterator[Argument]:
    """How it last went down, as its own log tells."""
    ends = [
        (age, each)
        for each in seen.server.log
        if each.session_id is None and each.cause in DOWN and (age := _age(seen, each.at)) is not None
    ]
    if not ends:
        return
    last, newest = ends[-1]
    if newest.cause is not cause:
        if cause is Cause.SERVER_CRASH:
            told = _("The server's own log tells that it was stopped in order, {when}.", when=_before(last))
            yield Argument(-4, told)
        return
    of_it = [each for each in ends if each[1].cause is cause and each[0] <= last + SOON]
    age, entry = of_it[0]  # a signal, before the start that came of it
    says = (
        marked("The server's own log tells of a start without a stop before it, {when}: {entry}")
        if STARTS.search(entry.text)
        else marked("The server's own log says so, {when}: {entry}")
    )
    told = _(says, when=_before(age), entry=entry.text[:120])
    up = seen.runs_since
    of_before = up is None or up < -1 or not seen.server.counters.get("aborted_clients")
    if of_before and last <= SOON * 10:
        yield proving(told)
    else:
        yield Argument(3 if of_before else 1, told)


def _age(seen: Case, at: float | None) -> float | None:
    """How long before the error something was; None where it explains nothing, or nobody knows."""
    if at is None or seen.at is None:
        return None
    age = seen.at - at
    return max(0.0, age) if -NOTICED <= age <= LONGEST else None


def _before(age: float) -> str:
    if age < 1:
        return _("at the time of this error")
    return _("{seconds} before this error", seconds=seconds_words(age))
