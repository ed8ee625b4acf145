"""Where each value comes from, and which of several wins."""

from __future__ import annotations

import pytest

from goneaway_tui.settings import Settings, SslMode, Transport, resolve
from tests.unit.settings.asking import FILE, client, complaint, environment, settings, value


@pytest.mark.parametrize(
    ("name", "line", "env", "file", "expected", "origin"),
    [
        ("host", "", {}, None, None, "default"),
        ("host", "-h db1", {}, None, "db1", "--host"),
        ("host", "-hdb1", {}, None, "db1", "--host"),
        ("host", "--host=db1", {}, None, "db1", "--host"),
        ("host", "--host db1", {}, None, "db1", "--host"),
        ("host", "-h db1 -h db2", {}, None, "db2", "--host"),
        ("host", "mysql://db2/", {}, None, "db2", "DSN"),
        ("host", "mysql://[fe80::1]:3307/", {}, None, "fe80::1", "DSN"),
        ("host", "mysql://root@/", {}, None, None, "default"),
        ("host", "", {"MYSQL_HOST": "db3"}, None, "db3", "MYSQL_HOST"),
        ("host", "", {"MYSQL_HOST": ""}, None, None, "default"),
        ("host", "", {}, client("host = db4"), "db4", FILE),
        ("host", "", {}, "[mysqld]\nhost=db4", None, "default"),
        ("host", "-h db1 mysql://db2/", {"MYSQL_HOST": "db3"}, client("host=db4"), "db1", "--host"),
        ("host", "mysql://db2/", {"MYSQL_HOST": "db3"}, client("host=db4"), "db2", "DSN"),
        ("host", "", {"MYSQL_HOST": "db3"}, client("host=db4"), "db3", "MYSQL_HOST"),
        ("host", "mysql:///shop", {"MYSQL_HOST": "db3"}, None, "db3", "MYSQL_HOST"),
        ("port", "", {}, None, 3306, "default"),
        ("port", "-P 3307", {}, None, 3307, "--port"),
        ("port", "-P3307", {}, None, 3307, "--port"),
        ("port", "mariadb://db1:3308", {}, None, 3308, "DSN"),
        ("port", "", {"MYSQL_TCP_PORT": "3309"}, None, 3309, "MYSQL_TCP_PORT"),
        ("port", "mysql://db1/", {"MYSQL_TCP_PORT": "3309"}, client("port=3310"), 3309, "MYSQL_TCP_PORT"),
        ("port", "", {}, client("port=3310"), 3310, FILE),
        ("user", "", {}, None, "dba", "default"),
        ("user", "-uroot", {}, None, "root", "--user"),
        ("user", "-u root mysql://scott@db1", {}, client("user=x"), "root", "--user"),
        ("user", "mysql://sc%6ftt%40home@db1", {}, client("user=x"), "scott@home", "DSN"),
        ("user", "", {}, client("user='a b' # c"), "a b", FILE),
        ("password", "", {}, None, None, "default"),
        ("password", "-psecret", {}, None, "secret", "--password"),
        ("password", "--password=secret", {}, None, "secret", "--password"),
        ("password", "--password=", {"MYSQL_PWD": "weak"}, None, "", "--password"),
        ("password", "-p=x", {}, None, "=x", "--password"),
        ("password", "mysql://u:a%2Fb%3A@db1/", {}, None, "a/b:", "DSN"),
        ("password", "mysql://u:p@ss:word@db1/", {}, None, "p@ss:word", "DSN"),
        ("password", "mysql://u:@db1/", {"MYSQL_PWD": "weak"}, None, "", "DSN"),
        ("password", "", {"MYSQL_PWD": "secret"}, client("password=weak"), "secret", "MYSQL_PWD"),
        ("password", "", {}, client('password="a#b"'), "a#b", FILE),
        ("socket", "-S /tmp/my.sock", {}, None, "/tmp/my.sock", "--socket"),
        ("socket", "mysql:///?socket=%2Ftmp%2Fa", {}, None, "/tmp/a", "DSN"),
        ("socket", "mysql://localhost?socket=/tmp/b", {}, None, "/tmp/b", "DSN"),
        ("socket", "", {"MYSQL_UNIX_PORT": "/tmp/c"}, None, "/tmp/c", "MYSQL_UNIX_PORT"),
        ("database", "-D shop", {}, None, "shop", "--database"),
        ("database", "mysql://db1/sh%C3%B6p", {}, None, "shöp", "DSN"),
        ("database", "mysql://db1/shop?ssl-mode=required", {}, None, "shop", "DSN"),
        ("connect_timeout", "", {}, None, 10, "default"),
        ("connect_timeout", "--connect-timeout=2s", {}, None, 2, "--connect-timeout"),
        ("connect_timeout", "--connect_timeout 3", {}, None, 3, "--connect-timeout"),
        ("connect_timeout", "", {}, client("connect_timeout=0"), 43_200, FILE),
        ("connect_timeout", "mysql://h?connect-timeout=4", {}, client("connect_timeout=5"), 4, "DSN"),
        ("ssl_ca", "", {}, client("loose-ssl_ca=/ca.pem"), "/ca.pem", FILE),
        ("ssl_cert", "--ssl-cert /c.pem", {}, None, "/c.pem", "--ssl-cert"),
        ("ssl_key", "mysql://h/?ssl_key=/k.pem", {}, None, "/k.pem", "DSN"),
        ("interval", "", {}, None, 1, "default"),
        ("interval", "--interval 0.5", {}, None, 0.5, "--interval"),
        ("interval", "--interval=2s", {"GONEAWAY_INTERVAL": "9"}, None, 2, "--interval"),
        ("interval", "", {"GONEAWAY_INTERVAL": "250ms"}, None, 0.25, "GONEAWAY_INTERVAL"),
        ("read_only", "", {}, None, False, "default"),
        ("read_only", "--read-only", {}, None, True, "--read-only"),
        ("read_only", "", {"GONEAWAY_READ_ONLY": "yes"}, None, True, "GONEAWAY_READ_ONLY"),
        ("read_only", "--read-only=0", {"GONEAWAY_READ_ONLY": "1"}, None, False, "--read-only"),
        ("statements", "", {}, None, True, "default"),
        ("statements", "--no-statements", {}, None, False, "--no-statements"),
        ("statements", "", {"GONEAWAY_NO_STATEMENTS": "1"}, None, False, "GONEAWAY_NO_STATEMENTS"),
        ("statements", "", {"GONEAWAY_NO_STATEMENTS": "0"}, None, True, "GONEAWAY_NO_STATEMENTS"),
        ("watch_below", "--watch-below 1h30m", {}, None, 5400, "--watch-below"),
        ("watch_below", "", {"GONEAWAY_WATCH_BELOW": "20m"}, None, 1200, "GONEAWAY_WATCH_BELOW"),
        ("imminent_below", "", {}, None, 60, "default"),
        ("imminent_below", "", {"GONEAWAY_IMMINENT_BELOW": "30"}, None, 30, "GONEAWAY_IMMINENT_BELOW"),
        ("theme", "--theme nord", {"GONEAWAY_THEME": "dracula"}, None, "nord", "--theme"),
        ("theme", "", {"GONEAWAY_THEME": "dracula"}, None, "dracula", "GONEAWAY_THEME"),
        ("simulated", "demo --simulated", {}, None, True, "--simulated"),
        ("run_for", "--for 1m demo", {}, None, 60, "--for"),
        ("format", "", {}, None, None, "default"),
        ("format", "snapshot", {}, None, "json", "default"),
        ("format", "snapshot --format CSV --output a.md", {}, None, "csv", "--format"),
        ("format", "snapshot --output a.MD", {}, None, "markdown", "--output"),
        ("format", "snapshot --output a", {}, None, "json", "default"),
        ("output", "snapshot --output a.md", {}, None, "a.md", "--output"),
        ("output", "snapshot --output -", {}, None, None, "--output"),
    ],
)
def test_the_strongest_origin_gives_the_value(
    name: str, line: str, env: dict[str, str], file: str | None, expected: object, origin: str
) -> None:
    found = settings(line, env, file)

    assert (expected, origin) == (value(found, name), found.origins[name])


