"""Whatever option files there are, they say to us what they say to both clients."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from goneaway_tui.cli.factories import LocalFiles
from goneaway_tui.errors import SettingsError
from goneaway_tui.settings.environment import Environment
from goneaway_tui.settings.option_files import (
    FOLDERS,
    GROUPS,
    OptionFileChoice,
    OptionFiles,
    OptionSetting,
)
from tests.unit.settings.asking import HOME, PaperFiles, program


@dataclass(frozen=True)
class Case:
    """Option files, and how they are asked for. `$` stands for the folder they lie in, which is also the home."""

    id: str
    files: Mapping[str, str]
    flags: tuple[str, ...] = ("--defaults-file=$/my.cnf",)
    env: Mapping[str, str] = field(default_factory=dict)
    writable: str = ""
    """One that anybody may write."""


def one(name: str, *lines: str) -> Case:
    return Case(name, {"my.cnf": "\n".join(lines)})


CASES = (
    one("empty"),
    one("one value", "[client]", "user=root"),
    one("blanks around everything", "  [client]  ", "\t user \t=\t root \t"),
    one("no line end", "[client]\nuser=root"),
    one("CRLF", "[client]\r", "user=root\r", "ssl\r"),
    one("comments", "# a", "; b", "[client]", "  # user=x", "  ; user=y", "user=z # w", "host=a;b"),
    one("hash in quotes", "[client]", 'password="a#b" # c', "host='x#y'", "database=it's # so"),
    one("hash without a blank", "[client]", "password=a#b"),
    one("escapes", "[client]", r"password=a\tb\\c\"d\'e\sf\qg", r"user=\#h"),
    one("escaped quote inside quotes", "[client]", r'password="a\"#b"'),
    one("quotes of one kind inside the other", "[client]", "user=\"'a'\"", "host='\"b\"'"),
    one("half a pair of quotes", "[client]", 'user="a', "host=b'", 'database="'),
    one("empty quotes", "[client]", 'user=""', "host=''"),
    one("backslash at the end", "[client]", "user=a\\", "host='b\\'"),
    one("empty value", "[client]", "password=", "user"),
    one("equals in the value", "[client]", "password=a=b=c"),
    one("dash and underscore", "[client]", "ssl_ca=/a_b-c", "ssl-ca=/d", "connect_timeout=3"),
    one("prefixes", "[client]", "loose-user=a", "loose_skip_ssl", "skip-ssl=0", "enable-ssl", "disable_ssl"),
    one("unknown options", "[client]", "no-such-thing=1", "default-character-set=utf8mb4"),
    one("options with dashes before them", "[client]", "--user=a", "-user=b"),
    one("options with blanks inside", "[client]", "us er=a"),
    one("upper case options", "[client]", "USER=a", "User=b"),
    one("letters beyond ASCII", "[client]", "user=ü", "password='日本'"),
    one("both groups in file order", "[mysql]", "user=a", "[client]", "user=b", "[mysql]", "user=c"),
    one("the groups of others", "[mysqld]", "user=a", "[client5]", "user=b", "[clients]", "user=c", "[]", "user=d"),
    one("MariaDB's groups", *(line for group in GROUPS for line in (f"[{group}]", f"user={group}"))),
    one("groups in any case", "[Client]", "user=a", "[MYSQL]", "user=b", "[client-SERVER]", "host=c"),
    one("blanks in groups", "[client  ]", "user=a", "[ client]", "user=b", "[client\t]", "host=c"),
    one("text after a group", "[client] # x", "user=a", "[client]user=b", "host=c"),
    one("a bracket in a value", "[client]", "password=[x]", "user=]"),
    one("a group that is left and entered again", "[client]", "user=a", "[x]", "user=b", "[client]", "host=c"),
    one("words that are no inclusion", "[client]", "!bogus /x", "!includeX /x", "!", "user=a"),
    one("a group without its bracket", "[client]", "user=a", "[mysql", "user=b"),
    one("an option before any group", "user=a", "[client]"),
    one("an inclusion without a path", "[client]", "user=a", "!include", "host=b"),
    one("a folder that is not there", "[client]", "user=a", "!includedir /no/such/folder", "host=b"),
    Case("include in the middle",
         {"my.cnf": "[client]\nuser=a\n!include $/b.cnf\nhost=c\n", "b.cnf": "[client]\nuser=b\n[mysql]\nport=7\n"}),
    Case("include keeps the group around it",
         {"my.cnf": "[client]\n!include $/b.cnf\nhost=c\n", "b.cnf": "[mysqld]\nuser=b\n"}),
    Case("include with blanks",
         {"my.cnf": "[client]\n  !  include \t $/b.cnf \t\nhost=c\n", "b.cnf": "[client]\nuser=b\n"}),
    Case("include of what is not there", {"my.cnf": "[client]\nuser=a\n!include $/b.cnf\nhost=c\n"}),
    Case("include of a folder",
         {"my.cnf": "[client]\nuser=a\n!include $/d\nhost=c\n", "d/x.cnf": "[client]\nuser=x"}),
    Case("include of something wrong",
         {"my.cnf": "[client]\nuser=a\n!include $/b.cnf\nhost=c\n", "b.cnf": "[client]\nuser=b\n[mysql\nport=1\n"}),
    Case("include of what includes nothing",
         {"my.cnf": "[client]\n!include $/b.cnf\nhost=c\n", "b.cnf": "[client]\nuser=b\n!includedir $/none\nport=1\n"}),
    Case("include of itself", {"my.cnf": "[client]\nuser=a\n!include $/my.cnf\nhost=b\n"}),
    Case("includedir by name, only .cnf",
         {"my.cnf": "!includedir $/d\n[client]\nuser=last\n", "d/b.cnf": "[client]\nuser=b", "d/a.cnf": "[client]\nuser=a",
          "d/10.cnf": "[client]\nuser=10", "d/9.cnf": "[client]\nuser=9", "d/Z.cnf": "[client]\nuser=Z",
          "d/c.ini": "[client]\nuser=ini", "d/e.cnf/f.cnf": "[client]\nuser=deep"}),
    Case("includedir with hidden and odd names",
         {"my.cnf": "[client]\nuser=a\n!includedir $/d/\nport=1\n", "d/.cnf": "[client]\nuser=1",
          "d/.a.cnf": "[client]\nuser=2", "d/a.cnf.bak": "[client]\nuser=3", "d/a.CNF": "[client]\nuser=4",
          "d/a.b.cnf": "[client]\nuser=5", "d/acnf": "[client]\nuser=6"}),
    Case("includedir twice removed",
         {"my.cnf": "!includedir $/d\n", "d/b.cnf": "!includedir $/e\n[client]\nuser=b", "e/a.cnf": "[client]\nuser=a"}),
    Case("Debian's own",
         {"my.cnf": "[client-server]\nsocket = /run/mysqld/mysqld.sock\n!includedir $/conf.d/\n!includedir $/mariadb.conf.d/\n",
          "conf.d/mysql.cnf": "[mysql]\n", "mariadb.conf.d/50-client.cnf": "[client]\n[client-mariadb]\nuser=x\n",
          "mariadb.conf.d/60.cnf": "[mariadb-client]\nport=5\n[mariadb]\nport=6\n"}),
    Case("home", {".my.cnf": "[client]\nuser=home\n"}, ()),
    Case("MYSQL_HOME before home",
         {"mh/my.cnf": "[client]\nuser=mh\nport=1", ".my.cnf": "[client]\nuser=home\n"}, (), {"MYSQL_HOME": "$/mh"}),
    Case("MYSQL_HOME is the home of others",
         {"my.cnf": "[client]\nuser=mh\nport=1", ".my.cnf": "[client]\nuser=home\n"}, (), {"MYSQL_HOME": "$/"}),
    Case("extra file before home",
         {"mh/my.cnf": "[client]\nuser=mh", "x.cnf": "[client]\nuser=x\n", ".my.cnf": "[client]\nhost=home\n"},
         ("--defaults-extra-file=$/x.cnf",), {"MYSQL_HOME": "$/mh"}),
    Case("extra file that is not there", {".my.cnf": "[client]\nuser=a"}, ("--defaults-extra-file=$/x.cnf",)),
    Case("defaults file that is not there", {".my.cnf": "[client]\nuser=a"}, ("--defaults-file=$/x.cnf",)),
    Case("defaults file beats extra file",
         {"x.cnf": "[client]\nuser=x\n", "y.cnf": "[client]\nuser=y\n", ".my.cnf": "[client]\nuser=home\n"},
         ("--defaults-file=$/y.cnf", "--defaults-extra-file=$/x.cnf")),
    Case("no defaults", {".my.cnf": "[client]\nuser=home\n"}, ("--no-defaults",)),
    Case("group suffix",
         {"my.cnf": "[client_x]\nuser=a\n[client]\nuser=b\n[mysql_X]\nuser=c\n[mysql_xx]\nuser=d\n[client-server_x]\nport=2\n"},
         ("--defaults-file=$/my.cnf", "--defaults-group-suffix=_x")),
    Case("group suffix by variable", {"my.cnf": "[client5]\nuser=a\n[mysql6]\nuser=b\n"},
         env={"MYSQL_GROUP_SUFFIX": "5"}),
    Case("group suffix by flag and variable", {"my.cnf": "[client5]\nuser=a\n[mysql6]\nuser=b\n"},
         ("--defaults-file=$/my.cnf", "--defaults-group-suffix=6"), {"MYSQL_GROUP_SUFFIX": "5"}),
    Case("a file anybody may write", {"my.cnf": "[client]\nuser=a\n"}, writable="my.cnf"),
    Case("an included file anybody may write",
         {"my.cnf": "[client]\nuser=a\n!include $/b.cnf\nhost=c", "b.cnf": "[client]\nuser=b"}, writable="b.cnf"),
)  # fmt: skip


def laid_out(case: Case, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The case's files, written; its flags and variables, with the folder in them."""
    here = str(folder)
    for name, text in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("$", here), newline="")
        path.chmod(0o666 if name == case.writable else 0o644)
    env = {name: value.replace("$", here) for name, value in case.env.items()}
    return [flag.replace("$", here) for flag in case.flags], {"HOME": here, "PATH": os.environ["PATH"], **env}


