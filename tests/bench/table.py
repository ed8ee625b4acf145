"""The goals, each a row, and how its figure is worked out from what was measured on one server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench import keys
from tests.bench.windows import Spending

US, TICKS, RAW, INNOTOP, DOLPHIE = "goneaway-tui", "its ticks", "PyMySQL", "innotop", "Dolphie"


@dataclass(slots=True)
class Figures:
    """All that was measured on one server, or simulated. What was not measured is empty."""

    idle: Mapping[str, Spending] = field(default_factory=dict)
    """By program, while next to nobody runs anything."""
    churning: Mapping[str, Spending] = field(default_factory=dict)
    """The same while sessions run statements all the time."""
    few: Mapping[str, Spending] = field(default_factory=dict)
    many: Mapping[str, Spending] = field(default_factory=dict)
    """Ours at a tenth of the sessions, and at all of them, with the same activity."""
    keys: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Milliseconds from a key to its paint, by kind of step (`tests.bench.keys`)."""
    inside: Mapping[str, float] = field(default_factory=dict)
    machine: Mapping[str, float] = field(default_factory=dict)
    """What stalls a loop that has nothing to do."""
    start: Mapping[str, float] = field(default_factory=dict)
    snapshot: Mapping[str, float] = field(default_factory=dict)
    short: Mapping[str, float] = field(default_factory=dict)
    """CPU milliseconds of commands that read no server: `version`, `completion`."""
    imported: set[str] = field(default_factory=set)
    empty_mib: float = 0.0
    churned_mib: list[float] = field(default_factory=list)
    """Ours, once a minute, while sessions come and go."""


def refresh(seen: Mapping[str, Spending]) -> float:
    """CPU milliseconds of ours for one refresh, the running of the countdowns taken off."""
    ours = seen[US]
    return (ours.per_second - seen[TICKS].per_second) / ours.refreshes_per_second


def over(ours: float, theirs: float) -> str:
    """A ratio, and what it is of."""
    return f"{ours / theirs:.2f} ({ours:.1f} / {theirs:.1f} ms)" if theirs > 0 else f"{ours:.1f} ms"


def server(seen: Mapping[str, Spending]) -> str:
    return over(seen[US].server_per_refresh, seen[RAW].server_per_refresh)


def memory(figures: Figures) -> str:
    full = figures.idle[US].mib
    return f"{full / figures.empty_mib:.2f} ({full:.0f} / {figures.empty_mib:.0f} MiB)"


def flatness(figures: Figures) -> str:
    seen = figures.churned_mib
    return f"{seen[0]:.0f} to {seen[-1]:.0f} MiB in {len(seen)} min"


def start(figures: Figures) -> str:
    paid = figures.start
    without = paid["screen"] - paid["connection"]
    return f"{without / paid['imports']:.2f} ({without:.0f} / {paid['imports']:.0f} ms)"


def stall(figures: Figures) -> str:
    return f"{figures.inside['stall']:.1f} ms ({figures.machine['stall']:.1f})"


def slowest_key(figures: Figures) -> str:
    """The kind of step whose 99th percentile is the highest, and beside it the machine's own."""
    steps = {kind: each["99 %"] for kind, each in figures.keys.items()}
    machine = steps.pop(keys.MACHINE)
    kind = max(steps, key=steps.__getitem__)
    return f"{steps[kind]:.1f} ms, {kind} ({machine:.1f})"


@dataclass(frozen=True, slots=True)
class Goal:
    """One row. A figure that was not measured is KeyError or IndexError, and an empty cell."""

    what: str
    goal: str
    figure: Callable[[Figures], str]