@pytest.mark.parametrize(
    ("line", "file", "asks"),
    [
        ("", None, False),
        ("-p", None, True),
        ("--password", None, True),
        ("-p -h db1", client("password=x"), True),
        ("-p -px", None, False),
        ("-px -p", None, True),
        ("", client("password"), True),
        ("-px", client("password"), False),
    ],
)
def test_a_password_without_a_value_is_asked_for(line: str, file: str | None, *, asks: bool) -> None:
    connection = settings(line, file=file).connection

    assert asks == connection.ask_password
    assert not asks or connection.password is None


def test_a_lone_p_never_eats_the_next_argument() -> None:
    found = settings("-p snapshot")

    assert (found.command, found.connection.ask_password) == ("snapshot", True)


@pytest.mark.parametrize(
    "line", ["snapshot -h db1 mysql://u@/x", "-h db1 snapshot mysql://u@/x", "mysql://u@/x -h db1 snapshot"]
)
def test_options_command_and_dsn_may_come_in_any_order(line: str) -> None:
    found = settings(line)

    assert (
        found.command,
        found.connection.host,
        found.connection.user,
        found.connection.database,
    ) == ("snapshot", "db1", "u", "x")


def test_a_demo_does_not_even_open_the_option_file() -> None:
    place = environment({"MYSQL_HOST": "db1", "MYSQL_TCP_PORT": "x"}, {"~/.my.cnf": "nonsense"})

    found = resolve(["demo"], place)

    assert isinstance(found, Settings)
    assert found.connection.host is None


