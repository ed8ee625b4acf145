"""Advice on wait_timeout: what each limit would have done to the reuses that were counted, one limit to set, and the reasons.

The limit is the least of the ladder that cuts no counted reuse with MARGIN to spare. A few sessions with far longer gaps than all
others get limits of their own, where they would otherwise keep idle sessions of the others open. Where too little was seen, there
is no limit to recommend, and it is said for how much longer to watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from goneaway_tui.doctor.remedies import pool_settings
from goneaway_tui.doctor.report import escaped, wrapped
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.judge.reuse_gaps import (
    DAY_SECONDS,
    LIMIT_LADDER,
    FreedSessions,
    GroupGaps,
    GroupKey,
    ReuseGaps,
)
from goneaway_tui.logs.error_events import recognise_client
from goneaway_tui.text.format import count_words, largest_unit_words, limit_words, seconds_words
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import cell_width, padded

SCHEMA: Final = "goneaway.advice/1"
VARIABLE: Final = "wait_timeout"
MARGIN: Final = 1.25
"""A limit is at least so many times the longest gap: the longest gap that will come is longer than any that was seen."""
MIN_LIMIT_SECONDS: Final = 60
"""Seconds below which no limit is recommended: a slow network or a busy client makes gaps of seconds."""
MIN_REUSES: Final = 100
MIN_OBSERVED_SECONDS: Final = 300.0
SPAN_FACTOR: Final = 5
"""The server must have been observed for so many times the longest gap: who watches for an hour sees no gap of two."""
APART: Final = 8
"""A group disagrees with the others where its limit is at least so many times theirs."""
FEW_REUSES: Final = 0.05
"""The share of all reuses that the groups which disagree may cut."""
MAX_REMEDIES: Final = 6
MAX_GROUPS_SHOWN: Final = 12
COLUMNS: Final = 80

CLIENT_NAMES: Final = {
    "mysqlnd": "PHP mysqli",
    "libmysql": "mysqlclient",
    "libmariadb": "mysqlclient",
    "mysql connector/j": "MySQL Connector/J",
    "mariadb connector/j": "MariaDB Connector/J",
    "mysql-connector-python": "mysql-connector-python",
    "mysql-connector-java": "MySQL Connector/J",
    "go-mysql-driver": "go-sql-driver",
    "node-mysql-2": "Node mysql2",
    "mysqlconnector": ".NET",
    "pymysql": "PyMySQL",
}
"""What clients call themselves in `_client_name`, in lower case, and what the table of remedies calls them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one limit would have done."""

    limit_seconds: int
    cut: int
    """Reuses that would have met a closed connection; those that a bound leaves open count."""
    certainly_cut: int
    freed: FreedSessions
    groups: tuple[tuple[GroupKey, int], ...]
    """The groups whose reuses it would have cut, and how many of each, the most first."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What was counted on one server, and what to conclude."""

    gaps: ReuseGaps
    groups: tuple[GroupGaps, ...]
    """All days as one, the group with the most reuses first."""
    candidates: tuple[Candidate, ...]
    limit_seconds: int | None
    """The limit to set; None where too little was seen."""
    because: tuple[str, ...]
    own_limits: tuple[tuple[GroupKey, int], ...] = ()
    """Groups that should set a limit of their own."""
    remedies: tuple[str, ...] = ()
    """What to set at the clients so that no connection is idle for as long as the limit."""
    more_seconds: float | None = None
    """For how much longer to watch, where too little was seen."""
    current_limit: float | None = None
    """wait_timeout at the end, in seconds, where that is known."""
    server_name: str = ""


def advise(gaps: ReuseGaps, current_limit: float | None = None, server_name: str = "") -> Advice:
    """The advice on what was counted. `current_limit`: wait_timeout now, in seconds, where that is known."""
    groups = gaps.by_group()
    candidates = tuple(candidate(groups, gaps, limit) for limit in _limits(groups, current_limit))
    more = more_seconds(gaps)
    if more is not None:
        because = (_too_little(gaps, groups, more), *_unseen(gaps, groups))
        return Advice(
            gaps,
            groups,
            candidates,
            None,
            because,
            more_seconds=more,
            current_limit=current_limit,
            server_name=server_name,
        )
    limit, own = _common_limit(groups, gaps)
    because = (*_reasons(groups, gaps, limit, own, current_limit), *_unseen(gaps, groups))
    remedies = tuple(_remedies(groups, limit, dict(own)))
    return Advice(gaps, groups, candidates, limit, because, own, remedies, None, current_limit, server_name)


