"""Who asks is answered, or not."""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack, suppress
from importlib.resources import files
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from goneaway_tui.errors import FileError, SettingsError
from goneaway_tui.http_auth import HttpEndpoint
from goneaway_tui.judge import track
from goneaway_tui.metrics.collector import FAMILIES, MetricsStore
from goneaway_tui.metrics.listening import (
    CONNECTION_SECONDS,
    MAX_CONNECTIONS,
    MAX_REQUEST_BYTES,
    metrics_server,
)
from tests.builders import a_sample, a_session
from tests.ui.stage import HeldClock
from tests.waiting import PATIENCE, comes_true

HOSTILE = 'a"b\\c\nd}{'


def a_board() -> MetricsStore:
    board = MetricsStore(["db1", "db2"], HeldClock(), 1000)
    board["db1"] = board["db1"].after(track(a_sample([a_session(user=HOSTILE)])), 0.1)
    return board


def asked(port: int, login: str | None = None) -> str:
    request = Request(f"http://127.0.0.1:{port}/metrics")
    if login is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    with urlopen(request, timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def test_an_answer_is_what_prometheus_reads() -> None:
    with metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), HeldClock()) as port:
        found = {each.name: each for each in text_string_to_metric_families(asked(port))}

    assert {name.removesuffix("_total") for name in FAMILIES} <= found.keys()
    assert {"db1": 1.0, "db2": 0.0} == {s.labels["server"]: s.value for s in found["goneaway_up"].samples}
    (session,) = found["goneaway_sessions"].samples
    assert session.labels["user"].isprintable()
    assert {"server", "user", "program", "risk", "basis"} == set(session.labels)
    assert "process_cpu_seconds" in found


@pytest.mark.parametrize("login", [None, "prom:wrong", "prom", ""])
def test_a_request_without_the_login_is_refused(login: str | None) -> None:
    with metrics_server(HttpEndpoint("127.0.0.1", 0, login="prom:secret"), a_board(), HeldClock()) as port:
        assert "goneaway_up" in asked(port, "prom:secret")
        with pytest.raises(HTTPError) as refused:
            asked(port, login)
        refused.value.close()

    assert 401 == refused.value.code


def test_a_silent_connection_delays_no_other() -> None:
    with (
        metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), HeldClock()) as port,
        socket.create_connection(("127.0.0.1", port)),
    ):
        assert "goneaway_up" in asked(port)


@pytest.fixture
def cert(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and its key, in one file."""
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=exporter",
                "-days",
                "2",
            ),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    both = tmp_path / "both.pem"
    both.write_text(made.read_text() + key.read_text())
    return both


def test_a_silent_tls_connection_delays_no_other(cert: Path) -> None:
    doorway = HttpEndpoint("127.0.0.1", 0, cert=str(cert), key=str(cert))
    trusting = ssl.create_default_context(cafile=str(cert))
    with (
        metrics_server(doorway, a_board(), HeldClock()) as port,
        socket.create_connection(("127.0.0.1", port)),
        urlopen(f"https://127.0.0.1:{port}/metrics", timeout=PATIENCE, context=trusting) as answer,
    ):
        assert b"goneaway_up" in answer.read()


def test_a_client_without_the_required_certificate_is_refused(
    cert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doorway = HttpEndpoint("127.0.0.1", 0, cert=str(cert), key=str(cert), ca=str(cert))
    stranger = ssl.create_default_context(cafile=str(cert))
    known = ssl.create_default_context(cafile=str(cert))
    known.load_cert_chain(cert)
    with metrics_server(doorway, a_board(), HeldClock()) as port:
        where = f"https://127.0.0.1:{port}/metrics"
        with pytest.raises(OSError, match=r"(?i)ssl|reset|certificate"):
            urlopen(where, timeout=PATIENCE, context=stranger)
        with urlopen(where, timeout=PATIENCE, context=known) as answer:
            assert b"goneaway_up" in answer.read()

    assert "" == capsys.readouterr().err


def test_an_address_in_use_is_reported_in_a_line() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SettingsError, match="cannot listen on"),
    ):
        metrics_server(HttpEndpoint("127.0.0.1", taken.getsockname()[1]), a_board(), HeldClock()).__enter__()


def test_an_invalid_certificate_is_reported_in_a_line() -> None:
    with pytest.raises(FileError, match="for TLS"):
        metrics_server(
            HttpEndpoint("127.0.0.1", 0, cert="/nonexistent", key="/nonexistent"), a_board(), HeldClock()
        ).__enter__()


@pytest.mark.parametrize("name", ["rules.yml", "dashboard.json"])
def test_what_is_shipped_names_metrics_there_are(name: str) -> None:
    text = files("goneaway_tui.metrics").joinpath(name).read_text("utf-8")
    named = set(re.findall(r"(?<![\w:])goneaway_\w+", text))

    assert named
    assert set() == {re.sub("_(bucket|sum|count)$", "", each) for each in named} - {
        str(each) for each in FAMILIES
    }


def test_the_dashboard_is_json_of_panels() -> None:
    board = json.loads(files("goneaway_tui.metrics").joinpath("dashboard.json").read_text("utf-8"))

    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(target["expr"] for panel in board["panels"] for target in panel["targets"])


def test_a_request_by_a_foreign_host_name_is_refused() -> None:
    with metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), HeldClock()) as port:
        request = Request(f"http://127.0.0.1:{port}/metrics", headers={"Host": "evil.example"})
        with pytest.raises(HTTPError) as refused:
            urlopen(request, timeout=60)
        refused.value.close()

    assert 421 == refused.value.code


def test_many_connections_that_drip_bytes_hold_no_more_threads_than_there_may_be() -> None:
    before = threading.active_count()
    with ExitStack() as held, metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), HeldClock()) as port:
        for _ in range(3 * MAX_CONNECTIONS):
            dripping = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            dripping.sendall(b"G")
        assert "goneaway_up" in asked(port)
        comes_true(lambda: threading.active_count() - before <= MAX_CONNECTIONS + 1)


@pytest.mark.parametrize(("headers", "is_answered"), [(6, True), (7, False)])
def test_no_more_of_a_request_is_read_than_it_may_be_long(headers: int, is_answered: bool) -> None:  # noqa: FBT001
    """Strangers may send it: nobody is asked for a login before its end."""
    header = b"H: " + b"x" * 10_000 + b"\r\n"
    with (
        metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), HeldClock()) as port,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as asking,
    ):
        received = b""
        with suppress(ConnectionError):
            asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + header * headers + b"\r\n")
            received = asking.recv(100)

        assert is_answered == (b" 200 " in received)
        assert headers * len(header) > MAX_REQUEST_BYTES or is_answered


def test_a_connection_that_drips_bytes_ends_when_its_time_is_over() -> None:
    clock = HeldClock()
    with (
        metrics_server(HttpEndpoint("127.0.0.1", 0), a_board(), clock) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as dripping,
    ):
        dripping.sendall(b"GET /metrics HT")
        assert "goneaway_up" in asked(port)
        clock.now += CONNECTION_SECONDS + 1

        assert b"" == dripping.recv(1)
