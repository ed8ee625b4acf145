"""How the framework wraps the text of a widget: between wide letters too, which it would break at blanks only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, TypeVar

from rich._wrap import divide_line  # the framework's own, which it gives no public name
from rich.cells import cell_len
from textual import content
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.reactive import reactive

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import _
from goneaway_tui.monitor.server_monitor import MonitorSpec, ServerMonitor
from goneaway_tui.ports import Clock
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import breaks, has_wide
from goneaway_tui.ui.theme import PrintableFilter, letters_of, readable_colours, server_accent


def split_at_width(text: str, width: int, fold: bool = True) -> list[int]:  # noqa: FBT001, FBT002 - the framework's shape
    """Where to cut a line, as offsets from its start."""
    return (
        breaks(text, width, fold=fold, measure=cell_len)
        if has_wide(text)
        else divide_line(text, width, fold=fold)
    )


R = TypeVar("R")
MAX_NOTICE = 500
"""Characters of a line of a notice."""

content.divide_line = split_at_width  # type: ignore[attr-defined]  # all text of every widget is wrapped by it


class BaseApp(App[R]):
    """After `run`, `crash` and `interrupted` say how it ended."""

    TITLE = "goneaway"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    VERTICAL_BREAKPOINTS = [(0, "-lowest"), (20, "-low"), (30, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True, id="app.interrupt"),
    ]

    def __init__(self, theme: str | None = None, color: str | None = None) -> None:
        """`color` is the server's, of the config file. Raises SettingsError for a theme that does not exist."""
        self.accent = server_accent(color)
        """The server's: at its name, and on every dialog that would change it."""
        self._own_filters: tuple[LineFilter, ...] = (PrintableFilter(),)
        super().__init__()
        self.crash: Exception | None = None
        self.interrupted = False
        if theme and theme not in self.available_themes:
            raise SettingsError(
                _("no theme is called {name}", name=plain(theme, 40)),
                _("one of: {names}", names=", ".join(sorted(self.available_themes))),
            )
        if theme:
            self.theme = theme

    def set_charset(self, encoding: str | None) -> None:
        """Draw with what a terminal of this character set can show."""
        letters = letters_of(encoding)
        self._own_filters = (PrintableFilter(),) if letters is None else (PrintableFilter(), letters)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._own_filters]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - whoever asks for it: a notice quotes servers and files
    ) -> None:
        """Every notice, also those of screens and widgets, comes through here: plain, and never markup."""
        shown = "\n".join(plain(line, MAX_NOTICE) for line in message.splitlines())
        super().notify(
            shown, title=plain(title, MAX_NOTICE), severity=severity, timeout=timeout, markup=False
        )

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, and what the style sheet says of the server."""
        variables = super().get_css_variables()
        variables |= readable_colours(variables)
        frame, ink, ground = variables["primary"], variables["text-primary"], "transparent"
        if self.accent is not None:
            frame = ground = self.accent.ground.hex6
            ink = self.accent.ink.hex6
        self.theme_variables = {
            **variables,
            "server-frame": frame,
            "server-ink": ink,
            "server-ground": ground,
        }
        return self.theme_variables

    def set_accent(self, color: str | None) -> None:
        """Use a server's colour: where there are several, that of the server a dialog would change."""
        before, self.accent = self.accent, server_accent(color)
        if before != self.accent:
            self.refresh_css(animate=False)

    action_screenshot = None  # type: ignore[assignment]  # it writes a file; nothing we show may be able to ask for one

    def action_interrupt(self) -> None:
        """ctrl+c quits, as everywhere else."""
        self.interrupted = True
        self.exit()

    def end_with(self, error: Exception) -> None:
        """A fault of ours in another thread ends the app as one of this thread does."""
        self._handle_exception(error)

    def action_copy(self) -> None:
        """Copy what the screen has, or ask which of it."""
        from goneaway_tui.ui.copying import offer_copy

        offer_copy(self)

    def _handle_exception(self, error: Exception) -> None:
        """End with the fault in hand instead of a traceback on the terminal; `cli` tells it in one line."""
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()


class MonitorApp(BaseApp[None]):
    """The app of a board, as the controllers see it: what they may ask of it beside the framework's own methods."""

    clock: Clock
    now: reactive[float] = reactive(0.0, repaint=False)
    """The instant that is shown; it stands still while the screen is frozen."""

    def clear_marks(self) -> None:
        """Unmark the sessions: what they were marked for is done."""
        raise NotImplementedError

    def poll_soon(self, monitor: ServerMonitor) -> None:
        """Read a server as soon as possible: something was changed there."""
        raise NotImplementedError

    def add_servers(self, specs: Sequence[MonitorSpec]) -> None:
        """Monitor these servers too, on a board of all servers."""
        raise NotImplementedError
