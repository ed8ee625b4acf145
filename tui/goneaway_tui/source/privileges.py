"""What our account may change: its grants, compared with what each server requires."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import Flavour
from goneaway_tui.model.tuning import Privileges
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.server_variants import version_numbers

AnyOf = tuple[str, ...]
"""Privileges of which one is enough; the first is the one to grant."""

EVERYTHING = "ALL PRIVILEGES"
CONNECTIONS = ("connect_timeout", "max_connections", "max_connect_errors")
"""The variables that CONNECTION ADMIN may set on MariaDB."""

NEEDS: dict[Flavour, tuple[tuple[tuple[int, ...], dict[str, AnyOf]], ...]] = {
    Flavour.MYSQL: (
        (
            (8,),
            {
                "set": ("SYSTEM_VARIABLES_ADMIN", "SUPER"),
                "persist": ("SYSTEM_VARIABLES_ADMIN", "SUPER"),
                "kill": ("CONNECTION_ADMIN", "SUPER"),
            },
        ),
        ((), {"set": ("SUPER",), "kill": ("SUPER",)}),
    ),
    Flavour.MARIADB: (
        (
            (11,),
            {
                "set": ("SUPER",),
                "kill": ("CONNECTION ADMIN",),
                **dict.fromkeys(CONNECTIONS, ("CONNECTION ADMIN",)),
            },
        ),
        (
            (10, 5, 2),
            {
                "set": ("SUPER",),
                "kill": ("CONNECTION ADMIN", "SUPER"),
                **dict.fromkeys(CONNECTIONS, ("CONNECTION ADMIN", "SUPER")),
            },
        ),
        ((), {"set": ("SUPER",), "kill": ("SUPER",)}),
    ),
}
"""The privileges that an act needs, by the first version for which they hold, the newest first. The act `set` is for all variables
that have no entry of their own."""

SERVICE_INSTRUCTIONS = (
    (
        {"rds", "aurora", "rds_superuser_role", "rdsdbbin"},
        N_("Amazon RDS does not allow SET GLOBAL: change the parameter group entry {name} instead"),
    ),
    (
        {"azure"},
        N_("Azure does not allow SET GLOBAL: change the server parameter {name} instead"),
    ),
    (
        {"cloudsql", "cloudsqlsuperuser"},
        N_("Google Cloud SQL does not allow SET GLOBAL: change the database flag {name} instead"),
    ),
)
"""Services that let no account set a global variable: the features, roles and directories that show the service, and what to change
there instead."""

NO_PERSIST = N_("{server} cannot keep a value across restarts: write the value into the option file too")
NOT_LOADED = N_("persisted_globals_load is OFF: a restart ignores persisted values")


def granted_privileges(lines: Iterable[str]) -> frozenset[str]:
    """The global privileges in the lines of SHOW GRANTS, which include those of active roles.

    >>> sorted(granted_privileges(["GRANT SELECT, SUPER ON *.* TO `dba`@`%`", "GRANT `SUPER` TO `dba`@`%`"]))
    ['SELECT', 'SUPER']
    """
    matches = (re.match(r"GRANT ([A-Z_ ,]+) ON \*\.\* TO ", line) for line in lines)
    return frozenset(name.strip() for match in matches if match for name in match[1].split(","))


def needed_privileges(capabilities: Capabilities, act: str) -> AnyOf:
    """The privileges that this server requires for an act: `set`, `persist`, `kill`, or setting the variable of that name."""
    version = version_numbers(capabilities.version)
    asked = next(asked for since, asked in NEEDS[capabilities.flavour] if version >= since)
    return asked.get(act, asked["set"])


def grant_for(capabilities: Capabilities, act: str) -> str:
    return f"GRANT {needed_privileges(capabilities, act)[0]} ON *.* TO {capabilities.account}"


def service_instruction(capabilities: Capabilities, lines: Iterable[str], identity: Mapping[str, str]) -> str:
    """What to do on a service that lets no account set a variable, with `{name}` in it; empty elsewhere."""
    roles = {
        role
        for line in lines
        if line.startswith("GRANT `")
        for role in re.findall(r"`([^`]+)`", line.partition(" TO ")[0])
    }
    names = capabilities.features | roles | set(identity.get("basedir", "").split("/"))
    return next((instruction for service, instruction in SERVICE_INSTRUCTIONS if service & names), "")


def _why_not_persist(capabilities: Capabilities, identity: Mapping[str, str], lacks: str) -> str:
    """Why no value can be persisted; empty where it can. `lacks`: the missing privilege in words, empty where none is missing."""
    if "persist" not in capabilities.features:
        return _(NO_PERSIST, server=f"{capabilities.flavour.title} {capabilities.version}")
    if not lacks and identity.get("persisted_globals_load", "ON").upper() in {"OFF", "0"}:
        return _(NOT_LOADED)
    return lacks


def find_privileges(
    capabilities: Capabilities, lines: list[str], identity: Mapping[str, str], where: str
) -> Privileges:
    """What the account may change. `lines`: of SHOW GRANTS. `identity`: variables by lower-case name. `where`: the id of a server
    without a uuid.
    """
    granted = granted_privileges(lines)

    def may(act: str) -> bool:
        return bool(granted & {EVERYTHING, *needed_privileges(capabilities, act)})

    instruction = service_instruction(capabilities, lines, identity)

    def lacking(act: str, name: str) -> str:
        if instruction:
            return _(instruction, name=name)
        return _("the account lacks the privilege: {grant}", grant=grant_for(capabilities, act))

    lacks = lacking("set", _("of the same name"))
    can_set = may("set")
    can_kill = may("kill") or bool(capabilities.features & {"rds", "azure"})
    why_not = {} if can_set else {"set": lacks}
    if why := _why_not_persist(capabilities, identity, "" if may("persist") else lacks):
        why_not["persist"] = why
    if not can_kill:
        why_not["kill"] = _(
            "the account can kill only its own sessions: {grant}",
            grant=grant_for(capabilities, "kill"),
        )
    return Privileges(
        account=capabilities.account,
        server_id=identity.get("server_uuid") or identity.get("server_uid") or where,
        can_set=can_set,
        can_persist="persist" not in why_not,
        can_kill=can_kill,
        why_not=tuple(why_not.items()),
        why_not_by_variable=tuple(
            (name, "" if may(name) else lacking(name, name))
            for name in CONNECTIONS
            if may(name) != can_set
            or (
                not can_set
                and needed_privileges(capabilities, name) != needed_privileges(capabilities, "set")
            )
        ),
    )
