"""The export dialog: the format and the file for the snapshot on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
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
from goneaway_tui.ui.base_app import BaseApp, run_in_thread
from goneaway_tui.ui.widgets.plain_text import (
    Button,
    Field,
    Label,
    RadioChoice,
    RadioChoices,
    heading,
    key_line,
)


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """The format and the file to write. `overwrite`: the user confirmed to replace this very file."""

    format: str
    path: Path
    overwrite: bool


class ExportScreen(ModalScreen[ExportChoice | None]):
    """Asks for a format and a file, and answers with the choice; it writes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "cancel", id="export.cancel")]

    def __init__(self, snapshot: Snapshot, *, by_browser: bool = False) -> None:
        """`by_browser`: the user is at another machine, and may name no file of this one."""
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
                "Exports the whole sample, {number:,} session. The filter does not apply.",
                "Exports the whole sample, {number:,} sessions. The filter does not apply.",
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

    def on_descendant_focus(self) -> None:
        self.query_one(".dialog").border_subtitle = heading(key_line(self.focused))

    def on_mount(self) -> None:
        self.query_one("#format", RadioSet).focus()

    @property
    def _format(self) -> str:
        pressed = self.query_one("#format", RadioSet).pressed_button
        return (pressed.id or "format-json").removeprefix("format-") if pressed else "json"

    @on(RadioSet.Changed)
    def _rename(self) -> None:
        """Let the suggested file name follow the format until the user types another name."""
        field = self.query_one("#path", Input)
        if field.value == self._suggested:
            self._suggested = field.value = default_name(self._snapshot, self._format)

    @on(Input.Changed)
    def _name_changed(self) -> None:
        """Reset the confirmation for the previous file name, and choose the format by the suffix."""
        self._confirmed = None
        suffix = PurePath(self.query_one("#path", Input).value).suffix.lower()
        format_name = next((row.name for row in FORMATS.values() if row.suffix == suffix), self._format)
        if format_name != self._format:
            self.query_one(f"#format-{format_name}", RadioChoice).value = True
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
            self.query_one("#warning", Label).update(_("Type a file name."))
            return
        if self._by_browser:
            name = Path(PurePath(typed).name or "snapshot")
            self.dismiss(ExportChoice(self._format, name, overwrite=False))
            return
        path = Path(typed).expanduser()
        error = path_error(typed, path)
        if error:
            self.query_one("#warning", Label).update(Content(f"▲ {error}"))
        elif path.exists() and self._confirmed != path:
            self._ask_to_overwrite(path)
        else:
            self.dismiss(ExportChoice(self._format, path, overwrite=self._confirmed == path))

    def _ask_to_overwrite(self, path: Path) -> None:
        """Ask once more, by the button that exports."""
        self._confirmed = path
        self.query_one("#warning", Label).update(
            Content(_("▲ {file} exists. Press Overwrite to replace it.", file=path.name))
        )
        button = self.query_one("#export", Button)
        button.label = _("Overwrite")
        button.focus()


def path_error(typed: str, path: Path) -> str:
    """Why no file can be written at a path, which is quoted as typed; empty if it can."""
    if not path.parent.is_dir():
        return _("Cannot write {file}: there is no directory {directory}", file=typed, directory=path.parent)
    return _("{file} is a directory. Type the name of a file in it.", file=typed) if path.is_dir() else ""


class ExportController:
    """Runs the export key: asks for a format and a file, and writes the snapshot on the screen."""

    def __init__(self, app: BaseApp[None]) -> None:
        self._app = app

    def export(self, snapshot: Snapshot | None) -> None:
        """Ask, then write in a thread or send to the browser. `snapshot`: None before the first reading."""
        if snapshot is None:
            self._app.notify(_("The server has not been read yet."), severity="warning")
            return

        def answered(choice: ExportChoice | None) -> None:
            if choice is not None and self._app.is_web:
                self._deliver(snapshot, choice)
            elif choice is not None:
                self._app.run_worker(self._write(snapshot, choice))

        self._app.push_screen(ExportScreen(snapshot, by_browser=self._app.is_web), answered)

    def _deliver(self, snapshot: Snapshot, choice: ExportChoice) -> None:
        """Send the export to the browser as a download."""
        text = StringIO()
        FORMATS[choice.format].write(snapshot, text)
        self._app.deliver_text(text, save_filename=choice.path.name)

    async def _write(self, snapshot: Snapshot, choice: ExportChoice) -> None:
        """Write the file in a thread, since the disk may be slow, and report the outcome in a notice."""
        write = partial(save, snapshot, choice.format, choice.path, overwrite=choice.overwrite)
        try:
            path = await run_in_thread(write, "export")
        except FileError as error:
            self._app.notify(plain(error.line, 500), severity="error", timeout=10, markup=False)
        else:
            self._app.notify(_("Wrote {file}", file=path.resolve()), timeout=6, markup=False)
