"""Who we killed is known by us alone: the server counts it, and forgets who ran it."""

from __future__ import annotations

from dataclasses import replace

from goneaway_tui.judge import track
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import EndEvidence, ErrorCount, KillStatement, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.monitor.poller import OwnKills
from tests.builders import NOW, a_sample, a_server, a_session

STAYS, DIES, LOST = a_session(id=3), a_session(id=4), a_session(id=5)
VICTIM = ProcesslistId(4)


def after(*sessions: object, kill_statements: int = 1, torn: int = 0) -> Sample:
    errors = (ErrorCount(DIES.user, DIES.client_host, 1158, torn),) if torn else ()
    clues = EndEvidence(
        errors=errors,
        counted_codes=frozenset({0, 4031, 1158}),
        aborted_clients=torn,
        kill_statements=kill_statements,
        offline=False,
    )
    return a_sample(sessions, taken_at=NOW + 1, end_evidence=clues)  # type: ignore[arg-type]  # sessions


def causes(ours: OwnKills, sample: Sample) -> dict[int, tuple[Cause, Certainty]]:
    before = track(a_sample([STAYS, DIES, LOST]), None).snapshot
    departed = track(ours.added_to(sample), before).departed
    return {each.verdict.session.id: (each.cause, each.certainty) for each in departed}


def test_own_kill_is_confirmed_for_its_session_and_suspected_for_no_other() -> None:
    ours = OwnKills()
    ours.begin(VICTIM)

    assert causes(ours, after(STAYS, torn=2)) == {
        4: (Cause.KILLED, Certainty.CONFIRMED),
        5: (Cause.CLIENT_LOST, Certainty.CONFIRMED),
    }


def test_killed_session_that_rolls_back_ends_later_and_is_still_our_kill() -> None:
    ours = OwnKills()
    ours.begin(VICTIM)
    listed = ours.added_to(after(STAYS, DIES, LOST))

    assert (0, ()) == (listed.end_evidence.kill_statements, listed.end_evidence.kills)
    assert causes(ours, after(STAYS, LOST, kill_statements=0, torn=1))[4] == (
        Cause.KILLED,
        Certainty.CONFIRMED,
    )


def test_withdrawn_kill_explains_no_ended_session() -> None:
    ours = OwnKills()
    ours.begin(VICTIM)
    ours.withdraw(VICTIM)

    assert after(STAYS) == ours.added_to(after(STAYS))


def test_after_a_restart_the_number_is_anothers() -> None:
    ours = OwnKills()
    ours.added_to(a_sample([STAYS, DIES]))
    ours.begin(VICTIM)
    young = replace(after(STAYS, kill_statements=0), server=a_server(uptime=1.0))

    assert () == ours.added_to(young).end_evidence.kills


def test_own_kill_still_in_the_statement_history_hides_no_other_kill() -> None:
    """Its own word on ours is enough: the next that it only counts is of another user."""
    ours = OwnKills()
    ours.begin(VICTIM)
    remembered = after(STAYS, LOST, kill_statements=0)
    clues = replace(remembered.end_evidence, kills=(KillStatement(VICTIM, "dba@bastion, session 9"),))
    ours.added_to(replace(remembered, end_evidence=clues))

    assert 1 == ours.added_to(after(STAYS)).end_evidence.kill_statements


def test_own_kill_is_not_attributed_to_another_user_when_it_is_counted_again() -> None:
    """What is counted once is told in two samples."""
    ours = OwnKills()
    ours.begin(VICTIM)

    assert [0, 0, 1] == [ours.added_to(after(STAYS)).end_evidence.kill_statements for _ in range(3)]


def test_where_kills_are_not_counted_ours_make_no_number_of_it() -> None:
    ours = OwnKills()
    ours.begin(VICTIM)
    sample = after(STAYS)
    unknown = replace(sample, end_evidence=replace(sample.end_evidence, kill_statements=None))

    assert ours.added_to(unknown).end_evidence.kill_statements is None


def test_own_kill_in_the_statement_history_hides_no_other_kill() -> None:
    """The connection of a run stays open: the server remembers its last KILLs, and counts only the others as unknown."""
    ours = OwnKills()
    for victim in (4, 5):
        ours.begin(ProcesslistId(victim))
    remembered = replace(
        after(STAYS, kill_statements=1).end_evidence,
        kills=(KillStatement(ProcesslistId(4), "root@localhost, session 90"),),
    )
    told = ours.added_to(replace(after(STAYS), end_evidence=remembered)).end_evidence

    assert 0 == told.kill_statements
    assert [(4, "this tool"), (5, "this tool")] == [(kill.session_id, kill.by) for kill in told.kills]
    assert [0, 1] == [
        ours.added_to(after(STAYS, kill_statements=1)).end_evidence.kill_statements for _ in range(2)
    ]
