"""What all that was said comes to: for each option the value that counts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from goneaway_tui.errors import SettingsError
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import plain
from goneaway_tui.settings import transport
from goneaway_tui.settings.implied import implied
from goneaway_tui.settings.mention import DEFAULT, Found, Mention, Rank, found, spelled
from goneaway_tui.settings.options import FORMATS, OPTIONS, SNAPSHOT


def decided_by(command: str, mentions: Iterable[Mention]) -> dict[str, Found]:
    """Every option's value by the strongest who named it, the last of them if it was named twice."""
    said = {mention.option.name: mention for mention in mentions}
    decided = {
        option.name: found(said[option.name])
        if option.name in said
        else Found(option.default and option.read(option.default), DEFAULT, Rank.DEFAULT)
        for option in OPTIONS
    }
    decided |= transport.reach(decided)
    decided |= implied(command, decided)
    decided["ssl_mode"] = transport.ssl_mode(decided)
    if command == SNAPSHOT and decided["format"].value is None:
        decided["format"] = _format(decided["output"])
    watch, imminent = decided["watch_below"], decided["imminent_below"]
    if imminent.value > watch.value and imminent.rank is Rank.DEFAULT:
        decided["imminent_below"] = Found(
            watch.value, marked("default, never above watch-below"), Rank.DEFAULT
        )
    elif imminent.value > watch.value:
        raise SettingsError(
            _(
                "{lower} ({imminent} s, {one}) is more than {upper} ({watch} s, {other})",
                lower=spelled("imminent-below", imminent.rank),
                imminent=imminent.value,
                one=_(imminent.origin),
                upper=spelled("watch-below", watch.rank),
                watch=watch.value,
                other=_(watch.origin),
            ),
            _(
                "raise {upper} or lower {lower}: sessions are watched before they are imminent",
                upper=spelled("watch-below", watch.rank),
                lower=spelled("imminent-below", imminent.rank),
            ),
        )
    return decided


def _format(output: Found) -> Found:
    """By the file's ending; none at all is JSON. Raises SettingsError for an ending that no format has."""
    suffix = PurePath(output.value or "").suffix.lower()
    for name, usual in FORMATS.items():
        if suffix == usual:
            return Found(name, output.origin, output.rank)
    if suffix:
        raise SettingsError(
            _(
                "no format is known by the ending {suffix} ({place})",
                suffix=plain(suffix, 40),
                place=output.origin,
            ),
            _(
                "end it in one of {suffixes}, or name the format: --format=json",
                suffixes=", ".join(FORMATS.values()),
            ),
        )
    return Found("json", DEFAULT, Rank.DEFAULT)
