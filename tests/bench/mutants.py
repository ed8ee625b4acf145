"""Tests that would notice: `python -m tests.bench.mutants` changes the code at random, and counts the changes that tests notice.

A change is one of these, in one place: a comparison turned, or its boundary moved; a number raised by one; `and` for `or`; a
`not` dropped; a returned constant replaced; `min` for `max`; a membership negated. Each is made in a copy of the package, and
the unit and property tests of the room run against it, the quickest first, those alone that reach the changed function. A
change is noticed where a test fails, or takes longer than LIMIT_FACTOR allows.

Changes after which the code does what it did before are listed in `equivalents.toml`, each with the reason. They are not
drawn.

mutmut and cosmic-ray were looked at. mutmut changes the bodies of functions alone: most weights and tables would be left
out. cosmic-ray changes the files of the checkout in place, and runs every change, by one command for all. What neither does
is most of this file: draw a number of changes for each room, and choose the tests.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path
from queue import SimpleQueue
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "tui" / "goneaway_tui"
EQUIVALENTS: Final = Path(__file__).with_name("equivalents.toml")

ROOM_TESTS: Final = {
    "logs": ("unit/logs", "unit/doctor", "unit/test_explain.py", "property/test_doctor.py", "property/test_wrapping_logs.py"),
    "doctor": ("unit/doctor", "unit/test_explain.py", "unit/cli/commands/test_advise.py", "property/test_doctor.py"),
    "judge": (
        "unit/judge", "unit/model", "property/test_judge.py", "property/test_forecast.py", "property/test_what_if.py",
        "property/test_filters.py", "property/test_patterns.py", "property/test_countdown.py",
    ),
    "tune": ("unit/tune", "property/test_tune.py"),
}  # fmt: skip
"""The tests of each room, below `tests`; the doctests are with all of them."""

LIMIT_FACTOR: Final = 10
"""A run that takes so many times as long as the same tests took without a change, and LIMIT_SECONDS, hangs."""
LIMIT_SECONDS: Final = 30.0
NO_TESTS: Final = 5
"""pytest's status where no test ran: a change may rename the tests that a table of the package names."""

