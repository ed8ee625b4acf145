"""Records: what is around a line is taken off, and what one program wrote for one timestamp is put together."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.records import (
    Record,
    joined_objects,
    split_prefix,
    split_records,
    unwrap_lines,
    unwrapped,
)

STAMP = "2026-11-23T12:00:00Z"


def lines_of(*texts: str, blocks: Iterable[int] = ()) -> list[LogLine]:
    """Lines from number 1; those in `blocks` begin a block."""
    return [
        LogLine(number, text, len(text), starts_block=number in blocks)
        for number, text in enumerate(texts, 1)
    ]


def records(*texts: str, blocks: Iterable[int] = ()) -> list[Record]:
    return list(split_records(unwrap_lines(lines_of(*texts, blocks=blocks)), None))


def grouped(*texts: str, blocks: Iterable[int] = ()) -> list[list[int]]:
    """The numbers of the lines of each record."""
    return [[line.number for line in record.lines] for record in records(*texts, blocks=blocks)]


# --- Wrappers


@pytest.mark.parametrize(
    ("line", "program", "time", "body"),
    [
        (f"{STAMP} stdout F hello", "stdout", STAMP, "hello"),
        ("2026-11-23T12:00:00.123456789Z hello", "", "2026-11-23T12:00:00.123456789Z", "hello"),
        ("Nov 23 12:00:00 web-3 app[7]: hello", "web-3 app[7]", "Nov 23 12:00:00", "hello"),
        (f"<11>1 {STAMP} web-3 app 7 - - hello", "web-3 app 7", STAMP, "hello"),
        ("web-1  | hello", "web-1", "", "hello"),
        ("[pod/shop-1/app] hello", "pod/shop-1/app", "", "hello"),
        ("hello", None, "", ""),
    ],
)
def test_a_prefix_is_split_off(line: str, program: str | None, time: str, body: str) -> None:
    found = split_prefix(line)

    assert (program is None) == (found is None)
    assert found is None or (program, time, body) == (found.program, found.timestamp_text, found.body)


def test_three_wrappers_are_taken_off_and_a_fourth_stays() -> None:
    prefix = "web-1  | "
    three, four = (
        unwrapped(LogLine(1, prefix * 3 + "hello", 9)),
        unwrapped(LogLine(1, prefix * 4 + "hello", 9)),
    )

    assert "hello" == three[0].text
    assert prefix + "hello" == four[0].text
    assert "web-1 web-1 web-1" == three[0].program
    assert prefix * 3 == three[0].text_before


def test_a_message_of_one_line_has_the_size_of_the_whole_and_of_several_each_its_own() -> None:
    (alone,) = unwrapped(LogLine(1, "web-1  | gone away", 5000))
    several = unwrapped(LogLine(1, json.dumps({"msg": "gone\naway now"}), 5000))

    assert 5000 == alone.size_bytes
    assert [("gone", 4), ("away now", 8)] == [(line.text, line.size_bytes) for line in several]


def unwrapped_texts(*texts: str) -> list[tuple[str, str]]:
    return [(line.program, line.text) for line in unwrap_lines(lines_of(*texts))]


def test_the_names_of_pods_before_all_lines_are_taken_off() -> None:
    entry, rest = "2026-11-23 12:00:00 gone away", "and more"

    assert [("shop-7d9f-x2", entry), ("shop-7d9f-x2", rest)] == unwrapped_texts(
        f"shop-7d9f-x2 {entry}", f"shop-7d9f-x2 {rest}"
    )
    assert [("", f"shop-7d9f-x2 {entry}"), ("", rest)] == unwrapped_texts(f"shop-7d9f-x2 {entry}", rest)
    assert [("", f"shop {entry}")] * 2 == unwrapped_texts(*[f"shop {entry}"] * 2)


def test_a_pod_that_begins_to_write_later_is_known_by_its_entry_and_of_those_at_most_50() -> None:
    later = [f"shop-7d9f-{number}" for number in range(10, 69)]
    entry = "2026-11-23 12:00:00 gone away"
    texts = [f"shop-7d9f-x2 {entry}"] * 40 + ["no prefix"] + [f"{pod} {entry}" for pod in later]
    found = unwrapped_texts(*texts)[40:]

    assert [("", "no prefix"), *[(pod, entry) for pod in later[:49]]] == found[:50]
    assert [("", f"{pod} {entry}") for pod in later[49:]] == found[50:]


def test_the_innermost_time_counts_and_none_leaves_the_outer() -> None:
    outer = f'{{"log": "web-1  | hello", "time": "{STAMP}"}}'
    inner = f'{{"log": "2026-11-23T11:00:00.0000000Z hello", "time": "{STAMP}"}}'

    assert STAMP == unwrapped(LogLine(1, outer, 9))[0].timestamp_text
    assert "2026-11-23T11:00:00.0000000Z" == unwrapped(LogLine(1, inner, 9))[0].timestamp_text


def an_object(**members: object) -> list[str]:
    """The lines that an object in JSON holds."""
    text = json.dumps(members)
    return [line.text for line in unwrapped(LogLine(1, text, len(text)))]


@pytest.mark.parametrize(
    ("members", "lines"),
    [
        ({"msg": "hello"}, ["hello"]),
        ({"text": "no", "message": "hello"}, ["hello"]),
        ({"message": " ", "text": "hello"}, ["hello"]),
        ({"inner": {"message": "deep"}, "message": "hello"}, ["hello"]),
        ({"message": "one\ntwo\n"}, ["one", "two"]),
        ({"message": "hello", "error": "gone away"}, ["hello", " error: gone away"]),
        ({"message": "hello", "error": "x" * 61}, ["hello", "x" * 61]),
        ({"message": "hello", "error": "x" * 60}, ["hello", " error: " + "x" * 60]),
        ({"message": "hello", "error": "a\nb"}, ["hello", "a", "b"]),
        ({"message": "hello", "error": "hello"}, ["hello"]),
        ({"message": "hello", "code": 2006}, ["hello"]),
        ({"message": "hello", "code": 2006, "stack": "at x"}, ["hello", " code: 2006", " stack: at x"]),
        ({"message": "hello", "logger": "pymysql"}, ["hello", " logger: pymysql"]),
        ({"error": "gone away"}, [" error: gone away"]),
        ({"fatal": True, "message": "hello", "err": None}, ["hello"]),
        ({"errors": [{"message": "first"}, "second"], "message": "hello"}, ["hello" ]),
    ],
)  # fmt: skip
def test_of_an_object_the_surest_message_and_what_describes_its_error_are_read(
    members: dict[str, object], lines: list[str]
) -> None:
    assert lines == an_object(**members)[: len(lines)]


def test_objects_are_read_eight_deep() -> None:
    def nested(depth: int) -> dict[str, object]:
        return {"message": "hello"} if not depth else {"x": nested(depth - 1)}

    assert ["hello"] == an_object(**nested(8))
    assert ["{"] == [line[0] for line in an_object(**nested(9))]


def test_of_one_message_400_lines_are_read() -> None:
    assert 400 == len(an_object(message="\n".join("x" * 500)))


def test_what_is_no_message_stays_as_it_is() -> None:
    for members in ({"count": 7}, {"err_code": 1, "prio": 2, "msg": "of MySQL's own log"}):
        assert [json.dumps(members)] == an_object(**members)


def test_a_cut_object_is_read_as_far_as_it_goes() -> None:
    cut = '{"message": "gone \\"away\\"", "error": "x", "stack": "at y'

    assert ['gone "away"', " error: x", " stack: at y"] == [
        line.text for line in unwrapped(LogLine(1, cut, 9))
    ]


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("1751297659", "2025-06-30T15:34:19Z"),
        ("1751297659.5", "2025-06-30T15:34:19.500Z"),
        ("1751297659123", "2025-06-30T15:34:19.123Z"),
        ("1751297659123456789", "2025-06-30T15:34:19.123456Z"),
        ("17512976591234567890", "17512976591234567890"),
        ("175129765", "175129765"),
        ("1751297659.x", "1751297659.x"),
    ],
)
def test_a_time_in_seconds_or_finer_units_has_a_date(value: str, time: str) -> None:
    (line,) = unwrapped(LogLine(1, json.dumps({"ts": value, "msg": "x"}), 9))

    assert time == line.timestamp_text


def test_the_surest_time_counts_and_what_names_the_program() -> None:
    members = {"time": "b", "timestamp": "a", "msg": "x", "host": "h" * 90, "_pid": 7, "stream": "stderr"}
    (line,) = unwrapped(LogLine(1, json.dumps(members), 9))

    assert ("a", f"7 stderr {'h' * 80}") == (line.timestamp_text, line.program)


# --- JSON printed over several lines

PRINTED = ["{", '  "message": "hello",', '  "error": "gone away"', "}"]


def test_a_printed_object_is_one_line_of_the_number_of_its_message() -> None:
    (line,) = joined_objects(lines_of(*PRINTED))

    assert (2, '{ "message": "hello", "error": "gone away" }') == (line.number, line.text)
    assert len(line.text) == line.size_bytes


def test_each_event_of_a_printed_list_is_one_line() -> None:
    listed = ["[", *("  " + line for line in PRINTED[:-1]), "  },", *("  " + line for line in PRINTED), "]"]

    assert [3, 7] == [line.number for line in joined_objects(lines_of(*listed))]


def test_an_object_within_an_event_is_a_part_of_it() -> None:
    nested = ["{", '  "message": "hello",', '  "inner": {', '    "a": 1', "  }", "}", "after"]

    assert [2, 7] == [line.number for line in joined_objects(lines_of(*nested))]


def test_the_events_of_a_named_list_are_apart_and_other_lists_are_not() -> None:
    def within(key: str) -> bool:
        """Whether the list is a part of the event that holds the message."""
        text = ["{", f'  "{key}": [', *("    " + line for line in PRINTED), "  ]", "}"]
        (line,) = (line for line in joined_objects(lines_of(*text)) if "message" in line.text)
        return key in line.text

    assert not within("events")
    assert within("tags")


def test_what_begins_like_an_object_and_is_none_stays_as_it_is() -> None:
    texts = ["{", "no json at all", "}"]

    assert texts == [line.text for line in joined_objects(lines_of(*texts))]


def test_2000_lines_of_one_object_are_read() -> None:
    long = ["{", *['  "a": 1,'] * 1998, '  "message": "hello"', "}"]
    longer = ["{", *['  "a": 1,'] * 1999, '  "message": "hello"', "}"]

    assert 1 == len(list(joined_objects(lines_of(*long[:-2], "}"))))
    assert 1 < len(list(joined_objects(lines_of(*longer))))


# --- Records


def test_a_record_begins_at_a_timestamp_and_goes_on_without_one() -> None:
    assert [[1, 2], [3]] == grouped(f"{STAMP} one", "more", f"{STAMP} two")
    assert [[1, 2]] == grouped(f"{STAMP} one", f"  {STAMP} indented")
    assert [[1], [2]] == grouped(f"{STAMP} one", "12:00:00 UTC - mysqld got signal 11 ;")


def test_a_record_begins_at_a_block() -> None:
    assert [[1], [2]] == grouped(f"{STAMP} one", "more", blocks={2})


def test_programs_that_write_in_turn_have_records_of_their_own() -> None:
    assert [[1, 3], [2, 4]] == grouped(
        f"web-1  | {STAMP} one", f"web-2  | {STAMP} two", "web-1  |   more", "web-2  |   more"
    )


def test_a_wrapped_line_without_a_time_of_its_own_goes_on_where_it_is_part_of_a_traceback() -> None:
    wrap = "Nov 23 12:00:0{} web-3 app[7]: {}".format

    assert [[1, 2]] == grouped(wrap(0, "one"), wrap(1, "  at x"))
    assert [[1], [2]] == grouped(wrap(0, "one"), wrap(1, "two"))
    assert [[1, 2, 3]] == grouped(
        wrap(0, "one"), wrap(1, "Traceback"), wrap(2, "pymysql.err.OperationalError: x")
    )
    assert [[1], [2]] == grouped(wrap(0, "one"), wrap(1, "pymysql.err.OperationalError: x"))
    wrap = "api-1  | 2026-11-23T12:00:0{}.000000000Z {}".format
    prisma = wrap(0, "Invalid `prisma.order.findMany()` invocation:")
    assert [[1, 2, 3]] == grouped(prisma, wrap(1, ""), wrap(1, "Server has closed the connection."))
    assert [[1], [2]] == grouped(prisma, wrap(2, "Server has closed the connection."))


@pytest.mark.parametrize(("seconds", "silent"), [(5, 5.0), (0, 0.0)])
def test_how_long_a_program_was_silent_is_told(seconds: int, silent: float) -> None:
    _, record = records(f"{STAMP} one", f"2026-11-23T12:00:0{seconds}Z two")

    assert silent == record.silent_seconds


RAILS = "D, [2026-11-23T{clock}00000 #7] DEBUG -- :   Order Load (123.4ms)  SELECT 1".format


@pytest.mark.parametrize(
    ("words", "silent"),
    [
        ('Started GET "/orders" for 192.0.2.7 at 2026-11-23 13:00:00 +0000', 32_400.0),
        ("OrderJob JID-3f2a: start", 32_400.0),
        ("   Order Load (0.4ms)  SELECT 1", 32_400.0),
        ("Started OrderApplication in 3.2 seconds", 0.1),
        ("* Starting control server", 0.1),
    ],
)
def test_a_piece_of_work_that_begins_hides_no_silence_and_a_program_that_begins_does(
    words: str, silent: float
) -> None:
    *_, last = records(
        RAILS(clock="04:00:00.0"),
        f"I, [2026-11-23T13:00:00.000000 #7]  INFO -- : {words}",
        RAILS(clock="13:00:00.1"),
    )

    assert silent == pytest.approx(last.silent_seconds)


def test_before_its_first_line_and_across_a_gap_no_silence_is_known() -> None:
    first, second = records(f"{STAMP} one", "2026-11-23T12:00:05Z two", blocks={2})

    assert first.silent_seconds is second.silent_seconds is None


@pytest.mark.parametrize(("lines", "sizes"), [(400, [400]), (401, [400, 1])])
def test_400_lines_are_of_one_record_and_the_rest_keep_its_time(lines: int, sizes: list[int]) -> None:
    found = records(f"{STAMP} one", *["  more"] * (lines - 1))

    assert sizes == [len(record.lines) for record in found]
    assert {STAMP} == {record.timestamp.iso for record in found if record.timestamp}
    assert all(record.timestamp for record in found)


def test_a_record_waits_for_200_lines_of_others() -> None:
    def groups(others: int) -> list[int]:
        texts = [f"web-1  | {STAMP} one", *[f"web-2  | {STAMP} x"] * others, "web-1  |   more"]
        return [line.number for line in records(*texts)[0].lines]

    assert [1, 201] == groups(199)
    assert [1] == groups(201)


def test_200_programs_are_told_apart_at_once() -> None:
    def first_goes_on(programs: int) -> bool:
        texts = [f"web-{number}  | {STAMP} one" for number in range(programs)]
        return len(records(*texts, "web-0  |   more")[0].lines) == 2

    assert first_goes_on(199)
    assert not first_goes_on(201)


@pytest.mark.parametrize(
    ("program", "iso"), [("haproxy", "2026-11-23T22:00:00Z"), ("app", "2026-11-23T21:50:00.000")]
)
def test_haproxy_has_the_time_of_its_wrapper(program: str, iso: str) -> None:
    """Its own time is when a session began."""
    (record,) = records(f"2026-11-23T22:00:00Z lb1 {program}[7]: 10.0.0.7:5 [23/Nov/2026:21:50:00.000] mysql")

    assert record.timestamp is not None
    assert iso == record.timestamp.iso


GOBBLED = "2026-11-23 12:26:48 ERROR (/tmp/workspace/1/0) LineGobbler(voidCall):69 - "


@pytest.mark.parametrize(
    ("further", "texts"),
    [
        (f"{GOBBLED}at com.mysql.cj.jdbc.SQLError.create(SQLError.java:174)", "at com.mysql.cj.jdbc.SQLError.create(SQLError.java:174)"),
        (f"{GOBBLED}... 21 more", "... 21 more"),
        (GOBBLED.rstrip(), ""),
        (GOBBLED.replace(":48", ":49") + "Caused by: java.io.IOException: x", "Caused by: java.io.IOException: x"),
        (GOBBLED.replace("/1/0", "/2/0") + "Caused by: java.io.IOException: x", None),
        (f"{GOBBLED}Communications link failure", None),
        ("2026-11-23 12:26:48 - at com.mysql.cj.jdbc.SQLError.create(SQLError.java:174)", None),
    ],
)  # fmt: skip
def test_a_head_that_is_repeated_before_a_part_of_a_traceback_is_taken_off(
    further: str, texts: str | None
) -> None:
    _first, line = unwrap_lines(lines_of(f"{GOBBLED}Exception in thread main", further))

    assert (texts is not None, further if texts is None else texts) == (line.continues, line.text)
