"""Sessions counted by what they have in common."""

from __future__ import annotations

import pytest

from goneaway_tui.judge.filters import (
    GROUPINGS,
    NO_DEPARTURE_FILTER,
    NO_FILTER,
    TEXT_FIELDS,
    SessionGroup,
    bounded_pattern,
    group_by,
    parse_departure_filter,
    parse_filter,
)
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Verdict
from tests.builders import NOW, a_session, a_snapshot, a_transaction, a_verdict

CROWD = a_snapshot(
    [
        a_session(user="shop", idle_for=20, own_limit=600, transaction=a_transaction()),
        a_session(user="shop", idle_for=50, own_limit=600),
        a_session(user="shop", command="Query"),
        a_session(user="etl", idle_for=10, own_limit=30, program=None, host="job-1:40112"),
        a_session(user="cron", command="Query", db=None),
        a_session(user="adm", command="Query", db=None),
    ]
).verdicts


def test_a_group_counts_its_sessions() -> None:
    shop = next(group for group in group_by("user", CROWD) if group.key == "shop")

    assert SessionGroup("user", "shop", 3, 2, NOW - 50, NOW - 50 + 600, 1) == shop


def test_a_group_with_a_session_past_its_deadline_is_overdue() -> None:
    late = a_snapshot(
        [a_session(user="shop", idle_for=61, own_limit=60), a_session(user="etl", idle_for=59, own_limit=60)]
    )

    assert {"shop": True, "etl": False} == {g.key: g.is_overdue for g in group_by("user", late.verdicts)}


def test_the_soonest_closing_comes_first_then_the_name() -> None:
    assert ["etl", "shop", "adm", "cron"] == [group.key for group in group_by("user", CROWD)]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("user", {"shop", "etl", "cron", "adm"}),
        ("client", {"web-3", "job-1"}),
        ("program", {"gunicorn", ""}),
        ("db", {"shop", ""}),
    ],
)
def test_sessions_are_grouped_by(by: str, keys: set[str]) -> None:
    groups = group_by(by, CROWD)

    assert keys == {group.key for group in groups}
    assert len(CROWD) == sum(group.sessions for group in groups)
    assert {by} == {group.by for group in groups}


def test_a_group_without_a_deadline_has_none() -> None:
    cron = next(group for group in group_by("user", CROWD) if group.key == "cron")

    assert (None, None, 0) == (cron.soonest_deadline, cron.oldest_idle_since, cron.idle)


def test_no_sessions_make_no_group() -> None:
    assert () == group_by("user", [])


def test_the_name_of_every_grouping_is_a_word_of_the_filter() -> None:
    assert GROUPINGS.keys() <= TEXT_FIELDS.keys()


SHOP = a_verdict(
    a_session(
        user="shop_app",
        host="web-3:51234",
        idle_for=700,
        own_limit=28_800,
        state="",
        statement="SELECT 1 FROM cart",
        transaction=a_transaction(rows_modified=3),
    )
)
CRON = a_verdict(
    a_session(
        id=ProcesslistId(12),
        user="Cron",
        host="10.0.0.7:40112",
        db=None,
        program="cron",
        client=None,
        command="Query",
        state="Sending data",
        statement='INSERT INTO "log" VALUES (1)',
        own_limit=None,
        busy_since=NOW - 10,
    )
)


HOLDER, WAITER, BYSTANDER = a_snapshot(
    [a_session(id=ProcesslistId(number)) for number in (1, 2, 3)],
    lock_waits=(LockWait(ProcesslistId(2), (ProcesslistId(1),), Lock(LockKind.ROW, "shop.cart"), NOW - 12),),
).verdicts


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("blocks>0", [HOLDER]),
        ("blocks=0", [WAITER, BYSTANDER]),
        ("blocked:yes", [WAITER]),
        ("blocked:no", [HOLDER, BYSTANDER]),
        ("waiting>10s", [WAITER]),
        ("waiting>12s", []),
        ("waiting<1m", [WAITER]),
    ],
)
def test_a_filter_keeps_those_that_wait_and_those_that_others_wait_for(
    text: str, stays: list[Verdict]
) -> None:
    narrowed = parse_filter(text)

    assert stays == [each for each in (HOLDER, WAITER, BYSTANDER) if narrowed.matches(each, NOW)]


