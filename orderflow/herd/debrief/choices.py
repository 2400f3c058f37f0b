"""Which orders of a game were free choices, in blocks of one person's orders that could have come in any sequence.

Pure functions of a record. The test that rearranges the blocks is in `following`.
"""

from __future__ import annotations

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.herd.debrief.columns import WAITING, Record
from orderflow.herd.rules.money import MICRO

NS = 1_000_000_000
NEWS_SECONDS = 10.0
"""Orders in these seconds after news are a stratum of their own."""
BLOCK_ORDERS = 12
BLOCK_SECONDS = 60.0
MARGIN = 1.1
"""A person could buy if the cash lasts for this multiple of the price when the block begins. Without the margin the
price that the crowd itself moves decides which blocks count."""


def after_news(record: Record) -> Flags:
    """bool[orders]: orders in the `NEWS_SECONDS` after news."""
    news = np.array([at for kind, at, _ in record.steps if kind == "news"], np.int64)
    if not len(news):
        return np.zeros(len(record.orders.time), bool)
    last = np.searchsorted(news, record.orders.time, side="right") - 1
    return np.asarray((last >= 0) & (record.orders.time - news[last] < round(NEWS_SECONDS * NS)))


def stretches(record: Record) -> Ints:
    """int64[orders]: number of the stretch of the game. News, `NEWS_SECONDS` after news, a round's begin or end, and
    the market's opening or closing begin a new one, and so does every `BLOCK_SECONDS`."""
    news = [at for kind, at, _ in record.steps if kind == "news"]
    cuts = [*news, *(at + round(NEWS_SECONDS * NS) for at in news)]
    cuts += [at for span in record.open_spans for at in span]
    cuts += [at for part in record.rounds for at in (part.begin, part.end) if at is not None]
    cuts += range(record.started, record.last + 1, round(BLOCK_SECONDS * NS))
    return np.searchsorted(np.unique(np.array(cuts, np.int64)), record.orders.time, side="right").astype(np.int64)


def accounts(record: Record) -> tuple[Ints, Ints]:
    """(cash in micro-units, shares) of the participant after all earlier orders of theirs, int64[orders] each."""
    orders, members = record.orders, record.members
    by_person = np.argsort(orders.who, kind="stable")
    who = orders.who[by_person]
    first = np.searchsorted(who, who)
    out = []
    for change, began in (
        (orders.cash, [member.cash0 for member in members]),
        (orders.shares, [member.shares0 for member in members]),
    ):
        before = np.cumsum(change[by_person]) - change[by_person]
        held = np.empty(len(who), np.int64)
        held[by_person] = before - before[first] + np.array(began, np.int64)[who]
        out.append(held)
    cash, shares = out
    for kind, at, amount in record.steps:
        if kind == "dividend":
            cash = cash + _dividend(record, shares, at, int(amount))
    return cash, shares


def _dividend(record: Record, shares: Ints, at: int, amount: int) -> Ints:
    """int64[orders]: what a dividend at time `at` adds to the cash before each order."""
    orders = record.orders
    held = np.array([member.shares0 if member.joined <= at else 0 for member in record.members], np.int64)
    done = orders.filled <= at
    held += np.bincount(orders.who[done], orders.shares[done], len(held)).astype(np.int64)
    return np.where(orders.time > at, amount * held[orders.who], 0)


def price_before(record: Record) -> Floats:
    """float64[orders]: the price when the order was placed."""
    at = np.searchsorted(record.path_time, record.orders.time, side="right") - 1
    return record.path_price[np.maximum(at, 0)]


def can_buy_and_sell(record: Record) -> tuple[Flags, Flags]:
    """(could buy, could sell), bool[orders]: the cash or the shares were enough for the order's quantity."""
    cash, shares = accounts(record)
    quantity = record.orders.quantity
    return quantity * price_before(record) <= cash / MICRO, quantity <= shares + record.config.short


def blocks(record: Record, counted: Flags) -> Ints:
    """The blocks, int64[blocks, BLOCK_ORDERS]: rows of orders in time order, -1 where a block is shorter.

    A block has 2 to `BLOCK_ORDERS` decided orders of one person in one stretch. At its begin the person could have
    bought in all of them, at `MARGIN` times the price then, and could have sold in all of them; where that holds only
    for the first of them, the block ends there. So what a block contains never depends on the choices inside it.
    counted: bool[orders], the orders that may be in blocks.
    """
    orders = record.orders
    rows = np.flatnonzero(counted & (orders.status != WAITING))
    if not len(rows):
        return np.zeros((0, BLOCK_ORDERS), np.int64)
    stretch = stretches(record)[rows]
    order = np.lexsort((rows, stretch, orders.who[rows]))
    rows, stretch = rows[order], stretch[order]
    place = _place(orders.who[rows], stretch) % BLOCK_ORDERS
    begins = np.flatnonzero(place == 0)
    number = np.cumsum(place == 0) - 1
    kept = _affordable(record, rows, begins[number])
    grid = np.full((len(begins), BLOCK_ORDERS), -1, np.int64)
    grid[number[kept], place[kept]] = rows[kept]
    return np.asarray(grid[(grid >= 0).sum(axis=1) >= 2])


def _place(who: Ints, stretch: Ints) -> Ints:
    """Place of each order in its person's stretch, from 0. Sorted by person and stretch."""
    new = np.concatenate([[True], (np.diff(who) != 0) | (np.diff(stretch) != 0)])
    at = np.arange(len(who))
    return np.asarray(at - np.maximum.accumulate(np.where(new, at, 0)))


def _affordable(record: Record, rows: Ints, begin: Ints) -> Flags:
    """Whether all orders from the block's begin up to this one could have been buys, and could have been sells."""
    quantity = record.orders.quantity[rows]
    total = np.cumsum(quantity)
    need = total - (total - quantity)[begin]
    first = rows[begin]
    cash, shares = accounts(record)
    money = need * price_before(record)[first] * MARGIN
    return np.asarray((money <= cash[first] / MICRO) & (need <= shares[first] + record.config.short))
