"""Real servers as fixtures; where one is missing its tests are skipped, or fail where servers are required."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

import pytest

from goneaway_tui.source import connection, live
from tests.servers.private import EVERY_NAME, NAMES, Missing, Name, RealServer, Servers
from tests.waiting import FAR


class StartServer(Protocol):
    """Starts a fresh server for one test."""

    def __call__(self, name: Name, *arguments: str) -> RealServer: ...


def _start(stack: ExitStack, servers: Servers, name: Name, *arguments: str) -> RealServer:
    try:
        return stack.enter_context(servers.run(name, *arguments))
    except Missing as missing:
        if os.environ.get("GONEAWAY_REQUIRE_SERVERS") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture
def long_answer_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection waits `FAR` seconds for an answer, so only what does not wait for it at all ends in time."""
    monkeypatch.setattr(connection, "ANSWER_SECONDS", FAR)
    monkeypatch.setattr(live, "SAMPLE_SECONDS", FAR)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers() as servers:
        yield servers


@contextmanager
def _starting(servers: Servers) -> Iterator[StartServer]:
    with ExitStack() as stack:

        def start(name: Name, *arguments: str) -> RealServer:
            return _start(stack, servers, name, *arguments)

        yield start


@pytest.fixture
def start_server(servers: Servers) -> Iterator[StartServer]:
    """For a test that breaks its server, or wants it started in a way of its own."""
    with _starting(servers) as start:
        yield start


@pytest.fixture(scope="module")
def start_module_server(servers: Servers) -> Iterator[StartServer]:
    """For the tests of a module that want the same server, and leave it as it was."""
    with _starting(servers) as start:
        yield start


@pytest.fixture(scope="session")
def mysql97(servers: Servers) -> Iterator[RealServer]:
    with ExitStack() as stack:
        yield _start(stack, servers, "mysql97")


@pytest.fixture(scope="session")
def mariadb1011(servers: Servers) -> Iterator[RealServer]:
    with ExitStack() as stack:
        yield _start(stack, servers, "mariadb1011")


@pytest.fixture(scope="session")
def mariadb118(servers: Servers) -> Iterator[RealServer]:
    with ExitStack() as stack:
        yield _start(stack, servers, "mariadb118")


@pytest.fixture(scope="session")
def mariadb105(servers: Servers) -> Iterator[RealServer]:
    with ExitStack() as stack:
        yield _start(stack, servers, "mariadb105")


@pytest.fixture(scope="session", params=NAMES)
def any_server(request: pytest.FixtureRequest) -> RealServer:
    """Each of the three in turn; shared by the whole run, so leave its settings as they were."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session", params=EVERY_NAME)
def any_version(request: pytest.FixtureRequest) -> RealServer:
    """The three and the oldest that we run, for what is read differently there; leave its settings as they were."""
    server: RealServer = request.getfixturevalue(request.param)
    return server
