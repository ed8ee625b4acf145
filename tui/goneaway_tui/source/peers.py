"""Who listens on a Unix socket: whether that is proof enough to tell a password.

In a folder that others may write (`/tmp`), another user may listen where a server is expected.
"""

from __future__ import annotations

import os
import pwd
import socket as sockets
import stat
import struct
from pathlib import Path

ROOT = 0
SERVER_ACCOUNTS = ("mysql", "_mysql")
"""The accounts that servers run as: what packages of Linux, and of macOS and the BSDs, make."""
_CREDENTIALS = struct.Struct("3i")
"""Process, user, group: `struct ucred` in unix(7)."""


def is_trusted_peer(line: sockets.socket, path: str) -> bool:
    """Whether root, we, or a server's account listens at `path`, to which `line` is connected.

    Anybody else has to own the folder, where nobody but root and the owner could have put the socket.
    """
    user = _user(line, path)
    return user is not None and (
        user in {ROOT, os.geteuid()} or _is_owner_of_folder(user, path) or _is_server_account(user)
    )


def _user(line: sockets.socket, path: str) -> int | None:
    """Who listens, as the kernel says it. Where it does not (macOS), the owner of the file."""
    try:
        if hasattr(sockets, "SO_PEERCRED"):
            told = line.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _CREDENTIALS.size)
            _process, user, _group = _CREDENTIALS.unpack(told)
            return int(user)
        return os.lstat(path).st_uid
    except (OSError, struct.error):
        return None


def _is_owner_of_folder(user: int, path: str) -> bool:
    """Not in a folder below one that anybody may write: there it may be of anybody's making."""
    folder = Path(path).absolute().parent
    try:
        return folder.stat().st_uid == user and not any(
            each.stat().st_mode & stat.S_IWOTH for each in (folder, *folder.parents)
        )
    except OSError:
        return False


def _is_server_account(user: int) -> bool:
    for name in SERVER_ACCOUNTS:
        try:
            if pwd.getpwnam(name).pw_uid == user:
                return True
        except KeyError:
            continue
    return False
