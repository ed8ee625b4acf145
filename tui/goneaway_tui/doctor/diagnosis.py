"""How to make sure of a cause by hand: where the flavours keep different evidence, each is told its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from goneaway_tui.doctor import remedies, rules
from goneaway_tui.doctor.case import NO_SERVER, Case, ServerFacts
from goneaway_tui.doctor.corroboration import corroborating_arguments
from goneaway_tui.doctor.remedies import Remedies
from goneaway_tui.doctor.rules import Argument, Rule
from goneaway_tui.doctor.units import in_sentences
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.error_events import CODES, ErrorEvent
from goneaway_tui.logs.redact import redacted
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.server import Flavour
from goneaway_tui.text.sanitize import plain

FLAVOUR_NAMES: Final = {Flavour.MYSQL: "MySQL", Flavour.MARIADB: "MariaDB"}


@dataclass(frozen=True, slots=True)
class Verification:
    """What to look at; its words are marked."""

    any_server: str = ""
    by_flavour: Mapping[Flavour, str] = field(default_factory=dict)
    """What one flavour has beside it."""

    def words(self, flavour: Flavour | None) -> str:
        """For a server of that flavour; where nobody knows it, for both, each by its name."""
        own = {each: _(said) for each, said in self.by_flavour.items()}
        both = (
            _("{flavour}: {proof}", flavour=FLAVOUR_NAMES[each], proof=said) for each, said in own.items()
        )
        ways: dict[Flavour | None, Iterable[str]] = {None: both}
        ways |= {each: (_capitalized(own[each]),) if each in own else () for each in Flavour}
        return in_sentences((*([_(self.any_server)] if self.any_server else ()), *ways[flavour]))


def _capitalized(sentence: str) -> str:
    """As it begins where no name stands before it."""
    return sentence[:1].upper() + sentence[1:]


def _verification(on_any: str = "", mysql: str = "", mariadb: str = "") -> Verification:
    said = {Flavour.MYSQL: mysql, Flavour.MARIADB: mariadb}
    return Verification(on_any, {flavour: words for flavour, words in said.items() if words})


VERIFICATIONS: Final = {
    Cause.IDLE_TIMEOUT: _verification(
        marked("Compare the pause before the error with SELECT @@GLOBAL.wait_timeout."),
        marked("it counts error 4031 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=2 its error log says 'Aborted connection ... (Got timeout reading communication packets)'."),
    ),
    Cause.SERVER_RESTART: _verification(marked("SHOW GLOBAL STATUS LIKE 'Uptime': is it shorter than the time since the error?")),
    Cause.KILLED: _verification(
        marked("SHOW GLOBAL STATUS LIKE 'Com_kill' before and after."),
        marked("SELECT @@GLOBAL.offline_mode: turning it on ends sessions too, and counts as no KILL."),
        marked("with log_warnings=4 its error log names the victims."),
    ),
    Cause.PACKET_TOO_LARGE: _verification(
        marked("Compare the statement's size with SELECT @@GLOBAL.max_allowed_packet."),
        marked("it counts error 1153 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("its error log says \"Got a packet bigger than 'max_allowed_packet' bytes\" of every one, also where TLS kept 1153 "
        "from the client."),
    ),
    Cause.SERVER_CRASH: _verification(
        marked("Look for 'got signal' or 'crash recovery' in the server's error log at that time."),
    ),
    Cause.PROXY_OR_FIREWALL: _verification(
        marked("While the client says it is gone, look for its session in SHOW PROCESSLIST: if it still sleeps there, the server "
        "did not close it."),
    ),
    Cause.CLIENT_QUIT: _verification(marked("Log where connections are opened and closed, with CONNECTION_ID().")),
    Cause.FORKED_CONNECTION: _verification(marked("Log the process's id and CONNECTION_ID() together: one id in two processes proves it.")),
    Cause.TOO_MANY_CONNECTIONS: _verification(marked("SHOW GLOBAL STATUS LIKE 'Max_used_connections', beside @@max_connections.")),
    Cause.NET_WRITE_TIMEOUT: _verification(
        marked("SHOW PROCESSLIST shows 'Sending to client' or 'Writing to net'."),
        marked("it counts error 1161 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=4 its error log says 'Could not write packet ... errno: 110'."),
    ),
    Cause.NET_READ_TIMEOUT: _verification(
        marked("SHOW PROCESSLIST shows 'Reading from net'."),
        marked("it counts error 1159 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=2 its error log says 'Got timeout reading communication packets'."),
    ),
    Cause.TRANSACTION_TIMEOUT: _verification(
        marked("Look for what runs between BEGIN and COMMIT."), mariadb=marked("SELECT @@GLOBAL.idle_transaction_timeout.")
    ),
    Cause.CLIENT_LOST: _verification(marked("Look into the client's log and its machine's for the same instant.")),
    Cause.HOST_BLOCKED: _verification(
        marked("SHOW GLOBAL VARIABLES LIKE 'max_connect_errors'."),
        marked("SELECT IP, SUM_CONNECT_ERRORS FROM performance_schema.host_cache."),
        marked("mariadb-admin flush-hosts lets it in again: if that helps, it was this."),
    ),
    Cause.STATEMENT_TIMEOUT: _verification(
        "",
        marked("SELECT @@GLOBAL.max_execution_time (milliseconds)."),
        marked("SELECT @@GLOBAL.max_statement_time (seconds)."),
    ),
    Cause.ACCESS_DENIED: _verification(
        marked("Log in by hand from the same machine with the same account."), marked("SELECT @@GLOBAL.offline_mode.")
    ),
    Cause.UNKNOWN: _verification(marked("Watch the server with goneaway-tui while it happens again.")),
}  # fmt: skip
"""One for each cause."""


LIKELY_WEIGHT: Final = 4
"""Weight from which a cause is likely; what weighs more than nothing is possible."""
_ORDER: Final = tuple(Certainty)

_MYSQL: Final = "https://dev.mysql.com/doc/refman/en/"
_MARIADB: Final = "https://mariadb.com/docs/server/"


@dataclass(frozen=True, slots=True)
class CauseRules:
    """All that is known of one cause."""

    cause: Cause
    rule: Rule
    remedies: Remedies
    docs: str
    limit_remedies: Remedies | None = None
    """What to do about a limit that is too low; told only where that limit was shown to be the cause."""


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
"""Of two that weigh the same, the first here comes first: it is the more frequent."""

COMMONLY_BLAMED: Final = (Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE, Cause.SERVER_RESTART, Cause.KILLED)
"""What people blame first; they are told when it was none of these."""


def diagnose(case: Case) -> tuple[Finding, ...]:
    """Every cause that has something for or against it, most likely first, ruled-out ones last."""
    told = case.event.stated_cause if case.event.certainty is Certainty.CONFIRMED else None
    weighed = []
    for order, suspect in enumerate(CAUSE_RULES):
        arguments = [
            *_stated_cause_arguments(case, suspect.cause),
            *corroborating_arguments(case, suspect.cause),
            *suspect.rule(case),
        ]
        if told and suspect.cause is not told:
            classic = suspect.cause in COMMONLY_BLAMED
            arguments = (
                [Argument(-100, _other_cause_words(case, told), Certainty.RULED_OUT)] if classic else []
            )
        finding, weight = _weigh(case, suspect, arguments)
        if finding is not None:
            weighed.append((_ORDER.index(finding.certainty), -weight, order, finding))
    if all(each[3].certainty is Certainty.RULED_OUT for each in weighed):
        suspect = CAUSE_RULES[-1]
        fallback = Finding(suspect.cause, Certainty.POSSIBLE, (_("Nothing in the log says why."),), (), VERIFICATIONS[suspect.cause].words(case.server.flavour),
                           tuple(suspect.remedies(case)), suspect.docs)  # fmt: skip
        weighed.append((_ORDER.index(Certainty.POSSIBLE), 0, len(CAUSE_RULES), fallback))
    return tuple(each[3] for each in sorted(weighed, key=lambda each: each[:3]))


def _stated_cause_arguments(case: Case, cause: Cause) -> tuple[Argument, ...]:
    """What the log's own words say of a cause."""
    event = case.event
    if event.stated_cause is not cause:
        return ()
    if event.certainty is Certainty.CONFIRMED:
        return (Argument(100, _stated_cause_words(event), Certainty.CONFIRMED),)
    return (Argument(4, _likely_cause_words(event)),)


