"""Which server answers, and what our account may read on it: found out when a connection opens, and again from time to time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from goneaway_tui.errors import UnsupportedVersion
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import (
    LOCK_HOLDERS,
    METADATA_LOCK_HOLDERS,
    OTHER_ACCOUNTS_MARIADB,
    OTHER_ACCOUNTS_MYSQL,
    OTHER_ACCOUNTS_NO_ROOM,
    ROWS_PORTS_AND_WAITS,
    Flavour,
    Limitation,
)
from goneaway_tui.source import server_variants, sql
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.server_variants import ServerIdentity, identify, version_numbers, version_of
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.text.sanitize import from_wire, plain

OLDEST_VERSIONS: dict[Flavour, tuple[tuple[int, ...], str]] = {
    # 5.7.9 is the first release of 5.7 for production: dev.mysql.com/doc/relnotes/mysql/5.7/en/news-5-7-9.html.
    Flavour.MYSQL: (
        (5, 7, 9),
        N_("the performance_schema tables that goneaway-tui reads exist only from 5.7.9 on"),
    ),
    # idle_transaction_timeout and the two limits like it came with 10.3.0: mariadb.com/kb/en/server-system-variables/.
    Flavour.MARIADB: (
        (10, 3),
        N_("the variable idle_transaction_timeout that goneaway-tui reads exists only from 10.3 on"),
    ),
}
"""The oldest version that can be read, and what an older one lacks."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one server can do for one account."""

    flavour: Flavour
    version: str
    banner: str
    own_id: int
    account: str
    """Quoted for GRANT: `'dba'@'%'`."""
    features: frozenset[str]
    """Names of the probes in `sql.PROBES` that brought a row, and the words of its server variants."""
    uid: str | None = None
    """`server_uuid` or `server_uid`, where it has one."""
    refusals: tuple[Refusal, ...] = field(default=(), compare=False)
    """The refusals of statements that these features choose."""
    refused_files: frozenset[str] = frozenset()
    """The files of the refused statements, which are not sent again."""

    def statement(self, what: str) -> Statement | None:
        return sql.choose_statement(self.flavour, what, self.features, self.refused_files)

    def without(self, refusal: Refusal) -> Self:
        """The capabilities without a refused statement. Raises the refusal where no sample is possible without it."""
        variants = sql.variants_of(self.flavour, refusal.statement)
        files = {variant.file for _what, variant in variants}
        capabilities = replace(
            self, refusals=(*self.refusals, refusal), refused_files=self.refused_files | files
        )
        needed = {what for what, _variant in variants} & REQUIRED
        if files <= self.refused_files or any(capabilities.statement(what) is None for what in needed):
            raise refusal
        return capabilities

    def required_statement(self, what: str) -> Statement:
        """A statement that has a variant for every server and account."""
        statement = self.statement(what)
        assert statement is not None, what  # noqa: S101 - a house test holds the table to it
        return statement


def find_capabilities(connection: Connection, before: Capabilities | None = None) -> Capabilities:
    """Identify the server and run every probe. Raises SourceError; after UnsupportedVersion another attempt fails in the same way.

    `before`: the capabilities that were found earlier over the same connection. What kind of server it is does not change while it
    runs, so the probes of variants that it was not are left out: they cost a server with 5,000 sessions 12 ms.
    """
    identity = identify(connection)
    _refuse_old(identity)
    features = {identity.variant} - {""}
    if not identity.is_unprobed:
        of_variants = sql.VARIANT_PROBES[identity.flavour]
        probes = {
            **sql.PROBES[identity.flavour],
            **{
                name: file
                for name, file in of_variants.items()
                if before is None or name.removesuffix("_non_primary") in before.features
            },
        }
        features |= {name for name, file in probes.items() if _answers(connection, file)}
    return Capabilities(
        identity.flavour,
        version=version_of(identity.banner),
        banner=f"{identity.banner} {identity.comment}".strip(),
        own_id=identity.own_id,
        account=quoted_account(identity.account),
        features=frozenset(features),
        uid=None if identity.is_unprobed else _uid(connection, identity.flavour),
    )


