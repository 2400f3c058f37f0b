from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from orderflow.storage.records.price_store import PricePoint, PriceStore
from orderflow.storage.records.records import Records

DAY = 86_400_000_000_000


def points(*times: int) -> list[PricePoint]:
    return [PricePoint(time, Decimal(f"{time % 1_000}.10"), "yfinance") for time in times]


@pytest.fixture
def store(records: Records) -> PriceStore:
    return PriceStore(records)


def test_points_are_exact_and_there_after_a_restart(
    records: Records, store: PriceStore, open_records: Callable[..., Records]
) -> None:
    given = [PricePoint(1_700_000_000_123_456_789, Decimal("0.000000123450"), "ccxt:kraken")]
    assert store.append("ccxt:PEPE/USD", given) == 1
    found = PriceStore(open_records()).newest("ccxt:PEPE/USD", 100)
    assert found == tuple(given)


def test_the_newest_of_one_series_come_oldest_first(store: PriceStore) -> None:
    store.append("a", points(3, 1, 2, 5, 4))
    store.append("b", points(9))
    assert store.newest("a", 3) == tuple(points(3, 4, 5))
    assert store.newest("a", 2, before=4) == tuple(points(2, 3))
    assert store.newest("b", 10) == tuple(points(9))
    assert store.newest("c", 10) == ()


def test_a_repeated_time_keeps_its_price(store: PriceStore) -> None:
    store.append("a", points(1, 2))
    assert store.append("a", [PricePoint(2, Decimal(7), "other"), *points(3)]) == 1
    assert store.newest("a", 10) == tuple(points(1, 2, 3))


def test_more_points_than_a_piece(store: PriceStore) -> None:
    assert store.append("a", points(*range(45_000))) == 45_000
    assert store.append("b", points(*range(10))) == 10
    assert store.forget_before(44_998) == 44_998 + 10
    assert store.newest("a", 10) == tuple(points(44_998, 44_999))
    assert store.newest("b", 10) == ()


def test_retention_leaves_what_is_young_enough(store: PriceStore) -> None:
    store.append("a", points(DAY, 2 * DAY, 3 * DAY))
    assert store.forget_before(2 * DAY) == 1
    assert store.forget_before(2 * DAY) == 0
    assert store.newest("a", 10) == tuple(points(2 * DAY, 3 * DAY))
