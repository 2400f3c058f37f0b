"""AlgoSeek US equity trades and quotes.

Layout: AlgoSeek, "US Equities Trades and Quotes (TAQ) CSV", 2.0: `Date,Timestamp,EventType,Ticker,Price,Quantity,
Exchange,Conditions`; dates yyyymmdd, times US Eastern. Event types: TRADE, TRADE NB and TRADE CANCELLED, QUOTE BID,
QUOTE ASK and their NB forms. Its API answers with TradeDate, EventDateTime (with an offset) and the same names.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role, TimeRule
from orderflow.formats.sniff import Sample

_KIND = Kinds(
    {"trade": TRADE},
    {"trade cancel": "cancels", "trade correct": "corrections", "trade ": TRADE, "quote ": "quotes"},
)


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=_KIND)


FORMAT = Format(
    name="algoseek",
    title="AlgoSeek trades and quotes",
    needs=("date", "timestamp", "eventtype", "ticker", "price", "quantity", "exchange", "conditions"),
    roles={
        Role.DAY: ("date",),
        Role.TIME: ("timestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("quantity",),
        Role.SYMBOL: ("ticker",),
        Role.ACTION: ("eventtype",),
    },
    time=TimeRule.SPLIT,
    zone=("US Eastern", "America/New_York"),
    fit=_fit,
    also=Format(
        name="algoseek",
        title="AlgoSeek API answers",
        needs=("eventdatetime", "eventtype", "ticker", "price", "quantity"),
        roles={
            Role.TIME: ("eventdatetime",),
            Role.PRICE: ("price",),
            Role.SIZE: ("quantity",),
            Role.SYMBOL: ("ticker",),
            Role.ACTION: ("eventtype",),
        },
        fit=_fit,
    ),
)
