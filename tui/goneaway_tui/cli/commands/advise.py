"""`goneaway-tui advise`: a value for wait_timeout, from how long connections are idle before they are used again.

The gaps come from servers that are watched now, from recordings, and from files that an earlier run saved.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from goneaway_tui.cli.factories import live_source
from goneaway_tui.cli.screen import policy_of
from goneaway_tui.cli.servers import configured_servers, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, write_err, write_out
from goneaway_tui.doctor.advice import TEXT_FORMATS, VARIABLE, Advice, advice_data, advise
from goneaway_tui.errors import ExitCode, FileError, SettingsError
from goneaway_tui.i18n import _
from goneaway_tui.judge.reuse_gaps import ReuseGaps, merged, unpack_gaps
from goneaway_tui.model.as_json import MAX_INSTANT, pack, to_json
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.monitor.poller import WAKE_UP_SECONDS, FailedReading, Poller, PollSchedule, Reading
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import ADVISE
from goneaway_tui.system import NON_BLOCKING, open_private
from goneaway_tui.text.format import largest_unit_words
from goneaway_tui.text.sanitize import plain

DEFAULT_SECONDS: Final = 600.0
"""How long a server is watched without --for."""
SAVED_SCHEMA: Final = "goneaway.gaps/1"
MAX_SAVED_BYTES: Final = 32 << 20
JSON: Final = "json"


@dataclass(frozen=True, slots=True)
class Observation:
    """The reuse gaps of one server."""

    server_name: str
    uid: str | None
    """The server's unique id; None where the server has none."""
    limit_seconds: float | None
    """The global wait_timeout in the last snapshot; None where it is not known."""
    gaps: ReuseGaps

    def is_same_server(self, other: Observation) -> bool:
        """Whether both are of the same server: by the id if both have one, else by the name."""
        if self.uid is not None and other.uid is not None:
            return self.uid == other.uid
        return self.server_name == other.server_name


def run_advise(servers: Sequence[Settings], clock: Clock) -> int:
    """Watch the servers, read the files, and write the advice; return the exit status.

    Raises SettingsError and FileError; SourceError only where there is one server.
    """
    settings = servers[0]
    format_name = _chosen_format(settings.format)
    is_live = settings.live or not settings.files
    if settings.save is not None and not (is_live and len(servers) == 1):
        raise SettingsError(
            _("{flag} works with one server only", flag="--save"),
            _("name one server to watch, or leave {flag} out", flag="--save"),
        )
    recorded = [(name, read_observation(name)) for name in dict.fromkeys(settings.files)]
    saved = _read_existing(settings.save)
    of_server = recorded if saved is None else [*recorded, (str(settings.save), saved)]
    status, watched = _watch_servers(servers, clock, of_server) if is_live else (ExitCode.DONE, [])
    if settings.save is not None and watched:
        _save(settings.save, watched[0], saved)
    observations = _by_server(watched, recorded)
    is_one = len(observations) == 1 and len(servers) == 1
    advices = [
        advise(observation.gaps, observation.limit_seconds, "" if is_one else observation.server_name)
        for observation in observations
    ]
    if advices:
        write_out(advice_text(advices, format_name))
    return status


def advice_text(advices: Sequence[Advice], format_name: str) -> str:
    """The advices as one text. As JSON, several advices are one object a line."""
    if format_name == JSON:
        indent = 1 if len(advices) == 1 else None
        return "\n".join(
            json.dumps(advice_data(advice), allow_nan=False, indent=indent).replace("\x7f", "\\u007f")
            for advice in advices
        )
    return "\n\n".join("\n".join(TEXT_FORMATS[format_name](advice)) for advice in advices)


def _chosen_format(name: str | None) -> str:
    if name is not None and name not in {*TEXT_FORMATS, JSON}:
        raise SettingsError(
            _("{flag} cannot be used with {command}", flag=f"--format={name}", command=ADVISE),
            _("use one of {names}", names=", ".join((*TEXT_FORMATS, JSON))),
        )
    return name or "text"


def _by_server(
    watched: Sequence[Observation], recorded: Sequence[tuple[str, Observation]]
) -> list[Observation]:
    """Merge the observations of each server. Raises SettingsError for a file of a server that is not watched."""
    observations = list(watched)
    for name, observation in recorded:
        index = next((i for i, known in enumerate(observations) if known.is_same_server(observation)), None)
        if index is None and watched:
            raise another_server(name, observation)
        if index is None:
            observations.append(observation)
        else:
            observations[index] = _combined(observation, observations[index])
    return observations


