"""All departures that were seen, the newest first, and what they add up to."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping

from goneaway_tui.model.departure import Departure

MOST = 10_000
"""How many are kept one by one unless said otherwise; the totals go on counting."""

TOTALS: Mapping[str, Callable[[Departure], str]] = {
    "cause": lambda d: d.cause.value,
    "user": lambda d: d.verdict.session.user,
    "program": lambda d: d.verdict.session.program or "(not said)",
    "host": lambda d: d.verdict.session.client_host or "(not said)",
}
"""What departures are added up by."""


class Ledger:
    """Grows as sessions leave."""

    def __init__(self, departures: Iterable[Departure] = (), most: int = MOST) -> None:
        """`departures`: the oldest first. `most`: how many are kept one by one."""
        self._kept: deque[Departure] = deque(maxlen=most)
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in TOTALS}
        self.add(departures)

    def add(self, departures: Iterable[Departure]) -> None:
        for departure in departures:
            self._kept.append(departure)
            for name, key in TOTALS.items():
                self._totals[name][key(departure)] += 1

    def __iter__(self) -> Iterator[Departure]:
        """The newest first."""
        return reversed(self._kept)

    def __len__(self) -> int:
        """How many there were, also those no longer kept."""
        return self._totals["cause"].total()

    def totals(self, name: str) -> list[tuple[str, int]]:
        """How many by one of TOTALS, the most first."""
        return sorted(self._totals[name].items(), key=lambda each: (-each[1], each[0]))
