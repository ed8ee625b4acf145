"""The words of the screen for figures and states, besides those that the exports share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from goneaway_tui.export.data import iso_instant
from goneaway_tui.export.table import RISKS, at_stake, countdown_of, limit_cell
from goneaway_tui.i18n import N_, NC_, _, ngettext
from goneaway_tui.model.blocking import LockWait
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
from goneaway_tui.text.width import cell_width, cut_to

__all__ = [
    "RISK_SYMBOLS",
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
    "facts",
    "first_fitting",
    "gauge",
    "grouping_word",
    "heights",
    "idle",
    "instant_of",
    "labelled",
    "limit_cell",
    "limit_within",
    "limit_words",
    "origin_word",
    "program",
    "risk_word",
    "rows",
    "running",
    "share_bar",
    "size_words",
    "stake_within",
    "state_within",
    "statement",
    "time_of_day",
    "time_within",
    "title_on",
    "transaction_age",
]  # fmt: skip

RISK_SYMBOLS = {
    Risk.OVERDUE: "◆",
    Risk.IMMINENT: "▲",
    Risk.WATCH: "△",
    Risk.CALM: "·",
    Risk.BUSY: "»",
    Risk.EXEMPT: "–",
}
"""The symbol of each risk; the shapes differ also without colour."""

BASES = {
    Basis.OWN: N_("own"),
    Basis.ASSUMED: N_("assumed"),
    Basis.LEARNED: N_("learned"),
    Basis.DISPROVED: N_("disproved"),
}

ORIGINS = {
    "compiled": N_("compiled"),
    "file": NC_("origin of a value", "file"),
    "persisted": N_("persisted"),
    "dynamic": N_("dynamic"),
}
"""Where a variable's value comes from, by the contract's words."""
ROLES = {Role.DAEMON: N_("daemon"), Role.REPLICA: N_("replica")}
"""The roles that have a word; the others are the server's own, or of the protocol."""
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
"""What this run can do to a server; the last is for an account without a privilege for any change."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
UNBOUNDED = 1000
"""More cells than any terminal has: a table cell of this width shows all of its text."""


def title_on(title: str, server: str) -> str:
    """A title with the name of its server, if it has one."""
    return _("{title} on {server}", title=title, server=plain(server, 60)) if server else title


def facts(words: Iterable[str]) -> str:
    """Facts of one thing in a row, with the comma of the language between two parts of a sentence."""
    return _(NC_("between facts", ", ")).join(words)


def labelled(*parts: str) -> str:
    """Each part before the next as its label, with the colon of the language; empty parts are left out."""
    return _(": ").join(filter(None, parts))


def risk_word(risk: Risk) -> str:
    """The symbol and the word of a risk."""
    return f"{RISK_SYMBOLS[risk]} {_(RISKS[risk])}"


def certainty_word(certainty: Certainty) -> str:
    return _(CAUSE_WORDS[certainty])


def origin_word(set_by: str) -> str:
    return _(ORIGINS.get(set_by, set_by))


def grouping_word(by: str) -> str:
    return _(GROUPED_BY.get(by, by))


def basis_word(basis: Basis) -> str:
    return _(BASES[basis])


def idle(verdict: Verdict, now: float) -> str:
    """The idle time; with `~` if the server counts it in whole seconds, a dash if the session is not idle."""
    seconds = verdict.idle_seconds(now)
    if seconds is None:
        return "?" if verdict.session.is_idle else "–"
    return f"{'~' if verdict.session.idle_within >= 0.5 else ''}{clock_words(seconds)}"


def closes_in(verdict: Verdict, now: float) -> str:
    """The countdown; a dash if no limit applies, `?` if the limit of an idle session is not known."""
    unseen = "?" if verdict.session.is_idle and not verdict.session.own else "–"
    return countdown_of(verdict, now) or unseen


def closes_at(verdict: Verdict, now: float) -> str:
    """The countdown and the deadline in words; empty if none is known."""
    countdown_text = countdown_of(verdict, now)
    if countdown_text is None or verdict.deadline is None or not math.isfinite(verdict.deadline):
        return countdown_text or ""
    at = iso_instant(verdict.deadline)
    if now < verdict.deadline:
        return _("in {left}, at {instant}", left=countdown_text, instant=at)
    if verdict.risk is Risk.OVERDUE:
        return _("overdue since {instant}", instant=at)
    return _("now, at {instant}", instant=at)


def time_within(words: str, seconds: float | None, room: int) -> str:
    """A clock; if it does not fit, the same time in its leading units, since a cut clock would be another time.

    >>> [time_within("364 d 08:18:15", 31479495.0, room) for room in (14, 10)], time_within("12:34:56", 45296.0, 7)
    (['364 d 08:18:15', '364 d'], '12 h')
    """
    if seconds is None or len(words) <= room:
        return words
    return first_fitting((age_words(seconds), age_words(seconds, 1)), room)


def first_fitting(texts: Sequence[str], room: int) -> str:
    """The first text of at most `room` cells; the last where none fits.

    >>> first_fitting(("waits for 4802 12 s", "waits 12 s"), 12)
    'waits 12 s'
    """
    return next((text for text in texts if cell_width(text) <= room), texts[-1])


def limit_within(limit: Limit | None, room: int) -> str:
    """A limit with its basis' mark, always exact: in words, as a clock, or if neither fits in one unit.

    >>> [limit_within(Limit(5415.0, "wait_timeout", Basis.ASSUMED, ""), room) for room in (16, 8, 7)]
    ['~1 h 30 m 15 s', '~1:30:15', '~5415 s']
    """
    words = limit_cell(limit)
    if limit is None or cell_width(words) <= room:
        return words
    mark = words[: len(words) - len(limit_words(limit.seconds))]
    clock = clock_words(limit.seconds)
    return first_fitting((words, mark + clock, f"{mark}{limit.seconds:.12g} s", mark + clock), room)


def limit_in_full(limit: Limit) -> str:
    """A limit in words, and in seconds if those differ: `~8 h  (28800 s)`."""
    words, seconds = limit_cell(limit), f"{limit.seconds:.12g} s"
    return words if words.endswith(seconds) and limit.seconds < 60 else f"{words}  ({seconds})"


def at_stake_words(session: Session) -> str:
    """What the end of the session rolls back, as in the exports."""
    return at_stake(session.transaction)


def stake_within(session: Session, room: int) -> str:
    """`at_stake_words`, shortened to `room` cells; a figure never loses its unit.

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
        return _("trx open")
    return exact if cell_width(exact) <= room else rounded


