"""Servers end, hang, refuse and lie; a source says so in one line, in time, and goes on when they are back."""

from __future__ import annotations

import itertools
import os
import random
import socket
import ssl
import struct
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from goneaway_tui.errors import (
    AccessDenied,
    GoneawayError,
    SettingsError,
    SourceError,
    TooSlow,
    Unreachable,
    Unsupported,
)
from goneaway_tui.judge import is_same_run, judge
from goneaway_tui.model.sample import RESTART_TOLERANCE, Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.source import connection
from goneaway_tui.source.connection import ANSWER_BYTES, ANSWER_SECONDS, Connection
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address, ServerSocket
from goneaway_tui.source.sql import HINT, STATEMENT_SECONDS
from goneaway_tui.source.sql.shapes import ANYTHING, RowsShape, Statement
from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, Name, RealServer, port_of_our_own
from tests.waiting import FAR, PATIENCE, Stopwatch, comes_true

SECRET = "s3cr3t-Ünlock"
IN_TIME = STATEMENT_SECONDS + 2.5
"""Seconds: our limit, the one the socket waits more, and what is computed."""


def said(words: str, columns: int = 1) -> Statement:
    """A statement of a test's own."""
    return Statement(words, RowsShape("", (ANYTHING,) * columns))


def at(server: RealServer, **fields: Any) -> Address:
    return Address(**{"host": "127.0.0.1", "port": server.port, "user": "root", **fields})


def a_source(server: RealServer, *, interval: float = 1.0, **fields: Any) -> closing[LiveSource]:
    return closing(LiveSource(at(server, **fields), time.time, interval=interval))


def look(address: Address) -> Sample:
    with closing(LiveSource(address, time.time)) as source:
        return source.sample()


def refusal(address: Address) -> GoneawayError:
    """What is told where a look fails. Fails where the look works, or the telling says too much."""
    with pytest.raises(GoneawayError) as told:
        look(address)
    assert_tellable(told.value)
    return told.value


def assert_tellable(error: GoneawayError) -> None:
    """One line, with what to do, no line numbers of other people's source, and no password anywhere near it."""
    assert error.hint
    assert "\n" not in error.line
    assert not any(word in error.line for word in ("_ssl.c", "Traceback", "Errno", "b'"))
    chain: BaseException | None = error
    said = ["".join(traceback.format_exception(error))]
    while chain is not None:
        said += [repr(chain), str(chain), repr(chain.__dict__)]
        chain = chain.__cause__ or chain.__context__
    assert SECRET not in "".join(said)


def run(server: RealServer, *statements: str) -> list[Any]:
    """Run statements as root; the rows of the last."""
    with closing(server.connect(autocommit=True, charset="utf8mb4")) as admin, admin.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def own_id(source: LiveSource) -> int:
    (number,) = source.sample().server.own_session_ids
    return number


# --- Servers that end and come back


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restarted_server_is_read_again_without_a_key(
    start_server: StartServer, name: Name, end: str
) -> None:
    server = start_server(name)
    with a_source(server) as source:
        time.sleep(RESTART_TOLERANCE + 1.2)  # what ran no longer than that is taken for the same run
        before = judge(source.sample())
        getattr(server, end)()
        for _ in range(2):
            with pytest.raises(Unreachable) as told:
                source.sample()
            assert_tellable(told.value)
        server.start()
        after = judge(source.sample(), before)

    assert not is_same_run(before.sample, after.sample)
    assert after.sample.server.own_session_ids
    assert all(session.own for session in after.sample.sessions if session.program == "goneaway-tui")


def test_frozen_server_is_reported_in_time_and_read_again_once_it_answers(start_server: StartServer) -> None:
    server = start_server("mysql97")
    with a_source(server) as source:
        source.sample()
        server.freeze()
        for kind in (TooSlow, Unreachable):
            with Stopwatch() as watch, pytest.raises(kind) as told:
                source.sample()
            assert_tellable(told.value)
            assert watch.seconds < IN_TIME
        server.thaw()

        assert source.sample().sessions


@pytest.mark.parametrize("reading", [True, False])
def test_closing_from_another_thread_ends_a_blocked_sample(
    start_server: StartServer, long_answer_timeout: None, *, reading: bool
) -> None:
    """A server may hang while we read, or while we connect."""
    server = start_server("mariadb118")
    with a_source(server) as source, ThreadPoolExecutor() as pool:
        if reading:
            source.sample()
        server.freeze()
        waiting = pool.submit(source.sample)
        time.sleep(0.5)
        try:
            source.close()
            told = waiting.exception(PATIENCE)
        finally:
            server.thaw()

    assert isinstance(told, SourceError)
    with pytest.raises(SourceError):
        source.sample()


