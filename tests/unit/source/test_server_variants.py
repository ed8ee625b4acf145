"""What server variants answer that are not at hand, played by a server that is none: who they are taken for, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from goneaway_tui.errors import Unsupported
from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.source import sql
from goneaway_tui.source.capabilities import Capabilities, find_capabilities, limitations_of
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.executor import LiveExecutor
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.server_variants import (
    SERVER_VARIANTS,
    UNPROBED_VARIANTS,
    variant_by_banner,
    variant_limitations,
)
from tests.builders import NOW
from tests.servers.impostor import Impostor, Script

UNKNOWN = (1146, "Table doesn't exist")


def identity(version: str, comment: str) -> tuple[str, list[tuple[str | int, ...]]]:
    return "VERSION(), @@version_comment", [(version, comment, 8, "dba@%")]


LENT_BY_RDS = ("'rds_kill', 'rds_kill_query'", [(1,)])
LENT_BY_AZURE = ("'az_kill', 'az_kill_query'", [(1,)])

TIDB: Script = (
    identity(
        "8.0.11-TiDB-v8.5.0", "TiDB Server (Apache License 2.0) Community Edition, MySQL 8.0 compatible"
    ),
    ("seconds < 10", []),
    ("cluster_info", [("uptime", 86_400)]),
    ("UNIX_TIMESTAMP(NOW(6))", [(None, NOW)]),
    (
        "cluster_processlist",
        [
            (
                None,
                2_199_023_255_955,
                "shop",
                "10.0.0.4:51234",
                "shop",
                "Sleep",
                100,
                "autocommit",
                None,
                None,
                0,
            ),
            (None, 8, "dba", "10.0.0.9:40112", None, "Query", 0, "autocommit", "SELECT 1", None, 0),
        ],
    ),
    ("@@GLOBAL.max_execution_time", [("wait_timeout", 28_800, None, None, None)]),
    ("@@GLOBAL.wait_timeout", [("wait_timeout", 28_800)]),
)
"""Columns and the banner: docs.pingcap.com, information-schema-processlist and -cluster-info."""

PROXYSQL: Script = (
    ("select @@version_comment limit 1", [("(ProxySQL Admin Module)",)]),
    ("VERSION(), @@version_comment", (1045, 'ProxySQL Admin Error: unrecognized token: "@"')),
    ("SELECT version()", [("2.7.3-12-g50b7f85",)]),
    ("julianday", [(None, NOW)]),
    ("SELECT 1 WHERE", []),
    (
        "stats_mysql_processlist",
        [
            (None, 4711, "shop", "10.0.0.4:51234", "shop", "Sleep", 100, None, None, None, 0),
            (None, 4712, "shop", "10.0.0.4:51240", "shop", "Query", 0, None, "SELECT 1", None, 0),
        ],
    ),
    ("AS value, NULL, NULL, NULL", [("wait_timeout", 28_800.0, None, None, None)]),
    ("runtime_global_variables", [("wait_timeout", 28_800.0), ("max_connections", 2048)]),
    ("stats_mysql_global", [("uptime", 93_382), ("aborted_clients", 3), ("threads_connected", 2)]),
)
"""Tables, the banner and how it is asked for: proxysql.com/documentation/stats-statistics, and ProxySQL's admin session."""

WHO: list[tuple[str, Script, set[str]]] = [
    (
        "8.0.39",
        [identity("8.0.39", "Source distribution"), ("aurora_version", [(1,)]), LENT_BY_RDS],
        {"aurora", "rds"},
    ),
    ("8.0.39", [identity("8.0.39", "Source distribution"), LENT_BY_RDS], {"rds"}),
    (
        "10.11.8-MariaDB",
        [identity("10.11.8-MariaDB-log", "managed by https://aws.amazon.com/rds/"), LENT_BY_RDS],
        {"rds"},
    ),
    ("8.0.31-google", [identity("8.0.31-google", "(Google)")], {"cloudsql"}),
    ("8.0.40-azure", [identity("8.0.40-azure", "Source distribution"), LENT_BY_AZURE], {"azure"}),
    (
        "8.0.36-28.1",
        [identity("8.0.36-28.1", "Percona XtraDB Cluster (GPL)"), ("<> 'Disconnected'", [(1,)])],
        {"galera"},
    ),
    (
        "10.11.8-MariaDB",
        [
            identity("10.11.8-MariaDB", "Debian 12"),
            ("<> 'Disconnected'", [(1,)]),
            ("NOT IN ('Primary', 'Disconnected')", [(1,)]),
        ],
        {"galera", "galera_non_primary"},
    ),
    ("8.0.11-TiDB-v8.5.0", TIDB, {"tidb"}),
    ("8.0.27", PROXYSQL, {"proxysql"}),
    ("9.7.4", [identity("9.7.4", "MySQL Community Server - GPL")], set()),
    ("10.11.8-MariaDB", [identity("10.11.8-MariaDB", "Debian 12")], set()),
]
WORDS = {variant.word for variant in SERVER_VARIANTS}


