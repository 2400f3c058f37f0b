"""TqSdk (天勤) ticks of one instrument: the files of its DataDownloader.

Layout: github.com/shinnytech/tqsdk-python, tqsdk/tools/downloader.py: datetime and, in newer files, datetime_nano (ns
UTC), then columns with the instrument before their names: SHFE.rb1905.last_price, …volume, …bid_price1, …ask_price1.
A row is a snapshot: volume is the total of the trading day, so what it adds is the size, and the quote beside it gives
the side. `datetime` is China's time.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format, FormatMismatch
from orderflow.formats.parsing.layout import Column, Layout, Role
from orderflow.formats.sniff import Sample

_NAMES = {"last_price": Role.PRICE, "volume": Role.SIZE, "bid_price1": Role.BID, "ask_price1": Role.ASK}


def _guess(sample: Sample, columns: dict[Role, Column]) -> None:
    for index, name in enumerate(sample.header):
        instrument, _, last = name.rpartition(".")
        if instrument and last in _NAMES:
            columns.setdefault(_NAMES[last], Column(index, name))


def _fit(sample: Sample, layout: Layout) -> Layout:
    prices = [name for name in sample.header if name.endswith(".last_price")]
    if len(prices) > 1:
        raise FormatMismatch(
            f"it needs one instrument, but has {', '.join(prices)}; name one, --columns time=datetime,price=…,total=…"
        )
    return replace(layout, total=True)


FORMAT = Format(
    name="tqsdk",
    title="TqSdk ticks",
    needs=("datetime",),
    roles={Role.TIME: ("datetimenano", "datetime")},
    guess=_guess,
    zone=("China's", "Asia/Shanghai"),
    note="sizes are what the day's volume rises by",
    fit=_fit,
)
