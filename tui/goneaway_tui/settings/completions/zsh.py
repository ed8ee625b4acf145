"""The completion of zsh, by its own `_arguments`."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.settings.completions import Flag, Kind, flags
from goneaway_tui.settings.options import ACTIONS, COMMANDS, CONNECTED, READS, UI

_SCRIPT = r"""#compdef goneaway-tui
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

if [[ $funcstack[1] == _goneaway-tui ]]; then # loaded from a file of that name, when first wanted
  _goneaway-tui "$@"
else
  compdef _goneaway-tui goneaway-tui
fi
"""


def script() -> str:
    takers = dict.fromkeys(name for flag in flags() if flag.takes_next for name in flag.names)
    return _SCRIPT.format(
        ui=UI,
        takers="|".join(takers),
        commands="|".join(COMMANDS),
        specs="\n".join(_specs()),
        described="\n".join(f"        {_quoted(f'{name}:{text}')}" for name, text in COMMANDS.items()),
        words="\n".join(_words_of_each()),
        reads="|".join(READS),
        connected="|".join(command for command in CONNECTED if command not in {UI, *READS}),
    )


def _specs() -> Iterator[str]:
    together: dict[tuple[str, ...], list[Flag]] = {}
    for flag in flags():
        together.setdefault(flag.commands, []).append(flag)
    for commands, group in together.items():
        yield f"  [[ $command == ({'|'.join(commands)}) ]] && specs+=("
        yield from (f"    {_spec(flag)}" for flag in group)
        yield "  )"


def _spec(flag: Flag) -> str:
    """`'(-h --host)'{-h+,--host=}'[Server.]:HOST:_hosts'`."""
    told = f"[{flag.help.translate(_BRACKETS)}]"
    short, long = ("+", "=") if flag.takes_next else ("-", "=-") if flag.metavar else ("", "")
    if flag.takes_next:
        told += f":{flag.metavar.translate(_BRACKETS)}:{_action(flag)}"
    elif flag.metavar:
        told += f"::{flag.metavar}: "
    if not flag.short:
        return _quoted(f"{flag.names[0]}{long}{told}")
    names = f"{_bare(flag.names[0] + short)},{flag.names[-1]}{long}"
    return f"{_quoted('(' + ' '.join(flag.names) + ')')}{{{names}}}{_quoted(told)}"


_BRACKETS = str.maketrans({"[": r"\[", "]": r"\]", ":": r"\:"})


def _action(flag: Flag) -> str:
    actions = {
        Kind.FILE: "_files",
        Kind.HOST: "_hosts",
        Kind.PROGRAM: "_cmdstring",
        Kind.GROUP: "_goneaway_tui_groups",
        Kind.WORD: f"({' '.join(flag.words)})",
    }
    return actions.get(flag.kind, " ")


def _words_of_each() -> Iterator[str]:
    for command, words in ACTIONS.items():
        yield f"    ({command}) [[ -n $second ]] || compadd -- {' '.join(words)} ;;"


def _bare(name: str) -> str:
    return name.replace("?", r"\?")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"