def candidate(groups: Sequence[GroupGaps], gaps: ReuseGaps, limit_seconds: int) -> Candidate:
    """What this limit would have done."""
    cut = [(group.key, number) for group in groups if (number := group.cut(limit_seconds))]
    return Candidate(
        limit_seconds,
        sum(number for _key, number in cut),
        sum(group.certainly_cut(limit_seconds) for group in groups),
        gaps.freed_under(limit_seconds),
        tuple(sorted(cut, key=lambda row: -row[1])),
    )


def more_seconds(gaps: ReuseGaps) -> float | None:
    """For how many seconds more the server should be watched before a limit can be recommended; None where it is enough."""
    needed = max(MIN_OBSERVED_SECONDS, SPAN_FACTOR * _longest(gaps.groups))
    if not gaps.reuses:
        needed = max(needed, DAY_SECONDS, gaps.seconds + 3600)
    elif gaps.reuses < MIN_REUSES:
        by_rate = gaps.seconds * MIN_REUSES / gaps.reuses
        needed = max(needed, min(by_rate, 7.0 * DAY_SECONDS), gaps.seconds + 60)
    return needed - gaps.seconds if gaps.seconds < needed else None


def limit_for(longest_gap: float) -> int:
    """The least limit of the ladder that leaves MARGIN above a gap.

    >>> limit_for(4.2), limit_for(2460), limit_for(6 * 3600)
    (60, 3600, 28800)
    """
    wanted = max(MIN_LIMIT_SECONDS, MARGIN * longest_gap)
    return next((limit for limit in LIMIT_LADDER if limit >= wanted), LIMIT_LADDER[-1])


def _longest(groups: Sequence[GroupGaps]) -> float:
    return max((group.longest for group in groups), default=0.0)


def _limits(groups: Sequence[GroupGaps], current_limit: float | None) -> Iterator[int]:
    """The ladder as far as it cuts anything, frees anything worth a row, or reaches what is set now; and that."""
    highest = max(limit_for(_longest(groups)), min(int(current_limit or 0), 28_800))
    limits = {limit for limit in LIMIT_LADDER if limit <= highest}
    if current_limit is not None and current_limit >= 1:
        limits.add(int(current_limit))
    yield from sorted(limits)


def _common_limit(
    groups: Sequence[GroupGaps], gaps: ReuseGaps
) -> tuple[int, tuple[tuple[GroupKey, int], ...]]:
    """One limit for all groups, or for all but a few whose gaps are far longer, with the limits of those."""
    reused = sorted((group for group in groups if group.reuses), key=lambda group: group.longest)
    by_limit = [(limit_for(group.longest), group) for group in reused]
    limits = [limit for limit, _group in by_limit]
    for index in range(1, len(limits)):
        lower, upper = limits[index - 1], limits[index]
        cut = sum(group.cut(lower) for _limit, group in by_limit[index:])
        freed = gaps.freed_under(lower).mean - gaps.freed_under(limits[-1]).mean
        if upper >= APART * lower and cut <= FEW_REUSES * gaps.reuses and freed >= 1:
            return lower, tuple((group.key, limit) for limit, group in by_limit[index:])
    return limits[-1], ()


def group_name(key: GroupKey) -> str:
    """`gunicorn (shop)`: the program and its user; the user alone where the client names no program."""
    user, program = plain(key.user, 40), plain(key.program, 40)
    return _("{program} ({user})", program=program, user=user) if program else user


