"""The footprint as a static Plotly figure of at most 100 bars, for notebooks and reports.

The live page draws its cells on a canvas instead, because traces are too slow to update twice a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from layouts.figures.ladder import Ladder, bars_of, ladder
from layouts.figures.palette import FONT, Palette, blend, palette
from layouts.figures.panes import CVD, DELTA, add_cvd, add_delta, candle_traces
from orderflow.arrays import Floats, Objects
from orderflow.errors import BadInput

MODES = ("bid_ask", "delta", "volume", "profile")
PANES = ("delta", "cvd")
LEFT, RIGHT = -0.36, 0.44
"""Left and right edge of the cells, in bars from the bar's middle. The candle is to the left of them."""
SMALLEST = 7.0
"""Smallest font size of numbers, px."""
PANE, GAP = 0.13, 0.03
"""Height of a pane below the price, and the gap above it, as shares of the figure."""
UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def footprint_figure(
    footprint: pd.DataFrame,
    candles: pd.DataFrame | None = None,
    *,
    mode: str = "bid_ask",
    theme: str = "dark",
    bars: int = 30,
    panes: Sequence[str] = PANES,
    numbers: bool | None = None,
    vwap: bool = True,
    title: str | None = None,
    width: int | None = None,
    height: int = 760,
) -> go.Figure:
    """Footprint bars with point of control, value area and imbalances, above a delta and a CVD pane.

    footprint, candles: tables of `orderflow.footprint` and `orderflow.candles`, or of the API. Without candles, open,
    close and VWAP are not drawn, and the other figures are derived from the footprint. mode: "bid_ask", "delta",
    "volume" or "profile". theme: "dark" or "light". bars: number of bars to draw, the last 1 to 100. panes: any of
    "delta" and "cvd". numbers: show them in the cells; by default if they are readable. width, height: px.
    Raises BadInput for an unknown mode, theme or pane, for missing columns, and for too many rows.
    """
    if mode not in MODES:
        raise BadInput(f"mode {mode!r} is not known; use one of {', '.join(MODES)}")
    unknown = [pane for pane in panes if pane not in PANES]
    if unknown:
        raise BadInput(f"pane {unknown[0]!r} is not known; use any of {', '.join(PANES)}")
    colours = palette(theme)
    table = ladder(footprint, bars, candles)
    frame = bars_of(table, candles)
    figure = go.Figure()
    if mode == "profile":
        _profiles(figure, table, colours)
    else:
        font = _font(table, mode, len(panes), width or 1000, height, numbers)
        figure.add_trace(_cells(table, mode, colours, font))
    figure.add_traces(candle_traces(frame, colours, offset=LEFT - 0.05, width=0.07))
    _marks(figure, table, frame, colours)
    if vwap and frame["vwap"].notna().any():
        line = {"color": colours.vwap, "width": 2}
        figure.add_trace(go.Scatter(x=list(range(len(frame))), y=frame["vwap"], mode="lines", line=line, name="VWAP"))
    if "delta" in panes:
        add_delta(figure, frame, colours)
    if "cvd" in panes:
        add_cvd(figure, frame, colours)
    _arrange(figure, table, colours, panes, title)
    return figure.update_layout(width=width, height=height)


def _font(table: Ladder, mode: str, panes: int, width: int, height: int, numbers: bool | None) -> float:
    """Font size of the cells' numbers in px; 0 for no numbers."""
    row = (height - 80) * (1 - panes * (PANE + GAP)) / len(table.prices)
    cell = (width - 90) / len(table.times) * (RIGHT - LEFT) / (2 if mode == "bid_ask" else 1)
    font = min(12.0, row * 0.75, cell / 2.2)
    if numbers is None:
        numbers = font >= SMALLEST
    return max(font, SMALLEST) if numbers else 0.0


