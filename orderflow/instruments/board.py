"""What a list of many instruments shows: search, order, and the short window of prices behind a sparkline.

Functions of instruments, used by pages. Only `Volatilities` keeps something between two calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from orderflow.instruments.instrument import DECIMALS, MIN_PRICE, Instrument
from orderflow.instruments.ring_buffer import RingBuffer

POINTS = 120
"""Prices of a window, at most."""
APART = 450_000_000
"""Least ns between two of them: instruments with a faster pace are thinned out."""
MINUTE = 60e9
PARTS = 12
"""A volatility is computed again when one of so many parts of its window is new."""


class Window(NamedTuple):
    """The newest prices of one instrument, oldest first. times: ns UTC; prices: as they are shown."""

    times: list[int]
    prices: list[float]


def window(instrument: Instrument, points: int = POINTS) -> Window:
    """The newest prices, at most `points`, about APART or more from each other; the last one is always among them."""
    history = instrument.history
    last = len(history) - 1
    stride = _stride(instrument)
    times, prices = history.at(range(last, -1, -stride)[:points][::-1])
    return Window(times, [max(round(price, DECIMALS), MIN_PRICE) for price in prices])


def _stride(instrument: Instrument) -> int:
    """Every how many prices are about APART from each other."""
    history = instrument.history
    last = len(history) - 1
    if last < 1:
        return 1
    (begin, end), _ = history.at((0, last))
    return max(1, round(APART * last / (end - begin))) if end > begin else 1


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


class Volatilities:
    """The volatility of each of many instruments, for their order: computed again once a part of its window is new."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[RingBuffer, int, float | None]] = {}

    def of(self, instrument: Instrument) -> float | None:
        """As `volatility` of its window, of now or of a short time ago. For any thread."""
        history, key = instrument.history, instrument.spec.id
        kept = self._kept.get(key)
        if kept is not None and kept[0] is history and history.added < kept[1]:
            return kept[2]
        shown = window(instrument)
        found = volatility(shown)
        self._kept[key] = history, history.added + max(1, len(shown.times) * _stride(instrument) // PARTS), found
        return found


def arrange(instruments: Sequence[Instrument], by: str, known: Volatilities | None = None) -> list[Instrument]:
    """In the order `by`: one of ORDERS, or as they are given for any other name ("id"). known: of earlier calls."""
    key, found = ORDERS.get(by), known or Volatilities()
    return sorted(instruments, key=lambda each: key(each, found)) if key is not None else list(instruments)


def _words(instrument: Instrument) -> str:
    spec = instrument.spec
    return " ".join((spec.id, spec.name, spec.model, "book" if spec.book else "", spec.group or "")).lower()


def _natural(instrument: Instrument) -> list[tuple[int, str]]:
    """Names in the order of their numbers: Item 2 before Item 10."""
    parts = re.split(r"(\d+)", instrument.spec.name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _liveliness(instrument: Instrument, known: Volatilities) -> float:
    found = known.of(instrument)
    return 1.0 if found is None else -found


ORDERS: dict[str, Callable[[Instrument, Volatilities], Any]] = {
    "name": lambda each, known: _natural(each),
    "price": lambda each, known: -each.shown,
    "change": lambda each, known: -change(each),
    "volatility": _liveliness,
}
"""Sort keys by name: names in their natural order, the others highest first."""
