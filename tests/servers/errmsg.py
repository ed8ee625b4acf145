"""The messages that servers write in other languages: `python -m tests.servers.errmsg` writes them to the package.

A server ships its messages as `share/<language>/errmsg.sys`. The table keeps those of them that tell of sessions' ends,
from every server that is here, without widths: `%lld` is `%d`, and `%-.64s` is `%s`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from goneaway_tui.logs.translations import TABLE, TranslatedMessage
from tests.servers.private import NAMES, Missing, find

NUMBERS: Final = (1040, 1045, 1077, 1079, 1080, 1152, 1153, 1158, 1159, 1160, 1161, 1184, 1408, 1698, 1927)
MOST_MESSAGES: Final = 1000
"""Numbers begin at 1000; those of the servers' first range follow one another without a gap."""
OF_SESSIONS: Final = re.compile(
    r"Aborted connection|communication packets|max_allowed_packet|Too many connections|shutdown|Shutdown|Forcing close"
    r"|ready for connections|Access denied for user|Connection was killed"
)
"""The English of what is meant: beyond 1900 the two flavours number other messages alike."""

HEAD: Final = """\
# What MySQL and MariaDB write of sessions' ends, and of their own, in the languages of lc_messages.
# Taken from share/<language>/errmsg.sys of {servers} by tests/servers/errmsg.py, which is also how to renew it.
# Columns: error number, language, text. %d is a number, %s any text; what is not translated is absent.
"""


def messages(file: Path) -> list[str]:
    """All texts of one errmsg.sys, by their number less 1000 as far as its first range goes."""
    data = file.read_bytes()
    (size,) = struct.unpack_from("<I", data, 6)
    return [text.decode("utf-8") for text in data[-size:].split(b"\0")]


def shipped(share: Path) -> Iterator[TranslatedMessage]:
    """What one server ships of it, the English beside the translations that differ from it."""
    english = messages(share / "english" / "errmsg.sys")
    for file in sorted(share.glob("*/errmsg.sys")):
        own = messages(file)
        for number in NUMBERS:
            text = own[number - MOST_MESSAGES]
            if OF_SESSIONS.search(english[number - MOST_MESSAGES]) and (
                file.parent.name == "english" or text != english[number - MOST_MESSAGES]
            ):
                yield TranslatedMessage(number, file.parent.name, _plain(text))


def _plain(text: str) -> str:
    text = re.sub(r"%l{0,2}[du]", "%d", text.strip().split("\n")[0])
    return re.sub(r"%-\.\d+s", "%s", text).replace("'%s'%s", "'%s'")


def main() -> None:
    found: set[TranslatedMessage] = set()
    names = []
    for name in NAMES:
        try:
            found |= set(shipped(find(name).share))
        except Missing:
            continue
        names.append(name)
    rows = sorted(found, key=lambda row: (row.number, row.language != "english", row.language, row.text))
    lines = (f"{row.number}\t{row.language}\t{row.text}\n" for row in rows)
    Path(str(TABLE)).write_text(HEAD.format(servers=", ".join(names)) + "".join(lines), "utf-8")


if __name__ == "__main__":
    main()
