"""A snapshot as one format writes it."""

from __future__ import annotations

import io

from goneaway_tui.export import FORMATS
from goneaway_tui.model.snapshot import Snapshot


def written(snapshot: Snapshot, format_name: str) -> str:
    out = io.StringIO(newline="")
    FORMATS[format_name].write(snapshot, out)
    return out.getvalue()
