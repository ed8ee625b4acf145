"""One snapshot with every risk, every basis, open transactions and the text of enemies."""

from __future__ import annotations

from dataclasses import replace

from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import ProcesslistId, Role
from goneaway_tui.model.snapshot import Basis, Limit, Snapshot
from tests.builders import NOW, a_server, a_session, a_snapshot, a_transaction

HOSTILE = (
    "\x1b[2J\x9b31m\u202egpj.exe [red]bold[/] <script>alert('&')</script> | `x` ﷽ \ud800 \x00 \n\r\t end"
)

SESSIONS = (
    a_session(id=4711, idle_for=3588.25, own_limit=3600, transaction=a_transaction()),
    a_session(
        id=4802, user="etl", host="job-1:40112", db="dw", program="python", idle_for=28_321, own_limit=None
    ),
    a_session(id=12, user="late", idle_for=63.5, own_limit=60, transaction=a_transaction(rows_modified=1)),
    a_session(id=13, user="soon", idle_for=3300, own_limit=3600, transaction=a_transaction(rows_modified=0)),
    a_session(
        id=14,
        user="reader",
        own_limit=5400,
        idle_for=7.001,
        transaction=a_transaction(started=None, rows_modified=None, rows_locked=None, read_only=True),
    ),
    a_session(
        id=15,
        user="busy",
        command="Query",
        state="Sending data",
        statement="SELECT\n  SLEEP(9)",
        busy_since=NOW - 12.5,
    ),
    a_session(id=16, user="outlived", own_limit=None, idle_for=30_000),
    a_session(id=17, user="learned", own_limit=None, idle_for=100),
    a_session(
        id=18, user="year", own_limit=31_536_000, idle_for=274_329, db=None, program=None, statement=None
    ),
    a_session(
        id=19, user="event_scheduler", host="localhost", command="Daemon", role=Role.DAEMON, own_limit=None
    ),
    a_session(id=20, user="monitor", program="goneaway-tui", own=True),
    a_session(
        id=21, user="unauthenticated user", command="Connect", role=Role.LOGIN, own_limit=None, idle_for=4
    ),
    a_session(
        id=22, user="=cmd()", host="@SUM(1+1)*cmd|' /C calc'!A0", db="-1", program=" \t+1", statement=HOSTILE
    ),
    a_session(id=23, user=HOSTILE, host=HOSTILE, db=HOSTILE, program=HOSTILE, command="Sleep", state=HOSTILE),
    a_session(
        id=24,
        user="商店",
        host="网络-3:51234",
        db="データ",
        program="한국어",
        statement="SELECT '商品' FROM 店",
    ),
    a_session(
        id=18_446_744_073_709_551_615, user="u" * 32, host="h" * 255, db="d" * 64, statement="s" * 5000
    ),
)


def rich_snapshot() -> Snapshot:
    judged = a_snapshot(
        SESSIONS,
        server=a_server(own_session_ids=(20,)),
        counters={"aborted_clients": 1234, "uptime": 3_542_407},
        variables={"max_allowed_packet": 16_776_192, "innodb_lock_wait_timeout": 50},
        lock_waits=(
            LockWait(ProcesslistId(15), (ProcesslistId(12),), Lock(LockKind.ROW, "shop.cart"), NOW - 12.125),
        ),
        limitations=(
            Limitation(
                "the rows a transaction holds", "the account lacks PROCESS", "GRANT PROCESS ON *.* TO `m`@`%`"
            ),
            Limitation(f"program names {HOSTILE}", "performance_schema is <off>"),
        ),
    )
    learned = Limit(600, "wait_timeout", Basis.LEARNED, "three of its kin left after 600 s")
    return replace(
        judged,
        verdicts=tuple(
            replace(v, limit=learned, deadline=NOW + 500) if v.session.user == "learned" else v
            for v in judged.verdicts
        ),
    )
