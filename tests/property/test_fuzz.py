"""No file that settings or logs are read from does more harm than one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goneaway_tui.settings.option_files import GROUPS
from tests.property.fuzz import TARGETS, run
from tests.unit.settings.asking import program
from tests.unit.settings.test_option_file_search import dashed, ours, written


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_bent_input_is_read_or_one_line(name: str) -> None:
    tried, harm = run(name, seconds=5, most=150)

    assert [] == harm
    assert tried > 0


pieces = st.sampled_from(
    [
        "user",
        "=",
        " ",
        "'",
        '"',
        "\\",
        "#",
        ";",
        "_",
        "-",
        "a",
        "\t",
        "[",
        "]",
        "\\s",
        "\\n",
        "ü",
        "loose-",
        "!x",
    ]
)
lines = st.lists(pieces, max_size=8).map("".join).filter(lambda line: line.strip(" \t") != "" or line == "")
files = st.lists(lines | st.sampled_from(["[client]", "[mysql]", "[mysqld]", "user=a"]), max_size=6)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(lines=files)
def test_any_option_file_is_read_as_the_mysql_clients_read_it(lines: list[str], tmp_path: Path) -> None:
    reader = program("my_print_defaults1011")
    (tmp_path / "my.cnf").write_text("\n".join(["[client]", *lines, ""]), newline="")
    flags, env = (
        [f"--defaults-file={tmp_path / 'my.cnf'}"],
        {"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    done = subprocess.run([reader, *flags, *GROUPS], env=env, capture_output=True, check=False)

    said = ours(flags, env)
    nameless = any(line.lstrip(" \t").startswith("=") for line in lines)  # to them an option without a name
    if not nameless:
        told = None if done.returncode else dashed(done.stdout.decode())
        assert told == (None if said is None else dashed("".join(f"{each}\n" for each in written(said))))
