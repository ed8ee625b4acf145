"""Killing again and again without a server: what a pass refuses, what a failure leads to, what is told once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from goneaway_tui.cli.commands import watch
from goneaway_tui.cli.commands.kill import KillRun, KillTarget, _line, _totals
from goneaway_tui.cli.commands.watch import ExecHook
from goneaway_tui.errors import FileError, SourceError, TooSlow, Unreachable, UnsupportedVersion
from goneaway_tui.export.data import Data
from goneaway_tui.export.json import dumps
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Limitation
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import KillEvent, KillResult
from tests.builders import NOW, a_sample, a_session
from tests.fakes import FakeExecutor
from tests.schemas import check
from tests.ui.stage import HeldClock, Scripted
from tests.ui.test_hostile_screen import TEXTS
from tests.unit.settings.asking import settings

ONE, TWO, THREE = (a_session(id=number, user="app", idle_for=700) for number in (1, 2, 3))
BLIND = Limitation("the rows that transactions hold", "the account lacks PROCESS")


class Stage:
    """A run over a script of readings, stopped at the one after, and a server that is none."""

    def __init__(self, path: Path, line: str, *script: Sample | Exception, name: str | None = None) -> None:
        self.clock, self.told = HeldClock(), list[Data]()
        self.executor = FakeExecutor(sessions=[ONE, TWO, THREE])
        self.path = path / "journal.jsonl"
        source = Scripted(*script, clock=self.clock)
        asked = settings(f"kill --match 'user:app' {line}")
        target = KillTarget(name, asked, source, self.executor if asked.apply else None)  # type: ignore[arg-type]
        journal = Journal(self.path, self.clock)
        self.run = KillRun(target, self.clock, journal, lambda event, _result: self.told.append(event))
        real = source.sample

        def sample() -> Sample:
            self.clock.now += 1
            if len(source.asked_at) >= len(script):
                self.run.stop()
            return real()

        source.sample = sample  # type: ignore[method-assign]

    @property
    def events(self) -> list[tuple[object, object]]:
        for event in self.told:
            check("kill", event)
        return [(event["event"], event["id"]) for event in self.told]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goneaway_tui.monitor.poller.MAX_PAUSE_SECONDS", 0.001)


def a_second_later(*sessions: int, seconds: int = 1, **fields: object) -> Sample:
    known = {session.id: session for session in (ONE, TWO, THREE)}
    return a_sample([known[number] for number in sessions], taken_at=NOW + seconds, **fields)  # type: ignore[index,arg-type]


@pytest.mark.parametrize(
    ("counts", "query", "line"),
    [
        ({KillEvent.KILLED: 11}, False, "11 sessions were killed"),
        ({KillEvent.KILLED: 1, KillEvent.SPARED: 2, KillEvent.REFUSED: 3}, True,
         "1 statement was killed, 2 skipped, 3 refused by the server"),
        ({KillEvent.GONE: 1}, False, "nothing was killed, 1 had already ended"),
        ({}, False, "no session matches"),
    ],
)  # fmt: skip
def test_the_last_line_counts_only_what_happened(
    counts: dict[KillEvent, int],
    query: bool,  # noqa: FBT001
    line: str,
) -> None:
    assert line == _totals(Counter(counts), is_dry=False, query=query)


def test_one_pass_kills_what_is_there(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "--apply --max 2", a_sample([ONE, TWO]))
    stage.run.run()

    assert [("killed", 1), ("killed", 2)] == stage.events
    assert (2, False) == (stage.run.counts[KillEvent.KILLED], stage.run.was_refused)


def test_a_dry_run_opens_no_connection_and_writes_no_journal(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "--max 1", a_sample([ONE, TWO]))
    stage.run.run()

    assert [("match", 1), ("match", 2)] == stage.events
    assert stage.run.was_refused
    assert 0 == stage.executor.connections
    assert not stage.path.exists()


def test_more_matches_than_allowed_kill_none_and_the_next_pass_counts_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(
        tmp_path,
        "--apply --max 2 --every 1s",
        a_sample([ONE, TWO, THREE]),
        a_second_later(1, 2, 3),
        a_second_later(1, 2, seconds=2),
    )
    stage.run._poller.schedule.interval = 0.001
    stage.run.run()

    assert 1 == capsys.readouterr().err.count("3 sessions match, more than --max=2: no session is killed")
    assert [("killed", 1), ("killed", 2)] == stage.events[-2:]
    assert stage.run.was_refused


def test_a_hidden_field_refuses_the_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(tmp_path, "--match 'user:app -trx:yes' --apply", a_sample([ONE], limitations=(BLIND,)))
    stage.run.run()

    assert [] == stage.events
    assert [] == stage.executor.did
    assert stage.run.was_refused
    assert "which this account cannot see: the account lacks PROCESS" in capsys.readouterr().err


def test_a_connection_that_fails_in_a_kill_is_told_and_the_next_pass_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(tmp_path, "--apply --every 1s", a_sample([ONE, TWO]), a_second_later(2))
    stage.run._poller.schedule.interval = 0.001
    stage.executor.raises = TooSlow("the statement took too long")
    real = stage.executor.kill

    def kill(session_id: int) -> object:
        try:
            return real(session_id)  # type: ignore[arg-type]
        finally:
            stage.executor.raises = None

    stage.executor.kill = kill  # type: ignore[method-assign,assignment]
    stage.run.run()

    assert [("killed", 2)] == stage.events
    assert ["KILL 1", "KILL 2"] == stage.executor.did
    assert "took too long" in capsys.readouterr().err


@pytest.mark.parametrize("name", [None, "db1"])
def test_a_connection_that_fails_in_the_only_pass_ends_it(tmp_path: Path, name: str | None) -> None:
    stage = Stage(tmp_path, "--apply", a_sample([ONE, TWO]), name=name)
    stage.executor.raises = Unreachable("nobody answers")
    if name is None:
        with pytest.raises(SourceError):
            stage.run.run()
    else:
        stage.run.run()

    assert stage.run.has_failed
    assert ["KILL 1"] == stage.executor.did


@pytest.mark.parametrize("line", ["--apply", "--apply --every 1s"])
def test_a_server_that_never_answered_is_an_error_of_one_server_only(tmp_path: Path, line: str) -> None:
    with pytest.raises(Unreachable):
        Stage(tmp_path, line, Unreachable("nobody answers")).run.run()
    stage = Stage(tmp_path, line, Unreachable("nobody answers"), name="db1")
    stage.run.run()

    assert not stage.run.has_read


def test_passes_that_fail_one_after_the_other_back_off_and_only_the_first_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is read, and closes whatever connection kills, was tried at each interval and told of twice a pass."""
    monkeypatch.setattr("goneaway_tui.monitor.poller.MAX_PAUSE_SECONDS", 30)
    stage = Stage(
        tmp_path, "--apply --every 1s", *(a_second_later(1, seconds=number) for number in range(1, 8))
    )
    stage.executor.raises = Unreachable("lost db1: the server closed the connection")
    schedule, pauses = stage.run._poller.schedule, list[float]()
    for number in range(7):
        if number == 6:
            stage.executor.raises = None
        schedule.begin(stage.clock.now)
        stage.run._poller.poll()
        pauses.append(schedule.due - stage.clock.now)

    told = capsys.readouterr().err
    assert [1, 2, 4, 8, 16, 30] == pauses[:6]
    assert pauses[6] <= 1
    assert (1, 1) == (told.count("the server closed the connection"), told.count("the server answers again"))
    assert [("killed", 1)] == stage.events


