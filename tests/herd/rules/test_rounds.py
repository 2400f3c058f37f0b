"""Rounds: fundamental values, dividends, and arguments that are refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from orderflow.errors import BadInput
from orderflow.herd.rules.rounds import SSW_DIVIDENDS, draw_dividend, first_round, next_round
from orderflow.herd.rules.state import Round

LEVEL = 100_000_000


def all_rounds(first: Round) -> list[Round]:
    rounds = [first]
    while (after := next_round(rounds[-1])) is not None:
        rounds.append(after)
    return rounds


def test_the_value_of_the_ssw_preset_falls_linearly_to_zero() -> None:
    rounds = all_rounds(first_round(LEVEL, {"preset": "ssw"}))
    values = [one.fundamental or 0 for one in rounds]
    assert len(rounds) == 15
    assert values[0] == pytest.approx(LEVEL, rel=1e-5)
    steps = {a - b for a, b in zip(values, [*values[1:], 0], strict=True)}
    assert len(steps) == 1, "the last round is worth its own dividend"
    (step,) = steps
    assert step * 4 == sum(SSW_DIVIDENDS) * (step // 24)
    assert {one.seconds for one in rounds} == {30}


def test_the_average_dividend_equals_the_fall_in_value() -> None:
    one = first_round(LEVEL, {"preset": "ssw", "fundamental": 3.6})
    assert one.fundamental == 3_600_000
    paid = Counter(draw_dividend(replace(one, begun=i), 7) for i in range(4_000))
    assert sorted(paid, key=lambda amount: amount or 0) == [0, 80_000, 280_000, 600_000]
    assert all(abs(count - 1_000) < 110 for count in paid.values()), "four standard deviations"
    assert draw_dividend(replace(one, begun=5), 7) == draw_dividend(replace(one, begun=5), 7)


def test_without_a_preset_value_and_dividend_stay_the_same() -> None:
    rounds = all_rounds(first_round(LEVEL, {"rounds": 3, "fundamental": 120.5, "dividend": 2, "seconds": 45}))
    assert [(one.round, one.of) for one in rounds] == [(1, 3), (2, 3), (3, 3)]
    assert {(one.fundamental, one.dividend, one.seconds) for one in rounds} == {(120_500_000, 2_000_000, 45)}
    assert draw_dividend(rounds[1], 7) == 2_000_000
    (alone,) = all_rounds(first_round(LEVEL, {}))
    assert (alone.fundamental, alone.dividend, alone.seconds, draw_dividend(alone, 7)) == (None, None, None, None)


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"preset": "tulips"}, "preset"),
        ({"rounds": 0}, "rounds"),
        ({"rounds": 101}, "rounds"),
        ({"rounds": 2.5}, "rounds"),
        ({"rounds": True}, "rounds"),
        ({"seconds": -1}, "seconds"),
        ({"fundamental": -1}, "fundamental"),
        ({"fundamental": float("nan")}, "fundamental"),
        ({"dividend": "much"}, "dividend"),
        ({"preset": "ssw", "dividend": 1}, "dividend"),
    ],
)
def test_a_bad_argument_is_refused_by_name(args: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        first_round(LEVEL, args)
    assert caught.value.errors[0].field == field
