"""The repository holds the project, and no trace of where it was written."""

from __future__ import annotations

import re

import pytest

from tests.house.tree import ROOT, files

ENTRIES = {
    *("tui", "tests", "screenshots", "share", "docs", ".ci"),
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