def test_a_version_that_is_too_old_ends_a_watchman(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVersion):
        Stage(tmp_path, "--apply --every 1s", UnsupportedVersion("MySQL 5.0 is too old")).run.run()


def test_nothing_is_killed_where_the_journal_cannot_be_written(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "--apply", a_sample([ONE]))
    stage.path.mkdir()
    with pytest.raises(FileError):
        stage.run.run()

    assert [] == stage.executor.did


def test_a_command_that_needs_all_events_gets_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that come faster than it runs, and more than may wait."""
    monkeypatch.setattr(watch, "EXEC_QUEUE_LENGTH", 2)
    monkeypatch.setattr(watch, "EXEC_PAUSE_SECONDS", 0)
    with ExecHook(("tee", "-a", str(tmp_path / "told")), needs_all=True) as hook:
        for number in range(9):
            hook.send({"id": number})

    assert [f'{{"id": {number}}}' for number in range(9)] == (tmp_path / "told").read_text().splitlines()


@pytest.mark.parametrize("label", TEXTS)
@pytest.mark.parametrize("apply", ["", "--apply"])
def test_hostile_names_are_one_printable_line_each(label: str, apply: str, tmp_path: Path) -> None:
    text = TEXTS[label]
    hostile = a_session(
        id=1, user=f"app{text}", host=text, db=text, program=text, client=text, state=text, statement=text, idle_for=700
    )  # fmt: skip
    stage = Stage(tmp_path, apply, a_sample([hostile]), name=text)
    stage.executor.sessions = {hostile.id: hostile}
    lines: list[str] = []

    def report(event: Data, result: KillResult) -> None:
        stage.told.append(event)
        lines.append(_line(event, result))

    stage.run._report = report
    stage.run.run()

    assert [("killed" if apply else "match", 1)] == stage.events, lines
    (line,) = lines
    for written in (line.removesuffix("\n"), dumps(stage.told[0])):
        assert [] == [c for c in written if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}], (
            written
        )