def another_server(name: str, observation: Observation) -> SettingsError:
    """The error for a file whose server is not the watched one."""
    return SettingsError(
        _(
            "{file} is from another server, {server}",
            file=plain(name, 300),
            server=plain(observation.server_name, 200),
        ),
        _("give only recordings of the monitored server, or recordings without a server"),
    )


def _combined(earlier: Observation, later: Observation) -> Observation:
    """Both observations as one, with the newest known limit."""
    gaps = merged((earlier.gaps, later.gaps)) or later.gaps
    latest = max(earlier, later, key=lambda observation: observation.gaps.ended)
    limit = next((x for x in (latest.limit_seconds, later.limit_seconds) if x is not None), None)
    return replace(later, gaps=gaps, limit_seconds=limit, uid=later.uid or earlier.uid)


# --- Watching


class GapWatch:
    """Watches one server. Reports a failed reading in one line, and repeats the reading."""

    def __init__(
        self,
        source: Source,
        clock: Clock,
        settings: Settings,
        name: str | None,
        recorded: Sequence[tuple[str, Observation]] = (),
    ) -> None:
        """`name`: the server's name where there are several, else None. `recorded`: files that must be of this server."""
        self._recorded = recorded
        self.name = name or source.name
        self._is_alone = name is None
        self._last: Snapshot | None = None
        schedule = PollSchedule(settings.interval, WAKE_UP_SECONDS)
        self.poller = Poller(source, clock, self, schedule, policy=policy_of(settings))

    def on_reading(self, reading: Reading) -> None:
        """Raises SettingsError at the first reading if a file is of another server, and not only after a day of watching."""
        if self._last is None:
            current = observation_of(self.name, reading.step.snapshot, ReuseGaps(0.0, 0.0))
            for file, observation in self._recorded:
                if not current.is_same_server(observation):
                    raise another_server(file, observation)
        self._last = reading.step.snapshot

    def on_failed_reading(self, failure: FailedReading) -> None:
        if self._is_alone and (self._last is None or failure.retry_seconds is None):
            raise failure.error
        if failure.is_first:
            write_err(_("{place}: {what}", place=self.name, what=failure.error.line))

    def on_recording_error(self, error: FileError) -> None:
        raise error

    def observation(self) -> Observation | None:
        """The gaps counted so far; None if the server never answered."""
        gaps = self.poller.reuse_counter.counted()
        if self._last is None or gaps is None:
            return None
        return observation_of(self.name, self._last, gaps)


def observation_of(server_name: str, snapshot: Snapshot, gaps: ReuseGaps) -> Observation:
    """The observation of a server whose id and limit are in `snapshot`, the newest one."""
    return Observation(server_name, snapshot.sample.server.uid, snapshot.sample.variable(VARIABLE), gaps)


def _watch_servers(
    servers: Sequence[Settings], clock: Clock, recorded: Sequence[tuple[str, Observation]]
) -> tuple[ExitCode, list[Observation]]:
    """Watch the servers until the time is over or a signal comes."""
    seconds = servers[0].run_for or DEFAULT_SECONDS
    write_err(
        _(
            "watching for {span}; ctrl+c ends it earlier and prints the advice",
            span=largest_unit_words(seconds),
        )
    )
    signals: list[int] = []
    with _open_watches(servers, clock, recorded) as (watches, close_sources):

        def on_signal(number: int) -> None:
            signals.append(number)
            for watch in watches:
                watch.poller.stop()
            close_sources()

        with exiting_on_signals(on_signal):
            _run_all(watches, seconds)
    observations = [observation for watch in watches if (observation := watch.observation()) is not None]
    if signal.SIGINT in signals:
        return ExitCode.INTERRUPTED, observations
    return ExitCode.DONE if len(observations) == len(watches) else ExitCode.UNREACHABLE, observations


@contextmanager
def _open_watches(
    servers: Sequence[Settings], clock: Clock, recorded: Sequence[tuple[str, Observation]]
) -> Iterator[tuple[list[GapWatch], Callable[[], object]]]:
    """While inside, yield a watch for each server, and a function that closes their sources."""
    from goneaway_tui.cli.connect import route_to

    if len(servers) == 1:
        with route_to(servers[0]) as route:
            source = live_source(servers[0], route.address, clock)
            try:
                yield [GapWatch(source, clock, servers[0], None, recorded)], source.close
            finally:
                source.close()
        return
    with configured_servers(servers) as members:
        sources = [source_of(member, clock, live_source) for member in members]
        watches = [
            GapWatch(source, clock, member.settings, member.name)
            for member, source in zip(members, sources, strict=True)
        ]
        try:
            yield watches, lambda: close_all(sources)
        finally:
            close_all(sources)


