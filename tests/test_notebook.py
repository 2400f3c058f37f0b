"""Order flow without a server: files to DataFrames, DataFrames to the engine's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderflow import candles, footprint, read_ticks, study
from orderflow.errors import BadInput, NotFound
from orderflow.formats import open_ticks
from orderflow.formats.samples import sample_path
from orderflow.market.columns import BAR_COLUMNS, FOOTPRINT_COLUMNS, Fixed, bar_columns
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.registry import STUDIES


def test_notebook_tables_equal_the_servers() -> None:
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


IDS = st.one_of(st.none(), st.integers(0, 5), st.sampled_from(["a", "n/a", "b-1"]))
ROWS = st.tuples(
    st.integers(0, 6),
    st.sampled_from(["10", "10.25", "9.5", "10.125", "-1"]),
    st.sampled_from(["1", "2", "0.5", "0"]),
    st.sampled_from(["buy", "sell", ""]),
    IDS,
    st.sampled_from(["A", "A", "B"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=30).filter(lambda rows: any(row[1] != "-1" for row in rows)), st.data())
def test_any_file_has_the_bars_of_the_server(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], data: st.DataObject
) -> None:
    """Shared, repeated, missing and textual ids, bad rows, two symbols; the server gets the file in pieces."""
    rows = rows + data.draw(st.lists(st.sampled_from(rows), max_size=10))
    path = tmp_path_factory.mktemp("ids") / "ticks.csv"
    lines = ["timestamp,price,size,side,id,symbol"]
    for at, price, size, side, number, symbol in rows:
        lines.append(f"2026-01-01T00:0{at}:00Z,{price},{size},{side},{'' if number is None else number},{symbol}")
    path.write_text("\n".join(lines) + "\n")
    market = Market()
    with open_ticks(path, chunk_rows=data.draw(st.sampled_from([3, 7, 1000]))) as reader:
        receipts = [market.ingest(chunk.batches) for chunk in reader]
    ticks = read_ticks(path)
    assert ticks.attrs["duplicates"] == sum(receipt.duplicates for receipt in receipts)
    assert ticks.attrs["id_conflicts"] == sum(receipt.id_conflicts for receipt in receipts)
    for symbol, mine in ticks.groupby("symbol"):
        table = candles(mine)
        for name, column in bar_columns(market.bars(str(symbol), Frame.parse("1min"))).items():
            if isinstance(column, Fixed):
                np.testing.assert_array_equal(table[name], column.floats(), err_msg=name)


def test_ticks_of_two_overlapping_files_count_once() -> None:
    whole = read_ticks(sample_path("LTCUSDT")).iloc[:3_000]
    both = pd.concat([whole.iloc[:2_000], whole.iloc[1_000:]])
    pd.testing.assert_frame_equal(candles(both), candles(whole))
    pd.testing.assert_frame_equal(footprint(both), footprint(whole))
    unknown = both.drop(columns="id")  # without an id nothing says that they are the same trades
    assert candles(unknown)["trades"].sum() == 4_000


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


def test_invalid_ticks_are_named_by_row_and_column() -> None:
    ticks = pd.DataFrame({"time": pd.to_datetime(["2026-01-01", "2026-01-01"]), "price": [1.0, 0.0], "size": [1, 1]})
    with pytest.raises(BadInput, match="row 1, price"):
        candles(ticks)
    with pytest.raises(BadInput, match="missing: size"):
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


@pytest.fixture(scope="module")
def traded() -> pd.DataFrame:
    """The first hours of a bundled sample."""
    return read_ticks(sample_path("LTCUSDT")).iloc[:20_000]


@pytest.mark.parametrize("name", [one.name for one in STUDIES])
def test_every_study_of_the_registry_runs_in_a_notebook(name: str, traded: pd.DataFrame) -> None:
    table = study(name, traded, "5min")
    assert len(table)
    assert "time" in table or name == "profile"
    assert len(table.columns) > 1


def test_studies_agree_with_the_columns_of_the_api(traded: pd.DataFrame) -> None:
    bars, cells = candles(traded, "5min"), footprint(traded, "5min")
    found = {one.name: study(one.name, traded, "5min") for one in STUDIES}
    for name, column in (("poc", "poc"), ("value_area", "val"), ("value_area", "vah"), ("delta_extremes", "max_delta")):
        assert found[name][column].tolist() == bars[column].tolist(), (name, column)
    assert found["cvd"]["close"].tolist() == bars["cvd"].tolist()
    assert found["vwap"]["vwap"].tolist() == bars["vwap"].tolist()
    assert found["vwap"]["upper_2"].tolist() == (bars["vwap"] + 2 * found["vwap"]["sigma"]).tolist()
    marks = found["imbalance"]
    assert marks["price"].tolist() == cells["price"].tolist()
    assert marks["buy"].tolist() == cells["imbalance"].isin(["buy", "both"]).tolist()
    naked = found["naked_poc"]
    for i in range(0, len(naked), 40):
        later = bars.iloc[i + 1 :]
        touched = (later["low"] <= naked["poc"][i]) & (naked["poc"][i] <= later["high"])
        assert naked["naked"][i] == (not touched.any())
        assert naked["filled_by"][i] == (int(touched.idxmax()) if touched.any() else -1)
    assert found["profile"][["bid", "ask", "unknown"]].to_numpy().sum() == pytest.approx(bars["volume"].sum())
    assert found["profile"]["poc"].sum() == 1


def test_options_of_a_study_are_checked(traded: pd.DataFrame) -> None:
    assert study("big_trades", traded, percentile=90)["big"].sum() > study("big_trades", traded)["big"].sum()
    assert study("vwap", traded, bands=[2]).columns.tolist() == ["time", "vwap", "sigma", "lower_2", "upper_2"]
    fixed = study("big_trades", traded, fixed=5)
    assert fixed["big"].tolist() == (fixed["size"] >= 5).tolist()
    assert len(study("stacked", traded, stack=2)) > len(study("stacked", traded))
    with pytest.raises(BadInput, match="no option 'colour'"):
        study("poc", traded, colour=1)
    with pytest.raises(BadInput, match="is not from 2 to 100"):
        study("stacked", traded, stack=1)
    with pytest.raises(NotFound, match="'macd' is not known"):
        study("macd", traded)
