"""How to make sure of a cause by hand: where the flavours keep different evidence, each is told its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Final

from goneaway_tui.doctor import idling, remedies, rules
from goneaway_tui.doctor.arguments import Argument, Rule
from goneaway_tui.doctor.case import NO_SERVER, Case, ServerFacts
from goneaway_tui.doctor.corroboration import corroborated
from goneaway_tui.doctor.remedies import Remedies
from goneaway_tui.i18n import _, marked
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.logs.clients import CODES
from goneaway_tui.logs.error_events import ErrorEvent
from goneaway_tui.logs.redact import redacted
from goneaway_tui.model.cause import Cause, Certainty, Finding
from goneaway_tui.model.server import Flavour
from goneaway_tui.text.format import in_sentences
from goneaway_tui.text.sanitize import plain

NAMES: Final = {Flavour.MYSQL: "MySQL", Flavour.MARIADB: "MariaDB"}


@dataclass(frozen=True, slots=True)
class Verification:
    """What to look at; its words are marked."""

    on_any: str = ""
    only: Mapping[Flavour, str] = field(default_factory=dict)
    """What one flavour has beside it."""

    def words(self, flavour: Flavour | None) -> str:
        """For a server of that flavour; where nobody knows it, for both, each by its name."""
        own = {each: _(said) for each, said in self.only.items()}
        both = (_("{flavour}: {proof}", flavour=NAMES[each], proof=said) for each, said in own.items())
        ways: dict[Flavour | None, Iterable[str]] = {None: both}
        ways |= {each: (_capital(own[each]),) if each in own else () for each in Flavour}
        return in_sentences((*([_(self.on_any)] if self.on_any else ()), *ways[flavour]))


def _capital(sentence: str) -> str:
    """As it begins where no name stands before it."""
    return sentence[:1].upper() + sentence[1:]


def _proof(on_any: str = "", mysql: str = "", mariadb: str = "") -> Verification:
    said = {Flavour.MYSQL: mysql, Flavour.MARIADB: mariadb}
    return Verification(on_any, {flavour: words for flavour, words in said.items() if words})


PROOFS: Final = {
    Cause.IDLE_TIMEOUT: _proof(
        marked("Compare the pause before the error with SELECT @@GLOBAL.wait_timeout."),
        marked("it counts error 4031 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=2 its error log says 'Aborted connection ... (Got timeout reading communication packets)'."),
    ),
    Cause.SERVER_RESTART: _proof(marked("SHOW GLOBAL STATUS LIKE 'Uptime': is it shorter than the time since the error?")),
    Cause.KILLED: _proof(
        marked("SHOW GLOBAL STATUS LIKE 'Com_kill' before and after."),
        marked("SELECT @@GLOBAL.offline_mode: turning it on ends sessions too, and counts as no KILL."),
        marked("with log_warnings=4 its error log names the victims."),
    ),
    Cause.PACKET_TOO_LARGE: _proof(
        marked("Compare the statement's size with SELECT @@GLOBAL.max_allowed_packet."),
        marked("it counts error 1153 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("its error log says \"Got a packet bigger than 'max_allowed_packet' bytes\" of every one, also where TLS kept 1153 "
        "from the client."),
    ),
    Cause.SERVER_CRASH: _proof(
        marked("Look for 'got signal' or 'crash recovery' in the server's error log at that time."),
    ),
    Cause.PROXY_OR_FIREWALL: _proof(
        marked("While the client says it is gone, look for its session in SHOW PROCESSLIST: if it still sleeps there, the server "
        "did not close it."),
    ),
    Cause.CLIENT_QUIT: _proof(marked("Log where connections are opened and closed, with CONNECTION_ID().")),
    Cause.FORKED_CONNECTION: _proof(marked("Log the process's id and CONNECTION_ID() together: one id in two processes proves it.")),
    Cause.TOO_MANY_CONNECTIONS: _proof(marked("SHOW GLOBAL STATUS LIKE 'Max_used_connections', beside @@max_connections.")),
    Cause.NET_WRITE_TIMEOUT: _proof(
        marked("SHOW PROCESSLIST shows 'Sending to client' or 'Writing to net'."),
        marked("it counts error 1161 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=4 its error log says 'Could not write packet ... errno: 110'."),
    ),
    Cause.NET_READ_TIMEOUT: _proof(
        marked("SHOW PROCESSLIST shows 'Reading from net'."),
        marked("it counts error 1159 per account, in performance_schema.events_errors_summary_by_account_by_error."),
        marked("with log_warnings=2 its error log says 'Got timeout reading communication packets'."),
    ),
    Cause.TRANSACTION_TIMEOUT: _proof(
        marked("Look for what runs between BEGIN and COMMIT."), mariadb=marked("SELECT @@GLOBAL.idle_transaction_timeout.")
    ),
    Cause.CLIENT_LOST: _proof(marked("Look into the client's log and its machine's for the same instant.")),
    Cause.HOST_BLOCKED: _proof(
        marked("SHOW GLOBAL VARIABLES LIKE 'max_connect_errors'."),
        marked("SELECT IP, SUM_CONNECT_ERRORS FROM performance_schema.host_cache."),
        marked("mariadb-admin flush-hosts lets it in again: if that helps, it was this."),
    ),
    Cause.STATEMENT_TIMEOUT: _proof(
        "",
        marked("SELECT @@GLOBAL.max_execution_time (milliseconds)."),
        marked("SELECT @@GLOBAL.max_statement_time (seconds)."),
    ),
    Cause.ACCESS_DENIED: _proof(
        marked("Log in by hand from the same machine with the same account."), marked("SELECT @@GLOBAL.offline_mode.")
    ),
    Cause.UNKNOWN: _proof(marked("Watch the server with goneaway-tui while it happens again.")),
}  # fmt: skip
"""One for each cause."""


LIKELY_FROM: Final = 4
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
    raises: Remedies | None = None
    """What to do about a limit that is too low; told only where that limit was shown to be the cause."""


SUSPECTS: Final = (
    CauseRules(Cause.IDLE_TIMEOUT, idling.idle_timeout, remedies.for_idling, _MYSQL + "gone-away.html", remedies.longer_idling),
    CauseRules(Cause.SERVER_RESTART, rules.server_restart, remedies.for_restarts, _MYSQL + "gone-away.html"),
    CauseRules(Cause.KILLED, rules.killed, remedies.for_kills, _MYSQL + "kill.html"),
    CauseRules(Cause.PACKET_TOO_LARGE, rules.packet_too_large, remedies.for_packets, _MYSQL + "packet-too-large.html", remedies.larger_packets),
    CauseRules(Cause.SERVER_CRASH, rules.server_crash, remedies.for_crashes, _MYSQL + "crashing.html"),
    CauseRules(Cause.PROXY_OR_FIREWALL, rules.proxy_or_firewall, remedies.for_what_is_between, _MYSQL + "error-lost-connection.html"),
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
    CauseRules(Cause.UNKNOWN, rules.unknown, remedies.for_what_is_unknown, _MYSQL + "can-not-connect-to-server.html"),
)  # fmt: skip
"""Of two that weigh the same, the first here comes first: it is the more frequent."""

CLASSICS: Final = (Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE, Cause.SERVER_RESTART, Cause.KILLED)
"""What people blame first; they are told when it was none of these."""


def diagnose(seen: Case) -> tuple[Finding, ...]:
    """Every cause that has something for or against it, most likely first, ruled-out ones last."""
    told = seen.seen.says if seen.seen.certainty is Certainty.CONFIRMED else None
    weighed = []
    for order, suspect in enumerate(SUSPECTS):
        arguments = [*_words(seen, suspect.cause), *corroborated(seen, suspect.cause), *suspect.rule(seen)]
        if told and suspect.cause is not told:
            classic = suspect.cause in CLASSICS
            arguments = [Argument(-100, _instead(seen, told), Certainty.RULED_OUT)] if classic else []
        finding, weight = _weigh(seen, suspect, arguments)
        if finding is not None:
            weighed.append((_ORDER.index(finding.certainty), -weight, order, finding))
    if all(each[3].certainty is Certainty.RULED_OUT for each in weighed):
        suspect = SUSPECTS[-1]
        fallback = Finding(suspect.cause, Certainty.POSSIBLE, (_("Nothing in the log says why."),), (), PROOFS[suspect.cause].words(seen.server.flavour),
                           tuple(suspect.remedies(seen)), suspect.docs)  # fmt: skip
        weighed.append((_ORDER.index(Certainty.POSSIBLE), 0, len(SUSPECTS), fallback))
    return tuple(each[3] for each in sorted(weighed, key=lambda each: each[:3]))


def _words(seen: Case, cause: Cause) -> tuple[Argument, ...]:
    """What the log's own words say of a cause."""
    log = seen.seen
    if log.says is not cause:
        return ()
    if log.certainty is Certainty.CONFIRMED:
        return (Argument(100, _told(log), Certainty.CONFIRMED),)
    return (Argument(4, _hint(log)),)


