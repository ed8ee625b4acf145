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
    Life,
    Vigil,
    end_the_server,
    in_company,
    keep_vigil,
    misnamed,
    table,
)
from tests.integration.sitting import assert_foretold
from tests.servers.private import Name, RealServer

pytestmark = pytest.mark.quiet


def ended(server: RealServer, *, followed: bool = False, hidden: bool = False) -> list[Life]:
    """Everybody, once all have left."""
    kinds = KINDS[server.flavour] + (HIDDEN if hidden else ())
    with Vigil(server, log=server.log if followed else None) as vigil:
        vigil.prepare()
        keep_vigil(vigil, kinds)
        end_the_server(vigil, RESTART, server.stop)
        end_the_server(vigil, CRASH, server.kill)
    return vigil.lives


def side_by_side(servers: dict[str, RealServer], *, followed: bool = False) -> dict[str, list[Life]]:
    with ThreadPoolExecutor(len(servers)) as pool:
        vigils = {
            title: pool.submit(ended, server, followed=followed, hidden=server.flavour is Flavour.MARIADB)
            for title, server in servers.items()
        }
        return {title: vigil.result() for title, vigil in vigils.items()}


def assert_named_right(lives: list[Life]) -> None:
    """Whoever was surely named, rightly; nearly all the others too, and as many of each cause in each account as there were.

    Two ends that the server counts in one instant, or late because the machine was busy, cannot be told apart by anybody.
    """
    wrong = [life for life in lives if not life.is_right]
    assert [] == misnamed([life for life in wrong if certainty_of(life) is Certainty.CONFIRMED])
    assert len([life for life in wrong if certainty_of(life) is Certainty.LIKELY]) <= len(lives) / 100, (
        misnamed(wrong)
    )
    company = in_company(lives)
    assert len([life for life in wrong if life.id not in company]) <= len(lives) / 50, misnamed(wrong)
    ended_by: dict[tuple[object, ...], Counter[Cause]] = defaultdict(Counter)
    named: dict[tuple[object, ...], Counter[Cause]] = defaultdict(Counter)
    for life in lives:
        assert life.told is not None
        ended_by[life.account, life.missed_at][life.kind.cause] += 1
        named[life.account, life.missed_at][life.told.cause] += 1
    differ = sum((ended_by[where] - named[where]).total() for where in ended_by)
    assert differ <= len(lives) / 50, misnamed(wrong)


def assert_placed(lives: list[Life]) -> None:
    """Whoever was ended at a known instant went at that instant, as far as was claimed."""
    for life in lives:
        if life.acted_at is None or life.kind.foretold or life.kind.cause is Cause.NET_WRITE_TIMEOUT:
            continue
        assert life.told is not None
        error = life.told.within + 0.5
        assert life.acted_at - error <= life.told.at <= life.done_at + error, life


def certainty_of(life: Life) -> Certainty:
    assert life.told is not None
    return life.told.certainty


def idle_closings(lives: list[Life]) -> list[Life]:
    closings = [life for life in lives if life.kind.foretold]
    assert all(life.foretold and life.closed_at is not None for life in closings)
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
    for title, lives in seen.items():
        print(table(title, lives))
        assert 400 == len(lives)
        assert_named_right(lives)
        assert_placed(lives)
        assert_foretold(idle_closings(lives))
        possible = sum(certainty_of(life) is Certainty.POSSIBLE for life in lives)
        assert possible <= len(lives) / 10


MARIADBS: tuple[Name, ...] = ("mariadb105", "mariadb1011", "mariadb118")


@pytest.mark.parametrize("followed", [False, True])
def test_mariadb_confirms_no_wrong_cause(start_server: StartServer, *, followed: bool) -> None:
    seen = side_by_side(
        {name: start_server(name, *ARGUMENTS, *MARIADB_LIMITS, "--log-warnings=4") for name in MARIADBS},
        followed=followed,
    )
    for title, lives in seen.items():
        print(table(title, lives))
        wrong = [life for life in lives if certainty_of(life) is Certainty.CONFIRMED and not life.is_right]
        assert [] == misnamed(wrong)
        assert_foretold(idle_closings(lives))
        closings = [life for life in lives if life.kind.foretold]
        assert 0.9 < sum(life.is_right for life in closings) / len(closings)
        if followed:
            shown = [life for life in lives if life.kind not in HIDDEN]
            # Who says goodbye is in no log, and on a busy machine a line may come a moment after the absence: then counts decide.
            assert 0.75 < sum(life.is_right for life in shown) / len(shown)
