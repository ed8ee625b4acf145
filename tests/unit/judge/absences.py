"""Two looks at a server, and who was missing from the second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from goneaway_tui.judge.departures import find_departures
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.sample import COM_QUIT, EndEvidence, ErrorCount
from goneaway_tui.model.session import ProcesslistId, Session
from tests.builders import NOW, SERVER, a_server, a_session, a_snapshot

COUNTED = frozenset({COM_QUIT, 1153, 1158, 1159, 1160, 1161, 4031})
"""What MySQL counts by account; MariaDB only goodbyes."""
ACCOUNT = ("shop", "web-3")
SECOND = 1.0


def one(number: int = 1, **fields: Any) -> Session:
    return a_session(id=ProcesslistId(number), **fields)


def about_to_close(number: int = 1, **fields: Any) -> Session:
    """Its limit of 60 s runs out half-way between the looks."""
    return one(number, idle_for=59.5, own_limit=60, **fields)


def counts(
    codes: Mapping[int, int],
    account: tuple[str, str] = ACCOUNT,
    *,
    early: bool = False,
) -> tuple[ErrorCount, ...]:
    return tuple(ErrorCount(*account, code, number, early) for code, number in codes.items())


def said(
    codes: Mapping[int, int] | None = None, *, early: Mapping[int, int] | None = None, **fields: Any
) -> EndEvidence:
    """What a MySQL server counted, of ACCOUNT unless `errors` says otherwise."""
    fields.setdefault("aborted_clients", 0)
    fields.setdefault("kill_statements", 0)
    fields.setdefault("offline", False)
    fields.setdefault("counted_codes", COUNTED)
    fields.setdefault("errors", counts(codes or {}) + counts(early or {}, early=True))
    return EndEvidence(**fields)


def missed(
    *gone: Session, clues: EndEvidence, stay: Iterable[Session] = (), restarted: bool = False, **fields: Any
) -> tuple[Departure, ...]:
    """What is told of those who were there, and a second later are not. `fields` are of the later sample."""
    known = {key: fields[key] for key in ("variables",) if key in fields}
    before = a_snapshot([*gone, *stay], **known)
    uptime = 0.5 if restarted else SERVER.uptime + SECOND
    after = a_snapshot(
        stay,
        previous=before,
        taken_at=NOW + SECOND,
        server=a_server(uptime=uptime),
        end_evidence=clues,
        **fields,
    )
    return find_departures(before, after)
