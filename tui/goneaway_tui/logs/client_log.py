"""What a lost or refused connection looks like in a log: two tables, of words and of ways to write a number.

Only what ends a session or keeps one from beginning is here. 1062, 1205, 1213 and their kin leave the session alive.
The words are those of the servers' and drivers' own sources, most of them provoked (`tests/unit/doctor/logs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from goneaway_tui.i18n import marked
from goneaway_tui.logs.blocks import LogLine, UnwrappedLine, find_blocks, unwrap
from goneaway_tui.logs.error_events import (
    CODES,
    UNKNOWN,
    ErrorEvent,
    LogClient,
    describe_events,
    recognise_client,
    with_neighbours,
)
from goneaway_tui.logs.redact import CUT, MASKED, QUOTED
from goneaway_tui.logs.server_log import ServerLog, error_number, joined_entries
from goneaway_tui.logs.timestamps import Timestamp, parse_timestamp
from goneaway_tui.logs.translations import in_english
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.sample import LogEntry


@dataclass(frozen=True, slots=True)
class ErrorPattern:
    """Words that stand for an error."""

    words: re.Pattern[str]
    code: int | None = None
    says: Cause | None = None
    """What the words themselves blame; None where the code's own row, or nobody, does."""
    certainty: Certainty = Certainty.LIKELY
    wants_context: bool = False
    """Others use these words too: something in the record must speak of MySQL or MariaDB."""
    omen: bool = False
    """A driver's remark just before the error itself is told."""
    reused: bool = False
    """A connection object was used that its driver already knows to be closed."""


def _sign(words: str, code: int | None = None, says: Cause | None = None, **more: object) -> ErrorPattern:
    return ErrorPattern(re.compile(words), code, says, **more)  # type: ignore[arg-type]  # rows of a table


_SURE: Final = Certainty.CONFIRMED

