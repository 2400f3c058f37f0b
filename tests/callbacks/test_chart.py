"""The chart page's callbacks as plain functions, without Dash or a browser."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from callbacks.chart import (
    export_links,
    refresh,
    sample_note,
    start_sample,
    symbol_names,
)
from callbacks.problems import first_sentences, storage_note
from orderflow.errors import BadInput
from orderflow.formats import parse_body
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import DamagedPart
from orderflow.settings.settings import Settings
from tests.browser.chart import START, ticks_csv
from tests.market.beside import Beside, shrink
from tests.storage.ticks.batches import batch

SETTINGS = Settings()


def fill(market: Market, symbol: str = "NQ", **options: Any) -> None:
    """Take in generated ticks."""
    market.ingest(parse_body(ticks_csv(symbol, **{"minutes": 12, **options}).encode(), "text/csv").batches)


def ask(market: Market, chosen: Any = None, **state: Any) -> dict[str, Any]:
    """An answer that must be there."""
    answer = refresh(market, SETTINGS, state, chosen)
    assert answer is not None
    return answer


def held(answer: dict[str, Any]) -> dict[str, Any]:
    """The state of a page that has taken in an answer."""
    wants = {name: answer[name] for name in ("symbol", "frame", "rows")}
    return {"epoch": answer["epoch"], "revision": answer["rev"], **wants, "marks": None}


def test_page_that_holds_nothing_gets_the_active_symbol_whole(market: Market) -> None:
    fill(market, "OTHER")
    fill(market, "NQ")
    answer = refresh(market, SETTINGS, None)
    assert answer is not None
    assert (answer["symbol"], answer["frame"], answer["full"], len(answer["bars"])) == ("NQ", "1min", True, 12)
    assert answer["request"] == {"symbol": None, "frame": "", "rows": 0, "marks": None}


def test_symbol_without_ticks_is_answered_with_those_that_have_some(market: Market) -> None:
    fill(market, "OTHER")
    fill(market, "NQ")
    answer = ask(market, symbol="NOBODY")
    assert (answer["symbol"], answer["bars"], answer["others"]) == ("NOBODY", [], ["NQ", "OTHER"])
    assert "others" not in ask(market, symbol="NQ")


def test_page_that_is_up_to_date_gets_nothing(market: Market) -> None:
    fill(market)
    state = held(ask(market))
    assert refresh(market, SETTINGS, state) is None
    assert refresh(market, SETTINGS, state) is None


def test_page_that_is_up_to_date_is_told_that_ticks_wait_to_be_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Beside(shrink(monkeypatch))
    market = Market(beside=beside)
    fill(market)
    beside.work()
    state = held(ask(market))
    assert refresh(market, SETTINGS, state) is None
    fill(market)
    answer = ask(market, **state)
    assert (answer["rev"], answer["bars"], answer["full"]) == (state["revision"], [], False)
    waiting = answer["stats"]["ticks"] // 2
    assert answer["stats"]["texts"]["late"].endswith(f" ({waiting:,} being put in order)")
    beside.work()
    assert "(" not in ask(market, **state)["stats"]["texts"]["late"]


def test_one_tick_sends_one_bar_in_a_small_answer(market: Market) -> None:
    fill(market, minutes=60)
    state = held(ask(market))
    market.ingest(
        parse_body(
            b'{"timestamp":"2026-03-02T15:29:59.5Z","price":25000,"size":3,"symbol":"NQ"}', "application/json"
        ).batches
    )
    answer = ask(market, **state)
    assert (answer["full"], len(answer["bars"])) == (False, 1)
    assert answer["request"] == {"symbol": "NQ", "frame": "1min", "rows": state["rows"], "marks": None}
    assert len(json.dumps(answer, separators=(",", ":"))) <= 2_048


def test_another_start_of_the_server_sends_everything(market: Market) -> None:
    fill(market)
    state = held(ask(market))
    assert ask(market, **{**state, "epoch": "00000000"})["full"]
    assert ask(market, **{**state, "epoch": None})["full"]
    assert refresh(market, SETTINGS, state) is None


def test_reset_sends_an_empty_answer_once(market: Market) -> None:
    fill(market)
    state = held(ask(market))
    market.reset()
    answer = ask(market, **state)
    assert (answer["full"], answer["bars"], answer["rev"]) == (True, [], 0)
    assert refresh(market, SETTINGS, {"epoch": answer["epoch"], "symbol": "NQ", "frame": "1min"}) is None


def test_empty_market_answers_once_too(market: Market) -> None:
    answer = ask(market)
    assert (answer["symbol"], answer["bars"]) == (None, [])
    assert refresh(market, SETTINGS, {"epoch": answer["epoch"], "frame": "1min"}) is None


def test_frame_rows_and_definitions_are_those_asked_for(market: Market) -> None:
    fill(market)
    answer = ask(market, {"ratio": 4, "share": 80}, symbol="NQ", frame="5m", rows=4)
    assert (answer["frame"], answer["rows"], len(answer["bars"])) == ("5min", 4, 3)
    assert answer["marks"].startswith("Imbalance 4x diagonal")
    assert "VA 80%" in answer["marks"]
    assert answer["request"] == {"symbol": "NQ", "frame": "5m", "rows": 4, "marks": {"ratio": 4, "share": 80}}


def test_every_answer_has_its_rows_and_the_automatic_ones(market: Market) -> None:
    fill(market)
    first = ask(market)
    by_hand = ask(market, symbol="NQ", frame="1min", rows=7)
    assert first["rows"] == first["auto"] == by_hand["auto"] == market.row_size("NQ", Frame.parse("1min"))
    assert by_hand["rows"] == 7
    state = {**held(first), "rows": 0}
    assert refresh(market, SETTINGS, state) is None
    fill(market, start=START + timedelta(minutes=12), minutes=1)
    more = ask(market, **state)
    assert (more["full"], more["rows"], more["auto"]) == (False, first["rows"], first["auto"])


def test_profile_of_the_session_is_sent_whole(market: Market) -> None:
    fill(market)
    session = int(START.timestamp() * 1000) // 86_400_000 * 86_400_000
    answer = ask(market, profile={"start": session, "end": None, "session": True})
    profile = answer["profile"]
    assert sum(profile["b"]) + sum(profile["a"]) == sum(sum(bar["a"]) + sum(bar["b"]) for bar in answer["bars"])
    assert {name: profile[name] for name in ("start", "end", "session", "cut")} == {
        "start": session,
        "end": None,
        "session": True,
        "cut": False,
    }


def test_bars_held_by_other_definitions_are_sent_anew_once(market: Market) -> None:
    fill(market)
    state, chosen = held(ask(market)), {"ratio": 4}
    answer = ask(market, chosen, **state)
    assert (answer["full"], len(answer["bars"]), answer["request"]["marks"]) == (True, 12, chosen)
    assert answer["marks"].startswith("Imbalance 4x")
    now = {**state, "marks": chosen}
    assert refresh(market, SETTINGS, now, chosen) is None
    assert ask(market, {}, **now)["request"]["marks"] is None


@pytest.mark.parametrize(
    ("frame", "marks", "words"),
    [("7min", None, "'7min' is not known"), ("1min", {"ratio": "many"}, "ratio"), ("1min", {"colour": 1}, "colour")],
)
def test_unavailable_data_is_explained(market: Market, frame: str, marks: Any, words: str) -> None:
    fill(market)
    answer = ask(market, marks, symbol="NQ", frame=frame)
    assert set(answer) == {"request", "error"}
    assert words in answer["error"]


@pytest.mark.parametrize(
    "state",
    [
        *("text", {}, [], [1, "x"]),
        {"epoch": 1, "revision": "x", "symbol": [], "frame": 5, "rows": -3, "marks": "no"},
        dict.fromkeys(("epoch", "revision", "symbol", "frame", "rows", "marks", "other"), True),
        {"revision": 2**60, "rows": 2**60},
    ],
)
def test_an_invalid_state_counts_as_empty(market: Market, state: Any) -> None:
    fill(market)
    answer = refresh(market, SETTINGS, state)
    assert answer is not None
    assert (answer["full"], answer["symbol"]) == (True, "NQ")


def test_symbols_are_sent_when_they_changed(market: Market) -> None:
    assert symbol_names(market, None) == []
    fill(market, "NQ")
    fill(market, "ES")
    assert symbol_names(market, []) == ["ES", "NQ"]
    assert symbol_names(market, ["ES", "NQ"]) is None
    market.ingest([batch(3, symbol="sim:BTC"), batch(3, symbol="zz")])
    shown = symbol_names(market, None)
    assert shown == ["ES", "NQ", "zz", {"value": "sim:BTC", "label": "sim:BTC SIMULATED"}]
    assert symbol_names(market, shown) is None


def test_links_of_the_export_menu_are_those_of_the_shown_series() -> None:
    assert export_links({"symbol": "BTC/USD", "frame": "volume:500"}) == (
        "/api/v1/bars/BTC%2FUSD?frame=volume%3A500&format=csv",
        "/api/v1/footprint/BTC%2FUSD?frame=volume%3A500&format=csv",
        "/api/v1/ticks/BTC%2FUSD?format=csv",
    )


@pytest.mark.parametrize("series", [None, [], {}, {"symbol": "NQ"}, {"symbol": "", "frame": "1min"}, {"symbol": 1}])
def test_an_invalid_series_has_no_links(series: Any) -> None:
    assert export_links(series) is None


def services(start: Any) -> Any:
    """Services that have only what the sample's button needs."""
    return SimpleNamespace(settings=Settings(velocity=25.0), part=lambda kind: SimpleNamespace(start=start))


def test_sample_starts_at_the_velocity_of_the_settings() -> None:
    started = []
    assert start_sample(services(lambda velocity: started.append(velocity))) == "Starting …"
    assert started == [25.0]


def test_sample_that_cannot_start_says_why() -> None:
    def fail(velocity: float) -> None:
        raise BadInput("the sample is missing")

    assert start_sample(services(fail)) == "the sample is missing"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, ""),
        ({"state": "loading"}, "Loading …"),
        ({"state": "replaying"}, ""),
        ({"state": "failed", "error": "no file"}, "The sample could not be replayed: no file"),
    ],
)
def test_note_beside_the_button(status: Any, said: str) -> None:
    assert sample_note(status) == said


def test_the_foot_says_why_nothing_can_be_stored() -> None:
    full = "The tick log cannot be written: the disk is full. Free some space; writing then goes on by itself"
    damage = DamagedPart("ticks", "X", 3, "3 ticks of X")
    assert storage_note([], []) == ""
    assert storage_note([full], []) == f"{full}."
    short = storage_note(first_sentences([full]), [damage])
    assert short.startswith(
        "The tick log cannot be written: the disk is full. Damaged on disk and left out: 3 ticks of X"
    )