def _too_little(gaps: ReuseGaps, groups: Sequence[GroupGaps], more: float) -> str:
    watch_for = _more_words(more)
    if not gaps.reuses:
        return _(
            "Not enough data: no session ran anything after it had been idle. {watch_for}.",
            watch_for=watch_for,
        )
    return _(
        "Not enough data: {reuses} reuses in {span}. {watch_for}. The longest gap so far is {gap}.",
        reuses=count_words(gaps.reuses),
        span=largest_unit_words(gaps.seconds),
        watch_for=watch_for,
        gap=largest_unit_words(_longest(groups)),
    )


def _more_words(seconds: float) -> str:
    if seconds <= 90 * 60:
        minutes = max(1, round(seconds / 60 + 0.5))
        return ngettext("Watch for {number} more minute", "Watch for {number} more minutes", minutes)
    hours = round(seconds / 3600 + 0.5)
    return ngettext("Watch for {number} more hour", "Watch for {number} more hours", hours)


def _reasons(
    groups: Sequence[GroupGaps],
    gaps: ReuseGaps,
    limit: int,
    own: tuple[tuple[GroupKey, int], ...],
    current_limit: float | None,
) -> Iterator[str]:
    apart = {key for key, _limit in own}
    governed = [group for group in groups if group.reuses and group.key not in apart]
    longest = max(governed, key=lambda group: group.longest)
    gap = _(
        "the longest gap is {gap}, in {group}.",
        gap=seconds_words(longest.longest),
        group=group_name(longest.key),
    )
    yield (
        _(
            "In the groups that this limit suits, no observed reuse would have met a closed connection: {gap}",
            gap=gap,
        )
        if own
        else _("No observed reuse would have met a closed connection: {gap}", gap=gap)
    )
    freed = gaps.freed_under(limit)
    if freed.mean >= 0.05:
        yield _(
            "This limit would have closed {mean:.1f} idle sessions on average, and at most {peak}.",
            mean=freed.mean,
            peak=count_words(freed.peak),
        )
    else:
        yield _("This limit would have closed no session while the server was monitored.")
    if current_limit is not None and current_limit != limit:
        yield _current(gaps, limit, current_limit)
    for key, own_limit in own:
        group = next(group for group in groups if group.key == key)
        yield _(
            "{group} needs a limit of its own: its longest gap is {gap}. Let its program run SET SESSION wait_timeout = "
            "{limit} after connecting, or open a connection for each job.",
            group=group_name(key),
            gap=seconds_words(group.longest),
            limit=own_limit,
        )


def _current(gaps: ReuseGaps, limit: int, current_limit: float) -> str:
    now = seconds_words(current_limit)
    if current_limit < limit:
        return _(
            "The limit is now {now}. That is less than {margin:g} times the longest gap.",
            now=now,
            margin=MARGIN,
        )
    freed = gaps.freed_under(limit).mean - gaps.freed_under(current_limit).mean
    if freed < 0.05:
        return _("The limit is now {now}. It did no harm while the server was monitored.", now=now)
    return _(
        "The limit is now {now}. It keeps {freed:.1f} more idle sessions open on average.",
        now=now,
        freed=freed,
    )


def _unseen(gaps: ReuseGaps, groups: Sequence[GroupGaps]) -> Iterator[str]:
    """What the counts cannot show."""
    timed_out = sum(group.timed_out for group in groups)
    after = min((g.timed_out_after for g in groups if g.timed_out_after is not None), default=None)
    if timed_out and after is not None:
        yield ngettext(
            "The server closed {number} session after {idle} of idle time or more. When the session would have been used again "
            "is not known.",
            "The server closed {number} sessions after {idle} of idle time or more. When the sessions would have been used "
            "again is not known.",
            timed_out,
            idle=seconds_words(after),
        )
    unmeasured = sum(group.unmeasured for group in groups)
    if unmeasured:
        yield ngettext(
            "{number} more reuse is not counted: the samples were too far apart to measure its gap.",
            "{number} more reuses are not counted: the samples were too far apart to measure their gaps.",
            unmeasured,
        )
    if gaps.seconds < DAY_SECONDS and gaps.reuses:
        yield _(
            "Monitored for {span} only: jobs that run once a day or once a week were not seen.",
            span=largest_unit_words(gaps.seconds),
        )


