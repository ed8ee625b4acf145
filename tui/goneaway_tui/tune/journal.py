"""The journal: a file with a line of JSON before and after each change of a server, and its sentences in English.

The sentences are recognised when the file is read, so that they are shown in the language of the run. The names of the fields of
JournalEntry are the names in the file.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from goneaway_tui.errors import FileError
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.as_json import unpacker
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.ports import Clock
from goneaway_tui.system import NON_BLOCKING, make_private, open_private, read_at
from goneaway_tui.text.sanitize import plain

SESSION_ALREADY_ENDED = N_("session {id} had already ended")
KILLED = N_("session {id} was killed")
QUERY_KILLED = N_("the statement of session {id} was killed")
NOT_PERSISTED = N_("nothing is persisted for {name} any more; its running value stays")
NOT_READ_BACK = N_("{name} was set, and could not be read back")
KEPT = N_("{name} is {kept} now")
KEPT_OTHER = N_("{name} is {kept} now, not {asked} as asked for")
NOT_PERFORMED = N_("not performed: {why}")
OUTCOME_UNKNOWN = N_("outcome unknown: {why}")

FIELD_PATTERNS = {"why": r"(?P<why>.*)"}
ANY_FIELD = r"(?P<{}>[^\s:;,]{{1,100}})"
"""A number or the name of a variable."""


SENTENCES = (
    SESSION_ALREADY_ENDED,
    KILLED,
    QUERY_KILLED,
    NOT_PERSISTED,
    NOT_READ_BACK,
    KEPT,
    KEPT_OTHER,
    NOT_PERFORMED,
    OUTCOME_UNKNOWN,
)


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """The pattern of a sentence with its fields filled in; made when an outcome is shown, not at each start."""
    parts = re.split(r"\{(\w+)\}", sentence)
    return re.compile(
        "".join(
            FIELD_PATTERNS.get(part, ANY_FIELD.format(part)) if at % 2 else re.escape(part)
            for at, part in enumerate(parts)
        ),
        re.DOTALL,
    )


def outcome_text(outcome: str) -> str:
    """An outcome of the journal in the language of the run; a text that is none of our sentences is returned unchanged.

    >>> outcome_text("wait_timeout is 600 now")
    'wait_timeout is 600 now'
    """
    found = ((sentence, _pattern(sentence).fullmatch(outcome)) for sentence in SENTENCES)
    return next((_(sentence, **match.groupdict()) for sentence, match in found if match), outcome)


OUTCOME_NOT_WRITTEN = N_("attempted, outcome unknown")
"""Shown for an act whose second line is missing: the program or the machine stopped in between."""


class Phase(StrEnum):
    """The phase of an act that a line records."""

    ATTEMPTED = N_("attempted")
    """About to be performed."""
    DONE = N_("done")
    FAILED = N_("failed")
    """The server rejected it, or that is not known; `outcome` says which."""
    REFUSED = N_("refused")
    """The gate refused it, and sent nothing."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal."""

    at: str
    """ISO 8601 in UTC, with `Z`."""
    phase: Phase
    id: str
    """The id of the act, which its lines share."""
    account: str
    """Our account on the server."""
    server: str
    """The server's uuid where it has one, else `host:port`."""
    server_name: str
    statement: str
    about: str = ""
    """The session that was to be killed, in words."""
    variable: str | None = None
    keep: Persistence | None = None
    old: int | float | None = None
    """The global value before: as it was shown, then as the server reported it."""
    old_persisted: int | float | None = None
    """The persisted value before."""
    requested: int | float | None = None
    kept: int | float | None = None
    warnings: tuple[str, ...] = ()
    """The server's warnings, word for word."""
    outcome: str = ""
    """One sentence, always in English."""
    undoes: str | None = None
    """The id of the act that this one undoes."""
    lent: bool = False
    """Whether it ran over the connection that reads, because the server gave no other; known once it ended."""


@dataclass(frozen=True, slots=True)
class JournalAct:
    """One act: its line before, and its line after as far as it was written."""

    id: str
    attempted: JournalEntry | None
    """None where its line was lost."""
    ended: JournalEntry | None
    """None where no outcome was written."""

    @property
    def entry(self) -> JournalEntry:
        """The line with the most information: the last one."""
        known = self.ended or self.attempted
        if known is None:
            raise ValueError("an act has a line at least")
        return known

    @property
    def outcome(self) -> str:
        """The outcome in the language of the run, where it is one of our sentences."""
        return (
            outcome_text(self.ended.outcome) or _(self.ended.phase.value)
            if self.ended
            else _(OUTCOME_NOT_WRITTEN)
        )

    @property
    def is_done(self) -> bool:
        return self.ended is not None and self.ended.phase is Phase.DONE


# --- Reading untrusted lines


def entry_of(line: bytes) -> JournalEntry | None:
    """The entry of a line, or None where the line is not one. Fields of a later version are ignored."""
    try:
        parsed = json.loads(line)
        if not isinstance(parsed, dict):
            return None
        return JournalEntry(
            **{
                name: unpack(parsed[name])
                for name, unpack in _fields().items()
                if parsed.get(name) is not None
            }
        )
    except (ValueError, RecursionError, TypeError):  # no JSON, another kind of value, a field missing
        return None


