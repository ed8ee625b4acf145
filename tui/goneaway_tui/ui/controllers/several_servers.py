"""The same change on several servers: type the value once, preview it for each server, change one server after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.i18n import N_, _, ngettext
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.monitor.server_monitor import ServerMonitor
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate, Outcome
from goneaway_tui.tune.preview import Preview
from goneaway_tui.tune.several import (
    ExaminedServer,
    ExcludedServer,
    ServerChange,
    ServerOutcome,
    ServerPart,
    changes,
    one_by_one,
    plan_changes,
    settable,
    undo_on,
)
from goneaway_tui.tune.tunables import TUNABLE, Tunable, tunables_of
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording
from goneaway_tui.ui.base_app import MonitorApp
from goneaway_tui.ui.controllers.tuning import TuningController
from goneaway_tui.ui.screens.dialogs import ChooserScreen, GuardedDialog, tunables
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.server_status import is_stale
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.widgets.plain_text import Button, LabelledEntry, Static, heading, paragraphs

GOOD, BAD, QUIET, TROUBLE = "$text-success", "$text-warning", "$foreground-muted", "$text-error"
Line = tuple[str, str]
"""A text and its style."""


class ServerBlock(Vertical):
    """The block of one server: its preview before the change, then its result."""

    def __init__(self, part: ServerPart, tunable: Tunable, color: str | None) -> None:
        super().__init__(classes="part")
        self.part = part
        self._tunable = tunable
        self._color = color

    def compose(self) -> ComposeResult:
        yield Static(classes="part--head")
        yield Static(classes="part--result")
        if isinstance(self.part, ServerChange):
            preview = self.part.preview
            effects = [
                effect for effect in preview.effects if effect != self._tunable.client_note
            ]  # the same on all servers
            yield LabelledEntry(_("effect"), paragraphs(*effects) if effects else None)
            yield LabelledEntry(_("runs"), Content.styled(preview.statement, "$text-accent"))
            yield LabelledEntry(
                _("undo"), Content.styled(preview.undo, "$text-accent") if preview.undo else None
            )
            yield LabelledEntry(
                "▲", Content.styled(preview.confirmation, BAD) if preview.confirmation else None
            )

    def on_mount(self) -> None:
        self._show_lines("–" if isinstance(self.part, ExcludedServer) else "·", QUIET, [])

    def show_result(self, symbol: str, style: str, lines: Sequence[Line]) -> None:
        """Show the result instead of the preview. `symbol` with its `style` stands before the server's name."""
        for entry in self.query(LabelledEntry):
            entry.display = False
        self._show_lines(symbol, style, lines)

    def _show_lines(self, symbol: str, style: str, lines: Sequence[Line]) -> None:
        accent = server_accent(self._color)
        head = Content.assemble(
            (f"{symbol} ", style),
            (plain(self.part.server, 60), "bold" if accent is None else accent.style),
            *self._change(),
        )
        self.query_one(".part--head", Static).update(head)
        result = self.query_one(".part--result", Static)
        result.update(paragraphs(*((plain(text, 600), line_style) for text, line_style in lines)))
        result.display = bool(lines)

    def _change(self) -> list[Line]:
        """The current value and the value that the server would keep, or why the server is left out."""
        if isinstance(self.part, ExcludedServer):
            return [(f"   {_('skipped: {why}', why=plain(self.part.why, 400))}", QUIET)]
        current, preview = self.part.current_value, self.part.preview
        parts = [
            (f"   {_('unknown') if current is None else self._value_text(current)} » ", QUIET),
            (self._value_text(preview.kept), "bold"),
        ]
        if preview.why_clamped:
            not_kept = _("not {value}: {why}", value=f"{preview.action.value:,}", why=preview.why_clamped)
            parts.append((f"   ▲ {not_kept}", BAD))
        return parts

    def _value_text(self, value: float) -> str:
        """The exact value; also in words, if they differ."""
        exact, words = f"{value:,}", value_words(value, self._tunable.unit)
        return exact if exact == words else f"{exact} ({words})"


class TuneSeveralScreen(TuneScreen):
    """The tune dialog of one server, to type the value for several servers. The preview of each server follows."""

    VERB = N_("Preview each")
    CONFIRMS = False

    def __init__(
        self, tunable: Tunable, examined: ExaminedServer, snapshot: Callable[[], Snapshot], servers: str
    ) -> None:
        super().__init__(tunable, examined.variable_state, examined.privileges, snapshot, servers)
        self._typed_on = examined.server

    @property
    def _why(self) -> str:
        note = _(
            "This dialog shows {name}. A preview of each server follows.",
            name=plain(self._typed_on, 60),
        )
        return f"{super()._why}\n{note}"

    @property
    def _can_reset(self) -> bool:
        return False

    def _changes_nothing(self, planned: Preview) -> bool:  # noqa: ARG002 - the shape of the dialog of one server
        """Whether no server changes: only the preview of each shows that."""
        return False


