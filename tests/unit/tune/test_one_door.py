"""Nobody but the gate calls what changes a server."""

from __future__ import annotations

import ast

from tests.house.tree import modules

CHANGES = {"set_global", "reset_persist", "kill_query"}
"""Methods of an Executor that nothing else is called; `kill` is one of processes too, and counts where an executor's."""


def changes(tree: ast.Module) -> list[str]:
    called = [
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return [
        each.attr
        for each in called
        if each.attr in CHANGES or (each.attr == "kill" and "executor" in ast.unparse(each.value).lower())
    ]


def test_the_gate_is_the_only_door() -> None:
    callers = {path: sorted(changes(tree)) for path, tree in modules().items() if changes(tree)}

    assert {"tune/gate.py": ["kill", "kill_query", "reset_persist", "set_global"]} == callers