def test_what_overrules_a_bad_value_makes_it_harmless() -> None:
    assert settings("-P 3307", {"MYSQL_TCP_PORT": "abc"}).connection.port == 3307


def test_imminent_may_not_be_farther_than_watch() -> None:
    assert complaint("--watch-below 30 --imminent-below 1m") == (
        "imminent-below (60 s, --imminent-below) is more than watch-below (30 s, --watch-below); "
        "raise watch-below or lower imminent-below"
    )
    assert settings("--watch-below 1m").imminent_below == 60
    assert settings("--watch-below 30").imminent_below == 30


@pytest.mark.parametrize(
    ("line", "files", "live"),
    [
        ("explain", (), False),
        ("explain -", ("-",), False),
        ("explain a.log b.gz", ("a.log", "b.gz"), False),
        ("explain demo watch", ("demo", "watch"), False),
        ("explain a.log -h db1 -u dba", ("a.log",), True),
        ("explain mysql://dba@db1/ a.log", ("a.log",), True),
        ("explain -- --odd", ("--odd",), False),
        ("snapshot -h db1", (), True),
    ],
)
def test_explain_takes_files_and_a_server_only_if_one_is_named(
    line: str,
    files: tuple[str, ...],
    live: bool,  # noqa: FBT001
) -> None:
    made = settings(line)

    assert (files, live) == (made.files, made.live)


