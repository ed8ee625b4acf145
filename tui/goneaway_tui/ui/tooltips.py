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
    "up": N_("How long the server has been running."),
    "fresh": N_("How old what is shown is: the server is asked again and again, and only its last answer is shown."),
    "reach": N_("Whether this run may change anything: w i p t u and k do nothing where it is read-only."),
    "recording": N_("What is read is written to the file that --record named."),
    "marked": N_("Sessions marked with space, for k; a filter hides them and keeps their marks."),
    "connections": N_("Open connections, of as many as max_connections allows; amber from 80 %, red from 90 %."),
    "sessions": N_("Sessions that this account sees, of all that are connected."),
    "blocked": N_("Sessions that wait for a lock, and the session that all of them wait for in the end."),
    "idle": N_("Sessions that wait for their client; each is closed when its own limit runs out."),
    "aborted": N_("Aborted_clients since this began: connections that ended without a goodbye, closed idle ones too."),
    "next": N_("Who is closed first if nothing is sent before; the first row, unless another order was chosen."),
    "closings": N_("How many sessions will be closed, and when, if nobody sends anything."),
    "trend": N_("The highest number of connections, idle and blocked sessions in each stretch of that time; the figure is the highest of all."),
    "servers": N_("How it goes with each; keys act on the server of the row under the cursor."),
}  # fmt: skip
"""Tooltips of the figures above the table, by the name in `@hint=`."""

HEADINGS: Mapping[str, Mapping[str, str]] = {
    "sessions": {
        "server": N_("Which of the servers it is on."),
        "id": N_("The session's number: what KILL takes and CONNECTION_ID() says."),
        "user": N_("The account's name."),
        "client": N_("Where it comes from, as the server sees it. A cell's tooltip and the session's details have the port."),
        "program": N_("What the client says it is, by its connect attributes; its library in parentheses."),
        "db": N_("The default database."),
        "risk": N_("How near its end is; ? tells where the lines are drawn."),
        "idle": N_("How long it has waited for its client; ~ where the server counts whole seconds only."),
        "limit": N_("How long it may: its own, ~ assumed from the global value, > outlived and so wrong."),
        "left": N_("When the server closes the session, if it sends nothing before. In this order sessions that others wait for come first."),
        "bar": N_("How much of its limit has been idled away."),
        "state": N_("Whom it waits for and how long, how many sessions wait for it, or what a busy session does."),
        "running": N_("How long its current statement has run."),
        "stake": N_("What closing it would roll back: its open transaction."),
        "trx_age": N_("How long its transaction has been open."),
        "statement": N_("What it runs, or ran last."),
    },
    "blocking": {
        "server": N_("Which of the servers it is on."),
        "session": N_("Id and user. A session stands below the one whose lock it waits for."),
        "state": N_("How long it waits for the lock, is idle, or runs its statement."),
        "blocks": N_("How many sessions wait for it, directly or through others."),
        "lock": N_("The lock it waits for: kind, table, index, mode. At the top: what its end rolls back."),
        "end": N_("When a limit ends the session; of one that waits, when its wait times out."),
        "client": N_("Where it comes from, as the server sees it."),
        "program": N_("What the client says it is, by its connect attributes; its library in parentheses."),
        "statement": N_("What it runs, or ran last."),
    },
    "groups": {
        "key": N_("What its sessions have in common; enter narrows the board to them."),
        "sessions": N_("How many there are."),
        "idle": N_("How many of them wait for their client."),
        "oldest": N_("How long the one that waits longest has."),
        "left": N_("When the first of them is closed."),
        "blocked": N_("How many of them wait for a lock that another session holds."),
        "trx": N_("How many of them have an open transaction."),
    },
    "departures": {
        "at": N_("When it ended, in UTC."),
        "local": N_("When it ended, in the time zone of this machine."),
        "id": N_("The number it had."),
        "cause": N_("Why it ended; enter shows the evidence."),
        "certainty": N_("confirmed: the server said so; likely and possible: it was inferred."),
        "user": N_("The account's name."),
        "client": N_("Where it came from."),
        "program": N_("What the client said it was."),
        "idle": N_("How long it had been idle when it ended."),
        "limit": N_("The limit it was under."),
        "stake": N_("What was rolled back with it."),
        "evidence": N_("What speaks most for this cause."),
    },
    "causes": {
        "name": N_("What ends sessions, or a pattern of many sessions."),
        "since_start": N_("Whether it ended or refused sessions since the server started."),
        "now": N_("Whether it may end sessions as things stand now."),
        "sessions": N_("How many sessions the finding is about; enter shows them."),
        "because": N_("The evidence for and against it."),
    },
    "variables": {
        "name": N_("The server's variable."),
        "value": N_("As the server has it now, for sessions to come."),
        "words": N_("The same in words."),
        "set_by": N_("Where the value comes from: compiled in, a file, persisted, or set since it runs."),
        "bounds": N_("What the server takes."),
    },
    "acts": {
        "at": N_("When it was done, in UTC."),
        "ran": N_("What was sent to the server."),
        "outcome": N_("What came of it."),
        "server": N_("On which server."),
        "account": N_("By whom."),
    },
}  # fmt: skip
"""Tooltips of headings, by the table's id and the column's."""


def _limit_words(verdict: Verdict, _now: float) -> str:
    limit = verdict.limit
    if limit is None:
        return ""
    why, basis = _(limit.why), wording.basis_word(limit.basis)
    return f"{limit.variable} {wording.limit_in_full(limit)}, {basis}: {why}"


def _closing_words(verdict: Verdict, now: float) -> str:
    words = wording.closes_at(verdict, now)
    is_in_future = verdict.deadline is not None and now < verdict.deadline
    return _("{closing}, if it sends nothing before", closing=words) if is_in_future else words


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
            return f"{wording.risk_word(risk)}: {risk_legend(words, snapshot.policy)}"
    variable = next((v for v in snapshot.sample.variables if v.name == name), None)
    if variable is None or name not in TUNABLE or variable.value is None:
        return ""
    tunable = TUNABLE[name]
    now = f"{name} = {variable.value:,} ({value_words(variable.value, tunable.unit)})"
    set_by = _("set by: {who}", who=wording.origin_word(variable.set_by or "") or _("not told"))
    new = (
        _("Sessions to come get it; those that are open keep their own.")
        if name in COPIED_BY_SESSIONS
        else ""
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
        lines.append(_("up {time}, {number} sessions, {soon} about to be closed",
                       time=up, number=wording.count_words(len(snapshot.verdicts)), soon=status.closing_soon))  # fmt: skip
    if status.trouble:
        lines.append(plain(status.trouble, 300))
    if status.age_seconds is not None and not status.is_healthy:
        lines.append(_("last seen {time} ago", time=wording.age_words(status.age_seconds)))
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
