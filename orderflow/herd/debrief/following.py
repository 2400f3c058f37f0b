"""Do people follow each other? A test that leaves everybody their own leaning and their own possibilities.

The estimate is how much more often somebody buys when the others have just bought than when they have just sold. It is
compared with rearrangements of the same game in which everybody makes the same choices in another sequence: a
permutation test (Fisher 1935; Pitman 1937) within exchangeability blocks (Winkler, Webster, Vidaurre, Nichols & Smith
2015), here a person's orders within a minute, as in a time-stratified case-crossover design (Maclure 1991; Levy,
Lumley, Sheppard, Kaufman & Checkoway 2001).

**What it assumes without following.** In each block (`choices.blocks`) a person buys with one probability, whatever it
is, and decides independently of the others. So a crowd that leans to one side, or people who lean to different sides,
or whose leaning changes from minute to minute, do not count as followers. Orders of somebody who could only buy, or
only sell, are no choices and are not rearranged.

**News** moves everybody without anybody following: orders in the seconds after it are a stratum of their own, which
takes no part in the verdict.

**What it cannot see.** A crowd that goes one way all the time looks like a crowd that leans that way. A rumour that all
hear at the same moment looks like following.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orderflow.arrays import Flags, Floats, Ints
from orderflow.herd.debrief.choices import NS, blocks
from orderflow.herd.debrief.columns import FILLED, Record
from orderflow.herd.debrief.statistics import BAND, SEED

LOOK_SECONDS = 5.0
"""How far the crowd's direction looks back at most, as the meter on the phones does."""
LOOK_FILLS = (20, 10**9)
"""The two looks at the crowd: the latest batches with 20 fills, and all that `LOOK_SECONDS` have."""
MIN_MIXED = 20
"""Blocks with both a buy and a sell that the test needs."""
DRAWS = 999
BUDGET = 6_000_000
"""Orders in all rearrangements: games with more than 6,000 have fewer draws, at least `MIN_DRAWS`."""
MIN_DRAWS = 199
CHUNK = 1_000_000
"""Orders that are rearranged at once, which bounds the memory."""
FOUND = 1.644854 + 0.841621
"""Standard errors of an effect that a one-sided 5% test finds in 80% of games."""


@dataclass(frozen=True, slots=True)
class Following:
    """value: probability of a buy after the others bought less that after they sold, within blocks; below 0 people went
    against the crowd. low, high: its 95% interval. least: the value that 80% of games of this kind would show with
    either look, at most 1. p_value:
    one-sided, from `draws` rearrangements. choices: orders in blocks. mixed: blocks with both a buy and a sell.

    The interval is value ± 1.96 standard deviations of the rearrangements. It contains 0 in 92 to 97% of games without
    following. The value is too low where people do follow: 0.16 on average for a share of 0.2.
    """

    value: float
    low: float
    high: float
    least: float
    p_value: float
    draws: int
    choices: int
    blocks: int
    mixed: int


