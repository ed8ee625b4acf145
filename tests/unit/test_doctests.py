"""What the docstrings show is what happens."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import goneaway_tui

MODULES = sorted(module.name for module in walk_packages(goneaway_tui.__path__, "goneaway_tui."))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_a_module_hold(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name), raise_on_error=False)

    assert 0 == failed, "the report is in the captured output"


def test_there_are_examples_to_hold() -> None:
    found = [
        test
        for name in MODULES
        for test in doctest.DocTestFinder(exclude_empty=True).find(import_module(name))
        if test.examples
    ]

    assert len(found) >= 10
