"""Watching without a screen: lines, commands, ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from goneaway_tui.cli.commands.watch import ExecHook, Watch, past_reader
from goneaway_tui.errors import Unreachable
from goneaway_tui.export.data import Data
from goneaway_tui.judge.departures import past_departures
from goneaway_tui.model.blocking import Lock, LockKind, LockWait
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import LogEntry, Sample
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.source.end_history import EndHistory
from tests.builders import NOW, a_sample, a_server, a_session
from tests.schemas import check
from tests.ui.stage import HeldClock, Scripted

if TYPE_CHECKING:
    from goneaway_tui.source.live import LiveSource

ONE, TWO = a_session(id=1), a_session(id=2)


def watched(*script: Sample | Exception) -> list[Data]:
    """Every line of a watch that ends with its script."""
    clock = HeldClock()
    lines: list[Data] = []
    source = Scripted(*script, clock=clock)
    watching = Watch(source, clock, RiskThresholds(), lines.append, interval=0.001)
    real = source.sample

    def sample() -> Sample:
        clock.now += 0.001
        if len(source.asked_at) >= len(script) - 1:
            watching.stop()
        return real()

    source.sample = sample  # type: ignore[method-assign]
    watching.run(None)
    return lines


def test_opened_and_ended_sessions_are_reported_in_order() -> None:
    lines = watched(
        a_sample([ONE]), a_sample([ONE, TWO], taken_at=NOW + 1), a_sample([TWO], taken_at=NOW + 2)
    )

    assert ["hello", "opened", "departed"] == [line["event"] for line in lines]


def test_server_that_stays_away_is_reported_once_and_its_return_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goneaway_tui.monitor.poller.MAX_PAUSE_SECONDS", 0.001)
    gone = Unreachable("nobody answers", "wait")
    lines = watched(a_sample([ONE]), gone, gone, a_sample([ONE], taken_at=NOW + 1))

    assert ["hello", "lost", "recovered"] == [line["event"] for line in lines]
    assert 1 == capsys.readouterr().err.count("nobody answers")


def test_events_of_one_sample_are_reported_in_time_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server started before we were connected to it again."""
    monkeypatch.setattr("goneaway_tui.monitor.poller.MAX_PAUSE_SECONDS", 0.001)
    lines = watched(
        a_sample([ONE]),
        Unreachable("gone", "wait"),
        a_sample([], taken_at=NOW + 9, server=a_server(uptime=3.0)),
    )

    assert {"hello", "lost", "departed", "server_restarted", "recovered"} == {line["event"] for line in lines}
    assert ["server_restarted", "recovered"] == [line["event"] for line in lines[-2:]]


def test_a_session_that_waits_for_a_lock_is_told_and_so_is_the_end_of_the_wait() -> None:
    wait = LockWait(TWO.id, (ONE.id,), Lock(LockKind.ROW), NOW - 5)
    lines = watched(
        a_sample([ONE, TWO], lock_waits=(wait,)), a_sample([ONE, TWO], taken_at=NOW + 1, lock_waits=())
    )

    assert ["hello", "blocked", "unblocked"] == [line["event"] for line in lines]


def test_a_server_that_was_never_there_ends_it() -> None:
    nobody = Scripted(Unreachable("nobody answers"))
    with pytest.raises(Unreachable):
        Watch(nobody, HeldClock(), RiskThresholds(), print, interval=1).run(None)


def test_watch_closed_during_a_sample_reports_no_lost_connection() -> None:
    closed = Unreachable("db-01:3306 is closed")

    assert [] == watched(closed)
    assert ["hello"] == [line["event"] for line in watched(a_sample([ONE]), closed)]


def test_watch_ends_by_itself_after_its_duration() -> None:
    clock = HeldClock()
    lines: list[Data] = []
    Watch(Scripted(a_sample([ONE])), clock, RiskThresholds(), lines.append, interval=5).run(0.001)

    assert ["hello"] == [line["event"] for line in lines]


def test_the_command_finds_the_event_on_its_input(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    code = f"import sys; open({str(heard)!r}, 'a').write(sys.stdin.read())"
    with ExecHook((sys.executable, "-c", code)) as hook:
        hook.send({"event": "departed", "user": "$(touch /x); `id`"})
        hook.send({"event": "departed", "user": "b"})

    assert ['{"event": "departed", "user": "$(touch /x); `id`"}', '{"event": "departed", "user": "b"}'] == (
        heard.read_text().splitlines()
    )


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with exit status 3"),
        (("/nonexistent/program",), "cannot be run"),
    ],
)
def test_failing_command_is_reported_and_does_no_harm(
    command: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExecHook(command) as hook:
        hook.send({"event": "departed"})

    assert told in capsys.readouterr().err


def test_command_that_always_fails_is_reported_once_and_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goneaway_tui.cli.commands.watch.EXEC_PAUSE_SECONDS", 0.0)
    with ExecHook(("/nonexistent/program",)) as hook:
        for _ in range(7):
            hook.send({"event": "departed"})
    told = capsys.readouterr().err.splitlines()

    assert 2 == len(told)
    assert "7 times cannot be run" in told[1]


def test_slow_command_delays_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    hook = ExecHook(("true",))
    for _ in range(150):
        hook.send({"event": "departed"})

    assert 1 == capsys.readouterr().err.count("cannot keep up")


def test_what_ended_before_comes_after_hello_and_says_that_nobody_watched() -> None:
    entry = LogEntry(NOW - 60, "user: 'app' host: 'web-3' (timeout)", ProcesslistId(8), Cause.IDLE_TIMEOUT)
    lines: list[Data] = []
    source = Scripted(a_sample([ONE]))
    watching = Watch(
        source,
        HeldClock(),
        RiskThresholds(),
        lines.append,
        interval=5,
        read_past=lambda until: past_departures([entry], until - 3_600, until),
    )
    watching.run(0.001)

    assert ["hello", "departed"] == [line["event"] for line in lines]
    assert (8, "app", False, None, None) == tuple(
        lines[1][name] for name in ("id", "user", "observed", "limit", "idle_seconds")
    )
    check("watch", lines[1])


def test_a_server_that_does_not_tell_what_ended_before_is_watched_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def read_past(_until: float) -> tuple[Departure, ...]:
        raise Unreachable("it hung up", "wait")

    lines: list[Data] = []
    Watch(
        Scripted(a_sample([ONE])),
        HeldClock(),
        RiskThresholds(),
        lines.append,
        interval=5,
        read_past=read_past,
    ).run(0.001)

    assert ["hello"] == [line["event"] for line in lines]
    assert "it hung up" in capsys.readouterr().err


@pytest.mark.parametrize(("history", "warnings"), [(EndHistory(reads_log=True), 0), (EndHistory(), 1)])
def test_since_says_when_the_log_of_the_server_cannot_be_read(
    history: EndHistory, warnings: int, capsys: pytest.CaptureFixture[str]
) -> None:
    class Remembers:
        def history(self) -> EndHistory:
            return history

    assert () == past_reader(cast("LiveSource", Remembers()), 3_600)(NOW)
    assert warnings == capsys.readouterr().err.count("--error-log FILE")