SIGNS: Final = (
    _sign(r"client was disconnected by the server because of inactivity|ER_CLIENT_INTERACTION_TIMEOUT", 4031),
    _sign(r"[Ss]erver has gone away", 2006),
    _sign(r"Lost connection to (?:the )?(?:backend )?(?:MySQL|MariaDB) server", 2013),
    _sign(r"Lost connection to (?:the )?backend server", wants_context=True),
    _sign(r"\bMyXQL\.Connection .{1,80} disconnected"),
    _sign(r"Lost connection to server (?:during query|at ')", 2013),
    _sign(r"maximum statement execution time exceeded|ER_QUERY_TIMEOUT", 3024),
    _sign(r"max_statement_time exceeded", 1969),
    _sign(r"Query execution was interrupted(?!,? ?\(?max)", 1317),
    _sign(r"[Gg]ot a packet bigger than 'max_allowed_packet'|ER_NET_PACKET_TOO_LARGE", 1153),
    _sign(r"Got packet bigger than 'max_allowed_packet'", 2020),
    _sign(
        r"(?i:packet for query is too large)|query size \(\d+\) is >= to max_allowed_packet"
        r"|Packets larger than max_allowed_packet are not allowed|longer than 'max_allowed_packet'",
        None, Cause.PACKET_TOO_LARGE, certainty=_SURE,
    ),
    _sign(r"already has more than 'max_user_connections' active", 1203),
    _sign(r"has exceeded the 'max_(?:user_connections|connections_per_hour)' resource", 1226),
    _sign(r"Too many connections|ER_CON_COUNT_ERROR", 1040, wants_context=True),
    _sign(r"is blocked because of many connection errors|ER_HOST_IS_BLOCKED", 1129),
    _sign(r"is not allowed to connect to this (?:MySQL|MariaDB)", 1130),
    _sign(r"Access denied for user '", 1045),
    _sign(r"Server shutdown in progress|ER_SERVER_SHUTDOWN", 1053, wants_context=True),
    _sign(r"Connection was killed", 1927, wants_context=True),
    _sign(r"[Ss]ession was killed", 3169, wants_context=True),
    _sign(r"Got an error reading communication packets", 1158),
    _sign(r"Got timeout reading communication packets", 1159),
    _sign(r"Got an error writing communication packets", 1160),
    _sign(r"Got timeout writing communication packets", 1161),
    _sign(r"Got packets out of order", 1156),
    _sign(r"Malformed (?:communication )?packet", 2027, wants_context=True),
    # A 4031 packet, numbered 0, taken for the answer to a statement, which would be numbered 1.
    _sign(r"Packets out of order\. Expected 1 received 0", None, Cause.IDLE_TIMEOUT, omen=True),
    _sign(r"commands out of sync\. You can't run this command now", None, Cause.IDLE_TIMEOUT),
    _sign(r"unexpected read from socket|closing bad idle connection", None, Cause.IDLE_TIMEOUT, omen=True),
    _sign(r"Packets out of order\b", None, Cause.FORKED_CONNECTION, wants_context=True),
    _sign(r"Packet sequence number wrong", None, Cause.FORKED_CONNECTION),
    _sign(r"Can't connect to (?:local )?(?:(?:MySQL|MariaDB) )?server through socket", 2002),
    _sign(r"Can't connect to (?:(?:MySQL|MariaDB) )?server on ", 2003),
    _sign(r"Unknown (?:MySQL |MariaDB )?server host ", 2005),
    _sign(r"(?:SSL connection|TLS/SSL) error", 2026, wants_context=True),
    _sign(r"InterfaceError(?:: )?\(0, ''\)|^\W{0,3}\(0, ''\)", 0, reused=True),
    _sign(r"Communications link failure"),
    _sign(r"unexpected end of stream, read \d+ bytes from|socket was closed by server"),
    _sign(r"last packet successfully received from the server was [\d,.]{1,15} milliseconds? ago"),
    _sign(r"No operations allowed after (?:connection|statement) closed|cannot be called on a closed connection", None, reused=True),
    _sign(r"Failed to validate connection", None, wants_context=True, omen=True, reused=True),
    _sign(r"marked as broken because of SQLSTATE\(08", None, wants_context=True, omen=True),
    _sign(r"MySqlConnectionClosedException"),
    _sign(r"Connect Timeout expired\.(?! All pooled)", wants_context=True),
    _sign(r"Can't reach database server at .{1,200}:3306\b"),
    _sign(r"bytes failed with errno=\d", wants_context=True, omen=True),
    _sign(r"[Ss]erver is currently in offline mode", 3032),
    _sign(r"Could not connect to (?:HostAddress|address=\()"),
    _sign(r"PROTOCOL_CONNECTION_LOST|Connection lost: The server closed the connection"),
    _sign(
        r"PROTOCOL_ENQUEUE_(?:AFTER|HANDSHAKE)|Cannot enqueue \w+ after|Can't add new command when connection is in closed state",
        None, reused=True,
    ),
    _sign(r"(?:read|write) (?:ECONNRESET|EPIPE)|connect (?:ECONNREFUSED|ETIMEDOUT)", None, wants_context=True),
    _sign(r"\[mysql\] .{0,40}\.go:\d+", omen=True),
    _sign(r"(?:^|[:=] ?\"?|\")invalid connection(?=[\"',}\s]|$)"),
    _sign(r"\(conn=\d+\) (?:Socket error|Connection reset)"),
    _sign(r"TRILOGY_CLOSED_CONNECTION|Trilogy::(?:ConnectionClosed|EOFError|ConnectionReset)"),
    _sign(r"(?<!\w)invalid connection\s*$"),
    _sign(r"driver: bad connection"),
    _sign(r"MySQL Connection not available", None, reused=True),
    _sign(r"closed MySQL connection|MySQL client is not connected", None, reused=True),
    _sign(r"expected to read \d+ header bytes but only received|Failed to read the result set", wants_context=True),
    _sign(r"Reading from the stream has failed|Unable to connect to any of the specified MySQL hosts"),
    _sign(r"error communicating with database|expected to read \d+ bytes, got \d+ bytes at EOF", wants_context=False),
    _sign(r"(?i:server disconnected)", wants_context=True),
    _sign(r"Max connect timeout reached while reaching hostgroup", 9001),
    _sign(r"(?:Detected a broken connection|Closing (?:killed|unhealthy) client connection|Killing client connection)", wants_context=True),
    _sign(r" \d+/-?\d+/\+?(?P<held>\d+) \d+ [cs]D \d+/\d+/\d+/", None, Cause.PROXY_OR_FIREWALL, certainty=_SURE, wants_context=True),
    _sign(r"(?i:connection reset by peer|broken pipe)", wants_context=True),
    _sign(r"(?i:connection refused|(?:i/o|connect(?:ion)?) timeout|connect(?:ion)? timed out)", wants_context=True),
    _sign(r"(?i:server (?:has )?closed the connection)(?! unexpectedly)", wants_context=True),
)  # fmt: skip
"""The most telling first: of two on one line the first decides."""

