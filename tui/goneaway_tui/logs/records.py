"""Records: the lines that programs wrote, without what is wrapped around them, put together by program and timestamp.

A wrapper is what journals, containers, log drivers and collectors put around a line: a prefix (syslog, containerd, docker
compose, `kubectl --timestamps`) or a JSON object. Of an object the field that carries a message is read, by its name, and
the fields that describe an error; which product wrote it does not matter. A wrapper may stand in another: MAX_LAYERS.
A record is what one program wrote for one timestamp; programs that write in turn are kept separate.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final

from goneaway_tui.logs.blocks import LogLine
from goneaway_tui.logs.timestamps import Timestamp, better_timestamp, parse_timestamp

MAX_LAYERS: Final = 3
"""Wrappers around a line: that of a container, that of a journal, that of a collector."""
MAX_EVENT_LINES: Final = 2000
"""Lines of one object of printed JSON that are read."""
MAX_EVENT_GROWTH: Final = 8
"""How often the text of a line may be repeated by its events, each with what stands beside their list."""
MAX_BODY_LINES: Final = 400
"""Lines of the messages in one object that are read."""
MAX_DEPTH: Final = 8
"""Objects within objects that are read."""

_CLOCK: Final = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ISO: Final = rf"\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|[+-]\d\d:?\d\d)?"
_SYSLOG_TIME: Final = rf"(?:[^\W\d_]{{3,5}}\.?| ?\d{{1,2}}月) [ \d]\d {_CLOCK}|{_ISO}|[^\W\d_]{{1,4}}\.? \d{{4}}-\d\d-\d\d {_CLOCK} [A-Z]{{2,5}}"

PREFIX_FORMS: Final = (
    re.compile(rf"(?P<timestamp>{_ISO}) (?P<program>stdout|stderr) [FP] "),
    re.compile(r"(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?:\d{9}|\d{7})Z)(?P<program>) "),
    re.compile(rf"(?P<timestamp>{_ISO}) (?P<program>\d\d[OE])[ +]"),
    re.compile(
        rf"(?:<\d{{1,3}}>)?(?P<timestamp>{_SYSLOG_TIME}) "
        r"(?P<program>(?!\d{4}-\d\d-\d\d|(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|CRITICAL|TRACE)\b)[\w.-]{1,80} [\w./@-]{1,80}(?:\[[\w.-]{1,20}\])?|[\w./@-]{1,80}\[[\w.-]{1,20}\]): ?"
    ),
    re.compile(
        rf"<\d{{1,3}}>1 (?P<timestamp>{_ISO}) (?P<program>\S{{1,80}} \S{{1,80}} \S{{1,80}}) \S{{1,40}} "
        r"(?:-|\[(?:[^\]\\]|\\.){0,400}\])(?: \ufeff?|$)"
    ),
    re.compile(rf"(?:[A-Z]{{4,8}} {{1,8}}\| )?(?P<program>[^|\t\n]{{1,40}}?) {{0,20}}\| (?P<timestamp>\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}) \| ?"),
    re.compile(r"(?:\d\d:\d\d:\d\d )?(?P<program>\d{1,4}\|[\w.-]{1,64}|[\w.-]{1,64}(?:@[\w.-]{1,64})?) *\| ?(?P<timestamp>)"),
    re.compile(r"(?P<program>[\w.-]{1,80}/[\w.-]{1,80}\[[\w.-]{1,80}\]): (?P<timestamp>)"),
    re.compile(rf"(?P<timestamp>{_ISO}) (?P<program>app\[\w{{4,20}}\] \w{{2,4}}) \[\w{{1,12}}\] ?"),
    re.compile(rf" {{0,4}}(?P<timestamp>{_ISO}) (?P<program>\[[A-Z]{{2,12}}/[\w/.-]{{1,60}}\]) (?:OUT|ERR) ?"),
    re.compile(rf"(?P<timestamp>{_ISO}) (?P<program>[\w.-]{{1,80}}/[\w./\[\]$-]{{1,120}}) "),
    re.compile(r"(?:\[ {0,8}\d{1,9}\.\d{6}\]|\d{10}\.\d{6})(?P<timestamp>) (?P<program>[\w.-]{1,80} [\w./@-]{1,80}\[\d{1,10}\]): "),
    re.compile(r"\[(?P<program>pod/[\w./-]{1,120})\] ?(?P<timestamp>)"),
    re.compile(rf"(?P<program>[^\t\n]{{1,100}}\t[^\t\n]{{1,100}})\t(?P<timestamp>{_ISO}) "),
    re.compile(rf"(?P<timestamp>\d{{4}}-\d\d-\d\d {_CLOCK})(?P<program>) (?=\d{{4}}-\d\d-\d\d[ T]\d)"),
    re.compile(rf"(?P<timestamp>\d{{4}}-\d\d-\d\d {_CLOCK}) (?P<program>[a-z][\w-]{{1,40}}) > ?"),
    re.compile(rf"(?P<timestamp>{_ISO}) (?P<program>\{{[^{{}}]{{0,400}}\}}) "),
    re.compile(rf"(?P<timestamp>\d{{4}}-\d\d-\d\d[T ]{_CLOCK}(?: ?[+-]\d{{4}}|Z)?)\s(?P<program>[\w.-]{{1,80}}): ?(?=\{{)"),
    re.compile(
        r"(?P<program>(?:[\w./@+~-]{0,200}[\w-]\.(?:log|err|out|txt)(?:[.-]\d{1,10})?(?:\.\w{2,4})?|(?:[\w./@+~-]{0,200}/)?(?:syslog|messages)(?:\.\d{1,3})?)"
        r"(?=[:-]))(?:(?P<mark>[:-])\d{1,9}(?P=mark)|:)(?P<timestamp>)(?! )"
    ),
    re.compile(
        r"(?P<program>[\w./@+~-]{0,200}[\w-]\.(?:py|js|ts|go|java|kt|rb|php|cc?|cpp|h|rs|cs|ex|lua|md|rst|html?|p[lmo]|sh|sql|ya?ml|json|toml|ini|conf|cnf))"
        r"(?P<mark>[:-])\d{1,9}(?P=mark)(?P<timestamp>)(?! \S|in [`'])"
    ),
)  # fmt: skip
"""Prefixes of containerd; of `kubectl --timestamps`, `docker logs -t` and GitHub Actions; of GitLab CI; of syslog (RFC 3164, Heroku)
and the systemd journal; of syslog by RFC 5424; of the Java Service Wrapper; of docker compose, foreman and pm2; of pods by
their namespace; of fly.io; of Cloud Foundry; of `aws logs tail`; of the journal with seconds; of
`kubectl --prefix`; of `gh run view`; of Docker Desktop; of Airbyte; of logcli; of fluentd; of grep, before lines of a log and
of source. The first row that matches counts. What else stands before all lines is
found by `_RepeatedPrefixes`.
"""

MESSAGE_FIELDS: Final = (
    "message", "msg", "@message", "log", "textpayload", "full_message", "short_message", "line", "@m", "@mt", "body",
    "event", "original", "content", "text", "title",
)  # fmt: skip
"""Names of fields that carry a message, in lower case, the surest first."""
ERROR_FIELDS: Final = frozenset({
    "error", "err", "errors", "exception", "exceptions", "exc_info", "exc_text", "exception.message", "exception.stacktrace",
    "stack", "stack_trace", "stacktrace", "trace", "traceback", "callstack", "cause", "@x", "detail", "details", "reason",
    "errormessage", "errortype", "sqlmessage", "sqlstate", "code", "errno", "errorcode", "error_code", "name", "type", "value",
    "module", "filename", "function", "file", "logger", "logger_name", "loggername", "logger.name", "sourcecontext", "driver",
    "class", "error.message", "error.stack_trace", "error.type", "fatal", "syscall", "err_details", "error_message", "error_details",
    "duration", "duration_ms", "durationms", "elapsed", "elapsed_ms", "elapsedms", "took", "took_ms", "query_time", "execution_time",
})  # fmt: skip
"""Names of fields that describe an error, in lower case."""
_STATES_ERROR: Final = frozenset({
    "error", "err", "exception", "exc_info", "exc_text", "stack", "stack_trace", "stacktrace", "trace", "traceback", "@x",
    "errormessage", "sqlmessage", "errno", "errortype", "exception.message", "exception.stacktrace", "error.message", "error.stack_trace", "value",
    "err_details", "error_message", "error_details",
})  # fmt: skip
"""Those of them that no object has without an error."""
_SOURCE_FIELDS: Final = frozenset(
    {"logger", "logger_name", "loggername", "logger.name", "sourcecontext", "driver"}
)
"""Those of them that name what wrote the message."""
TIME_FIELDS: Final = (
    "timestamp", "@timestamp", "time", "ts", "@t", "datetime", "date", "__realtime_timestamp", "_source_realtime_timestamp",
    "eventtime", "event_time", "instant", "asctime", "t", "log_time", "timeunixnano",
)  # fmt: skip
"""Names of fields with the time of an event, in lower case, the surest first. When it was collected does not count."""
PROGRAM_FIELDS: Final = (
    "syslog_identifier", "_pid", "_hostname", "container_name", "_container_name", "pod_name", "service", "stream", "host",
    "logstream", "tag", "service.name",
)  # fmt: skip
"""Names of fields that name the program that wrote a line, in lower case."""
_MEMBER: Final = re.compile(
    r'"(?P<key>(?:[^"\\]|\\.){1,80})"\s{0,20}:\s{0,20}(?:"(?P<text>(?:[^"\\]|\\.){0,8000})(?:"|$)|(?P<bare>[\w.+-]{1,40}))'
)
"""One member of an object, also of one that is cut."""
_SERVER_SINK: Final = ('"err_code"', '"prio"')
"""What is in each line of MySQL's own JSON log, which `server_log` reads whole."""


