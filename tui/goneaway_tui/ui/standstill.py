"""Standing still and going on: by SIGSTOP, from outside, nobody is asked.

The framework begins the screen anew at every SIGCONT, also where it has not left it first: then it listens to the keys
twice, and takes its own way with the terminal for the one to be restored at the end.
"""

from __future__ import annotations

import signal
from types import FrameType

from textual.app import App


def go_on_where_we_stood(app: App[None]) -> None:
    """Hand SIGCONT on to the framework only where it stopped us itself. To be called once its screen has begun."""
    stop, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
    left = False

    def stopping(number: int, frame: FrameType | None) -> None:
        nonlocal left
        left = True
        if callable(stop):
            stop(number, frame)

    def going_on(number: int, frame: FrameType | None) -> None:
        nonlocal left
        if left and callable(resume):
            resume(number, frame)
        else:
            app.refresh()
        left = False

    signal.signal(signal.SIGTSTP, stopping)
    signal.signal(signal.SIGCONT, going_on)
