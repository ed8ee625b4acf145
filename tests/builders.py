"""Facts for tests: sensible defaults plus the one field a test is about.

a_session(idle_for=20)      a_sample(sessions=[...], variables={"wait_timeout": 30})      a_snapshot([a_session()])
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from goneaway_tui.judge import judge
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour, Server, Variable
from goneaway_tui.model.session import ProcesslistId, Session, Transaction
from goneaway_tui.model.snapshot import RiskThresholds, Snapshot, Verdict

NOW = 1795459202.5
"""2026-11-23T18:40:02.500Z, when every sample here is taken unless it says otherwise."""

SERVER = Server(
    Flavour.MYSQL, "9.7.4", "9.7.4 MySQL Community Server - GPL", "db-01", 3306, uptime=3_542_407.0
)

SESSION = Session(
    ProcesslistId(4711),
    user="shop",
    host="web-3:51234",
    db="shop",
    command="Sleep",
    statement="SELECT 1",
    program="gunicorn",
    client="libmysql 9.7.4",
    idle_since=NOW - 12.25,
    own_limit=28_800,
)

VARIABLES = {
    "wait_timeout": Variable("wait_timeout", 28_800, 1, 31_536_000, "compiled"),
    "interactive_timeout": Variable("interactive_timeout", 28_800, 1, 31_536_000, "compiled"),
    "max_allowed_packet": Variable("max_allowed_packet", 67_108_864, 1024, 1_073_741_824, "compiled"),
    "connect_timeout": Variable("connect_timeout", 10, 2, 31_536_000, "compiled"),
    "max_connections": Variable("max_connections", 151, 1, 100_000, "compiled"),
}

COUNTERS = {"aborted_clients": 3, "aborted_connects": 0, "threads_connected": 1}


def a_server(**fields: Any) -> Server:
    return replace(SERVER, **fields)


def a_transaction(**fields: Any) -> Transaction:
    """One that began three seconds ago and wrote three rows."""
    return replace(Transaction(started=NOW - 3.25, rows_modified=3, rows_locked=1), **fields)


def a_session(*, idle_for: float | None = None, **fields: Any) -> Session:
    """Idle for 12.25 s, with its own limit of 8 h. `idle_for` counts back from NOW; a command other than Sleep has no idle clock."""
    if idle_for is not None:
        fields["idle_since"] = NOW - idle_for
    elif fields.get("command", "Sleep") != "Sleep":
        fields.setdefault("idle_since", None)
    return replace(SESSION, **fields)


def a_wait(waiter: int, *holders: int, waited: float = 48.0, **fields: Any) -> LockWait:
    """A wait for a row of shop.orders that began `waited` seconds before NOW; each row has its own `queue`."""
    lock = fields.pop("lock", Lock(LockKind.ROW, "shop.orders", "PRIMARY", "X,REC_NOT_GAP"))
    ids = tuple(map(ProcesslistId, holders))
    return LockWait(ProcesslistId(waiter), ids, lock, NOW - waited, fields.pop("queue", "row 1"))


def a_sample(
    sessions: Iterable[Session] | None = None,
    *,
    variables: Mapping[str, float | Variable] | None = None,
    counters: Mapping[str, int] | None = None,
    **fields: Any,
) -> Sample:
    """One session on a MySQL server with compiled defaults; `variables` and `counters` are changed or added by name."""
    known = dict(VARIABLES)
    for name, value in (variables or {}).items():
        known[name] = (
            value
            if isinstance(value, Variable)
            else replace(known.get(name, Variable(name, None)), value=value, set_by="dynamic")
        )
    return replace(
        Sample(
            NOW,
            SERVER,
            (SESSION,) if sessions is None else tuple(sessions),
            tuple(known.values()),
            tuple({**COUNTERS, **(counters or {})}.items()),
        ),
        **fields,
    )


def a_snapshot(
    sessions: Iterable[Session] | None = None,
    *,
    previous: Snapshot | None = None,
    policy: RiskThresholds | None = None,
    **fields: Any,
) -> Snapshot:
    """`a_sample` of the same arguments, judged."""
    return judge(a_sample(sessions, **fields), previous, policy)


def a_verdict(session: Session | None = None, **fields: Any) -> Verdict:
    """The verdict on one session; `fields` overrule it."""
    return replace(a_snapshot([session or SESSION]).verdicts[0], **fields)


def a_snapshot_of_verdicts(verdicts: Iterable[Verdict]) -> Snapshot:
    """A snapshot of these verdicts, each of a session of its own."""
    apart = tuple(
        replace(verdict, session=replace(verdict.session, id=ProcesslistId(number)))
        for number, verdict in enumerate(verdicts, 1)
    )
    return Snapshot(a_sample([verdict.session for verdict in apart]), apart)
