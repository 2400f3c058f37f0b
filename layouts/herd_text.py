"""Numbers, times and addresses of the herd game as text for the big screen. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

NONE = "–"
MINUS = "−"
SIGNS = {
    **{"news": "⚡", "round": "◷", "dividend": "+", "phase": "●", "join": "→", "kick": "✕", "bots": "⚙", "undo": "↶"},
    **{"experiment": "⚖", "clear": "✕", "code": "→"},
}
"""Of the kinds of events, on the big screen and in the replay."""


def known(value: float | None) -> bool:
    """Whether there is a number to write."""
    return isinstance(value, int | float) and math.isfinite(value)


def number(value: float | None, digits: int = 0) -> str:
    """A number with digit groups: number(-5000, 2) is "−5,000.00"; "–" for none."""
    if value is None or not known(value):
        return NONE
    text = f"{abs(value):,.{digits}f}"
    return (MINUS if value < 0 and re.search("[1-9]", text) else "") + text


def first_sentence(words: str) -> str:
    """The first sentence of a message, with a capital letter."""
    first = words.partition(". ")[0]
    return first[:1].upper() + first[1:]


def full(count: int, idle: int) -> str:
    """What is said of a game that is full while idle participants hold places."""
    held = f"{number(idle)} of {number(count)} never sent an order and have no page open"
    return f"The game is full, but {held}: make room under People"


def price(value: float | None) -> str:
    """A price: two decimals, none from 100,000 on; below 0.1 as many as two significant digits need, at least four."""
    if value is None or not known(value):
        return NONE
    size = abs(value)
    if size == 0 or size >= 0.1:
        return number(value, 0 if size >= 100_000 else 2)
    return number(value, max(4, 1 - math.floor(math.log10(size))))


def money(value: float | None) -> str:
    """An amount on the leaderboard: whole, or in millions from a million on."""
    if value is None or not known(value):
        return NONE
    return f"{number(value / 1e6, 2)}M" if abs(value) >= 1e6 else number(value)


def signed(value: float | None, write: Callable[[float | None], str]) -> str:
    """The text of `write` with a sign in front; "±" where it is rounded to nothing."""
    if value is None or not known(value):
        return NONE
    text = write(abs(value))
    return (("+" if value > 0 else MINUS) if re.search("[1-9]", text) else "±") + text


def span(seconds: float) -> str:
    """Seconds as "1:05", from an hour on as "1:01:05"; never below "0:00"."""
    whole = max(0, math.floor(seconds + 0.5))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def way(change: float, least: float = 0.0) -> str:
    """ "up", "down" or, for less than `least` either way, "flat"."""
    return "up" if change > least else "down" if change < -least else "flat"


def arrow(of: str) -> str:
    """A sign beside the colour of a change. of: a result of `way`."""
    return {"up": "▲", "down": "▼"}.get(of, "■")


def address(url: str, code: str) -> str:
    """An address without what nobody types: the scheme, and the code that stands beside it."""
    text = re.sub("^https?://", "", url)
    return text.removesuffix(f"/{code}") if code else text


def statistic(key: str, value: float | None) -> str:
    """A figure of the statistics by its key."""
    if key == "imbalance":
        return signed(value, lambda share: f"{number(100 * (share or 0))} %")
    if key == "net_position":
        return signed(value, number)
    return number(value, 2 if key == "gini" else 0)


def percent(share: float) -> str:
    """A share as a whole percentage, without its sign."""
    return number(math.floor(100 * share + 0.5))
