"""The order book compared with a plain list that is searched from end to end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow.instruments.orderbook import BUY, SELL, Fill, OrderBook, Quote


@dataclass
class PlainBook:
    """Every resting order as [id, side, price, size], in order of arrival."""

    orders: list[list[int]] = field(default_factory=list)
    came: int = 0

    def take(self, side: int, price: int | None, size: int) -> tuple[int, list[Fill]]:
        fills = []
        while size:
            others = [
                o
                for o in self.orders
                if o[1] == -side and (price is None or o[2] == price or (o[2] < price) == (side > 0))
            ]
            if not others:
                break
            best = min(others, key=lambda o: (o[2] * side, o[0]))
            taken = min(size, best[3])
            size -= taken
            best[3] -= taken
            fills.append(Fill(best[2], taken, best[0], best[3]))
            self.orders = [o for o in self.orders if o[3]]
        return size, fills

    def limit(self, side: int, price: int, size: int) -> tuple[int, int, list[Fill]]:
        self.came += 1
        rests, fills = self.take(side, price, size)
        if rests:
            self.orders.append([self.came, side, price, rests])
        return self.came, rests, fills

    def cancel(self, order: int) -> int:
        size = sum(o[3] for o in self.orders if o[0] == order)
        self.orders = [o for o in self.orders if o[0] != order]
        return size

    def depth(self, side: int) -> list[tuple[int, int]]:
        sizes: Counter[int] = Counter()
        for _, own, price, size in self.orders:
            if own == side:
                sizes[price] += size
        return sorted(sizes.items(), reverse=side == BUY)


SIDES = st.sampled_from([BUY, SELL])
PRICES = st.integers(1, 12)
SIZES = st.integers(1, 9)
LIMITS = st.tuples(st.just("limit"), SIDES, PRICES, SIZES)
MARKETS = st.tuples(st.just("market"), SIDES, st.integers(1, 30))
CANCELS = st.tuples(st.just("cancel"), st.integers(1, 60))
EVENTS = st.lists(st.one_of(LIMITS, LIMITS, LIMITS, MARKETS, CANCELS), max_size=60)


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_order_book_agrees_with_the_plain_book(events):
    book, plain = OrderBook(), PlainBook()
    brought = gone = 0
    for kind, *event in events:
        if kind == "limit":
            placed = book.limit(*event)
            assert tuple(placed) == plain.limit(*event)
            brought += event[2]
            gone += 2 * sum(fill.size for fill in placed.fills)
        elif kind == "market":
            fills = book.market(*event)
            assert fills == plain.take(event[0], None, event[1])[1]
            gone += sum(fill.size for fill in fills)
        else:
            taken_back = book.cancel(*event)
            assert taken_back == plain.cancel(*event)
            gone += taken_back
        bids, asks = book.depth(BUY), book.depth(SELL)
        assert (bids, asks) == (plain.depth(BUY), plain.depth(SELL))
        assert (book.best_bid, book.best_ask) == (bids[0][0] if bids else None, asks[0][0] if asks else None)
        assert not (bids and asks) or bids[0][0] < asks[0][0], "crossed"
        assert book.quote() == (Quote(*bids[0], *asks[0]) if bids and asks else None)
        assert sum(size for _, size in bids + asks) == brought - gone, "size was lost or made"
        assert len(book) == len(plain.orders)
        for order, side, price, size in plain.orders:
            assert order in book
            assert book.size(order) == size
            assert (order, size) in book.queue(side, price)
        for side, levels in ((BUY, bids), (SELL, asks)):
            for price, size in levels:
                queue = book.queue(side, price)
                assert queue == sorted(queue), "younger orders before older ones"
                assert sum(part for _, part in queue) == size


def test_at_one_price_the_oldest_order_is_taken_first():
    book = OrderBook()
    for size in (3, 4, 5):
        book.limit(SELL, 100, size)
    assert book.market(BUY, 9) == [Fill(100, 3, 1, 0), Fill(100, 4, 2, 0), Fill(100, 2, 3, 3)]
    assert book.queue(SELL, 100) == [(3, 3)]


def test_a_marketable_limit_order_takes_up_to_its_price_and_rests_there():
    book = OrderBook()
    for price in (101, 102, 103):
        book.limit(SELL, price, 2)
    placed = book.limit(BUY, 102, 7)
    assert placed.fills == [Fill(101, 2, 1, 0), Fill(102, 2, 2, 0)]
    assert placed.rests == 3
    assert book.quote() == Quote(102, 3, 103, 2)


def test_a_market_order_leaves_nothing_behind():
    book = OrderBook()
    book.limit(BUY, 10, 2)
    assert book.market(SELL, 5) == [Fill(10, 2, 1, 0)]
    assert book.market(SELL, 5) == []
    assert (len(book), book.depth(BUY), book.depth(SELL), book.quote()) == (0, [], [], None)


def test_cancel_returns_the_rest_once():
    book = OrderBook()
    first = book.limit(BUY, 10, 5).order
    second = book.limit(BUY, 10, 5).order
    book.market(SELL, 2)
    assert book.cancel(first) == 3
    assert book.cancel(first) == 0
    assert first not in book
    assert book.market(SELL, 9) == [Fill(10, 5, second, 0)]
    assert book.cancel(second) == 0
    assert book.cancel(999) == 0


def test_depth_is_limited_to_levels():
    book = OrderBook()
    for price in (5, 7, 6):
        book.limit(BUY, price, price)
    assert book.depth(BUY, 2) == [(7, 7), (6, 6)]
    assert book.depth(BUY, 0) == book.depth(SELL, 3) == []
    assert len(book.depth(BUY, 99)) == 3


@pytest.mark.parametrize(
    ("order", "named"),
    [((0, 10, 1), "side 0"), ((BUY, 0, 1), "price 0"), ((BUY, 10, 0), "size 0"), ((BUY, 10.5, 1), "price 10.5")],
)
def test_invalid_orders_raise_and_change_nothing(order, named):
    book = OrderBook()
    with pytest.raises(ValueError, match=named):
        book.limit(*order)
    with pytest.raises(ValueError, match="size -1"):
        book.market(BUY, -1)
    assert len(book) == 0
    assert book.limit(BUY, 1, 1).order == 1
