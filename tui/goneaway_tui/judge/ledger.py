"""All departures that were seen, the newest first, and what they add up to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from goneaway_tui.i18n import marked
from goneaway_tui.model.departure import Departure

DEFAULT_KEPT = 10_000
"""How many are kept one by one unless said otherwise; the totals go on counting."""
MAX_NAMES = 1_000
"""How many different users, programs or hosts are counted by name: whoever connects chooses what a program is called."""
ALL_OTHERS, UNNAMED = marked("(all others)"), marked("(not said)")
"""What is counted by no name of its own, and who gave none; to be said with `_`."""

TOTAL_KEYS: Mapping[str, Callable[[Departure], str]] = {
    "cause": lambda d: d.cause.value,
    "user": lambda d: d.verdict.session.user,
    "program": lambda d: d.verdict.session.program or UNNAMED,
    "host": lambda d: d.verdict.session.client_host or UNNAMED,
}
"""What departures are added up by."""


class Ledger:
    """Grows as sessions leave."""

    def __init__(self, departures: Iterable[Departure] = (), limit: int = DEFAULT_KEPT) -> None:
        """`departures`: the oldest first. `limit`: how many are kept one by one."""
        self._kept: deque[Departure] = deque(maxlen=limit)
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in TOTAL_KEYS}
        self.add(departures)

    def add(self, departures: Iterable[Departure]) -> None:
        for departure in departures:
            self._kept.append(departure)
            for name, key in TOTAL_KEYS.items():
                counted, by = self._totals[name], key(departure)
                counted[by if by in counted or len(counted) < MAX_NAMES else ALL_OTHERS] += 1

    def __iter__(self) -> Iterator[Departure]:
        """The newest first."""
        return reversed(self._kept)

    def __len__(self) -> int:
        """How many there were, also those no longer kept."""
        return self._totals["cause"].total()

    def totals(self, name: str) -> list[tuple[str, int]]:
        """How many by one of TOTALS, the most first."""
        return sorted(self._totals[name].items(), key=lambda each: (-each[1], each[0]))
