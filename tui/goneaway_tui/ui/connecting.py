"""The app before the app: which server it is to be."""

from __future__ import annotations

from textual import work

from goneaway_tui.model.profile import Draft
from goneaway_tui.ports import Door
from goneaway_tui.ui.face import Face
from goneaway_tui.ui.screens.form import FormScreen
from goneaway_tui.ui.screens.picker import NEW, PickerScreen


class ConnectApp(Face[Draft | str | None]):
    """Ends with a server's name, the empty name of the one nearby, a draft, or None for neither."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        door: Door,
        *,
        trouble: str = "",
        last: Draft | str | None = None,
        theme: str | None = None,
    ) -> None:
        """`last` is what was chosen before, and `trouble` what came of it."""
        super().__init__(theme)
        self._door = door
        self._trouble = trouble
        self._last = last

    def on_mount(self) -> None:
        self.converse()

    @work
    async def converse(self) -> None:
        """The list, or where there is none the form; the form leads back to the list."""
        trouble, last = self._trouble, self._last
        while True:
            profiles = self._door.profiles()
            if profiles and not isinstance(last, Draft):
                nearby = self._door.nearby()
                chosen = await self.push_screen_wait(PickerScreen(profiles, nearby, trouble, last or ""))
                trouble, last = "", chosen
                if chosen != NEW:
                    self.exit(chosen)
                    return
            begun = last if isinstance(last, Draft) else None
            draft = await self.push_screen_wait(FormScreen(self._door, begun, trouble))
            trouble, last = "", None
            if draft is not None or not self._door.profiles():
                self.exit(draft)
                return
