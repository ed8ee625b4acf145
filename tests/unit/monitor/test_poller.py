"""A poller repeats readings of one server and reports them."""

from __future__ import annotations

import pytest

from goneaway_tui.errors import FileError, Unreachable, UnsupportedVersion
from goneaway_tui.model.sample import Sample
from goneaway_tui.monitor.poller import FailedReading, Poller, PollSchedule, Reading
from tests.builders import NOW, a_sample, a_session
from tests.ui.stage import HeldClock, Scripted

AWAY = Unreachable("nobody answers", "wait")
TOO_OLD = UnsupportedVersion("MySQL 5.0 is too old", "upgrade it")


class Heard:
    """Keeps what a poller reports."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.failures: list[FailedReading] = []
        self.recording_errors: list[FileError] = []

    def on_reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def on_failed_reading(self, failure: FailedReading) -> None:
        self.failures.append(failure)

    def on_recording_error(self, error: FileError) -> None:
        self.recording_errors.append(error)


def a_poller(*script: Sample | Exception, interval: float = 1.0) -> tuple[Poller, Heard, Scripted]:
    heard, source = Heard(), Scripted(*script)
    return Poller(source, HeldClock(), heard, PollSchedule(interval, 0.0)), heard, source


@pytest.mark.parametrize(
    ("interval", "pauses"),
    [(1.0, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]), (5.0, [5.0, 5.0, 5.0, 8.0, 16.0, 30.0, 30.0])],
)
def test_the_pause_doubles_with_each_failure_up_to_half_a_minute(
    interval: float, pauses: list[float]
) -> None:
    poller, heard, _ = a_poller(AWAY, interval=interval)
    for _number in pauses:
        poller.poll()

    assert pauses == [failure.retry_seconds for failure in heard.failures]
    assert [True, *[False] * 6] == [failure.is_first for failure in heard.failures]
    assert NOW + 30 == poller.schedule.due


def test_the_first_reading_after_failures_is_a_recovery_and_ends_the_back_off() -> None:
    poller, heard, _ = a_poller(AWAY, AWAY, a_sample([a_session()]), a_sample(), AWAY)
    for _number in range(5):
        poller.poll()

    assert [True, False] == [reading.is_recovery for reading in heard.readings]
    assert [1.0, 2.0, 1.0] == [failure.retry_seconds for failure in heard.failures]


def test_a_server_of_an_unsupported_version_is_not_read_again() -> None:
    poller, heard, source = a_poller(TOO_OLD)
    poller.run()

    assert [(TOO_OLD, None)] == [(failure.error, failure.retry_seconds) for failure in heard.failures]
    assert not source.closed


def test_a_failure_after_the_stop_is_not_reported() -> None:
    poller, heard, _ = a_poller(AWAY)
    poller.stop()
    poller.poll()

    assert [] == heard.failures


def test_poller_samples_at_once_and_again_until_the_time_is_over() -> None:
    clock, heard = HeldClock(), Heard()
    source = Scripted(a_sample(), clock=clock)
    poller = Poller(source, clock, heard, PollSchedule(0.01, 0.005))
    real = source.sample

    def sample() -> Sample:
        clock.now += 0.005
        return real()

    source.sample = sample  # type: ignore[method-assign]
    poller.run(0.03)

    assert len(heard.readings) == len(source.asked_at) >= 3


def test_a_closed_poller_reports_nothing_more_and_its_thread_ends() -> None:
    poller, heard, source = a_poller(a_sample())
    poller.start(lambda error: pytest.fail(str(error)))
    poller.close()
    poller.poll()

    assert [] == heard.readings
    assert source.closed
    assert poller._thread is not None
    poller._thread.join(60)
    assert not poller._thread.is_alive()


def test_internal_error_is_not_a_failure_of_the_server() -> None:
    poller, heard, _ = a_poller(ZeroDivisionError())
    faults: list[Exception] = []
    poller.start(faults.append)
    poller.request()
    assert poller.wait(60)
    poller.close()

    assert [ZeroDivisionError] == [type(fault) for fault in faults]
    assert [] == heard.failures
