"""Every error that is reported to a person in one line.

GoneawayError
  SettingsError        a flag, variable or file says something impossible           exit 2
  SourceError          the server could not be read; the next poll may succeed      exit 3
    Unreachable          no server answers, or the connection broke
      OutcomeUnknown       it broke while a change was running
    AccessDenied         the server rejects the account
      NoConnectionLeft     the account has used up its own share of connections
        ServerFull         all accounts together have used up max_connections
    TooSlow              a statement of ours exceeded its time limit
    UnexpectedAnswer     the result of a statement has another form than expected
    Unsupported          the server at the address cannot be read
      UnsupportedVersion   it is too old: a retry would not help
  Refused              a change was not made: its target has changed since          no exit
  FileError            an input or output file cannot be read or written            exit 4

`str(error)` says what happened and why. `error.hint` says what to do next.
"""

from __future__ import annotations

from enum import IntEnum

from goneaway_tui.i18n import _


class ExitCode(IntEnum):
    """The exit statuses; part of the contract."""

    DONE = 0
    NOTHING_FOUND = 1
    USAGE = 2
    UNREACHABLE = 3
    FILE = 4
    BUG = 70
    """An error of ours, not of the user (EX_SOFTWARE)."""
    INTERRUPTED = 130


class GoneawayError(Exception):
    """An error to report in one line: what happened and why, then what to do."""

    exit_code = ExitCode.BUG

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.sentence = what
        """What happened and why, with its translation, which `str(error)` has lost."""
        self.hint = hint

    @property
    def line(self) -> str:
        return _("{what}; {hint}", what=self.sentence, hint=self.hint) if self.hint else self.sentence


class SettingsError(GoneawayError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str, hint: str = "", place: str = "") -> None:
        """`place` is where the wrong value stands: a flag, a variable, a line of a file."""
        super().__init__(_("{place}: {what}", place=place, what=what) if place else what, hint)
        self.what = what
        """The message without the place."""


def needs_unix(what: str, hint: str) -> SettingsError:
    """The error for what the operating system of this run lacks; `what` is a name, `hint` is translated."""
    return SettingsError(_("{what} needs Linux, macOS or another Unix", what=what), hint)


class SourceError(GoneawayError):
    exit_code = ExitCode.UNREACHABLE


class Unreachable(SourceError):
    pass


class StopReported(Unreachable):
    """The server ended our session with an error that it sends when it stops: 1053, and 1927 in MariaDB before 10.6."""


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


class KillDenied(AccessDenied):
    """The server did not let our account end this session. Nothing was done, and others may be killed all the same."""


class Refused(GoneawayError):
    """A change that the gate did not send. Nothing was sent to the server."""


class FileError(GoneawayError):
    exit_code = ExitCode.FILE
