"""Who answers, and what this account may read there: found out once at connect."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.language import marked
from goneaway_tui.model.plain import from_wire, plain
from goneaway_tui.model.server import Flavour, Limitation
from goneaway_tui.source import services, sql
from goneaway_tui.source.connection import Connection, Refusal
from goneaway_tui.source.identity import identified, number_of


@dataclass(frozen=True, slots=True)
class Survey:
    """A server as our account sees it."""

    flavour: Flavour
    version: str
    banner: str
    own_id: int
    account: str
    """Quoted, as a GRANT wants it: `'dba'@'%'`."""
    able: frozenset[str]
    """Names of the probes in `sql.PROBES` that answered yes, and words of the services it is."""
    uid: str | None = None
    """`server_uuid` or `server_uid`, where it has one."""

    def statement(self, what: str) -> str | None:
        return sql.choose(self.flavour, what, self.able)

    def must(self, what: str) -> str:
        """A statement that has a variant for everyone."""
        text = self.statement(what)
        assert text is not None, what  # noqa: S101 - a house test holds the table to it
        return text


def survey(connection: Connection) -> Survey:
    """Ask who answers and try every probe. Raises SourceError."""
    who = identified(connection)
    able = {who.service} - {""}
    if not who.stands_alone:
        probes = {**sql.PROBES[who.flavour], **sql.SIGNS[who.flavour]}
        able |= {name for name, file in probes.items() if _answers(connection, file)}
    return Survey(
        who.flavour,
        version=number_of(who.banner),
        banner=f"{who.banner} {who.comment}".strip(),
        own_id=who.own_id,
        account=quoted_account(who.account),
        able=frozenset(able),
        uid=None if who.stands_alone else _uid(connection, who.flavour),
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
    try:
        ((uid,),) = connection.rows(sql.choose(flavour, "uid", frozenset()) or "")
    except (Refusal, ValueError):
        return None
    return plain(from_wire(uid), 100) or None


def _answers(connection: Connection, file: str) -> bool:
    try:
        return bool(connection.rows(sql.read(file)))
    except Refusal:
        return False


def limitations_of(found: Survey) -> tuple[Limitation, ...]:
    """What this account on this server keeps from us, each with what would light it; a service's own notes first."""
    notes = services.notes_of(found.able)
    if found.able & services.ALONE:
        return notes
    user = found.account.rpartition("@")[0]
    return notes + tuple(
        Limitation(what, why, grant and grant.format(account=found.account, user=user))
        for needs, lacks, what, why, grant in LIMITATIONS[found.flavour]
        if found.able.issuperset(needs.split()) and found.able.isdisjoint(lacks.split())
    )


_SELECT = "GRANT SELECT ON performance_schema.* TO {account}"
_PROCESS = "GRANT PROCESS ON *.* TO {account}"
_NEVER = ""
"""No probe at all: the limitation always holds."""

_INSTRUMENT = "UPDATE performance_schema.{} SET {} WHERE {}"

