"""Host names that a server supplied, as a person may read them before connecting to one."""

from __future__ import annotations

from typing import Final

from goneaway_tui.model.plain import plain

LONGEST: Final = 253
"""Characters of a name in the DNS."""


def looked_up(host: str) -> str:
    r"""The ASCII name that the resolver is asked for, since letters of other scripts look like Latin ones.

    Empty where the host is ASCII; with escapes where no resolver takes it.

    >>> looked_up("ex\u0430mple.com"), looked_up("example.com"), looked_up("\u202eexample.com")
    ('xn--exmple-4nf.com', '', '\\u202eexample.com')
    """
    if host.isascii():
        return ""
    try:
        if len(host) <= LONGEST:
            return plain(host.encode("idna").decode("ascii"), LONGEST)
    except UnicodeError:
        pass
    return plain(host[:LONGEST].encode("ascii", "backslashreplace").decode("ascii"), LONGEST)
