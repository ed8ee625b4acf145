from __future__ import annotations

import subprocess
import sys

import pytest

from goneaway_tui.export import FORMATS, default_name
from tests.builders import a_server, a_snapshot


def test_the_formats_are_those_of_the_contract() -> None:
    assert list(FORMATS) == ["json", "csv", "markdown", "html", "svg", "text"]


def test_a_format_is_found_under_its_own_name_with_a_suffix_of_its_own() -> None:
    assert list(FORMATS) == [row.name for row in FORMATS.values()]
    assert len(FORMATS) == len({row.suffix for row in FORMATS.values()})


@pytest.mark.parametrize("name", ["json", "csv"])
def test_a_format_for_machines_is_written_without_humanize_or_any_other_format(name: str) -> None:
    code = f"""
import io, sys
from goneaway_tui.export import FORMATS
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour, Server
from goneaway_tui.model.snapshot import Snapshot
server = Server(Flavour.MYSQL, "9.7.4", "9.7.4", "db-01", 3306, 1.0)
FORMATS[{name!r}].write(Snapshot(Sample(0.0, server, ()), ()), io.StringIO())
loaded = {{"humanize", *("goneaway_tui.export." + each for each in FORMATS if each != {name!r})}}
print(sorted(loaded & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_default_name_contains_server_and_instant() -> None:
    assert default_name(a_snapshot(), "json") == "goneaway-db-01-20261123T184002Z.json"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (None, "localhost"),
        ("", "localhost"),
        ("::1", "1"),
        ("::", "server"),
        ("../../etc/passwd", "etc-passwd"),
        ("a b\x00c\n", "a-b-c"),
        ("商店", "server"),
        ("-rf", "rf"),
        ("x" * 300, "x" * 64),
        ("db.example.com", "db.example.com"),
    ],
)
def test_a_host_becomes_a_safe_part_of_a_file_name(host: str | None, expected: str) -> None:
    snapshot = a_snapshot(server=a_server(host=host))

    assert f"goneaway-{expected}-20261123T184002Z.md" == default_name(snapshot, "markdown")
