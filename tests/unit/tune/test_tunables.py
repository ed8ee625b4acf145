"""The table of what can be set."""

from __future__ import annotations

import pytest

from goneaway_tui.tune.tunables import (
    APPLIES_TO_SENTENCES,
    TUNABLE,
    TUNABLES,
    AppliesTo,
    Tunable,
    Unit,
    tunables_of,
)
from goneaway_tui.tune.values import parse_value, value_words
from tests.builders import a_sample


def test_no_name_and_no_key_is_there_twice() -> None:
    keys = [tunable.key for tunable in TUNABLES if tunable.key]

    assert len(TUNABLES) == len(TUNABLE)
    assert ["w", "i", "p"] == keys


@pytest.mark.parametrize("tunable", TUNABLES, ids=lambda each: each.name)
def test_a_row_can_be_shown(tunable: Tunable) -> None:
    assert tunable.why.endswith(".")
    assert list(tunable.presets) == sorted(set(tunable.presets))
    assert all(preset % tunable.block_size == 0 for preset in tunable.presets)
    for preset in tunable.presets:
        assert preset == parse_value(value_words(preset, tunable.unit), tunable.unit, None, tunable.decimals)


def test_each_reach_states_the_sessions_it_applies_to() -> None:
    assert set(AppliesTo) == APPLIES_TO_SENTENCES.keys()
    assert "reconnect" in AppliesTo.RECONNECT.sentence


def test_what_a_server_has_not_is_not_offered() -> None:
    names = [tunable.name for tunable in tunables_of(a_sample(variables={"max_statement_time": 0.5}))]

    assert names == [
        *("wait_timeout", "interactive_timeout", "max_allowed_packet"),
        *("connect_timeout", "max_connections", "max_statement_time"),
    ]


def test_sizes_are_bytes_and_only_max_statement_time_has_decimals() -> None:
    assert [TUNABLE["max_allowed_packet"]] == [each for each in TUNABLES if each.unit is Unit.BYTES]
    assert [TUNABLE["max_statement_time"]] == [each for each in TUNABLES if each.decimals]
