"""The table of all options and commands: names, flags, defaults, help, and where each may be set.

THEMES are Textual's, listed here so that the settings need not import Textual.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from goneaway_tui import export
from goneaway_tui.i18n import LANGUAGES, N_, _
from goneaway_tui.settings import values
from goneaway_tui.settings.settings import SslMode

THEMES = (
    "ansi-dark",
    "ansi-light",
    "atom-one-dark",
    "atom-one-light",
    "catppuccin-frappe",
    "catppuccin-latte",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "dracula",
    "flexoki",
    "gruvbox",
    "monokai",
    "nord",
    "rose-pine",
    "rose-pine-dawn",
    "rose-pine-moon",
    "solarized-dark",
    "solarized-light",
    "textual-dark",
    "textual-light",
    "tokyo-night",
)
"""Textual's themes; a test keeps them equal. The two ansi themes use the colours of the terminal."""


class Section(StrEnum):
    """The sections of `--help`."""

    CONNECTION = N_("Connection, as for the mysql client")
    SHOWING = N_("What to show")
    DEMO = N_("For demo")
    SNAPSHOT = N_("For snapshot, watch and explain")
    WATCHING = N_("For watch")
    KILLING = N_("For kill")
    RECORDING = N_("Recordings")
    LISTENING = N_("For exporter and serve")
    ADVISING = N_("For advise")
    EXPORTING = N_("For exporter")
    SERVING = N_("For serve")
    ORIGINS = N_("Where values come from")
    """Options that say where the values of a run are read, and are no values of a run themselves."""


class BareMeaning(Enum):
    """What an option without a value means, where that is not a value itself."""

    REFUSED = "a value has to follow"
    ASK = "ask at the terminal"


UI, DEMO, SNAPSHOT, WATCH, KILL = "ui", "demo", "snapshot", "watch", "kill"
EXPLAIN, REPLAY, CONFIG, EXPORTER, SERVE = "explain", "replay", "config", "exporter", "serve"
ADVISE, DOCTOR_BUNDLE = "advise", "doctor-bundle"
DOCS, SCHEMA, COMPLETION, MANUAL = "docs", "schema", "completion", "manual"
ALL = "all"
"""The word of `--help` for all options of all commands."""
RUNS = (UI, SNAPSHOT, WATCH, KILL, DEMO, EXPLAIN, ADVISE, REPLAY, EXPORTER, SERVE, DOCTOR_BUNDLE)
"""All commands except those that only print. Each takes the common options, also those without an effect on it."""
CONNECTED = (UI, SNAPSHOT, WATCH, KILL, EXPLAIN, ADVISE, EXPORTER, SERVE, DOCTOR_BUNDLE)
"""Commands that connect to a server the user names."""

COMMANDS: Mapping[str, str] = {
    DEMO: N_("start a private server with a workload, and show it"),
    SNAPSHOT: N_("write what the screen would show, once, for a script"),
    WATCH: N_("write events as they happen: one JSON object a line"),
    KILL: N_("kill the sessions that match; without --apply, list them"),
    EXPLAIN: N_("explain why connections were lost, from logs"),
    ADVISE: N_("recommend a wait_timeout, by how long connections are idle"),
    REPLAY: N_("show a recording on the screen; --record writes FILE"),
    EXPORTER: N_("serve metrics for Prometheus, of one server or many"),
    SERVE: N_("show the screen in a browser; read-only without --allow-changes"),
    DOCTOR_BUNDLE: N_("write a zip file for an issue, without names and SQL"),
    CONFIG: N_("show, check or create the config file"),
    DOCS: N_("list the pages of documentation, or show one"),
    SCHEMA: N_("print the JSON Schema of the JSON that a command writes"),
    COMPLETION: N_("print the completions for a shell"),
    MANUAL: N_("print the manual page of a command, for man -l -"),
}
"""What each command does, by its word. Without a word the command is `ui`."""

FILE_COMMANDS: Mapping[str, str] = {EXPLAIN: "logs", ADVISE: "recordings", REPLAY: "a recording"}
"""The kind of the files of each command that takes names of files."""

