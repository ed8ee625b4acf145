"""Timestamps: each form as a log writes it, where in a line it may stand, and which of two says more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.timestamps import Timestamp, better_timestamp, parse_timestamp

NOW = datetime(2026, 11, 23, 22, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("2026-11-23 22:23:21 x", "2026-11-23T22:23:21"),
        ("2026/11/23 22:23:21 x", "2026-11-23T22:23:21"),
        ("2026-11-23T22:23:21Z x", "2026-11-23T22:23:21Z"),
        ("2026-11-23T22:23:21.2Z x", "2026-11-23T22:23:21.200Z"),
        ("2026-11-23T22:23:21.200Z x", "2026-11-23T22:23:21.200Z"),
        ("2026-11-23T22:23:21.2001Z x", "2026-11-23T22:23:21.200100Z"),
        ("2026-11-23T22:23:21.123456789Z x", "2026-11-23T22:23:21.123456Z"),
        ("2026-11-23 22:23:21,200 +0130 x", "2026-11-23T20:53:21.200Z"),
        ("2026-11-23 22:23:21 -02:30 x", "2026-11-24T00:53:21Z"),
        ("2026-11-23 22:23:21 UTC x", "2026-11-23T22:23:21Z"),
        ("23/Nov/2026:23:23:21 +0100 x", "2026-11-23T22:23:21Z"),
        ("[23-Nov-2026 22:23:21 UTC] x", "2026-11-23T22:23:21Z"),
        ("Jan  1 22:23:21 x", "2026-01-01T22:23:21"),
        ("Mon Dec 7 22:23:21 2026 x", "2026-12-07T22:23:21"),
        ("261123 22:23:21 x", "2026-11-23T22:23:21"),
        ("26-11-23 22:23:21 x", "2026-11-23T22:23:21"),
        ("11/23/2026, 10:23:21 PM x", "2026-11-23T22:23:21"),
        ("11/12/2026 12:23:21 AM x", "2026-11-12T00:23:21"),
        ("11/12/2026 12:23:21 PM x", "2026-11-12T12:23:21"),
        ("12/11/2026 22:23:21 x", "2026-12-11T22:23:21"),
        ("13/11/2026 22:23:21 x", "2026-11-13T22:23:21"),
        ("11.12.2026 22:23:21 x", "2026-12-11T22:23:21"),
        (" 1234:20261123:222321.456 x", "2026-11-23T22:23:21.456"),
        ("I1123 22:23:21.1 x", "2026-11-23T22:23:21.100"),
        ('{"ts": 1795472601.5}', "2026-11-23T22:23:21.500Z"),
        ('{"time":"1795472601500"}', "2026-11-23T22:23:21.500Z"),
        ("2026-11-23 22:23:60 x", "2026-11-23T22:23:59"),
        ("2026-11-23 22:23:59 x", "2026-11-23T22:23:59"),
    ],
)
def test_each_form_is_read(line: str, iso: str) -> None:
    timestamp = parse_timestamp(line, NOW)

    assert timestamp is not None
    assert iso == timestamp.iso


@pytest.mark.parametrize(
    "line", ["hello", "2026-13-23 22:23:21 x", "2026-11-31 22:23:21 x", "12345678901 x", "22:23:21 x"]
)
def test_what_is_no_date_is_none(line: str) -> None:
    assert parse_timestamp(line, NOW) is None


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("Nov 24 00:00:00 x", "2026-11-24T00:00:00"),
        ("Nov 25 00:00:00 x", "2025-11-25T00:00:00"),
        ("Dec  1 00:00:00 x", "2025-12-01T00:00:00"),
        ("Oct 31 00:00:00 x", "2026-10-31T00:00:00"),
    ],
)
def test_a_day_without_a_year_is_the_last_that_is_not_after_tomorrow(line: str, iso: str) -> None:
    """Tomorrow may have begun where the log was written."""
    timestamp = parse_timestamp(line, NOW)

    assert timestamp is not None
    assert (iso, True) == (timestamp.iso, timestamp.year_guessed)
    assert parse_timestamp(line) is None


def test_on_new_years_eve_the_first_of_january_is_tomorrow() -> None:
    eve = datetime(2026, 12, 31, 12, tzinfo=UTC).timestamp()
    new_year, old_year = parse_timestamp("Jan  1 00:00:00 x", eve), parse_timestamp("Dec 31 00:00:00 x", eve)

    assert new_year is not None
    assert old_year is not None
    assert ("2027-01-01T00:00:00", "2026-12-31T00:00:00") == (new_year.iso, old_year.iso)


@pytest.mark.parametrize(("before", "found"), [(160, True), (161, False)])
def test_a_timestamp_begins_within_160_characters(before: int, found: bool) -> None:  # noqa: FBT001
    assert found is (parse_timestamp("x" * (before - 1) + " 2026-11-23 22:23:21 y") is not None)
    assert parse_timestamp("{" + "x" * 500 + " 2026-11-23 22:23:21 y") is not None, "anywhere in an object"


@pytest.mark.parametrize(
    ("line", "iso"),
    [
        ("[x] 2026-11-23 22:23:21 of 250102 03:04:05", "2026-11-23T22:23:21"),
        ("250102 03:04:05 of 2026-11-23 22:23:21", "2025-01-02T03:04:05"),
        ("a long prefix 250102 03:04:05 of 2026-11-23 22:23:21", "2025-01-02T03:04:05"),
        ("a long prefix 2026-13-23 22:23:21 is no date, 250102 03:04:05 is", "2025-01-02T03:04:05"),
    ],
)
def test_the_first_timestamp_of_a_line_counts_whatever_its_form(line: str, iso: str) -> None:
    assert iso == stamp(line).iso


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("UPDATE t SET updated_at = '2026-11-23 22:23:21'", False),
        ('UPDATE t SET updated_at = "2026-11-23 22:23:21"', False),
        ('{"at": "2026-11-23 22:23:21"}', True),
        ("'2026-11-23 22:23:21' x", False),
        ('x="2026-11-23 22:23:21"', True),
        ("2026-11-23 22:23:21 = '2026-11-23 22:23:21'", True),
    ],
)
def test_a_value_of_a_statement_is_no_timestamp(line: str, found: bool) -> None:  # noqa: FBT001
    assert found is (parse_timestamp(line) is not None)


def stamp(text: str, zone: str = "", now: float | None = None) -> Timestamp:
    timestamp = parse_timestamp(text + zone, now)
    assert timestamp is not None
    return timestamp


OWN = "2026-11-23 12:00:00"


@pytest.mark.parametrize(
    ("outer", "is_better"),
    [
        ("2026-11-23 12:02:00Z", True),
        ("2026-11-23 12:02:01Z", False),
        ("2026-11-23 11:58:00Z", True),
        ("2026-11-23 11:57:59Z", False),
        ("2026-11-23 13:15:00Z", True),
        ("2026-11-23 13:10:00Z", False),
        ("2026-11-24 03:00:00Z", True),
        ("2026-11-24 03:15:00Z", False),
        ("2026-11-23 12:00:00", False),
    ],
)
def test_the_zone_of_a_wrapper_counts_where_both_can_be_one_instant(outer: str, is_better: bool) -> None:  # noqa: FBT001
    """Zones differ by quarters of an hour, up to 15 hours; a collector may be two minutes late."""
    own, around = stamp(OWN), stamp(outer)

    assert (around if is_better else own) is better_timestamp(own, around)


def test_a_year_says_more_than_a_zone_and_any_time_more_than_none() -> None:
    guessed, own, zoned = stamp("Nov 23 12:00:00", now=NOW), stamp(OWN), stamp(OWN, "Z")

    assert own is better_timestamp(own, guessed)
    assert own is better_timestamp(guessed, own)
    assert zoned is better_timestamp(zoned, stamp("2026-11-23 12:00:00.5Z"))
    assert own is better_timestamp(own, None) is better_timestamp(None, own)
    assert better_timestamp(None, None) is None


@pytest.mark.parametrize(
    ("lines", "iso"),
    [
        (["10/03/2026 07:52:14 x"], "2026-10-03T07:52:14"),
        (["2026-03-10 07:50:00 y", "10/03/2026 07:52:14 x"], "2026-03-10T07:52:14"),
        (["2026-03-10, 07:50:00, 311ms y", "10/03/2026 07:52:14 x"], "2026-03-10T07:52:14"),
        (["2026-10-03 07:50:00 y", "10/03/2026 07:52:14 x"], "2026-10-03T07:52:14"),
        (["31/01/2026 07:50:00 y", "10/03/2026 07:52:14 x"], "2026-03-10T07:52:14"),
        (["01/31/2026 07:50:00 y", "10/03/2026 07:52:14 x"], "2026-10-03T07:52:14"),
        (["2025-01-01 07:50:00 y", "10/03/2026 07:52:14 x"], "2026-10-03T07:52:14"),
    ],
)
def test_other_dates_of_a_log_show_whether_the_day_stands_first(lines: list[str], iso: str) -> None:
    text = "\n".join(
        [*lines[:-1], lines[-1] + " pymysql.err.OperationalError: (2006, 'MySQL server has gone away')"]
    )
    (event,) = find_error_events([text.encode()])

    assert event.timestamp is not None
    assert iso == event.timestamp.iso
