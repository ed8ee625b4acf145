"""Whatever has a key can be given another, by the id that the settings know."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from goneaway_tui import ui
from goneaway_tui.settings.bindings import BINDINGS


def bound() -> Iterator[tuple[str, BindingType]]:
    for module in pkgutil.walk_packages(ui.__path__, f"{ui.__name__}."):
        for _, each in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(each, DOMNode) and each.__module__ == module.name:
                yield from ((each.__qualname__, binding) for binding in each.__dict__.get("BINDINGS", ()))


def test_the_settings_know_every_binding_and_no_other() -> None:
    assert sorted({each.id for _, each in bound() if isinstance(each, Binding) and each.id}) == sorted(
        BINDINGS
    )


def test_nothing_has_a_key_that_cannot_be_another() -> None:
    assert [] == [name for name, each in bound() if not (isinstance(each, Binding) and each.id)]