PAGES: Mapping[str, str] = {
    "advise": N_("find the right value for wait_timeout"),
    "architecture": N_("see how the program is built"),
    "blocking": N_("find the session that holds the lock others wait for"),
    "board": N_("read the screen: columns, risks, marks and keys"),
    "browser": N_("show the screen in a browser, or on a wall"),
    "comparison": N_("compare the program with other tools"),
    "connecting": N_("connect to a server, once or every day"),
    "ending-many": N_("kill the sessions that leak, once or unattended"),
    "explain": N_("find out why an application lost its connection"),
    "exporter": N_("get metrics and alerts"),
    "failures": N_("act when the server does not answer, or is full"),
    "history": N_("see which sessions ended, when and why"),
    "index": N_("find the page for a task"),
    "performance": N_("see what the program costs the server and this machine"),
    "privileges": N_("give the account what it needs"),
    "recording": N_("keep what happened at night, and play it again"),
    "scripting": N_("use the output in a script"),
    "servers": N_("monitor several servers, and change several at once"),
    "tuning": N_("change a limit, and be able to undo the change"),
    "versions": N_("see which servers, versions and cloud services are read"),
}
"""The task of each page of documentation, by the name of its file without `.md`; a test keeps the names equal."""

ACTIONS: Mapping[str, tuple[str, ...]] = {
    CONFIG: ("path", "show", "check", "init", "servers", "groups", "rules"),
    DOCS: tuple(PAGES),
    SCHEMA: export.SCHEMAS,
    COMPLETION: ("bash", "zsh", "fish"),
    MANUAL: tuple(COMMANDS),
}
"""Commands that take one more word, and the words they take."""

OPTIONAL_ACTIONS = (DOCS, MANUAL)
"""Commands of ACTIONS whose word may be left out."""

PAGE_OF: Mapping[str, str] = {
    UI: "board",
    DEMO: "board",
    SNAPSHOT: "scripting",
    WATCH: "scripting",
    KILL: "ending-many",
    EXPLAIN: "explain",
    ADVISE: "advise",
    REPLAY: "recording",
    EXPORTER: "exporter",
    SERVE: "browser",
    DOCTOR_BUNDLE: "failures",
    CONFIG: "connecting",
    SCHEMA: "scripting",
    COMPLETION: "scripting",
    MANUAL: "scripting",
}
"""The page of documentation about a command; a command without one has `index`."""

FORMATS: Mapping[str, str] = {row.name: row.suffix for row in export.FORMATS.values()}
"""The formats of a snapshot, and the suffix of a file that chooses the format where `--format` does not."""

KILL_FORMATS = ("text", "json")
"""The formats of `kill`, the default first."""

ENGLISH_FORMATS: Mapping[str, tuple[str | None, ...]] = {
    SNAPSHOT: ("json", "csv"),
    WATCH: (None,),
    KILL: ("json",),
    EXPLAIN: ("json",),
    ADVISE: ("json",),
    EXPORTER: (None,),
}
"""The formats that programs read, by command: their output is English in every locale."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its names, its reader, its help, and where it may be set."""

    name: str
    """The field of the settings it fills, and its key among the origins."""
    flags: tuple[str, ...]
    """The long flag last; errors and origins use it."""
    read: Callable[[str], object]
    """Turns a text into the value. Raises InvalidValue."""
    help: str
    """One sentence for `--help`; it may hold the fields of FIELDS."""
    default: str | None
    """As a user would write it."""
    section: Section
    metavar: str = ""
    bare: object = BareMeaning.REFUSED
    """The value where the option is named without one."""
    env: str = ""
    key: str = ""
    """Its name in the group [client] of an option file and in the query of a DSN."""
    commands: tuple[str, ...] = RUNS
    printed: str = ""
    """Its name in `--print-defaults`, where it differs from the flag's."""

    def help_text(self, command: str = "") -> str:
        """Its sentence in the language of the run: the one for `command`, where that differs."""
        text = HELP_OF.get((self.name, command), self.help)
        return _(text, **FIELDS, default_address=LISTEN.get(command, ""))

    @property
    def english(self) -> str:
        """Its sentence in English, for what is English in every locale."""
        return self.help.format(**FIELDS)

    @property
    def flag(self) -> str:
        """The long flag."""
        return self.flags[-1]

    @property
    def word(self) -> str:
        """Its name without dashes."""
        return self.key or self.flag.removeprefix("--")

    @property
    def label(self) -> str:
        """Its name in `--print-defaults`."""
        return self.printed or self.word

    @property
    def is_switch(self) -> bool:
        """Whether its value is true or false."""
        return isinstance(self.bare, bool)

    @property
    def skip_text(self) -> str | None:
        """The value that `--skip-NAME` gives it; None where `skip-` means nothing. `--skip-password`: an empty password."""
        if self.is_switch:
            return "0"
        return "" if self.bare is BareMeaning.ASK else None


