"""What the doctor's table lists: a cause as it stands, or a habit of many sessions."""

from __future__ import annotations

from dataclasses import dataclass

from goneaway_tui.doctor.checkup import CauseStatus, Verdict
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.pattern import Pattern
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.ui.screens.ledger import GOVERNS
from goneaway_tui.ui.wording import certainty_word


@dataclass(frozen=True, slots=True)
class Sign:
    """A line of it."""

    name: str
    certainty: Certainty
    because: tuple[str, ...]
    remedies: tuple[str, ...] = ()
    tunable: str | None = None
    since_start: Verdict | None = None
    """Whether it ended sessions since the server started, and why; None where nobody knows."""
    now: Verdict | None = None
    """Whether it may do so as things stand."""

    @classmethod
    def of(cls, found: CauseStatus | Pattern) -> Sign:
        if isinstance(found, Pattern):
            return cls(
                found.kind.value,
                found.certainty,
                (found.title, *found.evidence),
                found.remedies,
                found.tunable,
                now=(found.certainty, (found.title, *found.evidence)),
            )
        usual = GOVERNS.get(found.cause, IDLING.get(found.cause.value))
        tunable = None if found.limit_is_own else found.variable or usual
        return cls(
            found.cause.value,
            found.certainty,
            found.because,
            found.remedies,
            tunable,
            found.since_start,
            found.now,
        )

    @property
    def told(self) -> list[str]:
        """Whole, in lines: why, and what to do."""
        lines: list[str] = []
        for verdict, heading in (
            (self.since_start, marked("since the server started: {certainty}")),
            (self.now, marked("on this server now: {certainty}")),
        ):
            if verdict is not None:
                certainty, because = verdict
                lines += [
                    "",
                    _(heading, certainty=certainty_word(certainty)),
                    *(f"- {each}" for each in because),
                ]
        lines = lines[1:]
        if self.tunable is not None:
            lines += ["", _("Variable: {variable}. {why} Press t to change it.",
                            variable=self.tunable, why=_(TUNABLE[self.tunable].why))]  # fmt: skip
        return (
            [*lines, "", _("what to do"), *(f"- {each}" for each in self.remedies)]
            if self.remedies
            else lines
        )


IDLING = {"idle_timeout": "wait_timeout", "transaction_timeout": "idle_transaction_timeout",
          "too_many_connections": "max_connections"}  # fmt: skip
"""The variable to change for a cause that is not of one session."""
