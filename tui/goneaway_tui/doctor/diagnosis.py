"""The diagnosis: weighs the arguments of all rules into findings, and says how to verify each by hand.

`explain_log` is the whole walk of a log; `diagnose` that of one case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from itertools import chain
from typing import Final

from goneaway_tui.doctor import remedies, rules
from goneaway_tui.doctor.case import NO_SERVER, Case, ServerFacts, facts_from_text
from goneaway_tui.doctor.corroboration import corroborating_arguments
from goneaway_tui.doctor.remedies import Remedies
from goneaway_tui.doctor.rules import Argument, Rule, proof, refutation
from goneaway_tui.i18n import N_, _
from goneaway_tui.logs.blocks import WHOLE_LOG_BYTES
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import CODES, SYSTEM_LOG, ErrorEvent
from goneaway_tui.logs.redact import MAX_QUOTED_CHARS, redacted
from goneaway_tui.model.cause import Cause, Certainty, Finding, cause_name
from goneaway_tui.model.server import Flavour
from goneaway_tui.text.format import in_sentences
from goneaway_tui.text.sanitize import plain

FLAVOUR_NAMES: Final = {Flavour.MYSQL: "MySQL", Flavour.MARIADB: "MariaDB"}


@dataclass(frozen=True, slots=True)
class Verification:
    """How to verify a cause by hand. Its words are marked for translation."""

    any_server: str = ""
    """What to look at on every server."""
    by_flavour: Mapping[Flavour, str] = field(default_factory=dict)
    """What to look at beside it, where the flavours keep different evidence."""

    def words(self, flavour: Flavour | None) -> str:
        """The words for a server of that flavour; for both, each by its name, where the flavour is not known."""
        own = {known: _(words) for known, words in self.by_flavour.items()}
        named = (
            _("{flavour}: {proof}", flavour=FLAVOUR_NAMES[known], proof=words) for known, words in own.items()
        )
        sentences: dict[Flavour | None, Iterable[str]] = {None: named}
        sentences |= {known: (_capitalized(own[known]),) if known in own else () for known in Flavour}
        return in_sentences((*([_(self.any_server)] if self.any_server else ()), *sentences[flavour]))


def _capitalized(sentence: str) -> str:
    """A sentence with a capital at its beginning, for where no name stands before it."""
    return sentence[:1].upper() + sentence[1:]


def _verification(any_server: str = "", mysql: str = "", mariadb: str = "") -> Verification:
    by_flavour = {Flavour.MYSQL: mysql, Flavour.MARIADB: mariadb}
    return Verification(any_server, {flavour: words for flavour, words in by_flavour.items() if words})


VERIFICATIONS: Final = {
    Cause.IDLE_TIMEOUT: _verification(
        N_("Compare the pause before the error with SELECT @@GLOBAL.wait_timeout."),
        N_("the server counts error 4031 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        N_("with log_warnings=2 the error log says 'Aborted connection ... (Got timeout reading communication packets)'."),
    ),
    Cause.SERVER_RESTART: _verification(N_("SHOW GLOBAL STATUS LIKE 'Uptime': is it shorter than the time since the error?")),
    Cause.KILLED: _verification(
        N_("Compare SHOW GLOBAL STATUS LIKE 'Com_kill' before and after."),
        N_("SELECT @@GLOBAL.offline_mode: turning offline mode on also ends sessions, and does not count as a KILL."),
        N_("with log_warnings=4 the error log names the killed sessions."),
    ),
    Cause.PACKET_TOO_LARGE: _verification(
        N_("Compare the statement's size with SELECT @@GLOBAL.max_allowed_packet."),
        N_("the server counts error 1153 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        N_("the error log says \"Got a packet bigger than 'max_allowed_packet' bytes\" for each such packet, even if TLS hid "
"error 1153 from the client."),
    ),
    Cause.SERVER_CRASH: _verification(
        N_("Search the server's error log at that time for 'got signal' or 'crash recovery'."),
    ),
    Cause.PROXY_OR_FIREWALL: _verification(
        N_("While the client reports the connection as lost, find its session in SHOW PROCESSLIST. If the session is still "
"listed as Sleep, the server did not close it."),
    ),
    Cause.CLIENT_QUIT: _verification(N_("Log where connections are opened and closed, with CONNECTION_ID().")),
    Cause.FORKED_CONNECTION: _verification(N_("Log the process id together with CONNECTION_ID(). One CONNECTION_ID() in two processes proves this cause.")),
    Cause.TOO_MANY_CONNECTIONS: _verification(N_("Compare SHOW GLOBAL STATUS LIKE 'Max_used_connections' with @@max_connections.")),
    Cause.NET_WRITE_TIMEOUT: _verification(
        N_("SHOW PROCESSLIST shows 'Sending to client' or 'Writing to net'."),
        N_("the server counts error 1161 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        N_("with log_warnings=4 the error log says 'Could not write packet ... errno: 110'."),
    ),
    Cause.NET_READ_TIMEOUT: _verification(
        N_("SHOW PROCESSLIST shows 'Reading from net'."),
        N_("the server counts error 1159 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        N_("with log_warnings=2 the error log says 'Got timeout reading communication packets'."),
    ),
    Cause.TRANSACTION_TIMEOUT: _verification(
        N_("Find what the program does between BEGIN and COMMIT."), mariadb=N_("SELECT @@GLOBAL.idle_transaction_timeout.")
    ),
    Cause.CLIENT_LOST: _verification(N_("Check the logs of the client and of its machine for the same time.")),
    Cause.HOST_BLOCKED: _verification(
        N_("SHOW GLOBAL VARIABLES LIKE 'max_connect_errors'."),
        N_("SELECT IP, SUM_CONNECT_ERRORS FROM performance_schema.host_cache."),
        N_("mariadb-admin flush-hosts unblocks the host: if that helps, this was the cause."),
    ),
    Cause.STATEMENT_TIMEOUT: _verification(
        "",
        N_("SELECT @@GLOBAL.max_execution_time (milliseconds)."),
        N_("SELECT @@GLOBAL.max_statement_time (seconds)."),
    ),
    Cause.ACCESS_DENIED: _verification(
        N_("Log in by hand from the same machine with the same account."), N_("SELECT @@GLOBAL.offline_mode.")
    ),
    Cause.UNKNOWN: _verification(N_("Watch the server with goneaway-tui until the error happens again.")),
}  # fmt: skip
"""How to verify each cause."""


LIKELY_WEIGHT: Final = 4
"""The sum of weights from which a cause is likely; below it is possible."""
POSSIBLE_WEIGHT: Final = 2
"""The weight of what a log names as the cause without being sure."""
_CERTAINTY_ORDER: Final = tuple(Certainty)

_MYSQL: Final = "https://dev.mysql.com/doc/refman/en/"
_MARIADB: Final = "https://mariadb.com/docs/server/"


@dataclass(frozen=True, slots=True)
class CauseRules:
    """The rule, the remedies and the manual page of one cause."""

    cause: Cause
    rule: Rule
    remedies: Remedies
    docs: str
    limit_remedies: Remedies | None = None
    """What to do about a limit that is too low. Shown only where that limit is shown to be the cause."""


CAUSE_RULES: Final = (
    CauseRules(Cause.IDLE_TIMEOUT, rules.idle_timeout, remedies.for_idling, _MYSQL + "gone-away.html", remedies.longer_idling),
    CauseRules(Cause.SERVER_RESTART, rules.server_restart, remedies.for_restarts, _MYSQL + "gone-away.html"),
    CauseRules(Cause.KILLED, rules.killed, remedies.for_kills, _MYSQL + "kill.html"),
    CauseRules(Cause.PACKET_TOO_LARGE, rules.packet_too_large, remedies.for_packets, _MYSQL + "packet-too-large.html", remedies.larger_packets),
    CauseRules(Cause.SERVER_CRASH, rules.server_crash, remedies.for_crashes, _MYSQL + "crashing.html"),
    CauseRules(Cause.PROXY_OR_FIREWALL, rules.proxy_or_firewall, remedies.for_proxies, _MYSQL + "error-lost-connection.html"),
    CauseRules(Cause.CLIENT_QUIT, rules.client_quit, remedies.for_closed_objects, _MYSQL + "gone-away.html"),
    CauseRules(Cause.FORKED_CONNECTION, rules.forked_connection, remedies.for_forks, _MYSQL + "gone-away.html"),
    CauseRules(Cause.TOO_MANY_CONNECTIONS, rules.too_many_connections, remedies.for_full_servers, _MYSQL + "too-many-connections.html", remedies.more_connections),
    CauseRules(Cause.NET_WRITE_TIMEOUT, rules.net_write_timeout, remedies.for_slow_reading, _MYSQL + "error-lost-connection.html", remedies.slower_reading),
    CauseRules(Cause.NET_READ_TIMEOUT, rules.net_read_timeout, remedies.for_slow_sending, _MYSQL + "error-lost-connection.html", remedies.slower_sending),
    CauseRules(Cause.TRANSACTION_TIMEOUT, rules.transaction_timeout, remedies.for_transactions, _MARIADB + "reference/sql-statements/transactions/transaction-timeouts", remedies.longer_transactions),
    CauseRules(Cause.CLIENT_LOST, rules.client_lost, remedies.for_lost_clients, _MYSQL + "communication-errors.html"),
    CauseRules(Cause.HOST_BLOCKED, rules.host_blocked, remedies.for_blocked_hosts, _MYSQL + "host-cache.html", remedies.more_connect_errors),
    CauseRules(Cause.STATEMENT_TIMEOUT, rules.statement_timeout, remedies.for_statements, _MYSQL + "server-system-variables.html#sysvar_max_execution_time", remedies.longer_statements),
    CauseRules(Cause.ACCESS_DENIED, rules.access_denied, remedies.for_refusals, _MYSQL + "problems-connecting.html"),
    CauseRules(Cause.UNKNOWN, rules.unknown, remedies.for_unknown_causes, _MYSQL + "can-not-connect-to-server.html"),
)  # fmt: skip
"""Of two causes that weigh the same the first here comes first: it is the more frequent."""

COMMONLY_BLAMED: Final = (Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE, Cause.SERVER_RESTART, Cause.KILLED)
"""What people blame first: where the cause is another, these are shown as ruled out."""


def general_advice(cause: Cause, server: ServerFacts) -> Finding:
    """How to verify a cause and what to do about it, where no single error is looked at."""
    case = Case(ErrorEvent(0, None), server)
    cause_rules = next(rules for rules in CAUSE_RULES if rules.cause is cause)
    return Finding(
        cause,
        Certainty.POSSIBLE,
        prove=VERIFICATIONS[cause].words(server.flavour),
        remedies=tuple(cause_rules.remedies(case)),
        docs=cause_rules.docs,
    )


def diagnose(case: Case) -> tuple[Finding, ...]:
    """Weigh every cause: those with an argument for or against them, the most likely first, ruled-out ones last."""
    event = case.event
    confirmed_cause = event.stated_cause if event.certainty is Certainty.CONFIRMED else None
    ranked: list[tuple[int, int, int, Finding]] = []
    for order, cause_rules in enumerate(CAUSE_RULES):
        arguments = _arguments(case, cause_rules, confirmed_cause)
        if arguments:
            finding = _weigh(case, cause_rules, arguments)
            weight = sum(argument.weight for argument in arguments)
            ranked.append((_CERTAINTY_ORDER.index(finding.certainty), -weight, order, finding))
    if all(finding.certainty is Certainty.RULED_OUT for *_rank, finding in ranked):
        possible = _CERTAINTY_ORDER.index(Certainty.POSSIBLE)
        ranked.append((possible, 0, len(CAUSE_RULES), _unknown_cause(case)))
    findings = tuple(finding for *_rank, finding in sorted(ranked, key=lambda row: row[:3]))
    return tuple(map(_as_mention, findings)) if event.is_mention else findings


def _as_mention(finding: Finding) -> Finding:
    """A finding of what may only be a quotation: at most possible, and nothing to be done."""
    if finding.certainty is Certainty.RULED_OUT:
        return finding
    against = (*finding.against, _("The line may only quote the error message."))
    return replace(finding, certainty=Certainty.POSSIBLE, against=against, prove="", remedies=())


def _arguments(case: Case, cause_rules: CauseRules, confirmed_cause: Cause | None) -> list[Argument]:
    """All arguments for and against a cause. An error that names its cause rules out those people blame first."""
    cause = cause_rules.cause
    if confirmed_cause and cause is not confirmed_cause:
        is_commonly_blamed = cause in COMMONLY_BLAMED
        return [refutation(_other_cause_words(case, confirmed_cause))] if is_commonly_blamed else []
    # Where no server was asked there is nothing to corroborate by.
    corroborating = () if case.server is NO_SERVER else corroborating_arguments(case, cause)
    reported = rules.reported_end(case, cause)
    return [*_stated_cause_arguments(case, cause), *corroborating, *reported, *cause_rules.rule(case)]


def _unknown_cause(case: Case) -> Finding:
    """The finding where every cause is ruled out, or none has an argument."""
    cause_rules = CAUSE_RULES[-1]
    return Finding(
        cause_rules.cause,
        Certainty.POSSIBLE,
        (_("The log does not show why."),),
        (),
        VERIFICATIONS[cause_rules.cause].words(case.server.flavour),
        tuple(cause_rules.remedies(case)),
        cause_rules.docs,
    )


def _stated_cause_arguments(case: Case, cause: Cause) -> tuple[Argument, ...]:
    """What the log's own words say of a cause."""
    event = case.event
    if event.stated_cause is not cause:
        return ()
    if event.certainty is Certainty.CONFIRMED and not event.is_mention:
        return (proof(_stated_cause_words(event, is_sure=True)),)
    weight = POSSIBLE_WEIGHT if event.certainty is Certainty.POSSIBLE else LIKELY_WEIGHT
    return (Argument(weight, _pointing_words(event)),)


