"""From one Evidence to ranked findings: every cause's rule is heard, weighed and put in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from goneaway_tui.doctor import idling, lesser_rules, outages, remedies, rules
from goneaway_tui.doctor.arguments import Argument, Rule
from goneaway_tui.doctor.codes import CODES
from goneaway_tui.doctor.evidence import Evidence
from goneaway_tui.doctor.occurrences import Occurrence
from goneaway_tui.doctor.proofs import PROOFS
from goneaway_tui.doctor.remedies import Remedies
from goneaway_tui.doctor.witnesses import witnessed
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause, Certainty
from goneaway_tui.model.finding import Finding

LIKELY_FROM: Final = 4
"""Weight from which a cause is likely; what weighs more than nothing is possible."""
_ORDER: Final = tuple(Certainty)

_MYSQL: Final = "https://dev.mysql.com/doc/refman/en/"
_MARIADB: Final = "https://mariadb.com/docs/server/"


@dataclass(frozen=True, slots=True)
class Suspect:
    """All that is known of one cause."""

    cause: Cause
    rule: Rule
    remedies: Remedies
    docs: str
    raises: Remedies | None = None
    """What to do about a limit that is too low; told only where that limit was shown to be the cause."""


SUSPECTS: Final = (
    Suspect(Cause.IDLE_TIMEOUT, idling.idle_timeout, remedies.for_idling, _MYSQL + "gone-away.html", remedies.longer_idling),
    Suspect(Cause.SERVER_RESTART, outages.server_restart, remedies.for_restarts, _MYSQL + "gone-away.html"),
    Suspect(Cause.KILLED, rules.killed, remedies.for_kills, _MYSQL + "kill.html"),
    Suspect(Cause.PACKET_TOO_LARGE, rules.packet_too_large, remedies.for_packets, _MYSQL + "packet-too-large.html", remedies.larger_packets),
    Suspect(Cause.SERVER_CRASH, outages.server_crash, remedies.for_crashes, _MYSQL + "crashing.html"),
    Suspect(Cause.PROXY_OR_FIREWALL, rules.proxy_or_firewall, remedies.for_what_is_between, _MYSQL + "error-lost-connection.html"),
    Suspect(Cause.CLIENT_QUIT, lesser_rules.client_quit, remedies.for_closed_objects, _MYSQL + "gone-away.html"),
    Suspect(Cause.FORKED_CONNECTION, lesser_rules.forked_connection, remedies.for_forks, _MYSQL + "gone-away.html"),
    Suspect(Cause.TOO_MANY_CONNECTIONS, lesser_rules.too_many_connections, remedies.for_full_servers, _MYSQL + "too-many-connections.html", remedies.more_connections),
    Suspect(Cause.NET_WRITE_TIMEOUT, lesser_rules.net_write_timeout, remedies.for_slow_reading, _MYSQL + "error-lost-connection.html", remedies.slower_reading),
    Suspect(Cause.NET_READ_TIMEOUT, lesser_rules.net_read_timeout, remedies.for_slow_sending, _MYSQL + "error-lost-connection.html", remedies.slower_sending),
    Suspect(Cause.TRANSACTION_TIMEOUT, rules.transaction_timeout, remedies.for_transactions, _MARIADB + "reference/sql-statements/transactions/transaction-timeouts", remedies.longer_transactions),
    Suspect(Cause.CLIENT_LOST, lesser_rules.client_lost, remedies.for_lost_clients, _MYSQL + "communication-errors.html"),
    Suspect(Cause.HOST_BLOCKED, lesser_rules.host_blocked, remedies.for_blocked_hosts, _MYSQL + "host-cache.html", remedies.more_connect_errors),
    Suspect(Cause.STATEMENT_TIMEOUT, lesser_rules.statement_timeout, remedies.for_statements, _MYSQL + "server-system-variables.html#sysvar_max_execution_time", remedies.longer_statements),
    Suspect(Cause.ACCESS_DENIED, lesser_rules.access_denied, remedies.for_refusals, _MYSQL + "problems-connecting.html"),
    Suspect(Cause.UNKNOWN, lesser_rules.unknown, remedies.for_what_is_unknown, _MYSQL + "can-not-connect-to-server.html"),
)  # fmt: skip
"""Of two that weigh the same, the first here comes first: it is the more frequent."""

CLASSICS: Final = (Cause.IDLE_TIMEOUT, Cause.PACKET_TOO_LARGE, Cause.SERVER_RESTART, Cause.KILLED)
"""What people blame first; they are told when it was none of these."""


def diagnose(seen: Evidence) -> tuple[Finding, ...]:
    """Every cause that has something for or against it, most likely first, ruled-out ones last."""
    told = seen.seen.says if seen.seen.certainty is Certainty.CONFIRMED else None
    weighed = []
    for order, suspect in enumerate(SUSPECTS):
        arguments = [*_words(seen, suspect.cause), *witnessed(seen, suspect.cause), *suspect.rule(seen)]
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


def _words(seen: Evidence, cause: Cause) -> tuple[Argument, ...]:
    """What the log's own words say of a cause."""
    log = seen.seen
    if log.says is not cause:
        return ()
    if log.certainty is Certainty.CONFIRMED:
        return (Argument(100, _told(log), Certainty.CONFIRMED),)
    return (Argument(4, _hint(log)),)


def _told(log: Occurrence) -> str:
    code = CODES.get(log.code)
    if code is None or code.says is None:
        return _("The server's own log says it.") if log.by_server else _("The error itself says it.")
    told = (
        marked("The server's own log says it: {meaning} ({name}).")
        if log.by_server
        else marked("The error itself says it: {meaning} ({name}).")
    )
    return _(told, meaning=_(code.means), name=code.name)


def _hint(log: Occurrence) -> str:
    if log.says is not Cause.IDLE_TIMEOUT:
        return _told(log)
    if log.by_server:
        return _(
            "The server waited for the client until a timeout: nearly always wait_timeout, seldom net_read_timeout."
        )
    return _("The driver got a packet it had not asked for: MySQL's farewell to an idle session (4031).")


def _instead(seen: Evidence, told: Cause) -> str:
    number = seen.seen.code
    if number not in CODES:
        return _("The message names its cause, and it is another: {cause}.", cause=told.value)
    return _("Error {number} names its cause, and it is another: {cause}.", number=number, cause=told.value)


def _weigh(seen: Evidence, suspect: Suspect, arguments: list[Argument]) -> tuple[Finding | None, int]:
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
    seen: Evidence, suspect: Suspect, certainty: Certainty, arguments: list[Argument]
) -> Iterator[str]:
    yield from suspect.remedies(seen)
    shown = certainty is Certainty.CONFIRMED or any(each.limit_reached for each in arguments)
    if suspect.raises is not None and shown:
        yield from suspect.raises(seen)
