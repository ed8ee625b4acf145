"""An explanation as data: the contract's JSON, one error a line; and Markdown for a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from goneaway_tui.doctor.diagnosis import SCHEMA, Explanation
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.clients import CODES
from goneaway_tui.model.cause import CAUSE_WORDS, Certainty, Finding
from goneaway_tui.text.format import in_list, in_sentences
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import padded
from goneaway_tui.text.width import wrapped as wrapped_lines

Write = Callable[[str], object]
_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in r"\`*_[]|~$@"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_LINKS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)


def write_json(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    """Write as errors come; returns how many there were. For one of several servers all of it is one line."""
    said = {} if server is None else {"server_name": server}
    head = "".join(f'"{name}": {_dumps(value)}, ' for name, value in said.items())
    write(f'{{{head}"schema": "{SCHEMA}",' + (' "errors": [' if said else '\n "errors": ['))
    count = 0
    for each in explanations:
        write(("," if count else "") + (" " if said else "\n  ") + _dumps(said | explanation_data(each)))
        count += 1
    write("]}\n")
    return count


def explanation_data(each: Explanation) -> dict[str, object]:
    """One error as the contract has it."""
    return {
        "file": each.file,
        "line": each.seen.line,
        "at": each.at,
        "code": each.seen.code,
        "client": each.seen.client.name,
        "text": each.text,
        "findings": [
            {
                "cause": finding.cause.value,
                "certainty": finding.certainty.value,
                "because": list(map(plain, finding.because)),
                "against": list(map(plain, finding.against)),
                "prove": finding.prove or None,
                "remedies": list(map(plain, finding.remedies)),
                "docs": finding.docs,
            }
            for finding in each.findings
        ],
    }


def write_text(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    """A colleague's answer, like errors told once."""
    found = grouped_events(explanations)
    if server is not None:
        write(_("== on {server} ==", server=plain(server, 200)) + "\n\n")
    for line in report_lines(found):
        write(f"{line}\n")
    return found.count


