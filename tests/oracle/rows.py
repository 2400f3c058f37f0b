"""Reference implementation of the row size and of the marks of a ladder in rows, in plain loops over Decimal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from tests.oracle import oracle
from tests.oracle.activity import activity
from tests.oracle.oracle import Cell, Cells, Tick
from tests.oracle.studies import unfinished

MOST_ROWS = 25


def row_prices(tick: Decimal) -> list[Decimal]:
    """Heights of a row to choose from, ascending: one tick, then the round prices that are multiples of it."""
    found = {tick}
    for power in range(-12, 10):
        for factor in ("1", "2", "2.5", "5"):
            price = Decimal(factor).scaleb(power)
            if price > tick and price % tick == 0:
                found.add(price)
    return sorted(found)


def row_size(bars: Sequence[Sequence[Tick]], tick: Decimal) -> int:
    """Ticks in a row such that the median bar has at most MOST_ROWS. bars: the ticks of each."""
    for price in row_prices(tick):
        heights = []
        for held in bars:
            rows = [one.price // price for one in held]
            heights.append(max(rows) - min(rows) + 1)
        if median(heights) <= MOST_ROWS:
            return int(price / tick)
    raise AssertionError("no row is that high")


def bars_of(ticks: Sequence[Tick], frame: str, tick: Decimal, session: str = "UTC 00:00") -> list[list[Tick]]:
    """The ticks of each bar, in time order; frame: of time or of activity. tick: the tick size."""
    kind, _, n = frame.partition(":")
    if n:
        size = Decimal(n) * (tick if kind == "range" else 1)
        return [[piece.tick for piece in bar] for bar in activity(kind, size, ticks, session)]
    return [held for _, held in oracle.grouped(ticks, frame, session)]


def last_session(ticks: Sequence[Tick], session: str = "UTC 00:00") -> list[Tick]:
    """The ticks of the last session that a later one follows; none if there is only one."""
    starts = [oracle.session_start(tick.time, session) for tick in ticks]
    over = [start for start in starts if start < max(starts)]
    return [tick for tick, start in zip(ticks, starts, strict=True) if over and start == max(over)]


@dataclass(frozen=True)
class Marks:
    """What a chart draws of one bar. Prices are those at which rows begin. rows: (bid, ask, unknown) by row."""

    rows: dict[Decimal, tuple[Decimal, Decimal, Decimal]]
    poc: Decimal
    area: tuple[Decimal, Decimal]
    buy: set[Decimal]
    sell: set[Decimal]
    zones: list[tuple[int, Decimal, Decimal]]
    unfinished: tuple[bool, bool]


def in_rows(cells: Cells, height: Decimal) -> Cells:
    """The cells summed in rows of a height."""
    found: Cells = {}
    for price, cell in cells.items():
        row = found.setdefault(price // height * height, Cell())
        row.bid += cell.bid
        row.ask += cell.ask
        row.unknown += cell.unknown
        row.trades += cell.trades
    return found


def marks(held: Sequence[Tick], tick: Decimal, rows: int) -> Marks:
    """The marks of one bar with so many ticks in a row: all on the rows, but the unfinished auctions on ticks."""
    cells, height = oracle.ladder(held), tick * rows
    shown = in_rows(cells, height)
    buy, sell = oracle.imbalances(shown, height)
    zones = [(1, *run) for run in oracle.stacked(buy, height)] + [(-1, *run) for run in oracle.stacked(sell, height)]
    sums = {price: (cell.bid, cell.ask, cell.unknown) for price, cell in shown.items()}
    area = oracle.value_area(shown, height)
    return Marks(sums, oracle.poc(shown), area, buy, sell, zones, unfinished(cells))
