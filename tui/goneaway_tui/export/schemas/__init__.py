"""JSON Schemas of what is written as JSON, for readers and for our tests.

Objects are open there: a reader that validates must accept a key that a later version adds. Every key of today is
`required`, and the tests accept no other key.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

NAMES: Final = ("snapshot", "watch", "explain")
"""The commands that write JSON. Each has a file of its name in this folder."""


def schema_text(name: str) -> str:
    """The schema of what the command `name` writes; for `watch` of one line."""
    return (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
