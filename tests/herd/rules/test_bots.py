"""Bots follow their strategies, at the stated rate, within what they own."""

from __future__ import annotations

from collections import Counter

import pytest

from orderflow.herd.rules.bots import PAUSE, Bots
from orderflow.herd.rules.participants import Participant
from tests.herd.play import Play

TURNS = 400


def add_bots(play: Play, kind: str, count: int = 20) -> list[Participant]:
    play.act("bots", kind=kind, count=count)
    return list(play.state.machines.values())


def test_zero_intelligence_orders_random_sides_at_the_stated_rate() -> None:
    play = Play()
    traders = add_bots(play, "zero")
    bots = Bots(3)
    signs: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    for _ in range(TURNS):
        for _, _, sign, quantity in bots.orders(play.state, traders):
            signs[sign] += 1
            sizes[quantity] += 1
    total = sum(signs.values())
    expected = len(traders) * TURNS * 0.25 / PAUSE
    assert total == pytest.approx(expected, rel=0.15)
    assert abs(signs[1] - signs[-1]) < 4 * total**0.5
    assert set(sizes) == {1, 2, 3, 4, 5}


def test_trend_followers_trade_in_the_direction_of_the_price() -> None:
    play = Play()
    traders = add_bots(play, "trend")
    bots = Bots(3)
    bots.orders(play.state, [])
    for price, side in ((110_000_000, 1), (80_000_000, -1)):
        play.state.price = price
        signs = Counter(sign for _ in range(8) for _, _, sign, _ in bots.orders(play.state, traders))
        assert signs[side] > 8 * signs[-side]


def test_fundamental_bots_pull_the_price_to_its_value() -> None:
    play = Play()
    traders = add_bots(play, "fundamental")
    play.act("round", fundamental=150.0)
    signs = Counter(sign for _ in range(20) for _, _, sign, _ in Bots(3).orders(play.state, traders))
    assert signs[1] > 20
    assert signs[-1] == 0
    play.act("round", stop=True)
    assert [order for _ in range(20) for order in Bots(3).orders(play.state, traders)] == [], "100 is the level itself"
    play.act("news", text="Up", move=60)
    assert [order for _ in range(20) for order in Bots(3).orders(play.state, traders)] == [], "news moves the value"
    play.batch(bots=True)
    for _ in range(200):
        play.batch(bots=True)
    assert play.state.price == pytest.approx(160_000_000, rel=0.02)


def test_bots_order_only_what_they_can_afford() -> None:
    play = Play(cash=0, shares=0)
    traders = add_bots(play, "zero", 40)
    assert [order for _ in range(50) for order in Bots(1).orders(play.state, traders)] == []
    play = Play(cash=250_000_000, shares=2)
    add_bots(play, "zero", 40)
    for _ in range(60):
        for order in play.batch(bots=True):
            assert order.reason != "not enough shares"
    assert play.state.totals.trades > 100


def test_orders_of_bots_have_unique_ids() -> None:
    play = Play()
    add_bots(play, "zero", 40)
    names = [order.client_id for _ in range(40) for order in play.batch(bots=True)]
    assert len(set(names)) == len(names) > 100
    assert all(len(name) == 36 for name in names)
