"""The status of each server: the age of its snapshot, whether it answers, and its main figures."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Risk, Snapshot
from goneaway_tui.monitor.poller import FailedReading, PollSchedule
from goneaway_tui.monitor.server_monitor import ServerMonitor
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the shown snapshot is, in words, with their style."""

    words: str
    style: str


STALE_INTERVALS = 2
"""Pauses of the schedule after which a reading is stale."""
CONNECTING = Freshness(N_("◌ connecting"), "$foreground-muted")
"""Before the first reading; its words are translated when they are drawn."""


def freshness(age: float | None, schedule: PollSchedule, *, in_trouble: bool) -> Freshness:
    """The freshness of a server that was last read `age` seconds ago; None if it was never read."""
    if age is None:
        return Freshness(_("✖ not connected"), "$text-error") if in_trouble else CONNECTING
    if in_trouble:
        return Freshness(_("✖ lost, read {age} ago", age=wording.age_words(age)), "bold $text-error")
    if age > STALE_INTERVALS * schedule.pause + 1:
        return Freshness(_("◌ waiting, read {age} ago", age=wording.age_words(age)), "bold $text-warning")
    if schedule.is_stretched:
        return Freshness(
            _("● slow server, read every {seconds:.2g} s", seconds=schedule.pause), "$text-warning"
        )
    return Freshness(_("● live {seconds:g} s", seconds=schedule.interval), "$text-success")


def is_stale(age: float, schedule: PollSchedule) -> bool:
    """Whether the next reading is overdue. `age`: seconds since the last one."""
    return age > STALE_INTERVALS * schedule.pause


def frozen_freshness(seconds: float) -> Freshness:
    """The freshness of a screen that was frozen so many seconds ago."""
    return Freshness(_("❄ frozen {age} ago", age=wording.age_words(seconds)), "bold $text-accent")


def replay_freshness(now: float, speed: int | None) -> Freshness:
    """The freshness of a recording at an instant; `speed`: None while paused."""
    word = _("▮▮ paused") if speed is None else f"▶ {speed}x"
    return Freshness(f"{word}  {iso_instant(now, 'seconds')}", "bold $text-accent")


def monitor_freshness(monitor: ServerMonitor, now: float) -> Freshness:
    """The freshness of a monitored server or of a recording."""
    player = monitor.player
    if player is not None:
        return replay_freshness(now, player.speed if player.is_playing else None)
    return freshness(monitor.age(now), monitor.schedule, in_trouble=bool(monitor.trouble))


def trouble_words(failure: FailedReading) -> str:
    """Why a reading failed and when the next attempt is made, in one line."""
    why = plain(failure.error.line, 500)
    if failure.retry_seconds is None:
        return why
    return _("{trouble} (retry in {pause})", trouble=why, pause=wording.age_words(failure.retry_seconds))


@dataclass(frozen=True, slots=True, eq=False)
class ServerStatus:
    """The status of one server at an instant."""

    name: str
    snapshot: Snapshot | None = None
    """The snapshot that is shown; None before the first reading."""
    age_seconds: float | None = None
    """Seconds since the last reading; None if the server was never read."""
    is_stale: bool = False
    """Whether the next reading is overdue."""
    trouble: str = ""
    """Why it could not be read, in one line; empty if it was."""
    color: str | None = None
    """The colour of the server in the config file."""

    @property
    def is_healthy(self) -> bool:
        return self.snapshot is not None and not self.trouble and not self.is_stale

    @property
    def role(self) -> str:
        """Its role in replication, by its connected sessions; empty without one."""
        roles = {} if self.snapshot is None else self.snapshot.totals.roles
        if Role.DUMP in roles:
            return N_("relay") if Role.REPLICA in roles else N_("source")
        return N_("replica") if Role.REPLICA in roles else ""

    @property
    def closing_soon(self) -> int:
        """Number of sessions that the server is about to close."""
        risks = {} if self.snapshot is None else self.snapshot.totals.risks
        return risks.get(Risk.IMMINENT, 0) + risks.get(Risk.OVERDUE, 0)

    @property
    def idle_share(self) -> float | None:
        """The idle share of max_connections, 0 to 1; None if it is not known."""
        limit = None if self.snapshot is None else self.snapshot.sample.variable("max_connections")
        return None if not limit or self.snapshot is None else self.snapshot.totals.idle / limit


def status_of(monitor: ServerMonitor, now: float) -> ServerStatus:
    """The status of a monitored server at `now`."""
    age = monitor.age(now)
    stale = age is not None and is_stale(age, monitor.schedule)
    return ServerStatus(monitor.name, monitor.shown, age, stale, monitor.trouble, monitor.color)
