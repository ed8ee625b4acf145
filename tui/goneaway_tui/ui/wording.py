"""What the screen says of a figure, beyond the words the exports share."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from goneaway_tui.export.data import iso_instant
from goneaway_tui.export.table import RISKS, countdown_of, limit_cell
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.model.cause import CAUSE_WORDS, Certainty
from goneaway_tui.model.session import Role, Session
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Verdict
from goneaway_tui.text.format import (
    age_words,
    clock_words,
    count_words,
    countdown,
    limit_words,
    rounded_count,
    size_words,
)
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cell_width

__all__ = [
    "SIGNS",
    "age_words",
    "at_stake_words",
    "basis_word",
    "before_bars",
    "certainty_word",
    "client",
    "clock_words",
    "closes_at",
    "closes_in",
    "count_words",
    "countdown",
    "countdown_bar",
    "countdown_of",
    "grouping_word",
    "heights",
    "idle",
    "instant_of",
    "limit_cell",
    "limit_within",
    "limit_words",
    "origin_word",
    "program",
    "risk_word",
    "rows",
    "size_words",
    "stake_within",
    "statement",
    "time_of_day",
    "time_within",
    "title_on",
]  # fmt: skip

SIGNS = {
    Risk.OVERDUE: "◆",
    Risk.IMMINENT: "▲",
    Risk.WATCH: "△",
    Risk.CALM: "·",
    Risk.BUSY: "»",
    Risk.EXEMPT: "–",
}
"""A sign for each risk, told apart by shape alone."""

BASES = {
    Basis.OWN: N_("own"),
    Basis.ASSUMED: N_("assumed"),
    Basis.LEARNED: N_("learned"),
    Basis.DISPROVED: N_("disproved"),
}

ORIGINS = {
    "compiled": N_("compiled"),
    "file": N_("file"),
    "persisted": N_("persisted"),
    "dynamic": N_("dynamic"),
}
"""Where a variable's value comes from, by the contract's words."""
GROUPED_BY = {
    "user": N_("user"),
    "client": N_("client"),
    "program": N_("program"),
    "db": N_("database"),
    "server": N_("server"),
}

READ_WRITE = N_("read-write")
READ_ONLY = N_("read-only")
NO_PRIVILEGES = N_("read-only (privileges)")
"""What this run can do to a server: its account lacks the privileges for every change in the last."""

_LEVELS = "▁▂▃▄▅▆▇█"


def title_on(title: str, server: str) -> str:
    """A title with the server it is of, where that has a name to tell it by."""
    return _("{title} on {server}", title=title, server=plain(server, 60)) if server else title


def risk_word(risk: Risk) -> str:
    return f"{SIGNS[risk]} {_(RISKS[risk])}"


def certainty_word(certainty: Certainty) -> str:
    return _(CAUSE_WORDS[certainty])


def origin_word(set_by: str) -> str:
    return _(ORIGINS.get(set_by, set_by))


def grouping_word(by: str) -> str:
    return _(GROUPED_BY.get(by, by))


def basis_word(basis: Basis) -> str:
    return _(BASES[basis])


def idle(verdict: Verdict, now: float) -> str:
    """How long the session has idled; `~` where the server's clock for it is coarse, a dash where it is not idle."""
    seconds = verdict.idle_seconds(now)
    if seconds is None:
        return "?" if verdict.session.is_idle else "–"
    return f"{'~' if verdict.session.idle_within >= 0.5 else ''}{clock_words(seconds)}"


def closes_in(verdict: Verdict, now: float) -> str:
    """The countdown; a dash where none runs, `?` where one must be running that nobody can see."""
    unseen = "?" if verdict.session.is_idle and not verdict.session.own else "–"
    return countdown_of(verdict, now) or unseen


def closes_at(verdict: Verdict, now: float) -> str:
    """The countdown and the deadline in words; empty where none is known."""
    left = countdown_of(verdict, now)
    if left is None or verdict.deadline is None or not math.isfinite(verdict.deadline):
        return left or ""
    at = iso_instant(verdict.deadline)
    if now < verdict.deadline:
        return _("in {left}, at {instant}", left=left, instant=at)
    if verdict.risk is Risk.OVERDUE:
        return _("overdue since {instant}", instant=at)
    return _("now, at {instant}", instant=at)


