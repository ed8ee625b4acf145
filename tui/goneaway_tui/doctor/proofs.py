"""How to make sure of a cause by hand: where the flavours keep different evidence, each is told its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from goneaway_tui.doctor.words import in_turn
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.server import Flavour

NAMES: Final = {Flavour.MYSQL: "MySQL", Flavour.MARIADB: "MariaDB"}


@dataclass(frozen=True, slots=True)
class Proof:
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
        return in_turn((*([_(self.on_any)] if self.on_any else ()), *ways[flavour]))


def _capital(sentence: str) -> str:
    """As it begins where no name stands before it."""
    return sentence[:1].upper() + sentence[1:]


def _proof(on_any: str = "", mysql: str = "", mariadb: str = "") -> Proof:
    said = {Flavour.MYSQL: mysql, Flavour.MARIADB: mariadb}
    return Proof(on_any, {flavour: words for flavour, words in said.items() if words})


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
