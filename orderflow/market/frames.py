"""Frames: bars by time (1 second to 1 day) or by activity (trades, volume, range, delta).

A frame is a name and a size. `orderflow.market.sessions.bar_start` computes where time bars start,
`orderflow.market.bars.activity` where activity bars end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from orderflow.errors import BadInput

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Kind = Literal["time", "ticks", "volume", "range", "delta"]

_LENGTHS = {
    "1s": SECOND,
    "5s": 5 * SECOND,
    "15s": 15 * SECOND,
    "30s": 30 * SECOND,
    "1min": MINUTE,
    "3min": 3 * MINUTE,
    "5min": 5 * MINUTE,
    "15min": 15 * MINUTE,
    "30min": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "1d": DAY,
}
_UNITS = {"s": SECOND, "sec": SECOND, "m": MINUTE, "min": MINUTE, "t": MINUTE, "h": HOUR, "d": DAY}
_NAMES = {length: name for name, length in _LENGTHS.items()}
_ACTIVITY: dict[str, Kind] = {"ticks": "ticks", "volume": "volume", "range": "range", "delta": "delta"}
MAX_ACTIVITY = 1_000_000_000

TIME_FRAMES = tuple(_LENGTHS)
"""The names of the time frames, shortest first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame. name: canonical text. ns: length of a time bar in ns, 0 for activity bars. n: size of an activity bar
    (trades, whole units of volume or delta, ticks of range), 0 for time bars.
    """

    name: str
    kind: Kind
    ns: int = 0
    n: int = 0

    @property
    def base(self) -> int:
        """Length in ns of the base bars that this frame's bars are aggregated from; 0 for activity bars."""
        return 0 if not self.ns else MINUTE if self.ns >= MINUTE else SECOND

    def measure(self, size_decimals: int) -> int:
        """Size of an activity bar in trades, size units or levels."""
        return self.n * 10**size_decimals if self.kind in ("volume", "delta") else self.n

    @staticmethod
    def parse(text: str) -> Frame:
        """The frame of `1min`, `5m`, `60min`, `1T`, `ticks:100`, `volume:1000`, `range:8`, `delta:500` …

        Raises BadInput, listing the known frames.
        """
        word = text.strip().lower()
        if match := re.fullmatch(r"(\d{1,6})(s|sec|min|m|t|h|d)", word):
            ns = int(match[1]) * _UNITS[match[2]]
            if name := _NAMES.get(ns):
                return Frame(name, "time", ns=ns)
        if match := re.fullmatch(r"(ticks|volume|range|delta):(\d{1,10})", word):
            n = int(match[2])
            if 1 <= n <= MAX_ACTIVITY:
                return Frame(f"{match[1]}:{n}", _ACTIVITY[match[1]], n=n)
        raise BadInput(
            f"frame {text!r} is not known; use one of {', '.join(TIME_FRAMES)}, or ticks:N, volume:N, range:N, delta:N"
        )
