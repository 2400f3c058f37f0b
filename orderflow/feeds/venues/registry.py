"""The venues, one line each. Adding one takes a file beside this one and a line here."""

from __future__ import annotations

from orderflow.feeds.venues.binance import Binance
from orderflow.feeds.venues.bybit import Bybit
from orderflow.feeds.venues.coinbase import Coinbase
from orderflow.feeds.venues.kraken import Kraken
from orderflow.feeds.venues.okx import Okx
from orderflow.feeds.venues.venue import Venue

VENUES: tuple[Venue, ...] = (Binance(), Coinbase(), Kraken(), Bybit(), Okx())
