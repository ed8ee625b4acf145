"""The keys of the board, for the help."""

from __future__ import annotations

from goneaway_tui.tune.tunables import TUNABLES

KEYS: tuple[tuple[str, str], ...] = (
    ("arrows page home end", "move; left and right push the columns aside"),
    ("enter", "one session, whole"),
    ("/", "filter"),
    ("s", "sort by a column; again: the other way"),
    ("g", "group by user, client, program or database"),
    ("space", "mark a session, for k"),
    *((each.key, f"change {each.name}") for each in TUNABLES if each.key),
    ("t", "change any limit"),
    ("k", "kill the marked sessions, or the one under the cursor"),
    ("u", "undo the last change"),
    ("l", "the ledger: who left, when and why"),
    ("d", "the doctor: every cause as it stands now, and an answer to a pasted error"),
    ("v", "the limits, and the journal of changes"),
    ("f", "freeze the screen, and let it go on"),
    ("y", "copy: the id, the row, the statement, the client, the KILL statement"),
    ("e", "export the snapshot on the screen"),
    ("esc", "leave what was opened"),
    ("ctrl+p", "every command by name"),
    ("q, ctrl+c", "quit"),
)
OF_SEVERAL_KEYS = (("o", "only the server of the row under the cursor, and all again"),)
