"""Who left, and why, is held against what really ended them."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.server import Flavour
from tests.integration.conftest import StartServer
from tests.integration.endings import (
    ARGUMENTS,
    CRASH,
    HIDDEN,
    KINDS,
    MARIADB_LIMITS,
    RESTART,
    EndingSession,
    EndingWatch,
    end_the_server,
    in_company,
    misnamed,
    run_endings,
    table,
)
from tests.integration.session_watch import assert_deadlines_predicted
from tests.servers.private import Name, RealServer

pytestmark = pytest.mark.quiet


def ended(server: RealServer, *, followed: bool = False, hidden: bool = False) -> list[EndingSession]:
    """Everybody, once all have left."""
    kinds = KINDS[server.flavour] + (HIDDEN if hidden else ())
    with EndingWatch(server, log=server.log if followed else None) as ending_watch:
        ending_watch.prepare()
        run_endings(ending_watch, kinds)
        end_the_server(ending_watch, RESTART, server.stop)
        end_the_server(ending_watch, CRASH, server.kill)
    return ending_watch.ending_sessions


def side_by_side(servers: dict[str, RealServer], *, followed: bool = False) -> dict[str, list[EndingSession]]:
    with ThreadPoolExecutor(len(servers)) as pool:
        vigils = {
            title: pool.submit(ended, server, followed=followed, hidden=server.flavour is Flavour.MARIADB)
            for title, server in servers.items()
        }
        return {title: ending_watch.result() for title, ending_watch in vigils.items()}


def assert_named_right(ending_sessions: list[EndingSession]) -> None:
    """Whoever was surely named, rightly; nearly all the others too, and as many of each cause in each account as there were.

    Two ends that the server counts in one instant, or late because the machine was busy, cannot be told apart by anybody.
    """
    wrong = [ending_session for ending_session in ending_sessions if not ending_session.is_right]
    assert [] == misnamed(
        [ending_session for ending_session in wrong if certainty_of(ending_session) is Certainty.CONFIRMED]
    )
    assert (
        len([ending_session for ending_session in wrong if certainty_of(ending_session) is Certainty.LIKELY])
        <= len(ending_sessions) / 100
    ), misnamed(wrong)
    company = in_company(ending_sessions)
    assert (
        len([ending_session for ending_session in wrong if ending_session.id not in company])
        <= len(ending_sessions) / 50
    ), misnamed(wrong)
    ended_by: dict[tuple[object, ...], Counter[Cause]] = defaultdict(Counter)
    named: dict[tuple[object, ...], Counter[Cause]] = defaultdict(Counter)
    for ending_session in ending_sessions:
        assert ending_session.told is not None
        ended_by[ending_session.account, ending_session.missed_at][ending_session.kind.cause] += 1
        named[ending_session.account, ending_session.missed_at][ending_session.told.cause] += 1
    differ = sum((ended_by[where] - named[where]).total() for where in ended_by)
    assert differ <= len(ending_sessions) / 50, misnamed(wrong)


def assert_placed(ending_sessions: list[EndingSession]) -> None:
    """Whoever was ended at a known instant went at that instant, as far as was claimed."""
    for ending_session in ending_sessions:
        if (
            ending_session.acted_at is None
            or ending_session.kind.predicted
            or ending_session.kind.cause is Cause.NET_WRITE_TIMEOUT
        ):
            continue
        assert ending_session.told is not None
        error = ending_session.told.within + 0.5
        assert ending_session.acted_at - error <= ending_session.told.at <= ending_session.done_at + error, (
            ending_session
        )


def certainty_of(ending_session: EndingSession) -> Certainty:
    assert ending_session.told is not None
    return ending_session.told.certainty


def idle_closings(ending_sessions: list[EndingSession]) -> list[EndingSession]:
    closings = [ending_session for ending_session in ending_sessions if ending_session.kind.predicted]
    assert all(
        ending_session.predicted and ending_session.closed_at is not None for ending_session in closings
    )
    return closings


def test_mysql_names_every_departure(start_server: StartServer) -> None:
    seen = side_by_side(
        {
            f"MySQL 9.7, log_error_verbosity={verbosity}": start_server(
                "mysql97", *ARGUMENTS, f"--log-error-verbosity={verbosity}"
            )
            for verbosity in (2, 3)
        }
    )
    for title, ending_sessions in seen.items():
        print(table(title, ending_sessions))
        assert 200 == len(ending_sessions)
        assert_named_right(ending_sessions)
        assert_placed(ending_sessions)
        assert_deadlines_predicted(idle_closings(ending_sessions))
        possible = sum(
            certainty_of(ending_session) is Certainty.POSSIBLE for ending_session in ending_sessions
        )
        assert possible <= len(ending_sessions) / 10


MARIADBS: tuple[Name, ...] = ("mariadb105", "mariadb1011", "mariadb118")


@pytest.mark.parametrize("followed", [False, True])
def test_mariadb_confirms_no_wrong_cause(start_server: StartServer, *, followed: bool) -> None:
    seen = side_by_side(
        {name: start_server(name, *ARGUMENTS, *MARIADB_LIMITS, "--log-warnings=4") for name in MARIADBS},
        followed=followed,
    )
    for title, ending_sessions in seen.items():
        print(table(title, ending_sessions))
        wrong = [
            ending_session
            for ending_session in ending_sessions
            if certainty_of(ending_session) is Certainty.CONFIRMED and not ending_session.is_right
        ]
        assert [] == misnamed(wrong)
        assert_deadlines_predicted(idle_closings(ending_sessions))
        closings = [ending_session for ending_session in ending_sessions if ending_session.kind.predicted]
        assert 0.9 < sum(ending_session.is_right for ending_session in closings) / len(closings)
        if followed:
            shown = [
                ending_session for ending_session in ending_sessions if ending_session.kind not in HIDDEN
            ]
            # Who says goodbye is in no log, and on a busy machine a line may come a moment after the absence: then counts decide.
            assert 0.75 < sum(ending_session.is_right for ending_session in shown) / len(shown)
