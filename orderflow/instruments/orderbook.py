"""A limit order book with price–time priority: limit, market and cancel orders, in whole ticks and whole sizes.

An order first takes what rests on the other side: the best price first, at one price the oldest order first, each at
the resting order's price. The rest of a limit order rests in the book; the rest of a market order is dropped. So the
book is never crossed, and the taker of every fill is known.

Cost: a level is a linked dictionary of its orders, a side is the sorted list of its prices with the best one last. A
fill and a cancel take constant time, however many orders rest; a new price level moves at most the list of prices.

It is not an exchange: it has no clock, no owners and no limit on the number of orders.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from typing import NamedTuple

BUY, SELL = 1, -1


class Fill(NamedTuple):
    """What a taker got from one resting order. price: of the resting order, in ticks. maker: its id. left: what remains
    of it.
    """

    price: int
    size: int
    maker: int
    left: int


class Placed(NamedTuple):
    """The result of a limit order. order: its id. rests: the size that rests in the book, 0 if it was filled."""

    order: int
    rests: int
    fills: list[Fill]


class Quote(NamedTuple):
    """Best prices in ticks, and the sizes there; a size of 0 means that the side is empty."""

    bid: int
    bid_size: int
    ask: int
    ask_size: int


class _Level:
    __slots__ = ("orders", "size")

    def __init__(self) -> None:
        self.orders: OrderedDict[int, int] = OrderedDict()
        self.size = 0


class _Side:
    """One side. Keys are price·sign, so that on both sides the best one is the largest and the last of `keys`."""

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def add(self, price: int, order: int, size: int) -> None:
        key = price * self.sign
        level = self.levels.get(key)
        if level is None:
            level = self.levels[key] = _Level()
            self.keys.insert(bisect_left(self.keys, key), key)
        level.orders[order] = size
        level.size += size

    def drop(self, key: int) -> None:
        del self.levels[key]
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]


class OrderBook:
    """A limit order book, empty at first. Sides are 1 (buy) and -1 (sell); orders are numbered 1, 2, 3 … on arrival."""

    def __init__(self) -> None:
        self._bids, self._asks = _Side(BUY), _Side(SELL)
        self._where: dict[int, tuple[_Side, int]] = {}
        self._last_id = 0

    def limit(self, side: int, price: int, size: int) -> Placed:
        """Take what rests at `price` or better; the remainder rests in the book.

        Raises ValueError for a side other than 1 and -1, and for a price or a size that is not an int >= 1.
        """
        _check(side, size, price)
        self._last_id += 1
        order = self._last_id
        other = self._asks if side == BUY else self._bids
        # in the keys of the other side, prices from here on are good enough
        worst = price * other.sign
        fills: list[Fill] = []
        if other.keys and other.keys[-1] >= worst:
            size = self._take(other, size, worst, fills)
        if size:
            own = self._bids if side == BUY else self._asks
            own.add(price, order, size)
            self._where[order] = (own, price * own.sign)
        return Placed(order, size, fills)

    def market(self, side: int, size: int) -> list[Fill]:
        """Take up to `size` at any price. Raises ValueError like `limit`."""
        _check(side, size)
        fills: list[Fill] = []
        self._take(self._asks if side == BUY else self._bids, size, None, fills)
        return fills

    def cancel(self, order: int) -> int:
        """Cancel an order and return the size that rested, 0 if none did."""
        place = self._where.pop(order, None)
        if place is None:
            return 0
        side, key = place
        level = side.levels[key]
        size = level.orders.pop(order)
        level.size -= size
        if not level.orders:
            side.drop(key)
        return size

    def _take(self, side: _Side, size: int, worst: int | None, fills: list[Fill]) -> int:
        """Take from a side down to the key `worst`; returns the size that could not be taken."""
        keys, where = side.keys, self._where
        while size and keys and (worst is None or keys[-1] >= worst):
            key = keys[-1]
            level = side.levels[key]
            orders = level.orders
            while size and orders:
                maker = next(iter(orders))
                rests = orders[maker]
                if rests > size:
                    orders[maker] = rests - size
                    level.size -= size
                    fills.append(Fill(key * side.sign, size, maker, rests - size))
                    return 0
                del orders[maker], where[maker]
                level.size -= rests
                size -= rests
                fills.append(Fill(key * side.sign, rests, maker, 0))
            if not orders:
                side.drop(key)
        return size

    @property
    def best_bid(self) -> int | None:
        """The highest price at which a buy order rests."""
        return self._bids.keys[-1] if self._bids.keys else None

    @property
    def best_ask(self) -> int | None:
        """The lowest price at which a sell order rests."""
        return -self._asks.keys[-1] if self._asks.keys else None

    def quote(self) -> Quote | None:
        """Best prices and sizes; None unless orders rest on both sides."""
        bids, asks = self._bids, self._asks
        if not (bids.keys and asks.keys):
            return None
        bid, ask = bids.keys[-1], asks.keys[-1]
        return Quote(bid, bids.levels[bid].size, -ask, asks.levels[ask].size)

    def depth(self, side: int, levels: int | None = None) -> list[tuple[int, int]]:
        """(price, size) of the best `levels` prices of a side (None: all), the best first."""
        own = self._bids if side == BUY else self._asks
        keys = own.keys[::-1] if levels is None else own.keys[: -levels - 1 : -1]
        return [(key * own.sign, own.levels[key].size) for key in keys]

    def queue(self, side: int, price: int) -> list[tuple[int, int]]:
        """(order, size) of the orders that rest at a price, the oldest first."""
        own = self._bids if side == BUY else self._asks
        level = own.levels.get(price * own.sign)
        return list(level.orders.items()) if level else []

    def size(self, order: int) -> int:
        """The size of an order that rests in the book."""
        place = self._where.get(order)
        return place[0].levels[place[1]].orders[order] if place else 0

    def __len__(self) -> int:
        """The number of resting orders."""
        return len(self._where)

    def __contains__(self, order: int) -> bool:
        """Whether the order rests in the book."""
        return order in self._where


def _check(side: int, size: int, price: int = 1) -> None:
    if side not in (BUY, SELL):
        raise ValueError(f"side {side!r} is neither 1 (buy) nor -1 (sell)")
    for name, value in (("size", size), ("price", price)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} {value!r} is not a whole number of at least 1")
