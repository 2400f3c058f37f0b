"""Random ticks for engine tests, as a batch and as oracle ticks, and comparison of tables."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

import numpy as np

from orderflow.market.bars.footprint import BarTable
from orderflow.market.columns import BAR_COLUMNS, FOOTPRINT_COLUMNS, Fixed, Times, bar_columns, footprint_columns
from orderflow.market.ticks import SideRule, TickBatch
from tests.oracle.oracle import Tick

START = 1_790_000_000_000_000_000
"""2026-09-21 14:13:20 UTC, which is not the start of a bar."""


@dataclass(frozen=True)
class Drawn:
    """A random walk of n ticks, 0.25 a tick of price, in time order, ids ascending."""

    batch: TickBatch

    @property
    def oracle(self) -> list[Tick]:
        b = self.batch
        return [
            Tick(
                int(b.time[i]),
                Decimal(int(b.price[i])).scaleb(-b.price_decimals),
                Decimal(int(b.size[i])).scaleb(-b.size_decimals),
                None if b.rule[i] == SideRule.TICK else int(b.side[i]),
                int(b.id[i]),
            )
            for i in range(len(b))
        ]


def draw(seed: int, *, most: int = 300, sides: str | None = None) -> Drawn:
    """Ticks over a minute, an hour or two days, with equal times, and sides by flag, tick rule, both or unknown."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, most))
    span = int(rng.choice([90, 3_600, 50 * 3_600]))
    time = np.sort(rng.integers(0, span * 1_000, n)) * 1_000_000 + START
    if rng.random() < 0.5:
        time = time // 1_000_000_000 * 1_000_000_000
    kind = sides or str(rng.choice(["flag", "tick", "mixed", "none"]))
    side = rng.choice(np.array([-1, 1], np.int8), n)
    rule = np.full(n, int(SideRule.FLAG), np.int8)
    unflagged = rng.random(n) < 0.5 if kind == "mixed" else np.full(n, kind != "flag")
    side[unflagged] = 0
    rule[unflagged] = int(SideRule.NONE if kind == "none" else SideRule.TICK)
    # adjacent levels, so that the inferred tick size is 0.25 and not a multiple of it
    steps = rng.integers(-1, 2, n)
    steps[1:3] = 1
    price = (40_000 + np.cumsum(steps)) * 25
    return Drawn(TickBatch("X", time, price, rng.integers(0, 90, n), side, rule, np.arange(n) * 3, 2, 1))


def same(a: BarTable, b: BarTable, about: object) -> None:
    """Assert that all columns of two tables are equal."""
    assert len(a) == len(b), (about, len(a), len(b))
    for column in fields(a):
        x, y = getattr(a, column.name), getattr(b, column.name)
        if isinstance(x, np.ndarray):
            assert np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), (about, column.name, x[:8], y[:8])
        elif column.name not in ("frame", "symbol"):
            assert x == y, (about, column.name)


def rows(table: BarTable, what: str = "bars") -> list[dict[str, object]]:
    """The public columns as rows with the oracle's keys: times in ns, numbers as Decimal."""
    columns = bar_columns(table) if what == "bars" else footprint_columns(table)
    assert list(columns) == (BAR_COLUMNS if what == "bars" else FOOTPRINT_COLUMNS)
    values: list[list[object]] = []
    for column in columns.values():
        if isinstance(column, Times):
            values.append(list(column.ns.tolist()))
        elif isinstance(column, Fixed):
            values.append([Decimal(word) if word else None for word in column.text()])
        else:
            values.append(list(column))
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
