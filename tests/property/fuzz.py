"""Bytes that nearly make sense, for the readers of settings and of logs; `python -m tests.property.fuzz SECONDS` runs for long.

Each reader gets well-formed input that was bent: bytes flipped, cut out, doubled, swapped with pieces that mean
something to it. It may answer or raise GoneawayError with one printable line, in bounded time, and nothing else.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from goneaway_tui.doctor.diagnosis import explain_log
from goneaway_tui.doctor.report import FORMATS
from goneaway_tui.errors import GoneawayError
from goneaway_tui.logs.blocks import read_blocks
from goneaway_tui.monitor.poller import ReplayPlayer
from goneaway_tui.settings import resolve_each
from goneaway_tui.settings.config_file import example_config
from goneaway_tui.source.recording.reader import Recording
from tests.unit.settings.asking import CONFIG, environment
from tests.unit.source.recording.takes import a_take, record

LOGIN = Path(__file__).parents[1] / "unit" / "settings" / "mylogin.cnf"
LOGS = Path(__file__).parents[1] / "unit" / "doctor"
SLOWEST = 2.0
"""Seconds of this process for one input; what is quadratic takes minutes."""


@dataclass(frozen=True)
class Target:
    seeds: tuple[bytes, ...]
    pieces: tuple[bytes, ...]
    read: Callable[[bytes], object]


def _option_file(data: bytes) -> object:
    return resolve_each(
        [], environment(files={"~/.my.cnf": data, "/d/a.cnf": data, "/b.cnf": b"[client]\nuser=b\n"})
    )


def _login_path(data: bytes) -> object:
    return resolve_each(["--login-path=prod-db1"], environment(files={"~/.mylogin.cnf": data}))


def _config(data: bytes) -> object:
    return resolve_each(["@prod-db1", "--print-defaults"], environment(files={str(CONFIG): data}))


def _dsn(data: bytes) -> object:
    return resolve_each([data.decode("utf-8", "surrogateescape"), "--print-defaults"], environment())


def _log(data: bytes) -> object:
    """Every form of answer; JSON must be JSON, and nothing may reach a terminal that it obeys."""
    found = list(explain_log("app.log", [data], now=1.8e9))
    for name, write in FORMATS.items():
        out = StringIO()
        write(iter(found), out.write)
        text = out.getvalue()
        assert all(char == "\n" or char.isprintable() for char in text), name
        if name == "json":
            assert len(found) == len(json.loads(text)["errors"])
    return found


def _packed(data: bytes) -> object:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return _log(b"".join(read_blocks(file.name)))


def _recording(data: bytes) -> object:
    """Everything the player asks of one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording")
        path.write_bytes(data)
        recording = Recording(path)
        try:
            player = ReplayPlayer(recording, lambda: 0.0, 100)
            player.jump(player.span[1])
            player.to_departure(forward=False)
            shown = recording.snapshot_at(player.clock())
            return [list(recording.snapshots()), shown, list(player.ledger())]
        finally:
            recording.close()


def _recorded() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder, "recording"), [a_take(step, 2 + step % 3) for step in range(12)])
        return Path(folder, "recording").read_bytes()


def _samples(pattern: str, most: int = 6000) -> tuple[bytes, ...]:
    return tuple(path.read_bytes()[:most] for path in sorted(LOGS.glob(pattern)))


WORDS_OF_LOGS = (
    b"2026-11-23T22:00:00.123456Z ", b"2026-11-23 22:00:00 ", b"Nov 23 22:00:00 web-3 app[7]: ", b"web-1  | ", b'{"log":"', b'{"ts":1790926272.441,"msg":"',
    b"\n", b"\r\n", b"\0", b"\x1b[2J", b"\xff", b"\xe2\x80\xae", b"(2006, '", b"ERROR 2013 (HY000): ", b"Error 1040 (08004): ", b"SQLSTATE[HY000] [2002] ",
    b"MySQL server has gone away", b"Lost connection to server during query", b"Communications link failure", b"invalid connection", b"broken pipe",
    b"Aborted connection 7 to db: 'x' user: 'y' host: 'z' (", b"Caused by: ", b"Traceback (most recent call last):\n", b"    at x\n", b"was 28,805,123 milliseconds ago",
    b"9" * 400, b"(" * 3000, b"a:" * 2000, b" " * 5000, b"mysql -p", b"password=", b"://a:b@", b"\n" * 500, b"\\", b'"', b"ready for connections", b"\x1f\x8b",
)  # fmt: skip

