"""An explanation as a good colleague would give it, within 80 columns; what is the same is told once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor.codes import CODES
from goneaway_tui.doctor.explanation import Explanation
from goneaway_tui.model.cause import Certainty
from goneaway_tui.model.finding import Finding
from goneaway_tui.model.plain import plain

WIDTH: Final = 80
MOST_GROUPS: Final = 200
"""Kinds of trouble that are told apart; further ones are counted."""
IN_FULL: Final = 1
"""Findings told with their remedies; of the next ones only why and how to make sure."""
IN_SHORT: Final = 2

WORDS: Final = {
    Certainty.CONFIRMED: "It was",
    Certainty.LIKELY: "Likely",
    Certainty.POSSIBLE: "Possible",
    Certainty.RULED_OUT: "Not",
}


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
        yield from _wrapped(
            width, f"And {found.untold} more, of further kinds: --format=json tells every one."
        )


def prose(group: Group, width: int = WIDTH) -> Iterator[str]:
    """One kind of trouble, told in lines of so many columns at most; a link alone may be longer."""
    each = group.first
    place = f"{each.file}:{each.seen.line}"
    yield from _wrapped(width, "  ".join(filter(None, (place, each.at or "", each.seen.client.name or ""))))
    yield from _wrapped(width, each.text, "  | ")
    code = CODES.get(each.seen.code)
    if code is not None:
        yield from _wrapped(width, f"{each.seen.code} {code.name}: {code.means}.", "  ")
    if group.count > 1:
        yield from _wrapped(width, times_words(group), "  ")
    told = [finding for finding in each.findings if finding.certainty is not Certainty.RULED_OUT]
    for rank, finding in enumerate(told[: IN_FULL + IN_SHORT]):
        yield ""
        yield from _told(finding, width, in_full=rank < IN_FULL)
    more = [finding.cause.value.replace("_", " ") for finding in told[IN_FULL + IN_SHORT :]]
    if more:
        yield ""
        yield from _wrapped(width, f"Less likely: {', '.join(more)}.", "  ")
    out = [finding for finding in each.findings if finding.certainty is Certainty.RULED_OUT]
    if out:
        yield ""
    for finding in out:
        yield from _wrapped(width, f"Not {_name(finding)}: {' '.join(finding.because)}", "  ", "      ")


def times_words(group: Group) -> str:
    """How often, and when last."""
    if group.count == 1:
        return "Once."
    last = group.last
    return (
        f"{group.count} times like this, last on line {last.seen.line}{f' at {last.at}' if last.at else ''}."
    )


def _told(finding: Finding, width: int, *, in_full: bool) -> Iterator[str]:
    yield f"  {WORDS[finding.certainty]} {_name(finding)}"
    yield from _points(width, "why", finding.because)
    yield from _points(width, "but", finding.against)
    if finding.prove:
        yield from _points(width, "prove", (finding.prove,))
    if in_full:
        yield from _points(width, "do", finding.remedies)
        if finding.docs:
            yield f"    see    {finding.docs}"


def _points(width: int, label: str, sentences: Iterable[str]) -> Iterator[str]:
    for nth, sentence in enumerate(sentences):
        yield from _wrapped(width, sentence, f"    {label if nth == 0 else '':<7}", " " * 11)


def _wrapped(width: int, text: str, indent: str = "", later: str | None = None) -> list[str]:
    return textwrap.wrap(
        plain(text), width, initial_indent=indent, subsequent_indent=indent if later is None else later
    )


def _name(finding: Finding) -> str:
    return finding.cause.value.replace("_", " ")
