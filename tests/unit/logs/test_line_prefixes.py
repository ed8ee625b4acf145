"""Journals and containers put something before every line; what a traceback is does not change by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from goneaway_tui.logs.client_log import find_error_events

CORPUS = Path(__file__).parents[1] / "doctor" / "corpus"
LOGS = sorted(path.name for path in CORPUS.glob("*.log"))

WRAPPERS: dict[str, Callable[[str], str]] = {
    "compose": lambda line: f"web-1  | {line}",
    "journal": lambda line: f"Nov 23 22:59:59 web-3 gunicorn[4711]: {line}",
    "iso syslog": lambda line: f"2026-11-23T22:59:59.123456+00:00 web-3 gunicorn[4711]: {line}",
    "containerd": lambda line: f"2026-11-23T22:59:59.123456789Z stderr F {line}",
    "docker": lambda line: json.dumps(
        {"log": line + "\n", "stream": "stderr", "time": "2026-11-23T22:59:59.1Z"}, separators=(",", ":")
    ),
}


Found = list[tuple[int, int | None, str | None]]


def told(lines: Iterable[str], now: float | None = None) -> Found:
    found = find_error_events(["\n".join(lines).encode()], now=now)
    return [(one.line, one.code, one.client.name) for one in found]


@cache
def told_by_bare(name: str) -> tuple[list[str], Found]:
    """The lines of a log, and what is found in them."""
    bare = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return bare, told(bare)


@pytest.mark.long
@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", LOGS)
def test_wrapped_log_gives_the_same_result_as_the_bare_log(name: str, wrapper: str) -> None:
    bare, found = told_by_bare(name)

    assert found == told(map(WRAPPERS[wrapper], bare), now=1_795_478_400.0)


def test_a_line_without_a_stamp_has_its_wrappers() -> None:
    line = "Nov 23 22:00:00 web-3 app[7]: (2006, 'MySQL server has gone away')"
    (event,) = find_error_events([line.encode()], now=1_795_478_400.0)

    assert event.timestamp is not None
    assert "2026-11-23T22:00:00" == event.timestamp.iso
