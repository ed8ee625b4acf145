"""What a row of the process list is to the server: by table, since the lists name the same thing differently."""

from __future__ import annotations

from functools import lru_cache

from goneaway_tui.model.session import Role

BY_COMMAND = {
    "Binlog Dump": Role.DUMP,
    "Binlog Dump GTID": Role.DUMP,
    "Daemon": Role.DAEMON,
    "Delayed insert": Role.DAEMON,
    "Slave_IO": Role.REPLICA,
    "Slave_SQL": Role.REPLICA,
    "Slave_worker": Role.REPLICA,
}
BY_USER = {
    "system user": Role.REPLICA,
    "unauthenticated user": Role.LOGIN,
    "event_scheduler": Role.DAEMON,
}
BY_THREAD = {
    "thread/sql/replica": Role.REPLICA,
    "thread/sql/slave": Role.REPLICA,
    "thread/group_rpl": Role.REPLICA,
    "thread/sql/event": Role.DAEMON,
    "thread/sql/compress_gtid_table": Role.DAEMON,
}
"""By the beginning of performance_schema's thread name, which calls an applier by what it is, not by its user."""


@lru_cache(maxsize=1024)
def role_of(command: str, user: str, thread_name: str = "") -> Role:
    """The first table that knows it decides; everybody else is a client.

    >>> role_of("Query", "root", "thread/sql/replica_worker").value
    'replica'
    """
    for beginning, role in BY_THREAD.items():
        if thread_name.startswith(beginning):
            return role
    return BY_COMMAND.get(command) or BY_USER.get(user) or Role.CLIENT
