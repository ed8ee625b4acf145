"""What `--help`, `--version` and `--print-defaults` say."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import version

import pytest

from goneaway_tui.settings.command_line import parse_command_line
from goneaway_tui.settings.help import EXAMPLES_OF
from goneaway_tui.settings.options import COMMANDS, OPTIONS, Section
from tests.unit.settings.asking import answer, settings


@pytest.mark.parametrize("line", ["--help", "-?", "-h db1 --help --bogus"])
def test_help_is_given_wherever_it_is_asked_for(line: str) -> None:
    assert answer("--help") == answer(line)


def test_help_fits_eighty_columns() -> None:
    assert max(map(len, answer("--help").splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_about_that_command(command: str) -> None:
    text = answer(f"{command} --help")

    assert text == answer(f"--help {command}") == answer(f"-h db1 {command} -? --bogus")
    assert max(map(len, text.splitlines())) <= 80
    assert len(text) < len(answer("--help")) / 2
    assert text.index(f"goneaway-tui {command}") < text.index("Usage:") < text.index("Examples:")
    for option in OPTIONS:
        if option.section not in {Section.CONNECTION, Section.ORIGINS}:
            assert (f"{option.flag} " in text or f"{option.flag}\n" in text) >= (command in option.commands)
    assert "goneaway-tui --help shows all" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_of_a_command_works(command: str) -> None:
    for line in EXAMPLES_OF[command]:
        words = shlex.split(re.split(r" [|>] ", line)[0])
        assert "goneaway-tui" == words[0]
        assert command == parse_command_line(words[1:]).command


def test_help_names_every_flag_and_variable() -> None:
    text = answer("--help")

    assert [flag for option in OPTIONS for flag in option.flags if flag not in text] == []
    assert [option.env for option in OPTIONS if option.env not in text] == []


def test_helps_first_example_is_the_one_everybody_needs() -> None:
    examples = answer("--help").partition("Examples:\n")[2].splitlines()[:3]

    assert examples[0].strip() == "goneaway-tui -h db1 -u dba -p"
    assert all("goneaway-tui " in example for example in examples)


def test_every_example_of_the_help_works() -> None:
    for line in answer("--help").partition("Examples:\n")[2].splitlines()[:3]:
        settings(line.strip().removeprefix("goneaway-tui "))


def test_help_ends_with_the_exit_statuses() -> None:
    ending = answer("--help").partition("Exit status:\n")[2]

    assert [line.split()[0] for line in ending.splitlines()] == ["0", "1", "2", "3", "4", "130"]


@pytest.mark.parametrize("line", ["--version", "-V", "snapshot -V"])
def test_version_is_the_installed_one(line: str) -> None:
    assert f"goneaway-tui {version('goneaway-tui')}\n" == answer(line)


def test_print_defaults_lists_each_value_and_its_origin() -> None:
    assert (
        answer(
            "--print-defaults -h db1 -phunter2 mysql:///shop --ssl-ca '/a\"b.pem' --read-only --interval 500ms",
            {"MYSQL_TCP_PORT": "3307", "GONEAWAY_NO_STATEMENTS": "1"},
            "[client]\nuser = a b\n",
        )
        == """\
host = db1  # --host
port = 3307  # MYSQL_TCP_PORT
user = "a b"  # ~/.my.cnf [client] line 2
password = ****  # --password
socket =   # default
protocol = TCP  # --host
database = shop  # DSN
ssl-mode = VERIFY_CA  # --ssl-ca
ssl-ca = "/a\\"b.pem"  # --ssl-ca
ssl-cert =   # default
ssl-key =   # default
enable-cleartext-plugin = false  # default
get-server-public-key = false  # default
server-public-key-path =   # default
connect-timeout = 10  # default
ssh =   # default
interval = 0.5  # --interval
watch-below = 600  # default
imminent-below = 60  # default
read-only = true  # --read-only
statements = false  # GONEAWAY_NO_STATEMENTS
theme =   # default
lang = en  # locale
wall = false  # default
error-log =   # default
record =   # default
keep = 604800s  # default
"""
    )


def test_print_defaults_lists_the_settings_of_the_command() -> None:
    text = answer("demo --print-defaults --for 1m")

    assert "host" not in text
    assert "for = 60  # --for\n" in text
    assert "format = csv  # --output\n" in answer("snapshot --output x.csv --print-defaults")


def test_print_defaults_shows_a_password_that_will_be_prompted_for() -> None:
    assert "password = (asked at the terminal)  # --password\n" in answer("--print-defaults -p")


@pytest.mark.parametrize("name", ["a\nb = c", "a\udcff", "a # b", "a\x1b[2J"])
def test_print_defaults_is_one_line_a_value_whatever_the_value(name: str) -> None:
    text = answer(f"snapshot --print-defaults --output '{name}'")

    assert text.count("\n") == 25
    assert text.replace("\n", "").isprintable()
    assert text.encode()


def test_every_option_has_its_row_in_one_section() -> None:
    assert len(OPTIONS) == len({option.name for option in OPTIONS})
    assert set(Section) == {option.section for option in OPTIONS}
