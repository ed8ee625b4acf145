"""Servers that really belong together say so: replication in both families, a replication group, a Galera cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.cli.servers import RelatedServers
from goneaway_tui.judge.topology import TopologyReport, proposed_servers
from goneaway_tui.model.server import ServerTopology, TopologyRelation
from goneaway_tui.monitor.server_monitor import MonitorSpec
from goneaway_tui.settings import Settings, resolve
from goneaway_tui.source import sql
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from goneaway_tui.ui.app import GoneawayApp
from tests.integration.conftest import StartServer
from tests.integration.terminal import Terminal
from tests.servers.private import NAMES, Name, RealServer, home_of_servers, port_of_our_own
from tests.unit.settings.asking import environment
from tests.waiting import becomes_true, comes_true

GTID = ("--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
ACCOUNT = "CREATE USER 'copy'@'%' IDENTIFIED BY 'copy'"
GALERA = home_of_servers() / "mariadb1011/usr/lib/galera/libgalera_smm.so"
"""Of Debian's package galera-4, fetched with the server it goes with."""


def tell(server: RealServer, *statements: str) -> list[tuple[Any, ...]]:
    with closing(server.connect(autocommit=True)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def topology_of(server: RealServer, user: str = "root") -> ServerTopology:
    source = LiveSource(Address("127.0.0.1", server.port, user), time.time)
    try:
        return source.topology()
    finally:
        source.close()


def follow(replica: RealServer, source: RealServer) -> None:
    """Real replication, with an account of its own."""
    tell(source, ACCOUNT, "GRANT REPLICATION SLAVE ON *.* TO 'copy'@'%'")
    if source.name == "mysql97":
        tell(
            replica,
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={source.port}, SOURCE_USER='copy',"
            " SOURCE_PASSWORD='copy', GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1",
            "START REPLICA",
        )
    else:
        tell(
            replica,
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='copy',"
            " MASTER_PASSWORD='copy', MASTER_SSL=0, MASTER_USE_GTID=slave_pos",
            "START SLAVE",
        )


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest, start_module_server: StartServer) -> tuple[RealServer, RealServer]:
    """A source, and a replica that reports no address."""
    name = request.param
    more = GTID if name == "mysql97" else ("--log-bin=binlog",)
    source, replica = (start_module_server(name, f"--server-id={number}", *more) for number in (11, 12))
    follow(replica, source)
    comes_true(lambda: any(each.host for each in topology_of(source).members))
    return source, replica


def test_a_source_and_its_replica_name_each_other(pair: tuple[RealServer, RealServer]) -> None:
    source, replica = pair
    down, up = topology_of(source), topology_of(replica)
    print(down, up, sep="\n")

    assert [(TopologyRelation.REPLICA, replica.port)] == [(each.relation, each.port) for each in down.members]
    assert [(TopologyRelation.SOURCE, "127.0.0.1", source.port)] == [
        (each.relation, each.host, each.port) for each in up.members
    ]
    assert ((), ()) == (down.limitations, up.limitations)
    assert (11, 12) == (down.server_id, up.server_id)


def test_two_monitored_servers_are_not_proposed_to_each_other(pair: tuple[RealServer, RealServer]) -> None:
    witnesses = []
    for number, server in enumerate(pair):
        source = LiveSource(Address("127.0.0.1", server.port, "root"), time.time)
        witnesses.append(TopologyReport(f"db{number}", source.sample().server, source.topology()))
        source.close()

    assert {"db0", "db1"} == {each.watched_as for each in proposed_servers(witnesses)}


def test_account_without_privileges_gets_the_grants_that_would_help(
    pair: tuple[RealServer, RealServer],
) -> None:
    source, replica = pair
    tell(source, "CREATE USER lame@'%'")
    comes_true(lambda: bool(tell(replica, "SELECT 1 FROM mysql.user WHERE User = 'lame'")))
    for server in pair:
        lost = topology_of(server, "lame")
        assert () == lost.members
        assert all(each.grant for each in lost.limitations)
    tell(source, *(each.grant for each in topology_of(source, "lame").limitations if each.grant))
    comes_true(lambda: not topology_of(replica, "lame").limitations)

    assert [TopologyRelation.SOURCE] == [each.relation for each in topology_of(replica, "lame").members]
    assert not topology_of(source, "lame").limitations
    assert {TopologyRelation.REPLICA} == {each.relation for each in topology_of(source, "lame").members}


def settings_for(server: RealServer) -> Settings:
    told = resolve([server.dsn, "--read-only"], environment())
    assert isinstance(told, Settings)
    return told


async def test_a_replica_joins_the_running_board(pair: tuple[RealServer, RealServer]) -> None:
    """By what the program itself makes of its settings, keys and all."""
    address = Address("127.0.0.1", pair[0].port, "root")
    settings = settings_for(pair[0])

    def open_source(_: Settings, there: Address, clock: Callable[[], float]) -> LiveSource:
        return LiveSource(there, clock)

    kindred = RelatedServers(time.time, open_source)
    source = LiveSource(address, time.time)
    subject = MonitorSpec(
        source, read_topology=source.topology, spec_for_host=kindred.opener(settings, address, None)
    )
    app = GoneawayApp([subject], time.time)
    try:
        async with app.run_test(size=(140, 36)) as pilot:
            await becomes_true(lambda: app.snapshot is not None)
            await pilot.press("r")
            await becomes_true(lambda: bool(getattr(app.screen, "rows", None) and app.screen.rows.rows))  # type: ignore[attr-defined]
            await pilot.press("enter", "tab", "enter")
            await becomes_true(lambda: len(app.monitors) == 2)
            await becomes_true(
                lambda: len(app.server_statuses) == 2 and all(each.is_healthy for each in app.server_statuses)
            )

            assert pair[1].port == app.server_statuses[1].snapshot.sample.server.port  # type: ignore[union-attr]
            assert {"source", "replica"} == {each.role for each in app.server_statuses}
            assert app.tuning_of(app.monitors[1]).is_read_only
    finally:
        kindred.close()
        source.close()


