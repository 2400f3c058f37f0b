"""The figures of the debrief: valid Plotly dicts in the colours of the palette, with the numbers of the report."""

from __future__ import annotations

import json
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from layouts.figures import herd
from layouts.figures.palette import DARK
from orderflow.herd.debrief.columns import build_record
from orderflow.herd.debrief.report import build_report
from tests.herd.logs import MICRO, Log, chance_game


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    log = chance_game(people=40, seconds=150, swing=0.3, groups=True, rounds=5, seed=3)
    log.add(151, "news", text="<b>Boom</b> and a very long headline", move=2.0, after=50 * MICRO)
    return build_report(build_record(log.events))


def all_figures(report: dict[str, Any], theme: str) -> dict[str, herd.Figure]:
    return {
        "price": herd.price_figure(report, theme),
        "windows": herd.windows_figure(report["herding"], report["started"], theme),
        "periods": herd.periods_figure(report["bubble"], theme),
        "memory": herd.memory_figure(report["memory"], theme),
        "wealth": herd.wealth_figure(report["wealth"], theme),
        "lorenz": herd.lorenz_figure(report["wealth"], theme),
        "experiment": herd.experiment_figure(report["experiment"], theme),
    }


def test_figures_are_valid_and_their_colours_can_be_swapped(report: dict[str, Any]) -> None:
    dark, light = all_figures(report, "dark"), all_figures(report, "light")
    for name, figure in dark.items():
        go.Figure(figure)
        text = json.dumps(figure, allow_nan=False)
        colours = set(re.findall(r"#[0-9a-f]{6}\b", text))
        assert colours <= {getattr(DARK, colour) for colour in herd.COLOURS}, name
        assert "rgb" not in text
        for old, new in herd.colour_pairs():
            text = text.replace(f'"{old}"', f'"{new}"')
        assert json.loads(text) == light[name]


@pytest.mark.parametrize(("periods", "step"), [(2, 1), (4, 1), (8, 1), (15, 2), (40, 5)])
def test_axis_of_rounds_has_whole_numbers_once(periods: int, step: int) -> None:
    figure = herd.periods_figure({"mean": [1.0] * periods, "value": [1.0] * periods, "rounds": True})
    axis = figure["layout"]["xaxis"]
    assert (axis["tick0"], axis["dtick"]) == (1, step)


def test_price_and_value_end_with_the_game(report: dict[str, Any]) -> None:
    figure = herd.price_figure(report)
    price, value = figure["data"]
    assert (price["x"][0], price["y"][0]) == (0, 100.0)
    assert price["y"][-1] == report["price"]["last"]
    assert price["x"][-1] == report["seconds"]
    assert {y for y in value["y"] if y is not None} == {100.0}
    assert len(figure["layout"]["shapes"]) == 6  # five rounds, one headline
    (note,) = figure["layout"]["annotations"]
    assert note["text"] == "&lt;b&gt;Boom&lt;/b&gt; and a very …"
    assert len(figure["layout"]["xaxis"]["tickvals"]) <= 6


def test_bars_of_windows_start_at_the_mean_share(report: dict[str, Any]) -> None:
    figure = herd.windows_figure(report["herding"], report["started"])
    bought, sold = figure["data"]
    assert len(bought["x"]) + len(sold["x"]) == report["herding"]["windows"]
    assert min(bought["y"]) >= 0 > max(sold["y"])
    assert sold["marker"]["pattern"]["shape"] == "/"  # told apart without colours too
    (band,) = figure["layout"]["shapes"]
    assert band["layer"] == "below"


def test_wealth_bars_count_every_participant(report: dict[str, Any]) -> None:
    (bars,) = herd.wealth_figure(report["wealth"])["data"]
    assert sum(bars["y"]) == 40
    alike = Log()
    alike.people(5)
    flat = build_report(build_record(alike.events))["wealth"]
    (bars,) = herd.wealth_figure(flat)["data"]
    assert sum(bars["y"]) == 5


def test_experiment_shows_every_participant_and_the_means(report: dict[str, Any]) -> None:
    see, mean, blind, other = herd.experiment_figure(report["experiment"])["data"]
    assert len(see["y"]) == report["experiment"]["groups"]["see"]["people"]
    assert mean["y"][0] == pytest.approx(report["experiment"]["see"], abs=1e-4)
    assert max(see["x"]) < 0.5 < min(blind["x"])
    assert other["y"][0] == pytest.approx(report["experiment"]["blind"], abs=1e-4)
