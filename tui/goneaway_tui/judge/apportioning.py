"""From counts to causes: which of the sessions that left are the ones a server counted as timed out, killed, lost or gone.

Two kinds of servers: those that count endings by account (MySQL's `performance_schema`), and those that only count all of
them together (`Aborted_clients`, `Com_kill`: `judge.totals`). Where the counts leave a choice, the certainty says so.

Counts are of all sessions, also of those that came and went between two looks. These are most often orderly, so what was
counted other than goodbyes is taken to be of the sessions that were seen; but then nothing is confirmed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from goneaway_tui.judge.absence import (
    TORN,
    TURNED_OFFLINE,
    Absence,
    Account,
    Reason,
    Reasons,
    Tally,
    account_of,
    timed_out,
    timeout,
)
from goneaway_tui.judge.totals import by_totals
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Verdict

BUSY_ENDINGS = (
    Cause.NET_WRITE_TIMEOUT,
    Cause.NET_READ_TIMEOUT,
    Cause.KILLED,
    Cause.CLIENT_LOST,
    Cause.PACKET_TOO_LARGE,
    Cause.IDLE_TIMEOUT,
    Cause.CLIENT_QUIT,
)
IDLE_ENDINGS = (
    Cause.IDLE_TIMEOUT,
    Cause.PACKET_TOO_LARGE,
    Cause.CLIENT_LOST,
    Cause.KILLED,
    Cause.NET_READ_TIMEOUT,
    Cause.NET_WRITE_TIMEOUT,
    Cause.CLIENT_QUIT,
)
"""What is taken first for a session that was last seen busy, or idle: goodbyes last, since the unseen say them too."""


def apportioned(absence: Absence) -> Reasons:
    """A reason for each session of the absence."""
    if Cause.IDLE_TIMEOUT not in absence.counts:
        return by_totals(absence)
    groups: dict[Account, list[Verdict]] = defaultdict(list)
    for verdict in absence.gone:
        groups[account_of(verdict)].append(verdict)
    killable_of = {account: _killable(absence, account) for account in sorted(groups)}
    all_killable = sum(killable_of.values())
    reasons: Reasons = {}
    kills = enough = all_killable if absence.offline else absence.kills or 0
    for account, killable in killable_of.items():
        share = Share(min(kills, killable), exact=all_killable <= enough)
        found = _Group(absence, account, groups[account], share).reasons()
        kills = max(0, kills - sum(reason.cause is Cause.KILLED for reason in found.values()))
        reasons |= found
    return reasons


def _killable(absence: Absence, account: Account) -> int:
    return sum(tallies.get(account, Tally()).killable for tallies in (absence.fresh, absence.early))


@dataclass(frozen=True, slots=True)
class Share:
    """How many of an account's torn sessions were killed."""

    kills: int
    exact: bool
    """Whether there were KILL statements enough for every session that may have been killed, in all accounts. Turning
    `offline_mode` on is enough for all."""


class _Group:
    """The sessions of one account that left, and what was counted of it."""

    def __init__(self, absence: Absence, account: Account, group: list[Verdict], share: Share) -> None:
        self._absence = absence
        self._group = group
        self._share = share
        self._fresh = absence.fresh.get(account, Tally())
        self._early = absence.early.get(account, Tally())
        self._killable = _killable(absence, account)
        self._told = told(account, self._fresh, self._early, names_idle=absence.names_idle)

    def reasons(self) -> Reasons:
        """The due are the timed out; then come the endings counted since the last look, then what it had left over."""
        fresh, early = (tally.causes[Cause.IDLE_TIMEOUT] for tally in (self._fresh, self._early))
        due = sorted((v for v in self._group if self._absence.is_due(v)), key=_by_deadline)
        certainty = Certainty.CONFIRMED if fresh + early >= len(due) else Certainty.POSSIBLE
        reasons = {v.session.id: timeout(v, certainty, self._told) for v in due[: fresh + early]}
        rest = [v for v in self._group if v.session.id not in reasons]
        slots = _slots(self._fresh, len(rest), self._share.kills)
        unforeseen = min(max(0, fresh - len(due)), max(0, len(rest) - slots.total()))
        slots[Cause.IDLE_TIMEOUT] = unforeseen
        if slots.total() < len(rest):
            slots += _slots(self._early, len(rest) - slots.total(), self._share.kills - slots[Cause.KILLED])
        kinds = (self._fresh.kinds() | self._early.kinds()) - {Cause.IDLE_TIMEOUT}
        alone = len(kinds | ({Cause.IDLE_TIMEOUT} if fresh > len(due) else set())) == 1
        enough = slots.total() >= len(rest)
        for verdict in sorted(rest, key=lambda v: (v.session.is_idle, v.session.id)):
            order = IDLE_ENDINGS if verdict.session.is_idle else BUSY_ENDINGS
            cause = next((each for each in order if slots[each] > 0), None)
            if cause is None:
                reasons[verdict.session.id] = self._uncounted()
                continue
            slots[cause] -= 1
            reasons[verdict.session.id] = self._reason(verdict, cause, alone=alone, enough=enough)
        return reasons

    def _reason(self, verdict: Verdict, cause: Cause, *, alone: bool, enough: bool) -> Reason:
        """`alone`: the account's sessions met one kind of end only. `enough`: as often as sessions left."""
        certainty = Certainty.LIKELY if alone else Certainty.POSSIBLE
        evidence = [self._told]
        sure = alone and enough
        if cause is Cause.IDLE_TIMEOUT:
            cause = self._timed_out_early(verdict)
            sure = sure and self._absence.names_idle
            evidence.append(_why_unforeseen(verdict))
        if not alone:
            evidence.append(
                _(
                    "{number} of its sessions left in that time; the counts do not say which was which",
                    number=len(self._group),
                )
            )
        if cause in TORN:
            evidence += self._what_may_have_torn(cause)
            may_be_killed = bool(self._absence.offline or self._absence.kills) and self._killable > 0
            if may_be_killed and (not self._share.exact or self._share.kills < self._fresh.torn):
                certainty = Certainty.POSSIBLE  # the KILL, if it was one, is among the earlier counts too
            sure = (
                sure and cause is Cause.CLIENT_LOST and self._nothing_else_tears() and _dies_at_once(verdict)
            )
        return Reason(cause, Certainty.CONFIRMED if sure else certainty, tuple(evidence))

    def _timed_out_early(self, verdict: Verdict) -> Cause:
        """What a timeout ended before the session's deadline, or without one."""
        if (
            self._absence.names_idle
            or verdict.session.is_idle
            or verdict.limit is None
            or self._absence.had_time_to_idle(verdict)
        ):
            return timed_out(verdict)
        return Cause.NET_READ_TIMEOUT

    def _nothing_else_tears(self) -> bool:
        """Whether no KILL, and no offline mode, can have ended a session of the absence: both are known, and were none."""
        return self._absence.kills == 0 and self._absence.offline is False

    def _what_may_have_torn(self, cause: Cause) -> list[str]:
        absence = self._absence
        words = []
        if absence.offline:
            words.append(_(TURNED_OFFLINE))
        if absence.kills:
            words.append(_("KILL statements run in that time: {number}", number=absence.kills))
        if cause is Cause.CLIENT_LOST and absence.offline is None:
            words.append(_(OFFLINE))
        if cause is Cause.CLIENT_LOST and absence.kills is None:
            words.append(_("the server does not say how many KILL statements were run"))
        return words

    def _uncounted(self) -> Reason:
        absence = self._absence
        if absence.kills:
            why = _(
                "KILL statements run in that time: {number}; one that kills itself is not counted",
                number=absence.kills,
            )
            return Reason(Cause.KILLED, Certainty.LIKELY, (why, self._told))
        if absence.aborted == 0:
            return Reason(
                Cause.CLIENT_QUIT, Certainty.LIKELY, (_("Aborted_clients did not rise"), self._told)
            )
        rose = _("unknown") if absence.aborted is None else absence.aborted
        why = _("the rise of Aborted_clients: {number}", number=rose)
        return Reason(Cause.UNKNOWN, Certainty.POSSIBLE, (why, self._told))


