"""A plugin of pytest for `tests.bench.mutants`: which tests reach which functions, and only those tests.

With REACHED_FILE in the environment the run writes there, as JSON: for each test, how long it took, and the functions of
the package that it called, as `room/file.py:line`. A function that was called while a test file was collected, or by a
fixture that several tests share, counts for every test of the file. With WANTED_FILE, a JSON list of test ids, these
tests run, in that order.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

REACHED_FILE = os.environ.get("REACHED_FILE", "")
WANTED_FILE = os.environ.get("WANTED_FILE", "")

_codes: dict[int, CodeType] = {}
"""The code that was called since this was emptied last, by its identity: to compare code is slow."""
_by_file: dict[str, set[str]] = {}
_by_test: dict[str, tuple[float, set[str]]] = {}


def _note(frame: FrameType, event: str, _arg: object) -> None:
    if event == "call":
        code = frame.f_code
        _codes[id(code)] = code


def _called() -> set[str]:
    """The functions of the package that were called since `_codes` was emptied."""
    return {
        f"{code.co_filename.rpartition('/goneaway_tui/')[2]}:{code.co_firstlineno}"
        for code in list(_codes.values())
        if "/goneaway_tui/" in code.co_filename
    }


_caches: list[Any] = []
"""Every cache of a function's results. They are emptied before each test: what it reads there another test computed."""

if REACHED_FILE:

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
        _codes.clear()
        report = yield
        _by_file.setdefault(collector.nodeid.partition("::")[0], set()).update(_called())
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
        made = yield
        if fixturedef.scope != "function":
            _by_file.setdefault(request.node.nodeid.partition("::")[0], set()).update(_called())
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
        for cache in _caches:
            cache.cache_clear()
        _codes.clear()
        began = time.perf_counter()
        done = yield
        _by_test[item.nodeid] = (time.perf_counter() - began, _called())
        return done

    def pytest_collection_finish() -> None:
        _caches.extend(found for found in gc.get_objects() if type(found).__name__ == "_lru_cache_wrapper")

    def pytest_sessionstart() -> None:
        threading.setprofile(_note)
        sys.setprofile(_note)

    def pytest_sessionfinish() -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        reached = {
            test: {
                "seconds": seconds,
                "functions": sorted(functions | _by_file.get(test.partition("::")[0], set())),
            }
            for test, (seconds, functions) in _by_test.items()
        }
        Path(REACHED_FILE).write_text(json.dumps(reached), encoding="utf-8")


if WANTED_FILE:

    def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
        order = {
            test: index
            for index, test in enumerate(json.loads(Path(WANTED_FILE).read_text(encoding="utf-8")))
        }
        items[:] = sorted(
            (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
        )
