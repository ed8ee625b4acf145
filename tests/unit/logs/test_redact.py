"""No spelling of a password in a log line is quoted."""

from __future__ import annotations

import time

import pytest

from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.logs.redact import MASK, redacted
from tests.waiting import FAR


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD=t1ger",
        "dial app:t1ger@/shop: invalid connection",
        "secret_key_base: t1ger",
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
        "ERROR mysql://root:t1ger@db/x",
        "ERROR password: t1ger",
        '{\\"password\\":\\"t1ger\\"}',
        '{\\"password\\": \\"my t1\\\\\\"ger\\"}',
        "password%22%3A%22t1ger",
        "mysqldump --password 'my t1ger' shop",
        "['mysqldump', '--password', 't1ger']",
        "<password>t1ger</password>",
        "<db:password xml:space='preserve'>my t1ger</db:password>",
        "SELECT PASSWORD('t1ger')",
        "SELECT PASSWORD ( 'my t1ger' )",
        "SELECT ENCRYPT('x','t1ger')",
        "SELECT AES_DECRYPT(secret_column, 't1ger')",
        "CREATE USER app IDENTIFIED BY t1ger",
        "CREATE USER app IDENTIFIED /* a */ /* b */     BY    't1ger'",
        "PASSWORD            =              t1ger",
        "password='t1''ger'",
        "password='t1\\'ger'",
        'password="t1\\"ger"',
        "password=t1'ger",
        "mysql://u:t1'ger@db1/x",
        'mysql://u:t1"ger@db1/x',
        "passwort=t1ger",
        "密码=t1ger",
        "密码：t1ger",
        "contraseña: t1ger",
        "mot de passe : t1ger",
        "password_new=t1ger",
        "password=" + "x" * 400 + "t1ger",
        "password='" + "x" * 400 + "t1ger'",
        "mysql -u app -p'my t1ger' shop",
    ],
)
def test_a_password_is_masked(line: str) -> None:
    shown = redacted(f"2006 gone away: {line} (db1)")

    assert "ger" not in shown, shown
    assert MASK in shown


@pytest.mark.parametrize(
    "line",
    ["passwd:'t1ger", 'ALTER USER app IDENTIFIED BY "t1ger', "SET PASSWORD = 't1ger", '{"password": "t1ger'],
)
def test_a_password_whose_quotes_the_line_cuts_off_is_masked(line: str) -> None:
    assert "ger" not in redacted(f"2006 gone away: {line}")


@pytest.mark.parametrize(
    "line", ["compass=north", "bypass: yes", "REPLACE(name, 'a', 'b')", "passed=12 failed=0"]
)
def test_what_is_no_password_stays(line: str) -> None:
    assert line == redacted(line)


@pytest.mark.parametrize(
    "head",
    [
        "Nov 30 06:00:00 ERROR mysql://root:t1ger@db/x: ",
        "2026-11-30T06:00:00Z ERROR password: t1ger ",
        "2026-11-30T06:00:00Z web app: " + "x" * 140 + " password='" + "y" * 90 + " t1ger' ",
    ],
)
def test_a_secret_is_masked_that_begins_in_what_was_cut_off_as_a_name_or_for_its_length(head: str) -> None:
    (event,) = explain_log("a.log", [f"{head}(2006, 'MySQL server has gone away')\n".encode()])

    assert "ger" not in event.text, event.text
    assert MASK in event.text


def test_what_was_cut_off_is_not_shown_where_no_secret_crosses_the_cut() -> None:
    line = "Nov 30 06:00:00 password=t1ger app: (2006, 'MySQL server has gone away')"
    assert "(2006, 'gone away')" == redacted(
        "(2006, 'gone away')", before="Nov 30 06:00:00 password=t1ger app: "
    )
    (event,) = explain_log("a.log", [line.encode() + b"\n"])
    assert "ger" not in event.text


@pytest.mark.parametrize(
    "head", ["", "password='", "IDENTIFIED BY ", "SET PASSWORD ", "PASSWORD('", "mysql "]
)
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "'",
            "\\'",
            '\\"',
            "password=",
            "IDENTIFIED BY ",
            "PASSWORD(",
            "://a:",
            " -p",
            "<password ",
            "/**/ ",
        ),
        *("IDENTIFIED/*", "mysql -p", "\\", "SET PASSWORD '", "(", "ENCRYPT(a", "--password '", "a:b@"),
    ],
)
def test_no_line_takes_long_to_mask(head: str, piece: str) -> None:
    """Milliseconds; a pattern that runs away takes minutes. Of the processor, which a busy machine does not lengthen."""
    began = time.process_time()
    redacted(head + piece * 2400)

    assert time.process_time() - began < FAR