def _connection(
    name: str,
    flags: str,
    read: Callable[[str], object],
    help: str,  # noqa: A002 - it is what the field is called
    metavar: str = "",
    default: str | None = None,
    bare: object = BareMeaning.REFUSED,
    env: str = "",
) -> Option:
    """An option of the connection. Its key in an option file is the name of the flag."""
    names = tuple(flags.split())
    key = names[-1].removeprefix("--")
    return Option(name, names, read, help, default, Section.CONNECTION, metavar, bare, env, key, CONNECTED)


def _origin(
    name: str,
    read: Callable[[str], object],
    help: str,  # noqa: A002 - it is what the field is called
    metavar: str = "",
    env: str = "",
    commands: tuple[str, ...] = CONNECTED,
) -> Option:
    """An option that says where values are read; a switch where it has no metavar."""
    flags = (f"--{name.replace('_', '-')}",)
    default, bare = (None, BareMeaning.REFUSED) if metavar else ("0", True)
    return Option(name, flags, read, help, default, Section.ORIGINS, metavar, bare, env, commands=commands)


def _serving(
    name: str,
    read: Callable[[str], object],
    help: str,  # noqa: A002 - it is what the field is called
    metavar: str = "",
    default: str | None = None,
    section: Section = Section.EXPORTING,
) -> Option:
    """An option of exporter or serve; a switch where it has no metavar. A switch has no environment variable."""
    flag, commands = f"--{name.replace('_', '-')}", SERVING_COMMANDS[section]
    if not metavar:
        return Option(name, (flag,), read, help, "0", section, bare=True, commands=commands)
    env = f"GONEAWAY_{name.upper()}"
    return Option(name, (flag,), read, help, default, section, metavar, env=env, commands=commands)


SERVING_COMMANDS: Mapping[Section, tuple[str, ...]] = {
    Section.LISTENING: (EXPORTER, SERVE),
    Section.EXPORTING: (EXPORTER,),
    Section.SERVING: (SERVE,),
}
"""The commands that answer requests, by the section of their options."""
LISTEN: Mapping[str, str] = {EXPORTER: "127.0.0.1:9104", SERVE: "127.0.0.1:8104"}
"""The default address of each command that answers requests."""

