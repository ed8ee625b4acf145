"""Every metric there is, one row each: the dashboards and alert rules of other people are written against this table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

COUNTER, GAUGE = "counter", "gauge"
SERVER = "server"
"""The label that all have."""


class Name(StrEnum):
    """What each is called; those of counters end in `_total`."""

    UP = "goneaway_up"
    SERVER_INFO = "goneaway_server_info"
    UPTIME = "goneaway_server_uptime_seconds"
    SESSIONS = "goneaway_sessions"
    IDLE = "goneaway_idle_sessions"
    TRANSACTIONS = "goneaway_transaction_sessions"
    IDLE_TRANSACTIONS = "goneaway_idle_transaction_sessions"
    ENDANGERED = "goneaway_endangered_transactions"
    NEXT_CLOSING = "goneaway_next_closing_seconds"
    LIMIT_SECONDS = "goneaway_limit_seconds"
    LIMIT_BYTES = "goneaway_limit_bytes"
    CONNECTIONS = "goneaway_connections"
    MOST_CONNECTIONS = "goneaway_max_connections"
    FOLDED = "goneaway_folded_pairs"
    DEPARTURES = "goneaway_departures_total"
    BECAME_ENDANGERED = "goneaway_endangered_total"
    CHANGES = "goneaway_variable_changes_total"
    RESTARTS = "goneaway_server_restarts_total"
    AGE = "goneaway_data_age_seconds"
    POLL_DURATION = "goneaway_poll_duration_seconds"
    POLLS = "goneaway_polls_total"
    FAILED_POLLS = "goneaway_failed_polls_total"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric."""

    name: Name
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    """Besides the server's."""


FAMILIES = {
    row.name: row
    for row in (
        Family(Name.UP, GAUGE, "Whether the last reading of the server succeeded."),
        Family(Name.SERVER_INFO, GAUGE, "Who is answering; always 1.", ("flavour", "version")),
        Family(Name.UPTIME, GAUGE, "Seconds since the server started."),
        Family(
            Name.SESSIONS,
            GAUGE,
            "Sessions, without our own; risk and basis as on the board, basis none where no limit is known.",
            ("user", "program", "risk", "basis"),
        ),
        Family(Name.IDLE, GAUGE, "Sessions that sleep."),
        Family(Name.TRANSACTIONS, GAUGE, "Sessions with an open transaction."),
        Family(Name.IDLE_TRANSACTIONS, GAUGE, "Sessions that sleep with an open transaction."),
        Family(
            Name.ENDANGERED,
            GAUGE,
            "Sessions with an open transaction that are about to be closed: the transaction would be rolled back.",
            ("user", "program"),
        ),
        Family(
            Name.NEXT_CLOSING,
            GAUGE,
            "Seconds until the next session is closed, below 0 if it is overdue; absent where none is foreseen.",
        ),
        Family(Name.LIMIT_SECONDS, GAUGE, "A limit in force, as new sessions get it.", ("variable",)),
        Family(Name.LIMIT_BYTES, GAUGE, "A limit in force on sizes.", ("variable",)),
        Family(Name.CONNECTIONS, GAUGE, "Connections in use, by the server's own count."),
        Family(Name.MOST_CONNECTIONS, GAUGE, "How many there may be."),
        Family(
            Name.FOLDED, GAUGE, "Pairs of user and program that are counted under other, above --max-series."
        ),
        Family(Name.DEPARTURES, COUNTER, "Sessions that left.", ("cause", "certainty")),
        Family(
            Name.BECAME_ENDANGERED, COUNTER, "Sessions that came near their closing with a transaction open."
        ),
        Family(Name.CHANGES, COUNTER, "Changes of a global variable.", ("variable",)),
        Family(Name.RESTARTS, COUNTER, "Restarts of the server."),
        Family(Name.AGE, GAUGE, "Seconds since the server was last read."),
        Family(Name.POLL_DURATION, GAUGE, "How long it took to read and judge the server the last time."),
        Family(Name.POLLS, COUNTER, "Readings of the server, those that failed too."),
        Family(Name.FAILED_POLLS, COUNTER, "Readings that failed."),
    )
}