def _remedies(groups: Sequence[GroupGaps], limit: int, own: dict[GroupKey, int]) -> Iterator[str]:
    """Settings of the clients that were seen, each once."""
    rows: dict[str, None] = {}
    for group in groups:
        if not group.reuses:
            continue
        found = recognise_client((group.client, group.program))
        name = group.client.rpartition(" ")[0].lower() or group.client.lower()
        driver = found.driver or CLIENT_NAMES.get(name, "")
        if driver or found.framework:
            rows |= dict.fromkeys(pool_settings(found.framework, driver, own.get(group.key, limit)))
    yield from [*rows][:MAX_REMEDIES]


# --- In writing


def advice_data(advice: Advice) -> dict[str, object]:
    """The advice as the JSON schema has it."""
    gaps = advice.gaps
    own = dict(advice.own_limits)
    return {
        **({"server_name": plain(advice.server_name, 300)} if advice.server_name else {}),
        "schema": SCHEMA,
        "observed": {
            "from": _instant(gaps.began),
            "to": _instant(gaps.ended),
            "seconds": gaps.seconds,
            "sessions": gaps.sessions,
            "reuses": gaps.reuses,
        },
        "groups": [_group_data(group, own.get(group.key)) for group in advice.groups],
        "candidates": [_candidate_data(row, gaps.reuses) for row in advice.candidates],
        "days": [
            {
                "day": day,
                "reuses": sum(group.reuses for group in groups),
                "longest_gap_seconds": _longest(groups),
            }
            for day, groups in _by_day(gaps).items()
        ],
        "recommendation": {
            "limit_seconds": advice.limit_seconds,
            "because": list(advice.because),
            "watch_seconds_more": None if advice.more_seconds is None else round(advice.more_seconds),
            "own_limits": [{**_key_data(key), "limit_seconds": limit} for key, limit in advice.own_limits],
            "remedies": list(map(plain, advice.remedies)),
        },
    }


def _key_data(key: GroupKey) -> dict[str, object]:
    return {"user": plain(key.user, 300), "program": plain(key.program, 300) or None}


def _group_data(group: GroupGaps, own_limit: int | None) -> dict[str, object]:
    return {
        **_key_data(group.key),
        "sessions": group.sessions,
        "reuses": group.reuses,
        "gap_seconds": {
            "p50": group.quantile(0.5),
            "p90": group.quantile(0.9),
            "p99": group.quantile(0.99),
            "max": group.longest if group.reuses else None,
        },
        "unmeasured": group.unmeasured,
        "timed_out": group.timed_out,
        "limit_seconds": own_limit,
    }


def _candidate_data(row: Candidate, reuses: int) -> dict[str, object]:
    return {
        "limit_seconds": row.limit_seconds,
        "reuses_cut": row.cut,
        "reuses_cut_share": round(row.cut / reuses, 6) if reuses else None,
        "reuses_certainly_cut": row.certainly_cut,
        "idle_sessions_freed": round(row.freed.mean, 3),
        "idle_sessions_freed_peak": row.freed.peak,
        "groups": [{**_key_data(key), "reuses_cut": number} for key, number in row.groups],
    }


def _by_day(gaps: ReuseGaps) -> dict[str, list[GroupGaps]]:
    days: dict[str, list[GroupGaps]] = {}
    for group in sorted(gaps.groups, key=lambda group: group.day):
        days.setdefault(_instant(group.day * DAY_SECONDS)[:10], []).append(group)
    return days


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


CANDIDATE_HEADINGS: Final = (
    N_("Limit"),
    N_("Reuses cut"),
    N_("Share"),
    N_("Freed, mean"),
    N_("Freed, peak"),
    "",
)
GROUP_HEADINGS: Final = (
    N_("Program (user)"), N_("Sessions"), N_("Reuses"), N_("p50"), N_("p90"), N_("p99"), N_("Longest gap"),
)  # fmt: skip


def candidate_rows(advice: Advice) -> list[tuple[str, ...]]:
    """The table of limits, as texts."""
    reuses = advice.gaps.reuses
    return [
        (
            limit_words(row.limit_seconds),
            count_words(row.cut),
            f"{100 * row.cut / reuses:.2f} %" if reuses else "–",
            f"{row.freed.mean:.1f}",
            count_words(row.freed.peak),
            _row_note(advice, row.limit_seconds),
        )
        for row in _rows_worth_showing(advice)
    ]


