"""The instruments' page as a component tree: values in, the same tree out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from layouts.figures.instruments import price_figure, quiz_figure
from layouts.instruments import PATH, SORTS, SPEEDS, instruments_page
from layouts.instruments_detail import change_text, quote, readout
from layouts.instruments_dialogs import DIALOGS, KEYS
from layouts.instruments_facts import place
from layouts.instruments_form import allowed, as_text, form
from layouts.instruments_grid import HEIGHT, scaled
from layouts.instruments_quiz import head, judgement, score
from layouts.instruments_status import figures, playing
from layouts.instruments_text import arrow, clock, number, percent, price, short, span
from layouts.shell import Link
from orderflow.instruments.board import ORDERS
from orderflow.instruments.model_card import library
from orderflow.instruments.simulation import FASTEST, SLOWEST
from orderflow.instruments.spec import Spec
from tests.layouts.trees import ids

SCENARIOS = [{"name": "calm", "title": "Calm", "description": "Nothing happens.", "seconds": 60.0, "loop": True}]


def as_json(tree: Any) -> str:
    return json.dumps(tree, default=lambda part: part.to_plotly_json())


def test_same_values_give_the_same_tree() -> None:
    links = [Link(PATH, "Instruments"), Link("/chart/", "Order flow")]
    first, second = (instruments_page(links=links, bundled=SCENARIOS) for _ in range(2))
    assert as_json(first) == as_json(second)


def test_ids_are_there_once() -> None:
    found = [str(each) for each in ids(instruments_page(bundled=SCENARIOS))]
    assert len(found) == len(set(found))
    assert {f"instruments-dialog-{name}" for name in DIALOGS} <= set(found)


def test_each_key_of_the_page_is_in_the_help() -> None:
    tree = as_json(instruments_page(bundled=SCENARIOS))
    named = {key for names, _ in KEYS for key in names.split()}
    for key in ("/", "P", "+", "-", "S", "Q", "N", "?"):
        assert key in named
        assert f'"data-hotkey": "{key}' in tree


def test_speeds_are_those_the_simulation_allows() -> None:
    assert (SPEEDS[0], SPEEDS[-1]) == (SLOWEST, FASTEST)
    assert list(SPEEDS) == sorted(SPEEDS)
    assert 1 in SPEEDS


def test_orders_are_those_of_the_board() -> None:
    assert [value for value, _ in SORTS] == ["id", *ORDERS]


def test_numbers_as_text() -> None:
    assert price(1234567.891) == "1,234,567.89"
    assert number(None) == number(float("nan"), 2) == "–"
    assert [percent(x) for x in (0.0123, -0.5, 0.00001)] == ["+1.23 %", "−50.00 %", "±0.00 %"]
    assert [arrow(x) for x in (0.1, -0.1, 0)] == ["▲", "▼", "■"]
    assert [short(x) for x in (0, 1.23456, -7.5, 70000, 1e9, 0.0001)] == [
        "0",
        "1.23",
        "−7.5",
        "70000",
        "1.00e+9",
        "1.00e−4",
    ]
    assert [span(x) for x in (5, 350, 3700)] == ["0:05", "5:50", "1:01:40"]
    assert clock(1_700_000_000_250) == "22:13:20.2"


def test_a_sparkline_fills_its_height() -> None:
    assert scaled([10.0, 20.0, 15.0], 15.0) == ([0, HEIGHT, HEIGHT // 2], HEIGHT // 2)
    assert scaled([10.0, 20.0], 30.0)[1] is None
    flat, base = scaled([10.0, 10.0], 10.0)
    assert flat == [HEIGHT // 2] * 2
    assert base == HEIGHT // 2
    assert scaled([], 1.0) == ([], None)


def test_a_price_line_keeps_its_zoom_in_one_epoch() -> None:
    figure = price_figure([1.0, 2.0], [10.0, 11.0], 10.0, epoch="a")
    assert (figure["data"][0]["x"], figure["data"][0]["y"]) == ([1.0, 2.0], [10.0, 11.0])
    assert figure["layout"]["uirevision"] == "a"
    assert figure["layout"]["shapes"][0]["y0"] == 10.0
    assert price_figure([], [], None)["layout"]["shapes"] == []


def test_a_question_shows_no_scale() -> None:
    layout = quiz_figure([1.0, 2.0])["layout"]
    assert not layout["xaxis"]["visible"]
    assert not layout["yaxis"]["visible"]


def test_the_crosshair_is_read() -> None:
    hover = {"points": [{"x": "2023-11-14 22:13:20.25", "y": 101.0}]}
    assert readout(hover, 100.0) == "22:13:20.2 UTC · 101.00 · ▲ +1.00 %"
    assert readout({"points": [{"x": 1_700_000_000_250, "y": 99}]}, 100.0) == "22:13:20.2 UTC · 99.00 · ▼ −1.00 %"
    assert readout(hover, None) == "22:13:20.2 UTC · 101.00"


@pytest.mark.parametrize("hover", [None, 7, {}, {"points": []}, {"points": [{"x": "never", "y": 1}]}, {"points": [[]]}])
def test_an_invalid_crosshair_is_ignored(hover: Any) -> None:
    assert readout(hover, 100.0) == ""


def test_a_change_and_a_quote_in_words() -> None:
    assert change_text(101.2, 100.0) == "▲ +1.20 (+1.20 %) since start at 100.00"
    assert quote(None) == []
    words = as_json(quote({"bid": 99.5, "bid_size": 3, "ask": 100.5, "ask_size": 4}))
    assert all(part in words for part in ("99.50", "100.50", "1.00", "\\u00d7 3"))


def test_a_fact_has_its_place_in_the_band() -> None:
    inside = place({"value": 1.0, "low": 0.0, "high": 2.0, "theory": 1.5})
    assert inside.theory is not None
    assert inside.low < inside.at < inside.theory < inside.high
    out = place({"value": 9.0, "low": 0.0, "high": 2.0, "theory": "infinite"})
    assert out.high < out.at <= 1
    assert out.theory is None


def test_the_form_has_every_parameter_with_its_range() -> None:
    known = library()
    spec = {**Spec("A", "A").table(), "seed": None}
    words = as_json(form(spec, known))
    garch = next(one for one in known["models"] if one["name"] == "garch")
    for param in garch["params"]:
        assert f'"name": "params.{param["name"]}"' in words
    assert allowed({"low": 0.0, "high": 400.0, "low_open": True, "high_open": False}) == "above 0 to 400"
    assert [as_text(value) for value in (None, 1.0, 0.25, 2**62 * 2.0)] == ["", "1", "0.25", "9.223372036854776e+18"]


def test_what_plays_is_said() -> None:
    scenarios = [{"title": "Crash", "seconds": 350.0, "loop": False}, {"title": "Round", "seconds": 60.0, "loop": True}]
    assert playing({"scenario": None, "scenario_time": None}, scenarios).line == "No scenario plays."
    assert playing({"scenario": "Crash", "scenario_time": 3.0}, scenarios).button == "Crash · 0:03 of 5:50"
    assert playing({"scenario": "Crash", "scenario_time": 400.0}, scenarios).line == "Was played: Crash · over"
    assert playing({"scenario": "Round", "scenario_time": 65.0}, scenarios).line == "Plays: Round · 0:05 of 1:00"
    assert playing({"scenario": "Own", "scenario_time": 7.0}, scenarios).button == "Own · 0:07"


def test_missing_figures_are_omitted() -> None:
    counts = dict.fromkeys(("halted", "failed", "skipped"), 0)
    status = {**counts, "instruments": 3, "steps": 5, "trades": 2, "lag_ms": 0.0, "time": 9.0, "speed": 1.0, "seed": 7}
    assert "halted" not in as_json(figures(status, may=True))
    assert "view only" not in as_json(figures(status, may=True))
    words = as_json(figures({**status, "halted": 2}, may=False))
    assert "halted" in words
    assert "view only" in words


def test_a_score_is_compared_with_guessing() -> None:
    assert "9 of 10" in as_json(score([True] * 9 + [False]))
    assert " in 1 % of games" in as_json(score([True] * 10))
    assert judgement(10, 10) != judgement(5, 10) != judgement(1, 10)
    assert "Question 2 of 10" in as_json(head(1, 10, [True]))
