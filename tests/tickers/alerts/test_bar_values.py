"""Marks and study values that alerts look at are those of the studies' registry."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.market.bars.footprint import BarTable
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.sessions import Session
from orderflow.market.studies.registry import find
from orderflow.market.studies.study import Data
from orderflow.tickers.alerts.alert import Kind, Source
from orderflow.tickers.alerts.bar_values import read_bars, values
from tests.market.ticks import draw

FRAME = Frame.parse("15s")


def read(seed: int) -> tuple[Market, BarTable]:
    market = Market()
    market.ingest([draw(seed, most=2_000, sides="flag").batch])
    bars = market.bars("X", FRAME)
    source = Source(Kind.EVENT, "divergence")
    first, last = int(bars.time[0]), int(bars.time[-1])
    return market, read_bars(market, source, "X", FRAME, first, last, Session())


@pytest.mark.parametrize(
    ("mark", "study", "columns", "options"),
    [
        ("absorption", "absorption", ("buyers", "sellers"), ()),
        ("divergence", "divergence", ("bullish", "bearish"), (("bars", 1),)),
        ("unfinished_auction", "unfinished", ("at_high", "at_low"), ()),
    ],
)
def test_marks(mark: str, study: str, columns: tuple[str, str], options: tuple[tuple[str, object], ...]) -> None:
    seen = 0
    for seed in range(8):
        market, bars = read(seed)
        sides = {"absorption": ("buyers", "sellers"), "divergence": columns}.get(mark, ("high", "low"))
        every = np.arange(len(bars))
        for side, column in zip(sides, columns, strict=True):
            found = values(market, Source(Kind.EVENT, mark, side, options), bars, Session(), every)
            wanted = values(market, Source(Kind.STUDY, study, column, options), bars, Session(), every)
            assert found.tolist() == wanted.tolist()
            seen += int(found.sum())
    assert seen > 0


def test_stacked_imbalance() -> None:
    seen = 0
    for seed in range(8):
        market, bars = read(seed)
        none = np.empty(0, np.int64)
        data = Data(bars, none, none, none, np.empty(0, np.int8), none, bars.grid.size_decimals)
        result = find("stacked").apply(data, stack=2)
        for side, code in (("buy", 1), ("sell", -1)):
            source = Source(Kind.EVENT, "stacked_imbalance", side, (("stack", 2),))
            found = values(market, source, bars, Session(), np.arange(len(bars)))
            wanted = np.isin(np.arange(len(bars)), result.at[result.columns["side"] == code])
            assert found.tolist() == wanted.astype(float).tolist()
            seen += int(found.sum())
    assert seen > 0


@pytest.mark.parametrize(
    ("study", "column"),
    [("delta", "delta"), ("cvd", "close"), ("vwap", "vwap"), ("poc", "poc"), ("delta_extremes", "max_delta")],
)
def test_values_of_bars(study: str, column: str) -> None:
    market, bars = read(3)
    found = values(market, Source(Kind.STUDY, study, column), bars, Session(), np.arange(len(bars)))
    size, price = 10.0**bars.grid.size_decimals, bars.grid.tick_units / 10.0**bars.grid.price_decimals
    wanted = {
        "delta": bars.delta / size,
        "cvd": bars.cvd / size,
        "vwap": bars.vwap,
        "poc": bars.poc * price,
        "delta_extremes": bars.max_delta / size,
    }[study]
    assert found == pytest.approx(wanted, nan_ok=True)


def test_marks_of_ticks_count_for_their_bar() -> None:
    market, bars = read(5)
    found = values(market, Source(Kind.STUDY, "big_trades", "big", (("fixed", 5),)), bars, Session(), None)
    ticks = market.ticks("X").ticks
    big = ticks.size >= 5 * 10**bars.grid.size_decimals
    wanted = [bool(big[(ticks.time >= a) & (ticks.time < b)].any()) for a, b in zip(bars.time, bars.end, strict=True)]
    assert found.astype(bool).tolist() == wanted
