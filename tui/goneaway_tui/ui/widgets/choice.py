"""Buttons that show by their shape, not by their colour alone, whether they are chosen."""

from __future__ import annotations

from typing import Any

from textual.content import Content
from textual.widgets import Checkbox, RadioButton, RadioSet


class Choice(RadioButton):
    """`(•)` or `( )`. Its label is no markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("(•)" if self.value else "( )", "bold" if self.value else "")


class Choices(RadioSet):
    """Choices of which one holds. An arrow key chooses the one it reaches: highlighted and chosen are the same."""

    def action_next_button(self) -> None:
        super().action_next_button()
        self._choose()

    def action_previous_button(self) -> None:
        super().action_previous_button()
        self._choose()

    def _choose(self) -> None:
        """Choose what is highlighted, at once: the key that applies it may be in the same burst.

        The framework highlights the first choice when the set is mounted; that is no key, and chooses nothing.
        """
        if self.has_focus and self._selected is not None:
            chosen = self.query(Choice)[self._selected]
            with self.prevent(RadioButton.Changed):
                for other in self.query(Choice):
                    if other is not chosen:
                        other.value = False
            chosen.value = True


class Tick(Checkbox):
    """`[x]` or `[ ]`. Its label is no markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("[x]" if self.value else "[ ]", "bold" if self.value else "")
