"""A session's limit, risk and countdown in the words that every export and the screen share."""

from __future__ import annotations

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.snapshot import Basis, Limit, Risk, Verdict
from goneaway_tui.text.format import countdown, limit_words

MARKS = {Basis.ASSUMED: "~", Basis.DISPROVED: ">"}
"""Drawn before a limit that was not read from the session itself."""

LANGUAGE = N_("en")
"""What a catalogue calls its own language, as the web does: `zh-CN`."""
RISKS = {
    Risk.EXEMPT: N_("exempt"),
    Risk.BUSY: N_("busy"),
    Risk.CALM: N_("calm"),
    Risk.WATCH: N_("watch"),
    Risk.IMMINENT: N_("imminent"),
    Risk.OVERDUE: N_("overdue"),
}


def limit_cell(limit: Limit | None) -> str:
    """A limit with the mark of its basis: `~` assumed, `>` outlived; empty where there is no limit."""
    return "" if limit is None else MARKS.get(limit.basis, "") + limit_words(limit.seconds)


def risk_word(risk: Risk) -> str:
    """A risk as a person reads it; in English that is the contract's word."""
    return _(RISKS[risk])


def countdown_of(verdict: Verdict, now: float) -> str | None:
    """`countdown` of a session; None where no idle clock runs towards a known deadline."""
    left = verdict.seconds_left(now)
    return None if left is None else countdown(left, is_overdue=verdict.risk is Risk.OVERDUE)