def _stated_cause_words(event: ErrorEvent) -> str:
    code = CODES.get(event.code)
    if code is None or code.stated_cause is None:
        return _("The server's own log says it.") if event.from_server_log else _("The error itself says it.")
    told = (
        marked("The server's own log says it: {meaning} ({name}).")
        if event.from_server_log
        else marked("The error itself says it: {meaning} ({name}).")
    )
    return _(told, meaning=_(code.meaning), name=code.name)


def _likely_cause_words(event: ErrorEvent) -> str:
    if event.stated_cause is not Cause.IDLE_TIMEOUT:
        return _stated_cause_words(event)
    if event.from_server_log:
        return _(
            "The server waited for the client until a timeout: nearly always wait_timeout, seldom net_read_timeout."
        )
    return _("The driver got a packet it had not asked for: MySQL's farewell to an idle session (4031).")


def _other_cause_words(case: Case, told: Cause) -> str:
    number = case.event.code
    if number not in CODES:
        return _("The message names its cause, and it is another: {cause}.", cause=told.value)
    return _("Error {number} names its cause, and it is another: {cause}.", number=number, cause=told.value)


def _weigh(case: Case, suspect: CauseRules, arguments: list[Argument]) -> tuple[Finding | None, int]:
    if not arguments:
        return None, 0
    weight = sum(each.weight for each in arguments)
    settled = {each.certainty for each in arguments} - {None}
    if Certainty.CONFIRMED in settled:
        certainty = Certainty.CONFIRMED
    elif Certainty.RULED_OUT in settled:
        certainty = Certainty.RULED_OUT
    else:
        certainty = Certainty.LIKELY if weight >= LIKELY_WEIGHT else Certainty.POSSIBLE
    refutes = [each.text for each in arguments if each.certainty is Certainty.RULED_OUT]
    speaks = [each.text for each in sorted(arguments, key=lambda each: -each.weight) if each.weight >= 0]
    against = [each.text for each in arguments if each.weight < 0 and each.certainty is None]
    out = certainty is Certainty.RULED_OUT
    return Finding(
        suspect.cause,
        certainty,
        because=tuple(refutes if out else speaks),
        against=tuple(() if out else (*against, *refutes)),
        prove=""
        if out or certainty is Certainty.CONFIRMED
        else VERIFICATIONS[suspect.cause].words(case.server.flavour),
        remedies=() if out else tuple(_remedies(case, suspect, certainty, arguments)),
        docs=suspect.docs,
    ), weight