def test_a_source_closed_while_it_connects_leaves_no_session(start_server: StartServer) -> None:
    server = start_server("mysql97")
    for pause in (0.0, 0.001, 0.003, 0.01, 0.03):
        with a_source(server) as source, ThreadPoolExecutor() as pool:
            waiting = pool.submit(source.sample)
            time.sleep(pause)
            source.close()
            with suppress(SourceError):
                waiting.result(PATIENCE)

    comes_true(
        lambda: [] == [s for s in look(at(server)).sessions if s.program == "goneaway-tui" and not s.own]
    )


# --- What happens to our own session


def test_program_holds_one_named_session_and_disconnects_cleanly(any_server: RealServer) -> None:
    counted = "SHOW GLOBAL STATUS LIKE 'Aborted_clients'"
    before = run(any_server, counted)
    with a_source(any_server) as source:
        for _ in range(5):
            sample = source.sample()
            ours = [session for session in sample.sessions if session.program == "goneaway-tui"]
            assert [True] == [session.own for session in ours]
            assert list(sample.server.own_session_ids) == [session.id for session in ours]
    comes_true(lambda: not any_server.lists(ours[0].id))

    assert before == run(any_server, counted)


def test_only_select_and_set_session_statements_are_sent(start_server: StartServer) -> None:
    for name in NAMES:
        server = start_server(name, "--general-log=ON", "--log-output=TABLE")
        with a_source(server) as source:
            ours = own_id(source)
            source.sample()
        comes_true(lambda server=server, ours=ours: not server.lists(ours))  # type: ignore[misc]
        heard = run(server, f"SELECT command_type, argument FROM mysql.general_log WHERE thread_id = {ours}")
        commands = [kind if isinstance(kind, str) else kind.decode() for kind, _ in heard]
        said = [words if isinstance(words, str) else words.decode() for _, words in heard]
        queries = [words for kind, words in zip(commands, said, strict=True) if kind == "Query"]
        others = [words for words in queries if not words.startswith(("SELECT ", "SHOW GLOBAL STATUS "))]

        assert {"Connect", "Query", "Quit"} == set(commands)
        assert 20 < len(queries)
        assert others[0].startswith("SET NAMES")
        if server.flavour is Flavour.MYSQL:
            assert [] == others[1:], "a SET SESSION would mark the variable as set at run time, for everybody"
            assert {"MAX_EXECUTION_TIME"} == {
                hint(words) for words in queries if "@@version_comment" not in words
            } - {""}
        else:
            assert 2 == len(others), others
            assert others[1].startswith("SET SESSION ")
            assert "GLOBAL" not in others[1].upper()


def hint(words: str) -> str:
    """The name of a SELECT's optimizer hint; empty for what is no SELECT."""
    if not words.startswith("SELECT"):
        return ""
    return words.removeprefix("SELECT /*+ ").partition("(")[0]


def test_reading_mysql_leaves_the_origin_of_its_variables_alone(start_server: StartServer) -> None:
    server = start_server("mysql97")
    with a_source(server) as source:
        source.sample()
        source.sample()
        origins = {variable.name: variable.set_by for variable in source.sample().variables}

    assert {"compiled"} == {
        origins[name] for name in ("wait_timeout", "interactive_timeout", "max_execution_time")
    }


def test_killed_own_session_is_reported_and_opened_again(any_server: RealServer) -> None:
    with a_source(any_server) as source:
        first = own_id(source)
        run(any_server, f"KILL {first}")
        comes_true(lambda: not any_server.lists(first))
        with pytest.raises(Unreachable) as told:
            source.sample()
        assert_tellable(told.value)

        assert first != own_id(source)


def test_stopping_our_statements_spoils_no_more_than_that_reading(any_server: RealServer) -> None:
    over = threading.Event()
    with a_source(any_server) as source, closing(any_server.connect(autocommit=True)) as killer:

        def kill(number: int) -> None:
            while not over.is_set():
                with suppress(Exception), killer.cursor() as cursor:
                    cursor.execute(f"KILL QUERY {number}")

        told: list[SourceError] = []
        for _ in range(8):
            over.clear()
            thread = threading.Thread(target=kill, args=(own_id(source),))
            thread.start()
            try:
                source.sample()
            except SourceError as error:
                told.append(error)
            over.set()
            thread.join()
            with suppress(SourceError):  # a KILL QUERY that came late
                source.sample()
            assert source.sample().sessions
    for each in told:
        assert_tellable(each)
        assert isinstance(each, TooSlow), each.line