def _refuse_old(identity: ServerIdentity) -> None:
    """Raise UnsupportedVersion below the oldest version. The version number of a server variant does not show what it can do."""
    if identity.variant:
        return
    oldest, lacks = OLDEST_VERSIONS[identity.flavour]
    version = version_of(identity.banner)
    numbers = version_numbers(version)
    if numbers and numbers < oldest[: len(numbers)]:
        raise UnsupportedVersion(
            _(
                "{server} {version} is too old: {why}",
                server=identity.flavour.title,
                version=version,
                why=_(lacks),
            ),
            _(
                "connect to {server} {version} or later",
                server=identity.flavour.title,
                version=".".join(map(str, oldest)),
            ),
        )


def quoted_account(account: str) -> str:
    r"""
    >>> quoted_account("dba@%")
    "'dba'@'%'"
    >>> quoted_account("d'b@a@%")
    "'d''b@a'@'%'"
    """
    user, _, host = account.rpartition("@")
    return "@".join(
        "'" + plain(part, 300).replace("\\", "\\\\").replace("'", "''") + "'" for part in (user, host)
    )


def _uid(connection: Connection, flavour: Flavour) -> str | None:
    statement = sql.choose_statement(flavour, "uid", frozenset())
    try:
        uid = connection.rows(statement)[0][0] if statement is not None else None
    except Refusal:
        return None
    return plain(from_wire(uid or b""), 100) or None


def _answers(connection: Connection, file: str) -> bool:
    try:
        return bool(connection.rows(sql.read_sql(file)))
    except Refusal:
        return False


def limitations_of(capabilities: Capabilities) -> tuple[Limitation, ...]:
    """What cannot be read on this server with this account, each with what would allow it; the notes of its server variant first."""
    notes = server_variants.variant_limitations(capabilities.features)
    if capabilities.features & server_variants.UNPROBED_VARIANTS:
        return notes
    user = capabilities.account.rpartition("@")[0]
    lacking = tuple(
        Limitation(what, why, grant and grant.format(account=capabilities.account, user=user))
        for needs, lacks, what, why, grant in LIMITATIONS[capabilities.flavour]
        if capabilities.features.issuperset(needs.split()) and capabilities.features.isdisjoint(lacks.split())
    )
    return (
        notes + lacking + tuple(_refused(capabilities.flavour, refusal) for refusal in capabilities.refusals)
    )


def known_limitation_texts() -> frozenset[str]:
    """The texts of limitations that are ours and hold nothing of a server."""
    rows = (text for flavour in LIMITATIONS.values() for row in flavour for text in row[2:4])
    notes = server_variants.variant_limitations({variant.word for variant in server_variants.SERVER_VARIANTS})
    of_variants = (text for note in notes for text in (note.what, note.why))
    unlisted = (UNLISTED_DETAILS, OTHER_ACCOUNTS_NO_ROOM, NO_ROOM, QUICKER_READING)
    return frozenset((*rows, *of_variants, *unlisted, *LOST_BY_STATEMENT.values()))


def history_limitation(capabilities: Capabilities, *, is_wanted: bool = True) -> Limitation:
    """Why the statements of an open transaction are not read. `is_wanted`: whether SQL text may be read at all."""
    what = N_("the statements of an open transaction")
    if not is_wanted:
        return Limitation(what, N_("--no-statements shows no SQL text"))
    if "instrumented" not in capabilities.features:
        return Limitation(what, N_("performance_schema is OFF"))
    if (
        capabilities.features.issuperset(("threads", "statements", "history"))
        or "threads" not in capabilities.features
    ):
        return Limitation(
            what,
            N_("the account lacks SELECT on some tables of performance_schema"),
            _SELECT.format(account=capabilities.account),
        )
    return Limitation(
        what,
        N_("the server does not keep finished statements"),
        _INSTRUMENT.format(
            "setup_consumers",
            "ENABLED = 'YES'",
            "NAME IN ('events_statements_current', 'events_statements_history')",
        ),
    )


