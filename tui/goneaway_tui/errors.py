"""Everything that can go wrong and be told to a person in one line.

GoneawayError
  SettingsError        a flag, variable or file says something impossible           exit 2
  SourceError          the server could not be read; the next poll may succeed      exit 3
    Unreachable          nobody answers, or the conversation broke off
      OutcomeUnknown       it broke off while a change was under way
    AccessDenied         the server knows us and says no
      NoConnectionLeft     the account has used up its own share of connections
        ServerFull         all accounts together have used up max_connections
    TooSlow              a statement of ours ran into its own time limit
    UnexpectedAnswer     a statement's answer is not what such a server gives
    Unsupported          what answered is not a server we can read
      UnsupportedVersion   it is too old: asking again brings the same answer
  Refused              a change was not made: it is not what was asked for any more  ends nothing
  FileError            an input or output file cannot be read or written            exit 4

`str(error)` is the line: what happened and why. `error.hint` is what to do about it.
"""

from __future__ import annotations

from enum import IntEnum

from goneaway_tui.i18n import _


class ExitCode(IntEnum):
    """What the shell is told; part of the contract."""

    DONE = 0
    NOTHING_FOUND = 1
    USAGE = 2
    UNREACHABLE = 3
    FILE = 4
    BUG = 70
    """Ours, not the user's (EX_SOFTWARE)."""
    INTERRUPTED = 130


class GoneawayError(Exception):
    """Something to tell in one line: what and why, then what to do."""

    exit_code = ExitCode.BUG

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint

    @property
    def line(self) -> str:
        return _("{what}; {hint}", what=self, hint=self.hint) if self.hint else str(self)


class SettingsError(GoneawayError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str, hint: str = "", place: str = "") -> None:
        """`place` is where it stands: a flag, a variable, a line of a file."""
        super().__init__(_("{place}: {what}", place=place, what=what) if place else what, hint)
        self.what = what
        """Without its place."""


class SourceError(GoneawayError):
    exit_code = ExitCode.UNREACHABLE


class Unreachable(SourceError):
    pass


class StopReported(Unreachable):
    """The server ended our session by an error that it sends when it stops: 1053, and MariaDB before 10.6 1927."""


class OutcomeUnknown(Unreachable):
    pass


class AccessDenied(SourceError):
    pass


class NoConnectionLeft(AccessDenied):
    pass


class ServerFull(NoConnectionLeft):
    pass


class TooSlow(SourceError):
    pass


class UnexpectedAnswer(SourceError):
    pass


class Unsupported(SourceError):
    pass


class UnsupportedVersion(Unsupported):
    pass


class Refused(GoneawayError):
    """An act that the gate did not let through. The server heard of no change."""


class FileError(GoneawayError):
    exit_code = ExitCode.FILE
