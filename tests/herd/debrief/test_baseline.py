"""The random baseline: the same market without herding, reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.errors import BadInput
from orderflow.herd.debrief import baseline
from orderflow.herd.debrief.baseline import game_count, play, play_baseline
from orderflow.herd.debrief.columns import FILLED, MICRO, REJECTED, Record, build_record
from orderflow.herd.debrief.measures import measure
from orderflow.herd.rules.curve import make_curve
from tests.herd.crowds import CROWDS, records
from tests.herd.crowds import play as simulate
from tests.herd.logs import Log, chance_game


@pytest.fixture(scope="module")
def game() -> Record:
    return build_record(chance_game(people=30, seconds=90, swing=0.3, seed=2).events)


def test_random_game_changes_only_sides_fills_and_prices(game: Record) -> None:
    again = play(game, np.random.default_rng(1))
    for name in ("number", "time", "who", "quantity", "filled", "batch"):
        assert (getattr(again.orders, name) == getattr(game.orders, name)).all()
    assert (again.orders.sign != game.orders.sign).any()
    assert abs(again.orders.sign.mean() - game.orders.sign.mean()) < 0.1
    assert (again.batches.time == game.batches.time).all()
    assert (
        again.orders.shares == np.where(again.orders.status == FILLED, again.orders.sign * again.orders.quantity, 0)
    ).all()


def test_random_game_uses_the_market_of_the_game(game: Record) -> None:
    """Σ cash + dust + C(q) equals the endowments; dust is less than one micro-unit per order."""
    again = play(game, np.random.default_rng(1))
    position = int(again.orders.shares.sum())
    curve = make_curve("exponential", 100 * MICRO, "0.001")
    cash = sum(member.cash for member in again.members) + curve.cost(position)
    dust = sum(member.cash0 for member in again.members) - cash
    assert 0 <= dust <= len(again.orders.time)
    assert again.price == curve.price(position) / MICRO
    assert [member.shares for member in again.members] == [
        50 + int(again.orders.shares[again.orders.who == i].sum()) for i in range(len(again.members))
    ]
    assert min(member.cash for member in again.members) >= 0
    assert min(member.shares for member in again.members) >= 0


def test_random_game_applies_limits_news_and_dividends() -> None:
    log = Log(cash=250, shares=1)
    log.people(2)
    for second in range(1, 60):
        log.trade(second, {"p1": 1 if second % 2 else -1, "p2": -1 if second % 2 else 1}, quantity=1)
    log.add(60, "news", text="A storm", move=-50.0, after=50 * MICRO)
    log.add(61, "dividend", round=1, amount=3 * MICRO, paid=6 * MICRO)
    again = play(build_record(log.events), np.random.default_rng(3))
    assert (again.orders.status == FILLED).all()  # nobody in this game tried the impossible: they did what they could
    assert min(min(member.cash, member.shares) for member in again.members) >= 0
    paid = again.orders.cash
    for i, member in enumerate(again.members):
        assert member.cash == 250 * MICRO + paid[again.orders.who == i].sum() + 3 * MICRO * member.shares
    assert again.path_price[-1] == pytest.approx(again.path_price[-2] / 2, rel=1e-5)


def test_herding_crowd_is_outside_the_range_of_random_games(game: Record) -> None:
    base = play_baseline(game, games=20)
    low, middle, high = base.band("overdispersion") or (0.0, 0.0, 0.0)
    assert 0.4 < low < middle < high < 2
    assert 0.8 < middle < 1.2
    seen = measure(game)
    assert seen["overdispersion"] > high
    assert seen["lsv"] > (base.band("lsv") or (0, 0, 0))[2]
    assert seen["others_memory"] > (base.band("others_memory") or (0, 0, 0))[2]
    assert base.p_value("overdispersion", seen["overdispersion"]) == pytest.approx(1 / 21)
    assert base.p_value("overdispersion", 0.0) == 1.0
    assert base.band("rad") is None  # no fundamental value was set


def test_leanings_are_each_persons_own_where_both_sides_were_possible() -> None:
    log = Log(cash=1_000, shares=5)
    log.people(3)
    for second in range(1, 5):
        log.trade(second, {"p1": 1, "p2": -1})
    log.add(10, "news", text="Boom", move=0.0, after=100 * MICRO)
    log.trade(11, {"p1": 1, "p2": 1, "p3": 1})
    log.trade(30, {"p2": -1}, quantity=2)  # p2 has two shares left, and cash
    log.trade(31, {"p2": -1})  # none left
    found = baseline.Leanings.of(build_record(log.events))
    usual = 4 / 9  # buys of all where both sides were possible, without the orders after news
    assert found.free[0] == pytest.approx((4 + usual) / 5)
    assert found.free[1] == pytest.approx(usual / 6)
    assert found.free[8:11].tolist() == [1.0, 1.0, 1.0]  # after the news all bought
    assert (found.only_buy, found.only_sell) == (0.0, 0.0)  # p2 tried to sell in vain
    assert [found.probability(0, buy, sell) for buy, sell in ((True, True), (False, True))] == [found.free[0], 0.0]


def test_random_games_of_a_leaning_crowd_lean_and_run_out_of_cash_alike() -> None:
    crowd = CROWDS["leaning 0.85"]
    (record,) = records(crowd, simulate(crowd, 1, np.random.default_rng(3)))
    again = play(record, np.random.default_rng(1))
    for orders in (record.orders, again.orders):
        assert 0.8 < (orders.sign[: 40 * 15] > 0).mean() < 0.9
    refused = [(one.orders.status == REJECTED).mean() for one in (record, again)]
    assert refused[0] > 0.15
    assert refused[1] == pytest.approx(refused[0], abs=0.08)


def test_baseline_is_reproducible(game: Record) -> None:
    first, second = play_baseline(game, games=3), play_baseline(game, games=3)
    for name, values in first.values.items():
        np.testing.assert_array_equal(values, second.values[name])
    assert len({float(value) for value in first.values["gini"]}) == 3


def test_number_of_games_and_orders_is_bounded(game: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (game_count(0), game_count(10_000), game_count(10**6)) == (60, 40, 8)
    monkeypatch.setattr(baseline, "MAX_ORDERS", 10)
    with pytest.raises(BadInput, match="at most"):
        play_baseline(game)


def test_baseline_of_an_empty_game_has_no_bands() -> None:
    base = play_baseline(build_record(Log().events), games=2)
    assert all(base.band(name) is None for name in ("overdispersion", "lsv", "gini", "imbalance", "rad"))
