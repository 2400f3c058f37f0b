"""CTP market data of Chinese futures: the fields of its snapshots, under their Chinese or English names.

Layout: the comments and names of CThostFtdcDepthMarketDataField in CTP's ThostFtdcUserApiStruct.h (sfit.com.cn), as
data vendors and recorders write them: 交易日,合约代码,交易所代码,…,最新价,…,数量,成交金额,持仓量,…,最后修改时间,
最后修改毫秒,申买价一,申买量一,申卖价一,申卖量一,…,当日均价,业务日期, often in GBK; or TradingDay,InstrumentID,
UpdateTime,UpdateMillisec,ActionDay,LastPrice,Volume,… (for example github.com/zzh466/vtp, src/ctp/dataStruct.js). A
row is a snapshot twice a second: 数量 (Volume) is the total of the trading day, so what it adds is the size, at 最新价
(LastPrice), and the quote beside it gives the side. `parsing.trading_days` tells what day a night time is of.
1.7976931348623157e+308 is no price.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.sniff import Sample

_CALENDAR = ("actionday", "业务日期")
_TRADING = ("tradingday", "交易日", "日期")


def _fit(sample: Sample, layout: Layout) -> Layout:
    """Take the calendar's day as the day where there is one, beside the trading day or alone."""
    columns, time = dict(layout.columns), layout.time
    index = next((sample.normal[name] for name in _CALENDAR if name in sample.normal), None)
    if index is not None and any(sample.column(index)):
        if columns[Role.DAY].index != index:
            columns[Role.SESSION] = columns[Role.DAY]
        else:
            time = TimeRule.ACTION_DAYS
        columns[Role.DAY] = Column(index, sample.header[index])
    return replace(layout, columns=columns, time=time, total=True)


_ZONE = ("China's", "Asia/Shanghai")
_NOTE = "sizes are what the day's volume rises by"

FORMAT = Format(
    name="ctp",
    title="CTP snapshots of Chinese futures",
    needs=("最后修改时间", "最新价", "合约代码", "数量"),
    roles={
        Role.DAY: (*_TRADING, *_CALENDAR),
        Role.TIME: ("最后修改时间",),
        Role.MILLIS: ("最后修改毫秒",),
        Role.PRICE: ("最新价",),
        Role.SIZE: ("数量",),
        Role.SYMBOL: ("合约代码",),
        Role.BID: ("申买价一",),
        Role.ASK: ("申卖价一",),
    },
    time=TimeRule.SESSIONS,
    zone=_ZONE,
    note=_NOTE,
    fit=_fit,
    also=Format(
        name="ctp",
        title="CTP snapshots with English names",
        needs=("instrumentid", "updatetime", "lastprice", "volume"),
        roles={
            Role.DAY: (*_TRADING, *_CALENDAR),
            Role.TIME: ("updatetime",),
            Role.MILLIS: ("updatemillisec",),
            Role.PRICE: ("lastprice",),
            Role.SIZE: ("volume",),
            Role.SYMBOL: ("instrumentid",),
            Role.BID: ("bidprice1",),
            Role.ASK: ("askprice1",),
        },
        time=TimeRule.SESSIONS,
        zone=_ZONE,
        note=_NOTE,
        fit=_fit,
    ),
)
