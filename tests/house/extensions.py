"""What can be added in one file, by one row: docs/architecture.md lists it, and a test adds each and sees it arrive."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from tests.house.tree import PACKAGE


@dataclass(frozen=True, slots=True)
class Extension:
    """One more of a kind."""

    name: str
    """Of the function in `tests.house.arrivals` that looks for it."""
    what: str
    table: str
    file: str
    """Inside the package."""
    then: str
    """Where it is then, or what goes with it."""
    row: str
    """One that is not there, as it would be written."""

    def added(self) -> str:
        """The file with that row at the table's end."""
        source = (PACKAGE / self.file).read_text(encoding="utf-8")
        lines = source.splitlines(keepends=True)
        last = _last(ast.parse(source), self.table)
        start = sum(map(len, lines[: (last.end_lineno or 1) - 1]))
        end = start + len(lines[(last.end_lineno or 1) - 1].encode()[: last.end_col_offset].decode())
        between = "\n    " if isinstance(last, ast.stmt) else ",\n    "
        return source[:end] + between + self.row + source[end:]


def _last(tree: ast.Module, table: str) -> ast.expr | ast.stmt:
    """The last row of a table, written as a tuple, a dict, a dict made of a tuple, or an enumeration."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == table:
            return [each for each in node.body if isinstance(each, ast.Assign)][-1]
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == table for target in targets):
            continue
        match getattr(node, "value", None):
            case ast.Tuple(elts=[*_, last]) | ast.Dict(values=[*_, last]):
                return last
            case ast.DictComp(generators=[ast.comprehension(iter=ast.Tuple(elts=[*_, last]))]):
                return last
    raise LookupError(table)


EXTENSIONS: Final = (
    Extension(
        "tunable", "A limit to tune", "TUNABLES", "tune/tunables.py",
        "asked of the server; dialog, help, journal, metrics, and the gate that lets nothing else be set",
        'Tunable("slow_launch_time", None, S, NEW, (1, 2), "How long a thread may take to start.")',
    ),
    Extension(
        "cause", "A word for a cause", "Cause", "model/cause.py",
        "the ledger, its filter, `watch` and metrics; the doctor speaks of it once it has a row of CAUSE_RULES, below",
        'QUOTA_SPENT = "quota_spent"',
    ),
    Extension(
        "server_log", "Words of a server's log", "REASONS", "logs/server_log.py",
        "departures by `--error-log`, and `explain`",
        '("Quota of the day was spent", MessageMeaning(Cause.KILLED))',
    ),
    Extension(
        "client_log", "Words of a client's log", "ERROR_PATTERNS", "logs/client_log.py",
        "`explain`, and the doctor's paste; with one of PREFILTER_WORDS and one of NEEDLES in `logs/blocks.py` among its words",
        r'_pattern(r"quux: bad connection to the store", 2013)',
    ),
    Extension(
        "client", "Whose log it is", "DRIVERS", "logs/error_events.py",
        "the name in every answer",
        r'(LogClient("Quux"), r"\bquux: ")',
    ),
    Extension(
        "pool", "What its pool is set by", "POOLS", "doctor/remedies.py",
        "the remedies, in that client's unit",
        '"Quux": ("Quux: rest = {ms} (milliseconds)",)',
    ),
    Extension(
        "stamp", "How a log writes the time", "FORMS", "logs/timestamps.py",
        "the instant of each error",
        r're.compile(r"^@(?P<epoch>\d{10})@")',
    ),
    Extension(
        "format", "An export format", "FORMATS", "export/__init__.py",
        "`--format`, `--help`, completions, manual page, the dialog of `e`; the function that writes it is a file beside it",
        'Format("ids", ".ids", "Ids alone", lambda s, out: out.writelines(f"{v.session.id}\\n" for v in s.verdicts))',
    ),
    Extension(
        "service", "A service or relative", "SERVER_VARIANTS", "source/server_variants.py",
        "recognised, and its limitations told; what it is asked in words of its own is a file in `source/sql` and a row there",
        'ServerVariant("quux", "QuuxDB", banner=r"-quux\\b", notes=(Limitation("what dies at noon", "QuuxDB rests then"),))',
    ),
    Extension(
        "column", "A column of the board", "SESSION_COLUMNS", "ui/columns.py",
        "the table, and what `s` sorts by",
        'Column("server_state", "Server state", lambda v, *_: v.session.state or "", lambda v: v.session.state, 16, 16, 0)',
    ),
)  # fmt: skip