def test_the_program_grows_by_a_replica_and_leaves_nothing_on_either(
    pair: tuple[RealServer, RealServer], tmp_path: Path
) -> None:
    with Terminal(tmp_path, pair[0].dsn) as terminal:
        terminal.wait_for("closings")
        terminal.press("r")
        terminal.wait_for("replica of")
        terminal.press("\r")
        terminal.wait_for("its password")
        terminal.press("\t\r")
        terminal.wait_for("2 servers")
        terminal.wait_for("2 live")
        ours = "SELECT 1 FROM information_schema.PROCESSLIST WHERE USER = 'root' AND ID <> CONNECTION_ID()"
        assert tell(pair[1], ours)
        terminal.press("q")
        status = terminal.process.wait(10)
        assert (0, []) == (status, terminal.left_on())
        for server in pair:
            comes_true(lambda server=server: not tell(server, ours))  # type: ignore[misc]


@pytest.fixture
def group(start_server: StartServer) -> Iterator[list[RealServer]]:
    """Two members of one replication group."""
    with ExitStack() as ports:
        ways = [ports.enter_context(port_of_our_own()) for _ in range(2)]
        seeds = ",".join(f"127.0.0.1:{port}" for port in ways)
        members = []
        for number, way in enumerate(ways, 21):
            member = start_server("mysql97", f"--server-id={number}", *GTID, "--report-host=127.0.0.1")
            tell(
                member,
                "INSTALL PLUGIN group_replication SONAME 'group_replication.so'",
                "SET GLOBAL group_replication_group_name = '8a94f357-aab4-11df-86ab-c80aa9429562'",
                f"SET GLOBAL group_replication_local_address = '127.0.0.1:{way}'",
                f"SET GLOBAL group_replication_group_seeds = '{seeds}'",
                "SET GLOBAL group_replication_recovery_get_public_key = ON",
            )
            members.append(member)
        first, second = members
        tell(first, "SET GLOBAL group_replication_bootstrap_group = ON", "START GROUP_REPLICATION")
        tell(first, ACCOUNT, "GRANT REPLICATION SLAVE, GROUP_REPLICATION_STREAM ON *.* TO 'copy'@'%'")
        tell(second, "START GROUP_REPLICATION USER = 'copy', PASSWORD = 'copy'")
        yield members


def test_members_of_a_group_name_each_other(group: list[RealServer]) -> None:
    first, second = group
    comes_true(
        lambda: all(
            TopologyRelation.MEMBER in {e.relation for e in topology_of(each).members} for each in group
        )
    )

    for one, other in ((first, second), (second, first)):
        told = [each for each in topology_of(one).members if each.relation is TopologyRelation.MEMBER]
        assert [("127.0.0.1", other.port, "replication_group_members")] == [
            (each.host, each.port, each.reported_by) for each in told
        ]


def test_nodes_of_a_galera_cluster_are_named(start_server: StartServer) -> None:
    """Seen from the first; the second stays a node that is being let in, for it gets no copy of the data."""
    with ExitStack() as ports:
        ways = [ports.enter_context(port_of_our_own()) for _ in range(2)]

        def node(number: int, join: str) -> RealServer:
            listens = f"base_port={ways[number]};gmcast.listen_addr=tcp://127.0.0.1:{ways[number]}"
            return start_server(
                "mariadb1011",
                "--wsrep-on=ON",
                f"--wsrep-provider={GALERA}",
                f"--wsrep-provider-options={listens}",
                f"--wsrep-cluster-address=gcomm://{join}",
                "--wsrep-node-address=127.0.0.1",
                f"--wsrep-node-incoming-address=10.0.0.{number + 1}:330{number}",
                "--wsrep-sst-method=skip",
                "--binlog-format=ROW",
                "--innodb-autoinc-lock-mode=2",
            )

        first = node(0, "")
        comes_true(lambda: tell(first, "SHOW STATUS LIKE 'wsrep_ready'") == [("wsrep_ready", "ON")])
        assert () == topology_of(first).members, "itself is not among the others"
        node(1, f"127.0.0.1:{ways[0]}")
        comes_true(lambda: bool(topology_of(first).members))

        assert [(TopologyRelation.NODE, "10.0.0.2", 3301, "wsrep_incoming_addresses")] == [
            (each.relation, each.host, each.port, each.reported_by) for each in topology_of(first).members
        ]


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_is_understood_by_a_server_that_it_fits(
    name: Name, start_server: StartServer
) -> None:
    server = start_server(name)
    for variants in sql.TOPOLOGY_STATEMENTS[server.flavour].values():
        for variant in variants:
            if variant.needs <= {"instrumented", "galera", sql.RENAMED}:
                tell(server, sql.read_sql(variant.file))
