"""The tooltips: what a figure, a heading or a cell means. A row of a table here adds a tooltip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual import events
from textual.content import Content
from textual.widget import Widget

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.snapshot import Snapshot, Verdict
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLE
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording
from goneaway_tui.ui.screens.help import RISK_MEANINGS, risk_legend
from goneaway_tui.ui.server_status import ServerStatus

COPIED_BY_SESSIONS = {"wait_timeout", "interactive_timeout"}
"""Variables whose global value each session copies when it connects."""

FIGURES: Mapping[str, str] = {
    "up": N_("Uptime of the server."),
    "fresh": N_("Age of the shown sample, which is the newest one."),
    "reach": N_("Whether this run may change the server. If it is read-only, w i p t u and k do nothing."),
    "recording": N_("Every sample is written to the file of --record."),
    "marked": N_("Sessions marked with space, for k. A hidden session stays marked."),
    "connections": N_("Open connections and max_connections. Amber from 80 %, red from 90 %."),
    "sessions": N_("Sessions that this account can see, of all connections."),
    "blocked": N_("Sessions that wait for a lock, and the session that blocks them all."),
    "idle": N_("Idle sessions. The server closes each when its idle time reaches its limit."),
    "aborted": N_("Increase of Aborted_clients while monitoring: connections that ended without COM_QUIT, also by an idle timeout."),
    "next": N_("The session that the server closes next, if it stays idle."),
    "closings": N_("How many sessions the server closes, and when, if they stay idle."),
    "trend": N_("Highest number of connections, idle sessions and blocked sessions in each interval. The figure is the maximum."),
    "servers": N_("State of each server. Keys act on the server of the row under the cursor."),
}  # fmt: skip
"""Tooltips of the figures above the table, by the name in `@hint=`."""

HEADINGS: Mapping[str, Mapping[str, str]] = {
    "sessions": {
        "server": N_("The server of the session."),
        "id": N_("The connection id, as in KILL and CONNECTION_ID()."),
        "user": N_("The user name of the account."),
        "client": N_("The client's address as the server sees it. The cell's tooltip and the details also show the port."),
        "program": N_("The program that the client reports (connect attributes); its library in parentheses."),
        "db": N_("The default database."),
        "risk": N_("How soon the server closes the session. Press ? for the thresholds."),
        "idle": N_("Idle time. ~ means that the server counts whole seconds only."),
        "limit": N_("Idle limit: the session's own; ~ assumed from the global value; > disproved, the session was idle longer."),
        "left": N_("Time until the server closes the session, if it stays idle. In this order, idle transactions that block others come first."),
        "bar": N_("Idle time as a share of the limit."),
        "state": N_("The session that it waits for and how long, how many sessions it blocks, or the state of a busy session."),
        "running": N_("Time since the running statement began."),
        "stake": N_("The open transaction, which the end of the session rolls back."),
        "trx_age": N_("Age of the open transaction."),
        "statement": N_("The running statement, or the last one."),
    },
    "blocking": {
        "server": N_("The server of the session."),
        "session": N_("Id and user. A waiting session is listed below the session that blocks it."),
        "state": N_("Time of the lock wait, idle time, or time of the running statement."),
        "blocks": N_("Number of sessions that it blocks, directly or through others."),
        "lock": N_("The lock that the session waits for: kind, table, index, mode. In the top row: what the end of the session rolls back."),
        "end": N_("Time until a limit closes the session. For a waiting session: time until its wait times out."),
        "client": N_("The client's address as the server sees it."),
        "program": N_("The program that the client reports (connect attributes); its library in parentheses."),
        "statement": N_("The running statement, or the last one."),
    },
    "groups": {
        "key": N_("What the sessions have in common. Press enter to show them."),
        "sessions": N_("Number of sessions."),
        "idle": N_("Number of idle sessions."),
        "oldest": N_("Longest idle time."),
        "left": N_("Time until the server closes the first of them."),
        "blocked": N_("Number of sessions that wait for a lock."),
        "trx": N_("Number of sessions with an open transaction."),
    },
    "departures": {
        "at": N_("When the session ended, in UTC."),
        "local": N_("When the session ended, in the time zone of this machine."),
        "id": N_("The connection id of the session."),
        "cause": N_("Why the session ended. Press enter for the evidence."),
        "certainty": N_("confirmed: reported by the server. likely, possible: inferred."),
        "user": N_("The user name of the account."),
        "client": N_("The client's address as the server sees it."),
        "program": N_("The program that the client reports (connect attributes); its library in parentheses."),
        "idle": N_("Idle time when the session ended."),
        "limit": N_("The idle limit of the session."),
        "stake": N_("The open transaction, which was rolled back."),
        "evidence": N_("The strongest evidence for the cause."),
    },
    "causes": {
        "name": N_("A cause that ends sessions, or a pattern of many sessions."),
        "since_start": N_("Whether the cause ended or refused sessions since the server started."),
        "now": N_("Whether the cause may end sessions now."),
        "sessions": N_("Number of sessions of the finding. Press enter to show them."),
        "because": N_("The evidence for and against the finding."),
    },
    "variables": {
        "name": N_("The name of the variable."),
        "value": N_("The global value, for new sessions."),
        "words": N_("The value in words."),
        "set_by": N_("Where the value comes from: compiled in, a file, persisted, or set at run time."),
        "bounds": N_("The values that the server accepts."),
    },
    "acts": {
        "at": N_("When the statement ran, in UTC."),
        "ran": N_("The statement that was sent to the server."),
        "outcome": N_("The result of the statement."),
        "server": N_("The server that was changed."),
        "account": N_("The account that made the change."),
    },
}  # fmt: skip
"""Tooltips of headings, by the table's id and the column's."""


def _limit_words(verdict: Verdict, _now: float) -> str:
    limit = verdict.limit
    if limit is None:
        return ""
    why, basis = _(limit.why), wording.basis_word(limit.basis)
    return wording.labelled(wording.facts((f"{limit.variable} {wording.limit_in_full(limit)}", basis)), why)


def _closing_words(verdict: Verdict, now: float) -> str:
    words = wording.closes_at(verdict, now)
    is_in_future = verdict.deadline is not None and now < verdict.deadline
    return _("{closing}, if the session stays idle", closing=words) if is_in_future else words


CELLS: Mapping[tuple[str, str], Callable[[Any, float], str]] = {
    ("sessions", "limit"): _limit_words,
    ("sessions", "left"): _closing_words,
    ("sessions", "bar"): _closing_words,
    ("sessions", "client"): lambda verdict, _: plain(verdict.session.host, 200),
    ("departures", "limit"): lambda departure, now: _limit_words(departure.verdict, now),
    ("departures", "cause"): lambda departure, _: departure_hint(departure),
    ("departures", "certainty"): lambda departure, _: departure_hint(departure),
}
"""Tooltips of cells that explain more than they show, by the table's id and the column's."""


def departure_hint(departure: Departure) -> str:
    """The evidence for a departure's cause, in lines."""
    return "\n".join(plain(line, 300) for line in departure.evidence)


