"""The filter language: words that are searched in all columns, and `field:word` or `field>value` for one field.

    user:shop idle>10m risk:imminent db:dw -program:cron statement~"^select .* from cart" "SELECT 1"

All terms must be true; `-` negates one; quotes keep blanks together. A word before a colon that is not a field is plain
text, with a warning; an address like 10.0.0.7:51234 is plain text without one. A filter of departures also has `cause:`
and `certainty:`.
`oldest:2/user` is no test of one session: of the sessions that match it keeps the two oldest of each user, and
`-oldest:2/user` the others.
"""

from __future__ import annotations

import operator
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from goneaway_tui.i18n import _
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Basis, Risk, Verdict
from goneaway_tui.text.format import UNIT_WORDS, UNITS, did_you_mean, parse_duration
from goneaway_tui.text.sanitize import plain

TEXT_FIELDS: dict[str, Callable[[Verdict], str]] = {
    "user": lambda v: plain(v.session.user),
    "host": lambda v: plain(v.session.host),
    "client": lambda v: plain(v.session.client_host),
    "program": lambda v: plain(v.session.program or ""),
    "library": lambda v: plain(v.session.client or ""),
    "db": lambda v: plain(v.session.db or ""),
    "command": lambda v: plain(v.session.command),
    "state": lambda v: plain(v.session.state or ""),
    "statement": lambda v: plain(v.session.statement or ""),
    "variable": lambda v: plain(v.limit.variable if v.limit else ""),
    "server": lambda v: plain(v.server_name),
}
"""Fields that hold text, as it is shown: `user:shop` is true where the text contains the word, `user=shop` where it is the word."""

WORD_FIELDS: dict[str, tuple[Callable[[Verdict], str], tuple[str, ...]]] = {
    "risk": (lambda v: v.risk.value, tuple(risk.value for risk in Risk)),
    "basis": (lambda v: v.limit.basis.value if v.limit else "", tuple(basis.value for basis in Basis)),
    "trx": (lambda v: "yes" if v.session.transaction else "no", ("yes", "no")),
    "own": (lambda v: "yes" if v.session.own else "no", ("yes", "no")),
    "blocked": (lambda v: "yes" if v.locks.wait else "no" if v.locks.is_known else "", ("yes", "no")),
}
"""Fields with a fixed set of words, matched whole: `risk:imminent`; risks can be compared: `risk>=watch`."""


DURATION_FIELDS: dict[str, Callable[[Verdict, float], float | None]] = {
    "idle": lambda v, now: v.idle_seconds(now),
    "left": lambda v, now: v.seconds_left(now),
    "limit": lambda v, _now: v.limit.seconds if v.limit else None,
    "waiting": lambda v, now: v.locks.waiting_seconds(now),
    "running": lambda v, now: v.busy_seconds(now),
    "trx": lambda v, now: v.transaction_seconds(now),
}
"""Fields that hold a duration: `idle>10m`, `left<=30`, `limit:8h`, `running>10s`. `trx` is also a word: `trx:yes`, `trx>1m`."""

NUMBER_FIELDS: dict[str, Callable[[Verdict], float | None]] = {
    "id": lambda v: v.session.id,
    "rows": lambda v: v.session.transaction.rows_modified if v.session.transaction else None,
    "blocks": lambda v: v.locks.blocks,
}
"""Fields that hold a number: `id:4711`, `rows>0`."""

DEPARTURE_FIELDS: dict[str, tuple[Callable[[Departure], str], tuple[str, ...]]] = {
    "cause": (lambda d: d.cause.value, tuple(cause.value for cause in Cause)),
    "certainty": (lambda d: d.certainty.value, tuple(certainty.value for certainty in Certainty)),
}
"""Fields of departures with a fixed set of words: `cause:idle` matches words that contain `idle`, `cause=unknown` the word itself."""

RISK_RANKS = {risk.value: risk.rank for risk in Risk}

OLDEST = "oldest"
"""The field that selects among the sessions that match."""

FIELDS = frozenset({*TEXT_FIELDS, *WORD_FIELDS, *DURATION_FIELDS, *NUMBER_FIELDS})

COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    ":": operator.eq,
    "!=": operator.ne,
}
GLOBAL = "global"
"""`limit!=global`: sessions whose limit is another than a session that connects now would copy."""

_TERM = r'(?i)(-?)(?:([a-z]+)(>=|<=|!=|[:=<>~]))?("[^"]*"?|\S+)'
_DANGLING = r"(?i)(?<!\S)-?([a-z]+)(?:>=|<=|!=|[:=<>~])(?!\S)"
"""Patterns; `re` compiles and keeps each when it is first used: a board without a filter needs none."""

_SPACED_SIGN = r"(?i)(?<!\S)-?([a-z]+)\s+(>=|<=|!=|[:=<>~])\s*(\S+)"
"""A word, and after a blank a sign with what follows it."""
_QUOTED = r'"[^"]*"?'
_SPACED_UNIT = r"(?i)(?<!\S)-?(([a-z]+)(?:>=|<=|!=|[:=<>])\d+(?:\.\d+)?)\s+([^\W\d_]+)(?!\S)"
"""A field with a number, and a word after it that may be the unit of the number."""
TYPED_UNITS = {**UNIT_WORDS, "毫秒": 0.001, "秒": 1, "分": 60, "分钟": 60, "小时": 3600, "天": 86_400}
"""Seconds in each word that people type as a unit."""

