"""A private server with a workload, for the demo. At the end the server and its data are removed."""

from __future__ import annotations

from goneaway_tui.ports import Clock
from goneaway_tui.source.demo.program import NoServerProgram
from goneaway_tui.source.demo.server import PrivateServer
from goneaway_tui.source.demo.workload import WATCHER, Workload

__all__ = ["Demo", "NoServerProgram", "start_demo"]


class Demo:
    """A running private server and its workload."""

    user = WATCHER
    """The account that only reads: PROCESS, and SELECT on performance_schema. It has no password."""
    admin = "root"
    """The account that may change variables and kill sessions. It has no password."""

    def __init__(self, server: PrivateServer, workload: Workload) -> None:
        self._server = server
        self._workload = workload
        self.socket = server.socket
        self.program = server.program
        self.version = server.version
        self.directory = server.directory
        self.error_log = server.error_log

    def close(self) -> None:
        """Stop the workload and the server, and remove the data; safe to call twice and from another thread."""
        try:
            self._workload.stop()
        finally:
            self._server.stop()


def start_demo(clock: Clock) -> Demo:
    """Start the installed server program on a private directory, and the workload on it; takes some seconds.

    `clock` returns seconds; the workload calls it first when its first client is about to log in. Raises NoServerProgram where
    none is installed, and SourceError where it does not start. After an error no process and no file is left.
    """
    server = PrivateServer()
    try:
        server.start()
        workload = Workload(server.socket, clock, shows_limits="mariadb" not in server.version.lower())
        workload.start()
        return Demo(server, workload)
    except BaseException:
        server.stop()
        raise