@pytest.mark.parametrize(
    ("line", "env", "file", "host", "socket", "transport"),
    [
        ("", {}, None, None, None, Transport.SOCKET),
        ("-h localhost", {}, None, "localhost", None, Transport.SOCKET),
        ("-h LOCALHOST", {}, None, "LOCALHOST", None, Transport.SOCKET),
        ("-h 127.0.0.1", {}, None, "127.0.0.1", None, Transport.TCP),
        ("-h db1", {}, client("socket=/s"), "db1", None, Transport.TCP),
        ("-h db1", {"MYSQL_UNIX_PORT": "/s"}, None, "db1", None, Transport.TCP),
        ("", {}, client("host=db1", "socket=/s"), "db1", None, Transport.TCP),
        ("", {"MYSQL_HOST": "db1", "MYSQL_UNIX_PORT": "/s"}, None, "db1", None, Transport.TCP),
        ("-S /s", {}, client("host=db1"), None, "/s", Transport.SOCKET),
        ("-S /s mysql://db1/", {}, None, None, "/s", Transport.SOCKET),
        ("-h db1 -S /s", {}, None, None, "/s", Transport.SOCKET),
        ("-h db1 mysql:///?socket=/s", {}, None, "db1", None, Transport.TCP),
        ("mysql://db1/?socket=/s", {}, None, None, "/s", Transport.SOCKET),
        ("", {}, client("socket=/s"), None, "/s", Transport.SOCKET),
        ("-h localhost", {}, client("socket=/s"), "localhost", "/s", Transport.SOCKET),
        ("-P 3307", {}, None, "localhost", None, Transport.TCP),
        ("-P 3307", {}, client("socket=/s"), "localhost", None, Transport.TCP),
        ("-P 3307 -S /s", {}, None, None, "/s", Transport.SOCKET),
        ("-h localhost -P 3307", {}, None, "localhost", None, Transport.TCP),
        ("mysql://localhost:3307/", {}, None, "localhost", None, Transport.TCP),
        ("mysql://localhost:3307/ -S /s", {}, None, "localhost", "/s", Transport.SOCKET),
        ("", {"MYSQL_TCP_PORT": "3307"}, None, None, None, Transport.SOCKET),
        ("", {}, client("port=3307"), None, None, Transport.SOCKET),
    ],
)
def test_socket_or_network_is_what_the_mysql_client_would_take(
    line: str,
    env: dict[str, str],
    file: str | None,
    host: str | None,
    socket: str | None,
    transport: Transport,
) -> None:
    reached = settings(line, env, file).connection

    assert (host, socket, transport) == (reached.host, reached.socket, reached.transport)


def test_a_socket_dropped_for_a_host_has_the_hosts_origin() -> None:
    found = settings("-h db1", file=client("socket=/s"))

    assert "--host" == found.origins["socket"] == found.origins["transport"]


@pytest.mark.parametrize(
    ("line", "env", "file", "host", "socket", "transport"),
    [
        ("--protocol=tcp", {}, None, "localhost", None, Transport.TCP),
        ("--protocol=TCP -h localhost", {}, client("socket=/s"), "localhost", None, Transport.TCP),
        ("--protocol tcp -S /s", {}, None, "localhost", None, Transport.TCP),
        ("-S /s", {}, client("protocol=tcp"), None, "/s", Transport.SOCKET),
        ("", {}, client("protocol=tcp", "socket=/s"), "localhost", None, Transport.TCP),
        ("", {}, client("protocol=TC"), "localhost", None, Transport.TCP),
        ("--protocol=socket", {}, client("host=db1", "socket=/s"), None, "/s", Transport.SOCKET),
        ("--protocol=socket -h localhost -P 3307", {}, None, "localhost", None, Transport.SOCKET),
        ("-h db1", {}, client("protocol=socket"), "db1", None, Transport.TCP),
        ("", {"MYSQL_HOST": "db1"}, client("protocol=socket"), "db1", None, Transport.TCP),
        ("mysql://db1/?protocol=tcp", {}, None, "db1", None, Transport.TCP),
        ("--ssh jump", {}, client("socket=/s"), "localhost", None, Transport.TCP),
        ("--ssh jump", {"MYSQL_UNIX_PORT": "/s"}, None, "localhost", None, Transport.TCP),
        ("--ssh jump -h db1", {}, None, "db1", None, Transport.TCP),
        ("--ssh jump -S /s", {}, client("host=db1"), None, "/s", Transport.SOCKET),
        ("", {"GONEAWAY_SSH": "jump"}, client("protocol=socket"), "localhost", None, Transport.TCP),
    ],
)
def test_protocol_decides_unless_stronger_evidence_contradicts(
    line: str,
    env: dict[str, str],
    file: str | None,
    host: str | None,
    socket: str | None,
    transport: Transport,
) -> None:
    reached = settings(line, env, file).connection

    assert (host, socket, transport) == (reached.host, reached.socket, reached.transport)


