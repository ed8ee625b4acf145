"""Every word of every screen is said in the language of the run, but for names."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from goneaway_tui import i18n
from goneaway_tui.model.cause import Cause
from goneaway_tui.model.departure import PatternKind
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.tune.tunables import TUNABLES
from tests.snapshot.shots import SHOTS, WAITS_BEGUN, Shot, picture
from tests.ui.stage import HeldClock

LETTER = "ж"
"""As wide as any it stands for, and of no name."""
NAMES = """
goneaway tui MySQL MariaDB MiB GiB KiB KILL QUERY GLOBAL PERSIST TLS UTC PREFERRED enter esc space ctrl
GRANT PROCESS ON TO SET SHOW REPLICAS REPLICA STATUS Binlog Dump mysqld sock run example com json
Access denied for user using password YES check the Connection refused reconnecting automatically Truncated incorrect value
is it there unauthenticated cannot connect to root via dev green orange red Warning lb replication_connection_configuration
nightly import batch metabase flyway migrate staging stock state new paid cart place BEGIN INSERT INTO ALTER TABLE ADD COLUMN INT DELETE
PRIMARY REC_NOT_GAP EXCLUSIVE SHARED_READ NULL
CR_SERVER_GONE_ERROR CR_SERVER_LOST OperationalError
NAME path worker cause https dev mysql doc refman html rules leaky everyone everybody select program idle match max query true trx yes never_kill nightly nobody docs board
"""
"""What every language calls so."""


class Foreign:
    """A language in which every letter is another."""

    @staticmethod
    def gettext(message: str, /) -> str:
        parts = re.split(r"(\{[^}]*\})", message)
        return "".join(part if part.startswith("{") else re.sub("[A-Za-z]", LETTER, part) for part in parts)

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        return self.gettext(one if number == 1 else many)


@pytest.fixture
def foreign() -> Iterator[None]:
    i18n.set_language(Foreign())
    yield
    i18n.set_language(i18n.EnglishCatalogue())


def told_by(thing: object) -> Iterator[str]:
    """Every text in it."""
    if isinstance(thing, str):
        yield thing
    elif is_dataclass(thing):
        for each in fields(thing):
            yield from told_by(getattr(thing, each.name))
    elif isinstance(thing, list | tuple | frozenset | set):
        for one in thing:
            yield from told_by(one)
    elif isinstance(thing, dict):
        for pair in thing.items():
            yield from told_by(pair)


def simulated_texts() -> Iterator[str]:
    """Every text of the simulated server, at its start and while its sessions wait for locks."""
    clock = HeldClock()
    source = SimulatedSource(clock)
    yield from told_by(source.sample())
    clock.now += WAITS_BEGUN
    yield from told_by(source.sample())


def words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{2,}", text))


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize(
    "shot", [shot for shot in SHOTS if shot.language == i18n.ENGLISH], ids=lambda shot: shot.name
)
async def test_no_word_of_a_screen_is_left_untranslated(shot: Shot) -> None:
    drawn = await picture(shot)
    seen = html.unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawn)))
    tables = told_by([TUNABLES, [cause.value for cause in Cause], [kind.value for kind in PatternKind]])
    names = words(" ".join([NAMES, *simulated_texts(), *tables]))

    assert [] == sorted(word for word in words(seen) if not is_part(word, names))


def is_part(word: str, names: set[str]) -> bool:
    """Whether it is a name, or what a dialog's edge or a narrow column left of one."""
    return any(name.startswith(word) or name.endswith(word) for name in names)
