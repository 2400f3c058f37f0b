"""Trades of a venue as columns: exact, and only what is exact."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from orderflow.feeds.tick_columns import tick_batch
from orderflow.feeds.venues.venue import Trade
from orderflow.market.ticks import SideRule


def trades(*numbers: tuple[str, str]) -> list[Trade]:
    return [Trade("P", n, n * 10, price, size, (-1, 0, 1)[n % 3], n, n) for n, (price, size) in enumerate(numbers)]


def test_numbers_are_the_texts_exactly() -> None:
    rows = [
        ("27000.01000000", "0.00012300"),
        ("0.00000637", "123456789.00000000"),
        ("1", "0"),
        ("9007199.25474099", "5.5"),
    ]
    batch, refused = tick_batch("s", trades(*rows))
    assert not refused
    prices = [Decimal(int(units)).scaleb(-batch.price_decimals) for units in batch.price]
    sizes = [Decimal(int(units)).scaleb(-batch.size_decimals) for units in batch.size]
    assert prices == [Decimal(price) for price, _ in rows]
    assert sizes == [Decimal(size) for _, size in rows]
    assert (batch.price_decimals, batch.size_decimals) == (8, 6)
    assert batch.side.tolist() == [-1, 0, 1, -1]
    assert batch.rule.tolist() == [SideRule.FLAG, SideRule.NONE, SideRule.FLAG, SideRule.FLAG]
    assert (batch.time.tolist(), batch.id.tolist()) == ([0, 10, 20, 30], [0, 1, 2, 3])
    assert batch.side.dtype == batch.rule.dtype == np.int8


def test_what_cannot_be_kept_is_left_out_and_counted() -> None:
    rows = [("1.5", "2"), ("nan", "1"), ("", "1"), ("-1", "1"), ("0", "1"), ("1", "-1"), ("1", "inf")]
    batch, refused = tick_batch("s", trades(*rows, ("0.1234567890123456789", "1"), ("123456789012345678.5", "1")))
    assert refused == 8
    assert (batch.price.tolist(), batch.size.tolist(), batch.id.tolist()) == ([15], [2], [0])