def _told(log: ErrorEvent) -> str:
    code = CODES.get(log.code)
    if code is None or code.says is None:
        return _("The server's own log says it.") if log.by_server else _("The error itself says it.")
    told = (
        marked("The server's own log says it: {meaning} ({name}).")
        if log.by_server
        else marked("The error itself says it: {meaning} ({name}).")
    )
    return _(told, meaning=_(code.means), name=code.name)


def _hint(log: ErrorEvent) -> str:
    if log.says is not Cause.IDLE_TIMEOUT:
        return _told(log)
    if log.by_server:
        return _(
            "The server waited for the client until a timeout: nearly always wait_timeout, seldom net_read_timeout."
        )
    return _("The driver got a packet it had not asked for: MySQL's farewell to an idle session (4031).")


def _instead(seen: Case, told: Cause) -> str:
    number = seen.seen.code
    if number not in CODES:
        return _("The message names its cause, and it is another: {cause}.", cause=told.value)
    return _("Error {number} names its cause, and it is another: {cause}.", number=number, cause=told.value)


def _weigh(seen: Case, suspect: CauseRules, arguments: list[Argument]) -> tuple[Finding | None, int]:
    if not arguments:
        return None, 0
    weight = sum(each.weight for each in arguments)
    settled = {each.settles for each in arguments} - {None}
    if Certainty.CONFIRMED in settled:
        certainty = Certainty.CONFIRMED
    elif Certainty.RULED_OUT in settled:
        certainty = Certainty.RULED_OUT
    else:
        certainty = Certainty.LIKELY if weight >= LIKELY_FROM else Certainty.POSSIBLE
    refutes = [each.says for each in arguments if each.settles is Certainty.RULED_OUT]
    speaks = [each.says for each in sorted(arguments, key=lambda each: -each.weight) if each.weight >= 0]
    against = [each.says for each in arguments if each.weight < 0 and each.settles is None]
    out = certainty is Certainty.RULED_OUT
    return Finding(
        suspect.cause,
        certainty,
        because=tuple(refutes if out else speaks),
        against=tuple(() if out else (*against, *refutes)),
        prove=""
        if out or certainty is Certainty.CONFIRMED
        else PROOFS[suspect.cause].words(seen.server.flavour),
        remedies=() if out else tuple(_remedies(seen, suspect, certainty, arguments)),
        docs=suspect.docs,
    ), weight


def _remedies(
    seen: Case, suspect: CauseRules, certainty: Certainty, arguments: list[Argument]
) -> Iterator[str]:
    yield from suspect.remedies(seen)
    shown = certainty is Certainty.CONFIRMED or any(each.limit_reached for each in arguments)
    if suspect.raises is not None and shown:
        yield from suspect.raises(seen)


SCHEMA = "goneaway.explanation/1"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One lost or refused connection, explained."""

    file: str
    """As it was named; `-` is standard input."""
    seen: ErrorEvent
    findings: tuple[Finding, ...]
    """Most likely first, ruled-out ones last."""

    @property
    def at(self) -> str | None:
        return self.seen.at.iso if self.seen.at else None

    @property
    def text(self) -> str:
        """The log's line as it may be shown: secrets masked, harmless to a terminal, not long."""
        return redacted(self.seen.text, before=self.seen.before)

    @property
    def kind(self) -> tuple[object, ...]:
        """What makes two of them the same trouble to a reader."""
        return (
            self.seen.code,
            self.seen.client.name,
            tuple((finding.cause, finding.certainty) for finding in self.findings),
        )


def explanations(
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
    for seen in find_error_events(blocks, now):
        yield Explanation(name, seen, diagnose(Case(seen, server, zone)))
