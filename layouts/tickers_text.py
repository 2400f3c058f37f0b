"""Prices, changes, ages and states of tickers as text. Unknown numbers are "–"."""

from __future__ import annotations

import math

from layouts.instruments_text import UNKNOWN, number, percent

STATES = {
    "live": "Live",
    "simulated": "Simulated",
    "stale": "Stale",
    "connecting": "Connecting",
    "reconnecting": "Reconnecting",
    "backfilling": "Backfilling",
    "offline": "Offline",
}
"""The states of a quote in words."""
FRESH = 10
"""A price is not given an age while it is younger than that, in seconds."""
DIGITS = 6


def price_text(price: float | None) -> str:
    """A price with two decimals, more below 100: 67,250.12, 0.162345."""
    if price is None or not math.isfinite(price):
        return UNKNOWN
    size = abs(price)
    decimals = 2 if size >= 100 or size == 0 else min(10, DIGITS - 1 - math.floor(math.log10(size)))
    text = number(price, decimals)
    return text if decimals <= 2 else _trimmed(text)


def _trimmed(text: str) -> str:
    """Without zeros at the end, but with two decimals at least."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0').ljust(2, '0')}"


def change_text(share: float | None) -> str:
    """A change with an arrow as a second cue beside its colour: "▲ +1.20 %"; "–" where it is not known."""
    if share is None:
        return UNKNOWN
    arrow = "▲" if share >= 0.00005 else "▼" if share <= -0.00005 else "■"
    return f"{arrow} {percent(share)}"


def direction(share: float | None) -> str:
    """ "up", "down" or "" of a change."""
    if share is None or abs(share) < 0.00005:
        return ""
    return "up" if share > 0 else "down"


def age_text(seconds: float) -> str:
    """An age in one unit: "12 s", "3 min", "5 h", "2 d"."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def state_text(state: str, seconds: float | None, reason: str = "") -> str:
    """The state of a quote, with its age where it is not fresh: "Stale, last trade 3 min ago: no message for 60 s".

    seconds: since the newest trade, None before the first.
    """
    words = STATES.get(state, state)
    if seconds is None:
        words += ", no trade yet"
    elif seconds >= FRESH:
        words += f", last trade {age_text(seconds)} ago"
    return f"{words}: {reason}" if reason and state not in ("live", "simulated") else words