def write_markdown(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    found = grouped_events(explanations)
    if server is not None:
        write(_("# On {server}", server=_escaped(plain(server, 200))) + "\n\n")
    for group in found.groups:
        write("\n".join(_markdown(group.first, times_words(group))) + "\n\n")
    if found.untold:
        write(_("And {number} more, of further kinds.", number=found.untold) + "\n")
    return found.count


class ReportWriter(Protocol):
    """Writes explanations, by the facts of a server that is named where there are several; returns how many there were."""

    def __call__(
        self, explanations: Iterable[Explanation], write: Write, server: str | None = None
    ) -> int: ...


FORMATS: dict[str, ReportWriter] = {
    "text": write_text,
    "json": write_json,
    "markdown": write_markdown,
}
"""How an explanation can be written."""


def _dumps(value: object) -> str:
    """ASCII alone: nothing in it controls a terminal."""
    return json.dumps(value, allow_nan=False).replace("\x7f", "\\u007f")


def _markdown(each: Explanation, times: str) -> Iterator[str]:
    code = f"{each.seen.code} " if each.seen.code is not None else ""
    yield f"## {code}" + _escaped(each.seen.client.name or _("unknown client"))
    yield ""
    place = f"{each.file}:{each.seen.line}"
    yield _escaped(
        _("{place}, {time}. {times}", place=place, time=each.at, times=times)
        if each.at
        else _("{place}. {times}", place=place, times=times)
    )
    yield ""
    yield f"> {_escaped(each.text)}"
    others = other_findings_words(each.findings)
    for finding in each.findings[:1] if others else each.findings:
        yield ""
        cause, certainty = _(CAUSE_WORDS[finding.cause]), _(CAUSE_WORDS[finding.certainty])
        yield _("- **{cause}**: {certainty}", cause=cause, certainty=certainty)
        for says in finding.because:
            yield f"  - {_escaped(plain(says))}"
        for says in finding.against:
            yield "  - " + _("but: {reason}", reason=_escaped(plain(says)))
        if finding.certainty is Certainty.RULED_OUT:
            continue
        if finding.prove:
            yield "  - " + _("to make sure: {way}", way=_escaped(finding.prove))
        for remedy in finding.remedies:
            yield "  - " + _("remedy: {remedy}", remedy=_escaped(plain(remedy)))
        if finding.docs:
            yield "  - " + _("see <{page}>", page=finding.docs)
    if others:
        yield ""
        yield _escaped(others)


def _escaped(text: str) -> str:
    return _LINKS.sub(r"\\\g<0>", text.translate(_ESCAPES))


def wrapped(text: str, width: int, indent: str = "", later: str | None = None) -> list[str]:
    """Lines of so many columns at most, fit to show; `later` is the indent of all but the first.

    >>> wrapped("空闲超时。重试 ping。", 8)
    ['空闲超', '时。重试', 'ping。']
    """
    return wrapped_lines(plain(text), width, indent, indent if later is None else later, fold=True)


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
class EventGroup:
    """Troubles of one kind."""

    first: Explanation
    last: Explanation
    count: int = 1


@dataclass(frozen=True, slots=True)
class EventGroups:
    """All that was found."""

    groups: tuple[EventGroup, ...]
    """In the order of their first; no more than MOST_GROUPS."""
    count: int
    """How many troubles there were in all."""

    @property
    def untold(self) -> int:
        """Troubles of kinds beyond MOST_GROUPS."""
        return self.count - sum(group.count for group in self.groups)


def grouped_events(explanations: Iterable[Explanation]) -> EventGroups:
    """Like troubles together."""
    groups: dict[tuple[object, ...], EventGroup] = {}
    count = 0
    for each in explanations:
        count += 1
        known = groups.get((each.file, each.kind))
        if known is not None:
            known.last, known.count = each, known.count + 1
        elif len(groups) < MOST_GROUPS:
            groups[each.file, each.kind] = EventGroup(each, each)
    return EventGroups(tuple(groups.values()), count)


def report_lines(found: EventGroups, width: int = WIDTH) -> Iterator[str]:
    """All that was found, told in lines of so many columns."""
    for group in found.groups:
        yield from group_paragraphs(group, width)
        yield ""
    if found.untold:
        yield from wrapped(
            _("And {number} more, of further kinds: --format=json tells every one.", number=found.untold),
            width,
        )


def group_paragraphs(group: EventGroup, width: int = WIDTH) -> Iterator[str]:
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
    others = other_findings_words(each.findings)
    if others:
        yield ""
        yield from _told(each.findings[0], width, in_full=True)
        yield ""
        yield from wrapped(others, width, "  ", "      ")
        return
    for rank, finding in enumerate(told[: IN_FULL + IN_SHORT]):
        yield ""
        yield from _told(finding, width, in_full=rank < IN_FULL)
    more = [_(CAUSE_WORDS[finding.cause]) for finding in told[IN_FULL + IN_SHORT :]]
    if more:
        yield ""
        yield from wrapped(_("Less likely: {causes}.", causes=in_list(more)), width, "  ")
    out = [finding for finding in each.findings if finding.certainty is Certainty.RULED_OUT]
    if out:
        yield ""
    for finding in out:
        name, reasons = _(CAUSE_WORDS[finding.cause]), in_sentences(finding.because)
        yield from wrapped(_("Not {cause}: {reasons}", cause=name, reasons=reasons), width, "  ", "      ")


def other_findings_words(findings: Sequence[Finding]) -> str:
    """One line for all but the first of findings, where that is confirmed; empty where it is not, or has no others."""
    if len(findings) < 2 or findings[0].certainty is not Certainty.CONFIRMED:
        return ""
    out = Certainty.RULED_OUT
    told = (
        _(words, causes=in_list(_(CAUSE_WORDS[each.cause]) for each in others))
        for words, others in (
            (
                marked("Also possible: {causes}."),
                [each for each in findings[1:] if each.certainty is not out],
            ),
            (marked("Ruled out: {causes}."), [each for each in findings[1:] if each.certainty is out]),
        )
        if others
    )
    return in_sentences(told)


def times_words(group: EventGroup) -> str:
    """How often, and when last."""
    if group.count == 1:
        return _("Once.")
    number, line, at = group.count, group.last.seen.line, group.last.at
    if at is None:
        return _("{number} times like this, last on line {line}.", number=number, line=line)
    return _("{number} times like this, last on line {line} at {time}.", number=number, line=line, time=at)


def _told(finding: Finding, width: int, *, in_full: bool) -> Iterator[str]:
    yield "  " + _(HEADLINES[finding.certainty], cause=_(CAUSE_WORDS[finding.cause]))
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
