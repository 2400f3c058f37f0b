from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from layouts.figures import signals as figures
from layouts.figures.signals import distribution_figure, excursions_figure, returns_figure
from orderflow.market.signal import BUY, SELL, Signal
from orderflow.workspace.signals.price_path import path_of_ticks
from orderflow.workspace.signals.study import MINUTE, SECOND, Study, study_signals


@pytest.fixture(scope="module")
def study() -> Study:
    rng = np.random.default_rng(1)
    time = np.arange(20_000, dtype=np.int64) * SECOND
    prices = 100 * np.cumprod(1 + rng.normal(0, 0.0002, len(time)))
    signals = [Signal(int(at), BUY if at % 2 else SELL, "buy") for at in rng.integers(0, 19_000, 200) * SECOND + 1]
    return study_signals(signals, path_of_ticks(time, prices), [MINUTE, 5 * MINUTE])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_plotly_takes_the_figures(study: Study, theme: str) -> None:
    for figure in (
        returns_figure(study, theme=theme),
        distribution_figure(study, MINUTE, theme=theme),
        excursions_figure(study, 5 * MINUTE, theme=theme),
    ):
        assert go.Figure(figure).data


def test_the_means_and_their_intervals_are_the_studys(study: Study) -> None:
    low, high, line = returns_figure(study)["data"]
    assert line["x"] == ["1m", "5m"]
    assert line["y"] == [result.mean for result in study.results]
    for place, result in enumerate(study.results):
        assert line["y"][place] + line["error_y"]["array"][place] == pytest.approx(result.mean_interval.high)
        assert line["y"][place] - line["error_y"]["arrayminus"][place] == pytest.approx(result.mean_interval.low)
        assert result.random is not None
        assert low["y"][place] < result.random.mean < high["y"][place]


def test_every_signal_is_in_the_distribution_and_among_the_excursions(study: Study) -> None:
    count = study.results[0].count
    figure = distribution_figure(study, MINUTE)
    (bars,) = figure["data"]
    assert sum(bars["y"]) == count
    assert max(bars["y"]) > 5 or figure["layout"]["yaxis"]["dtick"] == 1, "no fifths of a signal"
    assert bars["type"] == "bar"  # the pages' Plotly has no histograms
    won, lost = excursions_figure(study, MINUTE)["data"]
    assert len(won["x"]) + len(lost["x"]) == count
    assert won["marker"]["symbol"] != lost["marker"]["symbol"]
    with pytest.raises(ValueError, match="2h was not studied"):
        distribution_figure(study, 120 * MINUTE)


def test_of_very_many_signals_every_nth_is_a_point(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_POINTS", 60)
    count = study.results[0].count
    won, lost = excursions_figure(study, MINUTE)["data"]
    assert len(won["x"]) + len(lost["x"]) == -(-count // figures.each_of(count)) <= 60


def test_a_study_without_outcomes_is_an_empty_figure() -> None:
    empty = study_signals([], path_of_ticks(np.array([1, 2], np.int64), np.array([1.0, 1.0])), [MINUTE])
    assert go.Figure(returns_figure(empty)).data[2].y == ()
    assert go.Figure(distribution_figure(empty, MINUTE)).data
