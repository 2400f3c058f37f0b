"""The tickers' page as a tree: texts of prices, states, alerts and notices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from layouts.notices import SHOWN, news, notice_rows
from layouts.tickers import card, table_row
from layouts.tickers_alerts import alert_rows, event_rows, rehearsal_text, sources, value_labels
from layouts.tickers_text import age_text, change_text, direction, price_text, state_text
from orderflow.tickers.alerts.alert import Alert, AlertEvent, State
from orderflow.tickers.quotes import Point, Quote
from tests.layouts.trees import walk

SECOND = 10**9
QUOTE = Quote("BTC", "sim:BTC", 64_250.5, 0.0123, None, 100 * SECOND, "SIMULATED", "simulated")
ALERT = Alert("a1", "BTC", ("sim:BTC",), "greater", (Fraction(65_000),), 0)
EVENT = AlertEvent("e1", "a1", "sim:BTC", 1, "BTC", "65000.5", 100 * SECOND, 160 * SECOND, 60.0, None, 7, "BTC", "up!")


def texts(tree: Any) -> list[str]:
    """All texts of a tree."""
    found = []
    for part in walk(tree):
        children = getattr(part, "children", None)
        found += [each for each in (children if isinstance(children, list) else [children]) if isinstance(each, str)]
    return found


@pytest.mark.parametrize(
    ("price", "text"),
    [(67_250.123, "67,250.12"), (100, "100.00"), (99.5, "99.50"), (0.162345, "0.162345"), (0.1, "0.10"),
     (0.00001234, "0.00001234"), (0, "0.00"), (-5.25, "−5.25"), (None, "–"), (float("nan"), "–")],
)  # fmt: skip
def test_prices_have_the_digits_that_matter(price: float | None, text: str) -> None:
    assert price_text(price) == text


def test_changes_have_a_sign_and_an_arrow() -> None:
    assert [change_text(share) for share in (0.012, -0.012, 0.0, None)] == ["▲ +1.20 %", "▼ −1.20 %", "■ ±0.00 %", "–"]
    assert [direction(share) for share in (0.012, -0.012, 0.0, None)] == ["up", "down", "", ""]


def test_ages_are_in_one_unit() -> None:
    assert [age_text(seconds) for seconds in (-1, 12, 200, 7_300, 200_000)] == ["0 s", "12 s", "3 min", "2 h", "2 d"]


def test_a_state_says_its_age_and_reason() -> None:
    assert state_text("live", 3) == "Live"
    assert state_text("live", None) == "Live, no trade yet"
    assert state_text("stale", 70, "no message for 60 s") == "Stale, last trade 1 min ago: no message for 60 s"


def test_a_card_and_a_row_say_the_same() -> None:
    said = texts(card(QUOTE, [Point(99 * SECOND, 64_000.0), Point(100 * SECOND, 64_250.5)], 101 * SECOND))
    row = table_row(QUOTE, 101 * SECOND)
    assert {"BTC", "SIMULATED", "64,250.50", "▲ +1.23 %", "Simulated"} <= set(said)
    assert [row[name] for name in ("ticker", "source", "price", "hour", "state")] == [
        "BTC", "SIMULATED", "64,250.50", "▲ +1.23 %", "Simulated"
    ]  # fmt: skip


def test_an_alert_has_the_buttons_of_its_state() -> None:
    def buttons(alert: Alert) -> list[str]:
        ids = (getattr(part, "id", None) for row in alert_rows([alert]) for part in walk(row))
        return [id_["type"].removeprefix("alert-") for id_ in ids if isinstance(id_, dict)]

    assert buttons(ALERT) == ["pause", "snooze", "edit", "delete"]
    assert buttons(replace(ALERT, state=State.FIRED)) == ["resume", "edit", "delete"]
    assert "Re-arm" in texts(alert_rows([replace(ALERT, state=State.FIRED)])[0])
    assert "paused: fired too often" in texts(
        alert_rows([replace(ALERT, state=State.PAUSED, why="fired too often")])[0]
    )
    assert "BTC greater than 65000" in texts(alert_rows([ALERT])[0])


def test_empty_lists_say_so() -> None:
    assert "None yet" in texts(alert_rows([])[0])[0]
    assert texts(event_rows([])[0]) == ["Nothing has fired yet."]


def test_an_event_says_how_late_it_is() -> None:
    said = texts(event_rows([(EVENT, False)])[0])
    assert "up!" in said
    assert "60 s late" in said


@pytest.mark.parametrize(
    ("operator", "labels"),
    [("greater", ("Price", None)), ("above", ("Price", None)), ("inside_channel", ("From", "To")),
     ("moving_up_percent", ("Percent", None)), ("moving_down", ("Amount", None))],
)  # fmt: skip
def test_fields_are_called_what_the_operator_needs(operator: str, labels: tuple[str, str | None]) -> None:
    assert value_labels(operator) == labels


def test_all_that_an_alert_can_look_at_is_offered() -> None:
    values = [item["value"] for group in sources() for item in group["items"]]
    assert {"price", "event:absorption", "study:cvd.close", "feed_stale", "delivery_failing"} <= set(values)
    assert len(values) == len(set(values))


def test_a_rehearsal_in_words() -> None:
    assert rehearsal_text([], 0) == "There are no trades to try it on yet."
    assert rehearsal_text([], 1_200) == "It would not have fired in the 1,200 trades that are held."
    assert "fired once; last: 1970-01-01 00:01:40 UTC" in rehearsal_text([100 * SECOND], 5)


def test_only_some_notices_are_shown_one_by_one() -> None:
    events = [replace(EVENT, id=f"e{number}") for number in range(10)]
    rows = notice_rows(events, 10)
    assert len(rows) == SHOWN + 1
    assert {"and 9 more", "Acknowledge all 10"} <= set(texts(rows[-1]))
    assert news(events[:2]) == '[["e1", "BTC", "up!"], ["e0", "BTC", "up!"]]'
