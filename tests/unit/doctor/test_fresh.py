"""What clients, frameworks and proxies log, in their own formats, prefixes and stamps, of what was not provoked here.

`fresh.txt` has an entry each: `=== name, code, time, client, causes`, by tabs, then the log itself. The cause told first
must be one of those.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.model.cause import Certainty

NOW = 1_790_930_000.0
ENTRIES = [
    (*head.split("\t"), text)
    for head, _, text in (
        each.partition("\n")
        for each in (Path(__file__).parent / "fresh.txt").read_text(encoding="utf-8").split("=== ")[1:]
    )
]


def only(text: str) -> ErrorEvent:
    (event,) = find_error_events([text.encode()], NOW)
    return event


@pytest.mark.parametrize(
    ("code", "at", "client", "causes", "text"),
    [each[1:] for each in ENTRIES],
    ids=[each[0] for each in ENTRIES],
)
def test_each_is_one_error_and_is_understood(code: str, at: str, client: str, causes: str, text: str) -> None:
    event = only(text)
    findings = diagnose(Case(event))
    names_itself = event.stated_cause is not None and event.certainty is Certainty.CONFIRMED

    assert (code, at, client) == tuple(
        str(each)
        for each in (
            "-" if event.code is None else event.code,
            event.timestamp.iso if event.timestamp else "-",
            event.client.name or "-",
        )
    )
    assert findings[0].cause.value in causes.split()
    assert names_itself == (findings[0].certainty is Certainty.CONFIRMED)


def test_connector_j_last_packet_gives_the_idle_time() -> None:
    event = only("The last packet successfully received from the server was 28,805,123 milliseconds ago.")
    first, *_ = diagnose(Case(event))

    assert 28_805.123 == pytest.approx(event.idle_seconds)
    assert ("idle_timeout", "likely") == (first.cause.value, first.certainty.value)
    assert any("28805 s" in each and "28800 s" in each for each in first.because)


NAMED = "ERROR pymysql.err.OperationalError: (2006, 'MySQL server has gone away')"
UNNAMED = "ERROR could not load order 42: (2013, 'Lost connection to server during query')"


@pytest.mark.parametrize(
    ("first", "second", "client"),
    [
        ("{stamp} {named}", "{stamp} {unnamed}", None),
        ("web-1  | {stamp} {named}", "web-2  | {stamp} {unnamed}", None),
        ("web-1  | {stamp} {named}", "web-1  | {stamp} {unnamed}", "PyMySQL"),
        ("web-1  | {stamp} {named}", "web-1  | ERROR 2013 (HY000): Lost connection to server during query", "mariadb command line"),
    ],
    ids=["nobody's", "another's", "the same program's", "one that names itself"],
)  # fmt: skip
def test_an_error_that_names_no_client_is_only_its_own_programs(
    first: str, second: str, client: str | None
) -> None:
    log = "\n".join(
        each.format(stamp=f"2026-10-02 07:3{nth}:12", named=NAMED, unnamed=UNNAMED)
        for nth, each in enumerate((first, second))
    )
    _, event = find_error_events([log.encode()], NOW)

    assert client == event.client.name
