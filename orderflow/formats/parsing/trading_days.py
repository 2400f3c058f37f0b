"""The calendar day of a time at Chinese futures exchanges, whose trading day begins with the night session before it.

Monday's trading day begins on Friday evening at 21:00. CTP's ActionDay is the calendar's day and its TradingDay that of
the session, but at night Dalian sends the trading day in both, and Zhengzhou the calendar's day. So a day that differs
from the trading day is right. Where both are the same, or there is only the trading day, a night time is of the weekday
before, and one after midnight of the day after that; Zhengzhou's contracts, like TA409, are left as they are.
"""

from __future__ import annotations

import re

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.formats.parsing.zones import DAY

_HOUR = DAY // 24
_EVENING, _MORNING = 18 * _HOUR, 6 * _HOUR
_ZHENGZHOU = re.compile(r"(?:.*\.)?[A-Z]{1,2}[0-9]{3}(?![0-9]).*", re.ASCII)


def sends_calendar_days(symbol: str) -> bool:
    """Whether a contract is one of Zhengzhou, by its code: two capitals and three digits."""
    return bool(_ZHENGZHOU.fullmatch(symbol))


def calendar_days(days: Ints, trading: Ints | None, clocks: Ints, calendar: Flags) -> Ints:
    """The days of the calendar, int64[n] ns at midnight.

    days: int64[n], ns at midnight. trading: the trading days, None if `days` are these. clocks: int64[n], ns since
    midnight. calendar: bool[n], rows of contracts whose trading day is the calendar's.
    """
    night = ((clocks >= _EVENING) | (clocks < _MORNING)) & ~calendar
    if trading is not None:
        night &= days == trading
    if not night.any():
        return days
    found = days.copy()
    before = np.busday_offset((days[night] // DAY).astype("M8[D]"), -1, roll="forward").astype(np.int64) * DAY
    found[night] = before + np.where(clocks[night] < _MORNING, DAY, 0)
    return found
