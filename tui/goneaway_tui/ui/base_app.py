"""The base of both apps: wrapping of wide characters, colours, notices, internal errors, blocking work.

Importing this module changes how Textual wraps the text of every widget: between wide characters too, where Textual itself
breaks lines at blanks only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ClassVar, TypeVar

from rich._wrap import divide_line  # Textual's own function, which has no public name
from rich.cells import cell_len
from textual import content, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.css.stylesheet import Stylesheet
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.reactive import reactive
from textual.worker import WorkerFailed

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import _
from goneaway_tui.judge.ledger import Trend
from goneaway_tui.model.snapshot import Verdict
from goneaway_tui.monitor.server_monitor import MonitorSpec, ServerMonitor
from goneaway_tui.ports import Clock
from goneaway_tui.system import package_text
from goneaway_tui.text.sanitize import plain
from goneaway_tui.text.width import breaks, has_wide
from goneaway_tui.ui.theme import PrintableFilter, charset_filter, readable_colours, server_accent

if TYPE_CHECKING:
    import webbrowser


def split_at_width(text: str, width: int, fold: bool = True) -> list[int]:  # noqa: FBT001, FBT002 - Textual's signature
    """The offsets at which to cut a line so that each piece takes at most `width` cells."""
    return (
        breaks(text, width, fold=fold, measure=cell_len)
        if has_wide(text)
        else divide_line(text, width, fold=fold)
    )


R = TypeVar("R")
ResultT = TypeVar("ResultT")
MAX_NOTICE = 500
"""Characters of one line of a notice."""

content.divide_line = split_at_width  # type: ignore[attr-defined]  # Textual wraps the text of every widget with it


async def run_in_thread(function: Callable[[], ResultT], name: str) -> ResultT:
    """Await blocking work that a daemon thread does; raises what the work raises.

    For Textual's asynchronous workers (`@work`): leaving the screen cancels the worker, and the thread is left behind. A
    thread worker (`@work(thread=True)`) runs in the pool of asyncio instead, and the end of the app waits for every thread
    of that pool: a server that does not answer would keep the app from quitting (measured with Textual 8).
    """
    result: Future[ResultT] = Future()
    result.set_running_or_notify_cancel()  # from here on, cancelling the awaiting task does not cancel the thread

    def run() -> None:
        try:
            result.set_result(function())
        except Exception as error:  # noqa: BLE001 - raised again where the result is awaited
            result.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(result)


def desktop_browser() -> webbrowser.BaseBrowser | None:
    """The browser of this machine's desktop; None where there is none, or only one that would draw over the screen."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    return None if type(browser) in {webbrowser.GenericBrowser, webbrowser.Elinks} else browser


