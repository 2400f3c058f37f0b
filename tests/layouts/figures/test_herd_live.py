"""The live price line: the figure that is made once, and what is added to it."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layouts.figures.herd_live import (
    LONGEST,
    MIDNIGHT,
    NAMES,
    before,
    dates,
    extension,
    label,
    live_figure,
    mark_traces,
    now_trace,
    thin,
    value_trace,
)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_figure_is_one_that_plotly_takes(theme: str) -> None:
    figure = live_figure([(MIDNIGHT, 100.0), (MIDNIGHT + 250, 101.0)], 100.0, theme=theme, hours=True)
    made = go.Figure(figure)
    assert [trace.uid for trace in made.data] == list(NAMES)
    assert list(made.data[0].y) == [100.0, 101.0]
    assert made.layout.shapes[0].y0 == 100.0
    assert live_figure([])["layout"]["shapes"] == []


def test_times_are_not_read_as_years() -> None:
    assert len(str(MIDNIGHT)) > 4
    assert MIDNIGHT % 86_400_000 == 0


def test_an_extension_adds_to_the_line_and_replaces_the_others() -> None:
    update, numbers, most = extension([(1, 5.0)], -1, now={"x": [1, 2], "y": [5.0, 5.0], "text": ["", "t"]})
    assert update == {"x": [[1], [1, 2]], "y": [[5.0], [5.0, 5.0]], "text": [[], ["", "t"]]}
    assert (numbers, most) == ([0, 1], {"x": [-1, 2], "y": [-1, 2], "text": [-1, 2]})


@given(
    prices=st.lists(st.integers(1, 1_000), min_size=1, max_size=300),
    buckets=st.integers(1, 40),
)
def test_thinning_loses_no_peak(prices: list[int], buckets: int) -> None:
    points = [(i * 250, float(price)) for i, price in enumerate(prices)]
    line = thin(points, buckets)
    times = [time for time, _ in line]
    assert times == sorted(set(times))
    assert len(line) <= 4 * (buckets + 1)
    assert (line[0], line[-1]) == (points[0], points[-1])
    assert (max(p for _, p in line), min(p for _, p in line)) == (max(prices), min(prices))


def test_the_rest_ends_now_and_its_tag_is_at_the_newest_price() -> None:
    trace = now_trace(0, (1_000, 5.0), 9_000, "▲ 5.00")
    assert (trace["x"][:3], trace["y"], trace["text"][2]) == ([0, 1_000, 9_000], [None, 5.0, 5.0, None], "▲ 5.00")
    assert trace["x"][3] > 9_000
    assert now_trace(5_000, (1_000, 5.0), 9_000, "")["x"][1] == 5_000  # a move before the time shown


def test_the_value_has_steps_an_end_and_a_name() -> None:
    trace = value_trace([(0, 120.0), (10, 80.0), (20, None), (30, 70.0)], 0, 40, "Fundamental value 70.00")
    assert list(zip(trace["x"], trace["y"], strict=True))[:7] == [
        (0, 120.0), (10, 120.0), (10, 80.0), (20, 80.0), (20, None), (30, 70.0), (40, 70.0),
    ]  # fmt: skip
    assert (trace["text"][-1], trace["y"][-2:], trace["x"][-1]) == ("Fundamental value 70.00", [None, 70.0], 29)
    assert value_trace([(0, 120.0), (5, None)], 10, 40, "x")["x"] == []


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("news", "News: Takeover rumour (+15%)", "⚡ Takeover rumour (+15%)"),
        ("news", "News: " + "long " * 12, "⚡ long long long long long…"),
        ("round", "Round 3 of 15 begins", "Round 3"),
        ("round", "Round 3 of 15 is over", ""),
    ],
)
def test_labels_of_marks(kind: str, text: str, words: str) -> None:
    assert label({"kind": kind, "text": text, "t": 0}) == words
    assert len(words) <= LONGEST + 2


def test_marks_are_lines_and_words_stand_where_there_is_room() -> None:
    def mark(t: int, kind: str, text: str) -> dict[str, Any]:
        return {"t": t, "kind": kind, "text": text}

    marks = [mark(100, "round", "Round 1 of 2 begins"), mark(110, "news", "News: Comet"), mark(990, "news", "News: Up")]
    traces = mark_traces(marks, 0, 1_000)
    assert traces["rounds"]["x"] == [100, 100, 100]
    assert [words for words in traces["rounds"]["text"] if words] == []  # the headline beside it stands
    news = list(zip(*traces["news"].values(), strict=True))
    assert [point for point in news if point[2]] == [(940, 1, "⚡ Up"), (110, 1, "⚡ Comet")]  # no room right of 990
    assert mark_traces(marks, 500, 1_000)["rounds"]["x"] == []


def test_the_recent_direction() -> None:
    points = [(0, 5.0), (1_000, 6.0), (4_500, 7.0)]
    assert before(points, 3_000) == 6.0
    assert before(points, 9_000) == 5.0


def test_times_are_sent_as_text_so_that_no_time_zone_moves_them() -> None:
    assert dates([MIDNIGHT, MIDNIGHT + 61_250]) == ["2000-01-01 00:00:00.000", "2000-01-01 00:01:01.250"]
