"""The products built on the market. To add a product, add its row to `PRODUCTS`.

A row builds the product's parts from the ground and from the parts built before, and defines how they start and stop.
The layers above are given by name, because this module may not import them: `api` lists the classes of its routes and
sockets (loaded by `orderflow.web.app`), `pages` its Dash pages (loaded by `callbacks.app`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from orderflow.accounts.accounts import Accounts
from orderflow.accounts.product import Upkeep, build_accounts
from orderflow.accounts.profile import UserData
from orderflow.errors import BadInput, BadSetting
from orderflow.exchange.product import build_exchange
from orderflow.feeds.holes import Holes
from orderflow.feeds.live_feeds import LiveFeeds
from orderflow.feeds.registry import FEEDS
from orderflow.feeds.retention import Retention
from orderflow.feeds.sources import FeedContext, make_feeds
from orderflow.herd.debrief.cache import Debriefs
from orderflow.herd.live.game import Game, build_game
from orderflow.instruments.simulation import Simulation, build_simulation
from orderflow.market.market import Market
from orderflow.market.tick_log import DamagedPart, TickLog
from orderflow.runtime.bus import Bus
from orderflow.runtime.clock import Clock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from orderflow.storage.records.delivery_store import Filter
from orderflow.storage.records.hole_store import HoleStore
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.notice_store import NoticeStore
from orderflow.storage.records.records import Records
from orderflow.storage.records.target_store import OPERATOR
from orderflow.storage.records.ticker_store import TickerStore
from orderflow.storage.records.view_store import ViewStore
from orderflow.tickers.alerts.messages import time_text
from orderflow.tickers.alerts.parsing import sent_form
from orderflow.tickers.alerts.product import build_alerts
from orderflow.tickers.alerts.service import Alerts
from orderflow.tickers.delivery.delivery import Delivery
from orderflow.tickers.delivery.kinds import make_kinds
from orderflow.tickers.delivery.letters import mail_by
from orderflow.tickers.notices import Notices
from orderflow.tickers.quotes import Quotes
from orderflow.tickers.tickers import Tickers
from orderflow.workspace.klines.engine_klines import EngineKlines
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.klines.product import build_venue_klines
from orderflow.workspace.klines.upkeep import KlineUpkeep
from orderflow.workspace.klines.venue_klines import VenueKlines
from orderflow.workspace.samples import Sample
from orderflow.workspace.uploads.chart_files import ChartFiles
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.uploads.product import build_chart_files, build_library
from orderflow.workspace.views import Views

MOST_EXPORTED = 10_000
"""Newest fired alerts, and newest deliveries, in the export of a user's data."""
T = TypeVar("T")


class Ground(Protocol):
    """What every product can use."""

    @property
    def settings(self) -> Settings: ...
    @property
    def market(self) -> Market: ...
    @property
    def ticks(self) -> TickLog: ...
    @property
    def records(self) -> Records: ...
    @property
    def workers(self) -> Workers: ...
    @property
    def bus(self) -> Bus: ...
    @property
    def clock(self) -> Clock: ...


class Parts:
    """The objects that the products run, found by their class."""

    def __init__(self) -> None:
        self._parts: dict[type, object] = {}

    def add(self, part: object) -> None:
        """Add a part. Raises ValueError if there is one of its class."""
        if type(part) in self._parts:
            raise ValueError(f"there are two parts of class {type(part).__name__}")
        self._parts[type(part)] = part

    def get(self, kind: type[T]) -> T:
        """The part of exactly this class. Raises LookupError if no product has built it."""
        try:
            part = self._parts[kind]
        except KeyError:
            raise LookupError(f"no product has built a {kind.__name__}") from None
        assert isinstance(part, kind)
        return part


class HasParts(Protocol):
    """The services as seen by an API that needs only its product's parts."""

    def part(self, kind: type[T]) -> T:
        """The part of this class. Raises LookupError."""


