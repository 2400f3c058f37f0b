"""Reference implementation of the studies over several bars, in plain loops over any number type."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import median

from tests.oracle.oracle import Cell, Cells

Number = int | Decimal


def naked_poc(poc: Sequence[Number], high: Sequence[Number], low: Sequence[Number]) -> list[int]:
    """For each bar the first later bar that trades at its POC, -1 for none."""
    out = []
    for i, level in enumerate(poc):
        later = [j for j in range(i + 1, len(poc)) if low[j] <= level <= high[j]]
        out.append(later[0] if later else -1)
    return out


def unfinished(cells: Cells) -> tuple[bool, bool]:
    top, bottom = cells[max(cells)], cells[min(cells)]
    return top.bid > 0 and top.ask > 0, bottom.bid > 0 and bottom.ask > 0


def beyond(flagged: Sequence[bool], high: Sequence[Number]) -> list[int]:
    """For each flagged bar the first later bar whose high is above its own, -1 for none."""
    out = []
    for i, flag in enumerate(flagged):
        later = [j for j in range(i + 1, len(high)) if flag and high[j] > high[i]]
        out.append(later[0] if later else -1)
    return out


def absorption(
    cells: Cells, close: Decimal, session: Sequence[Cells], times: Fraction = Fraction(4)
) -> tuple[set[Decimal], set[Decimal]]:
    """Prices where (buyers, sellers) were absorbed; session: the footprints of all its bars so far."""
    volumes = [Fraction(cell.volume) for bar in session for cell in bar.values() if cell.volume > 0]
    if not volumes:
        return set(), set()
    least = times * median(volumes)
    buyers = {p for p, cell in cells.items() if Fraction(cell.ask) >= least and close < p}
    sellers = {p for p, cell in cells.items() if Fraction(cell.bid) >= least and close > p}
    return buyers, sellers


def divergence(
    high: Sequence[Number], low: Sequence[Number], delta: Sequence[Number], bars: int = 5
) -> tuple[list[bool], list[bool]]:
    bearish, bullish = [], []
    for i in range(len(high)):
        before = range(i - bars, i) if i >= bars else range(0)
        bearish.append(bool(before) and all(high[j] < high[i] for j in before) and delta[i] < 0)
        bullish.append(bool(before) and all(low[j] > low[i] for j in before) and delta[i] > 0)
    return bearish, bullish


def profile(bars: Sequence[Cells]) -> Cells:
    out: Cells = {}
    for bar in bars:
        for price, cell in bar.items():
            held = out.setdefault(price, Cell())
            held.bid += cell.bid
            held.ask += cell.ask
            held.unknown += cell.unknown
            held.trades += cell.trades
    return out


def big_trades(sizes: Sequence[int], session: Sequence[int], share: Fraction, warm: int) -> list[bool]:
    """Each trade against the sorted list of its session's trades up to itself."""
    out = []
    for i, size in enumerate(sizes):
        seen = sorted(sizes[j] for j in range(i + 1) if session[j] == session[i] and sizes[j] > 0)
        rank = next((k for k in range(1, len(seen) + 1) if k >= share * len(seen)), 0)
        out.append(size > 0 and len(seen) >= warm and size >= seen[rank - 1])
    return out


def tape_speed(times: Sequence[int], at: int, session: int, width: int) -> tuple[int, int, int]:
    """(trades just now, trades in the session's whole windows, number of those windows)."""
    now = len([t for t in times if at - width < t <= at])
    trades = windows = 0
    start = session
    begun = False
    while start + width <= at:
        inside = len([t for t in times if start <= t < start + width])
        begun = begun or inside > 0
        if begun:
            trades, windows = trades + inside, windows + 1
        start += width
    return now, trades, windows
