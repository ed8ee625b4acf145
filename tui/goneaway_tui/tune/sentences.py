"""What the journal says of acts, as sentences that are recognised where it is read back: it is English, its reader need not be."""

from __future__ import annotations

import re

from goneaway_tui.language import _, marked

GONE = marked("session {id} had already ended")
KILLED = marked("session {id} was killed")
QUERY_KILLED = marked("the statement of session {id} was killed")
NOT_PERSISTED = marked("nothing is persisted for {name} any more; its running value stays")
NOT_READ_BACK = marked("{name} was set, and could not be read back")
KEPT = marked("{name} is {kept} now")
KEPT_OTHER = marked("{name} is {kept} now, not {asked} as asked for")
NOT_PERFORMED = marked("not performed: {why}")
OUTCOME_UNKNOWN = marked("outcome unknown: {why}")

FIELDS = {"why": r"(?P<why>.*)"}
ANY_FIELD = r"(?P<{}>[^\s:;,]{{1,100}})"
"""A number or the name of a variable."""


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", sentence)
    return re.compile(
        "".join(
            FIELDS.get(part, ANY_FIELD.format(part)) if at % 2 else re.escape(part)
            for at, part in enumerate(parts)
        ),
        re.DOTALL,
    )


PATTERNS = {
    sentence: _pattern(sentence)
    for sentence in (
        GONE,
        KILLED,
        QUERY_KILLED,
        NOT_PERSISTED,
        NOT_READ_BACK,
        KEPT,
        KEPT_OTHER,
        NOT_PERFORMED,
        OUTCOME_UNKNOWN,
    )
}
"""Each sentence, and what it looks like with its fields filled in."""


def said_again(outcome: str) -> str:
    """What somebody wrote down in English, in the language of the run; what is no sentence of ours stays as it is.

    >>> said_again("wait_timeout is 600 now")
    'wait_timeout is 600 now'
    """
    found = ((sentence, pattern.fullmatch(outcome)) for sentence, pattern in PATTERNS.items())
    return next((_(sentence, **match.groupdict()) for sentence, match in found if match), outcome)
