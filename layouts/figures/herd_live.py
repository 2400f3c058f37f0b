"""The live price figure of a herd game: built once, then extended with `extendData`.

Times are milliseconds from MIDNIGHT, so the date axis shows elapsed minutes and seconds. The figure has the colours of
one theme; the page's style sheet overrides them by trace name, so a change of theme needs no new figure. Both axes
autorange until the user zooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from layouts.figures.palette import FONT, Palette, palette

Json = dict[str, Any]
Point = tuple[int, float]
Extension = list[Any]

LINE, NOW, VALUE, ROUNDS, NEWS = range(5)
NAMES = ("price", "now", "value", "rounds", "news")
"""The traces in order. The names are their `uid`, which the style sheet selects them by."""
MIDNIGHT = 946_684_800_000
"""The origin of the date axis, ms since 1970."""
BUCKETS = 400
"""Time buckets of a thinned line; each keeps at most four points."""
LETTER = 0.0125
"""Width of a letter of a mark's label, as a share of the plot."""
LONGEST = 26
"""Maximum letters of a headline's label."""
ROOM = 0.012
"""Space to the right of the newest point, as a share of the time range."""
MIN_ROOM = 300
"""Minimum of that space, ms."""
NAMED_BY = 0.72
"""Rightmost start of the fundamental value's label, as a share of the time range."""
LATELY = 3_000
"""ms over which the tag at the newest price shows its direction."""


def live_figure(
    points: Sequence[Point], start: float | None = None, *, theme: str = "dark", view: str = "", hours: bool = False
) -> Json:
    """The complete figure.

    points: (ms from MIDNIGHT, price). start: the initial price, drawn as a dotted line. view: identifies the data; the
    user's zoom is kept between figures of the same view. hours: show hours on the time axis.
    """
    colours = palette(theme)
    line: Json = {"type": "scatter", "mode": "lines", "x": [], "y": [], "text": [], "connectgaps": False}
    still = line | {"hoverinfo": "skip"}
    times, prices = columns(points)
    muted, amber = {"color": colours.muted}, {"color": "#ffd166" if theme == "dark" else "#b45309"}
    marks = still | {"yaxis": "y2", "cliponaxis": False}
    clock = "%-H:%M:%S" if hours else "%-M:%S"
    data = [
        line | {"x": times, "y": prices, "line": {"color": colours.text, "width": 3},
                "hovertemplate": f"%{{y:,.2f}} at %{{x|{clock}}}<extra></extra>"},
        still | {"mode": "lines+markers+text", "textposition": "middle right", "cliponaxis": False,
                "line": {"color": colours.text, "width": 3}, "textfont": {"size": 16, **muted},
                "marker": {"size": [0, 0, 15, 0], "opacity": 1, "color": colours.text}},
        still | {"mode": "lines+text", "textposition": "top right", "cliponaxis": False,
                "line": {"color": colours.vwap, "width": 2.5, "dash": "dash"}, "textfont": {"color": colours.vwap}},
        marks | {"mode": "lines+text", "textposition": "top right", "line": {"width": 1.5, "dash": "dot", **muted}},
        marks | {"mode": "lines+text", "textposition": "top right", "line": {"width": 2.5, **amber}},
    ]  # fmt: skip
    for trace, name in zip(data, NAMES, strict=True):
        trace |= {"uid": name, "name": name}
    return {"data": data, "layout": _layout(colours, start, view, clock)}


def _layout(colours: Palette, start: float | None, view: str, clock: str) -> Json:
    axis = {
        "zeroline": False,
        "ticks": "",
        "showline": False,
        "tickfont": {"color": colours.muted},
        "ticklabeloverflow": "allow",
        "gridcolor": colours.grid,
    }
    starting = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": start, "y1": start, "layer": "below",
        "line": {"color": colours.strong, "width": 1.5, "dash": "dot"},
    }  # fmt: skip
    named = {
        "text": "Start", "xref": "paper", "x": 0, "xanchor": "left", "y": start, "yanchor": "bottom",
        "showarrow": False, "font": {"color": colours.muted},
    }  # fmt: skip
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 16, "color": colours.muted},
        "margin": {"l": 84, "r": 132, "t": 40, "b": 40},  # right: the tag at the newest price, and nothing else
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": colours.strong, "font": {"color": colours.text, "family": FONT}},
        "dragmode": "zoom",
        "uirevision": view or "live",
        "xaxis": axis | {
            "type": "date", "showgrid": False, "nticks": 8, "automargin": False,
            "tickformat": clock, "tickangle": 0,
        },
        "yaxis": axis | {"side": "left", "nticks": 7, "tickformat": "~f", "separatethousands": True,
                         "rangemode": "nonnegative", "ticklabelstandoff": 10},
        "yaxis2": {"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False},
        "shapes": [] if start is None else [starting],
        # not the label of the shape, which the axes' range does not make room for
        "annotations": [] if start is None else [named],
    }  # fmt: skip


def columns(points: Sequence[Point]) -> tuple[list[int], list[float]]:
    """The times and prices of points as two lists."""
    return [time for time, _ in points], [price for _, price in points]