def choice(flags: list[str], env: Mapping[str, str]) -> OptionFileChoice:
    said = dict(flag.removeprefix("--").partition("=")[::2] for flag in flags)
    return OptionFileChoice(
        said.get("defaults-file"),
        said.get("defaults-extra-file"),
        said.get("defaults-group-suffix", env.get("MYSQL_GROUP_SUFFIX")),
        no_defaults="no-defaults" in said,
        no_login_paths=True,
    )


def ours(flags: list[str], env: Mapping[str, str]) -> list[OptionSetting] | None:
    """None where it is an error."""
    place = Environment(env, LocalFiles(), Path(env["HOME"]), "dba", Path)
    try:
        return list(OptionFiles(choice(flags, env), place))
    except SettingsError:
        return None


def written(said: list[OptionSetting]) -> list[str]:
    return [f"--{each.key}" + ("" if each.value is None else f"={each.value}") for each in said]


def dashed(text: str) -> str:
    """`_` as `-`, which is what it means in names; in values it is the same for both sides."""
    return text.replace("_", "-")


def theirs(program: Path, *arguments: str, env: Mapping[str, str]) -> str | None:
    done = subprocess.run([program, *arguments], env=dict(env), capture_output=True, check=False)
    return None if done.returncode else done.stdout.decode()