def following(record: Record, counted: Flags, *, draws: int | None = None, seed: int = SEED) -> Following | None:
    """The test for following.

    counted: bool[orders], orders that may be in blocks: those of people, without those after news. draws: how many
    rearrangements, by default `DRAWS` or what `BUDGET` allows. None if there are fewer than `MIN_MIXED` mixed blocks,
    or if the crowd's direction is the same throughout each of them.

    With y = ±1 for a choice and m = ±1 for the crowd's direction before it (0 for a tie), both less their means in the
    block, the estimate is Σ y m / Σ m², the within estimator; if a person does what the crowd does in a share f of the
    orders and otherwise decides alone, its expectation is f. The test statistic is Σ y m over its standard deviation
    in the rearrangements, the larger of the two looks; the value is that of this look. In each rearrangement the
    directions follow from the rearranged fills, and again the larger counts. p = (1 + as large) / (1 + draws).
    """
    grid = blocks(record, counted)
    chosen = int((grid >= 0).sum())
    mixed = grid[_is_mixed(grid, record.orders.sign)]
    if len(mixed) < MIN_MIXED:
        return None
    real = mixed >= 0
    rows = mixed[real]
    crowds = [Crowd(record, rows, fills) for fills in LOOK_FILLS]
    if crowds[0].sees_as(crowds[1]):
        crowds = crowds[:1]
    directions = np.stack([crowd.direction(record.orders.sign[None])[0] for crowd in crowds])
    squares = np.array([float((_centred(direction, real) ** 2).sum()) for direction in directions])
    if not squares.any():
        return None
    choice = _centred(record.orders.sign[rows], real)
    count = draws or max(MIN_DRAWS, min(DRAWS, BUDGET // len(record.orders.sign)))
    seen, drawn = directions @ choice, _draw(record, mixed, choice, crowds, count, np.random.default_rng(seed))
    spread = np.column_stack([seen, drawn]).std(axis=1)
    wide = spread > 0
    most = (seen[wide] / spread[wide]).max(initial=0.0)
    as_large = (drawn[wide] / spread[wide, None]).max(axis=0, initial=0.0) >= most - 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(squares > 0, spread / squares, np.inf)
        best = int(np.argmax(np.where((squares > 0) & wide, seen / spread, -np.inf)))
    value, reach = seen[best] / squares[best], BAND * errors[best]
    return Following(
        float(value),
        float(value - reach),
        float(value + reach),
        min(1.0, float(FOUND * errors.max())),
        (1 + int(as_large.sum())) / (1 + count),
        count,
        chosen,
        len(grid),
        len(mixed),
    )


def _is_mixed(grid: Ints, sign: Ints) -> Flags:
    """bool[blocks]: whether a block has both a buy and a sell. In the others there is nothing to rearrange."""
    real = grid >= 0
    return np.asarray(np.abs(np.where(real, sign[grid], 0).sum(axis=1)) < real.sum(axis=1))


def _centred(values: Ints, real: Flags) -> Floats:
    """float64[rows]: values less the mean of their block. real: bool[blocks, BLOCK_ORDERS]."""
    size = real.sum(axis=1)
    starts = np.cumsum(size) - size
    return np.asarray(values - np.repeat(np.add.reduceat(values, starts) / size, size))


def _draw(
    record: Record, grid: Ints, choice: Floats, crowds: Sequence[Crowd], count: int, rng: np.random.Generator
) -> Floats:
    """float64[looks, count]: Σ y m of each rearrangement."""
    real = grid >= 0
    rows, signs = grid[real], record.orders.sign
    padded = np.zeros(grid.shape)
    padded[real] = choice
    mean = signs[rows] - choice
    step = max(1, CHUNK // len(signs))
    found = []
    for begin in range(0, count, step):
        draws = min(step, count - begin)
        chosen = rearrange(padded, real, draws, rng)[:, real]
        sign = np.repeat(signs[None], draws, axis=0)
        sign[:, rows] = np.rint(chosen + mean)
        found.append(np.stack([(chosen * crowd.direction(sign)).sum(axis=1) for crowd in crowds]))
    return np.concatenate(found, axis=1)


def rearrange(values: Floats, real: Flags, draws: int, rng: np.random.Generator) -> Floats:
    """[draws, blocks, BLOCK_ORDERS]: the values of each block in a random sequence. real: bool[blocks, BLOCK_ORDERS],
    False for the empty places at the end of a block, which stay empty."""
    keys = rng.random((draws, *values.shape), dtype=np.float32)
    keys[:, ~real] = 2
    return np.take_along_axis(np.broadcast_to(values, keys.shape), np.argsort(keys, axis=2), axis=2)


class Crowd:
    """What others did just before each of the orders `rows`, for any signs of the orders.

    It is the net quantity of their fills in the latest batches with `fills` fills, no more than `LOOK_SECONDS` before
    the order; in a slow game, in the last batch before it. Bots are others too.
    """

    def __init__(self, record: Record, rows: Ints, fills: int) -> None:
        orders = record.orders
        done = np.flatnonzero(orders.status == FILLED)
        self._done = done = done[np.argsort(orders.filled[done], kind="stable")]
        self._size = np.abs(orders.shares[done])
        until, since = _ranges(orders.filled[done], orders.time[rows], fills)
        # a person's fills stand together in `mine`, sorted by rank; so a range of ranks is a range there too
        many = len(done) + 1
        keys = orders.who[done] * many + np.arange(len(done))
        self._mine = np.argsort(keys)
        keys, who = keys[self._mine], orders.who[rows] * many
        self._all = since, until
        self._own = np.searchsorted(keys, who + since), np.searchsorted(keys, who + until)

    def sees_as(self, other: Crowd) -> bool:
        """Whether both look at the same fills before every order."""
        return np.array_equal(self._all[0], other._all[0])

    def direction(self, sign: Ints) -> Ints:
        """int64[draws, rows]: 1 if the others bought more than they sold, -1 if less, 0 for a tie. sign: int64[draws,
        orders]."""
        moved = sign[:, self._done] * self._size
        return np.asarray(np.sign(_sums(moved, *self._all) - _sums(moved[:, self._mine], *self._own)))


def _ranges(filled: Ints, asked: Ints, fills: int) -> tuple[Ints, Ints]:
    """(until, since) for each `asked`: the fills with since <= rank < until. filled: sorted times."""
    until = np.searchsorted(filled, asked)
    if not len(filled):
        return until, until
    batch = np.searchsorted(filled, filled)  # rank of the first fill at the same time
    oldest = np.searchsorted(filled, asked - round(LOOK_SECONDS * NS))
    last, enough = (batch[np.clip(until - back, 0, len(filled) - 1)] for back in (1, fills))
    return until, np.minimum(until, np.minimum(last, np.maximum(oldest, enough)))


def _sums(values: Ints, since: Ints, until: Ints) -> Ints:
    """[draws, rows]: sums of values[:, since:until]."""
    running = np.zeros((len(values), values.shape[1] + 1), values.dtype)
    np.cumsum(values, axis=1, out=running[:, 1:])
    return np.asarray(running[:, until] - running[:, since])
