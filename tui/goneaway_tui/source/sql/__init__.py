"""Every statement that is sent to a user's server: one file each, chosen by the tables here.

`STATEMENTS` has the variants of each statement by its key, the variant that brings the most first. The first variant whose needs
the server and the account meet is used. All variants of a statement bring the same columns.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

from goneaway_tui.model.server import Flavour
from goneaway_tui.source.sql import shapes
from goneaway_tui.source.sql.shapes import AnswerShape, Statement
from goneaway_tui.system import package_text

IDENTIFY = "identify.sql"
PROXYSQL_COMMENT, PROXYSQL_VERSION = "proxysql/comment.sql", "proxysql/version.sql"
"""Sent where the server does not understand IDENTIFY."""
STATEMENT_SECONDS = 5.0
"""Seconds that the server may spend on one statement of ours."""
HINT = f"/*+ MAX_EXECUTION_TIME({STATEMENT_SECONDS * 1000:.0f}) */"
"""Bounds a SELECT on MySQL. Not SET SESSION: that marks the variable in variables_info as set at run time by us."""


@dataclass(frozen=True, slots=True)
class StatementVariant:
    """One variant of a statement."""

    file: str
    shape: AnswerShape
    """The shape of the answer; the same for all variants of a statement."""
    needs: frozenset[str] = frozenset()
    """Names of PROBES that must have brought a row."""


def _variants(shape: AnswerShape, *rows: tuple[str, str]) -> tuple[StatementVariant, ...]:
    return tuple(StatementVariant(file, shape, frozenset(needs.split())) for file, needs in rows)


def _probes(folder: str, *features: str) -> dict[str, str]:
    """The file of the probe of each feature."""
    return {name: f"{folder}/can_{name}.sql" for names in features for name in names.split()}


PROBES: dict[Flavour, dict[str, str]] = {
    Flavour.MYSQL: _probes(
        "mysql",
        "process instrumented threads processlist statements instruments timed all_instrumented aggregate",
        "transactions transaction_instrument data_locks innodb_locks metadata_locks metadata_instrument",
        "attributes history errors idle_error accounts log bounds persist",
    ),
    Flavour.MARIADB: _probes(
        "mariadb",
        "process instrumented threads statements attributes history aggregate innodb_locks metadata_locks",
        "metadata_instrument lock_plugin accounts paths",
    ),
}
"""The probes that are run when a connection opens, by feature. The server has the feature where its probe brings a row; not where it
brings none or is refused."""

ACTIVITY_NEEDS = "instrumented threads statements instruments timed aggregate"
"""The features that activity.sql needs: an account that reads performance_schema, and every statement timed."""

VARIANT_PROBES: dict[Flavour, dict[str, str]] = {
    Flavour.MYSQL: {
        "aurora": "service/aurora.sql",
        "rds": "mysql/can_rds.sql",
        "azure": "mysql/can_azure.sql",
        "galera": "service/galera_mysql.sql",
        "galera_non_primary": "service/galera_non_primary_mysql.sql",
        "idle_transactions": "mysql/can_idle_transactions.sql",
        "pool": "mysql/can_pool.sql",
    },
    Flavour.MARIADB: {
        "rds": "mariadb/can_rds.sql",
        "azure": "mariadb/can_azure.sql",
        "galera": "service/galera_mariadb.sql",
        "galera_non_primary": "service/galera_non_primary_mariadb.sql",
        "pool": "mariadb/can_pool.sql",
    },
}
"""The probes of server variants, and of features that only a variant or a setting has.