def time_within(words: str, seconds: float | None, room: int) -> str:
    """A clock, or where there is no room for one its leading units: a time cut short would be another time.

    >>> time_within("364d 08:18:15", 31479495.0, 13), time_within("364d 08:18:15", 31479495.0, 10)
    ('364d 08:18:15', '364d')
    """
    return words if seconds is None or len(words) <= room else age_words(seconds)


def limit_within(limit: Limit | None, room: int) -> str:
    """A limit with its basis' mark: in words where there is room, else as a clock."""
    words = limit_cell(limit)
    if limit is None or len(words) <= room:
        return words
    return words[: len(words) - len(limit_words(limit.seconds))] + clock_words(limit.seconds)


def limit_in_full(limit: Limit) -> str:
    """A limit in words, and in the seconds a server counts in where those say more: `~8 h  (28800 s)`."""
    words, seconds = limit_cell(limit), f"{limit.seconds:.12g} s"
    return words if words.endswith(seconds) and limit.seconds < 60 else f"{words}  ({seconds})"


def at_stake_words(session: Session) -> str:
    """What dies with the session. Says `trx` for every open transaction, before any figure."""
    transaction = session.transaction
    if transaction is None:
        return ""
    if transaction.rows_modified:
        return ngettext("trx {number:,} row", "trx {number:,} rows", transaction.rows_modified)
    if transaction.rows_locked:
        return _("trx {number:,} locked", number=transaction.rows_locked)
    return _("trx open")


def stake_within(session: Session, room: int) -> str:
    """`at_stake_words`, shorter where there is no room for it; a figure never loses its unit.

    `trx 3,000 rows` becomes `3,000 rows`, and where that is still too wide the figure is rounded down: `1.2M rows`.
    """
    transaction, words = session.transaction, at_stake_words(session)
    if transaction is None or cell_width(words) <= room:
        return words
    if transaction.rows_modified:
        exact, rounded = (
            rows(transaction.rows_modified),
            _("{number} rows", number=rounded_count(transaction.rows_modified)),
        )
    elif transaction.rows_locked:
        exact = _("{number:,} locked", number=transaction.rows_locked)
        rounded = _("{number} locked", number=rounded_count(transaction.rows_locked))
    else:
        return words
    return exact if cell_width(exact) <= room else rounded


def program(session: Session) -> str:
    """The program's name, or its client library in parentheses where it gave none."""
    if session.program:
        return plain(session.program, 200)
    if session.role is not Role.CLIENT:
        return f"({session.role.value})"
    return f"({plain(session.client, 200)})" if session.client else ""


def client(session: Session, room: int) -> str:
    """The client's address; without its port where that would not fit."""
    whole = plain(session.host, 200)
    return whole if len(whole) <= room else plain(session.client_host, 200)


def statement(verdict: Verdict) -> str:
    session = verdict.session
    if session.statement:
        return " ".join(plain(session.statement, 512).split())
    return plain(session.state or "", 200) if not session.is_idle else ""


def countdown_bar(verdict: Verdict, now: float, width: int) -> str:
    """How much of the limit has been idled away."""
    left, limit = verdict.seconds_left(now), verdict.limit
    if left is None or limit is None or limit.seconds <= 0 or limit.basis is Basis.DISPROVED:
        return ""
    halves = round(min(1.0, max(0.0, 1 - left / limit.seconds)) * width * 2)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width, "─")


def heights(counts: tuple[int, ...], most: int) -> str:
    """Counts as blocks; nothing is the lowest block, and one of many still shows.

    >>> heights((0, 1, 100), 100)
    '▁▂█'
    """
    return "".join(_LEVELS[0 if n == 0 else max(1, round(n / max(most, 1) * 7))] for n in counts)


def before_bars() -> str:
    """What stands before the blocks of the closings ahead."""
    return _("closings ") + _(" now ")


def time_of_day(at: float) -> str:
    """An instant's clock, in UTC: its day stands where there is room for it.

    >>> time_of_day(1795459202.5)
    '18:40:02.5'
    """
    return iso_instant(at)[11:21]


def instant_of(text: str) -> float | None:
    """The instant an ISO 8601 text names, UTC where it names no zone; None where it is none.

    >>> instant_of("2026-11-23T18:40:02.5Z")
    1795459202.5
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def rows(number: int) -> str:
    return ngettext("{number:,} row", "{number:,} rows", number)
