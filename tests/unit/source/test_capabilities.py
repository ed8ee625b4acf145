"""Who answers, what our account may read there, and what is owned up to where it may not."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from goneaway_tui.errors import Unsupported, UnsupportedVersion
from goneaway_tui.model.server import (
    OTHER_ACCOUNTS_MYSQL,
    OTHER_ACCOUNTS_NO_ROOM,
    Flavour,
    Limitation,
)
from goneaway_tui.source import server_variants, sql
from goneaway_tui.source.capabilities import (
    LIMITATIONS,
    REQUIRED,
    Capabilities,
    find_capabilities,
    limitations_of,
    quoted_account,
    unlisted_limitations,
)
from goneaway_tui.source.connection import Refusal
from goneaway_tui.source.server_variants import flavour_of, version_of
from tests.unit.source.standins import MariadbStandin, MysqlStandin, Standin, refused

ONLY_INSTRUMENTED = {
    "threads",
    "statements",
    "transactions",
    "transaction_instrument",
    "attributes",
    "processlist",
}
"""What no server can answer with yes while performance_schema is OFF: its tables are empty then."""
VARIANT_WORDS = {variant.word for variant in server_variants.SERVER_VARIANTS} | {"pool"}
"""What changes a remedy, or adds a word, and never what is owned up to."""
REFERRED_TO = {
    "own_limits": "own limit",
    "statements": "last statement",
    "attributes": "program",
    "innodb_transactions": "transactions",
    "transactions": "bare BEGIN",
}
"""The words by which a limitation owns up that a thing cannot be read."""


def subsets(flavour: Flavour) -> list[frozenset[str]]:
    """Every combination of the abilities that a limitation speaks of or hangs on."""
    needs = {
        need
        for thing in REFERRED_TO
        for each in sql.STATEMENTS[flavour].get(thing, ())
        for need in each.needs
    }
    spoken_of = {name for row in LIMITATIONS[flavour] for name in f"{row[0]} {row[1]}".split()}
    probes = sorted((needs | spoken_of) - VARIANT_WORDS)
    every = chain.from_iterable(combinations(probes, size) for size in range(len(probes) + 1))
    return [frozenset(each) for each in every]


def possible(flavour: Flavour) -> list[frozenset[str]]:
    return [able for able in subsets(flavour) if "instrumented" in able or able.isdisjoint(ONLY_INSTRUMENTED)]


def surveyed(flavour: Flavour, able: frozenset[str]) -> Capabilities:
    return Capabilities(flavour, "1", "1", 8, "'dba'@'%'", able)


def named(found: Capabilities) -> tuple[str, ...]:
    """What a failure shows."""
    return (found.flavour.value, *sorted(found.features))


def grants_of(found: Capabilities) -> str:
    return "; ".join(each.grant or "" for each in limitations_of(found))


EVERY = [surveyed(flavour, able) for flavour in Flavour for able in subsets(flavour)]
POSSIBLE = [surveyed(flavour, able) for flavour in Flavour for able in possible(flavour)]


# --- Who answers


@pytest.mark.parametrize(
    ("banner", "comment", "flavour"),
    [
        ("9.7.4", "MySQL Community Server - GPL", Flavour.MYSQL),
        ("8.0.36-28", "Percona Server (GPL)", Flavour.MYSQL),
        ("10.11.19-MariaDB-0+deb12u1", "Debian 12", Flavour.MARIADB),
        ("5.5.5-10.4.2-MariaDB", "", Flavour.MARIADB),
        ("10.6.1", "mariadb.org binary distribution", Flavour.MARIADB),
        ("", "", Flavour.MYSQL),
    ],
)
def test_a_server_is_of_the_family_it_names(banner: str, comment: str, flavour: Flavour) -> None:
    assert flavour is flavour_of(banner, comment)


@pytest.mark.parametrize(
    ("banner", "number"),
    [
        ("9.7.4", "9.7.4"),
        ("8.0.36-28", "8.0.36"),
        ("10.11.19-MariaDB-0+deb12u1", "10.11.19"),
        ("5.5.5-10.4.2-MariaDB", "10.4.2"),
        ("5.5.5", "5.5.5"),
        ("5.5.54-log", "5.5.54"),
        ("11", "11"),
        ("", ""),
        ("MariaDB", ""),
    ],
)
def test_a_version_is_its_digits(banner: str, number: str) -> None:
    assert number == version_of(banner)


@pytest.mark.parametrize(
    ("account", "quoted"),
    [
        ("dba@%", "'dba'@'%'"),
        ("dba@10.0.0.%", "'dba'@'10.0.0.%'"),
        ("@localhost", "''@'localhost'"),
        ("a@b@localhost", "'a@b'@'localhost'"),
        ("o'hara@%", "'o''hara'@'%'"),
        ("x\n\x1b@%", "'x ␛'@'%'"),
    ],
)
def test_an_account_is_quoted_as_a_grant_wants_it(account: str, quoted: str) -> None:
    assert quoted == quoted_account(account)


def test_an_account_cannot_break_out_of_its_quotes() -> None:
    """A backslash escapes the quote after it, unless the server's sql_mode says NO_BACKSLASH_ESCAPES."""
    user, _, _ = quoted_account("a\\' OR@%").partition("@")
    inner = user[1:-1].replace("\\\\", "").replace("''", "")

    assert "\\" not in inner
    assert "'" not in inner