def _row_note(advice: Advice, limit_seconds: int) -> str:
    if limit_seconds == advice.limit_seconds:
        return _("← recommended")
    return _("← now") if limit_seconds == advice.current_limit else ""


def _rows_worth_showing(advice: Advice) -> list[Candidate]:
    """Without rows that say the same as the row before."""
    shown: list[Candidate] = []
    for row in advice.candidates:
        is_same = bool(shown) and (row.cut, row.freed.peak) == (shown[-1].cut, shown[-1].freed.peak)
        if not is_same or row.limit_seconds in {advice.limit_seconds, advice.current_limit}:
            shown.append(row)
    return shown


def group_rows(advice: Advice) -> list[tuple[str, ...]]:
    """The table of groups, as texts."""
    return [
        (
            group_name(group.key),
            count_words(group.sessions),
            count_words(group.reuses),
            *(_gap_words(group.quantile(share)) for share in (0.5, 0.9, 0.99)),
            _gap_words(group.longest if group.reuses else None),
        )
        for group in advice.groups[:MAX_GROUPS_SHOWN]
    ]


def _gap_words(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return _("< 1 s") if seconds <= 1 else limit_words(round(seconds))


def observed_words(advice: Advice) -> str:
    """One sentence on what was seen."""
    gaps = advice.gaps
    where = plain(advice.server_name, 200)
    words = _(
        "Monitored for {span}: {sessions} sessions, {reuses} reuses after an idle time.",
        span=largest_unit_words(gaps.seconds),
        sessions=count_words(gaps.sessions),
        reuses=count_words(gaps.reuses),
    )
    return _("{server}: {what}", server=where, what=words) if where else words


def headline(advice: Advice) -> str:
    """The recommendation in one line."""
    if advice.limit_seconds is None:
        return _("No recommendation")
    return f"{VARIABLE} = {seconds_words(advice.limit_seconds)}"


def text_lines(advice: Advice, width: int = COLUMNS) -> Iterator[str]:
    """The report for a terminal."""
    yield from wrapped(observed_words(advice), width)
    yield ""
    yield from wrapped(headline(advice), width)
    for reason in advice.because:
        yield from wrapped(reason, width, "  ", "    ")
    if advice.remedies:
        yield ""
        yield _("At the clients")
        for remedy in advice.remedies:
            yield from wrapped(remedy, width, "  ", "    ")
    for headings, rows in (
        (CANDIDATE_HEADINGS, candidate_rows(advice)),
        (GROUP_HEADINGS, group_rows(advice)),
    ):
        if rows:
            yield ""
            yield from _table(tuple(heading and _(heading) for heading in headings), rows)
    hidden = len(advice.groups) - MAX_GROUPS_SHOWN
    if hidden > 0:
        yield _("{number} more groups: --format=json lists them all.", number=hidden)


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns beside each other, the first to the left and figures to the right."""
    widths = [max(map(cell_width, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        first, *others = (
            padded(cell, width, right=column > 0 and not cell.startswith("←"))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others)).rstrip()


def markdown_lines(advice: Advice) -> Iterator[str]:
    """The report for a ticket."""
    yield f"## {escaped(headline(advice))}"
    yield ""
    yield escaped(observed_words(advice))
    yield ""
    for reason in (*advice.because, *advice.remedies):
        yield f"- {escaped(reason)}"
    for headings, rows in (
        (CANDIDATE_HEADINGS, candidate_rows(advice)),
        (GROUP_HEADINGS, group_rows(advice)),
    ):
        if rows:
            yield ""
            yield "| " + " | ".join(heading and _(heading) for heading in headings) + " |"
            yield "|---|" + "--:|" * (len(headings) - 1)
            for row in rows:
                yield "| " + " | ".join(map(escaped, row)) + " |"


TEXT_FORMATS: Final[dict[str, Callable[[Advice], Iterator[str]]]] = {
    "text": text_lines,
    "markdown": markdown_lines,
}
"""The writers of `--format`, besides json."""
