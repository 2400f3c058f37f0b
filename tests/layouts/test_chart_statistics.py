"""The figures at the foot of the chart in words."""

from __future__ import annotations

from typing import Any

import pytest

from layouts.chart_statistics import STATISTICS, figures, percent, shares
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from tests.callbacks.test_chart import fill

STATS: dict[str, Any] = {
    **{"ticks": 12345, "candles": 30, "counting": False, "low": 1, "high": 2.5, "rate": 8.0, "last": 0, "late": 0},
    **{"duplicates": 0, "rejected": 2, "id_conflicts": 0, "missing_ids": 0, "evicted": 0, "pending": 0},
    **{"audit": [9, 1], "rules": [90, 0, 8, 2, 0]},
}


def test_statistics_are_in_words() -> None:
    found = figures(STATS, 2)
    texts = found["texts"]
    assert (texts["ticks"], texts["candles"], texts["range"]) == ("12,345", "30", "1.00 – 2.50")
    assert (found["rate"], found["last"], found["candles"]) == (8.0, 0, 30)
    assert texts["audit"] == "1 wrong"
    assert found["bad"] == ["rejected", "audit"]
    assert texts["sides"] == "flagged 90 % · by quote 8.0 % · by tick rule 2.0 %"
    assert found["shares"] == [90, 0, 8, 2, 0]


def test_figures_that_are_rarely_there_have_no_text_while_they_are_zero() -> None:
    usual = {key for key, _, _ in STATISTICS} - {"rate", "last"}
    assert figures(STATS, 2)["texts"].keys() == usual - {"id_conflicts", "missing_ids", "evicted"}
    texts = figures(STATS | {"id_conflicts": 1200, "missing_ids": 2, "evicted": 5}, 2)["texts"]
    assert (texts.keys(), texts["id_conflicts"]) == (usual, "1,200")


def test_what_is_not_known_yet_is_not_made_up() -> None:
    texts = figures(STATS | {"counting": True, "candles": None, "rules": [0] * 5, "audit": [0, 0]}, None)["texts"]
    assert (texts["candles"], texts["range"], texts["sides"], texts["audit"]) == ("counting …", "", "", "–")
    assert figures({}, None) == {}


def test_the_markets_own_statistics_have_all_that_is_told(market: Market) -> None:
    fill(market)
    answer = market.changed("NQ", Frame.parse("1min"), 0, None, 0)
    assert figures(answer["stats"], answer["pd"])["texts"]["audit"] == "–"
    assert len(shares(answer["stats"]["rules"])) == 5


@pytest.mark.parametrize(
    ("share", "text"),
    [(100, "100 %"), (99.97, ">99.9 %"), (99.6, "99.6 %"), (90, "90 %"), (0.4, "0.4 %"), (0.04, "<0.1 %"), (0, "0 %")],
)
def test_shares_are_not_rounded_to_nothing_or_to_all(share: float, text: str) -> None:
    assert percent(share) == text