@pytest.mark.parametrize("name", ["mysql97", "mariadb1011"])
def test_our_own_session_outlives_a_short_global_wait_timeout(start_server: StartServer, name: Name) -> None:
    server = start_server(name, "--wait-timeout=1", "--interactive-timeout=1")
    with a_source(server, interval=3) as source:
        first = own_id(source)
        time.sleep(3)

        assert first == own_id(source)


def test_the_server_itself_bounds_our_statements(any_server: RealServer) -> None:
    with a_source(any_server) as source:
        source.sample()
        assert source._server_reader is not None
        connection = source._server_reader.connection
        if any_server.flavour is Flavour.MYSQL:
            slow = "(SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b)"
            began = time.monotonic()
            with Stopwatch() as watch, pytest.raises(TooSlow) as told:
                connection.rows(said(f"SELECT {HINT} {slow} + {slow} + {slow}"))
            assert_tellable(told.value)
            assert STATEMENT_SECONDS - 0.5 < time.monotonic() - began
            assert watch.seconds < IN_TIME
            return
        ((bound,),) = connection.rows(said("SELECT @@SESSION.max_statement_time"))
        assert bound == STATEMENT_SECONDS
        with Stopwatch() as watch, pytest.raises(TooSlow) as told:
            connection.rows(said("SELECT SLEEP(9)"))
        assert_tellable(told.value)
        assert watch.seconds < IN_TIME


# --- Refusals


@pytest.fixture
def spare_port() -> Iterator[int]:
    with port_of_our_own() as port:
        yield port


