"""Counted gaps beside known ones, and the proof: `python -m tests.bench.gaps --server mysql97` prints the tables of docs/advise.md.

300 real sessions are idle for random times for ten minutes. Then the recommended limit is set, and one below it, and the same
times are played again by fresh sessions: how many statements meet a closed connection is counted.
"""

from __future__ import annotations

import argparse
from contextlib import suppress

from goneaway_tui.doctor.advice import advise
from goneaway_tui.judge.reuse_gaps import LIMIT_LADDER, bucket_of
from tests.integration.gap_load import GapLoad, all_gaps, compare, measuring, plans, prove, real_quantile
from tests.servers.private import NAMES, RealServer, Servers

LONGEST = 70.0
LIMITS = (10, 20, 30, 45, 60)
CURRENT = 28_800


def measure(server: RealServer, sessions: int, seconds: float, seed: int) -> None:
    """Print the tables for one server."""
    all_plans = plans(sessions, seconds, LONGEST, seed)
    load = GapLoad(server, all_plans)
    with measuring(server) as counter:
        load.run()
    load.close()
    counted = counter.counted()
    assert counted is not None
    gaps, real = all_gaps(counted.groups), load.gaps
    found = compare(load, counter.measured, 2.0)
    print(f"\n{server.name}: {sessions} sessions, {seconds:.0f} s, {len(real):,} gaps\n")
    print(
        "| gaps over 2 s | not counted | counted and not there | outside of its bounds | bounds apart | further than 0.2 s |"
    )
    print("|--:|--:|--:|--:|--:|--:|")
    print(
        f"| {found.real:,} | {found.missing} | {found.extra} | {found.outside:.3f} s | {found.widest:.3f} s | {found.loose} |\n"
    )
    print("| | real | counted |\n|---|--:|--:|")
    longer = [gap for gap in real if gap >= 2]
    for share in (0.5, 0.9, 0.99):
        print(
            f"| p{share * 100:.0f} of the gaps from 2 s | {real_quantile(longer, share):.2f} s | {_quantile(gaps, share)} s |"
        )
    for limit in LIMITS:
        certainly, cut = gaps.certainly_cut(limit), gaps.cut(limit)
        said = f"{cut:,}" if certainly == cut else f"{certainly:,} to {cut:,}"
        print(f"| reuses that {limit} s would cut | {sum(gap >= limit for gap in real):,} | {said} |")
    advice = advise(counted, CURRENT)
    recommended = advice.limit_seconds
    assert recommended is not None, advice.because
    below = LIMIT_LADDER[LIMIT_LADDER.index(recommended) - 1]
    proved = prove(server, (recommended, below), all_plans)
    print(f"\nrecommended: {recommended} s; {'; '.join(advice.because)}\n")
    print(
        "| wait_timeout | reuses foretold to be cut | gaps as long in this run | errors counted |\n|--:|--:|--:|--:|"
    )
    for limit in (recommended, below):
        print(
            f"| {limit} s | {gaps.cut(limit):,} | {proved[limit].long_gaps:,} | {proved[limit].errors:,} |",
            flush=True,
        )


def _quantile(gaps: object, share: float) -> str:
    """Of the gaps from 2 s on, as the bucket says it."""
    from goneaway_tui.judge.reuse_gaps import GroupGaps

    assert isinstance(gaps, GroupGaps)
    from dataclasses import replace

    longer = replace(gaps, at_most=tuple((b, n) for b, n in gaps.at_most if b >= bucket_of(2)))
    return f"{longer.quantile(share):g}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--server", action="append", choices=NAMES)
    arguments.add_argument("--sessions", type=int, default=300)
    arguments.add_argument("--seconds", type=float, default=600)
    arguments.add_argument("--seed", type=int, default=1)
    said = arguments.parse_args()
    with suppress(KeyboardInterrupt), Servers() as servers:
        for name in said.server or NAMES[:2]:
            with servers.run(name, f"--max-connections={3 * said.sessions + 20}", "--back-log=500") as server:
                measure(server, said.sessions, said.seconds, said.seed)


if __name__ == "__main__":
    main()
