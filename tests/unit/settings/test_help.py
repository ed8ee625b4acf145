"""What `--help`, `--version` and `--print-defaults` say."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import version

import pytest

from goneaway_tui.settings import resolve_each
from goneaway_tui.settings.command_line import parse_command_line
from goneaway_tui.settings.help import EXAMPLES_OF, KEYS
from goneaway_tui.settings.options import COMMANDS, OPTIONS, UI, Section
from tests.unit.settings.asking import CONFIG, answer, environment


@pytest.mark.parametrize("line", ["--help", "-?", "-h db1 --help --bogus"])
def test_help_is_given_wherever_it_is_asked_for(line: str) -> None:
    assert answer("--help") == answer(line)


@pytest.mark.parametrize("line", ["--help", "--help all", *(f"{command} --help" for command in COMMANDS)])
def test_help_fits_eighty_columns(line: str) -> None:
    assert max(map(len, answer(line).splitlines())) <= 80


def test_the_help_of_the_program_is_short_and_has_a_line_for_each_command_and_key() -> None:
    lines = answer("--help").splitlines()

    assert len(lines) < 50
    for name in (*COMMANDS, *(keys for keys, _text in KEYS)):
        assert 1 == sum(line.startswith(f"  {name}  ") for line in lines)
    assert not any(line.startswith("     ") for line in lines[lines.index("Commands:") :]), "a second line"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_about_that_command(command: str) -> None:
    text = answer(f"{command} --help")
    assert text == answer(f"--help {command}") == answer(f"-h db1 {command} -? --bogus")
    assert text.index(f"goneaway-tui {command}") < text.index("Examples:") < text.index("Usage:")
    for option in OPTIONS:
        is_explained = f"\n  {', '.join(option.flags)} " in text or f"\n  {', '.join(option.flags)}\n" in text
        if option.section not in {Section.CONNECTION, Section.ORIGINS, Section.SHOWING}:
            assert is_explained is (command in option.commands)
        assert command in option.commands or not is_explained
    assert not re.search(r"[Aa]lso for|watch appends|: text, json", text), "what is said of other commands"


def test_a_command_lists_each_common_option_that_it_uses() -> None:
    assert "--theme" in answer("demo --help")
    assert "--theme" not in answer("snapshot --help")
    assert "--watch-below" in answer("snapshot --help")


@pytest.mark.parametrize("command", [UI, *COMMANDS])
def test_every_example_of_a_command_works(command: str) -> None:
    """As far as the command line goes."""
    assert 2 <= len(EXAMPLES_OF[command]) <= 4
    for line in EXAMPLES_OF[command]:
        ours = next(part for part in re.split(r" [|>] ", line) if part.startswith("goneaway-tui "))
        words = shlex.split(ours)[1:]
        assert command == parse_command_line(words).command
        assert resolve_each(words, environment(files={str(CONFIG): SERVERS}))


SERVERS = '[servers.db1]\nhost = "db1"\n[servers.db2]\nhost = "db2"\n[rules.leaky]\nmatch = "program:leaky"\n'


def test_help_all_has_every_flag_and_variable_and_exit_status() -> None:
    text = answer("--help all")
    ending = text.partition("Exit status:\n")[2]

    assert [flag for option in OPTIONS for flag in option.flags if flag not in text] == []
    assert [option.env for option in OPTIONS if option.env not in text] == []
    assert [line.split()[0] for line in ending.splitlines()] == ["0", "1", "2", "3", "4", "130"]


def test_helps_first_example_is_the_one_everybody_needs() -> None:
    examples = answer("--help").partition("Examples:\n")[2].splitlines()

    assert examples[0].strip() == "goneaway-tui -h db1 -u dba -p"


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
