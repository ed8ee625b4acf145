"""What a server keeps of what it is told; measured on MySQL 9.7, MariaDB 10.11 and 11.8."""

from __future__ import annotations

import pytest

from goneaway_tui.model.server import Variable
from goneaway_tui.model.tuning import Standing
from goneaway_tui.tune.clamp import Clamped, clamped
from goneaway_tui.tune.tunables import TUNABLE, Tunable

WAIT = TUNABLE["wait_timeout"], Standing(Variable("wait_timeout", 28_800, 1, 31_536_000))
PACKET = TUNABLE["max_allowed_packet"], Standing(Variable("max_allowed_packet", 1 << 26, 1024, 1 << 30))
MAXIMUM, MINIMUM = "the server's maximum", "the server's minimum"
ROUNDED = "rounded down to a multiple of 1,024"


@pytest.mark.parametrize(
    ("about", "wanted", "kept", "because"),
    [
        (WAIT, 28_800, 28_800, None),
        (WAIT, 31_536_000, 31_536_000, None),
        (WAIT, 32_140_800, 31_536_000, MAXIMUM),
        (WAIT, 0, 1, MINIMUM),
        (WAIT, -5, 1, MINIMUM),
        (PACKET, 1500, 1024, ROUNDED),
        (PACKET, 1, 1024, MINIMUM),
        (PACKET, 1 << 31, 1 << 30, MAXIMUM),
        (PACKET, 1 << 24, 1 << 24, None),
    ],
)
def test_a_server_keeps(about: tuple[Tunable, Standing], wanted: int, kept: int, because: str | None) -> None:
    tunable, standing = about

    assert Clamped(kept, because) == clamped(wanted, standing, tunable)


def test_the_servers_own_block_counts_before_ours() -> None:
    standing = Standing(Variable("max_allowed_packet", 1 << 26, 1, 1 << 30), block=4096)

    assert Clamped(4096, "rounded down to a multiple of 4,096") == clamped(5000, standing, PACKET[0])


def test_a_maximum_that_is_no_multiple_is_rounded_too() -> None:
    standing = Standing(Variable("max_allowed_packet", 1 << 26, 1024, 5000))

    assert Clamped(4096, f"{MAXIMUM}, {ROUNDED}") == clamped(1 << 20, standing, PACKET[0])


def test_a_bound_nobody_tells_is_not_foretold() -> None:
    assert Clamped(10**12, None) == clamped(10**12, Standing(Variable("wait_timeout", 28_800)), WAIT[0])


def test_decimals_are_kept() -> None:
    standing = Standing(Variable("max_statement_time", 0, 0, 31_536_000))

    assert Clamped(0.25, None) == clamped(0.25, standing, TUNABLE["max_statement_time"])
