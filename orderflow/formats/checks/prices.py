"""Prices of 0 and below in a file: trades where they stand near their neighbours, else no prices.

Spreads trade below zero, and in April 2020 oil did. Many files write 0, -1 or -999 where there is no price. What stands
near the price before it is a trade; what stands alone is left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from orderflow.arrays import Flags, Floats
from orderflow.formats.parsing.result import ParsedTicks
from orderflow.market.ticks import TickBatch

_STEPS = 10
_RATIO = 10
_FEW_STEPS = 1000


@dataclass(slots=True)
class _Symbol:
    """The last price taken, and typical step of the prices above zero so far."""

    last: float = np.nan
    step: float = 0.0
    known: bool = False


@dataclass(slots=True)
class Prices:
    """Sorts the prices of 0 and below of one file. keep: True takes all, False none, None decides by neighbours.

    below: symbols with trades at 0 or below, and their number. missing: rows that had no price.
    """

    keep: bool | None = None
    below: dict[str, int] = field(default_factory=dict)
    missing: int = 0
    _symbols: dict[str, _Symbol] = field(default_factory=dict)

    def sorted(self, parsed: ParsedTicks) -> ParsedTicks:
        """The ticks without those that have no price."""
        pairs = [self._of(batch, k) for k, batch in enumerate(parsed.batches)]
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

    def _of(self, batch: TickBatch, k: int) -> tuple[TickBatch, Flags | None]:
        state = self._symbols.setdefault(batch.symbol, _Symbol())
        if int(batch.price.min()) > 0:
            state.last = float(batch.price[-1]) / 10.0**batch.price_decimals
            self._learn(state, batch)
            return batch, None
        price = batch.price / 10.0**batch.price_decimals
        keep = self._trades(price, state)
        missing = len(keep) - int(np.count_nonzero(keep))
        below = int(np.count_nonzero(keep & (batch.price <= 0)))
        self.missing += missing
        if below:
            self.below[batch.symbol] = self.below.get(batch.symbol, 0) + below
        return batch, keep if missing else None

    def _learn(self, state: _Symbol, batch: TickBatch) -> None:
        if not state.known and len(batch) > 1:
            steps = np.abs(np.diff(batch.price[:_FEW_STEPS]))
            state.step, state.known = float(np.median(steps)) / 10.0**batch.price_decimals, True

    def _trades(self, price: Floats, state: _Symbol) -> Flags:
        """bool[n]: which prices are those of trades."""
        keep = np.ones(len(price), np.bool_)
        if self.keep is not None:
            keep[price <= 0] = self.keep
            return keep
        above = price[price > 0][:_FEW_STEPS]
        if not state.known and len(above) > 1:
            state.step, state.known = float(np.median(np.abs(np.diff(above)))), True
        for i in np.flatnonzero(price <= 0).tolist():
            before = price[i - 1] if i and keep[i - 1] else state.last
            after = next((p for p in price[i + 1 : i + 1 + _STEPS] if not _is_mark(p)), np.nan)
            keep[i] = _is_near(float(price[i]), float(before), float(after), state.step)
            if i and keep[i - 1]:
                state.last = float(price[i - 1])
        taken = price[keep]
        if len(taken):
            state.last = float(taken[-1])
        return keep


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