@pytest.mark.parametrize("text", ["blocks>0", "blocks=0", "blocked:yes", "blocked:no", "waiting>0"])
def test_what_is_not_known_of_locks_fits_no_term_in_either_direction(text: str) -> None:
    assert not parse_filter(text).matches(a_verdict(), NOW)


def admitted(text: str) -> str:
    """Who of the two stays in sight: `s`, `c`, `sc` or nobody."""
    narrowed = parse_filter(text)
    return "".join(name for name, verdict in (("s", SHOP), ("c", CRON)) if narrowed.matches(verdict, NOW))


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("", "sc"),
        ("   ", "sc"),
        ('""', "sc"),
        ("shop", "s"),
        ("SHOP", "s"),
        ("cron", "c"),
        ("4711", "s"),
        ("web-3", "s"),
        ("10.0.0.7:40112", "c"),
        ("web-3:51234", "s"),
        ("busy", "c"),
        ("sending", "c"),
        ("nobody", ""),
        ("-shop", "c"),
        ("-cron", "s"),
        ("-nobody", "sc"),
        ("-", "s"),
        ("--", "c"),
        ("shop cron", ""),
        ("shop web", "s"),
        ('"SELECT 1"', "s"),
        ('"select  1"', ""),
        ('"SELECT 1', "s"),
        ('-"SELECT 1"', "c"),
        ("user:shop", "s"),
        ("USER:Shop", "s"),
        ("user:cron", "c"),
        ("user=shop", ""),
        ("user=shop_app", "s"),
        ("user=CRON", "c"),
        ('user:"shop_app"', "s"),
        ("-user:shop", "c"),
        ("client:web-3", "s"),
        ("client=web-3", "s"),
        ("host=web-3", ""),
        ("program:gunicorn", "s"),
        ("library:libmysql", "s"),
        ("db:shop", "s"),
        ('db=""', "c"),
        ("command:query", "c"),
        ("state:data", "c"),
        ('state:"sending data"', "c"),
        ("statement:insert", "c"),
        ("variable:wait", "sc"),
        ("risk:calm", "s"),
        ("risk:busy", "c"),
        ("-risk:busy", "s"),
        ("risk>busy", "s"),
        ("risk>=busy", "sc"),
        ("risk<calm", "c"),
        ("risk<=calm", "sc"),
        ("risk>=watch", ""),
        ("-risk>=watch", "sc"),
        ("RISK>=CALM", "s"),
        ("basis:own", "s"),
        ("basis=assumed", "c"),
        ("trx:yes", "s"),
        ("trx:no", "c"),
        ("own:no", "sc"),
        ("idle>10m", "s"),
        ("idle>=700", "s"),
        ("idle>700", ""),
        ("idle<1h", "s"),
        ("idle:700", "s"),
        ("idle=700", "s"),
        ("-idle>10m", "c"),
        ("left<8h", "s"),
        ("left<=28100", "s"),
        ("limit:8h", "sc"),
        ("limit<8h", ""),
        ("id:4711", "s"),
        ("id>100", "s"),
        ("id<=12", "c"),
        ("rows>0", "s"),
        ("rows:0", ""),
        ("-rows>0", "c"),
        ("trx>3", "s"),
        ("trx>1m", ""),
        ("-trx>3", "c"),
        ("running>9", "c"),
        ("running>1m", ""),
        ("-running>9", "s"),
        ("user~^shop_", "s"),
        ('statement~"^SELECT .* FROM cart$"', "s"),
        ("statement~^select", "s"),
        ("-statement~^select", "c"),
        ("user~.", "sc"),
        ("nofield~x", ""),
        ("oldest:1 user:shop", "s"),
        ("nofield:x", ""),
        ("nofield>5", ""),
        ("user:shop idle>10m risk:calm db:shop -program:cron", "s"),
        ("a:b", ""),
        (":", "sc"),
        (">", ""),
    ],
)
def test_filter_keeps_the_matching_sessions(text: str, stays: str) -> None:
    assert stays == admitted(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("user>shop", "user is text: write user:shop or user=shop"),
        ("statement<=x", "statement is text: write statement:x or statement=x"),
        ("idle>soon", "not a duration: 'soon'"),
        ('idle>""', "not a duration: ''"),
        ("left<-5", "not a duration: '-5'"),
        ("limit:8hours", "not a duration: '8hours'"),
        ("id:x", "id is a number: write id:4711 or id>0"),
        ("id:-1", "id is a number"),
        ("rows>1.5", "rows is a number: write rows:4711 or rows>0"),
        ("rows:٣", "rows is a number"),
        ("risk>nothing", "risk is one of"),
        ("basis>own", "basis has no smaller and larger values"),
        ("trx:maybe", "trx is one of yes, no, or a duration as in trx>10m"),
        ("idle>10 minutes", "write the unit right after the number: idle>10m, not idle>10 minutes"),
        (
            "user:shop -left<=1.5 Hours cron",
            "write the unit right after the number: left<=1.5h, not left<=1.5 Hours",
        ),
        ("idle>10 分钟", "write the unit right after the number: idle>10m"),
        ("idle > 10m", "write idle>10m without spaces, not idle > 10m"),
        ("db:shop -user =app", "write user=app without spaces, not user =app"),
        ("user:", "user: is incomplete"),
        ("-idle>", "idle> is incomplete"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence.replace(".", r"\.")):
        parse_filter(text)


def test_what_stands_in_quotes_is_text_with_its_blanks() -> None:
    assert not parse_filter('statement:"where id = 5 and idle> 10 minutes"').matches(SHOP, NOW)


@pytest.mark.parametrize("text", ["risk>calm", "risk<calm", "basis>own", "trx<yes", "own>no"])
def test_a_comparison_is_not_quietly_read_as_equality(text: str) -> None:
    """`risk>calm` read as `risk:calm` hides the very sessions it asks for: compare, or refuse with a sentence."""
    try:
        narrowed = parse_filter(text)
    except ValueError:
        return

    assert not narrowed.matches(SHOP, NOW)


@pytest.mark.parametrize("verdict", [SHOP, CRON])
def test_empty_filter_matches_every_session(verdict: Verdict) -> None:
    assert NO_FILTER.matches(verdict, NOW)


@pytest.mark.parametrize(
    ("text", "timed"),
    [("idle>10m", True), ("idle>10m user:shop", True), ("oldest:1", True), ("user:shop", False), ("", False)],
)
def test_a_filter_by_a_duration_or_by_age_changes_with_time(text: str, timed: bool) -> None:  # noqa: FBT001
    assert timed is parse_filter(text).depends_on_time


def test_a_filter_remembers_what_was_typed() -> None:
    assert " user:shop " == parse_filter(" user:shop ").text


def test_a_session_of_unknown_idleness_fits_no_idle_term_in_either_direction() -> None:
    assert "" == admitted("idle>0").replace("s", "")
    assert "" == admitted("idle<=0").replace("s", "")


IDLED = Departure(SHOP, NOW, 0.5, Cause.IDLE_TIMEOUT, Certainty.CONFIRMED)
TORN = Departure(CRON, NOW, 0.5, Cause.CLIENT_LOST, Certainty.LIKELY)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("", "it"),
        ("cause:idle_timeout", "i"),
        ("cause:idle", "i"),
        ("cause=client_lost", "t"),
        ("-cause:idle_timeout", "t"),
        ("CAUSE:Idle_Timeout", "i"),
        ("certainty:likely", "t"),
        ("certainty:likely cause:idle", ""),
        ("cause:idle user:shop", "i"),
        ("cause:idle user:cron", ""),
        ("idle_timeout", "i"),
        ("idle_timeout user:shop", "i"),
        ("idle_timeout user:cron", ""),
        ("-client_lost", "i"),
        ("confirmed", "i"),
        ("idle>10m", "i"),
        ("web-3", "i"),
        ("10.0.0.7:40112", "t"),
    ],
)
def test_departures_are_narrowed_by_their_session_and_their_cause(text: str, who: str) -> None:
    narrowed = parse_departure_filter(text)

    assert who == "".join(sign for sign, each in (("i", IDLED), ("t", TORN)) if narrowed.matches(each))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cause:zzz", "cause is one of idle_timeout, "),
        ("cause=idle", "cause is one of idle_timeout, "),
        ("certainty:sure", "certainty is one of confirmed, likely, possible, ruled_out"),
        ("cause>killed", "cause has no smaller and larger values: write cause:killed"),
        ("cause:", "cause: is incomplete"),
        ("risk:x", "risk is one of"),
    ],
)
def test_unknown_cause_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        parse_departure_filter(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cause:killed", True),
        ("killed", True),
        ("-cause:killed", False),
        ("-killed", False),
        ("user:killed", False),
        ("kill", False),
        ("user:shop cause:killed", True),
        ("cause:killed user:shop", True),
    ],
)
def test_a_cause_is_named_by_its_field_or_by_its_whole_word(text: str, names: bool) -> None:  # noqa: FBT001
    assert names is parse_departure_filter(text).names_cause


