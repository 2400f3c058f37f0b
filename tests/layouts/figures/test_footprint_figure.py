"""Static footprint figures: the numbers of the tables are in them, in every mode, with and without candles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from layouts.figures import footprint_figure
from layouts.figures.footprint import short
from layouts.figures.ladder import MAX_ROWS, bars_of, ladder
from layouts.figures.palette import blend
from orderflow import candles, footprint, study
from orderflow.errors import BadInput
from tests.browser.chart import ticks_csv


@pytest.fixture(scope="module")
def ticks() -> pd.DataFrame:
    """Twelve minutes of ticks on a grid of 0.25."""
    rows = [line.split(",") for line in ticks_csv("X", minutes=12).splitlines()[1:]]
    frame = pd.DataFrame(rows, columns=["time", "price", "size", "side", "symbol"])
    times = pd.to_datetime(frame["time"], format="ISO8601")
    return frame.assign(time=times, price=frame["price"].astype(float), size=frame["size"].astype(float))


def worked() -> pd.DataFrame:
    """The worked example of the definitions: one bar, tick 0.25."""
    rows = [(100.50, 2, 40), (100.25, 10, 35), (100.00, 12, 33), (99.75, 11, 9), (99.50, 30, 0)]
    table = pd.DataFrame(rows, columns=["price", "bid_volume", "ask_volume"])
    return table.assign(time="2026-03-02T14:30:00Z", unknown_volume=0, imbalance=["buy", "", "", "", "sell"])


def heat(figure: go.Figure) -> Any:
    """The heatmap trace."""
    (found,) = [trace for trace in figure.data if trace.type == "heatmap"]
    return found


def test_cells_carry_the_numbers_of_the_table() -> None:
    cells = heat(footprint_figure(worked(), bars=1))
    assert [row[1] for row in cells.text] == ["30", "11", "12", "10", "2"]  # from the lowest price up
    assert [row[2] for row in cells.text] == ["0", "9", "33", "35", "40"]
    assert list(cells.y) == pytest.approx([99.375, 99.625, 99.875, 100.125, 100.375, 100.625])
    assert cells.z[4][2] == pytest.approx(1.0)  # the most of the asks
    assert cells.z[0][1] == pytest.approx(-1.0)  # the most of the bids
    assert "price 100.50" in cells.customdata[4][1]
    assert "delta +38  volume 42" in cells.customdata[4][1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (7.0, "7"), (1.25, "1.25"), (0.1 + 0.2, "0.3"), (0.084, "0.084"), (1.004, "1.00"),
        (1028.0, "1028"), (9999.6, "10.0k"), (-15_300.0, "-15.3k"), (999_950.0, "1.00M"), (1_040_000.0, "1.04M"),
        (1e9, "1.00B"),
    ],
)  # fmt: skip
def test_short_numbers_keep_three_significant_digits(value: float, text: str) -> None:
    assert short(value) == text


def test_marks_are_those_of_the_definitions() -> None:
    bars = bars_of(ladder(worked(), 1), None)
    table = ladder(worked(), 1)
    assert table.prices[bars["poc"][0]] == 100.00
    assert (table.prices[bars["val"][0]], table.prices[bars["vah"][0]]) == (100.00, 100.50)
    assert bars["delta"][0] == 52
    figure = footprint_figure(worked(), bars=1)
    marks = {trace.name: trace for trace in figure.data if trace.name}
    assert list(marks["POC"].y[:3]) == pytest.approx([99.875, 99.875, 100.125])
    assert list(marks["buy imbalance"].y) == [100.50]
    assert list(marks["sell imbalance"].y) == [99.50]


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("mode", ["bid_ask", "delta", "volume", "profile"])
def test_every_mode_makes_a_valid_figure(ticks: pd.DataFrame, mode: str, theme: str) -> None:
    figure = footprint_figure(footprint(ticks), candles(ticks), mode=mode, theme=theme, title="X", width=900)
    assert isinstance(figure, go.Figure)
    assert len(figure.to_json()) < 2_000_000
    assert len(figure.layout.xaxis.ticktext) == 12
    assert figure.layout.title.text == "X"


def test_profile_bars_are_as_long_as_their_volume(ticks: pd.DataFrame) -> None:
    table = footprint(ticks)
    figure = footprint_figure(table, mode="profile")
    lengths = {trace.name: np.sum(trace.x) for trace in figure.data if trace.type == "bar" and trace.orientation == "h"}
    assert lengths["sold"] / lengths["bought"] == pytest.approx(
        table["bid_volume"].sum() / table["ask_volume"].sum(), rel=0.2
    )
    assert lengths["unknown side"] == 0


def test_panes_show_delta_and_cvd_of_the_candles(ticks: pd.DataFrame) -> None:
    bars = candles(ticks)
    figure = footprint_figure(footprint(ticks), bars)
    (delta,) = [trace for trace in figure.data if trace.type == "bar" and trace.yaxis == "y2"]
    assert list(delta.y) == list(bars["delta"])
    cvd = [trace for trace in figure.data if trace.type == "bar" and trace.yaxis == "y3"]
    ends = sorted(end for trace in cvd for end in (np.add(trace.base, trace.y)))
    assert max(ends) == pytest.approx(bars["cvd"].max())
    bare = footprint_figure(footprint(ticks), bars, panes=())
    assert {trace.yaxis for trace in bare.data} <= {None, "y"}


def test_without_candles_the_sums_are_the_same(ticks: pd.DataFrame) -> None:
    alone, given = (bars_of(ladder(footprint(ticks), 30), table) for table in (None, candles(ticks)))
    for name in ("low", "high", "delta", "cvd", "poc", "val", "vah"):
        assert list(alone[name]) == pytest.approx(list(given[name])), name
    assert alone["open"].isna().all()


def test_grouped_rows_reach_over_their_ticks(ticks: pd.DataFrame) -> None:
    table = ladder(footprint(ticks, group=4), 30, candles(ticks))
    assert (table.step, table.tick) == (1.0, 0.25)
    assert table.edges[0] == table.prices[0] - 0.125


def test_only_the_last_bars_are_drawn(ticks: pd.DataFrame) -> None:
    table = ladder(footprint(ticks), 5)
    assert len(table.times) == 5
    assert table.times[-1] == pd.to_datetime(footprint(ticks)["time"]).max()


def test_api_columns_as_text_times_work_too(ticks: pd.DataFrame) -> None:
    table = footprint(ticks).assign(time=lambda f: f["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert len(ladder(table, 30).times) == 12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "pretty"}, "mode 'pretty'"),
        ({"theme": "pink"}, "theme 'pink'"),
        ({"panes": ("volume",)}, "pane 'volume'"),
        ({"bars": 101}, "1 to 100"),
        ({"bars": 0}, "1 to 100"),
    ],
)
def test_unknown_words_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        footprint_figure(worked(), **change)


def test_tables_that_cannot_be_drawn_are_refused(ticks: pd.DataFrame) -> None:
    with pytest.raises(BadInput, match="there is no price"):
        footprint_figure(worked().drop(columns="price"))
    with pytest.raises(BadInput, match="no rows"):
        footprint_figure(worked().iloc[:0])
    with pytest.raises(BadInput, match=r"no bar at 2026-03-02 14:30:00"):
        footprint_figure(worked(), candles(ticks).iloc[1:])
    far = pd.concat([worked(), worked().assign(price=lambda f: f["price"] + MAX_ROWS)])
    with pytest.raises(BadInput, match="price rows"):
        footprint_figure(far)


def test_blend_lies_between_its_colours() -> None:
    assert blend("#ffffff", "#000000", 0.5) == "rgb(128,128,128)"
    assert blend("#3d9bff", "#000000", 1) == "rgb(61,155,255)"


def test_derived_bars_hold_for_volumes_that_do_not_fit_eight_decimals() -> None:
    large = worked().assign(
        bid_volume=lambda f: f["bid_volume"] * 10**12, ask_volume=lambda f: f["ask_volume"] * 10**12
    )
    bars, usual = (bars_of(ladder(table, 1), None) for table in (large, worked()))
    for name in ("poc", "val", "vah"):
        assert list(bars[name]) == list(usual[name]), name
    for name in ("delta", "min_delta", "max_delta", "cvd"):
        assert list(bars[name]) == pytest.approx(list(usual[name] * 10**12)), name


def test_the_cvd_pane_draws_the_candles_of_the_study(ticks: pd.DataFrame) -> None:
    figure = footprint_figure(footprint(ticks), candles(ticks), bars=12)
    drawn = {
        float(x): (base, base + y)
        for trace in figure.data
        if trace.type == "bar" and trace.yaxis == "y3"
        for x, base, y in zip(trace.x, trace.base, trace.y, strict=True)
    }
    expected = study("cvd", ticks)[["open", "close"]]
    assert [drawn[i] for i in range(12)] == [
        (pytest.approx(row.min()), pytest.approx(row.max())) for _, row in expected.iterrows()
    ]
