"""Explanations in writing: text for a terminal, JSON with one error a line, and Markdown for a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from goneaway_tui.doctor.diagnosis import SCHEMA, Explanation
from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.error_events import CODES
from goneaway_tui.model.cause import CAUSE_WORDS, Cause, Certainty, Finding
from goneaway_tui.text.format import in_list, in_sentences
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import padded
from goneaway_tui.text.width import wrapped as wrapped_lines

Write = Callable[[str], object]
_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in r"\`*_[]|~$@"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_LINKS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)


def write_json(
    explanations: Iterable[Explanation],
    write: Write,
    server: str | None = None,
    *,
    verbose: bool = False,  # noqa: ARG001 - JSON leaves nothing out anyway
) -> int:
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
        "mention": explanation.event.is_mention,
        "year_guessed": explanation.year_guessed,
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


def write_text(
    explanations: Iterable[Explanation], write: Write, server: str | None = None, *, verbose: bool = False
) -> int:
    """Write text, errors of one kind once; return how many errors there were. `verbose` leaves nothing out."""
    events = grouped_events(explanations)
    if server is not None:
        write(_("== on {server} ==", server=plain(server, 200)) + "\n\n")
    for line in report_lines(events, verbose=verbose):
        write(f"{line}\n")
    return events.count


def write_markdown(
    explanations: Iterable[Explanation], write: Write, server: str | None = None, *, verbose: bool = False
) -> int:
    """Write Markdown, errors of one kind once; return how many errors there were. `verbose` leaves nothing out."""
    events = grouped_events(explanations)
    if server is not None:
        write(_("# On {server}", server=escaped(plain(server, 200))) + "\n\n")
    for number, group in enumerate(events.groups, 1):
        write(f"{number}. {escaped(verdict_words(group))}\n")
    if events.ungrouped_count:
        write("\n" + _("{number} more errors of other kinds.", number=events.ungrouped_count) + "\n")
    for number, group in enumerate(events.groups, 1):
        write("\n" + "\n".join(_markdown(number, group, verbose=verbose)) + "\n")
    return events.count


class ReportWriter(Protocol):
    """Writes explanations, under the server's name where there are several; returns how many there were."""

    def __call__(
        self,
        explanations: Iterable[Explanation],
        write: Write,
        server: str | None = None,
        *,
        verbose: bool = False,
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


def _markdown(number: int, group: EventGroup, *, verbose: bool) -> Iterator[str]:
    explanation = group.first
    yield f"## {number}. {escaped(verdict_words(group, with_time=False))}"
    yield ""
    location = f"{explanation.file}:{explanation.event.line}"
    yield escaped("  ".join(filter(None, (location, time_words(explanation), code_words(explanation)))))
    yield ""
    yield f"> {escaped(explanation.text)}"
    shown, rest = _shown_findings(explanation.findings, verbose=verbose)
    printed: set[str] = set()
    for finding in shown:
        yield ""
        yield f"- **{finding_words(finding)}**"
        for reason in finding.because:
            yield f"  - {escaped(plain(reason))}"
        for reason in finding.against:
            yield "  - " + _("but: {reason}", reason=escaped(plain(reason)))
        if finding.prove:
            yield "  - " + _("to verify: {way}", way=escaped(finding.prove))
        for remedy in _not_printed(finding.remedies, printed):
            yield "  - " + _("remedy: {remedy}", remedy=escaped(plain(remedy)))
        if finding.docs and finding.remedies:
            yield "  - " + _("see <{page}>", page=finding.docs)
    if rest:
        yield ""
        yield escaped(rest)


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
MAX_INCIDENTS: Final = 1000
"""Errors of one kind that are listed one by one where everything is reported."""
LABEL_COLUMNS: Final = 7
"""Columns of the label before a sentence."""


@dataclass(slots=True)
class EventGroup:
    """Errors of one kind."""

    first: Explanation
    last: Explanation
    count: int = 1
    places: list[tuple[int, str]] = field(default_factory=list)
    """The line and the time of each; of the first MAX_INCIDENTS."""


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
            known = groups[explanation.file, explanation.kind] = EventGroup(explanation, explanation)
        if known is not None and len(known.places) < MAX_INCIDENTS:
            known.places.append((explanation.event.line, time_words(explanation)))
    return EventGroups(tuple(groups.values()), count)


def report_lines(events: EventGroups, width: int = WIDTH_COLUMNS, *, verbose: bool = False) -> Iterator[str]:
    """Yield the text report in lines of at most `width` columns; only a link may be longer.

    First one line for each kind of errors, with the verdict; then for each kind the reasons, how to verify them, and what
    to do. `verbose` adds every error, and all of every finding.
    """
    for number, group in enumerate(events.groups, 1):
        yield from wrapped(f"{number}. {verdict_words(group)}", width, "", "   ")
    if events.ungrouped_count:
        yield from wrapped(
            _(
                "{number} more errors of other kinds: --format=json lists all of them.",
                number=events.ungrouped_count,
            ),
            width,
        )
    for number, group in enumerate(events.groups, 1):
        yield ""
        yield from wrapped(f"{number}. {verdict_words(group, with_time=False)}", width, "", "   ")
        yield from group_details(group, width, verbose=verbose)


def group_details(group: EventGroup, width: int, *, verbose: bool = False) -> Iterator[str]:
    """Yield what is reported of one kind of errors below its verdict: the line, the reasons, and what to do."""
    explanation = group.first
    location = f"{explanation.file}:{explanation.event.line}"
    yield from wrapped("  ".join(filter(None, (location, time_words(explanation)))), width, "  ")
    yield from wrapped(explanation.text, width, "  | ")
    if words := code_words(explanation):
        yield from wrapped(words, width, "  ")
    shown, rest = _shown_findings(explanation.findings, verbose=verbose)
    printed: set[str] = set()
    for index, finding in enumerate(shown):
        if index:
            yield ""
            yield from wrapped(finding_words(finding), width, "  ")
        yield from _finding_lines(finding, width, printed)
    if rest:
        yield from wrapped(rest, width, "  ", "      ")
    if verbose and group.count > 1:
        yield ""
        for line, time in group.places:
            yield from wrapped(f"{explanation.file}:{line}  {time}".rstrip(), width, "    ")


def verdict_words(group: EventGroup, *, with_time: bool = True) -> str:
    """One kind of errors in one line: when, which error of which client, the cause and its certainty, how often."""
    explanation = group.first
    code, client = explanation.event.code, explanation.event.client.name
    words = (
        time_words(explanation) if with_time else "",
        "" if code is None else str(code),
        client or _("unknown client"),
        finding_words(explanation.findings[0]),
        _("may only be a mention") if explanation.event.is_mention else "",
        times_words(group) if group.count > 1 else "",
    )
    return "  ".join(plain(word) for word in words if word)


def finding_words(finding: Finding) -> str:
    """A cause and its certainty."""
    if finding.cause is Cause.UNKNOWN:
        return _("cause unknown")
    return _(
        "{cause}: {certainty}",
        cause=_(CAUSE_WORDS[finding.cause]),
        certainty=_(CAUSE_WORDS[finding.certainty]),
    )


def time_words(explanation: Explanation) -> str:
    """When an error was noticed; empty where its log has no time."""
    time = explanation.time or ""
    return _("{time} (year guessed)", time=time) if explanation.year_guessed else time


def code_words(explanation: Explanation) -> str:
    """What an error's number means; empty where it has none."""
    code = CODES.get(explanation.event.code)
    if code is None:
        return ""
    return _(
        "{code} {name}: {meaning}.", code=explanation.event.code, name=code.name, meaning=_(code.meaning)
    )


def _shown_findings(findings: Sequence[Finding], *, verbose: bool) -> tuple[list[Finding], str]:
    """The findings that are reported whole, and one line for the others."""
    if verbose:
        return list(findings), ""
    return list(findings[:1]), other_findings_words(findings)


def other_findings_words(findings: Sequence[Finding]) -> str:
    """One line for all findings but the first: those that are possible, and those that are ruled out."""
    sentences = (
        _(words, causes=in_list(_(CAUSE_WORDS[finding.cause]) for finding in listed))
        for words, listed in (
            (
                N_("Also likely: {causes}."),
                [one for one in findings[1:] if one.certainty is Certainty.LIKELY],
            ),
            (
                N_("Also possible: {causes}."),
                [one for one in findings[1:] if one.certainty is Certainty.POSSIBLE],
            ),
            (
                N_("Ruled out: {causes}."),
                [one for one in findings[1:] if one.certainty is Certainty.RULED_OUT],
            ),
        )
        if listed
    )
    return in_sentences(sentences)


def times_words(group: EventGroup) -> str:
    """How often errors of a kind came, and when last."""
    number, line, time = group.count, group.last.event.line, group.last.time
    if time is None:
        return _("{number} times, last on line {line}", number=number, line=line)
    return _("{number} times, last on line {line} at {time}", number=number, line=line, time=time)


def _not_printed(sentences: Iterable[str], printed: set[str]) -> list[str]:
    """The sentences that were not said yet, which are said from now on."""
    fresh = [sentence for sentence in dict.fromkeys(sentences) if sentence not in printed]
    printed.update(fresh)
    return fresh


def _finding_lines(finding: Finding, width: int, printed: set[str]) -> Iterator[str]:
    yield from _sentence_lines(width, _("why"), finding.because)
    yield from _sentence_lines(width, _("but"), finding.against)
    if finding.prove:
        yield from _sentence_lines(width, _("verify"), (finding.prove,))
    yield from _sentence_lines(width, _("do"), _not_printed(finding.remedies, printed))
    if finding.docs and finding.remedies:
        yield "    " + padded(_("see"), LABEL_COLUMNS) + finding.docs


def _sentence_lines(width: int, label: str, sentences: Iterable[str]) -> Iterator[str]:
    for index, sentence in enumerate(sentences):
        yield from wrapped(
            sentence, width, "    " + padded("" if index else label, LABEL_COLUMNS), " " * (4 + LABEL_COLUMNS)
        )
