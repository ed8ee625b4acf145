"""What a config file says: common options, servers by name, groups of them, and keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _
from goneaway_tui.settings.mention import Mention
from goneaway_tui.settings.nearest import did_you_mean
from goneaway_tui.settings.options import OPTIONS, Option, Section
from goneaway_tui.settings.values import shown

SERVERS, GROUPS, KEYS = "servers", "groups", "keys"
COLOR, GROUP = "color", "group"
PASSWORD_COMMAND, PASSWORD_KEYRING, PASSWORD_PROMPT = (
    "password-command",
    "password-keyring",
    "password-prompt",
)
"""What a server has besides options."""

COLORS = (
    *("red", "orange", "yellow", "green", "teal", "cyan", "blue", "purple", "magenta", "pink"),
    *("brown", "gray", "white", "black"),
)
"""Colours that have a name; any other is `#rrggbb`."""

COMMON: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.SHOWING
}
CONNECTION: Mapping[str, Option] = {
    option.word: option for option in OPTIONS if option.section is Section.CONNECTION
}
OF_A_SERVER = {**CONNECTION, **COMMON}

MOST_NAMED = 8
"""Names said in one line of an error."""


@dataclass(frozen=True, slots=True)
class Server:
    """What is said of one server."""

    name: str
    mentions: tuple[Mention, ...]
    color: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Config:
    name: str
    """The file's, as a person would write it."""
    mentions: tuple[Mention, ...] = ()
    """What holds for every server."""
    servers: Mapping[str, Server] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of servers by the name of their group; none is empty."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys by the id of their binding, with commas between several."""

    def server(self, name: str) -> Server:
        if name in self.servers:
            return self.servers[name]
        what = _("{file} has no server {name}", file=self.name, name=shown(name))
        raise SettingsError(what, _among(name, self.servers) or _("[servers.NAME] makes one"))

    def group(self, name: str) -> tuple[str, ...]:
        if name in self.groups:
            return self.groups[name]
        what = _("{file} has no group {name}", file=self.name, name=shown(name))
        raise SettingsError(what, _among(name, self.groups) or _("[groups] names them"))


def _among(name: str, known: Mapping[str, object]) -> str:
    """What there is instead; empty where there is nothing."""
    some = ", ".join([*known][:MOST_NAMED]) + ", ..." * (len(known) > MOST_NAMED)
    return did_you_mean(name, known) or (_("there are {names}", names=some) if known else "")
