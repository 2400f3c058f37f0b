"""Prices of Yahoo Finance through yfinance, an extra: one price point a poll, at most one in 15 s.

A point is a tick of size 0, so alerts and charts see it, and no volume is made up. An empty answer means *unknown*:
`download` answers with an empty table and no error when it has no network, so it never means zero or delisted. The
prices are floats of a few digits more than they are good for, and are cut to 8 figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from orderflow.errors import BadSetting
from orderflow.feeds.venues.venue import Held, Trade
from orderflow.market.ticks import NO_ID

LEAST_SECONDS = 15.0
_PAIR = re.compile(r"[A-Z0-9^][A-Z0-9.^=-]{0,19}")


def load() -> Any:
    """The library. Raises BadSetting that names the extra."""
    try:
        return import_module("yfinance")
    except ImportError as error:
        raise BadSetting('feeds = yfinance needs the extra: pip install "orderflow[yfinance]"') from error


class Yahoo:
    """See `orderflow.feeds.polled.Poller`. library: yfinance. now: ns UTC."""

    title = "Yahoo Finance"

    def __init__(self, library: Any, now: Callable[[], int]) -> None:
        self._library = library
        self._now = now
        self._shown: dict[str, tuple[int, str]] = {}

    def default_pair(self, ticker: str) -> str:
        """BTC is BTC-USD."""
        return f"{ticker.upper()}-USD"

    def is_pair(self, text: str) -> bool:
        """Whether a text is formed like a symbol of Yahoo."""
        return _PAIR.fullmatch(text) is not None and bool(re.search(r"[-=^.]", text))

    def fetch(self, pair: str, newest: Held | None) -> Sequence[Trade]:
        """The present price, if it or its minute has changed; () if it is unknown."""
        table = self._library.download(
            pair, period="1d", interval="1m", progress=False, threads=False, auto_adjust=False, timeout=10
        )
        found = last_price(table)
        if found is None or found == self._shown.get(pair):
            return ()
        self._shown[pair] = found
        return (Trade(pair, NO_ID, self._now(), found[1], "0", 0, NO_ID, NO_ID),)


def last_price(table: Any) -> tuple[int, str] | None:
    """(begin of its minute in ns UTC, price) of a table of `download`; None if the table tells none."""
    if table is None or not len(table) or "Close" not in table:
        return None
    column = table["Close"]
    closes = (column.iloc[:, 0] if isinstance(column, pd.DataFrame) else column).dropna()
    if not len(closes) or not np.isfinite(price := float(closes.iloc[-1])) or price <= 0:
        return None
    return pd.Timestamp(closes.index[-1]).value, f"{Decimal(f'{price:.8g}'):f}"
