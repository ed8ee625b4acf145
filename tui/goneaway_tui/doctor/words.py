"""Figures as a colleague would say them, exact where they are."""

from __future__ import annotations

_TIMES = ((86_400, "days"), (3600, "hours"), (60, "minutes"))
_SIZES = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def seconds_words(seconds: float) -> str:
    """
    >>> seconds_words(28800), seconds_words(61), seconds_words(0.009), seconds_words(90000.5)
    ('28800 s (8 hours)', '61 s', '0.009 s', '90000 s (25 hours)')
    """
    exact = f"{seconds:.3f}".rstrip("0").rstrip(".") if seconds < 60 else f"{seconds:.0f}"
    for length, unit in _TIMES:
        amount = round(seconds / length, 1)
        if seconds >= 2 * length:
            return f"{exact} s ({'' if amount * length == round(seconds) else 'about '}{amount:g} {unit})"
    return f"{exact} s"


def bytes_words(size: float) -> str:
    """
    >>> bytes_words(67108864), bytes_words(1300077), bytes_words(12)
    ('64 MiB', '1.2 MiB (1300077 bytes)', '12 bytes')
    """
    for length, unit in _SIZES:
        if size >= length:
            amount = f"{size / length:.1f}".removesuffix(".0")
            return f"{amount} {unit}" if size % length == 0 else f"{amount} {unit} ({size:.0f} bytes)"
    return f"{size:.0f} bytes"
