"""Fixtures: an exchange over an empty market, with a manual clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderflow.exchange.exchange import Exchange
from orderflow.market.market import Market
from orderflow.runtime.workers import Workers
from tests.clocks import ManualClock
from tests.exchange.trades import BEGIN


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(BEGIN)


@pytest.fixture
def exchange(clock: ManualClock) -> Iterator[Exchange]:
    workers = Workers(1)
    yield Exchange(Market(), workers, clock)
    workers.stop()
