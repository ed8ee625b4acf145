"""What each argument weighs, from which figure on, and where it is not used. Two causes are ranked by nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from goneaway_tui.doctor import rules
from goneaway_tui.doctor.case import NO_SERVER, Case, FailingHost, RaisedError, ServerFacts
from goneaway_tui.doctor.rules import Argument, Rule
from goneaway_tui.logs.error_events import ErrorEvent, FailureKind, LogClient
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry
from goneaway_tui.model.session import ProcesslistId
from tests.unit.doctor.test_rules import AT, GONE, KILLED, LOSS

SILENT, REACHED = "had been silent for", "The connection had been idle for"
REFUTED = -100
MYSQLCLIENT = LogClient("mysqlclient", reports_4031=True)
PDO = LogClient("PHP PDO", separates_write_errors=False)
REFUSED = replace(LOSS, code=2003, failures=frozenset({FailureKind.REFUSED}))
LIMIT = {"wait_timeout": 28_800.0}
GIB = 1024**3


def argued(rule: Rule, words: str, event: ErrorEvent, server: ServerFacts = NO_SERVER) -> Argument | None:
    """The argument of a rule that holds these words; None where the rule does not use it."""
    found = [argument for argument in rule(Case(event, server)) if words in argument.text]
    assert len(found) <= 1
    return found[0] if found else None


def weight(rule: Rule, words: str, event: ErrorEvent, server: ServerFacts = NO_SERVER) -> int | None:
    found = argued(rule, words, event, server)
    return None if found is None else found.weight


def loss(*failures: FailureKind, **fields: Any) -> ErrorEvent:
    return replace(LOSS, failures=frozenset(failures), **fields)


def gone(*failures: FailureKind, **fields: Any) -> ErrorEvent:
    return replace(GONE, failures=frozenset(failures), **fields)


def up(seconds: float, **fields: Any) -> ServerFacts:
    """A server that had been up for so many seconds at the error; it started afterwards where they are below 0."""
    return ServerFacts(started_at=AT - seconds, **{"limits": LIMIT, **fields})


def counted(code: int, number: int, **fields: Any) -> ServerFacts:
    return ServerFacts(counts_errors=True, errors=(RaisedError(code, number),) if number else (), **fields)


MANNERS = [
    (loss(FailureKind.BETWEEN), 4, "no statement was running"),
    (gone(FailureKind.BETWEEN, used_after_close=True), 4, "no statement was running"),
    (replace(LOSS, client=PDO), 4, "by far the most frequent cause"),
    (replace(GONE, client=PDO, used_after_close=True), 4, "by far the most frequent cause"),
    (GONE, 4, "already closed when the client sent its next statement"),
    (gone(FailureKind.EOF, used_after_close=True), 4, "already closed when the client sent its next statement"),
    (loss(used_after_close=True), 3, "The driver found the connection closed"),
    (loss(FailureKind.EOF, used_after_close=True, client=MYSQLCLIENT), 3, "The driver found the connection closed"),
    (loss(client=MYSQLCLIENT), 1, "close an idle session without an error message"),
    (loss(FailureKind.RESET, client=MYSQLCLIENT), 3, "The client notices only at its next statement"),
    (loss(FailureKind.EOF), 2, "MySQL before 8.0.24 ends an idle session this way"),
    (LOSS, 3, "The client notices only at its next statement"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "expected", "words"), MANNERS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_the_manner_of_a_loss_is_weighed_once_for_an_idle_timeout(
    event: ErrorEvent, expected: int, words: str
) -> None:
    manners = {manner[2] for manner in MANNERS}
    used = {manner for manner in manners if weight(rules.idle_timeout, manner, event) is not None}

    assert ({words}, expected) == (used, weight(rules.idle_timeout, words, event))


Row = tuple[Rule, str, int | None, ErrorEvent, ServerFacts]


def rows(
    rule: Rule, words: str, *cases: tuple[int | None, ErrorEvent, ServerFacts] | tuple[int | None, ErrorEvent]
) -> list[Row]:
    return [(rule, words, case[0], case[1], case[2] if len(case) == 3 else NO_SERVER) for case in cases]


IDLING = [
    *rows(rules.idle_timeout, "ProxySQL pings",
        (-2, loss(client=LogClient("ProxySQL"))),
        (None, loss(FailureKind.BETWEEN, client=LogClient("ProxySQL"))),
        (None, LOSS)),
    *rows(rules.idle_timeout, "reports MySQL's error 4031",
        (-1, loss(client=MYSQLCLIENT)),
        (None, loss(client=MYSQLCLIENT), ServerFacts(unknown_errors=frozenset({4031}))),
        (None, loss(client=MYSQLCLIENT, used_after_close=True)),
        (None, gone(client=MYSQLCLIENT)),
        (None, LOSS)),
    *rows(rules.idle_timeout, "for an answer and got none",
        (-4, loss(waited_seconds=5.0)),
        (None, loss(waited_seconds=4.9)),
        (None, loss(waited_seconds=50.0, idle_seconds=100.0))),
    *rows(rules.idle_timeout, "The server stopped first. Until then the connection had been idle for 6 m 40 s (400 s)",
        (-6, loss(idle_seconds=700.0), up(300)),
        (None, loss(silent_seconds=700.0), up(300))),
    *rows(rules.idle_timeout, "The server stopped first. Until then the log had been silent for 6 m 40 s (400 s)",
        (-3, loss(silent_seconds=700.0), up(300)),
        (None, loss(idle_seconds=700.0), up(300)),
        (-3, loss(silent_seconds=700.0), up(300, limits={"wait_timeout": 401})),
        (None, loss(silent_seconds=700.0), up(300, limits={"wait_timeout": 400}))),
    *rows(rules.idle_timeout, "has counted error 4031 (idle timeout)",
        (1, LOSS, counted(4031, 1)),
        (1, LOSS, ServerFacts(counts_errors=True, errors=(RaisedError(4031, 3, first_at=AT + 5),))),
        (None, LOSS, ServerFacts(counts_errors=True, errors=(RaisedError(4031, 3, first_at=AT + 6),))),
        (None, LOSS, counted(4031, 0))),
    *rows(rules.idle_timeout, "has counted no error 4031",
        (-4, LOSS, counted(4031, 0, started_at=AT - 1)),
        (None, LOSS, counted(4031, 0, started_at=AT)),
        (None, LOSS, counted(4031, 0, started_at=AT + 100)),
        (None, LOSS, counted(4031, 0)),
        (None, LOSS, counted(4031, 1, started_at=AT - 1))),
    *rows(rules.idle_timeout, "The server has closed no session",
        (-4, LOSS, up(0, counters={"aborted_clients": 0})),
        (-4, LOSS, up(28_800, counters={"aborted_clients": 0})),
        (REFUTED, LOSS, up(28_801, counters={"aborted_clients": 0})),
        (REFUTED, LOSS, ServerFacts(started_at=AT - 28_801, counters={"aborted_clients": 0})),
        (-4, LOSS, ServerFacts(started_at=AT - 28_800, counters={"aborted_clients": 0})),
        (None, LOSS, up(-1, counters={"aborted_clients": 0})),
        (None, LOSS, up(28_801, counters={"aborted_clients": 1}))),
    *rows(rules.idle_timeout, "No session of this server is that old",
        (-1, LOSS, up(1)),
        (-1, LOSS, up(28_799)),
        (None, LOSS, up(28_800)),
        (None, LOSS, up(-1)),
        (None, LOSS, up(100, limits={})),
        (None, loss(idle_seconds=50.0), up(100)),
        (None, LOSS, counted(4031, 2, started_at=AT - 100, limits=LIMIT)),
        (None, loss(silent_seconds=30_000.0), up(100))),
    *rows(rules.idle_timeout, "no KILL was run",
        (1, LOSS, ServerFacts(counters={"aborted_clients": 1, "com_kill": 0})),
        (None, LOSS, ServerFacts(counters={"aborted_clients": 1, "com_kill": 1})),
        (None, LOSS, ServerFacts(counters={"aborted_clients": 0, "com_kill": 0})),
        (None, LOSS, ServerFacts(counters={"aborted_clients": 1})),
        (None, loss(used_after_close=True), ServerFacts(counters={"aborted_clients": 1, "com_kill": 0})),
        (None, loss(FailureKind.TIMED_OUT), ServerFacts(counters={"aborted_clients": 1, "com_kill": 0})),
        (None, LOSS, counted(4031, 0, counters={"aborted_clients": 1, "com_kill": 0}))),
    *rows(rules.idle_timeout, "received no end of the connection",
        (-3, loss(FailureKind.TIMED_OUT)),
        (None, LOSS)),
    *rows(rules.idle_timeout, SILENT,
        (3, loss(silent_seconds=28_799.0)),
        (2, loss(silent_seconds=28_798.0)),
        (-1, loss(silent_seconds=28_798.0), up(-1000)),
        (2, loss(silent_seconds=600.0)),
        (-1, loss(silent_seconds=600.0), up(-1000)),
        (-1, loss(silent_seconds=599.0)),
        (-1, loss(silent_seconds=60.0)),
        (None, loss(silent_seconds=59.0)),
        (3, loss(silent_seconds=60.0), ServerFacts(limits={"wait_timeout": 30})),
        (None, loss(silent_seconds=59.0), ServerFacts(limits={"wait_timeout": 30})),
        (None, loss(silent_seconds=28_800.0, idle_seconds=10.0)),
        (None, LOSS)),
    *rows(rules.idle_timeout, REACHED,
        (6, loss(idle_seconds=28_799.0)),
        (-3, loss(idle_seconds=28_798.0), ServerFacts(limits=LIMIT)),
        (-1, loss(idle_seconds=28_798.0)),
        (6, loss(idle_seconds=9.0), ServerFacts(limits={"wait_timeout": 10})),
        (-1, loss(idle_seconds=1.0)),
        (None, loss(idle_seconds=0.9)),
        (-6, loss(idle_seconds=28_800.0, waited_seconds=60.0)),
        (6, loss(idle_seconds=28_800.0, waited_seconds=59.0))),
    *rows(rules.idle_timeout, "No idle limit is that short",
        (REFUTED, loss(idle_seconds=0.9)),
        (None, loss(idle_seconds=1.0))),
    *rows(rules.idle_timeout, "not been used for",
        (2, loss(idle_seconds=60.0)),
        (None, loss(idle_seconds=59.0)),
        (None, loss(idle_seconds=28_800.0, waited_seconds=60.0))),
]  # fmt: skip

TRANSACTIONS = [
    *rows(rules.transaction_timeout, "idle_transaction_timeout is 1 s",
        (2, LOSS, ServerFacts(limits={"idle_transaction_timeout": 1})),
        (2, replace(LOSS, stated_cause=Cause.IDLE_TIMEOUT), ServerFacts(limits={"idle_transaction_timeout": 1})),
        (None, replace(LOSS, stated_cause=Cause.KILLED), ServerFacts(limits={"idle_transaction_timeout": 1})),
        (None, REFUSED, ServerFacts(limits={"idle_transaction_timeout": 1}))),
    *rows(rules.transaction_timeout, "it ends a session",
        (None, LOSS, ServerFacts(limits={"idle_transaction_timeout": 0}))),
]  # fmt: skip

PACKETS = [
    *rows(rules.packet_too_large, "max_allowed_packet is",
        (4, gone(statement_bytes=1001), ServerFacts(limits={"max_allowed_packet": 1000})),
        (None, gone(statement_bytes=1000), ServerFacts(limits={"max_allowed_packet": 1000})),
        (4, gone(statement_bytes=1001, stated_cause=Cause.PACKET_TOO_LARGE), ServerFacts(limits={"max_allowed_packet": 1000})),
        (None, gone(statement_bytes=1001, stated_cause=Cause.KILLED), ServerFacts(limits={"max_allowed_packet": 1000})),
        (None, gone(statement_bytes=500), ServerFacts(limits={"max_allowed_packet": 1000})),
        (REFUTED, gone(statement_bytes=499), ServerFacts(limits={"max_allowed_packet": 1000})),
        (None, gone(statement_bytes=499, limits=(("max_allowed_packet", 1000.0),))),
        (None, GONE, ServerFacts(limits={"max_allowed_packet": 1000}))),
    *rows(rules.packet_too_large, "already 1 GiB",
        (REFUTED, GONE, ServerFacts(limits={"max_allowed_packet": GIB})),
        (None, GONE, ServerFacts(limits={"max_allowed_packet": GIB - 1}))),
    *rows(rules.packet_too_large, "has counted no error 1153",
        (-4, LOSS, counted(1153, 0, started_at=AT - 1)),
        (REFUTED, LOSS, counted(1153, 0, started_at=AT - 28_801)),
        (None, LOSS, counted(1153, 0, started_at=AT)),
        (None, LOSS, counted(1153, 0)),
        (None, LOSS, counted(1153, 1, started_at=AT - 1))),
    *rows(rules.packet_too_large, "in the middle of a result", (-4, loss(FailureKind.READING)), (None, LOSS)),
    *rows(rules.packet_too_large, "in the middle of a statement larger", (3, GONE), (None, LOSS)),
    *rows(rules.packet_too_large, "never receives error 1153",
        (1, gone(FailureKind.TLS_EOF, FailureKind.EOF)), (None, loss(FailureKind.TLS_EOF))),
    *rows(rules.packet_too_large, "broken while the statement was being sent",
        (1, gone(FailureKind.EOF)), (None, gone(FailureKind.EOF, FailureKind.TLS_EOF)), (None, GONE), (None, loss(FailureKind.EOF))),
    *rows(rules.packet_too_large, "resets the connection", (3, loss(FailureKind.RESET)), (None, gone(FailureKind.RESET)), (None, LOSS)),
    *rows(rules.packet_too_large, "The statement is large",
        (2, gone(statement_bytes=9000)), (2, loss(statement_bytes=9000)), (None, GONE)),
    *rows(rules.packet_too_large, "nothing in the log is large",
        (-2, LOSS), (None, loss(statement_bytes=9000)), (None, GONE), (None, loss(FailureKind.RESET))),
]  # fmt: skip

OFFLINE = (RaisedError(3032, 1, last_at=AT + 60),)
STOP = LogEntry(AT + 5, "Normal shutdown", None, Cause.SERVER_RESTART)
KILLS = [
    *rows(rules.killed, "KILL QUERY, or Ctrl-C", (1, replace(LOSS, code=1317)), (None, LOSS)),
    *rows(rules.killed, "The server wrote KILLED",
        (4, replace(LOSS, from_server_log=True, text="Aborted connection 7 (KILLED) ")),
        (None, replace(LOSS, text="Aborted connection 7 (KILLED)")),
        (None, replace(LOSS, from_server_log=True, text="Aborted connection 7"))),
    *rows(rules.killed, "KILL ends a session at once",
        (1, loss(FailureKind.RESET)), (3, LOSS), (2, loss(used_after_close=True)), (2, GONE), (None, REFUSED)),
    *rows(rules.killed, "Over TLS the client would report such an end as 2013", (-1, gone(FailureKind.TLS_EOF)), (None, GONE)),
    *rows(rules.killed, "because of offline mode",
        (6, loss(offline_near=True)),
        (6, LOSS, ServerFacts(errors=OFFLINE)),
        (6, LOSS, ServerFacts(errors=(replace(OFFLINE[0], last_at=AT - 60),))),
        (None, LOSS, ServerFacts(errors=(replace(OFFLINE[0], last_at=AT + 61),))),
        (None, LOSS, ServerFacts(errors=(replace(OFFLINE[0], last_at=AT - 61),))),
        (None, LOSS)),
    *rows(rules.killed, "no KILL was run",
        (-4, LOSS, up(1, counters={"com_kill": 0})),
        (REFUTED, LOSS, up(28_801, counters={"com_kill": 0})),
        (None, LOSS, up(0, counters={"com_kill": 0})),
        (None, LOSS, up(1, counters={"com_kill": 1})),
        (None, LOSS, up(1)),
        (None, loss(offline_near=True), up(1, counters={"com_kill": 0}))),
    *rows(rules.killed, "The server has closed no session",
        (-4, LOSS, up(1, counters={"aborted_clients": 0})),
        (REFUTED, LOSS, up(28_801, counters={"aborted_clients": 0})),
        (None, LOSS, up(1, counters={"aborted_clients": 1}))),
    *rows(rules.killed, "so this was a KILL",
        (100, KILLED, up(28_801)),
        (None, KILLED, up(28_800)),
        (100, replace(KILLED, idle_seconds=60.0), up(66)),
        (None, replace(KILLED, idle_seconds=60.0), up(65)),
        (None, replace(KILLED, idle_seconds=60.0)),
        (None, replace(KILLED, from_server_log=True), up(28_801))),
    *rows(rules.killed, "reports a stop before this error",
        (-3, KILLED, ServerFacts(log_entries=(STOP,))),
        (None, KILLED, ServerFacts(log_entries=(replace(STOP, at=AT + 6),))),
        (None, KILLED, ServerFacts(log_entries=(replace(STOP, cause=Cause.SERVER_CRASH),)))),
]  # fmt: skip

FOUR = ProcesslistId(4)
BETWEEN = [
    *rows(rules.proxy_or_firewall, "still open and idle on the server",
        (100, loss(session_id=FOUR), ServerFacts(idle_session_ids=frozenset({FOUR}))),
        (None, loss(session_id=ProcesslistId(5)), ServerFacts(idle_session_ids=frozenset({FOUR}))),
        (None, LOSS, ServerFacts(idle_session_ids=frozenset({FOUR}))),
        (None, replace(KILLED, session_id=FOUR), ServerFacts(idle_session_ids=frozenset({FOUR})))),
    *rows(rules.proxy_or_firewall, "packets were dropped on the network path",
        (5, loss(FailureKind.TIMED_OUT, code=2003)),
        (5, loss(FailureKind.UNREACHABLE, code=2003)),
        (None, REFUSED),
        (None, loss(FailureKind.TIMED_OUT, code=9001, stated_cause=Cause.PROXY_OR_FIREWALL))),
    *rows(rules.proxy_or_firewall, "may refuse connections in place of the server",
        (1, REFUSED), (None, loss(FailureKind.TIMED_OUT, code=2003)), (None, LOSS)),
    *rows(rules.proxy_or_firewall, "drops idle connections", (1, LOSS), (None, loss(FailureKind.LOGIN)), (None, REFUSED)),
    *rows(rules.proxy_or_firewall, "packets may be dropped on the way",
        (1, loss(FailureKind.TIMED_OUT)), (3, loss(FailureKind.TIMED_OUT, FailureKind.NO_ANSWER)), (None, LOSS)),
    *rows(rules.proxy_or_firewall, "before the server sent its handshake",
        (4, loss(FailureKind.GREETING)), (4, loss(FailureKind.LOGIN)), (None, LOSS)),
    *rows(rules.proxy_or_firewall, "passed through a proxy or tunnel", (4, loss(FailureKind.THROUGH_PROXY)), (None, LOSS)),
    *rows(rules.proxy_or_firewall, "received no acknowledgement", (3, loss(FailureKind.NO_ANSWER)), (None, LOSS)),
    *rows(rules.proxy_or_firewall, "for an answer and got none", (2, loss(waited_seconds=60.0)), (None, loss(waited_seconds=59.0))),
    *rows(rules.proxy_or_firewall, "less than the server's own limit",
        (4, loss(idle_seconds=60.0), ServerFacts(limits=LIMIT)),
        (None, loss(idle_seconds=59.0), ServerFacts(limits=LIMIT)),
        (4, loss(idle_seconds=28_798.0), ServerFacts(limits=LIMIT)),
        (None, loss(idle_seconds=28_799.0), ServerFacts(limits=LIMIT)),
        (None, loss(idle_seconds=60.0)),
        (None, LOSS)),
    *rows(rules.proxy_or_firewall, "less than the default of wait_timeout",
        (4, loss(idle_seconds=60.0)),
        (None, loss(idle_seconds=59.0)),
        (4, loss(idle_seconds=28_798.0)),
        (None, loss(idle_seconds=28_799.0)),
        (None, loss(idle_seconds=60.0), ServerFacts(limits=LIMIT)),
        (None, LOSS)),
    *rows(rules.proxy_or_firewall, "The server has closed no session",
        (4, LOSS, up(28_801, counters={"aborted_clients": 0})),
        (None, LOSS, up(28_800, counters={"aborted_clients": 0})),
        (None, LOSS, up(28_801, counters={"aborted_clients": 1}))),
]  # fmt: skip

SERVER_SAID = replace(LOSS, from_server_log=True)
OTHERS = [
    *rows(rules.client_quit, "a connection object that was already closed", (5, replace(LOSS, code=0, used_after_close=True)), (None, LOSS)),
    *rows(rules.client_quit, "This side had already closed",
        (2, loss(used_after_close=True)), (None, LOSS), (None, replace(LOSS, code=0, used_after_close=True))),
    *rows(rules.client_quit, "client's own read timeout",
        (4, loss(FailureKind.TIMED_OUT)),
        (None, LOSS),
        (None, loss(FailureKind.TIMED_OUT, code=2003)),
        (None, replace(KILLED, failures=frozenset({FailureKind.TIMED_OUT}))),
        (None, loss(FailureKind.TIMED_OUT, FailureKind.NO_ANSWER)),
        (None, loss(FailureKind.TIMED_OUT, text="Connection timed out"))),
    *rows(rules.client_quit, "The client's own timer",
        (2, loss(FailureKind.TIMED_OUT)), (None, loss(FailureKind.TIMED_OUT, text="error 110")), (None, LOSS)),
    *rows(rules.forked_connection, "meant for another process",
        (4, loss(FailureKind.MIXED_UP)),
        (4, replace(KILLED, failures=frozenset({FailureKind.MIXED_UP}))),
        (None, loss(FailureKind.MIXED_UP, stated_cause=Cause.IDLE_TIMEOUT)),
        (None, loss(FailureKind.MIXED_UP, code=2003)),
        (None, LOSS)),
    *rows(rules.forked_connection, "names a fork just before",
        (7, loss(FailureKind.FORKED)), (None, replace(KILLED, failures=frozenset({FailureKind.FORKED}))), (None, LOSS)),
    *rows(rules.forked_connection, "Workers that are forked",
        (1, loss(client=LogClient("mysqlclient", "Django"))),
        (None, replace(KILLED, client=LogClient("mysqlclient", "Django"))),
        (None, loss(client=LogClient("mysqlclient", "GORM")))),
    *rows(rules.net_read_timeout, "net_read_timeout causes the same message",
        (2, replace(SERVER_SAID, code=1159)), (None, replace(LOSS, code=1159)), (None, SERVER_SAID)),
    *rows(rules.net_read_timeout, "gives up a client that stops",
        (5, loss(FailureKind.SENDING)), (None, replace(KILLED, failures=frozenset({FailureKind.SENDING}))), (None, LOSS)),
    *rows(rules.net_read_timeout, "longer than connect_timeout",
        (3, loss(FailureKind.GREETING)), (None, replace(KILLED, failures=frozenset({FailureKind.GREETING}))), (None, LOSS)),
    *rows(rules.net_write_timeout, "MariaDB writes the same message",
        (3, replace(SERVER_SAID, code=1160)), (None, replace(LOSS, code=1160)), (None, SERVER_SAID)),
    *rows(rules.net_write_timeout, "The client was reading a result",
        (5, loss(FailureKind.READING)), (None, replace(KILLED, failures=frozenset({FailureKind.READING}))), (None, LOSS)),
    *rows(rules.net_write_timeout, "gives up a client that reads its result",
        (0, LOSS), (None, GONE), (None, loss(FailureKind.LOGIN)), (None, loss(FailureKind.RESET)), (None, loss(FailureKind.READING))),
    *rows(rules.client_lost, "disconnected before it had logged in",
        (4, replace(SERVER_SAID, text="(This connection closed normally without authentication)")),
        (None, replace(LOSS, text="(This connection closed normally without authentication)")),
        (None, SERVER_SAID)),
    *rows(rules.client_lost, "disconnected when the server tried to write",
        (3, replace(SERVER_SAID, code=1160)),
        (None, replace(LOSS, code=1160)),
        (None, replace(SERVER_SAID, code=1160, stated_cause=Cause.CLIENT_LOST)),
        (None, SERVER_SAID)),
    *rows(rules.client_lost, "ended without COM_QUIT",
        (1, replace(SERVER_SAID, stated_cause=Cause.CLIENT_LOST)), (None, replace(LOSS, stated_cause=Cause.CLIENT_LOST)), (None, SERVER_SAID)),
    *rows(rules.statement_timeout, "runs too long with this error", (1, replace(LOSS, code=1317)), (None, LOSS)),
    *rows(rules.access_denied, "no login method in common", (1, replace(LOSS, code=1043)), (None, LOSS)),
    *rows(rules.unknown, "cannot be resolved", (4, replace(LOSS, code=2005)), (None, LOSS)),
    *rows(rules.unknown, "could not agree on TLS",
        (4, replace(LOSS, code=2026)), (None, loss(FailureKind.MIXED_UP, code=2026)), (None, LOSS)),
    *rows(rules.unknown, "received no valid handshake", (3, replace(LOSS, code=1043)), (None, LOSS)),
]  # fmt: skip

FULL = replace(LOSS, code=1040, stated_cause=Cause.TOO_MANY_CONNECTIONS, certainty=Certainty.CONFIRMED)
HUNDRED = {"max_connections": 100.0}
FULLNESS = [
    *rows(rules.too_many_connections, "At most",
        (1, FULL, up(50, limits=HUNDRED, counters={"max_used_connections": 100})),
        (1, FULL, up(0, limits=HUNDRED, counters={"max_used_connections": 99})),
        (1, FULL, ServerFacts(limits=HUNDRED, counters={"max_used_connections": 99})),
        (None, FULL, up(1, limits=HUNDRED, counters={"max_used_connections": 99})),
        (None, LOSS, up(50, limits=HUNDRED, counters={"max_used_connections": 100})),
        (None, FULL, up(50, limits=HUNDRED)),
        (None, FULL, up(50, counters={"max_used_connections": 100}))),
    *rows(rules.too_many_connections, "Another server reported the error",
        (-1, FULL, up(1, limits=HUNDRED, counters={"max_used_connections": 99})),
        (None, FULL, up(1, limits=HUNDRED, counters={"max_used_connections": 100}))),
    *rows(rules.too_many_connections, "7 sessions are open now",
        (1, FULL, ServerFacts(limits=HUNDRED, session_count=7)),
        (None, FULL, ServerFacts(session_count=7)),
        (None, LOSS, ServerFacts(limits=HUNDRED, session_count=7))),
    *rows(rules.too_many_connections, "sessions are open now",
        (None, FULL, ServerFacts(limits=HUNDRED))),
    *rows(rules.too_many_connections, "may not send its handshake to every client",
        (2, loss(FailureKind.GREETING)), (2, loss(FailureKind.LOGIN)), (None, LOSS), (None, FULL)),
    *rows(rules.host_blocked, "8 failed connections in a row from 192.0.2.3",
        (1, replace(LOSS, code=1129, stated_cause=Cause.HOST_BLOCKED), ServerFacts(failing_hosts=(FailingHost("192.0.2.3", 8),))),
        (1, loss(FailureKind.GREETING), ServerFacts(failing_hosts=(FailingHost("192.0.2.3", 8),))),
        (None, LOSS, ServerFacts(failing_hosts=(FailingHost("192.0.2.3", 8),)))),
    *rows(rules.host_blocked, "failed handshakes", (1, loss(FailureKind.GREETING)), (1, loss(FailureKind.LOGIN)), (None, LOSS), (None, FULL)),
]  # fmt: skip

SERVERS = [
    *rows(rules.server_restart, "MariaDB before 10.6 reports error 1927",
        (1, KILLED), (2, replace(KILLED, refused_near=True)), (None, LOSS)),
    *rows(rules.server_restart, "No program listened at the address",
        (4, REFUSED),
        (None, replace(REFUSED, code=1043)),
        (None, replace(REFUSED, code=2005)),
        (None, replace(REFUSED, stated_cause=Cause.TOO_MANY_CONNECTIONS)),
        (None, loss(FailureKind.UNREACHABLE, code=2003)),
        (None, LOSS)),
    *rows(rules.server_restart, "completes no login", (2, loss(FailureKind.LOGIN)), (None, LOSS)),
    *rows(rules.server_restart, "ends every session. Clients notice",
        (2, loss(FailureKind.RESET)), (3, LOSS), (None, loss(FailureKind.LOGIN)), (None, REFUSED)),
    *rows(rules.server_restart, "Over TLS", (-1, gone(FailureKind.TLS_EOF)), (None, GONE)),
    *rows(rules.server_crash, "does not listen until it has recovered", (2, REFUSED), (None, LOSS)),
    *rows(rules.server_crash, "ends every session without an error message",
        (3, loss(FailureKind.EOF)), (2, gone(FailureKind.EOF)), (2, LOSS), (None, loss(FailureKind.LOGIN)), (None, REFUSED)),
    *rows(rules.server_crash, "Right after that, no program listened",
        (2, loss(refused_near=True, timestamp=None)),
        (None, loss(refused_near=True)),
        (None, loss(timestamp=None)),
        (None, gone(refused_near=True, timestamp=None)),
        (None, loss(FailureKind.RESET, refused_near=True, timestamp=None))),
    *rows(rules.server_crash, "Over TLS", (-1, gone(FailureKind.TLS_EOF)), (None, GONE)),
    *rows(rules.server_crash, "found no program listening",
        (3, loss(refused_near=True)), (3, replace(KILLED, refused_near=True)), (None, replace(REFUSED, refused_near=True)), (None, LOSS)),
    *rows(rules.server_crash, "lost within two seconds",
        (1, loss(lost_near=1)), (None, LOSS), (None, replace(KILLED, lost_near=1)), (None, replace(REFUSED, lost_near=1))),
]  # fmt: skip

BEFORE, AFTER = "before this error", "after this error"
STARTS = [
    *rows(rules.server_restart, BEFORE,
        (4, REFUSED, up(60)),
        (None, REFUSED, up(61)),
        (4, replace(REFUSED, code=2002), up(61)),
        (4, replace(REFUSED, code=2002), up(0)),
        (4, LOSS, up(0)),
        (4, LOSS, up(300)),
        (-1, LOSS, up(301)),
        (0, LOSS, up(300, counters={"aborted_clients": 1})),
        (4, loss(silent_seconds=301.0), up(301)),
        (-1, loss(silent_seconds=300.0), up(301)),
        (6, loss(idle_seconds=295.0), up(300)),
        (REFUTED, loss(idle_seconds=294.0), up(300)),
        (-2, loss(idle_seconds=29_100.0), up(300)),
        (6, loss(idle_seconds=29_099.0), up(300)),
        (-2, loss(silent_seconds=29_100.0), up(300)),
        (None, replace(LOSS, stated_cause=Cause.HOST_BLOCKED), up(10))),
    *rows(rules.server_restart, "By then the idle limit would have ended", (-2, loss(idle_seconds=29_100.0), up(300)), (None, LOSS, up(300))),
    *rows(rules.server_restart, "used before the start, but not since", (6, loss(idle_seconds=295.0), up(300)), (None, LOSS, up(300))),
    *rows(rules.server_restart, "A pool in use would have noticed the loss sooner", (-1, LOSS, up(301)), (None, LOSS, up(300))),
    *rows(rules.server_restart, AFTER,
        (4, REFUSED, up(-60)),
        (None, REFUSED, up(-61)),
        (None, replace(REFUSED, code=2002), up(-61)),
        (4, LOSS, up(-60)),
        (None, LOSS, up(-61)),
        (4, LOSS, up(-2, counters={"aborted_clients": 1})),
        (0, LOSS, up(-1, counters={"aborted_clients": 1}))),
    *rows(rules.server_restart, "The server has closed no session since then",
        (2, LOSS, up(300, counters={"aborted_clients": 0})),
        (2, loss(idle_seconds=295.0), up(300, counters={"aborted_clients": 0})),
        (None, LOSS, up(301, counters={"aborted_clients": 0})),
        (None, LOSS, up(300, counters={"aborted_clients": 1}))),
    *rows(rules.server_restart, "longer than any session of that time can have been idle",
        (REFUTED, LOSS, up(28_801)),
        (None, LOSS, up(28_800)),
        (None, loss(silent_seconds=28_801.0), up(28_801)),
        (None, REFUSED, up(28_801))),
]  # fmt: skip

ROWS = [*IDLING, *TRANSACTIONS, *PACKETS, *KILLS, *BETWEEN, *OTHERS, *FULLNESS, *SERVERS, *STARTS]


@pytest.mark.parametrize(
    ("rule", "words", "expected", "event", "server"),
    ROWS,
    ids=[f"{row[0].__name__}: {row[1]}: {row[2]}" for row in ROWS],
)
def test_an_argument_weighs_what_it_should_from_its_figure_on_and_is_not_used_below(
    rule: Rule, words: str, expected: int | None, event: ErrorEvent, server: ServerFacts
) -> None:
    assert expected == weight(rule, words, event, server)


@pytest.mark.parametrize(
    ("rule", "words", "event", "server"), [(*row[:2], *row[3:]) for row in ROWS if row[2] in {REFUTED, -REFUTED}]
)  # fmt: skip
def test_what_settles_a_cause_says_so(rule: Rule, words: str, event: ErrorEvent, server: ServerFacts) -> None:
    found = argued(rule, words, event, server)

    assert found is not None
    assert found.certainty is (Certainty.CONFIRMED if found.weight > 0 else Certainty.RULED_OUT)


@pytest.mark.parametrize("rule", [rules.idle_timeout, rules.killed, rules.packet_too_large])
@pytest.mark.parametrize(
    ("event", "words"),
    [
        (REFUSED, "No session had begun: the connection was refused."),
        (loss(FailureKind.TIMED_OUT, code=2003), "No session had begun: nothing answered the connection attempt."),
        (loss(FailureKind.TIMED_OUT, FailureKind.REFUSED, code=2003), "No session had begun: the connection was refused."),
        (loss(FailureKind.LOGIN), "No session had begun: the connection ended before the login."),
    ],
)  # fmt: skip
def test_where_no_session_had_begun_nothing_else_is_argued(rule: Rule, event: ErrorEvent, words: str) -> None:
    (argument,) = rule(Case(event, up(28_801, counters={"aborted_clients": 0, "com_kill": 0})))

    assert (words, Certainty.RULED_OUT) == (argument.text, argument.certainty)


@pytest.mark.parametrize(
    ("how", "words"), [(FailureKind.READING, "of a result"), (FailureKind.SENDING, "was sending data")]
)
def test_of_a_busy_session_nothing_is_argued_but_that_it_was_not_idle(how: FailureKind, words: str) -> None:
    (argument,) = rules.idle_timeout(Case(loss(how, idle_seconds=28_800.0)))

    assert words in argument.text
    assert argument.certainty is Certainty.RULED_OUT


def test_of_an_error_that_names_its_cause_only_a_stated_idle_time_is_weighed() -> None:
    named = replace(LOSS, code=4031, stated_cause=Cause.IDLE_TIMEOUT, idle_seconds=28_800.0)

    assert [6, 2] == [argument.weight for argument in rules.idle_timeout(Case(named))]


@pytest.mark.parametrize(("silent", "reached"), [(28_799.0, True), (28_798.0, False)])
def test_a_limit_is_reached_only_where_it_is_known(silent: float, reached: bool) -> None:  # noqa: FBT001
    known, default = (
        argued(rules.idle_timeout, SILENT, loss(silent_seconds=silent), server)
        for server in (ServerFacts(limits=LIMIT), NO_SERVER)
    )

    assert known is not None
    assert default is not None
    assert (reached, False) == (known.limit_reached, default.limit_reached)


@pytest.mark.parametrize(("idle", "reached"), [(28_799.0, True), (28_798.0, False)])
def test_a_stated_idle_time_reaches_the_default_limit_too(idle: float, reached: bool) -> None:  # noqa: FBT001
    found = argued(rules.idle_timeout, REACHED, loss(idle_seconds=idle))

    assert found is not None
    assert reached is found.limit_reached


@pytest.mark.parametrize(
    ("server", "reached"), [(ServerFacts(limits={"max_allowed_packet": 1000}), True), (NO_SERVER, False)]
)
def test_a_statement_shows_that_max_allowed_packet_is_too_low_where_that_is_known(
    server: ServerFacts,
    reached: bool,  # noqa: FBT001
) -> None:
    found = argued(rules.packet_too_large, "max_allowed_packet is", gone(statement_bytes=2**27), server)

    assert found is not None
    assert reached is found.limit_reached


def test_at_most_three_hosts_are_named_that_fail_to_connect() -> None:
    server = ServerFacts(failing_hosts=tuple(FailingHost(f"192.0.2.{number}", 8) for number in range(5)))
    blocked = replace(LOSS, code=1129, stated_cause=Cause.HOST_BLOCKED)

    assert 3 == len(list(rules.host_blocked(Case(blocked, server))))


def test_a_servers_uptime_is_told_as_of_now_and_by_the_error_where_now_is_not_known() -> None:
    now, then = (
        argued(rules.server_restart, "has been up for", LOSS, up(30_000, read_at=read_at))
        for read_at in (AT + 6000, None)
    )

    assert now is not None
    assert then is not None
    assert "up for 10 h (36000 s)" in now.text
    assert "up for 8 h 20 m (30000 s)" in then.text


def test_one_lost_connection_near_is_told_in_the_singular() -> None:
    assert argued(rules.server_crash, "1 more connection was lost within two seconds.", loss(lost_near=1))
    assert argued(rules.server_crash, "2 more connections were lost within two seconds.", loss(lost_near=2))
