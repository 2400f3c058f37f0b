"""Turn a venue's klines into exact columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orderflow.arrays import Ints
from orderflow.feeds.tick_columns import exact_units
from orderflow.feeds.venues.venue import BadMessage, Kline
from orderflow.market.decimals import MAX_DECIMALS
from orderflow.market.kline_columns import MAX_STORED, KlineColumns


def kline_columns(klines: Sequence[Kline]) -> KlineColumns:
    """The columns of klines that ascend by time, with the fewest decimals that hold all.

    Raises BadMessage if a number is not a decimal, cannot be kept exactly, or contradicts the others.
    """
    prices, price_decimals = _units([text for k in klines for text in (k.open, k.high, k.low, k.close)])
    sizes, size_decimals = _units([text for k in klines for text in (k.volume, k.taker_buy_volume)])
    price, size = prices.reshape(-1, 4).T, sizes.reshape(-1, 2).T
    if (price[1] < price.max(0, initial=0)).any() or (price[2] > price.min(0, initial=MAX_STORED)).any():
        raise BadMessage("a kline's high or low is not its highest or lowest price")
    if (sizes < 0).any():
        raise BadMessage("a kline's volume is negative")
    time = np.fromiter((k.start for k in klines), np.int64, len(klines))
    trades = np.fromiter((k.trades for k in klines), np.int64, len(klines))
    closed = np.fromiter((k.closed for k in klines), np.bool_, len(klines))
    columns = (time, *price, size[0], trades, size[1], closed)
    return KlineColumns.of(map(np.ascontiguousarray, columns), price_decimals, size_decimals)


def _units(texts: Sequence[str]) -> tuple[Ints, int]:
    """(units, decimals) of decimal texts: all at once where floats tell them apart, which is faster."""
    found, places, exact = exact_units(texts)
    return (found, places) if exact.all() else _long_units(texts)


def _long_units(texts: Sequence[str]) -> tuple[Ints, int]:
    """(units, decimals) of plain decimal texts of any length that fits."""
    parts = [text.partition(".")[::2] for text in texts]
    decimals = max((len(fraction.rstrip("0")) for _, fraction in parts), default=0)
    try:
        units = [int(whole + fraction[:decimals].ljust(decimals, "0")) for whole, fraction in parts]
    except ValueError as error:
        raise BadMessage(f"a number of a kline is not a decimal: {error}") from error
    if decimals > MAX_DECIMALS or max(map(abs, units), default=0) > MAX_STORED:
        raise BadMessage(f"a number of a kline has more than {MAX_DECIMALS} decimals or too many digits")
    return np.array(units, np.int64), decimals