def test_empty_departure_filter_matches_every_departure() -> None:
    assert NO_DEPARTURE_FILTER.matches(IDLED)


def test_on_the_board_a_cause_is_a_plain_word() -> None:
    assert not parse_filter("cause:idle_timeout").matches(SHOP, NOW)


# --- The oldest of those that match

AGED = a_snapshot(
    [
        a_session(id=ProcesslistId(1), user="shop", host="web-1:1", idle_for=30),
        a_session(id=ProcesslistId(2), user="shop", host="web-2:1", idle_for=50),
        a_session(id=ProcesslistId(3), user="shop", host="web-2:2", command="Query", busy_since=NOW - 40),
        a_session(id=ProcesslistId(4), user="etl", host="job-1:1", idle_for=10),
        a_session(id=ProcesslistId(5), user="etl", host="job-1:2", idle_for=20, db="dw"),
        a_session(id=ProcesslistId(6), user="etl", host="job-1:3", command="Query", busy_since=None),
        a_session(
            id=ProcesslistId(7), user="repl", command="Binlog Dump", role=Role.DUMP, busy_since=NOW - 900
        ),
    ]
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("oldest:1", [2]),
        ("oldest:2", [2, 3]),
        ("-oldest:2", [1, 4, 5]),
        ("oldest:1/user", [2, 5]),
        ("-oldest:1/user", [1, 3, 4]),
        ("oldest:1/host", [1, 2, 5]),
        ("oldest:1/client", [1, 2, 5]),
        ("oldest:1/db", [2, 5]),
        ("oldest=1/program", [2]),
        ("oldest:1/user idle<45", [1, 5]),
        ("idle<45 OLDEST:1/user", [1, 5]),
        ("oldest:2/user -oldest:1/user", [3, 4]),
        ("oldest:100", [1, 2, 3, 4, 5]),
        ("-oldest:100", []),
        ("oldest:1 user:nobody", []),
    ],
)
def test_the_oldest_are_those_of_the_sessions_that_match(text: str, ids: list[int]) -> None:
    selected = parse_filter(text).select(AGED.verdicts, NOW)

    assert ids == [verdict.session.id for verdict in selected]


