"""Login paths: what `mysql_config_editor` wrote is read, and what it did not is one line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import FileContent, Settings, resolve
from goneaway_tui.settings.option_files import (
    MAX_CIPHERTEXT_BYTES,
    MAX_LINE_BYTES,
    Include,
    OptionLine,
    decrypt_login_path,
    parse_option_file,
)
from tests.unit.settings.asking import HOME, Paper, environment, program, value

WRITTEN = Path(__file__).with_name("mylogin.cnf")
"""By `mysql_config_editor` of MySQL 9.7: [client], [prod-db1] with a password, [local], [mysql_x]."""
PASSWORD = "ti'g\"e#r \\ 1"
KEY = bytes(range(20))


def obfuscated(text: bytes, key: bytes = KEY) -> bytes:
    """A login file, as the format has it."""
    folded = bytes(key[at] ^ (key[at + 16] if at < 4 else 0) for at in range(16))
    lines = []
    for line in text.splitlines(keepends=True):
        padding = 16 - len(line) % 16
        encryptor = Cipher(algorithms.AES(folded), modes.ECB()).encryptor()
        cipher = encryptor.update(line + bytes([padding]) * padding) + encryptor.finalize()
        lines.append(len(cipher).to_bytes(4, "little") + cipher)
    return bytes(4) + key + b"".join(lines)


def settings(line: str = "", data: bytes | FileContent | None = None, files: Paper | None = None) -> Settings:
    found = resolve(
        line.split(), environment(files={"~/.mylogin.cnf": data or WRITTEN.read_bytes(), **(files or {})})
    )
    assert isinstance(found, Settings)
    return found


def complaint(line: str, data: bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(line, data)
    assert caught.value.line.isprintable()
    return caught.value.line


def test_what_the_editor_wrote_is_read() -> None:
    assert decrypt_login_path(WRITTEN.read_bytes(), "x").startswith(
        '[client]\nuser = "dba"\nhost = "localhost"\n'
    )


@pytest.mark.parametrize(
    "flags", [(), ("--login-path=prod-db1",), ("--login-path=mysql", "--defaults-group-suffix=_x")]
)
def test_the_clients_own_reader_reads_the_same(flags: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "login.cnf"
    shutil.copyfile(WRITTEN, file)
    file.chmod(0o600)
    told = subprocess.run(
        [program("my_print_defaults97"), "--no-defaults", *flags, "--show", "client", "mysql"],
        env={"MYSQL_TEST_LOGIN_FILE": str(file)},
        capture_output=True,
        check=True,
    ).stdout.decode()

    last = dict(line.removeprefix("--").partition("=")[::2] for line in told.splitlines())
    found = settings(" ".join(flags))
    assert last == {
        name: str(value(found, name)) for name in last if found.origins[name].startswith("~/.mylogin.cnf")
    }


def test_a_login_path_is_taken_by_its_name() -> None:
    found = settings("--login-path=prod-db1 --no-defaults")

    assert (found.connection.host, found.connection.port) == ("db1.example.com", 3307)
    assert found.connection.user == 'scott "the #1"'
    assert value(found, "password") == PASSWORD
    assert found.origins["password"] == "~/.mylogin.cnf [prod-db1]"


def test_a_login_path_overrules_the_option_files() -> None:
    mine = {"~/.my.cnf": "[client]\nuser=x\nport=3399\n[prod-db1]\ndatabase=d"}
    found = settings("", files=mine)

    assert (found.connection.user, found.connection.port, found.connection.database) == ("dba", 3399, None)
    assert settings("--login-path=prod-db1", files=mine).connection.port == 3307
    assert settings("--no-login-paths", files=mine).connection.user == "x"
    assert settings("-u root", files=mine).connection.user == "root"


def test_a_file_of_its_own_may_be_named() -> None:
    place = environment({"MYSQL_TEST_LOGIN_FILE": "/x"}, {"/x": obfuscated(b"[client]\nuser=a\n")})
    found = resolve([], place)

    assert isinstance(found, Settings)
    assert found.connection.user == "a"


def test_an_unknown_login_path_is_reported_with_the_nearest() -> None:
    assert complaint("--login-path=prod-db2", WRITTEN.read_bytes()) == (
        "~/.mylogin.cnf has no login path 'prod-db2'; did you mean prod-db1?"
    )


def test_a_hostile_name_near_it_is_made_fit_to_show() -> None:
    assert complaint("--login-path=prod-db2", obfuscated(b"[prod-db\x1b]\nuser=a\n")).isprintable()


def test_file_readable_by_other_users_is_ignored_with_a_warning() -> None:
    found = settings(data=FileContent(WRITTEN.read_bytes(), 0o100644))

    assert found.connection.user == "dba" == HOME.name
    assert found.origins["user"] == "default"
    assert found.warnings == ("~/.mylogin.cnf is ignored, as by the mysql client: other users can access it",)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x", "the key at its beginning is incomplete"),
        (b"[client]\nuser=dba\npassword=hunter2\n", "the length of the line at byte 28 is wrong"),
        (obfuscated(b"[client]\n")[:-1], "the length of the line at byte 28 is wrong"),
        (obfuscated(b"[client]\n") + b"\0\0\0\0", "the length of the line at byte 48 is wrong"),
        (obfuscated(b"[client]\n") + b"\xff\xff\xff\xff", "the length of the line at byte 48 is wrong"),
        (obfuscated(b"[client]\n") + b"\x10", "the length of the line at byte 48 is wrong"),
        (obfuscated(b"x" * (MAX_CIPHERTEXT_BYTES + 1)), "the length of the line at byte 28 is wrong"),
        (
            obfuscated(b"[client]\n")[:4] + bytes(20) + obfuscated(b"[client]\n")[24:],
            "its key does not decrypt it",
        ),
    ],
    ids=[
        "a byte",
        "plain text",
        "cut short",
        "no length",
        "a huge length",
        "a length cut short",
        "a long line",
        "no key",
    ],
)
def test_a_damaged_file_is_one_line(data: bytes, why: str) -> None:
    assert complaint("", data) == (
        f"~/.mylogin.cnf is damaged: {why}; "
        "create it again with mysql_config_editor, or skip it with --no-login-paths"
    )
    assert settings("--no-login-paths", data)


def test_empty_login_path_file_decrypts_to_nothing() -> None:
    assert decrypt_login_path(b"", "x") == ""


def test_an_inclusion_in_it_is_passed_over() -> None:
    assert settings("", obfuscated(b"!include /x\n[client]\nuser=a\n")).connection.user == "a"


@given(text=st.binary(max_size=200), key=st.binary(min_size=20, max_size=20))
def test_what_is_written_by_the_format_is_read(text: bytes, key: bytes) -> None:
    assert text == decrypt_login_path(obfuscated(text, key), "x").encode("utf-8", "surrogateescape")


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


def said(text: str) -> list[OptionLine | Include]:
    return list(parse_option_file(text, "my.cnf"))


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_reads_as_the_clients_read_it(line: str, expected: tuple[str, str | None] | None) -> None:
    entries = [each for each in said(f"[client]\n{line}\n") if isinstance(each, OptionLine)]

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

    assert [(each.group, each.value) for each in said(text) if isinstance(each, OptionLine)] == [
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
def test_lines_without_a_known_option_are_ignored(text: str) -> None:
    assert all(isinstance(each, OptionLine) and each.key == "a" for each in said(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[client", "my.cnf line 1: a group without ]"),
        ("\nuser=x", "my.cnf line 2: an option before any group"),
        ("[client]\n=x", "my.cnf line 2: a value without a name"),
        ("!include  ", "my.cnf line 1: !include without a path"),
        (f"[client]\na={'ü' * 3000}", f"my.cnf line 2: longer than {MAX_LINE_BYTES} bytes"),
    ],
)
def test_a_line_that_is_no_option_is_reported_with_its_number(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match="line") as caught:
        said(text)

    assert str(caught.value).startswith(why)


def test_what_stands_before_a_fault_is_read() -> None:
    reading = parse_option_file("[client]\na=1\n[x", "my.cnf")

    assert OptionLine("client", "a", "1", 2) == next(reading)
