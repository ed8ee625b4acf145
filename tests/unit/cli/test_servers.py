"""Several servers: their names, their passwords, and what cannot hold for several."""

from __future__ import annotations

import getpass
import json
import threading
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from goneaway_tui.cli.commands.watch import Watch
from goneaway_tui.cli.servers import UnreachedSource, configured_servers, in_parallel, server_names
from goneaway_tui.errors import SettingsError, SourceError, Unreachable
from goneaway_tui.export import FORMATS
from goneaway_tui.export.data import Data
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.settings import Settings, resolve_each
from tests.builders import NOW, a_sample, a_session, a_snapshot
from tests.ui.stage import HeldClock, Scripted
from tests.unit.cli.test_run import run
from tests.unit.settings.asking import CONFIG, environment
from tests.waiting import PATIENCE

TWO = '[servers.a]\nhost = "h1"\n[servers.b]\nhost = "h2"\nerror_log = "/var/log/b"\n'


def several(*line: str, config: str = TWO) -> tuple[Settings, ...]:
    told = resolve_each(line, environment(files={str(CONFIG): config}))
    assert isinstance(told, tuple)
    return told


def test_each_has_a_name_of_its_own() -> None:
    each = several("@a", "@b", "mysql://h3/", "mysql://h3/", "mysql://h3:3307/", "mysql://u@h3/")

    assert ["a", "b", "h3:3306", "h3:3306#2", "h3:3307", "h3:3306#3"] == server_names(each)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        (["@a", "@b", "-p"], ["Password: "]),
        (["mysql://h1/", "mysql://h2/", "mysql://h3/", "-p"], ["Password: "]),
        (["@c", "@d"], ["Password for c: ", "Password for d: "]),
    ],
)
def test_a_password_is_asked_for_once(
    line: list[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts: list[str] = []

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return f"secret {len(prompts)}"

    monkeypatch.setattr(getpass, "getpass", answer)
    config = "".join(
        f"{TWO if name == 'c' else ''}[servers.{name}]\nhost = 'x'\npassword_prompt = true\n" for name in "cd"
    )
    with configured_servers(several(*line, config=config)) as members:
        passwords = [member.password.reveal() for member in members]

    assert asked == prompts
    assert passwords == (
        [f"secret {n + 1}" for n in range(len(asked))] if len(asked) > 1 else ["secret 1"] * len(members)
    )


@pytest.mark.parametrize(
    ("line", "line_told"),
    [
        (["watch", "@a", "@b", "--record=x"], "--record cannot be used with several servers"),
        (["watch", "@a", "@c", "--error-log=x"], "--error-log cannot be used with several servers"),
        (["explain", "@a", "@b", "--recording=x"], "--recording cannot be used with several servers"),
    ],
)
def test_what_is_of_one_server_is_refused(line: list[str], line_told: str) -> None:
    config = TWO + "[servers.c]\nhost = 'h3'\n"
    with pytest.raises(SettingsError, match=line_told), configured_servers(several(*line, config=config)):
        pass


def test_each_of_several_servers_has_its_own_error_log() -> None:
    with configured_servers(several("watch", "@a", "@b")) as members:
        assert [None, "/var/log/b"] == [member.settings.error_log for member in members]


def test_refusing_server_stops_no_other_server(capsys: pytest.CaptureFixture[str]) -> None:
    sources = {
        "a": Scripted(a_sample()),
        "b": Scripted(Unreachable("nobody answers", "wait")),
        "c": Scripted(a_sample()),
    }
    read = in_parallel(sources, lambda name, source: (name, len(source.sample().sessions)))

    assert [("a", ("a", 1)), ("b", None), ("c", ("c", 1))] == read
    assert "goneaway-tui: b: nobody answers; wait\n" == capsys.readouterr().err
    assert all(source.closed for source in sources.values())


def test_servers_are_read_in_parallel() -> None:
    """Each waits until all have been asked."""
    meeting = threading.Barrier(12, timeout=PATIENCE)
    sources = {str(number): Scripted(a_sample()) for number in range(12)}

    assert 12 == len(in_parallel(sources, lambda _, __: meeting.wait()))


def test_server_without_a_route_shows_the_reason() -> None:
    with configured_servers(several("@a", "@b")) as members:
        source = UnreachedSource(members[0])
    with pytest.raises(SourceError, match="the server cannot be reached"):
        source.sample()


def test_snapshots_are_one_object_a_line() -> None:
    taken = [("a", a_snapshot([a_session(id=1)])), ("b", a_snapshot([a_session(id=1), a_session(id=2)]))]
    out = StringIO()
    write_each = FORMATS["json"].write_each
    assert write_each is not None
    write_each(taken, out)
    told = [json.loads(line) for line in out.getvalue().splitlines()]

    assert [("a", 1), ("b", 2)] == [(each["server_name"], len(each["sessions"])) for each in told]
    alone = StringIO()
    FORMATS["json"].write(taken[0][1], alone)
    assert {"server_name": "a", **json.loads(alone.getvalue())} == told[0]
    one_of_them = StringIO()
    FORMATS["json"].write(replace(taken[0][1], server_name="a"), one_of_them)
    assert json.loads(one_of_them.getvalue()) == told[0]


def test_a_table_of_several_begins_with_their_names() -> None:
    out = StringIO()
    write_each = FORMATS["csv"].write_each
    assert write_each is not None
    write_each([("a", a_snapshot([a_session(id=1)])), ("=b", a_snapshot([a_session(id=1)]))], out)
    rows = [line.split(",")[:2] for line in out.getvalue().splitlines()]

    assert [["server_name", "id"], ["a", "1"], ["'=b", "1"]] == rows


@pytest.mark.parametrize(
    ("chosen", "heading"), [("text", "goneaway  {}  MySQL"), ("markdown", "# goneaway: {} at ")]
)
def test_what_is_for_people_stands_one_below_the_other_under_its_name(chosen: str, heading: str) -> None:
    out = StringIO()
    write_each = FORMATS[chosen].write_each
    assert write_each is not None
    write_each([("prod-a", a_snapshot([a_session(id=1)])), ("prod-b", a_snapshot([a_session(id=2)]))], out)
    first, second = out.getvalue().split("\n\n" + heading.format("prod-b"))

    assert first.startswith(heading.format("prod-a"))
    assert "prod-a" not in second


def test_a_named_watch_names_itself_and_waits_for_its_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HeldClock()
    heard: list[Data] = []
    source = Scripted(
        Unreachable("nobody answers", "wait"),
        a_sample([a_session(id=1)]),
        a_sample([], taken_at=NOW + 1),
        clock=clock,
    )
    watching = Watch(source, clock, RiskThresholds(), heard.append, interval=0.001, name="a")
    real = source.sample

    def sample() -> object:
        clock.now += 0.001
        if len(source.asked_at) == 2:
            watching.stop()
        return real()

    source.sample = sample  # type: ignore[method-assign, assignment]
    monkeypatch.setattr("goneaway_tui.monitor.poller.MAX_PAUSE_SECONDS", 0.001)
    watching.run(None)

    assert ["lost", "recovered", "hello", "departed"] == [event["event"] for event in heard]
    assert {"a"} == {event["server_name"] for event in heard}
    assert watching.has_read
    assert "goneaway-tui: a: nobody answers; wait\n" == capsys.readouterr().err


def test_a_format_of_one_server_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "snapshot", "--format=html", "mysql://127.0.0.1:1/", "mysql://127.0.0.1:2/")
    able = "json, csv, markdown, text"
    line = (
        f"goneaway-tui: --format=html works with one server only; with several servers, use one of {able}\n"
    )

    assert (2, "", line) == (done.returncode, done.stdout, done.stderr)


def test_where_none_answers_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    done = run(tmp_path, "snapshot", "mysql://127.0.0.1:1/", "mysql://127.0.0.1:2/", f"--output={file}")

    assert (3, "") == (done.returncode, done.stdout)
    assert ["goneaway-tui: 127.0.0.1:1", "goneaway-tui: 127.0.0.1:2"] == sorted(
        line.partition(": cannot")[0][:25] for line in done.stderr.splitlines()
    )
    assert not file.exists()


def test_an_error_is_explained_though_none_can_be_asked(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("(2006, 'MySQL server has gone away')\n")
    done = run(tmp_path, "explain", str(log), "--format=json", "mysql://127.0.0.1:1/", "mysql://127.0.0.1:2/")

    assert 3 == done.returncode
    assert 1 == len(json.loads(done.stdout)["errors"])
    assert "cannot ask any server" in done.stderr
