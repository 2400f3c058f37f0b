"""The list of tickers: names for series of live feeds, from the settings and from what was changed on the page.

A ticker is an alias for one series. Changing it moves neither ticks nor alerts, which belong to the series. A ticker
without a pair of its own stands for what the server's first feed makes of its name, so BTC is `sim:BTC` or, on a server
with binance, `binance:BTCUSDT`.

Until something is changed nothing is stored, and the list is the settings'. A change stores the whole list, with the
tickers of the settings that were removed, so that they do not come back; names that are new in the settings come last.
What is stored as a ticker's series is its target as it was given, PAIR or feed:PAIR, "" for none.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from orderflow.errors import BadInput, BadSetting, Conflict, FieldError, NotFound, OrderflowError, StorageFailed
from orderflow.feeds.live_feeds import LiveFeeds, Ticker
from orderflow.storage.records.ticker_store import StoredTicker

NAME = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")
MAX_TICKERS = 200
REMOVED = "-"
"""In place of a stored ticker's feed: it was removed."""

log = logging.getLogger(__name__)


class Store(Protocol):
    """Where changed tickers are kept. See `orderflow.storage.records.ticker_store.TickerStore`."""

    def list(self) -> tuple[StoredTicker, ...]: ...

    def update(
        self,
        added: Sequence[StoredTicker] = (),
        changed: Sequence[tuple[str, str, str]] = (),
        order: Sequence[str] | None = None,
    ) -> None: ...


