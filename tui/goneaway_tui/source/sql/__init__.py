"""Every statement we ever send, one a file, chosen by table.

`STATEMENTS` names for each thing to read its variants, the one that tells most first. The first whose needs the
server and the account meet is used for the whole connection. All variants of a thing return the same columns.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from goneaway_tui.model.server import Flavour

IDENTIFY = "identify.sql"
PROXYSQL_COMMENT, PROXYSQL_VERSION = "proxysql/comment.sql", "proxysql/version.sql"
"""Asked where IDENTIFY is not understood."""
STATEMENT_SECONDS = 5.0
"""What the server may spend on one statement of ours."""
HINT = f"/*+ MAX_EXECUTION_TIME({STATEMENT_SECONDS * 1000:.0f}) */"
"""Bounds a SELECT on MySQL. Not SET SESSION: that marks the variable, for everybody, as set at run time by us."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to read a thing."""

    file: str
    needs: frozenset[str] = frozenset()
    """Names of PROBES that must have answered yes."""


def _variants(*rows: tuple[str, str]) -> tuple[Variant, ...]:
    return tuple(Variant(file, frozenset(needs.split())) for file, needs in rows)


PROBES: dict[Flavour, dict[str, str]] = {
    Flavour.MYSQL: {
        "process": "mysql/can_process.sql",
        "instrumented": "mysql/can_instrumented.sql",
        "threads": "mysql/can_threads.sql",
        "processlist": "mysql/can_processlist.sql",
        "statements": "mysql/can_statements.sql",
        "instruments": "mysql/can_instruments.sql",
        "timed": "mysql/can_timed.sql",
        "everyone": "mysql/can_everyone.sql",
        "aggregate": "mysql/can_aggregate.sql",
        "transactions": "mysql/can_transactions.sql",
        "transaction_instrument": "mysql/can_transaction_instrument.sql",
        "attributes": "mysql/can_attributes.sql",
        "errors": "mysql/can_errors.sql",
        "idle_error": "mysql/can_idle_error.sql",
        "accounts": "mysql/can_accounts.sql",
        "log": "mysql/can_log.sql",
        "bounds": "mysql/can_bounds.sql",
        "persist": "mysql/can_persist.sql",
        "rds": "mysql/can_rds.sql",
        "azure": "mysql/can_azure.sql",
    },
    Flavour.MARIADB: {
        "process": "mariadb/can_process.sql",
        "instrumented": "mariadb/can_instrumented.sql",
        "threads": "mariadb/can_threads.sql",
        "statements": "mariadb/can_statements.sql",
        "attributes": "mariadb/can_attributes.sql",
        "aggregate": "mariadb/can_aggregate.sql",
        "accounts": "mariadb/can_accounts.sql",
        "paths": "mariadb/can_paths.sql",
        "rds": "mariadb/can_rds.sql",
        "azure": "mariadb/can_azure.sql",
    },
}
"""What is found out once at connect: a probe that brings a row says yes; a refusal or no row says no."""

ROLL = "instrumented threads statements instruments timed aggregate"
"""What calling the roll takes: an account that reads performance_schema, where every statement is timed."""

SIGNS: dict[Flavour, dict[str, str]] = {
    Flavour.MYSQL: {
        "aurora": "service/aurora.sql",
        "galera": "service/galera_mysql.sql",
        "apart": "service/apart_mysql.sql",
        "idle_transactions": "mysql/can_idle_transactions.sql",
        "pool": "mysql/can_pool.sql",
    },
    Flavour.MARIADB: {
        "galera": "service/galera_mariadb.sql",
        "apart": "service/apart_mariadb.sql",
        "pool": "mariadb/can_pool.sql",
    },
}
"""The same for services, by their words in `source.services`, and for what only relatives or a setting bring."""

