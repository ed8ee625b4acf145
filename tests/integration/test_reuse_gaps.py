"""Counted gaps against the script that made them, and limits against the errors that they really cause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from goneaway_tui.model.server import Flavour
from tests.integration.conftest import StartServer
from tests.integration.gap_load import (
    SLACK,
    GapLoad,
    all_gaps,
    compare,
    measuring,
    plans,
    prove,
)
from tests.servers.private import Name, RealServer

pytestmark = pytest.mark.quiet

SESSIONS, SECONDS, LONGEST = 40, 15.0, 13.0
HARMLESS, SHORT = 30, 10
"""Limits above the longest gap and below some."""
KINDS: tuple[Name, ...] = "mysql97", "mariadb1011"


def assert_counted_right(server: RealServer, limited: RealServer) -> None:
    """The same as `tests.bench.gaps` measures in ten minutes with 300 sessions; under limits meanwhile, on the other server."""
    all_plans = plans(SESSIONS, SECONDS, LONGEST, seed=3)
    with ThreadPoolExecutor(1) as pool:
        proving = pool.submit(prove, limited, (HARMLESS, SHORT), all_plans)
        load = GapLoad(server, all_plans)
        with measuring(server) as counter:
            load.run()
        load.close()
        proved = proving.result()
    counted = counter.counted()
    assert counted is not None
    found = compare(load, counter.measured, longer_than=2.0)

    assert found.real > SESSIONS
    assert (0, 0) == (found.missing, found.extra)
    assert found.outside < SLACK
    if server.flavour is Flavour.MYSQL:
        assert found.loose <= found.real // 20  # more than ten statements between two readings
    gaps = all_gaps(counted.groups)
    for limit in (10, 15, 20, 30):
        assert gaps.certainly_cut(limit) <= sum(gap >= limit for gap in load.gaps) <= gaps.cut(limit), limit

    assert 0 == proved[HARMLESS].errors < proved[SHORT].errors
    assert proved[SHORT].long_gaps == proved[SHORT].errors
    assert gaps.cut(SHORT) == proved[SHORT].errors


def test_gaps_are_counted_once_and_limits_do_what_was_foretold(start_server: StartServer) -> None:
    servers = [[start_server(name, f"--max-connections={4 * SESSIONS}") for _ in range(2)] for name in KINDS]
    with ThreadPoolExecutor(len(servers)) as pool:
        for done in [pool.submit(assert_counted_right, *pair) for pair in servers]:
            done.result()
