"""The zero-intelligence book, compared with a second simulation of the same model, with the paper's scales, and tied to
a price. Seeds are fixed; for a statistical band, the chance that correct code leaves it is stated.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.instruments.flow import Trade
from orderflow.instruments.orderbook import BUY, SELL
from orderflow.instruments.zero_intelligence import MAX_EVENTS, PARAMS, ZeroIntelligence

UNIT = {"size": 1.0, "size_spread": 0.0}
"""All orders of size 1, as in the paper."""


def book(seed: int = 2, price: float = 100.0, **values: float) -> ZeroIntelligence:
    return ZeroIntelligence(values, np.random.default_rng(seed), price)


def free_run(lives: float, seed: int = 2, **values: float) -> tuple[float, float, float]:
    """(mean spread, mean orders on both sides, mean depth a tick in the middle of the band) over so many lifetimes of
    an order, five a sample, the first five lifetimes left out."""
    made = book(seed, 10_000.0, **UNIT, **values)
    step, band = 0.2 / values["cancel_rate"], int(values["band"])
    rows = []
    for k in range(round(lives * 5)):
        made.step(k * step, (k + 1) * step)
        if k >= 25:
            quote = made.quote()
            depth = dict(made.book.depth(BUY))
            middle = [depth.get(quote.ask - i, 0) for i in range(band // 2 - 4, band // 2 + 5)]
            rows.append((quote.ask - quote.bid, len(made.book), sum(middle) / 9))
    return tuple(np.mean(rows, axis=0).tolist())


def counted_run(lives: float, seed: int, limit_rate: float, market_rate: float, cancel_rate: float, band: int):
    """The same three statistics from counts of orders per price: no queues, no ids, no sorted price levels."""
    rng = np.random.default_rng(seed)
    size, centre = 8 * band, 4 * band
    bids, asks = np.zeros(size, int), np.zeros(size, int)
    bids[centre - band : centre] = asks[centre + 1 : centre + 1 + band] = round(limit_rate / cancel_rate)
    now, sample, rows = 0.0, 0, []
    while sample < lives * 5:
        rates = [limit_rate * band] * 2 + [market_rate / 2] * 2 + [cancel_rate * bids.sum(), cancel_rate * asks.sum()]
        now += rng.exponential(1 / sum(rates))
        bid, ask = int(np.flatnonzero(bids)[-1]), int(np.flatnonzero(asks)[0])
        while sample * 0.2 / cancel_rate < now:
            if sample >= 25:
                rows.append(
                    (ask - bid, bids.sum() + asks.sum(), bids[ask - band // 2 - 4 : ask - band // 2 + 5].mean())
                )
            sample += 1
        kind = rng.choice(6, p=np.array(rates) / sum(rates))
        if kind == 0:
            bids[ask - 1 - rng.integers(band)] += 1
        elif kind == 1:
            asks[bid + 1 + rng.integers(band)] += 1
        elif kind == 2:
            asks[ask] -= 1
        elif kind == 3:
            bids[bid] -= 1
        else:
            side = bids if kind == 4 else asks
            side[rng.choice(size, p=side / side.sum())] -= 1
        if abs(bid - centre) > band:  # keep the window around the price
            move = centre - bid
            bids, asks = np.roll(bids, move), np.roll(asks, move)
            for side in (bids, asks):
                side[:band] = side[-band:] = 0
    return tuple(np.mean(rows, axis=0).tolist())


def test_book_agrees_with_a_simulation_of_counts():
    """Spread within 12%, orders within 8%, depth within 10%: at least 4 standard errors of the difference of both runs
    each (estimated from six seeds), an error rate of 2e-4."""
    rates = {"limit_rate": 0.3, "market_rate": 3.0, "cancel_rate": 0.1, "band": 30}
    spread, orders, depth = free_run(400, **rates)
    counted = counted_run(70, 5, **rates)
    assert spread == pytest.approx(counted[0], rel=0.12)
    assert orders == pytest.approx(counted[1], rel=0.08)
    assert depth == pytest.approx(counted[2], rel=0.10)


def test_spread_scales_with_the_paper_dimensions():
    """Price scale market/(2·limit), granularity 2·cancel/market. Doubling the price scale at the same granularity
    doubles the spread, up to the tick's part of it; finer granularity narrows it. Bands of 5 standard errors."""
    base, *_ = free_run(300, limit_rate=0.1, market_rate=2.0, cancel_rate=0.04, band=80)
    wide, *_ = free_run(300, limit_rate=0.05, market_rate=2.0, cancel_rate=0.04, band=160)
    coarse, *_ = free_run(300, limit_rate=0.1, market_rate=2.0, cancel_rate=0.4, band=80)
    assert 1.6 < wide / base < 2.2
    assert 0.4 < base / 10 < 0.9
    assert coarse > 1.25 * base


