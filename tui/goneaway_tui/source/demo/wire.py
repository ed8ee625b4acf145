"""Connections to the private server: by socket, without a password, leaking nothing when they fail."""

from __future__ import annotations

import socket as sockets
from typing import Any, TypeAlias

from pymysql.connections import Connection

SECONDS = 10.0
"""How long one answer may take; longer than any statement of the demo."""

Wire: TypeAlias = "Connection[Any]"


def connect(socket: str, user: str, program: str, database: str | None = None, client_flag: int = 0) -> Wire:
    """Log in. Raises pymysql.MySQLError or OSError.

    The socket is opened here because PyMySQL drops its own without closing it when nobody answers.
    """
    wire: Wire = Connection(
        unix_socket=socket,
        user=user,
        database=database,
        charset="utf8mb4",
        autocommit=True,
        client_flag=client_flag,
        read_timeout=SECONDS,
        write_timeout=SECONDS,
        program_name=program,
        defer_connect=True,
    )
    line = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
    try:
        line.settimeout(SECONDS)
        line.connect(socket)
        wire.connect(line)
    except BaseException:
        line.close()
        raise
    return wire


def run(wire: Wire, statement: str, *values: object) -> None:
    """Run a statement for what it does."""
    with wire.cursor() as cursor:
        cursor.execute(statement, values or None)