DOORS = {Flavour.MYSQL: ("admin", "admin_port"), Flavour.MARIADB: ("extra", "extra_port")}
"""What the options of the door are called, and what it is told as."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("has_door", [True, False])
def test_full_server_is_reported_with_the_accounts_that_can_still_connect_and_the_port(
    start_server: StartServer, name: Name, spare_port: int, *, has_door: bool
) -> None:
    """It refuses before it says what it is: who was in before knows of its door, and who comes anew of both kinds."""
    option, variable = DOORS[Flavour.MYSQL if name.startswith("mysql") else Flavour.MARIADB]
    door = [f"--{option}-port={spare_port}"] + (["--admin-address=127.0.0.1"] if option == "admin" else [])
    server = start_server(name, "--max-connections=10", *(door if has_door else ()))
    run(server, "CREATE USER crowd", "CREATE USER monitor")
    with a_source(server, user="monitor") as source, ExitStack() as stack:
        number = own_id(source)
        admin = stack.enter_context(closing(server.connect(autocommit=True)))
        admin.query(f"KILL {number}")
        comes_true(lambda: not server.lists(number))
        for _ in range(9):
            stack.enter_context(closing(server.connect(user="crowd")))
        with pytest.raises(Unreachable):
            source.sample()
        with pytest.raises(AccessDenied) as known:
            source.sample()
        new = refusal(at(server, user="monitor"))
        if has_door:
            assert look(at(server, port=spare_port)).sessions

    assert "(1040)" in str(known.value)
    assert "(1040)" in str(new)
    for told in (known.value, new):
        assert_tellable(told)
        assert "CONNECTION_ADMIN" in told.hint
        assert variable in told.hint
    assert (f"-P {spare_port}" in known.value.hint) == has_door
    assert ("has no" in known.value.hint) != has_door
    assert "admin_port (MySQL)" in new.hint
    assert "extra_port (MariaDB)" in new.hint


Words = tuple[type[GoneawayError], str, str]
"""What kind of error, and words of its line and its hint."""

REFUSALS: dict[str, tuple[tuple[str, ...], dict[str, Any], Words]] = {
    "wrong password": (
        ("CREATE USER {u} IDENTIFIED BY 'right'",),
        {},
        (AccessDenied, "(1045)", "the password"),
    ),
    "unknown user": ((), {}, (AccessDenied, "(1045)", "the user (-u)")),
    "unknown database": (
        (f"CREATE USER {{u}} IDENTIFIED BY '{SECRET}'",),
        {"database": "nowhere"},
        (AccessDenied, "nowhere", "leave out -D"),
    ),
    "locked": (
        (f"CREATE USER {{u}} IDENTIFIED BY '{SECRET}' ACCOUNT LOCK",),
        {},
        (AccessDenied, "locked", "ACCOUNT UNLOCK"),
    ),
    "expired": (
        (f"CREATE USER {{u}} IDENTIFIED BY '{SECRET}' PASSWORD EXPIRE",),
        {},
        (AccessDenied, "", "the password has expired"),
    ),
    "used up": (
        (f"CREATE USER {{u}} IDENTIFIED BY '{SECRET}' WITH MAX_CONNECTIONS_PER_HOUR 1",),
        {},
        (AccessDenied, "(1226)", "resource limits"),
    ),
    "unknown host": ((), {"host": "nobody.invalid"}, (Unreachable, "nobody.invalid", "the host name")),
    "no host": ((), {"host": "x" * 70 + ".y"}, (Unreachable, "not a possible host name", "the host name")),
    "refused port": ((), {"port": 1}, (Unreachable, "Connection refused", "the port (-P)")),
    "no socket": ((), {"socket": "/nowhere/s.sock"}, (Unreachable, "No such file", "-S")),
    "not valid UTF-8": ((), {"password": f"{SECRET}\ud800"}, (SettingsError, "the password", "type it")),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_what_and_what_to_do(any_server: RealServer, case: str) -> None:
    statements, fields, (kind, words, hint) = REFUSALS[case]
    user = "refused"
    run(any_server, f"DROP USER IF EXISTS {user}", *(statement.format(u=user) for statement in statements))
    address = at(any_server, **{"user": user, "password": SECRET, **fields})
    if case == "used up":
        look(address)
    told = refusal(address)
    run(any_server, f"DROP USER IF EXISTS {user}")

    assert isinstance(told, kind), told.line
    assert words in str(told)
    assert hint in told.hint


@pytest.mark.parametrize("name", ["mysql97", "mariadb118"])
def test_password_that_expires_at_the_first_statement_is_reported(
    start_server: StartServer, name: Name
) -> None:
    server = start_server(name, "--disconnect-on-expired-password=OFF")
    run(server, f"CREATE USER old IDENTIFIED BY '{SECRET}' PASSWORD EXPIRE")
    told = refusal(at(server, user="old", password=SECRET))

    assert isinstance(told, AccessDenied)
    assert "expired" in told.hint


# --- Encryption


def test_preferred_encrypts_where_it_can(any_server: RealServer) -> None:
    with a_source(any_server) as source:
        source.sample()
        assert source._server_reader is not None
        ((_, cipher),) = source._server_reader.connection.rows(said("SHOW STATUS LIKE 'Ssl_cipher'", 2))

    assert (any_server.name != "mariadb1011") == bool(cipher)


@pytest.mark.parametrize("by", ["tcp", "socket"])
def test_required_is_refused_by_a_server_without_encryption(mariadb1011: RealServer, by: str) -> None:
    path = str(mariadb1011.socket) if by == "socket" else None
    told = refusal(at(mariadb1011, ssl_mode="REQUIRED", socket=path))

    assert isinstance(told, Unreachable)
    assert "doesn't support it" in str(told)
    assert "--ssl-mode" in told.hint


TRUST: dict[str, tuple[str, str | None, str | None]] = {
    "required": ("REQUIRED", None, None),
    "the right authority": ("VERIFY_CA", "ca.pem", None),
    "a client's certificate": ("VERIFY_CA", "ca.pem", None),
    "no authority": ("VERIFY_CA", None, "certificate verify failed: self-signed certificate in certificate chain"),
    "another authority": ("VERIFY_CA", "client-cert.pem", "certificate verify failed: self-signed certificate in certificate chain"),
    "another name": ("VERIFY_IDENTITY", "ca.pem", "certificate verify failed: IP address mismatch"),
}  # fmt: skip


@pytest.mark.parametrize("case", TRUST)
@pytest.mark.parametrize("by", ["tcp", "socket"])
def test_a_certificate_is_trusted_as_far_as_the_mode_says(mysql97: RealServer, case: str, by: str) -> None:
    mode, file, words = TRUST[case]
    fields: dict[str, Any] = {"ssl_mode": mode, "ssl_ca": file and str(mysql97.datadir / file)}
    if "client" in case:
        fields |= {key: str(mysql97.datadir / f"client-{what}.pem")
                   for key, what in (("ssl_cert", "cert"), ("ssl_key", "key"))}  # fmt: skip
    if by == "socket":
        fields["socket"] = str(mysql97.socket)
    if words is None:
        assert look(at(mysql97, **fields)).sessions
        return
    told = refusal(at(mysql97, **fields))

    assert isinstance(told, Unreachable)
    assert words in str(told)
    assert "--ssl-ca" in told.hint


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ssl_ca": "{datadir}/absent.pem"}, "No such file or directory"),
        ({"ssl_ca": "{datadir}/auto.cnf"}, "no certificate or crl found"),
        ({"ssl_ca": "{datadir}/ca.pem", "ssl_cert": "{datadir}/client-cert.pem", "ssl_key": "{datadir}/ca-key.pem"},
         "key values mismatch"),
    ],
)  # fmt: skip
def test_invalid_certificate_file_is_named(mysql97: RealServer, fields: dict[str, str], words: str) -> None:
    given = {name: value.format(datadir=mysql97.datadir) for name, value in fields.items()}
    told = refusal(at(mysql97, ssl_mode="VERIFY_CA", password=SECRET, **given))

    assert isinstance(told, SettingsError)
    assert words in str(told)
    assert str(mysql97.datadir) in str(told)


def test_key_with_a_pass_phrase_does_not_prompt(mysql97: RealServer, tmp_path: Any) -> None:
    """OpenSSL would ask on the terminal, which is the screen's."""
    from cryptography.hazmat.primitives import serialization as s

    key = s.load_pem_private_key((mysql97.datadir / "client-key.pem").read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, s.BestAvailableEncryption(b"words")
        )
    )
    told = refusal(
        at(
            mysql97,
            ssl_mode="REQUIRED",
            ssl_cert=str(mysql97.datadir / "client-cert.pem"),
            ssl_key=str(locked),
        )
    )

    assert isinstance(told, SettingsError)


