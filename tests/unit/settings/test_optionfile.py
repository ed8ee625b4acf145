"""A line of an option file means to us what it means to the clients."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings.optionfile import LONGEST_LINE, Entry, Include, parse
from tests.unit.settings.asking import program

LINES: tuple[tuple[str, tuple[str, str | None] | None], ...] = (
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
    ("\v a=b", ("a", "b")),
    ("a b=c", ("a b", "c")),
    ("--a=b", ("--a", "b")),
    ("!bogus x", None),
)


def said(text: str) -> list[Entry | Include]:
    return list(parse(text, "my.cnf"))


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_reads_as_the_clients_read_it(line: str, expected: tuple[str, str | None] | None) -> None:
    entries = [each for each in said(f"[client]\n{line}\n") if isinstance(each, Entry)]

    assert ([expected] if expected else []) == [(entry.key, entry.value) for entry in entries]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_the_clients_own_reader_agrees(
    line: str, expected: tuple[str, str | None] | None, tmp_path: Path
) -> None:
    file = tmp_path / "my.cnf"
    file.write_text(f"[client]\n{line}\n", newline="")
    told = subprocess.run(
        [program("my_print_defaults1011"), f"--defaults-file={file}", "client"],
        check=True,
        capture_output=True,
    ).stdout.decode()

    wanted = (
        "" if expected is None else f"--{expected[0]}" + ("" if expected[1] is None else f"={expected[1]}")
    )
    name, equals, value = told.removesuffix("\n").partition("=")
    assert wanted == name.replace("_", "-") + equals + value


def test_a_group_is_its_name_in_any_case_up_to_the_bracket() -> None:
    text = "[mysql]\na=1\n[client]\na=2\n[ client ]\na=3\n[client ] # again\na=4\n[Client]x\na=5"

    assert [(each.group, each.value) for each in said(text) if isinstance(each, Entry)] == [
        ("mysql", "1"),
        ("client", "2"),
        (" client", "3"),
        ("client", "4"),
        ("client", "5"),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("!include /a/b.cnf", [Include("/a/b.cnf", is_folder=False, line=1)]),
        ("  !  include\t/a b \r", [Include("/a b", is_folder=False, line=1)]),
        ("!includedir /a # why", [Include("/a", is_folder=True, line=1)]),
        ("!includeX /a", []),
        ("!", []),
    ],
)
def test_an_inclusion_names_a_file_or_a_folder(line: str, expected: list[Include]) -> None:
    assert expected == said(line)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing", "\ufeff[client]\n", "[client]\na\0b\n[x]"])
def test_what_says_nothing_of_note_does_no_harm(text: str) -> None:
    assert all(isinstance(each, Entry) and each.key == "a" for each in said(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[client", "my.cnf line 1: a group without ]"),
        ("\nuser=x", "my.cnf line 2: an option before any group"),
        ("[client]\n=x", "my.cnf line 2: a value without a name"),
        ("!include  ", "my.cnf line 1: !include without a name"),
        (f"[client]\na={'ü' * 3000}", f"my.cnf line 2: longer than {LONGEST_LINE} bytes"),
    ],
)
def test_what_is_no_option_is_told_with_its_line(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match="line") as caught:
        said(text)

    assert str(caught.value).startswith(why)


def test_what_stands_before_a_fault_is_read() -> None:
    reading = parse("[client]\na=1\n[x", "my.cnf")

    assert Entry("client", "a", "1", 2) == next(reading)
