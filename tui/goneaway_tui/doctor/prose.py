"""An explanation as a good colleague would give it, within 80 columns; what is the same is told once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor.codes import CODES
from goneaway_tui.doctor.columns import padded, wrapped
from goneaway_tui.doctor.explanation import Explanation
from goneaway_tui.doctor.words import in_turn, listed
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import SAID, Certainty
from goneaway_tui.model.finding import Finding

WIDTH: Final = 80
MOST_GROUPS: Final = 200
"""Kinds of trouble that are told apart; further ones are counted."""
IN_FULL: Final = 1
"""Findings told with their remedies; of the next ones only why and how to make sure."""
IN_SHORT: Final = 2
LABEL: Final = 7
"""Columns for what stands before a sentence."""

HEADLINES: Final = {
    Certainty.CONFIRMED: marked("It was {cause}"),
    Certainty.LIKELY: marked("Likely {cause}"),
    Certainty.POSSIBLE: marked("Possible {cause}"),
}
"""Of what is not ruled out."""


@dataclass(slots=True)
class Group:
    """Troubles of one kind."""

    first: Explanation
    last: Explanation
    count: int = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that was found."""

    groups: tuple[Group, ...]
    """In the order of their first; no more than MOST_GROUPS."""
    count: int
    """How many troubles there were in all."""

    @property
    def untold(self) -> int:
        """Troubles of kinds beyond MOST_GROUPS."""
        return self.count - sum(group.count for group in self.groups)


def gathered(explanations: Iterable[Explanation]) -> Gathered:
    """Like troubles together."""
    groups: dict[tuple[object, ...], Group] = {}
    count = 0
    for each in explanations:
        count += 1
        known = groups.get((each.file, each.kind))
        if known is not None:
            known.last, known.count = each, known.count + 1
        elif len(groups) < MOST_GROUPS:
            groups[each.file, each.kind] = Group(each, each)
    return Gathered(tuple(groups.values()), count)


def answer(found: Gathered, width: int = WIDTH) -> Iterator[str]:
    """All that was found, told in lines of so many columns."""
    for group in found.groups:
        yield from prose(group, width)
        yield ""
    if found.untold:
        yield from wrapped(
            _("And {number} more, of further kinds: --format=json tells every one.", number=found.untold),
            width,
        )


def prose(group: Group, width: int = WIDTH) -> Iterator[str]:
    """One kind of trouble, told in lines of so many columns at most; a link alone may be longer."""
    each = group.first
    place = f"{each.file}:{each.seen.line}"
    yield from wrapped("  ".join(filter(None, (place, each.at or "", each.seen.client.name or ""))), width)
    yield from wrapped(each.text, width, "  | ")
    code = CODES.get(each.seen.code)
    if code is not None:
        yield from wrapped(
            _("{code} {name}: {meaning}.", code=each.seen.code, name=code.name, meaning=_(code.means)),
            width,
            "  ",
        )
    if group.count > 1:
        yield from wrapped(times_words(group), width, "  ")
    told = [finding for finding in each.findings if finding.certainty is not Certainty.RULED_OUT]
    others = others_words(each.findings)
    if others:
        yield ""
        yield from _told(each.findings[0], width, in_full=True)
        yield ""
        yield from wrapped(others, width, "  ", "      ")
        return
    for rank, finding in enumerate(told[: IN_FULL + IN_SHORT]):
        yield ""
        yield from _told(finding, width, in_full=rank < IN_FULL)
    more = [_(SAID[finding.cause]) for finding in told[IN_FULL + IN_SHORT :]]
    if more:
        yield ""
        yield from wrapped(_("Less likely: {causes}.", causes=listed(more)), width, "  ")
    out = [finding for finding in each.findings if finding.certainty is Certainty.RULED_OUT]
    if out:
        yield ""
    for finding in out:
        name, reasons = _(SAID[finding.cause]), in_turn(finding.because)
        yield from wrapped(_("Not {cause}: {reasons}", cause=name, reasons=reasons), width, "  ", "      ")


def others_words(findings: Sequence[Finding]) -> str:
    """One line for all but the first of findings, where that is confirmed; empty where it is not, or has no others."""
    if len(findings) < 2 or findings[0].certainty is not Certainty.CONFIRMED:
        return ""
    out = Certainty.RULED_OUT
    told = (
        _(words, causes=listed(_(SAID[each.cause]) for each in others))
        for words, others in (
            (
                marked("Also possible: {causes}."),
                [each for each in findings[1:] if each.certainty is not out],
            ),
            (marked("Ruled out: {causes}."), [each for each in findings[1:] if each.certainty is out]),
        )
        if others
    )
    return in_turn(told)


def times_words(group: Group) -> str:
    """How often, and when last."""
    if group.count == 1:
        return _("Once.")
    number, line, at = group.count, group.last.seen.line, group.last.at
    if at is None:
        return _("{number} times like this, last on line {line}.", number=number, line=line)
    return _("{number} times like this, last on line {line} at {time}.", number=number, line=line, time=at)


def _told(finding: Finding, width: int, *, in_full: bool) -> Iterator[str]:
    yield "  " + _(HEADLINES[finding.certainty], cause=_(SAID[finding.cause]))
    yield from _points(width, _("why"), finding.because)
    yield from _points(width, _("but"), finding.against)
    if finding.prove:
        yield from _points(width, _("prove"), (finding.prove,))
    if in_full:
        yield from _points(width, _("do"), finding.remedies)
        if finding.docs:
            yield "    " + padded(_("see"), LABEL) + finding.docs


def _points(width: int, label: str, sentences: Iterable[str]) -> Iterator[str]:
    for nth, sentence in enumerate(sentences):
        yield from wrapped(sentence, width, "    " + padded("" if nth else label, LABEL), " " * (4 + LABEL))