def _stated_cause_words(event: ErrorEvent, *, is_sure: bool) -> str:
    """What names the cause, or only points to it: the error, or a log of the server or its machine."""
    code = CODES.get(event.code)
    if event.client == SYSTEM_LOG:
        reports, points = (
            N_("The log of the server's machine or container reports this cause."),
            N_("The log of the server's machine or container points to this cause."),
        )
    elif code is None or code.stated_cause is None or code.stated_cause is not event.stated_cause:
        reports, points = (
            (N_("The server's log reports this cause."), N_("The server's log points to this cause."))
            if event.from_server_log
            else (N_("The error itself reports this cause."), N_("The error points to this cause."))
        )
    else:
        reports, points = (
            (
                N_("The server's log reports this cause: {meaning} ({name})."),
                N_("The server's log points to this cause: {meaning} ({name})."),
            )
            if event.from_server_log
            else (
                N_("The error itself reports this cause: {meaning} ({name})."),
                N_("The error points to this cause: {meaning} ({name})."),
            )
        )
    meaning, name = ("", "") if code is None else (_(code.meaning), code.name)
    return _(reports if is_sure else points, meaning=meaning, name=name)


def _pointing_words(event: ErrorEvent) -> str:
    """What points to the cause, where it is not certain."""
    if event.stated_cause is not Cause.IDLE_TIMEOUT or event.certainty is Certainty.CONFIRMED:
        return _stated_cause_words(event, is_sure=False)
    if event.from_server_log:
        return _(
            "The server waited for the client until a timeout: nearly always wait_timeout, rarely net_read_timeout."
        )
    return _(
        "The driver received a packet that it had not requested. MySQL 8.0.24 and later sends such a packet, error 4031, "
        "when it closes an idle session."
    )


