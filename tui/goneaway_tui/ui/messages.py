"""What happened, told to the app."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.judge import Step
from goneaway_tui.model.snapshot import Snapshot


@dataclass
class Judged(Message):
    """A poll finished and was judged."""

    snapshot: Snapshot
    of: int = 0
    """Which of several servers, from 0 on."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest of each server counts when the screen cannot keep up."""
        return isinstance(message, Judged) and message.of == self.of


@dataclass
class Happened(Message):
    """Between two polls somebody left, a variable was set, or the server began anew. None of these may be missed."""

    step: Step
    of: int = 0
    """Which of several servers, from 0 on."""


@dataclass
class RecordingEnded(Message):
    """Nothing more can be recorded."""

    error: FileError


@dataclass
class PlayFailed(Message):
    """The recording cannot be read on."""

    error: FileError


@dataclass
class PollFailed(Message):
    """The server could not be read; the next poll may succeed."""

    error: SourceError
    of: int = 0
    """Which of several servers, from 0 on."""


@dataclass
class PollBroke(Message):
    """A fault of ours in reading or judging; not to be passed off as a bad server."""

    error: Exception


@dataclass
class RowChosen(Message):
    """Enter or a second click on a row of a table."""

    key: object


@dataclass
class RowMarked(Message):
    """A row of a table was marked, or its mark was taken away."""

    key: object


@dataclass
class VariableChosen(Message):
    """A screen shows what a variable did, and its dialog is asked for. The name may come from a recording."""

    name: str
