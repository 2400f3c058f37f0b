"""A zero-intelligence order book, optionally tied to the price of a model.

Smith, Farmer, Gillemot and Krishnamurthy, "Statistical theory of the continuous double auction", Quantitative Finance 3
(2003) 481–514. Limit orders to buy arrive at `limit_rate` for each price in the `band` ticks below the best ask, those
to sell likewise above the best bid; market orders arrive at `market_rate`, half of them to buy; every resting order is
cancelled at `cancel_rate`. The paper's scales follow from the rates alone: price market_rate/(2·limit_rate), time
1/cancel_rate, orders market_rate/(2·cancel_rate), depth far from the quote limit_rate/cancel_rate orders a tick. (The
paper's band is unbounded; here it ends so far away that orders there hardly ever trade. Order sizes can vary.)

With an anchor, the model's price, three rules are added; none of them acts while the book is around the anchor:

- the bands are centred on the anchor, not on the mid, so part of the limit orders are marketable and pull the book;
- when the anchor has moved, quotes that are more than `leash` ticks behind it are stale: a taker gets the share `snipe`
  of their volume at once, the rest is withdrawn (Budish, Cramton and Shim, QJE 130 (2015));
- when the anchor is farther than the band from the mid, or a whole side was withdrawn, all orders are cancelled and the
  book is filled again around the anchor, without trades (`refills` counts).

The taker of every trade is known. The same generator gives the same book, however the time is cut into steps, as long
as the anchor does not move. A step makes at most MAX_EVENTS events; the rest of its time is silent, which `cuts` and
`silence` count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from orderflow.errors import FieldError
from orderflow.instruments.arrivals import BLOCK
from orderflow.instruments.flow import Sizes, Trade
from orderflow.instruments.orderbook import BUY, SELL, Fill, OrderBook, Quote
from orderflow.instruments.params import Param, checked, refused

MAX_EVENTS = 20_000
MAX_ORDERS = 10_000
"""Largest mean number of resting orders without trades, 2·limit_rate·band/cancel_rate."""
MAX_PER_SECOND = 5_000.0
"""Largest mean number of events per second."""

PARAMS = (
    Param("limit_rate", 0.2, 0.0, 1_000.0, "1/s/tick", "Limit orders a second at each price of a band.", low_open=True),
    Param("market_rate", 2.0, 0.0, 1_000.0, "1/s", "Market orders a second, both sides together."),
    Param(
        "cancel_rate", 0.05, 0.0, 1_000.0, "1/s", "Chance a second that a resting order is cancelled.", low_open=True
    ),
    Param("band", 20, 1, 1_000, "ticks", "Prices at which limit orders arrive, on each side; fractions are cut off."),
    Param("leash", 4.0, 0.0, 1_000.0, "ticks", "How far a quote may be on the wrong side of an anchor that moved."),
    Param("snipe", 0.3, 0.0, 1.0, "", "Share of the stale volume that is taken; the rest is withdrawn."),
    Param("tick", 1, 1, 10_000_000, "10^-decimals", "Step of the price grid; fractions are cut off."),
    Param("size", 2.0, 1.0, 1e6, "", "Median size of an order, limit or market."),
    Param("size_spread", 1.0, 0.0, 3.0, "", "Standard deviation of the logarithm of the size (0: all sizes equal)."),
)


def check(values: Mapping[str, float]) -> dict[str, float]:
    """Complete and check the parameters. Raises BadInput that names each wrong one."""
    owner = "the order book"
    complete = checked(owner, PARAMS, values)
    coming = 2 * complete["limit_rate"] * int(complete["band"])
    resting = coming / complete["cancel_rate"]
    if resting > MAX_ORDERS:
        reason = f"{complete['cancel_rate']:g} lets {resting:,.0f} orders rest: at most {MAX_ORDERS:,} are allowed"
        raise refused(owner, [FieldError(None, "cancel_rate", reason)])
    if 2 * coming + complete["market_rate"] > MAX_PER_SECOND:
        reason = f"{complete['limit_rate']:g} makes {2 * coming + complete['market_rate']:,.0f} events a second: "
        raise refused(owner, [FieldError(None, "limit_rate", f"{reason}at most {MAX_PER_SECOND:,.0f} are allowed")])
    return complete


class ZeroIntelligence:
    """A running book, filled around `price` (> 0) at time 0. Returned prices are ints in units of 10^-decimals."""

    def __init__(
        self,
        values: Mapping[str, float],
        rng: np.random.Generator,
        price: float,
        decimals: int = 2,
    ) -> None:
        """Draws from children of `rng`. Raises BadInput that names each wrong parameter."""
        self.values = check(values)
        self.book = OrderBook()
        self.cuts = 0
        self.silence = 0.0
        self.refills = 0
        self._tick = int(self.values["tick"])
        self._unit = 10.0**decimals
        self._band = int(self.values["band"])
        self._limits, self._markets = self.values["limit_rate"], self.values["market_rate"]
        self._cancels = self.values["cancel_rate"]
        size_rng, self._gap_rng, self._pick_rng, self._fill_rng = rng.spawn(4)
        self._sizes = Sizes(self.values["size"], self.values["size_spread"], size_rng)
        self._gaps: list[float] = []
        self._picks: list[float] = []
        self._orders: list[int] = []
        self._index: dict[int, int] = {}
        self._bid, self._ask = 1, 2
        self._next = 0.0
        self._anchor = self._ticks(price)
        self._fill(self._anchor)
        self._schedule(0.0)

    def step(self, t0: float, t1: float, anchor: float | None = None) -> list[Trade]:
        """Run the book from t0 to t1 (seconds since the start) and return its trades in time order.

        anchor: the price the book is tied to from t0 on, > 0 (below two ticks it counts as two); None: no anchor.
        Trades caused by the anchor's move have the time t0, the others are in (t0, t1]. An order that takes from
        several orders makes a trade for each. The time between the last t1 and t0 (a halt) does not affect the book.
        Raises ValueError for an anchor that is not > 0 and for t1 < t0.
        """
        if not (t1 >= t0 and (anchor is None or 0.0 < anchor < math.inf)):
            raise ValueError(f"invalid step from {t0} s to {t1} s around {anchor}")
        if self._next <= t0:
            self._schedule(t0)
        trades: list[Trade] = []
        middle = None if anchor is None else self._ticks(anchor)
        if middle is not None and middle != self._anchor:
            self._anchor = middle
            self._follow(middle, t0, trades)
        events = 0
        while self._next <= t1:
            if events >= MAX_EVENTS:
                self.cuts += 1
                self.silence += t1 - self._next
                self._schedule(t1)
                break
            events += 1
            self._event(self._next, middle, trades)
            self._schedule(self._next)
        return trades

    def quote(self) -> Quote:
        """Best bid and ask (units of 10^-decimals, bid < ask) and the sizes there.

        An empty side has the size 0 and its last price, or the nearest price beside the other side.
        """
        bid, ask = self._references()
        best = self.book.quote()
        if best is not None:
            return Quote(bid * self._tick, best.bid_size, ask * self._tick, best.ask_size)
        sizes = [own[0][1] if (own := self.book.depth(side, 1)) else 0 for side in (BUY, SELL)]
        return Quote(bid * self._tick, sizes[0], ask * self._tick, sizes[1])

    @property
    def mid(self) -> float:
        """The middle between bid and ask, as a price."""
        bid, ask = self._references()
        return (bid + ask) * self._tick / self._unit / 2.0

    def _ticks(self, price: float) -> float:
        return max(price * self._unit / self._tick, 2.0)

    def _references(self) -> tuple[int, int]:
        bid, ask = self.book.best_bid, self.book.best_ask
        if bid is None:
            bid = self._bid if ask is None else min(self._bid, ask - 1)
        if ask is None:
            ask = max(self._ask, bid + 1)
        self._bid, self._ask = bid, ask
        return bid, ask

    def _schedule(self, now: float) -> None:
        """The time of the next event: all rates are constant until then."""
        if not self._gaps:
            self._gaps = self._gap_rng.standard_exponential(BLOCK).tolist()
            self._picks = self._pick_rng.random(BLOCK).tolist()
        rate = 2.0 * self._limits * self._band + self._markets + self._cancels * len(self._orders)
        self._next = now + self._gaps.pop() / rate

    def _event(self, t: float, anchor: float | None, trades: list[Trade]) -> None:
        """One event at t: each price of a band, each kind of market order and each order has its share of the line from
        0 to the total rate, and a uniform number selects one.
        """
        band, limits, markets, orders = self._band, self._limits, self._markets, self._orders
        coming = limits * band
        point = self._picks.pop() * (2.0 * coming + markets + self._cancels * len(orders))
        if point < 2.0 * coming:
            quote = bid, ask = self._references()
            shift = 0 if anchor is None else int(max(-band, min(band, anchor - (bid + ask) / 2.0)))
            if point < coming:
                self._limit(t, BUY, ask - 1 + shift - int(point / limits), quote, trades)
            else:
                self._limit(t, SELL, bid + 1 + shift + int((point - coming) / limits), quote, trades)
            return
        point -= 2.0 * coming
        if point < markets:
            side = BUY if point < markets / 2.0 else SELL
            quote = self._references()
            self._took(t, side, self.book.market(side, self._sizes.draw()), quote, trades)
        elif orders:
            self._cancel(orders[min(int((point - markets) / self._cancels), len(orders) - 1)])

    def _limit(self, t: float, side: int, price: int, quote: tuple[int, int], trades: list[Trade]) -> None:
        size = self._sizes.draw()
        # a sell order at the lowest price would leave buyers no price at all
        if price < (1 if side == BUY else 2):
            return
        order, rests, fills = self.book.limit(side, price, size)
        if rests:
            self._index[order] = len(self._orders)
            self._orders.append(order)
        if fills:
            self._took(t, side, fills, quote, trades)

    def _took(self, t: float, side: int, fills: list[Fill], quote: tuple[int, int], trades: list[Trade]) -> None:
        tick = self._tick
        bid, ask = quote[0] * tick, quote[1] * tick
        for price, size, maker, left in fills:
            trades.append(Trade(t, price * tick, size, side, bid, ask))
            if not left:
                self._forget(maker)

    def _cancel(self, order: int) -> None:
        self.book.cancel(order)
        self._forget(order)

    def _forget(self, order: int) -> None:
        """Remove an order from the list that cancels are drawn from: the last one takes its place."""
        place, last = self._index.pop(order), self._orders.pop()
        if last != order:
            self._orders[place] = last
            self._index[last] = place

    def _follow(self, anchor: float, t: float, trades: list[Trade]) -> None:
        """The anchor moved: handle the stale quotes behind it."""
        bid, ask = self._references()
        leash = self.values["leash"]
        if abs(anchor - (bid + ask) / 2.0) > self._band:
            self._fill(anchor)
        elif ask < anchor - leash:
            self._settle(BUY, math.ceil(anchor - leash) - 1, t, trades)
        elif bid > anchor + leash:
            self._settle(SELL, math.floor(anchor + leash) + 1, t, trades)
        else:
            return
        if self.book.quote() is None:
            self._fill(anchor)
        self._schedule(t)

    def _settle(self, side: int, worst: int, t: float, trades: list[Trade]) -> None:
        """A taker on `side` gets its share of what rests at `worst` or better; the rest is withdrawn."""
        stale = [(price, size) for price, size in self.book.depth(-side) if (worst - price) * side >= 0]
        wanted = round(self.values["snipe"] * sum(size for _, size in stale))
        if wanted:
            quote = self._references()
            self._took(t, side, self.book.limit(side, worst, wanted).fills, quote, trades)
        for price, _ in stale:
            for order, _ in self.book.queue(-side, price):
                self._cancel(order)

    def _fill(self, anchor: float) -> None:
        """Fill a new book around the anchor: far from it with the long-run depth of the rates, thinner near it over the
        paper's price scale. The best prices have at least one order.
        """
        self.refills += bool(self._orders)
        for order in self._orders:
            self.book.cancel(order)
        self._orders.clear()
        self._index.clear()
        distance = np.arange(1, self._band + 1)
        mean = self._limits / self._cancels * distance / (distance + self._markets / (2.0 * self._limits))
        bid = max(math.ceil(anchor) - 1, 1)
        for side, best in ((BUY, bid), (SELL, bid + 1)):
            counts = self._fill_rng.poisson(mean)
            counts[0] = max(counts[0], 1)
            for price, count in zip(range(best, best - side * self._band, -side), counts.tolist(), strict=True):
                for _ in range(count):
                    self._limit(0.0, side, price, (bid, bid + 1), [])