GOALS = (
    Goal("CPU a second at {sessions} idle sessions, countdowns and all, over a raw `fetchall`", "≤ 0.8", lambda f: over(f.idle[US].per_second, f.idle[RAW].per_second)),
    Goal("the same, over innotop's", "≤ 0.25", lambda f: over(f.idle[US].per_second, f.idle[INNOTOP].per_second)),
    Goal("the same, over Dolphie's", "≤ 0.01", lambda f: over(f.idle[US].per_second, f.idle[DOLPHIE].per_second)),
    Goal("while {churn} a second change, over a raw `fetchall`", "≤ 2.0", lambda f: over(f.churning[US].per_second, f.churning[RAW].per_second)),
    Goal("CPU of the server, idle, over one `SELECT` of the full list", "≤ 0.6", lambda f: server(f.idle)),
    Goal("the same while {churn} a second change", "≤ 1.3", lambda f: server(f.churning)),
    Goal("a key or wheel step to its paint through the whole list, 99 of 100 within, slowest kind (of a program that only answers)", "≤ 40 ms", slowest_key),
    Goal("longest stall of the loop (of one with nothing to do)", "≤ 15 ms; 30 at 20,000", stall),
    Goal("start to the first row without the connection, over the imports of textual and PyMySQL", "≤ 1.9", start),
    Goal("a snapshot, over a script that dumps the same rows", "≤ 1.6", lambda f: over(f.snapshot["ours"], f.snapshot["by_hand"])),
    Goal("`--version`; completion of a server's name", "≤ 45 ms", lambda f: f"{f.short['version']:.0f} ms; {f.short['completion']:.0f} ms"),
    Goal("memory, over an empty board", "≤ 1.2", memory),
    Goal("memory while sessions come and go", "within 2 % in an hour", flatness),
)  # fmt: skip
"""Whole programs, as a user pays for them."""

INSIDE = (
    Goal("a refresh without its countdowns, over a raw `fetchall`", "", lambda f: over(refresh(f.idle), f.idle[RAW].per_refresh)),
    Goal("countdowns, CPU a second", "", lambda f: f"{f.idle[TICKS].per_second:.1f} ms"),
    Goal("of a refresh: read, judge, draw", "", lambda f: "{read:.1f}, {judge:.1f}, {draw:.1f} ms".format(**f.inside)),
    Goal("a refresh at {sessions}, over one at {few} with the same activity", "≤ 2", lambda f: over(refresh(f.many), refresh(f.few))),
    Goal("a snapshot imports `textual`", "no", lambda f: "" if not f.imported else "yes" if "textual" in f.imported else "no"),
)  # fmt: skip
"""What the figures of the whole program are made of."""


def cell(figure: Callable[[Figures], str], figures: Figures) -> str:
    try:
        return figure(figures)
    except (KeyError, IndexError, ZeroDivisionError):
        return ""


def markdown(
    goals: Sequence[Goal],
    servers: Mapping[str, Figures],
    simulated: Figures | None,
    words: Mapping[str, object],
    simulated_sessions: int,
) -> str:
    """A table of goals; `words` are what the rows' names leave open."""
    columns = {**servers, **({f"simulated, {simulated_sessions:,}": simulated} if simulated else {})}
    rows = [["", "goal", *columns], ["---"] * (len(columns) + 2)]
    rows += [
        [goal.what.format(**words), goal.goal, *(cell(goal.figure, figures) for figures in columns.values())]
        for goal in goals
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def programs(figures: Figures, churn: int) -> str:
    """What every program spends, for whoever wants to see what the ratios are made of."""
    heads = ["", "CPU a refresh", "of a core", "server's CPU a refresh", "refreshes a second", "memory"]
    rows = [heads, ["---", *["--:"] * 5]]
    for title, seen in (("", figures.idle), (f", {churn} a second change", figures.churning)):
        rows += [
            [
                f"{name}{title}",
                f"{each.per_refresh:.1f} ms" if name != TICKS else "",
                f"{each.per_second / 1000:.3f}",
                f"{each.server_per_refresh:.1f} ms",
                f"{each.refreshes_per_second:.2f}" if name != TICKS else "",
                f"{each.mib:.0f} MiB",
            ]
            for name, each in seen.items()
        ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def raw(figures: Figures) -> str:
    """The rest, a line each."""
    parts: dict[str, Mapping[str, float]] = {
        "inside, CPU ms a refresh": figures.inside,
        "a loop with nothing to do": figures.machine,
        "start, CPU ms": figures.start,
        "snapshot, CPU ms": figures.snapshot,
        "short commands, CPU ms": figures.short,
    }
    lines = [
        f"    {name}: " + ", ".join(f"{what} {value:.1f}" for what, value in part.items())
        for name, part in parts.items()
        if part
    ]
    return "\n".join([*lines, "", keys.table(figures.keys)] if figures.keys else lines)
