"""The keys of the screens, by the ids of their bindings, for the section `[keys]` of the config file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

BINDINGS: Mapping[str, str] = {
    "alike.back": "escape",
    "alike.down": "down",
    "alike.page_down": "pagedown",
    "alike.page_up": "pageup",
    "alike.undo": "u",
    "alike.up": "up",
    "answer.all": "a",
    "answer.back": "q",
    "answer.help": "question_mark",
    "answer.leave": "escape",
    "answer.verbose": "v",
    "app.copy": "y",
    "app.help": "question_mark",
    "app.interrupt": "ctrl+c",
    "ask.cancel": "escape",
    "blocking.back": "escape,b,q",
    "blocking.help": "question_mark",
    "blocking.kill": "k",
    "board.blocking": "b",
    "board.doctor": "d",
    "board.export": "e",
    "board.filter": "slash",
    "board.freeze": "f",
    "board.group": "g",
    "board.help": "question_mark",
    "board.kill": "k",
    "board.leave": "escape",
    "board.ledger": "l",
    "board.mark_all": "A",
    "board.only": "o",
    "board.quit": "q",
    "board.relatives": "r",
    "board.rules": "R",
    "board.servers": "m",
    "board.sort": "s",
    "board.tune": "t",
    "board.undo": "u",
    "board.variables": "v",
    "chooser.cancel": "escape",
    "confirm.cancel": "escape",
    "copy.all": "a",
    "copy.because": "b",
    "copy.cancel": "escape,q",
    "copy.client": "c",
    "copy.docs": "d",
    "copy.highlighted": "y",
    "copy.id": "i",
    "copy.kill": "k",
    "copy.name": "n",
    "copy.remedies": "w",
    "copy.row": "r",
    "copy.statement": "s",
    "copy.undo": "u",
    "copy.value": "v",
    "departure.back": "escape,enter,q",
    "doctor.back": "d,q",
    "doctor.help": "question_mark",
    "doctor.kill": "k",
    "doctor.leave": "escape",
    "doctor.ledger": "l",
    "doctor.paste": "slash",
    "doctor.tune": "t",
    "doctor.wait_timeout": "w",
    "export.cancel": "escape",
    "form.cancel": "escape",
    "form.save": "ctrl+s",
    "form.test": "ctrl+t",
    "help.back": "escape,question_mark,q",
    "kill.cancel": "escape",
    "kill.statements": "s",
    "ledger.back": "l,q",
    "ledger.filter": "slash",
    "ledger.help": "question_mark",
    "ledger.leave": "escape",
    "ledger.quits": "c",
    "ledger.sort": "s",
    "ledger.summaries": "g",
    "ledger.tune": "t",
    "picker.new": "n",
    "picker.quit": "escape,q",
    "reading.back": "escape,enter,q",
    "relatives.back": "escape,r,q",
    "relatives.help": "question_mark",
    "replay.back": "comma",
    "replay.faster": "plus",
    "replay.jump": "j",
    "replay.next": "right_square_bracket",
    "replay.on": "full_stop",
    "replay.play": "f",
    "replay.previous": "left_square_bracket",
    "replay.slower": "minus",
    "report.back": "escape,enter,q",
    "report.undo": "u",
    "rules.back": "escape,R,q",
    "session.back": "escape,enter,q",
    "session.kill": "k",
    "session.next": "n",
    "session.previous": "p",
    "table.choose": "enter",
    "table.down": "down",
    "table.first": "home",
    "table.last": "end",
    "table.left": "left",
    "table.mark": "space",
    "table.page_down": "pagedown",
    "table.page_up": "pageup",
    "table.right": "right",
    "table.up": "up",
    "tune.cancel": "escape",
    "tune.copy": "y,ctrl+y",
    "tune.interactive_timeout": "i",
    "tune.longer": "up",
    "tune.max_allowed_packet": "p",
    "tune.shorter": "down",
    "tune.wait_timeout": "w",
    "variables.back": "escape,v,q",
    "variables.other": "tab,shift+tab,left,right",
    "waiting.cancel": "escape",
    "wall.back": "escape,q",
}
"""The default keys of each binding, with commas between several. A test keeps them equal to those of the screens,
which this package does not import.
"""

FIXED: Mapping[str, str] = {
    "app.focus_next": "tab",
    "app.focus_previous": "shift+tab",
    "app.interrupt": BINDINGS["app.interrupt"],
    "app.palette": "ctrl+p",
    "app.quit": "ctrl+q",
}
"""Bindings whose keys are reserved on every screen. Only app.interrupt can be given another key."""

_TABLE = "table."
_BOARD = (
    *("board.", "app.copy", _TABLE),
    *("tune.wait_timeout", "tune.interactive_timeout", "tune.max_allowed_packet"),
)
SCREENS: Mapping[str, tuple[str, ...]] = {
    "answer": ("answer.", "app.copy", _TABLE),
    "blocking": ("blocking.", "app.copy", _TABLE),
    "board": _BOARD,
    "changeseveral": ("alike.",),
    "chooser": ("chooser.", "app.help"),
    "confirm": ("confirm.", "app.help"),
    "copy": ("copy.",),
    "departure": ("departure.", "app.copy", "app.help"),
    "doctor": ("doctor.", "app.copy", _TABLE),
    "export": ("export.",),
    "form": ("form.",),
    "help": ("help.",),
    "kill": ("kill.", "app.copy", "app.help"),
    "ledger": ("ledger.", "app.copy", _TABLE),
    "picker": ("picker.",),
    "prompt": ("ask.",),
    "replay": (*_BOARD, "replay."),
    "report": ("report.", "app.copy", "app.help"),
    "rules": ("rules.", "app.copy", "app.help", _TABLE),
    "session": ("session.", "app.copy", "app.help"),
    "textviewer": ("reading.", "app.copy"),
    "topology": ("relatives.", _TABLE),
    "tune": ("tune.cancel", "tune.copy", "tune.longer", "tune.shorter"),
    "variables": ("variables.", "app.copy", "app.help", _TABLE),
    "waiting": ("waiting.",),
    "wall": ("wall.", "app.help"),
}
"""The bindings of each screen, by the prefixes of their ids. On one screen no two bindings may share a key."""

_OPTIONAL_SCREENS = ("board", "tune", "table", "app")
"""Screens whose name may be left out of an id."""


def binding_of(name: str) -> str | None:
    """The binding id that a name in the config file stands for; None for an unknown name.

    >>> binding_of("ledger.sort"), binding_of("kill"), binding_of("wait_timeout"), binding_of("notakey")
    ('ledger.sort', 'board.kill', 'tune.wait_timeout', None)
    """
    return next(
        (
            binding
            for binding in (name, *(f"{screen}.{name}" for screen in _OPTIONAL_SCREENS))
            if binding in BINDINGS
        ),
        None,
    )


def binding_leaves(
    table: Mapping[str, object], prefix: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield each value with its path: TOML reads `board.kill` without quotes as a table in a table."""
    for key, value in table.items():
        if isinstance(value, dict) and len(prefix) == 1:
            yield from binding_leaves(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def collisions(keys_given: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The keys that two bindings of one screen would share: the key, the binding that it was given to, the other binding.

    At most one for each binding. Of two bindings that were given the same key, the later one collides.

    >>> list(collisions({"board.kill": "w", "ledger.sort": "w"}))
    [('w', 'board.kill', 'tune.wait_timeout')]
    >>> list(collisions({"board.kill": "w", "tune.wait_timeout": "k"}))
    []
    """
    effective = {**FIXED, **BINDINGS, **keys_given}
    order = [*keys_given]
    for index, name in enumerate(order):
        later = set(order[index + 1 :])
        collisions_of_name = (
            (key, name, holder)
            for key in keys_given[name].split(",")
            for holder in effective
            if holder != name
            and holder not in later
            and _share_screen(name, holder)
            and same_key(key, effective[holder])
        )
        yield from next(([collision] for collision in collisions_of_name), [])


def _share_screen(name: str, other: str) -> bool:
    """Whether two bindings belong to one screen."""
    if name in FIXED or other in FIXED:
        return True
    return any(name.startswith(ids) and other.startswith(ids) for ids in SCREENS.values())


def same_key(key: str, keys: str) -> bool:
    """Whether `keys`, with commas between them, contain `key`, as a character or by its Textual name.

    >>> same_key("?", "escape,question_mark"), same_key("/", "slash"), same_key("k", "K")
    (True, True, False)
    """
    return _textual_name(key) in map(_textual_name, keys.split(","))


_TEXTUAL_NAMES = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's names of characters, by their Unicode names, where the two differ."""


def _textual_name(key: str) -> str:
    if len(key) != 1 or key.isalnum():
        return key
    name = unicodedata.name(key, key).lower().replace("-", "_").replace(" ", "_")
    return _TEXTUAL_NAMES.get(name, name)
