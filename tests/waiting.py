"""Wait for events instead of seconds, and tell the lateness of the product from that of the machine.

A machine that runs other work may be slow by any factor, so no test here promises an event within so many seconds. A test
waits until the event comes, and gives up after `PATIENCE`. Where the product promises a time, a test either moves the
timeouts the product must not wait for beyond `PATIENCE`, or measures with a `Stopwatch`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from subprocess import Popen
from typing import Any, Final, Self

PATIENCE: Final = 120.0
"""Seconds after which a test gives up on an event. No promise of the product: only a defect takes that long."""
FAR: Final = 3 * PATIENCE
"""Seconds for a timeout of the product that a test moves out of its way: what waits for that timeout fails the test."""

_STEP: Final = 0.05
_USUAL: Final = 0.01


def _nothing_said() -> str:
    return "it did not come true"


async def _moment() -> None:
    await asyncio.sleep(0.02)


def comes_true(
    is_so: Callable[[], object], seconds: float = PATIENCE, told: Callable[[], str] = _nothing_said
) -> None:
    """Wait until `is_so()` is true. Fails with the text of `told()` where it stays false."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, told()
        time.sleep(0.02)


async def becomes_true(
    is_so: Callable[[], object],
    seconds: float = PATIENCE,
    told: Callable[[], str] = _nothing_said,
    pause: Callable[[], Awaitable[object]] = _moment,
) -> None:
    """As `comes_true`, while the event loop runs; `pause` passes the time between two looks."""
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, told()
        await pause()


@contextmanager
def patience_with(process: Popen[Any]) -> Iterator[None]:
    """End the process after `PATIENCE`: a test that reads from it meets the end of its output instead of waiting on."""
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Stopwatch:
    """Measures seconds without those in which the machine let a thread wait that should have run.

    with Stopwatch() as watch: read()        assert watch.seconds < 7.5

    A thread sleeps in short steps meanwhile: what a step takes too long is the machine's lateness, not the product's.
    """

    def __init__(self) -> None:
        self.late = 0.0
        """Seconds by which the machine was late."""
        self.seconds = 0.0
        """Seconds measured, the lateness of the machine left out. Set when the measuring ends."""
        self._began = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stopwatch", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        took = time.monotonic() - self._began
        self._over.set()
        self._thread.join()
        self.seconds = took - min(self.late, took)

    def _watch(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            if not self._over.wait(_STEP):
                late = time.monotonic() - began - _STEP
                self.late += late if late > _USUAL else 0.0