# --- What may be read


def test_capabilities_report_the_server_and_the_readable_tables() -> None:
    server = MysqlStandin()
    server.scripted |= {
        "identify.sql": [(b"9.7.4", b"MySQL Community Server - GPL", 8, b"dba@%")],
        "mysql/uid.sql": [(b"6f9619ff-8b86-11d0",)],
        "mysql/can_process.sql": refused(1227),
        "mysql/can_bounds.sql": refused(1146),
        "mysql/can_transactions.sql": [],
        **{
            file: [(1,)]
            for name, file in sql.PROBES[Flavour.MYSQL].items()
            if name not in {"process", "bounds", "transactions"}
        },
    }

    assert Capabilities(
        Flavour.MYSQL,
        "9.7.4",
        "9.7.4 MySQL Community Server - GPL",
        8,
        "'dba'@'%'",
        frozenset(sql.PROBES[Flavour.MYSQL]) - {"process", "bounds", "transactions"},
        "6f9619ff-8b86-11d0",
    ) == find_capabilities(server.connection)


def test_later_only_the_variants_that_it_was_are_probed_again() -> None:
    server = MysqlStandin()
    server.scripted |= {
        "identify.sql": [(b"8.4.7", b"Percona XtraDB Cluster", 8, b"dba@%")],
        "mysql/uid.sql": [(b"6f9619ff-8b86-11d0",)],
        "service/galera_mysql.sql": [(1,)],
        **{file: [(1,)] for file in sql.PROBES[Flavour.MYSQL].values()},
    }
    before = find_capabilities(server.connection)
    server.heard.clear()
    server.scripted["service/galera_non_primary_mysql.sql"] = [(1,)]
    now = find_capabilities(server.connection, before)

    assert {"galera_non_primary"} == now.features - before.features
    probed = {file for file, _ in server.heard} & set(sql.VARIANT_PROBES[Flavour.MYSQL].values())
    assert {"service/galera_mysql.sql", "service/galera_non_primary_mysql.sql"} == probed


@pytest.mark.parametrize("answer", [refused(1064), [], [(1,)]])
def test_what_does_not_say_what_it_is_is_unsupported(answer: Refusal | list[tuple[object, ...]]) -> None:
    server = MysqlStandin()
    server.scripted["identify.sql"] = answer
    server.scripted |= {file: [] for file in sql.PROBES[Flavour.MYSQL].values()}

    with pytest.raises(Unsupported, match="cannot be identified"):
        find_capabilities(server.connection)


@pytest.mark.parametrize("server", [MysqlStandin(), MariadbStandin()])
def test_what_must_be_there_is_there_for_an_account_that_may_nothing(server: Standin) -> None:
    nobody = server.found(frozenset())

    assert all(
        nobody.required_statement(what)
        for what in ("session", "clock", "sessions", "limits", "variables", "counters")
    )