NUMBERS: Final = (
    re.compile(r"\((?P<n>\d{4}), ['\"]"),
    re.compile(r"\bERROR (?P<n>\d{4}) \(\w{5}\)"),
    re.compile(r"(?i:\berror)(?:_?[Cc]ode|:)?[ :=]{1,3}\[?(?:MY-00)?(?P<n>\d{4})\b"),
    re.compile(r"SQLSTATE\[\w{1,5}\](?: \[(?P<n>\d{4})\])"),
    re.compile(r"SQLSTATE\[\w{1,5}\]: [^:]{1,60}: (?P<n>\d{4}) "),
    re.compile(r"\(\w{5}/(?P<n>\d{4})\)"),
    re.compile(r"\b(?P<n>\d{4}) \([0-9A-Z]{5}\): "),
    re.compile(r"Errors?: (?P<n>\d{4})[ :]"),
    re.compile(r"\b(?:errno|code|error_code|Errno)['\"]?\s?[:=]\s?['\"]?(?P<n>\d{4})\b"),
)
"""Python's drivers; the command-line clients; Go, .NET, replication; PDO; mysqli; sqlx and mysql-connector; Node."""
TELLING: Final = 6
"""So many of these, from the first, stand for nothing but a server's error."""

ALONE: Final = re.compile(r"^ERROR (?:\d{4}) \(\w{5}\)|^mysqldump: |^mariadb-dump: ")
"""A line that is an error by itself, whatever stands around it."""

OURS: Final = re.compile(
    r"(?i)mysql|mariadb|sqlstate|jdbc|java\.sql|hikari|\bpdo(?:exception|stat|::|->)|proxysql|:3306\b|\bpacket\b.*\bserver\b|\bDBD?I?::|DBI |galera|aurora|percona|HY000|08S01|^ {1,4}fatal: true"
)
OTHERS: Final = re.compile(
    r"(?i)postgres|psycopg|asyncpg|pgx|\bpq: |pgbouncer|redis|valkey|memcache|mongo|rabbit|amqp|kafka|nginx|elastic|cassandra"
    r"|ldap|smtp|sqlite|ora-\d|oracle|mssql|sqlserver|\btds\b|etcd|zookeeper|grpc|websocket|upstream|\bsshd?\b|rsync|\bscp\b|kubelet|docker"
    r"|pgsql|\bPG::|\bgit(?:hub|lab)?\b|\bcurl\b|\birc\b|\bport (?:22|80|443|5432)\b|:(?:443|5432|6379|9092|11211|27017)\b"
)


