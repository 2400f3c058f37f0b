"""Reference implementation of the market mathematics in plain loops over Decimal, compared with the engine's results.

Written from the definitions alone. It imports nothing of the product, knows no arrays and no cleverness, and is as slow
as that sounds. Prices and sizes are Decimals, times are ns since 1970 UTC, a missing level is a missing key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

SECOND = 1_000_000_000
FRAMES = {
    "1s": 1, "5s": 5, "15s": 15, "30s": 30, "1min": 60, "3min": 180, "5min": 300, "15min": 900, "30min": 1800,
    "1h": 3600, "2h": 7200, "4h": 14400, "1d": 86400,
}  # fmt: skip
ZERO = Decimal(0)


@dataclass(frozen=True)
class Tick:
    """side: 1 buy, -1 sell, 0 unknown, None when the tick rule is to find it. id: a venue's number, None without."""

    time: int
    price: Decimal
    size: Decimal
    side: int | None = 0
    id: int | None = None


@dataclass
class Cell:
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    unknown: Decimal = ZERO
    trades: int = 0

    @property
    def volume(self) -> Decimal:
        return self.bid + self.ask + self.unknown


Cells = dict[Decimal, Cell]
Row = dict[str, Any]


def ordered(ticks: Iterable[Tick]) -> list[Tick]:
    """By (time, venue id, arrival)."""
    return sorted(ticks, key=lambda tick: (tick.time, -1 if tick.id is None or tick.id < 0 else tick.id))


def tick_rule(ticks: Iterable[Tick]) -> list[Tick]:
    """Ticks in order, each side None replaced: up is buy, down is sell, unchanged inherits, 0 before any change."""
    out: list[Tick] = []
    direction = 0
    for tick in ordered(ticks):
        if out and tick.price > out[-1].price:
            direction = 1
        if out and tick.price < out[-1].price:
            direction = -1
        out.append(replace(tick, side=direction) if tick.side is None else tick)
    return out