def _nothing(parts: Parts) -> None:
    """For products without start or stop."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product. Its settings are the section of the same name in `orderflow.settings.settings.SECTIONS`.

    build: yields the parts; nothing runs yet. Raises BadSetting, StorageFailed. prepare: called before the ticks are
    loaded. start, stop: for all its parts. damage: stored data of the product that cannot be read. problems: why it
    cannot store anything at present ("": it can). deleted: how many of what a bound has deleted since the start.
    rewrite: writes files anew that were deleted. api: "module:class", made with (services, fanout). pages: modules with
    a `PAGE`.
    """

    name: str
    build: Callable[[Ground, Parts], Iterator[object]]
    prepare: Callable[[Parts], None] = _nothing
    start: Callable[[Parts], None] = _nothing
    stop: Callable[[Parts], None] = _nothing
    damage: Callable[[Parts], list[DamagedPart]] = lambda parts: []
    problems: Callable[[Parts], list[str]] = lambda parts: []
    deleted: Callable[[Parts], dict[str, int]] = lambda parts: {}
    rewrite: Callable[[Parts], None] = _nothing
    api: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def _accounts(ground: Ground, parts: Parts) -> Iterator[object]:
    mail = mail_by(make_kinds(ground.settings.delivery)["email"], ground.workers, ground.clock)
    yield from build_accounts(ground.settings, ground.records, ground.workers, ground.clock, mail)


def _market(ground: Ground, parts: Parts) -> Iterator[object]:
    for kind in FEEDS:
        yield kind.make(ground.market, ground.workers, ground.settings.velocity)


def _stop_feeds(parts: Parts) -> None:
    for kind in FEEDS:
        parts.get(kind.type).stop()


def _herd(ground: Ground, parts: Parts) -> Iterator[object]:
    try:
        game = build_game(ground.settings, ground.market, ground.workers, ground.clock)
    except BadInput as error:
        raise BadSetting(f"the settings of the herd game are invalid: {error}") from error
    yield game
    yield Debriefs(game, ground.workers)


def _instruments(ground: Ground, parts: Parts) -> Iterator[object]:
    yield build_simulation(ground.settings, ground.market, ground.ticks, ground.workers, ground.clock)


def _exchange(ground: Ground, parts: Parts) -> Iterator[object]:
    yield build_exchange(ground.settings.exchange, ground.market, ground.workers, ground.clock, parts.get(Simulation))


def _live_feeds(ground: Ground, parts: Parts) -> Iterator[object]:
    settings = ground.settings.live_feeds
    feeds = make_feeds(FeedContext(settings, ground.market, ground.workers, ground.clock))
    live = LiveFeeds(feeds, settings.tickers, ground.market)
    retention = Retention(ground.market, ground.ticks, ground.workers, ground.clock, settings.days)
    yield live
    yield retention
    yield Holes(live.status, retention.days_of, HoleStore(ground.records), ground.workers, ground.clock)


def _start_live_feeds(parts: Parts) -> None:
    parts.get(Retention).start()
    parts.get(LiveFeeds).start()
    parts.get(Holes).start()


def _stop_live_feeds(parts: Parts) -> None:
    parts.get(LiveFeeds).stop()
    parts.get(Holes).stop()
    parts.get(Retention).stop()


def _tickers(ground: Ground, parts: Parts) -> Iterator[object]:
    feeds, store = parts.get(LiveFeeds), TickerStore(ground.records)
    tickers = Tickers(feeds, parts.get(Retention), store, ground.settings.live_feeds.tickers, ground.clock.now)
    yield tickers
    yield Quotes(ground.market, tickers, feeds, ground.clock)


def _alerts(ground: Ground, parts: Parts) -> Iterator[object]:
    tickers, delivery = parts.get(Tickers), parts.get(Delivery)

    def failing() -> list[tuple[str, str, str]]:
        return [("" if each.owner == OPERATOR else each.owner, each.name, each.error) for each in delivery.failing()]

    alerts = build_alerts(
        ground.market, ground.records, ground.workers, ground.bus, ground.clock, tickers.series_of, failing
    )
    alerts.listen(lambda events: delivery.wake())
    notices = Notices(alerts, NoticeStore(ground.records), ground.clock)
    for data in user_alerts(alerts, notices):
        parts.get(Accounts).profile.add_data(data)
    yield alerts
    yield notices


