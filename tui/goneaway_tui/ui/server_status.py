"""How old what is shown is, and why: never left out, never flattered."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import _, marked
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Risk, Snapshot
from goneaway_tui.ui import wording
from goneaway_tui.ui.poller import PollSchedule


@dataclass(frozen=True, slots=True)
class Freshness:
    """Words, and how they look."""

    words: str
    look: str


STALE_INTERVALS = 2
"""Pauses between two readings after which what one said is old: another should have come."""
CONNECTING = Freshness(marked("◌ connecting"), "$foreground-muted")
"""Its words are said where they are drawn."""


def freshness(seen: float | None, pace: PollSchedule, *, in_trouble: bool) -> Freshness:
    """Of a server that was last seen so many seconds ago; None where it never was."""
    if seen is None:
        return Freshness(_("✖ not connected"), "$text-error") if in_trouble else CONNECTING
    if in_trouble:
        return Freshness(_("✖ lost, seen {age} ago", age=wording.age_words(seen)), "bold $text-error")
    if seen > STALE_INTERVALS * pace.pause + 1:
        return Freshness(_("◌ waiting, seen {age} ago", age=wording.age_words(seen)), "bold $text-warning")
    if pace.is_stretched:
        return Freshness(_("● slow server, asked every {seconds:.2g} s", seconds=pace.pause), "$text-warning")
    return Freshness(_("● live {seconds:g} s", seconds=pace.interval), "$text-success")


def is_stale(seen: float, pace: PollSchedule) -> bool:
    """Whether another reading should have come since."""
    return seen > STALE_INTERVALS * pace.pause


def frozen_words(seconds: float) -> Freshness:
    """Of a screen held for so long."""
    return Freshness(_("❄ frozen {age} ago", age=wording.age_words(seconds)), "bold $text-accent")


def replay_freshness(now: float, speed: int | None) -> Freshness:
    """Of a recording at an instant; `speed` is None where it is at rest."""
    word = _("▮▮ at rest") if speed is None else f"▶ {speed}x"
    return Freshness(f"{word}  {iso_instant(now, 'seconds')}", "bold $text-accent")


@dataclass(frozen=True, slots=True, eq=False)
class ServerStatus:
    """What there is to be seen of one server at an instant."""

    name: str
    snapshot: Snapshot | None = None
    """What it said last."""
    seen: float | None = None
    """Seconds since it said so."""
    is_stale: bool = False
    """That is older than two intervals."""
    trouble: str = ""
    """Why it could not be read, in one line."""
    color: str | None = None
    """The server's, of the config file."""

    @property
    def is_well(self) -> bool:
        return self.snapshot is not None and not self.trouble and not self.is_stale

    @property
    def role(self) -> str:
        """What it is to other servers, by who is connected; empty where it has to do with none."""
        roles = {} if self.snapshot is None else self.snapshot.totals.roles
        if Role.DUMP in roles:
            return marked("relay") if Role.REPLICA in roles else marked("source")
        return marked("replica") if Role.REPLICA in roles else ""

    @property
    def soon(self) -> int:
        """Sessions about to be closed."""
        risks = {} if self.snapshot is None else self.snapshot.totals.risks
        return risks.get(Risk.IMMINENT, 0) + risks.get(Risk.OVERDUE, 0)

    @property
    def idle_share(self) -> float | None:
        """The part of max_connections that idles, 0 to 1; None where it is not known."""
        most = None if self.snapshot is None else self.snapshot.sample.variable("max_connections")
        return None if not most or self.snapshot is None else self.snapshot.totals.idle / most
