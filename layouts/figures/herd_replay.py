"""The chart of a session that is played again: the running game's figure, up to a position.

A figure is made whole for a position that was chosen. While the session plays, `extension` adds what the chart lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from layouts.figures.herd_live import Extension, extension, live_figure, mark_traces, now_trace, thin, value_trace
from layouts.herd_text import arrow, price, way
from orderflow.herd.debrief.playback import Playback

Json = dict[str, Any]

ZERO = datetime(2000, 1, 1)
"""The session's begin on the time axis, which shows minutes and seconds only."""
HOUR = 3_600_000


def replay_figure(playback: Playback, position: float, theme: str) -> Json:
    """The chart up to a position (ms since 1970)."""
    hours = playback.elapsed(playback.end) >= HOUR
    line = thin(playback.line(position))
    figure = live_figure(line, playback.start, theme=theme, view=playback.session, hours=hours)
    named = {trace["name"]: trace for trace in figure["data"]}
    for name, values in _traces(playback, position).items():
        named[name] |= values
    for trace in figure["data"]:
        trace["x"] = dates(trace["x"])
    return figure


def replay_extension(playback: Playback, after: float, position: float) -> Extension:
    """`extendData` for a chart that ends at `after`: the points of the price since then, and all the rest anew."""
    data, *rest = extension(playback.points(after, position), -1, **_traces(playback, position))
    data["x"] = [dates(x) for x in data["x"]]
    return [data, *rest]


def dates(times: Sequence[int | str]) -> list[str]:
    """Times in ms as text, which Plotly takes as it is: it reads numbers as years or in the browser's time zone."""
    return [
        time if isinstance(time, str) else f"{ZERO + timedelta(milliseconds=time):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        for time in times
    ]


def added(data: Extension) -> int:
    """How many points an extension adds to the price."""
    return len(data[0]["x"][0])


def _traces(playback: Playback, position: float) -> dict[str, Json]:
    """What is replaced with each position: the newest price, the fundamental value, rounds and headlines."""
    first, now = playback.elapsed(playback.chart_begin(position)), playback.elapsed(position)
    moment, value = playback.elapsed(playback.last_moment(position)), playback.price(position)
    tag = f"{arrow(way(playback.lately(position)))} {price(value)}"
    steps = playback.values(position)
    worth = steps[-1][1] if steps else None
    return {
        "now": now_trace(first, (moment, value), now, tag),
        "value": value_trace(steps, first, now, f"Fundamental value {price(worth)}"),
        **mark_traces(playback.marks(position), first, now),
    }
