"""What is asked of a server about endings, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.judge.tracker import track
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import NO_EVIDENCE, EndEvidence, ErrorCount, KillStatement, Sample
from goneaway_tui.model.session import Account, ProcesslistId, Role, Session
from goneaway_tui.source.connection import Refusal
from goneaway_tui.source.end_evidence import KILL_SECONDS, NEW_ACCOUNTS, CarriedCounts
from goneaway_tui.source.end_evidence import EndEvidenceReader as Remembered
from tests.builders import NOW, a_sample, a_session
from tests.unit.source.standins import MysqlStandin, Row, refused

SHOP, ETL = ("shop", "web-3"), ("etl", "job-1")


class Counting(MysqlStandin):
    """A server that counts endings, and is told what to count."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[Account, Counter[int]] = {}
        self.logins: Counter[Account] = Counter()
        self.ran: list[tuple[str, int, str, str, int, int]] = []
        self.offline: tuple[int, float | None] = (0, None)
        """The value of offline_mode, and how many seconds ago it was set."""
        self.log: list[Row] = []
        self.oldest: float | None = None
        self.status = Counter({"aborted_clients": 0, "com_kill": 0})
        self.scripted = {
            "mysql/end_counts.sql": self._endings,
            "mysql/accounts.sql": lambda: [(u.encode(), h.encode(), n) for (u, h), n in self.logins.items()],
            "mysql/kills.sql": lambda: [tuple(each) for each in self.ran],
            "mysql/offline.sql": lambda: [self.offline],
            "mysql/log.sql": lambda _: self.log,
            "mysql/log_oldest.sql": lambda: [(self.oldest,)],
        }

    def _endings(self, user: str, host: str, *_: str) -> list[Row]:
        return list(self.counts.get((user, host), Counter()).items())

    def end(self, account: Account, *codes: int) -> None:
        self.counts.setdefault(account, Counter()).update(codes)

    def tell(self, remembered: Remembered, *sessions: Session, verbosity: int = 2) -> EndEvidence:
        """What the next sample, a second later, brings with it."""
        self.now += 1
        self.heard.clear()
        return remembered.read(
            self.connection, self.found(), self.sample(*sessions, verbosity=verbosity), self.clock
        )

    def sample(self, *sessions: Session, verbosity: int = 2) -> Sample:
        return a_sample(
            sessions,
            taken_at=self.now,
            variables={"log_error_verbosity": verbosity},
            counters=dict(self.status),
        )


def one(number: int, account: Account = SHOP) -> Session:
    user, host = account
    return a_session(id=ProcesslistId(number), user=user, host=f"{host}:{50_000 + number}")


def watched(server: Counting, *sessions: Session) -> Remembered:
    remembered = Remembered()
    server.tell(remembered, *sessions)
    return remembered


# --- Counts


def test_first_sample_reports_no_events() -> None:
    server = Counting()
    server.end(SHOP, 1153)

    clues = server.tell(Remembered(), one(1))

    assert ((), ()) == (clues.errors, clues.log)
    assert (None, None) == (clues.aborted_clients, clues.kill_statements)


def test_only_the_accounts_of_ended_sessions_are_counted() -> None:
    server = Counting()
    remembered = watched(server, one(1), one(2, ETL))
    server.end(SHOP, 4031)

    clues = server.tell(remembered, one(2, ETL))

    assert (ErrorCount(*SHOP, 4031, 1),) == clues.errors
    assert {0, 1153, 1158, 1159, 1160, 1161, 4031} == clues.counted_codes
    assert [(*SHOP, *SHOP)] == server.heard_of("end_counts")


def test_no_account_is_counted_while_no_session_starts_or_ends() -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.tell(remembered, one(1))

    assert [] == server.heard_of("end_counts")


def test_errors_of_short_sessions_do_not_explain_later_departures() -> None:
    server = Counting()
    server.logins[SHOP] = 1
    remembered = watched(server, one(1))
    server.logins[SHOP] += 3
    server.end(SHOP, 0, 0, 1158)
    server.tell(remembered, one(1))
    server.tell(remembered, one(1))
    server.end(SHOP, 4031)

    assert (ErrorCount(*SHOP, 4031, 1),) == server.tell(remembered).errors


def test_errors_counted_before_the_session_end_are_its_evidence() -> None:
    server = Counting()
    remembered = watched(server, one(1), one(2))
    server.end(SHOP, 0, 4031)
    first = server.tell(remembered, one(2))
    then = server.tell(remembered)

    assert {(0, False), (4031, False)} == {(each.code, each.counted_before) for each in first.errors}
    assert {(0, True), (4031, True)} == {(each.code, each.counted_before) for each in then.errors}