def test_depth_far_from_the_quote_is_limit_rate_over_cancel_rate():
    """The mean number of orders a tick where market orders do not come: within 5% of theory, for two rates of it. Five
    standard errors: error rate 1e-6."""
    for limit, expected in ((0.4, 4.0), (0.8, 8.0)):
        *_, depth = free_run(150, limit_rate=limit, market_rate=0.4, cancel_rate=0.1, band=30)
        assert depth == pytest.approx(expected, rel=0.05)


def test_faster_rates_only_rescale_time():
    """All rates ten times as large: the same book ten times as early, order for order."""
    slow, fast = (
        book(limit_rate=0.1, market_rate=1, cancel_rate=0.05),
        book(limit_rate=1, market_rate=10, cancel_rate=0.5),
    )
    first, second = slow.step(0, 100), fast.step(0, 10)
    assert [trade[1:] for trade in first] == [trade[1:] for trade in second]
    assert [trade.t for trade in first] == pytest.approx([10 * trade.t for trade in second])
    assert slow.book.depth(BUY) == fast.book.depth(BUY)


def check_trades(trades: list[Trade], t0: float, t1: float) -> None:
    for trade in trades:
        assert t0 <= trade.t <= t1
        assert trade.bid < trade.ask
        assert (trade.price - trade.ask) * trade.side >= 0 if trade.side == BUY else trade.price <= trade.bid
        assert trade.size >= 1
        assert trade.price >= 1
    assert [trade.t for trade in trades] == sorted(trade.t for trade in trades)


@pytest.mark.parametrize("anchored", [True, False])
def test_side_of_a_trade_is_the_takers(anchored):
    made = book()
    count = 0
    for k in range(300):
        trades = made.step(k, k + 1, 100 + 0.1 * math.sin(k / 9) if anchored else None)
        check_trades(trades, k, k + 1)
        count += len(trades)
        quote = made.quote()
        assert quote.bid < quote.ask
        bids, asks = made.book.depth(BUY, 1), made.book.depth(SELL, 1)
        assert not bids or bids[0] == (quote.bid, quote.bid_size)
        assert not asks or asks[0] == (quote.ask, quote.ask_size)
        assert made.mid == pytest.approx((quote.bid + quote.ask) / 200)
    assert count > 300


@pytest.mark.parametrize("anchor", [None, 100.0])
def test_the_same_seed_gives_the_same_trades_however_the_time_is_cut(anchor):
    one, many = book(), book()
    whole = one.step(0, 60, anchor)
    assert whole == [trade for k in range(600) for trade in many.step(k / 10, (k + 1) / 10, anchor)]
    assert one.book.depth(BUY) == many.book.depth(BUY)
    assert whole != book(3).step(0, 60, anchor)
    assert len(whole) > 60


def test_trades_take_orders_of_both_sides_equally():
    """4.5 standard errors of market orders, which are half buys: error rate 7e-6."""
    made = book(**UNIT)
    sides = [trade.side for k in range(1_000) for trade in made.step(k, k + 1)]
    assert abs(sum(sides)) < 4.5 * math.sqrt(len(sides))


@pytest.mark.parametrize(("sigma", "far"), [(0.5e-4, 6), (5e-4, 15), (50e-4, 20)])
def test_it_follows_the_price_of_a_model(sigma, far):
    """Mid within `far` ticks of the anchor in 95% of the steps, from half a tick to fifty ticks a step."""
    prices = 100 * np.exp(np.cumsum(np.random.default_rng(4).normal(0, sigma, 500)))
    made = book()
    off = []
    for k, price in enumerate(prices.tolist()):
        check_trades(made.step(k, k + 1, price), k, k + 1)
        off.append(abs(made.mid - price) * 100)
    assert np.quantile(off, 0.95) < far
    assert len(made.book) < 400