OFFLINE = marked(
    "turning offline_mode on tears every session without CONNECTION_ADMIN too, and is counted as no KILL"
)
"""Measured on MySQL 9.7: 1158 and 1160 rise, Aborted_clients too; Com_kill does not, and the error log says nothing."""


def _slots(tally: Tally, wanted: int, kills: int) -> Counter[Cause]:
    """The endings counted, and of goodbyes as many as are wanted besides. `kills`: of how many torn sessions."""
    found = Counter({cause: n for cause, n in tally.causes.items() if n > 0})
    del found[Cause.IDLE_TIMEOUT]
    goodbyes = found.pop(Cause.CLIENT_QUIT, 0)
    torn = min(tally.torn_at_most, max(tally.torn, wanted - found.total() - goodbyes))
    killed = min(torn, kills, tally.killable)
    found += Counter({Cause.KILLED: killed, Cause.CLIENT_LOST: torn - killed})
    found[Cause.CLIENT_QUIT] = max(0, min(goodbyes, wanted - found.total()))
    return found


def _dies_at_once(verdict: Verdict) -> bool:
    """Whether a KILL would have been counted in the time it left: one that has to roll back first stays for a while."""
    held = verdict.session.transaction
    return verdict.session.is_idle and (held is None or held.rows_modified == 0)


def _why_unforeseen(verdict: Verdict) -> str:
    if verdict.session.is_idle:
        return _("earlier than its limit as last seen, so it has changed that since")
    return _("it was last seen busy; its wait began after that")


def _by_deadline(verdict: Verdict) -> tuple[float, int]:
    return verdict.deadline or 0.0, verdict.session.id


ENDED = {
    Cause.CLIENT_LOST: marked("ended without COM_QUIT"),
    Cause.CLIENT_QUIT: marked("ended with COM_QUIT"),
}
"""How a session ended, in words, where the cause's own name says more than was counted."""
ENDED_BEFORE_4031 = ENDED | {Cause.IDLE_TIMEOUT: marked("by a timeout of reading (1159)")}
"""The same where an idle timeout has no error of its own."""
COUNTED, COUNTED_EARLY = marked("{number} {ending}"), marked("{number} {ending} a little earlier")


def told(account: Account, fresh: Tally, early: Tally, *, names_idle: bool = True) -> str:
    """What was counted of an account, in words."""
    ended = ENDED if names_idle else ENDED_BEFORE_4031
    whose = f"{plain(account[0], 60)}@{plain(account[1], 60)}"
    parts = [
        _(times, number=n, ending=_(ended.get(cause, cause.value)))
        for tally, times in ((fresh, COUNTED), (early, COUNTED_EARLY))
        for cause, n in sorted((tally.causes + Counter({Cause.CLIENT_LOST: tally.torn})).items())
        if n > 0
    ]
    if not parts:
        return _("in that time the server counted for {account}: no ending of a session", account=whose)
    return _(
        "in that time the server counted for {account}: {endings}", account=whose, endings=_(", ").join(parts)
    )
