"""What an option in a file comes to, as the clients themselves say it with `--help`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from goneaway_tui.settings import Settings, SslMode
from tests.unit.settings.asking import client, complaint, program, settings

NAMES = ("host", "port", "user", "socket", "database", "ssl-ca", "ssl-cert", "ssl-key", "connect-timeout")
"""What `--help` shows and our settings have. What is not said is 0 or a text in brackets there."""

MEANT = (
    ("host=db1", "port=3307", "user=dba", "database=shop"),
    ("host=a", "host=b"),
    ("host = ",),
    ("loose-host=db1", "loose_port=7"),
    ("connect_timeout=7",),
    ("connect-timeout=7",),
    ("socket=/run/x.sock",),
    ("ssl-ca=/ca", "ssl_cert=/cert", "ssl-key='/k e y'"),
    ("port = 08",),
    ("user=a", "skip-comments"),
)
CAPITALS = (("User=x", "HOST=y", "Port=7"), ("LOOSE-user=x",))
"""MySQL's client knows no such options; to MariaDB's, and to us, they are what they look like."""


def shown(name: str, lines: tuple[str, ...], folder: Path, *names: str) -> dict[str, str]:
    """What the client says it would use."""
    file = folder / "my.cnf"
    file.write_text(client(*lines) + "\n")
    done = subprocess.run(
        [program(name), f"--defaults-file={file}", "--help"],
        env={"HOME": str(folder)},
        capture_output=True,
        check=True,
        text=True,
    )
    rows = re.findall(r"^([a-z-]+) +(.*?) *$", done.stdout.rpartition("\n-----")[2], re.MULTILINE)
    said = {key: value for key, value in rows if not value.startswith("(")}
    return {key: said[key] for key in names or NAMES if said.get(key, "0") not in {"0", ""}}


def ours(found: Settings) -> dict[str, str]:
    fields = {name: getattr(found.connection, name.replace("-", "_")) for name in NAMES}
    from_file = {
        name: value
        for name, value in fields.items()
        if found.origins[name.replace("-", "_")].startswith("~/.my.cnf")
    }
    return {name: str(value) for name, value in from_file.items() if value}


@pytest.mark.parametrize("lines", MEANT, ids=" ".join)
def test_mysql_takes_it_the_same(lines: tuple[str, ...], tmp_path: Path) -> None:
    assert shown("mysql97", lines, tmp_path) == ours(settings(file=client(*lines)))


@pytest.mark.parametrize("lines", [*MEANT, *CAPITALS], ids=" ".join)
@pytest.mark.parametrize("name", ["mariadb1011", "mariadb118"])
def test_mariadb_takes_it_the_same(name: str, lines: tuple[str, ...], tmp_path: Path) -> None:
    assert shown(name, lines, tmp_path) == ours(settings(file=client(*lines)))


@pytest.mark.parametrize(
    "line",
    ["ssl", "ssl=1", "ssl=TRUE", "ssl=on", "enable-ssl", "skip-ssl=0", "disable-ssl=0", "loose-enable-ssl",
     "skip-ssl", "ssl=0", "ssl=OFF", "ssl=False", "skip_ssl", "skip-ssl=1", "disable-ssl", "enable-ssl=0",
     "loose-skip-ssl"],
)  # fmt: skip
def test_a_switch_is_on_where_mariadb_has_it_on(line: str, tmp_path: Path) -> None:
    on = "TRUE" in shown("mariadb1011", ("skip-ssl", line), tmp_path, "ssl").values()
    found = settings(file=client(line)).connection.ssl_mode

    assert (SslMode.REQUIRED if on else SslMode.DISABLED) is found


@pytest.mark.parametrize("line", ["port=x", "port", "host", "connect-timeout=x", "ssl-ca"])
def test_what_the_clients_refuse_is_refused(line: str) -> None:
    assert complaint(file=client(line)).startswith("~/.my.cnf [client] line 2: ")


@pytest.mark.parametrize("line", ["compress", "no-such-thing=1", "loose-nothing", "skip-host", "enable-port"])
def test_what_means_nothing_to_us_is_passed_over(line: str) -> None:
    assert settings(file=client(line)) == settings(file=client())
