"""Hyperliquid trades: the WebSocket's `trades` channel and the archive's `node_trades`.

Layout: hyperliquid.gitbook.io, "WebSocket subscriptions", WsTrade: coin, side, px, sz, hash, time (ms), tid, users; the
archive has an ISO time without a zone, in UTC. The side is the taker's: A (ask) is a sell, B (bid) a buy. `hash` is
that of a transaction with many trades; `tid` is the trade's.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL

FORMAT = Format(
    name="hyperliquid",
    title="Hyperliquid trades",
    needs=("coin", "side", "px", "sz", "time"),
    roles={
        Role.TIME: ("time",),
        Role.PRICE: ("px",),
        Role.SIZE: ("sz",),
        Role.SIDE: ("side",),
        Role.ID: ("tid",),
        Role.SYMBOL: ("coin",),
    },
    side_words={"a": SELL, "b": BUY},
)
