"""Integer grid of a symbol: its tick size and size step, set or inferred without rounding.

Level = price / tick size. The tick size comes from the instrument's settings, or is inferred as the coarsest of
1, 2 and 5**b (b <= d) times 10**-d that all prices are multiples of, where d is the number of decimals they need:
25263.25 and 25263.5 give 0.25, 81.01 and 81.1 give 0.01, 100.05 and 100.1 give 0.05. The result depends on the set of
prices, not on their order. A price off the grid refines the grid; prices are never moved to a neighbouring level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import gcd

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.errors import BadInput, FieldError
from orderflow.market.buffer import Columns, pack
from orderflow.market.decimals import MAX_UNITS, decimal_units, furthest, largest, unit_text
from orderflow.market.ticks import TickBatch

MAX_LEVEL = 2**31 - 1
MAX_PRODUCT = 2**62


def _coarsest(units: int, decimals: int) -> int:
    """The largest allowed tick (in 10**-decimals) that divides `units`, the gcd of prices with that many decimals."""
    if units % 2 == 0 and decimals:
        return 2
    step = 1
    for _ in range(decimals):
        if units % (step * 5):
            break
        step *= 5
    return step


def _divides(step: int, values: Ints, factor: int) -> bool:
    """Whether every value times `factor` is a multiple of `step`."""
    if len(values) == 1:
        return int(values[0]) * factor % step == 0
    return not (values * factor % step if factor != 1 else values % step).any()


def _rescaled(values: Ints, times: int, by: int) -> tuple[Ints, Flags]:
    """(values * times / by, whether that is a whole number below 2**63); 0 where it is not."""
    fits = np.abs(values) <= MAX_PRODUCT // times
    if by > MAX_PRODUCT:
        fits &= values == 0
        return np.zeros(len(values), np.int64), fits
    product = np.where(fits, values, 0) * times
    quotient = product // by
    fits &= quotient * by == product
    return np.where(fits, quotient, 0), fits


def _within(batch: TickBatch, value: int, most: int, grid: Grid) -> None:
    if value <= most:
        return
    row = int(np.abs(batch.price).argmax())
    reason = (
        f"price {unit_text(int(batch.price[row]), batch.price_decimals)} is beyond {MAX_LEVEL} ticks of the grid that "
        f"this symbol's prices need (now {grid.tick_text}); check the decimals of its prices, or use another symbol"
    )
    raise BadInput(f"row {row}: {reason}", [FieldError(row, "price", reason)])


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid with tick size tick_units / 10**price_decimals and size unit 10**-size_decimals.

    tick_units: 0 before the first price. fixed: the tick size is set, not inferred.
    """

    tick_units: int = 0
    price_decimals: int = 0
    size_decimals: int = 0
    fixed: bool = False

    @property
    def tick(self) -> float:
        """The tick size as a float, for charts."""
        return float(self.tick_units / 10**self.price_decimals)

    @property
    def tick_text(self) -> str:
        """The tick size as exact decimal text."""
        return unit_text(self.tick_units, self.price_decimals)

    @staticmethod
    def of(tick_size: Decimal | None, size_step: Decimal | None) -> Grid:
        """A grid from an instrument's settings. Raises BadInput unless the sizes are positive decimals."""
        grid = Grid()
        for field, value in (("tick_size", tick_size), ("size_step", size_step)):
            if value is None:
                continue
            try:
                units, decimals = decimal_units(value)
            except ValueError as error:
                raise BadInput(f"{field}: {error}", [FieldError(None, field, str(error))]) from error
            if units <= 0:
                raise BadInput(f"{field} must be above 0", [FieldError(None, field, "must be above 0")])
            if field == "tick_size":
                grid = replace(grid, tick_units=units, price_decimals=decimals, fixed=True)
            else:
                grid = replace(grid, size_decimals=decimals)
        return grid

    def holding(self, batch: TickBatch) -> Grid:
        """This grid if every tick of `batch` fits it, else the coarsest finer one that does.

        Raises BadInput, naming the row, if a price or size cannot be stored exactly together with the others.
        """
        grid = self
        highest, biggest = furthest(batch.price), largest(batch.size)
        decimals = max(self.price_decimals, batch.price_decimals)
        factor = 10 ** (decimals - batch.price_decimals)
        _within(batch, highest * factor, 2**62, self)
        mine = self.tick_units * 10 ** (decimals - self.price_decimals)
        if not mine or not _divides(mine, batch.price, factor):
            together = gcd(mine, int(np.gcd.reduce(batch.price * factor)))
            while decimals and together % 10 == 0:
                together, decimals = together // 10, decimals - 1
            if not self.fixed:
                together = _coarsest(together, decimals)
            grid = replace(grid, tick_units=together, price_decimals=decimals)
        if batch.size_decimals > self.size_decimals:
            grid = replace(grid, size_decimals=batch.size_decimals)
        top = highest * 10 ** max(0, grid.price_decimals - batch.price_decimals)
        unit = grid.tick_units * 10 ** max(0, batch.price_decimals - grid.price_decimals)
        _within(batch, top // unit, MAX_LEVEL, grid)
        if biggest * 10 ** (grid.size_decimals - batch.size_decimals) > MAX_UNITS:
            row = int(batch.size.argmax())
            size = unit_text(int(batch.size[row]), batch.size_decimals)
            reason = f"size {size} is too large to be kept exactly with {grid.size_decimals} decimals"
            raise BadInput(f"row {row}: {reason}", [FieldError(row, "size", reason)])
        return grid

    def check_span(self, batch: TickBatch, held: Sequence[int] = ()) -> None:
        """Refuse a batch whose levels lie further from one another, or from those `held`, than levels may.

        Only prices below 0 can do so. Raises BadInput, naming the row.
        """
        levels = self.columns(batch).level
        low, high = min(int(levels.min()), *held, MAX_LEVEL), max(int(levels.max()), *held, -MAX_LEVEL)
        if high - low <= MAX_LEVEL:
            return
        row = int(np.maximum(high - levels, levels - low).argmax())
        reason = (
            f"price {unit_text(int(batch.price[row]), batch.price_decimals)} is more than {MAX_LEVEL} ticks of "
            f"{self.tick_text} from others of the symbol; check it, or use another symbol"
        )
        raise BadInput(f"row {row}: {reason}", [FieldError(row, "price", reason)])

    def columns(self, batch: TickBatch) -> Columns:
        """The batch as levels and size units of this grid, which it must fit (see `holding`)."""
        price = batch.price
        if self.price_decimals >= batch.price_decimals:
            level = price * 10 ** (self.price_decimals - batch.price_decimals) // self.tick_units
        else:
            level = price // (self.tick_units * 10 ** (batch.price_decimals - self.price_decimals))
        size = batch.size
        if self.size_decimals != batch.size_decimals:
            size = size * 10 ** (self.size_decimals - batch.size_decimals)
        return Columns(batch.time, level, size, pack(batch.side, batch.rule), batch.id)

    def converted(self, batch: TickBatch) -> tuple[Ints, Ints, Flags]:
        """Any batch as (levels int64[n], size units int64[n], bool[n]: which ticks fit this grid exactly)."""
        price = max(0, self.price_decimals - batch.price_decimals), max(0, batch.price_decimals - self.price_decimals)
        size = max(0, self.size_decimals - batch.size_decimals), max(0, batch.size_decimals - self.size_decimals)
        levels, on_grid = _rescaled(batch.price, 10 ** price[0], self.tick_units * 10 ** price[1])
        sizes, in_units = _rescaled(batch.size, 10 ** size[0], 10 ** size[1])
        return levels, sizes, on_grid & in_units

    def factors_to(self, finer: Grid) -> tuple[int, int]:
        """(level factor, size factor) that convert this grid's integers to those of a finer grid."""
        shift = finer.price_decimals - self.price_decimals
        units = self.tick_units * 10 ** max(0, shift)
        level = units // (finer.tick_units * 10 ** max(0, -shift)) if self.tick_units else 1
        return level, 10 ** (finer.size_decimals - self.size_decimals)
