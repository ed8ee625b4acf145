"""`python -m goneaway_tui`, and the console command."""

from __future__ import annotations

import sys


def main() -> int:
    from goneaway_tui.cli import run
    from goneaway_tui.cli.terminal import exit_on_signals

    exit_on_signals()
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
