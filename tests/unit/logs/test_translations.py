"""A server's log says the same in whatever language it is written."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.logs.blocks import WHOLE_LOG_BYTES
from goneaway_tui.logs.server_log import ServerLog, error_number
from goneaway_tui.logs.translations import (
    ABORTED_MESSAGES,
    ENGLISH,
    REASON_MESSAGES,
    TranslatedMessage,
    in_english,
    reason_in_english,
    translated_messages,
)
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.sample import LogEntry

LOGS = Path(__file__).parents[1] / "doctor" / "logs"
ROWS = tuple(translated_messages())
LANGUAGES = sorted({row.language for row in ROWS})
HEADS = [row for row in ROWS if row.number in ABORTED_MESSAGES]
SAID = [row for row in ROWS if row.number in REASON_MESSAGES]
ENDS = {1040: Cause.TOO_MANY_CONNECTIONS, 1153: Cause.PACKET_TOO_LARGE, 1158: Cause.CLIENT_LOST,
        1159: Cause.IDLE_TIMEOUT, 1160: None, 1161: Cause.NET_WRITE_TIMEOUT, 1927: None}  # fmt: skip
"""What an English server's parentheses say of an end, by the reason's number."""
GEORGIAN_CUT = {(number, "georgian") for number in (1158, 1159, 1160, 1161)}
"""Cut after 64 bytes, these four say no longer whether it was reading or writing."""


def filled(text: str, *texts: str) -> str:
    for each in ("4711", *texts):
        text = text.replace("%d" if each == "4711" else "%s", each, 1)
    return text


def entry(text: str, label: str = "4711 [Warning]") -> LogEntry:
    found = ServerLog(UTC).parse_entry(f"2026-11-30  4:43:09 {label} {text}")
    assert found is not None
    return found


def ends(name: str) -> list[tuple[int | None, Cause, int | None]]:
    log = ServerLog(UTC)
    lines = (LOGS / name).read_text(encoding="utf-8").splitlines()
    return [
        (each.session_id, each.cause, error_number(each))
        for line in lines
        if (each := log.parse_entry(line)) and each.cause
    ]


@pytest.mark.parametrize("head", HEADS, ids=lambda row: f"{row.number}-{row.language}")
def test_a_reason_in_any_language_is_understood_in_a_message_of_any(head: TranslatedMessage) -> None:
    names = ("shop", "app", "web-3")[: head.text.count("%s") - 1]
    for reason in SAID:
        read = entry(filled(head.text, *names, reason.text))

        assert (read.session_id, read.cause) == (4711, ENDS[reason.number]), reason
        assert all(f"'{name}'" in in_english(read.text) for name in names), reason
        assert reason.number == 1927 or error_number(read) == reason.number, reason


def test_a_reason_that_the_server_cut_means_the_same_or_nothing() -> None:
    for row in SAID:
        cut = row.text.encode()[:63].decode(errors="ignore")
        known = (row.number, row.language) not in GEORGIAN_CUT

        assert reason_in_english(cut) == (reason_in_english(row.text) if known else cut), row


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stop_and_a_start_are_known_in_any_language(language: str) -> None:
    """Between the two all that is killed fell with the server; and one that is ready and starts again has crashed."""
    own = {
        row.number: row.text
        for row in ROWS
        if row.language in {ENGLISH, language} and row.text.count("%s") < 3
    }
    log = ServerLog(UTC)
    lines = [
        filled(own[1408], "/usr/sbin/mariadbd"),
        filled(own[1077], "/usr/sbin/mariadbd", "root[root] @ localhost []"),
        "Aborted connection 8 to db: 'a' user: 'b' host: 'c' (KILLED)",
        filled(own[1079], "/usr/sbin/mariadbd"),
        "Starting MariaDB 10.11.18-MariaDB source revision x as process 2",
        filled(own[1408], "/usr/sbin/mariadbd"),
        "Starting MariaDB 10.11.18-MariaDB source revision x as process 3",
    ]
    causes = [
        each.cause for line in lines if (each := log.parse_entry(f"2026-11-30  4:43:09 0 [Note] {line}"))
    ]

    restart = Cause.SERVER_RESTART
    assert causes == [None, restart, restart, restart, None, None, Cause.SERVER_CRASH]


@pytest.mark.parametrize("name", ["mariadb1011-da_DK.err", "mariadb1011-zh_CN.err"])
def test_mariadb_messages_in_another_language_mean_the_same_as_in_english(name: str) -> None:
    """Which of its last sessions a server still names as it stops is chance."""
    english, other = (
        {each for each in ends(log) if each[1] is not Cause.SERVER_RESTART and each[0] not in {33, 34, 35}}
        for log in ("mariadb1011-warnings4.err", name)
    )

    assert other == english
    assert [each for each in ends(name) if each[1:] == (Cause.SERVER_RESTART, 1053)]


def test_mysql_messages_in_another_language_mean_the_same_as_in_english() -> None:
    sessions = [
        (session, error) for session, _cause, error in ends("mysql97-ru_RU.err") if error not in {1053, None}
    ]

    assert sessions == [
        (session, error) for session, _cause, error in ends("mysql97.err") if error not in {1053, None}
    ]


@pytest.mark.parametrize("padding", [0, 2 * WHOLE_LOG_BYTES])
@pytest.mark.parametrize("name", ["mariadb1011-da_DK.err", "mariadb1011-zh_CN.err"])
def test_explain_finds_each_end_in_any_language_in_a_log_of_any_size(name: str, padding: int) -> None:
    quiet = b"2026-11-30  4:00:00 0 [Note] InnoDB: nothing\n"
    log = (LOGS / name).read_bytes() + quiet * (padding // len(quiet))
    found = [(each.event.session_id, each.findings[0].cause) for each in explain_log("x", [log])]

    assert {(5, Cause.IDLE_TIMEOUT), (9, Cause.PACKET_TOO_LARGE), (10, Cause.CLIENT_LOST)} <= set(found)
    assert Cause.SERVER_RESTART in {cause for _session, cause in found}


def test_what_is_quoted_of_a_server_stays_as_the_server_wrote_it() -> None:
    text = "终止的连接 5 到数据库: 'shop' 用户: 'app' 主机: 'localhost' (读取通信包超时)"

    assert entry(text).text == text


@given(
    st.sampled_from(HEADS),
    st.sampled_from([row for row in SAID if row.number != 1927]),
    st.lists(
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=64),
        min_size=3,
        max_size=3,
    ),
)
def test_no_name_a_server_quotes_changes_the_reason(
    head: TranslatedMessage, reason: TranslatedMessage, names: list[str]
) -> None:
    slots = head.text.count("%s")
    text = "%".join(head.text.split("%"))
    pieces = text.replace("%d", "7").split("%s")
    told = "".join(
        piece + (fill if nth < slots else "")
        for nth, (piece, fill) in enumerate(zip(pieces, [*names[: slots - 1], reason.text, ""], strict=True))
    )

    assert in_english(told).endswith(f"({reason_in_english(reason.text)})")


@given(st.text(max_size=2000))
def test_any_text_is_read_without_a_fault(text: str) -> None:
    in_english(text)