def _other_cause_words(case: Case, stated_cause: Cause) -> str:
    """Why a cause is ruled out by an error that names another."""
    number = case.event.code
    if number not in CODES:
        return _("The message names another cause: {cause}.", cause=cause_name(stated_cause))
    return _("Error {number} names another cause: {cause}.", number=number, cause=cause_name(stated_cause))


def _weigh(case: Case, cause_rules: CauseRules, arguments: list[Argument]) -> Finding:
    """The finding for one cause, by at least one argument."""
    certainty = _certainty(arguments)
    is_ruled_out = certainty is Certainty.RULED_OUT
    refuting = [argument.text for argument in arguments if argument.certainty is Certainty.RULED_OUT]
    supporting = sorted(
        (argument for argument in arguments if argument.weight >= 0), key=lambda argument: -argument.weight
    )
    opposing = [argument.text for argument in arguments if argument.weight < 0 and argument.certainty is None]
    is_settled = is_ruled_out or certainty is Certainty.CONFIRMED
    return Finding(
        cause_rules.cause,
        certainty,
        because=tuple(refuting if is_ruled_out else (argument.text for argument in supporting)),
        against=() if is_ruled_out else (*opposing, *refuting),
        prove="" if is_settled else _verification_words(case, cause_rules.cause),
        remedies=() if is_ruled_out else tuple(_remedies(case, cause_rules, certainty, arguments)),
        docs=cause_rules.docs,
    )


