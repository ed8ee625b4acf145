"""What an account may change, on servers that are not here to be asked."""

from __future__ import annotations

import pytest

from goneaway_tui.model.server import Flavour
from goneaway_tui.model.tuning import Privileges
from goneaway_tui.source.capabilities import Capabilities
from goneaway_tui.source.privileges import find_privileges, granted_privileges

WHERE = "db-01:3306"


def told(flavour: Flavour, version: str, *grants: str, able: str = "persist", **identity: str) -> Privileges:
    found = Capabilities(flavour, version, version, 8, "'dba'@'%'", frozenset(able.split()))
    return find_privileges(found, [f"{grant} TO `dba`@`%`" for grant in grants], identity, WHERE)


@pytest.mark.parametrize(
    ("flavour", "version", "privileges", "may"),
    [
        (Flavour.MYSQL, "5.7.44", "SUPER", "set kill connect_timeout"),
        (Flavour.MYSQL, "5.7.44", "ALL PRIVILEGES", "set kill connect_timeout"),
        (Flavour.MYSQL, "5.7.44", "PROCESS", ""),
        (Flavour.MYSQL, "8.0.11", "SYSTEM_VARIABLES_ADMIN", "set connect_timeout"),
        (Flavour.MYSQL, "8.4.3", "CONNECTION_ADMIN", "kill"),
        (Flavour.MARIADB, "10.4.34", "SUPER", "set kill connect_timeout"),
        (Flavour.MARIADB, "10.5.1", "CONNECTION ADMIN", ""),
        (Flavour.MARIADB, "10.5.2", "CONNECTION ADMIN", "kill connect_timeout"),
        (Flavour.MARIADB, "10.11.19", "SUPER", "set kill connect_timeout"),
        (Flavour.MARIADB, "11.0.2", "SUPER", "set"),
        (Flavour.MARIADB, "11.8.6", "SELECT, CONNECTION ADMIN, EVENT", "kill connect_timeout"),
        (Flavour.MARIADB, "12.0.1", "ALL PRIVILEGES", "set kill connect_timeout"),
        (Flavour.MYSQL, "", "SUPER", "set kill connect_timeout"),
    ],
)
def test_each_version_asks_for_its_own(flavour: Flavour, version: str, privileges: str, may: str) -> None:
    word = told(flavour, version, f"GRANT {privileges} ON *.*")
    can = {
        "set": word.can_set,
        "kill": word.can_kill,
        "connect_timeout": not word.why_not_set("connect_timeout"),
    }

    assert set(may.split()) == {act for act, yes in can.items() if yes}
    assert word.can_set == (not word.why_not_set("wait_timeout"))


def test_only_what_is_granted_on_everything_counts() -> None:
    assert {"SELECT"} == granted_privileges(
        [
            "GRANT SELECT ON *.* TO `dba`@`%` WITH GRANT OPTION",
            "GRANT SUPER ON `shop`.* TO `dba`@`%`",
            "GRANT `SUPER ON *.* TO `@`%` TO `dba`@`%`",
            "REVOKE SUPER ON *.* FROM `dba`@`%`",
            "GRANT PROXY ON ``@`` TO `dba`@`%`",
        ]
    )


def test_missing_privilege_is_reported_with_its_grant() -> None:
    poor = told(Flavour.MARIADB, "11.8.6", "GRANT USAGE ON *.*", able="")

    assert poor.why_not_set("wait_timeout").endswith("GRANT SUPER ON *.* TO 'dba'@'%'")
    assert poor.why_not_set("max_connections").endswith("GRANT CONNECTION ADMIN ON *.* TO 'dba'@'%'")
    assert dict(poor.why_not)["kill"].endswith("GRANT CONNECTION ADMIN ON *.* TO 'dba'@'%'")
    assert "option file" in dict(poor.why_not)["persist"]


@pytest.mark.parametrize(
    ("grant", "able", "basedir", "way"),
    [
        ("GRANT `rds_superuser_role`@`%`", "persist", "/rdsdbbin/mysql-8.0.40.R1/", "parameter group entry"),
        ("GRANT USAGE ON *.*", "persist rds", "/usr/", "parameter group entry"),
        ("GRANT `ours`@`%`,`rds_superuser_role`@`%`", "persist", "/usr/", "parameter group entry"),
        ("GRANT USAGE ON *.*", "persist", "/rdsdbbin/mariadb-10.11/", "parameter group entry"),
        ("GRANT USAGE ON *.*", "persist azure", "/usr/", "server parameter"),
        ("GRANT `cloudsqlsuperuser`@`%`", "persist", "/usr/", "database flag"),
    ],
)
def test_a_service_that_lets_nobody_set_sends_to_its_own_way(
    grant: str, able: str, basedir: str, way: str
) -> None:
    word = told(Flavour.MYSQL, "8.0.40", grant, able=able, basedir=basedir)

    assert not word.can_set
    assert f"change the {way}" in word.why_not_set("wait_timeout")
    assert "GRANT" not in word.why_not_set("wait_timeout")
    assert f"change the {way}" in dict(word.why_not)["persist"]


def test_what_a_service_lends_counts_as_killing() -> None:
    assert told(Flavour.MYSQL, "8.0.40", "GRANT USAGE ON *.*", able="rds").can_kill
    assert not told(Flavour.MYSQL, "8.0.40", "GRANT `rds_superuser_role`@`%`", able="").can_kill


@pytest.mark.parametrize(
    ("identity", "name"),
    [({"server_uuid": "f8349458"}, "f8349458"), ({"server_uid": "MX9/aHbZ="}, "MX9/aHbZ="), ({}, WHERE)],
)
def test_a_server_is_named_by_what_it_has(identity: dict[str, str], name: str) -> None:
    assert name == told(Flavour.MYSQL, "9.7.4", **identity).server_id


@pytest.mark.parametrize(("loads", "can"), [("ON", True), ("1", True), ("OFF", False), ("0", False)])
def test_persisting_needs_a_server_that_reads_it_again(loads: str, *, can: bool) -> None:
    assert can == told(Flavour.MYSQL, "9.7.4", "GRANT SUPER ON *.*", persisted_globals_load=loads).can_persist
