"""Sierra Chart intraday text export of tick records.

Layout: sierrachart.com, "Text/CSV Data Format": `Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume,
AskVolume`; dates like 2025/12/8, times in the chart's zone. In a one-tick record ("Intraday Data File Format") Open is
0, High is the ask and Low the bid at the trade; BidVolume and AskVolume give the side. A row with both becomes two
ticks. A file whose rows are bars of several trades at several prices is rejected.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import Column, Layout, Role, TimeRule
from orderflow.formats.sniff import Sample


def _fit(sample: Sample, layout: Layout) -> Layout:
    opens, highs, lows, trades = (
        sample.column(sample.normal[name]) for name in ("open", "high", "low", "numberoftrades")
    )
    single = sum(_zero(value) for value in opens)
    if opens and single == len(opens):
        low, high = sample.normal["low"], sample.normal["high"]
        quotes = {Role.BID: Column(low, sample.header[low]), Role.ASK: Column(high, sample.header[high])}
        return replace(layout, columns={**layout.columns, **quotes})
    rows = list(zip(opens, highs, lows, trades, strict=False))
    bars = sum(not _zero(start) and high != low and count not in ("1", "0", "") for start, high, low, count in rows)
    if bars * 2 > len(rows):
        raise FormatMismatch("its rows must be single trades, but these are bars (store or export one-tick data)")
    return layout


def _zero(cell: str) -> bool:
    """Whether Open marks a one-tick record: 0, or the large negative values that mark parts of an unbundled trade."""
    return not cell.strip("0.") or cell.startswith("-")


FORMAT = Format(
    name="sierra",
    title="Sierra Chart text export",
    needs=("date", "time", "open", "high", "low", "last", "volume", "numberoftrades", "bidvolume", "askvolume"),
    roles={
        Role.DAY: ("date",),
        Role.TIME: ("time",),
        Role.PRICE: ("last",),
        Role.SIZE: ("volume",),
        Role.BID_VOLUME: ("bidvolume",),
        Role.ASK_VOLUME: ("askvolume",),
        Role.SYMBOL: ("symbol",),
    },
    time=TimeRule.SPLIT,
    fit=_fit,
)
