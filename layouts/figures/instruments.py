"""Figures of simulated instruments: the live price line, and the prices of a quiz question.

They are dicts instead of `go.Figure`, which takes ten times as long to build; `dcc.Graph` accepts both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layouts.figures.palette import FONT, palette


def price_figure(
    times: Sequence[float], prices: Sequence[float], initial: float | None, *, epoch: str = "", theme: str = "dark"
) -> dict[str, Any]:
    """A line of prices over time. `extendData` appends later prices to trace 0.

    times: ms since 1970. initial: the initial price, drawn as a dotted line. epoch: the user's zoom is kept while it is
    unchanged. The page's style sheet overrides the colours, so that they follow its theme without a new figure.
    """
    colours = palette(theme)
    axis = {"gridcolor": colours.grid, "linecolor": colours.strong, "zeroline": False}
    spike = {
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "dash",
        "spikecolor": colours.muted,
        "spikesnap": "hovered data",
    }
    return {
        "data": [
            {
                "type": "scatter",
                "x": list(times),
                "y": list(prices),
                "mode": "lines",
                "line": {"color": colours.buy, "width": 1.6},
                "hovertemplate": "%{y:,.2f}<extra></extra>",
            }
        ],
        "layout": {
            "uirevision": epoch,
            "margin": {"l": 8, "r": 62, "t": 10, "b": 26},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 12, "color": colours.muted},
            "showlegend": False,
            "hovermode": "x",
            "hoverlabel": {"bgcolor": "#334155", "bordercolor": "#334155", "font": {"color": "#f1f5f9"}},
            "dragmode": "zoom",
            "xaxis": {**axis, **spike, "type": "date", "showline": True, "nticks": 7, "tickformat": "%H:%M:%S"},
            "yaxis": {**axis, **spike, "side": "right", "nticks": 7, "tickformat": ",.2f"},
            "shapes": [] if initial is None else [_level(initial, colours.muted)],
        },
    }


def quiz_figure(prices: Sequence[float], *, kind: str = "", theme: str = "dark") -> dict[str, Any]:
    """Prices without axes, which would reveal the answer. kind: "right" or "wrong" after the question is answered."""
    colours = palette(theme)
    colour = {"right": colours.buy, "wrong": colours.sell}.get(kind, colours.text)
    axis = {"visible": False, "fixedrange": True}
    return {
        "data": [{"type": "scatter", "y": list(prices), "mode": "lines", "line": {"color": colour, "width": 1.8}}],
        "layout": {
            "margin": {"l": 14, "r": 14, "t": 14, "b": 14},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": False,
            "xaxis": axis,
            "yaxis": axis,
        },
    }


def _level(price: float, colour: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": price, "y1": price, "line": line}
