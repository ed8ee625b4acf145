"""An explanation as data: the contract's JSON, one error a line; and Markdown for a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from goneaway_tui.doctor.explanation import SCHEMA, Explanation
from goneaway_tui.doctor.prose import answer, gathered, others_words, times_words
from goneaway_tui.language import _
from goneaway_tui.model.cause import SAID, Certainty
from goneaway_tui.model.plain import plain

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
        write(("," if count else "") + (" " if said else "\n  ") + _dumps(said | data(each)))
        count += 1
    write("]}\n")
    return count


def data(each: Explanation) -> dict[str, object]:
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
    found = gathered(explanations)
    if server is not None:
        write(_("== on {server} ==", server=plain(server, 200)) + "\n\n")
    for line in answer(found):
        write(f"{line}\n")
    return found.count


def write_markdown(explanations: Iterable[Explanation], write: Write, server: str | None = None) -> int:
    found = gathered(explanations)
    if server is not None:
        write(_("# On {server}", server=_escaped(plain(server, 200))) + "\n\n")
    for group in found.groups:
        write("\n".join(_markdown(group.first, times_words(group))) + "\n\n")
    if found.untold:
        write(_("And {number} more, of further kinds.", number=found.untold) + "\n")
    return found.count


class Answer(Protocol):
    """Writes explanations, by the facts of a server that is named where there are several; returns how many there were."""

    def __call__(
        self, explanations: Iterable[Explanation], write: Write, server: str | None = None
    ) -> int: ...


FORMATS: dict[str, Answer] = {
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
    others = others_words(each.findings)
    for finding in each.findings[:1] if others else each.findings:
        yield ""
        cause, certainty = _(SAID[finding.cause]), _(SAID[finding.certainty])
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