HINTS: Final = (
    "gone away", "ost connection", "onnection lost", "as killed", "inactivity", "_TIMEOUT", "exceeded", "nterrupted", "acket",
    "PACKET", "too large", "query size", "user_connections", "oo many conn", "COUNT_ERROR", "blocked", "BLOCKED", "to connect",
    "ccess denied", "hutdown in", "SHUTDOWN", "alformed", "out of sync", "unexpected read", "idle connection", "number wrong",
    "an't connect", "server host", "SSL", "(0, ''", "link failure", "end of stream", "closed by server", "No operations",
    "to validate", "as broken", "not connect", "PROTOCOL_", "enqueue", "closed state", "ECONN", "EPIPE", "ETIMEDOUT",
    "invalid conn", "bad connection", "not available", "closed MySQL", "header bytes", "result set", "has failed",
    "specified MySQL", "communicating", "at EOF", "disconnected", "hostgroup", "broken conn", "client conn", " cD ", " sD ",
    "last packet", "closed connection", "ClosedException", "Timeout expired", "reach database", "errno=", "offline mode",
    "reset by peer", "[mysql]", "(conn=", "TRILOGY", "Trilogy", "roken pipe", "roken Pipe", "efused", "timeout", "timed out", "closed the conn",
    "Reset by peer", "Reset By Peer", "Timed Out", "Server Disconnected", "BROKEN PIPE", "RESET BY PEER",
)  # fmt: skip
"""Every sign has one of these; what has none is read no further. A test holds the two together."""
_NUMBERED: Final = re.compile(r"\b(?:10|11|12|13|16|19|20|30|31|40|90)\d\d\b")


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What one line says."""

    code: int | None
    sign: ErrorPattern | None
    """None where only a number was found."""
    sure: bool
    """Nobody but a client of MySQL or MariaDB writes this."""
    start: int = 0
    """Where in the line it stands."""

    @property
    def says(self) -> Cause | None:
        own = self.sign.says if self.sign else None
        return own or (CODES[self.code].says if self.code in CODES else None)

    @property
    def certainty(self) -> Certainty:
        if self.sign and self.sign.says:
            return self.sign.certainty
        return CODES[self.code].certainty if self.code in CODES else Certainty.POSSIBLE

    @property
    def worth(self) -> tuple[bool, bool, bool, bool]:
        """How much it tells, to choose the line of a traceback that is quoted."""
        omen = self.sign is not None and self.sign.omen
        return (not omen, self.says is not None, self.code is not None, self.sure)


def parse_line(text: str) -> ParsedLine | None:
    """What a line says of a lost or refused connection; None for nearly every line there is."""
    number, place = _number(text) if _NUMBERED.search(text) else (None, 0)
    if number is None and not any(hint in text for hint in HINTS):
        return None
    for sign in SIGNS:
        words = sign.words.search(text)
        if words:
            break
    else:
        return None if number is None else ParsedLine(number, None, sure=False, start=place)
    if number is None and sign.wants_context and _is_about_another(text):
        return None
    code = sign.code
    if number is not None and (code is None or not CODES[code].says):
        code = number
    return ParsedLine(
        code, sign, sure=not sign.wants_context or code == number is not None, start=words.start()
    )


def _is_about_another(text: str) -> bool:
    """Whether a line has the number of an error that ends no session: what else it holds may be a value."""
    return any(form.search(text) for form in NUMBERS[:TELLING])


def _number(text: str) -> tuple[int | None, int]:
    for form in NUMBERS:
        for found in form.finditer(text):
            if int(found["n"]) in CODES:
                return int(found["n"]), found.start()
    return None, 0


LONGEST_RECORD: Final = 400
"""Lines of one record that are looked at."""
_LEVELS: Final = re.compile(r"(?i)\b(?:warn(?:ing)?|error|err|notice|info|critical|fatal)\b")


@dataclass(frozen=True, slots=True)
class DraftEvent:
    """An occurrence that may yet be joined to the one before."""

    seen: ErrorEvent
    omen: bool = False
    kinship: Cause | int | None = None
    """Of a server's log: the session spoken of, or what befell the whole server."""
    started: bool = False
    """No occurrence: the server is ready again."""
    tail: bool = False
    """The rest of a traceback, after a statement too long to be read."""


