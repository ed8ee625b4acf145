"""What is likely to be an accident: rules, and what is said before it may be done."""

from __future__ import annotations

from collections.abc import Callable

from goneaway_tui.language import _, ngettext
from goneaway_tui.tune.scene import Scene
from goneaway_tui.tune.tunables import Counts

TENTH = 10
"""More than one in so many open sessions closed at their next idle is asked for twice, and so is less room to spare."""
SMALL_PACKET = 1 << 20
"""Bytes: the least that any server still in use came with (MySQL 5.5 and MariaDB 10.1)."""
TOO_SHORT = 30
"""Seconds: an idle limit below this closes sessions between two clicks."""


def _closes_many(scene: Scene) -> str | None:
    everybody = len(scene.open)
    if not scene.tunable.closes_idle or scene.closed * TENTH <= everybody:
        return None
    if scene.tunable.closes is Counts.INTERACTIVE:
        return ngettext(
            "{closed:,} of {number:,} open session have idled longer than {limit} by now: once those whose clients are "
            "interactive carry this limit, each such wait ends in a closed connection",
            "{closed:,} of {number:,} open sessions have idled longer than {limit} by now: once those whose clients are "
            "interactive carry this limit, each such wait ends in a closed connection",
            everybody,
            closed=scene.closed,
            limit=scene.limit,
        )
    return ngettext(
        "{closed:,} of {number:,} open session have idled longer than {limit} by now: once they carry this limit, each "
        "such wait ends in a closed connection",
        "{closed:,} of {number:,} open sessions have idled longer than {limit} by now: once they carry this limit, each "
        "such wait ends in a closed connection",
        everybody,
        closed=scene.closed,
        limit=scene.limit,
    )


def _closes_early(scene: Scene) -> str | None:
    if not scene.tunable.closes_idle or scene.kept >= TOO_SHORT or (scene.tunable.zero and not scene.kept):
        return None
    return _(
        "{limit} is less than {seconds} s: sessions will be closed between two statements of a user at work",
        limit=scene.limit,
        seconds=TOO_SHORT,
    )


def _cuts_packets(scene: Scene) -> str | None:
    if scene.tunable.name != "max_allowed_packet" or scene.kept >= SMALL_PACKET:
        return None
    return _(
        "{limit} is less than servers have ever come with: what was sent without trouble before may cut new sessions off",
        limit=scene.limit,
    )


def _starves_all(scene: Scene) -> str | None:
    if scene.tunable.name != "max_connections" or _leaves_room(scene.kept, scene.connected):
        return None
    return ngettext(
        "{number:,} session connected now, and {most:,} leaves less than a tenth to spare: "
        "who connects next may be refused, you too",
        "{number:,} sessions connected now, and {most:,} leaves less than a tenth to spare: "
        "who connects next may be refused, you too",
        scene.connected,
        most=scene.kept,
    )


def _starves_an_account(scene: Scene) -> str | None:
    user, sessions = scene.busiest
    if scene.tunable.name != "max_user_connections" or scene.kept <= 0:
        return None
    if _leaves_room(scene.kept, sessions):
        return None
    return ngettext(
        "{user} has {number:,} session open now: with {most:,} its next logins may be refused",
        "{user} has {number:,} sessions open now: with {most:,} its next logins may be refused",
        sessions,
        user=user,
        most=scene.kept,
    )


def _leaves_room(most: float, used: int) -> bool:
    return (most - used) * TENTH >= used


ACCIDENTS: tuple[Callable[[Scene], str | None], ...] = (
    _closes_early,
    _closes_many,
    _cuts_packets,
    _starves_all,
    _starves_an_account,
)
"""The first that has something to say is heard."""
