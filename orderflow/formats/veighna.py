"""VeighNa (vn.py) ticks: a table of its TickData.

Layout: github.com/vnpy/vnpy, vnpy/trader/object.py, TickData: symbol, exchange, datetime, name, volume, turnover,
open_interest, last_price, last_volume, limit_up, …, bid_price_1, ask_price_1, bid_volume_1, …. `volume` is the total of
the day. `last_volume` is the last trade's size, but the CTP gateway leaves it 0: then what the total adds is the size,
as in VeighNa's own bars. The quote beside it gives the side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.sniff import Sample

_NONE = frozenset({"", "0", "0.0", "nan", "NaN"})


def _fit(sample: Sample, layout: Layout) -> Layout:
    index = sample.normal.get("lastvolume")
    if index is not None and not set(sample.column(index)) <= _NONE:
        return replace(layout, columns={**layout.columns, Role.SIZE: Column(index, sample.header[index])}, note="")
    if not sample.normal.keys() & {"turnover", "openinterest", "bidprice1"}:
        raise FormatMismatch("it needs the columns turnover, open_interest or bid_price_1 of VeighNa's ticks")
    return replace(layout, total=True)


FORMAT = Format(
    name="veighna",
    title="VeighNa ticks",
    needs=("datetime", "symbol", "lastprice", "volume"),
    roles={
        Role.TIME: ("datetime",),
        Role.PRICE: ("lastprice",),
        Role.SIZE: ("volume",),
        Role.SYMBOL: ("symbol",),
        Role.BID: ("bidprice1",),
        Role.ASK: ("askprice1",),
    },
    zone=("the exchange's", ""),
    note="sizes are what the day's volume rises by",
    fit=_fit,
)
