"""MetaTrader 5 ticks: the terminal's export of a symbol, and `copy_ticks_range` of its Python package.

Layout: mql5.com/en/docs/constants/structures/mqltick,
mql5.com/en/book/applications/timeseries/timeseries_ticks_mqltick (the flags' numbers) and the terminal's Symbols
window, Ticks, Export: `<DATE> <TIME> <BID> <ASK> <LAST> <VOLUME> <FLAGS>`, by tabs, dates like 2024.03.01, cells
empty where nothing changed; older terminals write no flags, and then a row with a last price is a trade. The
package gives time, bid, ask, last, volume, time_msc, flags, volume_real. The flags say what changed: 2 bid, 4 ask,
8 last price, 16 volume, 32 a buy, 64 a sell. A tick without 8, 16, 32 or 64 is a quote. With both 32 and 64 the
side is unknown; without either the quote decides. Times of the export are in the zone of the broker's server.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role, TimeRule
from orderflow.formats.parsing.words import ABSENT, BUY, SELL, UNKNOWN
from orderflow.formats.sniff import Sample

_LAST, _VOLUME, _BUY, _SELL = 8, 16, 32, 64
_FLAGS = range(4096)


def _side(flags: int) -> int:
    if flags & _BUY:
        return UNKNOWN if flags & _SELL else BUY
    return SELL if flags & _SELL else ABSENT


_KIND = Kinds({str(n): TRADE if n & (_LAST | _VOLUME | _BUY | _SELL) else "quotes" for n in _FLAGS} | {"": "quotes"})
_SIDES = {str(n): _side(n) for n in _FLAGS}


_BY_LAST = Kinds(dict.fromkeys(("", "0", *("0." + "0" * places for places in range(1, 9))), "quotes"), rest=TRADE)


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=_KIND)


def _fit_last(sample: Sample, layout: Layout) -> Layout:
    if not all(name.startswith("<") for name in sample.header):
        raise FormatMismatch("it needs the names of the export, like <LAST>")
    return replace(layout, columns={**layout.columns, Role.ACTION: layout.columns[Role.PRICE]}, kind=_BY_LAST)


FORMAT = Format(
    name="metatrader",
    title="MetaTrader 5 ticks",
    needs=("date", "time", "bid", "ask", "last", "volume", "flags"),
    roles={
        Role.DAY: ("date",),
        Role.TIME: ("time",),
        Role.PRICE: ("last",),
        Role.SIZE: ("volume",),
        Role.BID: ("bid",),
        Role.ASK: ("ask",),
        Role.SIDE: ("flags",),
        Role.ACTION: ("flags",),
    },
    side_words=_SIDES,
    time=TimeRule.SPLIT,
    zone=("those of the broker's server", ""),
    fit=_fit,
    also=Format(
        name="metatrader",
        title="ticks of MetaTrader's Python package",
        needs=("timemsc", "bid", "ask", "last", "volume", "flags"),
        roles={
            Role.TIME: ("timemsc",),
            Role.PRICE: ("last",),
            Role.SIZE: ("volumereal", "volume"),
            Role.BID: ("bid",),
            Role.ASK: ("ask",),
            Role.SIDE: ("flags",),
            Role.ACTION: ("flags",),
        },
        side_words=_SIDES,
        fit=_fit,
        also=Format(
            name="metatrader",
            title="MetaTrader 5 ticks without flags",
            needs=("date", "time", "bid", "ask", "last", "volume"),
            roles={
                Role.DAY: ("date",),
                Role.TIME: ("time",),
                Role.PRICE: ("last",),
                Role.SIZE: ("volume",),
                Role.BID: ("bid",),
                Role.ASK: ("ask",),
            },
            time=TimeRule.SPLIT,
            zone=("those of the broker's server", ""),
            fit=_fit_last,
        ),
    ),
)
