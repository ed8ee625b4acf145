"""A value about to be set, and the sessions there are: what is foretold of it is read off this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from goneaway_tui.judge.forecast import WhatIf, what_if
from goneaway_tui.model.plain import plain
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.model.tuning import Room
from goneaway_tui.tune.tunables import Counts, Tunable
from goneaway_tui.tune.values import words


@dataclass(frozen=True, slots=True)
class Scene:
    """What the sentences are about."""

    tunable: Tunable
    kept: int | float
    snapshot: Snapshot
    room: Room

    @property
    def open(self) -> tuple[Verdict, ...]:
        """The sessions of clients, ours aside."""
        return tuple(v for v in self.snapshot.verdicts if v.session.role is Role.CLIENT and not v.session.own)

    @property
    def closable(self) -> tuple[Verdict, ...]:
        """Those idle now whose waits this limit ends."""
        return tuple(v for v in self.open if v.session.is_idle and CLOSABLE[self.tunable.closes](v))

    @property
    def ahead(self) -> WhatIf:
        """What the limit would do to them."""
        limit = float("inf") if self.tunable.zero and not self.kept else self.kept
        return what_if(self.closable, self.snapshot.taken_at, limit)

    @property
    def closed(self) -> int:
        """How many of them would be gone already."""
        return self.ahead.by_now

    @property
    def connected(self) -> int:
        counted = self.snapshot.sample.counter("threads_connected")
        return len(self.snapshot.verdicts) if counted is None else counted

    @property
    def busiest(self) -> tuple[str, int]:
        """The account with most sessions, fit to show, and how many these are; "" and 0 where there are none."""
        counted = Counter(v.session.user for v in self.open).most_common(1)
        return (plain(counted[0][0]), counted[0][1]) if counted else ("", 0)

    @property
    def limit(self) -> str:
        """What will be kept, in words."""
        return words(self.kept, self.tunable.unit)


CLOSABLE: dict[Counts, Callable[[Verdict], bool]] = {
    Counts.NOBODY: lambda _verdict: False,
    Counts.IDLE: lambda v: v.limit is None or not v.limit.variable.startswith("idle_"),
    Counts.INTERACTIVE: lambda _verdict: True,
    Counts.TRANSACTIONS: lambda v: v.session.transaction is not None,
    Counts.READERS: lambda v: v.session.transaction is not None and not v.session.transaction.rows_modified,
    Counts.WRITERS: lambda v: v.session.transaction is not None and bool(v.session.transaction.rows_modified),
}
"""Whose idle waits a limit ends."""