VerdictTest = Callable[[Verdict, float], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which sessions are shown."""

    text: str
    tests: tuple[VerdictTest, ...]
    depends_on_time: bool = False
    """Whether time alone may change which sessions match."""
    selections: tuple[OldestSelection, ...] = ()
    """What is kept of the sessions that match."""
    unknown: tuple[str, ...] = ()
    """The words before a colon or a comparison that are no field; their terms are searched as text."""
    negated: frozenset[str] = frozenset()
    """The fields that a session can match by having no value: of negated terms, and of `trx:no`; "" is a negated word."""

    @property
    def warning(self) -> str:
        """The unknown field, in a sentence; empty where there is none."""
        return _unknown_field(self.unknown, FIELDS | {OLDEST})

    def matches(self, verdict: Verdict, now: float) -> bool:
        """Whether all terms are true of the session at `now`."""
        return all(test(verdict, now) for test in self.tests)

    def select(self, verdicts: Iterable[Verdict], now: float) -> list[Verdict]:
        """The sessions that match, in their order; with `oldest:` only those that it keeps of them."""
        selected = [verdict for verdict in verdicts if self.matches(verdict, now)]
        for selection in self.selections:
            selected = selection.select(selected)
        return selected


NO_FILTER = Filter("", ())


@dataclass(frozen=True, slots=True)
class DepartureFilter:
    """Which departures are shown, by the session and by the cause of its end."""

    text: str
    tests: tuple[Callable[[Departure], bool], ...]
    names_cause: bool = False
    """Whether it asks for a cause, by its field or by the whole word."""
    unknown: tuple[str, ...] = ()
    """The words before a colon or a comparison that are no field; their terms are searched as text."""

    @property
    def warning(self) -> str:
        """The unknown field, in a sentence; empty where there is none."""
        return _unknown_field(self.unknown, FIELDS | DEPARTURE_FIELDS.keys())

    def matches(self, departure: Departure) -> bool:
        """Whether all terms are true of the departure."""
        return all(test(departure) for test in self.tests)


NO_DEPARTURE_FILTER = DepartureFilter("", ())


def _unknown_field(unknown: tuple[str, ...], fields: AbstractSet[str]) -> str:
    if not unknown:
        return ""
    words = _("there is no field {name}: the term is searched as text", name=unknown[0])
    hint = did_you_mean(unknown[0], sorted(fields))
    return _("{what}; {hint}", what=words, hint=hint) if hint else words


def parse_filter(text: str) -> Filter:
    """Parse a filter of sessions. Raises ValueError with a sentence where a value does not fit its field."""
    tests: list[VerdictTest] = []
    selections: list[OldestSelection] = []
    unknown: list[str] = []
    negated: set[str] = set()
    timed = False
    for minus, field, comparison, word in _terms(text, FIELDS | {OLDEST}):
        timed = timed or field in DURATION_FIELDS or field == OLDEST
        if field == OLDEST:
            selections.append(_oldest_selection(comparison, word, is_negated=bool(minus)))
            continue
        test = _field_test(field, comparison, word)
        if test is None:
            unknown += [field] if field else []
            test = _any_column_test(f"{field}{comparison}{word}")
        if minus or (field, word) == ("trx", "no"):
            negated.add(field)
        tests.append(_negated(test) if minus else test)
    return Filter(text, tuple(tests), timed, tuple(selections), tuple(unknown), frozenset(negated))


def filter_term(field: str, value: str) -> str:
    """The filter of sessions whose `field` is `value`; a `"` in it ends what the language can quote.

    >>> filter_term("user", "shop"), filter_term("program", 'a "b"')
    ('user="shop"', 'program:"a "')
    """
    start, quote, _ = value.partition('"')
    return f'{field}:"{start}"' if quote else f'{field}="{value}"'


def parse_departure_filter(text: str) -> DepartureFilter:
    """Parse a filter of departures. Raises ValueError with a sentence where a value does not fit its field."""
    tests: list[Callable[[Departure], bool]] = []
    names_cause = False
    unknown: list[str] = []
    fields = FIELDS | DEPARTURE_FIELDS.keys()
    for minus, field, comparison, word in _terms(text, fields):
        test = _departure_test(field, comparison, word)
        unknown += [field] if field and field not in fields else []
        names_cause = names_cause or (not minus and (field == "cause" or (not field and word in set(Cause))))
        tests.append(_negated_departure(test) if minus else test)
    return DepartureFilter(text, tuple(tests), names_cause, tuple(unknown))


def _terms(text: str, fields: AbstractSet[str]) -> Iterator[tuple[str, str, str, str]]:
    """Minus, field, comparison and case-folded word of each term.

    Raises ValueError for a term without a value, and for one with blanks in it.
    """
    unquoted = re.sub(_QUOTED, '""', text)
    for spaced in re.finditer(_SPACED_SIGN, unquoted):
        if spaced[1].lower() in fields:
            raise _blanks_around_sign(spaced)
    for dangling in re.finditer(_DANGLING, unquoted):
        if dangling[1].lower() in fields:
            raise ValueError(
                _(
                    "{term} is incomplete: write a value to compare {field} with",
                    term=dangling[0].lstrip("-"),
                    field=dangling[1],
                )
            )
    for spaced in re.finditer(_SPACED_UNIT, unquoted):
        if spaced[2].lower() in DURATION_FIELDS and spaced[3].lower() in TYPED_UNITS:
            raise _spaced_unit(spaced[1], spaced[3])
    for minus, field, comparison, raw in re.findall(_TERM, text):
        word = plain(raw.strip('"'))
        is_pattern = comparison == "~" and field.lower() in fields
        yield minus, field.lower(), comparison, word if is_pattern else word.casefold()


def _blanks_around_sign(spaced: re.Match[str]) -> ValueError:
    return ValueError(
        _(
            "write {term} without spaces, not {typed}",
            term="".join(spaced.groups()),
            typed=spaced[0].lstrip("-"),
        )
    )


def _spaced_unit(term: str, unit: str) -> ValueError:
    letters = next(name for name, seconds in UNITS.items() if seconds == TYPED_UNITS[unit.lower()])
    return ValueError(
        _(
            "write the unit right after the number: {term}, not {typed}",
            term=f"{term}{letters}",
            typed=f"{term} {unit}",
        )
    )


def _negated_departure(test: Callable[[Departure], bool]) -> Callable[[Departure], bool]:
    return lambda departure: not test(departure)


def _departure_test(field: str, comparison: str, word: str) -> Callable[[Departure], bool]:
    if field in DEPARTURE_FIELDS:
        word_of, known = DEPARTURE_FIELDS[field]
        if comparison not in {":", "="}:
            raise _has_no_order(field, word)
        meant = frozenset(name for name in known if name == word or (comparison == ":" and word in name))
        if not meant:
            raise _unknown_word(field, known)
        return lambda d: word_of(d) in meant
    test = _field_test(field, comparison, word)
    if test is not None:
        return lambda d: test(d.verdict, d.at)
    anything = f"{field}{comparison}{word}"
    anywhere = _any_column_test(anything)
    return lambda d: (
        any(anything in word_of(d) for word_of, _known in DEPARTURE_FIELDS.values())
        or anywhere(d.verdict, d.at)
    )


def _field_test(field: str, comparison: str, word: str) -> VerdictTest | None:
    """The test for one `field:word`; None where there is no such field."""
    unequal = _unequal_test(field, comparison, word)
    if unequal is not None:
        return unequal
    if field in TEXT_FIELDS:
        return _text_test(field, comparison, word)
    if comparison == "~" and field in FIELDS:
        raise ValueError(_("{field} is not text: the operator ~ needs text", field=field))
    if field in WORD_FIELDS and (field not in DURATION_FIELDS or word in WORD_FIELDS[field][1]):
        return _word_test(field, comparison, word)
    if field in DURATION_FIELDS:
        return _comparison_test(DURATION_FIELDS[field], comparison, _duration_of(field, word))
    if field in NUMBER_FIELDS:
        if not re.fullmatch(r"\d{1,20}", word, re.ASCII):
            raise ValueError(_("{field} is a number: write {field}:4711 or {field}>0", field=field))
        number_of = NUMBER_FIELDS[field]
        return _comparison_test(lambda v, _now: number_of(v), comparison, int(word))
    return None


def _duration_of(field: str, word: str) -> float:
    """The seconds of a term's value. Raises ValueError, which also lists the words that the field allows."""
    try:
        return parse_duration(word)
    except ValueError:
        if field not in WORD_FIELDS:
            raise
        words = ", ".join(WORD_FIELDS[field][1])
        raise ValueError(
            _("{field} is one of {words}, or a duration as in {field}>10m", field=field, words=words)
        ) from None


def _unequal_test(field: str, comparison: str, word: str) -> VerdictTest | None:
    """The test for `limit!=global` and its opposite, and for `!=` with a text or a word; None for anything else."""
    if field == "limit" and word == GLOBAL and comparison in {"=", ":", "!="}:
        return lambda v, _now: v.limit is not None and v.differs_from_global is (comparison == "!=")
    if comparison == "!=" and field in {*TEXT_FIELDS, *WORD_FIELDS}:
        equal = _field_test(field, "=", word)
        return None if equal is None else _negated(equal)
    return None


def _word_test(field: str, comparison: str, word: str) -> VerdictTest:
    word_of, known = WORD_FIELDS[field]
    if word not in known:
        raise _unknown_word(field, known)
    if comparison in {":", "="}:
        return lambda v, _now: word_of(v) == word
    if field != "risk":
        raise _has_no_order(field, word)
    compare, bound = COMPARISONS[comparison], RISK_RANKS[word]
    return lambda v, _now: bool(compare(v.risk.rank, bound))


def _text_test(field: str, comparison: str, word: str) -> VerdictTest:
    text_of = TEXT_FIELDS[field]
    if comparison == ":":
        return lambda v, _now: word in text_of(v).casefold()
    if comparison == "=":
        return lambda v, _now: text_of(v).casefold() == word
    if comparison == "~":
        search = bounded_pattern(word).search
        return lambda v, _now: search(text_of(v)[:MAX_SEARCHED]) is not None
    raise ValueError(_("{field} is text: write {field}:{word} or {field}={word}", field=field, word=word))


def _unknown_word(field: str, known: tuple[str, ...]) -> ValueError:
    return ValueError(_("{field} is one of {words}", field=field, words=", ".join(known)))


def _has_no_order(field: str, word: str) -> ValueError:
    return ValueError(
        _("{field} has no smaller and larger values: write {field}:{word}", field=field, word=word)
    )


def _comparison_test(
    value_of: Callable[[Verdict, float], float | None], comparison: str, bound: float
) -> VerdictTest:
    compare = COMPARISONS[comparison]

    def test(verdict: Verdict, now: float) -> bool:
        value = value_of(verdict, now)
        return value is not None and bool(compare(value, bound))

    return test


def _any_column_test(word: str) -> VerdictTest:
    def test(verdict: Verdict, now: float) -> bool:  # noqa: ARG001 - the shape of every test
        if word in str(verdict.session.id) or word in verdict.risk.value:
            return True
        return any(word in text_of(verdict).casefold() for text_of in TEXT_FIELDS.values())

    return test


def _negated(test: VerdictTest) -> VerdictTest:
    return lambda verdict, now: not test(verdict, now)


GROUPINGS: dict[str, Callable[[Verdict], str]] = {
    "user": lambda v: v.session.user,
    "client": lambda v: v.session.client_host,
    "program": lambda v: v.session.program or "",
    "db": lambda v: v.session.db or "",
    "server": lambda v: v.server_name,
}
"""What sessions can be grouped by; each name is also a field of the filter. `server` is of use for several servers only."""


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """All sessions with the same value of one field."""

    by: str
    key: str
    """The shared value; empty where the sessions have none."""
    sessions: int
    idle: int
    oldest_idle_since: float | None
    """When the session that is idle for longest became idle."""
    soonest_deadline: float | None
    open_transactions: int
    is_overdue: bool = False
    """Whether one of the sessions is overdue: then the one with the soonest deadline is."""
    blocked: int = 0
    """How many of the sessions wait for a lock."""


def group_by(by: str, verdicts: Iterable[Verdict]) -> tuple[SessionGroup, ...]:
    """One group for each value of the field `by`, the group with the soonest deadline first."""
    key_of = GROUPINGS[by]
    members: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        members.setdefault(key_of(verdict), []).append(verdict)
    groups = [_summary(by, key, sessions) for key, sessions in members.items()]
    never = float("inf")
    return tuple(
        sorted(groups, key=lambda g: (never if g.soonest_deadline is None else g.soonest_deadline, g.key))
    )


def _summary(by: str, key: str, verdicts: list[Verdict]) -> SessionGroup:
    return SessionGroup(
        by,
        key,
        sessions=len(verdicts),
        idle=sum(v.session.is_idle for v in verdicts),
        oldest_idle_since=min(
            (
                v.session.idle_since
                for v in verdicts
                if v.session.is_idle and v.session.idle_since is not None
            ),
            default=None,
        ),
        soonest_deadline=min((v.deadline for v in verdicts if v.deadline is not None), default=None),
        open_transactions=sum(v.session.transaction is not None for v in verdicts),
        is_overdue=any(v.risk is Risk.OVERDUE for v in verdicts),
        blocked=sum(v.locks.wait is not None for v in verdicts),
    )


# --- The oldest of the sessions that match

OLDEST_OF: dict[str, Callable[[Verdict], str]] = {
    "": lambda _v: "",
    "host": lambda v: v.session.client_host,
    **GROUPINGS,
}
"""What comes after the slash of `oldest:1/user`: the sessions are grouped by it. Without one all of a server are a group."""

_OLDEST = r"(?a)(\d{1,6})(?:/([a-z]+))?"


@dataclass(frozen=True, slots=True)
class OldestSelection:
    """The oldest sessions of each group, or all the others. A session is as old as its idle time or its statement."""

    number: int
    """How many sessions of each group are the oldest."""
    by: str
    """A key of OLDEST_OF."""
    others: bool = False
    """Whether the others are kept, and not the oldest."""

    def select(self, verdicts: Iterable[Verdict]) -> list[Verdict]:
        """Those that are kept, in their order. A session whose age is not known, or that is exempt, is kept by neither."""
        verdicts = [v for v in verdicts if v.risk is not Risk.EXEMPT and busy_or_idle_since(v) is not None]
        groups: dict[tuple[str, str], list[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault((verdict.server_name, OLDEST_OF[self.by](verdict)), []).append(verdict)
        oldest: set[int] = set()
        for members in groups.values():
            members.sort(key=lambda v: (busy_or_idle_since(v) or 0.0, v.session.id))
            oldest.update(map(id, members[: self.number]))
        return [verdict for verdict in verdicts if (id(verdict) in oldest) is not self.others]


def busy_or_idle_since(verdict: Verdict) -> float | None:
    """Since when a session does what it does: when it became idle, or its statement began; None where that is not known."""
    session = verdict.session
    return session.idle_since if session.idle_since is not None else session.busy_since


def _oldest_selection(comparison: str, word: str, *, is_negated: bool) -> OldestSelection:
    match = re.fullmatch(_OLDEST, word)
    by = (match[2] or "") if match else ""
    if match is None or comparison not in {":", "="} or not int(match[1]) or by not in OLDEST_OF:
        raise ValueError(
            _(
                "oldest needs a number, and may name a field to group by: oldest:1 or oldest:1/user; fields: {words}",
                words=", ".join(sorted(filter(None, OLDEST_OF))),
            )
        )
    return OldestSelection(int(match[1]), by, is_negated)


# --- Regular expressions whose time is bounded

MAX_PATTERN = 200
"""Characters of a regular expression at most."""
MAX_SEARCHED = 500
"""Characters of a text that are searched: a server or client may send any number."""
MAX_WAYS = 2 * MAX_SEARCHED**2
"""Ways to match from one position at most: two repeats without an upper bound, and a small choice."""

_PIECE = (
    r"(?P<atom>\\[^\W\d]|\\\W|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\[\]()|*+?{}])"
    r"|(?P<open>\((?:\?:)?(?!\?))|(?P<close>\))|(?P<or>\|)"
    r"|(?P<repeat>[*+?]|\{(?P<minimum>\d{0,4})(?P<comma>,?)(?P<maximum>\d{0,4})\})\??"
)
"""A piece of the regular expressions that are taken: no look-around, no reference to a group, no flags."""
_ANYTHING = r"^(?:\.\*\??)+|(?<!\\)\.\*\??$"
"""At the beginning and the end: a search finds the same without it, and sooner."""


def bounded_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression that ignores case. Raises ValueError where it cannot be compiled or could take too long.

    Python tries all ways to match one after the other. A repeat inside a repeat, as in `(a+)+`, makes them exponential.
    """
    if len(text) > MAX_PATTERN:
        raise ValueError(_("the regular expression is longer than {number} characters", number=MAX_PATTERN))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", FutureWarning
            )  # of brackets that may mean something else in years
            pattern = re.compile(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(_("{text} is not a regular expression: {why}", text=text, why=error)) from None
    needed = re.sub(_ANYTHING, "", text)
    if _ways(needed) > MAX_WAYS:
        raise ValueError(_("{text} can match in too many ways: use fewer repetitions", text=text))
    return pattern if needed == text else bounded_pattern(needed)


def _ways(text: str) -> int:
    """About how many ways there are to match a text of MAX_SEARCHED characters. Raises ValueError for a piece not taken."""
    ways, at = 1, 0
    was_group_plain, groups = True, [True]
    """Whether the group that just ended, and each that is open, has neither a repeat nor a choice."""
    while at < len(text):
        piece = re.compile(_PIECE).match(text, at)
        if piece is None:
            raise ValueError(
                _("{text} has a lookaround, a backreference or a flag, which are not supported", text=text)
            )
        before, at = text[at - 1 : at], piece.end()
        if piece["open"]:
            groups.append(True)
        elif piece["close"]:
            was_group_plain = groups.pop()
            groups[-1] = groups[-1] and was_group_plain
        elif piece["or"]:
            ways, groups[-1] = 2 * ways, False
        elif piece["repeat"]:
            if before == ")" and not was_group_plain:
                raise ValueError(
                    _(
                        "{text} repeats a group that contains a repetition or an alternative, which can take forever",
                        text=text,
                    )
                )
            ways, groups[-1] = ways * _repeats(piece), False
    return ways


def _repeats(piece: re.Match[str]) -> int:
    """How many numbers of repeats a quantifier allows."""
    if piece["repeat"].startswith("?"):
        return 2
    if piece["repeat"][0] in "*+" or (piece["comma"] and not piece["maximum"]):
        return MAX_SEARCHED
    minimum, maximum = int(piece["minimum"] or 0), int(piece["maximum"] or piece["minimum"] or 0)
    return max(1, maximum - minimum + 1)
