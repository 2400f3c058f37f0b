"""Figures of a herd game's debrief as Plotly dicts, from the sections of the report.

They work without a server: `plotly.graph_objects.Figure(price_figure(report, theme="light"))` shows one in a notebook.
All colours are hex codes of the palette, so a page can replace those of one theme by those of the other.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

from layouts.figures.palette import DARK, FONT, LIGHT, Palette, palette

Json = dict[str, Any]
Figure = dict[str, Any]

COLOURS = ("paper", "grid", "strong", "text", "muted", "vwap", "volume", "buy", "sell")
"""Colours of the palette that the figures use."""
NAMED = ("news", "round")
"""Kinds of captions drawn as a line in the price figure, with a label if there is room."""
BINS = 20
TICKS = 5
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def colour_pairs() -> list[tuple[str, str]]:
    """(dark, light) pairs of the figures' colours. Printing replaces the dark ones by the light ones."""
    return [(getattr(DARK, name), getattr(LIGHT, name)) for name in COLOURS]


def price_figure(report: Json, theme: str = "dark") -> Figure:
    """Price and fundamental value, with news and rounds. report: the whole report."""
    colours, price = palette(theme), report["price"]
    start = report["started"]
    x = [_seconds(time, start) for time, _ in price["path"]]
    traces = [
        _line(
            [*x, max(report["seconds"], x[-1])],
            [value for _, value in price["path"]] + [price["last"]],
            colours.text,
            "Price",
            hover="%{y:.2f}",
            shape="hv",
        )
    ]
    if price["value"]:
        traces.append(
            _line(
                [_seconds(time, start) for time, _ in price["value"]],
                [value for _, value in price["value"]],
                colours.vwap,
                "Fundamental value",
                hover="value %{y:.2f}",
                dash="dash",
            )
        )
    figure = _figure(traces, colours, legend=len(traces) > 1)
    end = traces[0]["x"][-1]
    figure["layout"]["xaxis"] |= _clock_axis(end) | {"range": [0, end or 1]}
    figure["layout"]["yaxis"]["tickformat"] = ".2f" if price["high"] < 20 else "~r"
    marks = [caption for caption in price["captions"] if caption[1] in NAMED]
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": _seconds(at, start),
            "x1": _seconds(at, start),
            "y0": 0,
            "y1": 1,
            "line": {"color": colours.strong, "width": 1, "dash": "dot"},
        }
        for at, _, _ in marks
    ]
    figure["layout"]["annotations"] = _captions([mark for mark in marks if mark[1] == "news"], start, end, colours)
    return figure


def _captions(marks: Sequence[Sequence[Any]], start: int, end: float, colours: Palette) -> list[Json]:
    """Labels of the news. A label that would overlap the previous one is omitted."""
    out: list[Json] = []
    free = -math.inf
    for at, _, words in marks:
        x = _seconds(at, start)
        if x < free:
            continue
        free = x + 0.16 * end
        out.append(
            {
                "x": x,
                "y": 1,
                "xref": "x",
                "yref": "paper",
                "text": html.escape(words if len(words) <= 24 else f"{words[:23]}…", quote=False),
                "showarrow": False,
                "xanchor": "right" if x > 0.8 * end else "left",
                "yanchor": "bottom",
                "font": {"size": 11, "color": colours.muted},
            }
        )
    return out


def windows_figure(herding: Json, started: int, theme: str = "dark") -> Figure:
    """The share of buyers in each time window, with the 95% band of independent choices."""
    colours = palette(theme)
    share = herding["share"] or 0.5
    x = [_seconds(time, started) + herding["seconds"] / 2 for time in herding["times"]]
    spread = [1.96 * math.sqrt(share * (1 - share) / active) for active in herding["active"]]
    seen = [buyers / active for buyers, active in zip(herding["buyers"], herding["active"], strict=True)]
    traces: list[Json] = []
    for name, colour, side, pattern in (("More bought", colours.buy, 1, ""), ("More sold", colours.sell, -1, "/")):
        chosen = [i for i, value in enumerate(seen) if (value >= share) == (side > 0)]
        traces.append(
            {
                "type": "bar",
                "x": [x[i] for i in chosen],
                "y": [seen[i] - share for i in chosen],
                "base": share,
                "width": herding["seconds"] * 0.8,
                "name": name,
                "customdata": [[herding["buyers"][i], herding["active"][i]] for i in chosen],
                "hovertemplate": "%{customdata[0]} of %{customdata[1]} bought<extra></extra>",
                "marker": {
                    "color": colour,
                    "pattern": {
                        "shape": pattern,
                        "fillmode": "overlay",
                        "fgcolor": colours.paper,
                        "size": 6,
                        "solidity": 0.25,
                    },
                },
            }
        )
    figure = _figure(traces, colours, legend=True)
    end = (x[-1] if x else 0) + herding["seconds"]
    figure["layout"]["xaxis"] |= _clock_axis(end) | {"range": [0, end]}
    figure["layout"]["yaxis"] |= {"range": [0, 1], "tickformat": ".0%", "nticks": 5}
    figure["layout"] |= {
        "barmode": "overlay",
        "bargap": 0,
        "shapes": [_band(x, share, spread, herding["seconds"], colours)],
    }
    return figure


