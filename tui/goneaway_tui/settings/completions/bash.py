"""The completion of bash.

bash takes words apart at `=` and `:`, which ours contain, so the line is read anew; what bash believes to be
finished is cut off the answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.settings.completions import Flag, Kind, flags
from goneaway_tui.settings.options import ACTIONS, COMMANDS, CONNECTED, READS, UI

_SCRIPT = r"""# bash completion of goneaway-tui. Made by: goneaway-tui completion bash
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


def script() -> str:
    takers = dict.fromkeys(name for flag in flags() if flag.takes_next for name in flag.names)
    return _SCRIPT.format(
        ui=UI,
        takers=" | ".join(takers),
        commands=" | ".join(COMMANDS),
        connected=" | ".join(CONNECTED),
        values="\n".join(_values()),
        flags="\n".join(_flags_of_each()),
        words="\n".join(_words_of_each()),
    )


def _values() -> Iterator[str]:
    """What may follow each flag, those with the same answer together."""
    alike: dict[tuple[str, ...], list[Flag]] = {}
    for flag in flags():
        alike.setdefault(flag.names, []).append(flag)
    answers: dict[str, list[str]] = {}
    for names, each in alike.items():
        answers.setdefault(_answer(each), []).extend(names)
    answers.pop("", None)
    for answer, takers in answers.items():
        yield f"        {' | '.join(takers)}) {answer} ;;"


def _answer(alike: list[Flag]) -> str:
    """How the value of a flag is found; its words may depend on the command."""
    flag, *others = alike
    if flag.kind is not Kind.WORD:
        return _ANSWERS.get(flag.kind, "")
    if not others:
        return f'found="{" ".join(flag.words)}"'
    cases = (f'{" | ".join(each.commands)}) found="{" ".join(each.words)}" ;;' for each in alike)
    return f"case $command in {' '.join(cases)} esac"


_ANSWERS = {
    Kind.FILE: "_goneaway_tui_files; return",
    Kind.HOST: 'found=$(compgen -A hostname -- "$value")',
    Kind.PROGRAM: 'found=$(compgen -c -- "$value")',
    Kind.GROUP: 'found=$(_goneaway_tui_names "" groups)',
}


def _flags_of_each() -> Iterator[str]:
    for command in (UI, *COMMANDS):
        names = sorted(name for flag in flags() if command in flag.commands for name in flag.names)
        yield f'                    {command}) found="{" ".join(names)}" ;;'


def _words_of_each() -> Iterator[str]:
    yield f'                    {UI}) found="{" ".join(COMMANDS)}" ;;'
    for command, words in ACTIONS.items():
        yield f'                    {command}) [[ -n $action ]] || found="{" ".join(words)}" ;;'
    yield f"                    {' | '.join(READS)}) [[ $value == @* ]] || {{ _goneaway_tui_files; return; }} ;;"
