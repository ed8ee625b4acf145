"""The shipped schemas say what is written, all of it and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from goneaway_tui.doctor.diagnosis import SCHEMA as EXPLANATION
from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.doctor.report import write_json
from goneaway_tui.export import SCHEMAS, data, schema_text
from goneaway_tui.export.data import COUNTERS, SCHEMA, VARIABLES
from goneaway_tui.judge import Step, judge, track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Basis, Risk, RiskThresholds, Snapshot
from goneaway_tui.source.simulated import SimulatedSource
from tests.builders import NOW, SERVER, a_sample, a_server, a_session, a_snapshot, a_transaction
from tests.schemas import check, open_definitions, validator
from tests.unit.doctor.test_corpus import CORPUS
from tests.unit.export.rich import rich_snapshot
from tests.unit.export.written import written

SNAPSHOTS = {
    "every risk and basis, hostile text": rich_snapshot(),
    "simulated": judge(SimulatedSource(lambda: NOW).sample(), None, RiskThresholds()),
    "nothing is known": Snapshot(Sample(NOW, SERVER, ()), ()),
    "on a socket": a_snapshot(server=a_server(host=None, port=None)),
}


def steps(*samples: Sample) -> list[Step]:
    told: list[Step] = []
    last, lessons = None, NOTHING_LEARNED
    for each in samples:
        told.append(track(each, last, RiskThresholds(), lessons))
        last, lessons = told[-1].snapshot, told[-1].learned_limits
    return told


def every_event() -> list[dict[str, Any]]:
    """One line of each kind, made as `watch` makes them."""
    risky = a_session(id=2, own_limit=60, idle_for=30, transaction=a_transaction())
    taken = steps(
        a_sample([a_session(id=1)]),
        a_sample([a_session(id=2), risky], taken_at=NOW + 1, variables={"wait_timeout": 60}),
        a_sample([], taken_at=NOW + 900, server=a_server(uptime=3.0)),
    )
    lines = [
        data.hello_event(taken[0].snapshot),
        data.lost_event(NOW, "nobody answers"),
        data.recovered_event(NOW),
    ]
    for each in taken:
        lines += data.step_events(each)
    lines += data.at_risk_events(None, a_snapshot([risky], policy=RiskThresholds(imminent_below=60)))
    wait = LockWait(risky.id, (risky.id,), Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X"), NOW - 2)
    waiting = a_snapshot([risky], lock_waits=(wait,))
    lines += data.lock_wait_events(None, waiting)
    lines += data.lock_wait_events(waiting, a_snapshot([risky], lock_waits=()))
    return json.loads(json.dumps(lines))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(name)))
    assert max(map(len, schema_text(name).splitlines())) < 250


@pytest.mark.parametrize("what", SNAPSHOTS)
def test_a_snapshot_is_as_its_schema_says(what: str) -> None:
    check("snapshot", json.loads(written(SNAPSHOTS[what], "json")))


def test_every_line_of_watch_is_as_its_schema_says() -> None:
    lines = every_event()

    for line in lines:
        check("watch", line)
    assert set(kinds()) == {line["event"] for line in lines}


@pytest.mark.parametrize("log", sorted(CORPUS.glob("*.log")), ids=lambda log: log.stem)
def test_an_explanation_is_as_its_schema_says(log: Path) -> None:
    text: list[str] = []
    write_json(explain_log(log.name, [log.read_bytes()], now=NOW), text.append)

    check("explain", json.loads("".join(text)))


# --- The words of the schemas are the words of the code


def kinds() -> list[str]:
    return [each["$ref"].rpartition("/")[2] for each in json.loads(schema_text("watch"))["oneOf"]]


def test_the_words_are_those_of_the_code() -> None:
    session, server = open_definitions("snapshot")["session"], open_definitions("snapshot")["server"]
    basis = open_definitions("snapshot")["limit"]["properties"]["basis"]
    departed = open_definitions("watch")["departed"]["properties"]
    finding = open_definitions("explain")["finding"]["properties"]

    assert [each.value for each in Risk] == session["properties"]["risk"]["enum"]
    assert list(Flavour) == server["properties"]["flavour"]["enum"]
    assert list(Basis) == basis["enum"]
    assert list(Cause) == departed["cause"]["enum"] == finding["cause"]["enum"]
    assert list(Certainty) == departed["certainty"]["enum"] == finding["certainty"]["enum"]


def test_the_names_and_numbers_are_those_of_the_code() -> None:
    snapshot, explain = (json.loads(schema_text(name)) for name in ("snapshot", "explain"))

    assert snapshot["title"] == snapshot["properties"]["schema"]["const"] == SCHEMA
    assert explain["title"] == explain["properties"]["schema"]["const"] == EXPLANATION
    assert list(VARIABLES) == snapshot["properties"]["variables"]["required"]
    assert list(COUNTERS) == snapshot["properties"]["counters"]["required"]


def test_what_two_schemas_define_is_the_same_in_both() -> None:
    one, other = open_definitions("snapshot"), open_definitions("watch")
    both = one.keys() & other.keys()

    assert {"session", "limit", "server", "at_stake", "instant"} <= both
    assert {name: one[name] for name in both} == {name: other[name] for name in both}


# --- And they would tell


def snapshot_data() -> Any:
    return json.loads(written(a_snapshot([a_session(transaction=a_transaction())]), "json"))


def bent(*path: str | int, to: object = None, without: str = "") -> Any:
    """A right snapshot, but for one thing."""
    data = snapshot_data()
    place = data
    for step_ in path[:-1]:
        place = place[step_]
    if without:
        del place[path[-1]][without]
    else:
        place[path[-1]] = to
    return data


@pytest.mark.parametrize(
    "data",
    [
        bent("sessions", 0, "news", to=1),
        bent("sessions", 0, "limit", "news", to=1),
        bent("server", "news", to=1),
        bent("news", to=1),
        bent("variables", "wait_timeout", "news", to=1),
        bent("sessions", 0, without="risk"),
        bent("server", without="port"),
        bent("variables", without="wait_timeout"),
        bent("sessions", 0, "risk", to="dire"),
        bent("sessions", 0, "deadline", to="2026-11-24 02:39:50"),
        bent("sessions", 0, "id", to="4711"),
        bent("sessions", 0, "idle_seconds", to=-1),
        bent("sessions", 0, "at_stake", to=0),
        bent("schema", to="goneaway.snapshot/2"),
    ],
)
def test_closed_schema_reports_what_is_wrong(data: object) -> None:
    assert not validator("snapshot").is_valid(data)


def test_an_event_is_closed_too() -> None:
    line = next(line for line in every_event() if line["event"] == "opened")

    assert validator("watch").is_valid(line)
    assert not validator("watch").is_valid({**line, "news": 1})
    assert not validator("watch").is_valid({**line, "event": "arrived"})


def test_a_reader_who_validates_does_not_break_on_a_key_of_a_later_version() -> None:
    shipped = Draft202012Validator(json.loads(schema_text("snapshot")))

    assert shipped.is_valid(bent("sessions", 0, "news", to=1))
    assert not shipped.is_valid(bent("sessions", 0, without="risk"))


def test_several_servers_are_distinguished_by_name() -> None:
    data = deepcopy(snapshot_data())
    data["server_name"] = "prod-db1"
    data["sessions"][0]["server_name"] = "prod-db1"
    check("snapshot", data)
    for line in every_event():
        check("watch", {**line, "server_name": "prod-db1"})


def test_a_session_that_is_no_client_fits_as_well() -> None:
    daemon = a_session(command="Daemon", role=Role.DAEMON, own_limit=None, db=None)

    check("snapshot", json.loads(written(replace(a_snapshot([daemon])), "json")))
