"""Baseline without herding: the same game, played again several times by the same people, who decide by chance.

Zero intelligence (Gode & Sunder 1993) with everybody's own leaning: every order is placed again at the same time, by
the same participant and for the same quantity, and buys with the probability of `Leanings`. The market is that of the
game (`clearing`, `curve`), with its limits on cash and shares, its news and its dividends. What the measures show in
these games comes from the market, from who leans where, from what people can afford and from the number of orders, not
from people watching each other. The assumption: nobody's leaning changes during the game, except in the seconds after
news. The verdict on herding does not need it (`following`).

It takes seconds of processor time (see `game_count`): call it in a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from orderflow.arrays import Flags, Floats
from orderflow.errors import BadInput
from orderflow.herd.debrief.choices import after_news, can_buy_and_sell
from orderflow.herd.debrief.columns import FILLED, REJECTED, WAITING, Batches, Orders, Record
from orderflow.herd.debrief.measures import Measures, measure
from orderflow.herd.debrief.statistics import SEED
from orderflow.herd.rules.clearing import clear
from orderflow.herd.rules.curve import Curve, make_curve
from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.state import move_level

BUDGET = 400_000
"""Orders that all random games together clear at most: about 3 s of one core."""
MAX_GAMES, MIN_GAMES = 60, 8
MAX_ORDERS = 150_000
"""Most orders of a game with a baseline: with more, even `MIN_GAMES` random games take too long."""


@dataclass(slots=True)
class _Account:
    cash: int
    shares: int


@dataclass(slots=True)
class _Order:
    n: int
    participant: str
    sign: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Leanings:
    """The probability of a buy. free: float64[orders], where both sides are possible; only_buy, only_sell, neither: in
    the other cases, where 1, 0 and `neither` would be what somebody does who never tries the impossible."""

    free: Floats
    only_buy: float
    only_sell: float
    neither: float

    @staticmethod
    def of(record: Record) -> Leanings:
        """The leanings of a game.

        Where both sides were possible, each participant has a share of buys of their own, drawn towards the crowd's
        by one order: (buys + share) / (orders + 1). In the seconds after each news item, when all may turn the same
        way, it is the crowd's share after that item. Where only one side was possible, it is the crowd's share of buys
        in that case: some press the button in vain.
        """
        orders, calm = record.orders, ~after_news(record)
        buys = orders.sign > 0
        could_buy, could_sell = can_buy_and_sell(record)
        both = could_buy & could_sell
        usual = both & calm
        share = _share(buys[usual], 0.5)
        count = len(record.members)
        placed, bought = (np.bincount(orders.who[chosen], minlength=count) for chosen in (usual, usual & buys))
        free = ((bought + share) / (placed + 1))[orders.who] if count else np.zeros(0)
        news = np.array([at for kind, at, _ in record.steps if kind == "news"], np.int64)
        item = np.searchsorted(news, orders.time, side="right")
        for number in np.unique(item[~calm]):
            after = ~calm & (item == number)
            free[after] = _share(buys[after & both], share)
        return Leanings(
            free,
            only_buy=_share(buys[could_buy & ~could_sell], 1.0),
            only_sell=_share(buys[could_sell & ~could_buy], 0.0),
            neither=_share(buys[~could_buy & ~could_sell], share),
        )

    def probability(self, row: int, buy: bool, sell: bool) -> float:
        """The probability that order `row` buys. buy, sell: whether that is possible."""
        if buy and sell:
            return float(self.free[row])
        return self.only_buy if buy else self.only_sell if sell else self.neither


def _share(buys: Flags, otherwise: float) -> float:
    return float(buys.mean()) if len(buys) else otherwise


@dataclass(frozen=True, slots=True)
class Baseline:
    """games: number of random games. values: by measure, float64[games], NaN where the measure is undefined."""

    games: int
    values: dict[str, Floats]

    def band(self, name: str) -> tuple[float, float, float] | None:
        """(lowest, median, highest) value of a measure; None when it is undefined in half of the games or more."""
        values = self.values[name][np.isfinite(self.values[name])]
        if len(values) * 2 <= self.games:
            return None
        return float(values.min()), float(np.median(values)), float(values.max())

    def p_value(self, name: str, seen: float) -> float:
        """(1 + games with a value of at least `seen`) / (1 + games): the p-value under no herding."""
        values = self.values[name][np.isfinite(self.values[name])]
        return (1 + int((values >= seen).sum())) / (1 + len(values))


def game_count(orders: int) -> int:
    """Number of random games for a game with `orders` orders: 60 down to 8."""
    return max(MIN_GAMES, min(MAX_GAMES, BUDGET // max(1, orders)))


def play_baseline(record: Record, *, games: int | None = None, seed: int = SEED) -> Baseline:
    """Play and measure the random games. The same record and seed give the same numbers.

    games: how many; by default `game_count`. Raises BadInput for more than `MAX_ORDERS` orders.
    """
    count = len(record.orders.time)
    if count > MAX_ORDERS:
        raise BadInput(f"needs a game of at most {MAX_ORDERS:,} orders; this one has {count:,}")
    streams = np.random.SeedSequence(seed).spawn(game_count(count) if games is None else games)
    leanings = Leanings.of(record)
    found: list[Measures] = [measure(play(record, np.random.default_rng(stream), leanings)) for stream in streams]
    names = found[0].keys() if found else ()
    return Baseline(len(found), {name: np.array([one[name] for one in found], float) for name in names})


def play(record: Record, rng: np.random.Generator, leanings: Leanings | None = None) -> Record:
    """One random game: a record with other signs, fills and prices. leanings: of the record, if they are known."""
    run = _RandomGame(record, leanings or Leanings.of(record), rng.random(len(record.orders.time)))
    for kind, time, value in record.steps:
        run.step(kind, time, value)
    return run.record()


class _RandomGame:
    """A random game while it is played. chance: float64[orders], uniform from 0 to 1."""

    def __init__(self, record: Record, leanings: Leanings, chance: Floats) -> None:
        orders, config = record.orders, record.config
        signs = np.where(chance < leanings.free, 1, -1).astype(np.int64)
        self._leanings, self._chance = leanings, chance.tolist()
        self._before = record
        self._short = config.short
        self._curve: Curve = make_curve(config.curve, config.price, config.impact)
        self._position = 0
        self._accounts = {member.id: _Account(member.cash0, member.shares0) for member in record.members}
        self._columns = Orders(
            orders.number,
            orders.time,
            orders.who,
            signs,
            orders.quantity,
            np.full(len(signs), WAITING, np.int64),
            orders.filled,
            np.zeros(len(signs), np.int64),
            np.zeros(len(signs), np.int64),
            orders.batch,
        )
        names = [member.id for member in record.members]
        rows = zip(orders.who.tolist(), signs.tolist(), orders.quantity.tolist(), strict=True)
        self._orders = [_Order(i, names[who], sign, quantity) for i, (who, sign, quantity) in enumerate(rows)]
        by_batch = np.argsort(orders.batch, kind="stable")
        edges = np.searchsorted(orders.batch[by_batch], np.arange(len(record.batches.time) + 1))
        self._members_of = [by_batch[low:high].tolist() for low, high in pairwise(edges.tolist())]
        self._batches: list[tuple[int, float, float, int, int, int]] = []
        self._path = [(record.started, record.start_price)]

    def step(self, kind: str, time: int, value: float) -> None:
        """Apply a batch, news or a dividend. value: as in `Record.steps`."""
        if kind == "batch":
            self._clear(time, self._members_of[int(value)])
        elif kind == "news" and value:
            self._curve = move_level(self._curve, value)
            self._path.append((time, self._curve.price(self._position) / MICRO))
        elif kind == "dividend":
            for member in self._before.members:
                if member.joined <= time:
                    account = self._accounts[member.id]
                    account.cash += int(value) * account.shares

    def _decide(self, rows: list[int]) -> None:
        """Choose the side of each order, from what its participant has after the earlier orders of the batch."""
        price = self._curve.price(self._position)
        spent: dict[str, int] = {}
        sold: dict[str, int] = {}
        for row in rows:
            order = self._orders[row]
            who, quantity, account = order.participant, order.quantity, self._accounts[order.participant]
            buy = account.cash - spent.get(who, 0) >= quantity * price
            sell = account.shares - sold.get(who, 0) + self._short >= quantity
            bought = self._chance[row] < self._leanings.probability(row, buy, sell)
            used, amount = (spent, quantity * price) if bought else (sold, quantity)
            used[who] = used.get(who, 0) + amount
            order.sign = self._columns.sign[row] = 1 if bought else -1

    def _clear(self, time: int, rows: list[int]) -> None:
        self._decide(rows)
        done = clear(self._curve, self._position, [self._orders[row] for row in rows], self._accounts, self._short)
        columns = self._columns
        for row, cash, shares in done.fills:
            account = self._accounts[self._orders[row].participant]
            account.cash += cash
            account.shares += shares
            columns.status[row], columns.cash[row], columns.shares[row] = FILLED, cash, shares
        for row, _ in done.rejects:
            columns.status[row] = REJECTED
        self._position += done.net
        after = done.after / MICRO
        self._batches.append((time, done.price / MICRO, after, done.net, done.buys, done.sells))
        self._path.append((time, after))

    def record(self) -> Record:
        """The record of the game played so far."""
        kinds = (np.int64, np.float64, np.float64, np.int64, np.int64, np.int64)
        columns = list(zip(*self._batches, strict=True)) or [()] * 6
        members = []
        for member in self._before.members:
            account = self._accounts[member.id]
            members.append(replace(member, cash=account.cash, shares=account.shares))
        return replace(
            self._before,
            members=tuple(members),
            orders=self._columns,
            batches=Batches(*[np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]),  # type: ignore[arg-type]  # numpy's types do not follow a list of kinds
            path_time=np.array([time for time, _ in self._path], np.int64),
            path_price=np.array([price for _, price in self._path], np.float64),
        )