def _band(x: Sequence[float], middle: float, spread: Sequence[float], width: float, colours: Palette) -> Json:
    """The 95% band as one stepped path below the bars."""
    top, bottom = [], []
    for at, wide in zip(x, spread, strict=True):
        low, high = max(0.0, middle - wide), min(1.0, middle + wide)
        top += [(at - width / 2, high), (at + width / 2, high)]
        bottom += [(at - width / 2, low), (at + width / 2, low)]
    points = [*top, *reversed(bottom)]
    path = "M" + "L".join(f"{at:.2f},{value:.4f}" for at, value in points) + "Z"
    return {"type": "path", "path": path, "layer": "below", "fillcolor": colours.grid, "line": {"width": 0}}


def periods_figure(bubble: Json, theme: str = "dark") -> Figure:
    """Mean price and fundamental value of each period."""
    colours = palette(theme)
    x = list(range(1, len(bubble["mean"]) + 1))
    step = max(1, -(-len(x) // 8))
    traces = [
        _line(x, bubble["mean"], colours.text, "Mean price", hover="mean price %{y:.2f}", marker="circle"),
        _line(x, bubble["value"], colours.vwap, "Value", hover="value %{y:.2f}", dash="dash", marker="square"),
    ]
    figure = _figure(traces, colours, legend=True)
    figure["layout"]["xaxis"] |= {
        "tick0": 1,
        "dtick": step,
        "tickformat": "d",
        "title": _title("Round" if bubble["rounds"] else "Slice"),
    }
    return figure


def memory_figure(memory: Json, theme: str = "dark") -> Figure:
    """Autocorrelation of order signs with own and others' orders, with the 95% band for others' orders."""
    colours, curves, lags = palette(theme), memory["curves"], memory["lags"]
    band = curves["others_band"]
    traces: list[Json] = [
        _line(lags, [-wide for wide in band], colours.strong, "", width=0) | {"showlegend": False},
        _line(lags, band, colours.strong, "By chance (95%)", width=0) | {"fill": "tonexty", "fillcolor": colours.grid},
        _line(lags, curves["others"], colours.vwap, "Others' orders", hover="others %{y:.3f}", marker="circle"),
        _line(lags, curves["own"], colours.muted, "Own orders", hover="own %{y:.3f}", dash="dot", marker="square"),
    ]
    figure = _figure(traces, colours, legend=True)
    figure["layout"]["xaxis"] |= {"nticks": 8, "title": _title("Orders later")}
    figure["layout"]["yaxis"] |= {"zeroline": True, "zerolinecolor": colours.strong, "tickformat": ".2~f"}
    return figure


def wealth_figure(wealth: Json, theme: str = "dark") -> Figure:
    """Histogram of final wealth, with a line at the initial wealth."""
    colours, values = palette(theme), wealth["values"]
    low, high = values[0], values[-1]
    count = max(1, min(BINS, len(values)))
    wide = (high - low) / count or max(1.0, abs(high) * 0.01)
    tall = [0] * count
    for value in values:
        tall[min(count - 1, int((value - low) / wide))] += 1
    bars = {
        "type": "bar",
        "x": [low + (i + 0.5) * wide for i in range(count)],
        "y": tall,
        "width": wide * 0.94,
        "marker": {"color": colours.volume},
        "name": "Participants",
        "customdata": [[low + i * wide, low + (i + 1) * wide] for i in range(count)],
        "hovertemplate": "%{y} with %{customdata[0]:,.0f} to %{customdata[1]:,.0f}<extra></extra>",
    }
    figure = _figure([bars], colours)
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "x0": wealth["start"],
            "x1": wealth["start"],
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"color": colours.text, "width": 1.5, "dash": "dash"},
        }
    ]
    figure["layout"]["annotations"] = [
        {
            "x": wealth["start"],
            "y": 1,
            "yref": "paper",
            "text": "Start",
            "showarrow": False,
            "yanchor": "bottom",
            "font": {"size": 11, "color": colours.muted},
        }
    ]
    figure["layout"]["xaxis"] |= {"nticks": TICKS, "title": _title("Wealth at the end")}
    figure["layout"]["yaxis"] |= {"nticks": TICKS, "rangemode": "tozero"}
    return figure