FIELDS: Mapping[str, str] = {
    "modes": ", ".join(SslMode),
    "formats": ", ".join(FORMATS),
    "languages": ", ".join(LANGUAGES),
    "themes": ", ".join(THEMES),
    **LISTEN,
}
"""Lists of names for the sentences of `--help`."""
HELP_OF: Mapping[tuple[str, str], str] = {
    **dict.fromkeys((("run_for", DEMO), ("run_for", WATCH), ("run_for", ADVISE)), N_("Leave after this long.")),
    ("run_for", KILL): N_("With --every: leave after this long."),
    ("format", SNAPSHOT): N_("{formats}; by the suffix of --output if not said, else json."),
    ("format", KILL): N_("text or json; text if not said."),
    **dict.fromkeys((("format", EXPLAIN), ("format", ADVISE)), N_("text, json or markdown; text if not said.")),
    ("output", SNAPSHOT): N_("Where to write; - is standard output."),
    ("output", WATCH): N_("Where to write, at the end of the file; - is standard output."),
    ("output", DOCTOR_BUNDLE): N_("The zip file to write; by default a new file in this directory."),
    ("execute", WATCH): N_("A command to run for each departure, each open transaction about to be closed, and each session that is blocked. The event is its input."),
    ("execute", KILL): N_("A command to run for each kill. The event is its input."),
    ("simulated", DEMO): N_("No server at all: a made-up one."),
    ("simulated", SERVE): N_("No server at all: a made-up one."),
    **dict.fromkeys((("listen", EXPORTER), ("listen", SERVE)), N_("The address to answer at; {default_address} if not said; 0.0.0.0 or [::] is anywhere.")),
}  # fmt: skip
"""The sentence of an option of several commands for one of them: by the names of the option and the command."""
_LEFT = values.seconds(0, 31_536_000, N_("0 to 1y"))

