"""`goneaway-tui explain` from the shell's side: what it reads, what it writes, how it ends."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from goneaway_tui.cli import run

ERROR = (
    "2020-04-15 14:09:36,886 ERROR django.db.utils.OperationalError: (2006, 'MySQL server has gone away')\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text("2020-04-15 06:00:00,000 INFO started\n" + ERROR, encoding="utf-8")
    return path


def asked(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    status = run(["explain", *argv])
    out, err = capsys.readouterr()
    return status, out, err


def as_json(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    status, out, _ = asked(capsys, "--format=json", *argv)
    assert 0 == status
    return json.loads(out)


def test_json_is_as_the_contract_has_it(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    told = as_json(capsys, str(log))
    (error,) = told["errors"]

    assert "goneaway.explanation/1" == told["schema"]
    assert (str(log), 2, "2020-04-15T14:09:36.886", 2006, "Django") == tuple(
        error[name] for name in ("file", "line", "at", "code", "client")
    )
    assert "idle_timeout" == error["findings"][0]["cause"]
    assert {"cause", "certainty", "because", "remedies", "docs"} <= error["findings"][0].keys()


@pytest.mark.parametrize(
    ("argv", "says"), [((), True), (("--verbose",), False), (("--format=markdown",), False)]
)
def test_a_person_at_a_terminal_is_told_how_to_see_the_rest(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    log: Path,
    argv: tuple[str, ...],
    *,
    says: bool,
) -> None:
    assert "--verbose" not in asked(capsys, *argv, str(log))[2]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    assert says == ("Add --verbose to see" in asked(capsys, *argv, str(log))[2])


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress], ids=["gz", "xz", "bz2"])
def test_packed_logs_are_read_whatever_they_are_called(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, pack: Any
) -> None:
    path = tmp_path / "app.log.1"
    path.write_bytes(pack(ERROR.encode()))

    assert 1 == len(as_json(capsys, str(path))["errors"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_what_powershell_and_editors_write_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(("2020-04-15 06:00:00,000 INFO start\r\n" + ERROR).encode(encoding))
    (error,) = as_json(capsys, str(path))["errors"]

    assert (2, 2006) == (error["line"], error["code"])


def test_a_binary_file_is_called_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "ibdata1"
    path.write_bytes(bytes(range(256)) * 100)
    status, _, err = asked(capsys, str(path))

    assert 1 == status
    assert "is a binary file" in err


def test_several_files_are_distinguished(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.log"
    other.write_text(ERROR, encoding="utf-8")

    assert [str(log), str(other)] == [
        each["file"] for each in as_json(capsys, str(log), str(other))["errors"]
    ]


@pytest.mark.parametrize("argv", [["-"], []])
def test_standard_input_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ERROR.encode())))

    assert ["-"] == [each["file"] for each in as_json(capsys, *argv)["errors"]]


def test_text_and_markdown_name_the_cause_and_the_remedy(
    capsys: pytest.CaptureFixture[str], log: Path
) -> None:
    for name in ("text", "markdown"):
        status, out, _ = asked(capsys, f"--format={name}", str(log))
        assert 0 == status
        assert "idle timeout" in out
        assert "CONN" in out


def test_equal_errors_are_reported_once(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    log.write_text(ERROR * 3, encoding="utf-8")
    _, out, _ = asked(capsys, str(log))

    assert 2 == out.count("idle timeout: likely"), "in the list and above the reasons"
    assert "3 times, last on" in out


def test_no_error_event_gives_status_1_and_a_message(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    log.write_text("all is well\n", encoding="utf-8")
    status, out, err = asked(capsys, str(log))

    assert (1, "") == (status, out)
    assert "no lost or refused connection" in err


@pytest.mark.parametrize("make", [Path.mkdir, lambda _: None], ids=["a directory", "nothing"])
def test_what_cannot_be_read_is_4_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, make: Any
) -> None:
    path = tmp_path / "x"
    make(path)
    status, _, err = asked(capsys, str(path))

    assert 4 == status
    assert 1 == err.count("\n")
    assert "cannot read" in err


@pytest.mark.parametrize("spoil", [gzip.compress, lzma.compress, bz2.compress], ids=["gz", "xz", "bz2"])
def test_a_packed_log_that_is_cut_short_is_4_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, spoil: Any
) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(spoil(ERROR.encode() * 1000)[:-12])
    status, _, err = asked(capsys, str(path))

    assert 4 == status
    assert 1 == err.count("\n")


def test_a_format_of_snapshots_alone_is_2(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    status, _, err = asked(capsys, "--format=svg", str(log))

    assert 2 == status
    assert "text, json, markdown" in err


def test_named_server_that_does_not_answer_gives_status_3_and_the_log_is_explained_without_it(
    capsys: pytest.CaptureFixture[str], log: Path
) -> None:
    where = ("-h", "127.0.0.1", "-P", "1", "-u", "root", "--connect-timeout=2")
    status, out, err = asked(capsys, "--format=json", str(log), *where)
    alone = as_json(capsys, str(log))

    assert 3 == status
    assert alone == json.loads(out)
    assert 1 == err.count("\n")
    assert "cannot ask the server" in err
    assert "127.0.0.1:1" in err


def test_secrets_are_masked(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    log.write_text(
        "2020-04-15 14:09:36 mysql://app:tiger@db1/shop?password=tiger app:tiger@tcp(db1:3306)/ (2006, 'MySQL server has gone away')\n",
        encoding="utf-8",
    )
    for name in ("text", "json", "markdown"):
        _, out, _ = asked(capsys, f"--format={name}", str(log))
        assert "tiger" not in out
        assert "\\*\\*\\*\\*" in out or "****" in out


STATED = """\
+--------------------+------------+
| Variable_name      | Value      |
+--------------------+------------+
| max_allowed_packet | 1073741824 |
| wait_timeout       | 28800      |
+--------------------+------------+
"""


def causes(error: Any) -> dict[str, str]:
    return {each["cause"]: each["certainty"] for each in error["findings"]}


def test_what_was_pasted_of_the_server_counts_as_its_word(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.txt"
    facts.write_text(STATED, encoding="utf-8")
    (alone,) = as_json(capsys, str(log))["errors"]
    (told,) = as_json(capsys, str(log), "--facts", str(facts))["errors"]

    assert "ruled_out" != causes(alone)["packet_too_large"]
    assert "ruled_out" == causes(told)["packet_too_large"]
    assert "according to facts.txt" in json.dumps(told)


def test_what_was_pasted_into_the_log_counts_too(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    log.write_text(ERROR + "\nmysql> SHOW VARIABLES;\n" + STATED, encoding="utf-8")
    (told,) = as_json(capsys, str(log))["errors"]

    assert "ruled_out" == causes(told)["packet_too_large"]


def test_a_file_without_facts_is_refused(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    facts = tmp_path / "facts.txt"
    facts.write_text("nothing\n", encoding="utf-8")
    status, _, err = asked(capsys, str(log), "--facts", str(facts))

    assert 4 == status
    assert "SHOW GLOBAL VARIABLES" in err


def test_verbose_reports_every_finding(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    _, short, _ = asked(capsys, str(log))
    _, whole, _ = asked(capsys, str(log), "--verbose")

    assert "Also possible" in short
    assert len(whole.splitlines()) > 2 * len(short.splitlines())


def with_a_dictionary_of_a_gibibyte(packed: bytes) -> bytes:
    """An xz file that says so in the header of its block, which is checked by its CRC alone."""
    size = (packed[12] + 1) * 4
    header = bytearray(packed[12 : 12 + size - 4])
    assert b"\x21\x01" == header[2:4], "the filter is LZMA2, with one byte of properties"
    header[4] = 36
    return packed[:12] + header + zlib.crc32(header).to_bytes(4, "little") + packed[12 + size :]


def test_an_xz_that_asks_for_too_much_memory_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "app.log.xz"
    log.write_bytes(with_a_dictionary_of_a_gibibyte(lzma.compress(b"x" * 1000)))

    assert 4 == run(["explain", str(log)])
    told = capsys.readouterr().err
    assert "unpacking takes more than 128 MiB of memory" in told
    assert "xz -dc" in told
    assert 1 == told.count("\n")


def test_an_xz_of_several_streams_is_read_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "app.log.xz"
    line = b"(2006, 'MySQL server has gone away')\n"
    log.write_bytes(lzma.compress(b"nothing\n" * 300_000) + b"\0" * 8 + lzma.compress(line))

    assert 0 == run(["explain", str(log)])
    assert "2006" in capsys.readouterr().out
