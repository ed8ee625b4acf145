"""The ledger: every departure while watching, the newest first, with totals by cause, user, program and host."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from goneaway_tui.i18n import N_
from goneaway_tui.model.departure import Departure

DEFAULT_KEPT = 10_000
"""How many departures are kept one by one by default; the totals count all."""
MAX_NAMES = 1_000
"""How many different users, programs or hosts are counted by name. A bound: clients choose their program names."""
ALL_OTHERS, UNNAMED = N_("(all others)"), N_("(not said)")
"""The totals of all names above MAX_NAMES, and of sessions without a name; shown with `_`."""

TOTAL_KEYS: Mapping[str, Callable[[Departure], str]] = {
    "cause": lambda d: d.cause.value,
    "user": lambda d: d.verdict.session.user,
    "program": lambda d: d.verdict.session.program or UNNAMED,
    "host": lambda d: d.verdict.session.client_host or UNNAMED,
}
"""What departures are counted by: the name of a total, and the key of a departure in it."""


class Ledger:
    """The departures of one run; grows as sessions end."""

    def __init__(self, departures: Iterable[Departure] = (), limit: int = DEFAULT_KEPT) -> None:
        """`departures`: the oldest first. `limit`: how many to keep one by one."""
        self._kept: deque[Departure] = deque(maxlen=limit)
        self._past: tuple[Departure, ...] = ()
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in TOTAL_KEYS}
        self.add(departures)

    def add(self, departures: Iterable[Departure]) -> None:
        """Append departures, the oldest first."""
        for departure in departures:
            self._kept.append(departure)
            for name, key in TOTAL_KEYS.items():
                total, counted_as = self._totals[name], key(departure)
                is_named = counted_as in total or len(total) < MAX_NAMES
                total[counted_as if is_named else ALL_OTHERS] += 1

    def set_past(self, departures: Sequence[Departure]) -> None:
        """The sessions that ended before the first reading, the oldest first. They are listed, and in no total."""
        self._past = tuple(departures)

    def __iter__(self) -> Iterator[Departure]:
        """The departures that are kept, the newest first; last those before the first reading."""
        return chain(reversed(self._kept), reversed(self._past))

    def __len__(self) -> int:
        """How many departures there were, also those no longer kept."""
        return self._totals["cause"].total() + len(self._past)

    def totals(self, name: str) -> list[tuple[str, int]]:
        """How many by one of TOTALS, the most first."""
        return sorted(self._totals[name].items(), key=lambda each: (-each[1], each[0]))