class ParsedOnceStylesheet(Stylesheet):
    """A style sheet that parses a source again only where a variable has changed.

    Textual asks for a new parse of everything with each theme it sets, also with the first one, right after the first parse.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        self.parse()  # keeps what it has parsed, until a variable changes


class BaseApp(App[R]):
    """The base of the main app and of the connection chooser.

    After `run`, `crash` is the internal error that ended the app, and `interrupted` is whether ctrl+c or SIGINT ended it.
    """

    TITLE = "goneaway"
    CSS = package_text("ui/app.tcss")
    VERTICAL_BREAKPOINTS = [(0, "-lowest"), (20, "-low"), (30, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "quit", show=False, priority=True, id="app.interrupt"),
    ]

    trend: reactive[Trend] = reactive(Trend(), repaint=False)
    """The number of sessions of the active server in the last hour; empty without a server."""

    def __init__(self, theme: str | None = None, color: str | None = None) -> None:
        """`color`: the colour of the server in the config file. Raises SettingsError for a theme that does not exist."""
        self.accent = server_accent(color)
        """The colour of the server: behind its name, and on every dialog that changes it."""
        self._line_filters: tuple[LineFilter, ...] = (PrintableFilter(),)
        super().__init__()
        self.stylesheet = ParsedOnceStylesheet(variables=self.theme_variables)
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
        """Draw only characters that a terminal with this encoding can show."""
        charset = charset_filter(encoding)
        self._line_filters = (PrintableFilter(),) if charset is None else (PrintableFilter(), charset)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._line_filters]

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - ignored: a notice quotes servers and files
    ) -> None:
        """Show a notice as plain text, never as markup. Screens and widgets call this too."""
        text = "\n".join(plain(line, MAX_NOTICE) for line in message.splitlines())
        super().notify(text, title=plain(title, MAX_NOTICE), severity=severity, timeout=timeout, markup=False)

    def get_css_variables(self) -> dict[str, str]:
        """The variables of the theme, with readable colours, and the three from the colour of the server."""
        variables = super().get_css_variables()
        variables |= readable_colours(variables)
        frame, foreground, background = variables["primary"], variables["text-primary"], "transparent"
        if self.accent is not None:
            frame = background = self.accent.background.hex6
            foreground = self.accent.foreground.hex6
        self.theme_variables = {
            **variables,
            "server-frame": frame,
            "server-ink": foreground,
            "server-ground": background,
        }
        return self.theme_variables

    def set_accent(self, color: str | None) -> None:
        """Use the colour of a server, or none. With several servers: the server that a dialog would change."""
        old, self.accent = self.accent, server_accent(color)
        if old != self.accent:
            self.refresh_css(animate=False)

    action_screenshot = None  # type: ignore[assignment]  # it writes a file, which no shown text may trigger

    def action_interrupt(self) -> None:
        """Quit, and set `interrupted`."""
        self.interrupted = True
        self.exit()

    def end_with(self, error: Exception) -> None:
        """End the app for an internal error of another thread. Call this in the thread of the app."""
        self._handle_exception(error)

    def action_copy(self) -> None:
        """Copy the copy item of the screen; if it has several, ask which."""
        from goneaway_tui.ui.copying import offer_copy

        offer_copy(self)

    @work
    async def open_page(self, url: str) -> None:
        """Open a page of a manual in the browser of this machine; where none can be opened, show its address.

        `url` is one of this program's own, never data of a server or a file.
        """
        browser = None if self.is_web else desktop_browser()
        if browser is not None and await run_in_thread(partial(browser.open, url), "browser"):
            self.notify(_("Opened in the browser: {page}", page=url))
        else:
            self.notify(
                _("No browser can be opened here. Press y to copy the address: {page}", page=url),
                severity="warning",
            )

    def _handle_exception(self, error: Exception) -> None:
        """End with the error in `crash` instead of a traceback on the terminal; `cli` reports it in one line."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error
        self.crash = self.crash or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()


class MonitorApp(BaseApp[None]):
    """The app of a board as the screens and controllers use it."""

    clock: Clock
    now: reactive[float] = reactive(0.0, repaint=False)
    """The instant that is shown, in Unix seconds; it does not advance while the screen is frozen."""

    def clear_marks(self) -> None:
        """Unmark all sessions, after the action for which they were marked."""
        raise NotImplementedError

    def show_session(self, verdict: Verdict, listed: Callable[[], Sequence[Verdict]]) -> None:
        """Show the details of a session. `listed`: the sessions in order, for the keys next and previous."""
        raise NotImplementedError

    def show_matching(self, filter_text: str) -> None:
        """Show the open sessions of the active server that a filter matches, on the board."""
        raise NotImplementedError

    def show_ended(self, filter_text: str) -> None:
        """Show the ended sessions that a filter matches, in the ledger over the open screen."""
        raise NotImplementedError

    def poll_soon(self, monitor: ServerMonitor) -> None:
        """Read a server as soon as possible, after a change."""
        raise NotImplementedError

    def add_servers(self, specs: Sequence[MonitorSpec]) -> None:
        """Monitor these servers too, on a board of all servers."""
        raise NotImplementedError
