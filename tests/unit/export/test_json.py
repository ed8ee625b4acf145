from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from goneaway_tui.export.data import session_data, snapshot_data, to_millisecond
from goneaway_tui.export.json import dumps
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import Snapshot
from tests.builders import NOW, SERVER, a_server, a_session, a_snapshot, a_transaction, a_verdict
from tests.unit.export.rich import rich_snapshot
from tests.unit.export.written import written

SESSION_KEYS = [
    "id",
    "user",
    "host",
    "db",
    "program",
    "command",
    "state",
    "statement",
    "idle_seconds",
    "limit",
    "deadline",
    "seconds_left",
    "risk",
    "own",
    "at_stake",
    "busy_seconds",
    "blocked_by",
    "waiting_seconds",
    "blocks",
]


def parsed(snapshot: Snapshot) -> Any:
    return json.loads(written(snapshot, "json"))


def test_the_document_has_exactly_the_keys_of_the_contract_in_its_order() -> None:
    data = parsed(rich_snapshot())

    assert list(data) == ["schema", "taken_at", "server", "limitations", "variables", "counters", "sessions"]
    assert list(data["server"]) == [
        "flavour",
        "version",
        "banner",
        "host",
        "port",
        "uptime_seconds",
        "own_session_ids",
    ]
    assert [list(each) for each in data["limitations"]] == [["what", "why", "grant"]] * 2
    assert {("value", "min", "max", "set_by")} == {tuple(each) for each in data["variables"].values()}


def test_a_session_has_exactly_the_keys_of_the_contract_in_its_order() -> None:
    session = parsed(a_snapshot([a_session(transaction=a_transaction())]))["sessions"][0]

    assert list(session) == SESSION_KEYS
    assert list(session["limit"]) == ["seconds", "variable", "basis"]
    assert list(session["at_stake"]) == ["transaction_seconds", "rows_modified", "rows_locked"]


def test_an_idle_session_is_written_as_the_contract_shows_it() -> None:
    assert session_data(a_verdict(a_session(transaction=a_transaction())), NOW) == {
        "id": 4711,
        "user": "shop",
        "host": "web-3:51234",
        "db": "shop",
        "program": "gunicorn",
        "command": "Sleep",
        "state": None,
        "statement": "SELECT 1",
        "idle_seconds": 12.25,
        "limit": {"seconds": 28800, "variable": "wait_timeout", "basis": "own"},
        "deadline": "2026-11-24T02:39:50.250Z",
        "seconds_left": 28787.75,
        "risk": "calm",
        "own": False,
        "at_stake": {"transaction_seconds": 3.25, "rows_modified": 3, "rows_locked": 1},
        "busy_seconds": None,
        "blocked_by": None,
        "waiting_seconds": None,
        "blocks": None,
    }


def test_a_session_that_waits_and_one_that_others_wait_for_are_written_so() -> None:
    root, middle, low = (
        a_session(id=number, command="Query", busy_since=NOW - number) for number in (1, 2, 3)
    )
    row = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X")
    waits = (LockWait(middle.id, (root.id,), row, NOW - 1.5), LockWait(low.id, (middle.id,), row))
    sessions = parsed(a_snapshot([root, middle, low], lock_waits=waits))["sessions"]
    keys = ("busy_seconds", "blocked_by", "waiting_seconds", "blocks")

    assert [[1, [], None, 2], [2, [1], 1.5, 1], [3, [2], None, 0]] == [
        [session[key] for key in keys] for session in sessions
    ]


def test_a_wait_whose_holder_is_not_known_leaves_open_who_blocks() -> None:
    one, other = a_session(id=1), a_session(id=2, command="Query")
    waits = (LockWait(other.id, (), Lock(LockKind.METADATA), NOW - 2),)
    sessions = parsed(a_snapshot([one, other], lock_waits=waits))["sessions"]

    assert [[[], None], [None, None]] == [[each["blocked_by"], each["blocks"]] for each in sessions]
    assert 2 == sessions[1]["waiting_seconds"]


