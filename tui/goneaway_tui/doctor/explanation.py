"""One trouble with its findings, in a file: what every form of answer is made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo

from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.doctor.evidence import NO_SERVER, Evidence, Facts
from goneaway_tui.doctor.masking import quotable
from goneaway_tui.doctor.occurrences import Occurrence
from goneaway_tui.doctor.reading import occurrences
from goneaway_tui.model.finding import Finding
from goneaway_tui.model.plain import plain

SCHEMA = "goneaway.explanation/1"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One lost or refused connection, explained."""

    file: str
    """As it was named; `-` is standard input."""
    seen: Occurrence
    findings: tuple[Finding, ...]
    """Most likely first, ruled-out ones last."""

    @property
    def at(self) -> str | None:
        return self.seen.at.iso if self.seen.at else None

    @property
    def text(self) -> str:
        """The log's line as it may be shown: secrets masked, harmless to a terminal, not long."""
        return quotable(self.seen.text, before=self.seen.before)

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two of them the same trouble to a reader."""
        return (
            self.seen.code,
            self.seen.client.name,
            tuple((finding.cause, finding.certainty) for finding in self.findings),
        )


def explained(
    file: str,
    blocks: Iterable[bytes],
    server: Facts = NO_SERVER,
    *,
    now: float | None = None,
    zone: tzinfo = UTC,
) -> Iterator[Explanation]:
    """Every lost or refused connection in one log, explained. Memory is bounded, whatever its size.

    `now` dates stamps without a year; `zone` is where stamps without a zone were written.
    """
    name = plain(file, 1000)
    for seen in occurrences(blocks, now):
        yield Explanation(name, seen, diagnose(Evidence(seen, server, zone)))
