"""What the workspace's charts get: candles, indicators that do not depend on the page, signals, and what was left."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flask
import numpy as np
import pytest
from dash import Dash

from callbacks import workspace_series
from callbacks.workspace import register
from callbacks.workspace_choices import live_frames, live_symbols, usual_symbol
from callbacks.workspace_csv import file_name, table
from callbacks.workspace_series import (
    AROUND,
    MOST_INDICATORS,
    SHOWN,
    Chosen,
    Reader,
    candles_of,
    chosen_of,
    gaps_text,
    indicators_of,
    reader_of,
    shown_decimals,
    wanted_of,
)
from orderflow.errors import BadInput, NotFound
from orderflow.formats import parse_body
from orderflow.formats.samples import sample_path
from orderflow.market.indicators.registry import INDICATORS, find
from orderflow.market.kline_columns import KlineColumns
from orderflow.market.signal import Signal
from orderflow.notebook import candles, read_ticks
from orderflow.runtime.workers import Workers
from orderflow.services import Services
from orderflow.storage.records.kline_store import KlineStore
from orderflow.storage.records.series import SeriesKey
from orderflow.workspace.klines import stored_series
from orderflow.workspace.klines.live_klines import Offer
from orderflow.workspace.samples import NAME as SAMPLE
from orderflow.workspace.samples import Sample
from orderflow.workspace.store import KLINES, OHLCV, PUBLIC
from orderflow.workspace.uploads.library import Library
from orderflow.workspace.views import View, Views

MINUTE = 60_000
BEGIN = 1_700_000_040_000
NS = 10**6
ALL = [{"name": each.name} for each in INDICATORS]
MINE = Chosen("custom", "mine", "1m", "calls")


def klines(n: int) -> KlineColumns:
    """n minutes of a random walk in hundredths."""
    rng = np.random.default_rng(4)
    close = 10_000 + np.cumsum(rng.integers(-9, 10, n))
    open_ = np.concatenate(([10_000], close[:-1]))
    high, low = np.maximum(open_, close) + rng.integers(0, 5, n), np.minimum(open_, close) - rng.integers(0, 5, n)
    time, none = BEGIN + np.arange(n) * MINUTE, np.full(n, -1)
    columns = (time, open_, high, low, close, rng.integers(0, 90, n), none, none, np.ones(n, np.bool_))
    return KlineColumns.of(columns, 2, 0)


@pytest.fixture
def services(make_services: Callable[..., Services]) -> Services:
    made = make_services()
    store = made.part(KlineStore)
    store.replace(SeriesKey("ann", OHLCV, "mine", "1m"), [klines(4_000)], "mine.csv")
    signals = [Signal(BEGIN * NS + 90 * 10**9, 1, "buy", "100.25", "in"), Signal(BEGIN * NS + 10**12, -1, "sell")]
    made.part(Library).signals.replace("ann", "calls", signals, "calls.csv", most_rows=10)
    return made


def reader(services: Services, user: str = "ann") -> Reader:
    return reader_of(services, user)


def test_pages_join_to_the_whole_series_with_the_indicators_of_its_whole_history(services: Services) -> None:
    source, wanted, whole = reader(services), wanted_of(ALL), klines(4_000)
    first = source.whole(MINE, wanted)
    columns = {name: list(values) for name, values in first["bars"].items()}
    columns |= {study["name"]: list(study["values"]) for study in first["studies"]}
    more = first["more"]
    assert (len(columns["time"]), more) == (SHOWN, True)
    while more:
        page = source.older(MINE, wanted, columns["time"][0])
        assert page["key"] == MINE.key
        assert set(page["bars"]) == set(columns)
        columns = {name: page["bars"][name] + values for name, values in columns.items()}
        more = page["more"]
    assert columns["time"] == whole.time.tolist()
    assert columns["close"] == [units / 100 for units in whole.close.tolist()]
    candles = candles_of(whole)
    for each in wanted:
        for line, expected in each.indicator.run(candles, **each.options).items():
            found = [
                math.nan if value is None else value for value in columns[f"{each.indicator.name}-{each.number}-{line}"]
            ]
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7, err_msg=line)


def test_an_update_has_the_newest_candles_with_their_indicators(services: Services) -> None:
    source, wanted = reader(services), wanted_of([{"name": "ema", "options": {"period": 9}}])
    before, whole = source.whole(MINE, wanted), klines(4_003)
    series = services.part(Library).candles("ann", "mine")
    services.part(KlineStore).append(series.id, whole.take(slice(4_000, None)))
    assert source.version(MINE) != before["version"]
    new = source.newer(MINE, wanted, before["bars"]["time"][-1])["bars"]
    assert new["time"] == whole.time[-len(new["time"]) :].tolist()
    assert new["time"][0] <= before["bars"]["time"][-1]
    expected = find("ema").run(candles_of(whole), period=9, source="close")["ema"]
    np.testing.assert_allclose(new["ema-0-ema"], expected[-len(new["time"]) :], rtol=1e-7)


def test_signals_are_columns_in_ms(services: Services) -> None:
    found = reader(services).whole(MINE, [])["signals"]
    assert found["time"] == [BEGIN + 90_000, BEGIN + 1_000_000]
    assert found["price"] == [100.25, None]
    assert (found["type"], found["label"]) == (["buy", "sell"], ["in", ""])
    assert found["side"] == [1, -1]
    rows = [Signal(BEGIN * NS, 0, "exhaustion", icon="arrow-down"), Signal(BEGIN * NS, -1, "entry short")]
    services.part(Library).signals.replace("ann", "others", rows, "x.csv", most_rows=10)
    assert reader(services).signals(Chosen("custom", "mine", "1m", "others"))["side"] == [-1, -1]


def test_prices_that_are_noise_of_floats_are_shown_with_few_decimals() -> None:
    def shown(price: float, decimals: int) -> int:
        values = [np.array([round(price * 10**decimals)])] * 4
        none, time = np.array([-1]), np.array([BEGIN])
        columns = (time, *values, np.array([1]), none, none, np.ones(1, np.bool_))
        return shown_decimals(KlineColumns.of(columns, decimals, 0))

    assert shown(391.28, 14) == 4
    assert shown(65_432.1, 2) == 2
    assert shown(0.00001234, 8) == 8
    assert shown(0.0000001234567, 13) == 13
    assert shown(0.25, 16) == 7


def test_signals_beside_the_candles_are_told(services: Services) -> None:
    library, late = services.part(Library), BEGIN * NS + 10**16
    library.signals.replace("ann", "late", [Signal(late, 1, "buy")], "x.csv", most_rows=10)
    library.signals.replace("ann", "early", [Signal(NS, 1, "buy")], "x.csv", most_rows=10)
    assert reader(services).whole(Chosen("custom", "mine", "1m", "late"), [])["said"] == (
        "The signals (1) are later than these candles."
    )
    assert reader(services).whole(Chosen("custom", "mine", "1m", "early"), [])["said"] == ""  # there are older candles
    services.part(KlineStore).replace(SeriesKey("ann", OHLCV, "few", "1m"), [klines(5)], "x.csv")
    said = reader(services).whole(Chosen("custom", "few", "1m", "early"), [])["said"]
    assert said == "The signals (1) are earlier than these candles."


def test_nobody_sees_the_data_of_others(services: Services) -> None:
    other = reader(services, "bob")
    for ask in (lambda: other.whole(MINE, []), lambda: other.older(MINE, [], BEGIN), lambda: other.signals(MINE)):
        with pytest.raises(NotFound):
            ask()
    reader(services).keep(MINE.key, {"drawings": [line()]})
    services.part(KlineStore).replace(SeriesKey("bob", OHLCV, "mine", "1m"), [klines(3)], "x.csv")
    assert other.whole(Chosen("custom", "mine", "1m"), [])["drawings"] == ()


def test_the_candles_of_a_chart_with_its_indicators_are_a_csv_file(services: Services) -> None:
    source, wanted = reader(services), wanted_of([{"name": "ema", "options": {"period": 9}}, {"name": "macd"}])
    view = View(since=BEGIN + 5 * MINUTE, to=BEGIN + 12 * MINUTE)
    rows = [row.split(",") for row in table(source, MINE, wanted, view).splitlines()]
    assert rows[0][:7] == ["timestamp", "open", "high", "low", "close", "volume", "EMA 9"]
    assert len(rows) == 1 + 8
    assert {len(row) for row in rows} == {10}
    whole, closes = klines(4_000), candles_of(klines(4_000))
    ema = find("ema").run(closes, period=9, source="close")["ema"]
    assert [float(row[4]) for row in rows[1:]] == [units / 100 for units in whole.close[5:13].tolist()]
    assert [float(row[6]) if row[6] else math.nan for row in rows[1:]] == pytest.approx(ema[5:13], nan_ok=True)
    assert len(table(source, MINE, [], View()).splitlines()) == 1 + SHOWN
    assert file_name(Chosen("live", "sim:BTC/=x", "1m")) == "sim_BTC__x-1m.csv"


def line(**other: Any) -> dict[str, Any]:
    return {"type": "line", "axis": "y", "t0": BEGIN, "t1": BEGIN + 5, "y0": 100.5, "y1": 101.0, **other}


def test_drawings_and_the_view_come_back(services: Services) -> None:
    source, view = reader(services), {"from": BEGIN, "to": BEGIN + 9 * MINUTE, "y": [99.0, 101.0]}
    assert (source.whole(MINE, [])["drawings"], source.whole(MINE, [])["view"]) == ((), None)
    source.keep(MINE.key, {"drawings": [line()]})
    source.keep(MINE.key, {"view": view})
    found = source.whole(MINE, [])
    assert [dict(each) for each in found["drawings"]] == [line()]
    assert found["view"] == {**view, "y": (99.0, 101.0)} or found["view"] == view
    source.keep(MINE.key, {"view": {}})
    assert source.whole(MINE, [])["view"] == {}
    assert services.part(Views).export("ann") == {MINE.key: {"drawings": [line()], "view": {}}}
    services.part(Views).delete_all("ann")
    assert services.part(Views).owners() == set()


@pytest.mark.parametrize("axis", ["y\n", "y2\n", "y12", "x", ""])
def test_a_drawing_has_the_name_of_an_axis_and_nothing_else(services: Services, axis: str) -> None:
    source = reader(services)
    with pytest.raises(BadInput, match="axis"):
        source.keep(MINE.key, {"drawings": [line(axis=axis)]})
    assert source.whole(MINE, [])["drawings"] == ()


def test_a_view_that_was_left_far_back_comes_with_its_candles(services: Services, monkeypatch: Any) -> None:
    source, since = reader(services), BEGIN + 1_000 * MINUTE
    source.keep(MINE.key, {"view": {"from": since, "to": since + 50 * MINUTE}})
    found = source.whole(MINE, wanted_of(ALL))
    assert found["view"]["from"] == since
    assert found["bars"]["time"][0] == since - AROUND * MINUTE
    monkeypatch.setattr(workspace_series, "MOST_SHOWN", 2_500)
    found = source.whole(MINE, [])
    assert (found["view"], len(found["bars"]["time"])) == (None, SHOWN)


def test_a_range_that_is_asked_for_comes_in_place_of_the_one_that_was_left(services: Services) -> None:
    source, since = reader(services), BEGIN + 500 * MINUTE
    source.keep(MINE.key, {"view": {"from": BEGIN, "to": BEGIN + MINUTE}})
    found = source.whole(MINE, [], View(since=since, to=since + MINUTE))
    assert found["view"] == {"from": since, "to": since + MINUTE}
    assert found["bars"]["time"][0] == since - AROUND * MINUTE
    assert source.whole(MINE, [], View())["view"] == {}


def test_candles_are_shown_without_signals_that_are_not_there_which_is_said(services: Services) -> None:
    found = reader(services).whole(Chosen("custom", "mine", "1m", "nobody's"), [])
    assert len(found["bars"]["time"]) == SHOWN
    assert (found["signals"], found["said"]) == ({"time": []}, 'There are no signals "nobody\'s".')
    assert reader(services).whole(MINE, [])["said"] == ""


def test_the_sample_is_shown_until_the_first_upload_and_belongs_to_nobody(services: Services) -> None:
    shown = Chosen("custom", SAMPLE, "1m", SAMPLE)
    new = reader(services, "new")
    found = new.whole(shown, wanted_of(ALL))
    assert len(found["bars"]["time"]) == 180
    assert found["title"].startswith("SAMPLE LTCUSDT 1m · Binance")
    assert new.state(shown).startswith("SAMPLE: ")
    assert len(found["signals"]["time"]) > 10
    assert new.version(shown) == found["version"]
    assert len(new.older(shown, [], found["bars"]["time"][100])["bars"]["time"]) == 100
    library = services.part(Library)
    assert library.listed("new") == ((), ())
    assert library.export("new") == {"candles": [], "signals": {}, "mappings": []}
    assert services.part(Library).owners() == {"ann"}
    services.part(KlineStore).replace(SeriesKey("new", OHLCV, "own", "1m"), [klines(3)], "own.csv")
    for ask in (lambda: new.whole(shown, []), lambda: new.older(shown, [], BEGIN), lambda: new.signals(shown)):
        with pytest.raises(NotFound, match="there are no"):
            ask()
    assert reader(services, "another").has_sample()


def test_the_candles_of_the_sample_are_those_of_the_engine() -> None:
    sample, ticks = Sample(Workers()), read_ticks(sample_path("LTCUSDT"))
    for frame, name in (("1s", "1s"), ("1m", "1min"), ("5m", "5min")):
        made, expected = sample.candles(frame), candles(ticks, name)
        assert made.time.tolist() == (expected["time"].astype("int64") // NS).tolist()
        for column in ("open", "high", "low", "close"):
            np.testing.assert_array_equal(getattr(made, column) / 100, expected[column])
        np.testing.assert_allclose(made.volume / 1000, expected["volume"], rtol=1e-12)
        np.testing.assert_allclose(made.taker_buy_volume / 1000, expected["ask_volume"], rtol=1e-12)
        np.testing.assert_array_equal(made.trades, expected["trades"])
    with pytest.raises(NotFound, match="there are no candles SAMPLE of 7m"):
        sample.candles("7m")


@pytest.mark.parametrize(
    "given",
    [
        {"drawings": [line(type="<script>")]},
        {"drawings": [line(y0=math.inf)]},
        {"drawings": [line(text="x")]},
        {"drawings": [line()] * 501},
        {"view": {"from": "yesterday"}},
        {"view": {"y": [1]}},
    ],
)
def test_what_makes_no_sense_is_not_kept(services: Services, given: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="the chart cannot be kept"):
        reader(services).keep(MINE.key, given)
    assert services.part(Views).export("ann") == {}


def test_live_klines_of_ticks_are_shown_and_their_source_named(services: Services) -> None:
    tick = "timestamp,price,size,symbol\n" + "".join(f"{BEGIN + i * 1000},{100 + i % 7},2,ES\n" for i in range(600))
    services.market.ingest(parse_body(tick.encode(), "text/csv").batches)
    found = reader(services).whole(Chosen("live", "ES", "1m"), wanted_of([{"name": "vwap"}]))
    assert found["title"] == "ES 1m · ticks of ES"
    assert found["bars"]["volume"] == [120.0] * 10
    assert [study["label"] for study in found["studies"]] == ["VWAP"]
    assert reader(services).state(Chosen("live", "ES", "1m")) == ""
    before = reader(services).version(Chosen("live", "ES", "1m"))
    assert reader(services).version(Chosen("live", "ES", "1m")) == before
    later = f"timestamp,price,size,symbol\n{BEGIN + 599_500},101,1,ES\n"
    services.market.ingest(parse_body(later.encode(), "text/csv").batches)
    assert reader(services).version(Chosen("live", "ES", "1m")) != before


def test_a_gap_of_a_venue_s_history_is_marked_told_and_loaded_when_it_is_filled(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_series, "RARELY", 0.0)  # each write is looked at
    store, key, all_ = services.part(KlineStore), SeriesKey(PUBLIC, KLINES, "BTCUSDT", "1m"), klines(500)
    begin, end = (BEGIN + at * MINUTE for at in (300, 360))
    store.replace(key, [all_.take((all_.time < begin) | (all_.time >= end))], "binance")
    shown = Chosen("live", "BTCUSDT", "1m")
    assert reader(services).whole(shown, [])["gaps"] == [end]
    before = reader(services).version(shown)
    assert gaps_text(reader(services).gaps(shown)) == "gap 2023-11-15 03:14 to 04:14 UTC"
    (series,) = store.list(PUBLIC, KLINES)
    store.upsert(series.id, all_.take((all_.time >= begin) & (all_.time < end)))
    assert reader(services).whole(shown, [])["gaps"] == []
    after = reader(services).version(shown)
    assert (after[0] != before[0], after[1:]) == (True, before[1:])  # the newest candles are the same


def test_only_the_newest_of_several_gaps_is_told() -> None:
    day = 86_400_000
    assert gaps_text([(0, day), (2 * day, 4 * day)]) == "2 gaps, the newest 1970-01-03 to 1970-01-05 UTC"
    assert gaps_text([]) == ""


def test_every_callback_that_reads_or_keeps_data_knows_its_user(services: Services) -> None:
    app = Dash(__name__, server=flask.Flask(__name__), use_async=False)
    register(app, services)
    outputs = {"ws-symbol", "ws-data", "ws-older", "ws-delta", "ws-row"}
    found = {key: entry["callback"] for key, entry in app.callback_map.items() if "callback" in entry}
    for output in outputs:
        (callback,) = [
            found[key] for key in found if key.startswith(("{", "..{")) and f'"{output}"' in key.split("}")[0]
        ]
        assert _is_for_user(callback), output


def _is_for_user(function: Any) -> bool:
    while function is not None and not getattr(function, "for_user", False):
        function = getattr(function, "__wrapped__", None)
    return function is not None


def test_choices_of_symbols_and_their_time_frames() -> None:
    offers = [
        Offer("BTCUSDT", ["1m"], "binance", False, None, None, "running"),
        Offer("BTCUSDT", ["1h"], "binance", False, None, None, "idle"),
        Offer("sim:BTC", ["1s", "1m"], "ticks of sim:BTC, SIMULATED", True, 0, 1, "done"),
    ]
    symbols = live_symbols(offers)
    assert [each["label"] for each in symbols] == ["BTCUSDT", "sim:BTC · SIMULATED"]
    assert live_frames(offers) == {"BTCUSDT": ["1m", "1h"], "sim:BTC": ["1s", "1m"]}
    assert [usual_symbol(symbols, index) for index in range(3)] == ["BTCUSDT", "sim:BTC", "sim:BTC"]
    assert usual_symbol([], 0) is None
    assert chosen_of("live", "BTCUSDT", None, None) is None
    assert chosen_of("other", "BTCUSDT", "1m", None) is None


def test_a_chart_has_at_most_thirty_indicators() -> None:
    thirty: list[dict[str, Any]] = [{"name": "ema", "options": {}}] * MOST_INDICATORS
    assert len(wanted_of(thirty)) == len(indicators_of(thirty)) == MOST_INDICATORS == 30
    with pytest.raises(BadInput, match="there are 31 indicators, and there may be 30: remove some"):
        wanted_of([*thirty, thirty[0]])
    assert indicators_of([*thirty, thirty[0]]) == []
    assert indicators_of([{"name": "ema", "options": {"length": 10**9}}]) == []
