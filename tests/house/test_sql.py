"""Every statement we send is a file, named by the table, asked for by the code, and alike in all its variants."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.source import sql
from goneaway_tui.source.server_variants import UNPROBED_VARIANTS
from goneaway_tui.source.sql import shapes
from tests.house.tree import PACKAGE, modules, texts

FOLDER = PACKAGE / "source" / "sql"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.sql"))
THINGS = [(flavour, what) for flavour in Flavour for what in sql.STATEMENTS[flavour]]


def columns(statement: str) -> int | None:
    """How many columns a statement brings, None for one that brings none; read off its first select list."""
    bare = re.sub(r"'[^']*'", "''", statement)
    if bare.startswith("SHOW GLOBAL STATUS "):
        return 2
    if not re.match(r"\s*(WITH|SELECT)\b", bare, re.IGNORECASE):
        return None
    depth, found = 0, 1
    for token in re.findall(r"[(),]|\bFROM\b|\bUNION\b", bare):
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 0 and token in {"FROM", "UNION"}:
            break
        elif depth == 0:
            found += 1
    return found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SELECT 1", 1),
        ("SELECT a, IF(b, c, d), 'x, y' FROM t, u", 3),
        ("SELECT 'a' AS n, 1 UNION ALL SELECT 'b', 2", 2),
        ("SELECT (SELECT a FROM b), c", 2),
        ("SET SESSION a = 1, SESSION b = 2", None),
        ("SHOW GLOBAL STATUS WHERE Variable_name IN ('a', 'b', 'c')", 2),
    ],
)
def test_columns_are_counted(statement: str, found: int | None) -> None:
    assert found == columns(statement)


ASKED = re.compile(r"""\.(\w+)\(\s*["'](\w+)["']""")


def asked(way: str) -> set[tuple[str, str]]:
    """(module, thing) of every `.required_statement("thing")` or `.statement("thing")` in the sources."""
    return {
        (path.relative_to(PACKAGE).as_posix(), what)
        for path in PACKAGE.rglob("*.py")
        for name, what in ASKED.findall(path.read_text(encoding="utf-8"))
        if name == way
    }


NEVER_ASKED: dict[tuple[str, str], tuple[Flavour, str]] = {
    ("source/executor.py", "session_act"): (
        Flavour.MARIADB,
        "its `short_execution_limit` always brings a row",
    ),
    ("source/executor.py", "session_before"): (Flavour.MARIADB, "it has no `session_act` to undo"),
    ("source/executor.py", "session_restore"): (Flavour.MARIADB, "it has no `session_act` to undo"),
    ("source/end_evidence.py", "offline"): (Flavour.MARIADB, "it has no offline mode"),
    ("source/end_evidence.py", "log"): (Flavour.MARIADB, "its log is a file only"),
    ("source/end_evidence.py", "log_oldest"): (Flavour.MARIADB, "its log is a file only"),
    ("source/session_cache.py", "some_attributes"): (
        Flavour.MARIADB,
        "its table has no key: it is gone through in any case",
    ),
    ("source/end_history.py", "past_log"): (Flavour.MARIADB, "its log is a file only"),
    ("source/end_history.py", "raised_errors"): (Flavour.MARIADB, "it counts errors by no account"),
}
"""What a module that serves both families asks of one of them alone, and why it cannot come to the other."""


def flavours_of(path: str) -> list[Flavour]:
    """Whose statements a module asks for: a module named after a family its own, any other everybody's."""
    named = [flavour for flavour in Flavour if flavour.value in path]
    return named or list(Flavour)


def test_the_files_on_disk_are_those_the_table_names() -> None:
    assert sorted(sql.named_files()) == FILES


@pytest.mark.parametrize("file", FILES)
def test_a_file_says_first_what_it_is_for(file: str) -> None:
    first = (FOLDER / file).read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("-- ")
    assert first.removeprefix("-- ").strip()


@pytest.mark.parametrize("file", FILES)
def test_a_file_holds_one_statement(file: str) -> None:
    statement = sql.read_sql(file)

    assert statement
    assert ";" not in re.sub(r"'[^']*'", "''", statement)


@pytest.mark.parametrize("file", FILES)
def test_a_statement_says_the_shape_of_what_it_brings(file: str) -> None:
    statement = sql.read_sql(file)
    match statement.shape:
        case shapes.RowsShape(columns=expected):
            found = columns(statement)
            if found is None:  # it changes something, or SHOWs what the manual says
                found = SHOWN.get(statement, 0)
            assert found == len(expected)
        case shapes.RecordsShape(columns=expected):
            told = (
                re.findall(r" AS (\w+)\b(?=,|\nFROM|$)", statement) if statement.startswith("SELECT") else []
            )
            assert set(told) <= expected.keys()
            assert expected
        case other:
            raise AssertionError(other)
    assert statement.shape.content


SHOWN = {"SHOW GRANTS": 1, "SHOW WARNINGS": 3}


@pytest.mark.parametrize("file", FILES)
def test_a_statement_binds_what_it_is_given(file: str) -> None:
    """A `%` that is no placeholder would be taken for one, or must not meet any."""
    statement = sql.read_sql(file)
    percents = statement.count("%")

    assert statement.count("%s") in {0, percents}


@pytest.mark.parametrize(("flavour", "what"), THINGS)
def test_every_variant_brings_the_same_columns(flavour: Flavour, what: str) -> None:
    assert 1 == len({columns(sql.read_sql(variant.file)) for variant in sql.STATEMENTS[flavour][what]})


@pytest.mark.parametrize(
    "what", ["attributes", "clock", "counters", "innodb_transactions", "limits", "variables"]
)
def test_what_one_reader_reads_from_both_families_has_the_same_columns(what: str) -> None:
    both = {
        columns(sql.read_sql(variant.file))
        for flavour in Flavour
        for variant in sql.STATEMENTS[flavour].get(what, ())
    }

    assert 1 == len(both)


@pytest.mark.parametrize(
    ("path", "what", "flavour"),
    [
        (path, what, flavour)
        for path, what in sorted(asked("required_statement"))
        for flavour in flavours_of(path)
        if flavour is not NEVER_ASKED.get((path, what), (None, ""))[0]
    ],
)
def test_required_statement_has_a_variant_for_every_account(path: str, what: str, flavour: Flavour) -> None:
    assert any(not variant.needs for variant in sql.STATEMENTS[flavour][what]), path


@pytest.mark.parametrize(
    ("path", "what", "flavour"),
    [
        (path, what, flavour)
        for path, what in sorted(asked("statement"))
        for flavour in flavours_of(path)
        if flavour is not NEVER_ASKED.get((path, what), (None, ""))[0]
    ],
)
def test_what_may_be_there_is_in_the_table(path: str, what: str, flavour: Flavour) -> None:
    assert what in sql.STATEMENTS[flavour], path


def composed(tree: ast.Module) -> Iterator[re.Pattern[str]]:
    """Patterns of the names a module puts together from a beginning: `f"one_{what}"`."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), ast.FormattedValue()]):
                if re.fullmatch(r"[a-z]+_", beginning):
                    yield re.compile(f"{beginning}[a-z_]+")


def test_every_statement_in_the_table_is_used() -> None:
    asking = {
        path: ({text for _, text in texts(tree)}, tuple(composed(tree)))
        for path, tree in modules().items()
        if path.startswith("source/") and path != "source/sql/__init__.py"
    }
    unasked = [
        f"{flavour}: {what}"
        for flavour, what in THINGS
        if not any(
            flavour in flavours_of(path)
            and (what in written or any(each.fullmatch(what) for each in patterns))
            for path, (written, patterns) in asking.items()
        )
    ]

    assert [] == unasked


@pytest.mark.parametrize(
    ("flavour", "one"), [(flavour, what) for flavour, what in THINGS if what.startswith("one_")]
)
def test_one_session_is_read_as_all_are(flavour: Flavour, one: str) -> None:
    """The same columns under the same needs, or one reader could not take both. What is not changed asks for none."""

    def told(what: str) -> list[tuple[int | None, frozenset[str]]]:
        return [
            (columns(sql.read_sql(each.file)), each.needs)
            for each in sql.STATEMENTS[flavour][what]
            if not each.needs & UNPROBED_VARIANTS
        ]

    assert told(one.removeprefix("one_")) == told(one)


@pytest.mark.parametrize(
    ("flavour", "packed"), [(flavour, what) for flavour, what in THINGS if what.startswith("packed_")]
)
def test_a_pack_holds_the_rows_of_the_plain_statement(flavour: Flavour, packed: str) -> None:
    (pack,) = sql.STATEMENTS[flavour][packed]
    plain = next(
        each
        for each in sql.STATEMENTS[flavour][packed.removeprefix("packed_")]
        if each.needs <= pack.needs and not each.needs & UNPROBED_VARIANTS
    )
    row = re.search(r"JSON_ARRAY\((.*)\)\)", sql.read_sql(pack.file), flags=re.DOTALL)

    assert row is not None
    assert columns(f"SELECT {row[1]} FROM t") == columns(sql.read_sql(plain.file))
    assert sql.read_sql(pack.file).count("%s") == sql.read_sql(plain.file).count("%s")