TURNED: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
EXCHANGED: Final = {"min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one file."""

    file: str
    """Below the package: `doctor/rules.py`."""
    line: int
    function: str
    """`Case.limit`; empty for what stands outside of functions."""
    words: str
    """`idle_seconds < limit  ->  idle_seconds <= limit`; `#2` after the second of the same words in one function."""
    place: int
    """Which change of the file it is, of all that are possible."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the change in `equivalents.toml`, whatever its line."""
        return self.file, self.function, self.words


@dataclass(frozen=True, slots=True)
class Site:
    """One node of a file that can be replaced, and where it stands."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def other_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.Compare():
            for index, operator in enumerate(node.ops):
                for turned in TURNED[type(operator)]:
                    operators = [*node.ops[:index], turned(), *node.ops[index + 1 :]]
                    yield ast.Compare(node.left, operators, node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            yield ast.Constant(number + 1)
        case ast.Return(value=ast.Constant(value=bool() as flag)):
            yield ast.Return(ast.Constant(not flag))
        case ast.Return(value=ast.Constant(value=None)):
            yield ast.Return(ast.Constant(1))
        case ast.Return(value=ast.Constant(value=str() as text)):
            yield ast.Return(ast.Constant(text + "x"))
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            yield ast.Call(ast.Name(EXCHANGED[name], ast.Load()), node.args, node.keywords)


def sites(parent: ast.AST, function: str = "", *, is_inner: bool = False) -> Iterator[Site]:
    """Every node below one, annotations aside. A function inside another counts as that one."""
    for name, value in ast.iter_fields(parent):
        if name in {"annotation", "returns"}:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST):
                continue
            inner = function
            if not is_inner and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{function}.{node.name}".lstrip(".")
            yield Site(parent, name, index, node, inner)
            below = is_inner or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from sites(node, inner, is_inner=below)


def changes_of(tree: ast.Module, file: str, lines: Sequence[str]) -> Iterator[tuple[Change, Site, ast.AST]]:
    """Yield every change of one file that is possible, where it is made, and what stands there then."""
    seen: Counter[tuple[str, str]] = Counter()
    for site in sites(tree):
        for other in other_nodes(site.node):
            line = getattr(site.node, "lineno", 0)
            words = f"{ast.unparse(site.node)}  ->  {ast.unparse(ast.fix_missing_locations(other))}"
            if isinstance(site.node, ast.Constant | ast.Return):
                words += f"  in  {lines[line - 1].strip()}"
            seen[site.function, words] += 1
            if seen[site.function, words] > 1:
                words += f"  #{seen[site.function, words]}"
            yield Change(file, line, site.function, words, seen.total()), site, other


def all_changes(room: str) -> list[Change]:
    """Every change of a room's files that is possible."""
    found = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        file = path.relative_to(PACKAGE).as_posix()
        found += [change for change, *_ in changes_of(ast.parse(source), file, source.splitlines())]
    return found


def changed_source(change: Change) -> str:
    """The whole file as it is after a change."""
    source = (PACKAGE / change.file).read_text(encoding="utf-8")
    tree = ast.parse(source)
    for found, site, other in changes_of(tree, change.file, source.splitlines()):
        if found.place == change.place:
            site.put(other)
            return ast.unparse(ast.fix_missing_locations(tree))
    raise ValueError(change)


def equivalents() -> dict[tuple[str, str, str], str]:
    """The changes that change nothing, and why."""
    rows = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8"))["equivalent"]
    return {(row["file"], row["function"], row["change"]): row["reason"] for row in rows}


@dataclass(frozen=True, slots=True)
class Reached:
    """What one test reaches."""

    test: str
    seconds: float
    functions: frozenset[str]


def copied_package(folder: Path) -> Path:
    """A copy of the package for one process at a time; the folder to be on its path."""
    shutil.copytree(PACKAGE, folder / "goneaway_tui", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run_tests(
    folder: Path, arguments: Sequence[str], limit_seconds: float | None = None, **environment: str
) -> int | None:
    """Run pytest on the package in a folder; its status, None where it took too long."""
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "tests.bench.reached",
        "--hypothesis-seed=0", *arguments,
    ]  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GONEAWAY_")}
    with (
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited
            | {"PYTHONPATH": str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": scratch}
            | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def test_paths(room: str) -> list[str]:
    return [f"tests/{path}" for path in (*ROOM_TESTS[room], "unit/test_doctests.py")]


def reached_by_tests(room: str, folder: Path) -> list[Reached]:
    """What each test of a room reaches, the quickest test first."""
    file = folder / "reached.json"
    if run_tests(folder, test_paths(room), REACHED_FILE=str(file)) != 0:
        raise SystemExit(f"the tests of {room} fail without any change: pytest {' '.join(test_paths(room))}")
    rows = json.loads(file.read_text(encoding="utf-8"))
    reached = [Reached(test, row["seconds"], frozenset(row["functions"])) for test, row in rows.items()]
    return sorted(reached, key=lambda row: row.seconds)


def tests_for(change: Change, reached: Sequence[Reached]) -> list[Reached]:
    """The tests that reach a changed function; all, where the change is in none."""
    lines = function_lines(change)
    if lines is None:
        return list(reached)
    wanted = {f"{change.file}:{line}" for line in lines}
    return [row for row in reached if not wanted.isdisjoint(row.functions)]


def function_lines(change: Change) -> range | None:
    """The lines of the function that a change is in; None where it is in none."""
    nodes: list[ast.AST] = [ast.parse((PACKAGE / change.file).read_text(encoding="utf-8"))]
    for name in change.function.split(".") if change.function else ():
        nodes = [node for node in ast.iter_child_nodes(nodes[-1]) if getattr(node, "name", "") == name]
    node = nodes[-1]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return range(first, (node.end_lineno or first) + 1)


def is_noticed(change: Change, folder: Path, tests: Sequence[Reached]) -> bool:
    """Whether a test fails, or hangs, with a change made in the package of a folder."""
    if not tests:
        return False
    path = folder / "goneaway_tui" / change.file
    wanted = folder / "wanted.json"
    wanted.write_text(json.dumps([row.test for row in tests]), encoding="utf-8")
    Path(cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(changed_source(change), encoding="utf-8")
    files = sorted({row.test.partition("::")[0] for row in tests})
    limit_seconds = LIMIT_SECONDS + LIMIT_FACTOR * sum(row.seconds for row in tests)
    status = run_tests(folder, files, limit_seconds, WANTED_FILE=str(wanted), PYTHONDONTWRITEBYTECODE="1")
    shutil.copy2(PACKAGE / change.file, path)
    return status not in {0, NO_TESTS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many changes of a room were drawn, and those that no test noticed."""

    room: str
    possible: int
    equivalent: int
    drawn: int
    survivors: tuple[Change, ...]

    @property
    def share(self) -> float:
        return 1 - len(self.survivors) / self.drawn if self.drawn else 1.0


def judged(room: str, changes: Sequence[Change], folder: Path, jobs: int) -> list[Change]:
    """The changes that no test notices, so many processes at once."""
    folders: SimpleQueue[Path] = SimpleQueue()
    first = copied_package(folder / f"{room}-0")
    reached = reached_by_tests(room, first)
    folders.put(first)
    for number in range(1, jobs):
        shutil.copytree(first, folder / f"{room}-{number}")
        folders.put(folder / f"{room}-{number}")

    def noticed(change: Change) -> bool:
        own = folders.get()
        try:
            return is_noticed(change, own, tests_for(change, reached))
        finally:
            folders.put(own)

    with ThreadPoolExecutor(jobs) as pool:
        survivors = []
        for change, was_noticed in zip(changes, pool.map(noticed, changes), strict=True):
            print("." if was_noticed else "S", end="", file=sys.stderr, flush=True)
            if not was_noticed:
                survivors.append(change)
    print(file=sys.stderr)
    return survivors


def measured(room: str, count: int, seed: int, folder: Path, jobs: int, only: str) -> Outcome:
    """Draw changes of one room and look which are noticed. `only` keeps those whose line or words hold it."""
    possible = all_changes(room)
    known = equivalents()
    open_changes = [change for change in possible if change.key not in known]
    matching = [change for change in open_changes if only in f"{change.file}:{change.line} {change.words}"]
    drawn = random.Random(f"{seed} {room}").sample(matching, min(count, len(matching)))
    drawn.sort(key=lambda change: (change.file, change.place))
    survivors = judged(room, drawn, folder, jobs)
    return Outcome(room, len(possible), len(possible) - len(open_changes), len(drawn), tuple(survivors))


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    print("| room | possible | of them listed as equivalent | drawn | noticed | share |")
    print("|---|--:|--:|--:|--:|--:|")
    for row in outcomes:
        noticed = row.drawn - len(row.survivors)
        print(
            f"| {row.room} | {row.possible:,} | {row.equivalent} | {row.drawn} | {noticed} | {row.share:.0%} |"
        )
    for row in outcomes:
        for change in row.survivors:
            print(f"\n{change.file}:{change.line} {change.function}\n    {change.words}")


def check_equivalents() -> None:
    """Every listed equivalent is a change that is possible."""
    possible = {change.key for room in ROOM_TESTS for change in all_changes(room)}
    for key in equivalents().keys() - possible:
        raise SystemExit(f"{EQUIVALENTS.name} lists a change that is not possible: {key}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.mutants", description="Changes that tests notice."
    )
    parser.add_argument("--rooms", nargs="+", choices=ROOM_TESTS, default=list(ROOM_TESTS))
    parser.add_argument("--count", type=int, default=100, help="changes of each room (100)")
    parser.add_argument("--seed", type=int, default=1, help="draws others (1)")
    parser.add_argument("--jobs", "-j", type=int, default=2, help="changes that are tried at once (2)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="draw from changes whose `file:line words` hold this"
    )
    options = parser.parse_args(argv)
    check_equivalents()
    with tempfile.TemporaryDirectory() as folder:
        print_outcomes(
            [
                measured(room, options.count, options.seed, Path(folder), options.jobs, options.only)
                for room in options.rooms
            ]
        )


if __name__ == "__main__":
    main()
