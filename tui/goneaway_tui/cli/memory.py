"""Python's search for cyclic garbage, kept from going through thousands of sessions again and again."""

from __future__ import annotations

import gc

THRESHOLDS = (5_000, 20, 100)
"""Objects more than before until the youngest are searched, and how many searches until those of the next age are.
By default all 5,000 sessions are gone through every few seconds, which stalls the screen for 70 ms."""


def spare_the_lasting() -> None:
    """Never search what there is by now, and seldom what has lasted. What is no cycle, as a session is none, goes all the same."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
