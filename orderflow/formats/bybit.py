"""Bybit public trades: contracts (public.bybit.com/trading) and spot (public.bybit.com/spot).

Contract files: timestamp, symbol, side, size, price, tickDirection, trdMatchID, grossValue, homeNotional,
foreignNotional and, since 2025, RPI; times are seconds with up to four decimals. Spot files: id, timestamp, price,
volume, side and rpi; times are ms. The id of a spot row only counts the rows of that file, so it is not used as a trade
id. Source: the files themselves, as described in github.com/fordicus/RT-Data (bybit_execution_format.md) and on Bybit's
history-data page. The side is the taker's (bybit-exchange.github.io/docs, "Side of taker").
"""

from __future__ import annotations

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_TAKER = {"buy": BUY, "sell": SELL}
_SPOT_COLUMNS = frozenset({"id", "timestamp", "price", "volume", "side", "rpi"})


def _only_spot(sample: Sample, layout: Layout) -> Layout:
    if not sample.normal.keys() <= _SPOT_COLUMNS:
        raise FormatMismatch("spot files have the columns id, timestamp, price, volume, side, rpi and no others")
    return layout


FORMAT = Format(
    name="bybit",
    title="Bybit public trades",
    positive=True,
    needs=("timestamp", "symbol", "side", "size", "price", "tickdirection", "trdmatchid"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.ID: ("trdmatchid",),
        Role.SYMBOL: ("symbol",),
    },
    side_words=_TAKER,
    also=Format(
        name="bybit",
        title="Bybit public spot trades",
        positive=True,
        needs=("id", "timestamp", "price", "volume", "side"),
        roles={
            Role.TIME: ("timestamp",),
            Role.PRICE: ("price",),
            Role.SIZE: ("volume",),
            Role.SIDE: ("side",),
        },
        side_words=_TAKER,
        fit=_only_spot,
    ),
)
