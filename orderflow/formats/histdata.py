"""HistData.com ticks are quotes.

Layout: histdata.com, "Data Files - Detailed Specification", ASCII tick data, without a header: `20120201 000000660,
1.306600,1.306770,0` is a time in EST with milliseconds, bid, ask and a volume that is always 0.
"""

from __future__ import annotations

import re

from orderflow.formats.refused import Refusal, all_rows
from orderflow.formats.sniff import Sample, is_number

_TIME = re.compile("[0-9]{8} [0-9]{9}")


def _fits(sample: Sample) -> bool:
    return all_rows(sample, 4, lambda row: bool(_TIME.fullmatch(row[0])) and all(map(is_number, row[1:])))


REFUSAL = Refusal("histdata", "these are quotes of HistData.com: bid and ask, and no trades", _fits)
