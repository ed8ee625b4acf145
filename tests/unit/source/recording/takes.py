"""Recordings for tests: small ones, whose every sample tells its number by its instant."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

from goneaway_tui.judge import judge
from goneaway_tui.model.as_json import recorded_fields
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.session import ProcesslistId
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.source.recording.reader import Recording
from goneaway_tui.source.recording.writer import RecordingWriter
from goneaway_tui.source.simulated import SimulatedSource
from tests.builders import NOW, a_sample, a_session, a_verdict

SERVER_NAME = "db-01:3306"


def takes(number: int, sessions: int = 12, apart: float = 1.0) -> list[Snapshot]:
    """So many snapshots of a simulated server, the first at NOW."""
    now = NOW
    source = SimulatedSource(lambda: now, sessions=sessions)
    found: list[Snapshot] = []
    for step in range(number):
        now = NOW + step * apart
        found.append(judge(source.sample(), found[-1] if found else None))
    return found


def a_take(step: int, number: int = 3) -> Snapshot:
    """A small snapshot `step` seconds after NOW, of sessions 1 to `number`."""
    crowd = [
        a_session(id=ProcesslistId(each), host=f"web-{each}:5{step:04}") for each in range(1, number + 1)
    ]
    return judge(replace(a_sample(crowd), taken_at=NOW + step))


def a_long_take(step: int) -> Snapshot:
    """One that takes more than a kilobyte, however it is packed."""
    said = random.Random(step).randbytes(1200).hex()
    return judge(replace(a_sample([a_session(statement=said)]), taken_at=NOW + step))


def a_departure(session_id: int, at: float = NOW, **changes: Any) -> Departure:
    verdict = a_verdict(a_session(id=ProcesslistId(session_id)))
    departure = Departure(verdict, at, 0.5, Cause.IDLE_TIMEOUT, Certainty.LIKELY, ("its deadline had come",))
    return replace(departure, **changes)


def record(path: Path, snapshots: Iterable[Snapshot], **options: Any) -> None:
    """Record them all and close."""
    recorder = RecordingWriter(path, SERVER_NAME, **options)
    for snapshot in snapshots:
        recorder.record(snapshot)
    recorder.close()


def read_back(path: Path) -> list[Snapshot]:
    recording = Recording(path)
    found = list(recording.snapshots())
    recording.close()
    return found


def exact(value: Any) -> Any:
    """Everything of a fact, fields that do not count for its equality included but those that are reckoned, floats by their bits."""
    if is_dataclass(value):
        return type(value), [exact(getattr(value, field.name)) for field in recorded_fields(type(value))]
    if isinstance(value, float):
        return struct.pack(">d", value)
    if isinstance(value, frozenset):
        return frozenset, sorted(repr(exact(each)) for each in value)
    if isinstance(value, tuple | list):
        return type(value), [exact(each) for each in value]
    return type(value), value


def same(one: Sequence[Snapshot], other: Sequence[Snapshot]) -> bool:
    return repr(exact(list(one))) == repr(exact(list(other)))
