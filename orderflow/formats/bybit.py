"""Bybit public trades: contracts (public.bybit.com/trading) and spot (public.bybit.com/spot).

Contract files: timestamp, symbol, side, size, price, tickDirection, trdMatchID, grossValue, homeNotional,
foreignNotional and, since 2025, RPI; times are seconds with up to four decimals. Spot files: id, timestamp, price,
volume, side and rpi; times are ms. The id of a spot row only counts the rows of that file, so it is not used as a trade
id. Source: the files themselves, as described in github.com/fordicus/RT-Data (bybit_execution_format.md) and on Bybit's
history-data page. The side is the taker's (bybit-exchange.github.io/docs, "Side of taker").

The stream's publicTrade messages (bybit-exchange.github.io/docs/v5/websocket/public/trade) have short keys that differ
by case: T time (ms), s symbol, S side, v size, p price, L tick direction, i trade id, BT block trade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch, exact_keys
from orderflow.formats.parsing.layout import TRADE, Column, Kinds, Layout, Role
from orderflow.formats.parsing.words import BUY, SELL
from orderflow.formats.sniff import Sample

_TAKER = {"buy": BUY, "sell": SELL}
_SPOT_COLUMNS = frozenset({"id", "timestamp", "price", "volume", "side", "rpi"})


def _only_spot(sample: Sample, layout: Layout) -> Layout:
    if not sample.normal.keys() <= _SPOT_COLUMNS:
        raise FormatMismatch("spot files have the columns id, timestamp, price, volume, side, rpi and no others")
    times = sample.column(layout.columns[Role.TIME].index)
    if times and not any(map(str.isdigit, times)):
        raise FormatMismatch("times of spot files are ms")
    return layout


_STREAM: Mapping[Role, tuple[str, ...]] = {
    Role.TIME: ("T",),
    Role.PRICE: ("p",),
    Role.SIZE: ("v",),
    Role.SIDE: ("S",),
    Role.ID: ("i",),
    Role.SYMBOL: ("s",),
}


_TOPICS = Kinds({}, {"publictrade.": TRADE}, rest="other messages")


def _stream(sample: Sample, layout: Layout) -> Layout:
    """Of a recording of messages, those of another topic are no trades."""
    columns = exact_keys(sample, _STREAM, (Role.TIME, Role.PRICE, Role.SIZE, Role.SIDE, Role.SYMBOL))
    if "topic" not in sample.header:
        return replace(layout, columns=columns)
    topic = Column(sample.header.index("topic"), "topic")
    return replace(layout, columns={**columns, Role.ACTION: topic}, kind=_TOPICS)


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
        also=Format(
            name="bybit",
            title="Bybit stream trades",
            positive=True,
            needs=("t", "s", "v", "p"),
            roles={Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("v",)},
            side_words=_TAKER,
            fit=_stream,
        ),
    ),
)