STATEMENTS: dict[Flavour, dict[str, tuple[Variant, ...]]] = {
    Flavour.MYSQL: {
        "impatient": _variants(("proxysql/impatient.sql", "proxysql"), ("mysql/impatient.sql", "")),
        "session": _variants(("mysql/session.sql", "")),
        "own_thread": _variants(
            ("mysql/own_thread.sql", "instrumented threads statements instruments timed")
        ),
        "clock": _variants(
            ("proxysql/clock.sql", "proxysql"),
            ("mysql/clock_statements.sql", "instrumented threads statements instruments timed"),
            ("mysql/clock_wall.sql", ""),
        ),
        "wall": _variants(("proxysql/clock.sql", "proxysql"), ("mysql/clock_wall.sql", "")),
        "sessions": _variants(
            ("proxysql/sessions.sql", "proxysql"),
            ("tidb/sessions.sql", "tidb"),
            ("mysql/sessions_threads.sql", "instrumented threads"),
            ("mysql/sessions_processlist.sql", "instrumented processlist"),
            ("mysql/sessions_information_schema.sql", ""),
        ),
        "all_sessions": _variants(("mysql/sessions_information_schema.sql", "")),
        "packed_sessions": _variants(("mysql/packed_sessions.sql", "instrumented threads aggregate")),
        "roll": _variants(("mysql/roll.sql", ROLL)),
        "roll_digest": _variants(("mysql/roll_digest.sql", ROLL)),
        "some": _variants(("mysql/some_threads.sql", ROLL)),
        "packed_some": _variants(("mysql/packed_some.sql", ROLL)),
        "statements": _variants(("mysql/statements.sql", "instrumented threads statements")),
        "packed_statements": _variants(
            ("mysql/packed_statements.sql", "instrumented threads statements aggregate")
        ),
        "statements_some": _variants(("mysql/statements_some.sql", "instrumented threads statements")),
        "own_limits": _variants(("mysql/own_limits.sql", "instrumented threads")),
        "packed_own_limits": _variants(("mysql/packed_own_limits.sql", "instrumented threads aggregate")),
        "hosts": _variants(("mysql/hosts.sql", "instrumented threads processlist process")),
        "packed_hosts": _variants(
            ("mysql/packed_hosts.sql", "instrumented threads processlist process aggregate")
        ),
        "attributes": _variants(("mysql/attributes.sql", "instrumented attributes")),
        "some_attributes": _variants(("mysql/some_attributes.sql", "instrumented attributes")),
        "packed_attributes": _variants(("mysql/packed_attributes.sql", "instrumented attributes aggregate")),
        "innodb_transactions": _variants(("mysql/innodb_transactions.sql", "process")),
        "transactions": _variants(
            ("mysql/transactions.sql", "instrumented threads transactions transaction_instrument")
        ),
        "limits": _variants(
            ("proxysql/limits.sql", "proxysql"),
            ("mysql/limits_idle_transactions.sql", "idle_transactions"),
            ("mysql/limits.sql", ""),
        ),
        "variables": _variants(
            ("proxysql/variables.sql", "proxysql"),
            ("tidb/variables.sql", "tidb"),
            ("mysql/variables_bounds.sql", "bounds"),
            ("mysql/variables.sql", ""),
        ),
        "counters": _variants(
            ("proxysql/counters.sql", "proxysql"),
            ("tidb/counters.sql", "tidb"),
            ("mysql/counters.sql", ""),
        ),
        "endings": _variants(("mysql/endings.sql", "instrumented threads errors instruments")),
        "accounts": _variants(("mysql/accounts.sql", "instrumented accounts")),
        "kills": _variants(("mysql/kills.sql", "instrumented threads statements")),
        "offline": _variants(("mysql/offline.sql", "bounds"), ("mysql/offline_before.sql", "")),
        "log": _variants(("mysql/log.sql", "instrumented log")),
        "log_oldest": _variants(("mysql/log_oldest.sql", "instrumented log")),
        "past_log": _variants(("mysql/past_log.sql", "instrumented log")),
        "raised": _variants(("mysql/raised.sql", "instrumented errors")),
        "killed": _variants(("mysql/killed.sql", "instrumented threads")),
        "hosts_troubled": _variants(("mysql/hosts_troubled.sql", "instrumented threads")),
        "one_sessions": _variants(
            ("mysql/one_threads.sql", "instrumented threads"),
            ("mysql/one_processlist.sql", "instrumented processlist"),
            ("mysql/one_information_schema.sql", ""),
        ),
        "one_statements": _variants(("mysql/one_statements.sql", "instrumented threads statements")),
        "one_hosts": _variants(("mysql/one_hosts.sql", "instrumented threads processlist process")),
        "one_attributes": _variants(("mysql/one_attributes.sql", "instrumented attributes")),
        "hurried": _variants(("mysql/hurried.sql", "")),
        "session_act": _variants(("mysql/session_act.sql", "")),
        "identity": _variants(("mysql/identity.sql", "")),
        "uid": _variants(("mysql/uid.sql", "")),
        "side_door": _variants(("mysql/side_door.sql", "")),
        "grants": _variants(("mysql/grants.sql", "")),
        "own_value": _variants(("mysql/own_value.sql", "")),
        "warnings": _variants(("mysql/warnings.sql", "")),
        "set_global": _variants(("mysql/set_global.sql", "")),
        "kill_session": _variants(
            ("mysql/kill_session_rds.sql", "rds"),
            ("mysql/kill_session_azure.sql", "azure"),
            ("mysql/kill_session.sql", ""),
        ),
        "kill_query": _variants(
            ("mysql/kill_query_rds.sql", "rds"),
            ("mysql/kill_query_azure.sql", "azure"),
            ("mysql/kill_query.sql", ""),
        ),
        "standing": _variants(("mysql/standing_bounds.sql", "bounds persist"), ("mysql/standing.sql", "")),
        "room": _variants(("mysql/room.sql", "")),
        "set_persist": _variants(("mysql/set_persist.sql", "persist")),
        "reset_persist": _variants(("mysql/reset_persist.sql", "persist")),
    },
    Flavour.MARIADB: {
        "impatient": _variants(("mariadb/impatient.sql", "")),
        "session": _variants(("mariadb/session.sql", "")),
        "clock": _variants(("mariadb/clock.sql", "")),
        "sessions": _variants(("mariadb/sessions.sql", "")),
        "packed_sessions": _variants(("mariadb/packed_sessions.sql", "aggregate")),
        "since": _variants(("mariadb/since.sql", "")),
        "statements": _variants(("mariadb/statements.sql", "instrumented threads statements")),
        "attributes": _variants(("mariadb/attributes.sql", "instrumented attributes")),
        "packed_attributes": _variants(
            ("mariadb/packed_attributes.sql", "instrumented attributes aggregate")
        ),
        "innodb_transactions": _variants(("mariadb/innodb_transactions.sql", "process")),
        "limits": _variants(("mariadb/limits.sql", "")),
        "variables": _variants(("mariadb/variables.sql", "")),
        "counters": _variants(("mariadb/counters.sql", "")),
        "endings": _variants(("mariadb/endings.sql", "instrumented threads")),
        "accounts": _variants(("mariadb/accounts.sql", "instrumented accounts")),
        "kills": _variants(("mariadb/kills.sql", "instrumented threads statements")),
        "killed": _variants(("mariadb/killed.sql", "instrumented threads")),
        "hosts_troubled": _variants(("mariadb/hosts_troubled.sql", "instrumented threads")),
        "one_sessions": _variants(("mariadb/one_sessions.sql", "")),
        "one_statements": _variants(("mariadb/one_statements.sql", "instrumented threads statements")),
        "one_attributes": _variants(("mariadb/one_attributes.sql", "instrumented attributes")),
        "hurried": _variants(("mariadb/hurried.sql", "")),
        "identity": _variants(("mariadb/identity.sql", "")),
        "uid": _variants(("mariadb/uid.sql", "")),
        "side_door": _variants(("mariadb/side_door.sql", "")),
        "grants": _variants(("mariadb/grants.sql", "")),
        "own_value": _variants(("mariadb/own_value.sql", "")),
        "warnings": _variants(("mariadb/warnings.sql", "")),
        "set_global": _variants(("mariadb/set_global.sql", "")),
        "kill_session": _variants(
            ("mariadb/kill_session_rds.sql", "rds"),
            ("mariadb/kill_session_azure.sql", "azure"),
            ("mariadb/kill_session.sql", ""),
        ),
        "kill_query": _variants(
            ("mariadb/kill_query_rds.sql", "rds"),
            ("mariadb/kill_query_azure.sql", "azure"),
            ("mariadb/kill_query.sql", ""),
        ),
        "standing": _variants(("mariadb/standing.sql", "paths"), ("mariadb/standing_before.sql", "")),
        "room": _variants(("mariadb/room.sql", "")),
    },
}

