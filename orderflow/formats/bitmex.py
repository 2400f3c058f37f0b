"""BitMEX trades: the daily files of public.bitmex.com, REST answers and stream messages.

Layout: bitmex.com/api/explorer, "Trade": timestamp, symbol, side, size, price, tickDirection, trdMatchID, grossValue,
homeNotional, foreignNotional and, later, trdType. Times are `2024-03-01D00:00:01.123456000` in files, ISO-8601 in
answers, UTC. The side is the taker's. Sizes are contracts. Bybit's contract files have the same columns with epochs.
"""

from __future__ import annotations

import re

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import Layout, Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN
from orderflow.formats.sniff import Sample

_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[DT ]")


def _fit(sample: Sample, layout: Layout) -> Layout:
    times = sample.column(layout.columns[Role.TIME].index)
    if 2 * sum(bool(_TIME.match(time)) for time in times) <= len(times):
        raise FormatMismatch("it needs times like 2024-03-01D00:00:01.123456000")
    return layout


FORMAT = Format(
    name="bitmex",
    title="BitMEX trades",
    needs=("timestamp", "symbol", "side", "size", "price", "tickdirection", "trdmatchid"),
    roles={
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SIDE: ("side",),
        Role.ID: ("trdmatchid",),
        Role.SYMBOL: ("symbol",),
    },
    side_words={"buy": BUY, "sell": SELL, "": UNKNOWN},
    fit=_fit,
)
