"""The signals that ask us to go. Whatever we are at, the terminal is given back as it was and the server's session let go."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ASK_US_TO_GO = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def unwind_on_signals() -> None:
    """From now on TERM and HUP end us the way ctrl+c does: what was opened is closed on the way out."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _unwind)


@contextmanager
def heeding(act: Callable[[int], object]) -> Iterator[None]:
    """While inside, `act` is told the number of each signal that asks us to go, in a thread of its own.

    A handler runs in the middle of whatever the main thread does, where to ask for a lock may be to wait for oneself.
    """

    def heed(number: int, _: FrameType | None) -> None:
        threading.Thread(target=act, args=(number,), name="signal", daemon=True).start()

    before = {each: signal.signal(each, heed) for each in ASK_US_TO_GO}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _unwind(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