class ChangeSeveralScreen(GuardedDialog[None]):
    """Asks once, with the preview of each server, then shows the progress of the change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="alike.back"),
        Binding("u", "undo", "undo", id="alike.undo"),
        Binding("up", "scroll_by(-1)", "up", show=False, id="alike.up"),
        Binding("down", "scroll_by(1)", "down", show=False, id="alike.down"),
        Binding("pageup", "scroll_by(-10)", "page up", show=False, id="alike.page_up"),
        Binding("pagedown", "scroll_by(10)", "page down", show=False, id="alike.page_down"),
    ]

    body = query_one("#parts", VerticalScroll)

    def __init__(
        self,
        title: str,
        tunable: Tunable,
        parts: Iterable[ServerPart],
        colors: Mapping[str, str | None],
        apply: Callable[[ChangeSeveralScreen], object],
        *,
        undo: Callable[[], object] | None = None,
        only: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """`colors`: the colour of each server by its name. `apply` starts the change. `undo` offers to undo it; None if this
        change is the undo. `only`: the label of a button for a single server, and its callback.
        """
        super().__init__()
        self._title = title
        self._tunable = tunable
        self._parts = tuple(parts)
        self.changes = changes(self._parts)
        self._colors = colors
        self._apply = apply
        self._undo = undo
        self._only = only
        self._outcomes: list[ServerOutcome] = []
        self.is_started = self.is_stopping = self.is_finished = False
        """Started: Apply was pressed. Stopping: change no further server. Finished: no server will be changed any more."""

    def compose(self) -> ComposeResult:
        number = len(self.changes)
        with Vertical(classes="dialog tune wide changing", id="alike") as dialog:
            dialog.border_title = heading(self._title)
            yield Static(id="tally")
            with VerticalScroll(classes="body", id="parts", can_focus=False):
                for part in self._parts:
                    yield ServerBlock(part, self._tunable, self._colors.get(part.server))
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel") if number else _("Back"), id="cancel", compact=True)
                if self._only is not None:
                    yield Button(self._only[0], id="only", compact=True)
                if number:
                    verb = (
                        ngettext("Undo on {number} server", "Undo on {number} servers", number)
                        if self._undo is None
                        else ngettext("Change {number} server", "Change {number} servers", number)
                    )
                    yield Button(verb, variant="primary", id="apply", compact=True)

    def on_mount(self) -> None:
        is_safe = bool(self.changes) and not self._needs_confirmation
        self.query_one("#apply" if is_safe else "#cancel", Button).focus()
        self._redraw()

    @property
    def _needs_confirmation(self) -> bool:
        """Whether a preview warns of harm, or the change is an undo: then Cancel has the focus."""
        return self._undo is None or any(part.preview.confirmation for part in self.changes)

    # --- Progress

    def add(self, outcome: ServerOutcome) -> None:
        """Show the result of one server."""
        self._outcomes.append(outcome)
        self._redraw()

    def finish(self) -> None:
        """Show that no further server will be changed."""
        self.is_finished = True
        self._redraw()

    def action_leave(self) -> None:
        if self.is_started and not self.is_finished:
            self.is_stopping = True
            self._redraw()
        else:
            self._leave()

    def action_undo(self) -> None:
        """Offer to undo the change on all servers, on another screen of this class."""
        if self._undo is not None and self.is_finished and self._has_changed and self._leave():
            self._undo()

    def action_scroll_by(self, lines: int) -> None:
        self.body.scroll_relative(y=lines, animate=False)

    @property
    def _has_changed(self) -> bool:
        """Whether a server was changed."""
        return any(outcome.outcome is not None for outcome in self._outcomes)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self._leave()

    @on(Button.Pressed, "#only")
    def _choose_only(self) -> None:
        if self._only is not None and self._leave():
            self._only[1]()

    def _leave(self) -> bool:
        """Close the screen; False if it is closed already, by the first of two keys in one burst."""
        was_open = self.is_current
        if was_open:
            self.dismiss()
        return was_open

    @on(Button.Pressed, "#apply")
    def _begin(self) -> None:
        if self.is_started or not self.is_current:
            return
        self.is_started = True
        self.query_one(".buttons").display = False
        self.set_focus(None)
        self._redraw()
        self._apply(self)

    # --- Drawing

    def _redraw(self) -> None:
        self.query_one("#tally", Static).update(Content(plain(self._tally(), 300)))
        self.query_one("#alike").border_subtitle = heading(self._key_hints())
        if not self.is_started:
            return
        outcomes = {outcome.server: outcome for outcome in self._outcomes}
        waiting = [part.server for part in self.changes if part.server not in outcomes]
        for block in self.query(ServerBlock):
            name = block.part.server
            if name in outcomes:
                symbol, style, lines = outcome_words(outcomes[name])
                block.show_result(symbol, style, lines)
            elif self.is_finished and name in waiting:
                block.show_result("–", BAD, [(_("not changed"), BAD)])
            elif name == next(iter(waiting), None):
                block.show_result("▶", "bold", [(_("changing"), "")])
                self.body.scroll_to_widget(block, animate=False)
            elif name in waiting:
                block.show_result("·", "", [(_("waiting"), QUIET)])

    def _tally(self) -> str:
        number, left_out = len(self.changes), len(self._parts) - len(self.changes)
        if not number:
            return _("No server can be changed.")
        if not self.is_started:
            order = _("Changes one server at a time. Stops at the first unexpected result.")
            excluded = ngettext("{number} skipped.", "{number} skipped.", left_out) if left_out else ""
            return f"{order} {excluded}".rstrip()
        done = sum(not outcome.unexpected for outcome in self._outcomes)
        text = _("{done} of {number} done", done=done, number=number)
        if not self.is_finished:
            return text
        untouched = number - len(self._outcomes)
        surprise = next((outcome for outcome in self._outcomes if outcome.unexpected), None)
        if surprise is not None:
            text = _("{tally}; unexpected result on {name}", tally=text, name=surprise.server)
        elif not untouched:
            return _("{tally}, as predicted", tally=text)
        return _("{tally}; {number} not changed", tally=text, number=untouched) if untouched else text

    def _key_hints(self) -> str:
        if not self.is_started:
            return _("esc cancel") if self.changes else _("esc back")
        if not self.is_finished:
            return _("stopping after this step") if self.is_stopping else _("esc stop after this step")
        if self._undo is not None and self._has_changed:
            return _("u undo   esc back")
        return _("esc back")


def outcome_words(result: ServerOutcome) -> tuple[str, str, list[Line]]:
    """A symbol, its style, and the lines about the result of one server."""
    lines: list[Line] = []
    if result.outcome is not None:
        lines.append((result.outcome.sentence, ""))
        warnings = result.outcome.kept.warnings if result.outcome.kept else ()
        lines += [(_("the server reports: {warning}", warning=warning), BAD) for warning in warnings]
    if result.unexpected:
        return "✖", TROUBLE, [*lines, (f"▲ {result.unexpected}", TROUBLE)]
    return "✔", GOOD, lines


WAITING_NOTICE_SECONDS = 0.7
"""Seconds after which a notice says that servers are being asked."""


class SeveralServersController:
    """Runs the keys that change servers where there are several: on one server, or on all marked servers."""

    def __init__(
        self, app: MonitorApp, servers: Sequence[TuningController], on_changed: Callable[[str], object]
    ) -> None:
        """`servers`: in the order of the board. `on_changed` gets the name of each server that changed as predicted."""
        self._app = app
        self._servers = tuple(servers)
        self._on_changed = on_changed
        self._last_change: Mapping[str, str] = {}
        """The last change on several servers in this run: the id of its journal entry, by the name of the server."""
        self._is_examining = False

    def choose(self, names: Collection[str]) -> None:
        """Ask for one of the tunables that any of these servers has, and open its dialog."""
        servers = self._named(names)
        if len(servers) == 1:
            servers[0].choose()
            return
        listed: dict[str, str] = {}
        for server in servers:
            newest = server.monitor.newest
            for name, line in tunables(newest.sample) if newest is not None else ():
                listed.setdefault(name, line)

        def chosen(name: str | None) -> None:
            if name:
                self._tune(name, servers)

        title = _("tune on {servers}", servers=count_and_names(servers))
        self._app.push_screen(ChooserScreen(title, listed.items(), "wait_timeout"), chosen)

    def tune(self, variable: str, names: Collection[str]) -> None:
        """Change a variable on these servers."""
        servers = self._named(names)
        if len(servers) == 1:
            servers[0].tune(variable)
        else:
            self._tune(variable, servers)

    def undo(self, name: str) -> None:
        """Offer to undo the last change on several servers, if it is the last change on this server.

        Otherwise, or if only this server was changed, offer to undo the last change on this server.
        """
        servers, parts = self._undo_parts()
        changed_servers = [part.server for part in changes(parts)]
        (server,) = self._named([name])
        if name in changed_servers and len(changed_servers) > 1:
            self._show_undo(servers, parts, only=server)
        else:
            server.undo()

    def _named(self, names: Collection[str]) -> list[TuningController]:
        return [server for server in self._servers if server.monitor.name in names]

    # --- Asking

    def _tune(self, name: str, servers: Sequence[TuningController]) -> None:
        """Read the variable on each server, then ask for its value with the first server on which it can be set."""
        if self._is_examining:
            return
        self._is_examining = True
        self._app.set_timer(WAITING_NOTICE_SECONDS, partial(self._notify_waiting, len(servers)))
        tunable, now = TUNABLE[name], self._app.clock()
        examined: dict[str, ExaminedServer | ExcludedServer] = {}

        def collect(result: ExaminedServer | ExcludedServer) -> None:
            examined[result.server] = result
            if len(examined) == len(servers):
                self._is_examining = False
                self._ask(tunable, servers, [examined[server.monitor.name] for server in servers])

        def examine(server: TuningController) -> None:
            self._app.call_from_thread(collect, examine_server(server, tunable, now))

        for server in servers:
            server.in_thread(partial(examine, server))

    def _notify_waiting(self, number: int) -> None:
        if self._is_examining:
            words = ngettext(
                "Reading the variable of {number} server ...",
                "Reading the variable of {number} servers ...",
                number,
            )
            self._app.notify(words, timeout=2, markup=False)

    def _ask(
        self,
        tunable: Tunable,
        servers: Sequence[TuningController],
        examined: Sequence[ExaminedServer | ExcludedServer],
    ) -> None:
        """Ask for the value once. If it can be set on no server, show the reason for each server."""
        first = next((result for result in examined if isinstance(result, ExaminedServer)), None)
        if first is None:
            self._show_preview(tunable, servers, plan_changes(tunable, 0, Persistence.GLOBAL, examined))
            return

        def answered(action: SetVariable | ResetPersist | None) -> None:
            if isinstance(action, SetVariable):
                now = [
                    up_to_date(result, server.monitor.newest)
                    for result, server in zip(examined, servers, strict=True)
                ]
                self._show_preview(tunable, servers, plan_changes(tunable, action.value, action.keep, now))

        (monitor,) = (server.monitor for server in servers if server.monitor.name == first.server)
        self._set_accent(servers)
        self._app.push_screen(
            TuneSeveralScreen(
                tunable, first, lambda: monitor.newest or first.snapshot, count_and_names(servers)
            ),
            answered,
        )

    def _show_preview(
        self, tunable: Tunable, servers: Sequence[TuningController], parts: Sequence[ServerPart]
    ) -> None:
        title = _("{variable} on {servers}", variable=tunable.name, servers=count_and_names(servers))

        def undo() -> None:
            self._show_undo(*self._undo_parts())

        self._set_accent(servers)
        self._app.push_screen(
            ChangeSeveralScreen(
                title, tunable, parts, colors(servers), partial(self._apply_change, servers), undo=undo
            )
        )

    def _undo_parts(self) -> tuple[list[TuningController], list[ServerPart]]:
        servers = self._named(self._last_change)
        return servers, [self._undo_part(server) for server in servers]

    def _undo_part(self, server: TuningController) -> ServerPart:
        gate, name = server.gate, server.monitor.name
        reason = why_unreachable(server.monitor, self._app.clock()) or server.why_not("undo")
        if reason or gate is None:
            return ExcludedServer(name, reason or _("the privileges of this account are not known yet"))
        try:
            return undo_on(name, gate.last_change(), self._last_change[name])
        except FileError as error:
            return ExcludedServer(name, error.line)

    def _show_undo(
        self,
        servers: Sequence[TuningController],
        parts: Sequence[ServerPart],
        only: TuningController | None = None,
    ) -> None:
        """Show the undo on several servers. `only`: also offer to undo on this server alone."""
        name = next((part.preview.action.name for part in changes(parts)), "wait_timeout")
        title = _("undo on {servers}", servers=count_and_names(servers))
        only_button = None
        if only is not None:
            # The app calls it: this screen is closed by then, and could not receive the answer of a dialog.
            ask = partial(self._app.call_later, only.undo)
            only_button = _("Only on {name}", name=plain(only.monitor.name, 24)), ask
        self._set_accent(servers)
        self._app.push_screen(
            ChangeSeveralScreen(
                title, TUNABLE[name], parts, colors(servers), partial(self._undo, servers), only=only_button
            )
        )

    # --- Changing

    def _apply_change(self, servers: Sequence[TuningController], screen: ChangeSeveralScreen) -> None:
        act_ids: dict[str, str] = {}
        self._last_change = act_ids

        def perform(gate: Gate, part: ServerChange) -> Outcome:
            outcome = gate.run(part.preview.action)
            act_ids[part.server] = outcome.id
            return outcome

        self._run(servers, screen, perform)

    def _undo(self, servers: Sequence[TuningController], screen: ChangeSeveralScreen) -> None:
        act_ids = self._last_change
        self._run(servers, screen, lambda gate, part: gate.undo(act_ids[part.server]))

    def _run(
        self,
        servers: Sequence[TuningController],
        screen: ChangeSeveralScreen,
        perform: Callable[[Gate, ServerChange], Outcome],
    ) -> None:
        """Change one server after the other in a thread, and show each result before the next change."""
        monitors = {server.monitor.name: server.monitor for server in servers}
        gates = {server.monitor.name: server.gate for server in servers}

        def perform_part(part: ServerChange) -> Outcome:
            gate = gates[part.server]
            assert gate is not None  # noqa: S101 - a server without one is excluded before
            return perform(gate, part)

        def run() -> None:
            for outcome in one_by_one(screen.changes, perform_part, lambda: screen.is_stopping):
                self._app.call_from_thread(screen.add, outcome)
                if not outcome.unexpected:
                    self._app.call_from_thread(self._on_changed, outcome.server)
                self._app.call_from_thread(self._app.poll_soon, monitors[outcome.server])
            self._app.call_from_thread(screen.finish)

        servers[0].in_thread(run)

    def _set_accent(self, servers: Sequence[TuningController]) -> None:
        """Use the colour of the servers if it is the same for all."""
        shared = set(colors(servers).values())
        self._app.set_accent(shared.pop() if len(shared) == 1 else None)


def colors(servers: Sequence[TuningController]) -> dict[str, str | None]:
    """The colours of the config file, by the name of the server."""
    return {server.monitor.name: server.monitor.color for server in servers}


def count_and_names(servers: Sequence[TuningController]) -> str:
    """`3 servers: db1, db2, db3`."""
    names = ", ".join(plain(server.monitor.name, 24) for server in servers)
    return ngettext("{number} server: {names}", "{number} servers: {names}", len(servers), names=names)


def examine_server(server: TuningController, tunable: Tunable, now: float) -> ExaminedServer | ExcludedServer:
    """Read the variable on a server. A server that does not answer its polls now is excluded without a query."""
    name, newest = server.monitor.name, server.monitor.newest
    reason = (server.is_read_only and server.why_not("tune")) or why_unreachable(server.monitor, now)
    try:
        if not reason:
            server.read_privileges()
    except SourceError as error:
        return ExcludedServer(name, error.line)
    reason = reason or server.why_not("tune")
    if reason or server.gate is None or newest is None:
        return ExcludedServer(name, reason)
    if tunable not in tunables_of(newest.sample):
        return ExcludedServer(name, _("the server has no variable {variable}", variable=tunable.name))
    try:
        variable_state = server.gate.variable_state(tunable.name)
    except SourceError as error:
        return ExcludedServer(name, error.line)
    return settable(ExaminedServer(name, variable_state, server.gate.privileges, newest), tunable)


def up_to_date(
    examined: ExaminedServer | ExcludedServer, newest: Snapshot | None
) -> ExaminedServer | ExcludedServer:
    """The examined server with its newest snapshot, since sessions go on idling while the user types."""
    if isinstance(examined, ExcludedServer) or newest is None:
        return examined
    return replace(examined, snapshot=newest)


def why_unreachable(monitor: ServerMonitor, now: float) -> str:
    """Why a server cannot be reached now; empty if its last reading is not stale."""
    if monitor.trouble:
        return _("not reachable now: {why}", why=monitor.trouble)
    if monitor.newest is None:
        return _("the server has not answered yet")
    age = max(0.0, now - monitor.newest.taken_at)
    if is_stale(age, monitor.schedule):
        return _("the server has not answered for {age}", age=wording.age_words(age))
    return ""
