"""Who is let in, by what a browser says of who asks."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.doorway import Doorway
from goneaway_tui.web.guard import MISDIRECTED, STRANGE, UNKNOWN, guard_of

OURS = guard_of(Doorway("127.0.0.1", 8104), "Desk")
GUARDED = guard_of(Doorway("0.0.0.0", 8104, login="office:secret"))
KNOWN = {"Authorization": "Basic " + base64.b64encode(b"office:secret").decode()}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8104", "localhost:8104", "LOCALHOST", "[::1]:9", "desk:8104", "10.0.0.7"]
)
def test_by_an_address_or_a_name_of_ours_anybody_may_ask(host: str) -> None:
    assert OURS.refusal({"Host": host}, by_page=False) is None
    assert OURS.refusal({"Host": host, "Origin": f"http://{host}"}, by_page=True) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8104",
        "a@localhost",
        "[::1",
        ":8104",
    ],
)
def test_by_no_other_name_even_where_the_page_is_of_that_name(host: str) -> None:
    assert MISDIRECTED == OURS.refusal({"Host": host, "Origin": f"http://{host}"}, by_page=True)


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:8105",
        "http://[",
        "127.0.0.1:8104",
    ],
)
def test_a_page_that_is_not_ours_gets_nothing(origin: str) -> None:
    headers = {"Host": "127.0.0.1:8104", "Origin": origin}

    assert STRANGE == OURS.refusal(headers, by_page=True) == OURS.refusal(headers, by_page=False)
    assert STRANGE == GUARDED.refusal({**headers, **KNOWN}, by_page=True)


def test_what_only_pages_ask_for_is_for_pages() -> None:
    assert STRANGE == OURS.refusal({"Host": "localhost:8104"}, by_page=True)


def test_behind_a_proxy_with_tls_the_page_is_still_ours() -> None:
    headers = {"Host": "db.example", "Origin": "https://db.example", **KNOWN}

    assert GUARDED.refusal(headers, by_page=True) is None
    assert UNKNOWN == GUARDED.refusal({**headers, "Authorization": "Basic eDp5"}, by_page=True)


def test_with_a_certificate_any_name_is_good_since_a_stranger_has_none() -> None:
    guard = guard_of(Doorway("0.0.0.0", 8104, cert="cert.pem"))

    assert guard.refusal({"Host": "db.example:8104"}, by_page=False) is None


@given(st.text(), st.text(), st.text())
def test_whatever_is_said_is_judged(host: str, origin: str, authorization: str) -> None:
    headers = {"Host": host, "Origin": origin, "Authorization": authorization}

    for guard in (OURS, GUARDED):
        assert guard.refusal(headers, by_page=True) in {None, MISDIRECTED, STRANGE, UNKNOWN}
    assert GUARDED.refusal(headers, by_page=True) is not None
