"""CoinAPI trades: its flat files, and answers of its REST endpoint.

Layout: docs.coinapi.io/flat-files-api, "Trades", delimited by semicolons: time_exchange, time_coinapi, guid, price,
base_amount, taker_side; the REST answers (V1.Trade of github.com/coinapi/coinapi-sdk) have symbol_id, uuid and size in
their place. taker_side is the aggressor: BUY, SELL, BUY_ESTIMATED, SELL_ESTIMATED or UNKNOWN. The estimated sides are
CoinAPI's own, where the exchange gives none. Times are UTC.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role
from orderflow.formats.parsing.words import BUY, SELL, UNKNOWN

FORMAT = Format(
    name="coinapi",
    title="CoinAPI trades",
    needs=("timeexchange", "timecoinapi", "price", "takerside"),
    roles={
        Role.TIME: ("timeexchange",),
        Role.PRICE: ("price",),
        Role.SIZE: ("baseamount", "size"),
        Role.SIDE: ("takerside",),
        Role.ID: ("guid", "uuid"),
        Role.SYMBOL: ("symbolid",),
    },
    side_words={
        "buy": BUY,
        "buy_estimated": BUY,
        "sell": SELL,
        "sell_estimated": SELL,
        "unknown": UNKNOWN,
    },
    note="BUY_ESTIMATED and SELL_ESTIMATED, sides that CoinAPI estimates, are taken as sides",
)
