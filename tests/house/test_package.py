"""What is installed is the whole package and nothing but it."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from goneaway_tui.settings.help import help_text
from goneaway_tui.settings.man_page import manual_text
from tests.house.documents import PAGES, SHARED, document
from tests.house.tree import PACKAGE, ROOT

KINDS = (
    *("*.mo", "*.po", "*.py", "*.sql", "*.tcss", "*.yml", "*.json", "*.tsv", "py.typed"),
    *("*.html", "*.css", "*.js"),
)


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What it said; nothing of this tree or of the tester's Python reaches it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def build(kind: str, into: Path) -> Path:
    """A wheel or sdist of this tree, made by the backend that pip would ask."""
    hook = f"import sys; from hatchling.build import build_{kind} as build; build(sys.argv[1])"
    run(sys.executable, "-c", hook, into)
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with tarfile.open(build("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def on_disk(*patterns: str) -> set[str]:
    return {
        path.relative_to(PACKAGE.parent).as_posix() for pattern in patterns for path in PACKAGE.rglob(pattern)
    }


@pytest.mark.parametrize("pattern", KINDS)
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
    pages = {f"goneaway_tui/{page}" for page in PAGES}

    assert on_disk(*KINDS) | pages == {name for name in wheel if name.startswith("goneaway_tui/")}


def test_a_wheel_carries_the_command(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)
    assert any("/licenses/LICENSE" in name for name in wheel)


def test_an_sdist_carries_what_is_needed_to_check_it(sdist: set[str]) -> None:
    wanted = {"pyproject.toml", "README.md", "README.zh-CN.md", "LICENSE"}
    wanted |= {"tests/builders.py", "tests/house/test_package.py"}
    wanted |= {f"tui/{name}" for name in on_disk(*KINDS)} | {f"share/{path}" for path in SHARED}

    assert set() == wanted - sdist
    assert not any(name.startswith(".venv") for name in sdist)


def test_what_pip_installs_runs_and_is_whole(built: Path, tmp_path: Path) -> None:
    """By an ordinary `pip install` in a fresh environment, away from these sources; what it depends on comes along."""
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python, command = (tmp_path / "venv/bin" / name for name in ("python", "goneaway-tui"))
    run(python, "-m", "pip", "install", "--quiet", built, cwd=tmp_path)
    where = "import sysconfig; print(sysconfig.get_path('purelib'), sysconfig.get_path('data'))"
    packages, data = map(Path, run(python, "-c", where, cwd=tmp_path).split())
    log = tmp_path / "app.log"
    log.write_text("ERROR 2006 (HY000): MySQL server has gone away\n", encoding="utf-8")
    version = importlib.metadata.version("goneaway-tui")

    assert f"goneaway-tui {version}\n" == run(command, "--version", cwd=tmp_path)
    assert help_text() == run(python, "-m", "goneaway_tui", "--help", cwd=tmp_path)
    assert manual_text() == run(command, "manual", cwd=tmp_path)
    assert document("docs/blocking.md") == run(command, "docs", "blocking", cwd=tmp_path)
    assert [] == [name for name in on_disk(*KINDS) if not (packages / name).is_file()]
    assert [] == [path for path in SHARED if not (data / "share" / path).is_file()]
    assert "idle" in run(command, "explain", log, cwd=tmp_path)
    run(python, "-m", "pip", "check", cwd=tmp_path)
