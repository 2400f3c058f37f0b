"""Trades between the prices of a model: on the grid, around the mid, with the stated laws. Seeds are fixed; an error
rate is the chance that correct code fails with another seed.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments.arrivals import HAWKES, POISSON
from orderflow.instruments.flow import PARAMS, Trade, TradeFlow


def flow(seed: int = 5, rate: float = 20.0, **values: float) -> TradeFlow:
    rng = np.random.default_rng(seed)
    return TradeFlow(POISSON.start({"rate": rate}, rng), rng, values)


def walk(steps: int, seed: int = 3, sigma: float = 2e-4, start: float = 100.0) -> list[float]:
    moves = np.random.default_rng(seed).normal(0.0, sigma, steps)
    return [start, *(start * np.exp(np.cumsum(moves))).tolist()]


def run(made: TradeFlow, prices: list[float], decimals: int = 2) -> list[list[Trade]]:
    return [made.step(k, k + 1, p0, p1, decimals) for k, (p0, p1) in enumerate(pairwise(prices))]


def signs(steps: list[list[Trade]]) -> np.ndarray:
    return np.array([trade.side for trades in steps for trade in trades], float)


@pytest.mark.parametrize(("spread", "tick"), [(1, 1), (2, 1), (3, 25), (10, 5)])
def test_trades_are_at_the_quote_on_the_grid(spread, tick):
    prices = walk(200)
    steps = run(flow(spread=spread, tick=tick), prices)
    assert sum(map(len, steps)) > 3_000
    for k, trades in enumerate(steps):
        for trade in trades:
            mid = 100 * (prices[k] + (prices[k + 1] - prices[k]) * (trade.t - k))
            assert k < trade.t <= k + 1
            assert trade.price == (trade.ask if trade.side == 1 else trade.bid)
            assert trade.side in (1, -1)
            assert trade.ask - trade.bid == spread * tick
            assert trade.bid % tick == 0
            assert abs((trade.bid + trade.ask) / 2 - mid) <= tick / 2 + 1e-6
            assert isinstance(trade.size, int)
            assert trade.size >= 1
    times = [trade.t for trades in steps for trade in trades]
    assert times == sorted(times)


def test_the_same_seed_and_steps_give_the_same_trades():
    prices = walk(50)
    assert run(flow(memory=0.5), prices) == run(flow(memory=0.5), prices)
    assert run(flow(memory=0.5), prices) != run(flow(6, memory=0.5), prices)


def test_no_price_is_below_one_tick():
    trades = [trade for part in run(flow(spread=4, tick=2), [0.0001, 1e-9, 0.02, 0.01]) for trade in part]
    assert min(trade.bid for trade in trades) == 2
    assert min(trade.price for trade in trades) >= 2


def test_decimals_are_the_unit_of_prices():
    trades = flow(spread=1).step(0, 1, 1.234567895, 1.234567895, decimals=8)
    assert {(trade.bid, trade.ask) for trade in trades} == {(123456789, 123456790)}


@pytest.mark.parametrize("follow", [0.0, 1.0, 2.0])
def test_buy_probability_follows_the_law(follow):
    """The log odds of buying in steps that move one usual return up and down. About 40,000 trades, each share within
    4.5 standard errors: error rate 2e-5."""
    prices = [100.0 * math.exp(2e-4 * (k % 2)) for k in range(2_001)]
    steps = run(flow(follow=follow), prices)
    for first, z in ((0, 1), (1, -1)):
        bought = signs(steps[first::2]) > 0
        chance = 1 / (1 + math.exp(-follow * z))
        assert abs(bought.mean() - chance) < 4.5 * math.sqrt(chance * (1 - chance) / len(bought))


def test_constant_price_has_as_many_buyers_as_sellers():
    """4.5 standard errors: error rate 7e-6."""
    bought = signs(run(flow(), [100.0] * 500))
    assert abs(bought.mean()) < 4.5 / math.sqrt(len(bought))


def test_crash_keeps_the_law():
    steps = run(flow(follow=2.0), [*walk(49), 1e-6, 1e6, 1e6])
    assert (signs(steps[49:50]) == -1).all()
    assert (signs(steps[50:51]) == 1).all()


def autocorrelation(values: np.ndarray, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[lag:] * centred[:-lag]).mean() / centred.var())


def test_autocorrelation_of_signs_with_and_without_memory():
    """Without memory each autocorrelation is within 4.5/sqrt(n) of 0 (error rate 7e-6 a lag). With it, lag 100 keeps at
    least a quarter of lag 10 (theory, lag^-0.5: 0.32), where forgetting exponentially would leave next to nothing."""
    still = [100.0] * 3_001
    free = signs(run(flow(), still))
    kept = signs(run(flow(memory=1.0, tail=1.5), still))
    assert all(abs(autocorrelation(free, lag)) < 4.5 / math.sqrt(len(free)) for lag in (1, 10, 100))
    assert autocorrelation(kept, 1) > 0.3
    assert autocorrelation(kept, 100) > 0.25 * autocorrelation(kept, 10) > 0


def test_sizes_are_lognormal():
    """Median and spread of the logarithms of 20,000 sizes around 200, where rounding is fine: 4.5 standard errors."""
    sizes = np.log([t.size for part in run(flow(size=200, size_spread=0.8), [100.0] * 1_001) for t in part])
    n = len(sizes)
    assert abs(sizes.mean() - math.log(200)) < 4.5 * 0.8 / math.sqrt(n)
    assert abs(sizes.std() - 0.8) < 4.5 * 0.8 / math.sqrt(2 * n)
    assert {t.size for t in flow(size=7, size_spread=0).step(0, 9, 100, 100)} == {7}


def test_arrivals_during_a_halt_are_dropped():
    made = flow()
    made.step(0, 1, 100, 100)
    after = made.step(60, 61, 100, 101)
    assert after
    assert all(60 < trade.t <= 61 for trade in after)


def test_hawkes_arrivals():
    rng = np.random.default_rng(1)
    made = TradeFlow(HAWKES.start({}, rng), rng)
    times = [trade.t for part in run(made, [100.0] * 61) for trade in part]
    assert times == HAWKES.start({}, np.random.default_rng(1)).until(60.0)


@pytest.mark.parametrize("step", [(0, 1, 0.0, 1.0), (0, 1, 1.0, -1.0), (0, 1, math.nan, 1.0), (2, 1, 1.0, 1.0)])
def test_invalid_step_raises(step):
    with pytest.raises(ValueError, match="invalid step from"):
        flow().step(*step)


def test_wrong_parameters_are_named():
    with pytest.raises(BadInput, match="the trade flow: ") as caught:
        flow(spread=0, tail=1.0, colour=3)
    assert {error.field for error in caught.value.errors} == {"spread", "tail", "colour"}
    assert flow().values == {param.name: param.default for param in PARAMS}
