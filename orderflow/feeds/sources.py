"""The live feeds by their name in the setting `feeds`. Adding one takes a row; a venue's dialect makes its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orderflow.errors import BadSetting
from orderflow.feeds.ccxt_rest import CcxtRest, make_exchange
from orderflow.feeds.live import LiveFeed
from orderflow.feeds.polled import PolledFeed
from orderflow.feeds.simulated import SimulatedFeed
from orderflow.feeds.venue_feed import ClosableTransport, VenueFeed
from orderflow.feeds.venues.registry import VENUES
from orderflow.feeds.venues.venue import Venue
from orderflow.feeds.yahoo import Yahoo, load
from orderflow.market.market import Market
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.feeds import FeedSettings


@dataclass(frozen=True, slots=True)
class FeedContext:
    """What a feed is made of."""

    settings: FeedSettings
    market: Market
    workers: Workers
    clock: Clock


@dataclass(frozen=True, slots=True)
class Source:
    """One row. name: in the setting. make: builds the feed; the text is what follows a colon in the setting, "" if
    nothing does. Raises BadSetting, also if an extra is not installed."""

    name: str
    title: str
    make: Callable[[FeedContext, str], LiveFeed]


def make_network(workers: Workers) -> ClosableTransport:
    """The network, whose libraries are imported only where a feed starts: they cost every start 0.1 s."""
    from orderflow.feeds.network import Network

    return Network(workers)


def _of_venue(venue: Venue) -> Source:
    def make(context: FeedContext, argument: str) -> LiveFeed:
        if argument:
            raise BadSetting(f"feeds = {venue.facts.name}:{argument} is not allowed: {venue.facts.name} has no parts")
        settings = context.settings
        return VenueFeed(
            venue,
            context.market,
            context.workers,
            context.clock,
            make_network,
            rest_url=getattr(settings, f"{venue.facts.name}_rest_url") or "",
            ws_url=getattr(settings, f"{venue.facts.name}_ws_url") or "",
            fill_hours=settings.fill_hours,
        )

    return Source(venue.facts.name, venue.facts.title, make)


def _simulated(context: FeedContext, argument: str) -> LiveFeed:
    if argument:
        raise BadSetting(f"feeds = simulated:{argument} is not allowed: simulated has no parts")
    return SimulatedFeed(context.market, context.workers, context.clock)


def _yahoo(context: FeedContext, argument: str) -> LiveFeed:
    if argument:
        raise BadSetting(f"feeds = yfinance:{argument} is not allowed: yfinance has no parts")
    poller, seconds = Yahoo(load(), context.clock.now), context.settings.yfinance_seconds
    return PolledFeed("yfinance", poller, context.market, context.workers, context.clock, seconds)


def _ccxt(context: FeedContext, argument: str) -> LiveFeed:
    if not argument:
        raise BadSetting("feeds = ccxt is not allowed: name the exchange, as ccxt:gate")
    poller, seconds = CcxtRest(make_exchange(argument)), context.settings.ccxt_seconds
    return PolledFeed(f"ccxt:{argument}", poller, context.market, context.workers, context.clock, seconds)


SOURCES: tuple[Source, ...] = (
    Source("simulated", "Simulated prices", _simulated),
    *(_of_venue(venue) for venue in VENUES),
    Source("yfinance", Yahoo.title, _yahoo),
    Source("ccxt", "An exchange through ccxt", _ccxt),
)


def make_feeds(context: FeedContext) -> Sequence[LiveFeed]:
    """The feeds that the settings name. Raises BadSetting for an unknown one."""
    known = {source.name: source for source in SOURCES}
    made = []
    for entry in context.settings.feeds:
        name, _, argument = entry.partition(":")
        if name not in known:
            raise BadSetting(f"feeds = {entry!r} is not allowed: the feeds are {', '.join(known)}")
        made.append(known[name].make(context, argument))
    return made
