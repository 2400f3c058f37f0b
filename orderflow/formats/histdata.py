"""HistData.com ticks are quotes.

Layout: histdata.com/f-a-q/data-files-detailed-specification, without a header. ASCII ticks, `20120201 000000660,
1.306600,1.306770,0`: a time in EST with milliseconds, bid, ask and a volume that is always 0. NinjaTrader ticks,
`20120201 000004;1.306600;0`: the bid, the ask or the last quote alone, in files like DAT_NT_EURUSD_T_BID_201202.csv.
"""

from __future__ import annotations

import re

from orderflow.formats.refused import Refusal, all_rows
from orderflow.formats.sniff import Sample, is_number

_TIME = re.compile("[0-9]{8} [0-9]{9}")
_SECONDS = re.compile("[0-9]{8} [0-9]{6}")
_NAME = re.compile("DAT_NT_[A-Z]+_T_(BID|ASK|LAST)_[0-9]+", re.IGNORECASE)


def _fits(sample: Sample) -> bool:
    if all_rows(sample, 4, lambda row: bool(_TIME.fullmatch(row[0])) and all(map(is_number, row[1:]))):
        return True
    named = any(_NAME.search(name) for name in sample.names)
    return named and all_rows(sample, 3, lambda row: bool(_SECONDS.fullmatch(row[0])) and row[2] == "0")


REFUSAL = Refusal("histdata", "these are quotes of HistData.com: bid and ask, and no trades", _fits)
