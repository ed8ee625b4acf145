"""What we write as data, told in JSON Schema: for who reads it, and for the tests that hold us to it.

Objects are open there: a reader that validates must not break on a key that a later version adds. What each has now is
`required`, and the tests know no key beyond those.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

NAMES: Final = ("snapshot", "watch", "explain")
"""The commands that write JSON; beside this module each has a file of its name."""


def schema_text(name: str) -> str:
    """The schema of what the command `name` writes; for `watch` that is one line."""
    return (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