def test_of_equally_old_sessions_the_lower_id_is_older() -> None:
    twins = a_snapshot([a_session(id=ProcesslistId(number), idle_for=5) for number in (9, 3, 7)])

    assert [3] == [v.session.id for v in parse_filter("oldest:1").select(twins.verdicts, NOW)]


@pytest.mark.parametrize(
    "text",
    ["oldest:0", "oldest:x", "oldest>1", "oldest:1/", "oldest:1/nothing", "oldest~1", "oldest:1234567"],
)
def test_oldest_says_what_it_takes(text: str) -> None:
    with pytest.raises(
        ValueError, match="oldest:1 or oldest:1/user; fields: client, db, host, program, server, user"
    ):
        parse_filter(text)


def test_unfinished_oldest_is_reported() -> None:
    with pytest.raises(ValueError, match="oldest: is incomplete"):
        parse_filter("user:shop oldest:")


# --- Regular expressions


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "is not a regular expression"),
        ("a**", "is not a regular expression"),
        ("x" * 201, "longer than 200 characters"),
        ("(a+)+", "repeats a group"),
        ("(a*)*b", "repeats a group"),
        ("(?:a|ab)*c", "repeats a group"),
        ("((ab)c?)+", "repeats a group"),
        ("(a{1,2}){1,9}", "repeats a group"),
        ("(?=a)b", "lookaround"),
        ("(?<!a)b", "lookaround"),
        ("(a)\\1", "lookaround"),
        ("(?P<n>a)(?P=n)", "lookaround"),
        ("(?i)a", "lookaround"),
        ("x*x*x*y", "too many ways"),
        ("a?" * 30 + "a" * 30, "too many ways"),
        ("(?:a|b)" * 25, "too many ways"),
        (".{1,9999}.{1,9999}.{1,9999}x", "too many ways"),
    ],
)
def test_a_regular_expression_without_a_bound_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_filter(f"user~{text}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("^app_\\d+$", "app_12"),
        (".*from .* where.*", "select 1 from cart where id = 1"),
        ("^(select|insert|update|delete) ", "DELETE FROM cart"),
        ("(?:ab)+c", "ababc"),
        ("[]()*+?{}|\\\\-]{2}", "x)*y"),
        ("a\\.*", "a..."),
        ("\\bcart\\b", "from cart c"),
        (".*", ""),
        ("a+?b", "aab"),
    ],
)
def test_a_bounded_regular_expression_finds(text: str, found: str) -> None:
    assert bounded_pattern(text).search(found)


