"""Baseline without herding: the same game, played again several times by traders who decide at random.

Zero intelligence (Gode & Sunder 1993): every order is placed again at the same time, by the same participant and for
the same quantity, but a fair coin decides whether it buys or sells. The market is the one of the game (`clearing`,
`curve`), with its limits on cash and shares, its news and its dividends. What the measures show in these games comes
from the market and the number of orders, not from people watching each other.

It takes seconds of processor time (see `game_count`): call it in a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from orderflow.arrays import Floats
from orderflow.errors import BadInput
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


@dataclass(frozen=True, slots=True)
class _Order:
    n: int
    participant: str
    sign: int
    quantity: int


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
    found: list[Measures] = [measure(play(record, np.random.default_rng(stream))) for stream in streams]
    names = found[0].keys() if found else ()
    return Baseline(len(found), {name: np.array([one[name] for one in found], float) for name in names})


def play(record: Record, rng: np.random.Generator) -> Record:
    """One random game: a record with other signs, fills and prices."""
    orders = record.orders
    signs = np.where(rng.random(len(orders.time)) < 0.5, 1, -1).astype(np.int64)
    run = _RandomGame(record, signs)
    for kind, time, value in record.steps:
        run.step(kind, time, value)
    return run.record()


class _RandomGame:
    """A random game while it is played."""

    def __init__(self, record: Record, signs: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        orders, config = record.orders, record.config
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

    def _clear(self, time: int, rows: list[int]) -> None:
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
