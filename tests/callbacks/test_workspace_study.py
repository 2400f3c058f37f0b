"""The workspace's dialog about signals: what is asked, on which prices, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from callbacks.workspace_series import Chosen, reader_of
from callbacks.workspace_study import Asked, horizons_of, study_of, usual_horizons, what_text
from layouts.document import components
from layouts.workspace_study import counts_text, horizon_choices, study_body
from orderflow.errors import BadInput, NotFound
from orderflow.formats import parse_body
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.signal import Signal
from orderflow.services import Services
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.klines.live_klines import LiveKlines
from orderflow.workspace.samples import NAME as SAMPLE
from orderflow.workspace.signals.joined import path_in_library
from orderflow.workspace.signals.study import MINUTE, Study, study_signals
from orderflow.workspace.store import OHLCV
from orderflow.workspace.uploads.library import Library

BEGIN = 1_700_000_040_000
NS = 10**6
OWN = Chosen("custom", "mine", "1m", "calls")
HORIZONS = (MINUTE, 5 * MINUTE)


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    """Ann has candles and signals; there are ticks of ES."""
    made, rng = make_services(), np.random.default_rng(2)
    close = 10_000 + np.cumsum(rng.integers(-9, 10, 900))
    time, none = BEGIN + np.arange(900) * 60_000, np.full(900, -1)
    columns = (time, close, close + 4, close - 4, close + 1, none + 5, none, none, np.ones(900, np.bool_))
    made.part(KlineStore).replace(SeriesKey("ann", OHLCV, "mine", "1m"), [KlineColumns.of(columns, 2, 0)], "x.csv")
    calls = [Signal((BEGIN + i * 300_000) * NS, (-1) ** i, "x") for i in range(100)]
    made.part(Library).signals.replace("ann", "calls", calls, "calls.csv", most_rows=1000)
    rows = "".join(f"{BEGIN + i * 1000},{100 + i % 7},2,ES\n" for i in range(3_000))
    made.market.ingest(parse_body(("timestamp,price,size,symbol\n" + rows).encode(), "text/csv").batches)
    return made


def ask(services: Services, user: str = "ann", **other: Any) -> Study:
    asked = Asked(**{"chosen": OWN, "horizons": HORIZONS, "ticks": False, "exits": False, **other})
    return study_of(reader_of(services, user), services.market, services.part(LiveKlines), asked)


def test_the_study_is_that_of_the_api(services: Services) -> None:
    library = services.part(Library)
    signals = library.signals.read("ann", "calls", limit=1000)
    expected = study_signals(signals, path_in_library(library, "ann", "mine", "1m", signals, max(HORIZONS)), HORIZONS)
    found = ask(services)
    assert len(found.signals) == 100
    assert [(each.mean, each.hit, each.count) for each in found.results] == [
        (each.mean, each.hit, each.count) for each in expected.results
    ]


def test_ticks_that_are_held_can_be_studied_on(services: Services) -> None:
    on_ticks = ask(services, chosen=Chosen("live", "ES", "1m", "calls"), ticks=True)
    assert on_ticks.results[0].count == 10  # signals within the ticks
    assert on_ticks.left_out == {"after the data": 90}
    on_candles = ask(services, chosen=Chosen("live", "ES", "1m", "calls"))
    assert on_candles.results[0].count == 10
    with pytest.raises(NotFound, match="there are no ticks of 'mine': take the candles"):
        ask(services, ticks=True)


def test_the_sample_is_studied_like_ones_own(services: Services) -> None:
    sample = Chosen("custom", SAMPLE, "1m", SAMPLE)
    assert len(ask(services, "new", chosen=sample).signals) == 16
    with pytest.raises(NotFound):
        ask(services, chosen=sample)


def test_without_signals_it_is_said_what_is_missing(services: Services) -> None:
    with pytest.raises(BadInput, match="choose signals for the chart first"):
        ask(services, chosen=Chosen("custom", "mine", "1m"))


def test_horizons_fit_the_candles_and_are_read_as_people_write_them() -> None:
    assert usual_horizons("1m") == "1m, 3m, 5m, 15m, 1h"
    assert usual_horizons("1h") == "1h, 3h, 5h, 15h, 60h"
    assert usual_horizons("irregular") == usual_horizons("1M") == usual_horizons("x") == "1h, 1d, 7d, 30d"
    assert horizons_of("5m 1m,5m") == (MINUTE, 5 * MINUTE)
    for text in ("", None, "5", "5m," * 13, "5m,999999w", "5m" + " " * 200 + "1h"):
        with pytest.raises(BadInput):
            horizons_of(text)


def test_the_page_says_what_was_studied_and_shows_table_and_figures(services: Services) -> None:
    study = ask(services)
    body = study_body(study, MINUTE, "light")
    ids = [each.id for each in components(body) if getattr(each, "id", None)]
    assert ids == ["ws-study-returns", "ws-study-distribution", "ws-study-excursions"]
    rows = [each for each in components(body) if type(each).__name__ == "Tr"]
    assert len(rows) == 1 + len(HORIZONS)
    assert [each["label"] for each in horizon_choices(study)] == ["1m", "5m"]
    assert counts_text(study) == "100 signals studied."
    assert what_text(Asked(OWN, HORIZONS, False, False)) == "Signals calls on candles of mine 1m."
