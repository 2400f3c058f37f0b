"""Older bars for a chart: memory let them go, the log has them, and they fit the live ones without a seam."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from callbacks.history import PIECE, older
from orderflow.formats import parse_body
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions
from tests.browser.chart import ticks_csv
from tests.market.memory_log import MemoryLog

MINUTE = Frame.parse("1min")


def filled(max_candles: int, **options: Any) -> Market:
    """A market that keeps few bars in memory, with a log behind it."""
    market = Market(MemoryLog(), max_candles=max_candles)
    body = ticks_csv("NQ", **{"minutes": 60, "rate": 1.0, **options}).encode()
    market.ingest(parse_body(body, "text/csv").batches)
    return market


def question(market: Market, answer: dict[str, Any], marks: Any = None) -> list[Any]:
    """What a page asks that holds the live answer."""
    return [answer["epoch"], "NQ", "1min", answer["bars"][0]["t"], answer["rows"], answer["ref"], marks]


def live(market: Market, **options: Any) -> dict[str, Any]:
    """A full answer of the poll."""
    return market.changed("NQ", MINUTE, 0, None, 2, **options)


@pytest.mark.parametrize("chosen", [None, {"ratio": 2, "share": 80, "stack": 2}])
def test_older_bars_are_those_that_a_larger_memory_would_have_sent(chosen: Any) -> None:
    small, large = filled(20), filled(500)
    options = StudyOptions.parse(chosen)
    held, whole = live(small, options=options), live(large, options=options)
    assert (len(held["bars"]), len(whole["bars"])) == (20, 60)
    answer = older(small, question(small, {**held, "ref": whole["ref"]}, chosen))
    assert answer is not None
    assert answer["bars"] == whole["bars"][:40]
    assert answer["base"] == whole["base"]


def test_piece_that_begins_inside_a_session_brings_what_was_before() -> None:
    large = filled(2_000, minutes=PIECE + 60, rate=0.2)
    whole = live(large)
    asked = [whole["epoch"], "NQ", "1min", whole["bars"][-1]["t"], whole["rows"], whole["ref"], None]
    answer = older(large, asked)
    assert answer is not None
    first = answer["bars"][0]["t"]
    before = [bar for bar in whole["bars"] if bar["t"] < first]
    assert before
    assert answer["base"][1] == sum(sum(bar["a"]) - sum(bar["b"]) for bar in before)
    assert answer["base"][2:] == [sum(bar["w"][i] for bar in before) for i in range(3)]


def test_nothing_is_older_than_the_first_bar() -> None:
    market = filled(500)
    answer = older(market, question(market, live(market)))
    assert answer is not None
    assert answer["bars"] == []


def test_quiet_stretch_is_leapt_over() -> None:
    market = filled(5, minutes=10)
    later = ticks_csv("NQ", minutes=10, rate=1.0, start=datetime(2026, 3, 9, tzinfo=UTC))
    market.ingest(parse_body(later.encode(), "text/csv").batches)
    held = live(market)
    first = older(market, question(market, held))
    assert first is not None
    assert len(first["bars"]) == 5
    second = older(market, question(market, {**held, "bars": first["bars"]}))
    assert second is not None
    assert len(second["bars"]) == 10


@pytest.mark.parametrize(
    "change", [{0: "00000000"}, {1: "NOBODY"}, {2: "volume:100"}, {2: "7min"}, {6: {"colour": "red"}}]
)
def test_what_is_no_longer_there_has_nothing_older(change: dict[int, Any]) -> None:
    market = filled(20)
    asked = question(market, live(market))
    for place, value in change.items():
        asked[place] = value
    answer = older(market, asked)
    assert answer is not None
    assert answer["bars"] == []


@pytest.mark.parametrize(
    "asked", [None, [], "text", [1] * 7, ["e", "NQ", "1min", -1, 1, 0, None], ["e", "NQ", "1min", 1, 0, 0, None]]
)
def test_strange_questions_get_no_answer(asked: Any) -> None:
    assert older(Market(), asked) is None
