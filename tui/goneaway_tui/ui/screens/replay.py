"""The board of a recording: the sessions as they were at an instant, and the keys that move in time."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from goneaway_tui.export.data import iso_instant
from goneaway_tui.i18n import N_, _
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.text.format import parse_duration
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.ui import wording
from goneaway_tui.ui.screens.board import LESS_USED_KEYS, MAIN_KEYS, BoardScreen
from goneaway_tui.ui.screens.dialogs import PromptScreen
from goneaway_tui.ui.screens.help import HelpPart, help_rows
from goneaway_tui.ui.widgets.plain_text import KeyFooter, Static

KEYS = (
    ("f", N_("Play or pause")),
    (", .", N_("Go one sample back or forward")),
    ("[ ]", N_("Go to the previous or next ended session")),
    ("+ -", N_("Play faster or slower")),
    ("j", N_("Jump to 14:09:36, to 90%, or to 10m after the start")),
)

OF_SERVER = {"f", "t", "k", "u", "R", "r", *(tunable.key for tunable in TUNABLES)}
"""Keys of the board that have no use on a recording, or another one."""


class ReplayBoard(BoardScreen, inherit_bindings=False):
    """The board at the instant of the time line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "step(1)", "step", key_display=".", id="replay.on"),
        Binding("comma", "step(-1)", "step back", key_display=",", id="replay.back"),
        Binding("right_square_bracket", "departure(True)", "next end", key_display="]", id="replay.next"),
        Binding("left_square_bracket", "departure(False)", "prev end", key_display="[", id="replay.previous"),
        Binding("plus", "faster(1)", "faster", show=False, id="replay.faster"),
        Binding("minus", "faster(-1)", "slower", show=False, id="replay.slower"),
        Binding("j", "jump", "jump", id="replay.jump"),
        Binding("f", "app.freeze", "play", id="replay.play"),
        *(
            binding
            for binding in BoardScreen.BINDINGS
            if not (isinstance(binding, Binding) and binding.id == "board.freeze")
        ),
    ]

    DOCS_PAGE: ClassVar[str] = "recording"
    HELP_PARTS: ClassVar[tuple[HelpPart, ...]] = (HelpPart.SESSIONS, HelpPart.FILTER)
    FOOTER_IDS: ClassVar[tuple[str, ...]] = (
        *MAIN_KEYS[:2],
        "replay.play",
        "replay.back",
        "replay.on",
        "replay.previous",
        "replay.next",
        "replay.jump",
        "board.help",
        "board.doctor",
        "board.ledger",
        *LESS_USED_KEYS,
    )

    def __init__(self, name: str, player: ReplayPlayer) -> None:
        super().__init__(name)
        self._player = player

    def compose(self) -> ComposeResult:
        for widget in super().compose():
            if isinstance(widget, KeyFooter):
                yield Static(id="timeline")
            yield widget

    def watch_now(self, now: float) -> None:
        super().watch_now(now)
        self._draw_timeline()

    def on_resize(self) -> None:
        self._draw_timeline()

    def _draw_timeline(self) -> None:
        first, last = self._player.span
        line = Content.assemble(
            (iso_instant(first, "seconds"), "$foreground-muted"),
            " ",
            (timeline_bar(first, self.now, last, max(4, self.size.width - 46)), "$text-accent"),
            " ",
            (iso_instant(last, "seconds"), "$foreground-muted"),
        )
        for shown in self.query("#timeline").results(Static):
            shown.update(line)

    def action_step(self, samples: int) -> None:
        self._player.move_by(samples)

    def action_departure(self, forward: bool) -> None:  # noqa: FBT001 - a binding's argument
        self._player.to_departure(forward=forward)

    def action_faster(self, steps: int) -> None:
        self._player.faster(steps)

    def action_jump(self) -> None:
        def answered(text: str | None) -> None:
            if text:
                try:
                    self._player.jump(parse_instant(text, *self._player.span))
                except ValueError as error:
                    self.notify(str(error), severity="warning")

        self.app.push_screen(
            PromptScreen(_("jump to"), "14:09:36   2026-11-23T14:09:36Z   90%   10m"), answered
        )

    def key_words(self) -> list[tuple[str, str]]:
        return [
            *help_rows(KEYS),
            *((key, words) for key, words in super().key_words() if key not in OF_SERVER),
        ]


def timeline_bar(first: float, now: float, last: float, width: int) -> str:
    """The position of `now` between `first` and `last`, as a bar.

    >>> timeline_bar(0, 50, 100, 5)
    '━━●──'
    """
    share = 0.0 if last <= first else min(1.0, max(0.0, (now - first) / (last - first)))
    cells_before = round(share * (width - 1))
    return "━" * cells_before + "●" + "─" * (width - 1 - cells_before)


def parse_instant(text: str, first: float, last: float) -> float:
    """The instant of a typed text: a share of the recording, a time of day, an ISO instant, or a time after the start.

    >>> parse_instant("50%", 100.0, 200.0), parse_instant("10s", 100.0, 200.0), parse_instant("00:02:30", 100.0, 200.0)
    (150.0, 110.0, 150.0)
    """
    bare = text.strip()
    share = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", bare)
    if share:
        return first + (last - first) * min(float(share[1]), 100.0) / 100
    clock = re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d{1,6})?))?Z?", bare)
    if clock:
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + float(clock[3] or 0)
        today = last - last % 86_400 + seconds
        return today if today <= last or today - 86_400 < first else today - 86_400
    whole = wording.instant_of(bare)
    if whole is not None:
        return whole
    try:
        return first + parse_duration(bare)
    except ValueError:
        raise ValueError(
            _("Type a time (14:09:36), a share (90%), or a time after the start (10m).")
        ) from None
