"""The one line under the summary: what narrows the board, or what is hidden from us."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ui import wording

LONG, SHORTENED = 80, 50
"""Cells from which on a list of what is hidden is shortened, and to how many."""
MARKING = marked("grouped by server, enter narrows to one, space marks for w i p t")


def narrowed(text: str, shown: tuple[int, int], grouped: str, only: str = "") -> str:
    """`shown`: how many of how many sessions the filter lets through. `only`: the one of several servers that is shown."""
    parts = [_("only {server}, o shows all", server=plain(only, 60))] if only else []
    if text:
        parts.append(
            _("filter {text}: {shown:,} of {all:,} sessions", text=plain(text), shown=shown[0], all=shown[1])
        )
    if grouped:
        parts.append(
            _(MARKING)
            if grouped == "server"
            else _("grouped by {column}, enter narrows to a group", column=wording.grouping_word(grouped))
        )
    return "  ·  ".join([*parts, _("esc back")])


def hidden(limitations: Iterable[Limitation]) -> str:
    """The gravest thing this account cannot see, with what would show it; empty where nothing grave is hidden."""
    grave = [each for each in limitations if each.grant and is_grave(each)]
    if not grave:
        return ""
    more = _(" (and {number} more: ?)", number=len(grave) - 1) if len(grave) > 1 else ""
    return _(
        "! Not visible: {what}{more}. To see them: {grant}",
        what=beginning(plain(_(grave[0].what))),
        more=more,
        grant=plain(_(grave[0].grant or "")),
    )


def beginning(words: str) -> str:
    """The first items of a list, where the list is long: below it the line has to have room for the remedy.

    >>> beginning("own limits, the exact idle clock, the program and client of each session, a bare BEGIN")
    'own limits, the exact idle clock, ...'
    """
    if cell_len(words) <= LONG:
        return words
    parts = re.split(r"(?<=[,、，])", words)
    while len(parts) > 1 and cell_len("".join(parts)) > SHORTENED:
        parts.pop()
    return f"{''.join(parts)} ..."


def nothing(shown: Sequence[Snapshot], narrow: str, trouble: str) -> str:
    """Why a board has no rows, and what would bring some."""
    if not shown:
        return (
            _("No session has been read yet. The server is asked again until it answers.")
            if trouble
            else _("Reading the sessions ...")
        )
    if narrow and any(each.verdicts for each in shown):
        return _(
            "No session matches {filter}\n/ changes the filter, esc takes it away.", filter=plain(narrow)
        )
    return _(
        "Nobody is connected. Who connects will stand here, beside the limit that will close the session."
    )


def is_grave(limitation: Limitation) -> bool:
    """Worth a line of the board: sessions, limits or clocks are hidden. What a consumer would add is told in the help."""
    return not (limitation.grant or "").startswith("UPDATE")