def test_new_accounts_are_counted_a_few_at_a_time() -> None:
    server = Counting()
    crowd = [one(number, (f"u{number}", "h")) for number in range(NEW_ACCOUNTS + 5)]
    remembered = watched(server, *crowd)

    assert NEW_ACCOUNTS == len(server.heard_of("end_counts"))
    server.tell(remembered, *crowd)
    assert 5 == len(server.heard_of("end_counts"))


def test_accounts_without_sessions_are_forgotten_in_time() -> None:
    server = Counting()
    remembered = Remembered()
    for number in range(100):
        server.tell(remembered, one(number, (f"u{number}", "h")))

    assert len(remembered._memory.counts) < 50


def test_ended_logins_daemons_and_own_sessions_are_no_departures() -> None:
    server = Counting()
    others = [
        a_session(id=ProcesslistId(1), role=Role.LOGIN),
        a_session(id=ProcesslistId(2), role=Role.DAEMON),
        a_session(id=ProcesslistId(3), own=True),
    ]
    remembered = watched(server, *others)
    server.tell(remembered)

    assert [] == server.heard_of("end_counts")


@pytest.mark.parametrize("refused_one", ["mysql/end_counts.sql", "mysql/kills.sql", "mysql/accounts.sql"])
def test_events_missed_by_a_failed_sample_are_reported_by_the_next(refused_one: str) -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.end(SHOP, 4031)
    server.status["aborted_clients"] += 1
    server.status["com_kill"] += 1
    answer = server.scripted[refused_one]
    server.scripted[refused_one] = refused()
    with pytest.raises(Refusal):
        server.tell(remembered)
    server.scripted[refused_one] = answer

    clues = server.tell(remembered)

    assert (ErrorCount(*SHOP, 4031, 1),) == clues.errors
    assert (1, 1) == (clues.aborted_clients, clues.kill_statements)


def test_without_the_right_to_read_them_nothing_is_counted() -> None:
    server = Counting()
    remembered, found = Remembered(), server.found(without="errors threads accounts log statements")
    for sessions in ([one(1)], []):
        clues = remembered.read(server.connection, found, server.sample(*sessions), server.clock)

    assert frozenset() == clues.counted_codes
    assert ["mysql/offline.sql"] == [file for file, _ in server.heard]


# --- Kills


def killed(
    text: str, session: int = 9, event: int = 1, errors: int = 0
) -> tuple[str, int, str, str, int, int]:
    return (text, errors, "dba", "bastion", session, event)


@pytest.mark.parametrize(
    "text",
    [
        "KILL 1",
        "kill  connection 1 ;",
        "KILL HARD CONNECTION 1",
        "KILL '1'",
        'KILL"1"',
        "/* tag */ KILL /**/ 1",
        "KILL 1 -- why",
        "# why\n-- and\nKILL CONNECTION\n1",
    ],
)
def test_kill_in_the_statement_history_names_its_victim_and_is_not_counted_twice(text: str) -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.ran, server.status["com_kill"] = [killed(text)], 1

    clues = server.tell(remembered)

    assert ((KillStatement(ProcesslistId(1), "dba@bastion, session 9"),), 0) == (
        clues.kills,
        clues.kill_statements,
    )


@pytest.mark.parametrize(
    "text",
    [
        "KILL @v",
        "KILL 1+0",
        "KILL 0x1",
        "KILL 1 --1",
        "KILL /*!50000 1 */",
        "KILL 2 /*!50000 - 1 */",
        "KILL USER shop",
        "KILL '1",
        "KILL '1 '",
        "KILL (SELECT 1)",
        "KILL " + "9" * 30,
        "",
        "/* " + "x" * 1021,
    ],
)
def test_kill_with_an_unparsed_victim_is_counted(text: str) -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.ran, server.status["com_kill"] = [killed(text)], 1

    clues = server.tell(remembered)

    assert ((), 1) == (clues.kills, clues.kill_statements)


@pytest.mark.parametrize(
    ("text", "errors"), [("KILL QUERY 1", 0), ("KILL SOFT QUERY @v", 0), ("KILL 1", 1), ("KILL @v", 1)]
)
def test_kill_query_or_failed_kill_ends_no_session(text: str, errors: int) -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.ran, server.status["com_kill"] = [killed(text, errors=errors)], 1

    clues = server.tell(remembered)

    assert ((), 0) == (clues.kills, clues.kill_statements)


