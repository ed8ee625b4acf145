"""Older servers, as a newer one that refuses what they did not have: rules as data, each with its source.

    with Older(server, OLDER["MySQL 5.7.9"]) as older:
        LiveSource(older.address, clock)

It stands between a program and a real server and passes everything on, but statements that an older server would not
understand: those are answered with the error that it gives. What a version only answers otherwise is not here.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from goneaway_tui.source.sockets import Address
from tests.servers.private import Name, RealServer

QUERY: Final = b"\x03"
WAYS: Final = 16
"""Conversations that may wait at the door."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an older server does not understand."""

    pattern: str
    """Found anywhere in a statement, whatever its case."""
    number: int
    message: str
    source: str
    """Where that is said."""

    def fits(self, statement: str) -> bool:
        return re.search(self.pattern, statement, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Version:
    """One older server."""

    banner: str
    """What VERSION() says there."""
    over: Name
    """The newer server that it is told over."""
    rules: tuple[Rule, ...]
    arguments: tuple[str, ...] = ()
    """How the newer one is to be started, so that its settings are the older one's defaults."""


REFMAN: Final = "dev.mysql.com/doc/refman/"
TABLE_ABSENT: Final = "Table doesn't exist"

_AGGREGATE: Final = Rule(
    r"\bJSON_ARRAYAGG\(",
    1046,
    "No database selected",
    f"{REFMAN}5.7/en/aggregate-functions.html: added in 5.7.22; seen on 5.7.18: 1046 without a default database",
)
_PERSIST: Final = (
    Rule(
        r"@@GLOBAL\.persisted_globals_load\b",
        1193,
        "Unknown system variable 'persisted_globals_load'",
        f"{REFMAN}8.0/en/persisted-system-variables.html: new in 8.0",
    ),
    Rule(r"^(?:RE)?SET PERSIST\b", 1064, "You have an error in your SQL syntax", "the same page"),
    Rule(
        r"performance_schema\.(?:variables_info|persisted_variables)\b",
        1146,
        TABLE_ABSENT,
        f"{REFMAN}5.7/en/performance-schema-table-reference.html: not in the list",
    ),
)
_ERRORS: Final = Rule(
    r"performance_schema\.events_errors_summary_",
    1146,
    TABLE_ABSENT,
    f"{REFMAN}5.7/en/performance-schema-table-reference.html: not in the list",
)
_LISTS: Final = (
    Rule(
        r"performance_schema\.processlist\b",
        1146,
        TABLE_ABSENT,
        f"{REFMAN}8.0/en/performance-schema-processlist-table.html: since 8.0.22",
    ),
    Rule(
        r"performance_schema\.error_log\b",
        1146,
        TABLE_ABSENT,
        f"{REFMAN}8.0/en/performance-schema-error-log-table.html: since 8.0.22",
    ),
    Rule(
        r"^SHOW REPLICA(?:S| STATUS)\b",
        1064,
        "You have an error in your SQL syntax",
        f"{REFMAN}8.0/en/show-replicas.html: since 8.0.22",
    ),
)
_DOOR: Final = Rule(
    r"@@GLOBAL\.admin_(?:address|port)\b",
    1193,
    "Unknown system variable 'admin_address'",
    f"{REFMAN}8.0/en/server-system-variables.html: admin_address since 8.0.14",
)
_HANDLER: Final = (
    "--performance-schema-instrument=transaction=OFF",
    "--performance-schema-consumer-events-transactions-current=OFF",
)
"""Transactions are no events by default on 5.7: refman 5.7, performance-schema-transaction-tables.html."""

_LEVEL: Final = Rule(
    r"\bNESTING_EVENT_LEVEL\b",
    1054,
    "Unknown column 'e.NESTING_EVENT_LEVEL' in 'on clause'",
    "mariadb.com/kb/en/performance-schema-events_statements_current-table/: since 10.5.2",
)
_PATH: Final = Rule(
    r"\bGLOBAL_VALUE_PATH\b",
    1054,
    "Unknown column 'GLOBAL_VALUE_PATH' in 'field list'",
    "mariadb.com/kb/en/information-schema-system_variables-table/: since 10.5.0",
)
_MARIADB_AGGREGATE: Final = Rule(
    r"\bJSON_ARRAYAGG\(",
    1046,
    "No database selected",
    "mariadb.com/kb/en/json_arrayagg/: since 10.5.0",
)
_UID: Final = Rule(
    r"@@GLOBAL\.server_uid\b",
    1193,
    "Unknown system variable 'server_uid'",
    "mariadb.com/kb/en/server-system-variables/: since 10.5.26",
)

_LAST_OF_5_7: Final = (*_PERSIST, _ERRORS, *_LISTS, _DOOR)
_BEFORE_10_5: Final = (_LEVEL, _PATH, _MARIADB_AGGREGATE, _UID)
OLDER: Final[dict[str, Version]] = {
    "MySQL 5.7.9": Version("5.7.9", "mysql97", (_AGGREGATE, *_LAST_OF_5_7), _HANDLER),
    "MySQL 5.7.21": Version("5.7.21-log", "mysql97", (_AGGREGATE, *_LAST_OF_5_7), _HANDLER),
    "MySQL 5.7.44": Version("5.7.44", "mysql97", _LAST_OF_5_7, _HANDLER),
    "MySQL 8.0.11": Version("8.0.11", "mysql97", (*_LISTS, _DOOR)),
    "MySQL 8.0.20": Version("8.0.20", "mysql97", _LISTS),
    "MySQL 8.0.23": Version("8.0.23", "mysql97", ()),
    "MariaDB 10.3": Version("5.5.5-10.3.39-MariaDB", "mariadb105", _BEFORE_10_5),
    "MariaDB 10.4": Version("5.5.5-10.4.34-MariaDB", "mariadb105", _BEFORE_10_5),
}


class Older:
    """A way to a real server on which it is an older one, unencrypted."""

    def __init__(self, server: RealServer, version: Version, more: Sequence[Rule] = ()) -> None:
        """`more` rules go before those of the version."""
        self._server = server
        self._banner = version.banner
        self._rules = (*more, *version.rules)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=WAYS)
        self._open: list[socket.socket] = [self._door]
        self.refused: list[str] = []
        """The statements that were not passed on."""

    @property
    def port(self) -> int:
        return int(self._door.getsockname()[1])

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port, "root", ssl_mode="DISABLED")

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
                server = socket.create_connection(("127.0.0.1", self._server.port))
                self._open += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the program says, a packet at a time: it waits for each answer."""
        with suppress(OSError), client.makefile("rb") as said:
            while len(head := said.read(4)) == 4:
                body = said.read(int.from_bytes(head[:3], "little"))
                if head[3] == 0 and body[:1] == QUERY:
                    statement = body[1:].decode("utf-8", "replace")
                    rule = next((rule for rule in self._rules if rule.fits(statement)), None)
                    if rule is not None:
                        self.refused.append(statement)
                        client.sendall(_packet(1, _error(rule)))
                        continue
                    body = QUERY + statement.replace("VERSION()", f"'{self._banner}'").encode()
                server.sendall(_packet(head[3], body))
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


def exactly(statement: str, number: int) -> Rule:
    """A rule that refuses one statement of ours, whatever is bound to it."""
    pattern = ".+?".join(re.escape(part) for part in statement.split("%s"))
    return Rule(rf"(?s)\A{pattern}\Z", number, "not here", "made up")


def _error(rule: Rule) -> bytes:
    return b"\xff" + struct.pack("<H", rule.number) + b"#HY000" + rule.message.encode()


def _packet(number: int, body: bytes) -> bytes:
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body
