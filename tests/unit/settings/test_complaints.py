"""Every refusal is one line: what, why, what to do."""

from __future__ import annotations

import pytest

from tests.unit.settings.asking import complaint, settings


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--hots db1", "there is no flag '--hots'; did you mean --host?"),
        ("kill --dry-run", "there is no flag '--dry-run'; without --apply, kill only lists the sessions"),
        ("--intervall=2", "there is no flag '--intervall'; did you mean --interval?"),
        ("--zzz", "there is no flag '--zzz'; see --help"),
        ("-x", "there is no flag '-x'; see --help"),
        ("snapshto", "there is no command 'snapshto'; did you mean snapshot?"),
        ("shop", "there is no command 'shop'; use -h HOST for a server, -D NAME for a database"),
        ("demo demo", "two commands are given, demo and demo; give only one command"),
        ("-h", "-h needs a value; write --host=HOST, or --help for help"),
        ("--host", "--host needs a value; write --host=HOST"),
        ("-h --port 3306", "-h needs a value; write --host=HOST, or --help for help"),
        ("-h db1:3307", "--host: not a host: 'db1:3307'; write the port separately, as in -h db1 -P 3307"),
        ("-h a..b", "--host: not a host: 'a..b'; write a name or an address, as in db1 or 10.0.0.7"),
        ("-P x", "--port: not a port: 'x'; a port is a number from 1 to 65535"),
        ("-P 65536", "--port: not a port: '65536'; a port is a number from 1 to 65535"),
        ("-P 0", "--port: not a port: '0'; a port is a number from 1 to 65535"),
        ("-P 3_306", "--port: not a port: '3_306'; a port is a number from 1 to 65535"),
        ("--interval 0", "--interval: out of range: '0'; the range is 0.1s to 1h"),
        ("--interval 2h", "--interval: out of range: '2h'; the range is 0.1s to 1h"),
        (
            "--interval soon",
            "--interval: not a duration: 'soon'; write it like 90, 90s, 10m, 1h30m, 8h or 1y",
        ),
        ("--read-only=maybe", "--read-only: not a yes or no: 'maybe'; write 1 or 0"),
        (
            "--ssl-mode=on",
            (
                "--ssl-mode: not a mode: 'on'; choose one of "
                "DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY"
            ),
        ),
        (
            "snapshot --format xml",
            "--format: not known: 'xml'; choose one of json, csv, markdown, html, svg, text",
        ),
        ("--format json", "--format works only with snapshot or kill or explain or advise; write goneaway-tui snapshot"),
        ("--demo", "there is no flag '--demo'; write goneaway-tui demo"),
        ("--simulated", "--simulated works only with demo or serve; write goneaway-tui demo"),
        ("snapshot --for 3", "--for cannot be used with snapshot; leave it out"),
        (
            "demo -h db1",
            "--host cannot be used with demo, which starts its own server; leave it out, or leave out demo",
        ),
        (
            "-p hunter2",
            (
                "the word after -p is not read as the password, as in the mysql client; "
                "write -pPASSWORD without a space, or -p alone for a prompt"
            ),
        ),
        ("pgsql://db1/", "the DSN's scheme is not known; a DSN begins with mysql:// or mariadb://"),
        (
            "mysql://db1/?sslmode=x",
            (
                "unknown key in the DSN's query; the keys are socket, protocol, ssl-mode, ssl-ca, ssl-cert, "
                "ssl-key, ssl, ssl-verify-server-cert, enable-cleartext-plugin, get-server-public-key, "
                "server-public-key-path, connect-timeout"
            ),
        ),
        ("mysql://db1/?socket", "DSN: socket needs a value; write socket=FILE"),
        ("mysql://db1:99999/", "DSN: port: not a port; a port is a number from 1 to 65535"),
        (
            "mysql://::1/",
            "the DSN's host is malformed; write an IPv6 address in brackets, as in [::1]:3306",
        ),
        (
            "mysql://%ff@db1/",
            (
                "the percent codes in the DSN are not valid UTF-8; "
                "in a user or password write %40 for @, %2F for /, %3F for ?, %23 for #"
            ),
        ),
        ("mysql://a/ mysql://b/", "only one server can be used here, but several are named; name one by flags, DSN or @name"),
        ("@prod", "~/.config/goneaway-tui/config.toml has no server 'prod'; add [servers.NAME]"),
        ("--group all", "~/.config/goneaway-tui/config.toml has no group 'all'; add the group to [groups]"),
        ("demo @prod", "@prod cannot be used with demo, which starts its own server; leave out the server or demo"),
        ("demo --no-defaults", "--no-defaults cannot be used with demo, which starts its own server; leave it out, or leave out demo"),
        ("config", "config needs an argument; choose one of path, show, check, init, servers, groups, rules"),
        ("config chekc", "config does not take 'chekc'; did you mean check?"),
        ("config -h db1 path", "--host cannot be used with config; leave it out"),
        ("--config /nowhere", "there is no config file /nowhere; create it with goneaway-tui config init"),
        ("--defaults-file=/nowhere", "there is no option file /nowhere; correct the path"),
        ("--login-path=prod", ("there is no login path 'prod': ~/.mylogin.cnf does not exist, or is ignored; "
         "create one with mysql_config_editor set --login-path=NAME")),
        ("--protocol=pipe", "--protocol: only on Windows: 'pipe'; choose one of TCP, SOCKET"),
        ("--protocol=x", "--protocol: not a protocol: 'x'; choose one of TCP, SOCKET"),
        ("--protocol=socket -h db1", "the host (--host) is another machine, but the protocol (--protocol) is a socket of this machine; leave out the host or the protocol"),
        ("--ssh=-oProxyCommand=x", "--ssh: not an ssh destination: '-oProxyCommand=x'; write [user@]host, or an alias of your ssh config"),
        ("-C", "-C is not supported: this connection does not compress data; leave it out: samples are small"),
        ("--compress=1", "--compress is not supported: this connection does not compress data; leave it out: samples are small"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_why_and_what_to_do(line: str, expected: object) -> None:
    assert expected == complaint(line)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("[client", "~/.my.cnf line 1: a group without ]; write it as [client]"),
        ("\nuser=x", "~/.my.cnf line 2: an option before any group; put [client] above it"),
        ("[client]\n=hunter2", "~/.my.cnf line 2: a value without a name; write name=value"),
        (
            "[client]\nport=x",
            "~/.my.cnf [client] line 2: port: not a port: 'x'; a port is a number from 1 to 65535",
        ),
        ("[client]\nhost", "~/.my.cnf [client] line 2: host needs a value; write host=HOST"),
    ],
)
def test_a_bad_option_file_is_named_with_its_line(file: str | None, expected: object) -> None:
    assert expected == complaint(file=file)


