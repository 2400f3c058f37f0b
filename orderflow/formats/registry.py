"""All formats, in the order in which they are tried: the ones that are hard to mistake first, the general one last."""

from __future__ import annotations

from orderflow.errors import UnknownFormat
from orderflow.formats import (
    binance_aggtrades,
    binance_trades,
    bybit,
    coinbase,
    databento,
    generic,
    kibot,
    kraken,
    lean,
    ninjatrader,
    okx,
    sierra,
    tardis,
    timesales,
)
from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Layout
from orderflow.formats.sniff import Sample

FORMATS: tuple[Format, ...] = (
    timesales.FORMAT,
    databento.FORMAT,
    tardis.FORMAT,
    bybit.FORMAT,
    okx.FORMAT,
    sierra.FORMAT,
    binance_aggtrades.FORMAT,
    binance_trades.FORMAT,
    coinbase.FORMAT,
    kraken.FORMAT,
    ninjatrader.FORMAT,
    kibot.FORMAT,
    lean.FORMAT,
    generic.FORMAT,
)


def names() -> list[str]:
    """The names by which a format can be forced."""
    return [item.name for item in FORMATS]


def get(name: str) -> Format:
    """The format of that name; raises UnknownFormat, naming those there are."""
    for item in FORMATS:
        if item.name == name.strip().lower().replace("_", "-"):
            return item
    raise UnknownFormat(f"there is no format {name!r}; the formats are {', '.join(names())}")


def detect(sample: Sample) -> Layout:
    """The first format that fits; raises UnknownFormat, saying what was found."""
    for item in FORMATS:
        try:
            return item.match(sample)
        except UnknownFormat as error:
            reason = error
    if sample.header:
        raise reason  # the general format's: it says which columns were found and which are needed
    raise UnknownFormat(
        f"no known format fits: found {sample.described()}; add a header line that names a time, a price and a size "
        f"column, or force one of {', '.join(names())}"
    )


def fitted(sample: Sample, name: str | None) -> Layout:
    """The layout of a table: of the named format, or of the first that fits. Raises UnknownFormat."""
    return get(name).match(sample) if name else detect(sample)