@cache
def _fields() -> dict[str, Callable[[Any], Any]]:
    """What reads each field."""
    return {name: unpacker(hint) for name, hint in get_type_hints(JournalEntry).items()}


MAX_LINE_BYTES = 1 << 20
"""Bytes; a longer line is not read further, because no entry is that long."""


@dataclass(frozen=True, slots=True)
class JournalContent:
    """The content of a journal."""

    entries: tuple[JournalEntry, ...] = ()
    """In the order they were written."""
    garbage: int = 0
    """How many lines are not an entry, or only a part of one."""

    @property
    def acts(self) -> tuple[JournalAct, ...]:
        """Attempts with their outcomes, in the order the acts were begun."""
        attempts: dict[str, JournalEntry] = {}
        ends: dict[str, JournalEntry] = {}
        for entry in self.entries:
            (attempts if entry.phase is Phase.ATTEMPTED else ends).setdefault(entry.id, entry)
        ids = dict.fromkeys(entry.id for entry in self.entries)
        return tuple(JournalAct(act_id, attempts.get(act_id), ends.get(act_id)) for act_id in ids)


def _random_id() -> str:
    from uuid import uuid4

    return uuid4().hex


class Journal:
    """The journal file. Several programs may write to it at once: each line is appended in one piece."""

    def __init__(self, path: Path, clock: Clock, new_id: Callable[[], str] = _random_id) -> None:
        self.path = path
        self.new_id = new_id
        self._clock = clock

    def now(self) -> str:
        """The instant for an entry: ISO 8601 in UTC, with `Z`."""
        at = datetime.fromtimestamp(self._clock(), UTC)
        return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"

    def append(self, entry: JournalEntry) -> None:
        """Write one line and wait until it is on the disk. Raises FileError where that is not possible."""
        line = json.dumps(asdict(entry)).encode("ascii") + b"\n"
        try:
            with self._opened() as handle:
                _write_whole(handle, line if _ends_with_newline(handle) else b"\n" + line)
        except OSError as error:
            raise self._not("write", error) from error

    def read(self) -> JournalContent:
        """Everything in it; nothing where there is no file yet. Raises FileError where it cannot be read."""
        entries: list[JournalEntry] = []
        garbage = 0
        try:
            _must_be_regular(self.path.stat())
            with self.path.open("rb") as file:
                while line := file.readline(MAX_LINE_BYTES):
                    entry = entry_of(line) if line.endswith(b"\n") else None
                    if entry is not None:
                        entries.append(entry)
                    elif line.strip():
                        garbage += 1
        except FileNotFoundError:
            return JournalContent()
        except OSError as error:
            raise self._not("read", error) from error
        return JournalContent(tuple(entries), garbage)

    def acts(self) -> tuple[JournalAct, ...]:
        """Each attempt with what came of it, oldest first. Raises FileError."""
        return self.read().acts

    def last_change(self, server_id: str) -> JournalAct | None:
        """The newest change of a variable of that server that was made and not undone, also by an earlier run; an undo is not
        a change. Raises FileError.
        """
        done = [act for act in self.acts() if act.is_done and act.entry.server == server_id]
        undone = {act.entry.undoes for act in done}
        for act in reversed(done):
            entry = act.entry
            is_change = entry.variable is not None and entry.requested is not None and entry.undoes is None
            if is_change and act.id not in undone:
                return act
        return None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        if not self.path.parent.is_dir():
            _make_private_folder(self.path.parent)
        handle = open_private(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | NON_BLOCKING)
        try:
            found = os.fstat(handle)
            _must_be_regular(found)
            if stat.S_IMODE(found.st_mode) & 0o077:
                make_private(handle)
            yield handle
        finally:
            os.close(handle)

    def _not(self, what: str, error: OSError) -> FileError:
        why = plain((error.strerror or str(error)).lower())
        path = plain(str(self.path))
        if what == "write":
            return FileError(
                _("cannot write the journal {path}: {why}", path=path, why=_(why)),
                _("without the journal goneaway-tui changes nothing on a server"),
            )
        return FileError(
            _("cannot read the journal {path}: {why}", path=path, why=_(why)), _("check the file")
        )


def _make_private_folder(folder: Path) -> None:
    """Make a folder for its owner alone, and missing parents likewise."""
    if not folder.parent.is_dir():
        _make_private_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _write_whole(handle: int, line: bytes) -> None:
    if os.write(handle, line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(handle)


def _must_be_regular(found: os.stat_result) -> None:
    """Raise OSError for a pipe or a device: reading one may never end, and what is written to one is not kept."""
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, N_("not a regular file"))


def _ends_with_newline(handle: int) -> bool:
    """Whether the file ends with a whole line; after a crash the last line may be incomplete."""
    size = os.fstat(handle).st_size
    return size == 0 or read_at(handle, 1, size - 1) == b"\n"