def unlisted_limitations(capabilities: Capabilities, unlisted: int) -> tuple[Limitation, ...]:
    """The limitations where performance_schema has no room for some sessions; `unlisted` of them were read from the process list."""
    sees_all = "process" in capabilities.features
    room = Limitation(
        UNLISTED_DETAILS if sees_all else OTHER_ACCOUNTS_NO_ROOM,
        NO_ROOM,
        MORE_INSTANCES if sees_all else _PROCESS.format(account=capabilities.account),
    )
    # Our own session may be one of those: then the reason is not setup_actors.
    others = tuple(limitation for limitation in limitations_of(capabilities) if limitation.why != LEFT_OUT)
    if any(
        limitation.what in {OTHER_ACCOUNTS_MYSQL, OTHER_ACCOUNTS_MARIADB} for limitation in others
    ):  # a larger loss, which the same GRANT removes
        return others
    return ((room,) if unlisted or not sees_all else ()) + others


def _refused(flavour: Flavour, refusal: Refusal) -> Limitation:
    """The limitation of a refused statement. Its reason is the server's message, in the server's language."""
    keys = [what for what, _variant in sql.variants_of(flavour, refusal.statement)]
    lost = next((LOST_BY_STATEMENT[what] for what in keys if what in LOST_BY_STATEMENT), QUICKER_READING)
    return Limitation(lost, refusal.why)


REQUIRED = frozenset(
    {"short_wait_timeout", "session", "clock", "wall", "sessions", "limits", "variables", "counters"}
)
"""Statements without which there is no sample. Where a variant is refused, the next one is sent; the last one must not be refused."""

QUICKER_READING = N_("fast samples of a server with many sessions")
"""What is lost where a statement is refused that only saves time."""