# --- Ways to log in


def logins(server: RealServer) -> Iterator[tuple[str, str]]:
    """Plugins of a server, each with how an account is given it."""
    if server.flavour is Flavour.MARIADB:
        yield "mysql_native_password", "IDENTIFIED BY '{p}'"
        return
    for plugin in ("caching_sha2_password", "sha256_password"):
        yield plugin, f"IDENTIFIED WITH {plugin} BY '{{p}}'"


@pytest.mark.parametrize(
    "way", ["encrypted", "plain", "plain, the key at hand", "socket", "socket encrypted"]
)
@pytest.mark.parametrize("password", [SECRET, "pässwörd→☃ '\\", "x" * 70])
def test_every_password_plugin_logs_in_every_way(any_server: RealServer, way: str, password: str) -> None:
    encrypted = "REQUIRED" if any_server.name != "mariadb1011" else "PREFERRED"
    ways: dict[str, dict[str, Any]] = {
        "encrypted": {"ssl_mode": encrypted},
        "plain": {"ssl_mode": "DISABLED", "get_server_public_key": True},
        "plain, the key at hand": {
            "ssl_mode": "DISABLED",
            "server_public_key_path": str(any_server.datadir / "public_key.pem"),
        },
        "socket": {"socket": str(any_server.socket)},
        "socket encrypted": {"socket": str(any_server.socket), "ssl_mode": encrypted},
    }
    fields = ways[way]
    if way == "plain, the key at hand" and any_server.flavour is Flavour.MARIADB:
        fields = {"ssl_mode": "DISABLED"}  # it has no such key, and its plugins want none
    quoted = password.replace("\\", "\\\\").replace("'", "''")
    for plugin, clause in logins(any_server):
        run(any_server, "DROP USER IF EXISTS comer", f"CREATE USER comer {clause.format(p=quoted)}")
        for _ in range(2):  # the second time from the server's cache
            address = at(any_server, user="comer", password=password, **fields)
            # Who looked before may be listed still.
            assert [True] == [s.own for s in look(address).sessions if s.own], plugin
    run(any_server, "DROP USER comer")


# --- What is no server of ours

CAPABILITIES = 0xFFFFF7FF & ~0x20
"""All but TLS and compression."""


def framed(payload: bytes, number: int = 0) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def greeting(plugin: bytes = b"mysql_native_password", capabilities: int = CAPABILITIES) -> bytes:
    return framed(
        b"\x0a9.7.4\0" + struct.pack("<I", 7) + b"saltsalt\0"
        + struct.pack("<HBHHB", capabilities & 0xFFFF, 255, 2, capabilities >> 16, 21)
        + b"\0" * 10 + b"saltsaltsalt\0" + plugin + b"\0"
    )  # fmt: skip


