"""Measure the CPU time of an order in the order book, compared with two sorted lists, and of simulated trades.

    python scripts/bench/book.py [--events 2e4] [--quick]

The lists are a straightforward implementation: each side is a list of orders that is sorted by price and age after
every new resting order, and searched linearly for a cancel. Both books get the same orders in turns: limit orders
around the quote, cancels of random orders, and market orders, so that the number of resting orders stays about
constant. Both must give the same fills.

The other lines have no comparison: a second of the zero-intelligence book with its default rates, and trades of the
flow without a book, with Poisson and with Hawkes arrivals. All times are CPU times of this process, so other programs
on the machine do not affect them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np
from _common import Row, as_servers_do, at_least, at_most, machine, median, number, rounds, show

from orderflow.instruments import arrivals
from orderflow.instruments.flow import TradeFlow
from orderflow.instruments.orderbook import BUY, SELL, Fill, OrderBook
from orderflow.instruments.zero_intelligence import ZeroIntelligence

LIMIT, MARKET, CANCEL = range(3)
Event = tuple[int, int, int, int]
"""(LIMIT, side, price, size), (MARKET, side, 0, size) or (CANCEL, order, 0, 0)."""


class ListBook:
    """An order book of two sorted lists. An order is [price·sign, age, size, price]; the best one is first."""

    def __init__(self) -> None:
        self._sides: dict[int, list[list[int]]] = {BUY: [], SELL: []}
        self._age = 0

    def limit(self, side: int, price: int, size: int) -> list[Fill]:
        self._age += 1
        size, fills = self._take(side, price, size)
        if size:
            self._sides[side].append([-price * side, self._age, size, price])
            self._sides[side].sort()
        return fills

    def market(self, side: int, size: int) -> list[Fill]:
        return self._take(side, None, size)[1]

    def cancel(self, order: int) -> None:
        for orders in self._sides.values():
            for index, resting in enumerate(orders):
                if resting[1] == order:
                    del orders[index]
                    return

    def _take(self, side: int, price: int | None, size: int) -> tuple[int, list[Fill]]:
        orders, fills = self._sides[-side], []
        while size and orders and (price is None or (price - orders[0][3]) * side >= 0):
            best = orders[0]
            taken = min(size, best[2])
            size -= taken
            best[2] -= taken
            fills.append(Fill(best[3], taken, best[1], best[2]))
            if not best[2]:
                orders.pop(0)
        return size, fills


def make_events(count: int, resting: int, seed: int = 7) -> list[Event]:
    """`count` events for a book with about `resting` resting orders, after the events that fill it."""
    rng = np.random.default_rng(seed)
    book, live, events = OrderBook(), [], list[Event]()
    bid, ask = 10_000, 10_001
    while len(events) < count + resting:
        quote = book.quote()
        bid, ask = (quote.bid, quote.ask) if quote is not None else (bid, ask)
        draw, side, size = rng.random(), BUY if rng.random() < 0.5 else SELL, int(rng.geometric(0.3))
        if len(book) < resting or draw < 0.5:
            away = int(rng.geometric(0.03)) - 1
            price = max(ask - 1 - away if side == BUY else bid + 1 + away, 1)
            events.append((LIMIT, side, price, size))
            live.append(book.limit(side, price, size).order)
        elif draw < 0.9:
            place = int(rng.integers(len(live)))
            live[place], live[-1] = live[-1], live[place]
            order = live.pop()
            events.append((CANCEL, order, 0, 0))
            book.cancel(order)
        else:
            events.append((MARKET, side, 0, size))
            book.market(side, size)
    return events


def apply(book: OrderBook | ListBook, events: Sequence[Event]) -> list[Fill]:
    """Apply the events to a book; returns all fills."""
    fills: list[Fill] = []
    for kind, one, price, size in events:
        if kind == LIMIT:
            placed = book.limit(one, price, size)
            fills += placed if isinstance(placed, list) else placed.fills
        elif kind == CANCEL:
            book.cancel(one)
        else:
            fills += book.market(one, size)
    return fills


def timed(make: Callable[[], OrderBook | ListBook], events: Sequence[Event], resting: int) -> Callable[[], float]:
    """A function that returns the CPU seconds per event, without the time to fill the book."""

    def run() -> float:
        book = make()
        apply(book, events[:resting])
        begin = time.process_time()
        apply(book, events[resting:])
        return (time.process_time() - begin) / (len(events) - resting)

    return run


def compare(resting: int, count: int, aim: float) -> list[Row]:
    """Compare both books with `resting` resting orders. aim: by how much ours should be faster."""
    events = make_events(count, resting)
    if apply(OrderBook(), events) != apply(ListBook(), events):
        raise SystemExit("the two books give different fills")
    ours, lists = map(median, rounds(3, timed(OrderBook, events, resting), timed(ListBook, events, resting)))
    return [
        Row(f"{resting:>6,} resting orders: events per second", number(1 / ours)),
        Row("        two sorted lists: events per second", number(1 / lists)),
        at_least("        times as fast", lists / ours, aim, "×"),
    ]


def zero_intelligence(seconds: int) -> Callable[[], float]:
    """A function that returns the CPU µs per second of a zero-intelligence book at a price that moves slowly."""

    def run() -> float:
        prices = (100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 1e-4, seconds)))).tolist()
        book = ZeroIntelligence({}, np.random.default_rng(7), 100.0)
        begin = time.process_time()
        for second, price in enumerate(prices):
            book.step(second, second + 1, price)
        return (time.process_time() - begin) / seconds * 1e6

    return run


def trade_flow(law: str, seconds: int) -> Callable[[], float]:
    """A function that returns the CPU µs per trade of the flow, at about fifty trades per second."""
    values = {"poisson": {"rate": 50.0}, "hawkes": {"rate": 10.0}}[law]

    def run() -> float:
        rng = np.random.default_rng(7)
        flow = TradeFlow(arrivals.get(law).start(values, rng), rng)
        begin = time.process_time()
        count = sum(len(flow.step(k, k + 1, 100.0, 100.01)) for k in range(seconds))
        return (time.process_time() - begin) / count * 1e6

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=float, default=2e4, help="number of orders and cancels (20,000)")
    parser.add_argument("--quick", action="store_true", help="only check that the script runs")
    args = parser.parse_args()
    count = 2_000 if args.quick else int(args.events)
    seconds = 100 if args.quick else 2_000
    as_servers_do()
    print(machine())
    rows = compare(100, count, 1.0) + compare(1_000, count, 5.0) + compare(5_000, count // 4, 20.0)
    good = show("Order book, price-time priority", rows)
    book, poisson, hawkes = map(
        median, rounds(3, zero_intelligence(seconds), trade_flow("poisson", seconds), trade_flow("hawkes", seconds))
    )
    return (
        0
        if show(
            "Simulated trades",
            [
                at_most("zero-intelligence book, per second with about 20 events", book, 200, "µs"),
                at_most("flow with Poisson arrivals, per trade", poisson, 4, "µs"),
                at_most("flow with Hawkes arrivals, per trade", hawkes, 4, "µs"),
            ],
        )
        and good
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
