"""Simulated crowds whose rules are known, for the error rates of the debrief's tests.

Everybody places an order of one share in each batch, or in some, in a market with the game's curve, clearing and
limits. Many games are played at once, as arrays. What a crowd does is a function of `View`: the probability that each
person buys. Nobody but `following` looks at what others did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.herd.debrief.columns import FILLED, REJECTED, Batches, Member, Orders, Record, Split
from orderflow.herd.rules.events import Config
from orderflow.herd.rules.money import MICRO

START = 1_795_000_000 * 10**9
SECOND = 10**9
IMPACT = 0.001
PRICE = 100.0
NEWS = ((10, 1), (25, -1), (40, 1))
"""The batches after which there is news, and whether it is good (1) or bad (-1), in the games with news."""


@dataclass(frozen=True)
class View:
    """What people can know before a batch. price: float64[games]. last: int64[games], the crowd's direction: sign of
    what the batches before bought less sold. batch: its number from 0."""

    price: Floats
    last: Ints
    batch: int


Rule = Callable[[View], Floats]
"""The probability of a buy, float64[games, people]."""


@dataclass(frozen=True)
class Crowd:
    """make(games, people, rng): the rule of a crowd. stubborn: people also order what they cannot have, and are
    refused; else they do what they can. news: whether there is some. look: how many batches back the crowd's direction
    goes."""

    make: Callable[[int, int, np.random.Generator], Rule]
    cash: float = 5_000.0
    shares: int = 50
    stubborn: bool = False
    news: bool = False
    look: int = 1


def leaning(share: float) -> Callable[[int, int, np.random.Generator], Rule]:
    """Everybody buys with the same probability."""
    return lambda games, people, _: lambda view: np.full((games, people), share)


def mixed(games: int, people: int, rng: np.random.Generator) -> Rule:
    """Everybody has a probability of their own, from 0.1 to 0.9."""
    own = rng.uniform(0.1, 0.9, (games, people))
    return lambda view: own


def private_values(above: float, spread: float, doubt: float) -> Callable[[int, int, np.random.Generator], Rule]:
    """Everybody has a value of their own and buys below it. above: mean log of value / first price; spread: its
    standard deviation; doubt: log price difference over which people are unsure, 0 for none."""

    def make(games: int, people: int, rng: np.random.Generator) -> Rule:
        value = math.log(PRICE) + above + spread * rng.standard_normal((games, people))

        def rule(view: View) -> Floats:
            gain = value - np.log(view.price)[:, None]
            return np.asarray(1 / (1 + np.exp(-gain / doubt)) if doubt else (gain > 0).astype(float))

        return rule

    return make


def moved_by_news(games: int, people: int, rng: np.random.Generator) -> Rule:
    """Nine of ten do what the news says in the next two batches; otherwise a fair coin."""

    def rule(view: View) -> Floats:
        for at, side in NEWS:
            if at < view.batch <= at + 2:
                return np.full((games, people), 0.5 + 0.4 * side)
        return np.full((games, people), 0.5)

    return rule


def following(part: float) -> Callable[[int, int, np.random.Generator], Rule]:
    """In `part` of their orders people do what the majority did in the batch before; otherwise a fair coin."""

    def make(games: int, people: int, rng: np.random.Generator) -> Rule:
        return lambda view: np.repeat((0.5 + part / 2 * view.last)[:, None], people, axis=1)

    return make


CROWDS: dict[str, Crowd] = {
    "fair": Crowd(leaning(0.5)),
    "leaning 0.6": Crowd(leaning(0.6), stubborn=True),
    "leaning 0.7": Crowd(leaning(0.7), stubborn=True),
    "leaning 0.85": Crowd(leaning(0.85), stubborn=True),
    "mixed": Crowd(mixed, stubborn=True),
    "budgets used up": Crowd(leaning(0.7), cash=1_500, shares=15),
    "private values": Crowd(private_values(0.2, 0.15, 0.05)),
    "sure private values": Crowd(private_values(0.3, 0.15, 0.0)),
    "news": Crowd(moved_by_news, news=True),
    "following 20%": Crowd(following(0.2)),
}


@dataclass(frozen=True)
class Games:
    """Games as arrays [games, batches, people]: sign, filled (bool); [games, batches]: price, after."""

    sign: Ints
    filled: Flags
    price: Floats
    after: Floats


def play(
    crowd: Crowd, games: int, rng: np.random.Generator, *, people: int = 40, batches: int = 60, pace: float = 1.0
) -> Games:
    """Play games of a crowd. pace: the probability that somebody orders in a batch."""
    rule = crowd.make(games, people, rng)
    cash, shares = np.full((games, people), crowd.cash), np.full((games, people), float(crowd.shares))
    price, last = np.full(games, PRICE), np.zeros(games, np.int64)
    nets: list[Ints] = []
    out: list[tuple[Ints, Flags, Floats, Floats]] = []
    for batch in range(batches):
        buys = rng.random((games, people)) < rule(View(price, last, batch))
        if not crowd.stubborn:
            can_buy, can_sell = cash >= price[:, None] * math.exp(IMPACT * people), shares >= 1
            buys = np.where(can_buy & can_sell, buys, can_buy)
        sign = np.where(buys, 1, -1) * (rng.random(buys.shape) < pace)
        filled, paid, net = clear(price, sign, cash, shares)
        moved = sign * filled
        cash, shares = cash - moved * paid[:, None], shares + moved
        price, last = (
            price * np.exp(IMPACT * net),
            np.sign(sum([*nets[1 - crowd.look :], net]) if crowd.look > 1 else net),
        )
        nets.append(net)
        out.append((sign, filled, paid, price))
    sign, filled, paid, after = (np.stack(column, axis=1) for column in zip(*out, strict=True))
    return Games(sign, filled, paid, after)


def clear(price: Floats, sign: Ints, cash: Floats, shares: Floats) -> tuple[Flags, Floats, Ints]:
    """(filled, uniform price, net) of a batch of one share each, by the rules of `orderflow.herd.rules.clearing`."""
    sells = (sign < 0) & (shares >= 1)
    sold = sells.sum(axis=1)
    limits = np.where(sign > 0, cash, -1.0)
    order = np.argsort(-limits, axis=1, kind="stable")
    kept = np.arange(1, sign.shape[1] + 1)
    fits = np.take_along_axis(limits, order, axis=1) >= _uniform(price[:, None], kept - sold[:, None])
    count = np.where(fits, kept, 0).max(axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(sign.shape[1])[None, :], axis=1)
    buys = (sign > 0) & (place < count[:, None])
    net = buys.sum(axis=1) - sold
    return buys | sells, _uniform(price, net), net


def _uniform(price: Floats, net: Ints) -> Floats:
    rise = IMPACT * net
    return np.asarray(price * np.where(net == 0, 1.0, np.expm1(rise) / np.where(net == 0, 1.0, rise)))


def records(crowd: Crowd, played: Games, *, every: float = 5.0, split: bool = False) -> Iterator[Record]:
    """The record of each game. every: seconds between two batches. split: with the experiment, half of the people
    assigned to each group in blocks of four."""
    games, batches, people = played.sign.shape
    time = START + np.round(np.arange(1, batches + 1) * every * SECOND).astype(np.int64)
    cleared = time + SECOND // 4
    news = [(number, int(time[number]) + SECOND // 2, side) for number, side in NEWS if number < batches]
    config = Config(cash=round(crowd.cash * MICRO), shares=crowd.shares)
    began = config.cash + config.shares * config.price
    for game in range(games):
        sign, filled = played.sign[game].ravel(), played.filled[game].ravel()
        at, who = np.repeat(np.arange(batches), people), np.tile(np.arange(people), batches)
        placed = np.flatnonzero(sign)
        sign, filled, at, who = sign[placed], filled[placed], at[placed], who[placed]
        moved = np.where(filled, sign, 0)
        paid = np.round(played.price[game] * MICRO).astype(np.int64)
        cash = -moved * paid[at]
        ended = zip(
            config.cash + np.bincount(who, cash, people).astype(np.int64),
            config.shares + np.bincount(who, moved, people).astype(np.int64),
            strict=True,
        )
        members = tuple(
            Member(f"p{i}", f"P{i}", START, None, config.cash, config.shares, int(money), int(held), began)
            for i, (money, held) in enumerate(ended, 1)
        )
        bought = np.bincount(at, moved > 0, batches).astype(np.int64)
        sold = np.bincount(at, moved < 0, batches).astype(np.int64)
        yield Record(
            session=f"s-{game}",
            started=START,
            last=int(cleared[-1]),
            ended=True,
            start_price=PRICE,
            batch_ns=SECOND // 4,
            config=config,
            members=members,
            orders=Orders(
                number=np.arange(len(placed)),
                time=time[at],
                who=who,
                sign=sign,
                quantity=np.ones(len(placed), np.int64),
                status=np.where(filled, FILLED, REJECTED),
                filled=cleared[at],
                cash=cash,
                shares=moved,
                batch=at,
            ),
            batches=Batches(cleared, played.price[game], played.after[game], bought - sold, bought, sold),
            path_time=np.concatenate([[START], cleared]),
            path_price=np.concatenate([[PRICE], played.after[game]]),
            rounds=(),
            open_spans=((START, int(cleared[-1])),),
            experiments=(_split(people, game, int(cleared[-1])),) if split else (),
            captions=(),
            steps=_steps(cleared, news if crowd.news else []),
            taken_back=0,
        )


def _steps(cleared: Ints, news: list[tuple[int, int, int]]) -> tuple[tuple[str, int, float], ...]:
    steps: list[tuple[str, int, float]] = [("batch", int(t), i) for i, t in enumerate(cleared)]
    steps += [("news", at, 0.0) for _, at, _ in news]
    return tuple(sorted(steps, key=lambda step: step[1]))


def _split(people: int, game: int, end: int) -> Split:
    rng = np.random.default_rng(game)
    names = [rng.permutation(["see", "see", "blind", "blind"]) for _ in range(-(-people // 4))]
    groups = {f"p{i + 1}": str(name) for i, name in enumerate(np.concatenate(names)[:people])}
    return Split(START, end, groups)
