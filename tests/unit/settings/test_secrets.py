"""Passwords on the command line, out of sight of `ps`."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from goneaway_tui.settings import Secret, secrets
from goneaway_tui.settings.secrets import hide_secrets, mask_secret
from tests.unit.settings.asking import settings

CHILD = """
import sys
from goneaway_tui.settings import hide_secrets
print(hide_secrets(sys.argv[1:]), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there are the arguments to be found")
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ([], []),
        (["-h", "db1"], ["-h", "db1"]),
        (["-ptiger", "-hdb1"], ["-pxxxxx", "-hdb1"]),
        (["-p", "tiger"], ["-p", "tiger"]),
        (["--password=tiger"], ["--password=xxxxx"]),
        (["--password="], ["--password="]),
        (["mysql://scott:db1@db1/x"], ["mysql://scott:xxx@db1/x"]),
        (["mysql://scott:ti/g@er@db1/x"], ["mysql://scott:xxxxxxx@db1/x"]),
        (["mysql://scott@db1:3306/x"], ["mysql://scott@db1:3306/x"]),
        (["-pä", "", "-u", "ö"], ["-pxx", "", "-u", "ö"]),
        (["-pp", "-ppp"], ["-px", "-pxx"]),
    ],
)
def test_the_process_list_does_not_show_it(given: list[str], seen: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[3:-1]
        process.communicate()

    assert seen == [each.decode() for each in shown]


def test_arguments_that_are_not_this_process_own_are_left_alone() -> None:
    assert hide_secrets(["-ptiger", "not what this was started with"]) is False


def test_hiding_secrets_reports_whether_it_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets.sys, "platform", "darwin")  # type: ignore[attr-defined]

    assert hide_secrets(["-ptiger"]) is False
    assert hide_secrets(["-h", "db1"]) is True


@pytest.mark.parametrize("failure", [OSError("no /proc"), IndexError("an odd kernel"), RuntimeError("any")])
def test_nothing_that_goes_wrong_in_it_stops_a_run(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> tuple[int, int]:
        raise failure

    monkeypatch.setattr(secrets, "_arguments", fail)

    assert hide_secrets(["-ptiger"]) is False


def test_argument_addresses_of_another_process_are_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_arguments", lambda: (8, 4096))

    assert hide_secrets(["-ptiger"]) is False


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("-ptiger", "-p****"),
        ("-p", "-p"),
        ("--password=tiger", "--password=****"),
        ("--password", "--password"),
        ("--pass", "--pass"),
        ("--passwordtiger", "--password****"),
        ("mysql://db1:db1@db1", "mysql://db1:****@db1"),
        ("-hdb1", "-hdb1"),
    ],
)
def test_a_masked_argument_keeps_all_but_the_password(argument: str, expected: object) -> None:
    assert expected == mask_secret(argument)


TIGER = Secret("tiger")


@pytest.mark.parametrize("shown", [repr(TIGER), str(TIGER), f"{TIGER}", f"{TIGER!r:>4}", "%s" % TIGER])  # noqa: UP031
def test_printed_it_is_four_stars(shown: str) -> None:
    assert shown == "****"


def test_a_log_does_not_have_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("x").warning("%s %r %s", TIGER, TIGER, settings("-ptiger"))

    assert "tiger" not in caplog.text


def test_revealed_it_is_what_was_typed() -> None:
    assert TIGER.reveal() == "tiger"


def test_equal_secrets_compare_equal_and_differ_from_any_text() -> None:
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
