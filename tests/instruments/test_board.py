"""Search, order and the window behind a sparkline."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from orderflow.instruments import board
from orderflow.instruments.board import (
    PARTS,
    POINTS,
    Volatilities,
    Window,
    arrange,
    change,
    search,
    volatility,
    window,
)
from orderflow.instruments.simulation import Simulation
from orderflow.services import Services

SECOND = 1_000_000_000


@pytest.fixture
def simulation(make_services: Callable[..., Services]) -> Simulation:
    """Four instruments that stand still."""
    tables = {"ITEM_01": {"model": "ou", "name": "Spring", "book": True, "group": "metal"}, "X": {"name": "Item 3"}}
    found = make_services(ticker_count=3, simulated=tables).part(Simulation)
    found.pause()
    return found


def test_a_window_has_the_newest_prices(simulation: Simulation) -> None:
    instrument = simulation.get("ITEM_00")
    for _ in range(200):
        instrument.step(instrument.updated + SECOND, 1.0)
    times, prices = instrument.history.last(POINTS)
    assert window(instrument) == Window(list(times), [round(price, 2) for price in prices])
    assert window(instrument, 5).times == list(times)[-5:]


def test_a_fast_instrument_is_thinned_out(simulation: Simulation) -> None:
    instrument = simulation.get("ITEM_00")
    for _ in range(900):
        instrument.step(instrument.updated + SECOND // 100, 0.01)
    times, _ = window(instrument)
    gaps = {b - a for a, b in pairwise(times[2:])}
    assert min(gaps) >= 400_000_000
    assert times[-1] == instrument.updated


def test_volatility_is_of_a_minute() -> None:
    # two moves of 1 % within 30 s are √2 · √2 % a minute
    assert volatility(Window([0, 15 * SECOND, 30 * SECOND], [100.0, 101.0, 102.01])) == pytest.approx(0.0199, abs=1e-4)
    assert volatility(Window([0, SECOND], [1.0, 2.0])) is None
    assert volatility(Window([5, 5, 5], [1.0, 2.0, 3.0])) is None


def test_search_finds_every_word(simulation: Simulation) -> None:
    def found(text: str) -> list[str]:
        return [each.spec.id for each in search(simulation.all(), text)]

    assert found("") == ["ITEM_00", "ITEM_01", "ITEM_02", "X"]
    assert found("  OU book ") == found("spring") == found("METAL") == ["ITEM_01"]
    assert found("ou nowhere") == []


def test_orders(simulation: Simulation) -> None:
    def order(by: str) -> list[str]:
        return [each.spec.id for each in arrange(simulation.all(), by)]

    for key, price in (("ITEM_00", 7.0), ("ITEM_01", 9.0), ("ITEM_02", 8.0), ("X", 1.0)):
        instrument = simulation.get(key)
        instrument.price = price
        instrument.initial_price = 10.0 * price if key == "ITEM_01" else price
    assert order("price") == ["ITEM_01", "ITEM_02", "ITEM_00", "X"]
    assert order("change") == ["ITEM_00", "ITEM_02", "X", "ITEM_01"]
    assert order("name") == ["ITEM_00", "ITEM_02", "X", "ITEM_01"]  # Item 00, Item 02, Item 3, Spring
    assert order("id") == order("nonsense") == ["ITEM_00", "ITEM_01", "ITEM_02", "X"]
    assert change(simulation.get("ITEM_01")) == pytest.approx(-0.9)
    simulation.get("X").step(simulation.get("X").updated + SECOND, 1.0)
    assert len(order("volatility")) == 4


def test_a_volatility_is_kept_until_a_part_of_its_window_is_new(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(board, "volatility", lambda shown: looked.append(len(shown.times)) or volatility(shown))
    instrument, known = simulation.get("ITEM_00"), Volatilities()

    def step(count: int) -> None:
        for _ in range(count):
            instrument.step(instrument.updated + SECOND, 1.0)

    step(POINTS)
    first = known.of(instrument)
    assert first == volatility(window(instrument))
    step(POINTS // PARTS - 1)
    assert known.of(instrument) == first
    assert len(looked) == 1
    step(1)
    assert known.of(instrument) == volatility(window(instrument)) != first
    simulation.edit("ITEM_00", {"seed": 7})  # a new history
    assert known.of(simulation.get("ITEM_00")) is None
