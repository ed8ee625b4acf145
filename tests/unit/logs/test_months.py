"""Timestamps whose month is written in another language, as the journal, `date`, Tomcat and Java's own logger write it."""

from __future__ import annotations

import pytest

from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.timestamps import parse_timestamp

NOW = 1_795_478_400.0
"""2026-11-24T00:00:00Z."""


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Mai 05 18:31:34 den", "2026-05-05T18:31:34"),
        ("Mär 18 10:22:10 den", "2026-03-18T10:22:10"),
        ("Dez 31 10:22:10 den", "2025-12-31T10:22:10"),
        ("janv. 03 10:22:10 srv", "2026-01-03T10:22:10"),
        ("févr. 03 10:22:10 srv", "2026-02-03T10:22:10"),
        ("mars  3 10:22:10 srv", "2026-03-03T10:22:10"),
        ("juil. 14 10:22:10 srv", "2026-07-14T10:22:10"),
        ("août 14 10:22:10 srv", "2026-08-14T10:22:10"),
        ("ene 14 10:22:10 srv", "2026-01-14T10:22:10"),
        ("ago 14 10:22:10 srv", "2026-08-14T10:22:10"),
        ("dic 14 10:22:10 srv", "2025-12-14T10:22:10"),
        ("mag 14 10:22:10 srv", "2026-05-14T10:22:10"),
        ("set 14 10:22:10 srv", "2026-09-14T10:22:10"),
        ("out 14 10:22:10 srv", "2026-10-14T10:22:10"),
        ("mrt 14 10:22:10 srv", "2026-03-14T10:22:10"),
        ("paź 14 10:22:10 srv", "2026-10-14T10:22:10"),
        ("янв 14 10:22:10 srv", "2026-01-14T10:22:10"),
        ("Şub 14 10:22:10 srv", "2026-02-14T10:22:10"),
        ("11月 23 22:00:00 srv", "2026-11-23T22:00:00"),
        (" 1月 03 22:00:00 srv", "2026-01-03T22:00:00"),
        ("18-Mär-2026 10:41:29.123 SCHWERWIEGEND", "2026-03-18T10:41:29.123"),
        ("23-十一月-2026 10:12:14.564 严重", "2026-11-23T10:12:14.564"),
        ("23-11月-2026 10:12:14.564 严重", "2026-11-23T10:12:14.564"),
        ("十一月 23, 2026 10:00:00 下午 org.shop", "2026-11-23T22:00:00"),
        ("Nov 23, 2026 12:00:00 AM org.shop", "2026-11-23T00:00:00"),
        ("Okt. 23, 2026 1:00:00 NACHM. org.shop", "2026-10-23T13:00:00"),
        ("Mo 23. Nov 2026 22:00:00", "2026-11-23T22:00:00"),
        ("lun. 23 nov. 2026 22:00:00 CET", "2026-11-23T22:00:00"),
        ("12-SEP-2026 10:00:00", "2026-09-12T10:00:00"),
    ],
)
def test_a_month_is_read_in_its_language(text: str, iso: str) -> None:
    found = parse_timestamp(text, NOW)

    assert found is not None
    assert iso == found.iso


@pytest.mark.parametrize(
    "text",
    ["marsh 12 10:00:00", "the 12 10:00:00", "Smar 12 10:00:00", "v2mar 12 10:00:00", "32-Mär-2026 10:00:00"],
)
def test_another_word_or_day_is_no_date(text: str) -> None:
    assert parse_timestamp(text, NOW) is None


@pytest.mark.parametrize(
    "head", ["Mai 05 18:31:34", "févr. 05 18:31:34", " 5月 05 18:31:34", "11月 05 18:31:34"]
)
def test_a_journal_in_another_language_is_unwrapped(head: str) -> None:
    line = f"{head} den shop[7]: pymysql.err.OperationalError: (2006, 'MySQL server has gone away')\n"
    (event,) = find_error_events([line.encode()], NOW)

    assert event.program == "den shop[7]"
    assert event.timestamp is not None
    assert event.timestamp.iso.endswith("-05T18:31:34")
