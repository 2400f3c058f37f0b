"""The 24 hours of a symbol: few trades are summed one by one, many by minutes, and unchanged windows are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from orderflow.exchange import rolling
from orderflow.exchange.dialect import ENDPOINTS, Endpoint
from orderflow.exchange.exchange import Exchange
from orderflow.market.frames import DAY, MINUTE
from orderflow.market.market import Market
from orderflow.market.ticks import SideRule, TickBatch
from orderflow.runtime.workers import Workers

NOW = 1_790_000_000_123_456_789
HOUR = 60 * MINUTE


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.ns = NOW

    def now(self) -> int:
        return self.ns

    def monotonic(self) -> float:
        return self.ns / 1e9


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange(market: Market, workers: Workers, clock: Clock) -> Exchange:
    return Exchange(market, workers, clock)  # type: ignore[arg-type]  # the two methods that it uses


def batch(symbol: str, times: Any, seed: int = 0) -> TickBatch:
    rng = np.random.default_rng(seed)
    n = len(times)
    side, rule = rng.choice([-1, 1], n).astype(np.int8), np.full(n, int(SideRule.FLAG), np.int8)
    unflagged = rng.random(n) < 0.3
    side[unflagged], rule[unflagged] = 0, int(SideRule.TICK)
    price = (40_000 + np.cumsum(rng.integers(-2, 3, n))) * 25
    return TickBatch(symbol, np.asarray(times, np.int64), price, rng.integers(1, 90, n), side, rule, np.arange(n), 2, 1)


def days(exchange: Exchange) -> Any:
    return exchange.data.answer(rolling_endpoint(), [])


def rolling_endpoint() -> Endpoint:

    return ENDPOINTS["ticker/24hr"]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The symbols whose window was computed."""
    found: list[str] = []
    compute: Callable[..., Any] = rolling.Rolling._compute

    def counted(self: Any, *args: Any, **more: Any) -> Any:
        found.append(self._symbol)
        return compute(self, *args, **more)

    monkeypatch.setattr(rolling.Rolling, "_compute", counted)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_one_read_and_the_sum_of_trades_and_of_minutes_are_the_same(
    seed: int, market: Market, workers: Workers, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(seed)
    for number, count in enumerate((1, 5, 400)):
        times = np.sort(NOW - rng.integers(0, 50 * 3600, count) * 10**9)
        times[-1] = max(times[-1], NOW - 20 * HOUR)
        market.ingest([batch(f"S{number}", times, seed)])
    late = batch("S2", NOW - rng.integers(0, 50 * 3600, 300) // 60 * 60 * 10**9, seed + 100)  # late, with equal times
    market.ingest([replace(late, id=rng.permutation(300) + 400)])
    at_once = days(Exchange(market, workers, clock))  # type: ignore[arg-type]
    for limit in ("SMALL", "FEW"):
        monkeypatch.setattr(rolling, limit, 0)
        assert days(Exchange(market, workers, clock)) == at_once  # type: ignore[arg-type]


def test_sums_are_exact_beyond_64_bits() -> None:
    levels, sizes = np.array([2**40 + 1, 3]), np.array([2**40 + 7, 5])
    assert rolling._sums(levels, sizes) == (2**40 + 12, (2**40 + 1) * (2**40 + 7) + 15)


def test_a_small_symbol_is_read_once_and_not_aggregated_for_it(
    exchange: Exchange, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.ingest([batch(f"S{i}", NOW - np.array([DAY + HOUR, HOUR, 5])) for i in range(50)])
    reads: list[str] = []
    for name in ("ticks", "arrivals", "tick_runs", "bars"):
        read = getattr(market, name)

        def counted(*args: Any, name: str = name, read: Callable[..., Any] = read, **more: Any) -> Any:
            reads.append(name)
            return read(*args, **more)

        monkeypatch.setattr(market, name, counted)
    assert [row["count"] for row in days(exchange)] == [2] * 50
    assert reads == ["arrivals"] * 50


def test_an_unchanged_window_is_not_computed_again(
    exchange: Exchange, market: Market, clock: Clock, computed: list[str]
) -> None:
    market.ingest([batch(f"S{i}", NOW - np.array([DAY - HOUR, HOUR, 5])) for i in range(3)])
    first = days(exchange)
    clock.ns += 30 * MINUTE
    later = days(exchange)
    assert computed == ["S0", "S1", "S2"]
    assert [row["closeTime"] - row["openTime"] for row in first + later] == [86_400_000] * 6
    market.ingest([batch("S1", [clock.ns])])
    days(exchange)
    assert computed[3:] == ["S1"]
    clock.ns += HOUR  # the oldest trades leave
    assert [row["count"] for row in days(exchange)] == [2, 3, 2]
    assert sorted(computed[4:]) == ["S0", "S1", "S2"]


def test_a_window_that_is_kept_equals_one_that_is_computed(
    exchange: Exchange, market: Market, workers: Workers, clock: Clock
) -> None:
    rng = np.random.default_rng(1)
    for step in range(40):
        market.ingest([batch("A", np.sort(clock.ns - rng.integers(0, 26 * 3600, 3) * 10**9), step)])
        clock.ns += int(rng.integers(0, 3 * HOUR))
        for kind in ("MINI", "FULL"):
            kept = exchange.data.answer(rolling_endpoint(), [("type", kind)])
            fresh = Exchange(market, workers, clock).data  # type: ignore[arg-type]
            assert kept == fresh.answer(rolling_endpoint(), [("type", kind)])
