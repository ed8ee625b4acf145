"""Servers that belong together: shown as they name each other, and watched too only once that is confirmed."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Button, Label, Static

from goneaway_tui.errors import SourceError, Unreachable
from goneaway_tui.model.server import Limitation, ServerTopology, TopologyMember, TopologyRelation
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.dialogs import ConfirmScreen
from goneaway_tui.ui.screens.servers_board import SeveralServersBoard
from goneaway_tui.ui.screens.topology import TopologyScreen
from tests.builders import a_sample, a_session
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_board import lines
from tests.ui.test_board_of_several_servers import ready, seen

SIZE = (140, 36)
REPLICA = TopologyMember(TopologyRelation.REPLICA, "db2", 3306, "SHOW REPLICAS")
SOURCE = TopologyMember(TopologyRelation.SOURCE, "db0", 3307, "SHOW REPLICA STATUS")
HIDDEN = Limitation(
    "the replicas", "the account lacks the privilege", "GRANT REPLICATION SLAVE ON *.* TO 'dba'@'%'"
)


class ServerNetwork:
    """Servers by where they are, and who was gone to."""

    def __init__(self) -> None:
        self.connected: list[tuple[str, int]] = []
        self.closed: list[str] = []
        self.refuses: SourceError | None = None

    def widen(self, host: str, port: int) -> MonitorSpec:
        if self.refuses is not None:
            raise self.refuses
        self.connected.append((host, port))
        source = Scripted(a_sample([a_session(id=70 + len(self.connected), idle_for=5, own_limit=600)]))
        return MonitorSpec(
            source, name=f"{host}:{port}", read_topology=ServerTopology, spec_for_host=self.widen
        )


def an_app(network: ServerNetwork, kin: ServerTopology, clock: HeldClock) -> GoneawayApp:
    source = Scripted(a_sample([a_session(id=1, idle_for=10, own_limit=600)]))
    return GoneawayApp(
        [MonitorSpec(source, read_topology=lambda: kin, spec_for_host=network.widen)], clock, ticking=False
    )


async def opened(app: GoneawayApp, pilot: Pilot[None]) -> TopologyScreen:
    await settle(app, pilot)
    await pilot.press("r")
    await settle(app, pilot)
    assert isinstance(app.screen, TopologyScreen)
    return app.screen


async def test_reported_servers_are_listed_with_the_reporting_server() -> None:
    network, clock = ServerNetwork(), HeldClock()
    app = an_app(network, ServerTopology((REPLICA, SOURCE), (HIDDEN,)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        shown = lines(app)

        assert "db2:3306" in shown
        assert "replica of db-01:3306" in shown
        assert "from SHOW REPLICAS" in shown
        assert HIDDEN.grant is not None
        assert HIDDEN.grant in shown
        assert [] == network.connected


async def test_marked_servers_are_monitored_after_the_confirmation() -> None:
    network, clock = ServerNetwork(), HeldClock()
    app = an_app(network, ServerTopology((REPLICA, SOURCE)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("space", "space", "enter")
        await settle(app, pilot)

        assert isinstance(app.screen, ConfirmScreen)
        assert "cancel" == (app.focused.id if isinstance(app.focused, Button) else None)
        assert "its password" in " ".join(str(each.render()) for each in app.screen.query(Label))
        assert [] == network.connected

        await pilot.press("tab", "enter")
        await settle(app, pilot)
        await ready(app, pilot, clock)

        assert [("db2", 3306), ("db0", 3307)] == network.connected
        assert ["db-01:3306", "db2:3306", "db0:3307"] == [each.name for each in app.monitors]
        assert isinstance(app.screen, SeveralServersBoard)
        assert {("db-01:3306", 1), ("db2:3306", 71), ("db0:3307", 72)} == set(seen(app))
        assert "3 servers" in lines(app)


async def test_several_servers_can_be_added_and_a_taken_name_gets_a_number() -> None:
    network, clock = ServerNetwork(), HeldClock()
    kin = ServerTopology((REPLICA,))
    subjects = [
        MonitorSpec(
            Scripted(a_sample([a_session(id=n)])),
            name=name,
            read_topology=lambda: kin,
            spec_for_host=network.widen,
        )
        for n, name in enumerate(("db1", "db2:3306"), 1)
    ]
    app = GoneawayApp(subjects, clock, ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        await opened(app, pilot)
        assert "replica of db1, replica of db2:3306" in lines(app)

        await pilot.press("enter", "tab", "enter")
        await settle(app, pilot)
        await ready(app, pilot, clock)

        assert ["db1", "db2:3306", "db2:3306#2"] == [each.name for each in app.monitors]
        assert {"db1", "db2:3306", "db2:3306#2"} == {name for name, _ in seen(app)}


async def test_closing_the_topology_opens_no_connection() -> None:
    network, clock = ServerNetwork(), HeldClock()
    app = an_app(network, ServerTopology((REPLICA,)), clock)
    async with app.run_test(size=SIZE) as pilot:
        for keys in (("escape",), ("enter", "escape", "escape"), ("enter", "enter", "escape")):
            await opened(app, pilot)
            await pilot.press(*keys)
            await settle(app, pilot)

        assert [] == network.connected
        assert 1 == len(app.monitors)


async def test_unreachable_server_is_reported_and_the_others_join() -> None:
    network, clock = ServerNetwork(), HeldClock()
    network.refuses = Unreachable("cannot connect through jump: Permission denied", "try by hand: ssh jump")
    app = an_app(network, ServerTopology((REPLICA,)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("enter", "tab", "enter")
        await settle(app, pilot)

        assert 1 == len(app.monitors)
        assert any("cannot connect through jump" in each.message for each in app._notifications)


async def test_unreported_address_is_not_proposed() -> None:
    network, clock = ServerNetwork(), HeldClock()
    app = an_app(
        network, ServerTopology((TopologyMember(TopologyRelation.REPLICA, "", 3306, "SHOW REPLICAS"),)), clock
    )
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("space", "enter")
        await settle(app, pilot)

        assert isinstance(app.screen, TopologyScreen)


async def test_server_that_cannot_be_queried_is_reported_and_hostile_text_is_plain() -> None:
    clock = HeldClock()

    def hangs() -> ServerTopology:
        raise Unreachable("lost db1: \x1b[2J", "reconnecting automatically")

    hostile = ServerTopology(
        (TopologyMember(TopologyRelation.REPLICA, "\x1b[2J[bold]{x}", 1, "SHOW REPLICAS", "{note}"),)
    )
    subjects = [
        MonitorSpec(Scripted(a_sample()), name="db1", read_topology=hangs),
        MonitorSpec(Scripted(a_sample()), name="db{2}", read_topology=lambda: hostile),
    ]
    app = GoneawayApp(subjects, clock, ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await ready(app, pilot, clock)
        screen = await opened(app, pilot)
        shown = lines(app)

        assert "\x1b" not in shown
        assert plain("\x1b[2J[bold]{x}:1") in shown
        assert "replica of db{2}" in shown
        assert "lost db1" in str(screen.query_one("#lacks", Static).render())


async def test_topology_of_an_unreachable_server_is_reported_as_unavailable() -> None:
    app = GoneawayApp([MonitorSpec(Scripted(a_sample()))], HeldClock(), ticking=False)
    async with app.run_test(size=SIZE) as pilot:
        await settle(app, pilot)
        await pilot.press("r")
        await settle(app, pilot)

        assert not isinstance(app.screen, TopologyScreen)
        assert any("No monitored server can report" in each.message for each in app._notifications)


async def test_non_ascii_host_name_is_shown_as_it_is_resolved_before_the_login() -> None:
    network, clock = ServerNetwork(), HeldClock()
    twin = TopologyMember(TopologyRelation.REPLICA, "db1.ex\u0430mple.com", 3306, "SHOW REPLICAS")
    app = an_app(network, ServerTopology((twin, REPLICA)), clock)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await pilot.press("home")
        await settle(app, pilot)
        assert "resolved as db1.xn--exmple-4nf.com" in lines(app)

        await pilot.press("enter")
        await settle(app, pilot)
        assert isinstance(app.screen, ConfirmScreen)
        assert "db1.ex\u0430mple.com:3306 (db1.xn--exmple-4nf.com)" in lines(app)
        assert [] == network.connected