def _verification_words(case: Case, cause: Cause) -> str:
    """How to verify a cause. A connection that the server never greeted has no session to look for."""
    if cause is Cause.PROXY_OR_FIREWALL and (case.event.refused or case.event.never_began):
        return _(
            "Log in from the client's machine, and then on the server's machine. If only the first fails, something between "
            "them refuses or drops the connection."
        )
    return VERIFICATIONS[cause].words(case.server.flavour)


def _certainty(arguments: list[Argument]) -> Certainty:
    """How sure a cause is: a proof outweighs a refutation, and both outweigh all that is only weighed."""
    settled = {argument.certainty for argument in arguments}
    for certainty in (Certainty.CONFIRMED, Certainty.RULED_OUT):
        if certainty in settled:
            return certainty
    weight = sum(argument.weight for argument in arguments)
    return Certainty.LIKELY if weight >= LIKELY_WEIGHT else Certainty.POSSIBLE


def _remedies(
    case: Case, cause_rules: CauseRules, certainty: Certainty, arguments: list[Argument]
) -> Iterator[str]:
    yield from cause_rules.remedies(case)
    limit_reached = any(argument.limit_reached for argument in arguments)
    if cause_rules.limit_remedies is not None and (certainty is Certainty.CONFIRMED or limit_reached):
        yield from cause_rules.limit_remedies(case)


