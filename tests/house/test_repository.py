"""The repository holds the project, and no trace of where it was written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT, files

ENTRIES = {
    *("tui", "tests", "screenshots", "share", "docs", ".ci", ".github"),
    *(
        "pyproject.toml",
        "README.md",
        "README.zh-CN.md",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "mkdocs.yml",
        ".gitignore",
        ".pre-commit-config.yaml",
    ),
}
BINARY = (".png", ".jpg", ".gif", ".woff2")


def dotted(*labels: str) -> str:
    return ".".join(labels)


def host(*labels: str) -> str:
    """A pattern for a host name, put together here so that this file does not hold one."""
    return r"\b" + r"\.".join(labels) + r"\b"


TRACES = {
    "a package index of Python": f"{host('pypi', 'org')}|{host('pythonhosted', 'org')}|--(extra-)?index-url|PIP_(EXTRA_)?INDEX_URL",
    "a registry of JavaScript": f"{host('npmjs', '(org|com)')}|{host('yarnpkg', 'com')}",
    "a registry of Rust or Go": f"{host('crates', 'io')}|{host('proxy', 'golang', 'org')}",
    "a mirror of Debian or Ubuntu": "|".join(
        host(*labels)
        for labels in (
            ("(deb|ftp|security|snapshot|archive)", "debian", "org"),
            ("(archive|security|ports)", "ubuntu", "com"),
        )
    ),
    "a server's package repository": f"{host('repo', 'mysql', 'com')}|{host('(downloads|dlm|archive)', 'mariadb', '(org|com)')}",
    "a path of the machine it was written on": r"(?<![\w.~-])/" + "work/",
    "a tool it was written with": "|".join(
        rf"\b{first}{second}\b"
        for first, second in (
            ("clau", "de"), ("anthro", "pic"), ("chat", "gpt"), ("open", "ai"), ("copi", "lot"), ("gem", "ini"),
            ("co", "dex"), ("cur", r"sor\.sh"), ("ai-gen", "erated"), ("language", r"\s+model"),
        )
    ),
}  # fmt: skip


def texts() -> dict[str, str]:
    return {
        name: (ROOT / name).read_text(encoding="utf-8", errors="replace")
        for name in files()
        if not name.endswith(BINARY)
    }


def test_the_top_holds_what_belongs_there_and_nothing_else() -> None:
    assert set() == {name.partition("/")[0] for name in files()} - ENTRIES


def test_the_folder_of_the_package_is_no_package() -> None:
    """`tui` may not be importable: it would be a second copy of every class, and another's name. The build hook lies beside."""
    assert ["catalogues.py", "goneaway_tui"] == sorted(
        {name.split("/")[1] for name in files() if name.startswith("tui/")}
    )
    assert not (ROOT / "tui" / "__init__.py").exists()


def test_tests_are_folders_and_no_packages() -> None:
    assert [] == [name for name in files() if name.startswith("tests/") and name.endswith("__init__.py")]


@pytest.mark.parametrize("trace", TRACES)
def test_no_file_names(trace: str) -> None:
    pattern = re.compile(TRACES[trace], re.IGNORECASE)
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}"
        for name, text in texts().items()
        for hit in pattern.finditer(text)
    ]

    assert [] == found


@pytest.mark.parametrize(
    ("trace", "text"),
    [
        ("a package index of Python", "https://" + dotted("files", "pythonhosted", "org")),
        ("a registry of JavaScript", "https://" + dotted("registry", "npmjs", "org")),
        ("a mirror of Debian or Ubuntu", "http://" + dotted("deb", "debian", "org") + "/debian"),
        ("a path of the machine it was written on", "cd /" + "work/main"),
    ],
)
def test_a_trace_would_be_seen(trace: str, text: str) -> None:
    assert re.search(TRACES[trace], text, re.IGNORECASE)


def test_what_is_run_may_be_run() -> None:
    scripts = [name for name in files() if (ROOT / name).read_bytes().startswith(b"#!")]

    assert [] == [name for name in scripts if not (ROOT / name).stat().st_mode & 0o100]


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CHANGELOG.md", ".gitignore", "pyproject.toml"])
def test_what_every_project_has_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


# --- What the host of the repository reads

HOSTED = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / ".github").rglob("*.yml"))}
WORKFLOWS = {name for name in HOSTED if "/workflows/" in name}
ISSUES = {name for name in HOSTED if "/ISSUE_TEMPLATE/" in name} - {".github/ISSUE_TEMPLATE/config.yml"}


def parsed(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # every value as it is written


def steps(workflow: str) -> list[dict[str, Any]]:
    return [step for job in parsed(HOSTED[workflow])["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_may_read_and_no_more_unless_a_job_says_so_and_knows_no_secret(name: str) -> None:
    workflow = parsed(HOSTED[name])

    assert {"contents": "read"} == workflow["permissions"]
    assert {"name", "on", "jobs"} <= workflow.keys()
    assert "secrets." not in HOSTED[name].read_text(encoding="utf-8")
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps"} <= job.keys()
        assert set(job.get("needs", "").split()) <= workflow["jobs"].keys()
    for step in steps(name):
        assert ("run" in step) is not ("uses" in step)
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@(v\d+|release/v\d+)", step.get("uses", "a/b@v1"))


def test_the_checks_are_those_of_the_script_and_run_on_every_python_and_system() -> None:
    jobs = parsed(HOSTED[".github/workflows/ci.yml"])["jobs"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [text.rpartition(" ")[2] for text in project["classifiers"] if re.search(r":: 3\.\d+$", text)]

    assert {"run": "tests/run"} in jobs["everything"]["steps"]
    assert stated == jobs["python"]["strategy"]["matrix"]["python"]
    assert f">={stated[0]}" == project["requires-python"]
    assert ["macos-latest", "windows-latest"] == jobs["systems"]["strategy"]["matrix"]["system"]


def test_a_release_is_published_by_trust_and_made_by_the_module_that_is_tested() -> None:
    jobs = parsed(HOSTED[".github/workflows/release.yml"])["jobs"]

    assert {"id-token": "write"} == jobs["publish"]["permissions"]
    assert "password" not in str(jobs)
    assert {"run": "python -m tests.house.release dist"} in jobs["build"]["steps"]
    assert jobs["publish"]["needs"] == "build"


@pytest.mark.parametrize("name", sorted(ISSUES))
def test_an_issue_form_asks_for_a_bundle(name: str) -> None:
    form = parsed(HOSTED[name])

    assert {"name", "description", "body"} <= form.keys()
    assert len({field["id"] for field in form["body"]}) == len(form["body"])
    assert all(
        field["type"] in {"textarea", "input"} and field["attributes"]["label"] for field in form["body"]
    )
    assert "goneaway-tui doctor-bundle" in HOSTED[name].read_text(encoding="utf-8")


def test_a_commit_runs_the_tools_of_the_project_and_downloads_none() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]

    assert repository["repo"] == "local"
    assert {"system"} == {hook["language"] for hook in repository["hooks"]}
    assert {"ruff", "mypy"} == {
        hook["entry"].removeprefix(".venv/bin/").partition(" ")[0] for hook in repository["hooks"]
    }