# --- What is owned up to


def test_every_limitation_is_shown_in_full_and_once() -> None:
    def is_whole(limitations: tuple[Limitation, ...]) -> bool:
        return len(limitations) == len(set(limitations)) and all(
            each.what and each.why and "{" not in (each.grant or "") for each in limitations
        )

    assert [] == [named(found) for found in EVERY if not is_whole(limitations_of(found))]


@pytest.mark.parametrize(
    ("readable", "remedy"),
    [
        ("process", "GRANT PROCESS"),
        ("instrumented", "performance_schema = ON"),
        ("statements", "events_statements_current"),
        ("transactions", "events_transactions_current"),
        ("threads attributes data_locks metadata_locks", "GRANT SELECT"),
        ("instruments", "NAME LIKE 'statement/sql/%'"),
        ("transaction_instrument", "NAME = 'transaction'"),
        ("timed", "setup_actors"),
        ("all_instrumented", "INSTRUMENTED = 'YES'"),
    ],
)
def test_what_may_be_read_needs_no_remedy(readable: str, remedy: str) -> None:
    offered = [
        named(found)
        for found in EVERY
        if found.features >= set(readable.split()) and remedy in grants_of(found)
    ]

    assert [] == offered


def test_missing_process_privilege_is_always_reported_with_its_grant() -> None:
    silent = [
        named(found)
        for found in POSSIBLE
        if ("process" not in found.features) != ("GRANT PROCESS ON *.* TO 'dba'@'%'" in grants_of(found))
    ]

    assert [] == silent


@pytest.mark.parametrize("thing", REFERRED_TO)
def test_what_cannot_be_read_is_owned_up_to(thing: str) -> None:
    silent = [
        named(found)
        for found in POSSIBLE
        if thing in sql.STATEMENTS[found.flavour]
        and found.statement(thing) is None
        and not any(REFERRED_TO[thing] in each.what for each in limitations_of(found))
    ]

    assert [] == silent


def test_mysql_hides_nothing_from_an_account_with_all_privileges() -> None:
    assert () == limitations_of(surveyed(Flavour.MYSQL, frozenset(sql.PROBES[Flavour.MYSQL])))


@pytest.mark.parametrize("able", subsets(Flavour.MARIADB), ids=lambda able: " ".join(sorted(able)))
def test_mariadb_shows_no_session_limits_to_any_account(able: frozenset[str]) -> None:
    told = limitations_of(surveyed(Flavour.MARIADB, able))

    assert [None] == [each.grant for each in told if each.what == "each session's own limit"]


@pytest.mark.parametrize("flavour", list(Flavour))
def test_limitations_name_existing_probes(flavour: Flavour) -> None:
    spoken_of = {name for needs, lacks, *_ in LIMITATIONS[flavour] for name in f"{needs} {lacks}".split()}

    assert spoken_of <= sql.PROBES[flavour].keys() | sql.VARIANT_PROBES[flavour].keys() | VARIANT_WORDS


@pytest.mark.parametrize(
    ("service", "remedy"),
    [
        ("", "under [mysqld] and restart"),
        ("rds", "in the DB parameter group"),
        ("aurora", "in the DB parameter group"),
        ("rds aurora", "in the DB parameter group"),
        ("azure", "in the server parameters of the service"),
        ("cloudsql", "in the server parameters of the service"),
    ],
)
def test_what_lights_performance_schema_is_what_that_service_has(service: str, remedy: str) -> None:
    told = limitations_of(surveyed(Flavour.MYSQL, frozenset(service.split())))

    (grant,) = [each.grant for each in told if each.grant and each.grant.startswith("set performance_schema")]
    assert remedy in grant


@pytest.mark.parametrize("flavour", list(Flavour))
def test_late_closing_of_a_thread_pool_is_explained(flavour: Flavour) -> None:
    told = limitations_of(surveyed(flavour, frozenset(sql.PROBES[flavour]) | {"pool"}))

    assert any("thread_pool_stall_limit" in each.why for each in told)


# --- What is refused though it should be answered


THINGS = [(flavour, what) for flavour in Flavour for what in sql.STATEMENTS[flavour]]
NUMBERS = (1054, 1146, 1142, 1046, 1305, 1193)


