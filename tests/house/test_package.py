"""What is released is the whole package and nothing but it, the same bytes each time, and runs where only Python is."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from goneaway_tui import __version__
from goneaway_tui.settings.help import help_text
from goneaway_tui.settings.man_page import manual_text
from tests.house.documents import PAGES, SHARED, document
from tests.house.release import MAIN, build_all, is_pure, libraries
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every file of a release of this tree."""
    return build_all(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def wheel(made: dict[str, Path]) -> set[str]:
    with zipfile.ZipFile(made["wheel"]) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(made: dict[str, Path]) -> set[str]:
    with tarfile.open(made["sdist"]) as archive:
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


def test_what_pip_installs_runs_and_is_whole(made: dict[str, Path], tmp_path: Path) -> None:
    """By an ordinary `pip install` in a fresh environment, away from these sources; what it depends on comes along."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python, command = (tmp_path / "venv/bin" / name for name in ("python", "goneaway-tui"))
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-compile", made["wheel"], cwd=tmp_path)
    where = "import sysconfig; print(sysconfig.get_path('purelib'), sysconfig.get_path('data'))"
    packages, data = map(Path, run(python, "-c", where, cwd=tmp_path).split())
    log = tmp_path / "app.log"
    log.write_text("ERROR 2006 (HY000): MySQL server has gone away\n", encoding="utf-8")

    assert f"goneaway-tui {__version__}\n" == run(command, "--version", cwd=tmp_path)
    assert help_text() == run(python, "-m", "goneaway_tui", "--help", cwd=tmp_path)
    assert manual_text() == run(command, "manual", cwd=tmp_path)
    assert document("docs/privileges.md") == run(command, "docs", "privileges", cwd=tmp_path)
    assert [] == [name for name in on_disk(*KINDS) if not (packages / name).is_file()]
    assert [] == [path for path in SHARED if not (data / "share" / path).is_file()]
    assert "idle" in run(command, "explain", log, cwd=tmp_path)
    run(*pip, "check", cwd=tmp_path)


def test_the_same_tree_gives_the_same_bytes(made: dict[str, Path], tmp_path: Path) -> None:
    again = build_all(tmp_path / "elsewhere")

    assert [] == [kind for kind, path in made.items() if path.read_bytes() != again[kind].read_bytes()]


def test_an_index_would_take_wheel_and_sdist(made: dict[str, Path]) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", made["wheel"], made["sdist"])


# --- One file that runs anywhere Python is


def alone(made: dict[str, Path], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The one file, run by a Python without packages and without an environment."""
    command: tuple[str | Path, ...] = (sys.executable, "-I", "-S", made["pyz"], *arguments)
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, encoding="utf-8", check=False)


def test_the_one_file_runs_without_anything_installed(made: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("ERROR 2006 (HY000): MySQL server has gone away\n", encoding="utf-8")
    server = importlib.metadata.version("PyMySQL")

    assert f"goneaway-tui {__version__}\n" == alone(made, tmp_path, "--version").stdout
    assert "idle" in alone(made, tmp_path, "explain", "app.log").stdout
    assert "会话" in alone(made, tmp_path, "--help", "--lang=zh").stdout
    assert 0 == alone(made, tmp_path, "doctor-bundle", "-o", "b.zip").returncode
    with zipfile.ZipFile(tmp_path / "b.zip") as bundle:
        assert server == json.loads(bundle.read("versions.json"))["libraries"]["PyMySQL"]


def test_the_one_file_holds_what_it_imports_and_no_machine_code(made: dict[str, Path]) -> None:
    screen = "import sys; sys.path.insert(0, sys.argv[1]); import goneaway_tui.ui.app, goneaway_tui.metrics.collector"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", screen, made["pyz"]], env={}, check=False)
    with zipfile.ZipFile(made["pyz"]) as archive:
        names = archive.namelist()

    assert 0 == done.returncode
    assert [] == [name for name in names if name.endswith((".so", ".pyd", ".dylib", ".pyc"))]


def test_a_python_that_is_too_old_can_read_the_message() -> None:
    assert ast.parse(MAIN, feature_version=(3, 4))
    assert "needs 3.11 or newer" in MAIN


def test_the_list_of_libraries_is_that_of_the_one_file(made: dict[str, Path]) -> None:
    listed = json.loads(made["sbom"].read_text(encoding="utf-8"))
    components = {each["name"]: each["version"] for each in listed["components"]}
    with zipfile.ZipFile(made["pyz"]) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}

    assert components == {name: importlib.metadata.version(name) for name in libraries()}
    assert __version__ == listed["metadata"]["component"]["version"]
    assert len(components) + 1 == len(folders)
    assert {"pymysql", "rich", "textual", "tomlkit"} <= components.keys()
    assert not is_pure(importlib.metadata.distribution("cryptography"))
