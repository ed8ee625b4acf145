"""The help screen and the text viewer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import Enum
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from goneaway_tui.i18n import N_, _
from goneaway_tui.judge.filters import OLDEST
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.snapshot import Risk, RiskThresholds, Snapshot
from goneaway_tui.text.sanitize import plain
from goneaway_tui.tune.tunables import TUNABLES
from goneaway_tui.ui import wording
from goneaway_tui.ui.copying import CopyItem
from goneaway_tui.ui.widgets.plain_text import Label, LabelledEntry, Static, heading, paragraphs

TUNE_LABELS = {
    "wait_timeout": N_("wait"),
    "interactive_timeout": N_("inter"),
    "max_allowed_packet": N_("packet"),
}
"""What the footer calls the tunables that have a key."""
KeyRows = tuple[tuple[str, str], ...]
"""Keys, and what they do; not translated yet."""
MOVING_KEYS: KeyRows = (
    (N_("arrows page home end"), N_("Move the cursor; left and right scroll the columns")),
    ("enter", N_("Show the session's details; on a group, show its sessions")),
    ("/", N_("Filter sessions by words and fields")),
    ("s", N_("Sort by a column; choose it again to reverse")),
    ("g", N_("Group by user, client, program or database")),
    ("space", N_("Mark a session, or all sessions of a group")),
    ("A", N_("Mark all shown sessions; press again to unmark them")),
)
ACTION_KEYS: KeyRows = (
    ("t", N_("Change a limit of the server")),
    ("k", N_("Kill the marked sessions, or those of the row under the cursor")),
    ("b", N_("Show lock waits: waiting sessions below the blocking one")),
    ("R", N_("Show which sessions each rule of the config file would kill now")),
    ("u", N_("Undo the last change")),
    ("l", N_("Open the ledger: ended sessions with cause and evidence")),
    ("d", N_("Open the doctor: check every cause, explain an error")),
    ("v", N_("Show the limits and the journal of changes")),
    (
        "r",
        N_("List replicas, sources and group members, and monitor them too"),
    ),
    ("f", N_("Freeze the screen; press again to continue")),
    ("y", N_("Copy the id, row, statement, client or KILL statement")),
    ("e", N_("Export the shown snapshot to a file")),
    ("esc", N_("Go back")),
    ("ctrl+p", N_("Find a command by name")),
    ("q, ctrl+c", N_("Quit the program")),
)
SEVERAL_SERVERS_KEYS: KeyRows = (
    ("o", N_("Show only the server of the row under the cursor; press again for all")),
    ("m", N_("List the servers, to mark them with space; press again for the sessions")),
    (
        " ".join((*(tunable.key for tunable in TUNABLES if tunable.key), "t")),
        N_("Change all marked servers, one by one; stop at the first unexpected result"),
    ),
    ("u", N_("Undo such a change on all its servers, or only on this server")),
)


def tune_bindings() -> list[BindingType]:
    """The bindings of the tunables with their own key."""
    return [
        Binding(
            tunable.key,
            f"app.tune('{tunable.name}')",
            TUNE_LABELS.get(tunable.name, tunable.name),
            id=f"tune.{tunable.name}",
        )
        for tunable in TUNABLES
        if tunable.key
    ]


def help_rows(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows in the language of the run."""
    return [(_(keys), _(words)) for keys, words in rows]


def board_keys() -> list[tuple[str, str]]:
    """The keys of the board, with those that change a variable."""
    tuning = [(tunable.key, _("Change {name}", name=tunable.name)) for tunable in TUNABLES if tunable.key]
    return [*help_rows(MOVING_KEYS), *tuning, *help_rows(ACTION_KEYS)]


MAX_LINES = 2_000


class TextViewer(ModalScreen[None]):
    """Shows lines of text without control characters."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "back", id="reading.back"),
        Binding("y", "app.copy", "copy", id="app.copy"),
    ]

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide") as dialog:
            dialog.border_title = heading(self._title)
            dialog.border_subtitle = heading(_("esc back"))
            yield Static(Content("\n".join(_plain_lines(self._lines))))

    def copy_items(self) -> list[CopyItem]:
        return [CopyItem("all", "\n".join(self._lines))]


def _plain_lines(lines: Sequence[str]) -> list[str]:
    result = [plain(line, 2000) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        result.append(_("... and {number:,} more lines", number=len(lines) - MAX_LINES))
    return result


RISK_MEANINGS = {
    Risk.OVERDUE: N_("past its deadline and still open"),
    Risk.IMMINENT: N_("closes within {imminent} (--imminent-below)"),
    Risk.WATCH: N_("closes within {watch} (--watch-below)"),
    Risk.CALM: N_("closes later, or the deadline is not known (?)"),
    Risk.BUSY: N_("runs a statement; the idle time is not counted"),
    Risk.EXEMPT: N_("no idle limit applies: replica, dump, daemon, our own session"),
}
MARK_MEANINGS = (
    ("8 h", N_("the session's own value")),
    ("~8 h", N_("assumed: the global value; the session's own value is not visible")),
    (">8 h", N_("disproved: the session was idle longer; its own limit is not known")),
    ("~0:12", N_("counted in whole seconds, exact to 1 s")),
    (N_("blocks 5"), N_("it blocks 5 sessions, directly or through others")),
    (N_("waits for 4802"), N_("it waits for a lock of session 4802 (+1: and of one more session)")),
    ("trx", N_("an open transaction, which the end of the session rolls back")),
)
FILTER_EXAMPLES = (
    ("shop", N_("the word anywhere in a row")),
    ("user:shop db=dw", N_("in one column; = matches the whole value")),
    ("idle>10m left<1m", N_("times: 90, 10m, 8h")),
    ("risk>=watch trx:yes", N_("risk, and whether a transaction is open")),
    ("running>10s trx>1m", N_("time of the running statement, and of the open transaction")),
    ("limit!=global", N_("sessions whose limit differs from the global value")),
    ('statement~"^select"', N_("text that matches a regular expression: field~regex")),
    ("idle>1m oldest:2/user", N_("of the matching sessions, the two oldest of each user")),
    ("blocked:yes waiting>10s", N_("sessions that wait for a lock, and how long")),
    ("blocks>0", N_("sessions that block others")),
    ("-program:cron", N_("rows that do not match")),
)
FILTER_FIELDS = (
    (N_("text"), "user host client program library db command state statement variable"),
    (N_("words"), "risk basis trx own blocked"),
    (N_("times, numbers"), "idle left limit waiting running trx, id rows blocks"),
    (N_("oldest:N/..."), "user host client program db"),
)
ENDED_SESSIONS_FIELDS = (*FILTER_FIELDS[:-1], (N_("how it ended"), "cause certainty"))
SEVERAL_SERVERS_FIELDS = ((N_("several servers"), "server"),)


class HelpPart(Enum):
    """What a help explains besides the keys and what this account cannot see."""

    SESSIONS = "risks and symbols of sessions"
    FILTER = "the filter"
    LIMITS = "the tunables"


HELP_KEY = Binding("question_mark", "app.screen_help", "help", show=False, key_display="?", id="app.help")
"""The key of a screen whose help lists its bindings."""


def binding_rows(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys of a screen that has no list of its own, from the bindings that work there now."""
    keys: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        name = binding.id or ""
        if not name or (name.startswith("table.") and name not in {"table.choose", "table.mark"}):
            continue
        keys.setdefault(name, []).append(screen.app.get_key_display(binding))
        words[name] = _(binding.description)
    return [(", ".join(displays), words[name]) for name, displays in keys.items()]


