"""Textual's text, input and footer widgets, changed so that none of them reads a string as markup.

A name from a server or a file may hold `[@click=...]`: read as markup, it would run an action of the app on a click, and
an unknown tag would end the app. Screens import these widgets from here and set frame titles with `heading`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, cast

from rich.cells import cell_len
from textual import events, widgets
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Checkbox, Footer, Input, RadioButton, RadioSet
from textual.widgets._footer import FooterKey  # the parts of a Footer have no public name

from goneaway_tui.i18n import _
from goneaway_tui.text.sanitize import plain

MAX_TITLE = 200
"""Characters of a title at most."""


def heading(text: str) -> Content:
    """The title of a frame, as one plain line of at most `MAX_TITLE` characters."""
    return Content(plain(text, MAX_TITLE))


def key_line(focused: Widget | None, *more: str) -> str:
    """The keys of a dialog, for its frame: what enter does where the focus is. `more`: further keys of this dialog."""
    if isinstance(focused, widgets.Button):
        enter = _("enter {button}", button=str(focused.label).lower())
    elif isinstance(focused, RadioSet):
        enter = _("arrows choose")
    else:
        enter = _("enter apply")
    return " · ".join((enter, _("tab next"), *more, _("esc cancel")))


class Static(widgets.Static):
    """Plain text; styled text is passed as a Content."""

    def __init__(self, content: VisualType = "", **options: Any) -> None:
        super().__init__(content, markup=False, **options)


class Label(widgets.Label):
    """A label without markup."""

    def __init__(self, content: VisualType = "", **options: Any) -> None:
        super().__init__(content, markup=False, **options)


class OptionList(widgets.OptionList):
    """An option list whose options are read without markup."""

    def __init__(self, *content: Any, **options: Any) -> None:
        super().__init__(*content, markup=False, **options)


class Button(widgets.Button):
    """A button without markup, also when its label is changed later."""

    def validate_label(self, label: Any) -> Content:
        return label if isinstance(label, Content) else Content(str(label))


class OrderedInput(Input):
    """An Input that obeys the keys of one burst in their order, also a letter that follows a backspace."""

    async def on_key(self, event: events.Key) -> None:
        """Run the action of an editing key at once.

        Textual inserts a letter here, but runs the action of a key only when the key has bubbled up to the app: the
        backspaces of a burst would delete the letters typed after them.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                return


class Field(OrderedInput):
    """An Input whose value never holds an escape sequence, a line break or an invisible character."""

    def validate_value(self, value: str) -> str:
        return plain(value)


class RadioChoice(RadioButton):
    """A radio button drawn as `(•)` or `( )`, with a label without markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("(•)" if self.value else "( )", "bold" if self.value else "")


class RadioChoices(RadioSet):
    """A radio set in which an arrow key also chooses the button it reaches: highlighted and chosen are the same."""

    def action_next_button(self) -> None:
        super().action_next_button()
        self._choose()

    def action_previous_button(self) -> None:
        super().action_previous_button()
        self._choose()

    def _choose(self) -> None:
        """Choose the highlighted button at once: the key that applies the choice may arrive in the same burst.

        Textual highlights the first button when the set is mounted; without focus that chooses nothing.
        """
        if self.has_focus and self._selected is not None:
            chosen = self.query(RadioChoice)[self._selected]
            with self.prevent(RadioButton.Changed):
                for other in self.query(RadioChoice):
                    if other is not chosen:
                        other.value = False
            chosen.value = True


class CheckMark(Checkbox):
    """A checkbox drawn as `[x]` or `[ ]`, with a label without markup."""

    def __init__(self, label: str, *, value: bool = False, **options: Any) -> None:
        super().__init__(Content(label), value, **options)

    @property
    def _button(self) -> Content:
        return Content.styled("[x]" if self.value else "[ ]", "bold" if self.value else "")


class LabelledEntry(Horizontal):
    """A line of a dialog: a label, and beside it text. Hidden while it has no text."""

    def __init__(self, label: str, text: Content | None = None, *, id: str | None = None) -> None:  # noqa: A002 - the framework's word
        super().__init__(id=id, classes="entry")
        self._label = label
        self._text = text

    def compose(self) -> ComposeResult:
        yield Label(Content(_(self._label)), classes="entry--label")
        yield Static(self._text or "", classes="entry--text")
        self.display = self._text is not None

    def set_text(self, text: Content | None) -> None:
        if text is not None and self.display and text == self._text:
            return
        self._text = text
        self.display = text is not None
        self.query_one(".entry--text", Static).update(text or "")


def paragraphs(*parts: str | tuple[str, str] | Content) -> Content:
    """Parts one below the other: plain text, pairs of text and style, or Contents."""
    return Content("\n").join(
        part
        if isinstance(part, Content)
        else Content(part)
        if isinstance(part, str)
        else Content.styled(*part)
        for part in parts
    )


KEY_PADDING = 3
"""Cells around a key and its word; two if the footer is compact."""


class FooterPlan(NamedTuple):
    """The keys of a screen for its footer, in this order at every width."""

    keys: tuple[tuple[str, str], ...]
    """The id of each binding, or its key; and the word for it, not translated yet, if it differs from the binding's."""
    label: str = ""
    """The text before the keys."""
    always: str = ""
    """The id of the binding whose key a narrow line never leaves out."""