@pytest.mark.parametrize("key", ["ssl-capath=/ca", "ssl_crl=/crl", "ssl-fp=ab:cd"])
def test_a_check_that_is_not_made_is_a_warning(key: str) -> None:
    [warning] = settings(file=client(key)).warnings

    assert warning.startswith(f"{FILE}: {key.partition('=')[0].replace('_', '-')} is not supported")


@pytest.mark.parametrize(
    ("line", "file", "mode", "origin"),
    [
        ("", None, SslMode.PREFERRED, "default"),
        ("--ssl-mode=required", None, SslMode.REQUIRED, "--ssl-mode"),
        ("--ssl-mode=Verify_Identity", None, SslMode.VERIFY_IDENTITY, "--ssl-mode"),
        ("mysql://db1/?ssl-mode=VERIFY_CA", client("ssl-mode=DISABLED"), SslMode.VERIFY_CA, "DSN"),
        ("--ssl", None, SslMode.REQUIRED, "--ssl"),
        ("--ssl=1", None, SslMode.REQUIRED, "--ssl"),
        ("--ssl=0", None, SslMode.DISABLED, "--ssl"),
        ("--skip-ssl", None, SslMode.DISABLED, "--ssl"),
        ("--ssl --skip-ssl", None, SslMode.DISABLED, "--ssl"),
        ("mysql://db1/?skip-ssl", None, SslMode.DISABLED, "DSN"),
        ("", client("ssl"), SslMode.REQUIRED, FILE),
        ("", client("skip-ssl"), SslMode.DISABLED, FILE),
        ("", client("ssl_verify_server_cert"), SslMode.VERIFY_IDENTITY, FILE),
        ("", client("disable-ssl-verify-server-cert"), SslMode.PREFERRED, "default"),
        ("--ssl-verify-server-cert", None, SslMode.VERIFY_IDENTITY, "--ssl-verify-server-cert"),
        ("--ssl-verify-server-cert --ssl", None, SslMode.VERIFY_IDENTITY, "--ssl-verify-server-cert"),
        ("--ssl-ca /ca", None, SslMode.VERIFY_CA, "--ssl-ca"),
        ("--ssl-ca /ca --ssl", None, SslMode.VERIFY_CA, "--ssl-ca"),
        ("--ssl-ca /ca --ssl-mode preferred", None, SslMode.PREFERRED, "--ssl-mode"),
        ("--ssl-ca /ca --skip-ssl", None, SslMode.DISABLED, "--ssl"),
        ("--ssl", client("ssl-verify-server-cert"), SslMode.VERIFY_IDENTITY, FILE),
        ("--skip-ssl", client("ssl-verify-server-cert"), SslMode.DISABLED, "--ssl"),
        ("--ssl-mode=required", client("ssl-verify-server-cert"), SslMode.REQUIRED, "--ssl-mode"),
        ("--ssl-mode=required", client("skip-ssl"), SslMode.REQUIRED, "--ssl-mode"),
        ("", client("ssl-mode=REQ"), SslMode.REQUIRED, FILE),
        ("", client("skip-ssl=0"), SslMode.REQUIRED, FILE),
        ("", client("enable-ssl=0"), SslMode.DISABLED, FILE),
        ("", client("loose-ssl-verify-server-cert"), SslMode.VERIFY_IDENTITY, FILE),
        (
            "",
            "[client-mariadb]\nssl-verify-server-cert=on",
            SslMode.VERIFY_IDENTITY,
            "~/.my.cnf [client-mariadb] line 2",
        ),
        ("", client("ssl-mode=VERIFY_CA", "skip-ssl"), SslMode.VERIFY_CA, FILE),
    ],
)
def test_every_way_to_ask_for_tls_comes_to_one_mode(
    line: str, file: str | None, mode: SslMode, origin: str
) -> None:
    found = settings(line, file=file)

    assert (mode, origin) == (found.connection.ssl_mode, found.origins["ssl_mode"])
