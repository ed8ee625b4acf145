"""What can be done to a server, as data: decided by a dialog, performed by the gate alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from goneaway_tui.model.session import Session
from goneaway_tui.model.tuning import Keep


@dataclass(frozen=True, slots=True)
class SetVariable:
    """Give a global variable a value."""

    name: str
    value: int | float
    """As asked for, in the variable's own unit; the server may keep another."""
    keep: Keep
    old: int | float | None
    """The value the person was shown. If it is another by then, nothing is done; None sets whatever it is."""
    undoes: str | None = None
    """The journal's id of the act this takes back."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.value} is no value for {self.name}")

    @property
    def statement(self) -> str:
        """
        >>> SetVariable("wait_timeout", 600, Keep.PERSIST, 28800).statement
        'SET PERSIST wait_timeout = 600'
        """
        return f"SET {self.keep.name} {self.name} = {digits(self.value)}"


@dataclass(frozen=True, slots=True)
class ResetPersist:
    """Forget a persisted value; the running one stays."""

    name: str
    old: int | float | None = None
    """The running value the person was shown; as for SetVariable."""

    @property
    def statement(self) -> str:
        return f"RESET PERSIST {self.name}"


@dataclass(frozen=True, slots=True)
class KillSession:
    """End a session: its transaction is rolled back, its locks are released."""

    witness: Session
    """As it was shown to the person who decided."""

    @property
    def statement(self) -> str:
        return f"KILL {self.witness.id}"


@dataclass(frozen=True, slots=True)
class KillQuery:
    """End what a session is running; the session stays, and so does its transaction."""

    witness: Session

    @property
    def statement(self) -> str:
        return f"KILL QUERY {self.witness.id}"


Setting = SetVariable | ResetPersist
Killing = KillSession | KillQuery
Action = Setting | Killing


def restoring(
    name: str,
    old: float,
    kept: float | None,
    keep: Keep,
    persisted: float | None,
    undoes: str | None = None,
) -> tuple[Setting, ...]:
    """What brings a variable back from `kept` to `old`, and what is persisted back to `persisted`, in this order.

    The persisted value comes first: while that fails, nothing counts as undone and all can be asked again.
    """
    if keep is Keep.GLOBAL:
        return (SetVariable(name, old, Keep.GLOBAL, kept, undoes),)
    if persisted is None:
        return (ResetPersist(name, kept), SetVariable(name, old, Keep.GLOBAL, kept, undoes))
    again = SetVariable(name, persisted, Keep.PERSIST, kept, undoes)
    return (again,) if persisted == old else (again, SetVariable(name, old, Keep.GLOBAL, persisted, undoes))


def digits(value: float) -> str:
    """A number as SET takes it.

    >>> digits(28800), digits(60.0), digits(0.000001)
    ('28800', '60', '0.000001')
    """
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"
