"""Socket or network, and how much TLS."""

from __future__ import annotations

import pytest

from goneaway_tui.settings import SslMode, Transport
from tests.unit.settings.asking import FILE, client, settings


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
def test_a_protocol_decides_unless_something_stronger_speaks_against_it(
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
def test_a_check_that_is_not_made_is_told(key: str) -> None:
    [warning] = settings(file=client(key)).warnings

    assert warning.startswith(f"{FILE}: {key.partition('=')[0].replace('_', '-')} is passed over")


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