def test_only_the_beginning_of_a_long_text_is_searched() -> None:
    long = a_verdict(a_session(statement="x" * 500 + "y"))

    assert not parse_filter("statement~y").matches(long, NOW)
    assert parse_filter("statement:y").matches(long, NOW)


def test_fields_without_text_take_no_pattern() -> None:
    for field in ("risk", "idle", "id", "trx", "own"):
        with pytest.raises(ValueError, match=f"{field} is not text"):
            parse_filter(f"{field}~x")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("usr:shop", "there is no field usr: the term is searched as text; did you mean user?"),
        ("localhost:3306", "there is no field localhost: the term is searched as text"),
        ("10.0.0.1:3306", ""),
        ("user:shop 'x: 10 m", ""),
    ],
)
def test_an_unknown_field_is_reported_and_searched_as_text(text: str, warning: str) -> None:
    assert warning == parse_filter(text).warning == parse_departure_filter(text).warning


def test_a_cause_is_a_field_of_departures_only() -> None:
    assert parse_filter("cause:killed").warning
    assert not parse_departure_filter("cause:killed certainty:likely").warning


def test_a_number_and_a_unit_that_are_words_of_their_own_are_searched() -> None:
    assert 2 == len(parse_filter("10 minutes").tests)
    assert 2 == len(parse_filter('idle>10 "minutes"').tests)
    assert 2 == len(parse_filter("id:10 minutes").tests)


def test_a_filter_names_what_it_negates_and_what_it_does_not_know() -> None:
    parsed = parse_filter("-program:cron -word usr:shop trx:no -oldest:1 user:x")

    assert {"program", "", "trx"} == parsed.negated
    assert ("usr",) == parsed.unknown


@pytest.mark.parametrize(
    ("text", "found"),
    [("limit!=global", [1]), ("limit=global", [2, 3]), ("-limit!=global", [2, 3, 4]), ("user!=shop", [4])],
)
def test_sessions_with_another_limit_than_the_global_one_are_found(text: str, found: list[int]) -> None:
    sessions = [
        a_session(id=ProcesslistId(1), own_limit=60),
        a_session(id=ProcesslistId(2), own_limit=28_800),
        a_session(id=ProcesslistId(3), own_limit=900),  # of an interactive client
        a_session(id=ProcesslistId(4), user="root", own=True),
    ]
    snapshot = a_snapshot(sessions, variables={"interactive_timeout": 900})
    chosen = parse_filter(text)

    assert found == [v.session.id for v in snapshot.verdicts if chosen.matches(v, NOW)]


def test_many_small_repeats_are_refused_as_a_few_large_ones() -> None:
    """Eight of up to five took 5.5 s of CPU on one text of 500 characters."""
    with pytest.raises(ValueError, match="too many ways"):
        parse_filter("user~" + "a{,5}" * 8 + "b")
