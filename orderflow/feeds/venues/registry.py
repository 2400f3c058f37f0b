"""The venues, one line each. Adding one takes a file beside this one and a line here."""

from __future__ import annotations

from orderflow.feeds.venues.binance import Binance
from orderflow.feeds.venues.venue import Venue

VENUES: tuple[Venue, ...] = (Binance(),)