class HelpScreen(ModalScreen[None]):
    """The help: keys, risks, marks, filters, limits, and what this account cannot see."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "back", id="help.back")
    ]

    def __init__(
        self,
        keys: Iterable[tuple[str, str]],
        snapshot: Snapshot | None = None,
        *,
        page: str,
        parts: Collection[HelpPart] = (),
        of_several: bool = False,
        of_ended: bool = False,
    ) -> None:
        """`snapshot`: for the thresholds of the risks, and the limitations. `page`: the page of documentation about the
        screen. `parts`: what else the help explains. `of_several`: whether there are several servers.
        `of_ended`: whether the filter is that of ended sessions, which has no `oldest`.
        """
        super().__init__()
        self._page, self._parts = page, parts
        self._of_several, self._of_ended = of_several, of_ended
        self._keys = tuple(keys)
        self._limitations = () if snapshot is None else snapshot.sample.limitations
        self._policy = RiskThresholds() if snapshot is None else snapshot.policy

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog wide", id="help") as dialog:
            dialog.border_title = heading(_("help"))
            dialog.border_subtitle = heading(_("esc back"))
            yield Static(Content(_("More in a shell: {command}", command=page_command(self._page))))
            yield from section(_("Keys"), self._keys)
            for part in HelpPart:
                if part in self._parts:
                    yield from self._sections(part)
            if self._limitations:
                yield from section(_("Not visible to this account"), map(limitation_row, self._limitations))

    def _sections(self, part: HelpPart) -> Iterator[Widget]:
        if part is HelpPart.SESSIONS:
            meanings = (
                (risk_label(risk), risk_legend(words, self._policy)) for risk, words in RISK_MEANINGS.items()
            )
            yield from section(_("Risk"), meanings)
            yield from section(_("Symbols"), help_rows(MARK_MEANINGS))
        elif part is HelpPart.FILTER:
            examples = (row for row in FILTER_EXAMPLES if not self._of_ended or OLDEST not in row[0])
            yield from section(_("Filter"), help_rows(examples))
            fields = ENDED_SESSIONS_FIELDS if self._of_ended else FILTER_FIELDS
            fields = (*fields, *(SEVERAL_SERVERS_FIELDS if self._of_several else ()))
            yield from section(_("Fields of the filter"), fields)
        else:
            for each in section(_("Limits (key t)"), ((each.name, _(each.why)) for each in TUNABLES)):
                each.add_class("named")
                yield each


def page_command(page: str) -> str:
    """The command that shows a page of documentation."""
    return f"goneaway-tui docs {page}"


def risk_label(risk: Risk) -> str:
    """The risk as it is drawn; in another language also with the word that filters take."""
    word = wording.risk_word(risk)
    return word if word.endswith(risk.value) else f"{word} {risk.value}"


def risk_legend(words: str, policy: RiskThresholds) -> str:
    """The meaning of a risk, with the thresholds."""
    return _(
        words,
        imminent=wording.limit_words(policy.imminent_below),
        watch=wording.limit_words(policy.watch_below),
    )


def section(title: str, rows: Iterable[tuple[str, str | Content]]) -> Iterable[Widget]:
    yield Label(title, classes="title")
    for left, right in rows:
        yield LabelledEntry(left, Content(right) if isinstance(right, str) else right)


def limitation_row(limitation: Limitation) -> tuple[str, Content]:
    """What is not visible, why, the grant that would show it, and the page of documentation about it."""
    parts: list[str | tuple[str, str]] = [plain(_(limitation.why), 300)]
    if limitation.grant:
        parts.append((plain(_(limitation.grant), 300), "$text-accent"))
    parts.append((page_command(limitation.page), "$foreground-muted"))
    return plain(_(limitation.what), 300), paragraphs(*parts)