LOST_BY_STATEMENT = {
    "own_thread": N_("exact idle times"),
    "clock": N_("exact idle times"),
    "sessions": N_("each session's own limit and exact idle times"),
    "statements": N_("exact idle times and the last statement"),
    "statement_history": N_("the exact idle time of a session before its next statement"),
    "own_limits": N_("each session's own limit"),
    "hosts": N_("clients' ports"),
    "attributes": N_("the program and client of each session"),
    "innodb_transactions": N_("the rows that transactions hold"),
    "transactions": N_("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
    "lock_holders": LOCK_HOLDERS,
    "innodb_locks": LOCK_HOLDERS,
    "metadata_locks": METADATA_LOCK_HOLDERS,
    "variables": N_("the ranges of global variables, and where their values come from"),
    "limits": N_("the timeout of idle transactions"),
    "counters": N_("the number of KILL statements"),
    "all_sessions": N_("the sessions that performance_schema has no room for"),
    "end_counts": N_("how the sessions of an account ended"),
    "accounts": N_("sessions that opened and ended between two samples"),
    "kills": N_("which account ran a KILL"),
    "log": N_("ended sessions in the server's error log"),
    "log_oldest": N_("whether the server's error log covers the server's previous run"),
}
"""What is lost where a statement is refused, by its key in `sql.STATEMENTS`."""


UNLISTED_DETAILS = N_(
    "own limits, exact idle times, program and last statement of sessions that performance_schema has no room for"
)
NO_ROOM = N_("performance_schema_max_thread_instances is too small for so many sessions")
MORE_INSTANCES = N_("set performance_schema_max_thread_instances = -1 under [mysqld] and restart")
LEFT_OUT = N_(
    "setup_actors excludes the session of goneaway-tui, so the timer is unknown: idle times are whole seconds"
)

_SELECT = "GRANT SELECT ON performance_schema.* TO {account}"
_PROCESS = "GRANT PROCESS ON *.* TO {account}"
_NEVER = ""
"""No probes: the limitation always holds."""

_ALL_EVENTS = N_(
    "own limits, exact idle times, the program and client of each session, the last statement, a bare BEGIN, why sessions ended"
)
_EVENTS_OFF = N_(
    "performance_schema is OFF: limits are assumed, idle times are whole seconds from the start of the last command"
)
_IN_GROUP = N_("set performance_schema = 1 in the DB parameter group and reboot")
_IN_SERVICE = N_("set performance_schema = ON in the server parameters of the service and restart")

_MARIADB_EVENTS = N_(
    "the program and client of each session, the last statement of idle sessions, counts of ended sessions"
)
_CLOSING = N_("the exact time at which an idle session is closed")
_POOLED = N_(
    "with thread_handling = pool-of-threads, the server can close the session up to "
    "thread_pool_stall_limit after the deadline"
)

_INSTRUMENT = "UPDATE performance_schema.{} SET {} WHERE {}"


def _consumer(name: str) -> str:
    """The statement that turns a consumer on, with the two it depends on."""
    return _INSTRUMENT.format(
        "setup_consumers",
        "ENABLED = 'YES'",
        f"NAME IN ('global_instrumentation', 'thread_instrumentation', '{name}')",
    )


_METADATA = (
    (
        "instrumented threads attributes process",
        "metadata_locks",
        METADATA_LOCK_HOLDERS,
        N_("performance_schema.metadata_locks cannot be read"),
        _SELECT,
    ),
    (
        "instrumented threads process metadata_locks",
        "metadata_instrument",
        METADATA_LOCK_HOLDERS,
        N_("the instrument of metadata locks is off"),
        _INSTRUMENT.format("setup_instruments", "ENABLED = 'YES'", "NAME = 'wait/lock/metadata/sql/mdl'"),
    ),
)

LIMITATIONS: dict[Flavour, tuple[tuple[str, str, str, str, str | None], ...]] = {
    Flavour.MYSQL: (
        (
            "",
            "threads process",
            OTHER_ACCOUNTS_MYSQL,
            N_("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "",
            "instrumented rds aurora azure cloudsql",
            _ALL_EVENTS,
            _EVENTS_OFF,
            N_("set performance_schema = ON under [mysqld] and restart"),
        ),
        # "Turning on the Performance Schema" in the user guide of Amazon RDS: a static parameter, so a reboot.
        ("rds", "instrumented", _ALL_EVENTS, _EVENTS_OFF, _IN_GROUP),
        ("aurora", "instrumented rds", _ALL_EVENTS, _EVENTS_OFF, _IN_GROUP),
        ("azure", "instrumented rds", _ALL_EVENTS, _EVENTS_OFF, _IN_SERVICE),
        ("cloudsql", "instrumented rds azure", _ALL_EVENTS, _EVENTS_OFF, _IN_SERVICE),
        (
            "instrumented",
            "threads attributes",
            N_(
                "own limits, exact idle times, the program and client of each session, the last statement, a bare BEGIN, why sessions ended"
            ),
            N_(
                "the account lacks SELECT on performance_schema: limits are assumed, idle times are whole seconds at best"
            ),
            _SELECT,
        ),
        (
            "instrumented attributes",
            "threads",
            N_("own limits, exact idle times, the last statement, a bare BEGIN, why sessions ended"),
            N_(
                "the account lacks SELECT on some tables of performance_schema: limits are assumed, idle times "
                "are whole seconds at best"
            ),
            _SELECT,
        ),
        (
            "instrumented threads",
            "statements",
            N_("exact idle times and the last statement"),
            N_(
                "a consumer of statement events is off: idle times are whole seconds from the start of the last command"
            ),
            _consumer("events_statements_current"),
        ),
        (
            "instrumented threads statements",
            "instruments",
            N_("exact idle times, the last statement, and why sessions ended"),
            N_(
                "some kinds of statement are not recorded: idle times are whole seconds from the start of the last command"
            ),
            _INSTRUMENT.format(
                "setup_instruments",
                "ENABLED = 'YES', TIMED = 'YES'",
                "NAME LIKE 'statement/sql/%' OR NAME LIKE 'statement/com/%' OR NAME LIKE 'statement/abstract/%'",
            ),
        ),
        (
            "instrumented threads statements instruments",
            "timed",
            N_("exact idle times"),
            LEFT_OUT,
            "INSERT INTO performance_schema.setup_actors (HOST, USER) VALUES ('%', {user})",
        ),
        (
            "instrumented threads statements instruments timed",
            "all_instrumented",
            N_("exact idle times and the last statement of some sessions"),
            N_(
                "these sessions are not instrumented: their idle times are whole seconds from the start of the last command"
            ),
            _INSTRUMENT.format("threads", "INSTRUMENTED = 'YES'", "PROCESSLIST_ID IS NOT NULL"),
        ),
        (
            "instrumented threads",
            "attributes",
            N_("the program and client of each session"),
            N_("the account lacks SELECT on performance_schema.session_connect_attrs"),
            _SELECT,
        ),
        (
            "threads instrumented",
            "process",
            ROWS_PORTS_AND_WAITS,
            N_("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "instrumented threads",
            "transactions",
            N_("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
            N_("a consumer of transaction events is off"),
            _consumer("events_transactions_current"),
        ),
        (
            "instrumented threads",
            "transaction_instrument",
            N_("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
            N_("the instrument of transaction events is off, which is the default of MySQL 5.7"),
            _INSTRUMENT.format("setup_instruments", "ENABLED = 'YES', TIMED = 'YES'", "NAME = 'transaction'"),
        ),
        (
            "instrumented threads attributes process",  # without these, another line has the same grant
            "data_locks innodb_locks",
            LOCK_HOLDERS,
            N_("the account lacks SELECT on performance_schema.data_lock_waits"),
            _SELECT,
        ),
        *_METADATA,
        ("pool", "", _CLOSING, _POOLED, None),
    ),
    Flavour.MARIADB: (
        (
            "",
            "process",
            OTHER_ACCOUNTS_MARIADB,
            N_("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "",
            _NEVER,
            N_("each session's own limit"),
            N_("MariaDB does not show it: the global value is assumed (~)"),
            None,
        ),
        (
            "",
            _NEVER,
            N_("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
            N_("MariaDB lists only transactions that have touched an InnoDB table"),
            None,
        ),
        ("pool", "", _CLOSING, _POOLED, None),
        ("rds", "instrumented", _MARIADB_EVENTS, N_("performance_schema is OFF"), _IN_GROUP),
        (
            "",
            "instrumented rds",
            _MARIADB_EVENTS,
            N_("performance_schema is OFF"),
            N_("set performance_schema = ON under [mariadbd] and restart"),
        ),
        (
            "instrumented",
            "threads attributes",
            _MARIADB_EVENTS,
            N_("the account lacks SELECT on performance_schema"),
            _SELECT,
        ),
        (
            "instrumented threads",
            "attributes",
            N_("the program and client of each session"),
            N_("the account lacks SELECT on performance_schema.session_connect_attrs"),
            _SELECT,
        ),
        (
            "instrumented attributes",
            "threads",
            N_("the last statement of idle sessions, counts of ended sessions"),
            N_("the account lacks SELECT on some tables of performance_schema"),
            _SELECT,
        ),
        (
            "instrumented threads",
            "statements",
            N_("the last statement of idle sessions"),
            N_("a consumer of statement events is off, which is the default of MariaDB"),
            _consumer("events_statements_current"),
        ),
        *_METADATA,
    ),
}
"""Rows of: probes that must have brought a row, probes that must all have brought none, what is lost, why, what allows it. The last
three are translated where they are shown: a recording has them in English."""