READING = tuple(case for case in CASES if case.id != "defaults file that is not there")
"""There the reader that comes with MySQL says nothing, while its client fails, as the next test sees."""


@pytest.mark.parametrize("case", READING, ids=lambda case: case.id)
@pytest.mark.parametrize("name", ["my_print_defaults97", "my_print_defaults1011", "my_print_defaults118"])
def test_the_clients_own_reader_reads_the_same(case: Case, name: str, tmp_path: Path) -> None:
    """All groups, each value whole: this program takes the groups it is told."""
    flags, env = laid_out(case, tmp_path)
    show = ["--show"] if name.endswith("97") else []
    told = theirs(program(name), *flags, *show, *GROUPS, env=env)

    said = ours(flags, env)
    assert (None if said is None else dashed("".join(f"{each}\n" for each in written(said)))) == (
        None if told is None else dashed(told)
    )


PRINTING = tuple(case for case in CASES if "--no-defaults" not in case.flags)
"""With that flag the clients do not print, but connect."""


@pytest.mark.parametrize("case", PRINTING, ids=lambda case: case.id)
@pytest.mark.parametrize(
    ("name", "groups", "masks"),
    [("mysql97", GROUPS[:2], True), ("mariadb1011", GROUPS, False), ("mariadb118", GROUPS, False)],
)
def test_print_defaults_of_the_clients_agrees(
    case: Case,
    name: str,
    groups: tuple[str, ...],
    tmp_path: Path,
    *,
    masks: bool,
) -> None:
    """Each client by its own groups. MySQL's masks passwords, and so does the test there."""
    flags, env = laid_out(case, tmp_path)
    told = theirs(program(name), *flags, "--print-defaults", env=env)
    said = ours(flags, env)

    assert (told is None) == (said is None)
    suffix = (choice(flags, env).suffix or "").lower()
    heard = [
        f"--password={'*' * 5}" if masks and each.key == "password" and each.value is not None else shown
        for each, shown in zip(said or (), written(said or []), strict=True)
        if each.group in groups or each.group.removesuffix(suffix) in groups
    ]
    printed = (told or "").partition("following arguments:\n")[2].removesuffix("\n")
    assert dashed("".join(f"{each} " for each in heard)) == dashed(printed)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40
    assert len(CASES) == len({case.id for case in CASES})


@pytest.mark.parametrize("name", ["mysql97", "mariadb1011", "mariadb118"])
def test_mysql_clients_search_the_same_option_files(name: str, tmp_path: Path) -> None:
    """Nobody but root can write to /etc, so there the client's own word has to do."""
    told = theirs(program(name), "--no-defaults", "--help", env={"HOME": str(tmp_path)})

    assert told is not None
    after = told.partition("in the given order:\n")[2].splitlines()
    assert [*(f"{folder}/my.cnf" for folder in FOLDERS), "~/.my.cnf"] == after[0].split()
    groups = after[1].partition(":")[2].split()
    assert set(groups) == set(GROUPS[:2] if name.startswith("mysql") else GROUPS)


def test_the_files_are_read_in_the_clients_order() -> None:
    files = PaperFiles({})
    place = Environment({"MYSQL_HOME": "/opt/mysql"}, files, HOME, "dba", Path)

    assert [] == list(OptionFiles(OptionFileChoice(), place))
    assert files.opened == [
        "/etc/my.cnf",
        "/etc/mysql/my.cnf",
        "/opt/mysql/my.cnf",
        f"{HOME}/.my.cnf",
        f"{HOME}/.mylogin.cnf",
    ]
