"""The calendar day of a time at Chinese futures exchanges, whose trading day begins with the night session before it.

Monday's trading day begins on Friday evening at 21:00. CTP's ActionDay is the calendar's day and its TradingDay that of
the session, but at night Dalian sends the trading day in both, and Zhengzhou the calendar's day. So a day that differs
from the trading day is right. Where both are the same, or there is only the trading day, a night time is of the weekday
before, and one after midnight of the day after that; Zhengzhou's contracts, like TA409, are left as they are. Where
there is only the ActionDay, that goes for Dalian's contracts alone: the ActionDay of the others is the calendar's.
(VeighNa's CTP gateway, vnpy_ctp/gateway/ctp_gateway.py, knows Dalian as the only exception too.)
"""

from __future__ import annotations

import re

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.formats.parsing.zones import DAY

_HOUR = DAY // 24
_EVENING, _MORNING = 18 * _HOUR, 6 * _HOUR
_ZHENGZHOU = re.compile(r"(?:.*\.)?[A-Z]{1,2}[0-9]{3}(?![0-9]).*", re.ASCII)
_PRODUCT = re.compile(r"(?:.*\.)?([A-Za-z]{1,2})[0-9]{3,4}(?![0-9]).*", re.ASCII)
_DALIAN = frozenset(re.findall("[a-z]+", "a b bb bz c cs eb eg fb i j jd jm l lg lh m p pg pp rr v y"))
_SHANGHAI = frozenset(
    re.findall("[a-z]+", "ad ag al ao au bc br bu cu ec fu hc lu ni nr op pb rb ru sc sn sp ss wr zn")
)
"""Products of the Shanghai Futures Exchange and of the Shanghai International Energy Exchange."""


def sends_calendar_days(symbol: str) -> bool:
    """Whether a contract is one of Zhengzhou, by its code: two capitals and three digits."""
    return bool(_ZHENGZHOU.fullmatch(symbol))


def action_day_is_calendar(symbol: str) -> bool | None:
    """Whether a contract's ActionDay is the calendar's at night, by its code; None for products that are not known."""
    if sends_calendar_days(symbol):
        return True
    product = match[1] if (match := _PRODUCT.fullmatch(symbol)) else ""
    return False if product in _DALIAN else True if product in _SHANGHAI else None


def is_night(clock: int) -> bool:
    """Whether a time of day, ns since midnight, is one of the night session."""
    return clock >= _EVENING or clock < _MORNING


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
