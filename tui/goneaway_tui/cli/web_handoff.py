"""What a process that draws a screen for a browser is to show: written by `serve`, read by `cli.web_child`.

It goes through the pipe that is the standard input of the new process. It holds passwords, so it is in no argument,
no environment variable and no file. It is a pickle, since both ends are this program.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace

from goneaway_tui.cli.servers import ConfiguredServer
from goneaway_tui.settings import Settings

LENGTH_BYTES = 8
"""Bytes of the length that stands before the pickle."""


@dataclass(frozen=True, slots=True)
class WebHandoff:
    """The settings and servers of a screen in a browser."""

    settings: Settings
    """For the whole screen: theme, keys, layout."""
    members: tuple[ConfiguredServer, ...]
    """With their passwords and addresses. The writer keeps the routes open. Empty where the sessions are simulated."""


def pickled_handoff(settings: Settings, members: Sequence[ConfiguredServer]) -> bytes:
    members_to_send = tuple(
        replace(member, settings=_plain(member.settings), close_route=keep_route_open) for member in members
    )
    return pickle.dumps(WebHandoff(_plain(settings), members_to_send))


def read_handoff(descriptor: int) -> WebHandoff:
    """Read one handoff from a file descriptor, and nothing after it. Raises EOFError where it is not complete."""
    size = int.from_bytes(_exactly(descriptor, LENGTH_BYTES), "big")
    handoff = pickle.loads(_exactly(descriptor, size))  # noqa: S301 - from the process that began this one
    assert isinstance(handoff, WebHandoff)  # noqa: S101 - both ends are this program
    return handoff


def keep_route_open() -> None:
    """Leave the route open: it belongs to the process that wrote the handoff."""


def _plain(settings: Settings) -> Settings:
    """The settings with mappings that can be pickled; a mapping proxy cannot."""
    return replace(
        settings, origins=dict(settings.origins), keys=dict(settings.keys), rules=dict(settings.rules)
    )


def _exactly(descriptor: int, size: int) -> bytes:
    pieces = b""
    while len(pieces) < size:
        piece = os.read(descriptor, size - len(pieces))
        if not piece:
            raise EOFError
        pieces += piece
    return pieces