OK = b"\0\0\0\2\0\0\0"
Talk = Callable[[socket.socket], None]


@contextmanager
def a_stranger(talk: Talk) -> Iterator[Address]:
    """Something that listens and then talks as it likes, to each caller, until it is let go."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        listener.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    caller, _ = listener.accept()
                    caller.settimeout(FAR)
                    pool.submit(answer, caller)

        def answer(caller: socket.socket) -> None:
            with caller, suppress(OSError):
                talk(caller)

        pool.submit(serve)
        try:
            port = listener.getsockname()[1]
            yield Address("127.0.0.1", port, "root", SECRET, ssl_mode="DISABLED", connect_timeout=1)
        finally:
            over.set()


def says(*pieces: bytes, hold: bool = False) -> Talk:
    """Says the pieces, the first at once and each other one after the caller said something."""

    def talk(caller: socket.socket) -> None:
        for index, piece in enumerate(pieces):
            if index:
                caller.recv(1 << 16)
            caller.sendall(piece)
        if hold:
            while caller.recv(1 << 16):
                pass

    return talk


def trickles(caller: socket.socket) -> None:
    """Sends a long packet byte by byte: no single wait is long."""
    caller.sendall(greeting()[:20])
    while True:
        time.sleep(0.3)
        caller.sendall(b"x")


def floods(caller: socket.socket) -> None:
    caller.sendall(b"\xff\xff\xff\0" + b"x" * 100)
    while True:
        caller.sendall(b"x" * 65536)


LOGGED_IN = (greeting(), framed(OK, 2), framed(OK, 1))
"""A greeting, and yes to the login and to SET NAMES."""

QUICK: dict[str, tuple[Talk, type[SourceError], str]] = {
    "closes at once": (says(), Unreachable, "before its handshake"),
    "speaks HTTP": (says(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), Unsupported, "the MySQL protocol"),
    "speaks SSH": (says(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), Unsupported, "the MySQL protocol"),
    "speaks the X protocol": (says(b"\x05\0\0\0\x0b\x08\x05\x1a\0"), Unsupported, "the MySQL protocol"),
    "half a greeting": (says(greeting()[:30]), Unreachable, "before its handshake"),
    "an empty greeting": (says(framed(b"")), Unsupported, "the MySQL protocol"),
    "an old protocol": (says(framed(b"\x09old\0")), Unsupported, "the MySQL protocol"),
    "greets, then closes": (says(greeting(), b""), Unreachable, "during the login"),
    "greets, then garbage": (says(greeting(), b"\x03\0\0\2abc"), Unsupported, "the MySQL protocol"),
    "greets, then nonsense": (says(greeting(), framed(b"\xfe\xff", 2)), Unsupported, ""),
    "blocks our host": (says(framed(b"\xff\x69\x04Host '10.0.0.9' is blocked because of many connection errors")), AccessDenied, "(1129)"),
    "does not know our host": (says(framed(b"\xff\x6a\x04Host '10.0.0.9' is not allowed to connect")), AccessDenied, "(1130)"),
    "unknown plugin": (says(greeting(), framed(b"\xfeparsec\0salt", 2)), AccessDenied, "'parsec'"),
    "ed25519": (says(greeting(), framed(b"\xfeclient_ed25519\0" + b"s" * 32, 2), framed(b"\xff\x15\x04no", 4)), AccessDenied, ""),
    "old password": (says(greeting(), framed(b"\xfemysql_old_password\0saltsalt\0", 2)), AccessDenied, "MySQL 4.0"),
    "wants it in clear": (says(greeting(), framed(b"\xfemysql_clear_password\0", 2)), AccessDenied, "clear text"),
    "asks in clear": (says(greeting(), framed(b"\xfedialog\0\x04Password: ", 2)), AccessDenied, "clear text"),
    "asks in clear at once": (says(greeting(b"dialog"), framed(b"\1\x04Password: ", 2)), AccessDenied, "clear text"),
    "answers with nothing": (says(*LOGGED_IN, framed(b"", 1)), SourceError, ""),
    "wants a file": (says(*LOGGED_IN, framed(b"\xfb/etc/passwd", 1)), SourceError, ""),
    "answers with an error": (says(*LOGGED_IN, framed(b"\xff\x57\x04#HY000what", 1)), SourceError, "1111"),
    "answers OK to a question": (says(*LOGGED_IN, framed(OK, 1)), SourceError, ""),
    "answers half a column": (says(*LOGGED_IN, framed(b"\1", 1) + framed(b"\3def\0\0\0\1x\1x", 2)), SourceError, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", QUICK)
def test_address_without_a_mysql_server_is_reported_in_one_line(case: str) -> None:
    talk, kind, words = QUICK[case]
    with a_stranger(talk) as address, Stopwatch() as watch:
        told = refusal(address)

    assert watch.seconds < 3
    assert isinstance(told, kind), told.line
    assert words in str(told)


def sends_without_end(*before: bytes) -> Talk:
    """Packets of 16 MB that go on and on, each with the number that is due, after what is said `before`."""

    def talk(caller: socket.socket) -> None:
        for piece in before:
            caller.sendall(piece)
            caller.recv(1 << 16)
        for number in range(len(before) and 1, 200):
            caller.sendall(b"\xff\xff\xff" + bytes([number]))
            for _ in range(255):
                caller.sendall(b"x" * 65_793)

    return talk


@pytest.mark.parametrize("before", [(), LOGGED_IN], ids=["the greeting", "an answer"])
def test_a_server_sends_no_more_than_an_answer_can_be_long(before: tuple[bytes, ...]) -> None:
    tracemalloc.start()
    try:
        with a_stranger(sends_without_end(*before)) as address:
            told = refusal(address)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "(2020)" in str(told)
    assert peak < (3 * ANSWER_BYTES if before else 32 << 20)


EOF = b"\xfe\0\0\2\0"
COLUMN = b"\3def" + b"\0" * 3 + b"\1x\1x" + b"\x0c\x2d\0\xff\0\0\0\xfd\0\0\0\0\0"
"""What describes a column of text, x."""


def answers_without_end(columns: int, more: bytes) -> Talk:
    """So many columns, then one packet over and over."""

    def talk(caller: socket.socket) -> None:
        for piece in LOGGED_IN:
            caller.sendall(piece)
            caller.recv(1 << 16)
        numbers = itertools.count(2)
        count = struct.pack("<BI", 0xFD, columns or 0xFFFFFF)[:4]
        head = [framed(COLUMN, next(numbers) % 256) for _ in range(columns)]
        caller.sendall(
            b"".join([framed(count, 1), *head, *([framed(EOF, next(numbers) % 256)] if head else [])])
        )
        while True:
            caller.sendall(b"".join(framed(more, next(numbers) % 256) for _ in range(2560)))

    return talk


@pytest.mark.parametrize(
    "talk",
    [answers_without_end(0, COLUMN), answers_without_end(100, b"\2ab" * 100)],
    ids=["columns", "short values"],
)
def test_small_pieces_of_an_answer_count_for_what_they_take_here(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_BYTES", 8 << 20)
    tracemalloc.start()
    try:
        with a_stranger(talk) as address:
            told = refusal(address)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "(2020)" in str(told)
    assert peak < 12 << 20


SLOW: dict[str, Talk] = {
    "says nothing": says(hold=True),
    "says half a greeting": says(greeting()[:30], hold=True),
    "greets and falls silent": says(greeting(), hold=True),
    "announces 16 MB": says(b"\xff\xff\xff\0", hold=True),
    "announces 16 MB as an answer": says(*LOGGED_IN, b"\xff\xff\xff\1", hold=True),
    "trickles": trickles,
    "floods": floods,
}


def test_hostile_server_delays_the_client_no_longer_than_the_timeouts() -> None:
    """One waits for the greeting, one for the login's answer, one for more bytes that come one by one."""

    def tell(case: str) -> tuple[str, GoneawayError, float]:
        with a_stranger(SLOW[case]) as address:
            with Stopwatch() as watch:
                told = refusal(address)
            return case, told, watch.seconds

    with ThreadPoolExecutor(len(SLOW)) as pool:
        for case, told, seconds in pool.map(tell, SLOW):
            assert isinstance(told, SourceError), case
            assert seconds < ANSWER_SECONDS + 1 + 2, f"{case}: {seconds:.1f} s"


