"""What a hostile server hears of the password, whatever it asks for while we log in."""

from __future__ import annotations

import os
import pwd
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from goneaway_tui.errors import GoneawayError
from goneaway_tui.source import authentication
from goneaway_tui.source.authentication import is_trusted_peer
from goneaway_tui.source.connection import Connection
from goneaway_tui.source.sockets import Address
from tests.waiting import FAR

SECRET = "s3cr3tpw"
SALT = b"12345678901234567890"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
GIVEN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CAPABILITIES = 0x0008A201 | 0x200000


def framed(payload: bytes, number: int) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def greeting(plugin: str) -> bytes:
    return framed(
        b"\x0a8.4.0\0" + struct.pack("<I", 8) + SALT[:8] + b"\0"
        + struct.pack("<HBHHB", CAPABILITIES & 0xFFFF, 45, 2, CAPABILITIES >> 16, 21)
        + b"\0" * 10 + SALT[8:] + b"\0" + plugin.encode() + b"\0",
        0,
    )  # fmt: skip


def switch(plugin: str, data: bytes = SALT + b"\0") -> bytes:
    return b"\xfe" + plugin.encode() + b"\0" + data


def opened(sealed: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """What was sent under the key; empty where nothing was."""
    try:
        message = key.decrypt(sealed, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    except ValueError:
        return b""
    return bytes(byte ^ SALT[place % 20] for place, byte in enumerate(message))


class Heard:
    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def says(self, key: rsa.RSAPrivateKey | None = None) -> bool:
        """Whether the password came in clear text, or under that key."""
        seen = self.packets if key is None else [opened(packet, key) for packet in self.packets]
        return any(SECRET.encode() in packet for packet in seen)


@contextmanager
def hostile(
    plugin: str, answers: Sequence[bytes], path: Path | None = None
) -> Iterator[tuple[Address, Heard]]:
    """A server without TLS that sends these packets in turn, one for each packet of ours."""
    heard = Heard()
    if path is None:
        listener = socket.create_server(("127.0.0.1", 0))
        address = Address("127.0.0.1", listener.getsockname()[1], "dba", SECRET, connect_timeout=FAR)
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        address = Address("localhost", 3306, "dba", SECRET, socket=str(path), connect_timeout=FAR)

    def serve() -> None:
        with suppress(OSError, EOFError):
            caller, _ = listener.accept()
            with caller, caller.makefile("rb") as stream:
                caller.sendall(greeting(plugin))
                for answer in [*answers, None]:
                    head = stream.read(4)
                    heard.packets.append(stream.read(int.from_bytes(head[:3], "little")))
                    if answer is None or not head:
                        return
                    caller.sendall(framed(answer, (head[3] + 1) % 256))

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield address, heard
    finally:
        # Not before it has heard all that was sent.
        server.join(FAR)
        listener.close()


def log_in(address: Address) -> str:
    """What is said of the login that failed."""
    with pytest.raises(GoneawayError) as told:
        Connection(address)
    return str(told.value)


@pytest.fixture
def given(tmp_path: Path) -> str:
    path = tmp_path / "given.pem"
    path.write_bytes(GIVEN.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(path)


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on whoever listens is another user."""
    monkeypatch.setattr(authentication, "ROOT", -1)
    monkeypatch.setattr(authentication, "SERVER_ACCOUNTS", ())
    monkeypatch.setattr(os, "geteuid", lambda: 4711)


@pytest.mark.parametrize("mode", ["PREFERRED", "DISABLED"])
@pytest.mark.parametrize("more", [b"\0", b"z", b"A" * 1000])
@pytest.mark.parametrize("is_switched", [False, True])
def test_more_than_the_two_bytes_of_full_authentication_gets_no_password(
    mode: str,
    more: bytes,
    is_switched: bool,  # noqa: FBT001
) -> None:
    plugin = "sha256_password" if is_switched else "caching_sha2_password"
    answers = [switch("caching_sha2_password")] * is_switched + [b"\1\4" + more, b"\1" + PEM]
    with hostile(plugin, answers) as (address, heard):
        told = log_in(replace(address, ssl_mode=mode))

    assert not heard.says(KEY)
    assert not heard.says()
    assert "authentication protocol" in told


@pytest.mark.parametrize("answer", [b"\1", b"\1\2", b"\1\5", b"\1\3\0"])
def test_no_other_answer_of_caching_sha2_is_followed(answer: bytes) -> None:
    with hostile("caching_sha2_password", [answer, b"\1" + PEM]) as (address, heard):
        told = log_in(replace(address, get_server_public_key=True))

    assert not heard.says(KEY)
    assert "authentication protocol" in told


def test_a_refusal_by_the_server_is_passed_on() -> None:
    refused = b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"
    with hostile("caching_sha2_password", [switch("caching_sha2_password"), refused]) as (address, _heard):
        assert "1045" in log_in(address)


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
@pytest.mark.parametrize("is_switched", [False, True])
def test_beside_a_given_key_no_other_is_used(
    plugin: str,
    given: str,
    is_switched: bool,  # noqa: FBT001
) -> None:
    full = [b"\1\4"] if plugin == "caching_sha2_password" else []
    answers = [switch(plugin)] * is_switched + full + [b"\1" + PEM] * 3
    with hostile("mysql_native_password" if is_switched else plugin, answers) as (address, heard):
        log_in(replace(address, server_public_key_path=given))

    assert not heard.says(KEY)
    assert not heard.says()
    assert heard.says(GIVEN)


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
def test_a_key_of_the_server_is_used_where_that_is_asked_for(plugin: str) -> None:
    answers = [b"\1\4", b"\1" + PEM] if plugin == "caching_sha2_password" else [b"\1" + PEM]
    with hostile(plugin, answers) as (address, heard):
        log_in(replace(address, get_server_public_key=True))

    assert heard.says(KEY)


WANTING = {
    "clear": ("mysql_native_password", [switch("mysql_clear_password", b"")]),
    "dialog": ("mysql_native_password", [switch("dialog", b"\4Password: ")]),
    "caching_sha2": ("caching_sha2_password", [b"\1\4", b"\1" + PEM]),
    "sha256": ("sha256_password", [b"\1" + PEM]),
}
"""Servers that want the password itself."""


@pytest.mark.usefixtures("another")
@pytest.mark.parametrize("way", WANTING)
def test_a_socket_of_another_user_gets_no_password(tmp_path: Path, way: str) -> None:
    with hostile(*WANTING[way], tmp_path / "s") as (address, heard):
        told = log_in(address)

    assert not heard.says()
    assert not heard.says(KEY)
    assert "(2061)" in told


@pytest.mark.parametrize("way", WANTING)
def test_a_socket_of_ours_gets_it(tmp_path: Path, way: str) -> None:
    with hostile(*WANTING[way], tmp_path / "s") as (address, heard):
        log_in(address)

    assert heard.says() or heard.says(KEY)


@pytest.mark.usefixtures("another")
@pytest.mark.parametrize("way", ["clear", "dialog", "caching_sha2"])
def test_a_socket_of_another_user_gets_it_by_a_switch(tmp_path: Path, way: str) -> None:
    with hostile(*WANTING[way], tmp_path / "s") as (address, heard):
        log_in(replace(address, enable_cleartext_plugin=True))

    assert heard.says()


@pytest.mark.usefixtures("another")
def test_owner_of_a_folder_is_trusted_where_no_other_user_may_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        monkeypatch.setattr(authentication, "_user", lambda _line, _path: Path("/usr").stat().st_uid)

        assert is_trusted_peer(left, "/usr/s")
        assert not is_trusted_peer(left, "/tmp/s")
        monkeypatch.setattr(authentication, "_user", lambda _line, _path: 65534)
        assert not is_trusted_peer(left, "/usr/s")


@pytest.mark.usefixtures("another")
def test_replication_account_is_accepted_as_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        monkeypatch.setattr(authentication, "SERVER_ACCOUNTS", (pwd.getpwuid(os.getuid()).pw_name,))

        assert is_trusted_peer(left, "/tmp/s")
