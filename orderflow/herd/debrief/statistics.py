"""Statistics of a crowd's orders: how unevenly people bought and sold, and what follows what.

Pure functions of arrays, each with its source. The test for herding is in `following`, sentences for the talk are in
`report_text`, and the comparison with a crowd without herding is in `baseline`. Nothing here reads a log.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orderflow.arrays import Flags, Floats, Ints
from orderflow.herd.debrief.columns import FILLED, Record

NS = 1_000_000_000
WINDOW_SECONDS = 5.0
MIN_ACTIVE = 5
"""Windows with fewer active participants are left out of the herding tests."""
MIN_WINDOWS = 10
SEED = 20_211_121
"""Seed of all random numbers, so that a report is reproducible."""
BAND = 1.959964
"""Standard deviations of a two-sided 95% band."""


@dataclass(frozen=True, slots=True)
class Windows:
    """n windows of `seconds` with enough active participants, in time order.

    begin: int64[n], ns. active: int64[n], participants who bought or sold on balance. buyers: int64[n], those who
    bought. left_out: windows with trades but too few active participants.
    """

    seconds: float
    begin: Ints
    active: Ints
    buyers: Ints
    left_out: int


def crowd_windows(
    record: Record, who: Flags | None = None, *, seconds: float = WINDOW_SECONDS, least: int = MIN_ACTIVE
) -> Windows:
    """Count active participants and buyers in each window of time.

    A participant counts once per window, by the net quantity bought: ten orders of one person are not a herd. who:
    bool[orders], orders that count (default: those of people); of these only filled ones do. least: active participants
    that a window needs.
    """
    orders = record.orders
    chosen = (record.by_people() if who is None else who) & (orders.status == FILLED)
    width = round(seconds * NS)
    slot = (orders.filled[chosen] - record.started) // width
    count = max(1, len(record.members))
    cells, at = np.unique(slot * count + orders.who[chosen], return_inverse=True)
    net = np.zeros(len(cells), np.int64)
    np.add.at(net, at, orders.shares[chosen])
    slots = cells[net != 0] // count
    begin, where = np.unique(slots, return_inverse=True)
    active = np.bincount(where, minlength=len(begin)).astype(np.int64)
    buyers = np.bincount(where, weights=net[net != 0] > 0, minlength=len(begin)).astype(np.int64)
    enough = active >= least
    return Windows(
        seconds, begin[enough] * width + record.started, active[enough], buyers[enough], int((~enough).sum())
    )


def chi2_tail(x: float, df: int) -> float:
    """P(chi-squared with `df` degrees of freedom > x), as a finite sum (Abramowitz & Stegun 1964, 26.4.4 and 26.4.5).

    All terms are positive, so nothing cancels. Raises ValueError for df < 1.
    """
    if df < 1:
        raise ValueError("df must be at least 1 degree of freedom")
    if x <= 0:
        return 1.0
    half = x / 2
    first = 0.0 if df % 2 == 0 else math.erfc(math.sqrt(half))
    powers = np.arange(df // 2) + (0.0 if df % 2 == 0 else 0.5)
    logs = powers * math.log(half) - half - np.array([math.lgamma(power + 1) for power in powers])
    return min(1.0, first + float(np.exp(logs).sum()))


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """x2 with df degrees of freedom. ratio: x2 / df. share: overall share of buyers. p_value: from chi-squared."""

    x2: float
    df: int
    ratio: float
    share: float
    p_value: float


def x_squared(buyers: npt.NDArray[np.integer], active: npt.NDArray[np.integer]) -> float:
    """Σ (b_t − n_t p)² / (n_t p (1 − p)) with p = Σb / Σn; NaN if all bought, all sold, or there are no trades."""
    total, bought = active.sum(), buyers.sum()
    if not 0 < bought < total:
        return math.nan
    share = bought / total
    return float(((buyers - active * share) ** 2 / active).sum() / (share * (1 - share)))


def overdispersion(buyers: Ints, active: Ints) -> Overdispersion | None:
    """Pearson's test that the buyers of all windows have the same probability: X² ~ χ² with T − 1 degrees of freedom.

    Pearson 1900; Cochran 1954 on small expectations. buyers, active: int64[T]. None for fewer than two windows, or if
    all are on one side. **Not a test for herding**: a large X² means that the share of buyers changed, also because
    cash or shares ran out, because all saw the same price, or because of news. Of games of 40 independent people who
    buy with probability 0.85 until their cash is used up, the 5% test rejects nearly all. The ratio describes a game
    beside the random games of `baseline`; the verdict is that of `following`.
    """
    x2 = x_squared(buyers, active)
    df = len(active) - 1
    if df < 1 or not math.isfinite(x2):
        return None
    return Overdispersion(x2, df, x2 / df, float(buyers.sum() / active.sum()), chi2_tail(x2, df))


def adjustment(active: int, share: float) -> float:
    """Adjustment factor of LSV: E|B/n − p| for B ~ Binomial(n, p), summed exactly."""
    k = np.arange(active + 1)
    logs = np.array([math.lgamma(i + 1) for i in range(active + 1)])
    weight = logs[-1] - logs - logs[::-1] + k * math.log(share) + (active - k) * math.log1p(-share)
    return float((np.exp(weight) * np.abs(k / active - share)).sum())


def lsv(buyers: Ints, active: Ints) -> Floats | None:
    """Herding measure of each window: |b_t/n_t − p| − E|B/n_t − p| (Lakonishok, Shleifer & Vishny 1992), float64[T].

    Its mean is the share of active participants on one side in excess of chance: with p = 0.5, a mean of 0.02 means
    that 52 of 100 are on one side. p is the share of buyers in all windows. Small-sample bias: p is estimated from the
    same windows, so without herding the mean is slightly negative (−0.007 for 10 windows of 10 active participants,
    −0.0015 for 40; simulated). With herding it underestimates the true excess, more so the fewer are active (Frey,
    Herbst & Walter 2014). Compare only games of similar activity, such as those of the baseline. None if all are on one
    side.
    """
    total, bought = int(active.sum()), int(buyers.sum())
    if not 0 < bought < total:
        return None
    share = bought / total
    factors = {int(n): adjustment(int(n), share) for n in np.unique(active)}
    expected = np.array([factors[int(n)] for n in active])
    return np.asarray(np.abs(buyers / active - share) - expected)


@dataclass(frozen=True, slots=True)
class SignMemory:
    """Autocorrelation of order signs at L `lags` (in orders): total = own + others, float64[L] each.

    band, own_band, others_band: half-widths of 95% bands around 0 for independent signs. orders: number of signs.
    """

    lags: Ints
    total: Floats
    own: Floats
    others: Floats
    band: Floats
    own_band: Floats
    others_band: Floats
    orders: int


def sign_memory(signs: Ints, who: Ints, lags: Sequence[int]) -> SignMemory | None:
    """Autocorrelation of order signs, C(τ) = Σ x_i x_{i+τ} / ((N − τ) var) with x = sign − mean (Lillo & Farmer 2004).

    A product counts as own if both orders are of the same participant, otherwise as others' (Tóth, Palit, Lillo &
    Farmer 2015). A large own part means order splitting or persistence, a large others' part means herding or common
    news. signs: int64[N], ±1 in order of arrival. who: int64[N], participant of each. None if all signs are the same or
    there are fewer than max(lags) + 2 orders. The mean is estimated from the same orders, which lowers C(τ) by about
    1/N.
    """
    count = len(signs)
    if count < max(lags) + 2 or abs(int(signs.sum())) == count:
        return None
    x = (signs - signs.mean()) / signs.std()
    own, others, bands = [], [], []
    for lag in lags:
        product = x[:-lag] * x[lag:]
        same = who[:-lag] == who[lag:]
        pairs = count - lag
        own.append(product[same].sum() / pairs)
        others.append(product[~same].sum() / pairs)
        bands.append(BAND * np.sqrt([pairs, same.sum(), pairs - same.sum()]) / pairs)
    mine, theirs, wide = np.array(own), np.array(others), np.array(bands).T
    return SignMemory(np.array(lags, np.int64), mine + theirs, mine, theirs, wide[0], wide[1], wide[2], count)


def gini(values: Floats) -> float | None:
    """Gini coefficient (Gini 1912): mean absolute difference over twice the mean.

    From 0 (all equal) to (n − 1)/n (one has all); larger with debts. None if the sum of the values is not positive.
    """
    total = float(values.sum())
    if not len(values) or total <= 0:
        return None
    rank = np.arange(1, len(values) + 1)
    return float((2 * rank - len(values) - 1) @ np.sort(values) / (len(values) * total))


def lorenz(values: Floats, points: int = 50) -> list[tuple[float, float]]:
    """Points of the Lorenz curve, (0, 0) to (1, 1): (share of participants, poorest first; share of all wealth)."""
    total = float(values.sum())
    if not len(values) or total <= 0:
        return []
    held = np.concatenate([[0.0], np.cumsum(np.sort(values))]) / total
    at = np.unique(np.linspace(0, len(values), min(points, len(values)) + 1).round().astype(int))
    return [(float(i / len(values)), float(held[i])) for i in at]


def imbalance(buys: float, sells: float) -> float | None:
    """(bought − sold) / (bought + sold), −1 to 1; None if nothing was traded."""
    return (buys - sells) / (buys + sells) if buys + sells else None


def block_length(count: int) -> int:
    """Block length of the bootstrap in windows: count^(1/3), rounded up (Künsch 1989)."""
    return next(length for length in range(1, count + 2) if length**3 >= count)


def block_bootstrap(
    count: int,
    measure: Callable[[Ints], float],
    *,
    block: int | None = None,
    draws: int = 1_000,
    level: float = 0.95,
    seed: int = SEED,
) -> tuple[float, float] | None:
    """Percentile interval by the moving block bootstrap (Künsch 1989), which keeps neighbouring windows together.

    count: number of windows. measure: the statistic of the windows with the given indices (int64[count]), NaN where it
    is undefined. None if fewer than half of the draws have a value. With few windows the intervals are too short: a
    nominal 95% interval contains the truth in about 90% of games of 40 independent windows, and in 84% if neighbours
    have a correlation of 0.4 (simulated in the tests).
    """
    size = min(block or block_length(count), count)
    if count < 2:
        return None
    rng = np.random.default_rng(seed)
    need = math.ceil(count / size)
    starts = rng.integers(0, count - size + 1, (draws, need))
    values = np.array([measure((row[:, None] + np.arange(size)).ravel()[:count]) for row in starts])
    values = values[np.isfinite(values)]
    if len(values) * 2 < draws:
        return None
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