def session_start(time: int, session: str = "UTC 00:00") -> int:
    """The latest start at or before `time`: every start of the days around it is tried."""
    zone, clock = session.split()
    hour, minute = (int(part) for part in clock.split(":"))
    day = datetime(1970, 1, 1) + timedelta(seconds=time // SECOND)
    starts = []
    for step in range(-4, 5):
        date = day + timedelta(days=step)
        wall = datetime(date.year, date.month, date.day, hour, minute, tzinfo=ZoneInfo(zone))
        start = int(wall.astimezone(UTC).timestamp()) * SECOND
        if start <= time:
            starts.append(start)
    return max(starts)


def bar_start(time: int, frame: str, session: str = "UTC 00:00") -> int:
    length = FRAMES[frame] * SECOND
    if length <= 3600 * SECOND:
        return time - time % length
    start = session_start(time, session)
    return start if frame == "1d" else start + (time - start) // length * length


def ladder(ticks: Iterable[Tick]) -> Cells:
    """The footprint of one bar."""
    cells: Cells = {}
    for tick in ticks:
        cell = cells.setdefault(tick.price, Cell())
        if tick.side == 1:
            cell.ask += tick.size
        elif tick.side == -1:
            cell.bid += tick.size
        else:
            cell.unknown += tick.size
        cell.trades += 1
    return cells


def poc(cells: Cells) -> Decimal:
    most = max(cell.volume for cell in cells.values())
    mid = (min(cells) + max(cells)) / 2
    best: Decimal | None = None
    for price in sorted(cells):
        if cells[price].volume != most:
            continue
        if best is None or abs(price - mid) < abs(best - mid):
            best = price
        elif abs(price - mid) == abs(best - mid):
            delta, rival = (abs(cells[p].ask - cells[p].bid) for p in (price, best))
            if delta > rival:
                best = price
    assert best is not None
    return best


def value_area(
    cells: Cells, tick: Decimal, *, share: Fraction = Fraction(7, 10), rows: int = 2
) -> tuple[Decimal, Decimal]:
    """(low, high): outermost prices with volume inside the area; walks tick by tick through every gap."""
    total = sum((cell.volume for cell in cells.values()), ZERO)
    top = bottom = start = poc(cells)
    held = cells[start].volume
    while Fraction(held) < share * Fraction(total):
        above = [top + tick * k for k in range(1, rows + 1) if top + tick * k <= max(cells)]
        below = [bottom - tick * k for k in range(1, rows + 1) if bottom - tick * k >= min(cells)]
        up = sum((cells[p].volume for p in above if p in cells), ZERO)
        down = sum((cells[p].volume for p in below if p in cells), ZERO)
        if above and (not below or up >= down):
            held, top = held + up, above[-1]
        else:
            held, bottom = held + down, below[-1]
    inside = [p for p, cell in cells.items() if bottom <= p <= top and cell.volume > 0] or [start]
    return min(inside), max(inside)


def imbalances(
    cells: Cells,
    tick: Decimal,
    *,
    ratio: Fraction = Fraction(3),
    minimum: Decimal = Decimal(1),
    zero: str = "dominant",
) -> tuple[set[Decimal], set[Decimal]]:
    """Prices of (buy, sell) imbalance. minimum: least volume of the dominant side."""
    buy: set[Decimal] = set()
    sell: set[Decimal] = set()
    for price, cell in cells.items():
        if price - tick >= min(cells):
            other = cells[price - tick].bid if price - tick in cells else ZERO
            if _wins(cell.ask, other, ratio, minimum, zero):
                buy.add(price)
        if price + tick <= max(cells):
            other = cells[price + tick].ask if price + tick in cells else ZERO
            if _wins(cell.bid, other, ratio, minimum, zero):
                sell.add(price)
    return buy, sell


def _wins(dominant: Decimal, other: Decimal, ratio: Fraction, minimum: Decimal, zero: str) -> bool:
    if dominant < minimum or (other == 0 and zero == "never"):
        return False
    return Fraction(dominant) > ratio * Fraction(other)


def stacked(prices: set[Decimal], tick: Decimal, *, count: int = 3) -> list[tuple[Decimal, Decimal]]:
    """(low, high) of every run of at least `count` consecutive ticks."""
    runs = []
    for low in sorted(prices):
        if low - tick in prices:
            continue
        high = low
        while high + tick in prices:
            high += tick
        if (high - low) / tick + 1 >= count:
            runs.append((low, high))
    return runs


def vwap(ticks: Iterable[Tick]) -> tuple[Fraction, Fraction] | None:
    """(VWAP, variance), both exact, the variance from its definition; None without volume."""
    held = [(Fraction(tick.price), Fraction(tick.size)) for tick in ticks]
    volume = sum((size for _, size in held), Fraction(0))
    if not volume:
        return None
    mean = sum((price * size for price, size in held), Fraction(0)) / volume
    return mean, sum((size * (price - mean) ** 2 for price, size in held), Fraction(0)) / volume


def grouped(ticks: Sequence[Tick], frame: str, session: str = "UTC 00:00") -> list[tuple[int, list[Tick]]]:
    """(bar start, its ticks in order), in time order."""
    bars: dict[int, list[Tick]] = {}
    for tick in tick_rule(ticks):
        bars.setdefault(bar_start(tick.time, frame, session), []).append(tick)
    return sorted(bars.items())


def row(ticks: Sequence[Tick], tick: Decimal) -> Row:
    """One bar's own figures from its ticks in order; all but the ones that a session carries on."""
    running = low = high = ZERO
    for one in ticks:
        running += one.size * (one.side or 0)
        low, high = min(low, running), max(high, running)
    cells = ladder(ticks)
    val, vah = value_area(cells, tick)
    return {
        "open": ticks[0].price,
        "high": max(cells),
        "low": min(cells),
        "close": ticks[-1].price,
        "volume": sum((one.size for one in ticks), ZERO),
        "ask_volume": sum((cell.ask for cell in cells.values()), ZERO),
        "bid_volume": sum((cell.bid for cell in cells.values()), ZERO),
        "unknown_volume": sum((cell.unknown for cell in cells.values()), ZERO),
        "delta": running,
        "min_delta": low,
        "max_delta": high,
        "trades": len(ticks),
        "poc": poc(cells),
        "vah": vah,
        "val": val,
    }


def bars(ticks: Sequence[Tick], frame: str = "1min", *, tick: Decimal, session: str = "UTC 00:00") -> list[Row]:
    """Rows in time order, keyed as the API's columns, plus `session`. A bar belongs to the session of its start, where
    CVD and VWAP begin again. vwap is an exact Fraction, None while the session has no volume."""
    rows: list[Row] = []
    current: int | None = None
    cvd, weighted, volume = ZERO, Fraction(0), Fraction(0)
    for start, held in grouped(ticks, frame, session):
        began = session_start(start, session)
        if began != current:
            current, cvd, weighted, volume = began, ZERO, Fraction(0), Fraction(0)
        figures = row(held, tick)
        for one in held:
            cvd += one.size * (one.side or 0)
            weighted += Fraction(one.price) * Fraction(one.size)
            volume += Fraction(one.size)
        mean = weighted / volume if volume else None
        rows.append({"time": start, "session": began, **figures, "cvd": cvd, "vwap": mean})
    return rows


def footprint(ticks: Sequence[Tick], frame: str = "1min", *, tick: Decimal, session: str = "UTC 00:00") -> list[Row]:
    """Rows by time, then price ascending, keyed as the API's columns; `imbalance` is "buy", "sell", "both" or ""."""
    rows: list[Row] = []
    for start, held in grouped(ticks, frame, session):
        cells = ladder(held)
        buy, sell = imbalances(cells, tick)
        for price in sorted(cells):
            cell = cells[price]
            both = price in buy and price in sell
            mark = "both" if both else "buy" if price in buy else "sell" if price in sell else ""
            rows.append(
                {
                    "time": start,
                    "price": price,
                    "bid_volume": cell.bid,
                    "ask_volume": cell.ask,
                    "unknown_volume": cell.unknown,
                    "trades": cell.trades,
                    "imbalance": mark,
                }
            )
    return rows