def _remedies(
    case: Case, suspect: CauseRules, certainty: Certainty, arguments: list[Argument]
) -> Iterator[str]:
    yield from suspect.remedies(case)
    shown = certainty is Certainty.CONFIRMED or any(each.limit_reached for each in arguments)
    if suspect.limit_remedies is not None and shown:
        yield from suspect.limit_remedies(case)


SCHEMA = "goneaway.explanation/1"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One lost or refused connection, explained."""

    file: str
    """As it was named; `-` is standard input."""
    event: ErrorEvent
    findings: tuple[Finding, ...]
    """Most likely first, ruled-out ones last."""

    @property
    def time(self) -> str | None:
        return self.event.timestamp.iso if self.event.timestamp else None

    @property
    def text(self) -> str:
        """The log's line as it may be shown: secrets masked, harmless to a terminal, not long."""
        return redacted(self.event.text, before=self.event.text_before)

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two of them the same trouble to a reader."""
        return (
            self.event.code,
            self.event.client.name,
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
    """Every lost or refused connection in one log, explained. Memory is bounded, whatever its size.

    `now` dates stamps without a year; `zone` is where stamps without a zone were written.
    """
    name = plain(file, 1000)
    for case in find_error_events(blocks, now):
        yield Explanation(name, case, diagnose(Case(case, server, zone)))
