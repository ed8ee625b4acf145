"""Where to write the snapshot on the screen, and how."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet

from goneaway_tui.errors import FileError
from goneaway_tui.export import FORMATS, default_name, save
from goneaway_tui.i18n import _, ngettext
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.ui.base_app import BaseApp
from goneaway_tui.ui.widgets.plain_text import Button, Field, Label, RadioChoice, RadioChoices, heading


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What to write where. `overwrite` was said to the very file named."""

    format: str
    path: Path
    overwrite: bool


class ExportScreen(ModalScreen[ExportChoice | None]):
    """Answers with a choice and writes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="export.cancel")]

    def __init__(self, snapshot: Snapshot, *, by_browser: bool = False) -> None:
        """`by_browser`: who looks is on another machine, and no file of this one is theirs to name."""
        super().__init__()
        self._by_browser = by_browser
        self._snapshot = snapshot
        self._suggested = default_name(snapshot, "json")
        self._confirmed: Path | None = None

    def compose(self) -> ComposeResult:
        number = len(self._snapshot.verdicts)
        with Vertical(classes="dialog") as dialog:
            server = plain(self._snapshot.server_name, 60)
            dialog.border_title = heading(
                _("export this snapshot of {server}", server=server) if server else _("export this snapshot")
            )
            whole = ngettext(
                "The whole reading, {number:,} session, whatever a filter hides.",
                "The whole reading, {number:,} sessions, whatever a filter hides.",
                number,
            )
            yield Label(Content(whole))
            with RadioChoices(id="format"):
                for index, row in enumerate(FORMATS.values()):
                    yield RadioChoice(_(row.title), value=index == 0, id=f"format-{row.name}")
            yield Field(value=self._suggested, placeholder=_("file"), id="path", compact=True)
            yield Label("", id="warning")
            with Horizontal(classes="buttons"):
                yield Button(_("Cancel"), id="cancel", compact=True)
                yield Button(_("Export"), variant="primary", id="export", compact=True)

    def on_mount(self) -> None:
        self.query_one("#format", RadioSet).focus()

    @property
    def _format(self) -> str:
        pressed = self.query_one("#format", RadioSet).pressed_button
        return (pressed.id or "format-json").removeprefix("format-") if pressed else "json"

    @on(RadioSet.Changed)
    def _rename(self) -> None:
        """Keep the suggested name in step with the format until somebody types another."""
        field = self.query_one("#path", Input)
        if field.value == self._suggested:
            self._suggested = field.value = default_name(self._snapshot, self._format)

    @on(Input.Changed)
    def _ask_anew(self) -> None:
        """Another file name is another question; its suffix chooses the format."""
        self._confirmed = None
        suffix = PurePath(self.query_one("#path", Input).value).suffix.lower()
        named = next((row.name for row in FORMATS.values() if row.suffix == suffix), self._format)
        if named != self._format:
            self.query_one(f"#format-{named}", RadioChoice).value = True
        self.query_one("#warning", Label).update("")
        self.query_one("#export", Button).label = _("Export")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#export")
    @on(Input.Submitted, "#path")
    def _answer(self) -> None:
        typed = self.query_one("#path", Input).value.strip()
        if not typed:
            self.query_one("#warning", Label).update(_("Name a file."))
            return
        if self._by_browser:
            self.dismiss(
                ExportChoice(self._format, Path(PurePath(typed).name or "snapshot"), overwrite=False)
            )
            return
        path = Path(typed).expanduser()
        wrong = _("{file} is a directory: name a file in it", file=typed) if path.is_dir() else ""
        if not path.parent.is_dir():
            wrong = _(
                "{file} cannot be written: there is no directory {directory}",
                file=typed,
                directory=path.parent,
            )
        if wrong:
            self.query_one("#warning", Label).update(Content(f"▲ {wrong}"))
            return
        if path.exists() and self._confirmed != path:
            self._confirmed = path
            self.query_one("#warning", Label).update(
                Content(_("▲ {file} exists. Press Overwrite to replace it.", file=path.name))
            )
            self.query_one("#export", Button).label = _("Overwrite")
            self.query_one("#export", Button).focus()
            return
        self.dismiss(ExportChoice(self._format, path, overwrite=self._confirmed == path))


class ExportController:
    """What the export key does: asks for a format and a file, and writes the very snapshot that is on the screen."""

    def __init__(self, app: BaseApp[None]) -> None:
        self._app = app

    def export(self, snapshot: Snapshot | None) -> None:
        """Ask, then write in a thread or send to the browser. None where nothing is shown yet."""
        if snapshot is None:
            self._app.notify(_("Nothing has been read yet."), severity="warning")
            return

        def answered(choice: ExportChoice | None) -> None:
            if choice is not None and self._app.is_web:
                self._deliver(snapshot, choice)
            elif choice is not None:
                threading.Thread(
                    target=self._write, args=(snapshot, choice), name="export", daemon=True
                ).start()

        self._app.push_screen(ExportScreen(snapshot, by_browser=self._app.is_web), answered)

    def _deliver(self, snapshot: Snapshot, choice: ExportChoice) -> None:
        """Send to the browser, whose files are not on this machine."""
        text = StringIO()
        FORMATS[choice.format].write(snapshot, text)
        self._app.deliver_text(text, save_filename=choice.path.name)

    def _write(self, snapshot: Snapshot, choice: ExportChoice) -> None:
        """In a thread: the file may be on a slow disk."""
        app = self._app
        try:
            path = save(snapshot, choice.format, choice.path, overwrite=choice.overwrite)
        except FileError as error:
            words = plain(error.line, 500)
            app.call_from_thread(app.notify, words, severity="error", timeout=10, markup=False)
        except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
            app.call_from_thread(app.end_with, error)
        else:
            app.call_from_thread(app.notify, _("Wrote {file}", file=path.resolve()), timeout=6, markup=False)
