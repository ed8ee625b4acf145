"""Drafts that are one occurrence: an omen and its error, a server's whole shutdown, one session's end told twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from goneaway_tui.doctor.occurrences import Occurrence
from goneaway_tui.model.cause import Cause

LONGEST_RECORD: Final = 400
"""Lines of one record that are looked at."""
_LEVELS: Final = re.compile(r"(?i)\b(?:warn(?:ing)?|error|err|notice|info|critical|fatal)\b")


@dataclass(frozen=True, slots=True)
class Draft:
    """An occurrence that may yet be joined to the one before."""

    seen: Occurrence
    omen: bool = False
    kinship: Cause | int | None = None
    """Of a server's log: the session spoken of, or what befell the whole server."""
    started: bool = False
    """No occurrence: the server is ready again."""
    tail: bool = False
    """The rest of a traceback, after a statement too long to be read."""


def joined(drafts: Iterable[Draft]) -> Iterator[Occurrence]:
    """Each occurrence once, in the order of the drafts."""
    held: Draft | None = None
    down: set[Cause] = set()
    """What has befallen the server since it was ready last."""
    for draft in drafts:
        if draft.started:
            if held is not None:
                yield held.seen
            held, down = None, set()
        elif isinstance(draft.kinship, Cause) and draft.kinship in down:
            continue
        elif held is not None and _same(held, draft):
            held = _joint(held, draft)
        else:
            if held is not None:
                yield held.seen
            held = draft
            if isinstance(draft.kinship, Cause):
                down.add(draft.kinship)
    if held is not None:
        yield held.seen


def _same(held: Draft, draft: Draft) -> bool:
    before, after = held.seen, draft.seen
    if draft.tail and before.code == after.code:
        return True
    if held.kinship is not None or draft.kinship is not None:
        return held.kinship == draft.kinship and _apart(before, after) <= 2
    if _apart(before, after) > 1:
        return False
    if held.omen:
        drivers = {before.client.driver, after.client.driver} - {""}
        return len(drivers) <= 1 and after.line - before.line <= LONGEST_RECORD
    plain, again = (_LEVELS.sub("", each.text) for each in (before, after))
    return plain == again and before.text != after.text and after.line - before.line <= 2


def _joint(held: Draft, draft: Draft) -> Draft:
    if draft.tail:
        return held
    if held.kinship is not None:
        return replace(held, seen=_stronger(held.seen, draft.seen))
    return replace(draft, seen=_with_omen(held.seen, draft.seen))


def _stronger(known: Occurrence, new: Occurrence) -> Occurrence:
    """The first of two, with what the second knows better."""
    if known.says is None and new.says is not None:
        known = replace(known, says=new.says, certainty=new.certainty)
    return replace(
        known, code=known.code if known.code is not None else new.code, limits=known.limits or new.limits
    )


def _with_omen(omen: Occurrence, told: Occurrence) -> Occurrence:
    """The error, with what was only said in the remark before it."""
    says = told.says is None and omen.says is not None
    return replace(
        told,
        client=told.client if told.client.driver else omen.client,
        says=omen.says if says else told.says,
        certainty=omen.certainty if says else told.certainty,
        how=omen.how | told.how,
        silent_seconds=omen.silent_seconds,
    )


def _apart(one: Occurrence, other: Occurrence) -> float:
    """Seconds between two; none where either has no time."""
    return abs(one.at.seconds - other.at.seconds) if one.at and other.at else 0.0