OPTIONS: tuple[Option, ...] = (
    _connection("host", "-h --host", values.host, N_("Host name or address. Without it, or with localhost, the Unix socket is used."), "HOST",
                env="MYSQL_HOST"),
    _connection("port", "-P --port", values.port, N_("Port. Given by flag or DSN, localhost is connected by TCP."), "PORT",
                "3306", env="MYSQL_TCP_PORT"),
    _connection("user", "-u --user", values.word, N_("User name. By default, your login name."), "USER"),
    _connection("password", "-p --password", values.secret,
                N_("Password, directly after the flag. -p alone prompts for it."), "PASSWORD", bare=BareMeaning.ASK,
                env="MYSQL_PWD"),
    _connection("socket", "-S --socket", values.path, N_("Unix socket file."), "FILE", env="MYSQL_UNIX_PORT"),
    _connection("protocol", "--protocol", values.protocol, N_("TCP or SOCKET, whatever the host."), "NAME"),
    _connection("database", "-D --database", values.word, N_("Default database of the connection."), "NAME"),
    _connection("ssl_mode", "--ssl-mode", values.ssl_mode,
                N_("{modes}. VERIFY_CA if only --ssl-ca is given."), "MODE", "PREFERRED"),
    _connection("ssl_ca", "--ssl-ca", values.path, N_("CA certificates to trust."), "FILE"),
    _connection("ssl_cert", "--ssl-cert", values.path, N_("Client certificate."), "FILE"),
    _connection("ssl_key", "--ssl-key", values.path, N_("Private key of the client certificate."), "FILE"),
    _connection("ssl", "--ssl", values.switch, N_("Same as --ssl-mode=REQUIRED. --skip-ssl is the same as DISABLED."), bare=True),
    _connection("ssl_verify_server_cert", "--ssl-verify-server-cert", values.switch,
                N_("Same as --ssl-mode=VERIFY_IDENTITY."), bare=True),
    _connection("enable_cleartext_plugin", "--enable-cleartext-plugin", values.switch,
                N_("Inside TLS, send the password in clear text even to a server that is not verified."), default="0", bare=True),
    _connection("get_server_public_key", "--get-server-public-key", values.switch,
                N_("Without TLS, trust the public key that the server sends to encrypt the password."), default="0", bare=True),
    _connection("server_public_key_path", "--server-public-key-path", values.path,
                N_("File with the server's public key, to encrypt the password without TLS."), "FILE"),
    _connection("connect_timeout", "--connect-timeout", values.connect_timeout,
                N_("Connection timeout."), "SECONDS", "10"),
    Option("ssh", ("--ssh",), values.ssh, N_("Connect through an ssh tunnel to this machine. Host and socket are as seen from there."),
           None, Section.CONNECTION, "[USER@]HOST", env="GONEAWAY_SSH", commands=CONNECTED),
    Option("interval", ("--interval",), values.seconds(0.1, 3600, N_("0.1s to 1h")),
           N_("Time between two samples."), "1", Section.SHOWING, "SECONDS", env="GONEAWAY_INTERVAL"),
    Option("watch_below", ("--watch-below",), _LEFT, N_("Mark sessions that close within this time as watch."),
           "10m", Section.SHOWING, "TIME", env="GONEAWAY_WATCH_BELOW"),
    Option("imminent_below", ("--imminent-below",), _LEFT, N_("Mark sessions that close within this time as imminent."),
           "1m", Section.SHOWING, "TIME", env="GONEAWAY_IMMINENT_BELOW"),
    Option("read_only", ("--read-only",), values.switch, N_("Change nothing: no tuning, no kill."),
           default="0", section=Section.SHOWING, bare=True, env="GONEAWAY_READ_ONLY"),
    Option("statements", ("--no-statements",), values.negated_switch, N_("Never show or write SQL text."),
           default="0", section=Section.SHOWING, bare=False, env="GONEAWAY_NO_STATEMENTS",
           printed="statements"),
    Option("theme", ("--theme",), values.one_of(THEMES), N_("Colour theme: {themes}."), None, Section.SHOWING, "NAME",
           env="GONEAWAY_THEME"),
    Option("lang", ("--lang",), values.language, N_("Language: {languages}. By default, the language of the locale."), None,
           Section.SHOWING, "NAME", env="GONEAWAY_LANG", commands=(UI, *COMMANDS)),
    Option("wall", ("--wall",), values.switch, N_("Large text for a screen on the wall. Nothing can be changed."),
           default="0", section=Section.SHOWING, bare=True, commands=(UI, DEMO, SERVE)),
    Option("simulated", ("--simulated",), values.switch, N_("Simulate a server instead of starting one. Also for serve."),
           default="0", section=Section.DEMO, bare=True, commands=(DEMO, SERVE)),
    Option("run_for", ("--for",), values.seconds(0.1, 31_536_000, N_("0.1s to 1y")),
           N_("Exit after this time. Also for watch, kill --every and advise."),
           None, Section.DEMO, "SECONDS", commands=(DEMO, WATCH, KILL, ADVISE)),
    Option("format", ("--format",), values.one_of(tuple(FORMATS)),
           N_("{formats}. By default, the suffix of --output decides, else json. explain, advise: text, json, "
"markdown; kill: text, json."),
           None, Section.SNAPSHOT, "NAME", commands=(SNAPSHOT, KILL, EXPLAIN, ADVISE)),
    Option("output", ("-o", "--output"), values.output,
           N_("Output file; - is standard output. watch appends to the file."), None,
           Section.SNAPSHOT, "FILE", commands=(SNAPSHOT, WATCH, DOCTOR_BUNDLE)),
    Option("error_log", ("--error-log",), values.path,
           N_("File of the server's error log on this machine. It shows why sessions ended."), None,
           Section.SHOWING, "FILE", env="GONEAWAY_ERROR_LOG", commands=(UI, WATCH, EXPLAIN, EXPORTER, SERVE)),
    Option("since", ("--since",), values.seconds(1, 604_800, N_("1s to 7d")),
           N_("First report the sessions that ended in this time before the start, from the server's log."), None,
           Section.WATCHING, "TIME", commands=(WATCH,)),
    Option("execute", ("--exec",), values.words,
           N_("Run this command for each departure, each open transaction about to be closed, and each blocked"
" session; with kill, for each kill. It reads the event from standard input."),
           None, Section.WATCHING, "COMMAND", commands=(WATCH, KILL)),
    Option("match", ("--match",), values.filter_text, N_("Filter of the sessions to kill, written as on the screen."),
           None, Section.KILLING, "FILTER", commands=(KILL,)),
    Option("rule", ("--rule",), values.word, N_("Use the filter [rules.NAME] of the config file instead of --match."), None,
           Section.KILLING, "NAME", commands=(KILL,)),
    Option("query", ("--query",), values.switch, N_("Kill only the statement; the session stays."), default="0",
           section=Section.KILLING, bare=True, commands=(KILL,)),
    Option("apply", ("--apply",), values.switch, N_("Kill the sessions. Without this flag, nothing is killed."), default="0",
           section=Section.KILLING, bare=True, commands=(KILL,)),
    Option("max_kills", ("--max",), values.count(1, 100_000, N_("1 to 100000")),
           N_("If more sessions match in one pass, kill none of them."), "100", Section.KILLING, "NUMBER", commands=(KILL,)),
    Option("every", ("--every",), values.seconds(1, 86_400, N_("1s to 1d")), N_("Repeat the pass at this interval, until interrupted or for the time of --for."),
           None, Section.KILLING, "SECONDS", commands=(KILL,)),
    Option("record", ("--record",), values.path, N_("Write a recording to this file, for replay."), None, Section.RECORDING,
           "FILE", commands=(UI, DEMO, WATCH)),
    Option("keep", ("--keep",), values.keep, N_("How much of the recording to keep: a time, or a size such as 500MiB."), "7d",
           Section.RECORDING, "AMOUNT", commands=(UI, DEMO, WATCH)),
    Option("recording", ("--recording",), values.path, N_("Recording written by --record. explain finds in it the sessions that ended."), None,
           Section.RECORDING, "FILE", commands=(EXPLAIN,)),
    Option("facts", ("--facts",), values.path,
           N_("File with pasted output of SHOW VARIABLES, SHOW STATUS or \\s. It counts as reported by the server."), None,
           Section.RECORDING, "FILE", commands=(EXPLAIN,)),
    Option("verbose", ("--verbose",), values.switch, N_("Report every error, and every finding in full."),
           default="0", section=Section.RECORDING, bare=True, commands=(EXPLAIN,)),
    Option("save", ("--save",), values.path, N_("Add the measured idle times to this file. advise reads it like a recording."), None,
           Section.ADVISING, "FILE", commands=(ADVISE,)),
    _serving("listen", values.listen,
           N_("Address to listen on. Default {exporter} for exporter, {serve} for serve; 0.0.0.0 or [::] is every address."),
           "ADDRESS:PORT", section=Section.LISTENING),
    _serving("listen_cert", values.path, N_("Use TLS with this certificate."), "FILE", section=Section.LISTENING),
    _serving("listen_key", values.path, N_("Private key of the certificate."), "FILE", section=Section.LISTENING),
    _serving("listen_ca", values.path, N_("Require a client certificate signed by one of these CAs."), "FILE",
           section=Section.LISTENING),
    _serving("listen_auth", values.path, N_("Require the user:password in this file."), "FILE",
           section=Section.LISTENING),
    _serving("max_series", values.count(100, 1_000_000, N_("100 to 1000000")),
           N_("Maximum number of series with user and program names. The rest is summed as other."), "COUNT", "5000"),
    _serving("print_rules", values.switch, N_("Print alert rules for Prometheus, and exit.")),
    _serving("print_dashboard", values.switch, N_("Print a dashboard for Grafana, and exit.")),
    _serving("allow_changes", values.switch, N_("Allow viewers to tune and kill."), section=Section.SERVING),
    _serving("max_viewers", values.count(1, 100, N_("1 to 100")),
           N_("Maximum number of viewers. Each viewer opens a connection to every server."), "COUNT", "5", section=Section.SERVING),
    _origin("defaults_file", values.path, N_("Read only this option file."), "FILE"),
    _origin("defaults_extra_file", values.path, N_("Read this option file before ~/.my.cnf."), "FILE"),
    _origin("defaults_group_suffix", values.word, N_("Also read the groups with this suffix: [client_x] for _x."), "SUFFIX",
            "MYSQL_GROUP_SUFFIX"),
    _origin("no_defaults", values.switch, N_("Read no option file except the login paths.")),
    _origin("login_path", values.word, N_("Use this login path of mysql_config_editor."), "NAME"),
    _origin("no_login_paths", values.switch, N_("Read no login paths.")),
    _origin("config", values.path, N_("Read this config file."), "FILE", "GONEAWAY_CONFIG",
            (*RUNS, CONFIG)),
    _origin("group", values.word, N_("Connect to the servers of this group in the config file."), "NAME"),
)  # fmt: skip
