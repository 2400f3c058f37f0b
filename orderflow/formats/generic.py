"""Any table with a header that names a time, a price and a size; also the format of this project's own exports.

Layout: the keys of POST /ticks (timestamp, price, size, side, bid, ask, id, symbol) and the names that other tools use
for them; case, spaces and underscores do not matter. Side words name the aggressor (buy or sell) or the side of the
book that was hit (ask or bid); is_buyer_maker true means a sell. Without a side column, separate bid and ask volumes
give the side. Date and time can be in two columns. A date like 10/09/2025 is read only if other rows show which number
is the month.
"""

from __future__ import annotations

import re
from dataclasses import replace

from orderflow.formats.base import KINDS, Format, FormatMismatch
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.parsing.times import DateOrder
from orderflow.formats.sniff import Sample

_DAYS = ("date", "tradedate", "day", "fecha", "datum")
_SLASHED = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.][0-9]{4}")
_YEAR_FIRST = re.compile(r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8}")


def _fit(sample: Sample, layout: Layout) -> Layout:
    if {"open", "high", "low"} <= sample.normal.keys():
        raise FormatMismatch("it needs single trades; the columns open, high and low look like bars")
    clocks = [cell for cell in sample.column(layout.columns[Role.TIME].index) if cell]
    if not clocks or not all(KINDS["clock"](cell) for cell in clocks):
        return layout
    index = next((sample.normal[name] for name in _DAYS if name in sample.normal), None)
    if index is None:
        raise FormatMismatch("the times have no date, and there is no date column")
    order = _order(sample.column(index))
    day = Column(index, sample.header[index])
    return replace(layout, columns={**layout.columns, Role.DAY: day}, time=TimeRule.SPLIT, date_order=order)


def _order(days: list[str]) -> DateOrder:
    if all(_YEAR_FIRST.fullmatch(day) for day in days):
        return "ymd"
    parts = [match for day in days if (match := _SLASHED.fullmatch(day))]
    if any(int(match[1]) > 12 for match in parts):
        return "dmy"
    if any(int(match[2]) > 12 for match in parts):
        return "mdy"
    raise FormatMismatch("the dates can be day/month or month/day; write them like 2025-10-09")


FORMAT = Format(
    name="generic",
    title="a table with a header",
    roles={
        Role.TIME: (
            "timestamp", "datetime", "time", "ts", "tsevent", "tradetime", "transacttime", "createdtime",
            "exchangetime", "timestampms", "timestampus", "timestampns", "timems", "timeutc", "datetimeutc", "epoch",
            "unixtime", "unix", "fechahora", "hora", "date", "fecha",
        ),
        Role.PRICE: ("price", "last", "precio", "px", "tradeprice", "lastprice"),
        Role.SIZE: (
            "size", "qty", "quantity", "volume", "amount", "volumen", "vol", "tradesize", "tradevolume", "lastsize",
            "tradeqty", "contracts", "cantidad", "sz",
        ),
        Role.SIDE: ("side", "lado", "aggressor", "aggressorside", "takerside", "tradeside"),
        Role.MAKER: ("isbuyermaker", "buyerismaker", "buyermaker"),
        Role.ID: ("tradeid", "id", "tid", "aggtradeid", "trdmatchid"),
        Role.SYMBOL: ("symbol", "ticker", "instrument", "instrumentname", "productid", "pair"),
        Role.BID: ("bid", "bidprice", "bestbid", "bidpx", "bestbidprice"),
        Role.ASK: ("ask", "askprice", "bestask", "askpx", "bestaskprice", "offer"),
        Role.BID_VOLUME: ("bidvolume", "bidvol", "volumebid", "sellvolume", "sellvol"),
        Role.ASK_VOLUME: ("askvolume", "askvol", "volumeask", "buyvolume", "buyvol"),
    },
    fit=_fit,
)  # fmt: skip
