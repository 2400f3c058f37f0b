"""NYSE Daily TAQ trades as WRDS distributes them.

Layout: WRDS, "Daily TAQ, Consolidated Trades": DATE, TIME_M (with nanoseconds, US Eastern), EX, SYM_ROOT, SYM_SUFFIX,
TR_SCOND, SIZE, PRICE, TR_STOPIND, TR_CORR, TR_SEQNUM and more, in any order. A suffix makes another instrument: root
BRK and suffix B are BRK.B. TR_CORR is the trade correction indicator: cancelled trades, and the records that did it,
are no trades. Trade ids are unique for each exchange only, so they are not used. There is no side.
"""

from __future__ import annotations

from dataclasses import replace

from orderflow.formats.base import Format
from orderflow.formats.parsing.layout import Layout, Role, TimeRule
from orderflow.formats.record_kinds import CORRECTION
from orderflow.formats.sniff import Sample


def _fit(sample: Sample, layout: Layout) -> Layout:
    return replace(layout, kind=CORRECTION) if Role.ACTION in layout.columns else layout


FORMAT = Format(
    name="taq",
    title="NYSE Daily TAQ trades",
    needs=("date", "timem", "symroot", "size", "price"),
    roles={
        Role.DAY: ("date",),
        Role.TIME: ("timem",),
        Role.PRICE: ("price",),
        Role.SIZE: ("size",),
        Role.SYMBOL: ("symroot",),
        Role.SUFFIX: ("symsuffix",),
        Role.ACTION: ("trcorr",),
    },
    time=TimeRule.SPLIT,
    zone=("US Eastern", "America/New_York"),
    fit=_fit,
)