def test_password_is_never_sent_in_clear_text_to_a_server_that_asks_for_it() -> None:
    for plugin in (b"mysql_clear_password\0", b"dialog\0\x04Password: "):
        heard: list[bytes] = []

        def ask(caller: socket.socket, plugin: bytes = plugin, heard: list[bytes] = heard) -> None:
            caller.sendall(greeting())
            caller.recv(1 << 16)
            caller.sendall(framed(b"\xfe" + plugin, 2))
            while piece := caller.recv(1 << 16):
                heard.append(piece)

        with a_stranger(ask) as address:
            refusal(address)

        assert SECRET.encode() not in b"".join(heard)


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
def test_without_tls_an_unverified_server_key_is_not_trusted(mysql97: RealServer, plugin: str) -> None:
    run(
        mysql97,
        "DROP USER IF EXISTS stranger",
        f"CREATE USER stranger IDENTIFIED WITH {plugin} BY '{SECRET}'",
    )
    told = refusal(at(mysql97, user="stranger", password=SECRET, ssl_mode="DISABLED"))
    run(mysql97, "DROP USER stranger")

    assert isinstance(told, AccessDenied)
    assert "its identity is not verified (2061)" in str(told)
    assert "VERIFY_CA" in told.hint


@pytest.mark.parametrize("held", ["a key of its own", "no key"])
def test_password_is_never_encrypted_with_the_key_of_an_unverified_server(held: str) -> None:
    heard: list[bytes] = []
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def ask(caller: socket.socket) -> None:
        caller.sendall(greeting(b"caching_sha2_password"))
        caller.recv(1 << 16)
        caller.sendall(framed(b"\1\4", 2) + (framed(b"\1" + pem, 4) if held == "a key of its own" else b""))
        while piece := caller.recv(1 << 16):
            heard.append(piece)

    with a_stranger(ask) as address:
        told = refusal(address)

    assert "(2061)" in str(told)
    assert [] == heard


