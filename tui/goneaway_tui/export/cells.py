"""Text in a grid of equal cells, as the exports lay it out."""

from __future__ import annotations

from goneaway_tui.model.wrapping import cell_width, wrapped


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, marked by `…` where it lost something.

    >>> cut("UPDATE cart", 8), cut("商店商店", 6), cut("shop", 4)
    ('UPDATE …', '商店…', 'shop')
    """
    if cell_width(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += cell_width(char)
        if used > width - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` in exactly `width` cells.

    >>> fit("db", 4), fit("0:12", 6, right=True)
    ('db  ', '  0:12')
    """
    text = cut(text, width)
    blank = " " * (width - cell_width(text))
    return blank + text if right else text + blank


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` cells, broken between words or wide letters; all but the first begin with `indent`.

    >>> wrap("the account lacks PROCESS", 14, "  "), wrap("账号缺少 PROCESS。看不到", 14, "  ")
    (['the account', '  lacks', '  PROCESS'], ['账号缺少', '  PROCESS。看', '  不到'])
    """
    return [cut(each, width) for each in wrapped(" ".join(text.split()), width, "", indent)]
