"""What each kind of session looks like in the process list, and what it says."""

from __future__ import annotations

from random import Random

from goneaway_tui.model.session import ProcesslistId, Role, Session, ThreadId, Transaction, library
from goneaway_tui.source.simulated.cast import Application, Stage

THREADS_AHEAD = 42
"""By how much the Performance Schema's thread numbers run ahead of the process list's."""
ROWS_OF_A_BATCH = 1000

_STATES = {
    "UPDATE": "updating",
    "DELETE": "updating",
    "INSERT": "update",
    "COMMIT": "waiting for handler commit",
}


class Wardrobe:
    """Dresses sessions; draws from the play's random generator and keeps nothing of its own."""

    def __init__(self, stage: Stage, rng: Random, *, shows_statements: bool) -> None:
        self._stage = stage
        self._rng = rng
        self._shows_statements = shows_statements

    def client(self, who: ProcesslistId, app: Application, limit: int, address: str) -> Session:
        """A freshly logged-in session, idle from no particular instant."""
        told = dict(app.about)
        return Session(
            who,
            app.user,
            address,
            app.db,
            "Sleep",
            program=app.program,
            client=library(told.get("_client_name"), told.get("_client_version")),
            own_limit=self._shown(limit),
            attributes=(
                *app.about,
                ("_pid", str(self._rng.randrange(900, 64_000))),
                ("program_name", app.program),
            ),
            thread=_thread(who),
        )

    def login(self, who: ProcesslistId, address: str, at: float) -> Session:
        """Connected at `at`, not yet authenticated."""
        return Session(
            who,
            "unauthenticated user",
            address,
            None,
            "Connect",
            "Receiving from client",
            role=Role.LOGIN,
            idle_since=at,
            thread=_thread(who),
        )

    def scheduler(self, who: ProcesslistId) -> Session:
        return Session(
            who,
            "event_scheduler",
            "localhost",
            None,
            "Daemon",
            "Waiting on empty queue",
            role=Role.DAEMON,
            thread=_thread(who),
        )

    def replica(self, who: ProcesslistId) -> Session:
        """The session that sends a replica its binary log."""
        return Session(
            who,
            "repl",
            "db-02:49822",
            None,
            "Binlog Dump",
            "Source has sent all binlog to replica; waiting for more updates",
            role=Role.DUMP,
            own_limit=self._shown(self._stage.value("wait_timeout")),
            thread=_thread(who),
        )

    def ourselves(self, who: ProcesslistId) -> Session:
        return Session(
            who,
            "goneaway",
            "mon-1:55120",
            None,
            "Query",
            "executing",
            self.said("SELECT * FROM performance_schema.processlist"),
            program="goneaway-tui",
            client="pymysql 1.2.4",
            own=True,
            own_limit=self._shown(self._stage.value("wait_timeout")),
            attributes=(
                ("_client_name", "pymysql"),
                ("_client_version", "1.2.4"),
                ("_pid", "31337"),
                ("program_name", "goneaway-tui"),
            ),
            thread=_thread(who),
        )

    def transaction(self, at: float, statement: str) -> Transaction:
        """What a statement that opens a transaction leaves held."""
        rows = 1 + int(self._rng.expovariate(0.4))
        if statement.startswith("SELECT"):
            return Transaction(at, rows_modified=0, rows_locked=rows)
        rows *= ROWS_OF_A_BATCH if "staging" in statement else 1
        return Transaction(at, rows_modified=rows, rows_locked=rows + self._rng.randrange(3))

    def address(self, app: Application) -> str:
        return f"{self._rng.choice(app.hosts)}:{self.port()}"

    def port(self) -> int:
        return self._rng.randrange(32_768, 61_000)

    def said(self, statement: str) -> str | None:
        """The statement, or None where the play keeps statements to itself."""
        return statement if self._shows_statements else None

    def written(self, template: str) -> str:
        """The statement with a number in the place of each `?`."""
        return template.replace("?", str(self._rng.randrange(1, 90_000))) if "?" in template else template

    def _shown(self, limit: int) -> int | None:
        return limit if self._stage.shows_own_limits else None


def state_of(statement: str) -> str:
    """What the server says it is doing while it runs this."""
    if "GROUP BY" in statement:
        return "Creating sort index"
    return _STATES.get(statement.partition(" ")[0], "executing")


def _thread(who: ProcesslistId) -> ThreadId:
    return ThreadId(who + THREADS_AHEAD)
