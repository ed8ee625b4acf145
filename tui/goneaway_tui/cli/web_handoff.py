"""What a process that draws a screen for a browser is to show: written by `serve`, read by `cli.viewer`.

It goes through the pipe that is the new process' standard input. Passwords are in it, so it is in no argument, in no
variable and in no file; and it is Python's own form, since both ends are this program.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace

from goneaway_tui.cli.servers import ConfiguredServer
from goneaway_tui.settings import Settings

LENGTH = 8
"""Bytes that say how many follow."""


@dataclass(frozen=True, slots=True)
class WebHandoff:
    settings: Settings
    """What holds for all: theme, keys, layout."""
    members: tuple[ConfiguredServer, ...]
    """With their passwords and the ways to them, which stay open with who wrote this; none where sessions are simulated."""


def handoff_json(settings: Settings, members: Sequence[ConfiguredServer]) -> bytes:
    members_to_send = tuple(
        replace(member, settings=_plain(member.settings), close_route=stay) for member in members
    )
    return pickle.dumps(WebHandoff(_plain(settings), members_to_send))


def read_handoff(descriptor: int) -> WebHandoff:
    """Takes exactly what was written, and leaves what follows. Raises EOFError where that is not whole."""
    size = int.from_bytes(_exactly(descriptor, LENGTH), "big")
    handoff = pickle.loads(_exactly(descriptor, size))  # noqa: S301 - from the process that began this one
    assert isinstance(handoff, WebHandoff)  # noqa: S101 - both ends are this program
    return handoff


def stay() -> None:
    """The way is not ours to close."""


def _plain(settings: Settings) -> Settings:
    """Views on mappings cannot be handed over."""
    return replace(settings, origins=dict(settings.origins), keys=dict(settings.keys))


def _exactly(descriptor: int, size: int) -> bytes:
    pieces = b""
    while len(pieces) < size:
        piece = os.read(descriptor, size - len(pieces))
        if not piece:
            raise EOFError
        pieces += piece
    return pieces
