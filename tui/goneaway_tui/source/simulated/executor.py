"""The right to change the simulated server. It answers as MySQL 9.7 and MariaDB do, and nothing but the play changes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from goneaway_tui.errors import Unsupported
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import Keep, Kept, Powers, Probe, Standing
from goneaway_tui.ports import Clock
from goneaway_tui.source.simulated.cast import Stage
from goneaway_tui.source.simulated.play import Play
from goneaway_tui.tune.actions import digits
from goneaway_tui.tune.clamp import clamped
from goneaway_tui.tune.outcome import GONE
from goneaway_tui.tune.tunables import TUNABLE


class SimulatedExecutor:
    """Implements Executor. Made by the source whose play it changes; `lock` is held while either touches that."""

    is_lent = is_full = is_account_full = can_borrow = False

    def __init__(self, stage: Stage, play: Play, clock: Clock, lock: Lock, name: str) -> None:
        """`stage` is as it was when the server started."""
        self._stage = stage
        self._play = play
        self._clock = clock
        self._lock = lock
        self._name = name
        self._compiled = {v.name: v.value for v in stage.variables if v.set_by == "compiled"}
        self._persisted: dict[str, float] = {}

    def together(self, *, borrow: bool = False) -> AbstractContextManager[SimulatedExecutor]:  # noqa: ARG002 - no connection to share
        return nullcontext(self)

    def powers(self) -> Powers:
        persists = self._stage.flavour is Flavour.MYSQL
        why_not = _(
            "{server} keeps no value across restarts: write it into the option file too", server=self._family
        )
        return Powers(
            "'goneaway'@'mon-1'",
            self._name,
            can_set=True,
            can_persist=persists,
            can_kill=True,
            why_not=() if persists else (("persist", why_not),),
        )

    def standing(self, name: str) -> Standing:
        with self._lock:
            return self._standing(name)

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self._lock:
            self._play.advance(self._clock())
            return next((each for each in self._play.sessions() if each.id == session_id), None)

    def set_global(self, name: str, value: float, keep: Keep) -> Kept:
        """Cuts down what is out of bounds, and warns of it with 1292, as servers do where sql_mode is not strict."""
        if keep is Keep.PERSIST:
            self._require_persistence()
        with self._lock:
            kept = clamped(value, self._standing(name), TUNABLE[name]).value
            self._play.advance(self._clock())
            self._play.set_variable(name, kept)
            if keep is Keep.PERSIST:
                self._persisted[name] = kept
        warning = f"Warning 1292: Truncated incorrect {name} value: '{digits(value)}'"
        return Kept(f"SET {keep.name} {name} = {digits(value)}", kept, () if kept == value else (warning,))

    def reset_persist(self, name: str) -> Kept:
        self._require_persistence()
        with self._lock:
            known = self._persisted.pop(name, None)
            warning = f"Warning 3615: Variable {name} does not exist in persisted config file"
            value = self._standing(name).variable.value
        return Kept(f"RESET PERSIST IF EXISTS {name}", value, (warning,) if known is None else ())

    def probe(self, name: str) -> tuple[Probe, ...]:
        """An interactive client's own wait_timeout is copied from interactive_timeout."""
        twin = "interactive_timeout" if name == "wait_timeout" else name
        with self._lock:
            return tuple(
                Probe(interactive, self._standing(asked).variable.value)
                for interactive, asked in ((False, name), (True, twin))
            )

    def kill(self, session_id: ProcesslistId) -> Kept:
        with self._lock:
            now = self._clock()
            self._play.advance(now)
            was_there = self._play.kill(now, session_id)
        return Kept(f"KILL {session_id}", None, () if was_there else (GONE,))

    def kill_query(self, session_id: ProcesslistId) -> Kept:
        with self._lock:
            now = self._clock()
            self._play.advance(now)
            was_there = self._play.end_statement(now, session_id)
        return Kept(f"KILL QUERY {session_id}", None, () if was_there else (GONE,))

    @property
    def _family(self) -> str:
        return f"{self._stage.flavour.title} {self._stage.version}"

    def _standing(self, name: str) -> Standing:
        found = next((v for v in self._play.variables if v.name == name), None)
        if found is None:
            raise Unsupported(
                _(
                    "{server} has no variable {name} that can be set",
                    server=self._name,
                    name=plain(name, 100),
                )
            )
        return Standing(found, default=self._compiled.get(name), persisted=self._persisted.get(name))

    def _require_persistence(self) -> None:
        if self._stage.flavour is not Flavour.MYSQL:
            raise Unsupported(
                _("{server} keeps no value across restarts", server=self._family),
                _("write it into the option file"),
            )
