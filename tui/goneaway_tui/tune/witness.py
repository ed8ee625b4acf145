"""Whether a session is still what it was when somebody decided to kill it."""

from __future__ import annotations

from goneaway_tui.language import _, marked
from goneaway_tui.model.session import Role, Session

SLACK = 0.5
"""Seconds by which two readings of one idle wait may differ beyond what each admits to: each reads the server's clock
over a line of its own."""

CUT = "…"


def still(witness: Session, found: Session) -> str | None:
    """Why `found` is no longer the session that was shown, in words after its number; None where it is.

    An id is given out again after a restart, and a session that woke up has somebody at work in it.
    """
    if found.user != witness.user:
        return _("belongs to {now} now, not to {shown}", now=found.user, shown=witness.user)
    if not _same_host(found, witness):
        return _("comes from {now} now, not from {shown}", now=found.host, shown=witness.host)
    if found.db != witness.db:
        now, shown = (each.db or _("no database") for each in (found, witness))
        return _("is in {now} now, not in {shown}", now=now, shown=shown)
    if found.command != witness.command:
        return _("is at {now} now, not at {shown}", now=found.command, shown=witness.command)
    return _woke(witness, found)


def other_statement(witness: Session, found: Session) -> str | None:
    """Why what it runs is not what was shown; None where it is, or where one of both texts is kept from us.

    Texts are cut at different lengths, so one has to begin with the other.
    """
    if found.is_idle:
        return _("runs nothing")
    if witness.statement is None or found.statement is None:
        return None
    shown, runs = (each.removesuffix(CUT).rstrip() for each in (witness.statement, found.statement))
    return None if shown.startswith(runs) or runs.startswith(shown) else _("runs another statement now")


def untouchable(session: Session) -> str | None:
    """Why a session is never killed from here, in words after its number; None where it may be."""
    if session.own:
        return _(OURS)
    return _(UNTOUCHABLE[session.role]) if session.role in UNTOUCHABLE else None


OURS = marked("is one of our own")
UNTOUCHABLE = {
    Role.LOGIN: marked("has not finished its login"),
    Role.REPLICA: marked("is a part of replication"),
    Role.DUMP: marked("sends the binary log to a replica"),
    Role.DAEMON: marked("is the server's own"),
}


def _same_host(one: Session, other: Session) -> bool:
    """Equal, or equal but for a port that one of both readings was not told."""
    if one.host == other.host:
        return True
    portless = one.host == one.client_host or other.host == other.client_host
    return portless and one.client_host == other.client_host


def _woke(witness: Session, found: Session) -> str | None:
    if not witness.is_idle:
        return None
    if found.half_sent and not witness.half_sent:
        return _("woke up: a command of it is arriving")
    if witness.idle_since is None:
        return None
    if found.idle_since is None:
        return _("cannot be told to have slept on: the server shows no idle clock of it any more")
    slack = SLACK + witness.idle_within + found.idle_within
    return _("woke up since") if found.idle_since > witness.idle_since + slack else None
