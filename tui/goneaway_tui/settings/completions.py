"""Completion scripts for bash, zsh and fish, made from the table of options; in English only.

Written by hand, without a library: the words depend on the command, and the scripts complete a glued value too. A
script asks `goneaway-tui config servers` for the names in the config file when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from goneaway_tui.doctor.report import FORMATS as EXPLANATIONS
from goneaway_tui.i18n import LANGUAGES
from goneaway_tui.settings.help import QUESTIONS
from goneaway_tui.settings.options import (
    ACTIONS,
    COMMANDS,
    CONNECTED,
    EXPLAIN,
    FILE_COMMANDS,
    FORMATS,
    KILL,
    KILL_FORMATS,
    OPTIONS,
    RUNS,
    UI,
    BareMeaning,
    Option,
)
from goneaway_tui.settings.settings import SslMode, Transport


class ArgumentKind(Enum):
    """The kind of value that may follow a flag."""

    NOTHING = "no value, or only one attached to the flag"
    ANYTHING = "any value"
    FILE = "a file"
    HOST = "a host name"
    PROGRAM = "a command"
    GROUP = "a group of the config file"
    RULE = "a rule of the config file"
    WORD = "one of the words of the flag"


KINDS: Mapping[str, ArgumentKind] = {
    "FILE": ArgumentKind.FILE,
    "HOST": ArgumentKind.HOST,
    "[USER@]HOST": ArgumentKind.HOST,
    "COMMAND": ArgumentKind.PROGRAM,
}
"""The kind of a value, by its name in `--help`."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "format": tuple(FORMATS),
    "ssl_mode": tuple(SslMode),
    "protocol": tuple(Transport),
    "lang": tuple(LANGUAGES),
}
"""The words that an option takes, by the name of the option."""
FORMATS_OF: Mapping[str, tuple[str, ...]] = {EXPLAIN: tuple(EXPLANATIONS), KILL: KILL_FORMATS}
"""The formats of a command, where they differ from those of `snapshot`."""


@dataclass(frozen=True, slots=True)
class CompletionFlag:
    """One flag as a shell needs it."""

    names: tuple[str, ...]
    help: str
    commands: tuple[str, ...]
    kind: ArgumentKind = ArgumentKind.NOTHING
    metavar: str = ""
    words: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The short flag without its dash; empty where there is none."""
        return self.names[0][1:] if len(self.names) > 1 else ""

    @property
    def long(self) -> str:
        """The long flag without its dashes."""
        return self.names[-1].removeprefix("--")

    @property
    def takes_next(self) -> bool:
        """Whether the next word is its value where no value is attached."""
        return self.kind is not ArgumentKind.NOTHING


def completion_flags() -> Iterator[CompletionFlag]:
    """Every flag. A flag with different values for different commands comes twice."""
    for option in OPTIONS:
        yield from _flags_of_option(option)
    for names, text in QUESTIONS.items():
        yield CompletionFlag(
            tuple(names.split(", ")), text, RUNS if "--print-defaults" in names else (UI, *COMMANDS)
        )


def _flags_of_option(option: Option) -> Iterator[CompletionFlag]:
    if option.name == "format":
        for command in option.commands:
            names = FORMATS_OF.get(command, WORDS["format"])
            yield CompletionFlag(
                option.flags, option.english, (command,), ArgumentKind.WORD, option.metavar, tuple(names)
            )
        return
    words = WORDS.get(option.name, ())
    kind = ArgumentKind.WORD if words else KINDS.get(option.metavar, ArgumentKind.ANYTHING)
    kind = {"group": ArgumentKind.GROUP, "rule": ArgumentKind.RULE}.get(option.name, kind)
    if option.bare is not BareMeaning.REFUSED:
        kind = ArgumentKind.NOTHING
    yield CompletionFlag(option.flags, option.english, option.commands, kind, option.metavar, words)


def completion_text(shell: str) -> str:
    """The script for a shell, to be sourced or put where the shell looks for completions."""
    return {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[shell]()


_BASH = r"""# bash completion of goneaway-tui. Made by: goneaway-tui completion bash
_goneaway_tui() {{
    local line=${{COMP_LINE:0:COMP_POINT}} command={ui} action= flag= value= glued= found= word i
    local -a words config
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    local last=$((${{#words[@]}} - 1))
    COMPREPLY=()

    for ((i = 1; i < last; i++)); do
        word=${{words[i]}}
        case $word in
            {takers})
                flag=$word
                ((++i < last)) && {{
                    [[ $flag == --config ]] && config=("--config=${{words[i]}}")
                    flag=
                }}
                ;;
            --config=*) config=("$word") ;;
            -*) ;;
            {commands})
                if [[ $command == {ui} ]]; then command=$word; else action=$word; fi
                ;;
            *) action=$word ;;
        esac
    done
    value=${{words[last]}}
    if [[ -z $flag && $value == --*=* ]]; then
        flag=${{value%%=*}} glued=${{value%%=*}}= value=${{value#*=}}
    fi

    case $flag in
        "") ;;
{values}
        *) return ;;
    esac
    if [[ -z $flag ]]; then
        case $value in
            -*)
                case $command in
{flags}
                esac
                ;;
            *)
                case $command in
{words}
                esac
                if [[ $value == "" || $value == @* ]]; then
                    case $command in
                        {connected}) found+=" $(_goneaway_tui_names @ servers)" ;;
                    esac
                fi
                ;;
        esac
    fi

    local breaks=${{COMP_WORDBREAKS//[^=:]/}} whole=$glued$value done=
    if [[ -n $breaks ]]; then done=${{whole%"${{whole##*[$breaks]}}"}}; fi
    while read -r word; do
        [[ -n $word && $word == "$value"* ]] && word=$glued$word && COMPREPLY+=("${{word#"$done"}}")
    done <<<"${{found// /$'\n'}}"
}}

