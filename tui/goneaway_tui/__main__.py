"""`python -m goneaway_tui`, and the console command."""

from __future__ import annotations

import gc
import sys

from goneaway_tui import __version__

GARBAGE_THRESHOLDS = (50_000, 20, 100)
"""Objects more than before until the youngest are searched for cyclic garbage, and how many searches until the older ones are. A start
and the first reading make some 100,000 that stay: by default they are searched again and again, a twentieth of the start."""


def main() -> int:
    if sys.argv[1:] == ["--version"] and sys.stdout is not None and _has_printed_version():
        return 0
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    from goneaway_tui.cli import run
    from goneaway_tui.cli.terminal import exit_on_signals, open_standard_streams

    open_standard_streams()
    exit_on_signals()
    return run(sys.argv[1:])


def _has_printed_version() -> bool:
    """Answer without loading a room: five times as fast. Where the text cannot be written, the rooms report it."""
    try:
        sys.stdout.write(f"goneaway-tui {__version__}\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