RENAMED, NOT_RENAMED = "replica_words", "slave_words"
"""Whether MySQL calls a replica so in its statements (from 8.0.22 on); known by the version, and only where it is asked."""

RELATIVES: dict[Flavour, dict[str, tuple[Variant, ...]]] = {
    Flavour.MYSQL: {
        "self": _variants(("mysql/self.sql", "")),
        "replicas": _variants(("mysql/replicas.sql", RENAMED), ("mysql/replicas_before.sql", NOT_RENAMED)),
        "dumps": _variants(("mysql/dumps_threads.sql", "instrumented"), ("mysql/dumps.sql", "")),
        "sources": _variants(
            ("mysql/sources.sql", "instrumented"),
            ("mysql/sources_shown.sql", RENAMED),
            ("mysql/sources_shown_before.sql", NOT_RENAMED),
        ),
        "members": _variants(("mysql/members.sql", "instrumented")),
        "nodes": _variants(("mysql/nodes.sql", "galera")),
        "instances": _variants(("mysql/instances.sql", "aurora")),
    },
    Flavour.MARIADB: {
        "self": _variants(("mariadb/self.sql", "")),
        "replicas": _variants(("mariadb/replicas.sql", "")),
        "dumps": _variants(("mariadb/dumps.sql", "")),
        "sources": _variants(("mariadb/sources_shown.sql", "")),
        "nodes": _variants(("mariadb/nodes.sql", "galera")),
    },
}
"""What is asked of others that belong with a server, seldom and by hand: the first variant that is not refused answers."""


