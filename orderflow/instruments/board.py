"""What a list of many instruments shows: search, order, and the short window of prices behind a sparkline.

Pure functions of instruments, used by pages; nothing here is kept between two calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from orderflow.instruments.instrument import DECIMALS, MIN_PRICE, Instrument

POINTS = 120
"""Prices of a window, at most."""
APART = 450_000_000
"""Least ns between two of them: instruments with a faster pace are thinned out."""
MINUTE = 60e9


class Window(NamedTuple):
    """The newest prices of one instrument, oldest first. times: ns UTC; prices: as they are shown."""

    times: list[int]
    prices: list[float]


def window(instrument: Instrument, points: int = POINTS) -> Window:
    """The newest prices, at most `points`, about APART or more from each other; the last one is always among them."""
    times, prices = instrument.history.last()
    last = len(times) - 1
    step = (times[-1] - times[0]) / last if last > 0 else 0.0
    stride = max(1, round(APART / step)) if step > 0 else 1
    kept = range(last, -1, -stride)[:points][::-1]
    return Window([times[k] for k in kept], [max(round(prices[k], DECIMALS), MIN_PRICE) for k in kept])


def volatility(shown: Window) -> float | None:
    """Share by which the price moves in a minute: √(Σ r² · 60 s / T) over the window; None with fewer than 3 prices."""
    times, prices = shown
    if len(times) < 3 or times[-1] <= times[0]:
        return None
    returns = np.diff(np.log(prices))
    return float(np.sqrt(returns @ returns * MINUTE / (times[-1] - times[0])))


def change(instrument: Instrument) -> float:
    """Change of the shown price since the start, as a share."""
    return instrument.shown / instrument.initial_price - 1.0 if instrument.initial_price > 0 else 0.0


def search(instruments: Iterable[Instrument], text: str) -> list[Instrument]:
    """Those whose id, name, model, "book" or group contain every word of `text`, whatever the case."""
    words = text.lower().split()
    return [each for each in instruments if all(word in _words(each) for word in words)] if words else list(instruments)


def arrange(instruments: Sequence[Instrument], by: str) -> list[Instrument]:
    """In the order `by`: one of ORDERS, or as they are given for any other name ("id")."""
    key = ORDERS.get(by)
    return sorted(instruments, key=key) if key is not None else list(instruments)


def _words(instrument: Instrument) -> str:
    spec = instrument.spec
    return " ".join((spec.id, spec.name, spec.model, "book" if spec.book else "", spec.group or "")).lower()


def _natural(instrument: Instrument) -> list[tuple[int, str]]:
    """Names in the order of their numbers: Item 2 before Item 10."""
    parts = re.split(r"(\d+)", instrument.spec.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _liveliness(instrument: Instrument) -> float:
    found = volatility(window(instrument))
    return 1.0 if found is None else -found


ORDERS: dict[str, Callable[[Instrument], Any]] = {
    "name": _natural,
    "price": lambda each: -each.shown,
    "change": lambda each: -change(each),
    "volatility": _liveliness,
}
"""Sort keys by name: names in their natural order, the others highest first."""
