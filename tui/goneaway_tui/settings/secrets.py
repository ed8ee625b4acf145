"""Passwords: a type that does not print them, and masks for those on the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MASK: Final = "****"


class Secret:
    """A password. Printed, formatted or logged it is `****`; only `reveal()` returns it.

    Bytes that were not UTF-8 are held as surrogate escapes, so the connection sends `reveal().encode("utf-8",
    "surrogateescape")`.

    >>> str(Secret("tiger")), f"{Secret('tiger')!r:>6}"
    ('****', '  ****')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The password."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        """Whether the password is not empty. With an empty password the client sends no password."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def secret_span(argument: str) -> tuple[int, int]:
    """The start and end of a password, or of a possible mistyped password, in one argument; an empty span without one.

    >>> [slice(*secret_span(each)) for each in ("-ptiger", "mysql://scott:tiger@db1/", "-hdb1")]
    [slice(2, 7, None), slice(14, 19, None), slice(0, 0, None)]
    """
    if argument.startswith("-p"):
        return 2, len(argument)
    if argument.startswith("--pass"):
        equals = argument.find("=") + 1
        return equals or min(len("--password"), len(argument)), len(argument)
    if "://" in argument:
        start, end = argument.index("://") + 3, argument.rfind("@")
        colon = argument.find(":", start, max(start, end))
        return (colon + 1, end) if colon >= 0 else (0, 0)
    return 0, 0


def mask_secret(argument: str) -> str:
    """`argument` with its password replaced, for an error message."""
    start, end = secret_span(argument)
    return argument[:start] + (MASK if start < end else "") + argument[end:]


def hide_secrets(argv: Sequence[str]) -> bool:
    """Overwrite with `x` the passwords among `argv`, the last arguments of this process, in the process list.

    Return whether no password can be read there any more. Never raises.
    """
    spans = [secret_span(argument) for argument in argv]
    if all(start >= end for start, end in spans):
        return True
    if sys.platform != "linux":
        return False
    try:
        plain = [os.fsencode(argument) for argument in argv]
        hidden = [_hidden(argument, *span) for argument, span in zip(argv, spans, strict=True)]
        return _overwrite(plain, hidden)
    except Exception:  # noqa: BLE001 - a courtesy: nothing that goes wrong in it may stop a run
        return False


def _hidden(argument: str, start: int, end: int) -> bytes:
    """`argument` with its password overwritten byte by byte: the length may not change."""
    secret = b"x" * len(os.fsencode(argument[start:end]))
    return os.fsencode(argument[:start]) + secret + os.fsencode(argument[end:])


def _overwrite(plain: list[bytes], hidden: list[bytes]) -> bool:
    import ctypes

    start, end = _arguments()
    old = b"".join(argument + b"\0" for argument in plain)
    new = b"".join(argument + b"\0" for argument in hidden)
    if not _writable(start, end) or not ctypes.string_at(start, end - start).endswith(old):
        return False
    ctypes.memmove(end - len(old), new, len(old))
    return True


def _arguments() -> tuple[int, int]:
    """Addresses of our arguments in memory: arg_start and arg_end, see proc_pid_stat(5)."""
    after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return int(after_name[45]), int(after_name[46])


def _writable(start: int, end: int) -> bool:
    """Whether these addresses are mapped and writable: writing to others would end the process."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions = line.split()[:2]
        low, high = (int(bound, 16) for bound in span.split("-"))
        if low <= start < end <= high:
            return permissions.startswith("rw")
    return False
