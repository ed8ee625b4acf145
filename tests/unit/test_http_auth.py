"""Who is let in, by what a browser says of who asks."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.http_auth import (
    FAILED_LOGIN_SECONDS,
    FOREIGN_HOST,
    FOREIGN_PAGE,
    MAX_ADDRESSES,
    MAX_FAILED_LOGINS,
    MAX_FAILED_PER_SECOND,
    TOO_MANY_LOGINS,
    UNAUTHORIZED,
    Guard,
    HttpEndpoint,
    basic_auth_guard,
)

OURS = basic_auth_guard(HttpEndpoint("127.0.0.1", 8104), "Desk")
GUARDED = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
KNOWN = {"Authorization": "Basic " + base64.b64encode(b"office:secret").decode()}


def refusal(guard: Guard, headers: dict[str, str], *, by_page: bool) -> int | None:
    return guard.refusal(headers, by_page=by_page, address="192.0.2.1", now=0.0)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8104", "localhost:8104", "LOCALHOST", "[::1]:9", "desk:8104", "10.0.0.7"]
)
def test_requests_by_an_address_or_an_own_name_are_accepted(host: str) -> None:
    assert refusal(OURS, {"Host": host}, by_page=False) is None
    assert refusal(OURS, {"Host": host, "Origin": f"http://{host}"}, by_page=True) is None


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
    assert FOREIGN_HOST == refusal(OURS, {"Host": host, "Origin": f"http://{host}"}, by_page=True)


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
def test_page_of_another_origin_gets_nothing(origin: str) -> None:
    headers = {"Host": "127.0.0.1:8104", "Origin": origin}

    assert FOREIGN_PAGE == refusal(OURS, headers, by_page=True) == refusal(OURS, headers, by_page=False)
    assert FOREIGN_PAGE == refusal(GUARDED, {**headers, **KNOWN}, by_page=True)


def test_what_only_pages_ask_for_is_for_pages() -> None:
    assert FOREIGN_PAGE == refusal(OURS, {"Host": "localhost:8104"}, by_page=True)


def test_behind_a_proxy_with_tls_the_page_is_still_ours() -> None:
    headers = {"Host": "db.example", "Origin": "https://db.example", **KNOWN}

    assert refusal(GUARDED, headers, by_page=True) is None
    assert UNAUTHORIZED == refusal(GUARDED, {**headers, "Authorization": "Basic eDp5"}, by_page=True)


def test_with_a_certificate_any_host_name_is_allowed() -> None:
    guard = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, cert="cert.pem"))

    assert refusal(guard, {"Host": "db.example:8104"}, by_page=False) is None


@given(st.text(), st.text(), st.text())
def test_any_request_headers_are_judged(host: str, origin: str, authorization: str) -> None:
    headers = {"Host": host, "Origin": origin, "Authorization": authorization}

    guarded = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
    for guard in (OURS, guarded):
        assert refusal(guard, headers, by_page=True) in {None, FOREIGN_HOST, FOREIGN_PAGE, UNAUTHORIZED}
    assert refusal(guarded, headers, by_page=True) is not None


def test_after_some_wrong_logins_of_an_address_only_the_right_one_is_let_in() -> None:
    guard = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
    wrong = {"Host": "h", "Authorization": "Basic eDp5"}
    right = {"Host": "h", **KNOWN}

    def answer(headers: dict[str, str], address: str, now: float) -> int | None:
        return guard.refusal(headers, by_page=False, address=address, now=now)

    assert [UNAUTHORIZED] * MAX_FAILED_LOGINS == [
        answer(wrong, "192.0.2.1", 1.0 + number) for number in range(MAX_FAILED_LOGINS)
    ]
    assert TOO_MANY_LOGINS == answer(wrong, "192.0.2.1", 20.0)
    assert answer(right, "192.0.2.1", 20.0) is None
    assert UNAUTHORIZED == answer(wrong, "192.0.2.2", 20.0)
    assert UNAUTHORIZED == answer(wrong, "192.0.2.1", 1.0 + FAILED_LOGIN_SECONDS)


def test_wrong_logins_per_second_are_limited_over_all_addresses() -> None:
    guard = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
    wrong = {"Host": "h", "Authorization": "Basic eDp5"}
    right = {"Host": "h", **KNOWN}

    def answer(headers: dict[str, str], address: str, now: float) -> int | None:
        return guard.refusal(headers, by_page=False, address=address, now=now)

    assert [UNAUTHORIZED] * MAX_FAILED_PER_SECOND == [
        answer(wrong, f"192.0.2.{number}", 5.0 + number / 100) for number in range(MAX_FAILED_PER_SECOND)
    ]
    assert TOO_MANY_LOGINS == answer(wrong, "198.51.100.1", 5.9) == answer(right, "198.51.100.2", 5.9)
    assert UNAUTHORIZED == answer({"Host": "h"}, "198.51.100.3", 5.9)
    assert answer(right, "198.51.100.2", 6.0) is None


def test_request_without_credentials_is_not_counted_as_a_wrong_login() -> None:
    guard = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
    for _ in range(3 * MAX_FAILED_LOGINS):
        assert UNAUTHORIZED == guard.refusal({"Host": "h"}, by_page=False, address="a", now=0.0)

    assert guard.refusal({"Host": "h", **KNOWN}, by_page=False, address="a", now=0.0) is None


def test_the_addresses_that_are_remembered_are_bounded() -> None:
    guard = basic_auth_guard(HttpEndpoint("0.0.0.0", 8104, login="office:secret"))
    for number in range(MAX_ADDRESSES + 50):
        guard.refusal(
            {"Host": "h", "Authorization": "x"}, by_page=False, address=str(number), now=float(number)
        )

    assert MAX_ADDRESSES == len(guard.failed_logins._by_address)
