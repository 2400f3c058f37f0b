"""Polygon (now Massive) trades: flat files, REST answers and the trades of its stream.

Layout: massive.com/docs, "Flat Files": stocks `ticker,conditions,correction,exchange,id,participant_timestamp,price,
sequence_number,sip_timestamp,size,tape,trf_id,trf_timestamp`, options `ticker,conditions,correction,exchange,price,
sip_timestamp,size`, crypto `ticker,conditions,exchange,id,participant_timestamp,price,size`; the objects of
`/v3/trades` have the same keys without the ticker, those of the stream `ev, sym, x, i, z, p, s, c, t, q`. Times are ns
UTC, in the stream ms; that of a stock or an option is when the SIP had it, as the tape is in that order. `correction`
is the SIP's indicator: cancelled trades, and the records that did it, are no trades. Ids are unique for each ticker,
exchange and reporting facility only, so they are not used as trade ids. There is no side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import TRADE, Kinds, Layout, Role
from orderflow.formats.record_kinds import CORRECTION
from orderflow.formats.sniff import Sample

_EVENTS = Kinds({"t": TRADE, "xt": TRADE}, rest="other records")


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=CORRECTION) if Role.ACTION in layout.columns else layout


_CRYPTO = Format(
    name="polygon",
    title="Polygon crypto trades",
    needs=("ticker", "conditions", "exchange", "id", "participanttimestamp", "price", "size"),
    roles={
        Role.TIME: ("participanttimestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SYMBOL: ("ticker",),
    },
    also=Format(
        name="polygon",
        title="Polygon stream trades",
        needs=("ev", "sym", "x", "p", "s", "t"),
        roles={Role.TIME: ("t",), Role.PRICE: ("p",), Role.SIZE: ("s",), Role.SYMBOL: ("sym",), Role.ACTION: ("ev",)},
        fit=lambda sample, layout: replace(layout, kind=_EVENTS),
    ),
)

FORMAT = Format(
    name="polygon",
    title="Polygon and Massive trades",
    needs=("exchange", "price", "siptimestamp", "size"),
    roles={
        Role.TIME: ("siptimestamp",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SYMBOL: ("ticker",),
        Role.ACTION: ("correction",),
    },
    fit=_fit,
    also=_CRYPTO,
)