TARGETS = {
    "log": Target(_samples("corpus/*.log") + _samples("logs/*.err"), WORDS_OF_LOGS, _log),
    "JSON log": Target(
        (*_samples("logs/*.json"),
         (b'{"log":"(2006, \'MySQL server has gone away\')\\n","stream":"stderr","time":"2026-10-02T07:31:12.441Z"}\n'
         b'{"time":"2026-10-02T07:31:12.4+02:00","level":"ERROR","msg":"x","err":"invalid connection"}\n'
         b'{"level":"error","ts":1790926272.441,"msg":"x","error":"Error 1927 (70100): Connection was killed"}\n')),
        (*WORDS_OF_LOGS, b"{", b"}", b"[" * 2000, b'{"a":' * 1500, b"1e999", b"\\ud800", b"\\u0000", b'"msg"', b'"err_code":', b'"time":', b"null", b"-", b'"thread":'),
        _log,
    ),
    "packed log": Target(
        tuple(gzip.compress(each, mtime=0) for each in _samples("logs/*.err")),
        (b"\x1f\x8b\x08", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\xfd7zXZ\0", b"BZh9", b"\x28\xb5\x2f\xfd", b"\0" * 8, b"\xff" * 8, gzip.compress(b"\0" * 1_000_000)),
        _packed,
    ),
    "option file": Target(
        (b"[client]\nuser = 'a b' # me\nssl_ca=x\n!include /b.cnf\n[mysql]\nport=3307\n!includedir /d\n",),
        (b"[client]", b"\n", b"=", b"#", b"'", b'"', b"\\", b"!include ", b"!includedir ", b"/d", b"/b.cnf", b"~/.my.cnf",
         b"password", b"loose-", b"skip-", b"enable-", b"ssl", b"\0", b"\xff", b"]", b"x" * 5000, b"\n[client]\nhost=h\n" * 300),
        _option_file,
    ),
    "login path": Target(
        (LOGIN.read_bytes(),), (b"\x10\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", bytes(16), b"\x00\x10\0\0" + bytes(4096)), _login_path
    ),
    "config file": Target(
        (example_config().replace("\n#", "\n").replace("\n ", "\n# ").encode(),),
        (b"[servers.prod-db1]\n", b"[[servers]]\n", b"=", b'"""', b"'''", b"[", b"{", b".", b"a." * 400, b"1979-05-27T07:32:00Z",
         b"inf", b"9" * 5000, b"\\u0000", b"\\U0010ffff", b"keys.a='k'\n", b"\xff", b"\r", b"[" * 2000, b"a" * 3000, b"true"),
        _config,
    ),
    "recording": Target(
        (_recorded(),), (b"\0" * 16, b"\xff" * 8, b"SQLite format 3\0", b"[", b"]", b"null", b"-1", b"1e999", b"\x78\x9c", b'"session.id"'), _recording
    ),
    "DSN": Target(
        (b"mysql://scott:ti%40ger@[::1]:3307/shop?ssl-mode=REQUIRED&socket=/s&connect-timeout=3", b"mariadb://db1"),
        (b"://", b"@", b":", b"/", b"?", b"&", b"=", b"%", b"%00", b"%ff", b"[", b"]", b"#", b"\0", b"\xff", b"%" * 3000, b"&ssl" * 1000),
        _dsn,
    ),
}  # fmt: skip


def bent(seed: bytes, pieces: tuple[bytes, ...], chance: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(data))
        match chance.randint(0, 4):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randint(0, 7)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case 3:
                data[at:at] = chance.choice(pieces)
            case _:
                data[at : at + chance.randint(0, 10)] = chance.choice(pieces)
    return bytes(data[:200_000])


def faults(target: Target, data: bytes) -> list[str]:
    """What a reader should not have done with `data`."""
    began = time.process_time()
    said = []
    try:
        target.read(data)
    except GoneawayError as error:
        if not error.line.isprintable() or len(error.line) > 1000:
            said.append(f"not one line: {error.line!r}")
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        said.append(f"{type(error).__name__}: {error}")
    taken = time.process_time() - began
    return [*said, f"{taken:.1f} s"] if said or taken > SLOWEST else []


def run(
    name: str, seconds: float, seed: int = 0, most: int | None = None
) -> tuple[int, list[tuple[bytes, list[str]]]]:
    """How many inputs were tried, and those that did harm."""
    target, chance = TARGETS[name], random.Random(seed)
    until, count = time.monotonic() + seconds, 0
    found: list[tuple[bytes, list[str]]] = []
    while time.monotonic() < until and (most is None or count < most) and len(found) < 10:
        data = bent(chance.choice(target.seeds), target.pieces, chance)
        if chance.random() < 0.3:
            data = bent(data, target.pieces, chance)
        if said := faults(target, data):
            found.append((data, said))
        count += 1
    return count, found


if __name__ == "__main__":
    for each in sys.argv[2:] or TARGETS:
        tried, harm = run(each, float(sys.argv[1]), seed=int(time.time()))
        print(f"{each}: {tried} inputs, {len(harm)} did harm", flush=True)
        for data, said in harm:
            print(said, data[:300], flush=True)
