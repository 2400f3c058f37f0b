"""Numbers and times of the instruments' page as text. Unknown numbers are "–"; negative ones have a true minus sign."""

from __future__ import annotations

import math
from datetime import UTC, datetime

MINUS = "−"
UNKNOWN = "–"


def number(value: float | None, digits: int = 0) -> str:
    """With `digits` decimals and thousands apart: 1234.5 with 2 is "1,234.50"."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{abs(value):,.{digits}f}"
    return MINUS + text if value < 0 and _any_digit(text) else text


def price(value: float | None) -> str:
    """Two decimals, as prices are traded."""
    return number(value, 2)


def signed(value: float | None, digits: int) -> str:
    """With its sign, also a plus; "±" where all shown digits are 0."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = number(abs(value), digits)
    if not _any_digit(text):
        return "±" + text
    return ("+" if value > 0 else MINUS) + text


def percent(share: float | None, digits: int = 2) -> str:
    """A share as a signed percentage: 0.0123 is "+1.23 %"."""
    return signed(None if share is None else 100 * share, digits) + " %"


def direction(share: float) -> int:
    """1 up, -1 down, 0 neither, as far as two decimals of a percent show it."""
    return 1 if share >= 0.00005 else -1 if share <= -0.00005 else 0


def arrow(share: float) -> str:
    """A second cue beside the colour of a change."""
    return {1: "▲", 0: "■", -1: "▼"}[direction(share)]


def short(value: float | None) -> str:
    """Three significant digits, as a parameter or a figure is read."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size != 0 and (size < 1e-3 or size >= 1e6):
        mantissa, exponent = f"{size:.2e}".split("e")
        power = int(exponent)
        text = f"{mantissa}e{'+' if power >= 0 else MINUS}{abs(power)}"
    else:
        text = f"{float(f'{size:.{6 if size >= 100 else 3}g}'):f}".rstrip("0").rstrip(".")
    return MINUS + text if value < 0 else text


def span(seconds: float) -> str:
    """m:ss, from an hour on h:mm:ss."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def clock(ms: float) -> str:
    """A time (ms since 1970) of the day in UTC, with tenths."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"


def speed(value: float) -> str:
    """Model seconds a second: "5×"."""
    return f"{float(f'{value:.3g}'):g}×"


def _any_digit(text: str) -> bool:
    return any(character in "123456789" for character in text)