def _run_all(watches: Sequence[GapWatch], seconds: float) -> None:
    """Run a single watch in this thread, several in a thread each. A single watch may raise SourceError."""
    if len(watches) == 1:
        watches[0].poller.run(seconds)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(watches), thread_name_prefix="advise") as threads:
        for future in [threads.submit(watch.poller.run, seconds) for watch in watches]:
            future.result()


# --- Files


def read_observation(name: str) -> Observation:
    """Read the observation in a recording or in a file of --save. Raises FileError."""
    path = Path(name)
    try:
        with path.open("rb") as file:
            is_saved = file.read(1) == b"{"
    except (OSError, ValueError) as error:
        raise _unreadable(name, getattr(error, "strerror", None) or str(error)) from None
    if is_saved:
        return _read_saved(name)
    from goneaway_tui.source.recording.reader import Recording

    with closing(Recording(path)) as recording:
        gaps = recording.reuse_gaps()
        snapshot = recording.snapshot_at(recording.span[1])
        if recording.is_damaged:
            write_err(
                _(
                    "{place}: {what}",
                    place=plain(name, 300),
                    what=_("the file is damaged; the advice uses only the readable part"),
                )
            )
        return observation_of(recording.server_name, snapshot, gaps)


def _read_saved(name: str) -> Observation:
    try:
        with Path(name).open("rb") as file:
            text = file.read(MAX_SAVED_BYTES + 1)
        if len(text) > MAX_SAVED_BYTES:
            raise _unreadable(name, _("the file is too large"))
        match json.loads(text):
            case {
                "schema": "goneaway.gaps/1",
                "server_name": str(server_name),
                "uid": str() | None as uid,
                "limit_seconds": int() | float() | None as limit,
                "gaps": gaps,
            } if limit is None or (type(limit) is not bool and 0 <= limit < MAX_INSTANT):
                return Observation(server_name, uid, limit, unpack_gaps(gaps))
    except OSError as error:
        raise _unreadable(name, error.strerror or str(error)) from None
    except (ValueError, RecursionError):
        pass
    raise _unreadable(name, _("the file is neither a recording nor written by advise --save"))


def _unreadable(name: str, why: str) -> FileError:
    return FileError(
        _("cannot read {path}: {why}", path=plain(name, 300), why=_(why)),
        _("name a file written by --record or by advise --save"),
    )


def _read_existing(name: str | None) -> Observation | None:
    """Read what the file of --save holds already; None where it is empty or missing. Raises FileError."""
    if name is None:
        return None
    path = Path(name)
    _must_be_writable(name)
    if path.exists() and path.stat().st_size:
        return _read_saved(name)
    if not path.parent.is_dir():
        raise _unwritable(name, _("the folder does not exist"))
    return None


def _save(name: str, observation: Observation, saved: Observation | None) -> None:
    """Write the observation, merged with the `saved` one, and replace the file in one step. Raises FileError."""
    if saved is not None:
        if not saved.is_same_server(observation):
            raise _unwritable(
                name, _("the file is from another server, {server}", server=plain(saved.server_name, 200))
            )
        observation = _combined(saved, observation)
    text = to_json(
        {
            "schema": SAVED_SCHEMA,
            "server_name": observation.server_name,
            "uid": observation.uid,
            "limit_seconds": observation.limit_seconds,
            "gaps": pack(observation.gaps),
        }
    )
    temporary = f"{name}.new"
    _must_be_writable(name)
    try:
        with os.fdopen(
            open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="ascii"
        ) as out:
            out.write(text + "\n")
        Path(temporary).replace(name)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        raise _unwritable(name, error.strerror or str(error)) from None


def _must_be_writable(name: str) -> None:
    """Raise FileError where the file is there, and another user's or not to be written to."""
    try:
        if Path(name).exists():
            os.close(open_private(name, os.O_WRONLY | NON_BLOCKING))
    except OSError as error:
        raise _unwritable(name, error.strerror or str(error)) from None


def _unwritable(name: str, why: str) -> FileError:
    return FileError(
        _("cannot write {file}: {why}", file=plain(name, 300), why=_(why)),
        _("choose another place with --save"),
    )