def program(session: Session) -> str:
    """The name of the program; without one, the client library in parentheses."""
    if session.program:
        return plain(session.program, 200)
    if session.role is not Role.CLIENT:
        return _("({library})", library=_(ROLES.get(session.role, session.role.value)))
    return _("({library})", library=plain(session.client, 200)) if session.client else ""


def client(session: Session, room: int) -> str:
    """The address of the client without its port; with the port if `room` is UNBOUNDED, as for a tooltip."""
    return plain(session.host if room >= UNBOUNDED else session.client_host, 200)


def statement(verdict: Verdict) -> str:
    """The statement in one line; empty where none is known."""
    return " ".join(plain(verdict.session.statement or "", 512).split())


def state_within(verdict: Verdict, now: float, room: int, *, with_time: bool) -> str:
    """What a session does: which session it waits for, how many wait for it, or the server's state of a busy session.

    Times and counts are never cut. `with_time`: a busy session's running time is shown behind its state.
    """
    locks, session = verdict.locks, verdict.session
    blocks = _("blocks {number}", number=count_words(locks.blocks)) if locks.blocks else ""
    if locks.wait is not None:
        waits = _waiting_texts(locks.wait, locks.waiting_seconds(now))
        both = [_("{one}, {other}", one=blocks, other=text) for text in waits if blocks]
        return first_fitting([*both, *waits], room)
    if blocks:
        return first_fitting((blocks, _("blocks {number}", number=rounded_count(locks.blocks or 0))), room)
    if session.is_idle:
        return ""
    state = plain(session.state or session.command, 200)
    seconds = verdict.busy_seconds(now) if with_time else None
    if seconds is None:
        return state
    time = first_fitting((age_words(seconds), age_words(seconds, 1)), room // 2)
    return f"{cut_to(state, room - cell_width(time) - 1)} {time}"


def _waiting_texts(wait: LockWait, seconds: float | None) -> list[str]:
    """That a session waits, for which session and how long; the longest text first."""
    holders = str(wait.holders[0]) if wait.holders else ""
    if len(wait.holders) > 1:
        holders = f"{holders} +{len(wait.holders) - 1}"
    if seconds is None:
        return [_("waits for {holders}", holders=holders), _("waits")] if holders else [_("waits")]
    times = (age_words(seconds), age_words(seconds, 1))
    whole = [_("waits for {holders} {time}", holders=holders, time=time) for time in times if holders]
    return [*whole, *(_("waits {time}", time=time) for time in times)]


def running(verdict: Verdict, now: float, room: int) -> str:
    """How long the current statement has run; empty while the session is idle."""
    seconds = verdict.busy_seconds(now)
    return "" if seconds is None else time_within(clock_words(seconds), seconds, room)


def transaction_age(verdict: Verdict, now: float, room: int) -> str:
    """How old the open transaction is; empty without one."""
    seconds = verdict.transaction_seconds(now)
    return "" if seconds is None else time_within(clock_words(seconds), seconds, room)


def countdown_bar(verdict: Verdict, now: float, width: int) -> str:
    """The idle share of the limit, as a bar."""
    seconds_left, limit = verdict.seconds_left(now), verdict.limit
    if seconds_left is None or limit is None or limit.seconds <= 0 or limit.basis is Basis.DISPROVED:
        return ""
    return share_bar(1 - seconds_left / limit.seconds, width)


def share_bar(share: float, width: int) -> str:
    """A share, from 0 to 1, as a bar.

    >>> share_bar(0.5, 4), share_bar(2.0, 4), share_bar(0.4, 4)
    ('━━──', '━━━━', '━╸──')
    """
    halves = round(min(1.0, max(0.0, share)) * width * 2)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width, "─")


