"""Ticks written as CSV and read by the server's own parser are the same ticks, side rules included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.formats import parse_body
from orderflow.market.decimals import MAX_UNITS
from orderflow.market.ticks import NO_ID, Side, SideRule, TickBatch
from orderflow.replay.csv_body import CONTENT_TYPE, csv_body
from tests.replay.conftest import told

Row = tuple[int, int, int, tuple[Side, SideRule], int]

SIDED = [
    (Side.BUY, SideRule.FLAG),
    (Side.SELL, SideRule.FLAG),
    (Side.BUY, SideRule.VOLUMES),
    (Side.SELL, SideRule.VOLUMES),
    (Side.BUY, SideRule.QUOTE),
    (Side.SELL, SideRule.QUOTE),
    (Side.UNKNOWN, SideRule.TICK),
    (Side.UNKNOWN, SideRule.NONE),
]

rows = st.lists(
    st.tuples(
        st.integers(315_532_800 * 10**9, 4_102_444_800 * 10**9 - 1),
        st.integers(1, MAX_UNITS // 2) | st.integers(1, 10**6),
        st.integers(0, MAX_UNITS // 2) | st.integers(0, 1000),
        st.sampled_from(SIDED),
        st.just(NO_ID) | st.integers(0, 2**63 - 1) | st.integers(-(2**63 - 1), -1),
    ).filter(lambda row: row[2] > 0 or row[3][1] != SideRule.VOLUMES),  # a volume of nothing has no side
    min_size=1,
    max_size=40,
)


def batch_of(rows: list[Row], price_decimals: int = 2, size_decimals: int = 3, symbol: str = "ES") -> TickBatch:
    time, price, size, sided, ids = zip(*rows, strict=True)
    return TickBatch(
        symbol,
        np.array(time, np.int64),
        np.array(price, np.int64),
        np.array(size, np.int64),
        np.array([side for side, _ in sided], np.int8),
        np.array([rule for _, rule in sided], np.int8),
        np.array(ids, np.int64),
        price_decimals,
        size_decimals,
    )


@given(rows=rows, price_decimals=st.integers(0, 12), size_decimals=st.integers(0, 12), fast=st.booleans())
def test_written_ticks_are_read_back(rows: list[Row], price_decimals: int, size_decimals: int, fast: bool) -> None:
    batch = batch_of(rows, price_decimals, size_decimals)
    parsed = parse_body(csv_body(batch), CONTENT_TYPE, default_symbol="ES", fast=fast)
    assert parsed.errors == []
    assert [b.symbol for b in parsed.batches] == ["ES"]
    assert told(parsed.batches[0]) == told(batch)


@given(rows=rows, data=st.data())
def test_several_symbols_in_any_order(rows: list[Row], data: st.DataObject) -> None:
    names = ["ES", "BTC/USD", "X"]
    homes = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    used = sorted(set(homes))
    parts = [batch_of([r for r, h in zip(rows, homes, strict=True) if h == home], symbol=names[home]) for home in used]
    places = [i for home in used for i, h in enumerate(homes) if h == home]
    body = csv_body(parts, np.argsort(places))
    parsed = parse_body(body, CONTENT_TYPE, default_symbol=names[used[0]])
    assert parsed.errors == []
    assert {b.symbol: told(b) for b in parsed.batches} == {b.symbol: told(b) for b in parts}
    ranks = np.concatenate(parsed.origins)
    assert sorted(ranks.tolist()) == list(range(len(rows)))
    first = {names[h]: homes.index(h) for h in used}
    assert {b.symbol: int(o[0]) for b, o in zip(parsed.batches, parsed.origins, strict=True)} == first


def test_the_text_is_plain() -> None:
    batch = batch_of(
        [
            (1_750_536_000_955_000_000, 8101, 495, (Side.SELL, SideRule.FLAG), 293542600),
            (1_750_536_001_263_000_000, 8110, 1000, (Side.BUY, SideRule.FLAG), NO_ID),
            (1_750_536_001_263_000_001, 100, 0, (Side.UNKNOWN, SideRule.TICK), 0),
        ]
    )
    assert csv_body(batch) == (
        b"timestamp,price,size,side,id\n"
        b"1750536000955000000,81.01,0.495,sell,293542600\n"
        b"1750536001263000000,81.1,1,buy,\n"
        b"1750536001263000001,1,0,,0\n"
    )


def test_empty_columns_are_omitted() -> None:
    batch = batch_of([(1_750_536_000_955_000_000, 5, 1, (Side.UNKNOWN, SideRule.TICK), NO_ID)], 0, 0)
    assert csv_body(batch) == b"timestamp,price,size\n1750536000955000000,5,1\n"


@pytest.mark.parametrize("sided", SIDED)
def test_one_tick_of_each_rule(sided: tuple[Side, SideRule]) -> None:
    batch = batch_of([(1_750_536_000_955_000_000, 525, 1500, sided, NO_ID)])
    parsed = parse_body(csv_body(batch), CONTENT_TYPE, default_symbol="ES")
    assert told(parsed.batches[0]) == told(batch)


def test_equal_text_ids_stay_equal_and_different_ones_different() -> None:
    rows = [(1_750_536_000_955_000_000, 5, 1, SIDED[0], code) for code in (-77, -77, -78)]
    ids = parse_body(csv_body(batch_of(rows)), CONTENT_TYPE).batches[0].id
    assert ids[0] == ids[1] != ids[2]
