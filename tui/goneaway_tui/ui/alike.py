"""From a key to the same change on several servers: looks at each, asks for the value, and changes one after the other.

Each goes through the gate and the journal of its own server. Looking is done side by side, changing never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from goneaway_tui.errors import FileError, SourceError
from goneaway_tui.language import _, ngettext
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.model.tuning import Keep
from goneaway_tui.tune.actions import ResetPersist, SetVariable
from goneaway_tui.tune.alike import (
    Change,
    LeftOut,
    Looked,
    Part,
    changes,
    one_by_one,
    plan,
    settable,
    taking_back,
)
from goneaway_tui.tune.gate import Gate, Outcome
from goneaway_tui.tune.tunables import TUNABLE, Tunable, present
from goneaway_tui.ui import wording
from goneaway_tui.ui.freshness import is_stale
from goneaway_tui.ui.screens.alike import AlikeScreen, AskAlike
from goneaway_tui.ui.screens.chooser import ChooserScreen, tunables

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp
    from goneaway_tui.ui.watched import Watched

PATIENCE = 0.7
"""Seconds after which it is said that servers are being asked."""


class Alike:
    """What the keys do where several servers are marked."""

    def __init__(self, app: GoneawayApp, changed: Callable[[str], object]) -> None:
        """`changed` is told the name of each server on which all went as foretold."""
        self._app = app
        self._changed = changed
        self._done: Mapping[str, str] = {}
        """The last change on several servers in this run: its act in the journal, by server."""
        self._is_looking = False

    def choose(self, servers: Sequence[Watched]) -> None:
        """Every tunable that any of them has."""
        listed: dict[str, str] = {}
        for each in servers:
            for name, line in tunables(each.newest.sample) if each.newest is not None else ():
                listed.setdefault(name, line)

        def chosen(name: str | None) -> None:
            if name:
                self.tune(name, servers)

        title = _("tune on {servers}", servers=together(servers))
        self._app.push_screen(ChooserScreen(title, listed.items(), "wait_timeout"), chosen)

    def tune(self, name: str, servers: Sequence[Watched]) -> None:
        """Look at the variable on each, then ask for its value on the first where one can be set."""
        if self._is_looking:
            return
        self._is_looking = True
        self._app.set_timer(PATIENCE, partial(self._say_so, len(servers)))
        tunable, now = TUNABLE[name], self._app.clock()
        seen: dict[str, Looked | LeftOut] = {}

        def heard(of: Looked | LeftOut) -> None:
            seen[of.server] = of
            if len(seen) == len(servers):
                self._is_looking = False
                self._ask(tunable, servers, [seen[each.name] for each in servers])

        def ask(server: Watched) -> None:
            self._app.call_from_thread(heard, look(server, tunable, now))

        for each in servers:
            each.acts.in_thread(partial(ask, each))

    def undo(self, server: Watched) -> bool:
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

    def _ask(self, tunable: Tunable, of: Sequence[Watched], seen: Sequence[Looked | LeftOut]) -> None:
        """Ask for the value once. Where it can be set nowhere, say of each why not."""
        first = next((each for each in seen if isinstance(each, Looked)), None)
        if first is None:
            self._show(tunable, of, plan(tunable, 0, Keep.GLOBAL, seen))
            return

        def asked(action: SetVariable | ResetPersist | None) -> None:
            if isinstance(action, SetVariable):
                now = [up_to_date(each, server.newest) for each, server in zip(seen, of, strict=True)]
                self._show(tunable, of, plan(tunable, action.value, action.keep, now))

        on = next(each for each in of if each.name == first.server)
        self._dress(of)
        self._app.push_screen(
            AskAlike(tunable, first, lambda: on.newest or first.snapshot, together(of)), asked
        )

    def _show(self, tunable: Tunable, of: Sequence[Watched], parts: Sequence[Part]) -> None:
        title = _("{variable} on {servers}", variable=tunable.name, servers=together(of))

        def undo() -> None:
            self._show_undo(*self._taking_back())

        self._dress(of)
        self._app.push_screen(
            AlikeScreen(title, tunable, parts, colors(of), partial(self._set, of), undo=undo)
        )

    def _taking_back(self) -> tuple[list[Watched], list[Part]]:
        of = [each for each in self._app.watched if each.name in self._done]
        return of, [self._part_back(each) for each in of]

    def _part_back(self, server: Watched) -> Part:
        gate = server.acts.gate
        reason = away(server, self._app.clock()) or server.acts.why_not("undo")
        if reason or gate is None:
            return LeftOut(server.name, reason or _("what this account may do is not known yet"))
        try:
            return taking_back(server.name, gate.last_change(), self._done[server.name])
        except FileError as error:
            return LeftOut(server.name, error.line)

    def _show_undo(self, of: Sequence[Watched], parts: Sequence[Part], only: Watched | None = None) -> None:
        """`only`: offer to undo on this one alone, too."""
        name = next((part.ahead.action.name for part in changes(parts)), "wait_timeout")
        title = _("undo on {servers}", servers=together(of))
        alone = None
        if only is not None:
            # Asked by the app: the screen that offers it is gone by then, and would hear no answer.
            ask = partial(self._app.call_later, only.acts.undo)
            alone = _("Only on {name}", name=plain(only.name, 24)), ask
        self._dress(of)
        self._app.push_screen(
            AlikeScreen(title, TUNABLE[name], parts, colors(of), partial(self._take_back, of), only=alone)
        )

    # --- Changing

    def _set(self, of: Sequence[Watched], screen: AlikeScreen) -> None:
        done: dict[str, str] = {}
        self._done = done

        def perform(gate: Gate, part: Change) -> Outcome:
            outcome = gate.run(part.ahead.action)
            done[part.server] = outcome.id
            return outcome

        self._run(of, screen, perform)

    def _take_back(self, of: Sequence[Watched], screen: AlikeScreen) -> None:
        done = self._done
        self._run(of, screen, lambda gate, part: gate.undo(done[part.server]))

    def _run(
        self, of: Sequence[Watched], screen: AlikeScreen, perform: Callable[[Gate, Change], Outcome]
    ) -> None:
        """One after the other, in a thread; each is told before the next is begun."""
        servers = {each.name: each for each in of}
        gates = {each.name: each.acts.gate for each in of}

        def at_the_gate(part: Change) -> Outcome:
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

    def _dress(self, of: Sequence[Watched]) -> None:
        """Wear their colour, where they have one in common; each has its own at its name."""
        worn = {each.color for each in of}
        self._app.dress(worn.pop() if len(worn) == 1 else None)


def colors(of: Sequence[Watched]) -> dict[str, str | None]:
    return {each.name: each.color for each in of}


def together(of: Sequence[Watched]) -> str:
    """`3 servers: db1, db2, db3`."""
    names = ", ".join(plain(each.name, 24) for each in of)
    return ngettext("{number} server: {names}", "{number} servers: {names}", len(of), names=names)


def look(server: Watched, tunable: Tunable, now: float) -> Looked | LeftOut:
    """The variable as it stands there. A server that does not answer the polls just now is not asked."""
    acts, newest = server.acts, server.newest
    reason = (acts.is_read_only and acts.why_not("tune")) or away(server, now)
    try:
        if not reason:
            acts.learn()
    except SourceError as error:
        return LeftOut(server.name, error.line)
    reason = reason or acts.why_not("tune")
    if reason or acts.gate is None or newest is None:
        return LeftOut(server.name, reason)
    if tunable not in present(newest.sample):
        return LeftOut(server.name, _("it has no {variable}", variable=tunable.name))
    try:
        standing = acts.gate.standing(tunable.name)
    except SourceError as error:
        return LeftOut(server.name, error.line)
    return settable(Looked(server.name, standing, acts.gate.powers, newest), tunable)


def up_to_date(seen: Looked | LeftOut, newest: Snapshot | None) -> Looked | LeftOut:
    """With the sessions as they are by now: they go on idling while a value is thought about."""
    return seen if isinstance(seen, LeftOut) or newest is None else replace(seen, snapshot=newest)


def away(server: Watched, now: float) -> str:
    """Why a server cannot be reached now; empty where its last reading is no older than it should be."""
    if server.trouble:
        return _("not reachable now: {why}", why=server.trouble)
    if server.newest is None:
        return _("not reachable now: it has not answered yet")
    seen = max(0.0, now - server.newest.taken_at)
    if is_stale(seen, server.pace):
        return _("not reachable now: it has not answered for {age}", age=wording.age(seen))
    return ""