PROCESS_FORM: Final = re.compile(r"[\w./-]{1,60}\[\d{1,10}\]$")
"""The process in the words of a journal or syslog."""

SCHEMA = "goneaway.explanation/1"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One lost or refused connection, explained."""

    file: str
    """The name of the log as it was given; `-` is standard input."""
    event: ErrorEvent
    findings: tuple[Finding, ...]
    """Most likely first, ruled-out ones last."""

    @property
    def time(self) -> str | None:
        """When the error was noticed, in ISO 8601; without `Z` where the log names no zone."""
        return self.event.timestamp.iso if self.event.timestamp else None

    @property
    def year_guessed(self) -> bool:
        """Whether the log wrote no year."""
        return self.event.timestamp is not None and self.event.timestamp.year_guessed

    @property
    def text(self) -> str:
        """The line of the log as it may be shown: one short line, secrets masked, no control characters.

        Who spoke comes first: the process that a journal names, and how a long line begins.
        """
        event = self.event
        process = PROCESS_FORM.search(event.program)
        spoken = [f"{process[0]}:"] if process else []
        text = redacted(event.text, before=event.text_before)
        if event.head:
            spoken.append(redacted(event.head))
        return plain(" ".join([*spoken, text]), MAX_QUOTED_CHARS)

    @property
    def kind(self) -> tuple[object, ...]:
        """What two explanations of the same kind share: they are reported together."""
        return (
            self.event.code,
            self.event.client.name,
            self.event.is_mention,
            tuple((finding.cause, finding.certainty) for finding in self.findings),
        )


def explain_log(
    file: str,
    blocks: Iterable[bytes],
    server: ServerFacts = NO_SERVER,
    *,
    now: float | None = None,
    zone: tzinfo = UTC,
) -> Iterator[Explanation]:
    """Yield an explanation of every lost or refused connection in one log. Memory is bounded, whatever the log's size.

    `blocks` are the bytes of the log, cut anywhere. `now`, in seconds since 1970, dates timestamps without a year;
    `zone` is the time zone of timestamps that name none.
    """
    name = plain(file, 1000)
    stated, blocks = _stated_facts(blocks)
    if stated.limits or stated.counters or stated.proxy_limits:
        server = server.completed_by(stated)
    for event in find_error_events(blocks, now):
        yield Explanation(name, event, diagnose(Case(event, server, zone)))


_MAY_STATE_FACTS: Final = re.compile(
    rb"(?i)wait_timeout|max_allowed_packet|aborted_c|max_connections|net_(?:read|write)_timeout"
    rb"|\btimeout\s+(?:client|server|tunnel)\s|\bproxy_timeout\s|\bidle_timeout\b"
)


def _stated_facts(blocks: Iterable[bytes]) -> tuple[ServerFacts, Iterator[bytes]]:
    """What a person pasted of a server's facts into the first WHOLE_LOG_BYTES of a log; and all blocks again."""
    iterator = iter(blocks)
    taken: list[bytes] = []
    size = 0
    for block in iterator:
        taken.append(block)
        size += len(block)
        if size >= WHOLE_LOG_BYTES:
            break
    head = b"".join(taken)[:WHOLE_LOG_BYTES]
    stated = facts_from_text(head.decode("utf-8", "replace")) if _MAY_STATE_FACTS.search(head) else NO_SERVER
    return stated, chain(taken, iterator)