class Watch(Protocol):
    """What bounds the series that are taken. See `orderflow.feeds.retention.Retention`."""

    def watch(self, series: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Listed(Ticker):
    """A ticker of the list. target: as it was given, "" for none. problem: why no trades come, "" if they do."""

    target: str = ""
    problem: str = ""


class Tickers:
    """The tickers in their order. Nothing is read before `start`; then its methods may be called from everywhere.

    entries: of the settings. now: ns UTC. Raises BadSetting for an entry without a usable name.
    """

    def __init__(
        self, feeds: LiveFeeds, retention: Watch, store: Store, entries: Iterable[str], now: Callable[[], int]
    ) -> None:
        self._feeds = feeds
        self._retention = retention
        self._store = store
        self._now = now
        self._given = _given(entries)
        self._removed: tuple[str, ...] = ()
        self._tickers: dict[str, Listed] = {}
        self.revision = 0

    def start(self) -> None:
        """Read what was changed earlier and take the trades of all tickers. Records that cannot be read are logged."""
        targets = dict(self._given)
        try:
            targets = self._merged(self._store.list())
        except StorageFailed as error:
            log.warning("the tickers of the settings are shown, because those stored cannot be read: %s", error)
        self._show({name: self._follow(name, target) for name, target in targets.items()})
        for ticker in self._feeds.tickers:  # the feeds take those of the settings by themselves
            self._unfollow(ticker)

    def all(self) -> tuple[Listed, ...]:
        """All tickers in their order."""
        return tuple(self._tickers.values())

    def get(self, name: str) -> Listed:
        """The ticker of a name, in any case. Raises NotFound."""
        found = self._tickers.get(name.upper())
        if found is None:
            raise NotFound(f"Ticker {name[:60]} not found")
        return found

    def series_of(self, name: str) -> str | None:
        """The series of a ticker, by its name in any case or by the series itself; None if there is none."""
        found = self._tickers.get(name.upper())
        if found is not None and found.series:
            return found.series
        return name if name and self.of_series(name) else None

    def of_series(self, series: str) -> tuple[Listed, ...]:
        """The tickers that stand for a series."""
        return tuple(ticker for ticker in self.all() if ticker.series == series)

    def add(self, text: str, pair: str | None = None, feed: str | None = None) -> Listed:
        """Add a ticker at the end. text: a name, or an entry as in the settings if neither pair nor feed is given.

        Raises BadInput that names the field, Conflict if there is one of that name, StorageFailed.
        """
        name, target = _read(text)
        if pair is not None or feed is not None:
            target = self._target(name, pair, feed)
        if name in self._tickers:
            raise Conflict(f"there is a ticker {name} already")
        if len(self._tickers) >= MAX_TICKERS:
            raise _refused("ticker", f"{name} would be more than {MAX_TICKERS} tickers")
        ticker = self._resolve(name, target)
        removed = tuple(each for each in self._removed if each != name)
        again = name in self._removed
        added = [] if again else [StoredTicker(name, target, "", self._now())]
        order = [*self._tickers, name, *removed]
        with self._taken(ticker):
            self._store.update([*self._unstored(), *added], [(name, target, "")] if again else [], order)
        self._removed = removed
        self._show({**self._tickers, name: ticker})
        return ticker

    def remove(self, name: str) -> None:
        """Remove a ticker; its ticks and alerts stay. Raises NotFound, StorageFailed."""
        ticker = self.get(name)
        self._store.update(self._unstored(), [(ticker.name, "", REMOVED)])
        self._removed = (*self._removed, ticker.name)
        self._show({key: other for key, other in self._tickers.items() if key != ticker.name})
        self._unfollow(ticker)

    def change(self, name: str, pair: str | None, feed: str | None) -> Listed:
        """Let a ticker stand for another pair or feed. Raises NotFound, BadInput naming the field, StorageFailed."""
        old = self.get(name)
        ticker = self._resolve(old.name, self._target(old.name, pair, feed))
        with self._taken(ticker):
            self._store.update(self._unstored(), [(ticker.name, ticker.target, "")])
        self._show({**self._tickers, ticker.name: ticker})
        self._unfollow(old)
        return ticker

    def reorder(self, names: Sequence[str]) -> None:
        """Put the tickers in this order. Raises BadInput if these are not all of them, each once; StorageFailed."""
        keys = [name.upper() for name in names]
        if sorted(keys) != sorted(self._tickers):
            raise _refused("tickers", f"must name each of {', '.join(self._tickers)} once")
        self._store.update(self._unstored(), order=[*keys, *self._removed])
        self._show({key: self._tickers[key] for key in keys})

    # inside

    def _merged(self, stored: Sequence[StoredTicker]) -> dict[str, str]:
        """The targets of all tickers by name."""
        self._removed = tuple(row.name for row in stored if row.feed == REMOVED)
        kept = {row.name: row.series for row in stored if row.feed != REMOVED}
        return kept | {name: each for name, each in self._given.items() if name not in {*kept, *self._removed}}

    def _unstored(self) -> list[StoredTicker]:
        """The tickers that are not stored yet."""
        known = {row.name for row in self._store.list()}
        return [
            StoredTicker(ticker.name, ticker.target, "", self._now())
            for ticker in self.all()
            if ticker.name not in known
        ]

    @contextmanager
    def _taken(self, ticker: Ticker) -> Iterator[None]:
        """Take the trades of a ticker, unless what is done meanwhile fails. Raises StorageFailed."""
        self._take(ticker)
        try:
            yield
        except OrderflowError:
            self._unfollow(ticker)
            raise

    def _show(self, tickers: dict[str, Listed]) -> None:
        self._tickers = tickers  # replaced as a whole: others may be reading the old one
        self.revision += 1

    def _target(self, name: str, pair: str | None, feed: str | None) -> str:
        """PAIR or feed:PAIR, "" if neither is given. Raises BadInput for the field `feed`."""
        if feed is None:
            return pair or ""
        found = self._feeds.get(feed)
        return f"{found.name}:{pair or found.default_pair(name)}"

    def _resolve(self, name: str, target: str) -> Listed:
        """Raises BadInput that names the field `pair`, or `feed` if there is none."""
        try:
            found = self._feeds.parse(f"{name}={target}" if target else name)
        except BadInput as error:
            field = "pair" if self._feeds.names else "feed"
            errors = error.errors or [FieldError(None, field, str(error))]
            raise BadInput(f"{errors[0].field} {errors[0].reason}", errors) from error
        return Listed(name, found.series, found.feed, found.pair, target)

    def _follow(self, name: str, target: str) -> Listed:
        """The ticker, which is there without trades if its feed cannot be used."""
        try:
            ticker = self._resolve(name, target)
        except BadInput as error:
            feed, _, pair = target.rpartition(":")
            series = target if feed else ""  # its old ticks can be shown
            return Listed(name, series, feed, pair or name, target, error.errors[0].reason)
        try:
            self._take(ticker)
        except StorageFailed as error:
            log.warning("the trades of %s are not taken: %s", ticker.series, error)
            return replace(ticker, problem=str(error))
        return ticker

    def _take(self, ticker: Ticker) -> None:
        self._retention.watch(ticker.series)
        self._feeds.add(ticker)

    def _unfollow(self, old: Ticker) -> None:
        if old.feed in self._feeds.names and not self.of_series(old.series):
            self._feeds.remove(old)


def _read(text: str) -> tuple[str, str]:
    """(name, target) of an entry: NAME, PAIR, feed:PAIR, NAME=PAIR or NAME=feed:PAIR. Raises BadInput."""
    name, given, target = (part.strip() for part in text.partition("="))
    if not given:
        name, target = name.rpartition(":")[2], name if re.search(r"[-:/_]", name) else ""
    key = re.sub(r"[/_]", "-", name).upper()
    if not NAME.fullmatch(key):
        raise _refused("ticker", f"{name[:60]!r} must be 1 to 32 letters, digits, dots, dashes or underscores")
    if given and not target:
        raise _refused("ticker", f"{text[:60]!r} has no pair after the sign =")
    return key, target


def _given(entries: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in entries:
        try:
            name, target = _read(text)
        except BadInput as error:
            raise BadSetting(f"tickers: {error}") from error
        if name in found:
            raise BadSetting(f"tickers: {name} is there twice")
        found[name] = target
    return found


def _refused(field: str, reason: str) -> BadInput:
    return BadInput(f"{field} {reason}", [FieldError(None, field, reason)])