@contextmanager
def surveyed(banner: str, script: Script) -> Iterator[tuple[Capabilities, Impostor]]:
    with Impostor(banner, script) as impostor, closing(Connection(impostor.address)) as connection:
        yield find_capabilities(connection), impostor


@pytest.mark.parametrize(("banner", "script", "words"), WHO, ids=lambda value: "")
def test_a_variant_is_known_by_what_it_shows(banner: str, script: Script, words: set[str]) -> None:
    with surveyed(banner, script) as (found, _):
        assert words == found.features & WORDS
        assert set(variant_limitations(words)) <= set(limitations_of(found))


def test_every_variant_has_a_fixture() -> None:
    assert set().union(*(words for _, _, words in WHO)) == WORDS


def test_marker_is_queried_for_each_variant_without_a_banner_or_probe() -> None:
    asked = {
        word for by_flavour in (*sql.VARIANT_PROBES.values(), *sql.PROBES.values()) for word in by_flavour
    }

    assert {variant.word for variant in SERVER_VARIANTS if not variant.banner} <= asked


def test_differences_of_aurora_are_reported_first() -> None:
    with surveyed(WHO[0][0], WHO[0][1]) as (found, _):
        told = limitations_of(found)

    assert "up to a minute" in told[0].why
    assert "the shorter one closes" in told[1].why


def sampled(banner: str, script: Script) -> tuple[Sample, list[str]]:
    with Impostor(banner, script) as impostor:
        source = LiveSource(impostor.address, lambda: NOW)
        try:
            first, second = source.sample(), source.sample()
        finally:
            source.close()
        assert first.sessions == second.sessions
        return second, impostor.heard


def test_the_sessions_of_all_nodes_of_tidb_are_read() -> None:
    sample, heard = sampled("8.0.11-TiDB-v8.5.0", TIDB)
    own, shop = sample.sessions

    assert (shop.id, shop.user, shop.command, own.own) == (2_199_023_255_955, "shop", "Sleep", True)
    assert shop.idle_since == pytest.approx(NOW - 100, abs=1)
    assert (sample.server.flavour, sample.server.version, sample.server.uptime) == (
        Flavour.MYSQL,
        "8.0.11",
        86_400,
    )
    assert not any("performance_schema" in statement for statement in heard)
    left = judge(sample, None, RiskThresholds()).verdicts[1].deadline
    assert left == pytest.approx(NOW - 100 + 28_800, abs=1)


def test_the_clients_of_proxysql_are_read_and_its_limits_are_seconds() -> None:
    sample, heard = sampled("8.0.27", PROXYSQL)
    idle, busy = sample.sessions

    assert (idle.id, idle.command, busy.command, busy.statement) == (4711, "Sleep", "Query", "SELECT 1")
    assert sample.variable("wait_timeout") == 28_800
    assert sample.counter("aborted_clients") == 3
    assert sample.server.banner == "2.7.3-12-g50b7f85 (ProxySQL Admin Module)"
    assert not any(
        "performance_schema" in statement or "information_schema" in statement for statement in heard
    )


@pytest.mark.parametrize(("banner", "script"), [("8.0.11-TiDB-v8.5.0", TIDB), ("8.0.27", PROXYSQL)])
def test_unsupported_variant_is_read_and_not_changed(banner: str, script: Script) -> None:
    with (
        Impostor(banner, script) as impostor,
        pytest.raises(Unsupported, match="can be monitored, but not changed"),
    ):
        LiveExecutor(impostor.address, lambda: NOW).privileges()

    assert not any(statement.startswith(("KILL", "SET GLOBAL")) for statement in impostor.heard)


def test_server_of_unknown_family_is_refused() -> None:
    script: Script = [
        ("VERSION(), @@version_comment", UNKNOWN),
        ("@@version_comment limit 1", [("something else",)]),
    ]
    with pytest.raises(Unsupported, match="cannot be identified"), surveyed("5.0", script):
        pass


def test_a_banner_names_at_most_what_stands_in_it() -> None:
    assert variant_by_banner("9.7.4", "MySQL Community Server - GPL") is None
    assert UNPROBED_VARIANTS == {"tidb", "proxysql"}
