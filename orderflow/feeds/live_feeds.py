"""All live feeds of a server, and the tickers of its settings as names of their series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from orderflow.errors import BadInput, BadSetting, FieldError
from orderflow.feeds.live import FeedStatus, LiveFeed, SeriesStatus

PAIR = re.compile(r"[A-Z0-9][A-Z0-9._/-]{1,39}")
"""A pair that is named as such is tried though it does not look like one: another instance's exchange has ITEM00."""


@dataclass(frozen=True, slots=True)
class Ticker:
    """A name for one series of one feed: BTC for binance:BTCUSDT."""

    name: str
    series: str
    feed: str
    pair: str


class Claims(Protocol):
    """The part of the market that keeps other ticks out of a feed's series."""

    def claim(self, series: Iterable[str]) -> None: ...


class LiveFeeds:
    """The feeds that run, in the order of the settings. tickers: entries of the setting `tickers`.

    Raises BadSetting for an entry that no feed understands.
    """

    def __init__(self, feeds: Sequence[LiveFeed], tickers: Sequence[str], market: Claims) -> None:
        self._feeds = {feed.name: feed for feed in feeds}
        self._market = market
        self._claimed: dict[str, None] = {}
        try:
            self.tickers = tuple(self.parse(entry) for entry in tickers) if feeds else ()
        except BadInput as error:
            raise BadSetting(f"tickers: {error}") from error
        for ticker in self.tickers:
            self.add(ticker)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the feeds, in their order."""
        return tuple(self._feeds)

    def get(self, name: str) -> LiveFeed:
        """The feed of that name. Raises BadInput for the field `feed`."""
        feed = self._feeds.get(name.lower())
        if feed is None:
            reason = f"{name[:60]!r} is not a running feed; these are: {', '.join(self._feeds) or 'none'}"
            raise BadInput(f"feed {reason}", [FieldError(None, "feed", reason)])
        return feed

    def parse(self, entry: str) -> Ticker:
        """The ticker of an entry: NAME, PAIR, feed:PAIR, NAME=PAIR or NAME=feed:PAIR.

        Without a feed it is the first one's. Raises BadInput for an unknown feed or a pair that is none of its.
        """
        name, given, target = entry.partition("=")
        name, target = name.strip(), (target if given else entry).strip()
        if not self._feeds:
            raise BadInput("no feed is running; name one in the setting feeds")
        if not name or not target:
            raise BadInput(f"{entry!r} is not a ticker: write BTC, BTCUSDT, NAME=PAIR or NAME=feed:PAIR")
        named = next((each for each in self._feeds if target.lower().startswith(f"{each}:")), None)
        prefix, colon, pair = target.partition(":") if named is None else (named, ":", target[len(named) + 1 :])
        feed = self._feeds.get(prefix.lower()) if colon else next(iter(self._feeds.values()))
        if feed is None:
            raise BadInput(f"{prefix!r} in {entry!r} is not a running feed; these are: {', '.join(self._feeds)}")
        pair = pair if colon else target
        if not feed.is_pair(pair) and not ((colon or given) and PAIR.fullmatch(pair)):
            if colon or given:
                raise BadInput(f"{pair!r} in {entry!r} is not a pair of {feed.name}")
            pair = feed.default_pair(pair)
        return Ticker(name if given else target.rpartition(":")[2], feed.series(pair), feed.name, pair)

    def add(self, ticker: Ticker) -> None:
        """Take the trades of a ticker's series too; nothing if that is so already."""
        self._claimed[ticker.series] = None
        self._market.claim(self._claimed)
        self._feeds[ticker.feed].add(ticker.pair)

    def remove(self, ticker: Ticker) -> None:
        """Stop taking the trades of a series; its ticks stay, and it still takes no others."""
        self._feeds[ticker.feed].remove(ticker.pair)

    def start(self) -> None:
        """Start all feeds."""
        for feed in self._feeds.values():
            feed.start()

    def stop(self) -> None:
        """Stop all feeds, together within some 2 s."""
        for feed in self._feeds.values():
            feed.stop()

    def status(self) -> list[FeedStatus]:
        """The status of every feed; cheap."""
        return [feed.status() for feed in self._feeds.values()]

    def series_status(self, series: str) -> SeriesStatus | None:
        """The status of one series; None if no feed takes it."""
        rows = (row for status in self.status() for row in status.series)
        return next((row for row in rows if row.series == series), None)
