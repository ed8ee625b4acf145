"""The rules of causes that are rarer, or that nearly always name themselves."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.doctor.arguments import Argument, answer_never_came, is_loss, never_began
from goneaway_tui.doctor.evidence import Evidence
from goneaway_tui.doctor.occurrences import How
from goneaway_tui.language import _, marked
from goneaway_tui.model.cause import Cause


def client_quit(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 0:
        yield Argument(
            5,
            _(
                "The connection object was used after it had been closed: by close(), or by an earlier error that nobody heeded."
            ),
        )
    elif log.reused:
        yield Argument(
            2,
            _("The connection had been closed on this side before; look for the first error above this one."),
        )
    if How.TIMED_OUT in log.how and not log.refused and is_loss(log) and not log.by_server:
        yield Argument(
            4, _("The client's own read timeout ran out; the server may still be running the statement.")
        )
        if "110" not in log.text and "connection timed out" not in log.text.lower():
            yield Argument(
                2, _("It was the client's clock: had packets been lost, the system would have said so.")
            )


def forked_connection(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.refused:
        return
    if How.MIXED_UP in log.how and log.says is not Cause.IDLE_TIMEOUT:
        yield Argument(
            4,
            _("Packets came that were meant for somebody else: two processes or threads use one connection."),
        )
    elif is_loss(log) and log.client.framework in {"Celery", "Django", "Flask"}:
        yield Argument(
            1,
            _(
                "Workers that are forked after the connection was opened share it; the first to end closes it for all."
            ),
        )


def net_read_timeout(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 1159 and log.by_server:
        yield Argument(
            2, _("net_read_timeout has the same words, where the client stops in the middle of sending.")
        )
    if is_loss(log) and How.GREETING in log.how:
        yield Argument(3, _("A login that takes longer than connect_timeout is ended by the server."))


def net_write_timeout(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 1160 and log.by_server:
        yield Argument(
            3,
            _(
                "MariaDB has no other words for a client that does not take its result within net_write_timeout."
            ),
        )
    if log.code == 2013 and is_loss(log) and answer_never_came(log) and not never_began(log):
        yield Argument(0, _("A client that takes its result too slowly is given up after net_write_timeout."))


def client_lost(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.by_server and "closed normally without authentication" in log.text:
        yield Argument(
            4, _("The client left before it had logged in: a health check, a scanner, or a very slow login.")
        )
    if log.code == 1160 and log.by_server and log.says is None:
        yield Argument(3, _("The client was gone when the server wanted to write to it."))
    if log.by_server and log.says is Cause.CLIENT_LOST:
        yield Argument(
            1, _("The client ended without saying goodbye: it crashed, was killed, or the network broke.")
        )


def too_many_connections(seen: Evidence) -> Iterator[Argument]:
    server = seen.server
    limit, used = server.limits.get("max_connections"), server.counters.get("max_used_connections")
    if seen.seen.says is Cause.TOO_MANY_CONNECTIONS and limit and used:
        was_full = used >= limit or (seen.runs_since or -1) <= 0
        told = (
            marked("At its fullest the server had {used} of {limit:.0f} connections.")
            if was_full
            else marked(
                "Since before this error this server has never had more than {used} of {limit:.0f} connections: "
                "another one said it, or a proxy in front of it, or max_connections was less then."
            )
        )
        yield Argument(1 if was_full else -1, _(told, used=used, limit=limit))
    if seen.seen.says is Cause.TOO_MANY_CONNECTIONS and limit and server.sessions is not None:
        yield Argument(1, _("Now there are {sessions} sessions.", sessions=server.sessions))
    if is_loss(seen.seen) and How.GREETING in seen.seen.how:
        yield Argument(2, _("A server that is full, or nearly, may not get to greet everybody."))


def host_blocked(seen: Evidence) -> Iterator[Argument]:
    for host in seen.server.hosts[:3]:
        if seen.seen.says is Cause.HOST_BLOCKED or How.GREETING in seen.seen.how:
            yield Argument(
                1,
                _(
                    "The server has counted {failures} failed connections in a row from {host}, and refused {refusals}.",
                    failures=host.failures,
                    host=host.ip,
                    refusals=host.refusals,
                ),
            )
    if is_loss(seen.seen) and How.GREETING in seen.seen.how:
        yield Argument(1, _("After max_connect_errors broken greetings the server blocks the host."))


def statement_timeout(seen: Evidence) -> Iterator[Argument]:
    if seen.seen.code == 1317:
        yield Argument(1, _("Some servers and proxies end a statement that runs too long this way."))


def access_denied(seen: Evidence) -> Iterator[Argument]:
    if seen.seen.code == 1043:
        yield Argument(1, _("Client and server found no way to log in that both know."))
    return


def unknown(seen: Evidence) -> Iterator[Argument]:
    log = seen.seen
    if log.code == 2005:
        yield Argument(4, _("The server's name cannot be resolved: a typing error, or DNS."))
    if log.code == 2026 and How.MIXED_UP not in log.how:
        yield Argument(
            4, _("Client and server could not agree on TLS: compare their certificates, versions and modes.")
        )
    if log.code == 1043:
        yield Argument(
            3, _("What arrived was no greeting: another program, another protocol version, or a cut line.")
        )
