"""Dukascopy tick exports are quotes.

Layout: dukascopy.com, "Historical Data Export", ticks: `Gmt time,Ask,Bid,AskVolume,BidVolume` (or Local time, EET);
dukascopy-node and duka write `timestamp,askPrice,bidPrice,askVolume,bidVolume`. The volumes are those of the quotes.
"""

from __future__ import annotations

from orderflow.formats.refused import Refusal
from orderflow.formats.sniff import Sample

_SITE = frozenset({"ask", "bid", "askvolume", "bidvolume"})
_NODE = frozenset({"askprice", "bidprice"})
_TIMES = frozenset({"gmttime", "localtime", "eet", "utc", "time", "timestamp", "datetime", "date"})
_VOLUMES = frozenset({"askvolume", "bidvolume"})


def _fits(sample: Sample) -> bool:
    names = sample.normal.keys()
    quotes = names - _TIMES
    return len(names - quotes) == 1 and (quotes == _SITE or quotes in (_NODE, _NODE | _VOLUMES))


REFUSAL = Refusal(
    "dukascopy", "these are quotes, as Dukascopy exports them: ask and bid with their volumes, and no trades", _fits
)
