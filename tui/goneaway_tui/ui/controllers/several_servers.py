"""One server among those that are changed alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.i18n import _, marked, ngettext
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Persistence
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.gate import Gate, Outcome
from goneaway_tui.tune.several import (
    ExaminedServer,
    ExcludedServer,
    Part,
    ServerChange,
    ServerOutcome,
    changes,
    one_by_one,
    plan_changes,
    settable,
    undo_on,
)
from goneaway_tui.tune.tunables import TUNABLE, Tunable, tunables_of
from goneaway_tui.tune.values import value_words
from goneaway_tui.ui import wording
from goneaway_tui.ui.screens.dialogs import ChooserScreen, GuardedDialog, tunables
from goneaway_tui.ui.screens.tune import TuneScreen
from goneaway_tui.ui.server_status import is_stale
from goneaway_tui.ui.theme import server_accent
from goneaway_tui.ui.widgets.plain_text import Button, LabelledEntry, Static, heading, paragraphs

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp
    from goneaway_tui.ui.server_monitor import ServerMonitor


GOOD, BAD, QUIET, TROUBLE = "$text-success", "$text-warning", "$foreground-muted", "$text-error"
Line = tuple[str, str]
"""Words and their look."""


class ServerBlock(Vertical):
    """One server: before the change all that is foretold, from then on what becomes of it."""

    def __init__(self, part: Part, tunable: Tunable, color: str | None) -> None:
        super().__init__(classes="part")
        self.part = part
        self._tunable = tunable
        self._color = color

    def compose(self) -> ComposeResult:
        yield Static(classes="part--head")
        yield Static(classes="part--told")
        if isinstance(self.part, ServerChange):
            ahead = self.part.ahead
            effects = [each for each in ahead.effects if each != self._tunable.client_note]  # alike on all
            yield LabelledEntry(_("effect"), paragraphs(*effects) if effects else None)
            yield LabelledEntry(_("runs"), Content.styled(ahead.statement, "$text-accent"))
            yield LabelledEntry(_("undo"), Content.styled(ahead.undo, "$text-accent") if ahead.undo else None)
            yield LabelledEntry("▲", Content.styled(ahead.second_ask, BAD) if ahead.second_ask else None)

    def on_mount(self) -> None:
        self._say("–" if isinstance(self.part, ExcludedServer) else "·", QUIET, [])

    def tell(self, sign: str, look: str, lines: Sequence[Line]) -> None:
        """What becomes of it, in place of what was foretold."""
        for entry in self.query(LabelledEntry):
            entry.display = False
        self._say(sign, look, lines)

    def _say(self, sign: str, look: str, lines: Sequence[Line]) -> None:
        own = server_accent(self._color)
        head = Content.assemble(
            (f"{sign} ", look),
            (plain(self.part.server, 60), "bold" if own is None else own.style),
            *self._change(),
        )
        self.query_one(".part--head", Static).update(head)
        told = self.query_one(".part--told", Static)
        told.update(paragraphs(*((plain(text, 600), how) for text, how in lines)))
        told.display = bool(lines)

    def _change(self) -> list[Line]:
        """From today's value to the one it would keep, or why it is left out."""
        if isinstance(self.part, ExcludedServer):
            return [(f"   {_('left out: {why}', why=plain(self.part.why, 400))}", QUIET)]
        now, ahead = self.part.now, self.part.ahead
        parts = [
            (f"   {_('unknown') if now is None else self._both(now)} » ", QUIET),
            (self._both(ahead.kept), "bold"),
        ]
        if ahead.because:
            asked = _("not {value}: {why}", value=f"{ahead.action.value:,}", why=ahead.because)
            parts.append((f"   ▲ {asked}", BAD))
        return parts

    def _both(self, value: float) -> str:
        """As the server has it, and as a person says it."""
        exact, said = f"{value:,}", value_words(value, self._tunable.unit)
        return exact if exact == said else f"{exact} ({said})"


class TuneSeveralScreen(TuneScreen):
    """The dialog of one of several servers, where the value for all of them is typed; what it does to each comes next."""

    VERB = marked("Show each")
    ASKS = False

    def __init__(
        self, tunable: Tunable, looked: ExaminedServer, snapshot: Callable[[], Snapshot], servers: str
    ) -> None:
        super().__init__(tunable, looked.standing, looked.privileges, snapshot, servers)
        self._typed_on = looked.server

    @property
    def _why(self) -> str:
        here = _(
            "Shown here is {name}; what the value would do to each is shown next.",
            name=plain(self._typed_on, 60),
        )
        return f"{super()._why}\n{here}"

    @property
    def _can_forget(self) -> bool:
        return False


