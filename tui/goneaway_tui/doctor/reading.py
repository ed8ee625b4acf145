"""Lines in, occurrences out: records are put together by their stamps, tracebacks by what joins their parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from goneaway_tui.doctor.clients import UNKNOWN, Client, recognise
from goneaway_tui.doctor.excerpts import Line, excerpts
from goneaway_tui.doctor.joining import LONGEST_RECORD, Draft, joined
from goneaway_tui.doctor.masking import CUT, MASKED, QUOTED
from goneaway_tui.doctor.occurrences import Occurrence, among_neighbours, described
from goneaway_tui.doctor.serverlog import ServerLog, error_number
from goneaway_tui.doctor.signs import ALONE, OTHERS, OURS, Reading, read
from goneaway_tui.doctor.stamps import Stamp, stamp
from goneaway_tui.doctor.torn import mended
from goneaway_tui.doctor.translations import in_english
from goneaway_tui.doctor.wrapping import Unwrapped, unwrapped
from goneaway_tui.language import marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.clue import LogEntry

_CONTINUES: Final = re.compile(
    r"\s|Caused by|Traceback|During handling|The above exception|#\d|\.\.\. \d|[}\])]|Stack trace|\[previous|Next |\(Background|\[SQL|The last packet"
)
"""What joins the parts of a traceback, in the languages we read."""
_EXCEPTION: Final = re.compile(r"[\w.$]{1,200}(?:Exception|Error)\b")
"""The first line of a traceback, below the line that announces it."""
_SERVERS_OWN: Final = re.compile(
    r"Aborted connection \d|Could not (?:read|write) packet|\S{0,200}(?:mariadbd|mysqld): |.{0,200}ready for connections"
)
"""What only a server writes; other logs number their lines as MariaDB does."""
_REPLICA: Final = re.compile(r"(?:Slave|Replica) (?:I/O|SQL)")
_ENDS_LATER: Final = re.compile(r"\S{1,80} haproxy\b")
"""Whose own stamp is when a session began; the wrapper's is when it ended."""
MOST_PROGRAMS: Final = 200
"""Of how many programs in one log it is remembered which client they use."""
_READY: Final = re.compile(r"ready for connections")
_SERVER: Final = Client(marked("server log"))


def occurrences(blocks: Iterable[bytes], now: float | None = None) -> Iterator[Occurrence]:
    """Every lost or refused connection in a log, in its order. Never raises on what the log holds.

    `blocks` are its bytes, cut anywhere. `now` dates stamps that have no year.
    """
    return among_neighbours(joined(_found(mended(excerpts(blocks)), now)))


@dataclass(slots=True)
class _Record:
    """Lines that belong to one stamp."""

    stamp: Stamp | None = None
    silent: float | None = None
    who: str = ""
    lines: list[Line] = field(default_factory=list)


def _records(lines: Iterable[Line], now: float | None) -> Iterator[_Record]:
    record, last = _Record(), None
    for each in lines:
        wrap = unwrapped(each.text)
        line = each if wrap is None else _without(each, wrap)
        own = stamp(line.text, now)
        outer = stamp(wrap.stamp, now) if wrap is not None else None
        when = outer if outer and wrap and _ENDS_LATER.match(wrap.who) else own or outer
        if line.leads:
            last = None
        fresh = _is_fresh(record, line.text, own, wrap)
        if (fresh or line.leads or len(record.lines) >= LONGEST_RECORD) and record.lines:
            yield record
            silent = when.seconds - last if when and last is not None else None
            record = _Record(when if fresh or line.leads else record.stamp, silent)
        record.stamp = record.stamp or when
        record.who = wrap.who if wrap is not None else ""
        record.lines.append(line)
        if when is not None:
            last = when.seconds
    if record.lines:
        yield record


def _without(line: Line, wrap: Unwrapped) -> Line:
    """A line without its wrapper, which it remembers: what looks like a program's name may be `password: `."""
    before = line.text.removesuffix(wrap.body) if line.text.endswith(wrap.body) else ""
    return replace(line, text=wrap.body, before=before)


def _is_fresh(record: _Record, text: str, own: Stamp | None, wrap: Unwrapped | None) -> bool:
    """Whether a line begins a record: it has a stamp of its own, or is another's, or continues nothing."""
    if own is not None and not text[:1].isspace():
        return True
    if wrap is None or not wrap.stamp:
        return False
    if wrap.who != record.who:
        return True
    traced = any(_CONTINUES.match(line.text) for line in record.lines)
    return not (not text or _CONTINUES.match(text) or (traced and _EXCEPTION.match(text)))


def _found(lines: Iterable[Line], now: float | None) -> Iterator[Draft]:
    server = ServerLog(UTC)
    familiar: dict[str, Client] = {}
    started: float | None = None
    """When the server whose log this is was ready last."""
    for record in _records(lines, now):
        entry = server.entry(record.lines[0].text)
        if entry is not None and _is_of_server(entry):
            draft = _of_server(record, entry)
            if draft is not None:
                stamp_seconds = None if draft.seen.at is None else draft.seen.at.seconds
                started = stamp_seconds if draft.started else started
                yield _dated_from(draft, started, stamp_seconds)
            continue
        for draft in _of_client(record):
            client = draft.seen.client
            known = familiar.get(record.who, UNKNOWN)
            if client.driver and record.who:
                familiar.pop(record.who, None)
                familiar[record.who] = client
                if len(familiar) > MOST_PROGRAMS:
                    del familiar[next(iter(familiar))]
            elif known.driver and not client.framework and not client.driver:
                draft = replace(draft, seen=replace(draft.seen, client=known))  # noqa: PLW2901 - a draft made whole
            yield draft


