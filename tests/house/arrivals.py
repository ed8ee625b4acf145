"""Whether what was added in one file is where it should be: `python -m tests.house.arrivals NAME...`, on the changed package.

Prints the names of those that arrived; the exit status is how many did not.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from textual.widgets import OptionList

from goneaway_tui.doctor.remedies import pool_settings
from goneaway_tui.export import save
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import recognise_client
from goneaway_tui.logs.server_log import ServerLog
from goneaway_tui.logs.timestamps import parse_timestamp
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import EndEvidence, LogEntry
from goneaway_tui.model.server import Variable
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.tuning import VariableState
from goneaway_tui.settings.completions import completion_text
from goneaway_tui.settings.help import help_text
from goneaway_tui.settings.man_page import manual_text
from goneaway_tui.source.globals import GlobalsReader
from goneaway_tui.source.server_variants import variant_by_banner, variant_limitations
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.screens.ledger import LedgerScreen
from goneaway_tui.ui.screens.tune import TuneScreen
from tests.builders import NOW, a_sample, a_session, a_snapshot
from tests.fakes import FakeExecutor
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted, an_app
from tests.ui.test_board import lines
from tests.ui.test_tuning import on, ready, until
from tests.unit.judge.absences import missed
from tests.unit.source.standins import MysqlStandin

SIZE: Final = (160, 40)
ABORTED = "2026-11-23 22:13:25 7 [Warning] Aborted connection 7 to db: 'shop' user: 'app' host: 'web' (Quota of the day was spent)"


async def tunable() -> None:
    server = MysqlStandin()
    server.scripted = {"mysql/limits.sql": [], "mysql/variables_bounds.sql": []}
    GlobalsReader(server.connection, server.found()).variables(NOW)
    ((asked,),) = server.heard_of("variables_bounds")
    assert "slow_launch_time" in asked

    added = Variable("slow_launch_time", 2, 0, 31_536_000)
    executor = FakeExecutor(variables={added.name: VariableState(added)})
    with TemporaryDirectory() as home:
        clock = HeldClock()
        source = Scripted(a_sample(variables={added.name: added}))
        journal = Journal(Path(home) / "journal.jsonl", clock)
        app = an_app(source, clock, executor=executor, journal=journal)
        async with app.run_test(size=SIZE) as pilot:
            await ready(app, pilot)
            await pilot.press("t")
            await settle(app, pilot)
            listed = app.screen.query_one(OptionList)
            listed.highlighted = listed.get_option_index("slow_launch_time")
            await pilot.press("enter")
            await until(pilot, on(app, TuneScreen))

            assert "How long a thread may take to start." in lines(app)


async def cause() -> None:
    spent = Cause("quota_spent")
    session = a_session(id=ProcesslistId(7))
    said = EndEvidence(log=(LogEntry(NOW, "Quota of the day was spent", session.id, spent),))
    (departure,) = missed(session, clues=said)
    assert spent is departure.cause

    app = an_app(Scripted(a_sample()))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        app.ledger.add((departure,))
        await pilot.press("l")
        await settle(app, pilot)
        assert isinstance(app.screen, LedgerScreen)
        assert "quota_spent" in lines(app)
        app.screen.field.value = "cause:quota_spent"
        await settle(app, pilot)

        assert [departure] == list(app.screen.rows.rows)


async def server_log() -> None:
    entry = ServerLog(UTC).parse_entry(ABORTED)
    assert entry is not None
    (departure,) = missed(a_session(id=ProcesslistId(7)), clues=EndEvidence(log=(entry,)))

    assert Cause.KILLED is departure.cause


async def client_log() -> None:
    (found,) = find_error_events([b"quux: bad connection to the store\n"])

    assert 2013 == found.code


async def client() -> None:
    assert "Quux" == recognise_client(["quux: bad connection to the store"]).name


async def pool() -> None:
    assert ("Quux: rest = 540000 (milliseconds)",) == pool_settings("", "Quux", 600)


async def stamp_() -> None:
    found = parse_timestamp("@1795459202@ quux: bad connection")
    assert found is not None
    assert 1795459202 == found.utc_seconds


async def format_() -> None:
    with TemporaryDirectory() as home:
        written = save(a_snapshot([a_session(id=ProcesslistId(7))]), "ids", Path(home) / "now.ids")
        assert "7\n" == written.read_text(encoding="utf-8")
    texts = (help_text("snapshot"), manual_text("snapshot"), *map(completion_text, ("bash", "zsh", "fish")))
    assert all(" ids" in text for text in texts)

    app = an_app(Scripted(a_sample()))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("e")
        await settle(app, pilot)

        assert "Ids alone" in lines(app)


async def variant() -> None:
    found = variant_by_banner("8.0.44-quux", "")
    assert found is not None
    assert ["what dies at noon"] == [note.what for note in variant_limitations({found.word})]


async def column() -> None:
    app = an_app(Scripted(a_sample([a_session(state="all too quiet")])))
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        assert "all too quiet" in lines(app)
        await pilot.press("s")
        await settle(app, pilot)

        assert "Server state" == str(app.screen.query_one(OptionList).get_option("server_state").prompt)


ARRIVALS: Final = {
    each.__name__.rstrip("_"): each
    for each in (tunable, cause, server_log, client_log, client, pool, stamp_, format_, variant, column)
}


def main(names: Sequence[str]) -> int:
    missing = 0
    for name in names:
        try:
            asyncio.run(ARRIVALS[name]())
        except Exception:  # noqa: BLE001 - whatever it is, it has not arrived
            traceback.print_exc()
            missing += 1
        else:
            print(name)
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
