"""What docs/architecture.md says can be added by one row in one file can: each is added to a copy of the package, and arrives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.arrivals import ARRIVALS
from tests.house.extensions import EXTENSIONS, KINDS, Extension
from tests.house.tree import PACKAGE, ROOT


def arrives(package: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.house.arrivals", *names]
    env = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("added", EXTENSIONS, ids=lambda each: each.name)
def test_one_row_in_one_file_is_all_it_takes(added: Extension, tmp_path: Path) -> None:
    unfinished = shutil.ignore_patterns("*.pyc.*")  # of compiled modules, which are copied too
    package = shutil.copytree(PACKAGE, tmp_path / "tui" / PACKAGE.name, ignore=unfinished)
    (package / added.file).write_text(added.added(), encoding="utf-8")
    told = arrives(package, added.name)

    assert (0, f"{added.name}\n") == (told.returncode, told.stdout), told.stderr


def test_none_of_them_was_there_before() -> None:
    told = arrives(PACKAGE, *ARRIVALS)

    assert (len(ARRIVALS), "") == (told.returncode, told.stdout), told.stderr


def test_every_extension_point_has_a_check() -> None:
    assert list(ARRIVALS) == [each.name for each in EXTENSIONS]


def test_every_place_that_is_named_is_there() -> None:
    named = " ".join(text for kind in KINDS for text in (kind.place, kind.also, kind.sample))
    files = set(re.findall(r"`([a-z_]+/[\w/]+\.\w+)`", named)) - {"tui/catalogues.py"}
    tables = re.findall(r"((?:`\w+`(?:, | and ))*`\w+`) in `([a-z_]+/[\w/]+\.py)`", named)

    assert [] == [file for file in files if not _place(file).is_file()]
    assert len(tables) > len(EXTENSIONS)
    for names, file in tables:
        code = _place(file).read_text(encoding="utf-8")
        assert all(
            re.search(rf"^(?:class )?{name}\b", code, re.MULTILINE) for name in re.findall(r"\w+", names)
        ), file


def _place(file: str) -> Path:
    """A file of the package, or of the repository."""
    return PACKAGE / file if (PACKAGE / file).is_file() else ROOT / file
