"""Whatever a server answers, it is read, or it is that server's error in one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId
from tests.property.answers import (
    CASES,
    LOOKS,
    Follower,
    Wire,
    WireExecutor,
    WireSource,
    answers,
    goes_on,
    run,
)
from tests.unit.source.standins import (
    OWN_ID,
    MariadbSession,
    MariadbStandin,
    MysqlSession,
    MysqlStandin,
    Standin,
)


@pytest.mark.parametrize(("case", "most"), [("rows", 20), ("packets", 10)])
def test_bent_answers_are_read_or_one_line(case: str, most: int) -> None:
    tried, harm = run(case, seconds=5, most=most)

    assert [] == harm
    assert tried > 0
    assert case in CASES


@pytest.mark.parametrize("number", [4, 210])
@pytest.mark.parametrize("flavour", list(Flavour))
def test_honest_answers_are_all_read(flavour: Flavour, number: int, tmp_path: Path) -> None:
    """Else bending them would show nothing."""
    chance = random.Random(0)
    ids = range(11, 11 + number)
    server: Standin = MysqlStandin(MysqlSession(OWN_ID), *map(MysqlSession, ids))
    if flavour is Flavour.MARIADB:
        server = MariadbStandin(MariadbSession(OWN_ID, 0.0), *(MariadbSession(each, 0.0) for each in ids))
    answers(server, chance, 0)
    wire = Wire(server, lambda _file, rows: rows)
    source, follower = WireSource(server, wire), Follower(tmp_path)
    for _ in range(LOOKS):
        follower.look(source)
        goes_on(server, chance)
    follower.finish()
    executor = WireExecutor(server, wire, None)

    assert "unexpected" not in repr(source.sample().limitations)
    assert source.history().hosts
    assert source.topology().members
    assert () == source.topology().limitations
    assert executor.privileges().can_set
    assert 900 == executor.variable_state("max_connections").headroom.connections_by_descriptors
    assert [28_800, 28_800] == [each.value for each in executor.probe("wait_timeout")]
    with executor.conversation() as conversation:
        assert conversation.find(ProcesslistId(ids[-1])) is not None
        assert conversation.kill(ProcesslistId(12)).warnings