def heights(counts: tuple[int, ...], highest: int) -> str:
    """Counts as blocks; 0 is a dot, and 1 is always visible.

    >>> heights((0, 1, 100), 100)
    '·▁█'
    """
    return "".join("·" if n == 0 else _LEVELS[round(n / max(highest, 1) * 7)] for n in counts)


def gauge(share: float, width: int) -> str:
    """A share, from 0 to 1, as a bar in eighths of a cell.

    >>> gauge(0.93, 9), gauge(0.001, 9), gauge(1.2, 3)
    ('████████▎', '▏        ', '███')
    """
    eighths = min(width * 8, int(share * width * 8)) or (1 if share > 0 else 0)
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(width)


def before_bars() -> str:
    """The text before the blocks of the closings ahead."""
    return _("closings ") + _(" now ")


def time_of_day(at: float, room: int = UNBOUNDED) -> str:
    """An instant's time of day in UTC, with tenths of a second where there is room for them.

    >>> time_of_day(1795459202.5), time_of_day(1795459202.5, 9)
    ('18:40:02.5', '18:40:02')
    """
    text = iso_instant(at)
    return text[11:21] if room >= TENTHS_CELLS else text[11:19]


TENTHS_CELLS = len("18:40:02.5")


def local_instant(at: float, zone: tzinfo) -> str:
    """An instant in a time zone, with its offset.

    >>> from datetime import timedelta, timezone
    >>> local_instant(1795459202.5, timezone(timedelta(hours=8)))
    '2026-11-24 02:40:02.5 UTC+08:00'
    """
    moment = _local_moment(at, zone)
    offset = moment.strftime("%z")
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000} UTC{offset[:3]}:{offset[3:5]}"


def is_utc(zone: tzinfo, at: float) -> bool:
    """Whether a time zone is UTC at an instant."""
    return not _local_moment(at, zone).utcoffset()


def _local_moment(at: float, zone: tzinfo) -> datetime:
    """An instant in a time zone; in UTC if the zone cannot express it."""
    moment = datetime.fromisoformat(iso_instant(at))
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def instant_of(text: str) -> float | None:
    """The instant of an ISO 8601 text, in UTC without a zone; None for other texts.

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