def join_drafts(drafts: Iterable[DraftEvent]) -> Iterator[ErrorEvent]:
    """Each occurrence once, in the order of the drafts."""
    held: DraftEvent | None = None
    down: set[Cause] = set()
    """What has befallen the server since it was ready last."""
    for draft in drafts:
        if draft.started:
            if held is not None:
                yield held.seen
            held, down = None, set()
        elif isinstance(draft.kinship, Cause) and draft.kinship in down:
            continue
        elif held is not None and _same(held, draft):
            held = _joint(held, draft)
        else:
            if held is not None:
                yield held.seen
            held = draft
            if isinstance(draft.kinship, Cause):
                down.add(draft.kinship)
    if held is not None:
        yield held.seen


def _same(held: DraftEvent, draft: DraftEvent) -> bool:
    before, after = held.seen, draft.seen
    if draft.tail and before.code == after.code:
        return True
    if held.kinship is not None or draft.kinship is not None:
        return held.kinship == draft.kinship and _apart(before, after) <= 2
    if _apart(before, after) > 1:
        return False
    if held.omen:
        drivers = {before.client.driver, after.client.driver} - {""}
        return len(drivers) <= 1 and after.line - before.line <= LONGEST_RECORD
    plain, again = (_LEVELS.sub("", each.text) for each in (before, after))
    return plain == again and before.text != after.text and after.line - before.line <= 2


def _joint(held: DraftEvent, draft: DraftEvent) -> DraftEvent:
    if draft.tail:
        return held
    if held.kinship is not None:
        return replace(held, seen=_stronger(held.seen, draft.seen))
    return replace(draft, seen=_with_omen(held.seen, draft.seen))


def _stronger(known: ErrorEvent, new: ErrorEvent) -> ErrorEvent:
    """The first of two, with what the second knows better."""
    if known.says is None and new.says is not None:
        known = replace(known, says=new.says, certainty=new.certainty)
    return replace(
        known, code=known.code if known.code is not None else new.code, limits=known.limits or new.limits
    )


def _with_omen(omen: ErrorEvent, told: ErrorEvent) -> ErrorEvent:
    """The error, with what was only said in the remark before it."""
    says = told.says is None and omen.says is not None
    return replace(
        told,
        client=told.client if told.client.driver else omen.client,
        says=omen.says if says else told.says,
        certainty=omen.certainty if says else told.certainty,
        how=omen.how | told.how,
        silent_seconds=omen.silent_seconds,
    )


def _apart(one: ErrorEvent, other: ErrorEvent) -> float:
    """Seconds between two; none where either has no time."""
    return abs(one.at.seconds - other.at.seconds) if one.at and other.at else 0.0


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
_SERVER: Final = LogClient(marked("server log"))


def find_error_events(blocks: Iterable[bytes], now: float | None = None) -> Iterator[ErrorEvent]:
    """Every lost or refused connection in a log, in its order. Never raises on what the log holds.

    `blocks` are its bytes, cut anywhere. `now` dates stamps that have no year.
    """
    return with_neighbours(join_drafts(_found(joined_entries(find_blocks(blocks)), now)))


@dataclass(slots=True)
class _Record:
    """Lines that belong to one stamp."""

    stamp: Timestamp | None = None
    silent: float | None = None
    who: str = ""
    lines: list[LogLine] = field(default_factory=list)


def _records(lines: Iterable[LogLine], now: float | None) -> Iterator[_Record]:
    record, last = _Record(), None
    for each in lines:
        wrap = unwrap(each.text)
        line = each if wrap is None else _without(each, wrap)
        own = parse_timestamp(line.text, now)
        outer = parse_timestamp(wrap.stamp, now) if wrap is not None else None
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


def _without(line: LogLine, wrap: UnwrappedLine) -> LogLine:
    """A line without its wrapper, which it remembers: what looks like a program's name may be `password: `."""
    before = line.text.removesuffix(wrap.body) if line.text.endswith(wrap.body) else ""
    return replace(line, text=wrap.body, before=before)


def _is_fresh(record: _Record, text: str, own: Timestamp | None, wrap: UnwrappedLine | None) -> bool:
    """Whether a line begins a record: it has a stamp of its own, or is another's, or continues nothing."""
    if own is not None and not text[:1].isspace():
        return True
    if wrap is None or not wrap.stamp:
        return False
    if wrap.who != record.who:
        return True
    traced = any(_CONTINUES.match(line.text) for line in record.lines)
    return not (not text or _CONTINUES.match(text) or (traced and _EXCEPTION.match(text)))


