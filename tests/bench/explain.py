"""How fast a large log is read: `python -m tests.bench.explain [megabytes]` prints a table. Figures, not verdicts.

An ordinary log with a hundred errors in it, beside `LC_ALL=C grep -cE` with the same words on the same file. Both read it
once before, so that it comes from memory. CPU seconds of each process, as a busy machine does not change them.
"""

from __future__ import annotations

import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
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


def ordinary(size: int, path: Path) -> None:
    """A log of `size` bytes at least."""
    pick = random.Random(1)
    lines = [
        f"2026-11-23 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02},{n % 1000:03} INFO  [shop.http] "
        f"[req-{pick.getrandbits(32):08x}] {' '.join(pick.choice(WORDS) for _ in range(10))}\n"
        for n in range(20_000)
    ]
    block = "".join(lines).encode()
    times = size // len(block) + 1
    with path.open("wb") as log:
        for part in range(times):
            log.write(block)
            for n in range(ERRORS * part // times, ERRORS * (part + 1) // times):
                log.write(TRACEBACK.format(n=n).encode())


def spent(command: list[str]) -> tuple[float, float, float, str]:
    """CPU seconds, elapsed seconds, MiB at most, and what it said."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    after, elapsed = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, elapsed, after.ru_maxrss / 1024, done.stdout


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    words = "|".join(re.sub(r"([()\[])", r"\\\1", needle.decode()) for needle in NEEDLES)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        ordinary(megabytes * 1_000_000, log)
        grep = ["grep", "-cE", words, str(log)]
        explain = [sys.executable, "-m", "goneaway_tui", "explain", "--format=json", str(log)]
        spent(grep)
        by_grep, by_explain = spent(grep), spent(explain)
    print(f"{megabytes} MB, {ERRORS} errors in it, {by_explain[3].count('idle_timeout')} found")
    print(f"{'':10}{'CPU s':>8}{'elapsed s':>11}{'MiB':>7}")
    print(f"{'grep':10}{by_grep[0]:8.2f}{by_grep[1]:11.2f}")
    print(f"{'explain':10}{by_explain[0]:8.2f}{by_explain[1]:11.2f}{by_explain[2]:7.0f}")
    print(f"{'times':10}{by_explain[0] / by_grep[0]:8.1f}{by_explain[1] / by_grep[1]:11.1f}")


if __name__ == "__main__":
    main()