def _cells(table: Ladder, mode: str, colours: Palette, font: float) -> go.Heatmap:
    """All cells as one heatmap, with a gap column and one or two cell columns for each bar. font: px, 0: no numbers."""
    count = len(table.times)
    if mode == "bid_ask":
        layers, cuts = [-_share(table.bid), _share(table.ask)], [LEFT, (LEFT + RIGHT) / 2, RIGHT]
        texts = [table.bid, table.ask]
    elif mode == "delta":
        layers, cuts, texts = [np.sign(table.delta) * _share(np.abs(table.delta))], [LEFT, RIGHT], [table.delta]
    else:
        layers, cuts, texts = [_share(table.volume)], [LEFT, RIGHT], [table.volume]
    wide = len(layers) + 1
    z = np.full((len(table.prices), count * wide), np.nan)
    text = np.full(z.shape, "", object)
    hover = np.full(z.shape, "", object)
    about = _hover(table)
    for i, (layer, values) in enumerate(zip(layers, texts, strict=True)):
        z[:, i + 1 :: wide] = layer
        text[:, i + 1 :: wide] = _text(values, signed=mode == "delta")
        hover[:, i + 1 :: wide] = about
    edges = [column + cut for column in range(count) for cut in (cuts[-1] - 1, *cuts[:-1])] + [count - 1 + cuts[-1]]
    strong = blend(colours.volume, colours.paper, 0.85)
    scale: list[list[object]] = [[0, colours.paper], [1, strong]]
    if mode != "volume":
        scale = [[0, blend(colours.sell, colours.paper, 0.8)], [0.5, colours.paper]]
        scale.append([1, blend(colours.buy, colours.paper, 0.8)])
    return go.Heatmap(
        x=edges,
        y=table.edges,
        z=z,
        zmin=0 if mode == "volume" else -1,
        zmax=1,
        colorscale=scale,
        showscale=False,
        xgap=1,
        ygap=1,
        text=text,
        texttemplate="%{text}" if font else None,
        textfont={"color": colours.cell, "family": FONT, "size": max(font, 1)},
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        name="footprint",
    )


def _profiles(figure: go.Figure, table: Ladder, colours: Palette) -> None:
    """Add a horizontal volume profile of every bar: sold, bought and unknown volume."""
    most = np.nanmax(table.volume, axis=0)
    unit = (RIGHT - LEFT) / np.where(most > 0, most, 1)
    rows, columns = np.nonzero(~np.isnan(table.bid))
    start = columns + LEFT
    about = _hover(table)[rows, columns]
    middle = (table.edges[1:] + table.edges[:-1]) / 2
    for name, cells, colour in (
        ("sold", table.bid, colours.sell),
        ("bought", table.ask, colours.buy),
        ("unknown side", np.nan_to_num(table.unknown), colours.muted),
    ):
        length = cells[rows, columns] * unit[columns]
        figure.add_trace(
            go.Bar(
                orientation="h",
                base=start,
                x=length,
                y=middle[rows],
                width=table.step * 0.92,
                marker={"color": colour, "opacity": 0.75, "line": {"width": 0}},
                customdata=about,
                hovertemplate="%{customdata}<extra></extra>",
                name=name,
            )
        )
        start = start + length


def _marks(figure: go.Figure, table: Ladder, frame: pd.DataFrame, colours: Palette) -> None:
    """Add point of control (box), value area (line at the right) and imbalances (arrows)."""
    edges = table.edges
    x: list[float | None] = []
    y: list[float | None] = []
    area_x: list[float | None] = []
    area_y: list[float | None] = []
    for i, (at, low, high) in enumerate(zip(frame["poc"], frame["val"], frame["vah"], strict=True)):
        x += [i + LEFT, i + RIGHT, i + RIGHT, i + LEFT, i + LEFT, None]
        y += [edges[at], edges[at], edges[at + 1], edges[at + 1], edges[at], None]
        area_x += [i + RIGHT + 0.02, i + RIGHT + 0.02, None]
        area_y += [edges[low], edges[high + 1], None]
    figure.add_trace(_lines(x, y, colours.poc, 1.6, "POC"))
    figure.add_trace(_lines(area_x, area_y, colours.muted, 1.5, "value area"))
    middle = (edges[1:] + edges[:-1]) / 2
    for word, side, at in (("buy", "right", RIGHT), ("sell", "left", LEFT)):
        rows, columns = np.nonzero((table.imbalance == word) | (table.imbalance == "both"))
        if not len(rows):
            continue
        colour = colours.buy if word == "buy" else colours.sell
        figure.add_trace(
            go.Scatter(
                x=columns + at,
                y=middle[rows],
                mode="markers",
                marker={"symbol": f"triangle-{side}", "color": colour, "size": 7},
                hoverinfo="skip",
                name=f"{word} imbalance",
            )
        )


