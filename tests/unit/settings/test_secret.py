"""A secret says itself only when told to."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from goneaway_tui.settings import Secret
from tests.unit.settings.asking import settings

TIGER = Secret("tiger")


@pytest.mark.parametrize("shown", [repr(TIGER), str(TIGER), f"{TIGER}", f"{TIGER!r:>4}", "%s" % TIGER])  # noqa: UP031
def test_printed_it_is_four_stars(shown: str) -> None:
    assert shown == "****"


def test_a_log_does_not_have_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("x").warning("%s %r %s", TIGER, TIGER, settings("-ptiger"))

    assert "tiger" not in caplog.text


def test_revealed_it_is_what_was_typed() -> None:
    assert TIGER.reveal() == "tiger"


def test_equal_secrets_are_equal_and_say_nothing_about_a_text() -> None:
    assert Secret("tiger") == TIGER
    assert hash(Secret("tiger")) == hash(TIGER)
    assert Secret("lion") != TIGER
    assert TIGER != "tiger"


def test_an_empty_secret_is_no_password() -> None:
    assert not Secret("")
    assert TIGER


def test_a_copy_of_the_settings_keeps_it() -> None:
    connection = replace(settings("-ptiger").connection, host="db1")

    assert connection.password == TIGER
