"""Text is written by strangers: names, attributes and statements may be anything a server lets through."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import fields
from typing import Any

import pytest
from pymysql.connections import Connection

from goneaway_tui.export import FORMATS
from goneaway_tui.judge import judge
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.session import Session
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.session_cache import ATTRIBUTES_KEPT, TEXT_KEPT
from goneaway_tui.source.sockets import Address
from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, Name, RealServer
from tests.waiting import PATIENCE, Stopwatch, comes_true

TEXTS = {
    "escapes": "a\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "eight bit controls": "a\x9b31m\x90q\x9c\x85b",
    "markup": "[red]x[/] [@click=app.quit]go[/] [/nothing] \\[b]",
    "bidi": "a\u202ecba\u202c\u2066\u200f\u061c",
    "newlines": "one\r\ntwo\ttab\u2028three\x0b\x0c\x1c",
    "family": "👨‍👩‍👧‍👦🏳️‍🌈e\u0301",
    "combining": "e" + "\u0301\u0489" * 40,
    "hidden": "\ufeff\u200b\u00ad\U000e0041\ue000",
    "formula": "=cmd|'/c calc'!A1",
    "html": "</script><img src=x onerror=alert(1)>&amp;",
}
LATIN = b"latin \xff\xe9\x80 bytes"
RUNS = PATIENCE
"""Seconds a hostile statement runs, so that it is seen while it does."""


def kept(text: str) -> str:
    """A connect attribute as servers keep it: in utf8mb3, where what is beyond the basic plane is a question mark."""
    return re.sub(r"[^\u0000-\uffff]", "?", text)


ALLOWED = {"\n"}
"""The only control character an export may hold."""


class Stranger(Connection):
    """Sends what it likes as its connect attributes."""

    def __init__(self, attributes: dict[str, str], **options: Any) -> None:
        self._wanted = attributes
        super().__init__(**options)

    def connect(self, sock: Any = None) -> None:
        self._connect_attrs = self._wanted
        super().connect(sock)


def a_stranger(server: RealServer, attributes: dict[str, str], **options: Any) -> Any:
    return Stranger(
        attributes,
        **{"host": "127.0.0.1", "port": server.port, "user": "root", "autocommit": True, **options},
    )


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''").replace("`", "``")


def run(connection: Any, *statements: str | bytes) -> None:
    for statement in statements:
        connection._execute_command(3, statement)
        connection._read_query_result()


def look(server: RealServer, *, statements: bool = True) -> Sample:
    address = Address("127.0.0.1", server.port, "root")
    with closing(LiveSource(address, time.time, statements=statements)) as source:
        return source.sample()


def texts_of(session: Session) -> Iterator[str]:
    """Every text in a session, wherever it stands."""
    for each in fields(session):
        value = getattr(session, each.name)
        if isinstance(value, str):
            yield value
        elif each.name == "attributes":
            yield from (text for pair in value for text in pair)


class Strangers:
    """Sessions of every kind of hostile text on one server, all of them busy or idle right now."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self.sessions: dict[str, Any] = {}
        self.admin = server.connect(autocommit=True, charset="utf8mb4")
        for label, text in TEXTS.items():
            self._invite(label, text)
        latin = a_stranger(server, {"program_name": "latin"}, charset="latin1")
        self.sessions["latin"] = latin
        run(latin, b"SELECT '" + LATIN + b"'")

    def _invite(self, label: str, text: str) -> None:
        """A user and a database of that name where the server takes it, a program and a statement in any case."""
        options: dict[str, Any] = {}
        name = quoted(text[:16])
        with suppress(Exception):
            run(self.admin, f"CREATE USER IF NOT EXISTS '{name}'@'%'")
            options["user"] = text[:16]
        with suppress(Exception):
            run(
                self.admin,
                f"CREATE DATABASE IF NOT EXISTS `{name}`",
                f"GRANT ALL ON `{name}`.* TO '{name}'@'%'",
            )
            options["database"] = text[:16]
        stranger = None
        while stranger is None:
            try:
                stranger = a_stranger(
                    self.server, {"program_name": text, text: text, "\0nul\0": "a\0b"}, **options
                )
            except Exception:  # noqa: BLE001 - a name it takes when created may be one it does not take at login
                options.popitem()
        self.sessions[label] = stranger
        run(stranger, f"SELECT '{quoted(text)}' -- {' '.join(text.split())}")

    def close(self) -> None:
        for each in (self.admin, *self.sessions.values()):
            each._force_close()


