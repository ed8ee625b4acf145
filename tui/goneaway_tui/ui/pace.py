"""When to ask a server again: as often as was asked for, unless it is too busy for that."""

from __future__ import annotations

SHARE = 0.1
"""The part of the time a server may spend on answering us."""


class Pace:
    """The pause between two polls; from the begin of one to the begin of the next, in seconds."""

    def __init__(self, interval: float, slack: float) -> None:
        """`slack`: how much too early a poll may come, so that what drives us needs not to be finer."""
        self.interval = interval
        self.slack = slack
        self._took = (0.0, 0.0)
        self._due = float("-inf")

    @property
    def pause(self) -> float:
        """The interval, or what keeps us to our share of a slow server: one slow answer alone is no reason."""
        return max(self.interval, min(self._took) / SHARE)

    @property
    def is_stretched(self) -> bool:
        return self.pause > self.interval

    def is_due(self, now: float) -> bool:
        return now >= self._due - self.slack

    def asked(self, now: float) -> None:
        """A poll was sent. The next is due by the same beat, where we are not behind."""
        on_beat = abs(now - self._due) <= self.slack
        self._due = (self._due if on_beat else now) + self.pause

    def answered(self, seconds: float) -> None:
        """A server spent so long on it."""
        self._took = (self._took[1], seconds)

    def wait(self, until: float) -> None:
        """Not before, give or take the slack."""
        self._due = until

    def hurry(self) -> None:
        """As soon as may be."""
        self._due = float("-inf")