def _dated_from(draft: Draft, started: float | None, at: float | None) -> Draft:
    """With how long the server had been up, where its log tells; a session is as old at most."""
    if started is None or at is None or at < started:
        return draft
    return replace(draft, seen=replace(draft.seen, server_up_seconds=at - started))


def _is_of_server(entry: LogEntry) -> bool:
    """Not of a replica, which is a client of its source: it logs its own losses."""
    own = entry.cause or entry.code or _SERVERS_OWN.match(in_english(entry.text))
    return bool(own) and not _REPLICA.match(entry.text)


def _of_server(record: _Record, entry: LogEntry) -> Draft | None:
    head, english = record.lines[0], in_english(entry.text)
    seen = Occurrence(
        head.number,
        _server_stamp(record, entry),
        head.text,
        by_server=True,
        client=_SERVER,
        before=head.before[-MASKED:],
    )
    if _READY.search(english):
        return Draft(seen, started=True)
    code = error_number(entry)
    if entry.cause is None and not english.startswith("Aborted connection "):
        return None
    certainty = _certainty_of_server(entry)
    whole = entry.cause if entry.cause in {Cause.SERVER_RESTART, Cause.SERVER_CRASH} else None
    kinship = whole or entry.session_id or -head.number
    seen = replace(
        seen,
        code=code,
        says=entry.cause,
        certainty=certainty,
        **described([replace(head, text=english)]),  # type: ignore[arg-type]  # fields by name
    )
    return Draft(replace(seen, session_id=entry.session_id), kinship=kinship)


def _certainty_of_server(entry: LogEntry) -> Certainty:
    """What a server writes of a timeout it does not name, or of a broken socket, leaves room for another cause."""
    vague = entry.cause is Cause.CLIENT_LOST or (
        entry.cause is Cause.IDLE_TIMEOUT and "Got timeout reading" in in_english(entry.text)
    )
    return Certainty.LIKELY if vague else Certainty.CONFIRMED


def _server_stamp(record: _Record, entry: LogEntry) -> Stamp | None:
    """The line's own stamp; where the server repeats an older line, that one's."""
    if (
        record.stamp
        and record.stamp.zoned
        and entry.at is not None
        and abs(entry.at - record.stamp.seconds) >= 1
    ):
        return Stamp(datetime.fromtimestamp(entry.at, UTC), zoned=True)
    return record.stamp


def _of_client(record: _Record) -> Iterator[Draft]:
    signs = [(index, found) for index, line in enumerate(record.lines) if (found := read(line.text))]
    if not signs:
        return
    context = any(OURS.search(line.text) for line in record.lines)
    foreign = any(OTHERS.search(line.text[:1000]) for line in record.lines)
    group: list[tuple[int, Reading]] = []
    start = 0
    for index, found in signs:
        if not _believed(found, record.lines[index].text, context=context, foreign=foreign):
            continue
        if group and not _belongs(record, group[-1][0], index):
            yield _draft(record, group, start, index)
            group, start = [], index
        group.append((index, found))
    if group:
        yield _draft(record, group, start, len(record.lines))


def _believed(found: Reading, text: str, *, context: bool, foreign: bool) -> bool:
    """Whether a line speaks of MySQL or MariaDB at all."""
    others = OTHERS.search(text[:1000])
    if found.sure:
        return not others or OURS.search(text) is not None
    if ALONE.search(text):
        return True
    bare = found.sign is not None and found.code is not None and found.sign.words.fullmatch(text.strip())
    ours = context and (not foreign or OURS.search(text) is not None)
    return bool(bare) or (ours and not others)


def _belongs(record: _Record, before: int, index: int) -> bool:
    """Whether a further sign is another part of the same traceback."""
    lines = record.lines
    text = lines[index].text
    if ALONE.search(text):
        return False
    told = [line.text for line in lines[before + 1 : index + 1]]
    if _CONTINUES.match(lines[before].text) or any(each and _CONTINUES.match(each) for each in told):
        return True
    return before == 0 and record.stamp is not None and _EXCEPTION.match(text) is not None


def _draft(record: _Record, group: list[tuple[int, Reading]], start: int, end: int) -> Draft:
    index, best = max(group, key=lambda each: (each[1].worth, record.lines[each[0]].text[:1] > " ", -each[0]))
    lines = record.lines[start:end]
    line = record.lines[index]
    first = group[0][0]
    before, text = _around(line, best.start)
    undated = first > 0 and (start > 0 or ALONE.search(record.lines[first].text))  # another's, below a stamp
    code = (
        best.code
        if best.code is not None
        else next((each.code for _, each in group if each.code is not None), None)
    )
    seen = Occurrence(
        line.number,
        None if undated else record.stamp,
        text,
        code,
        recognise(each.text for each in lines),
        best.says,
        best.certainty,
        reused=bool(best.sign and best.sign.reused),
        silent_seconds=record.silent,
        before=before,
        **described(lines),  # type: ignore[arg-type]  # fields by name
    )
    tail = record.lines[0].leads and record.stamp is None and line.text[:1].isspace()
    return Draft(seen, omen=all(each.sign is not None and each.sign.omen for _, each in group), tail=tail)


def _around(line: Line, start: int) -> tuple[str, str]:
    """What a long line, which may hold a whole statement, says where it tells of the error; and what it says before."""
    cut = 0 if start < QUOTED // 2 else start - QUOTED // 4
    before = (line.before + line.text[:cut])[-MASKED:]
    return before, CUT + line.text[cut:] if cut else line.text
