"""A private server with a living workload: something real to watch, gone without a trace afterwards."""

from __future__ import annotations

from goneaway_tui.source.demo.program import NoServerProgram
from goneaway_tui.source.demo.server import PrivateServer
from goneaway_tui.source.demo.workload import WATCHER, Workload

__all__ = ["Demo", "NoServerProgram", "start_demo"]


class Demo:
    """A running private server and its workload."""

    user = WATCHER
    """The account for watching: PROCESS, and SELECT on performance_schema. It has no password."""
    admin = "root"
    """The account that may change and kill. It has no password."""

    def __init__(self, server: PrivateServer, workload: Workload) -> None:
        self._server = server
        self._workload = workload
        self.socket = server.socket
        self.program = server.program
        self.version = server.version
        self.directory = server.directory
        self.error_log = server.error_log

    def close(self) -> None:
        """Stop everything and remove everything; safe to call twice and from another thread."""
        try:
            self._workload.stop()
        finally:
            self._server.stop()


def start_demo() -> Demo:
    """Start the installed server program on a private directory, and the workload on it; takes some seconds.

    Raises NoServerProgram where none is installed, SourceError where it does not start; nothing is left behind then.
    """
    server = PrivateServer()
    try:
        server.start()
        workload = Workload(server.socket, limits_shown="mariadb" not in server.version.lower())
        workload.start()
        return Demo(server, workload)
    except BaseException:
        server.stop()
        raise
