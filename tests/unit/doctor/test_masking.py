"""No spelling of a password in a log line is quoted."""

from __future__ import annotations

import pytest

from goneaway_tui.doctor.masking import MASK, quotable


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD=t1ger",
        "MYSQL_PWD=t1ger mysqldump shop",
        "export DB_PASS=t1ger",
        "Server=db1;Uid=app;pass=t1ger;",
        '{"dbPassword": "t1ger"}',
        "dbPassword=t1ger",
        "CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='t1ger'",
        "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 't1ger'",
        'CREATE USER app IDENTIFIED BY "t1ger"',
        "ALTER USER app IDENTIFIED BY 't1''ger' REPLACE 't1ger'",
        "ALTER USER app IDENTIFIED WITH caching_sha2_password BY 't1ger'",
        "ALTER USER app IDENTIFIED VIA ed25519 USING PASSWORD('t1ger')",
        "SET PASSWORD = 't1ger'",
        "SET PASSWORD FOR 'app'@'%' = PASSWORD('t1ger')",
        "GRANT ALL ON *.* TO app IDENTIFIED BY 't1\\'ger'",
        "mysql://app:t1ger@db1/shop",
        "password => 't1ger'",
        "SET PASSWORD=PASSWORD('t1ger')",
        "SET PASSWORD TO 't1ger'",
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x', PASSWORD 't1ger')",
        "ALTER USER app IDENTIFIED/* why */BY 't1ger'",
        "userPass=t1ger",
        "DBPASS=t1ger",
        "mysqldump --password t1ger shop",
        "password%3Dt1ger",
    ],
)
def test_a_password_is_masked(line: str) -> None:
    shown = quotable(f"2006 gone away: {line} (db1)")

    assert "ger" not in shown, shown
    assert MASK in shown


@pytest.mark.parametrize(
    "line",
    ["passwd:'t1ger", 'ALTER USER app IDENTIFIED BY "t1ger', "SET PASSWORD = 't1ger", '{"password": "t1ger'],
)
def test_a_password_whose_quotes_the_line_cuts_off_is_masked(line: str) -> None:
    assert "ger" not in quotable(f"2006 gone away: {line}")


@pytest.mark.parametrize(
    "line", ["compass=north", "bypass: yes", "REPLACE(name, 'a', 'b')", "passed=12 failed=0"]
)
def test_what_is_no_password_stays(line: str) -> None:
    assert line == quotable(line)
