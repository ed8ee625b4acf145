"""A text that does not show itself."""

from __future__ import annotations

from typing import Final

MASK: Final = "****"


class Secret:
    """A password: printed, formatted or logged it is `****`; only `reveal()` says it.

    It holds what was typed. Bytes that were not UTF-8 are in it as surrogate escapes, so the wire takes
    `reveal().encode("utf-8", "surrogateescape")`.

    >>> str(Secret("tiger")), f"{Secret('tiger')!r:>6}"
    ('****', '  ****')
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        """Whether there is a password at all: an empty one means none is to be sent."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)
