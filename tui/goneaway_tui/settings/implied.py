"""What follows from the command, or from another value, where nobody said it."""

from __future__ import annotations

from collections.abc import Mapping

from goneaway_tui.language import marked
from goneaway_tui.settings import values
from goneaway_tui.settings.mention import DEFAULT, Found, Rank
from goneaway_tui.settings.options import EXPORTER, LISTEN, SERVE

UNTOLD = marked("serve without --allow-changes")


def implied(command: str, decided: Mapping[str, Found]) -> dict[str, Found]:
    """The values that give way to these. What hangs on a wall, or is in a browser untold, is read-only."""
    found: dict[str, Found] = {}
    if decided["listen"].value is None:
        place = LISTEN.get(command, LISTEN[EXPORTER])
        found["listen"] = Found(values.listen(place), DEFAULT, Rank.DEFAULT)
    if decided["wall"].value:
        found["read_only"] = decided["wall"]
    elif command == SERVE and not (decided["allow_changes"].value or decided["read_only"].value):
        found["read_only"] = Found(True, UNTOLD, Rank.DEFAULT)
    return found
