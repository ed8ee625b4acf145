"""A server that is none: it speaks the protocol and answers from a script, as a service would that is not at hand."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Self

from goneaway_tui.source.sockets import Address

Value = str | bytes | int | float | None
Script = Sequence[tuple[str, "Iterable[Sequence[Value]] | tuple[int, str]"]]
"""The first row whose text is in a statement answers it: with rows, or with an error's number and message."""

CAPABILITIES = 0x0008A201 | 0x0200
"""Long passwords, protocol 4.1, transactions, secure connections, pluggable authentication; no TLS."""
DOUBLE, LONGLONG, VAR_STRING = 5, 8, 253
SALT = b"12345678" + b"901234567890"


class Impostor:
    """Lets everybody in. `heard` has every statement."""

    def __init__(self, banner: str, script: Script) -> None:
        self._banner = banner
        self._script = script
        self._door = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._door]
        self.heard: list[str] = []

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self._door.getsockname()[1], "dba", ssl_mode="DISABLED")

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError), client.makefile("rb") as lines:
            self._send(client, 0, [self._greeting()])
            _packet(lines)
            self._send(client, 2, [OK])
            while (command := _packet(lines))[:1] != b"\x01":
                self._send(client, 1, self._answer(command))

    def _greeting(self) -> bytes:
        low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
        return (
            b"\x0a" + self._banner.encode() + b"\0" + struct.pack("<I", 8) + SALT[:8] + b"\0"
            + struct.pack("<HBHHB", low, 45, 2, high, len(SALT) + 1) + b"\0" * 10 + SALT[8:] + b"\0"
            + b"mysql_native_password\0"
        )  # fmt: skip

    def _answer(self, command: bytes) -> list[bytes]:
        statement = command[1:].decode("utf-8", "replace")
        if command[:1] != b"\x03" or statement.upper().startswith("SET "):
            return [OK]
        self.heard.append(statement)
        answer = next((said for text, said in self._script if text in statement), (1146, "no such table"))
        match answer:
            case (int(number), str(message)):
                return [b"\xff" + struct.pack("<H", number) + b"#HY000" + message.encode()]
        return result([tuple(row) for row in answer])

    def _send(self, client: socket.socket, first: int, packets: Iterable[bytes]) -> None:
        client.sendall(
            b"".join(
                struct.pack("<I", len(each))[:3] + bytes([(first + at) % 256]) + each
                for at, each in enumerate(packets)
            )
        )


OK = b"\0\0\0\x02\0\0\0"
EOF = b"\xfe\0\0\x02\0"


def _packet(lines: object) -> bytes:
    head = lines.read(4)  # type: ignore[attr-defined]
    if len(head) < 4:
        raise EOFError
    body: bytes = lines.read(int.from_bytes(head[:3], "little"))  # type: ignore[attr-defined]
    return body


def result(rows: list[tuple[Value, ...]], names: Sequence[str] = ()) -> list[bytes]:
    width = len(rows[0]) if rows else 1
    names = [*names, *["c"] * width][:width]
    kinds = [_kind([row[at] for row in rows]) for at in range(width)]
    columns = [
        _text("def") + _text("") * 3 + _text(name) * 2 + struct.pack("<BHIBHBH", 12, 45, 1024, kind, 0, 0, 0)
        for kind, name in zip(kinds, names, strict=True)
    ]
    body = [
        b"".join(
            b"\xfb" if cell is None else _text(cell if isinstance(cell, bytes) else str(cell)) for cell in row
        )
        for row in rows
    ]
    return [bytes([width]), *columns, EOF, *body, EOF]


def _kind(cells: list[Value]) -> int:
    told = [cell for cell in cells if cell is not None]
    if told and all(isinstance(cell, int) for cell in told):
        return LONGLONG
    return DOUBLE if told and all(isinstance(cell, int | float) for cell in told) else VAR_STRING


def _text(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    if len(data) < 251:
        return bytes([len(data)]) + data
    return (
        b"\xfc" + struct.pack("<H", len(data))
        if len(data) < 1 << 16
        else b"\xfd" + struct.pack("<I", len(data))[:3]
    ) + data
