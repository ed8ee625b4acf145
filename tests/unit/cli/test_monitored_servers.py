"""What a board monitors is built from the settings, read once where it is one server, and closed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.cli.screen import MonitoredServers, settings_spec, show_server, with_first_reading
from goneaway_tui.cli.ui_servers import simulated_server
from goneaway_tui.errors import Unreachable
from goneaway_tui.monitor.server_monitor import free_name, with_free_names
from tests.builders import a_sample, a_session
from tests.ui.stage import HeldClock, Scripted
from tests.unit.settings.asking import settings


def test_a_server_that_refuses_ends_it_before_the_screen_and_is_closed() -> None:
    source = Scripted(Unreachable("nobody answers", "wait"))
    servers = MonitoredServers((settings_spec(settings(""), source),), source.close)

    with pytest.raises(Unreachable):
        show_server(settings(""), servers, HeldClock())
    assert source.closed


def test_a_spec_follows_the_settings() -> None:
    spec = settings_spec(settings("--interval=2s --imminent-below=7"), Scripted(a_sample()), "db1")

    assert ("db1", 2.0, 7.0, "") == (spec.name, spec.interval, spec.policy.imminent_below, spec.why_read_only)
    assert "--read-only" in settings_spec(settings("--read-only"), Scripted(a_sample())).why_read_only


def test_the_first_reading_is_judged_by_the_policy_of_the_spec() -> None:
    spec = with_first_reading(settings_spec(settings("--watch-below=50"), Scripted(a_sample([a_session()]))))

    assert spec.first is not None
    assert (spec.policy, 1) == (spec.first.policy, len(spec.first.verdicts))


@pytest.mark.parametrize(("line", "is_read_only"), [("demo", False), ("demo --read-only", True)])
def test_the_journal_of_a_simulated_server_is_removed(line: str, is_read_only: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with simulated_server(settings(line), HeldClock()) as servers:
        (spec,) = servers.specs
        assert is_read_only is (spec.executor is None)
        assert spec.journal is not None
        folder = Path(spec.journal.path).parent
        assert folder.is_dir()

    assert not folder.exists()


def test_a_name_that_is_taken_gets_the_next_number() -> None:
    specs = [settings_spec(settings(""), Scripted(a_sample()), "db1") for _ in range(3)]

    assert ["db1#2", "db1#3", "db1#4"] == [spec.name for spec in with_free_names(specs, ["db1"])]
    assert "db1#3" == free_name("db1", ["db1", "db1#2"])
