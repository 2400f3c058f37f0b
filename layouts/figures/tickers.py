"""Figures of tickers: the line on a card, and the history in the dialog. `extendData` appends later prices to trace 0.

They are dicts instead of `go.Figure`, which takes ten times as long to build; `dcc.Graph` accepts both. The page's
style sheet overrides the colours, so that they follow its theme without a new figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layouts.figures.palette import FONT, palette

CLEAR = "rgba(0,0,0,0)"
HOVER = "%{y:,.8~g}<br>%{x|%d %b %H:%M:%S}<extra></extra>"


def spark_figure(times: Sequence[float], prices: Sequence[float], *, theme: str = "dark") -> dict[str, Any]:
    """A small line without axes. times: ms since 1970."""
    axis = {"visible": False, "fixedrange": True}
    return {
        "data": [_line(times, prices, palette(theme).muted, 1.5) | {"hoverinfo": "skip"}],
        "layout": {
            "margin": {"l": 0, "r": 0, "t": 4, "b": 4},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "showlegend": False,
            "hovermode": False,
            "xaxis": {**axis, "type": "date"},
            "yaxis": axis,
        },
    }


def history_figure(
    times: Sequence[float],
    prices: Sequence[float],
    levels: Sequence[tuple[float, str]] = (),
    *,
    view: str = "",
    theme: str = "dark",
) -> dict[str, Any]:
    """Prices over time with axes. times: ms since 1970.

    levels: (price, words) of alerts, drawn as dashed lines. view: the reader's zoom is kept while it is unchanged.
    """  # fmt: skip
    colours = palette(theme)
    axis = {"gridcolor": colours.grid, "linecolor": colours.strong, "zeroline": False}
    line = {"color": colours.vwap, "width": 1.2, "dash": "dash"}
    return {
        "data": [_line(times, prices, colours.buy, 1.7) | {"hovertemplate": HOVER}],
        "layout": {
            "uirevision": view,
            "margin": {"l": 8, "r": 74, "t": 10, "b": 44},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "font": {"family": FONT, "size": 12, "color": colours.muted},
            "showlegend": False,
            "hovermode": "x",
            "hoverlabel": {"bgcolor": "#334155", "bordercolor": "#334155", "font": {"color": "#f1f5f9"}},
            "dragmode": "zoom",
            "xaxis": {**axis, "type": "date", "showline": True, "nticks": 6, "autotickangles": [0]},
            "yaxis": {**axis, "side": "right", "nticks": 6, "tickformat": ",.7~g"},
            "shapes": [
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": price, "y1": price, "line": line}
                for price, _ in levels
            ],
            "annotations": [
                {
                    "xref": "paper", "x": 0, "xanchor": "left", "y": price, "yanchor": "bottom", "showarrow": False,
                    "text": words, "font": {"size": 11, "color": colours.vwap},
                }
                for price, words in levels
            ],
        },
    }  # fmt: skip


def _line(times: Sequence[float], prices: Sequence[float], colour: str, width: float) -> dict[str, Any]:
    line = {"color": colour, "width": width}
    return {"type": "scatter", "x": list(times), "y": list(prices), "mode": "lines", "line": line}