The key of a variant's probe is the variant's word in `server_variants.SERVER_VARIANTS`."""

STATEMENTS: dict[Flavour, dict[str, tuple[StatementVariant, ...]]] = {
    Flavour.MYSQL: {
        "short_wait_timeout": _variants(
            shapes.OWN_LIMIT_CHECK,
            ("proxysql/short_wait_timeout.sql", "proxysql"),
            ("mysql/short_wait_timeout.sql", ""),
        ),
        "session": _variants(shapes.ACT, ("mysql/session.sql", "")),
        "own_thread": _variants(
            shapes.OWN_THREAD, ("mysql/own_thread.sql", "instrumented threads statements instruments timed")
        ),
        "clock": _variants(
            shapes.CLOCK,
            ("proxysql/clock.sql", "proxysql"),
            ("mysql/clock_statements.sql", "instrumented threads statements instruments timed"),
            ("mysql/clock_wall.sql", ""),
        ),
        "wall": _variants(shapes.CLOCK, ("proxysql/clock.sql", "proxysql"), ("mysql/clock_wall.sql", "")),
        "sessions": _variants(
            shapes.MYSQL_SESSIONS,
            ("proxysql/sessions.sql", "proxysql"),
            ("tidb/sessions.sql", "tidb"),
            ("mysql/sessions_threads.sql", "instrumented threads"),
            ("mysql/sessions_processlist.sql", "instrumented processlist"),
            ("mysql/sessions_information_schema.sql", ""),
        ),
        "all_sessions": _variants(shapes.MYSQL_SESSIONS, ("mysql/sessions_information_schema.sql", "")),
        "packed_sessions": _variants(
            shapes.PACK, ("mysql/packed_sessions.sql", "instrumented threads aggregate")
        ),
        "activity": _variants(shapes.ACTIVITY, ("mysql/activity.sql", ACTIVITY_NEEDS)),
        "activity_checksum": _variants(
            shapes.ACTIVITY_CHECKSUM, ("mysql/activity_checksum.sql", ACTIVITY_NEEDS)
        ),
        "some": _variants(shapes.MYSQL_SESSIONS, ("mysql/some_threads.sql", ACTIVITY_NEEDS)),
        "packed_some": _variants(shapes.PACK, ("mysql/packed_some.sql", ACTIVITY_NEEDS)),
        "statements": _variants(
            shapes.MYSQL_STATEMENTS, ("mysql/statements.sql", "instrumented threads statements")
        ),
        "packed_statements": _variants(
            shapes.PACK, ("mysql/packed_statements.sql", "instrumented threads statements aggregate")
        ),
        "statements_some": _variants(
            shapes.MYSQL_STATEMENTS, ("mysql/statements_some.sql", "instrumented threads statements")
        ),
        "statement_history": _variants(
            shapes.STATEMENT_HISTORY, ("mysql/statement_history.sql", "instrumented threads statements")
        ),
        "own_limits": _variants(shapes.OWN_LIMITS, ("mysql/own_limits.sql", "instrumented threads")),
        "packed_own_limits": _variants(
            shapes.PACK, ("mysql/packed_own_limits.sql", "instrumented threads aggregate")
        ),
        "hosts": _variants(shapes.HOSTS, ("mysql/hosts.sql", "instrumented threads processlist process")),
        "packed_hosts": _variants(
            shapes.PACK, ("mysql/packed_hosts.sql", "instrumented threads processlist process aggregate")
        ),
        "attributes": _variants(shapes.ATTRIBUTES, ("mysql/attributes.sql", "instrumented attributes")),
        "some_attributes": _variants(
            shapes.ATTRIBUTES, ("mysql/some_attributes.sql", "instrumented attributes")
        ),
        "packed_attributes": _variants(
            shapes.PACK, ("mysql/packed_attributes.sql", "instrumented attributes aggregate")
        ),
        "innodb_transactions": _variants(
            shapes.INNODB_TRANSACTIONS, ("mysql/innodb_transactions.sql", "process")
        ),
        "packed_innodb_transactions": _variants(
            shapes.PACK, ("mysql/packed_innodb_transactions.sql", "process aggregate")
        ),
        "lock_holders": _variants(
            shapes.LOCK_HOLDERS, ("mysql/lock_holders.sql", "instrumented threads process data_locks")
        ),
        "innodb_locks": _variants(shapes.INNODB_LOCKS, ("mysql/innodb_locks.sql", "process innodb_locks")),
        "metadata_locks": _variants(
            shapes.METADATA_LOCKS,
            ("mysql/metadata_locks.sql", "instrumented threads metadata_locks metadata_instrument"),
        ),
        "transactions": _variants(
            shapes.TRANSACTIONS,
            ("mysql/transactions.sql", "instrumented threads transactions transaction_instrument"),
        ),
        "transaction_statements": _variants(
            shapes.TRANSACTION_STATEMENTS,
            (
                "mysql/transaction_statements.sql",
                "instrumented threads statements history transactions transaction_instrument",
            ),
            ("mysql/statements_since_start.sql", "instrumented threads statements history process"),
        ),
        "limits": _variants(
            shapes.LIMITS,
            ("proxysql/limits.sql", "proxysql"),
            ("mysql/limits_idle_transactions.sql", "idle_transactions"),
            ("mysql/limits.sql", ""),
        ),
        "variables": _variants(
            shapes.VARIABLES,
            ("proxysql/variables.sql", "proxysql"),
            ("tidb/variables.sql", "tidb"),
            ("mysql/variables_bounds.sql", "bounds"),
            ("mysql/variables.sql", ""),
        ),
        "counters": _variants(
            shapes.COUNTERS,
            ("proxysql/counters.sql", "proxysql"),
            ("tidb/counters.sql", "tidb"),
            ("mysql/counters.sql", ""),
        ),
        "end_counts": _variants(
            shapes.END_COUNTS, ("mysql/end_counts.sql", "instrumented threads errors instruments")
        ),
        "accounts": _variants(shapes.ACCOUNTS, ("mysql/accounts.sql", "instrumented accounts")),
        "kills": _variants(shapes.KILLS, ("mysql/kills.sql", "instrumented threads statements")),
        "offline": _variants(
            shapes.OFFLINE, ("mysql/offline.sql", "bounds"), ("mysql/offline_before.sql", "")
        ),
        "log": _variants(shapes.LOG, ("mysql/log.sql", "instrumented log")),
        "log_oldest": _variants(shapes.INSTANT, ("mysql/log_oldest.sql", "instrumented log")),
        "past_log": _variants(shapes.LOG, ("mysql/past_log.sql", "instrumented log")),
        "raised_errors": _variants(shapes.RAISED_ERRORS, ("mysql/raised_errors.sql", "instrumented errors")),
        "last_kill": _variants(shapes.LAST_KILL, ("mysql/last_kill.sql", "instrumented threads")),
        "failing_hosts": _variants(shapes.FAILING_HOSTS, ("mysql/failing_hosts.sql", "instrumented threads")),
        "one_sessions": _variants(
            shapes.MYSQL_SESSIONS,
            ("mysql/one_threads.sql", "instrumented threads"),
            ("mysql/one_processlist.sql", "instrumented processlist"),
            ("mysql/one_information_schema.sql", ""),
        ),
        "one_statements": _variants(
            shapes.MYSQL_STATEMENTS, ("mysql/one_statements.sql", "instrumented threads statements")
        ),
        "one_hosts": _variants(
            shapes.HOSTS, ("mysql/one_hosts.sql", "instrumented threads processlist process")
        ),
        "one_attributes": _variants(
            shapes.ATTRIBUTES, ("mysql/one_attributes.sql", "instrumented attributes")
        ),
        "short_execution_limit": _variants(shapes.OWN_LIMIT_CHECK, ("mysql/short_execution_limit.sql", "")),
        "session_act": _variants(shapes.ACT, ("mysql/session_act.sql", "")),
        "session_before": _variants(shapes.SESSION_BEFORE, ("mysql/session_before.sql", "")),
        "session_restore": _variants(shapes.ACT, ("mysql/session_restore.sql", "")),
        "identity": _variants(shapes.NAMED, ("mysql/identity.sql", "")),
        "uid": _variants(shapes.UID, ("mysql/uid.sql", "")),
        "admin_port": _variants(shapes.ADMIN_PORT, ("mysql/admin_port.sql", "")),
        "grants": _variants(shapes.GRANTS, ("mysql/grants.sql", "")),
        "own_value": _variants(shapes.OWN_VALUE, ("mysql/own_value.sql", "")),
        "warnings": _variants(shapes.WARNINGS, ("mysql/warnings.sql", "")),
        "set_global": _variants(shapes.ACT, ("mysql/set_global.sql", "")),
        "kill_session": _variants(
            shapes.ACT,
            ("mysql/kill_session_rds.sql", "rds"),
            ("mysql/kill_session_azure.sql", "azure"),
            ("mysql/kill_session.sql", ""),
        ),
        "kill_query": _variants(
            shapes.ACT,
            ("mysql/kill_query_rds.sql", "rds"),
            ("mysql/kill_query_azure.sql", "azure"),
            ("mysql/kill_query.sql", ""),
        ),
        "variable_state": _variants(
            shapes.VARIABLE_STATE,
            ("mysql/variable_state_bounds.sql", "bounds persist"),
            ("mysql/variable_state.sql", ""),
        ),
        "connection_capacity": _variants(shapes.CONNECTION_CAPACITY, ("mysql/connection_capacity.sql", "")),
        "set_persist": _variants(shapes.ACT, ("mysql/set_persist.sql", "persist")),
        "reset_persist": _variants(shapes.ACT, ("mysql/reset_persist.sql", "persist")),
    },
    Flavour.MARIADB: {
        "short_wait_timeout": _variants(shapes.OWN_LIMIT_CHECK, ("mariadb/short_wait_timeout.sql", "")),
        "session": _variants(shapes.ACT, ("mariadb/session.sql", "")),
        "clock": _variants(shapes.CLOCK, ("mariadb/clock.sql", "")),
        "sessions": _variants(shapes.MARIADB_SESSIONS, ("mariadb/sessions.sql", "")),
        "packed_sessions": _variants(shapes.PACK, ("mariadb/packed_sessions.sql", "aggregate")),
        "since": _variants(shapes.SINCE, ("mariadb/since.sql", "")),
        "statements": _variants(
            shapes.MARIADB_STATEMENTS, ("mariadb/statements.sql", "instrumented threads statements")
        ),
        "attributes": _variants(shapes.ATTRIBUTES, ("mariadb/attributes.sql", "instrumented attributes")),
        "packed_attributes": _variants(
            shapes.PACK, ("mariadb/packed_attributes.sql", "instrumented attributes aggregate")
        ),
        "innodb_transactions": _variants(
            shapes.INNODB_TRANSACTIONS, ("mariadb/innodb_transactions.sql", "process")
        ),
        "packed_innodb_transactions": _variants(
            shapes.PACK, ("mariadb/packed_innodb_transactions.sql", "process aggregate")
        ),
        "innodb_locks": _variants(shapes.INNODB_LOCKS, ("mariadb/innodb_locks.sql", "process innodb_locks")),
        "packed_innodb_locks": _variants(
            shapes.PACK, ("mariadb/packed_innodb_locks.sql", "process innodb_locks aggregate")
        ),
        "metadata_locks": _variants(
            shapes.METADATA_LOCKS,
            ("mariadb/metadata_locks.sql", "instrumented threads metadata_locks metadata_instrument"),
            ("mariadb/metadata_lock_info.sql", "process lock_plugin"),
        ),
        "transaction_statements": _variants(
            shapes.TRANSACTION_STATEMENTS,
            ("mariadb/statements_since_start.sql", "instrumented threads statements history process"),
        ),
        "limits": _variants(shapes.LIMITS, ("mariadb/limits.sql", "")),
        "variables": _variants(shapes.VARIABLES, ("mariadb/variables.sql", "")),
        "counters": _variants(shapes.COUNTERS, ("mariadb/counters.sql", "")),
        "end_counts": _variants(shapes.END_COUNTS, ("mariadb/end_counts.sql", "instrumented threads")),
        "accounts": _variants(shapes.ACCOUNTS, ("mariadb/accounts.sql", "instrumented accounts")),
        "kills": _variants(shapes.KILLS, ("mariadb/kills.sql", "instrumented threads statements")),
        "last_kill": _variants(shapes.LAST_KILL, ("mariadb/last_kill.sql", "instrumented threads")),
        "failing_hosts": _variants(
            shapes.FAILING_HOSTS, ("mariadb/failing_hosts.sql", "instrumented threads")
        ),
        "one_sessions": _variants(shapes.MARIADB_SESSIONS, ("mariadb/one_sessions.sql", "")),
        "one_statements": _variants(
            shapes.MARIADB_STATEMENTS, ("mariadb/one_statements.sql", "instrumented threads statements")
        ),
        "one_attributes": _variants(
            shapes.ATTRIBUTES, ("mariadb/one_attributes.sql", "instrumented attributes")
        ),
        "short_execution_limit": _variants(shapes.ALWAYS_SET, ("mariadb/short_execution_limit.sql", "")),
        "identity": _variants(shapes.NAMED, ("mariadb/identity.sql", "")),
        "uid": _variants(shapes.UID, ("mariadb/uid.sql", "")),
        "admin_port": _variants(shapes.ADMIN_PORT, ("mariadb/admin_port.sql", "")),
        "grants": _variants(shapes.GRANTS, ("mariadb/grants.sql", "")),
        "own_value": _variants(shapes.OWN_VALUE, ("mariadb/own_value.sql", "")),
        "warnings": _variants(shapes.WARNINGS, ("mariadb/warnings.sql", "")),
        "set_global": _variants(shapes.ACT, ("mariadb/set_global.sql", "")),
        "kill_session": _variants(
            shapes.ACT,
            ("mariadb/kill_session_rds.sql", "rds"),
            ("mariadb/kill_session_azure.sql", "azure"),
            ("mariadb/kill_session.sql", ""),
        ),
        "kill_query": _variants(
            shapes.ACT,
            ("mariadb/kill_query_rds.sql", "rds"),
            ("mariadb/kill_query_azure.sql", "azure"),
            ("mariadb/kill_query.sql", ""),
        ),
        "variable_state": _variants(
            shapes.VARIABLE_STATE,
            ("mariadb/variable_state.sql", "paths"),
            ("mariadb/variable_state_before.sql", ""),
        ),
        "connection_capacity": _variants(shapes.CONNECTION_CAPACITY, ("mariadb/connection_capacity.sql", "")),
    },
}

RENAMED, NOT_RENAMED = "replica_words", "slave_words"
"""Features that `source.topology` adds by the version: whether statements of MySQL have the word replica (from 8.0.22 on)."""

TOPOLOGY_STATEMENTS: dict[Flavour, dict[str, tuple[StatementVariant, ...]]] = {
    Flavour.MYSQL: {
        "server_id": _variants(shapes.SERVER_ID, ("mysql/server_id.sql", "")),
        "replicas": _variants(
            shapes.REPLICAS, ("mysql/replicas.sql", RENAMED), ("mysql/replicas_before.sql", NOT_RENAMED)
        ),
        "dumps": _variants(
            shapes.DUMPS, ("mysql/dumps_threads.sql", "instrumented"), ("mysql/dumps.sql", "")
        ),
        "sources": _variants(
            shapes.SOURCES,
            ("mysql/sources.sql", "instrumented"),
            ("mysql/sources_shown.sql", RENAMED),
            ("mysql/sources_shown_before.sql", NOT_RENAMED),
        ),
        "members": _variants(shapes.MEMBERS, ("mysql/members.sql", "instrumented")),
        "nodes": _variants(shapes.NODES, ("mysql/nodes.sql", "galera")),
        "instances": _variants(shapes.INSTANCES, ("mysql/instances.sql", "aurora")),
    },
    Flavour.MARIADB: {
        "server_id": _variants(shapes.SERVER_ID, ("mariadb/server_id.sql", "")),
        "replicas": _variants(shapes.REPLICAS, ("mariadb/replicas.sql", "")),
        "dumps": _variants(shapes.DUMPS, ("mariadb/dumps.sql", "")),
        "sources": _variants(shapes.SOURCES, ("mariadb/sources_shown.sql", "")),
        "nodes": _variants(shapes.NODES, ("mariadb/nodes.sql", "galera")),
    },
}
"""The statements about the topology of a server, sent only on demand. The first variant that is not refused is used."""


def choose_statement(
    flavour: Flavour, what: str, features: AbstractSet[str], refused_files: AbstractSet[str] = frozenset()
) -> Statement | None:
    """The first variant of the statement `what` that these features allow; None where there is none.

    `refused_files` are the files of statements that this server has refused.
    """
    for variant in STATEMENTS[flavour].get(what, ()):
        if variant.needs <= features and variant.file not in refused_files:
            return read_sql(variant.file)
    return None


def variants_of(flavour: Flavour, statement: str) -> list[tuple[str, StatementVariant]]:
    """The keys of `STATEMENTS` that have this statement as a variant, each with the variant."""
    return [
        (what, variant)
        for what, variants in STATEMENTS[flavour].items()
        for variant in variants
        if read_sql(variant.file) == statement
    ]


@cache
def read_sql(file: str) -> Statement:
    """The statement in a file, without comments, and on MySQL with its bound in time."""
    lines = package_text(f"source/sql/{file}").splitlines()
    bare = "\n".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
    is_for_mysql = file.startswith("mysql/") or file in VARIANT_PROBES[Flavour.MYSQL].values()
    if is_for_mysql and bare.startswith("SELECT"):
        bare = f"{bare[:6]} {HINT}{bare[6:]}"
    return Statement(bare, _shapes()[file])


@cache
def _shapes() -> dict[str, AnswerShape]:
    tables = (table for by_flavour in (STATEMENTS, TOPOLOGY_STATEMENTS) for table in by_flavour.values())
    return {
        IDENTIFY: shapes.IDENTITY,
        PROXYSQL_COMMENT: shapes.VERSION_TEXT,
        PROXYSQL_VERSION: shapes.VERSION_TEXT,
        **{
            file: shapes.PROBE
            for by_flavour in (*PROBES.values(), *VARIANT_PROBES.values())
            for file in by_flavour.values()
        },
        **{
            variant.file: variant.shape
            for table in tables
            for variants in table.values()
            for variant in variants
        },
    }


def named_files() -> set[str]:
    """The files that the tables name."""
    return set(_shapes())
