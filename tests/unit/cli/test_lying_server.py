"""A server whose answers cannot be read is that server's trouble alone."""

from __future__ import annotations

import random
from typing import Any

import pytest
from textual.message import Message

from goneaway_tui.cli.commands.exporter import MetricsPolling
from goneaway_tui.cli.commands.watch import Watch
from goneaway_tui.cli.servers import in_parallel
from goneaway_tui.errors import UnexpectedAnswer
from goneaway_tui.judge import judge
from goneaway_tui.metrics.collector import MetricsStore
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.monitor.poller import Poller, PollSchedule
from goneaway_tui.source.live import LiveSource
from goneaway_tui.ui.messages import MessagePoster, PollFailed, SnapshotTaken
from tests.builders import NOW
from tests.property.answers import Wire, WireSource, answers
from tests.unit.source.standins import OWN_ID, OWN_THREAD, Event, MysqlSession, MysqlStandin

NAMES = ("honest", "lying")


def a_source(name: str) -> LiveSource:
    server = MysqlStandin(
        MysqlSession(OWN_ID, OWN_THREAD, command="Query", event=Event(0, None)), MysqlSession(11)
    )
    answers(server, random.Random(0), 0)

    def bend(file: str, rows: list[Any]) -> list[Any]:
        return [row[:-1] for row in rows] if name == "lying" and file == "mysql/limits.sql" else rows

    return WireSource(server, Wire(server, bend))


def test_watch_over_several_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    written: list[dict[str, Any]] = []
    for name in NAMES:
        Watch(a_source(name), lambda: NOW, RiskThresholds(), written.append, interval=1.0, name=name).run(0.0)

    assert [("honest", "hello"), ("lying", "lost")] == [
        (each["server_name"], each["event"]) for each in written if each["event"] in {"hello", "lost"}
    ]
    assert "unexpected answer (the limits): number of columns 1, expected 2" in capsys.readouterr().err


def test_scrape_reports_the_other_servers() -> None:
    board = MetricsStore(NAMES, lambda: NOW, 100)
    for name in NAMES:
        MetricsPolling(name, a_source(name), board, lambda: NOW, RiskThresholds(), 1.0).poller.poll()
    up = {
        sample.labels["server"]: sample.value
        for metric in board.collect()
        for sample in metric.samples
        if sample.name == "goneaway_up"
    }

    assert {"honest": 1.0, "lying": 0.0} == up


def test_snapshots_of_several_have_the_others() -> None:
    read = in_parallel({name: a_source(name) for name in NAMES}, lambda _name, source: judge(source.sample()))

    assert [("honest", True), ("lying", False)] == [(name, each is not None) for name, each in read]


def test_unexpected_answer_is_reported_on_the_board_which_stays_open() -> None:
    posted: list[Message] = []
    for name in NAMES:
        schedule = PollSchedule(1.0, 0.0)
        poller = Poller(a_source(name), lambda: NOW, MessagePoster(posted.append), schedule)
        poller.start(lambda error: pytest.fail(str(error)))
        poller.request()
        assert poller.wait(60)
        poller.close()

    assert [SnapshotTaken, PollFailed] == [type(each) for each in posted]
    assert isinstance(posted[1], PollFailed)
    assert isinstance(posted[1].failure.error, UnexpectedAnswer)
