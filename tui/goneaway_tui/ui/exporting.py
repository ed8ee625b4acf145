"""From the key to the file: asks where, and writes without making the screen wait."""

from __future__ import annotations

import threading
from io import StringIO
from typing import TYPE_CHECKING

from goneaway_tui.errors import FileError
from goneaway_tui.export import FORMATS, save
from goneaway_tui.language import _
from goneaway_tui.model.plain import plain
from goneaway_tui.model.snapshot import Snapshot
from goneaway_tui.ui.screens.export import ExportChoice, ExportScreen

if TYPE_CHECKING:
    from goneaway_tui.ui.app import GoneawayApp


def export(app: GoneawayApp, shown: Snapshot | None) -> None:
    """Ask for a format and a file, and write the very object that is on the screen."""
    if shown is None:
        app.notify(_("Nothing has been read yet."), severity="warning")
        return
    snapshot = shown

    def answered(choice: ExportChoice | None) -> None:
        if choice is not None and app.is_web:
            _deliver(app, snapshot, choice)
        elif choice is not None:
            threading.Thread(target=_write, args=(app, snapshot, choice), name="export", daemon=True).start()

    app.push_screen(ExportScreen(snapshot, by_browser=app.is_web), answered)


def _deliver(app: GoneawayApp, snapshot: Snapshot, choice: ExportChoice) -> None:
    """To who looks, whose files are not on this machine."""
    text = StringIO()
    FORMATS[choice.format].write(snapshot, text)
    app.deliver_text(text, save_filename=choice.path.name)


def _write(app: GoneawayApp, snapshot: Snapshot, choice: ExportChoice) -> None:
    """In a thread: the file may be on a slow disk."""
    try:
        path = save(snapshot, choice.format, choice.path, overwrite=choice.overwrite)
    except FileError as error:
        app.call_from_thread(app.notify, plain(error.line, 500), severity="error", timeout=10, markup=False)
    except Exception as error:  # noqa: BLE001 - handed to the app, which ends with it
        app.call_from_thread(app.end_with, error)
    else:
        app.call_from_thread(app.notify, _("Wrote {file}", file=path.resolve()), timeout=6, markup=False)