@pytest.mark.parametrize(("flavour", "what"), THINGS)
def test_a_refused_statement_gives_way_to_a_lesser_one_or_to_a_limitation(
    flavour: Flavour, what: str
) -> None:
    found = surveyed(flavour, frozenset(sql.PROBES[flavour]))
    while (statement := found.statement(what)) is not None:
        refusal = Refusal(1054, "Unknown column 'x'", statement)
        read = [each for each, _variant in sql.variants_of(flavour, statement)]
        files = found.refused_files | {variant.file for _each, variant in sql.variants_of(flavour, statement)}
        if any(
            sql.choose_statement(flavour, each, found.features, files) is None
            for each in REQUIRED.intersection(read)
        ):
            with pytest.raises(Refusal):
                found.without(refusal)
            return
        found = found.without(refusal)
        assert limitations_of(found)[-1].why == "error 1054: Unknown column 'x'"
        assert found.statement(what) != statement


def test_a_statement_that_was_left_out_and_is_refused_again_ends_the_reading() -> None:
    found = surveyed(Flavour.MYSQL, frozenset(sql.PROBES[Flavour.MYSQL]))
    refusal = Refusal(1146, "no such table", found.required_statement("accounts"))
    found = found.without(refusal)

    with pytest.raises(Refusal):
        found.without(refusal)


def test_a_refusal_of_something_that_no_reading_asks_is_raised() -> None:
    found = surveyed(Flavour.MYSQL, frozenset())

    with pytest.raises(Refusal):
        found.without(Refusal(1146, "no such table", "SELECT 1"))


# --- How old a server may be


@pytest.mark.parametrize(
    ("banner", "comment", "is_old"),
    [
        ("5.5.62", "", True),
        ("5.6.51-log", "MySQL Community Server (GPL)", True),
        ("5.7.8-rc", "", True),
        ("5.7.9", "", False),
        ("5.7.mysql_aurora.2.11.4", "MySQL Community Server (GPL)", False),
        ("8.0.11", "", False),
        ("10.1.48-MariaDB", "", True),
        ("5.5.5-10.2.44-MariaDB", "", True),
        ("5.5.5-10.3.39-MariaDB", "", False),
        ("10.5.29-MariaDB", "", False),
        ("5.1.0-TiDB-v2.0.0", "", False),
    ],
)
def test_a_server_below_the_floor_is_refused_in_one_sentence(
    banner: str, comment: str, *, is_old: bool
) -> None:
    server = MariadbStandin() if "MariaDB" in banner else MysqlStandin()
    server.scripted |= {
        "identify.sql": [(banner.encode(), comment.encode(), 8, b"dba@%")],
        f"{server.flavour}/uid.sql": refused(1193),
        **{file: refused(1146) for file in sql.PROBES[server.flavour].values()},
    }
    if not is_old:
        assert find_capabilities(server.connection).banner.startswith(banner)
        return
    with pytest.raises(UnsupportedVersion) as told:
        find_capabilities(server.connection)
    assert " is too old: " in str(told.value)
    assert told.value.hint in {"connect to MySQL 5.7.9 or later", "connect to MariaDB 10.3 or later"}


def test_the_account_that_lacks_a_grant_is_the_one_it_is_given_to() -> None:
    found = Capabilities(Flavour.MYSQL, "1", "1", 8, "'a{0}b'@'%'", frozenset())

    assert any("TO 'a{0}b'@'%'" in (each.grant or "") for each in limitations_of(found))


def test_larger_limitation_is_listed_first() -> None:
    blind = unlisted_limitations(surveyed(Flavour.MYSQL, frozenset({"instrumented"})), unlisted=3)
    reads = unlisted_limitations(surveyed(Flavour.MYSQL, frozenset({"instrumented", "threads"})), unlisted=3)

    assert OTHER_ACCOUNTS_MYSQL == blind[0].what
    assert OTHER_ACCOUNTS_NO_ROOM == reads[0].what
    assert "GRANT PROCESS ON *.* TO 'dba'@'%'" == blind[0].grant == reads[0].grant
