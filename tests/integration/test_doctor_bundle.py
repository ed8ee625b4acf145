"""What a bundle says of a real server, with an account that may not see everything."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.integration.conftest import StartServer
from tests.servers.private import NAMES, Name
from tests.unit.cli.test_run import run


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_holds_what_the_server_can_do_and_not_who_asked(
    start_server: StartServer, name: Name, tmp_path: Path
) -> None:
    server = start_server(name)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER 's3cr3t'@'127.0.0.1' IDENTIFIED BY 'pa55'")
    dsn = f"mysql://s3cr3t:pa55@127.0.0.1:{server.port}/"
    done = run(tmp_path, "doctor-bundle", dsn, "-o", str(tmp_path / "b.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        text = archive.read("server.json").decode()
        everything = "".join(archive.read(member).decode() for member in archive.namelist())
    facts = json.loads(text)

    assert 0 == done.returncode, done.stderr
    assert facts["version"]
    assert facts["capabilities"]
    assert facts["limitations"]
    assert all(each["what"] and (each["why"] or each["error"]) for each in facts["limitations"])
    assert facts["variables"]["wait_timeout"]["value"] > 0
    assert "s3cr3t" not in everything
    assert "pa55" not in everything
