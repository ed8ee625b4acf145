"""How fast a large log is read: `python -m tests.bench.explain [megabytes]` prints a table. Figures, not verdicts.

As it is, as JSON of a collector, and with docker compose's prefix.

An ordinary log with a hundred errors in it, beside `LC_ALL=C grep -cE` with the same words on the same file. Both read it
once before, so that it comes from memory. CPU seconds of each process, as a busy machine does not change them.
"""

from __future__ import annotations

import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from goneaway_tui.logs.blocks import NEEDLES

ERRORS = 100
WORDS = [
    "GET",
    "POST",
    "/orders",
    "/cart",
    "user",
    "session",
    "cache",
    "hit",
    "miss",
    "request",
    "served",
    "in",
    "ms",
    "status",
    "200",
    "301",
    "path",
    "queue",
    "job",
    "done",
    "started",
    "finished",
    "worker",
    "template",
    "render",
]
TRACEBACK = """\
2026-11-23 22:00:00,000 ERROR [django.request] Internal Server Error: /orders/{n}/
Traceback (most recent call last):
  File "/srv/shop/venv/lib/python3.11/site-packages/MySQLdb/connections.py", line 280, in query
    _mysql.connection.query(self, query)
MySQLdb.OperationalError: (2006, 'MySQL server has gone away')
"""


WRAPPERS: dict[str, Callable[[str], str]] = {
    "plain": lambda line: line,
    "json": lambda line: json.dumps({"time": "2026-11-23T22:00:00Z", "stream": "stderr", "log": line + "\n"}),
    "compose": lambda line: f"web-1  | {line}",
}


def wrapped(text: str, wrapper: str) -> bytes:
    return "".join(WRAPPERS[wrapper](line) + "\n" for line in text.splitlines()).encode()


def ordinary(size: int, path: Path, wrapper: str) -> None:
    """A log of `size` bytes at least."""
    pick = random.Random(1)
    lines = [
        f"2026-11-23 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02},{n % 1000:03} INFO  [shop.http] "
        f"[req-{pick.getrandbits(32):08x}] {' '.join(pick.choice(WORDS) for _ in range(10))}\n"
        for n in range(20_000)
    ]
    block = wrapped("".join(lines), wrapper)
    times = size // len(block) + 1
    with path.open("wb") as log:
        for part in range(times):
            log.write(block)
            for n in range(ERRORS * part // times, ERRORS * (part + 1) // times):
                log.write(wrapped(TRACEBACK.format(n=n), wrapper))


MEASURED = """\
import sys
from pathlib import Path
from goneaway_tui.cli import run
run(sys.argv[1:])
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0], file=sys.stderr)
"""
"""Runs the command, and says its largest memory in KiB: what a parent hears of its children begins at its own."""


def spent(command: list[str]) -> tuple[float, float, float, str]:
    """CPU seconds, elapsed seconds, MiB at most where it says so, and what it said."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    after, elapsed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, elapsed, float(done.stderr.split()[-1]) / 1024 if done.stderr.strip() else 0.0, done.stdout


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    words = "|".join(re.sub(r"([()\[{}])", r"\\\1", needle.decode()) for needle in NEEDLES)
    print(f"{megabytes} MB, {ERRORS} errors in it")
    print(f"{'':18}{'found':>6}{'CPU s':>8}{'elapsed s':>11}{'MiB':>7}")
    for wrapper in WRAPPERS:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "app.log"
            ordinary(megabytes * 1_000_000, log, wrapper)
            grep = ["grep", "-cE", words, str(log)]
            explain = [sys.executable, "-c", MEASURED, "explain", "--format=json", str(log)]
            spent(grep)
            by_grep, by_explain = spent(grep), spent(explain)
        found = by_explain[3].count("idle_timeout")
        print(f"{wrapper + ' grep':18}{'':6}{by_grep[0]:8.2f}{by_grep[1]:11.2f}")
        print(
            f"{wrapper + ' explain':18}{found:6}{by_explain[0]:8.2f}{by_explain[1]:11.2f}{by_explain[2]:7.0f}"
        )
        print(
            f"{wrapper + ' times':18}{'':6}{by_explain[0] / by_grep[0]:8.1f}{by_explain[1] / by_grep[1]:11.1f}"
        )


if __name__ == "__main__":
    main()
