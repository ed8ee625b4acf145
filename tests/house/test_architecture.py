"""The house keeps its own rules: who may know whom, and what may be said where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest

from tests.house.tree import PATHS, ROOT, modules, room, texts

# --- Who may import whom


def test_import_contracts_hold() -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    linted = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 0 == linted.returncode, linted.stdout + linted.stderr


def test_every_room_has_its_floor() -> None:
    """A room that no contract names may import whatever it likes."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    named = {name.strip().removeprefix("goneaway_tui.") for layer in layers for name in layer.split("|")}

    assert named == {room(path) for path in modules()} - {"__init__", "__main__"}


def imported_by(*statements: str) -> set[str]:
    """Top-level modules loaded once a fresh Python has run these."""
    program = "\n".join(
        [
            "import sys",
            *statements,
            "print(*sorted({n.partition('.')[0] for n in sys.modules}), file=sys.stderr)",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("statements", "unwanted"),
    [
        (["import goneaway_tui"], {"textual", "rich", "humanize", "pymysql", "argparse", "platformdirs"}),
        (
            ["import goneaway_tui.cli"],
            {
                "textual",
                "rich",
                "humanize",
                "pymysql",
                "platformdirs",
                "prometheus_client",
                "aiohttp",
                "tomlkit",
            },
        ),
        (["import goneaway_tui.cli.commands.exporter"], {"prometheus_client", "textual"}),
        (["import goneaway_tui.cli.commands.snapshot"], {"aiohttp", "textual_serve", "textual"}),
        (["import goneaway_tui.cli.commands.watch"], {"aiohttp", "textual_serve", "textual"}),
        (["import goneaway_tui.cli.commands.explain"], {"textual", "rich", "humanize", "pymysql"}),
        (["import goneaway_tui.cli.commands.serve"], {"aiohttp", "textual_serve", "textual"}),
        (["import goneaway_tui.web.service"], {"textual", "pymysql"}),
        (
            ["import goneaway_tui.cli", "assert not goneaway_tui.cli.run(['snapshot', '--help'])"],
            {"textual", "rich", "humanize", "pymysql"},
        ),
        (
            ["import goneaway_tui.cli", "assert not goneaway_tui.cli.run(['--version'])"],
            {"textual", "rich", "humanize", "pymysql"},
        ),
        *(
            (
                ["import goneaway_tui.cli", f"assert not goneaway_tui.cli.run({argv})"],
                {"textual", "rich", "humanize", "pymysql", "tomlkit"},
            )
            for argv in (["completion", "bash"], ["config", "servers"], ["schema", "watch"], ["manual"])
        ),
        (["import goneaway_tui.export"], {"textual", "rich", "humanize", "pymysql"}),
        (
            ["import goneaway_tui.export.json", "import goneaway_tui.export.csv"],
            {"textual", "rich", "humanize", "pymysql"},
        ),
        (["import goneaway_tui.judge"], {"textual", "rich", "humanize", "pymysql", "platformdirs"}),
        (["import goneaway_tui.source.live"], {"textual", "rich", "humanize"}),
    ],
    ids=lambda value: "; ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_no_more_than_it_needs(statements: list[str], unwanted: set[str]) -> None:
    assert set() == unwanted & imported_by(*statements)


# --- The time is a parameter

CLOCKS = {
    "time": {
        *("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"),
        *("process_time", "process_time_ns", "thread_time", "clock_gettime", "clock_gettime_ns"),
        *("localtime", "gmtime", "ctime", "asctime", "strftime"),
    },
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
"""What tells the time, by the name it is asked of. The last of `time`'s tell it only where they are given none."""
TOLD_A_TIME = {"localtime": 1, "gmtime": 1, "ctime": 1, "asctime": 1, "strftime": 2}
"""With so many arguments these turn a time into another form, and do not ask for it."""
MAY_ASK_THE_TIME: dict[str, str] = {
    "cli/factories.py": "opens what a run reads: every clock in the program comes from here",
    "cli/terminal.py": "names the file a fault is kept in",
}


def asked_times(tree: ast.Module) -> Iterator[int]:
    """Lines on which the time is asked, or what asks it is handed on."""
    exempt = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and len(node.args) >= TOLD_A_TIME.get(node.func.attr, 99)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                if name in CLOCKS.get(owner, ()) and id(node) not in exempt:
                    yield node.lineno
            case ast.ImportFrom(module="time", names=names):
                if any(alias.name in CLOCKS["time"] for alias in names):
                    yield node.lineno
            case ast.Import(names=names):
                if any(alias.name in CLOCKS and alias.asname for alias in names):
                    yield node.lineno


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("time.time()", True),
        ("clock = time.monotonic", True),
        ("datetime.datetime.now(UTC)", True),
        ("datetime.now()", True),
        ("date.today()", True),
        ("from time import perf_counter", True),
        ("import time as t", True),
        ("time.gmtime()", True),
        ("time.strftime('%Y')", True),
        ("time.gmtime(now)", False),
        ("time.strftime('%Y', then)", False),
        ("datetime.fromtimestamp(now, UTC)", False),
        ("self.now", False),
        ("app.clock()", False),
    ],
)
def test_whether_code_asks_the_time_is_seen(code: str, asks: bool) -> None:  # noqa: FBT001
    assert asks == any(asked_times(ast.parse(code)))


def test_only_commands_read_the_clock() -> None:
    asking = [
        f"{path}:{line}"
        for path, tree in modules().items()
        if path not in MAY_ASK_THE_TIME
        for line in asked_times(tree)
    ]

    assert [] == asking


# --- What differs between families is the source's business


def flavour_comparisons(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.MatchValue | ast.Compare):
            within = [*ast.walk(node)]
            named = any(
                isinstance(each, ast.Attribute)
                and isinstance(each.value, ast.Name)
                and each.value.id == "Flavour"
                for each in within
            )
            equated = (
                isinstance(node, ast.Compare)
                and any(isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for op in node.ops)
                and any(
                    (isinstance(each, ast.Attribute) and each.attr == "flavour")
                    or (isinstance(each, ast.Name) and each.id == "flavour")
                    for each in within
                )
            )
            if named or equated:
                yield node.lineno if isinstance(node, ast.Compare) else node.value.lineno


@pytest.mark.parametrize(
    ("code", "compares"),
    [
        ("server.flavour is Flavour.MYSQL", True),
        ("flavour == 'mysql'", True),
        ("server.flavour in {Flavour.MYSQL}", True),
        ("match f:\n case Flavour.MYSQL: pass", True),
        ("server.flavour in tunable.flavours", False),
        ("TABLE[server.flavour]", False),
        ("server.flavour.title", False),
    ],
)
def test_whether_code_compares_families_is_seen(code: str, compares: bool) -> None:  # noqa: FBT001
    assert compares == any(flavour_comparisons(ast.parse(code)))


def test_only_sources_compare_the_server_flavour() -> None:
    """Elsewhere a table decides, or the server's own answer."""
    asking = [
        f"{path}:{line}"
        for path, tree in modules().items()
        if room(path) != "source"
        for line in flavour_comparisons(tree)
    ]

    assert [] == asking


# --- SQL is in files

SQL = re.compile(
    r"\s*(SELECT\s|SHOW\s+[A-Z]|SET\s+(SESSION|LOCAL|@@)|INSERT\s+(INTO|IGNORE)|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)"
)
"""What reads or writes a server. (What a person is about to change, SET GLOBAL and KILL, is shown as they would type it.)"""
MAY_HOLD_SQL: dict[str, str] = {
    "source/demo/": "what the applications of the demo's workload run, on a server of our own",
    "source/simulated/": "what simulated sessions are said to run; nobody runs it",
    "doctor/diagnosis.py": "what a person may ask to make sure; we never send it",
    "source/capabilities.py": "what a person may run to light what is dark; we never send it",
}


def test_what_is_sent_to_a_server_is_in_sql_files() -> None:
    found = [
        f"{path}:{line}: {text[:60]}"
        for path, tree in modules().items()
        if not path.startswith(tuple(MAY_HOLD_SQL))
        for line, text in texts(tree)
        if SQL.match(text)
    ]

    assert [] == found


def test_every_module_allowed_to_hold_sql_holds_sql() -> None:
    holders = {
        allowed
        for path, tree in modules().items()
        for allowed in MAY_HOLD_SQL
        if path.startswith(allowed) and any(SQL.match(text) for _, text in texts(tree))
    }

    assert MAY_HOLD_SQL.keys() == holders


# --- Failures are told, not swallowed

MAY_CATCH_ALL: dict[str, str] = {
    "cli/__init__.py": "an error of ours: reported in one line, with the traceback in a file",
    "ui/controllers/tuning.py": "handed to the app, which ends with it",
    "ui/base_app.py": "raised again in the coroutine that awaits the thread",
    "monitor/poller.py": "handed to the app, which ends with it",
    "ui/screens/topology.py": "handed to the app, which ends with it",
    "settings/secrets.py": "hiding the password is a courtesy: nothing in it may stop a run",
}


def catches_all(tree: ast.Module) -> Iterator[int]:
    """Lines of handlers that take any exception and do not raise one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            names = {
                each.id for each in ast.walk(node.type or ast.Name("Exception")) if isinstance(each, ast.Name)
            }
            raises = any(isinstance(each, ast.Raise) for each in node.body)
            if names & {"Exception", "BaseException"} and not raises:
                yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress":
            names = {each.id for each in node.args if isinstance(each, ast.Name)}
            if names & {"Exception", "BaseException"}:
                yield node.lineno


@pytest.mark.parametrize(
    ("code", "swallows"),
    [
        ("try: f()\nexcept: pass", True),
        ("try: f()\nexcept Exception: pass", True),
        ("try: f()\nexcept (OSError, Exception) as e: log(e)", True),
        ("with suppress(Exception): f()", True),
        ("try: f()\nexcept BaseException:\n g()\n raise", False),
        ("try: f()\nexcept Exception as e:\n raise Ours from e", False),
        ("try: f()\nexcept OSError: pass", False),
        ("with suppress(OSError): f()", False),
    ],
)
def test_whether_code_swallows_is_seen(code: str, swallows: bool) -> None:  # noqa: FBT001
    assert swallows == any(catches_all(ast.parse(code)))


def test_every_broad_except_has_a_documented_reason() -> None:
    assert MAY_CATCH_ALL.keys() == {path for path, tree in modules().items() if any(catches_all(tree))}


# --- Every module says what it is for


@pytest.mark.parametrize("path", PATHS)
def test_a_module_says_what_it_is_for(path: str) -> None:
    assert ast.get_docstring(modules()[path])


# --- No markup from data

TEXT_WIDGETS = {
    *("Static", "Label", "OptionList", "Button", "RadioButton", "Checkbox", "Collapsible", "DataTable"),
    *("Digits", "Link", "ListView", "Log", "Markdown", "MarkdownViewer", "RichLog", "SelectionList", "Tree"),
}
"""Of the framework, with strings of which it may make markup."""
MAY_IMPORT_TEXT_WIDGETS = {"ui/widgets/plain_text.py"}
TITLES = {"border_title", "border_subtitle"}
MAY_SET_TOOLTIPS = {"ui/tooltips.py", "ui/widgets/plain_text.py"}


def strings_for_markup(path: str, tree: ast.Module) -> Iterator[int]:
    """Lines on which the framework could take a string for markup: its own widgets of text, titles, tooltips, parsing itself."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="textual.widgets", names=names) if path not in MAY_IMPORT_TEXT_WIDGETS:
                if any(alias.name in TEXT_WIDGETS for alias in names):
                    yield node.lineno
            case ast.Assign(targets=[ast.Attribute(attr=attr)], value=value) if attr in TITLES:
                if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "heading"):
                    yield node.lineno
            case ast.Assign(targets=[ast.Attribute(attr="tooltip")]) if path not in MAY_SET_TOOLTIPS:
                yield node.lineno
            case ast.Attribute(attr="from_markup" | "from_text" | "render_str"):
                yield node.lineno
            case ast.keyword(arg="markup", value=ast.Constant(value=True)):
                yield node.lineno


@pytest.mark.parametrize(
    ("code", "sees"),
    [
        ("from textual.widgets import Static", True),
        ("from textual.widgets import Input", False),
        ("dialog.border_title = name", True),
        ("dialog.border_subtitle = heading(name)", False),
        ("self.tooltip = name", True),
        ("Content.from_markup(name)", True),
        ("Content(name)", False),
        ("app.notify(name, markup=True)", True),
    ],
)
def test_whether_a_string_could_become_markup_is_seen(code: str, sees: bool) -> None:  # noqa: FBT001
    assert sees == any(strings_for_markup("ui/screens/x.py", ast.parse(code)))


def test_no_string_becomes_markup() -> None:
    found = [f"{path}:{line}" for path, tree in modules().items() for line in strings_for_markup(path, tree)]

    assert [] == found
