"""The colours and letters of the drawn formats. A risk is a word first: no meaning hangs on these alone."""

from __future__ import annotations

from collections.abc import Iterator

from goneaway_tui.model.snapshot import Risk

LIGHT = {
    Risk.OVERDUE: "#9c1583",
    Risk.IMMINENT: "#b42318",
    Risk.WATCH: "#8a5a00",
    Risk.CALM: "#1a6b3c",
    Risk.BUSY: "#175cd3",
    Risk.EXEMPT: "#5d6675",
}
DARK = {
    Risk.OVERDUE: "#ff8ad8",
    Risk.IMMINENT: "#ff8a80",
    Risk.WATCH: "#f5c451",
    Risk.CALM: "#7ddc9a",
    Risk.BUSY: "#8ab4ff",
    Risk.EXEMPT: "#a0a7b4",
}
SANS = 'system-ui, sans-serif, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei"'
MONO = 'ui-monospace, monospace, "Noto Sans Mono CJK SC", "PingFang SC", "Microsoft YaHei"'
"""Letters, and letters of one width. What has Chinese ones comes last: it would draw Latin ones in another width."""
PAPER, INK, FAINT = ("#ffffff", "#14161a"), ("#1b1f24", "#e6e8eb"), ("#5d6675", "#a0a7b4")
"""Each for light and for dark."""


def rules(colours: dict[Risk, str], attribute: str) -> Iterator[str]:
    """One style rule a risk; `attribute` is what takes the colour."""
    for risk, colour in colours.items():
        yield f".{risk.value} {{ {attribute}: {colour}; }}"