@dataclass(frozen=True, slots=True)
class PrefixedLine:
    """A line and the wrapper around it."""

    program: str
    """The program that wrote the line, as the wrapper names it."""
    timestamp_text: str
    """The timestamp of the wrapper; empty where it has none."""
    body: str
    details: tuple[str, ...] = ()
    """Further lines of the same event: the rest of a message of several lines, and what describes its error."""


def split_prefix(text: str) -> PrefixedLine | None:
    """Split a line from one wrapper; None for a line without one.

    >>> split_prefix("web-1  | Traceback (most recent call last):").body
    'Traceback (most recent call last):'
    >>> split_prefix('{"log": "gone away\\\\n", "stream": "stderr"}').body
    'gone away'
    """
    if text[:1] == "{":
        return _split_object(text)
    for form in PREFIX_FORMS:
        match = form.match(text)
        if match:
            return PrefixedLine(match["program"], match["timestamp"], text[match.end() :])
    return None


def unwrap_lines(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Yield the lines that programs wrote: without wrappers, and a message of several lines as several lines."""
    heads = _RepeatedHeads()
    for line in joined_objects(_RepeatedPrefixes().removed(lines)):
        for event in _events_of(line):
            yield from map(heads.removed, unwrapped(event))


def unwrapped(line: LogLine) -> list[LogLine]:
    """The lines that one line of a log holds; `[line]` where nothing is around it."""
    text, details = line.text, tuple[str, ...]()
    programs = [line.program] if line.program else []
    timestamp_text = ""
    for _layer in range(MAX_LAYERS):
        prefixed = split_prefix(text)
        if prefixed is None:
            break
        text, details = prefixed.body, details or prefixed.details
        programs += filter(None, [prefixed.program])
        timestamp_text = prefixed.timestamp_text or timestamp_text
    else:
        prefixed = None
    if text is line.text:
        return [line]
    text_before = line.text_before + line.text.removesuffix(text) if line.text.endswith(text) else ""
    size_bytes = line.size_bytes if not details else len(text)
    first = replace(
        line, text=text, text_before=text_before, program=" ".join(programs), timestamp_text=timestamp_text,
        size_bytes=size_bytes,
    )  # fmt: skip
    rest = (
        replace(
            first, text=detail, text_before="", size_bytes=len(detail), starts_block=False, continues=True
        )
        for detail in details
    )
    return [first, *rest]


HEAD_WORDS: Final = 5
"""Words of a head that no other entry has: date, time, process, level, logger."""
_TRACEBACK_HEAD: Final = "Traceback (most recent call last):"


_REPEATED_PART: Final = re.compile(
    r"(?<=[\s>:\])|-])(?:at (?:[\w.$/-]{1,120}/{1,2})?[\w.$<>]{3,200}\(|Caused by: |\.\.\. \d{1,4} (?:more|common)\b|The last packet s)"
)
"""A part of a traceback of Java, behind what a program that reads another's output puts before each of its lines."""
_HEAD_END: Final = re.compile(r" ?[-:>|]\s?$")
_CLOCK_HEAD: Final = re.compile(r"\[\d\d:\d\d:\d\d[ \w/-]{0,40}\](?: \[[^\]\n]{1,60}\])?:? ")
"""A clock without a date, level and thread, as servers of games put them before each line."""
_HEAD_CLOCK: Final = re.compile(r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?")


class _RepeatedHeads:
    """The timestamp, level and logger of an entry, repeated before each line of its traceback.

    oslo.log writes them so, and whatever logs the output of a program line by line.
    """

    def __init__(self) -> None:
        self._entry = ("", "")
        """The program and the text of the last line with a timestamp."""
        self._head = ("", "")
        """The program, and what stands before each line of the traceback that is being read."""

    def removed(self, line: LogLine) -> LogLine:
        """A further line of a traceback without what is repeated before it; any other line as it is."""
        program, text = line.program, line.text
        if line.starts_block or not _ENTRY_START.match(text):
            return line if line.starts_block else _without_clock_head(line)
        if self._entry[0] == program and (shared := _shared_head(self._entry[1], text)):
            body, text_before = text[shared:], line.text_before + text[:shared]
            return replace(line, text=body, text_before=text_before, continues=True)
        before, traceback, _rest = text.partition(_TRACEBACK_HEAD)
        if traceback and len(before.split()) >= HEAD_WORDS:
            is_further = self._entry[0] == program and self._entry[1].startswith(before.partition("[")[0])
            self._head = program, before
        else:
            is_further = self._head[0] == program and text.startswith(self._head[1] or "\n")
        if is_further:
            head = self._head[1]
            return replace(
                line, text=text.removeprefix(head), text_before=line.text_before + head, continues=True
            )
        if not traceback:
            self._head = ("", "")
        self._entry = program, text
        return line


def _without_clock_head(line: LogLine) -> LogLine:
    """A part of a traceback without the clock and level before it; any other line as it is."""
    head = _CLOCK_HEAD.match(line.text) if line.text[:1] == "[" else None
    part = _REPEATED_PART.search(line.text) if head else None
    if head is None or part is None or line.text[head.end() : part.start()].strip():
        return line
    body, text_before = line.text[head.end() :], line.text_before + head[0]
    return replace(line, text=body, text_before=text_before, continues=True)


def _shared_head(entry: str, text: str) -> int:
    """How many characters of a line repeat the head of an entry, before a part of its traceback or nothing; 0 for another line."""
    part = _REPEATED_PART.search(text)
    if part is None and not _HEAD_END.search(text):
        return 0
    head = text if part is None else text[: part.start()]
    clock, clock_before = _HEAD_CLOCK.search(head), _HEAD_CLOCK.search(entry)
    if clock is None or clock_before is None or len(head.split()) < HEAD_WORDS:
        return 0
    is_at_once = abs(_seconds_of(clock) - _seconds_of(clock_before)) <= SAME_ENTRY_SECONDS
    is_same = _HEAD_CLOCK.sub("", entry, count=1).startswith(_HEAD_CLOCK.sub("", head, count=1).rstrip())
    return len(head) if is_at_once and is_same else 0


def _seconds_of(clock: re.Match[str]) -> float:
    """Seconds since midnight of a match of _HEAD_CLOCK."""
    hours, minutes, seconds = clock[0].replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


LEARNING_LINES: Final = 40
"""Lines by which it is decided whether a prefix stands before all lines of a log."""
MAX_REPEATED_PREFIXES: Final = 50
_ENTRY_START: Final = re.compile(
    r"(?<!\d)(?:\d\d)?\d\d[-/]\d\d[-/]\d\d[T ] ?\d{1,2}:\d\d:\d\d|(?<!\d)\d{6} {1,2}\d{1,2}:\d\d:\d\d"
    r"|(?<=\s)\{\""
)
"""The timestamp with which a program begins an entry, or the beginning of an object."""
_NAMES: Final = re.compile(
    r"[\[(<]?[\w./:@-]{1,100}(?: [\w./:@-]{1,100}){0,2}[\])>]?(?: ?[:|>=-]{1,2})?\s{1,8}"
)
"""A prefix: up to three names, with or without brackets and a mark behind."""
_POD: Final = re.compile(r"\[?[a-z\d][a-z\d.]{0,80}(?:-[a-z\d.]{1,80}){1,12}(?: [a-z\d-]{1,80})?\]? ")
"""The name of a pod, and of its container."""
_LEVEL: Final = re.compile(r"(?:^|(?<=\s))\[?[A-Z]{3,8}\]?:?\s+$")
"""The level before a timestamp, which is the program's own word."""
_SERVER_ENTRY: Final = re.compile(
    r"\S{6,40} {1,2}(?:\d{1,2}:\d\d:\d\d )?\d{1,20} \[(?:Note|Warning|ERROR|System)\] "
)
"""How a server's entry begins."""


class _RepeatedPrefixes:
    """Prefixes of an unknown form: names that stand before all lines, as stern and kubetail write them.

    Nothing is taken for a prefix unless all of the first LEARNING_LINES have one, and it is the name of a pod, or behind one
    stands what a program never writes behind a name of its own: the next line of a traceback, or a server's entry.
    """

    def __init__(self) -> None:
        self._prefixes: set[str] = set()

    def removed(self, lines: Iterable[LogLine]) -> Iterator[LogLine]:
        """Yield the lines without such prefixes."""
        iterator = iter(lines)
        first = list(islice(iterator, LEARNING_LINES))
        if not self._are_on_all(first):
            yield from first
            yield from iterator
            return
        for line in chain(first, iterator):
            yield self._without(line)

    def _are_on_all(self, lines: list[LogLine]) -> bool:
        texts = [line.text for line in lines if line.text.strip()]
        found = {prefix for text in texts if (prefix := _prefix_before_entry(text))}
        self._prefixes = {
            one for one in found if not any(one != other and one.startswith(other) for other in found)
        }
        bodies = [self._split(text)[1] for text in texts]
        if not texts or any(body is None for body in bodies):
            return False
        if all(map(_POD.fullmatch, self._prefixes)):
            return True
        return len(self._prefixes) < len(texts) and any(
            _SERVER_ENTRY.match(body) or TRACEBACK_PART.match(body) for body in bodies if body
        )

    def _split(self, text: str) -> tuple[str, str | None]:
        """The prefix of a line and the rest; None for a line without one of the known prefixes."""
        for prefix in self._prefixes:
            if text.startswith(prefix) or text == prefix.rstrip():
                return prefix, text[len(prefix) :]
        return "", None

    def _without(self, line: LogLine) -> LogLine:
        prefix, body = self._split(line.text)
        if body is None:
            prefix = _prefix_before_entry(line.text)
            if not prefix or len(self._prefixes) >= MAX_REPEATED_PREFIXES:
                return line
            self._prefixes.add(prefix)
            body = line.text.removeprefix(prefix)
        return replace(line, text=body, text_before=prefix, program=prefix.strip(" []()<>:|=-"))


def _prefix_before_entry(text: str) -> str:
    """The names before the first entry of a line; empty where it begins with the entry, or none is near."""
    entry = _ENTRY_START.search(text, 0, 240)
    prefix = _LEVEL.sub("", text[: entry.start()].rstrip("[(<\"'")) if entry else ""
    return prefix if _NAMES.fullmatch(prefix) else ""


def _split_object(text: str) -> PrefixedLine | None:
    """A line that is a JSON object with a message; None for any other line."""
    if all(mark in text for mark in _SERVER_SINK):
        return None
    members = list(_members(text))
    if '"response_flags' in text and (session := _proxied_session(members)):
        return PrefixedLine(_field_text(members, PROGRAM_FIELDS), _event_time(members), session)
    messages = [(key, value) for key, value, _depth in _by_depth(members) if key in MESSAGE_FIELDS]
    message = min(
        messages, key=lambda member: (not member[1].strip(), MESSAGE_FIELDS.index(member[0])), default=None
    )
    if message is None and not any(key in _STATES_ERROR for key, _value, _depth in members):
        return None
    lines = _message_lines(message[1]) if message else []
    states_error = message is None or any(key in _STATES_ERROR for key, _value, _depth in members)
    lines += _error_lines(
        members, message, ERROR_FIELDS.union(MESSAGE_FIELDS) if states_error else _SOURCE_FIELDS
    )
    if not lines:
        return None
    return PrefixedLine(
        _field_text(members, PROGRAM_FIELDS), _event_time(members), lines[0], tuple(lines[1:MAX_BODY_LINES])
    )


_NO_VALUE: Final = "-"
_HTTP_FIELDS: Final = ("method", "path", "protocol")
_SESSION_FORM: Final = (
    '[{start_time}] "- - -" 0 {response_flags} {response_code_details} {connection_termination_details} '
    '"{upstream_transport_failure_reason}" {bytes_received} {bytes_sent} {duration} - "-" "-" "-" "-" "{upstream_host}" '
    "{upstream_cluster} - {downstream_local_address} {downstream_remote_address} - -"
)


def _proxied_session(members: list[Member]) -> str:
    """What Envoy logged of a TCP session as JSON, as it writes it by default; empty where it is of HTTP, or had no fault."""
    fields: defaultdict[str, str] = defaultdict(lambda: _NO_VALUE)
    fields.update(
        (key, value.replace(" ", "_")) for key, value, _depth in reversed(_by_depth(members)) if value
    )
    is_http = any(fields[name] != _NO_VALUE for name in _HTTP_FIELDS)
    is_fault = fields["response_flags"] != _NO_VALUE
    is_known = fields["upstream_cluster"] != _NO_VALUE or fields["upstream_host"] != _NO_VALUE
    return _SESSION_FORM.format_map(fields) if is_fault and is_known and not is_http else ""


Member = tuple[str, str, int]
"""A member's name in lower case, its value as text, and how deep it stands."""


def _members(text: str) -> Iterator[Member]:
    """Yield the members of an object that hold a value, also of an object that is cut."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        for match in _MEMBER.finditer(text):
            value = match["bare"] if match["text"] is None else _unescaped(match["text"])
            yield match["key"].casefold(), value, 0
        return
    if isinstance(parsed, dict):
        yield from _nested_members(parsed, 0)


_TYPED_VALUES: Final = frozenset({"stringvalue", "intvalue", "doublevalue", "boolvalue"})
"""Names by which OTLP and other formats wrap a value with its type."""


def _named_value(key: str, value: object) -> tuple[str, object]:
    """The name and the value of a member: without the object that holds its type, or its name, beside it.

    >>> _named_value("body", {"stringValue": "x"}), _named_value("attributes", {"key": "a.b", "value": "x"})
    (('body', 'x'), ('a.b', 'x'))
    """
    name = str(key).casefold()
    if isinstance(value, dict) and value.keys() == {"key", "value"} and isinstance(value["key"], str):
        return _named_value(value["key"], value["value"])
    if isinstance(value, dict) and len(value) == 1:
        ((only, inner),) = value.items()
        if str(only).casefold() in _TYPED_VALUES:
            return name, inner
    return name, value


def _nested_members(value: dict[str, object], depth: int) -> Iterator[Member]:
    for key, held in value.items():
        name, inner = _named_value(key, held)
        if isinstance(inner, dict):
            if depth < MAX_DEPTH:
                yield from _nested_members(inner, depth + 1)
        elif isinstance(inner, list):
            for held_element in inner[:MAX_BODY_LINES]:
                element_name, element = _named_value(name, held_element)
                if isinstance(element, dict):
                    if depth < MAX_DEPTH:
                        yield from _nested_members(element, depth + 1)
                elif isinstance(element, str):
                    yield element_name, element, depth
        elif inner is not None and not isinstance(inner, bool):
            yield name, str(inner), depth


def _by_depth(members: list[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member[2])


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t")


def _message_lines(message: str) -> list[str]:
    """The lines of a message; the message of a log driver ends with a line break that is none of its lines."""
    return [line.removesuffix("\r") for line in message.removesuffix("\n").split("\n")]


def _error_lines(members: list[Member], message: tuple[str, str] | None, fields: frozenset[str]) -> list[str]:
    """What other fields say of an error, a line each; what is long as it is."""
    written = {message[1]} if message else set()
    lines: list[str] = []
    for key, value, _depth in members:
        if key not in fields or value in written or not value.strip():
            continue
        written.add(value)
        first, *rest = _message_lines(value)
        lines.append(f"{first}" if rest or len(first) > 60 or key in MESSAGE_FIELDS else f" {key}: {first}")
        lines += rest
    return lines


def _field_text(members: list[Member], names: tuple[str, ...]) -> str:
    found = {key: value for key, value, _depth in reversed(_by_depth(members)) if key in names}
    return " ".join(found[name][:80] for name in names if name in found)


def _event_time(members: list[Member]) -> str:
    """When an event was, by the first of TIME_FIELDS; empty where the object does not say."""
    found = {key: value for key, value, _depth in reversed(_by_depth(members)) if key in TIME_FIELDS}
    return next((_time_text(found[name]) for name in TIME_FIELDS if name in found), "")


def _time_text(value: str) -> str:
    """A time as text that has a date: seconds, milliseconds, microseconds or nanoseconds since 1970 as ISO 8601.

    >>> _time_text("1751297659123456"), _time_text("2026-11-23T22:00:00Z")
    ('2025-06-30T15:34:19.123456Z', '2026-11-23T22:00:00Z')
    """
    whole, _point, fraction = value.partition(".")
    if not whole.isdecimal() or not 10 <= len(whole) <= 19 or (fraction and not fraction.isdecimal()):
        return value
    digits = (whole[10:] + fraction)[:6]
    seconds, microseconds = int(whole[:10]), int(digits.ljust(6, "0"))
    try:
        instant = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    except (ValueError, OverflowError, OSError):
        return value
    precision = "seconds" if not digits else "milliseconds" if len(digits) <= 3 else "microseconds"
    return instant.isoformat(timespec=precision).replace("+00:00", "Z")


# --- JSON that is printed over several lines

_OPENS: Final = re.compile(r'\s*(?:"(?P<key>(?:[^"\\]|\\.){1,80})"\s?:\s?)?(?P<mark>[\[{])\s*$')
_CLOSES: Final = re.compile(r"\s*[}\]]{1,40},?\s*$")
_PRINTED_MEMBER: Final = re.compile(
    r'\s*(?:"(?:[^"\\]|\\.){1,80}"\s?:\s?\S|"(?:[^"\\]|\\.){0,8000}",?$|[\d.+-]{1,40},?$|[\[{].{0,4000}[\]}],?$)'
)
_LIST_KEYS: Final = frozenset(
    {
        "events", "entries", "hits", "items", "records", "logs", "results", "data", "value", "values",
        "logevents", "resourcelogs", "scopelogs", "logrecords",
    }
)  # fmt: skip
"""Names of lists of events in the outermost object."""


_LIST_MARK: Final = re.compile(r'"(?i:' + "|".join(sorted(_LIST_KEYS)) + r')"\s{0,4}:\s{0,4}\[\s{0,4}\{')
"""How a list of events begins within a line."""


def _events_of(line: LogLine) -> list[LogLine]:
    """The events of a line that holds a list of them, a line each; `[line]` for any other line."""
    if line.text[:1] not in {"{", "["} or not _LIST_MARK.search(line.text[:STARTS_CHARS]):
        return [line]
    texts, bytes_left = list[str](), MAX_EVENT_GROWTH * len(line.text)
    try:
        for event in islice(_listed_events(json.loads(line.text), {}, 0), MAX_EVENT_LINES):
            texts.append(json.dumps(event))
            bytes_left -= len(texts[-1])
            if bytes_left < 0:
                return [line]
    except (ValueError, RecursionError):
        return [line]
    return [replace(line, text=text, size_bytes=len(text)) for text in texts] if len(texts) > 1 else [line]


def _listed_events(value: object, outer: dict[str, object], depth: int) -> Iterator[dict[str, object]]:
    """Yield the objects of the innermost lists of events, each with what stands beside the lists."""
    if isinstance(value, list):
        for element in value:
            yield from _listed_events(element, outer, depth)
    elif isinstance(value, dict):
        lists = {key: inner for key, inner in value.items() if _is_list_of_events(key, inner)}
        beside = {key: inner for key, inner in value.items() if key not in lists}
        if not lists or depth > MAX_DEPTH:
            yield {**outer, **beside}
        for inner in lists.values():
            yield from _listed_events(inner, {**outer, **beside}, depth + 1)


def _is_list_of_events(key: str, value: object) -> bool:
    is_list = isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)
    return is_list and str(key).casefold() in _LIST_KEYS


class _Printed:
    """One document of printed JSON: which containers are open, and the lines of the event that is being read."""

    def __init__(self) -> None:
        self.open: list[tuple[str, str]] = []
        """Of each open container its mark and its key."""
        self.lines: list[LogLine] = []
        self.event_depth: int | None = None

    @property
    def is_list(self) -> bool:
        """Whether what was opened last is a list of events, and nothing of an event was read since."""
        return (
            bool(self.open)
            and self.open[-1][0] == "["
            and all(not key or key in _LIST_KEYS for _mark, key in self.open)
        )

    def starts_event(self) -> bool:
        """Whether the container that was opened last is an event: the outermost object, or one of a list of events."""
        *outer, (mark, _key) = self.open
        if mark != "{":
            return False
        if not outer:
            return True
        keys = {key for _mark, key in outer if key}
        return outer[-1][0] == "[" and keys <= _LIST_KEYS and len(outer) <= 4


_ELEMENT: Final = re.compile(
    r"(?P<before>\s*(?:[\[,]\s*)?)(?P<object>\{\s*\".{0,8000}\})\s*(?:[,\]]\s*)?", re.DOTALL
)
"""An object of a list that stands on a line of its own."""


def joined_objects(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Yield lines, and each event of JSON that is printed over several lines as one line."""
    printed: _Printed | None = None
    for line in lines:
        is_between = printed is None or printed.is_list or line.starts_block
        if is_between and (element := _ELEMENT.fullmatch(line.text)):
            yield replace(line, text=element["object"], text_before=line.text_before + element["before"])
            continue
        if printed is None or line.starts_block:
            if printed is not None:
                yield from printed.lines
            printed = _Printed() if line.text.strip() in {"[", "{", "[{"} or _is_inner_member(line) else None
            if printed is None:
                yield line
                continue
        yield from _take_printed(printed, line)
        if not printed.open and not printed.lines:
            printed = None
    if printed is not None:
        yield from _event_line(printed.lines)


def _is_inner_member(line: LogLine) -> bool:
    """Whether a block begins within printed JSON."""
    return (
        line.starts_block and line.text[:2].isspace() and line.text.lstrip()[:1] == '"' and '": ' in line.text
    )


def _take_printed(printed: _Printed, line: LogLine) -> Iterator[LogLine]:
    """Take one line of printed JSON; yield the event that it ends, or every line where it is no JSON after all."""
    text = line.text.strip()
    opens = _OPENS.match(line.text)
    is_json = (
        not text or text == "[{" or opens or _CLOSES.match(line.text) or _PRINTED_MEMBER.match(line.text)
    )
    if not is_json or len(printed.lines) >= MAX_EVENT_LINES:
        held, printed.lines, printed.open, printed.event_depth = [*printed.lines, line], [], [], None
        yield from held
        return
    if text == "[{":
        printed.open += [("[", ""), ("{", "")]
    elif opens:
        printed.open.append((opens["mark"], (opens["key"] or "").casefold()))
    if (opens or text == "[{") and printed.starts_event():
        # An object of a list ends what was read of the object around the list.
        printed.lines, printed.event_depth = [], len(printed.open)
    printed.lines.append(line)
    if _CLOSES.match(line.text) and not opens:
        closed = text.count("}") + text.count("]")
        del printed.open[max(0, len(printed.open) - closed) :]
        if printed.event_depth is None or len(printed.open) < printed.event_depth:
            held, printed.lines, printed.event_depth = printed.lines, [], None
            yield from _event_line(held)


def _event_line(lines: list[LogLine]) -> Iterator[LogLine]:
    """The lines of one event as one line, of the number of the line with its message; nothing for brackets alone."""
    members = [line for line in lines if '"' in line.text]
    if not members:
        return
    text = " ".join(line.text.strip() for line in lines)
    text = text.rstrip(", ")
    named = (line for line in members if line.text.strip()[1:].partition('"')[0].casefold() in MESSAGE_FIELDS)
    head = next(named, members[0])
    yield replace(
        head, text=text if text.startswith("{") else "{" + text.lstrip("[{ "), size_bytes=len(text),
        starts_block=lines[0].starts_block,
    )  # fmt: skip


# --- Records

MAX_RECORD_LINES: Final = 400
"""Lines of one record that are read."""
MAX_PROGRAMS: Final = 200
"""Programs of one log that are kept separate at the same time."""
MAX_LINES_APART: Final = 200
"""Lines of other programs after which a record ends."""

TRACEBACK_PART: Final = re.compile(
    r"\s|[!>]\s{2,}at |Caused by|Traceback|During handling|The above exception|#\d|\.\.\. \d|[}\])]|Stack trace|Previous exception|\[previous|Next |Debug info: |Query: \S|Function: [\w:\\]{1,120}$|Error: \d{4} .{0,200} \([\w.:-]{1,80}\)$|\(Background|\[SQL|Invalid `prisma\.|The last packet|\(errno \d"
)
"""What joins the parts of a traceback, in the languages that are read."""
EXCEPTION_HEAD: Final = re.compile(r"[\w.$]{1,200}(?:Exception|Error)\b")
"""The first line of a traceback, below the line that announces it."""
_PADDED_PROCESS: Final = re.compile(r" {1,6}\d{1,7}:\d{8}:\d{6}\.\d{3} ")
"""How lines of Zabbix begin: the number of the process is padded with spaces."""
_CRASH_HEAD: Final = re.compile(r"\d\d:\d\d:\d\d UTC - ")
"""How MySQL's report of a crash begins: with a time, and no date."""
_STREAM: Final = re.compile(r"\b(?:stdout|stderr)\b")
_LOGGED_AT_END: Final = re.compile(r"(?:\S{1,80} )?haproxy\b")
"""A program whose own timestamp is when a session began; the wrapper's timestamp is when it ended."""


@dataclass(slots=True)
class Record:
    """The lines that belong to one timestamp."""

    timestamp: Timestamp | None = None
    silent_seconds: float | None = None
    """How long the program had been silent before the record."""
    program: str = ""
    """The program as the wrapper of its lines names it; empty where lines have no wrapper."""
    lines: list[LogLine] = field(default_factory=list)
    last_outer: Timestamp | None = None
    """The timestamp of the wrapper around its last line."""
    is_over: bool = False
    """Whether no further line belongs to it."""
    starts_dated: bool = False
    """Whether its first line has the timestamp: one that only a later line has may be of something else."""


def split_records(lines: Iterable[LogLine], now: float | None) -> Iterator[Record]:
    """Group lines into records, in the order of their first lines.

    A record begins at a timestamp, at a block, or at what continues nothing; each program has records of its own. `now`,
    in seconds since 1970, dates timestamps that have no year.
    """
    records = _OpenRecords(now)
    for line in lines:
        records.add(line)
        yield from records.pop_over(line.number)
    yield from records.pop_all()


MAX_SILENCE_SECONDS: Final = 31_536_000.0
"""No idle limit is longer; after a longer silence the log is of something else."""
BURST_GAP_SECONDS: Final = 5.0
BURST_SECONDS: Final = 10.0
"""Lines that follow each other so closely are of one piece of work: the silence before them is that before each."""
SAME_ENTRY_SECONDS: Final = 1.0
"""A traceback that begins later than this after the line before is an entry of its own."""
STARTS_CHARS: Final = 300
_STARTS: Final = re.compile(
    r"(?i)(?!\Astart(?:s|ed)?\s*\Z)\b(?:start(?:s|ed|ing|up)?|boot(?:ed|ing)?|(?:re)?connect(?:ed|ing)|launch(?:ed|ing)?|initiali[sz]\w{1,6}|version)\b"
)
"""What a program says when it begins, or connects: then no connection of it is older."""
_STARTS_WORK: Final = re.compile(
    r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE)\b|(?i:\b(?:jid|jobs?|tasks?|requests?|batch(?:es)?|transactions?|quer(?:y|ies)|imports?|exports?)\b)"
)
"""What a line has by which a program begins a piece of work, and not itself: its connections may be older."""


@dataclass(slots=True)
class _Burst:
    """Records of one program that follow each other closely, after a silence."""

    began: Timestamp | None = None
    silence_seconds: float | None = None
    is_start: bool = False
    """Whether the program began with it."""

    @property
    def is_after_silence(self) -> bool:
        """Whether a silence stands before it that is worth a word."""
        return (self.silence_seconds or 0.0) > BURST_SECONDS

    def silence_before(self, timestamp: Timestamp, gap: float | None) -> float | None:
        """How long the program had been silent before a record, `gap` seconds after its last line; None where it is not known."""
        if gap is None or gap > MAX_SILENCE_SECONDS:
            return None
        since = None if self.began is None else timestamp.seconds_after(self.began)
        if self.began is None or since is None or gap > BURST_GAP_SECONDS:
            self.began, self.silence_seconds, self.is_start = timestamp, gap, False
            return gap
        return gap if self.is_start or since > BURST_SECONDS else self.silence_seconds


CLOSE_DATES_SECONDS: Final = 3 * 86_400.0
"""Two timestamps of one log that are near each other: with day and month exchanged they would be weeks apart."""


@dataclass(slots=True)
class _DateOrder:
    """Whether the day stands before the month in a log's dates with slashes, as far as they or other dates show it."""

    is_day_first: bool | None = None
    last: Timestamp | None = None
    """The last timestamp that can be read in one way only."""

    def read(self, timestamp: Timestamp | None) -> Timestamp | None:
        """A timestamp in the order that the log has."""
        if timestamp is None:
            return None
        if timestamp.is_day_first is not None:
            self.is_day_first = timestamp.is_day_first
        other = timestamp.in_other_order
        if other is None:
            self.last = timestamp
            return timestamp
        if self.is_day_first is None and self.last is not None:
            apart = [abs(one.clock_seconds - self.last.clock_seconds) for one in (timestamp, other)]
            is_decided = min(apart) <= CLOSE_DATES_SECONDS < max(apart)
            self.is_day_first = apart[1] < apart[0] if is_decided else None
        return other if self.is_day_first else timestamp


class _OpenRecords:
    """The record that each program is writing, and those that wait for an earlier one to end."""

    def __init__(self, now: float | None) -> None:
        self._now = now
        self._in_order: list[Record] = []
        self._by_program: dict[str, Record] = {}
        self._last: dict[str, Timestamp] = {}
        self._last_outer: dict[str, Timestamp] = {}
        """The last timestamp around what each program wrote."""
        self._bursts: dict[str, _Burst] = {}
        self._dates = _DateOrder()

    def add(self, line: LogLine) -> None:
        if line.starts_block:
            self._end_all()
        own = None if line.continues else self._dates.read(parse_timestamp(line.text, self._now))
        outer = parse_timestamp(line.timestamp_text, self._now) if line.timestamp_text else None
        timestamp = self._timestamp(line, own, outer)
        record = self._by_program.get(line.program)
        last_outer = None if record is None else record.last_outer
        pause_seconds = 0.0 if outer is None or last_outer is None else outer.seconds_apart(last_outer)
        if (
            record is None
            or record.is_over
            or len(record.lines) >= MAX_RECORD_LINES
            or _starts_record(record, line, own, pause_seconds)
        ):
            silent_seconds = self._silence_before(line, timestamp, None if own else outer)
            record = self._new_record(line, timestamp, record, silent_seconds)
        record.timestamp = record.timestamp or timestamp
        record.lines.append(line)
        record.last_outer = outer or record.last_outer
        self._remember(line, timestamp, outer)

    def _remember(self, line: LogLine, timestamp: Timestamp | None, outer: Timestamp | None) -> None:
        """Remember when a program wrote its last line, and whether it began with it."""
        voice = _voice(line)
        if timestamp is not None:
            self._last[voice] = timestamp
        if outer is not None:
            self._last_outer[voice] = outer
        burst = self._bursts.get(voice)
        if burst is None or not burst.is_after_silence:
            return
        head = line.text[:STARTS_CHARS]
        if _STARTS.search(head) and not _STARTS_WORK.search(head):
            burst.is_start = True

    def _timestamp(self, line: LogLine, own: Timestamp | None, outer: Timestamp | None) -> Timestamp | None:
        if outer is not None and _LOGGED_AT_END.match(line.program):
            return outer.with_year_of(own)
        if own is None and outer is not None:
            return outer.with_year_of(self._last.get(_voice(line)))
        return better_timestamp(own, outer)

    def _silence_before(
        self, line: LogLine, timestamp: Timestamp | None, outer: Timestamp | None
    ) -> float | None:
        """How long the program of a line had been silent. `outer` is the time of the wrapper where the line has no other.

        A wrapper may have another clock than the program.
        """
        voice = _voice(line)
        last, last_outer = self._last.get(voice), self._last_outer.get(voice)
        if timestamp is None or last is None or line.starts_block:
            return None
        gap = outer.seconds_after(last_outer) if outer and last_outer else timestamp.seconds_after(last)
        return self._bursts.setdefault(voice, _Burst()).silence_before(timestamp, gap)

    def _new_record(
        self, line: LogLine, timestamp: Timestamp | None, before: Record | None, silent_seconds: float | None
    ) -> Record:
        if before is not None:
            before.is_over = True
            if timestamp is None and not line.starts_block and len(before.lines) >= MAX_RECORD_LINES:
                timestamp = before.timestamp
        elif len(self._by_program) >= MAX_PROGRAMS:
            self._end_all()
        record = Record(timestamp, silent_seconds, line.program, starts_dated=timestamp is not None)
        self._by_program[line.program] = record
        self._in_order.append(record)
        return record

    def _end_all(self) -> None:
        for record in self._by_program.values():
            record.is_over = True
        self._by_program.clear()
        self._last.clear()
        self._last_outer.clear()
        self._bursts.clear()

    def pop_over(self, number: int) -> Iterator[Record]:
        """Yield the records that are over and have none before them that is not."""
        while self._in_order:
            first = self._in_order[0]
            if not first.is_over and number - first.lines[-1].number <= MAX_LINES_APART:
                return
            first.is_over = True
            yield self._in_order.pop(0)

    def pop_all(self) -> Iterator[Record]:
        yield from self._in_order


def _voice(line: LogLine) -> str:
    """The program that wrote a line, whichever of its two streams it took: the other was not silent."""
    return _STREAM.sub("", line.program)


PRINTED_LINES: Final = 20
"""Lines of one message of Prisma, which shows the lines of source around the call."""


def _is_in_message(record: Record) -> bool:
    """Whether a record ends within a message of Prisma: what failed stands below the call and empty lines."""
    return any(line.text.startswith("Invalid `prisma.") for line in record.lines[-PRINTED_LINES:])


def _starts_record(record: Record, line: LogLine, own: Timestamp | None, pause_seconds: float) -> bool:
    """Whether a line begins a record: it has a timestamp of its own, continues nothing, or came after a pause by its wrapper."""
    if line.continues:
        return False
    text = line.text
    is_indented = text[:1].isspace() and not _PADDED_PROCESS.match(text)
    if (own is not None and not is_indented) or _CRASH_HEAD.match(text):
        return True
    if not line.timestamp_text:
        return False
    if pause_seconds > (SAME_ENTRY_SECONDS if text.startswith("Traceback ") else BURST_GAP_SECONDS):
        return True
    if pause_seconds <= SAME_ENTRY_SECONDS and _is_in_message(record):
        return False
    is_in_traceback = any(TRACEBACK_PART.match(before.text) for before in record.lines)
    continues = not text or TRACEBACK_PART.match(text) or (is_in_traceback and EXCEPTION_HEAD.match(text))
    return not continues
