"""Finds the prices that a user's signals are studied on: uploaded candles, or ticks that the server holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orderflow.errors import BadInput
from orderflow.market.decimals import unit_floats
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.ports import MarketReader
from orderflow.market.signal import Signal
from orderflow.workspace.signals.price_path import MS, PricePath, path_of_candles, path_of_ticks
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.uploads.timeframes import step_of

MOST_PRICES = 2_000_000
"""Candles or ticks that a study reads."""


def path_in_library(
    library: Library, owner: str, name: str, timeframe: str | None, signals: Sequence[Signal], longest: int
) -> PricePath:
    """The candles of a name around signals, up to the longest horizon (ns) after them.

    Raises NotFound, Conflict if there are several time frames, BadInput if they are too many.
    """
    series = library.candles(owner, name, timeframe)
    start, end = _span(signals, longest)
    found = library.klines.read(
        series.id, start=start // MS, end=end // MS, limit=MOST_PRICES + 1, generation=series.generation
    )
    _check(len(found), name)
    # one candle more, so that what is after the last signals is known to be there
    step = step_of(series.key.timeframe)
    parts = [found, library.klines.read(series.id, start=end // MS, limit=1, generation=series.generation)]
    return path_of_candles(KlineColumns.joined(parts), step)


def path_of(
    read: Callable[[int, int, int], KlineColumns], name: str, timeframe: str, signals: Sequence[Signal], longest: int
) -> PricePath:
    """The closed candles of a series around signals. read: its klines by start, end (ms) and limit.

    Raises BadInput if there are none or too many.
    """
    start, end = _span(signals, longest)
    found = read(start // MS, end // MS, MOST_PRICES + 1)
    _check(len(found), name)
    return path_of_candles(found.take(found.closed), step_of(timeframe))


def path_in_market(market: MarketReader, symbol: str, signals: Sequence[Signal], longest: int) -> PricePath:
    """The ticks of a symbol around signals. Raises NotFound, BadInput if they are too many."""
    start, end = _span(signals, longest)
    table = market.ticks(symbol, start=start, end=end, limit=MOST_PRICES + 1)
    ticks = table.ticks
    _check(len(ticks.time), symbol)
    grid = table.grid
    return path_of_ticks(ticks.time, unit_floats(ticks.level * grid.tick_units, grid.price_decimals))


def _span(signals: Sequence[Signal], longest: int) -> tuple[int, int]:
    """From before the first signal to the end of the last one's longest horizon, with room for gaps."""
    if not signals:
        raise BadInput("there are no signals")
    times = [signal.time for signal in signals]
    return min(times) - 4 * 86_400 * 10**9, max(times) + longest + 4 * 86_400 * 10**9


def _check(count: int, name: str) -> None:
    if count > MOST_PRICES:
        raise BadInput(f"there are more than {MOST_PRICES:,} prices of {name} around the signals: take a longer frame")