def figure_hint(name: str) -> str:
    """The tooltip of a figure above the table; empty where it has none."""
    return _(FIGURES[name]) if name in FIGURES else ""


def live_hint(name: str, snapshot: Snapshot) -> str:
    """The tooltip of a risk or of a variable, with the thresholds or the value in force; empty for another figure."""
    for risk, words in RISK_MEANINGS.items():
        if risk.value == name:
            return wording.labelled(wording.risk_word(risk), risk_legend(words, snapshot.policy))
    variable = next((v for v in snapshot.sample.variables if v.name == name), None)
    if variable is None or name not in TUNABLE or variable.value is None:
        return ""
    tunable = TUNABLE[name]
    now = f"{name} = {variable.value:,} ({value_words(variable.value, tunable.unit)})"
    set_by = _("set by: {origin}", origin=wording.origin_word(variable.set_by or "") or _("not reported"))
    new = (
        _("New sessions get this value. Open sessions keep their own.") if name in COPIED_BY_SESSIONS else ""
    )
    return "\n".join(line for line in (now, f"{_(tunable.why)} {new}".strip(), set_by) if line)


def server_hint(status: ServerStatus) -> str:
    """The state of one of several servers, in lines."""
    snapshot = status.snapshot
    lines = [plain(status.name, 200)]
    if snapshot is not None:
        server = snapshot.sample.server
        up = wording.age_words(server.uptime)
        lines.append(f"{server.flavour.title} {plain(server.version, 60)}  {status.role}".rstrip())
        lines.append(_("up {time}, {number} sessions, {soon} closing soon",
                       time=up, number=wording.count_words(len(snapshot.verdicts)), soon=status.closing_soon))  # fmt: skip
    if status.trouble:
        lines.append(plain(status.trouble, 300))
    if status.age_seconds is not None and not status.is_healthy:
        lines.append(_("last read {time} ago", time=wording.age_words(status.age_seconds)))
    return "\n".join(lines)


def heading_hint(table: str, column: str) -> str:
    """The tooltip of a column's heading; empty where it has none."""
    words = HEADINGS.get(table, {}).get(column, "")
    return _(words) if words else ""


def cell_hint(table: str, column: str, row: object, now: float) -> str:
    """The tooltip of a cell that explains more than it shows; empty for another."""
    explain = CELLS.get((table, column))
    return "" if explain is None else explain(row, now)


class TooltipWidget(Widget):
    """A widget whose tooltip depends on the part under the mouse.

    A part names its tooltip in its style, as a key of `FIGURES`: `bold @hint=idle`.
    """

    def on_mouse_move(self, event: events.MouseMove) -> None:
        words = self.tooltip_at(event)
        self.tooltip = Content(words) if words else None

    def tooltip_at(self, event: events.MouseMove) -> str:
        """The tooltip for the part under the mouse; empty where there is none."""
        return figure_hint(event.style.meta.get("@hint", ""))
