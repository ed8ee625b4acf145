"""What a key can be given to, by the ids that the screens' bindings have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

BINDINGS = (
    "alike.back",
    "alike.down",
    "alike.page_down",
    "alike.page_up",
    "alike.undo",
    "alike.up",
    "app.copy",
    "app.interrupt",
    "ask.cancel",
    "board.doctor",
    "board.export",
    "board.filter",
    "board.freeze",
    "board.group",
    "board.help",
    "board.kill",
    "board.leave",
    "board.ledger",
    "board.only",
    "board.quit",
    "board.relatives",
    "board.servers",
    "board.sort",
    "board.tune",
    "board.undo",
    "board.variables",
    "chooser.cancel",
    "confirm.cancel",
    "copy.all",
    "copy.because",
    "copy.cancel",
    "copy.client",
    "copy.highlighted",
    "copy.id",
    "copy.kill",
    "copy.name",
    "copy.remedies",
    "copy.row",
    "copy.statement",
    "copy.undo",
    "copy.value",
    "departure.back",
    "doctor.back",
    "doctor.help",
    "doctor.leave",
    "doctor.ledger",
    "doctor.paste",
    "doctor.tune",
    "export.cancel",
    "form.cancel",
    "form.save",
    "form.test",
    "help.back",
    "kill.cancel",
    "ledger.back",
    "ledger.filter",
    "ledger.help",
    "ledger.leave",
    "ledger.sort",
    "ledger.tune",
    "picker.new",
    "picker.quit",
    "reading.back",
    "relatives.back",
    "replay.back",
    "replay.faster",
    "replay.jump",
    "replay.next",
    "replay.on",
    "replay.play",
    "replay.previous",
    "replay.slower",
    "report.back",
    "session.back",
    "table.choose",
    "table.down",
    "table.first",
    "table.last",
    "table.left",
    "table.mark",
    "table.page_down",
    "table.page_up",
    "table.right",
    "table.up",
    "tune.cancel",
    "tune.copy",
    "tune.interactive_timeout",
    "tune.max_allowed_packet",
    "tune.wait_timeout",
    "variables.back",
    "variables.other",
    "waiting.cancel",
    "wall.back",
)
"""Kept beside the screens, which no setting knows, by a test."""

_SHORT = ("board", "tune", "table", "app")
"""Screens whose name may be left out."""


def binding_of(name: str) -> str | None:
    """The id that is meant; None where there is none.

    >>> binding_of("ledger.sort"), binding_of("kill"), binding_of("wait_timeout"), binding_of("notakey")
    ('ledger.sort', 'board.kill', 'tune.wait_timeout', None)
    """
    return next(
        (each for each in (name, *(f"{screen}.{name}" for screen in _SHORT)) if each in BINDINGS), None
    )


def leaves(table: Mapping[str, object], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each value by its path: `board.kill` is a table in a table, where nobody wrote quotes around it."""
    for key, value in table.items():
        if isinstance(value, dict) and len(above) == 1:
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value