def choose(
    flavour: Flavour, what: str, able: AbstractSet[str], refused: AbstractSet[str] = frozenset()
) -> str | None:
    """The statement that tells most about `what` with these abilities, or None where there is none.

    `refused` are the files of statements that this server has refused.
    """
    for variant in STATEMENTS[flavour].get(what, ()):
        if variant.needs <= able and variant.file not in refused:
            return read(variant.file)
    return None


def variants_of(flavour: Flavour, statement: str) -> list[tuple[str, Variant]]:
    """The things that this statement reads, each with the variant it is; none where it is not of `STATEMENTS`."""
    return [
        (what, variant)
        for what, variants in STATEMENTS[flavour].items()
        for variant in variants
        if read(variant.file) == statement
    ]


@cache
def read(file: str) -> str:
    """A statement's text without its comments, which are for people, and on MySQL with its bound in time."""
    text = (files(__package__) / file).read_text(encoding="utf-8")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip().rstrip(";")
    is_for_mysql = file.startswith("mysql/") or file in SIGNS[Flavour.MYSQL].values()
    if is_for_mysql and bare.startswith("SELECT"):
        return f"{bare[:6]} {HINT}{bare[6:]}"
    return bare


def named_files() -> set[str]:
    """Every file the tables name."""
    probes = {file for by_flavour in (*PROBES.values(), *SIGNS.values()) for file in by_flavour.values()}
    statements = {v.file for things in STATEMENTS.values() for variants in things.values() for v in variants}
    things = (thing for by_flavour in RELATIVES.values() for thing in by_flavour.values())
    relatives = {variant.file for variants in things for variant in variants}
    return probes | statements | relatives | {IDENTIFY, PROXYSQL_COMMENT, PROXYSQL_VERSION}
