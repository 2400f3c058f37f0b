"""Order flow without a server: files to DataFrames, DataFrames to the engine's own tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from orderflow import candles, footprint, read_ticks
from orderflow.errors import BadInput
from orderflow.feeds.samples import sample_path
from orderflow.formats import open_ticks
from orderflow.market.columns import BAR_COLUMNS, FOOTPRINT_COLUMNS, Fixed, bar_columns
from orderflow.market.frames import Frame
from orderflow.market.market import Market


def test_a_notebook_sees_what_the_server_shows() -> None:
    path = sample_path("LTCUSDT")
    market = Market(max_candles=10_000)
    with open_ticks(path, symbol="LTCUSDT") as reader:
        for chunk in reader:
            market.ingest(chunk.batches)
    columns = bar_columns(market.bars("LTCUSDT", Frame.parse("5min")))
    table = candles(read_ticks(path), "5min")
    assert list(table.columns) == BAR_COLUMNS
    for name, column in columns.items():
        if isinstance(column, Fixed):
            assert table[name].tolist() == column.floats().tolist(), name
    cells = footprint(read_ticks(path), "5min")
    assert list(cells.columns) == FOOTPRINT_COLUMNS
    assert cells.groupby("time")["trades"].sum().tolist() == table["trades"].tolist()


def test_ticks_of_several_symbols_keep_the_order_of_the_file_and_bad_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text(
        "timestamp,symbol,price,size,side\n"
        "2026-01-01T00:00:01Z,A,10,1,buy\n"
        "2026-01-01T00:00:02Z,B,20,1,sell\n"
        "2026-01-01T00:00:03Z,A,-1,nothing,buy\n"
        "2026-01-01T00:00:04Z,A,11,1,buy\n"
    )
    ticks = read_ticks(path)
    assert ticks["symbol"].tolist() == ["A", "B", "A"]
    assert ticks["price"].tolist() == [10.0, 20.0, 11.0]
    assert ticks["side"].tolist() == ["buy", "sell", "buy"]
    assert str(ticks["time"].dtype) == "datetime64[ns, UTC]"
    assert ticks.attrs["skipped"] == 1
    assert "line 4" in ticks.attrs["errors"][0]


def test_what_cannot_be_a_tick_is_named_by_row_and_column() -> None:
    ticks = pd.DataFrame({"time": pd.to_datetime(["2026-01-01", "2026-01-01"]), "price": [1.0, 0.0], "size": [1, 1]})
    with pytest.raises(BadInput, match="row 1, price"):
        candles(ticks)
    with pytest.raises(BadInput, match="there is no size"):
        candles(ticks.drop(columns="size"))
    with pytest.raises(BadInput, match="row 1, time"):
        candles(ticks.assign(price=1.0, time=["2026-01-01", "yesterday"]))
    assert len(candles(ticks.assign(price=1.0, time=["2026-01-01T00:00:00", "2026-01-01T00:02:00.5Z"]))) == 2
    with pytest.raises(BadInput, match="time frame"):
        candles(ticks.assign(price=1.0), "ticks:5")
    with pytest.raises(BadInput, match="row 0, side"):
        candles(ticks.assign(price=1.0, side=["up", "down"]))


def test_without_sides_the_tick_rule_decides() -> None:
    ticks = pd.DataFrame(
        {"time": pd.to_datetime(["2026-01-01"] * 4), "price": [10.0, 10.25, 10.25, 10.0], "size": [1, 2, 3, 4]}
    )
    bar = candles(ticks).iloc[0]
    assert (bar.unknown_volume, bar.ask_volume, bar.bid_volume) == (1, 5, 4)
