"""Where a session's limit comes from, as far as that is known: beside the limit stand the globals it may be a copy of."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.language import _
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.snapshot import Basis, Verdict
from goneaway_tui.ui import wording

COPIES = ("wait_timeout", "interactive_timeout")


def origin(verdict: Verdict, sample: Sample) -> Iterator[str]:
    """Sentences on which global the limit was copied from, and what a new global would do to it.

    A session copies one of two globals when it connects, and which one no server shows: equal values are said to be equal,
    and no more.
    """
    limit, first = verdict.limit, verdict.inherited.wait_timeout
    if limit is None or limit.variable != "wait_timeout":
        return
    now = {name: sample.variable(name) for name in COPIES}
    if limit.basis is Basis.OWN:
        yield _same_as(limit.seconds, first, now["interactive_timeout"])
    if first is not None and now["wait_timeout"] not in {None, first}:
        yield _(
            "The global wait_timeout was {first} when this session was first seen, and is {now} now: that is for sessions to come.",
            first=wording.limit_words(first),
            now=wording.limit_words(now["wait_timeout"] or 0),
        )
    yield _("A new global does not reach it before it connects anew.")


def _same_as(seconds: float, wait: float | None, interactive: float | None) -> str:
    alike = [name for name, value in zip(COPIES, (wait, interactive), strict=True) if value == seconds]
    if len(alike) > 1:
        return _("The globals wait_timeout and interactive_timeout both say that: it copied one of them.")
    if alike == ["wait_timeout"]:
        return _("The global wait_timeout says that: what a session that is not interactive copies.")
    if alike:
        return _(
            "The global interactive_timeout says that: what an interactive client copies, as mysql is one."
        )
    told = ", ".join(
        f"{name} {wording.limit_words(value)}"
        for name, value in zip(COPIES, (wait, interactive), strict=True)
        if value is not None
    )
    return _(
        "No global says that ({globals}): the session or init_connect set it, or the global was another before.",
        globals=told,
    )