def dates(times: Sequence[float]) -> list[str]:
    """Times (ms since 1970) as text, for what is sent to Plotly.

    Plotly takes text as it is. A number it would read as a year, or in the browser's time zone.
    """
    return [f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] for time in times]


def thin(points: Sequence[Point], buckets: int = BUCKETS) -> list[Point]:
    """Thin a line to the first, lowest, highest and last point of each of `buckets` equal time spans.

    Peaks are kept. Lines of up to 4 * buckets points are returned unchanged.
    """
    if len(points) <= 4 * buckets:
        return list(points)
    begin = points[0][0]
    width = max(1.0, (points[-1][0] - begin) / buckets)
    out: list[Point] = []
    at = 0
    while at < len(points):
        bucket, first = (points[at][0] - begin) // width, at
        low = high = at
        while at < len(points) and (points[at][0] - begin) // width == bucket:
            low = at if points[at][1] < points[low][1] else low
            high = at if points[at][1] > points[high][1] else high
            at += 1
        out += [points[i] for i in sorted({first, low, high, at - 1})]
    return out


def extension(points: Sequence[Point], most: int, **traces: Json) -> Extension:
    """The value of a Graph's `extendData`.

    points: new points of the price line. most: number of points that the line keeps, -1 for all. traces: new content of
    other traces by name, each {"x", "y", "text"} of equal length.
    """
    times, prices = columns(points)
    update: Json = {"x": [times], "y": [prices], "text": [[]]}
    kept, numbers = [most], [LINE]
    for name, trace in traces.items():
        for key in update:
            update[key].append(trace[key])
        kept.append(len(trace["x"]))
        numbers.append(NAMES.index(name))
    return [update, numbers, {"x": kept, "y": kept, "text": [-1, *kept[1:]]}]


def now_trace(first: int, last: Point, now: int, tag: str) -> Json:
    """The horizontal line since the last price change, with a dot and a tag at the newest price.

    first: start of the time range. last: the newest point. now: current time (all ms from MIDNIGHT). tag: its text.
    """
    time, price = last
    end = max(now, time)
    room = max(MIN_ROOM, round(ROOM * (end - first)))
    return {"x": [first, max(time, first), end, end + room], "y": [None, price, price, None], "text": ["", "", tag, ""]}


def value_trace(values: Sequence[tuple[int, float | None]], first: int, now: int, name: str) -> Json:
    """The fundamental value as a stepped line. values: (ms, value or None) for each change. name: the line's label."""
    trace = _empty()
    for i, (time, value) in enumerate(values):
        until = values[i + 1][0] if i + 1 < len(values) else now
        if value is None or until < first:
            continue
        gap = i + 1 < len(values) and values[i + 1][1] is None
        _put(trace, [max(time, first), until], [value, value])
        if gap:
            _put(trace, [until], [None])
    if values and values[-1][1] is not None:
        begin = min(max(values[-1][0], first), first + round(NAMED_BY * (now - first)))
        _put(trace, [now, begin], [None, values[-1][1]], name)
    return trace


def mark_traces(marks: Sequence[Json], first: int, end: int) -> dict[str, Json]:
    """Vertical lines at rounds and news, with labels where there is room: newest first, and news before rounds.

    marks: {"t": ms from MIDNIGHT, "kind", "text"}. first, end: the time range.
    """
    traces: dict[str, Json] = {name: _empty() for name in NAMES[ROUNDS:]}
    spans: list[tuple[float, float]] = []
    length = max(1, end - first)
    for kind, name in (("news", "news"), ("round", "rounds")):
        for mark in reversed([mark for mark in marks if mark["kind"] == kind and mark["t"] >= first]):
            words = label(mark)
            begin, wide = (mark["t"] - first) / length, len(words) * LETTER
            left = begin + wide > 1
            taken = (begin - wide, begin) if left else (begin, begin + wide)
            free = bool(words) and taken[0] >= 0 and all(taken[1] < a or taken[0] > b for a, b in spans)
            if free:
                spans.append(taken)
            _put(traces[name], [mark["t"], mark["t"], mark["t"]], [0, 1, None], words if free and not left else "")
            if free and left:
                begins = round(first + taken[0] * length)
                _put(traces[name], [begins, begins], [1, None], words, at=0)
    return traces


def _empty() -> Json:
    return {"x": [], "y": [], "text": []}


def _put(trace: Json, x: list[int], y: list[float | None], words: str = "", at: int = 1) -> None:
    trace["x"] += x
    trace["y"] += y
    trace["text"] += [words if i == at else "" for i in range(len(x))]


def label(mark: Json) -> str:
    """The label of a mark: a shortened headline, "Round n" for the start of a round, "" for its end."""
    text = mark["text"].removeprefix("News: ")
    if mark["kind"] == "news":
        return "⚡ " + (text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…")
    words = text.split()
    return f"Round {words[1]}" if text.endswith("begins") and len(words) > 1 else ""


def before(points: Sequence[Point], ms: int) -> float:
    """The price `ms` before the last point."""
    until = points[-1][0] - ms
    return next((price for time, price in reversed(points) if time <= until), points[0][1])
