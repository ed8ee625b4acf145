"""What can be added by rows of tables: docs/architecture.md lists it. A test adds each that one row adds, and sees it arrive."""

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
    """Where it is then."""
    row: str
    """One that is not there, as it would be written."""
    also: str = ""
    """What goes with it, if anything."""

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
        "with a key of its own, its label in `TUNE_LABELS` in `ui/screens/help.py`",
    ),
    Extension(
        "cause", "A word for a cause", "Cause", "model/cause.py",
        "the ledger, its filter, `watch` and metrics",
        'QUOTA_SPENT = "quota_spent"',
        "its words in `CAUSE_WORDS` there, and in `export/schemas`. What gives it to a session: `judge/attribution.py` (counters), "
        "`REASONS` in `logs/server_log.py` (a log). For the doctor: a rule in `doctor/rules.py`, and rows of `CAUSE_RULES` and "
        "`VERIFICATIONS` in `doctor/diagnosis.py`. `CHECKS` in `doctor/live.py` has the causes that a server can show; the others "
        "have no row there",
    ),
    Extension(
        "server_log", "Words of a server's log", "REASONS", "logs/server_log.py",
        "departures by `--error-log`, and `explain`",
        '("Quota of the day was spent", MessageMeaning(Cause.KILLED))',
    ),
    Extension(
        "client_log", "Words of a client's log", "ERROR_PATTERNS", "logs/client_log.py",
        "`explain`, and the doctor's paste; the first row that matches counts",
        r'_pattern(r"quux: bad connection to the store", 2013)',
        "one of `PREFILTER_WORDS` there and one of `NEEDLES` in `logs/blocks.py` are among its words, or long logs are not searched for them",
    ),
    Extension(
        "client", "Whose log it is", "DRIVERS", "logs/error_events.py",
        "the name in every answer; the first row that matches counts",
        r'(LogClient("Quux"), r"\bquux: ")',
        "its row of `POOLS`, below",
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
        "an alternative of `_HINT` there, unless one matches every line of this form",
    ),
    Extension(
        "format", "An export format", "FORMATS", "export/__init__.py",
        "`--format`, `--help`, completions, manual page, the dialog of `e`",
        'Format("ids", ".ids", "Ids alone", lambda s, out: out.writelines(f"{v.session.id}\\n" for v in s.verdicts))',
        "a file beside it with the function that writes it",
    ),
    Extension(
        "service", "A service or relative", "SERVER_VARIANTS", "source/server_variants.py",
        "recognised, and its limitations told",
        'ServerVariant("quux", "QuuxDB", banner=r"-quux\\b", notes=(Limitation("what dies at noon", "QuuxDB rests then"),))',
        "where its banner does not name it, a probe in `VARIANT_PROBES` in `source/sql/__init__.py`; a statement of its own as below",
    ),
    Extension(
        "column", "A column of the board", "SESSION_COLUMNS", "ui/columns.py",
        "the table, and what `s` sorts by",
        'Column("server_state", "Server state", lambda v, *_: v.session.state or "", lambda v: v.session.state, 16, 16, 0)',
        "the tooltip of its heading in `HEADINGS` in `ui/tooltips.py`; for a new fact `model/session.py`, the readers and statements of "
        "both families, and `source/sql/shapes.py`",
    ),
)  # fmt: skip

Row = tuple[str, str, str, str]
"""What is added, the table or place that takes it, where it is then, and what goes with it."""
OTHERS: Final[tuple[Row, ...]] = (
    (
        "A framework", "`FRAMEWORKS` in `logs/error_events.py`", "the name in every answer; the first row that matches counts",
        "its row of `POOLS` in `doctor/remedies.py`",
    ),
    (
        "A wrapper of log lines", "`PREFIX_FORMS` in `logs/records.py`", "the line without it; the first row that matches counts",
        "for JSON no row of it, but the names of its fields in `MESSAGE_FIELDS` and `TIME_FIELDS` there",
    ),
    (
        "How another party reports an end", "`END_MESSAGES` in `logs/server_log.py`; one to be shown as an error: `HOST_MESSAGES` there",
        "the cause of the errors near it", "a new kind of end: `EndKind` in `logs/error_events.py` and its words in `END_WORDS` in `doctor/rules.py`",
    ),
    (
        "A pattern that the doctor finds", "`PatternKind` in `model/departure.py`", "the doctor's list",
        ("its rule in `RULES` in `judge/patterns.py`; its sessions in `PATTERN_SESSIONS` in `ui/screens/doctor.py`; where it is not one "
        "to watch, its tint in `PATTERN_TINTS` in `ui/columns.py`"),
    ),
    (
        "A statement", "a file in `source/sql`", "sent where the capabilities allow it",
        "its row in `source/sql/__init__.py` and its shape in `source/sql/shapes.py`",
    ),
    (
        "An option", "`OPTIONS` in `settings/options.py`",
        "flags, DSN, variables, option files, config file, `--help`, manual page and completions",
        "its field in `settings/settings.py`",
    ),
    (
        "A field of the filter", "the tables of `judge/filters.py`", "every filter",
        "where the account may not be shown it, `HIDDEN_FIELDS` in `tune/kill_rules.py`",
    ),
    (
        "A command", "a file in `cli/commands`", "a word of the command line",
        "its name, options and page in `settings/options.py`, its synopsis and examples in `settings/help.py`, its row in the tables of `cli/__init__.py`",
    ),
    (
        "A page of documentation", "a file in `docs`", "`goneaway-tui docs`, the wheel, completions",
        "its name and its task in `PAGES` in `settings/options.py`, its rows in `docs/index.md` and `mkdocs.yml`",
    ),
    (
        "A screen", "a file in `ui/screens`", "opened by its key",
        ("a binding in `ui/screens/board.py` and its id in `settings/bindings.py`, an action in `ui/app.py`, a row of the help in "
        "`ui/screens/help.py`"),
    ),
    (
        "A metric", "a row and its figure in `metrics/collector.py`", "`/metrics`, and the page of metrics", "",
    ),
    (
        "A Chinese message", "`tui/goneaway_tui/locale/zh_CN/LC_MESSAGES/goneaway_tui.po`", "what the program says in Chinese",
        ("`python -m tests.house.catalogues` adds the new message to that file; you translate it; `python tui/catalogues.py` makes the `.mo` "
        "that runs read"),
    ),
)  # fmt: skip
"""What no test adds: each takes more than a row, or has no table."""
