"""How the error logs beside this file were made: `python -m tests.unit.doctor.logs.provoke NAME OUT [option ...]`.

One private server suffers everything that ends a session, in the order of the lines below; then its error log is
copied to OUT (and its JSON log to OUT.00.json). Kept are the lines that speak of sessions, of starting and of ending,
with the server's own paths shortened. The options were:

    mysql97.err, mysql97.00.json   '--log-error-services=log_filter_internal; log_sink_internal; log_sink_json'
                                   (log_error_verbosity=3, as for every private server)
    mariadb1011-warnings2.err      none: log_warnings=2 is the default
    mariadb1011-warnings4.err, mariadb118-warnings4.err    --log-warnings=4
    mariadb1011-zh_CN.err, mariadb1011-da_DK.err           --log-warnings=4 --lc-messages=zh_CN (da_DK)
    mysql97-ru_RU.err                                      --lc-messages=ru_RU
                                   (each with --lc-messages-dir= the program's own share)
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pymysql

from tests.servers.private import NAMES, RealServer, Servers

LIMITS = (
    "--net-write-timeout=2",
    "--net-read-timeout=2",
    "--connect-timeout=2",
    "--max-allowed-packet=1M",
    "--max-connections=14",
)


def tried(act: Callable[[], object]) -> None:
    with suppress(pymysql.Error, OSError):
        act()


def provoke(server: RealServer) -> None:
    admin = server.connect()
    rule = admin.cursor()
    rule.execute("CREATE USER app@'%' IDENTIFIED BY 'x'")
    rule.execute("GRANT ALL ON *.* TO app@'%'")
    rule.execute("CREATE DATABASE shop")

    def application(**options: Any) -> Any:
        return server.connect(user="app", password="x", database="shop", **options)

    def while_asleep(session: Any, end: str) -> None:
        asleep = threading.Thread(target=tried, args=[lambda: session.query("SELECT SLEEP(5)")])
        asleep.start()
        time.sleep(0.5)
        rule.execute(f"{end} {session.thread_id()}")
        asleep.join()

    idle = application()
    idle.query("SET wait_timeout=1")
    time.sleep(1.5)
    killed_idle = application()
    rule.execute(f"KILL {killed_idle.thread_id()}")
    time.sleep(0.3)
    while_asleep(application(), "KILL")
    survivor = application()
    while_asleep(survivor, "KILL QUERY")
    survivor.close()
    tried(lambda: application().query("SELECT LENGTH('" + "x" * 1_100_000 + "')"))
    time.sleep(0.3)
    application()._force_close()
    time.sleep(0.5)
    lost_in_flight = application()
    lost_in_flight._execute_command(3, "SELECT SLEEP(1)")
    lost_in_flight._force_close()
    time.sleep(1.5)
    half_sent = application()
    half_sent.query("SET wait_timeout=1")
    half_sent._sock.sendall(b"\x40\x00")
    time.sleep(2.5)
    slow = application()
    slow._execute_command(
        3, "SELECT REPEAT('y', 900000) FROM information_schema.columns a, information_schema.columns b"
    )
    time.sleep(7)
    slow._force_close()
    time.sleep(0.5)
    if "mariadb" in server.name:
        limited = application()
        limited.query("SET max_statement_time=0.5")
        tried(lambda: limited.query("SELECT SLEEP(3)"))
        limited.close()
        dallying = application()
        for statement in (
            "SET idle_transaction_timeout=1",
            "CREATE TABLE t (a INT)",
            "BEGIN",
            "INSERT INTO t VALUES (1)",
        ):
            dallying.query(statement)
        time.sleep(1.6)
    tried(lambda: server.connect(user="app", password="no"))
    mute = socket.create_connection(("127.0.0.1", server.port))
    time.sleep(2.6)
    mute.close()
    junk = socket.create_connection(("127.0.0.1", server.port))
    junk.recv(100)
    junk.sendall(b"GET / HTTP/1.0\r\n\r\n")
    time.sleep(0.3)
    junk.close()
    crowd: list[Any] = []
    tried(lambda: crowd.extend(application() for _ in range(30)))
    for one in crowd:
        one.close()
    time.sleep(0.3)

    witnesses = [application()]
    tried(lambda: application().query("SHUTDOWN"))
    await_end(server)
    server.start()
    witnesses.append(application())
    server.stop()
    server.start()
    witnesses.append(application())
    witnesses[-1].query("CREATE TABLE u (a INT)")
    server.kill()
    server.start()
    witnesses.append(application())
    os.kill(server.pid or 0, signal.SIGSEGV)
    await_end(server)
    server.start()


def await_end(server: RealServer) -> None:
    while server.pid and Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.1)
    server.kill()


def main() -> None:
    name, out, *options = sys.argv[1:]
    kind = next(each for each in NAMES if each == name)
    with Servers() as servers, servers.run(kind, *LIMITS, *options) as server:
        provoke(server)
        for log in server.log.parent.glob("error.log*"):
            Path(out + log.name.removeprefix("error.log")).write_bytes(log.read_bytes())


if __name__ == "__main__":
    main()
