"""The language of a run as it is started: a copy of the package that has a catalogue, or has none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from goneaway_tui import i18n
from goneaway_tui.cli.terminal import configure_terminal, set_language, write_err
from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import DOMAIN, LANGUAGES, EnglishCatalogue, _
from tests.house.tree import PACKAGE
from tests.unit.settings.asking import settings

KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
LOST = "2026-11-23 10:00:00 ERROR pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')\n"
NO_CATALOGUE = (
    "goneaway-tui: warning: no catalogue of 'zh' was built, so this is in English; "
    "python tui/catalogues.py builds it\n"
)


def catalogue() -> Catalog:
    """A language in which every sentence is the English one between brackets."""
    made = Catalog(locale="zh_CN")
    for _file, _line, message, _comments, _context in extract_from_dir(PACKAGE, keywords=KEYWORDS):
        bracketed = f"«{message}»" if isinstance(message, str) else (f"«{message[1]}»",)
        made.add(message, bracketed)
    return made


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a copy of the package is that speaks it."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(PACKAGE, root / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    with (root / PACKAGE.name / f"locale/{LANGUAGES['zh']}/LC_MESSAGES/{DOMAIN}.mo").open("wb") as file:
        write_mo(file, catalogue())
    return root


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a copy is that was never built."""
    root = tmp_path_factory.mktemp("silent")
    shutil.copytree(PACKAGE, root / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    return root


def run(tree: Path, *arguments: str, code: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Its files are never written, so its home may be the tree."""
    started = ["-c", code] if code else ["-m", "goneaway_tui"]
    return subprocess.run(
        [sys.executable, "-W", "error", *started, *arguments],
        env={"HOME": str(tree), "PATH": os.environ["PATH"], "PYTHONPATH": str(tree), **env},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_help_and_errors_are_in_the_chosen_language(tree: Path) -> None:
    assert "«Usage»" in run(tree, "--help", "--lang", "zh").stdout
    assert "«Usage»" in run(tree, "--help", LANG="zh_CN.UTF-8").stdout
    assert "«" not in run(tree, "--help", "--lang", "en", LANG="zh_CN.UTF-8").stdout

    told = run(tree, "--lang", "zh", "--zzz")
    assert (2, "goneaway-tui: ««there is no flag '--zzz'»; «see --help»»\n") == (told.returncode, told.stderr)
    told = run(tree, "--zzz")
    assert (2, "goneaway-tui: there is no flag '--zzz'; see --help\n") == (told.returncode, told.stderr)


def test_the_config_file_chooses_the_language_of_the_run(tree: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('lang = "zh"\n')
    line = ("replay", "/none", f"--config={config}")

    assert "«" in run(tree, *line).stderr
    assert "«" not in run(tree, *line, "--lang=en").stderr
    assert "«" not in run(tree, *line, GONEAWAY_LANG="en").stderr


def test_an_explanation_as_data_is_the_same_in_every_language(tree: Path, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(LOST)
    each = [run(tree, "explain", str(log), "--format=json", f"--lang={name}") for name in LANGUAGES]

    assert [0, 0] == [told.returncode for told in each]
    assert each[0].stdout == each[1].stdout
    assert json.loads(each[0].stdout)["errors"]
    assert "«" not in each[1].stdout + each[1].stderr


def test_a_language_without_a_catalogue_is_english_with_one_warning(silent: Path) -> None:
    told = run(silent, "--version", "--lang=zh")

    assert 0 == told.returncode
    assert NO_CATALOGUE == told.stderr
    assert "" == run(silent, "--version").stderr


@pytest.mark.parametrize(("name", "loads"), [("en", False), ("zh", True)])
def test_english_loads_nothing_for_another_language(tree: Path, name: str, loads: bool) -> None:  # noqa: FBT001
    code = "import sys, goneaway_tui.cli as c; c.run(sys.argv[1:]); print('gettext' in sys.modules)"

    assert run(tree, "--help", f"--lang={name}", code=code).stdout.endswith(f"{loads}\n")


# --- What a run speaks


@pytest.fixture
def bracketed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "LOCALES", tree / PACKAGE.name / "locale")
    yield
    i18n.set_language(EnglishCatalogue())


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "«give only one command»"),
        ("demo", "«give only one command»"),
        ("snapshot --format=text", "«give only one command»"),
        ("snapshot --format=markdown", "«give only one command»"),
        ("snapshot", "give only one command"),
        ("snapshot --format=csv", "give only one command"),
        ("explain", "«give only one command»"),
        ("explain --format=markdown", "«give only one command»"),
        ("explain --format=json", "give only one command"),
        ("watch", "give only one command"),
        ("exporter", "give only one command"),
    ],
)
def test_what_scripts_read_is_english(line: str, said: str) -> None:
    set_language("zh")
    configure_terminal(replace(settings(line), lang="zh"), "zh")

    assert said == _("give only one command")


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize("line", ["snapshot", "watch", "kill --format=json --match=user:x"])
def test_what_a_person_reads_is_in_the_language_of_the_run(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_language("zh")
    configure_terminal(replace(settings(line), lang="zh"), "zh")
    write_err(SettingsError(_("give only one command")).line)

    assert "goneaway-tui: «give only one command»\n" == capsys.readouterr().err


@pytest.mark.usefixtures("bracketed")
def test_a_run_goes_on_in_the_language_of_its_settings() -> None:
    set_language("zh")
    configure_terminal(replace(settings(""), lang="en"), "zh")

    assert "give only one command" == _("give only one command")