def test_a_bad_variable_is_named() -> None:
    assert complaint(env={"GONEAWAY_READ_ONLY": "maybe"}) == (
        "GONEAWAY_READ_ONLY: not a yes or no: 'maybe'; write 1 or 0"
    )


def test_options_of_other_programs_in_the_file_do_no_harm() -> None:
    assert settings(file="[client]\nuser=root\ndefault-character-set=utf8\n").connection.user == "root"


@pytest.mark.parametrize(
    "line",
    [
        "-p hunter2",
        "-phunter2 --hots",
        "--pasword=hunter2",
        "--passwordhunter2",
        "-xphunter2",
        "-h -phunter2",
        "-- -phunter2",
        "-- --password=hunter2",
        "mysql://u:hunter2@db1:x/",
        "mysql://u:hunter2@db1/?x=y",
        "mysql://u:hunter2",
        "mysql://u:hun/ter2@db1",
        "mysql://u:hun?ter2@db1",
        "mysql://u:hun#ter2@db1",
        "mysql://u:hunter2@[::1",
        "pgsql://u:hunter2@db1",
        "u:hunter2@pgsql://db1",
        "mysql://u:hunter2@a..b",
        "mysql://u:hunter2@h mysql://u:hunter2@h",
    ],
)
def test_no_complaint_repeats_a_password(line: str) -> None:
    said = complaint(line)

    assert not any(part in said for part in ("hunter2", "hun", "ter2"))
