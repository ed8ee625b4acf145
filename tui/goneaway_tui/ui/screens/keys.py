"""The keys of the board, for the help."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from goneaway_tui.language import _, marked
from goneaway_tui.tune.tunables import TUNABLES

SHORT = {
    "wait_timeout": marked("wait"),
    "interactive_timeout": marked("inter"),
    "max_allowed_packet": marked("packet"),
}
"""What the footer calls the tunables that have a key."""
Rows = tuple[tuple[str, str], ...]
"""Keys, and what they do."""
MOVING: Rows = (
    (marked("arrows page home end"), marked("move; left and right push the columns aside")),
    ("enter", marked("one session, whole")),
    ("/", marked("filter")),
    ("s", marked("sort by a column; again: the other way")),
    ("g", marked("group by user, client, program or database")),
    ("space", marked("mark a session, or all sessions of a group, for k")),
)
ACTING: Rows = (
    ("t", marked("change any limit")),
    ("k", marked("kill the marked sessions, or those of the row under the cursor")),
    ("u", marked("undo the last change")),
    ("l", marked("the ledger: who left, when and why")),
    ("d", marked("the doctor: every cause as it stands now, and an answer to a pasted error")),
    ("v", marked("the limits, and the journal of changes")),
    (
        "r",
        marked(
            "relatives: replicas, sources, members that the servers themselves name, and to watch them too"
        ),
    ),
    ("f", marked("freeze the screen, and let it go on")),
    ("y", marked("copy: the id, the row, the statement, the client, the KILL statement")),
    ("e", marked("export the snapshot on the screen")),
    ("esc", marked("leave what was opened")),
    ("ctrl+p", marked("every command by name")),
    ("q, ctrl+c", marked("quit")),
)
OF_SEVERAL_KEYS: Rows = (
    ("o", marked("only the server of the row under the cursor, and all again")),
    ("m", marked("a row a server, to mark with space; the sessions again")),
    (
        " ".join((*(each.key for each in TUNABLES if each.key), "t")),
        marked("with marked servers: the same change on each, one by one, up to the first surprise"),
    ),
    ("u", marked("after such a change: take it back on all it was made on, or on this one")),
)


def tune_bindings() -> list[BindingType]:
    """Of the tunables that have a key of their own."""
    return [
        Binding(each.key, f"app.tune('{each.name}')", SHORT.get(each.name, each.name), id=f"tune.{each.name}")
        for each in TUNABLES
        if each.key
    ]


def said(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """In the language of the run."""
    return [(_(keys), _(words)) for keys, words in rows]


def board_keys() -> list[tuple[str, str]]:
    """With those that change a variable, which is named as the server names it."""
    tuning = [(each.key, _("change {name}", name=each.name)) for each in TUNABLES if each.key]
    return [*said(MOVING), *tuning, *said(ACTING)]
