"""Parts of the README that are made from the code they tell of: `python -m tests.house.documents` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable

from goneaway_tui.tune.tunables import TUNABLES
from tests.house.tree import ROOT

README = ROOT / "README.md"


def tunables() -> str:
    """One row a tunable."""
    rows = [
        f"| `{each.name}` | {f'`{each.key}`' if each.key else '`t`'} | {each.why} | {each.reach.sentence} |"
        for each in TUNABLES
    ]
    return "\n".join(("| variable | key | what it is | a new value |", "|---|---|---|---|", *rows))


BLOCKS: dict[str, Callable[[], str]] = {"tunables": tunables}
"""By the name in the mark `<!-- begin NAME -->`."""


def block(name: str) -> re.Pattern[str]:
    """Finds what stands between a block's marks."""
    return re.compile(rf"(?<=<!-- begin {name} -->\n).*?(?=\n<!-- end {name} -->)", re.DOTALL)


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, made in BLOCKS.items():
        text = block(name).sub(lambda _, made=made: made(), text)  # type: ignore[misc]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
