"""JSON as in the contract: an indented head and one session a line; of several servers one object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TextIO

from goneaway_tui.export.data import Data, head_data, session_data, snapshot_data
from goneaway_tui.model.snapshot import Snapshot

_UNSEEN = re.compile(
    r"[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
"""Characters that JSON allows but that must not reach a terminal, or that cannot be encoded."""
_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_INDENTED = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=2)


def write(snapshot: Snapshot, out: TextIO) -> None:
    """Write one snapshot."""
    out.write(dumps(head_data(snapshot), _INDENTED).removesuffix("\n}"))
    out.write(',\n  "sessions": [')
    between = "\n    "
    for verdict in snapshot.verdicts:
        out.write(between + dumps(session_data(verdict, snapshot.taken_at)))
        between = ",\n    "
    out.write("\n  ]\n}\n" if snapshot.verdicts else "]\n}\n")


def write_each(snapshots: Iterable[tuple[str, Snapshot]], out: TextIO) -> None:
    """Write one object a line for each server."""
    out.writelines(
        dumps(snapshot_data(replace(snapshot, server_name=name))) + "\n" for name, snapshot in snapshots
    )


def dumps(data: Data, encoder: json.JSONEncoder = _ON_ONE_LINE) -> str:
    r"""JSON text that is valid UTF-8 and holds no control characters; on one line by default.

    >>> print(dumps({"user": "zoë\x1b\x9b\u202e\ud800"}))
    {"user": "zoë\u001b\u009b\u202e\ud800"}
    """
    text = encoder.encode(data)
    return (
        text
        if text.isascii() and text.isprintable()
        else _UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)
    )
