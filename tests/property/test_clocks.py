"""However slow and uneven the way, a remote clock is known as well as it is said to be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.source.clocks import SLACK, Timebase
from tests.builders import NOW

ROUNDING = 1e-5
"""Instants are some 1.8e9 seconds, so a float holds them to a quarter of a microsecond."""

offsets = st.floats(-1e9, 1e9)
readings = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 2), st.floats(0, 2)) | st.tuples(st.just(1.0), st.just(0.001), st.just(0.001)),
    min_size=1,
    max_size=20,
)  # fmt: skip
"""Of each: the pause before it, the way there, the way back."""


def heard(
    timebase: Timebase, now: float, offset: float, reading: tuple[float, float, float]
) -> tuple[float, float]:
    """Ask once; the clock's jump as the timebase saw it, and the instant the answer arrived."""
    pause, there, back = reading
    sent = now + pause
    received = sent + there + back
    return timebase.observe(sent, received, sent + there - offset), received


@given(offsets, readings)
def test_the_error_is_never_more_than_the_uncertainty(
    offset: float, told: list[tuple[float, float, float]]
) -> None:
    timebase, now = Timebase(), NOW
    for reading in told:
        _, now = heard(timebase, now, offset, reading)

        assert abs(timebase.offset - offset) <= timebase.uncertainty + ROUNDING
        assert abs(timebase.local(now - offset) - now) <= timebase.uncertainty + ROUNDING


@given(offsets, readings)
def test_clock_that_was_not_set_is_never_reported_as_set(
    offset: float, told: list[tuple[float, float, float]]
) -> None:
    timebase, now = Timebase(), NOW
    for reading in told:
        jump, now = heard(timebase, now, offset, reading)

        assert 0.0 == jump


@given(
    st.floats(-1e8, 1e8),
    readings,
    st.sampled_from([-1, 1]),
    st.floats(0, 1e7),
    st.floats(0, 2),
    st.floats(0, 2),
)
def test_a_step_beyond_all_doubt_is_noticed_and_by_how_much(
    offset: float, told: list[tuple[float, float, float]], sign: int, more: float, there: float, back: float
) -> None:
    timebase, now = Timebase(), NOW
    for reading in told:
        _, now = heard(timebase, now, offset, reading)
    doubt = timebase.uncertainty + (there + back) / 2
    step = sign * (2 * doubt + SLACK + ROUNDING + more)
    jump, now = heard(timebase, now, offset - step, (1.0, there, back))

    assert jump != 0.0
    assert abs(jump - step) <= doubt + ROUNDING
    assert abs(timebase.offset - (offset - step)) <= timebase.uncertainty + ROUNDING


@given(offsets, readings)
def test_within_the_time_it_is_kept_a_tighter_reading_is_never_given_up(
    offset: float, told: list[tuple[float, float, float]]
) -> None:
    timebase, now, tightest = Timebase(), NOW, float("inf")
    for _, there, back in told:
        _, now = heard(timebase, now, offset, (0.0, there, back))
        tightest = min(tightest, (there + back) / 2)
        if now - NOW > 20:
            return

        assert timebase.uncertainty <= tightest + ROUNDING