def lorenz_figure(wealth: Json, theme: str = "dark") -> Figure:
    """The Lorenz curve. The area between it and the diagonal is half the Gini coefficient."""
    colours = palette(theme)
    traces = [
        _line([0, 1], [0, 1], colours.muted, "All alike", dash="dot", width=1),
        _line(
            [x for x, _ in wealth["lorenz"]],
            [y for _, y in wealth["lorenz"]],
            colours.volume,
            "This game",
            hover="the poorest %{x:.0%} hold %{y:.0%}",
        ),
    ]
    figure = _figure(traces, colours, legend=True)
    for axis in ("xaxis", "yaxis"):
        figure["layout"][axis] |= {"tickformat": ".0%", "nticks": TICKS, "range": [0, 1.01]}
    figure["layout"]["xaxis"]["title"] = _title("Participants, poorest first")
    return figure


def experiment_figure(experiment: Json, theme: str = "dark") -> Figure:
    """Each participant's share of orders that follow the crowd, by group, with the group means."""
    colours = palette(theme)
    traces: list[Json] = []
    looks = (("see", "See the crowd", colours.vwap, "circle"), ("blind", "Do not see it", colours.muted, "square"))
    for at, (name, words, colour, symbol) in enumerate(looks):
        follow = experiment["groups"][name]["follow"]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                # jitter by the golden ratio: neighbours do not overlap, and the figure is deterministic
                "x": [at + 0.5 * ((i * 0.618034) % 1 - 0.5) for i in range(len(follow))],
                "y": follow,
                "name": words,
                "marker": {"color": colour, "size": 8, "symbol": symbol, "opacity": 0.75},
                "hovertemplate": "%{y:.0%} of a participant's orders<extra></extra>",
            }
        )
        mean = sum(follow) / len(follow) if follow else None
        traces.append(_line([at - 0.32, at + 0.32], [mean, mean], colours.text, "Mean", width=3, hover="mean %{y:.1%}"))
    figure = _figure(traces, colours)
    figure["layout"]["xaxis"] |= {"tickvals": [0, 1], "ticktext": [look[1] for look in looks], "range": [-0.6, 1.6]}
    figure["layout"]["yaxis"] |= {"tickformat": ".0%", "range": [-0.03, 1.03], "nticks": TICKS}
    figure["layout"]["shapes"] = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": 0.5,
            "y1": 0.5,
            "line": {"color": colours.strong, "width": 1, "dash": "dot"},
        }
    ]
    return figure


def _line(
    x: Sequence[float],
    y: Sequence[float | None],
    colour: str,
    name: str,
    *,
    hover: str = "",
    dash: str = "solid",
    width: float = 2,
    shape: str = "linear",
    marker: str = "",
) -> Json:
    """A line trace. hover: hover text, "" for none. marker: symbol at every point, "" for none."""
    trace: Json = {
        "type": "scatter",
        "mode": "lines+markers" if marker else "lines",
        "x": list(x),
        "y": list(y),
        "name": name,
        "line": {"color": colour, "width": width, "dash": dash, "shape": shape},
        "connectgaps": False,
    }
    if marker:
        trace["marker"] = {"symbol": marker, "size": 6, "color": colour}
    return trace | ({"hovertemplate": f"{hover}<extra></extra>"} if hover else {"hoverinfo": "skip"})


def _figure(traces: list[Json], colours: Palette, *, legend: bool = False) -> Figure:
    """A figure with the common layout: horizontal grid only, muted labels, automatic margins."""
    axis = {
        "zeroline": False,
        "ticks": "",
        "gridcolor": colours.grid,
        "linecolor": colours.strong,
        "tickfont": {"color": colours.muted, "size": 12},
        "automargin": True,
        "fixedrange": True,
    }
    return {
        "data": traces,
        "layout": {
            "paper_bgcolor": colours.paper,
            "plot_bgcolor": colours.paper,
            "font": {"family": FONT, "size": 12, "color": colours.text},
            "margin": {"l": 8, "r": 12, "t": 34 if legend else 22, "b": 8},
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
            "hoverlabel": {"bgcolor": colours.strong, "font": {"color": colours.text, "family": FONT}},
            "dragmode": False,
            "xaxis": {**axis, "showgrid": False},
            "yaxis": {**axis, "nticks": TICKS + 1},
        },
    }


def _title(words: str) -> Json:
    return {"text": words, "font": {"size": 12}, "standoff": 8}


def _seconds(time: int, start: int) -> float:
    return (time - start) / 1000


def _clock_axis(end: float) -> Json:
    """Axis ticks as minutes and seconds, at most TICKS + 1."""
    step = next((step for step in STEPS if end / step <= TICKS), math.ceil(end / TICKS))
    values = list(range(0, int(end) + 1, step))
    return {"tickvals": values, "ticktext": [f"{value // 60}:{value % 60:02d}" for value in values]}
