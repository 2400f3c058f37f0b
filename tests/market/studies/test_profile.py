from __future__ import annotations

import json
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.market.studies.profile import profile
from tests.oracle import oracle, readers, studies
from tests.oracle.ladders import TICK, Ladder, ladders


@given(st.lists(ladders(most=8), min_size=1, max_size=5), st.sampled_from([1, 2]))
def test_equals_the_oracle(bars: list[Ladder], rows: int) -> None:
    columns = (np.concatenate([getattr(bar, name) for bar in bars]) for name in ("level", "bid", "ask", "unknown"))
    found = profile(*columns, rows=rows)
    cells = studies.profile([bar.cells for bar in bars])
    ours = Ladder(found.level, found.bid, found.ask, found.unknown)
    assert found.poc is not None
    assert found.low is not None
    assert found.high is not None
    assert {p: (c.bid, c.ask, c.unknown) for p, c in ours.cells.items()} == {
        p: (c.bid, c.ask, c.unknown) for p, c in cells.items()
    }
    assert list(found.level) == sorted(set(found.level.tolist()))
    assert ours.price(found.poc) == oracle.poc(cells)
    assert (ours.price(found.low), ours.price(found.high)) == oracle.value_area(cells, TICK, rows=rows)
    assert found.volume.sum() == sum(bar.volume.sum() for bar in bars)


def test_nothing_has_no_marks() -> None:
    none = np.empty(0, np.int64)
    found = profile(none, none, none, none)
    assert (found.poc, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize(("scale", "key"), [("0.05", "scale_0.05"), ("1", "scale_1")])
def test_a_peers_asserted_footprint(scale: str, key: str, shared_data: Path) -> None:
    """freqtrade's test of 1,000 trades in one 5-minute bar: number of levels, volume by side and delta at the lowest
    and the highest level. Its trade counts by side are compared as a sum, as this program keeps no more. Its imbalances
    are not compared: they are ratios of trade counts between existing rows."""
    expected = json.loads((shared_data / "freqtrade_orderflow/expected.json").read_text(), parse_float=Decimal)[key]
    step = Decimal(scale)
    ticks = [
        replace(tick, price=(tick.price / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * step)
        for tick in readers.freqtrade(shared_data)
    ]
    ((_, held),) = oracle.grouped(ticks, "5min")
    level = np.array([int(tick.price / step) for tick in held])
    size = np.array([int(tick.size * 1000) for tick in held])
    side = np.array([tick.side for tick in held])
    found = profile(level, size * (side < 0), size * (side > 0), size * (side == 0))
    trades = oracle.ladder(held)
    assert len(found.level) == expected["rows"]
    for at, name in ((0, "first"), (-1, "last")):
        theirs = expected.get(name, {})
        ours = {"bid_amount": found.bid[at], "ask_amount": found.ask[at], "delta": found.ask[at] - found.bid[at]}
        for figure, value in ours.items():
            if figure in theirs:
                assert Decimal(int(value)) / 1000 == theirs[figure]
        if "ask" in theirs:
            assert trades[int(found.level[at]) * step].trades == theirs["bid"] + theirs["ask"]
    if "last_price" in expected:
        assert int(found.level[-1]) * step == expected["last_price"]
