"""Timestamps in the forms that logs have, and what only looks like one."""

from __future__ import annotations

import pytest

from goneaway_tui.logs.timestamps import parse_timestamp

NOW = 1_795_478_400.0


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("** [18:21:39 2012-08-17] 26190: x", "2012-08-17T18:21:39"),
        ("18:21:39 17/08/2012 x", "2012-08-17T18:21:39"),
        ("18:21:39.123 17.08.2012 x", "2012-08-17T18:21:39.123"),
        ("[18:21:39 17-Aug-2012] x", "2012-08-17T18:21:39"),
        ("Aug 12, 2025 6:22:45 PM com.example.Db run", "2025-08-12T18:22:45"),
        ("2026.11.23 22:00:00 x", "2026-11-23T22:00:00"),
        ("23-11-2026 22:00:00 x", "2026-11-23T22:00:00"),
        ("20261123 22:00:00 x", "2026-11-23T22:00:00"),
        ("20261123T220000Z x", "2026-11-23T22:00:00Z"),
        ("2026-11-23_22:00:00.12345 x", "2026-11-23T22:00:00.123450"),
        ("[1345227699] SERVICE ALERT", "2012-08-17T18:21:39.000Z"),
        ("@400000005f5e0f4b2a3c4d5e x", "2020-09-13T12:23:29Z"),
        ('[1] "2022-11-14 15:12:40 done"', "2022-11-14T15:12:40"),
        ("10:00:00 2026-11-23 11:00:00 x", "2026-11-23T11:00:00"),
    ],
)
def test_a_time_is_read(line: str, iso: str) -> None:
    timestamp = parse_timestamp(line, NOW)

    assert timestamp is not None
    assert iso == timestamp.iso


@pytest.mark.parametrize(
    "line",
    [
        " -- Ann Writer <ann@example.org>  Tue, 28 Feb 2023 21:14:09 +0100",
        "Date:   Tue Feb 28 21:14:09 2023 +0100",
        "updated_at = '2026-11-23 22:00:00'",
        'x = "2026-11-23 22:00:00"',
        "order 20261123T22000099",
    ],
)
def test_what_signs_a_change_or_is_a_value_is_no_time_of_a_log(line: str) -> None:
    assert parse_timestamp(line, NOW) is None