_goneaway_tui_names() {{ # names in the config file, each after $1
    local name
    "${{words[0]/#\~/$HOME}}" config "$2" ${{config[@]+"${{config[@]}}"}} 2>/dev/null </dev/null | while IFS= read -r name; do
        [[ $name == *[!A-Za-z0-9._@%+-]* ]] || printf '%s\n' "$1$name"
    done
}}

_goneaway_tui_files() {{ # bash knows best how they are quoted
    compopt -o default 2>/dev/null || complete -o default -F _goneaway_tui goneaway-tui
}}

complete -F _goneaway_tui goneaway-tui
"""


def bash_script() -> str:
    """The completion script for bash."""
    takers = dict.fromkeys(name for flag in completion_flags() if flag.takes_next for name in flag.names)
    return _BASH.format(
        ui=UI,
        takers=" | ".join(takers),
        commands=" | ".join(COMMANDS),
        connected=" | ".join(CONNECTED),
        values="\n".join(_values()),
        flags="\n".join(_flags_by_command()),
        words="\n".join(_words_by_command()),
    )


def _values() -> Iterator[str]:
    """The values of each flag; flags with the same values together."""
    flags_of: dict[tuple[str, ...], list[CompletionFlag]] = {}
    for flag in completion_flags():
        flags_of.setdefault(flag.names, []).append(flag)
    answers: dict[str, list[str]] = {}
    for names, flags in flags_of.items():
        answers.setdefault(_answer(flags), []).extend(names)
    answers.pop("", None)
    for answer, takers in answers.items():
        yield f"        {' | '.join(takers)}) {answer} ;;"


def _answer(flags: list[CompletionFlag]) -> str:
    """Bash code that sets `found` to the values of a flag. The values may depend on the command."""
    flag, *others = flags
    if flag.kind is not ArgumentKind.WORD:
        return _ANSWERS.get(flag.kind, "")
    if not others:
        return f'found="{" ".join(flag.words)}"'
    cases = (f'{" | ".join(flag.commands)}) found="{" ".join(flag.words)}" ;;' for flag in flags)
    return f"case $command in {' '.join(cases)} esac"


_ANSWERS = {
    ArgumentKind.FILE: "_goneaway_tui_files; return",
    ArgumentKind.HOST: 'found=$(compgen -A hostname -- "$value")',
    ArgumentKind.PROGRAM: 'found=$(compgen -c -- "$value")',
    ArgumentKind.GROUP: 'found=$(_goneaway_tui_names "" groups)',
    ArgumentKind.RULE: 'found=$(_goneaway_tui_names "" rules)',
}


def _flags_by_command() -> Iterator[str]:
    for command in (UI, *COMMANDS):
        names = sorted(name for flag in completion_flags() if command in flag.commands for name in flag.names)
        yield f'                    {command}) found="{" ".join(names)}" ;;'


def _words_by_command() -> Iterator[str]:
    yield f'                    {UI}) found="{" ".join(COMMANDS)}" ;;'
    for command, words in ACTIONS.items():
        yield f'                    {command}) [[ -n $action ]] || found="{" ".join(words)}" ;;'
    yield f"                    {' | '.join(FILE_COMMANDS)}) [[ $value == @* ]] || {{ _goneaway_tui_files; return; }} ;;"


_FISH = r"""# fish completion of goneaway-tui. Made by: goneaway-tui completion fish
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


