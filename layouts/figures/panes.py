"""Plotly traces of candles, delta bars and CVD candles, for the static footprint. x is the bar's number."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from layouts.figures.palette import Palette
from orderflow.market.studies.delta import cvd_candles

DELTA, CVD = "y2", "y3"
"""Axes of the two panes below the price."""


def candle_traces(
    frame: pd.DataFrame,
    colours: Palette,
    *,
    names: tuple[str, str, str, str] = ("open", "high", "low", "close"),
    offset: float = 0.0,
    width: float = 0.6,
    yaxis: str = "y",
) -> list[go.Bar | go.Scatter]:
    """Traces of candles, hollow if rising and filled if falling; without open and close only the high-low line.

    frame: one row a bar. names: its columns of open, high, low and close. offset: of the candle from the bar's middle,
    in bars. width: in bars.
    """
    opened, high, low, closed = (frame[name].to_numpy(float) for name in names)
    traces: list[go.Bar | go.Scatter] = []
    for up, colour in ((True, colours.buy), (False, colours.sell)):
        chosen = [i for i in range(len(frame)) if bool(closed[i] >= opened[i]) is up]
        if not chosen:
            continue
        x: list[float | None] = []
        y: list[float | None] = []
        for i in chosen:
            top, bottom = max(opened[i], closed[i]), min(opened[i], closed[i])
            x += [i + offset, i + offset, None, i + offset, i + offset, None]
            y += [high[i], top, None, bottom, low[i], None] if top >= bottom else [high[i], low[i], None] * 2
        line = {"color": colour, "width": 1}
        traces.append(go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", yaxis=yaxis))
        traces.append(
            go.Bar(
                x=[i + offset for i in chosen],
                base=[min(opened[i], closed[i]) for i in chosen],
                y=[abs(closed[i] - opened[i]) for i in chosen],
                width=width,
                marker={"color": colours.paper if up else colour, "line": {"color": colour, "width": 1.2}},
                hoverinfo="skip",
                yaxis=yaxis,
            )
        )
    return traces


def add_delta(figure: go.Figure, frame: pd.DataFrame, colours: Palette) -> None:
    """Add the delta of each bar, with its min and max delta as a thin line."""
    x: list[float | None] = []
    y: list[float | None] = []
    for i, (low, high) in enumerate(zip(frame["min_delta"], frame["max_delta"], strict=True)):
        x += [i, i, None]
        y += [low, high, None]
    figure.add_trace(
        go.Scatter(x=x, y=y, mode="lines", line={"color": colours.muted, "width": 1}, hoverinfo="skip", yaxis=DELTA)
    )
    figure.add_trace(
        go.Bar(
            x=list(range(len(frame))),
            y=frame["delta"],
            width=0.7,
            marker={"color": [colours.buy if delta >= 0 else colours.sell for delta in frame["delta"]]},
            hovertemplate="delta %{y:+.10~g}<extra></extra>",
            yaxis=DELTA,
        )
    )


def add_cvd(figure: go.Figure, frame: pd.DataFrame, colours: Palette) -> None:
    """Add cumulative delta as candles.

    frame: columns cvd, delta, min_delta and max_delta, one row a bar.
    """
    columns = (frame[name].to_numpy(float) for name in ("cvd", "delta", "min_delta", "max_delta"))
    candles = pd.DataFrame(cvd_candles(*columns)._asdict())
    figure.add_traces(candle_traces(candles, colours, width=0.6, yaxis=CVD))
