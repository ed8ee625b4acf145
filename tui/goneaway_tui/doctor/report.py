"""Explanations in writing: text for a terminal, JSON with one error a line, and Markdown for a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from goneaway_tui.doctor.diagnosis import SCHEMA, Explanation
from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.error_events import CODES
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
    """Write JSON while errors are found; return how many there were. With a server's name all of it is one line."""
    server_field = {} if server is None else {"server_name": server}
    head = "".join(f'"{name}": {_dumps(value)}, ' for name, value in server_field.items())
    write(f'{{{head}"schema": "{SCHEMA}",' + (' "errors": [' if server_field else '\n "errors": ['))
    count = 0
    for explanation in explanations:
        write(
            ("," if count else "")
            + (" " if server_field else "\n  ")
            + _dumps(server_field | explanation_data(explanation))
        )
        count += 1
    write("]}\n")
    return count


def explanation_data(explanation: Explanation) -> dict[str, object]:
    """One error as the JSON schema has it."""
    return {
        "file": explanation.file,
        "line": explanation.event.line,
        "at": explanation.time,
        "code": explanation.event.code,
        "client": explanation.event.client.name,
        "text": explanation.text,
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
            for finding in explanation.findings
        ],
    }


def write_text(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    """Write text, errors of one kind once; return how many errors there were."""
    events = grouped_events(explanations)
    if server is not None:
        write(_("== on {server} ==", server=plain(server, 200)) + "\n\n")
    for line in report_lines(events):
        write(f"{line}\n")
    return events.count


def write_markdown(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    """Write Markdown, errors of one kind once; return how many errors there were."""
    events = grouped_events(explanations)
    if server is not None:
        write(_("# On {server}", server=escaped(plain(server, 200))) + "\n\n")
    for group in events.groups:
        write("\n".join(_markdown(group.first, times_words(group))) + "\n\n")
    if events.ungrouped_count:
        write(_("And {number} more, of further kinds.", number=events.ungrouped_count) + "\n")
    return events.count


class ReportWriter(Protocol):
    """Writes explanations, under the server's name where there are several; returns how many there were."""

    def __call__(
        self, explanations: Iterable[Explanation], write: Write, server: str | None = None
    ) -> int: ...


FORMATS: dict[str, ReportWriter] = {
    "text": write_text,
    "json": write_json,
    "markdown": write_markdown,
}
"""The writer of each `--format`."""


def _dumps(value: object) -> str:
    """JSON in ASCII alone: nothing in it controls a terminal."""
    return json.dumps(value, allow_nan=False).replace("\x7f", "\\u007f")


def _markdown(explanation: Explanation, count_words: str) -> Iterator[str]:
    code = f"{explanation.event.code} " if explanation.event.code is not None else ""
    yield f"## {code}" + escaped(explanation.event.client.name or _("unknown client"))
    yield ""
    location = f"{explanation.file}:{explanation.event.line}"
    yield escaped(
        _("{place}, {time}. {times}", place=location, time=explanation.time, times=count_words)
        if explanation.time
        else _("{place}. {times}", place=location, times=count_words)
    )
    yield ""
    yield f"> {escaped(explanation.text)}"
    other_words = other_findings_words(explanation.findings)
    for finding in explanation.findings[:1] if other_words else explanation.findings:
        yield ""
        cause, certainty = _(CAUSE_WORDS[finding.cause]), _(CAUSE_WORDS[finding.certainty])
        yield _("- **{cause}**: {certainty}", cause=cause, certainty=certainty)
        for reason in finding.because:
            yield f"  - {escaped(plain(reason))}"
        for reason in finding.against:
            yield "  - " + _("but: {reason}", reason=escaped(plain(reason)))
        if finding.certainty is Certainty.RULED_OUT:
            continue
        if finding.prove:
            yield "  - " + _("to make sure: {way}", way=escaped(finding.prove))
        for remedy in finding.remedies:
            yield "  - " + _("remedy: {remedy}", remedy=escaped(plain(remedy)))
        if finding.docs:
            yield "  - " + _("see <{page}>", page=finding.docs)
    if other_words:
        yield ""
        yield escaped(other_words)


def escaped(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _LINKS.sub(r"\\\g<0>", text.translate(_ESCAPES))


def wrapped(text: str, width: int, indent: str = "", next_indent: str | None = None) -> list[str]:
    """Lines of so many columns at most, fit to show; `later` is the indent of all but the first.

    >>> wrapped("空闲超时。重试 ping。", 8)
    ['空闲超', '时。重试', 'ping。']
    """
    return wrapped_lines(
        plain(text), width, indent, indent if next_indent is None else next_indent, fold=True
    )


WIDTH_COLUMNS: Final = 80
MAX_GROUPS: Final = 200
"""Kinds of errors that are reported; further ones are only counted."""
FULL_FINDINGS: Final = 1
"""Findings that are reported with their remedies."""
SHORT_FINDINGS: Final = 2
"""Further findings that are reported with their reasons and how to verify them."""
LABEL_COLUMNS: Final = 7
"""Columns of the label before a sentence."""

HEADLINES: Final = {
    Certainty.CONFIRMED: N_("It was {cause}"),
    Certainty.LIKELY: N_("Likely {cause}"),
    Certainty.POSSIBLE: N_("Possible {cause}"),
}
"""The headline of a finding that is not ruled out."""


@dataclass(slots=True)
class EventGroup:
    """Errors of one kind."""

    first: Explanation
    last: Explanation
    count: int = 1


@dataclass(frozen=True, slots=True)
class EventGroups:
    """All errors that were found, by kind."""

    groups: tuple[EventGroup, ...]
    """In the order of their first error; no more than MAX_GROUPS."""
    count: int
    """How many errors there were in all."""

    @property
    def ungrouped_count(self) -> int:
        """How many errors are of kinds beyond MAX_GROUPS."""
        return self.count - sum(group.count for group in self.groups)


def grouped_events(explanations: Iterable[Explanation]) -> EventGroups:
    """Group the errors of one file that are of one kind."""
    groups: dict[tuple[object, ...], EventGroup] = {}
    count = 0
    for explanation in explanations:
        count += 1
        known = groups.get((explanation.file, explanation.kind))
        if known is not None:
            known.last, known.count = explanation, known.count + 1
        elif len(groups) < MAX_GROUPS:
            groups[explanation.file, explanation.kind] = EventGroup(explanation, explanation)
    return EventGroups(tuple(groups.values()), count)


def report_lines(events: EventGroups, width: int = WIDTH_COLUMNS) -> Iterator[str]:
    """Yield the text report in lines of at most `width` columns."""
    for group in events.groups:
        yield from group_paragraphs(group, width)
        yield ""
    if events.ungrouped_count:
        yield from wrapped(
            _(
                "And {number} more, of further kinds: --format=json tells every one.",
                number=events.ungrouped_count,
            ),
            width,
        )


def group_paragraphs(group: EventGroup, width: int = WIDTH_COLUMNS) -> Iterator[str]:
    """Yield the report of one kind of errors in lines of at most `width` columns; only a link may be longer."""
    explanation = group.first
    location = f"{explanation.file}:{explanation.event.line}"
    yield from wrapped(
        "  ".join(filter(None, (location, explanation.time or "", explanation.event.client.name or ""))),
        width,
    )
    yield from wrapped(explanation.text, width, "  | ")
    code = CODES.get(explanation.event.code)
    if code is not None:
        yield from wrapped(
            _(
                "{code} {name}: {meaning}.",
                code=explanation.event.code,
                name=code.name,
                meaning=_(code.meaning),
            ),
            width,
            "  ",
        )
    if group.count > 1:
        yield from wrapped(times_words(group), width, "  ")
    remaining = [finding for finding in explanation.findings if finding.certainty is not Certainty.RULED_OUT]
    other_words = other_findings_words(explanation.findings)
    if other_words:
        yield ""
        yield from _finding_lines(explanation.findings[0], width, in_full=True)
        yield ""
        yield from wrapped(other_words, width, "  ", "      ")
        return
    for rank, finding in enumerate(remaining[: FULL_FINDINGS + SHORT_FINDINGS]):
        yield ""
        yield from _finding_lines(finding, width, in_full=rank < FULL_FINDINGS)
    less_likely = [_(CAUSE_WORDS[finding.cause]) for finding in remaining[FULL_FINDINGS + SHORT_FINDINGS :]]
    if less_likely:
        yield ""
        yield from wrapped(_("Less likely: {causes}.", causes=in_list(less_likely)), width, "  ")
    ruled_out = [finding for finding in explanation.findings if finding.certainty is Certainty.RULED_OUT]
    if ruled_out:
        yield ""
    for finding in ruled_out:
        cause, reasons = _(CAUSE_WORDS[finding.cause]), in_sentences(finding.because)
        yield from wrapped(_("Not {cause}: {reasons}", cause=cause, reasons=reasons), width, "  ", "      ")


def other_findings_words(findings: Sequence[Finding]) -> str:
    """One line for all findings but the first, where that is confirmed; empty where it is not, or there are no others."""
    if len(findings) < 2 or findings[0].certainty is not Certainty.CONFIRMED:
        return ""
    ruled_out = Certainty.RULED_OUT
    sentences = (
        _(words, causes=in_list(_(CAUSE_WORDS[finding.cause]) for finding in listed))
        for words, listed in (
            (
                N_("Also possible: {causes}."),
                [finding for finding in findings[1:] if finding.certainty is not ruled_out],
            ),
            (
                N_("Ruled out: {causes}."),
                [finding for finding in findings[1:] if finding.certainty is ruled_out],
            ),
        )
        if listed
    )
    return in_sentences(sentences)


def times_words(group: EventGroup) -> str:
    """How often errors of a kind came, and when last."""
    if group.count == 1:
        return _("Once.")
    number, line, time = group.count, group.last.event.line, group.last.time
    if time is None:
        return _("{number} times like this, last on line {line}.", number=number, line=line)
    return _("{number} times like this, last on line {line} at {time}.", number=number, line=line, time=time)


def _finding_lines(finding: Finding, width: int, *, in_full: bool) -> Iterator[str]:
    yield "  " + _(HEADLINES[finding.certainty], cause=_(CAUSE_WORDS[finding.cause]))
    yield from _sentence_lines(width, _("why"), finding.because)
    yield from _sentence_lines(width, _("but"), finding.against)
    if finding.prove:
        yield from _sentence_lines(width, _("prove"), (finding.prove,))
    if in_full:
        yield from _sentence_lines(width, _("do"), finding.remedies)
        if finding.docs:
            yield "    " + padded(_("see"), LABEL_COLUMNS) + finding.docs


def _sentence_lines(width: int, label: str, sentences: Iterable[str]) -> Iterator[str]:
    for index, sentence in enumerate(sentences):
        yield from wrapped(
            sentence, width, "    " + padded("" if index else label, LABEL_COLUMNS), " " * (4 + LABEL_COLUMNS)
        )