class ChangeSeveralScreen(GuardedDialog[None]):
    """Asks once, in full; then shows how it goes on, one server after the other, until it is left."""

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
        parts: Iterable[Part],
        colors: Mapping[str, str | None],
        apply: Callable[[ChangeSeveralScreen], object],
        *,
        undo: Callable[[], object] | None = None,
        only: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """`colors`: of the servers by name. `apply` begins it. `undo`: what takes back what was done; None where this is
        the taking back. `only`: a button for one server alone, and what it does.
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
        self._ended: list[ServerOutcome] = []
        self.is_begun = self.is_stopping = self.is_finished = False
        """Begun: Apply was pressed. Stopping: nothing more is to be begun. Finished: nothing more will be."""

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
        is_plain = bool(self.changes) and not self._is_asking
        self.query_one("#apply" if is_plain else "#cancel", Button).focus()
        self._tell()

    @property
    def _is_asking(self) -> bool:
        """Whether what would happen is likely to be an accident somewhere, or is a taking back."""
        return self._undo is None or any(part.ahead.second_ask for part in self.changes)

    # --- What happens

    def add(self, ended: ServerOutcome) -> None:
        """One more is over."""
        self._ended.append(ended)
        self._tell()

    def finish(self) -> None:
        """All are over, or will not be begun."""
        self.is_finished = True
        self._tell()

    def action_leave(self) -> None:
        if self.is_begun and not self.is_finished:
            self.is_stopping = True
            self._tell()
        else:
            self._leave()

    def action_undo(self) -> None:
        """Take back all that were done, on such a screen again."""
        if self._undo is not None and self.is_finished and self._has_changed and self._leave():
            self._undo()

    def action_scroll_by(self, lines: int) -> None:
        self.body.scroll_relative(y=lines, animate=False)

    @property
    def _has_changed(self) -> bool:
        """Whether there is anything to take back."""
        return any(each.outcome is not None for each in self._ended)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self._leave()

    @on(Button.Pressed, "#only")
    def _one(self) -> None:
        if self._only is not None and self._leave():
            self._only[1]()

    def _leave(self) -> bool:
        """False where it was left already: two keys of a kind were in one burst."""
        is_here = self.is_current
        if is_here:
            self.dismiss()
        return is_here

    @on(Button.Pressed, "#apply")
    def _begin(self) -> None:
        if self.is_begun or not self.is_current:
            return
        self.is_begun = True
        self.query_one(".buttons").display = False
        self.set_focus(None)
        self._tell()
        self._apply(self)

    # --- What is told

    def _tell(self) -> None:
        self.query_one("#tally", Static).update(Content(plain(self._tally(), 300)))
        self.query_one("#alike").border_subtitle = heading(self._way_out())
        if not self.is_begun:
            return
        over = {each.server: each for each in self._ended}
        waiting = [part.server for part in self.changes if part.server not in over]
        for block in self.query(ServerBlock):
            name = block.part.server
            if name in over:
                sign, look, lines = outcome_words(over[name])
                block.tell(sign, look, lines)
            elif self.is_finished and name in waiting:
                block.tell("–", BAD, [(_("not touched"), BAD)])
            elif name == next(iter(waiting), None):
                block.tell("▶", "bold", [(_("being changed"), "")])
                self.body.scroll_to_widget(block, animate=False)
            elif name in waiting:
                block.tell("·", "", [(_("not begun"), QUIET)])

    def _tally(self) -> str:
        number, left_out = len(self.changes), len(self._parts) - len(self.changes)
        if not number:
            return _("It can be changed on none of them.")
        if not self.is_begun:
            first = _("One after the other, in this order; the first surprise stops the rest.")
            more = ngettext("{number} left out.", "{number} left out.", left_out) if left_out else ""
            return f"{first} {more}".rstrip()
        done = sum(not each.surprise for each in self._ended)
        said = _("{done} of {number} done", done=done, number=number)
        if not self.is_finished:
            return said
        untouched = number - len(self._ended)
        odd = next((each for each in self._ended if each.surprise), None)
        if odd is not None:
            said = _("{said}; a surprise on {name}", said=said, name=odd.server)
        elif not untouched:
            return _("{said}, as foretold", said=said)
        return _("{said}; {number} not touched", said=said, number=untouched) if untouched else said

    def _way_out(self) -> str:
        if not self.is_begun:
            return _("esc cancel") if self.changes else _("esc back")
        if not self.is_finished:
            return _("stopping after this one") if self.is_stopping else _("esc stops after this one")
        if self._undo is not None and self._has_changed:
            return _("u undoes what was done   esc back")
        return _("esc back")


def outcome_words(ended: ServerOutcome) -> tuple[str, str, list[Line]]:
    """A sign, its look, and the lines of what came of one server."""
    lines: list[Line] = []
    if ended.outcome is not None:
        lines.append((ended.outcome.said, ""))
        warnings = ended.outcome.kept.warnings if ended.outcome.kept else ()
        lines += [(_("the server says: {warning}", warning=each), BAD) for each in warnings]
    if ended.surprise:
        return "✖", TROUBLE, [*lines, (f"▲ {ended.surprise}", TROUBLE)]
    return "✔", GOOD, lines


PATIENCE = 0.7
"""Seconds after which it is said that servers are being asked."""


class SeveralServersController:
    """What the keys do where several servers are marked."""

    def __init__(self, app: GoneawayApp, changed: Callable[[str], object]) -> None:
        """`changed` is told the name of each server on which all went as foretold."""
        self._app = app
        self._changed = changed
        self._done: Mapping[str, str] = {}
        """The last change on several servers in this run: its act in the journal, by server."""
        self._is_looking = False

    def choose(self, servers: Sequence[ServerMonitor]) -> None:
        """Every tunable that any of them has."""
        listed: dict[str, str] = {}
        for each in servers:
            for name, line in tunables(each.newest.sample) if each.newest is not None else ():
                listed.setdefault(name, line)

        def chosen(name: str | None) -> None:
            if name:
                self.tune(name, servers)

        title = _("tune on {servers}", servers=common_value(servers))
        self._app.push_screen(ChooserScreen(title, listed.items(), "wait_timeout"), chosen)

    def tune(self, name: str, servers: Sequence[ServerMonitor]) -> None:
        """Look at the variable on each, then ask for its value on the first where one can be set."""
        if self._is_looking:
            return
        self._is_looking = True
        self._app.set_timer(PATIENCE, partial(self._say_so, len(servers)))
        tunable, now = TUNABLE[name], self._app.clock()
        seen: dict[str, ExaminedServer | ExcludedServer] = {}

        def heard(of: ExaminedServer | ExcludedServer) -> None:
            seen[of.server] = of
            if len(seen) == len(servers):
                self._is_looking = False
                self._ask(tunable, servers, [seen[each.name] for each in servers])

        def ask(server: ServerMonitor) -> None:
            self._app.call_from_thread(heard, examine_server(server, tunable, now))

        for each in servers:
            each.acts.in_thread(partial(ask, each))

    def undo(self, server: ServerMonitor) -> bool:
        """Offer to take back the last change on several servers, where the last one on this server was a part of it.

        False where it was not, or where it stands on this server alone: then it is a change as any other.
        """
        of, parts = self._taking_back()
        standing = [part.server for part in changes(parts)]
        if server.name not in standing or len(standing) < 2:
            return False
        self._show_undo(of, parts, only=server)
        return True

    # --- Asking

    def _say_so(self, number: int) -> None:
        if self._is_looking:
            words = ngettext("asking {number} server", "asking {number} servers", number)
            self._app.notify(words, timeout=2, markup=False)

    def _ask(
        self, tunable: Tunable, of: Sequence[ServerMonitor], seen: Sequence[ExaminedServer | ExcludedServer]
    ) -> None:
        """Ask for the value once. Where it can be set nowhere, say of each why not."""
        first = next((each for each in seen if isinstance(each, ExaminedServer)), None)
        if first is None:
            self._show(tunable, of, plan_changes(tunable, 0, Persistence.GLOBAL, seen))
            return

        def asked(action: SetVariable | ResetPersist | None) -> None:
            if isinstance(action, SetVariable):
                now = [up_to_date(each, server.newest) for each, server in zip(seen, of, strict=True)]
                self._show(tunable, of, plan_changes(tunable, action.value, action.keep, now))

        on = next(each for each in of if each.name == first.server)
        self._dress(of)
        self._app.push_screen(
            TuneSeveralScreen(tunable, first, lambda: on.newest or first.snapshot, common_value(of)), asked
        )

    def _show(self, tunable: Tunable, of: Sequence[ServerMonitor], parts: Sequence[Part]) -> None:
        title = _("{variable} on {servers}", variable=tunable.name, servers=common_value(of))

        def undo() -> None:
            self._show_undo(*self._taking_back())

        self._dress(of)
        self._app.push_screen(
            ChangeSeveralScreen(title, tunable, parts, colors(of), partial(self._set, of), undo=undo)
        )

    def _taking_back(self) -> tuple[list[ServerMonitor], list[Part]]:
        of = [each for each in self._app.watched if each.name in self._done]
        return of, [self._part_back(each) for each in of]

    def _part_back(self, server: ServerMonitor) -> Part:
        gate = server.acts.gate
        reason = unreachable_server(server, self._app.clock()) or server.acts.why_not("undo")
        if reason or gate is None:
            return ExcludedServer(server.name, reason or _("what this account may do is not known yet"))
        try:
            return undo_on(server.name, gate.last_change(), self._done[server.name])
        except FileError as error:
            return ExcludedServer(server.name, error.line)

    def _show_undo(
        self, of: Sequence[ServerMonitor], parts: Sequence[Part], only: ServerMonitor | None = None
    ) -> None:
        """`only`: offer to undo on this one alone, too."""
        name = next((part.ahead.action.name for part in changes(parts)), "wait_timeout")
        title = _("undo on {servers}", servers=common_value(of))
        alone = None
        if only is not None:
            # Asked by the app: the screen that offers it is gone by then, and would hear no answer.
            ask = partial(self._app.call_later, only.acts.undo)
            alone = _("Only on {name}", name=plain(only.name, 24)), ask
        self._dress(of)
        self._app.push_screen(
            ChangeSeveralScreen(
                title, TUNABLE[name], parts, colors(of), partial(self._take_back, of), only=alone
            )
        )

    # --- Changing

    def _set(self, of: Sequence[ServerMonitor], screen: ChangeSeveralScreen) -> None:
        done: dict[str, str] = {}
        self._done = done

        def perform(gate: Gate, part: ServerChange) -> Outcome:
            outcome = gate.run(part.ahead.action)
            done[part.server] = outcome.id
            return outcome

        self._run(of, screen, perform)

    def _take_back(self, of: Sequence[ServerMonitor], screen: ChangeSeveralScreen) -> None:
        done = self._done
        self._run(of, screen, lambda gate, part: gate.undo(done[part.server]))

    def _run(
        self,
        of: Sequence[ServerMonitor],
        screen: ChangeSeveralScreen,
        perform: Callable[[Gate, ServerChange], Outcome],
    ) -> None:
        """One after the other, in a thread; each is told before the next is begun."""
        servers = {each.name: each for each in of}
        gates = {each.name: each.acts.gate for each in of}

        def at_the_gate(part: ServerChange) -> Outcome:
            gate = gates[part.server]
            assert gate is not None  # noqa: S101 - nothing was foretold for a server without one
            return perform(gate, part)

        def run() -> None:
            for ended in one_by_one(screen.changes, at_the_gate, lambda: screen.is_stopping):
                self._app.call_from_thread(screen.add, ended)
                if not ended.surprise:
                    self._app.call_from_thread(self._changed, ended.server)
                self._app.call_from_thread(self._app.look_again, servers[ended.server])
            self._app.call_from_thread(screen.finish)

        of[0].acts.in_thread(run)

    def _dress(self, of: Sequence[ServerMonitor]) -> None:
        """Wear their colour, where they have one in common; each has its own at its name."""
        worn = {each.color for each in of}
        self._app.dress(worn.pop() if len(worn) == 1 else None)


def colors(of: Sequence[ServerMonitor]) -> dict[str, str | None]:
    return {each.name: each.color for each in of}


def common_value(of: Sequence[ServerMonitor]) -> str:
    """`3 servers: db1, db2, db3`."""
    names = ", ".join(plain(each.name, 24) for each in of)
    return ngettext("{number} server: {names}", "{number} servers: {names}", len(of), names=names)


def examine_server(server: ServerMonitor, tunable: Tunable, now: float) -> ExaminedServer | ExcludedServer:
    """The variable as it stands there. A server that does not answer the polls just now is not asked."""
    acts, newest = server.acts, server.newest
    reason = (acts.is_read_only and acts.why_not("tune")) or unreachable_server(server, now)
    try:
        if not reason:
            acts.learn()
    except SourceError as error:
        return ExcludedServer(server.name, error.line)
    reason = reason or acts.why_not("tune")
    if reason or acts.gate is None or newest is None:
        return ExcludedServer(server.name, reason)
    if tunable not in tunables_of(newest.sample):
        return ExcludedServer(server.name, _("it has no {variable}", variable=tunable.name))
    try:
        standing = acts.gate.standing(tunable.name)
    except SourceError as error:
        return ExcludedServer(server.name, error.line)
    return settable(ExaminedServer(server.name, standing, acts.gate.privileges, newest), tunable)


def up_to_date(
    seen: ExaminedServer | ExcludedServer, newest: Snapshot | None
) -> ExaminedServer | ExcludedServer:
    """With the sessions as they are by now: they go on idling while a value is thought about."""
    return seen if isinstance(seen, ExcludedServer) or newest is None else replace(seen, snapshot=newest)


def unreachable_server(server: ServerMonitor, now: float) -> str:
    """Why a server cannot be reached now; empty where its last reading is no older than it should be."""
    if server.trouble:
        return _("not reachable now: {why}", why=server.trouble)
    if server.newest is None:
        return _("not reachable now: it has not answered yet")
    seen = max(0.0, now - server.newest.taken_at)
    if is_stale(seen, server.pace):
        return _("not reachable now: it has not answered for {age}", age=wording.age_words(seen))
    return ""
