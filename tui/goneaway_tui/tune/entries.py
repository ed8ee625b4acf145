"""The lines of the journal as facts: what was attempted, what came of it, and what can be taken back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from goneaway_tui.language import _, marked
from goneaway_tui.model.tuning import Keep
from goneaway_tui.tune.sentences import said_again

UNKNOWN = marked("attempted, outcome unknown")
"""What is said of an act whose second line is missing: we, or the machine, ended in between."""


class Phase(StrEnum):
    """What a line tells of its act."""

    ATTEMPTED = marked("attempted")
    """About to be done."""
    DONE = marked("done")
    FAILED = marked("failed")
    """The server refused it, or nobody knows; `outcome` tells which."""
    REFUSED = marked("refused")
    """The gate did not let it through."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    at: str
    """ISO 8601 in UTC, with `Z`."""
    phase: Phase
    id: str
    """The act's; its lines share it."""
    account: str
    """Who we were to the server."""
    server: str
    """Its uuid where it has one."""
    server_name: str
    statement: str
    about: str = ""
    """Whom a kill was meant for, in words."""
    variable: str | None = None
    keep: Keep | None = None
    old: int | float | None = None
    """The global value before; as the server told it, once that is known."""
    old_persisted: int | float | None = None
    """The persisted value before."""
    requested: int | float | None = None
    kept: int | float | None = None
    warnings: tuple[str, ...] = ()
    """The server's, word for word."""
    outcome: str = ""
    """One sentence, in English whoever wrote it down."""
    undoes: str | None = None
    """The id of the act this one takes back."""
    lent: bool = False
    """It ran over the connection that reads the board, because the server gave no other; as known once it ended."""


@dataclass(frozen=True, slots=True)
class Act:
    """What was attempted, and what came of it as far as is written."""

    id: str
    attempted: Entry | None
    """None where its line was lost."""
    ended: Entry | None
    """None where nothing tells what came of it."""

    @property
    def entry(self) -> Entry:
        """The line that knows most."""
        known = self.ended or self.attempted
        if known is None:
            raise ValueError("an act has a line at least")
        return known

    @property
    def outcome(self) -> str:
        """In the language of the run, as far as it is of our own sentences."""
        return said_again(self.ended.outcome) or _(self.ended.phase.value) if self.ended else _(UNKNOWN)

    @property
    def is_done(self) -> bool:
        return self.ended is not None and self.ended.phase is Phase.DONE


def acts_of(entries: Iterable[Entry]) -> tuple[Act, ...]:
    """Attempts with their outcomes, in the order the acts were begun."""
    attempts: dict[str, Entry] = {}
    ends: dict[str, Entry] = {}
    order: dict[str, None] = {}
    for entry in entries:
        order[entry.id] = None
        (attempts if entry.phase is Phase.ATTEMPTED else ends).setdefault(entry.id, entry)
    return tuple(Act(each, attempts.get(each), ends.get(each)) for each in order)


def last_change_of(acts: Iterable[Act], server_id: str) -> Act | None:
    """The newest change to a variable of that server that was made and not taken back; taking back is no change."""
    done = [act for act in acts if act.is_done and act.entry.server == server_id]
    undone = {act.entry.undoes for act in done}
    changes = (
        act
        for act in reversed(done)
        if act.entry.variable is not None and act.entry.requested is not None and act.entry.undoes is None
    )
    return next((act for act in changes if act.id not in undone), None)


# --- Reading what may be anything


def entry_of(line: bytes) -> Entry | None:
    """The entry a line holds, or None where it holds none. Fields of a later version are left aside."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    known = {each.name: told[each.name] for each in fields(Entry) if told.get(each.name) is not None}
    if not all(_fits(known.get(name), kind) for name, kind in KINDS.items()):
        return None
    try:
        known["phase"] = Phase(known["phase"])
        known["keep"] = Keep(known["keep"]) if "keep" in known else None
    except ValueError:
        return None
    known["warnings"] = tuple(known.get("warnings") or ())
    return Entry(**known)


TEXT, MAYBE_TEXT, NUMBER, TEXTS = "text", "text or nothing", "number or nothing", "texts"
FLAG = "yes, no or nothing"
KINDS = {
    **dict.fromkeys(("at", "phase", "id", "account", "server", "server_name", "statement"), TEXT),
    **dict.fromkeys(("about", "variable", "keep", "outcome", "undoes"), MAYBE_TEXT),
    **dict.fromkeys(("old", "old_persisted", "requested", "kept"), NUMBER),
    "warnings": TEXTS,
    "lent": FLAG,
}


def _fits(value: Any, kind: str) -> bool:
    if kind == TEXTS:
        return value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value))
    if kind == FLAG:
        return value is None or isinstance(value, bool)
    if kind == NUMBER:
        return value is None or (
            isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value)
        )
    return isinstance(value, str) or (value is None and kind == MAYBE_TEXT)


def _is_finite(value: float) -> bool:
    """Whole numbers of any length are; they have no float of that size."""
    return isinstance(value, int) or math.isfinite(value)
