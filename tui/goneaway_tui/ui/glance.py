"""A server as it is shown among others."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.language import marked
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Risk, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
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
        roles = {} if self.snapshot is None else self.snapshot.tally.roles
        if Role.DUMP in roles:
            return marked("relay") if Role.REPLICA in roles else marked("source")
        return marked("replica") if Role.REPLICA in roles else ""

    @property
    def soon(self) -> int:
        """Sessions about to be closed."""
        risks = {} if self.snapshot is None else self.snapshot.tally.risks
        return risks.get(Risk.IMMINENT, 0) + risks.get(Risk.OVERDUE, 0)

    @property
    def idle_share(self) -> float | None:
        """The part of max_connections that idles, 0 to 1; None where it is not known."""
        most = None if self.snapshot is None else self.snapshot.sample.variable("max_connections")
        return None if not most or self.snapshot is None else self.snapshot.tally.idle / most