def fish_script() -> str:
    """The completion script for fish."""
    takers = dict.fromkeys(name for flag in completion_flags() if flag.takes_next for name in flag.names)
    lines = [*map(_flag, completion_flags()), *_commands(), *_words()]
    return _FISH.format(
        ui=UI, takers=" ".join(map(_fish_quoted, takers)), commands=" ".join(COMMANDS), lines="\n".join(lines)
    )


def _flag(flag: CompletionFlag) -> str:
    words = ["complete -c goneaway-tui", f"-n '__goneaway_tui_for {' '.join(flag.commands)}'"]
    if flag.short:
        words.append(f"-s {_fish_quoted(flag.short)}")
    words.append(f"-l {flag.long}")
    words += _follows(flag)
    words.append(f"-d {_fish_quoted(flag.help)}")
    return " ".join(words)


def _follows(flag: CompletionFlag) -> list[str]:
    offers = {
        ArgumentKind.HOST: "'(__fish_print_hostnames)'",
        ArgumentKind.PROGRAM: "'(__fish_complete_command)'",
        ArgumentKind.GROUP: "'(__goneaway_tui_names \"\" groups)'",
        ArgumentKind.RULE: "'(__goneaway_tui_names \"\" rules)'",
        ArgumentKind.WORD: _fish_quoted(" ".join(flag.words)),
    }
    if flag.kind is ArgumentKind.NOTHING:
        return []
    if flag.kind is ArgumentKind.FILE:
        return ["-r -F"]
    return ["-x", *([f"-a {offers[flag.kind]}"] if flag.kind in offers else [])]


def _commands() -> Iterator[str]:
    for name, text in COMMANDS.items():
        yield f"complete -c goneaway-tui -n '__goneaway_tui_for {UI}' -a {name} -d {_fish_quoted(text)}"


def _words() -> Iterator[str]:
    for command, words in ACTIONS.items():
        yield f"complete -c goneaway-tui -n '__goneaway_tui_wants {command}' -a '{' '.join(words)}'"
    yield f"complete -c goneaway-tui -n '__goneaway_tui_for {' '.join(FILE_COMMANDS)}' -F"
    yield f"complete -c goneaway-tui -n '__goneaway_tui_for {' '.join(CONNECTED)}' -a '(__goneaway_tui_names @ servers)'"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"


