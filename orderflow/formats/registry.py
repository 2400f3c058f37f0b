"""The registry of formats, in the order in which detection tries them: the most specific first, `generic` last."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orderflow.errors import UnknownFormat
from orderflow.formats import (
    aggr,
    algoseek,
    alpaca,
    b3,
    binance_aggtrades,
    binance_keys,
    binance_trades,
    bitfinex,
    bitmex,
    bitstamp,
    bybit,
    coinapi,
    coinbase,
    ctp,
    databento,
    deribit,
    dukascopy,
    finnhub,
    firstrate,
    freqtrade,
    gate,
    gdfl,
    generic,
    histdata,
    hyperliquid,
    iqfeed,
    joinquant,
    kaiko,
    kibot,
    kraken,
    lean,
    lobster,
    metatrader,
    nautilus,
    ninjatrader,
    okx,
    phemex,
    polygon,
    sierra,
    sierra_scid,
    taq,
    tardis,
    tickdata,
    timesales,
    tqsdk,
    truedata,
    upbit,
    veighna,
)
from orderflow.formats.base import Format
from orderflow.formats.files.arrow_tables import ArrowTable
from orderflow.formats.files.json_table import JsonTable
from orderflow.formats.files.sources import Kind, Source
from orderflow.formats.parsing.layout import Layout
from orderflow.formats.record_kinds import with_kinds
from orderflow.formats.refused import Refusal
from orderflow.formats.sniff import Sample
from orderflow.formats.tables import Table

FORMATS: tuple[Format, ...] = (
    timesales.FORMAT,
    databento.FORMAT,
    nautilus.FORMAT,
    tardis.FORMAT,
    polygon.FORMAT,
    bitmex.FORMAT,
    bybit.FORMAT,
    okx.FORMAT,
    deribit.FORMAT,
    kaiko.FORMAT,
    hyperliquid.FORMAT,
    sierra.FORMAT,
    sierra_scid.FORMAT,
    metatrader.FORMAT,
    algoseek.FORMAT,
    taq.FORMAT,
    gdfl.FORMAT,
    ctp.FORMAT,
    veighna.FORMAT,
    tqsdk.FORMAT,
    joinquant.FORMAT,
    binance_aggtrades.FORMAT,
    binance_trades.FORMAT,
    binance_keys.FORMAT,
    coinbase.FORMAT,
    bitstamp.FORMAT,
    upbit.FORMAT,
    phemex.FORMAT,
    coinapi.FORMAT,
    b3.FORMAT,
    alpaca.FORMAT,
    finnhub.FORMAT,
    freqtrade.FORMAT,
    gate.FORMAT,
    bitfinex.FORMAT,
    kraken.FORMAT,
    ninjatrader.FORMAT,
    kibot.FORMAT,
    tickdata.FORMAT,
    iqfeed.FORMAT,
    truedata.FORMAT,
    firstrate.FORMAT,
    aggr.FORMAT,
    lean.FORMAT,
    generic.FORMAT,
)

REFUSALS: tuple[Refusal, ...] = (dukascopy.REFUSAL, histdata.REFUSAL, lobster.REFUSAL, phemex.REFUSAL)
"""Known layouts without trades, or whose prices are told by nothing in them."""

TABLES: Mapping[Kind, Callable[[Source], Table]] = {
    Kind.PARQUET: ArrowTable,
    Kind.ARROW: ArrowTable,
    Kind.ARROW_STREAM: ArrowTable,
    Kind.JSON: JsonTable,
    Kind.SCID: sierra_scid.ScidTable,
}
"""How a source that is no delimited text is read as a table."""


def names() -> list[str]:
    """The names of all formats."""
    return [item.name for item in FORMATS]


def get(name: str) -> Format:
    """Return the format of that name. Raises UnknownFormat, listing all names."""
    for item in FORMATS:
        if item.name == name.strip().lower().replace("_", "-"):
            return item
    raise UnknownFormat(f"unknown format {name!r}; the formats are {', '.join(names())}")


def detect(sample: Sample) -> Layout:
    """Return the layout of the first format that matches. Raises UnknownFormat, describing the table."""
    return _told_apart(sample, _detect(sample))


def _told_apart(sample: Sample, layout: Layout) -> Layout:
    """The layout with the column of record kinds, which a format by name knows itself."""
    return with_kinds(sample, layout) if layout.format == generic.FORMAT.name else layout


def _detect(sample: Sample) -> Layout:
    for refusal in REFUSALS:
        if refusal.fits(sample):
            raise UnknownFormat(refusal.reason)
    for item in FORMATS:
        try:
            return item.match(sample)
        except UnknownFormat as error:
            reason = error.with_traceback(None)  # or a cycle keeps the file in memory
    if sample.header:
        raise reason  # from `generic`: lists the columns found and the columns needed
    raise UnknownFormat(
        f"no known format fits: found {sample.describe()}; add a header line that names a time, a price and a size "
        f"column, or force one of {', '.join(names())}"
    )


def find_layout(sample: Sample, name: str | None) -> Layout:
    """Return the layout of a table in the named format, or in the first that matches. Raises UnknownFormat."""
    return _told_apart(sample, get(name).match(sample) if name else _detect(sample))


def open_table(source: Source) -> Table:
    """Open a source that is no delimited text. Raises BadInput, UnknownFormat."""
    return TABLES[source.kind](source)
