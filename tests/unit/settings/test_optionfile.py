"""The option file means to us what it means to the clients."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from goneaway_tui.settings.optionfile import Entry, entries
from tests.servers.private import home_of_servers

LINES: tuple[tuple[str, Entry | None], ...] = (
    ("user=root", ("user", "root")),
    ("  user   =   root  ", ("user", "root")),
    ("ssl_ca=/a_b", ("ssl-ca", "/a_b")),
    ("ssl", ("ssl", None)),
    ("ssl # why", ("ssl", None)),
    ("password=", ("password", "")),
    ("a=b=c", ("a", "b=c")),
    ("# user=x", None),
    ("; user=x", None),
    ("   # user=x", None),
    ("a=b # c", ("a", "b")),
    ("a=b#c", ("a", "b")),
    ("a=b ; c", ("a", "b ; c")),
    ('a="b # c" # d', ("a", "b # c")),
    ("a='b # c'", ("a", "b # c")),
    ("a=it's # d", ("a", "it's # d")),
    ('a="b\\"#c"', ("a", 'b"#c')),
    ('a="b', ("a", '"b')),
    ('a="', ("a", '"')),
    ("a='\"b\"'", ("a", '"b"')),
    ("a=\\sb\\tc\\\\d\\qe", ("a", " b\tc\\d\\qe")),
    ("a=b\\", ("a", "b\\")),
    ("a=ü", ("a", "ü")),
    ("a=b\r", ("a", "b")),
    ("A=b", ("A", "b")),
)


@pytest.mark.parametrize(("line", "entry"), LINES)
def test_a_line_reads_as_the_clients_read_it(line: str, entry: Entry | None) -> None:
    assert ([entry] if entry else []) == list(entries(f"[client]\n{line}\n", "client", "my.cnf"))


def the_clients_own_reader() -> Path:
    """`my_print_defaults` of a private server. It is there wherever tests/servers/get ran."""
    reader = home_of_servers() / "bin" / "my_print_defaults1011"
    if not reader.exists() and os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{reader} is not here: run tests/servers/get mariadb1011")
    if not reader.exists():
        pytest.skip("no private server is here: run tests/servers/get mariadb1011")
    return reader


@pytest.mark.parametrize(("line", "entry"), LINES)
def test_the_clients_own_reader_agrees(line: str, entry: Entry | None, tmp_path: Path) -> None:
    file = tmp_path / "my.cnf"
    file.write_text(f"[client]\n{line}\n", newline="")
    told = subprocess.run(
        [the_clients_own_reader(), f"--defaults-file={file}", "client"], check=True, capture_output=True
    ).stdout.decode()

    expected = "" if entry is None else f"--{entry[0]}" + ("" if entry[1] is None else f"={entry[1]}") + "\n"
    name, equals, value = told.partition("=")
    assert expected == name.replace("_", "-") + equals + value


def test_only_the_group_asked_for_is_read() -> None:
    text = "[mysql]\na=1\n=\n[client]\na=2\n[ client ]\na=3\n[client ] # again\na=4\n[Client]\na=5"

    assert list(entries(text, "client", "my.cnf")) == [("a", "2"), ("a", "4")]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "\ufeff[client]\n", "!includedir /etc/my.cnf.d\n"])
def test_a_file_that_says_nothing_says_nothing(text: str) -> None:
    assert list(entries(text, "client", "my.cnf")) == []


def test_a_loose_option_is_an_option() -> None:
    assert list(entries("[client]\nloose_ssl_mode=x", "client", "my.cnf")) == [("ssl-mode", "x")]
