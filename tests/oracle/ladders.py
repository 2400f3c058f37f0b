"""Hypothesis strategies for random ladders with gaps and random ticks, for the engine and the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.oracle.oracle import Cell, Cells, Tick

Ints = npt.NDArray[np.int64]
TICK = Decimal("0.25")


@dataclass(frozen=True)
class Ladder:
    """One bar's levels (in ticks of 0.25) as the engine's columns and as the oracle's cells."""

    level: Ints
    bid: Ints
    ask: Ints
    unknown: Ints

    @property
    def volume(self) -> Ints:
        return self.bid + self.ask + self.unknown

    @property
    def cells(self) -> Cells:
        columns = (self.level.tolist(), self.bid.tolist(), self.ask.tolist(), self.unknown.tolist())
        return {
            level * TICK: Cell(Decimal(bid), Decimal(ask), Decimal(unknown))
            for level, bid, ask, unknown in zip(*columns, strict=True)
        }

    def price(self, index: int) -> Decimal:
        return int(self.level[index]) * TICK


def ladder(rows: list[tuple[int, int, int, int]]) -> Ladder:
    """A ladder of (level, bid, ask, unknown) rows in any order."""
    table = np.array(sorted(rows), np.int64).reshape(-1, 4)
    return Ladder(*table.T.copy())


@st.composite
def ladders(draw: st.DrawFn, most: int = 24, volume: int = 12) -> Ladder:
    """1 to `most` levels; small volumes, so that ties abound; gaps of 0 to 9 ticks, now and then a wide one."""
    gap = st.one_of(st.just(1), st.just(1), st.integers(1, 10), st.integers(1, 120))
    size = st.one_of(st.integers(0, volume), st.just(0), st.integers(0, 4))
    gaps = draw(st.lists(gap, min_size=1, max_size=most))
    first = draw(st.integers(1, 500))
    levels = np.cumsum([first, *gaps[1:]]).tolist()
    return ladder([(level, draw(size), draw(size), draw(st.sampled_from([0, 0, 0, 1, 3]))) for level in levels])


@st.composite
def ticks(draw: st.DrawFn, most: int = 40, hours: float = 1, ruled: bool = False) -> list[Tick]:
    """Ticks in time order with ties in time, equal rows, zero sizes, all sides and (with `ruled`) sides to be found."""
    side = st.sampled_from([1, -1, 0, None] if ruled else [1, -1, 0])
    step = st.one_of(st.just(0), st.integers(0, 5_000_000_000), st.integers(0, int(hours * 3_600_000_000_000)))
    time = draw(st.integers(1_760_000_000, 1_765_000_000)) * 1_000_000_000
    level = draw(st.integers(100, 200))
    out = []
    for _ in range(draw(st.integers(1, most))):
        time += draw(step)
        level = max(1, level + draw(st.integers(-4, 4)))
        out.append(Tick(time, level * TICK, Decimal(draw(st.integers(0, 12))), draw(side)))
    return out
