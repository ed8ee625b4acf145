"""What is wrapped around a log changes nothing of its findings: syslog, containers, journals, collectors, and one in another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.timestamps import parse_timestamp

NOW = 1_795_478_400.0
DOCTOR = Path(__file__).parents[1] / "unit" / "doctor"
CORPUS = {path.name: path.read_text(encoding="utf-8") for path in sorted((DOCTOR / "corpus").glob("*.log"))}
SERVER_LOGS = {
    path.name: path.read_text(encoding="utf-8") for path in sorted((DOCTOR / "logs").glob("*.err"))
}
LOGS = CORPUS | SERVER_LOGS
UNDATED = {
    name for name, log in LOGS.items() if not any(parse_timestamp(line, NOW) for line in log.splitlines())
}
"""Logs without times: a wrapper's time would be the only one, and is evidence."""

Wrap = Callable[[str, datetime], str]


def dumped(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


WRAPPERS: dict[str, Wrap] = {
    "docker compose": lambda line, _at: f"shop-1    | {line}",
    "kubectl prefix": lambda line, _at: f"[pod/shop-5f7c/app] {line}",
    "stern": lambda line, _at: f"shop-5f7c-x2x4z app {line}",
    "kubetail": lambda line, _at: f"[shop-5f7c-x2x4z] {line}",
    "namespace and pod": lambda line, _at: f"prod/shop-0[app]: {line}",
    "pm2": lambda line, _at: f"0|shop     | {line}",
    "java service wrapper": lambda line, at: f"INFO   | jvm 1    | {at:%Y/%m/%d %H:%M:%S} | {line}",
    "fly.io": lambda line, at: f"{iso(at)} app[6e82d5] lhr [info]{line}",
    "cloud foundry": lambda line, at: f"   {at:%Y-%m-%dT%H:%M:%S}.00+0000 [APP/PROC/WEB/0] ERR {line}",
    "gitlab": lambda line, at: f"{iso(at)} 01E {line}",
    "aws logs tail": lambda line, at: (
        f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}+00:00 shop/web/5f7c {line}"
    ),
    "kubectl timestamps": lambda line, at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}000Z {line}",
    "containerd": lambda line, at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}000Z stdout F {line}",
    "syslog": lambda line, at: f"{at:%b} {at.day:2} {at:%H:%M:%S} host-3 shop[4711]: {line}",
    "rfc 5424": lambda line, at: f"<14>1 {iso(at)} host-3 shop 4711 - - {line}",
    "heroku": lambda line, at: f"{iso(at)} app[web.1]: {line}",
    "github actions": lambda line, at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}0Z {line}",
    "docker json": lambda line, at: dumped(log=line + "\n", stream="stdout", time=iso(at)),
    "journald json": lambda line, at: dumped(
        __REALTIME_TIMESTAMP=str(int(at.timestamp() * 1e6)),
        SYSLOG_IDENTIFIER="shop",
        _PID="4711",
        MESSAGE=line,
    ),
    "gelf": lambda line, at: dumped(
        version="1.1", host="host-3", short_message=line, timestamp=at.timestamp(), level=6
    ),
    "cloudwatch": lambda line, at: dumped(
        timestamp=int(at.timestamp() * 1000), message=line, ingestionTime=int(at.timestamp() * 1000) + 9000
    ),
    "filebeat": lambda line, at: dumped(
        **{"@timestamp": iso(at)}, agent={"type": "filebeat"}, log={"offset": 1}, message=line
    ),
    "cloud logging": lambda line, at: dumped(
        insertId="a", textPayload=line, timestamp=iso(at), receiveTimestamp=iso(at)
    ),
    "azure": lambda line, at: dumped(time=iso(at), category="Logs", properties={"message": line}),
    "loki": lambda line, at: dumped(
        line=line, timestamp=str(int(at.timestamp() * 1e6) * 1000), fields={"app": "shop"}
    ),
}


def told(log: str) -> list[object]:
    return [
        (
            event.code,
            event.client.name,
            [(finding.cause, finding.certainty) for finding in diagnose(Case(event))],
        )
        for event in find_error_events([log.encode()], NOW)
    ]


@cache
def told_plain(name: str) -> list[object]:
    return told(LOGS[name])


@cache
def dated_lines(log: str) -> list[tuple[str, datetime]]:
    """Each line of a log with the log's own last timestamp."""
    lines = []
    at = datetime.fromtimestamp(NOW, UTC)
    for line in log.splitlines():
        own = parse_timestamp(line, NOW)
        at = datetime.fromtimestamp(own.clock_seconds, UTC) if own is not None else at
        lines.append((line, at))
    return lines


def wrapped(log: str, *wraps: Wrap) -> str:
    """Each line of a log in wrappers, the first innermost, with the time of the log's own last timestamp."""
    lines = []
    for line, at in dated_lines(log):
        for wrap in wraps:
            line = wrap(line, at)  # noqa: PLW2901 - a wrapper around a wrapper
        lines.append(line)
    return "\n".join(lines)


TIMELESS = {"docker compose", "kubectl prefix", "namespace and pod", "pm2"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "wrapper"),
    [(name, wrapper) for name in LOGS for wrapper in WRAPPERS if name not in UNDATED or wrapper in TIMELESS],
)
def test_a_wrapper_changes_nothing_of_the_findings(name: str, wrapper: str) -> None:
    assert told_plain(name) == told(wrapped(LOGS[name], WRAPPERS[wrapper]))


AT = datetime.fromtimestamp(NOW, UTC)
UNKNOWN_FORMS = {"stern", "kubetail"}
"""Names alone: they are found where they stand first on all lines, before the log's own lines or objects."""


@given(
    st.sampled_from(sorted(LOGS.keys() - UNDATED)),
    st.sampled_from(sorted(WRAPPERS.keys() - UNKNOWN_FORMS)),
    st.sampled_from(sorted(WRAPPERS)),
)
@settings(deadline=None, max_examples=30)
def test_nor_does_a_wrapper_in_a_wrapper(name: str, inner: str, outer: str) -> None:
    assume(outer not in UNKNOWN_FORMS or WRAPPERS[inner]("", AT).startswith("{"))
    assert told_plain(name) == told(wrapped(LOGS[name], WRAPPERS[inner], WRAPPERS[outer]))


@pytest.mark.parametrize("name", sorted(CORPUS)[:6])
def test_two_programs_that_write_in_turn_are_told_apart(name: str) -> None:
    ours = wrapped(CORPUS[name], WRAPPERS["docker compose"]).splitlines()
    theirs = [f"proxy-1   | 10.0.0.9 GET /health {number}" for number in range(len(ours))]
    mixed = "\n".join(line for pair in zip(ours, theirs, strict=True) for line in pair)

    assert told_plain(name) == told(mixed)


def test_printed_json_is_read_like_json_in_lines() -> None:
    events = [
        {"timestamp": "2026-11-23T22:00:00Z", "textPayload": "(2006, 'MySQL server has gone away')"},
        {
            "timestamp": "2026-11-23T23:00:00Z",
            "textPayload": "(2013, 'Lost connection to MySQL server during query')",
        },
    ]
    lines = "\n".join(map(json.dumps, events))

    assert 2 == len(told(lines))
    for document in (events, {"events": events}):
        assert told(lines) == told(json.dumps(document, indent=2))
