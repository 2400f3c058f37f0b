"""Reference implementation of activity bars, in plain loops over single ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.oracle.oracle import ZERO, Tick, session_start, tick_rule


@dataclass(frozen=True)
class Piece:
    """Part of a trade (or all of it) in one bar. source: index of the trade in time order. counts: False for the
    further pieces of a split trade."""

    source: int
    tick: Tick
    counts: bool = True


def activity(kind: str, n: Decimal, ticks: Sequence[Tick], session: str = "UTC 00:00") -> list[list[Piece]]:
    """Bars in order. n: trades (ticks), size (volume, delta) or price distance (range)."""
    bars: list[list[Piece]] = []
    current: int | None = None
    for source, tick in enumerate(tick_rule(ticks)):
        began = session_start(tick.time, session)
        if began != current or _over(kind, n, bars[-1], tick):
            bars.append([])
            current = began
        if kind != "volume":
            bars[-1].append(Piece(source, tick))
            continue
        room = n - _volume(bars[-1])
        bars[-1].append(Piece(source, replace(tick, size=min(tick.size, room))))
        left = tick.size - min(tick.size, room)
        while left > 0:
            bars.append([Piece(source, replace(tick, size=min(left, n)), counts=False)])
            left -= min(left, n)
    return bars


def _volume(bar: list[Piece]) -> Decimal:
    return sum((piece.tick.size for piece in bar), ZERO)


def _over(kind: str, n: Decimal, bar: list[Piece], tick: Tick) -> bool:
    """Whether the bar takes no more, or not this tick."""
    if kind == "ticks":
        return len(bar) >= n
    if kind == "volume":
        return _volume(bar) >= n
    if kind == "delta":
        return abs(sum((piece.tick.size * (piece.tick.side or 0) for piece in bar), ZERO)) >= n
    prices = [piece.tick.price for piece in bar] + [tick.price]
    return max(prices) - min(prices) > n
