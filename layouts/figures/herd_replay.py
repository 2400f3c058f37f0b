"""The chart of a session that is played again: the running game's figure, up to a position.

A figure is made whole for a position that was chosen. While the session plays, `extension` adds what the chart lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layouts.figures.herd_live import (
    MIDNIGHT,
    Extension,
    dates,
    extension,
    live_figure,
    mark_traces,
    now_trace,
    thin,
    value_trace,
)
from layouts.herd_text import arrow, price, way
from orderflow.herd.debrief.playback import Playback

Json = dict[str, Any]

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
        trace["x"] = _dates(trace["x"])
    return figure


def replay_extension(playback: Playback, after: float, position: float) -> Extension:
    """`extendData` for a chart that ends at `after`: the points of the price since then, and all the rest anew."""
    data, *rest = extension(playback.points(after, position), -1, **_traces(playback, position))
    data["x"] = [_dates(x) for x in data["x"]]
    return [data, *rest]


def _dates(times: Sequence[float]) -> list[str]:
    """Times from the session's begin (ms) on the chart's axis."""
    return dates([MIDNIGHT + time for time in times])


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
