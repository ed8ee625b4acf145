"""Whatever has a key can be given another, by the id that the settings know."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from textual.app import App
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from goneaway_tui import ui
from goneaway_tui.settings.bindings import BINDINGS, FIXED, SCREENS


def bound() -> Iterator[tuple[str, BindingType]]:
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, DOMNode) and each.__module__ == module.name:
                yield from ((each.__qualname__, binding) for binding in each.__dict__.get("BINDINGS", ()))


def test_settings_list_every_binding_and_no_other() -> None:
    assert sorted({each.id for _, each in bound() if isinstance(each, Binding) and each.id}) == sorted(
        BINDINGS
    )


def test_settings_list_the_default_key_of_each_binding() -> None:
    assert {each.id: each.key for _, each in bound() if isinstance(each, Binding) and each.id} == BINDINGS


def test_settings_list_the_keys_of_each_screen() -> None:
    for name, each in bound():
        assert isinstance(each, Binding)
        assert each.id
        screen = name.removesuffix("Screen").removesuffix("Board").lower()
        if name not in {"LineTable", "FindingDetails", "BaseApp"}:
            ids = SCREENS[{"severalservers": "board", "": "board"}.get(screen, screen)]
            assert each.id.startswith(ids), (name, each.id)


def test_keys_that_no_screen_can_change_are_the_framework_s() -> None:
    framework = {
        key
        for each in (*App.BINDINGS, *Screen.BINDINGS)
        if isinstance(each, Binding)
        for key in each.key.split(",")
    }
    assert {*FIXED.values()} - {App.COMMAND_PALETTE_BINDING} <= framework
    assert "ctrl+p" == App.COMMAND_PALETTE_BINDING


def test_nothing_has_a_key_that_cannot_be_another() -> None:
    assert [] == [name for name, each in bound() if not (isinstance(each, Binding) and each.id)]
