"""What can be added, and where: docs/architecture.md lists it. A test adds each Extension, a row of one table, and sees it arrive."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from tests.house.tree import PACKAGE


@dataclass(frozen=True, slots=True)
class Place:
    """Where one more of a kind goes; no test adds it, because it takes more than a row or has no table."""

    what: str
    place: str
    """The table or file that takes it."""
    then: str
    """Where it is then."""
    also: str = ""
    """What goes with it, if anything."""
    sample: str = ""
    """Where a sample of one more goes, for the tests."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One more of a kind that a row of a table adds; a test adds `row`."""

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
    sample: str = ""
    """Where a sample of one more goes, for the tests."""

    @property
    def place(self) -> str:
        return f"`{self.table}` in `{self.file}`"

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


KINDS: Final[tuple[Extension | Place, ...]] = (
    Extension(
        "tunable", "A limit to tune", "TUNABLES", "tune/tunables.py",
        "asked of the server; dialog, help, journal, metrics, and the gate that lets nothing else be set",
        'Tunable("slow_launch_time", None, S, NEW, (1, 2), "How long a thread may take to start.")',
        "with a key of its own, its label in `TUNE_LABELS` in `ui/screens/help.py`; where MySQL 5.7 has the variable, its bounds in "
        "`DOCUMENTED` in `source/globals.py`; for the demo, its value in `_COMMON` in `source/simulated/workload.py`, "
        "or in `SIMULATED_SERVERS` there where one family has it",
        "`tests/unit/tune/test_tunables.py` (the presets in words)",
    ),
    Extension(
        "cause", "A word for a cause", "Cause", "model/cause.py",
        "the ledger, its filter, `watch` and metrics",
        'QUOTA_SPENT = "quota_spent"',
        "its words in `CAUSE_WORDS` there, and in `export/schemas`; then the three rows below",
        "as in the three rows below",
    ),
    Place(
        "What gives that cause to a session", "`CAUSE_BY_CODE` in `judge/attribution.py`, by an error that the server counts",
        "the ledger, `watch` and metrics, with certainty and evidence",
        "what is counted, in words: `ENDING_WORDS` in `judge/attribution.py`. By an error number in a log: `CODES` in "
        "`logs/error_events.py`. By the words of a log: the rows of logs below",
        "`tests/unit/judge/test_attribution.py`",
    ),
    Place(
        "What the doctor says of that cause", "`CAUSE_RULES` in `doctor/diagnosis.py`, with a rule in `doctor/rules.py` and remedies in "
        "`doctor/remedies.py`",
        "`explain` and the doctor's screen; of two causes that weigh the same, the first row comes first",
        "how to verify it: `VERIFICATIONS` in `doctor/diagnosis.py`. Where a server can show it without a log: `CHECKS` in "
        "`doctor/live.py`; the other causes have no row there",
        "`tests/unit/doctor/test_rules.py`, `tests/unit/doctor/test_remedies.py`, `tests/unit/doctor/test_live.py`",
    ),
    Place(
        "How screens show that cause", "`CAUSE_TINTS` in `ui/columns.py`",
        "its colour in the ledger and at the doctor; without a row, that of an imminent end",
        "the variable that `t` opens there: `CAUSE_VARIABLES` in `ui/screens/ledger.py`, and for a cause that is the whole server's "
        "`SERVER_CAUSE_VARIABLES` in `ui/screens/doctor.py`; the open sessions that it may end: `OPEN_SESSIONS` in `ui/screens/doctor.py`",
        "`tests/ui/test_ledger.py`, `tests/ui/test_doctor.py`",
    ),
    Extension(
        "server_log", "A reason in the parentheses of a server's `Aborted connection`", "REASONS", "logs/server_log.py",
        "departures by `--error-log`, and `explain`",
        '("Quota of the day was spent", MessageMeaning(Cause.KILLED))',
        "a new error number: `CODES` in `logs/error_events.py`",
        "`tests/unit/logs/test_server_log.py`; its number in `tests/unit/logs/test_figures.py`",
    ),
    Place(
        "Another message of a server's log", "about one session: `SESSION_MESSAGES` in `logs/server_log.py`; about the whole server: "
        "`SERVER_MESSAGES` in `logs/server_log.py`",
        "departures by `--error-log`, and `explain`",
        "one of `NEEDLES` in `logs/blocks.py` is among its words, or a row of `LABELS` there matches it; a new error number: `CODES` in "
        "`logs/error_events.py`",
        "`tests/unit/logs/test_server_log.py`; its number in `tests/unit/logs/test_figures.py`",
    ),
    Place(
        "How another party reports an end", "`END_MESSAGES` in `logs/server_log.py`; where it is to be shown as an error: `HOST_MESSAGES` in "
        "`logs/server_log.py`",
        "the cause of the errors near it",
        "one of `_END_WORDS` there is among the words of `END_MESSAGES`, and one of `NEEDLES` in `logs/blocks.py` among all. A new kind of "
        "end: `EndKind` in `logs/error_events.py`, its words in `END_WORDS` in `doctor/rules.py`",
        "`tests/unit/doctor/test_reported_ends.py`; for `HOST_MESSAGES` also `HOST_LINES` in `tests/unit/logs/test_blocks.py`",
    ),
    Extension(
        "client_log", "Words of a client's log", "ERROR_PATTERNS", "logs/client_log.py",
        "`explain`, and the doctor's paste; the first row that matches counts",
        r'_pattern(r"quux: bad connection to the store", 2013)',
        "one of `PREFILTER_WORDS` there and one of `NEEDLES` in `logs/blocks.py` are among its words, or long logs are not searched for them; "
        "a new error number: the row below",
        "`tests/unit/doctor/world.txt`",
    ),
    Place(
        "An error number", "`CODES` in `logs/error_events.py`", "`explain`, with its name and meaning, and the cause that it blames by itself",
        "`_ANY_ERROR_NUMBER` in `logs/client_log.py` matches it",
        "`tests/unit/logs/test_error_events.py`",
    ),
    Extension(
        "client", "Whose log it is", "DRIVERS", "logs/error_events.py",
        "the name in every answer; the first row that matches counts",
        r'(LogClient("Quux"), r"\bquux: ")',
        "its row of `POOLS`, below; a proxy: its name in `PROXIES` in `logs/error_events.py`",
        "`tests/unit/doctor/clients.tsv`",
    ),
    Place(
        "A framework", "`FRAMEWORKS` in `logs/error_events.py`", "the name in every answer; the first row that matches counts",
        "its row of `POOLS`, below",
        "`tests/unit/doctor/clients.tsv`",
    ),
    Extension(
        "pool", "What its pool is set by", "POOLS", "doctor/remedies.py",
        "the remedies, in that client's unit",
        '"Quux": ("Quux: rest = {ms} (milliseconds)",)',
        sample="`tests/unit/doctor/test_remedies.py`",
    ),
    Place(
        "A wrapper of log lines", "`PREFIX_FORMS` in `logs/records.py`", "the line without it; the first row that matches counts",
        "for JSON no row of it, but the names of its fields in `MESSAGE_FIELDS` and `TIME_FIELDS` there",
        "`WRAPPERS` in `tests/unit/logs/test_line_prefixes.py`",
    ),
    Extension(
        "stamp", "How a log writes the time", "FORMS", "logs/timestamps.py",
        "the instant of each error",
        r're.compile(r"^@(?P<epoch>\d{10})@")',
        "an alternative of `_HINT` there, unless one matches every line of this form",
        "`tests/unit/logs/test_written_times.py`",
    ),
    Extension(
        "format", "An export format", "FORMATS", "export/__init__.py",
        "`--format`, `--help`, completions, manual page, the dialog of `e`",
        'Format("ids", ".ids", "Ids alone", lambda s, out: out.writelines(f"{v.session.id}\\n" for v in s.verdicts))',
        "a file beside it with the function that writes it",
        "`tests/unit/export/golden`",
    ),
    Extension(
        "variant", "A server variant", "SERVER_VARIANTS", "source/server_variants.py",
        "recognised, and its limitations reported",
        'ServerVariant("quux", "QuuxDB", banner=r"-quux\\b", notes=(Limitation("what dies at noon", "QuuxDB rests then"),))',
        "where its banner does not name it, a probe in `VARIANT_PROBES` in `source/sql/__init__.py`, under the same word; a statement of "
        "its own as below",
        "`WHO` in `tests/unit/source/test_server_variants.py`",
    ),
    Extension(
        "column", "A column of the board", "SESSION_COLUMNS", "ui/columns.py",
        "the table, and what `s` sorts by",
        'Column("server_state", "Server state", lambda v, *_: v.session.state or "", lambda v: v.session.state, min_width=16, max_width=16, rank=0)',
        "the tooltip of its heading in `HEADINGS` in `ui/tooltips.py`; where it is to be exported too, `COLUMNS` in `export/table.py`; for a "
        "new fact `model/session.py`, the readers and statements of both families, and `source/sql/shapes.py`",
        "`tests/ui/test_columns.py`",
    ),
    Place(
        "A pattern that the doctor finds", "`PatternKind` in `model/departure.py`", "the doctor's list",
        "its rule in `RULES` in `judge/patterns.py`; its sessions in `PATTERN_SESSIONS` in `ui/screens/doctor.py`; where it is not one "
        "to watch, its tint in `PATTERN_TINTS` in `ui/columns.py`",
        "`tests/unit/judge/test_patterns.py`, and where it must not be found `tests/unit/judge/test_patterns_quiet.py`",
    ),
    Place(
        "A statement", "a file in `source/sql`", "sent where the capabilities allow it",
        "its row in `source/sql/__init__.py` and its shape in `source/sql/shapes.py`",
        "`tests/unit/source/standins.py`, which answers it; `tests/integration/test_sql_files.py` runs every file",
    ),
    Place(
        "An option", "`OPTIONS` in `settings/options.py`",
        "flags, DSN, variables, option files, config file, `--help`, manual page and completions",
        "its field in `settings/settings.py`",
        "`tests/unit/settings/test_resolve.py`",
    ),
    Place(
        "A field of the filter", "the tables of `judge/filters.py`", "every filter",
        "where the account may not be shown it, `HIDDEN_FIELDS` in `tune/kill_rules.py`",
        "`tests/unit/judge/test_filters.py`",
    ),
    Place(
        "A command", "a file in `cli/commands`", "a word of the command line",
        "its name, options and page in `settings/options.py`, its synopsis and examples in `settings/help.py`, its row in the tables of `cli/__init__.py`",
        "a file in `tests/unit/cli/commands`",
    ),
    Place(
        "A page of documentation", "a file in `docs`", "`goneaway-tui docs`, the wheel, completions",
        "its name and its task in `PAGES` in `settings/options.py`, its rows in `docs/index.md` and `mkdocs.yml`",
    ),
    Place(
        "A screen", "a file in `ui/screens`", "opened by its key",
        "a binding in `ui/screens/board.py` and its id in `settings/bindings.py`, an action in `ui/app.py`, a row of the help in "
        "`ui/screens/help.py`",
        "a file in `tests/ui`, a picture in `tests/snapshot/shots.py`",
    ),
    Place(
        "A metric", "a row and its figure in `metrics/collector.py`", "`/metrics`, and the page of metrics",
        sample="`tests/unit/metrics/test_collector.py`",
    ),
    Place(
        "A Chinese message", "`tui/goneaway_tui/locale/zh_CN/LC_MESSAGES/goneaway_tui.po`", "what the program says in Chinese",
        "`python -m tests.house.catalogues` adds the new message to that file; you translate it; `python tui/catalogues.py` makes the `.mo` "
        "that runs read",
    ),
)  # fmt: skip
"""In the order of docs/architecture.md: what goes together stands together."""
EXTENSIONS: Final = tuple(kind for kind in KINDS if isinstance(kind, Extension))
"""Those that a test adds."""
