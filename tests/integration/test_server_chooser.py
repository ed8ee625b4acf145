"""A server described by hand, tried on a real one, saved, and taken by its name."""

from __future__ import annotations

import tomllib
from pathlib import Path

from goneaway_tui.cli.factories import LocalFiles
from goneaway_tui.cli.server_chooser import LiveServerDirectory
from goneaway_tui.model.server import Profile, ProfileDraft
from goneaway_tui.settings import Environment, Settings, resolve
from tests.servers.private import RealServer


def test_what_is_typed_is_tried_saved_and_taken_by_its_name(mysql97: RealServer, tmp_path: Path) -> None:
    path = tmp_path / "goneaway-tui" / "config.toml"
    around = Environment({}, LocalFiles(), tmp_path, "nobody", lambda: path)
    settings = resolve(["--no-defaults", "--no-login-paths"], around)
    assert isinstance(settings, Settings)
    directory = LiveServerDirectory(settings, ["--no-defaults", "--no-login-paths"], around)
    draft = ProfileDraft("prod-db1", "127.0.0.1", str(mysql97.port), "root", color="red", read_only=True)

    welcome = directory.attempt(draft)
    directory.save(draft)

    assert welcome.server.startswith("MySQL 9.7")
    assert "'root'@" in welcome.account
    assert (
        Profile("prod-db1", f"root@127.0.0.1:{mysql97.port}", "red", read_only=True),
    ) == directory.profiles()
    assert tomllib.loads(path.read_text())["servers"]["prod-db1"]["port"] == mysql97.port
    assert path.stat().st_mode & 0o077 == 0


def test_the_uptime_of_tidb_is_computed_as_it_is_meant(mysql97: RealServer) -> None:
    """Its arithmetic is MySQL's too: on a table of the same name and shape, with times as TiDB writes them."""
    statement = (Path("tui/goneaway_tui/source/sql/tidb/counters.sql")).read_text(encoding="utf-8")
    with mysql97.connect() as connection, connection.cursor() as cursor:
        for sign, hours in (("-06:00", -6), ("+05:30", 5.5), ("Z", 0)):
            cursor.execute(
                "SELECT DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL 3600 SECOND + INTERVAL %s MINUTE, %s)",
                (hours * 60, "%Y-%m-%dT%H:%i:%s"),
            )
            started = cursor.fetchone()[0] + sign
            cursor.execute(
                statement.replace(
                    "information_schema.cluster_info",
                    f"(SELECT 'tidb' AS TYPE, '{started}' AS START_TIME) AS cluster_info",
                )
            )
            assert cursor.fetchone()[1] in {3600, 3601}
