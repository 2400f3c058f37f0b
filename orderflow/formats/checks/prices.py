"""Prices of 0 and below in a file: trades where they stand near their neighbours, else no prices.

Spreads trade below zero, and in April 2020 oil did. Many files write 0, -1 or -999 where there is no price. What stands
near the price before it is a trade; what stands alone is left out and counted. The neighbours of a price are found in
later chunks too, so the size of the chunks changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.market.ticks import TickBatch

_STEPS = 10
_RATIO = 10
_FEW_STEPS = 100
"""Prices of a symbol that tell its typical step."""
_ROWS = 1000
"""Rows of the file in which the later neighbours of a price are looked for."""

Following = Callable[[], Iterable[ParsedTicks]]
"""The chunks after the present one, which are read as far as they are iterated."""


@dataclass(slots=True)
class _Symbol:
    """The last price taken, the first prices above zero, and their typical step, known from the first price below."""

    last: float = np.nan
    first: list[float] = field(default_factory=list)
    step: float | None = None


@dataclass(slots=True)
class Prices:
    """Sorts the prices of 0 and below of one file. keep: True takes all, False none, None decides by neighbours.

    below: symbols with trades at 0 or below, and their number. missing: rows that had no price.
    """

    keep: bool | None = None
    below: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    _symbols: dict[str, _Symbol] = field(default_factory=dict)

    def sorted(self, parsed: ParsedTicks, following: Following = tuple) -> ParsedTicks:
        """The ticks of a chunk without those that have no price. The chunks of a file are given in order."""
        pairs = [
            (batch, self._of(batch, rows, following))
            for batch, rows in zip(parsed.batches, parsed.origins, strict=True)
        ]
        if all(keep is None for _, keep in pairs):
            return parsed
        batches, origins = [], []
        for (batch, keep), rows in zip(pairs, parsed.origins, strict=True):
            if keep is None:
                batches.append(batch)
                origins.append(rows)
            elif keep.any():
                batches.append(batch.take(keep))
                origins.append(rows[keep])
        return replace(parsed, batches=batches, origins=origins)

    def _of(self, batch: TickBatch, rows: Ints, following: Following) -> Flags | None:
        """bool[n]: the ticks that have a price, None for all."""
        state = self._symbols.setdefault(batch.symbol, _Symbol())
        price = batch.price / 10.0**batch.price_decimals
        if int(batch.price.min()) > 0:
            state.last = float(price[-1])
            state.first += price[: max(0, _FEW_STEPS - len(state.first))].tolist()
            return None
        keep = self._trades(batch.symbol, price, rows, following)
        missing = len(keep) - int(np.count_nonzero(keep))
        below = int(np.count_nonzero(keep & (batch.price <= 0)))
        self.missing += missing
        if below:
            self.below[batch.symbol] = self.below.get(batch.symbol, 0) + below
        return keep if missing else None

    def _trades(self, symbol: str, price: Floats, rows: Ints, following: Following) -> Flags:
        """bool[n]: which prices are those of trades. rows: int64[n], ascending."""
        keep = np.ones(len(price), np.bool_)
        if self.keep is not None:
            keep[price <= 0] = self.keep
            return keep
        state = self._symbols[symbol]

        def later(i: int, end: int, most: int = _ROWS) -> Iterator[float]:
            """The prices after `i`, as far as they count, `most` of them. end: where they stop counting here."""
            here = price[i + 1 : min(i + 1 + most, end)].tolist()
            yield from here
            yield from islice(_prices(symbol, following(), int(rows[i]) + _ROWS), most - len(here))

        below = np.flatnonzero(price <= 0)
        for i, end in zip(below.tolist(), np.searchsorted(rows, rows[below] + _ROWS).tolist(), strict=True):
            if state.step is None:
                state.step = _step([*state.first, *price[:i].tolist()], later(i, end))
            before = price[i - 1] if i and keep[i - 1] else state.last
            after = next((p for p in later(i, end, _STEPS) if not _is_mark(p)), np.nan)
            keep[i] = _is_near(float(price[i]), float(before), float(after), state.step)
            if i and keep[i - 1]:
                state.last = float(price[i - 1])
        taken = price[keep]
        if len(taken):
            state.last = float(taken[-1])
        return keep


def _prices(symbol: str, chunks: Iterable[ParsedTicks], end: int) -> Iterator[float]:
    """The prices of a symbol before row `end`."""
    for chunk in chunks:
        if chunk.first_row >= end:
            return
        for batch, rows in zip(chunk.batches, chunk.origins, strict=True):
            if batch.symbol == symbol:
                yield from (batch.price[rows < end] / 10.0**batch.price_decimals).tolist()


def _step(before: list[float], later: Iterator[float]) -> float:
    """The typical step of the first prices above 0, some before the first other one and some later."""
    above = list(islice((p for p in chain(before, later) if p > 0), _FEW_STEPS))
    return float(np.median(np.abs(np.diff(above)))) if len(above) > 1 else 0.0


def _is_mark(price: float) -> bool:
    """Whether a price is one that files write where there is none: 0, -1, -9, -99, -999 and so on."""
    return price in (0, -1) or (price < 0 and price == int(price) and set(str(int(-price))) == {"9"})


def _is_near(price: float, before: float, after: float, step: float) -> bool:
    """Whether a price of 0 or below stands near one of its neighbours, which can be unknown (NaN)."""
    known = [p for p in (before, after) if not np.isnan(p)]
    if not known:
        return not _is_mark(price)
    if any(abs(price - p) <= max(_STEPS * step, abs(p) / 2) for p in known):
        return True
    if _is_mark(price):
        return price == 0 and any(p < 0 for p in known)
    if any(p < 0 or p / _RATIO <= -price <= _RATIO * p for p in known):
        return True
    return len(known) == 1 and known[0] <= -price
