"""Every statement we ever send, chosen by table."""

from __future__ import annotations

import re

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.source import sql
from goneaway_tui.source.server_variants import UNPROBED_VARIANTS

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("what", "able", "file"),
    [
        ("sessions", "instrumented threads processlist", "mysql/sessions_threads.sql"),
        ("sessions", "instrumented threads", "mysql/sessions_threads.sql"),
        ("sessions", "instrumented processlist", "mysql/sessions_processlist.sql"),
        ("sessions", "processlist", "mysql/sessions_information_schema.sql"),
        ("sessions", "", "mysql/sessions_information_schema.sql"),
        ("clock", "instrumented threads statements instruments timed", "mysql/clock_statements.sql"),
        ("clock", "instrumented threads statements", "mysql/clock_wall.sql"),
        ("variables", "bounds", "mysql/variables_bounds.sql"),
        ("variables", "", "mysql/variables.sql"),
    ],
)
def test_statement_that_reads_the_most_is_chosen(what: str, able: str, file: str) -> None:
    assert sql.read_sql(file) == sql.choose_statement(Flavour.MYSQL, what, frozenset(able.split()))


@pytest.mark.parametrize(
    "what", ["own_thread", "statements", "own_limits", "hosts", "attributes", "transactions"]
)
def test_where_no_variant_fits_there_is_no_statement(what: str) -> None:
    assert sql.choose_statement(Flavour.MYSQL, what, NOBODY) is None


@pytest.mark.parametrize("flavour", list(Flavour))
def test_more_abilities_never_take_a_statement_away(flavour: Flavour) -> None:
    everything = frozenset(sql.PROBES[flavour])

    assert [] == [
        what for what in sql.STATEMENTS[flavour] if sql.choose_statement(flavour, what, everything) is None
    ]


@pytest.mark.parametrize("flavour", list(Flavour))
def test_variants_need_only_what_is_probed(flavour: Flavour) -> None:
    needs = {need for each in sql.STATEMENTS[flavour].values() for variant in each for need in variant.needs}

    assert needs <= sql.PROBES[flavour].keys() | sql.VARIANT_PROBES[flavour].keys() | UNPROBED_VARIANTS


TABLE = re.compile(r"performance_schema\.(\w+)")
OPEN_TO_ALL = {"global_status", "global_variables", "persisted_variables"}
"""Tables of performance_schema that every account may read."""


@pytest.mark.parametrize("flavour", list(Flavour))
def test_no_table_is_read_that_no_probe_has_touched(flavour: Flavour) -> None:
    """An account may be let read one table of performance_schema and not another; a refusal would end every reading.

    What asks for the past alone bears it: see `history`.
    """
    touched = {name: set(TABLE.findall(sql.read_sql(file))) for name, file in sql.PROBES[flavour].items()}
    for what, variants in sql.STATEMENTS[flavour].items():
        for variant in variants:
            known = OPEN_TO_ALL.union(*(touched.get(name, ()) for name in variant.needs))
            assert set(TABLE.findall(sql.read_sql(variant.file))) <= known, what
    for name, tables in touched.items():
        if "setup_" in " ".join(tables):
            assert tables <= touched["threads"], f"{name} would be taken for switched off"


@pytest.mark.parametrize("flavour", list(Flavour))
def test_no_variant_stands_behind_one_that_fits_whenever_it_does(flavour: Flavour) -> None:
    hidden = [
        later.file
        for each in sql.STATEMENTS[flavour].values()
        for at, later in enumerate(each)
        if any(earlier.needs <= later.needs for earlier in each[:at])
    ]

    assert [] == hidden


@pytest.mark.parametrize("file", sorted(sql.named_files()))
def test_a_statement_is_read_without_what_is_for_people(file: str) -> None:
    text = sql.read_sql(file)

    assert text
    assert "--" not in text
    assert not text.endswith(";")
    assert text == text.strip()