def _lines(x: list[float | None], y: list[float | None], colour: str, width: float, name: str) -> go.Scatter:
    return go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", name=name)


def _arrange(figure: go.Figure, table: Ladder, colours: Palette, panes: Sequence[str], title: str | None) -> None:
    """Set axes, domains and colours."""
    bottom = {name: i * (PANE + GAP) for i, name in enumerate([name for name in ("cvd", "delta") if name in panes])}
    count = len(table.times)
    every = max(1, round(count / 14))
    picked = list(range(0, count, every))
    axis = {
        "side": "right",
        "ticks": "",
        "gridcolor": colours.grid,
        "zeroline": False,
        "tickfont": {"color": colours.muted},
    }
    figure.update_layout(
        template="none",
        paper_bgcolor=colours.paper,
        plot_bgcolor=colours.paper,
        font={"family": FONT, "size": 12, "color": colours.text},
        title={"text": title, "x": 0.01, "font": {"size": 15}} if title else None,
        margin={"l": 10, "r": 76, "t": 40 if title else 14, "b": 34},
        showlegend=False,
        barmode="overlay",
        bargap=0,
        xaxis={
            "tickvals": picked,
            "ticktext": [_label(table.times, i) for i in picked],
            "range": [-0.6, count - 0.4],
            "showgrid": False,
            "ticks": "",
            "zeroline": False,
            "tickfont": {"color": colours.muted},
            "anchor": "y3" if "cvd" in panes else "y2" if "delta" in panes else "y",
        },
        yaxis={**axis, "domain": [len(bottom) * (PANE + GAP), 1], "tickformat": f".{table.decimals}f"},
    )
    for name, key, words in (("delta", DELTA, "Delta"), ("cvd", CVD, "Cumulative delta")):
        if name in bottom:
            pane = {**axis, "domain": [bottom[name], bottom[name] + PANE], "nticks": 4, "anchor": "x"}
            figure.update_layout({f"yaxis{key[1:]}": {**pane, "zeroline": True, "zerolinecolor": colours.strong}})
            figure.add_annotation(
                text=words,
                xref="paper",
                yref="paper",
                x=0,
                y=bottom[name] + PANE,
                xanchor="left",
                yanchor="top",
                showarrow=False,
                font={"size": 11, "color": colours.muted},
            )


def _label(times: pd.DatetimeIndex, i: int) -> str:
    time = times[i]
    clock = f"{time:%H:%M:%S}" if time.second else f"{time:%H:%M}"
    return f"<b>{time.day} {time:%b}</b> {clock}" if i == 0 or times[i - 1].date() != time.date() else clock


def _share(values: Floats) -> Floats:
    """Square root of each cell's share of the largest, so that small cells are visible."""
    most = np.nanmax(values) if np.isfinite(values).any() else 0.0
    return np.sqrt(values / most) if most > 0 else values * 0.0


def _text(values: Floats, signed: bool = False) -> Objects:
    """Short numbers of the cells: object[m, n], "" where there is no cell."""
    out = np.full(values.shape, "", object)
    for row, column in np.argwhere(~np.isnan(values)):
        value = float(values[row, column])
        out[row, column] = f"+{short(value)}" if signed and value > 0 else short(value)
    return out


def short(value: float) -> str:
    """At least three significant digits, or all there are: "7", "1.25", "4321", "12.3k", "1.00M"."""
    size = abs(value)
    if size < 9999.5:
        text = _significant(value)
        return f"{value:g}" if math.isclose(float(text), value, rel_tol=1e-9) else text
    unit, letter = next(each for each in UNITS if size >= 0.9995 * each[0])
    return _significant(value / unit) + letter


def _significant(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")


def _hover(table: Ladder) -> Objects:
    """Hover text of the cells: object[m, n]."""
    out = np.full(table.bid.shape, "", object)
    volume = table.bid + table.ask + np.nan_to_num(table.unknown)
    for row, column in np.argwhere(~np.isnan(table.bid)):
        bid, ask = table.bid[row, column], table.ask[row, column]
        out[row, column] = "<br>".join(
            (
                f"{table.times[column]:%Y-%m-%d %H:%M:%S}",
                f"price {table.prices[row]:.{table.decimals}f}",
                f"bid {bid:.10g}  ask {ask:.10g}",
                f"delta {ask - bid:+.10g}  volume {volume[row, column]:.10g}",
            )
        )
    return out