def _found(lines: Iterable[LogLine], now: float | None) -> Iterator[DraftEvent]:
    server = ServerLog(UTC)
    familiar: dict[str, LogClient] = {}
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


def _dated_from(draft: DraftEvent, started: float | None, at: float | None) -> DraftEvent:
    """With how long the server had been up, where its log tells; a session is as old at most."""
    if started is None or at is None or at < started:
        return draft
    return replace(draft, seen=replace(draft.seen, server_up_seconds=at - started))


def _is_of_server(entry: LogEntry) -> bool:
    """Not of a replica, which is a client of its source: it logs its own losses."""
    own = entry.cause or entry.code or _SERVERS_OWN.match(in_english(entry.text))
    return bool(own) and not _REPLICA.match(entry.text)


def _of_server(record: _Record, entry: LogEntry) -> DraftEvent | None:
    head, english = record.lines[0], in_english(entry.text)
    seen = ErrorEvent(
        head.number,
        _server_stamp(record, entry),
        head.text,
        by_server=True,
        client=_SERVER,
        before=head.before[-MASKED:],
    )
    if _READY.search(english):
        return DraftEvent(seen, started=True)
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
        **describe_events([replace(head, text=english)]),  # type: ignore[arg-type]  # fields by name
    )
    return DraftEvent(replace(seen, session_id=entry.session_id), kinship=kinship)


def _certainty_of_server(entry: LogEntry) -> Certainty:
    """What a server writes of a timeout it does not name, or of a broken socket, leaves room for another cause."""
    vague = entry.cause is Cause.CLIENT_LOST or (
        entry.cause is Cause.IDLE_TIMEOUT and "Got timeout reading" in in_english(entry.text)
    )
    return Certainty.LIKELY if vague else Certainty.CONFIRMED


def _server_stamp(record: _Record, entry: LogEntry) -> Timestamp | None:
    """The line's own stamp; where the server repeats an older line, that one's."""
    if (
        record.stamp
        and record.stamp.zoned
        and entry.at is not None
        and abs(entry.at - record.stamp.seconds) >= 1
    ):
        return Timestamp(datetime.fromtimestamp(entry.at, UTC), zoned=True)
    return record.stamp


def _of_client(record: _Record) -> Iterator[DraftEvent]:
    signs = [(index, found) for index, line in enumerate(record.lines) if (found := parse_line(line.text))]
    if not signs:
        return
    context = any(OURS.search(line.text) for line in record.lines)
    foreign = any(OTHERS.search(line.text[:1000]) for line in record.lines)
    group: list[tuple[int, ParsedLine]] = []
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


def _believed(found: ParsedLine, text: str, *, context: bool, foreign: bool) -> bool:
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


def _draft(record: _Record, group: list[tuple[int, ParsedLine]], start: int, end: int) -> DraftEvent:
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
    seen = ErrorEvent(
        line.number,
        None if undated else record.stamp,
        text,
        code,
        recognise_client(each.text for each in lines),
        best.says,
        best.certainty,
        reused=bool(best.sign and best.sign.reused),
        silent_seconds=record.silent,
        before=before,
        **describe_events(lines),  # type: ignore[arg-type]  # fields by name
    )
    tail = record.lines[0].leads and record.stamp is None and line.text[:1].isspace()
    return DraftEvent(
        seen, omen=all(each.sign is not None and each.sign.omen for _, each in group), tail=tail
    )


def _around(line: LogLine, start: int) -> tuple[str, str]:
    """What a long line, which may hold a whole statement, says where it tells of the error; and what it says before."""
    cut = 0 if start < QUOTED // 2 else start - QUOTED // 4
    before = (line.before + line.text[:cut])[-MASKED:]
    return before, CUT + line.text[cut:] if cut else line.text