LIMITATIONS: dict[Flavour, tuple[tuple[str, str, str, str, str | None], ...]] = {
    Flavour.MYSQL: (
        (
            "",
            "threads process",
            marked("every session of another account, and the rows transactions hold"),
            marked("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "",
            "instrumented",
            marked(
                "own limits, the exact idle clock, the program and client of each session, the last statement, a bare BEGIN, why it left"
            ),
            marked(
                "performance_schema is OFF: limits are assumed, clocks count whole seconds from the last command's start"
            ),
            marked("performance_schema = ON under [mysqld] in the option file, and a restart"),
        ),
        (
            "instrumented",
            "threads attributes",
            marked(
                "own limits, the exact idle clock, the program and client of each session, the last statement, a bare BEGIN, why it left"
            ),
            marked(
                "the account may not read performance_schema: limits are assumed, clocks count whole seconds at best"
            ),
            _SELECT,
        ),
        (
            "instrumented attributes",
            "threads",
            marked("own limits, the exact idle clock, the last statement, a bare BEGIN, why a session left"),
            marked(
                "the account may not read all of performance_schema: limits are assumed, clocks count whole seconds at best"
            ),
            _SELECT,
        ),
        (
            "instrumented threads",
            "statements",
            marked("the exact idle clock and the last statement"),
            marked(
                "a consumer of statement events is off: clocks count whole seconds from the last command's start"
            ),
            _INSTRUMENT.format(
                "setup_consumers",
                "ENABLED = 'YES'",
                "NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_statements_current')",
            ),
        ),
        (
            "instrumented threads statements",
            "instruments",
            marked("the exact idle clock"),
            marked(
                "some kinds of statement are not recorded: clocks count whole seconds from the last command's start"
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
            marked("the exact idle clock"),
            marked(
                "setup_actors leaves our own session out, so nobody tells us the timer: clocks count whole seconds"
            ),
            "INSERT INTO performance_schema.setup_actors (HOST, USER) VALUES ('%', {user})",
        ),
        (
            "instrumented threads statements instruments timed",
            "everyone",
            marked("the exact idle clock and the last statement of some sessions"),
            marked(
                "they are not instrumented: their clocks count whole seconds from the last command's start"
            ),
            _INSTRUMENT.format("threads", "INSTRUMENTED = 'YES'", "PROCESSLIST_ID IS NOT NULL"),
        ),
        (
            "instrumented threads",
            "attributes",
            marked("the program and client of each session"),
            marked("the account may not read performance_schema.session_connect_attrs"),
            _SELECT,
        ),
        (
            "threads instrumented",
            "process",
            marked("the rows transactions hold, and clients' ports"),
            marked("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "instrumented threads",
            "transactions",
            marked("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
            marked("a consumer of transaction events is off"),
            _INSTRUMENT.format(
                "setup_consumers",
                "ENABLED = 'YES'",
                "NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_transactions_current')",
            ),
        ),
    ),
    Flavour.MARIADB: (
        (
            "",
            "process",
            marked("every session of another account, and what transactions hold"),
            marked("the account lacks PROCESS"),
            _PROCESS,
        ),
        (
            "",
            _NEVER,
            marked("each session's own limit"),
            marked("MariaDB shows it to nobody: the global value is assumed (~)"),
            None,
        ),
        (
            "",
            _NEVER,
            marked("transactions that have touched no InnoDB table yet (a bare BEGIN)"),
            marked("MariaDB lists only those that have"),
            None,
        ),
        (
            "",
            "instrumented",
            marked(
                "the program and client of each session, the last statement of an idle one, what is counted of who left"
            ),
            marked("performance_schema is OFF"),
            marked("performance_schema = ON under [mariadbd] in the option file, and a restart"),
        ),
        (
            "instrumented",
            "threads attributes",
            marked(
                "the program and client of each session, the last statement of an idle one, what is counted of who left"
            ),
            marked("the account may not read performance_schema"),
            _SELECT,
        ),
        (
            "instrumented threads",
            "attributes",
            marked("the program and client of each session"),
            marked("the account may not read performance_schema.session_connect_attrs"),
            _SELECT,
        ),
        (
            "instrumented attributes",
            "threads",
            marked("the last statement of an idle session, what is counted of who left"),
            marked("the account may not read all of performance_schema"),
            _SELECT,
        ),
        (
            "instrumented threads",
            "statements",
            marked("the last statement of an idle session"),
            marked("a consumer of statement events is off, as MariaDB has it by default"),
            _INSTRUMENT.format(
                "setup_consumers",
                "ENABLED = 'YES'",
                "NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_statements_current')",
            ),
        ),
    ),
}
"""Rows of: probes that must say yes, probes that must all say no, what is lost, why, what lights it. The last three are
said with `_` where they are shown: a recording of them is in English."""
