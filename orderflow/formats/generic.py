"""Any table with a header that names a time, a price and a size; also the format of this project's own exports.

Layout: the keys of POST /ticks (timestamp, price, size, side, bid, ask, id, symbol) and the names that other tools
use for them; case, spaces and underscores do not matter. Side words name the aggressor (buy or sell) or the side of
the book that was hit (ask or bid); in a column called type, bid and ask are the taker's order. is_buyer_maker true
means a sell, and so does sell true. Without a side column, separate bid and ask volumes give the side. The last
trade's size (lastSize, last_volume, ltq) is preferred to a volume, which may be the day's. Date and time can be in
two columns, with any names; the time of day can be digits only, like 093000500, and so can both in one column. The
order of dates like 10/09/2025 is that of the whole column. bid and ask in a column that is the side by its words alone
can be either: the quote decides, or the user.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import KINDS, Format, FormatMismatch
from orderflow.formats.guesses import (
    SIDE_NAMES,
    TYPE_WORDS,
    are_digit_stamps,
    date_column,
    digit_places,
    guess_roles,
    needs_order,
    order_of,
    ticks_as_bars,
)
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.parsing.parse_errors import ParseError
from orderflow.formats.sniff import Sample, normal

_SIDES = (
    "side", "lado", "aggressor", "aggressorside", "takerside", "tradeside", "direction", "agressor", "方向", "买卖方向",
    "成交方向", "性质", "买卖",
)  # fmt: skip
_DAYS = ("date", "tradedate", "day", "fecha", "datum", "日期", "交易日期", "成交日期")


def _fit(sample: Sample, layout: Layout) -> Layout:
    if {"open", "high", "low"} <= sample.normal.keys() and not ticks_as_bars(sample, layout.columns[Role.TIME]):
        raise FormatMismatch("it needs single trades; the columns open, high and low look like bars")
    side = layout.columns.get(Role.SIDE)
    if side and normal(side.name) in SIDE_NAMES:
        layout = replace(layout, side_words=TYPE_WORDS)
    elif side and normal(side.name) not in _SIDES:
        layout = replace(layout, doubtful=bool({"bid", "ask"} & {cell.lower() for cell in sample.column(side.index)}))
    times = [cell for cell in sample.column(layout.columns[Role.TIME].index) if cell]
    if are_digit_stamps(times):
        return replace(layout, time=TimeRule.COMPACT)
    clocks = bool(times) and all(KINDS["clock"](cell) for cell in times)
    index = next((sample.normal[name] for name in _DAYS if name in sample.normal), None)
    day = date_column(sample, layout) if index is None else Column(index, sample.header[index])
    if clocks and day is None:
        raise FormatMismatch(f"times like {times[0]} have no date, and there is no column of dates: add one")
    try:
        places = None if clocks or day is None else digit_places(times)
    except ParseError as error:
        raise FormatMismatch(f"{layout.name(Role.TIME)}: {error}") from error
    if day is None or (not clocks and places is None):
        return _ordered(layout, times)
    split = replace(layout, columns={**layout.columns, Role.DAY: day}, time=TimeRule.SPLIT, clock_places=places)
    return _ordered(split, sample.column(day.index))


def _ordered(layout: Layout, days: list[str]) -> Layout:
    """The layout with the order of its dates, undecided if these do not show it."""
    if not needs_order(days):
        return layout
    order = order_of(days)
    return replace(layout, undecided=True) if order is None else replace(layout, date_order=order)


FORMAT = Format(
    name="generic",
    title="a table with a header",
    roles={
        Role.TIME: (
            "timestampns", "timestampus", "timestampms", "microtimestamp", "timestamp", "datetime", "time", "ts",
            "tsevent", "tradetime", "transacttime", "createdtime", "createdat", "exchangetime", "timems", "timeutc",
            "datetimeutc", "gmttime",
            "timem", "createtimems", "createtime", "epoch", "unixtime", "unix", "fechahora", "hora", "date", "fecha",
            "indexlevel0", "datahora", "时间", "成交时间", "交易时间", "日期时间", "时间戳",
        ),
        Role.PRICE: (
            "price", "last", "precio", "px", "tradeprice", "lastprice", "lasttradedprice", "ltp", "rate",
            "preco", "preconegocio", "价格", "成交价", "成交价格", "最新价",
        ),
        Role.SIZE: (
            "lastsize", "lastqty", "lastvolume", "lastsz", "lastquantity", "lasttradedquantity", "ltq",
            "size", "qty", "quantity", "tradesize", "tradeqty", "tradevolume", "volume", "amount", "volumen", "vol",
            "contracts", "cantidad", "sz", "quantidade", "成交量", "数量", "成交数量", "手数", "成交量(手)",
        ),
        Role.SIDE: _SIDES,
        Role.MAKER: (
            "isbuyermaker", "buyerismaker", "buyermaker", "isbuyermarketmaker", "buyerismarketmaker", "sell", "issell",
        ),
        Role.ID: ("tradeid", "id", "tid", "aggtradeid", "trdmatchid"),
        Role.SYMBOL: ("symbol", "ticker", "instrument", "instrumentname", "instid", "productid", "pair"),
        Role.BID: ("bid", "bidprice", "bestbid", "bidpx", "bestbidprice", "bidprice1", "bid1"),
        Role.ASK: ("ask", "askprice", "bestask", "askpx", "bestaskprice", "offer", "askprice1", "ask1"),
        Role.BID_VOLUME: ("bidvolume", "bidvol", "volumebid", "sellvolume", "sellvol"),
        Role.ASK_VOLUME: ("askvolume", "askvol", "volumeask", "buyvolume", "buyvol"),
    },
    guess=guess_roles,
    fit=_fit,
)  # fmt: skip
