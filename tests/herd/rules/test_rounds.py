"""Rounds: what they are worth, what they pay, what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from orderflow.errors import BadInput
from orderflow.herd.rules.rounds import SSW_DIVIDENDS, drawn, following, series
from orderflow.herd.rules.state import Round

LEVEL = 100_000_000


def all_of(first: Round) -> list[Round]:
    rounds = [first]
    while (after := following(rounds[-1])) is not None:
        rounds.append(after)
    return rounds


def test_smith_suchanek_williams_falls_in_a_straight_line_to_zero() -> None:
    rounds = all_of(series(LEVEL, {"preset": "ssw"}))
    values = [one.fundamental or 0 for one in rounds]
    assert len(rounds) == 15
    assert values[0] == pytest.approx(LEVEL, rel=1e-5)
    steps = {a - b for a, b in zip(values, [*values[1:], 0], strict=True)}
    assert len(steps) == 1, "the last round is worth its own dividend, and then nothing"
    (step,) = steps
    assert step * 4 == sum(SSW_DIVIDENDS) * (step // 24)
    assert {one.seconds for one in rounds} == {30}


def test_what_it_pays_on_average_is_what_it_loses() -> None:
    one = series(LEVEL, {"preset": "ssw", "fundamental": 3.6})
    assert one.fundamental == 3_600_000
    paid = Counter(drawn(replace(one, begun=i), 7) for i in range(4_000))
    assert sorted(paid, key=lambda amount: amount or 0) == [0, 80_000, 280_000, 600_000]
    assert all(abs(count - 1_000) < 110 for count in paid.values()), "four standard deviations"
    assert drawn(replace(one, begun=5), 7) == drawn(replace(one, begun=5), 7)


def test_a_plain_series_keeps_its_value_and_dividend() -> None:
    rounds = all_of(series(LEVEL, {"rounds": 3, "fundamental": 120.5, "dividend": 2, "seconds": 45}))
    assert [(one.round, one.of) for one in rounds] == [(1, 3), (2, 3), (3, 3)]
    assert {(one.fundamental, one.dividend, one.seconds) for one in rounds} == {(120_500_000, 2_000_000, 45)}
    assert drawn(rounds[1], 7) == 2_000_000
    (alone,) = all_of(series(LEVEL, {}))
    assert (alone.fundamental, alone.dividend, alone.seconds, drawn(alone, 7)) == (None, None, None, None)


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
def test_what_has_no_meaning_is_refused_by_name(args: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        series(LEVEL, args)
    assert caught.value.errors[0].field == field