class KeyFooter(Footer):
    """The keys of a screen along its last line, each whole or not at all.

    Where the line is too narrow, the last keys of the screen's plan are left out; a key that can do nothing now is dim. A
    screen without a plan has its keys in the order of its bindings, and those that can do nothing now are left out first.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._width = 0
        self._plan: FooterPlan | None = None

    def show_plan(self, plan: FooterPlan) -> None:
        """Show the screen's plan, which may have changed."""
        old_plan, self._plan = self._plan, plan
        if old_plan is None or old_plan.keys != plan.keys or bool(old_plan.label) != bool(plan.label):
            self.call_after_refresh(self.recompose)
        elif old_plan.label != plan.label:
            for label in self.query(".label").results(Label):
                label.update(Content(plan.label))

    def compose(self) -> ComposeResult:
        planned: Callable[[], FooterPlan] | None = getattr(self.screen, "footer_plan", None)
        if planned is not None:
            self._plan = planned()
            yield from self._compose_plan(self._plan)
            return
        keys = cast("list[FooterKey]", list(super().compose()))
        for key in keys:
            key.description = _(key.description)
        self.compact = sum(map(_key_cells, keys)) > self.size.width
        enabled_first = sorted(keys, key=lambda key: key.has_class("-disabled"))
        fit = {*self._keys_that_fit(enabled_first, KEY_PADDING - self.compact)}
        yield from self._with_tooltips(key for key in keys if key in fit)

    def _compose_plan(self, plan: FooterPlan) -> ComposeResult:
        self.compact = False
        if plan.label:
            yield Label(Content(plan.label), classes="label")
        keys = [*self._planned_keys(plan)]
        always_shown = [key for name, key in keys if name == plan.always]
        used = cell_len(plan.label) + sum(map(_key_cells, always_shown))
        others = (key for name, key in keys if name != plan.always)
        fit = {*always_shown, *self._keys_that_fit(others, KEY_PADDING, used)}
        yield from self._with_tooltips(key for _name, key in keys if key in fit)

    def _planned_keys(self, plan: FooterPlan) -> Iterator[tuple[str, FooterKey]]:
        """Each key of the plan with the id of its binding."""
        by_key = self.screen.active_bindings
        active = {**by_key, **{key_.binding.id: key_ for key_ in by_key.values() if key_.binding.id}}
        for binding_id, word in plan.keys:
            if binding_id in active:
                _node, binding, is_enabled, _tooltip = active[binding_id]
                key = FooterKey(
                    binding.key,
                    self.app.get_key_display(binding),
                    _(word or binding.description),
                    binding.action,
                    disabled=not is_enabled,
                )
                key.set_reactive(FooterKey.compact, False)
                yield binding_id, key

    def _keys_that_fit(self, keys: Iterable[FooterKey], padding: int, used: int = 0) -> Iterator[FooterKey]:
        """The first keys that fit beside `used` cells."""
        for key in keys:
            used += _key_cells(key, padding)
            if used > self.size.width:
                return
            yield key

    def _with_tooltips(self, keys: Iterable[FooterKey]) -> Iterator[FooterKey]:
        """The keys, each with its line of the screen's help."""
        help_texts = [*getattr(self.screen, "key_words", tuple)()]
        for key in keys:
            words = (
                words for names, words in help_texts if key.key_display in names.replace(",", "").split()
            )
            key.tooltip = Content(next(words, key.description))
            yield key

    def on_resize(self, event: events.Resize) -> None:
        if event.size.width != self._width:
            self._width = event.size.width
            self.call_after_refresh(self.recompose)


def _key_cells(key: FooterKey, padding: int = KEY_PADDING) -> int:
    return cell_len(key.key_display) + cell_len(key.description) + padding