def test_stale_quotes_are_taken_and_withdrawn():
    made = book(leash=2.0, snipe=0.5)
    made.step(0, 20, 100.0)
    stale = sum(size for price, size in made.book.depth(SELL) if price < 10_010 - 2)
    taken = [trade for trade in made.step(20, 20, 100.10) if trade.t == 20]
    assert stale > 0
    assert sum(trade.size for trade in taken) == round(stale / 2)
    assert {trade.side for trade in taken} == {BUY}
    assert made.quote().ask >= 10_008
    assert made.refills == 0


def test_anchor_beyond_the_band_refills_the_book():
    made = book()
    made.step(0, 20, 100.0)
    assert made.step(20, 20, 150.0) == []
    assert made.refills == 1
    quote = made.quote()
    assert quote.bid < 15_000 <= quote.ask
    assert abs(made.mid - 150) < 0.02


def test_book_at_the_lowest_prices_stays_positive():
    made = book(price=0.0001)
    for k in range(200):
        check_trades(made.step(k, k + 1, 0.03 if k > 100 else 0.0001), k, k + 1)
        quote = made.quote()
        assert 1 <= quote.bid < quote.ask


def test_empty_side_has_a_price_and_no_size():
    made = book(market_rate=1_000, limit_rate=0.01, band=5, cancel_rate=0.1, size=1, size_spread=0)
    seen = set()
    for k in range(200):
        check_trades(made.step(k / 10, (k + 1) / 10), k / 10, (k + 1) / 10)
        quote = made.quote()
        assert 1 <= quote.bid < quote.ask
        seen.add((quote.bid_size > 0, quote.ask_size > 0))
    assert (False, False) in seen


def test_ticks_are_steps_of_the_grid():
    made = book(tick=25)
    trades = [trade for k in range(30) for trade in made.step(k, k + 1, 100.0)]
    assert trades
    assert all(value % 25 == 0 for trade in trades for value in (trade.price, trade.bid, trade.ask))
    assert made.mid == pytest.approx(100, abs=3)


def test_halt_does_not_change_the_book():
    made = book()
    made.step(0, 10, 100.0)
    before = made.book.depth(BUY), made.book.depth(SELL)
    assert made.step(500, 500, 100.0) == []
    assert (made.book.depth(BUY), made.book.depth(SELL)) == before
    check_trades(made.step(500, 510, 100.0), 500, 510)


def test_a_step_that_is_too_long_is_cut_and_counted():
    made = book(limit_rate=20, cancel_rate=1.0, band=50)
    made.step(0, 3_600, 100.0)
    assert made.cuts == 1
    assert made.silence == pytest.approx(3_600 - MAX_EVENTS / 4_000, abs=2)
    check_trades(made.step(3_600, 3_601, 100.0), 3_600, 3_601)
    assert len(made.book) < 4_000


@pytest.mark.parametrize("step", [(1, 0, 100.0), (0, 1, 0.0), (0, 1, -1.0), (0, 1, math.nan), (0, 1, math.inf)])
def test_invalid_step_raises(step):
    with pytest.raises(ValueError, match="invalid step from"):
        book().step(*step)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"limit_rate": 0, "band": 0.5, "spread": 2}, {"limit_rate", "band", "spread"}),
        ({"cancel_rate": 1e-6}, {"cancel_rate"}),
        ({"limit_rate": 500, "cancel_rate": 100}, {"limit_rate"}),
    ],
)
def test_wrong_parameters_are_named(values, fields):
    with pytest.raises(BadInput, match="the order book: ") as caught:
        book(**values)
    assert {error.field for error in caught.value.errors} == fields


def test_the_defaults_are_allowed():
    assert book().values == {param.name: param.default for param in PARAMS}
    assert all(first.name != second.name for first, second in pairwise(PARAMS))
