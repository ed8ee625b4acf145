"""What is installed is the whole package and nothing but it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.house.documents import SHARED
from tests.house.tree import PACKAGE, ROOT


def build(kind: str, into: Path) -> Path:
    """A wheel or sdist of this tree, made by the backend itself, or where it is not here by pip."""
    if find_spec("hatchling") is not None:
        hook = f"import sys; from hatchling.build import build_{kind} as build; build(sys.argv[1])"
        command = [sys.executable, "-c", hook, str(into)]
    elif kind == "wheel":
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            str(into),
            ".",
        ]
    else:
        pytest.skip("an sdist needs hatchling")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with zipfile.ZipFile(build("wheel", tmp_path_factory.mktemp("wheel"))) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def on_disk(*patterns: str) -> set[str]:
    return {
        path.relative_to(PACKAGE.parent).as_posix() for pattern in patterns for path in PACKAGE.rglob(pattern)
    }


@pytest.mark.parametrize("pattern", ["*.py", "*.sql", "*.tcss", "*.yml", "*.json", "py.typed"])
def test_a_wheel_carries_every_file_of_a_kind(wheel: set[str], pattern: str) -> None:
    wanted = on_disk(pattern)

    assert wanted
    assert set() == wanted - wheel


def test_a_wheel_carries_the_package_its_description_and_its_documents_alone(wheel: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel}

    assert {"goneaway_tui"} == {top for top in tops if not top.endswith((".dist-info", ".data"))}
    assert 3 == len(tops)


def test_a_wheel_puts_the_manual_page_and_the_completions_where_they_are_looked_for(wheel: set[str]) -> None:
    put = {name.partition(".data/data/share/")[2] for name in wheel if ".data/" in name}

    assert set(SHARED) == put


def test_a_wheel_carries_nothing_that_was_made_on_the_way(wheel: set[str]) -> None:
    kinds = (".py", ".sql", ".tcss", ".yml", ".json", "py.typed")

    assert set() == {name for name in wheel if name.startswith("goneaway_tui/") and not name.endswith(kinds)}


def test_a_wheel_carries_the_command(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)
    assert any("/licenses/LICENSE" in name for name in wheel)


def test_an_sdist_carries_what_is_needed_to_check_it(sdist: set[str]) -> None:
    wanted = {"pyproject.toml", "README.md", "LICENSE", "tests/builders.py", "tests/house/test_package.py"}

    assert (
        set() == (wanted | {f"tui/{name}" for name in on_disk("*.py", "*.sql", "*.tcss", "*.json")}) - sdist
    )
    assert not any(name.startswith(".venv") for name in sdist)
