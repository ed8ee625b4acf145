"""Several servers at once: each with a name, a password and a way of its own. What goes wrong with one stops no other.

Passwords are asked for and tunnels are opened one after the other, before anything starts; all else is side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from goneaway_tui.cli.password import password_of
from goneaway_tui.cli.terminal import tell
from goneaway_tui.cli.way import address_name, way_to
from goneaway_tui.errors import SettingsError, SourceError
from goneaway_tui.language import _, marked
from goneaway_tui.model.sample import Sample
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Secret, Settings
from goneaway_tui.source.address import Address

if TYPE_CHECKING:
    from goneaway_tui.model.relative import Kin
    from goneaway_tui.source.history import History
    from goneaway_tui.source.live import LiveSource

T = TypeVar("T")
S = TypeVar("S", bound=Source)
Open = Callable[[Settings, Address, Clock], "LiveSource"]
"""Makes the source of one server."""
GOODBYE_SECONDS = 0.5
"""How long all of them together may take to let go."""
NOT_OF_SEVERAL: Mapping[str, str] = {
    "record": marked("a recording is of one server: run watch --record once for each"),
    "recording": marked("a recording is of one server: give that server alone"),
    "error_log": marked("a log is of one server: write error_log below its [servers.NAME]"),
}
"""What is said of one server alone and cannot hold for several, with what to do instead."""


@dataclass(frozen=True, slots=True)
class Member:
    """One of several servers."""

    name: str
    """Unlike any other's."""
    settings: Settings
    password: Secret
    address: Address | None = None
    """How to get there; None where that is not possible, and then `trouble` says why."""
    trouble: SourceError | None = None
    leave: Callable[[], None] = lambda: None
    """Closes the way to it."""


class Unreached:
    """The source of a server there is no way to."""

    def __init__(self, member: Member) -> None:
        self.name = member.name
        self._why = _("there is no way to it") if member.trouble is None else str(member.trouble)

    def sample(self) -> Sample:
        raise SourceError(self._why, _("start again once there is one"))

    def history(self) -> History:
        raise SourceError(self._why, _("start again once there is one"))

    def relatives(self) -> Kin:
        raise SourceError(self._why, "start again once there is one")

    def close(self) -> None:
        """Nothing is held."""


@contextmanager
def fleet(each: Sequence[Settings]) -> Iterator[tuple[Member, ...]]:
    """All of them, with the ways to them open. Raises SettingsError where a password is not to be had."""
    for option, instead in NOT_OF_SEVERAL.items():
        said = [settings.origins[option] for settings in each if getattr(settings, option) is not None]
        if len(set(said)) < len(said):
            raise SettingsError(_("{flag} does not go with several servers", flag=said[0]), _(instead))
    known: dict[str, Secret] = {}
    members = []
    for name, settings in zip(names(each), each, strict=True):
        origin = settings.origins["password"]
        shared = sum(other.origins["password"] == origin for other in each) > 1
        if not (settings.connection.ask_password and origin in known):
            known[origin] = password_of(settings.connection, "" if shared else name)
        members.append(Member(name, settings, known[origin]))
    with ExitStack() as ways:
        yield tuple(_under_way(member, ways) for member in members)


def names(each: Iterable[Settings]) -> list[str]:
    """What each is called in the config file, else where it is; the second of a name is `name#2`."""
    found: list[str] = []
    for settings in each:
        name = settings.profile or address_name(settings.connection)
        tries = (name, *(f"{name}#{number}" for number in range(2, len(found) + 3)))
        found.append(next(each for each in tries if each not in found))
    return found


def side_by_side(sources: Mapping[str, S], ask: Callable[[str, S], T]) -> list[tuple[str, T | None]]:
    """What each answers, by its name and in their order; of one that does not a line is told, and its answer is None.

    The sources are closed then, also where we are interrupted.
    """

    def answer(name: str) -> tuple[str, T | None]:
        try:
            return name, ask(name, sources[name])
        except SourceError as error:
            tell(_("{place}: {what}", place=name, what=error.line))
            return name, None

    threads = ThreadPoolExecutor(max_workers=len(sources), thread_name_prefix="server")
    try:
        return list(threads.map(answer, sources))
    finally:
        close_all(sources.values())
        threads.shutdown(wait=False, cancel_futures=True)


class Closing(Protocol):
    """What can be let go of."""

    def close(self) -> None: ...


def close_all(sources: Iterable[Closing]) -> None:
    """Let go of all of them at once: one that hangs keeps nobody waiting for long."""
    closing = [threading.Thread(target=source.close, name="goodbye", daemon=True) for source in sources]
    for thread in closing:
        thread.start()
    for thread in closing:
        thread.join(GOODBYE_SECONDS / len(closing))


def _under_way(member: Member, ways: ExitStack) -> Member:
    try:
        way = ways.enter_context(way_to(member.settings, member.password))
    except SourceError as error:
        return replace(member, trouble=error)
    return replace(member, address=way.address, leave=way.close)


def source_of(member: Member, clock: Clock, open_source: Open) -> LiveSource | Unreached:
    """What reads it; where there is no way to it, what says so."""
    if member.address is None:
        return Unreached(member)
    return open_source(member.settings, member.address, clock)
