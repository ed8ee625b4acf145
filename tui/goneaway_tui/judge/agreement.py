"""Whether a server's counters allow for what its log says of sessions.

A log is text, and quotes what clients chose. Nobody who only writes into it can move a counter too: an end that a log tells of
is in the errors counted by account (MySQL), or in `Aborted_clients`, which rises for each session that ends without COM_QUIT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from goneaway_tui.judge.absence import Reason, Reasons, Tally, account_of, counted_endings
from goneaway_tui.language import _, ngettext
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.clue import Clues
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Verdict

TIMEOUTS = (Cause.IDLE_TIMEOUT, Cause.NET_READ_TIMEOUT)
"""Which error a timeout of reading raises depends on the version and on what was waited for; the words do not."""
OF_READING = frozenset({*TIMEOUTS, Cause.TRANSACTION_TIMEOUT})
_ORDER = tuple(Certainty)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is left of a log's word."""

    believed: Reasons
    doubted: Mapping[ProcesslistId, str]
    """What the log says of those whose end no counter allows for, in words."""


def agreed(clues: Clues, logged: Sequence[tuple[Verdict, Reason]], others: int) -> Agreement:
    """`logged` is what a log says of sessions that ended, `others` how many more ended without COM_QUIT for a known cause."""
    fresh, early = counted_endings(clues)
    believed: Reasons = {}
    left = []
    for verdict, reason in logged:
        account = account_of(verdict)
        if _explains((fresh[account], early[account]), reason.cause):
            believed[verdict.session.id] = reason
        else:
            left.append((verdict.session.id, reason))
    if clues.aborted is None:
        why = _("the server's counters are not known, so nothing but its log says so")
        return Agreement(
            believed | {number: _weaker(each, Certainty.LIKELY, why) for number, each in left}, {}
        )
    aborted = max(0, clues.aborted - len(believed) - others)
    if left and not aborted:
        return Agreement(
            believed,
            {
                number: _(
                    "not believed, because Aborted_clients did not rise for it: {line}",
                    line=reason.evidence[0],
                )
                for number, reason in left
            },
        )
    if aborted < len(left):
        why = ngettext(
            "the log names {number} session that ended without COM_QUIT, and Aborted_clients rose by {aborted}",
            "the log names {number} sessions that ended without COM_QUIT, and Aborted_clients rose by {aborted}",
            len(left),
            aborted=aborted,
        )
        return Agreement(
            believed | {number: _weaker(each, Certainty.POSSIBLE, why) for number, each in left}, {}
        )
    return Agreement(believed | dict(left), {})


def _explains(counts: Iterable[Tally], cause: Cause) -> bool:
    """Takes one end by that cause from what was counted. Whether there was one."""
    causes = TIMEOUTS if cause in OF_READING else (cause,)
    return any(tally.explain(each) for tally in counts for each in causes)


def _weaker(reason: Reason, most: Certainty, why: str) -> Reason:
    certainty = max(reason.certainty, most, key=_ORDER.index)
    return replace(reason, certainty=certainty, evidence=(*reason.evidence, why))
