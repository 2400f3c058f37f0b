"""Builds what keeps the klines, from the settings."""

from __future__ import annotations

from orderflow.errors import BadInput, BadSetting
from orderflow.feeds.sources import make_network
from orderflow.feeds.venues.binance import Binance
from orderflow.market.timeframes import timeframe
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.workspace.klines.venue_klines import VenueKlines, Wanted
from orderflow.workspace.store import Klines


def wanted(settings: Settings) -> list[Wanted]:
    """The series that the setting `klines` names. Raises BadSetting."""
    found = []
    for entry in settings.workspace.klines:
        pair, _, frame = entry.partition(":")
        try:
            found.append((pair, timeframe(frame)))
        except BadInput as error:
            raise BadSetting(f"klines = {entry!r} is not allowed: {error}") from error
        if not Binance().is_pair(pair):
            raise BadSetting(f"klines = {entry!r} is not allowed: {pair} is not a pair of Binance, such as BTCUSDT")
    return found


def build_venue_klines(
    settings: Settings, store: Klines, workers: Workers, clock: Clock, *, server: bool = True
) -> VenueKlines:
    """What keeps the klines of Binance; nothing runs yet. server: not with the setting `klines_apart`. Raises
    BadSetting."""
    feeds, named = settings.live_feeds, wanted(settings)
    return VenueKlines(
        Binance(),
        store,
        workers,
        clock,
        make_network,
        () if server and settings.workspace.klines_apart else named,
        days=settings.workspace.klines_backfill_days,
        rest_url=feeds.binance_rest_url or "",
        ws_url=feeds.binance_ws_url or "",
    )
