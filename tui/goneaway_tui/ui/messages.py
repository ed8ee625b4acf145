"""The messages to the app, and the short lines that a board shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.screen import Screen

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import N_, _
from goneaway_tui.judge import Step
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import FailedReading, Reading
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui import wording


@dataclass
class SnapshotTaken(Message):
    """A server was read, or a recording moved to another instant."""

    snapshot: Snapshot
    index: int = 0
    """The index of the server among several, from 0 on."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest snapshot of each server matters if messages queue up."""
        return isinstance(message, SnapshotTaken) and message.index == self.index


@dataclass
class StepTaken(Message):
    """Sessions ended, a variable was set, or the server restarted between two readings. None of these is dropped."""

    step: Step
    index: int = 0
    """The index of the server among several, from 0 on."""


@dataclass
class RecordingEnded(Message):
    """A recording cannot be written or read any further."""

    error: FileError


@dataclass
class PollFailed(Message):
    """A server could not be read; the next attempt may succeed."""

    failure: FailedReading
    index: int = 0
    """The index of the server among several, from 0 on."""


@dataclass
class PollFault(Message):
    """An internal error while reading or judging; it is not an error of the server."""

    error: Exception


class MessagePoster:
    """Posts the reports of a poller as messages to the app."""

    def __init__(self, post: Callable[[Message], object], index: int = 0) -> None:
        """`index`: the index of the server among several, from 0 on."""
        self._post = post
        self._index = index

    def on_reading(self, reading: Reading) -> None:
        step = reading.step
        if step.departed or step.changes or step.restarted:
            self._post(StepTaken(step, self._index))
        self._post(SnapshotTaken(step.snapshot, self._index))

    def on_failed_reading(self, failure: FailedReading) -> None:
        self._post(PollFailed(failure, self._index))

    def on_recording_error(self, error: FileError) -> None:
        self._post(RecordingEnded(error))


@dataclass
class RowChosen(Message):
    """Enter or a second click on a row of a table."""

    key: object


@dataclass
class RowMarked(Message):
    """A row of a table was marked or unmarked."""

    key: object


@dataclass
class DisabledKeyPressed(Message):
    """A disabled key was pressed: it does nothing on the active server."""

    action: str
    description: str
    """The description of the key, not translated yet."""


def post_if_disabled(screen: Screen[Any], event: events.Key) -> None:
    """Post a DisabledKeyPressed if the key is disabled on the screen."""
    active = screen.active_bindings.get(event.key)
    if active is not None and not active.enabled:
        action = active.binding.action.removeprefix("app.").partition("(")[0]
        screen.post_message(DisabledKeyPressed(action, active.binding.description))


@dataclass
class VariableChosen(Message):
    """The user asks for the dialog of a variable. The name may come from a recording."""

    name: str


MAX_LIST_CELLS, SHORT_LIST_CELLS = 80, 50
"""A longer list of hidden facts is shortened; cells of the longest full list and of the shortened one."""
MARKING = N_("grouped by server: enter opens it, space marks it for w i p t")


def filter_line(text: str, counts: tuple[int, int], grouped: str, only: str = "") -> str:
    """The filter, the grouping and the single server, in one line. `counts`: matching sessions, and all sessions."""
    parts = [_("only {server}: o shows all", server=plain(only, 60))] if only else []
    if text:
        parts.append(
            _(
                "filter {text}: {shown:,} of {all:,} sessions",
                text=plain(text),
                shown=counts[0],
                all=counts[1],
            )
        )
    if grouped:
        parts.append(
            _(MARKING)
            if grouped == "server"
            else _("grouped by {column}: enter opens a group", column=wording.grouping_word(grouped))
        )
    return "  ·  ".join([*parts, _("esc back")])


def limitations_line(limitations: Iterable[Limitation]) -> str:
    """The gravest limitation, with the grant that removes it; empty if nothing grave is hidden."""
    grave = [limitation for limitation in limitations if limitation.grant and is_grave(limitation)]
    if not grave:
        return ""
    more = _(" (and {number} more: ?)", number=len(grave) - 1) if len(grave) > 1 else ""
    return _(
        "! Not visible: {what}{more}. To see them: {grant}",
        what=shortened_list(plain(_(grave[0].what))),
        more=more,
        grant=plain(_(grave[0].grant or "")),
    )


def shortened_list(words: str) -> str:
    """The first items of a long list, so that the line has room for the remedy; a short list unchanged.

    >>> shortened_list("own limits, the exact idle clock, the program and client of each session, a bare BEGIN")
    'own limits, the exact idle clock, ...'
    """
    if cell_len(words) <= MAX_LIST_CELLS:
        return words
    parts = re.split(r"(?<=[,、，])", words)
    while len(parts) > 1 and cell_len("".join(parts)) > SHORT_LIST_CELLS:
        parts.pop()
    return f"{''.join(parts)} ..."


def empty_line(snapshots: Sequence[Snapshot], filter_text: str, trouble: str) -> str:
    """Why a board has no rows, and how to get some."""
    if not snapshots:
        return (
            _("No session has been read yet. The tool tries again until the server answers.")
            if trouble
            else _("Reading the sessions ...")
        )
    if filter_text and any(snapshot.verdicts for snapshot in snapshots):
        return _(
            "No session matches {filter}\nPress / to change the filter, esc to clear it.",
            filter=plain(filter_text),
        )
    return _("No session is connected. New sessions are listed here with the limit that closes them.")


def is_grave(limitation: Limitation) -> bool:
    """Whether the board has a line for it: sessions, limits or clocks are hidden. Missing consumers are only in the help."""
    return not (limitation.grant or "").startswith("UPDATE")
