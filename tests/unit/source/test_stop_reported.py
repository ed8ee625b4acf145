"""What a live source remembers from one sample to the next: that the server reported its stop, and evidence of ended sessions."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from goneaway_tui.errors import SourceError, StopReported, Unreachable
from goneaway_tui.model.sample import Sample
from goneaway_tui.source.live import LiveSource
from goneaway_tui.source.sockets import Address
from tests.builders import a_sample


class Reading:
    """Answers by one error, or with a sample."""

    def __init__(self, error: SourceError | None) -> None:
        self._error = error
        self.connection = SimpleNamespace(close=lambda: None)

    def sample(self, _witness: object) -> Sample:
        if self._error is not None:
            raise self._error
        return a_sample()


@pytest.mark.parametrize("first", [StopReported("1927"), Unreachable("2013")])
def test_only_an_error_of_a_stop_is_remembered_and_only_once(
    first: SourceError, monkeypatch: pytest.MonkeyPatch
) -> None:
    script: list[SourceError | None] = [first, Unreachable("2003"), None]
    source = LiveSource(Address("db1", 3306, "monitor"), time.time)
    monkeypatch.setattr(source, "_connect", lambda: Reading(script.pop(0)))
    for _ in range(2):
        with pytest.raises(Unreachable):
            source.sample()

    assert isinstance(first, StopReported) is source.sample().end_evidence.stop_reported
    assert not source.sample().end_evidence.stop_reported


def test_a_source_for_one_sample_reads_no_evidence_of_ended_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence_readers: list[object] = []

    def sample(evidence_reader: object) -> Sample:
        evidence_readers.append(evidence_reader)
        return a_sample()

    for evidence in (False, True):
        source = LiveSource(Address("db1", 3306, "monitor"), time.time, evidence=evidence)
        monkeypatch.setattr(source, "_connect", lambda: SimpleNamespace(sample=sample))
        source.sample()

    assert [reader is None for reader in evidence_readers] == [True, False]
