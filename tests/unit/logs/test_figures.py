"""The figures that logs are read by: those of the servers' own sources, and the bounds of memory and time.

A bound is no law, but a decision: it is changed here too.
"""

from __future__ import annotations

import pytest

from goneaway_tui.logs import blocks, client_log, error_events, redact, server_log, timestamps, translations
from goneaway_tui.logs.error_events import CODES
from goneaway_tui.logs.server_log import REASONS, SERVER_MESSAGES, SESSION_MESSAGES, ServerLog, error_number


def test_names_are_as_long_as_servers_let_them_be() -> None:
    assert (128, 64, 48, 64, 255, 512, 60) == (
        server_log.USER_CHARS, server_log.DATABASE_CHARS, server_log.SESSION_USER_CHARS, server_log.REASON_CHARS,
        server_log.HOST_CHARS, server_log.FREE_TEXT_CHARS, server_log.WORD_CHARS,
    )  # fmt: skip


def test_messages_have_the_servers_numbers() -> None:
    assert {1045, 1698} == server_log.DENIED_MESSAGES
    assert 1080 == server_log.FORCED_CLOSE_MESSAGE
    assert {1152, 1184} == translations.ABORTED_MESSAGES
    assert {1040, 1153, 1158, 1159, 1160, 1161, 1927} == translations.REASON_MESSAGES


def test_memory_and_time_are_bounded() -> None:
    assert (2**18, 2**27, 0.5) == (blocks.BLOCK_BYTES, blocks.UNPACKING_BYTES, blocks.Progress.REDRAW_SECONDS)
    assert (8192, 2**32 - 1, 2) == (
        server_log.MAX_LINE_CHARS,
        server_log._LARGEST_ID,
        server_log.MAX_PREFIXES,
    )
    assert (60, 1000) == (translations.CUT_BYTES, translations.MAX_MESSAGE_CHARS)
    assert (300, 1200) == (redact.MAX_QUOTED_CHARS, redact.MAX_SEARCHED_CHARS)
    assert (200, 1000, 60, 80, 6, 20) == (
        client_log.MAX_REMEMBERED_PROGRAMS, client_log.FOREIGN_SEARCH_CHARS, client_log.WORDS_BEFORE_CHARS,
        client_log.HEAD_CHARS, client_log.CHAIN_LINES, client_log.PRECURSOR_LINES,
    )  # fmt: skip
    assert (160, 8) == (timestamps.MAX_OFFSET_CHARS, timestamps._OWN_OFFSET_CHARS)
    assert (3032, 1927) == (error_events.OFFLINE_MODE_ERROR, error_events.CONNECTION_KILLED_ERROR)


def test_forms_that_hold_nothing_but_an_error_number_stand_before_those_of_two() -> None:
    """From the driver's own words on (`driver error (2006)`, `code: 2006`) a number may be something else's."""
    assert "driver error" in client_log.ERROR_NUMBER_FORMS[client_log.UNAMBIGUOUS_NUMBER_FORMS].pattern


@pytest.mark.parametrize(
    "meaning",
    [
        meaning
        for _words, meaning in (*REASONS, *SESSION_MESSAGES, *SERVER_MESSAGES)
        if meaning.error_number not in {None, 1159, 1160}
    ],
)
def test_the_error_of_a_message_blames_what_the_message_does(meaning: server_log.MessageMeaning) -> None:
    """But 1159 and 1160, which a server raises for more than one cause."""
    assert meaning.cause is CODES[meaning.error_number].stated_cause


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("The client was disconnected by the server because of inactivity.", 4031),
        ("Got timeout reading communication packets", 1159),
        ("Got timeout writing communication packets", 1161),
        ("Got an error reading communication packets", 1158),
        ("Got an error writing communication packets", 1160),
        ("failed on flush_net()", 1160),
        ("Failed on flush_net()", 1160),
        ("failed on my_net_write()", 1160),
        ("Failed on my_net_write()", 1160),
        ("Got a packet bigger than 'max_allowed_packet' bytes", 1153),
        ("Too many connections", 1040),
        ("KILLED", None),
    ],
)
def test_a_reason_stands_for_the_error_that_clients_get(reason: str, number: int | None) -> None:
    line = f"2026-11-23  4:43:04 5 [Warning] Aborted connection 5 to db: 'a' user: 'b' host: 'c' ({reason})"
    entry = ServerLog().parse_entry(line)

    assert entry is not None
    assert number == error_number(entry)
    assert 5 == entry.session_id


@pytest.mark.parametrize(
    ("message", "session", "number"),
    [
        ("A connection from 'a'@'b' was closed by the server due to a timeout", 5, 4031),
        ("/usr/sbin/mariadbd: Connection was killed", 5, 1927),
        ("Could not write packet: fd: 30 state: 1 read_length: 4 errno: 110 vio_errno: 0 length: 9", 5, 1161),
        ("mysqld: Forcing close of thread 9  user: 'b'", 9, 1053),
        ("Access denied for user 'a'@'b'", 5, 1045),
        ("Got an error reading communication packets", 5, 1158),
        ("Too many connections", 5, 1040),
        ("Received SHUTDOWN from user root", None, 1053),
        ("mysqld: Shutdown complete", None, 1053),
        ("InnoDB: Assertion failure in file x", None, None),
        ("hello", 5, None),
    ],
)
def test_a_message_is_about_its_session_or_the_whole_server(
    message: str, session: int | None, number: int | None
) -> None:
    entry = ServerLog().parse_entry(f"2026-11-23  4:43:04 5 [Warning] {message}")

    assert entry is not None
    assert (session, number) == (entry.session_id, error_number(entry))


@pytest.mark.parametrize(
    ("thread", "session"), [("0", None), ("1", 1), ("4294967295", 4_294_967_295), ("4294967296", None)]
)
def test_the_server_itself_and_an_address_of_a_thread_are_no_session(
    thread: str, session: int | None
) -> None:
    entry = ServerLog().parse_entry(f"2026-11-23  4:43:04 {thread} [Warning] hello")

    assert entry is not None
    assert session == entry.session_id
