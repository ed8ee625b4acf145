"""The measures of the package: how many files, how they hang together, and how long a function is."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import PurePosixPath

from tests.house.tree import PACKAGE, modules

MOST_FILES = 194
SHORT_LINES, MOST_SHORT = 40, 12
MOST_WITH_ONE_IMPORTER = 45
LONGEST_FUNCTION, USUAL_FUNCTION = 50, 25


def dotted(path: str) -> str:
    """The name a module is imported by: `judge/deadline.py` is `goneaway_tui.judge.deadline`."""
    parts = PurePosixPath("goneaway_tui", path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each module imports of the package; imports inside functions and for type checkers count."""
    names = {dotted(path) for path in modules()}
    found: dict[str, frozenset[str]] = {}
    for path, tree in modules().items():
        of_module: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                of_module |= (inner & names) or ({node.module} & names)
                of_module |= {node.module} & names if inner - names else set()
            elif isinstance(node, ast.Import):
                of_module |= {alias.name for alias in node.names} & names
        found[dotted(path)] = frozenset(of_module - {dotted(path)})
    return found


def circles(graph: dict[str, frozenset[str]]) -> list[list[str]]:
    """Modules that import each other, directly or through others: the strongly connected components of more than one."""

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead += graph[name]
        return seen

    reach = {name: reachable(name) for name in graph}
    found = {frozenset(other for other in reach[name] if name in reach[other]) for name in graph}
    return sorted(sorted(component) for component in found if component)


def test_the_package_has_few_files() -> None:
    assert len(modules()) <= MOST_FILES


def test_few_files_are_short() -> None:
    short = [
        path
        for path in modules()
        if not path.endswith("__init__.py") and len((PACKAGE / path).read_text().splitlines()) < SHORT_LINES
    ]

    assert len(short) <= MOST_SHORT, short


def test_few_modules_serve_one_other_alone() -> None:
    importers: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports().items():
        for name in imported:
            importers[name].add(module)
    alone = [name for name, users in importers.items() if len(users) == 1]

    assert len(alone) <= MOST_WITH_ONE_IMPORTER, alone


def test_a_circle_is_seen() -> None:
    graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}

    assert [["a", "b", "c"]] == circles(graph)


def test_no_modules_import_each_other() -> None:
    assert [] == circles(imports())


def test_no_class_name_stands_for_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path)

    assert {} == {name: paths for name, paths in places.items() if len(paths) > 1}


def function_lengths() -> dict[str, int]:
    """The lines of each function, from `def` to its end."""
    return {
        f"{path}:{node.name}:{node.lineno}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short() -> None:
    lengths = function_lengths()
    usual = sum(length <= USUAL_FUNCTION for length in lengths.values())

    assert {} == {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    assert usual / len(lengths) >= 0.95
