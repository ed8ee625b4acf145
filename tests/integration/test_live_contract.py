"""A live source keeps the contract every source keeps."""

from __future__ import annotations

import time
from itertools import pairwise

from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.contract.checks import check_closing, check_pair, check_sample
from tests.servers.private import RealServer


def a_source(server: RealServer) -> LiveSource:
    return LiveSource(Address("127.0.0.1", server.port, "root"), time.time)


def test_a_live_source_keeps_the_contract_while_sessions_come_work_and_go(any_version: RealServer) -> None:
    source = a_source(any_version)
    samples = [source.sample()]
    with any_version.connect() as one, one.cursor() as cursor:
        samples.append(source.sample())
        cursor.execute("SELECT SLEEP(0.2)")
        samples.append(source.sample())
    samples.append(source.sample())

    for sample in samples:
        check_sample(sample)
    for earlier, later in pairwise(samples):
        check_pair(earlier, later)
    check_closing(source)


def test_a_quiet_session_is_the_same_object_from_reading_to_reading(any_version: RealServer) -> None:
    """Its idle clock does not jitter: what has not moved is told in the same words."""
    source = a_source(any_version)
    with any_version.connect() as quiet:
        first = {s.id: s for s in source.sample().sessions}
        later = {s.id: s for s in source.sample().sessions}
        began, still = (sample[ProcesslistId(quiet.thread_id())].idle_since for sample in (first, later))  # type: ignore[no-untyped-call]
    source.close()

    assert began is not None
    assert still is not None
    assert abs(began - still) < 0.05
