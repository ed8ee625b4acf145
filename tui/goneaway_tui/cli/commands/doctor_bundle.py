"""`goneaway-tui doctor-bundle`: a zip file to attach to an issue, without names, secrets and statements.

Nothing is masked by searching for secrets. A value is written only where it is a number, or a word that this program or the
installed libraries know. Every other value is left out, or reported as `set`.
"""

from __future__ import annotations

import builtins
import codecs
import json
import os
import platform
import re
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from importlib import metadata, resources
from io import BytesIO
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from goneaway_tui import __version__
from goneaway_tui.cli.connect import route_to
from goneaway_tui.cli.factories import live_source
from goneaway_tui.cli.screen import journal_of
from goneaway_tui.cli.terminal import write_err
from goneaway_tui.errors import ExitCode, FileError, SettingsError, SourceError
from goneaway_tui.export.files import file_error, file_name
from goneaway_tui.i18n import N_, _
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings
from goneaway_tui.settings.options import OPTIONS, Option, Section
from goneaway_tui.source.server_variants import SERVER_VARIANTS
from goneaway_tui.source.sql import PROBES, VARIANT_PROBES
from goneaway_tui.system import BINARY
from goneaway_tui.tune.tunables import TUNABLES

if TYPE_CHECKING:
    from goneaway_tui.model.sample import Sample
    from goneaway_tui.source.capabilities import Capabilities

MEMBERS: Mapping[str, str] = {
    "versions.json": N_("the versions of this program, Python, its libraries and the operating system"),
    "terminal.json": N_("kind, size and character set of the terminal"),
    "settings.json": N_("the options that are set, and their values where these are numbers or known words"),
    "faults.json": N_("the last internal errors: places in the code, without their messages"),
    "journal.json": N_("the last changes: variable, values and outcome, without statements and names"),
    "server.json": N_("version, capabilities, limitations and variables of the server, without its name"),
}
"""The files of a bundle, and what is in each."""
LIBRARIES = (
    *("textual", "rich", "PyMySQL", "cryptography", "humanize", "platformdirs", "tomlkit"),
    *("prometheus_client", "textual-serve", "aiohttp", "keyring"),
)
TERMINALS = re.compile(
    r"(?:xterm|screen|tmux|rxvt|linux|vt\d{3}|alacritty|foot|kitty|wezterm|ghostty|st|konsole|gnome|iterm2?|putty|cygwin|dumb)"
    r"(?:-(?:\d{2,3}color|direct|kitty|ghostty|color|unicode|bce|mono))*"
)
BANNER_WORDS = re.compile(
    r"MariaDB|Percona|Debian|Ubuntu|deb\d+u\d+|el\d+|log|debug|enterprise|Source distribution|Community Server|azure|google|cloudsql|rds"
)
OPEN_CHOICES = {"theme", "lang", "format"}
"""Options whose value is one of a list of ours."""
MAX_FAULTS, MAX_FAULT_BYTES, MAX_CHANGES = 3, 1 << 18, 20

Facts = dict[str, Any]


def doctor_bundle(settings: Settings, clock: Clock) -> ExitCode:
    """Write the bundle and return the exit status: UNREACHABLE where a server is named and cannot be read.

    Raises SettingsError without a password, and FileError where the file exists or cannot be written.
    """
    if settings.output is None and settings.origins["output"] != "default":
        raise SettingsError(_("a bundle is not written to standard output"), _("name a file with --output"))
    path = Path(settings.output or file_name("doctor-bundle", clock(), ".zip"))
    status = ExitCode.DONE
    contents: dict[str, object] = {
        "versions.json": version_facts(),
        "terminal.json": terminal_facts(os.environ),
        "settings.json": settings_facts(settings),
        "faults.json": faults_of(_state_folder()),
        "journal.json": journal_facts(clock),
    }
    if settings.live:
        try:
            contents["server.json"] = _read_server(settings, clock)
        except SourceError as error:
            write_err(error.line)
            contents["server.json"] = {"error": type(error).__name__}
            status = ExitCode.UNREACHABLE
    for name in contents:
        write_err(_("contains: {member}: {what}", member=name, what=_(MEMBERS[name])))
    write_bundle(path, contents, clock())
    write_err(_("wrote {file}", file=path))
    return status