@pytest.mark.parametrize(("mode", "switch"), [("REQUIRED", False), ("PREFERRED", False), ("REQUIRED", True)])
@pytest.mark.parametrize("plugin", [b"mysql_clear_password\0", b"dialog\0\x04Password: "])
def test_clear_text_goes_to_an_unverified_certificate_only_by_a_switch(
    mysql97: RealServer,
    plugin: bytes,
    mode: str,
    switch: bool,  # noqa: FBT001
) -> None:
    heard: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(mysql97.datadir / "server-cert.pem", mysql97.datadir / "server-key.pem")

    def ask(caller: socket.socket) -> None:
        caller.sendall(greeting(capabilities=CAPABILITIES | 0x800))
        caller.recv(36)
        with context.wrap_socket(caller, server_side=True) as private:
            private.recv(1 << 16)
            private.sendall(framed(b"\xfe" + plugin, 3))
            while piece := private.recv(1 << 16):
                heard.append(piece)

    with a_stranger(ask) as address:
        told = refusal(replace(address, ssl_mode=mode, enable_cleartext_plugin=switch))

    assert switch == (SECRET.encode() in b"".join(heard))
    assert switch or "(2061)" in str(told)


def test_no_noise_raises_anything_but_a_source_error() -> None:
    """Random bytes, and random packets well framed, at every step of a conversation."""
    noise = random.Random(20261123)
    script: list[bytes] = []

    def talk(caller: socket.socket) -> None:
        says(*script)(caller)

    with a_stranger(talk) as address:
        for turn in range(300):
            known = LOGGED_IN[: turn % 4]
            size = noise.choice((0, 1, 2, 5, 9, 40, 300))
            payload = bytes([noise.choice((0, 1, 2, 0xFB, 0xFE, 0xFF))]) + noise.randbytes(size)
            number = {0: 0, 1: 2}.get(len(known), 1)
            again = framed(noise.randbytes(size), number + 1)
            script[:] = [*known, payload if turn % 8 == 7 else framed(payload, number) + again]
            with pytest.raises(SourceError) as told:
                look(address)
            assert_tellable(told.value)


def test_expired_connection_ends_its_pending_reads(long_answer_timeout: None) -> None:
    with a_stranger(says(*LOGGED_IN, hold=True)) as address:
        line = ServerSocket()
        connection = Connection(address, line)
        began = time.monotonic()
        with line.within(0.2), pytest.raises(TooSlow) as told:
            connection.rows(said("SELECT 1"))
        connection.close()

    assert_tellable(told.value)
    assert time.monotonic() - began < PATIENCE


def test_printing_a_source_never_prints_its_password() -> None:
    with a_stranger(says(*LOGGED_IN, hold=True)) as address:
        line = ServerSocket()
        connection = Connection(address, line)
        source = LiveSource(address, time.time)
        printed = f"{address!r} {address} {connection!r} {connection} {source!r} {source.name} {line!r}"
        connection.close()
        source.close()

    assert SECRET not in printed
    assert str(os.getpid()) not in address.name