@pytest.fixture(scope="module", params=NAMES)
def strangers(request: pytest.FixtureRequest, servers: Any) -> Iterator[Strangers]:
    """On servers of their own: nobody else wants such users."""
    with ExitStack() as stack:
        server = stack.enter_context(
            servers.run(request.param, "--performance-schema-consumer-events-statements-current=ON")
        )
        yield stack.enter_context(closing(Strangers(server)))


def test_hostile_names_attributes_and_statements_are_read_as_text(strangers: Strangers) -> None:
    found = {session.id: session for session in look(strangers.server).sessions}
    for label, connection in strangers.sessions.items():
        session = found[connection.thread_id()]
        assert session.statement, label
        for text in texts_of(session):
            assert isinstance(text, str)
            text.encode("utf-8")
        if label in TEXTS and label != "newlines":
            assert session.program == kept(TEXTS[label]), label
        if label in {"markup", "formula", "html", "clipboard"}:
            assert session.statement is not None
            assert " ".join(TEXTS[label].split()) in session.statement.replace("''", "'").replace(
                "\\\\", "\\"
            )

    latin = found[strangers.sessions["latin"].thread_id()].statement
    assert latin is not None
    assert latin.startswith("SELECT 'latin ")
    assert latin.endswith(" bytes'")


@pytest.mark.parametrize("format_name", FORMATS)
def test_exported_text_contains_no_terminal_control(strangers: Strangers, format_name: str) -> None:
    out = io.StringIO()
    FORMATS[format_name].write(judge(look(strangers.server)), out)
    written = out.getvalue()
    controls = {c for c in written if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - ALLOWED

    assert set() == controls
    written.encode("utf-8")
    if format_name == "json":
        data = json.loads(written)
        assert len(data["sessions"]) == len({each["id"] for each in data["sessions"]})
        by_id = {each["id"]: each for each in data["sessions"]}
        for label, connection in strangers.sessions.items():
            if label in TEXTS:
                assert by_id[connection.thread_id()]["program"] == kept(TEXTS[label])
    if format_name in {"html", "svg"}:
        assert "<img" not in written
        assert "<script" not in written


def test_without_statements_no_text_of_any_is_anywhere_in_a_sample(strangers: Strangers) -> None:
    running = a_stranger(strangers.server, {})
    running._execute_command(3, f"SELECT 'needle', SLEEP({RUNS})")
    try:
        comes_true(lambda: "needle" in repr(look(strangers.server)))
        shown, hidden = look(strangers.server), look(strangers.server, statements=False)
    finally:
        running._force_close()

    assert "needle" in repr(shown)
    assert "needle" not in repr(hidden)
    assert {None} == {session.statement for session in hidden.sessions if session.command == "Query"}
    for session in hidden.sessions:
        assert session.statement is None or re.fullmatch(r"\([A-Z][A-Za-z ]+\)", session.statement)


def test_the_log_and_the_answers_of_a_hostile_server_name_are_plain(strangers: Strangers) -> None:
    """What a session's text may do to its own server's sample it may not do to the server's own words."""
    sample = look(strangers.server)

    assert sample.server.banner.isprintable()
    assert all(each.what.isprintable() and (each.grant or "").isprintable() for each in sample.limitations)


@pytest.mark.parametrize("name", [each for each in NAMES if each.startswith("mariadb")])
def test_a_pack_that_an_account_without_privileges_breaks_is_read_row_by_row(
    start_server: StartServer, name: Name
) -> None:
    """MariaDB cuts the pack off at group_concat_max_len, and what is left of it is no UTF-8."""
    server = start_server(name, "--group-concat-max-len=1024")
    with server.connect(autocommit=True) as admin:
        run(admin, "CREATE USER nobody@'%'")
    statement = b"SELECT SLEEP(%d) /* \xff" % RUNS + b"\x01" * 1100 + b"*/"
    with ExitStack() as stack:
        running = [a_stranger(server, {}, user="nobody") for _ in range(3)]
        for each in running:
            stack.callback(each._force_close)
            each._execute_command(3, statement)
        ids = {each.thread_id() for each in running}
        told: list[Sample] = []

        def all_run() -> bool:
            told.append(look(server))
            return ids <= {
                each.id for each in told[-1].sessions if each.command == "Query" and each.statement
            }

        comes_true(all_run)

    said = [each.statement or "" for each in told[-1].sessions if each.id in ids]
    assert all(each.startswith("SELECT SLEEP(") and "\\xff" in each for each in said)
    assert "unexpected" not in repr(told[-1].limitations)


class Counted:
    """Counts the bytes that pass to a server and back."""

    def __init__(self, port: int) -> None:
        import socket

        self.received = 0
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        import socket

        with suppress(OSError):
            caller, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._pump, args=(caller, server, False), daemon=True).start()
            self._pump(server, caller, True)

    def _pump(self, source: Any, sink: Any, count: bool) -> None:  # noqa: FBT001 - two directions
        with source, sink, suppress(OSError):
            while piece := source.recv(1 << 16):
                self.received += len(piece) * count
                sink.sendall(piece)

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("more", [(), ("--performance-schema=OFF",)])
def test_huge_statement_costs_no_more_memory_than_a_small_one(
    start_server: StartServer, name: Name, more: tuple[str, ...]
) -> None:
    megabytes = 48
    server = start_server(name, f"--max-allowed-packet={64 << 20}", *more)
    huge = a_stranger(server, {}, read_timeout=60)
    way = Counted(server.port)
    source = LiveSource(Address("127.0.0.1", way.port, "root", ssl_mode="DISABLED"), time.time)
    with closing(way), closing(source):
        source.sample()
        before = way.received
        with Stopwatch() as alone:
            source.sample()
        small = way.received - before
        huge._execute_command(3, f"SELECT /*{'x' * (megabytes << 20)}*/ SLEEP({RUNS:.0f})".encode())
        seconds = []
        sizes = []
        seen: list[Session] = []
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up and len(seen) < 3:
            before = way.received
            with Stopwatch() as watch:
                sample = source.sample()
            running = [
                s
                for s in sample.sessions
                if s.id == huge.thread_id() and s.command == "Query" and s.statement
            ]
            if running:
                seen.append(running[0])
                seconds.append(watch.seconds)
                sizes.append(way.received - before)
            time.sleep(0.1)
    huge._force_close()

    assert seen
    print(name, more, f"{max(seconds) * 1000:.0f} ms, {max(sizes)} bytes (small: {small})")
    assert max(sizes) < small + 8192
    assert max(seconds) < 1.0 + 10 * alone.seconds
    assert all(s.statement is not None and len(s.statement) <= 1100 for s in seen)


@pytest.mark.parametrize("name", NAMES)
def test_a_flood_of_attributes_is_kept_to_a_measure(start_server: StartServer, name: Name) -> None:
    """64 KB is all that a server takes."""
    server = start_server(name, "--performance-schema-session-connect-attrs-size=65536")
    floods = {
        "many": {f"key{index}": "v" * 90 for index in range(512)} | {"program_name": "flood"},
        "long": {f"key{index}": "v" * 6000 for index in range(10)},
    }
    with ExitStack() as stack:
        seated = {label: a_stranger(server, flood) for label, flood in floods.items()}
        for each in seated.values():
            stack.callback(each._force_close)
        found = {session.id: session for session in look(server).sessions}
    for label, each in seated.items():
        attributes = found[each.thread_id()].attributes

        assert len(attributes) == {"many": ATTRIBUTES_KEPT, "long": 10}[label]
        assert all(len(text) <= TEXT_KEPT for pair in attributes for text in pair)
