"""The project as files and syntax, for the tests of the house."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tui" / "goneaway_tui"


PATHS = tuple(sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")))
"""Every module by its path inside the package: `judge/deadline.py`."""


@cache
def modules() -> dict[str, ast.Module]:
    """The syntax of every module by its path. Takes a second, which no other test should wait for at its collection."""
    return {path: ast.parse((PACKAGE / path).read_text(encoding="utf-8")) for path in PATHS}


def room(path: str) -> str:
    """The room a module is in: `judge`, or its own name where it stands alone."""
    return path.partition("/")[0].removesuffix(".py")


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string that is a value, with its line; docstrings are for people and left out."""
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


@cache
def files() -> tuple[str, ...]:
    """Every file that is or would be committed."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout: nobody tells which files are the project's")
    listed = subprocess.run(
        [git, "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file())
