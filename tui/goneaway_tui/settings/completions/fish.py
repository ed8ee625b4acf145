"""The completion of fish: one `complete` a flag."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.settings.completions import Flag, Kind, flags
from goneaway_tui.settings.options import ACTIONS, COMMANDS, CONNECTED, READS, UI

_SCRIPT = r"""# fish completion of goneaway-tui. Made by: goneaway-tui completion fish
function __goneaway_tui_said # the command, and the word behind it
    set -l words (commandline -opc)
    set -e words[1]
    set -l said
    set -l skips
    for word in $words
        if set -q skips[1]
            set -e skips[1]
            continue
        end
        switch $word
            case {takers}
                set skips 1
            case '-*'
            case {commands}
                set said $said $word
            case '*'
                set -q said[1]; and set said $said $word
        end
    end
    set -q said[1]; or set said {ui}
    string join \n -- $said
end

function __goneaway_tui_for -d 'Whether the command is one of these'
    contains -- (__goneaway_tui_said)[1] $argv
end

function __goneaway_tui_wants -d 'Whether this command still wants its word'
    set -l said (__goneaway_tui_said)
    test "$said[1]" = $argv[1]; and not set -q said[2]
end

function __goneaway_tui_names -d 'Names in the config file, each after $argv[1]'
    set -l words (commandline -opc)
    set -l config
    for i in (seq (count $words))
        switch $words[$i]
            case --config
                set -q words[(math $i + 1)]; and set config --config=$words[(math $i + 1)]
            case '--config=*'
                set config $words[$i]
        end
    end
    for name in ($words[1] config $argv[2] $config 2>/dev/null </dev/null)
        echo $argv[1]$name
    end
end

complete -c goneaway-tui -f
{lines}
"""


def script() -> str:
    takers = dict.fromkeys(name for flag in flags() if flag.takes_next for name in flag.names)
    lines = [*map(_flag, flags()), *_commands(), *_words()]
    return _SCRIPT.format(
        ui=UI, takers=" ".join(map(_quoted, takers)), commands=" ".join(COMMANDS), lines="\n".join(lines)
    )


def _flag(flag: Flag) -> str:
    said = ["complete -c goneaway-tui", f"-n '__goneaway_tui_for {' '.join(flag.commands)}'"]
    if flag.short:
        said.append(f"-s {_quoted(flag.short)}")
    said.append(f"-l {flag.long}")
    said += _follows(flag)
    said.append(f"-d {_quoted(flag.help)}")
    return " ".join(said)


def _follows(flag: Flag) -> list[str]:
    offers = {
        Kind.HOST: "'(__fish_print_hostnames)'",
        Kind.PROGRAM: "'(__fish_complete_command)'",
        Kind.GROUP: "'(__goneaway_tui_names \"\" groups)'",
        Kind.WORD: _quoted(" ".join(flag.words)),
    }
    if flag.kind is Kind.NOTHING:
        return []
    if flag.kind is Kind.FILE:
        return ["-r -F"]
    return ["-x", *([f"-a {offers[flag.kind]}"] if flag.kind in offers else [])]


def _commands() -> Iterator[str]:
    for name, text in COMMANDS.items():
        yield f"complete -c goneaway-tui -n '__goneaway_tui_for {UI}' -a {name} -d {_quoted(text)}"


def _words() -> Iterator[str]:
    for command, words in ACTIONS.items():
        yield f"complete -c goneaway-tui -n '__goneaway_tui_wants {command}' -a '{' '.join(words)}'"
    yield f"complete -c goneaway-tui -n '__goneaway_tui_for {' '.join(READS)}' -F"
    yield f"complete -c goneaway-tui -n '__goneaway_tui_for {' '.join(CONNECTED)}' -a '(__goneaway_tui_names @ servers)'"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
