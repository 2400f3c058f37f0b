"""Figures of a study of signals: returns at horizons against random entries, their distribution, and excursions.

import plotly.graph_objects as go
go.Figure(returns_figure(study))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layouts.figures.palette import FONT, Palette, palette
from orderflow.workspace.signals.report import horizon_name
from orderflow.workspace.signals.study import HorizonResult, Study

BINS, FEW = 40, 6
MOST_POINTS = 2_000
PERCENT = {"tickformat": "+.2%", "hoverformat": "+.3%"}


def returns_figure(study: Study, *, theme: str = "dark") -> dict[str, Any]:
    """The mean return at each horizon with its interval, over the band of random entries of the same hours."""
    colours = palette(theme)
    results = [result for result in study.results if result.count]
    names = [horizon_name(result.horizon) for result in results]
    means = [result.mean for result in results]
    errors = [_error(result) for result in results]
    data = [*_band(results, names, study.level, colours)]
    data.append(
        {
            "type": "scatter",
            "name": f"signals, {study.level:.0%} interval",
            "x": names,
            "y": means,
            "mode": "lines+markers",
            "line": {"color": colours.buy, "width": 2},
            "marker": {"size": 8},
            "customdata": [[result.count, result.hit, _p(result)] for result in results],
            "hovertemplate": "%{x}: %{y}<br>%{customdata[0]} signals, %{customdata[1]:.0%} hit"
            "<br>p = %{customdata[2]}<extra></extra>",
            "error_y": {
                "type": "data",
                "symmetric": False,
                "array": [above for _, above in errors],
                "arrayminus": [below for below, _ in errors],
                "color": colours.buy,
                "thickness": 1.5,
                "width": 5,
            },
        }
    )
    return {"data": data, "layout": _layout(colours, "horizon", "mean return", x={"type": "category"}, y=PERCENT)}


def distribution_figure(study: Study, horizon: int, *, theme: str = "dark") -> dict[str, Any]:
    """The returns of single signals at one horizon (ns). Raises ValueError if it was not studied."""
    colours, result = palette(theme), _at(study, horizon)
    counts, edges = np.histogram(result.outcomes.returns, BINS)  # the pages' Plotly has no histograms
    trace = {
        "type": "bar",
        "x": ((edges[1:] + edges[:-1]) / 2).tolist(),
        "y": counts.tolist(),
        "width": np.diff(edges).tolist(),
        "marker": {"color": colours.volume},
        "hovertemplate": "%{x}: %{y} signals<extra></extra>",
    }
    whole = {"dtick": 1} if counts.max() < FEW else {}  # Plotly would count in fifths
    layout = _layout(colours, f"return after {horizon_name(horizon)}", "signals", x=PERCENT, y=whole)
    layout["shapes"] = [_line(0.0, colours.muted, "dot")]
    if result.count:
        layout["shapes"].append(_line(result.mean, colours.buy, "solid"))
    return {"data": [trace], "layout": layout}


def excursions_figure(study: Study, horizon: int, *, theme: str = "dark") -> dict[str, Any]:
    """How far each signal went against its side and for it until one horizon (ns); won and lost have their own marks.

    Of more than MOST_POINTS signals every n-th is drawn, in the order of time. Raises ValueError if the horizon was not
    studied.
    """
    colours, result = palette(theme), _at(study, horizon)
    every = np.arange(result.count) % each_of(result.count) == 0
    won = every & (result.outcomes.returns > 0)
    traces = [
        {
            "type": "scatter",
            "name": name,
            "mode": "markers",
            "x": result.outcomes.mae[chosen].tolist(),
            "y": result.outcomes.mfe[chosen].tolist(),
            "marker": {"color": colour, "symbol": symbol, "size": 6, "opacity": 0.7},
            "hovertemplate": "worst %{x}<br>best %{y}<extra></extra>",
        }
        for name, chosen, colour, symbol in (
            ("won", won, colours.buy, "circle"),
            ("lost", every & ~won, colours.sell, "x"),
        )
    ]
    return {"data": traces, "layout": _layout(colours, "worst until then", "best until then", x=PERCENT, y=PERCENT)}


def each_of(count: int) -> int:
    """Of so many signals every n-th is drawn as a point."""
    return -(-count // MOST_POINTS) or 1


def _at(study: Study, horizon: int) -> HorizonResult:
    for result in study.results:
        if result.horizon == horizon:
            return result
    raise ValueError(f"the horizon {horizon_name(horizon)} was not studied")


def _error(result: HorizonResult) -> tuple[float | None, float | None]:
    """How far the interval goes below and above the mean."""
    interval = result.mean_interval
    if interval.low is None or interval.high is None:
        return None, None
    return result.mean - interval.low, interval.high - result.mean


def _p(result: HorizonResult) -> str:
    return "-" if result.random is None else f"{result.random.p:.3g}"


def _band(results: list[HorizonResult], names: list[str], level: float, colours: Palette) -> list[dict[str, Any]]:
    """The range in which the means of random sets are, drawn between two lines."""
    tail = (1 - level) / 2
    bounds = [np.quantile(result.random.means, [tail, 1 - tail]) for result in results if result.random is not None]
    common = {"type": "scatter", "x": names, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    fill = {"fill": "tonexty", "fillcolor": f"{colours.muted}40", "name": f"random entries, {level:.0%}"}
    return [
        {**common, "y": [float(low) for low, _ in bounds], "showlegend": False},
        {**common, "y": [float(high) for _, high in bounds], **fill},
    ]


def _line(x: float, colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1.5, "dash": dash}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": line}


def _layout(
    colours: Palette, x_title: str, y_title: str, x: dict[str, Any] | None = None, y: dict[str, Any] | None = None
) -> dict[str, Any]:
    axis: dict[str, Any] = {"gridcolor": colours.grid, "linecolor": colours.strong, "zerolinecolor": colours.strong}
    axis["automargin"] = True
    beside = {"standoff": 8, "font": {"size": 12}}
    return {
        "paper_bgcolor": colours.paper,
        "plot_bgcolor": colours.paper,
        "font": {"family": FONT, "size": 12, "color": colours.text},
        "margin": {"l": 8, "r": 16, "t": 36, "b": 8},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "xaxis": {**axis, "title": {"text": x_title, **beside}, **(x or {})},
        "yaxis": {**axis, "title": {"text": y_title, **beside}, **(y or {})},
    }