def test_what_does_not_apply_or_is_unknown_is_null() -> None:
    busy = a_session(command="Query", own_limit=None, db=None, program=None, statement=None)
    session = parsed(a_snapshot([busy], variables={"wait_timeout": math.nan}))["sessions"][0]
    nulls = {"db", "program", "state", "statement", "idle_seconds", "deadline", "seconds_left", "at_stake",
             "busy_seconds", "blocked_by", "waiting_seconds", "blocks"}  # fmt: skip

    assert nulls == {name for name, value in session.items() if value is None}
    assert session["limit"]["seconds"] is None


def test_transaction_with_an_unknown_start_has_a_null_age() -> None:
    unknown = a_transaction(started=None, rows_modified=None, rows_locked=None)
    session = parsed(a_snapshot([a_session(transaction=unknown)]))["sessions"][0]

    assert dict.fromkeys(["transaction_seconds", "rows_modified", "rows_locked"]) == session["at_stake"]


def test_contract_fields_exist_when_no_privilege_is_granted() -> None:
    data = snapshot_data(Snapshot(Sample(NOW, SERVER, ()), ()))
    nothing = {"value": None, "min": None, "max": None, "set_by": None}

    assert (
        dict.fromkeys(["wait_timeout", "interactive_timeout", "max_allowed_packet"], nothing)
        == data["variables"]
    )
    assert (
        dict.fromkeys(["aborted_clients", "aborted_connects", "threads_connected", "max_connections"])
        == data["counters"]
    )


def test_max_connections_comes_from_the_variables_where_no_counter_has_it() -> None:
    assert parsed(a_snapshot())["counters"]["max_connections"] == 151
    assert parsed(a_snapshot(counters={"max_connections": 99}))["counters"]["max_connections"] == 99


def test_a_server_on_a_socket_has_no_port() -> None:
    server = parsed(a_snapshot(server=a_server(host=None, port=None)))["server"]

    assert (server["host"], server["port"]) == (None, None)


def test_sessions_keep_the_order_of_the_sample_one_a_line() -> None:
    text = written(rich_snapshot(), "json")
    lines = [line for line in text.splitlines() if line.startswith('    {"id": ')]

    assert [s.id for s in rich_snapshot().sample.sessions] == [
        json.loads(line.rstrip(","))["id"] for line in lines
    ]


def test_what_is_written_reads_back_as_the_data() -> None:
    assert snapshot_data(rich_snapshot()) == parsed(rich_snapshot())


def test_a_document_without_sessions_is_whole() -> None:
    assert parsed(a_snapshot([]))["sessions"] == []


def test_no_number_is_infinite_or_none_at_all() -> None:
    wild = replace(a_verdict(), deadline=math.inf)
    sample = a_snapshot(variables={"long_query_time": math.inf}).sample
    session = parsed(Snapshot(sample, (wild,)))["sessions"][0]

    assert (session["deadline"], session["seconds_left"]) == (None, None)
    assert parsed(Snapshot(sample, (wild,)))["variables"]["long_query_time"]["value"] is None


def test_seconds_are_rounded_to_milliseconds_and_never_to_minus_zero() -> None:
    assert [json.dumps(to_millisecond(seconds)) for seconds in (12.3456, -0.0004, -0.001, 7.9996, 1e300)] == [
        "12.346",
        "0",
        "-0.001",
        "8",
        "1e+300",
    ]


def test_text_that_controls_or_hides_is_escaped_and_still_the_same_text() -> None:
    text = "\x00\x1b\x7f\x85\x9b\xad\u200b\u202e\u2028\u2066\ufeff\ud800\U000e0041zoë商"
    line = dumps({"text": text})

    assert text == json.loads(line)["text"]
    assert (
        line
        == r'{"text": "\u0000\u001b\u007f\u0085\u009b\u00ad\u200b\u202e\u2028\u2066\ufeff\ud800\udb40\udc41zoë商"}'
    )
    assert line.encode("utf-8").decode("utf-8") == line
