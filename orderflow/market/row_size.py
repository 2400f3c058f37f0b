"""The automatic row size: how many levels one row of the footprint has, by symbol and frame.

It is the smallest round price step for which the median bar of the last complete session, from its low to its high, has
at most MOST_ROWS rows. A session is complete once a later one has trades; until there is one, the bars held are
measured. Once it is chosen it stays for the session, whatever comes, also after a restart (`market.kept_sizes`); before
ENOUGH bars are held there is nothing to choose from, and what is shown is measured again as they come.

Screens and zooms play no part, so that two readers of the same bars see the same marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Ints
from orderflow.market.grid import MAX_LEVEL, Grid

MOST_ROWS = 25
"""Most rows of the median bar."""
MOST_SIZES = 64
"""Frames of one symbol whose size is kept; of more the one that was chosen first is chosen again when it is shown."""
ENOUGH = 20
"""Bars from which a size is chosen while no session is complete."""


@dataclass(frozen=True, slots=True)
class RowSize:
    """An automatic row size in force.

    rows: levels in a row. until: end of the session for which it is fixed (ns UTC). bars: how many held bars it was
    measured on, 0 if on a complete session. revision: of the symbol, since when these rows are in force.
    """

    rows: int
    until: int
    bars: int
    revision: int

    @property
    def note(self) -> str:
        """What a legend says of a size that is not fixed for its session yet, else ""."""
        return f"rows measured on {self.bars} bars so far" if 0 < self.bars < ENOUGH else ""

    def holds(self, newest: int, held: int) -> bool:
        """Whether it stays. newest: time of the latest tick (ns UTC). held: number of bars held now.

        A size measured on fewer than ENOUGH bars is measured again when their number has doubled, and when there are
        enough.
        """
        few = 0 < self.bars < ENOUGH and held >= min(2 * self.bars, ENOUGH)
        return newest < self.until and not few


def row_sizes(grid: Grid) -> Iterator[int]:
    """Row sizes in levels, ascending: one tick, then those whose price step is 1, 2, 2.5 or 5 times a power of ten.

    A tick size that divides no such price, like 3, gives these multiples of the tick instead.
    """
    yield 1
    unit = max(grid.tick_units, 1)
    odd = unit
    for prime in (2, 5):
        while odd % prime == 0:
            odd //= prime
    unit //= odd
    decade = 1
    while decade <= unit * MAX_LEVEL:
        for quarter in (4, 8, 10, 20):  # of the decade; 2.5 is a whole number only from the second decade on
            step, rest = divmod(quarter * decade, 4)
            if not rest and step > unit and step % unit == 0:
                yield step // unit
        decade *= 10


def measure(grid: Grid, high: Ints, low: Ints) -> int:
    """Levels in a row such that the median bar has at most MOST_ROWS rows. high, low: int64[n], levels of the bars."""
    if len(high):
        for rows in row_sizes(grid):
            if np.median(high // rows - low // rows + 1) <= MOST_ROWS:
                return rows
    return 1