def user_alerts(alerts: Alerts, notices: Notices) -> tuple[UserData, UserData]:
    """The alerts of users and their events, for their export and the end of their accounts."""

    def export(user: str) -> list[dict[str, object]]:
        return [sent_form(alert) for alert in alerts.alerts(owner=user)]

    def fired(user: str) -> list[dict[str, object]]:
        events = [event for _, event in alerts.events(owner=user, limit=MOST_EXPORTED)]
        return [
            {"symbol": each.symbol, "time": time_text(each.time), "title": each.title, "message": each.message}
            for each in events
        ]

    def remove(user: str) -> None:
        alerts.delete_all(user)
        notices.forget(user)

    return UserData("alerts", export, remove, alerts.owners), UserData("fired_alerts", fired, notices.forget, set)


def _delivery(ground: Ground, parts: Parts) -> Iterator[object]:
    accounts = parts.get(Accounts)
    delivery = Delivery(
        ground.records,
        ground.workers,
        ground.clock,
        make_kinds(ground.settings.delivery),
        email_of=lambda user: accounts.user(user).email,
    )
    for data in user_deliveries(delivery):
        accounts.profile.add_data(data)
    yield delivery


def user_deliveries(delivery: Delivery) -> tuple[UserData, UserData]:
    """The targets of users and what was sent to them, for their export and the end of their accounts."""

    def sent(user: str) -> list[dict[str, object]]:
        return [
            {
                "target": each.target_name,
                "kind": each.kind,
                "title": each.title,
                "text": each.text,
                "state": each.state,
                "created": time_text(each.created),
                "attempts": each.attempts,
                "error": each.error,
            }
            for each in delivery.deliveries(Filter(MOST_EXPORTED, owner=user))
        ]

    return (
        UserData("targets", delivery.shown, delivery.delete_all, delivery.targets.owners),
        UserData("deliveries", sent, delivery.targets.forget, set),
    )


def _start_alerts(parts: Parts) -> None:
    parts.get(Notices).start()
    parts.get(Alerts).start()


def _workspace(ground: Ground, parts: Parts) -> Iterator[object]:
    store = KlineStore(ground.records, ground.clock.now)
    venue = build_venue_klines(ground.settings, store, ground.workers, ground.clock)
    yield store
    yield KlineUpkeep(store, ground.workers)
    yield venue
    yield LiveKlines(venue, EngineKlines(ground.market), store, ground.clock)


def _start_workspace(parts: Parts) -> None:
    parts.get(KlineUpkeep).start()
    parts.get(VenueKlines).start()


def _uploads(ground: Ground, parts: Parts) -> Iterator[object]:
    library = build_library(ground, parts.get(KlineStore))
    parts.get(Accounts).profile.add_data(UserData("uploads", library.export, library.delete_all, library.owners))
    yield library
    yield build_chart_files(ground)
    views = Views(ViewStore(ground.records, ground.clock.now))
    parts.get(Accounts).profile.add_data(UserData("charts", views.export, views.delete_all, views.owners))
    yield views
    yield Sample(ground.workers)


def _start_uploads(parts: Parts) -> None:
    parts.get(Library).spool.start()
    parts.get(ChartFiles).spool.start()


def _stop_uploads(parts: Parts) -> None:
    parts.get(Library).spool.stop()
    parts.get(ChartFiles).stop()


def _deleted_uploads(parts: Parts) -> dict[str, int]:
    library = parts.get(Library)
    return {
        "uploads": library.spool.deleted + parts.get(ChartFiles).spool.deleted,
        "mappings": library.mappings.deleted,
        "charts": parts.get(Views).deleted,
    }


