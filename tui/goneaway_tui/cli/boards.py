"""The board of several servers: each has a way, a password, limits and a journal's name of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from goneaway_tui.cli.fleet import Member, Open, Unreached, close_all, fleet, source_of
from goneaway_tui.cli.kindred import Kindred, executor_of, recall_of
from goneaway_tui.cli.screen import journal_of, play, policy_of, why_read_only
from goneaway_tui.cli.terminal import require_terminal
from goneaway_tui.errors import ExitCode
from goneaway_tui.language import _, marked
from goneaway_tui.ports import Clock
from goneaway_tui.settings import Settings
from goneaway_tui.tune.journal import Journal
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.watched import Subject

if TYPE_CHECKING:
    from goneaway_tui.source.live import LiveSource

NO_WAY = marked("there is no way to this server, so nothing can be changed on it")


def boards(each: Sequence[Settings], clock: Clock, open_source: Open) -> ExitCode:
    """One screen for all. Who refuses is told of there, and tried again. Raises SettingsError and FileError."""
    require_terminal()
    first = each[0]
    with fleet(each) as members:
        sources = [source_of(member, clock, open_source) for member in members]
        journal = journal_of(clock)
        kindred = Kindred(clock, open_source)
        subjects = [
            replace(
                subject_of(member, source, clock, journal),
                relatives=source.relatives,
                recall=recall_of(source),
                widen=None
                if member.address is None
                else kindred.beside(member.settings, member.address, journal),
            )
            for member, source in zip(members, sources, strict=True)
        ]

        def close() -> None:
            close_all([*sources, kindred])

        def leave() -> None:
            for member in members:
                member.leave()
            kindred.leave()

        try:
            app = GoneawayApp(subjects, clock, theme=first.theme, run_for=first.run_for, wall=first.wall)
            app.set_keymap(first.keys)
            return play(app, close, leave)
        finally:
            close()
            kindred.leave()


def subject_of(member: Member, source: LiveSource | Unreached, clock: Clock, journal: Journal) -> Subject:
    """What it takes to watch it."""
    settings, address = member.settings, member.address
    return Subject(
        source,
        policy_of(settings),
        member.name,
        interval=settings.interval,
        executor=None
        if address is None or isinstance(source, Unreached)
        else executor_of(settings, address, clock, source),
        journal=journal,
        why_read_only=why_read_only(settings) if settings.read_only else _(NO_WAY),
        color=settings.color,
    )