def test_kill_by_a_session_that_ended_is_only_counted() -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.status["com_kill"] = 1

    assert 1 == server.tell(remembered).kill_statements


def test_kills_before_the_start_hide_no_later_kill() -> None:
    server = Counting()
    server.ran, server.status["com_kill"] = [killed("KILL QUERY 77")], 1
    remembered = watched(server, one(1))
    server.status["com_kill"] = 2

    assert 1 == server.tell(remembered).kill_statements


def test_a_kill_seen_before_it_is_counted_is_not_counted_after() -> None:
    server = Counting()
    remembered = watched(server, one(1), one(2))
    server.status["com_kill"] = 1
    server.ran = [killed("KILL QUERY 1"), killed("KILL QUERY 2", event=2)]
    server.tell(remembered, one(1))
    server.status["com_kill"] = 2

    assert 0 == server.tell(remembered).kill_statements


def test_a_kill_counted_before_its_text_is_remembered_hides_no_later_one() -> None:
    """MySQL counts a KILL when it begins, and remembers it when it is done."""
    server = Counting()
    remembered = watched(server, one(1), one(2))
    server.status["com_kill"] = 1
    assert 1 == server.tell(remembered, one(1), one(2)).kill_statements
    server.ran = [killed("KILL 2")]
    assert 0 == server.tell(remembered, one(1), one(2)).kill_statements
    server.status["com_kill"] = 2

    assert 1 == server.tell(remembered, one(2)).kill_statements


def test_kill_that_cannot_be_parsed_is_reported_for_two_samples() -> None:
    """Whom it ended may be missed one sample after it was counted."""
    server = Counting()
    remembered = watched(server, one(1))
    server.ran, server.status["com_kill"] = [killed("KILL @v")], 1

    assert [1, 1, 0] == [server.tell(remembered, one(1)).kill_statements for _ in range(3)]


def test_where_kills_are_not_counted_their_number_is_unknown() -> None:
    server = Counting()
    del server.status["com_kill"]
    remembered = watched(server, one(1))

    assert server.tell(remembered).kill_statements is None


# --- Offline mode


def test_offline_mode_is_reported_for_as_long_as_sessions_may_roll_back() -> None:
    server = Counting()
    remembered = watched(server, one(1), one(2), one(3))
    assert server.tell(remembered, one(1), one(2), one(3)).offline is False
    server.offline, server.status["aborted_clients"] = (1, 0.5), 1

    assert server.tell(remembered, one(2), one(3)).offline
    assert server.tell(remembered, one(3)).offline
    server.now += KILL_SECONDS
    assert server.tell(remembered).offline is False


@pytest.mark.parametrize("ago", [0.5, None])
def test_offline_mode_is_reported_without_the_time_it_was_set(ago: float | None) -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.offline, server.status["aborted_clients"] = (1, ago), 1

    assert server.tell(remembered).offline


def test_offline_mode_that_was_on_only_briefly_is_reported() -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.offline, server.status["aborted_clients"] = (0, 0.2), 1

    assert server.tell(remembered).offline


@pytest.mark.parametrize("before", [(1, 3600.0), (1, None)])
def test_offline_mode_of_long_ago_ends_no_session_now(before: tuple[int, float | None]) -> None:
    server = Counting()
    server.offline = before
    remembered = watched(server, one(1), one(2))
    server.status["aborted_clients"] = 1
    assert server.tell(remembered, one(2)).offline is False
    server.offline, server.status["aborted_clients"] = (0, 0.2), 2  # turned off

    assert server.tell(remembered).offline is False


def test_where_offline_mode_may_not_be_read_it_is_unknown() -> None:
    server = Counting()
    files = frozenset({"mysql/offline.sql", "mysql/offline_before.sql"})
    found = replace(server.found(), refused_files=files)
    remembered = Remembered()
    remembered.read(server.connection, found, server.sample(one(1)), server.clock)

    assert remembered.read(server.connection, found, server.sample(one(1)), server.clock).offline is None


# --- A server without an error for idle timeouts


def test_a_server_before_8_0_24_counts_no_idle_timeouts_apart() -> None:
    server = Counting()
    remembered, found = Remembered(), server.found(without="idle_error")
    for sessions in ([one(1)], []):
        clues = remembered.read(server.connection, found, server.sample(*sessions), server.clock)

    assert {0, 1153, 1158, 1159, 1160, 1161} == clues.counted_codes


