"""GlobalDataFeeds (GDFL) ticks of Indian exchanges.

Layout: the files themselves, as public parsers have it: `Ticker,Date,Time,LTP,BuyPrice,BuyQty,SellPrice,SellQty,LTQ,
OpenInterest`; dates dd/mm/yyyy, times India's. LTQ is the last trade's size; a row with 0 only changes the quote, and
BuyPrice and SellPrice are the best bid and ask.
"""

from __future__ import annotations

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Role, TimeRule

FORMAT = Format(
    name="gdfl",
    title="GlobalDataFeeds ticks",
    needs=("ticker", "date", "time", "ltp", "buyprice", "buyqty", "sellprice", "sellqty", "ltq"),
    roles={
        Role.DAY: ("date",),
        Role.TIME: ("time",),
        Role.PRICE: ("ltp",),
        Role.SIZE: ("ltq",),
        Role.BID: ("buyprice",),
        Role.ASK: ("sellprice",),
        Role.SYMBOL: ("ticker",),
    },
    time=TimeRule.SPLIT,
    date_order="dmy",
    zone=("India's", "Asia/Kolkata"),
)