def write_bundle(path: Path, contents: Mapping[str, object], at: float) -> None:
    """Write a new zip file that only its owner can read. Raises FileError, also where the file exists."""
    data = BytesIO()
    stamp = datetime.fromtimestamp(at, UTC).timetuple()[:6]
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, facts in contents.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), json.dumps(facts, indent=2) + "\n")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.getvalue())
    except OSError as error:
        raise file_error(path, error) from None


def version_facts() -> Facts:
    installed: dict[str, str | None] = {}
    for name in LIBRARIES:
        installed[name] = None
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return {
        "goneaway-tui": __version__,
        "python": {
            "implementation": platform.python_implementation(),
            "version": ".".join(map(str, sys.version_info[:3])),
        },
        "libraries": installed,
        "system": {
            "name": platform.system(),
            "release": _matching(r"(\d+(?:\.\d+)*).*", platform.release()),
            "machine": platform.machine(),
        },
    }


def terminal_facts(environ: Mapping[str, str]) -> Facts:
    size = get_terminal_size((0, 0))
    term, language = environ.get("TERM", ""), environ.get("LC_ALL") or environ.get("LANG") or ""
    return {
        "TERM": term if TERMINALS.fullmatch(term) else _is_set(term),
        "COLORTERM": color
        if (color := environ.get("COLORTERM", "")) in {"truecolor", "24bit"}
        else _is_set(color),
        "NO_COLOR": _is_set(environ.get("NO_COLOR")),
        "inside": [name for name in ("TMUX", "STY", "SSH_TTY", "WT_SESSION") if environ.get(name)],
        "language": _matching(r"[a-z]{2}_[A-Z]{2}|C|POSIX", language.partition(".")[0]),
        "columns": size.columns,
        "lines": size.lines,
        "is_terminal": [bool(stream and stream.isatty()) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "charset": codecs.lookup(getattr(sys.stderr, "encoding", None) or "ascii").name,
    }


def settings_facts(settings: Settings) -> Facts:
    """Each option that is not left at its default: where it is set, and its value if that cannot be a name or a secret."""
    facts: Facts = {}
    for option in OPTIONS:
        origin = settings.origins.get(option.name)
        if origin is None or origin == "default":
            continue
        holder = settings.connection if option.section is Section.CONNECTION else settings
        value: object = getattr(holder, option.name)
        is_open = value is None or isinstance(value, bool | int | float | Enum) or option.name in OPEN_CHOICES
        facts[option.flag] = {"from": _origin_kind(origin, option), "value": value if is_open else "set"}
    counts = {"keys": settings.keys, "rules": settings.rules, "never_kill": settings.never_kill}
    return {"options": facts, "counts": {name: len(values) for name, values in counts.items()}}


def _origin_kind(origin: str, option: Option) -> str:
    if origin in option.flags or origin.startswith("-"):
        return "flag"
    if origin == option.env:
        return "environment"
    return "option file" if "[" in origin else "DSN" if origin == "DSN" else "config file or derived"


# --- What the program keeps of earlier runs


def faults_of(folder: Path) -> list[Facts]:
    """The newest internal errors, without their messages."""
    names = (re.fullmatch(r"fault-(\d{8}T\d{6}Z)\.txt", name) for name in _names_in(folder))
    newest = sorted((found for found in names if found), key=lambda found: found[1], reverse=True)
    facts = []
    for found in newest[:MAX_FAULTS]:
        with suppress(OSError), (folder / found[0]).open("rb") as file:
            text = file.read(MAX_FAULT_BYTES).decode("utf-8", "replace")
            facts.append({"at": found[1], "traceback": list(redacted_traceback(text))})
    return facts


def redacted_traceback(text: str) -> Iterator[str]:
    """Frames in files that are installed here, and the kinds of exceptions. Messages and other lines are left out."""
    for line in text.splitlines():
        frame = re.match(r'\s*File "([^"]+)", line (\d{1,6}), in (\S+)$', line)
        kind = re.match(r"([A-Za-z_][\w.]*)(?::|$)", line)
        if line.startswith("Traceback (most recent call last)"):
            yield "Traceback:"
        elif frame:
            source = _installed_file(frame[1])
            function = frame[3] if re.search(rf"\bdef {re.escape(frame[3])}\b", source.text) else "?"
            yield f"{source.name}:{frame[2]} {function}"
        elif kind:
            yield kind[1] if _is_exception(kind[1]) else "(another exception)"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the installation, by its name below the folder it is installed in; `text` is empty for any other file."""

    name: str = "(another file)"
    text: str = ""


def _installed_file(path: str) -> SourceFile:
    """The file of the same name of this package, else of the libraries that are installed."""
    before, _mark, inner = path.replace("\\", "/").rpartition("goneaway_tui/")
    if before or inner != path:
        ours = resources.files("goneaway_tui").joinpath(*inner.split("/"))
        if ".." not in inner and inner.endswith(".py") and ours.is_file():
            return SourceFile(f"goneaway_tui/{inner}", ours.read_text(encoding="utf-8"))
    for root in map(sysconfig.get_path, ("purelib", "platlib", "stdlib")):
        if path.startswith(f"{root}{os.sep}") and ".." not in path and Path(path).is_file():
            return SourceFile(path[len(root) + 1 :], Path(path).read_text(encoding="utf-8", errors="replace"))
    return SourceFile()


def _is_exception(name: str) -> bool:
    """Whether an exception is called that, in Python, in this package or in a library."""
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, BaseException):
        return True
    module, _dot, word = name.rpartition(".")
    path = Path(sysconfig.get_path("purelib"), *module.split(".")).with_suffix(".py")
    is_loaded = isinstance(getattr(sys.modules.get(module), word, None), type)
    return (
        is_loaded
        or re.search(rf"^class {re.escape(word)}\b", _installed_file(str(path)).text, re.MULTILINE)
        is not None
    )


def journal_facts(clock: Clock) -> list[Facts] | str:
    """The newest changes of this tool."""
    try:
        acts = journal_of(clock).acts()
    except FileError:
        return "unreadable"
    names = {tunable.name for tunable in TUNABLES}
    return [
        {
            "at": _matching(r"\d{4}-\d\d-\d\dT[\d:.]{8,15}Z", act.entry.at),
            "phase": act.entry.phase.value,
            "variable": act.entry.variable if act.entry.variable in names else _is_set(act.entry.variable),
            "requested": act.entry.requested,
            "kept": act.entry.kept,
            "error": _matching(r"(?s).*?\berror (\d{4,5})\b.*", act.entry.outcome),
        }
        for act in acts[-MAX_CHANGES:]
    ]


# --- The server


def _read_server(settings: Settings, clock: Clock) -> Facts:
    """Read the server once, as `snapshot` does; no statement of a session is asked for. Raises SourceError."""
    with route_to(settings) as route:
        source = live_source(settings, route.address, clock)
        try:
            sample = source.sample()
            with source.lend_connection() as (_connection, capabilities):
                return server_facts(sample, capabilities)
        finally:
            source.close()


def server_facts(sample: Sample, capabilities: Capabilities) -> Facts:
    from goneaway_tui.source.capabilities import known_limitation_texts

    flavour = sample.server.flavour
    known = {*PROBES[flavour], *VARIANT_PROBES[flavour], *(variant.word for variant in SERVER_VARIANTS)}
    texts = known_limitation_texts()
    names = {tunable.name for tunable in TUNABLES}
    return {
        "flavour": flavour.value,
        "version": _matching(r"\d+(?:\.\d+){0,3}", sample.server.version),
        "banner_words": sorted(set(BANNER_WORDS.findall(sample.server.banner))),
        "capabilities": sorted(capabilities.features & known),
        "limitations": [
            {
                "what": limitation.what if limitation.what in texts else None,
                "why": limitation.why if limitation.why in texts else None,
                "error": _matching(r"error (\d{1,5}): .*", limitation.why),
            }
            for limitation in sample.limitations
        ],
        "variables": {
            variable.name: {
                "value": variable.value,
                "set_by": _matching("compiled|file|persisted|dynamic", variable.set_by or ""),
            }
            for variable in sample.variables
            if variable.name in names
        },
        "sessions": len(sample.sessions),
        "seconds_to_read": round(sample.seconds_to_read, 3),
    }


def _matching(pattern: str, text: str) -> str | None:
    """The text, or its first group, where all of it matches."""
    found = re.fullmatch(pattern, text)
    return found and found[found.re.groups and 1]


def _is_set(value: str | None) -> str | None:
    return "set" if value else None


def _names_in(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _state_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("goneaway-tui")
