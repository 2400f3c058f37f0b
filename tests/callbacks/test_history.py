"""Windows of the log for a chart: any bar can be had, with its place, and the windows continue the live bars."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from callbacks.history import older
from orderflow.formats import parse_body
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.studies.options import StudyOptions
from orderflow.market.windows.window import BARS
from tests.browser.chart import ticks_csv
from tests.market.memory_log import MemoryLog

MINUTE = Frame.parse("1min")


def filled(max_candles: int, **options: Any) -> Market:
    """A market that keeps few bars in memory, with a log behind it."""
    market = Market(MemoryLog(), max_candles=max_candles)
    body = ticks_csv("NQ", **{"minutes": 60, "rate": 1.0, **options}).encode()
    market.ingest(parse_body(body, "text/csv").batches)
    return market


def question(answer: dict[str, Any], marks: Any = None, **at: int) -> dict[str, Any]:
    """What a page asks that holds the live answer. at: before, after or around; by default what is before the bars."""
    held = {name: answer[name] for name in ("epoch", "rows", "ref")}
    time = at or {"before": answer["bars"][0]["t"]}
    return {**held, "symbol": "NQ", "frame": "1min", "marks": marks, **time}


def live(market: Market, **options: Any) -> dict[str, Any]:
    """A full answer of the poll."""
    return market.changed("NQ", MINUTE, 0, None, 2, **options)


@pytest.mark.parametrize("chosen", [None, {"ratio": 2, "share": 80, "stack": 2}])
def test_older_bars_are_those_that_a_larger_memory_would_have_sent(chosen: Any) -> None:
    small, large = filled(20), filled(500)
    options = StudyOptions.parse(chosen)
    held, whole = live(small, options=options), live(large, options=options)
    assert (len(held["bars"]), len(whole["bars"])) == (20, 60)
    answer = older(small, question({**held, "ref": whole["ref"]}, chosen))
    assert answer is not None
    assert answer["bars"] == whole["bars"][:40]
    assert answer["cut"] is whole["cut"] is False


def test_piece_that_begins_inside_a_session_brings_what_was_before() -> None:
    large = filled(2_000, minutes=BARS + 60, rate=0.2)
    whole = live(large)
    asked = question(whole, before=whole["bars"][-1]["t"])
    answer = older(large, asked)
    assert answer is not None
    first = answer["bars"][0]["t"]
    before = [bar for bar in whole["bars"] if bar["t"] < first]
    assert before
    assert answer["cut"]
    assert answer["bars"][0]["q"] - answer["bars"][0]["d"][0] == sum(sum(bar["a"]) - sum(bar["b"]) for bar in before)
    assert answer["bars"] == [bar for bar in whole["bars"] if first <= bar["t"] < whole["bars"][-1]["t"]]


def test_nothing_is_older_than_the_first_bar() -> None:
    market = filled(500)
    answer = older(market, question(live(market)))
    assert answer is not None
    assert (answer["bars"], answer["before"], answer["total"]) == ([], 0, 60)
    assert (answer["more_before"], answer["more_after"], answer["counting"]) == (False, True, False)


def test_quiet_stretch_is_leapt_over() -> None:
    market = filled(5, minutes=10)
    later = ticks_csv("NQ", minutes=10, rate=1.0, start=datetime(2026, 3, 9, tzinfo=UTC))
    market.ingest(parse_body(later.encode(), "text/csv").batches)
    held = live(market)
    answer = older(market, question(held))
    assert answer is not None
    assert (len(answer["bars"]), answer["before"], answer["more_before"], answer["more_after"]) == (15, 0, False, True)


def test_windows_around_and_after_a_time() -> None:
    market = filled(20, minutes=60)
    held, whole = live(market), live(filled(500))
    bars = whole["bars"]
    home = older(market, question(held, around=0))
    assert home is not None
    assert (home["bars"], home["before"], home["total"]) == (bars, 0, 60)
    end = older(market, question(held, around=2**42))
    assert end is not None
    assert end["bars"] == bars
    after = older(market, question(held, after=bars[29]["t"]))
    assert after is not None
    assert (after["bars"], after["before"], after["more_after"]) == (bars[30:], 30, False)
    nothing = older(market, question(held, after=bars[-1]["t"]))
    assert nothing is not None
    assert (nothing["bars"], nothing["before"], nothing["more_before"], nothing["more_after"]) == ([], 60, True, False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"epoch": "00000000"}, "the trades of NQ were replaced meanwhile"),
        ({"symbol": "NOBODY"}, "symbol 'NOBODY' has no ticks"),
        ({"frame": "7min"}, "frame '7min' is not known"),
        ({"marks": {"colour": "red"}}, "colour"),
    ],
)
def test_it_is_said_why_there_are_no_bars(change: dict[str, Any], why: str) -> None:
    market = filled(20)
    answer = older(market, question(live(market)) | change)
    assert answer is not None
    assert answer["bars"] == []
    assert why in answer["error"]


@pytest.mark.parametrize("asked", [None, [], {}, "text", [1] * 7])
def test_an_invalid_request_gets_no_answer(asked: Any) -> None:
    assert older(Market(), asked) is None


@pytest.mark.parametrize(
    "change",
    [
        {"before": -1},
        {"before": 2**43},
        {"before": True},
        {"before": None},
        {"after": 1},
        {"rows": 0},
        {"ref": 1.5},
        {"ref": 2**70},
        {"marks": [1]},
    ],
)
def test_requests_that_make_no_sense_get_no_answer(change: dict[str, Any]) -> None:
    asked = {"epoch": "e", "symbol": "NQ", "frame": "1min", "before": 1, "rows": 1, "ref": 0, "marks": None}
    assert older(Market(), asked) is not None
    assert older(Market(), asked | change) is None