def test_a_server_before_8_0_24_closes_an_idle_session_by_its_timeout() -> None:
    """From what MySQL 8.0.20 and 8.0.23 count to the cause."""
    server, remembered, snapshot = Counting(), Remembered(), None
    found = server.found(without="idle_error")
    stays, leaves = one(2, ETL), replace(one(1), own_limit=60, idle_since=server.now - 58.5)
    for sessions in ([leaves, stays], [stays]):
        server.now += 1
        sample = server.sample(*sessions)
        clues = remembered.read(server.connection, found, sample, server.clock)
        taken = track(replace(sample, end_evidence=clues), snapshot)
        snapshot = taken.snapshot
        server.end(SHOP, 1159)
        server.status["aborted_clients"] += 1

    assert [(Cause.IDLE_TIMEOUT, Certainty.CONFIRMED)] == [(d.cause, d.certainty) for d in taken.departed]


# --- The log

ABORTED = b"Aborted connection 1 to db: 'shop' user: 'shop' host: 'web-3' (Got an error reading communication packets)."
STOP: Row = (
    0,
    b"MY-013172",
    b"Received SHUTDOWN from user root. Shutting down mysqld (Version: 9.7.4).",
    -9.0,
)
START: Row = (0, b"MY-010116", b"mysqld (mysqld 9.7.4) starting as process 1", -5.0)


def test_log_with_the_needed_entries_is_read_when_a_session_ended() -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.log = [(1, b"MY-010914", ABORTED, -0.5)]

    [entry] = server.tell(remembered, verbosity=3).log

    assert (ProcesslistId(1), Cause.CLIENT_LOST, server.now - 0.5) == (
        entry.session_id,
        entry.cause,
        entry.at,
    )


def test_log_without_the_needed_entries_is_not_read() -> None:
    server = Counting()
    remembered = watched(server, one(1))
    server.tell(remembered, verbosity=2)

    assert [] == server.heard_of("log")


@pytest.mark.parametrize(
    ("log", "oldest", "codes"),
    [
        ([STOP, START], -1e6, ["MY-013172", "MY-010116"]),
        ([START], -1e6, ["MY-010116"]),
        # Of a log that begins with this start nobody knows what it was before.
        ([START], -5.5, []),
        ([START], None, []),
        ([STOP, START], -9.5, ["MY-013172"]),
    ],
)
def test_new_run_reports_why_the_previous_run_ended(
    log: list[Row], oldest: float | None, codes: list[str]
) -> None:
    server = Counting()
    server.log, server.oldest = log, oldest

    clues = server.tell(Remembered(previous_run_seen_at=NOW - 15), one(1))

    assert codes == [entry.code for entry in clues.log]


def test_the_first_run_of_all_asks_the_log_nothing() -> None:
    server = Counting()
    server.log = [STOP]

    assert NO_EVIDENCE.log == server.tell(Remembered()).log
    assert [] == server.heard_of("log")


# --- Laws of what is carried over

codes = st.dictionaries(st.sampled_from([0, 1153, 1158, 1160, 4031]), st.integers(0, 5)).map(Counter)


def carried(rises: list[tuple[Counter[int], int]], see: Callable[[int, Counter[int]], None]) -> None:
    carry = CarriedCounts()
    for position, (rise, gone) in enumerate(rises):
        see(position, carry.counts)
        carry = carry.for_next_sample(rise, gone)


@given(st.lists(st.tuples(codes, st.integers(0, 5)), max_size=8))
def test_only_what_the_sample_before_counted_is_offered_again(rises: list[tuple[Counter[int], int]]) -> None:
    def see(position: int, left: Counter[int]) -> None:
        before = rises[position - 1][0] if position else Counter()
        assert left <= before

    carried(rises, see)


@given(
    st.sampled_from([0, 1153, 1158, 1160, 4031]), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)))
)
def test_nothing_of_one_kind_is_offered_twice(code: int, steps: list[tuple[int, int]]) -> None:
    """What explains one absence explains no other."""
    carry, explained, counted = CarriedCounts(), 0, 0
    for rise, gone in steps:
        left, carry = carry.counts, carry.for_next_sample(Counter({code: rise}), gone)
        counted += rise
        explained += min(gone, rise + left[code])
        assert explained <= counted


@given(codes, st.integers(1, 5))
def test_what_is_counted_before_its_absence_is_still_offered(rise: Counter[int], gone: int) -> None:
    carry = CarriedCounts().for_next_sample(rise, 0)

    assert +rise == carry.counts or sum(rise.values()) > 0
    assert not carry.for_next_sample(Counter(), gone).counts


def test_lost_session_that_raised_both_codes_leaves_no_count_over() -> None:
    carry = CarriedCounts().for_next_sample(Counter({1158: 1, 1160: 1}), 1)

    assert not carry.counts
