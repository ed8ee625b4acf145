"""The summary above the table: the server, its limits, the number of sessions by risk, the next session to be closed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from goneaway_tui.export.data import iso_instant
from goneaway_tui.export.table import in_closing_order
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Limitation, Server
from goneaway_tui.model.session import Role
from goneaway_tui.model.snapshot import Basis, Risk, Snapshot
from goneaway_tui.text.format import (
    age_words,
    clock_words,
    count_words,
    countdown,
    limit_words,
    size_words,
)
from goneaway_tui.text.sanitize import plain

LEGEND = {
    Basis.ASSUMED: N_("~ assumed: the global value; the server does not show the session's own value"),
    Basis.DISPROVED: N_("> disproved: the session's own limit is higher, and not known"),
}


@dataclass(frozen=True, slots=True)
class SummaryText:
    """The texts of a summary, sanitized and translated."""

    name: str
    server: str
    up: str
    taken_at: str
    figures: tuple[tuple[str, str], ...]
    tally: tuple[tuple[Risk, str], ...]
    """Highest risk first; a risk without sessions is left out."""
    next: str
    legend: tuple[str, ...]
    """The meanings of the marks that occur on limits."""


def summary_text(snapshot: Snapshot) -> SummaryText:
    """The summary of a snapshot."""
    sample = snapshot.sample
    tally = Counter(verdict.risk for verdict in snapshot.verdicts)
    bases = {verdict.limit.basis for verdict in snapshot.verdicts if verdict.limit is not None}
    return SummaryText(
        name=plain(snapshot.server_name) or server_name(sample.server),
        server=f"{sample.server.flavour.title} {plain(sample.server.version)}",
        up=age_words(sample.server.uptime),
        taken_at=iso_instant(sample.taken_at, "seconds"),
        figures=tuple(_figures(sample)),
        tally=tuple((risk, count_words(tally[risk])) for risk in reversed(Risk) if tally[risk]),
        next=next_closing(snapshot),
        legend=tuple(_(words) for basis, words in LEGEND.items() if basis in bases),
    )


def limitation_words(
    limitation: Limitation,
    format_text: Callable[[str], str] = plain,
    format_statement: Callable[[str], str] = plain,
) -> str:
    """What this account cannot see, why, and the statement that would change it.

    `format_text` and `format_statement` sanitize text from the server, and escape it for the format.
    """
    what, why = format_text(_(limitation.what)), format_text(_(limitation.why))
    if not limitation.grant:
        return _("cannot see {what}: {why}", what=what, why=why)
    grant = format_statement(_(limitation.grant))
    return _("cannot see {what}: {why}; to see it: {grant}", what=what, why=why, grant=grant)


def server_name(server: Server) -> str:
    """The name of the server: `db-01:3306`, `[::1]:3306`; `localhost` on a Unix socket."""
    host = plain(server.host or "localhost")
    if server.port is None:
        return host
    return f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"


def next_closing(snapshot: Snapshot) -> str:
    """The session with the next deadline, in words. A login is left out: it nearly always finishes before its deadline.

    >>> from goneaway_tui.model.sample import Sample
    >>> from goneaway_tui.model.server import Flavour
    >>> next_closing(Snapshot(Sample(0.0, Server(Flavour.MYSQL, "9", "9", None, None, 1.0), ()), ()))
    'none known'
    """
    without_logins = (
        verdict for verdict in in_closing_order(snapshot) if verdict.session.role is not Role.LOGIN
    )
    for verdict in islice(without_logins, 1):
        seconds_left = verdict.seconds_left(snapshot.taken_at)
        if seconds_left is not None and math.isfinite(seconds_left):
            id_ = verdict.session.id
            if seconds_left > 0:
                return _("{id} in {time}", id=id_, time=countdown(seconds_left))
            return _("{id} overdue by {time}", id=id_, time=clock_words(-seconds_left))
    return _("none known")


def _figures(sample: Sample) -> Iterator[tuple[str, str]]:
    for name, label in (("wait_timeout", "wait_timeout"), ("interactive_timeout", _("interactive"))):
        seconds = sample.variable(name)
        if seconds is not None:
            yield label, limit_words(seconds)
    packet = sample.variable("max_allowed_packet")
    if packet is not None and math.isfinite(packet):
        yield _("packet"), size_words(int(packet))
    maximum = sample.counter("max_connections") or sample.variable("max_connections")
    sessions = count_words(len(sample.sessions))
    yield (
        _("sessions"),
        f"{sessions} / {count_words(int(maximum))}" if maximum and math.isfinite(maximum) else sessions,
    )
    yield _("idle"), count_words(sum(session.is_idle for session in sample.sessions))
    aborted = sample.counter("aborted_clients")
    if aborted is not None:
        yield _("aborted"), count_words(aborted)