PRODUCTS: tuple[Product, ...] = (
    Product(
        "accounts",
        _accounts,
        start=lambda parts: parts.get(Upkeep).start(),
        deleted=lambda parts: {"sessions": parts.get(Accounts).sessions.ended},
        api=(
            "orderflow.web.accounts.accounts_api:AccountsApi",
            "orderflow.web.accounts.profile_api:ProfileApi",
            "orderflow.web.accounts.factors_api:FactorsApi",
        ),
        pages=("callbacks.accounts",),
    ),
    Product(
        "market",
        _market,
        stop=_stop_feeds,
        api=("orderflow.web.market.stats:StatsApi", "orderflow.web.market.market_api:MarketApi"),
        pages=("callbacks.chart",),
    ),
    Product(
        "herd",
        _herd,
        start=lambda parts: parts.get(Game).start(),
        stop=lambda parts: parts.get(Game).stop(),
        damage=lambda parts: parts.get(Game).damage(),
        problems=lambda parts: [parts.get(Game).journal.problem()],
        rewrite=lambda parts: parts.get(Game).journal.rewrite(),
        api=("orderflow.web.herd.herd_api:HerdApi",),
        pages=("callbacks.herd", "callbacks.herd_play", "callbacks.herd_debrief", "callbacks.herd_replay"),
    ),
    Product(
        "instruments",
        _instruments,
        start=lambda parts: parts.get(Simulation).start(),
        api=("orderflow.web.instruments.instruments_api:InstrumentsApi",),
        pages=("callbacks.instruments",),
    ),
    Product(
        "live_feeds",
        _live_feeds,
        prepare=lambda parts: parts.get(Retention).sweep_at_start(),
        start=_start_live_feeds,
        stop=_stop_live_feeds,
        deleted=lambda parts: {"feed_trades": parts.get(Retention).removed},
    ),
    Product(
        "tickers",
        _tickers,
        start=lambda parts: parts.get(Tickers).start(),
        api=("orderflow.web.tickers.tickers_api:TickersApi",),
        pages=("callbacks.tickers",),
    ),
    Product(
        "delivery",
        _delivery,
        start=lambda parts: parts.get(Delivery).start(),
        stop=lambda parts: parts.get(Delivery).stop(),
        deleted=lambda parts: {"deliveries": parts.get(Delivery).deleted()},
        api=("orderflow.web.tickers.delivery_api:DeliveryApi",),
    ),
    Product(
        "alerts",
        _alerts,
        start=_start_alerts,
        stop=lambda parts: parts.get(Alerts).stop(),
        problems=lambda parts: [parts.get(Alerts).problem],
        deleted=lambda parts: {"alert_events": parts.get(Alerts).deleted()},
        api=("orderflow.web.tickers.alerts_api:AlertsApi",),
    ),
    Product(
        "workspace",
        _workspace,
        start=_start_workspace,
        stop=lambda parts: parts.get(VenueKlines).stop(),
        api=("orderflow.web.workspace.klines_api:KlinesApi",),
        pages=("callbacks.workspace",),
    ),
    Product(
        "uploads",
        _uploads,
        start=_start_uploads,
        stop=_stop_uploads,
        deleted=_deleted_uploads,
        api=(
            "orderflow.web.workspace.uploads_api:UploadsApi",
            "orderflow.web.workspace.chart_files_api:ChartFilesApi",
            "orderflow.web.workspace.custom_api:CustomApi",
            "orderflow.web.workspace.study_api:StudyApi",
        ),
    ),
    Product("exchange", _exchange, api=("orderflow.web.exchange.exchange_api:ExchangeApi",)),
)
"""In the order in which they are built and started; they stop in reverse order."""


def build_parts(ground: Ground, parts: Parts) -> None:
    """Build the parts of all products into `parts`. Raises BadSetting, StorageFailed."""
    for product in PRODUCTS:
        for part in product.build(ground, parts):
            parts.add(part)
