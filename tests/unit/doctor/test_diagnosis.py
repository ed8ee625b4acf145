"""The diagnosis: how arguments become a finding, and how findings are ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from goneaway_tui.doctor import diagnosis
from goneaway_tui.doctor.case import NO_SERVER, Case, ServerFacts
from goneaway_tui.doctor.diagnosis import CAUSE_RULES, CauseRules, diagnose, explain_log, general_advice
from goneaway_tui.doctor.rules import Argument, proof, refutation
from goneaway_tui.logs.blocks import WHOLE_LOG_BYTES
from goneaway_tui.logs.error_events import SYSTEM_LOG, ErrorEvent, FailureKind
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.server import Flavour
from tests.unit.doctor.test_rules import AT, GONE, LOSS, UP_LONG

CONFIRMED, LIKELY, POSSIBLE, RULED_OUT = Certainty
FOR, AGAINST = Argument(1, "for"), Argument(-1, "against")


def rule_of(*arguments: Argument, limit_remedies: bool = False) -> CauseRules:
    """A cause that these arguments speak of."""

    def rule(_case: Case) -> Iterator[Argument]:
        yield from arguments

    def remedies(_case: Case) -> Iterator[str]:
        yield "mend it"

    def raised(_case: Case) -> Iterator[str]:
        yield "raise it"

    return CauseRules(Cause.KILLED, rule, remedies, "https://example.org", raised if limit_remedies else None)


def weighed(
    monkeypatch: pytest.MonkeyPatch, *arguments: Argument, event: ErrorEvent = LOSS, limit: bool = False
) -> Finding:
    """The finding of a doctor who knows but one cause."""
    monkeypatch.setattr(
        diagnosis, "CAUSE_RULES", (rule_of(*arguments, limit_remedies=limit), CAUSE_RULES[-1])
    )
    return next(finding for finding in diagnose(Case(event)) if finding.cause is Cause.KILLED)


@pytest.mark.parametrize(
    ("arguments", "certainty"),
    [
        ([Argument(4, "x")], LIKELY),
        ([Argument(3, "x")], POSSIBLE),
        ([Argument(5, "x"), Argument(-1, "y")], LIKELY),
        ([Argument(5, "x"), Argument(-2, "y")], POSSIBLE),
        ([Argument(-9, "x")], POSSIBLE),
        ([proof("x"), refutation("y")], CONFIRMED),
        ([Argument(9, "x"), refutation("y")], RULED_OUT),
        ([Argument(-9, "x"), proof("y")], CONFIRMED),
    ],
)
def test_a_sum_of_four_is_likely_a_refutation_rules_out_and_a_proof_outweighs_all(
    monkeypatch: pytest.MonkeyPatch, arguments: list[Argument], certainty: Certainty
) -> None:
    assert certainty is weighed(monkeypatch, *arguments).certainty


def test_the_heaviest_argument_is_named_first_and_those_of_no_weight_are_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = weighed(
        monkeypatch, Argument(0, "none"), FOR, Argument(3, "three"), AGAINST, Argument(1, "also for")
    )

    assert ("three", "for", "also for", "none") == found.because
    assert ("against",) == found.against


def test_what_rules_a_cause_out_is_its_only_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    found = weighed(monkeypatch, FOR, AGAINST, refutation("never"))

    assert (("never",), (), (), "") == (found.because, found.against, found.remedies, found.prove)


def test_what_a_proof_outweighs_is_told_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = weighed(monkeypatch, proof("sure"), FOR, AGAINST, refutation("never"))

    assert (("sure", "for"), ("against", "never")) == (found.because, found.against)
    assert ("mend it",) == found.remedies
    assert "" == found.prove, "a confirmed cause needs no proof"


def test_a_cause_that_is_not_settled_says_how_to_verify_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Com_kill" in weighed(monkeypatch, FOR).prove


@pytest.mark.parametrize(
    ("argument", "remedies"),
    [
        (Argument(9, "x"), ("mend it",)),
        (Argument(1, "x", limit_reached=True), ("mend it", "raise it")),
        (proof("x"), ("mend it", "raise it")),
    ],
)
def test_a_limit_is_raised_where_it_was_reached_or_the_cause_is_confirmed(
    monkeypatch: pytest.MonkeyPatch, argument: Argument, remedies: tuple[str, ...]
) -> None:
    assert remedies == weighed(monkeypatch, argument, limit=True).remedies
    assert ("mend it",) == weighed(monkeypatch, argument).remedies


def test_a_cause_without_an_argument_is_not_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "CAUSE_RULES", (rule_of(), CAUSE_RULES[-1]))

    assert [Cause.UNKNOWN] == [finding.cause for finding in diagnose(Case(LOSS))]


def test_where_every_cause_is_ruled_out_the_unknown_one_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "CAUSE_RULES", (rule_of(refutation("never")), CAUSE_RULES[-1]))
    first, second = diagnose(Case(LOSS))

    assert (Cause.UNKNOWN, POSSIBLE, ("The log does not show why.",)) == (
        first.cause,
        first.certainty,
        first.because,
    )
    assert RULED_OUT is second.certainty


def test_the_surest_is_first_then_the_heaviest_then_the_more_frequent() -> None:
    """In a loss nothing is known of, three causes weigh 3."""
    assert [Cause.IDLE_TIMEOUT, Cause.SERVER_RESTART, Cause.KILLED] == [
        finding.cause for finding in diagnose(Case(LOSS))[:3]
    ]


def test_a_quotation_confirms_nothing_and_still_rules_out() -> None:
    quoted = replace(
        LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=CONFIRMED, is_mention=True
    )
    first, *others = diagnose(Case(quoted))

    assert (POSSIBLE, ("The line may only quote the error message.",)) == (first.certainty, first.against)
    assert first.because[0].startswith("The error points to this cause: all connections were in use")
    assert {RULED_OUT} == {finding.certainty for finding in others}
    assert not any("quote" in words for finding in others for words in finding.against)


def test_an_error_that_names_its_cause_rules_out_only_what_people_blame_first() -> None:
    named = replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=CONFIRMED)

    assert {Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE, Cause.SERVER_RESTART, Cause.KILLED} == {
        finding.cause for finding in diagnose(Case(named)) if finding.certainty is RULED_OUT
    }


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS), "The error itself reports this cause: all connections were in use (ER_CON_COUNT_ERROR)."),
        (replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, from_server_log=True), "The server's log reports this cause: all connections were in use (ER_CON_COUNT_ERROR)."),
        (replace(LOSS, code=1040, stated_cause=Cause.HOST_BLOCKED), "The error itself reports this cause."),
        (replace(LOSS, code=2013, stated_cause=Cause.HOST_BLOCKED), "The error itself reports this cause."),
        (replace(LOSS, code=None, stated_cause=Cause.SERVER_CRASH, from_server_log=True), "The server's log reports this cause."),
        (replace(LOSS, code=None, stated_cause=Cause.SERVER_CRASH, client=SYSTEM_LOG, from_server_log=True), "The log of the server's machine or container reports this cause."),
    ],
)  # fmt: skip
def test_what_names_the_cause_is_said(event: ErrorEvent, words: str) -> None:
    first = diagnose(Case(replace(event, certainty=CONFIRMED)))[0]

    assert (event.stated_cause, CONFIRMED) == (first.cause, first.certainty)
    assert words == first.because[0]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            replace(LOSS, code=1159, stated_cause=Cause.IDLE_TIMEOUT, from_server_log=True),
            "nearly always wait_timeout",
        ),
        (replace(LOSS, stated_cause=Cause.IDLE_TIMEOUT), "a packet that it had not requested"),
        (
            replace(LOSS, code=1317, stated_cause=Cause.KILLED),
            "The error points to this cause: the statement was interrupted",
        ),
        (replace(LOSS, stated_cause=Cause.CLIENT_LOST), "The error points to this cause."),
        (replace(LOSS, stated_cause=Cause.SERVER_RESTART, from_server_log=True), "The server's log points to this cause."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_mention", [False, True])
def test_what_only_points_to_a_cause_makes_it_likely_and_says_no_more(
    event: ErrorEvent, words: str, *, is_mention: bool
) -> None:
    first = diagnose(Case(replace(event, certainty=LIKELY, is_mention=is_mention)))[0]

    assert (event.stated_cause, POSSIBLE if is_mention else LIKELY) == (first.cause, first.certainty)
    assert any(words in reason for reason in first.because)
    assert not any("reports this cause" in reason for reason in first.because)


def test_the_other_cause_is_named_with_the_error_that_named_it() -> None:
    full = replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=CONFIRMED)
    by_number, by_words = (diagnose(Case(event))[-1].because[0] for event in (full, replace(full, code=9999)))

    assert by_number.startswith("Error 1040 names another cause")
    assert by_words.startswith("The message names another cause")


def test_general_advice_is_possible_and_says_how_to_verify_it() -> None:
    advice = general_advice(Cause.HOST_BLOCKED, ServerFacts(flavour=Flavour.MARIADB))

    assert (Cause.HOST_BLOCKED, POSSIBLE) == (advice.cause, advice.certainty)
    assert "FLUSH HOSTS" in advice.remedies[0]
    assert (advice.docs or "").endswith("host-cache.html")
    assert "max_connect_errors" in advice.prove


def test_a_server_that_was_not_asked_corroborates_nothing() -> None:
    """Asked and empty is not the same as not asked, and neither argues."""
    assert diagnose(Case(GONE, NO_SERVER)) == diagnose(Case(GONE, ServerFacts(name="db1:3306")))


def test_a_verification_has_a_capital_for_one_family_and_a_name_for_both() -> None:
    verification = diagnosis.VERIFICATIONS[Cause.NET_READ_TIMEOUT]

    assert "MySQL: the server counts error 1159" in verification.words(None)
    assert "The server counts error 1159" in verification.words(Flavour.MYSQL)
    assert "It counts" not in verification.words(Flavour.MARIADB)
    assert verification.words(Flavour.MARIADB).startswith("SHOW PROCESSLIST")


# --- A log, explained


ERROR = b"2026-11-23T12:00:00Z pymysql.err.OperationalError: (2006, 'MySQL server has gone away')\n"


def test_what_was_pasted_above_an_error_is_what_its_server_says() -> None:
    (known,) = explain_log("app.log", [b"| wait_timeout | 90 |\n", ERROR])
    (unknown,) = explain_log("app.log", [ERROR])

    assert any("90 s - 10 % = 81 s" in remedy for remedy in known.findings[0].remedies)
    assert any("28800 s - 10 %" in remedy for remedy in unknown.findings[0].remedies)


def test_counters_alone_may_be_pasted_too() -> None:
    (told,) = explain_log(
        "app.log", [b"| Aborted_clients | 0 |\n", ERROR], replace(UP_LONG, started_at=AT - 100)
    )

    assert any(
        "Aborted_clients is still 0" in words for finding in told.findings for words in finding.against
    )


def test_what_a_server_says_goes_before_what_was_pasted() -> None:
    (told,) = explain_log(
        "app.log", [b"| wait_timeout | 90 |\n", ERROR], ServerFacts(limits={"wait_timeout": 600})
    )

    assert any("600 s - 10 %" in remedy for remedy in told.findings[0].remedies)


@pytest.mark.parametrize(("before", "is_read"), [(WHOLE_LOG_BYTES - 30, True), (WHOLE_LOG_BYTES, False)])
def test_facts_are_looked_for_in_the_first_bytes_of_a_log_whose_whole_is_searched_for_errors(
    before: int,
    is_read: bool,  # noqa: FBT001
) -> None:
    ordinary = b"x" * 99 + b"\n"
    log = (ordinary * (before // 100 + 1))[-before:] + b"\n| wait_timeout | 90 |\n" + ERROR
    (told,) = explain_log("app.log", [log[:1000], log[1000:]])

    assert is_read == any("90 s - 10 %" in remedy for remedy in told.findings[0].remedies)


def test_an_explanation_names_the_process_and_how_a_long_line_begins() -> None:
    event = replace(LOSS, program="web-3 app[7]", text="gone away", head="Backend said")
    told = diagnosis.Explanation("app.log", event, ())

    assert "app[7]: Backend said gone away" == told.text
    assert "gone away" == replace(told, event=replace(LOSS, program="web-3", text="gone away")).text


def test_errors_are_of_one_kind_by_number_client_causes_and_certainties() -> None:
    one = diagnosis.Explanation("app.log", LOSS, diagnose(Case(LOSS)))

    assert one.kind == replace(one, event=replace(LOSS, line=9, text="other")).kind
    assert one.kind != replace(one, event=GONE).kind
    assert one.kind != replace(one, findings=one.findings[:1]).kind


def test_a_time_is_none_where_the_log_has_none() -> None:
    event = replace(LOSS, timestamp=None, failures=frozenset({FailureKind.EOF}))
    told = diagnosis.Explanation("app.log", event, ())

    assert (None, False) == (told.time, told.year_guessed)
    assert "2026-11-23T12:00:00Z" == replace(told, event=LOSS).time