_ZSH = r"""#compdef goneaway-tui
# zsh completion of goneaway-tui. Made by: goneaway-tui completion zsh
_goneaway-tui() {{
  local command={ui} second= word program=$words[1]
  local -a config specs
  local -i i
  for (( i = 2; i < CURRENT; i++ )); do
    word=$words[i]
    case $word in
      ({takers})
        [[ $word == --config ]] && config=(--config=${{(Q)words[i+1]}})
        (( i++ )) ;;
      (--config=*) config=(${{(Q)word}}) ;;
      (-*) ;;
      ({commands}) if [[ $command == {ui} ]]; then command=$word; else second=$word; fi ;;
      (*) second=$word ;;
    esac
  done
{specs}
  _arguments -S $specs '*: :_goneaway_tui_words'
}}

_goneaway_tui_words() {{
  case $command in
    ({ui})
      local -a commands=(
{described}
      )
      _alternative 'commands:command:{{ _describe command commands }}' 'servers:server:{{ _goneaway_tui_names @ servers }}' ;;
{words}
    ({reads}) _alternative 'servers:server:{{ _goneaway_tui_names @ servers }}' 'files:file:_files' ;;
    ({connected}) _goneaway_tui_names @ servers ;;
  esac
}}

_goneaway_tui_names() {{ # names in the config file, each after $1
  local -a names=(${{(f)"$(_call_program names ${{(q)program}} config $2 ${{(q)config}} 2>/dev/null </dev/null)"}})
  compadd -- $1$^names
}}

_goneaway_tui_groups() {{ _goneaway_tui_names '' groups }}
_goneaway_tui_rules() {{ _goneaway_tui_names '' rules }}

if [[ $funcstack[1] == _goneaway-tui ]]; then # loaded from a file of that name, when first wanted
  _goneaway-tui "$@"
else
  compdef _goneaway-tui goneaway-tui
fi
"""


def zsh_script() -> str:
    """The completion script for zsh."""
    takers = dict.fromkeys(name for flag in completion_flags() if flag.takes_next for name in flag.names)
    return _ZSH.format(
        ui=UI,
        takers="|".join(takers),
        commands="|".join(COMMANDS),
        specs="\n".join(_specs()),
        described="\n".join(f"        {_zsh_quoted(f'{name}:{text}')}" for name, text in COMMANDS.items()),
        words="\n".join(_zsh_words_by_command()),
        reads="|".join(FILE_COMMANDS),
        connected="|".join(command for command in CONNECTED if command not in {UI, *FILE_COMMANDS}),
    )


def _specs() -> Iterator[str]:
    together: dict[tuple[str, ...], list[CompletionFlag]] = {}
    for flag in completion_flags():
        together.setdefault(flag.commands, []).append(flag)
    for commands, group in together.items():
        yield f"  [[ $command == ({'|'.join(commands)}) ]] && specs+=("
        yield from (f"    {_spec(flag)}" for flag in group)
        yield "  )"


def _spec(flag: CompletionFlag) -> str:
    """`'(-h --host)'{-h+,--host=}'[Server.]:HOST:_hosts'`."""
    description = f"[{flag.help.translate(_BRACKETS)}]"
    short, long = ("+", "=") if flag.takes_next else ("-", "=-") if flag.metavar else ("", "")
    if flag.takes_next:
        description += f":{flag.metavar.translate(_BRACKETS)}:{_action(flag)}"
    elif flag.metavar:
        description += f"::{flag.metavar}: "
    if not flag.short:
        return _zsh_quoted(f"{flag.names[0]}{long}{description}")
    names = f"{_bare(flag.names[0] + short)},{flag.names[-1]}{long}"
    return f"{_zsh_quoted('(' + ' '.join(flag.names) + ')')}{{{names}}}{_zsh_quoted(description)}"


_BRACKETS = str.maketrans({"[": r"\[", "]": r"\]", ":": r"\:"})


def _action(flag: CompletionFlag) -> str:
    actions = {
        ArgumentKind.FILE: "_files",
        ArgumentKind.HOST: "_hosts",
        ArgumentKind.PROGRAM: "_cmdstring",
        ArgumentKind.GROUP: "_goneaway_tui_groups",
        ArgumentKind.RULE: "_goneaway_tui_rules",
        ArgumentKind.WORD: f"({' '.join(flag.words)})",
    }
    return actions.get(flag.kind, " ")


def _zsh_words_by_command() -> Iterator[str]:
    for command, words in ACTIONS.items():
        yield f"    ({command}) [[ -n $second ]] || compadd -- {' '.join(words)} ;;"


def _bare(name: str) -> str:
    return name.replace("?", r"\?")


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
