"""Which flags go with which command."""

from __future__ import annotations

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, marked
from goneaway_tui.settings.commandline import CommandLine
from goneaway_tui.settings.options import DEMO, UI, Section

NOT_FOR_DEMO = marked("{flag} does not go with demo, which has a server of its own")
FEW = 3
"""Commands that are named where an option is not for another."""


def refuse_what_is_not_for(line: CommandLine) -> None:
    """Raises SettingsError for the first flag that its command does not take."""
    for mention in line.mentions:
        option = mention.option
        if line.command in option.commands:
            continue
        if line.command == DEMO and option.section in {Section.CONNECTION, Section.ORIGINS}:
            raise SettingsError(
                _(NOT_FOR_DEMO, flag=mention.origin), _("leave it out, or leave out {word}", word=DEMO)
            )
        commands = _(" or ").join(option.commands)
        if line.command == UI:
            raise SettingsError(
                _("{flag} goes with {commands} only", flag=mention.origin, commands=commands),
                _("write {example}", example=f"goneaway-tui {option.commands[0]}"),
            )
        few = _("it goes with {commands} only", commands=commands)
        raise SettingsError(
            _("{flag} does not go with {command}", flag=mention.origin, command=line.command),
            few if len(option.commands) <= FEW else _("leave it out"),
        )
